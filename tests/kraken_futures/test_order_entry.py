"""What Kraken Futures is asked, character by character, and what it is never asked because a check stops it first.

Every form is typed out here, so that a mistake shared by both directions of the wire cannot hide.
"""

from __future__ import annotations

from decimal import Decimal
from typing import Any
from urllib.parse import parse_qsl

import pytest

from protocol.commands import Replace
from protocol.errors import NotSent
from protocol.kraken_futures.checks import check_change, check_order, check_terms
from protocol.kraken_futures.order_entry import HTTP_REQUESTS, encode, order_tag
from protocol.kraken_futures.signing import Credentials, authent
from protocol.kraken_futures.venue import KrakenFuturesSettings, KrakenFuturesVenue
from protocol.orders import NewOrder, VenueOptions
from protocol.requests import (
    AskTime,
    BatchOrders,
    CancelAllOrders,
    CancelOrder,
    Leg,
    ListFills,
    ListOpenOrders,
    ListOrderHistory,
    PlaceOrder,
    PreviewPrice,
    QueryOrder,
    ReplaceOrder,
    Request,
    SetCancelAllAfter,
)
from protocol.values import (
    ClientOrderId,
    Instrument,
    OffsetUnit,
    OrderType,
    RequestId,
    Side,
    TimeInForce,
    TriggerType,
    VenueOrderId,
)
from protocol.venue import SignedCall

SECRET = "Pz49PDs6OTg3NjU0MzIxMC8uLSwrKikoJyYlJCMiISAfHh0cGxoZGBcWFRQTEhEQDw4NDAsKCQgHBgUEAwIBAA=="
KEYS = Credentials("the-key", SECRET)
ROOT = "/derivatives/api/v3/"
D = Decimal

MOMENT = 1_790_000_000_250_000_000
"""2026-09-21T14:13:20.250Z"""
IN_A_FORM = "2026-09-21T14%3A13%3A20.250Z"

GTC, IOC, FOK = TimeInForce.GTC, TimeInForce.IOC, TimeInForce.FOK
PERCENT, PRICE = OffsetUnit.PERCENT, OffsetUnit.PRICE


def number(value: int) -> RequestId:
    return RequestId(value)


def place(**changes: Any) -> PlaceOrder:
    """A limit order, with other terms."""
    terms: dict[str, Any] = {
        "request_id": 7,
        "symbol": "PF_ETHUSD",
        "side": Side.BUY,
        "type": OrderType.LIMIT,
        "quantity": D("2.50"),
        "price": D("3100.50"),
        "trigger_price": None,
        "time_in_force": GTC,
        "post_only": False,
        "wire_id": "mine-1",
        "tag": None,
    }
    return PlaceOrder(**(terms | changes))


def replace(**changes: Any) -> ReplaceOrder:
    """A change of nothing, with other terms."""
    terms: dict[str, Any] = {
        "request_id": 8,
        "venue_order_id": "ord-1",
        "quantity": None,
        "price": None,
        "time_in_force": None,
        "post_only": None,
    }
    return ReplaceOrder(**(terms | changes))


def cancel(order_id: str | None = None, client_id: str | None = None, request_id: int = 9) -> CancelOrder:
    venue_order_id = None if order_id is None else VenueOrderId(order_id)
    return CancelOrder(request_id=number(request_id), venue_order_id=venue_order_id, wire_id=client_id)


def batch(*legs: Leg, process_before: int | None = None) -> BatchOrders:
    return BatchOrders(request_id=number(20), legs=legs, process_before=process_before)


def fills(**changes: Any) -> ListFills:
    terms: dict[str, Any] = {"request_id": 3, "start": 0, "end": MOMENT, "symbol": None}
    return ListFills(**(terms | changes))


def body_of(request: Request) -> str:
    call = encode(request, KEYS)
    assert call.method == "POST"
    assert call.body is not None
    return call.body.decode()


# Placements


STOP = {"side": Side.SELL, "trigger_price": D("2900")}
TRAIL = {"side": Side.SELL, "price": None, "trailing_offset": D("1.50")}

PLACEMENTS: dict[str, tuple[dict[str, Any], str]] = {
    "a limit order": ({}, "orderType=lmt&symbol=PF_ETHUSD&side=buy&size=2.5&limitPrice=3100.5&cliOrdId=mine-1"),
    "a sell": (
        {"side": Side.SELL},
        "orderType=lmt&symbol=PF_ETHUSD&side=sell&size=2.5&limitPrice=3100.5&cliOrdId=mine-1",
    ),
    "a symbol in lower case": (
        {"symbol": "pf_ethusd"},
        "orderType=lmt&symbol=PF_ETHUSD&side=buy&size=2.5&limitPrice=3100.5&cliOrdId=mine-1",
    ),
    "post-only": (
        {"post_only": True},
        "orderType=post&symbol=PF_ETHUSD&side=buy&size=2.5&limitPrice=3100.5&cliOrdId=mine-1",
    ),
    "immediate or cancel": (
        {"time_in_force": IOC},
        "orderType=ioc&symbol=PF_ETHUSD&side=buy&size=2.5&limitPrice=3100.5&cliOrdId=mine-1",
    ),
    "fill or kill": (
        {"time_in_force": FOK},
        "orderType=fok&symbol=PF_ETHUSD&side=buy&size=2.5&limitPrice=3100.5&cliOrdId=mine-1",
    ),
    "reduce-only": (
        {"reduce_only": True},
        "orderType=lmt&symbol=PF_ETHUSD&side=buy&size=2.5&limitPrice=3100.5&reduceOnly=true&cliOrdId=mine-1",
    ),
    "a moment after which it must be refused": (
        {"process_before": MOMENT + 999_999},
        "orderType=lmt&symbol=PF_ETHUSD&side=buy&size=2.5&limitPrice=3100.5&cliOrdId=mine-1&processBefore=" + IN_A_FORM,
    ),
    "a client id with signs in it": (
        {"wire_id": "a b&c=d/é+%"},
        "orderType=lmt&symbol=PF_ETHUSD&side=buy&size=2.5&limitPrice=3100.5&cliOrdId=a%20b%26c%3Dd%2F%C3%A9%2B%25",
    ),
    "a market order": (
        {"type": OrderType.MARKET, "price": None},
        "orderType=mkt&symbol=PF_ETHUSD&side=buy&size=2.5&cliOrdId=mine-1",
    ),
    # The price of a market order is what other venues need; this one would take it for a limit.
    "a market order with a price": (
        {"type": OrderType.MARKET, "time_in_force": IOC},
        "orderType=mkt&symbol=PF_ETHUSD&side=buy&size=2.5&cliOrdId=mine-1",
    ),
    "a stop": (
        STOP | {"type": OrderType.STOP_MARKET, "price": None},
        "orderType=stp&symbol=PF_ETHUSD&side=sell&size=2.5&stopPrice=2900&cliOrdId=mine-1",
    ),
    "a stop with a limit": (
        STOP | {"type": OrderType.STOP_LIMIT, "price": D("2890.0")},
        "orderType=stp&symbol=PF_ETHUSD&side=sell&size=2.5&limitPrice=2890&stopPrice=2900&cliOrdId=mine-1",
    ),
    "a taken profit": (
        STOP | {"type": OrderType.MARKET_IF_TOUCHED, "price": None},
        "orderType=take_profit&symbol=PF_ETHUSD&side=sell&size=2.5&stopPrice=2900&cliOrdId=mine-1",
    ),
    "a taken profit with a limit": (
        STOP | {"type": OrderType.LIMIT_IF_TOUCHED, "price": D("2910")},
        "orderType=take_profit&symbol=PF_ETHUSD&side=sell&size=2.5&limitPrice=2910&stopPrice=2900&cliOrdId=mine-1",
    ),
    "a stop fired by the last price": (
        STOP | {"type": OrderType.STOP_MARKET, "price": None, "trigger": TriggerType.LAST},
        "orderType=stp&symbol=PF_ETHUSD&side=sell&size=2.5&stopPrice=2900&triggerSignal=last&cliOrdId=mine-1",
    ),
    "a stop fired by the mark price": (
        STOP | {"type": OrderType.STOP_MARKET, "price": None, "trigger": TriggerType.MARK},
        "orderType=stp&symbol=PF_ETHUSD&side=sell&size=2.5&stopPrice=2900&triggerSignal=mark&cliOrdId=mine-1",
    ),
    "a stop fired by the index": (
        STOP | {"type": OrderType.STOP_MARKET, "price": None, "trigger": TriggerType.INDEX},
        "orderType=stp&symbol=PF_ETHUSD&side=sell&size=2.5&stopPrice=2900&triggerSignal=index&cliOrdId=mine-1",
    ),
    "a stop that closes a position": (
        STOP | {"type": OrderType.STOP_MARKET, "price": None, "reduce_only": True},
        "orderType=stp&symbol=PF_ETHUSD&side=sell&size=2.5&stopPrice=2900&reduceOnly=true&cliOrdId=mine-1",
    ),
    "a stop whose limit lies some percent away": (
        STOP | {"type": OrderType.STOP_MARKET, "price": None, "limit_offset": D("0.50")},
        "orderType=stp&symbol=PF_ETHUSD&side=sell&size=2.5&stopPrice=2900"
        "&limitPriceOffsetValue=0.5&limitPriceOffsetUnit=PERCENT&cliOrdId=mine-1",
    ),
    "a trailing stop": (
        TRAIL | {"type": OrderType.TRAILING_STOP_MARKET},
        "orderType=trailing_stop&symbol=PF_ETHUSD&side=sell&size=2.5"
        "&trailingStopMaxDeviation=1.5&trailingStopDeviationUnit=PERCENT&cliOrdId=mine-1",
    ),
    "a trailing stop at a distance in money": (
        TRAIL | {"type": OrderType.TRAILING_STOP_MARKET, "trailing_unit": PRICE, "trigger": TriggerType.MARK},
        "orderType=trailing_stop&symbol=PF_ETHUSD&side=sell&size=2.5&triggerSignal=mark"
        "&trailingStopMaxDeviation=1.5&trailingStopDeviationUnit=QUOTE_CURRENCY&cliOrdId=mine-1",
    ),
    "a trailing stop with a limit": (
        TRAIL | {"type": OrderType.TRAILING_STOP_LIMIT, "limit_offset": D("4"), "limit_offset_unit": PRICE},
        "orderType=trailing_stop&symbol=PF_ETHUSD&side=sell&size=2.5"
        "&trailingStopMaxDeviation=1.5&trailingStopDeviationUnit=PERCENT"
        "&limitPriceOffsetValue=4&limitPriceOffsetUnit=QUOTE_CURRENCY&cliOrdId=mine-1",
    ),
    # What has no trigger cannot have a signal or a distance either.
    "a limit order with terms of a stop": (
        {"trigger": TriggerType.MARK, "limit_offset": D(1), "trailing_offset": D(1), "trigger_price": D(1)},
        "orderType=lmt&symbol=PF_ETHUSD&side=buy&size=2.5&limitPrice=3100.5&cliOrdId=mine-1",
    ),
}


@pytest.mark.parametrize("kind", PLACEMENTS)
def test_a_placement_is_sent_as(kind: str) -> None:
    changes, form = PLACEMENTS[kind]
    call = encode(place(**changes), KEYS)
    assert (call.method, call.path) == ("POST", ROOT + "sendorder")
    assert call.body == form.encode()


def test_every_type_of_order_has_a_form() -> None:
    sent = {changes.get("type", OrderType.LIMIT) for changes, _ in PLACEMENTS.values()}
    assert sent == set(OrderType)


@pytest.mark.parametrize(
    ("quantity", "written"),
    [
        ("1E+3", "1000"),
        ("1E-8", "0.00000001"),
        ("0.0000000100", "0.00000001"),
        ("1200", "1200"),
        ("100.000", "100"),
        ("12345678901234567890.123456789", "12345678901234567890.123456789"),
    ],
)
def test_a_number_is_written_out_in_full(quantity: str, written: str) -> None:
    """An exponent is legal JSON, and no form that the venue documents."""
    order = place(quantity=D(quantity), price=D(quantity))
    assert f"&size={written}&limitPrice={written}&" in body_of(order)
    (leg,) = (value for key, value in parse_qsl(body_of(batch(order))) if key == "json")
    assert f'"size":{written},"limitPrice":{written},' in leg


# Changes and cancels


CHANGES: dict[str, tuple[dict[str, Any], str]] = {
    # The quantity is that of the whole order. By default the venue would take it for what is still open.
    "a quantity": ({"quantity": D("3.00")}, "orderId=ord-1&size=3&qtyMode=ABSOLUTE"),
    "a price": ({"price": D("3100.50")}, "orderId=ord-1&limitPrice=3100.5&qtyMode=ABSOLUTE"),
    "a trigger": ({"trigger_price": D(2900)}, "orderId=ord-1&stopPrice=2900&qtyMode=ABSOLUTE"),
    "a distance": (
        {"trailing_offset": D("0.5")},
        "orderId=ord-1&trailingStopMaxDeviation=0.5&trailingStopDeviationUnit=PERCENT&qtyMode=ABSOLUTE",
    ),
    "a distance in money": (
        {"trailing_offset": D(20), "trailing_unit": PRICE},
        "orderId=ord-1&trailingStopMaxDeviation=20&trailingStopDeviationUnit=QUOTE_CURRENCY&qtyMode=ABSOLUTE",
    ),
    "everything": (
        {"quantity": D(3), "price": D(3100), "trigger_price": D(3050), "process_before": MOMENT, "wire_id": "mine-1"},
        "orderId=ord-1&size=3&limitPrice=3100&stopPrice=3050&qtyMode=ABSOLUTE&processBefore=" + IN_A_FORM,
    ),
}


@pytest.mark.parametrize("kind", CHANGES)
def test_a_change_is_sent_as(kind: str) -> None:
    changes, form = CHANGES[kind]
    call = encode(replace(**changes), KEYS)
    assert (call.method, call.path) == ("POST", ROOT + "editorder")
    assert call.body == form.encode()


OTHER_CALLS: dict[str, tuple[Request, str, str]] = {
    "a cancel by the venue's id": (cancel("ord-1"), "cancelorder", "order_id=ord-1"),
    "a cancel by our id": (cancel(None, "mine-1"), "cancelorder", "cliOrdId=mine-1"),
    "a cancel of everything": (CancelAllOrders(request_id=number(1), symbol=None), "cancelallorders", ""),
    "a cancel of one instrument": (
        CancelAllOrders(request_id=number(1), symbol="PF_ETHUSD"),
        "cancelallorders",
        "symbol=PF_ETHUSD",
    ),
    "a cancel of an instrument in lower case": (
        CancelAllOrders(request_id=number(1), symbol="pf_ethusd"),
        "cancelallorders",
        "symbol=PF_ETHUSD",
    ),
    "a timer": (SetCancelAllAfter(request_id=number(1), seconds=60), "cancelallordersafter", "timeout=60"),
    "a timer turned off": (SetCancelAllAfter(request_id=number(1), seconds=0), "cancelallordersafter", "timeout=0"),
    "a question by the venue's id": (
        QueryOrder(request_id=number(1), venue_order_id=VenueOrderId("ord-1"), wire_id=None),
        "orders/status",
        "orderIds=ord-1",
    ),
    "a question by our id": (
        QueryOrder(request_id=number(1), venue_order_id=None, wire_id="mine 1"),
        "orders/status",
        "cliOrdIds=mine%201",
    ),
}


@pytest.mark.parametrize("kind", OTHER_CALLS)
def test_a_command_is_sent_as(kind: str) -> None:
    request, path, form = OTHER_CALLS[kind]
    call = encode(request, KEYS)
    assert (call.method, call.path, call.body) == ("POST", ROOT + path, form.encode())


# Batches


def test_a_batch_holds_all_three_kinds_of_legs() -> None:
    request = batch(
        place(request_id=21, quantity=D("0.0010"), reduce_only=True),
        replace(request_id=22, quantity=D("1.5"), price=D("3000")),
        cancel("ord-2"),
        cancel(None, "mine-3"),
    )
    call = encode(request, KEYS)
    assert (call.method, call.path) == ("POST", ROOT + "batchorder")
    assert parse_qsl(body_of(request)) == [
        (
            "json",
            '{"batchOrder":['
            '{"order":"send","order_tag":"r21","orderType":"lmt","symbol":"PF_ETHUSD","side":"buy","size":0.001,'
            '"limitPrice":3100.5,"reduceOnly":true,"cliOrdId":"mine-1"},'
            '{"order":"edit","order_id":"ord-1","size":1.5,"limitPrice":3000,"qtyMode":"ABSOLUTE"},'
            '{"order":"cancel","order_id":"ord-2"},'
            '{"order":"cancel","cliOrdId":"mine-3"}'
            "]}",
        )
    ]


def test_a_batch_crosses_the_wire_url_encoded() -> None:
    assert body_of(batch(cancel("o"))) == (
        "json=%7B%22batchOrder%22%3A%5B%7B%22order%22%3A%22cancel%22%2C%22order_id%22%3A%22o%22%7D%5D%7D"
    )


def test_a_batch_holds_stops_and_trailing_stops() -> None:
    request = batch(
        place(
            request_id=21,
            type=OrderType.STOP_LIMIT,
            side=Side.SELL,
            price=D(2890),
            trigger_price=D(2900),
            trigger=TriggerType.MARK,
        ),
        place(request_id=22, type=OrderType.TRAILING_STOP_LIMIT, price=None, trailing_offset=D(2), limit_offset=D(1)),
        replace(request_id=23, trigger_price=D("2950.5"), trailing_offset=D("0.1"), trailing_unit=PRICE),
    )
    ((_, text),) = parse_qsl(body_of(request))
    assert text == (
        '{"batchOrder":['
        '{"order":"send","order_tag":"r21","orderType":"stp","symbol":"PF_ETHUSD","side":"sell","size":2.5,'
        '"limitPrice":2890,"stopPrice":2900,"triggerSignal":"mark","cliOrdId":"mine-1"},'
        '{"order":"send","order_tag":"r22","orderType":"trailing_stop","symbol":"PF_ETHUSD","side":"buy","size":2.5,'
        '"trailingStopMaxDeviation":2,"trailingStopDeviationUnit":"PERCENT",'
        '"limitPriceOffsetValue":1,"limitPriceOffsetUnit":"PERCENT","cliOrdId":"mine-1"},'
        '{"order":"edit","order_id":"ord-1","stopPrice":2950.5,"trailingStopMaxDeviation":0.1,'
        '"trailingStopDeviationUnit":"QUOTE_CURRENCY","qtyMode":"ABSOLUTE"}'
        "]}"
    )


@pytest.mark.parametrize(
    ("own", "placed", "changed", "moment"),
    [
        (MOMENT, None, None, IN_A_FORM),
        (MOMENT, MOMENT + 10**9, MOMENT + 10**9, IN_A_FORM),
        (MOMENT + 10**9, MOMENT, None, IN_A_FORM),
        (MOMENT + 10**9, MOMENT + 10**9, MOMENT, IN_A_FORM),
        (None, MOMENT, MOMENT + 10**9, IN_A_FORM),
        (None, None, None, None),
    ],
)
def test_a_batch_has_one_moment_for_all_of_it_which_is_the_earliest(
    own: int | None, placed: int | None, changed: int | None, moment: str | None
) -> None:
    """The parts of a batch have no `processBefore`; the batch itself does, with a capital letter."""
    legs = (place(process_before=placed), replace(price=D(1), process_before=changed), cancel())
    body = body_of(batch(*legs, process_before=own))
    assert "processBefore" not in body
    assert body.partition("&ProcessBefore=")[2] == (moment or "")


def test_the_tag_of_a_leg_is_its_request_number() -> None:
    assert order_tag(place(request_id=2**31 - 1)) == "r2147483647"


def places(count: int) -> list[Leg]:
    return [place(request_id=100 + i) for i in range(count)]


def cancels(count: int) -> list[Leg]:
    return [cancel(f"ord-{i}", request_id=200 + i) for i in range(count)]


@pytest.mark.parametrize(
    "legs", [places(1), places(10), [*places(10), *cancels(40)], cancels(50)], ids=["one", "ten", "mixed", "fifty"]
)
def test_a_batch_of_this_size_is_sent(legs: list[Leg]) -> None:
    assert body_of(batch(*legs)).startswith("json=")


@pytest.mark.parametrize(
    "legs",
    [
        [],
        places(11),
        [*places(6), *(replace(price=D(1)) for _ in range(5))],
        cancels(51),
        [*places(1), *cancels(50)],
    ],
    ids=["none", "eleven orders", "six orders and five changes", "fifty-one cancels", "fifty-one legs"],
)
def test_a_batch_of_any_other_size_cannot_be_asked(legs: list[Leg]) -> None:
    with pytest.raises(ValueError, match="A batch holds 1 to 50 legs, and at most 10 that are no cancels"):
        encode(batch(*legs), KEYS)


def test_market_orders_are_sent_one_by_one() -> None:
    with pytest.raises(ValueError, match="one by one"):
        encode(batch(*cancels(2), place(type=OrderType.MARKET, price=None)), KEYS)


# Questions


QUESTIONS: dict[str, tuple[Request, str]] = {
    "open orders": (ListOpenOrders(request_id=number(1)), ROOT + "openorders"),
    # Every answer tells it; this one is cheap, and private, so that no cache gives it.
    "the time": (AskTime(request_id=number(1)), ROOT + "openorders"),
    # Without a time the venue gives the newest page, and for less.
    "the latest fills": (fills(latest=True), ROOT + "fills"),
    "fills up to a moment": (fills(), ROOT + "fills?lastFillTime=" + IN_A_FORM),
    # The end is exclusive, so a millisecond that has begun is asked for whole.
    "fills up to a moment within a millisecond": (
        fills(end=MOMENT + 1),
        ROOT + "fills?lastFillTime=2026-09-21T14%3A13%3A20.251Z",
    ),
    "an older page of the latest fills": (
        fills(latest=True, cursor="2026-09-21T14:13:21.001Z"),
        ROOT + "fills?lastFillTime=2026-09-21T14%3A13%3A21.001Z",
    ),
    "an older page of fills up to a moment": (
        fills(cursor="2026-09-21T14:13:19.001Z"),
        ROOT + "fills?lastFillTime=2026-09-21T14%3A13%3A19.001Z",
    ),
    # The venue has no question for the fills of one instrument: all are asked for, and sorted out later.
    "the latest fills of one instrument": (fills(latest=True, symbol="PF_ETHUSD"), ROOT + "fills"),
    "order history": (
        ListOrderHistory(request_id=number(1), start=MOMENT, end=MOMENT + 1_000_000_000),
        "/api/history/v3/orders?since=1790000000250&before=1790000001250&sort=asc&opened=true&closed=true",
    ),
    "order history within milliseconds": (
        ListOrderHistory(request_id=number(1), start=MOMENT + 1, end=MOMENT + 1),
        "/api/history/v3/orders?since=1790000000250&before=1790000000251&sort=asc&opened=true&closed=true",
    ),
    "an older page of order history": (
        ListOrderHistory(request_id=number(1), start=0, end=1_000_000, cursor="c2lt+/="),
        "/api/history/v3/orders?since=0&before=1&sort=asc&opened=true&closed=true&continuation_token=c2lt%2B%2F%3D",
    ),
    "the history of stops that wait": (
        ListOrderHistory(request_id=number(1), start=0, end=1_000_000, triggers=True),
        "/api/history/v3/triggers?since=0&before=1&sort=asc&opened=true&closed=true",
    ),
}


@pytest.mark.parametrize("kind", QUESTIONS)
def test_a_question_is_asked_as(kind: str) -> None:
    request, path = QUESTIONS[kind]
    call = encode(request, KEYS)
    assert (call.method, call.path, call.body) == ("GET", path, None)


# What cannot be asked


UNASKABLE: dict[str, Request] = {
    "a preview": PreviewPrice(request_id=number(1), symbol="PF_ETHUSD", side=Side.BUY, quantity=D(1)),
    "a limit order without a price": place(price=None),
    "a stop-limit order without a price": place(type=OrderType.STOP_LIMIT, price=None, trigger_price=D(1)),
    "a batch with a limit order without a price": batch(place(price=None)),
    "another time in force": replace(price=D(1), time_in_force=IOC),
    "making an order post-only": replace(price=D(1), post_only=True),
    "undoing post-only": replace(price=D(1), post_only=False),
    "another time in force in a batch": batch(replace(price=D(1), time_in_force=IOC)),
    "the fills of one order": fills(venue_order_id="O-1"),
}


@pytest.mark.parametrize("kind", UNASKABLE)
def test_this_cannot_be_asked(kind: str) -> None:
    with pytest.raises(ValueError, match=r"\.$"):
        encode(UNASKABLE[kind], KEYS)


# Signatures, budgets and urgency


def one_of_each() -> list[Request]:
    return [
        place(),
        replace(price=D(1)),
        cancel("ord-1"),
        batch(cancel("ord-1")),
        *(request for request, _, _ in OTHER_CALLS.values()),
        *(request for request, _ in QUESTIONS.values()),
    ]


def test_every_request_that_the_venue_declares_can_be_encoded() -> None:
    assert {type(request) for request in one_of_each()} == HTTP_REQUESTS


@pytest.mark.parametrize("request_", one_of_each(), ids=lambda request: type(request).__name__)
def test_a_signed_call_proves_exactly_what_it_sends(request_: Request) -> None:
    """Without a nonce, which two programs with one key would count past each other: such a call has no order."""
    call = encode(request_, KEYS)
    assert not isinstance(call, SignedCall), "a call that carries a number"
    assert not call.authorized
    assert call.query == ()
    path, _, query = call.path.partition("?")
    sent = query if call.body is None else call.body.decode()
    expected = {"APIKey": "the-key", "Authent": authent(SECRET, path, sent)}
    if call.method == "POST":
        expected["Content-Type"] = "application/x-www-form-urlencoded"
    assert dict(call.headers) == expected
    assert len(call.headers) == len(expected)


COSTS: dict[str, tuple[Request, str, int, bool]] = {
    "sendorder": (place(), "derivatives", 10, False),
    "editorder": (replace(price=D(1)), "derivatives", 10, False),
    "cancelorder": (cancel("ord-1"), "derivatives", 10, True),
    "cancelallorders": (CancelAllOrders(request_id=number(1), symbol=None), "derivatives", 25, True),
    "cancelallordersafter": (SetCancelAllAfter(request_id=number(1), seconds=60), "derivatives", 25, True),
    "a batch of one order": (batch(place()), "derivatives", 10, False),
    "a batch of fifty cancels": (batch(*cancels(50)), "derivatives", 59, True),
    # One order among the cancels adds risk, so it may not use up what is kept for cancels.
    "a batch of both": (batch(place(), cancel("ord-1")), "derivatives", 11, False),
    "openorders": (ListOpenOrders(request_id=number(1)), "derivatives", 2, False),
    "openorders for the time, which orders wait for": (AskTime(request_id=number(1)), "derivatives", 2, True),
    "fills": (fills(latest=True), "derivatives", 2, False),
    "fills with lastFillTime": (fills(), "derivatives", 25, False),
    "an older page of fills": (fills(latest=True, cursor="2026-09-21T14:13:21.001Z"), "derivatives", 25, False),
    "orders/status": (QueryOrder(request_id=number(1), venue_order_id=None, wire_id="m"), "derivatives", 1, True),
    # 100 tokens flow in 600 s, one every six: counted in sixths.
    "history": (ListOrderHistory(request_id=number(1), start=0, end=1), "history", 6, False),
    "history of triggers": (
        ListOrderHistory(request_id=number(1), start=0, end=1, triggers=True),
        "history",
        6,
        False,
    ),
}


@pytest.mark.parametrize("kind", COSTS)
def test_a_call_draws_on_its_budget(kind: str) -> None:
    request, pool, cost, urgent = COSTS[kind]
    call = encode(request, KEYS)
    assert (call.pool, call.cost, call.urgent) == (pool, cost, urgent)


def test_the_budgets_are_those_of_the_venue() -> None:
    budgets = KrakenFuturesVenue(KrakenFuturesSettings(api_key="k", api_secret=SECRET)).rules.budgets
    derivatives, history = budgets["derivatives"], budgets["history"]
    assert (derivatives.capacity, derivatives.capacity / derivatives.rate) == (500, 10)
    assert (history.capacity / 6, history.capacity / history.rate) == (100, 600)


# What is refused before it is sent


ETH = Instrument(
    id="PF_ETHUSD.KRAKEN-FUTURES",
    price_increment="0.5",
    quantity_increment="0.01",
    minimum_quantity="0.10",
)
KNOWN = {"PF_ETHUSD": ETH}


def order(**changes: Any) -> NewOrder:
    """A limit order that passes every check, with other terms."""
    terms: dict[str, Any] = {
        "instrument": "PF_ETHUSD.KRAKEN-FUTURES",
        "side": Side.BUY,
        "type": OrderType.LIMIT,
        "quantity": "2.5",
        "price": "3100.5",
    }
    return NewOrder(**(terms | changes))


@pytest.mark.parametrize("name", [None, "a", "x" * 36, "x" * 37, "x" * 100, "A b~!"])
def test_an_order_with_such_a_client_id_is_not_stopped(name: str | None) -> None:
    assert check_order(order(client_order_id=name), KNOWN) is ETH


def test_an_instrument_is_found_in_any_case() -> None:
    assert check_order(order(instrument="pf_ethusd.KRAKEN-FUTURES"), KNOWN) is ETH


STOPPED_AT_ONCE: dict[str, tuple[dict[str, Any], str]] = {
    "an unknown instrument": (
        {"instrument": "PF_XBTUSD.KRAKEN-FUTURES"},
        "instrument PF_XBTUSD.KRAKEN-FUTURES is not in the cache; cache it first, or check its name.",
    ),
    "another venue's instrument": (
        {"instrument": "PF_ETHUSD.AX"},
        "instrument PF_ETHUSD.AX is not in the cache: it is of AX, and this is a client of KRAKEN-FUTURES.",
    ),
    "an empty id": (
        {"client_order_id": ""},
        "a client order id must be 1 to 100 printable ASCII characters, not ''.",
    ),
    "an id that is one too long": (
        {"client_order_id": "x" * 101},
        "a client order id must be 1 to 100 printable ASCII characters; this one has 101, and begins with "
        f"'{'x' * 40}'.",
    ),
    "a long id with a line break": (
        {"client_order_id": "x" * 50 + "\n"},
        f"a client order id must be 1 to 100 printable ASCII characters, not '{'x' * 40}'.",
    ),
    "an id with accents": (
        {"client_order_id": "é"},
        "a client order id must be 1 to 100 printable ASCII characters, not 'é'.",
    ),
    "an id with a line break": (
        {"client_order_id": "a\nb"},
        "a client order id must be 1 to 100 printable ASCII characters, not 'a\\nb'.",
    ),
}


@pytest.mark.parametrize("kind", STOPPED_AT_ONCE)
def test_an_order_is_stopped_before_it_has_a_number(kind: str) -> None:
    changes, sentence = STOPPED_AT_ONCE[kind]
    with pytest.raises(NotSent) as caught:
        check_order(order(**changes), KNOWN)
    assert str(caught.value) == sentence


MARKET = {"type": OrderType.MARKET, "price": None}
STOP_MARKET = {"type": OrderType.STOP_MARKET, "price": None, "trigger_price": "3000"}
STOP_LIMIT = {"type": OrderType.STOP_LIMIT, "trigger_price": "3000"}
TOUCHED = {"type": OrderType.MARKET_IF_TOUCHED, "price": None, "trigger_price": "3000"}
TRAILING = {"type": OrderType.TRAILING_STOP_MARKET, "price": None, "trailing_offset": "2"}
TRAILING_LIMIT = {
    "type": OrderType.TRAILING_STOP_LIMIT,
    "price": None,
    "trailing_offset": "2",
    "limit_offset": "1",
}

PASSING: dict[str, dict[str, Any]] = {
    "a limit order": {},
    "the least quantity": {"quantity": "0.10"},
    "post-only": {"post_only": True},
    "immediate or cancel": {"time_in_force": IOC},
    "fill or kill": {"time_in_force": FOK},
    "reduce-only": {"reduce_only": True},
    "a market order": MARKET,
    "a market order, immediate or cancel": MARKET | {"time_in_force": IOC},
    "a stop": STOP_MARKET,
    "a stop on the mark price": STOP_MARKET | {"trigger": TriggerType.MARK},
    "a stop with a distant limit": STOP_MARKET | {"limit_offset": "0.01"},
    "a stop-limit": STOP_LIMIT,
    "a taken profit": TOUCHED,
    "a taken profit with a distant limit": TOUCHED | {"limit_offset": "5", "limit_offset_unit": PRICE},
    "a taken profit with a limit": STOP_LIMIT | {"type": OrderType.LIMIT_IF_TOUCHED},
    "a trailing stop": TRAILING,
    "the shortest distance": TRAILING | {"trailing_offset": "0.1"},
    "the longest distance": TRAILING | {"trailing_offset": "50"},
    "a distance in money": TRAILING | {"trailing_offset": "500", "trailing_unit": PRICE},
    "a trailing stop on the index": TRAILING | {"trigger": TriggerType.INDEX},
    "a trailing stop with a limit": TRAILING_LIMIT,
    "a moment after which it must be refused": {"process_before": MOMENT},
}


@pytest.mark.parametrize("kind", PASSING)
def test_an_order_passes(kind: str) -> None:
    check_terms(order(**PASSING[kind]), ETH)


STOPPED: dict[str, tuple[dict[str, Any], str]] = {
    "an iceberg": ({"display_quantity": "1"}, "Kraken Futures has no icebergs: it shows every order whole."),
    "an amount of money": (
        {"quote_quantity": True},
        "Kraken Futures counts contracts, not quote currency.",
    ),
    "margin": (
        {"margin": True},
        "every Kraken Futures order is on margin; leave the option out.",
    ),
    "another venue's options": ({"options": VenueOptions()}, "Kraken Futures has no options of the kind VenueOptions."),
    "an expiry time": (
        {"expire_time": MOMENT},
        "Kraken Futures has no orders that expire by themselves.",
    ),
    "a tag": ({"tag": "t"}, "Kraken Futures has no order tags, so nobody would see this one."),
    "good till date": (
        {"time_in_force": TimeInForce.GTD},
        "Kraken Futures has no time in force GTD; it takes GTC, IOC and FOK.",
    ),
    "a day order": (
        {"time_in_force": TimeInForce.DAY},
        "Kraken Futures has no time in force DAY; it takes GTC, IOC and FOK.",
    ),
    "an order at the open": (
        {"time_in_force": TimeInForce.AT_THE_OPEN},
        "Kraken Futures has no time in force AT_THE_OPEN; it takes GTC, IOC and FOK.",
    ),
    "an order at the close": (
        {"time_in_force": TimeInForce.AT_THE_CLOSE},
        "Kraken Futures has no time in force AT_THE_CLOSE; it takes GTC, IOC and FOK.",
    ),
    "a market order, fill or kill": (
        MARKET | {"time_in_force": FOK},
        "only limit orders can be FOK on Kraken Futures; this is a MARKET order.",
    ),
    "a stop, immediate or cancel": (
        STOP_MARKET | {"time_in_force": IOC},
        "a STOP_MARKET order cannot be IOC, since it waits until its trigger fires.",
    ),
    "a market order, post-only": (
        MARKET | {"post_only": True},
        "only limit orders can be post-only; this is a MARKET order.",
    ),
    "post-only, immediate or cancel": (
        {"post_only": True, "time_in_force": IOC},
        "post-only cannot be combined with IOC, since such an order could never trade.",
    ),
    "no quantity": ({"quantity": "0"}, "the quantity 0 must be greater than zero and plausible."),
    "a negative quantity": ({"quantity": "-1"}, "the quantity -1 must be greater than zero and plausible."),
    "a quantity beyond reason": (
        {"quantity": "1E+40"},
        "the quantity 1E+40 must be greater than zero and plausible.",
    ),
    "too little": ({"quantity": "0.09"}, "the quantity 0.09 is below the minimum of 0.1."),
    "a fraction of a step": (
        {"quantity": "0.105"},
        "the quantity 0.105 is not a multiple of the size increment 0.01 of PF_ETHUSD.KRAKEN-FUTURES.",
    ),
    "no price": ({"price": None}, "a limit order needs a price."),
    "a stop-limit without a price": (STOP_LIMIT | {"price": None}, "a stop-limit order needs a price."),
    "a market order with a price": (
        {"type": OrderType.MARKET, "price": "3000"},
        "Kraken Futures would ignore the price 3000 of a market order.",
    ),
    "a trailing stop with a price": (
        TRAILING_LIMIT | {"price": "3000"},
        "Kraken Futures would ignore the price 3000 of a trailing-stop-limit order.",
    ),
    "a stop without a trigger": (
        STOP_MARKET | {"trigger_price": None},
        "a stop-market order needs a trigger price.",
    ),
    "a touched order without a trigger": (
        TOUCHED | {"trigger_price": None},
        "a market-if-touched order needs a trigger price.",
    ),
    "a limit order with a trigger": (
        {"trigger_price": "3000"},
        "a limit order cannot have a trigger price on Kraken Futures.",
    ),
    "a trailing stop with a trigger": (
        TRAILING | {"trigger_price": "3000"},
        "a trailing-stop-market order cannot have a trigger price on Kraken Futures.",
    ),
    "a price of nothing": ({"price": "0"}, "the price 0 must be greater than zero and plausible."),
    "a price beyond reason": ({"price": "1E-40"}, "the price 1E-40 must be greater than zero and plausible."),
    "a price between ticks": (
        {"price": "3100.25"},
        "the price 3100.25 is not a multiple of the tick size 0.5 of PF_ETHUSD.KRAKEN-FUTURES.",
    ),
    "a negative trigger": (
        STOP_MARKET | {"trigger_price": "-1"},
        "the trigger price -1 must be greater than zero and plausible.",
    ),
    "a trigger between ticks": (
        STOP_MARKET | {"trigger_price": "3000.1"},
        "the trigger price 3000.1 is not a multiple of the tick size 0.5 of PF_ETHUSD.KRAKEN-FUTURES.",
    ),
    "a trailing stop without a distance": (
        TRAILING | {"trailing_offset": None},
        "a trailing-stop-market order needs a trailing offset.",
    ),
    "a limit order with a distance": (
        {"trailing_offset": "1"},
        "only trailing orders have a trailing offset; this is a limit order.",
    ),
    "a trailing limit without its distance": (
        TRAILING_LIMIT | {"limit_offset": None},
        "a trailing-stop-limit order needs a limit offset.",
    ),
    # A limit price and a distance would contradict each other.
    "a stop-limit with a distant limit": (
        STOP_LIMIT | {"limit_offset": "1"},
        "a stop-limit order cannot have a limit offset on Kraken Futures.",
    ),
    "a limit order with a distant limit": (
        {"limit_offset": "1"},
        "a limit order cannot have a limit offset on Kraken Futures.",
    ),
    "a limit order with a signal": (
        {"trigger": TriggerType.MARK},
        "a limit order has no trigger that MARK could fire.",
    ),
    "a market order with a signal": (
        MARKET | {"trigger": TriggerType.INDEX},
        "a market order has no trigger that INDEX could fire.",
    ),
    "no distance": (
        TRAILING | {"trailing_offset": "0"},
        "the trailing offset 0 must be greater than zero and plausible.",
    ),
    "a distance beyond reason": (
        TRAILING | {"trailing_offset": "1E+40", "trailing_unit": PRICE},
        "the trailing offset 1E+40 must be greater than zero and plausible.",
    ),
    "a limit on the wrong side": (
        STOP_MARKET | {"limit_offset": "-1"},
        "the limit offset -1 must be greater than zero and plausible.",
    ),
    "too short a distance": (
        TRAILING | {"trailing_offset": "0.09"},
        "a trailing offset must be 0.1 to 50 percent, not 0.09.",
    ),
    "too long a distance": (
        TRAILING | {"trailing_offset": "50.1"},
        "a trailing offset must be 0.1 to 50 percent, not 50.1.",
    ),
}


@pytest.mark.parametrize("kind", STOPPED)
def test_an_order_is_stopped(kind: str) -> None:
    changes, sentence = STOPPED[kind]
    with pytest.raises(NotSent) as caught:
        check_terms(order(**changes), ETH)
    assert str(caught.value) == sentence


def change(**changes: Any) -> Replace:
    return Replace(client_order_id=ClientOrderId("mine-1"), instrument=ETH.id, **changes)


@pytest.mark.parametrize(
    "changes",
    [
        {"quantity": D("0.1")},
        {"price": D("3000.5")},
        {"trigger_price": D("2900")},
        {"trailing_offset": D("0.1")},
        {"trailing_offset": D(50)},
        {"trailing_offset": D(60), "trailing_unit": PRICE},
        {"quantity": D(1), "price": D(1), "trigger_price": D(1), "trailing_offset": D(1), "trailing_unit": PRICE},
    ],
)
def test_a_change_passes(changes: dict[str, Any]) -> None:
    check_change(change(**changes), ETH)


STOPPED_CHANGES: dict[str, tuple[dict[str, Any], str]] = {
    "another time in force": (
        {"price": D(1), "time_in_force": IOC},
        "Kraken Futures cannot change the time in force of an order.",
    ),
    "post-only": (
        {"price": D(1), "post_only": False},
        "Kraken Futures cannot make an order post-only, or undo it.",
    ),
    "an iceberg": (
        {"price": D(1), "display_quantity": D(1)},
        "Kraken Futures shows every order whole.",
    ),
    "nothing": ({}, "it changes nothing."),
    "no quantity": ({"quantity": D(0)}, "the quantity 0 must be greater than zero and plausible."),
    "too little": ({"quantity": D("0.01")}, "the quantity 0.01 is below the minimum of 0.1."),
    "a fraction of a step": (
        {"quantity": D("1.001")},
        "the quantity 1.001 is not a multiple of the size increment 0.01 of PF_ETHUSD.KRAKEN-FUTURES.",
    ),
    "a price of nothing": ({"price": D(0)}, "the price 0 must be greater than zero and plausible."),
    "a price beyond belief": ({"price": D("1E+40")}, "the price 1E+40 must be greater than zero and plausible."),
    "a price between ticks": (
        {"price": D("0.7")},
        "the price 0.7 is not a multiple of the tick size 0.5 of PF_ETHUSD.KRAKEN-FUTURES.",
    ),
    "a trigger of nothing": (
        {"trigger_price": D(0)},
        "the trigger price 0 must be greater than zero and plausible.",
    ),
    "too short a distance": (
        {"trailing_offset": D("0.09"), "trailing_unit": OffsetUnit.PERCENT},
        "a trailing offset must be 0.1 to 50 percent, not 0.09.",
    ),
    "too long a distance": (
        {"trailing_offset": D(60), "trailing_unit": OffsetUnit.PERCENT},
        "a trailing offset must be 0.1 to 50 percent, not 60.",
    ),
    "a distance of nothing": (
        {"trailing_offset": D(0)},
        "the trailing offset 0 must be greater than zero and plausible.",
    ),
}


@pytest.mark.parametrize("kind", STOPPED_CHANGES)
def test_a_change_is_stopped(kind: str) -> None:
    changes, sentence = STOPPED_CHANGES[kind]
    with pytest.raises(NotSent) as caught:
        check_change(change(**changes), ETH)
    assert str(caught.value) == sentence


# Client order ids (spec A.13, B.12)


BY_NAME = KrakenFuturesVenue(KrakenFuturesSettings(api_key="k", api_secret=SECRET))


@pytest.mark.parametrize(
    "name",
    [
        "a",
        "exactly-18-letters",
        "as-many-as-19-signs",
        "O20260227002321004001100",
        "0123456789abcdef0123456789abcdeg",
        "6d1b345e-2821-40e2-ad83-4ecb18a06876",
        "x" * 100,
    ],
)
def test_a_client_id_crosses_the_wire_whole(name: str) -> None:
    wire_id = BY_NAME.wire_id(ClientOrderId(name))
    assert body_of(place(wire_id=wire_id)).endswith(f"&cliOrdId={name}")
    ((_, text),) = parse_qsl(body_of(batch(place(wire_id=wire_id))))
    assert f'"cliOrdId":"{name}"' in text
