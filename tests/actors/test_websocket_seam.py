"""The WebSocket seam against a peer whose bytes are written by hand."""

from __future__ import annotations

from contextlib import suppress

import pytest
import trio
from hypothesis import given, settings
from hypothesis import strategies as st
from trio.testing import MockClock, wait_all_tasks_blocked

from actors.websocket import SocketClosed, UpgradeRefused, open_socket
from protocol.venue import Upgrade

from ..chosen_websocket import chosen_websocket
from ..websocket_peer import (
    BINARY,
    CLOSE,
    CONTINUATION,
    PING,
    PONG,
    TEXT,
    UPGRADE,
    Peer,
    Venue,
    close_frame,
    connected,
    fails_to_open,
    frame,
    until_closed,
)

pytestmark = pytest.mark.usefixtures("each_websocket")

# Opening


async def test_the_upgrade_names_host_path_query_and_headers() -> None:
    async with connected() as (_, peer):
        lines = peer.request.split(b"\r\n")
    assert lines[0] == b"GET /orders/ws?x=1 HTTP/1.1"
    assert b"Host: venue.example" in lines
    assert b"Authorization: Bearer sesame11" in lines


@pytest.mark.parametrize(
    ("url", "host"),
    [
        ("ws://venue.example:8080", b"venue.example:8080"),
        ("wss://venue.example:443/", b"venue.example"),
        ("wss://[::1]:9000/", b"[::1]:9000"),
    ],
)
async def test_the_host_header_has_the_port_unless_it_is_the_usual_one(url: str, host: bytes) -> None:
    venue = Venue()
    async with trio.open_nursery() as nursery:

        async def open_it() -> None:
            async with open_socket(Upgrade(url=url, headers=[]), venue, websocket=chosen_websocket()):
                pass

        nursery.start_soon(open_it)
        peer = await venue.peer()
        assert b"\r\nHost: " + host + b"\r\n" in peer.request
        assert peer.request.startswith(b"GET / HTTP/1.1\r\n")
        nursery.cancel_scope.cancel()


@pytest.mark.parametrize(
    "upgrade",
    [
        Upgrade(url="https://venue.example", headers=[]),
        Upgrade(url="ws://", headers=[]),
        Upgrade(url="ws://venue.example", headers=[("Authorization", "Bearer sesame11\r\nX: 1")]),
        Upgrade(url="ws://venue.example", headers=[("Authorization", "Bearer sesame11é")]),
    ],
)
async def test_an_unusable_upgrade_is_refused_before_connecting(upgrade: Upgrade) -> None:
    venue = Venue()
    with pytest.raises(ValueError) as refusal:
        async with open_socket(upgrade, venue, websocket=chosen_websocket()):
            pass
    assert not venue.streams
    assert "sesame11" not in repr(refusal.value)


async def test_nobody_listening_is_an_oserror() -> None:
    venue = Venue()
    await venue.listener.aclose()
    with pytest.raises(ConnectionRefusedError):
        async with open_socket(UPGRADE, venue, websocket=chosen_websocket()):
            pass


@pytest.mark.parametrize(
    "answer",
    [
        b'HTTP/1.1 401 Unauthorized\r\nContent-Length: 17\r\n\r\n{"error":"token"}',
        b'HTTP/1.1 401 Unauthorized\r\nTransfer-Encoding: chunked\r\n\r\n11\r\n{"error":"token"}\r\n0\r\n\r\n',
        b'HTTP/1.1 401 Unauthorized\r\n\r\n{"error":"token"}',
        b'HTTP/1.1 401 Unauthorized\r\nContent-Length: 5000\r\n\r\n{"error":"token"}',
    ],
    ids=["length", "chunked", "until closed", "cut short"],
)
async def test_a_401_is_recognised_however_its_body_is_framed(answer: bytes) -> None:
    async def refuse(peer: Peer) -> None:
        await peer.send(answer)
        await peer.stream.aclose()

    error = await fails_to_open(refuse)
    assert isinstance(error, UpgradeRefused)
    assert error.status == 401
    assert error.body_start == '{"error":"token"}'


async def test_a_401_whose_body_never_ends_is_recognised_within_a_second(autojump_clock: MockClock) -> None:
    async def refuse(peer: Peer) -> None:
        await peer.send(b"HTTP/1.1 401 Unauthorized\r\n\r\n")
        await trio.sleep_forever()

    error = await fails_to_open(refuse)
    assert isinstance(error, UpgradeRefused)
    assert error.status == 401
    assert trio.current_time() == 1


async def test_a_refusal_with_an_endless_body_is_cut_short(autojump_clock: MockClock) -> None:
    async def refuse(peer: Peer) -> None:
        await peer.send(b"HTTP/1.1 503 Service Unavailable\r\n\r\n")
        while True:
            await peer.send(b"x" * 10_000)

    error = await fails_to_open(refuse)
    assert isinstance(error, UpgradeRefused)
    assert error.status == 503
    assert error.body_start == "x" * 1000


@pytest.mark.parametrize(
    "answer",
    [
        b"",
        b"HTTP/1.1 10",
        b"HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\n",
        b"SSH-2.0-OpenSSH_9\r\n\r\n",
        b"\x16\x03\x01\x00\xff" * 20 + b"\r\n\r\n",
        b"HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"
        b"Sec-WebSocket-Accept: bm90IHRoZSBrZXk=\r\n\r\n",
        b"HTTP/1.1 101 Switching Protocols\r\n\r\n",
        b"HTTP/1.1 101 Switching Protocols\r\nConnection: \xff\r\n\r\n",
        b"HTTP/1.1 103 Early Hints\r\n\r\n",
        b"HTTP/1.1 200 " + b"x" * 100_000,
    ],
)
async def test_an_answer_that_is_no_upgrade_fails_at_once(answer: bytes) -> None:
    async def answer_and_close(peer: Peer) -> None:
        await peer.send(answer)
        await peer.stream.aclose()

    error = await fails_to_open(answer_and_close)
    assert not isinstance(error, UpgradeRefused)
    assert isinstance(error, ConnectionError)


async def test_garbage_instead_of_an_answer_fails_even_if_the_peer_stays() -> None:
    async def babble(peer: Peer) -> None:
        while True:
            await peer.send(b"bla bla bla")

    assert isinstance(await fails_to_open(babble), ConnectionError)


async def test_a_silent_handshake_is_bounded_by_the_caller(autojump_clock: MockClock) -> None:
    async def stay_silent(peer: Peer) -> None:
        await trio.sleep_forever()

    assert isinstance(await fails_to_open(stay_silent, timeout=5), trio.TooSlowError)
    assert trio.current_time() == 5


async def test_what_the_block_raises_leaves_it_unwrapped() -> None:
    venue, own = Venue(), KeyError("mine")

    async def accept() -> None:
        peer = await venue.peer()
        await peer.send(peer.acceptance())

    async with trio.open_nursery() as nursery:
        nursery.start_soon(accept)
        with pytest.raises(KeyError) as raised:
            async with open_socket(UPGRADE, venue, websocket=chosen_websocket()):
                raise own
    assert raised.value is own
    await venue.assert_closed()


# Batches


async def test_a_batch_is_what_one_read_delivered() -> None:
    async with connected() as (socket, peer):
        await peer.send(frame(TEXT, "a"), frame(BINARY, b"\x00\xff"), frame(TEXT, "c"))
        assert await socket.receive_batch() == ["a", b"\x00\xff", "c"]
        await peer.send(frame(TEXT, "d"))
        assert await socket.receive_batch() == ["d"]


async def test_messages_that_come_with_the_acceptance_are_a_batch() -> None:
    async with connected(frame(TEXT, "login") + frame(TEXT, "heartbeat")) as (socket, _):
        assert await socket.receive_batch() == ["login", "heartbeat"]


async def test_a_batch_holds_64_messages_at_most() -> None:
    async with connected() as (socket, peer):
        await peer.send(*(frame(TEXT, str(number)) for number in range(150)))
        sizes = [len(await socket.receive_batch()) for _ in range(3)]
    assert sizes == [64, 64, 22]


async def test_half_a_frame_does_not_hold_back_what_came_before_it() -> None:
    async with connected() as (socket, peer):
        last = frame(TEXT, "c" * 300)
        await peer.send(frame(TEXT, "a"), frame(TEXT, "b"), last[:100])
        assert await socket.receive_batch() == ["a", "b"]
        await peer.send(last[100:], frame(TEXT, "d"))
        assert await socket.receive_batch() == ["c" * 300, "d"]


async def test_a_message_in_fragments_around_a_ping_is_one_message() -> None:
    async with connected() as (socket, peer):
        await peer.send(frame(TEXT, "for", fin=False), frame(PING, b"!"), frame(CONTINUATION, "ty"))
        assert await socket.receive_batch() == ["forty"]
        assert await peer.read_frame() == (PONG, b"!")


async def test_control_frames_are_answered_and_make_no_batch(autojump_clock: MockClock) -> None:
    async with connected() as (socket, peer):
        opened = socket.last_heard
        await trio.sleep(1)
        await peer.send(frame(PING, b"1"), frame(PONG, b"2"))
        assert await peer.read_frame() == (PONG, b"1")
        with trio.move_on_after(5) as waiting:
            await socket.receive_batch()
        assert waiting.cancelled_caught
        assert socket.last_heard == opened + 1


async def test_a_peer_that_does_not_read_our_pong_holds_back_no_message_before_it() -> None:
    async with connected(capacity=1024) as (socket, peer):
        async with trio.open_nursery() as nursery:
            nursery.start_soon(socket.send, "x" * 2000)  # fills the buffer that the pong would need
            await wait_all_tasks_blocked()
            await peer.send(frame(TEXT, "a"), frame(PING), frame(TEXT, "b"))
            await wait_all_tasks_blocked()
            with trio.fail_after(0.1):
                received = await socket.receive_batch()
            assert received[0] == "a"
            assert await peer.read_frame() == (TEXT, b"x" * 2000)
            assert await peer.read_frame() == (PONG, b"")
            while len(received) < 2:
                received += await socket.receive_batch()
            assert received == ["a", "b"]


async def test_a_pong_that_cannot_be_written_holds_back_no_message_before_it() -> None:
    async with connected(capacity=4096) as (socket, peer):
        await socket.send("x" * (4096 - 8))  # with its head, exactly what the peer's buffer takes
        received: list[str | bytes] = []

        async def receive() -> None:
            received.extend(await socket.receive_batch())

        async with trio.open_nursery() as nursery:
            nursery.start_soon(receive)
            await wait_all_tasks_blocked()
            await peer.send(frame(TEXT, "a"), frame(PING), frame(TEXT, "b"))
            await wait_all_tasks_blocked()
            assert received[0] == "a"
            nursery.cancel_scope.cancel()
        assert await peer.read_frame() == (TEXT, b"x" * 4088)
        while len(received) < 2:
            received += await socket.receive_batch()
        assert received == ["a", "b"]


async def test_a_cancelled_receive_loses_no_message() -> None:
    async with connected(frame(TEXT, "a") + frame(TEXT, "b")) as (socket, _):
        await wait_all_tasks_blocked()
        with trio.CancelScope() as scope:
            scope.cancel()
            await socket.receive_batch()
        assert await socket.receive_batch() == ["a", "b"]


@settings(max_examples=60, deadline=None)
@given(
    st.random_module(),
    st.lists(st.lists(st.sampled_from(["text", "ping", "split", "long"]), max_size=5), max_size=6),
    st.lists(st.integers(1, 400), max_size=8),
    st.lists(st.integers(0, 6), max_size=10),
)
async def test_every_message_arrives_once_and_in_order_however_reads_and_cancellations_fall(
    schedule: object, kinds: list[list[str]], cuts: list[int], patience: list[int]
) -> None:
    """The schedule, the places where writes end, and the moments at which receiving is given up are all drawn."""
    wire, expected = bytearray(), []
    for number, kind in enumerate(kind for group in kinds for kind in group):
        text = f"{kind}-{number}-" + "x" * (500 if kind == "long" else 0)
        if kind == "ping":
            wire += frame(PING, b"p")
            continue
        expected.append(text)
        wire += (
            frame(TEXT, text[:4], fin=False) + frame(CONTINUATION, text[4:]) if kind == "split" else frame(TEXT, text)
        )
    wire += close_frame(1001, "over")

    async def write(peer: Peer) -> None:
        rest = bytes(wire)
        for cut in [*cuts, len(wire)]:
            if rest:  # nothing is written after the close: the client may have gone
                await peer.send(rest[:cut])
            rest = rest[cut:]
            await trio.lowlevel.checkpoint()
        await peer.read_rest()

    async def give_up_after(steps: int, scope: trio.CancelScope) -> None:
        for _ in range(steps):
            await trio.lowlevel.checkpoint()
        scope.cancel()

    received: list[str | bytes] = []
    async with connected() as (socket, peer), trio.open_nursery() as nursery:
        nursery.start_soon(write, peer)
        for steps in patience:
            with suppress(SocketClosed):
                async with trio.open_nursery() as attempt:
                    attempt.start_soon(give_up_after, steps, attempt.cancel_scope)
                    with suppress(SocketClosed):
                        received += await socket.receive_batch()
                    attempt.cancel_scope.cancel()
        batches, closed = await until_closed(socket)
        received += [message for batch in batches for message in batch]
        socket.abort()
    assert received == expected
    assert (closed.code, closed.reason, closed.violation) == (1001, "over", False)


# Sending


async def test_text_is_sent_as_one_masked_text_frame() -> None:
    async with connected() as (socket, peer):
        await socket.send('{"t":"h"}')
        assert await peer.read_frame() == (TEXT, b'{"t":"h"}')


async def test_a_send_on_a_connection_known_to_be_closed_was_not_begun() -> None:
    async with connected() as (socket, peer):
        await peer.send(close_frame(1000))
        await until_closed(socket)
        with pytest.raises(SocketClosed) as closed:
            await socket.send("order")
    assert not closed.value.begun
    assert closed.value.code == 1000


async def test_a_send_into_a_broken_connection_was_begun_and_the_next_was_not() -> None:
    async with connected(capacity=100) as (socket, peer), trio.open_nursery() as nursery:

        async def send() -> None:
            with pytest.raises(SocketClosed) as closed:
                await socket.send("x" * 500)
            assert closed.value.begun
            with pytest.raises(SocketClosed) as closed:
                await socket.send("another")
            assert not closed.value.begun

        nursery.start_soon(send)
        await wait_all_tasks_blocked()
        await peer.stream.aclose()


async def test_a_failed_send_takes_no_message_from_the_receiver() -> None:
    async with connected() as (socket, peer):
        await peer.send(*(frame(TEXT, str(number)) for number in range(100)))
        await peer.stream.aclose()
        with pytest.raises(SocketClosed):
            await socket.send("order")
        batches, _ = await until_closed(socket)
        assert [message for batch in batches for message in batch] == [str(number) for number in range(100)]


async def test_a_send_cancelled_inside_a_frame_cuts_the_connection() -> None:
    async with connected(capacity=1000) as (socket, peer):
        async with trio.open_nursery() as nursery:
            nursery.start_soon(socket.send, "x" * 5000)
            await wait_all_tasks_blocked()
            nursery.cancel_scope.cancel()
        with pytest.raises(SocketClosed):
            await socket.receive_batch()
        assert await peer.read_rest() == []


async def test_ping_does_not_wait_for_the_pong_which_counts_as_heard(autojump_clock: MockClock) -> None:
    async with connected() as (socket, peer):
        opened = socket.last_heard
        await socket.ping()
        received = await peer.read_frame()
        assert received is not None
        assert received[0] == PING
        await trio.sleep(3)
        assert socket.last_heard == opened
        await peer.send(frame(PONG, received[1]))
        await wait_all_tasks_blocked()
        assert socket.last_heard == opened + 3


async def test_any_number_of_pings_may_stay_unanswered() -> None:
    async with connected() as (socket, peer), trio.open_nursery() as nursery:
        nursery.start_soon(peer.read_rest)
        for _ in range(600):
            await socket.ping()
        socket.abort()


async def test_a_ping_on_a_closed_socket_says_so() -> None:
    async with connected() as (socket, peer):
        await peer.send(close_frame(1001))
        await until_closed(socket)
        with pytest.raises(SocketClosed):
            await socket.ping()


# Cancellation


async def test_a_cancellation_at_any_moment_leaves_nothing_behind() -> None:
    """A whole life (open, receive, send, ping, close) is cancelled after 0, 1, 2 … turns of the scheduler."""

    async def live(venue: Venue) -> None:
        async with open_socket(UPGRADE, venue, websocket=chosen_websocket()) as socket:
            await socket.receive_batch()
            await socket.send("order")
            await socket.ping()
            await socket.receive_batch()
            await socket.close()

    async def play(venue: Venue) -> None:
        with suppress(trio.BrokenResourceError, AssertionError):
            peer = await venue.peer()
            await peer.send(peer.acceptance(), frame(TEXT, "login"))
            await peer.read_frame()
            await peer.send(frame(TEXT, "a"), frame(PING), frame(TEXT, "b"))
            while (received := await peer.read_frame()) is not None:
                if received[0] == CLOSE:
                    await peer.send(close_frame(1000))

    completed = False
    turns = 0
    while not completed:
        venue = Venue(capacity=50)
        async with trio.open_nursery() as nursery:
            nursery.start_soon(play, venue)
            with trio.CancelScope() as scope:
                async with trio.open_nursery() as inner:

                    async def cancel_later(turns: int = turns, scope: trio.CancelScope = scope) -> None:
                        for _ in range(turns):
                            await trio.lowlevel.checkpoint()
                        scope.cancel()

                    inner.start_soon(cancel_later)
                    await live(venue)
                    completed = True
                    inner.cancel_scope.cancel()
            await venue.assert_closed()
            nursery.cancel_scope.cancel()
        turns += 1
    assert turns > 10


# What shows that the peer lives


async def test_a_part_of_a_message_is_noted_and_a_ping_is_not(autojump_clock: MockClock) -> None:
    """This is what says when trio-websocket no longer tells how much of a message it has."""
    async with connected() as (socket, peer):
        opened = socket.last_part
        whole = frame(TEXT, "x" * 70_000)
        for end, noted in ((8, 0), (20, 1), (3000, 2), (69_000, 3)):
            start = {8: 0, 20: 8, 3000: 20, 69_000: 3000}[end]
            await trio.sleep(1)
            await peer.send(whole[start:end])
            await wait_all_tasks_blocked()
            assert socket.last_part == (opened if noted == 0 else opened + noted + 1), "a head alone is nothing yet"
        await trio.sleep(1)
        await peer.send(whole[69_000:])
        assert await socket.receive_batch() == ["x" * 70_000]
        await trio.sleep(1)
        await peer.send(frame(TEXT, "ab", fin=False))
        await wait_all_tasks_blocked()
        part = socket.last_part
        await trio.sleep(1)
        await peer.send(frame(PING), frame(CONTINUATION, "", fin=False))
        await wait_all_tasks_blocked()
        assert (socket.last_part, socket.last_heard) == (part, part + 1)


async def test_a_question_is_open_until_any_message_comes(autojump_clock: MockClock) -> None:
    async with connected(statements=("a heartbeat of ours",)) as (socket, peer):
        began = trio.current_time()
        await socket.send("a heartbeat of ours")
        before = socket.unanswered_since
        await socket.send("a question")
        await trio.sleep(1)
        await socket.send("another")
        await peer.send(frame(PING), frame(PONG))
        await wait_all_tasks_blocked()
        assert (before, socket.unanswered_since) == (None, began)
        await peer.send(frame(TEXT, "something"))
        await socket.receive_batch()
        assert socket.unanswered_since is None


async def test_messages_that_nobody_takes_are_held() -> None:
    async with connected() as (socket, peer):
        held = [socket.holds_messages]
        await peer.send(frame(TEXT, "a"), frame(TEXT, "b"))
        await wait_all_tasks_blocked()
        held.append(socket.holds_messages)
        await socket.receive_batch()
        await wait_all_tasks_blocked()
        assert [*held, socket.holds_messages] == [False, True, False]


@pytest.mark.parametrize("reason", ["", "gateway is down"])
@pytest.mark.parametrize("pieces", [1, 100])
async def test_a_registered_code_that_is_younger_than_the_library_is_an_ordinary_close(
    reason: str, pieces: int
) -> None:
    async with connected() as (socket, peer):
        await peer.send(frame(TEXT, "a"))
        close = close_frame(1014, reason)
        size = max(1, len(close) // pieces)
        for start in range(0, len(close), size):
            await peer.send(close[start : start + size])
            await wait_all_tasks_blocked()
        batches, closed = await until_closed(socket)
        assert batches == [["a"]]
        assert (closed.code, closed.reason, closed.violation) == (1014, reason, False)
        answer = await peer.read_frame()
        assert answer is not None
        assert (answer[0], answer[1][:2]) == (CLOSE, (1014).to_bytes(2, "big"))


@pytest.mark.parametrize("code", [503, 1004, 1016, 2999])
async def test_a_code_that_nobody_may_send_is_named(code: int) -> None:
    async with connected() as (socket, peer):
        await peer.send(close_frame(code, "?"))
        _, closed = await until_closed(socket)
        assert (closed.code, closed.violation) == (1002, True)
        assert f"it sent the close code {code}, which is none" in str(closed)


async def test_a_refusal_carries_its_headers() -> None:
    async def refuse(peer: Peer) -> None:
        await peer.send(
            b"HTTP/1.1 429 Too Many Requests\r\nRetry-After: 8\r\n"
            b"Content-Type: text/html\r\nContent-Length: 4\r\n\r\n<p/>"
        )
        await peer.stream.aclose()

    error = await fails_to_open(refuse)
    assert isinstance(error, UpgradeRefused)
    assert (error.status, error.headers["retry-after"], error.is_page) == (429, "8", True)
