"""The market maker of a simulated AX Exchange: quotes around the reference prices, and every other trader's orders."""

from __future__ import annotations

from collections.abc import Iterator
from decimal import Decimal
from typing import Final

from attrs import define

from ...values import Side
from ..book import SelfTrade
from ..simulated_exchange import MARKET_MAKER
from .engine import Engine
from .market import Market
from .orders import VenueOrder

__all__ = ["MarketMaker"]

QUOTE: Final = "QUOTE"
"""The time in force that marks the quotes among the market maker's orders."""


@define
class MarketMaker:
    engine: Engine

    def order(
        self,
        symbol: str,
        side: Side,
        price: Decimal,
        quantity: int,
        tif: str,
        *,
        account: str = MARKET_MAKER,
        prefix: str = "H",
    ) -> VenueOrder:
        """An order of another trader, or of the venue itself. It passes no checks."""
        order = VenueOrder(
            oid=self.engine.ids.order(self.engine.now.wall_ns, prefix=prefix),
            user=account,
            account=account,
            symbol=symbol,
            side=side,
            price=price,
            quantity=quantity,
            tif=tif,
            post_only=False,
            cid=None,
            tag=None,
            # The market maker stands for all other traders, and they may trade with each other.
            self_trade=SelfTrade.ALLOW if account == MARKET_MAKER else SelfTrade.CANCEL_RESTING,
            session=None,
            received=self.engine.now.wall_ns,
        )
        self.engine.accept(order)
        return order

    def refresh_quotes(self) -> None:
        """Renews the quotes around the reference prices, except those that would trade at once."""
        for symbol, market in self.engine.markets.items():
            if market.reference is not None and market.state == "OPEN":
                self._requote(symbol, market)

    def _requote(self, symbol: str, market: Market) -> None:
        orders = self.engine.accounts[MARKET_MAKER].open_orders.values()
        quoted = {(order.side, order.price): order for order in orders if order.symbol == symbol and order.tif == QUOTE}
        size = int(market.row.minimum_order_size) * self.engine.settings.quote_size
        for side, price in self._quote_prices(market):
            order = quoted.get((side, price))
            if order is not None and order.left * 2 >= size:
                continue
            if order is not None:
                self.engine.withdraw(order)
            if not market.book.would_cross(side, price):
                self.order(symbol, side, price, size, QUOTE)

    def _quote_prices(self, market: Market) -> Iterator[tuple[Side, Decimal]]:
        assert market.reference is not None
        for level in range(1, self.engine.settings.quote_levels + 1):
            yield Side.BUY, market.reference - level * market.row.tick_size
            yield Side.SELL, market.reference + level * market.row.tick_size
