"""What dispatch decides while a client closes: when the cancel of all orders goes out, and what the report tells."""

from __future__ import annotations

import pytest

from protocol import commands, events, facts, requests
from protocol.dispatch import EndLink
from protocol.dispatch.decisions import Decisions
from protocol.dispatch.inputs import LinkFailed
from protocol.facts import Outcome
from protocol.values import ClientOrderId, Instant, RequestId
from protocol.venue import VenueRules

from ..order_life import WALL, Rig, acknowledged, canceled, refused, took, traded, view

SECOND = 1_000_000_000
CANCEL_ALL = commands.Disconnect(grace=SECOND // 2, patience=3 * SECOND // 2, cancel_all=True)
LEAVE = commands.Disconnect(grace=SECOND // 2, patience=3 * SECOND // 2)


def cancels(rig: Rig) -> list[int]:
    """Numbers of the cancels of all orders that went out since the last look."""
    return [request.request_id for request in rig.sent() if isinstance(request, requests.CancelAllOrders)]


def is_over(rig: Rig) -> bool:
    return any(isinstance(send, EndLink) for send in rig.last.sends)


def end(rig: Rig) -> tuple[events.CloseReport, Decisions]:
    decisions = rig.state.end(Instant(rig.time, WALL + rig.time))
    (report,) = decisions.records
    assert isinstance(report, events.CloseReport)
    return report, decisions


def test_with_nothing_on_its_way_the_cancel_goes_out_at_once() -> None:
    rig = Rig()
    rig.live("a1", "O-1")
    rig.ask(CANCEL_ALL)
    (number,) = cancels(rig)
    rig.hear(took(number))
    assert not is_over(rig), "the order has not ended yet"
    rig.hear(canceled("O-1", 1))
    assert is_over(rig)
    report, decisions = end(rig)
    assert (report.canceled, report.still_open, report.unknown) == (("a1",), (), ())
    assert (report.canceled_count, report.cancel_confirmed, report.is_clean) == (1, True, True)
    assert decisions.alarms == []


def test_the_cancel_waits_for_the_grace_of_a_placement_on_its_way() -> None:
    rig = Rig()
    rig.place("a1")
    rig.sent()
    rig.ask(CANCEL_ALL)
    rig.wait(0.4)
    assert cancels(rig) == []
    rig.hear(took(1, "O-1"), acknowledged("O-1", 1))
    assert len(cancels(rig)) == 1, "nothing is on its way any more, so the rest of the grace is not waited for"


def test_the_cancel_is_sent_again_while_it_is_refused_or_not_answered() -> None:
    rig = Rig()
    rig.live("a1", "O-1")
    rig.ask(CANCEL_ALL)
    (first,) = cancels(rig)
    rig.hear(refused(first, Outcome.THROTTLED, "too many requests"))
    rig.wait(0.2)
    assert cancels(rig) == []
    rig.wait(0.06)
    assert len(cancels(rig)) == 1
    rig.wait(0.6)
    (third,) = cancels(rig)
    rig.hear(took(third), canceled("O-1", 1))
    assert is_over(rig)


def test_the_cancel_is_sent_again_for_a_placement_that_lands_behind_it() -> None:
    rig = Rig()
    rig.place("a1")
    rig.sent()
    rig.ask(CANCEL_ALL)
    rig.wait(0.5)
    (first,) = cancels(rig)
    rig.hear(took(first))
    assert not is_over(rig), "nobody knows yet what became of the placement"
    rig.hear(took(1, "O-1"), acknowledged("O-1", 1))
    rig.wait(0.25)
    assert len(cancels(rig)) == 1
    rig.hear(canceled("O-1", 1))
    assert is_over(rig)
    assert end(rig)[0].canceled == ("a1",)


def test_an_answer_to_an_earlier_cancel_counts_as_well() -> None:
    rig = Rig()
    rig.live("a1", "O-1")
    rig.ask(CANCEL_ALL)
    (first,) = cancels(rig)
    rig.wait(0.3)
    assert len(cancels(rig)) == 1
    rig.hear(took(first), canceled("O-1", 1))
    assert is_over(rig)
    assert end(rig)[0].cancel_confirmed


def test_an_order_whose_end_is_not_told_is_unknown() -> None:
    rig = Rig()
    rig.live("a1", "O-1")
    rig.ask(CANCEL_ALL)
    (number,) = cancels(rig)
    rig.hear(took(number))
    rig.wait(1.5)
    assert is_over(rig)
    report, decisions = end(rig)
    assert (report.unknown, report.still_open, report.cancel_confirmed) == (("a1",), (), True)
    assert decisions.alarms == [
        "The client of TEST, account A, is closed. Perhaps open: 1 order (a1). This client no longer watches "
        "them: look at the venue."
    ]


def test_a_venue_that_answers_nothing_leaves_everything_open() -> None:
    rig = Rig()
    rig.live("a1", "O-1")
    rig.place("a2")
    rig.ask(CANCEL_ALL)
    rig.wait(1.5)
    assert is_over(rig)
    report, decisions = end(rig)
    assert (report.still_open, report.unknown, report.cancel_confirmed) == (("a1",), ("a2",), False)
    assert decisions.alarms == [
        "The client of TEST, account A, is closed. The venue did not confirm the cancel of all orders, so any order "
        "there may be open. Open when last heard of: 1 order (a1). Perhaps open: 1 order (a2). This client no longer "
        "watches them: look at the venue."
    ]


def test_an_unconfirmed_cancel_is_an_alarm_though_no_order_of_ours_is_open() -> None:
    """Those of other sessions are meant, too."""
    rig = Rig()
    rig.ask(CANCEL_ALL)
    rig.wait(1.5)
    report, decisions = end(rig)
    assert (report.cancel_confirmed, report.is_clean) == (False, False)
    assert len(decisions.alarms) == 1


def test_orders_that_are_left_on_purpose_are_told_too() -> None:
    rig = Rig()
    rig.live("a1", "O-1")
    rig.ask(LEAVE)
    assert is_over(rig)
    report, decisions = end(rig)
    assert (report.still_open, report.cancel_confirmed, report.is_clean) == (("a1",), None, False)
    assert len(decisions.alarms) == 1
    assert cancels(rig) == []


def test_a_client_without_orders_leaves_without_an_alarm() -> None:
    rig = Rig()
    rig.ask(LEAVE)
    report, decisions = end(rig)
    assert report.is_clean
    assert decisions.alarms == []


def test_a_cancel_of_the_users_own_while_we_close_is_counted() -> None:
    rig = Rig()
    rig.live("a1", "O-1")
    rig.ask(commands.Cancel(ClientOrderId("a1")))
    rig.ask(LEAVE)
    rig.hear(took(rig.numbers - 1), canceled("O-1", 1))
    assert end(rig)[0].canceled == ("a1",)


def test_what_fills_while_we_close_is_not_called_canceled() -> None:
    rig = Rig()
    rig.live("a1", "O-1")
    rig.ask(CANCEL_ALL)
    (number,) = cancels(rig)
    rig.hear(traded("O-1", "T-1", 10, 10, 1, final=True), took(number))
    assert is_over(rig)
    report, _ = end(rig)
    assert (report.canceled, report.is_clean) == ((), True)


def test_without_a_connection_the_cancel_waits_for_one() -> None:
    rig = Rig()
    rig.live("a1", "O-1")
    rig.lose_link()
    rig.ask(CANCEL_ALL)
    rig.wait(0.5)
    assert cancels(rig) == []
    assert not is_over(rig)
    rig.log_in(view("O-1", 1))
    (number,) = cancels(rig)
    rig.hear(took(number), canceled("O-1", 1))
    assert is_over(rig)


def test_without_a_connection_the_cancel_goes_over_http_where_that_is_the_way() -> None:
    rig = Rig(rules=VenueRules(venue="TEST", http_requests=frozenset({requests.CancelAllOrders})))
    rig.live("a1", "O-1")
    rig.lose_link()
    rig.ask(CANCEL_ALL)
    assert [(send.connection, type(send.request).__name__) for send in rig.sends] == [(0, "CancelAllOrders")]


def test_a_session_that_failed_leaves_at_once_where_nothing_can_be_sent() -> None:
    rig = Rig()
    rig.live("a1", "O-1")
    rig.apply(LinkFailed(1, "for good", unauthorized=False, reply_to=None))
    rig.ask(CANCEL_ALL)
    assert is_over(rig)
    assert end(rig)[0].still_open == ("a1",)


def test_a_session_that_failed_still_cancels_over_http() -> None:
    rig = Rig(rules=VenueRules(venue="TEST", http_requests=frozenset({requests.CancelAllOrders})))
    rig.live("a1", "O-1")
    rig.apply(LinkFailed(1, "for good", unauthorized=False, reply_to=None))
    rig.ask(CANCEL_ALL)
    (number,) = cancels(rig)
    rig.hear(took(number))
    assert is_over(rig), "no news of the order will come"
    assert end(rig)[0].unknown == ("a1",)


def test_a_second_call_is_answered_at_once_and_changes_nothing() -> None:
    rig = Rig()
    rig.live("a1", "O-1")
    rig.ask(CANCEL_ALL)
    assert len(cancels(rig)) == 1
    rig.ask(LEAVE)
    assert [reply.value for reply in rig.replies] == [None]
    assert not is_over(rig)


def armed() -> Rig:
    """Logged in, with the dead man's switch set to a minute."""
    rig = Rig(logged_in=False, rules=VenueRules(venue="TEST", cancel_all_after=True), cancel_all_after=60)
    rig.log_in()
    (request,) = (send.request for send in rig.sends if isinstance(send.request, requests.SetCancelAllAfter))
    rig.hear(facts.CancelAllAfterSet(request_id=RequestId(request.request_id), cancels_at=WALL))
    rig.sent()
    return rig


def timers(rig: Rig) -> list[requests.SetCancelAllAfter]:
    return [request for request in rig.sent() if isinstance(request, requests.SetCancelAllAfter)]


def test_an_end_in_peace_turns_the_switch_off() -> None:
    rig = armed()
    rig.ask(LEAVE)
    (off,) = timers(rig)
    assert off.seconds == 0
    rig.hear(facts.CancelAllAfterSet(request_id=off.request_id, cancels_at=None))
    assert is_over(rig)


def test_an_end_by_an_error_leaves_the_switch_to_act() -> None:
    rig = armed()
    rig.live("a1", "O-1")
    rig.ask(commands.Disconnect(grace=SECOND // 2, patience=SECOND, disarm=False))
    assert is_over(rig)
    assert timers(rig) == []


def test_a_switch_that_protects_nothing_is_turned_off_at_an_error_too() -> None:
    """It would cancel what a program that is started again places."""
    rig = armed()
    rig.ask(commands.Disconnect(grace=SECOND // 2, patience=SECOND, disarm=False))
    (off,) = timers(rig)
    assert off.seconds == 0


@pytest.mark.parametrize("disarm", [False, True])
def test_the_switch_is_turned_off_behind_a_cancel_that_has_done_its_work(disarm: bool) -> None:
    rig = armed()
    rig.live("a1", "O-1")
    rig.ask(commands.Disconnect(grace=SECOND // 2, patience=SECOND, cancel_all=True, disarm=disarm))
    (cancel,) = rig.sent()
    assert isinstance(cancel, requests.CancelAllOrders), "it still protects the order"
    rig.hear(took(cancel.request_id), canceled("O-1", 1))
    (off,) = timers(rig)
    assert off.seconds == 0
    assert not is_over(rig)
    rig.hear(facts.CancelAllAfterSet(request_id=off.request_id, cancels_at=None))
    assert is_over(rig)


def test_the_switch_stays_on_over_orders_that_may_be_open() -> None:
    rig = armed()
    rig.live("a1", "O-1")
    rig.ask(commands.Disconnect(grace=SECOND // 2, patience=SECOND, cancel_all=True))
    rig.wait(1)
    assert is_over(rig)
    assert timers(rig) == []


def test_a_report_names_a_thousand_orders_and_counts_all() -> None:
    rig = Rig()
    for number in range(1, 1203):
        rig.live(f"a{number}", f"O-{number}")
    rig.ask(LEAVE)
    report, decisions = end(rig)
    assert (len(report.still_open), report.still_open_count) == (1000, 1202)
    (alarm,) = decisions.alarms
    assert "1202 orders (a1, a2, " in alarm
    assert "a20 and others)" in alarm


def test_who_did_not_close_gets_no_report() -> None:
    rig = Rig()
    rig.live("a1", "O-1")
    assert not rig.state.end(Instant(rig.time, WALL + rig.time))
