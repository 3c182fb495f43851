"""AX's wire, message by message: what each text means, and how each request is written.

Every message is typed out here, so that a mistake shared by both directions of the codec cannot hide.
"""

from __future__ import annotations

import json
from decimal import Decimal
from typing import Any

import pytest
from attrs import evolve

from protocol.ax import codec, venue_side, wire
from protocol.ax.converter import nanoseconds, rfc3339
from protocol.errors import WireError
from protocol.facts import (
    Alive,
    CancelRefused,
    Fact,
    FillsListed,
    LoggedIn,
    OrderAcknowledged,
    OrderCanceled,
    OrderExpired,
    OrderFilled,
    OrderRejected,
    OrderReplaced,
    OrderView,
    Outcome,
    PricePreviewed,
    RequestAnswered,
    RequestRefused,
    Trade,
    Unreadable,
)
from protocol.reasons import RejectReason
from protocol.requests import (
    CancelAllOrders,
    CancelOrder,
    ListFills,
    ListOpenOrders,
    ListOrderHistory,
    PlaceOrder,
    PreviewPrice,
    QueryOrder,
    ReplaceOrder,
    Request,
)
from protocol.values import LiquiditySide, Money, OrderStatus, OrderType, Side, TimeInForce
from protocol.venue import HttpAnswer, HttpCall

# Order objects as the venue writes them, one per state, and what they mean

OPEN = """{"oid":"O-7A1","u":"U-5","aid":"A-5","s":"GBPUSD-PERP","p":"1.2705","q":60,"xq":0,"rq":60,"o":"ACCEPTED",
    "d":"B","tif":"GTC","cid":9001,"tag":"desk7","po":true,"ts":1795000100,"tn":450}"""
PART = """{"oid":"O-7A1","u":"U-5","aid":"A-5","s":"GBPUSD-PERP","p":"1.2705","q":60,"xq":22,"rq":38,
    "o":"PARTIALLY_FILLED","d":"B","tif":"GTC","cid":9001,"tag":"desk7","po":true,"ts":1795000100,"tn":450}"""
FULL = """{"oid":"O-7A1","u":"U-5","aid":"A-5","s":"GBPUSD-PERP","p":"1.2705","q":60,"xq":60,"rq":0,"o":"FILLED",
    "d":"B","tif":"GTC","cid":9001,"tag":"desk7","po":true,"ts":1795000100,"tn":450}"""
GONE = """{"oid":"O-7A1","u":"U-5","aid":"A-5","s":"GBPUSD-PERP","p":"1.2705","q":60,"xq":22,"rq":0,"o":"CANCELED",
    "d":"B","tif":"GTC","cid":9001,"tag":"desk7","po":true,"ts":1795000100,"tn":450}"""
BARE = """{"oid":"O-7A2","u":"U-5","s":"GBPUSD-PERP","p":"1.27","q":5,"xq":0,"rq":5,"o":"ACCEPTED",
    "d":"S","tif":"DAY","ts":1795000100,"tn":451}"""

VIEW = OrderView(
    venue_order_id="O-7A1",
    wire_id=9001,
    symbol="GBPUSD-PERP",
    side=Side.BUY,
    price=Decimal("1.2705"),
    quantity=Decimal(60),
    cumulative=Decimal(0),
    status=OrderStatus.ACCEPTED,
    time_in_force=TimeInForce.GTC,
    post_only=True,
    time=1795000100_000000450,
)
PART_VIEW = evolve(VIEW, cumulative=Decimal(22), status=OrderStatus.PARTIALLY_FILLED)
FULL_VIEW = evolve(VIEW, cumulative=Decimal(60), status=OrderStatus.FILLED)
GONE_VIEW = evolve(VIEW, cumulative=Decimal(22), status=OrderStatus.CANCELED)
BARE_VIEW = OrderView(
    venue_order_id="O-7A2",
    wire_id=None,
    symbol="GBPUSD-PERP",
    side=Side.SELL,
    price=Decimal("1.27"),
    quantity=Decimal(5),
    cumulative=Decimal(0),
    status=OrderStatus.ACCEPTED,
    time_in_force=TimeInForce.DAY,
    post_only=False,
    time=1795000100_000000451,
)
TRADE = Trade(
    venue_order_id="O-7A1",
    trade_id="T-88",
    symbol="GBPUSD-PERP",
    side=Side.BUY,
    price=Decimal("1.2704"),
    quantity=Decimal(22),
    liquidity=LiquiditySide.MAKER,
    time=1795000200_000000007,
)
EXECUTION = '{"tid":"T-88","aid":"A-5","s":"GBPUSD-PERP","q":22,"p":"1.2704","d":"B","agg":false}'
AT = 1795000200_000000007


def event(letter: str, order: str, rest: str = "") -> str:
    return f'{{"t":"{letter}","ts":1795000200,"tn":7,"eid":"E-31","o":{order}{rest}}}'


def changed(text: str, **changes: Any) -> str:
    """An order object with other values; the ones that are None are taken out."""
    return json.dumps({key: value for key, value in (json.loads(text) | changes).items() if value is not None})


def happened(kind: type, view: OrderView, **details: Any) -> Fact:
    fact: Fact = kind(time=AT, order=view, event_id="E-31", **details)
    return fact


def refused(number: int | None, outcome: Outcome, reason: str, why: RejectReason = RejectReason.OTHER) -> Fact:
    return RequestRefused(request_id=number, outcome=outcome, reason=reason, why=why)


EVENTS: dict[str, tuple[str, Fact]] = {
    "heartbeat": ('{"t":"h","ts":1795000000,"tn":5}', Alive()),
    "heartbeat without a time": ('{"t":"h"}', Alive()),
    "acknowledged": (event("n", OPEN), happened(OrderAcknowledged, VIEW)),
    "acknowledged, no client order id": (event("n", BARE), happened(OrderAcknowledged, BARE_VIEW)),
    "acknowledged, before accounts were named": (
        event("n", changed(OPEN, aid=None)),
        happened(OrderAcknowledged, VIEW),
    ),
    "partial fill": (
        event("p", PART, f',"xs":{EXECUTION}'),
        happened(OrderFilled, PART_VIEW, trade=TRADE, final=False, goes_on=True),
    ),
    "final fill": (
        event("f", FULL, ',"xs":{"tid":"T-89","aid":"A-5","s":"GBPUSD-PERP","q":38,"p":"1.27","d":"B","agg":false}'),
        happened(
            OrderFilled,
            FULL_VIEW,
            trade=evolve(TRADE, trade_id="T-89", quantity=Decimal(38), price=Decimal("1.27")),
            final=True,
        ),
    ),
    "fill as taker": (
        event("p", PART, ',"xs":{"tid":"T-88","q":22,"p":"1.2704","agg":true}'),
        happened(OrderFilled, PART_VIEW, trade=evolve(TRADE, liquidity=LiquiditySide.TAKER), final=False, goes_on=True),
    ),
    "fill of unsaid liquidity": (
        event("p", PART, ',"xs":{"tid":"T-88","q":22,"p":"1.2704"}'),
        happened(OrderFilled, PART_VIEW, trade=evolve(TRADE, liquidity=LiquiditySide.NONE), final=False, goes_on=True),
    ),
    "canceled, no reason": (event("c", GONE, ',"xr":"","txt":""'), happened(OrderCanceled, GONE_VIEW, reason="")),
    "canceled by the user": (
        event("c", GONE, ',"xr":"USER_REQUESTED","txt":"as you wished"'),
        happened(OrderCanceled, GONE_VIEW, reason="USER_REQUESTED"),
    ),
    "canceled, the text alone tells": (
        event("c", GONE, ',"xr":"","txt":"market closes early"'),
        happened(OrderCanceled, GONE_VIEW, reason="market closes early"),
    ),
    "canceled, remainder still counted as open": (
        event("c", changed(GONE, rq=38, aid=None), ',"xr":"USER_REQUESTED","txt":""'),
        happened(OrderCanceled, GONE_VIEW, reason="USER_REQUESTED"),
    ),
    "expired": (
        event("x", changed(GONE, o="EXPIRED", tif="IOC", xq=0)),
        happened(
            OrderExpired,
            evolve(GONE_VIEW, status=OrderStatus.EXPIRED, time_in_force=TimeInForce.IOC, cumulative=Decimal(0)),
            reason="",
        ),
    ),
    "expired in part": (
        event("x", changed(GONE, o="EXPIRED", tif="IOC")),
        happened(OrderExpired, evolve(GONE_VIEW, status=OrderStatus.EXPIRED, time_in_force=TimeInForce.IOC), reason=""),
    ),
    "expired by schedule": (
        event("x", changed(GONE, o="EXPIRED")),
        happened(OrderExpired, evolve(GONE_VIEW, status=OrderStatus.EXPIRED), reason=""),
    ),
    "done for day": (
        event("d", changed(GONE, o="DONE_FOR_DAY", tif="DAY")),
        happened(
            OrderExpired,
            evolve(GONE_VIEW, status=OrderStatus.EXPIRED, time_in_force=TimeInForce.DAY),
            reason="done for day",
        ),
    ),
    "rejected": (
        event("j", changed(OPEN, o="REJECTED", r="PRICE_OUT_OF_BOUNDS"), ',"r":"PRICE_OUT_OF_BOUNDS","txt":"too far"'),
        happened(
            OrderRejected,
            evolve(VIEW, status=OrderStatus.REJECTED, reason="PRICE_OUT_OF_BOUNDS"),
            reason="PRICE_OUT_OF_BOUNDS",
            why=RejectReason.PRICE,
        ),
    ),
    "rejected as post-only": (
        event("j", changed(OPEN, o="REJECTED"), ',"r":null,"txt":"A Post-Only order would cross the book here"'),
        happened(
            OrderRejected,
            evolve(VIEW, status=OrderStatus.REJECTED),
            reason="A Post-Only order would cross the book here",
            why=RejectReason.POST_ONLY,
        ),
    ),
    "rejected as post-only in older words, in the order": (
        event("j", changed(OPEN, o="REJECTED", txt="order may participate but not initiate"), ',"r":"UNKNOWN"'),
        happened(
            OrderRejected,
            evolve(VIEW, status=OrderStatus.REJECTED, reason="order may participate but not initiate"),
            reason="order may participate but not initiate",
            why=RejectReason.POST_ONLY,
        ),
    ),
    "rejected without a word": (
        event("j", changed(OPEN, o="REJECTED"), ',"r":null,"txt":null'),
        happened(OrderRejected, evolve(VIEW, status=OrderStatus.REJECTED), reason="UNKNOWN", why=RejectReason.OTHER),
    ),
    "rejected as a duplicate": (
        event("j", changed(OPEN, o="REJECTED"), ',"r":"DUPLICATE_CLIENT_ORDER_ID","txt":"9001 is taken"'),
        happened(
            OrderRejected,
            evolve(VIEW, status=OrderStatus.REJECTED),
            reason="DUPLICATE_CLIENT_ORDER_ID",
            why=RejectReason.DUPLICATE_ID,
        ),
    ),
    "rejected for a reason newer than we are": (
        event("j", changed(OPEN, o="REJECTED"), ',"r":"MOON_PHASE","txt":"waxing"'),
        happened(OrderRejected, evolve(VIEW, status=OrderStatus.REJECTED), reason="MOON_PHASE", why=RejectReason.OTHER),
    ),
    "replaced": (
        '{"t":"r","ts":1795000200,"tn":7,"eid":"E-31","ro":'
        + changed(PART, o="REPLACED", rq=0)
        + ',"noid":"O-7A9","no":'
        + changed(OPEN, oid="O-7A9", p="1.2699", q=40, rq=40)
        + "}",
        happened(
            OrderReplaced,
            evolve(PART_VIEW, status=None, reason="REPLACED", replaced=True),
            new_venue_order_id="O-7A9",
            replacement=evolve(VIEW, venue_order_id="O-7A9", price=Decimal("1.2699"), quantity=Decimal(40)),
        ),
    ),
    "replaced, new terms left out": (
        '{"t":"r","ts":1795000200,"tn":7,"eid":"E-31","noid":"O-7A9","ro":' + changed(PART, o="REPLACED") + "}",
        happened(
            OrderReplaced,
            evolve(PART_VIEW, status=None, reason="REPLACED", replaced=True),
            new_venue_order_id="O-7A9",
            replacement=None,
        ),
    ),
    "amended in place": (
        '{"t":"r","ts":1795000200,"tn":7,"eid":"E-31","ro":' + changed(OPEN, q=45, rq=45) + "}",
        happened(OrderReplaced, evolve(VIEW, quantity=Decimal(45)), new_venue_order_id=None, replacement=None),
    ),
    "replaced, older shape": (
        event("r", changed(OPEN, p="1.2699", aid=None)),
        happened(OrderReplaced, evolve(VIEW, price=Decimal("1.2699")), new_venue_order_id=None, replacement=None),
    ),
    "cancel rejected": (
        '{"t":"e","ts":1795000200,"tn":7,"oid":"O-7A1","cid":9001,"r":"ORDER_NOT_FOUND","txt":"finished","o":'
        + FULL
        + "}",
        CancelRefused(
            venue_order_id="O-7A1", wire_id=9001, reason="ORDER_NOT_FOUND", time=AT, why=RejectReason.UNKNOWN_ORDER
        ),
    ),
    "cancel rejected, before orders were attached": (
        '{"t":"e","ts":1795000200,"tn":7,"oid":"O-7A1","r":"ORDER_NOT_FOUND","txt":"nothing there"}',
        CancelRefused(
            venue_order_id="O-7A1", wire_id=None, reason="ORDER_NOT_FOUND", time=AT, why=RejectReason.UNKNOWN_ORDER
        ),
    ),
    "cancel rejected, the text alone tells": (
        '{"t":"e","ts":1795000200,"tn":7,"r":"rejected","txt":"trading is halted","o":' + OPEN + "}",
        CancelRefused(venue_order_id="O-7A1", wire_id=9001, reason="trading is halted", time=AT),
    ),
    "liquidation": (
        event("n", changed(BARE, oid="L-01", tif="IOC")),
        happened(OrderAcknowledged, evolve(BARE_VIEW, venue_order_id="L-01", time_in_force=TimeInForce.IOC)),
    ),
    "keys in another order": (
        '{"eid":"E-31","o":' + OPEN + ',"tn":7,"ts":1795000200,"t":"n"}',
        happened(OrderAcknowledged, VIEW),
    ),
    "an event is an event even with a request id": (
        event("n", OPEN, ',"rid":4,"res":{"oid":"O-other"}'),
        happened(OrderAcknowledged, VIEW),
    ),
    "fill with unknown words": (
        event("p", changed(PART, o="NAPPING", tif="GTX", d="?"), f',"xs":{EXECUTION}'),
        happened(
            OrderFilled,
            evolve(PART_VIEW, status=None, time_in_force=None, side=None, reason="NAPPING"),
            trade=TRADE,
            final=False,
            goes_on=True,
        ),
    ),
}


@pytest.mark.parametrize("kind", EVENTS)
def test_an_event_is_read(kind: str) -> None:
    text, fact = EVENTS[kind]
    assert codec.decode(text) == (fact,)


ANSWERS: dict[str, tuple[str, Fact]] = {
    "login, nothing open": (
        '{"rid":0,"res":{"li":"U-5","o":null,"cod":false}}',
        LoggedIn(user="U-5", orders=(), cancel_on_disconnect=False, heartbeat_timeout=None),
    ),
    "login with options": (
        '{"rid":0,"res":{"li":"U-5","o":[],"cod":true,"chb":12}}',
        LoggedIn(user="U-5", orders=(), cancel_on_disconnect=True, heartbeat_timeout=12),
    ),
    "login with open orders": (
        '{"rid":0,"res":{"li":"U-5","o":[' + PART + "," + BARE + '],"cod":false}}',
        LoggedIn(user="U-5", orders=(PART_VIEW, BARE_VIEW), cancel_on_disconnect=False, heartbeat_timeout=None),
    ),
    "login, older shape": (
        '{"rid":0,"res":{"li":"U-5","o":null}}',
        LoggedIn(user="U-5", orders=(), cancel_on_disconnect=False, heartbeat_timeout=None),
    ),
    "login in older keys": (
        '{"request_id":0,"result":{"li":"U-5"}}',
        LoggedIn(user="U-5", orders=(), cancel_on_disconnect=False, heartbeat_timeout=None),
    ),
    "placed or replaced": (
        '{"rid":3,"res":{"oid":"O-7A1"}}',
        RequestAnswered(request_id=3, venue_order_id="O-7A1"),
    ),
    "placed, error is null": (
        '{"rid":3,"res":{"oid":"O-7A1"},"err":null}',
        RequestAnswered(request_id=3, venue_order_id="O-7A1"),
    ),
    "placed, in older keys": (
        '{"request_id":3,"result":{"oid":"O-7A1"},"error":null}',
        RequestAnswered(request_id=3, venue_order_id="O-7A1"),
    ),
    "placed, older key beside a null": (
        '{"rid":3,"res":null,"result":{"oid":"O-7A1"}}',
        RequestAnswered(request_id=3, venue_order_id="O-7A1"),
    ),
    "cancel received": ('{"rid":4,"res":{"cxl_rx":true}}', RequestAnswered(request_id=4)),
    "cancel declined": ('{"rid":4,"res":{"cxl_rx":false}}', RequestAnswered(request_id=4, refused=True)),
    "open orders": (
        '{"rid":5,"res":{"orders":[' + OPEN + "," + BARE + "]}}",
        RequestAnswered(request_id=5, orders=(VIEW, BARE_VIEW)),
    ),
    "no open orders": ('{"rid":5,"res":{"orders":[]}}', RequestAnswered(request_id=5, orders=())),
    "open orders, older shape": ('{"rid":5,"res":[' + BARE + "]}", RequestAnswered(request_id=5, orders=(BARE_VIEW,))),
    "no open orders, older shape": ('{"rid":5,"res":[]}', RequestAnswered(request_id=5, orders=())),
    "open orders with a price as a JSON number": (
        '{"rid":5,"res":{"orders":[' + OPEN.replace('"1.2705"', "1.2705") + "]}}",
        RequestAnswered(request_id=5, orders=(VIEW,)),
    ),
    "status": (
        '{"rid":6,"res":{"status":{"symbol":"GBPUSD-PERP","order_id":"O-7A1","clord_id":9001,'
        '"state":"PARTIALLY_FILLED","filled_quantity":22,"remaining_quantity":38}}}',
        RequestAnswered(
            request_id=6,
            order=evolve(PART_VIEW, side=None, price=None, quantity=None, time_in_force=None, post_only=False, time=0),
        ),
    ),
    "status of a rejected order": (
        '{"rid":6,"res":{"status":{"symbol":"GBPUSD-PERP","order_id":"O-7A1","clord_id":9001,"state":"REJECTED",'
        '"filled_quantity":0,"remaining_quantity":0,"reject_reason":"UNKNOWN","reject_message":"gone fishing"}}}',
        RequestAnswered(
            request_id=6,
            order=evolve(
                VIEW,
                side=None,
                price=None,
                quantity=None,
                time_in_force=None,
                post_only=False,
                time=0,
                status=OrderStatus.REJECTED,
                reason="gone fishing",
            ),
        ),
    ),
    "status, older and shorter": (
        '{"rid":6,"res":{"status":{"symbol":"GBPUSD-PERP","order_id":"O-7A1","state":"REPLACED"}}}',
        RequestAnswered(
            request_id=6,
            order=OrderView(
                venue_order_id="O-7A1",
                wire_id=None,
                symbol="GBPUSD-PERP",
                side=None,
                price=None,
                quantity=None,
                cumulative=None,
                status=None,
                time_in_force=None,
                post_only=False,
                reason="REPLACED",
                replaced=True,
            ),
        ),
    ),
    "cancel all": ('{"rid":7,"res":{}}', RequestAnswered(request_id=7)),
    "funding": (
        '{"rid":8,"res":{"symbol":"GBPUSD-PERP","status":"ready","funding_rate":"0.0003","funding_amount":"0.01",'
        '"benchmark_price":"1.27","settlement_price":"1.28","timestamp":"2026-11-01T08:00:00Z"}}',
        RequestAnswered(request_id=8),
    ),
    "funding unavailable": (
        '{"rid":8,"res":{"symbol":"GBPUSD-PERP","status":"unavailable","reason":"no index","funding_rate":null,'
        '"funding_amount":null,"benchmark_price":null,"settlement_price":null,"timestamp":"2026-11-01T08:00:00Z"}}',
        RequestAnswered(request_id=8),
    ),
    "margin": (
        '{"rid":3,"err":{"code":400,"msg":"81.20 of margin needed, 12.00 available"}}',
        refused(3, Outcome.DEFINITE, "81.20 of margin needed, 12.00 available", why=RejectReason.INSUFFICIENT_FUNDS),
    ),
    "invalid reference": (
        '{"rid":4,"err":{"code":400,"msg":"oid or cid, not both"}}',
        refused(4, Outcome.DEFINITE, "oid or cid, not both", why=RejectReason.INVALID),
    ),
    "post-only and IOC": (
        '{"rid":3,"err":{"code":400,"msg":"po with IOC"}}',
        refused(3, Outcome.DEFINITE, "po with IOC", why=RejectReason.INVALID),
    ),
    "post-only, as an error": (
        '{"rid":3,"err":{"code":400,"msg":"post-only order would cross the book"}}',
        refused(3, Outcome.DEFINITE, "post-only order would cross the book", why=RejectReason.POST_ONLY),
    ),
    "read-only key": (
        '{"rid":3,"err":{"code":403,"msg":"look only"}}',
        refused(3, Outcome.DEFINITE, "look only", why=RejectReason.PERMISSION),
    ),
    "not found": (
        '{"rid":6,"err":{"code":404,"msg":"no order"}}',
        refused(6, Outcome.NOT_FOUND, "no order", why=RejectReason.UNKNOWN_ORDER),
    ),
    "too early": (
        '{"rid":4,"err":{"code":409,"msg":"wait"}}',
        refused(4, Outcome.TOO_EARLY, "wait", why=RejectReason.TOO_EARLY),
    ),
    "too many": (
        '{"rid":3,"err":{"code":429,"msg":"easy now"}}',
        refused(3, Outcome.THROTTLED, "easy now", why=RejectReason.RATE_LIMIT),
    ),
    "internal, no text": (
        '{"rid":3,"err":{"code":500}}',
        refused(3, Outcome.AMBIGUOUS, "The venue gave no reason (code 500).", why=RejectReason.UNAVAILABLE),
    ),
    "unavailable": (
        '{"rid":3,"err":{"code":503,"msg":"restart"}}',
        refused(3, Outcome.AMBIGUOUS, "restart", why=RejectReason.UNAVAILABLE),
    ),
    "deadline": (
        '{"rid":3,"err":{"code":504,"msg":"slow"}}',
        refused(3, Outcome.AMBIGUOUS, "slow", why=RejectReason.UNAVAILABLE),
    ),
    "a code of the 400s that we do not know": (
        '{"rid":3,"err":{"code":418,"msg":"teapot"}}',
        refused(3, Outcome.DEFINITE, "teapot"),
    ),
    "a code that we cannot place": ('{"rid":3,"err":{"code":-1,"msg":"?"}}', refused(3, Outcome.AMBIGUOUS, "?")),
    "an error without a code": ('{"rid":3,"err":{"msg":"?"}}', refused(3, Outcome.AMBIGUOUS, "?")),
    "an error that is text": ('{"rid":3,"err":"no"}', refused(3, Outcome.AMBIGUOUS, "no")),
    "an error that is nothing we know": (
        '{"rid":3,"err":[1]}',
        refused(3, Outcome.AMBIGUOUS, "The venue gave no reason (code 0)."),
    ),
    "an error without a request": (
        '{"err":{"code":400,"msg":"cannot parse"},"data":"at byte 9"}',
        refused(None, Outcome.DEFINITE, "cannot parse: at byte 9", why=RejectReason.INVALID),
    ),
    "an error of a null request": (
        '{"rid":null,"err":{"code":400,"msg":"cannot parse"}}',
        refused(None, Outcome.DEFINITE, "cannot parse", why=RejectReason.INVALID),
    ),
    "an error in older keys": (
        '{"request_id":3,"error":{"code":400,"message":"no such field"}}',
        refused(3, Outcome.DEFINITE, "no such field", why=RejectReason.INVALID),
    ),
    "an error beside an answer": (
        '{"rid":3,"res":{"oid":"O-7A1"},"err":{"code":504,"msg":"slow"}}',
        refused(3, Outcome.AMBIGUOUS, "slow", why=RejectReason.UNAVAILABLE),
    ),
}


@pytest.mark.parametrize("kind", ANSWERS)
def test_an_answer_is_read(kind: str) -> None:
    text, fact = ANSWERS[kind]
    assert codec.decode(text) == (fact,)


@pytest.mark.parametrize(
    "text",
    [
        "",
        "hello",
        "[]",
        "7",
        "null",
        '{"t":"n"',
        "{}",
        '{"rid":3}',
        '{"rid":3,"res":null}',
        '{"rid":3,"res":5}',
        '{"rid":3,"res":{"surprise":1}}',
        '{"rid":3,"res":{"oid":""}}',
        '{"rid":3,"res":{"status":{"state":"FILLED"}}}',
        '{"res":{"oid":"O-7A1"}}',
        '{"t":5,"o":{}}',
        '{"t":"q","note":"a letter that we do not know"}',
        '{"t":"O","x":1}',
        '{"t":"n","ts":1795000200,"tn":7,"eid":"E-31"}',
        '{"t":"n","ts":1795000200,"tn":7,"eid":"E-31","o":{"s":"GBPUSD-PERP"}}',
        '{"t":"n","ts":1795000200,"tn":7,"eid":"E-31","o":{"oid":""}}',
        '{"t":"e","ts":1795000200,"tn":7,"r":"rejected"}',
        '{"t":"n","ts":NaN}',
        '{"t":"n","o":{"oid":"\\ud800"}}',
        '{"a":1e99999999999999999999}',
        "[" * 100_000,
        '{"rid":' + "9" * 5000 + "}",
    ],
)
def test_what_makes_no_sense_is_unreadable_and_shows_how_it_begins(text: str) -> None:
    (fact,) = codec.decode(text)
    assert isinstance(fact, Unreadable)
    assert fact.text == text[:200]
    assert fact.why.endswith(".")


def test_a_binary_message_is_unreadable() -> None:
    (fact,) = codec.decode(b'{"t":"h"}')
    assert isinstance(fact, Unreadable)
    assert "binary" in fact.why


def test_an_event_before_1970_is_unreadable() -> None:
    for text in (event("n", OPEN), event("c", GONE, ',"xr":"","txt":""'), event("n", changed(OPEN, tag=5))):
        (fact,) = codec.decode(text.replace('"ts":1795000200', '"ts":-1'))
        assert isinstance(fact, Unreadable)


@pytest.mark.parametrize("part", ["-1", "1000000000", "1795000200000000007", "null"])
def test_an_impossible_nanosecond_part_counts_as_zero(part: str) -> None:
    (fact,) = codec.decode(event("n", OPEN).replace('"tn":7', f'"tn":{part}'))
    assert fact == evolve(happened(OrderAcknowledged, VIEW), time=1795000200_000000000)


def test_an_event_without_a_time_still_counts() -> None:
    (fact,) = codec.decode('{"t":"p","eid":"E-31","o":' + PART + ',"xs":' + EXECUTION + "}")
    assert isinstance(fact, OrderFilled)
    assert fact.time == fact.trade.time == 0


@pytest.mark.parametrize(
    ("change", "difference"),
    [
        ({"tag": 5}, {}),
        ({"u": {"id": 1}}, {}),
        ({"ts": "soon"}, {"time": 0}),
        ({"ts": -5}, {"time": 0}),
        ({"po": "yes"}, {"post_only": False}),
        ({"p": "cheap"}, {"price": None}),
        ({"p": "NaN"}, {"price": None}),
        ({"p": "1e999999"}, {"price": None}),
        ({"q": -60}, {"quantity": None}),
        ({"q": "60"}, {}),
        ({"xq": [22]}, {"cumulative": None}),
        ({"cid": "9001"}, {}),
        ({"cid": -1}, {"wire_id": None}),
        ({"o": None}, {"status": None}),
        ({"tif": None, "d": None, "s": None}, {"time_in_force": None, "side": None, "symbol": ""}),
    ],
)
def test_an_unusable_field_of_the_order_never_costs_the_fill(
    change: dict[str, Any], difference: dict[str, Any]
) -> None:
    (fact,) = codec.decode(event("p", changed(PART, **change), f',"xs":{EXECUTION}'))
    assert isinstance(fact, OrderFilled)
    assert fact.order == evolve(PART_VIEW, **difference)
    assert fact.trade == TRADE


@pytest.mark.parametrize(
    "execution",
    [
        "null",
        "7",
        '{"q":22,"p":"1.2704"}',
        '{"tid":"","q":22,"p":"1.2704"}',
        '{"tid":"T-88","q":0,"p":"1.2704"}',
        '{"tid":"T-88","q":-22,"p":"1.2704"}',
        '{"tid":"T-88","q":22}',
        '{"tid":"T-88","q":22,"p":"NaN"}',
        '{"tid":"T-88","q":22,"p":"1e999999"}',
        '{"tid":"T-88","q":2.5,"p":"1.2704"}',
    ],
)
def test_a_fill_that_cannot_be_read_still_tells_the_cumulative_quantity(execution: str) -> None:
    """From it dispatch sees that a fill is missing."""
    lost, order = codec.decode(event("p", PART, f',"xs":{execution}'))
    assert isinstance(lost, Unreadable)
    assert order == happened(OrderAcknowledged, PART_VIEW)


def test_prices_as_json_numbers_are_exact() -> None:
    text = event("p", PART, f',"xs":{EXECUTION}').replace('"1.2704"', "1.10000000000000000000000000001")
    (fact,) = codec.decode(text)
    assert isinstance(fact, OrderFilled)
    assert str(fact.trade.price) == "1.10000000000000000000000000001"
    (slow,) = codec.decode(text.replace('"desk7"', "[]"))
    assert slow == fact


def test_the_largest_client_order_id_survives() -> None:
    (fact,) = codec.decode(event("n", changed(OPEN, cid=2**64 - 1)))
    assert isinstance(fact, OrderAcknowledged)
    assert fact.order.wire_id == 18446744073709551615


@pytest.mark.parametrize(
    ("word", "status"),
    [
        ("PENDING", OrderStatus.SUBMITTED),
        ("NEW", OrderStatus.ACCEPTED),
        ("STALE", OrderStatus.ACCEPTED),
        ("OUT", OrderStatus.CANCELED),
        ("RECONCILED_OUT", OrderStatus.CANCELED),
        ("CANCELING", None),
        ("REPLACED", None),
        ("UNKNOWN", None),
        ("DONE_FOR_DAY", OrderStatus.EXPIRED),
    ],
)
def test_every_order_state_is_known(word: str, status: OrderStatus | None) -> None:
    (fact,) = codec.decode(event("n", changed(OPEN, o=word)))
    assert isinstance(fact, OrderAcknowledged)
    assert fact.order.status is status
    assert fact.order.reason == ("" if status else word)
    assert fact.order.replaced is (word == "REPLACED")


@pytest.mark.parametrize("word", ["B", "Buy", "BUY"])
def test_every_spelling_of_a_side_is_known(word: str) -> None:
    assert codec.decode(event("n", changed(OPEN, d=word))) == (happened(OrderAcknowledged, VIEW),)


def test_every_time_in_force_is_known() -> None:
    for word, value in {"FOK": "FOK", "GTD": "GTD", "ATO": "AT_THE_OPEN", "ATC": "AT_THE_CLOSE"}.items():
        (fact,) = codec.decode(event("n", changed(OPEN, tif=word)))
        assert isinstance(fact, OrderAcknowledged)
        assert fact.order.time_in_force is TimeInForce(value)


@pytest.mark.parametrize(
    "shape",
    [
        '{"rid":5,"res":{"orders":[BAD,GOOD]}}',
        '{"rid":5,"res":[GOOD,BAD]}',
        '{"rid":0,"res":{"li":"U","o":[BAD,GOOD]}}',
    ],
)
def test_one_bad_order_in_a_list_does_not_cost_its_neighbours(shape: str) -> None:
    text = shape.replace("GOOD", OPEN).replace("BAD", '{"oid":5.5}')
    answer, skipped = codec.decode(text)
    assert isinstance(answer, RequestAnswered | LoggedIn)
    assert answer.orders == (VIEW,)
    assert isinstance(skipped, Unreadable)


def test_a_replacement_without_a_usable_old_order_is_unreadable() -> None:
    """The new order does not tell what the old one had filled."""
    (fact,) = codec.decode('{"t":"r","ts":1795000200,"tn":7,"eid":"E-31","ro":5,"no":' + OPEN + "}")
    assert isinstance(fact, Unreadable)


def test_a_replacement_with_a_broken_new_order_still_names_it() -> None:
    (fact,) = codec.decode('{"t":"r","ts":1795000200,"tn":7,"noid":"O-7A9","no":5,"ro":' + OPEN + "}")
    assert isinstance(fact, OrderReplaced)
    assert (fact.new_venue_order_id, fact.replacement) == ("O-7A9", None)


# Requests

ORIGIN = codec.Origin(account=None, tag="tag01", self_trade_prevention=None)
ELSEWHERE = codec.Origin(account="A-9", tag="tag01", self_trade_prevention="CancelResting")
PLACE = PlaceOrder(
    request_id=12,
    symbol="GBPUSD-PERP",
    side=Side.SELL,
    type=OrderType.LIMIT,
    quantity=Decimal("60.0"),
    price=Decimal("1.2700"),
    trigger_price=None,
    time_in_force=TimeInForce.GTC,
    post_only=True,
    wire_id=2**64 - 1,
    tag=None,
)

REQUESTS: dict[str, tuple[Request, codec.Origin, str]] = {
    "place": (
        PLACE,
        ORIGIN,
        '{"t":"p","rid":12,"s":"GBPUSD-PERP","d":"S","q":60,"p":"1.27","tif":"GTC","po":true,'
        '"cid":18446744073709551615,"tag":"tag01"}',
    ),
    "place, in full": (
        evolve(PLACE, tag="mine", side=Side.BUY, post_only=False, time_in_force=TimeInForce.DAY),
        ELSEWHERE,
        '{"t":"p","rid":12,"s":"GBPUSD-PERP","d":"B","q":60,"p":"1.27","tif":"DAY","po":false,'
        '"cid":18446744073709551615,"tag":"mine","st":"CancelResting","aid":"A-9"}',
    ),
    "place, a market order": (
        evolve(PLACE, type=OrderType.MARKET, price=Decimal("1.3E+1")),
        ORIGIN,
        '{"t":"p","rid":12,"s":"GBPUSD-PERP","d":"S","q":60,"p":"13","tif":"IOC","po":false,'
        '"cid":18446744073709551615,"tag":"tag01"}',
    ),
    "place, a stop-limit order": (
        evolve(PLACE, type=OrderType.STOP_LIMIT, trigger_price=Decimal("1.2750")),
        ORIGIN,
        '{"t":"p","rid":12,"s":"GBPUSD-PERP","d":"S","q":60,"p":"1.27","tif":"GTC","po":false,'
        '"cid":18446744073709551615,"tag":"tag01","order_type":"STOP_LOSS_LIMIT","trigger_price":"1.275"}',
    ),
    "cancel": (
        CancelOrder(request_id=13, venue_order_id="O-7A1", wire_id=None),
        ELSEWHERE,
        '{"t":"x","rid":13,"oid":"O-7A1"}',
    ),
    "cancel by client order id": (
        CancelOrder(request_id=13, venue_order_id=None, wire_id=9001),
        ELSEWHERE,
        '{"t":"x","rid":13,"cid":9001,"aid":"A-9"}',
    ),
    "replace the price": (
        ReplaceOrder(
            request_id=14,
            venue_order_id="O-7A1",
            quantity=None,
            price=Decimal("1.2690"),
            time_in_force=None,
            post_only=None,
        ),
        ORIGIN,
        '{"t":"r","rid":14,"p":"1.269","oid":"O-7A1"}',
    ),
    "replace everything": (
        ReplaceOrder(
            request_id=14,
            venue_order_id="O-7A1",
            quantity=Decimal(30),
            price=Decimal("1.2690"),
            time_in_force=TimeInForce.DAY,
            post_only=False,
        ),
        ORIGIN,
        '{"t":"r","rid":14,"q":30,"p":"1.269","tif":"DAY","po":false,"oid":"O-7A1"}',
    ),
    "open orders": (ListOpenOrders(request_id=15), ORIGIN, '{"t":"o","rid":15}'),
    "open orders of an account": (ListOpenOrders(request_id=15), ELSEWHERE, '{"t":"o","rid":15,"account_id":"A-9"}'),
    "status": (
        QueryOrder(request_id=16, venue_order_id="O-7A1", wire_id=None),
        ELSEWHERE,
        '{"t":"s","rid":16,"oid":"O-7A1"}',
    ),
    "status by client order id": (
        QueryOrder(request_id=16, venue_order_id=None, wire_id=9001),
        ELSEWHERE,
        '{"t":"s","rid":16,"cid":9001}',
    ),
    "cancel all": (CancelAllOrders(request_id=17, symbol=None), ORIGIN, '{"t":"X","rid":17}'),
    "cancel all of a symbol": (
        CancelAllOrders(request_id=17, symbol="GBPUSD-PERP"),
        ELSEWHERE,
        '{"t":"X","rid":17,"account_id":"A-9","symbol":"GBPUSD-PERP"}',
    ),
}


@pytest.mark.parametrize("kind", REQUESTS)
def test_a_request_is_written(kind: str) -> None:
    request, origin, text = REQUESTS[kind]
    assert codec.encode(request, origin) == text


def test_an_order_without_a_price_is_never_written() -> None:
    with pytest.raises(ValueError, match="without a price"):
        codec.encode(evolve(PLACE, price=None), ORIGIN)


def test_a_client_order_id_crosses_the_wire_as_a_number_only() -> None:
    with pytest.raises(TypeError, match="whole number"):
        codec.encode(evolve(PLACE, wire_id="abc"), ORIGIN)


# The same requests, read by the venue

INCOMING: dict[str, tuple[str, dict[str, Any]]] = {
    "heartbeat": ('{"t":"h"}', {"t": "h"}),
    "heartbeat with a number": ('{"rid":9,"t":"h"}', {"t": "h", "rid": 9}),
    "place, the least": (
        '{"rid":1,"t":"p","s":"GBPUSD-PERP","d":"B","q":60,"p":"1.2705","tif":"GTC","po":false}',
        {
            "rid": 1,
            "t": "p",
            "s": "GBPUSD-PERP",
            "d": "B",
            "q": 60,
            "p": Decimal("1.2705"),
            "tif": "GTC",
            "po": False,
        },
    ),
    "place, everything": (
        '{"t":"p","rid":2,"s":"GBPUSD-PERP","d":"S","q":7,"p":1.2710,"tif":"IOC","po":true,"cid":18446744073709551615,'
        '"tag":"desk7","st":"CancelBoth","aid":"A-9","rb":"bo","unheard_of":[1]}',
        {
            "rid": 2,
            "t": "p",
            "s": "GBPUSD-PERP",
            "d": "S",
            "q": 7,
            "p": Decimal("1.2710"),
            "tif": "IOC",
            "po": True,
            "cid": 18446744073709551615,
            "tag": "desk7",
            "st": "CancelBoth",
            "aid": "A-9",
            "rb": "bo",
        },
    ),
    "place, an older stop": (
        '{"rid":3,"t":"p","s":"GBPUSD-PERP","d":"S","q":7,"p":"1.26","tif":"DAY","po":false,"cid":1,'
        '"order_type":"STOP_LOSS_LIMIT","trigger_price":"1.265"}',
        {
            "rid": 3,
            "t": "p",
            "s": "GBPUSD-PERP",
            "d": "S",
            "q": 7,
            "p": Decimal("1.26"),
            "tif": "DAY",
            "po": False,
            "cid": 1,
            "order_type": "STOP_LOSS_LIMIT",
            "trigger_price": Decimal("1.265"),
        },
    ),
    "cancel": ('{"rid":4,"t":"x","oid":"O-7A1"}', {"rid": 4, "t": "x", "oid": "O-7A1"}),
    "cancel by cid": ('{"rid":4,"t":"x","cid":5,"aid":"A-9"}', {"rid": 4, "t": "x", "cid": 5, "aid": "A-9"}),
    "cancel by both": ('{"rid":4,"t":"x","cid":5,"oid":"O"}', {"rid": 4, "t": "x", "cid": 5, "oid": "O"}),
    "replace": (
        '{"rid":5,"t":"r","oid":"O-7A1","p":"1.2699"}',
        {"rid": 5, "t": "r", "oid": "O-7A1", "p": Decimal("1.2699")},
    ),
    "replace in full": (
        '{"rid":5,"t":"r","cid":5,"p":"1.2699","q":9,"tif":"GTC","po":true,"aid":"A-9"}',
        {
            "rid": 5,
            "t": "r",
            "cid": 5,
            "p": Decimal("1.2699"),
            "q": 9,
            "tif": "GTC",
            "po": True,
            "aid": "A-9",
        },
    ),
    "open orders": ('{"rid":6,"t":"o"}', {"rid": 6, "t": "o"}),
    "open orders of": ('{"rid":6,"t":"o","account_id":"A-9"}', {"rid": 6, "t": "o", "account_id": "A-9"}),
    "status": ('{"rid":7,"t":"s","oid":"O-7A1"}', {"rid": 7, "t": "s", "oid": "O-7A1"}),
    "status by cid": ('{"rid":7,"t":"s","cid":5}', {"rid": 7, "t": "s", "cid": 5}),
    "cancel all": ('{"rid":8,"t":"X"}', {"rid": 8, "t": "X"}),
    "cancel all of": (
        '{"rid":8,"t":"X","symbol":"GBPUSD-PERP","account_id":"A-9"}',
        {"rid": 8, "t": "X", "symbol": "GBPUSD-PERP", "account_id": "A-9"},
    ),
    "funding": ('{"rid":9,"t":"ef","symbol":"GBPUSD-PERP"}', {"rid": 9, "t": "ef", "symbol": "GBPUSD-PERP"}),
}


@pytest.mark.parametrize("kind", INCOMING)
def test_the_venue_reads_a_request(kind: str) -> None:
    text, fields = INCOMING[kind]
    assert venue_side.decode_request(text) == wire.Outbound(**fields)


@pytest.mark.parametrize(
    ("text", "number"),
    [
        ("", None),
        ("[]", None),
        ('{"rid":1}', 1),
        ('{"t":"o"}', None),
        ('{"rid":1,"t":"zz"}', 1),
        ('{"rid":1,"t":"p","q":1.0}', 1),
        ('{"rid":1,"t":"p","q":"1"}', 1),
        ('{"rid":1,"t":"p","q":-1}', 1),
        ('{"rid":1,"t":"p","cid":18446744073709551616}', 1),
        ('{"rid":1,"t":"p","p":"NaN"}', 1),
        ('{"rid":1,"t":"p","p":"1e999999"}', 1),
        ('{"rid":1,"t":"x","oid":5}', 1),
        ('{"rid":"1","t":"o"}', None),
    ],
)
def test_the_venue_refuses_a_request_that_it_cannot_read(text: str, number: int | None) -> None:
    with pytest.raises(WireError):
        venue_side.decode_request(text)
    assert venue_side.request_number(text) == number


def test_the_venue_reads_a_body() -> None:
    body = venue_side.decode_body(b'{"symbol":"GBPUSD-PERP","quantity":4,"side":"B"}', wire.PreviewRequest)
    assert body == wire.PreviewRequest(symbol="GBPUSD-PERP", quantity=4, side="B")
    with pytest.raises(WireError):
        venue_side.decode_body(b'{"symbol":"GBPUSD-PERP"}', wire.PreviewRequest)


BODIES: dict[str, tuple[str, type[Any], dict[str, Any]]] = {
    "authenticate": (
        '{"api_key":"k-1","api_secret":"not-a-secret","expiration_seconds":1800}',
        wire.AuthenticateRequest,
        {"api_key": "k-1", "api_secret": "not-a-secret", "expiration_seconds": 1800},
    ),
    "authenticate by password": (
        '{"username":"ann","password":"not-a-secret","totp":"123456","expiration_seconds":1800}',
        wire.AuthenticateRequest,
        {"username": "ann", "password": "not-a-secret", "totp": "123456", "expiration_seconds": 1800},
    ),
    "place": (
        '{"s":"GBPUSD-PERP","d":"S","q":6,"p":"1.27","tif":"GTC","po":false,"cid":5}',
        wire.Placement,
        {"s": "GBPUSD-PERP", "d": "S", "q": 6, "p": Decimal("1.27"), "tif": "GTC", "po": False, "cid": 5},
    ),
    "cancel": ('{"oid":"O-7A1"}', wire.CancelBody, {"oid": "O-7A1"}),
    "replace": ('{"oid":"O-7A1","p":"1.2","q":3}', wire.ReplaceBody, {"oid": "O-7A1", "p": Decimal("1.2"), "q": 3}),
    "cancel all": ('{"symbol":"GBPUSD-PERP"}', wire.CancelAllBody, {"symbol": "GBPUSD-PERP"}),
}


@pytest.mark.parametrize("kind", BODIES)
def test_the_venue_reads_every_kind_of_body(kind: str) -> None:
    text, cls, fields = BODIES[kind]
    assert venue_side.decode_body(text.encode(), cls) == cls(**fields)


# The venue's own words, written

ORDER = wire.Order(
    oid="O-7A1",
    u="U-5",
    aid="A-5",
    s="GBPUSD-PERP",
    p=Decimal("1.2700"),
    q=60,
    xq=0,
    rq=0,
    o="REJECTED",
    d="B",
    tif="GTC",
    po=False,
    ts=1795000100,
    tn=450,
)


@pytest.mark.parametrize(
    ("message", "nulls", "text"),
    [
        (wire.Inbound(t="h", ts=1, tn=2), (), '{"t":"h","ts":1,"tn":2}'),
        (wire.Inbound(rid=3, res=wire.OrderId(oid="O-7A1")), (), '{"rid":3,"res":{"oid":"O-7A1"}}'),
        (wire.Inbound(rid=3, res=wire.CancelReceived(cxl_rx=False)), (), '{"rid":3,"res":{"cxl_rx":false}}'),
        (wire.Inbound(rid=3, res={}), (), '{"rid":3,"res":{}}'),
        (wire.Inbound(rid=3, err=wire.Error(code=500)), (), '{"rid":3,"err":{"code":500}}'),
        (wire.Inbound(rid=3, res=wire.OpenOrders(orders=[])), (), '{"rid":3,"res":{"orders":[]}}'),
        (
            wire.Inbound(rid=0, res=wire.Login(li="U-5", cod=False)),
            ("res.o",),
            '{"rid":0,"res":{"li":"U-5","cod":false,"o":null}}',
        ),
        (
            wire.Inbound(t="j", ts=1, tn=2, eid="E-1", o=ORDER),
            ("r", "txt"),
            '{"t":"j","ts":1,"tn":2,"eid":"E-1","o":{"oid":"O-7A1","s":"GBPUSD-PERP","d":"B","p":"1.27","q":60,"xq":0,'
            '"rq":0,"o":"REJECTED","tif":"GTC","u":"U-5","aid":"A-5","po":false,"ts":1795000100,"tn":450},'
            '"r":null,"txt":null}',
        ),
        (wire.Inbound(rid=3, res=wire.OrderId(oid="O")), ("err",), '{"rid":3,"res":{"oid":"O"},"err":null}'),
        ({"a": Decimal("1E+3"), "b": None, "c": [None, ORDER.p]}, ("d",), '{"a":"1000","c":[null,"1.27"],"d":null}'),
    ],
)
def test_the_venue_writes_a_message(message: object, nulls: tuple[str, ...], text: str) -> None:
    assert venue_side.encode(message, nulls=nulls) == text


# HTTP

PREVIEW = PreviewPrice(request_id=21, symbol="GBPUSD-PERP", side=Side.BUY, quantity=Decimal(8))
FILLS = ListFills(request_id=22, start=1795000000_000000000, end=1795000900_000000001, symbol=None)
PAST = ListOrderHistory(request_id=23, start=1795000000_000000000, end=1795000900_000000001)


def answer(status: int, text: str) -> HttpAnswer:
    return HttpAnswer(status=status, body=text.encode())


def test_a_preview_is_asked_for_over_http() -> None:
    call = codec.encode(PREVIEW, ORIGIN)
    assert call == HttpCall(
        method="POST",
        path="/api/preview-aggressive-limit-order",
        body=b'{"symbol":"GBPUSD-PERP","quantity":8,"side":"B"}',
    )


def test_a_preview_names_a_price_or_none() -> None:
    text = '{"limit_price":"1.2722","vwap":"1.2715","filled_quantity":8,"remaining_quantity":0}'
    facts = codec.read_answer(PREVIEW, answer(200, text))
    assert facts == (PricePreviewed(request_id=21, price=Decimal("1.2722"), filled=Decimal(8), remaining=Decimal(0)),)
    text = '{"limit_price":null,"vwap":null,"filled_quantity":0,"remaining_quantity":8}'
    facts = codec.read_answer(PREVIEW, answer(200, text))
    assert facts == (PricePreviewed(request_id=21, price=None, filled=Decimal(0), remaining=Decimal(8)),)


def test_history_is_asked_for_oldest_first_and_page_by_page() -> None:
    call = codec.encode(evolve(FILLS, symbol="GBPUSD-PERP", cursor="1795000100:T-3"), ELSEWHERE)
    assert call == HttpCall(
        method="GET",
        path="/api/fills",
        query=(
            ("symbol", "GBPUSD-PERP"),
            ("start_timestamp_ns", "1795000000000000000"),
            ("end_timestamp_ns", "1795000900000000001"),
            ("sort_ts", "asc"),
            ("cursor", "1795000100:T-3"),
            ("account_id", "A-9"),
        ),
    )
    first = codec.encode(FILLS, ORIGIN)
    assert isinstance(first, HttpCall)
    assert [key for key, _ in first.query] == ["start_timestamp_ns", "end_timestamp_ns", "sort_ts"]


ROW = """{"trade_id":"T-88","order_id":"O-7A1","user_id":"U-5","account_id":"A-5",
    "timestamp":"2026-11-18T11:10:00.000000007Z","symbol":"GBPUSD-PERP","price":"1.2704","quantity":22,"is_taker":false,"fee":"0.31","side":"B","realized_pnl":"0"}"""
BLOCK = """{"trade_id":"T-90","account_id":"A-5","timestamp":"2026-11-18T11:10:01Z","symbol":"GBPUSD-PERP",
    "price":"1.3","quantity":1,"is_taker":true,"fee":"0","side":"S"}"""
LISTED = evolve(TRADE, fee=Money(Decimal("0.31"), "USD"), time=1795000200_000000007)


def test_history_holds_fees_and_leaves_out_what_belongs_to_no_order() -> None:
    facts = codec.read_answer(FILLS, answer(200, f'{{"fills":[{ROW},{BLOCK}],"limit":100,"total_count":2}}'))
    assert facts == (FillsListed(request_id=22, trades=(LISTED,), cursor=None),)


def test_a_rebate_is_negative_and_a_missing_fee_is_unknown() -> None:
    rebate = ROW.replace('"0.31"', '"-0.02"')
    untold = ROW.replace('"0.31"', "null")
    (fact,) = codec.read_answer(FILLS, answer(200, f'{{"fills":[{rebate},{untold}]}}'))
    assert isinstance(fact, FillsListed)
    assert [trade.fee for trade in fact.trades] == [Money(Decimal("-0.02"), "USD"), None]


def test_history_goes_on_while_there_is_another_page() -> None:
    page = f'{{"fills":[{ROW}],"next_cursor":"1795000200:T-88"}}'
    (fact,) = codec.read_answer(FILLS, answer(200, page))
    assert isinstance(fact, FillsListed)
    assert fact.cursor == "1795000200:T-88"
    for request, text in (
        (evolve(FILLS, cursor="1795000200:T-88"), page),  # leads back to itself
        (FILLS, '{"fills":[],"next_cursor":"1795000200:T-88"}'),
        (FILLS, f'{{"fills":[{BLOCK}],"next_cursor":""}}'),
    ):
        (fact,) = codec.read_answer(request, answer(200, text))
        assert isinstance(fact, FillsListed)
        assert fact.cursor is None


@pytest.mark.parametrize("bad", ["5", '{"trade_id":"T-1"}', ROW.replace('"quantity":22', '"quantity":0')])
def test_one_bad_row_of_history_does_not_cost_its_neighbours(bad: str) -> None:
    listed, skipped = codec.read_answer(FILLS, answer(200, f'{{"fills":[{bad},{ROW}],"next_cursor":"next"}}'))
    assert isinstance(skipped, Unreadable)
    assert listed == FillsListed(request_id=22, trades=(LISTED,), cursor="next")


@pytest.mark.parametrize(
    ("status", "body", "outcome", "reason", "why"),
    [
        (400, '{"error":"range too long"}', Outcome.DEFINITE, "range too long", RejectReason.INVALID),
        (400, '{"message":"range too long"}', Outcome.DEFINITE, "range too long", RejectReason.INVALID),
        (400, '{"error":"Bad","message":"x","status":400}', Outcome.DEFINITE, "Bad", RejectReason.INVALID),
        (401, '{"error":"expired"}', Outcome.DEFINITE, "The venue refused the token: expired", RejectReason.PERMISSION),
        (401, "", Outcome.DEFINITE, "The venue refused the token.", RejectReason.PERMISSION),
        (403, "keep out", Outcome.DEFINITE, "keep out", RejectReason.PERMISSION),
        (404, "{}", Outcome.NOT_FOUND, "The venue gave no reason (HTTP status 404).", RejectReason.UNKNOWN_ORDER),
        (429, "", Outcome.THROTTLED, "The venue gave no reason (HTTP status 429).", RejectReason.RATE_LIMIT),
        (502, "bad\n gateway", Outcome.AMBIGUOUS, "bad gateway", RejectReason.UNAVAILABLE),
        (302, "", Outcome.AMBIGUOUS, "The venue gave no reason (HTTP status 302).", RejectReason.OTHER),
    ],
)
def test_an_http_error_refuses_the_request(
    status: int, body: str, outcome: Outcome, reason: str, why: RejectReason
) -> None:
    for request in (PREVIEW, FILLS, PAST):
        (fact,) = codec.read_answer(request, answer(status, body))
        assert fact == RequestRefused(request_id=request.request_id, outcome=outcome, reason=reason, why=why)


@pytest.mark.parametrize(
    "body", [b"", b"[]", b"{}", b"\xff", b'{"fills":5,"orders":{},"filled_quantity":"many"}', b"[" * 100_000]
)
def test_an_http_answer_that_cannot_be_read_ends_the_request(body: bytes) -> None:
    for request in (PREVIEW, FILLS, PAST):
        refusal, unreadable = codec.read_answer(request, HttpAnswer(status=200, body=body))
        assert isinstance(refusal, RequestRefused)
        assert refusal.request_id == request.request_id
        assert isinstance(unreadable, Unreadable)


@pytest.mark.parametrize(
    ("kind", "text", "cls"),
    [
        ("balances", '{"balances":[{"account_id":"A-5","symbol":"USD","amount":"10.5"}]}', dict),
        ("order", changed(OPEN, o="REPLACED"), wire.Order),
        ("margin", '{"im_pct":"4","im":"12","pos":-3,"mult":"1"}', wire.MarginRequirement),
        ("preview", '{"im_pct":"4","im":"12","pos_before":-3,"pos_after":-9,"liq":"2.1"}', wire.OrderPreview),
        (
            "position",
            '{"account_id":"A-5","symbol":"GBPUSD-PERP","signed_quantity":-3,"signed_notional":"-3.8",'
            '"signed_cost_basis":"-3.8","timestamp":"2026-11-18T11:10:00Z","realized_pnl":"0"}',
            wire.Position,
        ),
        (
            "whoami",
            '{"id":"U-5","username":"ann","created_at":"2026-02-01T00:00:00Z","is_onboarded":true,"is_frozen":false,'
            '"is_admin":false,"accounts":[{"id":"A-5","name":"main","is_close_only":false,"maker_fee":"0.1",'
            '"taker_fee":"0.2","can_list":true,"can_read":true,"can_set_limits":true,"can_reduce_or_close":true,'
            '"can_trade":true}]}',
            wire.Whoami,
        ),
        (
            "instrument",
            '{"symbol":"GBPUSD-PERP","multiplier":"1","tick_size":"0.0001","minimum_order_size":"5",'
            '"quote_currency":"USD","initial_margin_pct":"4","maintenance_margin_pct":"3","category":"fx"}',
            wire.InstrumentRow,
        ),
        ("orders", '{"orders":[' + OPEN + '],"limit":100,"next_cursor":"1:O"}', wire.OrderPage),
    ],
)
def test_a_body_of_the_venue_survives_reading_and_writing(kind: str, text: str, cls: type[Any]) -> None:
    body = venue_side.decode_body(text.encode(), cls)
    assert json.loads(venue_side.encode(body)) == json.loads(text)


# Times and numbers


@pytest.mark.parametrize(
    ("text", "time"),
    [
        ("1970-01-01T00:00:00Z", 0),
        ("2026-11-18T11:10:00Z", 1795000200_000000000),
        ("2026-11-18T11:10:00.5Z", 1795000200_500000000),
        ("2026-11-18T11:10:00.000000007Z", 1795000200_000000007),
        ("2026-11-18t11:10:00.123456789z", 1795000200_123456789),
        ("2026-11-18T13:10:00.1+02:00", 1795000200_100000000),
    ],
)
def test_a_timestamp_keeps_all_nine_digits(text: str, time: int) -> None:
    assert nanoseconds(text) == time
    assert nanoseconds(rfc3339(time)) == time


@pytest.mark.parametrize(
    "text", ["", "2026-11-18", "2026-13-01T00:00:00Z", "2026-11-18T11:10:00", "2026-11-18T11:10:00.0000000001Z", "now"]
)
def test_what_is_no_timestamp_is_refused(text: str) -> None:
    with pytest.raises(ValueError):
        nanoseconds(text)
