"""The sender: the writing end of the socket and its pacing. Never sends anything twice.

A frame is for one connection. If that one is gone before the frame was begun, the frame was certainly not sent, and
dispatch hears so. Once begun, only the venue knows.
"""

from __future__ import annotations

from typing import Final, cast

import trio
from attrs import define, field, frozen

from protocol.dispatch import EndLink, Send
from protocol.held_sends import HeldSends
from protocol.inputs import Admission, LinkDown, LinkFailed, NotWritten
from protocol.limits import Bucket
from protocol.requests import WITHDRAWN, ids_of, unwritable
from protocol.venue import Venue

from .channels import Batch, receive_until
from .clock import NANOSECONDS, Clock, seconds
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

PAUSE: Final = NANOSECONDS
"""How long no request is written after the venue complained: it would refuse a cancel as well."""
SPACING: Final = NANOSECONDS // 10
"""Between the requests that have waited for that."""
NOT_WRITTEN: Final = (
    "The connection ended before this was written, so the venue never got it. It is safe to send it again."
)


@frozen
class LinkReady:
    """A connection is up: write to this socket from now on."""

    connection: int
    socket: Socket


@frozen
class LinkLost:
    """The connection has ended, or no other will follow. The sender passes the news to dispatch, behind what it knows
    of unwritten frames. passed_on: set when it has."""

    news: LinkDown | LinkFailed
    passed_on: trio.Event = field(factory=trio.Event)


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
    """What the sender works with, and its own state: the socket in use, the pace, and the requests that wait for it.

    quiet_until: ns, monotonic; strained: the venue has complained, and what waited for that is not written yet.
    """

    venue: Venue
    settings: SenderSettings
    token: Published[str | None]
    credits: trio.MemorySendChannel[Admission]
    stop_session: trio.CancelScope
    clock: Clock
    socket: Socket | None = field(default=None, init=False)
    connection: int = field(default=0, init=False)
    bucket: Bucket | None = field(default=None, init=False)
    held: HeldSends = field(factory=HeldSends, init=False)
    quiet_until: int = field(default=0, init=False)
    strained: bool = field(default=False, init=False)

    def attach(self, ready: LinkReady) -> None:
        self.socket, self.connection = ready.socket, ready.connection
        self.quiet_until, self.strained = 0, False

    async def speak(self, word: Speak) -> None:
        if word.connection == self.connection:
            await self._write_text(word.text)

    def detach(self) -> None:
        self.socket = None

    async def write(self, sends: list[Send | EndLink]) -> list[NotWritten]:
        """Writes frames, or holds them back until their time; gives news of those that will not be begun."""
        not_begun: list[NotWritten] = []
        for send in sends:
            if isinstance(send, EndLink):
                await self.end_link()
                continue
            for placement in self.held.withdraw(send.request):
                not_begun.append(self._refuse(placement, WITHDRAWN))
            if self.held.goes_first(send) and self._ready_at() <= self.clock.now().monotonic_ns:
                not_begun += await self._write(send)
            else:
                self.held.add(send)
        return not_begun

    async def write_held(self) -> list[NotWritten]:
        """Writes those whose time has come."""
        not_begun: list[NotWritten] = []
        while (first := self.held.first) is not None and self._ready_at() <= self.clock.now().monotonic_ns:
            self.held.remove_first()
            not_begun += await self._write(first)
            if self.strained:
                self.quiet_until = self.clock.now().monotonic_ns + SPACING
        self.strained = self.strained and self.held.first is not None
        return not_begun

    @property
    def next_due(self) -> float | None:
        """When `write_held` must be called: Trio's time; None if nothing waits."""
        return None if self.held.first is None else seconds(self._ready_at())

    def slow_down(self, pause: Pause) -> None:
        """The venue has complained: nothing for a while, and then what waits one by one, cancels first."""
        if pause.connection == self.connection:
            self.quiet_until = self.clock.now().monotonic_ns + PAUSE
            self.strained = True

    def give_up_held(self) -> list[NotWritten]:
        """Those that wait will not be begun: their connection is gone."""
        return [self._refuse(send, NOT_WRITTEN) for send in self.held.clear()]

    def _refuse(self, send: Send, why: str) -> NotWritten:
        self._release_credit(send)
        return NotWritten(ids_of(send.request), why)

    def _release_credit(self, send: Send) -> None:
        if send.admission is not None:
            self.credits.send_nowait(send.admission)

    async def _write(self, send: Send) -> list[NotWritten]:
        """News of a request that certainly was not sent; nothing of one that was begun."""
        problem = await self._begin(send)
        if problem is not None:
            return [self._refuse(send, problem)]
        self._release_credit(send)
        return []

    async def _begin(self, send: Send) -> str | None:
        if self.socket is None or send.connection != self.connection:
            return NOT_WRITTEN
        try:
            text = cast("str", self.venue.encode(send.request, self.token.value))
        except Exception as problem:  # noqa: BLE001 - whatever it is, it is about this request alone
            return unwritable(problem)
        if self.bucket is not None:
            self.bucket = self.bucket.take(1, self.clock.now().monotonic_ns) or self.bucket
        return None if await self._write_text(text, is_question=True) else NOT_WRITTEN

    def _ready_at(self) -> int:
        """When the next request may be written: ns, monotonic."""
        if self.settings.rate is None:
            return self.quiet_until
        now = self.clock.now().monotonic_ns
        if self.bucket is None:
            self.bucket = Bucket.full(rate=self.settings.rate, capacity=self.settings.rate, now=now)
        return max(self.quiet_until, self.bucket.ready_at(1, now))

    async def _write_text(self, text: str, *, is_question: bool = False) -> bool:
        """False when the connection had ended before the first byte of it was written."""
        if self.socket is None:
            return False
        try:
            # No cancel scope of ours covers this: half a frame on the wire would end the connection.
            await self.socket.send(text, is_question=is_question)
        except SocketClosed as closed:
            self.detach()  # the feed sees the end, too, and the session tells us of the next connection
            return closed.begun
        return True

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


@trio.lowlevel.enable_ki_protection  # Ctrl-C is for the program, and must not end what closes it
async def run_sender(
    inbox: trio.MemoryReceiveChannel[ToSender], to_dispatch: trio.MemorySendChannel[Batch], sender: SenderDesk
) -> None:
    """Receives frames from the outbox, news of the link from the session, and what is due from the keep-alive; tells
    dispatch what was not written.

    Ends when the session is over.
    """
    with inbox, to_dispatch, sender.credits:
        while True:
            try:
                item = await receive_until(inbox, sender.next_due)
            except trio.EndOfChannel:
                return
            not_begun: list[NotWritten] = []
            if item is None:
                not_begun = await sender.write_held()
            elif isinstance(item, list):
                not_begun = await sender.write(item)
            elif isinstance(item, Ping | Heartbeat):
                await sender.keep_alive(item)
            elif isinstance(item, LinkReady):
                sender.attach(item)
            elif isinstance(item, Speak):
                await sender.speak(item)
            elif isinstance(item, Pause):
                sender.slow_down(item)
            elif isinstance(item, LinkLost):
                sender.detach()
                await to_dispatch.send(Batch((*sender.give_up_held(), item.news), sender.clock.now()))
                item.passed_on.set()
            else:
                return
            if not_begun:
                await to_dispatch.send(Batch(tuple(not_begun), sender.clock.now()))
