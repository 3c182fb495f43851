"""Guards around fills, terms and ends of orders, at venues of either kind: one condition at a time."""

from __future__ import annotations

from decimal import Decimal
from itertools import pairwise
from typing import Any

import pytest
from attrs import evolve

from protocol import commands, events, facts, requests
from protocol.dispatch.tracking import TrackedOrders
from protocol.facts import Outcome
from protocol.values import OrderStatus, RequestId, VenueOrderId
from protocol.venue import SECOND, VenueRules

from .guarding import A1, ask_for, asked, told
from .order_life import WALL, Desk, acknowledged, canceled, refused, replaced, took, trade, traded, view

TWO_FEEDS = VenueRules(
    venue="TEST", fills_lag=SECOND, reads_history=True, absence_needs_history=True, unnamed_events=True
)
CHAINS = VenueRules(
    venue="TEST", reads_history=True, chain_history=True, changes_in_place=False, history_by_placement=True
)


# The last fill


def test_a_last_fill_that_brings_all_that_the_venue_counted_completes_the_order() -> None:
    desk = Desk(rules=TWO_FEEDS)
    desk.live("a1", "v1")
    desk.hear(acknowledged("v1", 1, cumulative=Decimal(10)))
    assert desk.hear(traded("v1", "t1", 10, 10, 1, final=True)) == ["Filled"]
    (fill,) = told(desk, events.Filled)
    assert fill.status is OrderStatus.FILLED


def test_a_last_fill_with_an_earlier_one_missing_ends_the_order_as_filled_behind_the_gap() -> None:
    desk = Desk()
    desk.live("a1", "v1")
    assert desk.hear(traded("v1", "t2", 2, 10, 1, final=True)) == ["Gap", "Filled", "Completed"]
    (fill,) = told(desk, events.Filled)
    assert (fill.status, fill.cumulative) == (OrderStatus.PARTIALLY_FILLED, 2)
    assert desk.status("a1") is OrderStatus.FILLED


# Missing fills


def test_history_is_read_slowly_for_missing_fills_though_another_order_is_in_question_for_something_else() -> None:
    desk = Desk(rules=TWO_FEEDS)
    desk.live("a1", "v1")
    desk.live("a2", "v2")
    desk.hear(acknowledged("v1", 1, cumulative=Decimal(4)))
    desk.hear(replaced("v2", None, 2))
    reading = ask_for(desk, requests.ListFills)
    assert desk.hear(facts.FillsListed(request_id=reading.request_id, trades=())) == ["Gap"]
    before = desk.time
    ask_for(desk, requests.ListFills)
    assert 59 * SECOND <= desk.time - before <= 61 * SECOND


# What the venue contradicts


def test_an_order_that_becomes_another_one_of_ours_stays_as_it_was() -> None:
    desk = Desk()
    desk.live("a1", "v1")
    desk.live("a2", "v2")
    assert desk.hear(replaced("v1", "v2", 1)) == []
    (warning,) = desk.last.warnings
    assert warning.startswith("The venue said that order a1 became v2, which is another order of ours.")
    found = desk.state.orders.by_venue_order_id(VenueOrderId("v2"))
    assert found is not None
    assert found.identity.client_order_id == "a2"


def denied(desk: Desk) -> None:
    """The venue was asked for it as often as it takes to prove that it never arrived."""
    desk.place("a1")
    desk.sent()
    desk.hear(refused(1, Outcome.AMBIGUOUS))
    while desk.status("a1") is not OrderStatus.DENIED:
        query = ask_for(desk, requests.QueryOrder)
        desk.hear(refused(query.request_id, Outcome.NOT_FOUND))
    desk.records.clear()


@pytest.mark.parametrize(
    ("filled", "status"), [(0, OrderStatus.ACCEPTED), (4, OrderStatus.PARTIALLY_FILLED)], ids=["open", "in part"]
)
def test_a_denied_order_that_the_venue_tells_of_is_reopened_as_it_stands(filled: int, status: OrderStatus) -> None:
    desk = Desk()
    denied(desk)
    told_of = traded("v1", "t1", filled, filled, 1) if filled else acknowledged("v1", 1)
    assert desk.hear(told_of)[:2] == ["Reopened", "Accepted"]
    (reopened,) = told(desk, events.Reopened)
    assert (reopened.was, reopened.status) == (OrderStatus.DENIED, OrderStatus.ACCEPTED)
    assert desk.status("a1") is status


def test_a_denied_order_that_is_shown_as_pending_is_known_by_its_id_from_then_on() -> None:
    desk = Desk()
    denied(desk)
    query = ask_for(desk, requests.QueryOrder)
    assert desk.hear(took(query.request_id, order=view("v1", 1, status=OrderStatus.SUBMITTED))) == []
    assert desk.status("a1") is OrderStatus.DENIED
    assert desk.hear(traded("v1", "t1", 4, 4)) == ["Reopened", "Accepted", "Filled"]


# Other orders' questions


def test_what_became_of_an_order_is_learned_from_history_that_is_read_for_another_one() -> None:
    desk = Desk(rules=evolve(TWO_FEEDS, fills_lag=0))
    desk.live("a1", "v1")
    desk.place("a2")
    desk.sent()
    desk.hear(refused(desk.numbers, Outcome.AMBIGUOUS), replaced("v1", None, 1))
    for _ in range(100):
        query = ask_for(desk, requests.QueryOrder)
        if query.wire_id == 2:
            desk.hear(refused(query.request_id, Outcome.NOT_FOUND))
        for page in asked(desk, requests.ListFills):
            desk.hear(facts.FillsListed(request_id=page.request_id, trades=()))
        pages = asked(desk, requests.ListOrderHistory)
        if pages:
            ended = view("v1", 1, status=OrderStatus.CANCELED)
            names = desk.hear(facts.OrderHistoryListed(request_id=pages[-1].request_id, orders=(ended,)))
            assert names[0] == "Canceled"
            return
    raise AssertionError("nobody read what became of orders")


def test_a_list_of_orders_ends_with_the_fourth_empty_page_in_a_row() -> None:
    desk = Desk(rules=TWO_FEEDS)
    denied_by_history(desk, ["", "a", "", "", "", ""])


def denied_by_history(desk: Desk, pages: list[str]) -> None:
    """Reads what became of orders, page by page: whose names are empty, they are."""
    desk.place("a1")
    desk.sent()
    desk.hear(refused(1, Outcome.AMBIGUOUS))
    while True:
        for page in asked(desk, requests.ListFills):
            desk.hear(facts.FillsListed(request_id=page.request_id, trades=()))
        if any(isinstance(send.request, requests.ListOrderHistory) for send in desk.sends):
            break
        for query in asked(desk, requests.QueryOrder):
            desk.hear(refused(query.request_id, Outcome.NOT_FOUND))
        desk.wait(0.5)
    for number, name in enumerate(pages, 1):
        (page,) = asked(desk, requests.ListOrderHistory)
        rows = (view(f"x{number}", 99),) if name else ()
        desk.hear(facts.OrderHistoryListed(request_id=page.request_id, orders=rows, cursor=f"page {number}"))
    assert asked(desk, requests.ListOrderHistory) == []


# Executions that wait


def test_an_execution_that_was_heard_before_the_link_was_lost_completes_no_order_by_arithmetic() -> None:
    desk = Desk(rules=TWO_FEEDS)
    desk.place("a1")
    fill = traded("v1", "t1", 10, 10)
    assert desk.hear(evolve(fill, trade=evolve(fill.trade, time=WALL + desk.time))) == []
    desk.lose_link()
    desk.log_in()
    desk.records.clear()
    desk.hear(took(1, "v1"), acknowledged("v1", 1))
    (filled,) = told(desk, events.Filled)
    assert (filled.status, filled.concluded) == (OrderStatus.PARTIALLY_FILLED, False)


def test_an_execution_that_was_told_is_not_looked_up_again_for_an_order_that_came_later() -> None:
    desk = Desk(rules=TWO_FEEDS)
    fill = traded("x1", "t1", 10, 10)
    assert desk.hear(fill)[0] == "FillReport"
    desk.place("a1")
    desk.sent()
    late = evolve(fill.trade, time=WALL + desk.time)
    assert desk.hear(facts.FillsListed(request_id=None, trades=(late,))) == []
    assert asked(desk, requests.QueryOrder) == []


# Changes


def changing(rules: VenueRules, **terms: Any) -> Desk:
    desk = Desk(rules=rules)
    desk.live("a1", "v1")
    desk.ask(commands.Replace(client_order_id=A1, instrument="GOLD.TEST", **terms))
    asked(desk, requests.ReplaceOrder)
    return desk


def test_an_answer_to_a_change_that_was_seen_to_be_made_is_the_end_of_it() -> None:
    desk = changing(VenueRules(venue="TEST", changes_in_place=False), price="99.0")
    first = RequestId(desk.numbers)
    desk.hear(replaced("v1", "v2", 1, price=Decimal("99.0")))
    desk.ask(commands.Replace(client_order_id=A1, instrument="GOLD.TEST", price="98.0"))
    assert desk.hear(took(first, "v2", refused=True)) == []
    assert first not in desk.state._desk.flights.by_id
    assert desk.hear(refused(desk.numbers, Outcome.DEFINITE)) == ["ModifyRejected"]


def test_a_change_of_the_price_that_is_told_without_the_quantity_leaves_nothing_open() -> None:
    desk = changing(VenueRules(venue="TEST", changes_in_place=True), price="99.0")
    told_of = facts.OrderReplaced(
        time=WALL,
        order=view("v1", 1, price=Decimal("99.0"), quantity=None),
        new_venue_order_id=None,
        replacement=None,
    )
    assert desk.hear(told_of) == ["Updated"]
    assert asked(desk, requests.QueryOrder) == []


def test_a_fill_in_history_under_the_id_that_a_change_promised_tells_the_quantity_that_was_asked_for() -> None:
    desk = changing(CHAINS, quantity=20)
    desk.hear(took(desk.numbers, "v2"))
    desk.records.clear()
    names = desk.hear(facts.FillsListed(request_id=None, trades=(trade("v2", "t1", 4),)))
    assert names == ["Updated", "Filled"]
    (updated,) = told(desk, events.Updated)
    assert (updated.venue_order_id, updated.quantity) == ("v2", 20)
    (filled,) = told(desk, events.Filled)
    assert filled.leaves == 16


@pytest.mark.parametrize("is_told", [True, False], ids=["told within the second", "never told"])
def test_the_last_fill_of_the_old_id_may_be_told_behind_the_replacement(is_told: bool) -> None:
    desk = changing(CHAINS, price="99.0")
    assert desk.hear(replaced("v1", "v2", 1, filled=4, quantity=6)) == ["Updated"]
    desk.wait(0.9)
    assert asked(desk, requests.ListOrderHistory) == []
    if is_told:
        assert desk.hear(traded("v1", "t1", 4, 4)) == ["Filled"]
    desk.wait(0.2)
    assert told(desk, events.Gap) == []
    assert len(asked(desk, requests.ListOrderHistory)) == (0 if is_told else 1)


# A journal that was cut


def test_a_fill_at_the_head_of_a_journal_tells_the_venue_order_id() -> None:
    desk = Desk()
    desk.live("a1", "v1")
    desk.hear(traded("v1", "t1", 4, 4, 1))
    (fill,) = told(desk, events.Filled)
    orders = TrackedOrders()
    orders.fold(fill)
    order = orders.by_client_order_id(A1)
    assert order is not None
    assert (order.venue_order_id, order.cumulative, order.status) == ("v1", 4, OrderStatus.PARTIALLY_FILLED)
    assert orders.by_venue_order_id(VenueOrderId("v1")) is order


def test_a_cancel_at_the_head_of_a_journal_tells_the_venue_order_id() -> None:
    desk = Desk()
    desk.live("a1", "v1")
    desk.hear(canceled("v1", 1))
    orders = TrackedOrders()
    orders.fold(told(desk, events.Canceled)[0])
    order = orders.by_client_order_id(A1)
    assert order is not None
    assert (order.venue_order_id, order.status) == ("v1", OrderStatus.CANCELED)


# While messages are lost, every order is in doubt


def test_after_lost_messages_no_fill_completes_an_order_by_arithmetic_and_the_list_is_awaited() -> None:
    desk = Desk(rules=TWO_FEEDS)
    desk.live("a1", "v1")
    desk.hear(facts.MessagesLost(text="", expected=5, received=7))
    assert desk.hear(traded("v1", "t1", 10, 10, 1)) == ["Filled"]
    assert desk.status("a1") is OrderStatus.PARTIALLY_FILLED
    assert asked(desk, requests.QueryOrder) == []


# What is taken over of a live message


def test_terms_in_news_of_an_order_are_its_own_only_while_they_are_asked_for() -> None:
    desk = Desk(rules=TWO_FEEDS)
    desk.live("a1", "v1")
    desk.hear(acknowledged("v1", 1, cumulative=Decimal(4)))
    assert desk.hear(acknowledged("v1", 1, price=Decimal("98.0"))) == []
    desk.hear(facts.OrderUnclear(time=WALL, order=view("v1", 1, price=Decimal("98.0"), status=None)))
    assert desk.hear(acknowledged("v1", 1, price=Decimal("98.0"))) == ["Updated"]


def test_an_order_that_left_the_book_within_its_quantity_keeps_its_terms() -> None:
    desk = Desk(rules=TWO_FEEDS)
    desk.live("a1", "v1")
    left = view("v1", 1, price=Decimal("98.0"), quantity=Decimal(7), status=None)
    gone = facts.OrderRemoved(time=WALL, order=left, ending=OrderStatus.CANCELED, filled=Decimal(0), reason="")
    assert desk.hear(gone) == ["Canceled"]


# Whose it is


def lost_placement(rules: VenueRules) -> Desk:
    """One order of which the placement was not answered; nothing was sent since."""
    desk = Desk(rules=rules)
    desk.place("a1")
    desk.hear(refused(1, Outcome.AMBIGUOUS))
    desk.sends.clear()
    return desk


PROPOSES = VenueRules(venue="TEST", status_shows_terms=False, reads_history=True, absence_needs_history=True)


def proposed(oid: str) -> facts.OrderView:
    return view(oid, None, side=None, price=None, quantity=None, cumulative=None)


def test_an_id_that_an_answer_proposes_is_looked_up_in_the_lists_and_in_history() -> None:
    desk = lost_placement(PROPOSES)
    query = ask_for(desk, requests.QueryOrder)
    desk.hear(facts.RequestAnswered(request_id=query.request_id, order=proposed("v1")))
    assert desk.status("a1") is OrderStatus.UNKNOWN
    assert len(asked(desk, requests.ListOpenOrders)) == 1
    (fills,) = asked(desk, requests.ListFills)
    desk.hear(facts.FillsListed(request_id=fills.request_id, trades=()))
    assert len(asked(desk, requests.ListOrderHistory)) == 1


def test_another_sessions_order_that_an_answer_shows_is_not_told_as_ours() -> None:
    desk = Desk(rules=PROPOSES)
    desk.hear(acknowledged("v9", 8))
    desk.time += SECOND
    desk.place("a1")
    desk.hear(refused(1, Outcome.AMBIGUOUS))
    desk.ask(commands.Status(A1))
    query = asked(desk, requests.QueryOrder)[-1]
    desk.hear(facts.RequestAnswered(request_id=query.request_id, order=proposed("v9")))
    answer = desk.answer_to(query.request_id)
    assert str(answer) == "The venue's answer does not say where the order stands."
    assert desk.status("a1") is OrderStatus.UNKNOWN
    assert asked(desk, requests.ListOpenOrders) == []


def test_an_execution_that_waited_from_history_on_completes_no_order_by_arithmetic() -> None:
    desk = lost_placement(TWO_FEEDS)
    young = evolve(trade("v1", "t1", 10), time=WALL + desk.time)
    assert desk.hear(facts.FillsListed(request_id=None, trades=(young,))) == []
    assert desk.hear(acknowledged("v1", 1)) == ["Accepted", "Filled"]
    assert desk.status("a1") is OrderStatus.PARTIALLY_FILLED


def test_another_sessions_order_is_asked_for_after_growing_pauses_of_which_the_last_repeats() -> None:
    desk = Desk(rules=VenueRules(venue="TEST", query_delays=(SECOND, 2 * SECOND, 5 * SECOND)))
    desk.hear(acknowledged("v9", 8))
    desk.wait(1)
    desk.log_in()
    times = []
    for _ in range(6):
        query = ask_for(desk, requests.QueryOrder)
        times.append(desk.time)
        desk.hear(refused(query.request_id, Outcome.AMBIGUOUS))
    assert [(after - before) // SECOND for before, after in pairwise(times)] == [1, 2, 5, 5, 5]


def test_what_changed_of_an_order_while_its_turn_to_be_asked_for_came_counts_as_settled_by_the_login() -> None:
    """The fill comes in the message behind the answer that gives it its turn."""
    desk = Desk()
    for number in range(1, 18):
        desk.live(f"a{number}", f"v{number}")
    desk.lose_link()
    desk.log_in()
    queries = asked(desk, requests.QueryOrder)
    assert len(queries) == 16
    answers = [
        facts.RequestAnswered(request_id=query.request_id, order=view(query.venue_order_id)) for query in queries
    ]
    desk.hear(answers[0], facts.FillsListed(request_id=None, trades=(trade("v17", "t1", 4),)))
    (last,) = asked(desk, requests.QueryOrder)
    desk.hear(*answers[1:])
    filled = view("v17", cumulative=Decimal(4), status=OrderStatus.PARTIALLY_FILLED)
    desk.hear(facts.RequestAnswered(request_id=last.request_id, order=filled))
    assert [event.settled for event in told(desk, events.Reconciled)] == [1]


def test_an_order_that_was_replaced_before_its_id_was_known_is_told_under_the_id_that_history_names() -> None:
    desk = lost_placement(CHAINS)
    desk.records.clear()
    replaced_by_then = view("v1", 1, cumulative=Decimal(4), status=None, replaced=True)
    desk.hear(facts.OrderHistoryListed(request_id=RequestId(9), orders=(replaced_by_then,), cursor=None))
    (updated,) = told(desk, events.Updated)
    assert (updated.venue_order_id, updated.venue_cumulative_base) == ("v1", 4)
