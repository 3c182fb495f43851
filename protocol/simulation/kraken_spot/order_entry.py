"""The order methods of a simulated Kraken Spot's WebSocket (spec A.12)."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from typing import Any, Final

from attrs import define, evolve, field, frozen

from ..faults import FaultKind, FaultSchedule, Occasion
from . import refusals
from .accounts import Account
from .checks import check_deadline
from .engine import Engine
from .messages import LegResult, Result
from .order_forms import terms_of, time_of, trigger_of
from .orders import Terms, VenueOrder
from .parameters import (
    AddOrder,
    AmendOrder,
    BatchAdd,
    BatchCancel,
    BatchOrder,
    CancelAllOrdersAfter,
    CancelOrder,
    EditOrder,
    OrderTerms,
)
from .refusals import Refused, invalid
from .replacements import Amendment, Edit, amend, check_edit, edit
from .times import stamp_in_seconds

__all__ = ["ORDER_METHODS", "Answer", "OrderEntry", "switch_times"]

SECOND: Final = 1_000_000_000
DAY: Final = 86_400
FEWEST_IN_BATCH: Final = 2
MOST_IN_BATCH: Final = 15
MOST_TO_CANCEL: Final = 50
ERRORS: Final = {
    401: refusals.INVALID_TOKEN,
    403: refusals.PERMISSION,
    429: refusals.RATE_LIMIT,
    500: refusals.INTERNAL,
    503: refusals.UNAVAILABLE,
}
"""The codes of faults as this venue writes them."""
ORDER_METHODS: Final = frozenset(
    {
        "add_order",
        "amend_order",
        "batch_add",
        "batch_cancel",
        "cancel_all",
        "cancel_all_orders_after",
        "cancel_order",
        "edit_order",
    }
)


@frozen
class Answer:
    """A result, or why there is none."""

    result: Result | list[LegResult] | None = None
    error: str | None = None


def switch_times(wall: int, seconds: int) -> tuple[str, str]:
    """Now, and when the dead man's switch fires: `0` when it is off."""
    return stamp_in_seconds(wall), stamp_in_seconds(wall + seconds * SECOND) if seconds else "0"


@define
class OrderEntry:
    """Answers order requests. The engine notes what happens to orders."""

    engine: Engine
    faults: FaultSchedule
    _placements: int = field(default=0, init=False)
    _handlers: dict[str, Callable[[Account, Any], list[Answer]]] = field(init=False)

    def __attrs_post_init__(self) -> None:
        self._handlers = {
            "add_order": self._add,
            "amend_order": self._amend,
            "batch_add": self._batch_add,
            "batch_cancel": self._batch_cancel,
            "cancel_all": self._cancel_all,
            "cancel_all_orders_after": self._cancel_after,
            "cancel_order": self._cancel,
            "edit_order": self._edit,
        }

    def answers(self, method: str, account: Account, params: object) -> list[Answer]:
        """All of them echo the number of the one request."""
        try:
            return self._handlers[method](account, params)
        except Refused as refused:
            return [Answer(error=refused.text)]

    def _check_deadline(self, text: str | None) -> None:
        check_deadline(time_of(text, "deadline"), self.engine.now, self.engine.settings.engine_delay)

    # Placing

    def _add(self, account: Account, asked: AddOrder) -> list[Answer]:
        self._check_deadline(asked.deadline)
        terms = self._terms(asked, asked.symbol)
        if asked.validate:
            self.engine.admit(account, terms, self.engine.check(terms))
            return [Answer(_named(terms, ""))]
        return [Answer(_named(terms, self._place(account, terms).order_id))]

    def _terms(self, asked: OrderTerms, symbol: str) -> Terms:
        """Raises Refused, also for what the venue may not take over the socket."""
        settings = self.engine.settings
        if asked.conditional is not None and asked.cl_ord_id is not None and not settings.named_conditionals:
            raise invalid("cl_ord_id")
        if (asked.time_in_force or "").lower() == "fok" and not settings.socket_fok:
            raise invalid("time_in_force")
        return terms_of(asked, symbol)

    def _place(self, account: Account, terms: Terms, *, batch: int = 1) -> VenueOrder:
        """Places an order, or does what the schedule of faults has for it. Raises Refused."""
        faults = self.faults.next(Occasion.PLACE, "batch_add" if batch > 1 else "add_order")
        self._placements += 1
        if self._placements in self.engine.settings.place_errors:
            raise Refused(self.engine.settings.place_errors[self._placements])
        if FaultKind.PLACE_ERROR in faults:
            raise Refused(ERRORS.get(faults[FaultKind.PLACE_ERROR].code, refusals.UNAVAILABLE))
        order = self.engine.place(account, terms, batch=batch)
        if FaultKind.PLACE_ERROR_EXECUTED in faults:
            raise Refused(ERRORS.get(faults[FaultKind.PLACE_ERROR_EXECUTED].code, refusals.UNAVAILABLE))
        return order

    def _batch_add(self, account: Account, asked: BatchAdd) -> list[Answer]:
        self._check_deadline(asked.deadline)
        if not FEWEST_IN_BATCH <= len(asked.orders) <= MOST_IN_BATCH:
            raise invalid("orders")
        batch = [self._terms(leg, asked.symbol) for leg in asked.orders]
        self.engine.check_batch(account, batch)
        if asked.validate:
            return [self._batch_answer([_leg(leg, order_id="") for leg in asked.orders])]
        legs = []
        for leg, terms in zip(asked.orders, batch, strict=True):
            try:
                order = self._place(account, terms, batch=len(batch))
            except Refused as refused:
                if self.engine.settings.failed_legs == "told":
                    legs.append(_leg(leg, error=refused.text))
            else:
                legs.append(_leg(leg, order_id=order.order_id))
        return [self._batch_answer(legs)]

    def _batch_answer(self, legs: list[LegResult]) -> Answer:
        if not self.engine.settings.batch_objects:
            return Answer([*legs])
        return Answer(Result(orders=[evolve(leg, success=leg.error is None) for leg in legs]))

    # Changing

    def _amend(self, account: Account, asked: AmendOrder) -> list[Answer]:
        self._check_deadline(asked.deadline)
        order = self.engine.find(account, asked.order_id, asked.cl_ord_id)
        if asked.symbol not in (None, order.terms.symbol):
            raise invalid("symbol")
        change = Amendment(
            quantity=asked.order_qty,
            limit_price=asked.limit_price,
            limit_kind=asked.limit_price_type,
            display=asked.display_qty,
            trigger_price=asked.trigger_price,
            trigger_kind=asked.trigger_price_type,
            post_only=asked.post_only,
        )
        amend_id = amend(self.engine, account, order, change)
        return [Answer(Result(amend_id=amend_id, order_id=asked.order_id, cl_ord_id=asked.cl_ord_id))]

    def _edit(self, account: Account, asked: EditOrder) -> list[Answer]:
        self._check_deadline(asked.deadline)
        if asked.fee_preference not in (None, "base", "quote"):
            raise invalid("fee_preference")
        order = self.engine.find(account, asked.order_id)
        change = Edit(
            symbol=asked.symbol,
            quantity=asked.order_qty,
            limit_price=asked.limit_price,
            trigger=trigger_of(asked.triggers),
            display=asked.display_qty,
            fee_in_base=None if asked.fee_preference is None else asked.fee_preference == "base",
            post_only=asked.post_only,
            reduce_only=asked.reduce_only,
            userref=asked.order_userref,
        )
        if asked.validate:
            check_edit(self.engine, account, order, change)
            return [Answer(Result(order_id="", original_order_id=order.order_id))]
        replacement = edit(self.engine, account, order, change)
        return [Answer(Result(order_id=replacement.order_id, original_order_id=order.order_id))]

    # Canceling

    def _cancel(self, account: Account, asked: CancelOrder) -> list[Answer]:
        """One answer for each id."""
        find, by_tag = self.engine.find, self.engine.find_by_userref
        wanted: list[tuple[Callable[[], list[VenueOrder]], Result]] = [
            *((partial(_one, find, account, name, None), Result(order_id=name)) for name in asked.order_id or ()),
            *((partial(_one, find, account, None, name), Result(cl_ord_id=name)) for name in asked.cl_ord_id or ()),
            *((partial(by_tag, account, tag), Result(order_userref=tag)) for tag in asked.order_userref or ()),
        ]
        if not wanted:
            raise invalid("order_id")
        return [self._cancel_found(find_them, result) for find_them, result in wanted]

    def _cancel_found(self, find: Callable[[], list[VenueOrder]], result: Result) -> Answer:
        faults = self.faults.next(Occasion.CANCEL, "cancel_order")
        if FaultKind.CANCEL_ERROR in faults:
            return Answer(error=ERRORS.get(faults[FaultKind.CANCEL_ERROR].code, refusals.UNAVAILABLE))
        if FaultKind.CANCEL_DECLINED in faults:
            return Answer(error=self.engine.settings.gone_error)
        try:
            orders = find()
        except Refused as refused:
            return Answer(error=refused.text)
        for order in orders:
            self.engine.cancel(order)
        self.engine.settle()
        return Answer(result)

    def _cancel_all(self, account: Account, asked: object) -> list[Answer]:
        return [Answer(Result(count=self.engine.cancel_all_asked(account)))]

    def _batch_cancel(self, account: Account, asked: BatchCancel) -> list[Answer]:
        names, client_ids = asked.orders or [], asked.cl_ord_id or []
        if not FEWEST_IN_BATCH <= len(names) + len(client_ids) <= MOST_TO_CANCEL:
            raise invalid("orders")
        return [Answer(Result(count=self.engine.cancel_some(account, names, client_ids)))]

    def _cancel_after(self, account: Account, asked: CancelAllOrdersAfter) -> list[Answer]:
        if not 0 <= asked.timeout < DAY:
            raise invalid("timeout")
        self.engine.set_switch(account, asked.timeout)
        current, trigger = switch_times(self.engine.now.wall_ns, asked.timeout)
        return [Answer(Result(currentTime=current, triggerTime=trigger))]


def _named(terms: Terms, order_id: str) -> Result:
    return Result(order_id=order_id, cl_ord_id=terms.cl_ord_id, order_userref=terms.userref)


def _leg(asked: BatchOrder, *, order_id: str | None = None, error: str | None = None) -> LegResult:
    return LegResult(order_id=order_id, cl_ord_id=asked.cl_ord_id, order_userref=asked.order_userref, error=error)


def _one(
    find: Callable[[Account, str | None, str | None], VenueOrder],
    account: Account,
    order_id: str | None,
    cl_ord_id: str | None,
) -> list[VenueOrder]:
    return [find(account, order_id, cl_ord_id)]
