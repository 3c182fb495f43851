"""The list of instruments: GET /derivatives/api/v3/instruments.

Of a row (spec B.13) these keys are read: symbol, tradeable, tickSize, contractSize, contractValueTradePrecision, quote
and isExpired. The others are passed over, whatever they hold.
"""

from __future__ import annotations

from decimal import Decimal
from typing import Final

from ..errors import WireError
from ..values import Instrument, InstrumentId
from ..venue import HttpAnswer, HttpCall
from ..wire.tolerant import BEGINNING
from .converter import read_body
from .enumerations import currency, quote_of
from .wire import InstrumentRow, RestAnswer

__all__ = ["VENUE", "instruments_call", "read_instruments"]

VENUE: Final = "KRAKEN-FUTURES"
"""The name after the dot of its instruments, e.g. PF_XBTUSD.KRAKEN-FUTURES."""

MOST_PLACES: Final = 12


def instruments_call() -> HttpCall:
    return HttpCall(method="GET", path="/derivatives/api/v3/instruments", authorized=False)


def read_instruments(answer: HttpAnswer) -> tuple[Instrument, ...]:
    """A row that cannot be read, or that is not traded (any more), is left out: orders in it are refused here as not
    cached.

    Raises WireError when there is no usable list."""
    beginning = answer.body[:BEGINNING].decode("utf-8", "replace")
    try:
        body, skipped = read_body(answer.body, RestAnswer)
    except ValueError:
        body, skipped = RestAnswer(), []
    rows = body.instruments
    if answer.status != 200 or rows is None:
        raise WireError(f"Kraken Futures did not list its instruments (HTTP status {answer.status}): {beginning}")
    instruments = tuple(instrument for row in rows if (instrument := _instrument(row)) is not None)
    if not instruments and (skipped or any(row.tradeable is not False for row in rows)):
        raise WireError(f"Kraken Futures listed instruments, none of which can be read: {beginning}")
    return instruments


def _places(row: InstrumentRow) -> int | None:
    """Decimal places of a quantity. Inverse contracts are whole where nothing is said; for others it must be."""
    places = row.contractValueTradePrecision
    if places is None:
        return 0 if row.symbol.upper().startswith(("PI_", "FI_")) else None
    return places if abs(places) <= MOST_PLACES else None


def _instrument(row: InstrumentRow) -> Instrument | None:
    places = _places(row)
    if not row.symbol or row.tradeable is False or row.isExpired or row.tickSize is None or places is None:
        return None
    increment = Decimal(1).scaleb(-places)
    try:
        return Instrument(
            id=InstrumentId(row.symbol.upper(), VENUE),
            price_increment=row.tickSize,
            quantity_increment=increment,
            minimum_quantity=increment,
            multiplier=Decimal(1) if row.contractSize is None else row.contractSize,
            quote_currency=currency(row.quote) if row.quote else quote_of(row.symbol),
        )
    except (TypeError, ValueError):
        return None
