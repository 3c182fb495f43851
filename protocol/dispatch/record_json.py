"""Records as JSON and back, exactly: events as `event_json` has them, and beside them what is never published."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final, cast

from msgspec.json import Encoder

from ..event_json import EVENT_TYPES
from ..events import Event
from ..tagged_json import TaggedJson
from .records import NOTES, AccountNote, Note, Record

__all__ = ["RECORD_TYPES", "record_from_json", "record_to_json", "record_to_line"]

RECORD_TYPES: Final[Mapping[str, type[Event] | type[Note] | type[AccountNote]]] = {
    **EVENT_TYPES,
    **{kind.__name__: kind for kind in sorted(NOTES, key=lambda kind: kind.__name__)},
}
"""Every record by its tag."""

_ENCODER: Final = Encoder()
_JSON: Final = TaggedJson[Event | Note | AccountNote](RECORD_TYPES, "a record")


def record_to_json(record: Event | Note | AccountNote) -> str:
    """The record as one JSON object, without a line break.

    Raises TypeError for what is not a record, ValueError for a number that is not finite or a text that is not Unicode.
    """
    return _JSON.write(record)


def record_to_line(record: Event | Note | AccountNote) -> str:
    """The same for a record that dispatch made. Its numbers came through the checks of the wire and of orders, so they
    are finite; a look at all of them would cost a third of the writing."""
    return _ENCODER.encode(record).decode()


def record_from_json(text: str | bytes) -> Record:
    """The record that `record_to_json` made this text of. Raises ValueError for anything else."""
    return cast(Record, _JSON.read(text))
