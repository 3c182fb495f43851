"""The list of instruments: GET /0/public/AssetPairs. It names pairs in legacy codes; the socket uses modern ones
(spec A.1)."""

from __future__ import annotations

from decimal import Decimal
from typing import Final

from ..errors import WireError
from ..values import Instrument, InstrumentId
from ..venue import HttpAnswer, HttpCall
from ..wire.tolerant import BEGINNING
from .converter import read_body
from .symbols import symbol_of_pair
from .wire import AssetPairRow, AssetPairsAnswer

__all__ = ["VENUE", "instruments_call", "read_instruments", "read_names"]

VENUE: Final = "KRAKEN"
"""The name after the dot of its instruments, e.g. BTC/USD.KRAKEN."""

MOST_PLACES: Final = 18


def instruments_call() -> HttpCall:
    return HttpCall(method="GET", path="/0/public/AssetPairs", authorized=False)


def read_instruments(answer: HttpAnswer) -> tuple[Instrument, ...]:
    """A row that cannot be read is left out: orders in it are refused here as not cached.

    Raises WireError when there is no usable list."""
    rows = _rows(answer)
    instruments = tuple(instrument for row in rows.values() if (instrument := _instrument(row)) is not None)
    if rows and not instruments:
        raise WireError(f"Kraken listed instruments, none of which can be read: {_beginning(answer)}")
    return instruments


def read_names(answer: HttpAnswer) -> dict[str, str]:
    """The same list as symbols by every name that REST has for them. Raises as `read_instruments`."""
    names: dict[str, str] = {}
    for key, row in _rows(answer).items():
        symbol = _symbol(row)
        if "/" in symbol:
            names |= {name: symbol for name in (key, row.altname, row.wsname) if name}
    return names


def _beginning(answer: HttpAnswer) -> str:
    return answer.body[:BEGINNING].decode("utf-8", "replace")


def _rows(answer: HttpAnswer) -> dict[str, AssetPairRow]:
    try:
        body, _ = read_body(answer.body, AssetPairsAnswer)
    except ValueError:
        body = AssetPairsAnswer()
    rows = body.result
    if answer.status != 200 or rows is None:
        raise WireError(f"Kraken did not list its instruments (HTTP status {answer.status}): {_beginning(answer)}")
    return rows


def _symbol(row: AssetPairRow) -> str:
    return symbol_of_pair(row.wsname or row.altname or "")


def _step(places: int | None) -> Decimal | None:
    return Decimal(1).scaleb(-places) if places is not None and 0 <= places <= MOST_PLACES else None


def _instrument(row: AssetPairRow) -> Instrument | None:
    symbol = _symbol(row)
    base, _, quote = symbol.partition("/")
    tick, lot = row.tick_size or _step(row.pair_decimals), _step(row.lot_decimals)
    if not base or not quote or tick is None or lot is None:
        return None
    try:
        return Instrument(
            id=InstrumentId(symbol, VENUE),
            price_increment=tick,
            quantity_increment=lot,
            minimum_quantity=row.ordermin or lot,
            quote_currency=quote,
        )
    except (TypeError, ValueError):
        return None
