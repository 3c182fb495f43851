"""Old rows are dropped from the front, in front of a snapshot; what must stay known stays known."""

from __future__ import annotations

import sqlite3
from pathlib import Path

import pytest

from actors.journal import compaction
from actors.journal.compaction import compact_journal
from actors.journal.sqlite_connection import Access
from protocol.dispatch.records import FormerId
from protocol.errors import JournalError
from protocol.journal import Snapshot, StoreFailed
from protocol.values import VenueOrderId
from tests.order_records import US, already

from .stored import NOW, Writer, all_rows, fee_of, fill, opened, order, written

DAY = 86_400 * 10**9


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "orders.db"


@pytest.fixture
def journal(path: Path) -> Path:
    """100 orders of four rows, one order a day, and a snapshot behind the 80th."""
    with written(path) as writer:
        for count in range(100):
            records = order(f"a{count}")
            rows = writer.rows(*records)
            writer.store.commit([row._replace(time=NOW + count * DAY) for row in rows])
        writer.store.keep_snapshot(Snapshot(position=320, states={1: b"state"}))
    return path


TODAY = Access(now=lambda: NOW + 100 * DAY)


def test_nothing_is_dropped_unless_it_is_asked_for(journal: Path) -> None:
    with opened(journal) as store:
        assert len(all_rows(store.pages(0))) == 400


@pytest.mark.parametrize(
    ("settings", "cut"),
    [
        ({"keep_records": 300}, 100),
        ({"keep_records": 297}, 100),  # whole commits only
        ({"keep_records": 10}, 320),  # never behind the snapshot
        ({"keep_records": 1000}, 0),
        ({"keep_days": 50}, 200),
        ({"keep_days": 1000}, 0),
        ({"keep_days": 50, "keep_records": 100}, 300),
    ],
    ids=str,
)
def test_rows_are_dropped_by_their_number_or_age(journal: Path, settings: dict[str, int], cut: int) -> None:
    with opened(journal, TODAY, **settings) as store:
        reader = store.reader()
        assert reader.bounds() == (cut + 1, 400)
        assert [row.position for row in all_rows(store.pages(cut))] == list(range(cut + 1, 401))
        store.verify()
        assert bool(store.warnings) == bool(cut)
        assert [row.sequence for row in reader.events(cut, 3)] == [cut + 1, cut + 2, cut + 3]
        reader.close()
        assert store.snapshot() == Snapshot(position=320, states={1: b"state"})
    with opened(journal) as store:  # and it goes on behind that
        writer = Writer(store)
        writer.commit(fill(1))
        store.verify()
        with pytest.raises(ValueError, match="were dropped") if cut else pytest.raises(StopIteration):
            next(iter(store.pages(cut - 1 if cut else 401)))


def test_without_a_snapshot_nothing_is_dropped(path: Path) -> None:
    with written(path) as writer:
        writer.commit(*order("a1"))
        writer.commit(*order("a2"))
    with opened(path, keep_records=1) as store:
        assert len(all_rows(store.pages(0))) == 8


def test_without_a_whole_snapshot_the_rest_is_not_trusted(journal: Path) -> None:
    with opened(journal, keep_records=80) as store:
        assert store.snapshot() is not None
    connection = sqlite3.connect(journal)
    connection.execute("UPDATE snapshots SET state = x'00'")
    connection.commit()
    connection.close()
    with opened(journal) as store, pytest.raises(StoreFailed, match=r"No snapshot .* is whole, and rows"):
        store.snapshot()


def test_names_and_fills_of_dropped_rows_stay_known(journal: Path) -> None:
    with opened(journal, keep_records=80) as store:
        known = store.known(1)
        for count in (0, 79, 80, 99):
            assert known.is_used(f"a{count}")
            assert known.fee_known(f"o-a{count}", f"t-a{count}") is True
        assert not known.is_used("a100")
        assert known.fee_known("o-a1", "t-a2") is None
        assert not store.known(2).is_used("a0")


def test_a_fee_that_comes_later_than_the_cut_is_known(path: Path) -> None:
    with written(path) as writer:
        writer.commit(fill(1, fee=None), fill(2, fee=None), fill(3, fee=None))
        writer.commit(fee_of(2))
        writer.commit(fee_of(3))
        writer.store.keep_snapshot(Snapshot(position=5, states={}))
        writer.store.keep_snapshot(Snapshot(position=4, states={1: b""}))
    with opened(path, keep_records=1) as store:
        known = store.known(1)
        assert store.reader().bounds() == (5, 5)
        assert [known.fee_known("o1", f"t{count}") for count in (1, 2, 3)] == [False, True, True]


def test_what_an_adopted_order_counts_already_stays_known(path: Path) -> None:
    with written(path) as writer:
        writer.commit(already("t1", 7), already("t2", 7), already("t3", 7), fill(4, fee=None))
        writer.commit(already("t1", 7), fill(3))
        writer.commit(fill(2, fee=None))
        writer.store.keep_snapshot(Snapshot(position=7, states={}))
        writer.store.keep_snapshot(Snapshot(position=6, states={1: b""}))
    with opened(path, keep_records=1) as store:
        known = store.known(1)
        assert store.reader().bounds() == (3, 3)
        assert [known.fee_known("o1", f"t{count}") for count in (1, 2, 3, 4)] == [None, False, True, False]
        assert known.is_counted("o1", "t1")
        assert not known.is_counted("o1", "t4")
        assert not known.is_counted("o2", "t1")
        assert not store.known(2).is_counted("o1", "t1")


def test_many_rows_are_dropped_a_slice_at_a_time(journal: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(compaction, "SLICE", 10)
    with opened(journal, keep_records=80) as store:
        store.verify()
        assert store.reader().bounds() == (321, 400)
        assert store.known(1).is_used("a0")


def test_a_slice_holds_at_least_one_commit(path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(compaction, "SLICE", 10)
    with written(path) as writer:
        writer.commit(*(fill(count) for count in range(100)))
        writer.commit(fill(200))
        writer.store.keep_snapshot(Snapshot(position=100, states={1: b""}))
    with opened(path, keep_records=1) as store:
        assert store.reader().bounds() == (101, 101)


def test_a_journal_of_which_all_events_are_dropped_knows_the_next_number(path: Path) -> None:
    with written(path) as writer:
        writer.commit(*order("a1"))
        writer.commit(FormerId(identity=US, venue_order_id=VenueOrderId("o9")))
        writer.store.keep_snapshot(Snapshot(position=4, states={1: b""}))
    with opened(path, keep_records=1) as store:
        assert (store.last_position, store.last_sequence) == (5, 4)
        assert store.reader().bounds() == (5, 4)


def test_compacting_gives_the_room_back(journal: Path) -> None:
    with opened(journal, keep_records=80):
        pass
    before = journal.stat().st_size
    compact_journal(journal)
    assert journal.stat().st_size < before / 2
    with opened(journal) as store:
        store.verify()
        assert store.last_position == 400
        assert store.known(1).is_used("a0")


def test_compacting_needs_a_journal(tmp_path: Path) -> None:
    with pytest.raises(JournalError, match="There is no journal"):
        compact_journal(tmp_path / "none.db")
    other = tmp_path / "other.db"
    connection = sqlite3.connect(other)
    connection.execute("CREATE TABLE lives (number)")
    connection.close()
    with pytest.raises(JournalError, match="is not a journal of this library"):
        compact_journal(other)


def test_no_row_is_dropped_that_a_restart_needs_when_the_newest_snapshot_is_damaged(path: Path) -> None:
    with written(path) as writer:
        for count in range(10):
            writer.commit(*order(f"a{count}"))
        for position in (16, 32):
            writer.store.keep_snapshot(Snapshot(position=position, states={1: b"state"}))
    with opened(path, keep_records=1):
        pass
    with sqlite3.connect(path) as connection:
        connection.execute("UPDATE snapshots SET state = x'00' WHERE position = 32")
    connection.close()
    with opened(path) as store:
        snapshot = store.snapshot()
        assert snapshot is not None
        assert [row.position for row in all_rows(store.pages(snapshot.position))] == list(range(17, 41))
