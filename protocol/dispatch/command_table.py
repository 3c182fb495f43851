"""Commands that passed the command handler: who carries each of them out, and the answers that need no venue."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any, cast

from .. import commands
from ..errors import NotSent
from .context import Context
from .inputs import Asked

__all__ = ["CommandTable"]


class CommandTable:
    """Stateless: everything that a command changes is a record or a request on its way. carried_out_by: by kind of
    command, except those whose answer is here."""

    def __init__(self, context: Context, carried_out_by: Mapping[type, Callable[[Asked], None]]) -> None:
        self._context = context
        self._commands: dict[type, Callable[[Any], None]] = {
            **carried_out_by,
            commands.Resolve: self._resolve,
            commands.Show: self._show,
            commands.LiveOrders: self._live_orders,
        }

    def asked(self, asked: Asked) -> None:
        """Answers a command that cannot be carried out with NotSent; nothing is left behind of it."""
        # NotSent is raised from deep within the checks, so that each of them is one line where it belongs.
        try:
            self._commands[type(asked.command)](asked)
        except NotSent as error:
            self._context.reply(asked.reply_to, error)
            if asked.admission is not None:
                self._context.out.released.append(asked.admission)

    def _resolve(self, asked: Asked) -> None:
        order = self._context.orders.by_wire_id(cast("commands.Resolve", asked.command).wire_id)
        self._context.reply(asked.reply_to, None if order is None else order.identity.client_order_id)

    def _show(self, asked: Asked) -> None:
        order = self._context.orders.by_client_order_id(cast("commands.Show", asked.command).client_order_id)
        self._context.reply(asked.reply_to, None if order is None else order.view())

    def _live_orders(self, asked: Asked) -> None:
        live = self._context.orders.live.values()
        self._context.reply(asked.reply_to, tuple((order.identity, order.request_id) for order in live))
