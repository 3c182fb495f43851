"""The frames of a simulated Kraken Futures' feeds (spec B.4 to B.9, B.13)."""

from __future__ import annotations

from collections.abc import Collection
from typing import Final, TypeVar

from attrs import evolve

from ...kraken_futures.venue_side import encode
from . import feed_rows as rows
from . import views
from .accounts import Account
from .engine import Engine
from .notices import FillsNotice, OrderNotice

__all__ = [
    "BALANCES",
    "DOCUMENTED",
    "FEEDS",
    "FILLS",
    "HEARTBEAT",
    "MONEY",
    "OPEN_ORDERS",
    "POSITIONS",
    "VERBOSE",
    "alert",
    "error",
    "fills_frame",
    "order_frame",
    "snapshot",
    "with_unknown_words",
]

OPEN_ORDERS: Final = "open_orders"
VERBOSE: Final = "open_orders_verbose"
FILLS: Final = "fills"
POSITIONS: Final = "open_positions"
BALANCES: Final = "balances"
HEARTBEAT: Final = "heartbeat"
FEEDS: Final = frozenset({OPEN_ORDERS, VERBOSE, FILLS, POSITIONS, BALANCES})
"""Those of one account that are served."""
MONEY: Final = frozenset({POSITIONS, BALANCES})
DOCUMENTED: Final = FEEDS | {
    HEARTBEAT,
    "account_log",
    "book",
    "notifications_auth",
    "ticker",
    "ticker_lite",
    "trade",
}
FILLS_IN_SNAPSHOT: Final = 100

AnyFrame = TypeVar("AnyFrame")


def error(message: str) -> str:
    return encode(rows.Notice(event="error", message=message))


def alert(message: str) -> str:
    return encode(rows.Notice(event="alert", message=message))


def snapshot(feed: str, account: Account, engine: Engine, products: Collection[str] | None) -> rows.Frame:
    """What there is when a feed of orders or fills begins. products: symbols that fills are wanted of, None for
    all."""
    if feed == FILLS:
        wanted = [fill for fill in account.fills if products is None or fill.execution.symbol in products]
        fills = [views.feed_fill(fill, engine.settings) for fill in wanted[-FILLS_IN_SNAPSHOT:]]
        return rows.FillsSnapshot(account=account.id, fills=fills)
    orders = [
        views.feed_order(order, engine.markets[order.symbol], engine.settings) for order in account.open_orders.values()
    ]
    return rows.OrdersSnapshot(feed=f"{feed}_snapshot", account=account.id, orders=orders)


def order_frame(feed: str, notice: OrderNotice) -> rows.Frame:
    if notice.whole:
        return rows.OrderFrame(feed=feed, order=notice.order, is_cancel=notice.removed, reason=notice.reason)
    return rows.OrderGone(
        feed=feed,
        order_id=notice.order.order_id,
        cli_ord_id=notice.order.cli_ord_id,
        is_cancel=notice.removed,
        reason=notice.reason,
    )


def fills_frame(notice: FillsNotice, products: Collection[str] | None, settings: views.Settings) -> rows.Frame | None:
    """None when none of them is of a wanted symbol."""
    wanted = [fill for fill in notice.fills if products is None or fill.execution.symbol in products]
    if not wanted:
        return None
    return rows.FillsFrame(username=notice.account, fills=[views.feed_fill(fill, settings) for fill in wanted])


def with_unknown_words(frame: AnyFrame) -> AnyFrame:
    """The same with enumerated values that no client knows."""
    match frame:
        case rows.OrderFrame():
            order = evolve(frame.order, type="brand_new_type", triggerSignal="brand_new")
            return evolve(frame, order=order, reason="brand_new_reason")
        case rows.OrderGone():
            return evolve(frame, reason="brand_new_reason")
        case rows.FillsFrame():
            strange = [evolve(fill, fill_type="brandNew", order_type="brand_new") for fill in frame.fills]
            return evolve(frame, fills=strange)
    return frame
