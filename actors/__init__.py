"""trio-orders for Trio programs: open a client, place orders, read one ordered stream of events.

    async with open_simulated_venue("ax", seed=7) as venue:
        async with open_client(AxConfig(url=venue.url, credentials=venue.credentials)) as client:
            ...

Event classes are in `events`: `events.Filled`, `events.Canceled` … The parts of a batch are in `commands`.
"""

import logging

from protocol import (
    AccountId,
    AuthenticationError,
    ClientOrderId,
    ConnectFailed,
    DuplicateOrder,
    Instrument,
    InstrumentId,
    LinkError,
    LiquiditySide,
    Money,
    NewOrder,
    NotSent,
    OffsetUnit,
    OrderEnded,
    OrderIdentity,
    OrderRejected,
    OrderState,
    OrderStatus,
    OrderType,
    OutcomeUnknown,
    Reconciliation,
    RequestFailed,
    SessionError,
    Side,
    StrategyId,
    SubscriberLagged,
    SystemMode,
    TimeInForce,
    TradeId,
    TraderId,
    TradingError,
    TriggerType,
    VenueOrderId,
    commands,
    events,
)
from protocol.events import CloseReport
from protocol.kraken_spot.options import ConditionalClose, KrakenSpotOptions
from protocol.limits import Backoff
from protocol.simulation.faults import Fault, FaultKind, FaultSchedule
from protocol.values import RequestId, WireId

from .client import Client
from .config import ApiKey, ClientConfig, OnClose, Password, Token
from .gateway import Gateway, open_client, open_gateway
from .order import Order
from .serving.simulated_venue import SimulatedVenue, open_simulated_venue
from .session import ConnectionMode
from .socket_feed import FeedStatistics
from .subscription import EventStream
from .venues.ax import AxConfig
from .venues.kraken_futures import KrakenFuturesConfig
from .venues.kraken_spot import KrakenSpotConfig

__all__ = [
    "AccountId",
    "ApiKey",
    "AuthenticationError",
    "AxConfig",
    "Backoff",
    "Client",
    "ClientConfig",
    "ClientOrderId",
    "CloseReport",
    "ConditionalClose",
    "ConnectFailed",
    "ConnectionMode",
    "DuplicateOrder",
    "EventStream",
    "Fault",
    "FaultKind",
    "FaultSchedule",
    "FeedStatistics",
    "Gateway",
    "Instrument",
    "InstrumentId",
    "KrakenFuturesConfig",
    "KrakenSpotConfig",
    "KrakenSpotOptions",
    "LinkError",
    "LiquiditySide",
    "Money",
    "NewOrder",
    "NotSent",
    "OffsetUnit",
    "OnClose",
    "Order",
    "OrderEnded",
    "OrderIdentity",
    "OrderRejected",
    "OrderState",
    "OrderStatus",
    "OrderType",
    "OutcomeUnknown",
    "Password",
    "Reconciliation",
    "RequestFailed",
    "RequestId",
    "SessionError",
    "Side",
    "SimulatedVenue",
    "StrategyId",
    "SubscriberLagged",
    "SystemMode",
    "TimeInForce",
    "Token",
    "TradeId",
    "TraderId",
    "TradingError",
    "TriggerType",
    "VenueOrderId",
    "WireId",
    "commands",
    "events",
    "open_client",
    "open_gateway",
    "open_simulated_venue",
]

# A library speaks only when its user listens: configure the logger "trio_orders" to see its warnings.
logging.getLogger("trio_orders").addHandler(logging.NullHandler())
