"""Why a simulated Kraken Futures does not take an order or an edit: a status word of spec B.12, or None.

What depends on the book at the moment of trading (post-only, immediate orders, self-trades, reduce-only) is decided by
the engine.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from decimal import Decimal
from typing import Final

from attrs import define, evolve, frozen

from ...values import Side
from ..triggers import Reference, Trailing
from . import market as states
from . import risk
from .accounts import Account
from .market import Market
from .orders import TRIGGERS, State, Terms, VenueOrder
from .settings import KrakenFuturesExchangeSettings

__all__ = ["Checks", "LONGEST_CLIENT_ID", "Situation"]

LONGEST_CLIENT_ID: Final = 100
HUNDRED: Final = Decimal(100)
ABOVE: Final = "ABOVE_UPPER_BOUND"
BELOW: Final = "BELOW_LOWER_BOUND"
"""Where a dislocated mark lies, in the words of instruments/status."""
LEAST_DEVIATION: Final = Decimal("0.1")
MOST_DEVIATION: Final = Decimal(50)
"""Percent that a trailing stop may trail behind."""


@frozen
class Situation:
    """An order that somebody wants, and who. replaces: the order that is to have these terms, None for a new one."""

    account: Account
    terms: Terms
    market: Market
    replaces: VenueOrder | None = None

    @property
    def added(self) -> Decimal:
        """How much larger the position can get by it."""
        before = self.replaces.terms.quantity if self.replaces is not None else Decimal(0)
        return self.terms.quantity - before


@define
class Checks:
    settings: KrakenFuturesExchangeSettings
    markets: Mapping[str, Market]
    orders: Mapping[str, VenueOrder]

    def new_order(self, wanted: Situation) -> str | None:
        return next((status for failed, status in self._of_new_order(wanted) if failed), None)

    def edit(self, wanted: Situation) -> str | None:
        return next((status for failed, status in self._of_edit(wanted) if failed), None)

    def _of_new_order(self, wanted: Situation) -> Iterator[tuple[bool, str]]:
        terms, state, settings = wanted.terms, wanted.market.state, self.settings
        yield state == states.SUSPENDED, "marketSuspended"
        yield state == states.INACTIVE, "marketInactive"
        yield state == states.POST_ONLY and terms.type != "post" and terms.type not in TRIGGERS, "marketIsPostOnly"
        yield from self._of_terms(wanted)
        yield len(terms.client_id or "") > LONGEST_CLIENT_ID, "clientOrderIdTooLong"
        yield not ((terms.client_id or "").isprintable() and (terms.client_id or "").isascii()), "clientOrderIdInvalid"
        yield self._is_taken(wanted), "clientOrderIdAlreadyExist"
        yield len(wanted.account.open_orders) >= settings.most_orders, "tooManyOrders"
        yield self._too_many_small(wanted), "tooManySmallOrders"
        leverage = wanted.account.fixed_leverage
        yield leverage is not None and leverage > settings.most_leverage, "fixedLeverageTooHigh"
        yield from self._of_risk(wanted)

    def _of_edit(self, wanted: Situation) -> Iterator[tuple[bool, str]]:
        old = wanted.replaces
        assert old is not None
        yield wanted.terms.quantity <= old.filled, "invalidSize"
        yield from self._of_terms(wanted)
        yield from self._of_risk(wanted)
        terms, book = wanted.terms, wanted.market.book
        if old.state is State.RESTING and terms.limit_price is not None and terms.limit_price != old.terms.limit_price:
            crosses = book.would_cross(terms.side, terms.limit_price)
            yield crosses and terms.type == "post", "postWouldExecute"
            own = book.available(terms.side, terms.limit_price)
            others = book.available(terms.side, terms.limit_price, old.account)
            yield crosses and own != others, "selfFill"

    def _of_terms(self, wanted: Situation) -> Iterator[tuple[bool, str]]:
        terms, market = wanted.terms, wanted.market
        yield not market.quantity_fits(terms.quantity), "invalidSize"
        for price in (terms.limit_price, terms.stop_price):
            yield price is not None and not market.price_fits(price), "invalidPrice"
        yield terms.trailing is not None and not _is_deviation(terms.trailing), "invalidPrice"
        yield self._beyond_collar(terms, market), "outsidePriceCollar"

    def _of_risk(self, wanted: Situation) -> Iterator[tuple[bool, str]]:
        terms, account = wanted.terms, wanted.account
        yield self._dislocates(terms, wanted.market), "wouldIncreasePriceDislocation"
        position = account.position(terms.symbol)
        if terms.reduce_only:
            yield self._reduces_nothing(wanted), "wouldNotReducePosition"
            return
        yield self._beyond_most(wanted), "maxPositionViolation"
        if wanted.added <= 0 or (position.opposes(terms.side) and terms.quantity <= abs(position.signed)):
            return
        worth, settings = risk.equity(account, self.markets), self.settings
        held = risk.positions_value(account, self.markets)
        yield worth < held * settings.maintenance_margin, "wouldCauseLiquidation"
        extra = evolve(terms, quantity=wanted.added)
        needed = risk.exposure(account, self.markets, extra) * settings.initial_margin
        yield worth < needed, "insufficientAvailableFunds"

    def _reduces_nothing(self, wanted: Situation) -> bool:
        """Only of an edit: a new order is looked at when it comes into the market, and a trigger when it fires."""
        terms = wanted.terms
        if wanted.replaces is None or terms.type in TRIGGERS:
            return False
        return not wanted.account.position(terms.symbol).opposes(terms.side)

    def _is_taken(self, wanted: Situation) -> bool:
        order = self.orders.get(wanted.account.by_client_id.get(wanted.terms.client_id or "", ""))
        if order is None or order.state is State.REJECTED:
            return False
        return not self.settings.reuse_client_ids or order.is_open or order.state is State.HELD

    def _too_many_small(self, wanted: Situation) -> bool:
        if not self._is_small(wanted.terms, wanted.terms.quantity):
            return False
        small = [o for o in wanted.account.open_orders.values() if self._is_small(o.terms, o.left)]
        return len(small) >= self.settings.most_small_orders

    def _is_small(self, terms: Terms, quantity: Decimal) -> bool:
        market = self.markets[terms.symbol]
        price = terms.limit_price or terms.stop_price or market.mark
        return price is not None and market.value(quantity, price) < self.settings.small_order

    def _beyond_collar(self, terms: Terms, market: Market) -> bool:
        mark, price = market.mark, terms.limit_price
        if mark is None or price is None or terms.type in TRIGGERS:
            return False
        room = mark * self.settings.price_collar / HUNDRED
        return price > mark + room if terms.side is Side.BUY else price < mark - room

    def _dislocates(self, terms: Terms, market: Market) -> bool:
        worse = ABOVE if terms.side is Side.BUY else BELOW
        return terms.type not in TRIGGERS and self.dislocation(market) == worse

    def dislocation(self, market: Market) -> str | None:
        """On which side of the index the mark lies too far away; None if it does not."""
        mark, index = market.mark, market.triggers.price(Reference.INDEX)
        if self.settings.dislocation is None or mark is None or index is None:
            return None
        room = index * self.settings.dislocation / HUNDRED
        if mark > index + room:
            return ABOVE
        return BELOW if mark < index - room else None

    def _beyond_most(self, wanted: Situation) -> bool:
        most, terms = wanted.market.row.maxPositionSize, wanted.terms
        waiting = (
            o.left
            for o in wanted.account.open_orders.values()
            if o.symbol == terms.symbol and o.side is terms.side and not o.terms.reduce_only
        )
        signed = wanted.account.position(terms.symbol).signed
        toward = signed if terms.side is Side.BUY else -signed
        return toward + sum(waiting, Decimal(0)) + wanted.added > most


def _is_deviation(trailing: Trailing) -> bool:
    if not trailing.percent:
        return trailing.distance > 0
    return LEAST_DEVIATION <= trailing.distance <= MOST_DEVIATION
