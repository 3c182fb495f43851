"""The most frequent records with the few fields that a fold reads of them.

A restart reads every record once, and most are of orders that ended long ago. To make each whole, with the identity of
its order and a dozen numbers, takes longer than everything else that a restart does with it.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from typing import Any, Final, cast, get_type_hints

from msgspec import Struct, defstruct

from ..events import Accepted, Canceled, Expired, FeeReported, Filled
from ..tagged_json import TAG, TaggedJson
from ..values import ClientOrderId, Money
from .record_json import RECORD_TYPES, record_from_json
from .records import CancelAsked, Intent, Record
from .tracking import NotWhole

__all__ = ["LEAN_TYPES", "Folds", "RecordLines"]

Folds = Mapping[type, Callable[[Any], None]]
"""What changes a state, by the kind of record."""


class LeanIdentity(Struct, frozen=True, gc=False):
    """Enough to find an order that is known, and too little to begin one."""

    client_order_id: ClientOrderId
    local_time: int


class Something(Struct, frozen=True, gc=False):
    """What matters is that it is there."""


READ: Final[Mapping[type, tuple[str, ...]]] = {
    Accepted: ("venue_order_id",),
    Filled: (
        "venue_order_id",
        "fill_venue_order_id",
        "trade_id",
        "commission",
        "cumulative",
        "last_quantity",
        "status",
        "concluded",
        "local_time",
    ),
    FeeReported: ("fill_venue_order_id", "trade_id"),
    Canceled: ("venue_order_id", "reason"),
    Expired: ("venue_order_id", "reason"),
    Intent: ("process_before",),
    CancelAsked: (),
}
"""What their folds read beside the identity."""
NARROWED: Final[Mapping[object, object]] = {Money | None: Something | None}


def _lean(kind: type, read: Iterable[str]) -> type[Struct]:
    hints = get_type_hints(kind)
    fields = [(name, NARROWED.get(hints[name], hints[name])) for name in read]
    return defstruct(
        kind.__name__, [("identity", LeanIdentity), *fields], frozen=True, gc=False, tag_field=TAG, tag=kind.__name__
    )


LEAN_TYPES: Final[Mapping[type, type[Struct]]] = {kind: _lean(kind, read) for kind, read in READ.items()}
"""By the class of the whole record."""
_JSON: Final = TaggedJson[Any](
    {**RECORD_TYPES, **{kind.__name__: lean for kind, lean in LEAN_TYPES.items()}}, "a record"
)


class RecordLines:
    """Records that `record_to_json` wrote, one a line, and whose bytes were checked since. Raises ValueError for
    anything else."""

    def __init__(self, lines: bytes) -> None:
        self._lines = lines
        self._records: list[Any] = _JSON.read_lines(lines)

    def whole(self, place: int) -> Record:
        """The record of one line, from 0."""
        return record_from_json(self._lines.split(b"\n", place + 1)[place])

    def fold(self, folds: Folds, places: Iterable[int] | None = None) -> None:
        """Changes a state by the records of these lines, in order; None: of all."""
        find = {**folds, **{lean: folds[kind] for kind, lean in LEAN_TYPES.items()}}.get
        records = self._records
        for place, record in enumerate(records) if places is None else ((each, records[each]) for each in places):
            fold = find(type(record))
            if fold is not None:
                try:
                    fold(record)
                except NotWhole:  # the order begins with it
                    whole = self.whole(place)
                    cast(Callable[[Any], None], find(type(whole)))(whole)
