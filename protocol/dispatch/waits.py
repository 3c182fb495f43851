"""Who waits until an order has reached a milestone."""

from __future__ import annotations

from collections.abc import Callable

from .. import commands
from ..errors import TradingError
from ..values import ClientOrderId, OrderStatus
from .context import Desk
from .inputs import Asked
from .tracking import Order

__all__ = ["Watches"]


class Watches:
    """Owns the waiting reply addresses. abandoned: tells whether whoever waits at one has given up."""

    def __init__(self, desk: Desk, abandoned: Callable[[object], bool]) -> None:
        self._desk = desk
        self._abandoned = abandoned
        self._watches: dict[ClientOrderId, list[tuple[commands.Milestone, object]]] = {}

    def watch(self, asked: Asked) -> None:
        """Answers at once, or keeps the address. Raises NotSent for an order that is not known."""
        command = asked.command
        assert isinstance(command, commands.Watch)
        order = self._desk.order_named(command.client_order_id, "The question")
        if _reached(order, command.milestone):
            self._desk.reply(asked.reply_to, order.view())
        elif self._desk.failed is not None:
            self._desk.reply(asked.reply_to, self._desk.failed)
        else:
            watches = self._watches.setdefault(command.client_order_id, [])
            watches[:] = [watch for watch in watches if not self._abandoned(watch[1])]
            watches.append((command.milestone, asked.reply_to))
            self._desk.on_record = self.answer

    def answer(self, client_order_id: ClientOrderId) -> None:
        """Answers those whose milestone the order has reached."""
        watches = self._watches.get(client_order_id)
        order = self._desk.orders.by_client_order_id(client_order_id)
        if not watches or order is None:
            return
        waiting = []
        for milestone, reply_to in watches:
            if _reached(order, milestone):
                self._desk.reply(reply_to, order.view())
            else:
                waiting.append((milestone, reply_to))
        if waiting:
            self._watches[client_order_id] = waiting
        else:
            del self._watches[client_order_id]
            self._listen_no_more()

    def fail(self, error: TradingError) -> None:
        """Ends every wait: no news will come any more."""
        for watches in self._watches.values():
            for _, reply_to in watches:
                self._desk.reply(reply_to, error)
        self._watches.clear()
        self._listen_no_more()

    def _listen_no_more(self) -> None:
        if not self._watches:
            self._desk.on_record = None


def _reached(order: Order, milestone: commands.Milestone) -> bool:
    if milestone is commands.Milestone.DONE:
        return order.status.is_terminal
    return order.status is not OrderStatus.SUBMITTED
