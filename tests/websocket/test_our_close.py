"""How we end a WebSocket: `close` and `abort` (RFC 6455, 7.1)."""

from __future__ import annotations

from contextlib import suppress

import pytest
import trio
from trio.testing import MockClock, wait_all_tasks_blocked

from actors.websocket import SocketClosed

from .rig import Ending, Link, ScriptedPeer, drained, received
from .wire import BINARY, CLOSE, CONTINUATION, PING, PONG, TEXT, close_frame, frame, head

OURS = Ending(None, ours=True)
OUR_CLOSE = (CLOSE, (1000).to_bytes(2, "big"))


async def answer_close(peer: ScriptedPeer, *before: bytes, after: float = 0) -> None:
    """Sends what is still on its way, and the answer to our Close so much later."""
    while (came := await peer.read_frame()) is not None and came[0] != CLOSE:
        pass
    assert came == OUR_CLOSE
    with suppress(trio.BrokenResourceError):
        await peer.send(*before)
        await trio.sleep(after)
        await peer.send(close_frame(1000))
    assert await peer.read_rest() == [], "nothing follows our Close but the end"


async def test_close_says_1000_and_ends_with_the_answer(link: Link, autojump_clock: MockClock) -> None:
    async with link() as (socket, peer), trio.open_nursery() as nursery:
        nursery.start_soon(answer_close, peer)
        await socket.close()
        _, closed = await drained(socket)
        assert (Ending.of(closed), closed.reason) == (OURS, "we closed it")
    assert trio.current_time() == 0


@pytest.mark.parametrize(
    "between",
    [
        [frame(TEXT, "late")],
        [frame(TEXT, "late"), frame(BINARY, b"later"), frame(PING, b"p")],
        [frame(TEXT, "hal", fin=False), frame(PING), frame(CONTINUATION, "ves")],
        [frame(TEXT, "never finished", fin=False)],
        [frame(TEXT, "x" * 60_000)],
    ],
)
async def test_what_comes_between_our_close_and_the_answer_is_dropped(
    link: Link, between: list[bytes], autojump_clock: MockClock
) -> None:
    async with link(frame(TEXT, "never received")) as (socket, peer), trio.open_nursery() as nursery:
        await wait_all_tasks_blocked()
        nursery.start_soon(answer_close, peer, *between)
        await socket.close()
        messages, closed = await drained(socket)
        assert messages == []
        assert Ending.of(closed) == OURS
    assert trio.current_time() == 0


@pytest.mark.parametrize("payload", [b"", b"\x03\xe8", b"\x03\xe9bye", b"\x0f\xa1"])
async def test_the_answer_may_say_anything(link: Link, payload: bytes, autojump_clock: MockClock) -> None:
    async with link() as (socket, peer), trio.open_nursery() as nursery:

        async def answer() -> None:
            assert await peer.read_frame() == OUR_CLOSE
            await peer.send(frame(CLOSE, payload))
            assert await peer.read_rest() == []

        nursery.start_soon(answer)
        await socket.close()
        assert Ending.of((await drained(socket))[1]) == OURS
    assert trio.current_time() == 0


@pytest.mark.parametrize(
    "answer",
    [
        frame(3, "x"),
        frame(TEXT, "x", rsv=1),
        frame(CLOSE, b"\x03"),
        frame(TEXT, b"\xff"),
        close_frame(1005),
        b"\xff" * 20,
    ],
)
async def test_a_broken_rule_instead_of_an_answer_ends_our_close_within_the_linger(
    link: Link, answer: bytes, autojump_clock: MockClock
) -> None:
    """It is still we who closed, and a second Close must not follow the first."""
    async with link() as (socket, peer), trio.open_nursery() as nursery:

        async def break_a_rule() -> None:
            assert await peer.read_frame() == OUR_CLOSE
            await peer.trickle(answer, len(answer))
            assert await peer.read_rest() == []

        nursery.start_soon(break_a_rule)
        with trio.fail_after(1):
            await socket.close()
        assert trio.current_time() <= 0.025
        assert Ending.of((await drained(socket))[1]) == OURS


@pytest.mark.parametrize("sends_fin", [False, True])
async def test_a_peer_that_leaves_instead_of_answering_ends_our_close(
    link: Link, sends_fin: bool, autojump_clock: MockClock
) -> None:
    async with link() as (socket, peer), trio.open_nursery() as nursery:

        async def leave() -> None:
            assert await peer.read_frame() == OUR_CLOSE
            await (peer.stream.send_eof() if sends_fin else peer.stream.aclose())

        nursery.start_soon(leave)
        await socket.close()
        closed = (await drained(socket))[1]
        assert (closed.code, closed.violation, closed.ours) == (None, False, True)
    assert trio.current_time() == 0


async def test_closes_that_cross_are_answers_to_each_other(link: Link, autojump_clock: MockClock) -> None:
    """Each side has sent its Close before it saw the other's; no third one is sent."""
    async with link(capacity=1000) as (socket, peer), trio.open_nursery() as nursery:
        nursery.start_soon(socket.close)
        await wait_all_tasks_blocked()
        await peer.send(close_frame(1001, "me too"))
        assert await peer.read_rest() == [OUR_CLOSE]
        assert Ending.of((await drained(socket))[1]) == OURS
    assert trio.current_time() == 0


async def test_a_silent_peer_is_waited_for_as_long_as_the_caller_allows(link: Link, autojump_clock: MockClock) -> None:
    async with link() as (socket, peer):
        with trio.move_on_after(7) as patience:
            await socket.close()
        assert patience.cancelled_caught
        assert trio.current_time() == 7
        assert await peer.read_rest() == [OUR_CLOSE]
        assert Ending.of((await drained(socket))[1]) == OURS


@pytest.mark.parametrize("after", [0.009, 0.5, 30])
async def test_a_peer_that_answers_late_and_says_nothing_else_is_waited_for(
    link: Link, after: float, autojump_clock: MockClock
) -> None:
    async with link() as (socket, peer), trio.open_nursery() as nursery:
        nursery.start_soon(partial_answer, peer, after)
        await socket.close()
        assert trio.current_time() == after


async def partial_answer(peer: ScriptedPeer, after: float) -> None:
    await answer_close(peer, after=after)


@pytest.mark.parametrize("linger", [0, 0.010, 0.5])
@pytest.mark.parametrize("noise", [frame(TEXT, "x" * 300), frame(PONG, b"x"), frame(CONTINUATION)])
async def test_a_peer_that_goes_on_sending_is_dropped_after_the_linger(
    link: Link, linger: float, noise: bytes, autojump_clock: MockClock
) -> None:
    async with link() as (socket, peer), trio.open_nursery() as nursery:

        async def go_on() -> None:
            with suppress(trio.BrokenResourceError):
                await peer.send(frame(TEXT, "begun", fin=False) if noise == frame(CONTINUATION) else b"")
                while True:
                    await peer.send(frame(CONTINUATION, fin=False) if noise == frame(CONTINUATION) else noise)
                    await trio.sleep(0.001)

        nursery.start_soon(go_on)
        nursery.start_soon(peer.read_rest)
        await trio.sleep(0.0055)
        begun = trio.current_time()
        await socket.close(linger=linger)
        assert linger - 0.001 <= trio.current_time() - begun <= linger + 0.002


async def test_a_flood_without_a_pause_ends_our_close_too(link: Link, autojump_clock: MockClock) -> None:
    """No time passes between its messages: with a linger of nothing, one more read is enough."""
    async with link() as (socket, peer), trio.open_nursery() as nursery:

        async def flood() -> None:
            with suppress(trio.BrokenResourceError):
                while True:
                    await peer.send(frame(TEXT, "x" * 300) * 20)

        nursery.start_soon(flood)
        await received(socket, 5)
        await socket.close(linger=0)


async def test_close_wakes_a_task_that_waits_for_a_message(link: Link, autojump_clock: MockClock) -> None:
    """At once, not when the peer answers."""
    async with link() as (socket, peer), trio.open_nursery() as nursery:
        woken: list[float] = []

        async def wait() -> None:
            assert Ending.of((await drained(socket))[1]) == OURS
            woken.append(trio.current_time())

        nursery.start_soon(wait)
        await wait_all_tasks_blocked()
        nursery.start_soon(partial_answer, peer, 3)
        await socket.close()
        await wait_all_tasks_blocked()
        assert woken == [0]


async def test_nothing_is_sent_after_our_close(link: Link, autojump_clock: MockClock) -> None:
    async with link() as (socket, peer), trio.open_nursery() as nursery:
        nursery.start_soon(socket.close)
        await wait_all_tasks_blocked()
        for call in (socket.send("too late"), socket.ping(), socket.receive_batch()):
            with pytest.raises(SocketClosed) as closed, trio.fail_after(1):
                await call
            assert Ending.of(closed.value) == OURS
        await answer_close(peer)


async def test_two_tasks_may_close_at_the_same_time_and_wait_for_the_same(
    link: Link, autojump_clock: MockClock
) -> None:
    async with link() as (socket, peer), trio.open_nursery() as nursery:
        ends: list[float] = []

        async def close() -> None:
            await socket.close()
            ends.append(trio.current_time())

        for _ in range(3):
            nursery.start_soon(close)
        await partial_answer(peer, 1)
        await wait_all_tasks_blocked()
        assert ends == [1, 1, 1]


async def test_close_while_a_send_is_stuck_ends_with_the_callers_patience(
    link: Link, autojump_clock: MockClock
) -> None:
    async with link(capacity=1000) as (socket, _), trio.open_nursery() as nursery:
        endings: list[Ending] = []

        async def send() -> None:
            with pytest.raises(SocketClosed) as closed:
                await socket.send("x" * 5000)
            endings.append(Ending.of(closed.value))

        nursery.start_soon(send)
        await wait_all_tasks_blocked()
        with trio.move_on_after(2):
            await socket.close()
        assert trio.current_time() == 2
        await wait_all_tasks_blocked()
        assert endings == [Ending(None, begun=True, ours=True)]


async def test_close_waits_for_a_frame_that_is_being_sent(link: Link, autojump_clock: MockClock) -> None:
    """A Close inside another frame would be rubbish: `answer_close` would not find it."""
    async with link(capacity=1000) as (socket, peer), trio.open_nursery() as nursery:

        async def send() -> None:
            with suppress(SocketClosed):
                await socket.send("x" * 5000)

        nursery.start_soon(send)
        await wait_all_tasks_blocked()
        nursery.start_soon(socket.close)
        await wait_all_tasks_blocked()
        await answer_close(peer)
    assert trio.current_time() == 0


@pytest.mark.parametrize("turns", range(12))
async def test_a_close_that_is_canceled_at_any_turn_still_closes(
    link: Link, turns: int, autojump_clock: MockClock
) -> None:
    async with link() as (socket, peer):
        with trio.CancelScope() as scope:
            async with trio.open_nursery() as nursery:
                nursery.start_soon(socket.close)
                for _ in range(turns):
                    await trio.lowlevel.checkpoint()
                scope.cancel()
        assert await peer.read_rest() in ([], [OUR_CLOSE])
        with pytest.raises(SocketClosed), trio.fail_after(1):
            await socket.receive_batch()


@pytest.mark.parametrize("last", [close_frame(1001), frame(TEXT, b"\xff"), b""])
async def test_close_after_the_end_takes_no_time_and_changes_nothing(
    link: Link, last: bytes, autojump_clock: MockClock
) -> None:
    async with link() as (socket, peer):
        await peer.send(last)
        await peer.stream.send_eof()
        _, before = await drained(socket)
        began = trio.current_time()
        await socket.close()
        assert trio.current_time() == began
        _, after = await drained(socket)
        assert Ending.of(after) == Ending.of(before)
        assert len([opcode for opcode, _ in await peer.read_rest() if opcode == CLOSE]) <= 1


# Abort


@pytest.mark.parametrize("first", [b"", frame(TEXT, "a"), head(TEXT, 100), frame(TEXT, "a", fin=False), frame(PING)])
async def test_abort_says_nothing_and_ends_every_call(link: Link, first: bytes, autojump_clock: MockClock) -> None:
    async with link() as (socket, peer), trio.open_nursery() as nursery:
        endings: list[Ending] = []

        async def wait() -> None:
            endings.append(Ending.of((await drained(socket))[1]))

        nursery.start_soon(wait)
        await peer.send(first)
        await wait_all_tasks_blocked()
        socket.abort()
        assert CLOSE not in [opcode for opcode, _ in await peer.read_rest()]
        await wait_all_tasks_blocked()
        assert endings == [Ending(None)]
        for call in (socket.send("too late"), socket.ping()):
            with pytest.raises(SocketClosed) as closed:
                await call
            assert Ending.of(closed.value) == Ending(None)
        socket.abort()
        await socket.close()
    assert trio.current_time() == 0


@pytest.mark.parametrize("turns", range(6))
@pytest.mark.parametrize("sent", [close_frame(1001), frame(TEXT, b"\xff"), frame(CONTINUATION), b""])
async def test_an_abort_while_the_peer_ends_it_has_one_ending(
    link: Link, sent: bytes, turns: int, autojump_clock: MockClock
) -> None:
    """Whichever was first; what was said of it is not taken back by what is read later."""
    for _ in range(5):
        async with link() as (socket, peer), trio.open_nursery() as nursery:

            async def end(peer: ScriptedPeer = peer) -> None:
                with suppress(trio.BrokenResourceError):
                    await peer.send(sent)
                    await peer.stream.send_eof()

            nursery.start_soon(end)
            for _ in range(turns):
                await trio.lowlevel.checkpoint()
            socket.abort()
            endings = set()
            for call in (socket.receive_batch, socket.receive_batch, socket.ping, socket.receive_batch):
                with pytest.raises(SocketClosed) as closed:
                    await call()
                endings.add(Ending.of(closed.value))
                await wait_all_tasks_blocked()
            assert len(endings) == 1


async def test_abort_ends_a_close_that_waits(link: Link, autojump_clock: MockClock) -> None:
    async with link() as (socket, _), trio.open_nursery() as nursery:
        nursery.start_soon(socket.close)
        await trio.sleep(1)
        socket.abort()
    assert trio.current_time() == 1


async def test_abort_ends_a_send_that_is_stuck(link: Link, autojump_clock: MockClock) -> None:
    async with link(capacity=1000) as (socket, _), trio.open_nursery() as nursery:
        endings: list[Ending] = []

        async def send() -> None:
            with pytest.raises(SocketClosed) as closed:
                await socket.send("x" * 5000)
            endings.append(Ending.of(closed.value))

        nursery.start_soon(send)
        await wait_all_tasks_blocked()
        assert socket.writing_since == 0
        socket.abort()
        await wait_all_tasks_blocked()
        assert endings == [Ending(None, begun=True)]
