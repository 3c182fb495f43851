"""Fills after a restart: what happened while no program ran comes out once, and nothing twice."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

import pytest

from protocol import events, facts, requests
from protocol.dispatch.inquiries import Question
from protocol.dispatch.known import NothingKnown
from protocol.dispatch.records import Disowned, HistoryRead, Opened
from protocol.errors import DuplicateOrder
from protocol.values import VenueOrderId
from protocol.venue import SECOND, VenueRules
from tests.guarding import asked, open_questions, order_of, told
from tests.order_life import GOLD, WALL, canceled, replaced, trade, traded, view
from tests.question_rig import CHAINS, dated
from tests.restarting import Run, fills_in, first_run

PAGES = VenueRules(
    venue="TEST", reads_history=True, lists_lag=5 * SECOND, audit_period=600 * SECOND, query_delays=(SECOND,)
)


@pytest.fixture(params=[False, True], ids=["records", "snapshot"])
def by_snapshot(request: pytest.FixtureRequest) -> bool:
    return bool(request.param)


def now(run: Run) -> int:
    return run.wall + run.time


def page_of(run: Run, *trades: facts.Trade) -> list[str]:
    """The next page of history that is asked for has these."""
    for _ in range(200):
        pages = asked(run, requests.ListFills)
        if pages:
            return run.hear(facts.FillsListed(request_id=pages[0].request_id, trades=trades))
        run.wait(0.5)
    raise AssertionError("history was not asked for")


def test_a_fill_from_the_time_between_two_runs_comes_once(by_snapshot: bool) -> None:
    run = first_run(rules=PAGES)
    run.live("a1", "v1")
    run.hear(traded("v1", "t1", 2, 2, 1))
    run = run.next_run(by_snapshot=by_snapshot)
    between = dated(trade("v1", "t2", 3), now(run) - 10 * SECOND)
    run.log_in(view("v1", 1, cumulative=Decimal(5)))
    assert page_of(run, trade("v1", "t1", 2), between) == ["Filled"]
    assert order_of(run).cumulative == 5

    run = run.next_run(by_snapshot=by_snapshot)
    run.log_in(view("v1", 1, cumulative=Decimal(5)))
    assert "Filled" not in page_of(run, trade("v1", "t1", 2), between)
    assert fills_in(run.records) == []


def test_history_is_read_from_where_the_last_run_had_come(by_snapshot: bool) -> None:
    run = first_run(rules=PAGES)
    began = now(run)
    (read,) = [record for record in run.journal if isinstance(record, HistoryRead)]
    assert read.until == began  # what was before the first login is not ours
    run = run.next_run(by_snapshot=by_snapshot)
    run.log_in()
    (page,) = asked(run, requests.ListFills)
    assert page.start == began - 60 * SECOND  # as far as clocks may be apart
    asked_at = now(run)
    run.hear(facts.FillsListed(request_id=page.request_id, trades=()))
    read = [record for record in run.records if isinstance(record, HistoryRead)][-1]
    assert read.until == asked_at - PAGES.lists_lag


def test_what_is_read_and_waits_for_its_order_is_read_again() -> None:
    """Or the program that ends meanwhile would lose it."""
    rules = VenueRules(venue="TEST", reads_history=True, stops_go_on=True, changes_in_place=True)
    run = first_run(rules=rules)
    run.place("a1")  # not answered: the execution may be its own
    waiting = dated(trade("v9", "t9", 2), now(run) + SECOND)
    run.wait(5)
    run.lose_link()
    run.log_in()
    assert "Filled" not in page_of(run, waiting)
    assert [record for record in run.journal if isinstance(record, HistoryRead)][-1].until == waiting.time

    run = run.next_run()
    run.log_in(view("v9", 1, cumulative=Decimal(2), time=waiting.time))
    assert "Filled" in page_of(run, waiting)


def test_fills_that_are_missing_are_not_told_as_missing_again(by_snapshot: bool) -> None:
    run = first_run()  # this venue has no history, so a total that is ahead is a gap at once
    run.live("a1", "v1")
    run.hear(traded("v1", "t2", 2, 5, 1))
    assert len(told(run, events.MissingFills)) == 1
    run = run.next_run(by_snapshot=by_snapshot)
    run.log_in(view("v1", 1, cumulative=Decimal(5)))
    assert open_questions(run) == {Question.FILLS}
    run.wait(400)
    assert told(run, events.MissingFills) == []
    run.hear(traded("v1", "t1", 3, 5, 1))
    assert open_questions(run) == set()


def test_what_is_missing_under_a_former_id_is_not_missing_under_the_present_one_as_well(by_snapshot: bool) -> None:
    run = first_run()
    run.live("a1", "v1")
    run.hear(replaced("v1", "v2", 1, filled=3))
    run.hear(traded("v2", "t3", 2, 4, 1))
    assert [(gap.known, gap.reported) for gap in told(run, events.MissingFills)] == [(0, 5)]
    run = run.next_run(by_snapshot=by_snapshot)
    run.log_in(view("v2", 1, cumulative=Decimal(4)))
    run.hear(traded("v2", "t2", 2, 4, 1))
    assert open_questions(run) == {Question.FILLS}
    run.hear(traded("v1", "t1", 3, 3, 1))
    assert order_of(run).cumulative == 7
    assert open_questions(run) == set()
    assert told(run, events.MissingFills) == []


def test_a_fill_of_another_session_is_reported_once_for_ever(by_snapshot: bool) -> None:
    run = first_run(rules=PAGES)
    ours = dated(trade("x1", "t1", 2), now(run) + SECOND)
    run.wait(2)
    run.hear(traded("x1", "t1", 2, 2))
    assert len(told(run, events.FillReport)) == 1
    run = run.next_run(by_snapshot=by_snapshot)
    between = dated(trade("x1", "t2", 2), now(run) - SECOND)
    before = dated(trade("x1", "t0", 2), WALL + 99 * SECOND)  # from before the very first run
    run.log_in()
    assert page_of(run, before, ours, between)[:1] == ["FillReport"]
    assert [report.trade_id for report in told(run, events.FillReport)] == ["t2"]


def test_an_execution_that_is_late_in_history_is_news_whatever_its_time() -> None:
    """The journal knows what was reported, so nothing is left out for its age."""
    run = first_run(rules=PAGES)
    run.wait(3600)
    for page in asked(run, requests.ListFills):
        run.hear(facts.FillsListed(request_id=page.request_id, trades=()))
    assert page_of(run, dated(trade("x1", "t1", 2), now(run) - 120 * SECOND)) == ["FillReport"]


class Journal(NothingKnown):
    def __init__(self, fee_known: bool | None) -> None:
        self.answer = fee_known
        self.asked: list[tuple[str, str]] = []

    def is_used(self, client_order_id: str) -> bool:
        return client_order_id == "a1"

    def fee_known(self, venue_order_id: str, trade_id: str) -> bool | None:
        self.asked.append((venue_order_id, trade_id))
        return self.answer


@pytest.mark.parametrize("known", [True, False, None])
def test_the_journal_knows_the_fill_of_an_order_that_memory_has_let_go(known: bool | None) -> None:
    journal = Journal(known)
    run = first_run(known=journal, finished_window=1)
    run.live("a1", "v1")
    run.hear(traded("v1", "t1", 10, 10, 1, final=True))
    assert journal.asked == []  # while nothing is forgotten, memory has the answer
    run.live("a2", "v2")
    run.hear(canceled("v2", 2))
    told_again = run.hear(traded("v1", "t1", 10, 10, 1, final=True))
    assert set(journal.asked) == {("v1", "t1")}
    assert told_again == ([] if known is not None else ["FillReport", "OrderStatusReport"])


def test_the_journal_is_asked_for_fills_that_a_smaller_window_does_not_take_over(by_snapshot: bool) -> None:
    run = first_run()
    told_before = [traded(f"x{number}", f"t{number}", 2, 2) for number in (1, 2, 3)]
    run.hear(*told_before)
    run = run.next_run(by_snapshot=by_snapshot, known=Journal(True), fill_window=1)
    run.log_in()
    run.hear(*told_before)
    assert told(run, events.FillReport) == []


def test_the_journal_is_asked_for_orders_that_a_smaller_window_does_not_take_over(by_snapshot: bool) -> None:
    run = first_run()
    for number in (1, 2, 3):
        run.live(f"a{number}", f"v{number}")
        run.hear(traded(f"v{number}", f"t{number}", 10, 10, number, final=True))
    run = run.next_run(by_snapshot=by_snapshot, known=Journal(True), finished_window=1)
    run.log_in()
    assert list(run.state.orders.finished) == ["a3"]
    assert run.state.orders.by_venue_order_id(VenueOrderId("v1")) is None
    assert run.hear(traded("v1", "t1", 10, 10, 1, final=True)) == []
    assert isinstance(run.place("a1"), DuplicateOrder)


def test_when_the_first_run_began_counts_for_all(by_snapshot: bool) -> None:
    run = first_run()
    (opened,) = [record for record in run.journal if isinstance(record, Opened)]
    assert opened == Opened(at=now(run), is_measured=False)
    run = run.next_run(by_snapshot=by_snapshot)
    run.log_in()
    assert run.state._context.opened_at == opened.at
    assert not any(isinstance(record, Opened) for record in run.records)


def test_the_venues_clock_corrects_that_moment_once() -> None:
    rules = VenueRules(venue="TEST", tells_time=True, http_requests=frozenset({requests.AskTime}))

    def measure(run: Run) -> None:
        run.wait(0.1)
        (ask,) = asked(run, requests.AskTime)
        theirs = now(run) + 30 * SECOND
        run.hear(facts.VenueTime(request_id=ask.request_id, received=theirs, sent=theirs, resolution=1))

    run = first_run(rules=rules)
    ours = now(run)
    measure(run)
    opened = [record for record in run.journal if isinstance(record, Opened)][-1]
    assert opened.is_measured
    assert abs(opened.at - ours - 30 * SECOND) < SECOND
    run = run.next_run()
    run.log_in()
    measure(run)
    assert run.state._context.opened_at == opened.at


def test_an_adopted_orders_count_is_remembered(by_snapshot: bool) -> None:
    from protocol import commands
    from protocol.events import OrderStatusReport
    from protocol.values import StrategyId

    run = Run(rules=PAGES)
    run.log_in(view("x1", 1, cumulative=Decimal(4)))
    (report,) = [record for record in run.records if isinstance(record, OrderStatusReport)]
    adopt: Any = commands.Adopt(report=report, strategy=StrategyId("s"), client_order_id=None)
    run.ask(adopt, None)
    name = run.journal[-1].identity.client_order_id
    run = run.next_run(by_snapshot=by_snapshot)
    run.log_in(view("x1", 1, cumulative=Decimal(6)))
    assert order_of(run, name).cumulative == 4
    assert order_of(run, name).request_id is None
    counted = dated(trade("x1", "t1", 4), WALL + 90 * SECOND)
    assert page_of(run, counted, dated(trade("x1", "t2", 2), now(run) - 5 * SECOND)).count("Filled") == 1
    assert order_of(run, name).cumulative == 6
    assert GOLD.id == order_of(run, name).identity.instrument


def test_an_id_that_can_never_be_ours_stays_so(by_snapshot: bool) -> None:
    run = first_run(rules=CHAINS)
    run.state._context.disown(VenueOrderId("x1"))
    run.state._context.disown(VenueOrderId("x1"))
    run.journal += run.state._context.out.records
    assert [type(each) for each in run.journal].count(Disowned) == 1
    run = run.next_run(by_snapshot=by_snapshot)
    run.log_in()
    assert run.state._context.foreign.get(VenueOrderId("x1")) == 0
