"""Enumerated values of the Toy Exchange. A value that is not listed is None in a fact, never an error."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

from protocol.facts import Outcome
from protocol.reasons import RejectReason
from protocol.values import OrderStatus, Side, TimeInForce

__all__ = ["OUTCOMES", "REJECT_REASONS", "SIDES", "SIDE_NAMES", "STATUSES", "TIMES_IN_FORCE", "TIME_IN_FORCE_NAMES"]

SIDES: Final[Mapping[str, Side]] = {"buy": Side.BUY, "sell": Side.SELL}
SIDE_NAMES: Final = {side: name for name, side in SIDES.items()}
TIMES_IN_FORCE: Final[Mapping[str, TimeInForce]] = {"gtc": TimeInForce.GTC, "ioc": TimeInForce.IOC}
TIME_IN_FORCE_NAMES: Final = {kind: name for name, kind in TIMES_IN_FORCE.items()}
STATUSES: Final[Mapping[str, OrderStatus]] = {
    "open": OrderStatus.ACCEPTED,
    "filled": OrderStatus.FILLED,
    "canceled": OrderStatus.CANCELED,
}
OUTCOMES: Final[Mapping[str, Outcome]] = {
    "invalid": Outcome.DEFINITE,
    "unknown": Outcome.NOT_FOUND,
    "busy": Outcome.THROTTLED,
    "broken": Outcome.AMBIGUOUS,
}
"""What each error proves. The last one says nothing about whether the request was executed."""
REJECT_REASONS: Final[Mapping[str, RejectReason]] = {
    "invalid": RejectReason.INVALID,
    "unknown": RejectReason.UNKNOWN_ORDER,
    "busy": RejectReason.RATE_LIMIT,
    "broken": RejectReason.UNAVAILABLE,
}
"""What each error is about."""
