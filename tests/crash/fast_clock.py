"""Seconds that are shorter than real ones, and the same in every process of a campaign."""

from __future__ import annotations

import os
import time
from typing import Final

from trio.testing import MockClock

__all__ = ["RATE", "environment", "fast_clock", "wall_clock"]

RATE: Final = 8
"""So many seconds pass in each real one: a minute that the venue must be silent for is soon over."""
BEGAN: Final = "CRASH_BEGAN"


def environment() -> dict[str, str]:
    """For the processes of one campaign, which begins now."""
    return os.environ | {BEGAN: str(time.time_ns())}


def fast_clock() -> MockClock:
    """For `trio.run`. It never jumps."""
    return MockClock(rate=RATE)


def wall_clock() -> int:
    """ns since 1970, as the campaign has it."""
    began = int(os.environ[BEGAN])
    return began + (time.time_ns() - began) * RATE
