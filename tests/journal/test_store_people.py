"""What people ask a journal: with the `sqlite3` program, of a backup."""

from __future__ import annotations

import json
import shutil
import subprocess
import time
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest

from actors.journal.sqlite_schema import FILLS_OF_TODAY, SCHEMA
from protocol.events import Filled
from protocol.structs import evolve
from protocol.values import Money, OrderStatus, Side, VenueOrderId, instrument_id
from tests.imports import ROOT
from tests.order_records import filled, identity, reported, submitted

from .stored import SPOT, Writer, fee_of, fill, new_life, opened

PROGRAM = shutil.which("sqlite3")
needs_program = pytest.mark.skipif(PROGRAM is None, reason="there is no sqlite3 program on this machine")


@pytest.fixture
def backup(tmp_path: Path) -> Path:
    """Of a journal with fills of today and of other days, at two venues."""
    copy = tmp_path / "backup.db"
    with opened(tmp_path / "orders.db") as store:
        writer = new_life(store, SPOT)
        writer = new_life(store, *store.sessions)
        trade(writer)
        store.backup(str(copy))
    return copy


def trade(writer: Writer) -> None:
    now = time.time_ns()
    gold = identity("g1")
    silver = evolve(identity("s1"), instrument=instrument_id("SILVER.TEST"), side=Side.SELL)
    writer.commit(submitted(gold), submitted(silver), session=2)
    writer.commit(at(now, 1, gold, "0.10", price="100.1"), at(now, 2, gold, None, price="0.3"), session=2)
    writer.commit(at(now, 3, silver, "0.20", price="30"), at(now - 2 * 86_400 * 10**9, 4, silver, "9"), session=2)
    writer.commit(fee_of(2, "0.20"), reported("x9", fee=Money(Decimal("7"), "USD")), session=2)


def at(now: int, trade_id: int, us: Any, fee: str | None, price: str = "1") -> Filled:
    return filled(
        f"t{trade_id}",
        1,
        identity=us,
        side=None,
        venue_time=now,
        local_time=now + 5,
        last_price=Decimal(price),
        commission=None if fee is None else Money(Decimal(fee), "USD"),
        status=OrderStatus.FILLED,
    )


def ask(path: Path, query: str) -> Any:
    done = subprocess.run(
        [str(PROGRAM), "-readonly", "-json", str(path), query], capture_output=True, text=True, timeout=60
    )
    assert done.returncode == 0, done.stderr
    return json.loads(done.stdout or "[]")


@needs_program
def test_fills_of_today_by_instrument_with_fees_are_one_query(backup: Path) -> None:
    assert ask(backup, FILLS_OF_TODAY) == [
        {
            "instrument": "GOLD.TEST",
            "side": "BUY",
            "fills": 2,
            "quantity": "2",
            "notional": "100.4",  # exactly: no binary float sums money
            "fees": "0.30",  # one of them was told later than its fill
            "fee_currency": "USD",
        },
        {
            "instrument": "SILVER.TEST",
            "side": "SELL",
            "fills": 1,
            "quantity": "1",
            "notional": "30",
            "fees": "0.20",
            "fee_currency": "USD",
        },
    ]


@needs_program
def test_a_fill_is_one_row_with_its_order_and_its_times(backup: Path) -> None:
    first, *others = ask(backup, "SELECT * FROM fills ORDER BY position")
    assert first == {
        "position": 3,
        "sequence": 3,
        "life": 2,
        "venue": "KRAKEN",
        "account": "A",
        "instrument": "GOLD.TEST",
        "side": "BUY",
        "price": "100.1",
        "quantity": "1",
        "fee": "0.10",
        "fee_currency": "USD",
        "client_order_id": "g1",
        "venue_order_id": "o1",
        "trade_id": "t1",
        "tracked": 1,
        "time": first["time"],
        "time_text": first["time_text"],
    }
    whole = time.gmtime(first["time"] // 10**9)
    assert first["time_text"].startswith(time.strftime("%Y-%m-%dT%H:%M:", whole))
    assert [each["trade_id"] for each in others] == ["t2", "t3", "t4", "x9"]
    assert others[0]["fee"] == "0.20"
    assert (others[-1]["tracked"], others[-1]["instrument"], others[-1]["client_order_id"]) == (0, "GOLD.TEST", None)


@needs_program
def test_orders_are_one_row_each(backup: Path) -> None:
    rows = ask(backup, "SELECT venue, instrument, side, type, price, quantity, strategy, client_order_id FROM orders")
    assert rows == [
        {
            "venue": "KRAKEN",
            "instrument": "GOLD.TEST",
            "side": "BUY",
            "type": "LIMIT",
            "price": "100",
            "quantity": "10",
            "strategy": "s",
            "client_order_id": "g1",
        },
        {
            "venue": "KRAKEN",
            "instrument": "SILVER.TEST",
            "side": "SELL",
            "type": "LIMIT",
            "price": "100",
            "quantity": "10",
            "strategy": "s",
            "client_order_id": "s1",
        },
    ]


def test_the_documentation_has_that_query() -> None:
    assert FILLS_OF_TODAY in (ROOT / "docs" / "journal.md").read_text()


def test_columns_of_a_table_keep_their_names() -> None:
    """People's queries, and the readers of later versions, name them."""
    (records,) = [each for each in SCHEMA if each.startswith("CREATE TABLE records")]
    columns = [line.split()[0] for line in records.splitlines()[1:-1]]
    assert " ".join(columns) == (
        "position sequence life session kind client_order_id venue_order_id trade_id time chain record"
    )


def test_a_backup_is_not_left_half_written(tmp_path: Path) -> None:
    with opened(tmp_path / "orders.db") as store:
        new_life(store).commit(fill(1, under=VenueOrderId("o1")))
        with pytest.raises(OSError, match="cannot be written"):
            store.backup(str(tmp_path / "missing" / "copy.db"))
        store.backup(str(tmp_path / "copy.db"))
    assert sorted(each.name for each in tmp_path.iterdir()) == ["copy.db", "orders.db", "orders.db.lock"]
