"""Execution reports to facts: what happened to an order, and what was traded (spec A.7 to A.11, D.1, D.2).

A report may carry a fill, a new state of its order, or both. A fill never completes an order by the status in its own
report: the marker `filled` does, or the quantity, which dispatch counts (spec A.9).
"""

from __future__ import annotations

from decimal import Decimal
from typing import Final

from attrs import define

from ..facts import (
    Fact,
    OrderAcknowledged,
    OrderCanceled,
    OrderExpired,
    OrderFilled,
    OrderPending,
    OrderRejected,
    OrderRemoved,
    OrderReplaced,
    OrderTriggered,
    OrderTriggerMoved,
    OrderView,
    Trade,
    Unreadable,
)
from ..reasons import RejectReason
from ..structs import evolve
from ..values import ZERO, Money, OrderStatus, OrderType, Side, TimeInForce, TradeId, VenueOrderId
from ..wire.numbers import amount, is_plausible, positive
from ..wire.times import time_of
from ..wire.tolerant import BEGINNING
from .enumerations import ENDS, STATUSES, is_post_only, liquidity, order_status, side
from .memory import OrderMemory, Remembered
from .symbols import currency
from .wire import Fee, Report

__all__ = ["Executions", "has_fill"]

TRADE: Final = "trade"
PENDING: Final = "pending_new"
STATUS: Final = "status"
CHANGES: Final = frozenset({"amended", "restated"})
REPLACED: Final = "Order replaced"
TRIGGERED: Final = "triggered"
# Python 3.11 looks a member up in its enumeration five times as slowly as a name in a module.
SUBMITTED: Final = OrderStatus.SUBMITTED
GTC: Final = TimeInForce.GTC


def has_fill(report: Report) -> bool:
    """True for a report of an execution."""
    return bool(report.exec_id) or report.exec_type == TRADE


def _reason(report: Report) -> str:
    return report.reason or report.cancel_reason or ""


def _average(report: Report) -> Decimal | None:
    """What the order's fills cost on average, where the venue does not say it (spec D.1)."""
    cost, filled = positive(report.cum_cost), positive(report.cum_qty)
    return positive(report.last_price) if cost is None or filled is None else cost / filled


def _is_replaced(report: Report) -> bool:
    """True where an edit put another order in this one's place."""
    return report.exec_type == "canceled" and _reason(report) == REPLACED


def _moves_trigger(report: Report) -> bool:
    """True where the market took the trigger of a trailing stop along, or fired it there."""
    triggers = report.triggers
    return report.exec_type == STATUS and triggers is not None and positive(triggers.actual_price) is not None


def _status(report: Report, *, listed: bool = False) -> OrderStatus | None:
    """listed: the report is a row of a snapshot."""
    if _is_replaced(report):
        return None  # it goes on under another id, which this report does not name
    triggers = report.triggers
    fired = triggers is not None and (triggers.status or "").lower() == TRIGGERED
    status = order_status(report.exec_type, report.order_status, triggered=fired, listed=listed)
    if status is None and report.exec_type in CHANGES:
        return OrderStatus.ACCEPTED  # only what is open is changed
    return status


def _with_rarer_terms(view: OrderView, known: Remembered, reason: str) -> OrderView:
    return evolve(
        view,
        quantity=known.quantity if known.quote_amount is None else None,
        trigger_price=known.trigger_price,
        reason=reason,
        reduce_only=known.reduce_only,
        trigger_type=known.trigger_type,
        display_quantity=known.display_quantity,
        quote_amount=known.quote_amount,
        parent=known.parent,
    )


def _fee(fees: list[Fee] | None) -> Money | None:
    """The sum in the currency named first, a rebate as the negative amount that it is (spec D.2). None: not shown, or
    not readable; history has it."""
    if not fees:
        return None
    first = fees[0]
    if len(fees) == 1 and first.asset and first.qty is not None and is_plausible(first.qty):
        return Money(first.qty, currency(first.asset))
    usable = [(fee.asset, fee.qty) for fee in fees if fee.asset and fee.qty is not None and is_plausible(fee.qty)]
    if not usable:
        return None
    named = usable[0][0]
    return Money(sum((qty for asset, qty in usable if asset == named), ZERO), currency(named))


@define(eq=False)
class Executions:
    """One connection's reading of the reports."""

    memory: OrderMemory

    def knows(self, report: Report) -> bool:
        """True for an order that an earlier report of this connection showed."""
        return bool(report.order_id) and self.memory.get(VenueOrderId(report.order_id or "")) is not None

    def listed(self, report: Report) -> OrderView | None:
        """An order of a snapshot; None: it has no id."""
        if not report.order_id:
            return None
        known = self.memory.learn(VenueOrderId(report.order_id), report)
        time = time_of(report.timestamp)
        view = self._view(report, known, time, listed=True)
        known.accepted = view.status is not SUBMITTED
        if view.status is not None and view.status.is_terminal:
            self.memory.release(view.venue_order_id)
            return evolve(view, ended=time)
        return view

    def trade(self, report: Report) -> Trade | None:
        """The execution in a report that is not learnt from; None: it lacks an id, a price or a quantity, and cannot be
        counted."""
        venue_order_id = VenueOrderId(report.order_id or "")
        known = self.memory.get(venue_order_id) or Remembered(venue_order_id)
        return self._trade(report, known, side(report.side) or known.side, time_of(report.timestamp))

    def _trade(self, report: Report, known: Remembered, side: Side | None, time: int) -> Trade | None:
        """known: what is remembered of its order; time: of the report."""
        price, quantity = positive(report.last_price), positive(report.last_qty)
        if not report.exec_id or not known.venue_order_id or price is None or quantity is None:
            return None
        return Trade(
            venue_order_id=known.venue_order_id,
            trade_id=TradeId(report.exec_id),
            symbol=report.symbol or known.symbol,
            side=side,
            price=price,
            quantity=quantity,
            liquidity=liquidity(report.liquidity_ind),
            time=time,
            fee=_fee(report.fees),
            wire_id=report.cl_ord_id or known.wire_id,
        )

    def facts(self, report: Report) -> list[Fact]:
        """What one report of an update says; [] when it names no order."""
        if not report.order_id:
            return []
        known, time = self.memory.learn(VenueOrderId(report.order_id), report), time_of(report.timestamp)
        view = self._view(report, known, time)
        read = self._filled if report.exec_type == TRADE else self._changed
        facts, status = read(report, view, known, time), view.status
        if status is not None and status is not SUBMITTED:
            known.accepted = True
        return facts

    def _filled(self, report: Report, view: OrderView, known: Remembered, time: int) -> list[Fact]:
        trade = self._trade(report, known, known.side, time)
        if trade is not None:
            return [OrderFilled(time=time, order=view, event_id=trade.trade_id, trade=trade, final=False)]
        why = "The venue sent a fill without usable details."
        unread = Unreadable(why=why, text=str(report)[:BEGINNING])
        return [unread, OrderAcknowledged(time=time, order=view)]  # its total shows the gap

    def _changed(self, report: Report, view: OrderView, known: Remembered, time: int) -> list[Fact]:
        """What a report of another kind says, which may hold a fill as well."""
        fill, ends = has_fill(report), (report.exec_type or "").lower() in ENDS
        facts = self._filled(report, view, known, time) if fill else []
        if fill and not ends:
            return facts
        del facts[1:]  # the end itself shows the gap
        if view.status is OrderStatus.TRIGGERED and _moves_trigger(report):
            facts.append(OrderTriggerMoved(time=time, order=view))
        facts.append(self._happened(report, view, known, time))
        if ends or (view.status is not None and view.status.is_terminal):
            self.memory.release(view.venue_order_id)
        return facts

    # The order

    def _view(self, report: Report, known: Remembered, time: int, *, listed: bool = False) -> OrderView:
        """time: of the report; listed: in a snapshot."""
        average, price = positive(report.avg_price) or _average(report), known.price
        # An order without a limit shows what it traded at in its place (spec D.1), but not in a snapshot. Terms that
        # are about to be taken over, as those of an amended order, are never made of what was traded either.
        if price is None and not listed and report.exec_type not in CHANGES:
            price = average
        # Nearly all reports are of trades, and there the order's own code is all that counts.
        status = STATUSES.get(report.order_status or "") if report.exec_type == TRADE else None
        # A call with more than 15 keywords takes a much slower way in Python, so what few orders have is added to them.
        view = OrderView(
            venue_order_id=known.venue_order_id,
            wire_id=known.wire_id,
            symbol=known.symbol,
            side=known.side,
            price=price,
            quantity=known.quantity,
            cumulative=known.cumulative,
            status=_status(report, listed=listed) if status is None else status,
            time_in_force=GTC if known.post_only else known.time_in_force,
            post_only=known.post_only,
            type=known.type,
            time=known.placed or time,
            average_price=average,
        )
        reason = report.reason or report.cancel_reason or ""
        return view if known.is_usual and not reason else _with_rarer_terms(view, known, reason)

    # What happened to the order

    def _happened(self, report: Report, view: OrderView, known: Remembered, time: int) -> Fact:
        if report.exec_type == PENDING or view.status is OrderStatus.SUBMITTED:
            return OrderPending(time=time, order=view)
        if view.status is OrderStatus.FILLED:
            return self._removed(OrderStatus.FILLED, report, view, time)
        if view.status in (OrderStatus.CANCELED, OrderStatus.EXPIRED):
            return self._ended(report, view, known, time)
        if report.exec_type in CHANGES or _is_replaced(report):
            return OrderReplaced(time=time, order=view, new_venue_order_id=None, replacement=None)
        if view.status is OrderStatus.TRIGGERED:
            return OrderTriggered(time=time, order=view)
        if _moves_trigger(report):
            return OrderTriggerMoved(time=time, order=view)
        return OrderAcknowledged(time=time, order=view)

    def _removed(self, ending: OrderStatus, report: Report, view: OrderView, time: int) -> OrderRemoved:
        filled = amount(report.cum_qty) or view.cumulative
        if ending is OrderStatus.FILLED and report.cum_qty is None:
            # The quantity of a market order may be a guess: dispatch knows it of its own orders (spec E.11).
            filled = None if view.type is OrderType.MARKET and view.quantity else view.quantity or filled
        return OrderRemoved(time=time, order=view, ending=ending, filled=filled, reason=view.reason)

    def _ended(self, report: Report, view: OrderView, known: Remembered, time: int) -> Fact:
        """Canceled or expired. With fills before it, it counts once they were heard."""
        if view.cumulative:
            return self._removed(view.status or OrderStatus.CANCELED, report, view, time)
        if view.status is OrderStatus.EXPIRED:
            return OrderExpired(time=time, order=view, reason=view.reason)
        if is_post_only(view.reason) and not known.accepted:
            return OrderRejected(time=time, order=view, reason=view.reason, why=RejectReason.POST_ONLY, removed=True)
        return OrderCanceled(time=time, order=view, reason=view.reason)
