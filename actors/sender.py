"""The sender: the writing end of the socket and its pacing. Never sends anything twice, but one kind of request.

A frame is for one connection. If that one is gone before the frame was begun, the frame was certainly not sent, and
dispatch hears so. Once begun, only the venue knows.

What is not written yet waits here by its urgency, and goes out in that order. A write that does not get on holds up
the task that writes, so a second one stands in for it then: it takes what comes meanwhile, withdraws what a cancel is
about, and sends over HTTP, where the venue takes it, what takes risk away and has waited for a second. What waited goes
that one way alone. A cancel whose own frame is stuck goes there as well, and dispatch knows of both: to cancel an order
twice does no harm.
"""

from __future__ import annotations

import math
from collections import deque
from typing import Final, cast

import trio
from attrs import define, field, frozen

from protocol.dispatch import EndLink, Send
from protocol.dispatch.inputs import Admission, Input, LinkDown, LinkFailed, NotWritten, Rerouted
from protocol.held_sends import HeldSend, HeldSends
from protocol.limits import Bucket
from protocol.reasons import Why
from protocol.requests import Request, Urgency, ids_of, unwritable, urgency_of, why_withdrawn
from protocol.structs import evolve
from protocol.venue import HttpCall, Venue

from .keep_alive import Heartbeat, Ping
from .plumbing.channels import Batch, put, receive_until
from .plumbing.clock import NANOSECONDS, Clock, seconds
from .plumbing.published import Published
from .rest import Detour
from .websocket import Socket, SocketClosed

__all__ = [
    "LinkLost",
    "LinkReady",
    "Pause",
    "SenderContext",
    "SenderSettings",
    "SessionOver",
    "Speak",
    "ToSender",
    "Withheld",
    "run_sender",
]

PAUSE: Final = NANOSECONDS
"""How long no request is written after the venue complained: it would refuse a cancel as well."""
SPACING: Final = NANOSECONDS // 10
"""Between the requests that have waited for that."""
STUCK: Final = 0.1
"""Seconds after which a write is taken not to get on."""
DETOUR_AFTER: Final = NANOSECONDS
"""How long what takes risk away waits for the socket before it goes over HTTP."""
NOT_WRITTEN: Final = (
    "The connection ended before this was written, so the venue never got it. It is safe to send it again."
)
NO_TURN: Final = (
    "The connection took nothing more, or the pace allowed nothing more, for {:g} s, so this was not sent. "
    "It is safe to send it again."
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


@frozen
class Withheld:
    """The outbox has kept a request back: news for dispatch, to which it has no channel of its own."""

    news: NotWritten


ToSender = list[Send | EndLink] | LinkReady | LinkLost | SessionOver | Speak | Pause | Ping | Heartbeat | Withheld


@frozen(kw_only=True)
class SenderSettings:
    """close_timeout: seconds for the close handshake; rate: requests per second, None for no pacing."""

    close_timeout: float
    rate: int | None = None


Control = LinkReady | LinkLost | SessionOver | Speak | Pause | Ping | Heartbeat


@define
class SenderContext:
    """What the sender works with, and its own state: the socket in use, the pace, and the requests that wait for it.

    to_rest: where requests go that the socket does not take; quiet_until: ns, monotonic; strained: the venue has
    complained, and what waited for that is not written yet; in_hand: the request that is being written; doubled: and
    that goes over HTTP, too.
    """

    venue: Venue
    settings: SenderSettings
    token: Published[str | None]
    credits: trio.MemorySendChannel[Admission]
    to_rest: trio.MemorySendChannel[Detour]
    stop_session: trio.CancelScope
    clock: Clock
    socket: Socket | None = field(default=None, init=False)
    connection: int = field(default=0, init=False)
    bucket: Bucket | None = field(default=None, init=False)
    held: HeldSends = field(factory=HeldSends, init=False)
    quiet_until: int = field(default=0, init=False)
    strained: bool = field(default=False, init=False)
    in_hand: HeldSend | None = field(default=None, init=False)
    doubled: bool = field(default=False, init=False)

    def attach(self, ready: LinkReady) -> None:
        self.socket, self.connection = ready.socket, ready.connection
        self.quiet_until, self.strained = 0, False

    async def speak(self, word: Speak) -> None:
        if word.connection == self.connection:
            await self._write_text(word.text)

    def detach(self) -> None:
        self.socket = None

    def accept(self, send: Send, since: int) -> list[NotWritten]:
        """Lets a request wait for its turn; gives news of what it withdraws. since: ns, monotonic."""
        withdrawn = self.held.withdraw(send.request) if self.held.size else None
        self.held.add(send, since)
        if not withdrawn:
            return []
        return [self._refuse(each, why_withdrawn(each.request), Why.WITHDRAWN) for each in withdrawn]

    def take_ready(self) -> HeldSend | None:
        """The request that may be written now."""
        if not self.held.size:
            return None
        # 0 as long as nothing paces, and then no clock need be read
        ready_at = self.quiet_until if self.settings.rate is None else self._ready_at()
        if ready_at and ready_at > self.clock.monotonic_ns():
            return None
        return self.held.take_first()

    async def write(self, held: HeldSend) -> list[NotWritten]:
        """Publication of a request that certainly was not sent; nothing of one that was begun."""
        self.in_hand, self.doubled = held, False
        try:
            problem = await self._begin(held.send)
        finally:
            self.in_hand = None
        if self.strained:
            self.quiet_until = self.clock.monotonic_ns() + SPACING
            self.strained = bool(self.held)
        if problem is not None:
            return [self._refuse(held.send, *problem)]
        if held.send.admission is not None:
            self.credits.send_nowait(held.send.admission)
        return []

    @property
    def next_due(self) -> int | None:
        """When something must be done even if nothing comes: ns, monotonic; None if nothing waits."""
        if not self.held.size:
            return None if self.in_hand is None else self.overdue_at
        ready_at, overdue = self._ready_at(), self.overdue_at
        return ready_at if overdue is None else min(ready_at, overdue)

    @property
    def overdue_at(self) -> int | None:
        """When the first of those that wait has waited too long: ns, monotonic."""
        is_any_held = self.held.size > 0
        if not is_any_held and self.in_hand is None:
            return None
        moments = []
        if is_any_held:
            oldest, detour = self.held.oldest, self.held.oldest_detour
            if oldest is not None:
                moments.append(oldest + self.venue.rules.begin_within)
            if detour is not None:
                moments.append(detour + DETOUR_AFTER)
        if self._may_be_doubled(self.in_hand):
            moments.append(cast("HeldSend", self.in_hand).since + DETOUR_AFTER)
        return min(moments, default=None)

    def give_up_overdue(self) -> list[NotWritten]:
        """Those that have waited for longer than an answer may take will not be begun."""
        limit = self.venue.rules.begin_within
        overdue = self.held.take_older(self.clock.monotonic_ns() - limit) if self.held else []
        return [self._refuse(send, NO_TURN.format(limit / NANOSECONDS), Why.BUSY) for send in overdue]

    def take_detours(self) -> list[tuple[Detour, bool]]:
        """What goes over HTTP from now on, and whether it has been begun on the socket, too."""
        before = self.clock.monotonic_ns() - DETOUR_AFTER
        detours = []
        in_hand = self.in_hand
        if in_hand is not None and self._may_be_doubled(in_hand) and in_hand.since <= before:
            self.doubled = True
            detours.append((evolve(in_hand.send, connection=0, admission=None), True))
        if self.held:
            waiting = self.held.take_detours(before, lambda request: self._over_http(request) is not None)
            detours += [(evolve(send, connection=0), False) for send in waiting]
        calls = [(send, self._over_http(send.request), begun) for send, begun in detours]
        return [(Detour(send, call), begun) for send, call, begun in calls if call is not None]

    def _may_be_doubled(self, held: HeldSend | None) -> bool:
        return held is not None and not self.doubled and urgency_of(held.send.request) is Urgency.LESS_RISK

    def _over_http(self, request: Request) -> HttpCall | None:
        try:
            return self.venue.encode_over_http(request)
        except Exception:  # noqa: BLE001 - whatever it is, it is about this request alone, and the socket may take it
            return None

    def slow_down(self, pause: Pause) -> None:
        """The venue has complained: nothing for a while, and then what waits one by one, cancels first."""
        if pause.connection == self.connection:
            self.quiet_until = self.clock.monotonic_ns() + PAUSE
            self.strained = True

    def give_up_held(self) -> list[NotWritten]:
        """Those that wait will not be begun: their connection is gone."""
        return [self._refuse(send, NOT_WRITTEN, Why.NOT_CONNECTED) for send in self.held.clear()]

    def refuse_detour(self, send: Send) -> NotWritten:
        """No calls are made any more."""
        return self._refuse(send, NOT_WRITTEN, Why.NOT_CONNECTED)

    def _refuse(self, send: Send, reason: str, why: Why) -> NotWritten:
        self._release_credit(send)
        return NotWritten(ids_of(send.request), reason, why)

    def _release_credit(self, send: Send) -> None:
        if send.admission is not None:
            self.credits.send_nowait(send.admission)

    async def _begin(self, send: Send) -> tuple[str, Why] | None:
        """Why it was not begun; None: it was."""
        if self.socket is None or send.connection != self.connection:
            return NOT_WRITTEN, Why.NOT_CONNECTED
        try:
            text = self.venue.encode(send.request, self.token.value)
            assert isinstance(text, str)  # what goes over HTTP is no frame, and does not come here
        except Exception as problem:  # noqa: BLE001 - whatever it is, it is about this request alone
            return unwritable(problem), Why.INVALID
        if self.bucket is not None:
            self.bucket = self.bucket.take(1, self.clock.monotonic_ns()) or self.bucket
        return None if await self._write_text(text) else (NOT_WRITTEN, Why.NOT_CONNECTED)

    def _ready_at(self) -> int:
        """When the next request may be written: ns, monotonic."""
        if self.settings.rate is None:
            return self.quiet_until
        now = self.clock.monotonic_ns()
        if self.bucket is None:
            self.bucket = Bucket.full(rate=self.settings.rate, capacity=self.settings.rate, now=now)
        return max(self.quiet_until, self.bucket.ready_at(1, now))

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


@define
class _Sender:
    """One run of the actor. control: what else is to be done with the socket, in order; news: for dispatch, not told
    yet; ending: the link is to be closed once what may be written has been; over: the actor ends.

    writing_since: Trio's time when the present write began; alarm: the sleep of the task that stands in, until
    alarm_at; listening: its wait for the inbox; stood_down: set when it leaves the inbox alone again, None while it
    does.
    """

    context: SenderContext
    inbox: trio.MemoryReceiveChannel[ToSender]
    to_dispatch: trio.MemorySendChannel[Batch]
    control: deque[Control] = field(factory=deque, init=False)
    news: list[Input] = field(factory=list, init=False)
    ending: bool = field(default=False, init=False)
    over: bool = field(default=False, init=False)
    writing_since: float | None = field(default=None, init=False)
    alarm: trio.CancelScope = field(factory=trio.CancelScope, init=False)
    alarm_at: float = field(default=math.inf, init=False)
    listening: trio.CancelScope = field(factory=trio.CancelScope, init=False)
    stood_down: trio.Event | None = field(default=None, init=False)

    # The task that writes

    async def run(self) -> None:
        """Until the session is over, or the inbox ends."""
        while not self.over:
            due = self.context.next_due
            try:
                item = await (self.inbox.receive() if due is None else receive_until(self.inbox, seconds(due)))
            except trio.EndOfChannel:
                return
            if item is not None:
                self.take(item, self.context.clock.monotonic_ns())
            await self.work()

    def take(self, item: ToSender, since: int) -> None:
        if isinstance(item, Withheld):
            self.news.append(item.news)
            return
        if not isinstance(item, list):
            self.control.append(item)
            return
        for send in item:
            if isinstance(send, EndLink):
                self.ending = True
            else:
                self.news += self.context.accept(send, since)

    def take_what_came(self, since: int) -> None:
        """What is in the inbox already; of which a cancel goes before all that is not written yet."""
        try:
            while True:
                self.take(self.inbox.receive_nowait(), since)
        except (trio.WouldBlock, trio.EndOfChannel):
            pass

    async def work(self) -> None:
        """All that can be done now."""
        context = self.context
        while not self.over:
            if self.control:
                await self.obey(self.control.popleft())
            elif (held := context.take_ready()) is not None:
                await self.write(held)
            elif self.ending:
                self.ending = False
                await context.end_link()
            else:
                break
            if context.held.size:
                self.take_what_came(context.clock.monotonic_ns())
        if self.news or context.held.size:  # else nothing waits, and there is nothing to tell
            await self.see_to_overdue()

    async def write(self, held: HeldSend) -> None:
        self.begin_writing()
        news = await self.context.write(held)
        await self.end_writing()
        self.news += news  # not across the await: the other task may have reported and replaced them meanwhile

    async def obey(self, item: Control) -> None:
        context = self.context
        if isinstance(item, LinkReady):
            context.attach(item)
        elif isinstance(item, Pause):
            context.slow_down(item)
        elif isinstance(item, LinkLost):
            context.detach()
            self.news += [*context.give_up_held(), item.news]
            await self.tell()
            item.passed_on.set()
        elif isinstance(item, SessionOver):
            self.over = True
        else:
            self.begin_writing()
            await (context.speak(item) if isinstance(item, Speak) else context.keep_alive(item))
            await self.end_writing()

    def begin_writing(self) -> None:
        self.writing_since = trio.current_time()
        if self.alarm_at == math.inf:  # else the one who is woken by it looks how long this has taken
            self.alarm.deadline = self.alarm_at = self.writing_since + STUCK

    async def end_writing(self) -> None:
        self.writing_since = None
        if self.stood_down is not None:
            self.listening.cancel()
            await self.stood_down.wait()  # so that nothing is taken out of its order

    # The task that stands in for it

    @trio.lowlevel.enable_ki_protection
    async def stand_in(self) -> None:
        """Takes what comes while a write does not get on. Ends by being canceled."""
        while True:
            with trio.CancelScope(deadline=self.alarm_at) as self.alarm:
                await trio.sleep_forever()
            self.alarm_at = math.inf
            since = self.writing_since
            if since is None:
                continue
            if trio.current_time() < since + STUCK:
                self.alarm_at = since + STUCK
                continue
            self.stood_down = trio.Event()
            self.take_what_came(int(since * NANOSECONDS))
            while self.writing_since is not None:
                await self.see_to_overdue()
                await self.listen()
            self.stood_down.set()
            self.stood_down = None

    async def listen(self) -> None:
        """Waits for the inbox, until the write gets on, or until something has waited too long."""
        if self.writing_since is None:
            return
        due = self.context.overdue_at
        with trio.CancelScope() as self.listening:
            if due is not None:
                self.listening.deadline = seconds(due)
            try:
                self.take(await self.inbox.receive(), self.context.clock.monotonic_ns())
            except trio.EndOfChannel:
                await trio.sleep_forever()

    # Both

    async def see_to_overdue(self) -> None:
        """Gives up, or sends another way, what has waited too long; shows what there is to tell."""
        context = self.context
        due = context.overdue_at
        detours = []
        if due is not None and due <= context.clock.monotonic_ns():
            detours = context.take_detours()
            self.news += context.give_up_overdue()
        for detour, begun in detours:
            self.news.append(Rerouted(ids_of(detour.send.request), begun))
        await self.tell()  # first: what comes of it over HTTP is reported behind this
        for detour, _ in detours:
            try:
                await put(context.to_rest, detour)
            except (trio.BrokenResourceError, trio.ClosedResourceError):
                self.news.append(context.refuse_detour(detour.send))
                await self.tell()

    async def tell(self) -> None:
        if self.news:
            news, self.news = self.news, []
            await put(self.to_dispatch, Batch(tuple(news), self.context.clock.now()))


@trio.lowlevel.enable_ki_protection  # Ctrl-C is for the program, and must not end what closes it
async def run_sender(
    inbox: trio.MemoryReceiveChannel[ToSender], to_dispatch: trio.MemorySendChannel[Batch], context: SenderContext
) -> None:
    """Receives frames from the outbox, news of the link from the session, and what is due from the keep-alive; tells
    dispatch what was not written, and gives rest what goes over HTTP instead.

    Ends when the session is over.
    """
    sender = _Sender(context, inbox, to_dispatch)
    with inbox, to_dispatch, context.credits, context.to_rest:
        async with trio.open_nursery() as nursery:
            nursery.start_soon(sender.stand_in)
            await sender.run()
            nursery.cancel_scope.cancel()
