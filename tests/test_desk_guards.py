"""What every request passes, line by line: the link, the venue's counters, the numbers; and the dead man's switch."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any

import pytest
from attrs import evolve, field, frozen

from protocol import commands, events, facts, requests
from protocol.dispatch.inputs import Admission, LinkFailed
from protocol.errors import NotSent, RequestFailed
from protocol.facts import Outcome
from protocol.values import ClientOrderId, Instant, OrderStatus, RequestId
from protocol.venue import SECOND, HttpCall, Throttle, VenueRules

from .order_life import WALL, Desk, PlainVenue, canceled, refused, took, traded, view

A1 = ClientOrderId("a1")


# The link


def refusal(desk: Desk, command: commands.Command) -> str:
    answer = desk.ask(command)
    assert isinstance(answer, NotSent)
    return str(answer)


def test_what_cannot_be_sent_says_why() -> None:
    desk = Desk(logged_in=False)
    assert str(desk.place("a1")) == "Order a1 was not sent: there is no connection to TEST at the moment."
    desk.log_in()
    desk.live("a1", "v1")
    desk.ask(commands.Disconnect(grace=SECOND, cancel_all=True), None)
    desk.sent()
    assert str(desk.place("a2")) == "Order a2 was not sent: the client is closing."
    assert refusal(desk, commands.OpenOrders()) == ("The question for open orders was not sent: the client is closing.")
    assert desk.sent() == []


def test_behind_the_end_of_the_session_its_reason_is_told() -> None:
    desk = Desk()
    desk.apply(LinkFailed(1, "for good", unauthorized=False, reply_to=None))
    assert str(desk.place("a1")) == "Order a1 was not sent: the session has ended. for good"


def test_a_number_that_is_in_use_is_not_used_twice() -> None:
    """The venue's answer could not be told apart."""
    desk = Desk(rules=SWITCH)
    desk.ask(commands.OpenOrders())
    desk.sent()
    desk.numbers -= 1
    assert refusal(desk, commands.OpenOrders()) == "Nothing was sent: request 1 is still waiting for its answer."
    assert desk.sent() == []
    desk.ask(commands.CancelAllAfter(seconds=60))
    assert settings(desk) == [60]
    desk.numbers -= 2
    assert refusal(desk, commands.CancelAllAfter(seconds=0)).startswith("Nothing was sent: request 1 is still")
    desk.hear(took(1, orders=()))
    desk.numbers -= 1
    assert desk.ask(commands.OpenOrders()) is None
    assert len(desk.sent()) == 1


# The venue's counters


@frozen
class CountedVenue(PlainVenue):
    """Notes what is charged: (what, the symbol or symbols, the ages of the orders in ns); makes wait where `waits`."""

    charged: list[tuple[type, Any, list[int]]] = field(factory=list)
    waits: list[int] = field(factory=lambda: [0])

    def open_throttle(self) -> Throttle:
        return self

    def take(self, request: requests.Request, symbol: str, ages: Sequence[int], now: int) -> int:
        self.charged.append((type(request), symbol, list(ages)))
        return self.waits[0]

    def count(self, request: requests.Request, symbols: Iterable[str], now: int) -> None:
        self.charged.append((type(request), sorted(symbols), [now]))

    def exceeded(self, reason: str, symbol: str, now: int) -> None:
        """Nothing is."""

    def allow(self, most: int) -> None:
        self.charged.append((int, most, []))


def counted(**rules: Any) -> tuple[Desk, CountedVenue]:
    venue = CountedVenue(VenueRules(venue="TEST", **rules))
    return Desk(venue=venue), venue


def test_a_cancel_is_charged_by_the_age_of_its_order() -> None:
    desk, venue = counted()
    desk.live("a1", "v1")
    desk.wait(7)
    venue.charged.clear()
    desk.ask(commands.Cancel(A1), Admission.CANCEL)
    assert venue.charged == [(requests.CancelOrder, "GOLD", [7 * SECOND])]


def test_an_order_is_never_younger_than_now_though_our_clock_was_set_back() -> None:
    desk, venue = counted()
    desk.live("a1", "v1")
    desk.wall -= 5 * SECOND
    venue.charged.clear()
    desk.ask(commands.Cancel(A1), Admission.CANCEL)
    assert venue.charged == [(requests.CancelOrder, "GOLD", [0])]


def test_what_the_venue_takes_no_more_of_for_now_is_not_sent() -> None:
    desk, venue = counted()
    venue.waits[0] = 2_500_000_000
    assert str(desk.place("a1")) == (
        "Nothing was sent: TEST takes no more of these for GOLD for another 2.5 s. Try again then."
    )
    assert (desk.sent(), desk.events()) == ([], [])


def test_a_cancel_of_all_is_counted_for_every_symbol_with_a_live_order_and_never_held_back() -> None:
    desk, venue = counted()
    desk.live("a1", "v1")
    desk.live("a2", "v2")
    venue.charged.clear()
    venue.waits[0] = SECOND
    desk.ask(commands.CancelAll(None), Admission.CANCEL)
    assert venue.charged == [(requests.CancelAllOrders, ["GOLD", "GOLD"], [desk.time])]
    assert [type(request) for request in desk.sent()] == [requests.CancelAllOrders]


def test_a_setting_of_the_switch_is_counted() -> None:
    desk, venue = counted(cancel_timer=True)
    desk.ask(commands.CancelAllAfter(seconds=60))
    assert venue.charged == [(requests.SetCancelTimer, [], [desk.time])]


# Over HTTP


@frozen
class TwoWayVenue(PlainVenue):
    """It takes a cancel of all orders over the socket, and over HTTP where there is none."""

    def encode_over_http(self, request: requests.Request) -> HttpCall | None:
        is_taken = isinstance(request, requests.CancelAllOrders)
        return HttpCall(method="POST", path="/cancel", body=b"") if is_taken else None


def test_where_there_is_no_socket_the_cancel_of_all_goes_over_http_and_no_connection_is_its_fate() -> None:
    desk = Desk(venue=TwoWayVenue())
    desk.live("a1", "v1")
    desk.lose_link()
    desk.ask(commands.Disconnect(grace=SECOND, patience=5 * SECOND, cancel_all=True), None)
    (send,) = desk.sends
    assert isinstance(send.request, requests.CancelAllOrders)
    assert send.connection == 0


# How old a list is


def test_a_list_that_was_asked_for_before_an_order_was_placed_says_nothing_of_it() -> None:
    desk = Desk()
    desk.ask(commands.OpenOrders())
    number = desk.numbers
    desk.wait(1)
    desk.live("a1", "v1")
    desk.wait(1)
    desk.hear(took(number, orders=()))
    desk.wait(5)
    assert desk.sent() == []


def test_one_that_was_asked_for_behind_it_does() -> None:
    desk = Desk()
    desk.live("a1", "v1")
    desk.wait(1)
    desk.ask(commands.OpenOrders())
    desk.sent()
    desk.wait(1)
    desk.hear(took(desk.numbers, orders=()))
    desk.wait(5)
    assert requests.QueryOrder in {type(request) for request in desk.sent()}


# Executions that wait to be told whose they are

UNNAMED = VenueRules(venue="TEST", fills_lag=SECOND, reads_history=True, unnamed_events=True)


def with_an_execution_that_waits() -> Desk:
    """One order has no venue id here yet, and an execution of just now names `v7` alone."""
    desk = Desk(rules=UNNAMED)
    desk.place("a7")
    heard = traded("v7", "t1", 4, 4)
    assert desk.hear(evolve(heard, trade=evolve(heard.trade, time=WALL + desk.time))) == []
    return desk


def test_an_execution_is_told_as_soon_as_its_order_is_known_not_behind_the_whole_message() -> None:
    desk = with_an_execution_that_waits()
    assert desk.hear(took(1, "v7"), canceled("v7", 7, 4)) == ["Accepted", "Filled", "Canceled"]


def test_one_that_waits_is_told_whatever_else_happens_meanwhile() -> None:
    """News of the connection are about no order."""
    desk = with_an_execution_that_waits()
    desk.hear(facts.SystemChanged(mode=None, text="?"))
    assert [type(event).__name__ for event in desk.events()] == ["Submitted", "SystemStatus"]
    assert desk.hear(took(1, "v7")) == ["Accepted", "Filled"]


def test_it_is_told_ahead_of_what_the_same_message_says_next() -> None:
    desk = with_an_execution_that_waits()
    assert desk.hear(took(1, "v7"), facts.SystemChanged(mode=None, text="?")) == ["Accepted", "Filled", "SystemStatus"]


def test_one_that_waited_over_a_loss_completes_nothing_by_arithmetic() -> None:
    """It was heard live, but by now the order may have been changed: it is asked for."""
    desk = Desk(rules=UNNAMED)
    desk.place("a7")
    heard = traded("v7", "t1", 10, 10)
    desk.hear(evolve(heard, trade=evolve(heard.trade, time=WALL + desk.time)))
    desk.lose_link()
    desk.sent()
    assert desk.log_in(view("v7", 7))[-2:] == ["Accepted", "Filled"]
    assert desk.status("a7") is OrderStatus.PARTIALLY_FILLED
    (query,) = [request for request in desk.sent() if isinstance(request, requests.QueryOrder)]
    assert query.venue_order_id == "v7"


# Words for the log, and limits


@pytest.mark.parametrize("kind", [facts.Notice, facts.SlowDown, facts.TokenRefused])
def test_what_the_venue_says_to_people_is_handed_on(kind: Any) -> None:
    desk = Desk()
    assert desk.hear(kind(text="Mind the gap.")) == []
    assert desk.last.warnings == ["Mind the gap."]


def test_a_message_that_makes_no_sense_is_told_with_its_beginning() -> None:
    desk = Desk()
    desk.hear(facts.Unreadable(why="It is no JSON.", text="<html>"))
    assert desk.last.warnings == ["It is no JSON. The message begins: <html>"]


def test_a_limit_that_the_venue_names_is_handed_to_its_counters() -> None:
    desk, venue = counted()
    desk.hear(facts.LimitTold(most=125))
    assert venue.charged == [(int, 125, [])]


# The switch


SWITCH = VenueRules(venue="TEST", cancel_timer=True)


def armed(seconds: int = 60) -> Desk:
    desk = Desk(rules=SWITCH)
    set_to(desk, seconds)
    return desk


def set_to(desk: Desk, seconds: int) -> None:
    """The user sets it, and the venue does it."""
    desk.ask(commands.CancelAllAfter(seconds=seconds))
    number = RequestId(desk.numbers)
    assert desk.sent() == [requests.SetCancelTimer(request_id=number, seconds=seconds)]
    desk.hear(facts.TimerSet(request_id=number, cancels_at=WALL if seconds else None))


def settings(desk: Desk) -> list[int]:
    return [request.seconds for request in desk.sent() if isinstance(request, requests.SetCancelTimer)]


@pytest.mark.parametrize(
    ("seconds", "advice"), [(60, "It is set again soon."), (0, "Look whether it is off.")], ids=["on", "off"]
)
def test_a_switch_that_was_not_set_is_told_once(seconds: int, advice: str) -> None:
    desk = Desk(rules=SWITCH)
    desk.ask(commands.CancelAllAfter(seconds=seconds))
    number = RequestId(desk.numbers)
    desk.hear(refused(number, Outcome.DEFINITE, "Not now."))
    problem = "The timer that cancels all orders was not set: Not now."
    assert desk.last.warnings == [f"{problem} {advice}"]
    answer = desk.answer_to(number)
    assert isinstance(answer, RequestFailed)
    assert str(answer) == problem
    desk.hear(facts.TimerSet(request_id=number, cancels_at=WALL))
    assert desk.replies == [], "nobody waits any more"
    end = desk.time + 14 * SECOND  # a second later it is set again
    while (due := desk.state.next_deadline) is not None and due <= end:
        desk.time = due
        desk.apply()
        assert desk.last.warnings == []


def test_only_the_last_setting_plans_the_next_one() -> None:
    desk = armed(60)
    desk.wait(10)
    set_to(desk, 60)
    desk.wait(14.9)
    assert settings(desk) == []
    desk.wait(0.1)
    assert settings(desk) == [60]


def test_a_switch_that_was_turned_off_stays_off() -> None:
    desk = armed(60)
    set_to(desk, 0)
    desk.wait(1000)
    assert desk.sent() == []


def test_a_switch_is_not_set_without_a_connection() -> None:
    desk = Desk(rules=SWITCH)
    desk.lose_link()
    assert refusal(desk, commands.CancelAllAfter(seconds=60)) == (
        "The timer that cancels all orders was not sent: there is no connection to TEST at the moment."
    )
    desk.log_in()
    assert settings(desk) == [], "nor is it kept for the next one"


def test_an_answer_that_does_not_say_when_it_acts_is_not_taken_for_one() -> None:
    desk = Desk(rules=SWITCH)
    desk.ask(commands.CancelAllAfter(seconds=60))
    desk.hear(took(desk.numbers))
    assert desk.last.warnings == ["The answer to request 1 does not fit what was asked, and was ignored."]
    assert desk.replies == []


def test_it_is_not_set_again_while_we_close() -> None:
    desk = armed(60)
    desk.place("a1")
    desk.sent()
    desk.ask(commands.Disconnect(grace=60 * SECOND, disarm=False), None)
    desk.wait(20)
    assert settings(desk) == []


@pytest.mark.parametrize("how", ["lost", "failed"])
def test_it_is_not_touched_where_nothing_can_be_sent(how: str) -> None:
    desk = armed(60)
    if how == "lost":
        desk.lose_link()
    else:
        desk.apply(LinkFailed(1, "for good", unauthorized=False, reply_to=None))
    desk.wait(100)
    desk.ask(commands.Disconnect(grace=SECOND), None)
    assert desk.sent() == []


# The last word


def test_the_report_is_of_the_end_and_of_no_connection_where_there_was_none() -> None:
    desk = Desk(logged_in=False)
    desk.ask(commands.Disconnect(grace=SECOND), None)
    decisions = desk.state.end(Instant(desk.time + SECOND, WALL + desk.time + SECOND))
    (report,) = decisions.records
    assert isinstance(report, events.CloseReport)
    assert (report.connection, report.local_time) == (0, WALL + desk.time + SECOND)
