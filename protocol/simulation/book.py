"""Price-time matching for one instrument: the best price trades first, at one price the oldest first.

Neutral: it knows accounts and order ids, but no venue's vocabulary, no money and no clock.
Quantities are exact decimals.
"""

from __future__ import annotations

from bisect import bisect_left, insort
from collections.abc import Iterator
from decimal import Decimal
from enum import Enum

from attrs import define, field, frozen

from ..values import ZERO, Side

__all__ = ["Book", "Incoming", "Match", "Matched", "Resting", "SelfTrade", "Sweep"]


class SelfTrade(Enum):
    """What happens when an order would trade with one of the same account."""

    ALLOW = "allow"
    CANCEL_INCOMING = "cancel incoming"
    CANCEL_RESTING = "cancel resting"
    CANCEL_BOTH = "cancel both"


@define
class Resting:
    """An order in the book. quantity: what is still open."""

    order_id: str
    account: str
    side: Side
    price: Decimal
    quantity: Decimal


@frozen(kw_only=True)
class Incoming:
    """An order that comes to trade. price None: at any price."""

    order_id: str
    account: str
    side: Side
    quantity: Decimal
    price: Decimal | None
    self_trade: SelfTrade = SelfTrade.CANCEL_INCOMING


@frozen
class Match:
    """One execution, at the resting order's price. left: what stays open of the resting order."""

    resting_id: str
    price: Decimal
    quantity: Decimal
    left: Decimal


@frozen(kw_only=True)
class Matched:
    """What came of an incoming order. removed: own resting orders taken out to prevent a self-trade, in order;
    left: what did not trade; stopped: the incoming order must not go on (self-trade prevention)."""

    matches: tuple[Match, ...]
    removed: tuple[Resting, ...]
    left: Decimal
    stopped: bool


@frozen
class Sweep:
    """What a market order would get: how much, at which worst price, and the sum of price × quantity."""

    filled: Decimal
    worst: Decimal | None
    value: Decimal


@define
class _Half:
    """One side of the book. keys: prices in the order in which they trade, best first, as sortable numbers."""

    sign: int
    keys: list[Decimal] = field(factory=list)
    levels: dict[Decimal, dict[str, Resting]] = field(factory=dict)

    def add(self, order: Resting) -> None:
        key = self.sign * order.price
        level = self.levels.get(key)
        if level is None:
            level = self.levels[key] = {}
            insort(self.keys, key)
        level[order.order_id] = order

    def remove(self, order: Resting) -> None:
        key = self.sign * order.price
        level = self.levels[key]
        del level[order.order_id]
        if not level:
            del self.levels[key]
            del self.keys[bisect_left(self.keys, key)]

    def best(self) -> Decimal | None:
        return self.sign * self.keys[0] if self.keys else None

    def orders(self) -> Iterator[Resting]:
        for key in self.keys:
            yield from self.levels[key].values()


class Book:
    """All resting orders of one instrument. An order id is used once."""

    def __init__(self) -> None:
        self._halves = {Side.BUY: _Half(-1), Side.SELL: _Half(1)}
        self._by_id: dict[str, Resting] = {}

    def __contains__(self, order_id: object) -> bool:
        return order_id in self._by_id

    def best(self, side: Side) -> Decimal | None:
        """The highest bid or the lowest offer."""
        return self._halves[side].best()

    def orders(self, side: Side) -> Iterator[Resting]:
        """Resting orders in the order in which they would trade."""
        return self._halves[side].orders()

    def would_cross(self, side: Side, price: Decimal) -> bool:
        """Whether an order of `side` at `price` would trade at once."""
        best = self.best(side.opposite)
        return best is not None and _reaches(side, price, best)

    def available(self, side: Side, price: Decimal | None, account: str | None = None) -> Decimal:
        """How much an order of `side` could trade up to `price`; orders of `account` left out."""
        total = ZERO
        for order in self.orders(side.opposite):
            if price is not None and not _reaches(side, price, order.price):
                break
            if order.account != account:
                total += order.quantity
        return total

    def sweep(self, side: Side, quantity: Decimal) -> Sweep:
        """What a market order of `side` would get now; nothing changes."""
        filled, worst, value = ZERO, None, ZERO
        for order in self.orders(side.opposite):
            if filled == quantity:
                break
            take = min(order.quantity, quantity - filled)
            filled, worst, value = filled + take, order.price, value + take * order.price
        return Sweep(filled, worst, value)

    def rest(self, order: Resting) -> None:
        """Adds an order behind all others at its price. Raises ValueError if its id is in the book."""
        if order.order_id in self._by_id:
            raise ValueError(f"Order {order.order_id} is in the book already.")
        self._by_id[order.order_id] = order
        self._halves[order.side].add(order)

    def remove(self, order_id: str) -> Resting | None:
        """Takes an order out; None if it is not there."""
        order = self._by_id.pop(order_id, None)
        if order is not None:
            self._halves[order.side].remove(order)
        return order

    def reduce(self, order_id: str, quantity: Decimal) -> None:
        """Leaves `quantity` open of an order, which keeps its place. Raises KeyError if it is not in the book, and
        ValueError if that is not less than before."""
        order = self._by_id[order_id]
        if not 0 < quantity < order.quantity:
            raise ValueError(f"{quantity} is not less than the {order.quantity} of order {order_id}.")
        order.quantity = quantity

    def match(self, incoming: Incoming) -> Matched:
        """Trades an incoming order as far as it goes. What is left is not added to the book."""
        opposite = self._halves[incoming.side.opposite]
        matches: list[Match] = []
        removed: list[Resting] = []
        left, stopped = incoming.quantity, False
        while left and opposite.keys and not stopped:
            resting = next(iter(opposite.levels[opposite.keys[0]].values()))
            if incoming.price is not None and not _reaches(incoming.side, incoming.price, resting.price):
                break
            if resting.account == incoming.account and incoming.self_trade is not SelfTrade.ALLOW:
                if incoming.self_trade is not SelfTrade.CANCEL_INCOMING:
                    self.remove(resting.order_id)
                    removed.append(resting)
                stopped = incoming.self_trade is not SelfTrade.CANCEL_RESTING
                continue
            quantity = min(left, resting.quantity)
            left -= quantity
            resting.quantity -= quantity
            matches.append(Match(resting.order_id, resting.price, quantity, resting.quantity))
            if not resting.quantity:
                self.remove(resting.order_id)
        return Matched(matches=tuple(matches), removed=tuple(removed), left=left, stopped=stopped)


def _reaches(side: Side, price: Decimal, other: Decimal) -> bool:
    return price >= other if side is Side.BUY else price <= other
