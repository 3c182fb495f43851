"""What `qty` means on the open_orders feed: sources disagree, so it is worked out (spec B.8).

In one reading `qty` is what remains, in the other it is the whole order. Everything behind this module speaks of the
whole order alone. Where nothing proves either reading, both are kept: neither is taken for a fact.
"""

from __future__ import annotations

from collections.abc import Mapping
from decimal import Decimal
from enum import Enum
from typing import Final

from attrs import define, field
from msgspec import Struct

__all__ = ["Quantity", "QuantityReader", "QuantitySemantics"]


class QuantitySemantics(Enum):
    """AUTO: find out, and keep to what was found for the rest of the connection."""

    AUTO = "auto"
    REMAINING = "remaining"
    TOTAL = "total"


HALF: Final = Decimal("0.5")
EXACT: Final = Decimal("1E-12")
"""Differences below this are the noise of a binary float, where the instrument's own increment is not known."""


def _same(one: Decimal, other: Decimal, increment: Decimal | None) -> bool:
    """Equal once rounded to the instrument's increment."""
    if one == other:
        return True
    return abs(one - other) / (increment or EXACT) <= HALF


# Python 3.11 looks a member up in its enumeration five times as slowly as a name in a module.
AUTO: Final = QuantitySemantics.AUTO
REMAINING: Final = QuantitySemantics.REMAINING
TOTAL: Final = QuantitySemantics.TOTAL


class Quantity(Struct, frozen=True, gc=False):
    """A whole order's quantity."""

    total: Decimal
    other: Decimal | None = None
    """What it is if the message is read the other way, None: it is certain."""

    @property
    def by_reading(self) -> Mapping[QuantitySemantics, Decimal]:
        return {REMAINING: self.total, TOTAL: self.total if self.other is None else self.other}

    def is_complete_with(self, filled: Decimal) -> bool:
        """True where so much completes the order, whichever way its message is read."""
        if self.other is None:
            return filled >= self.total > 0
        return filled >= max(self.total, self.other) > 0


@define
class QuantityReader:
    """One connection's reading of `qty`."""

    semantics: QuantitySemantics = QuantitySemantics.AUTO
    latched: QuantitySemantics | None = field(default=None, init=False)
    """Which reading an earlier message proved, None: none yet."""

    def read(
        self,
        qty: Decimal,
        filled: Decimal,
        known: Quantity | None,
        *,
        edited: bool = False,
        complete: bool = False,
        increment: Decimal | None = None,
    ) -> Quantity | None:
        """The whole order's quantity, None: the message does not show it. known: as the order's last message left it;
        edited: this one is about an edit; complete: it says that the order has filled in full."""
        if not filled:
            return Quantity(qty) if qty else known  # nothing of nothing: the message leaves it out
        if not qty:
            discarded = known is not None and filled < known.total and not _same(filled, known.total, increment)
            return known if discarded and not (complete or edited) else Quantity(filled)
        if known is not None and not edited and self._repeats(known, qty, filled):
            return known
        said = {REMAINING: qty + filled, TOTAL: qty}
        reading: QuantitySemantics | None = self.semantics
        if reading is AUTO:
            self._learn(said, filled, None if edited else known, increment)
            reading = self.latched
        if known is not None:
            said = {each: _settled(total, known, increment) for each, total in said.items()}
        return Quantity(said[REMAINING], said[TOTAL]) if reading is None else Quantity(said[reading])

    def _repeats(self, known: Quantity, qty: Decimal, filled: Decimal) -> bool:
        """True where a message that is read in the usual way says what is known, as nearly all of them do."""
        reading = self.latched if self.semantics is AUTO else self.semantics
        if reading is None or known.other is not None:
            return False
        return known.total == (qty + filled if reading is REMAINING else qty)

    def _learn(
        self,
        said: Mapping[QuantitySemantics, Decimal],
        filled: Decimal,
        known: Quantity | None,
        increment: Decimal | None,
    ) -> None:
        """Latches a reading that this message proves: the only one that agrees with what is known, or that is possible.

        An edit proves nothing by agreeing, because it may have changed the order to just what the wrong reading says.
        """
        expected = {} if known is None else known.by_reading
        agreeing = [each for each, total in expected.items() if _same(said[each], total, increment)]
        if len(agreeing) == 1:
            self.latched = agreeing[0]
        elif said[TOTAL] < filled and not _same(said[TOTAL], filled, increment):
            self.latched = REMAINING  # no order fills beyond its whole


def _settled(total: Decimal, known: Quantity, increment: Decimal | None) -> Decimal:
    """`total` as it is known, without the noise of this message."""
    return next((each for each in known.by_reading.values() if _same(total, each, increment)), total)
