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
from ..values import ZERO, Money, OrderStatus, OrderType, TimeInForce, TradeId, VenueOrderId
from ..wire.numbers import amount, is_plausible, positive
from ..wire.times import time_of
from ..wire.tolerant import BEGINNING
from .enumerations import ENDS, is_post_only, liquidity, order_status, side
from .memory import OrderMemory, Remembered
from .symbols import currency
from .wire import Fee, Report

__all__ = ["Executions", "has_fill"]

PENDING: Final = "pending_new"
STATUS: Final = "status"
CHANGES: Final = frozenset({"amended", "restated"})
REPLACED: Final = "Order replaced"
TRIGGERED: Final = "triggered"


def has_fill(report: Report) -> bool:
    """True for a report of an execution."""
    return bool(report.exec_id) or report.exec_type == "trade"


def _reason(report: Report) -> str:
    return report.reason or report.cancel_reason or ""


def _average(report: Report) -> Decimal | None:
    """What the order's fills cost on average (spec D.1)."""
    shown = positive(report.avg_price)
    if shown is not None:
        return shown
    cost, filled = positive(report.cum_cost), positive(report.cum_qty)
    return positive(report.last_price) if cost is None or filled is None else cost / filled


def _price(report: Report, known: Remembered, average: Decimal | None) -> Decimal | None:
    """The order's limit, or where it has none, what it traded at (spec D.1). Terms that are about to be taken over, as
    those of an amended order, are never made of what was traded."""
    if known.price is not None or report.exec_type in CHANGES:
        return known.price
    return average


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
        view = self._view(report, known, listed=True)
        known.accepted = view.status is not OrderStatus.SUBMITTED
        if view.status is not None and view.status.is_terminal:
            self.memory.release(view.venue_order_id)
            return evolve(view, ended=time_of(report.timestamp))
        return view

    def trade(self, report: Report, known: Remembered | None = None) -> Trade | None:
        """The execution in a report; None: it lacks an id, a price or a quantity, and cannot be counted. known: what is
        remembered of its order, if the report has been learnt already."""
        price, quantity = positive(report.last_price), positive(report.last_qty)
        if not report.exec_id or not report.order_id or price is None or quantity is None:
            return None
        learnt = known is not None
        known = known or self.memory.get(VenueOrderId(report.order_id))
        symbol = report.symbol or ("" if known is None else known.symbol)
        return Trade(
            venue_order_id=VenueOrderId(report.order_id),
            trade_id=TradeId(report.exec_id),
            symbol=symbol,
            side=(None if learnt else side(report.side)) or (None if known is None else known.side),
            price=price,
            quantity=quantity,
            liquidity=liquidity(report.liquidity_ind),
            time=time_of(report.timestamp),
            fee=self._fee(report.fees),
            wire_id=report.cl_ord_id or (None if known is None else known.wire_id),
        )

    def facts(self, report: Report) -> list[Fact]:
        """What one report of an update says; [] when it names no order."""
        if not report.order_id:
            return []
        venue_order_id = VenueOrderId(report.order_id)
        known = self.memory.learn(venue_order_id, report)
        view = self._view(report, known)
        fill, ends = has_fill(report), (report.exec_type or "").lower() in ENDS
        facts = self._traded(report, view, known) if fill else []
        if ends or not fill:
            happened = self._happened(report, view, known)
            if isinstance(happened, OrderTriggered) and _moves_trigger(report):
                facts.append(OrderTriggerMoved(time=happened.time, order=view))
            facts.append(happened)
        elif isinstance(facts[0], Unreadable):
            facts.append(OrderAcknowledged(time=time_of(report.timestamp), order=view))  # its total shows the gap
        known.accepted = known.accepted or view.status not in (OrderStatus.SUBMITTED, None)
        if ends or (not fill and view.status is not None and view.status.is_terminal):
            self.memory.release(venue_order_id)
        return facts

    # The order

    def _view(self, report: Report, known: Remembered, *, listed: bool = False) -> OrderView:
        """listed: in a snapshot, whose orders without a limit do not show what they traded at in its place."""
        average = _average(report)
        return OrderView(
            venue_order_id=VenueOrderId(report.order_id or ""),
            wire_id=known.wire_id,
            symbol=known.symbol,
            side=known.side,
            price=_price(report, known, None if listed else average),
            quantity=known.quantity if known.quote_amount is None else None,
            cumulative=known.cumulative,
            status=_status(report, listed=listed),
            time_in_force=TimeInForce.GTC if known.post_only else known.time_in_force,
            post_only=known.post_only,
            type=known.type,
            trigger_price=known.trigger_price,
            reason=_reason(report),
            time=known.placed or time_of(report.timestamp),
            reduce_only=known.reduce_only,
            trigger_type=known.trigger_type,
            average_price=average,
            display_quantity=known.display_quantity,
            quote_amount=known.quote_amount,
            parent=known.parent,
        )

    # What was traded

    def _traded(self, report: Report, view: OrderView, known: Remembered) -> list[Fact]:
        trade = self.trade(report, known)
        if trade is None:
            why = "The venue sent a fill without usable details."
            return [Unreadable(why=why, text=str(report)[:BEGINNING])]
        traded = OrderFilled(time=trade.time, order=view, event_id=trade.trade_id, trade=trade, final=False)
        return [traded]

    def _fee(self, fees: list[Fee] | None) -> Money | None:
        """The sum in the currency named first, a rebate as the negative amount that it is (spec D.2). None: not shown,
        or not readable; history has it."""
        if not fees:
            return None
        if len(fees) == 1 and fees[0].asset and fees[0].qty is not None and is_plausible(fees[0].qty):
            return Money(fees[0].qty, currency(fees[0].asset))
        usable = [(fee.asset, fee.qty) for fee in fees if fee.asset and fee.qty is not None and is_plausible(fee.qty)]
        if not usable:
            return None
        first = usable[0][0]
        return Money(sum((qty for asset, qty in usable if asset == first), ZERO), currency(first))

    # What happened to the order

    def _happened(self, report: Report, view: OrderView, known: Remembered) -> Fact:
        time = time_of(report.timestamp)
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
