"""The user's own questions for fills, pages that fail, and readings that nobody needs."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

import pytest

from protocol import commands, events, facts, requests
from protocol.dispatch.inputs import Heard, NotWritten
from protocol.errors import NotSent, RequestFailed
from protocol.facts import Outcome
from protocol.structs import evolve
from protocol.values import ClientOrderId, OrderStatus, RequestId
from protocol.venue import SECOND, VenueRules

from ..history_pages import asked, at, give, next_page
from ..order_life import GOLD, Rig, acknowledged, refused, took, trade, traded, view

NEVER = 10**6 * SECOND
READS = VenueRules(venue="TEST", reads_history=True, absence_needs_history=True, audit_period=60 * SECOND)
CHAINS = evolve(READS, chain_history=True)
SAME_PAGE = "The venue gives the same page of its history again and again"


# The user's questions


def ask(rig: Rig, start: int, end: int, **known: Any) -> int:
    rig.ask(commands.ReadFills(start=at(start), end=at(end), **known))
    return rig.numbers


def test_a_question_for_fills_is_read_in_spans_and_pages_and_answered_with_how_many_there_were() -> None:
    rig = Rig(rules=VenueRules(venue="TEST", history_span=30 * SECOND))
    rig.live("a1", "v1")
    number = ask(rig, 0, 80, instrument=GOLD.id)
    (first,) = asked(rig)
    assert first == requests.ListFills(request_id=RequestId(number), start=at(0), end=at(30), symbol="GOLD")
    assert give(rig, first, trade("v1", "t1", 1), trade("v1", "t2", 1), cursor="two") == ["Filled", "Filled"]
    (second,) = asked(rig)
    assert second == evolve(first, cursor="two")
    give(rig, second, trade("v1", "t3", 1))
    (third,) = asked(rig)
    assert third == evolve(first, start=at(30), end=at(60))
    give(rig, third)
    (last,) = asked(rig)
    assert last == evolve(first, start=at(60), end=at(80))
    assert rig.answer_to(number) is None
    give(rig, last, trade("v1", "t4", 1))
    assert rig.answer_to(number) == 4
    assert asked(rig) == []
    give(rig, last, trade("v1", "t5", 1))
    assert rig.replies == [], "it is answered once"
    assert ask(rig, 0, 30) > number
    (other,) = asked(rig)
    assert (other.start, other.end, other.symbol) == (at(0), at(30), None)


def test_a_question_of_the_users_is_answered_while_a_reading_of_our_own_is_under_way() -> None:
    rig = Rig(rules=READS)
    own = next_page(rig)
    number = ask(rig, 0, 80)
    (page,) = asked(rig)
    give(rig, page, trade("x1", "t1", 1))
    assert rig.answer_to(number) == 1
    assert [event.trade_id for event in rig.events() if isinstance(event, events.FillReport)] == ["t1"]
    give(rig, own, cursor="two")
    (following,) = asked(rig)
    assert (following.start, following.cursor) == (own.start, "two")


def test_no_reading_begins_while_the_client_is_closing() -> None:
    rig = Rig(rules=evolve(READS, request_timeout=600 * SECOND))
    rig.place("a1")
    rig.ask(commands.Disconnect(grace=300 * SECOND), None)
    rig.wait(200)
    assert rig.replies == []
    assert asked(rig) == []


def test_a_question_for_fills_ends_later_than_it_begins_or_is_not_sent() -> None:
    rig = Rig()
    for end in (10, 9):
        ask(rig, 10, end)
        error = rig.answer_to(rig.numbers)
        assert isinstance(error, NotSent)
        assert str(error) == "The question for fills was not sent: its end must be later than its start."
    assert asked(rig) == []
    rig.lose_link()
    ask(rig, 0, 10)
    assert str(rig.answer_to(rig.numbers)).startswith("The question for fills was not sent: there is no connection")


def test_a_venue_that_gives_the_same_page_again_fails_the_question_and_says_how_many_were_read() -> None:
    rig = Rig()
    rig.live("a1", "v1")
    number = ask(rig, 0, 80)
    (page,) = asked(rig)
    give(rig, page, trade("v1", "t1", 1), cursor="two")
    (page,) = asked(rig)
    give(rig, page, trade("v1", "t2", 1), trade("v1", "t3", 1), cursor="two")
    error = rig.answer_to(number)
    assert isinstance(error, RequestFailed)
    assert str(error) == f"{SAME_PAGE}; 3 fills were read."
    assert asked(rig) == []


@pytest.mark.parametrize(
    ("fail", "kind", "words"),
    [
        (lambda rig, page: rig.hear(refused(page.request_id, Outcome.DEFINITE, "no")), RequestFailed, "no"),
        (lambda rig, page: rig.apply(NotWritten((page.request_id,), "no way")), NotSent, "no way"),
        (lambda rig, page: rig.wait(10), RequestFailed, "Ask again."),
    ],
    ids=["refused", "never written", "never answered"],
)
def test_a_question_for_fills_that_fails_is_answered_with_why(fail: Any, kind: type, words: str) -> None:
    rig = Rig()
    number = ask(rig, 0, 80)
    (page,) = asked(rig)
    fail(rig, page)
    error = rig.answer_to(number)
    assert type(error) is kind
    assert str(error).endswith(words)
    give(rig, page)
    assert rig.replies == []


# Pages that fail


def test_an_answer_that_does_not_fit_is_ignored_aloud_and_the_page_is_still_awaited() -> None:
    rig = Rig(rules=READS)
    page = next_page(rig)
    assert rig.hear(took(page.request_id)) == []
    assert rig.last.warnings == [
        f"The answer to request {page.request_id} does not fit what was asked, and was ignored."
    ]


def at_page_two(rules: VenueRules) -> tuple[Rig, Any]:
    rig = Rig(rules=evolve(rules, query_delays=(SECOND,)))
    rig.live("a1", "v1")
    page = next_page(rig)
    if isinstance(page, requests.ListOrderHistory):
        give(rig, page, view("v1", 1))
        (page,) = asked(rig)
    give(rig, page, cursor="two")
    (page,) = asked(rig)
    return rig, page


def test_a_page_that_is_never_written_or_never_answered_keeps_its_cursor() -> None:
    """The venue has not refused it."""
    rig, page = at_page_two(READS)
    for number in range(8):
        if number % 2:
            rig.apply(NotWritten((page.request_id,), "no way"))
        page = next_page(rig)
        assert page.cursor == "two"


def test_where_orders_are_read_first_a_cursor_of_fills_that_was_refused_three_times_is_forgotten_too() -> None:
    rig, page = at_page_two(CHAINS)
    cursors = []
    for _ in range(4):
        rig.hear(refused(page.request_id, Outcome.DEFINITE, "what page?"))
        page = next_page(rig)
        assert isinstance(page, requests.ListOrderHistory), "those that are live may have gone on meanwhile"
        assert page.triggers is False
        give(rig, page, view("v1", 1))
        (page,) = asked(rig)
        cursors.append(page.cursor)
    assert cursors == ["two", "two", None, None], "what is answered about orders says nothing of that cursor"


@pytest.mark.parametrize("rules", [READS, CHAINS], ids=["fills", "behind orders"])
def test_refusals_of_one_page_are_none_of_the_next(rules: VenueRules) -> None:
    rig, page = at_page_two(rules)
    cursors = []
    for number in range(4):
        rig.hear(refused(page.request_id, Outcome.DEFINITE, "what page?"))
        page = next_page(rig)
        if isinstance(page, requests.ListOrderHistory):
            give(rig, page, view("v1", 1))
            (page,) = asked(rig)
        cursors.append(page.cursor)
        if number == 1:
            give(rig, page, cursor="three")
            (page,) = asked(rig)
    assert cursors == ["two", "two", "three", "three"]


def test_refusals_of_one_page_of_orders_are_none_of_the_next() -> None:
    rig = Rig(rules=evolve(CHAINS, query_delays=(SECOND,)))
    rig.live("a1", "v1")
    page = next_page(rig)
    cursors = []
    for cursor in ("two", "three"):
        give(rig, page, view("v1", 1), cursor=cursor)
        (page,) = asked(rig)
        for _ in range(2):
            rig.hear(refused(page.request_id, Outcome.NOT_FOUND, "what page?"))
            page = next_page(rig)
            cursors.append(page.cursor)
    assert cursors == ["two", "two", "three", "three"]


# When nothing is to be read, and when


def test_messages_that_were_lost_on_the_first_connection_are_read_for() -> None:
    rig = Rig(rules=READS)
    assert asked(rig) == [], "before the first login there was nothing of ours"
    login = facts.LoggedIn(user="u", orders=(), cancel_on_disconnect=False, heartbeat_timeout=None)
    rig.apply(Heard(1, (login,)))
    (page,) = asked(rig)
    assert isinstance(page, requests.ListFills)


@pytest.mark.parametrize(("second", "again"), [(159.5, 220), (160, 220), (160.5, 163)])
def test_a_reading_that_began_after_a_total_looks_for_its_fills_and_one_from_before_does_not(
    second: float, again: int
) -> None:
    rig = Rig(rules=evolve(READS, fills_lag=SECOND))
    rig.live("a1", "v1")
    while rig.time < 162 * SECOND:
        rig.wait(0.5)
        if rig.time == int(second * SECOND):
            rig.hear(acknowledged("v1", 1, cumulative=Decimal(4)))
    (page,) = asked(rig)
    assert give(rig, page) == (["MissingFills"] if again == 220 else [])
    page = next_page(rig)
    assert rig.time == again * SECOND
    assert give(rig, page) == ([] if again == 220 else ["MissingFills"])


def test_nothing_that_was_answered_is_waited_for_at_the_end() -> None:
    rig = Rig(rules=CHAINS)
    rig.live("a1", "v1")
    rig.lose_link()
    rig.log_in(view("v1", 1))
    (page,) = asked(rig)
    give(rig, page, view("v1", 1))
    (page,) = asked(rig)
    give(rig, page)
    rig.ask(commands.Disconnect(grace=5 * SECOND), None)
    assert [reply.reply_to for reply in rig.replies] == [f"asker {rig.numbers}"]


def test_nothing_is_told_of_the_books_before_anything_happens() -> None:
    rig = Rig(rules=READS, logged_in=False)
    rig.apply()
    assert rig.last.progress is None


def test_no_reading_begins_before_1970() -> None:
    rig = Rig(rules=CHAINS, logged_in=False)
    rig.wall, rig.time = 0, 10 * SECOND
    rig.log_in()
    rig.live("a1", "v1")
    orders = next_page(rig)
    assert (orders.start, orders.end) == (0, 130 * SECOND)
    give(rig, orders)
    (fills,) = asked(rig)
    assert (fills.start, fills.end) == (0, 130 * SECOND)


# For whom the history of orders is read


def orders_asked_for(rig: Rig) -> Any:
    """No list shows any order, and asked for one, the venue does not know it: gives the question for the history of
    orders."""
    for _ in range(600):
        for request in rig.sent():
            if isinstance(request, requests.QueryOrder):
                rig.hear(refused(request.request_id, Outcome.NOT_FOUND))
            elif isinstance(request, requests.ListOpenOrders):
                rig.hear(facts.RequestAnswered(request_id=request.request_id, orders=()))
            elif isinstance(request, requests.ListFills):
                give(rig, request)
            elif isinstance(request, requests.ListOrderHistory):
                return request
        rig.wait(0.5)
    raise AssertionError("nobody asked")


@pytest.mark.parametrize(("by_placement", "start"), [(True, 40), (False, 5040)])
def test_what_became_of_an_order_is_asked_for_from_where_the_venue_lists_it(by_placement: bool, start: int) -> None:
    """By when it was placed, or by when it may have ended: since the last list that had it."""
    rig = Rig(rules=evolve(READS, history_by_placement=by_placement))
    rig.live("a1", "v1")
    rig.time += 5000 * SECOND
    rig.lose_link()
    rig.log_in(view("v1", 1))
    assert orders_asked_for(rig).start == at(start)


@pytest.mark.parametrize(
    ("apart", "is_stop", "triggers"), [(True, True, True), (True, False, False), (False, True, False)]
)
def test_stops_have_a_history_of_their_own_where_the_venue_keeps_it_apart(
    apart: bool, is_stop: bool, triggers: bool
) -> None:
    rig = Rig(rules=evolve(READS, triggers_apart=apart, audit_period=NEVER))
    rig.place("a1", **({"trigger_price": "99.0"} if is_stop else {}))
    rig.hear(took(1, "v1"), acknowledged("v1", 1))
    rig.lose_link()
    rig.log_in()
    page = orders_asked_for(rig)
    assert page.triggers is triggers
    give(rig, page)
    following = asked(rig)
    assert [(type(each), each.triggers) for each in following] == [(requests.ListOrderHistory, False)] * triggers


def test_an_execution_that_waited_for_the_ids_of_an_order_is_told_when_they_are_read() -> None:
    """A login showed a1 first under v2; what it had been before, history tells. This execution is none of its own."""
    rig = Rig(rules=evolve(CHAINS, unnamed_events=True, status_shows_terms=False, audit_period=NEVER))
    rig.place("a1")
    rig.wait(1)
    rig.lose_link()
    rig.log_in(view("v2", 1))
    early = traded("x1", "t1", 3, 3)
    assert rig.hear(evolve(early, trade=evolve(early.trade, time=at(101)))) == []
    names = []
    for _ in range(3):
        for page in asked(rig):
            names += give(rig, page, *([view("v2", 1)] if isinstance(page, requests.ListOrderHistory) else []))
        rig.wait(1)
    assert "FillReport" in names
    assert ClientOrderId("a1") in rig.state.orders.live
    assert rig.status("a1") is OrderStatus.ACCEPTED
    assert not any(isinstance(record, events.Filled) for record in rig.records)
