"""Orders whose end no message told: every period the venue's list of open orders is compared with ours."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

import pytest
from attrs import evolve

from protocol import commands, events, facts, requests
from protocol.errors import RequestFailed
from protocol.facts import Outcome
from protocol.values import ClientOrderId, OrderStatus, RequestId, VenueOrderId
from protocol.venue import SECOND, VenueRules

from .order_life import Desk, canceled, refused, took, traded, view

RULES = VenueRules(
    venue="TEST",
    http_requests=frozenset({requests.ListOpenOrders, requests.ListFills, requests.QueryOrder}),
    reads_history=True,
)
QUERY = requests.QueryOrder(
    request_id=RequestId(requests.FIRST_INTERNAL_ID), venue_order_id=VenueOrderId("V1"), wire_id=None
)
PERIOD = RULES.audit_period // SECOND


def new_desk(**changes: Any) -> Desk:
    return Desk(rules=evolve(RULES, **changes))


def asked(desk: Desk, kind: type) -> list[Any]:
    return [request for request in desk.sent() if isinstance(request, kind)]


def list_open(desk: Desk, *orders: facts.OrderView) -> list[str]:
    """Waits until the list is asked for, and answers."""
    desk.wait(PERIOD)
    lists = asked(desk, requests.ListOpenOrders)
    assert len(lists) == 1
    return desk.hear(took(lists[0].request_id, orders=orders))


def test_an_order_whose_end_was_lost_is_asked_for_and_ends() -> None:
    desk = new_desk()
    desk.live("a1", "V1")
    assert list_open(desk) == []
    assert asked(desk, requests.QueryOrder) == [], "its end may be about to be told"
    desk.wait(1)
    (query,) = asked(desk, requests.QueryOrder)
    assert query.venue_order_id == "V1"
    assert desk.hear(took(query.request_id, order=view("V1", 1, status=OrderStatus.CANCELED))) == ["Canceled"]
    assert desk.wait(3 * PERIOD) == []


def test_orders_that_are_open_are_not_asked_for() -> None:
    desk = new_desk()
    desk.live("a1", "V1")
    for _ in range(3):
        assert list_open(desk, view("V1", 1)) == []
        desk.wait(5)
        assert asked(desk, requests.QueryOrder) == []


def test_a_list_that_is_ahead_of_the_feed_is_no_gap() -> None:
    desk = new_desk()
    desk.live("a1", "V1")
    assert list_open(desk, view("V1", 1, cumulative=Decimal(4))) == []
    assert desk.hear(traded("V1", "t1", 4, 4)) == ["Filled"]


def test_an_order_whose_end_is_told_meanwhile_is_not_asked_for() -> None:
    desk = new_desk()
    desk.live("a1", "V1")
    list_open(desk)
    assert desk.hear(canceled("V1", 1)) == ["Canceled"]
    desk.wait(5)
    assert asked(desk, requests.QueryOrder) == []


def test_an_order_that_the_list_is_too_old_for_is_not_asked_for() -> None:
    desk = new_desk()
    desk.live("a1", "V1")
    desk.wait(PERIOD)
    (question,) = asked(desk, requests.ListOpenOrders)
    desk.live("a2", "V2")
    desk.hear(took(question.request_id, orders=(view("V1", 1),)))
    desk.wait(5)
    assert asked(desk, requests.QueryOrder) == []


def test_an_order_that_is_younger_than_what_a_lagging_list_shows_is_not_asked_for() -> None:
    desk = new_desk(lists_lag=60 * SECOND)
    desk.live("a1", "V1")
    desk.wait(PERIOD - 10)
    desk.live("a2", "V2")
    desk.wait(10)
    (question,) = asked(desk, requests.ListOpenOrders)
    desk.hear(took(question.request_id, orders=(view("V1", 1),)))
    desk.wait(PERIOD - 1)
    assert asked(desk, requests.QueryOrder) == [], "its absence says nothing"
    desk.wait(1)
    (question,) = asked(desk, requests.ListOpenOrders)
    desk.hear(took(question.request_id, orders=(view("V1", 1),)))
    desk.wait(1)
    assert [query.venue_order_id for query in asked(desk, requests.QueryOrder)] == ["V2"]


def test_an_order_that_the_list_leaves_out_though_it_is_open_stays_open() -> None:
    desk = new_desk()
    desk.live("a1", "V1")
    list_open(desk)
    desk.wait(1)
    (query,) = asked(desk, requests.QueryOrder)
    assert desk.hear(took(query.request_id, order=view("V1", 1))) == []
    desk.wait(5)
    assert asked(desk, requests.QueryOrder) == []
    assert desk.status("a1") is OrderStatus.ACCEPTED


@pytest.mark.parametrize("outcome", [Outcome.THROTTLED, Outcome.DEFINITE])
def test_a_refused_list_is_asked_for_again_a_period_later(outcome: Outcome) -> None:
    desk = new_desk()
    desk.live("a1", "V1")
    desk.wait(PERIOD)
    (question,) = asked(desk, requests.ListOpenOrders)
    assert desk.hear(refused(question.request_id, outcome)) == []
    assert list_open(desk, view("V1", 1)) == []


def test_a_list_that_never_comes_is_asked_for_again() -> None:
    desk = new_desk()
    desk.live("a1", "V1")
    desk.wait(PERIOD)
    assert len(asked(desk, requests.ListOpenOrders)) == 1
    desk.wait(requests.OWN_PATIENCE / SECOND)
    assert asked(desk, requests.ListOpenOrders) == [], "it may wait for the venue's budget"
    assert list_open(desk, view("V1", 1)) == []


def test_a_list_that_waits_for_the_budget_is_not_given_up() -> None:
    desk = new_desk()
    desk.live("a1", "V1")
    desk.wait(PERIOD)
    (question,) = asked(desk, requests.ListOpenOrders)
    desk.wait(requests.OWN_PATIENCE / SECOND - 1)
    desk.hear(took(question.request_id, orders=()))
    desk.wait(1)
    assert [query.venue_order_id for query in asked(desk, requests.QueryOrder)] == ["V1"]


def test_each_page_of_a_history_may_wait_for_the_budget() -> None:
    desk = new_desk(audit_period=3600 * SECOND)
    desk.live("a1", "V1")
    desk.lose_link()
    desk.log_in(view("V1", 1))
    (page,) = asked(desk, requests.ListFills)
    for number in range(1, 5):
        desk.wait(requests.OWN_PATIENCE / SECOND - 1)
        desk.hear(facts.FillsListed(request_id=page.request_id, trades=(), cursor=str(number)))
        (page,) = asked(desk, requests.ListFills)
        assert page.cursor == str(number)
    desk.hear(facts.FillsListed(request_id=page.request_id, trades=(), cursor=None))
    assert isinstance(desk.events()[-1], events.Reconciled)


def test_a_users_question_has_the_time_for_an_answer_and_no_more() -> None:
    desk = new_desk()
    desk.live("a1", "V1")
    desk.ask(commands.Status(ClientOrderId("a1")))
    desk.wait(RULES.request_timeout / SECOND + 1)
    assert isinstance(desk.answer_to(desk.numbers), RequestFailed)


def test_a_question_of_our_own_over_the_socket_has_the_time_for_an_answer_and_no_more() -> None:
    desk = new_desk(http_requests=frozenset())
    assert desk.state._desk.rules.answer_within(QUERY) == RULES.request_timeout
    assert RULES.answer_within(QUERY) == RULES.request_timeout + requests.OWN_PATIENCE


def test_the_end_of_a_connection_takes_its_status_queries_back() -> None:
    desk = new_desk()
    desk.live("a1", "V1")
    list_open(desk)
    desk.wait(1)
    (query,) = asked(desk, requests.QueryOrder)
    desk.lose_link()
    assert desk.last.forgotten == [query.request_id]


def test_a_list_that_was_asked_for_before_the_connection_was_lost_ends_no_order() -> None:
    desk = new_desk()
    desk.live("a1", "V1")
    desk.wait(PERIOD)
    (question,) = asked(desk, requests.ListOpenOrders)
    desk.lose_link()
    desk.log_in(view("V1", 1))
    assert desk.hear(took(question.request_id, orders=())) == []
    assert list_open(desk, view("V1", 1)) == []
    assert desk.status("a1") is OrderStatus.ACCEPTED


def test_no_list_is_asked_for_while_no_order_is_open() -> None:
    desk = new_desk()
    desk.wait(3 * PERIOD)
    assert asked(desk, requests.ListOpenOrders) == []


def test_nothing_is_asked_while_there_is_no_connection() -> None:
    desk = new_desk()
    desk.live("a1", "V1")
    desk.lose_link()
    desk.wait(3 * PERIOD)
    assert asked(desk, requests.ListOpenOrders) == []


def test_a_venue_whose_history_is_not_read_is_not_compared() -> None:
    desk = new_desk(reads_history=False)
    desk.live("a1", "V1")
    desk.wait(3 * PERIOD)
    assert asked(desk, requests.ListOpenOrders) == []


def test_a_lost_end_ends_the_order_with_its_fills() -> None:
    """The fill comes from the history that is read at the same time."""
    desk = new_desk()
    desk.live("a1", "V1")
    desk.wait(PERIOD)
    sent = desk.sent()
    (question,) = [request for request in sent if isinstance(request, requests.ListOpenOrders)]
    (history,) = [request for request in sent if isinstance(request, requests.ListFills)]
    fill = traded("V1", "t1", 4, 4).trade
    assert desk.hear(facts.FillsListed(request_id=history.request_id, trades=(fill,))) == ["Filled"]
    desk.hear(took(question.request_id, orders=()))
    desk.wait(1)
    (query,) = asked(desk, requests.QueryOrder)
    ended = view("V1", 1, status=OrderStatus.CANCELED, cumulative=Decimal(4))
    assert desk.hear(took(query.request_id, order=ended)) == ["Canceled"]
    end = desk.events()[-1]
    assert isinstance(end, events.Canceled)
    assert end.cumulative == 4


def test_an_order_that_has_ended_here_and_is_listed_again_and_again_is_warned_of_once() -> None:
    desk = new_desk()
    desk.live("a1", "V1")
    desk.live("a2", "V2")
    desk.hear(canceled("V1", 1))
    warned = []
    for listing in range(1, 5):
        list_open(desk, view("V1", 1), view("V2", 2))
        warned += [(listing, warning) for warning in desk.last.warnings if "a1" in warning]
    ((listing, warning),) = warned
    assert listing == 2, "the first list may be older than the end"
    assert "has ended here (CANCELED)" in warning


def test_an_order_that_has_ended_here_and_is_listed_now_and_then_is_not_warned_of() -> None:
    desk = new_desk()
    desk.live("a1", "V1")
    desk.live("a2", "V2")
    desk.hear(canceled("V1", 1))
    for _ in range(3):
        list_open(desk, view("V1", 1), view("V2", 2))
        assert not desk.last.warnings
        list_open(desk, view("V2", 2))
