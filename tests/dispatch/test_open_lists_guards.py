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

from ..order_life import Rig, acknowledged, canceled, refused, replaced, took, traded, view

HTTP_LISTS = frozenset({requests.ListOpenOrders})


def lists(rig: Rig) -> list[RequestId]:
    return [request.request_id for request in rig.sent() if isinstance(request, requests.ListOpenOrders)]


def history(rig: Rig) -> list[RequestId]:
    """Answers the readings of history with nothing. Gives the lists that were asked for meanwhile."""
    asked = []
    while sent := rig.sent():
        for request in sent:
            if isinstance(request, requests.ListOrderHistory):
                rig.hear(facts.OrderHistoryListed(request_id=request.request_id, orders=()))
            elif isinstance(request, requests.ListFills):
                rig.hear(facts.FillsListed(request_id=request.request_id, trades=()))
            elif isinstance(request, requests.ListOpenOrders):
                asked.append(request.request_id)
    return asked


def ask(rig: Rig) -> RequestId:
    """The user's question. Gives its number."""
    rig.ask(commands.OpenOrders())
    return RequestId(rig.numbers)


def auditing(**rules: Any) -> Rig:
    """A client that compares every minute, from 160 s on, and has one order."""
    rig = Rig(rules=VenueRules(venue="TEST", reads_history=True, audit_period=60 * SECOND, **rules))
    rig.live("a1", "v1")
    return rig


def next_audit(rig: Rig) -> list[RequestId]:
    """Which lists are asked for until the next minute is over."""
    until, found = rig.time + 60 * SECOND, history(rig)
    while rig.time < until:
        rig.wait(5)
        found += history(rig)
    return found


# The user's question


def test_a_question_draws_on_the_credit_that_it_was_asked_with() -> None:
    rig = Rig()
    rig.ask(commands.OpenOrders(), Admission.CANCEL)
    (send,) = rig.sends
    assert (send.request, send.admission) == (requests.ListOpenOrders(request_id=RequestId(1)), Admission.CANCEL)


def test_a_number_that_is_in_use_is_not_used_again() -> None:
    rig = Rig()
    number = ask(rig)
    rig.sent()
    rig.numbers -= 1
    answer = rig.ask(commands.OpenOrders())
    assert type(answer) is NotSent
    assert f"request {number} is still waiting" in str(answer)
    assert rig.sent() == []


def test_nothing_is_sent_without_a_connection() -> None:
    rig = Rig()
    rig.lose_link()
    answer = rig.ask(commands.OpenOrders())
    assert str(answer) == "The question for open orders was not sent: there is no connection to TEST at the moment."


def answers(rig: Rig) -> list[Any]:
    return [reply.value for reply in rig.replies]


def test_a_refused_question_is_over() -> None:
    rig = Rig()
    number = ask(rig)
    rig.hear(refused(number, Outcome.DEFINITE, "not now"))
    (answer,) = answers(rig)
    assert (type(answer), str(answer)) == (RequestFailed, "not now")
    rig.hear(took(number, orders=(view("v1", 1),)))
    assert rig.last.warnings == [f"An answer to request {number} came too late or twice, and was ignored."]


def test_a_lost_question_is_over() -> None:
    rig = Rig()
    number = ask(rig)
    rig.wait(9.9)
    assert answers(rig) == []
    rig.time += SECOND // 10
    rig.apply()
    (answer,) = answers(rig)
    assert (type(answer), str(answer)) == (RequestFailed, "The venue did not answer within 10 s. Ask again.")
    rig.hear(took(number, orders=()))
    assert rig.last.warnings == [f"An answer to request {number} came too late or twice, and was ignored."]


def test_a_question_that_was_not_written_is_over() -> None:
    rig = Rig()
    number = ask(rig)
    rig.apply(NotWritten([number], "The socket was closed."))
    (answer,) = answers(rig)
    assert (type(answer), str(answer)) == (NotSent, "The socket was closed.")


def test_an_answer_names_orders_of_ours_and_of_others() -> None:
    rig = Rig()
    rig.live("a1", "v1")
    number = ask(rig)
    rig.hear(took(number, orders=(view("v1", 1), view("X1", 77))))
    (reports,) = answers(rig)
    assert [(report.client_order_id, report.venue_order_id, report.venue_time) for report in reports] == [
        ("a1", "v1", 0),
        ("CID-77", "X1", 0),
    ]
    assert rig.events() == []


def test_a_list_tells_terms_that_have_changed_unheard() -> None:
    rig = Rig()
    rig.live("a1", "v1")
    rig.wait(1)
    number = ask(rig)
    assert rig.hear(took(number, orders=(view("v1", 1, price=Decimal("99.0")),))) == ["Updated"]
    (reports,) = answers(rig)
    assert reports[0].price == Decimal("99.0")


# An order that has ended here and is listed all the same


def test_an_order_that_has_ended_and_is_listed_twice_on_end_is_warned_about_once() -> None:
    rig = Rig()
    rig.live("a1", "v1")
    rig.hear(canceled("v1", 1))
    warnings = []
    for shown in (True, False, True, True, True, True):
        rig.wait(1)
        number = ask(rig)
        rig.hear(took(number, orders=(view("v1", 1),) if shown else ()))
        warnings.append(len(rig.last.warnings))
        if rig.last.warnings:
            assert rig.last.warnings == [
                "The venue lists order a1 as open, though it has ended here (CANCELED). Look at the venue, and cancel "
                "it there if you do not want it."
            ]
    assert warnings == [0, 0, 0, 1, 0, 0]


# What a list leaves out


def test_an_order_that_is_new_to_a_list_that_follows_behind_is_not_missed() -> None:
    rules = VenueRules(venue="TEST", lists_lag=60 * SECOND, http_requests=HTTP_LISTS)
    rig = Rig(rules=rules)
    rig.live("a1", "v1")  # at 100 s
    for waited, is_missed in ((60, False), (1, True)):
        rig.wait(waited)
        rig.sent()
        number = ask(rig)
        rig.hear(took(number, orders=()))
        rig.wait(2)
        asked = [request for request in rig.sent() if isinstance(request, requests.QueryOrder)]
        assert [request.venue_order_id for request in asked] == (["v1"] if is_missed else [])


def test_a_list_over_the_socket_does_not_follow_behind() -> None:
    """Whatever lag the venue's lists over HTTP may have."""
    rig = Rig(rules=VenueRules(venue="TEST", lists_lag=60 * SECOND))
    rig.live("a1", "v1")
    rig.wait(1)
    number = ask(rig)
    rig.hear(took(number, orders=()))
    rig.sent()
    rig.wait(2)
    assert [type(request) for request in rig.sent()] == [requests.QueryOrder]


@pytest.mark.parametrize(("later", "is_missed"), [(0, False), (1, True)], ids=["in that moment", "a moment later"])
def test_an_order_that_was_placed_before_a_list_was_asked_for_is_missed(later: int, is_missed: bool) -> None:
    rig = Rig()
    rig.live("a1", "v1")
    rig.time += later
    number = ask(rig)
    rig.hear(took(number, orders=()))
    rig.sent()
    rig.wait(2)
    asked = [request for request in rig.sent() if isinstance(request, requests.QueryOrder)]
    assert [request.venue_order_id for request in asked] == (["v1"] if is_missed else [])


def test_the_list_of_a_login_does_not_follow_behind() -> None:
    """Messages were lost, and the orders are listed again: one that a list left out a second ago is open."""
    rules = VenueRules(venue="TEST", lists_lag=60 * SECOND, http_requests=HTTP_LISTS)
    rig = Rig(rules=rules)
    rig.live("a1", "v1")
    rig.wait(100)
    rig.lose_link()
    rig.sent()
    rig.log_in()
    (query,) = [request for request in rig.sent() if isinstance(request, requests.QueryOrder)]
    rig.wait(1)
    again = facts.LoggedIn(user="u", orders=(view("v1", 1),), cancel_on_disconnect=False, heartbeat_timeout=None)
    rig.hear(again)
    rig.hear(refused(query.request_id, Outcome.AMBIGUOUS))
    rig.sent()
    rig.wait(60)
    assert rig.sent() == []


# Our own lists


def unnamed_terms(rig: Rig, old: str, new: str) -> None:
    """The venue shows the order under another id, without its quantity: its list is needed to tell that."""
    rig.hear(acknowledged(new, 1, quantity=None, cumulative=None))


def test_one_list_of_ours_at_a_time_is_under_way_and_another_one_follows_if_it_is_needed() -> None:
    rig = Rig()
    rig.live("a1", "v1")
    rig.wait(1)
    unnamed_terms(rig, "v1", "v2")
    (first,) = lists(rig)
    unnamed_terms(rig, "v2", "v3")
    unnamed_terms(rig, "v3", "v4")
    assert lists(rig) == []
    users = ask(rig)
    rig.sent()
    rig.hear(took(users, orders=(view("v4", 1),)))
    assert lists(rig) == [], "ours is on its way still"
    rig.hear(took(first, orders=(view("v4", 1),)))
    (second,) = lists(rig)
    rig.hear(took(second, orders=(view("v4", 1),)))
    assert lists(rig) == []


@pytest.mark.parametrize("how", ["refused", "not written", "lost"])
def test_when_a_list_of_ours_fails_the_one_that_is_needed_behind_it_is_asked_for(how: str) -> None:
    rig = Rig()
    rig.live("a1", "v1")
    rig.wait(1)
    unnamed_terms(rig, "v1", "v2")
    (first,) = lists(rig)
    unnamed_terms(rig, "v2", "v3")
    if how == "refused":
        rig.hear(refused(first, Outcome.DEFINITE))
    elif how == "not written":
        rig.apply(NotWritten([first], "no"))
    else:
        rig.wait(10)
    assert len(lists(rig)) == 1
    assert rig.replies == []


def test_no_list_is_asked_for_while_there_is_no_connection() -> None:
    rig = Rig()
    rig.live("a1", "v1")
    rig.wait(1)
    unnamed_terms(rig, "v1", "v2")
    unnamed_terms(rig, "v2", "v3")
    assert len(lists(rig)) == 1
    rig.lose_link()
    rig.wait(5)
    assert rig.sent() == []


def test_history_is_read_for_a_missing_order_from_the_last_list_that_showed_it() -> None:
    """Less a minute, since the clocks may be apart."""
    rig = auditing(absence_needs_history=True)
    (first,) = next_audit(rig)
    shown_at = rig.wall + rig.state._context.flights.by_id[first].sent_at
    rig.hear(took(first, orders=(view("v1", 1),)))
    (second,) = next_audit(rig)
    rig.hear(took(second, orders=()))
    asked: list[requests.ListOrderHistory] = []
    while not asked:
        rig.wait(0.5)
        for request in rig.sent():
            if isinstance(request, requests.QueryOrder):
                rig.hear(refused(request.request_id, Outcome.NOT_FOUND))
            elif isinstance(request, requests.ListFills):
                rig.hear(facts.FillsListed(request_id=request.request_id, trades=()))
            elif isinstance(request, requests.ListOrderHistory):
                asked.append(request)
    assert asked[0].start == shown_at - 60 * SECOND


def test_no_list_is_asked_for_while_the_client_closes() -> None:
    rig = Rig()
    rig.live("a1", "v1")
    rig.place("a2")
    rig.ask(commands.Disconnect(grace=30 * SECOND), None)
    rig.sent()
    unnamed_terms(rig, "v1", "v2")
    assert lists(rig) == []


def test_a_list_over_http_that_a_lost_link_leaves_behind_holds_back_no_other_one() -> None:
    rig = auditing(http_requests=HTTP_LISTS)
    (late,) = next_audit(rig)
    unnamed_terms(rig, "v1", "v2")
    rig.lose_link()
    rig.sent()
    rig.log_in(view("v2", 1))
    (fresh,) = next_audit(rig)
    rig.hear(took(late, orders=(view("v2", 1),)))
    assert lists(rig) == [], "it was of the connection before"
    rig.hear(took(fresh, orders=(view("v2", 1),)))
    assert lists(rig) == [], "what the old one was to be followed by, the login has told"


def test_a_list_is_read_every_minute_while_an_order_is_open_and_never_two_at_once() -> None:
    rig = auditing()
    (first,) = next_audit(rig)
    rig.hear(took(first, orders=(view("v1", 1),)))
    (second,) = next_audit(rig)
    assert second != first


def test_without_an_order_no_list_is_read() -> None:
    rig = Rig(rules=VenueRules(venue="TEST", reads_history=True, audit_period=60 * SECOND))
    assert next_audit(rig) == []


@pytest.mark.parametrize("at_once", [False, True], ids=["", "and one of the same moment"])
def test_after_we_have_concluded_an_end_three_younger_lists_are_read(at_once: bool) -> None:
    """A fill made the order complete by its quantity; the venue did not say so. A list that was asked for in the same
    moment is no younger."""
    rig = auditing()
    rig.wait(1)
    history(rig)
    rig.hear(traded("v1", "t1", 10, 10, 1))
    assert rig.status("a1") is OrderStatus.FILLED
    if at_once:
        number = ask(rig)
        rig.sent()
        rig.hear(took(number, orders=()))
    counts = []
    for _ in range(6):
        asked = next_audit(rig)
        for number in asked:
            rig.hear(took(number, orders=()))
        counts.append(len(asked))
    assert counts == [1, 1, 1, 0, 0, 0]


def test_an_order_that_was_taken_for_another_sessions_and_has_ended_needs_no_list() -> None:
    """The first news of it came without its client id."""
    rig = Rig(rules=VenueRules(venue="TEST", reads_history=True, audit_period=60 * SECOND))
    rig.place("a1")
    placed = rig.numbers
    assert rig.hear(acknowledged("v1")) == ["OrderStatusReport"]
    rig.hear(took(placed, "v1"), acknowledged("v1", 1), canceled("v1", 1))
    (number,) = next_audit(rig)
    rig.hear(took(number, orders=()))
    assert next_audit(rig) == []


def test_after_an_end_that_the_venue_told_no_list_is_read() -> None:
    rig = auditing()
    rig.wait(1)
    history(rig)
    rig.hear(traded("v1", "t1", 10, 10, 1, final=True))
    assert rig.status("a1") is OrderStatus.FILLED
    assert next_audit(rig) == []


def test_a_second_conclusion_has_three_lists_of_its_own() -> None:
    rig = auditing()
    rig.live("a2", "v2")
    rig.wait(1)
    history(rig)
    rig.hear(traded("v1", "t1", 10, 10, 1))
    counts = []
    for number in range(6):
        if number == 2:
            rig.hear(traded("v2", "t2", 10, 10, 2))
        asked = next_audit(rig)
        for each in asked:
            rig.hear(took(each, orders=(view("v2", 2),) if number < 2 else ()))
        counts.append(len(asked))
    assert counts == [1, 1, 1, 1, 1, 0]


def test_a_change_of_terms_that_is_told_whole_needs_no_list() -> None:
    rig = Rig()
    rig.live("a1", "v1")
    rig.hear(replaced("v1", "v2", 1))
    assert lists(rig) == []
