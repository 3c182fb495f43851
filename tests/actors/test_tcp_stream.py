"""The stream straight on a socket: what Trio asks of streams, and fewer turns of the scheduler."""

from __future__ import annotations

import errno
import socket as sockets
import struct
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import pytest
import trio
from trio.testing import check_two_way_stream, wait_all_tasks_blocked

from actors.net.severable_stream import SeverableStream, severable
from actors.net.tcp_stream import TcpStream

MUCH = bytes(50_000_000)
"""More than any system buffers."""


@asynccontextmanager
async def pair() -> AsyncIterator[tuple[TcpStream, TcpStream]]:
    ours, theirs = await fresh()
    yield ours, theirs
    await trio.aclose_forcefully(ours)
    await trio.aclose_forcefully(theirs)


async def fresh() -> tuple[TcpStream, TcpStream]:
    (listener,) = await trio.open_tcp_listeners(0, host="127.0.0.1")
    async with listener:
        ours = await trio.open_tcp_stream(*listener.socket.getsockname())
        return TcpStream(ours), TcpStream(await listener.accept())


class Yielding(trio.abc.Stream):
    """With the one thing that Trio asks of streams and ours leaves out: every call lets others run."""

    def __init__(self, stream: TcpStream) -> None:
        self.stream = stream

    async def send_all(self, data: bytes | bytearray | memoryview) -> None:
        await self.stream.send_all(data)
        await trio.lowlevel.checkpoint()

    async def wait_send_all_might_not_block(self) -> None:
        await self.stream.wait_send_all_might_not_block()

    async def receive_some(self, max_bytes: int | None = None) -> bytes:
        try:
            return await self.stream.receive_some(max_bytes)
        except (trio.ClosedResourceError, TypeError, ValueError):
            await trio.lowlevel.checkpoint()
            raise

    async def aclose(self) -> None:
        await self.stream.aclose()


async def test_it_passes_trios_own_checks_but_for_the_turns() -> None:
    async def yielding() -> tuple[Yielding, Yielding]:
        ours, theirs = await fresh()
        return Yielding(ours), Yielding(theirs)

    await check_two_way_stream(yielding, None)


async def test_a_write_that_fits_lets_nobody_run_in_between() -> None:
    async with pair() as (ours, theirs), trio.open_nursery() as nursery:
        ran: list[str] = []

        async def note() -> None:
            ran.append("another task")

        nursery.start_soon(note)
        await ours.send_all(b"order")
        assert ran == []
        assert await theirs.receive_some() == b"order"


async def test_others_run_before_each_read_however_much_there_is() -> None:
    async with pair() as (ours, theirs):
        await theirs.send_all(bytes(50))
        await wait_all_tasks_blocked()
        with trio.CancelScope() as scope:
            scope.cancel()
            await ours.receive_some(1)
        assert scope.cancelled_caught
        ran = 0

        async def count() -> None:
            nonlocal ran
            while True:
                await trio.lowlevel.checkpoint()
                ran += 1

        async with trio.open_nursery() as nursery:
            nursery.start_soon(count)
            assert [await ours.receive_some(1) for _ in range(50)] == [bytes(1)] * 50
            assert ran >= 20
            nursery.cancel_scope.cancel()


async def test_one_task_may_send_while_another_receives_and_no_third() -> None:
    async with pair() as (ours, _), trio.open_nursery() as nursery:
        nursery.start_soon(ours.send_all, MUCH)
        nursery.start_soon(ours.receive_some)
        await wait_all_tasks_blocked()
        with pytest.raises(trio.BusyResourceError):
            await ours.send_all(b"x")
        with pytest.raises(trio.BusyResourceError):
            await ours.wait_send_all_might_not_block()
        with pytest.raises(trio.BusyResourceError):
            await ours.receive_some()
        nursery.cancel_scope.cancel()


async def test_a_long_write_arrives_whole() -> None:
    data = bytes(range(256)) * 20_000
    async with pair() as (ours, theirs), trio.open_nursery() as nursery:
        nursery.start_soon(ours.send_all, memoryview(data))
        arrived = b""
        while len(arrived) < len(data):
            arrived += await theirs.receive_some()
        assert arrived == data


async def test_cut_ends_both_waiting_tasks() -> None:
    async with pair() as (ours, _), trio.open_nursery() as nursery:

        async def send() -> None:
            with pytest.raises(trio.ClosedResourceError):
                await ours.send_all(MUCH)

        async def receive() -> None:
            with pytest.raises(trio.ClosedResourceError):
                await ours.receive_some()

        nursery.start_soon(send)
        nursery.start_soon(receive)
        await wait_all_tasks_blocked()
        ours.cut()
        ours.cut()


async def test_a_reader_that_is_sent_away_loses_nothing_and_disturbs_no_writer() -> None:
    async with pair() as (ours, theirs), trio.open_nursery() as nursery:
        nursery.start_soon(ours.send_all, MUCH)

        async def receive() -> None:
            with pytest.raises(trio.ClosedResourceError):
                await ours.receive_some()

        nursery.start_soon(receive)
        await wait_all_tasks_blocked()
        ours.stop_receiving()
        await wait_all_tasks_blocked()
        await theirs.send_all(b"still here")
        assert await ours.receive_some() == b"still here"
        arrived = 0
        while arrived < len(MUCH):
            arrived += len(await theirs.receive_some(1_000_000))


async def test_a_reset_is_the_cause_of_what_is_raised() -> None:
    async with pair() as (ours, theirs):
        theirs.socket.setsockopt(sockets.SOL_SOCKET, sockets.SO_LINGER, struct.pack("ii", 1, 0))
        await theirs.aclose()
        with pytest.raises(trio.BrokenResourceError) as broken:
            await ours.receive_some()
        assert isinstance(broken.value.__cause__, ConnectionResetError)
        with pytest.raises(trio.BrokenResourceError) as broken:
            await ours.send_all(b"x")
        assert isinstance(broken.value.__cause__, OSError)
        assert broken.value.__cause__.errno == errno.EPIPE


async def test_it_is_readable_when_there_are_bytes_or_an_end() -> None:
    async with pair() as (ours, theirs):
        seen = [ours.is_readable]
        await theirs.send_all(b"x")
        await wait_all_tasks_blocked()
        seen.append(ours.is_readable)
        assert await ours.receive_some() == b"x"
        seen.append(ours.is_readable)
        await theirs.aclose()
        await wait_all_tasks_blocked()
        assert [*seen, ours.is_readable] == [False, True, False, True]


async def test_packets_are_sent_at_once() -> None:
    async with pair() as (ours, _):
        assert ours.socket.getsockopt(sockets.IPPROTO_TCP, sockets.TCP_NODELAY)


async def test_another_stream_is_wrapped_and_this_one_is_not() -> None:
    async with pair() as (ours, theirs):
        assert severable(ours) is ours
        wrapped = severable(Yielding(theirs))
        assert type(wrapped) is SeverableStream
        async with trio.open_nursery() as nursery:

            async def receive() -> None:
                with pytest.raises(trio.ClosedResourceError):
                    await wrapped.receive_some()

            nursery.start_soon(receive)
            await wait_all_tasks_blocked()
            wrapped.stop_receiving()
        await ours.send_all(b"still here")
        assert await wrapped.receive_some() == b"still here"
        wrapped.cut()
        with pytest.raises(trio.ClosedResourceError):
            await wrapped.send_all(b"x")
