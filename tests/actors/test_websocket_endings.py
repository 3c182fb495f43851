"""How a WebSocket ends, by the peer or by us, against a peer whose bytes are written by hand."""

from __future__ import annotations

from contextlib import suppress

import pytest
import trio
from hypothesis import given, settings
from hypothesis import strategies as st
from trio.testing import MockClock, wait_all_tasks_blocked

from actors.websocket import SocketClosed

from ..websocket_peer import BINARY, CLOSE, CONTINUATION, PING, TEXT, close_frame, connected, frame, until_closed

pytestmark = pytest.mark.usefixtures("each_websocket")

# How it ends: the peer


async def test_messages_before_a_close_come_first_and_the_close_is_answered() -> None:
    async with connected() as (socket, peer):
        await peer.send(frame(TEXT, "a"), frame(TEXT, "b"), close_frame(1001, "going away"))
        batches, closed = await until_closed(socket)
        assert batches == [["a", "b"]]
        assert (closed.code, closed.reason, closed.violation) == (1001, "going away", False)
        assert await peer.read_frame() == (CLOSE, (1001).to_bytes(2, "big") + b"going away")
        with pytest.raises(SocketClosed):
            await socket.receive_batch()


async def test_a_close_without_a_code_is_code_1005() -> None:
    async with connected() as (socket, peer):
        await peer.send(frame(CLOSE))
        _, closed = await until_closed(socket)
    assert closed.code == 1005


async def test_a_connection_lost_without_a_close_has_no_code() -> None:
    async with connected() as (socket, peer):
        await peer.send(frame(TEXT, "a"), frame(TEXT, "half")[:3])
        await peer.stream.aclose()
        batches, closed = await until_closed(socket)
    assert batches == [["a"]]
    assert (closed.code, closed.violation) == (None, False)
    assert "lost" in str(closed)


async def test_the_end_wakes_a_task_that_waits_for_a_message() -> None:
    async with connected() as (socket, peer), trio.open_nursery() as nursery:

        async def wait() -> None:
            with pytest.raises(SocketClosed):
                await socket.receive_batch()

        nursery.start_soon(wait)
        await wait_all_tasks_blocked()
        await peer.stream.aclose()


@pytest.mark.parametrize(
    ("offence", "code"),
    [
        (frame(TEXT, "x", rsv=4), 1002),
        (frame(0x3, "x"), 1002),
        (frame(TEXT, "x", mask=True), 1002),
        (frame(CONTINUATION, "x"), 1002),
        (frame(TEXT, "x", fin=False) + frame(TEXT, "y"), 1002),
        (frame(PING, "x" * 126), 1002),
        (frame(PING, "x", fin=False), 1002),
        (frame(CLOSE, b"x"), 1002),
        (close_frame(1006), 1002),
        (close_frame(999), 1002),
        (frame(TEXT, b"\xff\xfe"), 1007),
        (close_frame(1000)[:1] + b"\x04" + close_frame(1000)[2:] + b"\xff\xfe", 1007),
        (frame(TEXT, "x" * 1001), 1009),
        (frame(BINARY, b"x" * 600, fin=False) + frame(CONTINUATION, b"x" * 600), 1009),
    ],
)
@pytest.mark.parametrize("with_acceptance", [False, True])
async def test_a_broken_rule_is_answered_with_its_code_and_called_a_violation(
    offence: bytes, code: int, with_acceptance: bool, autojump_clock: MockClock
) -> None:
    bytes_sent = frame(TEXT, "before") + offence + frame(TEXT, "after") + frame(PING)
    async with connected(bytes_sent if with_acceptance else b"", max_message_size=1000) as (socket, peer):
        if not with_acceptance:
            await peer.send(bytes_sent)
        batches, closed = await until_closed(socket)
        assert batches == [["before"]]
        assert closed.violation
        assert closed.code == code
        assert "broke the protocol" in str(closed)
        socket.abort()
        frames = await peer.read_rest()
        assert [payload[:2] for opcode, payload in frames if opcode == CLOSE] == [code.to_bytes(2, "big")]
    assert trio.current_time() < 0.1


@settings(max_examples=20, deadline=None)
@given(st.random_module())
async def test_a_rule_broken_right_behind_the_acceptance_is_noticed_whoever_runs_first(schedule: object) -> None:
    with trio.fail_after(1):
        async with connected(frame(TEXT, b"\xff")) as (socket, _):
            with pytest.raises(SocketClosed) as closed:
                await socket.receive_batch()
    assert (closed.value.code, closed.value.violation) == (1007, True)


@pytest.mark.parametrize("code", [1002, 1007, 1009])
async def test_a_peer_that_accuses_us_is_not_the_one_that_broke_the_rule(code: int) -> None:
    async with connected() as (socket, peer):
        await peer.send(frame(TEXT, "a"), close_frame(code, "your fault"))
        batches, closed = await until_closed(socket)
        assert batches == [["a"]]
        assert (closed.code, closed.reason, closed.violation) == (code, "your fault", False)


async def test_an_accusation_split_over_two_reads_is_still_the_peers() -> None:
    async with connected() as (socket, peer):
        accusation = close_frame(1009, "your fault")
        for index in range(len(accusation)):
            await peer.send(accusation[index : index + 1])
            await wait_all_tasks_blocked()
        _, closed = await until_closed(socket)
    assert not closed.violation


async def test_after_a_violation_a_flood_is_drained_and_not_kept(autojump_clock: MockClock) -> None:
    async with connected() as (socket, peer), trio.open_nursery() as nursery:

        async def flood() -> None:
            with suppress(trio.BrokenResourceError):
                await peer.send(frame(TEXT, b"\xff"))
                while True:
                    await peer.send(frame(TEXT, "x" * 1000) * 20)
                    await trio.sleep(0.001)

        nursery.start_soon(flood)
        _, closed = await until_closed(socket)
        assert (closed.code, closed.violation) == (1007, True)
        assert trio.current_time() < 0.05
        socket.abort()


# How it ends: we


async def test_close_is_answered_and_takes_no_time(autojump_clock: MockClock) -> None:
    async with connected() as (socket, peer), trio.open_nursery() as nursery:

        async def answer() -> None:
            assert await peer.read_frame() == (CLOSE, b"\x03\xe8")
            await peer.send(close_frame(1000))
            assert await peer.read_rest() == []

        nursery.start_soon(answer)
        await socket.close()
        with pytest.raises(SocketClosed) as closed:
            await socket.receive_batch()
        assert not closed.value.violation
    assert trio.current_time() == 0


async def test_a_silent_peer_is_waited_for_as_long_as_the_caller_allows(autojump_clock: MockClock) -> None:
    async with connected() as (socket, peer):
        with trio.move_on_after(2) as patience:
            await socket.close()
        assert patience.cancelled_caught
        assert trio.current_time() == 2
        assert await peer.read_rest() == [(CLOSE, b"\x03\xe8")]


async def test_a_peer_that_answers_late_but_says_nothing_else_is_waited_for(autojump_clock: MockClock) -> None:
    async with connected() as (socket, peer), trio.open_nursery() as nursery:

        async def answer() -> None:
            await peer.read_frame()
            await trio.sleep(0.5)
            await peer.send(close_frame(1000))

        nursery.start_soon(answer)
        await socket.close()
        assert trio.current_time() == 0.5


async def test_a_flooding_peer_is_dropped_after_the_linger(autojump_clock: MockClock) -> None:
    async with connected() as (socket, peer), trio.open_nursery() as nursery:

        async def flood() -> None:
            with suppress(trio.BrokenResourceError):
                while True:
                    await peer.send(frame(TEXT, "x" * 300) * 10)
                    await trio.sleep(0.001)

        nursery.start_soon(flood)
        await socket.receive_batch()
        begun = trio.current_time()
        await socket.close(linger=0.010)
        assert trio.current_time() - begun <= 0.015


async def test_messages_within_the_linger_do_not_spoil_a_polite_close(autojump_clock: MockClock) -> None:
    async with connected() as (socket, peer), trio.open_nursery() as nursery:

        async def answer() -> None:
            await peer.read_frame()
            await peer.send(frame(TEXT, "on its way"))
            await trio.sleep(0.005)
            await peer.send(frame(TEXT, "and another"), close_frame(1000))
            assert await peer.read_rest() == []

        nursery.start_soon(answer)
        await socket.close()
        assert trio.current_time() == 0.005


async def test_messages_that_nobody_received_do_not_hold_up_our_close(autojump_clock: MockClock) -> None:
    async with connected(frame(TEXT, "a") + frame(TEXT, "b")) as (socket, peer), trio.open_nursery() as nursery:

        async def answer() -> None:
            await peer.read_frame()
            await peer.send(close_frame(1000))

        nursery.start_soon(answer)
        await wait_all_tasks_blocked()
        await socket.close()
        assert trio.current_time() == 0


async def test_a_ping_during_our_close_does_not_hang_it(autojump_clock: MockClock) -> None:
    async with connected() as (socket, peer), trio.open_nursery() as nursery:

        async def answer() -> None:
            await peer.read_frame()
            with suppress(trio.BrokenResourceError):
                await peer.send(frame(PING))
                await trio.sleep(0.001)
                await peer.send(close_frame(1000))

        nursery.start_soon(answer)
        await socket.close()
        assert trio.current_time() <= 0.001


async def test_two_tasks_may_close_at_the_same_time(autojump_clock: MockClock) -> None:
    async with connected() as (socket, peer), trio.open_nursery() as nursery:
        nursery.start_soon(socket.close)
        nursery.start_soon(socket.close)
        assert await peer.read_frame() == (CLOSE, b"\x03\xe8")
        await trio.sleep(1)
        await peer.send(close_frame(1000))
        assert await peer.read_rest() == []
    assert trio.current_time() == 1


async def test_close_after_the_end_returns_at_once(autojump_clock: MockClock) -> None:
    async with connected() as (socket, peer):
        await peer.stream.aclose()
        await until_closed(socket)
        await socket.close()
    assert trio.current_time() == 0


async def test_a_peer_that_hangs_up_instead_of_answering_ends_our_close(autojump_clock: MockClock) -> None:
    async with connected() as (socket, peer), trio.open_nursery() as nursery:

        async def hang_up() -> None:
            await peer.read_frame()
            await peer.stream.aclose()

        nursery.start_soon(hang_up)
        await socket.close()
    assert trio.current_time() == 0


async def test_abort_drops_the_connection_without_a_word() -> None:
    async with connected() as (socket, peer), trio.open_nursery() as nursery:

        async def wait() -> None:
            with pytest.raises(SocketClosed):
                await socket.receive_batch()

        nursery.start_soon(wait)
        await wait_all_tasks_blocked()
        socket.abort()
        assert await peer.read_rest() == []
        with pytest.raises(SocketClosed) as closed:
            await socket.send("too late")
        assert not closed.value.begun


async def test_abort_ends_a_send_that_the_peer_does_not_take() -> None:
    async with connected(capacity=1000) as (socket, _), trio.open_nursery() as nursery:

        async def send() -> None:
            with pytest.raises(SocketClosed) as closed:
                await socket.send("x" * 5000)
            assert closed.value.begun

        nursery.start_soon(send)
        await wait_all_tasks_blocked()
        socket.abort()
