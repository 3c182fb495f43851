"""trio-orders for Trio programs: open a client, place orders, read one ordered stream of events.

    async with open_simulated_venue("ax", seed=7) as venue:
        async with open_client(AxConfig(url=venue.url, credentials=venue.credentials)) as client:
            ...

Event classes are in `events`: `events.Filled`, `events.Canceled` …
"""

import logging

from protocol import (
    AuthenticationFailed,
    ClientOrderId,
    ConnectFailed,
    DuplicateOrder,
    Instrument,
    InstrumentId,
    NewOrder,
    NotSent,
    OffsetUnit,
    OrderEnded,
    OrderRejected,
    OrderState,
    OrderStatus,
    OrderType,
    OutcomeUnknown,
    RequestFailed,
    SessionFailed,
    Side,
    SubscriberLagged,
    SystemMode,
    TimeInForce,
    TradingError,
    TriggerType,
    events,
)
from protocol.kraken_spot.options import ConditionalClose, KrakenSpotOptions

from .client import Client
from .config import ApiKey, AxConfig, ClientConfig, KrakenFuturesConfig, KrakenSpotConfig, OnClose, Password, Token
from .gateway import Gateway, open_client, open_gateway
from .order import Order
from .session import ConnectionMode
from .simulated_venue import SimulatedVenue, open_simulated_venue
from .subscription import EventStream

__all__ = [
    "ApiKey",
    "AuthenticationFailed",
    "AxConfig",
    "Client",
    "ClientConfig",
    "ClientOrderId",
    "ConditionalClose",
    "ConnectFailed",
    "ConnectionMode",
    "DuplicateOrder",
    "EventStream",
    "Gateway",
    "Instrument",
    "InstrumentId",
    "KrakenFuturesConfig",
    "KrakenSpotConfig",
    "KrakenSpotOptions",
    "NewOrder",
    "NotSent",
    "OffsetUnit",
    "OnClose",
    "Order",
    "OrderEnded",
    "OrderRejected",
    "OrderState",
    "OrderStatus",
    "OrderType",
    "OutcomeUnknown",
    "Password",
    "RequestFailed",
    "SessionFailed",
    "Side",
    "SimulatedVenue",
    "SubscriberLagged",
    "SystemMode",
    "TimeInForce",
    "Token",
    "TradingError",
    "TriggerType",
    "events",
    "open_client",
    "open_gateway",
    "open_simulated_venue",
]

# A library speaks only when its user listens: configure the logger "trio_orders" to see its warnings.
logging.getLogger("trio_orders").addHandler(logging.NullHandler())
