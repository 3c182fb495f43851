"""Order entry at a simulated Kraken Futures (spec B.12): forms in, statuses out."""

from __future__ import annotations

from collections import deque
from collections.abc import Mapping
from typing import Any, Final

from attrs import asdict, define, evolve, field

from ...kraken_futures import voice, wire
from ...kraken_futures.voice import iso
from ..faults import FaultKind, FaultSchedule, Occasion
from . import views
from .access import Access, Denied
from .call import Call
from .engine import REASONS, Answer, Engine
from .forms import Unfit, deadline, editing_of, terms_of
from .orders import State, VenueOrder

__all__ = ["Broken", "Entry", "ParserRefusal"]

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
class Entry:
    """scripted: statuses with which the next placements are answered, and whether they are executed."""

    engine: Engine
    access: Access
    faults: FaultSchedule
    scripted: deque[tuple[str, bool]] = field(factory=deque)

    # Placing

    def send(self, call: Call) -> wire.RestAnswer:
        form = voice.decode_form(call.text, wire.SendForm)
        return wire.RestAnswer(sendStatus=self._place(call, form, form.processBefore))

    def _place(self, call: Call, form: wire.SendForm | wire.BatchItem, process_before: str | None) -> wire.Status:
        faults = self.faults.next(Occasion.PLACE)
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

    def _placed(self, call: Call, form: wire.SendForm | wire.BatchItem, process_before: str | None) -> Answer:
        terms = terms_of(form, self.engine)
        if self.scripted:
            status, executed = self.scripted.popleft()
            answer = self.engine.place(call.account, terms) if executed else Answer(status=status)
            return evolve(answer, status=status)
        hold = self.engine.hold_of(self.engine.markets[terms.symbol], terms.type)
        if _is_late(call, process_before, hold):
            return Answer(status=LATE)
        return self.engine.place(call.account, terms)

    # Editing

    def edit(self, call: Call) -> wire.RestAnswer:
        form = voice.decode_form(call.text, wire.EditForm)
        status = self._edit(call, form, form.processBefore)
        return wire.RestAnswer(editStatus=evolve(status, orderId=status.order_id, order_id=None))

    def _edit(self, call: Call, form: wire.EditForm | wire.BatchItem, process_before: str | None) -> wire.Status:
        order = self._named(call, form.venue_id, form.cliOrdId)
        order_id, client_id = form.venue_id or None, form.cliOrdId
        if order is None or not order.is_open:
            return self._status(call, "orderForEditNotFound", order_id=order_id, client_id=client_id, orderEvents=[])
        try:
            editing = editing_of(form)
            hold = self.engine.hold_of(self.engine.markets[order.symbol], order.terms.type)
            late = _is_late(call, process_before, hold)
            answer = Answer(status=LATE) if late else self.engine.edit(order, editing)
        except Unfit as unfit:
            answer = Answer(status=unfit.args[0])
        events = list(answer.events)
        return self._status(call, answer.status, order_id=order.order_id, client_id=order.client_id, orderEvents=events)

    # Canceling

    def cancel(self, call: Call) -> wire.RestAnswer:
        form = voice.decode_form(call.text, wire.CancelForm)
        return wire.RestAnswer(cancelStatus=self._cancel(call, form, form.processBefore))

    def _cancel(self, call: Call, form: wire.CancelForm | wire.BatchItem, process_before: str | None) -> wire.Status:
        faults = self.faults.next(Occasion.CANCEL)
        if FaultKind.CANCEL_ERROR in faults:
            raise Broken(faults[FaultKind.CANCEL_ERROR].code, "Unavailable")
        order = self._named(call, form.venue_id, form.cliOrdId)
        if _is_late(call, process_before):
            return self._status(call, LATE)
        if order is not None and order.state is State.FILLED:
            return self._status(call, "filled", order_id=order.order_id, client_id=order.client_id)
        if order is None or not order.is_open or FaultKind.CANCEL_DECLINED in faults:
            return self._status(call, "notFound")
        events = list(self.engine.cancel(order))
        return self._status(call, "cancelled", order_id=order.order_id, client_id=order.client_id, orderEvents=events)

    def cancel_all(self, call: Call) -> wire.RestAnswer:
        symbol = voice.decode_form(call.text, wire.CancelAllForm).symbol
        orders, events = self.engine.cancel_all(call.account, None if symbol is None else symbol.upper())
        settings = self.engine.settings
        status = wire.Status(
            receivedTime=iso(call.now.wall_ns),
            cancelOnly=symbol or "all",
            status="cancelled" if orders else "noOrdersToCancel",
            cancelledOrders=[
                wire.Named(order_id=order.order_id, **views.named(order.client_id, settings)) for order in orders
            ],
            orderEvents=list(events),
        )
        return wire.RestAnswer(cancelStatus=status)

    def cancel_all_after(self, call: Call) -> wire.RestAnswer:
        """Sets, renews or stops the account's dead man's switch."""
        seconds = voice.decode_form(call.text, wire.CancelAllAfterForm).timeout
        if not 0 <= seconds < SECONDS_A_DAY:
            raise Denied("invalidArgument: timeout")
        call.account.timer = call.now.monotonic_ns + seconds * SECOND if seconds else None
        status = wire.TimerStatus(
            currentTime=iso(call.now.wall_ns),
            triggerTime=iso(call.now.wall_ns + seconds * SECOND) if seconds else "0",
        )
        return wire.RestAnswer(status=status)

    # Batches

    def batch(self, call: Call) -> wire.RestAnswer:
        """Nothing is executed unless every item is one that can be told apart; each is then answered for itself."""
        items = voice.decode_batch(call.text).batchOrder
        process_before = voice.decode_form(call.text, wire.BatchForm).ProcessBefore
        for item in items:
            if item.order not in ("send", "edit", "cancel"):
                raise Denied("invalidArgument: order")
            if item.order == "send" and item.tag is None:
                raise Denied(voice.MISSING)
        self.access.pay(call.user, "derivatives", BATCH_COST + len(items), call.now)
        return wire.RestAnswer(batchStatus=[self._item(call, item, process_before) for item in items])

    def _item(self, call: Call, item: wire.BatchItem, process_before: str | None) -> wire.BatchStatus:
        handle = {"send": self._place, "edit": self._edit, "cancel": self._cancel}[item.order]
        try:
            status = handle(call, item, process_before)
        except Denied as denied:
            status = self._status(call, str(denied))
        if item.order == "cancel" and self.engine.settings.nested_cancels:
            return wire.BatchStatus(order_tag=item.tag, cancelStatus=status)
        spelt = evolve(status, order_tag=item.tag, receivedTime=None, dateTimeReceived=status.receivedTime)
        return wire.BatchStatus(**asdict(spelt, recurse=False))

    # Common

    def _named(self, call: Call, order_id: str, client_id: str | None) -> VenueOrder | None:
        if not order_id and not client_id:
            raise Denied(voice.MISSING)
        if order_id and client_id:
            raise Denied("invalidArgument: cliOrdId")
        order = self.engine.find(call.account, order_id, client_id)
        if order is None and order_id:
            self.engine.history.not_found(call.account, order_id)
        return order

    def _status(
        self, call: Call, word: str, *, order_id: str | None = None, client_id: str | None = None, **more: Any
    ) -> wire.Status:
        names: Mapping[str, Any] = views.named(client_id, self.engine.settings)
        return wire.Status(status=word, order_id=order_id, receivedTime=iso(call.now.wall_ns), **names, **more)


def _is_late(call: Call, process_before: str | None, hold: int = 0) -> bool:
    """hold: how long the request will wait, ns."""
    end = deadline(process_before)
    return end is not None and call.now.wall_ns + hold > end
