"""How the peer ends a WebSocket: its Close frames, and its FIN (RFC 6455, 5.5.1, 7.1 and 7.4)."""

from __future__ import annotations

import pytest
import trio
from trio.testing import MockClock, wait_all_tasks_blocked

from protocol.close_codes import meaning_of

from .rig import Ending, Link, assert_violation, drained
from .test_texts import INVALID
from .wire import CLOSE, CONTINUATION, PING, PONG, TEXT, close_frame, frame, head

BEFORE = (frame(TEXT, "before"), ["before"])
AFTER = frame(TEXT, "after") + frame(PING, b"after")
REGISTERED = (1000, 1001, 1002, 1003, 1007, 1008, 1009, 1010, 1011, 1012, 1013, 1014)
FREE = (3000, 3003, 3008, 3999, 4000, 4321, 4999)
NO_CODES = (0, 1, 999, 1004, 1005, 1006, 1015, 1016, 1100, 2000, 2999, 5000, 65535)
LONGEST = "x" * 123
SIZES = [None, 1]


@pytest.mark.parametrize("size", SIZES)
@pytest.mark.parametrize("reason", ["", "going down", "müde €\U0001f600", LONGEST])
@pytest.mark.parametrize("code", [*REGISTERED, *FREE])
async def test_a_close_of_the_peer_ends_with_its_code_and_reason(
    link: Link, code: int, reason: str, size: int | None, autojump_clock: MockClock
) -> None:
    async with link() as (socket, peer), trio.open_nursery() as nursery:
        sent = frame(TEXT, "before") + close_frame(code, reason)
        nursery.start_soon(peer.trickle, sent, size or len(sent))
        messages, closed = await drained(socket)
        assert messages == ["before"]
        assert Ending.of(closed) == Ending(code, by_peer=True)
        assert closed.reason == reason
        assert str(code) in str(closed)
        assert meaning_of(code) in str(closed)
        echoed = await peer.read_frame()
        assert echoed is not None
        assert echoed[0] == CLOSE
        assert echoed[1][:2] == code.to_bytes(2, "big"), "5.5.1: one typically echoes the code"


@pytest.mark.parametrize("size", SIZES)
async def test_a_close_without_payload_is_code_1005_and_is_not_answered_with_it(
    link: Link, size: int | None, autojump_clock: MockClock
) -> None:
    async with link() as (socket, peer), trio.open_nursery() as nursery:
        sent = frame(TEXT, "before") + frame(CLOSE)
        nursery.start_soon(peer.trickle, sent, size or len(sent))
        messages, closed = await drained(socket)
        assert messages == ["before"]
        assert Ending.of(closed) == Ending(1005, by_peer=True)
        assert closed.reason == ""
        answer = await peer.read_frame()
        assert answer in [(CLOSE, b""), (CLOSE, (1000).to_bytes(2, "big"))]


async def test_a_close_with_the_acceptance_is_heard_and_answered(link: Link, autojump_clock: MockClock) -> None:
    async with link(frame(TEXT, "only this") + close_frame(1008, "go away")) as (socket, peer):
        messages, closed = await drained(socket)
        assert messages == ["only this"]
        assert (Ending.of(closed), closed.reason) == (Ending(1008, by_peer=True), "go away")
        assert ((await peer.read_frame()) or (0,))[0] == CLOSE


@pytest.mark.parametrize("size", SIZES)
async def test_a_close_is_answered_once_and_nothing_follows_the_answer(
    link: Link, size: int | None, autojump_clock: MockClock
) -> None:
    async with link() as (socket, peer), trio.open_nursery() as nursery:
        sent = close_frame(1000) + close_frame(1001) + frame(PING, b"still there?")
        nursery.start_soon(peer.trickle, sent, size or len(sent))
        await drained(socket)
        await wait_all_tasks_blocked()
        await socket.close()
        frames = await peer.read_rest()
        assert [opcode for opcode, _ in frames] == [CLOSE]


@pytest.mark.parametrize("size", SIZES)
async def test_what_follows_a_close_is_ignored(link: Link, size: int | None, autojump_clock: MockClock) -> None:
    """Messages, pings, another Close, and what would be a violation."""
    rest = [AFTER, close_frame(1011, "another"), frame(TEXT, b"\xff"), frame(3), b"\xff" * 20]
    async with link() as (socket, peer), trio.open_nursery() as nursery:
        sent = frame(TEXT, "before") + close_frame(1001, "first") + b"".join(rest)
        nursery.start_soon(peer.trickle, sent, size or len(sent))
        messages, closed = await drained(socket)
        assert messages == ["before"]
        assert (Ending.of(closed), closed.reason) == (Ending(1001, by_peer=True), "first")
        await wait_all_tasks_blocked()
        socket.abort()
        assert [opcode for opcode, _ in await peer.read_rest()] == [CLOSE]


async def test_a_close_inside_a_message_is_answered(link: Link, autojump_clock: MockClock) -> None:
    async with link() as (socket, peer):
        await peer.send(frame(TEXT, "a", fin=False), frame(CONTINUATION, b"\xc3", fin=False), close_frame(4001, "x"))
        messages, closed = await drained(socket)
        assert messages == []
        assert (Ending.of(closed), closed.reason) == (Ending(4001, by_peer=True), "x")
        assert ((await peer.read_frame()) or (0,))[0] == CLOSE


async def test_pings_before_a_close_are_answered_before_it(link: Link, autojump_clock: MockClock) -> None:
    async with link() as (socket, peer):
        await peer.send(frame(PING, b"1"), close_frame(1000))
        await drained(socket)
        assert await peer.read_frame() == (PONG, b"1")
        assert ((await peer.read_frame()) or (0,))[0] == CLOSE


@pytest.mark.parametrize("code", [1002, 1007, 1009])
@pytest.mark.parametrize("size", SIZES)
async def test_a_peer_that_accuses_us_is_not_the_one_that_broke_the_rule(
    link: Link, code: int, size: int | None, autojump_clock: MockClock
) -> None:
    async with link() as (socket, peer), trio.open_nursery() as nursery:
        sent = close_frame(code, "your fault")
        nursery.start_soon(peer.trickle, sent, size or len(sent))
        _, closed = await drained(socket)
        assert (Ending.of(closed), closed.reason) == (Ending(code, by_peer=True), "your fault")


# A Close frame that breaks a rule


@pytest.mark.parametrize("size", SIZES)
@pytest.mark.parametrize("reason", ["", "words"])
@pytest.mark.parametrize("code", NO_CODES)
async def test_a_code_that_may_not_be_sent_is_a_protocol_error(
    link: Link, code: int, reason: str, size: int | None, autojump_clock: MockClock
) -> None:
    closed = await assert_violation(link(), close_frame(code, reason), 1002, size=size, before=BEFORE)
    assert f"the close code {code}, which is none" in str(closed)


@pytest.mark.parametrize("size", SIZES)
@pytest.mark.parametrize("byte", [b"\x03", b"\x00", b"\xff"])
async def test_a_close_of_one_byte_is_a_protocol_error(
    link: Link, byte: bytes, size: int | None, autojump_clock: MockClock
) -> None:
    await assert_violation(link(), frame(CLOSE, byte) + AFTER, 1002, size=size, before=BEFORE)


@pytest.mark.parametrize("length", [126, 127, 1000])
async def test_a_close_of_more_than_125_bytes_is_a_protocol_error(
    link: Link, length: int, autojump_clock: MockClock
) -> None:
    offence = frame(CLOSE, b"\x03\xe8" + b"x" * (length - 2))
    await assert_violation(link(), offence + AFTER, 1002, before=BEFORE)


async def test_a_close_in_fragments_is_a_protocol_error(link: Link, autojump_clock: MockClock) -> None:
    offence = frame(CLOSE, b"\x03\xe8", fin=False) + frame(CONTINUATION, b"x")
    await assert_violation(link(), offence + AFTER, 1002, before=BEFORE)


@pytest.mark.parametrize("size", SIZES)
@pytest.mark.parametrize("data", INVALID.values(), ids=INVALID)
async def test_a_reason_that_is_no_text_is_refused(
    link: Link, data: bytes, size: int | None, autojump_clock: MockClock
) -> None:
    offence = frame(CLOSE, b"\x03\xe8" + b"why " + data)
    await assert_violation(link(), offence + AFTER, 1007, size=size, before=BEFORE)


@pytest.mark.parametrize("code", [1000, 1001, 3000, 4999])
async def test_what_only_looks_like_a_close_at_the_end_of_a_broken_frame_is_none(
    link: Link, code: int, autojump_clock: MockClock
) -> None:
    """A masked frame, by its second byte, and the bytes of a Close frame in its payload."""
    closed = await assert_violation(link(), b"\x81" + close_frame(code, "over"), 1002, before=BEFORE)
    assert "over" not in closed.reason


# The connection ends


async def test_a_fin_without_a_close_has_no_code(link: Link, autojump_clock: MockClock) -> None:
    async with link() as (socket, peer):
        await peer.send(frame(TEXT, "a"))
        await peer.stream.send_eof()
        messages, closed = await drained(socket)
        assert messages == ["a"]
        assert Ending.of(closed) == Ending(None, by_peer=True)
        assert closed.reason == "the connection was lost"
        assert str(closed) == "The WebSocket ended without a close code: the connection was lost."


async def test_a_close_and_a_fin_right_behind_it_are_a_close(link: Link, autojump_clock: MockClock) -> None:
    async with link() as (socket, peer):
        await peer.send(frame(TEXT, "a"), close_frame(1012, "restart"))
        await peer.stream.send_eof()
        messages, closed = await drained(socket)
        assert messages == ["a"]
        assert (Ending.of(closed), closed.reason) == (Ending(1012, by_peer=True), "restart")
        assert ((await peer.read_frame()) or (0,))[0] == CLOSE


async def test_a_close_of_a_peer_that_is_gone_already_is_a_close(link: Link, autojump_clock: MockClock) -> None:
    """It cannot be answered any more."""
    async with link() as (socket, peer):
        await peer.send(frame(TEXT, "a"), frame(PING), close_frame(1012, "restart"))
        await peer.stream.aclose()
        messages, closed = await drained(socket)
        assert messages == ["a"]
        assert (Ending.of(closed), closed.reason) == (Ending(1012, by_peer=True), "restart")


async def test_a_violation_and_a_fin_right_behind_it_are_a_violation_by_a_peer_that_left(
    link: Link, autojump_clock: MockClock
) -> None:
    async with link() as (socket, peer):
        await peer.send(frame(TEXT, "a"), frame(TEXT, b"\xff"))
        await peer.stream.send_eof()
        messages, closed = await drained(socket)
        assert messages == ["a"]
        assert Ending.of(closed) == Ending(1007, violation=True, by_peer=True)
        assert await peer.read_rest() != []


@pytest.mark.parametrize("first", [b"", head(TEXT, 100), frame(TEXT, "a", fin=False)])
async def test_the_end_wakes_a_task_that_waits_for_a_message(
    link: Link, first: bytes, autojump_clock: MockClock
) -> None:
    async with link() as (socket, peer), trio.open_nursery() as nursery:
        endings: list[Ending] = []

        async def wait() -> None:
            endings.append(Ending.of((await drained(socket))[1]))

        nursery.start_soon(wait)
        await peer.send(first)
        await wait_all_tasks_blocked()
        await peer.stream.send_eof()
        await wait_all_tasks_blocked()
        assert endings == [Ending(None, by_peer=True)]
