"""A book of positions, kept by a program of its own that follows the journal of a trading program.

    python examples/consumer.py JOURNAL BOOK [--once]

JOURNAL is the file that the trading program was given (`open_client(..., journal="orders.db")`); BOOK is this program's
own SQLite database, made where it is missing. It follows the journal until it is stopped; with --once it ends where the
journal does.

Each batch of events is one transaction of the book: what the events did, and the cursor behind them. So this program
may be killed at any moment. It begins again where its last transaction ended, and counts each fill once.

One thing a cursor cannot promise. When the machine loses power, a journal that is kept with durability "process" may
lose its last moments, while this book has them. Then the journal says `CursorAhead`: the fills in them come again, with
other numbers. This program goes back to the last event that both have. That is safe because each fill is in the book
under its own key, the venue's ids, and a key is taken once.
"""

from __future__ import annotations

import argparse
import sqlite3
from collections.abc import Iterable
from decimal import Decimal

import trio

from trio_orders import CursorAhead, CursorExpired, EventStream, JournalError, JournalReader, Side, events, open_journal

SIGNS = {Side.BUY: 1, Side.SELL: -1}
SCHEMA = """
CREATE TABLE IF NOT EXISTS fills (
    account TEXT, instrument TEXT, venue_order_id TEXT, trade_id TEXT,
    quantity TEXT, price TEXT, fee TEXT, currency TEXT, time INTEGER,
    PRIMARY KEY (account, instrument, venue_order_id, trade_id));
CREATE TABLE IF NOT EXISTS book (
    account TEXT, instrument TEXT, position TEXT, paid TEXT, fees TEXT, fills INTEGER,
    PRIMARY KEY (account, instrument));
CREATE TABLE IF NOT EXISTS progress (one INTEGER PRIMARY KEY CHECK (one = 1), cursor TEXT);
"""


def open_book(path: str) -> sqlite3.Connection:
    book = sqlite3.connect(path)
    book.executescript(SCHEMA)
    return book


def kept_cursor(book: sqlite3.Connection) -> str | None:
    """Where the last transaction ended; None: there was none."""
    row = book.execute("SELECT cursor FROM progress").fetchone()
    return None if row is None else row[0]


def add(book: sqlite3.Connection, event: events.OrderEvent, **changes: Decimal | int) -> None:
    """Adds to the book of an instrument."""
    account, instrument = event.identity.account, str(event.identity.instrument)
    book.execute("INSERT OR IGNORE INTO book VALUES (?, ?, '0', '0', '0', 0)", (account, instrument))
    for name, change in changes.items():
        where = "WHERE account = ? AND instrument = ?"
        before = book.execute(f"SELECT {name} FROM book {where}", (account, instrument)).fetchone()[0]
        after = before + change if name == "fills" else str(Decimal(before) + change)
        book.execute(f"UPDATE book SET {name} = ? {where}", (after, account, instrument))


def count_fill(book: sqlite3.Connection, fill: events.Filled) -> None:
    """Once: a fill that is in the book already changes nothing."""
    quantity = fill.last_quantity * (SIGNS[fill.side] if fill.side is not None else 0)
    fee = fill.commission.amount if fill.commission is not None else None
    taken = book.execute(
        "INSERT OR IGNORE INTO fills VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?)",
        (
            *(fill.identity.account, str(fill.identity.instrument), fill.fill_venue_order_id, fill.trade_id),
            *(str(quantity), str(fill.last_price), None if fee is None else str(fee), fill.currency, fill.venue_time),
        ),
    )
    if taken.rowcount:
        add(book, fill, position=quantity, paid=quantity * fill.last_price, fees=fee or Decimal(0), fills=1)


def count_fee(book: sqlite3.Connection, report: events.FeeReported) -> None:
    """Of a fill that was counted before its fee was known; once, too."""
    key = (report.identity.account, str(report.identity.instrument), report.fill_venue_order_id, report.trade_id)
    where = "account = ? AND instrument = ? AND venue_order_id = ? AND trade_id = ? AND fee IS NULL"
    taken = book.execute(f"UPDATE fills SET fee = ? WHERE {where}", (str(report.commission.amount), *key))
    if taken.rowcount:
        add(book, report, fees=report.commission.amount)


def apply(book: sqlite3.Connection, batch: Iterable[events.Event], cursor: object) -> int:
    """One transaction: what the events did, and where they end. Returns how many fills there are now."""
    with book:
        for event in batch:
            if isinstance(event, events.Filled):
                count_fill(book, event)
            elif isinstance(event, events.FeeReported):
                count_fee(book, event)
        book.execute("INSERT OR REPLACE INTO progress VALUES (1, ?)", (str(cursor),))
    fills: int = book.execute("SELECT count(*) FROM fills").fetchone()[0]
    return fills


def resume(journal: JournalReader, book: sqlite3.Connection, follow: bool) -> EventStream:
    """The events behind the book."""
    try:
        return journal.events(after=kept_cursor(book), follow=follow)
    except CursorAhead as lost:
        print(f"going back: {lost}", flush=True)
        return journal.events(after=lost.last, follow=follow)


async def main(path: str, book: sqlite3.Connection, follow: bool) -> None:
    async with open_journal(path) as journal:
        with resume(journal, book, follow) as stream:
            async for batch in stream.batches():
                fills = apply(book, batch, stream.cursor)
                print(f"{fills} fills up to {stream.cursor}", flush=True)


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description="Follow a journal, and keep a book of what it says.")
    parser.add_argument("journal", help="the file that a trading program keeps")
    parser.add_argument("book", help="the SQLite database of this program")
    parser.add_argument("--once", action="store_true", help="end where the journal ends")
    arguments = parser.parse_args()
    try:
        trio.run(main, arguments.journal, open_book(arguments.book), not arguments.once)
    except CursorExpired as expired:
        raise SystemExit(f"The book cannot be continued, so keep it and begin another one. {expired}") from None
    except JournalError as error:
        raise SystemExit(str(error)) from None
    except KeyboardInterrupt:
        print("stopped; the book is as its last transaction left it")
