"""AX's codes as the values that every venue shares, and back (spec AX 5, 6). An unknown code is None, no error."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

from ..facts import Outcome
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
