"""An open socket of either transport, and at the other end of a memory stream a peer that is a script."""

from __future__ import annotations

from collections.abc import AsyncIterator, Awaitable, Callable, Sequence
from contextlib import AbstractAsyncContextManager, asynccontextmanager, suppress
from typing import Any, Protocol

import pytest
import trio
from attrs import frozen
from trio.testing import MockClock, wait_all_tasks_blocked

from actors.net.memory_stream import MemoryStream
from actors.websocket import Implementation, Socket, SocketClosed, open_socket

from ..chosen_websocket import IMPLEMENTATIONS
from ..websocket_peer import UPGRADE, Peer, Venue
from .wire import CLOSE, ClientFrame, ClientFrames

Transport = Implementation
TRANSPORTS = IMPLEMENTATIONS
Message = str | bytes


class ScriptedPeer(Peer):
    """The venue's end of one connection. It reads strictly: a frame that a client must not send is an AssertionError.

    One task writes, one task reads.
    """

    def __init__(self, stream: MemoryStream) -> None:
        super().__init__(stream)
        self.frames = ClientFrames()
        self._read: list[ClientFrame] = []

    async def trickle(self, data: bytes, size: int = 1) -> None:
        """In writes of `size` bytes, each of which the client has dealt with before the next; until it has gone."""
        with suppress(trio.BrokenResourceError):
            for start in range(0, len(data), size):
                await self.stream.send_all(data[start : start + size])
                await wait_all_tasks_blocked()

    async def read_frame(self) -> tuple[int, bytes] | None:
        received = await self.read_client_frame()
        return None if received is None else (received.opcode, received.payload)

    async def read_client_frame(self) -> ClientFrame | None:
        """None at the end of the stream."""
        while not self._read:
            data = await self.stream.receive_some()
            if not data:
                return None
            self._read += self.frames.read(data)
        return self._read.pop(0)


class Link(Protocol):
    def __call__(
        self,
        first: bytes = b"",
        *,
        capacity: int = 65536,
        max_message_size: int = 100_000,
        statements: tuple[str, ...] = (),
    ) -> AbstractAsyncContextManager[tuple[Socket, ScriptedPeer]]: ...


@frozen
class Ending:
    """What a SocketClosed promises, other than its reason."""

    code: int | None
    violation: bool = False
    begun: bool = False
    ours: bool = False
    by_peer: bool = False

    @classmethod
    def of(cls, closed: SocketClosed) -> Ending:
        return cls(closed.code, closed.violation, closed.begun, closed.ours, closed.by_peer)


def opened(transport: Transport, venue: Venue, **settings: Any) -> AbstractAsyncContextManager[Socket]:
    """The one place that chooses a transport."""
    return open_socket(UPGRADE, venue, websocket=transport, **settings)


@asynccontextmanager
async def linked(
    transport: Transport,
    first: bytes = b"",
    *,
    capacity: int = 65536,
    max_message_size: int = 100_000,
    statements: tuple[str, ...] = (),
) -> AsyncIterator[tuple[Socket, ScriptedPeer]]:
    """An open socket and its peer; `first` comes in one write with the acceptance. Afterwards nothing may be open."""
    venue = Venue(capacity)
    peers: list[ScriptedPeer] = []

    async def accept() -> None:
        peer = ScriptedPeer(await venue.listener.accept())
        await peer.read_request()
        peers.append(peer)
        await peer.send(peer.acceptance(), first)

    async with trio.open_nursery() as nursery:
        nursery.start_soon(accept)
        async with opened(transport, venue, max_message_size=max_message_size, statements=statements) as socket:
            yield socket, peers[0]
    await venue.assert_closed()


async def failure_to_open(transport: Transport, play: Callable[[ScriptedPeer], Awaitable[None]]) -> Exception:
    """What open_socket raises when the venue does `play`; nothing may leak, and no token may show."""
    venue = Venue()

    async def accept() -> None:
        peer = ScriptedPeer(await venue.listener.accept())
        await peer.read_request()
        with suppress(trio.BrokenResourceError):
            await play(peer)

    async with trio.open_nursery() as nursery:
        nursery.start_soon(accept)
        with pytest.raises(OSError) as failure:
            async with opened(transport, venue):
                pytest.fail("it opened")
        nursery.cancel_scope.cancel()
    await venue.assert_closed()
    error: BaseException | None = failure.value
    while error is not None:
        assert "sesame11" not in repr(error)
        error = error.__cause__ or error.__context__
    return failure.value


async def drained(socket: Socket) -> tuple[list[Message], SocketClosed]:
    """Every message, and how it ended."""
    messages: list[Message] = []
    while True:
        try:
            batch = await socket.receive_batch()
        except SocketClosed as closed:
            return messages, closed
        assert 1 <= len(batch) <= 64
        messages += batch


async def received(socket: Socket, count: int) -> list[Message]:
    """So many messages, however they are divided into batches."""
    messages: list[Message] = []
    while len(messages) < count:
        messages += await socket.receive_batch()
    return messages


async def receive_within(socket: Socket, turns: int) -> list[Message]:
    """A batch; [] if it took more turns."""
    batch: list[Message] = []
    async with trio.open_nursery() as nursery:

        async def give_up() -> None:
            for _ in range(turns):
                await trio.lowlevel.checkpoint()
            nursery.cancel_scope.cancel()

        nursery.start_soon(give_up)
        with suppress(SocketClosed):  # the next call says so again
            batch = await socket.receive_batch()
        nursery.cancel_scope.cancel()
    return batch


async def assert_violation(
    link: AbstractAsyncContextManager[tuple[Socket, ScriptedPeer]],
    offence: bytes,
    code: int,
    *,
    size: int | None = None,
    before: tuple[bytes, Sequence[Message]] = (b"", ()),
) -> SocketClosed:
    """The peer sends what is in order, then the offence. size: bytes of a write; None: everything is one.

    Messages before it come out, none after it; it is a violation with this code, which the peer hears in a Close frame
    once; the client is the one that ends the connection, within its patience.
    """
    good, messages = before
    async with link as (socket, peer), trio.open_nursery() as nursery:
        sent = good + offence
        nursery.start_soon(peer.trickle, sent, size or len(sent))
        begun = trio.current_time()
        with trio.fail_after(1):
            came, closed = await drained(socket)
            assert came == list(messages)
            assert Ending.of(closed) == Ending(code, violation=True)
            assert "broke the protocol" in str(closed)
            assert str(closed).endswith(".")
            assert trio.current_time() - begun <= 0.025, "two lingers at most"
            with pytest.raises(SocketClosed) as again:
                await socket.receive_batch()
            assert Ending.of(again.value) == Ending.of(closed)
            with pytest.raises(SocketClosed) as refused:
                await socket.send("too late")
            assert Ending.of(refused.value) == Ending.of(closed)
            socket.abort()
            frames = await peer.read_rest()
    assert [payload[:2] for opcode, payload in frames if opcode == CLOSE] == [code.to_bytes(2, "big")]
    return closed


def in_virtual_time(function: Callable[..., Awaitable[Any]], *arguments: Any) -> Any:
    """Runs it until it returns; where nothing but time can help, time passes."""
    return trio.run(function, *arguments, clock=MockClock(autojump_threshold=0))
