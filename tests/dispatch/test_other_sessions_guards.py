"""Guards around orders of other sessions: what is asked about them, and what lists leave out of them."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

import pytest

from protocol import commands, events, facts, requests
from protocol.dispatch.inputs import Admission
from protocol.facts import Outcome
from protocol.structs import evolve
from protocol.values import OrderStatus, RequestId, Side
from protocol.venue import SECOND, VenueRules

from ..guarding import A1, asked, told
from ..order_life import WALL, Rig, acknowledged, refused, replaced, took, traded, view
from ..question_rig import PAGES, dated, list_of_open, next_page

# Orders of other sessions


def test_an_order_that_turned_out_to_be_ours_is_asked_for_once_when_a_login_leaves_it_out() -> None:
    rig = Rig(rules=VenueRules(venue="TEST", reads_history=True, audit_period=60 * SECOND))
    rig.place("a1")
    assert rig.hear(acknowledged("v1")) == ["OrderStatusReport"], "nobody has said whose it is"
    rig.hear(took(1, "v1"), acknowledged("v1", 1))
    rig.lose_link()
    rig.sends.clear()
    rig.wait(1)
    rig.log_in()
    rig.wait(1)
    (query,) = asked(rig, requests.QueryOrder)
    ended = view("v1", 1, status=OrderStatus.CANCELED)
    assert rig.hear(facts.RequestAnswered(request_id=query.request_id, order=ended))[0] == "Canceled"
    rig.sends.clear()
    rig.wait(300)
    assert asked(rig, requests.ListOpenOrders) == [], "nothing is open, of ours or of others"


@pytest.mark.parametrize("time", [0, WALL + 50 * SECOND], ids=["undated", "dated"])
def test_an_order_that_first_a_list_shows_is_missed_when_the_next_list_leaves_it_out(time: int) -> None:
    rig = Rig()
    rig.wait(1)
    assert list_of_open(rig, view("v9", 9, side=Side.SELL, time=time)) == []
    rig.wait(1)
    list_of_open(rig)
    (query,) = asked(rig, requests.QueryOrder)
    assert query.venue_order_id == "v9"
    assert rig.hear(refused(query.request_id, Outcome.NOT_FOUND)) == ["OrderStatusReport"]
    (report,) = told(rig, events.OrderStatusReport)
    assert (report.venue_order_id, report.status, report.side) == ("v9", None, Side.SELL)


def test_a_list_that_is_no_younger_than_the_last_word_about_an_order_changes_nothing_of_it() -> None:
    rig = Rig()
    rig.ask(commands.OpenOrders())
    number = rig.numbers
    rig.hear(acknowledged("v9", 9))
    ended = view("v9", 9, status=OrderStatus.CANCELED)
    assert rig.hear(facts.RequestAnswered(request_id=RequestId(number), orders=(ended,))) == []
    rig.wait(1)
    assert list_of_open(rig, ended) == ["OrderStatusReport"]


@pytest.mark.parametrize("link", ["stays", "lost"])
def test_a_cancel_of_which_the_time_is_over_is_asked_about_once_at_the_next_login(link: str) -> None:
    rig = Rig()
    rig.live("a1", "v1")
    rig.live("a2", "v2")
    rig.ask(commands.Cancel(A1), Admission.CANCEL)
    if link == "lost":
        rig.lose_link()
    rig.wait(15)
    if link == "stays":
        rig.lose_link()
    rig.sends.clear()
    rig.log_in(view("v1", 1), view("v2", 2))
    (query,) = asked(rig, requests.QueryOrder)
    assert query.venue_order_id == "v1"
    shown = facts.RequestAnswered(request_id=query.request_id, order=view("v1", 1))
    assert "CancelRejected" in rig.hear(shown)


def test_a_placement_never_arrived_when_the_venue_denies_it_after_its_deadline_and_not_before() -> None:
    rules = VenueRules(venue="TEST", process_within=8 * SECOND, absence_proves_after=500 * SECOND)
    rig = Rig(rules=rules)
    rig.place("a1")
    placed_at = rig.time
    rig.hear(refused(1, Outcome.AMBIGUOUS))
    while rig.status("a1") is OrderStatus.UNKNOWN:
        asked_at = rig.time
        for query in asked(rig, requests.QueryOrder):
            rig.hear(refused(query.request_id, Outcome.NOT_FOUND))
        rig.wait(1)
    assert rig.status("a1") is OrderStatus.DENIED
    assert 8 * SECOND <= asked_at - placed_at < 30 * SECOND


# An order of another session goes on under another id


def test_a_replaced_order_of_another_session_is_told_under_its_new_id_and_missed_under_that_alone() -> None:
    rig = Rig()
    rig.hear(acknowledged("v8", 8))
    rig.records.clear()
    assert rig.hear(replaced("v8", "v9", 8, price=Decimal("98.0"))) == ["OrderStatusReport"]
    (report,) = told(rig, events.OrderStatusReport)
    assert (report.venue_order_id, report.price) == ("v9", Decimal("98.0"))
    rig.wait(1)
    list_of_open(rig)
    (query,) = asked(rig, requests.QueryOrder)
    assert query.venue_order_id == "v9"


def test_an_order_of_another_session_that_was_changed_in_place_stays_the_same() -> None:
    rig = Rig()
    rig.hear(acknowledged("v8", 8))
    rig.records.clear()
    in_place = facts.OrderReplaced(
        time=WALL, order=view("v8", 8, price=Decimal("98.0")), new_venue_order_id=None, replacement=None
    )
    assert rig.hear(in_place) == ["OrderStatusReport"]
    rig.wait(1)
    list_of_open(rig)
    (query,) = asked(rig, requests.QueryOrder)
    assert query.venue_order_id == "v8"


def test_what_was_heard_of_an_order_of_another_session_counts_though_it_was_changed_in_place() -> None:
    rig = Rig()
    rig.hear(acknowledged("v8", 8))
    rig.hear(traded("v8", "t1", 4, 4, 8))
    untold = view("v8", 8, price=Decimal("98.0"), cumulative=None)
    rig.hear(facts.OrderReplaced(time=WALL, order=untold, new_venue_order_id=None, replacement=None))
    rig.wait(1)
    list_of_open(rig)
    (query,) = asked(rig, requests.QueryOrder)
    rig.records.clear()
    rig.hear(refused(query.request_id, Outcome.NOT_FOUND))
    (report,) = told(rig, events.OrderStatusReport)
    assert (report.status, report.cumulative, report.price) == (None, 4, Decimal("98.0"))


# What lists and news leave out of an order of another session


def test_an_order_of_another_session_that_a_list_shows_without_its_status_is_open() -> None:
    rig = Rig()
    rig.wait(1)
    assert list_of_open(rig, view("v9", 9, status=None)) == []
    rig.wait(1)
    list_of_open(rig)
    (query,) = asked(rig, requests.QueryOrder)
    assert query.venue_order_id == "v9"


def test_news_of_an_order_of_another_session_tells_its_side_and_no_term_that_may_have_changed() -> None:
    rig = Rig()
    rig.hear(acknowledged("v9", 9, side=Side.SELL))
    rig.records.clear()
    rig.hear(acknowledged("v9", None, side=None, price=None, quantity=None, cumulative=None))
    (report,) = told(rig, events.OrderStatusReport)
    assert (report.side, report.client_order_id) == (Side.SELL, "CID-9")
    assert (report.price, report.quantity, report.cumulative) == (None, None, None)


@pytest.mark.parametrize("ages", [(0, 5), (5, 0)], ids=["told last", "told first"])
def test_of_two_equal_counts_the_older_one_tells_which_fills_are_not_in_it(ages: tuple[int, int]) -> None:
    rig = Rig()
    heard_at = rig.wall + rig.time
    for age in ages:
        rig.hear(dated(acknowledged("v9", 9, cumulative=Decimal(4)), heard_at - age * SECOND))
    fill = traded("v9", "t1", 3, 7, 9)
    between = dated(fill, heard_at - 3 * SECOND)
    between = evolve(between, order=evolve(fill.order, status=None), trade=dated(fill.trade, heard_at - 3 * SECOND))
    rig.hear(between)
    rig.wait(1)
    list_of_open(rig)
    (query,) = asked(rig, requests.QueryOrder)
    rig.records.clear()
    rig.hear(refused(query.request_id, Outcome.NOT_FOUND))
    assert [report.cumulative for report in told(rig, events.OrderStatusReport)] == [7]


def test_the_history_of_orders_is_read_from_its_first_page_when_its_cursor_is_refused() -> None:
    rig = Rig(rules=evolve(PAGES, absence_needs_history=True, absence_proves_after=SECOND))
    rig.place("a1")
    rig.hear(refused(1, Outcome.AMBIGUOUS))
    pages: list[Any] = []
    for _ in range(60):
        for query in asked(rig, requests.QueryOrder):
            rig.hear(refused(query.request_id, Outcome.NOT_FOUND))
        for fills in asked(rig, requests.ListFills):
            rig.hear(facts.FillsListed(request_id=fills.request_id, trades=()))
        pages = asked(rig, requests.ListOrderHistory)
        if pages:
            break
        rig.wait(1)
    page = pages[0]
    rig.hear(facts.OrderHistoryListed(request_id=page.request_id, orders=(), cursor="two"))
    page = next_page(rig, requests.ListOrderHistory)
    assert page.cursor == "two"
    for _ in range(3):
        rig.hear(refused(page.request_id, Outcome.DEFINITE, "what page?"))
        page = next_page(rig, requests.ListOrderHistory)
    assert page.cursor is None


# The clock


def test_an_acceptance_without_a_time_tells_nothing_of_the_venues_clock() -> None:
    rig = Rig(rules=VenueRules(venue="TEST", dates_acceptance=True))
    rig.place("a1")
    rig.hear(dated(acknowledged("v1", 1), 0))
    assert rig.last.measured is None
    rig.place("a2")
    rig.hear(dated(acknowledged("v2", 2), rig.wall + rig.time))
    assert rig.last.measured is not None
