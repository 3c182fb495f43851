"""What a journal knows of one session beyond what memory holds."""

from __future__ import annotations

from collections.abc import Callable
from typing import Final

import apsw

from .sqlite_connection import every, one
from .sqlite_schema import COUNTED_ONLY

__all__ = ["SqliteKnown"]

_FILL: Final = """SELECT max(kind = 'FeeReported' OR json_extract(record, '$.commission') IS NOT NULL),
    max(kind <> 'FeeReported')
FROM records WHERE trade_id = ?1 AND venue_order_id = ?2 AND session = ?3
    AND kind IN ('Filled', 'FillReport', 'FeeReported')"""
_COUNTED: Final = """SELECT EXISTS (SELECT 1 FROM records
        WHERE trade_id = ?1 AND venue_order_id = ?2 AND session = ?3 AND kind = 'AlreadyCounted')"""
_DROPPED_FILL: Final = (
    "SELECT fee_known FROM dropped_fills WHERE trade_id = ?1 AND venue_order_id = ?2 AND session = ?3"
)
_ORDER: Final = """SELECT EXISTS (SELECT 1 FROM records
        WHERE client_order_id = ?1 AND session = ?2 AND (kind = 'Submitted' OR kind = 'Registered'))
    OR EXISTS (SELECT 1 FROM dropped_orders WHERE client_order_id = ?1 AND session = ?2),
    EXISTS (SELECT 1 FROM dropped_orders WHERE client_order_id = ?1 AND session = -?2)"""
_LOST: Final = "SELECT EXISTS (SELECT 1 FROM dropped_orders WHERE session = -?)"


class SqliteKnown:
    """Asks on a connection that only reads: it sees what is committed, while a commit is made in another thread.

    failed: hears of a question that the disk does not answer. The answer is that of a program without a journal then.
    """

    def __init__(self, connection: apsw.Connection, session: int, failed: Callable[[apsw.Error], None]) -> None:
        self._connection = connection
        self._session = session
        self._failed = failed

    def fee_known(self, venue_order_id: str, trade_id: str) -> bool | None:
        key = (trade_id, venue_order_id, self._session)
        try:
            fee, fill = every(self._connection, _FILL, key)[0]
            dropped = one(self._connection, _DROPPED_FILL, key)
        except apsw.Error as problem:
            self._failed(problem)
            return None
        dropped_fee = COUNTED_ONLY if dropped is None else dropped[0]
        if not fill and dropped_fee == COUNTED_ONLY:
            return None
        return bool(fee or dropped_fee > 0)

    def is_counted(self, venue_order_id: str, trade_id: str) -> bool:
        key = (trade_id, venue_order_id, self._session)
        try:
            counted = every(self._connection, _COUNTED, key)[0][0]
            return bool(counted) or one(self._connection, _DROPPED_FILL, key) == (COUNTED_ONLY,)
        except apsw.Error as problem:
            self._failed(problem)
            return False

    def is_used(self, client_order_id: str) -> bool:
        return any(self._find_order(client_order_id))

    def is_lost(self, client_order_id: str) -> bool:
        return self._find_order(client_order_id) == (0, 1)

    def _find_order(self, client_order_id: str) -> tuple[int, int]:
        """Whether there are, or were, records of such an order, and whether a damage took some of that name."""
        try:
            recorded, lost = every(self._connection, _ORDER, (client_order_id, self._session))[0]
        except apsw.Error as problem:
            self._failed(problem)
            return 0, 0
        return recorded, lost

    @property
    def has_lost(self) -> bool:
        try:
            return bool(every(self._connection, _LOST, (self._session,))[0][0])
        except apsw.Error as problem:
            self._failed(problem)
            return False
