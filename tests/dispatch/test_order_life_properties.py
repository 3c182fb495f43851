"""Whatever a venue says, in whatever order, as often as it likes: the promises hold."""

from __future__ import annotations

from collections import Counter
from decimal import Decimal
from typing import Any

from hypothesis import given, settings
from hypothesis import strategies as st

from protocol import commands, facts
from protocol.dispatch import Send
from protocol.dispatch.inputs import Admission, NotWritten
from protocol.dispatch.tracking import Order, TrackedOrders
from protocol.events import Accepted, Filled, OrderEvent, Rejected
from protocol.facts import Outcome
from protocol.requests import ListFills, ListOrderHistory, PlaceOrder, QueryOrder
from protocol.structs import evolve
from protocol.values import ClientOrderId, OrderStatus, RequestId, VenueOrderId
from protocol.venue import SECOND, VenueRules

from ..order_life import (
    GOLD,
    Rig,
    acknowledged,
    canceled,
    expired,
    refused,
    rejected,
    replaced,
    took,
    trade,
    traded,
    view,
)
from ..two_feeds import RULES as TWO

NAMES = ("a1", "a2", "a3")


def answer_about(number: int) -> st.SearchStrategy[facts.Fact]:
    """Any answer to a question about order `number`, or to its placement."""
    first, cid = f"v{number}", number
    oids = st.sampled_from((first, f"w{number}"))
    history = st.builds(
        lambda oid, tid, quantity: facts.FillsListed(
            request_id=RequestId(number), trades=(trade(oid, f"t{tid}", quantity, "0.1"),)
        ),
        oids,
        st.integers(1, 5),
        st.integers(1, 6),
    )
    shown = st.builds(
        lambda status, total: took(
            (1 << 30) + number, order=view(first, cid, status=status, cumulative=Decimal(total), quantity=None)
        ),
        st.sampled_from([*OrderStatus, None]),
        st.integers(0, 12),
    )
    return st.one_of(
        st.builds(lambda oid: took(number, oid), oids),
        st.builds(lambda outcome: refused(number, outcome), st.sampled_from(list(Outcome))),
        history,
        shown,
    )


def fact_about(number: int) -> st.SearchStrategy[facts.Fact]:
    """Anything that could be said of order `number`, under its first or its second venue order id."""
    first, second, cid = f"v{number}", f"w{number}", number
    oids = st.sampled_from((first, second))
    quantities = st.integers(1, 6)
    fills = st.builds(
        lambda oid, tid, quantity, total, final: traded(oid, f"t{tid}", quantity, total, cid, final=final),
        oids,
        st.integers(1, 5),
        quantities,
        st.integers(1, 12),
        st.booleans(),
    )
    removals = st.builds(
        lambda oid, ending, total: facts.OrderRemoved(
            time=0,
            order=view(oid, cid, status=ending, cumulative=None if total is None else Decimal(total)),
            ending=ending,
            filled=None if total is None else Decimal(total),
            reason="gone",
        ),
        oids,
        st.sampled_from((OrderStatus.CANCELED, OrderStatus.EXPIRED, OrderStatus.FILLED)),
        st.one_of(st.none(), st.integers(1, 10)),
    )
    return st.one_of(
        removals,
        st.builds(lambda oid: facts.OrderPending(time=0, order=view(oid, cid, status=OrderStatus.SUBMITTED)), oids),
        st.builds(lambda oid: evolve(rejected(oid, cid), removed=True), oids),
        st.builds(lambda oid, total: acknowledged(oid, cid, cumulative=Decimal(total)), oids, st.integers(0, 10)),
        st.just(facts.ReplaceRefused(venue_order_id=VenueOrderId(first), wire_id=cid, reason="no", time=0)),
        st.just(facts.TokenRenewed()),
        st.builds(lambda oid: acknowledged(oid, cid), oids),
        fills,
        st.builds(lambda oid: canceled(oid, cid), oids),
        st.builds(lambda oid: expired(oid, cid), oids),
        st.builds(lambda oid: rejected(oid, cid), oids),
        st.builds(lambda total: replaced(first, second, cid, total), st.integers(0, 10)),
        st.just(replaced(first, None, cid)),
        st.just(facts.CancelRefused(venue_order_id=VenueOrderId(first), wire_id=cid, reason="gone", time=0)),
        answer_about(number),
    )


MOVES = st.one_of(
    st.tuples(st.just("hear"), st.integers(1, 4).flatmap(fact_about)),
    st.tuples(st.just("wait"), st.sampled_from((0.2, 3.0, 11.0))),
    st.tuples(st.just("lose"), st.just(None)),
    st.tuples(st.just("log in"), st.sets(st.integers(1, 4))),
    st.tuples(st.just("cancel"), st.sampled_from(NAMES)),
    st.tuples(st.just("change"), st.sampled_from(NAMES)),
    st.tuples(st.just("not written"), st.integers(1, 3)),
    st.tuples(st.just("history"), st.lists(st.tuples(st.integers(1, 3), st.integers(1, 5)), max_size=3)),
    st.tuples(st.just("fates"), st.dictionaries(st.integers(1, 3), st.sampled_from(OrderStatus), max_size=2)),
)

ONE_FEED = Rig().state._context.rules
TWO_FEEDS = evolve(TWO, market_needs_price=False, process_within=SECOND)
RULES = st.sampled_from((ONE_FEED, TWO_FEEDS))


def answer_history(rig: Rig, trades: list[tuple[int, int]]) -> None:
    """To the question for fills that is on its way, if there is one; else it is listed unasked."""
    asked = [flight for flight in rig.state._context.flights.by_id.values() if isinstance(flight.request, ListFills)]
    request_id = asked[-1].request_id if asked else RequestId(0)
    listed = tuple(evolve(trade(f"v{number}", f"t{tid}", 1), wire_id=number) for number, tid in trades)
    rig.hear(facts.FillsListed(request_id=request_id, trades=listed))


def answer_fates(rig: Rig, fates: dict[int, OrderStatus]) -> None:
    asked = [f for f in rig.state._context.flights.by_id.values() if isinstance(f.request, ListOrderHistory)]
    if asked:
        orders = tuple(view(f"v{number}", number, status=status) for number, status in fates.items())
        rig.hear(facts.OrderHistoryListed(request_id=asked[-1].request_id, orders=orders))


def play(moves: list[tuple[str, Any]], rules: VenueRules = ONE_FEED) -> Rig:
    rig = Rig(rules=rules)
    for name in NAMES:
        rig.place(name)
    for move, what in moves:
        match move:
            case "hear":
                rig.hear(what)
            case "wait":
                rig.wait(what)
            case "lose":
                rig.lose_link()
            case "log in":
                rig.lose_link()  # a session never logs in again without having said so
                rig.log_in(*(view(f"v{number}", number) for number in sorted(what)))
            case "cancel":
                rig.ask(commands.Cancel(ClientOrderId(what)), Admission.CANCEL)
            case "change":
                terms = commands.Replace(client_order_id=ClientOrderId(what), instrument=GOLD.id, price=Decimal("99.0"))
                rig.ask(terms)
            case "not written":
                rig.apply(NotWritten([what], "never begun"))
            case "history":
                answer_history(rig, what)
            case "fates":
                answer_fates(rig, what)
    return rig


def slots(order: Order) -> dict[str, Any]:
    """All that is remembered of an order, but for what belongs to one connection."""
    return {name: getattr(order, name) for name in Order.__struct_fields__ if name not in ("inquiry", "seen_in")}


@settings(max_examples=400, deadline=None)
@given(st.lists(MOVES, max_size=30), RULES)
def test_the_promises_hold_whatever_the_venue_says(moves: list[tuple[str, Any]], rules: VenueRules) -> None:
    rig = play(moves, rules)
    events = [event for event in rig.events() if isinstance(event, OrderEvent)]
    accepted = Counter(event.client_order_id for event in events if isinstance(event, Accepted))
    assert all(count == 1 for count in accepted.values())
    fills = [event for event in events if isinstance(event, Filled)]
    keys = [(fill.fill_venue_order_id, fill.trade_id) for fill in fills]
    assert len(set(keys)) == len(keys), "a fill was repeated"
    for name in NAMES:
        own = [event for event in events if event.client_order_id == name]
        filled = [event for event in own if isinstance(event, Filled)]
        order = rig.state.orders.by_client_order_id(ClientOrderId(name))
        assert order is not None
        assert order.cumulative == sum((fill.last_quantity for fill in filled), Decimal(0))
        assert [fill.cumulative for fill in filled] == sorted(fill.cumulative for fill in filled)
        check_ending(own)


def check_ending(own: list[OrderEvent]) -> None:
    """Nothing after the end but fills and fees, unless the venue shows an order alive that we had given up."""
    ended = False
    for event in own:
        name = type(event).__name__
        if ended:
            assert name in ("Filled", "FeeReported"), f"{name} after the end"
        if isinstance(event, Filled):
            ended = event.status.is_terminal
        elif name in ("Canceled", "Expired"):
            ended = True


@settings(max_examples=300, deadline=None)
@given(st.lists(MOVES, max_size=30), RULES)
def test_folding_the_records_again_gives_the_same_orders(moves: list[tuple[str, Any]], rules: VenueRules) -> None:
    rig = play(moves, rules)
    again = TrackedOrders()
    for record in rig.records:
        again.fold(record)
    live, replayed = rig.state.orders, again
    assert list(replayed.live) == list(live.live)
    assert list(replayed.finished) == list(live.finished)
    assert list(replayed.fills) == list(live.fills)
    for name in NAMES:
        first, second = live.by_client_order_id(ClientOrderId(name)), replayed.by_client_order_id(ClientOrderId(name))
        assert first is not None
        assert second is not None
        assert slots(first) == slots(second)


@settings(max_examples=300, deadline=None)
@given(st.lists(MOVES, max_size=30), RULES)
def test_a_placement_is_sent_once_and_an_ambiguous_one_is_never_called_rejected(
    moves: list[tuple[str, Any]], rules: VenueRules
) -> None:
    definite = [
        what
        for move, what in moves
        if (
            move == "hear"
            and (
                isinstance(what, facts.OrderRejected)
                or (isinstance(what, facts.RequestRefused) and what.outcome is not Outcome.AMBIGUOUS)
                or (isinstance(what, facts.RequestAnswered) and what.order is not None)
            )
        )
        or move == "fates"
    ]
    tokens = [what for _, what in moves if getattr(what, "outcome", None) is Outcome.TOKEN]
    rig = play(moves, rules)
    placed = Counter(send.request.request_id for send in rig.sends if isinstance(send.request, PlaceOrder))
    assert all(count == 1 or tokens for count in placed.values())
    if not definite:
        assert not any(isinstance(event, Rejected) for event in rig.events())


@settings(max_examples=200, deadline=None)
@given(st.lists(MOVES, max_size=40))
def test_what_is_on_its_way_stays_bounded(moves: list[tuple[str, Any]]) -> None:
    rig = play(moves)
    queries = [send for send in rig.sends if isinstance(send, Send) and isinstance(send.request, QueryOrder)]
    assert len(rig.state._context.flights.by_id) <= len(moves) + len(NAMES) + len(queries)
    rig.lose_link()
    rig.wait(100)
    awaited = rig.state._context.flights.by_id.values()
    assert all(flight.lost for flight in awaited)
    assert len(awaited) <= 3 * len(NAMES), "the placement, the last cancel and the last change of each order"
