"""Kraken Futures' wire as the client speaks it: one class per JSON object or form, field names exactly as sent
(spec B). Forms are written, frames and answers are read; the simulation has classes of its own, so that a
mistake in one of them does not hide in the other.

A missing key, null and "" mean the same. Where the venue spells a key in two ways, both are declared, and a property
gives the one that is there. Enumerated values stay plain text here; `enumerations` turns them into values.

https://docs.kraken.com/exchange/guides/futures/rest
"""

from __future__ import annotations

from decimal import Decimal
from typing import Any, Final

from attrs import field, frozen

__all__ = [
    "BatchForm",
    "BatchItem",
    "BatchRequest",
    "BatchStatus",
    "CancelAllAfterForm",
    "CancelAllForm",
    "CancelForm",
    "Delta",
    "EditForm",
    "FeedFill",
    "FillsQuery",
    "Frame",
    "InstrumentRow",
    "Named",
    "OpenOrder",
    "OpenOrderRow",
    "OrderBody",
    "OrderEvent",
    "OrderStatusRow",
    "OrdersStatusForm",
    "ParserError",
    "RestAnswer",
    "RestFill",
    "SHOWN",
    "SendForm",
    "Stamped",
    "Status",
    "TimerStatus",
    "TrailingOptions",
    "TriggerBody",
    "TriggerOptions",
]

SHOWN: Final = {"null": True}
"""Metadata of a field that `converter` writes as null where it is None."""


@frozen(kw_only=True)
class Named:
    """The ids of an order, in the spellings that occur (spec E.14)."""

    order_id: str | None = None
    orderId: str | None = None
    cli_ord_id: str | None = None
    cliOrdId: str | None = None

    @property
    def venue_id(self) -> str:
        """ "" if there is none."""
        return self.order_id or self.orderId or ""

    @property
    def client_id(self) -> str | None:
        return self.cli_ord_id or self.cliOrdId or None


# WebSocket


@frozen(kw_only=True)
class TrailingOptions:
    max_deviation: Decimal | None = None
    unit: str | None = None


@frozen(kw_only=True)
class OpenOrder(Named):
    """`order` of the open_orders feed (spec B.6). Zero prices mean none."""

    instrument: str | None = None
    product_id: str | None = None
    time: int | None = None
    """ms since 1970."""
    last_update_time: int | None = None
    """See `time`."""
    qty: Decimal | None = None
    """See spec B.8."""
    filled: Decimal | None = None
    limit_price: Decimal | None = None
    stop_price: Decimal | None = None
    type: str | None = None
    direction: int | None = None
    """0 buy, 1 sell."""
    reduce_only: bool | None = None
    triggerSignal: str | None = None
    trigger_signal: str | None = None
    trailing_stop_options: TrailingOptions | None = None
    max_fixed_leverage: Decimal | None = None

    @property
    def symbol(self) -> str:
        return (self.instrument or self.product_id or "").upper()

    @property
    def signal(self) -> str | None:
        return self.triggerSignal or self.trigger_signal or None


@frozen(kw_only=True)
class FeedFill(Named):
    """One element of `fills` on the fills feed (spec B.9)."""

    instrument: str | None = None
    product_id: str | None = None
    time: int | None = None
    """ms since 1970."""
    price: Decimal | None = None
    seq: int | None = None
    buy: bool | None = None
    qty: Decimal | None = None
    """Of this fill."""
    remaining_order_qty: Decimal | None = None
    fill_id: str | None = None
    fillId: str | None = None
    fill_type: str | None = None
    fillType: str | None = None
    fee_paid: Decimal | None = None
    """Positive = cost, negative = rebate."""
    fee_currency: str | None = None
    taker_order_type: str | None = None
    order_type: str | None = None

    @property
    def symbol(self) -> str:
        return (self.instrument or self.product_id or "").upper()


@frozen(kw_only=True)
class Delta(Named):
    """The keys of one change on the open_orders feed: with `order`, or without it when it only says that an order is
    gone (spec B.6)."""

    order: OpenOrder | None = None
    is_cancel: bool | None = None
    reason: str | None = None


@frozen(kw_only=True)
class Frame(Delta):
    """Every frame of either direction: `event` or `feed` says which (spec C.2). What proves who we are never shows
    in repr."""

    event: str | None = None
    feed: str | None = None
    version: int | None = None
    message: str | None = None
    api_key: str | None = field(default=None, repr=False)
    original_challenge: str | None = field(default=None, repr=False)
    signed_challenge: str | None = field(default=None, repr=False)
    product_ids: list[str] | None = None
    account: str | None = None
    username: str | None = None
    time: int | None = None
    orders: list[OpenOrder] | None = None
    fills: list[FeedFill] | None = None


# REST forms (spec B.12). The order of the fields is the order in which they are sent.


@frozen(kw_only=True)
class SendForm:
    """sendorder. Prices are in the quote currency, per unit."""

    orderType: str
    symbol: str
    side: str
    size: Decimal
    """Contracts or base units."""
    limitPrice: Decimal | None = None
    stopPrice: Decimal | None = None
    triggerSignal: str | None = None
    trailingStopMaxDeviation: Decimal | None = None
    trailingStopDeviationUnit: str | None = None
    limitPriceOffsetValue: Decimal | None = None
    limitPriceOffsetUnit: str | None = None
    reduceOnly: bool | None = None
    cliOrdId: str | None = None
    processBefore: str | None = None


@frozen(kw_only=True)
class EditForm:
    """editorder: a missing term is kept."""

    orderId: str | None = None
    size: Decimal | None = None
    limitPrice: Decimal | None = None
    stopPrice: Decimal | None = None
    trailingStopMaxDeviation: Decimal | None = None
    trailingStopDeviationUnit: str | None = None
    qtyMode: str | None = None
    """RELATIVE (the venue's default): size is the new open quantity; ABSOLUTE: size includes what has filled."""
    processBefore: str | None = None


@frozen(kw_only=True)
class CancelForm:
    """cancelorder: exactly one of the ids."""

    order_id: str | None = None
    cliOrdId: str | None = None


@frozen(kw_only=True)
class CancelAllForm:
    symbol: str | None = None


@frozen(kw_only=True)
class CancelAllAfterForm:
    timeout: int
    """Seconds, 0 = off."""


@frozen(kw_only=True)
class OrdersStatusForm:
    orderIds: list[str] | None = None
    cliOrdIds: list[str] | None = None


@frozen(kw_only=True)
class BatchItem:
    """One leg of batchorder."""

    order: str
    """`send`, `edit` or `cancel`."""
    order_tag: str | None = None
    """What its answer is recognized by."""
    order_id: str | None = None
    orderType: str | None = None
    symbol: str | None = None
    side: str | None = None
    size: Decimal | None = None
    limitPrice: Decimal | None = None
    stopPrice: Decimal | None = None
    triggerSignal: str | None = None
    trailingStopMaxDeviation: Decimal | None = None
    trailingStopDeviationUnit: str | None = None
    limitPriceOffsetValue: Decimal | None = None
    limitPriceOffsetUnit: str | None = None
    reduceOnly: bool | None = None
    cliOrdId: str | None = None
    qtyMode: str | None = None


@frozen(kw_only=True)
class BatchRequest:
    batchOrder: list[BatchItem]


@frozen(kw_only=True)
class BatchForm:
    """batchorder."""

    json: str
    """A `BatchRequest`."""
    ProcessBefore: str | None = None


@frozen(kw_only=True)
class FillsQuery:
    """fills."""

    lastFillTime: str | None = None
    """The page of fills before this moment."""


# REST answers (spec B.11 to B.13). Timestamps: RFC 3339.


@frozen(kw_only=True)
class TriggerOptions:
    triggerPrice: Decimal | None = None
    triggerSide: str | None = None
    triggerSignal: str | None = None
    triggerTime: str | None = None


@frozen(kw_only=True)
class OrderBody(Named):
    """`order`, `old`, `new`, `orderPriorExecution`."""

    type: str | None = None
    symbol: str | None = None
    side: str | None = None
    quantity: Decimal | None = None
    """Total, with what has filled."""
    filled: Decimal | None = None
    limitPrice: Decimal | None = None
    stopPrice: Decimal | None = None
    reduceOnly: bool | None = None
    timestamp: str | None = None
    lastUpdateTimestamp: str | None = None
    priceTriggerOptions: TriggerOptions | None = None


@frozen(kw_only=True)
class TriggerBody:
    """`orderTrigger`: a stop as it waits."""

    uid: str | None = None
    clientId: str | None = None
    type: str | None = None
    """Of the order that it becomes (spec B.12)."""
    symbol: str | None = None
    side: str | None = None
    quantity: Decimal | None = None
    limitPrice: Decimal | None = None
    triggerPrice: Decimal | None = None
    triggerSide: str | None = None
    triggerSignal: str | None = None
    reduceOnly: bool | None = None
    timestamp: str | None = None
    lastUpdateTimestamp: str | None = None
    startTime: str | None = None


@frozen(kw_only=True)
class OrderEvent:
    """One of `orderEvents`; `type` says which fields there are (spec B.12)."""

    type: str | None = None
    uid: str | None = None
    reason: str | None = None
    order: OrderBody | None = None
    orderTrigger: TriggerBody | None = None
    old: OrderBody | None = None
    new: OrderBody | None = None
    executionId: str | None = None
    price: Decimal | None = None
    amount: Decimal | None = None
    """Of this execution."""
    orderPriorEdit: OrderBody | None = None
    orderPriorExecution: OrderBody | None = None
    takerReducedQuantity: Decimal | None = None
    """See `reducedQuantity`."""
    reducedQuantity: Decimal | None = None
    """By how much a reduce-only order was made smaller."""


@frozen(kw_only=True)
class Status(Named):
    """`sendStatus`, `editStatus` and `cancelStatus`."""

    status: str | None = None
    order_tag: str | None = None
    orderTag: str | None = None
    receivedTime: str | None = None
    dateTimeReceived: str | None = None
    cancelOnly: str | None = None
    cancelledOrders: list[Named] | None = None
    orderEvents: list[OrderEvent] | None = None

    @property
    def tag(self) -> str | None:
        return self.order_tag or self.orderTag or None

    @property
    def received(self) -> str:
        return self.receivedTime or self.dateTimeReceived or ""


@frozen(kw_only=True)
class BatchStatus(Status):
    """An element of `batchStatus`."""

    cancelStatus: Status | None = None
    """Where the venue puts what became of a cancel, instead of beside it."""


@frozen(kw_only=True)
class TimerStatus:
    """`status` of cancelallordersafter."""

    currentTime: str | None = None
    triggerTime: str | None = None
    """`0` when it is off."""


@frozen(kw_only=True)
class OpenOrderRow(Named):
    """One of `openOrders`. unfilledSize can be missing on triggers that were never touched."""

    symbol: str | None = None
    side: str | None = None
    orderType: str | None = None
    limitPrice: Decimal | None = None
    stopPrice: Decimal | None = None
    unfilledSize: Decimal | None = None
    filledSize: Decimal | None = None
    receivedTime: str | None = None
    lastUpdateTime: str | None = None
    status: str | None = None
    reduceOnly: bool | None = None
    triggerSignal: str | None = None


@frozen(kw_only=True)
class RestFill(Named):
    """One of `fills`."""

    fill_id: str | None = None
    fillId: str | None = None
    symbol: str | None = None
    side: str | None = None
    size: Decimal | None = None
    price: Decimal | None = None
    fillTime: str | None = None
    fillType: str | None = None
    fill_type: str | None = None
    fee_paid: Decimal | None = None
    fee_currency: str | None = None


@frozen(kw_only=True)
class OrderStatusRow:
    """One of `orders` in the answer of orders/status."""

    order: OrderBody | None = None
    status: str | None = None
    updateReason: str | None = None
    error: str | None = None


@frozen(kw_only=True)
class InstrumentRow:
    """One of `instruments`, as far as it is read."""

    symbol: str
    tradeable: bool | None = None
    tickSize: Decimal | None = None
    """Quote currency."""
    contractSize: Decimal | None = None
    """Units of the underlying in one contract."""
    contractValueTradePrecision: int | None = None
    """Decimal places of a quantity, negative: whole tens, hundreds, …"""
    quote: str | None = None
    """Currency."""
    isExpired: bool | None = None


@frozen(kw_only=True)
class ParserError:
    code: int | None = None
    message: str | None = None


@frozen(kw_only=True)
class RestAnswer:
    """Every REST answer."""

    result: str | None = None
    error: str | None = None
    errors: list[Any] | None = None
    """Each a `ParserError`, or a code as in `error`."""
    status: Any = None
    """Text in a parser's refusal, an object in the answer of cancelallordersafter."""
    sendStatus: Status | None = None
    editStatus: Status | None = None
    cancelStatus: Status | None = None
    batchStatus: list[BatchStatus] | None = None
    openOrders: list[OpenOrderRow] | None = None
    fills: list[RestFill] | None = None
    orders: list[OrderStatusRow] | None = None
    """Of orders/status."""
    instruments: list[InstrumentRow] | None = None
    serverTime: str | None = None


@frozen(kw_only=True)
class Stamped:
    """The keys that every REST answer may have, and nothing else of it."""

    serverTime: str | None = None
