"""A cancel that met a passing refusal is dropped."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

PLACE = "protocol.dispatch.cancels:Cancels.refused"
STORY = ("kraken-futures", 33)
FOUND = ("wrong end", "a cancel came to nothing in silence")


def bug(right: Callable[..., None]) -> Callable[..., None]:
    def refused(cancels: Any, flight: Any, fact: Any) -> None:
        cancels._context.flights.drop(flight.request_id)

    return refused
