"""AX Exchange's wire, as classes: one per JSON object, field names exactly as sent (spec: AX API 16.x).

Every class is declared once and used in both directions: the client reads what the simulated venue writes, and
the other way round. A missing key and JSON null mean the same. Enumerated values stay plain text here; the codec
turns them into values, and an unknown word there never makes a message unreadable.

https://docs.architect.exchange
"""

from __future__ import annotations

from decimal import Decimal
from typing import Any

from attrs import frozen

__all__ = [
    "AuthenticateRequest",
    "AuthenticateResponse",
    "Balance",
    "CancelReceived",
    "Error",
    "ErrorBody",
    "Execution",
    "FillPage",
    "FillRow",
    "FundingResponse",
    "Inbound",
    "InstrumentList",
    "InstrumentRow",
    "Login",
    "MarginRequirement",
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
    "Status",
    "StatusEnvelope",
    "TokenAccount",
    "Whoami",
]


@frozen(kw_only=True)
class Order:
    """Order object `o` / `ro` / `no`, also in login, open orders and REST (spec 5.3).

    q, xq, rq: contracts; p: quote currency per unit; ts, tn: receipt time, seconds and its nanosecond part.
    """

    oid: str
    s: str
    d: str
    p: Decimal
    q: int
    xq: int
    rq: int
    o: str
    tif: str
    u: str | None = None
    aid: str | None = None
    cid: int | None = None
    tag: str | None = None
    po: bool | None = None
    rb: str | None = None
    r: str | None = None
    txt: str | None = None
    ts: int | None = None
    tn: int | None = None


@frozen(kw_only=True)
class Execution:
    """Fill object `xs` (spec 5.4). q: contracts of this execution; agg: we were the taker."""

    tid: str
    q: int
    p: Decimal
    d: str | None = None
    agg: bool | None = None
    s: str | None = None
    aid: str | None = None


@frozen(kw_only=True)
class Error:
    """`err` (spec 4.1)."""

    code: int
    msg: str | None = None


@frozen(kw_only=True)
class Outbound:
    """Every request a client may send over the socket (spec 3); `t` says which. rid is missing on heartbeats only."""

    t: str
    rid: int | None = None
    s: str | None = None
    d: str | None = None
    q: int | None = None
    p: Decimal | None = None
    tif: str | None = None
    po: bool | None = None
    cid: int | None = None
    tag: str | None = None
    st: str | None = None
    aid: str | None = None
    rb: str | None = None
    order_type: str | None = None
    trigger_price: Decimal | None = None
    oid: str | None = None
    account_id: str | None = None
    symbol: str | None = None


@frozen(kw_only=True)
class Inbound:
    """Every message a venue may send over the socket: an event if `t` is there, else an answer (spec 4.4, 5.1)."""

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
    noid: str | None = None
    no: Order | None = None
    oid: str | None = None
    cid: int | None = None
    rid: int | None = None
    res: Any = None
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
    """Status object (spec 4.3)."""

    symbol: str
    order_id: str
    state: str
    clord_id: int | None = None
    filled_quantity: int | None = None
    remaining_quantity: int | None = None
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


# REST bodies (spec 7)


@frozen(kw_only=True)
class ErrorBody:
    error: str | None = None
    message: str | None = None


@frozen(kw_only=True)
class AuthenticateRequest:
    """Either the key pair or the user name set (spec 1.1)."""

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
    """Body of place-order and of the two margin previews: `Outbound` without rid and t (spec 7.2)."""

    s: str
    d: str
    q: int
    p: Decimal
    tif: str
    po: bool
    cid: int | None = None
    tag: str | None = None
    st: str | None = None
    aid: str | None = None
    rb: str | None = None


@frozen(kw_only=True)
class OrderPage:
    orders: list[Order]
    total_count: int | None = None
    limit: int | None = None
    offset: int | None = None
    next_cursor: str | None = None


@frozen(kw_only=True)
class FillRow:
    """One fill in history (spec 7.4). fee: quote currency, negative = rebate; timestamp: RFC 3339, ending Z."""

    trade_id: str
    symbol: str
    timestamp: str
    price: Decimal
    quantity: int
    is_taker: bool
    fee: Decimal
    side: str
    order_id: str | None = None
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
    """Instrument (spec 7.5). Only what trading needs is declared; other keys are ignored."""

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
    quantity: int
    side: str


@frozen(kw_only=True)
class PreviewResponse:
    """Spec 7.6. limit_price None: no liquidity."""

    filled_quantity: int
    remaining_quantity: int
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
    """Spec 7.8."""

    id: str
    username: str
    created_at: str
    is_onboarded: bool
    is_frozen: bool
    is_admin: bool
    accounts: list[TokenAccount]
