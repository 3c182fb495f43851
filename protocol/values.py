"""Values every other module speaks in: identifiers, instruments, sides, exact decimals, money, instants.

Nothing here imports another module of this project, and nothing here reads a clock.
"""

from __future__ import annotations

from collections.abc import Mapping
from decimal import Decimal, InvalidOperation
from enum import Enum
from typing import Final, NewType

from attrs import field, frozen

__all__ = [
    "NO_TIME",
    "ZERO",
    "AccountId",
    "ClientOrderId",
    "Instant",
    "Instrument",
    "InstrumentId",
    "Instruments",
    "LiquiditySide",
    "Money",
    "OffsetUnit",
    "OrderStatus",
    "OrderType",
    "RequestId",
    "Side",
    "StrategyId",
    "SystemMode",
    "TimeInForce",
    "TradeId",
    "TraderId",
    "TriggerType",
    "VenueOrderId",
    "WireId",
    "exact",
    "exact_or_none",
]

TraderId = NewType("TraderId", str)
StrategyId = NewType("StrategyId", str)
AccountId = NewType("AccountId", str)
ClientOrderId = NewType("ClientOrderId", str)
"""The user's own name for an order: 1 to 36 characters, never used twice on one account."""
VenueOrderId = NewType("VenueOrderId", str)
TradeId = NewType("TradeId", str)
RequestId = NewType("RequestId", int)
"""Number of one request on the wire, from 1 to 2**31 - 1."""

WireId = int | str
"""The form in which a client order id crosses a venue's wire (AX: an unsigned 64-bit integer)."""

ZERO: Final = Decimal(0)
NO_TIME: Final = 0
"""Stands for a venue time that the venue did not give."""


class Side(Enum):
    """What the order does with the instrument."""

    BUY = "BUY"
    SELL = "SELL"

    @property
    def opposite(self) -> Side:
        return Side.SELL if self is Side.BUY else Side.BUY


class OrderType(Enum):
    """STOP: waits until the market moves against the order; TOUCHED: until it moves in its favour; TRAILING: its
    trigger follows the market at a distance. Once triggered, it is a MARKET or a LIMIT order."""

    MARKET = "MARKET"
    LIMIT = "LIMIT"
    STOP_MARKET = "STOP_MARKET"
    STOP_LIMIT = "STOP_LIMIT"
    MARKET_IF_TOUCHED = "MARKET_IF_TOUCHED"
    LIMIT_IF_TOUCHED = "LIMIT_IF_TOUCHED"
    TRAILING_STOP_MARKET = "TRAILING_STOP_MARKET"
    TRAILING_STOP_LIMIT = "TRAILING_STOP_LIMIT"


class TimeInForce(Enum):
    """How long an order may rest. GTC: until it is canceled; IOC: not at all, what does not trade at once is canceled;
    FOK: not at all, and it trades whole or not at all; GTD: until its expire_time; DAY: until the venue's day ends;
    AT_THE_OPEN, AT_THE_CLOSE: for that auction alone (no venue here has one)."""

    GTC = "GTC"
    IOC = "IOC"
    FOK = "FOK"
    GTD = "GTD"
    DAY = "DAY"
    AT_THE_OPEN = "AT_THE_OPEN"
    AT_THE_CLOSE = "AT_THE_CLOSE"


class SystemMode(Enum):
    """What a whole venue takes now. MAINTENANCE: nothing."""

    ONLINE = "online"
    MAINTENANCE = "maintenance"
    CANCEL_ONLY = "cancel_only"
    POST_ONLY = "post_only"


class TriggerType(Enum):
    """Which price fires a trigger. DEFAULT: the venue's own choice."""

    DEFAULT = "DEFAULT"
    LAST = "LAST"
    MARK = "MARK"
    INDEX = "INDEX"


class OffsetUnit(Enum):
    """What a distance between prices is counted in. PRICE: quote currency per unit."""

    PERCENT = "PERCENT"
    PRICE = "PRICE"


class LiquiditySide(Enum):
    """Which side of the trade was resting. NONE: the venue did not say, or neither was (a liquidation)."""

    MAKER = "MAKER"
    TAKER = "TAKER"
    NONE = "NONE"


class OrderStatus(Enum):
    """Where an order stands. See `protocol.orders.NEXT_STATUS` for the moves between them."""

    SUBMITTED = "SUBMITTED"
    UNKNOWN = "UNKNOWN"
    ACCEPTED = "ACCEPTED"
    TRIGGERED = "TRIGGERED"
    PARTIALLY_FILLED = "PARTIALLY_FILLED"
    FILLED = "FILLED"
    CANCELED = "CANCELED"
    EXPIRED = "EXPIRED"
    REJECTED = "REJECTED"
    DENIED = "DENIED"

    is_terminal: bool
    """True when nothing but late fills can still happen to the order."""

    __hash__ = object.__hash__  # tables are looked up by it for every message; that of Enum is Python code

    def __init__(self, name: str) -> None:
        self.is_terminal = name in ("FILLED", "CANCELED", "EXPIRED", "REJECTED", "DENIED")


def exact(value: object) -> Decimal:
    """`value` as a Decimal, without ever passing through a binary float.

    Takes str, int and Decimal. Raises TypeError for float and bool, ValueError for text that is not a finite
    number.
    """
    if isinstance(value, Decimal):
        number = value
    elif isinstance(value, str):
        try:
            number = Decimal(value)
        except InvalidOperation:
            raise ValueError(f"{value!r} is not a decimal number.") from None
    elif isinstance(value, int) and not isinstance(value, bool):
        number = Decimal(value)
    else:
        raise TypeError(
            f"The number {value!r:.60} must be given as text, int or Decimal, not as {type(value).__name__}."
        )
    if not number.is_finite():
        raise ValueError(f"{value!r} is not a finite number.")
    return number


def exact_or_none(value: object) -> Decimal | None:
    """`exact`, for a term that may be left out."""
    return None if value is None else exact(value)


@frozen
class InstrumentId:
    """A tradable thing at one venue; written `EURUSD-PERP.AX`: the venue's own symbol, a dot, the venue."""

    symbol: str
    venue: str

    @classmethod
    def parse(cls, text: str | InstrumentId) -> InstrumentId:
        """Reads `SYMBOL.VENUE`. Raises ValueError when either part is missing."""
        if isinstance(text, InstrumentId):
            return text
        symbol, dot, venue = text.rpartition(".")
        if not (symbol and dot and venue):
            raise ValueError(f"{text!r} is not an instrument id; write SYMBOL.VENUE, as in EURUSD-PERP.AX.")
        return cls(symbol, venue)

    def __str__(self) -> str:
        return f"{self.symbol}.{self.venue}"


def instrument_id(text: str | InstrumentId) -> InstrumentId:
    """`InstrumentId.parse` as a plain function, for attrs."""
    return InstrumentId.parse(text)


def _positive(_: object, attribute: object, value: Decimal) -> None:
    if value <= 0:
        raise ValueError(f"{getattr(attribute, 'name', 'value')} must be greater than zero, not {value}.")


@frozen(kw_only=True)
class Instrument:
    """What must be known of an instrument to trade it.

    price_increment: quote currency per unit; quantity_increment and minimum_quantity: contracts or base units;
    multiplier: units of the underlying in one contract.
    """

    id: InstrumentId = field(converter=instrument_id)
    price_increment: Decimal = field(converter=exact, validator=_positive)
    quantity_increment: Decimal = field(converter=exact, validator=_positive, default=Decimal(1))
    minimum_quantity: Decimal = field(converter=exact, validator=_positive, default=Decimal(1))
    multiplier: Decimal = field(converter=exact, validator=_positive, default=Decimal(1))
    quote_currency: str = "USD"

    @property
    def symbol(self) -> str:
        return self.id.symbol

    @property
    def price_precision(self) -> int:
        """Decimal places of the price increment."""
        return _places(self.price_increment)

    @property
    def quantity_precision(self) -> int:
        """Decimal places of the quantity increment."""
        return _places(self.quantity_increment)

    def price_fits(self, price: Decimal) -> bool:
        """True when `price` is a whole number of price increments."""
        return _is_multiple(price, self.price_increment)

    def quantity_fits(self, quantity: Decimal) -> bool:
        """True when `quantity` is a whole number of quantity increments."""
        return _is_multiple(quantity, self.quantity_increment)


def _is_multiple(value: Decimal, increment: Decimal) -> bool:
    try:
        return value % increment == 0
    except InvalidOperation:  # more digits than decimal arithmetic keeps: no sensible price or quantity
        return False


def _places(increment: Decimal) -> int:
    exponent = increment.normalize().as_tuple().exponent
    assert isinstance(exponent, int)  # exact() admits finite numbers only
    return max(0, -exponent)


Instruments = Mapping[str, Instrument]
"""Instruments by the venue's symbol."""


@frozen
class Money:
    """An amount in one currency. Positive = we pay (a fee), negative = we get (a rebate)."""

    amount: Decimal
    currency: str


@frozen
class Instant:
    """One moment on two clocks, taken by the actor at the socket read or at the ask.

    monotonic_ns: Trio's clock, for deadlines; wall_ns: ns since 1970, for data.
    """

    monotonic_ns: int
    wall_ns: int
