"""What the command handler can be asked, one frozen class each.

An order is named by its client order id throughout. What is of the wrong type is a TypeError at once. The handler
checks a command against the cached instruments, gives it a request number and hands it on to dispatch, which answers.
"""

from __future__ import annotations

from decimal import Decimal
from enum import Enum

from attrs import field, frozen

from .events import OrderStatusReport
from .orders import DEFAULT_STRATEGY, NewOrder
from .validation import FLAG, NANOSECONDS, SECRET, TEXT, Must, a, optional, tuple_of
from .values import (
    ClientOrderId,
    Instrument,
    InstrumentId,
    OffsetUnit,
    StrategyId,
    TimeInForce,
    VenueOrderId,
    WireId,
    exact_or_none,
    instrument_id,
)

__all__ = [
    "Adopt",
    "Authenticate",
    "Batch",
    "Cancel",
    "CancelAll",
    "CancelAllAfter",
    "Command",
    "Disconnect",
    "InitializeInstruments",
    "LiveOrders",
    "Milestone",
    "OpenOrders",
    "Place",
    "ReadFills",
    "RegisterExternal",
    "Replace",
    "Resolve",
    "Show",
    "Status",
    "UpdateInstrument",
    "Watch",
]


@frozen
class Authenticate:
    """Use this token from now on (see `Client.authenticate`). Never shows in repr."""

    token: str = field(repr=False, validator=SECRET)


@frozen
class Place:
    """Place an order. Answer: its `OrderState`. Raises NotSent."""

    order: NewOrder = field(validator=a(NewOrder))


@frozen
class Cancel:
    """Cancel an order. Answer: the request id. Raises NotSent."""

    client_order_id: ClientOrderId = field(validator=TEXT)


@frozen(kw_only=True)
class Replace:
    """Change an order of this instrument; None keeps a term as it is. Answer: the request id. Raises NotSent.

    quantity: contracts or base units, as the venue will count them for the new order (AX: from zero filled; Kraken:
    what has filled included); leaves: in place of it, what may still fill, the same at every venue; price,
    trigger_price: quote currency per unit; trailing_offset: how far the trigger follows the market, counted in
    trailing_unit, which must be given with it. Numbers are text, int or Decimal; a float raises TypeError.
    """

    client_order_id: ClientOrderId = field(validator=TEXT)
    instrument: InstrumentId = field(converter=instrument_id)
    quantity: Decimal | None = field(converter=exact_or_none, default=None)
    price: Decimal | None = field(converter=exact_or_none, default=None)
    time_in_force: TimeInForce | None = field(default=None, validator=optional(a(TimeInForce)))
    post_only: bool | None = field(default=None, validator=optional(FLAG))
    trigger_price: Decimal | None = field(converter=exact_or_none, default=None)
    trailing_offset: Decimal | None = field(converter=exact_or_none, default=None)
    trailing_unit: OffsetUnit | None = field(default=None, validator=optional(a(OffsetUnit)))
    display_quantity: Decimal | None = field(converter=exact_or_none, default=None)
    leaves: Decimal | None = field(converter=exact_or_none, default=None)


@frozen
class CancelAll:
    """Cancel every order of the account, or those of one instrument. Answer: how many the venue says it has canceled,
    None where it does not say. Raises NotSent, RequestFailed, OutcomeUnknown."""

    instrument: InstrumentId | None = field(default=None, validator=optional(a(InstrumentId)))


@frozen(kw_only=True)
class CancelAllAfter:
    """Have the venue cancel every order of the account this many seconds from now, unless it is reported again before;
    the client renews it by itself until it closes. 0 turns that off. Answer: ns since 1970 when the venue would
    cancel, None when it is off. Raises NotSent, RequestFailed."""

    seconds: int = field(validator=Must("a whole number of seconds", (int,)))


@frozen
class Batch:
    """Place, change and cancel orders in as few requests as the venue allows. Answer: for each leg what it alone would
    have answered. Raises NotSent, and nothing of the batch was sent then."""

    legs: tuple[Place | Replace | Cancel, ...] = field(validator=tuple_of(Place, Replace, Cancel))


@frozen
class OpenOrders:
    """Ask for the account's open orders. Answer: a tuple of `OrderStatusReport`."""


@frozen
class Status:
    """Ask the venue where an order stands. Answer: an `OrderStatusReport`. Raises RequestFailed."""

    client_order_id: ClientOrderId = field(validator=TEXT)


@frozen
class ReadFills:
    """Read executions from the venue's history: start inclusive, end exclusive, ns since 1970.

    Unknown ones come out as fills, known ones get their commission. Answer: how many were read.
    """

    start: int = field(validator=NANOSECONDS)
    end: int = field(validator=NANOSECONDS)
    instrument: InstrumentId | None = field(default=None, validator=optional(a(InstrumentId)))


@frozen
class InitializeInstruments:
    """Cache these instruments."""

    instruments: tuple[Instrument, ...] = field(validator=tuple_of(Instrument))


@frozen
class UpdateInstrument:
    """Cache this instrument, in place of an older one of the same symbol."""

    instrument: Instrument = field(validator=a(Instrument))


@frozen(kw_only=True)
class RegisterExternal:
    """Track an order that was not submitted here. Answer: True; False (with a warning) if its instrument is not
    cached, another order has its venue order id, or one that only the journal knows had the name. An order that is
    known already is left as it is."""

    client_order_id: ClientOrderId = field(validator=TEXT)
    venue_order_id: VenueOrderId = field(validator=TEXT)
    instrument: InstrumentId
    strategy: StrategyId = field(validator=TEXT)


@frozen(kw_only=True)
class Adopt:
    """Track an order that was not submitted here, as the venue shows it. Answer: its `OrderState`; of one that is
    tracked already, as it stands. client_order_id None: the report's own, else one made of the venue order id. Raises
    NotSent if the order has ended, its instrument is not cached, or another order has, or had, the name."""

    report: OrderStatusReport = field(validator=a(OrderStatusReport))
    client_order_id: ClientOrderId | None = field(default=None, validator=optional(TEXT))
    strategy: StrategyId = field(default=DEFAULT_STRATEGY, validator=TEXT)


@frozen
class Resolve:
    """Which order carries this wire id? Answer: its client order id, or None."""

    wire_id: WireId = field(validator=a(int, str))


class Milestone(Enum):
    """What can be waited for. Each is also over when the order can no longer reach it."""

    ACCEPTED = "accepted"
    DONE = "done"


@frozen
class Watch:
    """Wait until an order reaches a milestone. Answer: its `OrderState` then; at once if that is so already.

    Accepted: the venue has the order, or it ended without, or that is not known. Done: it has ended.
    """

    client_order_id: ClientOrderId = field(validator=TEXT)
    milestone: Milestone = field(validator=a(Milestone))


@frozen
class Show:
    """Where does an order stand, as far as is known here? Answer: its `OrderState`, or None."""

    client_order_id: ClientOrderId = field(validator=TEXT)


@frozen
class LiveOrders:
    """Which orders are tracked and have not ended? Answer: of each its identity, and the number of the request that
    placed it (None: it was not submitted here)."""


@frozen(kw_only=True)
class Disconnect:
    """End the link: let requests in flight be answered, close the socket, do not reconnect. Answer: None, when the
    socket is about to be closed.

    grace: ns to wait for answers; cancel_all: then cancel every open order; patience: ns for all of that, None: twice
    the grace; disarm: turn the dead man's switch off although orders stay open; where none does, that is done anyway.
    """

    grace: int
    patience: int | None = None
    cancel_all: bool = False
    disarm: bool = True


Command = (
    Authenticate
    | Place
    | Cancel
    | Replace
    | CancelAll
    | CancelAllAfter
    | Batch
    | OpenOrders
    | Status
    | ReadFills
    | InitializeInstruments
    | UpdateInstrument
    | RegisterExternal
    | Adopt
    | Resolve
    | Watch
    | Show
    | LiveOrders
    | Disconnect
)
