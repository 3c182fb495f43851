"""Kraken Futures' signatures, checked against vectors, and that no secret is ever shown."""

from __future__ import annotations

import traceback

import pytest

from protocol.facts import Say
from protocol.kraken_futures import venue_side
from protocol.kraken_futures.codec import FuturesWire
from protocol.kraken_futures.order_entry import encode
from protocol.kraken_futures.signing import Credentials, authent, endpoint, rest_digest, sign_challenge
from protocol.kraken_futures.venue import KrakenFuturesSettings, KrakenFuturesVenue
from protocol.requests import BatchOrders, CancelOrder, ListOpenOrders, ListOrderHistory
from protocol.values import RequestId, VenueOrderId
from protocol.venue import Opening

SECRET = "Pz49PDs6OTg3NjU0MzIxMC8uLSwrKikoJyYlJCMiISAfHh0cGxoZGBcWFRQTEhEQDw4NDAsKCQgHBgUEAwIBAA=="
CHALLENGE = "11111111-2222-4333-8444-555555555555"
SIGNED = "PjDbBGaJT7UcRUOQOE4/MPJ934SMODeLLIym4sK5S7yqM6rQnpN3rSujRA2UG04Eb9JV3onnBCkFaViEgDe5uA=="
ROOT = "/derivatives/api/v3/"

CALLS = {
    "a placement": (
        ROOT + "sendorder",
        "1767225600000",
        "orderType=lmt&symbol=PI_XBTUSD&side=buy&size=10&limitPrice=50000.5&cliOrdId=O-20260101-1",
        "8JSKcexfnmcVj5nrMg0jT7C8o2HTzIcI2W7IFZNbi8xR7WHcfTGV/l3OAKo4liwg6Nn+mZXV3fS94J241m74+Q==",
    ),
    "a question without parameters": (
        ROOT + "openorders",
        "1767225600001",
        "",
        "ba9+l9uTTvatzPlo3MNUyUdhcKbRwAcGy5f7dMlLRWz4aZzKyoIm34iciR8UPYgR2FQqXqq9wr4W1XtdLHWIQg==",
    ),
    "a question with an encoded parameter": (
        ROOT + "fills",
        "1767225600002",
        "lastFillTime=2026-01-01T00%3A00%3A00.000Z",
        "sL6I2Y1CJpbil6zXzboEwQgXG7o/7x4mG1Gr0Juc5aZ8uMjpM4CaKd9O8pQVffibXyJEEgjc1UASqbbmlx80ng==",
    ),
    "a question without a nonce": (
        ROOT + "openorders",
        "",
        "",
        "AKzQpLf14ESOQP6ZJsTcJmp/nCE+DYme8kMW6ocMxbuRmnu4nTH45LDaHyyFA+Z/q5at7hNoHHieMiQ1+hdGmg==",
    ),
    "a batch": (
        ROOT + "batchorder",
        "1767225600003",
        "json=%7B%22batchOrder%22%3A%5B%7B%22order%22%3A%22cancel%22%2C%22order_id%22%3A%22"
        "11111111-2222-4333-8444-555555555555%22%7D%5D%7D",
        "tVW2q62kySzUnBePOKyrDjK+d8R40ep8uBM41DRpX6p8jztCzjtsEOLnTjvHvbUBisbOwqEK6nc3zoc3r3hLEA==",
    ),
}


def test_a_challenge_is_signed() -> None:
    assert sign_challenge(SECRET, CHALLENGE) == SIGNED


@pytest.mark.parametrize("kind", CALLS)
def test_a_call_is_signed(kind: str) -> None:
    path, nonce, post_data, signature = CALLS[kind]
    assert authent(SECRET, path, post_data, nonce) == signature
    credentials = Credentials("key", SECRET)
    assert venue_side.proves_call(credentials, path=path, post_data=post_data, nonce=nonce, authent=signature)
    assert not venue_side.proves_call(credentials, path=path, post_data=post_data, nonce=nonce + "0", authent=signature)
    assert not venue_side.proves_call(credentials, path=path, post_data=post_data, nonce=nonce, authent="é")


def test_what_is_hashed_is_body_then_nonce_then_path() -> None:
    path, nonce, post_data, _ = CALLS["a placement"]
    assert (
        rest_digest(path, post_data, nonce).hex() == "3640396810176088867baf16150e0147b42e247aedc9cfd25cee75f33b7ccc02"
    )


def test_only_the_prefix_of_the_derivatives_is_left_out() -> None:
    assert endpoint("/derivatives/api/v3/sendorder") == "/api/v3/sendorder"
    assert endpoint("/api/history/v3/orders") == "/api/history/v3/orders"


def test_the_venue_checks_a_challenge() -> None:
    credentials = Credentials("key", SECRET)
    assert venue_side.proves_challenge(credentials, message=CHALLENGE, signed=SIGNED)
    assert not venue_side.proves_challenge(credentials, message=CHALLENGE + "x", signed=SIGNED)


def test_a_command_is_signed_exactly_as_it_is_sent_and_without_a_nonce() -> None:
    path, _, post_data, _ = CALLS["a batch"]
    leg = CancelOrder(request_id=RequestId(2), venue_order_id=VenueOrderId(CHALLENGE), wire_id=None)
    call = encode(BatchOrders(request_id=RequestId(1), legs=(leg,)), Credentials("key", SECRET))
    assert (call.method, call.path, call.body) == ("POST", path, post_data.encode())
    assert dict(call.headers) == {
        "APIKey": "key",
        "Authent": "k3uiWFTbSGo25+6aHFwBy28w4FvKXSGNl5Z8ks09Lpjvp+AxalIs+l8D+izaIQNFBTZWo41u/rwc47nuZsUYBw==",
        "Content-Type": "application/x-www-form-urlencoded",
    }
    assert not call.authorized


def test_a_question_without_parameters_is_signed_over_nothing_but_its_path() -> None:
    """Vector F6 of the specification."""
    path, _, _, signature = CALLS["a question without a nonce"]
    call = encode(ListOpenOrders(request_id=RequestId(1)), Credentials("key", SECRET))
    assert (call.method, call.path, call.body) == ("GET", path, None)
    assert dict(call.headers) == {"APIKey": "key", "Authent": signature}


def test_a_question_is_signed_over_its_query() -> None:
    history = ListOrderHistory(request_id=RequestId(1), start=0, end=1_000_000, triggers=True)
    call = encode(history, Credentials("key", SECRET))
    assert call.path == "/api/history/v3/triggers?since=0&before=1&sort=asc&opened=true&closed=true"
    assert dict(call.headers) == {
        "APIKey": "key",
        "Authent": "oQf4frTsAOpHWNgqqK0ERpOogiheAEbHZqIXcb0KHJnCYhocN/dpBoW4NJqfsYxLfssOU6EVw7JsB/sNbWl6Yg==",
    }


@pytest.mark.parametrize("secret", ["", "not base64!", "abc", "====", "é"])
def test_a_secret_that_is_none_is_refused_without_being_shown(secret: str) -> None:
    with pytest.raises(ValueError, match="not base64") as caught:
        Credentials("key", secret)
    shown = "".join(traceback.format_exception_only(caught.value))
    assert not secret or secret not in shown.replace("not base64", "")
    assert caught.value.__cause__ is None


def test_no_secret_shows_in_any_repr() -> None:
    settings = KrakenFuturesSettings(api_key="PUBLIC-KEY", api_secret=SECRET)
    venue = KrakenFuturesVenue(settings)
    wire = venue.open_wire(Opening(instruments={}))
    call = venue.encode(ListOpenOrders(request_id=RequestId(1)))
    said = [wire.decode(text) for text in ('{"event":"info","version":1}', challenge())]
    for thing in (settings, venue, wire, wire._handshake, call, said):
        for secret in ("PUBLIC-KEY", SECRET, SIGNED, dict(call.headers)["Authent"]):
            assert secret not in repr(thing)


def challenge() -> str:
    return '{"event":"challenge","message":"' + CHALLENGE + '"}'


def test_no_secret_shows_in_what_the_venue_echoes() -> None:
    wire = FuturesWire(Credentials("PUBLIC-KEY", SECRET))
    wire.decode('{"event":"info","version":1}')
    (say,) = wire.decode(challenge())
    assert isinstance(say, Say)
    assert SIGNED in say.text
    for text in (
        '{"event":"surprise","api_key":"PUBLIC-KEY","signed_challenge":"' + SIGNED + '"}',
        '{"event":"alert","message":"PUBLIC-KEY and ' + SIGNED + ' are wrong"}',
        'not JSON, PUBLIC-KEY, "' + SIGNED,
    ):
        shown = repr(wire.decode(text))
        assert "PUBLIC-KEY" not in shown
        assert SIGNED not in shown
