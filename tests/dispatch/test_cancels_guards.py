"""The cancel of one order: what goes out, what is told, and what is asked, one condition at a time."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from decimal import Decimal
from typing import Any

import pytest
from attrs import field, frozen

from protocol import commands, events, facts, requests
from protocol.dispatch.inputs import Admission, NotWritten, Rerouted
from protocol.errors import NotSent
from protocol.facts import Outcome
from protocol.requests import CancelOrder, QueryOrder
from protocol.values import NO_TIME, ClientOrderId, RequestId, VenueOrderId
from protocol.venue import SECOND, BatchRules, Throttle, VenueRules

from ..order_life import WALL, PlainVenue, Rig, acknowledged, canceled, refused, replaced, took, view
from .test_placements_guards import is_waiting

A1 = ClientOrderId("a1")
V1 = VenueOrderId("v1")
CANCEL, SECOND_CANCEL = RequestId(2), RequestId(3)
SLOW = VenueRules(venue="TEST", throttled_cancel_delays=(20 * SECOND, 3 * SECOND))


def cancel(rig: Rig, name: str = "a1") -> Any:
    return rig.ask(commands.Cancel(ClientOrderId(name)), Admission.CANCEL)


def canceling(rules: VenueRules | None = None, **options: Any) -> Rig:
    """The order a1 lives as v1, and its cancel, request 2, has just gone out."""
    rig = Rig(rules=rules, **options)
    rig.live("a1", "v1")
    assert cancel(rig) == CANCEL
    rig.sends.clear()
    return rig


def sent(rig: Rig, kind: type) -> list[Any]:
    """Requests of this kind since the last look; all others are forgotten."""
    return [request for request in rig.sent() if isinstance(request, kind)]


def show(rig: Rig, **terms: Any) -> list[str]:
    """Answers the one status query that is on its way."""
    (query,) = sent(rig, QueryOrder)
    return rig.hear(took(query.request_id, order=view("v1", 1, **terms)))


def rejection(rig: Rig, number: RequestId = CANCEL) -> str:
    """Why the cancel came to nothing, as was told last."""
    event = rig.events()[-1]
    assert isinstance(event, events.CancelRejected)
    assert (event.request_id, event.venue_order_id, event.client_order_id) == (number, V1, A1)
    assert (event.venue_time, event.local_time) == (NO_TIME, WALL + rig.time)
    return event.reason


# The command


def test_a_cancel_cannot_be_sent_without_an_id_that_the_venue_takes() -> None:
    rig = Rig(rules=VenueRules(venue="TEST", cancel_by_wire_id=False))
    rig.place("a1")
    rig.sent()
    answer = cancel(rig)
    assert isinstance(answer, NotSent)
    assert str(answer) == (
        "Cannot cancel order a1: missing venue_order_id. Wait until the venue has accepted the order."
    )
    assert rig.last.released == [Admission.CANCEL]
    rig.hear(took(1, "v1"))
    assert cancel(rig) == 3
    assert rig.sent() == [CancelOrder(request_id=RequestId(3), venue_order_id=V1, wire_id=None)]


def test_an_order_that_is_known_by_the_venues_id_is_canceled_though_its_name_does_not_cross_the_wire() -> None:
    rig = Rig(rules=VenueRules(venue="TEST", cancel_by_wire_id=False))
    rig.live("a1", "v1")
    assert cancel(rig) == CANCEL
    (send,) = rig.sends
    assert (send.connection, send.admission) == (1, Admission.CANCEL)


def test_the_number_of_a_cancel_is_not_given_to_another_request() -> None:
    rig = canceling()
    rig.numbers -= 1
    answer = cancel(rig)
    assert isinstance(answer, NotSent)
    assert str(answer) == "Nothing was sent: request 2 is still waiting for its answer."
    assert rig.sent() == []
    rig.numbers -= 1
    rig.place("a2")
    assert isinstance(rig.answer_to(2), NotSent)
    assert rig.sent() == []


@frozen
class CountingVenue(PlainVenue):
    """Takes nothing for another second and a half, once `full` is filled; notes what is charged to it, and the limits
    that its own refusals name."""

    charged: list[tuple[type, str, list[int]]] = field(factory=list)
    named: list[tuple[str, str, int]] = field(factory=list)
    full: list[bool] = field(factory=list)

    def open_throttle(self) -> Throttle:
        return self

    def take(self, request: requests.Request, symbol: str, ages: Sequence[int], now: int) -> int:
        self.charged.append((type(request), symbol, [age // SECOND for age in ages]))
        return 3 * SECOND // 2 if self.full else 0

    def count(self, request: requests.Request, symbols: Iterable[str], now: int) -> None:
        """Nothing here is about all orders."""

    def exceeded(self, reason: str, symbol: str, now: int) -> None:
        self.named.append((reason, symbol, now))

    def allow(self, most: int) -> None:
        """It names no limit."""


@pytest.mark.parametrize("kind", ["place", "change", "cancel"])
def test_what_the_venue_takes_no_more_of_is_not_sent(kind: str) -> None:
    venue = CountingVenue(VenueRules(venue="TEST"))
    rig = Rig(venue=venue)
    rig.live("a1", "v1")
    rig.wait(30)
    venue.charged.clear()
    venue.full.append(True)
    rig.sends.clear()
    if kind == "place":
        answer = rig.place("a2")
    elif kind == "change":
        answer = rig.ask(commands.Replace(client_order_id=A1, instrument="GOLD.TEST", price="99.0"))
    else:
        answer = cancel(rig)
    assert isinstance(answer, NotSent)
    assert str(answer) == ("Nothing was sent: TEST takes no more of these for GOLD for another 1.5 s. Try again then.")
    asked, ages = {
        "place": (requests.PlaceOrder, []),
        "change": (requests.ReplaceOrder, [30]),
        "cancel": (CancelOrder, [30]),
    }[kind]
    assert venue.charged == [(asked, "GOLD", ages)]
    assert (rig.sends, rig.events()) == ([], [])
    assert rig.last.released == [Admission.CANCEL if kind == "cancel" else Admission.ORDER]


def test_a_refusal_for_too_many_calls_is_told_to_the_counter_with_the_instrument_of_its_order() -> None:
    venue = CountingVenue(VenueRules(venue="TEST"))
    rig = Rig(venue=venue)
    rig.live("a1", "v1")
    cancel(rig)
    rig.hear(refused(2, Outcome.DEFINITE, "too late"))
    assert venue.named == []
    cancel(rig)
    rig.hear(refused(3, Outcome.THROTTLED, "too many"))
    rig.ask(commands.OpenOrders())
    rig.hear(refused(4, Outcome.THROTTLED, "too many lists"))
    assert venue.named == [("too many", "GOLD", rig.time), ("too many lists", "", rig.time)]


# Which of an order's cancels counts


def test_only_the_latest_cancel_of_an_order_is_asked_for() -> None:
    rig = canceling()
    rig.wait(5)
    cancel(rig)
    rig.sends.clear()
    rig.wait(5)
    assert rig.sent() == [], "the first one's time is over"
    assert not is_waiting(rig, CANCEL)
    rig.wait(5)
    assert show(rig) == ["CancelRejected"]
    assert rejection(rig, SECOND_CANCEL) == "The venue has not acted on it; the order is still live."


def test_an_older_cancel_may_still_be_answered_unless_it_was_given_up() -> None:
    rig = canceling()
    cancel(rig)
    assert is_waiting(rig, CANCEL)
    rig = canceling()
    rig.wait(10)
    cancel(rig)
    assert not is_waiting(rig, CANCEL)


def test_a_cancel_in_a_batch_is_the_latest_one_too() -> None:
    rig = Rig(rules=VenueRules(venue="TEST", batch=BatchRules(most=5, most_orders=5)))
    rig.live("a1", "v1")
    rig.live("a2", "v2")
    rig.batch(commands.Cancel(A1), commands.Cancel(ClientOrderId("a2")))
    rig.sends.clear()
    rig.wait(10)
    first, second = sent(rig, QueryOrder)
    assert (first.venue_order_id, second.venue_order_id) == (V1, "v2")
    assert rig.hear(took(first.request_id, order=view("v1", 1))) == ["CancelRejected"]
    assert rejection(rig, RequestId(3)) == "The venue has not acted on it; the order is still live."


# The venue's answer


def test_a_cancel_that_the_venue_did_not_take_is_told_and_the_order_asked_for() -> None:
    rig = canceling()
    assert rig.hear(took(2, refused=True)) == ["CancelRejected"]
    assert rejection(rig) == "The venue did not take the cancel."
    assert len(sent(rig, QueryOrder)) == 1
    assert not is_waiting(rig, CANCEL)


@pytest.mark.parametrize(
    "answer", [took(2), took(2, refused=True), refused(2, Outcome.NOT_FOUND), refused(2, Outcome.AMBIGUOUS)]
)
@pytest.mark.parametrize("over_http", [False, True])
def test_an_answer_behind_the_end_of_the_order_says_nothing_more(answer: facts.Fact, over_http: bool) -> None:
    rig = canceling()
    if over_http:
        rig.apply(Rerouted([CANCEL], False))
    rig.hear(canceled("v1", 1))
    assert rig.hear(answer) == []
    assert rig.last.warnings == []
    assert not is_waiting(rig, CANCEL)
    rig.wait(30)
    assert rig.sent() == []


@pytest.mark.parametrize("heard", [(took(2), canceled("v1", 1)), (canceled("v1", 1), took(2))])
def test_a_cancel_that_was_answered_and_has_done_its_work_is_over(heard: tuple[facts.Fact, ...]) -> None:
    rig = canceling()
    assert rig.hear(*heard) == ["Canceled"]
    assert not is_waiting(rig, CANCEL)


def test_the_end_of_an_order_is_not_asked_for_though_its_cancel_was_never_answered() -> None:
    rig = canceling()
    rig.hear(canceled("v1", 1))
    rig.wait(30)
    assert rig.sent() == []
    assert not is_waiting(rig, CANCEL)


@pytest.mark.parametrize(("by_rule", "rerouted", "pause"), [(False, False, 10), (False, True, 1), (True, False, 10)])
def test_a_cancel_that_the_socket_did_not_take_is_asked_about_early(by_rule: bool, rerouted: bool, pause: int) -> None:
    """Where a venue takes cancels over HTTP by rule, that says nothing against the socket."""
    http = frozenset({CancelOrder}) if by_rule else frozenset()
    rig = canceling(VenueRules(venue="TEST", http_requests=http))
    if rerouted:
        rig.apply(Rerouted([CANCEL], False))
    rig.hear(took(2))
    rig.wait(pause - 0.001)
    assert rig.sent() == []
    rig.wait(0.001)
    assert len(sent(rig, QueryOrder)) == 1


def test_a_cancel_that_the_venue_refuses_is_over() -> None:
    rig = canceling()
    assert rig.hear(refused(2, Outcome.DEFINITE, "closed")) == ["CancelRejected"]
    assert rejection(rig) == "closed"
    assert not is_waiting(rig, CANCEL)


def test_a_cancel_that_was_not_written_is_told_with_the_reason() -> None:
    rig = canceling()
    assert rig.apply(NotWritten([RequestId(77), CANCEL], "no connection")) == ["CancelRejected"]
    assert rejection(rig) == "no connection"


# Refused for now


def test_a_cancel_that_rests_is_refused_again_without_effect() -> None:
    """The pauses are 0.1, 0.2 and 0.4 s; the second refusal is told while the first pause lasts."""
    rig = canceling()
    assert rig.hear(refused(2, Outcome.TOO_EARLY)) == []
    rig.wait(0.05)
    assert rig.hear(refused(2, Outcome.TOO_EARLY), refused(2, Outcome.DEFINITE)) == []
    rig.wait(0.049)
    assert rig.sent() == []
    rig.wait(0.001)
    assert rig.sent() == [CancelOrder(request_id=CANCEL, venue_order_id=V1, wire_id=None)]
    rig.hear(refused(2, Outcome.TOO_EARLY))
    rig.wait(0.199)
    assert rig.sent() == []
    rig.wait(0.001)
    assert len(rig.sent()) == 1


@pytest.mark.parametrize("rests", [Outcome.TOO_EARLY, Outcome.THROTTLED])
def test_each_kind_of_refusal_has_its_own_pauses(rests: Outcome) -> None:
    rig = canceling(SLOW)
    rig.hear(refused(2, rests))
    pause = 0.1 if rests is Outcome.TOO_EARLY else 20
    rig.wait(pause - 0.001)
    assert rig.sent() == []
    rig.wait(0.001)
    assert len(sent(rig, CancelOrder)) == 1


def test_a_cancel_whose_pause_is_longer_than_the_time_for_its_answer_is_neither_asked_for_nor_told() -> None:
    rig = canceling(SLOW)
    rig.wait(1)
    rig.hear(refused(2, Outcome.THROTTLED, "too many"))
    rig.wait(14)
    assert rig.sent() == []
    rig.hear(replaced("v1", None, 1))
    assert show(rig) == [], "it lives, which says nothing of a cancel that rests"
    rig.wait(5.999)
    assert sent(rig, CancelOrder) == []
    rig.wait(0.001)
    assert len(sent(rig, CancelOrder)) == 1


FRESH = VenueRules(venue="TEST", freshness=5 * SECOND)


@pytest.mark.parametrize(
    ("rules", "age", "accepted", "rests"),
    [
        (FRESH, 4.999, True, True),
        (FRESH, 5, True, False),
        (FRESH, 5, False, True),
        (VenueRules(venue="TEST"), 1, True, False),
        (VenueRules(venue="TEST"), 1, False, False),
    ],
    ids=["young", "old", "not yet accepted", "known at once", "known at once, not yet accepted"],
)
def test_no_such_order_means_too_early_while_the_order_may_be_held_back(
    rules: VenueRules, age: float, accepted: bool, rests: bool
) -> None:
    rig = Rig(rules=rules)
    rig.place("a1")
    if accepted:
        rig.hear(took(1, "v1"), acknowledged("v1", 1))
    rig.wait(age)
    cancel(rig)
    rig.sends.clear()
    assert rig.hear(refused(2, Outcome.NOT_FOUND)) == ([] if rests else ["CancelRejected"])
    assert len(sent(rig, QueryOrder)) == (0 if rests else 1)


@pytest.mark.parametrize("outcome", [Outcome.DEFINITE, Outcome.TOO_EARLY])
def test_any_other_refusal_of_the_cancel_of_a_young_order_is_what_it_says(outcome: Outcome) -> None:
    rig = canceling(FRESH)
    rests = outcome is Outcome.TOO_EARLY
    assert rig.hear(refused(2, outcome)) == ([] if rests else ["CancelRejected"])


def test_a_cancel_that_rests_when_the_connection_ends_has_come_to_nothing() -> None:
    rig = canceling()
    rig.hear(refused(2, Outcome.TOO_EARLY, "not known yet"))
    assert rig.lose_link() == ["Disconnected", "CancelRejected"]
    assert rejection(rig) == "not known yet. The connection ended before the venue answered."
    assert not is_waiting(rig, CANCEL)
    rig.log_in(view("v1", 1))
    rig.wait(5)
    assert sent(rig, CancelOrder) == []


def test_a_cancel_on_its_way_when_the_connection_ends_is_asked_for() -> None:
    rig = canceling()
    assert rig.lose_link() == ["Disconnected"]
    assert is_waiting(rig, CANCEL), "the sender may still say that it was not written"


def test_an_older_cancel_that_rests_is_not_sent_once_the_order_has_ended() -> None:
    rig = canceling()
    rig.hear(refused(2, Outcome.TOO_EARLY))
    cancel(rig)
    rig.sends.clear()
    rig.hear(canceled("v1", 1))
    rig.wait(1)
    assert rig.sent() == []
    assert not is_waiting(rig, CANCEL)


def test_the_pause_of_a_cancel_that_is_gone_sends_nothing() -> None:
    rig = canceling()
    rig.hear(refused(2, Outcome.TOO_EARLY))
    rig.hear(canceled("v1", 1))
    rig.wait(1)
    assert rig.sent() == []


def test_the_pause_of_a_cancel_does_not_send_another_one_of_its_number() -> None:
    rig = canceling()
    rig.hear(refused(2, Outcome.TOO_EARLY))
    rig.hear(facts.CancelRefused(venue_order_id=V1, wire_id=None, reason="gone", time=0))
    rig.numbers -= 1
    assert cancel(rig) == CANCEL
    rig.sends.clear()
    rig.wait(5)
    assert sent(rig, CancelOrder) == []


# The feed tells of a refusal


def told_refused(oid: str = "v1", cid: int | None = None) -> facts.CancelRefused:
    return facts.CancelRefused(venue_order_id=VenueOrderId(oid), wire_id=cid, reason="too late", time=0)


def test_news_of_a_refusal_end_the_cancel_and_have_the_order_asked_for() -> None:
    rig = canceling()
    assert rig.hear(told_refused()) == ["CancelRejected"]
    assert rejection(rig) == "too late"
    assert len(sent(rig, QueryOrder)) == 1
    assert not is_waiting(rig, CANCEL)


def test_news_of_a_refusal_without_a_cancel_of_ours_has_the_order_asked_for() -> None:
    rig = Rig()
    rig.live("a1", "v1")
    assert rig.hear(told_refused("v9", 1)) == [], "named by its wire id"
    assert [query.venue_order_id for query in sent(rig, QueryOrder)] == ["v1"]


def test_news_of_a_refusal_for_nobody_or_behind_the_end_say_nothing() -> None:
    rig = canceling()
    assert rig.hear(told_refused("v9", 9)) == []
    rig.hear(canceled("v1", 1))
    assert rig.hear(told_refused()) == []
    rig.wait(30)
    assert rig.sent() == []


def test_a_refusal_of_one_orders_cancel_is_no_word_about_another() -> None:
    rig = canceling()
    rig.live("a2", "v2")
    cancel(rig, "a2")
    rig.hear(told_refused("v2"))
    assert len(rig.events()) == 1
    assert rig.newest(events.CancelRejected).client_order_id == "a2"
    assert is_waiting(rig, CANCEL)


# A status query shows the order


def test_a_cancel_that_is_not_overdue_is_not_settled_by_a_status_query() -> None:
    rig = canceling()
    rig.hear(replaced("v1", None, 1, quantity=Decimal(10)))
    rig.wait(1)
    assert show(rig) == []
    assert is_waiting(rig, CANCEL)


def test_a_cancel_is_settled_by_a_query_of_the_very_moment_at_which_its_time_is_over() -> None:
    rig = canceling()
    rig.wait(10)
    assert show(rig) == ["CancelRejected"]
    assert not is_waiting(rig, CANCEL)
