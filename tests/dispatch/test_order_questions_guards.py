"""Guards around questions to the venue: in several steps, in vain, and after a login."""

from __future__ import annotations

from decimal import Decimal
from itertools import pairwise
from typing import Any

import pytest

from protocol import commands, events, facts, requests
from protocol.dispatch.inputs import Admission, LinkDown, NotWritten
from protocol.errors import NotSent, OutcomeUnknown
from protocol.facts import Outcome
from protocol.orders import NewOrder
from protocol.structs import evolve
from protocol.values import ClientOrderId, OrderStatus, RequestId, Side
from protocol.venue import SECOND, BatchRules, VenueRules

from ..guarding import A1, NOBODYS, asked, told
from ..order_life import WALL, Rig, acknowledged, canceled, refused, rejected, replaced, took, trade, traded, view
from ..question_rig import CHAINS, PAGES, dated, list_of_open

IN_PLACE = VenueRules(venue="TEST", changes_in_place=True, fills_lag=SECOND)


# A question in several steps


def left_out(orders: int = 1) -> Rig:
    """Live orders that a login leaves out, so that the venue is asked for them."""
    rig = Rig()
    for number in range(1, orders + 1):
        rig.live(f"a{number}", f"v{number}")
    rig.lose_link()
    rig.log_in()
    return rig


def not_listed(query: Any) -> facts.OrderNotListed:
    return facts.OrderNotListed(request_id=query.request_id, cursor="closed")


def test_an_order_that_is_in_none_of_the_first_lists_is_looked_for_in_the_next() -> None:
    rig = left_out()
    (first,) = asked(rig, requests.QueryOrder)
    assert rig.hear(not_listed(first)) == []
    (second,) = asked(rig, requests.QueryOrder)
    assert (second.venue_order_id, second.cursor) == ("v1", "closed")
    rig.hear(facts.OrderNotListed(request_id=RequestId(999), cursor="closed"))
    assert asked(rig, requests.QueryOrder) == [], "nobody asked that"
    ended = view("v1", 1, status=OrderStatus.CANCELED)
    assert rig.hear(facts.RequestAnswered(request_id=second.request_id, order=ended))[0] == "Canceled"


def test_an_order_that_ended_meanwhile_is_not_looked_for_in_the_next_lists_and_makes_room_for_another() -> None:
    rig = left_out(17)
    queries = asked(rig, requests.QueryOrder)
    assert [query.venue_order_id for query in queries] == [f"v{number}" for number in range(1, 17)]
    rig.hear(canceled("v1", 1))
    rig.hear(not_listed(queries[0]))
    (other,) = asked(rig, requests.QueryOrder)
    assert other.venue_order_id == "v17"


def test_what_the_user_asks_of_an_order_is_looked_for_to_the_end_though_it_ended_meanwhile() -> None:
    rig = Rig()
    rig.live("a1", "v1")
    rig.ask(commands.Status(A1))
    number = rig.numbers
    (first,) = asked(rig, requests.QueryOrder)
    rig.hear(canceled("v1", 1))
    rig.hear(not_listed(first))
    assert rig.answer_to(number) is None
    (second,) = asked(rig, requests.QueryOrder)
    shown = view("v1", 1, status=OrderStatus.CANCELED)
    rig.hear(facts.RequestAnswered(request_id=second.request_id, order=shown))
    report = rig.answer_to(number)
    assert (report.venue_order_id, report.status) == ("v1", OrderStatus.CANCELED)


def test_silence_in_the_last_of_several_lists_proves_nothing_after_the_first_was_asked_for() -> None:
    """The order may have arrived between the two."""
    rules = VenueRules(venue="TEST", absence_proves_after=3 * SECOND)
    rig = Rig(rules=rules)
    rig.place("a1")
    rig.hear(refused(1, Outcome.AMBIGUOUS))
    rig.wait(1)
    (first,) = asked(rig, requests.QueryOrder)
    rig.time += 4 * SECOND
    rig.hear(not_listed(first))
    (second,) = asked(rig, requests.QueryOrder)
    assert rig.hear(refused(second.request_id, Outcome.NOT_FOUND)) == []
    assert rig.status("a1") is OrderStatus.UNKNOWN
    rig.wait(10)
    third = asked(rig, requests.QueryOrder)[0]
    assert rig.hear(refused(third.request_id, Outcome.NOT_FOUND))[0] == "Denied"


# History that cannot be read


def test_a_login_waits_five_minutes_for_history_and_then_tells_once_that_it_was_not_read() -> None:
    rig = Rig(rules=VenueRules(venue="TEST", reads_history=True))
    rig.live("a1", "v1")
    since = rig.time
    rig.wait(30)
    rig.lose_link()
    rig.log_in(view("v1", 1))
    began = rig.time
    rig.records.clear()
    while rig.time < began + 900 * SECOND:
        for page in asked(rig, requests.ListFills):
            rig.hear(refused(page.request_id, Outcome.AMBIGUOUS, "busy"))
        if rig.time < began + 299 * SECOND:
            assert told(rig, events.MissingFills) == []
            assert told(rig, events.Reconciled) == []
        rig.wait(1)
    (gap,) = told(rig, events.MissingFills)
    assert (gap.identity, gap.known, gap.reported) == (None, 0, 0)
    assert gap.until - gap.since >= 300 * SECOND
    assert gap.since <= WALL + since
    (reconciled,) = told(rig, events.Reconciled)
    assert (reconciled.history_failed, reconciled.open_orders) == (True, 1)


# How much an order is for


def test_a_change_to_more_on_its_way_leaves_no_more_to_fill_while_less_than_the_present_quantity_has() -> None:
    rig = Rig(rules=IN_PLACE)
    rig.live("a1", "v1")
    rig.ask(commands.Replace(client_order_id=A1, instrument="GOLD.TEST", quantity=20))
    rig.hear(traded("v1", "t1", 4, 4, 1))
    assert [fill.leaves for fill in told(rig, events.Filled)] == [6]
    rig.hear(traded("v1", "t2", 8, 12, 1))
    assert [(fill.leaves, fill.overfill) for fill in told(rig, events.Filled)] == [(6, 0), (8, 0)]


def test_the_first_word_of_the_venue_tells_how_much_of_an_order_it_placed() -> None:
    rig = Rig(rules=IN_PLACE)
    rig.place("a1")
    less = acknowledged("v1", 1, quantity=Decimal(7), price=Decimal("98.0"))
    assert rig.hear(took(1, "v1"), less) == ["Accepted", "Updated"]
    (updated,) = told(rig, events.Updated)
    assert (updated.quantity, updated.price) == (7, Decimal("100.0"))
    assert rig.hear(acknowledged("v1", 1, quantity=Decimal(5))) == [], "once its terms have changed, it says no more"


def test_where_a_change_is_another_order_the_first_word_of_the_venue_changes_no_quantity() -> None:
    rig = Rig()
    rig.place("a1")
    assert rig.hear(took(1, "v1"), acknowledged("v1", 1, quantity=Decimal(7))) == ["Accepted"]


def test_an_order_that_has_ended_gets_no_other_quantity() -> None:
    rig = Rig(rules=IN_PLACE)
    rig.live("a1", "v1")
    rig.hear(canceled("v1", 1))
    assert rig.hear(acknowledged("v1", 1, quantity=Decimal(7))) == []


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
    rig = Rig()
    rig.live("a1", "v1")
    placed_at = WALL + rig.time
    rig.wait(100)
    shown = view("v2", 1, price=Decimal(price), time=placed_at - before * SECOND)
    list_of_open(rig, shown)
    assert [event.venue_order_id for event in told(rig, events.Updated)][:1] == (["v2"] if is_ours else [])


# Turns


def unclear(name: str, oid: str) -> facts.OrderUnclear:
    return facts.OrderUnclear(time=WALL, order=view(oid, int(name[1:]), status=None))


def test_an_order_that_was_heard_of_while_it_waited_for_its_turn_is_not_asked_for_twice() -> None:
    rig = Rig()
    for number in range(1, 19):
        rig.live(f"a{number}", f"v{number}")
    for number in range(1, 18):
        rig.hear(unclear(f"a{number}", f"v{number}"))
    queries = asked(rig, requests.QueryOrder)
    assert len(queries) == 16
    rig.hear(acknowledged("v17", 17))
    rig.hear(unclear("a17", "v17"))
    answers = [
        facts.RequestAnswered(request_id=query.request_id, order=view(query.venue_order_id)) for query in queries
    ]
    rig.hear(*answers[:3])
    assert [query.venue_order_id for query in asked(rig, requests.QueryOrder)] == ["v17"]


# Refusals, and what was never sent


@pytest.mark.parametrize(
    ("outcome", "is_asked"), [(Outcome.NOT_FOUND, True), (Outcome.DEFINITE, False), (Outcome.TOO_EARLY, False)]
)
def test_a_refused_change_makes_the_order_be_asked_for_only_if_the_venue_does_not_know_it(
    outcome: Outcome, is_asked: bool
) -> None:
    rig = Rig()
    rig.live("a1", "v1")
    rig.ask(commands.Replace(client_order_id=A1, instrument="GOLD.TEST", price="99.0"))
    assert rig.hear(refused(rig.numbers, outcome)) == ["ReplaceRejected"]
    assert bool(asked(rig, requests.QueryOrder)) is is_asked


@pytest.mark.parametrize("command", [commands.OpenOrders(), commands.Status(A1)], ids=["open orders", "one order"])
def test_a_question_that_was_not_written_is_said_not_to_be_sent(command: commands.Command) -> None:
    rig = Rig()
    rig.live("a1", "v1")
    rig.ask(command)
    number = rig.numbers
    rig.apply(NotWritten([RequestId(number)], "The connection was lost."))
    answer = rig.answer_to(number)
    assert isinstance(answer, NotSent)
    assert str(answer) == "The connection was lost."


# How far a login is


def progress(rig: Rig) -> Any:
    assert rig.last.progress is not None
    return rig.last.progress


def test_a_list_that_comes_again_on_the_same_connection_begins_the_settling_anew() -> None:
    rig = Rig()
    rig.live("a1", "v1")
    rig.hear(acknowledged("v1", 1))
    again = facts.LoggedIn(user="u", orders=(), cancel_on_disconnect=False, heartbeat_timeout=None)
    rig.hear(again)
    assert (progress(rig).is_complete, progress(rig).open_questions) == (False, 1)
    (query,) = asked(rig, requests.QueryOrder)
    names = rig.hear(facts.RequestAnswered(request_id=query.request_id, order=view("v1", 1)))
    assert names == ["Reconciled"]
    assert (progress(rig).is_complete, progress(rig).open_questions) == (True, 0)
    rig.lose_link()
    assert (progress(rig).is_complete, progress(rig).connection) == (False, 0)


# What the answer about an order may show


@pytest.mark.parametrize(("before", "is_ours"), [(0, True), (30, True), (61, False)], ids=["young", "old", "too old"])
def test_an_answer_by_our_name_shows_our_order_unless_it_is_older_than_any_clock_can_explain(
    before: int, is_ours: bool
) -> None:
    rig = Rig()
    rig.place("a1")
    placed_at = WALL + rig.time
    rig.hear(refused(1, Outcome.AMBIGUOUS))
    rig.wait(1)
    (query,) = asked(rig, requests.QueryOrder)
    shown = view("v1", 1, time=placed_at - before * SECOND)
    rig.hear(facts.RequestAnswered(request_id=query.request_id, order=shown))
    assert (rig.status("a1") is OrderStatus.ACCEPTED) is is_ours


@pytest.mark.parametrize(
    "other",
    [{"price": Decimal("98.0")}, {"quantity": Decimal(9)}, {"side": Side.SELL}],
    ids=["price", "quantity", "side"],
)
def test_an_answer_from_before_the_placement_with_another_term_is_about_another_order(other: dict[str, Any]) -> None:
    rig = Rig()
    rig.place("a1")
    placed_at = WALL + rig.time
    rig.hear(refused(1, Outcome.AMBIGUOUS))
    rig.wait(1)
    (query,) = asked(rig, requests.QueryOrder)
    shown = view("v1", 1, time=placed_at - 30 * SECOND, **other)
    rig.hear(facts.RequestAnswered(request_id=query.request_id, order=shown))
    assert rig.status("a1") is OrderStatus.UNKNOWN


def test_an_order_that_is_examined_already_is_not_examined_again() -> None:
    rig = Rig(rules=evolve(PAGES, absence_needs_history=True, absence_proves_after=SECOND))
    rig.place("a1")
    rig.hear(refused(1, Outcome.AMBIGUOUS))
    pages: list[Any] = []
    fills: list[Any] = []
    for _ in range(60):
        for query in asked(rig, requests.QueryOrder):
            rig.hear(refused(query.request_id, Outcome.NOT_FOUND))
        fills += asked(rig, requests.ListFills)
        if rig.time >= 130 * SECOND:
            for page in fills:
                rig.hear(facts.FillsListed(request_id=page.request_id, trades=()))
            fills.clear()
        pages += asked(rig, requests.ListOrderHistory)
        if pages:
            break
        rig.wait(1)
    assert rig.status("a1") is OrderStatus.UNKNOWN
    assert rig.hear(facts.OrderHistoryListed(request_id=pages[0].request_id, orders=())) == ["Denied"]
    rig.wait(15)
    assert asked(rig, requests.ListFills) == []


def test_a_pending_order_under_another_id_does_not_take_the_place_of_one_that_lives() -> None:
    rig = Rig()
    rig.live("a1", "v1")
    rig.hear(facts.OrderPending(time=WALL, order=view("v2", 1, trigger_price=Decimal("95.0"))))
    order = rig.state.orders.by_client_order_id(A1)
    assert order is not None
    assert (order.venue_order_id, order.trigger_price) == ("v1", None)
    rig.hear(facts.OrderPending(time=WALL, order=view("v1", 1, trigger_price=Decimal("95.0"))))
    assert (order.venue_order_id, order.trigger_price) == ("v1", Decimal("95.0"))


# Whoever waits for an order


def watch(rig: Rig, name: str, milestone: commands.Milestone) -> int:
    rig.ask(commands.Watch(ClientOrderId(name), milestone), None)
    return rig.numbers


def answers(rig: Rig, *numbers: int) -> list[Any]:
    """What each of those who asked was told by the last input, None: nothing."""
    return [rig.answer_to(number) for number in numbers]


def test_whoever_waits_for_an_order_is_told_when_it_is_there_and_when_it_has_ended() -> None:
    rig = Rig()
    rig.place("a1")
    rig.place("a2")
    accepted = watch(rig, "a1", commands.Milestone.ACCEPTED)
    done = watch(rig, "a1", commands.Milestone.DONE)
    other = watch(rig, "a2", commands.Milestone.DONE)
    assert answers(rig, accepted, done, other) == [None, None, None]
    rig.hear(took(1, "v1"), acknowledged("v1", 1))
    first, second, third = answers(rig, accepted, done, other)
    assert (first.status, second, third) == (OrderStatus.ACCEPTED, None, None)
    rig.hear(canceled("v1", 1))
    first, second, third = answers(rig, accepted, done, other)
    assert (first, second.status, third) == (None, OrderStatus.CANCELED, None)
    at_once = watch(rig, "a1", commands.Milestone.DONE)
    assert answers(rig, at_once)[0].status is OrderStatus.CANCELED
    rig.hear(took(2, "v2"), canceled("v2", 2))
    assert answers(rig, other)[0].status is OrderStatus.CANCELED


def test_whoever_waits_when_the_client_has_left_is_told_that_nothing_more_is_heard() -> None:
    rig = Rig()
    rig.live("a1", "v1")
    done = watch(rig, "a1", commands.Milestone.DONE)
    rig.ask(commands.Disconnect(grace=SECOND), None)
    rig.apply(LinkDown(rig.connection, "closed", False))
    (left,) = answers(rig, done)
    assert isinstance(left, OutcomeUnknown)
    assert str(left).startswith("This client closed the connection")
    late = watch(rig, "a1", commands.Milestone.DONE)
    assert answers(rig, late) == [left]
    rig.apply()
    assert answers(rig, done, late) == [None, None], "told once"


def test_a_link_that_comes_again_ends_no_waiting() -> None:
    rig = Rig()
    rig.live("a1", "v1")
    done = watch(rig, "a1", commands.Milestone.DONE)
    rig.lose_link()
    assert answers(rig, done) == [None]
    rig.log_in(view("v1", 1))
    rig.hear(canceled("v1", 1))
    assert answers(rig, done)[0].status is OrderStatus.CANCELED


# What was told before, and what is asked for again and again


def test_a_replacement_that_is_told_again_takes_no_term_back() -> None:
    rig = Rig()
    rig.live("a1", "v1")
    became = facts.OrderReplaced(
        time=WALL,
        order=view("v1", 1, price=Decimal("98.0")),
        new_venue_order_id=view("v2").venue_order_id,
        replacement=None,
    )
    rig.hear(became)
    rig.wait(1)
    list_of_open(rig, view("v2", 1, price=Decimal("97.0")))
    assert [event.price for event in told(rig, events.Updated)] == [Decimal("98.0"), Decimal("97.0")]
    rig.hear(became)
    assert len(told(rig, events.Updated)) == 2


def pauses(rig: Rig, outcome: Outcome, count: int) -> list[int]:
    """Seconds between so many queries of an order, each of which is answered so at once."""
    times: list[int] = []
    while len(times) <= count:
        for query in asked(rig, requests.QueryOrder):
            times.append(rig.time)
            rig.hear(refused(query.request_id, outcome))
        rig.wait(0.5)
    return [(after - before) // SECOND for before, after in pairwise(times)]


def test_an_order_of_which_it_was_told_that_nobody_knows_is_asked_for_every_five_minutes_in_the_end() -> None:
    rig = Rig(rules=VenueRules(venue="TEST", query_delays=(SECOND, 5 * SECOND), absence_needs_list=True))
    rig.place("a1")
    rig.hear(refused(1, Outcome.AMBIGUOUS))
    rig.sends.clear()
    assert pauses(rig, Outcome.NOT_FOUND, 6) == [5, 5, 5, 5, 300, 300]


def test_an_order_in_question_of_which_nothing_was_told_is_asked_for_at_the_last_of_the_pauses() -> None:
    rig = Rig(rules=VenueRules(venue="TEST", query_delays=(SECOND, 5 * SECOND)))
    rig.live("a1", "v1")
    rig.hear(unclear("a1", "v1"))
    assert pauses(rig, Outcome.AMBIGUOUS, 9) == [1, 5, 5, 5, 5, 5, 5, 5, 5]


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
    rig = Rig()
    rig.live("a9", "v9")
    rig.ask(commands.Status(ClientOrderId("a9")))
    rig.sent()
    rig.numbers -= 1
    answer = rig.ask(command)
    assert isinstance(answer, NotSent)
    assert str(answer) == f"Nothing was sent: request {rig.numbers} is still waiting for its answer."
    assert rig.sent() == []


# Changes and cancels in doubt


def test_a_change_that_another_followed_is_refused_in_silence() -> None:
    rig = Rig()
    rig.live("a1", "v1")
    rig.ask(commands.Replace(client_order_id=A1, instrument="GOLD.TEST", price="99.0"))
    first = rig.numbers
    rig.hear(refused(first, Outcome.AMBIGUOUS))
    rig.ask(commands.Replace(client_order_id=A1, instrument="GOLD.TEST", price="98.0"))
    assert rig.hear(refused(first, Outcome.DEFINITE)) == []
    assert rig.hear(refused(rig.numbers, Outcome.DEFINITE)) == ["ReplaceRejected"]


@pytest.mark.parametrize(
    ("said", "reason"),
    [
        ("busy", "busy. The venue has not acted on it; the order is still live."),
        ("busy.", "busy. The venue has not acted on it; the order is still live."),
        ("", "The venue has not acted on it; the order is still live."),
    ],
)
def test_a_cancel_that_came_to_nothing_is_told_with_the_venues_words_in_front(said: str, reason: str) -> None:
    rig = Rig()
    rig.live("a1", "v1")
    rig.ask(commands.Cancel(A1), Admission.CANCEL)
    rig.hear(refused(rig.numbers, Outcome.AMBIGUOUS, said))
    for _ in range(60):
        for query in asked(rig, requests.QueryOrder):
            rig.hear(facts.RequestAnswered(request_id=query.request_id, order=view("v1", 1)))
        rig.wait(0.5)
    (rejected,) = told(rig, events.CancelRejected)
    assert rejected.reason == reason


# Lists for terms


def test_terms_that_are_wanted_while_a_list_is_on_its_way_are_asked_for_by_another_behind_it() -> None:
    rig = Rig()
    rig.live("a1", "v1")
    rig.live("a2", "v2")
    rig.hear(acknowledged("v3", 1, quantity=None))
    (first,) = asked(rig, requests.ListOpenOrders)
    rig.hear(acknowledged("v4", 2, quantity=None))
    assert asked(rig, requests.ListOpenOrders) == []
    both = (view("v3", 1), view("v4", 2))
    rig.hear(facts.RequestAnswered(request_id=first.request_id, orders=both))
    (second,) = asked(rig, requests.ListOpenOrders)
    rig.hear(facts.RequestAnswered(request_id=second.request_id, orders=both))
    assert asked(rig, requests.ListOpenOrders) == []


# What follows a login


def test_an_order_that_the_venue_shows_when_asked_may_be_called_complete_by_arithmetic_again() -> None:
    rig = Rig()
    rig.live("a1", "v1")
    rig.lose_link()
    rig.log_in()
    (query,) = asked(rig, requests.QueryOrder)
    rig.hear(facts.RequestAnswered(request_id=query.request_id, order=view("v1", 1)))
    rig.hear(traded("v1", "t1", 10, 10, 1))
    assert rig.status("a1") is OrderStatus.FILLED


def test_an_end_that_is_asked_for_before_a_login_is_settled_is_awaited_by_it() -> None:
    rig = Rig(rules=PAGES)
    rig.live("a1", "v1")
    rig.lose_link()
    rig.log_in(view("v1", 1))
    rig.wait(2)
    (page,) = asked(rig, requests.ListFills)
    rig.hear(unclear("a1", "v1"))
    assert rig.hear(facts.FillsListed(request_id=page.request_id, trades=())) == []
    (query,) = asked(rig, requests.QueryOrder)
    shown = facts.RequestAnswered(request_id=query.request_id, order=view("v1", 1))
    assert rig.hear(shown) == ["Reconciled"]


def test_terms_that_were_asked_for_on_a_lost_connection_are_asked_for_on_the_next() -> None:
    rig = Rig()
    rig.live("a1", "v1")
    rig.hear(unclear("a1", "v1"))
    rig.lose_link()
    rig.sends.clear()
    rig.log_in(view("v1", 1, quantity=None))
    assert [query.venue_order_id for query in asked(rig, requests.QueryOrder)] == ["v1"]


def test_another_sessions_order_has_its_turn_once_no_order_of_ours_is_asked_for() -> None:
    rig = Rig()
    rig.live("a1", "v1")
    rig.hear(acknowledged("v9", 9))
    rig.lose_link()
    rig.sends.clear()
    rig.wait(1)
    rig.log_in()
    (ours,) = asked(rig, requests.QueryOrder)
    assert ours.venue_order_id == "v1"
    rig.wait(3)
    rig.hear(facts.RequestAnswered(request_id=ours.request_id, order=view("v1", 1)))
    rig.wait(2)
    assert [query.venue_order_id for query in asked(rig, requests.QueryOrder)] == ["v9"]


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
    rig = Rig()
    rig.place("a1")
    rig.hear(news)
    shown = rig.ask(commands.Show(A1), None)
    assert (shown.status, shown.reason) == (status, reason)


@pytest.mark.parametrize(("status", "words"), [(OrderStatus.ACCEPTED, 1), (OrderStatus.CANCELED, 0)])
def test_a_rejected_order_that_the_venue_shows_is_worth_a_word_while_it_lives(status: OrderStatus, words: int) -> None:
    rig = Rig()
    rig.place("a1")
    rig.hear(rejected("v1", 1))
    rig.wait(1)
    list_of_open(rig, view("v1", 1, status=status))
    assert len([word for word in rig.last.warnings if "though it had rejected it" in word]) == words


def test_the_number_of_a_refused_request_is_free_again() -> None:
    rig = Rig()
    rig.live("a1", "v1")
    rig.place("a2")
    number = rig.numbers
    rig.numbers -= 1
    assert isinstance(rig.ask(commands.Cancel(A1), Admission.CANCEL), NotSent)
    rig.hear(refused(number, Outcome.DEFINITE))
    rig.numbers -= 1
    assert rig.ask(commands.Cancel(A1), Admission.CANCEL) == number


def test_a_replacement_that_is_the_first_news_of_an_order_accepts_it() -> None:
    rig = Rig()
    rig.place("a1")
    assert rig.hear(replaced("v1", "v2", 1))[0] == "Accepted"
    assert [event.venue_order_id for event in told(rig, events.Accepted)] == ["v1"]
    assert [event.venue_order_id for event in told(rig, events.Updated)] == ["v2"]


# Answers that say nothing


def test_an_answer_that_shows_no_order_is_no_word_that_there_is_none() -> None:
    rig = Rig(rules=VenueRules(venue="TEST", absence_proves_after=SECOND, query_delays=(SECOND,)))
    rig.place("a1")
    rig.hear(refused(1, Outcome.AMBIGUOUS))
    for _ in range(30):
        for query in asked(rig, requests.QueryOrder):
            rig.hear(facts.RequestAnswered(request_id=query.request_id))
        rig.wait(1)
    assert rig.status("a1") is OrderStatus.UNKNOWN


def test_an_answer_to_a_batch_that_is_too_short_leaves_the_others_unknown() -> None:
    rig = Rig(rules=VenueRules(venue="TEST", batch=BatchRules(most=10, most_orders=10)))
    orders = [
        NewOrder.limit("GOLD.TEST", Side.BUY, quantity=10, price=100, client_order_id=ClientOrderId(name))
        for name in ("a1", "a2")
    ]
    rig.batch(*map(commands.Place, orders))
    (batch,) = rig.sent()
    taken = facts.LegAnswer(wire_id=1, venue_order_id=view("v1").venue_order_id)
    names = rig.hear(facts.BatchAnswered(request_id=batch.request_id, legs=(taken,)))
    assert names == ["StatusUnknown"]
    assert rig.status("a2") is OrderStatus.UNKNOWN


def test_an_order_that_was_heard_of_and_then_left_out_by_a_list_is_asked_for_in_spite_of_the_line() -> None:
    rig = left_out(18)
    queries = asked(rig, requests.QueryOrder)
    rig.hear(acknowledged("v18", 18))
    rig.wait(1)
    list_of_open(rig, *(view(f"v{number}", number) for number in range(1, 18)))
    for query in queries:
        rig.hear(facts.RequestAnswered(request_id=query.request_id, order=view(query.venue_order_id)))
    rig.wait(3)
    assert "v18" in [query.venue_order_id for query in asked(rig, requests.QueryOrder)]


def test_an_order_that_an_answer_shows_first_may_have_had_other_ids_where_changes_are_other_orders() -> None:
    rig = Rig(rules=CHAINS)
    rig.place("a1")
    rig.hear(refused(1, Outcome.AMBIGUOUS))
    rig.wait(1)
    (query,) = asked(rig, requests.QueryOrder)
    asked(rig, requests.ListOrderHistory)
    rig.hear(facts.RequestAnswered(request_id=query.request_id, order=view("v1", 1)))
    assert len(asked(rig, requests.ListOrderHistory)) == 1
    assert progress(rig).open_questions == 1


def test_the_number_of_a_placement_that_is_refused_after_its_acceptance_is_free_again() -> None:
    rig = Rig()
    rig.place("a1")
    rig.hear(acknowledged("v1", 1))
    rig.hear(refused(1, Outcome.DEFINITE))
    rig.numbers = 0
    assert rig.ask(commands.Cancel(A1), Admission.CANCEL) == 1


def test_a_market_order_goes_out_at_once_where_the_venue_needs_no_price_for_it() -> None:
    rig = Rig(rules=VenueRules(venue="TEST"))
    rig.place("a1", market=True)
    assert [type(request) for request in rig.sent()] == [requests.PlaceOrder]


@pytest.mark.parametrize(
    "left_open", [{"quantity": None}, {"quantity": Decimal(6), "other_quantity": Decimal(10)}], ids=["none", "two"]
)
def test_how_an_order_of_ours_stands_is_told_with_its_quantity_where_the_venue_leaves_that_open(
    left_open: dict[str, Any],
) -> None:
    rig = Rig()
    rig.live("a1", "v1")
    rig.ask(commands.Status(A1))
    number = rig.numbers
    (query,) = asked(rig, requests.QueryOrder)
    rig.hear(facts.RequestAnswered(request_id=query.request_id, order=view("v1", 1, **left_open)))
    assert rig.answer_to(number).quantity == 10


def test_a_login_awaits_the_fills_that_were_missing_before_it() -> None:
    """History lags: a reading that was asked for too early says nothing of them."""
    rig = Rig(rules=evolve(PAGES, fills_lag=SECOND, lists_lag=30 * SECOND))
    rig.live("a1", "v1")
    rig.hear(acknowledged("v1", 1, cumulative=Decimal(4)))
    rig.lose_link()
    rig.log_in(view("v1", 1, cumulative=Decimal(4)))
    began = rig.time
    rig.records.clear()
    while not told(rig, events.Reconciled):
        for page in asked(rig, requests.ListFills):
            rig.hear(facts.FillsListed(request_id=page.request_id, trades=()))
        rig.wait(1)
        assert rig.time < began + 120 * SECOND
    assert [gap.reported for gap in told(rig, events.MissingFills)] == [4]
    assert rig.time >= began + 30 * SECOND


def test_an_older_order_of_the_name_in_a_history_that_names_all_ids_is_another_sessions() -> None:
    rig = Rig(rules=CHAINS)
    rig.live("a1", "v1")
    older = view("v0", 1, status=OrderStatus.CANCELED, cumulative=Decimal(4))
    rig.hear(facts.OrderHistoryListed(request_id=RequestId(999), orders=(older,)))
    young = evolve(trade("v0", "t1", 4), time=rig.wall + rig.time)
    assert "Filled" not in rig.hear(facts.FillsListed(request_id=NOBODYS, trades=(young,)))
    assert told(rig, events.Filled) == []


def test_a_count_that_fills_have_not_reached_grows_by_those_behind_it() -> None:
    rig = Rig()
    heard_at = rig.wall + rig.time
    for age, count in ((10, 4), (5, 6), (0, 6)):
        rig.hear(dated(acknowledged("v9", 9, cumulative=Decimal(count)), heard_at - age * SECOND))
    fill = dated(traded("v9", "t1", 1, 7, 9), heard_at - 3 * SECOND)
    rig.hear(evolve(fill, order=evolve(fill.order, status=None), trade=dated(fill.trade, heard_at - 3 * SECOND)))
    rig.wait(1)
    list_of_open(rig)
    (query,) = asked(rig, requests.QueryOrder)
    rig.records.clear()
    rig.hear(refused(query.request_id, Outcome.NOT_FOUND))
    assert [report.cumulative for report in told(rig, events.OrderStatusReport)] == [7]
