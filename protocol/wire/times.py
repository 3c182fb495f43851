"""Times as they come over a wire: text to ns since 1970 and back."""

from __future__ import annotations

import re
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from functools import lru_cache
from typing import Final

from ..facts import VenueTime
from ..values import NO_TIME, RequestId

__all__ = ["EPOCH", "LATEST", "SECOND", "nanoseconds", "second_as_text", "time_of", "venue_time"]

SECOND: Final = 1_000_000_000
EPOCH: Final = datetime(1970, 1, 1, tzinfo=UTC)
LATEST: Final = 2**34
"""Seconds since 1970 (the year 2514): where a venue counts time in numbers, a greater one is no time."""
_RFC3339: Final = re.compile(
    r"([0-9]{4}-[0-9]{2}-[0-9]{2})[Tt ]([0-9]{2}:[0-9]{2}:[0-9]{2})(?:\.([0-9]{1,9})[0-9]*)?"
    r"(?:[Zz]|([+-])([0-9]{2}):([0-5][0-9]))"
)


_SCALES: Final[tuple[int, ...]] = tuple(10 ** (9 - digits) for digits in range(10))
"""ns that the last digit of a fraction stands for, by how many digits it has."""


def nanoseconds(timestamp: str) -> int:
    """ns since 1970 of an RFC 3339 timestamp, in Z or with the offset of its zone. Raises ValueError.

    The fraction is read by hand: datetime keeps six digits of it. What is finer than a nanosecond is cut off.
    """
    # The form that venues write has a short way: the messages of one burst share their second.
    fraction = timestamp[20:-1]
    if timestamp[19:20] == "." and timestamp[-1] == "Z" and fraction.isdecimal() and fraction.isascii():
        digits = len(fraction)
        if digits <= 9:
            return _whole_seconds(timestamp[:19]) + int(fraction) * _SCALES[digits]
    return _of_any_form(timestamp)


def _of_any_form(timestamp: str) -> int:
    match = _RFC3339.fullmatch(timestamp)
    if match is None:
        raise ValueError(f"{timestamp[:40]!r} is not a timestamp.")
    day, time, fraction, sign, hours, minutes = match.groups()
    seconds = (datetime.fromisoformat(f"{day}T{time}+00:00") - EPOCH) // timedelta(seconds=1)
    if sign is not None:
        if int(hours) > 23:
            raise ValueError(f"{timestamp[:40]!r} has no offset that a clock can show.")
        ahead = int(hours) * 3600 + int(minutes) * 60
        seconds += -ahead if sign == "+" else ahead
    return seconds * SECOND + int((fraction or "").ljust(9, "0"))


@lru_cache(maxsize=64)
def _whole_seconds(day_and_time: str) -> int:
    """ns since 1970 of a second in UTC that stands without fraction and zone. Raises ValueError."""
    return _of_any_form(f"{day_and_time}Z")


def time_of(*timestamps: str | None, read: Callable[[str], int] = nanoseconds) -> int:
    """ns since 1970 of the first of these that is a time; NO_TIME if none is. read: raises ValueError for what is
    none."""
    for timestamp in timestamps:
        if timestamp:
            try:
                time = read(timestamp)
            except ValueError:
                continue
            return time if time > NO_TIME else NO_TIME
    return NO_TIME


def venue_time(
    request_id: RequestId, received: str | None, sent: str | None, read: Callable[[str], int] = nanoseconds
) -> VenueTime | None:
    """The venue's time out of the stamps of an answer; None if it has none. received, sent: when the venue got the
    request and when it answered; where one is missing, the other bounds it."""
    got, answered = time_of(received, sent, read=read), time_of(sent, received, read=read)
    if not got:
        return None
    resolution = max(_resolution(received or ""), _resolution(sent or ""))
    return VenueTime(request_id=request_id, received=got, sent=answered, resolution=resolution)


def _resolution(timestamp: str) -> int:
    """ns to which a timestamp is exact, by the digits of its fraction; 0 for no text."""
    fraction = timestamp.partition(".")[2]
    digits = len(fraction) - len(fraction.lstrip("0123456789"))
    return 10 ** (9 - min(digits, 9)) if timestamp else 0


@lru_cache(maxsize=64)
def second_as_text(seconds: int) -> str:
    """A second since 1970, without a fraction and without a zone."""
    return f"{EPOCH + timedelta(seconds=seconds):%Y-%m-%dT%H:%M:%S}"
