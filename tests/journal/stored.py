"""Stores and rows for the tests of a journal."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from decimal import Decimal
from pathlib import Path
from typing import Any

from actors.journal import Journal
from actors.journal.sqlite_connection import Access
from actors.journal.sqlite_store import SqliteStore, open_sqlite_store
from protocol import events
from protocol.dispatch.records import NOTES, Record
from protocol.events import number
from protocol.journal import Life, Row, StoredSession, rows_of
from protocol.values import Money, TradeId, VenueOrderId
from tests.imports import ROOT
from tests.order_records import FEE, accepted, canceled, filled, identity, submitted

AX = StoredSession(number=1, venue="AX", account="A", host="ax.test")
SPOT = StoredSession(number=2, venue="KRAKEN", account="A", host="spot.test")
NOW = 1_700_000_000_000_000_000


class Writer:
    """Numbers records and commits them, as an outbox does."""

    def __init__(self, store: SqliteStore) -> None:
        self.store = store
        self.position = store.last_position
        self.sequence = store.last_sequence

    def rows(self, *records: Record, session: int = 1, now: int = NOW) -> list[Row]:
        for record in records:
            if type(record) not in NOTES:
                self.sequence += 1
                number(record, self.sequence)  # type: ignore[arg-type]
        rows = rows_of(records, self.position, len(self.store.lives), session, now)
        self.position += len(rows)
        return rows

    def commit(self, *records: Record, session: int = 1, now: int = NOW) -> list[Row]:
        rows = self.rows(*records, session=session, now=now)
        self.store.commit(rows)
        return rows


def new_life(store: SqliteStore, *sessions: StoredSession, began: int = NOW) -> Writer:
    """A life that has begun."""
    count = len(store.lives) + 1
    life = Life(
        number=count,
        tag=f"{count:016x}",
        first_position=store.last_position + 1,
        first_sequence=store.last_sequence + 1,
        began=began,
    )
    store.begin(life, sessions or (AX,))
    return Writer(store)


@contextmanager
def opened(path: Path, access: Access | None = None, **settings: Any) -> Iterator[SqliteStore]:
    store = open_sqlite_store(Journal(path=path, **settings), access)
    try:
        yield store
    finally:
        store.close()


@contextmanager
def written(path: Path, access: Access | None = None, **settings: Any) -> Iterator[Writer]:
    """A store with a life that has begun."""
    with opened(path, access, **settings) as store:
        yield new_life(store)


def fill(count: int, *, order: str = "a7", fee: Money | None = FEE, **changes: Any) -> events.Filled:
    """A new one each time: an event is numbered once."""
    return filled(f"t{count}", count, identity=identity(order), commission=fee, **changes)


def order(name: str) -> list[Record]:
    """An order from its placement to its end, with one fill."""
    us = identity(name)
    oid = VenueOrderId(f"o-{name}")
    return [
        submitted(us),
        accepted(oid, us),
        filled(f"t-{name}", 1, under=oid, identity=us, venue_order_id=oid),
        canceled(oid, us),
    ]


def fee_of(count: int, amount: str = "0.25") -> events.FeeReported:
    return events.FeeReported(
        identity=identity(),
        venue_order_id=VenueOrderId("o1"),
        venue_time=0,
        local_time=2000,
        trade_id=TradeId(f"t{count}"),
        fill_venue_order_id=VenueOrderId("o1"),
        commission=Money(Decimal(amount), "USD"),
    )


def all_rows(pages: Iterable[Sequence[Row]]) -> list[Row]:
    return [row for page in pages for row in page]


def elsewhere(code: str, *arguments: object) -> str:
    """What a program prints that another process runs: nothing else may look into a journal that is open here."""
    done = subprocess.run(
        [sys.executable, "-c", code, *map(str, arguments)], cwd=ROOT, capture_output=True, text=True, timeout=60
    )
    assert done.returncode == 0, done.stderr
    return done.stdout.strip()
