"""Messages in fragments (RFC 6455, 5.4)."""

from __future__ import annotations

import pytest
import trio
from trio.testing import MockClock, wait_all_tasks_blocked

from .rig import Ending, Link, assert_violation, drained, received
from .wire import BINARY, CONTINUATION, PING, PONG, TEXT, close_frame, cut, fragments, frame

BEFORE = (frame(TEXT, "before"), ["before"])
AFTER = frame(TEXT, "after") + frame(PING, b"after")
SIZES = [None, 1]


@pytest.mark.parametrize("size", SIZES)
@pytest.mark.parametrize("count", [2, 3, 7, 100])
@pytest.mark.parametrize("opcode", [TEXT, BINARY])
async def test_a_message_in_fragments_is_one_message(
    link: Link, opcode: int, count: int, size: int | None, autojump_clock: MockClock
) -> None:
    payload = b"".join(b"%d," % number for number in range(count))
    frames = fragments(opcode, payload.split(b",", count - 1))
    assert len(frames) == count
    whole = payload.replace(b",", b"", count - 1)
    async with link() as (socket, peer), trio.open_nursery() as nursery:
        sent = b"".join(frames) + frame(TEXT, "next")
        nursery.start_soon(peer.trickle, sent, size or len(sent))
        assert await received(socket, 2) == [whole.decode() if opcode == TEXT else whole, "next"]


@pytest.mark.parametrize("size", SIZES)
@pytest.mark.parametrize("opcode", [TEXT, BINARY])
@pytest.mark.parametrize(
    "parts",
    [[b"", b""], [b"", b"", b""], [b"", b"middle", b""], [b"first", b""], [b"", b"last"], [b"a", b"", b"", b"b"]],
)
async def test_fragments_may_be_empty(
    link: Link, parts: list[bytes], opcode: int, size: int | None, autojump_clock: MockClock
) -> None:
    sent = b"".join(fragments(opcode, parts)) + frame(TEXT, "next")
    async with link() as (socket, peer), trio.open_nursery() as nursery:
        nursery.start_soon(peer.trickle, sent, size or len(sent))
        whole = b"".join(parts)
        assert await received(socket, 2) == [whole.decode() if opcode == TEXT else whole, "next"]


@pytest.mark.parametrize("length", [125, 126, 65535, 65536])
async def test_long_fragments_are_put_together(link: Link, length: int, autojump_clock: MockClock) -> None:
    parts = [b"a" * length, b"b" * length, b"c" * length]
    async with link(max_message_size=300_000) as (socket, peer), trio.open_nursery() as nursery:
        nursery.start_soon(peer.send, *(fragments(TEXT, parts) + fragments(BINARY, parts)))
        assert await received(socket, 2) == [b"".join(parts).decode(), b"".join(parts)]


async def test_messages_in_fragments_follow_one_another_and_whole_ones(link: Link, autojump_clock: MockClock) -> None:
    """The short way for whole text frames must not be taken inside a message, nor miss the first one after it."""
    async with link() as (socket, peer):
        await peer.send(
            frame(TEXT, "one"),
            *fragments(TEXT, [b"t", b"w", b"o"]),
            *fragments(BINARY, [b"thr", b"ee"]),
            frame(TEXT, "four"),
            frame(BINARY, b"five"),
            *fragments(TEXT, [b"si", b"x"]),
            frame(TEXT, "seven"),
        )
        assert await received(socket, 7) == ["one", "two", b"three", "four", b"five", "six", "seven"]


@pytest.mark.parametrize("size", SIZES)
async def test_control_frames_between_fragments_change_nothing(
    link: Link, size: int | None, autojump_clock: MockClock
) -> None:
    async with link() as (socket, peer), trio.open_nursery() as nursery:
        sent = b"".join(
            part + frame(PONG, b"mine") + frame(PING, bytes((number,)))
            for number, part in enumerate(fragments(TEXT, [b"a", b"", b"b", b"c"]))
        )
        nursery.start_soon(peer.trickle, sent, size or len(sent))
        assert await received(socket, 1) == ["abc"]
        assert [await peer.read_frame() for _ in range(4)] == [(PONG, bytes((number,))) for number in range(4)]


@pytest.mark.parametrize("size", SIZES)
@pytest.mark.parametrize("fin", [True, False])
@pytest.mark.parametrize("payload", [b"", b"x"])
@pytest.mark.parametrize("before", [b"", frame(TEXT, "a"), frame(BINARY, b"a"), b"".join(fragments(TEXT, [b"a", b""]))])
async def test_a_continuation_of_nothing_is_a_protocol_error(
    link: Link, before: bytes, payload: bytes, fin: bool, size: int | None, autojump_clock: MockClock
) -> None:
    messages: list[str | bytes] = ["a"] if before else []
    messages = [b"a"] if before == frame(BINARY, b"a") else messages
    offence = frame(CONTINUATION, payload, fin=fin)
    await assert_violation(link(), offence + AFTER, 1002, size=size, before=(before, messages))


@pytest.mark.parametrize("size", SIZES)
@pytest.mark.parametrize("fin", [True, False])
@pytest.mark.parametrize("opcode", [TEXT, BINARY])
@pytest.mark.parametrize("first", [TEXT, BINARY])
async def test_a_new_message_inside_another_is_a_protocol_error(
    link: Link, first: int, opcode: int, fin: bool, size: int | None, autojump_clock: MockClock
) -> None:
    offence = frame(first, "begun", fin=False) + frame(opcode, "new", fin=fin) + frame(CONTINUATION, "rest")
    await assert_violation(link(), offence + AFTER, 1002, size=size, before=BEFORE)


@pytest.mark.parametrize("count", [1, 2, 5])
async def test_a_new_message_after_some_fragments_is_a_protocol_error(
    link: Link, count: int, autojump_clock: MockClock
) -> None:
    begun = frame(TEXT, "x", fin=False) + frame(CONTINUATION, "y", fin=False) * (count - 1) + frame(PING)
    await assert_violation(link(), begun + frame(TEXT, "new") + AFTER, 1002, before=BEFORE)


async def test_a_message_that_is_never_finished_does_not_come_out(link: Link, autojump_clock: MockClock) -> None:
    async with link() as (socket, peer):
        await peer.send(frame(TEXT, "whole"), frame(TEXT, "a", fin=False), frame(CONTINUATION, "b", fin=False))
        await wait_all_tasks_blocked()
        await peer.stream.aclose()
        messages, closed = await drained(socket)
    assert messages == ["whole"]
    assert Ending.of(closed) == Ending(None, by_peer=True)


async def test_a_close_inside_a_message_is_an_ordinary_close(link: Link, autojump_clock: MockClock) -> None:
    async with link() as (socket, peer):
        await peer.send(frame(TEXT, "whole"), frame(TEXT, "a", fin=False), close_frame(1001, "bye"))
        messages, closed = await drained(socket)
        assert messages == ["whole"]
        assert Ending.of(closed) == Ending(1001, by_peer=True)
        assert closed.reason == "bye"


async def test_every_cut_of_a_message_gives_the_same_message(link: Link, autojump_clock: MockClock) -> None:
    payload = "aü€\U0001f600".encode()
    async with link() as (socket, peer):
        for first in range(len(payload) + 1):
            for second in range(first, len(payload) + 1):
                await peer.send(*fragments(TEXT, [payload[:first], payload[first:second], payload[second:]]))
                assert await socket.receive_batch() == [payload.decode()]


async def test_a_message_that_is_long_in_coming_shows_life_by_each_part(link: Link, autojump_clock: MockClock) -> None:
    async with link() as (socket, peer):
        await socket.send("a question")
        assert [socket.unanswered_since] == [0]
        parts = fragments(TEXT, [b"a", b"b", b"c"])
        for part in parts[:2]:
            await trio.sleep(1)
            await peer.send(part)
            await wait_all_tasks_blocked()
            assert [socket.last_part, socket.unanswered_since] == [trio.current_time(), None]
        await trio.sleep(1)
        await peer.send(frame(PING))
        await wait_all_tasks_blocked()
        assert (socket.last_part, socket.last_heard) == (2, 3)
        await peer.send(parts[2])
        assert await received(socket, 1) == ["abc"]


@pytest.mark.parametrize("places", [[1], [2, 3], [1, 2, 3, 4]])
def test_the_cutter_of_these_tests_loses_nothing(places: list[int]) -> None:
    assert b"".join(cut(b"abcd", places)) == b"abcd"
