"""An order is found by its latest venue order id alone, so fills from before a replacement are another session's."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

PLACE = "protocol.dispatch.tracking:TrackedOrders._add_former_id"
STORY = ("ax", 5)
FOUND = ("repeated", "told twice")


def bug(right: Callable[..., None]) -> Callable[..., None]:
    def add_former_id(orders: Any, order: Any, venue_order_id: Any) -> None:
        right(orders, order, venue_order_id)
        del orders._by_venue_id[venue_order_id]

    return add_former_id
