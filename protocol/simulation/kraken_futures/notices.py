"""What the engine of a simulated Kraken Futures has to tell, before it is known which sessions hear it."""

from __future__ import annotations

from attrs import frozen

from . import feed_rows
from .accounts import Fill

__all__ = ["FillsNotice", "MoneyNotice", "Notice", "OrderNotice"]


@frozen(kw_only=True)
class OrderNotice:
    """A change of one open order, as it was at that moment. whole: tell the order, else only that it is gone;
    verbose_only: the plain feed does not have it."""

    account: str
    order: feed_rows.OpenOrder
    removed: bool
    reason: str
    whole: bool = True
    verbose_only: bool = False


@frozen
class FillsNotice:
    """Fills that are told in one frame."""

    account: str
    fills: tuple[Fill, ...]


@frozen
class MoneyNotice:
    """Trades changed positions and wallets. symbols: in which instruments."""

    account: str
    symbols: frozenset[str]


Notice = OrderNotice | FillsNotice | MoneyNotice
