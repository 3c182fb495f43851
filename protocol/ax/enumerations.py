"""AX's codes as the values that every venue shares, and back (spec AX 5, 6). An unknown code is None, no error."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

from ..facts import Outcome
from ..reasons import RejectReason
from ..values import NO_TIME, LiquiditySide, OrderStatus, Side, TimeInForce
from ..wire.times import LATEST, SECOND

__all__ = [
    "LIQUIDITY",
    "REPLACED",
    "SIDES",
    "SIDE_CODES",
    "STATUSES",
    "TIMES_IN_FORCE",
    "TIME_IN_FORCE_CODES",
    "error_outcome",
    "is_post_only",
    "why_refused",
    "stated",
    "time_of",
]

SIDES: Final[Mapping[str | None, Side]] = {
    "B": Side.BUY,
    "S": Side.SELL,
    "Buy": Side.BUY,
    "Sell": Side.SELL,
    "BUY": Side.BUY,
    "SELL": Side.SELL,
}
SIDE_CODES: Final = {Side.BUY: "B", Side.SELL: "S"}

STATUSES: Final[Mapping[str | None, OrderStatus]] = {
    "PENDING": OrderStatus.SUBMITTED,
    "ACCEPTED": OrderStatus.ACCEPTED,
    "PARTIALLY_FILLED": OrderStatus.PARTIALLY_FILLED,
    "FILLED": OrderStatus.FILLED,
    "CANCELED": OrderStatus.CANCELED,
    "REJECTED": OrderStatus.REJECTED,
    "EXPIRED": OrderStatus.EXPIRED,
    "DONE_FOR_DAY": OrderStatus.EXPIRED,
    "NEW": OrderStatus.ACCEPTED,
    "STALE": OrderStatus.ACCEPTED,
    "OUT": OrderStatus.CANCELED,
    "RECONCILED_OUT": OrderStatus.CANCELED,
}
"""Absent on purpose: REPLACED (the order lives on under another id) and CANCELING (it may still fill)."""
REPLACED: Final = "REPLACED"

TIMES_IN_FORCE: Final[Mapping[str | None, TimeInForce]] = {
    "GTC": TimeInForce.GTC,
    "IOC": TimeInForce.IOC,
    "DAY": TimeInForce.DAY,
    "GTD": TimeInForce.GTD,
    "FOK": TimeInForce.FOK,
    "ATO": TimeInForce.AT_THE_OPEN,
    "ATC": TimeInForce.AT_THE_CLOSE,
}
TIME_IN_FORCE_CODES: Final = {value: code for code, value in TIMES_IN_FORCE.items() if code is not None}

LIQUIDITY: Final = {True: LiquiditySide.TAKER, False: LiquiditySide.MAKER, None: LiquiditySide.NONE}

POST_ONLY_PHRASES: Final = ("post-only order would cross the book", "may participate but not initiate")


OUTCOMES: Final = {404: Outcome.NOT_FOUND, 409: Outcome.TOO_EARLY, 429: Outcome.THROTTLED}


def error_outcome(code: int) -> Outcome:
    """What an error code, or an HTTP status, proves (spec AX 4.5). An unknown code proves nothing."""
    return OUTCOMES.get(code) or (Outcome.DEFINITE if 400 <= code < 500 else Outcome.AMBIGUOUS)


def is_post_only(*texts: str | None) -> bool:
    return any(phrase in text.lower() for text in texts if text for phrase in POST_ONLY_PHRASES)


REJECT_REASONS: Final[Mapping[str | None, RejectReason]] = {
    "CLOSE_ONLY": RejectReason.REDUCE_ONLY,
    "INSUFFICIENT_MARGIN": RejectReason.INSUFFICIENT_FUNDS,
    "INSUFFICIENT_CREDIT_LIMIT": RejectReason.INSUFFICIENT_FUNDS,
    "MAX_OPEN_ORDERS_EXCEEDED": RejectReason.ORDER_LIMIT,
    "UNKNOWN_SYMBOL": RejectReason.UNKNOWN_INSTRUMENT,
    "EXCHANGE_CLOSED": RejectReason.MARKET_CLOSED,
    "INCORRECT_QUANTITY": RejectReason.QUANTITY,
    "INVALID_PRICE_INCREMENT": RejectReason.PRICE,
    "INCORRECT_ORDER_TYPE": RejectReason.INVALID,
    "PRICE_OUT_OF_BOUNDS": RejectReason.PRICE,
    "NO_LIQUIDITY": RejectReason.NO_LIQUIDITY,
    "ORIGINAL_ORDER_TERMINATED": RejectReason.UNKNOWN_ORDER,
    "OriginalOrderCanceled": RejectReason.UNKNOWN_ORDER,
    "DUPLICATE_CLIENT_ORDER_ID": RejectReason.DUPLICATE_ID,
    "ORDER_NOT_FOUND": RejectReason.UNKNOWN_ORDER,
}
"""Codes of a rejection (spec AX 6.6) and of a refused cancel (spec AX 6.7)."""

REJECT_PHRASES: Final[Mapping[str, RejectReason]] = {
    "margin": RejectReason.INSUFFICIENT_FUNDS,  # with the figures required and available (spec AX 4.5)
    "symbol": RejectReason.UNKNOWN_INSTRUMENT,
    "minimum": RejectReason.QUANTITY,
    "already exists": RejectReason.DUPLICATE_ID,
}
"""What a text means where the code leaves it open; texts are free."""

REJECT_CODES: Final[Mapping[int, RejectReason]] = {
    400: RejectReason.INVALID,
    401: RejectReason.PERMISSION,
    403: RejectReason.PERMISSION,
    404: RejectReason.UNKNOWN_ORDER,
    409: RejectReason.TOO_EARLY,
    429: RejectReason.RATE_LIMIT,
    500: RejectReason.UNAVAILABLE,
    502: RejectReason.UNAVAILABLE,
    503: RejectReason.UNAVAILABLE,
    504: RejectReason.UNAVAILABLE,
}
"""Error codes, and HTTP statuses (spec AX 4.5)."""

TEXT_DECIDES: Final = frozenset({None, 400, 409})
"""Codes that stand for several reasons."""


def why_refused(*texts: str | None, code: int | None = None) -> RejectReason:
    """What a refusal is about. texts: codes and sentences, the surest first; code: of the error, or the HTTP status."""
    if is_post_only(*texts):
        return RejectReason.POST_ONLY
    if code in TEXT_DECIDES:
        for text in texts:
            if text in REJECT_REASONS:
                return REJECT_REASONS[text]
        said = " ".join(text for text in texts if text).lower()
        for phrase, why in REJECT_PHRASES.items():
            if phrase in said:
                return why
    return RejectReason.OTHER if code is None else REJECT_CODES.get(code, RejectReason.OTHER)


def stated(reason: str | None, *texts: str | None) -> str:
    """The reason code if it says something, else the first text that does, else "" (spec AX 6.6)."""
    if reason and reason != "UNKNOWN":
        return reason
    return next((text for text in texts if text), "")


def time_of(ts: int | None, tn: int | None) -> int:
    """ns since 1970. An impossible nanosecond part counts as 0."""
    if ts is None or not 0 <= ts < LATEST:
        return NO_TIME
    return ts * SECOND + (tn if tn is not None and 0 <= tn < SECOND else 0)
