"""Of an order only the newest of its fills are remembered."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

PLACE = "protocol.dispatch.tracking:TrackedOrders._remember"
STORY = ("ax", 1)
FOUND = ("repeated", "told twice")


def bug(right: Callable[..., None]) -> Callable[..., None]:
    def remember(orders: Any, order: Any, key: Any, fee_known: bool) -> None:
        right(orders, order, key, fee_known)
        if len(order.fills) > 20:
            del order.fills[next(iter(order.fills))]

    return remember
