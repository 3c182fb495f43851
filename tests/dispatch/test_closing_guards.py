"""Closing, line by line: what is waited for, and how long; when the cancel goes out again; what the report counts."""

from __future__ import annotations

import pytest

from protocol import commands, facts, requests
from protocol.dispatch import EndLink, Send
from protocol.dispatch.decisions import Decisions, Reply
from protocol.dispatch.inputs import Admission, LinkDown, LinkFailed
from protocol.events import Authenticated
from protocol.facts import Outcome
from protocol.values import AccountId, ClientOrderId, OrderStatus, RequestId
from protocol.venue import VenueRules

from ..order_life import WALL, Rig, acknowledged, canceled, refused, took
from .test_context_guards import TwoWayVenue, counted
from .test_order_closing import CANCEL_ALL, LEAVE, SECOND, armed, cancels, end, is_over, timers

# What is waited for


def test_a_request_that_was_answered_is_not_waited_for() -> None:
    """The venue has taken the cancel; the order's own news may come later."""
    rig = Rig()
    rig.live("a1", "O-1")
    rig.ask(commands.Cancel(ClientOrderId("a1")), Admission.CANCEL)
    rig.hear(took(rig.numbers))
    rig.ask(LEAVE)
    assert is_over(rig)


def test_one_that_is_answered_meanwhile_is_waited_for_no_longer() -> None:
    rig = Rig()
    rig.live("a1", "O-1")
    rig.ask(commands.Cancel(ClientOrderId("a1")), Admission.CANCEL)
    number = rig.numbers
    rig.ask(LEAVE)
    assert not is_over(rig)
    rig.hear(took(number))
    assert is_over(rig)


def test_a_question_for_the_time_keeps_nobody() -> None:
    rig = Rig(rules=VenueRules(venue="TEST", tells_time=True))
    assert [type(request) for request in rig.sent()] == [requests.AskTime]
    rig.ask(LEAVE)
    assert is_over(rig)


def test_without_a_word_on_patience_all_is_over_after_twice_the_grace() -> None:
    rig = Rig()
    rig.live("a1", "O-1")
    rig.ask(commands.Disconnect(grace=SECOND, cancel_all=True))
    number = rig.numbers
    rig.wait(1.999)
    assert not any(isinstance(send, EndLink) for send in rig.last.sends)
    assert rig.answer_to(number) is None
    rig.wait(0.001)
    assert is_over(rig)
    assert rig.last.replies == [Reply(f"asker {number}", None)]


def test_the_end_is_decided_once() -> None:
    rig = Rig()
    rig.ask(LEAVE)
    assert rig.last.sends == [EndLink()]
    rig.apply()
    rig.wait(5)
    assert (rig.last.sends, rig.last.replies) == ([], [])


# The cancel of all orders


def test_the_first_pause_is_a_quarter_of_a_second_and_each_one_is_twice_the_last() -> None:
    rig = Rig()
    rig.live("a1", "O-1")
    rig.ask(commands.Disconnect(grace=SECOND, patience=10 * SECOND, cancel_all=True))
    began, moments = rig.time, [0 for _ in cancels(rig)]
    while (due := rig.state.next_deadline) is not None and due <= began + 9 * SECOND:
        rig.time = due
        rig.apply()
        moments += [rig.time - began for _ in cancels(rig)]
    assert moments == [0, SECOND // 4, 3 * SECOND // 4, 7 * SECOND // 4, 15 * SECOND // 4, 31 * SECOND // 4]


def test_each_of_them_counts_at_the_venue() -> None:
    rig, venue = counted()
    rig.live("a1", "O-1")
    venue.charged.clear()
    rig.ask(CANCEL_ALL)
    assert venue.charged == [(requests.CancelAllOrders, ["GOLD"], [rig.time])]


def test_while_the_socket_is_up_it_takes_the_cancel() -> None:
    rig = Rig(venue=TwoWayVenue())
    rig.live("a1", "O-1")
    rig.ask(CANCEL_ALL)
    (send,) = rig.sends
    assert isinstance(send, Send)
    assert send.connection == 1


def test_a_close_that_is_cut_short_has_not_confirmed_its_cancel() -> None:
    """The placement on its way had its grace, so the cancel had not even gone out."""
    rig = Rig()
    rig.place("a1")
    rig.ask(CANCEL_ALL)
    report, decisions = end(rig)
    assert (report.cancel_confirmed, report.unknown, report.is_clean) == (False, ("a1",), False)
    assert "The venue did not confirm the cancel of all orders" in decisions.alarms[0]


# The switch


def test_an_end_in_peace_turns_the_switch_off_though_orders_stay_open() -> None:
    rig = armed()
    rig.live("a1", "O-1")
    rig.ask(LEAVE)
    assert [request.seconds for request in timers(rig)] == [0]


def test_the_answer_to_turning_it_off_is_waited_for_until_the_last_moment() -> None:
    """The orders are gone only behind the grace, and then the switch is turned off."""
    rig = armed()
    rig.live("a1", "O-1")
    rig.ask(CANCEL_ALL)
    (number, *_) = cancels(rig)
    rig.wait(0.7)
    rig.hear(took(number), canceled("O-1", 1))
    (off,) = timers(rig)
    assert off.seconds == 0
    rig.wait(0.7)
    rig.apply()
    assert not is_over(rig)
    rig.wait(0.1)
    assert is_over(rig), "a second and a half are over"


def test_an_answer_to_it_ends_that() -> None:
    rig = armed()
    rig.live("a1", "O-1")
    rig.ask(CANCEL_ALL)
    (number,) = cancels(rig)
    rig.hear(took(number), canceled("O-1", 1))
    (off,) = timers(rig)
    rig.apply()
    assert not is_over(rig)
    rig.hear(facts.CancelAllAfterSet(request_id=RequestId(off.request_id), cancels_at=None))
    assert is_over(rig)


def test_where_nothing_can_be_sent_the_switch_keeps_nobody() -> None:
    rig = armed()
    rig.apply(LinkFailed(1, "for good", unauthorized=False, reply_to=None))
    rig.ask(CANCEL_ALL)
    assert is_over(rig)
    assert rig.sent() == []


def test_an_order_that_turns_up_while_that_is_awaited_is_canceled_as_well() -> None:
    """It was called Denied, for the venue did not know it; then the venue tells that it lives."""
    rig = Rig(rules=VenueRules(venue="TEST", cancel_all_after=True, ended_proves_after=SECOND), cancel_all_after=60)
    rig.place("a1")
    rig.apply(LinkDown(1, "cut", True, by_venue=True))
    rig.wait(2)
    rig.sent()
    rig.log_in()
    for request in rig.sent():
        if isinstance(request, requests.QueryOrder):
            rig.hear(refused(request.request_id, Outcome.NOT_FOUND))
        else:
            rig.hear(facts.CancelAllAfterSet(request_id=request.request_id, cancels_at=WALL))
    assert rig.status("a1") is OrderStatus.DENIED
    rig.sent()
    rig.ask(CANCEL_ALL)
    (first,) = cancels(rig)
    rig.hear(took(first))
    (off,) = timers(rig)
    assert off.seconds == 0
    rig.hear(acknowledged("O-1", 1))
    assert rig.status("a1") is OrderStatus.ACCEPTED
    rig.hear(facts.CancelAllAfterSet(request_id=RequestId(off.request_id), cancels_at=None))
    rig.wait(0.3)
    (second,) = cancels(rig)
    rig.hear(took(second), canceled("O-1", 1))
    assert is_over(rig)


# The report


def test_canceled_orders_are_named_up_to_a_thousand_and_all_counted() -> None:
    rig = Rig()
    for number in range(1, 1002):
        rig.live(f"a{number}", f"O-{number}")
    rig.ask(CANCEL_ALL)
    (cancel,) = cancels(rig)
    rig.hear(took(cancel), *(canceled(f"O-{number}", number) for number in range(1, 1002)))
    report, _ = end(rig)
    assert (len(report.canceled), report.canceled_count) == (1000, 1001)
    assert report.canceled[-1] == "a1000"


@pytest.mark.parametrize(("orders", "words"), [(20, ", a20)."), (21, ", a20 and others).")])
def test_a_sentence_names_twenty(orders: int, words: str) -> None:
    rig = Rig()
    for number in range(1, orders + 1):
        rig.live(f"a{number}", f"O-{number}")
    rig.ask(LEAVE)
    (alarm,) = end(rig)[1].alarms
    assert f"Open when last heard of: {orders} orders (a1, " in alarm
    assert words in alarm


# What is worth handing on

TOLD = Authenticated(venue="TEST", account=AccountId("A"), connection=1, local_time=1, user="u")


@pytest.mark.parametrize(
    "decided",
    [
        Decisions(records=[TOLD]),
        Decisions(sends=[EndLink()]),
        Decisions(replies=[Reply("asker", None)]),
        Decisions(released=[Admission.ORDER]),
        Decisions(forgotten=[RequestId(1)]),
        Decisions(warnings=["."]),
        Decisions(alarms=["!"]),
    ],
)
def test_every_kind_of_decision_is_one_by_itself(decided: Decisions) -> None:
    assert decided
    assert not Decisions()
