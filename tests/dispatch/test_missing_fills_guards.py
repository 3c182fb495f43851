"""Totals ahead of the fills, ends that wait for theirs, and when an order is complete: one condition at a time."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

import pytest

from protocol import commands, events, facts, requests
from protocol.dispatch.inquiries import Question
from protocol.facts import Outcome
from protocol.structs import evolve
from protocol.values import OrderStatus
from protocol.venue import SECOND, VenueRules

from ..fills_at_work import NO_HISTORY, ONE_FEED, TWO_FEEDS, at_work, counts, fill_of, gap, read, removed
from ..guarding import NOBODYS, asked, order_of, told
from ..order_life import WALL, canceled, expired, refused, took, trade, traded, view

# A total that is ahead


def test_fills_that_history_does_not_have_either_are_told_as_missing_once() -> None:
    rig = at_work(TWO_FEEDS)
    rig.hear(traded("v1", "t1", 1, 1, 1))
    rig.records.clear()
    assert rig.hear(counts(4)) == []
    assert rig.wait(0.9) == []
    assert asked(rig, requests.ListFills) == []
    assert rig.wait(0.2) == []
    assert read(rig) == ["MissingFills"]
    assert rig.events() == [gap(rig, 1, 4)]
    assert rig.hear(counts(4)) == []
    assert rig.hear(traded("v1", "t2", 3, 4, 1)) == ["Filled"]
    assert order_of(rig).inquiry is None


def test_fills_that_come_in_time_are_nobodys_question() -> None:
    rig = at_work(TWO_FEEDS)
    rig.hear(counts(4))
    rig.wait(0.5)
    assert rig.hear(traded("v1", "t1", 4, 4, 1)) == ["Filled"]
    assert order_of(rig).inquiry is None
    rig.wait(5)
    assert asked(rig, requests.ListFills) == []


def test_a_reading_that_began_before_the_total_grew_proves_nothing_of_it() -> None:
    rig = at_work(TWO_FEEDS)
    rig.hear(counts(4))
    rig.wait(2)
    assert rig.hear(counts(6)) == []
    assert read(rig) == []
    assert rig.wait(297) == []
    assert rig.wait(1) == ["MissingFills"]
    assert rig.events() == [gap(rig, 0, 6)]


def test_a_reading_that_began_after_the_same_total_was_told_again_proves_that_they_are_missing() -> None:
    rig = at_work(TWO_FEEDS)
    rig.hear(counts(4))
    rig.wait(2)
    assert rig.hear(counts(4)) == []
    assert read(rig) == ["MissingFills"]


def test_without_history_fills_are_missing_when_their_time_is_over() -> None:
    rig = at_work(NO_HISTORY)
    rig.hear(counts(4))
    assert rig.wait(0.99) == []
    assert rig.wait(0.01) == ["MissingFills"]
    assert rig.events() == [gap(rig, 0, 4)]
    assert rig.wait(600) == []


def test_fills_are_told_as_missing_after_five_minutes_though_history_cannot_be_read() -> None:
    rig = at_work(TWO_FEEDS)
    rig.hear(counts(4))
    since = rig.time
    while "MissingFills" not in (names := rig.wait(1)):
        assert names == []
        for page in asked(rig, requests.ListFills):
            rig.hear(refused(page.request_id, Outcome.AMBIGUOUS))
    assert rig.time - since == 300 * SECOND
    assert told(rig, events.MissingFills)[0].local_time == rig.wall + rig.time


def test_where_fills_come_with_their_totals_a_gap_is_told_at_once_with_what_the_fill_itself_brings_left_out() -> None:
    rig = at_work(ONE_FEED)
    assert rig.hear(traded("v1", "t2", 2, 8, 1)) == ["MissingFills", "Filled"]
    assert rig.events()[0] == gap(rig, 0, 6)
    assert len(asked(rig, requests.ListFills)) == 1
    assert rig.hear(counts(8)) == []
    assert rig.hear(counts(9)) == ["MissingFills"]
    assert rig.events()[-1] == gap(rig, 2, 9)


def test_a_list_may_be_ahead_of_the_stream_by_a_second() -> None:
    rig = at_work(evolve(ONE_FEED, reads_history=False))
    rig.ask(commands.OpenOrders(), None)
    (listing,) = asked(rig, requests.ListOpenOrders)
    assert rig.hear(took(listing.request_id, orders=(view("v1", 1, cumulative=Decimal(4)),))) == []
    assert rig.wait(0.99) == []
    assert rig.wait(0.01) == ["MissingFills"]
    assert told(rig, events.MissingFills) == [gap(rig, 0, 4)]


@pytest.mark.parametrize("rules", [ONE_FEED, TWO_FEEDS], ids=["one feed", "two feeds"])
def test_a_total_that_the_venue_itself_counted_is_not_taken_back_when_the_order_is_changed(rules: VenueRules) -> None:
    """Only what was reckoned from the quantity is wrong when that was another."""
    rig = at_work(rules)
    rig.hear(traded("v1", "t2", 2, 8, 1) if rules is ONE_FEED else counts(8))
    if rules is TWO_FEEDS:
        rig.hear(traded("v1", "t2", 2, 2, 1))
    changed = view("v1", 1, quantity=Decimal(20), cumulative=Decimal(5))
    told_of = facts.OrderReplaced(time=WALL, order=changed, new_venue_order_id=None, replacement=None)
    assert rig.hear(told_of) == ["Updated"]
    rig.hear(fill_of("t3", 3, 5, 20))
    assert rig.hear(canceled("v1", 1, 5)) == []
    assert rig.hear(fill_of("t1", 3, 8, 20)) == ["Filled", "Canceled"]


def test_a_total_that_was_reckoned_from_the_old_quantity_is_counted_anew_when_that_is_told() -> None:
    """A fill that leaves 2 of 10 would make 8; the order was for 5 by then, and the venue counts 3."""
    rig = at_work(TWO_FEEDS)
    assert rig.hear(traded("v1", "t1", 3, 8, 1)) == ["Filled"]
    changed = view("v1", 1, quantity=Decimal(5), cumulative=Decimal(3))
    told_of = facts.OrderReplaced(time=WALL, order=changed, new_venue_order_id=None, replacement=None)
    assert rig.hear(told_of) == ["Updated"]
    assert order_of(rig).inquiry is None
    rig.wait(5)
    assert asked(rig, requests.ListFills) == []
    assert told(rig, events.MissingFills) == []


# Ends that wait


@pytest.mark.parametrize(
    ("end", "kind"), [(canceled("v1", 1, 4), events.Canceled), (expired("v1", 1), events.Expired)], ids=["c", "e"]
)
def test_an_end_waits_for_the_fills_that_the_venue_has_counted(end: Any, kind: type) -> None:
    rig = at_work(TWO_FEEDS)
    rig.hear(counts(4))
    end = evolve(end, time=WALL + 7, reason="done")
    assert rig.hear(end) == []
    assert rig.status("a1") is OrderStatus.ACCEPTED
    names = rig.hear(traded("v1", "t1", 4, 4, 1))
    assert names == ["Filled", kind.__name__]
    ended: Any = rig.events()[-1]
    assert ended.cumulative == 4
    assert (ended.reason, ended.venue_time) == ("done", WALL + 7)
    assert order_of(rig).inquiry is None


def test_an_order_that_left_the_book_with_what_was_heard_has_ended_and_nothing_is_read() -> None:
    rig = at_work(ONE_FEED)
    rig.hear(traded("v1", "t1", 4, 4, 1))
    assert rig.hear(removed(OrderStatus.CANCELED, 4)) == ["Canceled"]
    ended = told(rig, events.Canceled)[0]
    assert (ended.reason, ended.venue_time, ended.cumulative) == ("gone", WALL + 7, 4)
    assert rig.sent() == []
    assert rig.hear(removed(OrderStatus.CANCELED, 4)) == []


@pytest.mark.parametrize(
    ("ending", "kind"),
    [
        (OrderStatus.FILLED, events.Completed),
        (OrderStatus.EXPIRED, events.Expired),
        (OrderStatus.CANCELED, events.Canceled),
    ],
)
def test_an_order_that_left_the_book_ends_once_its_fills_are_heard(ending: OrderStatus, kind: type) -> None:
    rig = at_work(TWO_FEEDS)
    total = 10 if ending is OrderStatus.FILLED else 6
    assert rig.hear(removed(ending, total)) == []
    assert rig.hear(traded("v1", "t1", 2, 2, 1)) == ["Filled"]
    names = rig.hear(traded("v1", "t2", total - 2, total, 1))
    assert names == (["Filled"] if ending is OrderStatus.FILLED else ["Filled", kind.__name__])
    assert rig.status("a1") is ending
    fill = told(rig, events.Filled)[-1]
    assert fill.concluded is False


def test_a_second_word_of_the_same_end_changes_nothing_of_the_first() -> None:
    rig = at_work(TWO_FEEDS)
    rig.hear(removed(OrderStatus.CANCELED, 6, "first"))
    rig.hear(removed(OrderStatus.CANCELED, 7, "second"))
    rig.hear(removed(OrderStatus.CANCELED, 7, "third"))
    assert rig.hear(traded("v1", "t1", 7, 7, 1)) == ["Filled", "Canceled"]
    assert told(rig, events.Canceled)[0].reason == "first"


def test_an_order_that_left_the_book_with_an_untold_total_is_asked_for_and_ends_behind_the_history() -> None:
    rig = at_work(TWO_FEEDS)
    assert rig.hear(removed(OrderStatus.CANCELED, None)) == []
    assert len(asked(rig, requests.QueryOrder)) == 1
    assert rig.wait(1) == []
    assert read(rig) == ["Canceled"]
    assert told(rig, events.MissingFills) == []
    assert told(rig, events.Canceled)[0].reason == "gone"
    inquiry = order_of(rig).inquiry
    assert inquiry is None or Question.FILLS not in inquiry.open
    rig.wait(2000)
    assert asked(rig, requests.ListFills) == []


def test_an_order_that_left_the_book_filled_has_all_of_its_fills_to_come() -> None:
    rig = at_work(TWO_FEEDS)
    rig.hear(traded("v1", "t1", 4, 4, 1))
    rig.records.clear()
    assert rig.hear(removed(OrderStatus.FILLED, None)) == []
    assert asked(rig, requests.QueryOrder) == []
    rig.wait(1)
    assert read(rig) == ["MissingFills", "Completed"]
    assert (told(rig, events.MissingFills)[0].known, told(rig, events.MissingFills)[0].reported) == (4, 10)
    completed = told(rig, events.Completed)[0]
    assert (completed.cumulative, completed.concluded, completed.venue_time) == (4, False, 0)
    assert rig.hear(facts.FillsListed(request_id=NOBODYS, trades=(trade("v1", "t2", 6),))) == ["Filled"]
    assert told(rig, events.Filled)[-1].status is OrderStatus.FILLED
