"""The log stays small, and no commit is held up or refused for that."""

from __future__ import annotations

import threading
from pathlib import Path
from typing import Any

import apsw
import pytest

from actors.journal import sqlite_checkpoints, sqlite_store
from actors.journal.sqlite_reader import open_sqlite_reader

from .stored import Writer, all_rows, fill, opened, written

LIMIT = 64_000_000


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "orders.db"


def log_of(path: Path) -> int:
    """Its size. Looking at a file's size opens nothing."""
    return path.with_name(path.name + "-wal").stat().st_size


def pages_of_log(writer: Writer) -> int:
    writer.store._checkpoints.look()
    return writer.store._checkpoints.pages


def commit_many(writer: Writer, count: int) -> None:
    for each in range(count):
        writer.commit(fill(writer.position + 1, order=f"order-{each % 1000}"))


def test_the_log_starts_over_behind_the_two_steps(path: Path) -> None:
    with written(path) as writer:
        for _ in range(15):
            commit_many(writer, 600)
            writer.store.tend()
        assert log_of(path) < 8_000_000  # one round of commits; all rounds make 90 MB
        assert pages_of_log(writer) < 2000
    with opened(path) as store:
        assert len(all_rows(store.pages(0))) == 9000


def test_without_commits_the_first_step_is_enough(path: Path) -> None:
    with written(path) as writer:
        commit_many(writer, 600)
        writer.store.tend()
        assert not writer.store._checkpoints.is_due
        commit_many(writer, 1)
        assert pages_of_log(writer) < 10


class OvertakenLog:
    """A connection to a log that grows by 600 pages while a checkpoint moves what was in it."""

    def __init__(self, moved: int = 0) -> None:
        self._pages, self._moved = 3000, moved
        self.checkpoints = 0

    def wal_checkpoint(self, mode: int) -> tuple[int, int]:
        if mode == apsw.SQLITE_CHECKPOINT_NOOP:
            return self._pages, self._moved
        self.checkpoints += 1
        self._moved, self._pages = self._pages, self._pages + 600
        return self._moved, self._moved


def test_what_is_committed_beside_the_first_step_is_left_to_the_second_one() -> None:
    log: Any = OvertakenLog()
    checkpoints = sqlite_checkpoints.Checkpoints(log, log)
    checkpoints.beside()
    assert checkpoints.is_due


def test_a_log_that_is_in_the_file_already_is_left_alone() -> None:
    log: Any = OvertakenLog(moved=3000)
    sqlite_checkpoints.Checkpoints(log, log).beside()
    assert log.checkpoints == 0


def test_the_log_stays_below_its_limit_while_a_thread_tends_it(path: Path) -> None:
    """About as many commits as a flood of messages makes in a second; the pauses are those that the store asks for, a
    tenth as long."""
    with written(path) as writer:
        over, largest = threading.Event(), 0

        def tend() -> None:
            nonlocal largest
            pause = 0.025
            while not over.wait(pause):
                pause = writer.store.tend() / 10
                largest = max(largest, log_of(path))

        tender = threading.Thread(target=tend)
        tender.start()
        try:
            commit_many(writer, 10_000)
        finally:
            over.set()
            tender.join()
        assert 0 < largest < LIMIT
    with opened(path) as store:
        store.verify()
        assert store.last_position == 10_000


def test_a_checkpoint_beside_an_open_transaction_neither_waits_nor_fails(path: Path) -> None:
    """RESTART and TRUNCATE would: the one of them for the writer, or the writer for them with "busy"."""
    with written(path) as writer:
        commit_many(writer, 600)
        with writer.store._transaction():
            writer.store._checkpoints.beside()
        commit_many(writer, 2)
        assert pages_of_log(writer) < 20


def test_a_busy_store_wants_to_be_tended_sooner(path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sqlite_store, "MANY_PAGES", 500)
    with written(path) as writer:
        assert writer.store.tend() == sqlite_store.QUIET
        commit_many(writer, 300)
        assert writer.store.tend() == sqlite_store.BUSY


def test_a_log_that_cannot_start_over_is_told_once(path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sqlite_checkpoints, "LARGE", 2000)
    with written(path) as writer:
        commit_many(writer, 1)
        reader = open_sqlite_reader(path)
        reader._connection.execute("BEGIN")
        reader.bounds()  # from here on it stands in the log
        commit_many(writer, 900)
        for _ in range(3):
            writer.store.tend()
            commit_many(writer, 1)
        (warning,) = writer.store.warnings
        assert "cannot start over: another program reads the journal in one long transaction" in warning
        reader._connection.execute("COMMIT")
        reader.close()
        writer.store.tend()
        commit_many(writer, 2)
        assert pages_of_log(writer) < 20


def test_a_readers_calls_leave_no_transaction_open(path: Path) -> None:
    with written(path) as writer:
        commit_many(writer, 2000)
        reader = writer.store.reader()
        for call in (
            lambda: reader.events(0, 1000),
            lambda: reader.events(700, 10),
            lambda: reader.events(0, 10, client_order_id="order-3"),
            reader.bounds,
            reader.lives,
        ):
            call()
            pages = writer.store.pages(0)
            next(pages)
            writer.store.tend()
            commit_many(writer, 600)
            assert pages_of_log(writer) < 2000
            pages.close()  # type: ignore[attr-defined]
        reader.close()
