"""Ids of a simulated Kraken Spot: drawn, and yet never the same twice."""

from __future__ import annotations

from collections.abc import Callable
from typing import Final

from attrs import define, field

__all__ = ["Ids"]

CHARACTERS: Final = "ABCDEFGHIJKLMNOPQRSTUVWXYZ234567"
DRAWN_BITS: Final = 50
FIRST_TRADE_NUMBER: Final = 900_001


@define
class Ids:
    """draw: from 0 up to, not including, 1. Equal draws give equal ids; a counter keeps them apart from each other."""

    draw: Callable[[], float]
    _count: int = field(default=0, init=False)
    _trades: dict[str, int] = field(factory=dict, init=False)

    def order(self) -> str:
        return self._id("O")

    def execution(self) -> str:
        """Of one side of a trade; also of an amendment."""
        return self._id("T")

    def ledger_entry(self) -> str:
        return self._id("L")

    def token(self) -> str:
        return "".join(self._letters() for _ in range(3))[:43]

    def trade_number(self, symbol: str) -> int:
        """The public number of a trade in one market."""
        number = self._trades.get(symbol, FIRST_TRADE_NUMBER)
        self._trades[symbol] = number + 1
        return number

    def _id(self, prefix: str) -> str:
        letters = self._letters()
        return f"{prefix}{letters[:5]}-{letters[5:10]}-{letters[10:]}"

    def _letters(self) -> str:
        """Ten drawn characters and six of the counter."""
        self._count += 1
        return _base32(int(self.draw() * 2**DRAWN_BITS), 10) + _base32(self._count, 6)


def _base32(number: int, width: int) -> str:
    digits = []
    for _ in range(width):
        number, digit = divmod(number, 32)
        digits.append(CHARACTERS[digit])
    return "".join(reversed(digits))
