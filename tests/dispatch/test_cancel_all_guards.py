"""The cancel of all orders: each condition of it by itself, and which list is asked for when."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from decimal import Decimal
from typing import Any

import pytest
from attrs import field, frozen

from protocol import commands, events, facts, requests
from protocol.dispatch.decisions import ComparisonDue
from protocol.dispatch.inputs import Admission
from protocol.errors import NotSent, OutcomeUnknown
from protocol.facts import Outcome
from protocol.reasons import RejectReason
from protocol.requests import CancelAllOrders, ListOpenOrders
from protocol.values import AccountId, ClientOrderId, InstrumentId, OrderStatus, RequestId, VenueOrderId
from protocol.venue import SECOND, Throttle, VenueRules

from ..order_life import PlainVenue, Rig, canceled, refused, took, view


@frozen
class Counting:
    """A throttle that keeps what was counted."""

    counted: list[tuple[requests.Request, list[str]]] = field(factory=list)

    def take(self, request: requests.Request, symbol: str, ages: Sequence[int], now: int) -> int:
        return 0

    def count(self, request: requests.Request, symbols: Iterable[str], now: int) -> None:
        self.counted.append((request, list(symbols)))

    def exceeded(self, reason: str, symbol: str, now: int) -> None:
        """Is no concern here."""

    def allow(self, most: int) -> None:
        """Is no concern here."""


@frozen
class CountingVenue(PlainVenue):
    throttle: Counting = field(factory=Counting)

    def open_throttle(self) -> Throttle:
        return self.throttle


def cancel_all(rig: Rig, instrument: InstrumentId | None = None) -> RequestId:
    """Sends one. Gives its number."""
    rig.sends.clear()
    rig.ask(commands.CancelAll(instrument), None)
    (request,) = rig.sent()
    assert request == CancelAllOrders(
        request_id=RequestId(rig.numbers), symbol=None if instrument is None else instrument.symbol
    )
    return RequestId(rig.numbers)


def took_all(rig: Rig, count: int = 1) -> RequestId:
    """The venue takes one at once."""
    number = cancel_all(rig)
    rig.hear(took(number, canceled=count))
    assert [reply.value for reply in rig.replies] == [count]
    return number


def lists(rig: Rig) -> list[RequestId]:
    return [request.request_id for request in rig.sent() if isinstance(request, ListOpenOrders)]


def rejections(rig: Rig) -> list[events.CancelRejected]:
    return [event for event in rig.events() if isinstance(event, events.CancelRejected)]


# Asking


def test_it_counts_towards_the_limit_with_the_instruments_of_the_orders_that_live() -> None:
    venue = CountingVenue()
    rig = Rig(venue=venue)
    rig.live("a1", "v1")
    rig.live("a2", "v2")
    rig.hear(canceled("v2", 2))
    number = cancel_all(rig)
    assert venue.throttle.counted == [(CancelAllOrders(request_id=number, symbol=None), ["GOLD"])]


def test_it_draws_on_the_credit_that_it_was_asked_with() -> None:
    rig = Rig()
    rig.ask(commands.CancelAll(None), Admission.CANCEL)
    (sent,) = rig.sends
    assert sent.admission is Admission.CANCEL


def test_a_number_that_is_in_use_is_not_used_again() -> None:
    rig = Rig()
    number = cancel_all(rig)
    rig.numbers -= 1
    answer = rig.ask(commands.CancelAll(None))
    assert type(answer) is NotSent
    assert f"request {number} is still waiting" in str(answer)
    assert rig.sent() == []


def test_a_venue_that_cancels_only_all_of_them_is_not_asked_for_those_of_one_instrument() -> None:
    rig = Rig(rules=VenueRules(venue="TEST", cancels_by_symbol=False))
    answer = rig.ask(commands.CancelAll(InstrumentId.parse("GOLD.TEST")))
    assert type(answer) is NotSent
    assert "those of GOLD alone" in str(answer)
    assert rig.sent() == []
    assert cancel_all(rig) == rig.numbers, "all of them it can cancel"


@pytest.mark.parametrize(("instrument", "is_meant"), [(None, True), ("GOLD.TEST", True), ("SILVER.TEST", False)])
def test_an_order_that_waits_for_its_price_is_withdrawn_if_it_is_meant(instrument: str | None, is_meant: bool) -> None:
    rig = Rig()
    rig.place("a1", market=True)
    preview = rig.sent()[0].request_id
    cancel_all(rig, None if instrument is None else InstrumentId.parse(instrument))
    assert rig.status("a1") is (OrderStatus.DENIED if is_meant else OrderStatus.SUBMITTED)
    assert rig.last.released == ([Admission.ORDER] if is_meant else [])
    price = facts.PricePreviewed(request_id=preview, price=Decimal("100.3"), filled=Decimal(10), remaining=Decimal(0))
    rig.hear(price)
    assert [type(request) for request in rig.sent()] == ([] if is_meant else [requests.PlaceOrder])


# The answer


def test_after_an_answer_a_second_one_is_for_nobody() -> None:
    rig = Rig()
    number = took_all(rig)
    rig.hear(took(number, canceled=7))
    assert rig.replies == []
    assert rig.last.warnings == [f"An answer to request {number} came too late or twice, and was ignored."]


def test_a_refusal_for_now_of_one_that_rests_already_says_nothing_new() -> None:
    """Over two ways the venue may refuse it twice."""
    rig = Rig(rules=VenueRules(venue="TEST", throttled_cancel_delays=(SECOND, 5 * SECOND)))
    number = cancel_all(rig)
    rig.hear(refused(number, Outcome.THROTTLED), refused(number, Outcome.THROTTLED))
    assert rig.replies == []
    rig.wait(1)
    assert [request.request_id for request in rig.sent()] == [number]
    rig.hear(refused(number, Outcome.THROTTLED))
    assert rig.replies == []
    rig.wait(5)
    assert [request.request_id for request in rig.sent()] == [number], "the second pause was not used up"
    rig.hear(refused(number, Outcome.THROTTLED, "Enough!"))
    (reply,) = rig.replies
    assert "so nothing was canceled: Enough! What was open is open still." in str(reply.value)


def test_what_was_refused_leaves_nothing_to_compare() -> None:
    rig = Rig()
    rig.live("a1", "v1")
    number = cancel_all(rig)
    rig.hear(refused(number, Outcome.AMBIGUOUS, "Is it on?"))
    (reply,) = rig.replies
    assert type(reply.value) is OutcomeUnknown
    assert "was carried out: Is it on? Look at what is open." in str(reply.value)
    rig.wait(20)
    assert lists(rig) == []
    rig.lose_link()
    rig.log_in(view("v1", 1))
    assert rejections(rig) == []


def test_one_that_is_told_as_not_canceled_is_told_whole() -> None:
    rig = Rig()
    rig.live("a1", "v1")
    number = took_all(rig)
    rig.wait(1)
    (listing,) = lists(rig)
    rig.hear(took(listing, orders=(view("v1", 1),)))
    (event,) = rejections(rig)
    order = rig.state.orders.by_client_order_id(ClientOrderId("a1"))
    assert order is not None
    assert event == events.CancelRejected(
        identity=order.identity,
        venue_order_id=VenueOrderId("v1"),
        venue_time=0,
        local_time=rig.wall + rig.time,
        request_id=number,
        reason=(
            f"The venue took the cancel of all orders (request {number}), and its list of open orders shows this one "
            "still. Cancel it by itself, or look at the venue."
        ),
        why=RejectReason.NO_EFFECT,
    )
    assert event.identity.account == AccountId("A")


# The list behind it


def test_orders_of_others_are_listed_and_nothing_is_told_of_them() -> None:
    rig = Rig()
    rig.live("a1", "v1")
    took_all(rig)
    rig.wait(1)
    (listing,) = lists(rig)
    rig.hear(took(listing, orders=(view("X1", 77), view("v1", 1))))
    assert [event.client_order_id for event in rejections(rig)] == ["a1"]


def test_an_order_that_is_listed_with_its_end_is_not_called_open_while_its_fills_are_awaited() -> None:
    rig = Rig(rules=VenueRules(venue="TEST", fills_lag=5 * SECOND))
    rig.live("a1", "v1")
    took_all(rig)
    rig.wait(1)
    (listing,) = lists(rig)
    ended = view("v1", 1, status=OrderStatus.CANCELED, cumulative=Decimal(4))
    rig.hear(took(listing, orders=(ended,)))
    assert rig.status("a1") is OrderStatus.ACCEPTED, "a fill of 4 is awaited"
    assert rejections(rig) == []


def test_an_answer_without_a_list_is_no_list() -> None:
    """The list is asked for again, and tells it then."""
    rig = Rig()
    rig.live("a1", "v1")
    took_all(rig)
    rig.wait(1)
    (listing,) = lists(rig)
    assert rig.hear(took(listing)) == []
    rig.wait(10)
    (again,) = lists(rig)
    assert rig.hear(took(again, orders=(view("v1", 1),))) == ["CancelRejected"]


def test_while_one_of_two_is_not_answered_the_list_serves_the_other_one() -> None:
    rig = Rig()
    rig.live("a1", "v1")
    late = cancel_all(rig)
    early = took_all(rig)
    rig.wait(1)
    (listing,) = lists(rig)
    rig.hear(took(listing, orders=(view("v1", 1),)))
    assert [event.request_id for event in rejections(rig)] == [early]
    rig.hear(took(late, canceled=0))
    rig.wait(1)
    (listing,) = lists(rig)
    rig.hear(took(listing, orders=(view("v1", 1),)))
    assert [event.request_id for event in rejections(rig)] == [early, late]


def test_one_that_is_answered_after_a_lost_link_is_not_compared_with_an_earlier_login() -> None:
    """Where it goes over HTTP, its answer may come when the next connection is there."""
    rules = VenueRules(venue="TEST", http_requests=frozenset({CancelAllOrders}), lists_lag=30 * SECOND)
    rig = Rig(rules=rules)
    rig.live("a1", "v1")
    number = cancel_all(rig)
    rig.lose_link()
    rig.log_in(view("v1", 1))
    rig.hear(took(number, canceled=1))
    assert rejections(rig) == []
    rig.sends.clear()
    rig.wait(30)
    (listing,) = lists(rig)
    assert rig.hear(took(listing, orders=(view("v1", 1),))) == ["CancelRejected"]


def test_no_list_is_asked_for_before_it_is_due_although_an_earlier_one_looks_again() -> None:
    rig = Rig()
    rig.live("a1", "v1")
    took_all(rig)
    rig.wait(1)
    (listing,) = lists(rig)
    rig.hear(took(listing, orders=()))
    rig.wait(9.5)
    took_all(rig)
    rig.wait(0.9)
    assert lists(rig) == [], "half a second ago, the first one would have asked again"
    rig.wait(0.1)
    assert len(lists(rig)) == 1


def test_one_list_at_a_time_is_asked_for_every_ten_seconds_until_it_comes() -> None:
    rules = VenueRules(venue="TEST", request_timeout=15 * SECOND)
    rig = Rig(rules=rules)
    rig.live("a1", "v1")
    took_all(rig)
    rig.wait(1)
    assert len(lists(rig)) == 1
    rig.wait(10)
    assert lists(rig) == [], "the first is still on its way"
    rig.wait(9.9)
    assert lists(rig) == []
    rig.wait(0.1)
    assert len(lists(rig)) == 1


def test_nothing_is_asked_for_while_there_is_no_connection_or_the_client_closes() -> None:
    rig = Rig()
    rig.live("a1", "v1")
    took_all(rig)
    rig.lose_link()
    rig.wait(5)
    assert lists(rig) == []


@pytest.mark.parametrize("seconds", [300.9, 301])
def test_after_five_minutes_nobody_asks_any_more_and_that_is_said(seconds: float) -> None:
    """The link was lost meanwhile, so no list came. The five minutes begin when the first list was due."""
    rig = Rig(rules=VenueRules(venue="TEST", lists_lag=SECOND))
    rig.live("a1", "v1")
    number = took_all(rig)
    rig.lose_link()
    warnings: list[Any] = []
    until = rig.time + int(seconds * SECOND)
    while (due := rig.state.next_deadline) is not None and due <= until:
        rig.time = due
        rig.apply()
        warnings += rig.last.warnings
    given_up = (
        f"What the cancel of all orders (request {number}) has left open could not be asked for. Look at what is open."
    )
    assert warnings == ([given_up] if seconds == 301 else [])
    rig.time = until
    told = rig.log_in(view("v1", 1))
    assert ("CancelRejected" in told) is (seconds < 301)


def test_what_was_refused_is_over_and_nothing_of_it_is_kept() -> None:
    rig = Rig()
    number = cancel_all(rig)
    rig.hear(refused(number, Outcome.DEFINITE, "no"))
    rig.hear(took(number, canceled=1))
    assert rig.replies == []
    assert rig.last.warnings == [f"An answer to request {number} came too late or twice, and was ignored."]
    part: Any = getattr(rig.state._due[ComparisonDue], "__self__")  # noqa: B009
    assert part._comparisons == {}, "a client that runs for years asks often"


def test_an_order_that_is_listed_with_a_word_that_we_do_not_know_is_listed_still() -> None:
    rig = Rig()
    rig.live("a1", "v1")
    took_all(rig)
    rig.wait(1)
    (listing,) = lists(rig)
    assert rig.hear(took(listing, orders=(view("v1", 1, status=None),))) == ["CancelRejected"]


def test_the_cancel_of_all_that_closing_sends_is_sent_once_if_the_venue_takes_it() -> None:
    rig = Rig()
    rig.live("a1", "v1")
    rig.ask(commands.Disconnect(grace=0, patience=60 * SECOND, cancel_all=True), None)
    rig.wait_for_sends()
    (request,) = rig.sent()
    assert isinstance(request, CancelAllOrders)
    rig.hear(took(request.request_id, canceled=1))
    assert rig.hear(canceled("v1", 1)) == ["Canceled"]
    rig.wait(60)
    assert rig.sent() == []
