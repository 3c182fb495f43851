"""A journal's store in memory: fast, and with the losses of a file on a disk (see `memory_disk`).

`Journal(path="any", open_store=disk.opener)` opens it. The store is strict where a file would take anything: rows out
of order, of another life or without a life are bugs of the caller, and fail an assertion.
"""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Callable, Iterable, Iterator, Sequence
from operator import attrgetter
from typing import Any, TypeVar

import trio
from attrs import define, field, frozen

from actors.journal import Journal
from protocol.errors import JournalError
from protocol.journal import Known, Life, Page, Row, Snapshot, StoredSession, StoreFailed, StoreFull, StoreReader

from .memory_disk import Fault, Killed, MemoryDisk, Write

__all__ = ["Fault", "Killed", "MemoryDisk", "MemoryStore", "VirtualThread", "Write"]

DAY = 86_400 * 10**9
PAGE = 1_000
Result = TypeVar("Result")


@frozen
class MemoryKnown:
    """What one session's rows say, those that retention dropped included."""

    _disk: MemoryDisk
    _session: int

    def fee_known(self, venue_order_id: str, trade_id: str) -> bool | None:
        return self._disk.tables.fee_known(self._session, venue_order_id, trade_id)

    def is_counted(self, venue_order_id: str, trade_id: str) -> bool:
        return (self._session, venue_order_id, trade_id) in self._disk.tables.counted

    def is_used(self, client_order_id: str) -> bool:
        return (self._session, client_order_id) in self._disk.tables.names

    def is_lost(self, client_order_id: str) -> bool:
        return False

    @property
    def has_lost(self) -> bool:
        return False


@define(eq=False)
class MemoryReader:
    """Reads what is written, also after the writer is gone."""

    _disk: MemoryDisk
    _closed: bool = field(default=False, init=False)

    @property
    def journal_id(self) -> str:
        return self._disk.journal_id

    def lives(self) -> Sequence[Life]:
        self._check()
        return tuple(self._disk.tables.lives)

    def bounds(self) -> tuple[int, int]:
        self._check()
        tables = self._disk.tables
        oldest = tables.events[0].sequence if tables.events else None
        return tables.last_sequence + 1 if oldest is None else oldest, tables.last_sequence

    def events(
        self, after: int, most: int, *, session: int | None = None, client_order_id: str | None = None
    ) -> Sequence[Row]:
        self._check()
        events = self._disk.tables.events
        found: list[Row] = []
        for at in range(bisect_right(events, after, key=attrgetter("sequence")), len(events)):
            row = events[at]
            if session in (None, row.session) and client_order_id in (None, row.client_order_id):
                found.append(row)
                if len(found) == most:
                    break
        return found

    def close(self) -> None:
        self._closed = True

    def _check(self) -> None:
        assert not self._closed, "the reader is closed"


@define(eq=False)
class MemoryStore:
    """One program's hold on a disk."""

    _disk: MemoryDisk
    _power: bool
    warnings: list[str]
    _life: int = field(default=0, init=False)
    _failed: bool = field(default=False, init=False)

    @classmethod
    def open(cls, disk: MemoryDisk, settings: Journal) -> MemoryStore:
        """Raises JournalError while another store has the disk."""
        store = cls(disk, settings.durability == "power", [])
        try:
            torn = disk.open(store)
        except PermissionError:
            sentence = f"The journal {settings.path} is written by another program: close that one, or name another."
            raise JournalError(sentence, path=str(settings.path)) from None
        if torn:
            store.warnings.append(f"{torn} bytes of an incomplete commit at the journal's end were cut.")
        store._retain(settings, disk.wall_clock())
        return store

    @property
    def journal_id(self) -> str:
        return self._disk.journal_id

    @property
    def last_position(self) -> int:
        return self._disk.tables.last_position

    @property
    def last_sequence(self) -> int:
        return self._disk.tables.last_sequence

    @property
    def lives(self) -> Sequence[Life]:
        return tuple(self._disk.tables.lives)

    @property
    def sessions(self) -> Sequence[StoredSession]:
        return tuple(self._disk.tables.sessions)

    def begin(self, life: Life, sessions: Iterable[StoredSession]) -> None:
        known = self.sessions
        new = [session for session in sessions if session not in known]
        assert life.number == len(self.lives) + 1, "lives are numbered from 1"
        assert [session.number for session in new] == list(range(len(known) + 1, len(known) + len(new) + 1))
        assert (life.first_position, life.first_sequence) == (self.last_position + 1, self.last_sequence + 1)
        self._write(Write(lives=(life,), sessions=new), sync=True)
        self._life = life.number

    def commit(self, rows: Sequence[Row]) -> None:
        self._check()
        self._check_rows(rows)
        if rows:
            self._write(Write(rows=tuple(rows)), sync=self._power)

    def snapshot(self) -> Snapshot | None:
        snapshots = self._disk.tables.snapshots
        return snapshots[-1] if snapshots else None

    def keep_snapshot(self, snapshot: Snapshot) -> None:
        assert snapshot.position <= self.last_position, "a snapshot of what is not committed"
        self._write(Write(snapshot=snapshot), sync=self._power)

    def pages(self, after: int) -> Iterator[Sequence[Row]]:
        self._check()
        rows = self._disk.tables.rows
        if after < self._disk.tables.cut:
            raise ValueError(f"Rows up to {self._disk.tables.cut} were dropped; {after} is before them.")
        for start in range(bisect_right(rows, after, key=attrgetter("position")), len(rows), PAGE):
            yield rows[start : start + PAGE]

    def records(self, after: int) -> Iterator[Page]:
        for rows in self.pages(after):
            lines = "".join(f"{row.record}\n" for row in rows)
            yield Page(rows[-1].position, [row.session for row in rows], lines.encode())

    def known(self, session: int) -> Known:
        return MemoryKnown(self._disk, session)

    def reader(self) -> StoreReader:
        return MemoryReader(self._disk)

    @property
    def needs_tending(self) -> bool:
        return self._disk.tending_syncs

    def tend(self) -> float:
        self._check()
        if self._disk.tending_syncs:
            self._disk.sync()
        return 1.0

    def backup(self, path: str) -> None:
        """Another disk, in `MemoryDisk.backups`."""
        if path in self._disk.backups:
            raise FileExistsError(path)
        self._disk.backups[path] = self._disk.copy()

    def verify(self) -> None:
        positions = [row.position for row in self._disk.tables.rows]
        if positions != list(range(self.last_position - len(positions) + 1, self.last_position + 1)):
            raise StoreFailed("The journal's rows are not in one line.")

    def close(self) -> None:
        """Syncs nothing: that is more than a store must keep."""
        self._failed = True
        if self._disk.holder is self:
            self._disk.holder = None

    def _write(self, write: Write, *, sync: bool) -> None:
        self._check()
        try:
            self._disk.write(write, sync=sync)
        except StoreFull:
            raise
        except BaseException:
            self._failed = True
            raise

    def _check(self) -> None:
        if self._failed or self._disk.holder is not self:
            raise StoreFailed("Nothing more is written to this journal.")

    def _check_rows(self, rows: Sequence[Row]) -> None:
        position, sequence = self.last_position, self.last_sequence
        for row in rows:
            position += 1
            assert row.position == position, f"{row} is not number {position}"
            assert row.life == self._life, f"{row} is not of life {self._life}"
            assert row.session <= len(self._disk.tables.sessions), f"{row} is of no session"
            if row.sequence is not None:
                sequence += 1
                assert row.sequence == sequence, f"{row} is not event {sequence}"

    def _retain(self, settings: Journal, now: int) -> None:
        """Drops whole commits that lie before the older snapshot: a restart does not need them."""
        snapshots, rows = self._disk.tables.snapshots, self._disk.tables.rows
        if not snapshots:
            return
        until = 0
        if settings.keep_records is not None:
            until = self.last_position - settings.keep_records
        if settings.keep_days is not None:
            oldest = now - settings.keep_days * DAY
            old = [row.position for row in rows if row.time < oldest]
            until = max(until, *old[-1:], 0)
        until = max((end for end in self._disk.tables.ends if end <= min(until, snapshots[0].position)), default=0)
        if rows and until >= rows[0].position:
            self._disk.drop(until)


@define
class VirtualThread:
    """Stands in for `trio.to_thread` on virtual time: a real thread would race with the clock, which jumps when every
    task waits. What the disk spends within the call is waited for after it, and cannot be canceled."""

    _disk: MemoryDisk

    async def run_sync(self, function: Callable[..., Result], *arguments: Any, **_: Any) -> Result:
        await trio.lowlevel.checkpoint_if_cancelled()
        spent = 0.0

        def spend(seconds: float) -> None:
            nonlocal spent
            spent += seconds

        usual, self._disk.spend = self._disk.spend, spend
        try:
            return function(*arguments)
        finally:
            self._disk.spend = usual
            with trio.CancelScope(shield=True):
                await trio.sleep(spent)
