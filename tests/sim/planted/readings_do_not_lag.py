"""A history that was read is complete until the moment of asking, however far it lags."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

PLACE = "protocol.dispatch.history_reading:HistoryReading._finish"
STORY = ("kraken-spot", 310)
FOUND = ("lost", "after a Gap told of it")


def bug(right: Callable[..., None]) -> Callable[..., None]:
    def finish(reading: Any, present: Any) -> None:
        right(reading, present)
        reading.complete_until = present.began

    return finish
