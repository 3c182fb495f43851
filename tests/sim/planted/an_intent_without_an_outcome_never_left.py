"""A restart denies the orders of which it does not know what came of them."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from protocol.reasons import Why
from protocol.values import OrderStatus

PLACE = "protocol.dispatch.restart:Restart.ask"
STORY = ("ax", 3)
LIVES = True
FOUND = ("wrong end", "denied, and it lived")


def bug(right: Callable[..., None]) -> Callable[..., None]:
    def ask(restart: Any) -> None:
        for order in list(restart._context.orders.live.values()):
            if order.status is OrderStatus.SUBMITTED and order.venue_order_id is None:
                restart._takers.life.deny(order, "It was not sent.", Why.WITHDRAWN)
        right(restart)

    return ask
