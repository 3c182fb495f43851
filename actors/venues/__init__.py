"""The venues: each module of this package but `row` is one, found by its name.

A module has the venue's configuration and `VENUE`, its `VenueRow`. It is imported when its venue is asked for.
"""

from __future__ import annotations

import importlib
import pkgutil
from collections.abc import Iterator, Mapping
from typing import Final

from .row import MakeExchange, Simulation, VenueRow

__all__ = ["VENUES", "MakeExchange", "Simulation", "VenueRow", "venue_row"]


class _Venues(Mapping[str, VenueRow]):
    """By name, such as `kraken-spot`."""

    def __iter__(self) -> Iterator[str]:
        for module in pkgutil.iter_modules(__path__):
            if module.name != "row":
                yield module.name.replace("_", "-")

    def __len__(self) -> int:
        return sum(1 for _ in self)

    def __getitem__(self, name: str) -> VenueRow:
        if name not in tuple(self):
            raise KeyError(name)
        row: VenueRow = importlib.import_module(f"{__name__}.{name.replace('-', '_')}").VENUE
        return row


VENUES: Final[Mapping[str, VenueRow]] = _Venues()


def venue_row(name: str) -> VenueRow:
    """Raises ValueError for a venue that does not exist."""
    row = VENUES.get(name)
    if row is None:
        raise ValueError(f"There is no venue {name!r}; there is {', '.join(VENUES)}.")
    return row
