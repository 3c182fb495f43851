"""The in-memory stream behaves as a socket would, bounded in both directions."""

from __future__ import annotations

import pytest
import trio
from trio.testing import check_half_closeable_stream, wait_all_tasks_blocked

from actors.net.memory_stream import MemoryListener, MemoryStream, memory_stream_pair


async def test_it_passes_trios_own_checks_for_half_closeable_streams() -> None:
    async def fresh() -> tuple[MemoryStream, MemoryStream]:
        return memory_stream_pair()

    async def clogged() -> tuple[MemoryStream, MemoryStream]:
        left, right = memory_stream_pair(capacity=10)
        await left.send_all(b"0123456789")
        await right.send_all(b"0123456789")
        return left, right

    await check_half_closeable_stream(fresh, clogged)


async def test_a_writer_waits_while_the_peers_buffer_is_full() -> None:
    left, right = memory_stream_pair(capacity=4)
    async with trio.open_nursery() as nursery:
        nursery.start_soon(left.send_all, b"abcdefghij")
        await wait_all_tasks_blocked()
        assert await right.receive_some() == b"abcd"
        await wait_all_tasks_blocked()
        assert await right.receive_some() == b"efgh"
        await wait_all_tasks_blocked()
        assert await right.receive_some() == b"ij"


async def test_a_cancelled_send_may_have_sent_a_part_and_the_stream_goes_on() -> None:
    left, right = memory_stream_pair(capacity=4)
    async with trio.open_nursery() as nursery:
        nursery.start_soon(left.send_all, b"abcdefgh")
        await wait_all_tasks_blocked()
        nursery.cancel_scope.cancel()
    assert await right.receive_some() == b"abcd"
    await left.send_all(b"next")
    assert await right.receive_some() == b"next"


async def test_a_cancelled_receive_loses_nothing() -> None:
    left, right = memory_stream_pair()
    with trio.move_on_after(0):
        await right.receive_some()
    await left.send_all(b"still here")
    assert await right.receive_some() == b"still here"


async def test_a_waiting_writer_hears_that_the_reader_has_closed() -> None:
    left, right = memory_stream_pair(capacity=1)

    async def write() -> None:
        with pytest.raises(trio.BrokenResourceError):
            await left.send_all(b"too much")

    async with trio.open_nursery() as nursery:
        nursery.start_soon(write)
        await wait_all_tasks_blocked()
        right.close()


async def test_what_was_sent_before_the_close_is_still_read() -> None:
    left, right = memory_stream_pair()
    await left.send_all(b"last words")
    assert right.is_readable
    await left.aclose()
    assert await right.receive_some(4) == b"last"
    assert await right.receive_some() == b" words"
    assert await right.receive_some() == b""
    assert right.is_readable


@pytest.mark.parametrize("capacity", [0, -1])
def test_a_capacity_below_one_byte_is_refused(capacity: int) -> None:
    with pytest.raises(ValueError, match="at least 1"):
        memory_stream_pair(capacity)
    with pytest.raises(ValueError, match="at least 1"):
        MemoryListener(backlog=capacity)


async def test_a_listener_joins_each_connect_with_one_accept() -> None:
    listener = MemoryListener()
    client = await listener.connect()
    await client.send_all(b"before accept")
    server = await listener.accept()
    assert await server.receive_some() == b"before accept"
    await server.send_all(b"answer")
    assert await client.receive_some() == b"answer"


async def test_connect_waits_while_the_backlog_is_full() -> None:
    listener = MemoryListener(backlog=1)
    await listener.connect()
    connected = trio.Event()

    async def connect_another() -> None:
        await listener.connect()
        connected.set()

    async with trio.open_nursery() as nursery:
        nursery.start_soon(connect_another)
        await wait_all_tasks_blocked()
        assert not connected.is_set()
        await listener.accept()
        await connected.wait()


async def test_a_closed_listener_refuses_and_breaks_what_nobody_accepted() -> None:
    listener = MemoryListener()
    waiting = await listener.connect()
    await listener.aclose()
    assert await waiting.receive_some() == b""
    with pytest.raises(ConnectionRefusedError):
        await listener.connect()
    with pytest.raises(trio.ClosedResourceError):
        await listener.accept()
    await listener.aclose()


async def test_a_waiting_accept_ends_when_the_listener_is_closed() -> None:
    listener = MemoryListener()

    async def accept() -> None:
        with pytest.raises(trio.ClosedResourceError):
            await listener.accept()

    async with trio.open_nursery() as nursery:
        nursery.start_soon(accept)
        await wait_all_tasks_blocked()
        await listener.aclose()
