"""Executions that may be of an order of ours whose venue order id nobody has told us yet.

Some messages name an order by the venue's id alone. While an order that was sent has none here, such an execution may
be its own; told as somebody else's, it would be lost to that order.
"""

from __future__ import annotations

from typing import Final

from attrs import frozen

from ..facts import Trade
from ..tracking import Order
from ..values import TradeId, VenueOrderId
from ..venue import SECOND
from .desk import Desk
from .life import OrderLife
from .reports import Reports

__all__ = ["Unclaimed"]

CLOCK_TOLERANCE: Final = 60 * SECOND
"""How far the venue's clock and ours may be apart."""


@frozen
class Kept:
    """final: the venue says that the order is complete with it; suspects: the orders that may be meant, which were all
    sent before it was heard."""

    trade: Trade
    final: bool
    suspects: list[Order]


class Unclaimed:
    """Owns these executions, until the order is known or no order of ours can be meant."""

    def __init__(self, desk: Desk, life: OrderLife, reports: Reports) -> None:
        self._desk = desk
        self._life = life
        self._reports = reports
        self.kept: dict[tuple[VenueOrderId, TradeId], Kept] = {}

    def keep(self, trade: Trade, *, final: bool = False) -> bool:
        """Keeps an execution of an order that is not known. False, and nothing is kept, if it is certainly not ours."""
        suspects = [order for order in self._desk.orders.unnamed.values() if self._may_be_of(order, trade)]
        if suspects:
            self.kept.setdefault((trade.venue_order_id, trade.trade_id), Kept(trade, final, suspects))
        return bool(suspects)

    def settle(self) -> None:
        """Publishes what can be told by now: as a fill of the order that has become known, or as somebody else's."""
        for key, kept in list(self.kept.items()):
            order = self._desk.orders.by_venue_order_id(kept.trade.venue_order_id)
            if order is None and any(self._may_be_of(suspect, kept.trade) for suspect in kept.suspects):
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
            self._life.fill(order, trade, final)

    def _may_be_of(self, order: Order, trade: Trade) -> bool:
        identity = order.identity
        return (
            trade.wire_id is None
            and order.venue_order_id is None
            and identity.instrument.symbol == trade.symbol
            and (identity.side is None or trade.side in (None, identity.side))
            and trade.time >= identity.local_time - CLOCK_TOLERANCE
            and self._desk.placement_of(order) is not None
        )
