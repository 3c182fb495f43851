"""A program with a journal, over its lives: the process that is killed, and what outlives it."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from typing import Any, Final, TypeVar

import trio
from attrs import define, field
from trio.testing import MockClock

from actors import Client, events
from actors.journal import Journal
from protocol.journal import Cursor, Life, Row, Store

from ..journal.memory_disk import Fault, Killed, MemoryDisk
from .network import Line, Network
from .story import Keeping

__all__ = ["DiskTime", "Killed", "Memory", "Process"]

Result = TypeVar("Result")
PROCESS: Final = "process"
HANDING_OVER: Final = 0.0001
"""Seconds until a worker thread begins with what it was given."""


@define(eq=False)
class Process:
    """One run of a program. Once it is dead, nothing that is left of its tasks reaches anybody."""

    _network: Network
    _memory: Memory
    _at_death: Callable[[], None]
    client: Client | None = None
    is_dead: bool = False
    scope: trio.CancelScope = field(factory=trio.CancelScope)
    _lines: list[Line] = field(factory=list)

    async def connect(self, host: str, port: int, *, tls: bool) -> Line:
        if self.is_dead:
            raise ConnectionRefusedError("the process is dead")
        line = await self._network.connect(host, port, tls=tls)
        line.sent = self._has_sent
        self._lines.append(line)
        return line

    def _has_sent(self) -> None:
        self.has_done("send")

    def has_done(self, what: str) -> None:
        """It has sent data, made a commit, or read an event and kept its effects."""
        memory = self._memory
        memory.done.append((trio.current_time(), what))
        if what in memory.left:
            memory.left[what] -= 1
            if not memory.left[what]:
                self.die()

    def has_died(self) -> bool:
        return self.is_dead

    def begun(self) -> trio.CancelScope:
        """What ends when it dies."""
        self.scope = trio.CancelScope()
        return self.scope

    def die(self) -> None:
        """Without a word."""
        if self.is_dead:
            return
        self.is_dead = True
        for line in self._lines:
            line.die()
        if self.client is not None:
            self.client.abort()
        self.scope.cancel()
        self._at_death()


@define(eq=False, kw_only=True)
class Memory:
    """What outlives a client's process: the disk with its journal, and how far the consumer of its events has come.

    cursor: the text behind the last event whose effects the consumer kept with it; unsure: events that it read, and
    that the journal lost or never had; has_lost: something that was committed was lost with the power, as it may be;
    done: by virtual second, its commits, what it sent, and what it read; left: how many more of a kind until it dies;
    deaths: of its processes, ns since 1970; ends: of its lives before the present one, in peace or not; lost_since: of
    each life whose later events no journal has, when the last one happened that is kept; first_sequences: of its lives;
    wrong: what its consumer found wrong.
    """

    path: str
    keeping: Keeping
    disk: MemoryDisk
    time: DiskTime
    cursor: str | None = None
    unsure: list[events.Event] = field(factory=list)
    has_failed: bool = False
    has_lost: bool = False
    deaths: list[int] = field(factory=list)
    ends: list[int] = field(factory=list)
    lost_since: list[int] = field(factory=list)
    first_sequences: list[int] = field(factory=list)
    wrong: list[tuple[str, str, str]] = field(factory=list)
    done: list[tuple[float, str]] = field(factory=list)
    left: dict[str, int] = field(factory=dict)
    process: Process | None = None
    is_armed_for_opening: bool = False
    _fault: Fault | None = None

    def journal(self, process: Process) -> Journal:
        """For that process."""
        return Journal(
            path=self.path,
            durability=self.keeping.durability,
            keep_records=self.keeping.keep_records,
            open_store=lambda settings: MortalStore(self.disk.opener(settings), process, self),
            run_beside=self.time.run_beside,
        )

    def known_cursor(self) -> str:
        """Behind what the consumer has read, which may be nothing."""
        if self.cursor is None:
            self.cursor = str(Cursor(self.disk.journal_id, self.disk.tables.lives[0].tag, 0))
        return self.cursor

    # What is going to happen to it

    def arm(self, *, kept: float, count: int) -> None:
        """The process is killed in its so many-th commit from now on."""
        self._fault = Fault(does="kill", at=self.disk.writes + count, kept=None if kept >= 1 else int(kept * 200))
        self.disk.faults.append(self._fault)

    @property
    def is_armed(self) -> bool:
        return self._fault is not None or bool(self.left)

    def disarm(self) -> None:
        self.left.clear()
        if self._fault in self.disk.faults:
            self.disk.faults.remove(self._fault)
        self._fault = None

    def fail_once(self, *, kept: bool) -> None:
        self.disk.faults.append(Fault(does="fail", at=self.disk.writes + 1, kept=None if kept else 0))

    def lose_power(self, kept: float) -> None:
        """The process is dead."""
        self.has_lost = self.has_lost or self.keeping.durability == PROCESS
        self.disk.lose_power(int(kept * self.disk.unsynced))


class MortalStore:
    """A store whose process may be killed in the middle of a write, and writes nothing from then on."""

    def __init__(self, store: Store, process: Process, memory: Memory) -> None:
        self._store = store
        self._process = process
        self._memory = memory

    def __getattr__(self, name: str) -> Any:
        return getattr(self._store, name)

    def begin(self, life: Life, sessions: Any) -> None:
        with self._mortal():
            self._store.begin(life, sessions)
        self._memory.first_sequences = [each.first_sequence for each in self._store.lives]

    def commit(self, rows: Sequence[Row]) -> None:
        with self._mortal():
            self._store.commit(rows)
        self._process.has_done("commit")

    def keep_snapshot(self, snapshot: Any) -> None:
        with self._mortal():
            self._store.keep_snapshot(snapshot)

    @contextmanager
    def _mortal(self) -> Iterator[None]:
        if self._process.is_dead:
            raise Killed
        try:
            yield
        except Killed:
            self._process.die()
            raise


@define(eq=False)
class DiskTime:
    """How the disks of a story let time pass. On the loop's own thread the clock jumps; what would run on a worker
    thread runs in its turn, and takes its time behind that: a real one would race with the clock."""

    _clock: MockClock
    _spent: list[float] = field(factory=list, init=False)

    def spend(self, seconds: float) -> None:
        if self._spent:
            self._spent[-1] += seconds
        elif seconds:
            self._clock.jump(seconds)

    async def run_beside(self, function: Callable[..., Result], *arguments: Any) -> Result:
        with trio.CancelScope(shield=True):
            await trio.sleep(HANDING_OVER)
        self._spent.append(0.0)
        try:
            return function(*arguments)
        finally:
            seconds = self._spent.pop()
            if seconds:
                with trio.CancelScope(shield=True):
                    await trio.sleep(seconds)
