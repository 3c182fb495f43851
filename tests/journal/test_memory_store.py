"""The store in memory keeps what a disk would keep, and loses what a disk would lose."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import pytest
import trio
from trio.testing import MockClock

from actors.journal import Durability, Journal
from protocol.dispatch.records import Record
from protocol.errors import JournalError
from protocol.journal import Row, Snapshot, Store, StoreFailed, StoreFull
from tests.order_records import FEE, already, filled, reported, submitted

from .memory_store import Fault, Killed, MemoryDisk, MemoryStore, VirtualThread, Write
from .stored_rows import begin, rows_after, session


def opened(disk: MemoryDisk, durability: Durability = "process") -> Store:
    return disk.opener(Journal(path=Path("orders.db"), durability=durability, open_store=disk.opener))


def begun(disk: MemoryDisk, durability: Durability = "process") -> Store:
    store = opened(disk, durability)
    begin(store)
    return store


def commit(store: Store, *trades: str) -> Sequence[Row]:
    rows = rows_after(store, [filled(trade, 1) for trade in trades])
    store.commit(rows)
    return rows


def kept(disk: MemoryDisk) -> list[str | None]:
    return [row.trade_id for page in opened(disk).pages(0) for row in page]


def test_what_was_written_survives_the_process() -> None:
    disk = MemoryDisk()
    commit(begun(disk), "t1", "t2")
    disk.kill()
    assert kept(disk) == ["t1", "t2"]


def test_what_was_not_synced_is_lost_with_the_power() -> None:
    disk = MemoryDisk()
    commit(begun(disk), "t1")
    disk.lose_power()
    store = opened(disk)
    assert (store.last_position, store.last_sequence, len(store.lives)) == (0, 0, 1)


def test_with_power_durability_a_commit_survives_the_power() -> None:
    disk = MemoryDisk()
    commit(begun(disk, "power"), "t1")
    disk.lose_power()
    assert kept(disk) == ["t1"]


def test_the_beginning_of_a_life_syncs_all_that_came_before() -> None:
    disk = MemoryDisk()
    store = begun(disk)
    commit(store, "t1")
    store.close()
    begun(disk)
    disk.lose_power()
    assert kept(disk) == ["t1"]


@pytest.mark.parametrize("trades", [0, 1, 2])
def test_a_loss_at_any_byte_leaves_whole_commits(trades: int) -> None:
    disk = MemoryDisk()
    store = begun(disk)
    sizes = [Write(rows=commit(store, trade)).size for trade in ("t1", "t2", "t3")]
    assert disk.unsynced == sum(sizes)
    disk.lose_power(kept=sum(sizes[:trades]) + 5)
    store = opened(disk)
    assert store.last_position == trades
    assert store.warnings == ["5 bytes of an incomplete commit at the journal's end were cut."]
    store.close()
    assert opened(disk).warnings == []


def test_a_full_disk_keeps_nothing_of_the_commit_and_takes_it_later() -> None:
    disk = MemoryDisk()
    store = begun(disk)
    disk.fill()
    rows = rows_after(store, [filled("t1", 1)])
    with pytest.raises(StoreFull):
        store.commit(rows)
    assert store.last_position == 0
    disk.make_room()
    store.commit(rows)
    assert store.last_position == 1


@pytest.mark.parametrize("reached", [0, 10, None])
def test_a_failed_write_ends_the_store_and_may_still_be_in_the_file(reached: int | None) -> None:
    disk = MemoryDisk(faults=[Fault(does="fail", at=2, kept=reached)])
    store = begun(disk)
    with pytest.raises(StoreFailed):
        commit(store, "t1")
    assert store.last_position == 0
    with pytest.raises(StoreFailed):
        commit(store, "t1")
    with pytest.raises(StoreFailed):
        store.tend()
    store.close()
    assert kept(disk) == (["t1"] if reached is None else [])


@pytest.mark.parametrize("reached", [0, 10, None])
def test_the_process_may_die_in_a_write(reached: int | None) -> None:
    disk = MemoryDisk(faults=[Fault(does="kill", at=3, kept=reached)])
    store = begun(disk)
    commit(store, "t1")
    with pytest.raises(Killed):
        commit(store, "t2")
    with pytest.raises(StoreFailed):
        commit(store, "t2")
    assert kept(disk) == (["t1", "t2"] if reached is None else ["t1"])


def test_a_dead_program_writes_nothing_beside_the_next_one() -> None:
    disk = MemoryDisk()
    dead = begun(disk)
    disk.kill()
    alive = begun(disk)
    with pytest.raises(StoreFailed):
        commit(dead, "t1")
    dead.close()
    commit(alive, "t2")


def test_a_second_writer_is_refused() -> None:
    disk = MemoryDisk()
    store = begun(disk)
    with pytest.raises(JournalError):
        opened(disk)
    store.close()
    opened(disk).close()


def test_rows_out_of_line_are_a_bug_of_the_caller() -> None:
    disk = MemoryDisk()
    store = begun(disk)
    (row,) = rows_after(store, [filled("t1", 1)])
    wrong = row._replace(position=2), row._replace(sequence=2), row._replace(life=2), row._replace(session=2)
    for each in wrong:
        with pytest.raises(AssertionError):
            store.commit([each])
    store.commit([row])


def test_known_are_names_of_orders_and_fills_with_their_fees() -> None:
    disk = MemoryDisk()
    store = opened(disk)
    begin(store, session(1), session(2))
    records: list[Record] = [submitted(), filled("t1", 1, commission=None), filled("t2", 2)]
    records += [reported("t3"), reported("t4", fee=FEE), already("t6", 7)]
    store.commit(rows_after(store, records))
    known = store.known(1)
    assert known.is_used("a7")
    assert not known.is_used("a8")
    assert [known.fee_known("o1", trade) for trade in ("t1", "t2", "t3", "t4", "t5")] == [
        False,
        True,
        False,
        True,
        None,
    ]
    assert [known.is_counted("o1", trade) for trade in ("t1", "t5", "t6")] == [False, False, True]
    assert not store.known(2).is_used("a7")
    assert store.known(2).fee_known("o1", "t1") is None


def test_a_reader_pages_through_the_events() -> None:
    disk = MemoryDisk()
    store = begun(disk)
    rows = commit(store, "t1", "t2", "t3")
    reader = store.reader()
    assert reader.bounds() == (1, 3)
    assert reader.events(0, 2) == rows[:2]
    assert reader.events(2, 9) == rows[2:]
    assert reader.events(0, 9, session=2) == []
    assert reader.events(0, 9, client_order_id="a7") == rows
    reader.close()


def test_retention_drops_what_a_snapshot_stands_for_and_keeps_the_keys() -> None:
    disk = MemoryDisk()
    store = begun(disk)
    for first in range(0, 10, 2):
        commit(store, f"t{first}", f"t{first + 1}")
    store.keep_snapshot(Snapshot(position=6, states={1: b"state"}))
    store.close()
    store = MemoryStore.open(disk, Journal(path=Path("orders.db"), keep_records=2, open_store=disk.opener))
    assert store.reader().bounds() == (7, 10)
    assert store.known(1).fee_known("o1", "t0") is True
    assert store.last_position == 10
    disk.lose_power()
    assert [row.trade_id for page in opened(disk).pages(6) for row in page] == ["t6", "t7", "t8", "t9"]


def test_a_backup_is_a_journal_of_its_own() -> None:
    disk = MemoryDisk()
    store = begun(disk)
    commit(store, "t1")
    store.backup("copy.db")
    with pytest.raises(FileExistsError):
        store.backup("copy.db")
    commit(store, "t2")
    assert kept(disk.backups["copy.db"]) == ["t1"]


def test_the_disk_says_what_was_written_and_synced_in_order() -> None:
    heard: list[str] = []
    disk = MemoryDisk(watch=lambda step, write: heard.append(f"{step} {len(write.rows)}"))
    commit(begun(disk, "power"), "t1")
    disk.kill()
    store = begun(disk, "process")
    commit(store, "t2", "t3")
    assert heard == ["written 0", "synced 0", "written 1", "synced 1", "written 0", "synced 0", "written 2"]


async def test_a_slow_disk_takes_virtual_time_on_the_loop_and_beside_it(autojump_clock: MockClock) -> None:
    disk = MemoryDisk(spend=autojump_clock.jump)
    store = begun(disk)
    disk.seconds_a_write = 0.5
    commit(store, "t1")
    assert trio.current_time() == 0.5
    rows = rows_after(store, [filled("t2", 1)])
    with trio.move_on_after(0.1) as scope:
        await VirtualThread(disk).run_sync(store.commit, rows)
    assert trio.current_time() == 1.0
    assert store.last_position == 2
    assert not scope.cancelled_caught
