"""AX Exchange's wire, as classes: one per JSON object, field names exactly as sent (AX API 16.x).

Every class is declared once and used in both directions: the client reads what the simulated venue writes, and
the other way round. A missing key and JSON null mean the same. Enumerated values stay plain text here: `enumerations`
turns them into values, so an unknown one never makes a message unreadable.

https://docs.architect.exchange
"""

from __future__ import annotations

from decimal import Decimal
from typing import TYPE_CHECKING, Annotated, Any

from attrs import frozen
from msgspec import Meta

if TYPE_CHECKING:
    from attrs import frozen as frozen_for_types
else:
    from attrs import define as frozen_for_types  # built for every order and gone with it: see `protocol.facts`

__all__ = [
    "AuthenticateRequest",
    "AuthenticateResponse",
    "Balance",
    "CancelAllBody",
    "CancelBody",
    "CancelReceived",
    "Count",
    "Error",
    "ErrorBody",
    "Execution",
    "FillPage",
    "FillRow",
    "FundingResponse",
    "Id",
    "Inbound",
    "InstrumentList",
    "InstrumentRow",
    "Login",
    "MarginRequirement",
    "Message",
    "OpenOrders",
    "Order",
    "OrderId",
    "OrderPage",
    "OrderPreview",
    "Outbound",
    "Placement",
    "Position",
    "PreviewRequest",
    "PreviewResponse",
    "ReplaceBody",
    "Result",
    "Status",
    "StatusEnvelope",
    "TokenAccount",
    "Whoami",
]

Id = Annotated[str, Meta(min_length=1)]
"""Text that names something; empty text would name everything alike."""

Count = Annotated[int, Meta(ge=0)]
"""Contracts, or a client order id: u64 on the wire, exact at any size."""


@frozen(kw_only=True)
class Order:
    """Order object `o` / `ro` / `no`, also in login, open orders and REST (spec AX 5.3).

    A venue fills in everything down to `tif`. Only `oid` is insisted on: it says which order a fill is of, and no other
    field is worth losing a fill for.
    """

    oid: Id
    s: str | None = None
    d: str | None = None
    p: Decimal | None = None
    """Quote currency per unit."""
    q: Count | None = None
    """Contracts."""
    xq: Count | None = None
    """See `q`."""
    rq: Count | None = None
    """See `q`."""
    o: str | None = None
    tif: str | None = None
    u: str | None = None
    aid: str | None = None
    cid: Count | None = None
    tag: str | None = None
    po: bool | None = None
    rb: str | None = None
    r: str | None = None
    txt: str | None = None
    ts: int | None = None
    """Receipt time, seconds since 1970."""
    tn: int | None = None
    """Nanosecond part of `ts`."""


@frozen(kw_only=True)
class Execution:
    """Fill object `xs` (spec AX 5.4)."""

    tid: Id
    q: Count
    """Contracts of this execution."""
    p: Decimal
    d: str | None = None
    agg: bool | None = None
    """We were the taker."""
    s: str | None = None
    aid: str | None = None


@frozen(kw_only=True)
class Error:
    """`err` (spec AX 4.1)."""

    code: int
    msg: str | None = None


@frozen_for_types(kw_only=True)
class Outbound:
    """Every frame that a client may send (spec AX 3); `t` says which. rid is missing on heartbeats only."""

    t: str
    rid: int | None = None
    s: str | None = None
    d: str | None = None
    q: Count | None = None
    p: Decimal | None = None
    tif: str | None = None
    po: bool | None = None
    cid: Count | None = None
    tag: str | None = None
    st: str | None = None
    aid: str | None = None
    rb: str | None = None
    order_type: str | None = None
    trigger_price: Decimal | None = None
    oid: Id | None = None
    account_id: str | None = None
    symbol: str | None = None


@frozen(kw_only=True)
class Inbound:
    """Every message a venue may send over the socket: an event if `t` is there, else an answer (spec AX 4.4, 5.1)."""

    t: str | None = None
    ts: int | None = None
    tn: int | None = None
    eid: str | None = None
    o: Order | None = None
    xs: Execution | None = None
    xr: str | None = None
    txt: str | None = None
    r: str | None = None
    ro: Order | None = None
    noid: Id | None = None
    no: Order | None = None
    oid: Id | None = None
    cid: Count | None = None
    rid: int | None = None
    res: Any = None
    """`OrderId`, `CancelReceived`, `OpenOrders`, `StatusEnvelope`, `FundingResponse`, `Login`, a list of `Order`
    (older) or an empty dict."""
    err: Error | None = None
    data: str | None = None


@frozen(kw_only=True)
class OrderId:
    oid: str


@frozen(kw_only=True)
class CancelReceived:
    cxl_rx: bool


@frozen(kw_only=True)
class Login:
    li: str
    o: list[Order] | None = None
    cod: bool | None = None
    chb: int | None = None


@frozen(kw_only=True)
class OpenOrders:
    orders: list[Order]


@frozen(kw_only=True)
class Status:
    """Status object (spec AX 4.3). A venue fills in symbol and state; its reader insists on the id only."""

    order_id: Id
    state: str | None = None
    symbol: str | None = None
    clord_id: Count | None = None
    filled_quantity: Count | None = None
    remaining_quantity: Count | None = None
    reject_reason: str | None = None
    reject_message: str | None = None


@frozen(kw_only=True)
class StatusEnvelope:
    status: Status


@frozen(kw_only=True)
class FundingResponse:
    symbol: str
    status: str
    reason: str | None = None
    funding_rate: Decimal | None = None
    funding_amount: Decimal | None = None
    benchmark_price: Decimal | None = None
    settlement_price: Decimal | None = None
    timestamp: str | None = None


@frozen(kw_only=True)
class Result:
    """Every `res` that is an object, as its reader sees it before it knows which one it is (spec AX 4.4)."""

    oid: Id | None = None
    cxl_rx: bool | None = None
    status: Status | str | None = None
    orders: list[Order] | None = None
    li: str | None = None
    o: list[Order] | None = None
    cod: bool | None = None
    chb: int | None = None
    symbol: str | None = None


@frozen(kw_only=True)
class Message(Inbound):
    """`Inbound` as the client reads it: `res` has a type too, so that the prices in it are exact."""

    res: Result | list[Order] | None = None


# REST bodies (spec AX 7)


@frozen(kw_only=True)
class ErrorBody:
    error: str | None = None
    message: str | None = None


@frozen(kw_only=True)
class AuthenticateRequest:
    """Either the key pair or the user name set (spec AX 1.1)."""

    expiration_seconds: int
    api_key: str | None = None
    api_secret: str | None = None
    username: str | None = None
    password: str | None = None
    totp: str | None = None


@frozen(kw_only=True)
class AuthenticateResponse:
    token: str


@frozen(kw_only=True)
class Placement:
    """Body of place-order and of the two margin previews: `Outbound` without rid and t (spec AX 7.2)."""

    s: str
    d: str
    q: Count
    p: Decimal
    tif: str
    po: bool
    cid: Count | None = None
    tag: str | None = None
    st: str | None = None
    aid: str | None = None
    rb: str | None = None


@frozen(kw_only=True)
class CancelBody:
    """Body of cancel-order: exactly one of oid and cid (spec AX 7.2)."""

    oid: Id | None = None
    cid: Count | None = None
    aid: str | None = None


@frozen(kw_only=True)
class ReplaceBody:
    """Body of replace-order: exactly one of oid and cid; a missing term is inherited (spec AX 7.2)."""

    oid: Id | None = None
    cid: Count | None = None
    aid: str | None = None
    p: Decimal | None = None
    q: Count | None = None
    tif: str | None = None
    po: bool | None = None


@frozen(kw_only=True)
class CancelAllBody:
    """Body of cancel-all-orders (spec AX 7.2)."""

    symbol: str | None = None
    account_id: str | None = None


@frozen(kw_only=True)
class OrderPage:
    orders: list[Order]
    total_count: int | None = None
    total: int | None = None
    """Only in older replies, which know no cursor."""
    limit: int | None = None
    offset: int | None = None
    next_cursor: str | None = None


@frozen(kw_only=True)
class FillRow:
    """One fill in history (spec AX 7.4). A venue fills in everything down to `side`."""

    trade_id: Id
    price: Decimal
    quantity: Count
    symbol: str | None = None
    timestamp: str | None = None
    """RFC 3339, ending Z."""
    is_taker: bool | None = None
    fee: Decimal | None = None
    """Quote currency, negative = rebate."""
    side: str | None = None
    order_id: str | None = None
    """Missing on block trades and settlements."""
    user_id: str | None = None
    account_id: str | None = None
    realized_pnl: Decimal | None = None


@frozen(kw_only=True)
class FillPage:
    fills: list[FillRow]
    total_count: int | None = None
    limit: int | None = None
    next_cursor: str | None = None


@frozen(kw_only=True)
class InstrumentRow:
    """Instrument (spec AX 7.5). Only what trading needs is declared; other keys are ignored."""

    symbol: str
    multiplier: Decimal
    tick_size: Decimal
    minimum_order_size: Decimal
    quote_currency: str
    initial_margin_pct: Decimal
    maintenance_margin_pct: Decimal
    funding_settlement_currency: str | None = None
    category: str | None = None
    expiration: str | None = None
    price_scale: int | None = None
    price_band_lower_deviation_pct: Decimal | None = None
    price_band_upper_deviation_pct: Decimal | None = None
    state: str | None = None
    description: str | None = None


@frozen(kw_only=True)
class InstrumentList:
    instruments: list[InstrumentRow]


@frozen(kw_only=True)
class PreviewRequest:
    symbol: str
    quantity: Count
    side: str


@frozen(kw_only=True)
class PreviewResponse:
    """Spec AX 7.6. limit_price None: no liquidity."""

    filled_quantity: Count
    remaining_quantity: Count
    limit_price: Decimal | None = None
    vwap: Decimal | None = None


@frozen(kw_only=True)
class MarginRequirement:
    im: Decimal
    im_pct: Decimal | None = None
    pos: int | None = None
    mult: Decimal | None = None


@frozen(kw_only=True)
class OrderPreview:
    im: Decimal
    im_pct: Decimal | None = None
    pos_before: int | None = None
    pos_after: int | None = None
    liq: Decimal | None = None


@frozen(kw_only=True)
class Balance:
    symbol: str
    amount: Decimal
    account_id: str | None = None


@frozen(kw_only=True)
class Position:
    symbol: str
    signed_quantity: int
    signed_notional: Decimal
    timestamp: str
    realized_pnl: Decimal
    account_id: str | None = None
    signed_cost_basis: Decimal | None = None


@frozen(kw_only=True)
class TokenAccount:
    id: str
    name: str
    is_close_only: bool
    maker_fee: Decimal
    taker_fee: Decimal
    can_list: bool = True
    can_read: bool = True
    can_set_limits: bool = True
    can_reduce_or_close: bool = True
    can_trade: bool = True


@frozen(kw_only=True)
class Whoami:
    """Spec AX 7.8."""

    id: str
    username: str
    created_at: str
    is_onboarded: bool
    is_frozen: bool
    is_admin: bool
    accounts: list[TokenAccount]
