"""Positions on margin of a simulated Kraken Spot: which trade opened what, and which closed it, oldest first."""

from __future__ import annotations

from collections import deque
from decimal import Decimal
from typing import TYPE_CHECKING

from attrs import define, field

from ...values import ZERO, Side

if TYPE_CHECKING:
    from .orders import Fill

__all__ = ["Opening", "Position"]


@define(eq=False)
class Opening:
    """What one fill opened of a position. quantity: base units; closings: the fills that closed it again, with how much
    of each."""

    fill: Fill
    quantity: Decimal
    closings: list[tuple[Fill, Decimal]] = field(factory=list)

    @property
    def closed(self) -> Decimal:
        """Base units."""
        return sum((quantity for _, quantity in self.closings), ZERO)

    @property
    def left(self) -> Decimal:
        return self.quantity - self.closed

    def total(self, of: str) -> Decimal:
        """The closings' part of an amount of their fills (`cost`, `worth_of_fee`), quote currency."""
        parts: list[Decimal] = [getattr(fill, of) * quantity / fill.quantity for fill, quantity in self.closings]
        return sum(parts, ZERO)


@define
class Position:
    """In one market. side: of the fills that opened it."""

    side: Side = Side.BUY
    openings: deque[Opening] = field(factory=deque)

    def book(self, fill: Fill) -> tuple[Opening | None, bool]:
        """What the fill opened, if anything, and whether it closed something."""
        left, closes = fill.quantity, False
        if fill.order.terms.side is not self.side:
            while left and self.openings:
                oldest = self.openings[0]
                part = min(left, oldest.left)
                oldest.closings.append((fill, part))
                left, closes = left - part, True
                if not oldest.left:
                    self.openings.popleft()
        if not left:
            return None, closes
        if not self.openings:
            self.side = fill.order.terms.side
        opening = Opening(fill, left)
        self.openings.append(opening)
        return opening, closes
