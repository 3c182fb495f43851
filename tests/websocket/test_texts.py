"""Text is UTF-8, wherever frames and reads end; binary is anything (RFC 6455, 5.6 and 8.1; RFC 3629)."""

from __future__ import annotations

import pytest
import trio
from trio.testing import MockClock

from .rig import Link, Message, assert_violation, received
from .wire import BINARY, CONTINUATION, PING, PONG, TEXT, cut, fragments, frame

BEFORE = (frame(TEXT, "before"), ["before"])
AFTER = frame(TEXT, "after") + frame(PING, b"after")
SIZES = [None, 1]

VALID = {
    "one byte": "a\x7f",
    "two bytes": "\x80ü\u07ff",
    "three bytes": "\u0800€\ud7ff\ue000\uffff",
    "four bytes": "\U00010000\U0001f600\U0010ffff",
    "no characters": "\ufdd0\ufffe\U0001fffe\U0010fffe",
    "a mark of byte order": "\ufeffa",
    "all lengths": "κόσμε-aü€\U0001f600" * 9,
}
INVALID = {
    "a lone continuation": b"\x80",
    "two of them": b"\xbf\x80",
    "a byte that is never used": b"\xff",
    "another": b"\xfe",
    "overlong, two bytes": b"\xc0\xaf",
    "overlong, the highest": b"\xc1\xbf",
    "overlong, three bytes": b"\xe0\x80\xaf",
    "overlong, three bytes, the highest": b"\xe0\x9f\xbf",
    "overlong, four bytes": b"\xf0\x80\x80\xaf",
    "overlong, four bytes, the highest": b"\xf0\x8f\xbf\xbf",
    "overlong nul": b"\xc0\x80",
    "a high surrogate": b"\xed\xa0\x80",
    "a low surrogate": b"\xed\xbf\xbf",
    "a pair of surrogates": b"\xed\xa0\x80\xed\xb0\x80",
    "above the last character": b"\xf4\x90\x80\x80",
    "far above": b"\xf5\x80\x80\x80",
    "five bytes": b"\xf8\x88\x80\x80\x80",
    "six bytes": b"\xfc\x84\x80\x80\x80\x80",
    "cut off after one of two": b"\xc3",
    "cut off after two of three": b"\xe2\x82",
    "cut off after three of four": b"\xf0\x9f\x98",
    "a letter instead of a continuation": b"\xe2\x82a",
    "a new beginning instead of a continuation": b"\xf0\x9f\xc3\xbc",
}


@pytest.mark.parametrize("size", SIZES)
@pytest.mark.parametrize("text", VALID.values(), ids=VALID)
async def test_valid_text_comes_out(link: Link, text: str, size: int | None, autojump_clock: MockClock) -> None:
    async with link() as (socket, peer), trio.open_nursery() as nursery:
        sent = frame(TEXT, text) + frame(TEXT, "next")
        nursery.start_soon(peer.trickle, sent, size or len(sent))
        assert await received(socket, 2) == [text, "next"]


@pytest.mark.parametrize("size", SIZES)
@pytest.mark.parametrize("text", VALID.values(), ids=VALID)
async def test_fragments_may_end_inside_a_character(
    link: Link, text: str, size: int | None, autojump_clock: MockClock
) -> None:
    """Every byte is a fragment, with a pong behind it."""
    data = text.encode()
    parts = fragments(TEXT, [data[index : index + 1] for index in range(len(data))])
    async with link() as (socket, peer), trio.open_nursery() as nursery:
        sent = b"".join(part + frame(PONG, b"\xbf") for part in parts) + frame(TEXT, "next")
        nursery.start_soon(peer.trickle, sent, size or len(sent))
        assert await received(socket, 2) == [text, "next"]


@pytest.mark.parametrize("size", SIZES)
@pytest.mark.parametrize("data", INVALID.values(), ids=INVALID)
async def test_invalid_text_is_refused(link: Link, data: bytes, size: int | None, autojump_clock: MockClock) -> None:
    await assert_violation(link(), frame(TEXT, data) + AFTER, 1007, size=size, before=BEFORE)


@pytest.mark.parametrize("data", INVALID.values(), ids=INVALID)
async def test_invalid_text_after_and_before_valid_text_is_refused(
    link: Link, data: bytes, autojump_clock: MockClock
) -> None:
    await assert_violation(link(), frame(TEXT, "κόσμε".encode() + data + b"edited") + AFTER, 1007, before=BEFORE)


@pytest.mark.parametrize("size", SIZES)
@pytest.mark.parametrize("data", INVALID.values(), ids=INVALID)
async def test_invalid_text_in_a_later_fragment_is_refused(
    link: Link, data: bytes, size: int | None, autojump_clock: MockClock
) -> None:
    offence = fragments(TEXT, [b"good", "gü".encode(), data])
    await assert_violation(link(), b"".join(offence) + AFTER, 1007, size=size, before=BEFORE)


@pytest.mark.parametrize("data", INVALID.values(), ids=INVALID)
async def test_invalid_text_over_several_fragments_is_refused(
    link: Link, data: bytes, autojump_clock: MockClock
) -> None:
    offence = fragments(TEXT, [data[index : index + 1] for index in range(len(data))])
    await assert_violation(link(), b"".join(offence) + AFTER, 1007, before=BEFORE)


@pytest.mark.parametrize("data", INVALID.values(), ids=INVALID)
async def test_invalid_text_in_the_first_fragment_is_not_waited_for(
    link: Link, data: bytes, autojump_clock: MockClock
) -> None:
    """The rest of the message never comes; what is wrong already is said: section 8.1, "when an endpoint"."""
    if not _may_become_valid(data):
        await assert_violation(link(), frame(TEXT, data, fin=False), 1007, before=BEFORE)


def _may_become_valid(data: bytes) -> bool:
    for more in (b"", b"\x80", b"\x80\x80", b"\x80\x80\x80", b"\xbf"):
        try:
            (data + more).decode()
        except UnicodeDecodeError:
            continue
        return True
    return False


@pytest.mark.parametrize("tail", [b"\xc3", b"\xe2\x82", b"\xf0\x9f\x98"])
@pytest.mark.parametrize("last", [b"", b"a", "ü".encode()])
async def test_a_message_that_ends_inside_a_character_is_refused(
    link: Link, tail: bytes, last: bytes, autojump_clock: MockClock
) -> None:
    offence = b"".join(fragments(TEXT, [b"x" + tail, last]))
    await assert_violation(link(), offence + AFTER, 1007, before=BEFORE)


async def test_half_a_character_does_not_reach_the_next_message(link: Link, autojump_clock: MockClock) -> None:
    """Two messages that are wrong, and would be right as one."""
    await assert_violation(link(), frame(TEXT, b"\xc3") + frame(TEXT, b"\xbc") + AFTER, 1007, before=BEFORE)


async def test_half_a_character_between_two_fragments_outlives_a_ping(link: Link, autojump_clock: MockClock) -> None:
    async with link() as (socket, peer):
        await peer.send(frame(TEXT, b"\xe2", fin=False), frame(PING, b"\x82\xac"), frame(CONTINUATION, b"\x82\xac"))
        assert await received(socket, 1) == ["€"]
        assert await peer.read_frame() == (PONG, b"\x82\xac")


@pytest.mark.parametrize("size", SIZES)
async def test_binary_may_hold_anything(link: Link, size: int | None, autojump_clock: MockClock) -> None:
    messages: list[Message] = [*INVALID.values(), bytes(range(256))]
    sent = b"".join(frame(BINARY, message) for message in messages)
    async with link() as (socket, peer), trio.open_nursery() as nursery:
        nursery.start_soon(peer.trickle, sent, size or len(sent))
        assert await received(socket, len(messages)) == messages


async def test_binary_in_fragments_may_hold_anything(link: Link, autojump_clock: MockClock) -> None:
    data = b"".join(INVALID.values())
    async with link() as (socket, peer):
        await peer.send(*fragments(BINARY, cut(data, range(0, len(data), 3))), frame(TEXT, "ü"))
        assert await received(socket, 2) == [data, "ü"]


async def test_pings_and_pongs_may_hold_anything(link: Link, autojump_clock: MockClock) -> None:
    async with link() as (_, peer):
        for data in INVALID.values():
            await peer.send(frame(PONG, data), frame(PING, data))
            assert await peer.read_frame() == (PONG, data)
