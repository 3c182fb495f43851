"""Rows of the venue's history: whose they are, and what follows from each."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

import pytest

from protocol import commands, events, facts, requests
from protocol.dispatch.records import FormerId
from protocol.facts import Outcome
from protocol.structs import evolve
from protocol.values import (
    AccountId,
    ClientOrderId,
    InstrumentId,
    LiquiditySide,
    OrderStatus,
    RequestId,
    Side,
    StrategyId,
    TradeId,
    VenueOrderId,
)
from protocol.venue import SECOND, VenueRules

from ..order_life import WALL, Rig, acknowledged, canceled, refused, replaced, took, trade, traded, view

A1 = ClientOrderId("a1")
HISTORY = (requests.ListFills, requests.ListOrderHistory)
READS = VenueRules(venue="TEST", reads_history=True, absence_needs_history=True, audit_period=60 * SECOND)
CHAINS = evolve(READS, chain_history=True)


def at(second: float) -> int:
    return WALL + int(second * SECOND)


def asked(rig: Rig, kind: type) -> Any:
    """Lets time pass until the venue is asked that, ten minutes at most; the other questions are left out."""
    for _ in range(1200):
        found = [request for request in rig.sent() if isinstance(request, kind)]
        if found:
            return found[-1]
        rig.wait(0.5)
    raise AssertionError("nobody asked")


def orders(rig: Rig, *rows: facts.OrderView, cursor: str | None = None) -> list[str]:
    """The history of orders, as soon as it is asked for."""
    page = asked(rig, requests.ListOrderHistory)
    return rig.hear(facts.OrderHistoryListed(request_id=page.request_id, orders=rows, cursor=cursor))


def fills(rig: Rig, *trades: facts.Trade) -> list[str]:
    """The fills, as soon as they are asked for."""
    page = asked(rig, requests.ListFills)
    return rig.hear(facts.FillsListed(request_id=page.request_id, trades=trades))


def was_replaced(oid: str, cid: int, total: int = 0, **terms: Any) -> facts.OrderView:
    return view(oid, cid, status=None, replaced=True, cumulative=Decimal(total), **terms)


def told(rig: Rig, kind: type) -> list[Any]:
    return [record for record in rig.records if isinstance(record, kind)]


# Where each id of an order has a row


def adopted() -> Rig:
    """At 100 s, as a1, from what the venue shows of X1 with 4 filled."""
    rig = Rig(rules=CHAINS)
    rig.hear(acknowledged("X1", 7, cumulative=Decimal(4), status=OrderStatus.PARTIALLY_FILLED))
    (report,) = told(rig, events.OrderStatusReport)
    rig.ask(commands.Adopt(report=report, client_order_id=A1, strategy=StrategyId("s")), None)
    rig.records.clear()
    return rig


def test_what_an_order_was_before_it_was_adopted_counts_as_heard() -> None:
    rig = adopted()
    now = view("X1", 7, cumulative=Decimal(4), status=OrderStatus.PARTIALLY_FILLED, time=at(60))
    assert orders(rig, was_replaced("X0", 7, 2, time=at(50)), now) == []
    assert fills(rig) == []
    assert rig.wait(40) == []
    assert told(rig, FormerId) == []
    assert rig.state.orders.live[A1].cumulative == 4


def test_a_step_of_the_very_moment_of_the_adoption_is_its_own() -> None:
    rig = adopted()
    orders(rig, was_replaced("X2", 7, time=at(100)))
    assert [note.venue_order_id for note in told(rig, FormerId)] == ["X2"]


def test_an_id_that_an_adopted_order_had_after_that_is_its_own() -> None:
    rig = adopted()
    rig.lose_link()
    later = view("X3", 7, quantity=Decimal(6), time=at(140))
    rig.log_in(later)
    rig.records.clear()
    orders(rig, was_replaced("X1", 7, 4, time=at(60)), was_replaced("X2", 7, 1, time=at(130)), later)
    (former,) = told(rig, FormerId)
    assert former.venue_order_id == "X2"
    fills(rig, evolve(trade("X2", "t1", 1), time=at(135)))
    (fill,) = told(rig, events.Filled)
    assert (fill.client_order_id, fill.fill_venue_order_id, fill.cumulative) == ("a1", "X2", 5)


def test_fills_under_an_id_that_an_order_had_in_between_have_the_time_to_follow_in_the_same_reading() -> None:
    """The login shows a1 under its third id; nothing was heard of the second, nor of the five that filled under it."""
    rig = Rig(rules=CHAINS)
    rig.live("a1", "v1")
    rig.wait(5)
    rig.lose_link()
    third = view("v3", 1, quantity=Decimal(5))
    rig.log_in(third)
    rig.records.clear()
    page = asked(rig, requests.ListOrderHistory)
    rows = (was_replaced("v1", 1), was_replaced("v2", 1, 5), third)
    names = rig.hear(facts.OrderHistoryListed(request_id=page.request_id, orders=rows))
    assert "MissingFills" not in names
    assert [note.venue_order_id for note in told(rig, FormerId)] == ["v2"]
    fills(rig, evolve(trade("v2", "t1", 5), time=at(103)))
    assert told(rig, events.MissingFills) == []
    (fill,) = told(rig, events.Filled)
    assert (fill.client_order_id, fill.fill_venue_order_id, fill.cumulative, fill.leaves) == ("a1", "v2", 5, 5)
    order = rig.state.orders.live[A1]
    assert (order.venue_order_id, order.quantity, order.base) == ("v3", Decimal(10), Decimal(5))


def test_an_older_order_of_the_name_that_has_ended_is_another_order_and_so_are_its_fills() -> None:
    """Its row comes alone: that of ours is not in the history yet."""
    rig = Rig(rules=CHAINS)
    rig.live("a1", "v1")
    ended = view("v0", 1, status=OrderStatus.CANCELED, cumulative=Decimal(3))
    assert orders(rig, ended) == []
    old = evolve(trade("v0", "t0", 3), wire_id=1, time=at(101))
    assert fills(rig, old) == ["FillReport"]
    assert rig.records == [
        events.FillReport(
            local_time=at(160),
            account=AccountId("A"),
            instrument=InstrumentId("GOLD", "TEST"),
            client_order_id=ClientOrderId("CID-1"),
            venue_order_id=VenueOrderId("v0"),
            venue_time=at(101),
            trade_id=TradeId("t0"),
            side=Side.BUY,
            last_price=Decimal("100.0"),
            last_quantity=Decimal(3),
            currency="",
            commission=None,
            liquidity=LiquiditySide.MAKER,
        )
    ]
    order = rig.state.orders.live[A1]
    assert (order.venue_order_id, order.status, order.cumulative) == ("v1", OrderStatus.ACCEPTED, Decimal(0))


def test_a_row_of_an_open_order_under_another_id_is_older_than_the_login_that_has_shown_the_present_one() -> None:
    rig = Rig(rules=CHAINS)
    rig.live("a1", "v1")
    assert orders(rig, view("v0", 1)) == []
    assert fills(rig) == []
    order = rig.state.orders.live[A1]
    assert (order.venue_order_id, order.former_ids) == ("v1", {})
    assert rig.records == []


def test_an_order_whose_rows_stand_ahead_of_those_of_ours_is_another_order() -> None:
    """The venue has one open order of a name at a time, and that one was not replaced by v1."""
    rig = Rig(rules=CHAINS)
    rig.live("a1", "v1")
    assert orders(rig, was_replaced("v8", 1, 2), view("v9", 1, cumulative=Decimal(2)), view("v1", 1)) == []
    rows = (evolve(trade(oid, oid, 1), wire_id=1, time=at(101)) for oid in ("v8", "v9", "v1"))
    assert fills(rig, *rows) == ["FillReport", "FillReport", "Filled"]


def test_what_history_has_shown_of_a_stranger_is_not_ours_though_we_use_its_name_later() -> None:
    rig = Rig(rules=CHAINS)
    rig.live("a1", "v1")
    orders(rig, view("x2", 2, status=OrderStatus.CANCELED, cumulative=Decimal(3)))
    fills(rig)
    rig.place("a2")
    fact = traded("x2", "t1", 3, 3, 2)
    told_late = evolve(fact, trade=evolve(fact.trade, time=at(159)), order=evolve(fact.order, status=None))
    assert rig.hear(told_late) == ["FillReport"]


def test_an_execution_that_waits_for_an_order_without_an_id_is_told_when_a_row_says_whose_it_is() -> None:
    rig = Rig(rules=evolve(CHAINS, unnamed_events=True, status_shows_terms=False, request_timeout=600 * SECOND))
    rig.place("a1")
    fact = traded("x7", "t1", 3, 3)
    assert rig.hear(evolve(fact, trade=evolve(fact.trade, time=at(101)))) == []
    assert orders(rig, view("x7", 7), cursor="more") == ["FillReport"]


def test_a_row_that_says_replaced_shows_that_the_order_was_accepted() -> None:
    rig = Rig(rules=CHAINS)
    rig.place("a1")
    rig.hear(took(1, "v1"))
    assert orders(rig, was_replaced("v1", 1)) == ["Accepted"]


def test_a_row_that_says_replaced_of_an_order_that_was_refused_gives_it_its_fills_and_asks_for_nothing() -> None:
    """The venue had placed it all the same."""
    rig = Rig(rules=CHAINS)
    rig.place("a1")
    rig.hear(refused(1, Outcome.DEFINITE))
    rig.live("a2", "w1")
    assert orders(rig, was_replaced("v1", 1, 3), view("w1", 2)) == []
    queries = [send.request for send in rig.sends if isinstance(send.request, requests.QueryOrder)]
    assert fills(rig, evolve(trade("v1", "t1", 3), time=at(101))) == ["Accepted", "Filled"]
    (fill,) = told(rig, events.Filled)
    assert (fill.client_order_id, fill.fill_venue_order_id, fill.cumulative) == ("a1", "v1", 3)
    assert queries == []


def test_a_row_tells_of_an_order_whose_placement_was_lost() -> None:
    rig = Rig(rules=CHAINS)
    rig.place("a1")
    rig.lose_link()
    rig.log_in()
    assert orders(rig, view("v1", 1, status=OrderStatus.CANCELED, time=at(100))) == ["Accepted", "Canceled"]


def test_a_row_of_an_open_order_of_the_name_keeps_no_fill_from_ours() -> None:
    """It goes on under v2, and the news of that are on their way."""
    rig = Rig(rules=CHAINS)
    rig.live("a1", "v1")
    orders(rig, view("v2", 1, quantity=Decimal(8)))
    fact = traded("v2", "t1", 3, 3, 1)
    assert rig.hear(evolve(fact, order=evolve(fact.order, quantity=Decimal(8)))) == ["Updated", "Filled"]
    assert rig.state.orders.live[A1].venue_order_id == "v2"


def test_a_row_that_says_replaced_of_the_present_id_has_the_order_asked_for_by_name() -> None:
    for trades, names in (((trade("v1", "t1", 3),), ["Filled"]), ((), ["MissingFills"])):
        rig = Rig(rules=CHAINS)
        rig.live("a1", "v1")
        assert orders(rig, was_replaced("v1", 1, 3)) == []
        (query,) = (send.request for send in rig.sends if isinstance(send.request, requests.QueryOrder))
        assert (query.venue_order_id, query.wire_id, query.since) == (None, 1, at(100))
        assert fills(rig, *trades) == names


def test_a_row_that_says_replaced_of_an_id_that_it_had_before_tells_nothing_new() -> None:
    rig = Rig(rules=CHAINS)
    rig.live("a1", "v1")
    rig.hear(replaced("v1", "v2", 1))
    rig.records.clear()
    assert orders(rig, was_replaced("v1", 1), view("v2", 1)) == []
    assert [type(send.request) for send in rig.sends] == [requests.ListFills]
    assert rig.records == []
    assert rig.state.orders.live[A1].inquiry is None


def test_a_row_that_counts_more_than_was_heard_of_an_order_has_its_fills_looked_for() -> None:
    rig = Rig(rules=CHAINS)
    rig.live("a1", "v1")
    counts = view("v1", 1, cumulative=Decimal(4), status=OrderStatus.PARTIALLY_FILLED)
    assert orders(rig, counts) == ["MissingFills"]
    (gap,) = rig.records
    assert (gap.identity.client_order_id, gap.venue_order_id, gap.known, gap.reported) == ("a1", "v1", 0, 4)
    assert fills(rig, trade("v1", "t1", 4)) == ["Filled"]


def test_a_page_that_comes_before_the_stream_has_told_that_an_order_began_may_show_an_older_one() -> None:
    """The answer to the placement has named v1, so what has ended under another id is not a1."""
    rig = Rig(rules=CHAINS)
    rig.place("a1")
    rig.hear(took(1, "v1"))
    rig.records.clear()
    ended = view("v0", 1, status=OrderStatus.CANCELED, cumulative=Decimal(3))
    assert orders(rig, ended) == []
    assert rig.records == []
    order = rig.state.orders.live[A1]
    assert (order.venue_order_id, order.status) == ("v1", OrderStatus.SUBMITTED)


def test_history_that_names_the_same_next_page_again_has_no_more_orders() -> None:
    rig = Rig(rules=CHAINS)
    rig.live("a1", "v1")
    for _ in range(2):
        orders(rig, view("v1", 1), cursor="two")
    assert [type(request) for request in rig.sent()] == [requests.ListFills]


def test_behind_three_empty_pages_of_orders_a_fourth_is_the_last() -> None:
    rig = Rig(rules=CHAINS)
    rig.live("a1", "v1")
    for first in (0, 4):
        for number in range(first, first + 3):
            orders(rig, cursor=str(number))
        orders(rig, view("v1", 1), cursor=str(first + 3))
    for number in range(8, 12):
        orders(rig, cursor=str(number))
    assert [type(request) for request in rig.sent()] == [requests.ListFills]


def test_a_reading_without_any_order_is_no_empty_page_of_the_next_one() -> None:
    rig = Rig(rules=CHAINS)
    rig.live("a1", "v1")
    for _ in range(4):
        orders(rig)
        fills(rig)
    orders(rig, cursor="one")
    (page,) = (request for request in rig.sent() if type(request) in HISTORY)
    assert (type(page), page.cursor) == (requests.ListOrderHistory, "one")


def test_empty_pages_of_one_span_are_none_of_the_next() -> None:
    rig = Rig(rules=evolve(CHAINS, history_span=70 * SECOND))
    rig.live("a1", "v1")
    for number in range(4):
        orders(rig, cursor=str(number))
    for number in range(4, 7):
        orders(rig, cursor=str(number))
    (page,) = rig.sent()
    assert (page.start, page.cursor) == (at(110), "6")


def test_the_orders_are_asked_for_every_period_while_fills_of_one_that_has_ended_are_missing() -> None:
    """It may have had another id in between."""
    rig = Rig(rules=CHAINS)
    rig.live("a1", "v1")
    assert rig.hear(canceled("v1", 1, total=4)) == ["MissingFills"]
    ended = view("v1", 1, status=OrderStatus.CANCELED, cumulative=Decimal(4))
    assert orders(rig, ended) == []
    assert fills(rig) == ["Canceled"]
    kinds = []
    while rig.time < 170 * SECOND:
        rig.wait(0.5)
        for page in rig.sent():
            kinds += [type(page)] if type(page) in HISTORY else []
            if isinstance(page, requests.ListFills):
                rig.hear(facts.FillsListed(request_id=page.request_id, trades=()))
            elif isinstance(page, requests.ListOrderHistory):
                rig.hear(facts.OrderHistoryListed(request_id=page.request_id, orders=(ended,)))
    assert requests.ListOrderHistory in kinds


def test_without_any_order_the_orders_are_read_once_after_a_lost_link() -> None:
    rig = Rig(rules=CHAINS)
    rig.lose_link()
    rig.log_in()
    orders(rig)
    fills(rig)
    for _ in range(3):
        while not (pages := [each for each in rig.sent() if type(each) in HISTORY]):
            rig.wait(0.5)
        (page,) = pages
        assert isinstance(page, requests.ListFills)
        rig.hear(facts.FillsListed(request_id=page.request_id, trades=()))


def test_a_link_that_is_lost_while_fills_are_read_has_the_orders_read_by_the_next_reading() -> None:
    """The question goes over HTTP, and outlives the link."""
    rig = Rig(rules=evolve(CHAINS, http_requests=frozenset(HISTORY), audit_period=30 * SECOND))
    page = asked(rig, requests.ListFills)
    rig.lose_link()
    rig.wait(1)
    rig.log_in()
    assert not any(type(request) in HISTORY for request in rig.sent())
    rig.hear(facts.FillsListed(request_id=page.request_id, trades=()))
    orders(rig)
    assert rig.time <= 133 * SECOND


# Where what became of orders is read for those in question alone


def in_question(stop: str = "", **rules: Any) -> Rig:
    """a2 is live; nobody tells whether a1 was placed, so the history of orders is read for it. stop: so is v3, a stop
    of this name."""
    rig = Rig(rules=evolve(READS, **rules))
    rig.live("a2", "v2")
    if stop:
        rig.place(stop, trigger_price="99.0")
        rig.hear(took(2, "v3"), acknowledged("v3", 3, trigger_price=Decimal("99.0")))
    rig.place("a1")
    rig.hear(refused(rig.numbers, Outcome.AMBIGUOUS))
    for _ in range(120):
        rig.wait(1)
        sent = rig.sent()
        for request in sent:
            if isinstance(request, requests.QueryOrder):
                rig.hear(refused(request.request_id, Outcome.NOT_FOUND))
            elif isinstance(request, requests.ListFills):
                rig.hear(facts.FillsListed(request_id=request.request_id, trades=()))
            elif isinstance(request, requests.ListOpenOrders):
                listed = (view("v2", 2), *([view("v3", 3)] if stop else []))
                shown = facts.RequestAnswered(request_id=request.request_id, orders=listed)
                rig.hear(shown)
        rig.sends = [send for send in rig.sends if isinstance(send.request, requests.ListOrderHistory)]
        if rig.sends:
            rig.records.clear()
            return rig
    raise AssertionError("history was not read")


def test_a_row_of_an_order_that_is_not_in_question_tells_nothing_of_it() -> None:
    rig = in_question()
    counts = view("v2", 2, cumulative=Decimal(4), status=OrderStatus.PARTIALLY_FILLED)
    assert orders(rig, counts, cursor="more") == []
    assert rig.state.orders.live[ClientOrderId("a2")].inquiry is None


def test_a_row_that_does_not_fit_keeps_no_message_of_the_stream_from_the_order() -> None:
    """Another session has changed a1 before we heard of it at all. The history alone does not prove that it is a1; the
    stream does."""
    rig = in_question(changes_in_place=True)
    other = view("v1", 1, quantity=Decimal(9), time=at(100))
    assert orders(rig, other, cursor="more") == []
    assert rig.status("a1") is OrderStatus.UNKNOWN
    heard = evolve(acknowledged("v1", 1, quantity=Decimal(9)), time=rig.wall + rig.time)
    assert rig.hear(heard)[0] == "Accepted"
    assert rig.state.orders.live[A1].venue_order_id == "v1"


def test_a_row_tells_how_an_order_ended_that_was_in_question_when_the_reading_began() -> None:
    rig = in_question()
    assert rig.hear(acknowledged("v1", 1))[0] == "Accepted"
    ended = view("v1", 1, status=OrderStatus.CANCELED, reason="asked for")
    assert orders(rig, ended, cursor="more") == ["Canceled"]
    assert rig.status("a1") is OrderStatus.CANCELED


def test_a_reading_that_is_silent_about_an_order_that_is_known_by_then_says_nothing_of_it() -> None:
    for fact, status in ((acknowledged("v1", 1), OrderStatus.ACCEPTED), (canceled("v1", 1), OrderStatus.CANCELED)):
        rig = in_question()
        rig.hear(fact)
        assert orders(rig) == []
        assert rig.status("a1") is status
        assert rig.wait(30) == []


@pytest.mark.parametrize(
    ("status", "names"),
    [
        (OrderStatus.CANCELED, ["Triggered", "Updated", "Canceled"]),
        (OrderStatus.ACCEPTED, ["Triggered", "Updated"]),
    ],
)
def test_a_stop_that_fired_unheard_is_the_order_that_a_row_shows_under_another_id(
    status: OrderStatus, names: list[str]
) -> None:
    """Though the login has shown it under the one that it had while it waited."""
    rig = in_question(stop="a3", stops_go_on=True)
    assert orders(rig, view("v4", 3, status=status, time=at(101)), cursor="more") == names


def test_fills_that_nobody_asked_for_are_taken_all_the_same() -> None:
    rig = Rig(rules=READS)
    rig.live("a1", "v1")
    assert rig.hear(facts.FillsListed(request_id=RequestId(0), trades=(trade("v1", "t1", 2),))) == ["Filled"]
