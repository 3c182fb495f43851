"""What an account of a simulated Kraken Futures is worth, and what its orders need. USD, at the mark prices."""

from __future__ import annotations

from collections.abc import Mapping
from decimal import Decimal

from ...values import ZERO, Side
from .accounts import Account
from .market import Market
from .orders import Terms

__all__ = ["equity", "exposure", "positions_value"]

Markets = Mapping[str, Market]


def equity(account: Account, markets: Markets) -> Decimal:
    """The balance with all profits, taken or not, and less all fees."""
    total = account.balance
    for symbol, position in account.positions.items():
        market = markets[symbol]
        now = market.worth(position.signed, market.mark) if market.mark is not None else ZERO
        total += market.in_quote(now - position.cost - position.fees)
    return total


def positions_value(account: Account, markets: Markets) -> Decimal:
    """Of positions in these markets."""
    held = (pair for pair in account.positions.items() if pair[0] in markets)
    return sum((_value(markets[symbol], position.signed, None) for symbol, position in held), ZERO)


def exposure(account: Account, markets: Markets, extra: Terms | None = None) -> Decimal:
    """The value of positions in these markets when the worse of all buys or all sells trades, per symbol. extra: one
    more order."""
    sums: dict[str, dict[Side, Decimal]] = {}
    for symbol, position in account.positions.items():
        if symbol not in markets:
            continue
        side = Side.BUY if position.signed > 0 else Side.SELL
        value = _value(markets[symbol], position.signed, None)
        sums[symbol] = {side: value, side.opposite: -value}
    pending = [(order.terms, order.left) for order in account.open_orders.values() if order.symbol in markets]
    if extra is not None:
        pending.append((extra, extra.quantity))
    for terms, quantity in pending:
        if not terms.reduce_only:
            worst = sums.setdefault(terms.symbol, {Side.BUY: ZERO, Side.SELL: ZERO})
            worst[terms.side] += _value(markets[terms.symbol], quantity, terms.limit_price or terms.stop_price)
    return sum((max(ZERO, *both.values()) for both in sums.values()), ZERO)


def _value(market: Market, quantity: Decimal, price: Decimal | None) -> Decimal:
    price = price or market.mark
    return ZERO if price is None else market.value(quantity, price)
