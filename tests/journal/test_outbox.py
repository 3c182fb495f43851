"""What leaves the outbox of a program with a journal, and when: nothing before its record is kept."""

from __future__ import annotations

from typing import Any

import pytest
import trio
from trio.testing import MockClock

from actors.journaled_outbox import MANY, QUICK_ENOUGH, SLOW_WITH_MANY, TRY_AGAIN
from protocol.dispatch import EndLink
from protocol.dispatch.records import SwitchSet
from protocol.errors import NotSent
from protocol.events import JournalFailed, JournalSlow
from protocol.reasons import Why
from protocol.requests import BatchOrders, SetCancelAllAfter
from protocol.values import RequestId

from ..order_records import accepted, filled, submitted
from .memory_store import Fault, MemoryDisk
from .outbox_rig import OutboxRig, cancel, open_rig, place, state_of


async def test_a_placement_its_event_and_its_answer_wait_for_the_commit() -> None:
    async with open_rig(MemoryDisk()) as rig:
        rig.decide(submitted(), sends=[place(3)], replies={"caller": state_of(3)})
        assert await rig.settle() == ["written 1", "answered caller", "sent PlaceOrder 3", "told #1 Submitted"]


async def test_with_power_they_wait_for_the_sync() -> None:
    async with open_rig(MemoryDisk(), "power") as rig:
        rig.decide(submitted(), sends=[place(3)], replies={"caller": state_of(3)})
        seen = await rig.settle()
        assert seen == ["written 1", "synced 1", "answered caller", "sent PlaceOrder 3", "told #1 Submitted"]


async def test_decisions_that_come_together_share_one_commit() -> None:
    async with open_rig(MemoryDisk()) as rig:
        for number in range(3):
            rig.decide(filled(f"t{number}", number + 1))
        seen = await rig.settle()
        assert seen == ["written 3", "told #1 Filled", "told #2 Filled", "told #3 Filled"]


async def test_what_is_decided_during_a_slow_sync_shares_the_next_commit(autojump_clock: MockClock) -> None:
    disk = MemoryDisk()
    async with open_rig(disk, "power") as rig:
        disk.seconds_a_write = 0.5
        rig.decide(filled("t0", 1))
        await trio.sleep(0.1)
        for number in range(1, 6):
            rig.decide(filled(f"t{number}", number + 1))
        await trio.sleep(2)
        assert [each for each in rig.seen if each.startswith("written")] == ["written 1", "written 5"]
        assert [event.sequence for event in rig.events] == [1, 2, 3, 4, 5, 6]


async def test_what_comes_in_the_turn_in_which_a_commit_ends_is_kept_and_told(autojump_clock: MockClock) -> None:
    """Trio draws the order of the tasks in a turn, so that of many times each order comes."""
    disk = MemoryDisk()
    async with open_rig(disk, "power") as rig:
        disk.seconds_a_write = 0.5
        for number in range(0, 60, 2):
            rig.decide(filled(f"t{number}", number + 1))
            await trio.sleep(0.5)
            rig.decide(filled(f"t{number + 1}", number + 2))
            await trio.sleep(1)
        assert [event.sequence for event in rig.events] == list(range(1, 61))
        assert [row.sequence for row in disk.tables.rows] == list(range(1, 61))


async def test_a_cancel_overtakes_a_slow_commit(autojump_clock: MockClock) -> None:
    disk = MemoryDisk()
    async with open_rig(disk, "power") as rig:
        disk.seconds_a_write = 1
        rig.decide(submitted(), sends=[place(3)])
        await trio.sleep(0.5)
        rig.decide(accepted(), sends=[cancel(4, of=99)])
        await trio.sleep(0.1)
        assert "sent CancelOrder 4" in rig.seen
        assert "sent PlaceOrder 3" not in rig.seen
        await trio.sleep(5)
        assert "sent PlaceOrder 3" in rig.seen


def set_switch(number: int, seconds: int = 30) -> SetCancelAllAfter:
    return SetCancelAllAfter(request_id=RequestId(number), seconds=seconds)


def left(rig: OutboxRig) -> list[str]:
    return [each for each in rig.seen if not each.startswith(("written", "synced"))]


async def test_a_dead_mans_switch_is_renewed_ahead_of_a_slow_commit(autojump_clock: MockClock) -> None:
    disk = MemoryDisk()
    async with open_rig(disk, "power") as rig:
        rig.decide(SwitchSet(seconds=30), sends=[set_switch(3)])
        assert await rig.settle() == ["written 1", "synced 1", "sent SetCancelAllAfter 3"]
        disk.seconds_a_write = 1
        rig.decide(filled("t1", 1), sends=[set_switch(4)])
        await trio.sleep(0.1)
        assert left(rig) == ["sent SetCancelAllAfter 4"]


async def test_no_setting_arms_a_dead_mans_switch_before_its_record_is_kept(autojump_clock: MockClock) -> None:
    """It is noted when a connection is up and set behind the login. A program that ends between leaves a switch that
    the next one knows nothing of."""
    disk = MemoryDisk()
    async with open_rig(disk, "power") as rig:
        disk.seconds_a_write = 1
        rig.decide(filled("t1", 1))
        await trio.sleep(0.1)
        rig.decide(SwitchSet(seconds=30))
        rig.decide(sends=[set_switch(3)])
        await trio.sleep(1)  # the first commit is over, and its own under way
        rig.decide(sends=[set_switch(4)])
        await trio.sleep(0.1)
        assert left(rig) == ["told #1 Filled"]
        await trio.sleep(2)
        assert left(rig) == ["told #1 Filled", "sent SetCancelAllAfter 3", "sent SetCancelAllAfter 4"]


async def test_a_setting_that_turns_the_switch_off_takes_back_those_that_wait(autojump_clock: MockClock) -> None:
    disk = MemoryDisk()
    async with open_rig(disk, "power") as rig:
        disk.seconds_a_write = 1
        rig.decide(SwitchSet(seconds=30), sends=[set_switch(3)])
        await trio.sleep(0.1)
        rig.decide(sends=[set_switch(4)])
        rig.decide(sends=[set_switch(5, seconds=0)])
        await trio.sleep(5)
        assert sorted(left(rig)) == ["sent SetCancelAllAfter 5", "withheld 3 WITHDRAWN", "withheld 4 WITHDRAWN"]


async def test_a_dead_mans_switch_is_armed_once_its_record_is_kept(autojump_clock: MockClock) -> None:
    async with open_rig(MemoryDisk(), "power") as rig:
        rig.decide(SwitchSet(seconds=30), sends=[set_switch(3)])
        assert await rig.settle() == ["written 1", "synced 1", "sent SetCancelAllAfter 3"]


async def test_a_switch_that_could_not_be_noted_is_not_set_later_either(autojump_clock: MockClock) -> None:
    disk = MemoryDisk()
    async with open_rig(disk) as rig:
        disk.fill()
        rig.decide(SwitchSet(seconds=30), sends=[set_switch(3)])
        assert await rig.settle() == ["withheld 3 JOURNAL"]
        rig.decide(sends=[set_switch(4)])
        assert await rig.settle() == ["withheld 4 JOURNAL"]
        rig.decide(sends=[set_switch(5, seconds=0)])
        assert await rig.settle() == ["sent SetCancelAllAfter 5"]
        disk.make_room()
        await trio.sleep(TRY_AGAIN + 1)
        assert await rig.settle() == ["written 1"]
        rig.decide(sends=[set_switch(6)])
        assert await rig.settle() == ["sent SetCancelAllAfter 6"]


async def test_no_switch_is_armed_once_the_journal_has_failed(autojump_clock: MockClock) -> None:
    disk = MemoryDisk()
    async with open_rig(disk) as rig:
        disk.faults.append(Fault(does="fail", at=disk.writes + 1))
        rig.decide(filled("t1", 1))
        await rig.settle()
        rig.decide(SwitchSet(seconds=30), sends=[set_switch(3)])
        assert await rig.settle() == ["withheld 3 JOURNAL"]
        rig.decide(sends=[set_switch(4)])
        assert await rig.settle() == ["withheld 4 JOURNAL"]


@pytest.mark.parametrize("has_failed", [False, True])
async def test_no_switch_is_armed_whose_record_went_with_the_journal(
    has_failed: bool, autojump_clock: MockClock
) -> None:
    """The record came ahead of the setting, and could not be kept or was not even tried."""
    disk = MemoryDisk()
    async with open_rig(disk) as rig:
        disk.faults.append(Fault(does="fail", at=disk.writes + 1))
        if has_failed:
            rig.decide(filled("t1", 1))
            await rig.settle()
        rig.decide(SwitchSet(seconds=30))
        await rig.settle()
        rig.decide(sends=[set_switch(3)])
        assert await rig.settle() == ["withheld 3 JOURNAL"]


async def test_a_switch_that_is_on_record_is_renewed_though_the_journal_has_failed(autojump_clock: MockClock) -> None:
    disk = MemoryDisk()
    async with open_rig(disk) as rig:
        rig.decide(SwitchSet(seconds=30), sends=[set_switch(3)])
        await rig.settle()
        disk.faults.append(Fault(does="fail", at=disk.writes + 1))
        rig.decide(filled("t1", 1))
        await rig.settle()
        rig.decide(sends=[set_switch(4)])
        assert await rig.settle() == ["sent SetCancelAllAfter 4"]


async def test_a_placement_does_not_follow_its_own_cancel(autojump_clock: MockClock) -> None:
    disk = MemoryDisk()
    async with open_rig(disk, "power") as rig:
        disk.seconds_a_write = 1
        rig.decide(submitted(), sends=[place(3)], replies={"caller": state_of(3)})
        await trio.sleep(0.5)
        rig.decide(sends=[cancel(4, of=3)])
        await trio.sleep(5)
        assert "withheld 3 WITHDRAWN" in rig.seen
        assert "sent PlaceOrder 3" not in rig.seen
        assert "answered caller" in rig.seen


async def test_a_full_disk_refuses_placements_and_keeps_events_until_there_is_room(autojump_clock: MockClock) -> None:
    disk = MemoryDisk()
    async with open_rig(disk) as rig:
        disk.fill()
        rig.decide(submitted(), sends=[place(3)], replies={"caller": state_of(3)})
        assert await rig.settle() == ["refused caller", "withheld 3 JOURNAL"]
        refusal = rig.answers["caller"]
        assert isinstance(refusal, NotSent)
        assert refusal.why is Why.JOURNAL
        assert str(refusal).startswith("Order a3 was not sent: ")
        assert rig.life.health.value
        rig.decide(filled("t1", 1), sends=[cancel(4, of=99)], replies={"canceler": 4})
        assert await rig.settle() == ["answered canceler", "sent CancelOrder 4"]
        disk.make_room()
        await trio.sleep(TRY_AGAIN + 1)
        assert await rig.settle() == ["written 2", "told #1 Submitted", "told #2 Filled"]
        assert not rig.life.health.value
        rig.decide(submitted(), sends=[place(5)])
        assert await rig.settle() == ["written 1", "sent PlaceOrder 5", "told #3 Submitted"]


async def test_dispatch_may_forget_what_is_committed_and_nothing_before(autojump_clock: MockClock) -> None:
    disk = MemoryDisk()
    async with open_rig(disk) as rig:
        disk.fill()
        decided = [rig.decide(filled(f"t{number}", number)) for number in (1, 2)]
        await rig.settle()
        assert not any(each.is_settled for each in decided)
        disk.make_room()
        await trio.sleep(TRY_AGAIN + 1)
        assert all(each.is_settled for each in decided)


async def test_behind_a_failed_journal_nothing_waits_for_a_commit() -> None:
    disk = MemoryDisk()
    async with open_rig(disk) as rig:
        disk.faults.append(Fault(does="fail", at=disk.writes + 1, kept=0))
        decided = [rig.decide(filled(f"t{number}", number)) for number in (1, 2)]
        await rig.settle()
        assert isinstance(rig.events[0], JournalFailed)
        assert all(each.is_settled for each in decided)


async def test_a_full_disk_refuses_a_batch_of_which_nothing_was_sent() -> None:
    disk = MemoryDisk()
    async with open_rig(disk) as rig:
        disk.fill()
        batch = BatchOrders(request_id=RequestId(5), legs=(place(3), cancel(4, of=99)))
        rig.decide(submitted(), sends=[batch], replies={"caller": (state_of(3), RequestId(4))})
        assert await rig.settle() == ["refused caller", "withheld 3, 4, 5 JOURNAL"]
        refusal = rig.answers["caller"]
        assert isinstance(refusal, NotSent)
        assert refusal.why is Why.JOURNAL
        # A venue that takes less together has had its cancel: its caller must not take it for unsent.
        rig.decide(submitted(), sends=[place(6), cancel(7, of=99)], replies={"other": (state_of(6), RequestId(7))})
        assert await rig.settle() == ["answered other", "sent CancelOrder 7", "withheld 6 JOURNAL"]
        disk.make_room()


async def test_a_slow_disk_that_is_full_is_waited_for(autojump_clock: MockClock) -> None:
    disk = MemoryDisk()
    async with open_rig(disk, "power") as rig:
        disk.fill()
        rig.decide(filled("t1", 1))
        await trio.sleep(1)
        disk.seconds_a_write = 2
        await trio.sleep(2 * TRY_AGAIN + 2)
        disk.make_room()
        await trio.sleep(2 * TRY_AGAIN)
        assert [event.sequence for event in rig.events] == [1]


async def test_after_a_failed_write_events_go_on_behind_the_news_of_it() -> None:
    disk = MemoryDisk()
    async with open_rig(disk) as rig:
        rig.decide(filled("t1", 1))
        await rig.settle()
        disk.faults.append(Fault(does="fail", at=disk.writes + 1))
        rig.decide(submitted(), sends=[place(3)], replies={"caller": state_of(3)})
        seen = await rig.settle()
        assert seen == ["refused caller", "told #2 JournalFailed", "told #3 Submitted", "withheld 3 JOURNAL"]
        rig.decide(filled("t2", 2), sends=[cancel(4, of=99)])
        rig.decide(submitted(), sends=[place(5)], replies={"late caller": state_of(5)})
        seen = await rig.settle()
        assert "sent CancelOrder 4" in seen
        assert "withheld 5 JOURNAL" in seen
        assert "refused late caller" in seen
        assert [type(event).__name__ for event in rig.events[-2:]] == ["Filled", "Submitted"]
        assert [event.sequence for event in rig.events] == [1, 2, 3, 4, 5]
        failed = rig.events[1]
        assert isinstance(failed, JournalFailed)
        assert failed.path == "orders.db"


async def test_a_commit_of_many_rows_is_made_beside_and_others_run_meanwhile(autojump_clock: MockClock) -> None:
    disk = MemoryDisk()
    async with open_rig(disk) as rig:
        disk.seconds_a_write = 0.05  # of one row, that would be slow
        rig.decide(*(filled(f"t{number}", number + 1) for number in range(MANY)))
        await trio.sleep(0.01)
        rig.decide(filled("late", MANY + 1), sends=[cancel(4, of=99)])
        await trio.sleep(0.01)
        assert rig.seen == [f"written {MANY}", "sent CancelOrder 4"]
        disk.seconds_a_write = 0
        await trio.sleep(1)
        assert [event.sequence for event in rig.events] == list(range(1, MANY + 2))
        assert JournalSlow not in map(type, rig.events)
        disk.seconds_a_write = SLOW_WITH_MANY / 1e9 + 0.05
        rig.decide(*(filled(f"u{number}", MANY + number + 2) for number in range(MANY)))
        await trio.sleep(1)
        assert list(map(type, rig.events)).count(JournalSlow) == 1


async def test_one_row_fewer_is_committed_at_once(autojump_clock: MockClock) -> None:
    disk = MemoryDisk()
    async with open_rig(disk) as rig:
        beside: list[object] = []
        run_beside = rig.life.run_beside

        async def watched(*call: Any) -> Any:
            beside.append(call)
            return await run_beside(*call)

        rig.life.run_beside = watched
        rig.decide(*(filled(f"t{number}", number + 1) for number in range(MANY - 1)))
        await rig.settle()
        assert beside == []
        rig.decide(*(filled(f"u{number}", number + MANY) for number in range(MANY)))
        await rig.settle()
        assert len(beside) == 1


async def test_a_slow_commit_is_told_and_the_next_ones_are_made_beside(autojump_clock: MockClock) -> None:
    disk = MemoryDisk(spend=autojump_clock.jump)
    async with open_rig(disk) as rig:
        disk.seconds_a_write = 0.1
        rig.decide(filled("t0", 1))
        await trio.sleep(1)
        slow = rig.events[1]
        assert isinstance(slow, JournalSlow)
        assert slow.duration == 100_000_000
        disk.seconds_a_write = 0.0
        jumped: list[float] = []
        disk.spend = jumped.append
        for number in range(1, QUICK_ENOUGH + 20):
            rig.decide(filled(f"t{number}", number + 1))
            await trio.sleep(0.01)
        assert 0 < len(jumped) < QUICK_ENOUGH  # `VirtualThread` takes the others
        assert [event.sequence for event in rig.events] == list(range(1, QUICK_ENOUGH + 22))
        assert sum(isinstance(event, JournalSlow) for event in rig.events) == 1


async def test_the_end_of_the_link_waits_for_what_was_decided_before_it() -> None:
    async with open_rig(MemoryDisk()) as rig:
        rig.decide(submitted(), sends=[place(3), EndLink()])
        assert await rig.settle() == ["written 1", "end of link", "sent PlaceOrder 3", "told #1 Submitted"]


async def test_a_program_that_ends_on_a_full_disk_tells_what_it_could_not_keep(autojump_clock: MockClock) -> None:
    disk = MemoryDisk()
    async with open_rig(disk) as rig:
        disk.fill()
        rig.decide(filled("t1", 1))
        await rig.settle()
    assert [type(event).__name__ for event in rig.events] == ["JournalFailed", "Filled"]
    assert [event.sequence for event in rig.events] == [1, 2]


async def test_a_program_that_ends_during_a_sync_waits_for_it(autojump_clock: MockClock) -> None:
    disk = MemoryDisk()
    async with open_rig(disk, "power") as rig:
        disk.seconds_a_write = 1
        rig.decide(filled("t1", 1))
        await trio.sleep(0.5)
        rig.decide(filled("t2", 2))
    await trio.sleep(5)
    assert [event.sequence for event in rig.events] == [1, 2]
    assert disk.tables.last_sequence == 2


async def test_the_next_life_goes_on_with_the_numbers() -> None:
    disk = MemoryDisk()
    async with open_rig(disk) as rig:
        rig.decide(filled("t1", 1))
        await rig.settle()
    async with open_rig(disk) as rig:
        rig.decide(filled("t2", 2))
        assert await rig.settle() == ["written 1", "told #2 Filled"]
