"""What a simulated Kraken Futures writes over REST, one class per JSON object, keys as documented (spec B.11 to B.13).

Only the venue writes these; the client reads with classes of its own, so that a mistake in one does not hide in the
other. Fields that are None are left out, those with the metadata `SHOWN` are null. Timestamps: ISO 8601, ending Z.

https://docs.kraken.com/api-reference (Futures REST)
"""

from __future__ import annotations

from decimal import Decimal
from typing import Any

from attrs import field, frozen

from ...kraken_futures.wire import SHOWN
from .account_rows import PositionRow
from .instrument_rows import InstrumentRow, InstrumentStatus

__all__ = [
    "Answer",
    "BatchStatus",
    "Execution",
    "Named",
    "OpenOrderRow",
    "OrderBody",
    "OrderEvent",
    "OrderStatusRow",
    "ParserError",
    "Reducible",
    "RestFill",
    "Status",
    "StatusBody",
    "TimerStatus",
    "TriggerBody",
    "TriggerOptions",
    "TriggerStatusBody",
]


@frozen(kw_only=True)
class Named:
    """The ids of an order. The venue writes a client order id in either spelling, an order id as each call does."""

    order_id: str | None = None
    orderId: str | None = None
    cli_ord_id: str | None = None
    cliOrdId: str | None = None


@frozen(kw_only=True)
class OrderBody(Named):
    """An order in an event: `order`, `old`, `new`, `orderPriorEdit`, `orderPriorExecution`. quantity: total, with what
    has filled."""

    type: str
    symbol: str
    side: str
    quantity: Decimal
    filled: Decimal
    limitPrice: Decimal | None = None
    stopPrice: Decimal | None = None
    reduceOnly: bool
    timestamp: str
    lastUpdateTimestamp: str


@frozen(kw_only=True)
class TriggerBody:
    """`orderTrigger`. type: of the order that it becomes."""

    uid: str
    clientId: str | None = field(default=None, metadata=SHOWN)
    type: str
    symbol: str
    side: str
    quantity: Decimal
    limitPrice: Decimal | None = field(default=None, metadata=SHOWN)
    triggerPrice: Decimal | None = field(default=None, metadata=SHOWN)
    triggerSide: str
    triggerSignal: str
    reduceOnly: bool
    timestamp: str
    lastUpdateTimestamp: str
    startTime: str | None = field(default=None, metadata=SHOWN)


@frozen(kw_only=True)
class OrderEvent:
    """One of `orderEvents`; `type` says which fields there are."""

    type: str
    uid: str | None = None
    reason: str | None = None
    order: OrderBody | None = None
    orderTrigger: TriggerBody | None = None


@frozen(kw_only=True)
class Reducible(OrderEvent):
    """PLACE of an order, and EDIT. reducedQuantity: by how much a reduce-only order was made smaller."""

    old: OrderBody | None = None
    new: OrderBody | None = None
    reducedQuantity: Decimal | None = field(default=None, metadata=SHOWN)


@frozen(kw_only=True)
class Execution(OrderEvent):
    """EXECUTION. amount: of this execution; the orders are as they were before the edit that caused it, and before
    it."""

    executionId: str
    price: Decimal
    amount: Decimal
    orderPriorEdit: OrderBody | None = field(default=None, metadata=SHOWN)
    orderPriorExecution: OrderBody
    takerReducedQuantity: Decimal | None = field(default=None, metadata=SHOWN)


@frozen(kw_only=True)
class Status(Named):
    """`sendStatus`, `editStatus` and `cancelStatus`."""

    status: str
    order_tag: str | None = None
    receivedTime: str | None = None
    dateTimeReceived: str | None = None
    cancelOnly: str | None = None
    cancelledOrders: list[Named] | None = None
    orderEvents: list[OrderEvent] | None = None


@frozen(kw_only=True)
class BatchStatus(Named):
    """An element of `batchStatus`. cancelStatus: where a cancel can be answered, instead of beside it."""

    status: str | None = None
    order_tag: str | None = None
    dateTimeReceived: str | None = None
    orderEvents: list[OrderEvent] | None = None
    cancelStatus: Status | None = None


@frozen(kw_only=True)
class TimerStatus:
    """`status` of cancelallordersafter. triggerTime: "0" when it is off."""

    currentTime: str
    triggerTime: str


@frozen(kw_only=True)
class OpenOrderRow(Named):
    symbol: str
    side: str
    orderType: str
    limitPrice: Decimal | None = None
    stopPrice: Decimal | None = None
    unfilledSize: Decimal | None = None
    filledSize: Decimal
    receivedTime: str
    lastUpdateTime: str
    status: str
    reduceOnly: bool
    triggerSignal: str | None = None


@frozen(kw_only=True)
class RestFill(Named):
    fill_id: str
    symbol: str
    side: str
    size: Decimal
    price: Decimal
    fillTime: str
    fillType: str
    fee_paid: Decimal | None = None
    fee_currency: str | None = None


@frozen(kw_only=True)
class TriggerOptions:
    triggerPrice: Decimal | None = field(default=None, metadata=SHOWN)
    triggerSide: str
    triggerSignal: str


@frozen(kw_only=True)
class StatusBody(OrderBody):
    """The order of orders/status. type: ORDER or TRIGGER_ORDER, which alone has the last two."""

    priceTriggerOptions: TriggerOptions | None = None


@frozen(kw_only=True)
class TriggerStatusBody(StatusBody):
    triggerTime: str | None = field(default=None, metadata=SHOWN)


@frozen(kw_only=True)
class OrderStatusRow:
    order: StatusBody
    status: str
    updateReason: str | None = field(default=None, metadata=SHOWN)
    error: str | None = field(default=None, metadata=SHOWN)


@frozen(kw_only=True)
class ParserError:
    code: int
    message: str


@frozen(kw_only=True)
class Answer:
    """Every answer but that of the history and of one instrument's status. status: a word in a parser's refusal, an
    object in the answer of cancelallordersafter; errors: of a parser, or the codes of `error` once more."""

    result: str | None = None
    error: str | None = None
    errors: list[ParserError] | list[str] | None = None
    status: Any = None
    sendStatus: Status | None = None
    editStatus: Status | None = None
    cancelStatus: Status | None = None
    batchStatus: list[BatchStatus] | None = None
    openOrders: list[OpenOrderRow] | None = None
    fills: list[RestFill] | None = None
    orders: list[OrderStatusRow] | None = None
    instruments: list[InstrumentRow] | None = None
    instrumentStatus: list[InstrumentStatus] | None = None
    accounts: dict[str, Any] | None = None
    openPositions: list[PositionRow] | None = None
    serverTime: str | None = None
