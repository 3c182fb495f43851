"""What is written is what is read, on Kraken Futures' wire, whatever is drawn."""

from __future__ import annotations

import json
from decimal import Decimal
from typing import TypeVar

from hypothesis import example, given
from hypothesis import strategies as st

from protocol.facts import FillsListed, OrderAcknowledged, OrderFilled, OrderView, RequestAnswered, Trade
from protocol.kraken_futures import venue_side, wire
from protocol.kraken_futures.converter import iso, nanoseconds
from protocol.kraken_futures.order_entry import encode
from protocol.kraken_futures.rest_answers import read_answer
from protocol.requests import (
    BatchOrders,
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
from protocol.simulation.kraken_futures.parameters import Reader
from protocol.values import Money, OffsetUnit, OrderType, RequestId, Side, TimeInForce, TriggerType, VenueOrderId
from protocol.venue import HttpAnswer
from protocol.wire.numbers import plain

from .drawn import EVER, KEYS, MS, WORDS, D, logged_in

F = TypeVar("F")

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
