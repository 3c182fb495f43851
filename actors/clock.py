"""The two clocks of an `Instant`: Trio's for waiting (virtual in tests), the machine's for data."""

from __future__ import annotations

import time
from collections.abc import Callable

import trio

from protocol.values import Instant

__all__ = ["Clock", "seconds", "system_wall_clock"]

NANOSECONDS = 1_000_000_000


def system_wall_clock() -> int:
    """ns since 1970, by this machine."""
    return time.time_ns()


class Clock:
    """Reads both clocks at once. wall: ns since 1970."""

    __slots__ = ("_wall",)

    def __init__(self, wall: Callable[[], int] = system_wall_clock) -> None:
        self._wall = wall

    def now(self) -> Instant:
        return Instant(int(trio.current_time() * NANOSECONDS), self._wall())


def seconds(monotonic_ns: int) -> float:
    """A monotonic moment in ns as Trio's clock counts, rounded up so that nobody wakes a moment too early."""
    return monotonic_ns / NANOSECONDS + 1e-6
