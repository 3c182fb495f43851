"""The checksums that run over a journal, and the pages in which it is read against them.

Two crc32 in one number: over the texts of the records, and over the other columns. So a page comes out of SQLite as two
texts, is checked by two calls, and its records are decoded as lines, without a look at single ones: a row that is made
into an object of Python's for its checksum costs twice as much as its reading.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from itertools import starmap
from typing import Final
from zlib import crc32

import apsw
from msgspec.json import Encoder

from protocol.journal import Page, Row

from .sqlite_connection import every, one

__all__ = ["PAGE", "Damaged", "chain_after", "chain_of_journal", "checked_pages", "columns_of", "rows_between"]

PAGE: Final = 250
"""Rows that are read in one transaction. A reader may hold one for 1000; what is made of fewer fits into the cache of
the processor, and is folded from there."""
_LOW: Final = 0xFFFFFFFF
_ENCODER: Final = Encoder()

_BOUND: Final = (
    "SELECT position, chain FROM records WHERE position > ?1 AND position <= ?2 AND chain IS NOT NULL "
    "ORDER BY position DESC LIMIT 1"
)
_CHECKED: Final = """SELECT CAST(group_concat(record, char(10)) AS BLOB),
    CAST(json_group_array(json_array(
        position, sequence, life, session, kind, client_order_id, venue_order_id, trade_id, time)) AS BLOB),
    count(*), min(session), max(session)
FROM (SELECT * FROM records WHERE position > ? AND position <= ? ORDER BY position)"""
_SESSIONS: Final = "SELECT session FROM records WHERE position > ? AND position <= ? ORDER BY position"
_ROWS: Final = """SELECT position, sequence, life, session, kind, client_order_id, venue_order_id, trade_id, time,
    record FROM records WHERE position > ? AND position <= ? ORDER BY position"""


class Damaged(Exception):
    """Rows do not agree with their checksum. after: the last position that is known to be right; until: the last one
    of the rows in doubt."""

    def __init__(self, after: int, until: int) -> None:
        super().__init__(f"The journal's rows {after + 1} to {until} do not agree with their checksum.")
        self.after = after
        self.until = until


def chain_of_journal(journal: str) -> int:
    """The number before the first commit."""
    return _packed(crc32(journal.encode()), crc32(b"columns of " + journal.encode()))


def columns_of(rows: Sequence[Sequence[object]]) -> bytes:
    """What the second checksum runs over: the columns but the record, as SQLite writes them in JSON. The rows follow
    each other without what counts them, so that it does not matter how they were committed."""
    return _inside(_ENCODER.encode(rows))


def _inside(array: bytes) -> bytes:
    """Without its brackets, so that another may follow."""
    return array[1:-1] + b","


def chain_after(chain: int, rows: Sequence[Row]) -> int:
    """The number after these rows."""
    records = "\n".join([row[9] for row in rows]).encode()
    return _continued(chain, records + b"\n", columns_of([row[:9] for row in rows]))


def _continued(chain: int, records: bytes, columns: bytes) -> int:
    return _packed(crc32(records, chain & _LOW), crc32(columns, chain >> 32 & _LOW))


def _packed(records: int, columns: int) -> int:
    """In the range of SQLite's integers, which have a sign."""
    return (columns - (columns >> 31 << 32)) << 32 | records


def checked_pages(connection: apsw.Connection, after: int, chain: int, until: int) -> Iterator[Page]:
    """Every commit behind a position, where the checksum is `chain`, up to another one. Raises Damaged."""
    while after < until:
        bound = _bound(connection, after, until)
        if bound is None:
            raise Damaged(after, until)
        last, expected = bound
        page, found = _read(connection, after, last, chain)
        if page is None or found != expected:
            raise Damaged(*_narrowed(connection, after, chain, last))
        yield page
        after, chain = last, expected


def _read(connection: apsw.Connection, after: int, last: int, chain: int) -> tuple[Page | None, int]:
    """The rows between two positions, and the checksum behind them. None: some are missing, or no checksum runs over
    what they hold."""
    try:
        ((texts, columns, count, first, final),) = every(connection, _CHECKED, (after, last))
    except apsw.SQLError:  # a column that JSON cannot hold
        return None, chain
    if count != last - after:
        return None, chain
    is_shared = first != final
    sessions = [row[0] for row in every(connection, _SESSIONS, (after, last))] if is_shared else [first] * count
    records = texts + b"\n"
    return Page(last, sessions, records), _continued(chain, records, _inside(columns))


def rows_between(connection: apsw.Connection, after: int, until: int) -> list[Row]:
    """Rows as they stand, unchecked."""
    return list(starmap(Row, every(connection, _ROWS, (after, until))))


def _bound(connection: apsw.Connection, after: int, until: int) -> tuple[int, int] | None:
    """Where the last commit ends that is whole within a page; one that is longer than a page is a page."""
    size = PAGE
    while True:
        found = one(connection, _BOUND, (after, min(after + size, until)))
        if found is not None or after + size >= until:
            return None if found is None else (found[0], found[1])
        size *= 2


def _narrowed(connection: apsw.Connection, after: int, chain: int, last: int) -> tuple[int, int]:
    """The first commit of a page behind which nothing agrees any more."""
    ends = every(
        connection,
        "SELECT position, chain FROM records WHERE position > ? AND position <= ? AND chain IS NOT NULL "
        "ORDER BY position",
        (after, last),
    )
    good, start = 0, after
    for count, (end, expected) in enumerate(ends, start=1):
        page, chain = _read(connection, after, end, chain)
        if page is None:
            break
        if chain == expected:
            good, start = count, end
        after = end
    return start, ends[good][0] if good < len(ends) else last
