"""The journal's pure half: what a row holds, where a reader stands, and what a place to keep rows must be able to do.

State is the fold of records: the outbox commits them before anything of them is released, and a restart folds them
again. The files themselves are in `actors.journal`.
"""

from .cursor import Cursor
from .rows import Page, Row, rows_of
from .store import Known, Life, Snapshot, Store, StoredSession, StoreFailed, StoreFull, StoreReader

__all__ = [
    "Cursor",
    "Known",
    "Life",
    "Page",
    "Row",
    "Snapshot",
    "Store",
    "StoreFailed",
    "StoreFull",
    "StoreReader",
    "StoredSession",
    "rows_of",
]
