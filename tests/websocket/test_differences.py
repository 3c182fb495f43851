"""Where the transports differ, and why each is let be. What is not in this table is the same for all."""

from __future__ import annotations

import tracemalloc
from collections.abc import Mapping
from contextlib import suppress
from typing import Final

import pytest
import trio
from trio.testing import MockClock, wait_all_tasks_blocked

from ..websocket_peer import Venue
from .rig import TRANSPORTS, Ending, Link, ScriptedPeer, Transport, drained, opened, received
from .wire import CLOSE, CONTINUATION, PING, PONG, TEXT, close_frame, frame

SERVED, UNSERVED = "answered at once", "answered when the messages before it are received"
BYTES, CHARACTERS = "bytes", "characters"
OPENS, FAILS = "opens", "fails"
KEPT, DROPPED = "kept", "dropped"
WAITS, DROPS = "waits for the answer", "drops the connection"

DIFFERENCES: Final[Mapping[str, Mapping[Transport, str]]] = {
    # trio-websocket hands over one message at a time, and its reader waits for each to be taken.
    "a ping behind messages of the same read that are not received is": {"sans-io": SERVED, "trio-websocket": UNSERVED},
    # trio-websocket decodes first and counts then. No more than four bytes a character: memory is bounded all the same.
    "the limit of a text is counted in": {"sans-io": BYTES, "trio-websocket": CHARACTERS},
    # trio-websocket has a list of the fragments: 8 bytes for two that were sent. What has no bytes has no limit.
    "empty fragments of a message that goes on are": {"sans-io": DROPPED, "trio-websocket": KEPT},
    # h11, which reads the answer for trio-websocket, is lenient. Nothing hangs on it: the key was answered.
    "an acceptance in HTTP/1.0": {"sans-io": FAILS, "trio-websocket": OPENS},
    "an acceptance in HTTP/2.0": {"sans-io": FAILS, "trio-websocket": OPENS},
    "an acceptance with a folded header": {"sans-io": FAILS, "trio-websocket": OPENS},
    # trio-websocket tries to answer the ping and may not: its reader ends. The peer has our Close, and we would wait
    # for its answer only to be polite.
    "our close, when a ping comes before the answer,": {"sans-io": WAITS, "trio-websocket": DROPS},
}


def difference(what: str, transport: Transport) -> str:
    return DIFFERENCES[what][transport]


def test_every_difference_is_stated_for_every_transport() -> None:
    for what, behaviours in DIFFERENCES.items():
        assert set(behaviours) == set(TRANSPORTS), what


async def test_a_ping_behind_messages_of_the_same_read_that_are_not_received(
    link: Link, transport: Transport, autojump_clock: MockClock
) -> None:
    """Answered in the end in any case."""
    async with link() as (socket, peer):
        await peer.send(frame(TEXT, "a"), frame(PING, b"p"), frame(TEXT, "b"))
        came = None
        with trio.move_on_after(5):
            came = await peer.read_frame()
        said = difference("a ping behind messages of the same read that are not received is", transport)
        assert said == (SERVED if came else UNSERVED)
        assert await received(socket, 2) == ["a", "b"]
        assert (came or await peer.read_frame()) == (PONG, b"p")


async def test_how_the_limit_of_a_text_is_counted(link: Link, transport: Transport, autojump_clock: MockClock) -> None:
    """10 bytes pass and 11 characters do not, in any case."""
    passed = []
    for text in ("ü" * 5, "ü" * 6, "ü" * 10, "ü" * 11, "x" * 10, "x" * 11):
        async with link(max_message_size=10) as (socket, peer):
            await peer.send(frame(TEXT, text), close_frame(1000))
            messages, closed = await drained(socket)
            assert Ending.of(closed) == (Ending(1000, by_peer=True) if messages else Ending(1009, violation=True))
            passed += messages
    said = difference("the limit of a text is counted in", transport)
    more = ["ü" * 6, "ü" * 10] if said == CHARACTERS else []
    assert passed == ["ü" * 5, *more, "x" * 10]


async def test_empty_fragments_of_a_message_that_goes_on(
    link: Link, transport: Transport, autojump_clock: MockClock
) -> None:
    async with link(capacity=4096) as (socket, peer):
        await peer.send(frame(TEXT, "a", fin=False))
        tracemalloc.start()
        try:
            before = tracemalloc.get_traced_memory()[0]
            await peer.trickle(frame(CONTINUATION, fin=False) * 5_000, 2000)
            grown = tracemalloc.get_traced_memory()[0] - before
        finally:
            tracemalloc.stop()
        await peer.send(frame(CONTINUATION, "b"))
        assert await received(socket, 1) == ["ab"]
    said = difference("empty fragments of a message that goes on are", transport)
    assert (grown > 5_000 * 4) == (said == KEPT)


@pytest.mark.parametrize(
    ("what", "old", "new"),
    [
        ("an acceptance in HTTP/1.0", b"HTTP/1.1", b"HTTP/1.0"),
        ("an acceptance in HTTP/2.0", b"HTTP/1.1", b"HTTP/2.0"),
        ("an acceptance with a folded header", b"\r\nUpgrade:", b"\r\nX: a\r\n  b\r\nUpgrade:"),
    ],
)
async def test_answers_that_are_not_quite_the_rfcs(
    transport: Transport, what: str, old: bytes, new: bytes, autojump_clock: MockClock
) -> None:
    venue = Venue()

    async def accept() -> None:
        peer = ScriptedPeer(await venue.listener.accept())
        await peer.read_request()
        with suppress(trio.BrokenResourceError):
            await peer.send(peer.acceptance().replace(old, new), frame(TEXT, "a"))

    async with trio.open_nursery() as nursery:
        nursery.start_soon(accept)
        try:
            async with opened(transport, venue) as socket:
                assert await received(socket, 1) == ["a"]
                outcome = OPENS
        except ConnectionError as error:
            outcome = FAILS if "is not valid" in str(error) else str(error)
    assert outcome == difference(what, transport)
    await venue.assert_closed()


async def test_a_ping_between_our_close_and_its_answer(
    link: Link, transport: Transport, autojump_clock: MockClock
) -> None:
    """Within the linger. What the peer hears of us is our Close and nothing after it, in any case."""
    async with link() as (socket, peer), trio.open_nursery() as nursery:

        async def answer() -> None:
            assert await peer.read_frame() == (CLOSE, b"\x03\xe8")
            with suppress(trio.BrokenResourceError):
                await peer.send(frame(PING))
                await trio.sleep(0.005)
                await peer.send(close_frame(1000))
            assert await peer.read_rest() == []

        nursery.start_soon(answer)
        await socket.close()
        ended = trio.current_time()
        assert Ending.of((await drained(socket))[1]) == Ending(None, ours=True)
        await wait_all_tasks_blocked()
    said = difference("our close, when a ping comes before the answer,", transport)
    assert (ended == 0.005) == (said == WAITS)
    assert ended <= 0.005
