"""A journal becomes smaller: rows that nobody needs are dropped, and the room that they leave is given back.

Rows are dropped from the front only, so that what is left has no holes, and only in front of a snapshot, which holds
what they made of the orders. Of dropped rows these are kept: which fills were told, which executions adopted orders
count already, which names were used, and the checksum with which the rest goes on.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager
from pathlib import Path
from typing import Final

import apsw

from protocol.errors import JournalError

from .settings import Journal
from .sqlite_connection import Access, check_kind, connect, every, one
from .sqlite_files import check_directory, check_writable, look
from .sqlite_lock import WriterLock
from .sqlite_schema import COUNTED_ONLY

__all__ = ["compact_journal", "drop_rows", "droppable"]

DAY: Final = 86_400 * 10**9
SLICE: Final = 10_000
"""Rows that are dropped in one transaction."""

_FILLS: Final = f"""INSERT INTO dropped_fills (trade_id, venue_order_id, session, fee_known)
SELECT trade_id, venue_order_id, session, max(CASE kind WHEN 'AlreadyCounted' THEN {COUNTED_ONLY}
    ELSE kind = 'FeeReported' OR json_extract(record, '$.commission') IS NOT NULL END)
FROM records WHERE position > ?1 AND position <= ?2 AND trade_id IS NOT NULL AND venue_order_id IS NOT NULL
    AND kind IN ('Filled', 'FillReport', 'FeeReported', 'AlreadyCounted')
GROUP BY trade_id, venue_order_id, session
ON CONFLICT DO UPDATE SET fee_known = max(fee_known, excluded.fee_known)"""
_ORDERS: Final = """INSERT OR IGNORE INTO dropped_orders (client_order_id, session)
SELECT client_order_id, session FROM records WHERE position > ?1 AND position <= ?2
    AND (kind = 'Submitted' OR kind = 'Registered') AND client_order_id IS NOT NULL"""
_CUT: Final = """UPDATE journal SET cut_position = ?2, cut_chain = ?3,
    cut_sequence = coalesce((SELECT max(sequence) FROM records WHERE position > ?1 AND position <= ?2), cut_sequence)"""
_NEXT_END: Final = (
    "SELECT position, chain FROM records WHERE position > ? AND chain IS NOT NULL ORDER BY position LIMIT 1"
)
_END: Final = (
    "SELECT position, chain FROM records WHERE position <= ? AND chain IS NOT NULL ORDER BY position DESC LIMIT 1"
)


def droppable(connection: apsw.Connection, settings: Journal, now: int, last: int) -> int:
    """The last position up to which rows may go; 0: none. now: ns since 1970; last: position of the last row."""
    # The older one of the two that are kept: should the newer one be damaged, a restart reads all behind the older.
    ((snapshot,),) = every(connection, "SELECT coalesce(min(position), 0) FROM snapshots")
    upto = 0
    if settings.keep_records is not None:
        upto = last - settings.keep_records
    if settings.keep_days is not None:
        upto = max(upto, _older_than(connection, now - settings.keep_days * DAY))
    upto = min(upto, snapshot)
    end = one(connection, _END, (upto,)) if upto > 0 else None
    return 0 if end is None else int(end[0])


def _older_than(connection: apsw.Connection, moment: int) -> int:
    """The last position of a row from before a moment, found by halving: our clock goes forward but for small steps."""
    low: int
    high: int
    low, high = every(connection, "SELECT cut_position, coalesce((SELECT max(position) FROM records), 0) FROM journal")[
        0
    ]
    while low < high:
        middle = (low + high + 1) // 2
        found = one(connection, "SELECT time FROM records WHERE position >= ? ORDER BY position LIMIT 1", (middle,))
        if found is not None and found[0] < moment:
            low = middle
        else:
            high = middle - 1
    return low


def drop_rows(
    connection: apsw.Connection, upto: int, transaction: Callable[[], AbstractContextManager[None]]
) -> Iterator[tuple[int, int]]:
    """Drops rows up to the end of a commit, a slice at a time, each whole or not at all; gives the position and the
    checksum with which the rest goes on after each."""
    ((cut,),) = every(connection, "SELECT cut_position FROM journal")
    while cut < upto:
        end = one(connection, _END, (min(cut + SLICE, upto),))
        if end is None or end[0] <= cut:  # one commit that is longer than a slice
            end = one(connection, _NEXT_END, (cut,))
        assert end is not None, "rows without the end of their commit were cut when the journal was opened"
        with transaction():
            connection.execute(_FILLS, (cut, end[0]))
            connection.execute(_ORDERS, (cut, end[0]))
            connection.execute(_CUT, (cut, *end))
            connection.execute("DELETE FROM records WHERE position <= ?", (end[0],))
        connection.wal_checkpoint(mode=apsw.SQLITE_CHECKPOINT_PASSIVE)
        cut = end[0]
        yield end[0], end[1]


def compact_journal(path: Path | str) -> None:
    """Gives the room of dropped rows back to the disk, and makes the indexes anew. For a journal that no program has
    open; it needs as much free room as the journal has. Raises JournalError."""
    path = Path(path).resolve()
    access = Access()
    check_directory(path, access.filesystem_of(path.parent))
    lock = WriterLock(path)
    try:
        check_writable(path)
        if not look(path):
            raise JournalError(f"There is no journal {path}.", path=str(path))
        connection = connect(path, access, writes=True)
        try:
            check_kind(connection, path)
            connection.execute("REINDEX")
            connection.execute("VACUUM")
        finally:
            connection.close()
    except apsw.Error as problem:
        raise JournalError(
            f"The journal {path} could not be made smaller: {problem}. It is as it was.", path=str(path)
        ) from problem
    finally:
        lock.close()
