"""An order that goes on under another id counts what had filled before as part of that id's quantity."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from protocol.structs import evolve
from protocol.values import ZERO

PLACE = "protocol.dispatch.tracking:TrackedOrders._fold_updated"
STORY = ("ax", 5)
FOUND = ("other", "another quantity left")


def bug(right: Callable[..., None]) -> Callable[..., None]:
    def fold_updated(orders: Any, record: Any) -> None:
        right(orders, evolve(record, venue_cumulative_base=ZERO))

    return fold_updated
