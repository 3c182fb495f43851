"""What subscribers hear: order events, reports and connection events, in one ordered stream.

An order event is about a *tracked* order: one submitted or registered through this client. Orders of other
sessions come out as reports. Connection events stand in the same stream, so their place among the order events
is exact.

Times are ns since 1970: `venue_time` by the venue's clock (0: the venue gave none), `local_time` by ours, taken
at the socket read. Prices are quote currency per unit, quantities contracts or base units, all exact decimals.
`sequence` numbers the stream from 1 without holes; 0 means not yet published.

Events are frozen structs, made by keyword, equal by value. Their layout is also that of their JSON (see `event_json`).
The collector of reference cycles does not see them, so an event holds values alone and nothing that leads back to it.
"""

from __future__ import annotations

from collections.abc import Mapping
from decimal import Decimal
from typing import Final

from msgspec import Struct
from msgspec.structs import force_setattr

from .orders import OrderIdentity
from .reasons import RejectReason, Why
from .values import (
    ZERO,
    AccountId,
    ClientOrderId,
    InstrumentId,
    LiquiditySide,
    Money,
    OrderStatus,
    OrderType,
    RequestId,
    Side,
    StrategyId,
    SystemMode,
    TimeInForce,
    TradeId,
    TraderId,
    TriggerType,
    VenueOrderId,
)

__all__ = [
    "Accepted",
    "Authenticated",
    "AuthenticationFailed",
    "CancelRejected",
    "Canceled",
    "CloseReport",
    "Completed",
    "Connected",
    "ConnectionEvent",
    "Denied",
    "Disconnected",
    "Event",
    "Expired",
    "FeeReported",
    "FillReport",
    "Filled",
    "JournalEvent",
    "JournalFailed",
    "JournalSlow",
    "MissingFills",
    "MessagesLost",
    "ReplaceRejected",
    "OrderEvent",
    "OrderStatusReport",
    "Reconciled",
    "Reconnected",
    "Reopened",
    "Rejected",
    "Report",
    "SessionFailed",
    "Submitted",
    "SystemStatus",
    "Triggered",
    "StatusUnknown",
    "Updated",
    "number",
]


RENAMED: Final[Mapping[str, str]] = {"type": "order_type"}
"""Keys in JSON of fields that would else look like the name of the event."""


class Event(Struct, frozen=True, kw_only=True, gc=False, tag_field="type", tag=True):
    """Root of the stream."""

    local_time: int
    """When it was read from the socket or decided here, in ns since 1970 by our clock."""
    sequence: int = 0
    """Place in the stream, from 1 without holes; 0 until it is published."""

    def __str__(self) -> str:
        """One readable line, as a log wants it (see `protocol.one_line`)."""
        from .one_line import one_line  # it knows every event, so it comes after them

        return one_line(self)


def number(event: Event, sequence: int) -> None:
    """Gives `event` its place in the stream. For the outbox alone, once, before anybody else sees the event.

    Writing the one field is cheaper than a copy of the event, and the event has a single owner then. The number counts
    in the event's hash, so no set or dict may hold the event before.
    """
    force_setattr(event, "sequence", sequence)


class OrderEvent(Event, frozen=True, kw_only=True):
    """Something happened to a tracked order."""

    identity: OrderIdentity
    """Which order."""
    venue_order_id: VenueOrderId | None
    """The venue's id of the order at that moment, None while it has none."""
    venue_time: int
    """When it happened, in ns since 1970 by the venue's clock; 0 where the venue gave no time."""

    @property
    def trader(self) -> TraderId:
        return self.identity.trader

    @property
    def strategy(self) -> StrategyId:
        return self.identity.strategy

    @property
    def account(self) -> AccountId:
        return self.identity.account

    @property
    def instrument(self) -> InstrumentId:
        return self.identity.instrument

    @property
    def client_order_id(self) -> ClientOrderId:
        return self.identity.client_order_id


class Submitted(OrderEvent, frozen=True, kw_only=True):
    """The order is registered and its request released towards the venue."""

    request_id: RequestId
    """Number of the request that places it."""
    quantity: Decimal | None
    """Contracts or base units. None: not known yet, the order is for `quote_quantity` of quote currency."""
    price: Decimal | None
    """Limit price in quote currency per unit, None where it has none."""
    trigger_price: Decimal | None
    """Quote currency per unit, None where nothing triggers it."""
    time_in_force: TimeInForce
    """How long it may rest."""
    post_only: bool
    """The venue refuses it rather than let it trade at once."""
    quote_quantity: Decimal | None = None
    """The amount of quote currency that it is for; None for an order of a fixed quantity."""


class Denied(OrderEvent, frozen=True, kw_only=True):
    """The order never reached the venue, though it was registered here.

    Either it was not sent, or no source of the venue that must show it does. Those are asked after the last moment at
    which the venue may act on the order. That moment is certain where the order carries a deadline (Kraken); at AX it
    is a minute after it was sent. An order that was denied by such silence is asked for again for a while, and
    `Reopened` says if it lives after all.
    """

    reason: str
    """Why it was not sent, or how it is known that it did not arrive."""
    why: Why
    """The same for a program."""


class Accepted(OrderEvent, frozen=True, kw_only=True):
    """The venue has the order. Comes once, before anything else the venue says of it."""


class Rejected(OrderEvent, frozen=True, kw_only=True):
    """The venue refused the order."""

    reason: str
    """The venue's own text."""
    due_post_only: bool
    """It was post-only and would have traded at once; `why` is POST_ONLY then."""
    why: RejectReason = RejectReason.OTHER
    """The reason in terms that all venues share."""


class Updated(OrderEvent, frozen=True, kw_only=True):
    """The order's terms or its venue order id changed; the fields hold what is true from now on."""

    quantity: Decimal | None
    """Of the whole client order, fills under earlier venue order ids included. None: not known, and being asked for."""
    price: Decimal | None
    """Limit price in quote currency per unit, None where it has none."""
    trigger_price: Decimal | None
    """Quote currency per unit, None where nothing triggers it."""
    previous_venue_order_id: VenueOrderId | None = None
    """Set when the venue replaced the order under a new id. Fills that name the old id still find this order."""
    venue_cumulative_base: Decimal = Decimal(0)
    """Of the whole order's cumulative quantity, the part that the new venue order id does not count."""


class ReplaceRejected(OrderEvent, frozen=True, kw_only=True):
    """A replace was refused, was not sent, or had no effect; the order stands as it was."""

    request_id: RequestId | None
    """Of the replace, None where it is not known."""
    reason: str
    """What the venue or this client said about it; empty where nothing was said."""
    why: RejectReason = RejectReason.OTHER
    """The reason in terms that all venues share; NOT_SENT or NO_EFFECT where the venue did not refuse it."""


class Triggered(OrderEvent, frozen=True, kw_only=True):
    """A stop order's trigger fired; that may have been while there was no connection."""


class Filled(OrderEvent, frozen=True, kw_only=True):
    """One execution."""

    trade_id: TradeId
    """The venue's id of the execution. With `fill_venue_order_id` it identifies the fill."""
    fill_venue_order_id: VenueOrderId
    """The venue order id under which it executed."""
    last_price: Decimal
    """Quote currency per unit."""
    last_quantity: Decimal
    """Contracts or base units."""
    cumulative: Decimal
    """All executions of the order so far, this one included. For an adopted order, also what had filled before."""
    leaves: Decimal
    """What may still fill; 0 when the order has ended or its quantity is not known."""
    overfill: Decimal = ZERO
    """Executed beyond the order's quantity. 0 unless the venue overfilled it, and while the quantity is in doubt."""
    currency: str
    """The quote currency, in which `last_price` counts."""
    commission: Money | None
    """Positive: paid, negative: received. None: the venue has not said yet, and `FeeReported` follows."""
    liquidity: LiquiditySide
    """Whether the order was resting."""
    status: OrderStatus
    """Where the order stands with this execution."""
    side: Side | None = None
    """As the execution names it, else as the order does; None only where neither is known. Sum positions by it."""
    concluded: bool = False
    """That the order is complete with it is our own conclusion, from its quantity (see `Reopened`)."""


class FeeReported(OrderEvent, frozen=True, kw_only=True):
    """The commission of a fill that was published before its fee was known."""

    trade_id: TradeId
    """The execution that the commission is for."""
    fill_venue_order_id: VenueOrderId
    """The venue order id under which that executed."""
    commission: Money
    """Positive: paid, negative: received."""


class Canceled(OrderEvent, frozen=True, kw_only=True):
    """The order ended by cancellation (an unfilled IOC or FOK included)."""

    reason: str
    """What the venue or this client said about it; empty where nothing was said."""
    cumulative: Decimal
    """What had filled by then, as far as fills were received. Where the venue counts more, a `MissingFills` came
    before."""
    due_post_only: bool = False
    """The venue took it out because it would have crossed the book."""


class CancelRejected(OrderEvent, frozen=True, kw_only=True):
    """A cancel was refused, was not sent, or had no effect; the order stands as it was."""

    request_id: RequestId | None
    """Of the cancel. It may be that of all orders: the venue's list still shows this one."""
    reason: str
    """What the venue or this client said about it; empty where nothing was said."""
    why: RejectReason = RejectReason.OTHER
    """The reason in terms that all venues share; NOT_SENT or NO_EFFECT where the venue did not refuse it."""


class Expired(OrderEvent, frozen=True, kw_only=True):
    """The order ended by time."""

    reason: str
    """What the venue or this client said about it; empty where nothing was said."""
    cumulative: Decimal
    """What had filled by then, as `Canceled` has it."""


class Completed(OrderEvent, frozen=True, kw_only=True):
    """The order ended without a last `Filled`: it is complete, but its last fills were not received (a `MissingFills`
    came before). Or they were, while its quantity was not known or a replace to a larger one was on its way."""

    cumulative: Decimal
    """The fills that were received."""
    concluded: bool = False
    """That the order is complete is our own conclusion, from its quantity (see `Reopened`)."""


class StatusUnknown(OrderEvent, frozen=True, kw_only=True):
    """It is not known here whether the order lives. It was sent and not answered, the answer was ambiguous, or the
    venue does not know the order any more, though it had accepted it.

    It is neither rejected nor sent again. A late answer, an execution, a list, a status query or history settles it. If
    an order that had been accepted lives after all, `Reopened` says so.
    """

    reason: str
    """Why it is not known."""
    since: int
    """ns since 1970 by our clock."""


class Reopened(OrderEvent, frozen=True, kw_only=True):
    """The venue shows an order as live of which we had concluded otherwise: that it never arrived (`Denied`), that it
    was complete (a `Filled` or `Completed` that was `concluded`), or that the venue had lost it (`StatusUnknown`).

    An end that the venue itself has reported is never taken back. The order can be canceled and replaced again, and a
    new wait for its end waits.
    """

    was: OrderStatus
    """What it counted as."""
    status: OrderStatus
    """As the venue shows it."""
    leaves: Decimal | None
    """What may still fill, None while the quantity is not known."""
    reason: str
    """How that was found out."""


class Report(Event, frozen=True, kw_only=True):
    """About an order that this client does not track."""

    account: AccountId
    """Your name for the account, as the configuration has it."""
    instrument: InstrumentId
    """What the order trades."""
    client_order_id: ClientOrderId | None
    """The name that another session gave it, None where the venue shows none."""
    venue_order_id: VenueOrderId
    """The venue's id of the order."""
    venue_time: int
    """ns since 1970 by the venue's clock; 0 where the venue gave no time."""


class OrderStatusReport(Report, frozen=True, kw_only=True, rename=RENAMED):
    """How the venue shows an order. A field is None where the venue did not say, or sent a value that this version does
    not know."""

    status: OrderStatus | None
    """None also for an order that is not open any more, of which the venue does not say how it ended: see `reason`."""
    side: Side | None
    """What the order does with the instrument."""
    type: OrderType | None
    """What kind of order it is."""
    time_in_force: TimeInForce | None
    """How long it may rest."""
    price: Decimal | None
    """Limit price in quote currency per unit."""
    trigger_price: Decimal | None
    """Quote currency per unit."""
    quantity: Decimal | None
    """Contracts or base units."""
    cumulative: Decimal | None
    """What has filled."""
    post_only: bool
    """The venue refuses it rather than let it trade at once."""
    reason: str
    """What the venue or this client said about it; empty where nothing was said."""
    reduce_only: bool = False
    """It may only make a position smaller."""
    trigger: TriggerType | None = None
    """Which price fires its trigger."""
    average_price: Decimal | None = None
    """Of what has filled, in quote currency per unit."""
    display_quantity: Decimal | None = None
    """The part of an iceberg that shows."""
    parent: VenueOrderId | None = None
    """The order whose fill placed this one."""


class FillReport(Report, frozen=True, kw_only=True):
    """One execution of an order that this client does not track. Each is reported once, and none from before the client
    began unless `read_fills` asks for it."""

    trade_id: TradeId
    """The venue's id of the execution."""
    side: Side | None
    """None where the venue did not say."""
    last_price: Decimal
    """Quote currency per unit."""
    last_quantity: Decimal
    """Contracts or base units."""
    currency: str
    """Of the commission, empty where the venue named none."""
    commission: Money | None
    """Positive: paid, negative: received; None where the venue did not say."""
    liquidity: LiquiditySide
    """Whether the order was resting."""


class ConnectionEvent(Event, frozen=True, kw_only=True):
    """About the link of one account to one venue."""

    venue: str
    """The venue's name, as in an instrument id."""
    account: AccountId
    """Your name for the account, as the configuration has it."""
    connection: int
    """Number of the connection, from 1."""


class JournalEvent(Event, frozen=True, kw_only=True):
    """About the journal of this program. It comes to the streams of every client."""

    path: str
    """The journal's file."""


class JournalSlow(JournalEvent, frozen=True, kw_only=True):
    """A commit took long. From now on they are made beside the program's other tasks, cancels ahead of them, until many
    in a row were fast."""

    duration: int
    """ns that it took."""


class JournalFailed(JournalEvent, frozen=True, kw_only=True):
    """Nothing more is written to the journal. No order is placed any more; cancels go on, and so does this stream. What
    it says from here on has no cursor: the next run reads from the venue what came after, and tells it again."""

    reason: str
    """What happened to the file, and what to do."""


class Connected(ConnectionEvent, frozen=True, kw_only=True):
    """The first connection is up; not yet logged in."""

    url: str
    """Of the WebSocket."""


class Reconnected(ConnectionEvent, frozen=True, kw_only=True):
    """A later connection is up; not yet logged in."""

    url: str
    """Of the WebSocket."""


class Authenticated(ConnectionEvent, frozen=True, kw_only=True):
    """The venue logged us in; orders can be sent."""

    user: str
    """The venue's name for us, empty where it gave none."""


class Disconnected(ConnectionEvent, frozen=True, kw_only=True):
    """The connection ended."""

    reason: str
    """How it ended."""
    will_retry: bool
    """Another one is attempted."""


class Reconciled(ConnectionEvent, frozen=True, kw_only=True):
    """After a login: what this client knows agrees with the venue again.

    The venue's open orders were taken over whole. Every question that was open about an order then has been answered,
    or published as an event. The venue's history has been read (behind the first connection there is none to read).
    Until it comes, the venue is still being asked (see `Client.reconciliation`); a new login starts over.
    """

    open_orders: int
    """How many the venue listed."""
    settled: int
    """Orders of ours that had changed or had to be asked for."""
    gaps: int
    """Orders with fills still missing."""
    open_questions: int = 0
    """Questions that were published and not answered; they are asked again, more slowly."""
    fills_complete_until: int | None = None
    """ns since 1970 by the venue's clock: every fill before it has been published. None where the venue's history is
    not read."""
    history_failed: bool = False
    """The history could not be read; a `MissingFills` without an order says from when to when."""


class MissingFills(ConnectionEvent, frozen=True, kw_only=True):
    """Fills are missing. No fill is invented: they come out as ordinary fills once the venue's history shows them.

    Of an order: the venue reports more executed than the fills that were received. Of the account (`identity` is None):
    its history cannot be read, so any fill from `since` to `until` may be missing.
    """

    identity: OrderIdentity | None
    """Which order, None for the whole account."""
    venue_order_id: VenueOrderId | None
    """The venue's id of that order."""
    known: Decimal
    """Cumulative quantity of the fills that were received; 0 for the account."""
    reported: Decimal
    """Cumulative quantity as the venue reports it; 0 for the account."""
    since: int | None = None
    """ns since 1970 by the venue's clock; None for an order."""
    until: int | None = None
    """ns since 1970 by the venue's clock; None for an order."""

    @property
    def client_order_id(self) -> ClientOrderId | None:
        return None if self.identity is None else self.identity.client_order_id


class MessagesLost(ConnectionEvent, frozen=True, kw_only=True):
    """The venue's own message numbers show that messages of the stream never came. Open orders and fills are listed
    anew, and `Reconciled` follows."""

    expected: int
    """The number that should have come."""
    received: int
    """The number that came."""


class SystemStatus(ConnectionEvent, frozen=True, kw_only=True):
    """The whole venue opens or closes."""

    mode: SystemMode | None
    """What it takes now. None: the venue sent a mode that this version does not know."""
    reason: str
    """The venue's own text."""


class AuthenticationFailed(ConnectionEvent, frozen=True, kw_only=True):
    """The venue refused our credentials; the session ends."""

    reason: str
    """The venue's own text, or why no login was attempted."""


class SessionFailed(ConnectionEvent, frozen=True, kw_only=True):
    """The session cannot go on. Orders at the venue stay as they are."""

    reason: str
    """Why."""


class CloseReport(ConnectionEvent, frozen=True, kw_only=True):
    """The client is closed, and this is its last event: what became of the orders that it tracked.

    Each list names a thousand orders at most; its count counts all.
    """

    canceled: tuple[ClientOrderId, ...]
    """Were canceled since closing began."""
    still_open: tuple[ClientOrderId, ...]
    """Were open when they were last heard of."""
    unknown: tuple[ClientOrderId, ...]
    """May be open: their placement was not answered, or the venue took the cancel of all orders and did not report
    their end."""
    canceled_count: int
    """How many were canceled."""
    still_open_count: int
    """How many are still open."""
    unknown_count: int
    """Of how many it is not known."""
    cancel_confirmed: bool | None
    """True: the venue took the cancel of all orders (also those of other sessions). False: no confirmation came. None:
    it was not asked for."""

    @property
    def is_clean(self) -> bool:
        """True when nothing of ours is left that may be open, and a cancel that was asked for is confirmed."""
        return not (self.still_open_count or self.unknown_count or self.cancel_confirmed is False)


OutMessage = OrderEvent | Report | ConnectionEvent
"""Everything that comes out of a client."""
