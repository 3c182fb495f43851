"""What a simulated Kraken Futures answers to questions over REST (spec B.13)."""

from __future__ import annotations

from collections.abc import Collection, Iterator
from itertools import islice
from typing import Final

from attrs import asdict, define, evolve

from ...kraken_futures.converter import nanoseconds
from ..faults import FaultKind
from . import parameters, views
from .access import Denied
from .engine import Engine
from .history import EXECUTIONS, Wanted, page_of
from .history_rows import HistoryAnswer
from .instrument_rows import INSTRUMENT_TYPES, InstrumentRow, InstrumentStatus, InstrumentStatusAnswer
from .market import Market
from .money import Money
from .orders import State, VenueOrder
from .parameters import MISSING, Reader
from .rest_call import Call
from .rest_rows import Answer

__all__ = ["Queries"]

SECOND: Final = 1_000_000_000
MILLISECOND: Final = 1_000_000
FILLS_PAGE: Final = 100
STILL_LISTED: Final = 5 * SECOND
"""How long orders/status knows an order after it has ended."""

LIST_SIGNS: Final = frozenset(",[]")
"""Of a list in one value, where each order id is to have its own; a client order id may hold them."""
SORTS: Final = ("desc", "asc")
ALL_TYPES: Final = "all"


@define
class Queries:
    engine: Engine
    reader: Reader
    money: Money

    # Public

    def instruments(self, text: str) -> Answer:
        """Those that have expired are listed where a call asks for them."""
        query = self.reader.form(text, parameters.InstrumentsQuery, "instruments")
        markets = self._of_types(query.contractType)
        return Answer(
            instruments=[self._row(market) for market in markets if query.expired or not market.row.isExpired]
        )

    def _row(self, market: Market) -> InstrumentRow:
        hold = self.engine.hold_of(market, "lmt")
        return evolve(market.row, makerProtectionMillis=hold // MILLISECOND) if hold else market.row

    def _of_types(self, wanted: Collection[str] | None) -> list[Market]:
        for word in wanted or ():
            if word not in (*INSTRUMENT_TYPES, ALL_TYPES):
                raise Denied("invalidArgument: contractType")
        everything = not wanted or ALL_TYPES in wanted
        return [market for market in self.engine.markets.values() if everything or market.row.type in (wanted or ())]

    def instruments_status(self, text: str) -> Answer:
        query = self.reader.form(text, parameters.InstrumentsStatusQuery, "instruments/status")
        return Answer(instrumentStatus=[self._status_of(market) for market in self._of_types(query.contractType)])

    def instrument_status(self, symbol: str, text: str) -> InstrumentStatusAnswer:
        self.reader.form(text, parameters.NoParameters, "instruments/{symbol}/status")
        market = self.engine.markets.get(symbol.upper())
        if market is None:
            raise Denied("contractNotFound")
        return InstrumentStatusAnswer(**asdict(self._status_of(market), recurse=False))

    def _status_of(self, market: Market) -> InstrumentStatus:
        direction = self.engine.checks.dislocation(market)
        return InstrumentStatus(
            tradeable=market.row.symbol,
            experiencingDislocation=direction is not None,
            priceDislocationDirection=direction,
        )

    # The account

    def accounts(self, call: Call) -> Answer:
        self.reader.form(call.text, parameters.NoParameters, "accounts")
        return Answer(accounts=dict(self.money.accounts(call.account)))

    def open_positions(self, call: Call) -> Answer:
        self.reader.form(call.text, parameters.NoParameters, "openpositions")
        return Answer(openPositions=self.money.positions(call.account))

    # Orders and fills

    def open_orders(self, call: Call) -> Answer:
        self.reader.form(call.text, parameters.NoParameters, "openorders")
        settings, now = self.engine.settings, call.now.monotonic_ns
        listed = [
            views.open_row(order, self.engine.markets[order.symbol], settings)
            for order in call.account.open_orders.values()
            if now - order.placed >= settings.listing_delay
        ]
        return Answer(openOrders=[] if FaultKind.LIST_NOTHING in call.faults else listed)

    def fills(self, call: Call) -> Answer:
        before = self.reader.form(call.text, parameters.FillsQuery, "fills").lastFillTime
        try:
            end = None if before is None else nanoseconds(before)
        except ValueError:
            raise Denied("invalidArgument: lastFillTime") from None
        newest_first = (fill for fill in reversed(call.account.fills) if end is None or fill.execution.time < end)
        page = [views.rest_fill(fill, self.engine.settings) for fill in islice(newest_first, FILLS_PAGE)]
        return Answer(fills=page)

    def status(self, call: Call) -> Answer:
        form = self.reader.form(call.text, parameters.OrdersStatusForm, "orders/status")
        if form.orderIds is None and form.cliOrdIds is None:
            raise Denied(MISSING)
        if any(LIST_SIGNS & set(order_id) for order_id in form.orderIds or ()):
            raise Denied("invalidArgument: orderIds")
        found = {order.order_id: order for order in self._asked_for(call, form)}
        rows = [
            views.status_row(order, self.engine.markets[order.symbol], self.engine.settings)
            for order in found.values()
            if _is_listed(order, call.now.monotonic_ns)
        ]
        return Answer(orders=rows)

    def _asked_for(self, call: Call, form: parameters.OrdersStatusForm) -> Iterator[VenueOrder]:
        ids = [(order_id, None) for order_id in form.orderIds or ()]
        names = [("", client_id) for client_id in form.cliOrdIds or ()]
        for order_id, client_id in (*ids, *names):
            order = self.engine.find(call.account, order_id, client_id)
            if order is not None:
                yield order

    def history(self, call: Call, name: str) -> HistoryAnswer:
        """A page of one of the lists; name: which."""
        if name == EXECUTIONS:
            wanted = self._wanted(self.reader.form(call.text, parameters.HistoryQuery, f"history/{name}"))
        else:
            query = self.reader.form(call.text, parameters.HistoryOrdersQuery, f"history/{name}")
            opened, closed = self._flags(query)
            wanted = evolve(self._wanted(query), opened=opened, closed=closed)
        kept = call.account.history.get(name, [])
        page, more = page_of(kept, wanted, self.engine.settings.history_page)
        return HistoryAnswer(accountUid=call.account.id, len=len(page), elements=page, continuationToken=more)

    def _wanted(self, query: parameters.HistoryQuery) -> Wanted:
        if query.sort not in SORTS:
            raise Denied("invalidArgument: sort")
        if query.count is not None and query.count < 1:
            raise Denied("invalidArgument: count")
        return Wanted(
            since=query.since,
            before=query.before,
            ascending=query.sort == "asc",
            continuation_token=query.continuation_token,
            count=query.count,
            tradeable=query.tradeable,
        )

    def _flags(self, query: parameters.HistoryOrdersQuery) -> tuple[bool | None, bool | None]:
        """Whether opened and closed ones are wanted."""
        choice = self.engine.settings.history_choice
        if query.opened is None and query.closed is None and choice != "all":
            return choice == "opened", choice == "closed"
        return query.opened, query.closed


def _is_listed(order: VenueOrder, now: int) -> bool:
    """A fired stop is not: it goes on as the order that it became."""
    if order.state is State.HELD:
        return False
    if order.state is State.FIRED and not order.activation_failed:
        return False
    return order.ended is None or now - order.ended <= STILL_LISTED
