"""Forms of order entry to terms (spec B.12). What the venue refuses as a whole call is `Denied`; what it answers with
a status is `Unfit`."""

from __future__ import annotations

from typing import Final

from ...kraken_futures import wire
from ...kraken_futures.converter import nanoseconds
from ...kraken_futures.voice import MISSING
from ...values import Side
from ..triggers import Reference, Trailing
from .access import Denied
from .engine import Editing, Engine
from .orders import SIGNALS, TRIGGERS, TYPES, Terms

__all__ = ["Unfit", "deadline", "editing_of", "terms_of"]

SIDES: Final = {"buy": Side.BUY, "sell": Side.SELL}
PERCENT: Final = "PERCENT"
UNITS: Final = frozenset({PERCENT, "QUOTE_CURRENCY"})
NEEDS: Final = {
    "lmt": "limitPrice",
    "post": "limitPrice",
    "ioc": "limitPrice",
    "fok": "limitPrice",
    "stp": "stopPrice",
    "take_profit": "stopPrice",
    "trailing_stop": "trailingStopMaxDeviation",
}
"""Which field a type of order cannot go without."""


class Unfit(Exception):
    """A placement or an edit is answered with a status; args[0] is that."""


def terms_of(form: wire.SendForm | wire.BatchItem, engine: Engine) -> Terms:
    """The terms of a new order. Raises Denied or Unfit."""
    kind, size = (form.orderType or "").lower(), form.size
    symbol, side = (form.symbol or "").upper(), SIDES.get((form.side or "").lower())
    if None in (form.orderType, form.symbol, form.side, form.size):
        raise Denied(MISSING)
    if kind not in TYPES:
        raise Unfit("invalidOrderType")
    if symbol not in engine.markets:
        raise Unfit("notFound")
    if side is None:
        raise Unfit("invalidSide")
    needed = NEEDS.get(kind)
    if needed is not None and getattr(form, needed) is None:
        raise Denied(MISSING)
    assert size is not None
    waits = kind in TRIGGERS
    return Terms(
        type=kind,
        symbol=symbol,
        side=side,
        quantity=size,
        limit_price=None if kind == "mkt" else form.limitPrice,
        stop_price=form.stopPrice if waits and kind != "trailing_stop" else None,
        signal=_signal(form.triggerSignal),
        trailing=_trailing(form) if kind == "trailing_stop" else None,
        offset=form.limitPriceOffsetValue if waits else None,
        offset_percent=waits and form.limitPriceOffsetValue is not None and _is_percent(form.limitPriceOffsetUnit),
        reduce_only=bool(form.reduceOnly),
        client_id=form.cliOrdId or None,
    )


def _signal(word: str | None) -> Reference:
    reference = SIGNALS.get((word or "last").lower().removesuffix("_price"))
    if reference is None:
        raise Denied("invalidArgument: triggerSignal")
    return reference


def _is_percent(unit: str | None) -> bool:
    word = (unit or "").upper()
    if word not in UNITS:
        raise Denied("invalidUnit")
    return word == PERCENT


def _trailing(form: wire.SendForm | wire.BatchItem | wire.EditForm) -> Trailing | None:
    distance = form.trailingStopMaxDeviation
    return None if distance is None else Trailing(distance, _is_percent(form.trailingStopDeviationUnit))


def editing_of(form: wire.EditForm | wire.BatchItem) -> Editing:
    """The changes of an edit. Raises Denied or Unfit."""
    mode = (form.qtyMode or "RELATIVE").upper()
    if mode not in ("RELATIVE", "ABSOLUTE"):
        raise Denied("invalidArgument: qtyMode")
    for price in (form.limitPrice, form.stopPrice):
        if price is not None and price <= 0:
            raise Unfit("invalidPrice")
    return Editing(
        quantity=form.size,
        absolute=mode == "ABSOLUTE",
        limit_price=form.limitPrice,
        stop_price=form.stopPrice,
        trailing=_trailing(form),
    )


def deadline(process_before: str | None) -> int | None:
    """ns since 1970. Raises Denied."""
    if process_before is None:
        return None
    try:
        return nanoseconds(process_before)
    except ValueError:
        raise Denied("invalidArgument: processBefore") from None
