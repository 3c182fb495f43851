"""What a simulated Kraken Spot sends over the socket, as classes (spec A.4 to A.7, A.12).

They are the venue's own, apart from those that the client reads with. What is None is left out; a decimal is a JSON
number with a point.

https://docs.kraken.com/api/docs/websocket-v2
"""

from __future__ import annotations

from decimal import Decimal
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from attrs import frozen
else:
    from attrs import define as frozen  # built for every report and gone with it: see `facts`

__all__ = [
    "Contingent",
    "Fee",
    "Frame",
    "LegResult",
    "Report",
    "Result",
    "StatusFrame",
    "SystemStatus",
    "Triggers",
]


@frozen(kw_only=True)
class Triggers:
    """`triggers` of a report. price: as `price_type` says: static, pct or quote; actual_price: where it
    stands now; status: triggered or untriggered."""

    reference: str | None = None
    price: Decimal | None = None
    price_type: str | None = None
    actual_price: Decimal | None = None
    peak_price: Decimal | None = None
    last_price: Decimal | None = None
    status: str | None = None
    timestamp: str | None = None


@frozen(kw_only=True)
class Fee:
    """asset: a currency; qty: positive = cost, negative = rebate."""

    asset: str | None = None
    qty: Decimal | None = None


@frozen(kw_only=True)
class Contingent:
    """`contingent` of a report: the order that a fill will place."""

    order_type: str | None = None
    trigger_price: Decimal | None = None
    trigger_price_type: str | None = None
    limit_price: Decimal | None = None
    limit_price_type: str | None = None


@frozen(kw_only=True)
class Report:
    """One execution report, an element of `data` (spec A.7). Quantities: base units, prices: quote currency per unit,
    but cash_order_qty and cum_cost: quote currency; zero prices mean none; timestamps: RFC 3339."""

    order_id: str | None = None
    exec_type: str | None = None
    timestamp: str | None = None
    order_status: str | None = None
    cl_ord_id: str | None = None
    order_userref: int | None = None
    symbol: str | None = None
    side: str | None = None
    order_type: str | None = None
    order_qty: Decimal | None = None
    cash_order_qty: Decimal | None = None
    display_qty: Decimal | None = None
    display_qty_remain: Decimal | None = None
    limit_price: Decimal | None = None
    limit_price_type: str | None = None
    time_in_force: str | None = None
    effective_time: str | None = None
    expire_time: str | None = None
    post_only: bool | None = None
    reduce_only: bool | None = None
    margin: bool | None = None
    exec_id: str | None = None
    trade_id: int | None = None
    last_qty: Decimal | None = None
    last_price: Decimal | None = None
    cost: Decimal | None = None
    liquidity_ind: str | None = None
    fees: list[Fee] | None = None
    fee_usd_equiv: Decimal | None = None
    fee_ccy_pref: str | None = None
    cum_qty: Decimal | None = None
    cum_cost: Decimal | None = None
    avg_price: Decimal | None = None
    reason: str | None = None
    cancel_reason: str | None = None
    amended: bool | None = None
    triggers: Triggers | None = None
    stop_price: Decimal | None = None
    trigger: str | None = None
    triggered_price: Decimal | None = None
    contingent: Contingent | None = None
    ord_ref_id: str | None = None
    liquidated: bool | None = None
    margin_borrow: bool | None = None
    no_mpp: bool | None = None
    position_status: str | None = None
    sender_sub_id: str | None = None
    ext_ord_id: str | None = None
    ext_exec_id: str | None = None
    user: str | None = None
    ratecount: Decimal | None = None
    rate_count: Decimal | None = None


@frozen(kw_only=True)
class LegResult:
    """One leg in the answer to batch_add: an order, or `error` (spec A.12)."""

    order_id: str | None = None
    cl_ord_id: str | None = None
    order_userref: int | None = None
    success: bool | None = None
    error: str | None = None
    warnings: list[str] | None = None


@frozen(kw_only=True)
class Result:
    """`result` of an answer; which fields there are depends on the method."""

    order_id: str | None = None
    cl_ord_id: str | None = None
    order_userref: int | None = None
    original_order_id: str | None = None
    amend_id: str | None = None
    count: int | None = None
    currentTime: str | None = None
    triggerTime: str | None = None
    orders: list[LegResult] | None = None
    channel: str | None = None
    snap_orders: bool | None = None
    snap_trades: bool | None = None
    snapshot: bool | None = None
    maxratecount: int | None = None
    warnings: list[str] | None = None
    warning: str | None = None


@frozen(kw_only=True)
class Frame:
    """Every frame: `method` or `channel` says which. req_id: echoed as it came."""

    method: str | None = None
    req_id: int | str | None = None
    success: bool | None = None
    result: Result | list[LegResult] | None = None
    error: str | None = None
    Error: str | None = None
    channel: str | None = None
    type: str | None = None
    data: list[Any] | None = None
    sequence: int | None = None
    symbol: str | None = None
    status: str | None = None
    time_in: str | None = None
    time_out: str | None = None


@frozen(kw_only=True)
class SystemStatus:
    """An element of `data` on the status channel. system: online, maintenance, cancel_only or post_only;
    connection_id: beyond 63 bits."""

    version: str | None = None
    system: str | None = None
    api_version: str | None = None
    connection_id: int | None = None
    upcoming_maintenance: list[Any] | None = None
    emergency: list[Any] | None = None


@frozen(kw_only=True)
class StatusFrame:
    channel: str | None = None
    type: str | None = None
    data: list[SystemStatus] | None = None
