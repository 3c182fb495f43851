"""What a fill leaves in the order is noted, and that it was told is not."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

PLACE = "protocol.dispatch.tracking:TrackedOrders._fold_filled"
STORY = ("kraken-futures", 1)
FOUND = ("repeated", "told twice")


def bug(right: Callable[..., None]) -> Callable[..., None]:
    def fold_filled(orders: Any, record: Any) -> None:
        right(orders, record)
        del orders.by_client_order_id(record.client_order_id).fills[record.fill_venue_order_id, record.trade_id]

    return fold_filled
