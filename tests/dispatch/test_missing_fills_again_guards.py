"""Missing fills: what opens the question, what closes it, and whom history is asked for."""

from __future__ import annotations

from decimal import Decimal

import pytest

from protocol import commands, events, facts, requests
from protocol.dispatch.inquiries import Question
from protocol.facts import Outcome
from protocol.structs import evolve
from protocol.values import ClientOrderId, OrderStatus
from protocol.venue import SECOND, VenueRules

from ..fills_at_work import A1, ALONE, ONE_FEED, TWO_FEEDS, at_work, counts, gap, read, removed
from ..guarding import NOBODYS, ask_for, asked, open_questions, order_of, told
from ..order_life import WALL, Rig, acknowledged, canceled, external, refused, replaced, took, trade, traded, view

# The fills of one order


def alone(rig: Rig) -> requests.ListFills:
    (page,) = asked(rig, requests.ListFills)
    assert isinstance(page, requests.ListFills)
    return page


def left_out(rig: Rig, total: int = 4) -> requests.ListFills:
    """History lacks fills that the venue counts: its fills are asked for alone."""
    rig.hear(removed(OrderStatus.CANCELED, total))
    rig.wait(1)
    assert read(rig) == []
    return alone(rig)


def test_the_fills_of_an_order_that_history_leaves_out_are_asked_for_alone() -> None:
    rig = at_work(ALONE)
    page = left_out(rig)
    placed = order_of(rig).identity.local_time
    assert page == requests.ListFills(
        request_id=page.request_id,
        start=placed,
        end=rig.wall + rig.time,
        symbol="GOLD",
        venue_order_id=view("v1").venue_order_id,
    )
    assert rig.hear(facts.FillsListed(request_id=page.request_id, trades=(trade("v1", "t1", 4),))) == [
        "Filled",
        "Canceled",
    ]
    assert asked(rig, requests.ListFills) == []


@pytest.mark.parametrize("how", ["nothing", "refused", "part"])
def test_what_the_fills_of_one_order_leave_out_is_told_as_missing(how: str) -> None:
    rig = at_work(ALONE)
    page = left_out(rig)
    rows = (trade("v1", "t1", 1),) if how == "part" else ()
    if how == "refused":
        names = rig.hear(refused(page.request_id, Outcome.DEFINITE))
    else:
        names = rig.hear(facts.FillsListed(request_id=page.request_id, trades=rows))
    assert names[-2:] == ["MissingFills", "Canceled"]
    (missing,) = told(rig, events.MissingFills)
    assert (missing.known, missing.reported) == (len(rows), 4)
    assert rig.status("a1") is OrderStatus.CANCELED


def test_an_answer_that_is_older_than_a_grown_total_settles_nothing() -> None:
    rig = at_work(ALONE)
    page = left_out(rig)
    rig.hear(removed(OrderStatus.CANCELED, 6))
    assert rig.hear(facts.FillsListed(request_id=page.request_id, trades=())) == []
    assert rig.status("a1") is OrderStatus.ACCEPTED


def test_no_order_is_asked_for_alone_while_the_client_closes() -> None:
    rig = at_work(ALONE)
    rig.hear(removed(OrderStatus.CANCELED, 4))
    rig.wait(1)
    (page,) = asked(rig, requests.ListFills)
    rig.ask(commands.Disconnect(grace=5 * SECOND, patience=10 * SECOND), None)
    rig.hear(facts.FillsListed(request_id=page.request_id, trades=()))
    assert asked(rig, requests.ListFills) == []
    assert rig.status("a1") is OrderStatus.CANCELED


# What is told again, and what is not


def changing(rules: VenueRules, quantity: int = 15) -> Rig:
    rig = at_work(rules)
    rig.ask(commands.Replace(client_order_id=A1, instrument="GOLD.TEST", quantity=quantity))
    return rig


def test_a_total_that_a_fill_leaves_of_a_quantity_that_is_being_changed_says_nothing() -> None:
    rig = changing(TWO_FEEDS)
    rig.hear(traded("v1", "t2", 2, 8, 1))
    assert open_questions(rig) == set()


@pytest.mark.parametrize("is_changing", [True, False])
def test_a_total_ahead_of_the_fills_is_a_question_where_nothing_is_reckoned(is_changing: bool) -> None:
    rig = changing(TWO_FEEDS) if is_changing else at_work(TWO_FEEDS)
    rig.hear(counts(8))
    assert open_questions(rig) == {Question.FILLS}


def test_where_the_venue_counts_itself_a_change_on_its_way_hides_no_gap() -> None:
    rig = changing(evolve(ONE_FEED, changes_in_place=True))
    assert rig.hear(traded("v1", "t2", 2, 8, 1)) == ["MissingFills", "Filled"]


def test_a_total_that_was_reckoned_gives_way_to_the_venues_own_count_which_is_still_ahead() -> None:
    rig = at_work(TWO_FEEDS)
    rig.hear(traded("v1", "t1", 3, 8, 1))
    changed = view("v1", 1, quantity=Decimal(7), cumulative=Decimal(5))
    rig.hear(facts.OrderReplaced(time=WALL, order=changed, new_venue_order_id=None, replacement=None))
    assert open_questions(rig) == {Question.FILLS}
    rig.wait(1)
    assert read(rig) == ["MissingFills"]
    assert told(rig, events.MissingFills) == [gap(rig, 3, 5)]


def test_a_change_without_a_total_leaves_what_was_reckoned() -> None:
    rig = at_work(TWO_FEEDS)
    rig.hear(traded("v1", "t1", 3, 8, 1))
    changed = view("v1", 1, quantity=Decimal(7), cumulative=None)
    rig.hear(facts.OrderReplaced(time=WALL, order=changed, new_venue_order_id=None, replacement=None))
    rig.wait(1)
    assert read(rig) == ["MissingFills"]
    assert told(rig, events.MissingFills)[0].reported == 8


def test_news_without_a_total_open_nothing() -> None:
    rig = at_work(TWO_FEEDS)
    assert rig.hear(evolve(counts(0), order=view("v1", 1, cumulative=None))) == []
    assert open_questions(rig) == set()


def test_the_pause_before_history_is_read_is_the_venues_own() -> None:
    rig = at_work(evolve(TWO_FEEDS, fills_lag=3 * SECOND))
    rig.hear(counts(4))
    rig.wait(2.9)
    assert asked(rig, requests.ListFills) == []
    rig.wait(0.1)
    assert len(asked(rig, requests.ListFills)) == 1


@pytest.mark.parametrize(("total", "kind", "why"), [(6, "Canceled", "first"), (7, "Expired", "second")])
def test_the_first_word_of_an_end_counts_until_another_one_brings_more(total: int, kind: str, why: str) -> None:
    rig = at_work(TWO_FEEDS)
    rig.hear(removed(OrderStatus.CANCELED, 6, "first"))
    rig.hear(removed(OrderStatus.EXPIRED, total, "second"))
    assert rig.hear(traded("v1", "t1", total, total, 1)) == ["Filled", kind]
    assert order_of(rig).reason == why


def test_an_end_without_a_total_is_kept_when_another_one_has_none_either() -> None:
    rig = at_work(TWO_FEEDS)
    rig.hear(removed(OrderStatus.CANCELED, None, "first"))
    rig.hear(removed(OrderStatus.EXPIRED, None, "second"))
    rig.wait(1)
    assert read(rig) == ["Canceled"]
    assert order_of(rig).reason == "first"


def test_without_history_an_order_that_left_the_book_ends_behind_the_gap_at_once() -> None:
    rig = at_work(evolve(ONE_FEED, reads_history=False))
    assert rig.hear(removed(OrderStatus.CANCELED, 6)) == ["MissingFills", "Canceled"]


def test_where_fills_come_with_their_totals_an_untold_total_is_waited_for_a_second() -> None:
    rig = at_work(evolve(ONE_FEED, reads_history=False))
    assert rig.hear(removed(OrderStatus.CANCELED, None)) == []
    assert rig.wait(0.9) == []
    assert rig.wait(0.1) == ["Canceled"]


def test_an_end_of_unknown_quantity_is_not_told_by_the_first_fill() -> None:
    rig = Rig(rules=TWO_FEEDS)
    external(rig, "x7", "v7")
    rig.hear(acknowledged("v7", 7, quantity=None))
    left = view("v7", 7, status=None, quantity=None, cumulative=None)
    rig.hear(facts.OrderRemoved(time=WALL, order=left, ending=OrderStatus.FILLED, filled=None, reason=""))
    fill = traded("v7", "t1", 4, 4, 7)
    assert rig.hear(evolve(fill, order=evolve(fill.order, quantity=None, status=None))) == ["Filled"]
    assert rig.status("x7") is OrderStatus.PARTIALLY_FILLED


def test_a_change_to_less_on_its_way_may_be_what_was_filled() -> None:
    rig = changing(TWO_FEEDS, quantity=6)
    rig.hear(removed(OrderStatus.FILLED, None))
    assert rig.hear(traded("v1", "t1", 6, 6, 1))[:1] == ["Filled"]
    assert rig.status("a1") is OrderStatus.FILLED


def test_a_reading_for_others_says_nothing_of_an_order_with_another_question() -> None:
    rig = at_work(TWO_FEEDS)
    rig.live("a2", "v2")
    rig.hear(facts.OrderUnclear(time=WALL, order=view("v2", 2, status=None)))
    rig.hear(counts(4))
    rig.wait(1)
    assert read(rig) == ["MissingFills"]
    assert open_questions(rig, "a2") == {Question.TERMS, Question.END}


def test_history_is_read_on_for_missing_fills_after_a_minute_then_five() -> None:
    rig = at_work(TWO_FEEDS)
    rig.hear(counts(4))
    rig.wait(1)
    assert read(rig) == ["MissingFills"]
    times = []
    for _ in range(2):
        before = rig.time
        page = ask_for(rig, requests.ListFills)
        times.append(round((rig.time - before) / SECOND))
        rig.hear(facts.FillsListed(request_id=page.request_id, trades=()))
    assert times == [60, 300]


def test_only_the_ids_whose_fills_are_missing_are_asked_for_alone() -> None:
    rig = at_work(evolve(ALONE, stops_go_on=True, changes_in_place=False))
    rig.hear(traded("v1", "t1", 3, 3, 1))
    rig.hear(replaced("v1", "v2", 1, filled=3, quantity=Decimal(7)))
    rig.hear(acknowledged("v2", 1, quantity=Decimal(7), cumulative=Decimal(2)))
    rig.wait(1)
    read(rig)
    assert [page.venue_order_id for page in asked(rig, requests.ListFills)] == ["v2"]


def test_an_answer_with_another_quantity_takes_back_what_was_reckoned_and_leaves_what_the_venue_counts() -> None:
    rig = at_work(TWO_FEEDS)
    rig.hear(traded("v1", "t1", 3, 8, 1))
    rig.time += SECOND // 10
    rig.ask(commands.Status(A1), None)
    (query,) = asked(rig, requests.QueryOrder)
    rig.hear(took(query.request_id, order=view("v1", 1, quantity=Decimal(7), cumulative=Decimal(5))))
    inquiry = order_of(rig).inquiry
    assert inquiry is not None
    assert inquiry.totals == {"v1": 5}


def test_what_is_missing_of_a_filled_order_is_counted_under_its_present_id() -> None:
    rig = Rig(rules=evolve(TWO_FEEDS, stops_go_on=True))
    rig.place("a1", trigger_price="99.0")
    rig.hear(took(1, "v1"), acknowledged("v1", 1, trigger_price=Decimal("99.0")))
    rig.hear(traded("v1", "t1", 2, 2, 1))
    rig.hear(replaced("v1", "v2", 1, filled=2, quantity=Decimal(8)))
    left = view("v2", 1, status=None, quantity=Decimal(8))
    rig.hear(facts.OrderRemoved(time=WALL, order=left, ending=OrderStatus.FILLED, filled=None, reason=""))
    inquiry = order_of(rig).inquiry
    assert inquiry is not None
    assert inquiry.totals == {"v2": 8}


def test_an_order_of_unknown_quantity_that_left_the_book_filled_is_asked_for_though_a_change_is_on_its_way() -> None:
    rig = Rig(rules=TWO_FEEDS)
    external(rig, "x7", "v7")
    rig.hear(acknowledged("v7", 7, quantity=None))
    rig.ask(commands.Replace(client_order_id=ClientOrderId("x7"), instrument="GOLD.TEST", quantity=6))
    left = view("v7", 7, status=None, quantity=None, cumulative=None)
    gone = facts.OrderRemoved(time=WALL, order=left, ending=OrderStatus.FILLED, filled=None, reason="")
    assert rig.hear(gone) == []
    assert [query.venue_order_id for query in asked(rig, requests.QueryOrder)] == ["v7"]


def test_a_whole_fill_from_history_asks_nothing_while_others_are_still_missing() -> None:
    """The venue counts more than the order was for, so it has told already that it knows better."""
    rig = at_work(TWO_FEEDS)
    rig.hear(counts(12))
    rig.hear(facts.FillsListed(request_id=NOBODYS, trades=(trade("v1", "t1", 10),)))
    assert open_questions(rig) == {Question.FILLS}
    assert asked(rig, requests.QueryOrder) == []


def ended_with_a_total(rules: VenueRules) -> Rig:
    """An order that has ended, of which the venue counts four more; the client remembers one such order."""
    rig = Rig(rules=rules, finished_window=1)
    rig.live("a1", "v1")
    rig.live("a2", "v2")
    read(rig)
    rig.wait(5)
    rig.hear(canceled("v1", 1))
    rig.hear(removed(OrderStatus.CANCELED, 0, cumulative=Decimal(4)))
    assert open_questions(rig) == {Question.FILLS}
    return rig


def forget(rig: Rig) -> None:
    rig.hear(canceled("v2", 2))
    assert rig.state.orders.by_client_order_id(A1) is None


def test_the_fills_of_an_order_that_is_forgotten_are_read_for_and_told_as_missing() -> None:
    rig = ended_with_a_total(TWO_FEEDS)
    missing = gap(rig, 0, 4)
    forget(rig)
    assert rig.wait(2) == []
    assert read(rig) == ["MissingFills"]
    assert rig.events()[-1] == evolve(missing, local_time=rig.wall + rig.time)


def test_the_fills_of_an_order_that_is_forgotten_may_still_be_answered() -> None:
    rig = ended_with_a_total(ALONE)
    rig.wait(1)
    read(rig)
    page = alone(rig)
    forget(rig)
    assert rig.hear(facts.FillsListed(request_id=page.request_id, trades=())) == []


def test_the_fills_of_an_order_of_which_nothing_is_open_any_more_may_still_be_answered() -> None:
    rig = at_work(ALONE)
    page = left_out(rig)
    assert rig.hear(traded("v1", "t1", 4, 4, 1)) == ["Filled", "Canceled"]
    assert rig.hear(facts.FillsListed(request_id=page.request_id, trades=())) == []


def test_fills_that_another_reading_has_told_as_missing_are_not_read_for_when_their_time_is_over() -> None:
    rig = at_work(evolve(TWO_FEEDS, check_unfilled_cancels=True))
    rig.live("a2", "v2")
    rig.hear(counts(4))
    rig.wait(0.1)
    rig.hear(canceled("v2", 2))
    assert read(rig) == ["MissingFills"]
    rig.wait(10)
    assert asked(rig, requests.ListFills) == []


def test_when_the_time_of_fills_that_came_is_over_nothing_is_asked_though_something_else_is_open() -> None:
    rig = at_work(TWO_FEEDS)
    rig.hear(counts(4))
    rig.hear(traded("v1", "t1", 4, 4, 1))
    rig.hear(facts.OrderUnclear(time=WALL, order=view("v1", 1, status=None)))
    assert rig.wait(2) == []
    assert asked(rig, requests.ListFills) == []
