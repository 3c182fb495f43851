"""Pings and pongs (RFC 6455, 5.5.2 and 5.5.3)."""

from __future__ import annotations

import pytest
import trio
from trio.testing import MockClock, wait_all_tasks_blocked

from .rig import Link, assert_violation, received
from .wire import BINARY, CONTINUATION, PING, PONG, TEXT, frame, head

BEFORE = (frame(TEXT, "before"), ["before"])
AFTER = frame(TEXT, "after") + frame(PING, b"after")


@pytest.mark.parametrize(
    "payload", [b"", b"x", "ü".encode(), b"\x00\xff\xfe", b"y" * 124, bytes(range(125))], ids=lambda one: len(one)
)
@pytest.mark.parametrize("size", [None, 1])
async def test_a_ping_is_answered_with_its_payload(
    link: Link, payload: bytes, size: int | None, autojump_clock: MockClock
) -> None:
    async with link() as (socket, peer), trio.open_nursery() as nursery:
        ping = frame(PING, payload)
        nursery.start_soon(peer.trickle, ping + frame(TEXT, "a"), size or 1000)
        assert await received(socket, 1) == ["a"]
        assert await peer.read_frame() == (PONG, payload)


async def test_pings_in_a_row_are_answered_in_order(link: Link, autojump_clock: MockClock) -> None:
    async with link() as (socket, peer):
        await peer.send(*(frame(PING, bytes((number,))) for number in range(10)), frame(TEXT, "a"))
        assert await received(socket, 1) == ["a"]
        assert [await peer.read_frame() for _ in range(10)] == [(PONG, bytes((number,))) for number in range(10)]


async def test_pings_that_come_one_by_one_are_answered_one_by_one(link: Link, autojump_clock: MockClock) -> None:
    async with link() as (_, peer):
        for number in range(10):
            await peer.send(frame(PING, bytes((number,))))
            assert await peer.read_frame() == (PONG, bytes((number,)))


async def test_a_ping_with_the_acceptance_is_answered(link: Link, autojump_clock: MockClock) -> None:
    async with link(frame(PING, b"early") + frame(TEXT, "a")) as (socket, peer):
        assert await received(socket, 1) == ["a"]
        assert await peer.read_frame() == (PONG, b"early")


async def test_pings_between_messages_are_answered_and_hold_none_back(link: Link, autojump_clock: MockClock) -> None:
    async with link() as (socket, peer):
        await peer.send(frame(TEXT, "a"), frame(PING, b"1"), frame(TEXT, "b"), frame(PING, b"2"), frame(BINARY, b"c"))
        assert await received(socket, 3) == ["a", "b", b"c"]
        assert [await peer.read_frame() for _ in range(2)] == [(PONG, b"1"), (PONG, b"2")]


@pytest.mark.parametrize("size", [None, 1])
async def test_a_ping_between_fragments_is_answered_before_the_message_is_whole(
    link: Link, size: int | None, autojump_clock: MockClock
) -> None:
    async with link() as (socket, peer):
        begun = frame(TEXT, "a", fin=False) + frame(PING, b"1") + frame(CONTINUATION, "b", fin=False)
        begun += frame(PING, b"2") + frame(CONTINUATION, "", fin=False)
        await peer.trickle(begun, size or len(begun))
        assert [await peer.read_frame() for _ in range(2)] == [(PONG, b"1"), (PONG, b"2")]
        await peer.send(frame(CONTINUATION, "c"))
        assert await received(socket, 1) == ["abc"]


@pytest.mark.parametrize("payload", [b"", b"unsolicited", bytes(125)])
async def test_a_pong_that_was_not_asked_for_is_ignored(link: Link, payload: bytes, autojump_clock: MockClock) -> None:
    async with link() as (socket, peer):
        await peer.send(frame(PONG, payload), frame(TEXT, "a", fin=False), frame(PONG, payload))
        await peer.send(frame(CONTINUATION, "b"), frame(PING, b"p"))
        assert await received(socket, 1) == ["ab"]
        assert await peer.read_frame() == (PONG, b"p")


async def test_our_pings_may_be_answered_late_or_all_at_once_or_never(link: Link, autojump_clock: MockClock) -> None:
    async with link() as (socket, peer):
        pings = []
        for _ in range(5):
            await socket.ping()
            pings.append(await peer.read_frame())
        assert all(ping is not None and ping[0] == PING and len(ping[1]) <= 125 for ping in pings)
        await peer.send(*(frame(PONG, ping[1]) for ping in reversed(pings) if ping), frame(TEXT, "a"))
        assert await received(socket, 1) == ["a"]
        await socket.ping()
        assert (await peer.read_frame() or (0,))[0] == PING


@pytest.mark.parametrize("opcode", [PING, PONG])
@pytest.mark.parametrize("length", [126, 127, 65535, 65536])
async def test_a_control_frame_of_more_than_125_bytes_is_a_protocol_error(
    link: Link, opcode: int, length: int, autojump_clock: MockClock
) -> None:
    offence = frame(opcode, bytes(length)) + AFTER
    await assert_violation(link(capacity=100_000), offence, 1002, before=BEFORE)


@pytest.mark.parametrize("opcode", [PING, PONG])
async def test_a_long_control_frame_is_refused_though_its_payload_does_not_come(
    link: Link, opcode: int, autojump_clock: MockClock
) -> None:
    await assert_violation(link(), head(opcode, 1000) + b"x" * 20, 1002, before=BEFORE)


@pytest.mark.parametrize("opcode", [PING, PONG])
@pytest.mark.parametrize("size", [None, 1])
@pytest.mark.parametrize("inside", [False, True])
async def test_a_control_frame_in_fragments_is_a_protocol_error(
    link: Link, opcode: int, inside: bool, size: int | None, autojump_clock: MockClock
) -> None:
    around = frame(TEXT, "x", fin=False) if inside else b""
    offence = around + frame(opcode, b"a", fin=False) + frame(CONTINUATION, b"b")
    await assert_violation(link(), offence + AFTER, 1002, size=size, before=BEFORE)


async def test_only_what_is_heard_moves_the_time_of_the_last_sign_of_life(
    link: Link, autojump_clock: MockClock
) -> None:
    """Each ping, pong, fragment and message is one; what we send is none."""
    async with link() as (socket, peer):
        signs = [frame(PING), frame(PONG), frame(TEXT, "a", fin=False), frame(CONTINUATION, "b"), frame(BINARY, b"c")]
        for sign in [*signs, frame(TEXT, "half")[:1]]:
            await trio.sleep(1)
            await socket.ping()
            before = socket.last_heard
            assert before < trio.current_time()
            await peer.send(sign)
            await wait_all_tasks_blocked()
            if not socket.holds_messages:
                assert socket.last_heard == trio.current_time()
            while socket.holds_messages:
                await socket.receive_batch()
                await wait_all_tasks_blocked()
            assert socket.last_heard == trio.current_time()
