"""Orders of other sessions, and the dead man's switch, after a restart."""

from __future__ import annotations

from decimal import Decimal

import pytest

from protocol import commands, events, facts, requests
from protocol.dispatch.inputs import LinkUp
from protocol.dispatch.records import SwitchSet
from protocol.reasons import Why
from protocol.values import OrderStatus, RequestId
from protocol.venue import SECOND, VenueRules
from tests.guarding import asked, told
from tests.order_life import WALL, acknowledged, refused, took, view
from tests.restarting import Run, first_run

CHAINS = VenueRules(venue="TEST", reads_history=True, chain_history=True)
SWITCH = VenueRules(venue="TEST", cancel_all_after=True)


@pytest.fixture(params=[False, True], ids=["records", "snapshot"])
def by_snapshot(request: pytest.FixtureRequest) -> bool:
    return bool(request.param)


def reported(run: Run) -> list[tuple[str, OrderStatus | None]]:
    return [(each.venue_order_id, each.status) for each in told(run, events.OrderStatusReport)]


def with_one_open() -> Run:
    run = Run()
    run.log_in(view("x1", 1))
    assert reported(run) == [("x1", OrderStatus.ACCEPTED)]
    return run


def test_an_open_order_of_another_session_is_not_reported_again(by_snapshot: bool) -> None:
    run = with_one_open().next_run(by_snapshot=by_snapshot)
    run.log_in(view("x1", 1), view("x2", 2))
    assert reported(run) == [("x2", OrderStatus.ACCEPTED)]


@pytest.mark.parametrize(
    "changed",
    [{"price": Decimal(99)}, {"quantity": Decimal(9)}, {"cumulative": Decimal(3)}],
    ids=lambda each: str(each),
)
def test_one_that_has_changed_meanwhile_is(changed: dict[str, Decimal], by_snapshot: bool) -> None:
    run = with_one_open().next_run(by_snapshot=by_snapshot)
    run.log_in(view("x1", 1, **changed))
    assert reported(run) == [("x1", OrderStatus.ACCEPTED)]


def test_one_that_ended_meanwhile_is(by_snapshot: bool) -> None:
    run = with_one_open().next_run(by_snapshot=by_snapshot)
    run.log_in()
    (query,) = asked(run, requests.QueryOrder)
    run.hear(took(query.request_id, order=view("x1", 1, status=OrderStatus.CANCELED)))
    assert reported(run) == [("x1", OrderStatus.CANCELED)]
    run = run.next_run(by_snapshot=by_snapshot)
    run.log_in()
    run.wait(60)
    assert reported(run) == []


def test_one_of_which_it_is_not_known_how_it_ended_is_told_once(by_snapshot: bool) -> None:
    run = with_one_open()
    run.lose_link()
    run.log_in()
    (query,) = asked(run, requests.QueryOrder)
    run.records.clear()
    run.hear(refused(query.request_id, facts.Outcome.NOT_FOUND))
    assert reported(run) == [("x1", None)]
    run = run.next_run(by_snapshot=by_snapshot)
    run.log_in()
    run.wait(60)
    assert reported(run) == []
    assert not asked(run, requests.QueryOrder)


def test_a_message_that_the_venue_repeats_after_a_restart_is_no_news(by_snapshot: bool) -> None:
    run = first_run()
    run.hear(acknowledged("x1", 1))
    run = run.next_run(by_snapshot=by_snapshot)
    run.log_in()
    run.records.clear()
    assert run.hear(acknowledged("x1", 1)) == []
    later = facts.OrderCanceled(time=WALL + SECOND, order=view("x1", 1, status=OrderStatus.CANCELED), reason="")
    assert run.hear(later) == ["OrderStatusReport"]


def test_an_order_that_went_on_under_another_id_is_not_missed_under_the_old_one(by_snapshot: bool) -> None:
    run = with_one_open()
    old, new = view("x1", 1, status=None), view("x2", 1)
    run.hear(facts.OrderReplaced(time=WALL, order=old, new_venue_order_id=new.venue_order_id, replacement=new))
    run = run.next_run(by_snapshot=by_snapshot)
    run.log_in(new)
    assert not asked(run, requests.QueryOrder)
    assert reported(run) == []


def answer_that_it_was_replaced(run: Run) -> None:
    run.log_in()
    (query,) = asked(run, requests.QueryOrder)
    run.hear(took(query.request_id, order=view("x1", 1, status=None, replaced=True)))


def test_the_end_of_an_order_is_told_though_the_run_ended_before_history_said_what_it_went_on_under(
    by_snapshot: bool,
) -> None:
    run = Run(rules=CHAINS)
    run.log_in(view("x1", 1))
    run.lose_link()
    answer_that_it_was_replaced(run)
    run = run.next_run(by_snapshot=by_snapshot)
    answer_that_it_was_replaced(run)
    rows = view("x1", 1, status=None, replaced=True), view("x2", 1, status=OrderStatus.CANCELED)
    run.hear(facts.OrderHistoryListed(request_id=RequestId(0), orders=rows))
    assert reported(run) == [("x2", OrderStatus.CANCELED)]
    run = run.next_run(by_snapshot=by_snapshot)
    run.log_in()
    assert not asked(run, requests.QueryOrder)


def replaced_meanwhile(*shown: facts.OrderView) -> Run:
    """History, read until it must have it, does not name what x1 goes on under. shown: by the login."""
    run = Run(rules=CHAINS)
    run.log_in(view("x1", 1))
    run.lose_link()
    run.wait(1)
    run.log_in(*shown)
    (query,) = asked(run, requests.QueryOrder)
    run.hear(took(query.request_id, order=view("x1", 1, status=None, replaced=True)))
    for _ in range(10):
        for page in asked(run, requests.ListOrderHistory):
            run.hear(facts.OrderHistoryListed(request_id=page.request_id, orders=()))
        for page in asked(run, requests.ListFills):
            run.hear(facts.FillsListed(request_id=page.request_id, trades=()))
        run.wait(1)
    return run


def test_an_order_that_history_never_names_again_is_told_as_gone_once(by_snapshot: bool) -> None:
    run = replaced_meanwhile()
    assert reported(run)[1:] == [("x1", None)]
    run = run.next_run(by_snapshot=by_snapshot)
    run.log_in()
    run.wait(60)
    assert not asked(run, requests.QueryOrder)
    assert reported(run) == []


def test_an_order_that_goes_on_under_an_id_that_was_shown_is_not_missed_under_the_old_one(by_snapshot: bool) -> None:
    run = replaced_meanwhile(view("x2", 1))
    assert reported(run)[1:] == [("x2", OrderStatus.ACCEPTED)]
    run = run.next_run(by_snapshot=by_snapshot)
    run.log_in(view("x2", 1))
    run.wait(60)
    assert not asked(run, requests.QueryOrder)
    assert reported(run) == []


def test_an_adopted_order_is_not_another_sessions_any_more(by_snapshot: bool) -> None:
    run = with_one_open()
    (report,) = told(run, events.OrderStatusReport)
    run.ask(commands.Adopt(report=report), None)
    run = run.next_run(by_snapshot=by_snapshot)
    run.log_in(view("x1", 1))
    assert reported(run) == []
    assert len(run.state.orders.live) == 1
    assert len(run.state._restart._takers.external) == 0


# The dead man's switch


def armed(**options: int) -> Run:
    run = first_run(rules=SWITCH, cancel_all_after=60, **options)
    (setting,) = asked(run, requests.SetCancelAllAfter)
    run.hear(facts.CancelAllAfterSet(request_id=setting.request_id, cancels_at=None))
    return run


def test_that_it_is_armed_is_recorded_before_it_is() -> None:
    run = Run(rules=SWITCH, cancel_all_after=60)
    run.apply(LinkUp(1, "ws://test"))
    assert SwitchSet(seconds=60) in run.journal
    assert not asked(run, requests.SetCancelAllAfter)
    run.log_in()
    assert run.journal.count(SwitchSet(seconds=60)) == 1  # nor is it with each renewal
    assert len(asked(run, requests.SetCancelAllAfter)) == 1


@pytest.mark.parametrize("seconds", [0, 30])
def test_the_switch_of_the_last_run_is_set_anew_before_anything_is_placed(seconds: int, by_snapshot: bool) -> None:
    run = armed().next_run(by_snapshot=by_snapshot, cancel_all_after=seconds)
    run.log_in()
    assert [warning for warning in run.last.warnings if "timer that cancels all orders" in warning]
    (setting,) = asked(run, requests.SetCancelAllAfter)
    assert setting.seconds == seconds
    assert run.place("a1").status is OrderStatus.SUBMITTED
    assert not asked(run, requests.PlaceOrder)  # that setting may still fail, and the old one act
    run.hear(facts.CancelAllAfterSet(request_id=setting.request_id, cancels_at=None))
    assert len(asked(run, requests.PlaceOrder)) == 1
    run.place("a2")
    assert len(asked(run, requests.PlaceOrder)) == 1
    assert (SwitchSet(seconds=seconds) in run.journal) == bool(seconds)  # that it is off is noted later


def test_a_cancel_waits_for_no_switch() -> None:
    run = armed()
    run.live("a1", "v1")
    run = run.next_run()
    run.log_in(view("v1", 1))
    run.ask(commands.Cancel(next(iter(run.state.orders.live))))
    assert len(asked(run, requests.CancelOrder)) == 1


def test_a_switch_that_cannot_be_set_is_tried_again_and_what_waits_for_it_is_not_sent() -> None:
    run = armed().next_run(cancel_all_after=0)
    run.log_in()
    run.place("a1")
    (setting,) = asked(run, requests.SetCancelAllAfter)
    run.hear(refused(setting.request_id, facts.Outcome.DEFINITE, "EService:Busy"))
    run.wait(3)
    assert len(asked(run, requests.SetCancelAllAfter)) == 1
    assert "Denied" in run.wait(10)
    (denied,) = told(run, events.Denied)
    assert denied.why is Why.BUSY
    assert "timer that cancels all orders" in denied.reason
    assert not asked(run, requests.PlaceOrder)


def test_a_switch_whose_time_is_over_holds_nothing_up() -> None:
    run = armed().next_run(cancel_all_after=0)
    run.log_in()
    run.wait(71)
    asked(run, requests.SetCancelAllAfter)
    run.place("a1")
    assert len(asked(run, requests.PlaceOrder)) == 1


def test_a_switch_that_was_turned_off_and_confirmed_is_no_matter_of_the_next_run(by_snapshot: bool) -> None:
    run = armed().next_run(by_snapshot=by_snapshot, cancel_all_after=0)
    run.log_in()
    (setting,) = asked(run, requests.SetCancelAllAfter)
    assert SwitchSet(seconds=0) not in run.journal  # not before the venue says so
    run.hear(facts.CancelAllAfterSet(request_id=setting.request_id, cancels_at=None))
    for _ in range(4):  # until no message of the first run can be on its way any more
        run.wait(15)
        confirmed(run)
    run = run.next_run(by_snapshot=by_snapshot)
    run.log_in()
    assert not asked(run, requests.SetCancelAllAfter)
    assert run.last.warnings == []


def test_a_run_that_ends_before_a_late_message_came_leaves_that_to_the_next_one(by_snapshot: bool) -> None:
    """The message of the first run may come in the life of the third one, and would act in it."""
    run = armed().next_run(by_snapshot=by_snapshot, cancel_all_after=0)
    run.log_in()
    assert confirmed(run) == [0]
    run.wait(1)
    run = run.next_run(by_snapshot=by_snapshot, cancel_all_after=0)
    run.log_in()
    assert confirmed(run) == [0]
    run.wait(15)
    assert confirmed(run) == [0]


def test_that_it_is_off_is_noted_though_no_link_was_up_when_the_last_late_message_was_over(by_snapshot: bool) -> None:
    run = armed().next_run(by_snapshot=by_snapshot, cancel_all_after=0)
    run.log_in()
    assert confirmed(run) == [0]
    run.lose_link()
    run.wait(100)
    run.log_in()
    assert confirmed(run) == [0]
    run.wait(100)
    assert confirmed(run) == []
    run = run.next_run(by_snapshot=by_snapshot, cancel_all_after=0)
    run.log_in()
    assert confirmed(run) == []


def test_a_late_message_is_reckoned_with_though_the_first_word_was_late_too(by_snapshot: bool) -> None:
    """The switch of the last run has acted by then, and a message of that run may set it again."""
    run = Run(rules=SWITCH, cancel_all_after=15)
    run.log_in()
    assert confirmed(run) == [15]
    run = run.next_run(by_snapshot=by_snapshot, cancel_all_after=0)
    run.log_in()
    asked(run, requests.SetCancelAllAfter)
    run.lose_link()
    run.wait(30)
    run.log_in()
    assert confirmed(run) == [0]
    run.wait(4)
    assert confirmed(run) == [0]


@pytest.mark.parametrize("later", [30, 60])
def test_that_it_was_off_is_not_noted_when_it_has_been_set_since(later: int, by_snapshot: bool) -> None:
    run = armed()
    for seconds in (0, later):
        run.ask(commands.CancelAllAfter(seconds=seconds))
    off, _ = asked(run, requests.SetCancelAllAfter)
    run.hear(facts.CancelAllAfterSet(request_id=off.request_id, cancels_at=None))
    run = run.next_run(by_snapshot=by_snapshot, cancel_all_after=0)
    run.log_in()
    assert confirmed(run) == [0]


def test_that_it_is_off_is_not_noted_before_the_last_setting_is_confirmed(by_snapshot: bool) -> None:
    """The one in between may be on its way as long as nothing is heard of it."""
    run = armed()
    for seconds in (0, 30, 0):
        run.ask(commands.CancelAllAfter(seconds=seconds))
    first, _, _ = asked(run, requests.SetCancelAllAfter)
    run.hear(facts.CancelAllAfterSet(request_id=first.request_id, cancels_at=None))
    run = run.next_run(by_snapshot=by_snapshot, cancel_all_after=0)
    run.log_in()
    assert confirmed(run) == [0]


def confirmed(run: Run) -> list[int]:
    """To how many seconds it is set, and the venue confirms that."""
    settings = asked(run, requests.SetCancelAllAfter)
    for setting in settings:
        run.hear(facts.CancelAllAfterSet(request_id=setting.request_id, cancels_at=None))
    return [setting.seconds for setting in settings]


def test_a_switch_that_was_turned_off_is_turned_off_again_as_long_as_a_late_message_may_set_it() -> None:
    """The last run set it anew every 15 s. What it sent at its end may come to the venue after this run's first word,
    and would act 60 s later."""
    run = armed().next_run(cancel_all_after=0)
    run.log_in()
    assert confirmed(run) == [0]
    for _ in range(3):
        run.wait(15)
        assert confirmed(run) == [0]
    assert SwitchSet(seconds=0) not in run.journal  # a run that follows now must keep it off, too
    run.wait(16)
    confirmed(run)
    assert run.journal.count(SwitchSet(seconds=0)) == 1
    run.wait(300)
    assert confirmed(run) == []


def test_what_keeps_it_off_outlives_a_lost_link_and_a_refusal() -> None:
    run = armed().next_run(cancel_all_after=0)
    run.log_in()
    assert confirmed(run) == [0]
    run.lose_link()
    run.wait(20)
    assert confirmed(run) == []
    run.log_in()
    (setting,) = asked(run, requests.SetCancelAllAfter)
    run.hear(refused(setting.request_id, facts.Outcome.DEFINITE, "EService:Busy"))
    run.wait(2)
    assert confirmed(run) == [0]
    assert run.place("a1").status is OrderStatus.SUBMITTED
    assert len(asked(run, requests.PlaceOrder)) == 1  # nothing waits for these


def test_the_users_own_setting_is_not_turned_off() -> None:
    run = armed().next_run(cancel_all_after=0)
    run.log_in()
    assert confirmed(run) == [0]
    run.ask(commands.CancelAllAfter(seconds=120))
    assert confirmed(run) == [120]
    run.wait(29)
    assert confirmed(run) == []
    run.wait(2)
    assert confirmed(run) == [120]
