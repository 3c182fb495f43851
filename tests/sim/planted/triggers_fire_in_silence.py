"""Only a live message tells that a trigger has fired."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

PLACE = "protocol.dispatch.order_life:OrderLife.trigger"
STORY = ("kraken-spot", 53)
FOUND = ("other", "a trigger that fired is not told")


def bug(right: Callable[..., None]) -> Callable[..., None]:
    def trigger(life: Any, order: Any, time: int) -> None:
        pass

    return trigger
