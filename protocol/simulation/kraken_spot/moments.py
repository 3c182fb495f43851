"""Moments and numbers as Kraken Spot writes them."""

from __future__ import annotations

from decimal import Decimal
from typing import Final

from ...kraken_spot.voice import epoch_seconds, rfc3339
from ...wire_times import nanoseconds

__all__ = ["padded", "seconds_of", "stamp", "stamp_in_seconds", "wall_ns"]

SECOND: Final = 1_000_000_000

wall_ns = nanoseconds
"""ns since 1970 of an RFC 3339 time. Raises ValueError."""


def stamp(wall: int) -> str:
    """ns since 1970 as RFC 3339, in microseconds, or in nanoseconds where it takes them."""
    return rfc3339(wall, 6 if wall % 1000 == 0 else 9)


def stamp_in_seconds(wall: int) -> str:
    """ns since 1970 as RFC 3339, in whole seconds."""
    return rfc3339(wall, 0)


def seconds_of(wall: int | None) -> Decimal:
    """ns since 1970 as seconds with what is behind the point, exact; 0 for None."""
    return Decimal(0) if wall is None else epoch_seconds(wall)


def padded(number: Decimal, places: int) -> Decimal:
    """The same number with so many places, or with as many as it takes. Never rounds."""
    shortest = number.normalize()
    exponent = shortest.as_tuple().exponent
    assert isinstance(exponent, int)  # venues know finite numbers only
    return shortest if exponent <= -places else shortest.quantize(Decimal(1).scaleb(-places))
