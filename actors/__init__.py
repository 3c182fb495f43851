"""trio-orders for Trio programs: open a client, place orders, read one ordered stream of events.

    async with open_simulated_venue("ax", seed=7) as venue:
        async with open_client(AxConfig(url=venue.url, credentials=venue.credentials)) as client:
            ...

Event classes are in `events`: `events.Filled`, `events.Canceled` … The parts of a batch are in `commands`.
"""

import logging
from importlib import import_module
from typing import TYPE_CHECKING, Final

from protocol import (
    AccountId,
    AuthenticationError,
    ClientOrderId,
    ConnectFailed,
    CursorAhead,
    CursorExpired,
    DuplicateOrder,
    Instrument,
    InstrumentId,
    JournalError,
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
    RejectReason,
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
    Why,
    WireError,
)
from protocol.commands import Milestone
from protocol.events import CloseReport
from protocol.limits import Backoff
from protocol.orders import Number
from protocol.values import RequestId, WireId

from . import commands, events
from .client import Client
from .config import ApiKey, ClientConfig, Credentials, OnClose, Password, Token
from .gateway import Gateway, open_client, open_gateway
from .journal.settings import Journal
from .net.connectors import Connector
from .order import Order
from .session import ConnectionMode
from .socket_feed import FeedStatistics
from .subscription import EventStream

__belongs_to__ = "trio-orders, and no other distribution"  # `trio_orders.intruders` looks for this line

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
    "Connector",
    "Credentials",
    "Cursor",
    "CursorAhead",
    "CursorExpired",
    "DuplicateOrder",
    "EventStream",
    "Execution",
    "Fault",
    "FaultKind",
    "FaultSchedule",
    "FeedStatistics",
    "Gateway",
    "Instrument",
    "InstrumentId",
    "Journal",
    "JournalError",
    "JournalReader",
    "KrakenFuturesConfig",
    "KrakenSpotConfig",
    "KrakenSpotOptions",
    "LinkError",
    "LiquiditySide",
    "Milestone",
    "Money",
    "NewOrder",
    "NotSent",
    "Number",
    "OffsetUnit",
    "OnClose",
    "OpenJournal",
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
    "RejectReason",
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
    "Why",
    "WireError",
    "WireId",
    "commands",
    "compact_journal",
    "events",
    "open_client",
    "open_gateway",
    "open_journal",
    "open_simulated_venue",
    "quarantine_journal",
]

if TYPE_CHECKING:
    from protocol.journal.cursor import Cursor
    from protocol.kraken_spot.options import ConditionalClose, KrakenSpotOptions
    from protocol.simulation.faults import Fault, FaultKind, FaultSchedule
    from protocol.simulation.ledger import Execution

    from .journal.compaction import compact_journal
    from .journal.face import OpenJournal
    from .journal.following import JournalReader, open_journal
    from .journal.quarantine import quarantine_journal
    from .serving.simulated_venue import SimulatedVenue, open_simulated_venue
    from .venues.ax import AxConfig
    from .venues.kraken_futures import KrakenFuturesConfig
    from .venues.kraken_spot import KrakenSpotConfig
else:
    # A program needs one venue, and seldom a simulated one: these load when they are asked for.
    LAZY: Final = {
        "AxConfig": ".venues.ax",
        "ConditionalClose": "protocol.kraken_spot.options",
        "Cursor": "protocol.journal.cursor",
        "Execution": "protocol.simulation.ledger",
        "Fault": "protocol.simulation.faults",
        "FaultKind": "protocol.simulation.faults",
        "FaultSchedule": "protocol.simulation.faults",
        "JournalReader": ".journal.following",
        "KrakenFuturesConfig": ".venues.kraken_futures",
        "KrakenSpotConfig": ".venues.kraken_spot",
        "KrakenSpotOptions": "protocol.kraken_spot.options",
        "OpenJournal": ".journal.face",
        "SimulatedVenue": ".serving.simulated_venue",
        "compact_journal": ".journal.compaction",
        "open_journal": ".journal.following",
        "open_simulated_venue": ".serving.simulated_venue",
        "quarantine_journal": ".journal.quarantine",
    }

    def __getattr__(name: str) -> object:
        if name not in LAZY:
            raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
        value = getattr(import_module(LAZY[name], __name__), name)
        globals()[name] = value
        return value

    def __dir__() -> list[str]:
        return sorted(globals().keys() | LAZY)


# A library speaks only when its user listens: configure the logger "trio_orders" to see its warnings.
logging.getLogger("trio_orders").addHandler(logging.NullHandler())
