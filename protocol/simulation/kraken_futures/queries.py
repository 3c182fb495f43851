"""What a simulated Kraken Futures answers to questions over REST (spec B.13)."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import islice
from typing import Final

from attrs import define, evolve

from ...kraken_futures import voice, wire
from ...kraken_futures.converter import nanoseconds
from ..faults import FaultKind
from . import views
from .access import Denied
from .call import Call
from .engine import Engine
from .orders import State, VenueOrder

__all__ = ["Queries"]

SECOND: Final = 1_000_000_000
MILLISECOND: Final = 1_000_000
FILLS_PAGE: Final = 100
STILL_LISTED: Final = 5 * SECOND
"""How long orders/status tells of an order after it has ended."""

LIST_SIGNS: Final = frozenset(",[]")
"""Of a list in one value, where each order id is to have its own; a client order id may hold them."""
LONGEST_TOKEN: Final = 20
"""Digits."""


@define
class Queries:
    engine: Engine

    def instruments(self) -> wire.RestAnswer:
        rows = []
        for market in self.engine.markets.values():
            hold = self.engine.hold_of(market, "lmt")
            rows.append(evolve(market.row, makerProtectionMillis=hold // MILLISECOND) if hold else market.row)
        return wire.RestAnswer(instruments=rows)

    def open_orders(self, call: Call) -> wire.RestAnswer:
        settings, now = self.engine.settings, call.now.monotonic_ns
        listed = [
            views.open_row(order, self.engine.markets[order.symbol], settings)
            for order in call.account.open_orders.values()
            if now - order.placed >= settings.listing_delay
        ]
        return wire.RestAnswer(openOrders=[] if FaultKind.LIST_NOTHING in call.faults else listed)

    def fills(self, call: Call) -> wire.RestAnswer:
        before = voice.decode_form(call.text, wire.FillsQuery).lastFillTime
        try:
            end = None if before is None else nanoseconds(before)
        except ValueError:
            raise Denied("invalidArgument: lastFillTime") from None
        newest_first = (fill for fill in reversed(call.account.fills) if end is None or fill.execution.time < end)
        page = [views.rest_fill(fill, self.engine.settings) for fill in islice(newest_first, FILLS_PAGE)]
        return wire.RestAnswer(fills=page)

    def status(self, call: Call) -> wire.RestAnswer:
        form = voice.decode_form(call.text, wire.OrdersStatusForm)
        if form.orderIds is None and form.cliOrdIds is None:
            raise Denied(voice.MISSING)
        if any(LIST_SIGNS & set(order_id) for order_id in form.orderIds or ()):
            raise Denied("invalidArgument: orderIds")
        found = {order.order_id: order for order in self._asked_for(call, form)}
        rows = [
            views.status_row(order, self.engine.markets[order.symbol], self.engine.settings)
            for order in found.values()
            if _is_listed(order, call.now.monotonic_ns)
        ]
        return wire.RestAnswer(orders=rows)

    def _asked_for(self, call: Call, form: wire.OrdersStatusForm) -> Iterator[VenueOrder]:
        ids = [(order_id, None) for order_id in form.orderIds or ()]
        names = [("", client_id) for client_id in form.cliOrdIds or ()]
        for order_id, client_id in (*ids, *names):
            order = self.engine.find(call.account, order_id, client_id)
            if order is not None:
                yield order

    def history(self, call: Call) -> wire.RestAnswer:
        """Newest first. A continuation token is the number of the last event that was given."""
        query = voice.decode_form(call.text, wire.HistoryQuery)
        token = query.continuation_token
        if token is not None and not (token.isascii() and token.isdecimal() and len(token) <= LONGEST_TOKEN):
            raise Denied("invalidArgument: continuation_token")
        rows = [
            row
            for row in reversed(call.account.history)
            if (token is None or row.number < int(token))
            and (query.since is None or row.time >= query.since * MILLISECOND)
            and (query.before is None or row.time < query.before * MILLISECOND)
        ]
        page = rows[: self.engine.settings.history_page]
        more = str(page[-1].number) if len(rows) > len(page) else None
        return wire.RestAnswer(orderEvents=[row.event for row in page], continuationToken=more)


def _is_listed(order: VenueOrder, now: int) -> bool:
    """A fired stop is not: it goes on under the id of the order that it became."""
    if order.state is State.HELD:
        return False
    if order.state is State.FIRED and order.reason != views.ACTIVATION_FAILURE:
        return False
    return order.ended is None or now - order.ended <= STILL_LISTED
