"""The user's own questions for fills, pages that fail, and readings that nobody needs."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

import pytest
from attrs import evolve

from protocol import commands, events, facts, requests
from protocol.dispatch.inputs import Heard, NotWritten
from protocol.errors import NotSent, RequestFailed
from protocol.facts import Outcome
from protocol.values import ClientOrderId, OrderStatus, RequestId
from protocol.venue import SECOND, VenueRules

from .history_pages import asked, at, give, next_page
from .order_life import GOLD, Desk, acknowledged, refused, took, trade, traded, view

NEVER = 10**6 * SECOND
READS = VenueRules(venue="TEST", reads_history=True, absence_needs_history=True, audit_period=60 * SECOND)
CHAINS = evolve(READS, chain_history=True)
SAME_PAGE = "The venue gives the same page of its history again and again"


# The user's questions


def ask(desk: Desk, start: int, end: int, **known: Any) -> int:
    desk.ask(commands.ReadFills(start=at(start), end=at(end), **known))
    return desk.numbers


def test_a_question_for_fills_is_read_in_spans_and_pages_and_answered_with_how_many_there_were() -> None:
    desk = Desk(rules=VenueRules(venue="TEST", history_span=30 * SECOND))
    desk.live("a1", "v1")
    number = ask(desk, 0, 80, instrument=GOLD.id)
    (first,) = asked(desk)
    assert first == requests.ListFills(request_id=RequestId(number), start=at(0), end=at(30), symbol="GOLD")
    assert give(desk, first, trade("v1", "t1", 1), trade("v1", "t2", 1), cursor="two") == ["Filled", "Filled"]
    (second,) = asked(desk)
    assert second == evolve(first, cursor="two")
    give(desk, second, trade("v1", "t3", 1))
    (third,) = asked(desk)
    assert third == evolve(first, start=at(30), end=at(60))
    give(desk, third)
    (last,) = asked(desk)
    assert last == evolve(first, start=at(60), end=at(80))
    assert desk.answer_to(number) is None
    give(desk, last, trade("v1", "t4", 1))
    assert desk.answer_to(number) == 4
    assert asked(desk) == []
    give(desk, last, trade("v1", "t5", 1))
    assert desk.replies == [], "it is answered once"
    assert ask(desk, 0, 30) > number
    (other,) = asked(desk)
    assert (other.start, other.end, other.symbol) == (at(0), at(30), None)


def test_a_question_of_the_users_is_answered_while_a_reading_of_our_own_is_under_way() -> None:
    desk = Desk(rules=READS)
    own = next_page(desk)
    number = ask(desk, 0, 80)
    (page,) = asked(desk)
    give(desk, page, trade("x1", "t1", 1))
    assert desk.answer_to(number) == 1
    assert [event.trade_id for event in desk.events() if isinstance(event, events.FillReport)] == ["t1"]
    give(desk, own, cursor="two")
    (following,) = asked(desk)
    assert (following.start, following.cursor) == (own.start, "two")


def test_no_reading_begins_while_the_client_is_closing() -> None:
    desk = Desk(rules=evolve(READS, request_timeout=600 * SECOND))
    desk.place("a1")
    desk.ask(commands.Disconnect(grace=300 * SECOND), None)
    desk.wait(200)
    assert desk.replies == []
    assert asked(desk) == []


def test_a_question_for_fills_ends_later_than_it_begins_or_is_not_sent() -> None:
    desk = Desk()
    for end in (10, 9):
        ask(desk, 10, end)
        error = desk.answer_to(desk.numbers)
        assert isinstance(error, NotSent)
        assert str(error) == "The question for fills was not sent: its end must be later than its start."
    assert asked(desk) == []
    desk.lose_link()
    ask(desk, 0, 10)
    assert str(desk.answer_to(desk.numbers)).startswith("The question for fills was not sent: there is no connection")


def test_a_venue_that_gives_the_same_page_again_fails_the_question_and_says_how_many_were_read() -> None:
    desk = Desk()
    desk.live("a1", "v1")
    number = ask(desk, 0, 80)
    (page,) = asked(desk)
    give(desk, page, trade("v1", "t1", 1), cursor="two")
    (page,) = asked(desk)
    give(desk, page, trade("v1", "t2", 1), trade("v1", "t3", 1), cursor="two")
    error = desk.answer_to(number)
    assert isinstance(error, RequestFailed)
    assert str(error) == f"{SAME_PAGE}; 3 fills were read."
    assert asked(desk) == []


@pytest.mark.parametrize(
    ("fail", "kind", "words"),
    [
        (lambda desk, page: desk.hear(refused(page.request_id, Outcome.DEFINITE, "no")), RequestFailed, "no"),
        (lambda desk, page: desk.apply(NotWritten((page.request_id,), "no way")), NotSent, "no way"),
        (lambda desk, page: desk.wait(10), RequestFailed, "Ask again."),
    ],
    ids=["refused", "never written", "never answered"],
)
def test_a_question_for_fills_that_fails_is_answered_with_why(fail: Any, kind: type, words: str) -> None:
    desk = Desk()
    number = ask(desk, 0, 80)
    (page,) = asked(desk)
    fail(desk, page)
    error = desk.answer_to(number)
    assert type(error) is kind
    assert str(error).endswith(words)
    give(desk, page)
    assert desk.replies == []


# Pages that fail


def test_an_answer_that_does_not_fit_is_ignored_aloud_and_the_page_is_still_awaited() -> None:
    desk = Desk(rules=READS)
    page = next_page(desk)
    assert desk.hear(took(page.request_id)) == []
    assert desk.last.warnings == [
        f"The answer to request {page.request_id} does not fit what was asked, and was ignored."
    ]


def at_page_two(rules: VenueRules) -> tuple[Desk, Any]:
    desk = Desk(rules=evolve(rules, query_delays=(SECOND,)))
    desk.live("a1", "v1")
    page = next_page(desk)
    if isinstance(page, requests.ListOrderHistory):
        give(desk, page, view("v1", 1))
        (page,) = asked(desk)
    give(desk, page, cursor="two")
    (page,) = asked(desk)
    return desk, page


def test_a_page_that_is_never_written_or_never_answered_keeps_its_cursor() -> None:
    """The venue has not refused it."""
    desk, page = at_page_two(READS)
    for number in range(8):
        if number % 2:
            desk.apply(NotWritten((page.request_id,), "no way"))
        page = next_page(desk)
        assert page.cursor == "two"


def test_where_orders_are_read_first_a_cursor_of_fills_that_was_refused_three_times_is_forgotten_too() -> None:
    desk, page = at_page_two(CHAINS)
    cursors = []
    for _ in range(4):
        desk.hear(refused(page.request_id, Outcome.DEFINITE, "what page?"))
        page = next_page(desk)
        assert isinstance(page, requests.ListOrderHistory), "those that are live may have gone on meanwhile"
        assert page.triggers is False
        give(desk, page, view("v1", 1))
        (page,) = asked(desk)
        cursors.append(page.cursor)
    assert cursors == ["two", "two", None, None], "what is answered about orders says nothing of that cursor"


@pytest.mark.parametrize("rules", [READS, CHAINS], ids=["fills", "behind orders"])
def test_refusals_of_one_page_are_none_of_the_next(rules: VenueRules) -> None:
    desk, page = at_page_two(rules)
    cursors = []
    for number in range(4):
        desk.hear(refused(page.request_id, Outcome.DEFINITE, "what page?"))
        page = next_page(desk)
        if isinstance(page, requests.ListOrderHistory):
            give(desk, page, view("v1", 1))
            (page,) = asked(desk)
        cursors.append(page.cursor)
        if number == 1:
            give(desk, page, cursor="three")
            (page,) = asked(desk)
    assert cursors == ["two", "two", "three", "three"]


def test_refusals_of_one_page_of_orders_are_none_of_the_next() -> None:
    desk = Desk(rules=evolve(CHAINS, query_delays=(SECOND,)))
    desk.live("a1", "v1")
    page = next_page(desk)
    cursors = []
    for cursor in ("two", "three"):
        give(desk, page, view("v1", 1), cursor=cursor)
        (page,) = asked(desk)
        for _ in range(2):
            desk.hear(refused(page.request_id, Outcome.NOT_FOUND, "what page?"))
            page = next_page(desk)
            cursors.append(page.cursor)
    assert cursors == ["two", "two", "three", "three"]


# When nothing is to be read, and when


def test_messages_that_were_lost_on_the_first_connection_are_read_for() -> None:
    desk = Desk(rules=READS)
    assert asked(desk) == [], "before the first login there was nothing of ours"
    login = facts.LoggedIn(user="u", orders=(), cancel_on_disconnect=False, heartbeat_timeout=None)
    desk.apply(Heard(1, (login,)))
    (page,) = asked(desk)
    assert isinstance(page, requests.ListFills)


@pytest.mark.parametrize(("second", "again"), [(159.5, 220), (160, 220), (160.5, 163)])
def test_a_reading_that_began_after_a_total_looks_for_its_fills_and_one_from_before_does_not(
    second: float, again: int
) -> None:
    desk = Desk(rules=evolve(READS, fills_lag=SECOND))
    desk.live("a1", "v1")
    while desk.time < 162 * SECOND:
        desk.wait(0.5)
        if desk.time == int(second * SECOND):
            desk.hear(acknowledged("v1", 1, cumulative=Decimal(4)))
    (page,) = asked(desk)
    assert give(desk, page) == (["Gap"] if again == 220 else [])
    page = next_page(desk)
    assert desk.time == again * SECOND
    assert give(desk, page) == ([] if again == 220 else ["Gap"])


def test_nothing_that_was_answered_is_waited_for_at_the_end() -> None:
    desk = Desk(rules=CHAINS)
    desk.live("a1", "v1")
    desk.lose_link()
    desk.log_in(view("v1", 1))
    (page,) = asked(desk)
    give(desk, page, view("v1", 1))
    (page,) = asked(desk)
    give(desk, page)
    desk.ask(commands.Disconnect(grace=5 * SECOND), None)
    assert [reply.reply_to for reply in desk.replies] == [f"asker {desk.numbers}"]


def test_nothing_is_told_of_the_books_before_anything_happens() -> None:
    desk = Desk(rules=READS, logged_in=False)
    desk.apply()
    assert desk.last.progress is None


def test_no_reading_begins_before_1970() -> None:
    desk = Desk(rules=CHAINS, logged_in=False)
    desk.wall, desk.time = 0, 10 * SECOND
    desk.log_in()
    desk.live("a1", "v1")
    orders = next_page(desk)
    assert (orders.start, orders.end) == (0, 130 * SECOND)
    give(desk, orders)
    (fills,) = asked(desk)
    assert (fills.start, fills.end) == (0, 130 * SECOND)


# For whom the history of orders is read


def orders_asked_for(desk: Desk) -> Any:
    """No list shows any order, and asked for one, the venue does not know it: gives the question for the history of
    orders."""
    for _ in range(600):
        for request in desk.sent():
            if isinstance(request, requests.QueryOrder):
                desk.hear(refused(request.request_id, Outcome.NOT_FOUND))
            elif isinstance(request, requests.ListOpenOrders):
                desk.hear(facts.RequestAnswered(request_id=request.request_id, orders=()))
            elif isinstance(request, requests.ListFills):
                give(desk, request)
            elif isinstance(request, requests.ListOrderHistory):
                return request
        desk.wait(0.5)
    raise AssertionError("nobody asked")


@pytest.mark.parametrize(("by_placement", "start"), [(True, 40), (False, 5040)])
def test_what_became_of_an_order_is_asked_for_from_where_the_venue_lists_it(by_placement: bool, start: int) -> None:
    """By when it was placed, or by when it may have ended: since the last list that had it."""
    desk = Desk(rules=evolve(READS, history_by_placement=by_placement))
    desk.live("a1", "v1")
    desk.time += 5000 * SECOND
    desk.lose_link()
    desk.log_in(view("v1", 1))
    assert orders_asked_for(desk).start == at(start)


@pytest.mark.parametrize(
    ("apart", "is_stop", "triggers"), [(True, True, True), (True, False, False), (False, True, False)]
)
def test_stops_have_a_history_of_their_own_where_the_venue_keeps_it_apart(
    apart: bool, is_stop: bool, triggers: bool
) -> None:
    desk = Desk(rules=evolve(READS, triggers_apart=apart, audit_period=NEVER))
    desk.place("a1", **({"trigger_price": "99.0"} if is_stop else {}))
    desk.hear(took(1, "v1"), acknowledged("v1", 1))
    desk.lose_link()
    desk.log_in()
    page = orders_asked_for(desk)
    assert page.triggers is triggers
    give(desk, page)
    following = asked(desk)
    assert [(type(each), each.triggers) for each in following] == [(requests.ListOrderHistory, False)] * triggers


def test_an_execution_that_waited_for_the_ids_of_an_order_is_told_when_they_are_read() -> None:
    """A login showed a1 first under v2; what it had been before, history tells. This execution is none of its own."""
    desk = Desk(rules=evolve(CHAINS, unnamed_events=True, status_shows_terms=False, audit_period=NEVER))
    desk.place("a1")
    desk.wait(1)
    desk.lose_link()
    desk.log_in(view("v2", 1))
    early = traded("x1", "t1", 3, 3)
    assert desk.hear(evolve(early, trade=evolve(early.trade, time=at(101)))) == []
    names = []
    for _ in range(3):
        for page in asked(desk):
            names += give(desk, page, *([view("v2", 1)] if isinstance(page, requests.ListOrderHistory) else []))
        desk.wait(1)
    assert "FillReport" in names
    assert ClientOrderId("a1") in desk.state.orders.live
    assert desk.status("a1") is OrderStatus.ACCEPTED
    assert not any(isinstance(record, events.Filled) for record in desk.records)
