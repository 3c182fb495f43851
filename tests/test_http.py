"""HTTP calls over our own connections: what is sent, what comes back, and what a failure says about the request."""

from __future__ import annotations

import logging
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager, suppress
from functools import partial

import pytest
import trio
from attrs import evolve
from trio.testing import MockClock, wait_all_tasks_blocked

from actors.http import HttpClient, HttpFailed, open_http
from actors.memory_stream import MemoryListener, MemoryStream
from actors.network import MemoryConnector
from protocol.venue import HttpCall

Handler = Callable[[MemoryStream], Awaitable[None]]

OK = b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\n{}"
GET = HttpCall(method="GET", path="/api/instruments")
ORDER = HttpCall(method="POST", path="/orders/place", body=b'{"q":1}')


class CountingConnector:
    """Connects in memory and remembers each stream, so that tests see what is left open."""

    def __init__(self, listener: MemoryListener) -> None:
        self._connector = MemoryConnector(listener)
        self.streams: list[trio.abc.Stream] = []
        self.asked: list[tuple[str, int, bool]] = []

    async def connect(self, host: str, port: int, *, tls: bool) -> trio.abc.Stream:
        self.asked.append((host, port, tls))
        self.streams.append(await self._connector.connect(host, port, tls=tls))
        return self.streams[-1]


async def is_closed(stream: trio.abc.Stream) -> bool:
    try:
        await stream.send_all(b"")
    except trio.ClosedResourceError:
        return True
    except trio.BrokenResourceError:
        return False
    return False


@asynccontextmanager
async def server(handler: Handler) -> AsyncIterator[CountingConnector]:
    """Serves every in-memory connection with `handler`; on leaving, no connection may be open."""
    listener = MemoryListener()
    connector = CountingConnector(listener)
    async with trio.open_nursery() as nursery:
        await nursery.start(trio.serve_listeners, handler, [listener])
        yield connector
        nursery.cancel_scope.cancel()
    for stream in connector.streams:
        assert await is_closed(stream)


async def read_request(stream: trio.abc.Stream) -> bytes:
    """Head and body of the next request; b"" when the client has gone."""
    data = b""
    while b"\r\n\r\n" not in data:
        more = await stream.receive_some()
        if not more:
            return b""
        data += more
    head, _, body = data.partition(b"\r\n\r\n")
    for line in head.lower().split(b"\r\n"):
        if line.startswith(b"content-length: "):
            while len(body) < int(line[16:]):
                body += await stream.receive_some()
    return head + b"\r\n\r\n" + body


def answering(*answers: bytes, seen: list[bytes] | None = None) -> Handler:
    """Answers each request on a connection with the next of `answers`, then closes."""

    async def handle(stream: MemoryStream) -> None:
        with suppress(trio.BrokenResourceError):
            for answer in answers:
                request = await read_request(stream)
                if seen is not None:
                    seen.append(request)
                await stream.send_all(answer)
        await stream.aclose()

    return handle


async def silent(stream: MemoryStream) -> None:
    while await stream.receive_some():
        pass


@asynccontextmanager
async def client(connector: CountingConnector, **options: float) -> AsyncIterator[HttpClient]:
    async with open_http("https://venue.example", connector, **options) as http:  # type: ignore[arg-type]
        yield http


async def test_a_call_goes_out_whole_and_its_answer_comes_back_whatever_its_status() -> None:
    seen: list[bytes] = []
    answer = b'HTTP/1.1 409 Conflict\r\nContent-Length: 14\r\n\r\n{"error":"no"}'
    call = HttpCall(method="POST", path="/orders/x", query=[("a", "1 2"), ("a", "&")], body=b'{"q":1}')
    async with server(answering(answer, seen=seen)) as connector, client(connector) as http:
        got = await http.call(call, "tok")
    assert (got.status, got.body) == (409, b'{"error":"no"}')
    head, _, body = seen[0].partition(b"\r\n\r\n")
    lines = head.split(b"\r\n")
    assert lines[0] == b"POST /orders/x?a=1+2&a=%26 HTTP/1.1"
    assert body == b'{"q":1}'
    for line in (
        b"Host: venue.example",
        b"Content-Type: application/json",
        b"Authorization: Bearer tok",
        b"User-Agent: trio-orders",
        b"Accept-Encoding: identity",
    ):
        assert line.lower() in [seen_line.lower() for seen_line in lines] or line in lines
    assert connector.asked == [("venue.example", 443, True)]


async def test_a_call_that_is_not_authorized_carries_no_token() -> None:
    seen: list[bytes] = []
    login = HttpCall(method="POST", path="/api/authenticate", body=b"{}", authorized=False)
    async with server(answering(OK, seen=seen)) as connector, client(connector) as http:
        await http.call(login, "old token")
    assert b"authorization" not in seen[0].lower()


async def test_a_connection_is_used_again() -> None:
    async with server(answering(OK, OK, OK)) as connector, client(connector) as http:
        for _ in range(3):
            assert (await http.call(GET, None)).status == 200
    assert len(connector.streams) == 1


async def test_a_connection_that_the_server_closed_meanwhile_is_replaced() -> None:
    async with server(answering(OK)) as connector, client(connector) as http:
        await http.call(ORDER, "t")
        await wait_all_tasks_blocked()
        await http.call(ORDER, "t")
    assert len(connector.streams) == 2


async def test_several_tasks_call_at_the_same_time(autojump_clock: MockClock) -> None:
    async def slow(stream: MemoryStream) -> None:
        while await read_request(stream):
            await trio.sleep(5)
            await stream.send_all(OK)

    async with server(slow) as connector, client(connector) as http:
        async with trio.open_nursery() as nursery:
            for _ in range(4):
                nursery.start_soon(http.call, GET, None)
        assert trio.current_time() == 5


# Finished late: what is signed must not grow old in a queue


async def test_a_call_is_finished_when_its_connection_is_there(autojump_clock: MockClock) -> None:
    seen: list[bytes] = []
    finished_at: list[float] = []

    class Slow(CountingConnector):
        async def connect(self, host: str, port: int, *, tls: bool) -> trio.abc.Stream:
            await trio.sleep(3)
            return await super().connect(host, port, tls=tls)

    def finish() -> HttpCall:
        finished_at.append(trio.current_time())
        return evolve(ORDER, body=b"nonce=17", headers=(("Signature", "s17"),))

    async with server(answering(OK, OK, seen=seen)) as connector, client(Slow(connector._connector.listener)) as http:
        await http.call(ORDER, None, finish=finish)
        await http.call(ORDER, None, finish=finish)
    assert finished_at == [3, 3]
    assert b"\r\nSignature: s17\r\n" in seen[0]
    assert b"\r\nContent-Length: 8\r\n" in seen[0]
    assert seen[0].endswith(b"\r\n\r\nnonce=17")
    assert seen[1] == seen[0]


async def test_what_the_finishing_raises_leaves_unchanged_and_nothing_was_sent() -> None:
    class HeldBack(Exception):
        pass

    def finish() -> HttpCall:
        raise HeldBack

    seen: list[bytes] = []
    async with server(answering(OK, seen=seen)) as connector, client(connector) as http:
        with pytest.raises(HeldBack):
            await http.call(ORDER, None, finish=finish)
        await http.call(GET, None)
    assert [request.split()[0] for request in seen if request] == [b"GET"]


# Failures


async def test_without_a_connection_the_request_was_certainly_not_sent() -> None:
    listener = MemoryListener()
    await listener.aclose()
    async with client(CountingConnector(listener)) as http:
        with pytest.raises(HttpFailed, match="POST /orders/place failed") as failure:
            await http.call(ORDER, "t")
    assert not failure.value.sent
    assert isinstance(failure.value, OSError)


async def test_a_connect_that_takes_too_long_was_certainly_not_sent(autojump_clock: MockClock) -> None:
    class Unreachable:
        async def connect(self, host: str, port: int, *, tls: bool) -> trio.abc.Stream:
            await trio.sleep_forever()
            raise AssertionError

    async with open_http("http://venue.example", Unreachable(), timeout=3) as http:
        with pytest.raises(HttpFailed, match="within 3 s") as failure:
            await http.call(ORDER, "t")
    assert not failure.value.sent
    assert trio.current_time() == 3


@pytest.mark.parametrize(
    "answer",
    [b"", b"HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\npart", b"garbage\r\n\r\n", b"HTTP/1.1 200 OK\r\nX: "],
    ids=["nothing", "half a body", "garbage", "half a head"],
)
async def test_an_answer_that_breaks_off_may_follow_a_request_that_was_sent(answer: bytes) -> None:
    async with server(answering(answer)) as connector, client(connector) as http:
        with pytest.raises(HttpFailed) as failure:
            await http.call(ORDER, "t")
    assert failure.value.sent


async def test_silence_ends_at_the_timeout_and_the_connection_is_closed(autojump_clock: MockClock) -> None:
    async with server(silent) as connector, client(connector, timeout=7) as http:
        with pytest.raises(HttpFailed, match="no complete answer within 7 s") as failure:
            await http.call(ORDER, "t")
        assert failure.value.sent
        assert trio.current_time() == 7
        assert await is_closed(connector.streams[0])


async def test_an_answer_that_trickles_is_bounded_as_a_whole(autojump_clock: MockClock) -> None:
    async def trickle(stream: MemoryStream) -> None:
        await read_request(stream)
        await stream.send_all(b"HTTP/1.1 200 OK\r\nContent-Length: 1000\r\n\r\n")
        with suppress(trio.BrokenResourceError):
            while True:
                await trio.sleep(1)
                await stream.send_all(b"x")

    async with server(trickle) as connector, client(connector, timeout=7) as http:
        with pytest.raises(HttpFailed, match="within 7 s"):
            await http.call(GET, None)
        assert trio.current_time() == 7


@pytest.mark.parametrize("framing", [b"Content-Length: 2000", b"Transfer-Encoding: chunked"])
async def test_an_answer_longer_than_the_limit_is_given_up(framing: bytes) -> None:
    body = b"7d0\r\n" + b"x" * 2000 + b"\r\n" if b"chunked" in framing else b"x" * 2000
    async with server(answering(b"HTTP/1.1 200 OK\r\n" + framing + b"\r\n\r\n" + body)) as connector:
        async with client(connector, answer_limit=1999) as http:
            with pytest.raises(HttpFailed, match="longer than 1999 bytes"):
                await http.call(GET, None)


async def test_an_answer_compressed_against_our_wish_is_given_up() -> None:
    answer = b"HTTP/1.1 200 OK\r\nContent-Encoding: gzip\r\nContent-Length: 2\r\n\r\n{}"
    async with server(answering(answer)) as connector, client(connector) as http:
        with pytest.raises(HttpFailed, match="compressed"):
            await http.call(GET, None)


async def test_a_redirect_is_an_answer_and_is_not_followed() -> None:
    answer = b"HTTP/1.1 302 Found\r\nLocation: http://elsewhere.example/\r\nContent-Length: 0\r\n\r\n"
    async with server(answering(answer)) as connector, client(connector) as http:
        assert (await http.call(ORDER, "t")).status == 302
    assert len(connector.streams) == 1


async def test_cancelling_a_call_closes_its_connection_and_the_client_goes_on() -> None:
    requests = 0

    async def first_silent(stream: MemoryStream) -> None:
        nonlocal requests
        await read_request(stream)
        requests += 1
        await (silent(stream) if requests == 1 else stream.send_all(OK))

    async with server(first_silent) as connector, client(connector) as http:
        async with trio.open_nursery() as nursery:
            nursery.start_soon(http.call, ORDER, "t")
            await wait_all_tasks_blocked()
            nursery.cancel_scope.cancel()
        assert await is_closed(connector.streams[0])
        assert (await http.call(GET, None)).status == 200


async def test_leaving_the_client_while_cancelled_closes_every_connection() -> None:
    async with server(answering(OK, OK)) as connector:
        with trio.CancelScope() as scope:
            async with client(connector) as http:
                await http.call(GET, None)
                scope.cancel()
                await trio.lowlevel.checkpoint()
        assert await is_closed(connector.streams[0])


# Secrets


async def test_no_secret_shows_in_logs_or_errors(caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.DEBUG)
    login = HttpCall(method="POST", path="/api/authenticate", body=b'{"api_secret":"hunter2"}')
    answer = b'HTTP/1.1 200 OK\r\nContent-Length: 19\r\n\r\n{"token":"sesame11"}'[:-1]
    async with server(answering(answer, b"")) as connector, client(connector) as http:
        await http.call(login, "token-1234")
        with pytest.raises(HttpFailed) as failure:
            await http.call(login, "token-1234")
    shown = caplog.text + repr(failure.value) + str(failure.value.__context__)
    for secret in ("hunter2", "token-1234", "sesame11"):
        assert secret not in shown


async def test_a_token_that_http_cannot_carry_is_not_quoted_and_nothing_was_sent() -> None:
    async with server(silent) as connector, client(connector) as http:
        with pytest.raises(HttpFailed, match="cannot be written") as failure:
            await http.call(GET, "hunter2\r\nX-Injected: 1")
    assert not failure.value.sent
    assert "hunter2" not in repr(failure.value)
    assert failure.value.__context__ is None


async def test_an_url_that_is_no_url_is_refused_at_once() -> None:
    with pytest.raises(ValueError, match="must start with"):
        await partial(open_http, "venue.example", CountingConnector(MemoryListener()))().__aenter__()
