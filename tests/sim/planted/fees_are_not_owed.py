"""Nobody asks for a fee that did not come with its fill."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

PLACE = "protocol.dispatch.history_reading:HistoryReading.tick"
STORY = ("ax", 2)
FOUND = ("other", "a fee is never told")


def bug(right: Callable[..., None]) -> Callable[..., None]:
    def tick(reading: Any) -> None:
        pass

    return tick
