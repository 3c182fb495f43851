"""What one message of the venue told ahead of another: totals whose fills, and ends whose last fills, are on their way.

Some venues tell of orders and of their fills on separate feeds (spec Kraken E.4, E.5). A total that is ahead is no gap
before its fills have had their time, and an order that left the book has not ended before they were heard.
"""

from __future__ import annotations

from decimal import Decimal

from attrs import define, frozen

from ..tracking import Order
from ..values import ZERO, ClientOrderId, OrderStatus
from .decisions import FillsDue
from .desk import Desk

__all__ = ["Awaited", "Ending", "Lagging"]


@frozen(kw_only=True)
class Ending:
    """How an order leaves once its fills are heard. status: CANCELED, EXPIRED or FILLED; time: ns since 1970."""

    status: OrderStatus
    reason: str
    time: int


@define
class Awaited:
    """What is still to come for one order. total: how much has executed in all, None: nobody said; ending: None while
    the order goes on; run: the reading of history that settles it, None: none was asked for yet; due: ns, monotonic,
    until when it is waited for."""

    total: Decimal | None
    due: int
    ending: Ending | None = None
    run: int | None = None


class Lagging:
    """Owns what is awaited, by order. Empty at a venue that tells all in one message."""

    def __init__(self, desk: Desk) -> None:
        self._desk = desk
        self._awaited: dict[ClientOrderId, Awaited] = {}

    def __len__(self) -> int:
        return len(self._awaited)

    def expect(self, order: Order, total: Decimal, ending: Ending | None = None) -> None:
        """The venue says that `total` of the order has executed, and maybe that it ended with that."""
        awaited = self._at(order)
        awaited.total = total if awaited.total is None else max(total, awaited.total)
        awaited.ending = ending or awaited.ending

    def expect_more(self, order: Order, ending: Ending) -> None:
        """The order ended after executions, and nobody said how much they were."""
        self._at(order).ending = ending

    def _at(self, order: Order) -> Awaited:
        client_order_id = order.identity.client_order_id
        awaited = self._awaited.get(client_order_id)
        if awaited is None:
            due = self._desk.now.monotonic_ns + self._desk.rules.fills_lag
            awaited = self._awaited[client_order_id] = Awaited(None, due)
            self._desk.timers.add(due, FillsDue(client_order_id))
        return awaited

    def heard(self, order: Order) -> Ending | None:
        """A fill of the order has been published. The ending that is complete with it, if any."""
        awaited = self._awaited.get(order.identity.client_order_id)
        if awaited is None or awaited.total is None or order.cumulative < awaited.total:
            return None
        del self._awaited[order.identity.client_order_id]
        return awaited.ending

    def get(self, client_order_id: ClientOrderId) -> Awaited | None:
        return self._awaited.get(client_order_id)

    def drop(self, client_order_id: ClientOrderId) -> None:
        """Nothing is awaited of the order any more."""
        self._awaited.pop(client_order_id, None)

    def settled_by(self, run: int) -> list[ClientOrderId]:
        """Orders that waited for this reading of history, or an earlier one."""
        return [name for name, awaited in self._awaited.items() if awaited.run is not None and awaited.run <= run]

    def missing(self, order: Order) -> Decimal:
        """How much has executed that no fill was heard for, as far as anybody said."""
        awaited = self._awaited.get(order.identity.client_order_id)
        return ZERO if awaited is None or awaited.total is None else max(ZERO, awaited.total - order.cumulative)
