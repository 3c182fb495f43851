"""Orders that were called Denied are looked after: that they never arrived is our own conclusion.

The venue is asked for them again after a minute, five and fifteen, and at every login for a day; every list and every
message is looked at for them as long as they are remembered.
"""

from __future__ import annotations

from typing import Final

from ..values import ClientOrderId, OrderStatus
from ..venue import SECOND
from ..window import Window
from .context import Context
from .decisions import LookDue
from .list_schedule import ListSchedule
from .query_schedule import QuerySchedule
from .tracking import Order

__all__ = ["DeniedOrders"]

# The venue may have carried the placement out later than it may: soon after, or when it is over its trouble.
LOOKS: Final = (60 * SECOND, 300 * SECOND, 900 * SECOND)
A_DAY: Final = 86_400 * SECOND
MOST: Final = 10_000
"""Denied orders that are asked for at a login: the newest."""


class DeniedOrders:
    """Owns which denied orders are asked for again: when they were denied, ns, monotonic."""

    def __init__(self, context: Context, queries: QuerySchedule, lists: ListSchedule) -> None:
        self._context = context
        self._queries = queries
        self._lists = lists
        self._denied: Window[ClientOrderId, int] = Window(MOST)

    def denied(self, order: Order) -> None:
        """The order counts as Denied, because the venue does not know it."""
        name, now = order.identity.client_order_id, self._context.now.monotonic_ns
        self._denied.put(name, now)
        self._lists.concluded()
        for pause in LOOKS:
            self._context.timers.add(now + pause, LookDue(name))

    def restore(self, order: Order, age: int) -> None:
        """Goes on looking after an order that an earlier run called Denied. age: ns since then."""
        name, since = order.identity.client_order_id, self._context.now.monotonic_ns - age
        self._denied.put(name, since)
        for pause in LOOKS:
            if pause > age:
                self._context.timers.add(since + pause, LookDue(name))

    def due(self, due: LookDue) -> None:
        self._look(due.client_order_id)

    def logged_in(self) -> None:
        now = self._context.now.monotonic_ns
        for name in list(self._denied):
            since = self._denied.get(name)
            assert since is not None  # a look lets no other go
            if now - since > A_DAY:
                self._denied.pop(name)
            else:
                self._look(name)

    def _look(self, name: ClientOrderId) -> None:
        # If it lives after all, the answer reopens it, and it needs no further look.
        order = self._context.orders.by_client_order_id(name)
        if order is None or order.status is not OrderStatus.DENIED:
            self._denied.pop(name)
        else:
            self._queries.once(order)
