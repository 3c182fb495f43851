"""What `qty` means on the open_orders feed: sources disagree, so it is worked out (spec B.8).

In one reading `qty` is what remains, in the other it is the whole order. Everything behind this module speaks of the
whole order alone.
"""

from __future__ import annotations

from decimal import ROUND_HALF_EVEN, Decimal
from enum import Enum
from typing import Final

from attrs import define, field

from ..wire_numbers import is_plausible

__all__ = ["QuantityReader", "QuantitySemantics"]


class QuantitySemantics(Enum):
    """AUTO: find out, and keep to what was found for the rest of the connection."""

    AUTO = "auto"
    REMAINING = "remaining"
    TOTAL = "total"


EXACT: Final = Decimal("1E-12")
"""Differences below this are the noise of a binary float, where the instrument's own increment is not known."""


def _same(one: Decimal, other: Decimal, increment: Decimal | None) -> bool:
    """Equal once rounded to the instrument's increment."""
    if one == other:
        return True
    step = increment or EXACT
    difference = abs(one - other) / step
    return is_plausible(difference) and difference.quantize(Decimal(1), ROUND_HALF_EVEN) == 0


@define
class QuantityReader:
    """One connection's reading of `qty`. latched: which reading an earlier message proved, None: none yet."""

    semantics: QuantitySemantics = QuantitySemantics.AUTO
    latched: QuantitySemantics | None = field(default=None, init=False)

    def total(
        self, qty: Decimal, filled: Decimal, known: Decimal | None, *, edited: bool, increment: Decimal | None = None
    ) -> Decimal:
        """The whole order's quantity. known: its last known total; edited: this message tells of an edit."""
        if filled == 0:
            return qty
        if qty == 0:
            return filled
        if self.semantics is not QuantitySemantics.AUTO:
            return qty if self.semantics is QuantitySemantics.TOTAL else qty + filled
        if known is not None:
            if _same(qty + filled, known, increment):
                self.latched = QuantitySemantics.REMAINING
                return known
            if not edited and _same(qty, known, increment):
                self.latched = QuantitySemantics.TOTAL
                return known
        return qty if self.latched is QuantitySemantics.TOTAL else qty + filled
