"""The history of a simulated Kraken Futures as it goes over the wire: one class per JSON object, and the class of an
event is its kind (spec B.13).

Only the venue writes these; the client reads the history with classes of its own, so that a mistake in one of them
does not hide in the other. Quantities, prices and fees are decimal text, `quantity` is what remains of an order, times
are ms since 1970, and what is not there is "".

https://docs.kraken.com/api-reference/account-history/get-order-events
"""

from __future__ import annotations

from typing import Any, Final

from attrs import field, frozen

from ...kraken_futures.wire import SHOWN

__all__ = [
    "Element",
    "Execution",
    "ExecutionRow",
    "FeeCalculation",
    "HistoryAnswer",
    "HistoryOrder",
    "HistoryTrigger",
    "OlderExecutionRow",
    "OrderCancelled",
    "OrderData",
    "OrderEditRejected",
    "OrderNotFound",
    "OrderPlaced",
    "OrderRejected",
    "OrderTriggerActivated",
    "OrderTriggerCancelled",
    "OrderTriggerEditRejected",
    "OrderTriggerPlaced",
    "OrderTriggerUpdated",
    "OrderUpdated",
    "PriceOffset",
    "TrailingStop",
    "TriggerTerms",
]

ORIGIN: Final = "Unknown Origin"


@frozen(kw_only=True)
class HistoryOrder:
    uid: str
    """The order id."""
    accountUid: str
    tradeable: str
    direction: str
    quantity: str
    """What remains open."""
    filled: str
    timestamp: int
    limitPrice: str
    orderType: str
    clientId: str
    reduceOnly: bool
    lastUpdateTimestamp: int
    spotData: None = field(default=None, metadata=SHOWN)


@frozen(kw_only=True)
class TrailingStop:
    maxDeviation: str
    unit: str


@frozen(kw_only=True)
class PriceOffset:
    priceOffset: str
    unit: str


@frozen(kw_only=True)
class TriggerTerms:
    triggerPrice: str
    triggerSignal: str
    triggerSide: str
    trailingStopOptions: TrailingStop | None = None
    limitPriceOffset: PriceOffset | None = None


@frozen(kw_only=True)
class HistoryTrigger:
    """An order that waits for a price. orderType: of the order that it becomes."""

    uid: str
    accountId: int
    accountUid: str
    tradeable: str
    direction: str
    quantity: str
    timestamp: int
    limitPrice: str
    orderType: str
    clientId: str
    reduceOnly: bool
    triggerOptions: TriggerTerms
    lastUpdateTimestamp: int


# Events of orders


@frozen(kw_only=True)
class OrderPlaced:
    order: HistoryOrder
    reason: str
    reducedQuantity: str = ""
    algoId: str = ""
    origin: str = ORIGIN


@frozen(kw_only=True)
class OrderUpdated:
    oldOrder: HistoryOrder
    newOrder: HistoryOrder
    reason: str
    reducedQuantity: str = "0"
    algoId: str = ""
    origin: str = ORIGIN


@frozen(kw_only=True)
class OrderCancelled:
    order: HistoryOrder
    reason: str
    algoId: str = ""
    origin: str = ORIGIN


@frozen(kw_only=True)
class OrderRejected:
    order: HistoryOrder
    orderError: str
    reason: str
    algoId: str = ""
    origin: str = ORIGIN


@frozen(kw_only=True)
class OrderEditRejected:
    oldOrder: HistoryOrder
    attemptedOrder: HistoryOrder
    orderError: str


@frozen(kw_only=True)
class OrderNotFound:
    accountUid: str
    orderId: str


# Events of triggers


@frozen(kw_only=True)
class OrderTriggerPlaced:
    order: HistoryTrigger
    reason: str
    algoId: str = ""
    origin: str = ORIGIN


@frozen(kw_only=True)
class OrderTriggerUpdated:
    oldOrderTrigger: HistoryTrigger
    newOrderTrigger: HistoryTrigger
    reason: str
    algoId: str = ""
    origin: str = ORIGIN


@frozen(kw_only=True)
class OrderTriggerCancelled:
    order: HistoryTrigger
    reason: str
    algoId: str = ""
    origin: str = ORIGIN


@frozen(kw_only=True)
class OrderTriggerActivated:
    order: HistoryTrigger


@frozen(kw_only=True)
class OrderTriggerEditRejected:
    attemptedOrderTrigger: HistoryTrigger
    oldOrderTrigger: HistoryTrigger
    reason: str
    orderError: str


# Executions


@frozen(kw_only=True)
class FeeCalculation:
    percentageFee: str
    userFeeDiscountApplied: str = "0"
    marketShareRebateCredited: str = "0"


@frozen(kw_only=True)
class OrderData:
    """fee: signed, positive = paid; positionSize: after the execution, negative = short."""

    fee: str
    positionSize: str
    feeCalculationInfo: list[FeeCalculation] | None = None


@frozen(kw_only=True)
class ExecutionRow:
    """One side of a trade: the account's own."""

    uid: str
    order: HistoryOrder
    timestamp: int
    quantity: str
    price: str
    markPrice: str
    executionType: str
    limitFilled: bool
    usdValue: str
    orderData: OrderData


@frozen(kw_only=True)
class OlderExecutionRow:
    """Both sides of a trade, as the venue showed them formerly: which one is the account's own, its accountUid says."""

    uid: str
    makerOrder: HistoryOrder
    takerOrder: HistoryOrder
    timestamp: int
    quantity: str
    price: str
    markPrice: str
    limitFilled: bool
    usdValue: str
    makerOrderData: OrderData
    takerOrderData: OrderData


@frozen(kw_only=True)
class Execution:
    execution: ExecutionRow | OlderExecutionRow
    takerReducedQuantity: str = ""


# The answer


@frozen(kw_only=True)
class Element:
    """uid: of the event; event: its body under its kind."""

    uid: str
    timestamp: int
    event: dict[str, Any]


@frozen(kw_only=True)
class HistoryAnswer:
    accountUid: str
    len: int
    serverTime: str | None = None
    elements: list[Element]
    continuationToken: str | None = None
