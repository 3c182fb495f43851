"""What a simulated Kraken Futures writes on its socket, one class per JSON object (spec B.2 to B.9).

Only the venue writes these; the client reads with classes of its own, so that a mistake in one does not hide in the
other. Fields that are None are left out. Times: ms since 1970.

https://docs.kraken.com/exchange/api-reference/futures-websocket/open_orders
https://docs.kraken.com/exchange/api-reference/futures-websocket/fills
"""

from __future__ import annotations

from decimal import Decimal

from attrs import field, frozen

__all__ = [
    "Acknowledgement",
    "FeedFill",
    "FillsFrame",
    "FillsSnapshot",
    "Frame",
    "Heartbeat",
    "Notice",
    "OpenOrder",
    "OrderFrame",
    "OrderGone",
    "OrdersSnapshot",
    "TrailingOptions",
]


@frozen(kw_only=True)
class Notice:
    """info, challenge, error, alert, pong."""

    event: str
    version: int | None = None
    message: str | None = None


@frozen(kw_only=True)
class Acknowledgement:
    """The answer to a subscription, with the request's own fields. Proofs of identity never
    shows in repr."""

    event: str
    feed: str
    product_ids: list[str] | None = None
    api_key: str | None = field(default=None, repr=False)
    original_challenge: str | None = field(default=None, repr=False)
    signed_challenge: str | None = field(default=None, repr=False)


@frozen(kw_only=True)
class Heartbeat:
    feed: str = "heartbeat"
    time: int


@frozen(kw_only=True)
class TrailingOptions:
    max_deviation: Decimal
    unit: str


@frozen(kw_only=True)
class OpenOrder:
    """qty: see spec B.8; zero prices mean none; direction: 0 buy, 1 sell. Note the one key in camel case."""

    instrument: str
    time: int
    last_update_time: int
    qty: Decimal
    filled: Decimal
    limit_price: Decimal | None = None
    stop_price: Decimal | None = None
    type: str
    order_id: str
    cli_ord_id: str | None = None
    direction: int
    reduce_only: bool
    triggerSignal: str | None = None
    trailing_stop_options: TrailingOptions | None = None


@frozen(kw_only=True)
class OrdersSnapshot:
    feed: str
    account: str
    orders: list[OpenOrder]


@frozen(kw_only=True)
class OrderFrame:
    """One change of one order. is_cancel: it is gone."""

    feed: str
    order: OpenOrder
    is_cancel: bool
    reason: str


@frozen(kw_only=True)
class OrderGone:
    """That an order is gone, without the order."""

    feed: str
    order_id: str
    cli_ord_id: str | None = None
    is_cancel: bool
    reason: str


@frozen(kw_only=True)
class FeedFill:
    """qty: of this fill; fee_paid: positive = cost, negative = rebate."""

    instrument: str
    time: int
    price: Decimal
    seq: int
    buy: bool
    qty: Decimal
    remaining_order_qty: Decimal
    order_id: str
    cli_ord_id: str | None = None
    fill_id: str
    fill_type: str
    fee_paid: Decimal | None = None
    fee_currency: str | None = None
    taker_order_type: str
    order_type: str


@frozen(kw_only=True)
class FillsSnapshot:
    feed: str = "fills_snapshot"
    account: str
    fills: list[FeedFill]


@frozen(kw_only=True)
class FillsFrame:
    """A change names the account under another key than the snapshot does."""

    feed: str = "fills"
    username: str
    fills: list[FeedFill]


Frame = OrdersSnapshot | OrderFrame | OrderGone | FillsSnapshot | FillsFrame
