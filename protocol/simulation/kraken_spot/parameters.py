"""What the socket takes, as classes: the params of every method, with the names that the venue documents (spec A.12).

They are the venue's own, apart from those that the client writes with, so that a name which only one side knows shows.
Tokens never show in repr.

https://docs.kraken.com/api/docs/websocket-v2
"""

from __future__ import annotations

from decimal import Decimal
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from attrs import field, frozen
else:
    from attrs import define as frozen  # built for every request and gone with it: see `facts`
    from attrs import field

__all__ = [
    "AddOrder",
    "AmendOrder",
    "BatchAdd",
    "BatchCancel",
    "BatchOrder",
    "CancelAll",
    "CancelAllOrdersAfter",
    "CancelOrder",
    "Conditional",
    "EditOrder",
    "OrderTerms",
    "Params",
    "Ping",
    "Request",
    "Subscribe",
    "Triggers",
    "Unsubscribe",
]


@frozen(kw_only=True)
class Subscribe:
    """channel: executions or balances. snapshot: of balances; of executions the older name of snap_orders, as
    snapshot_trades is of snap_trades."""

    channel: str
    token: str | None = field(default=None, repr=False)
    snap_orders: bool | None = None
    snap_trades: bool | None = None
    order_status: bool | None = None
    ratecounter: bool | None = None
    rebased: bool | None = None
    users: str | None = None
    snapshot: bool | None = None
    snapshot_trades: bool | None = None


@frozen(kw_only=True)
class Unsubscribe:
    channel: str
    token: str | None = field(default=None, repr=False)


@frozen(kw_only=True)
class Ping:
    """A ping has no params."""


@frozen(kw_only=True)
class Triggers:
    """price: as `price_type` says: static, pct or quote; reference: last or index."""

    reference: str | None = None
    price: Decimal | None = None
    price_type: str | None = None


@frozen(kw_only=True)
class Conditional:
    """The order that a fill places. stop_price: the older name of trigger_price."""

    order_type: str
    limit_price: Decimal | None = None
    limit_price_type: str | None = None
    trigger_price: Decimal | None = None
    trigger_price_type: str | None = None
    stop_price: Decimal | None = None


@frozen(kw_only=True)
class OrderTerms:
    """The params of an order, alone or in a batch. order_qty: base units; cash_order_qty: quote currency; stop_price,
    trigger: the older way to say `triggers`, and some clients send the whole object as `trigger`; effective_time,
    expire_time: RFC 3339; no_mpp: means nothing any more."""

    side: str
    order_type: str
    order_qty: Decimal | None = None
    cash_order_qty: Decimal | None = None
    limit_price: Decimal | None = None
    limit_price_type: str | None = None
    triggers: Triggers | None = None
    stop_price: Decimal | None = None
    trigger: Triggers | str | None = None
    time_in_force: str | None = None
    effective_time: str | None = None
    expire_time: str | None = None
    post_only: bool | None = None
    reduce_only: bool | None = None
    margin: bool | None = None
    display_qty: Decimal | None = None
    fee_preference: str | None = None
    stp_type: str | None = None
    cl_ord_id: str | None = None
    order_userref: int | None = None
    sender_sub_id: str | None = None
    conditional: Conditional | None = None
    no_mpp: bool | None = None

    @property
    def trigger_terms(self) -> Triggers | None:
        """However they were said."""
        if self.triggers is not None or isinstance(self.trigger, Triggers):
            return self.triggers or (self.trigger if isinstance(self.trigger, Triggers) else None)
        return None if self.stop_price is None else Triggers(price=self.stop_price, reference=self.trigger)


@frozen(kw_only=True)
class BatchOrder(OrderTerms):
    """One leg of batch_add."""


@frozen(kw_only=True)
class AddOrder(OrderTerms):
    """deadline: RFC 3339, from 500 ms to 60 s ahead; validate: check it only."""

    symbol: str
    deadline: str | None = None
    validate: bool | None = None
    token: str | None = field(default=None, repr=False)


@frozen(kw_only=True)
class AmendOrder:
    """Exactly one of the ids; order_qty: the new total; a missing term is kept."""

    order_id: str | None = None
    cl_ord_id: str | None = None
    order_qty: Decimal | None = None
    limit_price: Decimal | None = None
    limit_price_type: str | None = None
    display_qty: Decimal | None = None
    trigger_price: Decimal | None = None
    trigger_price_type: str | None = None
    post_only: bool | None = None
    deadline: str | None = None
    symbol: str | None = None
    token: str | None = field(default=None, repr=False)


@frozen(kw_only=True)
class EditOrder:
    """Cancels an order and places another in its stead, under another order_id."""

    order_id: str
    symbol: str
    order_qty: Decimal | None = None
    limit_price: Decimal | None = None
    triggers: Triggers | None = None
    display_qty: Decimal | None = None
    fee_preference: str | None = None
    post_only: bool | None = None
    reduce_only: bool | None = None
    order_userref: int | None = None
    deadline: str | None = None
    validate: bool | None = None
    token: str | None = field(default=None, repr=False)


@frozen(kw_only=True)
class CancelOrder:
    order_id: list[str] | None = None
    cl_ord_id: list[str] | None = None
    order_userref: list[int] | None = None
    token: str | None = field(default=None, repr=False)


@frozen(kw_only=True)
class CancelAll:
    token: str | None = field(default=None, repr=False)


@frozen(kw_only=True)
class CancelAllOrdersAfter:
    """timeout: seconds, 0 = off."""

    timeout: int
    token: str | None = field(default=None, repr=False)


@frozen(kw_only=True)
class BatchAdd:
    symbol: str
    orders: list[BatchOrder]
    deadline: str | None = None
    validate: bool | None = None
    token: str | None = field(default=None, repr=False)


@frozen(kw_only=True)
class BatchCancel:
    """orders: order_ids, or userrefs as text."""

    orders: list[str] | None = None
    cl_ord_id: list[str] | None = None
    token: str | None = field(default=None, repr=False)


Params = (
    AddOrder
    | AmendOrder
    | BatchAdd
    | BatchCancel
    | CancelAll
    | CancelAllOrdersAfter
    | CancelOrder
    | EditOrder
    | Subscribe
    | Unsubscribe
)


@frozen(kw_only=True)
class Request:
    """Every frame that a client sends. params None: of a ping; req_id: a number, or text, which is echoed all the
    same."""

    method: str
    params: Params | None = None
    req_id: int | str | None = None
