"""What a venue said, in words that every venue shares. Venue modules make facts; dispatch decides what they mean.

A fact never interprets: it holds ids as the venue names them, and dispatch finds the order. None means that the
venue did not say, or said it in a word that we do not know.

Facts are built for every message and live for microseconds, so they are structs that the collector of reference cycles
does not see: they hold values alone.
"""

from __future__ import annotations

from decimal import Decimal
from enum import Enum
from typing import Final

from msgspec import Struct

from .reasons import RejectReason
from .values import (
    LiquiditySide,
    Money,
    OrderStatus,
    OrderType,
    RequestId,
    Side,
    SystemMode,
    TimeInForce,
    TradeId,
    TriggerType,
    VenueOrderId,
    WireId,
)

__all__ = [
    "Alive",
    "BatchAnswered",
    "CancelRefused",
    "ReplaceRefused",
    "Fact",
    "FillsListed",
    "LegAnswer",
    "LimitTold",
    "LoggedIn",
    "LoginRefused",
    "MessagesLost",
    "Notice",
    "OrderAcknowledged",
    "OrderCanceled",
    "OrderExpired",
    "OrderHistoryListed",
    "OrderNotListed",
    "OrderPending",
    "OrderRejected",
    "OrderRemoved",
    "OrderReplaced",
    "OrderFilled",
    "OrderTriggered",
    "OrderTriggerMoved",
    "OrderUnclear",
    "OrderView",
    "Outcome",
    "PricePreviewed",
    "RequestAnswered",
    "RequestRefused",
    "Say",
    "SlowDown",
    "SystemChanged",
    "CancelAllAfterSet",
    "TokenRefused",
    "TokenRenewed",
    "Trade",
    "Unreadable",
    "VenueTime",
    "SILENT",
]

SILENT: Final = "The answer to the batch does not say what became of this part."
"""The reason where a venue's answer to a batch leaves a part out."""


class OrderView(Struct, frozen=True, kw_only=True, gc=False):
    """An order as the venue shows it, after whatever the fact tells.

    symbol: the venue's own; quantity, cumulative: as counted under this venue order id; time: ns since 1970 when the
    venue received the order, 0 if unsaid; ended: when it ended, likewise, where no fact of its own says that; reason:
    the venue's words where it ended the order; trigger_type: which price fires it, None: it has no trigger, or the
    venue used a word that we do not know; average_price: of what has filled; display_quantity: the part of an iceberg
    that shows; quote_amount: what the order may spend, where it was placed by that, and `quantity` is None then;
    parent: the order whose fill placed this one; other_quantity: what `quantity` is if the venue's message is read the
    other way, None: it is certain; replaced: this venue order id has ended because another took its place: `status` is
    None, for the order lives on, and `cumulative` is final; as_of: when the order stood so, ns since 1970, where the
    venue reports each step of an order by itself, 0: when it answered; tag: what its owner has marked it with, beside
    its client id (AX alone).
    """

    venue_order_id: VenueOrderId
    wire_id: WireId | None
    symbol: str
    side: Side | None
    price: Decimal | None
    quantity: Decimal | None
    cumulative: Decimal | None
    status: OrderStatus | None
    time_in_force: TimeInForce | None
    post_only: bool
    type: OrderType | None = OrderType.LIMIT
    trigger_price: Decimal | None = None
    reason: str = ""
    time: int = 0
    reduce_only: bool = False
    trigger_type: TriggerType | None = None
    average_price: Decimal | None = None
    display_quantity: Decimal | None = None
    quote_amount: Decimal | None = None
    parent: VenueOrderId | None = None
    other_quantity: Decimal | None = None
    replaced: bool = False
    ended: int = 0
    as_of: int = 0
    tag: str | None = None


class Trade(Struct, frozen=True, kw_only=True, gc=False):
    """One execution as the venue reports it. fee None: not told here; wire_id: only where the execution itself names
    it, which in a history is the only way to an order whose placement was never answered."""

    venue_order_id: VenueOrderId
    trade_id: TradeId
    symbol: str
    side: Side | None
    price: Decimal
    quantity: Decimal
    liquidity: LiquiditySide
    time: int
    fee: Money | None = None
    wire_id: WireId | None = None


class OrderFact(Struct, frozen=True, kw_only=True, gc=False):
    """About one order. time: ns since 1970 of the event; event_id: the venue's id of this event, "" if it has none."""

    time: int
    order: OrderView
    event_id: str = ""


class OrderAcknowledged(OrderFact, frozen=True, kw_only=True):
    """The order is live."""


class OrderPending(OrderFact, frozen=True, kw_only=True):
    """The venue has the order, and it is not live yet. Of a tracked order it says nothing new but its id; an external
    one is reported (spec Kraken D.6)."""


class OrderFilled(OrderFact, frozen=True, kw_only=True):
    """One execution. final: the venue says that the order is complete with it; goes_on: that it is not."""

    trade: Trade
    final: bool
    goes_on: bool = False


class OrderTriggered(OrderFact, frozen=True, kw_only=True):
    """A stop's trigger fired."""


class OrderTriggerMoved(OrderFact, frozen=True, kw_only=True):
    """The order is live, and its trigger is where `order` says: the market took it along, no change that anybody asked
    for."""


class OrderUnclear(OrderFact, frozen=True, kw_only=True):
    """The order is not what it was, for an unknown reason: it may have ended, or go on under another id."""


class OrderCanceled(OrderFact, frozen=True, kw_only=True):
    reason: str


class OrderExpired(OrderFact, frozen=True, kw_only=True):
    reason: str


class OrderRejected(OrderFact, frozen=True, kw_only=True):
    """removed: the venue took the order out of the book, so if it had been accepted it was canceled. why: the reason
    in terms that all venues share."""

    reason: str
    why: RejectReason = RejectReason.OTHER
    removed: bool = False


class OrderReplaced(OrderFact, frozen=True, kw_only=True):
    """`order` was replaced or amended.

    new_venue_order_id None: amended in place, or (if `order` says that it ended) the venue left the new id out.
    replacement None: the new terms are those of `order` itself (amended in place), or unknown.
    """

    new_venue_order_id: VenueOrderId | None
    replacement: OrderView | None


class OrderRemoved(OrderFact, frozen=True, kw_only=True):
    """The order left the book after executions that another message tells, maybe later (spec Kraken E.5).

    ending: CANCELED, EXPIRED or FILLED; filled: the cumulative quantity when it left, None: some, not told how much.
    Its end counts once fills up to `filled` have been heard. A fill is never made up for it.
    """

    ending: OrderStatus
    filled: Decimal | None
    reason: str


class ReplaceRefused(Struct, frozen=True, kw_only=True, gc=False):
    """A change came to nothing, as told by a feed that names no request; the order stands as it was."""

    venue_order_id: VenueOrderId
    wire_id: WireId | None
    reason: str
    time: int
    why: RejectReason = RejectReason.OTHER


class CancelRefused(Struct, frozen=True, kw_only=True, gc=False):
    """An accepted cancel request came to nothing; the order stands as it was."""

    venue_order_id: VenueOrderId
    wire_id: WireId | None
    reason: str
    time: int
    why: RejectReason = RejectReason.OTHER


class Outcome(Enum):
    """What a refusal proves."""

    DEFINITE = "the request was not executed"
    NOT_FOUND = "no such order"
    TOO_EARLY = "not executed; may succeed shortly"
    THROTTLED = "not executed; too many requests"
    TOKEN = "not executed; the session token was refused"
    AMBIGUOUS = "the request may have been executed"


class RequestAnswered(Struct, frozen=True, kw_only=True, gc=False):
    """The venue took a request. Which fields are set depends on what was asked.

    venue_order_id: of the order placed, or of its replacement; refused: the venue answered and declined (a cancel
    request that it will not act on); orders: the open ones; order: the one asked for; canceled: how many orders a
    cancel of all of them has canceled.
    """

    request_id: RequestId
    venue_order_id: VenueOrderId | None = None
    refused: bool = False
    orders: tuple[OrderView, ...] | None = None
    order: OrderView | None = None
    canceled: int | None = None


class RequestRefused(Struct, frozen=True, kw_only=True, gc=False):
    """The venue refused a request. request_id None: the venue did not say which; why: the reason in terms that all
    venues share."""

    request_id: RequestId | None
    outcome: Outcome
    reason: str
    why: RejectReason = RejectReason.OTHER


class VenueTime(Struct, frozen=True, kw_only=True, gc=False):
    """How the venue's clock stood when it got a request, and when it answered: ns since 1970, rounded down to
    `resolution` (ns). It comes before whatever else the answer says."""

    request_id: RequestId
    received: int
    sent: int
    resolution: int


class LegAnswer(Struct, frozen=True, kw_only=True, gc=False):
    """What became of one leg of a batch. wire_id: whose it is, None: the one in this place; outcome None: taken."""

    wire_id: WireId | None
    venue_order_id: VenueOrderId | None
    outcome: Outcome | None = None
    reason: str = ""
    why: RejectReason = RejectReason.OTHER


class BatchAnswered(Struct, frozen=True, kw_only=True, gc=False):
    """The venue answered a batch, and the wire that read it does not know what was sent. legs: None, the answer is a
    count alone."""

    request_id: RequestId
    legs: tuple[LegAnswer, ...] | None = None
    count: int | None = None


class PricePreviewed(Struct, frozen=True, kw_only=True, gc=False):
    """At which price `quantity` would fill now. price None: nothing to trade against."""

    request_id: RequestId
    price: Decimal | None
    filled: Decimal
    remaining: Decimal


class FillsListed(Struct, frozen=True, kw_only=True, gc=False):
    """Executions read from the venue's history, in the venue's order. cursor: names the next page, None on the last."""

    request_id: RequestId
    trades: tuple[Trade, ...]
    cursor: str | None = None


class OrderHistoryListed(Struct, frozen=True, kw_only=True, gc=False):
    """What became of orders, read from the venue's history, oldest first. cursor: names the next page, None on the
    last."""

    request_id: RequestId
    orders: tuple[OrderView, ...]
    cursor: str | None = None


class OrderNotListed(Struct, frozen=True, kw_only=True, gc=False):
    """An order that was asked for is in none of the venue's lists that were read. cursor: names the next one."""

    request_id: RequestId
    cursor: str


class CancelAllAfterSet(Struct, frozen=True, kw_only=True, gc=False):
    """The cancel-all timer is set. cancels_at: ns since 1970 when it cancels every order, None: it is off."""

    request_id: RequestId
    cancels_at: int | None


class Say(Struct, frozen=True, kw_only=True, gc=False):
    """The handshake goes on: send this text on the connection that brought the message. Never shows in repr.

    relists: the venue lists the orders again because of it, so another `LoggedIn` follows; number: that its answer
    carries, where the answer tells the venue's time.
    """

    text: str
    relists: bool = False
    number: RequestId | None = None

    def __repr__(self) -> str:
        return f"Say(relists={self.relists!r}, number={self.number!r})"


class LoginRefused(Struct, frozen=True, kw_only=True, gc=False):
    """This connection will never be, or is no longer, logged in. unauthorized: because of the credentials."""

    reason: str
    unauthorized: bool


class Notice(Struct, frozen=True, kw_only=True, gc=False):
    """Something the venue said that changes nothing; a person may want to read it."""

    text: str


class MessagesLost(Struct, frozen=True, kw_only=True, gc=False):
    """Messages of the connection never came; what follows is read on. The wire has the open orders and the newest fills
    listed anew by itself: `LoggedIn` comes again. expected, received: numbers of the stream."""

    text: str
    expected: int
    received: int


class TokenRefused(Struct, frozen=True, kw_only=True, gc=False):
    """The session token is not good any more: fetch another and give it to the wire (`take_token`), whose answer is to
    be said on the connection. The connection stays."""

    text: str


class TokenRenewed(Struct, frozen=True, kw_only=True, gc=False):
    """There is another session token; what was refused for the old one may be sent again."""


class LimitTold(Struct, frozen=True, kw_only=True, gc=False):
    """How much the venue takes of this account at most, in the venue's own unit (see `venue.Throttle`)."""

    most: int


class SystemChanged(Struct, frozen=True, kw_only=True, gc=False):
    """The venue opens or closes. mode None: in a word that we do not know."""

    text: str
    mode: SystemMode | None


class SlowDown(Struct, frozen=True, kw_only=True, gc=False):
    """The venue finds that we send too much."""

    text: str


class LoggedIn(Struct, frozen=True, kw_only=True, gc=False):
    """The login answer: who we are, what is open now, and which safety options the venue really set.

    heartbeat_timeout: seconds, None if none is in force.
    """

    user: str
    orders: tuple[OrderView, ...]
    cancel_on_disconnect: bool
    heartbeat_timeout: int | None


class Alive(Struct, frozen=True, kw_only=True, gc=False, eq=False):
    """Nothing but a sign of life.

    is_beat: a heartbeat, or the venue's word that there will be some; is_echo: the answer to a ping of ours, which says
    that something answers, and nothing about the stream of news. Two of them are equal, whatever they are.
    """

    is_beat: bool = False
    is_echo: bool = False

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Alive)

    def __hash__(self) -> int:
        return hash(Alive)


class Unreadable(Struct, frozen=True, kw_only=True, gc=False):
    """A complete message that makes no sense to us. why: what is wrong; text: its beginning."""

    why: str
    text: str


OrderNews = (
    OrderPending
    | OrderAcknowledged
    | OrderFilled
    | OrderTriggered
    | OrderTriggerMoved
    | OrderUnclear
    | OrderCanceled
    | OrderExpired
    | OrderRejected
    | OrderRemoved
    | OrderReplaced
)
Fact = (
    OrderNews
    | CancelRefused
    | ReplaceRefused
    | RequestAnswered
    | RequestRefused
    | VenueTime
    | PricePreviewed
    | FillsListed
    | OrderHistoryListed
    | OrderNotListed
    | CancelAllAfterSet
    | Say
    | LoginRefused
    | Notice
    | BatchAnswered
    | MessagesLost
    | TokenRefused
    | TokenRenewed
    | LimitTold
    | SystemChanged
    | SlowDown
    | LoggedIn
    | Alive
    | Unreadable
)
