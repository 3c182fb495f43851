"""The instruments that AX lists (spec AX 7.5)."""

from __future__ import annotations

from decimal import Decimal
from typing import Final

from ..errors import WireError
from ..values import Instrument, InstrumentId
from ..venue import HttpAnswer, HttpCall
from ..wire.tolerant import exact_json
from .rest_answers import error_text

__all__ = ["VENUE", "instruments_call", "read_instruments"]

VENUE: Final = "AX"


def instruments_call() -> HttpCall:
    """The call that fetches the list."""
    return HttpCall(method="GET", path="/api/instruments", authorized=False)


def read_instruments(answer: HttpAnswer) -> tuple[Instrument, ...]:
    """The instruments in the answer. A row that cannot be read is left out; orders in it are refused as not cached.
    Raises WireError where there is no list, or nothing in it can be read."""
    if answer.status != 200 or answer.is_page:
        text = error_text(answer)
        raise WireError(
            f"AX did not list its instruments (HTTP status {answer.status})" + (f": {text}" if text else ".")
        )
    rows = _instrument_rows(answer.body)
    instruments = tuple(instrument for row in rows if (instrument := _instrument(row)) is not None)
    if not instruments and rows and not any(_is_skipped(row) for row in rows):
        raise WireError(f"AX listed instruments, none of which can be read: {str(rows[0])[:200]}")
    return instruments


def _instrument_rows(body: bytes) -> list[object]:
    try:
        tree = exact_json(body.decode())
    except (ValueError, ArithmeticError, RecursionError):
        tree = None
    rows = tree.get("instruments") if isinstance(tree, dict) else None
    if not isinstance(rows, list):
        raise WireError(f"AX sent a list of instruments that we cannot read: {body[:200].decode('utf-8', 'replace')}")
    return rows


def _is_skipped(row: object) -> bool:
    """Test symbols and what is no longer traded."""
    if not isinstance(row, dict):
        return False
    symbol, state = row.get("symbol"), row.get("state")
    return (isinstance(symbol, str) and symbol.startswith("TEST")) or state == "DELISTED"


def _instrument(row: object) -> Instrument | None:
    if not isinstance(row, dict) or _is_skipped(row):
        return None
    symbol, currency = row.get("symbol"), row.get("quote_currency")
    if not isinstance(symbol, str) or not symbol:
        return None
    try:
        return Instrument(
            id=InstrumentId(symbol, VENUE),
            price_increment=row.get("tick_size"),
            quantity_increment=Decimal(1),
            minimum_quantity=row.get("minimum_order_size"),
            multiplier=row.get("multiplier"),
            quote_currency=currency if isinstance(currency, str) else "USD",
        )
    except (TypeError, ValueError):
        return None
