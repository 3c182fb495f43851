"""Where nobody said how much of an order had filled, nothing has."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from protocol.values import ZERO

PLACE = "protocol.dispatch.fills:Fills.leave"
STORY = ("kraken-futures", 8)
FOUND = ("wrong end", "an end ahead of its fills")


def bug(right: Callable[..., None]) -> Callable[..., None]:
    def leave(fills: Any, order: Any, ending: Any, total: Any) -> None:
        right(fills, order, ending, total or ZERO)

    return leave
