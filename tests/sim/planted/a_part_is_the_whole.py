"""The first fill of an accepted order counts as its last one."""

from __future__ import annotations

from protocol.values import OrderStatus

PLACE = "protocol.dispatch.fills:AFTER_PART"
ROW = OrderStatus.ACCEPTED
STORY = ("ax", 5)
FOUND = ("wrong end", "FILLED before it was")


def bug(right: OrderStatus) -> OrderStatus:
    return OrderStatus.FILLED
