"""How the processes of clients with a journal end, how their disks fail, and how they begin again."""

from __future__ import annotations

from functools import partial

import trio

from actors import events
from protocol.journal import Cursor

from ..journal.memory_disk import MemoryDisk
from . import steps
from .books import Books
from .determinism import wall_clock
from .lives import Memory, Process
from .stage import Doing, Stage, Trader, placed_of

__all__ = ["begin_life", "fall_back", "kill", "lives", "program"]


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
    trader.life += 1
    stage.happened["lives"] += 1
    trader.ended, trader.client, trader.left_open, trader.was_well = None, None, None, False
    trader.is_open, trader.is_over = trio.Event(), trio.Event()


def _has_died(stage: Stage, trader: Trader, memory: Memory) -> None:
    stage.say(trader.name, "is killed")
    stage.happened["kills"] += 1
    memory.deaths.append(wall_clock())
    memory.disk.kill()
    memory.disarm()
    trader.ended, trader.client = trader.ended or wall_clock(), None
    trader.asked.clear()  # what was asked for and not done, the next life does not do
    trader.sweeps.clear()
    trader.is_open.set()


def kill(stage: Stage, trader: Trader) -> None:
    memory = trader.memory
    if memory is not None and memory.process is not None and trader.ended is None:
        memory.process.die()
    stage.books.note(wall_clock())


def fall_back(trader: Trader, memory: Memory, books: Books, last: str | None) -> None:
    """The journal ends before what its consumer has read: it goes back, and keeps what it did for later."""
    until = 0 if last is None else Cursor.parse(last).sequence
    lost = trader.heard[until:]
    if not memory.has_lost:
        detail = f"{memory.cursor} is behind {last}"
        memory.wrong.append(("stream holes", "events were read that no journal has", detail))
    memory.unsure += (event for _, event in lost)
    del trader.heard[until:]
    memory.cursor = last
    kept = {event.client_order_id for _, event in trader.heard if isinstance(event, events.Accepted)}
    for sent in trader.sent.values():
        placed = placed_of(sent, books)
        if placed is not None and placed.changed_by_other and sent.name not in kept:
            memory.beyond.add(sent.name)


def lives(stage: Stage) -> Doing:
    """What happens to processes and disks."""

    def memory_of(number: int) -> tuple[Trader, Memory] | None:
        if stage.story.journal is None:
            return None
        trader = program(stage, number)
        assert trader.memory is not None
        return trader, trader.memory

    async def kill_at(step: steps.Kill) -> None:
        found = memory_of(step.client)
        if found is None:
            return
        trader, memory = found
        if step.point == "now":
            kill(stage, trader)
            return
        memory.disarm()
        memory.is_armed_for_opening = trader.ended is not None or memory.process is None
        if step.point == "commit":
            memory.arm(kept=step.kept, count=step.count)
        else:
            memory.left[step.point] = step.count

    async def lose_power(step: steps.PowerLoss) -> None:
        found = memory_of(step.client)
        if found is not None:
            trader, memory = found
            kill(stage, trader)
            stage.say(trader.name, "loses its power")
            stage.happened["power losses"] += 1
            memory.lose_power(step.kept)

    async def fill(step: steps.FillDisk) -> None:
        found = memory_of(step.client)
        if found is not None:
            stage.happened["full disks"] += 1
            stage.say(found[0].name, "has a full disk")
            found[1].disk.fill()
            stage.nursery.start_soon(make_room, found[1].disk, step.seconds)

    async def make_room(disk: MemoryDisk, seconds: float) -> None:
        await trio.sleep(seconds)
        disk.make_room()

    async def fail_sync(step: steps.FailSync) -> None:
        found = memory_of(step.client)
        if found is not None:
            stage.happened["failed syncs"] += 1
            stage.say(found[0].name, "has a disk that fails")
            found[1].fail_once(kept=step.kept)

    async def slow_down(step: steps.SlowDisk) -> None:
        found = memory_of(step.client)
        if found is not None:
            stage.happened["slow disks"] += 1
            stage.say(found[0].name, f"has a disk that takes {step.seconds} s")
            found[1].disk.seconds_a_write = step.seconds

    return {
        steps.Kill: kill_at,
        steps.PowerLoss: lose_power,
        steps.FillDisk: fill,
        steps.FailSync: fail_sync,
        steps.SlowDisk: slow_down,
    }
