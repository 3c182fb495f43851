"""A client that is closed says nothing of orders whose fate is unknown."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

PLACE = "protocol.dispatch.closing:Closing.report"
STORY = ("kraken-futures", 50)
FOUND = ("wrong end", "an open order that the CloseReport does not name")


def bug(right: Callable[..., None]) -> Callable[..., None]:
    def report(closing: Any) -> None:
        live = closing._context.orders.live
        for name in [name for name, order in live.items() if not order.accepted or closing._taken]:
            del live[name]
        right(closing)

    return report
