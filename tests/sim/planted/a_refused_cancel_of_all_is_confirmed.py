"""A cancel of all orders that the venue refuses counts as made."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

PLACE = "protocol.dispatch.cancel_all:CancelAll._end"
STORY = ("kraken-futures", 123)
FOUND = ("wrong end", "all orders are canceled, and one is open in silence")


def bug(right: Callable[..., None]) -> Callable[..., None]:
    def end(cancel_all: Any, flight: Any, error: Exception) -> None:
        cancel_all._context.flights.drop(flight.request_id)
        cancel_all._comparisons.pop(flight.request_id, None)
        cancel_all._context.reply(flight.reply_to, None)

    return end
