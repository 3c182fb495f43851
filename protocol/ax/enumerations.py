"""AX's words and objects in the values that every venue shares (spec 5, 6). An unknown word is None, never an error."""

from __future__ import annotations

from collections.abc import Mapping
from decimal import Decimal
from typing import Final

from ..facts import Fact, OrderView, Unreadable
from ..reasons import RejectReason
from ..values import NO_TIME, LiquiditySide, OrderStatus, Side, TimeInForce, VenueOrderId
from ..wire.numbers import is_plausible
from ..wire.times import LATEST, SECOND
from ..wire.tolerant import BEGINNING
from .wire import Order, Status

__all__ = [
    "LIQUIDITY",
    "SIDES",
    "SIDE_WORDS",
    "STATUSES",
    "TIMES_IN_FORCE",
    "TIME_IN_FORCE_WORDS",
    "is_post_only",
    "why_refused",
    "stated",
    "time_of",
    "unreadable",
    "view_of",
    "view_of_status",
]

SIDES: Final[Mapping[str | None, Side]] = {
    "B": Side.BUY,
    "S": Side.SELL,
    "Buy": Side.BUY,
    "Sell": Side.SELL,
    "BUY": Side.BUY,
    "SELL": Side.SELL,
}
SIDE_WORDS: Final = {Side.BUY: "B", Side.SELL: "S"}

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
TIME_IN_FORCE_WORDS: Final = {value: word for word, value in TIMES_IN_FORCE.items() if word is not None}

LIQUIDITY: Final = {True: LiquiditySide.TAKER, False: LiquiditySide.MAKER, None: LiquiditySide.NONE}

POST_ONLY_PHRASES: Final = ("post-only order would cross the book", "may participate but not initiate")


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
"""Codes of a rejection (spec 6.6) and of a refused cancel (spec 6.7)."""

REJECT_PHRASES: Final[Mapping[str, RejectReason]] = {
    "margin": RejectReason.INSUFFICIENT_FUNDS,  # with the figures required and available (spec 4.5)
    "symbol": RejectReason.UNKNOWN_INSTRUMENT,
    "minimum": RejectReason.QUANTITY,
    "already exists": RejectReason.DUPLICATE_ID,
}
"""Texts are free; what a code leaves open, these tell."""

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
"""Error codes, and HTTP statuses (spec 4.5)."""

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
    """The reason code if it says something, else the first text that does, else "" (spec 6.6)."""
    if reason and reason != "UNKNOWN":
        return reason
    return next((text for text in texts if text), "")


def time_of(ts: int | None, tn: int | None) -> int:
    """ns since 1970. An impossible nanosecond part counts as 0."""
    if ts is None or not 0 <= ts < LATEST:
        return NO_TIME
    return ts * SECOND + (tn if tn is not None and 0 <= tn < SECOND else 0)


# Orders


def view_of(order: Order) -> OrderView:
    """The neutral view of an order object (spec 5.3). `rq` is not used: it is 0 on orders that ended (spec 5.5)."""
    price = order.p
    if price is not None and not is_plausible(price):
        price = None
    quantity = order.q
    cumulative = order.xq
    status = STATUSES.get(order.o)
    reason = "" if order.r is None and order.txt is None else stated(order.r, order.txt)
    if status is None and not reason:
        reason = order.o or ""
    return OrderView(
        venue_order_id=VenueOrderId(order.oid),
        wire_id=order.cid,
        symbol=order.s or "",
        side=SIDES.get(order.d),
        price=price,
        quantity=None if quantity is None else Decimal(quantity),
        cumulative=None if cumulative is None else Decimal(cumulative),
        status=status,
        time_in_force=TIMES_IN_FORCE.get(order.tif),
        post_only=order.po is True,
        reason=reason,
        time=time_of(order.ts, order.tn),
        replaced=order.o == REPLACED,
    )


def view_of_status(status: Status) -> OrderView:
    """The neutral view of a status object (spec 4.3), which tells neither side, price nor quantity."""
    filled = status.filled_quantity
    known = STATUSES.get(status.state)
    reason = stated(status.reject_reason, status.reject_message)
    return OrderView(
        venue_order_id=VenueOrderId(status.order_id),
        wire_id=status.clord_id,
        symbol=status.symbol or "",
        side=None,
        price=None,
        quantity=None,
        cumulative=None if filled is None else Decimal(filled),
        status=known,
        time_in_force=None,
        post_only=False,
        reason=reason or ((status.state or "") if known is None else ""),
        replaced=status.state == REPLACED,
    )


def unreadable(why: str, message: str) -> tuple[Fact, ...]:
    return (Unreadable(why=why, text=message[:BEGINNING]),)
