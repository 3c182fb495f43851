"""An order of another session that a list leaves out is dropped without a word."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

PLACE = "protocol.dispatch.external_orders:ExternalOrders.compare"
STORY = ("kraken-futures", 5)
FOUND = ("other", "the end of another session's order is not told")


def bug(right: Callable[..., None]) -> Callable[..., None]:
    def compare(external: Any, listed_ids: Any, asked_at: int, lag: int) -> None:
        for venue_order_id in set(external._open) - set(listed_ids):
            external.drop(venue_order_id)

    return compare
