"""One market of a simulated Kraken Spot: its book, its triggers, its prices."""

from __future__ import annotations

from decimal import ROUND_DOWN, ROUND_HALF_UP, Decimal

from attrs import define, field

from ...values import ZERO, Side
from ..book import Book
from ..triggers import Reference, Triggers, When
from .orders import Distance, TriggerTerms
from .settings import Pair

__all__ = ["Market"]


@define(eq=False)
class Market:
    """index: the reference price, quote currency per unit; status: of this market alone; stale: quotes may be due;
    trailing: ids of orders whose level moves with the price; limits_from_last: the distance of a triggered
    order's limit is measured from the last price, not from its trigger."""

    pair: Pair
    index: Decimal | None
    status: str = "online"
    book: Book = field(factory=Book)
    triggers: Triggers = field(factory=Triggers)
    stale: bool = True
    trailing: dict[str, None] = field(factory=dict)
    limits_from_last: bool = False

    def __attrs_post_init__(self) -> None:
        if self.index is not None:
            self.triggers.update(Reference.INDEX, self.index)
            self.triggers.update(Reference.LAST, self.index)

    @property
    def last(self) -> Decimal | None:
        return self.triggers.price(Reference.LAST)

    @property
    def mark(self) -> Decimal | None:
        """What a unit is worth: the best guess."""
        return self.last or self.index

    def level(self, trigger: TriggerTerms, when: When) -> Decimal:
        """Where a trigger fires that does not trail, on the grid."""
        if trigger.kind == "static":
            return trigger.price
        sign = trigger.sign or (1 if when is When.ABOVE else -1)
        base = self.triggers.price(trigger.reference) or ZERO
        return self.rounded(Distance(kind=trigger.kind, amount=trigger.price, sign=sign).price(base))

    def rounded(self, price: Decimal) -> Decimal:
        """On the grid, never below one tick."""
        return max(price.quantize(self.pair.tick, ROUND_HALF_UP), self.pair.tick)

    def cost_of(self, side: Side, quantity: Decimal, account: str) -> Decimal:
        """What a market order would cost or bring, quote currency; what the book does not have counts at its worst
        price."""
        left, cost, price = quantity, ZERO, self.mark or ZERO
        for resting in self.book.orders(side.opposite):
            if not left:
                break
            if resting.account != account:
                take, price = min(left, resting.quantity), resting.price
                left, cost = left - take, cost + take * price
        return cost + left * price

    def bought_for(self, cash: Decimal, account: str) -> Decimal:
        """How many base units this much quote currency buys now, rounded down."""
        left, quantity = cash, ZERO
        for resting in self.book.orders(Side.SELL):
            if not left:
                break
            if resting.account != account:
                spent = min(left, resting.quantity * resting.price)
                left, quantity = left - spent, quantity + spent / resting.price
        if not quantity and self.mark:
            quantity = cash / self.mark
        return quantity.quantize(self.pair.lot, ROUND_DOWN)
