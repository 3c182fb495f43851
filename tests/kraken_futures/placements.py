"""Orders and changes for Kraken Futures, from which the tests derive theirs."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

from protocol.orders import NewOrder
from protocol.values import OffsetUnit, OrderType, Side, TimeInForce

D = Decimal

MOMENT = 1_790_000_000_250_000_000
"""2026-09-21T14:13:20.250Z"""

GTC, IOC, FOK = TimeInForce.GTC, TimeInForce.IOC, TimeInForce.FOK
PERCENT, PRICE = OffsetUnit.PERCENT, OffsetUnit.PRICE


def order(**changes: Any) -> NewOrder:
    """A limit order that passes every check, with other terms."""
    terms: dict[str, Any] = {
        "instrument": "PF_ETHUSD.KRAKEN-FUTURES",
        "side": Side.BUY,
        "type": OrderType.LIMIT,
        "quantity": "2.5",
        "price": "3100.5",
    }
    return NewOrder(**(terms | changes))
