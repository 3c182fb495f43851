"""The first fill of an accepted order counts as its last one."""

from __future__ import annotations

from protocol.orders import Happening
from protocol.values import OrderStatus

PLACE = "protocol.orders:NEXT_STATUS"
ROW = (OrderStatus.ACCEPTED, Happening.FILLED_IN_PART)
STORY = ("ax", 5)
FOUND = ("wrong end", "FILLED before it was")


def bug(right: OrderStatus) -> OrderStatus:
    return OrderStatus.FILLED
