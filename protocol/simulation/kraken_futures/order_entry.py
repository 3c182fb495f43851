"""Order entry at a simulated Kraken Futures (spec B.12): forms in, statuses out."""

from __future__ import annotations

from collections import deque
from collections.abc import Mapping
from contextlib import suppress
from typing import Any, Final

from attrs import define, evolve, field

from ...kraken_futures.converter import iso
from ..faults import FaultKind, FaultSchedule, Occasion
from . import parameters, views
from .access import Access, Denied
from .engine import REASONS, Answer, Engine
from .order_forms import OrderForms, Unfit, deadline
from .orders import State, VenueOrder
from .parameters import MISSING, BatchCancel, BatchEdit, BatchItem, BatchSend, Reader, UnusableItem
from .rest_call import Call
from .rest_rows import Answer as RestAnswer
from .rest_rows import BatchStatus, Named, Status, TimerStatus

__all__ = ["Broken", "OrderEntry", "ParserRefusal"]

SECOND: Final = 1_000_000_000
SECONDS_A_DAY: Final = 86_400
LATE: Final = "wouldProcessAfterSpecifiedTime"
BATCH_COST: Final = 9
"""Tokens of a batch, before one for each item."""
INVALID_ORDER_TYPE: Final = 11


class Broken(Exception):
    """A call fails on the venue's side; args: an HTTP status and an error code."""


class ParserRefusal(Exception):
    """A call is refused before it is understood; args: a code and a sentence."""


@define
class OrderEntry:
    """scripted: statuses with which the next placements are answered, and whether they are executed."""

    engine: Engine
    access: Access
    faults: FaultSchedule
    reader: Reader
    scripted: deque[tuple[str, bool]] = field(factory=deque)
    _forms: OrderForms = field(init=False)

    def __attrs_post_init__(self) -> None:
        self._forms = OrderForms(self.engine, self.reader)

    # Placing

    def send(self, call: Call) -> RestAnswer:
        form = self.reader.form(call.text, parameters.SendForm, "sendorder")
        return RestAnswer(sendStatus=self._place(call, form, form.processBefore))

    def _place(self, call: Call, form: parameters.Terms, process_before: str | None) -> Status:
        faults = self.faults.next(Occasion.PLACE, call.path)
        if FaultKind.PLACE_ERROR in faults:
            raise Broken(faults[FaultKind.PLACE_ERROR].code, "Unavailable")
        try:
            answer = self._placed(call, form, process_before)
        except Unfit as unfit:
            if unfit.args[0] == "invalidOrderType" and self.engine.settings.parser_refusals:
                raise ParserRefusal(INVALID_ORDER_TYPE, "invalid order type") from None
            answer = Answer(status=unfit.args[0])
        if FaultKind.PLACE_ERROR_EXECUTED in faults:
            raise Broken(faults[FaultKind.PLACE_ERROR_EXECUTED].code, "Server Error")
        has_id = answer.status not in REASONS or answer.status == "postWouldExecute"
        return self._status(
            call,
            answer.status,
            order_id=answer.order.order_id if answer.order is not None and has_id else None,
            client_id=form.cliOrdId or None,
            orderEvents=list(answer.events),
        )

    def _placed(self, call: Call, form: parameters.Terms, process_before: str | None) -> Answer:
        terms = self._forms.terms(form)
        if self.scripted:
            status, executed = self.scripted.popleft()
            answer = self.engine.place(call.account, terms) if executed else Answer(status=status)
            return evolve(answer, status=status)
        hold = self.engine.hold_of(self.engine.markets[terms.symbol], terms.type)
        if _is_late(call, process_before, hold):
            return Answer(status=LATE)
        return self.engine.place(call.account, terms)

    # Editing

    def edit(self, call: Call) -> RestAnswer:
        form = self.reader.form(call.text, parameters.EditForm, "editorder")
        status = self._edit(call, form, form.orderId or "", form.processBefore)
        return RestAnswer(editStatus=evolve(status, orderId=status.order_id, order_id=None))

    def _edit(self, call: Call, form: parameters.Changes, order_id: str, process_before: str | None) -> Status:
        client_id = form.cliOrdId
        order = self._named(call, order_id, client_id)
        if order is None or not order.is_open:
            return self._status(
                call, "orderForEditNotFound", order_id=order_id or None, client_id=client_id, orderEvents=[]
            )
        try:
            editing = self._forms.editing(form)
            hold = self.engine.hold_of(self.engine.markets[order.symbol], order.terms.type)
            late = _is_late(call, process_before, hold)
            answer = Answer(status=LATE) if late else self.engine.edit(order, editing)
        except Unfit as unfit:
            answer = Answer(status=unfit.args[0])
        events = list(answer.events)
        return self._status(call, answer.status, order_id=order.order_id, client_id=order.client_id, orderEvents=events)

    # Canceling

    def cancel(self, call: Call) -> RestAnswer:
        form = self.reader.form(call.text, parameters.CancelForm, "cancelorder")
        return RestAnswer(cancelStatus=self._cancel(call, form, form.processBefore))

    def _cancel(self, call: Call, form: parameters.CancelForm | BatchCancel, process_before: str | None) -> Status:
        faults = self.faults.next(Occasion.CANCEL, call.path)
        if FaultKind.CANCEL_ERROR in faults:
            raise Broken(faults[FaultKind.CANCEL_ERROR].code, "Unavailable")
        order = self._named(call, form.order_id or "", form.cliOrdId)
        if _is_late(call, process_before):
            return self._status(call, LATE)
        if order is not None and order.state is State.FILLED:
            return self._status(call, "filled", order_id=order.order_id, client_id=order.client_id)
        if order is None or not order.is_open or FaultKind.CANCEL_DECLINED in faults:
            return self._status(call, "notFound")
        events = list(self.engine.cancel(order))
        return self._status(call, "cancelled", order_id=order.order_id, client_id=order.client_id, orderEvents=events)

    def cancel_all(self, call: Call) -> RestAnswer:
        symbol = self.reader.form(call.text, parameters.CancelAllForm, "cancelallorders").symbol
        orders, events = self.engine.cancel_all(call.account, None if symbol is None else symbol.upper())
        settings = self.engine.settings
        status = Status(
            receivedTime=iso(call.now.wall_ns),
            cancelOnly=symbol or "all",
            status="cancelled" if orders else "noOrdersToCancel",
            cancelledOrders=[
                Named(order_id=order.order_id, **views.named(order.client_id, settings)) for order in orders
            ],
            orderEvents=list(events),
        )
        return RestAnswer(cancelStatus=status)

    def cancel_all_after(self, call: Call) -> RestAnswer:
        """Sets, renews or stops the account's dead man's switch."""
        seconds = self.reader.form(call.text, parameters.CancelAllAfterForm, "cancelallordersafter").timeout
        if not 0 <= seconds < SECONDS_A_DAY:
            raise Denied("invalidArgument: timeout")
        call.account.timer = call.now.monotonic_ns + seconds * SECOND if seconds else None
        status = TimerStatus(
            currentTime=iso(call.now.wall_ns),
            triggerTime=iso(call.now.wall_ns + seconds * SECOND) if seconds else "0",
        )
        return RestAnswer(status=status)

    # Batches

    def batch(self, call: Call) -> RestAnswer:
        """Nothing is executed unless every item can be told apart; each is then answered for itself."""
        form = self.reader.form(call.text, parameters.BatchForm, "batchorder")
        items = self.reader.batch(form.json)
        for item in items:
            self._look_at(item)
        self.access.pay(call.user, "derivatives", BATCH_COST + len(items), call.now)
        return RestAnswer(batchStatus=[self._item(call, item, form.ProcessBefore) for item in items])

    def _look_at(self, item: BatchItem) -> None:
        """Whether anything in an item is not documented, before the first one is executed."""
        with suppress(Denied, Unfit):
            if isinstance(item, BatchSend):
                self._forms.terms(item)
            elif isinstance(item, BatchEdit):
                self._forms.editing(item)

    def _item(self, call: Call, item: BatchItem, process_before: str | None) -> BatchStatus:
        tag = item.order_tag
        try:
            status = self._handled(call, item, process_before)
        except Denied as denied:
            status = self._status(call, str(denied), orderEvents=[])
        if isinstance(item, BatchCancel) and self.engine.settings.nested_cancels:
            return BatchStatus(order_tag=tag, cancelStatus=status)
        return BatchStatus(
            status=status.status,
            order_tag=tag,
            order_id=status.order_id,
            cliOrdId=status.cliOrdId,
            cli_ord_id=status.cli_ord_id,
            dateTimeReceived=status.receivedTime,
            orderEvents=status.orderEvents,
        )

    def _handled(self, call: Call, item: BatchItem, process_before: str | None) -> Status:
        match item:
            case BatchSend():
                return self._place(call, item, process_before)
            case BatchEdit():
                return self._edit(call, item, item.order_id or "", process_before)
            case BatchCancel():
                return self._cancel(call, item, process_before)
            case UnusableItem():
                raise Denied(item.error)

    # Common

    def _named(self, call: Call, order_id: str, client_id: str | None) -> VenueOrder | None:
        """The order that a call means. Where it gives both ids the order id counts; what becomes of two that disagree
        is not documented."""
        if not order_id and not client_id:
            raise Denied(MISSING)
        order = self.engine.find(call.account, order_id, client_id)
        if order is None and order_id:
            self.engine.history.not_found(call.account, order_id)
        if order is None or not (order_id and client_id) or order.client_id == client_id:
            return order
        return order if self.engine.settings.disagreeing_ids == "order_id" else None

    def _status(
        self, call: Call, word: str, *, order_id: str | None = None, client_id: str | None = None, **more: Any
    ) -> Status:
        names: Mapping[str, Any] = views.named(client_id, self.engine.settings)
        return Status(status=word, order_id=order_id, receivedTime=iso(call.now.wall_ns), **names, **more)


def _is_late(call: Call, process_before: str | None, hold: int = 0) -> bool:
    """By the venue's clock. hold: how long the request will wait, ns."""
    end = deadline(process_before)
    return end is not None and call.now.wall_ns + hold > end
