"""Times and numbers as Kraken Spot writes them."""

from __future__ import annotations

from datetime import timedelta
from decimal import Decimal
from typing import Final

import msgspec

from ...wire.numbers import plain
from ...wire.times import EPOCH, nanoseconds
from .venue_side import epoch_seconds, rfc3339

__all__ = ["padded", "rfc1123", "seconds_of", "stamp", "stamp_in_seconds", "wall_ns"]

SECOND: Final = 1_000_000_000

wall_ns = nanoseconds
"""ns since 1970 of an RFC 3339 time. Raises ValueError."""


def stamp(wall: int) -> str:
    """ns since 1970 as RFC 3339, in microseconds, or in nanoseconds where it takes them."""
    return rfc3339(wall, 6 if wall % 1000 == 0 else 9)


def stamp_in_seconds(wall: int) -> str:
    """ns since 1970 as RFC 3339, in whole seconds."""
    return rfc3339(wall, 0)


def seconds_of(wall: int | None) -> object:
    """ns since 1970 as a JSON number of seconds with what is behind the point, exact; 0 for None."""
    return msgspec.Raw(b"0" if wall is None else plain(epoch_seconds(wall)).encode())


def rfc1123(wall: int) -> str:
    """ns since 1970 as `Wed, 01 Jul 26 12:00:00 +0000`."""
    return f"{EPOCH + timedelta(seconds=wall // SECOND):%a, %d %b %y %H:%M:%S} +0000"


def padded(number: Decimal, places: int) -> Decimal:
    """The same number with so many places, or with as many as it takes. Never rounds."""
    shortest = number.normalize()
    exponent = shortest.as_tuple().exponent
    assert isinstance(exponent, int)  # venues know finite numbers only
    return shortest if exponent <= -places else shortest.quantize(Decimal(1).scaleb(-places))
