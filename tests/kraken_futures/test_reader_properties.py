"""Nothing that arrives breaks a reader of Kraken Futures, and `qty` is never misread, whatever is drawn."""

from __future__ import annotations

import copy
import json
import re
from collections.abc import Iterator
from contextlib import suppress
from decimal import Decimal
from typing import Any

import attrs
import pytest
from hypothesis import given
from hypothesis import strategies as st

from protocol.errors import WireError
from protocol.facts import (
    CancelAllAfterSet,
    Fact,
    FillsListed,
    OrderFilled,
    OrderHistoryListed,
    OrderRemoved,
    OrderView,
    RequestAnswered,
    RequestRefused,
    Unreadable,
)
from protocol.kraken_futures import venue_side, wire
from protocol.kraken_futures.codec import FuturesWire
from protocol.kraken_futures.converter import iso
from protocol.kraken_futures.instruments import read_instruments
from protocol.kraken_futures.quantity import Quantity, QuantityReader, QuantitySemantics
from protocol.kraken_futures.rest_answers import read_answer
from protocol.requests import (
    BatchOrders,
    CancelAllOrders,
    CancelOrder,
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
from protocol.values import OrderType, RequestId, Side, TimeInForce, VenueOrderId
from protocol.venue import HttpAnswer
from protocol.wire.numbers import is_plausible

from .drawn import EVER, KEYS, MS, WORDS, D, logged_in

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
        # A list of open orders that was not asked for, and shows none, says nothing new.
        assert facts or "open_orders_snapshot" in text
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
    """Several orders live at once on one connection, and each message shows the whole quantity of its own."""
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
