"""The checksums that run over a journal, and the pages in which it is read against them.

Two crc32 in one number: over the texts of the records, and over the other columns. So the records of a page come out of
SQLite as one text, are checked by one call, and are decoded as lines, without a look at single ones.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from itertools import starmap
from typing import Final
from zlib import crc32

import apsw
import msgspec

from protocol.journal import Page, Row

from .sqlite_connection import every, one

__all__ = ["PAGE", "Damaged", "chain_after", "chain_of_journal", "checked_pages", "columns_of", "rows_between"]

PAGE: Final = 250
"""Rows that are read in one transaction. A reader may hold one for 1000; what is made of fewer fits into the cache of
the processor, and is folded from there."""
_LOW: Final = 0xFFFFFFFF
_PACK: Final = msgspec.msgpack.Encoder()

_BOUND: Final = (
    "SELECT position, chain FROM records WHERE position > ?1 AND position <= ?2 AND chain IS NOT NULL "
    "ORDER BY position DESC LIMIT 1"
)
_COLUMNS: Final = """SELECT position, sequence, life, session, kind, client_order_id, venue_order_id, trade_id, time
FROM records WHERE position > ? AND position <= ? ORDER BY position"""
_RECORDS: Final = """SELECT CAST(group_concat(record || char(10), '') AS BLOB)
FROM (SELECT record FROM records WHERE position > ? AND position <= ? ORDER BY position)"""
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
    """What the second checksum runs over: the columns but the record, as MessagePack, which has one form for each. The
    rows follow each other without what counts them, so that it does not matter how they were committed."""
    count = len(rows)
    return _PACK.encode(rows)[1 if count < 16 else 3 if count < 65_536 else 5 :]


def chain_after(chain: int, rows: Sequence[Row]) -> int:
    """The number after these rows."""
    records = "\n".join([row[9] for row in rows]).encode() + b"\n"
    return _packed(crc32(records, chain & _LOW), crc32(columns_of([row[:9] for row in rows]), chain >> 32 & _LOW))


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
        columns = every(connection, _COLUMNS, (after, last))
        records = every(connection, _RECORDS, (after, last))[0][0] or b""
        found = _packed(crc32(records, chain & _LOW), crc32(columns_of(columns), chain >> 32 & _LOW))
        if len(columns) != last - after or found != expected:
            raise Damaged(*_narrowed(connection, after, chain, last))
        yield Page(last, [row[3] for row in columns], records)
        after, chain = last, expected


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
        rows = rows_between(connection, after, end)
        chain = chain_after(chain, rows)
        if chain == expected and len(rows) == end - after:
            good, start = count, end
        after = end
    return start, ends[good][0] if good < len(ends) else last
