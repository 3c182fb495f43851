"""`examples/consumer.py`: it is killed, it loses power with the journal, and counts each fill once."""

from __future__ import annotations

import random
import sqlite3
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from decimal import Decimal
from pathlib import Path

import pytest

from protocol import events
from protocol.values import LiquiditySide, Side
from tests.imports import ROOT

from .stored import fee_of, fill, new_life, opened, written

ROUNDS = 4


@contextmanager
def consumer(journal: Path, book: Path, *options: str) -> Iterator[subprocess.Popen[str]]:
    """A process, which is killed with SIGKILL when the block is left and it has not ended by itself."""
    command = [sys.executable, "examples/consumer.py", str(journal), str(book), *options]
    process = subprocess.Popen(command, cwd=ROOT, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
    try:
        yield process
    finally:
        process.kill()
        process.communicate()


def ended(journal: Path, book: Path) -> tuple[str, str]:
    """What it printed and complained of up to the journal's end."""
    with consumer(journal, book, "--once") as process:
        return process.communicate(timeout=60)


def run(journal: Path, book: Path) -> str:
    """Up to the journal's end."""
    said, complaint = ended(journal, book)
    assert complaint == ""
    return said


def booked(book: Path) -> tuple[int, Decimal, Decimal]:
    """Fills, position and fees of the one instrument."""
    connection = sqlite3.connect(book)
    try:
        fills, position, fees = connection.execute("SELECT fills, position, fees FROM book").fetchone()
        rows = connection.execute("SELECT quantity, fee FROM fills").fetchall()
    finally:
        connection.close()
    assert (len(rows), sum(Decimal(row[0]) for row in rows)) == (fills, Decimal(position))
    assert sum(Decimal(row[1]) for row in rows if row[1] is not None) == Decimal(fees)
    return fills, Decimal(position), Decimal(fees)


def drawn(number: int) -> tuple[Side, int]:
    return (Side.SELL if number % 3 == 0 else Side.BUY), 1 + number % 7


def traded(number: int) -> events.Filled:
    side, size = drawn(number)
    return fill(number, side=side, size=size, liquidity=LiquiditySide.TAKER)


def position_after(numbers: range) -> Decimal:
    return sum((Decimal(size if side is Side.BUY else -size) for side, size in map(drawn, numbers)), Decimal(0))


@pytest.mark.parametrize("seed", range(2))
def test_a_consumer_that_is_killed_counts_each_fill_once(tmp_path: Path, seed: int) -> None:
    """At drawn moments: while it starts, with a batch in hand, or before the transaction of the next one."""
    journal, book = tmp_path / "orders.db", tmp_path / "book.db"
    drawn_ = random.Random(seed)
    number = 0
    with written(journal) as writer:

        def trade() -> None:
            nonlocal number
            count = drawn_.randrange(1, 300)
            writer.commit(*[traded(number + each) for each in range(count)])
            number += count

        for _ in range(ROUNDS):
            trade()
            with consumer(journal, book) as process:
                assert process.stdout is not None
                for _ in range(drawn_.randrange(3)):
                    process.stdout.readline()  # of each commit comes one at least
                    trade()
                time.sleep(drawn_.random() * 0.06)
        run(journal, book)
    fills, position, fees = booked(book)
    assert (fills, position) == (number, position_after(range(number)))
    assert fees == Decimal("0.1") * number


def test_a_fee_that_comes_late_is_counted_once(tmp_path: Path) -> None:
    journal, book = tmp_path / "orders.db", tmp_path / "book.db"
    with written(journal) as writer:
        writer.commit(fill(1, side=Side.BUY, fee=None))
        run(journal, book)
        assert booked(book) == (1, Decimal(1), Decimal(0))
        writer.commit(fee_of(1), fee_of(1))
        run(journal, book)
        assert booked(book) == (1, Decimal(1), Decimal("0.25"))


def test_what_was_lost_with_the_power_is_counted_once_though_it_comes_again(tmp_path: Path) -> None:
    """The journal is as it was some commits ago. Its next life tells the lost fills again, under other numbers."""
    journal, book, earlier = tmp_path / "orders.db", tmp_path / "book.db", tmp_path / "earlier.db"
    with written(journal) as writer:
        writer.commit(*[traded(number) for number in range(10)])
        writer.store.backup(str(earlier))
        writer.commit(*[traded(number) for number in range(10, 16)])
    run(journal, book)
    assert booked(book)[0] == 16
    for name in ("orders.db-wal", "orders.db-shm"):
        (tmp_path / name).unlink(missing_ok=True)
    earlier.rename(journal)
    with opened(journal) as store:
        again = [13, 10, 12, 11, 15, 14]  # as the venue's history has them
        new_life(store).commit(traded(16), *[traded(number) for number in again], traded(17))
    said = run(journal, book)
    assert "going back: The cursor" in said
    assert booked(book)[:2] == (18, position_after(range(18)))
    assert "going back" not in run(journal, book)


def test_a_consumer_that_sees_no_new_life_yet_goes_back_all_the_same(tmp_path: Path) -> None:
    journal, book, earlier = tmp_path / "orders.db", tmp_path / "book.db", tmp_path / "earlier.db"
    with written(journal) as writer:
        writer.commit(traded(0))
        writer.store.backup(str(earlier))
        writer.commit(traded(1))
    run(journal, book)
    for name in ("orders.db-wal", "orders.db-shm"):
        (tmp_path / name).unlink(missing_ok=True)
    earlier.rename(journal)
    assert "going back" in run(journal, book)
    with opened(journal) as store:
        new_life(store).commit(traded(1), traded(2))
    run(journal, book)
    assert booked(book)[:2] == (3, position_after(range(3)))


def test_a_consumer_says_what_it_cannot_do(tmp_path: Path) -> None:
    said, complaint = ended(tmp_path / "none.db", tmp_path / "book.db")
    assert said == ""
    assert complaint.startswith("There is no journal")
    assert "Traceback" not in complaint
