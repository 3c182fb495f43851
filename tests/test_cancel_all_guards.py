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
from protocol.requests import CancelAllOrders, ListOpenOrders
from protocol.values import AccountId, ClientOrderId, InstrumentId, OrderStatus, RequestId, VenueOrderId
from protocol.venue import SECOND, Throttle, VenueRules

from .order_life import Desk, PlainVenue, canceled, refused, took, view


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


def cancel_all(desk: Desk, instrument: InstrumentId | None = None) -> RequestId:
    """Sends one. Gives its number."""
    desk.sends.clear()
    desk.ask(commands.CancelAll(instrument), None)
    (request,) = desk.sent()
    assert request == CancelAllOrders(request_id=desk.numbers, symbol=None if instrument is None else instrument.symbol)
    return RequestId(desk.numbers)


def took_all(desk: Desk, count: int = 1) -> RequestId:
    """The venue takes one at once."""
    number = cancel_all(desk)
    desk.hear(took(number, canceled=count))
    assert [reply.value for reply in desk.replies] == [count]
    return number


def lists(desk: Desk) -> list[RequestId]:
    return [request.request_id for request in desk.sent() if isinstance(request, ListOpenOrders)]


def rejections(desk: Desk) -> list[events.CancelRejected]:
    return [event for event in desk.events() if isinstance(event, events.CancelRejected)]


# Asking


def test_it_counts_towards_the_limit_with_the_instruments_of_the_orders_that_live() -> None:
    venue = CountingVenue()
    desk = Desk(venue=venue)
    desk.live("a1", "v1")
    desk.live("a2", "v2")
    desk.hear(canceled("v2", 2))
    number = cancel_all(desk)
    assert venue.throttle.counted == [(CancelAllOrders(request_id=number, symbol=None), ["GOLD"])]


def test_it_draws_on_the_credit_that_it_was_asked_with() -> None:
    desk = Desk()
    desk.ask(commands.CancelAll(None), Admission.CANCEL)
    (sent,) = desk.sends
    assert sent.admission is Admission.CANCEL


def test_a_number_that_is_in_use_is_not_used_again() -> None:
    desk = Desk()
    number = cancel_all(desk)
    desk.numbers -= 1
    answer = desk.ask(commands.CancelAll(None))
    assert type(answer) is NotSent
    assert f"request {number} is still waiting" in str(answer)
    assert desk.sent() == []


def test_a_venue_that_cancels_only_all_of_them_is_not_asked_for_those_of_one_instrument() -> None:
    desk = Desk(rules=VenueRules(venue="TEST", cancels_by_symbol=False))
    answer = desk.ask(commands.CancelAll(InstrumentId.parse("GOLD.TEST")))
    assert type(answer) is NotSent
    assert "those of GOLD alone" in str(answer)
    assert desk.sent() == []
    assert cancel_all(desk) == desk.numbers, "all of them it can cancel"


@pytest.mark.parametrize(("instrument", "is_meant"), [(None, True), ("GOLD.TEST", True), ("SILVER.TEST", False)])
def test_an_order_that_waits_for_its_price_is_withdrawn_if_it_is_meant(instrument: str | None, is_meant: bool) -> None:
    desk = Desk()
    desk.place("a1", market=True)
    preview = desk.sent()[0].request_id
    cancel_all(desk, None if instrument is None else InstrumentId.parse(instrument))
    assert desk.status("a1") is (OrderStatus.DENIED if is_meant else OrderStatus.SUBMITTED)
    assert desk.last.released == ([Admission.ORDER] if is_meant else [])
    price = facts.PricePreviewed(request_id=preview, price=Decimal("100.3"), filled=Decimal(10), remaining=Decimal(0))
    desk.hear(price)
    assert [type(request) for request in desk.sent()] == ([] if is_meant else [requests.PlaceOrder])


# The answer


def test_after_an_answer_a_second_one_is_for_nobody() -> None:
    desk = Desk()
    number = took_all(desk)
    desk.hear(took(number, canceled=7))
    assert desk.replies == []
    assert desk.last.warnings == [f"An answer to request {number} came too late or twice, and was ignored."]


def test_a_refusal_for_now_of_one_that_rests_already_says_nothing_new() -> None:
    """Over two ways the venue may refuse it twice."""
    desk = Desk(rules=VenueRules(venue="TEST", throttled_cancel_delays=(SECOND, 5 * SECOND)))
    number = cancel_all(desk)
    desk.hear(refused(number, Outcome.THROTTLED), refused(number, Outcome.THROTTLED))
    assert desk.replies == []
    desk.wait(1)
    assert [request.request_id for request in desk.sent()] == [number]
    desk.hear(refused(number, Outcome.THROTTLED))
    assert desk.replies == []
    desk.wait(5)
    assert [request.request_id for request in desk.sent()] == [number], "the second pause was not used up"
    desk.hear(refused(number, Outcome.THROTTLED, "Enough!"))
    (reply,) = desk.replies
    assert "so nothing was canceled: Enough! What was open is open still." in str(reply.value)


def test_what_was_refused_leaves_nothing_to_compare() -> None:
    desk = Desk()
    desk.live("a1", "v1")
    number = cancel_all(desk)
    desk.hear(refused(number, Outcome.AMBIGUOUS, "Is it on?"))
    (reply,) = desk.replies
    assert type(reply.value) is OutcomeUnknown
    assert "was carried out: Is it on? Look at what is open." in str(reply.value)
    desk.wait(20)
    assert lists(desk) == []
    desk.lose_link()
    desk.log_in(view("v1", 1))
    assert rejections(desk) == []


def test_one_that_is_told_as_not_canceled_is_told_whole() -> None:
    desk = Desk()
    desk.live("a1", "v1")
    number = took_all(desk)
    desk.wait(1)
    (listing,) = lists(desk)
    desk.hear(took(listing, orders=(view("v1", 1),)))
    (event,) = rejections(desk)
    order = desk.state.orders.by_client_order_id(ClientOrderId("a1"))
    assert order is not None
    assert event == events.CancelRejected(
        identity=order.identity,
        venue_order_id=VenueOrderId("v1"),
        venue_time=0,
        local_time=desk.wall + desk.time,
        request_id=number,
        reason=(
            f"The venue took the cancel of all orders (request {number}), and its list of open orders shows this one "
            "still. Cancel it by itself, or look at the venue."
        ),
    )
    assert event.identity.account == AccountId("A")


# The list behind it


def test_orders_of_others_are_listed_and_nothing_is_told_of_them() -> None:
    desk = Desk()
    desk.live("a1", "v1")
    took_all(desk)
    desk.wait(1)
    (listing,) = lists(desk)
    desk.hear(took(listing, orders=(view("X1", 77), view("v1", 1))))
    assert [event.client_order_id for event in rejections(desk)] == ["a1"]


def test_an_order_that_is_listed_with_its_end_is_not_called_open_while_its_fills_are_awaited() -> None:
    desk = Desk(rules=VenueRules(venue="TEST", fills_lag=5 * SECOND))
    desk.live("a1", "v1")
    took_all(desk)
    desk.wait(1)
    (listing,) = lists(desk)
    ended = view("v1", 1, status=OrderStatus.CANCELED, cumulative=Decimal(4))
    desk.hear(took(listing, orders=(ended,)))
    assert desk.status("a1") is OrderStatus.ACCEPTED, "a fill of 4 is awaited"
    assert rejections(desk) == []


def test_an_answer_without_a_list_is_no_list() -> None:
    """The list is asked for again, and tells it then."""
    desk = Desk()
    desk.live("a1", "v1")
    took_all(desk)
    desk.wait(1)
    (listing,) = lists(desk)
    assert desk.hear(took(listing)) == []
    desk.wait(10)
    (again,) = lists(desk)
    assert desk.hear(took(again, orders=(view("v1", 1),))) == ["CancelRejected"]


def test_while_one_of_two_is_not_answered_the_list_serves_the_other_one() -> None:
    desk = Desk()
    desk.live("a1", "v1")
    late = cancel_all(desk)
    early = took_all(desk)
    desk.wait(1)
    (listing,) = lists(desk)
    desk.hear(took(listing, orders=(view("v1", 1),)))
    assert [event.request_id for event in rejections(desk)] == [early]
    desk.hear(took(late, canceled=0))
    desk.wait(1)
    (listing,) = lists(desk)
    desk.hear(took(listing, orders=(view("v1", 1),)))
    assert [event.request_id for event in rejections(desk)] == [early, late]


def test_one_that_is_answered_after_a_lost_link_is_not_compared_with_an_earlier_login() -> None:
    """Where it goes over HTTP, its answer may come when the next connection is there."""
    rules = VenueRules(venue="TEST", http_requests=frozenset({CancelAllOrders}), lists_lag=30 * SECOND)
    desk = Desk(rules=rules)
    desk.live("a1", "v1")
    number = cancel_all(desk)
    desk.lose_link()
    desk.log_in(view("v1", 1))
    desk.hear(took(number, canceled=1))
    assert rejections(desk) == []
    desk.sends.clear()
    desk.wait(30)
    (listing,) = lists(desk)
    assert desk.hear(took(listing, orders=(view("v1", 1),))) == ["CancelRejected"]


def test_no_list_is_asked_for_before_it_is_due_although_an_earlier_one_looks_again() -> None:
    desk = Desk()
    desk.live("a1", "v1")
    took_all(desk)
    desk.wait(1)
    (listing,) = lists(desk)
    desk.hear(took(listing, orders=()))
    desk.wait(9.5)
    took_all(desk)
    desk.wait(0.9)
    assert lists(desk) == [], "half a second ago, the first one would have asked again"
    desk.wait(0.1)
    assert len(lists(desk)) == 1


def test_one_list_at_a_time_is_asked_for_every_ten_seconds_until_it_comes() -> None:
    rules = VenueRules(venue="TEST", request_timeout=15 * SECOND)
    desk = Desk(rules=rules)
    desk.live("a1", "v1")
    took_all(desk)
    desk.wait(1)
    assert len(lists(desk)) == 1
    desk.wait(10)
    assert lists(desk) == [], "the first is still on its way"
    desk.wait(9.9)
    assert lists(desk) == []
    desk.wait(0.1)
    assert len(lists(desk)) == 1


def test_nothing_is_asked_for_while_there_is_no_connection_or_the_client_closes() -> None:
    desk = Desk()
    desk.live("a1", "v1")
    took_all(desk)
    desk.lose_link()
    desk.wait(5)
    assert lists(desk) == []


@pytest.mark.parametrize("seconds", [300.9, 301])
def test_after_five_minutes_nobody_asks_any_more_and_that_is_said(seconds: float) -> None:
    """The link was lost meanwhile, so no list came. The five minutes begin when the first list was due."""
    desk = Desk(rules=VenueRules(venue="TEST", lists_lag=SECOND))
    desk.live("a1", "v1")
    number = took_all(desk)
    desk.lose_link()
    warnings: list[Any] = []
    until = desk.time + int(seconds * SECOND)
    while (due := desk.state.next_deadline) is not None and due <= until:
        desk.time = due
        desk.apply()
        warnings += desk.last.warnings
    given_up = (
        f"What the cancel of all orders (request {number}) has left open could not be asked for. Look at what is open."
    )
    assert warnings == ([given_up] if seconds == 301 else [])
    desk.time = until
    told = desk.log_in(view("v1", 1))
    assert ("CancelRejected" in told) is (seconds < 301)


def test_what_was_refused_is_over_and_nothing_of_it_is_kept() -> None:
    desk = Desk()
    number = cancel_all(desk)
    desk.hear(refused(number, Outcome.DEFINITE, "no"))
    desk.hear(took(number, canceled=1))
    assert desk.replies == []
    assert desk.last.warnings == [f"An answer to request {number} came too late or twice, and was ignored."]
    part: Any = getattr(desk.state._due[ComparisonDue], "__self__")  # noqa: B009
    assert part._comparisons == {}, "a client that runs for years asks often"


def test_an_order_that_is_listed_with_a_word_that_we_do_not_know_is_listed_still() -> None:
    desk = Desk()
    desk.live("a1", "v1")
    took_all(desk)
    desk.wait(1)
    (listing,) = lists(desk)
    assert desk.hear(took(listing, orders=(view("v1", 1, status=None),))) == ["CancelRejected"]


def test_the_cancel_of_all_that_closing_sends_is_sent_once_if_the_venue_takes_it() -> None:
    desk = Desk()
    desk.live("a1", "v1")
    desk.ask(commands.Disconnect(grace=0, patience=60 * SECOND, cancel_all=True), None)
    desk.wait_for_sends()
    (request,) = desk.sent()
    assert isinstance(request, CancelAllOrders)
    desk.hear(took(request.request_id, canceled=1))
    assert desk.hear(canceled("v1", 1)) == ["Canceled"]
    desk.wait(60)
    assert desk.sent() == []
