"""How a simulated Toy Exchange is set up, and the users and instruments that it has by default."""

from __future__ import annotations

from collections.abc import Mapping
from decimal import Decimal
from typing import Final

from attrs import field, frozen

from ..toy.wire import InstrumentRow

__all__ = ["ToyExchangeSettings", "ToyUser"]

APPLE: Final = InstrumentRow(symbol="APPLE/USD", tick=Decimal("0.01"), lot=Decimal("0.5"), currency="USD")
SECOND: Final = 1_000_000_000


@frozen(kw_only=True)
class ToyUser:
    """A user with one API key. Its orders and fills are those of the account with its name."""

    name: str = "demo"
    key: str = "demo-key"
    secret: str = field(default="demo-secret", repr=False)


@frozen(kw_only=True)
class ToyExchangeSettings:
    """heartbeat: period in ns; quotes: keep the market maker's quotes in the book; quote_size: quantity of each; fee:
    fraction of the value that a taker pays; strict: note what is not documented."""

    users: tuple[ToyUser, ...] = (ToyUser(),)
    instruments: tuple[InstrumentRow, ...] = (APPLE,)
    reference_prices: Mapping[str, Decimal] = field(factory=lambda: {"APPLE/USD": Decimal("2.50")})
    quotes: bool = True
    quote_size: Decimal = Decimal(100)
    fee: Decimal = Decimal("0.001")
    heartbeat: int = 5 * SECOND
    strict: bool = False
