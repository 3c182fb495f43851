"""What makes a story the same story every time: Trio's scheduler and both clocks, from the seed."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any, Final

import trio
from trio._core import _run

__all__ = ["BEGINNING", "seeded_scheduler", "wall_clock"]

BEGINNING: Final = 1_800_000_000_000_000_000
"""When every story begins: ns since 1970."""
NANOSECONDS: Final = 1_000_000_000


@contextmanager
def seeded_scheduler(seed: int) -> Iterator[None]:
    """Has the seed decide which task goes first. The only place that touches what is private of Trio: the two names
    that Trio itself hands to Hypothesis."""
    scheduler: Any = _run
    before, state = scheduler._ALLOW_DETERMINISTIC_SCHEDULING, scheduler._r.getstate()
    scheduler._ALLOW_DETERMINISTIC_SCHEDULING = True
    scheduler._r.seed(seed)
    try:
        yield
    finally:
        scheduler._ALLOW_DETERMINISTIC_SCHEDULING = before
        scheduler._r.setstate(state)


def wall_clock() -> int:
    """ns since 1970, moving with Trio's clock."""
    return BEGINNING + int(trio.current_time() * NANOSECONDS)
