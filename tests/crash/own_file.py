"""What a consumer of a journal keeps: a file of its own. An event's effects and the cursor go into it at once."""

from __future__ import annotations

import sqlite3
from typing import Final

from attrs import define, field

from actors import Client, events
from actors.journal.following import open_journal

__all__ = ["OwnFile", "follow"]

TABLES: Final = """
CREATE TABLE IF NOT EXISTS state (cursor TEXT, sequence INTEGER);
CREATE TABLE IF NOT EXISTS fills (venue_order_id TEXT, trade_id TEXT, quantity TEXT, price TEXT);
CREATE TABLE IF NOT EXISTS orders (name TEXT PRIMARY KEY, venue_order_id TEXT, last TEXT);
CREATE TABLE IF NOT EXISTS wrong (what TEXT);
"""
STATES: Final = (
    events.Submitted,
    events.Accepted,
    events.Filled,
    events.Completed,
    events.Canceled,
    events.Expired,
    events.Rejected,
    events.Denied,
    events.StatusUnknown,
    events.Reopened,
)
"""What says where an order stands."""


@define(eq=False)
class OwnFile:
    """It counts every fill as it comes, without a look at those that it has: what comes twice is there twice."""

    path: str
    _file: sqlite3.Connection = field(init=False)

    def __attrs_post_init__(self) -> None:
        self._file = sqlite3.connect(self.path, isolation_level=None)
        self._file.executescript(TABLES)
        self._file.execute("PRAGMA synchronous=OFF")  # only its process is killed, never the machine

    @property
    def cursor(self) -> str | None:
        row = self._file.execute("SELECT cursor FROM state").fetchone()
        return None if row is None else str(row[0])

    def take(self, event: events.Event, cursor: str) -> None:
        self._file.execute("BEGIN")
        self._count(event)
        self._effects(event)
        self._file.execute("DELETE FROM state")
        self._file.execute("INSERT INTO state VALUES (?, ?)", (cursor, event.sequence))
        self._file.execute("COMMIT")

    def _count(self, event: events.Event) -> None:
        row = self._file.execute("SELECT sequence FROM state").fetchone()
        before = 0 if row is None else row[0]
        if event.sequence != before + 1:
            self.complain(f"number {event.sequence} came behind number {before}")

    def complain(self, what: str) -> None:
        self._file.execute("INSERT INTO wrong VALUES (?)", (what,))

    def _effects(self, event: events.Event) -> None:
        if isinstance(event, events.Filled | events.FillReport):
            order_id = event.fill_venue_order_id if isinstance(event, events.Filled) else event.venue_order_id
            row = (str(order_id), str(event.trade_id), str(event.last_quantity), str(event.last_price))
            self._file.execute("INSERT INTO fills VALUES (?, ?, ?, ?)", row)
        if isinstance(event, events.OrderEvent):
            self._order(event)

    def _order(self, event: events.OrderEvent) -> None:
        last = event.status.name if isinstance(event, events.Filled) else type(event).__name__
        order = (event.client_order_id, str(event.venue_order_id), last)
        if isinstance(event, STATES):
            self._file.execute("INSERT OR REPLACE INTO orders VALUES (?, ?, ?)", order)
        elif isinstance(event, events.Updated):
            self._file.execute("UPDATE orders SET venue_order_id = ?2 WHERE name = ?1", order[:2])


async def follow(client: Client, path: str, own: OwnFile) -> None:
    """Goes on behind what the file holds, from the journal and then live."""
    after = own.cursor
    if after is None:
        async with open_journal(path) as journal:
            with journal.events(follow=False) as stream:
                after = str(stream.cursor)
    with client.events(after=after) as stream:
        async for event in stream:
            own.take(event, str(stream.cursor))
