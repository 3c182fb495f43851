"""Whose turn it is to be asked for, by which id, and how many questions may be on their way."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

import pytest

from protocol import commands, facts, requests
from protocol.dispatch.inputs import Admission
from protocol.facts import Outcome
from protocol.orders import NewOrder
from protocol.requests import QueryOrder
from protocol.values import ClientOrderId, OrderStatus, RequestId, VenueOrderId
from protocol.venue import SECOND, VenueRules

from .order_life import WALL, Desk, PlainVenue, acknowledged, canceled, external, refused, replaced, took, view

A1 = ClientOrderId("a1")
PLACED = WALL + 100 * SECOND
"""When the first order of a desk was placed, as long as the test has not waited before."""


def queries(desk: Desk) -> list[Any]:
    """The status queries since the last look at what was sent."""
    return [request for request in desk.sent() if isinstance(request, QueryOrder)]


def names(desk: Desk) -> list[str]:
    return [str(query.venue_order_id) for query in queries(desk)]


def unclear(*numbers: int) -> list[facts.Fact]:
    """News that leave open where these orders stand, so each is asked for."""
    return [facts.OrderUnclear(time=WALL, order=view(f"v{number}", number, status=None)) for number in numbers]


def shown(query: Any, **terms: Any) -> facts.RequestAnswered:
    return facts.RequestAnswered(request_id=query.request_id, order=view(query.venue_order_id, **terms))


def open_questions(desk: Desk) -> int:
    assert isinstance(desk, Watched)
    return desk.open_questions


class Watched(Desk):
    """Remembers how many questions were open when that was told last."""

    open_questions = 0

    def apply(self, *inputs: Any) -> list[str]:
        told = super().apply(*inputs)
        if self.last.progress is not None:
            self.open_questions = self.last.progress.open_questions
        return told


def with_live(count: int, rules: VenueRules | None = None, **options: Any) -> Desk:
    desk = Watched(rules=rules, **options)
    for number in range(1, count + 1):
        desk.live(f"a{number}", f"v{number}")
    return desk


def of(*numbers: int) -> list[str]:
    return [f"v{number}" for number in numbers]


# How many at once


def test_a_query_that_was_answered_has_given_its_place_back() -> None:
    desk = with_live(17)
    desk.hear(*unclear(1))
    (query,) = queries(desk)
    desk.hear(shown(query))
    desk.hear(*unclear(*range(1, 18)))
    assert names(desk) == of(*range(1, 17))


def test_queries_over_http_that_a_lost_link_left_unanswered_take_no_place_on_the_next() -> None:
    rules = VenueRules(venue="TEST", http_requests=frozenset({QueryOrder}))
    desk = with_live(17, rules)
    desk.hear(*unclear(*range(1, 18)))
    assert names(desk) == of(*range(1, 17))
    desk.lose_link()
    desk.log_in()
    assert names(desk) == of(*range(1, 17))


def test_the_lost_question_for_an_order_of_another_session_gives_no_place_to_one_of_ours() -> None:
    """It never had one of theirs."""
    desk = with_live(17)
    desk.hear(acknowledged("v99", 99))
    desk.wait(1)
    desk.ask(commands.OpenOrders())
    ours = tuple(view(f"v{number}", number) for number in range(1, 18))
    desk.hear(facts.RequestAnswered(request_id=RequestId(desk.numbers), orders=ours))
    assert names(desk) == ["v99"]
    desk.wait(5)
    desk.hear(*unclear(*range(1, 18)))
    assert names(desk) == of(*range(1, 17))
    desk.wait(6)
    assert names(desk) == [], "that one was given up; sixteen are still on their way"


def test_nothing_is_asked_while_there_is_no_connection() -> None:
    desk = with_live(1)
    desk.ask(commands.Cancel(A1), Admission.CANCEL)
    desk.lose_link()
    desk.sent()
    desk.wait(30)
    assert desk.sent() == [], "the cancel's time is over, and what became of it is asked for later"
    desk.log_in(view("v1", 1))
    assert names(desk) == ["v1"]


def test_an_order_that_ended_while_it_stood_in_line_is_not_asked_for() -> None:
    desk = with_live(17)
    desk.lose_link()
    desk.log_in()
    line = queries(desk)
    assert [query.venue_order_id for query in line] == of(*range(1, 17))
    desk.hear(canceled("v17", 17))
    desk.hear(shown(line[0]))
    assert queries(desk) == []
    assert open_questions(desk) == 15


def test_an_order_in_line_counts_as_one_question_though_a_list_leaves_it_out_as_well() -> None:
    desk = with_live(17)
    desk.lose_link()
    desk.log_in()
    assert open_questions(desk) == 17
    desk.wait(1)
    desk.ask(commands.OpenOrders())
    desk.hear(facts.RequestAnswered(request_id=RequestId(desk.numbers), orders=()))
    assert open_questions(desk) == 17


def test_an_order_that_is_asked_for_already_is_not_asked_for_again_when_a_list_leaves_it_out() -> None:
    desk = with_live(1)
    desk.hear(*unclear(1))
    assert names(desk) == ["v1"]
    desk.wait(1)
    desk.ask(commands.OpenOrders())
    desk.hear(facts.RequestAnswered(request_id=RequestId(desk.numbers), orders=()))
    desk.wait(8)
    assert queries(desk) == []


def test_a_query_whose_order_is_remembered_no_more_is_not_continued_and_gives_its_place_back() -> None:
    desk = with_live(17, finished_window=1)
    desk.hear(*unclear(*range(1, 18)))
    first, *_ = queries(desk)
    desk.hear(canceled("v1", 1), canceled("v2", 2))
    desk.hear(facts.OrderNotListed(request_id=first.request_id, cursor="closed"))
    assert names(desk) == ["v17"]


# What a list leaves out


def left_out_by_a_list(count: int, placed: int = 0, rules: VenueRules | None = None) -> Desk:
    """A list leaves out so many live orders, behind so many that the venue has not accepted yet."""
    desk = Watched(rules=rules)
    for number in range(1001, 1001 + placed):
        desk.place(f"a{number}")
    for number in range(1, count + 1):
        desk.live(f"a{number}", f"v{number}")
    desk.wait(1)
    desk.sent()
    desk.ask(commands.OpenOrders())
    desk.sent()
    desk.hear(facts.RequestAnswered(request_id=RequestId(desk.numbers), orders=()))
    return desk


@pytest.mark.parametrize(
    ("count", "placed", "at_once"), [(256, 0, []), (256, 1, []), (257, 0, ["v257"])], ids=["few", "new", "many"]
)
def test_of_what_a_list_leaves_out_the_first_256_wait_for_the_pause_and_the_others_for_their_turn(
    count: int, placed: int, at_once: list[str]
) -> None:
    desk = left_out_by_a_list(count, placed)
    assert names(desk) == at_once
    assert open_questions(desk) == count
    desk.wait(1)
    assert names(desk) == of(*range(1, 17 - len(at_once)))


def test_history_tells_of_an_order_in_line_from_the_last_list_on_that_showed_it() -> None:
    rules = VenueRules(venue="TEST", reads_history=True, absence_needs_history=True)
    desk = with_live(257, rules)
    desk.wait(100)
    everything = tuple(view(f"v{number}", number) for number in range(1, 258))
    desk.lose_link()
    desk.log_in(*everything)
    shown_at = desk.wall + desk.time
    read_all(desk)
    desk.ask(commands.OpenOrders())
    desk.sent()
    desk.hear(facts.RequestAnswered(request_id=RequestId(desk.numbers), orders=()))
    (query,) = queries(desk)
    desk.hear(refused(query.request_id, Outcome.NOT_FOUND))
    assert [page.start for page in read_all(desk)] == [shown_at - 60 * SECOND]


def read_all(desk: Desk) -> list[requests.ListOrderHistory]:
    """Ten seconds in which the venue has nothing in its history. Gives what was asked of what became of orders."""
    pages: list[requests.ListOrderHistory] = []
    for _ in range(10):
        for request in desk.sent():
            if isinstance(request, requests.ListFills):
                desk.hear(facts.FillsListed(request_id=request.request_id, trades=()))
            elif isinstance(request, requests.ListOrderHistory):
                pages.append(request)
        desk.wait(1)
    return pages


# By which id


def test_an_order_that_goes_on_under_an_untold_id_is_asked_for_by_its_name_from_its_placement_on() -> None:
    desk = with_live(1)
    desk.hear(replaced("v1", None, 1))
    (query,) = queries(desk)
    assert query == QueryOrder(request_id=query.request_id, venue_order_id=None, wire_id=1, since=PLACED, cursor=None)
    desk.hear(facts.RequestAnswered(request_id=query.request_id, order=view("v1", 1, quantity=None)))
    assert open_questions(desk) == 1, "what its terms are by now, nobody has said"


def test_what_filled_under_a_former_id_is_asked_for_by_that_id_alone() -> None:
    desk = with_live(1)
    desk.hear(acknowledged("v2", 1))
    (query,) = queries(desk)
    assert query == QueryOrder(
        request_id=query.request_id, venue_order_id=VenueOrderId("v1"), wire_id=None, since=0, cursor=None
    )
    desk.hear(shown(query, status=OrderStatus.CANCELED))
    desk.wait(120)
    assert (queries(desk), open_questions(desk)) == ([], 1), "the fills are still in question, and no status tells them"


def test_an_order_whose_name_another_one_has_is_asked_for_by_the_id_it_had() -> None:
    desk = Watched()
    desk.hear(acknowledged("v9", 1))
    desk.wait(1)
    desk.live("a1", "v1")
    assert external(desk, "x9", "v9") is True
    desk.hear(replaced("v9", None, 1))
    (query,) = queries(desk)
    assert (query.venue_order_id, query.wire_id, query.since) == ("v9", None, 0)
    change = commands.Replace(client_order_id=ClientOrderId("x9"), instrument="GOLD.TEST", price="99.0")
    desk.ask(change)
    desk.hear(took(desk.numbers, "v10"))
    desk.hear(facts.RequestAnswered(request_id=query.request_id, order=view("v9", 1, status=None)))
    assert names(desk) == ["v10"], "which the answer to our own change has promised"


class NamelessVenue(PlainVenue):
    """Its orders have no client ids on the wire."""

    def is_named(self, order: NewOrder) -> bool:
        return False


def nameless() -> Desk:
    return Watched(venue=NamelessVenue())


def test_an_order_without_a_name_that_goes_on_under_an_untold_id_is_asked_for_by_the_one_it_had() -> None:
    desk = nameless()
    desk.place("a1")
    desk.hear(took(1, "v1"), acknowledged("v1"))
    desk.sent()
    desk.hear(replaced("v1", None))
    (query,) = queries(desk)
    assert (query.venue_order_id, query.wire_id, query.since) == ("v1", None, 0)


def test_an_order_that_could_not_be_named_when_its_turn_came_is_asked_for_once_it_can() -> None:
    desk = nameless()
    desk.place("a1")
    desk.hear(refused(1, Outcome.AMBIGUOUS))
    desk.sent()
    desk.wait(60)
    assert desk.sent() == []
    desk.hear(took(1, "v1"))
    desk.ask(commands.Cancel(A1), Admission.CANCEL)
    desk.hear(refused(desk.numbers, Outcome.AMBIGUOUS))
    assert names(desk) == ["v1"]


# When


def test_a_placement_in_doubt_is_an_open_question_before_its_first_query_goes_out() -> None:
    desk = Watched()
    desk.place("a1")
    desk.sent()
    desk.hear(refused(1, Outcome.AMBIGUOUS))
    assert (open_questions(desk), desk.sent()) == (1, [])
    desk.wait(0.9)
    assert desk.sent() == []
    desk.wait(0.1)
    (query,) = queries(desk)
    assert (query.venue_order_id, query.wire_id, query.since) == (None, 1, PLACED)


def test_a_pause_that_is_over_asks_for_nothing_that_was_answered_meanwhile() -> None:
    """That fills are missing is still open, but its status does not tell them."""
    desk = with_live(1)
    desk.hear(*unclear(1))
    (first,) = queries(desk)
    desk.hear(refused(first.request_id, Outcome.AMBIGUOUS))
    desk.wait(0.5)
    desk.hear(*unclear(1))
    (second,) = queries(desk)
    desk.hear(acknowledged("v1", 1, cumulative=Decimal(4)))
    assert open_questions(desk) == 1
    desk.hear(shown(second, cumulative=Decimal(4)))
    desk.wait(120)
    assert desk.sent() == []


def test_a_login_asks_for_no_status_of_an_order_of_which_fills_are_missing_alone() -> None:
    desk = with_live(1)
    desk.hear(acknowledged("v1", 1, cumulative=Decimal(4)))
    desk.lose_link()
    desk.log_in(view("v1", 1, cumulative=Decimal(4)))
    assert open_questions(desk) == 1
    assert queries(desk) == []


def test_a_live_message_answers_what_was_open_ahead_of_the_venues_answer() -> None:
    desk = with_live(1)
    desk.hear(*unclear(1))
    (query,) = queries(desk)
    assert open_questions(desk) == 2
    desk.hear(acknowledged("v1", 1))
    assert open_questions(desk) == 0
    desk.hear(refused(query.request_id, Outcome.AMBIGUOUS))
    desk.wait(120)
    assert queries(desk) == []


# Orders that were called Denied

QUICK = VenueRules(venue="TEST", absence_proves_after=SECOND)


def denied(others: int = 0) -> Desk:
    """Besides live orders, one that never arrived: it was placed at 100 s, and denied a second later."""
    desk = Watched(rules=QUICK)
    desk.place("a99")
    desk.hear(refused(1, Outcome.AMBIGUOUS))
    desk.sent()
    for number in range(1, others + 1):
        desk.place(f"a{number}")
        desk.hear(took(desk.numbers, f"v{number}"), acknowledged(f"v{number}", number))
    desk.sent()
    desk.wait(1)
    (query,) = queries(desk)
    desk.hear(refused(query.request_id, Outcome.NOT_FOUND))
    assert desk.status("a99") is OrderStatus.DENIED
    return desk


def test_a_denied_order_is_asked_for_again_after_a_minute_by_its_name_from_its_placement_on() -> None:
    desk = denied()
    desk.wait(59.9)
    assert desk.sent() == []
    desk.wait(0.1)
    (query,) = desk.sent()
    assert query == QueryOrder(request_id=query.request_id, venue_order_id=None, wire_id=99, since=PLACED, cursor=None)


def test_a_denied_order_is_not_asked_for_while_there_is_no_connection_but_at_the_next_login() -> None:
    desk = denied()
    desk.lose_link()
    desk.wait(60)
    assert desk.sent() == []
    desk.log_in()
    assert [query.wire_id for query in queries(desk)] == [99]


def test_a_denied_order_is_not_asked_for_while_as_many_queries_as_may_be_are_on_their_way() -> None:
    desk = denied(16)
    desk.wait(59)
    desk.hear(*unclear(*range(1, 17)))
    assert names(desk) == of(*range(1, 17))
    desk.wait(2)
    assert queries(desk) == []


def test_the_answer_about_a_denied_order_gives_its_place_back() -> None:
    desk = denied(16)
    desk.wait(60)
    (query,) = queries(desk)
    desk.hear(refused(query.request_id, Outcome.NOT_FOUND))
    desk.hear(*unclear(*range(1, 17)))
    assert names(desk) == of(*range(1, 17))


def test_the_unanswered_question_about_a_denied_order_holds_a_place_until_it_is_given_up() -> None:
    desk = denied(16)
    desk.wait(60)
    assert len(queries(desk)) == 1
    desk.wait(5)
    desk.hear(*unclear(*range(1, 17)))
    assert names(desk) == of(*range(1, 16))
    desk.wait(5)
    assert names(desk) == ["v16"]
