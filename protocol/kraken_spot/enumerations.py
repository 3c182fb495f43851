"""Kraken Spot's codes as the values that every venue shares, and back (spec A.9, A.10, A.16).

One table for each enumeration of the wire. A code that is in no table is None: it costs that field, and never a fill.
"""

from __future__ import annotations

from collections.abc import Mapping
from enum import Enum, auto
from typing import Final

from ..facts import Outcome
from ..reasons import RejectReason
from ..values import LiquiditySide, OffsetUnit, OrderStatus, OrderType, Side, SystemMode, TimeInForce, TriggerType

__all__ = [
    "CALL_LIMITS",
    "ENDS",
    "ErrorKind",
    "LIMIT_TYPES",
    "LIMIT_TRIGGER_TYPES",
    "OFFSET_CODES",
    "REST_STATUSES",
    "SIDE_CODES",
    "SIGNAL_CODES",
    "STATUSES",
    "SYSTEM_MODES",
    "TIME_IN_FORCE_CODES",
    "TRAILING_TYPES",
    "TRIGGER_TYPES",
    "TYPE_CODES",
    "error_kind",
    "error_outcome",
    "is_credential_error",
    "is_flood",
    "is_post_only",
    "is_throttle",
    "is_token_error",
    "liquidity",
    "order_status",
    "order_type",
    "side",
    "time_in_force",
    "trigger_type",
    "why_refused",
]

SIDES: Final[Mapping[str, Side]] = {"buy": Side.BUY, "sell": Side.SELL}
SIDE_CODES: Final = {Side.BUY: "buy", Side.SELL: "sell"}

TYPES: Final[Mapping[str, OrderType]] = {
    "market": OrderType.MARKET,
    "limit": OrderType.LIMIT,
    "iceberg": OrderType.LIMIT,
    "stop-loss": OrderType.STOP_MARKET,
    "stop-loss-limit": OrderType.STOP_LIMIT,
    "take-profit": OrderType.MARKET_IF_TOUCHED,
    "take-profit-limit": OrderType.LIMIT_IF_TOUCHED,
    "trailing-stop": OrderType.TRAILING_STOP_MARKET,
    "trailing-stop-limit": OrderType.TRAILING_STOP_LIMIT,
    "settle-position": OrderType.MARKET,
}
TYPE_CODES: Final[Mapping[OrderType, str]] = {
    OrderType.MARKET: "market",
    OrderType.LIMIT: "limit",
    OrderType.STOP_MARKET: "stop-loss",
    OrderType.STOP_LIMIT: "stop-loss-limit",
    OrderType.MARKET_IF_TOUCHED: "take-profit",
    OrderType.LIMIT_IF_TOUCHED: "take-profit-limit",
    OrderType.TRAILING_STOP_MARKET: "trailing-stop",
    OrderType.TRAILING_STOP_LIMIT: "trailing-stop-limit",
}
LIMIT_TYPES: Final = frozenset({OrderType.LIMIT, OrderType.STOP_LIMIT, OrderType.LIMIT_IF_TOUCHED})
"""Types with a price of their own."""
TRIGGER_TYPES: Final = frozenset(
    {OrderType.STOP_MARKET, OrderType.STOP_LIMIT, OrderType.MARKET_IF_TOUCHED, OrderType.LIMIT_IF_TOUCHED}
)
TRAILING_TYPES: Final = frozenset({OrderType.TRAILING_STOP_MARKET, OrderType.TRAILING_STOP_LIMIT})
LIMIT_TRIGGER_TYPES: Final = frozenset({"stop-loss-limit", "take-profit-limit", "trailing-stop-limit"})

TIMES_IN_FORCE: Final[Mapping[str, TimeInForce]] = {
    "gtc": TimeInForce.GTC,
    "gtd": TimeInForce.GTD,
    "ioc": TimeInForce.IOC,
    "fok": TimeInForce.FOK,
}
TIME_IN_FORCE_CODES: Final = {wanted: code for code, wanted in TIMES_IN_FORCE.items()}

SIGNALS: Final[Mapping[str, TriggerType]] = {"last": TriggerType.LAST, "index": TriggerType.INDEX}
SIGNAL_CODES: Final = {TriggerType.DEFAULT: "last", TriggerType.LAST: "last", TriggerType.INDEX: "index"}
OFFSET_CODES: Final = {OffsetUnit.PERCENT: "pct", OffsetUnit.PRICE: "quote"}

LIQUIDITY: Final[Mapping[str, LiquiditySide]] = {"m": LiquiditySide.MAKER, "t": LiquiditySide.TAKER}

SYSTEM_MODES: Final[Mapping[str, SystemMode]] = {mode.value: mode for mode in SystemMode}


def side(code: str | None) -> Side | None:
    return SIDES.get((code or "").lower())


def order_type(code: str | None) -> OrderType | None:
    """None where it is missing or unknown: a tracked order keeps the type that it was placed with."""
    return TYPES.get((code or "").lower())


def time_in_force(code: str | None) -> TimeInForce | None:
    return TIMES_IN_FORCE.get((code or "").lower())


def trigger_type(code: str | None) -> TriggerType | None:
    """Which price fires an order that has a trigger."""
    return SIGNALS.get(code.lower()) if code else TriggerType.DEFAULT


NO_SIDE: Final = LiquiditySide.NONE


def liquidity(code: str | None) -> LiquiditySide:
    return LIQUIDITY.get(code.lower(), NO_SIDE) if code else NO_SIDE


# Where an order stands (spec A.9)

ENDS: Final[Mapping[str, OrderStatus]] = {
    "canceled": OrderStatus.CANCELED,
    "expired": OrderStatus.EXPIRED,
    "filled": OrderStatus.FILLED,
}
"""exec_type of the report that is an order's last."""

STATUSES: Final[Mapping[str, OrderStatus]] = {
    "pending_new": OrderStatus.SUBMITTED,
    "new": OrderStatus.ACCEPTED,
    "partially_filled": OrderStatus.PARTIALLY_FILLED,
    "filled": OrderStatus.FILLED,
    "canceled": OrderStatus.CANCELED,
    "expired": OrderStatus.EXPIRED,
    "triggered": OrderStatus.TRIGGERED,
}


def order_status(
    exec_type: str | None, code: str | None, *, triggered: bool = False, listed: bool = False
) -> OrderStatus | None:
    """Where an order stands after a report; the kind of the report counts first. triggered: it says that its trigger
    has fired, which counts on a `status` report, and in the row of a snapshot (listed). None: in a code that we do not
    know."""
    kind = (exec_type or "").lower()
    if kind in ENDS:
        return ENDS[kind]
    if code:
        status = STATUSES.get(code.lower())
    else:
        status = OrderStatus.PARTIALLY_FILLED if kind == "trade" else OrderStatus.ACCEPTED
    tells_of_trigger = kind == "status" or (listed and kind in ("new", ""))
    if triggered and tells_of_trigger and status in (None, OrderStatus.ACCEPTED):
        return OrderStatus.TRIGGERED
    return status


REST_STATUSES: Final[Mapping[str, OrderStatus]] = {
    "pending": OrderStatus.SUBMITTED,
    "open": OrderStatus.ACCEPTED,
    "closed": OrderStatus.FILLED,
    "canceled": OrderStatus.CANCELED,
    "expired": OrderStatus.EXPIRED,
}
"""`status` of an order in an answer over REST (spec D.3)."""


# Error texts (spec A.14, A.16), recognized by what they contain


class ErrorKind(Enum):
    """What an error is about, and so what it proves. Of several in one text the first of these counts.

    UNCERTAIN: trouble inside the venue, which may have carried the request out; GONE: no such order, or not yet;
    INVALID_ORDER: the same of a request to cancel or change an order, of a placement its content; PAIR_LIMIT,
    ACCOUNT_LIMIT: the trading counter of the pair, or those of all pairs, are at their limit; CALL_LIMIT: too many
    calls or messages; TOKEN, CREDENTIALS: who we are is not, or no longer, accepted; NOT_EXECUTED: the request came too
    late or out of its turn; REFUSED: its content is.
    """

    UNCERTAIN = auto()
    GONE = auto()
    INVALID_ORDER = auto()
    PAIR_LIMIT = auto()
    ACCOUNT_LIMIT = auto()
    CALL_LIMIT = auto()
    TOKEN = auto()
    CREDENTIALS = auto()
    NOT_EXECUTED = auto()
    REFUSED = auto()


ERRORS: Final[Mapping[ErrorKind, tuple[str, ...]]] = {
    ErrorKind.UNCERTAIN: ("EService:Unavailable", "EService:Busy", "EGeneral:Internal error"),
    ErrorKind.GONE: ("EOrder:Unknown order",),
    ErrorKind.INVALID_ORDER: ("EOrder:Invalid order",),
    ErrorKind.PAIR_LIMIT: ("EOrder:Rate limit exceeded",),
    ErrorKind.ACCOUNT_LIMIT: ("EOrder:Domain rate limit exceeded",),
    ErrorKind.CALL_LIMIT: (
        "EAPI:Rate limit exceeded",
        "EAuth:Rate limit exceeded",
        "EAuth:Too many requests",
        "EGeneral:Too many requests",
        "EService: Throttled",
        "EService:Throttled",
        "EBM:limit exceeded",
        "EGeneral:Temporary lockout",
        "Exceeded msg rate",
    ),
    ErrorKind.TOKEN: ("EAPI:Invalid token", "ESession:Invalid session", "Token(s) not found"),
    ErrorKind.CREDENTIALS: (
        "EGeneral:Permission denied",
        "EAPI:Permission denied",
        "EAccount:Invalid permissions",
        "EAPI:Invalid key",
        "EAPI:Invalid signature",
        "EAuth:Account temporary disabled",
        "EAuth:Account unconfirmed",
    ),
    ErrorKind.NOT_EXECUTED: ("EAPI:Invalid nonce", "EService:Deadline elapsed"),
    ErrorKind.REFUSED: (
        "Insufficient funds",
        "Order minimum not met",
        "Cost minimum not met",
        "Tick size check failed",
        "Invalid price",
        "Limit price check failed",
        "Reduce only:",
        "Insufficient margin",
        "Margin allowance exceeded",
        "Margin level too low",
        "Margin position size exceeded",
        "Cannot open position",
        "Orders limit exceeded",
        "Positions limit exceeded",
        "Scheduled orders limit exceeded",
        "Trading agreement required",
        "EGeneral:Invalid arguments",
        "EGeneral:Unknown method",
        "EQuery:Unknown asset",
        "field must be a number_float",
        "Unsupported field:",
        "Currency pair not supported",
        "EService:Market in ",
        "EOrder:",  # whatever else an order is refused for
    ),
}
"""A text that none of these is in proves nothing: it is UNCERTAIN."""

OUTCOMES: Final[Mapping[ErrorKind, Outcome]] = {
    ErrorKind.UNCERTAIN: Outcome.AMBIGUOUS,
    ErrorKind.GONE: Outcome.NOT_FOUND,
    ErrorKind.INVALID_ORDER: Outcome.DEFINITE,
    ErrorKind.PAIR_LIMIT: Outcome.THROTTLED,
    ErrorKind.ACCOUNT_LIMIT: Outcome.THROTTLED,
    ErrorKind.CALL_LIMIT: Outcome.THROTTLED,
    ErrorKind.TOKEN: Outcome.TOKEN,
    ErrorKind.CREDENTIALS: Outcome.DEFINITE,
    ErrorKind.NOT_EXECUTED: Outcome.DEFINITE,
    ErrorKind.REFUSED: Outcome.DEFINITE,
}
LIMITS: Final = frozenset({ErrorKind.PAIR_LIMIT, ErrorKind.ACCOUNT_LIMIT, ErrorKind.CALL_LIMIT})
CALL_LIMITS: Final = ERRORS[ErrorKind.CALL_LIMIT]
POST_ONLY: Final = "post only order"
FLOOD: Final = "Exceeded msg rate"


def _has(text: str, kind: ErrorKind) -> bool:
    return any(part in text for part in ERRORS[kind])


def error_kind(text: str) -> ErrorKind:
    usual = ErrorKind.REFUSED if is_post_only(text) else ErrorKind.UNCERTAIN
    return next((kind for kind in ErrorKind if _has(text, kind)), usual)


REJECT_KINDS: Final[Mapping[ErrorKind, RejectReason]] = {
    ErrorKind.UNCERTAIN: RejectReason.UNAVAILABLE,
    ErrorKind.GONE: RejectReason.UNKNOWN_ORDER,
    ErrorKind.INVALID_ORDER: RejectReason.INVALID,
    ErrorKind.PAIR_LIMIT: RejectReason.RATE_LIMIT,
    ErrorKind.ACCOUNT_LIMIT: RejectReason.RATE_LIMIT,
    ErrorKind.CALL_LIMIT: RejectReason.RATE_LIMIT,
    ErrorKind.TOKEN: RejectReason.PERMISSION,
    ErrorKind.CREDENTIALS: RejectReason.PERMISSION,
}
REJECT_REASONS: Final[Mapping[str, RejectReason]] = {
    "Insufficient funds": RejectReason.INSUFFICIENT_FUNDS,
    "Insufficient margin": RejectReason.INSUFFICIENT_FUNDS,
    "Margin level too low": RejectReason.INSUFFICIENT_FUNDS,
    "Margin allowance exceeded": RejectReason.POSITION_LIMIT,
    "Margin position size exceeded": RejectReason.POSITION_LIMIT,
    "Positions limit exceeded": RejectReason.POSITION_LIMIT,
    "Orders limit exceeded": RejectReason.ORDER_LIMIT,
    "Scheduled orders limit exceeded": RejectReason.ORDER_LIMIT,
    "Order minimum not met": RejectReason.QUANTITY,
    "Cost minimum not met": RejectReason.QUANTITY,
    "Tick size check failed": RejectReason.PRICE,
    "Invalid price": RejectReason.PRICE,
    "Limit price check failed": RejectReason.PRICE,
    "Reduce only:": RejectReason.REDUCE_ONLY,
    "Cannot open position": RejectReason.PERMISSION,
    "Trading agreement required": RejectReason.PERMISSION,
    "EService:Market in ": RejectReason.MARKET_CLOSED,
    "EService:Deadline elapsed": RejectReason.DEADLINE,
    "EAPI:Invalid nonce": RejectReason.TOO_EARLY,
    "EQuery:Unknown asset": RejectReason.UNKNOWN_INSTRUMENT,
    "Currency pair not supported": RejectReason.UNKNOWN_INSTRUMENT,
    "EGeneral:Invalid arguments": RejectReason.INVALID,
    "EGeneral:Unknown method": RejectReason.INVALID,
    "field must be a number_float": RejectReason.INVALID,
    "Unsupported field:": RejectReason.INVALID,
}
"""Of the texts under REFUSED and NOT_EXECUTED (spec A.16)."""


def why_refused(text: str | None, *, of_known_order: bool = False) -> RejectReason:
    """What a refusal is about. of_known_order: the request was to cancel or change an order."""
    if is_post_only(text):
        return RejectReason.POST_ONLY
    if not text:
        return RejectReason.OTHER
    kind = next((kind for kind in ErrorKind if _has(text, kind)), None)
    if kind is ErrorKind.INVALID_ORDER and of_known_order:
        return RejectReason.UNKNOWN_ORDER
    why = None if kind is None else REJECT_KINDS.get(kind)
    return why or next((each for part, each in REJECT_REASONS.items() if part in text), RejectReason.OTHER)


def is_post_only(text: str | None) -> bool:
    """True when an order was refused, or ended, because it would have traded at once."""
    return POST_ONLY in (text or "").lower()


def is_token_error(text: str) -> bool:
    return _has(text, ErrorKind.TOKEN)


def is_credential_error(text: str) -> bool:
    return _has(text, ErrorKind.CREDENTIALS)


def is_throttle(text: str) -> bool:
    return error_kind(text) in LIMITS


def is_flood(text: str | None) -> bool:
    """True when the connection carried too many messages, whatever the answer answers (spec A.4)."""
    return FLOOD in (text or "")


def error_outcome(text: str, *, of_known_order: bool = False) -> Outcome:
    """What an error proves about a request. of_known_order: the request was to cancel or change an order."""
    kind = error_kind(text)
    if kind is ErrorKind.INVALID_ORDER and of_known_order:
        return Outcome.NOT_FOUND
    return OUTCOMES[kind]
