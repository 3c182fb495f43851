"""Kraken Spot's wire, as classes: one per JSON object or form, field names exactly as sent (spec A).

The simulated venue has classes of its own, so that a mistake of one side shows at the other. A missing key, null and
"" mean the same. How a field is written is its metadata: nothing said, a decimal is a JSON number with a point; `TEXT`,
it is text; `BARE`, a number as short as it can be; `SHOWN`, null where it is None; `keyed`, the key is another than the
name. Enumerated values stay plain text here; `enumerations` turns them into values.

https://docs.kraken.com/api/docs/websocket-v2
"""

from __future__ import annotations

from decimal import Decimal
from typing import TYPE_CHECKING, Any, Final

if TYPE_CHECKING:
    from attrs import field, frozen
else:
    from attrs import define as frozen  # built for every order and gone with it: see `facts`
    from attrs import field

__all__ = [
    "AddOrder",
    "AddOrderAnswer",
    "AddOrderBatchAnswer",
    "AddOrderBatchForm",
    "AddOrderForm",
    "AddOrderResult",
    "AmendOrder",
    "AmendOrderAnswer",
    "AmendOrderForm",
    "AmendResult",
    "AssetPairRow",
    "AssetPairsAnswer",
    "BARE",
    "BatchAdd",
    "BatchCancel",
    "BatchOrder",
    "Call",
    "CancelAll",
    "CancelAllOrdersAfter",
    "CancelBatchForm",
    "CancelForm",
    "CancelOrder",
    "CancelTimerForm",
    "ClosedOrdersAnswer",
    "ClosedOrdersForm",
    "ClosedOrdersResult",
    "Conditional",
    "Contingent",
    "CountAnswer",
    "CountResult",
    "EditOrder",
    "Fee",
    "Frame",
    "LegResult",
    "OpenOrdersAnswer",
    "OpenOrdersForm",
    "OpenOrdersResult",
    "OrderDescription",
    "OrderRow",
    "OrderTerms",
    "Params",
    "PrivateForm",
    "QueryOrdersAnswer",
    "QueryOrdersForm",
    "Report",
    "RestAnswer",
    "RestBatchLeg",
    "RestBatchResult",
    "RestClose",
    "RestLegOrder",
    "RestOrderTerms",
    "Result",
    "SHOWN",
    "StatusFrame",
    "Subscribe",
    "SystemStatus",
    "TEXT",
    "TimerAnswer",
    "TimerResult",
    "TokenAnswer",
    "TokenForm",
    "TokenResult",
    "TradeRow",
    "TradesHistoryAnswer",
    "TradesHistoryForm",
    "TradesHistoryResult",
    "Triggers",
    "Unsubscribe",
    "keyed",
]

SHOWN: Final = {"null": True}
"""Metadata of a field that is written as null where it is None."""
TEXT: Final = {"number": "text"}
"""Metadata of a decimal that is written as JSON text."""
BARE: Final = {"number": "bare"}
"""Metadata of a decimal that is written as a JSON number without a point where it is whole."""


def keyed(key: str) -> dict[str, Any]:
    """Metadata of a field whose key on the wire is no Python name."""
    return {"key": key}


# WebSocket, what the venue sends


@frozen(kw_only=True)
class Triggers:
    """`triggers` of a report or a request."""

    reference: str | None = None
    price: Decimal | None = None
    """As `price_type` says: static, pct or quote."""
    price_type: str | None = None
    actual_price: Decimal | None = None
    """Where it stands now."""
    peak_price: Decimal | None = None
    last_price: Decimal | None = None
    status: str | None = None
    """`triggered` or `untriggered`."""
    timestamp: str | None = None


@frozen(kw_only=True)
class Fee:
    asset: str | None = None
    """A currency."""
    qty: Decimal | None = None
    """Positive = cost, negative = a rebate."""


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


def _contradicts(success: object, error: str | None) -> bool:
    """True for a `success` that is neither true nor false, or true beside an error: it proves neither."""
    return success is not None and success is not False and (success is not True or bool(error))


@frozen(kw_only=True)
class LegResult:
    """One leg in the answer to batch_add: an order, or `error` (spec A.12)."""

    order_id: str | None = None
    cl_ord_id: str | None = None
    order_userref: int | None = None
    success: Any = None
    error: str | None = None
    warnings: list[str] | None = None

    @property
    def is_unclear(self) -> bool:
        return _contradicts(self.success, self.error)


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
    orders: list[LegResult | None] | None = None
    """None in the place of a leg that cannot be read, since legs are recognized by their places."""
    channel: str | None = None
    snap_orders: bool | None = None
    snap_trades: bool | None = None
    snapshot: bool | None = None
    maxratecount: int | None = None
    warnings: list[str] | None = None
    warning: str | None = None


@frozen(kw_only=True)
class Frame:
    """Every frame that the venue sends: `method` or `channel` says which (spec C.1)."""

    method: str | None = None
    req_id: int | None = None
    success: Any = None
    """As it came, because what is not a bool must not become one."""
    result: Result | list[LegResult | None] | None = None
    error: str | None = None
    Error: str | None = None
    channel: str | None = None
    type: str | None = None
    data: list[Report] | None = None
    sequence: int | None = None
    symbol: str | None = None
    status: str | None = None
    time_in: str | None = None
    time_out: str | None = None

    @property
    def succeeded(self) -> bool:
        """`success`; where it is missing, a result without an error says the same. Never beside an error."""
        if self.success is None:
            return self.result is not None and not self.error
        return self.success is True and not self.error

    @property
    def is_unclear(self) -> bool:
        return _contradicts(self.success, self.error)


@frozen(kw_only=True)
class SystemStatus:
    """An element of `data` on the status channel."""

    version: str | None = None
    system: str | None = None
    """`online`, `maintenance`, `cancel_only` or `post_only`."""
    api_version: str | None = None
    connection_id: Any = None
    """Beyond 63 bits."""
    upcoming_maintenance: Any = None
    emergency: Any = None


@frozen(kw_only=True)
class StatusFrame:
    channel: str | None = None
    type: str | None = None
    data: list[SystemStatus] | None = None


# WebSocket, what the client sends. A token never shows in repr.


@frozen(kw_only=True)
class Subscribe:
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
class Conditional:
    """`conditional`: the order that a fill places."""

    order_type: str
    limit_price: Decimal | None = None
    limit_price_type: str | None = None
    trigger_price: Decimal | None = None
    trigger_price_type: str | None = None


@frozen(kw_only=True)
class OrderTerms:
    """The params of an order, alone or in a batch."""

    side: str
    order_type: str
    order_qty: Decimal | None = None
    """Base units."""
    cash_order_qty: Decimal | None = None
    """Quote currency."""
    limit_price: Decimal | None = None
    limit_price_type: str | None = None
    triggers: Triggers | None = None
    trigger: Triggers | None = None
    """What older clients call `triggers`."""
    time_in_force: str | None = None
    effective_time: str | None = None
    """RFC 3339."""
    expire_time: str | None = None
    """See `effective_time`."""
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
        return self.triggers or self.trigger


@frozen(kw_only=True)
class BatchOrder(OrderTerms):
    """One leg of batch_add."""


@frozen(kw_only=True)
class AddOrder(OrderTerms):
    symbol: str
    deadline: str | None = None
    """RFC 3339, from 500 ms to 60 s ahead."""
    validate: bool | None = None
    """Check it only."""
    token: str | None = field(default=None, repr=False)


@frozen(kw_only=True)
class AmendOrder:
    """Exactly one of the ids."""

    order_id: str | None = None
    cl_ord_id: str | None = None
    order_qty: Decimal | None = None
    """The new total; a missing term is kept."""
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
    timeout: int
    """Seconds, 0 = off."""
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
    orders: list[str] | None = None
    """Ids of orders, or userrefs as text."""
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
class Call:
    """Every frame that the client sends. params None: of a ping."""

    method: str
    params: Params | None = None
    req_id: int | None = None


# REST forms (spec A.17). The nonce comes first, put there when the call is signed; the order of the other fields is the
# order in which they are sent.


@frozen(kw_only=True)
class PrivateForm:
    """Neither field shows in repr."""

    nonce: str | None = field(default=None, repr=False)
    """Of every private call."""
    otp: str | None = field(default=None, repr=False)
    """With keys that have two-factor authentication."""


@frozen(kw_only=True)
class TokenForm(PrivateForm):
    """GetWebSocketsToken, CancelAll."""


@frozen(kw_only=True)
class RestOrderTerms:
    """The terms of an order that AddOrder's form and a leg of AddOrderBatch share (spec A.17)."""

    type: str | None = None
    ordertype: str | None = None
    volume: Decimal | None = field(default=None, metadata=TEXT)
    price: str | None = None
    """By the type, see `rest_order_entry`."""
    price2: str | None = None
    """See `price`."""
    cl_ord_id: str | None = None
    userref: int | None = None
    oflags: str | None = None
    """Flags with commas between."""
    timeinforce: str | None = None
    expiretm: str | None = None
    starttm: str | None = None
    trigger: str | None = None
    leverage: str | None = None
    reduce_only: bool | None = None
    stptype: str | None = None
    displayvol: Decimal | None = field(default=None, metadata=TEXT)


@frozen(kw_only=True)
class RestClose:
    """The conditional close of a leg. JSON has it nested; the keys of a form would be lost there silently."""

    ordertype: str | None = None
    price: str | None = None
    price2: str | None = None


@frozen(kw_only=True)
class RestLegOrder(RestOrderTerms):
    """A leg of AddOrderBatch, in JSON."""

    close: RestClose | None = None


@frozen(kw_only=True)
class AddOrderForm(RestOrderTerms):
    """A form alone has keys with brackets."""

    close_ordertype: str | None = field(default=None, metadata=keyed("close[ordertype]"))
    close_price: str | None = field(default=None, metadata=keyed("close[price]"))
    close_price2: str | None = field(default=None, metadata=keyed("close[price2]"))
    nonce: str | None = field(default=None, repr=False)
    otp: str | None = field(default=None, repr=False)
    pair: str | None = None
    asset_class: str | None = None
    """Of a pair that is no pair of currencies."""
    deadline: str | None = None
    validate: bool | None = None


@frozen(kw_only=True)
class AddOrderBatchForm(PrivateForm):
    """Sent as JSON."""

    pair: str | None = None
    asset_class: str | None = None
    orders: list[RestLegOrder] | None = None
    deadline: str | None = None
    validate: bool | None = None


@frozen(kw_only=True)
class AmendOrderForm(PrivateForm):
    """Exactly one of the ids."""

    txid: str | None = None
    cl_ord_id: str | None = None
    order_qty: Decimal | None = field(default=None, metadata=TEXT)
    limit_price: str | None = None
    trigger_price: str | None = None
    display_qty: Decimal | None = field(default=None, metadata=TEXT)
    post_only: bool | None = None
    pair: str | None = None
    """Of what is no pair of currencies."""
    deadline: str | None = None


@frozen(kw_only=True)
class CancelForm(PrivateForm):
    """Exactly one of the ids."""

    txid: str | None = None
    cl_ord_id: str | None = None


@frozen(kw_only=True)
class CancelBatchForm(PrivateForm):
    """CancelOrderBatch; sent as JSON."""

    orders: list[str] | None = None
    cl_ord_ids: list[str] | None = None


@frozen(kw_only=True)
class CancelTimerForm(PrivateForm):
    """CancelAllOrdersAfter."""

    timeout: int
    """Seconds, 0 = off."""


@frozen(kw_only=True)
class OpenOrdersForm(PrivateForm):
    trades: bool | None = None
    userref: int | None = None
    cl_ord_id: str | None = None


@frozen(kw_only=True)
class ClosedOrdersForm(PrivateForm):
    start: str | None = None
    """Seconds since 1970."""
    end: str | None = None
    """See `start`."""
    ofs: int | None = None
    """How many to leave out."""
    closetime: str | None = None
    """`open`, `close` or `both`."""
    cl_ord_id: str | None = None
    consolidate_taker: bool | None = None
    """As in `TradesHistoryForm`."""


@frozen(kw_only=True)
class QueryOrdersForm(PrivateForm):
    txid: str
    """Up to 50, with commas between. There is no way to ask by client id."""
    trades: bool | None = None
    consolidate_taker: bool | None = None
    """As in `TradesHistoryForm`."""


@frozen(kw_only=True)
class TradesHistoryForm(PrivateForm):
    """`start` (exclusive) and `end` (inclusive) are seconds since 1970."""

    type: str | None = None
    start: str | None = None
    end: str | None = None
    ofs: int | None = None
    """How many to leave out."""
    consolidate_taker: bool | None = None
    """Unless it is said to be false, the fills of a taker are put together under an id that the socket never names."""


# REST answers. Decimal values are text; times are seconds since 1970, 0 = none.


@frozen(kw_only=True)
class RestAnswer:
    error: list[str] | None = None
    """Texts that begin with E are errors, with W warnings."""


@frozen(kw_only=True)
class TokenResult:
    """The token never shows in repr."""

    token: str | None = field(default=None, repr=False)
    expires: int | None = None
    """Seconds."""


@frozen(kw_only=True)
class TokenAnswer(RestAnswer):
    result: TokenResult | None = None


@frozen(kw_only=True)
class OrderDescription:
    """`descr`. Prices are text, because a trigger may be relative."""

    pair: str | None = None
    type: str | None = None
    ordertype: str | None = None
    price: str | None = None
    price2: str | None = None
    leverage: str | None = None
    order: str | None = None
    close: str | None = None


@frozen(kw_only=True)
class AddOrderResult:
    descr: OrderDescription | None = None
    txid: list[str] | None = None


@frozen(kw_only=True)
class AddOrderAnswer(RestAnswer):
    result: AddOrderResult | None = None


@frozen(kw_only=True)
class RestBatchLeg:
    txid: str | None = None
    descr: OrderDescription | None = None
    error: str | None = None


@frozen(kw_only=True)
class RestBatchResult:
    orders: list[RestBatchLeg | None] | None = None
    """In the order of the legs; None in the place of one that cannot be read."""


@frozen(kw_only=True)
class AddOrderBatchAnswer(RestAnswer):
    result: RestBatchResult | None = None


@frozen(kw_only=True)
class AmendResult:
    amend_id: str | None = None


@frozen(kw_only=True)
class AmendOrderAnswer(RestAnswer):
    result: AmendResult | None = None


@frozen(kw_only=True)
class CountResult:
    count: int | None = None
    pending: bool | None = None


@frozen(kw_only=True)
class CountAnswer(RestAnswer):
    """CancelOrder, CancelOrderBatch, CancelAll."""

    result: CountResult | None = None


@frozen(kw_only=True)
class TimerResult:
    currentTime: str | None = None
    triggerTime: str | None = None


@frozen(kw_only=True)
class TimerAnswer(RestAnswer):
    result: TimerResult | None = None


@frozen(kw_only=True)
class OrderRow:
    """An order in the answers of OpenOrders, ClosedOrders and QueryOrders."""

    refid: str | None = field(default=None, metadata=SHOWN)
    userref: int | None = field(default=None, metadata=SHOWN)
    cl_ord_id: str | None = None
    status: str | None = None
    reason: str | None = None
    opentm: Decimal | None = field(default=None, metadata=BARE)
    closetm: Decimal | None = field(default=None, metadata=BARE)
    starttm: Decimal | None = field(default=None, metadata=BARE)
    expiretm: Decimal | None = field(default=None, metadata=BARE)
    descr: OrderDescription | None = None
    vol: Decimal | None = field(default=None, metadata=TEXT)
    """Base units."""
    vol_exec: Decimal | None = field(default=None, metadata=TEXT)
    cost: Decimal | None = field(default=None, metadata=TEXT)
    fee: Decimal | None = field(default=None, metadata=TEXT)
    price: Decimal | None = field(default=None, metadata=TEXT)
    """Average of its fills, 0 = none."""
    avg_price: Decimal | None = field(default=None, metadata=TEXT)
    stopprice: Decimal | None = field(default=None, metadata=TEXT)
    """What its trigger came to."""
    limitprice: Decimal | None = field(default=None, metadata=TEXT)
    """See `stopprice`."""
    trigger: str | None = None
    misc: str | None = None
    oflags: str | None = None
    trades: list[str] | None = None


@frozen(kw_only=True)
class OpenOrdersResult:
    open: dict[str, OrderRow] | None = None


@frozen(kw_only=True)
class OpenOrdersAnswer(RestAnswer):
    result: OpenOrdersResult | None = None


@frozen(kw_only=True)
class ClosedOrdersResult:
    closed: dict[str, OrderRow] | None = None
    count: int | None = None
    """Of all that there are, beyond this page."""


@frozen(kw_only=True)
class ClosedOrdersAnswer(RestAnswer):
    result: ClosedOrdersResult | None = None


@frozen(kw_only=True)
class QueryOrdersAnswer(RestAnswer):
    result: dict[str, OrderRow] | None = None


@frozen(kw_only=True)
class TradeRow:
    """An execution in the answer of TradesHistory; its key there is the exec_id of the socket."""

    ordertxid: str | None = None
    postxid: str | None = None
    pair: str | None = None
    time: Decimal | None = field(default=None, metadata=BARE)
    type: str | None = None
    ordertype: str | None = None
    price: Decimal | None = field(default=None, metadata=TEXT)
    cost: Decimal | None = field(default=None, metadata=TEXT)
    fee: Decimal | None = field(default=None, metadata=TEXT)
    vol: Decimal | None = field(default=None, metadata=TEXT)
    margin: Decimal | None = field(default=None, metadata=TEXT)
    leverage: str | None = None
    misc: str | None = None
    trade_id: int | None = None
    maker: bool | None = None
    ledgers: list[str] | None = None


@frozen(kw_only=True)
class TradesHistoryResult:
    trades: dict[str, TradeRow] | None = None
    count: int | None = None


@frozen(kw_only=True)
class TradesHistoryAnswer(RestAnswer):
    result: TradesHistoryResult | None = None


@frozen(kw_only=True)
class AssetPairRow:
    """A pair in the answer of AssetPairs."""

    altname: str | None = None
    wsname: str | None = None
    """BASE/QUOTE, in legacy codes."""
    base: str | None = None
    quote: str | None = None
    pair_decimals: int | None = None
    """Places of prices and quantities."""
    lot_decimals: int | None = None
    """See `pair_decimals`."""
    tick_size: Decimal | None = field(default=None, metadata=TEXT)
    ordermin: Decimal | None = field(default=None, metadata=TEXT)
    """Base units."""
    costmin: Decimal | None = field(default=None, metadata=TEXT)
    status: str | None = None
    """`online`, `cancel_only`, `post_only`, `limit_only` or `reduce_only`."""


@frozen(kw_only=True)
class AssetPairsAnswer(RestAnswer):
    result: dict[str, AssetPairRow] | None = None
