"""The sender: the writing end of the socket and its pacing. Never sends anything twice.

A frame is for one connection. If that one is gone before the frame was begun, the frame was certainly not sent, and
dispatch hears so. Once begun, only the venue knows.
"""

from __future__ import annotations

from typing import cast

import trio
from attrs import define, field, frozen

from protocol.dispatch import EndLink, Send
from protocol.inputs import Admission, LinkDown, LinkFailed, NotWritten
from protocol.limits import Bucket
from protocol.requests import ids_of, unwritable
from protocol.venue import Venue

from .channels import Batch
from .clock import Clock, seconds
from .keep_alive import Heartbeat, Ping
from .published import Published
from .websocket import Socket, SocketClosed

__all__ = [
    "LinkLost",
    "LinkReady",
    "Pause",
    "SenderDesk",
    "SenderSettings",
    "SessionOver",
    "Speak",
    "ToSender",
    "run_sender",
]

PAUSE = 1.0
"""Seconds in which nothing is written after the venue complained."""
NOT_WRITTEN = "The connection ended before this was written, so the venue never got it. It is safe to send it again."


@frozen
class LinkReady:
    """A connection is up: write to this socket from now on."""

    connection: int
    socket: Socket


@frozen
class LinkLost:
    """The connection has ended, or no other will follow. The sender passes the news to dispatch, behind what it knows
    of unwritten frames."""

    news: LinkDown | LinkFailed


@frozen
class SessionOver:
    """No connection will follow; the sender ends."""


@frozen
class Speak:
    """The next word of the login on this connection. Never shows in repr: it may prove who we are."""

    connection: int
    text: str = field(repr=False)


@frozen
class Pause:
    """The venue on this connection finds that we send too much."""

    connection: int


ToSender = list[Send | EndLink] | LinkReady | LinkLost | SessionOver | Speak | Pause | Ping | Heartbeat


@frozen(kw_only=True)
class SenderSettings:
    """close_timeout: seconds for the close handshake; rate: requests per second, None for no pacing."""

    close_timeout: float
    rate: int | None = None


@define
class SenderDesk:
    """What the sender works with, and its own state: the socket in use, and the pace."""

    venue: Venue
    settings: SenderSettings
    token: Published[str | None]
    credits: trio.MemorySendChannel[Admission]
    stop_session: trio.CancelScope
    clock: Clock
    socket: Socket | None = field(default=None, init=False)
    connection: int = field(default=0, init=False)
    bucket: Bucket | None = field(default=None, init=False)

    def attach(self, ready: LinkReady) -> None:
        self.socket, self.connection = ready.socket, ready.connection

    async def speak(self, word: Speak) -> None:
        if word.connection == self.connection:
            await self._write_text(word.text)

    def detach(self) -> None:
        self.socket = None

    async def write(self, sends: list[Send | EndLink]) -> list[NotWritten]:
        """Writes frames in order; gives news of those that were not begun."""
        not_begun: list[NotWritten] = []
        for send in sends:
            if isinstance(send, EndLink):
                await self.end_link()
                continue
            problem = await self._write(send)
            if problem is not None:
                not_begun.append(NotWritten(ids_of(send.request), problem))
            if send.admission is not None:
                self.credits.send_nowait(send.admission)
        return not_begun

    async def _write(self, send: Send) -> str | None:
        """Why a request certainly was not sent; None when it was begun."""
        if self.socket is None or send.connection != self.connection:
            return NOT_WRITTEN
        await self._pace()
        try:
            text = cast("str", self.venue.encode(send.request, self.token.value))
        except Exception as problem:  # noqa: BLE001 - whatever it is, it is about this request alone
            return unwritable(problem)
        return None if await self._write_text(text) else NOT_WRITTEN

    async def _write_text(self, text: str) -> bool:
        """False when the connection had ended before the first byte of it was written."""
        if self.socket is None:
            return False
        try:
            # No cancel scope of ours covers this: half a frame on the wire would end the connection.
            await self.socket.send(text)
        except SocketClosed as closed:
            self.detach()  # the feed sees the end, too, and the session tells us of the next connection
            return closed.begun
        return True

    async def _pace(self) -> None:
        if self.settings.rate is None:
            return
        now = self.clock.now().monotonic_ns
        if self.bucket is None:
            self.bucket = Bucket.full(rate=self.settings.rate, capacity=self.settings.rate, now=now)
        ready_at = self.bucket.ready_at(1, now)
        if ready_at > now:
            await trio.sleep_until(seconds(ready_at))
        self.bucket = self.bucket.take(1, self.clock.now().monotonic_ns) or self.bucket

    async def keep_alive(self, due: Ping | Heartbeat) -> None:
        if self.socket is None or due.connection != self.connection:
            return
        if isinstance(due, Heartbeat):
            if self.venue.heartbeat is not None:
                await self._write_text(self.venue.heartbeat[0])
            return
        try:
            await self.socket.ping()
        except SocketClosed:
            self.detach()

    async def end_link(self) -> None:
        """The close handshake, within its time-out; then the session ends."""
        if self.socket is not None:
            with trio.move_on_after(self.settings.close_timeout):
                await self.socket.close()
            self.socket.abort()
            self.detach()
        self.stop_session.cancel()


async def run_sender(
    inbox: trio.MemoryReceiveChannel[ToSender], to_dispatch: trio.MemorySendChannel[Batch], sender: SenderDesk
) -> None:
    """Receives frames from the outbox, news of the link from the session, and what is due from the keep-alive; tells
    dispatch what was not written.

    Ends when the session is over.
    """
    with inbox, to_dispatch, sender.credits:
        async for item in inbox:
            if isinstance(item, list):
                if not_begun := await sender.write(item):
                    await to_dispatch.send(Batch(tuple(not_begun), sender.clock.now()))
            elif isinstance(item, Ping | Heartbeat):
                await sender.keep_alive(item)
            elif isinstance(item, LinkReady):
                sender.attach(item)
            elif isinstance(item, Speak):
                await sender.speak(item)
            elif isinstance(item, Pause):
                if item.connection == sender.connection:
                    await trio.sleep(PAUSE)
            elif isinstance(item, LinkLost):
                sender.detach()
                await to_dispatch.send(Batch((item.news,), sender.clock.now()))
            else:
                return
