"""The market maker of a simulated Toy Exchange: quotes around the reference prices, and other traders' orders."""

from __future__ import annotations

from decimal import Decimal

from attrs import define

from protocol.simulation.simulated_exchange import MARKET_MAKER
from protocol.values import Side

from .engine import Engine
from .orders import VenueOrder

__all__ = ["MarketMaker"]


@define
class MarketMaker:
    engine: Engine

    def order(self, symbol: str, side: Side, price: Decimal, quantity: Decimal, time_in_force: str) -> None:
        """An order of another trader. It passes no checks."""
        self.engine.place(
            VenueOrder(
                order_id=self.engine.next_id("M"),
                account=MARKET_MAKER,
                client_id=None,
                symbol=symbol,
                side=side,
                quantity=quantity,
                price=price,
                time_in_force=time_in_force,
                received=self.engine.now.wall_ns,
            )
        )

    def refresh_quotes(self) -> None:
        """One quote on each side, a tick away from the reference price."""
        for row in self.engine.settings.instruments:
            reference = self.engine.settings.reference_prices.get(row.symbol)
            if reference is None:
                continue
            for side, price in ((Side.BUY, reference - row.tick), (Side.SELL, reference + row.tick)):
                orders = self.engine.accounts[MARKET_MAKER].open_orders
                present = any((o.symbol, o.side, o.price) == (row.symbol, side, price) for o in orders)
                if not present and not self.engine.books[row.symbol].would_cross(side, price):
                    self.order(row.symbol, side, price, self.engine.settings.quote_size, "gtc")
