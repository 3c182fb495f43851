"""Orders of one instrument that wait for a price: stops, take-profits and trailing stops.

Neutral: it knows order ids, levels and prices, but no venue's vocabulary, no order types and no clock. Prices are quote
currency per unit.
"""

from __future__ import annotations

from decimal import Decimal
from enum import Enum
from typing import Final

from attrs import define, field, frozen

__all__ = ["Reference", "Trailing", "Triggers", "Waiting", "When"]

HUNDRED: Final = Decimal(100)


class Reference(Enum):
    """Which price is watched."""

    LAST = "last"
    MARK = "mark"
    INDEX = "index"


class When(Enum):
    """On which side of its level the price must be, the level itself included.

    ABOVE: buy stops and sell take-profits; BELOW: sell stops and buy take-profits.
    """

    ABOVE = "above"
    BELOW = "below"


@frozen
class Trailing:
    """How far behind the best price the level stays: quote currency, or percent of the best price if `percent`."""

    distance: Decimal
    percent: bool = False

    def level(self, when: When, best: Decimal) -> Decimal:
        distance = best * self.distance / HUNDRED if self.percent else self.distance
        return best + distance if when is When.ABOVE else best - distance


@define(kw_only=True)
class Waiting:
    """An order that waits. level: where it fires, moved by every update if it trails; None: a trailing order that has
    seen no price yet. best: the price it trails from, the lowest seen if it fires ABOVE, else the highest."""

    order_id: str
    reference: Reference
    when: When
    level: Decimal | None = None
    trailing: Trailing | None = None
    best: Decimal | None = None

    def follow(self, price: Decimal) -> None:
        """Moves the level behind a better price; a worse one changes nothing."""
        if self.trailing is None:
            return
        if self.best is None:
            self.best = price
        elif self.when is When.ABOVE:
            self.best = min(self.best, price)
        else:
            self.best = max(self.best, price)
        self.level = self.trailing.level(self.when, self.best)

    def is_hit(self, price: Decimal) -> bool:
        if self.level is None:
            return False
        return price >= self.level if self.when is When.ABOVE else price <= self.level


@define
class Triggers:
    """What waits in one instrument, and the newest price of each kind. An order id is used once at a time."""

    _waiting: dict[str, Waiting] = field(factory=dict, init=False)
    _prices: dict[Reference, Decimal] = field(factory=dict, init=False)

    def __contains__(self, order_id: object) -> bool:
        return order_id in self._waiting

    def price(self, reference: Reference) -> Decimal | None:
        """The newest price of this kind; None before the first update."""
        return self._prices.get(reference)

    def level(self, order_id: str) -> Decimal | None:
        """Where the order would fire now; None if it is not here or has seen no price yet."""
        waiting = self._waiting.get(order_id)
        return None if waiting is None else waiting.level

    def add(self, waiting: Waiting) -> None:
        """Adds an order behind all others. A trailing one starts from the newest price, if there is one. It fires at
        the next update at the earliest, also if its level is reached already: call `update` with the price as it is
        to see. Raises ValueError if the id waits here already."""
        if waiting.order_id in self._waiting:
            raise ValueError(f"Order {waiting.order_id} waits already.")
        price = self._prices.get(waiting.reference)
        if price is not None:
            waiting.follow(price)
        self._waiting[waiting.order_id] = waiting

    def remove(self, order_id: str) -> Waiting | None:
        """Takes an order out; None if it is not here. What comes back can be changed and added again."""
        return self._waiting.pop(order_id, None)

    def update(self, reference: Reference, price: Decimal) -> tuple[str, ...]:
        """A new price of this kind. Gives the ids of the orders that fire, in the order in which they were added;
        they are taken out."""
        self._prices[reference] = price
        fired = []
        for waiting in self._waiting.values():
            if waiting.reference is reference:
                waiting.follow(price)
                if waiting.is_hit(price):
                    fired.append(waiting.order_id)
        for order_id in fired:
            del self._waiting[order_id]
        return tuple(fired)
