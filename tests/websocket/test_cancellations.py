"""What is lost when a call is canceled: nothing, or the connection."""

from __future__ import annotations

from contextlib import suppress

import pytest
import trio
from trio.testing import MockClock, wait_all_tasks_blocked

from actors.websocket import SocketClosed

from .rig import Ending, Link, Message, drained, receive_within, received
from .wire import BINARY, CLOSE, CONTINUATION, PING, PONG, TEXT, close_frame, fragments, frame


async def after_turns(turns: int, scope: trio.CancelScope) -> None:
    for _ in range(turns):
        await trio.lowlevel.checkpoint()
    scope.cancel()


# Receiving


@pytest.mark.parametrize("turns", range(8))
@pytest.mark.parametrize("size", [None, 1, 3])
async def test_a_receive_that_is_canceled_after_any_number_of_turns_loses_nothing(
    link: Link, turns: int, size: int | None, autojump_clock: MockClock
) -> None:
    messages: list[Message] = ["a", "forty", b"c", "", "e" * 200, "ü"]
    parts = [
        frame(TEXT, "a"),
        *fragments(TEXT, [b"for", b"", b"ty"]),
        frame(PING, b"1"),
        frame(BINARY, b"c"),
        frame(TEXT, ""),
        frame(PING, b"2"),
        frame(TEXT, "e" * 200),
        *fragments(TEXT, [b"\xc3", b"\xbc"]),
        close_frame(1001, "over"),
    ]
    sent = b"".join(parts)
    came: list[Message] = []
    async with link() as (socket, peer), trio.open_nursery() as nursery:

        async def write() -> None:
            for start in range(0, len(sent), size or len(sent)):
                await peer.send(sent[start : start + (size or len(sent))])
                for _ in range(start % 5):
                    await trio.lowlevel.checkpoint()

        nursery.start_soon(write)
        for attempt in range(300):
            came += await receive_within(socket, turns if attempt % 3 else attempt % 20)
        rest, closed = await drained(socket)
        came += rest
        socket.abort()
        frames = await peer.read_rest()
    assert came == messages
    assert Ending.of(closed) == Ending(1001, by_peer=True)
    assert [opcode for opcode, _ in frames] == [PONG, PONG, CLOSE]


async def test_a_receive_in_a_canceled_scope_takes_nothing(link: Link, autojump_clock: MockClock) -> None:
    async with link(frame(TEXT, "a") + frame(TEXT, "b")) as (socket, _):
        await wait_all_tasks_blocked()
        for _ in range(3):
            with trio.CancelScope() as scope:
                scope.cancel()
                await socket.receive_batch()
            assert scope.cancelled_caught
        assert await received(socket, 2) == ["a", "b"]


async def test_a_canceled_receive_does_not_hurt_a_message_that_has_begun(link: Link, autojump_clock: MockClock) -> None:
    async with link() as (socket, peer):
        for part in (frame(TEXT, "a\u20ac", fin=False)[:4], frame(TEXT, "a\u20ac", fin=False)[4:], frame(PING)):
            await peer.send(part)
            with trio.move_on_after(1) as patience:
                await socket.receive_batch()
            assert patience.cancelled_caught
        assert await peer.read_frame() == (PONG, b"")
        await peer.send(frame(CONTINUATION, "b"))
        assert await received(socket, 1) == ["a€b"]


async def test_a_receive_that_times_out_again_and_again_loses_nothing(link: Link, autojump_clock: MockClock) -> None:
    async with link() as (socket, peer), trio.open_nursery() as nursery:

        async def write() -> None:
            for number in range(50):
                await trio.sleep(0.7)
                await peer.send(frame(TEXT, str(number)))

        nursery.start_soon(write)
        came: list[Message] = []
        while len(came) < 50:
            with trio.move_on_after(0.5):
                came += await socket.receive_batch()
        assert came == [str(number) for number in range(50)]


# While no task receives


async def test_pings_are_answered_while_no_task_receives(link: Link, autojump_clock: MockClock) -> None:
    async with link() as (socket, peer):
        for number in range(5):
            await peer.send(frame(PONG, b"mine"), frame(PING, bytes((number,))))
            with trio.fail_after(1):
                assert await peer.read_frame() == (PONG, bytes((number,)))
        assert not socket.holds_messages


async def test_pings_are_answered_again_after_a_receive(link: Link, autojump_clock: MockClock) -> None:
    """Between two calls no task receives: the reader must not be left with the first."""
    async with link() as (socket, peer):
        for number in range(5):
            await peer.send(frame(TEXT, str(number)))
            assert await received(socket, 1) == [str(number)]
            await wait_all_tasks_blocked()
            await peer.send(frame(PING, bytes((number,))))
            with trio.fail_after(1):
                assert await peer.read_frame() == (PONG, bytes((number,)))


async def test_pings_are_answered_after_a_canceled_receive(link: Link, autojump_clock: MockClock) -> None:
    async with link() as (socket, peer):
        for number in range(3):
            with trio.move_on_after(1):
                await socket.receive_batch()
            await peer.send(frame(PING, bytes((number,))))
            with trio.fail_after(1):
                assert await peer.read_frame() == (PONG, bytes((number,)))


async def test_a_ping_that_waits_behind_unreceived_messages_is_answered_once_they_are_received(
    link: Link, autojump_clock: MockClock
) -> None:
    """Messages that are not received are not piled up: nothing is read behind them, and TCP holds the peer back."""
    async with link() as (socket, peer):
        for number in range(3):
            await peer.send(frame(TEXT, str(number)))
            await trio.sleep(1)
        await peer.send(frame(PING, b"p"))
        assert await received(socket, 3) == ["0", "1", "2"]
        with trio.fail_after(1):
            assert await peer.read_frame() == (PONG, b"p")


async def test_a_ping_inside_a_message_is_answered_while_no_task_receives(
    link: Link, autojump_clock: MockClock
) -> None:
    async with link() as (socket, peer):
        await peer.send(frame(TEXT, "a", fin=False), frame(PING, b"p"))
        with trio.fail_after(1):
            assert await peer.read_frame() == (PONG, b"p")
        await peer.send(frame(CONTINUATION, "b"))
        assert await received(socket, 1) == ["ab"]


async def test_a_close_is_answered_while_no_task_receives(link: Link, autojump_clock: MockClock) -> None:
    async with link() as (socket, peer):
        await peer.send(close_frame(1001, "over"))
        with trio.fail_after(1):
            assert ((await peer.read_frame()) or (0,))[0] == CLOSE
        with pytest.raises(SocketClosed) as closed:
            await socket.send("too late")
        assert Ending.of(closed.value) == Ending(1001, by_peer=True)
        assert Ending.of((await drained(socket))[1]) == Ending(1001, by_peer=True)


@pytest.mark.parametrize(("offence", "code"), [(frame(3), 1002), (frame(TEXT, b"\xff"), 1007)])
async def test_a_broken_rule_is_answered_while_no_task_receives(
    link: Link, offence: bytes, code: int, autojump_clock: MockClock
) -> None:
    async with link() as (socket, peer):
        await peer.send(offence)
        with trio.fail_after(1):
            came = await peer.read_frame()
        assert came is not None
        assert (came[0], came[1][:2]) == (CLOSE, code.to_bytes(2, "big"))
        assert Ending.of((await drained(socket))[1]) == Ending(code, violation=True)


async def test_a_fin_is_noticed_while_no_task_receives(link: Link, autojump_clock: MockClock) -> None:
    async with link() as (socket, peer):
        await peer.stream.send_eof()
        await wait_all_tasks_blocked()
        with pytest.raises(SocketClosed) as closed:
            await socket.send("too late")
        assert Ending.of(closed.value) == Ending(None, by_peer=True)


async def test_what_is_heard_while_no_task_receives_is_heard(link: Link, autojump_clock: MockClock) -> None:
    async with link() as (socket, peer):
        for sent in (frame(PONG), frame(TEXT, "a", fin=False), frame(PING)):
            await trio.sleep(1)
            await peer.send(sent)
            await wait_all_tasks_blocked()
            assert socket.last_heard == trio.current_time()


# Sending


@pytest.mark.parametrize("turns", range(10))
@pytest.mark.parametrize("capacity", [100, 65536])
async def test_a_send_that_is_canceled_is_whole_or_not_there_or_the_last(
    link: Link, turns: int, capacity: int, autojump_clock: MockClock
) -> None:
    """Never half a frame with another one behind it."""
    text = "x" * 1000
    async with link(capacity=capacity) as (socket, peer), trio.open_nursery() as reading:
        frames: list[tuple[int, bytes]] = []

        async def read() -> None:
            while (came := await peer.read_frame()) is not None:
                frames.append(came)

        if capacity > 1000:
            reading.start_soon(read)
        async with trio.open_nursery() as nursery:
            nursery.start_soon(after_turns, turns, nursery.cancel_scope)
            await socket.send(text)
            nursery.cancel_scope.cancel()
        if capacity <= 1000:
            reading.start_soon(read)
        endings: list[Ending] = []
        try:
            await socket.send("next")
        except SocketClosed as closed:
            endings.append(Ending.of(closed))
        await wait_all_tasks_blocked()
        assert endings == ([] if frames[-1:] == [(TEXT, b"next")] else [Ending(None)])
        assert [payload for _, payload in frames if payload != b"next"] in ([], [text.encode()])
        reading.cancel_scope.cancel()


async def test_a_send_in_a_canceled_scope_leaves_the_connection_as_it_is(link: Link, autojump_clock: MockClock) -> None:
    async with link() as (socket, peer):
        for call in (socket.send, lambda _: socket.ping()):
            with trio.CancelScope() as scope:
                scope.cancel()
                await call("never")
        await socket.send("next")
        frames = [await peer.read_frame()]
        assert frames == [(TEXT, b"next")]


async def test_a_send_canceled_inside_its_frame_cuts_the_connection(link: Link, autojump_clock: MockClock) -> None:
    async with link(frame(TEXT, "unread"), capacity=1000) as (socket, peer):
        with trio.move_on_after(1):
            await socket.send("x" * 5000)
        assert socket.writing_since is None
        with pytest.raises(SocketClosed) as refused:
            await socket.send("next")
        assert Ending.of(refused.value) == Ending(None)
        await wait_all_tasks_blocked()
        assert await peer.read_rest() == []
        assert peer.frames.is_inside_a_frame


async def test_a_ping_canceled_inside_its_frame_cuts_the_connection(link: Link, autojump_clock: MockClock) -> None:
    async with link(capacity=15) as (socket, peer):
        with trio.move_on_after(1):
            for _ in range(3):
                await socket.ping()
        assert trio.current_time() == 1
        with pytest.raises(SocketClosed):
            await socket.send("next")
        frames = await peer.read_rest()
        assert [opcode for opcode, _ in frames] == [PING] * 2
        assert peer.frames.is_inside_a_frame


async def test_a_send_canceled_while_it_waits_behind_a_pong_harms_nothing(
    link: Link, autojump_clock: MockClock
) -> None:
    """Not a byte of it was written, and half of the pong was: the pong must go on."""
    async with link(capacity=100) as (socket, peer):
        await peer.send(frame(PING, b"p" * 90))
        await wait_all_tasks_blocked()
        await peer.send(frame(PING, b"q" * 80))
        await wait_all_tasks_blocked()
        with trio.move_on_after(1) as patience:
            await socket.send("never")
        assert patience.cancelled_caught
        frames = [await peer.read_frame() for _ in range(2)]
        assert frames == [(PONG, b"p" * 90), (PONG, b"q" * 80)]
        await socket.send("next")
        assert await peer.read_frame() == (TEXT, b"next")


async def test_a_receive_canceled_while_a_pong_is_half_written_harms_nothing(
    link: Link, autojump_clock: MockClock
) -> None:
    """The task that receives may be the one that wrote it."""
    async with link(capacity=100) as (socket, peer), trio.open_nursery() as nursery:
        nursery.start_soon(peer.send, frame(PING, b"p" * 90) + frame(PING, b"q" * 80))
        with trio.move_on_after(1) as patience:
            await socket.receive_batch()
        assert patience.cancelled_caught
        frames = [await peer.read_frame() for _ in range(2)]
        assert frames == [(PONG, b"p" * 90), (PONG, b"q" * 80)]
        await peer.send(frame(TEXT, "a"))
        assert await received(socket, 1) == ["a"]


async def test_a_frame_under_way_shows_since_when(link: Link, autojump_clock: MockClock) -> None:
    async with link(capacity=1000) as (socket, peer), trio.open_nursery() as nursery:
        since = [socket.writing_since]
        await trio.sleep(1)
        nursery.start_soon(socket.send, "x" * 5000)
        await trio.sleep(1)
        since.append(socket.writing_since)
        assert await peer.read_frame() == (TEXT, b"x" * 5000)
        await wait_all_tasks_blocked()
        assert [*since, socket.writing_since] == [None, 1, None]


async def test_a_send_into_a_broken_connection_was_begun_and_the_next_was_not(
    link: Link, autojump_clock: MockClock
) -> None:
    async with link(capacity=100) as (socket, peer), trio.open_nursery() as nursery:
        endings: list[Ending] = []

        async def send() -> None:
            for text in ("x" * 500, "another"):
                with pytest.raises(SocketClosed) as closed:
                    await socket.send(text)
                endings.append(Ending.of(closed.value))

        nursery.start_soon(send)
        await wait_all_tasks_blocked()
        await peer.stream.aclose()
        await wait_all_tasks_blocked()
        assert [(ending.code, ending.begun) for ending in endings] == [(None, True), (None, False)]


@pytest.mark.parametrize("turns", range(12))
@pytest.mark.parametrize("offence", [frame(TEXT, b"\xff"), frame(CONTINUATION), close_frame(1005), close_frame(1001)])
async def test_sends_while_the_peer_ends_it_are_sent_or_refused(
    link: Link, offence: bytes, turns: int, autojump_clock: MockClock
) -> None:
    """Our last frame and a text must not be written at the same time. The reader of the peer sees it if they are."""
    for _ in range(5):
        async with link() as (socket, peer), trio.open_nursery() as nursery:
            nursery.start_soon(peer.trickle, offence, len(offence))
            for _ in range(turns):
                await trio.lowlevel.checkpoint()
            sent: list[bytes] = []
            with suppress(SocketClosed):
                for text in ("a", "b", "c", "d"):
                    await socket.send(text)
                    sent.append(text.encode())
            await drained(socket)
            socket.abort()
            frames = await peer.read_rest()
            assert [payload for opcode, payload in frames if opcode == TEXT][: len(sent)] == sent
