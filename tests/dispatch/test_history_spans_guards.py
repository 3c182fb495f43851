"""Guards around reading history: in pages, in spans, with very many fills, and what a fill leaves out."""

from __future__ import annotations

from decimal import Decimal
from itertools import pairwise
from typing import Any

from protocol import commands, events, facts, requests
from protocol.dispatch.inputs import Admission
from protocol.facts import Outcome
from protocol.structs import evolve
from protocol.values import ClientOrderId, OrderStatus, Side
from protocol.venue import SECOND, VenueRules

from ..guarding import A1, NOBODYS, asked, told
from ..order_life import WALL, Rig, acknowledged, refused, took, trade, traded, view
from ..question_rig import CHAINS, PAGES, next_page

# Pages of history


def reading(rules: VenueRules = PAGES) -> tuple[Rig, Any]:
    """With the first page of a reading on its way."""
    rig = Rig(rules=rules)
    rig.live("a1", "v1")
    rig.wait(10)
    return rig, next_page(rig, requests.ListFills)


def second_page(rig: Rig, first: Any) -> Any:
    rig.hear(facts.FillsListed(request_id=first.request_id, trades=(), cursor="two"))
    page = next_page(rig, requests.ListFills)
    assert page.cursor == "two"
    return page


def test_a_page_whose_cursor_the_venue_refuses_three_times_is_left_for_the_first_one() -> None:
    rig, first = reading()
    page = second_page(rig, first)
    cursors = []
    for _ in range(4):
        rig.hear(refused(page.request_id, Outcome.DEFINITE, "what page?"))
        page = next_page(rig, requests.ListFills)
        cursors.append(page.cursor)
    assert cursors == ["two", "two", None, None]
    second_page(rig, page)


def test_a_page_that_is_lost_or_given_again_and_again_is_asked_for_with_its_cursor() -> None:
    rig, first = reading()
    page = second_page(rig, first)
    for _ in range(5):
        rig.hear(facts.FillsListed(request_id=page.request_id, trades=(), cursor="two"))
        page = next_page(rig, requests.ListFills)
        assert page.cursor == "two"
        rig.hear(refused(page.request_id, Outcome.AMBIGUOUS))
        page = next_page(rig, requests.ListFills)
        assert page.cursor == "two"


def test_the_history_of_orders_begins_anew_by_itself_when_its_cursor_is_refused() -> None:
    rig = Rig(rules=CHAINS)
    rig.live("a1", "v1")
    rig.wait(10)
    page = next_page(rig, requests.ListOrderHistory)
    rig.hear(facts.OrderHistoryListed(request_id=page.request_id, orders=(view("v1", 1),), cursor="two"))
    page = next_page(rig, requests.ListOrderHistory)
    cursors = [page.cursor]
    for _ in range(3):
        rig.hear(refused(page.request_id, Outcome.DEFINITE, "what page?"))
        page = next_page(rig, requests.ListOrderHistory)
        cursors.append(page.cursor)
    assert cursors == ["two", "two", "two", None]
    rig.hear(facts.OrderHistoryListed(request_id=page.request_id, orders=()))
    assert next_page(rig, requests.ListFills).cursor is None


def test_pages_that_are_asked_for_again_add_nothing_to_what_is_read_every_period() -> None:
    rig, page = reading()
    for _ in range(10):
        rig.hear(refused(page.request_id, Outcome.AMBIGUOUS))
        page = next_page(rig, requests.ListFills)
    rig.hear(facts.FillsListed(request_id=page.request_id, trades=()))
    rig.sends.clear()
    lists = pages = 0
    for _ in range(600):
        rig.wait(1)
        for fills in asked(rig, requests.ListFills):
            pages += 1
            rig.hear(facts.FillsListed(request_id=fills.request_id, trades=()))
        for shown in asked(rig, requests.ListOpenOrders):
            lists += 1
            rig.hear(facts.RequestAnswered(request_id=shown.request_id, orders=(view("v1", 1),)))
    assert (pages, lists) == (10, 10)


# Spans of history


def test_a_long_time_is_read_span_by_span_without_a_gap_or_a_repetition() -> None:
    rig = Rig(rules=evolve(PAGES, history_span=120 * SECOND))
    rig.live("a1", "v1")
    rig.lose_link()
    began = rig.wall + rig.time
    rig.wait(400)
    rig.log_in(view("v1", 1))
    spans: list[tuple[int, int]] = []
    latest: list[bool] = []
    for _ in range(20):
        for page in asked(rig, requests.ListFills):
            spans.append((page.start, page.end))
            latest.append(page.latest)
            rig.hear(facts.FillsListed(request_id=page.request_id, trades=()))
    assert spans[0][0] <= began
    assert spans[-1][1] >= rig.wall + rig.time
    assert [end - start for start, end in spans[:-1]] == [120 * SECOND] * (len(spans) - 1)
    assert 0 < spans[-1][1] - spans[-1][0] <= 120 * SECOND
    assert all(before[1] == after[0] for before, after in pairwise(spans))
    assert latest == [False] * (len(spans) - 1) + [True]


# Very many fills


def filled_one_by_one(count: int) -> Rig:
    """An order of 70, of which so many fills of one each were heard."""
    rig = Rig()
    rig.place("a1", quantity=70)
    rig.hear(took(1, "v1"), acknowledged("v1", 1, quantity=Decimal(70)))
    for number in range(1, count + 1):
        fill = traded("v1", f"t{number}", 1, number, 1, final=number == 70)
        rig.hear(evolve(fill, order=evolve(fill.order, quantity=Decimal(70))))
    rig.records.clear()
    return rig


def listed_now(rig: Rig, tid: str) -> list[str]:
    """History shows a fill of one of the order, executed just now."""
    shown = evolve(trade("v1", tid, 1), time=rig.wall + rig.time)
    return rig.hear(facts.FillsListed(request_id=NOBODYS, trades=(shown,)))


def test_of_a_filled_order_with_more_fills_than_are_remembered_an_unknown_one_was_told() -> None:
    rig = filled_one_by_one(70)
    assert rig.status("a1") is OrderStatus.FILLED
    assert listed_now(rig, "t0") == []


def test_of_a_living_order_with_more_fills_than_are_remembered_a_new_one_is_told_once() -> None:
    rig = filled_one_by_one(65)
    assert listed_now(rig, "t66") == ["Filled"]
    assert listed_now(rig, "t66") == []
    assert listed_now(rig, "t65") == []


def test_an_answer_without_an_id_behind_the_acceptance_changes_nothing() -> None:
    rig = Rig()
    rig.place("a1")
    rig.hear(acknowledged("v1", 1))
    rig.hear(took(1))
    assert rig.last.records == []


def test_a_change_that_keeps_the_id_is_over_with_its_news_where_others_are_another_order() -> None:
    rig = Rig()
    rig.live("a1", "v1")
    rig.ask(commands.Replace(client_order_id=A1, instrument="GOLD.TEST", price="99.0"))
    shown = view("v1", 1, price=Decimal("99.0"))
    news = facts.OrderReplaced(time=WALL, order=shown, new_venue_order_id=None, replacement=None)
    assert rig.hear(news) == ["Updated"]
    answer = rig.ask(commands.Replace(client_order_id=A1, instrument="GOLD.TEST", price="98.0"))
    assert answer == rig.numbers


# What is left out of a fill


def test_a_fill_without_a_side_is_told_with_that_of_its_order() -> None:
    rig = Rig()
    rig.live("a1", "v1")
    fill = traded("v1", "t1", 4, 4, 1)
    rig.hear(evolve(fill, trade=evolve(fill.trade, side=None)))
    assert [event.side for event in told(rig, events.Filled)] == [Side.BUY]
    assert rig.last.alarms == []


def test_an_answer_that_does_not_fit_its_question_is_said_in_the_log() -> None:
    rig = Rig()
    rig.place("a1", market=True)
    (preview,) = rig.sent()
    rig.hear(took(preview.request_id))
    assert len(rig.last.warnings) == 1


def test_a_cancel_came_to_nothing_only_if_the_order_lives_when_asked_for_after_its_time() -> None:
    rig = Rig()
    rig.live("a1", "v1")
    rig.ask(commands.Cancel(A1), Admission.CANCEL)
    rig.wait(5)
    rig.hear(refused(rig.numbers, Outcome.AMBIGUOUS, "busy"))
    (early,) = asked(rig, requests.QueryOrder)
    rig.wait(6)
    rig.hear(facts.RequestAnswered(request_id=early.request_id, order=view("v1", 1)))
    assert told(rig, events.CancelRejected) == []
    rig.wait(20)
    late = asked(rig, requests.QueryOrder)[-1]
    assert rig.hear(facts.RequestAnswered(request_id=late.request_id, order=view("v1", 1))) == ["CancelRejected"]


def test_an_answer_that_names_another_order_of_ours_is_ignored_with_a_word_in_the_log() -> None:
    rig = Rig()
    rig.live("a1", "v1")
    rig.place("a2")
    rig.hear(took(2, "v1"))
    assert [word.startswith("An answer about order a2 names venue order v1") for word in rig.last.warnings] == [True]
    order = rig.state.orders.by_client_order_id(ClientOrderId("a2"))
    assert order is not None
    assert order.venue_order_id is None


def test_what_the_venue_wants_to_be_read_goes_to_the_log() -> None:
    rig = Rig()
    rig.hear(facts.Notice(text="Maintenance at noon."))
    assert rig.last.warnings == ["Maintenance at noon."]


# Stops have a history of their own


def examined_stop() -> tuple[Rig, Any]:
    """A stop of which nobody knows whether it was placed, and the page of the history of stops that is asked for."""
    rules = evolve(PAGES, absence_needs_history=True, absence_proves_after=SECOND, triggers_apart=True)
    rig = Rig(rules=rules)
    rig.place("a1", trigger_price="95.0")
    rig.hear(refused(1, Outcome.AMBIGUOUS))
    for _ in range(60):
        for query in asked(rig, requests.QueryOrder):
            rig.hear(refused(query.request_id, Outcome.NOT_FOUND))
        for fills in asked(rig, requests.ListFills):
            rig.hear(facts.FillsListed(request_id=fills.request_id, trades=()))
        pages = asked(rig, requests.ListOrderHistory)
        if pages:
            return rig, pages[0]
        rig.wait(1)
    raise AssertionError("no history of orders was asked for")


def test_a_stop_that_the_history_of_stops_does_not_show_is_looked_for_in_that_of_the_others() -> None:
    rig, page = examined_stop()
    assert page.triggers
    rig.hear(facts.OrderHistoryListed(request_id=page.request_id, orders=()))
    (following,) = asked(rig, requests.ListOrderHistory)
    assert not following.triggers
    assert rig.hear(facts.OrderHistoryListed(request_id=following.request_id, orders=())) == ["Denied"]


def test_a_stop_of_which_the_history_of_stops_tells_the_end_is_looked_for_no_further() -> None:
    rig, page = examined_stop()
    ended = view("v1", 1, status=OrderStatus.CANCELED, trigger_price=Decimal("95.0"))
    assert "Canceled" in rig.hear(facts.OrderHistoryListed(request_id=page.request_id, orders=(ended,)))
    assert asked(rig, requests.ListOrderHistory) == []
