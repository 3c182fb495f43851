"""The market maker of a simulated Kraken Spot: quotes around the reference prices, and every other trader's orders."""

from __future__ import annotations

from collections.abc import Iterator
from decimal import Decimal
from typing import Final

from attrs import define, evolve

from ...values import Side
from ..book import SelfTrade
from ..simulated_exchange import MARKET_MAKER
from .engine import Engine
from .market import Market
from .orders import Terms

__all__ = ["MarketMaker"]

QUOTE: Final = "quote"
"""The `sender_sub_id` that marks the quotes among the market maker's orders."""
HUNDRED: Final = Decimal(100)


@define
class MarketMaker:
    engine: Engine

    def order(self, terms: Terms) -> None:
        """An order of another trader. It passes no checks."""
        # The market maker stands for all other traders, and they may trade with each other.
        self.engine.accept(self.engine.accounts[MARKET_MAKER], evolve(terms, self_trade=SelfTrade.ALLOW))
        self.engine.settle()

    def refresh_quotes(self) -> None:
        """Renews the quotes around the reference prices, except those that would trade at once."""
        for market in self.engine.markets.values():
            if market.stale and market.index is not None:
                self._requote(market, market.index)
                market.stale = False

    def _requote(self, market: Market, index: Decimal) -> None:
        engine, symbol = self.engine, market.pair.symbol
        account = engine.accounts[MARKET_MAKER]
        quoted = {
            (order.terms.side, order.limit): order
            for order in account.open_orders.values()
            if order.terms.symbol == symbol and order.terms.sender_sub_id == QUOTE
        }
        size = (engine.settings.quote_value / index).quantize(Decimal("0.0001"))
        wanted = list(self._quotes(market, index))
        for key, order in quoted.items():
            if key not in wanted or order.left * 2 < size:
                engine.end(order, "canceled")
        for side, price in wanted:
            present = quoted.get((side, price))
            if (present is None or not present.is_open) and not market.book.would_cross(side, price):
                terms = Terms(
                    symbol=symbol, side=side, type="limit", quantity=size, limit_price=price, sender_sub_id=QUOTE
                )
                engine.accept(account, terms)
        engine.settle()

    def _quotes(self, market: Market, index: Decimal) -> Iterator[tuple[Side, Decimal]]:
        step = market.rounded(index * self.engine.settings.quote_step / HUNDRED)
        for level in range(1, self.engine.settings.quote_levels + 1):
            yield Side.BUY, index - level * step
            yield Side.SELL, index + level * step
