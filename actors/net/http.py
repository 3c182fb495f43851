"""HTTP calls to one venue: httpcore's HTTP/1.1 on Trio, over whatever connection the connector makes.

One path for TCP, TLS, proxy and memory: the connector makes the connections, httpcore speaks on them, and what is idle
is used again. Nothing is ever retried here.

Urgent calls and the others each have a number of connections that they may keep busy, so that calls which the venue
does not answer hold up none of the other kind. An idle connection serves both.
"""

from __future__ import annotations

import re
from collections import deque
from collections.abc import AsyncIterable, AsyncIterator, Callable
from contextlib import asynccontextmanager
from enum import Enum
from typing import Any, Final, cast
from urllib.parse import quote, urlencode, urlsplit

import httpcore
import trio
from attrs import define, field, frozen

from protocol.venue import HttpAnswer, HttpCall

from .connectors import Connector, host_and_port, is_readable
from .http_seam import ORDINARY_CONNECTIONS, HttpClient, HttpFailed

__all__ = ["HttpClient", "HttpFailed", "open_http"]

ANSWER_LIMIT: Final = 16 * 1024 * 1024
"""Bytes that an answer may have, unless said otherwise."""
URGENT_CONNECTIONS: Final = 512
"""Urgent calls that may be under way at the same time. What admits them, credits and budgets, stays far below; it is to
keep a program that has gone mad within the files that an operating system lets it open."""
IDLE_CONNECTIONS: Final = 64
"""Connections kept for reuse; of more, the one that has been idle longest is closed."""
IDLE_SECONDS: Final = 15.0
"""How long a connection is kept for reuse. Venues and the proxies in front of them end idle ones sooner or later, and a
call that meets such an end half way is ambiguous."""

WITH_BODY: Final = frozenset({"POST", "PUT", "PATCH"})
"""Methods whose body, if it is empty, is said to be so."""
CLOSED: Final = "the client is closed"
UNWRITABLE: Final = "the request cannot be written as HTTP"
NAME: Final = re.compile(r"[-!#$%&'*+.^_`|~0-9A-Za-z]+")
VALUE: Final = re.compile(r"(?:[!-~](?:[ -~]*[!-~])?)?")
"""Header fields as they may go out (RFC 9110 5.1, 5.5), ASCII alone."""
NOT_IN_TARGET: Final = re.compile(r"[^!-~]")
VISIBLE: Final = "".join(map(chr, range(0x21, 0x7F)))

Headers = list[tuple[bytes, bytes]]


@asynccontextmanager
async def open_http(
    base_url: str,
    connector: Connector,
    *,
    timeout: float = 10.0,
    user_agent: str = "trio-orders",
    answer_limit: int = ANSWER_LIMIT,
) -> AsyncIterator[HttpClient]:
    """A client for the host in base_url; connections are made when needed, kept for reuse, and closed on leaving.

    timeout: seconds for one whole call, from its beginning to the last byte; answer_limit: bytes of one answer, its
    head included.
    Raises ValueError when base_url is not an http or https url.
    """
    client = _Client(_Place.of(base_url), connector, timeout, user_agent, answer_limit)
    try:
        yield client
    finally:
        with trio.CancelScope(shield=True):
            await client.close()


# Requests


@frozen
class _Place:
    """Where a client's calls go. root: the path that every call's path is put behind; label: the Host header."""

    host: str
    port: int
    tls: bool
    root: str
    label: bytes

    @classmethod
    def of(cls, base_url: str) -> _Place:
        """Raises ValueError when base_url is not an http or https url."""
        host, port = host_and_port(base_url)
        parts = urlsplit(base_url)
        if parts.scheme not in ("http", "https"):
            raise ValueError("The url for calls over HTTP must start with http:// or https://.")
        tls = parts.scheme == "https"
        try:
            label = (f"[{host}]" if ":" in host else host).encode("idna")
        except UnicodeError:
            raise ValueError("The url for calls over HTTP names a host that cannot exist.") from None
        if port != (443 if tls else 80):
            label += f":{port}".encode()
        return cls(host, port, tls, parts.path.rstrip("/"), label)

    def url(self, call: HttpCall) -> httpcore.URL:
        """httpcore is to write and read, not to encrypt: the connector does. Hence the scheme."""
        target = self.root + call.path
        if call.query:
            target += ("&" if "?" in target else "?") + urlencode(call.query)
        if NOT_IN_TARGET.search(target):
            target = quote(target, safe=VISIBLE)
        return httpcore.URL(scheme=b"http", host=self.label, port=self.port, target=target.encode("ascii"))

    @property
    def origin(self) -> httpcore.Origin:
        return httpcore.Origin(b"http", self.label, self.port)


class _Failure(Exception):
    """Why no complete answer came, in words that go into the sentence of an `HttpFailed`. Never holds a secret."""


class _Phase(Enum):
    """How far a call got."""

    WAITING = "for one of the connections"
    CONNECTING = "nothing has been written"
    BEGUN = "the first byte may have been written"


@define
class _Progress:
    """How far one call got. on_written: called when all of it has been written."""

    on_written: Callable[[], None] | None
    phase: _Phase = _Phase.WAITING


class _Request(httpcore.Request):
    """A call in the form that httpcore takes, its head and body made when httpcore is about to write them: what is
    signed then cannot grow old in a queue, nor be overtaken.

    make: gives both. Raises what `make` raises.
    """

    def __init__(self, method: str, url: httpcore.URL, make: Callable[[], tuple[Headers, bytes]]) -> None:
        self.method = method.encode("ascii")
        self.url = url
        self.extensions = {}
        self._make = make

    @property
    def headers(self) -> Headers:  # type: ignore[override]
        """Asked for once, before `stream`."""
        headers, body = self._make()
        self.stream = _Once(body)
        return headers


class _Once:
    """A request's body as an asynchronous iterator. Not a generator: httpcore leaves it half way if a write fails."""

    def __init__(self, body: bytes) -> None:
        self._pieces = iter((body,) if body else ())

    def __aiter__(self) -> _Once:
        return self

    async def __anext__(self) -> bytes:
        for piece in self._pieces:
            return piece
        raise StopAsyncIteration


# Calls


class _Client:
    """The calls to one place and the connections that they share.

    A call takes a seat of its kind, then the connection that has been idle shortest, or a new one.
    """

    def __init__(self, place: _Place, connector: Connector, timeout: float, user_agent: str, answer_limit: int) -> None:
        self._place = place
        self._connector = connector
        self._timeout = timeout
        self._answer_limit = answer_limit
        self._common = {
            "host": (b"Host", place.label),
            "user-agent": (b"User-Agent", user_agent.encode()),
            "accept": (b"Accept", b"application/json"),
            "accept-encoding": (b"Accept-Encoding", b"identity"),
        }
        self._seats = {False: trio.Semaphore(ORDINARY_CONNECTIONS), True: trio.Semaphore(URGENT_CONNECTIONS)}
        self._idle: deque[_Connection] = deque()  # the one used last stands last
        self._open: set[_Connection] = set()
        self._closed = False

    async def call(
        self,
        call: HttpCall,
        token: str | None,
        *,
        on_written: Callable[[], None] | None = None,
        finish: Callable[[], HttpCall] | None = None,
    ) -> HttpAnswer:
        progress = _Progress(on_written)
        try:
            with trio.fail_after(self._timeout):
                request = _Request(
                    call.method,
                    self._place.url(call),
                    lambda: self._written(call if finish is None else finish(), token),
                )
                return await self._make(request, call.urgent, progress)
        except trio.TooSlowError:
            cause = self._too_slow(call, progress)
        except _Failure as failure:
            cause = str(failure)
        except httpcore.LocalProtocolError:
            cause = UNWRITABLE  # h11 quotes what it does not like
        except httpcore.RemoteProtocolError as failure:
            cause = _broken_off(failure)
        # Outside the except blocks, so that what holds the headers does not travel along as __context__.
        raise HttpFailed(f"{call.method} {call.path} failed: {cause.rstrip('.')}.", sent=progress.phase is _Phase.BEGUN)

    def _too_slow(self, call: HttpCall, progress: _Progress) -> str:
        within = f"within {self._timeout:g} s"
        if progress.phase is _Phase.WAITING:
            most = URGENT_CONNECTIONS if call.urgent else ORDINARY_CONNECTIONS
            return f"it was not sent: calls before it kept all {most} connections busy, and none was free {within}"
        if progress.phase is _Phase.CONNECTING:
            return f"connecting to {self._place.host}:{self._place.port} timed out, no connection came about {within}"
        return f"no complete answer {within}"

    def _written(self, call: HttpCall, token: str | None) -> tuple[Headers, bytes]:
        """Head and body as they go out. Raises _Failure."""
        headers = dict(self._common)
        for name, value in call.headers:
            headers[name.lower()] = _header(name, value)
        body = call.body or b""
        if call.body is not None:
            headers.setdefault("content-type", (b"Content-Type", b"application/json"))
        if body or call.method in WITH_BODY:
            headers["content-length"] = (b"Content-Length", b"%d" % len(body))
        if call.authorized and token is not None:
            headers["authorization"] = _header("Authorization", f"Bearer {token}")
        return list(headers.values()), body

    async def _make(self, request: _Request, urgent: bool, progress: _Progress) -> HttpAnswer:
        seats = self._seats[urgent]
        try:
            seats.acquire_nowait()
        except trio.WouldBlock:
            await seats.acquire()
        try:
            if self._closed:
                raise _Failure(CLOSED)
            progress.phase = _Phase.CONNECTING
            connection = await self._idle_one() or await self._new_one()
            try:
                return await connection.exchange(request, progress)
            finally:
                await self._put_back(connection)
        finally:
            seats.release()

    # Connections

    async def _idle_one(self) -> _Connection | None:
        """The connection used last, if it can be used again. One that can be read from has been ended by the venue, or
        says what was not asked for: it is closed, as are those kept for too long."""
        too_old = trio.current_time() - IDLE_SECONDS
        while self._idle and self._idle[0].idle_since < too_old:
            await self._drop(self._idle.popleft())
        while self._idle:
            connection = self._idle.pop()
            if not connection.is_readable:
                return connection
            await self._drop(connection)
        return None

    async def _new_one(self) -> _Connection:
        """Raises _Failure."""
        place = self._place
        try:
            stream = await self._connector.connect(place.host, place.port, tls=place.tls)
        except (OSError, trio.BrokenResourceError, trio.ClosedResourceError) as error:
            raise _Failure(str(error) or type(error).__name__) from None
        if self._closed:
            await trio.aclose_forcefully(stream)
            raise _Failure(CLOSED)
        connection = _Connection(place.origin, stream, self._answer_limit)
        self._open.add(connection)
        return connection

    async def _put_back(self, connection: _Connection) -> None:
        if connection.is_reusable and not self._closed:
            connection.idle_since = trio.current_time()
            self._idle.append(connection)
            if len(self._idle) <= IDLE_CONNECTIONS:
                return
            connection = self._idle.popleft()
        await self._drop(connection)

    async def _drop(self, connection: _Connection) -> None:
        """Closes at once, also when canceled: nothing is to be said to the peer any more."""
        self._open.discard(connection)
        await trio.aclose_forcefully(connection.stream)

    async def close(self) -> None:
        """Closes every connection. A call under way fails."""
        self._closed = True
        self._idle.clear()
        for connection in tuple(self._open):
            await self._drop(connection)


def _header(name: str, value: str) -> tuple[bytes, bytes]:
    """Raises _Failure, without the value: h11's own complaint would quote it, in httpcore's log, too."""
    if NAME.fullmatch(name) is None or VALUE.fullmatch(value) is None:
        raise _Failure(UNWRITABLE)
    return name.encode("ascii"), value.encode("ascii")


def _broken_off(failure: httpcore.RemoteProtocolError) -> str:
    text = str(failure).rstrip(".")
    if text.startswith("Server disconnected"):
        return "the connection ended before an answer came"
    return f"the answer broke off or is not valid HTTP ({text})"


# One connection


class _Http11(httpcore.AsyncHTTP11Connection):
    """What httpcore keeps to itself and we need stands here alone, with a test for each."""

    def __init__(self, origin: httpcore.Origin, stream: httpcore.AsyncNetworkStream) -> None:
        super().__init__(origin, stream)
        # A connection is given to one call at a time, so none is to be kept out; a lock of Trio's is a turn of the
        # loop each time, and one more place where a call whose answer is read could be canceled.
        self._state_lock = cast(Any, _Unlocked())

    async def _receive_response_headers(self, request: httpcore.Request) -> tuple[bytes, int, bytes, Headers, bytes]:
        """httpcore logs what this returns; the headers of an answer may hold a token."""
        version, status, reason, headers, rest = await super()._receive_response_headers(request)
        return version, status, reason, _Hidden(headers), rest

    @property
    def has_more(self) -> bool:
        """True when bytes followed the answer: they would be taken for the answer to the next call."""
        return bool(self._h11_state.trailing_data[0])


class _Unlocked:
    async def __aenter__(self) -> None:
        pass

    async def __aexit__(self, *problem: object) -> None:
        pass


class _Hidden(list[tuple[bytes, bytes]]):
    """Headers that do not show in a log."""

    def __repr__(self) -> str:
        return f"<{len(self)} headers>"


@define(eq=False)
class _Connection:
    """A connection, with httpcore on it. Carries one exchange at a time. idle_since: Trio's clock."""

    origin: httpcore.Origin
    stream: trio.abc.Stream
    answer_limit: int
    idle_since: float = 0.0
    _wire: _WatchedStream = field(init=False)
    _http: _Http11 = field(init=False)

    def __attrs_post_init__(self) -> None:
        self._wire = _WatchedStream(self.stream, self.answer_limit)
        self._http = _Http11(self.origin, self._wire)

    @property
    def is_readable(self) -> bool:
        return is_readable(self.stream)

    @property
    def is_reusable(self) -> bool:
        return self._http.is_idle() and not self._http.has_more

    async def exchange(self, request: _Request, progress: _Progress) -> HttpAnswer:
        self._wire.begin(progress)
        answer = await self._http.handle_async_request(request)
        try:
            headers = {name.lower().decode("ascii"): value.decode("latin-1") for name, value in answer.headers}
            if headers.get("content-encoding", "identity").strip().lower() != "identity":
                raise _Failure("the answer is compressed, which we did not ask for")
            # Read to the end or to an error from below: generators do not like to be left half way.
            assert isinstance(answer.stream, AsyncIterable)
            body = b"".join([piece async for piece in answer.stream])
        finally:
            await answer.aclose()
        return HttpAnswer(status=answer.status, body=body, headers=headers)


class _WatchedStream(httpcore.AsyncNetworkStream):
    """Between httpcore and the connection: writes a request in one piece, bounds the answer, and notes how far the call
    got. Timeouts are left out: the call as a whole has one."""

    def __init__(self, stream: trio.abc.Stream, answer_limit: int) -> None:
        self._stream = stream
        self._answer_limit = answer_limit
        self._answer_length = 0
        self._unwritten = bytearray()
        self._progress = _Progress(None)

    def begin(self, progress: _Progress) -> None:
        """The exchange of another call."""
        self._progress = progress
        self._answer_length = 0
        self._unwritten.clear()

    async def read(self, max_bytes: int, timeout: float | None = None) -> bytes:
        try:
            data = bytes(await self._stream.receive_some(max_bytes))
        except (trio.BrokenResourceError, trio.ClosedResourceError) as error:
            raise _Failure(f"the connection broke: {error.__cause__ or error}") from None
        self._answer_length += len(data)
        if self._answer_length > self._answer_limit:
            raise _Failure(f"the answer is longer than {self._answer_limit} bytes")
        return data

    async def write(self, buffer: bytes, timeout: float | None = None) -> None:
        """Keeps what it gets until httpcore writes nothing, which is how it marks the end of a request: head and body
        in one piece are one system call, and one packet where they fit."""
        if buffer:
            self._unwritten += buffer
            return
        self._progress.phase = _Phase.BEGUN
        try:
            await self._stream.send_all(self._unwritten)
        except (trio.BrokenResourceError, trio.ClosedResourceError) as error:
            raise httpcore.WriteError from error  # httpcore then looks whether an answer came all the same
        if self._progress.on_written is not None:
            self._progress.on_written()

    async def aclose(self) -> None:
        # httpcore closes behind a shield, so this must not wait for the peer.
        await trio.aclose_forcefully(self._stream)

    def get_extra_info(self, info: str) -> Any:
        return None
