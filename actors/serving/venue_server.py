"""Carries a simulated venue's brain: REST and WebSocket on one port, over TCP, TLS or memory. Knows no venue's words.

One task owns the brain, so it is never entered twice. Every connection is a task that hands inputs to that one and
waits for its own answer; the brain's messages go into a bounded queue per session, and a session that lets it overflow
is dropped without the others noticing.
"""

from __future__ import annotations

import itertools
from collections.abc import Awaitable, Callable, Iterable, Iterator, Sequence
from contextlib import suppress
from typing import Any, Final, Generic, TypeVar, cast

import h11
import trio
from attrs import define, field, frozen
from trio_websocket import ConnectionClosed, WebSocketConnection, wrap_server_stream
from wsproto.utilities import ProtocolError

from protocol.simulation.exchange import (
    Accept,
    Acted,
    Close,
    Exchange,
    ExchangeInput,
    Gone,
    HearsPings,
    HttpReply,
    HttpRequest,
    Output,
    Pinged,
    Received,
    Refuse,
    Requested,
    SessionNumber,
    Tell,
    Ticked,
    Upgraded,
)
from protocol.values import Instant

from ..net.http_conversation import HttpConversation, is_valid_upgrade, is_websocket_request
from ..net.pushback_stream import PushbackStream
from ..plumbing.channels import receive_until
from ..plumbing.clock import Clock, seconds

__all__ = ["VenueServer", "serve_exchange"]

E = TypeVar("E", bound=Exchange)

OUTGOING_LIMIT: Final = 100_000
"""Messages that may wait for a session whose client does not read."""
CLOSE_TIMEOUT: Final = 2.0
"""Seconds that a client has to take what is left and answer our Close frame."""
HANDSHAKE_TIMEOUT: Final = 5.0
MESSAGE_LIMIT: Final = 1024 * 1024
READ_SIZE: Final = 65536
PONG: Final = b"\x8a"
"""How an unmasked pong frame begins (RFC 6455, 5.2)."""

CLIENT_FAILURES: Final = (
    ConnectionClosed,
    ProtocolError,
    h11.RemoteProtocolError,
    UnicodeError,
    trio.BrokenResourceError,
    trio.ClosedResourceError,
)
"""What a client that breaks off, or sends garbage, makes the libraries raise."""


@define(eq=False)
class _Session:
    """What the brain's task knows of one connection that became a WebSocket."""

    outgoing: trio.MemorySendChannel[Output]
    connection: trio.CancelScope  # canceled to drop the connection
    number: SessionNumber | None = None  # once the brain was asked
    ending: bool = False  # nothing more goes to it or counts from it

    def put(self, output: Output) -> None:
        if self.ending:
            return
        try:
            self.outgoing.send_nowait(output)
        except trio.WouldBlock:
            self.drop()
        except trio.BrokenResourceError:
            self.ending = True  # its connection has ended; the news is on its way
        if isinstance(output, Close):
            self.ending = True
            self.connection.deadline = trio.current_time() + CLOSE_TIMEOUT

    def drop(self) -> None:
        self.ending = True
        self.connection.cancel()


@frozen
class _AskUpgrade:
    request: HttpRequest
    session: _Session
    reply_to: trio.MemorySendChannel[Accept | Refuse]


@frozen
class _AskReply:
    request: HttpRequest
    reply_to: trio.MemorySendChannel[HttpReply]


@frozen
class _Act(Generic[E]):
    action: Callable[[E, Instant], Iterable[Output]]
    reply_to: trio.MemorySendChannel[Exception | None]


@frozen
class _Ended:
    """The connection of a session, accepted or not, is closed."""

    session: _Session


_Item = _AskUpgrade | _AskReply | _Act[Any] | Received | Pinged | _Ended


@define(eq=False)
class _Brain(Generic[E]):
    """The exchange and its sessions. Only `run_brain` touches it."""

    exchange: E
    clock: Clock
    on_input: Callable[[ExchangeInput, Instant], None] | None
    sessions: dict[SessionNumber, _Session] = field(factory=dict, init=False)
    numbers: Iterator[int] = field(factory=lambda: itertools.count(1), init=False)

    def tick_if_due(self) -> None:
        now = self.clock.now()
        due = self.exchange.next_due
        if due is None or due > now.monotonic_ns:
            return
        self._note(Ticked(), now)
        self._route(self.exchange.tick(now))
        due = self.exchange.next_due
        if due is not None and due <= now.monotonic_ns:
            raise RuntimeError("After tick(now) the exchange still has something due by now; it would tick for ever.")

    def take(self, item: _Item) -> None:
        now = self.clock.now()
        match item:
            case Received():
                session = self.sessions.get(item.session)
                if session is not None and not session.ending:
                    self._note(item, now)
                    self._route(self.exchange.receive(item.session, item.message, now))
            case Pinged():
                session, exchange = self.sessions.get(item.session), cast(object, self.exchange)
                if session is not None and not session.ending and isinstance(exchange, HearsPings):
                    self._note(item, now)
                    exchange.pinged(item.session, now)
            case _Ended():
                number = item.session.number
                if number is not None and self.sessions.pop(number, None) is not None:
                    self._note(Gone(number), now)
                    self._route(self.exchange.gone(number, now))
            case _AskReply():
                self._note(Requested(item.request), now)
                reply, outputs = self.exchange.request(item.request, now)
                _answer(item.reply_to, reply)
                self._route(outputs)
            case _AskUpgrade():
                self._upgrade(item, now)
            case _Act():
                self._act(item, now)

    def _upgrade(self, item: _AskUpgrade, now: Instant) -> None:
        session = item.session
        number = session.number = SessionNumber(next(self.numbers))
        self._note(Upgraded(number, item.request), now)
        decision, outputs = self.exchange.upgrade(number, item.request, now)
        if isinstance(decision, Accept):
            self.sessions[number] = session
        _answer(item.reply_to, decision)
        self._route(outputs)

    def _act(self, item: _Act[E], now: Instant) -> None:
        self._note(Acted(getattr(item.action, "__name__", "action")), now)
        try:
            outputs = item.action(self.exchange, now)
        except Exception as error:  # noqa: BLE001 - raised where the action was asked for
            _answer(item.reply_to, error)
        else:
            self._route(outputs)
            _answer(item.reply_to, None)

    def _route(self, outputs: Iterable[Output]) -> None:
        for output in outputs:
            session = self.sessions.get(output.session)
            if session is not None:  # else it went away in the same moment
                session.put(output)

    def _note(self, row: ExchangeInput, now: Instant) -> None:
        if self.on_input is not None:
            self.on_input(row, now)


async def run_brain(brain: _Brain[Any], inbox: trio.MemoryReceiveChannel[_Item]) -> None:
    """Receives from every connection and from `act`; waits for nothing else. Ends when it is canceled."""
    with inbox:
        while True:
            due = brain.exchange.next_due
            item = await receive_until(inbox, None if due is None else seconds(due))
            brain.tick_if_due()  # what was due before an input comes before it
            if item is not None:
                brain.take(item)


def _answer(reply_to: trio.MemorySendChannel[Any], value: object) -> None:
    with reply_to, suppress(trio.BrokenResourceError):  # the caller may have gone
        reply_to.send_nowait(value)


class VenueServer(Generic[E]):
    """A running server, in the hands of the program that started it."""

    def __init__(self, to_brain: trio.MemorySendChannel[_Item], websocket_path: str, outgoing_limit: int) -> None:
        self._to_brain = to_brain
        self._websocket_path = websocket_path
        self._outgoing_limit = outgoing_limit
        self._connections: set[trio.CancelScope] = set()

    async def act(self, action: Callable[[E, Instant], Iterable[Output]]) -> None:
        """Runs `action(exchange, now)` between two inputs and sends what it returns. Raises what the action raises."""
        reply_to, reply = trio.open_memory_channel[Exception | None](1)
        with reply:
            await self._to_brain.send(_Act(action, reply_to))
            error = await reply.receive()
        if error is not None:
            raise error

    def drop_connections(self) -> None:
        """Cuts every connection, REST and WebSocket, without a word; new ones are still accepted."""
        for connection in self._connections:
            connection.cancel()

    async def serve_connection(self, stream: trio.abc.Stream) -> None:
        """One client, from its first byte to the last; closes the stream."""
        connection = _Connection(stream, self._to_brain, self._websocket_path, self._outgoing_limit)
        try:
            with connection.scope:
                self._connections.add(connection.scope)
                await connection.run()
        finally:
            self._connections.discard(connection.scope)
            with trio.CancelScope(shield=True):  # it never blocks, and a cancellation would take an interrupt's place
                await trio.aclose_forcefully(stream)
        if connection.session is not None:
            await self._to_brain.send(_Ended(connection.session))


class _PongStream(PushbackStream):
    """trio-websocket answers a ping in silence; but it sends frame by frame, and a pong shows by its first
    byte."""

    def __init__(self, stream: trio.abc.Stream, start: bytes, on_pong: Callable[[], Awaitable[None]]) -> None:
        super().__init__(stream, start)
        self._on_pong = on_pong

    async def send_all(self, data: bytes | bytearray | memoryview) -> None:
        if data[:1] == PONG:
            await self._on_pong()
        await super().send_all(data)


class _Connection:
    """One client's connection: HTTP at first, perhaps a WebSocket later."""

    def __init__(
        self,
        stream: trio.abc.Stream,
        to_brain: trio.MemorySendChannel[_Item],
        websocket_path: str,
        outgoing_limit: int,
    ) -> None:
        self.scope = trio.CancelScope()
        self.session: _Session | None = None
        self._closing = False  # our own Close handshake is under way
        self._stream = stream
        self._to_brain = to_brain
        self._websocket_path = websocket_path
        self._outgoing_limit = outgoing_limit

    async def run(self) -> None:
        http = HttpConversation(self._stream)
        try:
            while (request := await http.next_request()) is not None:
                if is_websocket_request(request, self._websocket_path):
                    await self._upgrade(http, request)
                    return
                await http.reply(await self._ask_reply(request))
        except* CLIENT_FAILURES:
            pass  # the client's business; the brain hears of a session's end from serve_connection

    async def _ask_reply(self, request: HttpRequest) -> HttpReply:
        reply_to, reply = trio.open_memory_channel[HttpReply](1)
        with reply:
            await self._to_brain.send(_AskReply(request, reply_to))
            return await reply.receive()

    async def _upgrade(self, http: HttpConversation, request: HttpRequest) -> None:
        if not is_valid_upgrade(request):
            await http.refuse(HttpReply(status=400, body=b'{"error":"not a valid WebSocket upgrade"}'))
            return
        outgoing, to_tell = trio.open_memory_channel[Output](self._outgoing_limit)
        session = _Session(outgoing, self.scope)
        reply_to, reply = trio.open_memory_channel[Accept | Refuse](1)
        with to_tell, reply:
            self.session = session  # from here on the brain may know it, and hears when it is gone
            await self._to_brain.send(_AskUpgrade(request, session, reply_to))
            decision = await reply.receive()
            if isinstance(decision, Refuse):
                await http.refuse(decision.reply)
            else:
                await self._talk(_PongStream(self._stream, http.given_back(), self._pinged), session, to_tell)

    async def _pinged(self) -> None:
        assert self.session is not None  # pings come on open WebSockets
        assert self.session.number is not None
        await self._to_brain.send(Pinged(self.session.number))

    async def _talk(
        self, stream: trio.abc.Stream, session: _Session, to_tell: trio.MemoryReceiveChannel[Output]
    ) -> None:
        async with trio.open_nursery() as nursery:
            with trio.move_on_after(HANDSHAKE_TIMEOUT):
                request = await wrap_server_stream(
                    nursery, stream, max_message_size=MESSAGE_LIMIT, receive_buffer_size=READ_SIZE
                )
                websocket = await request.accept()
                nursery.start_soon(self._tell, websocket, to_tell)
                nursery.start_soon(self._hear, websocket, session)
                return  # ends with the children
            nursery.cancel_scope.cancel()

    async def _hear(self, websocket: WebSocketConnection, session: _Session) -> None:
        """Hands the client's messages to the brain; the client's end is the connection's."""
        assert session.number is not None  # it was given with the answer to the upgrade
        try:
            while True:
                await self._to_brain.send(Received(session.number, await websocket.get_message()))
        except ConnectionClosed:
            if not self._closing:
                self.scope.cancel()

    async def _tell(self, websocket: WebSocketConnection, to_tell: trio.MemoryReceiveChannel[Output]) -> None:
        """Sends what the brain says, in order, and ends the connection when it says so."""
        async for output in to_tell:
            if isinstance(output, Tell):
                await websocket.send_message(output.message)
            else:
                self._closing = True
                if output.code is not None:
                    await websocket.aclose(output.code, output.reason or None)
                self.scope.cancel()


async def serve_exchange(
    exchange: E,
    listeners: Sequence[trio.abc.Listener[Any]],
    *,
    clock: Clock | None = None,
    on_input: Callable[[ExchangeInput, Instant], None] | None = None,
    outgoing_limit: int = OUTGOING_LIMIT,
    task_status: trio.TaskStatus[VenueServer[E]] = trio.TASK_STATUS_IGNORED,
) -> None:
    """Serves the exchange until canceled; starts with a `VenueServer`. Closes the listeners and every connection.

    clock: where `now` comes from; on_input: called with every input, in order, before the brain gets it;
    outgoing_limit: messages that may wait for one session before it is dropped.
    """
    to_brain, inbox = trio.open_memory_channel[_Item](64)
    server: VenueServer[E] = VenueServer(to_brain, exchange.websocket_path, outgoing_limit)
    async with trio.open_nursery() as nursery:
        nursery.start_soon(run_brain, _Brain(exchange, clock or Clock(), on_input), inbox)
        await nursery.start(trio.serve_listeners, server.serve_connection, listeners)
        task_status.started(server)
