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

from ..order_life import Rig, canceled, refused, took, traded, view

RULES = VenueRules(
    venue="TEST",
    http_requests=frozenset({requests.ListOpenOrders, requests.ListFills, requests.QueryOrder}),
    reads_history=True,
)
QUERY = requests.QueryOrder(
    request_id=RequestId(requests.FIRST_INTERNAL_ID), venue_order_id=VenueOrderId("V1"), wire_id=None
)
PERIOD = RULES.audit_period // SECOND


def new_rig(**changes: Any) -> Rig:
    return Rig(rules=evolve(RULES, **changes))


def asked(rig: Rig, kind: type) -> list[Any]:
    return [request for request in rig.sent() if isinstance(request, kind)]


def list_open(rig: Rig, *orders: facts.OrderView) -> list[str]:
    """Waits until the list is asked for, and answers."""
    rig.wait(PERIOD)
    lists = asked(rig, requests.ListOpenOrders)
    assert len(lists) == 1
    return rig.hear(took(lists[0].request_id, orders=orders))


def test_an_order_whose_end_was_lost_is_asked_for_and_ends() -> None:
    rig = new_rig()
    rig.live("a1", "V1")
    assert list_open(rig) == []
    assert asked(rig, requests.QueryOrder) == [], "its end may be about to be told"
    rig.wait(1)
    (query,) = asked(rig, requests.QueryOrder)
    assert query.venue_order_id == "V1"
    assert rig.hear(took(query.request_id, order=view("V1", 1, status=OrderStatus.CANCELED))) == ["Canceled"]
    assert rig.wait(3 * PERIOD) == []


def test_orders_that_are_open_are_not_asked_for() -> None:
    rig = new_rig()
    rig.live("a1", "V1")
    for _ in range(3):
        assert list_open(rig, view("V1", 1)) == []
        rig.wait(5)
        assert asked(rig, requests.QueryOrder) == []


def test_a_list_that_is_ahead_of_the_feed_is_no_gap() -> None:
    rig = new_rig()
    rig.live("a1", "V1")
    assert list_open(rig, view("V1", 1, cumulative=Decimal(4))) == []
    assert rig.hear(traded("V1", "t1", 4, 4)) == ["Filled"]


def test_an_order_whose_end_is_told_meanwhile_is_not_asked_for() -> None:
    rig = new_rig()
    rig.live("a1", "V1")
    list_open(rig)
    assert rig.hear(canceled("V1", 1)) == ["Canceled"]
    rig.wait(5)
    assert asked(rig, requests.QueryOrder) == []


def test_an_order_that_the_list_is_too_old_for_is_not_asked_for() -> None:
    rig = new_rig()
    rig.live("a1", "V1")
    rig.wait(PERIOD)
    (question,) = asked(rig, requests.ListOpenOrders)
    rig.live("a2", "V2")
    rig.hear(took(question.request_id, orders=(view("V1", 1),)))
    rig.wait(5)
    assert asked(rig, requests.QueryOrder) == []


def test_an_order_that_is_younger_than_what_a_lagging_list_shows_is_not_asked_for() -> None:
    rig = new_rig(lists_lag=60 * SECOND)
    rig.live("a1", "V1")
    rig.wait(PERIOD - 10)
    rig.live("a2", "V2")
    rig.wait(10)
    (question,) = asked(rig, requests.ListOpenOrders)
    rig.hear(took(question.request_id, orders=(view("V1", 1),)))
    rig.wait(PERIOD - 1)
    assert asked(rig, requests.QueryOrder) == [], "its absence says nothing"
    rig.wait(1)
    (question,) = asked(rig, requests.ListOpenOrders)
    rig.hear(took(question.request_id, orders=(view("V1", 1),)))
    rig.wait(1)
    assert [query.venue_order_id for query in asked(rig, requests.QueryOrder)] == ["V2"]


def test_an_order_that_the_list_leaves_out_though_it_is_open_stays_open() -> None:
    rig = new_rig()
    rig.live("a1", "V1")
    list_open(rig)
    rig.wait(1)
    (query,) = asked(rig, requests.QueryOrder)
    assert rig.hear(took(query.request_id, order=view("V1", 1))) == []
    rig.wait(5)
    assert asked(rig, requests.QueryOrder) == []
    assert rig.status("a1") is OrderStatus.ACCEPTED


@pytest.mark.parametrize("outcome", [Outcome.THROTTLED, Outcome.DEFINITE])
def test_a_refused_list_is_asked_for_again_a_period_later(outcome: Outcome) -> None:
    rig = new_rig()
    rig.live("a1", "V1")
    rig.wait(PERIOD)
    (question,) = asked(rig, requests.ListOpenOrders)
    assert rig.hear(refused(question.request_id, outcome)) == []
    assert list_open(rig, view("V1", 1)) == []


def test_a_list_that_never_comes_is_asked_for_again() -> None:
    rig = new_rig()
    rig.live("a1", "V1")
    rig.wait(PERIOD)
    assert len(asked(rig, requests.ListOpenOrders)) == 1
    rig.wait(requests.OWN_PATIENCE / SECOND)
    assert asked(rig, requests.ListOpenOrders) == [], "it may wait for the venue's budget"
    assert list_open(rig, view("V1", 1)) == []


def test_a_list_that_waits_for_the_budget_is_not_given_up() -> None:
    rig = new_rig()
    rig.live("a1", "V1")
    rig.wait(PERIOD)
    (question,) = asked(rig, requests.ListOpenOrders)
    rig.wait(requests.OWN_PATIENCE / SECOND - 1)
    rig.hear(took(question.request_id, orders=()))
    rig.wait(1)
    assert [query.venue_order_id for query in asked(rig, requests.QueryOrder)] == ["V1"]


def test_each_page_of_a_history_may_wait_for_the_budget() -> None:
    rig = new_rig(audit_period=3600 * SECOND)
    rig.live("a1", "V1")
    rig.lose_link()
    rig.log_in(view("V1", 1))
    (page,) = asked(rig, requests.ListFills)
    for number in range(1, 5):
        rig.wait(requests.OWN_PATIENCE / SECOND - 1)
        rig.hear(facts.FillsListed(request_id=page.request_id, trades=(), cursor=str(number)))
        (page,) = asked(rig, requests.ListFills)
        assert page.cursor == str(number)
    rig.hear(facts.FillsListed(request_id=page.request_id, trades=(), cursor=None))
    assert isinstance(rig.events()[-1], events.Reconciled)


def test_a_users_question_has_the_time_for_an_answer_and_no_more() -> None:
    rig = new_rig()
    rig.live("a1", "V1")
    rig.ask(commands.Status(ClientOrderId("a1")))
    rig.wait(RULES.request_timeout / SECOND + 1)
    assert isinstance(rig.answer_to(rig.numbers), RequestFailed)


def test_a_question_of_our_own_over_the_socket_has_the_time_for_an_answer_and_no_more() -> None:
    rig = new_rig(http_requests=frozenset())
    assert rig.state._context.rules.answer_within(QUERY) == RULES.request_timeout
    assert RULES.answer_within(QUERY) == RULES.request_timeout + requests.OWN_PATIENCE


def test_the_end_of_a_connection_takes_its_status_queries_back() -> None:
    rig = new_rig()
    rig.live("a1", "V1")
    list_open(rig)
    rig.wait(1)
    (query,) = asked(rig, requests.QueryOrder)
    rig.lose_link()
    assert rig.last.forgotten == [query.request_id]


def test_a_list_that_was_asked_for_before_the_connection_was_lost_ends_no_order() -> None:
    rig = new_rig()
    rig.live("a1", "V1")
    rig.wait(PERIOD)
    (question,) = asked(rig, requests.ListOpenOrders)
    rig.lose_link()
    rig.log_in(view("V1", 1))
    assert rig.hear(took(question.request_id, orders=())) == []
    assert list_open(rig, view("V1", 1)) == []
    assert rig.status("a1") is OrderStatus.ACCEPTED


def test_no_list_is_asked_for_while_no_order_is_open() -> None:
    rig = new_rig()
    rig.wait(3 * PERIOD)
    assert asked(rig, requests.ListOpenOrders) == []


def test_nothing_is_asked_while_there_is_no_connection() -> None:
    rig = new_rig()
    rig.live("a1", "V1")
    rig.lose_link()
    rig.wait(3 * PERIOD)
    assert asked(rig, requests.ListOpenOrders) == []


def test_a_venue_whose_history_is_not_read_is_not_compared() -> None:
    rig = new_rig(reads_history=False)
    rig.live("a1", "V1")
    rig.wait(3 * PERIOD)
    assert asked(rig, requests.ListOpenOrders) == []


def test_a_lost_end_ends_the_order_with_its_fills() -> None:
    """The fill comes from the history that is read at the same time."""
    rig = new_rig()
    rig.live("a1", "V1")
    rig.wait(PERIOD)
    sent = rig.sent()
    (question,) = [request for request in sent if isinstance(request, requests.ListOpenOrders)]
    (history,) = [request for request in sent if isinstance(request, requests.ListFills)]
    fill = traded("V1", "t1", 4, 4).trade
    assert rig.hear(facts.FillsListed(request_id=history.request_id, trades=(fill,))) == ["Filled"]
    rig.hear(took(question.request_id, orders=()))
    rig.wait(1)
    (query,) = asked(rig, requests.QueryOrder)
    ended = view("V1", 1, status=OrderStatus.CANCELED, cumulative=Decimal(4))
    assert rig.hear(took(query.request_id, order=ended)) == ["Canceled"]
    end = rig.events()[-1]
    assert isinstance(end, events.Canceled)
    assert end.cumulative == 4


def test_an_order_that_has_ended_here_and_is_listed_again_and_again_is_warned_of_once() -> None:
    rig = new_rig()
    rig.live("a1", "V1")
    rig.live("a2", "V2")
    rig.hear(canceled("V1", 1))
    warned = []
    for listing in range(1, 5):
        list_open(rig, view("V1", 1), view("V2", 2))
        warned += [(listing, warning) for warning in rig.last.warnings if "a1" in warning]
    ((listing, warning),) = warned
    assert listing == 2, "the first list may be older than the end"
    assert "has ended here (CANCELED)" in warning


def test_an_order_that_has_ended_here_and_is_listed_now_and_then_is_not_warned_of() -> None:
    rig = new_rig()
    rig.live("a1", "V1")
    rig.live("a2", "V2")
    rig.hear(canceled("V1", 1))
    for _ in range(3):
        list_open(rig, view("V1", 1), view("V2", 2))
        assert not rig.last.warnings
        list_open(rig, view("V2", 2))
