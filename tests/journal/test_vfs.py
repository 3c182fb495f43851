"""The disk for SQLite really loses what was not synced, and SQLite on it keeps what it promises, and no more."""

from __future__ import annotations

import random
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path

import apsw
import pytest
from attrs import Factory, define

from .vfs import Change, FileDisk, FileFault

ALL = 1_000_000
FULL, NORMAL, OFF = 2, 1, 0
LIVES = ["kill", "lose all", "lose some", "lose some others"]


def connect(disk: FileDisk, synchronous: int = FULL) -> apsw.Connection:
    """The next life."""
    vfs = disk.boot()
    connection = apsw.Connection(str(disk.directory / "t.db"), vfs=vfs)
    connection.pragma("journal_mode", "wal")
    connection.pragma("synchronous", synchronous)
    return connection


def add(connection: apsw.Connection, *numbers: int) -> None:
    """In one transaction."""
    with connection:
        connection.executemany("insert into t values (?)", [(number,) for number in numbers])


def kept(disk: FileDisk) -> list[int]:
    """What the next life finds."""
    connection = connect(disk)
    if not connection.table_exists("main", "t"):
        return []
    assert connection.pragma("integrity_check") == "ok"
    return [number for (number,) in connection.execute("select x from t order by x")]


def end(disk: FileDisk, how: str) -> None:
    drawn = random.Random(how)
    survives: dict[str, Callable[[Change], int]] = {
        "lose all": lambda _: 0,
        "lose some": lambda _: drawn.choice((0, ALL)),
        "lose some others": lambda _: drawn.choice((0, 1, 600, 3000, ALL)),
    }
    if how == "kill":
        disk.kill()
    else:
        disk.lose_power(survives[how])


@define
class Program:
    """Transactions of two rows each, with a checkpoint between some: what was confirmed, and what was tried."""

    disk: FileDisk
    synchronous: int
    confirmed: list[int] = Factory(list)
    tried: list[int] = Factory(list)

    def run(self) -> None:
        connection = connect(self.disk, self.synchronous)
        connection.execute("create table t(x)")
        for first in range(0, 16, 2):
            self.tried = [*self.confirmed, first, first + 1]
            add(connection, first, first + 1)
            self.confirmed = self.tried
            if first % 6 == 4:
                connection.pragma("wal_checkpoint(passive)")
        connection.close()


def test_a_program_that_skips_the_sync_loses_its_rows(tmp_path: Path) -> None:
    disk = FileDisk(tmp_path)
    connection = connect(disk, FULL)
    connection.execute("create table t(x)")
    add(connection, 1)
    connection.pragma("synchronous", OFF)
    add(connection, 2)
    disk.lose_power()
    assert kept(disk) == [1]


def test_a_killed_process_loses_nothing_of_what_it_wrote(tmp_path: Path) -> None:
    disk = FileDisk(tmp_path)
    connection = connect(disk, OFF)
    connection.execute("create table t(x)")
    add(connection, 1)
    disk.kill()
    with pytest.raises(apsw.IOError):
        add(connection, 2)
    assert kept(disk) == [1]


def test_a_new_file_is_lost_with_its_name(tmp_path: Path) -> None:
    disk = FileDisk(tmp_path)
    vfs = disk.boot()
    connection = apsw.Connection(str(disk.directory / "t.db"), vfs=vfs)
    connection.pragma("synchronous", OFF)
    connection.execute("create table t(x)")
    assert set(disk.files) == {"t.db"}
    disk.lose_power()
    assert disk.files == {}
    assert kept(disk) == []


def test_a_removed_file_comes_back_unless_its_directory_was_synced(tmp_path: Path) -> None:
    disk = FileDisk(tmp_path)
    connection = connect(disk)
    connection.execute("create table t(x)")
    disk.remove("t.db-wal", sync=False)
    assert "t.db-wal" not in disk.files
    disk.lose_power()
    assert "t.db-wal" in disk.files


def test_a_second_connection_reads_beside_the_writer(tmp_path: Path) -> None:
    disk = FileDisk(tmp_path)
    connection = connect(disk)
    connection.execute("create table t(x)")
    reader = apsw.Connection(str(disk.directory / "t.db"), vfs=connection.open_vfs)
    add(connection, 7)
    assert reader.execute("select x from t").fetchall() == [(7,)]


def test_a_full_disk_takes_the_transaction_when_there_is_room_again(tmp_path: Path) -> None:
    disk = FileDisk(tmp_path)
    connection = connect(disk)
    connection.execute("create table t(x)")
    disk.capacity = disk.size + 100
    with pytest.raises(apsw.FullError):
        add(connection, 1)
    disk.capacity = None
    add(connection, 1)
    disk.lose_power()
    assert kept(disk) == [1]


def test_one_failed_sync_is_heard(tmp_path: Path) -> None:
    heard: list[str] = []
    disk = FileDisk(tmp_path, watch=lambda what, name: heard.append(f"{what} {name}"))
    connection = connect(disk)
    connection.execute("create table t(x)")
    before = len(heard)
    add(connection, 1)
    assert heard[-1] == "sync t.db-wal"
    disk.faults = [FileFault(does="fail", at=disk.steps + len(heard) - before)]
    with pytest.raises(apsw.IOError):
        add(connection, 2)


@pytest.mark.parametrize("how", LIVES)
@pytest.mark.parametrize("synchronous", [FULL, NORMAL])
def test_a_program_that_ends_at_any_step_keeps_whole_transactions(tmp_path: Path, synchronous: int, how: str) -> None:
    """With FULL all that were confirmed; with NORMAL all that a killed process confirmed."""
    whole = FileDisk(tmp_path / "whole")
    whole.root.mkdir()
    Program(whole, synchronous).run()
    for at in range(1, whole.steps + 1):
        disk = FileDisk(tmp_path / str(at), faults=[FileFault(does="kill", at=at, kept=at * 37 % 5000)])
        disk.root.mkdir()
        program = Program(disk, synchronous)
        with suppress(apsw.Error):
            program.run()
        end(disk, how)
        found = kept(disk)
        assert found == list(range(len(found))), "not a prefix"
        assert len(found) % 2 == 0, "half a transaction"
        if synchronous == FULL or how == "kill":
            assert found in (program.confirmed, program.tried), at


def test_without_syncs_the_same_program_is_caught(tmp_path: Path) -> None:
    """So that the test above can fail at all."""
    broken = 0
    for at in range(20, 60):
        disk = FileDisk(tmp_path / str(at), faults=[FileFault(does="kill", at=at)])
        disk.root.mkdir()
        program = Program(disk, OFF)
        with suppress(apsw.Error):
            program.run()
        end(disk, "lose some")
        try:
            broken += kept(disk) not in (program.confirmed, program.tried)
        except (AssertionError, apsw.Error):
            broken += 1
    assert broken
