"""What the disk does to a journal: no room, a write or a sync that fails, another program in the file."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import apsw
import pytest

from actors.journal import Journal
from actors.journal.settings import Durability
from actors.journal.sqlite_connection import Access, connect
from actors.journal.sqlite_store import SqliteStore, open_sqlite_store
from protocol.journal import Life, StoreFailed, StoreFull
from tests.order_records import submitted

from .faulty_files import FaultyFiles
from .stored import AX, Writer, all_rows, fill, new_life, opened, order, written


@pytest.fixture
def files() -> Iterator[FaultyFiles]:
    with FaultyFiles() as files:
        yield files


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "orders.db"


def store_on(files: FaultyFiles, path: Path, durability: Durability = "process") -> SqliteStore:
    return open_sqlite_store(Journal(path=path, durability=durability), Access(vfs=files.name, exclusive=True))


def test_a_life_is_on_the_disk_before_it_is_used(files: FaultyFiles, path: Path) -> None:
    store = store_on(files, path)
    files.synced.clear()
    new_life(store).commit(submitted())
    files.synced.clear()
    writer = new_life(store)
    assert files.synced == ["log"]
    writer.commit(fill(1))
    writer.commit(fill(2))
    assert files.synced == ["log"]  # a killed process loses nothing that is written; for the power's loss: "power"
    store.close()


def test_under_power_every_commit_is_synced_once(files: FaultyFiles, path: Path) -> None:
    store = store_on(files, path, "power")
    writer = new_life(store)
    files.synced.clear()
    writer.commit(submitted())
    writer.commit(*(fill(count) for count in range(200)))
    assert files.synced == ["log", "log"]
    store.close()


def test_a_full_disk_keeps_nothing_and_takes_the_same_commit_later(files: FaultyFiles, path: Path) -> None:
    store = store_on(files, path)
    writer = new_life(store)
    first = writer.commit(submitted())
    for count in (1, 64, 200):
        rows = writer.rows(*(fill(each) for each in range(count)))
        files.full = True
        for _ in range(2):
            with pytest.raises(StoreFull, match=r"The disk of the journal .* is full"):
                store.commit(rows)
        assert all_rows(store.pages(0)) == first
        files.full = False
        store.commit(rows)
        first += rows
    assert all_rows(store.pages(0)) == first
    store.close()


def test_a_full_disk_lets_no_life_begin(files: FaultyFiles, path: Path) -> None:
    store = store_on(files, path)
    life = Life(number=1, tag="a" * 16, first_position=1, first_sequence=1, began=0)
    files.full = True
    with pytest.raises(StoreFull):
        store.begin(life, (AX,))
    files.full = False
    store.begin(life, (AX,))
    assert len(store.lives) == 1
    store.close()


@pytest.mark.parametrize("fault", ["broken", "no_sync"])
def test_a_failed_write_or_sync_ends_the_file(files: FaultyFiles, path: Path, fault: str) -> None:
    """The second try could succeed, and hide that the first one's pages are lost (as the kernel drops them)."""
    store = store_on(files, path, "power")
    writer = new_life(store)
    kept = writer.commit(submitted())
    setattr(files, fault, True)
    with pytest.raises(StoreFailed, match="Nothing more is written to it"):
        writer.commit(fill(1))
    setattr(files, fault, False)
    files.written.clear()
    lost = writer.rows(fill(2))
    for attempt in (lambda: store.commit(lost), store.tend, lambda: new_life(store)):
        with pytest.raises(StoreFailed, match="Nothing more is written"):
            attempt()
    store.close()
    assert files.written == []
    again = store_on(files, path)
    assert all_rows(again.pages(0))[:1] == kept
    again.close()


def test_a_question_that_the_disk_does_not_answer_is_answered_by_memory_alone(files: FaultyFiles, path: Path) -> None:
    store = store_on(files, path)
    new_life(store).commit(*order("a1"))
    store.close()
    store = store_on(files, path)
    writer, known = new_life(store), store.known(1)
    files.unreadable = True
    assert known.is_used("a1") is False
    assert known.fee_known("o-a1", "t-a1") is None  # told twice rather than never
    assert known.is_counted("o-a1", "t-a1") is False
    files.unreadable = False
    with pytest.raises(StoreFailed, match="Reading the journal"):
        writer.commit(fill(1))
    store.close()


def test_a_program_that_holds_the_file_is_waited_for_and_named(path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("actors.journal.sqlite_connection.PATIENCE", 10)
    with opened(path) as store:
        writer = new_life(store)
        intruder = connect(path, Access(), writes=True)
        intruder.execute("BEGIN IMMEDIATE")
        rows = writer.rows(submitted())
        with pytest.raises(StoreFull, match="Another program holds the journal"):
            store.commit(rows)
        intruder.execute("ROLLBACK")
        store.commit(rows)
        intruder.close()


def test_an_interrupted_transaction_is_rolled_back(path: Path) -> None:
    with written(path) as writer:
        with pytest.raises(KeyboardInterrupt), writer.store._transaction():
            raise KeyboardInterrupt
        writer.commit(submitted())


def test_pragmas_are_read_back(path: Path) -> None:
    with written(path, durability="power") as writer:
        settings = {
            name: writer.store._writer.pragma(name)
            for name in ("journal_mode", "synchronous", "wal_autocheckpoint", "application_id")
        }
        assert settings == {
            "journal_mode": "wal",
            "synchronous": 2,
            "wal_autocheckpoint": 0,
            "application_id": 0x74726F6A,
        }
        reader = connect(path, Access(), writes=False)
        with pytest.raises(apsw.ReadOnlyError):
            reader.execute("DELETE FROM records")
        reader.close()


def test_synchronous_is_back_to_normal_behind_a_life(path: Path) -> None:
    with opened(path) as store:
        assert isinstance(new_life(store), Writer)
        assert store._writer.pragma("synchronous") == 1
