"""New terms of an order that was changed are not taken over."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from protocol.structs import evolve

PLACE = "protocol.dispatch.tracking:TrackedOrders._fold_updated"
STORY = ("kraken-spot", 5)
FOUND = ("other", "another price of an open order")


def bug(right: Callable[..., None]) -> Callable[..., None]:
    def fold_updated(orders: Any, record: Any) -> None:
        order = orders.by_client_order_id(record.client_order_id)
        right(orders, evolve(record, price=order.price))

    return fold_updated
