"""One row a record: columns that people can query, and the record itself as tagged JSON."""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

from ..dispatch.record_json import record_to_json
from ..dispatch.records import NOTES, Record
from ..events import Event

__all__ = ["Page", "Row", "row_of"]


class Row(NamedTuple):
    """As it stands in the journal, in the order of its columns."""

    position: int
    """Among all records of the journal, from 1 without holes."""
    sequence: int | None
    """The event's place in the stream, from 1 without holes; None: the record is never published."""
    life: int
    """Number of the life that wrote it, from 1."""
    session: int
    """Number of its session in this journal, from 1; 0: of the program as a whole."""
    kind: str
    """The class of the record."""
    client_order_id: str | None
    venue_order_id: str | None
    """Of a fill: the id under which it executed."""
    trade_id: str | None
    time: int
    """When it was decided, ns since 1970 by our clock."""
    record: str
    """Tagged JSON (see `dispatch.record_json`)."""


class Page(NamedTuple):
    """Whole commits of a journal, checked, in the form that is fastest to fold."""

    last: int
    """Position of the last record; they follow each other without holes."""
    sessions: Sequence[int]
    """Of each record, the number of its session."""
    records: bytes
    """Their tagged JSON, one a line (see `dispatch.record_json.records_from_lines`)."""


def row_of(record: Record, position: int, life: int, session: int, now: int) -> Row:
    """The row of a record, which has its number in the stream already. now: ns since 1970, for one without a time."""
    kind = type(record)
    identity = getattr(record, "identity", None)
    client_order_id = getattr(record, "client_order_id", None) if identity is None else identity.client_order_id
    venue_order_id = getattr(record, "fill_venue_order_id", None) or getattr(record, "venue_order_id", None)
    is_event = kind not in NOTES
    assert not is_event or isinstance(record, Event)
    return Row(
        position,
        record.sequence if is_event else None,  # type: ignore[union-attr]
        life,
        session,
        kind.__name__,
        client_order_id,
        venue_order_id,
        getattr(record, "trade_id", None),
        record.local_time if is_event else now,  # type: ignore[union-attr]
        record_to_json(record),
    )
