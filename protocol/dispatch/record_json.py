"""Records as JSON and back, exactly: events as `event_json` has them, and beside them what is never published."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

from ..event_json import EVENT_TYPES
from ..events import Event
from ..tagged_json import TaggedJson
from .records import NOTES, AccountNote, Note

__all__ = ["RECORD_TYPES", "record_from_json", "record_to_json", "records_from_lines"]

RECORD_TYPES: Final[Mapping[str, type[Event] | type[Note] | type[AccountNote]]] = {
    **EVENT_TYPES,
    **{kind.__name__: kind for kind in sorted(NOTES, key=lambda kind: kind.__name__)},
}
"""Every record by its tag."""

_JSON: Final = TaggedJson[Event | Note | AccountNote](RECORD_TYPES, "a record")


def record_to_json(record: Event | Note | AccountNote) -> str:
    """The record as one JSON object, without a line break.

    Raises TypeError for what is not a record, ValueError for a number that is not finite or a text that is not Unicode.
    """
    return _JSON.write(record)


def record_from_json(text: str | bytes) -> Event | Note | AccountNote:
    """The record that `record_to_json` made this text of. Raises ValueError for anything else."""
    return _JSON.read(text)


def records_from_lines(lines: bytes) -> list[Event | Note]:
    """Records that `record_to_json` wrote, one a line, and whose bytes were checked since: their numbers are not looked
    at again. Raises ValueError for anything else."""
    return _JSON.read_lines(lines)
