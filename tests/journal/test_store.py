"""The SQLite store keeps what is committed, all or none of a commit, and reads it back page by page."""

from __future__ import annotations

from pathlib import Path

import pytest

from protocol.dispatch.records import FormerId
from protocol.journal import Row
from protocol.values import VenueOrderId
from tests.order_records import US, accepted, already, reported, submitted

from .stored import AX, SPOT, all_rows, fee_of, fill, new_life, opened, order, written


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "orders.db"


def test_a_new_journal_is_empty_and_has_an_id(path: Path) -> None:
    with opened(path) as store:
        assert (store.last_position, store.last_sequence, store.lives, store.sessions) == (0, 0, (), ())
        assert len(store.journal_id) == 16
        assert store.warnings == ()
        assert list(store.pages(0)) == []
        assert store.snapshot() is None
        first = store.journal_id
    with opened(path) as store:
        assert store.journal_id == first


def test_what_was_committed_is_there_when_it_is_opened_again(path: Path) -> None:
    with written(path) as writer:
        rows = [*writer.commit(submitted()), *writer.commit(accepted(), fill(1)), *writer.commit(fill(2))]
        assert all_rows(writer.store.pages(0)) == rows
    with opened(path) as store:
        assert all_rows(store.pages(0)) == rows
        assert all_rows(store.pages(2)) == rows[2:]
        assert (store.last_position, store.last_sequence) == (4, 4)
        assert [life.tag for life in store.lives] == ["0000000000000001"]
        assert store.sessions == (AX,)


def test_notes_have_a_position_and_no_number(path: Path) -> None:
    with written(path) as writer:
        writer.commit(accepted(), FormerId(identity=US, venue_order_id=VenueOrderId("o9")))
        assert (writer.store.last_position, writer.store.last_sequence) == (2, 1)
    with opened(path) as store:
        assert (store.last_position, store.last_sequence) == (2, 1)
        writer = new_life(store, AX, SPOT)
        assert store.sessions == (AX, SPOT)
        (row,) = writer.commit(fill(1), session=2)
        assert (row.position, row.sequence, row.life, row.session) == (3, 2, 2, 2)


def test_pages_are_whole_commits(path: Path) -> None:
    with written(path) as writer:
        for count in range(500):
            writer.commit(*(fill(7 * count + each) for each in range(7)))
        writer.commit(*(fill(10_000 + each) for each in range(2500)))
        pages = list(writer.store.pages(0))
        assert [len(page) for page in pages[:3]] == [245, 245, 245]
        assert max(map(len, pages)) >= 2500  # one commit is never cut
        assert [row.position for row in all_rows(pages)] == list(range(1, 6001))


def test_records_come_as_lines(path: Path) -> None:
    with written(path) as writer:
        rows = writer.commit(submitted(), fill(1)) + writer.commit(reported("x"), session=2)
        (page,) = writer.store.records(0)
        assert (page.last, page.sessions) == (3, [1, 1, 2])
        assert page.records.decode() == "".join(f"{row.record}\n" for row in rows)
        (page,) = writer.store.records(1)  # inside the first commit
        assert (page.last, page.sessions) == (3, [1, 2])
        assert page.records.decode() == "".join(f"{row.record}\n" for row in rows[1:])
        assert list(writer.store.records(3)) == []


def test_a_row_that_does_not_follow_is_refused(path: Path) -> None:
    with written(path) as writer:
        rows = writer.commit(submitted(), fill(1))
        with pytest.raises(ValueError, match="Row 1 does not follow row 2"):
            writer.store.commit(rows)


def test_a_commit_that_fails_in_its_middle_keeps_nothing(path: Path) -> None:
    with written(path) as writer:
        good = writer.rows(*(fill(count) for count in range(100)))
        with pytest.raises(OverflowError):
            writer.store.commit([*good[:-1], good[-1]._replace(time=2**70)])
        writer.store.commit(good)
        assert all_rows(writer.store.pages(0)) == good


def test_any_text_is_kept_and_checked(path: Path) -> None:
    odd = "\x00,\n\r 'None' \U0001f600 \x7f"
    row = Row(1, 1, 1, 1, "Filled", odd, None, odd, -5, odd.replace("\n", "").replace("\r", ""))
    with written(path) as writer:
        writer.store.commit([row])
        assert all_rows(writer.store.pages(0)) == [row]


def test_a_fill_is_known_with_its_fee_or_without(path: Path) -> None:
    with written(path) as writer:
        known, other = writer.store.known(1), writer.store.known(2)
        assert known.fee_known("o1", "t1") is None
        writer.commit(fill(1), fill(2, fee=None), reported("t3"))
        assert known.fee_known("o1", "t1") is True
        assert known.fee_known("o1", "t2") is False
        assert known.fee_known("o1", "t3") is False
        assert known.fee_known("o2", "t1") is None
        assert other.fee_known("o1", "t1") is None
        writer.commit(fee_of(2))
        assert known.fee_known("o1", "t2") is True


def test_what_an_adopted_order_counts_already_is_known_and_was_not_told(path: Path) -> None:
    with written(path) as writer:
        known, other = writer.store.known(1), writer.store.known(2)
        assert not known.is_counted("o1", "t1")
        writer.commit(already("t1", 7), fill(2))
        assert known.is_counted("o1", "t1")
        assert known.fee_known("o1", "t1") is None
        assert not any(known.is_counted(*each) for each in (("o1", "t2"), ("o2", "t1"), ("o1", "t3")))
        assert not other.is_counted("o1", "t1")
        writer.commit(fill(1))
        assert known.fee_known("o1", "t1") is True, "its count had grown, so it was news all the same"


def test_a_name_is_used_once_an_order_of_the_session_had_it(path: Path) -> None:
    with written(path) as writer:
        known, other = writer.store.known(1), writer.store.known(2)
        assert not known.is_used("a7")
        writer.commit(reported("t1"), accepted())
        assert not known.is_used("a7")
        writer.commit(*order("a7"))
        assert known.is_used("a7")
        assert not known.is_used("a8")
        assert not other.is_used("a7")


def test_a_reader_continues_behind_any_number(path: Path) -> None:
    with written(path) as writer:
        note = FormerId(identity=US, venue_order_id=VenueOrderId("o9"))
        rows = [
            *writer.commit(note, accepted(), note, note),
            *writer.commit(fill(1), note),
            *writer.commit(note, fill(2)),
        ]
        told = [row for row in rows if row.sequence]
        reader = writer.store.reader()
        assert reader.journal_id == writer.store.journal_id
        assert reader.bounds() == (1, 3)
        for after in (3, 0, 2, 1, 0):
            assert reader.events(after, 10) == told[after:]
            assert reader.events(after, 1) == told[after : after + 1]
        (more,) = writer.commit(fill(3))
        assert reader.events(3, 10) == [more]
        assert [life.number for life in reader.lives()] == [1]
        reader.close()
        reader.close()


def test_a_reader_finds_one_order_or_session(path: Path) -> None:
    with written(path) as writer:
        for count in range(30):
            writer.commit(*order(f"a{count}"))
        theirs = writer.commit(fill(9, order="b1"), session=2)
        reader = writer.store.reader()
        assert [row.client_order_id for row in reader.events(0, 100, client_order_id="a7")] == ["a7"] * 4
        assert reader.events(0, 100, session=2) == theirs
        assert reader.events(0, 2, client_order_id="a7")[-1].kind == "Accepted"
        reader.close()


def test_a_backup_is_a_journal_of_its_own(path: Path, tmp_path: Path) -> None:
    copy = tmp_path / "copy.db"
    with written(path) as writer:
        rows = writer.commit(*order("a1"))
        writer.store.backup(str(copy))
        writer.commit(fill(1))
        with pytest.raises(FileExistsError, match="exists already"):
            writer.store.backup(str(copy))
        with opened(copy) as store:
            assert all_rows(store.pages(0)) == rows
            assert store.journal_id == writer.store.journal_id
            store.verify()
        writer.store.verify()


def test_a_reader_of_one_order_reads_on_where_it_was(path: Path) -> None:
    with written(path) as writer:
        for count in range(3000):
            writer.commit(fill(count, order="b1"))
        (mine,) = writer.commit(fill(1))
        for count in range(3000):
            writer.commit(fill(count, order="b1"))
        reader = writer.store.reader()
        assert reader.events(0, 10, client_order_id="a7") == [mine]
        assert reader.events(3001, 10, client_order_id="a7") == []
        assert reader.events(3001, 10, client_order_id="a7") == []
        (more,) = writer.commit(fill(2))
        assert reader.events(3001, 10, client_order_id="a7") == [more]
        assert reader.events(0, 10, client_order_id="a7") == [mine, more]
        assert reader.events(0, 1, client_order_id="a7") == [mine]
        assert reader.events(3001, 1, client_order_id="a7") == [more]
        assert [row.sequence for row in reader.events(10, 2500, client_order_id="b1")][:2] == [11, 12]
        assert [row.sequence for row in reader.events(10, 2500)] == list(range(11, 2511))
        reader.close()
