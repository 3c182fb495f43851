"""Accounts of a simulated Kraken Spot: balances by asset, what open orders keep ready, positions on margin."""

from __future__ import annotations

from collections import deque
from decimal import Decimal

from attrs import define, field

from ...values import ZERO, Side
from .orders import Fill, LedgerEntry, VenueOrder
from .positions import Opening, Position
from .rates import RateCounters

__all__ = ["Account"]


@define(eq=False)
class Account:
    """balances: by asset; held: of that, for open orders; positions: on margin, base units by symbol, negative = short;
    client_ids: of open orders; past_client_ids: of the newest order that had each; fills, entries: the newest last;
    openings, closings: what fills did to positions, by their execution ids."""

    name: str
    maker_fee: Decimal
    taker_fee: Decimal
    rates: RateCounters
    balances: dict[str, Decimal]
    unlimited: bool = False
    held: dict[str, Decimal] = field(factory=dict)
    positions: dict[str, Decimal] = field(factory=dict)
    open_orders: dict[str, VenueOrder] = field(factory=dict)
    closed_orders: deque[VenueOrder] = field(factory=deque)
    client_ids: dict[str, str] = field(factory=dict)
    past_client_ids: dict[str, str] = field(factory=dict)
    fills: deque[Fill] = field(factory=deque)
    entries: deque[LedgerEntry] = field(factory=deque)
    openings: dict[str, Opening] = field(factory=dict)
    closings: set[str] = field(factory=set)
    _books: dict[str, Position] = field(factory=dict)

    def balance(self, asset: str) -> Decimal:
        return self.balances.get(asset, ZERO)

    def available(self, asset: str) -> Decimal:
        """What no open order needs."""
        return self.balance(asset) - self.held.get(asset, ZERO)

    def move(self, asset: str, amount: Decimal) -> None:
        """Adds to a balance; a negative amount takes away."""
        self.balances[asset] = self.balance(asset) + amount

    def hold(self, order: VenueOrder, need: tuple[str, Decimal] | None) -> None:
        """Keeps this much ready for an order, instead of what was kept before; None: nothing any more."""
        if order.held is not None:
            asset, amount = order.held
            self.held[asset] -= amount
        order.held = need
        if need is not None:
            asset, amount = need
            self.held[asset] = self.held.get(asset, ZERO) + amount

    def position(self, symbol: str) -> Decimal:
        return self.positions.get(symbol, ZERO)

    def move_position(self, symbol: str, side: Side, quantity: Decimal) -> None:
        signed = quantity if side is Side.BUY else -quantity
        self.positions[symbol] = self.position(symbol) + signed

    def book_position(self, fill: Fill) -> None:
        """A fill on margin: what it opened and closed."""
        opening, closes = self._books.setdefault(fill.order.terms.symbol, Position()).book(fill)
        if opening is not None:
            self.openings[fill.execution_id] = opening
        if closes:
            self.closings.add(fill.execution_id)

    def forget(self, fill: Fill) -> None:
        """It is too old for the history."""
        self.openings.pop(fill.execution_id, None)
        self.closings.discard(fill.execution_id)
        for _ in fill.entries:
            self.entries.popleft()

    def open_in(self, symbol: str) -> int:
        """How many orders are open in one market."""
        return sum(order.terms.symbol == symbol for order in self.open_orders.values())
