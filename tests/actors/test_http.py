"""HTTP calls over our own connections: what is sent, what comes back, and what a failure says about the request."""

from __future__ import annotations

import logging
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager, suppress
from functools import partial

import httpcore
import pytest
import trio
from attrs import evolve
from trio.testing import MockClock, wait_all_tasks_blocked

from actors.net.connectors import MemoryConnector
from actors.net.http import IDLE_CONNECTIONS, HttpClient, HttpFailed, open_http
from actors.net.http_seam import ORDINARY_CONNECTIONS
from actors.net.memory_stream import MemoryListener, MemoryStream
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


# Connections of their own for urgent calls

CANCEL = HttpCall(method="POST", path="/orders/cancel", body=b"{}", urgent=True)


async def never_accepting(stream: MemoryStream) -> None:
    """Answers everything but placements."""
    with suppress(trio.BrokenResourceError):
        while request := await read_request(stream):
            if request.startswith(b"POST /orders/place"):
                await trio.sleep_forever()
            await stream.send_all(OK)


async def test_a_thousand_placements_without_an_answer_hold_no_cancel_back(autojump_clock: MockClock) -> None:
    told: list[tuple[float, HttpFailed]] = []

    async def place(http: HttpClient) -> None:
        with pytest.raises(HttpFailed) as failure:
            await http.call(ORDER, None)
        told.append((trio.current_time(), failure.value))

    async with server(never_accepting) as connector, client(connector, timeout=7) as http:
        async with trio.open_nursery() as nursery:
            for _ in range(1000):
                nursery.start_soon(place, http)
            await wait_all_tasks_blocked()
            for _ in range(3):
                assert (await http.call(CANCEL, None)).status == 200
            assert trio.current_time() == 0
            assert len(connector.streams) == ORDINARY_CONNECTIONS + 1
    assert {at for at, _ in told} == {7}
    unsent = [failure for _, failure in told if not failure.sent]
    assert len(unsent) == 1000 - ORDINARY_CONNECTIONS
    assert str(unsent[0]) == (
        "POST /orders/place failed: it was not sent: calls before it kept all 64 connections busy,"
        " and none was free within 7 s."
    )


async def test_a_hundred_cancels_without_an_answer_hold_no_other_call_back(autojump_clock: MockClock) -> None:
    async def never_canceling(stream: MemoryStream) -> None:
        with suppress(trio.BrokenResourceError):
            while request := await read_request(stream):
                if request.startswith(b"POST /orders/cancel"):
                    await trio.sleep_forever()
                await stream.send_all(OK)

    async with server(never_canceling) as connector, client(connector) as http:
        async with trio.open_nursery() as nursery:
            for _ in range(100):
                nursery.start_soon(http.call, CANCEL, None)
            await wait_all_tasks_blocked()
            await http.call(GET, None)
            await http.call(ORDER, None)
            assert trio.current_time() == 0
            nursery.cancel_scope.cancel()


async def test_a_connection_that_is_idle_serves_both_kinds() -> None:
    async with server(answering(OK, OK, OK)) as connector, client(connector) as http:
        for call in (ORDER, CANCEL, ORDER):
            await http.call(call, None)
    assert len(connector.streams) == 1


async def test_a_call_that_waits_for_a_connection_goes_out_when_one_is_free(autojump_clock: MockClock) -> None:
    async def slow(stream: MemoryStream) -> None:
        while await read_request(stream):
            await trio.sleep(2)
            await stream.send_all(OK)

    async with server(slow) as connector, client(connector, timeout=5) as http:
        async with trio.open_nursery() as nursery:
            for _ in range(ORDINARY_CONNECTIONS + 1):
                nursery.start_soon(http.call, ORDER, None)
        assert trio.current_time() == 4
        assert len(connector.streams) == ORDINARY_CONNECTIONS


async def test_a_call_cancelled_while_it_waits_leaves_its_place_to_others(autojump_clock: MockClock) -> None:
    async def answered_later(stream: MemoryStream) -> None:
        while await read_request(stream):
            await trio.sleep(2)
            await stream.send_all(OK)

    async with server(answered_later) as connector, client(connector) as http:
        async with trio.open_nursery() as nursery:
            for _ in range(ORDINARY_CONNECTIONS):
                nursery.start_soon(http.call, ORDER, None)
            await wait_all_tasks_blocked()
            with trio.move_on_after(1) as given_up:
                await http.call(ORDER, None)
            assert given_up.cancelled_caught
            assert (await http.call(ORDER, None)).status == 200
            assert trio.current_time() == 4


# Connections kept for reuse


async def test_a_connection_is_not_kept_for_longer_than_venues_keep_it(autojump_clock: MockClock) -> None:
    async with server(answering(OK, OK, OK)) as connector, client(connector) as http:
        await http.call(GET, None)
        await trio.sleep(14)
        await http.call(GET, None)
        assert len(connector.streams) == 1
        await trio.sleep(16)
        await http.call(GET, None)
        assert len(connector.streams) == 2
        assert await is_closed(connector.streams[0])


async def test_of_a_burst_of_connections_not_all_are_kept(autojump_clock: MockClock) -> None:
    async def slow(stream: MemoryStream) -> None:
        while await read_request(stream):
            await trio.sleep(1)
            await stream.send_all(OK)

    async with server(slow) as connector, client(connector) as http:
        async with trio.open_nursery() as nursery:
            for _ in range(IDLE_CONNECTIONS + 20):
                nursery.start_soon(http.call, CANCEL, None)
        assert len(connector.streams) == IDLE_CONNECTIONS + 20
        assert [await is_closed(stream) for stream in connector.streams].count(False) == IDLE_CONNECTIONS


async def test_what_follows_an_answer_is_not_taken_for_the_next_one() -> None:
    def named(name: bytes) -> bytes:
        return b"HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\n" + name

    async with server(answering(named(b"first") + named(b"stray"), named(b"third"))) as connector:
        async with client(connector) as http:
            assert (await http.call(ORDER, None)).body == b"first"
            assert (await http.call(ORDER, None)).body == b"first"
    assert len(connector.streams) == 2


async def test_after_the_end_nothing_is_sent() -> None:
    async with server(answering(OK)) as connector:
        async with client(connector) as http:
            pass
        with pytest.raises(HttpFailed, match="the client is closed") as failure:
            await http.call(ORDER, None)
    assert not failure.value.sent
    assert connector.streams == []


# What goes out


async def head_of(call: HttpCall, base_url: str = "https://venue.example", **options: str) -> list[bytes]:
    """The lines of the head that a call has on the wire."""
    seen: list[bytes] = []
    async with server(answering(OK, seen=seen)) as connector:
        async with open_http(base_url, connector, **options) as http:  # type: ignore[arg-type]
            await http.call(call, None)
    return seen[0].partition(b"\r\n\r\n")[0].split(b"\r\n")


async def test_a_request_is_written_in_one_piece() -> None:
    pieces: list[bytes] = []

    async def note(stream: MemoryStream) -> None:
        with suppress(trio.BrokenResourceError):
            while piece := await stream.receive_some():
                pieces.append(piece)
                await stream.send_all(OK)

    async with server(note) as connector, client(connector) as http:
        await http.call(ORDER, None)
    (piece,) = pieces
    assert piece.startswith(b"POST /orders/place HTTP/1.1\r\n")
    assert piece.endswith(b'\r\n\r\n{"q":1}')


@pytest.mark.parametrize(
    ("base_url", "host"),
    [
        ("https://venue.example", b"venue.example"),
        ("https://venue.example:443/", b"venue.example"),
        ("http://venue.example:443", b"venue.example:443"),
        ("http://[::1]:8080", b"[::1]:8080"),
        ("https://b\u00fccher.example", b"xn--bcher-kva.example"),
    ],
)
async def test_the_host_is_named_as_http_wants_it(base_url: str, host: bytes) -> None:
    assert b"Host: " + host in await head_of(GET, base_url)


async def test_paths_are_put_behind_the_one_of_the_base_url() -> None:
    assert (await head_of(GET, "https://venue.example/sandbox/"))[0] == b"GET /sandbox/api/instruments HTTP/1.1"


@pytest.mark.parametrize(
    ("path", "target"),
    [
        ("/fills?lastFillTime=2026-07-01T12%3A00%3A00Z&x=%2B", b"/fills?lastFillTime=2026-07-01T12%3A00%3A00Z&x=%2B"),
        ("/orders/a b\r\nX: 1", b"/orders/a%20b%0D%0AX:%201"),
        ("/orders/\u00e9", b"/orders/%C3%A9"),
    ],
)
async def test_a_path_goes_out_as_it_is_signed_and_nothing_breaks_out_of_it(path: str, target: bytes) -> None:
    assert (await head_of(HttpCall(method="GET", path=path)))[0] == b"GET " + target + b" HTTP/1.1"


async def test_a_query_is_added_to_one_that_the_path_has() -> None:
    call = HttpCall(method="GET", path="/fills?a=1", query=[("b", "2 3")])
    assert (await head_of(call))[0] == b"GET /fills?a=1&b=2+3 HTTP/1.1"


async def test_headers_of_a_call_replace_the_usual_ones() -> None:
    call = HttpCall(method="POST", path="/x", body=b"a=1", headers=[("content-type", "text/x"), ("User-Agent", "me")])
    head = await head_of(call)
    assert [line for line in head if line.lower().startswith((b"content-type", b"user-agent"))] == [
        b"User-Agent: me",
        b"content-type: text/x",
    ]


async def test_an_empty_body_is_said_to_be_empty_and_no_body_is_not_mentioned() -> None:
    assert b"Content-Length: 0" in await head_of(HttpCall(method="POST", path="/x"))
    assert not [line for line in await head_of(GET) if line.lower().startswith(b"content-")]


# What comes back


@pytest.mark.parametrize(
    "answer",
    [
        b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n1;note=1\r\n{\r\n1\r\n}\r\n0\r\nX-Trailer: 1\r\n\r\n",
        b"HTTP/1.1 200 OK\r\nConnection: close\r\n\r\n{}",
        b"HTTP/1.0 200 OK\r\n\r\n{}",
        b"HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\n{}",
        b"HTTP/1.1 200 OK\r\nContent-Encoding: Identity\r\nContent-Length: 2\r\n\r\n{}",
    ],
    ids=["chunked", "no length", "HTTP/1.0", "100 continue", "identity"],
)
async def test_an_answer_may_have_any_shape_of_http(answer: bytes) -> None:
    async with server(answering(answer)) as connector, client(connector) as http:
        for _ in range(2):
            got = await http.call(ORDER, "t")
            assert (got.status, got.body) == (200, b"{}")


async def test_headers_come_by_lower_case_name_the_last_of_each() -> None:
    answer = b"HTTP/1.1 429 X\r\nRetry-After: 8\r\nX-A: 1\r\nx-a: \xe9\r\nContent-Length: 0\r\n\r\n"
    async with server(answering(answer)) as connector, client(connector) as http:
        headers = (await http.call(GET, None)).headers
    assert dict(headers) == {"retry-after": "8", "x-a": "\u00e9", "content-length": "0"}


async def test_an_answer_that_was_on_its_way_before_the_connection_broke_is_read() -> None:
    async def refuse_early(stream: MemoryStream) -> None:
        await stream.receive_some(1)
        await stream.send_all(b"HTTP/1.1 413 Too Large\r\nContent-Length: 0\r\nConnection: close\r\n\r\n")
        await stream.aclose()

    large = HttpCall(method="POST", path="/x", body=b"x" * 1_000_000)
    async with server(refuse_early) as connector, client(connector) as http:
        assert (await http.call(large, None)).status == 413


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
        with pytest.raises(
            HttpFailed, match=r"venue\.example:80 timed out, no connection came about within 3 s"
        ) as failure:
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


async def test_a_connector_says_in_the_failure_why_there_is_no_connection() -> None:
    class Refused:
        async def connect(self, host: str, port: int, *, tls: bool) -> trio.abc.Stream:
            await trio.lowlevel.checkpoint()
            raise ConnectionError("venue.example:443 could not be reached: connection refused.")

    async with open_http("https://venue.example", Refused()) as http:
        with pytest.raises(HttpFailed) as failure:
            await http.call(ORDER, "t")
    assert str(failure.value) == (
        "POST /orders/place failed: venue.example:443 could not be reached: connection refused."
    )
    assert not failure.value.sent


async def test_a_connection_ended_while_the_request_was_on_its_way_leaves_its_outcome_open() -> None:
    async def ends(stream: MemoryStream) -> None:
        await read_request(stream)
        await stream.send_all(OK)
        await read_request(stream)
        await stream.aclose()

    async with server(ends) as connector, client(connector) as http:
        await http.call(ORDER, "t")
        with pytest.raises(HttpFailed, match="the connection ended before an answer came") as failure:
            await http.call(ORDER, "t")
    assert failure.value.sent
    assert len(connector.streams) == 1


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


@pytest.mark.parametrize("used_before", [False, True])
async def test_a_call_may_be_cancelled_at_any_moment(used_before: bool) -> None:
    """Nothing is left open but what is idle, and nobody hears the answer to another's call."""

    async def echo_path(stream: MemoryStream) -> None:
        with suppress(trio.BrokenResourceError):
            while request := await read_request(stream):
                path = request.split()[1]
                await stream.send_all(b"HTTP/1.1 200 OK\r\nContent-Length: %d\r\n\r\n" % len(path))
                for at in range(len(path)):
                    await stream.send_all(path[at : at + 1])

    async def is_answered_after(turns: int) -> bool:
        async with server(echo_path) as connector, client(connector) as http:
            if used_before:
                await http.call(HttpCall(method="GET", path="/0"), None)
            with trio.CancelScope() as scope:
                async with trio.open_nursery() as nursery:
                    nursery.start_soon(cancel_after, turns, scope)
                    await http.call(HttpCall(method="POST", path="/1" + "-" * 20, body=b"{}"), None)
                    nursery.cancel_scope.cancel()
            assert (await http.call(HttpCall(method="GET", path="/2"), None)).body == b"/2"
            assert [await is_closed(stream) for stream in connector.streams].count(False) == 1
        return not scope.cancelled_caught

    async def cancel_after(turns: int, scope: trio.CancelScope) -> None:
        for _ in range(turns):
            await trio.lowlevel.checkpoint()
        scope.cancel()

    turns = 0
    while not await is_answered_after(turns):
        turns += 1
    assert turns > 5


async def test_every_seat_is_free_again_after_calls_were_cancelled_at_any_moment(autojump_clock: MockClock) -> None:
    async with server(answering(*[OK] * 1000)) as connector, client(connector) as http:
        for turns in range(300):
            async with trio.open_nursery() as nursery:
                nursery.start_soon(http.call, ORDER, None)
                for _ in range(turns % 15):
                    await trio.lowlevel.checkpoint()
                nursery.cancel_scope.cancel()
        async with trio.open_nursery() as nursery:
            for _ in range(ORDINARY_CONNECTIONS):
                nursery.start_soon(http.call, ORDER, None)
        assert trio.current_time() == 0


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


@pytest.mark.parametrize("secret", ["hunter2\r\nX-Injected: 1", "hunter2\0", " hunter2", "hunter2\u00e9", "hunter2\t"])
@pytest.mark.parametrize("name", ["Authent", "Bad name", "N\u00e4me"])
async def test_a_header_that_http_cannot_carry_shows_nowhere(
    name: str, secret: str, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(1)
    signed = HttpCall(method="POST", path="/x", body=b"hunter2", authorized=False, headers=[(name, secret)])
    async with server(answering(OK)) as connector, client(connector) as http:
        with pytest.raises(HttpFailed, match="cannot be written as HTTP") as failure:
            await http.call(signed, None)
        assert (await http.call(GET, None)).status == 200
    assert not failure.value.sent
    assert failure.value.__context__ is None
    assert "hunter2" not in caplog.text + repr(failure.value)


async def test_headers_of_an_answer_do_not_show_in_a_debug_log(caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(1)
    answer = b"HTTP/1.1 200 OK\r\nSet-Cookie: session=sesame11\r\nX-Token: sesame11\r\nContent-Length: 2\r\n\r\n{}"
    async with server(answering(answer)) as connector, client(connector) as http:
        got = await http.call(GET, "token-1234")
    assert got.headers["x-token"] == "sesame11"
    assert "receive_response_headers" in caplog.text  # httpcore does log
    assert "sesame11" not in caplog.text + repr(got)


def test_what_httpcore_keeps_to_itself_and_we_use_is_there() -> None:
    connection = httpcore.AsyncHTTP11Connection(httpcore.Origin(b"http", b"v", 80), httpcore.AsyncMockStream([]))
    for name in ("_h11_state", "_state_lock", "_receive_response_headers"):
        assert hasattr(connection, name)


async def test_an_url_that_is_no_url_is_refused_at_once() -> None:
    with pytest.raises(ValueError, match="must start with"):
        await partial(open_http, "venue.example", CountingConnector(MemoryListener()))().__aenter__()
