"""What a simulated Kraken Spot answers to questions over REST: orders, trades, balances (spec A.17).

Lists and histories show the book as it was `rest_lag` ago.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import Any, Final

from . import rest_parameters
from .accounts import Account
from .orders import VenueOrder
from .pages import Trade, page, trades, within
from .refusals import Refused, invalid
from .rest_call import Call, Handler
from .views import change_row, order_row, trade_row

__all__ = ["QUERIES"]

Row = dict[str, Any]

MOST_ORDERS: Final = 50
MOST_TRADES: Final = 20
CLOSE_TIMES: Final = ("open", "close", "both")


def _names(call: Call, text: str | None, most: int) -> list[str]:
    """Ids with commas between. Raises Refused for none, or too many."""
    names = [name.strip() for name in (text or "").split(",") if name.strip()]
    if not 0 < len(names) <= most:
        raise invalid("txid")
    return names


# Orders


def _seen(call: Call, orders: Iterable[VenueOrder]) -> list[VenueOrder]:
    """Those that REST knows of already, as it knows them."""
    views = (call.engine.past.view(order, call.now.wall_ns) for order in orders)
    return [view for view in views if view is not None]


def _rows(call: Call, orders: Iterable[VenueOrder], *, trades: bool | None, consolidated: bool | None) -> Row:
    """consolidated: None: the venue's default."""
    return {
        order.order_id: order_row(
            order,
            call.pair_of(order),
            call.engine.settings,
            then=call.then,
            trades=bool(trades),
            consolidated=consolidated is not False,
        )
        for order in orders
    }


def _is_asked_for(order: VenueOrder, userref: int | None, cl_ord_id: str | None = None) -> bool:
    return userref in (None, order.terms.userref) and cl_ord_id in (None, order.terms.cl_ord_id)


def _open_orders(call: Call) -> Row:
    form = call.form(rest_parameters.OpenOrders)
    account = call.account
    lately_closed = account.closed_orders if call.engine.settings.rest_lag else ()
    views = _seen(call, (*account.open_orders.values(), *lately_closed))
    orders = [order for order in views if order.is_open and _is_asked_for(order, form.userref, form.cl_ord_id)]
    if call.list_nothing:
        orders = []
    return {"open": _rows(call, orders, trades=form.trades, consolidated=None)}


def _closed_orders(call: Call) -> Row:
    form = call.form(rest_parameters.ClosedOrders)
    by = form.closetime or "both"
    if by not in CLOSE_TIMES:
        raise invalid("closetime")
    ended = [order for order in _seen(call, reversed(call.account.closed_orders)) if not order.is_open]
    known = [order for order in ended if _is_asked_for(order, form.userref, form.cl_ord_id)]

    def times_of(order: VenueOrder) -> Sequence[int]:
        times = {"open": order.received.wall_ns, "close": order.closed or 0}
        return list(times.values()) if by == "both" else [times[by]]

    orders = within(known, form.start, form.end, name_of=lambda order: order.order_id, times_of=times_of)
    rows = _rows(call, page(orders, form.ofs), trades=form.trades, consolidated=form.consolidate_taker)
    return _counted({"closed": rows}, len(orders), without=form.without_count)


def _counted(answer: Row, count: int, *, without: bool | None) -> Row:
    """count: of all that there are, beyond this page."""
    return answer if without else answer | {"count": count}


def _query_orders(call: Call) -> Row:
    form = call.form(rest_parameters.QueryOrders)
    if not form.txid and call.engine.settings.query_without_txid == "empty":
        return {}
    named = (call.engine.orders.get(name) for name in _names(call, form.txid, MOST_ORDERS))
    mine = [order for order in named if order is not None and order.account == call.account.name]
    orders = [order for order in _seen(call, mine) if _is_asked_for(order, form.userref)]
    return _rows(call, orders, trades=form.trades, consolidated=form.consolidate_taker)


def _order_amends(call: Call) -> Row:
    form = call.form(rest_parameters.OrderAmends)
    if form.order_id is None:
        raise invalid("order_id")
    order = call.engine.orders.get(form.order_id)
    if order is None or order.account != call.account.name:
        raise Refused(call.engine.settings.gone_error)
    changes = [change for change in order.changes if change.time <= call.then]
    rows = [change_row(change, call.pair_of(order)) for change in changes] if len(changes) > 1 else []
    return {"amends": rows, "count": len(rows)}


# Trades


def _is_on_margin(trade: Trade) -> bool:
    return trade.order.terms.margin or trade.order.terms.reduce_only


def _is_closed(account: Account, trade: Trade) -> bool:
    openings = [account.openings.get(part.execution_id) for part in trade.parts]
    return any(opening is not None and not opening.left for opening in openings)


TYPES: Final[Mapping[str, Callable[[Account, Trade], bool]]] = {
    "all": lambda account, trade: True,
    "any position": lambda account, trade: _is_on_margin(trade),
    "closed position": _is_closed,
    "closing position": lambda account, trade: any(part.execution_id in account.closings for part in trade.parts),
    "no position": lambda account, trade: not _is_on_margin(trade),
}
"""Which trades `type` means."""


def _trades(call: Call, *, consolidated: bool) -> list[Trade]:
    """The newest first."""
    return trades(call.account.fills, call.then, consolidated=consolidated)[::-1]


def _trade_rows(call: Call, found: Iterable[Trade], *, ledgers: bool | None = None) -> Row:
    return {
        trade.trade_id: trade_row(trade, call.pair_of(trade.order), call.account, ledgers=bool(ledgers))
        for trade in found
    }


def _trades_history(call: Call) -> Row:
    form = call.form(rest_parameters.TradesHistory)
    wanted = TYPES.get(form.type or "all")
    if wanted is None:
        raise invalid("type")
    consolidated = form.consolidate_taker is not False
    everything = [trade for trade in _trades(call, consolidated=consolidated) if wanted(call.account, trade)]
    found = within(
        everything,
        form.start,
        form.end,
        name_of=lambda trade: trade.trade_id,
        times_of=lambda trade: (trade.time,),
    )
    rows = _trade_rows(call, page(found, form.ofs), ledgers=form.ledgers)
    return _counted({"trades": rows}, len(found), without=form.without_count)


def _query_trades(call: Call) -> Row:
    form = call.form(rest_parameters.QueryTrades)
    names = _names(call, form.txid, MOST_TRADES)
    known = {trade.trade_id: trade for together in (True, False) for trade in _trades(call, consolidated=together)}
    return _trade_rows(call, (known[name] for name in names if name in known))


QUERIES: Final[Mapping[str, Handler]] = {
    "ClosedOrders": _closed_orders,
    "OpenOrders": _open_orders,
    "OrderAmends": _order_amends,
    "QueryOrders": _query_orders,
    "QueryTrades": _query_trades,
    "TradesHistory": _trades_history,
}
