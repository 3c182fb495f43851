"""Every exception this library raises on purpose.

TradingError
├── NotSent                 nothing was sent; safe to submit again
│   └── DuplicateOrder      that client order id was used before
├── OrderRejected           the venue refused; the order does not exist there
├── OrderEnded              the order ended otherwise than awaited; it is no longer live
├── OutcomeUnknown          sent, never answered or no longer followed: the order may exist; never resend
├── RequestFailed           a question or change was refused; no order came into being or ended by it
├── WireError               the venue sent text we cannot read
│   └── Throttled           it takes no more calls for the moment
├── SubscriberLagged        this subscriber fell too far behind; others did not notice
├── JournalError            the journal cannot be opened, read or written; says nothing about orders
│   ├── CursorAhead         the journal ends before this cursor: what came behind it was lost with the power
│   └── CursorExpired       the journal no longer has what comes behind this cursor
└── LinkError
    ├── ConnectFailed       no connection after every attempt
    ├── AuthenticationError  the venue refused our credentials
    └── SessionError       the session cannot go on

Each answers one question: may the order exist?

`str(error)` is one sentence, for people. What a program decides by stands beside it, as the attributes that each class
documents (all of them: `vars(error)`). None where it is not known or does not apply. Errors can be pickled, and two of
one class are equal when sentence and attributes are. `docs/errors.md` says what to do about each.
"""

from __future__ import annotations

from copy import copy
from decimal import Decimal
from typing import Self

from .printable import on_one_line
from .reasons import RejectReason, Why
from .values import ClientOrderId, OrderStatus

__all__ = [
    "AuthenticationError",
    "ConnectFailed",
    "CursorAhead",
    "CursorExpired",
    "DuplicateOrder",
    "JournalError",
    "LinkError",
    "NotSent",
    "OrderEnded",
    "OrderRejected",
    "OutcomeUnknown",
    "RequestFailed",
    "SessionError",
    "SubscriberLagged",
    "Throttled",
    "TradingError",
    "WireError",
]


class TradingError(Exception):
    """Root of everything raised here. Its text is one line, whatever a venue wrote into its part of it."""

    def __str__(self) -> str:
        return on_one_line(super().__str__())

    def __init__(self, sentence: str = "") -> None:
        # The sentence alone: the data is set by keyword, so that pickle can call the class with `args`.
        super().__init__(sentence)

    def __eq__(self, other: object) -> bool:
        if not isinstance(other, TradingError):
            return NotImplemented
        return type(other) is type(self) and other.args == self.args and vars(other) == vars(self)

    def __hash__(self) -> int:
        return hash((type(self), self.args))

    def again(self) -> Self:
        """A fresh one that says the same: one answer may go to several tasks, and each needs its own traceback."""
        return copy(self)

    def reworded(self, sentence: str, *, client_order_id: ClientOrderId | None = None) -> Self:
        """The same error in other words. client_order_id: of the order that it is about, if the error is still without
        one."""
        other = copy(self)
        other.args = (sentence,)
        if client_order_id is not None and getattr(other, "client_order_id", client_order_id) is None:
            vars(other)["client_order_id"] = client_order_id
        return other


class NotSent(TradingError):
    """Stopped on our side: invalid, throttled, not connected, closing. What you asked for was not sent; a new order
    does not exist. Where `Order.accepted` or `Order.filled` raises it, the order is Denied: it did not arrive, as far
    as the venue's silence can prove that. At AX, which takes no deadlines, one may turn out to have arrived after all:
    `Reopened` tells."""

    why: Why
    """What stopped it; `why.may_pass` says whether the same request may go through later."""
    retry_after: float | None
    """Seconds after which the venue's limits leave room for it."""
    client_order_id: ClientOrderId | None
    """The order that it is about, by the name that you gave it."""
    field: str | None
    """The field of `NewOrder`, or the argument, that was wrong."""

    def __init__(
        self,
        sentence: str = "",
        *,
        why: Why = Why.INVALID,
        retry_after: float | None = None,
        client_order_id: ClientOrderId | None = None,
        field: str | None = None,
    ) -> None:
        super().__init__(sentence)
        self.why = why
        self.retry_after = retry_after
        self.client_order_id = client_order_id
        self.field = field


class DuplicateOrder(NotSent):
    """An order with this client order id was submitted or registered before; this one was not sent. `why` is
    DUPLICATE_ID."""

    def __init__(self, sentence: str = "", *, client_order_id: ClientOrderId | None = None) -> None:
        super().__init__(sentence, why=Why.DUPLICATE_ID, client_order_id=client_order_id, field="client_order_id")


class OrderRejected(TradingError):
    """The venue said no; the order does not exist there."""

    why: RejectReason
    """The venue's reason, in terms that all venues share."""
    reason: str
    """The venue's own text."""
    client_order_id: ClientOrderId | None
    """The order that it refused."""

    def __init__(
        self,
        sentence: str = "",
        *,
        why: RejectReason = RejectReason.OTHER,
        reason: str = "",
        client_order_id: ClientOrderId | None = None,
    ) -> None:
        super().__init__(sentence)
        self.why = why
        self.reason = reason
        self.client_order_id = client_order_id


class OrderEnded(TradingError):
    """The order was canceled or expired before what you waited for happened. It is no longer live."""

    client_order_id: ClientOrderId | None
    """The order that ended."""
    status: OrderStatus | None
    """CANCELED or EXPIRED."""
    cumulative: Decimal | None
    """How much of it had filled."""
    quantity: Decimal | None
    """How much it was for; None: not known."""
    reason: str
    """Why it ended, as far as the venue said."""

    def __init__(
        self,
        sentence: str = "",
        *,
        client_order_id: ClientOrderId | None = None,
        status: OrderStatus | None = None,
        cumulative: Decimal | None = None,
        quantity: Decimal | None = None,
        reason: str = "",
    ) -> None:
        super().__init__(sentence)
        self.client_order_id = client_order_id
        self.status = status
        self.cumulative = cumulative
        self.quantity = quantity
        self.reason = reason


class OutcomeUnknown(TradingError):
    """Sent, and never answered or no longer followed here: the order may be live. Ask the venue; never resend it. Of a
    cancel of all orders: it may or may not have been carried out. Look at what is open."""

    client_order_id: ClientOrderId | None
    """The order that may be live; None: the error is about none, or about all of them."""

    def __init__(self, sentence: str = "", *, client_order_id: ClientOrderId | None = None) -> None:
        super().__init__(sentence)
        self.client_order_id = client_order_id


class RequestFailed(TradingError):
    """The venue refused a question, a cancel or a change, or a question was not answered. Orders stand as their own
    events say."""

    why: RejectReason
    """The venue's reason, in terms that all venues share; NO_ANSWER: none came."""
    reason: str
    """The venue's own text, or what happened to the request."""
    client_order_id: ClientOrderId | None
    """The order that was asked about; None: it was about none, or about several."""

    def __init__(
        self,
        sentence: str = "",
        *,
        why: RejectReason = RejectReason.OTHER,
        reason: str = "",
        client_order_id: ClientOrderId | None = None,
    ) -> None:
        super().__init__(sentence)
        self.why = why
        self.reason = reason
        self.client_order_id = client_order_id


class WireError(TradingError):
    """The venue sent text we cannot read; the sentence says why and how it begins."""


class Throttled(WireError):
    """The venue takes no more calls for the moment."""

    wait: int | None
    """ns that the venue wants to be left alone, None: it did not say."""

    def __init__(self, sentence: str = "", wait: int | None = None) -> None:
        super().__init__(sentence)
        self.wait = wait


class SubscriberLagged(TradingError):
    """This subscriber's buffer was full. Events up to the last one read are complete; later ones are lost to it."""

    last_read: int
    """Number of the last event that it has; all before it are complete."""
    first_lost: int
    """Number of the first event that it lost."""

    def __init__(self, sentence: str = "", *, last_read: int = 0, first_lost: int = 0) -> None:
        super().__init__(sentence)
        self.last_read = last_read
        self.first_lost = first_lost


class JournalError(TradingError):
    """The journal cannot be opened, read or written; the sentence says why and what to do. Orders at the venue stay as
    they are."""

    path: str | None
    """The journal's file."""

    def __init__(self, sentence: str = "", *, path: str | None = None) -> None:
        super().__init__(sentence)
        self.path = path


class CursorAhead(JournalError):
    """The journal ends before this cursor: the events behind `last` were read, and then lost with the power. What is in
    them may come again under other numbers. A consumer that keys its effects by fill may go back to `last`."""

    last: str | None
    """Text of the cursor behind the last event of that life that is kept. Of a life that this journal does not have,
    because it is an older copy: before the oldest event that is kept."""

    def __init__(self, sentence: str = "", *, path: str | None = None, last: str | None = None) -> None:
        super().__init__(sentence, path=path)
        self.last = last


class CursorExpired(JournalError):
    """Events behind this cursor are no longer in the journal."""

    oldest: str | None
    """Text of the cursor before the oldest event that is kept."""

    def __init__(self, sentence: str = "", *, path: str | None = None, oldest: str | None = None) -> None:
        super().__init__(sentence, path=path)
        self.oldest = oldest


class LinkError(TradingError):
    """The link to the venue ended for good."""

    venue: str | None
    """The venue, as it stands behind the dot of an instrument id."""

    def __init__(self, sentence: str = "", *, venue: str | None = None) -> None:
        super().__init__(sentence)
        self.venue = venue


class ConnectFailed(LinkError):
    """No connection after every attempt; names the url, the attempts and the last cause."""

    url: str | None
    """What was to be reached."""
    attempts: int | None
    """How many there were; None: the first one showed that another would end the same way."""

    def __init__(
        self, sentence: str = "", *, venue: str | None = None, url: str | None = None, attempts: int | None = None
    ) -> None:
        super().__init__(sentence, venue=venue)
        self.url = url
        self.attempts = attempts


class AuthenticationError(LinkError):
    """The venue refused the credentials, or refused a brand-new token."""


class SessionError(LinkError):
    """The session cannot go on; the message says why. Orders at the venue stay as they are."""
