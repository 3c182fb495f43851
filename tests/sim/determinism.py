"""What makes a story the same story every time: Trio's scheduler, both clocks, and what is random, from the seed."""

from __future__ import annotations

import os
import random
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any, Final
from unittest.mock import patch

import trio
from trio._core import _run

__all__ = ["BEGINNING", "seeded_bytes", "seeded_scheduler", "wall_clock"]

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


@contextmanager
def seeded_bytes(seed: int) -> Iterator[None]:
    """Has the seed decide what the product draws: names of orders, tags of lives, masks of frames."""
    with patch.object(os, "urandom", random.Random(f"{seed} bytes").randbytes):
        yield


def wall_clock() -> int:
    """ns since 1970, moving with Trio's clock."""
    return BEGINNING + int(trio.current_time() * NANOSECONDS)
