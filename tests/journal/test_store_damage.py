"""What is done about a journal that is not whole: a tail is cut, damage is named, and a person decides."""

from __future__ import annotations

import sqlite3
from pathlib import Path
from typing import Any

import apsw
import pytest
from hypothesis import given
from hypothesis import strategies as st

from actors.journal.quarantine import quarantine_journal
from actors.journal.sqlite_chain import chain_after, chain_of_journal, checked_pages
from actors.journal.sqlite_schema import SCHEMA, insert_of
from protocol.errors import JournalError
from protocol.journal import Row, Snapshot, StoreFailed
from tests.any_event import texts
from tests.order_records import submitted

from .stored import NOW, all_rows, fill, new_life, opened, order, written

DAY = 86_400 * 10**9


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "orders.db"


@pytest.fixture
def filled_journal(path: Path) -> Path:
    """60 orders, each of them one commit of four rows, in two lives; a day passes between two orders."""
    for first in (0, 30):
        with written(path) as writer:
            for count in range(first, first + 30):
                writer.commit(*order(f"a{count}"), now=NOW + count * DAY)
    return path


def change(path: Path, statement: str) -> None:
    """What a bad disk does. No journal is open here meanwhile."""
    with opened(path):
        pass
    connection = sqlite3.connect(path)
    connection.execute(statement)
    connection.commit()
    connection.close()


DAMAGES = {
    "a record": "UPDATE records SET record = replace(record, '\"100\"', '\"101\"') WHERE position = 103",
    "a trade id": "UPDATE records SET trade_id = 'other' WHERE position = 103",
    "a session": "UPDATE records SET session = 2 WHERE position = 101",
    "a number": "UPDATE records SET sequence = 1000 WHERE position = 104",
    "a text that is a blob": "UPDATE records SET trade_id = x'ff00' WHERE position = 103",
    "a text that is no Unicode": "UPDATE records SET venue_order_id = CAST(x'ff6f' AS TEXT) WHERE position = 103",
    "a text that is a number": "UPDATE records SET client_order_id = 1e999 WHERE position = 103",
    "a record that is no Unicode": "UPDATE records SET record = CAST(x'ff' AS TEXT) WHERE position = 103",
    "a row that is gone": "DELETE FROM records WHERE position = 102",
}


@pytest.mark.parametrize("statement", DAMAGES.values(), ids=DAMAGES)
def test_damage_is_found_wherever_it_is_and_named(filled_journal: Path, statement: str) -> None:
    change(filled_journal, statement)
    with opened(filled_journal) as store:
        for look in (store.verify, lambda: list(store.pages(0)), lambda: list(store.records(40))):
            with pytest.raises(StoreFailed) as failed:
                look()
            sentence = str(failed.value)
            assert "is damaged: its rows 101 to 10" in sentence
            assert "of 240" in sentence
            assert "quarantine_journal" in sentence
        assert all_rows(store.pages(120))[0].position == 121  # what lies behind it agrees with itself


def test_a_start_from_a_snapshot_reads_only_what_follows_it(filled_journal: Path) -> None:
    with opened(filled_journal) as store:
        store.keep_snapshot(Snapshot(position=200, states={1: b"state"}))
    change(filled_journal, DAMAGES["a record"])
    with opened(filled_journal) as store:
        snapshot = store.snapshot()
        assert snapshot == Snapshot(position=200, states={1: b"state"})
        assert len(all_rows(store.pages(200))) == 40
        with pytest.raises(StoreFailed, match="is damaged"):
            store.verify()


def test_a_checksum_in_the_midst_of_good_rows_costs_nothing(filled_journal: Path) -> None:
    change(filled_journal, "UPDATE records SET chain = chain + 1 WHERE position = 104")
    with opened(filled_journal) as store:
        store.verify()
    change(filled_journal, "UPDATE records SET chain = chain + 1 WHERE position = 240")
    with opened(filled_journal) as store, pytest.raises(StoreFailed, match="its rows 237 to 240 of 240"):
        list(store.pages(0))


def test_the_times_of_the_damage_are_told(filled_journal: Path) -> None:
    change(filled_journal, DAMAGES["a record"])
    with opened(filled_journal) as store, pytest.raises(StoreFailed, match=r"times 1970-01-01 00:00:00 to .* UTC"):
        store.verify()


def test_rows_behind_the_last_whole_commit_are_cut_and_that_is_said(filled_journal: Path) -> None:
    change(filled_journal, "UPDATE records SET chain = NULL WHERE position = 240")
    with opened(filled_journal) as store:
        (warning,) = store.warnings
        assert "ended with 4 rows of a commit that was not whole; they were cut off behind position 236" in warning
        assert (store.last_position, store.last_sequence) == (236, 236)
        new_life(store).commit(*order("b1"))
    with opened(filled_journal) as store:
        assert store.warnings == ()
        store.verify()
        assert store.last_position == 240


def test_a_damaged_snapshot_is_passed_over_for_the_one_before(filled_journal: Path) -> None:
    with opened(filled_journal) as store:
        for position in (40, 80, 120):
            store.keep_snapshot(Snapshot(position=position, states={1: b"one", 2: b"two"}))
    change(filled_journal, "UPDATE snapshots SET state = x'00' WHERE position = 120 AND session = 2")
    with opened(filled_journal) as store:
        assert store.snapshot() == Snapshot(position=80, states={1: b"one", 2: b"two"})
        assert "The snapshot at position 120" in store.warnings[0]
        with pytest.raises(StoreFailed, match="snapshot at position 120"):
            store.verify()


def test_two_snapshots_are_kept(filled_journal: Path) -> None:
    with opened(filled_journal) as store:
        for position in (40, 80, 120):
            store.keep_snapshot(Snapshot(position=position, states={1: bytes(position)}))
        kept = store._writer.execute("SELECT position FROM snapshots ORDER BY position").fetchall()
        assert kept == [(80,), (120,)]
        with pytest.raises(ValueError, match="Position 122 is not the end of a commit"):
            store.keep_snapshot(Snapshot(position=122, states={}))


def test_a_damaged_index_is_found(filled_journal: Path) -> None:
    with opened(filled_journal):
        pass
    connection = sqlite3.connect(filled_journal)
    connection.execute("PRAGMA writable_schema = 1")
    (index,) = connection.execute("SELECT sql FROM sqlite_schema WHERE name = 'records_of_trade'").fetchone()
    without = index + " AND trade_id <> 't-a7'"
    connection.execute("UPDATE sqlite_schema SET sql = ? WHERE name = 'records_of_trade'", (without,))
    connection.commit()
    connection.close()
    connection = sqlite3.connect(filled_journal)
    connection.execute("REINDEX records_of_trade")
    connection.execute("PRAGMA writable_schema = 1")
    connection.execute("UPDATE sqlite_schema SET sql = ? WHERE name = 'records_of_trade'", (index,))
    connection.commit()
    connection.close()
    with (
        opened(filled_journal) as store,
        pytest.raises(StoreFailed, match=r"An index of the journal .* does not have row 31"),
    ):
        store.verify()


def test_quarantine_keeps_what_lies_before_the_damage(filled_journal: Path) -> None:
    change(filled_journal, DAMAGES["a record"])
    with opened(filled_journal) as store:
        journal, lives, rows = store.journal_id, store.lives, all_rows(store.pages(120))
    sentence = quarantine_journal(filled_journal)
    (aside,) = filled_journal.parent.glob("orders.db.damaged-*")
    assert f"was kept up to row 100; rows 101 to 240 were lost to it. The damaged file is {aside}" in sentence
    assert rows
    with opened(filled_journal) as store:
        store.verify()
        assert (store.journal_id, store.last_position, store.last_sequence) == (journal, 100, 100)
        # Cursors of both lives are understood: the first one ended with event 100, and the second wrote nothing.
        assert [(life.tag, life.first_sequence) for life in store.lives] == [(lives[0].tag, 1), (lives[1].tag, 101)]
        known = store.known(1)
        assert known.has_lost
        assert [known.is_used(name) for name in ("a24", "a59", "a60")] == [True, True, False]  # the venue may have a59
        assert [known.is_lost(name) for name in ("a24", "a59", "a60")] == [False, True, False]
        assert not store.known(2).has_lost
        assert not store.known(2).is_used("a59")
        assert store.known(1).fee_known("o-a59", "t-a59") is None  # told again, under another number
        new_life(store).commit(*order("b1"), *order("a59"))
        assert not known.is_lost("a59"), "it has come back"
        store.verify()
    with opened(aside) as store, pytest.raises(StoreFailed):
        store.verify()


def test_quarantine_of_a_journal_in_order_changes_nothing(filled_journal: Path) -> None:
    with opened(filled_journal):
        pass
    before = filled_journal.read_bytes()
    assert "is not damaged; nothing was changed" in quarantine_journal(filled_journal)
    assert sorted(each.name for each in filled_journal.parent.iterdir()) == ["orders.db", "orders.db.lock"]
    assert filled_journal.read_bytes() == before


def test_quarantine_copes_with_pages_that_sqlite_cannot_read(path: Path) -> None:
    with written(path) as writer:
        for count in range(1500):
            writer.commit(*order(f"a{count}"))
    content = bytearray(path.read_bytes())
    middle = len(content) // 4096 // 2 * 4096
    content[middle : middle + 40 * 4096] = bytes(40 * 4096)
    path.write_bytes(content)
    with opened(path) as store, pytest.raises(StoreFailed):
        list(store.pages(0))
    assert "was kept up to row " in quarantine_journal(path)
    with opened(path) as store:
        store.verify()
        assert 1000 <= store.last_position < 6000


def test_a_file_that_is_not_a_database_any_more_is_a_sentence(filled_journal: Path) -> None:
    content = bytearray(filled_journal.read_bytes())
    content[100:4096] = b"\xff" * 3996
    filled_journal.write_bytes(content)
    with pytest.raises(JournalError, match=r"cannot be opened: .* Nothing was changed"), opened(filled_journal):
        pass
    with pytest.raises(JournalError, match=r"Nothing of the journal .* can be kept"):
        quarantine_journal(filled_journal)


def test_checksums_run_on_over_commits(path: Path) -> None:
    """Two crc32, over records and over columns: the same for the same rows, however they were committed."""
    with written(path) as writer:
        rows = writer.rows(submitted(), fill(1), fill(2))
    begin = chain_of_journal("0123456789abcdef")
    assert begin != chain_of_journal("0123456789abcdee")
    whole = chain_after(begin, rows)
    assert chain_after(chain_after(begin, rows[:1]), rows[1:]) == whole
    assert -(2**63) <= whole < 2**63
    others: list[Any] = [9, 9, 9, 9, "x", "x", "x", "x", 9, "x"]
    for column, other in enumerate(others):
        changed = rows[1]._replace(**{Row._fields[column]: other})
        assert chain_after(begin, [rows[0], changed, rows[2]]) != whole


@given(st.tuples(*[st.integers(1, 2**62)] * 4, texts, *[st.none() | texts] * 3, st.integers(0, 2**63 - 1)))
def test_columns_are_written_for_their_checksum_as_sqlite_writes_them(columns: tuple[Any, ...]) -> None:
    row = Row._make((*columns, "{}"))
    connection = apsw.Connection(":memory:")
    connection.execute(SCHEMA[3])
    chain = chain_after(0, [row, row._replace(position=row.position + 1)])
    for each, end in ((row, None), (row._replace(position=row.position + 1), chain)):
        connection.execute(insert_of(1), (*each, end))
    (page,) = checked_pages(connection, row.position - 1, 0, row.position + 1)
    assert page == (row.position + 1, [row.session] * 2, b"{}\n{}\n")
