"""News of orders: whose they are, what they teach besides, and what contradicts itself."""

from __future__ import annotations

from collections.abc import Callable
from decimal import Decimal
from typing import Any

import pytest

from protocol import events, facts, requests
from protocol.dispatch.inquiries import Question
from protocol.structs import evolve
from protocol.values import OrderStatus, Side
from protocol.venue import SECOND, VenueRules

from ..guarding import IN_PLACE, NOBODYS, asked, at_work, open_questions, order_of, terms, told, unclear
from ..order_life import (
    WALL,
    Rig,
    acknowledged,
    canceled,
    expired,
    external,
    rejected,
    replaced,
    took,
    trade,
    traded,
    view,
)

TWO_FEEDS = evolve(IN_PLACE, fills_lag=SECOND, reads_history=True)
D = Decimal


# Whose news it is


NEWS: list[Callable[[facts.OrderView], Any]] = [
    lambda shown: facts.OrderTriggered(time=WALL, order=shown),
    lambda shown: facts.OrderTriggerMoved(time=WALL, order=shown),
    lambda shown: facts.OrderUnclear(time=WALL, order=shown),
    lambda shown: facts.OrderAcknowledged(time=WALL, order=shown),
    lambda shown: facts.OrderCanceled(time=WALL, order=shown, reason="why"),
    lambda shown: facts.OrderExpired(time=WALL, order=shown, reason="why"),
    lambda shown: facts.OrderRejected(time=WALL, order=shown, reason="why"),
    lambda shown: facts.OrderRemoved(time=WALL, order=shown, ending=OrderStatus.CANCELED, filled=D(0), reason="why"),
]


@pytest.mark.parametrize("number", range(len(NEWS)))
def test_news_of_another_sessions_order_are_reported_once_by_the_id_of_the_event(number: int) -> None:
    rig = Rig()
    news = evolve(NEWS[number](view("v9", 8)), event_id="e1")
    assert rig.hear(news) == ["OrderStatusReport"]
    (report,) = told(rig, events.OrderStatusReport)
    assert (report.venue_order_id, report.venue_time) == ("v9", WALL)
    assert report.reason == ("why" if number >= 4 else "")
    assert rig.hear(news) == []


def test_another_sessions_order_that_left_the_book_is_reported_as_what_it_ended_as() -> None:
    rig = Rig()
    gone = facts.OrderRemoved(
        time=WALL, order=view("v9", 8, status=None), ending=OrderStatus.EXPIRED, filled=None, reason="why"
    )
    assert rig.hear(gone) == ["OrderStatusReport"]
    (report,) = told(rig, events.OrderStatusReport)
    assert (report.status, report.reason) == (OrderStatus.EXPIRED, "why")


@pytest.mark.parametrize("number", range(3, len(NEWS)))
def test_on_the_stream_the_clock_of_a_venue_that_tells_no_time_proves_nothing(number: int) -> None:
    """An order of ours is not another session's because the two clocks are ten minutes apart."""
    rig = Rig()
    rig.time += 600 * SECOND
    rig.place("a1")
    news = NEWS[number](view("v1", 1, time=WALL))
    assert "OrderStatusReport" not in rig.hear(news)
    assert rig.status("a1") is not OrderStatus.SUBMITTED


def test_so_it_is_with_a_fill_and_with_a_replacement() -> None:
    rig = Rig()
    rig.time += 600 * SECOND
    rig.place("a1")
    rig.place("a2")
    fill = traded("v1", "t1", 4, 4, 1, time=WALL)
    assert rig.hear(fill) == ["Accepted", "Filled"]
    change = replaced("v2", "v3", 2)
    change = evolve(change, order=evolve(change.order, time=WALL))
    assert rig.hear(change) == ["Accepted", "Updated"]


def test_only_fills_matter_of_an_id_that_the_order_had_before() -> None:
    rig = at_work()
    rig.hear(replaced("v1", "v2", 1))
    rig.records.clear()
    for number in range(len(NEWS)):
        assert rig.hear(NEWS[number](view("v1", 1))) == []
    assert terms(rig)[0] == "v2"
    assert rig.status("a1") is OrderStatus.ACCEPTED


# What a fill shows besides


def test_a_fill_teaches_a_quantity_that_was_not_known() -> None:
    rig = Rig()
    external(rig, "x7", "v7")
    rig.hear(acknowledged("v7", 7, quantity=None))
    rig.records.clear()
    assert rig.hear(traded("v7", "t1", 4, 4, 7)) == ["Filled"]
    assert told(rig, events.Filled)[0].leaves == 6


def test_a_fill_without_a_status_or_a_client_id_finds_its_order_by_the_venues_id() -> None:
    rig = at_work()
    assert rig.hear(traded("v1", "t1", 4, 4, None, status=None)) == ["Filled"]


@pytest.mark.parametrize(
    ("status", "names"),
    [(OrderStatus.ACCEPTED, ["Filled", "Updated"]), (None, ["Filled"])],
    ids=["with its status", "without"],
)
def test_a_fill_that_shows_the_order_answers_what_its_terms_are(status: OrderStatus | None, names: list[str]) -> None:
    rig = at_work(IN_PLACE)
    rig.hear(unclear())
    rig.time += SECOND
    assert rig.hear(traded("v1", "t1", 4, 4, 1, status=status, price=D("98.0"))) == names
    assert open_questions(rig) == (set() if status else {Question.TERMS, Question.END})


@pytest.mark.parametrize(
    ("oid", "status", "is_asked_for"),
    [("v17", OrderStatus.ACCEPTED, False), ("v17", None, True), ("u17", OrderStatus.ACCEPTED, True)],
    ids=["it shows the order", "it shows none", "of an id that it had before"],
)
def test_an_order_that_a_fill_has_shown_is_not_asked_for_after_a_login(
    oid: str, status: OrderStatus | None, is_asked_for: bool
) -> None:
    """Sixteen others are asked for first."""
    rig = Rig()
    for number in range(1, 18):
        rig.live(f"a{number}", f"u{number}")
        rig.hear(replaced(f"u{number}", f"v{number}", number))
    rig.lose_link()
    rig.sends.clear()
    rig.log_in()
    queries = asked(rig, requests.QueryOrder)
    assert "v17" not in [query.venue_order_id for query in queries]
    assert rig.hear(traded(oid, "t1", 4, 4, 17, status=status))[-1] == "Filled"
    rig.hear(took(queries[0].request_id, order=view("v1", 1)))
    assert [query.venue_order_id for query in asked(rig, requests.QueryOrder)] == (["v17"] if is_asked_for else [])


def test_an_order_that_is_not_what_it_was_is_asked_for() -> None:
    rig = at_work(IN_PLACE)
    assert rig.hear(unclear()) == []
    assert open_questions(rig) == {Question.TERMS, Question.END}
    (query,) = asked(rig, requests.QueryOrder)
    assert query.venue_order_id == "v1"
    rig.time += SECOND
    assert rig.hear(took(query.request_id, order=view("v1", 1))) == []
    assert open_questions(rig) == set()


# What contradicts itself


def test_a_refusal_of_an_order_that_was_accepted_is_asked_about_and_ends_nothing() -> None:
    rig = at_work()
    assert rig.hear(rejected("v1", 1)) == []
    assert rig.status("a1") is OrderStatus.ACCEPTED
    (query,) = asked(rig, requests.QueryOrder)
    assert query.venue_order_id == "v1"


def test_a_late_refusal_of_an_order_that_ended_is_no_news() -> None:
    rig = at_work()
    rig.hear(expired("v1", 1))
    assert rig.hear(rejected("v1", 1)) == []
    assert rig.hear(evolve(rejected("v1", 1), removed=True)) == []
    assert rig.sent() == []
    assert rig.last.warnings == []


@pytest.mark.parametrize(("filled", "price"), [(10, "100.0"), (11, "98.0")], ids=["within", "more than it was for"])
def test_an_order_that_left_the_book_with_more_than_it_was_for_had_been_changed(filled: int, price: str) -> None:
    rig = at_work(IN_PLACE)
    left = view("v1", 1, price=D("98.0"), quantity=D(12), status=None)
    rig.hear(facts.OrderRemoved(time=WALL + 3, order=left, ending=OrderStatus.FILLED, filled=D(filled), reason=""))
    assert terms(rig)[2] == D(price)
    assert order_of(rig).identity.side is Side.BUY


@pytest.mark.parametrize("first", range(6))
def test_any_news_may_be_the_first_that_tells_of_its_acceptance(first: int) -> None:
    rig = Rig(rules=IN_PLACE)
    rig.place("a1")
    rig.records.clear()
    assert rig.hear(NEWS[first](view("v1", 1, trigger_price=D("99.0"))))[0] == "Accepted"
    assert order_of(rig).venue_order_id == "v1"


@pytest.mark.parametrize("number", [0, 1, 3])
def test_live_news_answer_what_the_terms_are(number: int) -> None:
    rig = at_work(IN_PLACE)
    rig.hear(unclear())
    rig.time += SECOND
    assert "Updated" in rig.hear(NEWS[number](view("v1", 1, price=D("98.0"))))
    assert open_questions(rig) == set()


def test_news_without_an_id_of_their_own_are_reported_each_time() -> None:
    rig = Rig()
    assert rig.hear(acknowledged("v9", 8)) == ["OrderStatusReport"]
    assert rig.hear(acknowledged("v9", 8, cumulative=D(2))) == ["OrderStatusReport"]


def test_an_end_that_waits_for_its_fills_is_no_question_any_more() -> None:
    rig = at_work(TWO_FEEDS)
    rig.hear(unclear(cumulative=D(4)))
    assert rig.hear(canceled("v1", 1, 4)) == []
    assert open_questions(rig) == {Question.FILLS}


def test_an_order_that_left_the_book_is_no_question_but_for_its_fills() -> None:
    rig = at_work(TWO_FEEDS)
    rig.hear(unclear())
    left = view("v1", 1, status=None, price=D("98.0"))
    gone = facts.OrderRemoved(time=WALL + 3, order=left, ending=OrderStatus.CANCELED, filled=D(6), reason="")
    assert rig.hear(gone) == ["Updated"]
    assert open_questions(rig) == {Question.FILLS}


def test_an_order_that_left_the_book_twice_teaches_only_what_it_counts() -> None:
    rig = at_work(IN_PLACE)
    rig.hear(canceled("v1", 1))
    left = view("v1", 1, status=None, price=D("98.0"), cumulative=D(4))
    gone = facts.OrderRemoved(time=WALL + 3, order=left, ending=OrderStatus.CANCELED, filled=D(12), reason="")
    assert rig.hear(gone) == ["MissingFills"]
    assert (order_of(rig).price, order_of(rig).reason) == (D("100.0"), "asked for")


def test_an_order_of_unknown_quantity_leaves_the_book_as_any_other() -> None:
    rig = Rig(rules=IN_PLACE)
    external(rig, "x7", "v7")
    rig.hear(acknowledged("v7", 7, quantity=None))
    left = view("v7", 7, status=None, quantity=None)
    gone = facts.OrderRemoved(time=WALL + 3, order=left, ending=OrderStatus.CANCELED, filled=D(0), reason="")
    assert rig.hear(gone) == ["Canceled"]


# Executions that may be ours


UNNAMED = VenueRules(venue="TEST", unnamed_events=True, changes_in_place=True)


def in_flight(rules: VenueRules | None = None) -> Rig:
    """An order of which the venue has said nothing."""
    rig = Rig(rules=rules)
    rig.place("a1")
    rig.records.clear()
    return rig


def young(rig: Rig, oid: str, **shown: Any) -> facts.OrderFilled:
    """A whole fill of now, without our id."""
    fill = traded(oid, "t1", 10, 10, **shown)
    return evolve(fill, trade=evolve(fill.trade, time=rig.wall + rig.time))


def test_an_execution_that_names_nobody_waits_where_messages_may_leave_the_name_out() -> None:
    rig = in_flight(UNNAMED)
    assert rig.hear(young(rig, "v1")) == []
    assert rig.hear(acknowledged("v1", 1)) == ["Accepted", "Filled"]
    (fill,) = told(rig, events.Filled)
    assert (fill.status, fill.concluded) == (OrderStatus.FILLED, True)


def test_an_execution_that_waited_keeps_the_word_that_it_was_the_last() -> None:
    rig = in_flight(UNNAMED)
    rig.hear(evolve(young(rig, "v1"), final=True))
    rig.hear(acknowledged("v1", 1))
    (fill,) = told(rig, events.Filled)
    assert (fill.status, fill.concluded) == (OrderStatus.FILLED, False)


def test_an_execution_that_names_nobody_is_told_at_once_where_messages_name_their_orders() -> None:
    rig = in_flight()
    assert rig.hear(young(rig, "v1")) == ["FillReport", "OrderStatusReport"]


def test_an_execution_that_names_somebody_else_waits_for_nobody() -> None:
    rig = in_flight(UNNAMED)
    fill = young(rig, "v1")
    assert rig.hear(evolve(fill, trade=evolve(fill.trade, wire_id=99))) == ["FillReport", "OrderStatusReport"]


@pytest.mark.parametrize("named_by", ["order", "trade"])
def test_an_execution_that_names_an_order_which_has_not_begun_under_another_id_waits(named_by: str) -> None:
    """The answer to the placement has named its id, and no news have shown it yet."""
    rig = in_flight(UNNAMED if named_by == "trade" else None)
    rig.hear(took(1, "v1"))
    fill = young(rig, "v0")
    if named_by == "order":
        fill = evolve(fill, order=evolve(fill.order, wire_id=1))
    else:
        fill = evolve(fill, trade=evolve(fill.trade, wire_id=1))
    assert rig.hear(fill) == []
    assert rig.wait(400)[:1] != []
    assert told(rig, events.FillReport)[0].venue_order_id == "v0"


def test_after_an_order_became_unclear_an_execution_under_a_new_id_may_be_its_own() -> None:
    rig = at_work(UNNAMED)
    rig.hear(unclear())
    assert rig.hear(young(rig, "v2")) == []
    assert told(rig, events.FillReport) == []


def test_another_sessions_fill_tells_of_its_order_once_and_only_if_it_shows_it() -> None:
    rig = Rig()
    fill = evolve(traded("x9", "t1", 2, 2, 8), event_id="e1")
    assert rig.hear(fill) == ["FillReport", "OrderStatusReport"]
    again = traded("x9", "t2", 3, 5, 8)
    assert rig.hear(evolve(again, event_id="e1")) == ["FillReport"]
    last = traded("x9", "t3", 5, 10, 8, status=None)
    assert rig.hear(evolve(last, event_id="e3")) == ["FillReport"]


def test_a_fill_under_an_id_that_nobody_told_is_followed() -> None:
    rig = at_work()
    assert rig.hear(traded("v2", "t1", 4, 4, 1)) == ["Updated", "Filled"]
    (change,) = told(rig, events.Updated)
    assert (change.previous_venue_order_id, change.venue_order_id) == ("v1", "v2")


def test_a_fee_of_another_sessions_fill_is_no_news() -> None:
    rig = Rig()
    fill = evolve(traded("x9", "t1", 4, 4, 8), event_id="e1")
    rig.hear(fill)
    priced = evolve(fill.trade, fee=trade("x9", "t1", 4, "0.5").fee)
    assert rig.hear(facts.FillsListed(request_id=NOBODYS, trades=(priced,))) == []


def test_terms_that_are_asked_for_are_taken_from_the_order_as_it_left_the_book() -> None:
    rig = at_work(IN_PLACE)
    rig.hear(unclear())
    left = view("v1", 1, status=None, price=D("98.0"))
    gone = facts.OrderRemoved(time=WALL + 3, order=left, ending=OrderStatus.CANCELED, filled=D(0), reason="")
    assert rig.hear(gone) == ["Updated", "Canceled"]


def test_the_ids_of_ten_thousand_events_are_remembered() -> None:
    rig = Rig()
    news = [evolve(acknowledged("v9", 8), event_id=f"e{number}") for number in range(10_001)]
    rig.hear(*news)
    assert rig.hear(news[1]) == []
    assert rig.hear(news[0]) == ["OrderStatusReport"]
