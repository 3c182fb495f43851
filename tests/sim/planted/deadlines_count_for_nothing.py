"""How long an order may still be placed is a matter of the venue's, not of the order's own deadline."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from protocol.venue import SECOND

PLACE = "protocol.dispatch.settling:Settling._acts_until"
STORY = ("kraken-spot", 31)
FOUND = ("wrong end", "denied, and it lived")


def bug(right: Callable[..., int]) -> Callable[..., int]:
    def acts_until(settling: Any, order: Any) -> int:
        trader = settling._context
        placed = trader.placement_of(order)
        return 0 if placed is None else int(trader.by_venue(trader.sent_at(placed))) + 10 * SECOND

    return acts_until
