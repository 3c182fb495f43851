"""Kraken Spot behind the seam of `protocol.venue`."""

from __future__ import annotations

from typing import Any

import pytest

from protocol.errors import AuthenticationError, WireError
from protocol.facts import LoggedIn
from protocol.kraken_spot.handshake import Stage
from protocol.kraken_spot.venue import KrakenSpotSettings, KrakenSpotVenue
from protocol.requests import ListOpenOrders
from protocol.values import ClientOrderId, RequestId
from protocol.venue import Opening, SignedCall, Venue

from .messages import PAIR_ROW, SECRET, fields_as_json, http, pairs, place


def test_the_venue_satisfies_the_seam() -> None:
    spot = KrakenSpotVenue(KrakenSpotSettings(api_key="key", api_secret=SECRET))
    venue: Venue = spot
    assert (venue.rules.venue, venue.rules.nonce_unit) == ("KRAKEN", 1)
    assert venue.rest_url == "https://api.kraken.com"
    assert venue.upgrade("T").url == "wss://ws-auth.kraken.com/v2"
    assert venue.heartbeat == ('{"method":"ping"}', 20 * 10**9)
    assert venue.token_lifetime == 900 * 10**9
    login = LoggedIn(user="", orders=(), cancel_on_disconnect=False, heartbeat_timeout=None)
    assert venue.login_problem(login) is None
    assert venue.wire_id(ClientOrderId("abc")) == venue.external_client_order_id("abc") == "abc"


def test_frames_go_over_the_socket_and_questions_over_rest() -> None:
    spot = KrakenSpotVenue(KrakenSpotSettings(api_key="key", api_secret=SECRET))
    assert '"token":"T"' in str(spot.encode(place(), "T"))
    call = spot.encode(ListOpenOrders(request_id=RequestId(1)), "T")
    assert isinstance(call, SignedCall)
    assert (call.pool, call.cost, call.urgent) == ("rest", 100, False)
    assert type(ListOpenOrders(request_id=RequestId(1))) in spot.rules.http_requests
    assert spot.encode_rest(place()).path == "/0/private/AddOrder"
    assert spot.read_answer(ListOpenOrders(request_id=RequestId(1)), http("?"))
    assert spot.read_instruments(pairs(fields_as_json(PAIR_ROW, {})))
    assert spot.open_wire(Opening(instruments={}, token="T")).stage is Stage.GREETING


def test_the_token_is_read() -> None:
    spot = KrakenSpotVenue(KrakenSpotSettings(api_key="key", api_secret=SECRET))
    assert spot.login_call().path == "/0/private/GetWebSocketsToken"
    assert spot.read_token(http('{"error":[],"result":{"token":"ABC","expires":900}}')) == "ABC"


@pytest.mark.parametrize(
    ("body", "status", "kind"),
    [
        ('{"error":["EAPI:Invalid key"]}', 200, AuthenticationError),
        ('{"error":["EGeneral:Permission denied"]}', 200, AuthenticationError),
        ('{"error":["EAPI:Invalid signature"]}', 200, AuthenticationError),
        ("{}", 401, AuthenticationError),
        ('{"error":["EAPI:Permission denied"]}', 200, AuthenticationError),
        ('{"error":["EAccount:Invalid permissions:API access"]}', 200, AuthenticationError),
        ('{"error":["EAuth:Account temporary disabled"]}', 200, AuthenticationError),
        ('{"error":["EAuth:Account unconfirmed"]}', 200, AuthenticationError),
        ('{"error":["EAuth:Rate limit exceeded"]}', 200, WireError),
        ('{"error":["EAuth:Rate limit exceeded"]}', 403, WireError),
        ('{"error":["EAuth:Too many requests"]}', 200, WireError),
        ('{"error":["EAuth:Too many requests"]}', 401, WireError),
        ('{"error":["EAuth:Something brand new"]}', 200, WireError),
        ('{"error":["EAPI:Rate limit exceeded"]}', 200, WireError),
        ('{"error":["EGeneral:Temporary lockout"]}', 200, WireError),
        ('{"error":["EAPI:Invalid nonce"]}', 200, WireError),
        ("<html><title>Attention Required!</title></html>", 403, WireError),
        ("<html><title>Authorization Required</title></html>", 401, WireError),
        ("Unauthorized", 401, WireError),
        ("", 403, WireError),
        ('{"error":["EService:Unavailable"]}', 503, WireError),
        ('{"error":[],"result":{"token":""}}', 200, WireError),
        ('{"error":[]}', 200, WireError),
        ("<html>", 502, WireError),
    ],
)
def test_a_login_without_a_token_says_why(body: str, status: int, kind: type[Exception]) -> None:
    spot = KrakenSpotVenue(KrakenSpotSettings(api_key="key", api_secret=SECRET))
    with pytest.raises(kind):
        spot.read_token(http(body, status))


@pytest.mark.parametrize(
    "options",
    [
        {"api_key": ""},
        {"api_secret": "?"},
        {"websocket_url": "https://x"},
        {"rest_url": "wss://x"},
        {"request_timeout": 0},
        {"process_within": 0.9},
        {"process_within": 61},
        {"tier": "gold"},
    ],
)
def test_settings_that_cannot_be_meant_are_refused(options: dict[str, Any]) -> None:
    with pytest.raises(ValueError):
        KrakenSpotSettings(**({"api_key": "key", "api_secret": SECRET} | options))


def test_addresses_can_be_chosen() -> None:
    beta = KrakenSpotSettings(api_key="key", api_secret=SECRET, beta=True)
    assert beta.websocket_url == "wss://beta-ws-auth.kraken.com/v2"
    own = KrakenSpotSettings(api_key="k", api_secret=SECRET, websocket_url="ws://localhost:1/v2", rest_url="http://h/")
    assert (own.websocket_url, own.rest_url) == ("ws://localhost:1/v2", "http://h")
