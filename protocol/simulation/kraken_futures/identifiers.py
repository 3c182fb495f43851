"""Ids of a simulated Kraken Futures."""

from __future__ import annotations

from collections.abc import Callable

from attrs import define, field

__all__ = ["Ids"]


@define
class Ids:
    """Ids drawn for clients' orders and executions. The market maker's are counted, because no client sees them."""

    draw: Callable[[], float]
    _count: int = field(default=0, init=False)

    def unique(self) -> str:
        """A random UUID (RFC 9562, version 4)."""
        digits = f"{self._bits(32):08x}{self._bits(32):08x}{self._bits(32):08x}{self._bits(32):08x}"
        variant = "89ab"[int(digits[16], 16) % 4]
        return f"{digits[:8]}-{digits[8:12]}-4{digits[13:16]}-{variant}{digits[17:20]}-{digits[20:]}"

    def counted(self) -> str:
        self._count += 1
        return f"quote-{self._count}"

    def _bits(self, width: int) -> int:
        return int(self.draw() * 2**width)
