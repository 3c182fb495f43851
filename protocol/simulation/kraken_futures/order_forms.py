"""Parameters of order entry to terms (spec B.12). What the venue refuses as a whole call is `Denied`; what it answers
with a status is `Unfit`."""

from __future__ import annotations

from typing import Final

from attrs import define

from ...kraken_futures.converter import nanoseconds
from ...values import Side
from ..triggers import Reference, Trailing
from .access import Denied
from .engine import Editing, Engine
from .orders import SIGNALS, TRIGGERS, TYPES, Terms
from .parameters import MISSING, Changes, Reader
from .parameters import Terms as TermsForm

__all__ = ["OrderForms", "Unfit", "deadline"]

SIDES: Final = {"buy": Side.BUY, "sell": Side.SELL}
PERCENT: Final = "PERCENT"
UNITS: Final = frozenset({PERCENT, "QUOTE_CURRENCY"})
MODES: Final = frozenset({"RELATIVE", "ABSOLUTE"})
DOCUMENTED_SIGNALS: Final = frozenset({"mark", "index", "last"})
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
TRAILING: Final = frozenset({"trailing_stop"})
FIXED: Final = TRIGGERS - TRAILING
BELONGS_TO: Final = {
    "limitPrice": TYPES - {"mkt"} - TRAILING,
    "stopPrice": FIXED,
    "triggerSignal": TRIGGERS,
    "trailingStopMaxDeviation": TRAILING,
    "trailingStopDeviationUnit": TRAILING,
    "limitPriceOffsetValue": TRIGGERS,
    "limitPriceOffsetUnit": TRIGGERS,
}
"""With which types of order a field is documented."""


class Unfit(Exception):
    """A placement or an edit is answered with a status; args[0] is that."""


@define
class OrderForms:
    """Makes terms of what was sent. What is not documented goes to `reader`."""

    engine: Engine
    reader: Reader

    def terms(self, form: TermsForm) -> Terms:
        """The terms of a new order. Raises Denied, Unfit or Undocumented."""
        kind = self._word(form.orderType, form.orderType.lower(), "orderType")
        symbol, side = form.symbol.upper(), SIDES.get(self._word(form.side, form.side.lower(), "side"))
        if kind not in TYPES:
            raise Unfit("invalidOrderType")
        if symbol not in self.engine.markets:
            raise Unfit("notFound")
        if side is None:
            raise Unfit("invalidSide")
        needed = NEEDS.get(kind)
        if needed is not None and getattr(form, needed) is None:
            raise Denied(MISSING)
        self._look_for_strays(form, kind)
        waits = kind in TRIGGERS
        return Terms(
            type=kind,
            symbol=symbol,
            side=side,
            quantity=form.size,
            limit_price=None if kind == "mkt" else form.limitPrice,
            stop_price=form.stopPrice if kind in FIXED else None,
            signal=self._signal(form.triggerSignal),
            trailing=self._trailing(form) if kind in TRAILING else None,
            offset=form.limitPriceOffsetValue if waits else None,
            offset_percent=waits
            and form.limitPriceOffsetValue is not None
            and self._is_percent(form.limitPriceOffsetUnit, "limitPriceOffsetUnit"),
            reduce_only=bool(form.reduceOnly),
            client_id=form.cliOrdId or None,
        )

    def _look_for_strays(self, form: TermsForm, kind: str) -> None:
        """Fields that mean nothing with this type of order."""
        for name, kinds in BELONGS_TO.items():
            if getattr(form, name) is not None and kind not in kinds:
                self.reader.undocumented(f"{name} means nothing with orderType {kind}.")
        if form.limitPrice is not None and form.limitPriceOffsetValue is not None:
            self.reader.undocumented("limitPrice and limitPriceOffsetValue were sent together.")

    def _word(self, sent: str, meant: str, name: str) -> str:
        if sent != meant:
            self.reader.undocumented(f"{name} {sent} is not spelt as the documentation has it: {meant}.")
        return meant

    def _signal(self, word: str | None) -> Reference:
        if word is not None and word not in DOCUMENTED_SIGNALS:
            self.reader.undocumented(f"triggerSignal {word} is none of mark, index and last.")
        reference = SIGNALS.get((word or "last").lower().removesuffix("_price"))
        if reference is None:
            raise Denied("invalidArgument: triggerSignal")
        return reference

    def _is_percent(self, unit: str | None, name: str) -> bool:
        word = (unit or "").upper()
        if word not in UNITS:
            raise Denied("invalidUnit")
        return self._word(unit or "", word, name) == PERCENT

    def _trailing(self, form: TermsForm | Changes) -> Trailing | None:
        distance = form.trailingStopMaxDeviation
        if distance is None:
            return None
        return Trailing(distance, self._is_percent(form.trailingStopDeviationUnit, "trailingStopDeviationUnit"))

    def editing(self, form: Changes) -> Editing:
        """The changes of an edit. Raises Denied, Unfit or Undocumented."""
        mode = (form.qtyMode or "RELATIVE").upper()
        if mode not in MODES:
            raise Denied("invalidArgument: qtyMode")
        self._word(form.qtyMode or mode, mode, "qtyMode")
        for price in (form.limitPrice, form.stopPrice):
            if price is not None and price <= 0:
                raise Unfit("invalidPrice")
        return Editing(
            quantity=form.size,
            absolute=mode == "ABSOLUTE",
            limit_price=form.limitPrice,
            stop_price=form.stopPrice,
            trailing=self._trailing(form),
        )


def deadline(process_before: str | None) -> int | None:
    """ns since 1970. Raises Denied."""
    if process_before is None:
        return None
    try:
        return nanoseconds(process_before)
    except ValueError:
        raise Denied("invalidArgument: processBefore") from None
