"""The market maker of a simulated Kraken Futures: quotes around the reference prices, and other traders' orders."""

from __future__ import annotations

from collections.abc import Iterator
from decimal import Decimal

from attrs import define, field

from ...values import Side
from .engine import Engine
from .market import OPEN, Market
from .orders import Terms, VenueOrder

__all__ = ["MarketMaker"]

Place = tuple[str, Side, Decimal]


@define
class MarketMaker:
    """Keeps the quotes. Each is renewed once less than half of it is left."""

    engine: Engine
    _quotes: dict[Place, VenueOrder] = field(factory=dict, init=False)

    def order(self, terms: Terms) -> VenueOrder:
        """An order of another trader. It passes no checks."""
        return self.engine.accept(terms)

    def refresh_quotes(self) -> None:
        """Renews the quotes around the reference prices, except those that would trade at once."""
        for symbol, market in self.engine.markets.items():
            if market.reference is not None and market.state == OPEN:
                for side, price in self._prices(market, market.reference):
                    self._quote((symbol, side, price), market)

    def _prices(self, market: Market, reference: Decimal) -> Iterator[tuple[Side, Decimal]]:
        for level in range(1, self.engine.settings.quote_levels + 1):
            yield Side.BUY, reference - level * market.tick
            yield Side.SELL, reference + level * market.tick

    def _quote(self, place: Place, market: Market) -> None:
        symbol, side, price = place
        quote = self._quotes.get(place)
        if quote is not None and quote.is_open and quote.left * 2 >= quote.terms.quantity:
            return
        if quote is not None and quote.is_open:
            self.engine.withdraw(quote)
        if price > 0 and not market.book.would_cross(side, price):
            quantity = market.quantity_worth(self.engine.settings.quote_value, price)
            terms = Terms(type="lmt", symbol=symbol, side=side, quantity=quantity, limit_price=price)
            self._quotes[place] = self.order(terms)
