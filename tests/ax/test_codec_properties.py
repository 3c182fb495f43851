"""AX's wire under drawn messages: what is written is what is read, and nothing that arrives can break the reader."""

from __future__ import annotations

import json
import re
from contextlib import suppress
from decimal import Decimal
from typing import Any

from hypothesis import given
from hypothesis import strategies as st

from protocol.ax import codec, venue_side, wire
from protocol.ax.converter import nanoseconds, rfc3339
from protocol.ax.listings import order_view
from protocol.ax.order_entry import Origin, encode
from protocol.ax.rest_answers import read_answer
from protocol.errors import WireError
from protocol.facts import (
    FillsListed,
    OrderCanceled,
    OrderFilled,
    OrderHistoryListed,
    OrderReplaced,
    RequestAnswered,
    RequestRefused,
    Unreadable,
)
from protocol.requests import ListFills, ListOrderHistory, PlaceOrder, PreviewPrice, ReplaceOrder
from protocol.values import LiquiditySide, OrderType, RequestId, Side, TimeInForce
from protocol.venue import HttpAnswer

U64 = st.integers(0, 2**64 - 1)
CONTRACTS = st.integers(1, 2**64 - 1)
REQUEST_IDS = st.integers(1, 2**31 - 1)
WORDS = st.text(st.characters(codec="utf-8"), min_size=1, max_size=12)
PRICES = st.decimals(allow_nan=False, allow_infinity=False, min_value="-99999999", max_value="99999999", places=6)
TIMES = st.integers(0, 2**32 - 1)
PARTS = st.integers(0, 999_999_999)

PLACEMENTS = st.builds(
    PlaceOrder,
    request_id=REQUEST_IDS,
    symbol=WORDS,
    side=st.sampled_from(Side),
    type=st.just(OrderType.LIMIT),
    quantity=CONTRACTS.map(Decimal),
    price=PRICES,
    trigger_price=st.none(),
    time_in_force=st.sampled_from([TimeInForce.GTC, TimeInForce.IOC, TimeInForce.DAY]),
    post_only=st.booleans(),
    wire_id=U64,
    tag=st.none() | WORDS,
)
REPLACEMENTS = st.builds(
    ReplaceOrder,
    request_id=REQUEST_IDS,
    venue_order_id=WORDS,
    quantity=st.none() | CONTRACTS.map(Decimal),
    price=st.none() | PRICES,
    time_in_force=st.none() | st.just(TimeInForce.GTC),
    post_only=st.none() | st.booleans(),
)
ORDERS = st.builds(
    wire.Order,
    oid=WORDS,
    s=WORDS,
    d=st.sampled_from(["B", "S"]),
    p=PRICES,
    q=U64,
    xq=U64,
    rq=U64,
    o=WORDS,
    tif=st.sampled_from(["GTC", "IOC", "DAY"]) | WORDS,
    u=st.none() | WORDS,
    aid=st.none() | WORDS,
    cid=st.none() | U64,
    tag=st.none() | WORDS,
    po=st.none() | st.booleans(),
    ts=TIMES,
    tn=PARTS,
)
EXECUTIONS = st.builds(
    wire.Execution,
    tid=WORDS,
    q=CONTRACTS,
    p=PRICES,
    d=st.sampled_from(["B", "S"]),
    agg=st.none() | st.booleans(),
    s=WORDS,
    aid=st.none() | WORDS,
)
ROWS = st.builds(
    wire.FillRow,
    trade_id=WORDS,
    price=PRICES,
    quantity=CONTRACTS,
    symbol=WORDS,
    timestamp=st.integers(0, 2**62).map(rfc3339),
    is_taker=st.booleans(),
    fee=PRICES,
    side=st.sampled_from(["B", "S"]),
    order_id=WORDS,
)

SCALARS = (
    st.none()
    | st.booleans()
    | st.integers()
    | st.floats()
    | st.text(max_size=8)
    | st.sampled_from(["n", "f", "p", "B", "GTC", "-1", "1e9", "NaN"])
)
KEYS = st.sampled_from(
    re.findall(
        r"\w+",
        """
        t ts tn eid o xs xr txt r ro noid no oid cid rid res err data request_id result error code msg
        message li cod chb orders status symbol order_id state cxl_rx tid q xq rq p d agg s tif po tag fills
        next_cursor trade_id price quantity timestamp is_taker fee side limit_price filled_quantity
        remaining_quantity
        """,
    )
)
ANY_JSON = st.recursive(
    SCALARS, lambda inner: st.lists(inner, max_size=3) | st.dictionaries(KEYS, inner, max_size=6), max_leaves=25
)
ORIGIN = Origin(account=None, tag="tag01")
PREVIEW = PreviewPrice(request_id=RequestId(1), symbol="A", side=Side.BUY, quantity=Decimal(1))
FILLS = ListFills(request_id=RequestId(1), start=0, end=1, symbol=None)
PAST = ListOrderHistory(request_id=RequestId(1), start=0, end=1)


@given(PLACEMENTS)
def test_the_venue_reads_the_placement_that_was_written(order: PlaceOrder) -> None:
    text = encode(order, ORIGIN)
    assert isinstance(order.wire_id, int)
    assert venue_side.decode_request(text) == wire.Outbound(
        t="p",
        rid=order.request_id,
        s=order.symbol,
        d="B" if order.side is Side.BUY else "S",
        q=int(order.quantity),
        p=order.price,
        tif=order.time_in_force.value,
        po=order.post_only,
        cid=order.wire_id,
        tag=order.tag or "tag01",
    )
    assert isinstance(json.loads(text)["p"], str)
    assert "E" not in json.loads(text)["p"]


@given(REPLACEMENTS)
def test_the_venue_reads_the_replacement_that_was_written(change: ReplaceOrder) -> None:
    text = encode(change, ORIGIN)
    assert venue_side.decode_request(text) == wire.Outbound(
        t="r",
        rid=change.request_id,
        oid=change.venue_order_id,
        q=None if change.quantity is None else int(change.quantity),
        p=change.price,
        tif=None if change.time_in_force is None else change.time_in_force.value,
        po=change.post_only,
    )


@given(ORDERS, EXECUTIONS, TIMES, PARTS, st.booleans())
def test_the_client_reads_the_fill_that_was_written(
    order: wire.Order, execution: wire.Execution, ts: int, tn: int, final: bool
) -> None:
    message = wire.Inbound(t="f" if final else "p", ts=ts, tn=tn, eid="E", o=order, xs=execution)
    (fact,) = codec.decode(venue_side.encode(message))
    assert isinstance(fact, OrderFilled)
    assert fact.time == fact.trade.time == ts * 10**9 + tn
    assert fact.order == order_view(order)
    assert fact.final is final
    assert (fact.trade.trade_id, fact.trade.price, fact.trade.quantity) == (
        execution.tid,
        execution.p,
        Decimal(execution.q),
    )
    assert (
        fact.trade.liquidity
        is {
            True: LiquiditySide.TAKER,
            False: LiquiditySide.MAKER,
            None: LiquiditySide.NONE,
        }[execution.agg]
    )


@given(ORDERS)
def test_a_view_tells_what_the_order_says(order: wire.Order) -> None:
    view = order_view(order)
    assert (view.venue_order_id, view.wire_id, view.symbol) == (order.oid, order.cid, order.s)
    assert (view.price, view.quantity, view.cumulative) == (order.p, order.q, order.xq)
    assert view.side is (Side.BUY if order.d == "B" else Side.SELL)
    assert view.post_only is bool(order.po)
    assert view.status is not None or view.reason == order.o


@given(ORDERS, ORDERS, WORDS)
def test_the_client_reads_the_rarer_events_that_were_written(old: wire.Order, new: wire.Order, reason: str) -> None:
    replaced = wire.Inbound(t="r", ts=1, tn=2, eid="E", ro=old, noid=new.oid, no=new)
    (fact,) = codec.decode(venue_side.encode(replaced))
    assert isinstance(fact, OrderReplaced)
    assert (fact.order, fact.replacement) == (order_view(old), order_view(new))
    assert fact.new_venue_order_id == new.oid
    canceled = wire.Inbound(t="c", ts=1, tn=2, eid="E", o=old, xr=reason, txt="")
    (fact,) = codec.decode(venue_side.encode(canceled))
    assert isinstance(fact, OrderCanceled)
    assert fact.reason == ("" if reason == "UNKNOWN" else reason)


@given(st.lists(ORDERS, max_size=4), REQUEST_IDS, st.booleans())
def test_the_client_reads_the_list_of_orders_that_was_written(orders: list[Any], number: int, older: bool) -> None:
    message = wire.Inbound(rid=number, res=orders if older else wire.OpenOrders(orders=orders))
    (fact,) = codec.decode(venue_side.encode(message))
    assert fact == RequestAnswered(request_id=RequestId(number), orders=tuple(map(order_view, orders)))


@given(st.lists(ROWS, max_size=4))
def test_the_client_reads_the_history_that_was_written(rows: list[wire.FillRow]) -> None:
    body = venue_side.encode(wire.FillPage(fills=rows)).encode()
    (fact,) = read_answer(FILLS, HttpAnswer(status=200, body=body))
    assert isinstance(fact, FillsListed)
    told = [(t.trade_id, t.venue_order_id, t.price, t.quantity, t.fee and t.fee.amount, t.time) for t in fact.trades]
    assert told == [
        (row.trade_id, row.order_id, row.price, Decimal(row.quantity), row.fee, nanoseconds(row.timestamp or ""))
        for row in rows
    ]


@given(st.lists(ORDERS, max_size=4))
def test_the_client_reads_what_became_of_orders_as_it_was_written(orders: list[Any]) -> None:
    body = venue_side.encode(wire.OrderPage(orders=orders)).encode()
    (fact,) = read_answer(PAST, HttpAnswer(status=200, body=body))
    views = sorted(map(order_view, orders), key=lambda view: view.time)
    assert fact == OrderHistoryListed(request_id=RequestId(1), orders=tuple(views))


@given(ORDERS, EXECUTIONS, KEYS, ANY_JSON.filter(lambda tree: not re.search("NaN|Infinity", json.dumps(tree))))
def test_the_fast_and_the_tolerant_way_agree(
    order: wire.Order, execution: wire.Execution, key: str, junk: object
) -> None:
    """Junk under a key that no reader needs may force the slow way; the fill stays the same."""
    text = venue_side.encode(wire.Inbound(t="p", ts=3, tn=4, eid="E", o=order, xs=execution))
    spoilt = json.loads(text)
    spoilt["o"]["aid"] = {key: junk}
    assert codec.decode(json.dumps(spoilt)) == codec.decode(text)


@given(ANY_JSON | st.dictionaries(KEYS, ANY_JSON, max_size=8))
def test_no_json_breaks_the_client(tree: object) -> None:
    text = json.dumps(tree)
    facts = codec.decode(text)
    assert facts
    for fact in facts:
        if isinstance(fact, Unreadable):
            assert len(fact.text) <= 200


@given(st.text() | st.text().map(lambda text: '{"t":"n","o":' + text))
def test_no_text_breaks_the_client(text: str) -> None:
    assert codec.decode(text)


@given(st.binary())
def test_no_bytes_break_the_client(data: bytes) -> None:
    assert isinstance(codec.decode(data)[0], Unreadable)
    for request in (PREVIEW, FILLS, PAST):
        for status in (200, 401, 503):
            assert read_answer(request, HttpAnswer(status=status, body=data))


@given(ANY_JSON)
def test_every_http_answer_settles_its_request(tree: object) -> None:
    body = json.dumps(tree).encode()
    for request in (PREVIEW, FILLS, PAST):
        settled = read_answer(request, HttpAnswer(status=200, body=body))[0]
        assert getattr(settled, "request_id", None) == 1
        (refusal,) = read_answer(request, HttpAnswer(status=500, body=body))
        assert isinstance(refusal, RequestRefused)


@given(st.text() | ANY_JSON.map(json.dumps))
def test_no_request_breaks_the_venue(text: str) -> None:
    venue_side.request_number(text)
    with suppress(WireError):
        assert venue_side.decode_request(text).t in {"p", "x", "r", "o", "s", "X", "ef", "h"}


@given(st.integers(0, 2**63 - 1))
def test_a_time_survives_the_trip(time: int) -> None:
    assert nanoseconds(rfc3339(time)) == time
