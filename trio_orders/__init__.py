"""trio-orders: order execution for Trio programs.

    from trio_orders import AxConfig, NewOrder, Side, open_client, open_simulated_venue

    async with open_simulated_venue("ax", seed=7) as venue:
        async with open_client(AxConfig(url=venue.url, credentials=venue.credentials)) as client:
            order = await client.submit(NewOrder.market("EURUSD-PERP.AX", Side.BUY, quantity=100))

Every name that a program needs is here. What subscribers hear is in `trio_orders.events`, the parts of a batch are in
`trio_orders.commands`, what a test of a strategy needs is in `trio_orders.testing`.

Names load when they are asked for: a program that trades at one venue imports neither the others nor the simulations.
"""

from importlib import import_module
from typing import TYPE_CHECKING

from .intruders import refuse_intruders

refuse_intruders()  # before anything of `actors` or `protocol` is imported

__version__ = "0.1.0"

if TYPE_CHECKING:
    from actors import (
        AccountId,
        ApiKey,
        AuthenticationError,
        AxConfig,
        Backoff,
        Client,
        ClientConfig,
        ClientOrderId,
        CloseReport,
        ConditionalClose,
        ConnectFailed,
        ConnectionMode,
        Connector,
        Credentials,
        Cursor,
        CursorAhead,
        CursorExpired,
        DuplicateOrder,
        EventStream,
        Execution,
        Fault,
        FaultKind,
        FaultSchedule,
        FeedStatistics,
        Gateway,
        Instrument,
        InstrumentId,
        Journal,
        JournalError,
        JournalReader,
        KrakenFuturesConfig,
        KrakenSpotConfig,
        KrakenSpotOptions,
        LinkError,
        LiquiditySide,
        Milestone,
        Money,
        NewOrder,
        NotSent,
        Number,
        OffsetUnit,
        OnClose,
        OpenJournal,
        Order,
        OrderEnded,
        OrderIdentity,
        OrderRejected,
        OrderState,
        OrderStatus,
        OrderType,
        OutcomeUnknown,
        Password,
        Reconciliation,
        RejectReason,
        RequestFailed,
        RequestId,
        SessionError,
        Side,
        SimulatedVenue,
        StrategyId,
        SubscriberLagged,
        SystemMode,
        TimeInForce,
        Token,
        TradeId,
        TraderId,
        TradingError,
        TriggerType,
        VenueOrderId,
        Why,
        WireError,
        WireId,
        compact_journal,
        open_client,
        open_gateway,
        open_journal,
        open_simulated_venue,
        quarantine_journal,
    )

    from . import commands, events, testing
else:

    def __getattr__(name: str) -> object:
        if name in ("commands", "events", "testing"):
            return import_module(f".{name}", __name__)
        if name not in __all__:
            raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
        value = getattr(import_module("actors"), name)
        globals()[name] = value
        return value

    def __dir__() -> list[str]:
        return sorted(globals().keys() | set(__all__))


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
    "__version__",
    "commands",
    "compact_journal",
    "events",
    "open_client",
    "open_gateway",
    "open_journal",
    "open_simulated_venue",
    "quarantine_journal",
    "testing",
]
