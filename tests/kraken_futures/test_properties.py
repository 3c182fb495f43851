"""Kraken Futures' wire under drawn messages: what is written is what is read, nothing that arrives can break a reader,
and a quantity is told apart from a remainder."""

from __future__ import annotations

import copy
import json
import re
from collections.abc import Iterator
from contextlib import suppress
from decimal import Decimal
from typing import Any, TypeVar

import attrs
import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from protocol.errors import WireError
from protocol.facts import (
    CancelAllAfterSet,
    Fact,
    FillsListed,
    OrderAcknowledged,
    OrderFilled,
    OrderHistoryListed,
    OrderRemoved,
    OrderView,
    RequestAnswered,
    RequestRefused,
    Trade,
    Unreadable,
)
from protocol.kraken_futures import venue_side, wire
from protocol.kraken_futures.codec import FuturesWire
from protocol.kraken_futures.converter import iso, nanoseconds
from protocol.kraken_futures.instruments import read_instruments
from protocol.kraken_futures.order_entry import encode
from protocol.kraken_futures.quantity import Quantity, QuantityReader, QuantitySemantics
from protocol.kraken_futures.rest_answers import read_answer
from protocol.kraken_futures.signing import Credentials
from protocol.requests import (
    BatchOrders,
    CancelAllOrders,
    CancelOrder,
    Leg,
    ListFills,
    ListOpenOrders,
    ListOrderHistory,
    PlaceOrder,
    QueryOrder,
    ReplaceOrder,
    Request,
    SetCancelAllAfter,
)
from protocol.simulation.kraken_futures import parameters as venue
from protocol.simulation.kraken_futures.access import Denied
from protocol.simulation.kraken_futures.parameters import Reader
from protocol.values import Money, OffsetUnit, OrderType, RequestId, Side, TimeInForce, TriggerType, VenueOrderId
from protocol.venue import HttpAnswer
from protocol.wire.numbers import is_plausible, plain

KEYS = Credentials("key", "Pz49PDs6OTg3NjU0MzIxMC8uLSwrKikoJyYlJCMiISAfHh0cGxoZGBcWFRQTEhEQDw4NDAsKCQgHBgUEAwIBAA==")
MS = 1_000_000
D = Decimal
F = TypeVar("F")

WORDS = st.text(st.characters(codec="utf-8"), min_size=1, max_size=12)
NUMBERS = st.decimals(min_value="1E-10", max_value="99999999", allow_nan=False, allow_infinity=False, places=10)
AMOUNTS = st.just(D(0)) | NUMBERS
SIGNED = NUMBERS | NUMBERS.map(lambda number: -number)
MOMENTS = st.integers(1, 2**42)
"""ms since 1970."""
REQUEST_IDS = st.integers(1, 2**31 - 1).map(RequestId)
ORDER_IDS = WORDS.map(VenueOrderId)


# What is written is what is read: our requests, as the venue reads them


@st.composite
def placements(draw: st.DrawFn, *, market: bool = True) -> PlaceOrder:
    """Placements as they pass the checks."""
    kind = draw(st.sampled_from([one for one in OrderType if market or one is not OrderType.MARKET]))
    limited = kind in (OrderType.LIMIT, OrderType.STOP_LIMIT, OrderType.LIMIT_IF_TOUCHED)
    trailing = kind in (OrderType.TRAILING_STOP_MARKET, OrderType.TRAILING_STOP_LIMIT)
    waiting = not trailing and kind not in (OrderType.LIMIT, OrderType.MARKET)
    may_follow = trailing or waiting
    return PlaceOrder(
        request_id=draw(REQUEST_IDS),
        symbol=draw(st.sampled_from(["PF_XBTUSD", "FI_ETHUSD_261225"])),
        side=draw(st.sampled_from(Side)),
        type=kind,
        quantity=draw(NUMBERS),
        price=draw(NUMBERS) if limited else None,
        trigger_price=draw(NUMBERS) if waiting else None,
        time_in_force=draw(st.sampled_from([TimeInForce.GTC, TimeInForce.IOC, TimeInForce.FOK])),
        post_only=draw(st.booleans()),
        wire_id=draw(WORDS),
        tag=None,
        reduce_only=draw(st.booleans()),
        trigger=draw(st.sampled_from(TriggerType)) if may_follow else TriggerType.DEFAULT,
        trailing_offset=draw(NUMBERS) if trailing else None,
        trailing_unit=draw(st.sampled_from(OffsetUnit)),
        limit_offset=draw(NUMBERS) if may_follow and draw(st.booleans()) else None,
        limit_offset_unit=draw(st.sampled_from(OffsetUnit)),
        process_before=draw(st.none() | MOMENTS.map(lambda ms: ms * MS)),
    )


REPLACEMENTS = st.builds(
    ReplaceOrder,
    request_id=REQUEST_IDS,
    venue_order_id=ORDER_IDS,
    quantity=st.none() | NUMBERS,
    price=st.none() | NUMBERS,
    time_in_force=st.none(),
    post_only=st.none(),
    trigger_price=st.none() | NUMBERS,
    trailing_offset=st.none() | NUMBERS,
    trailing_unit=st.sampled_from(OffsetUnit),
    process_before=st.none() | MOMENTS.map(lambda ms: ms * MS),
)
CANCELS = st.builds(CancelOrder, request_id=REQUEST_IDS, venue_order_id=ORDER_IDS, wire_id=st.none()) | st.builds(
    CancelOrder, request_id=REQUEST_IDS, venue_order_id=st.none(), wire_id=WORDS
)

UNITS = {OffsetUnit.PERCENT: "PERCENT", OffsetUnit.PRICE: "QUOTE_CURRENCY"}


def body_of(request: Request) -> str:
    body = encode(request, KEYS).body
    assert body is not None
    return body.decode("ascii")


def query_of(request: Request) -> str:
    return encode(request, KEYS).path.partition("?")[2]


def unit(value: Decimal | None, of: OffsetUnit) -> str | None:
    return None if value is None else UNITS[of]


def check_terms(read: venue.Terms, order: PlaceOrder) -> None:
    assert (read.symbol, read.side) == (order.symbol, order.side.value.lower())
    assert (read.size, read.limitPrice, read.stopPrice) == (order.quantity, order.price, order.trigger_price)
    assert read.trailingStopMaxDeviation == order.trailing_offset
    assert read.trailingStopDeviationUnit == unit(order.trailing_offset, order.trailing_unit)
    assert read.limitPriceOffsetValue == order.limit_offset
    assert read.limitPriceOffsetUnit == unit(order.limit_offset, order.limit_offset_unit)
    assert read.reduceOnly == (True if order.reduce_only else None)
    assert read.cliOrdId == order.wire_id
    assert read.triggerSignal == (None if order.trigger is TriggerType.DEFAULT else order.trigger.value.lower())


def venue_reads(text: str, form: type[F], call: str) -> F:
    """As a strict venue reads a form, which takes no key that is not documented."""
    return Reader(strict=True).form(text, form, call)


@given(placements())
def test_the_venue_reads_the_placement_that_was_written(order: PlaceOrder) -> None:
    read = venue_reads(body_of(order), venue.SendForm, "sendorder")
    check_terms(read, order)
    moment = None if read.processBefore is None else nanoseconds(read.processBefore)
    assert moment == order.process_before


@given(REPLACEMENTS)
def test_the_venue_reads_the_change_that_was_written(change: ReplaceOrder) -> None:
    assert venue_reads(body_of(change), venue.EditForm, "editorder") == venue.EditForm(
        orderId=change.venue_order_id,
        size=change.quantity,
        limitPrice=change.price,
        stopPrice=change.trigger_price,
        trailingStopMaxDeviation=change.trailing_offset,
        trailingStopDeviationUnit=unit(change.trailing_offset, change.trailing_unit),
        qtyMode="ABSOLUTE",
        processBefore=None if change.process_before is None else iso(change.process_before),
    )


@given(st.lists(placements(market=False) | REPLACEMENTS, max_size=10), st.lists(CANCELS, min_size=1, max_size=10))
def test_the_venue_reads_the_batch_that_was_written(orders: list[Leg], cancels: list[Leg]) -> None:
    legs = (*orders, *cancels)
    form = venue_reads(body_of(BatchOrders(request_id=RequestId(1), legs=legs)), venue.BatchForm, "batchorder")
    read = Reader(strict=True).batch(form.json)
    assert len(read) == len(legs)
    for item, leg in zip(read, legs, strict=True):
        if isinstance(leg, PlaceOrder):
            assert isinstance(item, venue.BatchSend)
            assert (item.order, item.order_tag) == ("send", f"r{leg.request_id}")
            check_terms(item, leg)
        elif isinstance(leg, ReplaceOrder):
            assert isinstance(item, venue.BatchEdit)
            assert (item.order, item.order_id, item.qtyMode) == ("edit", leg.venue_order_id, "ABSOLUTE")
            assert (item.size, item.limitPrice, item.stopPrice) == (leg.quantity, leg.price, leg.trigger_price)
            assert item.trailingStopMaxDeviation == leg.trailing_offset
        else:
            named = venue.BatchCancel(
                order="cancel",
                order_id=leg.venue_order_id,
                cliOrdId=None if leg.wire_id is None else str(leg.wire_id),
            )
            assert item == named


@given(CANCELS, st.integers(0, 10**6), st.none() | WORDS)
def test_the_venue_reads_every_other_form_that_was_written(
    cancel: CancelOrder, seconds: int, token: str | None
) -> None:
    named = venue_reads(body_of(cancel), venue.CancelForm, "cancelorder")
    assert (named.order_id, named.cliOrdId) == (cancel.venue_order_id, cancel.wire_id)
    asked = QueryOrder(request_id=RequestId(1), venue_order_id=cancel.venue_order_id, wire_id=cancel.wire_id)
    status = venue_reads(body_of(asked), venue.OrdersStatusForm, "orders/status")
    assert [*(status.orderIds or ()), *(status.cliOrdIds or ())] == [cancel.venue_order_id or cancel.wire_id]
    assert bool(status.orderIds) is (cancel.venue_order_id is not None)
    timer = SetCancelAllAfter(request_id=RequestId(1), seconds=seconds)
    assert venue_reads(body_of(timer), venue.CancelAllAfterForm, "cancelallordersafter").timeout == seconds
    for triggers in (False, True):
        history = ListOrderHistory(
            request_id=RequestId(1), start=seconds * MS, end=seconds * MS + 1, cursor=token, triggers=triggers
        )
        read = venue_reads(query_of(history), venue.HistoryOrdersQuery, "history/orders")
        assert read == venue.HistoryOrdersQuery(
            since=seconds, before=seconds + 1, sort="asc", opened=True, closed=True, continuation_token=token
        )


@given(MOMENTS)
def test_the_venue_reads_the_moment_that_was_written(ms: int) -> None:
    fills = ListFills(request_id=RequestId(1), start=0, end=ms * MS, symbol=None)
    read = venue_reads(query_of(fills), venue.FillsQuery, "fills")
    assert read.lastFillTime is not None
    assert nanoseconds(read.lastFillTime) == ms * MS


def numbers_in(text: str) -> list[str]:
    """Every number of a JSON text as it is written."""
    found: list[str] = []

    def keep(number: str) -> None:
        found.append(number)

    json.loads(text, parse_float=keep, parse_int=keep)
    return found


@given(st.decimals(allow_nan=False, allow_infinity=False, min_value="-1e25", max_value="1e25"))
@example(D("1E-9"))
@example(D("1E+9"))
@example(D("-0.0"))
def test_a_number_is_written_in_full_and_exactly(number: Decimal) -> None:
    (inner,) = numbers_in(venue_side.encode({"price": number}))
    for text in (plain(number), inner):
        assert Decimal(text) == number
        assert "e" not in text.lower()


# What is written is what is read: the venue's frames and answers, as we read them


def logged_in(semantics: QuantitySemantics = QuantitySemantics.AUTO) -> FuturesWire:
    connection = FuturesWire(KEYS, qty_semantics=semantics)
    for frame in (
        wire.Frame(event="info", version=1),
        wire.Frame(event="challenge", message="c"),
        wire.Frame(event="subscribed", feed="fills"),
        wire.Frame(event="subscribed", feed="open_orders"),
        wire.Frame(feed="open_orders_snapshot", account="a", orders=[]),
    ):
        connection.decode(venue_side.encode(frame))
    return connection


FEED_ORDERS = st.builds(
    wire.OpenOrder,
    instrument=st.sampled_from(["PF_XBTUSD", "PI_ETHUSD"]),
    time=MOMENTS,
    last_update_time=MOMENTS,
    qty=NUMBERS,
    filled=st.just(D(0)),
    limit_price=st.none() | AMOUNTS,
    stop_price=st.none() | AMOUNTS,
    type=st.sampled_from(["limit", "stop", "take_profit", "trailing_stop"]) | WORDS,
    order_id=WORDS,
    cli_ord_id=st.none() | WORDS,
    direction=st.sampled_from([0, 1]),
    reduce_only=st.booleans(),
    triggerSignal=st.none() | st.sampled_from(["last", "mark", "spot"]) | WORDS,
)
FEED_FILLS = st.builds(
    wire.FeedFill,
    instrument=st.sampled_from(["PF_XBTUSD", "PI_ETHUSD"]),
    time=MOMENTS,
    price=NUMBERS,
    seq=st.integers(1, 2**40),
    buy=st.booleans(),
    qty=NUMBERS,
    remaining_order_qty=st.none() | AMOUNTS,
    order_id=WORDS,
    cli_ord_id=st.none() | WORDS,
    fill_id=WORDS,
    fill_type=st.sampled_from(["maker", "taker"]) | WORDS,
    fee_paid=st.none() | SIGNED,
    fee_currency=st.just("USD"),
)


@given(FEED_ORDERS)
def test_the_client_reads_the_order_that_was_written(order: wire.OpenOrder) -> None:
    frame = wire.Frame(feed="open_orders", order=order, is_cancel=False, reason="new_placed_order_by_user")
    (fact,) = logged_in().decode(venue_side.encode(frame))
    assert isinstance(fact, OrderAcknowledged)
    assert order.last_update_time is not None
    assert order.time is not None
    assert (fact.time, fact.order.time) == (order.last_update_time * MS, order.time * MS)
    assert (fact.order.venue_order_id, fact.order.wire_id) == (order.order_id, order.cli_ord_id)
    assert (fact.order.quantity, fact.order.cumulative) == (order.qty, D(0))
    # Zero means that there is none.
    assert (fact.order.price, fact.order.trigger_price) == (order.limit_price or None, order.stop_price or None)
    assert fact.order.side is (Side.SELL if order.direction else Side.BUY)
    assert fact.order.reduce_only is order.reduce_only


@given(st.lists(FEED_FILLS, min_size=1, max_size=4))
def test_the_client_reads_the_fills_that_were_written(fills: list[wire.FeedFill]) -> None:
    facts = logged_in().decode(venue_side.encode(wire.Frame(feed="fills", username="u", fills=fills)))
    told = []
    for fact in facts:
        assert isinstance(fact, OrderFilled)
        told.append(summary(fact.trade))
    expected = [
        (
            fill.fill_id,
            fill.order_id,
            fill.cli_ord_id,
            fill.price,
            fill.qty,
            fill.fee_paid,
            (fill.time or 0) * MS,
            Side.BUY if fill.buy else Side.SELL,
        )
        for fill in sorted(fills, key=lambda fill: (fill.seq or 0, fill.time or 0))
    ]
    assert told == expected


@given(FEED_FILLS)
def test_a_fill_that_leaves_nothing_is_the_last(fill: wire.FeedFill) -> None:
    (fact,) = logged_in().decode(venue_side.encode(wire.Frame(feed="fills", fills=[fill])))
    assert isinstance(fact, OrderFilled)
    assert fact.final is (fill.remaining_order_qty == 0)


def summary(trade: Trade) -> tuple[object, ...]:
    return (
        trade.trade_id,
        trade.venue_order_id,
        trade.wire_id,
        trade.price,
        trade.quantity,
        None if trade.fee is None else trade.fee.amount,
        trade.time,
        trade.side,
    )


REST_FILLS = st.builds(
    wire.RestFill,
    fill_id=WORDS,
    order_id=WORDS,
    cliOrdId=st.none() | WORDS,
    symbol=st.sampled_from(["PF_XBTUSD", "PI_ETHUSD"]),
    side=st.sampled_from(["buy", "sell"]),
    size=NUMBERS,
    price=NUMBERS,
    fillTime=MOMENTS.map(lambda ms: iso(ms * MS)),
    fillType=st.sampled_from(["maker", "taker"]) | WORDS,
    fee_paid=st.none() | SIGNED,
    fee_currency=st.just("USD"),
)
ROWS = st.builds(
    wire.OpenOrderRow,
    order_id=WORDS,
    cliOrdId=st.none() | WORDS,
    symbol=st.sampled_from(["PF_XBTUSD", "PI_ETHUSD"]),
    side=st.sampled_from(["buy", "sell"]),
    orderType=st.sampled_from(["lmt", "stp", "take_profit"]) | WORDS,
    limitPrice=st.none() | AMOUNTS,
    stopPrice=st.none() | AMOUNTS,
    unfilledSize=st.none() | AMOUNTS,
    filledSize=AMOUNTS,
    receivedTime=MOMENTS.map(lambda ms: iso(ms * MS)),
    status=st.sampled_from(["untouched", "partiallyFilled"]) | WORDS,
    reduceOnly=st.booleans(),
)
BODIES = st.builds(
    wire.OrderBody,
    orderId=WORDS,
    cliOrdId=st.none() | WORDS,
    type=st.sampled_from(["lmt", "post", "ioc", "stp"]) | WORDS,
    symbol=st.sampled_from(["PF_XBTUSD", "PI_ETHUSD"]),
    side=st.sampled_from(["buy", "sell"]),
    quantity=NUMBERS,
    filled=AMOUNTS,
    limitPrice=st.none() | AMOUNTS,
    stopPrice=st.none() | AMOUNTS,
    reduceOnly=st.booleans(),
    timestamp=MOMENTS.map(lambda ms: iso(ms * MS)),
)


def answer(message: object, status: int = 200) -> HttpAnswer:
    return HttpAnswer(status=status, body=venue_side.encode(message).encode())


EVER = ListFills(request_id=RequestId(1), start=0, end=2**63, symbol=None)


@given(st.lists(REST_FILLS, max_size=4))
def test_the_client_reads_the_history_of_fills_that_was_written(fills: list[wire.RestFill]) -> None:
    (fact,) = read_answer(EVER, answer(wire.RestAnswer(result="success", fills=fills)))
    assert isinstance(fact, FillsListed)
    oldest_first = fills[::-1]  # of one millisecond, the venue lists the newer first
    oldest_first.sort(key=lambda fill: fill.fillTime or "")
    expected = [
        (
            fill.fill_id,
            fill.order_id,
            fill.cliOrdId,
            fill.price,
            fill.size,
            fill.fee_paid,
            nanoseconds(fill.fillTime or ""),
            Side.BUY if fill.side == "buy" else Side.SELL,
        )
        for fill in oldest_first
    ]
    assert [summary(trade) for trade in fact.trades] == expected
    assert all(trade.fee is None or isinstance(trade.fee, Money) for trade in fact.trades)


@given(st.lists(ROWS, max_size=4))
def test_the_client_reads_the_list_of_orders_that_was_written(rows: list[wire.OpenOrderRow]) -> None:
    (fact,) = read_answer(ListOpenOrders(request_id=RequestId(1)), answer(wire.RestAnswer(openOrders=rows)))
    assert isinstance(fact, RequestAnswered)
    assert fact.orders is not None
    for row, shown in zip(rows, fact.orders, strict=True):
        whole = None if row.unfilledSize is None else row.unfilledSize + (row.filledSize or 0)
        assert (shown.venue_order_id, shown.wire_id, shown.symbol) == (row.order_id, row.cliOrdId, row.symbol)
        assert (shown.quantity, shown.cumulative) == (whole, row.filledSize)
        assert (shown.price, shown.trigger_price) == (row.limitPrice or None, row.stopPrice or None)
        assert shown.time == nanoseconds(row.receivedTime or "")


@given(BODIES)
def test_the_client_reads_the_order_that_was_asked_for(body: wire.OrderBody) -> None:
    asked = QueryOrder(request_id=RequestId(1), venue_order_id=VenueOrderId(body.venue_id), wire_id=None)
    row = wire.OrderStatusRow(order=body, status="ENTERED_BOOK")
    (fact,) = read_answer(asked, answer(wire.RestAnswer(result="success", orders=[row])))
    assert isinstance(fact, RequestAnswered)
    assert fact.order is not None
    check_view(fact.order, body)


def check_view(shown: OrderView, body: wire.OrderBody) -> None:
    assert (shown.venue_order_id, shown.wire_id, shown.symbol) == (body.orderId, body.cliOrdId, body.symbol)
    assert (shown.quantity, shown.cumulative) == (body.quantity, body.filled)
    assert (shown.price, shown.trigger_price) == (body.limitPrice or None, body.stopPrice or None)
    assert shown.side is (Side.BUY if body.side == "buy" else Side.SELL)
    assert shown.reduce_only is body.reduceOnly
    assert shown.time == nanoseconds(body.timestamp or "")


# Nothing that arrives breaks a reader


AT = iso(1_790_000_000_250 * MS)
PLACE = PlaceOrder(
    request_id=RequestId(11),
    symbol="PF_XBTUSD",
    side=Side.BUY,
    type=OrderType.LIMIT,
    quantity=D(1),
    price=D(50000),
    trigger_price=None,
    time_in_force=TimeInForce.GTC,
    post_only=False,
    wire_id="c1",
    tag=None,
)
CHANGE = ReplaceOrder(
    request_id=RequestId(12),
    venue_order_id=VenueOrderId("o2"),
    quantity=D(2),
    price=None,
    time_in_force=None,
    post_only=None,
)
CANCEL = CancelOrder(request_id=RequestId(13), venue_order_id=VenueOrderId("o3"), wire_id=None)
CANCEL_BY_NAME = CancelOrder(request_id=RequestId(14), venue_order_id=None, wire_id="c4")
REQUESTS: list[Request] = [
    PLACE,
    CHANGE,
    CANCEL,
    CancelAllOrders(request_id=RequestId(1), symbol=None),
    SetCancelAllAfter(request_id=RequestId(1), seconds=60),
    BatchOrders(request_id=RequestId(1), legs=(PLACE, CHANGE, CANCEL, CANCEL_BY_NAME)),
    ListOpenOrders(request_id=RequestId(1)),
    QueryOrder(request_id=RequestId(1), venue_order_id=VenueOrderId("o1"), wire_id=None),
    QueryOrder(request_id=RequestId(1), venue_order_id=None, wire_id="c1"),
    EVER,
    ListFills(request_id=RequestId(1), start=5, end=2**62, symbol="PF_XBTUSD", cursor=AT),
    ListOrderHistory(request_id=RequestId(1), start=0, end=1, cursor="t"),
]

BODY = wire.OrderBody(
    orderId="o1",
    cliOrdId="c1",
    type="lmt",
    symbol="PF_XBTUSD",
    side="buy",
    quantity=D(1),
    filled=D("0.5"),
    limitPrice=D(50000),
    stopPrice=D(40000),
    reduceOnly=False,
    timestamp=AT,
    lastUpdateTimestamp=AT,
    priceTriggerOptions=wire.TriggerOptions(triggerPrice=D(40000), triggerSignal="MARK_PRICE"),
)
TRIGGER = wire.TriggerBody(uid="o1", clientId="c1", type="stp", quantity=D(1), triggerPrice=D(1), timestamp=AT)
STATUS = wire.Status(
    status="placed",
    order_id="o1",
    cliOrdId="c1",
    order_tag="r11",
    receivedTime=AT,
    orderEvents=[
        wire.OrderEvent(type="PLACE", order=BODY),
        wire.OrderEvent(type="PLACE", orderTrigger=TRIGGER),
        wire.OrderEvent(type="EDIT", old=BODY, new=BODY),
        wire.OrderEvent(type="EXECUTION", executionId="f1", price=D(5), amount=D(1), orderPriorExecution=BODY),
        wire.OrderEvent(type="CANCEL", uid="o1", order=BODY),
        wire.OrderEvent(type="CANCEL", uid="o1", orderTrigger=TRIGGER),
        wire.OrderEvent(type="REJECT", uid="o1", order=BODY, reason="POST_WOULD_EXECUTE"),
    ],
)
FILL = wire.RestFill(
    fill_id="f1",
    order_id="o1",
    cliOrdId="c1",
    symbol="PF_XBTUSD",
    side="buy",
    size=D(1),
    price=D(5),
    fillTime=AT,
    fillType="maker",
    fee_paid=D("-0.5"),
    fee_currency="XBT",
)
CONTRACT = wire.InstrumentRow(
    symbol="PF_XBTUSD", tradeable=True, tickSize=D("0.5"), contractSize=D(1), contractValueTradePrecision=4, quote="USD"
)
EVERYTHING = wire.RestAnswer(
    result="success",
    sendStatus=STATUS,
    editStatus=attrs.evolve(STATUS, status="edited", order_id="o2"),
    cancelStatus=attrs.evolve(STATUS, status="cancelled", order_id="o3"),
    batchStatus=[
        wire.BatchStatus(**attrs.asdict(STATUS, recurse=False)),
        wire.BatchStatus(status="edited", order_id="o2", orderEvents=[]),
        wire.BatchStatus(order_id="o3", cancelStatus=wire.Status(status="cancelled")),
        wire.BatchStatus(status="notFound", cliOrdId="c4"),
    ],
    status={"currentTime": AT, "triggerTime": AT},
    openOrders=[
        wire.OpenOrderRow(
            order_id="o1",
            cliOrdId="c1",
            symbol="PF_XBTUSD",
            side="buy",
            orderType="stp",
            limitPrice=D(5),
            stopPrice=D(4),
            unfilledSize=D(1),
            filledSize=D(0),
            receivedTime=AT,
            lastUpdateTime=AT,
            status="untouched",
            reduceOnly=True,
            triggerSignal="mark",
        )
    ],
    fills=[FILL, attrs.evolve(FILL, fill_id="f2")],
    orders=[wire.OrderStatusRow(order=BODY, status="ENTERED_BOOK", updateReason="EXPIRED")] * 2,
    instruments=[CONTRACT],
    serverTime=AT,
)
FULL_PAGE = wire.RestAnswer(result="success", fills=[FILL] * 100)
REFUSED = wire.RestAnswer(
    result="error",
    error="apiLimitExceeded",
    errors=[wire.ParserError(code=1, message="no")],
    status="BAD_REQUEST",
)
FEED_ORDER = wire.OpenOrder(
    instrument="PF_XBTUSD",
    time=1_790_000_000_000,
    last_update_time=1_790_000_000_250,
    qty=D(1),
    filled=D("0.5"),
    limit_price=D(5),
    stop_price=D(0),
    type="limit",
    order_id="o1",
    cli_ord_id="c1",
    direction=0,
    reduce_only=False,
    triggerSignal="mark",
    trailing_stop_options=wire.TrailingOptions(max_deviation=D(1), unit="percent"),
)
FEED_FILL = wire.FeedFill(
    instrument="PF_XBTUSD",
    time=1_790_000_000_250,
    price=D(5),
    seq=1,
    buy=True,
    qty=D("0.25"),
    remaining_order_qty=D("0.25"),
    order_id="o1",
    cli_ord_id="c1",
    fill_id="f1",
    fill_type="maker",
    fee_paid=D("0.1"),
    fee_currency="USD",
)
REASONS = [
    "new_placed_order_by_user",
    "edited_by_user",
    "partial_fill",
    "full_fill",
    "cancelled_by_user",
    "contract_expired",
    "stop_order_triggered",
    "limit_order_from_stop",
    "post_order_failed_because_it_would_filled",
    "order_for_edit_not_found",
    "status_update",
]
FRAMES = [
    wire.Frame(event="info", version=1),
    wire.Frame(event="challenge", message="c"),
    wire.Frame(event="alert", message="Bad request"),
    *(wire.Frame(event=word, feed="fills") for word in ("subscribed", "subscribed_failed", "unsubscribed")),
    wire.Frame(feed="heartbeat", time=1),
    wire.Frame(feed="open_orders_snapshot", account="a", orders=[FEED_ORDER]),
    wire.Frame(feed="fills_snapshot", account="a", fills=[FEED_FILL, FEED_FILL]),
    wire.Frame(feed="fills", username="a", fills=[FEED_FILL, FEED_FILL]),
    *(wire.Frame(feed="open_orders", order=FEED_ORDER, is_cancel=False, reason=reason) for reason in REASONS),
    *(wire.Frame(feed="open_orders", order=FEED_ORDER, is_cancel=True, reason=reason) for reason in REASONS),
    *(wire.Frame(feed="open_orders", order_id="o1", is_cancel=True, reason=reason) for reason in REASONS),
]
PAST_ORDER = {
    "uid": "o1",
    "tradeable": "PF_XBTUSD",
    "direction": "Buy",
    "quantity": "1",
    "filled": "0",
    "timestamp": 1_790_000_000_000,
    "limitPrice": "",
    "orderType": "IoC",
    "clientId": "c1",
    "reduceOnly": False,
    "lastUpdateTimestamp": 1_790_000_000_250,
    "triggerOptions": {"triggerPrice": "5", "triggerSignal": "MarkPrice", "triggerSide": "Above"},
}
HISTORY = {
    "accountUid": "a",
    "len": 2,
    "elements": [
        {"uid": "e1", "timestamp": 1_790_000_000_250, "event": {"OrderPlaced": {"order": PAST_ORDER, "reason": "x"}}},
        {"uid": "e2", "timestamp": "17", "event": {"OrderUpdated": {"newOrder": PAST_ORDER, "reason": "full_fill"}}},
    ],
    "continuationToken": "t2",
}
ANSWER_TREES = [*(json.loads(venue_side.encode(one)) for one in (EVERYTHING, REFUSED, FULL_PAGE)), HISTORY]
FRAME_TREES = [json.loads(venue_side.encode(frame)) for frame in FRAMES]

NAMES = sorted(
    {
        at.name
        for name in wire.__all__
        if attrs.has(getattr(wire, name)) and isinstance(getattr(wire, name), type)
        for at in attrs.fields(getattr(wire, name))
    }
    | PAST_ORDER.keys()
    | HISTORY.keys()
)
SCALARS = (
    st.none()
    | st.booleans()
    | st.integers()
    | st.floats()
    | st.text(max_size=6)
    | st.sampled_from(
        # Texts that some parser takes for a number or a time, and half a surrogate pair.
        ["NaN", "sNaN", "-sNaN123", "Infinity", "1e999999", "-1", "0", "0.0", "9999-12-31T23:59:59.999Z", AT, "\ud800"]
    )
    | st.sampled_from([2**63, 2**200, -(2**70), 10**29, 1e308, 5e-324, "cancelled", "placed", "o1", "c1", "r11"])
)
ANY_JSON = st.recursive(
    SCALARS,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.sampled_from(NAMES), inner, max_size=6),
    max_leaves=20,
)
NEAR_JSON = st.dictionaries(st.sampled_from(NAMES), ANY_JSON, max_size=8)


def places_in(tree: Any) -> Iterator[tuple[Any, Any]]:
    """Every container in a tree with each of its keys."""
    inside = tree.items() if isinstance(tree, dict) else enumerate(tree) if isinstance(tree, list) else ()
    for key, value in list(inside):
        yield tree, key
        yield from places_in(value)


@st.composite
def mutated(draw: st.DrawFn, trees: list[Any]) -> str:
    """A valid message in which up to three values are others, gone, or twice."""
    tree = copy.deepcopy(draw(st.sampled_from(trees)))
    for _ in range(draw(st.integers(1, 3))):
        places = list(places_in(tree))
        if not places:
            break
        container, key = draw(st.sampled_from(places))
        match draw(st.sampled_from(["other", "gone", "twice"])):
            case "other":
                container[key] = draw(ANY_JSON)
            case "gone":
                del container[key]
            case _ if isinstance(container, list):
                container.append(container[key])
            case _:
                container[draw(st.sampled_from(NAMES))] = container[key]
    return json.dumps(tree)


ANY_TEXT = st.text() | st.text().map(lambda text: '{"feed":"fills","fills":[' + text) | st.just("[" * 20_000)
ANSWERS = mutated(ANSWER_TREES) | ANY_JSON.map(json.dumps) | NEAR_JSON.map(json.dumps) | ANY_TEXT
MESSAGES = mutated(FRAME_TREES) | ANY_JSON.map(json.dumps) | NEAR_JSON.map(json.dumps) | ANY_TEXT

SETTLING = RequestAnswered | RequestRefused | FillsListed | OrderHistoryListed | CancelAllAfterSet


def check_fact(fact: Fact) -> None:
    """What dispatch may rely on, whatever the venue sent."""
    if isinstance(fact, Unreadable):
        assert len(fact.text) <= 200
        fact.text.encode()
    trades = fact.trades if isinstance(fact, FillsListed) else (fact.trade,) if isinstance(fact, OrderFilled) else ()
    for trade in trades:
        assert is_plausible(trade.price)
        assert is_plausible(trade.quantity)
        assert trade.price > 0
        assert trade.quantity > 0
        assert trade.trade_id
        assert trade.venue_order_id
    for shown in views_of(fact):
        assert shown.venue_order_id
        for number in (shown.price, shown.trigger_price, shown.quantity, shown.cumulative):
            assert number is None or (number.is_finite() and number >= 0)
    repr(fact).encode("utf-8")


def views_of(fact: Fact) -> tuple[OrderView, ...]:
    if isinstance(fact, RequestAnswered):
        return (*(fact.orders or ()), *((fact.order,) if fact.order else ()))
    if isinstance(fact, OrderHistoryListed):
        return fact.orders
    shown = getattr(fact, "order", None)
    return (shown,) if isinstance(shown, OrderView) else ()


@given(st.sampled_from(REQUESTS), ANSWERS, st.sampled_from([200, 200, 200, 400, 404, 429, 503]))
def test_every_answer_settles_its_request_once(request: Request, text: str, status: int) -> None:
    """A batch, and each of its parts."""
    facts = read_answer(request, HttpAnswer(status=status, body=text.encode("utf-8", "surrogatepass")))
    legs = request.legs if isinstance(request, BatchOrders) else ()
    settled = [fact.request_id for fact in facts if isinstance(fact, SETTLING)]
    assert sorted(number for number in settled if number is not None) == sorted(
        one.request_id for one in (request, *legs)
    )
    for fact in facts:
        check_fact(fact)


@given(st.sampled_from(REQUESTS), st.binary(), st.sampled_from([200, 502]))
def test_no_bytes_break_an_answer(request: Request, body: bytes, status: int) -> None:
    facts = read_answer(request, HttpAnswer(status=status, body=body))
    assert isinstance(facts[0], RequestRefused)
    for fact in facts:
        check_fact(fact)


@given(ANSWERS)
def test_a_list_of_instruments_is_read_or_refused(text: str) -> None:
    with suppress(WireError):
        read_instruments(HttpAnswer(status=200, body=text.encode("utf-8", "surrogatepass")))


@given(st.lists(MESSAGES, min_size=1, max_size=6), st.booleans())
def test_no_message_breaks_a_connection(texts: list[str], ready: bool) -> None:
    """Nor does one spoil the connection for a good message that follows."""
    connection = logged_in() if ready else FuturesWire(KEYS)
    for text in texts:
        facts = connection.decode(text)
        assert facts
        for fact in facts:
            check_fact(fact)
    fill = attrs.evolve(FEED_FILL, order_id="another", fill_id="last")
    (traded,) = connection.decode(venue_side.encode(wire.Frame(feed="fills", fills=[fill])))
    assert isinstance(traded, OrderFilled)


@given(st.binary())
def test_no_bytes_break_a_connection(data: bytes) -> None:
    assert isinstance(logged_in().decode(data)[0], Unreadable)


@given(MESSAGES)
def test_no_frame_breaks_the_venue(text: str) -> None:
    with suppress(venue.BadRequest):
        request = Reader(strict=False).request(text)
        assert request.event in {"ping", "challenge", "subscribe", "unsubscribe"}


@given(
    st.text() | st.dictionaries(st.sampled_from(NAMES), WORDS).map(lambda pairs: "&".join(map("=".join, pairs.items())))
)
def test_no_form_breaks_the_venue(text: str) -> None:
    reader = Reader(strict=False)
    for form in (venue.SendForm, venue.EditForm, venue.CancelForm, venue.OrdersStatusForm, venue.HistoryOrdersQuery):
        with suppress(Denied):
            assert isinstance(reader.form(text, form, "a call"), form)
    with suppress(Denied):
        reader.batch(text)


@given(NEAR_JSON.filter(lambda tree: not re.search("NaN|Infinity", json.dumps(tree))))
def test_the_fast_and_the_tolerant_way_agree(junk: dict[str, Any]) -> None:
    """Junk that no reader needs forces the slow way; what was executed stays the same."""
    text = venue_side.encode(wire.RestAnswer(result="success", sendStatus=STATUS))
    spoilt = json.loads(text)
    spoilt["sendStatus"]["cancelledOrders"] = junk
    (one, other) = (read_answer(PLACE, HttpAnswer(status=200, body=it.encode())) for it in (text, json.dumps(spoilt)))
    assert one == other


# What `qty` means (spec B.8)


UNIT = D("0.001")


@attrs.frozen
class Step:
    """One message about an order: its whole quantity, how much has filled, and whether an edit brought it."""

    total: Decimal
    filled: Decimal
    edited: bool


@st.composite
def stories(draw: st.DrawFn) -> list[Step]:
    """The life of one order: placed, then filled and edited in any order, until it is complete or left alone."""
    total, filled = draw(st.integers(1, 5000)), 0
    steps = [Step(total * UNIT, D(0), False)]
    for edited in draw(st.lists(st.booleans(), max_size=8)):
        if edited:
            total = draw(st.integers(filled + 1, filled + 5000))
        else:
            filled = draw(st.integers(filled + 1, total))
        steps.append(Step(total * UNIT, filled * UNIT, edited))
        if filled == total:
            break
    return steps


def qty_of(step: Step, semantics: QuantitySemantics) -> Decimal:
    return step.total if semantics is QuantitySemantics.TOTAL else step.total - step.filled


READINGS = [QuantitySemantics.REMAINING, QuantitySemantics.TOTAL]


@pytest.mark.parametrize("semantics", READINGS)
@given(stories())
def test_a_prescribed_reading_recovers_every_total(semantics: QuantitySemantics, story: list[Step]) -> None:
    """Nothing need be known, so that no missed message matters."""
    for step in story:
        reader = QuantityReader(semantics)
        assert reader.read(qty_of(step, semantics), step.filled, None, edited=step.edited) == Quantity(step.total)


@pytest.mark.parametrize("semantics", READINGS)
@given(stories())
def test_the_reading_is_found_out(semantics: QuantitySemantics, story: list[Step]) -> None:
    reader, known = QuantityReader(), None
    for step in story:
        known = reader.read(qty_of(step, semantics), step.filled, known, edited=step.edited, increment=UNIT)
        assert known == Quantity(step.total)
    assert reader.latched in (None, semantics)


@pytest.mark.parametrize("semantics", READINGS)
@given(stories(), st.integers(0, 8))
def test_what_is_said_to_be_certain_is_so_wherever_we_begin_to_listen(
    semantics: QuantitySemantics, story: list[Step], missed: int
) -> None:
    """After a reconnect nothing is known of an order. No edit is missed after that, so what is proved is true."""
    reader: QuantityReader = QuantityReader()
    known: Quantity | None = None
    for step in story[missed:]:
        known = reader.read(qty_of(step, semantics), step.filled, known, edited=step.edited, increment=UNIT)
        assert known is not None
        assert step.total in (known.total, known.other)
    assert reader.latched in (None, semantics)


@pytest.mark.parametrize("auto", [True, False], ids=["found out", "prescribed"])
@pytest.mark.parametrize("semantics", READINGS)
@given(st.lists(stories(), min_size=1, max_size=3), st.randoms(use_true_random=False))
def test_the_feed_tells_the_whole_quantity_of_every_order(
    semantics: QuantitySemantics, auto: bool, lives: list[list[Step]], random: Any
) -> None:
    """Several orders live at once on one connection, and each message tells the whole quantity of its own."""
    connection = logged_in(QuantitySemantics.AUTO if auto else semantics)
    turns = [number for number, life in enumerate(lives) for _ in life]
    random.shuffle(turns)
    unheard = [list(life) for life in lives]
    for number in turns:
        step = unheard[number].pop(0)
        (fact,) = connection.decode(venue_side.encode(frame_of(f"order-{number}", step, qty_of(step, semantics))))
        (shown,) = views_of(fact)
        assert (shown.quantity, shown.cumulative) == (step.total, step.filled)
        if step.filled == step.total:
            assert isinstance(fact, OrderRemoved)
            assert fact.filled == step.total


def frame_of(order_id: str, step: Step, qty: Decimal) -> wire.Frame:
    complete = step.filled == step.total
    reason = "new_placed_order_by_user"
    if step.edited:
        reason = "edited_by_user"
    elif step.filled:
        reason = "full_fill" if complete else "partial_fill"
    order = attrs.evolve(FEED_ORDER, order_id=order_id, cli_ord_id=order_id, qty=qty, filled=step.filled)
    return wire.Frame(feed="open_orders", order=order, is_cancel=complete, reason=reason)
