"""Guards around questions to the venue: in several steps, in vain, and about orders of other sessions."""

from __future__ import annotations

from decimal import Decimal
from itertools import pairwise
from typing import Any

import pytest
from attrs import evolve

from protocol import commands, events, facts, requests
from protocol.dispatch.inputs import Admission, LinkDown, NotWritten
from protocol.errors import NotSent, OutcomeUnknown
from protocol.facts import Outcome
from protocol.orders import NewOrder
from protocol.values import ClientOrderId, OrderStatus, RequestId, Side
from protocol.venue import SECOND, BatchRules, VenueRules

from .guarding import A1, asked, told
from .order_life import WALL, Desk, acknowledged, canceled, refused, rejected, replaced, took, trade, traded, view

IN_PLACE = VenueRules(venue="TEST", changes_in_place=True, fills_lag=SECOND)


# A question in several steps


def left_out(orders: int = 1) -> Desk:
    """Live orders that a login leaves out, so that the venue is asked for them."""
    desk = Desk()
    for number in range(1, orders + 1):
        desk.live(f"a{number}", f"v{number}")
    desk.lose_link()
    desk.log_in()
    return desk


def not_listed(query: Any) -> facts.OrderNotListed:
    return facts.OrderNotListed(request_id=query.request_id, cursor="closed")


def test_an_order_that_is_in_none_of_the_first_lists_is_looked_for_in_the_next() -> None:
    desk = left_out()
    (first,) = asked(desk, requests.QueryOrder)
    assert desk.hear(not_listed(first)) == []
    (second,) = asked(desk, requests.QueryOrder)
    assert (second.venue_order_id, second.cursor) == ("v1", "closed")
    desk.hear(facts.OrderNotListed(request_id=RequestId(999), cursor="closed"))
    assert asked(desk, requests.QueryOrder) == [], "nobody asked that"
    ended = view("v1", 1, status=OrderStatus.CANCELED)
    assert desk.hear(facts.RequestAnswered(request_id=second.request_id, order=ended))[0] == "Canceled"


def test_an_order_that_ended_meanwhile_is_not_looked_for_in_the_next_lists_and_makes_room_for_another() -> None:
    desk = left_out(17)
    queries = asked(desk, requests.QueryOrder)
    assert [query.venue_order_id for query in queries] == [f"v{number}" for number in range(1, 17)]
    desk.hear(canceled("v1", 1))
    desk.hear(not_listed(queries[0]))
    (other,) = asked(desk, requests.QueryOrder)
    assert other.venue_order_id == "v17"


def test_what_the_user_asks_of_an_order_is_looked_for_to_the_end_though_it_ended_meanwhile() -> None:
    desk = Desk()
    desk.live("a1", "v1")
    desk.ask(commands.Status(A1))
    number = desk.numbers
    (first,) = asked(desk, requests.QueryOrder)
    desk.hear(canceled("v1", 1))
    desk.hear(not_listed(first))
    assert desk.answer_to(number) is None
    (second,) = asked(desk, requests.QueryOrder)
    shown = view("v1", 1, status=OrderStatus.CANCELED)
    desk.hear(facts.RequestAnswered(request_id=second.request_id, order=shown))
    report = desk.answer_to(number)
    assert (report.venue_order_id, report.status) == ("v1", OrderStatus.CANCELED)


def test_silence_in_the_last_of_several_lists_proves_nothing_after_the_first_was_asked_for() -> None:
    """The order may have arrived between the two."""
    rules = VenueRules(venue="TEST", absence_proves_after=3 * SECOND)
    desk = Desk(rules=rules)
    desk.place("a1")
    desk.hear(refused(1, Outcome.AMBIGUOUS))
    desk.wait(1)
    (first,) = asked(desk, requests.QueryOrder)
    desk.time += 4 * SECOND
    desk.hear(not_listed(first))
    (second,) = asked(desk, requests.QueryOrder)
    assert desk.hear(refused(second.request_id, Outcome.NOT_FOUND)) == []
    assert desk.status("a1") is OrderStatus.UNKNOWN
    desk.wait(10)
    third = asked(desk, requests.QueryOrder)[0]
    assert desk.hear(refused(third.request_id, Outcome.NOT_FOUND))[0] == "Denied"


# History that cannot be read


def test_a_login_waits_five_minutes_for_history_and_then_tells_once_that_it_was_not_read() -> None:
    desk = Desk(rules=VenueRules(venue="TEST", reads_history=True))
    desk.live("a1", "v1")
    since = desk.time
    desk.wait(30)
    desk.lose_link()
    desk.log_in(view("v1", 1))
    began = desk.time
    desk.records.clear()
    while desk.time < began + 900 * SECOND:
        for page in asked(desk, requests.ListFills):
            desk.hear(refused(page.request_id, Outcome.AMBIGUOUS, "busy"))
        if desk.time < began + 299 * SECOND:
            assert told(desk, events.Gap) == []
            assert told(desk, events.Reconciled) == []
        desk.wait(1)
    (gap,) = told(desk, events.Gap)
    assert (gap.identity, gap.known, gap.reported) == (None, 0, 0)
    assert gap.until - gap.since >= 300 * SECOND
    assert gap.since <= WALL + since
    (reconciled,) = told(desk, events.Reconciled)
    assert (reconciled.history_failed, reconciled.open_orders) == (True, 1)


# How much an order is for


def test_a_change_to_more_on_its_way_leaves_no_more_to_fill_while_less_than_the_present_quantity_has() -> None:
    desk = Desk(rules=IN_PLACE)
    desk.live("a1", "v1")
    desk.ask(commands.Replace(client_order_id=A1, instrument="GOLD.TEST", quantity=20))
    desk.hear(traded("v1", "t1", 4, 4, 1))
    assert [fill.leaves for fill in told(desk, events.Filled)] == [6]
    desk.hear(traded("v1", "t2", 8, 12, 1))
    assert [(fill.leaves, fill.overfill) for fill in told(desk, events.Filled)] == [(6, 0), (8, 0)]


def test_the_first_word_of_the_venue_tells_how_much_of_an_order_it_placed() -> None:
    desk = Desk(rules=IN_PLACE)
    desk.place("a1")
    less = acknowledged("v1", 1, quantity=Decimal(7), price=Decimal("98.0"))
    assert desk.hear(took(1, "v1"), less) == ["Accepted", "Updated"]
    (updated,) = told(desk, events.Updated)
    assert (updated.quantity, updated.price) == (7, Decimal("100.0"))
    assert desk.hear(acknowledged("v1", 1, quantity=Decimal(5))) == [], "once its terms have changed, it says no more"


def test_where_a_change_is_another_order_the_first_word_of_the_venue_changes_no_quantity() -> None:
    desk = Desk()
    desk.place("a1")
    assert desk.hear(took(1, "v1"), acknowledged("v1", 1, quantity=Decimal(7))) == ["Accepted"]


def test_an_order_that_has_ended_gets_no_other_quantity() -> None:
    desk = Desk(rules=IN_PLACE)
    desk.live("a1", "v1")
    desk.hear(canceled("v1", 1))
    assert desk.hear(acknowledged("v1", 1, quantity=Decimal(7))) == []


# Orders of other sessions


def test_an_order_that_turned_out_to_be_ours_is_asked_for_once_when_a_login_leaves_it_out() -> None:
    desk = Desk(rules=VenueRules(venue="TEST", reads_history=True, audit_period=60 * SECOND))
    desk.place("a1")
    assert desk.hear(acknowledged("v1")) == ["OrderStatusReport"], "nobody has said whose it is"
    desk.hear(took(1, "v1"), acknowledged("v1", 1))
    desk.lose_link()
    desk.sends.clear()
    desk.wait(1)
    desk.log_in()
    desk.wait(1)
    (query,) = asked(desk, requests.QueryOrder)
    ended = view("v1", 1, status=OrderStatus.CANCELED)
    assert desk.hear(facts.RequestAnswered(request_id=query.request_id, order=ended))[0] == "Canceled"
    desk.sends.clear()
    desk.wait(300)
    assert asked(desk, requests.ListOpenOrders) == [], "nothing is open, of ours or of others"


def list_of_open(desk: Desk, *shown: facts.OrderView) -> list[str]:
    """The user reads what is open; gives the names of the events that follow from it."""
    desk.ask(commands.OpenOrders())
    return desk.hear(facts.RequestAnswered(request_id=desk.numbers, orders=shown))  # type: ignore[arg-type]


@pytest.mark.parametrize("time", [0, WALL + 50 * SECOND], ids=["undated", "dated"])
def test_an_order_that_first_a_list_shows_is_missed_when_the_next_list_leaves_it_out(time: int) -> None:
    desk = Desk()
    desk.wait(1)
    assert list_of_open(desk, view("v9", 9, side=Side.SELL, time=time)) == []
    desk.wait(1)
    list_of_open(desk)
    (query,) = asked(desk, requests.QueryOrder)
    assert query.venue_order_id == "v9"
    assert desk.hear(refused(query.request_id, Outcome.NOT_FOUND)) == ["OrderStatusReport"]
    (report,) = told(desk, events.OrderStatusReport)
    assert (report.venue_order_id, report.status, report.side) == ("v9", None, Side.SELL)


def test_a_list_that_is_no_younger_than_the_last_word_about_an_order_changes_nothing_of_it() -> None:
    desk = Desk()
    desk.ask(commands.OpenOrders())
    number = desk.numbers
    desk.hear(acknowledged("v9", 9))
    ended = view("v9", 9, status=OrderStatus.CANCELED)
    assert desk.hear(facts.RequestAnswered(request_id=number, orders=(ended,))) == []  # type: ignore[arg-type]
    desk.wait(1)
    assert list_of_open(desk, ended) == ["OrderStatusReport"]


@pytest.mark.parametrize("link", ["stays", "lost"])
def test_a_cancel_of_which_the_time_is_over_is_asked_about_once_at_the_next_login(link: str) -> None:
    desk = Desk()
    desk.live("a1", "v1")
    desk.live("a2", "v2")
    desk.ask(commands.Cancel(A1), Admission.CANCEL)
    if link == "lost":
        desk.lose_link()
    desk.wait(15)
    if link == "stays":
        desk.lose_link()
    desk.sends.clear()
    desk.log_in(view("v1", 1), view("v2", 2))
    (query,) = asked(desk, requests.QueryOrder)
    assert query.venue_order_id == "v1"
    shown = facts.RequestAnswered(request_id=query.request_id, order=view("v1", 1))
    assert "CancelRejected" in desk.hear(shown)


def test_a_placement_never_arrived_when_the_venue_denies_it_after_its_deadline_and_not_before() -> None:
    rules = VenueRules(venue="TEST", process_within=8 * SECOND, absence_proves_after=500 * SECOND)
    desk = Desk(rules=rules)
    desk.place("a1")
    placed_at = desk.time
    desk.hear(refused(1, Outcome.AMBIGUOUS))
    while desk.status("a1") is OrderStatus.UNKNOWN:
        asked_at = desk.time
        for query in asked(desk, requests.QueryOrder):
            desk.hear(refused(query.request_id, Outcome.NOT_FOUND))
        desk.wait(1)
    assert desk.status("a1") is OrderStatus.DENIED
    assert 8 * SECOND <= asked_at - placed_at < 30 * SECOND


# Pages of history

PAGES = VenueRules(venue="TEST", reads_history=True, audit_period=60 * SECOND, query_delays=(SECOND,))


def next_page(desk: Desk, kind: type) -> Any:
    """Lets time pass until a page of this kind is asked for, a minute at most."""
    for _ in range(120):
        pages = asked(desk, kind)
        if pages:
            return pages[0]
        desk.wait(0.5)
    raise AssertionError("no page was asked for")


def reading(rules: VenueRules = PAGES) -> tuple[Desk, Any]:
    """With the first page of a reading on its way."""
    desk = Desk(rules=rules)
    desk.live("a1", "v1")
    desk.wait(10)
    return desk, next_page(desk, requests.ListFills)


def second_page(desk: Desk, first: Any) -> Any:
    desk.hear(facts.FillsListed(request_id=first.request_id, trades=(), cursor="two"))
    page = next_page(desk, requests.ListFills)
    assert page.cursor == "two"
    return page


def test_a_page_whose_cursor_the_venue_refuses_three_times_is_left_for_the_first_one() -> None:
    desk, first = reading()
    page = second_page(desk, first)
    cursors = []
    for _ in range(4):
        desk.hear(refused(page.request_id, Outcome.DEFINITE, "what page?"))
        page = next_page(desk, requests.ListFills)
        cursors.append(page.cursor)
    assert cursors == ["two", "two", None, None]
    second_page(desk, page)


def test_a_page_that_is_lost_or_given_again_and_again_is_asked_for_with_its_cursor() -> None:
    desk, first = reading()
    page = second_page(desk, first)
    for _ in range(5):
        desk.hear(facts.FillsListed(request_id=page.request_id, trades=(), cursor="two"))
        page = next_page(desk, requests.ListFills)
        assert page.cursor == "two"
        desk.hear(refused(page.request_id, Outcome.AMBIGUOUS))
        page = next_page(desk, requests.ListFills)
        assert page.cursor == "two"


CHAINS = VenueRules(
    venue="TEST", reads_history=True, chain_history=True, audit_period=60 * SECOND, query_delays=(SECOND,)
)


def test_the_history_of_orders_begins_anew_by_itself_when_its_cursor_is_refused() -> None:
    desk = Desk(rules=CHAINS)
    desk.live("a1", "v1")
    desk.wait(10)
    page = next_page(desk, requests.ListOrderHistory)
    desk.hear(facts.OrderHistoryListed(request_id=page.request_id, orders=(view("v1", 1),), cursor="two"))
    page = next_page(desk, requests.ListOrderHistory)
    cursors = [page.cursor]
    for _ in range(3):
        desk.hear(refused(page.request_id, Outcome.DEFINITE, "what page?"))
        page = next_page(desk, requests.ListOrderHistory)
        cursors.append(page.cursor)
    assert cursors == ["two", "two", "two", None]
    desk.hear(facts.OrderHistoryListed(request_id=page.request_id, orders=()))
    assert next_page(desk, requests.ListFills).cursor is None


def test_pages_that_are_asked_for_again_add_nothing_to_what_is_read_every_period() -> None:
    desk, page = reading()
    for _ in range(10):
        desk.hear(refused(page.request_id, Outcome.AMBIGUOUS))
        page = next_page(desk, requests.ListFills)
    desk.hear(facts.FillsListed(request_id=page.request_id, trades=()))
    desk.sends.clear()
    lists = pages = 0
    for _ in range(600):
        desk.wait(1)
        for fills in asked(desk, requests.ListFills):
            pages += 1
            desk.hear(facts.FillsListed(request_id=fills.request_id, trades=()))
        for shown in asked(desk, requests.ListOpenOrders):
            lists += 1
            desk.hear(facts.RequestAnswered(request_id=shown.request_id, orders=(view("v1", 1),)))
    assert (pages, lists) == (10, 10)


# An order of another session goes on under another id


def test_a_replaced_order_of_another_session_is_told_under_its_new_id_and_missed_under_that_alone() -> None:
    desk = Desk()
    desk.hear(acknowledged("v8", 8))
    desk.records.clear()
    assert desk.hear(replaced("v8", "v9", 8, price=Decimal("98.0"))) == ["OrderStatusReport"]
    (report,) = told(desk, events.OrderStatusReport)
    assert (report.venue_order_id, report.price) == ("v9", Decimal("98.0"))
    desk.wait(1)
    list_of_open(desk)
    (query,) = asked(desk, requests.QueryOrder)
    assert query.venue_order_id == "v9"


def test_an_order_of_another_session_that_was_changed_in_place_stays_the_same() -> None:
    desk = Desk()
    desk.hear(acknowledged("v8", 8))
    desk.records.clear()
    in_place = facts.OrderReplaced(
        time=WALL, order=view("v8", 8, price=Decimal("98.0")), new_venue_order_id=None, replacement=None
    )
    assert desk.hear(in_place) == ["OrderStatusReport"]
    desk.wait(1)
    list_of_open(desk)
    (query,) = asked(desk, requests.QueryOrder)
    assert query.venue_order_id == "v8"


def test_what_was_heard_of_an_order_of_another_session_counts_though_it_was_changed_in_place() -> None:
    desk = Desk()
    desk.hear(acknowledged("v8", 8))
    desk.hear(traded("v8", "t1", 4, 4, 8))
    untold = view("v8", 8, price=Decimal("98.0"), cumulative=None)
    desk.hear(facts.OrderReplaced(time=WALL, order=untold, new_venue_order_id=None, replacement=None))
    desk.wait(1)
    list_of_open(desk)
    (query,) = asked(desk, requests.QueryOrder)
    desk.records.clear()
    desk.hear(refused(query.request_id, Outcome.NOT_FOUND))
    (report,) = told(desk, events.OrderStatusReport)
    assert (report.status, report.cumulative, report.price) == (None, 4, Decimal("98.0"))


# An id that is not known, of an order whose name it bears


@pytest.mark.parametrize(
    ("before", "price", "is_ours"),
    [(30, "100.0", True), (30, "98.0", False), (1, "98.0", True), (70, "100.0", False)],
    ids=["old, with its terms", "old, with others", "young, with others", "too old"],
)
def test_what_a_list_dates_before_the_placement_is_the_orders_own_if_it_has_its_terms_and_is_not_too_old(
    before: int, price: str, is_ours: bool
) -> None:
    """As long as nobody has compared the clocks."""
    desk = Desk()
    desk.live("a1", "v1")
    placed_at = WALL + desk.time
    desk.wait(100)
    shown = view("v2", 1, price=Decimal(price), time=placed_at - before * SECOND)
    list_of_open(desk, shown)
    assert [event.venue_order_id for event in told(desk, events.Updated)][:1] == (["v2"] if is_ours else [])


# Turns


def unclear(name: str, oid: str) -> facts.OrderUnclear:
    return facts.OrderUnclear(time=WALL, order=view(oid, int(name[1:]), status=None))


def test_an_order_that_was_heard_of_while_it_waited_for_its_turn_is_not_asked_for_twice() -> None:
    desk = Desk()
    for number in range(1, 19):
        desk.live(f"a{number}", f"v{number}")
    for number in range(1, 18):
        desk.hear(unclear(f"a{number}", f"v{number}"))
    queries = asked(desk, requests.QueryOrder)
    assert len(queries) == 16
    desk.hear(acknowledged("v17", 17))
    desk.hear(unclear("a17", "v17"))
    answers = [
        facts.RequestAnswered(request_id=query.request_id, order=view(query.venue_order_id)) for query in queries
    ]
    desk.hear(*answers[:3])
    assert [query.venue_order_id for query in asked(desk, requests.QueryOrder)] == ["v17"]


# Refusals, and what was never sent


@pytest.mark.parametrize(
    ("outcome", "is_asked"), [(Outcome.NOT_FOUND, True), (Outcome.DEFINITE, False), (Outcome.TOO_EARLY, False)]
)
def test_a_refused_change_makes_the_order_be_asked_for_only_if_the_venue_does_not_know_it(
    outcome: Outcome, is_asked: bool
) -> None:
    desk = Desk()
    desk.live("a1", "v1")
    desk.ask(commands.Replace(client_order_id=A1, instrument="GOLD.TEST", price="99.0"))
    assert desk.hear(refused(desk.numbers, outcome)) == ["ModifyRejected"]
    assert bool(asked(desk, requests.QueryOrder)) is is_asked


@pytest.mark.parametrize("command", [commands.OpenOrders(), commands.Status(A1)], ids=["open orders", "one order"])
def test_a_question_that_was_not_written_is_said_not_to_be_sent(command: commands.Command) -> None:
    desk = Desk()
    desk.live("a1", "v1")
    desk.ask(command)
    number = desk.numbers
    desk.apply(NotWritten([RequestId(number)], "The connection was lost."))
    answer = desk.answer_to(number)
    assert isinstance(answer, NotSent)
    assert str(answer) == "The connection was lost."


# What lists and news leave out of an order of another session


def test_an_order_of_another_session_that_a_list_shows_without_its_status_is_open() -> None:
    desk = Desk()
    desk.wait(1)
    assert list_of_open(desk, view("v9", 9, status=None)) == []
    desk.wait(1)
    list_of_open(desk)
    (query,) = asked(desk, requests.QueryOrder)
    assert query.venue_order_id == "v9"


def test_news_of_an_order_of_another_session_tells_its_side_and_no_term_that_may_have_changed() -> None:
    desk = Desk()
    desk.hear(acknowledged("v9", 9, side=Side.SELL))
    desk.records.clear()
    desk.hear(acknowledged("v9", None, side=None, price=None, quantity=None, cumulative=None))
    (report,) = told(desk, events.OrderStatusReport)
    assert (report.side, report.client_order_id) == (Side.SELL, "CID-9")
    assert (report.price, report.quantity, report.cumulative) == (None, None, None)


def dated(fact: Any, time: int) -> Any:
    """The same news or execution, of another time."""
    return evolve(fact, time=time)


@pytest.mark.parametrize("ages", [(0, 5), (5, 0)], ids=["told last", "told first"])
def test_of_two_equal_counts_the_older_one_tells_which_fills_are_not_in_it(ages: tuple[int, int]) -> None:
    desk = Desk()
    heard_at = desk.wall + desk.time
    for age in ages:
        desk.hear(dated(acknowledged("v9", 9, cumulative=Decimal(4)), heard_at - age * SECOND))
    fill = traded("v9", "t1", 3, 7, 9)
    between = dated(fill, heard_at - 3 * SECOND)
    between = evolve(between, order=evolve(fill.order, status=None), trade=dated(fill.trade, heard_at - 3 * SECOND))
    desk.hear(between)
    desk.wait(1)
    list_of_open(desk)
    (query,) = asked(desk, requests.QueryOrder)
    desk.records.clear()
    desk.hear(refused(query.request_id, Outcome.NOT_FOUND))
    assert [report.cumulative for report in told(desk, events.OrderStatusReport)] == [7]


def test_the_history_of_orders_is_read_from_its_first_page_when_its_cursor_is_refused() -> None:
    desk = Desk(rules=evolve(PAGES, absence_needs_history=True, absence_proves_after=SECOND))
    desk.place("a1")
    desk.hear(refused(1, Outcome.AMBIGUOUS))
    pages: list[Any] = []
    for _ in range(60):
        for query in asked(desk, requests.QueryOrder):
            desk.hear(refused(query.request_id, Outcome.NOT_FOUND))
        for fills in asked(desk, requests.ListFills):
            desk.hear(facts.FillsListed(request_id=fills.request_id, trades=()))
        pages = asked(desk, requests.ListOrderHistory)
        if pages:
            break
        desk.wait(1)
    page = pages[0]
    desk.hear(facts.OrderHistoryListed(request_id=page.request_id, orders=(), cursor="two"))
    page = next_page(desk, requests.ListOrderHistory)
    assert page.cursor == "two"
    for _ in range(3):
        desk.hear(refused(page.request_id, Outcome.DEFINITE, "what page?"))
        page = next_page(desk, requests.ListOrderHistory)
    assert page.cursor is None


# The clock


def test_an_acceptance_without_a_time_tells_nothing_of_the_venues_clock() -> None:
    desk = Desk(rules=VenueRules(venue="TEST", dates_acceptance=True))
    desk.place("a1")
    desk.hear(dated(acknowledged("v1", 1), 0))
    assert desk.last.measured is None
    desk.place("a2")
    desk.hear(dated(acknowledged("v2", 2), desk.wall + desk.time))
    assert desk.last.measured is not None


# How far a login is


def progress(desk: Desk) -> Any:
    assert desk.last.progress is not None
    return desk.last.progress


def test_a_list_that_comes_again_on_the_same_connection_begins_the_settling_anew() -> None:
    desk = Desk()
    desk.live("a1", "v1")
    desk.hear(acknowledged("v1", 1))
    again = facts.LoggedIn(user="u", orders=(), cancel_on_disconnect=False, heartbeat_timeout=None)
    desk.hear(again)
    assert (progress(desk).is_complete, progress(desk).open_questions) == (False, 1)
    (query,) = asked(desk, requests.QueryOrder)
    names = desk.hear(facts.RequestAnswered(request_id=query.request_id, order=view("v1", 1)))
    assert names == ["Reconciled"]
    assert (progress(desk).is_complete, progress(desk).open_questions) == (True, 0)
    desk.lose_link()
    assert (progress(desk).is_complete, progress(desk).connection) == (False, 0)


# What the answer about an order may show


@pytest.mark.parametrize(("before", "is_ours"), [(0, True), (30, True), (61, False)], ids=["young", "old", "too old"])
def test_an_answer_by_our_name_shows_our_order_unless_it_is_older_than_any_clock_can_explain(
    before: int, is_ours: bool
) -> None:
    desk = Desk()
    desk.place("a1")
    placed_at = WALL + desk.time
    desk.hear(refused(1, Outcome.AMBIGUOUS))
    desk.wait(1)
    (query,) = asked(desk, requests.QueryOrder)
    shown = view("v1", 1, time=placed_at - before * SECOND)
    desk.hear(facts.RequestAnswered(request_id=query.request_id, order=shown))
    assert (desk.status("a1") is OrderStatus.ACCEPTED) is is_ours


@pytest.mark.parametrize(
    "other",
    [{"price": Decimal("98.0")}, {"quantity": Decimal(9)}, {"side": Side.SELL}],
    ids=["price", "quantity", "side"],
)
def test_an_answer_from_before_the_placement_with_another_term_is_about_another_order(other: dict[str, Any]) -> None:
    desk = Desk()
    desk.place("a1")
    placed_at = WALL + desk.time
    desk.hear(refused(1, Outcome.AMBIGUOUS))
    desk.wait(1)
    (query,) = asked(desk, requests.QueryOrder)
    shown = view("v1", 1, time=placed_at - 30 * SECOND, **other)
    desk.hear(facts.RequestAnswered(request_id=query.request_id, order=shown))
    assert desk.status("a1") is OrderStatus.UNKNOWN


def test_an_order_that_is_examined_already_is_not_examined_again() -> None:
    desk = Desk(rules=evolve(PAGES, absence_needs_history=True, absence_proves_after=SECOND))
    desk.place("a1")
    desk.hear(refused(1, Outcome.AMBIGUOUS))
    pages: list[Any] = []
    fills: list[Any] = []
    for _ in range(60):
        for query in asked(desk, requests.QueryOrder):
            desk.hear(refused(query.request_id, Outcome.NOT_FOUND))
        fills += asked(desk, requests.ListFills)
        if desk.time >= 130 * SECOND:
            for page in fills:
                desk.hear(facts.FillsListed(request_id=page.request_id, trades=()))
            fills.clear()
        pages += asked(desk, requests.ListOrderHistory)
        if pages:
            break
        desk.wait(1)
    assert desk.status("a1") is OrderStatus.UNKNOWN
    assert desk.hear(facts.OrderHistoryListed(request_id=pages[0].request_id, orders=())) == ["Denied"]
    desk.wait(15)
    assert asked(desk, requests.ListFills) == []


def test_a_pending_order_under_another_id_does_not_take_the_place_of_one_that_lives() -> None:
    desk = Desk()
    desk.live("a1", "v1")
    desk.hear(facts.OrderPending(time=WALL, order=view("v2", 1, trigger_price=Decimal("95.0"))))
    order = desk.state.orders.by_client_order_id(A1)
    assert order is not None
    assert (order.venue_order_id, order.trigger_price) == ("v1", None)
    desk.hear(facts.OrderPending(time=WALL, order=view("v1", 1, trigger_price=Decimal("95.0"))))
    assert (order.venue_order_id, order.trigger_price) == ("v1", Decimal("95.0"))


# Whoever waits for an order


def watch(desk: Desk, name: str, milestone: commands.Milestone) -> int:
    desk.ask(commands.Watch(ClientOrderId(name), milestone), None)
    return desk.numbers


def answers(desk: Desk, *numbers: int) -> list[Any]:
    """What each of those who asked was told by the last input, None: nothing."""
    return [desk.answer_to(number) for number in numbers]


def test_whoever_waits_for_an_order_is_told_when_it_is_there_and_when_it_has_ended() -> None:
    desk = Desk()
    desk.place("a1")
    desk.place("a2")
    accepted = watch(desk, "a1", commands.Milestone.ACCEPTED)
    done = watch(desk, "a1", commands.Milestone.DONE)
    other = watch(desk, "a2", commands.Milestone.DONE)
    assert answers(desk, accepted, done, other) == [None, None, None]
    desk.hear(took(1, "v1"), acknowledged("v1", 1))
    first, second, third = answers(desk, accepted, done, other)
    assert (first.status, second, third) == (OrderStatus.ACCEPTED, None, None)
    desk.hear(canceled("v1", 1))
    first, second, third = answers(desk, accepted, done, other)
    assert (first, second.status, third) == (None, OrderStatus.CANCELED, None)
    at_once = watch(desk, "a1", commands.Milestone.DONE)
    assert answers(desk, at_once)[0].status is OrderStatus.CANCELED
    desk.hear(took(2, "v2"), canceled("v2", 2))
    assert answers(desk, other)[0].status is OrderStatus.CANCELED


def test_whoever_waits_when_the_client_has_left_is_told_that_nothing_more_is_heard() -> None:
    desk = Desk()
    desk.live("a1", "v1")
    done = watch(desk, "a1", commands.Milestone.DONE)
    desk.ask(commands.Disconnect(grace=SECOND), None)
    desk.apply(LinkDown(desk.connection, "closed", False))
    (left,) = answers(desk, done)
    assert isinstance(left, OutcomeUnknown)
    assert str(left).startswith("This client closed the connection")
    late = watch(desk, "a1", commands.Milestone.DONE)
    assert answers(desk, late) == [left]
    desk.apply()
    assert answers(desk, done, late) == [None, None], "told once"


def test_a_link_that_comes_again_ends_no_waiting() -> None:
    desk = Desk()
    desk.live("a1", "v1")
    done = watch(desk, "a1", commands.Milestone.DONE)
    desk.lose_link()
    assert answers(desk, done) == [None]
    desk.log_in(view("v1", 1))
    desk.hear(canceled("v1", 1))
    assert answers(desk, done)[0].status is OrderStatus.CANCELED


# What was told before, and what is asked for again and again


def test_a_replacement_that_is_told_again_takes_no_term_back() -> None:
    desk = Desk()
    desk.live("a1", "v1")
    became = facts.OrderReplaced(
        time=WALL,
        order=view("v1", 1, price=Decimal("98.0")),
        new_venue_order_id=view("v2").venue_order_id,
        replacement=None,
    )
    desk.hear(became)
    desk.wait(1)
    list_of_open(desk, view("v2", 1, price=Decimal("97.0")))
    assert [event.price for event in told(desk, events.Updated)] == [Decimal("98.0"), Decimal("97.0")]
    desk.hear(became)
    assert len(told(desk, events.Updated)) == 2


def pauses(desk: Desk, outcome: Outcome, count: int) -> list[int]:
    """Seconds between so many queries of an order, each of which is answered so at once."""
    times = []
    while len(times) <= count:
        for query in asked(desk, requests.QueryOrder):
            times.append(desk.time)
            desk.hear(refused(query.request_id, outcome))
        desk.wait(0.5)
    return [(after - before) // SECOND for before, after in pairwise(times)]


def test_an_order_of_which_it_was_told_that_nobody_knows_is_asked_for_every_five_minutes_in_the_end() -> None:
    desk = Desk(rules=VenueRules(venue="TEST", query_delays=(SECOND, 5 * SECOND), absence_needs_list=True))
    desk.place("a1")
    desk.hear(refused(1, Outcome.AMBIGUOUS))
    desk.sends.clear()
    assert pauses(desk, Outcome.NOT_FOUND, 6) == [5, 5, 5, 5, 300, 300]


def test_an_order_in_question_of_which_nothing_was_told_is_asked_for_at_the_last_of_the_pauses() -> None:
    desk = Desk(rules=VenueRules(venue="TEST", query_delays=(SECOND, 5 * SECOND)))
    desk.live("a1", "v1")
    desk.hear(unclear("a1", "v1"))
    assert pauses(desk, Outcome.AMBIGUOUS, 9) == [1, 5, 5, 5, 5, 5, 5, 5, 5]


@pytest.mark.parametrize(
    "command",
    [
        commands.OpenOrders(),
        commands.Status(ClientOrderId("a9")),
        commands.Cancel(ClientOrderId("a9")),
        commands.Replace(client_order_id=ClientOrderId("a9"), instrument="GOLD.TEST", price="98.0"),
        commands.ReadFills(start=1, end=2),
    ],
    ids=lambda command: type(command).__name__,
)
def test_nothing_is_sent_under_the_number_of_a_request_that_waits_for_its_answer(command: commands.Command) -> None:
    desk = Desk()
    desk.live("a9", "v9")
    desk.ask(commands.Status(ClientOrderId("a9")))
    desk.sent()
    desk.numbers -= 1
    answer = desk.ask(command)
    assert isinstance(answer, NotSent)
    assert str(answer) == f"Nothing was sent: request {desk.numbers} is still waiting for its answer."
    assert desk.sent() == []


# Spans of history


def test_a_long_time_is_read_span_by_span_without_a_gap_or_a_repetition() -> None:
    desk = Desk(rules=evolve(PAGES, history_span=120 * SECOND))
    desk.live("a1", "v1")
    desk.lose_link()
    began = desk.wall + desk.time
    desk.wait(400)
    desk.log_in(view("v1", 1))
    spans: list[tuple[int, int]] = []
    latest: list[bool] = []
    for _ in range(20):
        for page in asked(desk, requests.ListFills):
            spans.append((page.start, page.end))
            latest.append(page.latest)
            desk.hear(facts.FillsListed(request_id=page.request_id, trades=()))
    assert spans[0][0] <= began
    assert spans[-1][1] >= desk.wall + desk.time
    assert [end - start for start, end in spans[:-1]] == [120 * SECOND] * (len(spans) - 1)
    assert 0 < spans[-1][1] - spans[-1][0] <= 120 * SECOND
    assert all(before[1] == after[0] for before, after in pairwise(spans))
    assert latest == [False] * (len(spans) - 1) + [True]


# Very many fills


def filled_one_by_one(count: int) -> Desk:
    """An order of 70, of which so many fills of one each were heard."""
    desk = Desk()
    desk.place("a1", quantity=70)
    desk.hear(took(1, "v1"), acknowledged("v1", 1, quantity=Decimal(70)))
    for number in range(1, count + 1):
        fill = traded("v1", f"t{number}", 1, number, 1, final=number == 70)
        desk.hear(evolve(fill, order=evolve(fill.order, quantity=Decimal(70))))
    desk.records.clear()
    return desk


def listed_now(desk: Desk, tid: str) -> list[str]:
    """History shows a fill of one of the order, executed just now."""
    shown = evolve(trade("v1", tid, 1), time=desk.wall + desk.time)
    return desk.hear(facts.FillsListed(request_id=None, trades=(shown,)))


def test_of_a_filled_order_with_more_fills_than_are_remembered_an_unknown_one_was_told() -> None:
    desk = filled_one_by_one(70)
    assert desk.status("a1") is OrderStatus.FILLED
    assert listed_now(desk, "t0") == []


def test_of_a_living_order_with_more_fills_than_are_remembered_a_new_one_is_told_once() -> None:
    desk = filled_one_by_one(65)
    assert listed_now(desk, "t66") == ["Filled"]
    assert listed_now(desk, "t66") == []
    assert listed_now(desk, "t65") == []


def test_an_answer_without_an_id_behind_the_acceptance_changes_nothing() -> None:
    desk = Desk()
    desk.place("a1")
    desk.hear(acknowledged("v1", 1))
    desk.hear(took(1))
    assert desk.last.records == []


def test_a_change_that_keeps_the_id_is_over_with_its_news_where_others_are_another_order() -> None:
    desk = Desk()
    desk.live("a1", "v1")
    desk.ask(commands.Replace(client_order_id=A1, instrument="GOLD.TEST", price="99.0"))
    shown = view("v1", 1, price=Decimal("99.0"))
    news = facts.OrderReplaced(time=WALL, order=shown, new_venue_order_id=None, replacement=None)
    assert desk.hear(news) == ["Updated"]
    answer = desk.ask(commands.Replace(client_order_id=A1, instrument="GOLD.TEST", price="98.0"))
    assert answer == desk.numbers


# Changes and cancels in doubt


def test_a_change_that_another_followed_is_refused_in_silence() -> None:
    desk = Desk()
    desk.live("a1", "v1")
    desk.ask(commands.Replace(client_order_id=A1, instrument="GOLD.TEST", price="99.0"))
    first = desk.numbers
    desk.hear(refused(first, Outcome.AMBIGUOUS))
    desk.ask(commands.Replace(client_order_id=A1, instrument="GOLD.TEST", price="98.0"))
    assert desk.hear(refused(first, Outcome.DEFINITE)) == []
    assert desk.hear(refused(desk.numbers, Outcome.DEFINITE)) == ["ModifyRejected"]


@pytest.mark.parametrize(
    ("said", "reason"),
    [
        ("busy", "busy. The venue has not acted on it; the order is still live."),
        ("busy.", "busy. The venue has not acted on it; the order is still live."),
        ("", "The venue has not acted on it; the order is still live."),
    ],
)
def test_a_cancel_that_came_to_nothing_is_told_with_the_venues_words_in_front(said: str, reason: str) -> None:
    desk = Desk()
    desk.live("a1", "v1")
    desk.ask(commands.Cancel(A1), Admission.CANCEL)
    desk.hear(refused(desk.numbers, Outcome.AMBIGUOUS, said))
    for _ in range(60):
        for query in asked(desk, requests.QueryOrder):
            desk.hear(facts.RequestAnswered(request_id=query.request_id, order=view("v1", 1)))
        desk.wait(0.5)
    (rejected,) = told(desk, events.CancelRejected)
    assert rejected.reason == reason


# Lists for terms


def test_terms_that_are_wanted_while_a_list_is_on_its_way_are_asked_for_by_another_behind_it() -> None:
    desk = Desk()
    desk.live("a1", "v1")
    desk.live("a2", "v2")
    desk.hear(acknowledged("v3", 1, quantity=None))
    (first,) = asked(desk, requests.ListOpenOrders)
    desk.hear(acknowledged("v4", 2, quantity=None))
    assert asked(desk, requests.ListOpenOrders) == []
    both = (view("v3", 1), view("v4", 2))
    desk.hear(facts.RequestAnswered(request_id=first.request_id, orders=both))
    (second,) = asked(desk, requests.ListOpenOrders)
    desk.hear(facts.RequestAnswered(request_id=second.request_id, orders=both))
    assert asked(desk, requests.ListOpenOrders) == []


# What follows a login


def test_an_order_that_the_venue_shows_when_asked_may_be_called_complete_by_arithmetic_again() -> None:
    desk = Desk()
    desk.live("a1", "v1")
    desk.lose_link()
    desk.log_in()
    (query,) = asked(desk, requests.QueryOrder)
    desk.hear(facts.RequestAnswered(request_id=query.request_id, order=view("v1", 1)))
    desk.hear(traded("v1", "t1", 10, 10, 1))
    assert desk.status("a1") is OrderStatus.FILLED


def test_an_end_that_is_asked_for_before_a_login_is_settled_is_awaited_by_it() -> None:
    desk = Desk(rules=PAGES)
    desk.live("a1", "v1")
    desk.lose_link()
    desk.log_in(view("v1", 1))
    desk.wait(2)
    (page,) = asked(desk, requests.ListFills)
    desk.hear(unclear("a1", "v1"))
    assert desk.hear(facts.FillsListed(request_id=page.request_id, trades=())) == []
    (query,) = asked(desk, requests.QueryOrder)
    shown = facts.RequestAnswered(request_id=query.request_id, order=view("v1", 1))
    assert desk.hear(shown) == ["Reconciled"]


def test_terms_that_were_asked_for_on_a_lost_connection_are_asked_for_on_the_next() -> None:
    desk = Desk()
    desk.live("a1", "v1")
    desk.hear(unclear("a1", "v1"))
    desk.lose_link()
    desk.sends.clear()
    desk.log_in(view("v1", 1, quantity=None))
    assert [query.venue_order_id for query in asked(desk, requests.QueryOrder)] == ["v1"]


def test_another_sessions_order_has_its_turn_once_no_order_of_ours_is_asked_for() -> None:
    desk = Desk()
    desk.live("a1", "v1")
    desk.hear(acknowledged("v9", 9))
    desk.lose_link()
    desk.sends.clear()
    desk.wait(1)
    desk.log_in()
    (ours,) = asked(desk, requests.QueryOrder)
    assert ours.venue_order_id == "v1"
    desk.wait(3)
    desk.hear(facts.RequestAnswered(request_id=ours.request_id, order=view("v1", 1)))
    desk.wait(2)
    assert [query.venue_order_id for query in asked(desk, requests.QueryOrder)] == ["v9"]


# What is left out of a fill


def test_a_fill_without_a_side_is_told_with_that_of_its_order() -> None:
    desk = Desk()
    desk.live("a1", "v1")
    fill = traded("v1", "t1", 4, 4, 1)
    desk.hear(evolve(fill, trade=evolve(fill.trade, side=None)))
    assert [event.side for event in told(desk, events.Filled)] == [Side.BUY]
    assert desk.last.alarms == []


def test_an_answer_that_does_not_fit_its_question_is_said_in_the_log() -> None:
    desk = Desk()
    desk.place("a1", market=True)
    (preview,) = desk.sent()
    desk.hear(took(preview.request_id))
    assert len(desk.last.warnings) == 1


def test_a_cancel_came_to_nothing_only_if_the_order_lives_when_asked_for_after_its_time() -> None:
    desk = Desk()
    desk.live("a1", "v1")
    desk.ask(commands.Cancel(A1), Admission.CANCEL)
    desk.wait(5)
    desk.hear(refused(desk.numbers, Outcome.AMBIGUOUS, "busy"))
    (early,) = asked(desk, requests.QueryOrder)
    desk.wait(6)
    desk.hear(facts.RequestAnswered(request_id=early.request_id, order=view("v1", 1)))
    assert told(desk, events.CancelRejected) == []
    desk.wait(20)
    late = asked(desk, requests.QueryOrder)[-1]
    assert desk.hear(facts.RequestAnswered(request_id=late.request_id, order=view("v1", 1))) == ["CancelRejected"]


def test_an_answer_that_names_another_order_of_ours_is_ignored_with_a_word_in_the_log() -> None:
    desk = Desk()
    desk.live("a1", "v1")
    desk.place("a2")
    desk.hear(took(2, "v1"))
    assert [word.startswith("An answer about order a2 names venue order v1") for word in desk.last.warnings] == [True]
    order = desk.state.orders.by_client_order_id(ClientOrderId("a2"))
    assert order is not None
    assert order.venue_order_id is None


def test_what_the_venue_wants_to_be_read_goes_to_the_log() -> None:
    desk = Desk()
    desk.hear(facts.Notice(text="Maintenance at noon."))
    assert desk.last.warnings == ["Maintenance at noon."]


# Stops have a history of their own


def examined_stop() -> tuple[Desk, Any]:
    """A stop of which nobody knows whether it was placed, and the page of the history of stops that is asked for."""
    rules = evolve(PAGES, absence_needs_history=True, absence_proves_after=SECOND, triggers_apart=True)
    desk = Desk(rules=rules)
    desk.place("a1", trigger_price="95.0")
    desk.hear(refused(1, Outcome.AMBIGUOUS))
    for _ in range(60):
        for query in asked(desk, requests.QueryOrder):
            desk.hear(refused(query.request_id, Outcome.NOT_FOUND))
        for fills in asked(desk, requests.ListFills):
            desk.hear(facts.FillsListed(request_id=fills.request_id, trades=()))
        pages = asked(desk, requests.ListOrderHistory)
        if pages:
            return desk, pages[0]
        desk.wait(1)
    raise AssertionError("no history of orders was asked for")


def test_a_stop_that_the_history_of_stops_does_not_show_is_looked_for_in_that_of_the_others() -> None:
    desk, page = examined_stop()
    assert page.triggers
    desk.hear(facts.OrderHistoryListed(request_id=page.request_id, orders=()))
    (following,) = asked(desk, requests.ListOrderHistory)
    assert not following.triggers
    assert desk.hear(facts.OrderHistoryListed(request_id=following.request_id, orders=())) == ["Denied"]


def test_a_stop_of_which_the_history_of_stops_tells_the_end_is_looked_for_no_further() -> None:
    desk, page = examined_stop()
    ended = view("v1", 1, status=OrderStatus.CANCELED, trigger_price=Decimal("95.0"))
    assert "Canceled" in desk.hear(facts.OrderHistoryListed(request_id=page.request_id, orders=(ended,)))
    assert asked(desk, requests.ListOrderHistory) == []


# What ended, and how


@pytest.mark.parametrize(
    ("news", "status", "reason"),
    [
        (canceled("v1", 1), OrderStatus.CANCELED, "asked for"),
        (rejected("v1", 1), OrderStatus.REJECTED, "NO"),
        (refused(1, Outcome.DEFINITE, "too small"), OrderStatus.REJECTED, "too small"),
    ],
    ids=["canceled", "rejected", "refused"],
)
def test_where_an_order_stands_is_told_with_the_reason_of_its_end(news: Any, status: OrderStatus, reason: str) -> None:
    desk = Desk()
    desk.place("a1")
    desk.hear(news)
    shown = desk.ask(commands.Show(A1), None)
    assert (shown.status, shown.reason) == (status, reason)


@pytest.mark.parametrize(("status", "words"), [(OrderStatus.ACCEPTED, 1), (OrderStatus.CANCELED, 0)])
def test_a_rejected_order_that_the_venue_shows_is_worth_a_word_while_it_lives(status: OrderStatus, words: int) -> None:
    desk = Desk()
    desk.place("a1")
    desk.hear(rejected("v1", 1))
    desk.wait(1)
    list_of_open(desk, view("v1", 1, status=status))
    assert len([word for word in desk.last.warnings if "though it had rejected it" in word]) == words


def test_the_number_of_a_refused_request_is_free_again() -> None:
    desk = Desk()
    desk.live("a1", "v1")
    desk.place("a2")
    number = desk.numbers
    desk.numbers -= 1
    assert isinstance(desk.ask(commands.Cancel(A1), Admission.CANCEL), NotSent)
    desk.hear(refused(number, Outcome.DEFINITE))
    desk.numbers -= 1
    assert desk.ask(commands.Cancel(A1), Admission.CANCEL) == number


def test_a_replacement_that_is_the_first_news_of_an_order_accepts_it() -> None:
    desk = Desk()
    desk.place("a1")
    assert desk.hear(replaced("v1", "v2", 1))[0] == "Accepted"
    assert [event.venue_order_id for event in told(desk, events.Accepted)] == ["v1"]
    assert [event.venue_order_id for event in told(desk, events.Updated)] == ["v2"]


# Answers that say nothing


def test_an_answer_that_shows_no_order_is_no_word_that_there_is_none() -> None:
    desk = Desk(rules=VenueRules(venue="TEST", absence_proves_after=SECOND, query_delays=(SECOND,)))
    desk.place("a1")
    desk.hear(refused(1, Outcome.AMBIGUOUS))
    for _ in range(30):
        for query in asked(desk, requests.QueryOrder):
            desk.hear(facts.RequestAnswered(request_id=query.request_id))
        desk.wait(1)
    assert desk.status("a1") is OrderStatus.UNKNOWN


def test_an_answer_to_a_batch_that_is_too_short_leaves_the_others_unknown() -> None:
    desk = Desk(rules=VenueRules(venue="TEST", batch=BatchRules(most=10, most_orders=10)))
    orders = [
        NewOrder.limit("GOLD.TEST", Side.BUY, quantity=10, price=100, client_order_id=ClientOrderId(name))
        for name in ("a1", "a2")
    ]
    desk.batch(*map(commands.Place, orders))
    (batch,) = desk.sent()
    taken = facts.LegAnswer(wire_id=1, venue_order_id=view("v1").venue_order_id)
    names = desk.hear(facts.BatchAnswered(request_id=batch.request_id, legs=(taken,)))
    assert names == ["Unknown"]
    assert desk.status("a2") is OrderStatus.UNKNOWN


def test_an_order_that_was_heard_of_and_then_left_out_by_a_list_is_asked_for_in_spite_of_the_line() -> None:
    desk = left_out(18)
    queries = asked(desk, requests.QueryOrder)
    desk.hear(acknowledged("v18", 18))
    desk.wait(1)
    list_of_open(desk, *(view(f"v{number}", number) for number in range(1, 18)))
    for query in queries:
        desk.hear(facts.RequestAnswered(request_id=query.request_id, order=view(query.venue_order_id)))
    desk.wait(3)
    assert "v18" in [query.venue_order_id for query in asked(desk, requests.QueryOrder)]


def test_an_order_that_an_answer_shows_first_may_have_had_other_ids_where_changes_are_other_orders() -> None:
    desk = Desk(rules=CHAINS)
    desk.place("a1")
    desk.hear(refused(1, Outcome.AMBIGUOUS))
    desk.wait(1)
    (query,) = asked(desk, requests.QueryOrder)
    asked(desk, requests.ListOrderHistory)
    desk.hear(facts.RequestAnswered(request_id=query.request_id, order=view("v1", 1)))
    assert len(asked(desk, requests.ListOrderHistory)) == 1
    assert progress(desk).open_questions == 1


def test_the_number_of_a_placement_that_is_refused_after_its_acceptance_is_free_again() -> None:
    desk = Desk()
    desk.place("a1")
    desk.hear(acknowledged("v1", 1))
    desk.hear(refused(1, Outcome.DEFINITE))
    desk.numbers = 0
    assert desk.ask(commands.Cancel(A1), Admission.CANCEL) == 1


def test_a_market_order_goes_out_at_once_where_the_venue_needs_no_price_for_it() -> None:
    desk = Desk(rules=VenueRules(venue="TEST"))
    desk.place("a1", market=True)
    assert [type(request) for request in desk.sent()] == [requests.PlaceOrder]


@pytest.mark.parametrize(
    "left_open", [{"quantity": None}, {"quantity": Decimal(6), "other_quantity": Decimal(10)}], ids=["none", "two"]
)
def test_how_an_order_of_ours_stands_is_told_with_its_quantity_where_the_venue_leaves_that_open(
    left_open: dict[str, Any],
) -> None:
    desk = Desk()
    desk.live("a1", "v1")
    desk.ask(commands.Status(A1))
    number = desk.numbers
    (query,) = asked(desk, requests.QueryOrder)
    desk.hear(facts.RequestAnswered(request_id=query.request_id, order=view("v1", 1, **left_open)))
    assert desk.answer_to(number).quantity == 10


def test_a_login_awaits_the_fills_that_were_missing_before_it() -> None:
    """History lags: a reading that was asked for too early says nothing of them."""
    desk = Desk(rules=evolve(PAGES, fills_lag=SECOND, lists_lag=30 * SECOND))
    desk.live("a1", "v1")
    desk.hear(acknowledged("v1", 1, cumulative=Decimal(4)))
    desk.lose_link()
    desk.log_in(view("v1", 1, cumulative=Decimal(4)))
    began = desk.time
    desk.records.clear()
    while not told(desk, events.Reconciled):
        for page in asked(desk, requests.ListFills):
            desk.hear(facts.FillsListed(request_id=page.request_id, trades=()))
        desk.wait(1)
        assert desk.time < began + 120 * SECOND
    assert [gap.reported for gap in told(desk, events.Gap)] == [4]
    assert desk.time >= began + 30 * SECOND


def test_an_older_order_of_the_name_in_a_history_that_names_all_ids_is_another_sessions() -> None:
    desk = Desk(rules=CHAINS)
    desk.live("a1", "v1")
    older = view("v0", 1, status=OrderStatus.CANCELED, cumulative=Decimal(4))
    desk.hear(facts.OrderHistoryListed(request_id=RequestId(999), orders=(older,)))
    young = evolve(trade("v0", "t1", 4), time=desk.wall + desk.time)
    assert "Filled" not in desk.hear(facts.FillsListed(request_id=None, trades=(young,)))
    assert told(desk, events.Filled) == []


def test_a_count_that_fills_have_not_reached_grows_by_those_behind_it() -> None:
    desk = Desk()
    heard_at = desk.wall + desk.time
    for age, count in ((10, 4), (5, 6), (0, 6)):
        desk.hear(dated(acknowledged("v9", 9, cumulative=Decimal(count)), heard_at - age * SECOND))
    fill = dated(traded("v9", "t1", 1, 7, 9), heard_at - 3 * SECOND)
    desk.hear(evolve(fill, order=evolve(fill.order, status=None), trade=dated(fill.trade, heard_at - 3 * SECOND)))
    desk.wait(1)
    list_of_open(desk)
    (query,) = asked(desk, requests.QueryOrder)
    desk.records.clear()
    desk.hear(refused(query.request_id, Outcome.NOT_FOUND))
    assert [report.cumulative for report in told(desk, events.OrderStatusReport)] == [7]
