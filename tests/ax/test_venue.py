"""AX's settings, handshake and rules for orders."""

from __future__ import annotations

import hashlib
import json
from decimal import Decimal
from typing import Any

import pytest

from protocol.ax.venue import AxSettings, AxVenue
from protocol.commands import Replace
from protocol.errors import AuthenticationError, NotSent, WireError
from protocol.facts import LoggedIn
from protocol.orders import NewOrder
from protocol.requests import CancelAllOrders, ListFills, ListOrderHistory, PreviewPrice
from protocol.structs import evolve
from protocol.values import ClientOrderId, Instrument, OrderType, RequestId, Side, TimeInForce
from protocol.venue import HttpAnswer

SETTINGS = AxSettings(websocket_url="ws://127.0.0.1:9871/orders/ws", api_key="key-17", api_secret="hush-hush")
VENUE = AxVenue(SETTINGS)
LENIENT = AxVenue(evolve(SETTINGS, strict=False, supports_stop_limit=True))
INSTRUMENT = Instrument(id="COFFEE-PERP.AX", price_increment="0.05", minimum_quantity=10)
CACHE = {"COFFEE-PERP": INSTRUMENT}
ORDER = NewOrder.limit("COFFEE-PERP.AX", Side.BUY, quantity=20, price="181.35")
STOP = NewOrder.stop_limit("COFFEE-PERP.AX", Side.SELL, quantity=20, price="180", trigger_price="180.5")
CHANGE = Replace(client_order_id=ClientOrderId("a-1"), instrument=INSTRUMENT.id)
MARKET = NewOrder.market("COFFEE-PERP.AX", Side.SELL, quantity=20)


def answer(status: int, text: str) -> HttpAnswer:
    return HttpAnswer(status=status, body=text.encode())


# Checks before a request number is taken


def test_a_good_order_finds_its_instrument() -> None:
    assert VENUE.check_order(ORDER, CACHE) is INSTRUMENT
    VENUE.check_terms(ORDER, INSTRUMENT)


def test_the_first_checks_come_in_order() -> None:
    """Everything is wrong at first; each time what was named is put right, and the next check speaks."""
    wrong: dict[str, Any] = {
        "side": Side.BUY,
        "type": OrderType.TRAILING_STOP_MARKET,
        "instrument": "TEA-PERP.AX",
        "quantity": "0.5",
        "client_order_id": "",
    }
    right: dict[str, Any] = {
        "type": OrderType.LIMIT,
        "instrument": "COFFEE-PERP.AX",
        "quantity": "0",
    }
    order = NewOrder(**wrong)
    said = []
    for field, value in right.items():
        with pytest.raises(NotSent) as refusal:
            VENUE.check_order(order, CACHE)
        said.append(str(refusal.value))
        order = evolve(order, **{field: value})
    last: dict[str, Any] = {"quantity": "100.0", "client_order_id": "a-1"}
    for field, value in last.items():
        with pytest.raises(NotSent) as refusal:
            VENUE.check_order(order, CACHE)
        said.append(str(refusal.value))
        order = evolve(order, **{field: value})
    assert VENUE.check_order(order, CACHE) is INSTRUMENT
    assert said == [
        "AX has no orders of type TRAILING_STOP_MARKET; it takes MARKET, LIMIT and STOP_LIMIT.",
        "instrument TEA-PERP.AX is not in the cache; cache it first, or check its name.",
        "the quantity 0.5 is not a whole number of contracts.",
        "the quantity 0 is less than one contract.",
        "a client order id must be 1 to 36 printable characters, not ''.",
    ]


def test_an_instrument_of_another_venue_is_not_ours() -> None:
    with pytest.raises(NotSent, match="not in the cache"):
        VENUE.check_order(evolve(ORDER, instrument="COFFEE-PERP.ELSEWHERE"), CACHE)


@pytest.mark.parametrize("quantity", ["100.5", "0", "-3", "0.999", "1E-40", "18446744073709551616", "1E+9999"])
def test_only_countable_contracts_are_taken(quantity: str) -> None:
    with pytest.raises(NotSent, match=r"^the quantity"):
        VENUE.check_order(evolve(ORDER, quantity=quantity), CACHE)


@pytest.mark.parametrize("name", ["x" * 37, "line\nbreak", "\ud800"])
def test_a_client_order_id_must_be_short_and_printable(name: str) -> None:
    with pytest.raises(NotSent, match="client order id"):
        VENUE.check_order(evolve(ORDER, client_order_id=ClientOrderId(name)), CACHE)
    VENUE.check_order(evolve(ORDER, client_order_id=ClientOrderId("x" * 36)), CACHE)


# Checks after it


def test_the_later_checks_come_in_order() -> None:
    order = evolve(STOP, time_in_force=TimeInForce.FOK, price=None, trigger_price=None)
    venue = LENIENT
    said = []
    right: dict[str, Any] = {"time_in_force": TimeInForce.GTC, "price": "180", "trigger_price": "180.5"}
    for field, value in right.items():
        with pytest.raises(NotSent) as refusal:
            venue.check_terms(order, INSTRUMENT)
        said.append(str(refusal.value))
        order = evolve(order, **{field: value})
    venue.check_terms(order, INSTRUMENT)
    assert said == [
        "AX has no time in force FOK; it takes GTC, IOC and DAY.",
        "a stop-limit order needs a price.",
        "a stop-limit order needs a trigger price.",
    ]


def test_a_limit_order_needs_a_price() -> None:
    with pytest.raises(NotSent, match=r"^a limit order needs a price"):
        LENIENT.check_terms(evolve(ORDER, price=None), INSTRUMENT)


def test_a_market_order_needs_no_price_because_the_venue_names_one() -> None:
    VENUE.check_terms(MARKET, INSTRUMENT)
    VENUE.check_terms(evolve(MARKET, price="181.35", time_in_force=TimeInForce.FOK), INSTRUMENT)
    assert VENUE.rules.market_needs_price


@pytest.mark.parametrize("strict", [True, False])
def test_a_stop_limit_order_is_refused_unless_the_venue_is_said_to_honour_it(strict: bool) -> None:
    """Without the trigger it would trade at once."""
    venue = AxVenue(evolve(SETTINGS, strict=strict))
    with pytest.raises(NotSent, match="ignores the trigger price, so the order would trade at once"):
        venue.check_terms(STOP, INSTRUMENT)
    AxVenue(evolve(SETTINGS, strict=strict, supports_stop_limit=True)).check_terms(STOP, INSTRUMENT)


@pytest.mark.parametrize(
    ("change", "words"),
    [
        ({"reduce_only": True}, "AX has no reduce-only orders"),
        ({"post_only": True, "time_in_force": TimeInForce.IOC}, "post-only cannot be combined with IOC"),
        ({"post_only": True, "type": OrderType.MARKET}, "only limit orders can be post-only; this is a MARKET order"),
        ({"quantity": "9"}, "the quantity 9 is below the minimum of 10 contracts for COFFEE-PERP.AX"),
        ({"price": "181.36"}, "the price 181.36 is not a multiple of the tick size 0.05 of COFFEE-PERP.AX"),
        ({"price": "1E+29"}, "the price 1E\\+29 is not a multiple"),
        ({"trigger_price": "1.01"}, "the trigger price 1.01 is not a multiple"),
        ({"price": "0"}, "the price 0 must be greater than zero"),
        ({"price": "-0.05"}, "the price -0.05 must be greater than zero"),
        ({"tag": "eleven chars"}, "an order tag must be 1 to 10 letters and digits"),
        ({"tag": "grün"}, "an order tag"),
        ({"tag": ""}, "an order tag"),
    ],
)
def test_what_the_venue_would_reject_or_ignore_is_refused_when_strict(change: dict[str, Any], words: str) -> None:
    order = evolve(ORDER, **change)
    with pytest.raises(NotSent, match=words):
        VENUE.check_terms(order, INSTRUMENT)
    LENIENT.check_terms(order, INSTRUMENT)


@pytest.mark.parametrize("price", ["1E+9999", "1E-9999"])
def test_a_price_beyond_belief_is_refused_always(price: str) -> None:
    """Written plainly it would fill the memory."""
    for venue in (VENUE, LENIENT):
        with pytest.raises(NotSent, match="not plausible"):
            venue.check_terms(evolve(ORDER, price=price), INSTRUMENT)
        with pytest.raises(NotSent, match="not plausible"):
            venue.check_change(evolve(CHANGE, price=Decimal(price)), INSTRUMENT)


# Changes


@pytest.mark.parametrize(
    ("terms", "words"),
    [
        ({}, "it changes nothing"),
        ({"quantity": Decimal("10.5")}, "not a whole number"),
        ({"quantity": Decimal(0)}, "less than one contract"),
        ({"time_in_force": TimeInForce.GTD}, "AX has no time in force GTD"),
    ],
)
def test_a_change_that_makes_no_sense_is_refused_always(terms: dict[str, Any], words: str) -> None:
    for venue in (VENUE, LENIENT):
        with pytest.raises(NotSent, match=words):
            venue.check_change(evolve(CHANGE, **terms), INSTRUMENT)


@pytest.mark.parametrize(
    ("terms", "words"),
    [
        ({"quantity": Decimal(9)}, "below the minimum"),
        ({"price": Decimal("1.01")}, "not a multiple of the tick size"),
        ({"price": Decimal(0)}, "greater than zero"),
        ({"post_only": True, "time_in_force": TimeInForce.IOC}, "post-only cannot be combined with IOC"),
    ],
)
def test_a_change_is_checked_against_the_instrument_when_strict(terms: dict[str, Any], words: str) -> None:
    change = evolve(CHANGE, **terms)
    with pytest.raises(NotSent, match=words):
        VENUE.check_change(change, INSTRUMENT)
    LENIENT.check_change(change, INSTRUMENT)


def test_a_good_change_passes() -> None:
    change = evolve(
        CHANGE,
        quantity=Decimal("15.0"),
        price=Decimal("181.30"),
        time_in_force=TimeInForce.DAY,
        post_only=True,
    )
    VENUE.check_change(change, INSTRUMENT)


# Names


@pytest.mark.parametrize(
    ("name", "number"),
    [("abc", 13436514500253700074), ("", 16406829232824261652), ("Ωmega-7", None), ("x" * 36, None)],
)
def test_a_client_order_id_maps_to_the_same_number_for_ever(name: str, number: int | None) -> None:
    """The pinned numbers begin the published SHA-256 test vectors for "abc" and the empty message."""
    wire_id = VENUE.wire_id(ClientOrderId(name))
    assert wire_id == int(hashlib.sha256(name.encode()).hexdigest()[:16], 16)
    assert number is None or wire_id == number


def test_an_order_of_another_session_is_named_after_its_number() -> None:
    assert VENUE.external_client_order_id(42) == "CID-42"


# Connecting


def test_production_is_the_default_and_rest_is_on_the_same_host() -> None:
    production = AxSettings(token="t")
    assert production.websocket_url == "wss://gateway.architect.exchange/orders/ws"
    assert AxVenue(production).rest_url == "https://gateway.architect.exchange"
    assert VENUE.rest_url == "http://127.0.0.1:9871"
    assert AxVenue(evolve(SETTINGS, rest_url="https://rest.example:8443/")).rest_url == "https://rest.example:8443"


def test_the_upgrade_carries_the_token_in_a_header_only() -> None:
    upgrade = VENUE.upgrade("tok-1")
    assert upgrade.url == "ws://127.0.0.1:9871/orders/ws"
    assert upgrade.headers == (("Authorization", "Bearer tok-1"), ("User-Agent", "trio-orders"))
    assert "tok-1" not in repr(upgrade)


@pytest.mark.parametrize(("url", "joint"), [("ws://h/orders/ws", "?"), ("ws://h/orders/ws?v=2", "&")])
def test_options_are_appended_to_the_url(url: str, joint: str) -> None:
    settings = evolve(
        SETTINGS, websocket_url=url, cancel_on_disconnect=True, client_heartbeat_timeout=9, account="A&B 1"
    )
    expected = f"{url}{joint}cancel_on_disconnect=true&client_heartbeat_timeout=9&account_id=A%26B+1"
    assert AxVenue(settings).upgrade("tok-1").url == expected


def test_every_safety_option_must_be_confirmed_at_login() -> None:
    login = LoggedIn(user="U", orders=(), cancel_on_disconnect=False, heartbeat_timeout=None)
    safe = AxVenue(evolve(SETTINGS, cancel_on_disconnect=True, client_heartbeat_timeout=9))
    assert VENUE.login_problem(login) is None
    assert safe.login_problem(evolve(login, cancel_on_disconnect=True, heartbeat_timeout=9)) is None
    assert "cancel-on-disconnect" in (safe.login_problem(evolve(login, heartbeat_timeout=9)) or "")
    assert "9 s asked for, none in force" in (safe.login_problem(evolve(login, cancel_on_disconnect=True)) or "")
    other = evolve(login, cancel_on_disconnect=True, heartbeat_timeout=90)
    assert "9 s asked for, 90 s in force" in (safe.login_problem(other) or "")


def test_a_heartbeat_is_due_three_times_per_timeout() -> None:
    assert VENUE.heartbeat is None
    assert AxVenue(evolve(SETTINGS, client_heartbeat_timeout=9)).heartbeat == ('{"t":"h"}', 3_000_000_000)


def test_the_rules_tell_what_goes_over_http() -> None:
    assert VENUE.rules.venue == "AX"
    assert VENUE.rules.http_requests == {PreviewPrice, ListFills, ListOrderHistory}
    assert AxVenue(evolve(SETTINGS, request_timeout=2.5)).rules.request_timeout == 2_500_000_000
    assert not AxVenue(evolve(SETTINGS, cancel_by_client_id=False)).rules.cancel_by_wire_id


def test_requests_carry_the_account_of_the_settings() -> None:
    venue = AxVenue(evolve(SETTINGS, account="A-9"))
    assert venue.encode(CancelAllOrders(request_id=RequestId(5), symbol=None)) == '{"t":"X","rid":5,"account_id":"A-9"}'


# Logging in


def test_a_login_sends_the_key_pair_without_a_token() -> None:
    call = VENUE.login_call()
    assert call is not None
    assert (call.method, call.path, call.authorized) == ("POST", "/api/authenticate", False)
    assert json.loads(call.body or b"") == {
        "api_key": "key-17",
        "api_secret": "hush-hush",
        "expiration_seconds": 3600,
    }
    assert VENUE.token_lifetime == 3600 * 10**9


def test_a_login_may_go_by_user_name() -> None:
    settings = AxSettings(username="ann", password="hush", totp="123456", token_seconds=86400)
    call = AxVenue(settings).login_call()
    assert call is not None
    assert json.loads(call.body or b"") == {
        "username": "ann",
        "password": "hush",
        "totp": "123456",
        "expiration_seconds": 86400,
    }


def test_a_given_token_needs_no_login_and_does_not_expire() -> None:
    venue = AxVenue(AxSettings(token="tok-1"))
    assert venue.login_call() is None
    assert venue.token_lifetime is None


def test_without_credentials_there_is_no_login() -> None:
    with pytest.raises(AuthenticationError, match="no credentials"):
        AxVenue(AxSettings()).login_call()


def test_the_token_is_read() -> None:
    assert VENUE.read_token(answer(200, '{"token":"tok-2","more":1}')) == "tok-2"


@pytest.mark.parametrize("status", [401, 403])
def test_refused_credentials_say_so_without_naming_them(status: int) -> None:
    with pytest.raises(AuthenticationError) as failure:
        VENUE.read_token(answer(status, '{"error":"hush-hush is wrong for key-17"}'))
    assert str(failure.value) == f"AX refused the credentials (HTTP status {status}): *** is wrong for ***"


@pytest.mark.parametrize(
    ("status", "text", "words"),
    [
        (503, "", "HTTP status 503"),
        (400, '{"error":"no such field"}', "HTTP status 400\\): no such field"),
        (200, "", "without a usable token"),
        (200, '{"token":""}', "without a usable token"),
        (200, '{"token":"a\\nb"}', "without a usable token"),
        (200, '{"key":"hush-hush"}', "without a usable token"),
    ],
)
def test_another_answer_to_the_login_is_an_error(status: int, text: str, words: str) -> None:
    with pytest.raises(WireError, match=words) as failure:
        VENUE.read_token(answer(status, text))
    assert "hush-hush" not in str(failure.value)


def test_secrets_never_show() -> None:
    secrets: dict[str, Any] = {
        "api_key": "secret-a",
        "api_secret": "secret-b",
        "username": "secret-c",
        "password": "secret-d",
        "totp": "secret-e",
        "token": "secret-f",
    }
    settings = AxSettings(**secrets)
    venue = AxVenue(settings)
    login = AxVenue(evolve(settings, token=None)).login_call()
    for thing in (settings, venue, login, venue.upgrade("secret-g")):
        assert "secret" not in repr(thing)
        assert "secret" not in str(thing)
        assert "secret" not in f"{thing}"


# Settings


@pytest.mark.parametrize(
    "wrong",
    [
        {"websocket_url": "https://gateway.example/orders/ws"},
        {"websocket_url": "wss://"},
        {"order_tag": ""},
        {"order_tag": "elevenchars"},
        {"order_tag": "with-dash"},
        {"client_heartbeat_timeout": 0},
        {"client_heartbeat_timeout": 301},
        {"token_seconds": 0},
        {"request_timeout": 0},
        {"self_trade_prevention": "CancelNobody"},
        {"api_key": "key alone"},
        {"password": "password alone"},
    ],
)
def test_settings_that_cannot_work_are_refused(wrong: dict[str, Any]) -> None:
    with pytest.raises(ValueError):
        AxSettings(**wrong)


# Instruments


def test_instruments_are_read_without_tests_and_delisted_ones() -> None:
    call = VENUE.instruments_call()
    assert (call.method, call.path, call.authorized) == ("GET", "/api/instruments", False)
    rows = [
        {
            "symbol": "COFFEE-PERP",
            "tick_size": "0.05",
            "minimum_order_size": "10",
            "multiplier": "1",
            "quote_currency": "USD",
            "initial_margin_pct": "8",
            "trading_schedule": {"segments": []},
        },
        {"symbol": "TEST-PERP", "tick_size": "1", "minimum_order_size": "1", "multiplier": "1"},
        {"symbol": "TULIP-PERP", "tick_size": "1", "minimum_order_size": "1", "multiplier": "1", "state": "DELISTED"},
        {"symbol": "TEA-PERP", "tick_size": None, "minimum_order_size": "1", "multiplier": "1"},
        {"symbol": "OATS-PERP", "tick_size": "0.25", "minimum_order_size": "1", "multiplier": "5", "state": "CLOSED"},
    ]
    assert VENUE.read_instruments(answer(200, json.dumps({"instruments": rows}))) == (
        INSTRUMENT,
        Instrument(id="OATS-PERP.AX", price_increment="0.25", multiplier=5),
    )


def test_an_empty_list_of_instruments_is_a_list() -> None:
    assert VENUE.read_instruments(answer(200, '{"instruments":[]}')) == ()


@pytest.mark.parametrize(
    ("status", "text"),
    [(500, "oops"), (200, ""), (200, "[]"), (200, '{"instruments":5}'), (200, '{"instruments":[{"symbol":"A"},7]}')],
)
def test_a_list_of_instruments_that_makes_no_sense_is_an_error(status: int, text: str) -> None:
    with pytest.raises(WireError):
        VENUE.read_instruments(answer(status, text))
