"""What a simulated Kraken Futures answers to questions over REST (spec B.13)."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import islice
from typing import Final

from attrs import define, evolve, frozen

from ...kraken_futures import voice, wire
from ...kraken_futures.converter import nanoseconds
from ..faults import FaultKind
from . import views
from .access import Denied
from .call import Call
from .engine import Engine
from .history import Wanted, page_of
from .history_rows import HistoryAnswer
from .orders import State, VenueOrder

__all__ = ["Queries"]

SECOND: Final = 1_000_000_000
MILLISECOND: Final = 1_000_000
FILLS_PAGE: Final = 100
STILL_LISTED: Final = 5 * SECOND
"""How long orders/status tells of an order after it has ended."""

LIST_SIGNS: Final = frozenset(",[]")
"""Of a list in one value, where each order id is to have its own; a client order id may hold them."""
SORTS: Final = ("desc", "asc")


@frozen(kw_only=True)
class HistoryQuery:
    """The parameters of the history. since, before: ms since 1970; sort: of the time; count: elements on a page."""

    since: int | None = None
    before: int | None = None
    sort: str = "desc"
    continuation_token: str | None = None
    count: int | None = None
    tradeable: str | None = None
    opened: bool | None = None
    closed: bool | None = None


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

    def history(self, call: Call, name: str) -> HistoryAnswer:
        """A page of one of the lists; name: which."""
        query = voice.decode_form(call.text, HistoryQuery)
        if query.sort not in SORTS:
            raise Denied("invalidArgument: sort")
        if query.count is not None and query.count < 1:
            raise Denied("invalidArgument: count")
        wanted = Wanted(
            since=query.since,
            before=query.before,
            ascending=query.sort == "asc",
            continuation_token=query.continuation_token,
            count=query.count,
            tradeable=query.tradeable,
            opened=query.opened,
            closed=query.closed,
        )
        kept = call.account.history.get(name, [])
        page, more = page_of(kept, wanted, self.engine.settings.history_page)
        return HistoryAnswer(accountUid=call.account.id, len=len(page), elements=page, continuationToken=more)


def _is_listed(order: VenueOrder, now: int) -> bool:
    """A fired stop is not: it goes on under the id of the order that it became."""
    if order.state is State.HELD:
        return False
    if order.state is State.FIRED and not order.activation_failed:
        return False
    return order.ended is None or now - order.ended <= STILL_LISTED
