"""A reading of the venue's executions is over after its first page."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

PLACE = "protocol.dispatch.history_reading:HistoryReading.fills_read_to"
STORY = ("kraken-spot", 5)
FOUND = ("lost", "after a Gap told of it")


def bug(right: Callable[..., bool]) -> Callable[..., bool]:
    def fills_read_to(reading: Any, rows: int, cursor: str | None) -> bool:
        return right(reading, rows, None)

    return fills_read_to
