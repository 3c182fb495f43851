"""Orders and fills as AX lists them, to the neutral views (spec AX 5.3, 7.1 to 7.4).

AX lists orders by the time at which it received them, one row for each venue order id: each replacement is a row of its
own, with what filled under its own id, so these rows alone name a whole chain of them. Executions carry the venue order
id and no client order id. Both come oldest first, in pages. The cursor is AX's own text, `<ns>:<id>` of the last row,
and is given back as it came. Pages of an older AX count rows instead; `offset:` before the count marks such a cursor.
"""

from __future__ import annotations

from decimal import Decimal
from typing import Any, Final

import msgspec

from ..facts import Fact, FillsListed, OrderHistoryListed, OrderView, Trade, Unreadable
from ..requests import ListFills, ListOrderHistory
from ..values import NO_TIME, Money, TradeId, VenueOrderId
from ..wire.numbers import is_plausible
from ..wire.strict import decoder_for
from ..wire.tolerant import BEGINNING, UNUSABLE, exact_json
from .converter import converter, nanoseconds
from .enumerations import LIQUIDITY, REPLACED, SIDES, STATUSES, TIMES_IN_FORCE, stated, time_of
from .rest_order_entry import OFFSET
from .wire import FillPage, FillRow, Order, OrderPage, Status

__all__ = ["order_view", "read_fills", "read_orders", "status_view", "unreadable"]


FEE_CURRENCY: Final = "USD"
"""AX names no currency beside a fee; it is the quote currency, and every AX instrument is quoted in dollars."""

BAD_FILL: Final = "The venue listed a fill that we cannot read; it was left out."
BAD_ORDER: Final = "The venue listed an order that we cannot read; it was left out."


def order_view(order: Order) -> OrderView:
    """An order object (spec AX 5.3) as a neutral view. `rq` is not used: once an order ended it is 0 (spec AX 5.5)."""
    price = order.p
    if price is not None and not is_plausible(price):
        price = None
    quantity, cumulative, code = order.q, order.xq, order.o
    status = STATUSES.get(code)
    reason = "" if order.r is None and order.txt is None else stated(order.r, order.txt)
    if status is None and not reason:
        reason = code or ""
    return OrderView(
        venue_order_id=VenueOrderId(order.oid),
        wire_id=order.cid,
        symbol=order.s or "",
        side=SIDES.get(order.d),
        price=price,
        quantity=None if quantity is None else Decimal(quantity),
        cumulative=None if cumulative is None else Decimal(cumulative),
        status=status,
        time_in_force=TIMES_IN_FORCE.get(order.tif),
        post_only=order.po is True,
        reason=reason,
        time=time_of(order.ts, order.tn),
        replaced=code == REPLACED,
        tag=order.tag,
    )


def status_view(status: Status) -> OrderView:
    """The neutral view of a status object (spec AX 4.3), which shows neither side, price nor quantity."""
    filled = status.filled_quantity
    known = STATUSES.get(status.state)
    reason = stated(status.reject_reason, status.reject_message)
    return OrderView(
        venue_order_id=VenueOrderId(status.order_id),
        wire_id=status.clord_id,
        symbol=status.symbol or "",
        side=None,
        price=None,
        quantity=None,
        cumulative=None if filled is None else Decimal(filled),
        status=known,
        time_in_force=None,
        post_only=False,
        reason=reason or ((status.state or "") if known is None else ""),
        replaced=status.state == REPLACED,
    )


def unreadable(why: str, message: str) -> tuple[Fact, ...]:
    """message: what cannot be read; its beginning is kept."""
    return (Unreadable(why=why, text=message[:BEGINNING]),)


# Pages of history. Each reader raises ValueError when there is no list of rows at all.


def read_fills(request: ListFills, body: bytes) -> tuple[Fact, ...]:
    page, skipped = _page(body, FillPage, "fills", FillRow, BAD_FILL)
    rows, trades, cursor = page.fills, [], page.next_cursor or None
    is_empty = not (rows or skipped)
    for row in rows:
        order_id = row.order_id or request.venue_order_id
        if not order_id:
            continue  # block trades and settlements belong to no order
        if row.quantity and is_plausible(row.price):
            trades.append(_row_trade(row, VenueOrderId(order_id)))
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
    orders = tuple(sorted(map(order_view, page.orders), key=lambda view: view.time))
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
            rows.append(converter().structure(element, row_class))
        except UNUSABLE:
            skipped += unreadable(bad, str(element))
    page = converter().structure({**raw, key: []}, page_class)
    getattr(page, key).extend(rows)
    return page, skipped


def _row_trade(row: FillRow, order_id: VenueOrderId) -> Trade:
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
