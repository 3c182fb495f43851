"""AX's history over REST (spec 7.1 to 7.4): orders, executions of a time range, executions of one order.

AX lists orders by the time at which it received them, one row for each venue order id: each replacement is a row of its
own, with what filled under its own id, so these rows alone name a whole chain of them. Executions carry the venue order
id and no client order id. Both come oldest first, in pages; the cursor is AX's own text, `<ns>:<id>` of the last row,
and is given back as it came. Pages of an older AX count rows instead; `offset:` before the count tells it apart.
"""

from __future__ import annotations

from decimal import Decimal
from typing import Any, Final

import msgspec

from ..facts import Fact, FillsListed, OrderHistoryListed, Trade
from ..requests import ListFills, ListOrderHistory
from ..values import NO_TIME, Money, TradeId, VenueOrderId
from ..venue import HttpCall
from ..wire.numbers import is_plausible
from ..wire.strict import decoder_for
from ..wire.times import SECOND
from ..wire.tolerant import UNUSABLE, exact_json
from .converter import CONVERTER, nanoseconds
from .enumerations import LIQUIDITY, SIDES, unreadable, view_of
from .wire import FillPage, FillRow, Order, OrderPage

__all__ = ["LONGEST_RANGE", "fills_call", "orders_call", "read_fills", "read_orders"]

DAY: Final = 24 * 3600 * SECOND
LONGEST_RANGE: Final = 7 * DAY
"""ns that one question may span; the venue refuses more (spec 7.1)."""

OFFSET: Final = "offset:"
FEE_CURRENCY: Final = "USD"
"""AX names no currency beside a fee; it is the quote currency, and every AX instrument is quoted in dollars."""

BAD_FILL: Final = "The venue listed a fill that we cannot read; it was left out."
BAD_ORDER: Final = "The venue listed an order that we cannot read; it was left out."


# Questions


def fills_call(request: ListFills, account: str | None) -> HttpCall:
    """account: the venue's account id, None for the user's default one. Raises ValueError for a range that AX would
    refuse. Of one order AX takes neither a range nor a page, and gives all."""
    if request.venue_order_id is not None:
        return HttpCall(method="GET", path="/orders/order-fills", query=(("order_id", request.venue_order_id),))
    query = {"symbol": request.symbol} | _range(request) | {"cursor": request.cursor, "account_id": account}
    return _get("/api/fills", query)


def orders_call(request: ListOrderHistory, account: str | None) -> HttpCall:
    """As `fills_call`."""
    query = _range(request) | _place(request.cursor) | {"account_id": account}
    return _get("/orders/orders", query)


def _get(path: str, query: dict[str, str | None]) -> HttpCall:
    pairs = tuple((key, value) for key, value in query.items() if value is not None)
    return HttpCall(method="GET", path=path, query=pairs)


def _range(request: ListFills | ListOrderHistory) -> dict[str, str | None]:
    if request.end - request.start > LONGEST_RANGE:
        raise ValueError(f"AX lists 7 days at most, and not the {(request.end - request.start) / DAY:.1f} asked for.")
    return {
        "start_timestamp_ns": str(request.start),
        "end_timestamp_ns": str(request.end),
        "sort_ts": "asc",
    }


def _place(cursor: str | None) -> dict[str, str | None]:
    if cursor is not None and cursor.startswith(OFFSET):
        return {"offset": cursor.removeprefix(OFFSET)}
    return {"cursor": cursor}


# Answers. Each reader raises ValueError when there is no list of rows at all.


def read_fills(request: ListFills, body: bytes) -> tuple[Fact, ...]:
    page, skipped = _page(body, FillPage, "fills", FillRow, BAD_FILL)
    rows, trades, cursor = page.fills, [], page.next_cursor or None
    is_empty = not (rows or skipped)
    for row in rows:
        order_id = row.order_id or request.venue_order_id
        if not order_id:
            continue  # block trades and settlements belong to no order
        if row.quantity and is_plausible(row.price):
            trades.append(_trade_of(row, VenueOrderId(order_id)))
        else:
            skipped += unreadable(BAD_FILL, str(row))
    cursor = _following(request.cursor, cursor, is_empty=is_empty)
    if request.venue_order_id is not None:
        cursor = None
    return (FillsListed(request_id=request.request_id, trades=tuple(trades), cursor=cursor), *skipped)


def read_orders(request: ListOrderHistory, body: bytes) -> tuple[Fact, ...]:
    page, skipped = _page(body, OrderPage, "orders", Order, BAD_ORDER)
    count = len(page.orders) + len(skipped)
    read = (page.offset or 0) + count
    older = f"{OFFSET}{read}" if page.total is not None and read < page.total else None
    cursor = _following(request.cursor, page.next_cursor or older, is_empty=not count)
    orders = tuple(sorted(map(view_of, page.orders), key=lambda view: view.time))
    return (OrderHistoryListed(request_id=request.request_id, orders=orders, cursor=cursor), *skipped)


def _following(before: str | None, cursor: str | None, *, is_empty: bool) -> str | None:
    """A page that is empty, or that leads back to itself, is the last one."""
    return None if is_empty or cursor == before else cursor


def _page(body: bytes, page_class: type[Any], key: str, row_class: type[Any], bad: str) -> tuple[Any, list[Fact]]:
    """The page, and what was skipped: one unusable row must not cost its neighbours."""
    try:
        return decoder_for(page_class).decode(body), []
    except msgspec.MsgspecError:
        raw = exact_json(body.decode())
    if not isinstance(raw, dict) or not isinstance(raw.get(key), list):
        raise ValueError(f"no list of {key}")
    rows: list[Any] = []
    skipped: list[Fact] = []
    for element in raw[key]:
        try:
            rows.append(CONVERTER.structure(element, row_class))
        except UNUSABLE:
            skipped += unreadable(bad, str(element))
    page = CONVERTER.structure({**raw, key: []}, page_class)
    getattr(page, key).extend(rows)
    return page, skipped


def _trade_of(row: FillRow, order_id: VenueOrderId) -> Trade:
    try:
        time = nanoseconds(row.timestamp or "")
    except ValueError:
        time = NO_TIME
    fee = row.fee if row.fee is not None and is_plausible(row.fee) else None
    return Trade(
        venue_order_id=order_id,
        trade_id=TradeId(row.trade_id),
        symbol=row.symbol or "",
        side=SIDES.get(row.side),
        price=row.price,
        quantity=Decimal(row.quantity),
        liquidity=LIQUIDITY[row.is_taker],
        time=time,
        fee=None if fee is None else Money(fee, FEE_CURRENCY),
    )
