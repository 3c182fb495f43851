"""What subscribers hear: order events, reports and connection events, in one ordered stream.

An order event is about a *tracked* order: one submitted or registered through this client. Orders of other
sessions come out as reports. Connection events stand in the same stream, so their place among the order events
is exact.

Times are ns since 1970: `venue_time` by the venue's clock (0: the venue gave none), `local_time` by ours, taken
at the socket read. Prices are quote currency per unit, quantities contracts or base units, all exact decimals.
`sequence` numbers the stream from 1 without holes; 0 means not yet published.
"""

from __future__ import annotations

from decimal import Decimal

from attrs import frozen

from .orders import OrderIdentity
from .values import (
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


@frozen(kw_only=True)
class Event:
    """Root of the stream. local_time: ns since 1970; sequence: place in the stream, from 1."""

    local_time: int
    sequence: int = 0


def number(event: Event, sequence: int) -> None:
    """Gives `event` its place in the stream. For the outbox alone, once, before anybody else sees the event.

    Writing the one field is 40 times cheaper than a copy of the event, and the event has a single owner then.
    """
    object.__setattr__(event, "sequence", sequence)


@frozen(kw_only=True)
class OrderEvent(Event):
    """Something happened to a tracked order."""

    identity: OrderIdentity
    venue_order_id: VenueOrderId | None
    venue_time: int

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


@frozen(kw_only=True)
class Submitted(OrderEvent):
    """The order is registered and its request released towards the venue. quantity None: it is not known yet, the
    order is for `quote_quantity` of quote currency."""

    request_id: RequestId
    quantity: Decimal | None
    price: Decimal | None
    trigger_price: Decimal | None
    time_in_force: TimeInForce
    post_only: bool
    quote_quantity: Decimal | None = None


@frozen(kw_only=True)
class Denied(OrderEvent):
    """The order never reached the venue, though it was registered here: it was not sent, or no source of the venue that
    must show it does, asked after the last moment at which the venue may act on it. That moment is certain where the
    order carries a deadline (Kraken); at AX it is a minute after it was sent. What was denied by such silence is asked
    for again for a while, and `Reopened` says if it lives after all."""

    reason: str


@frozen(kw_only=True)
class Accepted(OrderEvent):
    """The venue has the order. Comes once, before anything else the venue says of it."""


@frozen(kw_only=True)
class Rejected(OrderEvent):
    """The venue refused the order. due_post_only: it was post-only and would have traded at once."""

    reason: str
    due_post_only: bool


@frozen(kw_only=True)
class Updated(OrderEvent):
    """The order's terms or its venue order id changed; the fields hold what is true from now on.

    quantity: of the whole client order, fills under earlier venue order ids included; None: it is not known, and asked
    for.
    previous_venue_order_id: set when the venue replaced the order under a new id; fills that name the old one
    still find this order.
    """

    quantity: Decimal | None
    price: Decimal | None
    trigger_price: Decimal | None
    previous_venue_order_id: VenueOrderId | None = None
    venue_cumulative_base: Decimal = Decimal(0)
    """Of the whole order's cumulative quantity, the part that the new venue order id does not count."""


@frozen(kw_only=True)
class ReplaceRejected(OrderEvent):
    """A change was refused, not sent, or has come to nothing; the order stands as it was."""

    request_id: RequestId | None
    reason: str


@frozen(kw_only=True)
class Triggered(OrderEvent):
    """A stop order's trigger fired; that may have been while there was no connection."""


@frozen(kw_only=True)
class Filled(OrderEvent):
    """One execution.

    cumulative: all executions of the order so far, this one included (of an order that was adopted, also what had
    filled before); leaves: what may still fill, 0 when the order has ended or its quantity is not known; overfill:
    executed beyond the order's quantity, 0 unless the venue overfilled it, and while the quantity is in doubt.
    commission: positive = paid, None while the venue has not told it (`FeeReported` follows). fill_venue_order_id: the
    venue order id under which it executed; with trade_id it identifies the fill. side: as the execution names it, else
    as the order does; None only where neither is known. Sum positions by it. concluded: that the order is complete with
    it is our own conclusion, from its quantity (see `Reopened`).
    """

    trade_id: TradeId
    fill_venue_order_id: VenueOrderId
    last_price: Decimal
    last_quantity: Decimal
    cumulative: Decimal
    leaves: Decimal
    overfill: Decimal
    currency: str
    commission: Money | None
    liquidity: LiquiditySide
    status: OrderStatus
    side: Side | None = None
    concluded: bool = False


@frozen(kw_only=True)
class FeeReported(OrderEvent):
    """The commission of a fill that was published before its fee was known."""

    trade_id: TradeId
    fill_venue_order_id: VenueOrderId
    commission: Money


@frozen(kw_only=True)
class Canceled(OrderEvent):
    """The order ended by cancellation (an unfilled IOC or FOK included). cumulative: what had filled by then, as far as
    it was heard (a `MissingFills` came before where the venue counts more); due_post_only: the venue took it out
    because it would have crossed."""

    reason: str
    cumulative: Decimal
    due_post_only: bool = False


@frozen(kw_only=True)
class CancelRejected(OrderEvent):
    """A cancel was refused, not sent, or has come to nothing; the order stands as it was. request_id: of the cancel,
    which may be that of all orders: the venue's list shows this one still."""

    request_id: RequestId | None
    reason: str


@frozen(kw_only=True)
class Expired(OrderEvent):
    """The order ended by time. cumulative: as `Canceled` has it."""

    reason: str
    cumulative: Decimal


@frozen(kw_only=True)
class Completed(OrderEvent):
    """The order ended without a last `Filled`: it is complete, but its last fills were not heard (a `MissingFills` told
    of them), or a change to more was on its way when they were. cumulative: what was heard; concluded: that it is
    complete is our own conclusion, from its quantity (see `Reopened`)."""

    cumulative: Decimal
    concluded: bool = False


@frozen(kw_only=True)
class StatusUnknown(OrderEvent):
    """It is not known whether the order lives: it was sent and not answered, the answer was ambiguous, or the venue
    does not know it any more, though it had accepted it.

    It is neither rejected nor sent again; a late answer, an execution, a list, a status query or history settles it,
    and of one that had been accepted `Reopened` says if it lives. since: ns since 1970 by our clock.
    """

    reason: str
    since: int


@frozen(kw_only=True)
class Reopened(OrderEvent):
    """The venue shows an order as live of which we had concluded otherwise: that it never arrived (Denied), that it was
    complete (a `Filled` or `Completed` that was `concluded`), or that the venue had lost it (Unknown). An end that the
    venue itself has reported is never taken back. The order can be canceled and changed again, and a new wait for its
    end waits.

    was: what it counted as; status: as the venue shows it; leaves: what may still fill, None while the quantity is not
    known.
    """

    was: OrderStatus
    status: OrderStatus
    leaves: Decimal | None
    reason: str


@frozen(kw_only=True)
class Report(Event):
    """About an order that this client does not track."""

    account: AccountId
    instrument: InstrumentId
    client_order_id: ClientOrderId | None
    venue_order_id: VenueOrderId
    venue_time: int


@frozen(kw_only=True)
class OrderStatusReport(Report):
    """How the venue shows an order. None: the venue did not say, or used a word that this version does not know.
    average_price: of what has filled; parent: the order whose fill placed this one. An order that is not open any more,
    of which the venue does not say how it ended, has status None, and the reason says so."""

    status: OrderStatus | None
    side: Side | None
    type: OrderType | None
    time_in_force: TimeInForce | None
    price: Decimal | None
    trigger_price: Decimal | None
    quantity: Decimal | None
    cumulative: Decimal | None
    post_only: bool
    reason: str
    reduce_only: bool = False
    trigger: TriggerType | None = None
    average_price: Decimal | None = None
    display_quantity: Decimal | None = None
    parent: VenueOrderId | None = None


@frozen(kw_only=True)
class FillReport(Report):
    """One execution of an order that this client does not track. Each is reported once, none from before the client
    began unless `read_fills` asks for it."""

    trade_id: TradeId
    side: Side | None
    last_price: Decimal
    last_quantity: Decimal
    currency: str
    commission: Money | None
    liquidity: LiquiditySide


@frozen(kw_only=True)
class ConnectionEvent(Event):
    """About the link of one account to one venue. connection: number of the connection, from 1."""

    venue: str
    account: AccountId
    connection: int


@frozen(kw_only=True)
class Connected(ConnectionEvent):
    """The first connection is up; not yet logged in."""

    url: str


@frozen(kw_only=True)
class Reconnected(ConnectionEvent):
    """A later connection is up; not yet logged in."""

    url: str


@frozen(kw_only=True)
class Authenticated(ConnectionEvent):
    """The venue logged us in; orders can be sent."""

    user: str


@frozen(kw_only=True)
class Disconnected(ConnectionEvent):
    """The connection ended. will_retry: another one is attempted."""

    reason: str
    will_retry: bool


@frozen(kw_only=True)
class Reconciled(ConnectionEvent):
    """After a login: the venue's open orders were taken over whole, every question that was open about an order then
    has been answered, or told as an event, and the venue's history has been read (behind the first connection there is
    none to read). Without one the venue is still being asked (see `Client.reconciliation`); a new login takes the old
    one's place.

    open_orders: how many the venue listed; settled: orders of ours that had changed or had to be asked for; gaps:
    orders with fills still missing; open_questions: questions that were reported and not answered, which are asked on,
    slower; fills_complete_until: ns since 1970 by the venue's clock: every fill before it has been reported, None where
    the venue's history is not read; history_failed: the history could not be read (a `MissingFills` without an order
    says from when to when).
    """

    open_orders: int
    settled: int
    gaps: int
    open_questions: int = 0
    fills_complete_until: int | None = None
    history_failed: bool = False


@frozen(kw_only=True)
class MissingFills(ConnectionEvent):
    """Fills are missing. No fill is invented: they come out as ordinary fills once the venue's history reports them.

    Of an order: the venue reports more executed than we have heard fills for. known, reported: cumulative quantities.
    Of the account (identity None): its history cannot be read, so any fill from `since` to `until` may be missing, ns
    since 1970 by the venue's clock; known and reported are 0 then.
    """

    identity: OrderIdentity | None
    venue_order_id: VenueOrderId | None
    known: Decimal
    reported: Decimal
    since: int | None = None
    until: int | None = None

    @property
    def client_order_id(self) -> ClientOrderId | None:
        return None if self.identity is None else self.identity.client_order_id


@frozen(kw_only=True)
class MessagesLost(ConnectionEvent):
    """The venue's own numbers show that messages of the stream never came. Open orders and fills are listed anew, and
    `Reconciled` follows. expected, received: numbers of the stream."""

    expected: int
    received: int


@frozen(kw_only=True)
class SystemStatus(ConnectionEvent):
    """The whole venue opens or closes. mode None: in a word that we do not know; reason: the venue's words."""

    mode: SystemMode | None
    reason: str


@frozen(kw_only=True)
class AuthenticationFailed(ConnectionEvent):
    """The venue refused our credentials; the session ends."""

    reason: str


@frozen(kw_only=True)
class SessionFailed(ConnectionEvent):
    """The session cannot go on. Orders at the venue stay as they are."""

    reason: str


@frozen(kw_only=True)
class CloseReport(ConnectionEvent):
    """The client is closed, and this is the last that is heard of it: what became of the orders that it tracked.

    canceled: were canceled since closing began; still_open: the last that was heard of them is that they are open;
    unknown: it is not known whether they are open: no answer was heard to their placement, or the venue took the
    cancel of all orders and did not report their end. Each names a thousand at most, and its count counts all.
    cancel_confirmed: the venue took the cancel of all orders (also those of other sessions); False: no word of that was
    heard; None: it was not asked for.
    """

    canceled: tuple[ClientOrderId, ...]
    still_open: tuple[ClientOrderId, ...]
    unknown: tuple[ClientOrderId, ...]
    canceled_count: int
    still_open_count: int
    unknown_count: int
    cancel_confirmed: bool | None

    @property
    def is_clean(self) -> bool:
        """True when nothing of ours is left that may be open, and a cancel that was asked for is confirmed."""
        return not (self.still_open_count or self.unknown_count or self.cancel_confirmed is False)


OutMessage = OrderEvent | Report | ConnectionEvent
"""Everything that comes out of a client."""
