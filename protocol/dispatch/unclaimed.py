"""Executions that may be of an order of ours whose venue order id nobody has told us yet.

Some messages name an order by the venue's id alone. While an order that was sent has none here, or a stop has fired and
goes on under an id that nobody has told, such an execution may be its own; told as somebody else's, it would be lost to
that order.
"""

from __future__ import annotations

from itertools import chain
from typing import Final

from attrs import frozen

from ..facts import Trade
from ..tracking import Order
from ..values import ZERO, ClientOrderId, OrderStatus, TradeId, VenueOrderId
from ..venue import SECOND
from .decisions import KeptDue
from .desk import Desk
from .life import OrderLife
from .reports import Reports

__all__ = ["Unclaimed"]

CLOCK_TOLERANCE: Final = 60 * SECOND
"""How far the venue's clock and ours may be apart."""
PATIENCE: Final = 300 * SECOND
"""How long an execution waits for an order whose venue order id may never be told."""


@frozen
class Kept:
    """final: the venue says that the order is complete with it; suspects: the orders that may be meant, which were all
    sent before it was heard; until: ns, monotonic, how long it waits for those that cannot be asked for."""

    trade: Trade
    final: bool
    suspects: list[Order]
    until: int


class Unclaimed:
    """Owns these executions, until the order is known or no order of ours can be meant."""

    def __init__(self, desk: Desk, life: OrderLife, reports: Reports) -> None:
        self._desk = desk
        self._life = life
        self._reports = reports
        self.kept: dict[tuple[VenueOrderId, TradeId], Kept] = {}
        self._doubtful: dict[ClientOrderId, Order] = {}

    def doubt(self, order: Order) -> None:
        """The order may go on under an id that nobody has told."""
        self._doubtful = {name: other for name, other in self._doubtful.items() if self._is_doubtful(other)}
        self._doubtful[order.identity.client_order_id] = order

    def keep(self, trade: Trade, *, final: bool = False) -> bool:
        """Keeps an execution of an order that is not known. False, and nothing is kept, if it is certainly not ours."""
        orders = self._desk.orders
        fired = orders.fired.values() if self._desk.rules.stops_go_on else ()
        candidates = chain(orders.unnamed.values(), fired, self._doubtful.values())
        suspects = [order for order in candidates if self._may_be_of(order, trade)]
        if suspects:
            until = self._desk.now.monotonic_ns + PATIENCE
            self.kept.setdefault((trade.venue_order_id, trade.trade_id), Kept(trade, final, suspects, until))
            self._desk.timers.add(until, KeptDue())
        return bool(suspects)

    def settle(self) -> None:
        """Publishes what can be told by now: as a fill of the order that has become known, or as somebody else's."""
        for key, kept in list(self.kept.items()):
            order = self._desk.orders.by_venue_order_id(kept.trade.venue_order_id)
            if order is None and any(self._is_awaited(suspect, kept) for suspect in kept.suspects):
                continue
            del self.kept[key]
            self.tell(kept.trade, order, final=kept.final)

    def tell(self, trade: Trade, order: Order | None, *, final: bool = False) -> None:
        """Publishes an execution, unless it was published before. order: None if it is none of ours."""
        if self._life.is_known_fill(order, trade):
            return
        if order is None:
            self._reports.report_fill(trade, self._reports.external_name(trade.wire_id))
        else:
            self._life.accept_late(order, trade.venue_order_id, trade.time)
            self._follow(order, trade)
            self._life.fill(order, trade, final)

    def _follow(self, order: Order, trade: Trade) -> None:
        """A fired stop goes on under the id of its execution."""
        known = order.venue_order_id in (None, trade.venue_order_id)
        if known or not self._desk.rules.stops_go_on or order.is_over:
            return
        if not self._desk.orders.is_former_id(order, trade.venue_order_id):
            self._life.rename(order, trade.venue_order_id, None, ZERO, trade.time)

    def _is_awaited(self, order: Order, kept: Kept) -> bool:
        if not self._may_be_of(order, kept.trade):
            return False
        can_be_asked_for = order.venue_order_id is None and order.can_be_named
        return can_be_asked_for or self._desk.now.monotonic_ns < kept.until

    def _may_be_of(self, order: Order, trade: Trade) -> bool:
        identity = order.identity
        return (
            trade.wire_id is None
            and self._is_without_id(order)
            and identity.instrument.symbol == trade.symbol
            and (identity.side is None or trade.side in (None, identity.side))
            and trade.time >= self._desk.placed_by_venue(order) - CLOCK_TOLERANCE
        )

    def _is_without_id(self, order: Order) -> bool:
        """True while the venue may have given the order an id that is not known here."""
        if order.venue_order_id is None:
            return self._desk.placement_of(order) is not None
        goes_on = self._desk.rules.stops_go_on and order.status is OrderStatus.TRIGGERED
        return (goes_on and not order.former_ids) or self._is_doubtful(order)

    def _is_doubtful(self, order: Order) -> bool:
        return order.identity.client_order_id in self._doubtful and not (order.is_over or order.former_ids)
