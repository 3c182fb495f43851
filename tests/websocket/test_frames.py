"""Frames: lengths, reserved bits, reserved opcodes and masks (RFC 6455, section 5)."""

from __future__ import annotations

import pytest
import trio
from trio.testing import MockClock, wait_all_tasks_blocked

from .rig import Ending, Link, Message, assert_violation, drained, received
from .wire import BINARY, CLOSE, CONTINUATION, PING, PONG, TEXT, close_frame, frame, head

LENGTHS = (0, 1, 125, 126, 127, 128, 65535, 65536)
ONE_READ, BYTE_BY_BYTE = None, 1
BEFORE: tuple[bytes, list[Message]] = (frame(TEXT, "before") + frame(BINARY, b"too"), ["before", b"too"])
AFTER = frame(TEXT, "after") + frame(PING, b"after")


def of_length(length: int) -> bytes:
    return bytes(33 + number % 90 for number in range(length))


# What comes in


@pytest.mark.parametrize("length", LENGTHS)
@pytest.mark.parametrize("opcode", [TEXT, BINARY])
async def test_a_message_of_any_length_comes_out(
    link: Link, opcode: int, length: int, autojump_clock: MockClock
) -> None:
    payload = of_length(length)
    async with link() as (socket, peer), trio.open_nursery() as nursery:
        nursery.start_soon(peer.send, frame(opcode, payload), frame(TEXT, "next"))
        assert await received(socket, 2) == [payload.decode() if opcode == TEXT else payload, "next"]


@pytest.mark.parametrize("length", LENGTHS)
@pytest.mark.parametrize("opcode", [TEXT, BINARY])
async def test_a_message_with_the_acceptance_comes_out(
    link: Link, opcode: int, length: int, autojump_clock: MockClock
) -> None:
    payload = of_length(length)
    async with link(frame(TEXT, "first") + frame(opcode, payload), capacity=100_000) as (socket, _):
        assert await received(socket, 2) == ["first", payload.decode() if opcode == TEXT else payload]


@pytest.mark.parametrize("length", LENGTHS)
@pytest.mark.parametrize("opcode", [TEXT, BINARY])
async def test_a_message_in_many_small_reads_comes_out(
    link: Link, opcode: int, length: int, autojump_clock: MockClock
) -> None:
    """Byte by byte around the heads; a long payload in larger pieces."""
    payload = of_length(length)
    sent = frame(opcode, payload) + frame(TEXT, "next")
    async with link() as (socket, peer), trio.open_nursery() as nursery:

        async def write() -> None:
            await peer.trickle(sent[:300])
            await peer.trickle(sent[300:-10], 997)
            await peer.trickle(sent[-10:])

        nursery.start_soon(write)
        assert await received(socket, 2) == [payload.decode() if opcode == TEXT else payload, "next"]


@pytest.mark.parametrize("size", range(1, 30))
async def test_reads_may_end_anywhere_between_messages(link: Link, size: int, autojump_clock: MockClock) -> None:
    messages: list[Message] = ["", "a", "b" * 126, b"\x00\xff", "ü" * 70, b"", "z"]
    sent = b"".join(frame(TEXT if isinstance(message, str) else BINARY, message) for message in messages)
    async with link() as (socket, peer), trio.open_nursery() as nursery:
        nursery.start_soon(peer.trickle, sent, size)
        assert await received(socket, len(messages)) == messages


@pytest.mark.parametrize("count", [63, 64, 65, 128, 129, 200])
async def test_many_messages_of_one_read_come_in_batches_of_64_at_most(
    link: Link, count: int, autojump_clock: MockClock
) -> None:
    async with link() as (socket, peer):
        await peer.send(*(frame(TEXT, str(number)) for number in range(count)), close_frame(1000))
        await wait_all_tasks_blocked()
        messages, _ = await drained(socket)  # which looks at the size of each batch
        assert messages == [str(number) for number in range(count)]


async def test_text_is_str_and_binary_is_bytes(link: Link, autojump_clock: MockClock) -> None:
    async with link() as (socket, peer):
        await peer.send(frame(TEXT, "a"), frame(BINARY, b"a"))
        assert [type(message) for message in await received(socket, 2)] == [str, bytes]


async def test_a_null_byte_and_the_highest_character_are_text(link: Link, autojump_clock: MockClock) -> None:
    async with link() as (socket, peer):
        await peer.send(frame(TEXT, "\x00a\x00"), frame(TEXT, "\U0010ffff\ufeff"))
        assert await received(socket, 2) == ["\x00a\x00", "\U0010ffff\ufeff"]


# What goes out


@pytest.mark.parametrize("length", LENGTHS)
async def test_what_we_send_is_one_masked_text_frame_of_the_shortest_form(
    link: Link, length: int, autojump_clock: MockClock
) -> None:
    text = of_length(length).decode()
    async with link() as (socket, peer), trio.open_nursery() as nursery:
        nursery.start_soon(socket.send, text)
        assert await peer.read_frame() == (TEXT, text.encode())
        assert not peer.frames.is_inside_a_frame


@pytest.mark.parametrize("text", ["ü", "€", "\U0001f600", "é" * 63, "ü" * 62 + "a", "\x00"])
async def test_what_we_send_is_counted_in_bytes(link: Link, text: str, autojump_clock: MockClock) -> None:
    async with link() as (socket, peer):
        await socket.send(text)
        assert await peer.read_frame() == (TEXT, text.encode())


async def test_every_frame_has_a_mask_of_its_own(link: Link, autojump_clock: MockClock) -> None:
    async with link() as (socket, peer):
        masks = set()
        for _ in range(20):
            await socket.send("the same")
            await socket.ping()
            await peer.send(frame(PING, b"p"))
            for _ in range(3):
                sent = await peer.read_client_frame()
                assert sent is not None
                masks.add(sent.mask)
    assert len(masks) > 55, "5.3: a mask is drawn anew for each frame, and cannot be foreseen"


async def test_two_sends_in_a_row_are_two_messages(link: Link, autojump_clock: MockClock) -> None:
    async with link() as (socket, peer):
        for text in ("a", "", "b"):
            await socket.send(text)
        assert [await peer.read_frame() for _ in range(3)] == [(TEXT, b"a"), (TEXT, b""), (TEXT, b"b")]


# Reserved bits, reserved opcodes, masks


@pytest.mark.parametrize("size", [ONE_READ, BYTE_BY_BYTE])
@pytest.mark.parametrize("opcode", [TEXT, BINARY, PING, PONG, CLOSE])
@pytest.mark.parametrize("rsv", range(1, 8))
async def test_a_reserved_bit_is_a_protocol_error(
    link: Link, rsv: int, opcode: int, size: int | None, autojump_clock: MockClock
) -> None:
    payload = b"\x03\xe8" if opcode == CLOSE else b"xx"
    await assert_violation(link(), frame(opcode, payload, rsv=rsv) + AFTER, 1002, size=size, before=BEFORE)


@pytest.mark.parametrize("rsv", [1, 2, 4])
async def test_a_reserved_bit_in_a_later_fragment_is_a_protocol_error(
    link: Link, rsv: int, autojump_clock: MockClock
) -> None:
    offence = frame(TEXT, "x", fin=False) + frame(CONTINUATION, "y", rsv=rsv)
    await assert_violation(link(), offence + AFTER, 1002, before=BEFORE)


@pytest.mark.parametrize("size", [ONE_READ, BYTE_BY_BYTE])
@pytest.mark.parametrize("opcode", [3, 4, 5, 6, 7, 11, 12, 13, 14, 15])
@pytest.mark.parametrize("payload", [b"", b"xx", b"\x00" * 126])
async def test_a_reserved_opcode_is_a_protocol_error(
    link: Link, opcode: int, payload: bytes, size: int | None, autojump_clock: MockClock
) -> None:
    await assert_violation(link(), frame(opcode, payload) + AFTER, 1002, size=size, before=BEFORE)


@pytest.mark.parametrize("opcode", [3, 7, 11, 15])
async def test_a_reserved_opcode_inside_a_message_is_a_protocol_error(
    link: Link, opcode: int, autojump_clock: MockClock
) -> None:
    offence = frame(TEXT, "x", fin=False) + frame(opcode, b"y") + frame(CONTINUATION, "z")
    await assert_violation(link(), offence + AFTER, 1002, before=BEFORE)


@pytest.mark.parametrize("size", [ONE_READ, BYTE_BY_BYTE])
@pytest.mark.parametrize("opcode", [TEXT, BINARY, PING, PONG, CLOSE])
@pytest.mark.parametrize("mask", [bytes(4), b"\x01\x02\x03\x04"])
async def test_a_masked_frame_of_the_peer_is_a_protocol_error(
    link: Link, opcode: int, mask: bytes, size: int | None, autojump_clock: MockClock
) -> None:
    payload = b"\x03\xe8" if opcode == CLOSE else b"xx"
    hidden = bytes(byte ^ key for byte, key in zip(payload, mask, strict=False))
    offence = head(opcode, len(payload), masked=True) + mask + hidden
    await assert_violation(link(), offence + AFTER, 1002, size=size, before=BEFORE)


# Lengths that are none


@pytest.mark.parametrize("length", [0, 1, 125])
@pytest.mark.parametrize("form", [16, 64])
@pytest.mark.parametrize("opcode", [PING, PONG, CLOSE])
async def test_the_length_of_a_control_frame_has_seven_bits(
    link: Link, opcode: int, form: int, length: int, autojump_clock: MockClock
) -> None:
    payload = (b"\x03\xe8" + b"x" * 200)[:length]
    await assert_violation(link(), frame(opcode, payload, form=form) + AFTER, 1002, before=BEFORE)


@pytest.mark.parametrize("opcode", [TEXT, BINARY])
@pytest.mark.parametrize(("length", "form"), [(0, 16), (1, 16), (125, 16), (0, 64), (125, 64), (126, 64), (65535, 64)])
async def test_a_length_that_takes_more_bytes_than_it_must_is_a_protocol_error(
    link: Link, opcode: int, length: int, form: int, autojump_clock: MockClock
) -> None:
    offence = frame(opcode, of_length(length), form=form)
    await assert_violation(link(capacity=100_000), offence + AFTER, 1002, before=BEFORE)


@pytest.mark.parametrize("opcode", [TEXT, BINARY])
@pytest.mark.parametrize("length", [1 << 63, (1 << 64) - 1, (1 << 63) + 5])
async def test_a_length_with_its_first_bit_set_is_never_waited_for(
    link: Link, opcode: int, length: int, autojump_clock: MockClock
) -> None:
    """5.2: that bit must be 0. It is too big as well: either code is right, and both say whose fault it is."""
    async with link() as (socket, peer):
        await peer.send(BEFORE[0], head(opcode, length), b"xxxxx")
        messages, closed = await drained(socket)
        assert messages == BEFORE[1]
        assert Ending.of(closed) in (Ending(1002, violation=True), Ending(1009, violation=True))


@pytest.mark.parametrize(
    "begun",
    [
        head(TEXT, 100, rsv=4),
        head(PING, 100, rsv=1),
        head(5, 100),
        head(13, 100),
        head(TEXT, 100, masked=True),
        head(PONG, 100, masked=True),
        head(PING, 100, fin=False),
        head(TEXT, 100, form=16),
        head(BINARY, 100, form=64),
    ],
    ids=[
        "reserved bit",
        "reserved bit of a ping",
        "reserved opcode",
        "reserved control opcode",
        "mask",
        "mask of a pong",
        "ping in fragments",
        "long length",
        "longer length",
    ],
)
async def test_what_is_wrong_with_a_head_is_seen_though_the_payload_does_not_come(
    link: Link, begun: bytes, autojump_clock: MockClock
) -> None:
    """Six bytes of it: enough for a mask. A frame that is wrong only in its place may be waited for."""
    await assert_violation(link(), begun + b"xxxxxx", 1002, before=BEFORE)


async def test_a_frame_that_never_ends_is_a_lost_connection_and_no_violation(
    link: Link, autojump_clock: MockClock
) -> None:
    for length in range(1, len(frame(TEXT, "half"))):
        async with link() as (socket, peer):
            await peer.send(frame(TEXT, "whole"), frame(TEXT, "half")[:length])
            await wait_all_tasks_blocked()
            await peer.stream.aclose()
            messages, closed = await drained(socket)
        assert messages == ["whole"]
        assert Ending.of(closed) == Ending(None, by_peer=True)


async def test_a_close_that_never_ends_is_a_lost_connection(link: Link, autojump_clock: MockClock) -> None:
    async with link() as (socket, peer):
        await peer.send(close_frame(1000, "over")[:-1])
        await peer.stream.aclose()
        messages, closed = await drained(socket)
    assert messages == []
    assert Ending.of(closed) == Ending(None, by_peer=True)
    assert "lost" in closed.reason
