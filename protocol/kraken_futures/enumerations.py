"""Kraken Futures' codes as the values that every venue shares, and back (spec B.6 to B.9, B.12, B.13).

One table for each enumeration of the wire. A code that is in no table is None, or GENERIC for a reason: it costs that
field, and never a fill.
"""

from __future__ import annotations

from collections.abc import Mapping
from enum import Enum, auto
from typing import Final

from ..facts import Outcome
from ..reasons import RejectReason
from ..values import LiquiditySide, OffsetUnit, OrderStatus, OrderType, Side, TimeInForce, TriggerType

__all__ = [
    "ACCEPTED_STATUSES",
    "DIRECTIONS",
    "EDIT_REFUSALS",
    "LIQUIDITY",
    "OFFSET_CODES",
    "ROW_STATUSES",
    "Reason",
    "SEND_REFUSALS",
    "SIDES",
    "SIDE_CODES",
    "SIGNAL_CODES",
    "currency",
    "error_outcome",
    "liquidity",
    "order_type",
    "query_status",
    "quote_of",
    "reason_of",
    "stop_type",
    "time_in_force",
    "trigger_type",
    "why_refused",
]

DIRECTIONS: Final[Mapping[int | None, Side]] = {0: Side.BUY, 1: Side.SELL}
SIDES: Final[Mapping[str, Side]] = {"buy": Side.BUY, "sell": Side.SELL}
SIDE_CODES: Final = {Side.BUY: "buy", Side.SELL: "sell"}

# Types of orders. A trigger with a limit price becomes a limit order when it fires.

PLAIN_TYPES: Final[Mapping[str, OrderType]] = {
    "limit": OrderType.LIMIT,
    "lmt": OrderType.LIMIT,
    "post": OrderType.LIMIT,
    "ioc": OrderType.LIMIT,
    "fok": OrderType.LIMIT,
    "fillorkill": OrderType.LIMIT,
    "mkt": OrderType.MARKET,
    "market": OrderType.MARKET,
}
TRIGGER_TYPES: Final[Mapping[str, tuple[OrderType, OrderType]]] = {
    "stop": (OrderType.STOP_MARKET, OrderType.STOP_LIMIT),
    "stp": (OrderType.STOP_MARKET, OrderType.STOP_LIMIT),
    "stop_loss": (OrderType.STOP_MARKET, OrderType.STOP_LIMIT),
    "take_profit": (OrderType.MARKET_IF_TOUCHED, OrderType.LIMIT_IF_TOUCHED),
    "trailing_stop": (OrderType.TRAILING_STOP_MARKET, OrderType.TRAILING_STOP_LIMIT),
}
"""Without and with a limit price."""


def order_type(code: str | None, *, has_price: bool) -> OrderType | None:
    """None for an unknown code: a tracked order keeps the type that it was placed with."""
    name = (code or "").lower()
    if name in TRIGGER_TYPES:
        return TRIGGER_TYPES[name][has_price]
    return PLAIN_TYPES.get(name)


STOP_SIDES: Final[Mapping[tuple[Side, str], tuple[OrderType, OrderType]]] = {
    (Side.BUY, "above"): TRIGGER_TYPES["stop"],
    (Side.SELL, "below"): TRIGGER_TYPES["stop"],
    (Side.BUY, "below"): TRIGGER_TYPES["take_profit"],
    (Side.SELL, "above"): TRIGGER_TYPES["take_profit"],
}


def stop_type(
    side: Side | None, trigger_side: str | None, *, has_price: bool, trailing: bool = False
) -> OrderType | None:
    """The type of an order that waits for a trigger. The venue's code for its type is that of the order
    that it becomes (spec B.12), so the side on which it fires decides. None: it is not known."""
    if trailing:
        return TRIGGER_TYPES["trailing_stop"][has_price]
    where = (trigger_side or "").lower().removeprefix("trigger_")
    kinds = None if side is None else STOP_SIDES.get((side, where))
    return None if kinds is None else kinds[has_price]


TIMES_IN_FORCE: Final = {"ioc": TimeInForce.IOC, "fok": TimeInForce.FOK, "fillorkill": TimeInForce.FOK}


GTC: Final = TimeInForce.GTC


def time_in_force(code: str | None) -> TimeInForce:
    """The wire has no time in force of its own; two types of orders imply one."""
    return TIMES_IN_FORCE.get((code or "").lower(), GTC)


SIGNALS: Final[Mapping[str, TriggerType]] = {
    "mark": TriggerType.MARK,
    "spot": TriggerType.INDEX,
    "index": TriggerType.INDEX,
}
UNKNOWN: Final = "unknown"
"""What the venue writes for a code that it cannot decode itself."""
SIGNAL_CODES: Final = {TriggerType.MARK: "mark", TriggerType.INDEX: "index", TriggerType.LAST: "last"}
OFFSET_CODES: Final = {OffsetUnit.PERCENT: "PERCENT", OffsetUnit.PRICE: "QUOTE_CURRENCY"}


def trigger_type(code: str | None, *, has_trigger: bool) -> TriggerType | None:
    """Which price fires the trigger, only for an order that has one (spec D.4). `mark`, `mark_price`, `MarkPrice` and
    `MARK_PRICE` mean the same."""
    if not has_trigger:
        return None
    name = (code or "").lower().removesuffix("price").removesuffix("_")
    if name == UNKNOWN:
        return None
    return SIGNALS.get(name, TriggerType.LAST) if name else TriggerType.DEFAULT


# Fills

LIQUIDITY: Final[Mapping[str, LiquiditySide]] = {
    "maker": LiquiditySide.MAKER,
    "taker": LiquiditySide.TAKER,
    "takerAfterEdit": LiquiditySide.TAKER,
}


NO_SIDE: Final = LiquiditySide.NONE


def liquidity(code: str | None) -> LiquiditySide:
    """NONE for liquidations, assignments, unwinding and unknown codes; they are fills all the same."""
    return LIQUIDITY.get(code or "", NO_SIDE)


def currency(name: str) -> str:
    """The venue's XBT is everybody's BTC."""
    upper = name.upper()
    return "BTC" if upper == "XBT" else upper


def quote_of(symbol: str) -> str:
    """The quote currency in a symbol, e.g. USD in PF_XBTUSD and in FI_XBTUSD_260626."""
    parts = symbol.upper().split("_")
    pair = parts[1] if len(parts) > 1 else ""
    return currency(pair[-3:]) if len(pair) > 3 else "USD"


# Reasons of the open_orders feed (spec B.7)


class Reason(Enum):
    """What a reason says. CUT_SHORT: the venue did not let the order go on as it came, and some of it may have
    traded before; GENERIC: nothing; whether the order is gone decides."""

    PLACED = auto()
    EDITED = auto()
    PARTIAL_FILL = auto()
    FULL_FILL = auto()
    CANCELED = auto()
    EXPIRED = auto()
    TRIGGERED = auto()
    FROM_STOP = auto()
    REFUSED_POST_ONLY = auto()
    REFUSED = auto()
    CUT_SHORT = auto()
    EDIT_TARGET_GONE = auto()
    GENERIC = auto()


REASONS: Final[Mapping[str, Reason]] = {
    "new_placed_order_by_user": Reason.PLACED,
    "edited_by_user": Reason.EDITED,
    "partial_fill": Reason.PARTIAL_FILL,
    "full_fill": Reason.FULL_FILL,
    "cancelled_by_user": Reason.CANCELED,
    "cancelled_by_admin": Reason.CANCELED,
    "market_inactive": Reason.CANCELED,
    "dead_man_switch": Reason.CANCELED,
    "not_enough_margin": Reason.CANCELED,
    "liquidation": Reason.CANCELED,
    "contract_expired": Reason.EXPIRED,
    "stop_order_triggered": Reason.TRIGGERED,
    "limit_order_from_stop": Reason.FROM_STOP,
    "post_order_failed_because_it_would_filled": Reason.REFUSED_POST_ONLY,
    "post_order_failed_because_it_would_be_filled": Reason.REFUSED_POST_ONLY,
    "ioc_order_failed_because_it_would_not_be_executed": Reason.REFUSED,
    "would_execute_self": Reason.CUT_SHORT,
    "would_not_reduce_position": Reason.CUT_SHORT,
    "order_for_edit_not_found": Reason.EDIT_TARGET_GONE,
    "status_update": Reason.GENERIC,
}


# Python 3.11 looks a member up in its enumeration five times as slowly as a name in a module.
GENERIC: Final = Reason.GENERIC


def reason_of(code: str | None) -> Reason:
    return REASONS.get(code or "", GENERIC)


# REST statuses (spec B.12, B.13)

ACCEPTED_STATUSES: Final = frozenset({"placed", "partiallyFilled", "filled", "cancelled", "edited"})
"""Values of `sendStatus` with which the order came into being."""

SEND_REFUSALS: Final = frozenset(
    {
        "postWouldExecute",
        "iocWouldNotExecute",
        "invalidOrderType",
        "invalidSide",
        "invalidPrice",
        "invalidSize",
        "tooManySmallOrders",
        "tooManyOrders",
        "insufficientAvailableFunds",
        "wouldCauseLiquidation",
        "maxPositionViolation",
        "outsidePriceCollar",
        "wouldIncreasePriceDislocation",
        "clientOrderIdAlreadyExist",
        "clientOrderIdTooBig",
        "clientOrderIdTooLong",
        "clientOrderIdInvalid",
        "selfFill",
        "wouldNotReducePosition",
        "reduceOnlyWouldIncreasePosition",
        "marketSuspended",
        "marketInactive",
        "marketIsPostOnly",
        "fixedLeverageTooHigh",
        "wouldProcessAfterSpecifiedTime",
        "notFound",
    }
)

EDIT_REFUSALS: Final[Mapping[str, Outcome]] = {
    "invalidSize": Outcome.DEFINITE,
    "invalidPrice": Outcome.DEFINITE,
    "insufficientAvailableFunds": Outcome.DEFINITE,
    "selfFill": Outcome.DEFINITE,
    "tooManySmallOrders": Outcome.DEFINITE,
    "outsidePriceCollar": Outcome.DEFINITE,
    "postWouldExecute": Outcome.DEFINITE,
    "wouldNotReducePosition": Outcome.DEFINITE,
    "wouldProcessAfterSpecifiedTime": Outcome.DEFINITE,
    "orderForEditNotFound": Outcome.NOT_FOUND,
    "orderForEditNotAStop": Outcome.DEFINITE,
}

ROW_STATUSES: Final[Mapping[str, OrderStatus]] = {
    "untouched": OrderStatus.ACCEPTED,
    "partiallyFilled": OrderStatus.PARTIALLY_FILLED,
}
"""`status` of openorders."""

QUERY_STATUSES: Final[Mapping[str, OrderStatus]] = {
    "ENTERED_BOOK": OrderStatus.ACCEPTED,
    "TRIGGER_PLACED": OrderStatus.ACCEPTED,
    "FULLY_EXECUTED": OrderStatus.FILLED,
    "CANCELLED": OrderStatus.CANCELED,
    "REJECTED": OrderStatus.REJECTED,
    "TRIGGER_ACTIVATION_FAILURE": OrderStatus.CANCELED,
}
"""`status` of orders/status."""


def query_status(code: str | None, *, has_fills: bool) -> OrderStatus | None:
    """Where orders/status says that an order stands; an open one by whether some of it has filled."""
    status = QUERY_STATUSES.get((code or "").upper())
    if status is OrderStatus.ACCEPTED and has_fills:
        return OrderStatus.PARTIALLY_FILLED
    return status


# Why it refused

REJECT_REASONS: Final[Mapping[str, RejectReason]] = {
    # sendStatus and editStatus (spec B.12)
    "postWouldExecute": RejectReason.POST_ONLY,
    "iocWouldNotExecute": RejectReason.NO_LIQUIDITY,
    "invalidOrderType": RejectReason.INVALID,
    "invalidSide": RejectReason.INVALID,
    "invalidPrice": RejectReason.PRICE,
    "invalidSize": RejectReason.QUANTITY,
    "tooManySmallOrders": RejectReason.ORDER_LIMIT,
    "tooManyOrders": RejectReason.ORDER_LIMIT,
    "insufficientAvailableFunds": RejectReason.INSUFFICIENT_FUNDS,
    "wouldCauseLiquidation": RejectReason.POSITION_LIMIT,
    "maxPositionViolation": RejectReason.POSITION_LIMIT,
    "fixedLeverageTooHigh": RejectReason.POSITION_LIMIT,
    "outsidePriceCollar": RejectReason.PRICE,
    "wouldIncreasePriceDislocation": RejectReason.PRICE,
    "clientOrderIdAlreadyExist": RejectReason.DUPLICATE_ID,
    "clientOrderIdTooBig": RejectReason.INVALID,
    "clientOrderIdTooLong": RejectReason.INVALID,
    "clientOrderIdInvalid": RejectReason.INVALID,
    "selfFill": RejectReason.SELF_TRADE,
    "wouldNotReducePosition": RejectReason.REDUCE_ONLY,
    "reduceOnlyWouldIncreasePosition": RejectReason.REDUCE_ONLY,
    "marketSuspended": RejectReason.MARKET_CLOSED,
    "marketInactive": RejectReason.MARKET_CLOSED,
    "marketIsPostOnly": RejectReason.MARKET_CLOSED,
    "wouldProcessAfterSpecifiedTime": RejectReason.DEADLINE,
    "notFound": RejectReason.UNKNOWN_ORDER,
    "filled": RejectReason.UNKNOWN_ORDER,
    "orderForEditNotFound": RejectReason.UNKNOWN_ORDER,
    "orderForEditNotAStop": RejectReason.INVALID,
    # reasons of the open_orders feed (spec B.7)
    "not_enough_margin": RejectReason.INSUFFICIENT_FUNDS,
    "post_order_failed_because_it_would_filled": RejectReason.POST_ONLY,
    "post_order_failed_because_it_would_be_filled": RejectReason.POST_ONLY,
    "ioc_order_failed_because_it_would_not_be_executed": RejectReason.NO_LIQUIDITY,
    "would_execute_self": RejectReason.SELF_TRADE,
    "would_not_reduce_position": RejectReason.REDUCE_ONLY,
    "order_for_edit_not_found": RejectReason.UNKNOWN_ORDER,
    "market_inactive": RejectReason.MARKET_CLOSED,
    "contract_expired": RejectReason.MARKET_CLOSED,
    # errors of a whole call (spec A.14, B.11)
    "apiLimitExceeded": RejectReason.RATE_LIMIT,
    "nonceBelowThreshold": RejectReason.TOO_EARLY,
    "nonceDuplicate": RejectReason.TOO_EARLY,
    "accountInactive": RejectReason.PERMISSION,
    "authenticationError": RejectReason.PERMISSION,
    "invalidAccount": RejectReason.PERMISSION,
    "contractNotFound": RejectReason.UNKNOWN_INSTRUMENT,
    "insufficientFunds": RejectReason.INSUFFICIENT_FUNDS,
    "invalidAmount": RejectReason.QUANTITY,
    "invalidArgument": RejectReason.INVALID,
    "invalidUnit": RejectReason.INVALID,
    "Json Parse Error": RejectReason.INVALID,
    "requiredArgumentMissing": RejectReason.INVALID,
    "marketUnavailable": RejectReason.MARKET_CLOSED,
    "Server Error": RejectReason.UNAVAILABLE,
    "Unavailable": RejectReason.UNAVAILABLE,
}


def why_refused(reason: str) -> RejectReason:
    """What a status, the reason of a message, or the codes of an error say. Of several codes the first known counts."""
    codes = (code.partition(":")[0].strip() for code in reason.split(";"))
    return next((REJECT_REASONS[code] for code in codes if code in REJECT_REASONS), RejectReason.OTHER)


# REST errors (spec A.14, B.11). Absent on purpose, for they prove nothing about a command: Server Error, Unavailable,
# unknownError, and any code that we do not know.

ERRORS: Final[Mapping[str, Outcome]] = {
    # refused at the gate
    "apiLimitExceeded": Outcome.THROTTLED,
    "nonceBelowThreshold": Outcome.THROTTLED,
    "nonceDuplicate": Outcome.THROTTLED,
    # refused for who asks
    "accountInactive": Outcome.DEFINITE,
    "authenticationError": Outcome.DEFINITE,
    # refused for what is asked
    "contractNotFound": Outcome.DEFINITE,
    "insufficientFunds": Outcome.DEFINITE,
    "invalidAccount": Outcome.DEFINITE,
    "invalidAmount": Outcome.DEFINITE,
    "invalidArgument": Outcome.DEFINITE,
    "invalidUnit": Outcome.DEFINITE,
    "Json Parse Error": Outcome.DEFINITE,
    "marketUnavailable": Outcome.DEFINITE,
    "notFound": Outcome.NOT_FOUND,
    "requiredArgumentMissing": Outcome.DEFINITE,
}


def error_outcome(*codes: str) -> Outcome:
    """What error codes prove about a command: together no more than the least of them. `invalidArgument: size` counts
    as `invalidArgument`."""
    outcomes = {ERRORS.get(code.partition(":")[0].strip(), Outcome.AMBIGUOUS) for code in codes}
    if len(outcomes) == 1:
        return outcomes.pop()
    return Outcome.AMBIGUOUS if not outcomes or Outcome.AMBIGUOUS in outcomes else Outcome.DEFINITE
