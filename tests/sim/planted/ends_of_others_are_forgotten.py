"""Nobody remembers that the end of another session's order was told."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

PLACE = "protocol.dispatch.external_orders:ExternalOrders._end"
STORY = ("kraken-futures", 193)
FOUND = ("other", "the end of another session's order is told twice")


def bug(right: Callable[..., None]) -> Callable[..., None]:
    def end(external: Any, venue_order_id: Any, known: Any, *, is_known: bool) -> None:
        right(external, venue_order_id, known, is_known=is_known)
        external._ended.pop(venue_order_id)

    return end
