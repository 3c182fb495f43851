"""That fills are missing is told with every message that counts them."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from protocol.values import ZERO

PLACE = "protocol.dispatch.fills:Fills._tell_gap"
STORY = ("ax", 0)
FOUND = ("other", "a gap is told twice")


def bug(right: Callable[..., None]) -> Callable[..., None]:
    def tell_gap(fills: Any, order: Any, executing: Any = ZERO) -> None:
        if order.inquiry is not None:
            order.inquiry.gap_told = ZERO
        right(fills, order, executing)

    return tell_gap
