"""Who ended a connection: the venue, whose Close, FIN or reset was seen, or we and the network.

At AX it decides how soon "no such order" proves that a placement never arrived.
"""

from __future__ import annotations

import errno
import socket as sockets
import struct
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager

import pytest
import trio
from trio.testing import MockClock

from actors import NotSent, OrderStatus, events, open_client
from actors.net.connectors import MemoryConnector, TcpConnector
from actors.net.memory_stream import MemoryListener
from actors.websocket import Socket, SocketClosed, open_socket
from protocol.simulation.faults import Fault, FaultKind
from protocol.venue import Upgrade

from ..chosen_websocket import chosen_websocket
from ..trading import WrappedConnector, config_for, open_quiet_venue, sell, trading, until
from ..websocket_peer import BINARY, Peer, close_frame, frame, until_closed

pytestmark = pytest.mark.usefixtures("each_websocket")

Act = Callable[[trio.abc.HalfCloseableStream], Awaitable[None]]


async def fin(stream: trio.abc.HalfCloseableStream) -> None:
    await stream.send_eof()


async def close(stream: trio.abc.HalfCloseableStream) -> None:
    await stream.send_all(close_frame(1001, "restart"))


async def close_with_a_code_that_the_library_does_not_know(stream: trio.abc.HalfCloseableStream) -> None:
    await stream.send_all(close_frame(1014, "gateway"))


async def break_the_protocol(stream: trio.abc.HalfCloseableStream) -> None:
    await stream.send_all(frame(BINARY, b"x", rsv=4))


async def reset(stream: trio.abc.HalfCloseableStream) -> None:
    """As a host does that knows nothing of the connection any more."""
    assert isinstance(stream, trio.SocketStream)
    stream.setsockopt(sockets.SOL_SOCKET, sockets.SO_LINGER, struct.pack("ii", 1, 0))
    await trio.aclose_forcefully(stream)


@asynccontextmanager
async def over_memory() -> AsyncIterator[tuple[Socket, trio.abc.HalfCloseableStream]]:
    listener = MemoryListener()
    async with trio.open_nursery() as nursery:
        ends: list[Peer] = []

        async def accept() -> None:
            peer = Peer(await listener.accept())
            await peer.read_request()
            ends.append(peer)
            await peer.send(peer.acceptance())

        nursery.start_soon(accept)
        async with open_socket(
            Upgrade(url="ws://venue", headers=[]), MemoryConnector(listener), websocket=chosen_websocket()
        ) as socket:
            yield socket, ends[0].stream


@asynccontextmanager
async def over_tcp() -> AsyncIterator[tuple[Socket, trio.abc.HalfCloseableStream]]:
    (listener,) = await trio.open_tcp_listeners(0, host="127.0.0.1")
    port = listener.socket.getsockname()[1]
    async with trio.open_nursery() as nursery:
        ends: list[trio.SocketStream] = []

        async def accept() -> None:
            stream = await listener.accept()
            peer = Peer(stream)  # type: ignore[arg-type]  # of which it uses what every stream has
            await peer.read_request()
            ends.append(stream)
            await peer.send(peer.acceptance())

        nursery.start_soon(accept)
        url = f"ws://127.0.0.1:{port}/"
        async with (
            listener,
            open_socket(Upgrade(url=url, headers=[]), TcpConnector(), websocket=chosen_websocket()) as socket,
        ):
            yield socket, ends[0]
            await trio.aclose_forcefully(ends[0])


@pytest.mark.parametrize("act", [fin, close, close_with_a_code_that_the_library_does_not_know])
@pytest.mark.parametrize("link", [over_memory, over_tcp])
async def test_a_close_frame_or_the_end_of_its_bytes_is_the_venues_own_ending(
    link: Callable[[], object], act: Act
) -> None:
    async with link() as (socket, theirs):  # type: ignore[attr-defined]
        await act(theirs)
        _, closed = await until_closed(socket)
        assert closed.by_peer


async def test_a_reset_is_the_venues_own_ending() -> None:
    async with over_tcp() as (socket, theirs):
        await reset(theirs)
        _, closed = await until_closed(socket)
        assert closed.by_peer


async def test_a_reset_that_a_write_meets_first_is_the_venues_own_ending_too() -> None:
    async with over_tcp() as (socket, theirs):
        await reset(theirs)
        await trio.sleep(0.05)
        with pytest.raises(SocketClosed):
            for _ in range(10):
                await socket.send("hello")
                await trio.sleep(0.01)
        _, closed = await until_closed(socket)
        assert closed.by_peer


@pytest.mark.parametrize("link", [over_memory, over_tcp])
async def test_a_connection_that_we_drop_was_not_ended_by_the_venue(link: Callable[[], object]) -> None:
    async with link() as (socket, _):  # type: ignore[attr-defined]
        socket.abort()
        _, closed = await until_closed(socket)
        assert not closed.by_peer


@pytest.mark.parametrize("link", [over_memory, over_tcp])
async def test_a_broken_rule_for_which_we_close_is_no_ending_by_the_venue(link: Callable[[], object]) -> None:
    async with link() as (socket, theirs):  # type: ignore[attr-defined]
        await break_the_protocol(theirs)
        _, closed = await until_closed(socket)
        assert (closed.violation, closed.by_peer) == (True, False)


class Broken(trio.abc.Stream):
    """Passes on until the system gives the connection up with this error; to whoever asks again it has just ended."""

    def __init__(self, stream: trio.abc.Stream, error: OSError, *, at_write: bool) -> None:
        self.stream = stream
        self.error = error
        self.at_write = at_write
        self.is_broken = trio.Event()

    async def send_all(self, data: bytes | bytearray | memoryview) -> None:
        if data[0] == 0x81 and self.at_write:
            self.is_broken.set()
            raise trio.BrokenResourceError from self.error
        await self.stream.send_all(data)

    async def wait_send_all_might_not_block(self) -> None:
        await self.stream.wait_send_all_might_not_block()

    async def receive_some(self, max_bytes: int | None = None) -> bytes:
        with trio.CancelScope() as scope:
            async with trio.open_nursery() as nursery:

                async def wait() -> None:
                    await self.is_broken.wait()
                    scope.cancel()

                nursery.start_soon(wait)
                data = bytes(await self.stream.receive_some(max_bytes))
                nursery.cancel_scope.cancel()
                return data
        if self.at_write:
            return b""
        raise trio.BrokenResourceError from self.error

    async def aclose(self) -> None:
        await self.stream.aclose()


@pytest.mark.parametrize("at_write", [True, False])
@pytest.mark.parametrize("number", [errno.ETIMEDOUT, errno.EHOSTUNREACH, errno.ENETDOWN])
async def test_what_the_network_or_our_own_system_ends_is_not_ended_by_the_venue(number: int, at_write: bool) -> None:
    listener = MemoryListener()
    streams: list[Broken] = []

    def wrap(stream: trio.abc.Stream) -> trio.abc.Stream:
        streams.append(Broken(stream, OSError(number, "gone"), at_write=at_write))
        return streams[-1]

    async def accept() -> None:
        peer = Peer(await listener.accept())
        await peer.read_request()
        await peer.send(peer.acceptance())
        await peer.read_rest()

    async with trio.open_nursery() as nursery:
        nursery.start_soon(accept)
        connector = WrappedConnector(MemoryConnector(listener), wrap)
        async with open_socket(
            Upgrade(url="ws://venue", headers=[]), connector, websocket=chosen_websocket()
        ) as socket:
            if at_write:
                with pytest.raises(SocketClosed):
                    await socket.send("hello")
            else:
                streams[-1].is_broken.set()
            _, closed = await until_closed(socket)
            assert not closed.by_peer
        nursery.cancel_scope.cancel()


# What follows for an order at AX


async def test_five_seconds_after_the_venue_ended_its_connection_a_placement_counts_as_never_arrived(
    autojump_clock: MockClock,
) -> None:
    async with trading(Fault(kind=FaultKind.DROP_BEFORE, nth=1)) as (venue, client, stream):
        order = await client.submit(sell())
        lost_at = trio.current_time()
        await until(stream, events.Denied)
        assert 5 <= trio.current_time() - lost_at < 20
        with pytest.raises(NotSent, match="never"):
            await order.accepted()
        assert venue.exchange.engine.orders == {}


class Hole:
    """A line of which no byte arrives any more, in either direction, from `open` on; new lines are sound."""

    def __init__(self) -> None:
        self.streams: list[Swallowed] = []

    def __call__(self, stream: trio.abc.Stream) -> trio.abc.Stream:
        self.streams.append(Swallowed(stream))
        return self.streams[-1]

    def open(self) -> None:
        for stream in self.streams:
            stream.is_dead = True


class Swallowed(trio.abc.Stream):
    def __init__(self, stream: trio.abc.Stream) -> None:
        self.stream = stream
        self.is_dead = False

    async def send_all(self, data: bytes | bytearray | memoryview) -> None:
        if not self.is_dead:
            await self.stream.send_all(data)

    async def wait_send_all_might_not_block(self) -> None:
        await self.stream.wait_send_all_might_not_block()

    async def receive_some(self, max_bytes: int | None = None) -> bytes:
        data = bytes(await self.stream.receive_some(max_bytes))
        if self.is_dead:
            await trio.sleep_forever()
        return data

    async def aclose(self) -> None:
        await self.stream.aclose()


async def test_a_connection_that_we_gave_up_may_still_bring_the_venue_a_placement_for_a_minute(
    autojump_clock: MockClock,
) -> None:
    hole = Hole()
    async with open_quiet_venue() as venue:
        assert venue.connector is not None
        connector = WrappedConnector(venue.connector, hole)
        async with open_client(config_for(venue, connector=connector)) as client:
            with client.events() as stream:
                await until(stream, events.Reconciled)
                hole.open()
                order = await client.submit(sell())
                placed_at = trio.current_time()
                await until(stream, events.Reconciled)
                assert trio.current_time() - placed_at < 60, "it is back long before"
                assert (await order.state()).status is OrderStatus.UNKNOWN
                await until(stream, events.Denied)
                assert trio.current_time() - placed_at >= 60
