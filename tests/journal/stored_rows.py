"""Rows of drawn or plain records, as an outbox would hand them to a store."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from protocol.dispatch.records import NOTES, Record
from protocol.events import Event, number
from protocol.journal import Life, Row, Store, StoredSession, rows_of

__all__ = ["begin", "rows_after", "session"]

NOW = 1_700_000_000_000_000_000


def session(number: int = 1) -> StoredSession:
    return StoredSession(number=number, venue="TEST", account=f"A{number}", host="test.example")


def begin(store: Store, *sessions: StoredSession, began: int = NOW) -> Life:
    """A new life on this store, of these sessions."""
    life = Life(
        number=len(store.lives) + 1,
        tag=f"{len(store.lives) + 1:016x}",
        first_position=store.last_position + 1,
        first_sequence=store.last_sequence + 1,
        began=began,
    )
    store.begin(life, sessions or (session(),))
    return life


def rows_after(store: Store, records: Iterable[Record], session: int = 1) -> Sequence[Row]:
    """The next rows of the store's current life. It numbers the records."""
    records = list(records)
    sequence = store.last_sequence
    for record in records:
        if type(record) not in NOTES:
            sequence += 1
            assert isinstance(record, Event)
            number(record, sequence)
    return rows_of(records, store.last_position, len(store.lives), session, NOW)
