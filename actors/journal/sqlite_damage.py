"""What is said of a journal that cannot be trusted, and a look at its indexes."""

from __future__ import annotations

from pathlib import Path
from typing import Final

import apsw

from protocol.journal import StoreFailed

from .sqlite_chain import Damaged
from .sqlite_connection import every

__all__ = ["check_indexes", "damage_sentence", "unreadable_sentence"]

_REMEDY: Final = (
    "Nothing was changed. Look at the disk, and call `trio_orders.quarantine_journal`: it keeps what lies before "
    "the damage and moves the rest aside. The next start reads from the venue what came after, and tells it again."
)

_TIMES: Final = """SELECT strftime('%Y-%m-%d %H:%M:%S', min(time) / 1e9, 'unixepoch'),
    strftime('%Y-%m-%d %H:%M:%S', max(time) / 1e9, 'unixepoch'),
    (SELECT max(position) FROM records)
FROM records WHERE position > ? AND position <= ?"""
_UNINDEXED: Final = """SELECT min(r.position) FROM records r WHERE r.position > ?1 AND r.position <= ?2 AND (
    (r.trade_id IS NOT NULL AND NOT EXISTS (
        SELECT 1 FROM records i INDEXED BY records_of_trade WHERE i.trade_id = r.trade_id AND i.position = r.position))
    OR ((r.kind = 'Submitted' OR r.kind = 'Registered') AND r.client_order_id IS NOT NULL AND NOT EXISTS (
        SELECT 1 FROM records i INDEXED BY records_of_order
        WHERE i.client_order_id = r.client_order_id AND (i.kind = 'Submitted' OR i.kind = 'Registered')
            AND i.position = r.position)))"""


def damage_sentence(connection: apsw.Connection, path: Path, damage: Damaged) -> str:
    since, until, last = every(connection, _TIMES, (damage.after, damage.until))[0]
    return (
        f"The journal {path} is damaged: its rows {damage.after + 1} to {damage.until} of {last} (times {since} to "
        f"{until} UTC) do not agree with their checksum, so where orders stood behind row {damage.after} is not known. "
        f"{_REMEDY}"
    )


def unreadable_sentence(path: Path, problem: apsw.Error) -> str:
    return f"The journal {path} cannot be read: {problem}. {_REMEDY}"


def check_indexes(connection: apsw.Connection, path: Path, after: int, until: int) -> None:
    """Raises StoreFailed for a row that would not be found by its name: a fill would be told twice."""
    ((missing,),) = every(connection, _UNINDEXED, (after, until))
    if missing is not None:
        raise StoreFailed(
            f"An index of the journal {path} is damaged: it does not have row {missing}. End the program and call "
            "`trio_orders.compact_journal`, which makes the indexes anew."
        )
