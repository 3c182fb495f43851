"""An order is accepted once more by whatever shows it."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

PLACE = "protocol.dispatch.order_life:OrderLife.accept_late"
STORY = ("ax", 0)
FOUND = ("other", "Accepted twice")


def bug(right: Callable[..., None]) -> Callable[..., None]:
    def accept_late(life: Any, order: Any, venue_order_id: Any, time: int, **more: Any) -> None:
        right(life, order, venue_order_id, time, **more)
        if not order.status.is_terminal:
            life.accept(order, venue_order_id, time)

    return accept_late
