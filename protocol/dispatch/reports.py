"""Reports about orders that this client does not track."""

from __future__ import annotations

from decimal import Decimal

from .. import events
from ..events import OrderStatusReport
from ..facts import OrderView, Trade
from ..tracking import Order
from ..values import NO_TIME, ClientOrderId, InstrumentId, WireId
from .audits import Audits
from .desk import Desk

__all__ = ["Reports"]


class Reports:
    """Stateless."""

    def __init__(self, desk: Desk, audits: Audits) -> None:
        self._desk = desk
        self._audits = audits

    def external_id(self, view: OrderView) -> ClientOrderId | None:
        return self.external_name(view.wire_id)

    def external_name(self, wire_id: WireId | None) -> ClientOrderId | None:
        return None if wire_id is None else self._desk.venue.external_client_order_id(wire_id)

    def status_report(self, view: OrderView, time: int, reason: str, order: Order | None) -> OrderStatusReport:
        """How the venue shows an order; what it leaves out is filled in from a tracked order."""
        return OrderStatusReport(
            local_time=self._desk.now.wall_ns,
            account=self._desk.account,
            instrument=InstrumentId(view.symbol, self._desk.rules.venue),
            client_order_id=self.external_id(view) if order is None else order.identity.client_order_id,
            venue_order_id=view.venue_order_id,
            venue_time=time or view.time,
            status=view.status,
            side=view.side if order is None else order.identity.side,
            type=view.type if order is None else order.identity.type,
            time_in_force=view.time_in_force or (None if order is None else order.time_in_force),
            price=order.price if view.price is None and order is not None else view.price,
            trigger_price=view.trigger_price,
            quantity=_quantity(view, order),
            cumulative=view.cumulative,
            post_only=view.post_only,
            reason=reason or view.reason,
            reduce_only=view.reduce_only,
            trigger=view.trigger_type,
            average_price=view.average_price,
            display_quantity=view.display_quantity,
            parent=view.parent,
        )

    def report(self, view: OrderView, time: int, reason: str = "") -> None:
        if not view.symbol:
            self._desk.warn(
                f"The venue said something of order {view.venue_order_id}, which is not ours, without its instrument. "
                "It was left out."
            )
            return
        self._desk.record(self.status_report(view, time, reason, None))

    def report_open(self, view: OrderView) -> None:
        """An order that a list shows as open; nothing has just happened to it."""
        self.report(view, NO_TIME)

    def report_fill(self, trade: Trade, client_order_id: ClientOrderId | None) -> None:
        """Of an order that is not ours. Without its instrument it is left to history, which names it."""
        if not trade.symbol:
            self._desk.warn(
                f"The venue told of execution {trade.trade_id} without its instrument. It was left out; the venue's "
                "history names it."
            )
            if self._audits.is_on:
                self._audits.want()
            return
        self._desk.record(
            events.FillReport(
                local_time=self._desk.now.wall_ns,
                account=self._desk.account,
                instrument=InstrumentId(trade.symbol, self._desk.rules.venue),
                client_order_id=client_order_id,
                venue_order_id=trade.venue_order_id,
                venue_time=trade.time,
                trade_id=trade.trade_id,
                side=trade.side,
                last_price=trade.price,
                last_quantity=trade.quantity,
                currency="" if trade.fee is None else trade.fee.currency,
                commission=trade.fee,
                liquidity=trade.liquidity,
            )
        )


def _quantity(view: OrderView, order: Order | None) -> Decimal | None:
    """None rather than a guess: of two readings, the tracked order says which one is right."""
    if order is not None and (view.quantity is None or view.other_quantity is not None):
        return order.quantity
    return view.quantity if view.other_quantity is None else None
