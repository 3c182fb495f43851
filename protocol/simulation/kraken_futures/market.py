"""One instrument of a simulated Kraken Futures: its book, its waiting triggers and its prices."""

from __future__ import annotations

from decimal import ROUND_CEILING, ROUND_DOWN, ROUND_FLOOR, ROUND_HALF_EVEN, Decimal
from typing import Final

from attrs import define, field

from ...kraken_futures.enumerations import currency
from ...values import ZERO, Side
from ..book import Book
from ..triggers import Reference, Triggers
from .instrument_rows import InstrumentRow

__all__ = ["INACTIVE", "OPEN", "POST_ONLY", "STATES", "SUSPENDED", "Market"]

OPEN: Final = "open"
POST_ONLY: Final = "post_only"
SUSPENDED: Final = "suspended"
INACTIVE: Final = "inactive"
STATES: Final = (OPEN, POST_ONLY, SUSPENDED, INACTIVE)

FEE_PLACES: Final = Decimal("1e-10")
"""Fees of inverse contracts, and average prices, are divisions; they are rounded to this."""


@define
class Market:
    """state: one of `STATES`; reference: centre of the market maker's quotes, None for no quotes."""

    row: InstrumentRow
    reference: Decimal | None
    state: str = OPEN
    book: Book = field(factory=Book)
    triggers: Triggers = field(factory=Triggers)

    def __attrs_post_init__(self) -> None:
        if self.reference is not None:
            for reference in Reference:
                self.triggers.update(reference, self.reference)

    @property
    def tick(self) -> Decimal:
        return self.row.tickSize

    @property
    def increment(self) -> Decimal:
        """The smallest quantity, and the step between quantities."""
        return Decimal(1).scaleb(-self.row.contractValueTradePrecision)

    @property
    def contract_size(self) -> Decimal:
        return self.row.contractSize

    @property
    def is_inverse(self) -> bool:
        return self.row.symbol.startswith(("PI_", "FI_"))

    @property
    def settlement(self) -> str:
        """The currency in which profit and fees are counted."""
        return currency(self.row.base if self.is_inverse else self.row.quote)

    @property
    def mark(self) -> Decimal | None:
        return self.triggers.price(Reference.MARK)

    def worth(self, quantity: Decimal, price: Decimal) -> Decimal:
        """What contracts are worth at a price, in the settlement currency, such that a rise is a gain for who holds
        them: inverse contracts are owed in the base currency, so theirs is negative."""
        if self.is_inverse:
            return -quantity * self.contract_size / price
        return quantity * self.contract_size * price

    def value(self, quantity: Decimal, price: Decimal) -> Decimal:
        """The size of contracts in quote currency, without sign."""
        amount = abs(quantity) * self.contract_size
        return amount if self.is_inverse else amount * price

    def fee(self, quantity: Decimal, price: Decimal, rate: Decimal) -> Decimal:
        """In the settlement currency, exact for linear contracts."""
        fee = abs(self.worth(quantity, price)) * rate
        return fee.quantize(FEE_PLACES, ROUND_HALF_EVEN) if self.is_inverse else fee

    def in_quote(self, amount: Decimal) -> Decimal:
        """An amount of the settlement currency in quote currency, at the mark."""
        return amount * (self.mark or Decimal(0)) if self.is_inverse else amount

    def average_entry(self, held: Decimal, entry: Decimal, traded: Decimal, price: Decimal) -> Decimal:
        """The average price of what is held after a trade; quantities are negative when short. What makes a position
        smaller does not change it, what turns it round begins anew."""
        after = held + traded
        if not after:
            return ZERO
        if not held or (held > 0) != (after > 0):
            return price
        if abs(after) < abs(held):
            return entry
        if self.is_inverse:
            average = after / (held / entry + traded / price)
        else:
            average = (held * entry + traded * price) / after
        return average.quantize(FEE_PLACES, ROUND_HALF_EVEN).normalize()

    def price_fits(self, price: Decimal) -> bool:
        return price > 0 and not price % self.tick

    def quantity_fits(self, quantity: Decimal) -> bool:
        return quantity > 0 and not quantity % self.increment

    def rounded(self, price: Decimal, side: Side) -> Decimal:
        """A price on the grid, to the side that pays less or asks more; at least one tick."""
        toward = ROUND_FLOOR if side is Side.BUY else ROUND_CEILING
        return max(self.tick, (price / self.tick).to_integral_value(toward) * self.tick)

    def quantity_worth(self, value: Decimal, price: Decimal) -> Decimal:
        """How many contracts this much quote currency is, rounded down to the grid; at least the smallest quantity."""
        each = self.value(Decimal(1), price)
        steps = (value / each / self.increment).to_integral_value(ROUND_DOWN)
        return max(Decimal(1), steps) * self.increment
