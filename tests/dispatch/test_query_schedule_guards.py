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

from ..order_life import WALL, PlainVenue, Rig, acknowledged, canceled, external, refused, replaced, took, view

A1 = ClientOrderId("a1")
PLACED = WALL + 100 * SECOND
"""When the first order of a desk was placed, as long as the test has not waited before."""


def queries(rig: Rig) -> list[Any]:
    """The status queries since the last look at what was sent."""
    return [request for request in rig.sent() if isinstance(request, QueryOrder)]


def names(rig: Rig) -> list[str]:
    return [str(query.venue_order_id) for query in queries(rig)]


def unclear(*numbers: int) -> list[facts.Fact]:
    """News that leave open where these orders stand, so each is asked for."""
    return [facts.OrderUnclear(time=WALL, order=view(f"v{number}", number, status=None)) for number in numbers]


def shown(query: Any, **terms: Any) -> facts.RequestAnswered:
    return facts.RequestAnswered(request_id=query.request_id, order=view(query.venue_order_id, **terms))


def open_questions(rig: Rig) -> int:
    assert isinstance(rig, Watched)
    return rig.open_questions


class Watched(Rig):
    """Remembers how many questions were open when that was told last."""

    open_questions = 0

    def apply(self, *inputs: Any) -> list[str]:
        told = super().apply(*inputs)
        if self.last.progress is not None:
            self.open_questions = self.last.progress.open_questions
        return told


def with_live(count: int, rules: VenueRules | None = None, **options: Any) -> Rig:
    rig = Watched(rules=rules, **options)
    for number in range(1, count + 1):
        rig.live(f"a{number}", f"v{number}")
    return rig


def of(*numbers: int) -> list[str]:
    return [f"v{number}" for number in numbers]


# How many at once


def test_a_query_that_was_answered_has_given_its_place_back() -> None:
    rig = with_live(17)
    rig.hear(*unclear(1))
    (query,) = queries(rig)
    rig.hear(shown(query))
    rig.hear(*unclear(*range(1, 18)))
    assert names(rig) == of(*range(1, 17))


def test_queries_over_http_that_a_lost_link_left_unanswered_take_no_place_on_the_next() -> None:
    rules = VenueRules(venue="TEST", http_requests=frozenset({QueryOrder}))
    rig = with_live(17, rules)
    rig.hear(*unclear(*range(1, 18)))
    assert names(rig) == of(*range(1, 17))
    rig.lose_link()
    rig.log_in()
    assert names(rig) == of(*range(1, 17))


def test_the_lost_question_for_an_order_of_another_session_gives_no_place_to_one_of_ours() -> None:
    """It never had one of theirs."""
    rig = with_live(17)
    rig.hear(acknowledged("v99", 99))
    rig.wait(1)
    rig.ask(commands.OpenOrders())
    ours = tuple(view(f"v{number}", number) for number in range(1, 18))
    rig.hear(facts.RequestAnswered(request_id=RequestId(rig.numbers), orders=ours))
    assert names(rig) == ["v99"]
    rig.wait(5)
    rig.hear(*unclear(*range(1, 18)))
    assert names(rig) == of(*range(1, 17))
    rig.wait(6)
    assert names(rig) == [], "that one was given up; sixteen are still on their way"


def test_nothing_is_asked_while_there_is_no_connection() -> None:
    rig = with_live(1)
    rig.ask(commands.Cancel(A1), Admission.CANCEL)
    rig.lose_link()
    rig.sent()
    rig.wait(30)
    assert rig.sent() == [], "the cancel's time is over, and what became of it is asked for later"
    rig.log_in(view("v1", 1))
    assert names(rig) == ["v1"]


def test_an_order_that_ended_while_it_stood_in_line_is_not_asked_for() -> None:
    rig = with_live(17)
    rig.lose_link()
    rig.log_in()
    line = queries(rig)
    assert [query.venue_order_id for query in line] == of(*range(1, 17))
    rig.hear(canceled("v17", 17))
    rig.hear(shown(line[0]))
    assert queries(rig) == []
    assert open_questions(rig) == 15


def test_an_order_in_line_counts_as_one_question_though_a_list_leaves_it_out_as_well() -> None:
    rig = with_live(17)
    rig.lose_link()
    rig.log_in()
    assert open_questions(rig) == 17
    rig.wait(1)
    rig.ask(commands.OpenOrders())
    rig.hear(facts.RequestAnswered(request_id=RequestId(rig.numbers), orders=()))
    assert open_questions(rig) == 17


def test_an_order_that_is_asked_for_already_is_not_asked_for_again_when_a_list_leaves_it_out() -> None:
    rig = with_live(1)
    rig.hear(*unclear(1))
    assert names(rig) == ["v1"]
    rig.wait(1)
    rig.ask(commands.OpenOrders())
    rig.hear(facts.RequestAnswered(request_id=RequestId(rig.numbers), orders=()))
    rig.wait(8)
    assert queries(rig) == []


def test_a_query_whose_order_is_remembered_no_more_is_not_continued_and_gives_its_place_back() -> None:
    rig = with_live(17, finished_window=1)
    rig.hear(*unclear(*range(1, 18)))
    first, *_ = queries(rig)
    rig.hear(canceled("v1", 1), canceled("v2", 2))
    rig.hear(facts.OrderNotListed(request_id=first.request_id, cursor="closed"))
    assert names(rig) == ["v17"]


# What a list leaves out


def left_out_by_a_list(count: int, placed: int = 0, rules: VenueRules | None = None) -> Rig:
    """A list leaves out so many live orders, behind so many that the venue has not accepted yet."""
    rig = Watched(rules=rules)
    for number in range(1001, 1001 + placed):
        rig.place(f"a{number}")
    for number in range(1, count + 1):
        rig.live(f"a{number}", f"v{number}")
    rig.wait(1)
    rig.sent()
    rig.ask(commands.OpenOrders())
    rig.sent()
    rig.hear(facts.RequestAnswered(request_id=RequestId(rig.numbers), orders=()))
    return rig


@pytest.mark.parametrize(
    ("count", "placed", "at_once"), [(256, 0, []), (256, 1, []), (257, 0, ["v257"])], ids=["few", "new", "many"]
)
def test_of_what_a_list_leaves_out_the_first_256_wait_for_the_pause_and_the_others_for_their_turn(
    count: int, placed: int, at_once: list[str]
) -> None:
    rig = left_out_by_a_list(count, placed)
    assert names(rig) == at_once
    assert open_questions(rig) == count
    rig.wait(1)
    assert names(rig) == of(*range(1, 17 - len(at_once)))


def test_history_tells_of_an_order_in_line_from_the_last_list_on_that_showed_it() -> None:
    rules = VenueRules(venue="TEST", reads_history=True, absence_needs_history=True)
    rig = with_live(257, rules)
    rig.wait(100)
    everything = tuple(view(f"v{number}", number) for number in range(1, 258))
    rig.lose_link()
    rig.log_in(*everything)
    shown_at = rig.wall + rig.time
    read_all(rig)
    rig.ask(commands.OpenOrders())
    rig.sent()
    rig.hear(facts.RequestAnswered(request_id=RequestId(rig.numbers), orders=()))
    (query,) = queries(rig)
    rig.hear(refused(query.request_id, Outcome.NOT_FOUND))
    assert [page.start for page in read_all(rig)] == [shown_at - 60 * SECOND]


def read_all(rig: Rig) -> list[requests.ListOrderHistory]:
    """Ten seconds in which the venue has nothing in its history. Gives what was asked of what became of orders."""
    pages: list[requests.ListOrderHistory] = []
    for _ in range(10):
        for request in rig.sent():
            if isinstance(request, requests.ListFills):
                rig.hear(facts.FillsListed(request_id=request.request_id, trades=()))
            elif isinstance(request, requests.ListOrderHistory):
                pages.append(request)
        rig.wait(1)
    return pages


# By which id


def test_an_order_that_goes_on_under_an_untold_id_is_asked_for_by_its_name_from_its_placement_on() -> None:
    rig = with_live(1)
    rig.hear(replaced("v1", None, 1))
    (query,) = queries(rig)
    assert query == QueryOrder(request_id=query.request_id, venue_order_id=None, wire_id=1, since=PLACED, cursor=None)
    rig.hear(facts.RequestAnswered(request_id=query.request_id, order=view("v1", 1, quantity=None)))
    assert open_questions(rig) == 1, "what its terms are by now, nobody has said"


def test_what_filled_under_a_former_id_is_asked_for_by_that_id_alone() -> None:
    rig = with_live(1)
    rig.hear(acknowledged("v2", 1))
    (query,) = queries(rig)
    assert query == QueryOrder(
        request_id=query.request_id, venue_order_id=VenueOrderId("v1"), wire_id=None, since=0, cursor=None
    )
    rig.hear(shown(query, status=OrderStatus.CANCELED))
    rig.wait(120)
    assert (queries(rig), open_questions(rig)) == ([], 1), "the fills are still in question, and no status tells them"


def test_an_order_whose_name_another_one_has_is_asked_for_by_the_id_it_had() -> None:
    rig = Watched()
    rig.hear(acknowledged("v9", 1))
    rig.wait(1)
    rig.live("a1", "v1")
    assert external(rig, "x9", "v9") is True
    rig.hear(replaced("v9", None, 1))
    (query,) = queries(rig)
    assert (query.venue_order_id, query.wire_id, query.since) == ("v9", None, 0)
    change = commands.Replace(client_order_id=ClientOrderId("x9"), instrument="GOLD.TEST", price="99.0")
    rig.ask(change)
    rig.hear(took(rig.numbers, "v10"))
    rig.hear(facts.RequestAnswered(request_id=query.request_id, order=view("v9", 1, status=None)))
    assert names(rig) == ["v10"], "which the answer to our own change has promised"


class NamelessVenue(PlainVenue):
    """Its orders have no client ids on the wire."""

    def is_named(self, order: NewOrder) -> bool:
        return False


def nameless() -> Rig:
    return Watched(venue=NamelessVenue())


def test_an_order_without_a_name_that_goes_on_under_an_untold_id_is_asked_for_by_the_one_it_had() -> None:
    rig = nameless()
    rig.place("a1")
    rig.hear(took(1, "v1"), acknowledged("v1"))
    rig.sent()
    rig.hear(replaced("v1", None))
    (query,) = queries(rig)
    assert (query.venue_order_id, query.wire_id, query.since) == ("v1", None, 0)


def test_an_order_that_could_not_be_named_when_its_turn_came_is_asked_for_once_it_can() -> None:
    rig = nameless()
    rig.place("a1")
    rig.hear(refused(1, Outcome.AMBIGUOUS))
    rig.sent()
    rig.wait(60)
    assert rig.sent() == []
    rig.hear(took(1, "v1"))
    rig.ask(commands.Cancel(A1), Admission.CANCEL)
    rig.hear(refused(rig.numbers, Outcome.AMBIGUOUS))
    assert names(rig) == ["v1"]


# When


def test_a_placement_in_doubt_is_an_open_question_before_its_first_query_goes_out() -> None:
    rig = Watched()
    rig.place("a1")
    rig.sent()
    rig.hear(refused(1, Outcome.AMBIGUOUS))
    assert (open_questions(rig), rig.sent()) == (1, [])
    rig.wait(0.9)
    assert rig.sent() == []
    rig.wait(0.1)
    (query,) = queries(rig)
    assert (query.venue_order_id, query.wire_id, query.since) == (None, 1, PLACED)


def test_a_pause_that_is_over_asks_for_nothing_that_was_answered_meanwhile() -> None:
    """That fills are missing is still open, but its status does not tell them."""
    rig = with_live(1)
    rig.hear(*unclear(1))
    (first,) = queries(rig)
    rig.hear(refused(first.request_id, Outcome.AMBIGUOUS))
    rig.wait(0.5)
    rig.hear(*unclear(1))
    (second,) = queries(rig)
    rig.hear(acknowledged("v1", 1, cumulative=Decimal(4)))
    assert open_questions(rig) == 1
    rig.hear(shown(second, cumulative=Decimal(4)))
    rig.wait(120)
    assert rig.sent() == []


def test_a_login_asks_for_no_status_of_an_order_of_which_fills_are_missing_alone() -> None:
    rig = with_live(1)
    rig.hear(acknowledged("v1", 1, cumulative=Decimal(4)))
    rig.lose_link()
    rig.log_in(view("v1", 1, cumulative=Decimal(4)))
    assert open_questions(rig) == 1
    assert queries(rig) == []


def test_a_live_message_answers_what_was_open_ahead_of_the_venues_answer() -> None:
    rig = with_live(1)
    rig.hear(*unclear(1))
    (query,) = queries(rig)
    assert open_questions(rig) == 2
    rig.hear(acknowledged("v1", 1))
    assert open_questions(rig) == 0
    rig.hear(refused(query.request_id, Outcome.AMBIGUOUS))
    rig.wait(120)
    assert queries(rig) == []


# Orders that were called Denied

QUICK = VenueRules(venue="TEST", absence_proves_after=SECOND)


def denied(others: int = 0) -> Rig:
    """Besides live orders, one that never arrived: it was placed at 100 s, and denied a second later."""
    rig = Watched(rules=QUICK)
    rig.place("a99")
    rig.hear(refused(1, Outcome.AMBIGUOUS))
    rig.sent()
    for number in range(1, others + 1):
        rig.place(f"a{number}")
        rig.hear(took(rig.numbers, f"v{number}"), acknowledged(f"v{number}", number))
    rig.sent()
    rig.wait(1)
    (query,) = queries(rig)
    rig.hear(refused(query.request_id, Outcome.NOT_FOUND))
    assert rig.status("a99") is OrderStatus.DENIED
    return rig


def test_a_denied_order_is_asked_for_again_after_a_minute_by_its_name_from_its_placement_on() -> None:
    rig = denied()
    rig.wait(59.9)
    assert rig.sent() == []
    rig.wait(0.1)
    (query,) = rig.sent()
    assert query == QueryOrder(request_id=query.request_id, venue_order_id=None, wire_id=99, since=PLACED, cursor=None)


def test_a_denied_order_is_not_asked_for_while_there_is_no_connection_but_at_the_next_login() -> None:
    rig = denied()
    rig.lose_link()
    rig.wait(60)
    assert rig.sent() == []
    rig.log_in()
    assert [query.wire_id for query in queries(rig)] == [99]


def test_a_denied_order_is_not_asked_for_while_as_many_queries_as_may_be_are_on_their_way() -> None:
    rig = denied(16)
    rig.wait(59)
    rig.hear(*unclear(*range(1, 17)))
    assert names(rig) == of(*range(1, 17))
    rig.wait(2)
    assert queries(rig) == []


def test_the_answer_about_a_denied_order_gives_its_place_back() -> None:
    rig = denied(16)
    rig.wait(60)
    (query,) = queries(rig)
    rig.hear(refused(query.request_id, Outcome.NOT_FOUND))
    rig.hear(*unclear(*range(1, 17)))
    assert names(rig) == of(*range(1, 17))


def test_the_unanswered_question_about_a_denied_order_holds_a_place_until_it_is_given_up() -> None:
    rig = denied(16)
    rig.wait(60)
    assert len(queries(rig)) == 1
    rig.wait(5)
    rig.hear(*unclear(*range(1, 17)))
    assert names(rig) == of(*range(1, 16))
    rig.wait(5)
    assert names(rig) == ["v16"]
