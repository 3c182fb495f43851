"""Ids of a simulated AX Exchange."""

from __future__ import annotations

from typing import Final

from attrs import define

__all__ = ["Ids"]

CROCKFORD: Final = "0123456789ABCDEFGHJKMNPQRSTVWXYZ"


@define
class Ids:
    """Ids that grow with every call: the same calls at the same times give the same ids."""

    count: int = 0

    def order(self, wall_ns: int, *, prefix: str = "O") -> str:
        """A ULID: ten characters of time in ms, sixteen of a counter."""
        self.count += 1
        return f"{prefix}-{_base32(wall_ns // 1_000_000, 10)}{_base32(self.count, 16)}"

    def trade(self) -> str:
        self.count += 1
        return f"T-{self.count}"

    def event(self) -> str:
        self.count += 1
        return f"E-{self.count}"


def _base32(number: int, width: int) -> str:
    digits = []
    for _ in range(width):
        number, digit = divmod(number, 32)
        digits.append(CROCKFORD[digit])
    return "".join(reversed(digits))
