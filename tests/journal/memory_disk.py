"""A disk in memory, with what can go wrong on one: it outlives the store that writes to it, as a disk does."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from itertools import accumulate
from typing import Literal

from attrs import Factory, define, evolve, field, frozen

from actors.journal import Journal
from protocol.dispatch.record_json import record_from_json
from protocol.dispatch.records import AlreadyCounted, Registered
from protocol.events import FeeReported, Filled, FillReport, Submitted
from protocol.journal import Life, Row, Snapshot, Store, StoredSession, StoreFailed, StoreFull

__all__ = ["Fault", "Killed", "MemoryDisk", "Tables", "Write"]

OVERHEAD = 64
"""Bytes that each row and each write costs beside its text."""
FILLS = frozenset({Filled.__name__, FillReport.__name__, FeeReported.__name__})
NAMING = frozenset({Submitted.__name__, Registered.__name__})
"""What gives an order of ours its name."""


class Killed(BaseException):
    """The process ended here, as by SIGKILL. Not an Exception: no code that goes on after an error may catch it."""


@frozen(kw_only=True)
class Write:
    """What a store writes at once, whole or not at all."""

    rows: Sequence[Row] = ()
    lives: Sequence[Life] = ()
    sessions: Sequence[StoredSession] = ()
    snapshot: Snapshot | None = None

    @property
    def size(self) -> int:
        """In bytes, roughly as a file would need them."""
        states = () if self.snapshot is None else self.snapshot.states.values()
        texts = sum(len(row.record) + OVERHEAD for row in self.rows)
        return OVERHEAD + texts + OVERHEAD * len(self.sessions) + sum(len(state) for state in states)


@frozen(kw_only=True)
class Fault:
    """What goes wrong with one write."""

    does: Literal["fail", "kill"]
    """fail: the store says StoreFailed; kill: the process ends (`Killed`)."""
    at: int
    """Which write on this disk, from 1: each `begin`, `commit` and `keep_snapshot` is one."""
    kept: int | None = 0
    """How many bytes of it reach the file. None: all, so that the next life finds what was never confirmed. It was not
    synced in any case."""


@define
class Tables:
    """What the whole writes of a file make, for reading."""

    rows: list[Row] = Factory(list)
    events: list[Row] = Factory(list)
    ends: list[int] = Factory(list)
    """Position of the last row of each commit."""
    lives: list[Life] = Factory(list)
    sessions: list[StoredSession] = Factory(list)
    snapshots: list[Snapshot] = Factory(list)
    """The newest one, last, and the one before it."""
    cut: int = 0
    """Position of the last row that retention dropped."""
    last_position: int = 0
    last_sequence: int = 0
    names: set[tuple[int, str]] = Factory(set)
    fills: dict[tuple[int, str, str], list[Row]] = Factory(dict)
    counted: set[tuple[int, str, str]] = Factory(set)

    def take(self, write: Write) -> None:
        self.lives.extend(write.lives)
        self.sessions.extend(write.sessions)
        if write.snapshot is not None:
            others = [each for each in self.snapshots if each.position != write.snapshot.position]
            self.snapshots = [*others[-1:], write.snapshot]
        for row in write.rows:
            self._take_row(row)
        if write.rows:
            self.ends.append(self.last_position)

    def _take_row(self, row: Row) -> None:
        self.rows.append(row)
        self.last_position = row.position
        if row.sequence is not None:
            self.events.append(row)
            self.last_sequence = row.sequence
        if row.client_order_id is not None and row.kind in NAMING:
            self.names.add((row.session, row.client_order_id))
        if row.venue_order_id is None or row.trade_id is None:
            return
        key = (row.session, row.venue_order_id, row.trade_id)
        if row.kind in FILLS:
            self.fills.setdefault(key, []).append(row)
        elif row.kind == AlreadyCounted.__name__:
            self.counted.add(key)

    def fee_known(self, session: int, venue_order_id: str, trade_id: str) -> bool | None:
        rows = self.fills.get((session, venue_order_id, trade_id), ())
        if all(row.kind == FeeReported.__name__ for row in rows):
            return None
        return any(_names_fee(row) for row in rows)

    def drop(self, until: int) -> None:
        """Drops the rows until this position. The names and the fills in them stay known."""
        self.rows = [row for row in self.rows if row.position > until]
        self.events = [row for row in self.events if row.position > until]
        self.cut = until

    def copy(self) -> Tables:
        return evolve(
            self,
            rows=list(self.rows),
            events=list(self.events),
            ends=list(self.ends),
            snapshots=list(self.snapshots),
            lives=list(self.lives),
            sessions=list(self.sessions),
            names=set(self.names),
            fills={key: list(rows) for key, rows in self.fills.items()},
            counted=set(self.counted),
        )


@define(eq=False)
class MemoryDisk:
    """Holds one journal: every write in order, how many of them are synced, and the bytes of one that came only in
    part. Change its public attributes at any time, from the loop's thread."""

    capacity: int | None = None
    """Bytes for which there is room; None: no end of it. See `fill` and `make_room`."""
    faults: list[Fault] = Factory(list)
    seconds_a_write: float = 0
    """How long a write takes: `spend` is called with it, within the write."""
    spend: Callable[[float], None] = field(default=lambda _: None)
    """Lets time pass: `MockClock.jump` on the loop's thread (see also `VirtualThread`)."""
    watch: Callable[[str, Write], None] = field(default=lambda *_: None)
    """Hears "written" and then "synced" of each write, before the store's call returns."""
    tending_syncs: bool = False
    """Whether `tend` brings everything to the disk, as a checkpoint does."""
    wall_clock: Callable[[], int] = field(default=lambda: 0)
    """ns since 1970, for retention by age."""
    journal_id: str = "00000000000000aa"
    writes: int = 0
    """How many were tried so far, those that failed included."""
    torn: int = 0
    """Bytes of an incomplete write at the file's end, until the next opening cuts them."""
    tables: Tables = Factory(Tables)
    backups: dict[str, MemoryDisk] = Factory(dict)
    holder: object | None = None
    """The store that has it open."""
    unconfirmed: Write | None = None
    """Whole in the file, though the store heard that it failed: the next opening finds it."""
    _base: Tables = Factory(Tables)  # what was compacted, before the log
    _log: list[Write] = Factory(list)
    _synced: int = 0  # of the log
    _size: int = 0

    @property
    def size(self) -> int:
        """Bytes in use."""
        return self._size

    @property
    def unsynced(self) -> int:
        """Bytes that a loss of power may take."""
        return sum(write.size for write in self._log[self._synced :]) + self.torn

    def opener(self, settings: Journal) -> Store:
        """For `Journal(path="any", open_store=disk.opener)`."""
        from .memory_store import MemoryStore  # it knows the disk, so it comes after it

        return MemoryStore.open(self, settings)

    def write(self, write: Write, *, sync: bool) -> None:
        """Takes it whole, or raises StoreFull, StoreFailed or Killed."""
        self.writes += 1
        self.spend(self.seconds_a_write)
        if self.capacity is not None and self._size + write.size > self.capacity:
            raise StoreFull("there is no room on the disk")
        for fault in self.faults:
            if fault.at == self.writes:
                self._do(fault, write)
        self._keep(write)
        self.watch("written", write)
        if sync:
            self.sync()
            self.watch("synced", write)

    def sync(self) -> None:
        self._synced = len(self._log)

    def kill(self) -> None:
        """The process ends here. What was written stays, and the store that had it open can do nothing any more."""
        self.holder = None
        self._confirm()

    def lose_power(self, kept: int = 0) -> None:
        """The machine ends here. Of what was not synced, the first `kept` bytes stay; a write that is cut by that is
        torn."""
        self.kill()
        self.torn, whole = 0, self._synced
        while whole < len(self._log) and kept >= self._log[whole].size:
            kept -= self._log[whole].size
            whole += 1
        if whole < len(self._log):
            self.torn = kept
            self._log = self._log[:whole]
            self._rebuild()
        self.sync()

    def ends(self) -> Sequence[int]:
        """Each `kept` with which `lose_power` tears nothing."""
        return list(accumulate((write.size for write in self._log[self._synced :]), initial=0))

    def fill(self) -> None:
        """No write has room from now on."""
        self.capacity = self._size

    def make_room(self) -> None:
        self.capacity = None

    def open(self, holder: object) -> int:
        """Gives the file to a store, and says how many bytes of an incomplete tail were cut. Raises PermissionError
        while another store has it."""
        if self.holder is not None:
            raise PermissionError
        self.holder = holder
        self._confirm()
        torn, self.torn = self.torn, 0
        return torn

    def drop(self, until: int) -> None:
        """What retention drops is dropped on the disk itself."""
        self.tables.drop(until)
        self._base, self._log = self.tables.copy(), []
        self._size = sum(Write(rows=(row,)).size for row in self.tables.rows)
        self.sync()

    def copy(self) -> MemoryDisk:
        """Another disk with all that is whole on this one."""
        other = MemoryDisk(journal_id=self.journal_id, base=self.tables.copy(), tables=self.tables.copy())
        other._size = self._size
        return other

    def _keep(self, write: Write) -> None:
        self._log.append(write)
        self._size += write.size
        self.tables.take(write)

    def _do(self, fault: Fault, write: Write) -> None:
        if fault.kept is None or fault.kept >= write.size:
            self.unconfirmed = write
        else:
            self.torn = fault.kept
        if fault.does == "kill":
            self.kill()
            raise Killed
        raise StoreFailed("the disk failed a write")

    def _confirm(self) -> None:
        write, self.unconfirmed = self.unconfirmed, None
        if write is not None:
            self._keep(write)

    def _rebuild(self) -> None:
        self.tables = self._base.copy()
        self._size = sum(Write(rows=(row,)).size for row in self.tables.rows)
        for write in self._log:
            self._size += write.size
            self.tables.take(write)


def _names_fee(row: Row) -> bool:
    record = record_from_json(row.record)
    return isinstance(record, Filled | FillReport | FeeReported) and record.commission is not None
