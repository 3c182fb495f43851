"""The answer to the upgrade, and what may be wrong with it (RFC 6455, 4.1; RFC 9112)."""

from __future__ import annotations

import logging
from functools import partial

import pytest
import trio
from trio.testing import MockClock, wait_all_tasks_blocked

from actors.websocket import UpgradeRefused

from ..websocket_peer import Venue
from .rig import Link, ScriptedPeer, Transport, drained, failure_to_open, opened, received
from .wire import CLOSE, PING, PONG, TEXT, close_frame, frame

NOT_VALID = "The venue's answer to the WebSocket upgrade is not valid."
NO_ANSWER = "The venue closed the connection during the WebSocket handshake."


def accepting(peer: ScriptedPeer, changes: list[tuple[bytes, bytes]]) -> bytes:
    """An acceptance in which each of these texts is replaced."""
    answer = peer.acceptance()
    for old, new in changes:
        assert old in answer
        answer = answer.replace(old, new)
    return answer


UPGRADE_LINE, CONNECTION_LINE = b"Upgrade: websocket\r\n", b"Connection: Upgrade\r\n"
STATUS_LINE = b"HTTP/1.1 101 Switching Protocols\r\n"


# The request


async def test_the_request_is_that_of_the_rfc(link: Link, autojump_clock: MockClock) -> None:
    async with link() as (_, peer):
        first, *lines = peer.request.split(b"\r\n\r\n")[0].split(b"\r\n")
    assert first == b"GET /orders/ws?x=1 HTTP/1.1"
    headers = [tuple(line.split(b": ", 1)) for line in lines]
    names = [name.lower() for name, _ in headers]
    assert len(set(names)) == len(names), "no header twice"
    values = {name.lower(): value for name, value in headers}
    assert values[b"host"] == b"venue.example"
    assert values[b"upgrade"].lower() == b"websocket"
    assert b"upgrade" in values[b"connection"].lower()
    assert values[b"sec-websocket-version"] == b"13"
    assert len(values[b"sec-websocket-key"]) == 24
    assert values[b"authorization"] == b"Bearer sesame11"
    assert b"sec-websocket-protocol" not in values
    assert b"origin" not in values


async def test_every_handshake_has_a_key_of_its_own(link: Link, autojump_clock: MockClock) -> None:
    keys = set()
    for _ in range(5):
        async with link() as (_, peer):
            keys |= {line for line in peer.request.split(b"\r\n") if line.lower().startswith(b"sec-websocket-key")}
    assert len(keys) == 5


# Answers that are right


@pytest.mark.parametrize(
    "changes",
    [
        [],
        [(b"Upgrade: websocket", b"upgrade: WebSocket")],
        [(CONNECTION_LINE, b"connection: keep-alive, UPGRADE\r\n")],
        [(b"Sec-WebSocket-Accept", b"sec-websocket-accept")],
        [(b"Switching Protocols", b"OK then")],
        [(UPGRADE_LINE, UPGRADE_LINE + b"Server: nginx\r\nX-Long: " + b"y" * 3000 + b"\r\nSet-Cookie: a=b\r\n")],
        [(UPGRADE_LINE, b""), (CONNECTION_LINE, CONNECTION_LINE + UPGRADE_LINE)],
        [(b"Accept: ", b"Accept:   ")],
        [(b"Upgrade: websocket", b"Upgrade:websocket ")],
    ],
    ids=["plain", "case", "list", "lower", "phrase", "more headers", "order", "spaces", "no space"],
)
@pytest.mark.parametrize("size", [None, 1])
async def test_an_acceptance_may_be_written_in_many_ways(
    transport: Transport, changes: list[tuple[bytes, bytes]], size: int | None, autojump_clock: MockClock
) -> None:
    """Messages come right behind it, in the same read or cut anywhere."""
    venue = Venue()

    async def accept() -> None:
        peer = ScriptedPeer(await venue.listener.accept())
        await peer.read_request()
        sent = accepting(peer, changes) + frame(TEXT, "a") + frame(PING, b"p") + frame(TEXT, "b")
        await peer.trickle(sent, size or len(sent))
        assert await peer.read_frame() == (PONG, b"p")

    async with trio.open_nursery() as nursery:
        nursery.start_soon(accept)
        async with opened(transport, venue) as socket:
            assert await received(socket, 2) == ["a", "b"]
            await wait_all_tasks_blocked()


async def test_a_close_behind_the_acceptance_ends_an_open_socket(link: Link, autojump_clock: MockClock) -> None:
    """The handshake was fine: it is the socket that ends."""
    async with link(close_frame(1013, "not now")) as (socket, peer):
        messages, closed = await drained(socket)
        assert (messages, closed.code, closed.reason) == ([], 1013, "not now")
        assert ((await peer.read_frame()) or (0,))[0] == CLOSE


# Answers that are wrong

WRONG = {
    "no Upgrade": [(UPGRADE_LINE, b"")],
    "another Upgrade": [(b"websocket\r\n", b"h2c\r\n")],
    "no Connection": [(CONNECTION_LINE, b"")],
    "another Connection": [(CONNECTION_LINE, b"Connection: keep-alive\r\n")],
    "no accept": [(b"Sec-WebSocket-Accept", b"X-Accept")],
    "another accept": [(b"Sec-WebSocket-Accept: ", b"Sec-WebSocket-Accept: AAAA")],
    "an extension": [(UPGRADE_LINE, UPGRADE_LINE + b"Sec-WebSocket-Extensions: x-not-offered\r\n")],
    "a subprotocol": [(UPGRADE_LINE, UPGRADE_LINE + b"Sec-WebSocket-Protocol: chat\r\n")],
    "a header without a colon": [(UPGRADE_LINE, UPGRADE_LINE + b"Nonsense\r\n")],
    "a header name with a space": [(UPGRADE_LINE, UPGRADE_LINE + b"Bad Name: x\r\n")],
    "a nul in a header": [(UPGRADE_LINE, UPGRADE_LINE + b"X: a\x00b\r\n")],
    "no HTTP": [(b"HTTP/1.1", b"ICY")],
    "a status of four digits": [(b" 101 ", b" 1010 ")],
}


async def answer(peer: ScriptedPeer, changes: list[tuple[bytes, bytes]], size: int | None, stays: bool) -> None:
    sent = accepting(peer, changes) + frame(TEXT, "a")
    await peer.trickle(sent, size or len(sent))
    if not stays:
        await peer.stream.send_eof()
    await peer.read_rest()


@pytest.mark.parametrize("stays", [True, False])
@pytest.mark.parametrize("size", [None, 1])
@pytest.mark.parametrize("changes", WRONG.values(), ids=WRONG)
async def test_an_answer_that_is_no_acceptance_fails_the_handshake(
    transport: Transport, changes: list[tuple[bytes, bytes]], size: int | None, stays: bool, autojump_clock: MockClock
) -> None:
    """Also when the venue stays; within the second that a refusal has. One sentence says it, and nothing of ours."""
    error = await failure_to_open(transport, partial(answer, changes=changes, size=size, stays=stays))
    assert isinstance(error, ConnectionError)
    assert str(error) == NOT_VALID
    assert trio.current_time() <= 1


@pytest.mark.parametrize("size", [None, 1])
@pytest.mark.parametrize("status", [b"200 OK", b"400 Bad Request", b"426 Upgrade Required", b"302 Found", b"503 X"])
async def test_an_http_answer_refuses_the_upgrade(
    transport: Transport, status: bytes, size: int | None, autojump_clock: MockClock
) -> None:
    async def refuse(peer: ScriptedPeer) -> None:
        sent = b"HTTP/1.1 " + status + b"\r\nContent-Length: 4\r\nLocation: /\r\n\r\nsorr" + b"surplus"
        await peer.trickle(sent, size or len(sent))
        await peer.read_rest()

    error = await failure_to_open(transport, refuse)
    assert isinstance(error, UpgradeRefused)
    assert (error.status, error.body_start) == (int(status[:3]), "sorr")
    assert trio.current_time() <= 1


@pytest.mark.parametrize(
    ("sent", "sentence"),
    [
        (b"", NO_ANSWER),
        (b"HTTP/1.1 101", NOT_VALID),
        (STATUS_LINE + UPGRADE_LINE, NOT_VALID),
        (b"\r\n", NOT_VALID),
        (b"\x00" * 100, NOT_VALID),
        (frame(TEXT, "no handshake"), NOT_VALID),
    ],
)
async def test_a_venue_that_leaves_before_its_answer_is_whole_fails_the_handshake(
    transport: Transport, sent: bytes, sentence: str, autojump_clock: MockClock
) -> None:
    async def leave(peer: ScriptedPeer) -> None:
        await peer.send(sent)
        await peer.stream.aclose()

    error = await failure_to_open(transport, leave)
    assert isinstance(error, ConnectionError)
    assert str(error) == sentence
    assert trio.current_time() == 0


@pytest.mark.parametrize("line", [b"X-Endless: " + b"x" * 1000, b"X: y\r\n" * 200, b"x" * 1000])
async def test_an_answer_without_an_end_is_not_kept(
    transport: Transport, line: bytes, autojump_clock: MockClock
) -> None:
    """The venue goes on for ever with one head: it is given up, and no more than a part of it was read."""
    sent = 0

    async def go_on(peer: ScriptedPeer) -> None:
        nonlocal sent
        await peer.send(STATUS_LINE + (line if b"\n" in line else b"X-Endless: x"))
        while sent < 10_000_000:
            await peer.send(line)
            sent += len(line)

    error = await failure_to_open(transport, go_on)
    assert isinstance(error, ConnectionError)
    assert sent < 1_000_000


async def test_a_venue_that_resets_the_connection_fails_the_handshake(
    transport: Transport, autojump_clock: MockClock
) -> None:
    async def reset(peer: ScriptedPeer) -> None:
        peer.stream.close()

    assert str(await failure_to_open(transport, reset)) == NO_ANSWER


async def test_no_log_shows_what_is_in_the_request(
    link: Link, caplog: pytest.LogCaptureFixture, autojump_clock: MockClock
) -> None:
    """Not even at the level at which libraries log whole frames and headers."""
    with caplog.at_level(logging.DEBUG):
        async with link(frame(TEXT, "a")) as (socket, peer):
            await received(socket, 1)
            await socket.send('{"token":"open sesame22"}')
            await peer.send(close_frame(1000))
            await drained(socket)
    for record in caplog.records:
        assert "sesame" not in f"{record.getMessage()} {record.args} {record.exc_info}"
