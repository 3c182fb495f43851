"""The instruments of a simulated Kraken Futures as the venue lists them, with every documented field (spec B.13).

https://docs.kraken.com/api-reference/instrument-details/get-instruments
"""

from __future__ import annotations

from decimal import Decimal

from attrs import field, frozen

from ...kraken_futures.wire import SHOWN

__all__ = ["INSTRUMENT_TYPES", "InstrumentRow", "InstrumentStatus", "InstrumentStatusAnswer", "MarginLevel"]

INSTRUMENT_TYPES = ("futures_inverse", "futures_vanilla", "flexible_futures", "options")


@frozen(kw_only=True)
class MarginLevel:
    """Fractions of the value from this size on: `contracts` of an inverse instrument, else `numNonContractUnits`."""

    contracts: int | None = None
    numNonContractUnits: Decimal | None = None
    initialMargin: Decimal
    maintenanceMargin: Decimal


@frozen(kw_only=True)
class InstrumentRow:
    """tickSize: quote currency; contractSize: units of the underlying in one contract; contractValueTradePrecision:
    decimal places of a quantity, negative: whole tens, hundreds, …; makerProtectionMillis: ms that orders which are
    not post-only are held; underlying: of inverse contracts alone; lastTradingTime: of dated ones alone."""

    symbol: str
    pair: str
    base: str
    quote: str
    type: str
    underlying: str | None = None
    lastTradingTime: str | None = None
    tickSize: Decimal
    contractSize: Decimal = Decimal(1)
    tradeable: bool = True
    impactMidSize: Decimal = Decimal(1)
    maxPositionSize: Decimal
    openingDate: str = "2022-03-22T13:18:45Z"
    marginLevels: list[MarginLevel]
    retailMarginLevels: list[MarginLevel]
    marginSchedules: dict[str, dict[str, list[MarginLevel]]] | None = None
    fundingRateCoefficient: int | None = None
    maxRelativeFundingRate: Decimal | None = None
    isin: str | None = None
    contractValueTradePrecision: int
    postOnly: bool = False
    makerProtectionMillis: int | None = None
    feeScheduleUid: str | None = None
    category: str = ""
    tags: list[str] = field(factory=list)
    tradfi: bool = False
    mtf: bool = True
    isExpired: bool = False


@frozen(kw_only=True)
class InstrumentStatus:
    tradeable: str
    experiencingDislocation: bool
    priceDislocationDirection: str | None = field(default=None, metadata=SHOWN)
    experiencingExtremeVolatility: bool = False
    extremeVolatilityInitialMarginMultiplier: Decimal = Decimal(1)


@frozen(kw_only=True)
class InstrumentStatusAnswer(InstrumentStatus):
    """The answer about one instrument has the same keys at top level."""

    result: str | None = None
    serverTime: str | None = None
