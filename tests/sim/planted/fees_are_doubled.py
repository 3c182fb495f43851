"""AX's fills cost twice what the venue took."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from protocol.structs import evolve
from protocol.values import Money

PLACE = "protocol.ax.listings:_row_trade"
STORY = ("ax", 0)
FOUND = ("other", "another fee")


def bug(right: Callable[..., Any]) -> Callable[..., Any]:
    def trade_of(*row: Any) -> Any:
        trade = right(*row)
        return trade if trade.fee is None else evolve(trade, fee=Money(2 * trade.fee.amount, trade.fee.currency))

    return trade_of
