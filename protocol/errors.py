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
└── LinkError
    ├── ConnectFailed       no connection after every attempt
    ├── AuthenticationError  the venue refused our credentials
    └── SessionError       the session cannot go on

Each answers one question: may the order exist?
"""

from __future__ import annotations

from .printable import on_one_line

__all__ = [
    "AuthenticationError",
    "ConnectFailed",
    "DuplicateOrder",
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


class NotSent(TradingError):
    """Stopped on our side: invalid, throttled, not connected, closing. What you asked for was not sent; a new order
    does not exist. Where `Order.accepted` or `Order.filled` raises it, the order is Denied: it did not arrive, as far
    as the venue's silence can prove that. At AX, which takes no deadlines, one may turn out to have arrived after all:
    `Reopened` tells."""


class DuplicateOrder(NotSent):
    """An order with this client order id was submitted or registered before; this one was not sent."""


class OrderRejected(TradingError):
    """The venue said no; the order does not exist there."""


class OrderEnded(TradingError):
    """The order was canceled or expired before what you waited for happened. It is no longer live."""


class OutcomeUnknown(TradingError):
    """Sent, and never answered or no longer followed here: the order may be live. Ask the venue; never resend it. Of a
    cancel of all orders: it may or may not have been carried out. Look at what is open."""


class RequestFailed(TradingError):
    """The venue refused a question, a cancel or a change. Orders stand as their own events say."""


class WireError(TradingError):
    """The venue sent text we cannot read; args[0] says why and how it begins."""


class Throttled(WireError):
    """The venue takes no more calls for the moment. wait: ns that it wants to be left alone, None: it did not say."""

    def __init__(self, text: str, wait: int | None = None) -> None:
        super().__init__(text)
        self.wait = wait


class SubscriberLagged(TradingError):
    """This subscriber's buffer was full. Events up to the last one read are complete; later ones are lost to it."""


class LinkError(TradingError):
    """The link to the venue ended for good."""


class ConnectFailed(LinkError):
    """No connection after every attempt; names the url, the attempts and the last cause."""


class AuthenticationError(LinkError):
    """The venue refused the credentials, or refused a brand-new token."""


class SessionError(LinkError):
    """The session cannot go on; the message says why. Orders at the venue stay as they are."""
