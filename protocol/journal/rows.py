"""One row a record: columns that people can query, and the record itself as tagged JSON."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import Any, Final, NamedTuple

from ..dispatch.record_json import record_to_line
from ..dispatch.records import NOTES, Note, Record
from ..events import Event, FeeReported, Filled, FillReport, MissingFills, OrderEvent, Report

__all__ = ["Page", "Row", "rows_of"]


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
    """Their tagged JSON, one a line (see `dispatch.lean_records.RecordLines`)."""


Columns = tuple[int | None, str | None, str | None, str | None, int | None]
"""Number, client order id, venue order id, trade id and time of a record."""


def rows_of(records: Iterable[Record], after: int, life: int, session: int, now: int) -> list[Row]:
    """The rows of records, which have their numbers in the stream already, behind a position. now: ns since 1970, for
    those without a time."""
    rows: list[Row] = []
    for position, record in enumerate(records, after + 1):
        kind = type(record)
        columns = _COLUMNS.get(kind) or _find_columns(kind)
        sequence, order, venue_order, trade, time = columns(record)
        if time is None:
            time = now
        line = record_to_line(record)
        # Past the named tuple's own way in, which costs twice as much: this is done for every message.
        values = (position, sequence, life, session, kind.__name__, order, venue_order, trade, time, line)
        rows.append(_NEW(Row, values))
    return rows


def _of_order(event: Any) -> Columns:
    return event.sequence, event.identity.client_order_id, event.venue_order_id, None, event.local_time


def _of_execution(event: Any) -> Columns:
    order = event.identity.client_order_id
    return event.sequence, order, event.fill_venue_order_id, event.trade_id, event.local_time


def _of_report(event: Any) -> Columns:
    return event.sequence, event.client_order_id, event.venue_order_id, None, event.local_time


def _of_fill_report(event: Any) -> Columns:
    return event.sequence, event.client_order_id, event.venue_order_id, event.trade_id, event.local_time


def _of_missing_fills(event: Any) -> Columns:
    return event.sequence, event.client_order_id, event.venue_order_id, None, event.local_time


def _of_link(event: Any) -> Columns:
    return event.sequence, None, None, None, event.local_time


def _of_note(note: Any) -> Columns:
    order = note.identity.client_order_id if isinstance(note, Note) else None
    return None, order, getattr(note, "venue_order_id", None), getattr(note, "trade_id", None), None


_NEW: Final = tuple.__new__
_COLUMNS: Final[dict[type, Callable[[Any], Columns]]] = {
    **dict.fromkeys(NOTES, _of_note),
    Filled: _of_execution,
    FeeReported: _of_execution,
    FillReport: _of_fill_report,
    MissingFills: _of_missing_fills,
}
"""How a record's columns are found, by its class. The others are found by their root, once."""
_ROOTS: Final[Mapping[type, Callable[[Any], Columns]]] = {OrderEvent: _of_order, Report: _of_report, Event: _of_link}


def _find_columns(kind: type) -> Callable[[Any], Columns]:
    found = _COLUMNS[kind] = next(columns for root, columns in _ROOTS.items() if issubclass(kind, root))
    return found
