"""Totals ahead of the fills, ends that wait for theirs, and when an order is complete: one condition at a time."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

import pytest
from attrs import evolve

from protocol import commands, events, facts, requests
from protocol.dispatch.inquiries import Question
from protocol.facts import Outcome
from protocol.values import OrderStatus
from protocol.venue import SECOND, VenueRules

from .fills_at_work import (
    NO_HISTORY,
    ONE_FEED,
    TWO_FEEDS,
    at_work,
    counts,
    fill_of,
    gap,
    read,
    removed,
)
from .guarding import NOBODYS, asked, order_of, told
from .order_life import (
    WALL,
    canceled,
    expired,
    refused,
    took,
    trade,
    traded,
    view,
)

# A total that is ahead


def test_fills_that_history_does_not_have_either_are_told_as_missing_once() -> None:
    desk = at_work(TWO_FEEDS)
    desk.hear(traded("v1", "t1", 1, 1, 1))
    desk.records.clear()
    assert desk.hear(counts(4)) == []
    assert desk.wait(0.9) == []
    assert asked(desk, requests.ListFills) == []
    assert desk.wait(0.2) == []
    assert read(desk) == ["Gap"]
    assert desk.events() == [gap(desk, 1, 4)]
    assert desk.hear(counts(4)) == []
    assert desk.hear(traded("v1", "t2", 3, 4, 1)) == ["Filled"]
    assert order_of(desk).inquiry is None


def test_fills_that_come_in_time_are_nobodys_question() -> None:
    desk = at_work(TWO_FEEDS)
    desk.hear(counts(4))
    desk.wait(0.5)
    assert desk.hear(traded("v1", "t1", 4, 4, 1)) == ["Filled"]
    assert order_of(desk).inquiry is None
    desk.wait(5)
    assert asked(desk, requests.ListFills) == []


def test_a_reading_that_began_before_the_total_grew_proves_nothing_of_it() -> None:
    desk = at_work(TWO_FEEDS)
    desk.hear(counts(4))
    desk.wait(2)
    assert desk.hear(counts(6)) == []
    assert read(desk) == []
    assert desk.wait(297) == []
    assert desk.wait(1) == ["Gap"]
    assert desk.events() == [gap(desk, 0, 6)]


def test_a_reading_that_began_after_the_same_total_was_told_again_proves_that_they_are_missing() -> None:
    desk = at_work(TWO_FEEDS)
    desk.hear(counts(4))
    desk.wait(2)
    assert desk.hear(counts(4)) == []
    assert read(desk) == ["Gap"]


def test_without_history_fills_are_missing_when_their_time_is_over() -> None:
    desk = at_work(NO_HISTORY)
    desk.hear(counts(4))
    assert desk.wait(0.99) == []
    assert desk.wait(0.01) == ["Gap"]
    assert desk.events() == [gap(desk, 0, 4)]
    assert desk.wait(600) == []


def test_fills_are_told_as_missing_after_five_minutes_though_history_cannot_be_read() -> None:
    desk = at_work(TWO_FEEDS)
    desk.hear(counts(4))
    since = desk.time
    while "Gap" not in (names := desk.wait(1)):
        assert names == []
        for page in asked(desk, requests.ListFills):
            desk.hear(refused(page.request_id, Outcome.AMBIGUOUS))
    assert desk.time - since == 300 * SECOND
    assert told(desk, events.Gap)[0].local_time == desk.wall + desk.time


def test_where_fills_come_with_their_totals_a_gap_is_told_at_once_with_what_the_fill_itself_brings_left_out() -> None:
    desk = at_work(ONE_FEED)
    assert desk.hear(traded("v1", "t2", 2, 8, 1)) == ["Gap", "Filled"]
    assert desk.events()[0] == gap(desk, 0, 6)
    assert len(asked(desk, requests.ListFills)) == 1
    assert desk.hear(counts(8)) == []
    assert desk.hear(counts(9)) == ["Gap"]
    assert desk.events()[-1] == gap(desk, 2, 9)


def test_a_list_may_be_ahead_of_the_stream_by_a_second() -> None:
    desk = at_work(evolve(ONE_FEED, reads_history=False))
    desk.ask(commands.OpenOrders(), None)
    (listing,) = asked(desk, requests.ListOpenOrders)
    assert desk.hear(took(listing.request_id, orders=(view("v1", 1, cumulative=Decimal(4)),))) == []
    assert desk.wait(0.99) == []
    assert desk.wait(0.01) == ["Gap"]
    assert told(desk, events.Gap) == [gap(desk, 0, 4)]


@pytest.mark.parametrize("rules", [ONE_FEED, TWO_FEEDS], ids=["one feed", "two feeds"])
def test_a_total_that_the_venue_itself_counted_is_not_taken_back_when_the_order_is_changed(rules: VenueRules) -> None:
    """Only what was reckoned from the quantity is wrong when that was another."""
    desk = at_work(rules)
    desk.hear(traded("v1", "t2", 2, 8, 1) if rules is ONE_FEED else counts(8))
    if rules is TWO_FEEDS:
        desk.hear(traded("v1", "t2", 2, 2, 1))
    changed = view("v1", 1, quantity=Decimal(20), cumulative=Decimal(5))
    told_of = facts.OrderReplaced(time=WALL, order=changed, new_venue_order_id=None, replacement=None)
    assert desk.hear(told_of) == ["Updated"]
    desk.hear(fill_of("t3", 3, 5, 20))
    assert desk.hear(canceled("v1", 1, 5)) == []
    assert desk.hear(fill_of("t1", 3, 8, 20)) == ["Filled", "Canceled"]


def test_a_total_that_was_reckoned_from_the_old_quantity_is_counted_anew_when_that_is_told() -> None:
    """A fill that leaves 2 of 10 would make 8; the order was for 5 by then, and the venue counts 3."""
    desk = at_work(TWO_FEEDS)
    assert desk.hear(traded("v1", "t1", 3, 8, 1)) == ["Filled"]
    changed = view("v1", 1, quantity=Decimal(5), cumulative=Decimal(3))
    told_of = facts.OrderReplaced(time=WALL, order=changed, new_venue_order_id=None, replacement=None)
    assert desk.hear(told_of) == ["Updated"]
    assert order_of(desk).inquiry is None
    desk.wait(5)
    assert asked(desk, requests.ListFills) == []
    assert told(desk, events.Gap) == []


# Ends that wait


@pytest.mark.parametrize(
    ("end", "kind"), [(canceled("v1", 1, 4), events.Canceled), (expired("v1", 1), events.Expired)], ids=["c", "e"]
)
def test_an_end_waits_for_the_fills_that_the_venue_has_counted(end: Any, kind: type) -> None:
    desk = at_work(TWO_FEEDS)
    desk.hear(counts(4))
    end = evolve(end, time=WALL + 7, reason="done")
    assert desk.hear(end) == []
    assert desk.status("a1") is OrderStatus.ACCEPTED
    names = desk.hear(traded("v1", "t1", 4, 4, 1))
    assert names == ["Filled", kind.__name__]
    ended = desk.events()[-1]
    assert ended.cumulative == 4  # type: ignore[attr-defined]
    assert (ended.reason, ended.venue_time) == ("done", WALL + 7)  # type: ignore[attr-defined]
    assert order_of(desk).inquiry is None


def test_an_order_that_left_the_book_with_what_was_heard_has_ended_and_nothing_is_read() -> None:
    desk = at_work(ONE_FEED)
    desk.hear(traded("v1", "t1", 4, 4, 1))
    assert desk.hear(removed(OrderStatus.CANCELED, 4)) == ["Canceled"]
    ended = told(desk, events.Canceled)[0]
    assert (ended.reason, ended.venue_time, ended.cumulative) == ("gone", WALL + 7, 4)
    assert desk.sent() == []
    assert desk.hear(removed(OrderStatus.CANCELED, 4)) == []


@pytest.mark.parametrize(
    ("ending", "kind"),
    [
        (OrderStatus.FILLED, events.Completed),
        (OrderStatus.EXPIRED, events.Expired),
        (OrderStatus.CANCELED, events.Canceled),
    ],
)
def test_an_order_that_left_the_book_ends_once_its_fills_are_heard(ending: OrderStatus, kind: type) -> None:
    desk = at_work(TWO_FEEDS)
    total = 10 if ending is OrderStatus.FILLED else 6
    assert desk.hear(removed(ending, total)) == []
    assert desk.hear(traded("v1", "t1", 2, 2, 1)) == ["Filled"]
    names = desk.hear(traded("v1", "t2", total - 2, total, 1))
    assert names == (["Filled"] if ending is OrderStatus.FILLED else ["Filled", kind.__name__])
    assert desk.status("a1") is ending
    fill = told(desk, events.Filled)[-1]
    assert fill.concluded is False


def test_a_second_word_of_the_same_end_changes_nothing_of_the_first() -> None:
    desk = at_work(TWO_FEEDS)
    desk.hear(removed(OrderStatus.CANCELED, 6, "first"))
    desk.hear(removed(OrderStatus.CANCELED, 7, "second"))
    desk.hear(removed(OrderStatus.CANCELED, 7, "third"))
    assert desk.hear(traded("v1", "t1", 7, 7, 1)) == ["Filled", "Canceled"]
    assert told(desk, events.Canceled)[0].reason == "first"


def test_an_order_that_left_the_book_with_an_untold_total_is_asked_for_and_ends_behind_the_history() -> None:
    desk = at_work(TWO_FEEDS)
    assert desk.hear(removed(OrderStatus.CANCELED, None)) == []
    assert len(asked(desk, requests.QueryOrder)) == 1
    assert desk.wait(1) == []
    assert read(desk) == ["Canceled"]
    assert told(desk, events.Gap) == []
    assert told(desk, events.Canceled)[0].reason == "gone"
    inquiry = order_of(desk).inquiry
    assert inquiry is None or Question.FILLS not in inquiry.open
    desk.wait(2000)
    assert asked(desk, requests.ListFills) == []


def test_an_order_that_left_the_book_filled_has_all_of_its_fills_to_come() -> None:
    desk = at_work(TWO_FEEDS)
    desk.hear(traded("v1", "t1", 4, 4, 1))
    desk.records.clear()
    assert desk.hear(removed(OrderStatus.FILLED, None)) == []
    assert asked(desk, requests.QueryOrder) == []
    desk.wait(1)
    assert read(desk) == ["Gap", "Completed"]
    assert (told(desk, events.Gap)[0].known, told(desk, events.Gap)[0].reported) == (4, 10)
    completed = told(desk, events.Completed)[0]
    assert (completed.cumulative, completed.concluded, completed.venue_time) == (4, False, 0)
    assert desk.hear(facts.FillsListed(request_id=NOBODYS, trades=(trade("v1", "t2", 6),))) == ["Filled"]
    assert told(desk, events.Filled)[-1].status is OrderStatus.FILLED
