"""The SQLite store on a disk that loses and fails: what was committed, and when it may be gone."""

from __future__ import annotations

import random
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path
from typing import Any

import pytest
from attrs import Factory, define

from actors.journal import Durability, Journal, compaction, sqlite_store
from actors.journal.sqlite_connection import Access
from actors.journal.sqlite_store import SqliteStore, open_sqlite_store
from protocol.errors import JournalError
from protocol.journal import Snapshot, StoreFailed
from tests.order_records import filled

from .stored_rows import begin, rows_after
from .vfs import Change, FileDisk, FileFault

ALL = 1_000_000
LONG = "x" * 3_000


def opened(disk: FileDisk, durability: Durability = "power", **settings: Any) -> SqliteStore:
    access = Access(vfs=disk.boot(), new_id=lambda: "00000000000000aa")
    return open_sqlite_store(Journal(path=disk.directory / "orders.db", durability=durability, **settings), access)


def commit(store: SqliteStore, *trades: str) -> None:
    store.commit(rows_after(store, [filled(trade, 1) for trade in trades]))


def kept(disk: FileDisk) -> list[str | None]:
    store = opened(disk)
    store.verify()
    found = [row.trade_id for page in store.pages(0) for row in page]
    store.close()
    return found


@define
class Session:
    """Two lives, commits of two rows, a snapshot, checkpoints and a close: what came back, and what was begun."""

    disk: FileDisk
    durability: Durability
    returned: int = 0
    begun: int = 0
    lives: int = 0
    trades: list[str] = Factory(list)

    def run(self) -> None:
        for _ in range(2):
            store = opened(self.disk, self.durability)
            begin(store)
            self.lives += 1
            for _ in range(4):
                self._commit(store)
            store.keep_snapshot(Snapshot(position=store.last_position, states={1: b"state"}))
            # As after a longer time: the writer's half of a checkpoint.
            store._checkpoints.is_due = True
            self._commit(store)
            store.tend()
            self._commit(store)
            store.close()  # says nothing of a disk that fails here: all is committed
            if self.disk.dead:
                return

    def _commit(self, store: SqliteStore) -> None:
        self.begun = self.returned + 1
        commit(store, f"t{self.begun}a", f"t{self.begun}b")
        self.returned = self.begun


def trades(commits: int) -> list[str]:
    return [f"t{number}{row}" for number in range(1, commits + 1) for row in "ab"]


def losing(seed: int) -> Callable[[Change], int]:
    drawn = random.Random(seed)
    return lambda change: drawn.choice((0, 0, ALL, drawn.randrange(1 + len(change.data or b""))))


def steps_of(durability: Durability, folder: Path) -> int:
    folder.mkdir()
    disk = FileDisk(folder)
    Session(disk, durability).run()
    return disk.steps


@pytest.mark.parametrize("end", ["kill", "power"])
@pytest.mark.parametrize("durability", ["process", "power"])
def test_a_program_that_ends_at_any_step_of_the_disk(tmp_path: Path, durability: Durability, end: str) -> None:
    """Whatever it had committed is there, in whole commits; after a loss of power under "process", all up to the
    beginning of the life at least."""
    for at in range(1, steps_of(durability, tmp_path / "whole") + 1):
        folder = tmp_path / str(at)
        folder.mkdir()
        disk = FileDisk(folder, faults=[FileFault(does="kill", at=at, kept=at * 37 % 5_000)])
        session = Session(disk, durability)
        with suppress(JournalError, StoreFailed):
            session.run()
        assert disk.dead
        if end == "power":
            disk.lose_power(losing(at))
        found = kept(disk)
        commits = len(found) // 2
        assert found == trades(commits), at
        least = session.returned if durability == "power" or end == "kill" else (0, 0, 6)[session.lives]
        assert least <= commits <= session.begun, at


@pytest.mark.parametrize("end", ["kill", "power"])
def test_a_program_that_ends_at_any_step_while_old_rows_are_dropped(
    tmp_path: Path, end: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """What is left has no hole, and what was dropped is still known."""
    monkeypatch.setattr(compaction, "SLICE", 3)
    made = old_journal(tmp_path / "made")
    began = made.steps
    opened(made, keep_records=5).close()
    for at in range(1, made.steps - began + 1):
        disk = old_journal(tmp_path / str(at))
        disk.faults = [FileFault(does="kill", at=disk.steps + at, kept=at * 37 % 5_000)]
        with suppress(JournalError, StoreFailed):
            opened(disk, keep_records=5).close()
        if end == "power":
            disk.lose_power(losing(at))
        store = opened(disk)
        store.verify()
        oldest, newest = store.reader().bounds()
        assert newest == 12
        assert oldest in (1, 3, 5, 7), at  # whole commits, a slice at a time
        assert [row.position for page in store.pages(oldest - 1) for row in page] == list(range(oldest, 13)), at
        known = store.known(1)
        assert all(known.fee_known("o1", trade) for trade in trades(6)), at


def old_journal(folder: Path) -> FileDisk:
    """Six commits of two rows, with a snapshot behind them; not open."""
    folder.mkdir()
    disk = FileDisk(folder)
    store = opened(disk)
    begin(store)
    for number in range(1, 7):
        commit(store, f"t{number}a", f"t{number}b")
    store.keep_snapshot(Snapshot(position=store.last_position, states={1: b"state"}))
    store.close()
    return disk


def test_a_life_behind_a_failed_sync_keeps_what_it_syncs(tmp_path: Path) -> None:
    """The system counts what it could not bring to the disk as clean; whoever reads sees it all the same."""
    disk = FileDisk(tmp_path)
    disk_with_a_failed_sync(disk)
    store = opened(disk)
    begin(store)
    assert store.last_position == 2
    commit(store, "t3")
    disk.lose_power()
    assert kept(disk) == ["t1", "t2", "t3"]


def test_without_writing_the_log_again_it_would_not(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """So that the test above can fail at all."""
    monkeypatch.setattr(sqlite_store, "write_again", lambda *_: None)
    disk = FileDisk(tmp_path)
    disk_with_a_failed_sync(disk)
    store = opened(disk)
    begin(store)
    commit(store, "t3")
    disk.lose_power()
    assert "t3" not in kept(disk)


def disk_with_a_failed_sync(disk: FileDisk) -> None:
    """A commit that was never confirmed, and that the next life finds."""
    store = opened(disk)
    begin(store)
    commit(store, "t1")
    disk.failing = {"sync"}
    with pytest.raises(StoreFailed):
        commit(store, "t2")
    disk.failing = set()
    disk.kill()
