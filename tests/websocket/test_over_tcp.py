"""The same over real connections, with and without TLS, where a stream of ours stands on the socket itself.

What hangs on the stream: how waiting calls are ended, what is lost by it, and what reaches the peer at the end.
"""

from __future__ import annotations

import socket as sockets
import ssl
import struct
from collections.abc import AsyncIterator, Callable
from contextlib import AbstractAsyncContextManager, asynccontextmanager, suppress
from functools import partial
from typing import Any, cast

import pytest
import trio
import trustme
from trio.testing import wait_all_tasks_blocked

from actors.net.connectors import TcpConnector
from actors.websocket import Socket, SocketClosed, open_socket
from protocol.venue import Upgrade

from .rig import Ending, Message, ScriptedPeer, Transport, drained, receive_within, received
from .wire import BINARY, CLOSE, PING, PONG, TEXT, close_frame, frame

Linked = Callable[[], AbstractAsyncContextManager[tuple[Socket, ScriptedPeer]]]
OURS = Ending(None, ours=True)
OUR_CLOSE = (CLOSE, (1000).to_bytes(2, "big"))
HOST = "127.0.0.1"
MORE_THAN_FITS = 8_000_000
"""Bytes that no buffers of the system take together."""


@asynccontextmanager
async def linked_over_tcp(
    transport: Transport, server: ssl.SSLContext | None, client: ssl.SSLContext | None
) -> AsyncIterator[tuple[Socket, ScriptedPeer]]:
    listeners = await trio.open_tcp_listeners(0, host=HOST)
    port = listeners[0].socket.getsockname()[1]
    upgrade = Upgrade(url=f"{'wss' if server else 'ws'}://{HOST}:{port}/", headers=[])
    peers: list[ScriptedPeer] = []

    async def accept() -> None:
        stream: trio.abc.Stream = await listeners[0].accept()
        if server is not None:
            stream = trio.SSLStream(stream, server, server_side=True, https_compatible=True)
        peer = ScriptedPeer(cast(Any, stream))
        await peer.read_request()
        peers.append(peer)
        await peer.send(peer.acceptance())

    with trio.fail_after(30):
        async with listeners[0], trio.open_nursery() as nursery:
            nursery.start_soon(accept)
            try:
                async with open_socket(upgrade, TcpConnector(ssl_context=client), websocket=transport) as socket:
                    yield socket, peers[0]
            finally:
                for peer in peers:
                    await trio.aclose_forcefully(peer.stream)


async def until_it_writes(socket: Socket) -> None:
    while socket.writing_since is None:
        await trio.lowlevel.checkpoint()
    await trio.sleep(0.02)


@pytest.fixture(scope="session")
def contexts() -> tuple[ssl.SSLContext, ssl.SSLContext]:
    """Of the server and of the client."""
    authority = trustme.CA()
    server = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
    authority.issue_cert(HOST).configure_cert(server)
    client = ssl.create_default_context()
    authority.configure_trust(client)
    return server, client


@pytest.fixture(params=["tcp", "tls"], scope="session")
def line(
    request: pytest.FixtureRequest, transport: Transport, contexts: tuple[ssl.SSLContext, ssl.SSLContext]
) -> Linked:
    return partial(linked_over_tcp, transport, *(contexts if request.param == "tls" else (None, None)))


async def test_messages_go_both_ways_and_pings_are_answered(line: Linked) -> None:
    async with line() as (socket, peer):
        await peer.send(frame(TEXT, "a"), frame(PING, b"p"), frame(BINARY, b"b"))
        assert await received(socket, 2) == ["a", b"b"]
        assert await peer.read_frame() == (PONG, b"p")
        for text in ("", "ü" * 70, "x" * 70_000):
            await socket.send(text)
            assert await peer.read_frame() == (TEXT, text.encode())


async def test_more_than_the_buffers_take_goes_both_ways_at_once(line: Linked) -> None:
    async with line() as (socket, peer), trio.open_nursery() as nursery:
        nursery.start_soon(socket.send, "x" * MORE_THAN_FITS)
        nursery.start_soon(peer.send, frame(BINARY, bytes(MORE_THAN_FITS)))
        received_by_us: list[Message] = []

        async def receive() -> None:
            received_by_us.extend(await socket.receive_batch())

        nursery.start_soon(receive)
        sent = await peer.read_frame()
        assert sent is not None
        assert (sent[0], len(sent[1])) == (TEXT, MORE_THAN_FITS)
        while not received_by_us:
            await trio.lowlevel.checkpoint()
        assert [len(message) for message in received_by_us] == [MORE_THAN_FITS]


async def test_receives_that_are_canceled_lose_nothing(line: Linked) -> None:
    expected = [f"message {number} " + "x" * (number % 7 * 100) for number in range(60)]
    async with line() as (socket, peer), trio.open_nursery() as nursery:

        async def write() -> None:
            sent = b"".join(frame(TEXT, text) for text in expected)
            for start in range(0, len(sent), 333):
                await peer.send(sent[start : start + 333])

        nursery.start_soon(write)
        came: list[Message] = []
        while len(came) < len(expected):
            came += await receive_within(socket, len(came) % 4)
            came += await receive_within(socket, 200)
        assert came == expected


async def test_close_wakes_a_task_that_waits_and_the_peer_sees_close_and_fin(line: Linked) -> None:
    async with line() as (socket, peer), trio.open_nursery() as nursery:
        endings: list[Ending] = []

        async def wait() -> None:
            endings.append(Ending.of((await drained(socket))[1]))

        async def answer() -> None:
            assert await peer.read_frame() == OUR_CLOSE
            while not endings:
                await trio.lowlevel.checkpoint()
            await peer.send(frame(TEXT, "late"), close_frame(1000))
            assert await peer.read_rest() == []

        nursery.start_soon(wait)
        await wait_all_tasks_blocked()
        nursery.start_soon(answer)
        await socket.close(linger=5)
        assert endings == [OURS]


async def test_close_behind_a_frame_that_is_stuck_comes_whole_behind_it(line: Linked) -> None:
    """A task that waits to receive is sent away meanwhile: the one that sends must not be."""
    async with line() as (socket, peer), trio.open_nursery() as nursery:

        async def ignore_the_end() -> None:
            with pytest.raises(SocketClosed):
                await socket.receive_batch()

        async def send() -> None:
            try:
                await socket.send("x" * MORE_THAN_FITS)
            except SocketClosed as closed:
                assert closed.ours  # noqa: PT017 - either is fine: it was whole, or we closed meanwhile

        nursery.start_soon(ignore_the_end)
        nursery.start_soon(send)
        await until_it_writes(socket)
        nursery.start_soon(socket.close)
        await trio.sleep(0.05)
        first = await peer.read_frame()
        assert first is not None
        assert (first[0], len(first[1])) == (TEXT, MORE_THAN_FITS)
        assert await peer.read_frame() == OUR_CLOSE
        await peer.send(close_frame(1000))


async def test_abort_ends_calls_that_wait_in_both_directions(line: Linked) -> None:
    async with line() as (socket, _), trio.open_nursery() as nursery:
        endings: list[Ending] = []

        async def end(call: Callable[[], Any]) -> None:
            with pytest.raises(SocketClosed) as closed:
                await call()
            endings.append(Ending.of(closed.value))

        nursery.start_soon(end, socket.receive_batch)
        nursery.start_soon(end, partial(socket.send, "x" * MORE_THAN_FITS))
        await until_it_writes(socket)
        socket.abort()
        while len(endings) < 2:
            await trio.sleep(0.01)
        assert sorted(endings, key=lambda ending: ending.begun) == [Ending(None), Ending(None, begun=True)]


async def test_a_send_canceled_inside_its_frame_cuts_the_connection(line: Linked) -> None:
    async with line() as (socket, peer):
        async with trio.open_nursery() as nursery:
            nursery.start_soon(socket.send, "x" * MORE_THAN_FITS)
            await until_it_writes(socket)
            nursery.cancel_scope.cancel()
        with pytest.raises(SocketClosed) as closed:
            await socket.send("next")
        assert Ending.of(closed.value) == Ending(None)
        rest: list[tuple[int, bytes]] = []
        with suppress(trio.BrokenResourceError):  # a reset is as good as a FIN
            rest += await peer.read_rest()
        assert rest == [], "neither the whole frame nor another one behind half of it"


async def test_a_broken_rule_is_named_to_a_peer_that_goes_on_sending(line: Linked) -> None:
    """To close with bytes unread is a reset, which would take our Close frame from the peer."""
    async with line() as (socket, peer):
        await peer.send(frame(TEXT, "before"), frame(3, "x"))
        await peer.send(frame(TEXT, "x" * 1000) * 20)
        messages, closed = await drained(socket)
        assert messages == ["before"]
        assert Ending.of(closed) == Ending(1002, violation=True)
        socket.abort()
        answer = await peer.read_frame()
        assert answer is not None
        assert (answer[0], answer[1][:2]) == (CLOSE, (1002).to_bytes(2, "big"))


async def test_a_close_of_the_peer_is_answered(line: Linked) -> None:
    async with line() as (socket, peer):
        await peer.send(frame(TEXT, "a"), close_frame(1001, "bye"))
        messages, closed = await drained(socket)
        assert messages == ["a"]
        assert (Ending.of(closed), closed.reason) == (Ending(1001, by_peer=True), "bye")
        answer = await peer.read_frame()
        assert answer is not None
        assert answer[1][:2] == (1001).to_bytes(2, "big")


async def test_a_reset_is_an_end_by_the_peer(transport: Transport) -> None:
    async with linked_over_tcp(transport, None, None) as (socket, peer):
        await peer.send(frame(TEXT, "a"))
        assert await received(socket, 1) == ["a"]
        stream = cast(trio.SocketStream, peer.stream)
        stream.setsockopt(sockets.SOL_SOCKET, sockets.SO_LINGER, struct.pack("ii", 1, 0))
        await trio.aclose_forcefully(stream)
        messages, closed = await drained(socket)
        assert messages == []
        assert Ending.of(closed) == Ending(None, by_peer=True)
