"""One market of a simulated AX Exchange: its book and its prices."""

from __future__ import annotations

from decimal import Decimal

from attrs import define, field

from ...ax import wire
from ..book import Book

__all__ = ["Market"]


@define
class Market:
    """reference: the centre of price bands and quotes; stops: ids of the stop orders that wait."""

    row: wire.InstrumentRow
    reference: Decimal | None
    state: str = "OPEN"
    book: Book = field(factory=Book)
    last: Decimal | None = None
    stops: list[str] = field(factory=list)

    @property
    def mark(self) -> Decimal | None:
        return self.last or self.reference
