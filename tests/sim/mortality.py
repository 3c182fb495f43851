"""How the processes of clients with a journal end, how their disks fail, and how they begin again."""

from __future__ import annotations

from functools import partial

import trio
from attrs import frozen

from protocol.journal import Cursor

from ..journal.memory_disk import MemoryDisk
from . import steps
from .determinism import wall_clock
from .lives import Memory, Process
from .stage import Doing, Stage, Trader

__all__ = ["begin_life", "fall_back", "kill", "lives", "loses_what_follows", "program"]


def program(stage: Stage, number: int) -> Trader:
    """The client of this number, which may not have lived yet."""
    found = next((trader for trader in stage.traders if trader.number == number), None)
    if found is None:
        found = Trader(number, 0, memory=_new_memory(stage, number), began=wall_clock())
        stage.traders.append(found)
    return found


def _new_memory(stage: Stage, number: int) -> Memory:
    keeping = stage.story.journal
    assert keeping is not None
    disk = MemoryDisk(journal_id=f"{stage.story.seed:08x}{number:08x}", spend=stage.time.spend)
    return Memory(path=f"{'AB'[number]}.db", keeping=keeping, disk=disk, time=stage.time)


def begin_life(stage: Stage, trader: Trader) -> None:
    memory = trader.memory
    assert memory is not None
    memory.process = Process(stage.network, memory, partial(_has_died, stage, trader, memory))
    memory.has_failed = False
    stage.happened["torn tails"] += memory.disk.torn > 0
    memory.disk.seconds_a_write = 0.0
    if trader.ended is not None:
        memory.ends.append(trader.ended)
    trader.life += 1
    stage.happened["lives"] += 1
    trader.ended, trader.client, trader.left_open, trader.was_well = None, None, None, False
    trader.is_open, trader.is_over = trio.Event(), trio.Event()


def _has_died(stage: Stage, trader: Trader, memory: Memory) -> None:
    stage.say(trader.name, "is killed")
    stage.happened["kills"] += 1
    memory.disk.kill()
    memory.disarm()
    trader.client = None
    trader.vanishes(wall_clock())
    trader.is_open.set()


def kill(stage: Stage, trader: Trader) -> None:
    memory = trader.memory
    if memory is not None and memory.process is not None and trader.ended is None:
        memory.process.die()
    stage.books.note(wall_clock())


def fall_back(trader: Trader, memory: Memory, last: str | None) -> None:
    """The journal ends before what its consumer has read: it goes back, and keeps what it did for later."""
    until = 0 if last is None else Cursor.parse(last).sequence
    lost = trader.heard[until:]
    if not memory.has_lost:
        detail = f"{memory.cursor} is behind {last}"
        memory.wrong.append(("stream holes", "events were read that no journal has", detail))
    memory.unsure += (event for _, event in lost)
    del trader.heard[until:]
    memory.cursor = last
    loses_what_follows(trader, memory)


def loses_what_follows(trader: Trader, memory: Memory) -> None:
    """What this life told, or tells, behind the events that are kept, the next one does not know."""
    memory.lost_since.append(trader.heard[-1][1].local_time if trader.heard else 0)


@frozen
class _Fate:
    """What happens to processes and disks."""

    stage: Stage

    def _memory_of(self, number: int) -> tuple[Trader, Memory] | None:
        if self.stage.story.journal is None:
            return None
        trader = program(self.stage, number)
        assert trader.memory is not None
        return trader, trader.memory

    async def _kill_at(self, step: steps.Kill) -> None:
        found = self._memory_of(step.client)
        if found is None:
            return
        trader, memory = found
        if step.point == "now":
            kill(self.stage, trader)
            return
        memory.disarm()
        memory.is_armed_for_opening = trader.ended is not None or memory.process is None
        if step.point == "commit":
            memory.arm(kept=step.kept, count=step.count)
        else:
            memory.left[step.point] = step.count

    async def _lose_power(self, step: steps.PowerLoss) -> None:
        found = self._memory_of(step.client)
        if found is not None:
            trader, memory = found
            kill(self.stage, trader)
            self.stage.say(trader.name, "loses its power")
            self.stage.happened["power losses"] += 1
            memory.lose_power(step.kept)

    async def _fill(self, step: steps.FillDisk) -> None:
        found = self._memory_of(step.client)
        if found is not None:
            self.stage.happened["full disks"] += 1
            self.stage.say(found[0].name, "has a full disk")
            found[1].disk.fill()
            self.stage.nursery.start_soon(self._make_room, found[1].disk, step.seconds)

    async def _make_room(self, disk: MemoryDisk, seconds: float) -> None:
        await trio.sleep(seconds)
        disk.make_room()

    async def _fail_sync(self, step: steps.FailSync) -> None:
        found = self._memory_of(step.client)
        if found is not None:
            self.stage.happened["failed syncs"] += 1
            self.stage.say(found[0].name, "has a disk that fails")
            found[1].fail_once(kept=step.kept)

    async def _slow_down(self, step: steps.SlowDisk) -> None:
        found = self._memory_of(step.client)
        if found is not None:
            self.stage.happened["slow disks"] += 1
            self.stage.say(found[0].name, f"has a disk that takes {step.seconds} s")
            found[1].disk.seconds_a_write = step.seconds

    def doing(self) -> Doing:
        return {
            steps.Kill: self._kill_at,
            steps.PowerLoss: self._lose_power,
            steps.FillDisk: self._fill,
            steps.FailSync: self._fail_sync,
            steps.SlowDisk: self._slow_down,
        }


def lives(stage: Stage) -> Doing:
    """What happens to processes and disks."""
    return _Fate(stage).doing()
