"""An order that was denied stays so, whatever the venue tells of it."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

PLACE = "protocol.dispatch.order_life:OrderLife.revive"
STORY = ("ax", 10)
FOUND = ("wrong end", "denied, and it lived")


def bug(right: Callable[..., None]) -> Callable[..., None]:
    def revive(life: Any, order: Any, venue_order_id: Any, time: int) -> None:
        pass

    return revive
