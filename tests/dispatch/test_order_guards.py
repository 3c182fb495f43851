"""Guards around fills, terms and ends of orders, at venues of either kind: one condition at a time."""

from __future__ import annotations

from decimal import Decimal
from itertools import pairwise
from typing import Any

import pytest

from protocol import commands, events, facts, requests
from protocol.dispatch.tracking import TrackedOrders
from protocol.facts import Outcome
from protocol.structs import evolve
from protocol.values import OrderStatus, RequestId, VenueOrderId
from protocol.venue import SECOND, VenueRules

from ..guarding import A1, NOBODYS, ask_for, asked, told
from ..order_life import WALL, Rig, acknowledged, canceled, refused, replaced, took, trade, traded, view

TWO_FEEDS = VenueRules(
    venue="TEST", fills_lag=SECOND, reads_history=True, absence_needs_history=True, unnamed_events=True
)
CHAINS = VenueRules(
    venue="TEST", reads_history=True, chain_history=True, changes_in_place=False, history_by_placement=True
)


# The last fill


def test_a_last_fill_that_brings_all_that_the_venue_counted_completes_the_order() -> None:
    rig = Rig(rules=TWO_FEEDS)
    rig.live("a1", "v1")
    rig.hear(acknowledged("v1", 1, cumulative=Decimal(10)))
    assert rig.hear(traded("v1", "t1", 10, 10, 1, final=True)) == ["Filled"]
    (fill,) = told(rig, events.Filled)
    assert fill.status is OrderStatus.FILLED


def test_a_last_fill_with_an_earlier_one_missing_ends_the_order_as_filled_behind_the_gap() -> None:
    rig = Rig()
    rig.live("a1", "v1")
    assert rig.hear(traded("v1", "t2", 2, 10, 1, final=True)) == ["MissingFills", "Filled", "Completed"]
    (fill,) = told(rig, events.Filled)
    assert (fill.status, fill.cumulative) == (OrderStatus.PARTIALLY_FILLED, 2)
    assert rig.status("a1") is OrderStatus.FILLED


# Missing fills


def test_history_is_read_slowly_for_missing_fills_though_another_order_is_in_question_for_something_else() -> None:
    rig = Rig(rules=TWO_FEEDS)
    rig.live("a1", "v1")
    rig.live("a2", "v2")
    rig.hear(acknowledged("v1", 1, cumulative=Decimal(4)))
    rig.hear(replaced("v2", None, 2))
    reading = ask_for(rig, requests.ListFills)
    assert rig.hear(facts.FillsListed(request_id=reading.request_id, trades=())) == ["MissingFills"]
    before = rig.time
    ask_for(rig, requests.ListFills)
    assert 59 * SECOND <= rig.time - before <= 61 * SECOND


# What the venue contradicts


def test_an_order_that_becomes_another_one_of_ours_stays_as_it_was() -> None:
    rig = Rig()
    rig.live("a1", "v1")
    rig.live("a2", "v2")
    assert rig.hear(replaced("v1", "v2", 1)) == []
    (warning,) = rig.last.warnings
    assert warning.startswith("The venue said that order a1 became v2, which is another order of ours.")
    found = rig.state.orders.by_venue_order_id(VenueOrderId("v2"))
    assert found is not None
    assert found.identity.client_order_id == "a2"


def denied(rig: Rig) -> None:
    """The venue was asked for it as often as it takes to prove that it never arrived."""
    rig.place("a1")
    rig.sent()
    rig.hear(refused(1, Outcome.AMBIGUOUS))
    while rig.status("a1") is not OrderStatus.DENIED:
        query = ask_for(rig, requests.QueryOrder)
        rig.hear(refused(query.request_id, Outcome.NOT_FOUND))
    rig.records.clear()


@pytest.mark.parametrize(
    ("filled", "status"), [(0, OrderStatus.ACCEPTED), (4, OrderStatus.PARTIALLY_FILLED)], ids=["open", "in part"]
)
def test_a_denied_order_that_the_venue_tells_of_is_reopened_as_it_stands(filled: int, status: OrderStatus) -> None:
    rig = Rig()
    denied(rig)
    told_of = traded("v1", "t1", filled, filled, 1) if filled else acknowledged("v1", 1)
    assert rig.hear(told_of)[:2] == ["Reopened", "Accepted"]
    (reopened,) = told(rig, events.Reopened)
    assert (reopened.was, reopened.status) == (OrderStatus.DENIED, OrderStatus.ACCEPTED)
    assert rig.status("a1") is status


def test_a_denied_order_that_is_shown_as_pending_is_known_by_its_id_from_then_on() -> None:
    rig = Rig()
    denied(rig)
    query = ask_for(rig, requests.QueryOrder)
    assert rig.hear(took(query.request_id, order=view("v1", 1, status=OrderStatus.SUBMITTED))) == []
    assert rig.status("a1") is OrderStatus.DENIED
    assert rig.hear(traded("v1", "t1", 4, 4)) == ["Reopened", "Accepted", "Filled"]


# Other orders' questions


def test_what_became_of_an_order_is_learned_from_history_that_is_read_for_another_one() -> None:
    rig = Rig(rules=evolve(TWO_FEEDS, fills_lag=0))
    rig.live("a1", "v1")
    rig.place("a2")
    rig.sent()
    rig.hear(refused(rig.numbers, Outcome.AMBIGUOUS), replaced("v1", None, 1))
    for _ in range(100):
        query = ask_for(rig, requests.QueryOrder)
        if query.wire_id == 2:
            rig.hear(refused(query.request_id, Outcome.NOT_FOUND))
        for page in asked(rig, requests.ListFills):
            rig.hear(facts.FillsListed(request_id=page.request_id, trades=()))
        pages = asked(rig, requests.ListOrderHistory)
        if pages:
            ended = view("v1", 1, status=OrderStatus.CANCELED)
            names = rig.hear(facts.OrderHistoryListed(request_id=pages[-1].request_id, orders=(ended,)))
            assert names[0] == "Canceled"
            return
    raise AssertionError("nobody read what became of orders")


def test_a_list_of_orders_ends_with_the_fourth_empty_page_in_a_row() -> None:
    rig = Rig(rules=TWO_FEEDS)
    denied_by_history(rig, ["", "a", "", "", "", ""])


def denied_by_history(rig: Rig, pages: list[str]) -> None:
    """Reads what became of orders, page by page: whose names are empty, they are."""
    rig.place("a1")
    rig.sent()
    rig.hear(refused(1, Outcome.AMBIGUOUS))
    while True:
        for page in asked(rig, requests.ListFills):
            rig.hear(facts.FillsListed(request_id=page.request_id, trades=()))
        if any(isinstance(send.request, requests.ListOrderHistory) for send in rig.sends):
            break
        for query in asked(rig, requests.QueryOrder):
            rig.hear(refused(query.request_id, Outcome.NOT_FOUND))
        rig.wait(0.5)
    for number, name in enumerate(pages, 1):
        (page,) = asked(rig, requests.ListOrderHistory)
        rows = (view(f"x{number}", 99),) if name else ()
        rig.hear(facts.OrderHistoryListed(request_id=page.request_id, orders=rows, cursor=f"page {number}"))
    assert asked(rig, requests.ListOrderHistory) == []


# Executions that wait


def test_an_execution_that_was_heard_before_the_link_was_lost_completes_no_order_by_arithmetic() -> None:
    rig = Rig(rules=TWO_FEEDS)
    rig.place("a1")
    fill = traded("v1", "t1", 10, 10)
    assert rig.hear(evolve(fill, trade=evolve(fill.trade, time=WALL + rig.time))) == []
    rig.lose_link()
    rig.log_in()
    rig.records.clear()
    rig.hear(took(1, "v1"), acknowledged("v1", 1))
    (filled,) = told(rig, events.Filled)
    assert (filled.status, filled.concluded) == (OrderStatus.PARTIALLY_FILLED, False)


def test_an_execution_that_was_told_is_not_looked_up_again_for_an_order_that_came_later() -> None:
    rig = Rig(rules=TWO_FEEDS)
    fill = traded("x1", "t1", 10, 10)
    assert rig.hear(fill)[0] == "FillReport"
    rig.place("a1")
    rig.sent()
    late = evolve(fill.trade, time=WALL + rig.time)
    assert rig.hear(facts.FillsListed(request_id=NOBODYS, trades=(late,))) == []
    assert asked(rig, requests.QueryOrder) == []


# Changes


def changing(rules: VenueRules, **terms: Any) -> Rig:
    rig = Rig(rules=rules)
    rig.live("a1", "v1")
    rig.ask(commands.Replace(client_order_id=A1, instrument="GOLD.TEST", **terms))
    asked(rig, requests.ReplaceOrder)
    return rig


def test_an_answer_to_a_change_that_was_seen_to_be_made_is_the_end_of_it() -> None:
    rig = changing(VenueRules(venue="TEST", changes_in_place=False), price="99.0")
    first = RequestId(rig.numbers)
    rig.hear(replaced("v1", "v2", 1, price=Decimal("99.0")))
    rig.ask(commands.Replace(client_order_id=A1, instrument="GOLD.TEST", price="98.0"))
    assert rig.hear(took(first, "v2", refused=True)) == []
    assert first not in rig.state._context.flights.by_id
    assert rig.hear(refused(rig.numbers, Outcome.DEFINITE)) == ["ReplaceRejected"]


def test_a_change_of_the_price_that_is_told_without_the_quantity_leaves_nothing_open() -> None:
    rig = changing(VenueRules(venue="TEST", changes_in_place=True), price="99.0")
    told_of = facts.OrderReplaced(
        time=WALL,
        order=view("v1", 1, price=Decimal("99.0"), quantity=None),
        new_venue_order_id=None,
        replacement=None,
    )
    assert rig.hear(told_of) == ["Updated"]
    assert asked(rig, requests.QueryOrder) == []


def test_a_fill_in_history_under_the_id_that_a_change_promised_tells_the_quantity_that_was_asked_for() -> None:
    rig = changing(CHAINS, quantity=20)
    rig.hear(took(rig.numbers, "v2"))
    rig.records.clear()
    names = rig.hear(facts.FillsListed(request_id=NOBODYS, trades=(trade("v2", "t1", 4),)))
    assert names == ["Updated", "Filled"]
    (updated,) = told(rig, events.Updated)
    assert (updated.venue_order_id, updated.quantity) == ("v2", 20)
    (filled,) = told(rig, events.Filled)
    assert filled.leaves == 16


@pytest.mark.parametrize("is_told", [True, False], ids=["told within the second", "never told"])
def test_the_last_fill_of_the_old_id_may_be_told_behind_the_replacement(is_told: bool) -> None:
    rig = changing(CHAINS, price="99.0")
    assert rig.hear(replaced("v1", "v2", 1, filled=4, quantity=6)) == ["Updated"]
    rig.wait(0.9)
    assert asked(rig, requests.ListOrderHistory) == []
    if is_told:
        assert rig.hear(traded("v1", "t1", 4, 4)) == ["Filled"]
    rig.wait(0.2)
    assert told(rig, events.MissingFills) == []
    assert len(asked(rig, requests.ListOrderHistory)) == (0 if is_told else 1)


# A journal that was cut


def test_a_fill_at_the_head_of_a_journal_tells_the_venue_order_id() -> None:
    rig = Rig()
    rig.live("a1", "v1")
    rig.hear(traded("v1", "t1", 4, 4, 1))
    (fill,) = told(rig, events.Filled)
    orders = TrackedOrders()
    orders.fold(fill)
    order = orders.by_client_order_id(A1)
    assert order is not None
    assert (order.venue_order_id, order.cumulative, order.status) == ("v1", Decimal(4), OrderStatus.PARTIALLY_FILLED)
    assert orders.by_venue_order_id(VenueOrderId("v1")) is order


def test_a_cancel_at_the_head_of_a_journal_tells_the_venue_order_id() -> None:
    rig = Rig()
    rig.live("a1", "v1")
    rig.hear(canceled("v1", 1))
    orders = TrackedOrders()
    orders.fold(told(rig, events.Canceled)[0])
    order = orders.by_client_order_id(A1)
    assert order is not None
    assert (order.venue_order_id, order.status) == ("v1", OrderStatus.CANCELED)


# While messages are lost, every order is in doubt


def test_after_lost_messages_no_fill_completes_an_order_by_arithmetic_and_the_list_is_awaited() -> None:
    rig = Rig(rules=TWO_FEEDS)
    rig.live("a1", "v1")
    rig.hear(facts.MessagesLost(text="", expected=5, received=7))
    assert rig.hear(traded("v1", "t1", 10, 10, 1)) == ["Filled"]
    assert rig.status("a1") is OrderStatus.PARTIALLY_FILLED
    assert asked(rig, requests.QueryOrder) == []


# What is taken over of a live message


def test_terms_in_news_of_an_order_are_its_own_only_while_they_are_asked_for() -> None:
    rig = Rig(rules=TWO_FEEDS)
    rig.live("a1", "v1")
    rig.hear(acknowledged("v1", 1, cumulative=Decimal(4)))
    assert rig.hear(acknowledged("v1", 1, price=Decimal("98.0"))) == []
    rig.hear(facts.OrderUnclear(time=WALL, order=view("v1", 1, price=Decimal("98.0"), status=None)))
    assert rig.hear(acknowledged("v1", 1, price=Decimal("98.0"))) == ["Updated"]


def test_an_order_that_left_the_book_within_its_quantity_keeps_its_terms() -> None:
    rig = Rig(rules=TWO_FEEDS)
    rig.live("a1", "v1")
    left = view("v1", 1, price=Decimal("98.0"), quantity=Decimal(7), status=None)
    gone = facts.OrderRemoved(time=WALL, order=left, ending=OrderStatus.CANCELED, filled=Decimal(0), reason="")
    assert rig.hear(gone) == ["Canceled"]


# Whose it is


def lost_placement(rules: VenueRules) -> Rig:
    """One order of which the placement was not answered; nothing was sent since."""
    rig = Rig(rules=rules)
    rig.place("a1")
    rig.hear(refused(1, Outcome.AMBIGUOUS))
    rig.sends.clear()
    return rig


PROPOSES = VenueRules(venue="TEST", status_shows_terms=False, reads_history=True, absence_needs_history=True)


def proposed(oid: str) -> facts.OrderView:
    return view(oid, None, side=None, price=None, quantity=None, cumulative=None)


def test_an_id_that_an_answer_proposes_is_looked_up_in_the_lists_and_in_history() -> None:
    rig = lost_placement(PROPOSES)
    query = ask_for(rig, requests.QueryOrder)
    rig.hear(facts.RequestAnswered(request_id=query.request_id, order=proposed("v1")))
    assert rig.status("a1") is OrderStatus.UNKNOWN
    assert len(asked(rig, requests.ListOpenOrders)) == 1
    (fills,) = asked(rig, requests.ListFills)
    rig.hear(facts.FillsListed(request_id=fills.request_id, trades=()))
    assert len(asked(rig, requests.ListOrderHistory)) == 1


def test_another_sessions_order_that_an_answer_shows_is_not_told_as_ours() -> None:
    rig = Rig(rules=PROPOSES)
    rig.hear(acknowledged("v9", 8))
    rig.time += SECOND
    rig.place("a1")
    rig.hear(refused(1, Outcome.AMBIGUOUS))
    rig.ask(commands.Status(A1))
    query = asked(rig, requests.QueryOrder)[-1]
    rig.hear(facts.RequestAnswered(request_id=query.request_id, order=proposed("v9")))
    answer = rig.answer_to(query.request_id)
    assert str(answer) == "The venue's answer does not say where the order stands."
    assert rig.status("a1") is OrderStatus.UNKNOWN
    assert asked(rig, requests.ListOpenOrders) == []


def test_an_execution_that_waited_from_history_on_completes_no_order_by_arithmetic() -> None:
    rig = lost_placement(TWO_FEEDS)
    young = evolve(trade("v1", "t1", 10), time=WALL + rig.time)
    assert rig.hear(facts.FillsListed(request_id=NOBODYS, trades=(young,))) == []
    assert rig.hear(acknowledged("v1", 1)) == ["Accepted", "Filled"]
    assert rig.status("a1") is OrderStatus.PARTIALLY_FILLED


def test_another_sessions_order_is_asked_for_after_growing_pauses_of_which_the_last_repeats() -> None:
    rig = Rig(rules=VenueRules(venue="TEST", query_delays=(SECOND, 2 * SECOND, 5 * SECOND)))
    rig.hear(acknowledged("v9", 8))
    rig.wait(1)
    rig.log_in()
    times = []
    for _ in range(6):
        query = ask_for(rig, requests.QueryOrder)
        times.append(rig.time)
        rig.hear(refused(query.request_id, Outcome.AMBIGUOUS))
    assert [(after - before) // SECOND for before, after in pairwise(times)] == [1, 2, 5, 5, 5]


def test_what_changed_of_an_order_while_its_turn_to_be_asked_for_came_counts_as_settled_by_the_login() -> None:
    """The fill comes in the message behind the answer that gives it its turn."""
    rig = Rig()
    for number in range(1, 18):
        rig.live(f"a{number}", f"v{number}")
    rig.lose_link()
    rig.log_in()
    queries = asked(rig, requests.QueryOrder)
    assert len(queries) == 16
    answers = [
        facts.RequestAnswered(request_id=query.request_id, order=view(query.venue_order_id)) for query in queries
    ]
    rig.hear(answers[0], facts.FillsListed(request_id=NOBODYS, trades=(trade("v17", "t1", 4),)))
    (last,) = asked(rig, requests.QueryOrder)
    rig.hear(*answers[1:])
    filled = view("v17", cumulative=Decimal(4), status=OrderStatus.PARTIALLY_FILLED)
    rig.hear(facts.RequestAnswered(request_id=last.request_id, order=filled))
    assert [event.settled for event in told(rig, events.Reconciled)] == [1]


def test_an_order_that_was_replaced_before_its_id_was_known_began_under_the_id_that_history_says_so_of() -> None:
    """Its present id is none of those: it goes on under one that no row has named yet, and under which it may fill."""
    rig = lost_placement(CHAINS)
    rig.records.clear()
    replaced_by_then = view("v1", 1, cumulative=Decimal(4), status=None, replaced=True)
    rig.hear(facts.OrderHistoryListed(request_id=RequestId(9), orders=(replaced_by_then,), cursor=None))
    (accepted,) = told(rig, events.Accepted)
    assert accepted.venue_order_id == "v1"
    assert told(rig, events.Updated) == []
    went_on = view("v2", 1, cumulative=Decimal(2), status=OrderStatus.CANCELED)
    rig.hear(facts.OrderHistoryListed(request_id=RequestId(9), orders=(replaced_by_then, went_on), cursor=None))
    (updated,) = told(rig, events.Updated)
    assert (updated.previous_venue_order_id, updated.venue_order_id) == ("v1", "v2")
    assert updated.venue_cumulative_base == 4
    rig.hear(facts.FillsListed(request_id=NOBODYS, trades=(trade("v1", "t1", 4), trade("v2", "t2", 2))))
    assert [(fill.fill_venue_order_id, fill.cumulative) for fill in told(rig, events.Filled)] == [("v1", 4), ("v2", 6)]
    assert told(rig, events.FillReport) == []
    assert rig.status("a1") is OrderStatus.CANCELED
