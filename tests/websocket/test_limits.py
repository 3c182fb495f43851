"""How much a peer can make us keep: one message, and everything else (RFC 6455, 10.4)."""

from __future__ import annotations

import tracemalloc
from collections.abc import Iterator
from contextlib import contextmanager, suppress

import pytest
import trio
from trio.testing import MockClock, wait_all_tasks_blocked

from actors.websocket import SocketClosed

from .rig import Ending, Link, assert_violation, drained, received
from .wire import BINARY, CLOSE, CONTINUATION, PING, PONG, TEXT, fragments, frame, head

LIMIT = 1000
BEFORE = (frame(TEXT, "before"), ["before"])
AFTER = frame(TEXT, "after") + frame(PING, b"after")
MIB = 1024 * 1024


# One message


@pytest.mark.parametrize("opcode", [TEXT, BINARY])
@pytest.mark.parametrize("size", [None, 100])
@pytest.mark.parametrize(
    "sizes", [[LIMIT], [LIMIT - 1], [1, LIMIT - 1], [LIMIT, 0], [0, LIMIT], [400, 0, 300, 300], [10] * 100]
)
async def test_messages_up_to_the_limit_pass(
    link: Link, opcode: int, sizes: list[int], size: int | None, autojump_clock: MockClock
) -> None:
    """One after another: each is counted for itself."""
    whole = b"x" * sum(sizes)
    async with link(max_message_size=LIMIT) as (socket, peer), trio.open_nursery() as nursery:
        sent = b"".join(fragments(opcode, [b"x" * length for length in sizes])) * 3
        nursery.start_soon(peer.trickle, sent, size or len(sent))
        assert await received(socket, 3) == [whole.decode() if opcode == TEXT else whole] * 3


@pytest.mark.parametrize("opcode", [TEXT, BINARY])
@pytest.mark.parametrize("size", [None, 100])
@pytest.mark.parametrize(
    "sizes", [[LIMIT + 1], [LIMIT * 3], [1, LIMIT], [LIMIT, 1], [LIMIT, 0, 1], [400, 0, 300, 301], [10] * 101]
)
async def test_one_byte_more_than_the_limit_is_1009(
    link: Link, opcode: int, sizes: list[int], size: int | None, autojump_clock: MockClock
) -> None:
    offence = b"".join(fragments(opcode, [b"x" * length for length in sizes]))
    await assert_violation(link(max_message_size=LIMIT), offence + AFTER, 1009, size=size, before=BEFORE)


@pytest.mark.parametrize("opcode", [PING, PONG])
async def test_control_frames_do_not_count_as_part_of_a_message(
    link: Link, opcode: int, autojump_clock: MockClock
) -> None:
    """Not even when less than one of them is left of the limit."""
    async with link(max_message_size=LIMIT) as (socket, peer):
        control = frame(opcode, b"p" * 125)
        await peer.send(
            control,
            frame(TEXT, "x" * (LIMIT - 10), fin=False),
            control,
            frame(CONTINUATION, "x" * 10, fin=False),
            control,
            frame(CONTINUATION),
        )
        assert await received(socket, 1) == ["x" * LIMIT]


async def test_control_frames_may_be_longer_than_the_limit_of_a_message(link: Link, autojump_clock: MockClock) -> None:
    async with link(max_message_size=10) as (socket, peer):
        await peer.send(frame(PING, b"p" * 125), frame(TEXT, "x" * 10), frame(CLOSE, b"\x03\xe8" + b"r" * 123))
        messages, closed = await drained(socket)
        assert messages == ["x" * 10]
        assert (Ending.of(closed), closed.reason) == (Ending(1000, by_peer=True), "r" * 123)
        assert await peer.read_frame() == (PONG, b"p" * 125)


@pytest.mark.parametrize("opcode", [TEXT, BINARY])
@pytest.mark.parametrize("length", [LIMIT + 1, 65535, 65536, 1 << 30, 1 << 40, (1 << 63) - 1])
async def test_a_message_that_is_announced_too_long_is_refused_before_it_is_here(
    link: Link, opcode: int, length: int, autojump_clock: MockClock
) -> None:
    """At the latest when the limit is passed; no more than a read beyond it is taken."""
    async with link(max_message_size=LIMIT, capacity=512) as (socket, peer), trio.open_nursery() as nursery:
        sent = 0

        async def write() -> None:
            nonlocal sent
            with suppress(trio.BrokenResourceError):
                await peer.send(BEFORE[0], head(opcode, length))
                while sent < min(length, 10 * LIMIT):
                    await peer.stream.send_all(b"x" * 64)
                    sent += 64

        nursery.start_soon(write)
        answer: list[tuple[int, int]] = []

        async def read() -> None:
            while (came := await peer.read_frame()) is not None:
                answer.append((int.from_bytes(came[1][:2], "big"), sent))

        nursery.start_soon(read)
        messages, closed = await drained(socket)
        assert messages == BEFORE[1]
        assert Ending.of(closed) == Ending(1009, violation=True)
        await wait_all_tasks_blocked()
        assert [code for code, _ in answer] == [1009]
        assert answer[0][1] <= LIMIT + 3 * 512
        socket.abort()


async def test_the_usual_limit_is_16_mib(link: Link, autojump_clock: MockClock) -> None:
    async with link(max_message_size=16 * MIB, capacity=MIB) as (socket, peer), trio.open_nursery() as nursery:
        nursery.start_soon(peer.trickle, frame(BINARY, bytes(16 * MIB)) + frame(BINARY, bytes(16 * MIB + 1)), MIB)
        messages, closed = await drained(socket)
        assert [len(message) for message in messages] == [16 * MIB]
        assert Ending.of(closed) == Ending(1009, violation=True)
        socket.abort()


# Everything else


@contextmanager
def allocating_at_most(limit: int) -> Iterator[None]:
    """At no time may so many bytes more be allocated than at the beginning."""
    tracemalloc.start()
    try:
        tracemalloc.reset_peak()
        before = tracemalloc.get_traced_memory()[0]
        yield
        most = tracemalloc.get_traced_memory()[1] - before
        assert most <= limit, f"{most} bytes were kept"
    finally:
        tracemalloc.stop()


async def flood(peer_send: trio.abc.SendStream, data: bytes, times: int) -> None:
    with suppress(trio.BrokenResourceError):
        for _ in range(times):
            await peer_send.send_all(data)


@pytest.mark.parametrize(
    ("data", "times"),
    [(frame(TEXT, "x" * 1000) * 16, 300), (frame(TEXT, "xy") * 2000, 40), (frame(BINARY, b"z" * 60_000), 80)],
    ids=["ordinary", "tiny", "long"],
)
async def test_messages_that_no_task_receives_are_not_all_kept(
    link: Link, data: bytes, times: int, autojump_clock: MockClock
) -> None:
    async with link() as (socket, peer), trio.open_nursery() as nursery:
        with allocating_at_most(2 * MIB):
            nursery.start_soon(flood, peer.stream, data, times)
            await trio.sleep(60)
            assert socket.holds_messages
        assert await received(socket, 3)
        nursery.cancel_scope.cancel()


@pytest.mark.parametrize("receives", [True, False])
async def test_pongs_that_the_peer_does_not_read_are_not_all_kept(
    link: Link, receives: bool, autojump_clock: MockClock
) -> None:
    """5.5.3: of pings that were not answered yet, only the newest has to be."""
    async with link(capacity=4096) as (socket, peer), trio.open_nursery() as nursery:
        if receives:
            nursery.start_soon(drained, socket)
        with allocating_at_most(MIB // 5):
            nursery.start_soon(flood, peer.stream, frame(PING, b"p" * 125) * 30, 100)
            await trio.sleep(60)
        nursery.cancel_scope.cancel()


async def test_messages_that_are_received_leave_nothing_behind(link: Link, autojump_clock: MockClock) -> None:
    data = frame(TEXT, "x" * 1000) * 4 + frame(PING, b"p" * 100) + b"".join(fragments(TEXT, [b"y" * 100, b"z" * 100]))
    async with link() as (socket, peer), trio.open_nursery() as nursery:
        nursery.start_soon(peer.read_rest)
        with allocating_at_most(MIB // 2):
            nursery.start_soon(flood, peer.stream, data, 150)
            left = 150 * 5
            while left:
                left -= len(await socket.receive_batch())
        nursery.cancel_scope.cancel()


async def test_a_flood_after_a_violation_is_not_kept(link: Link, autojump_clock: MockClock) -> None:
    async with link() as (socket, peer), trio.open_nursery() as nursery:
        with allocating_at_most(MIB):
            nursery.start_soon(flood, peer.stream, frame(3, "x") + frame(TEXT, "x" * 1000) * 16, 200)
            with trio.fail_after(1):
                await drained(socket)
        socket.abort()


async def test_a_flood_after_the_peers_close_is_not_kept(link: Link, autojump_clock: MockClock) -> None:
    async with link() as (socket, peer), trio.open_nursery() as nursery:
        with allocating_at_most(MIB):
            nursery.start_soon(flood, peer.stream, frame(CLOSE, b"\x03\xe8") + frame(TEXT, "x" * 1000) * 16, 200)
            with trio.fail_after(1):
                await drained(socket)
                await socket.close()


async def test_pings_of_ours_that_stay_unanswered_are_not_all_kept(link: Link, autojump_clock: MockClock) -> None:
    async with link() as (socket, peer), trio.open_nursery() as nursery:
        nursery.start_soon(peer.read_rest)
        for _ in range(300):
            await socket.ping()
        with allocating_at_most(MIB // 16):
            for _ in range(500):
                await socket.ping()
        nursery.cancel_scope.cancel()


async def test_a_socket_that_was_dropped_ends_what_writes_to_it(link: Link, autojump_clock: MockClock) -> None:
    async with link(capacity=1000) as (socket, peer), trio.open_nursery() as nursery:
        nursery.start_soon(flood, peer.stream, frame(TEXT, "x" * 100), 1000)
        await trio.sleep(1)
        socket.abort()
        with pytest.raises(SocketClosed):
            while True:
                await socket.receive_batch()
