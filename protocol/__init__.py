"""The pure half of trio-orders: values, events, the order state machine, venue codecs, simulated venues.

Nothing in this package waits, reads a clock, draws a random number or logs. The words that programs use every day
are here; everything else is in the module named after it.
"""

from . import commands, errors, events
from .errors import (
    AuthenticationError,
    ConnectFailed,
    CursorAhead,
    CursorExpired,
    DuplicateOrder,
    JournalError,
    LinkError,
    NotSent,
    OrderEnded,
    OrderRejected,
    OutcomeUnknown,
    RequestFailed,
    SessionError,
    SubscriberLagged,
    TradingError,
    WireError,
)
from .event_json import from_json, to_json
from .orders import NewOrder, OrderIdentity, OrderState
from .reasons import RejectReason, Why
from .reconciliation import Reconciliation
from .values import (
    AccountId,
    ClientOrderId,
    Instrument,
    InstrumentId,
    LiquiditySide,
    Money,
    OffsetUnit,
    OrderStatus,
    OrderType,
    Side,
    StrategyId,
    SystemMode,
    TimeInForce,
    TradeId,
    TraderId,
    TriggerType,
    VenueOrderId,
)

__belongs_to__ = "trio-orders, and no other distribution"  # `trio_orders.intruders` looks for this line

__all__ = [
    "AccountId",
    "AuthenticationError",
    "ClientOrderId",
    "ConnectFailed",
    "CursorAhead",
    "CursorExpired",
    "DuplicateOrder",
    "Instrument",
    "InstrumentId",
    "JournalError",
    "LinkError",
    "LiquiditySide",
    "Money",
    "NewOrder",
    "NotSent",
    "OffsetUnit",
    "OrderEnded",
    "OrderIdentity",
    "OrderRejected",
    "OrderState",
    "OrderStatus",
    "OrderType",
    "OutcomeUnknown",
    "Reconciliation",
    "RejectReason",
    "RequestFailed",
    "SessionError",
    "Side",
    "StrategyId",
    "SubscriberLagged",
    "SystemMode",
    "TimeInForce",
    "TradeId",
    "TraderId",
    "TradingError",
    "TriggerType",
    "VenueOrderId",
    "Why",
    "WireError",
    "commands",
    "errors",
    "events",
    "from_json",
    "to_json",
]
