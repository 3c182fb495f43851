"""One random program on the SQLite store, on a disk that loses and fails, and on the store in memory: they agree.

What SQLite shows after a loss must be what the disk in memory shows for one of the losses that it allows: with
durability "process" some of the newest commits are gone, whole ones, none that was synced; with "power" none at all.
"""

from __future__ import annotations

import copy
import random
from collections.abc import Callable, Iterator, Sequence
from contextlib import suppress
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Literal

import hypothesis.strategies as st
import pytest
from attrs import evolve, fields, frozen
from hypothesis import HealthCheck, Phase, settings
from hypothesis.stateful import RuleBasedStateMachine, invariant, rule, run_state_machine_as_test

from actors.journal import Durability, Journal, sqlite_checkpoints
from actors.journal.sqlite_connection import Access
from actors.journal.sqlite_store import open_sqlite_store
from protocol.dispatch.records import Record
from protocol.errors import JournalError
from protocol.events import FeeReported
from protocol.journal import Known, Life, Row, Snapshot, Store, StoredSession, StoreFailed, StoreFull, StoreReader
from protocol.values import TradeId
from tests.order_records import (
    FEE,
    O1,
    OF_EVENT,
    accepted,
    already,
    canceled,
    filled,
    identity,
    lost,
    reported,
    submitted,
)

from .memory_store import Fault, MemoryDisk
from .stored_rows import begin, rows_after, session
from .vfs import Change, FileDisk, FileFault

ORDERS = ("a1", "a2", "a3", "b'\n\0é")
TRADES = ("t1", "t2", "t3")
SESSIONS = (1, 2)
ALL = 1_000_000


def fee_of(trade: str) -> FeeReported:
    return FeeReported(**OF_EVENT, trade_id=TradeId(trade), fill_venue_order_id=O1, commission=FEE)


# The lambdas are for the shown program: it can be pasted into a test.
drawn_records: st.SearchStrategy[Record] = st.one_of(
    st.builds(lambda name: submitted(identity(name)), st.sampled_from(ORDERS)),
    st.builds(lambda name: accepted(of=identity(name)), st.sampled_from(ORDERS)),
    st.builds(lambda name: canceled(of=identity(name)), st.sampled_from(ORDERS)),
    st.builds(
        lambda trade, fee: filled(trade, 1, commission=fee), st.sampled_from(TRADES), st.sampled_from((FEE, None))
    ),
    st.builds(lambda trade, fee: reported(trade, fee=fee), st.sampled_from(TRADES), st.sampled_from((FEE, None))),
    st.builds(lambda trade: fee_of(trade), st.sampled_from(TRADES)),
    st.builds(lambda trade: already(trade, 7), st.sampled_from(TRADES)),
    st.builds(lambda reason: lost(reason), st.sampled_from(("", "\0", "a\nb\r\u2028c", "x" * 5_000, "\U0001f4a5"))),
)
batches = st.lists(drawn_records, min_size=1, max_size=4)
End = Literal["kill", "close", "power", "close, power"]
faults = st.builds(
    lambda does, at, kept: FileFault(does=does, at=at, kept=kept),
    st.sampled_from(("fail", "kill")),
    st.integers(1, 8),
    st.sampled_from((0, 1, 24, 2000, ALL)),
)
Readers = dict[int | None, tuple[StoreReader, int]]
"""By the session that it reads; beside each, where it stands."""
ends = st.sampled_from(("kill", "close", "power", "close, power"))


@frozen
class View:
    """Everything that a store shows."""

    lives: Sequence[Life]
    sessions: Sequence[StoredSession]
    snapshot: Snapshot | None
    last: tuple[int, int]
    bounds: tuple[int, int]
    rows: Sequence[Row]
    records: Sequence[tuple[int, str]]
    events: Sequence[Row]
    of_one_order: Sequence[Row]
    of_one_session: Sequence[Row]
    names: Sequence[bool]
    fees: Sequence[bool | None]
    counted: Sequence[bool]


def view(store: Store) -> View:
    reader = store.reader()
    try:
        oldest, _ = bounds = reader.bounds()
        return View(
            lives=list(store.lives),
            sessions=list(store.sessions),
            snapshot=store.snapshot(),
            last=(store.last_position, store.last_sequence),
            bounds=bounds,
            rows=rows_of(store),
            records=records_of(store),
            events=list(reader.events(oldest - 1, 1_000)),
            of_one_order=list(reader.events(oldest, 3, client_order_id=ORDERS[0])),
            of_one_session=list(reader.events(oldest, 3, session=2)),
            names=[store.known(number).is_used(name) for number in SESSIONS for name in ORDERS],
            fees=[store.known(number).fee_known("o1", trade) for number in SESSIONS for trade in TRADES],
            counted=[is_counted(store.known(number), trade) for number in SESSIONS for trade in TRADES],
        )
    finally:
        reader.close()


def is_counted(known: Known, trade: str) -> bool:
    """Asked, as the product asks, only of what was never published."""
    return known.fee_known("o1", trade) is None and known.is_counted("o1", trade)


def rows_of(store: Store) -> list[Row]:
    """All, or those that a restart reads where older ones were dropped."""
    snapshot = store.snapshot()
    with suppress(ValueError):
        return [row for page in store.pages(0) for row in page]
    return [] if snapshot is None else [row for page in store.pages(snapshot.position) for row in page]


def records_of(store: Store) -> list[tuple[int, str]]:
    """What a restart folds."""
    snapshot = store.snapshot()
    pages = list(store.records(0 if snapshot is None else snapshot.position))
    texts = [text for page in pages for text in page.records.decode().split("\n")[:-1]]
    return list(zip((session for page in pages for session in page.sessions), texts, strict=True))


def opened_on(files: FileDisk, journal: Journal) -> Store:
    vfs = files.boot()
    return open_sqlite_store(evolve(journal, path=files.directory / "orders.db"), Access(vfs=vfs, new_id=lambda: ID))


ID = "00000000000000aa"


def losing(drawn: random.Random) -> Callable[[Change], int]:
    """Every write for itself: nothing of it, a part or all."""
    if drawn.random() < 0.3:
        return lambda _: 0
    return lambda change: drawn.choice((0, 1, drawn.randrange(1 + len(change.data or b"")), ALL))


class StoresAgree(RuleBasedStateMachine):
    durability: Durability = "process"

    def __init__(self) -> None:
        super().__init__()
        self.folder = TemporaryDirectory()
        self.files = FileDisk(Path(self.folder.name))
        self.memory = MemoryDisk(journal_id=ID)
        self.journal = Journal(path=Path("orders.db"), durability=self.durability)
        self.sqlite = opened_on(self.files, self.journal)
        self.model = self.memory.opener(self.journal)
        self.readers: Readers = {}
        self.readers_of_model: Readers = {}
        self.power_lost = False  # since the last opening that succeeded
        self._write(start)

    def teardown(self) -> None:
        for reader, _ in self.readers.values():
            reader.close()
        self.files.faults = []
        self.sqlite.close()
        self.folder.cleanup()

    @invariant()
    def they_show_the_same(self) -> None:
        assert view(self.sqlite) == view(self.model)
        assert [each for each in self.sqlite.warnings if "were dropped" not in each] == []

    @rule(records=batches, number=st.sampled_from(SESSIONS))
    def commit(self, records: Sequence[Record], number: int) -> None:
        rows = self._rows(records, number)
        self._write(lambda store: store.commit(rows))

    @rule(state=st.binary(max_size=50))
    def keep_snapshot(self, state: bytes) -> None:
        snapshot = Snapshot(position=self.model.last_position, states={1: state, 2: b""})
        self._write(lambda store: store.keep_snapshot(snapshot))

    @rule(most=st.integers(1, 5), number=st.none() | st.sampled_from(SESSIONS))
    def read_on(self, most: int, number: int | None) -> None:
        """A reader that stays, as a consumer's."""
        for store, readers in ((self.sqlite, self.readers), (self.model, self.readers_of_model)):
            if number not in readers:
                readers[number] = store.reader(), 0
        (reader, after), (of_model, _) = self.readers[number], self.readers_of_model[number]
        read = reader.events(after, most, session=number)
        assert list(read) == list(of_model.events(after, most, session=number))
        if read:
            self.readers[number] = reader, read[-1].sequence or 0

    @rule(fault=st.none() | faults, end=ends, seed=st.integers(0, 99))
    def tend(self, fault: FileFault | None, end: End, seed: int) -> None:
        """A checkpoint, on a disk that may fail in it."""
        self._break(fault)
        try:
            self.sqlite.tend()
        except StoreFailed:
            self.files.faults = []
            self._end(end, seed)
            self._reopen(self.journal)
        self.files.faults = []
        self.model.tend()

    @rule(records=batches, room=st.integers(0, 9_000), as_snapshot=st.booleans())
    def run_full(self, records: Sequence[Record], room: int, as_snapshot: bool) -> None:
        """And find room again: the same write succeeds."""
        rows = self._rows(records)
        snapshot = Snapshot(position=self.model.last_position, states={1: bytes(room)})

        def write(store: Store) -> None:
            if as_snapshot:
                store.keep_snapshot(snapshot)
            else:
                store.commit(rows)

        self.files.capacity = self.files.size + room
        try:
            write(self.sqlite)
        except StoreFull:
            self.memory.fill()
            with pytest.raises(StoreFull):
                write(self.model)
            assert view(self.sqlite) == view(self.model)
            self.memory.make_room()
            self.files.capacity = None
            write(self.sqlite)
        self.files.capacity = None
        write(self.model)

    @rule(records=batches, fault=faults, end=ends, seed=st.integers(0, 99))
    def fail(self, records: Sequence[Record], fault: FileFault, end: End, seed: int) -> None:
        """Or be killed, in the middle of a commit; a later life finds it whole, or nothing of it."""
        rows = self._rows(records)
        if self._write(lambda store: store.commit(rows), fault):
            return
        for store in (self.sqlite, self.model):
            with pytest.raises(StoreFailed):
                store.commit(rows)
        self._end(end, seed)
        self._reopen(self.journal)

    @rule(end=ends, seed=st.integers(0, 99), keep=st.none() | st.integers(1, 9))
    def live_again(self, end: End, seed: int, keep: int | None) -> None:
        self._end(end, seed)
        self._reopen(evolve(self.journal, keep_records=keep))

    @rule(end=ends, seed=st.integers(0, 99), fault=faults)
    def fail_at_the_beginning(self, end: End, seed: int, fault: FileFault) -> None:
        """A disk that fails while a life begins; the one after it goes on."""
        self._end(end, seed)
        self._break(fault)
        try:
            begun = self._reopen(self.journal)
        except (JournalError, StoreFailed):
            begun = False
        finally:
            self.files.faults = []
        if not begun:
            self._end("kill", seed)
            self._reopen(self.journal)

    def _rows(self, records: Sequence[Record], number: int = 1) -> Sequence[Row]:
        """The next rows. The fee of a fill that was never told is none that dispatch would report."""
        known = self.model.known(number)
        told = [
            each
            for each in records
            if not isinstance(each, FeeReported) or known.fee_known(O1, each.trade_id) is not None
        ]
        return rows_after(self.model, told or [lost()], number)

    def _break(self, fault: FileFault | None) -> None:
        """Has one of the next steps of the disk go wrong; `fault.at` counts from now."""
        self.files.faults = [] if fault is None else [evolve(fault, at=self.files.steps + fault.at)]

    def _write(self, write: Callable[[Store], object], fault: FileFault | None = None) -> bool:
        """False: the disk failed. Where SQLite had the write whole by then, the next opening finds it, as may be."""
        self._break(fault)
        try:
            write(self.sqlite)
        except StoreFailed:
            self.memory.faults = [Fault(does="fail", at=self.memory.writes + 1, kept=None)]
            with pytest.raises(StoreFailed):
                write(self.model)
            return False
        finally:
            self.files.faults = []
        write(self.model)
        return True

    def _end(self, how: End, seed: int) -> None:
        for reader, _ in self.readers.values():
            reader.close()
        self.readers, self.readers_of_model = {}, {}
        self.power_lost |= "power" in how
        if "close" in how:
            self.sqlite.close()
            self.model.close()
        if "power" in how:
            self.files.lose_power(losing(random.Random(seed)))
        else:
            self.files.kill()

    def _reopen(self, journal: Journal) -> bool:
        """What SQLite shows must be one of the allowed outcomes; the model goes on with that one. False: the new life
        could not begin."""
        self.sqlite = opened_on(self.files, journal)
        shown = view(self.sqlite)
        other: list[str] = []
        for memory in outcomes(self.memory, self.power_lost):
            self.memory, self.model = memory, memory.opener(journal)
            seen = view(self.model)
            if seen == shown:
                break
            other.append(differences(shown, seen))
        else:
            raise AssertionError("SQLite shows none of the allowed outcomes:\n" + "\n".join(other))
        self.power_lost = False
        return self._write(start)


def start(store: Store) -> None:
    begin(store, *map(session, SESSIONS))


def differences(shown: View, seen: View) -> str:
    names = [each.name for each in fields(View) if getattr(shown, each.name) != getattr(seen, each.name)]
    return ", ".join(f"{name}: {getattr(shown, name)} and not {getattr(seen, name)}" for name in names)


def outcomes(memory: MemoryDisk, power_lost: bool) -> Iterator[MemoryDisk]:
    """Each disk that may be found after the end of a life."""
    for confirmed in (True, False):
        after = copy.deepcopy(memory)
        if not confirmed:
            after.unconfirmed = None
        after.kill()
        for kept in after.ends() if power_lost else ():
            lost = copy.deepcopy(after)
            lost.lose_power(kept)
            yield lost
        if not power_lost:
            yield after


@pytest.mark.parametrize("durability", ["process", "power"])
def test_both_stores_agree_under_one_random_program(durability: Durability, monkeypatch: pytest.MonkeyPatch) -> None:
    # A log of a few pages is worth a checkpoint here, as one of thousands is after some minutes of trading.
    monkeypatch.setattr(sqlite_checkpoints, "WORTH_IT", 4)
    monkeypatch.setattr(sqlite_checkpoints, "SMALL", 2)
    machine = type("Machine", (StoresAgree,), {"durability": durability})
    # Without the search for a shorter program, which would take longer than a test may: let it search where one fails.
    phases = (Phase.explicit, Phase.reuse, Phase.generate)
    limits = settings(max_examples=15, stateful_step_count=25, suppress_health_check=list(HealthCheck), phases=phases)
    run_state_machine_as_test(machine, settings=limits)
