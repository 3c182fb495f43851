"""Guards of the order state machine, each half of them by itself: what would happen if one condition were gone."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from decimal import Decimal
from typing import Any, TypeVar

import pytest
from attrs import field, frozen

from protocol import commands, facts, requests
from protocol.dispatch.inputs import Admission, Heard, LinkDown, LinkUp, NotWritten
from protocol.events import (
    Canceled,
    CancelRejected,
    Denied,
    Filled,
    OrderStatusReport,
    Rejected,
    ReplaceRejected,
    SystemStatus,
)
from protocol.facts import Outcome
from protocol.orders import NewOrder
from protocol.structs import evolve
from protocol.values import ClientOrderId, OrderStatus, RequestId, Side, SystemMode
from protocol.venue import SECOND, BatchRules, Throttle, VenueRules

from ..order_life import PlainVenue, Rig, acknowledged, canceled, refused, replaced, took, traded, view

A1 = ClientOrderId("a1")


def priced(number: RequestId, price: str | None, filled: int) -> facts.PricePreviewed:
    shown = None if price is None else Decimal(price)
    return facts.PricePreviewed(request_id=number, price=shown, filled=Decimal(filled), remaining=Decimal(10) - filled)


def asking_for_a_price() -> tuple[Rig, requests.Request]:
    rig = Rig()
    rig.place("a1", market=True)
    (preview,) = rig.sent()
    assert isinstance(preview, requests.PreviewPrice)
    return rig, preview


R = TypeVar("R", bound=requests.Request)


def sent_now(rig: Rig, kind: type[R]) -> list[R]:
    return [request for request in rig.sent() if isinstance(request, kind)]


# While a price is asked for, the order itself has not gone out


def test_a_market_order_that_is_canceled_while_its_price_is_asked_never_goes_out() -> None:
    rig, preview = asking_for_a_price()
    assert rig.ask(commands.Cancel(A1), Admission.CANCEL) == 2
    assert isinstance(rig.events()[-1], Denied)
    assert sorted(rig.last.released, key=str) == [Admission.CANCEL, Admission.ORDER]
    assert rig.hear(priced(preview.request_id, "100.3", 10)) == []
    assert rig.sent() == []
    assert rig.status("a1") is OrderStatus.DENIED


def test_a_market_order_whose_price_is_asked_is_denied_when_the_client_closes() -> None:
    rig, preview = asking_for_a_price()
    rig.ask(commands.Disconnect(grace=SECOND), None)
    assert isinstance(rig.events()[-1], Denied)
    rig.hear(priced(preview.request_id, "100.3", 10))
    assert sent_now(rig, requests.PlaceOrder) == []


def test_a_market_order_whose_price_could_not_be_asked_is_denied() -> None:
    rig, preview = asking_for_a_price()
    assert rig.apply(NotWritten([preview.request_id], "The connection was lost.")) == ["Denied"]
    assert rig.last.released == [Admission.ORDER]
    assert sent_now(rig, requests.PlaceOrder) == []


@pytest.mark.parametrize(("price", "filled"), [("100.3", 0), (None, 10)], ids=["nothing behind it", "no price"])
def test_half_a_price_is_none(price: str | None, filled: int) -> None:
    rig, preview = asking_for_a_price()
    assert rig.hear(priced(preview.request_id, price, filled)) == ["Denied"]
    assert sent_now(rig, requests.PlaceOrder) == []


# Orders whose answer is lost are canceled, in case they live


def lost(**rules: Any) -> Rig:
    """One order without an answer, at a client that cancels such orders."""
    rig = Rig(rules=VenueRules(venue="TEST", **rules), cancel_unknown=True)
    rig.place("a1")
    rig.sent()
    return rig


def test_an_unknown_order_is_canceled_by_its_wire_id() -> None:
    rig = lost()
    rig.hear(refused(1, Outcome.AMBIGUOUS))
    rig.wait(1)
    (cancel,) = sent_now(rig, requests.CancelOrder)
    assert (cancel.wire_id, cancel.venue_order_id) == (1, None)


def test_an_order_that_the_same_message_shows_alive_is_not_canceled() -> None:
    rig = lost()
    rig.hear(refused(1, Outcome.AMBIGUOUS), acknowledged("v1", 1))
    rig.wait(30)
    assert sent_now(rig, requests.CancelOrder) == []
    assert rig.status("a1") is OrderStatus.ACCEPTED


def test_an_unknown_order_without_any_id_is_not_canceled_by_a_wire_id_that_cancels_nothing() -> None:
    rig = lost(cancel_by_wire_id=False)
    rig.hear(refused(1, Outcome.AMBIGUOUS))
    rig.wait(1)
    assert sent_now(rig, requests.CancelOrder) == []


def by_id(rig: Rig) -> list[str | None]:
    """The venue order ids by which orders are canceled now."""
    rig.wait(0.1)
    return [request.venue_order_id for request in sent_now(rig, requests.CancelOrder)]


def shown_as_pending(rig: Rig) -> None:
    """The venue is asked for the lost order, and shows it under an id, not yet alive."""
    rig.hear(refused(1, Outcome.AMBIGUOUS))
    rig.wait_for_sends()
    (query,) = sent_now(rig, requests.QueryOrder)
    pending = view("v1", 1, status=OrderStatus.SUBMITTED)
    rig.hear(facts.RequestAnswered(request_id=query.request_id, order=pending))
    assert rig.status("a1") is OrderStatus.UNKNOWN


def test_an_unknown_order_is_canceled_as_soon_as_its_venue_order_id_is_known() -> None:
    rig = lost(cancel_by_wire_id=False)
    shown_as_pending(rig)
    assert by_id(rig) == ["v1"]


def test_an_unknown_order_whose_late_answer_names_its_venue_order_id_is_canceled_by_it() -> None:
    rig = lost(cancel_by_wire_id=False)
    rig.wait(15)
    assert rig.status("a1") is OrderStatus.UNKNOWN
    rig.sent()
    rig.hear(took(1, "v1"))
    assert by_id(rig) == ["v1"]


def test_a_cancel_by_wire_id_that_is_on_its_way_is_not_doubled_by_one_with_the_venue_order_id() -> None:
    rig = lost()
    rig.hear(refused(1, Outcome.AMBIGUOUS))
    rig.wait_for_sends()
    assert by_id(rig) == [None]
    rig.hear(took(1, "v1"))
    assert by_id(rig) == []


def test_without_that_wish_an_unknown_order_is_not_canceled_when_its_venue_order_id_is_known() -> None:
    rig = Rig(rules=VenueRules(venue="TEST", cancel_by_wire_id=False))
    rig.place("a1")
    rig.sent()
    shown_as_pending(rig)
    assert by_id(rig) == []


def test_where_wire_ids_do_not_cancel_the_venue_order_id_does() -> None:
    rig = lost(cancel_by_wire_id=False)
    shown_as_pending(rig)
    rig.lose_link()
    rig.sent()
    rig.log_in()
    assert by_id(rig) == ["v1"]


# Batches


@frozen
class CountingVenue(PlainVenue):
    """Takes everything, and notes what is charged to its counters, with the ages of the orders in seconds."""

    charged: list[tuple[requests.Request, list[int]]] = field(factory=list)

    def open_throttle(self) -> Throttle:
        return self

    def take(self, request: requests.Request, symbol: str, ages: Sequence[int], now: int) -> int:
        self.charged.append((request, [age // SECOND for age in ages]))
        return 0

    def count(self, request: requests.Request, symbols: Iterable[str], now: int) -> None:
        """Nothing here is about all orders."""

    def exceeded(self, reason: str, symbol: str, now: int) -> None:
        """Nothing is."""

    def allow(self, most: int) -> None:
        """It names no limit."""


def charges(*legs: commands.Place | commands.Cancel) -> list[tuple[int, list[int]]]:
    """For each request that is charged: how many legs it has, and how old the orders are that it is about."""
    venue = CountingVenue(VenueRules(venue="TEST", batch=BatchRules(most=10, most_orders=10)))
    rig = Rig(venue=venue)
    rig.live("a8", "v8")
    rig.wait(20)
    rig.live("a9", "v9")
    rig.wait(10)
    venue.charged.clear()
    rig.batch(*legs)
    return [(len(getattr(request, "legs", ())), ages) for request, ages in venue.charged]


def limit(name: str) -> commands.Place:
    id = ClientOrderId(name)
    return commands.Place(NewOrder.limit("GOLD.TEST", Side.BUY, quantity=10, price=100, client_order_id=id))


def test_a_batch_is_charged_as_its_legs() -> None:
    assert charges(limit("a1"), limit("a2"), limit("a3")) == [(3, [])]
    assert charges(limit("a1")) == [(0, [])]
    both = [commands.Cancel(ClientOrderId(name)) for name in ("a8", "a9")]
    assert charges(*both) == [(2, [30, 10])]


def two_together() -> Rig:
    rig = Rig(rules=VenueRules(venue="TEST", batch=BatchRules(most=10, most_orders=10)))
    orders = [
        NewOrder.limit("GOLD.TEST", Side.BUY, quantity=10, price=100, client_order_id=ClientOrderId(name))
        for name in ("a1", "a2")
    ]
    rig.batch(*map(commands.Place, orders))
    return rig


def the_batch(rig: Rig) -> requests.BatchOrders:
    (batch,) = rig.sent()
    assert isinstance(batch, requests.BatchOrders)
    return batch


def test_a_batch_that_is_refused_as_a_whole_rejects_each_order_in_it() -> None:
    rig = two_together()
    assert rig.hear(refused(the_batch(rig).request_id, Outcome.DEFINITE, "closed")) == ["Rejected", "Rejected"]


def test_a_batch_whose_refusal_proves_nothing_leaves_each_order_unknown() -> None:
    rig = two_together()
    assert rig.hear(refused(the_batch(rig).request_id, Outcome.AMBIGUOUS)) == ["StatusUnknown", "StatusUnknown"]


def test_one_refused_part_of_a_batch_is_rejected_and_the_other_lives() -> None:
    rig = two_together()
    taken = facts.LegAnswer(wire_id=None, venue_order_id=view("v1").venue_order_id)
    no = facts.LegAnswer(wire_id=None, venue_order_id=None, outcome=Outcome.DEFINITE, reason="too small")
    answer = facts.BatchAnswered(request_id=the_batch(rig).request_id, legs=(taken, no))
    assert rig.hear(answer, acknowledged("v1", 1)) == ["Rejected", "Accepted"]
    assert [rig.status("a1"), rig.status("a2")] == [OrderStatus.ACCEPTED, OrderStatus.REJECTED]


def test_a_part_that_was_refused_by_itself_is_not_rejected_again_with_the_whole() -> None:
    rig = two_together()
    batch = the_batch(rig)
    assert rig.hear(refused(batch.legs[0].request_id, Outcome.DEFINITE)) == ["Rejected"]
    assert rig.hear(refused(batch.request_id, Outcome.DEFINITE)) == ["Rejected"]
    assert rig.last.warnings == []
    assert [event.client_order_id for event in rig.events() if hasattr(event, "client_order_id")][-2:] == ["a1", "a2"]


# Session tokens


def test_a_placement_of_which_nobody_awaits_an_answer_any_more_is_rejected_if_its_token_was_at_fault() -> None:
    """It is not kept for the next token: whether it was placed has been told as unknown, and it certainly was not."""
    rig = Rig()
    rig.place("a1")
    rig.wait(15)
    assert rig.status("a1") is OrderStatus.UNKNOWN
    rig.sent()
    assert rig.hear(refused(1, Outcome.TOKEN, "expired")) == ["Rejected"]
    rig.hear(facts.TokenRenewed())
    assert sent_now(rig, requests.PlaceOrder) == []


# Changes


def change(rig: Rig, price: str) -> None:
    rig.ask(commands.Replace(client_order_id=A1, instrument="GOLD.TEST", price=price))


def test_a_change_that_is_told_again_does_not_finish_the_next_one() -> None:
    rig = Rig()
    rig.live("a1", "v1")
    change(rig, "99.0")
    first = replaced("v1", "v2", 1, price=Decimal("99.0"))
    rig.hear(took(rig.numbers), first)
    change(rig, "98.0")
    rig.hear(first)
    assert rig.hear(refused(rig.numbers, Outcome.DEFINITE, "too late")) == ["ReplaceRejected"]
    assert isinstance(rig.events()[-1], ReplaceRejected)


def test_an_order_that_was_replaced_by_nobody_knows_what_is_asked_for_at_once() -> None:
    rig = Rig()
    rig.live("a1", "v1")
    rig.hear(replaced("v1", None, 1))
    (query,) = sent_now(rig, requests.QueryOrder)
    assert query.wire_id == 1


@pytest.mark.parametrize("untold", [("order",), ("replacement",), ("order", "replacement")], ids=" and ".join)
def test_a_change_that_does_not_say_how_much_had_filled_is_followed_all_the_same(untold: tuple[str, ...]) -> None:
    rig = Rig()
    rig.live("a1", "v1")
    rig.hear(traded("v1", "t1", 4, 4, 1))
    told = replaced("v1", "v2", 1, filled=4, quantity=Decimal(6))
    blank = {part: evolve(getattr(told, part), cumulative=None) for part in untold}
    assert rig.hear(evolve(told, **blank))[:1] == ["Updated"]
    last = traded("v2", "t2", 6, 6, 1, final=True)
    assert rig.hear(evolve(last, order=evolve(last.order, quantity=Decimal(6)))) == ["Filled"]
    assert rig.status("a1") is OrderStatus.FILLED


# Questions about orders


def test_an_accepted_order_that_the_venue_no_longer_knows_is_unknown_with_a_word_in_the_log() -> None:
    """At a venue where no history is needed to believe that."""
    rig = Rig()
    rig.live("a1", "v1")
    rig.lose_link()
    rig.sent()
    rig.log_in()
    warnings: list[str] = []
    statuses: list[OrderStatus] = []
    for _ in range(3):
        rig.wait_for_sends()
        (query,) = sent_now(rig, requests.QueryOrder)
        rig.hear(refused(query.request_id, Outcome.NOT_FOUND))
        warnings += rig.last.warnings
        statuses.append(rig.status("a1"))
    assert statuses == [OrderStatus.ACCEPTED, OrderStatus.ACCEPTED, OrderStatus.UNKNOWN]
    (warning,) = warnings
    assert warning.startswith("Order a1: The venue does not know the order any more, though it had accepted it.")


def test_an_order_that_the_venue_had_lost_lives_again_when_it_executes() -> None:
    rig = Rig()
    rig.live("a1", "v1")
    rig.lose_link()
    rig.sent()
    rig.log_in()
    for _ in range(3):
        rig.wait_for_sends()
        (query,) = sent_now(rig, requests.QueryOrder)
        rig.hear(refused(query.request_id, Outcome.NOT_FOUND))
    assert rig.status("a1") is OrderStatus.UNKNOWN
    assert rig.hear(traded("v1", "t1", 4, 4, 1)) == ["Reopened", "Filled"]
    assert rig.status("a1") is OrderStatus.PARTIALLY_FILLED


def test_an_order_that_is_asked_for_already_is_not_asked_for_again() -> None:
    rig = Rig()
    rig.live("a1", "v1")
    rig.lose_link()
    rig.sent()
    rig.log_in()
    assert len(sent_now(rig, requests.QueryOrder)) == 1
    rig.hear(replaced("v1", None, 1))
    assert sent_now(rig, requests.QueryOrder) == []


def test_an_accepted_order_whose_answer_is_late_is_not_asked_for() -> None:
    rig = Rig()
    rig.place("a1")
    rig.sent()
    rig.hear(acknowledged("v1", 1))
    rig.wait(15)
    assert sent_now(rig, requests.QueryOrder) == []
    assert rig.status("a1") is OrderStatus.ACCEPTED


def test_a_pending_order_teaches_its_venue_order_id_so_that_its_fills_find_it() -> None:
    rig = Rig()
    rig.place("a1")
    rig.sent()
    assert rig.hear(refused(1, Outcome.AMBIGUOUS)) == ["StatusUnknown"]
    rig.wait_for_sends()
    (query,) = sent_now(rig, requests.QueryOrder)
    pending = view("v1", 1, status=OrderStatus.SUBMITTED)
    rig.hear(facts.RequestAnswered(request_id=query.request_id, order=pending))
    names = rig.hear(traded("v1", "t1", 4, 4))
    assert names[-1] == "Filled"
    assert rig.status("a1") is OrderStatus.PARTIALLY_FILLED


# The link


def test_closing_with_a_cancel_of_all_sends_nothing_while_the_link_is_down() -> None:
    rig = Rig()
    rig.live("a1", "v1")
    rig.lose_link()
    rig.sent()
    rig.ask(commands.Disconnect(grace=SECOND, patience=2 * SECOND, cancel_all=True), None)
    rig.wait(5)
    assert rig.sent() == []


def test_a_new_connection_that_is_told_before_the_end_of_the_old_one_ends_it() -> None:
    rig = Rig()
    rig.place("a1")
    first = rig.connection
    rig.connection += 1
    assert rig.apply(LinkUp(rig.connection, "ws://test")) == ["StatusUnknown", "Reconnected"]
    assert rig.apply(LinkDown(first, "cut", True)) == ["Disconnected"]
    login = facts.LoggedIn(user="u", orders=(), cancel_on_disconnect=False, heartbeat_timeout=None)
    assert rig.hear(login)[0] == "Authenticated"
    assert rig.place("a2") is not None
    assert sent_now(rig, requests.PlaceOrder)


def status(mode: SystemMode | None) -> facts.SystemChanged:
    return facts.SystemChanged(mode=mode, text="")


@pytest.mark.parametrize("first", [SystemMode.ONLINE, SystemMode.MAINTENANCE], ids=str)
def test_a_connection_that_begins_closed_says_so_and_one_that_begins_open_does_not(first: SystemMode) -> None:
    rig = Rig()
    told = rig.hear(status(first))
    assert told == ([] if first is SystemMode.ONLINE else ["SystemStatus"])


def test_a_venue_that_opens_again_says_so() -> None:
    rig = Rig()
    rig.hear(status(SystemMode.MAINTENANCE))
    assert rig.hear(status(SystemMode.ONLINE)) == ["SystemStatus"]
    event = rig.events()[-1]
    assert isinstance(event, SystemStatus)
    assert event.mode is SystemMode.ONLINE


# What is filled in from the tracked order


def test_a_status_report_takes_the_time_in_force_that_the_venue_leaves_out_from_the_order() -> None:
    rig = Rig()
    rig.live("a1", "v1")
    rig.ask(commands.Status(A1), None)
    (query,) = sent_now(rig, requests.QueryOrder)
    rig.hear(facts.RequestAnswered(request_id=query.request_id, order=view("v1", 1, time_in_force=None)))
    (report,) = [reply.value for reply in rig.replies]
    assert isinstance(report, OrderStatusReport)
    assert report.time_in_force is not None


def test_a_cancel_of_an_order_that_lives_on_is_rejected_and_said() -> None:
    rig = Rig()
    rig.live("a1", "v1")
    rig.ask(commands.Cancel(A1), Admission.CANCEL)
    rig.hear(refused(rig.numbers, Outcome.DEFINITE, "no"))
    assert isinstance(rig.events()[-1], CancelRejected)


# What the venue shows when it is asked


def asked_about(rig: Rig, name: str = "a1") -> RequestId:
    """The user asks where the order stands."""
    rig.ask(commands.Status(ClientOrderId(name)), None)
    return RequestId(rig.numbers)


@pytest.mark.parametrize(
    ("said", "told"),
    [("too small", "too small"), ("", "The venue shows the order as rejected.")],
    ids=["a word", "none"],
)
def test_an_order_that_is_shown_as_rejected_is_rejected_with_the_venues_word_if_it_has_one(
    said: str, told: str
) -> None:
    rig = Rig()
    rig.place("a1")
    number = asked_about(rig)
    rig.hear(took(number, order=view("v1", 1, status=OrderStatus.REJECTED, reason=said)))
    (rejected,) = [event for event in rig.events() if isinstance(event, Rejected)]
    assert rejected.reason == told


def test_an_accepted_order_that_is_shown_as_rejected_is_canceled_with_the_venues_word() -> None:
    rig = Rig()
    rig.live("a1", "v1")
    number = asked_about(rig)
    rig.hear(took(number, order=view("v1", 1, status=OrderStatus.REJECTED, reason="it would cross")))
    (canceled,) = [event for event in rig.events() if isinstance(event, Canceled)]
    assert canceled.reason == "The venue rejected it after it had accepted it. it would cross"


def test_a_fill_of_an_order_that_has_ended_leaves_nothing_to_fill() -> None:
    rig = Rig()
    rig.live("a1", "v1")
    rig.hear(traded("v1", "t1", 2, 2, 1), canceled("v1", 1, total=2))
    rig.hear(traded("v1", "t2", 3, 5, 1))
    fills = [event for event in rig.events() if isinstance(event, Filled)]
    assert [(fill.cumulative, fill.leaves, fill.status) for fill in fills] == [
        (Decimal(2), Decimal(8), OrderStatus.PARTIALLY_FILLED),
        (Decimal(5), Decimal(0), OrderStatus.CANCELED),
    ]


def test_what_is_known_of_a_stop_is_not_noted_again_each_time_the_venue_shows_it() -> None:
    rig = Rig()
    rig.place("a1", trigger_price="101.0")
    shown = acknowledged("v1", 1, trigger_price=Decimal("101.0"))
    rig.hear(took(1, "v1"), shown)
    rig.records.clear()
    rig.hear(shown, facts.OrderPending(time=shown.time, order=shown.order))
    assert rig.records == []


def test_an_event_of_another_sessions_order_that_the_venue_repeats_is_told_once() -> None:
    rig = Rig()
    told = evolve(acknowledged("x1", 77), event_id="E1")
    assert rig.hear(told) == ["OrderStatusReport"]
    assert rig.hear(told) == []
    assert rig.hear(evolve(told, event_id="E2")) == ["OrderStatusReport"]


def test_news_of_an_order_that_we_called_complete_reopens_it() -> None:
    """Another session has made it larger."""
    rig = Rig()
    rig.live("a1", "v1")
    rig.hear(traded("v1", "t1", 10, 10, 1))
    assert rig.status("a1") is OrderStatus.FILLED
    rig.wait(1)
    grown = acknowledged("v1", 1, quantity=Decimal(20), cumulative=Decimal(10), status=OrderStatus.PARTIALLY_FILLED)
    assert rig.hear(grown) == ["Reopened", "Updated"]
    assert rig.status("a1") is OrderStatus.PARTIALLY_FILLED


def test_a_rejected_order_that_the_venue_tells_of_is_warned_about_once_each_time() -> None:
    rig = Rig()
    rig.place("a1")
    rig.hear(refused(1, Outcome.DEFINITE))
    assert rig.hear(acknowledged("v1", 1)) == []
    (warning,) = rig.last.warnings
    assert warning.startswith("The venue shows order a1 as live, though it had rejected it.")


# Questions of the user's


QUESTIONS = {
    "the open orders": (commands.OpenOrders(), {"orders": (view("v1", 1),)}),
    "an order": (commands.Status(A1), {"order": view("v1", 1)}),
    "all to be canceled": (commands.CancelAll(None), {"canceled": 1}),
}


@pytest.mark.parametrize(("question", "answer"), QUESTIONS.values(), ids=QUESTIONS)
def test_a_question_is_over_with_its_answer(question: commands.Command, answer: dict[str, Any]) -> None:
    rig = Rig()
    rig.live("a1", "v1")
    rig.ask(question, None)
    number = RequestId(rig.numbers)
    rig.hear(took(number, **answer))
    assert len(rig.replies) == 1
    assert number not in rig.state._context.flights.by_id
    rig.hear(took(number, **answer))
    assert rig.replies == [], "nobody waits for it any more"


# Orders that are remembered no longer


def changing(rig: Rig) -> None:
    rig.live("a1", "v1")
    change(rig, "99.0")


def canceling(rig: Rig) -> None:
    rig.live("a1", "v1")
    rig.ask(commands.Cancel(A1), Admission.CANCEL)


def asking(rig: Rig) -> None:
    rig.live("a1", "v1")
    asked_about(rig)


def placing(rig: Rig) -> None:
    rig.place("a1")


LATE = {
    "taken": lambda number: Heard(1, (took(number, "v1"),)),
    "not taken": lambda number: Heard(1, (took(number, "v1", refused=True),)),
    "shown": lambda number: Heard(1, (took(number, order=view("v1", 1)),)),
    "refused": lambda number: Heard(1, (refused(number, Outcome.DEFINITE),)),
    "in doubt": lambda number: Heard(1, (refused(number, Outcome.AMBIGUOUS),)),
    "unknown": lambda number: Heard(1, (refused(number, Outcome.NOT_FOUND),)),
    "throttled": lambda number: Heard(1, (refused(number, Outcome.THROTTLED),)),
    "not written": lambda number: NotWritten([number], "The connection was lost."),
    "nothing": lambda number: None,
}


@pytest.mark.parametrize("late", LATE.values(), ids=LATE)
@pytest.mark.parametrize("do", [changing, canceling, asking, placing], ids=lambda do: do.__name__)
def test_nothing_is_told_of_an_order_that_is_remembered_no_longer_whatever_becomes_of_a_request_about_it(
    do: Callable[[Rig], None], late: Callable[[RequestId], object]
) -> None:
    rig = Rig(finished_window=1)
    do(rig)
    number = RequestId(rig.numbers)
    rig.hear(acknowledged("v1", 1), canceled("v1", 1))
    rig.live("a2", "v2")
    rig.hear(canceled("v2", 2))
    assert rig.state.orders.by_client_order_id(A1) is None
    rig.sends.clear()
    rig.records.clear()
    came = late(number)
    if came is not None:
        rig.apply(came)
    rig.wait(600)
    assert rig.records == []
    assert sent_now(rig, requests.QueryOrder) == []


def test_the_time_to_ask_for_an_order_passes_when_it_is_remembered_no_longer() -> None:
    rig = Rig(finished_window=1)
    rig.place("a1")
    rig.sent()
    rig.hear(refused(1, Outcome.AMBIGUOUS))
    rig.wait_for_sends()
    (query,) = sent_now(rig, requests.QueryOrder)
    rig.hear(refused(query.request_id, Outcome.NOT_FOUND))
    rig.hear(acknowledged("v1", 1), canceled("v1", 1))
    rig.live("a2", "v2")
    rig.hear(canceled("v2", 2))
    rig.records.clear()
    rig.wait(600)
    assert rig.records == []
    assert rig.sent() == []
