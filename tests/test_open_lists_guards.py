"""Lists of the open orders, of the user's and our own: which is under way, what they prove, and when they are read."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

import pytest

from protocol import commands, facts, requests
from protocol.dispatch.inputs import Admission, NotWritten
from protocol.errors import NotSent, RequestFailed
from protocol.facts import Outcome
from protocol.values import OrderStatus, RequestId
from protocol.venue import SECOND, VenueRules

from .order_life import Desk, acknowledged, canceled, refused, replaced, took, traded, view

HTTP_LISTS = frozenset({requests.ListOpenOrders})


def lists(desk: Desk) -> list[RequestId]:
    return [request.request_id for request in desk.sent() if isinstance(request, requests.ListOpenOrders)]


def history(desk: Desk) -> list[RequestId]:
    """Answers the readings of history with nothing. Gives the lists that were asked for meanwhile."""
    asked = []
    while sent := desk.sent():
        for request in sent:
            if isinstance(request, requests.ListOrderHistory):
                desk.hear(facts.OrderHistoryListed(request_id=request.request_id, orders=()))
            elif isinstance(request, requests.ListFills):
                desk.hear(facts.FillsListed(request_id=request.request_id, trades=()))
            elif isinstance(request, requests.ListOpenOrders):
                asked.append(request.request_id)
    return asked


def ask(desk: Desk) -> RequestId:
    """The user's question. Gives its number."""
    desk.ask(commands.OpenOrders())
    return RequestId(desk.numbers)


def auditing(**rules: Any) -> Desk:
    """A client that compares every minute, from 160 s on, and has one order."""
    desk = Desk(rules=VenueRules(venue="TEST", reads_history=True, audit_period=60 * SECOND, **rules))
    desk.live("a1", "v1")
    return desk


def next_audit(desk: Desk) -> list[RequestId]:
    """Which lists are asked for until the next minute is over."""
    until, found = desk.time + 60 * SECOND, history(desk)
    while desk.time < until:
        desk.wait(5)
        found += history(desk)
    return found


# The user's question


def test_a_question_draws_on_the_credit_that_it_was_asked_with() -> None:
    desk = Desk()
    desk.ask(commands.OpenOrders(), Admission.CANCEL)
    (send,) = desk.sends
    assert (send.request, send.admission) == (requests.ListOpenOrders(request_id=RequestId(1)), Admission.CANCEL)


def test_a_number_that_is_in_use_is_not_used_again() -> None:
    desk = Desk()
    number = ask(desk)
    desk.sent()
    desk.numbers -= 1
    answer = desk.ask(commands.OpenOrders())
    assert type(answer) is NotSent
    assert f"request {number} is still waiting" in str(answer)
    assert desk.sent() == []


def test_nothing_is_sent_without_a_connection() -> None:
    desk = Desk()
    desk.lose_link()
    answer = desk.ask(commands.OpenOrders())
    assert str(answer) == "The question for open orders was not sent: there is no connection to TEST at the moment."


def answers(desk: Desk) -> list[Any]:
    return [reply.value for reply in desk.replies]


def test_a_refused_question_is_over() -> None:
    desk = Desk()
    number = ask(desk)
    desk.hear(refused(number, Outcome.DEFINITE, "not now"))
    (answer,) = answers(desk)
    assert (type(answer), str(answer)) == (RequestFailed, "not now")
    desk.hear(took(number, orders=(view("v1", 1),)))
    assert desk.last.warnings == [f"An answer to request {number} came too late or twice, and was ignored."]


def test_a_lost_question_is_over() -> None:
    desk = Desk()
    number = ask(desk)
    desk.wait(9.9)
    assert answers(desk) == []
    desk.time += SECOND // 10
    desk.apply()
    (answer,) = answers(desk)
    assert (type(answer), str(answer)) == (RequestFailed, "The venue did not answer within 10 s. Ask again.")
    desk.hear(took(number, orders=()))
    assert desk.last.warnings == [f"An answer to request {number} came too late or twice, and was ignored."]


def test_a_question_that_was_not_written_is_over() -> None:
    desk = Desk()
    number = ask(desk)
    desk.apply(NotWritten([number], "The socket was closed."))
    (answer,) = answers(desk)
    assert (type(answer), str(answer)) == (NotSent, "The socket was closed.")


def test_an_answer_names_orders_of_ours_and_of_others() -> None:
    desk = Desk()
    desk.live("a1", "v1")
    number = ask(desk)
    desk.hear(took(number, orders=(view("v1", 1), view("X1", 77))))
    (reports,) = answers(desk)
    assert [(report.client_order_id, report.venue_order_id, report.venue_time) for report in reports] == [
        ("a1", "v1", 0),
        ("CID-77", "X1", 0),
    ]
    assert desk.events() == []


def test_a_list_tells_terms_that_have_changed_unheard() -> None:
    desk = Desk()
    desk.live("a1", "v1")
    desk.wait(1)
    number = ask(desk)
    assert desk.hear(took(number, orders=(view("v1", 1, price=Decimal("99.0")),))) == ["Updated"]
    (reports,) = answers(desk)
    assert reports[0].price == Decimal("99.0")


# An order that has ended here and is listed all the same


def test_an_order_that_has_ended_and_is_listed_twice_on_end_is_warned_about_once() -> None:
    desk = Desk()
    desk.live("a1", "v1")
    desk.hear(canceled("v1", 1))
    warnings = []
    for shown in (True, False, True, True, True, True):
        desk.wait(1)
        number = ask(desk)
        desk.hear(took(number, orders=(view("v1", 1),) if shown else ()))
        warnings.append(len(desk.last.warnings))
        if desk.last.warnings:
            assert desk.last.warnings == [
                "The venue lists order a1 as open, though it has ended here (CANCELED). Look at the venue, and cancel "
                "it there if you do not want it."
            ]
    assert warnings == [0, 0, 0, 1, 0, 0]


# What a list leaves out


def test_an_order_that_is_new_to_a_list_that_follows_behind_is_not_missed() -> None:
    rules = VenueRules(venue="TEST", lists_lag=60 * SECOND, http_requests=HTTP_LISTS)
    desk = Desk(rules=rules)
    desk.live("a1", "v1")  # at 100 s
    for waited, is_missed in ((60, False), (1, True)):
        desk.wait(waited)
        desk.sent()
        number = ask(desk)
        desk.hear(took(number, orders=()))
        desk.wait(2)
        asked = [request for request in desk.sent() if isinstance(request, requests.QueryOrder)]
        assert [request.venue_order_id for request in asked] == (["v1"] if is_missed else [])


def test_a_list_over_the_socket_does_not_follow_behind() -> None:
    """Whatever lag the venue's lists over HTTP may have."""
    desk = Desk(rules=VenueRules(venue="TEST", lists_lag=60 * SECOND))
    desk.live("a1", "v1")
    desk.wait(1)
    number = ask(desk)
    desk.hear(took(number, orders=()))
    desk.sent()
    desk.wait(2)
    assert [type(request) for request in desk.sent()] == [requests.QueryOrder]


@pytest.mark.parametrize(("later", "is_missed"), [(0, False), (1, True)], ids=["in that moment", "a moment later"])
def test_an_order_that_was_placed_before_a_list_was_asked_for_is_missed(later: int, is_missed: bool) -> None:
    desk = Desk()
    desk.live("a1", "v1")
    desk.time += later
    number = ask(desk)
    desk.hear(took(number, orders=()))
    desk.sent()
    desk.wait(2)
    asked = [request for request in desk.sent() if isinstance(request, requests.QueryOrder)]
    assert [request.venue_order_id for request in asked] == (["v1"] if is_missed else [])


def test_the_list_of_a_login_does_not_follow_behind() -> None:
    """Messages were lost, and the orders are listed again: one that a list left out a second ago is open."""
    rules = VenueRules(venue="TEST", lists_lag=60 * SECOND, http_requests=HTTP_LISTS)
    desk = Desk(rules=rules)
    desk.live("a1", "v1")
    desk.wait(100)
    desk.lose_link()
    desk.sent()
    desk.log_in()
    (query,) = [request for request in desk.sent() if isinstance(request, requests.QueryOrder)]
    desk.wait(1)
    again = facts.LoggedIn(user="u", orders=(view("v1", 1),), cancel_on_disconnect=False, heartbeat_timeout=None)
    desk.hear(again)
    desk.hear(refused(query.request_id, Outcome.AMBIGUOUS))
    desk.sent()
    desk.wait(60)
    assert desk.sent() == []


# Our own lists


def unnamed_terms(desk: Desk, old: str, new: str) -> None:
    """The venue shows the order under another id, without its quantity: its list is needed to tell that."""
    desk.hear(acknowledged(new, 1, quantity=None, cumulative=None))


def test_one_list_of_ours_at_a_time_is_under_way_and_another_one_follows_if_it_is_needed() -> None:
    desk = Desk()
    desk.live("a1", "v1")
    desk.wait(1)
    unnamed_terms(desk, "v1", "v2")
    (first,) = lists(desk)
    unnamed_terms(desk, "v2", "v3")
    unnamed_terms(desk, "v3", "v4")
    assert lists(desk) == []
    users = ask(desk)
    desk.sent()
    desk.hear(took(users, orders=(view("v4", 1),)))
    assert lists(desk) == [], "ours is on its way still"
    desk.hear(took(first, orders=(view("v4", 1),)))
    (second,) = lists(desk)
    desk.hear(took(second, orders=(view("v4", 1),)))
    assert lists(desk) == []


@pytest.mark.parametrize("how", ["refused", "not written", "lost"])
def test_when_a_list_of_ours_fails_the_one_that_is_needed_behind_it_is_asked_for(how: str) -> None:
    desk = Desk()
    desk.live("a1", "v1")
    desk.wait(1)
    unnamed_terms(desk, "v1", "v2")
    (first,) = lists(desk)
    unnamed_terms(desk, "v2", "v3")
    if how == "refused":
        desk.hear(refused(first, Outcome.DEFINITE))
    elif how == "not written":
        desk.apply(NotWritten([first], "no"))
    else:
        desk.wait(10)
    assert len(lists(desk)) == 1
    assert desk.replies == []


def test_no_list_is_asked_for_while_there_is_no_connection() -> None:
    desk = Desk()
    desk.live("a1", "v1")
    desk.wait(1)
    unnamed_terms(desk, "v1", "v2")
    unnamed_terms(desk, "v2", "v3")
    assert len(lists(desk)) == 1
    desk.lose_link()
    desk.wait(5)
    assert desk.sent() == []


def test_history_is_read_for_a_missing_order_from_the_last_list_that_showed_it() -> None:
    """Less a minute, since the clocks may be apart."""
    desk = auditing(absence_needs_history=True)
    (first,) = next_audit(desk)
    shown_at = desk.wall + desk.state._desk.flights.by_id[first].sent_at
    desk.hear(took(first, orders=(view("v1", 1),)))
    (second,) = next_audit(desk)
    desk.hear(took(second, orders=()))
    asked: list[requests.ListOrderHistory] = []
    while not asked:
        desk.wait(0.5)
        for request in desk.sent():
            if isinstance(request, requests.QueryOrder):
                desk.hear(refused(request.request_id, Outcome.NOT_FOUND))
            elif isinstance(request, requests.ListFills):
                desk.hear(facts.FillsListed(request_id=request.request_id, trades=()))
            elif isinstance(request, requests.ListOrderHistory):
                asked.append(request)
    assert asked[0].start == shown_at - 60 * SECOND


def test_no_list_is_asked_for_while_the_client_closes() -> None:
    desk = Desk()
    desk.live("a1", "v1")
    desk.place("a2")
    desk.ask(commands.Disconnect(grace=30 * SECOND), None)
    desk.sent()
    unnamed_terms(desk, "v1", "v2")
    assert lists(desk) == []


def test_a_list_over_http_that_a_lost_link_leaves_behind_holds_back_no_other_one() -> None:
    desk = auditing(http_requests=HTTP_LISTS)
    (late,) = next_audit(desk)
    unnamed_terms(desk, "v1", "v2")
    desk.lose_link()
    desk.sent()
    desk.log_in(view("v2", 1))
    (fresh,) = next_audit(desk)
    desk.hear(took(late, orders=(view("v2", 1),)))
    assert lists(desk) == [], "it was of the connection before"
    desk.hear(took(fresh, orders=(view("v2", 1),)))
    assert lists(desk) == [], "what the old one was to be followed by, the login has told"


def test_a_list_is_read_every_minute_while_an_order_is_open_and_never_two_at_once() -> None:
    desk = auditing()
    (first,) = next_audit(desk)
    desk.hear(took(first, orders=(view("v1", 1),)))
    (second,) = next_audit(desk)
    assert second != first


def test_without_an_order_no_list_is_read() -> None:
    desk = Desk(rules=VenueRules(venue="TEST", reads_history=True, audit_period=60 * SECOND))
    assert next_audit(desk) == []


@pytest.mark.parametrize("at_once", [False, True], ids=["", "and one of the same moment"])
def test_after_we_have_concluded_an_end_three_younger_lists_are_read(at_once: bool) -> None:
    """A fill made the order complete by its quantity; the venue did not say so. A list that was asked for in the same
    moment is no younger."""
    desk = auditing()
    desk.wait(1)
    history(desk)
    desk.hear(traded("v1", "t1", 10, 10, 1))
    assert desk.status("a1") is OrderStatus.FILLED
    if at_once:
        number = ask(desk)
        desk.sent()
        desk.hear(took(number, orders=()))
    counts = []
    for _ in range(6):
        asked = next_audit(desk)
        for number in asked:
            desk.hear(took(number, orders=()))
        counts.append(len(asked))
    assert counts == [1, 1, 1, 0, 0, 0]


def test_an_order_that_was_taken_for_another_sessions_and_has_ended_needs_no_list() -> None:
    """The first news of it came without its client id."""
    desk = Desk(rules=VenueRules(venue="TEST", reads_history=True, audit_period=60 * SECOND))
    desk.place("a1")
    placed = desk.numbers
    assert desk.hear(acknowledged("v1")) == ["OrderStatusReport"]
    desk.hear(took(placed, "v1"), acknowledged("v1", 1), canceled("v1", 1))
    (number,) = next_audit(desk)
    desk.hear(took(number, orders=()))
    assert next_audit(desk) == []


def test_after_an_end_that_the_venue_told_no_list_is_read() -> None:
    desk = auditing()
    desk.wait(1)
    history(desk)
    desk.hear(traded("v1", "t1", 10, 10, 1, final=True))
    assert desk.status("a1") is OrderStatus.FILLED
    assert next_audit(desk) == []


def test_a_second_conclusion_has_three_lists_of_its_own() -> None:
    desk = auditing()
    desk.live("a2", "v2")
    desk.wait(1)
    history(desk)
    desk.hear(traded("v1", "t1", 10, 10, 1))
    counts = []
    for number in range(6):
        if number == 2:
            desk.hear(traded("v2", "t2", 10, 10, 2))
        asked = next_audit(desk)
        for each in asked:
            desk.hear(took(each, orders=(view("v2", 2),) if number < 2 else ()))
        counts.append(len(asked))
    assert counts == [1, 1, 1, 1, 1, 0]


def test_a_change_of_terms_that_is_told_whole_needs_no_list() -> None:
    desk = Desk()
    desk.live("a1", "v1")
    desk.hear(replaced("v1", "v2", 1))
    assert lists(desk) == []
