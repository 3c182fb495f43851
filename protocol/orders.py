"""What a user asks for (`NewOrder`), who an order is (`OrderIdentity`), and how its life may go (`NEXT_STATUS`).

The life of an order is a table: (where it stands, what happened) → where it stands then. A pair that is not in
the table is stale news and changes nothing. Two rules are not in the table, because they need numbers:
a fill that completes the order moves it to FILLED, and a fill of an order that has ended leaves its status as
it is (a fill after a cancel is a fill).
"""

from __future__ import annotations

from collections.abc import Mapping
from decimal import Decimal
from enum import Enum, auto
from typing import Final, TypedDict, Unpack

from attrs import field, frozen
from msgspec import Struct

from .client_order_ids import LONGEST_ANYWHERE, is_name
from .reasons import RejectReason, Why
from .validation import FLAG, NANOSECONDS, TEXT, Must, a, optional
from .values import (
    AccountId,
    ClientOrderId,
    InstrumentId,
    OffsetUnit,
    OrderStatus,
    OrderType,
    RequestId,
    Side,
    StrategyId,
    TimeInForce,
    TraderId,
    TriggerType,
    VenueOrderId,
    WireId,
    exact,
    exact_or_none,
    instrument_id,
)

__all__ = [
    "NEXT_STATUS",
    "Happening",
    "NewOrder",
    "Number",
    "OrderIdentity",
    "OrderState",
    "VenueOptions",
    "title_of",
]

Number = Decimal | int | str

DEFAULT_STRATEGY: Final = StrategyId("default")
OPTIONAL_TEXT: Final = optional(TEXT)
OPTIONAL_TIME: Final = optional(NANOSECONDS)


@frozen
class VenueOptions:
    """Root of the classes of terms that one venue alone has, such as `KrakenSpotOptions`."""


class OrderTerms(TypedDict, total=False):
    """The fields of `NewOrder` that any type of order may carry."""

    time_in_force: TimeInForce
    post_only: bool
    reduce_only: bool
    strategy: StrategyId
    client_order_id: ClientOrderId
    tag: str
    trigger: TriggerType
    limit_offset: Number
    limit_offset_unit: OffsetUnit
    expire_time: int
    process_before: int
    display_quantity: Number
    quote_quantity: bool
    margin: bool
    options: VenueOptions


@frozen(kw_only=True)
class NewOrder:
    """An order to place. Construct it with `NewOrder.limit`, `.market`, `.stop_market`, `.stop_limit`,
    `.market_if_touched`, `.limit_if_touched` or `.trailing_stop`.

    Numbers are text, int or Decimal. A float raises TypeError, and so does any value of a wrong type. Nothing here is
    checked against an instrument or a venue; `submit` does that, and raises `NotSent`.
    """

    instrument: InstrumentId = field(converter=instrument_id)
    """What to trade: an `InstrumentId`, or text as in EURUSD-PERP.AX."""
    side: Side = field(validator=Must("Side.BUY or Side.SELL", (Side,)))
    """What the order does with the instrument."""
    type: OrderType = field(validator=a(OrderType))
    """What kind of order it is; the constructors choose it."""
    quantity: Decimal = field(converter=exact)
    """Contracts or base units, or an amount of quote currency with `quote_quantity`."""
    price: Decimal | None = field(converter=exact_or_none, default=None)
    """Limit price in quote currency per unit."""
    trigger_price: Decimal | None = field(converter=exact_or_none, default=None)
    """Quote currency per unit, for an order that waits for the market to reach it."""
    time_in_force: TimeInForce = field(default=TimeInForce.GTC, validator=a(TimeInForce))
    """How long it may rest."""
    post_only: bool = field(default=False, validator=FLAG)
    """The venue refuses it rather than let it trade at once."""
    reduce_only: bool = field(default=False, validator=FLAG)
    """It may only make a position smaller."""
    strategy: StrategyId = field(default=DEFAULT_STRATEGY, validator=TEXT)
    """A name of yours, on every event of the order. The venue never sees it."""
    client_order_id: ClientOrderId | None = field(default=None, validator=OPTIONAL_TEXT)
    """Your name for the order, never used twice on one account. None: the client makes one up."""
    tag: str | None = field(default=None, validator=OPTIONAL_TEXT)
    """A short text that the venue keeps with the order (AX alone). None: that of the configuration."""
    trigger: TriggerType = field(default=TriggerType.DEFAULT, validator=a(TriggerType))
    """Which price fires it."""
    trailing_offset: Decimal | None = field(converter=exact_or_none, default=None)
    """How far the trigger follows the market, counted in `trailing_unit`."""
    trailing_unit: OffsetUnit = field(default=OffsetUnit.PERCENT, validator=a(OffsetUnit))
    """PERCENT, or PRICE: quote currency per unit."""
    limit_offset: Decimal | None = field(converter=exact_or_none, default=None)
    """How far the limit lies from the trigger, counted in `limit_offset_unit`."""
    limit_offset_unit: OffsetUnit = field(default=OffsetUnit.PERCENT, validator=a(OffsetUnit))
    """PERCENT, or PRICE: quote currency per unit."""
    expire_time: int | None = field(default=None, validator=OPTIONAL_TIME)
    """When a GTD order ends, in ns since 1970 by the venue's clock. Yours may differ: see `Client.clock_skew`."""
    process_before: int | None = field(default=None, validator=OPTIONAL_TIME)
    """A venue that gets the order later refuses it: ns since 1970 by the venue's clock. Without it, the configuration's
    `process_within` counts from when the order is sent, by the venue's clock as far as that is known."""
    display_quantity: Decimal | None = field(converter=exact_or_none, default=None)
    """The part of an iceberg that shows, contracts or base units."""
    quote_quantity: bool = field(default=False, validator=FLAG)
    """The quantity is an amount of quote currency."""
    margin: bool = field(default=False, validator=FLAG)
    """It may use borrowed money."""
    options: VenueOptions | None = field(default=None, validator=optional(a(VenueOptions)))
    """Terms that one venue alone has, as a value of that venue's own class."""

    def __str__(self) -> str:
        """One readable line, as a log wants it (see `protocol.one_line`)."""
        from .one_line import one_line  # it knows every event and order, so it comes after them

        return one_line(self)

    @classmethod
    def limit(
        cls, instrument: str, side: Side, *, quantity: Number, price: Number, **terms: Unpack[OrderTerms]
    ) -> NewOrder:
        """A limit order."""
        return cls(instrument=instrument, side=side, type=OrderType.LIMIT, quantity=quantity, price=price, **terms)

    @classmethod
    def market(
        cls,
        instrument: str,
        side: Side,
        *,
        quantity: Number,
        price: Number | None = None,
        **terms: Unpack[OrderTerms],
    ) -> NewOrder:
        """A market order. Where a venue has none (AX), an aggressive limit order goes out in its place: at
        `price` if given, else at the price for which the venue says it would fill now."""
        return cls(instrument=instrument, side=side, type=OrderType.MARKET, quantity=quantity, price=price, **terms)

    @classmethod
    def stop_market(
        cls, instrument: str, side: Side, *, quantity: Number, trigger_price: Number, **terms: Unpack[OrderTerms]
    ) -> NewOrder:
        """A market order that waits until the market moves against it, to `trigger_price`."""
        return cls(
            instrument=instrument,
            side=side,
            type=OrderType.STOP_MARKET,
            quantity=quantity,
            trigger_price=trigger_price,
            **terms,
        )

    @classmethod
    def stop_limit(
        cls,
        instrument: str,
        side: Side,
        *,
        quantity: Number,
        price: Number,
        trigger_price: Number,
        **terms: Unpack[OrderTerms],
    ) -> NewOrder:
        """A limit order that waits until the market trades at `trigger_price`."""
        return cls(
            instrument=instrument,
            side=side,
            type=OrderType.STOP_LIMIT,
            quantity=quantity,
            price=price,
            trigger_price=trigger_price,
            **terms,
        )

    @classmethod
    def market_if_touched(
        cls, instrument: str, side: Side, *, quantity: Number, trigger_price: Number, **terms: Unpack[OrderTerms]
    ) -> NewOrder:
        """A market order that waits until the market moves in its favour, to `trigger_price`: it takes a profit."""
        return cls(
            instrument=instrument,
            side=side,
            type=OrderType.MARKET_IF_TOUCHED,
            quantity=quantity,
            trigger_price=trigger_price,
            **terms,
        )

    @classmethod
    def limit_if_touched(
        cls,
        instrument: str,
        side: Side,
        *,
        quantity: Number,
        price: Number,
        trigger_price: Number,
        **terms: Unpack[OrderTerms],
    ) -> NewOrder:
        """A limit order that waits until the market moves in its favour, to `trigger_price`."""
        return cls(
            instrument=instrument,
            side=side,
            type=OrderType.LIMIT_IF_TOUCHED,
            quantity=quantity,
            price=price,
            trigger_price=trigger_price,
            **terms,
        )

    @classmethod
    def trailing_stop(
        cls,
        instrument: str,
        side: Side,
        *,
        quantity: Number,
        trailing_offset: Number,
        trailing_unit: OffsetUnit = OffsetUnit.PERCENT,
        **terms: Unpack[OrderTerms],
    ) -> NewOrder:
        """A stop whose trigger follows the market at a distance, in percent unless `trailing_unit` is PRICE; a limit
        order when it fires if `limit_offset` is given (in percent unless `limit_offset_unit` is PRICE), else a market
        order."""
        limited = terms.get("limit_offset") is not None
        return cls(
            instrument=instrument,
            side=side,
            type=OrderType.TRAILING_STOP_LIMIT if limited else OrderType.TRAILING_STOP_MARKET,
            quantity=quantity,
            trailing_offset=trailing_offset,
            trailing_unit=trailing_unit,
            **terms,
        )


def title_of(order: NewOrder) -> str:
    """What a sentence calls an order that is not placed yet: by its name if it has a proper one, else by its terms."""
    name, side = order.client_order_id, order.side
    if name is not None and is_name(name, LONGEST_ANYWHERE):
        return f"Order {name}"
    return f"Order to {side.value} {order.quantity} {order.instrument}"


class OrderIdentity(Struct, frozen=True, kw_only=True, gc=False):
    """Who an order is: everything about it that never changes once it is registered."""

    trader: TraderId
    """Your name for yourself, as the configuration has it."""
    strategy: StrategyId
    """Your name for what placed it, as the order has it."""
    account: AccountId
    """Your name for the account, as the configuration has it."""
    instrument: InstrumentId
    """What it trades."""
    client_order_id: ClientOrderId
    """Your name for the order."""
    side: Side | None
    """None where an order of another session did not show it."""
    type: OrderType | None
    """None where an order of another session did not show it."""
    currency: str
    """The quote currency."""
    wire_id: WireId | None
    """The client order id as it crosses the venue's wire, None where it never does."""
    local_time: int
    """ns since 1970 by our clock when it was registered."""

    def __str__(self) -> str:
        """One readable line, as a log wants it (see `protocol.one_line`)."""
        from .one_line import one_line  # it knows every event and order, so it comes after them

        return one_line(self)


class OrderState(Struct, frozen=True, kw_only=True, gc=False):
    """An order as dispatch sees it at one moment; a view, replaced by a newer one, never changed."""

    identity: OrderIdentity
    """Which order."""
    status: OrderStatus
    """Where it stands."""
    venue_order_id: VenueOrderId | None
    """The venue's id of it, None while it has none."""
    quantity: Decimal | None
    """Contracts or base units, None while it is not known."""
    cumulative: Decimal
    """What has filled, contracts or base units."""
    price: Decimal | None
    """Quote currency per unit. None for a market order; at AX, until the price of the limit that stands for it is
    settled."""
    trigger_price: Decimal | None
    """Quote currency per unit, None where nothing triggers it."""
    time_in_force: TimeInForce | None
    """How long it may rest, None where an order of another session did not show it."""
    reason: str = ""
    """Why it ended, or why it is not known where it stands."""
    request_id: RequestId | None = None
    """Of the request that placed it, None for an order that was not submitted here."""
    why: Why | RejectReason | None = None
    """`reason` for a program: a `Why` of an order that was denied, a `RejectReason` of one that was rejected."""

    def __str__(self) -> str:
        """One readable line, as a log wants it (see `protocol.one_line`)."""
        from .one_line import one_line  # it knows every event and order, so it comes after them

        return one_line(self)

    @property
    def client_order_id(self) -> ClientOrderId:
        return self.identity.client_order_id

    @property
    def leaves(self) -> Decimal | None:
        """What may still fill; 0 once the order has ended, None while its quantity is not known."""
        if self.status.is_terminal:
            return Decimal(0)
        return None if self.quantity is None else max(Decimal(0), self.quantity - self.cumulative)


class Happening(Enum):
    """What can happen to an order, as far as its status is concerned."""

    ACCEPTED = auto()
    TRIGGERED = auto()
    FILLED_IN_PART = auto()
    COMPLETED = auto()
    CANCELED = auto()
    EXPIRED = auto()
    REJECTED = auto()
    DENIED = auto()
    LOST = auto()

    __hash__ = object.__hash__  # as `OrderStatus` has it


_S, _H = OrderStatus, Happening

NEXT_STATUS: Final[Mapping[tuple[OrderStatus, Happening], OrderStatus]] = {
    (_S.SUBMITTED, _H.ACCEPTED): _S.ACCEPTED,
    (_S.SUBMITTED, _H.FILLED_IN_PART): _S.PARTIALLY_FILLED,
    (_S.SUBMITTED, _H.COMPLETED): _S.FILLED,
    (_S.SUBMITTED, _H.TRIGGERED): _S.TRIGGERED,
    (_S.SUBMITTED, _H.CANCELED): _S.CANCELED,
    (_S.SUBMITTED, _H.EXPIRED): _S.EXPIRED,
    (_S.SUBMITTED, _H.REJECTED): _S.REJECTED,
    (_S.SUBMITTED, _H.DENIED): _S.DENIED,
    (_S.SUBMITTED, _H.LOST): _S.UNKNOWN,
    (_S.UNKNOWN, _H.ACCEPTED): _S.ACCEPTED,
    (_S.UNKNOWN, _H.FILLED_IN_PART): _S.PARTIALLY_FILLED,
    (_S.UNKNOWN, _H.COMPLETED): _S.FILLED,
    (_S.UNKNOWN, _H.TRIGGERED): _S.TRIGGERED,
    (_S.UNKNOWN, _H.CANCELED): _S.CANCELED,
    (_S.UNKNOWN, _H.EXPIRED): _S.EXPIRED,
    (_S.UNKNOWN, _H.REJECTED): _S.REJECTED,
    (_S.UNKNOWN, _H.DENIED): _S.DENIED,
    (_S.ACCEPTED, _H.TRIGGERED): _S.TRIGGERED,
    (_S.ACCEPTED, _H.FILLED_IN_PART): _S.PARTIALLY_FILLED,
    (_S.ACCEPTED, _H.COMPLETED): _S.FILLED,
    (_S.ACCEPTED, _H.CANCELED): _S.CANCELED,
    (_S.ACCEPTED, _H.EXPIRED): _S.EXPIRED,
    (_S.TRIGGERED, _H.FILLED_IN_PART): _S.PARTIALLY_FILLED,
    (_S.TRIGGERED, _H.COMPLETED): _S.FILLED,
    (_S.TRIGGERED, _H.CANCELED): _S.CANCELED,
    (_S.TRIGGERED, _H.EXPIRED): _S.EXPIRED,
    (_S.PARTIALLY_FILLED, _H.FILLED_IN_PART): _S.PARTIALLY_FILLED,
    (_S.PARTIALLY_FILLED, _H.COMPLETED): _S.FILLED,
    (_S.PARTIALLY_FILLED, _H.CANCELED): _S.CANCELED,
    (_S.PARTIALLY_FILLED, _H.EXPIRED): _S.EXPIRED,
    # The venue knows an order no more that it had accepted: it is not known how it ended, if it has.
    (_S.ACCEPTED, _H.LOST): _S.UNKNOWN,
    (_S.TRIGGERED, _H.LOST): _S.UNKNOWN,
    (_S.PARTIALLY_FILLED, _H.LOST): _S.UNKNOWN,
    # Ended orders: only executions still count, and they do not reopen the order.
    (_S.FILLED, _H.FILLED_IN_PART): _S.FILLED,
    (_S.FILLED, _H.COMPLETED): _S.FILLED,
    (_S.CANCELED, _H.FILLED_IN_PART): _S.CANCELED,
    (_S.CANCELED, _H.COMPLETED): _S.FILLED,
    (_S.EXPIRED, _H.FILLED_IN_PART): _S.EXPIRED,
    (_S.EXPIRED, _H.COMPLETED): _S.FILLED,
    # A venue that executes an order it refused, or that we believed never arrived, has the last word.
    (_S.REJECTED, _H.FILLED_IN_PART): _S.PARTIALLY_FILLED,
    (_S.REJECTED, _H.COMPLETED): _S.FILLED,
    (_S.DENIED, _H.ACCEPTED): _S.ACCEPTED,
    (_S.DENIED, _H.FILLED_IN_PART): _S.PARTIALLY_FILLED,
    (_S.DENIED, _H.COMPLETED): _S.FILLED,
}
"""Where an order stands after something happened to it. Absent pairs are stale and change nothing."""
