"""The frames of a simulated Kraken Futures' feeds (spec B.4 to B.9)."""

from __future__ import annotations

from collections.abc import Collection
from typing import Final

from attrs import evolve

from ...kraken_futures import wire
from ...kraken_futures.voice import encode
from . import views
from .accounts import Account
from .engine import Engine
from .notices import FillsNotice, OrderNotice

__all__ = [
    "FEEDS",
    "FILLS",
    "HEARTBEAT",
    "OPEN_ORDERS",
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
HEARTBEAT: Final = "heartbeat"
FEEDS: Final = frozenset({OPEN_ORDERS, VERBOSE, FILLS})
"""Those that are of one account."""
FILLS_IN_SNAPSHOT: Final = 100


def error(message: str) -> str:
    return encode(wire.Frame(event="error", message=message))


def alert(message: str) -> str:
    return encode(wire.Frame(event="alert", message=message))


def snapshot(feed: str, account: Account, engine: Engine, products: Collection[str] | None) -> wire.Frame:
    """What there is when a feed begins. products: symbols that fills are wanted of, None for all."""
    name = f"{feed}_snapshot"
    if feed == FILLS:
        wanted = [fill for fill in account.fills if products is None or fill.execution.symbol in products]
        fills = [views.feed_fill(fill) for fill in wanted[-FILLS_IN_SNAPSHOT:]]
        return wire.Frame(feed=name, account=account.id, fills=fills)
    orders = [
        views.feed_order(order, engine.markets[order.symbol], engine.settings) for order in account.open_orders.values()
    ]
    return wire.Frame(feed=name, account=account.id, orders=orders)


def order_frame(feed: str, notice: OrderNotice) -> wire.Frame:
    if notice.whole:
        return wire.Frame(feed=feed, order=notice.order, is_cancel=notice.removed, reason=notice.reason)
    return wire.Frame(
        feed=feed,
        order_id=notice.order.order_id,
        cli_ord_id=notice.order.cli_ord_id,
        is_cancel=notice.removed,
        reason=notice.reason,
    )


def fills_frame(notice: FillsNotice, products: Collection[str] | None) -> wire.Frame | None:
    """None when none of them is of a wanted symbol."""
    wanted = [fill for fill in notice.fills if products is None or fill.execution.symbol in products]
    if not wanted:
        return None
    return wire.Frame(feed=FILLS, username=notice.account, fills=[views.feed_fill(fill) for fill in wanted])


def with_unknown_words(frame: wire.Frame) -> wire.Frame:
    """The same with enumerated values that nobody knows."""
    order = None if frame.order is None else evolve(frame.order, type="brand_new_type", triggerSignal="brand_new")
    fills = None
    if frame.fills is not None:
        fills = [evolve(fill, fill_type="brandNew", order_type="brand_new") for fill in frame.fills]
    reason = None if frame.reason is None else "brand_new_reason"
    return evolve(frame, order=order, fills=fills, reason=reason)
