"""AX's frames, message by message: what each text means.

Every message is typed out, so that a mistake shared by both directions cannot hide.
"""

from __future__ import annotations

from collections.abc import Callable
from decimal import Decimal
from typing import Any, TypeVar

import pytest

from protocol.ax import codec
from protocol.facts import (
    Alive,
    CancelRefused,
    Fact,
    LoggedIn,
    OrderAcknowledged,
    OrderCanceled,
    OrderExpired,
    OrderFilled,
    OrderRejected,
    OrderReplaced,
    OrderView,
    RequestAnswered,
    Unreadable,
)
from protocol.reasons import RejectReason
from protocol.structs import evolve
from protocol.values import LiquiditySide, OrderStatus, TimeInForce, TradeId, VenueOrderId

from .messages import BARE, BARE_VIEW, OPEN, PART, PART_VIEW, TRADE, VIEW, changed

F = TypeVar("F", bound=Fact)

FULL = """{"oid":"O-7A1","u":"U-5","aid":"A-5","s":"GBPUSD-PERP","p":"1.2705","q":60,"xq":60,"rq":0,"o":"FILLED",
    "d":"B","tif":"GTC","cid":9001,"tag":"desk7","po":true,"ts":1795000100,"tn":450}"""
GONE = """{"oid":"O-7A1","u":"U-5","aid":"A-5","s":"GBPUSD-PERP","p":"1.2705","q":60,"xq":22,"rq":0,"o":"CANCELED",
    "d":"B","tif":"GTC","cid":9001,"tag":"desk7","po":true,"ts":1795000100,"tn":450}"""

FULL_VIEW = evolve(VIEW, cumulative=Decimal(60), status=OrderStatus.FILLED)
GONE_VIEW = evolve(VIEW, cumulative=Decimal(22), status=OrderStatus.CANCELED)

EXECUTION = '{"tid":"T-88","aid":"A-5","s":"GBPUSD-PERP","q":22,"p":"1.2704","d":"B","agg":false}'
AT = 1795000200_000000007


def event(letter: str, order: str, rest: str = "") -> str:
    return f'{{"t":"{letter}","ts":1795000200,"tn":7,"eid":"E-31","o":{order}{rest}}}'


def happened(kind: Callable[..., F], view: OrderView, **details: Any) -> F:
    return kind(time=AT, order=view, event_id="E-31", **details)


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
            trade=evolve(TRADE, trade_id=TradeId("T-89"), quantity=Decimal(38), price=Decimal("1.27")),
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
            replacement=evolve(
                VIEW, venue_order_id=VenueOrderId("O-7A9"), price=Decimal("1.2699"), quantity=Decimal(40)
            ),
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
            venue_order_id=VenueOrderId("O-7A1"),
            wire_id=9001,
            reason="ORDER_NOT_FOUND",
            time=AT,
            why=RejectReason.UNKNOWN_ORDER,
        ),
    ),
    "cancel rejected, before orders were attached": (
        '{"t":"e","ts":1795000200,"tn":7,"oid":"O-7A1","r":"ORDER_NOT_FOUND","txt":"nothing there"}',
        CancelRefused(
            venue_order_id=VenueOrderId("O-7A1"),
            wire_id=None,
            reason="ORDER_NOT_FOUND",
            time=AT,
            why=RejectReason.UNKNOWN_ORDER,
        ),
    ),
    "cancel rejected, the text alone tells": (
        '{"t":"e","ts":1795000200,"tn":7,"r":"rejected","txt":"trading is halted","o":' + OPEN + "}",
        CancelRefused(venue_order_id=VenueOrderId("O-7A1"), wire_id=9001, reason="trading is halted", time=AT),
    ),
    "liquidation": (
        event("n", changed(BARE, oid="L-01", tif="IOC")),
        happened(
            OrderAcknowledged, evolve(BARE_VIEW, venue_order_id=VenueOrderId("L-01"), time_in_force=TimeInForce.IOC)
        ),
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
        ({"tag": 5}, {"tag": "5"}),
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
    (slow,) = codec.decode(text.replace('"U-5"', "[]"))
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
    """The new order does not show what the old one had filled."""
    (fact,) = codec.decode('{"t":"r","ts":1795000200,"tn":7,"eid":"E-31","ro":5,"no":' + OPEN + "}")
    assert isinstance(fact, Unreadable)


def test_a_replacement_with_a_broken_new_order_still_names_it() -> None:
    (fact,) = codec.decode('{"t":"r","ts":1795000200,"tn":7,"noid":"O-7A9","no":5,"ro":' + OPEN + "}")
    assert isinstance(fact, OrderReplaced)
    assert (fact.new_venue_order_id, fact.replacement) == ("O-7A9", None)
