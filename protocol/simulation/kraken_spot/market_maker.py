"""The house of a simulated Kraken Spot: it quotes around the reference price and stands for every other trader."""

from __future__ import annotations

from collections.abc import Iterator
from decimal import Decimal
from typing import Final

from attrs import evolve

from ...values import Side
from ..book import SelfTrade
from .engine import Engine
from .market import Market
from .orders import Terms, VenueOrder
from .settings import HOUSE

__all__ = ["house_order", "refresh_quotes"]

QUOTE: Final = "quote"
"""Marks the house's quotes among its orders."""
HUNDRED: Final = Decimal(100)


def house_order(engine: Engine, terms: Terms) -> None:
    """An order of another trader: no checks, no refusals."""
    # The house stands for everybody else, and they trade with each other, too.
    engine.accept(engine.accounts[HOUSE], evolve(terms, self_trade=SelfTrade.ALLOW))
    engine.settle()


def refresh_quotes(engine: Engine) -> None:
    """Keeps the house's quotes around the reference price, as far as they would not trade at once."""
    for market in engine.markets.values():
        if market.stale and market.index is not None:
            _requote(engine, market)
            market.stale = False


def _requote(engine: Engine, market: Market) -> None:
    assert market.index is not None
    symbol, house = market.pair.symbol, engine.accounts[HOUSE]
    quoted = {
        (order.terms.side, order.limit): order
        for order in house.open_orders.values()
        if order.terms.symbol == symbol and order.terms.sender_sub_id == QUOTE
    }
    size = (engine.settings.quote_value / market.index).quantize(Decimal("0.0001"))
    wanted = list(_quotes(engine, market))
    for key, order in quoted.items():
        if key not in wanted or order.left * 2 < size:
            engine.end(order, "canceled")
    for side, price in wanted:
        order_there: VenueOrder | None = quoted.get((side, price))
        if (order_there is None or not order_there.is_open) and not market.book.would_cross(side, price):
            terms = Terms(symbol=symbol, side=side, type="limit", quantity=size, limit_price=price, sender_sub_id=QUOTE)
            engine.accept(house, terms)
    engine.settle()


def _quotes(engine: Engine, market: Market) -> Iterator[tuple[Side, Decimal]]:
    assert market.index is not None
    step = market.rounded(market.index * engine.settings.quote_step / HUNDRED)
    for level in range(1, engine.settings.quote_levels + 1):
        yield Side.BUY, market.index - level * step
        yield Side.SELL, market.index + level * step
