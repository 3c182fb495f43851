"""Accounts and positions of a simulated AX Exchange."""

from __future__ import annotations

from decimal import Decimal

from attrs import define, field

from ...values import ZERO, Side
from .orders import VenueOrder

__all__ = ["Account", "Position", "sign"]


def sign(side: Side) -> int:
    return 1 if side is Side.BUY else -1


@define
class Position:
    """signed: contracts, negative = short; cost: signed cost basis in quote currency; realized: profit taken."""

    signed: int = 0
    cost: Decimal = ZERO
    realized: Decimal = ZERO

    def trade(self, side: Side, quantity: int, value: Decimal) -> Decimal:
        """Books a trade of this value (price × quantity × multiplier). Gives the profit that it realised."""
        signed, profit = sign(side) * quantity, ZERO
        if self.signed and (self.signed > 0) != (signed > 0):
            closed = min(abs(self.signed), quantity)
            cost_out = self.cost * closed / abs(self.signed)
            value_out = value * closed / quantity
            profit = value_out * sign(side.opposite) - cost_out
            self.cost -= cost_out
            self.cost += sign(side) * (value - value_out)
        else:
            self.cost += sign(side) * value
        self.signed += signed
        self.realized += profit
        return profit


@define
class Account:
    """balance: USD, fees and realised profit included."""

    id: str
    user: str
    balance: Decimal
    maker_fee: Decimal
    taker_fee: Decimal
    close_only: bool
    positions: dict[str, Position] = field(factory=dict)
    open_cids: dict[int, str] = field(factory=dict)
    last_cids: dict[int, str] = field(factory=dict)
    first_cids: dict[int, str] = field(factory=dict)
    open_orders: dict[str, VenueOrder] = field(factory=dict)

    def position(self, symbol: str) -> Position:
        return self.positions.setdefault(symbol, Position())
