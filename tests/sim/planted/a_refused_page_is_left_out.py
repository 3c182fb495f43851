"""A page of the venue's history that is refused is left out."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from protocol.structs import evolve

PLACE = "protocol.dispatch.history_reading:HistoryReading.failed"
STORY = ("kraken-spot", 46)
FOUND = ("lost", "after a Gap told of it")


def bug(right: Callable[..., None]) -> Callable[..., None]:
    def failed(reading: Any, why: str, **more: Any) -> None:
        page = reading._reading.page
        reading._reading.page = evolve(page, start=page.end, cursor=None)
        right(reading, why, **more)

    return failed
