"""What every request passes, line by line: the link, the venue's counters, the numbers; and the dead man's switch."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any

import pytest
from attrs import field, frozen

from protocol import commands, events, facts, requests
from protocol.dispatch.inputs import Admission, LinkFailed
from protocol.errors import NotSent, RequestFailed
from protocol.facts import Outcome
from protocol.structs import evolve
from protocol.values import ClientOrderId, Instant, OrderStatus, RequestId
from protocol.venue import SECOND, HttpCall, Throttle, VenueRules

from ..order_life import WALL, PlainVenue, Rig, canceled, refused, took, traded, view

A1 = ClientOrderId("a1")


# The link


def refusal(rig: Rig, command: commands.Command) -> str:
    answer = rig.ask(command)
    assert isinstance(answer, NotSent)
    return str(answer)


def test_what_cannot_be_sent_says_why() -> None:
    rig = Rig(logged_in=False)
    assert str(rig.place("a1")) == "Order a1 was not sent: there is no connection to TEST at the moment."
    rig.log_in()
    rig.live("a1", "v1")
    rig.ask(commands.Disconnect(grace=SECOND, cancel_all=True), None)
    rig.sent()
    assert str(rig.place("a2")) == "Order a2 was not sent: the client is closing."
    assert refusal(rig, commands.OpenOrders()) == ("The question for open orders was not sent: the client is closing.")
    assert rig.sent() == []


def test_behind_the_end_of_the_session_its_reason_is_told() -> None:
    rig = Rig()
    rig.apply(LinkFailed(1, "for good", unauthorized=False, reply_to=None))
    assert str(rig.place("a1")) == "Order a1 was not sent: the session has ended. for good"


def test_a_number_that_is_in_use_is_not_used_twice() -> None:
    """The venue's answer could not be told apart."""
    rig = Rig(rules=SWITCH)
    rig.ask(commands.OpenOrders())
    rig.sent()
    rig.numbers -= 1
    assert refusal(rig, commands.OpenOrders()) == "Nothing was sent: request 1 is still waiting for its answer."
    assert rig.sent() == []
    rig.ask(commands.CancelAllAfter(seconds=60))
    assert settings(rig) == [60]
    rig.numbers -= 2
    assert refusal(rig, commands.CancelAllAfter(seconds=0)).startswith("Nothing was sent: request 1 is still")
    rig.hear(took(1, orders=()))
    rig.numbers -= 1
    assert rig.ask(commands.OpenOrders()) is None
    assert len(rig.sent()) == 1


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


def counted(**rules: Any) -> tuple[Rig, CountedVenue]:
    venue = CountedVenue(VenueRules(venue="TEST", **rules))
    return Rig(venue=venue), venue


def test_a_cancel_is_charged_by_the_age_of_its_order() -> None:
    rig, venue = counted()
    rig.live("a1", "v1")
    rig.wait(7)
    venue.charged.clear()
    rig.ask(commands.Cancel(A1), Admission.CANCEL)
    assert venue.charged == [(requests.CancelOrder, "GOLD", [7 * SECOND])]


def test_an_order_is_never_younger_than_now_though_our_clock_was_set_back() -> None:
    rig, venue = counted()
    rig.live("a1", "v1")
    rig.wall -= 5 * SECOND
    venue.charged.clear()
    rig.ask(commands.Cancel(A1), Admission.CANCEL)
    assert venue.charged == [(requests.CancelOrder, "GOLD", [0])]


def test_what_the_venue_takes_no_more_of_for_now_is_not_sent() -> None:
    rig, venue = counted()
    venue.waits[0] = 2_500_000_000
    assert str(rig.place("a1")) == (
        "Nothing was sent: TEST takes no more of these for GOLD for another 2.5 s. Try again then."
    )
    assert (rig.sent(), rig.events()) == ([], [])


def test_a_cancel_of_all_is_counted_for_every_symbol_with_a_live_order_and_never_held_back() -> None:
    rig, venue = counted()
    rig.live("a1", "v1")
    rig.live("a2", "v2")
    venue.charged.clear()
    venue.waits[0] = SECOND
    rig.ask(commands.CancelAll(None), Admission.CANCEL)
    assert venue.charged == [(requests.CancelAllOrders, ["GOLD", "GOLD"], [rig.time])]
    assert [type(request) for request in rig.sent()] == [requests.CancelAllOrders]


def test_a_setting_of_the_switch_is_counted() -> None:
    rig, venue = counted(cancel_all_after=True)
    rig.ask(commands.CancelAllAfter(seconds=60))
    assert venue.charged == [(requests.SetCancelAllAfter, [], [rig.time])]


# Over HTTP


@frozen
class TwoWayVenue(PlainVenue):
    """It takes a cancel of all orders over the socket, and over HTTP where there is none."""

    def encode_over_http(self, request: requests.Request) -> HttpCall | None:
        is_taken = isinstance(request, requests.CancelAllOrders)
        return HttpCall(method="POST", path="/cancel", body=b"") if is_taken else None


def test_where_there_is_no_socket_the_cancel_of_all_goes_over_http_and_no_connection_is_its_fate() -> None:
    rig = Rig(venue=TwoWayVenue())
    rig.live("a1", "v1")
    rig.lose_link()
    rig.ask(commands.Disconnect(grace=SECOND, patience=5 * SECOND, cancel_all=True), None)
    (send,) = rig.sends
    assert isinstance(send.request, requests.CancelAllOrders)
    assert send.connection == 0


# How old a list is


def test_a_list_that_was_asked_for_before_an_order_was_placed_says_nothing_of_it() -> None:
    rig = Rig()
    rig.ask(commands.OpenOrders())
    number = rig.numbers
    rig.wait(1)
    rig.live("a1", "v1")
    rig.wait(1)
    rig.hear(took(number, orders=()))
    rig.wait(5)
    assert rig.sent() == []


def test_one_that_was_asked_for_behind_it_does() -> None:
    rig = Rig()
    rig.live("a1", "v1")
    rig.wait(1)
    rig.ask(commands.OpenOrders())
    rig.sent()
    rig.wait(1)
    rig.hear(took(rig.numbers, orders=()))
    rig.wait(5)
    assert requests.QueryOrder in {type(request) for request in rig.sent()}


# Executions that wait to be told whose they are

UNNAMED = VenueRules(venue="TEST", fills_lag=SECOND, reads_history=True, unnamed_events=True)


def with_an_execution_that_waits() -> Rig:
    """One order has no venue id here yet, and an execution of just now names `v7` alone."""
    rig = Rig(rules=UNNAMED)
    rig.place("a7")
    heard = traded("v7", "t1", 4, 4)
    assert rig.hear(evolve(heard, trade=evolve(heard.trade, time=WALL + rig.time))) == []
    return rig


def test_an_execution_is_told_as_soon_as_its_order_is_known_not_behind_the_whole_message() -> None:
    rig = with_an_execution_that_waits()
    assert rig.hear(took(1, "v7"), canceled("v7", 7, 4)) == ["Accepted", "Filled", "Canceled"]


def test_one_that_waits_is_told_whatever_else_happens_meanwhile() -> None:
    """News of the connection are about no order."""
    rig = with_an_execution_that_waits()
    rig.hear(facts.SystemChanged(mode=None, text="?"))
    assert [type(event).__name__ for event in rig.events()] == ["Submitted", "SystemStatus"]
    assert rig.hear(took(1, "v7")) == ["Accepted", "Filled"]


def test_it_is_told_ahead_of_what_the_same_message_says_next() -> None:
    rig = with_an_execution_that_waits()
    assert rig.hear(took(1, "v7"), facts.SystemChanged(mode=None, text="?")) == ["Accepted", "Filled", "SystemStatus"]


def test_one_that_waited_over_a_loss_completes_nothing_by_arithmetic() -> None:
    """It was heard live, but by now the order may have been changed: it is asked for."""
    rig = Rig(rules=UNNAMED)
    rig.place("a7")
    heard = traded("v7", "t1", 10, 10)
    rig.hear(evolve(heard, trade=evolve(heard.trade, time=WALL + rig.time)))
    rig.lose_link()
    rig.sent()
    assert rig.log_in(view("v7", 7))[-2:] == ["Accepted", "Filled"]
    assert rig.status("a7") is OrderStatus.PARTIALLY_FILLED
    (query,) = [request for request in rig.sent() if isinstance(request, requests.QueryOrder)]
    assert query.venue_order_id == "v7"


# Words for the log, and limits


@pytest.mark.parametrize("kind", [facts.Notice, facts.SlowDown, facts.TokenRefused])
def test_what_the_venue_says_to_people_is_handed_on(kind: Any) -> None:
    rig = Rig()
    assert rig.hear(kind(text="Mind the gap.")) == []
    assert rig.last.warnings == ["Mind the gap."]


def test_a_message_that_makes_no_sense_is_told_with_its_beginning() -> None:
    rig = Rig()
    rig.hear(facts.Unreadable(why="It is no JSON.", text="<html>"))
    assert rig.last.warnings == ["It is no JSON. The message begins: <html>"]


def test_a_limit_that_the_venue_names_is_handed_to_its_counters() -> None:
    rig, venue = counted()
    rig.hear(facts.LimitTold(most=125))
    assert venue.charged == [(int, 125, [])]


# The switch


SWITCH = VenueRules(venue="TEST", cancel_all_after=True)


def armed(seconds: int = 60) -> Rig:
    rig = Rig(rules=SWITCH)
    set_to(rig, seconds)
    return rig


def set_to(rig: Rig, seconds: int) -> None:
    """The user sets it, and the venue does it."""
    rig.ask(commands.CancelAllAfter(seconds=seconds))
    number = RequestId(rig.numbers)
    assert rig.sent() == [requests.SetCancelAllAfter(request_id=number, seconds=seconds)]
    rig.hear(facts.CancelAllAfterSet(request_id=number, cancels_at=WALL if seconds else None))


def settings(rig: Rig) -> list[int]:
    return [request.seconds for request in rig.sent() if isinstance(request, requests.SetCancelAllAfter)]


@pytest.mark.parametrize(
    ("seconds", "advice"), [(60, "It is set again soon."), (0, "Look whether it is off.")], ids=["on", "off"]
)
def test_a_switch_that_was_not_set_is_told_once(seconds: int, advice: str) -> None:
    rig = Rig(rules=SWITCH)
    rig.ask(commands.CancelAllAfter(seconds=seconds))
    number = RequestId(rig.numbers)
    rig.hear(refused(number, Outcome.DEFINITE, "Not now."))
    problem = "The timer that cancels all orders was not set: Not now."
    assert rig.last.warnings == [f"{problem} {advice}"]
    answer = rig.answer_to(number)
    assert isinstance(answer, RequestFailed)
    assert str(answer) == problem
    rig.hear(facts.CancelAllAfterSet(request_id=number, cancels_at=WALL))
    assert rig.replies == [], "nobody waits any more"
    end = rig.time + 14 * SECOND  # a second later it is set again
    while (due := rig.state.next_deadline) is not None and due <= end:
        rig.time = due
        rig.apply()
        assert rig.last.warnings == []


def test_only_the_last_setting_plans_the_next_one() -> None:
    rig = armed(60)
    rig.wait(10)
    set_to(rig, 60)
    rig.wait(14.9)
    assert settings(rig) == []
    rig.wait(0.1)
    assert settings(rig) == [60]


def test_a_switch_that_was_turned_off_stays_off() -> None:
    rig = armed(60)
    set_to(rig, 0)
    rig.wait(1000)
    assert rig.sent() == []


def test_a_switch_is_not_set_without_a_connection() -> None:
    rig = Rig(rules=SWITCH)
    rig.lose_link()
    assert refusal(rig, commands.CancelAllAfter(seconds=60)) == (
        "The timer that cancels all orders was not sent: there is no connection to TEST at the moment."
    )
    rig.log_in()
    assert settings(rig) == [], "nor is it kept for the next one"


def test_an_answer_that_does_not_say_when_it_acts_is_not_taken_for_one() -> None:
    rig = Rig(rules=SWITCH)
    rig.ask(commands.CancelAllAfter(seconds=60))
    rig.hear(took(rig.numbers))
    assert rig.last.warnings == ["The answer to request 1 does not fit what was asked, and was ignored."]
    assert rig.replies == []


def test_it_is_not_set_again_while_we_close() -> None:
    rig = armed(60)
    rig.place("a1")
    rig.sent()
    rig.ask(commands.Disconnect(grace=60 * SECOND, disarm=False), None)
    rig.wait(20)
    assert settings(rig) == []


@pytest.mark.parametrize("how", ["lost", "failed"])
def test_it_is_not_touched_where_nothing_can_be_sent(how: str) -> None:
    rig = armed(60)
    if how == "lost":
        rig.lose_link()
    else:
        rig.apply(LinkFailed(1, "for good", unauthorized=False, reply_to=None))
    rig.wait(100)
    rig.ask(commands.Disconnect(grace=SECOND), None)
    assert rig.sent() == []


# The last word


def test_the_report_is_of_the_end_and_of_no_connection_where_there_was_none() -> None:
    rig = Rig(logged_in=False)
    rig.ask(commands.Disconnect(grace=SECOND), None)
    decisions = rig.state.end(Instant(rig.time + SECOND, WALL + rig.time + SECOND))
    (report,) = decisions.records
    assert isinstance(report, events.CloseReport)
    assert (report.connection, report.local_time) == (0, WALL + rig.time + SECOND)
