"""The seam between this library and a WebSocket implementation: what an open socket does, and how it ends."""

from __future__ import annotations

from collections.abc import Collection
from typing import Final, Protocol

from attrs import frozen

from protocol.close_codes import meaning_of

__all__ = [
    "BATCH_LIMIT",
    "LINGER",
    "MESSAGE_LIMIT",
    "READ_SIZE",
    "OpeningSocket",
    "Socket",
    "SocketClosed",
    "SocketOptions",
]

BATCH_LIMIT: Final = 64
MESSAGE_LIMIT: Final = 16 * 1024 * 1024
READ_SIZE: Final = 65536
LINGER: Final = 0.010
"""Seconds that a peer which keeps sending is given to answer our Close frame, and that our own last frame is given."""


class SocketClosed(Exception):
    """The WebSocket has ended; no message follows.

    code: of the peer's Close frame, None when it sent none (the connection broke, or we closed or aborted);
    reason: the peer's own text, or ours; violation: the peer broke the protocol, and code is the one that we
    answered with (1002, 1007, 1009); begun: raised by `send`, and some of that frame may have reached the peer;
    ours: we closed it; by_peer: the peer ended it, for its Close frame, FIN or reset was seen: not so where we gave the
    connection up, or the network did.
    """

    def __init__(
        self,
        code: int | None,
        reason: str,
        *,
        violation: bool = False,
        begun: bool = False,
        ours: bool = False,
        by_peer: bool = False,
    ) -> None:
        super().__init__(code, reason)
        self.code = code
        self.reason = reason
        self.violation = violation
        self.begun = begun
        self.ours = ours
        self.by_peer = by_peer

    def __str__(self) -> str:
        meaning = "" if self.code is None or not meaning_of(self.code) else f" ({meaning_of(self.code)})"
        code = "without a close code" if self.code is None else f"with code {self.code}{meaning}"
        cause = " because the peer broke the protocol" if self.violation else ""
        why = f": {self.reason}." if self.reason else "; no reason was given."
        return f"The WebSocket ended {code}{cause}{why}"


class Socket(Protocol):
    """One open WebSocket. One task receives; one task sends and pings; anybody closes or aborts."""

    @property
    def last_heard(self) -> float:
        """Trio's time when bytes last came in: messages, pings and pongs alike; at first, when it was connected."""

    @property
    def last_part(self) -> float:
        """Trio's time when part of a message that is not complete yet last came in; at first, when it was connected."""

    @property
    def holds_messages(self) -> bool:
        """True while messages are here that nobody has received yet: it is we who are slow then."""

    @property
    def unanswered_since(self) -> float | None:
        """Trio's time when the first text was sent that the peer has to answer and that no message has followed since;
        None if there is none."""

    @property
    def writing_since(self) -> float | None:
        """Trio's time when the write that is under way began; None if there is none."""

    async def receive_batch(self) -> list[str | bytes]:
        """Waits for a message and returns all that the same read delivered, 64 at most: text as str, binary as bytes.

        Raises SocketClosed once everything received before the end was returned; after our own close, at once.
        Canceled: no message is lost, the next call returns them.
        """

    async def send(self, text: str) -> None:
        """Sends one text message. Raises SocketClosed. Canceled inside a frame: the connection is cut."""

    async def ping(self) -> None:
        """Sends a ping and does not wait for the pong, which `last_heard` shows. Raises SocketClosed."""

    async def close(self, linger: float = LINGER) -> None:
        """Sends Close 1000, waits for the peer's, then closes the connection; never raises SocketClosed.

        linger: seconds after which a peer that sends anything else is not waited for any longer. A silent peer is
        waited for as long as the caller's cancel scope allows; the connection is closed then too.
        """

    def abort(self) -> None:
        """Drops the connection now, without a Close frame. Waiting calls end with SocketClosed."""


@frozen
class SocketOptions:
    """max_message_size: bytes of one message; statements: texts that the peer does not answer."""

    max_message_size: int
    statements: Collection[str]


class OpeningSocket(Socket, Protocol):
    """What an implementation is to `open_socket`: a socket that is opened and looked after by a task of its own."""

    async def run(self) -> None:
        """Upgrades, then does what is to be done while nobody receives. Ends with the connection or by `abort`, and
        closes the stream."""

    async def wait_open(self) -> None:
        """Raises OSError when the upgrade failed. No cause is attached: it could quote our headers."""
