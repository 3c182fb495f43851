"""The server that carries a venue's brain, with a brain that mostly echoes."""

from __future__ import annotations

import json
import ssl
from collections.abc import AsyncIterator, Sequence
from contextlib import AbstractAsyncContextManager, asynccontextmanager, suppress
from functools import partial

import pytest
import trio
import trustme
from trio.testing import MockClock, wait_all_tasks_blocked

from actors.net.connectors import Connector, MemoryConnector, TcpConnector
from actors.net.http import HttpFailed, open_http
from actors.net.memory_stream import MemoryListener, MemoryStream
from actors.plumbing.clock import Clock
from actors.serving.venue_server import VenueServer, serve_exchange
from actors.websocket import Socket, SocketClosed, UpgradeRefused, open_socket
from protocol.simulation.exchange import (
    Accept,
    Acted,
    Close,
    Exchange,
    ExchangeInput,
    Gone,
    HttpReply,
    HttpRequest,
    Output,
    Pinged,
    Received,
    Refuse,
    Requested,
    SessionNumber,
    Tell,
    Ticked,
    Upgraded,
)
from protocol.values import Instant
from protocol.venue import HttpCall, Upgrade

SECOND = 1_000_000_000
WALL = 1_790_000_000 * SECOND
UPGRADE = (
    b"GET /ws HTTP/1.1\r\nHost: v\r\nConnection: keep-alive, Upgrade\r\nUpgrade: WebSocket\r\n"
    b"Authorization: Bearer good\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n"
    b"Sec-WebSocket-Version: 13\r\n\r\n"
)


class EchoExchange(Exchange):
    """Does what a message says: echo, tell everybody, answer later, flood, close or drop."""

    secret_headers: frozenset[str] = frozenset()

    @property
    def websocket_path(self) -> str:
        return "/ws"

    def __init__(self) -> None:
        self.sessions: list[SessionNumber] = []
        self.gone_sessions: list[SessionNumber] = []
        self.plan: list[tuple[int, Output]] = []
        self.entered = False

    def upgrade(
        self, session: SessionNumber, request: HttpRequest, now: Instant
    ) -> tuple[Accept | Refuse, Sequence[Output]]:
        if request.header("authorization") != "Bearer good":
            return Refuse(HttpReply(status=401, body=b'{"error":"token"}')), ()
        self.sessions.append(session)
        outputs: list[Output] = [Tell(session, f"welcome {session}")]
        if ("bad", "1") in request.query:
            outputs.append(Close(session, 1008, "bad option"))
        return Accept(), outputs

    def receive(self, session: SessionNumber, message: str | bytes, now: Instant) -> Sequence[Output]:
        if isinstance(message, bytes):
            return [Tell(session, message[::-1])]
        match message.split():
            case ["everybody", text]:
                return [Tell(number, text) for number in self.sessions]
            case ["later", seconds, text]:
                self.plan.append((now.monotonic_ns + int(float(seconds) * SECOND), Tell(session, text)))
                return []
            case ["flood", count]:
                return [Tell(session, "x" * 1000) for _ in range(int(count))]
            case ["close", code]:
                return [Tell(session, "bye"), Close(session, int(code), "as you wish"), Tell(session, "never")]
            case ["drop"]:
                return [Tell(session, "bye"), Close(session, None)]
            case _:
                return [Tell(session, f"echo {message} at {now.monotonic_ns} {now.wall_ns}")]

    def gone(self, session: SessionNumber, now: Instant) -> Sequence[Output]:
        self.sessions.remove(session)
        self.gone_sessions.append(session)
        return [Tell(number, f"{session} is gone") for number in self.sessions]

    def request(self, request: HttpRequest, now: Instant) -> tuple[HttpReply, Sequence[Output]]:
        told = {
            "method": request.method,
            "path": request.path,
            "query": request.query,
            "body": request.body.decode(),
            "authorization": request.header("authorization"),
        }
        outputs = [Tell(number, f"{request.method} {request.path}") for number in self.sessions]
        return HttpReply(status=200, body=json.dumps(told).encode(), headers=(("X-Extra", "1"),)), outputs

    def tick(self, now: Instant) -> Sequence[Output]:
        due = [output for time, output in self.plan if time <= now.monotonic_ns]
        self.plan = [(time, output) for time, output in self.plan if time > now.monotonic_ns]
        return due

    def user_of(self, request: HttpRequest, now: Instant) -> str | None:
        return None

    def token_for(self, user: str, now: Instant) -> str:
        raise NotImplementedError

    def restarted(self, now: Instant) -> None:
        raise NotImplementedError

    @property
    def next_due(self) -> int | None:
        return min((time for time, _ in self.plan), default=None)


class Running:
    """A server in memory and the ways to reach it."""

    def __init__(self, server: VenueServer[EchoExchange], exchange: EchoExchange, listener: MemoryListener) -> None:
        self.server = server
        self.exchange = exchange
        self.listener = listener
        self.rows: list[tuple[ExchangeInput, Instant]] = []

    def socket(self, query: str = "", token: str = "good") -> AbstractAsyncContextManager[Socket]:
        return socket_to(MemoryConnector(self.listener), "ws://venue.example", query, token)

    async def call(self, call: HttpCall, token: str | None = None) -> tuple[int, bytes]:
        async with open_http("http://venue.example", MemoryConnector(self.listener)) as http:
            answer = await http.call(call, token)
        return answer.status, answer.body

    async def raw(self, data: bytes) -> bytes:
        """Everything that the server answers to these bytes, until it closes."""
        async with await self.listener.connect() as stream:
            await stream.send_all(data)
            return await read_all(stream)


def socket_to(
    connector: Connector, root: str, query: str = "", token: str = "good"
) -> AbstractAsyncContextManager[Socket]:
    headers = [("Authorization", f"Bearer {token}")]
    return open_socket(Upgrade(url=f"{root}/ws{query}", headers=headers), connector)


@asynccontextmanager
async def serving(
    outgoing_limit: int = 100_000, capacity: int = 65536, exchange: EchoExchange | None = None
) -> AsyncIterator[Running]:
    listener, exchange = MemoryListener(capacity=capacity), exchange or EchoExchange()
    rows: list[tuple[ExchangeInput, Instant]] = []
    async with trio.open_nursery() as nursery:
        server = await nursery.start(
            partial(
                serve_exchange,
                exchange,
                [listener],
                clock=Clock(lambda: WALL),
                on_input=lambda row, now: rows.append((row, now)),
                outgoing_limit=outgoing_limit,
            )
        )
        running = Running(server, exchange, listener)
        running.rows = rows
        yield running
        nursery.cancel_scope.cancel()


async def read_all(stream: trio.abc.ReceiveStream) -> bytes:
    data = b""
    while more := await stream.receive_some():
        data += more
    return data


async def messages(socket: Socket, count: int) -> list[str | bytes]:
    received: list[str | bytes] = []
    while len(received) < count:
        received += await socket.receive_batch()
    return received


async def ending(socket: Socket) -> tuple[list[str | bytes], SocketClosed]:
    """What still comes, and how the socket ends."""
    received: list[str | bytes] = []
    while True:
        try:
            received += await socket.receive_batch()
        except SocketClosed as closed:
            return received, closed


# WebSocket


async def test_a_session_talks_with_the_brain_in_text_and_bytes(autojump_clock: MockClock) -> None:
    async with serving() as venue, venue.socket() as socket:
        await socket.send("hello")
        now = int(trio.current_time() * SECOND)
        assert await messages(socket, 2) == ["welcome 1", f"echo hello at {now} {WALL}"]


async def test_outputs_reach_any_session() -> None:
    async with serving() as venue, venue.socket() as first, venue.socket() as second:
        await first.send("everybody news")
        assert await messages(first, 2) == ["welcome 1", "news"]
        assert await messages(second, 2) == ["welcome 2", "news"]


async def test_a_refused_upgrade_is_answered_with_the_brains_words() -> None:
    async with serving() as venue:
        with pytest.raises(UpgradeRefused) as refusal:
            async with venue.socket(token="bad"):
                pass
        assert refusal.value.status == 401
        assert refusal.value.body_start == '{"error":"token"}'
        await wait_all_tasks_blocked()
        assert venue.exchange.gone_sessions == []


@pytest.mark.parametrize(
    ("wanted", "instead"),
    [
        (b"Sec-WebSocket-Version: 13", b"Sec-WebSocket-Version: 8"),
        (b"Sec-WebSocket-Key", b"X-Key"),
        (b"keep-alive, Upgrade", b"keep-alive"),
        (b"GET /ws", b"OPTIONS /ws"),
        (b"Bearer good", b"Bearer g\xf6\xf6d"),
    ],
)
async def test_an_upgrade_that_is_not_valid_gets_status_400(wanted: bytes, instead: bytes) -> None:
    async with serving() as venue, await venue.listener.connect() as stream:
        await stream.send_all(UPGRADE.replace(wanted, instead))
        await stream.send_eof()
        assert (await read_all(stream)).startswith(b"HTTP/1.1 400")
        assert venue.rows == []


async def test_an_upgrade_elsewhere_is_an_ordinary_request() -> None:
    async with serving() as venue:
        answer = await venue.raw(
            b"GET /other HTTP/1.1\r\nHost: v\r\nConnection: Upgrade, close\r\nUpgrade: websocket\r\n\r\n"
        )
    assert answer.startswith(b"HTTP/1.1 200")


async def test_a_connection_that_carried_requests_can_become_a_websocket() -> None:
    async with serving() as venue, await venue.listener.connect() as stream:
        await stream.send_all(b"GET /first HTTP/1.1\r\nHost: v\r\n\r\n")
        await wait_all_tasks_blocked()
        assert (await stream.receive_some()).startswith(b"HTTP/1.1 200")
        await stream.send_all(UPGRADE)
        await wait_all_tasks_blocked()
        answer = await stream.receive_some()
        assert b"s3pPLMBiTxaQ9kYGzzhZRbK+xOo=" in answer
        assert answer.endswith(b"\x81\x09welcome 1")
        assert [type(row) for row, _ in venue.rows] == [Requested, Upgraded]


async def test_pings_are_answered() -> None:
    async with serving() as venue, venue.socket() as socket:
        await socket.receive_batch()
        heard = socket.last_heard
        await socket.ping()
        await wait_all_tasks_blocked()
        assert socket.last_heard >= heard


class ListeningExchange(EchoExchange):
    """Cares for silence."""

    def pinged(self, session: SessionNumber, now: Instant) -> None:
        self.pings = [*getattr(self, "pings", []), session]


async def test_a_brain_that_watches_for_silence_hears_of_pings() -> None:
    exchange = ListeningExchange()
    async with serving(exchange=exchange) as venue, venue.socket() as socket:
        await socket.receive_batch()
        await socket.ping()
        await socket.send("\x8a is no pong")
        await socket.receive_batch()
        assert exchange.pings == [1]
        assert [type(row) for row, _ in venue.rows] == [Upgraded, Pinged, Received]


async def test_any_other_brain_hears_nothing_of_pings() -> None:
    async with serving() as venue, venue.socket() as socket:
        await socket.receive_batch()
        await socket.ping()
        await wait_all_tasks_blocked()
        assert [type(row) for row, _ in venue.rows] == [Upgraded]


async def test_the_brain_closes_with_a_code_after_what_it_said_before(autojump_clock: MockClock) -> None:
    async with serving() as venue, venue.socket() as socket:
        await socket.send("close 1012")
        received, closed = await ending(socket)
        assert received == ["welcome 1", "bye"]
        assert (closed.code, closed.reason) == (1012, "as you wish")
        await wait_all_tasks_blocked()
        assert venue.exchange.gone_sessions == [1]
    assert trio.current_time() == 0


async def test_the_brains_close_waits_for_the_clients(autojump_clock: MockClock) -> None:
    async with serving() as venue, await venue.listener.connect() as stream:
        await stream.send_all(UPGRADE.replace(b"/ws", b"/ws?bad=1"))
        await trio.sleep(1)
        answer = await stream.receive_some()
        assert answer.endswith(b"\x88\x0c\x03\xf0bad option")
        assert venue.exchange.gone_sessions == []
        await stream.send_all(b"\x88\x82\0\0\0\0\x03\xf0")
        assert await read_all(stream) == b""
    assert trio.current_time() == 1


async def test_a_close_right_after_the_upgrade_is_a_close_frame() -> None:
    async with serving() as venue, venue.socket("?bad=1") as socket:
        received, closed = await ending(socket)
    assert received == ["welcome 1"]
    assert closed.code == 1008


async def test_a_drop_is_the_end_of_the_stream_without_a_close_frame() -> None:
    async with serving() as venue, venue.socket() as socket:
        await socket.send("drop")
        received, closed = await ending(socket)
        assert received == ["welcome 1", "bye"]
        assert closed.code is None
        await wait_all_tasks_blocked()
        assert venue.exchange.gone_sessions == [1]


async def test_a_client_that_ignores_our_close_is_dropped_in_time(autojump_clock: MockClock) -> None:
    async with serving(capacity=4000) as venue, venue.socket() as socket:
        await socket.send("flood 50")
        await socket.send("close 1000")
        await trio.sleep(1.9)
        assert venue.exchange.gone_sessions == []
        await trio.sleep(0.2)
        assert venue.exchange.gone_sessions == [1]


async def test_the_clients_close_is_answered_and_the_brain_hears_of_it() -> None:
    async with serving() as venue, venue.socket() as other:
        async with venue.socket() as socket:
            await socket.close()
        assert await messages(other, 2) == ["welcome 1", "2 is gone"]


async def test_a_client_that_vanishes_is_gone() -> None:
    async with serving() as venue, venue.socket() as other:
        async with venue.socket():
            pass
        assert await messages(other, 2) == ["welcome 1", "2 is gone"]


@pytest.mark.parametrize("garbage", [b"\x00" * 50, b"\xff" * 50, b"\x81\x05hello", b"\x88\x80\0\0\0\0\x89\x80\0\0\0\0"])
async def test_garbage_instead_of_frames_ends_only_that_session(garbage: bytes) -> None:
    async with serving() as venue, venue.socket() as other, await venue.listener.connect() as stream:
        await stream.send_all(UPGRADE)
        await wait_all_tasks_blocked()
        await stream.send_all(garbage)
        await read_all(stream)
        assert await messages(other, 2) == ["welcome 1", "2 is gone"]


async def test_a_client_that_does_not_read_is_dropped_and_others_do_not_notice() -> None:
    async with serving(outgoing_limit=100, capacity=4000) as venue, venue.socket() as slow, venue.socket() as other:
        await slow.send("flood 50")
        await wait_all_tasks_blocked()
        assert venue.exchange.gone_sessions == []
        await slow.send("flood 100")
        await wait_all_tasks_blocked()
        assert venue.exchange.gone_sessions == [1]
        await other.send("hello")
        assert len(await messages(other, 3)) == 3


# REST


async def test_a_request_reaches_the_brain_whole() -> None:
    call = HttpCall(method="POST", path="/api/orders/a%20b", query=[("x", "1 &"), ("y", "")], body=b'{"q":1}')
    async with serving() as venue:
        status, body = await venue.call(call, "tok")
    assert status == 200
    assert json.loads(body) == {
        "method": "POST",
        "path": "/api/orders/a b",
        "query": [["x", "1 &"], ["y", ""]],
        "body": '{"q":1}',
        "authorization": "Bearer tok",
    }


async def test_a_request_can_have_news_for_sessions() -> None:
    async with serving() as venue, venue.socket() as socket:
        await venue.call(HttpCall(method="GET", path="/api/cancel"))
        assert await messages(socket, 2) == ["welcome 1", "GET /api/cancel"]


async def test_one_connection_carries_many_requests() -> None:
    async with serving() as venue, open_http("http://v", MemoryConnector(venue.listener)) as http:
        for _ in range(3):
            assert (await http.call(HttpCall(method="GET", path="/a"), None)).status == 200


async def test_a_head_request_is_answered_without_a_body() -> None:
    async with serving() as venue:
        answer = await venue.raw(b"HEAD /a HTTP/1.1\r\nHost: v\r\nConnection: close\r\n\r\n")
    head, _, body = answer.partition(b"\r\n\r\n")
    assert b"X-Extra: 1" in head
    assert body == b""


async def test_a_client_that_asks_before_sending_its_body_is_told_to_go_on() -> None:
    async with serving() as venue, await venue.listener.connect() as stream:
        await stream.send_all(
            b"POST /a HTTP/1.1\r\nHost: v\r\nContent-Length: 4\r\nExpect: 100-continue\r\nConnection: close\r\n\r\n"
        )
        assert (await stream.receive_some()).startswith(b"HTTP/1.1 100")
        await stream.send_all(b"body")
        assert b'"body": "body"' in await read_all(stream)


@pytest.mark.parametrize(
    ("garbage", "status"),
    [
        (b"\x16\x03\x01\x02\x00\r\n\r\n", b"400"),
        (b"hello\r\n\r\n", b"400"),
        (b"GET /a HTTP/1.1\r\n\r\n", b"400"),
        (b"GET /a HTTP/1.1\r\nHost: v\r\nContent-Length: nine\r\n\r\n", b"400"),
        (b"GET /a HTTP/1.1\r\nHost: v\r\nX: " + b"x" * 200_000, b"431"),
        (b"POST /a HTTP/1.1\r\nHost: v\r\nContent-Length: 2000000\r\n\r\n" + b"x" * 2_000_000, b"413"),
    ],
)
async def test_malformed_or_overlong_http_is_refused_and_the_connection_closed(garbage: bytes, status: bytes) -> None:
    async with serving() as venue, await venue.listener.connect() as stream, trio.open_nursery() as nursery:

        async def send() -> None:
            with suppress(trio.BrokenResourceError):
                await stream.send_all(garbage)
                await stream.send_eof()

        nursery.start_soon(send)
        assert (await read_all(stream)).startswith(b"HTTP/1.1 " + status)
        assert venue.rows == []


async def test_a_connection_on_which_nothing_comes_is_closed_in_the_end(autojump_clock: MockClock) -> None:
    async with serving() as venue:
        assert await venue.raw(b"GET /unfinished") == b""
    assert trio.current_time() == 60


# Time and order


async def test_the_brain_is_told_the_time_exactly_when_something_is_due(autojump_clock: MockClock) -> None:
    async with serving() as venue, venue.socket() as socket:
        start = trio.current_time()
        await socket.send("later 5 second")
        await socket.send("later 2.5 first")
        assert await messages(socket, 2) == ["welcome 1", "first"]
        assert trio.current_time() - start == pytest.approx(2.5, abs=1e-5)
        assert await messages(socket, 1) == ["second"]
        assert trio.current_time() - start == pytest.approx(5, abs=1e-5)
        assert sum(isinstance(row, Ticked) for row, _ in venue.rows) == 2


async def test_every_input_is_noted_in_order_before_the_brain_gets_it() -> None:
    async with serving() as venue:
        async with venue.socket() as socket:
            await socket.receive_batch()
            await socket.send("hello")
            await socket.receive_batch()
        await wait_all_tasks_blocked()
        await venue.call(HttpCall(method="GET", path="/a"))

        def look(exchange: EchoExchange, now: Instant) -> Sequence[Output]:
            assert isinstance(venue.rows[-1][0], Acted)
            return []

        await venue.server.act(look)
        rows = [row for row, _ in venue.rows]
        assert [type(row) for row in rows] == [Upgraded, Received, Gone, Requested, Acted]
        assert rows[1] == Received(SessionNumber(1), "hello")
        assert rows[4] == Acted("look")
        times = [now.monotonic_ns for _, now in venue.rows]
        assert times == sorted(times)
        assert all(now.wall_ns == WALL for _, now in venue.rows)


async def test_a_brain_that_stays_due_is_reported_instead_of_ticking_for_ever() -> None:
    class Stuck(EchoExchange):
        @property
        def next_due(self) -> int:
            return 0

    with pytest.raises(ExceptionGroup) as raised:
        await serve_exchange(Stuck(), [MemoryListener()])
    assert raised.group_contains(RuntimeError, match="tick for ever")


# The program's hands


async def test_a_program_acts_on_the_brain_and_its_outputs_are_sent() -> None:
    def announce(exchange: EchoExchange, now: Instant) -> Sequence[Output]:
        return [Tell(session, "announced") for session in exchange.sessions]

    async with serving() as venue, venue.socket() as socket:
        await venue.server.act(announce)
        assert await messages(socket, 2) == ["welcome 1", "announced"]


async def test_what_an_action_raises_is_raised_where_it_was_asked_for() -> None:
    def fail(exchange: EchoExchange, now: Instant) -> Sequence[Output]:
        raise KeyError("mine")

    async with serving() as venue:
        with pytest.raises(KeyError, match="mine"):
            await venue.server.act(fail)
        assert (await venue.call(HttpCall(method="GET", path="/a")))[0] == 200


async def test_dropped_connections_end_at_once_and_new_ones_are_welcome() -> None:
    async with serving() as venue:
        async with venue.socket() as socket, await venue.listener.connect() as idle:
            await socket.receive_batch()
            await wait_all_tasks_blocked()  # the idle connection, too, is accepted
            venue.server.drop_connections()
            _, closed = await ending(socket)
            assert closed.code is None
            assert await read_all(idle) == b""
        await wait_all_tasks_blocked()
        assert venue.exchange.gone_sessions == [1]
        async with venue.socket() as socket:
            assert await messages(socket, 1) == ["welcome 2"]


async def test_a_connection_dropped_before_the_brain_saw_it_leaves_no_session() -> None:
    async with serving() as venue:
        async with trio.open_nursery() as nursery:

            async def connect() -> None:
                with suppress(OSError):
                    async with venue.socket():
                        await trio.sleep_forever()

            for _ in range(10):
                nursery.start_soon(connect)
            for _ in range(8):
                await trio.lowlevel.checkpoint()
                venue.server.drop_connections()
            nursery.cancel_scope.cancel()
        await wait_all_tasks_blocked()
        assert venue.exchange.sessions == []


async def test_stopping_the_server_closes_connections_and_refuses_new_ones() -> None:
    async with serving() as venue:
        stream: MemoryStream = await venue.listener.connect()
        await wait_all_tasks_blocked()
    assert await read_all(stream) == b""
    with pytest.raises(ConnectionRefusedError):
        await venue.listener.connect()


# Over the network


async def test_rest_and_websocket_share_one_tcp_port() -> None:
    listeners = await trio.open_tcp_listeners(0, host="127.0.0.1")
    root = f"127.0.0.1:{listeners[0].socket.getsockname()[1]}"
    async with trio.open_nursery() as nursery:
        await nursery.start(serve_exchange, EchoExchange(), listeners)
        async with socket_to(TcpConnector(), f"ws://{root}") as socket:
            await socket.send("flood 100")
            assert len(await messages(socket, 101)) == 101
            async with open_http(f"http://{root}", TcpConnector()) as http:
                assert (await http.call(HttpCall(method="GET", path="/a"), None)).status == 200
                assert (await http.call(HttpCall(method="GET", path="/a"), None)).status == 200
            await socket.close()
        nursery.cancel_scope.cancel()


async def test_rest_and_websocket_share_one_tls_port_and_plain_text_does_not_hurt_it() -> None:
    authority = trustme.CA()
    server_context = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
    authority.issue_cert("127.0.0.1").configure_cert(server_context)
    client_context = ssl.create_default_context()
    authority.configure_trust(client_context)
    listeners = await trio.open_ssl_over_tcp_listeners(0, server_context, host="127.0.0.1", https_compatible=True)
    transport = listeners[0].transport_listener
    assert isinstance(transport, trio.SocketListener)
    root = f"127.0.0.1:{transport.socket.getsockname()[1]}"
    connector = TcpConnector(ssl_context=client_context)
    async with trio.open_nursery() as nursery:
        server = await nursery.start(serve_exchange, EchoExchange(), listeners)
        async with open_http(f"http://{root}", TcpConnector()) as plain:
            with pytest.raises(HttpFailed):
                await plain.call(HttpCall(method="GET", path="/a"), None)
        async with socket_to(connector, f"wss://{root}") as socket:
            await socket.send("flood 100")
            assert len(await messages(socket, 101)) == 101
            async with open_http(f"https://{root}", connector) as http:
                assert (await http.call(HttpCall(method="GET", path="/a"), None)).status == 200
            server.drop_connections()
            _, closed = await ending(socket)
            assert closed.code is None
        async with socket_to(connector, f"wss://{root}") as socket:
            await socket.close()
        nursery.cancel_scope.cancel()
