"""Why something was not sent (`Why`), and why a venue refused it (`RejectReason`): what a program decides by.

The sentence of an error, and the venue's own text, are for people. Both enums say the same at every venue. A member
that `may_pass` can be over by itself: the same request may go through later, unchanged. For the others, change the
request or the account first. `docs/errors.md` has a row for each.
"""

from __future__ import annotations

from enum import Enum

__all__ = ["RejectReason", "Why"]

_PASSING_HERE = frozenset(
    {
        "BUSY",
        "IN_FLIGHT",
        "JOURNAL",
        "NO_PRICE",
        "NO_VENUE_TIME",
        "NOT_ACCEPTED_YET",
        "NOT_CONNECTED",
        "THROTTLED",
        "VENUE_MODE",
    }
)


class Why(Enum):
    """Why nothing was sent."""

    INVALID = "INVALID"
    """An argument fails a check: tick size, minimum, a term that is missing or contradicts another."""
    UNSUPPORTED = "UNSUPPORTED"
    """The venue, or its interface, has no such thing."""
    UNKNOWN_INSTRUMENT = "UNKNOWN_INSTRUMENT"
    """The instrument is not cached, or belongs to another venue."""
    UNKNOWN_ORDER = "UNKNOWN_ORDER"
    """No such order is tracked here, or nothing is known by which the venue could find it."""
    ORDER_ENDED = "ORDER_ENDED"
    """The order has ended already."""
    DUPLICATE_ID = "DUPLICATE_ID"
    """The client order id, or its form on the wire, is in use."""
    NOT_ACCEPTED_YET = "NOT_ACCEPTED_YET"
    """The venue has not named the order yet, so it cannot be told which one is meant."""
    IN_FLIGHT = "IN_FLIGHT"
    """The order is being replaced already, or the request number is still in use."""
    NOT_CONNECTED = "NOT_CONNECTED"
    """There is no connection, or it ended before this was written."""
    THROTTLED = "THROTTLED"
    """The venue takes no more of these yet (`retry_after` where that is known)."""
    BUSY = "BUSY"
    """Too many requests wait to be written, or this one waited for too long."""
    VENUE_MODE = "VENUE_MODE"
    """The venue takes no such request in its present mode: maintenance, cancels only, post-only."""
    NO_VENUE_TIME = "NO_VENUE_TIME"
    """A clock was set, and the venue did not tell its time, so no deadline could be given."""
    NO_PRICE = "NO_PRICE"
    """The venue named no price for a market order, or there is nothing to trade against."""
    JOURNAL = "JOURNAL"
    """The journal takes nothing, so an order would not be known after a restart. Over by itself once a full disk has
    room again; not after `JournalFailed`."""
    WITHDRAWN = "WITHDRAWN"
    """It was canceled, or superseded, before it was sent."""
    NEVER_ARRIVED = "NEVER_ARRIVED"
    """It was sent, and the venue's silence shows that it never arrived."""
    CLOSING = "CLOSING"
    """The client is closing."""
    CLOSED = "CLOSED"
    """The client is closed."""
    SESSION_ENDED = "SESSION_ENDED"
    """The session cannot go on (`SessionFailed` or `AuthenticationFailed` said why)."""

    may_pass: bool
    """True when the same request may go through later, unchanged."""

    __hash__ = object.__hash__

    def __init__(self, name: str) -> None:
        self.may_pass = name in _PASSING_HERE


_PASSING_THERE = frozenset(
    {
        "DEADLINE",
        "MARKET_CLOSED",
        "NO_ANSWER",
        "NO_LIQUIDITY",
        "NOT_SENT",
        "POST_ONLY",
        "RATE_LIMIT",
        "TOO_EARLY",
        "UNAVAILABLE",
    }
)


class RejectReason(Enum):
    """Why a venue refused, in terms that every venue shares. Its own text stands beside it."""

    INSUFFICIENT_FUNDS = "INSUFFICIENT_FUNDS"
    """Not enough balance, margin or credit."""
    POST_ONLY = "POST_ONLY"
    """It was post-only and would have traded at once."""
    REDUCE_ONLY = "REDUCE_ONLY"
    """It would not have made a position smaller, and had to."""
    SELF_TRADE = "SELF_TRADE"
    """It would have traded with an order of the same account."""
    NO_LIQUIDITY = "NO_LIQUIDITY"
    """There is nothing to trade against."""
    PRICE = "PRICE"
    """The price is off the tick size, outside a band, or impossible."""
    QUANTITY = "QUANTITY"
    """The quantity is too small, too large, or off its increment."""
    POSITION_LIMIT = "POSITION_LIMIT"
    """The position would be too large, or liquidated."""
    ORDER_LIMIT = "ORDER_LIMIT"
    """Too many orders are open."""
    RATE_LIMIT = "RATE_LIMIT"
    """Too many requests in too short a time. Not executed."""
    UNKNOWN_INSTRUMENT = "UNKNOWN_INSTRUMENT"
    """The venue has no such instrument."""
    MARKET_CLOSED = "MARKET_CLOSED"
    """The venue or the instrument takes no such order now: closed, suspended, cancels only, post-only."""
    DUPLICATE_ID = "DUPLICATE_ID"
    """The client order id is in use there."""
    UNKNOWN_ORDER = "UNKNOWN_ORDER"
    """The venue has no such order, or no longer."""
    PERMISSION = "PERMISSION"
    """The key, token or account may not do this."""
    DEADLINE = "DEADLINE"
    """It reached the venue after the deadline that it carried."""
    INVALID = "INVALID"
    """The venue does not take the request as it is: type, arguments, client order id."""
    TOO_EARLY = "TOO_EARLY"
    """The venue has not finished with the order; it may take the request shortly."""
    UNAVAILABLE = "UNAVAILABLE"
    """Trouble inside the venue, or on the way to it."""
    NO_ANSWER = "NO_ANSWER"
    """No answer came, or none that can be read. Of a question: ask again."""
    NO_EFFECT = "NO_EFFECT"
    """The venue has not acted on a cancel or replacement: the order stands as it was."""
    NOT_SENT = "NOT_SENT"
    """A cancel or replacement never left here; the event's reason says why."""
    OTHER = "OTHER"
    """The venue gave no reason, or one that this version does not know: read its text."""

    may_pass: bool
    """True when the same request may go through later, unchanged."""

    __hash__ = object.__hash__

    def __init__(self, name: str) -> None:
        self.may_pass = name in _PASSING_THERE
