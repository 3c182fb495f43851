"""A fill belongs to the order of its client id, whatever venue order id, side and time it has."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

PLACE = "protocol.dispatch.identities:Identities.of_trade"
STORY = ("kraken-spot", 25)
FOUND = ("invented", "the fill of another order of this name")


def bug(right: Callable[..., Any]) -> Callable[..., Any]:
    def of_trade(identities: Any, trade: Any, **more: bool) -> Any:
        return identities._context.orders.find(trade.venue_order_id, trade.wire_id)

    return of_trade
