"""The seam between a simulated venue's brain and whatever carries it: messages in, messages out, no waiting.

A brain is pure: it has no clock (the time is an argument), no socket and no randomness of its own (it draws
through a callable that it is given). One server actor carries every brain; it knows no venue's vocabulary.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import NewType, Protocol, runtime_checkable

from attrs import field, frozen

from ..values import Instant

__all__ = [
    "Accept",
    "Acted",
    "Close",
    "Exchange",
    "ExchangeInput",
    "Gone",
    "HearsPings",
    "HttpReply",
    "HttpRequest",
    "Output",
    "Pinged",
    "Received",
    "Refuse",
    "Requested",
    "SessionNumber",
    "Tell",
    "Ticked",
    "Upgraded",
]

SessionNumber = NewType("SessionNumber", int)


@frozen(kw_only=True)
class HttpRequest:
    """An HTTP request as it came in. path: without the query; header names in lower case; raw_query: the query as it
    was transmitted, "" if that is not kept.

    Headers and body never show in repr: they hold tokens and secrets.
    """

    method: str
    path: str
    query: tuple[tuple[str, str], ...] = ()
    headers: tuple[tuple[str, str], ...] = field(default=(), repr=False)
    body: bytes = field(default=b"", repr=False)
    raw_query: str = ""

    def header(self, name: str) -> str | None:
        return next((value for key, value in self.headers if key == name), None)


@frozen(kw_only=True)
class HttpReply:
    status: int
    body: bytes = field(repr=False)
    headers: tuple[tuple[str, str], ...] = ()
    content_type: str = "application/json"


@frozen
class Accept:
    """Complete the WebSocket upgrade; the outputs that come with it follow in order."""


@frozen
class Refuse:
    """Answer the WebSocket upgrade with this instead."""

    reply: HttpReply


@frozen
class Tell:
    """Send one message to a session: text frame for str, binary frame for bytes."""

    session: SessionNumber
    message: str | bytes


@frozen
class Close:
    """End a session. code None: drop the connection without a close frame."""

    session: SessionNumber
    code: int | None
    reason: str = ""


Output = Tell | Close


@frozen
class Upgraded:
    """A client asks for a WebSocket; the brain may still refuse."""

    session: SessionNumber
    request: HttpRequest


@frozen
class Received:
    session: SessionNumber
    message: str | bytes


@frozen
class Pinged:
    """A WebSocket ping came in; the carrier has answered it. Only for exchanges that hear of pings."""

    session: SessionNumber


@frozen
class Gone:
    session: SessionNumber


@frozen
class Requested:
    request: HttpRequest


@frozen
class Ticked:
    """Something was due, so the brain gets the time."""


@frozen
class Acted:
    """A program reached into the brain by itself; name: of its function."""

    name: str


ExchangeInput = Upgraded | Received | Pinged | Gone | Requested | Ticked | Acted


class Exchange(Protocol):
    """A simulated venue's brain. Every method returns what is to be sent now, in order; nothing is sent otherwise.

    Outputs may address any session, not only the one whose input caused them. A session exists from an accepted
    `upgrade` until `gone`; after `Close` the carrier calls `gone` too.
    """

    @property
    def websocket_path(self) -> str:
        """Path on which this venue serves its WebSocket, e.g. /orders/ws."""

    @property
    def secret_headers(self) -> frozenset[str]:
        """Headers, in lower case, that prove who sent a request. The input log leaves them out."""

    def upgrade(
        self, session: SessionNumber, request: HttpRequest, now: Instant
    ) -> tuple[Accept | Refuse, Sequence[Output]]: ...

    def receive(self, session: SessionNumber, message: str | bytes, now: Instant) -> Sequence[Output]: ...

    def gone(self, session: SessionNumber, now: Instant) -> Sequence[Output]: ...

    def request(self, request: HttpRequest, now: Instant) -> tuple[HttpReply, Sequence[Output]]: ...

    def tick(self, now: Instant) -> Sequence[Output]:
        """What is due by `now`: heartbeats, delayed messages, expiries, time-outs."""

    def user_of(self, request: HttpRequest, now: Instant) -> str | None:
        """Who sends a request, None if it says so without proof or not at all. For the input log, which keeps no
        token."""

    def token_for(self, user: str, now: Instant) -> str:
        """A token of this user, for replaying his requests: they come with it as a bearer token in `authorization`,
        whatever the venue's own way is."""

    def restarted(self, now: Instant) -> None:
        """The venue was started anew: every session and token of before is gone, orders and accounts stay."""

    @property
    def next_due(self) -> int | None:
        """When `tick` has something to do next: ns, monotonic; None if nothing is planned."""


@runtime_checkable
class HearsPings(Protocol):
    """An exchange that closes silent sessions. Pings are the carrier's business, so no other hears of them, and no
    other's input log holds them."""

    def pinged(self, session: SessionNumber, now: Instant) -> None: ...
