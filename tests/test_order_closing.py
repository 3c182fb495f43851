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

from .order_life import WALL, Desk, acknowledged, canceled, refused, took, traded, view

SECOND = 1_000_000_000
CANCEL_ALL = commands.Disconnect(grace=SECOND // 2, patience=3 * SECOND // 2, cancel_all=True)
LEAVE = commands.Disconnect(grace=SECOND // 2, patience=3 * SECOND // 2)


def cancels(desk: Desk) -> list[int]:
    """Numbers of the cancels of all orders that went out since the last look."""
    return [request.request_id for request in desk.sent() if isinstance(request, requests.CancelAllOrders)]


def is_over(desk: Desk) -> bool:
    return any(isinstance(send, EndLink) for send in desk.last.sends)


def end(desk: Desk) -> tuple[events.CloseReport, Decisions]:
    decisions = desk.state.end(Instant(desk.time, WALL + desk.time))
    (report,) = decisions.records
    assert isinstance(report, events.CloseReport)
    return report, decisions


def test_with_nothing_on_its_way_the_cancel_goes_out_at_once() -> None:
    desk = Desk()
    desk.live("a1", "O-1")
    desk.ask(CANCEL_ALL)
    (number,) = cancels(desk)
    desk.hear(took(number))
    assert not is_over(desk), "the order has not ended yet"
    desk.hear(canceled("O-1", 1))
    assert is_over(desk)
    report, decisions = end(desk)
    assert (report.canceled, report.still_open, report.unknown) == (("a1",), (), ())
    assert (report.canceled_count, report.cancel_confirmed, report.is_clean) == (1, True, True)
    assert decisions.alarms == []


def test_the_cancel_waits_for_the_grace_of_a_placement_on_its_way() -> None:
    desk = Desk()
    desk.place("a1")
    desk.sent()
    desk.ask(CANCEL_ALL)
    desk.wait(0.4)
    assert cancels(desk) == []
    desk.hear(took(1, "O-1"), acknowledged("O-1", 1))
    assert len(cancels(desk)) == 1, "nothing is on its way any more, so the rest of the grace is not waited for"


def test_the_cancel_is_sent_again_while_it_is_refused_or_not_answered() -> None:
    desk = Desk()
    desk.live("a1", "O-1")
    desk.ask(CANCEL_ALL)
    (first,) = cancels(desk)
    desk.hear(refused(first, Outcome.THROTTLED, "too many requests"))
    desk.wait(0.2)
    assert cancels(desk) == []
    desk.wait(0.06)
    assert len(cancels(desk)) == 1
    desk.wait(0.6)
    (third,) = cancels(desk)
    desk.hear(took(third), canceled("O-1", 1))
    assert is_over(desk)


def test_the_cancel_is_sent_again_for_a_placement_that_lands_behind_it() -> None:
    desk = Desk()
    desk.place("a1")
    desk.sent()
    desk.ask(CANCEL_ALL)
    desk.wait(0.5)
    (first,) = cancels(desk)
    desk.hear(took(first))
    assert not is_over(desk), "nobody knows yet what became of the placement"
    desk.hear(took(1, "O-1"), acknowledged("O-1", 1))
    desk.wait(0.25)
    assert len(cancels(desk)) == 1
    desk.hear(canceled("O-1", 1))
    assert is_over(desk)
    assert end(desk)[0].canceled == ("a1",)


def test_an_answer_to_an_earlier_cancel_counts_as_well() -> None:
    desk = Desk()
    desk.live("a1", "O-1")
    desk.ask(CANCEL_ALL)
    (first,) = cancels(desk)
    desk.wait(0.3)
    assert len(cancels(desk)) == 1
    desk.hear(took(first), canceled("O-1", 1))
    assert is_over(desk)
    assert end(desk)[0].cancel_confirmed


def test_an_order_whose_end_is_not_told_is_unknown() -> None:
    desk = Desk()
    desk.live("a1", "O-1")
    desk.ask(CANCEL_ALL)
    (number,) = cancels(desk)
    desk.hear(took(number))
    desk.wait(1.5)
    assert is_over(desk)
    report, decisions = end(desk)
    assert (report.unknown, report.still_open, report.cancel_confirmed) == (("a1",), (), True)
    assert decisions.alarms == [
        "The client of TEST, account A, is closed. Perhaps open: 1 order (a1). Nobody here watches them any more: look "
        "at the venue."
    ]


def test_a_venue_that_answers_nothing_leaves_everything_open() -> None:
    desk = Desk()
    desk.live("a1", "O-1")
    desk.place("a2")
    desk.ask(CANCEL_ALL)
    desk.wait(1.5)
    assert is_over(desk)
    report, decisions = end(desk)
    assert (report.still_open, report.unknown, report.cancel_confirmed) == (("a1",), ("a2",), False)
    assert decisions.alarms == [
        "The client of TEST, account A, is closed. The venue did not confirm the cancel of all orders, so any order "
        "there may be open. Open when last heard of: 1 order (a1). Perhaps open: 1 order (a2). Nobody here watches "
        "them any more: look at the venue."
    ]


def test_an_unconfirmed_cancel_is_an_alarm_though_no_order_of_ours_is_open() -> None:
    """Those of other sessions are meant, too."""
    desk = Desk()
    desk.ask(CANCEL_ALL)
    desk.wait(1.5)
    report, decisions = end(desk)
    assert (report.cancel_confirmed, report.is_clean) == (False, False)
    assert len(decisions.alarms) == 1


def test_orders_that_are_left_on_purpose_are_told_too() -> None:
    desk = Desk()
    desk.live("a1", "O-1")
    desk.ask(LEAVE)
    assert is_over(desk)
    report, decisions = end(desk)
    assert (report.still_open, report.cancel_confirmed, report.is_clean) == (("a1",), None, False)
    assert len(decisions.alarms) == 1
    assert cancels(desk) == []


def test_a_client_without_orders_leaves_without_an_alarm() -> None:
    desk = Desk()
    desk.ask(LEAVE)
    report, decisions = end(desk)
    assert report.is_clean
    assert decisions.alarms == []


def test_a_cancel_of_the_users_own_while_we_close_is_counted() -> None:
    desk = Desk()
    desk.live("a1", "O-1")
    desk.ask(commands.Cancel(ClientOrderId("a1")))
    desk.ask(LEAVE)
    desk.hear(took(desk.numbers - 1), canceled("O-1", 1))
    assert end(desk)[0].canceled == ("a1",)


def test_what_fills_while_we_close_is_not_called_canceled() -> None:
    desk = Desk()
    desk.live("a1", "O-1")
    desk.ask(CANCEL_ALL)
    (number,) = cancels(desk)
    desk.hear(traded("O-1", "T-1", 10, 10, 1, final=True), took(number))
    assert is_over(desk)
    report, _ = end(desk)
    assert (report.canceled, report.is_clean) == ((), True)


def test_without_a_connection_the_cancel_waits_for_one() -> None:
    desk = Desk()
    desk.live("a1", "O-1")
    desk.lose_link()
    desk.ask(CANCEL_ALL)
    desk.wait(0.5)
    assert cancels(desk) == []
    assert not is_over(desk)
    desk.log_in(view("O-1", 1))
    (number,) = cancels(desk)
    desk.hear(took(number), canceled("O-1", 1))
    assert is_over(desk)


def test_without_a_connection_the_cancel_goes_over_http_where_that_is_the_way() -> None:
    desk = Desk(rules=VenueRules(venue="TEST", http_requests=frozenset({requests.CancelAllOrders})))
    desk.live("a1", "O-1")
    desk.lose_link()
    desk.ask(CANCEL_ALL)
    assert [(send.connection, type(send.request).__name__) for send in desk.sends] == [(0, "CancelAllOrders")]


def test_a_session_that_failed_leaves_at_once_where_nothing_can_be_sent() -> None:
    desk = Desk()
    desk.live("a1", "O-1")
    desk.apply(LinkFailed(1, "for good", unauthorized=False, reply_to=None))
    desk.ask(CANCEL_ALL)
    assert is_over(desk)
    assert end(desk)[0].still_open == ("a1",)


def test_a_session_that_failed_still_cancels_over_http() -> None:
    desk = Desk(rules=VenueRules(venue="TEST", http_requests=frozenset({requests.CancelAllOrders})))
    desk.live("a1", "O-1")
    desk.apply(LinkFailed(1, "for good", unauthorized=False, reply_to=None))
    desk.ask(CANCEL_ALL)
    (number,) = cancels(desk)
    desk.hear(took(number))
    assert is_over(desk), "no news of the order will come"
    assert end(desk)[0].unknown == ("a1",)


def test_a_second_call_is_answered_at_once_and_changes_nothing() -> None:
    desk = Desk()
    desk.live("a1", "O-1")
    desk.ask(CANCEL_ALL)
    assert len(cancels(desk)) == 1
    desk.ask(LEAVE)
    assert [reply.value for reply in desk.replies] == [None]
    assert not is_over(desk)


def armed() -> Desk:
    """Logged in, with the dead man's switch set to a minute."""
    desk = Desk(logged_in=False, rules=VenueRules(venue="TEST", cancel_timer=True), cancel_all_after=60)
    desk.log_in()
    (request,) = (send.request for send in desk.sends if isinstance(send.request, requests.SetCancelTimer))
    desk.hear(facts.TimerSet(request_id=RequestId(request.request_id), cancels_at=WALL))
    desk.sent()
    return desk


def timers(desk: Desk) -> list[requests.SetCancelTimer]:
    return [request for request in desk.sent() if isinstance(request, requests.SetCancelTimer)]


def test_an_end_in_peace_turns_the_switch_off() -> None:
    desk = armed()
    desk.ask(LEAVE)
    (off,) = timers(desk)
    assert off.seconds == 0
    desk.hear(facts.TimerSet(request_id=off.request_id, cancels_at=None))
    assert is_over(desk)


def test_an_end_by_an_error_leaves_the_switch_to_act() -> None:
    desk = armed()
    desk.live("a1", "O-1")
    desk.ask(commands.Disconnect(grace=SECOND // 2, patience=SECOND, disarm=False))
    assert is_over(desk)
    assert timers(desk) == []


def test_a_switch_that_protects_nothing_is_turned_off_at_an_error_too() -> None:
    """It would cancel what a program that is started again places."""
    desk = armed()
    desk.ask(commands.Disconnect(grace=SECOND // 2, patience=SECOND, disarm=False))
    (off,) = timers(desk)
    assert off.seconds == 0


@pytest.mark.parametrize("disarm", [False, True])
def test_the_switch_is_turned_off_behind_a_cancel_that_has_done_its_work(disarm: bool) -> None:
    desk = armed()
    desk.live("a1", "O-1")
    desk.ask(commands.Disconnect(grace=SECOND // 2, patience=SECOND, cancel_all=True, disarm=disarm))
    (cancel,) = desk.sent()
    assert isinstance(cancel, requests.CancelAllOrders), "it still protects the order"
    desk.hear(took(cancel.request_id), canceled("O-1", 1))
    (off,) = timers(desk)
    assert off.seconds == 0
    assert not is_over(desk)
    desk.hear(facts.TimerSet(request_id=off.request_id, cancels_at=None))
    assert is_over(desk)


def test_the_switch_stays_on_over_orders_that_may_be_open() -> None:
    desk = armed()
    desk.live("a1", "O-1")
    desk.ask(commands.Disconnect(grace=SECOND // 2, patience=SECOND, cancel_all=True))
    desk.wait(1)
    assert is_over(desk)
    assert timers(desk) == []


def test_a_report_names_a_thousand_orders_and_counts_all() -> None:
    desk = Desk()
    for number in range(1, 1203):
        desk.live(f"a{number}", f"O-{number}")
    desk.ask(LEAVE)
    report, decisions = end(desk)
    assert (len(report.still_open), report.still_open_count) == (1000, 1202)
    (alarm,) = decisions.alarms
    assert "1202 orders (a1, a2, " in alarm
    assert "a20 and others)" in alarm


def test_who_did_not_close_gets_no_report() -> None:
    desk = Desk()
    desk.live("a1", "O-1")
    assert not desk.state.end(Instant(desk.time, WALL + desk.time))
