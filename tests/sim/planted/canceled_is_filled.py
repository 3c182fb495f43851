"""An order that was canceled when a part of it had filled counts as filled."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

PLACE = "protocol.dispatch.order_life:OrderLife.end_canceled"
STORY = ("ax", 9)
FOUND = ("wrong end", "FILLED here, canceled there, never changed")


def bug(right: Callable[..., None]) -> Callable[..., None]:
    def end_canceled(life: Any, order: Any, *told: Any, **more: Any) -> None:
        if order.cumulative:
            life.close(order)
        else:
            right(life, order, *told, **more)

    return end_canceled
