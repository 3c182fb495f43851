"""What an account of a simulated AX Exchange is worth, and what its orders need. USD, at the mark prices."""

from __future__ import annotations

from collections.abc import Mapping
from decimal import Decimal
from typing import Final

from ...values import ZERO, Side
from .accounts import Account, sign
from .market import Market

__all__ = ["equity", "initial_margin", "unrealized", "value_at_mark"]

HUNDRED: Final = Decimal(100)
Markets = Mapping[str, Market]


def equity(account: Account, markets: Markets) -> Decimal:
    return account.balance + unrealized(account, markets)


def unrealized(account: Account, markets: Markets) -> Decimal:
    total = ZERO
    for symbol, position in account.positions.items():
        total += value_at_mark(markets[symbol], position.signed) - position.cost
    return total


def value_at_mark(market: Market, quantity: int) -> Decimal:
    """Contracts at the mark, signed, in quote currency."""
    return (market.mark or ZERO) * quantity * market.row.multiplier


def initial_margin(
    account: Account,
    markets: Markets,
    extra: tuple[str, Side, int, Decimal] | None = None,
    *,
    orders: bool = True,
) -> Decimal:
    """Of positions, and of open orders if `orders`, and of one more order: the worse of all buys or all sells
    trading, per symbol."""
    exposure: dict[str, list[Decimal]] = {}
    for symbol, position in account.positions.items():
        if position.signed:
            value = value_at_mark(markets[symbol], position.signed)
            exposure[symbol] = [value, value]
    pending = [(o.symbol, o.side, o.left, o.price) for o in account.open_orders.values()] if orders else []
    for symbol, side, quantity, price in (*pending, *(() if extra is None else (extra,))):
        worst = exposure.setdefault(symbol, [ZERO, ZERO])
        value = price * quantity * markets[symbol].row.multiplier
        worst[0 if side is Side.BUY else 1] += sign(side) * value
    return sum(
        (
            max(abs(long), abs(short)) * markets[symbol].row.initial_margin_pct / HUNDRED
            for symbol, (long, short) in exposure.items()
        ),
        ZERO,
    )
