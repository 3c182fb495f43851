"""What a simulated Kraken Futures remembers of orders, triggers and executions, and how it lists that (spec B.13).

Three lists, each with kinds of its own. An order that waits for its trigger is in the list of triggers alone; once it
has fired, what it became is in the list of orders.
"""

from __future__ import annotations

import re
from base64 import b64decode, b64encode
from collections.abc import Callable, Iterator, Mapping
from decimal import Decimal
from typing import Any, Final

from attrs import define, evolve, field, frozen

from ...values import Instant, LiquiditySide, Side
from ...wire.numbers import plain
from ..simulated_exchange import MARKET_MAKER
from ..triggers import Reference, When
from . import history_rows as rows
from .access import Denied
from .accounts import Account, Fill, HistoryRow
from .market import Market
from .orders import Terms, VenueOrder
from .settings import KrakenFuturesExchangeSettings

__all__ = ["EXECUTIONS", "LISTS", "ORDERS", "TRIGGERS", "History", "Wanted", "page_of"]

ORDERS: Final = "orders"
TRIGGERS: Final = "triggers"
EXECUTIONS: Final = "executions"
LISTS: Final = (ORDERS, TRIGGERS, EXECUTIONS)

MILLISECOND: Final = 1_000_000
MOST_ON_A_PAGE: Final = 1000
EDITED: Final = "edited_by_user"

DIRECTIONS: Final = {Side.BUY: "Buy", Side.SELL: "Sell"}
ORDER_TYPES: Final = {"lmt": "Limit", "post": "Post", "ioc": "IoC", "fok": "FillOrKill", "mkt": "IoC"}
SIGNALS: Final = {Reference.MARK: "MarkPrice", Reference.LAST: "LastPrice", Reference.INDEX: "SpotPrice"}
UNITS: Final = {True: "Percent", False: "QuoteCurrency"}
"""By whether it is a percentage."""
REASONS: Final = {"new_placed_order_by_user": "new_user_order"}
"""Reasons that the history spells otherwise than the open_orders feed."""


def _text(number: Decimal | None) -> str:
    return "" if number is None else plain(number)


def _error(status: str) -> str:
    """`invalidSize` as `INVALID_SIZE`."""
    return re.sub(r"(?<=[a-z])(?=[A-Z])", "_", status).upper()


# Writing


@frozen
class Traded:
    """Both sides of one trade, as their orders stood right after it. reduced: by how much the taker's order was made
    smaller as it came, None for not at all."""

    maker: Fill
    taker: Fill
    maker_order: VenueOrder
    taker_order: VenueOrder
    reduced: Decimal | None = None

    def sides(self) -> Iterator[tuple[Fill, VenueOrder]]:
        yield self.maker, self.maker_order
        yield self.taker, self.taker_order


@define
class History:
    """Writes down what happens to orders of clients; the market maker's are left out. new_id: for events."""

    settings: KrakenFuturesExchangeSettings
    markets: Mapping[str, Market]
    accounts: Mapping[str, Account]
    new_id: Callable[[], str]
    now: Instant = field(default=Instant(0, 0), init=False)

    # Orders

    def shown(self, order: VenueOrder, terms: Terms | None = None, filled: Decimal | None = None) -> rows.HistoryOrder:
        """An order as it is now. terms, filled: instead of its own."""
        terms = order.terms if terms is None else terms
        filled = order.filled if filled is None else filled
        kind = "Liquidation" if order.fill_type == "liquidation" else ORDER_TYPES.get(terms.type, "Unknown")
        return rows.HistoryOrder(
            uid=order.order_id,
            accountUid=order.account,
            tradeable=order.symbol,
            direction=DIRECTIONS[order.side],
            quantity=plain(terms.quantity - filled),
            filled=plain(filled),
            timestamp=order.received // MILLISECOND,
            limitPrice=_text(terms.limit_price),
            orderType=kind,
            clientId=order.client_id or "",
            reduceOnly=terms.reduce_only,
            lastUpdateTimestamp=order.updated // MILLISECOND,
        )

    def placed(self, order: VenueOrder, reason: str, reduced: Decimal | None) -> None:
        """An order has come into the market, and perhaps traded at once. reduced: by how much it was made smaller."""
        event = rows.OrderPlaced(order=self.shown(order), reason=_reason(reason), reducedQuantity=_text(reduced))
        if order.filled and not self.settings.history_places_with_fills:
            event = evolve(event, order=self.shown(order, filled=Decimal(0)))
            self._write(order, event, opens=True)
            self._write(order, self._updated(order, event.order, _fill_reason(order)), closes=not order.left)
        else:
            self._write(order, event, opens=True, closes=not order.left)

    def filled(self, order: VenueOrder, before: rows.HistoryOrder) -> None:
        self._write(order, self._updated(order, before, _fill_reason(order)), closes=not order.left)

    def reduced(self, order: VenueOrder, before: rows.HistoryOrder, by: Decimal) -> None:
        """A reduce-only order was made smaller while it rested."""
        event = self._updated(order, before, "status_update")
        self._write(order, evolve(event, reducedQuantity=plain(by)))

    def _updated(self, order: VenueOrder, before: rows.HistoryOrder, reason: str) -> rows.OrderUpdated:
        now = self.shown(order)
        old = now if self.settings.history_shows_new_as_old else before
        return rows.OrderUpdated(oldOrder=old, newOrder=now, reason=reason)

    def edited(self, order: VenueOrder, before: rows.HistoryOrder | rows.HistoryTrigger, cut: Decimal) -> None:
        """cut: by how much less it is than was asked for."""
        if isinstance(before, rows.HistoryTrigger):
            after = self.shown_trigger(order)
            event = rows.OrderTriggerUpdated(oldOrderTrigger=before, newOrderTrigger=after, reason=EDITED)
            self._write(order, event)
        else:
            self._write(order, evolve(self._updated(order, before, EDITED), reducedQuantity=plain(cut)))

    def edit_refused(self, order: VenueOrder, wanted: Terms, status: str) -> None:
        error = _error(status)
        if order.is_trigger:
            self._write(
                order,
                rows.OrderTriggerEditRejected(
                    attemptedOrderTrigger=self.shown_trigger(order, wanted),
                    oldOrderTrigger=self.shown_trigger(order),
                    reason=EDITED,
                    orderError=error,
                ),
            )
            return
        attempted = evolve(self.shown(order, wanted), lastUpdateTimestamp=self.now.wall_ns // MILLISECOND)
        event = rows.OrderEditRejected(oldOrder=self.shown(order), attemptedOrder=attempted, orderError=error)
        self._write(order, event)

    def canceled(self, order: VenueOrder, shown: rows.HistoryOrder | rows.HistoryTrigger, reason: str) -> None:
        if isinstance(shown, rows.HistoryTrigger):
            self._write(order, rows.OrderTriggerCancelled(order=shown, reason=reason), closes=True)
        else:
            self._write(order, rows.OrderCancelled(order=shown, reason=reason), closes=True)

    def rejected(self, order: VenueOrder, reason: str) -> None:
        event = rows.OrderRejected(order=self.shown(order), orderError="", reason=reason)
        self._write(order, event, closes=True)

    def not_found(self, account: Account, order_id: str) -> None:
        """A request named an order that does not exist."""
        event = rows.OrderNotFound(accountUid=account.id, orderId=f"Uuid(uuid={order_id})")
        self._add(account, ORDERS, event, HistoryRow(time=self.now.wall_ns))

    # Triggers

    def shown_trigger(self, order: VenueOrder, terms: Terms | None = None) -> rows.HistoryTrigger:
        """terms: instead of its own."""
        now, market = terms is None, self.markets[order.symbol]
        terms = order.terms if terms is None else terms
        level = (market.triggers.level(order.order_id) if now else None) or terms.stop_price
        price = level if level is None or terms.trailing is None else market.rounded(level, order.side)
        trailing, offset = terms.trailing, terms.offset
        return rows.HistoryTrigger(
            uid=order.order_id,
            accountId=self.accounts[order.account].number_at_venue,
            accountUid=order.account,
            tradeable=order.symbol,
            direction=DIRECTIONS[order.side],
            quantity=plain(terms.quantity),
            timestamp=order.received // MILLISECOND,
            limitPrice=_text(terms.limit_price),
            orderType="IoC" if terms.becomes_market else "Limit",
            clientId=order.client_id or "",
            reduceOnly=terms.reduce_only,
            triggerOptions=rows.TriggerTerms(
                triggerPrice=_text(price),
                triggerSignal=SIGNALS[terms.signal],
                triggerSide="Above" if order.when is When.ABOVE else "Below",
                trailingStopOptions=None
                if trailing is None
                else rows.TrailingStop(maxDeviation=plain(trailing.distance), unit=UNITS[trailing.percent]),
                limitPriceOffset=None
                if offset is None
                else rows.PriceOffset(priceOffset=plain(offset), unit=UNITS[terms.offset_percent]),
            ),
            lastUpdateTimestamp=order.updated // MILLISECOND,
        )

    def as_it_is(self, order: VenueOrder) -> rows.HistoryOrder | rows.HistoryTrigger:
        """An order or a trigger, whichever this is."""
        return self.shown_trigger(order) if order.is_trigger else self.shown(order)

    def trigger_placed(self, order: VenueOrder) -> None:
        event = rows.OrderTriggerPlaced(order=self.shown_trigger(order), reason="new_user_order")
        self._write(order, event, opens=True)

    def fired(self, order: VenueOrder) -> None:
        self._write(order, rows.OrderTriggerActivated(order=self.shown_trigger(order)), closes=True)

    # Executions

    def traded(self, trade: Traded) -> None:
        """One trade, for both of its accounts."""
        for fill, order in trade.sides():
            account = self.accounts[order.account]
            if account.id == MARKET_MAKER:
                continue
            uid = fill.execution.trade_id if self.settings.execution_uid == "fill_id" else self.new_id()
            older = self.settings.older_executions
            row = self._both(trade, uid) if older else self._own_side(fill, order, uid)
            event = rows.Execution(execution=row, takerReducedQuantity=_text(trade.reduced))
            at = HistoryRow(time=fill.execution.time, symbol=order.symbol)
            self._add(account, EXECUTIONS, event, at, kind="execution" if older else "Execution")

    def _own_side(self, fill: Fill, order: VenueOrder, uid: str) -> rows.ExecutionRow:
        maker = fill.execution.liquidity is LiquiditySide.MAKER
        return rows.ExecutionRow(
            uid=uid,
            order=self._in_execution(order),
            executionType="maker" if maker else "taker",
            orderData=self._order_data(fill, order, explained=True),
            **self._terms(fill, order),
        )

    def _both(self, trade: Traded, uid: str) -> rows.OlderExecutionRow:
        return rows.OlderExecutionRow(
            uid=uid,
            makerOrder=self._in_execution(trade.maker_order),
            takerOrder=self._in_execution(trade.taker_order),
            makerOrderData=self._order_data(trade.maker, trade.maker_order),
            takerOrderData=self._order_data(trade.taker, trade.taker_order),
            **self._terms(trade.taker, trade.taker_order),
        )

    def _terms(self, fill: Fill, order: VenueOrder) -> dict[str, Any]:
        """What a trade was, the same for both sides. limitFilled: nothing is left of the order."""
        execution, market = fill.execution, self.markets[order.symbol]
        return {
            "timestamp": execution.time // MILLISECOND,
            "quantity": plain(execution.quantity),
            "price": plain(execution.price),
            "markPrice": _text(market.mark),
            "limitFilled": order.terms.type == "lmt" and not order.left,
            "usdValue": plain(market.value(execution.quantity, execution.price)),
        }

    def _in_execution(self, order: VenueOrder) -> rows.HistoryOrder:
        shown = self.shown(order)
        return evolve(shown, orderType="Market") if order.terms.type == "mkt" else shown

    def _order_data(self, fill: Fill, order: VenueOrder, *, explained: bool = False) -> rows.OrderData:
        account = self.accounts[order.account]
        maker = fill.execution.liquidity is LiquiditySide.MAKER
        rate = account.maker_fee if maker else account.taker_fee
        return rows.OrderData(
            fee=plain(fill.execution.fee),
            positionSize=plain(account.position(order.symbol).signed),
            feeCalculationInfo=[rows.FeeCalculation(percentageFee=plain(rate * 100))] if explained else None,
        )

    # Keeping

    def _write(self, order: VenueOrder, event: Any, *, opens: bool = False, closes: bool = False) -> None:
        if order.account == MARKET_MAKER:
            return
        row = HistoryRow(time=self.now.wall_ns, symbol=order.symbol, opens=opens, closes=closes)
        kind = TRIGGERS if type(event).__name__.startswith("OrderTrigger") else ORDERS
        self._add(self.accounts[order.account], kind, event, row)

    def _add(self, account: Account, name: str, event: Any, row: HistoryRow, kind: str = "") -> None:
        """kind: instead of the name of the class."""
        element = rows.Element(
            uid=self.new_id(), timestamp=row.time // MILLISECOND, event={kind or type(event).__name__: event}
        )
        account.remember(name, evolve(row, element=element), self.settings.history)


def _reason(reason: str) -> str:
    return REASONS.get(reason, reason)


def _fill_reason(order: VenueOrder) -> str:
    return "partial_fill" if order.left else "full_fill"


# Reading


@frozen(kw_only=True)
class Wanted:
    """A question for a page of the history. since, before: ms since 1970, the first included; opened, closed: None if
    nothing was said. Raises Denied when there is no such page."""

    since: int | None = None
    before: int | None = None
    ascending: bool = False
    continuation_token: str | None = None
    count: int | None = None
    tradeable: str | None = None
    opened: bool | None = None
    closed: bool | None = None

    def holds(self, row: HistoryRow) -> bool:
        since, before, symbol = self.since, self.before, self.tradeable
        return (
            (since is None or row.time >= since * MILLISECOND)
            and (before is None or row.time < before * MILLISECOND)
            and (symbol is None or symbol.upper() == row.symbol)
            and self._is_chosen(row)
        )

    def _is_chosen(self, row: HistoryRow) -> bool:
        """With both flags everything is; with one alone, what it names; without any the choice is the venue's."""
        if self.opened == self.closed:
            return self.opened is not False
        return row.opens if self.opened else row.closes


def page_of(kept: list[HistoryRow], wanted: Wanted, size: int) -> tuple[list[rows.Element], str | None]:
    """The elements of one page, and the token of the next one."""
    last = _number_in(wanted.continuation_token, wanted.ascending)
    size = min(wanted.count or size, MOST_ON_A_PAGE)
    in_order = kept if wanted.ascending else reversed(kept)
    found = [row for row in in_order if _is_beyond(row, last, wanted.ascending) and wanted.holds(row)]
    page = found[:size]
    more = _token(page[-1].number, wanted.ascending) if len(found) > size else None
    return [row.element for row in page if row.element is not None], more


def _is_beyond(row: HistoryRow, last: int | None, ascending: bool) -> bool:
    if last is None:
        return True
    return row.number > last if ascending else row.number < last


def _token(number: int, ascending: bool) -> str:
    return b64encode(f"{'asc' if ascending else 'desc'}:{number}".encode()).decode()


def _number_in(token: str | None, ascending: bool) -> int | None:
    """The number of the last row that was given. A token belongs to the order in which its list was read."""
    if token is None:
        return None
    try:
        sort, _, number = b64decode(token, validate=True).decode("ascii").partition(":")
        if sort != ("asc" if ascending else "desc") or not number.isdecimal() or len(number) > 20:
            raise ValueError
        return int(number)
    except ValueError:
        raise Denied("invalidArgument: continuation_token") from None
