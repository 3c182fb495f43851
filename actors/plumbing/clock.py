"""The two clocks of an `Instant`: Trio's for waiting (virtual in tests), the machine's for data."""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import Final

import trio

from protocol.values import Instant

__all__ = ["NANOSECONDS", "Clock", "seconds", "system_wall_clock"]

NANOSECONDS: Final = 1_000_000_000

_BEGINNING: Final = trio.lowlevel.RunVar[int]("what the wall clock shows when the run's own clock shows zero")


def system_wall_clock() -> int:
    """ns since 1970, by this machine. In a run whose time is not real, such as one of Trio's `MockClock`, it moves with
    that time: else hours would pass there in which no clock that is read goes on."""
    if not (trio.lowlevel.in_trio_run() and _is_virtual()):
        return time.time_ns()
    return _beginning() + int(trio.current_time() * NANOSECONDS)


def _is_virtual() -> bool:
    """Whether the run has another clock than Trio's own, whose class Trio does not publish."""
    return type(trio.lowlevel.current_clock()).__name__ != "SystemClock"


def _beginning() -> int:
    try:
        return _BEGINNING.get()
    except LookupError:
        beginning = time.time_ns() - int(trio.current_time() * NANOSECONDS)
        _BEGINNING.set(beginning)
        return beginning


class Clock:
    """Reads both clocks at once. wall: ns since 1970."""

    __slots__ = ("_wall",)

    def __init__(self, wall: Callable[[], int] = system_wall_clock) -> None:
        real = wall is system_wall_clock and not (trio.lowlevel.in_trio_run() and _is_virtual())
        self._wall = time.time_ns if real else wall

    def now(self) -> Instant:
        return Instant(int(trio.current_time() * NANOSECONDS), self._wall())

    def monotonic_ns(self) -> int:
        """That part of `now()` alone."""
        return int(trio.current_time() * NANOSECONDS)


def seconds(monotonic_ns: int) -> float:
    """A monotonic moment in ns as Trio's clock counts, rounded up so that no task wakes a moment too early."""
    return monotonic_ns / NANOSECONDS + 1e-6
