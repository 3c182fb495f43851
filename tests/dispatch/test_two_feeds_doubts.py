"""A venue with two feeds: orders of others, changes, cancels, and orders that nobody knows."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

import pytest

from protocol import commands, events, facts, requests
from protocol.dispatch.inputs import LinkUp, NotWritten
from protocol.facts import Outcome
from protocol.structs import evolve
from protocol.values import ClientOrderId, OrderStatus, RequestId, VenueOrderId
from protocol.venue import SECOND

from ..guarding import NOBODYS
from ..order_life import WALL, Rig, acknowledged, canceled, refused, replaced, took, trade, traded, view
from ..two_feeds import RULES, filled, history, new_rig, removed, wait_for_question


def fate(rig: Rig, *orders: facts.OrderView) -> list[str]:
    """Answers the question for what became of orders."""
    asked = [request for request in rig.sent() if isinstance(request, requests.ListOrderHistory)]
    assert asked, "nobody asked what became of orders"
    return rig.hear(facts.OrderHistoryListed(request_id=asked[-1].request_id, orders=orders))


# Others' orders


def test_the_full_fill_of_another_sessions_order_is_told_once_beside_its_fills() -> None:
    rig = new_rig()
    assert rig.hear(removed("X1", 10, OrderStatus.FILLED)) == ["OrderStatusReport"]
    assert rig.hear(filled("X1", "t1", 10)) == ["FillReport"]
    assert rig.hear(removed("X1", 10, OrderStatus.FILLED)) == []
    assert rig.hear(filled("X1", "t1", 10)) == []


def test_a_change_is_told_with_its_own_time() -> None:
    rig = new_rig()
    rig.live("a1", "V1")
    later = view("V1", 1, price=Decimal("99.0"), time=WALL)
    rig.hear(facts.OrderReplaced(time=WALL + SECOND, order=later, new_venue_order_id=None, replacement=None))
    updated = rig.events()[-1]
    assert isinstance(updated, events.Updated)
    assert updated.venue_time == WALL + SECOND


def test_the_cancel_of_another_sessions_order_is_a_report() -> None:
    rig = new_rig()
    assert rig.hear(removed("X1", 4)) == ["OrderStatusReport"]


def test_a_message_about_an_order_without_an_instrument_is_left_out_aloud() -> None:
    rig = new_rig()
    fact = canceled("X1")
    assert rig.hear(evolve(fact, order=evolve(fact.order, symbol=""))) == []
    assert "X1" in rig.last.warnings[0]


def test_fills_from_before_this_client_began_are_not_reported_unasked() -> None:
    rig = new_rig()
    old = evolve(trade("X1", "t1", 1), time=WALL - 3600 * SECOND)
    new = evolve(trade("X2", "t2", 1), time=WALL + 3600 * SECOND)
    listed = facts.FillsListed(request_id=RequestId(0), trades=(old, new))
    assert rig.hear(listed) == ["FillReport"]
    assert rig.hear(listed) == []


# Changes and cancels


def test_a_refused_change_is_told_without_a_request_number() -> None:
    rig = new_rig()
    rig.live("a1", "V1")
    rig.ask(commands.Replace(client_order_id=ClientOrderId("a1"), instrument="GOLD.TEST", quantity=Decimal(5)))
    fact = facts.ReplaceRefused(venue_order_id=VenueOrderId("V1"), wire_id=1, reason="gone", time=WALL)
    assert rig.hear(fact) == ["ReplaceRejected"]
    assert rig.hear(fact) == []
    assert rig.status("a1") is OrderStatus.ACCEPTED


def test_a_cancel_that_overtakes_its_order_is_sent_again() -> None:
    rig = new_rig()
    rig.place("a1")
    rig.ask(commands.Cancel(ClientOrderId("a1")))
    rig.sent()
    assert rig.hear(refused(rig.numbers, Outcome.NOT_FOUND)) == []
    rig.wait(0.2)
    (again,) = rig.sent()
    assert isinstance(again, requests.CancelOrder)
    assert rig.hear(took(1, "V1"), acknowledged("V1", 1), canceled("V1", 1)) == ["Accepted", "Canceled"]


@pytest.mark.parametrize(("age", "told"), [(0.9, []), (1, ["CancelRejected"]), (5, ["CancelRejected"])])
def test_a_cancel_of_an_order_long_known_that_is_not_found_is_refused(age: float, told: list[str]) -> None:
    """One that the venue may not know yet is canceled again."""
    rig = new_rig()
    rig.live("a1", "V1")
    rig.wait(age)
    rig.ask(commands.Cancel(ClientOrderId("a1")))
    assert rig.hear(refused(rig.numbers, Outcome.NOT_FOUND)) == told


# Orders that nobody knows


def lost_placement(rig: Rig) -> requests.QueryOrder:
    """An order whose answer was lost; the status query that follows."""
    rig.place("a1")
    rig.hear(refused(1, Outcome.AMBIGUOUS, "the connection broke"))
    assert rig.status("a1") is OrderStatus.UNKNOWN
    rig.sent()
    rig.wait(6)
    query = next(request for request in rig.sent() if isinstance(request, requests.QueryOrder))
    return query


def unknown_to_questions(rig: Rig) -> None:
    """Asked until the question came late enough to prove something, and answered every time with: no such order."""
    query = lost_placement(rig)
    rig.hear(refused(query.request_id, Outcome.NOT_FOUND))
    for _ in range(10):
        if any(isinstance(send.request, requests.ListFills) for send in rig.sends):
            return
        rig.wait(16)
        for request in [send.request for send in rig.sends]:
            if isinstance(request, requests.QueryOrder):
                rig.hear(refused(request.request_id, Outcome.NOT_FOUND))


def test_no_such_order_proves_nothing_before_history_says_so_too() -> None:
    rig = new_rig(audit_period=3600 * SECOND)
    unknown_to_questions(rig)
    assert rig.status("a1") is OrderStatus.UNKNOWN
    history(rig)
    assert rig.status("a1") is OrderStatus.UNKNOWN
    while rig.status("a1") is OrderStatus.UNKNOWN:
        sends = [send.request for send in rig.sends]
        assert sends
        request = sends[-1]
        rig.sends.clear()
        if isinstance(request, requests.ListOrderHistory):
            rig.hear(facts.OrderHistoryListed(request_id=request.request_id, orders=()))
        else:
            rig.wait(2)
            history(rig)
    assert rig.status("a1") is OrderStatus.DENIED


def test_an_order_that_questions_no_longer_know_is_found_in_history() -> None:
    rig = new_rig(audit_period=3600 * SECOND)
    unknown_to_questions(rig)
    history(rig)
    if not any(isinstance(send.request, requests.ListOrderHistory) for send in rig.sends):
        rig.wait(2)
        history(rig)
    assert fate(rig, view("V1", 1, status=OrderStatus.CANCELED, reason="CANCEL")) == ["Accepted", "Canceled"]


def test_a_step_of_an_order_that_history_tells_says_nothing_of_the_steps_behind_it() -> None:
    """Both orders were canceled while the link was down. Where a2 stands, the venue does not answer; the history that
    is read for a1 tells on its first page that both were placed, and on the second that both were canceled."""
    rig = new_rig(audit_period=3600 * SECOND)
    rig.live("a1", "V1")
    rig.live("a2", "V2")
    rig.wait(10)
    rig.lose_link()
    rig.log_in()
    first = next(send.request for send in rig.sends if isinstance(send.request, requests.QueryOrder))
    assert first.venue_order_id == "V1"
    rig.hear(refused(first.request_id, Outcome.NOT_FOUND))
    history(rig)
    rig.wait(1)
    history(rig)
    (page,) = [send.request for send in rig.sends if isinstance(send.request, requests.ListOrderHistory)]
    placed = tuple(evolve(view(f"V{number}", number), as_of=WALL + 100 * SECOND) for number in (1, 2))
    assert rig.hear(facts.OrderHistoryListed(request_id=page.request_id, orders=placed, cursor="next")) == []
    ended = (evolve(row, status=OrderStatus.CANCELED, ended=row.as_of + SECOND) for row in placed)
    assert fate(rig, *ended) == ["Canceled", "Canceled", "Reconciled"]


def test_a_change_in_place_that_is_the_first_news_of_an_order_is_its_own() -> None:
    """The message that it was accepted was lost, and another session has changed both its quantity and its price."""
    rig = new_rig(changes_in_place=True)
    rig.place("a1")
    placed_at = WALL + 100 * SECOND
    other = view("V1", 1, quantity=Decimal(14), price=Decimal("99.0"), time=placed_at)
    told = facts.OrderReplaced(time=placed_at + SECOND, order=other, new_venue_order_id=None, replacement=None)
    assert rig.hear(told) == ["Accepted", "Updated"]
    assert rig.hear(filled("V1", "t1", 4)) == ["Filled"]


def test_a_change_that_history_tells_takes_back_none_that_was_heard_later() -> None:
    rig = new_rig(audit_period=3600 * SECOND)
    rig.live("a1", "V1")
    rig.wait(10)
    assert rig.hear(replaced("V1", "V1", 1, quantity=Decimal(7))) == ["Updated"]
    rig.lose_link()
    rig.log_in()
    (query,) = [send.request for send in rig.sends if isinstance(send.request, requests.QueryOrder)]
    rig.hear(refused(query.request_id, Outcome.NOT_FOUND))
    history(rig)
    rig.wait(1)
    history(rig)
    assert fate(rig, evolve(view("V1", 1), as_of=WALL + 100 * SECOND)) == []
    assert rig.state.orders.live[ClientOrderId("a1")].quantity == 7


def test_a_fill_in_history_finds_its_order_by_the_wire_id() -> None:
    rig = new_rig(audit_period=3600 * SECOND)
    unknown_to_questions(rig)
    fill = evolve(trade("V1", "t1", 10), wire_id=1, time=WALL + 100 * SECOND)
    assert history(rig, fill) == ["Accepted", "Filled"]


def test_a_fill_from_before_an_order_was_placed_is_none_of_its_own_whatever_client_id_it_names() -> None:
    """Names may be used again at the venues once the older order has ended."""
    rig = new_rig(audit_period=3600 * SECOND)
    unknown_to_questions(rig)
    older = evolve(trade("V0", "t0", 10), wire_id=1, time=WALL + 39 * SECOND)
    assert history(rig, older) == []
    assert rig.status("a1") is OrderStatus.UNKNOWN


def test_an_order_that_history_fills_whole_and_that_the_venue_shows_nowhere_any_more_is_complete() -> None:
    """Not a message of it came on the stream, and by now the venue has forgotten how it ended."""
    rig = new_rig()
    rig.live("a1", "V1")
    wait_for_question(rig, 61)
    assert history(rig, trade("V1", "t1", 10)) == ["Filled"]
    rig.wait(2)
    (query,) = [send.request for send in rig.sends if isinstance(send.request, requests.QueryOrder)]
    rig.sends.clear()
    assert rig.hear(refused(query.request_id, Outcome.NOT_FOUND)) == [], "history is asked, too"
    assert rig.status("a1") is OrderStatus.PARTIALLY_FILLED
    wait_for_question(rig, 5)
    assert history(rig) == []
    assert fate(rig) == ["Completed"]
    completed = rig.events()[-1]
    assert isinstance(completed, events.Completed)
    assert completed.concluded, "that is our own conclusion, which the venue may contradict"


def test_an_answer_that_follows_behind_says_nothing_of_an_order_that_it_cannot_know_yet() -> None:
    """Somebody else changed the order to more and canceled it while the link was down; more was heard to fill than is
    known of. Its answer about orders is a minute old."""
    rig = new_rig(lists_lag=60 * SECOND, http_requests=frozenset({requests.QueryOrder}), absence_needs_history=False)
    rig.live("a1", "V1")
    rig.lose_link()
    rig.hear(facts.FillsListed(request_id=NOBODYS, trades=(trade("V1", "t1", 10),), cursor=None))
    rig.log_in()
    told: list[str] = []
    for _ in range(30):
        for request in rig.sent():
            if isinstance(request, requests.QueryOrder):
                told += rig.hear(refused(request.request_id, Outcome.NOT_FOUND))
        told += rig.wait(1)
    assert not {"Completed", "StatusUnknown"} & set(told)


def next_query(rig: Rig) -> requests.QueryOrder:
    """Lets time pass until an order is asked for."""
    rig.wait_for_sends()
    (query,) = [request for request in rig.sent() if isinstance(request, requests.QueryOrder)]
    return query


FOLLOWING: dict[str, Any] = {
    "lists_lag": 60 * SECOND,
    "http_requests": frozenset({requests.QueryOrder}),
    "reads_history": False,
}


def test_an_order_that_a_login_leaves_out_lives_only_by_an_answer_that_is_younger_than_that() -> None:
    """It was placed and canceled while nobody listened; the venue's answers about orders are a minute old."""
    rig = new_rig(**FOLLOWING)
    rig.place("a1")
    rig.lose_link()
    rig.wait(10)
    rig.log_in()
    assert rig.hear(took(next_query(rig).request_id, order=view("V1", 1))) == ["Accepted"]
    for _ in range(4):
        assert rig.hear(took(next_query(rig).request_id, order=view("V1", 1))) == []
    ended = view("V1", 1, status=OrderStatus.CANCELED)
    assert rig.hear(took(next_query(rig).request_id, order=ended)) == ["Canceled", "Reconciled"]


def test_an_order_that_was_in_question_before_the_login_that_leaves_it_out_is_so_after_it() -> None:
    """Another session changed and canceled it; that it was changed proves nothing of how it stands now."""
    rig = new_rig(**FOLLOWING)
    rig.live("a1", "V1")
    rig.lose_link()
    rig.log_in()
    rig.wait(50)
    rig.lose_link()
    rig.log_in()
    rig.sends = rig.sends[-1:]
    changed = view("V1", 1, price=Decimal("99.0"))
    for _ in range(5):
        assert "Reconciled" not in rig.hear(took(next_query(rig).request_id, order=changed))
    ended = view("V1", 1, status=OrderStatus.CANCELED)
    assert rig.hear(took(next_query(rig).request_id, order=ended)) == ["Canceled", "Reconciled"]


def test_an_order_that_the_venue_shows_nowhere_any_more_and_that_was_filled_in_part_is_unknown() -> None:
    rig = new_rig()
    rig.live("a1", "V1")
    rig.hear(filled("V1", "t1", 9))
    rig.lose_link()
    rig.log_in()
    told: list[str] = []
    for _ in range(60):
        for request in rig.sent():
            if isinstance(request, requests.QueryOrder):
                told += rig.hear(refused(request.request_id, Outcome.NOT_FOUND))
            elif isinstance(request, requests.ListFills):
                told += rig.hear(facts.FillsListed(request_id=request.request_id, trades=()))
            elif isinstance(request, requests.ListOrderHistory):
                told += rig.hear(facts.OrderHistoryListed(request_id=request.request_id, orders=()))
        told += rig.wait(1)
    assert "StatusUnknown" in told
    assert "Completed" not in told


# Cancelling what may live


def own_cancels(rig: Rig) -> list[requests.CancelOrder]:
    return [request for request in rig.sent() if isinstance(request, requests.CancelOrder)]


def test_an_order_whose_answer_is_lost_is_canceled_if_that_is_wanted() -> None:
    rig = new_rig(cancel_unknown=True)
    rig.place("a1")
    rig.sent()
    assert rig.hear(refused(1, Outcome.AMBIGUOUS)) == ["StatusUnknown"]
    rig.wait(0.1)
    (cancel,) = own_cancels(rig)
    assert cancel.wire_id == 1
    assert rig.hear(acknowledged("V1", 1), took(cancel.request_id), canceled("V1", 1)) == ["Accepted", "Canceled"]


def test_a_cancel_that_nobody_asked_for_fails_in_silence() -> None:
    rig = new_rig(cancel_unknown=True, freshness=0)
    rig.place("a1")
    rig.sent()
    rig.hear(refused(1, Outcome.AMBIGUOUS))
    rig.wait(0.1)
    (cancel,) = own_cancels(rig)
    assert rig.hear(refused(cancel.request_id, Outcome.NOT_FOUND)) == []


def test_an_order_lost_with_its_connection_is_canceled_after_the_next_login() -> None:
    rig = new_rig(cancel_unknown=True, http_requests=frozenset())
    rig.place("a1")
    assert rig.lose_link() == ["Disconnected", "StatusUnknown"]
    rig.wait(1)
    rig.sent()
    rig.log_in()
    assert len(own_cancels(rig)) == 1


def test_unless_it_is_wanted_nothing_is_canceled() -> None:
    rig = new_rig()
    rig.place("a1")
    rig.sent()
    rig.hear(refused(1, Outcome.AMBIGUOUS))
    rig.wait(5)
    assert own_cancels(rig) == []


# Reading history


def test_after_a_lost_connection_history_is_read_before_all_is_reconciled() -> None:
    rig = new_rig()
    rig.live("a1", "V1")
    rig.lose_link()
    names = rig.log_in(view("V1", 1))
    assert names == ["Reconnected", "Authenticated"]
    assert history(rig, trade("V1", "t1", 2)) == ["Filled", "Reconciled"]


def test_at_the_first_login_there_is_nothing_to_read() -> None:
    rig = Rig(rules=RULES, logged_in=False)
    assert rig.log_in() == ["Connected", "Authenticated", "Reconciled"]
    assert rig.sent() == []


def test_history_is_read_from_time_to_time() -> None:
    rig = new_rig()
    rig.live("a1", "V1")
    wait_for_question(rig, 61)
    assert history(rig, trade("V1", "t1", 10)) == ["Filled"]
    assert rig.status("a1") is OrderStatus.PARTIALLY_FILLED, "history may lack a change to more of it"
    (query,) = [request for request in rig.sent() if isinstance(request, requests.QueryOrder)]
    ended = view("V1", 1, status=OrderStatus.FILLED, cumulative=Decimal(10))
    assert rig.hear(took(query.request_id, order=ended)) == ["Completed"]
    wait_for_question(rig, 61)
    assert history(rig) == [], "it has no more of it"


def test_a_fill_of_another_session_is_told_though_nothing_was_heard_of_its_order_and_nothing_is_open_here() -> None:
    rig = new_rig()
    wait_for_question(rig, 61)
    assert history(rig) == []
    wait_for_question(rig, 61)
    missed = evolve(trade("X1", "t1", 10), time=WALL + 190 * SECOND)
    assert history(rig, missed) == ["FillReport"]


def test_history_that_cannot_be_read_is_read_later() -> None:
    rig = new_rig(audit_period=3600 * SECOND)
    rig.live("a1", "V1")
    rig.hear(removed("V1", 6))
    request = wait_for_question(rig, 3)
    rig.sends.clear()
    rig.hear(refused(request.request_id, Outcome.THROTTLED))
    request = wait_for_question(rig, 3)
    rig.sends.clear()
    rig.apply(NotWritten([request.request_id], "no connection"))
    wait_for_question(rig, 3)
    rig.sends.clear()  # and this one is never answered
    wait_for_question(rig, 140)
    assert history(rig, trade("V1", "t1", 6)) == ["Filled", "Canceled"]


def test_history_is_read_page_by_page() -> None:
    rig = new_rig()
    rig.live("a1", "V1")
    rig.hear(removed("V1", 6))
    rig.wait(1.5)
    assert history(rig, trade("V1", "t2", 2), cursor="older") == ["Filled"]
    (following,) = [send.request for send in rig.sends]
    assert isinstance(following, requests.ListFills)
    assert following.cursor == "older"
    assert history(rig, trade("V1", "t1", 4)) == ["Filled", "Canceled"]


def test_a_reading_that_outlives_its_connection_still_counts() -> None:
    rig = new_rig()
    rig.live("a1", "V1")
    rig.hear(removed("V1", 6))
    rig.wait(1.5)
    (request,) = rig.sent()
    rig.lose_link()
    rig.apply(LinkUp(2, "ws://test"))
    listed = facts.FillsListed(request_id=request.request_id, trades=(trade("V1", "t1", 6),))
    assert rig.hear(listed) == ["Filled", "Canceled"]


def test_a_fill_told_by_an_answer_and_by_the_feed_is_one_fill() -> None:
    rig = new_rig()
    rig.place("a1")
    answer = traded("V1", "t1", 4, 4, 1, status=None)
    assert rig.hear(took(1, "V1"), acknowledged("V1", 1), answer) == ["Accepted", "Filled"]
    assert rig.hear(filled("V1", "t1", 4)) == []
