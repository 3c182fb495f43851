"""Who waits until an order has reached a milestone."""

from __future__ import annotations

from collections.abc import Callable

from .. import commands
from ..errors import TradingError
from ..values import ClientOrderId, OrderStatus
from .context import Context
from .inputs import Asked
from .tracking import Order

__all__ = ["Waits"]


class Waits:
    """Owns the waiting reply addresses. abandoned: shows whether the caller at one has given up."""

    def __init__(self, context: Context, abandoned: Callable[[object], bool]) -> None:
        self._context = context
        self._abandoned = abandoned
        self._waits: dict[ClientOrderId, list[tuple[commands.Milestone, object]]] = {}

    def watch(self, asked: Asked) -> None:
        """Answers at once, or keeps the address. Raises NotSent for an order that is not known."""
        command = asked.command
        assert isinstance(command, commands.Watch)
        order = self._context.order_named(command.client_order_id, "The question")
        if _reached(order, command.milestone):
            self._context.reply(asked.reply_to, order.view())
        elif self._context.failed is not None:
            self._context.reply(asked.reply_to, self._context.failed)
        else:
            watches = self._waits.setdefault(command.client_order_id, [])
            # A caller that has given up since is found when the next one comes, so a waiting task can be canceled
            # freely.
            watches[:] = [watch for watch in watches if not self._abandoned(watch[1])]
            watches.append((command.milestone, asked.reply_to))
            self._context.on_record = self.answer

    def answer(self, client_order_id: ClientOrderId) -> None:
        """Answers those whose milestone the order has reached."""
        watches = self._waits.get(client_order_id)
        order = self._context.orders.by_client_order_id(client_order_id)
        if not watches or order is None:
            return
        # Called behind every record of an order that is waited for, and of no other.
        waiting = []
        for milestone, reply_to in watches:
            if _reached(order, milestone):
                self._context.reply(reply_to, order.view())
            else:
                waiting.append((milestone, reply_to))
        if waiting:
            self._waits[client_order_id] = waiting
        else:
            del self._waits[client_order_id]
            self._listen_no_more()

    def fail(self, error: TradingError) -> None:
        """Ends every wait: no news will come any more."""
        for watches in self._waits.values():
            for _, reply_to in watches:
                self._context.reply(reply_to, error)
        self._waits.clear()
        self._listen_no_more()

    def _listen_no_more(self) -> None:
        if not self._waits:
            self._context.on_record = None  # while nothing waits, records cost nothing more


def _reached(order: Order, milestone: commands.Milestone) -> bool:
    if milestone is commands.Milestone.DONE:
        return order.status.is_terminal
    return order.status is not OrderStatus.SUBMITTED
