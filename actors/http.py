"""HTTP calls to one venue: httpx on Trio, over whatever connection the connector makes.

One path for TCP, TLS, proxy and memory: httpx asks our transport, httpcore pools the connections, the connector
makes them. Nothing is ever retried here.
"""

from __future__ import annotations

import ssl
from collections.abc import AsyncIterable, AsyncIterator, Callable, Iterable
from contextlib import asynccontextmanager
from contextvars import ContextVar
from functools import lru_cache
from typing import Any, Final, Protocol
from urllib.parse import urlsplit

import httpcore
import httpx
import trio
from attrs import define

from protocol.venue import HttpAnswer, HttpCall

from .network import Connector, host_and_port, is_readable

__all__ = ["HttpClient", "HttpFailed", "open_http", "open_transport"]

ANSWER_LIMIT: Final = 16 * 1024 * 1024
"""Bytes that an answer may have, unless said otherwise."""

FAILURES: Final = (
    httpcore.NetworkError,
    httpcore.ProtocolError,
    httpcore.TimeoutException,
    httpx.HTTPError,
    httpx.InvalidURL,
    httpx.StreamError,
)


class HttpFailed(OSError):
    """No complete answer came. sent False: the request certainly did not reach the venue; True: it may have."""

    def __init__(self, text: str, *, sent: bool) -> None:
        super().__init__(text)
        self.sent = sent


class HttpClient(Protocol):
    """What `open_http` yields. Any number of tasks may call at the same time."""

    async def call(
        self,
        call: HttpCall,
        token: str | None,
        *,
        on_written: Callable[[], None] | None = None,
        finish: Callable[[], HttpCall] | None = None,
    ) -> HttpAnswer:
        """The venue's answer, whatever its status. The token goes along only if the call is authorized. on_written:
        called when the request has been written, which is before its answer is there. finish: called once, when a
        connection is at hand and just before the first byte is written; gives the call as it goes out, with the method
        and path of `call` (a signature must not grow old in a queue). What it raises leaves unchanged, and then nothing
        was sent; until it is called, cancelling means certainly not sent.

        Raises HttpFailed when no complete answer came in time. Cancelled: the request may have been sent.
        """


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

    timeout: seconds for one whole call, from connecting to the last byte; answer_limit: bytes of one answer, its
    head included.
    Raises ValueError when base_url is not an http or https url.
    """
    async with open_transport(base_url, connector, answer_limit=answer_limit) as transport:
        yield _HttpxClient(transport, base_url.rstrip("/"), timeout, user_agent)


@asynccontextmanager
async def open_transport(
    base_url: str, connector: Connector, *, answer_limit: int = ANSWER_LIMIT
) -> AsyncIterator[httpx.AsyncBaseTransport]:
    """The connections to one host, as a transport of httpx. Raises ValueError when base_url is no http or https url."""
    host_and_port(base_url)
    async with _Transport(connector, answer_limit, tls=urlsplit(base_url).scheme == "https") as transport:
        yield transport


@define
class _Progress:
    """How far one call got. on_written: called when all of it has been written; finish: makes it, as it goes out;
    begun: the first byte may have been."""

    on_written: Callable[[], None] | None
    finish: Callable[[], httpx.Request] | None = None
    begun: bool = False


CALL: Final[ContextVar[_Progress | None]] = ContextVar("call", default=None)
"""The call that this task is making. httpcore writes in its caller's task, and its own way to tell, trace events, costs
a call as much as its signature."""


@lru_cache(maxsize=256)
def _url(text: str) -> httpx.URL:
    """Taking a url apart costs as much as sending it; a client calls a handful of them."""
    return httpx.URL(text)


@define
class _HttpxClient:
    """Speaks httpx's requests and answers straight to the transport: the cookies, redirects, authentication and hooks
    of `httpx.AsyncClient` would cost a call a tenth of a millisecond, and none of them is wanted."""

    _transport: httpx.AsyncBaseTransport
    _root: str
    _timeout: float
    _user_agent: str

    async def call(
        self,
        call: HttpCall,
        token: str | None,
        *,
        on_written: Callable[[], None] | None = None,
        finish: Callable[[], HttpCall] | None = None,
    ) -> HttpAnswer:
        progress = _Progress(on_written)
        if finish is not None:
            progress.finish = lambda: self._request(finish(), token)
        outer = CALL.set(progress)
        try:
            with trio.fail_after(self._timeout):
                return await self._exchange(self._request(call, token))
        except trio.TooSlowError:
            cause = f"no complete answer within {self._timeout:g} s"
        except httpcore.LocalProtocolError:
            cause = "the request cannot be written as HTTP"  # h11 quotes the offending header, maybe the token
        except FAILURES as failure:
            cause = f"{type(failure).__name__}: {failure}".rstrip(": .")
        finally:
            CALL.reset(outer)
        # Outside the except blocks, so that what holds the headers does not travel along as __context__.
        raise HttpFailed(f"{call.method} {call.path} failed: {cause}.", sent=progress.begun)

    def _request(self, call: HttpCall, token: str | None) -> httpx.Request:
        headers = {
            "User-Agent": self._user_agent,
            "Accept": "application/json",
            "Accept-Encoding": "identity",
            **dict(call.headers),
        }
        if call.body is not None:
            headers.setdefault("Content-Type", "application/json")
        if call.authorized and token is not None:
            headers["Authorization"] = f"Bearer {token}"
        return httpx.Request(
            call.method,
            _url(self._root + call.path),
            params=list(call.query) or None,
            headers=headers,
            content=call.body,
        )

    async def _exchange(self, request: httpx.Request) -> HttpAnswer:
        response = await self._transport.handle_async_request(request)
        assert isinstance(response.stream, httpx.AsyncByteStream)
        try:
            if response.headers.get("content-encoding", "identity") != "identity":
                raise httpx.DecodingError("the answer is compressed, which we did not ask for")
            # Read to the end or to an error from below: generators do not like to be left half way.
            body = b"".join([piece async for piece in response.stream])
        finally:
            await response.stream.aclose()
        return HttpAnswer(status=response.status_code, body=body, headers=dict(response.headers))


class _Transport(httpx.AsyncBaseTransport):
    """Carries httpx's requests over httpcore's pool, whose connections our connector makes."""

    def __init__(self, connector: Connector, answer_limit: int, *, tls: bool) -> None:
        self._tls = tls
        self._pool = httpcore.AsyncConnectionPool(
            max_connections=10, keepalive_expiry=15.0, network_backend=_Backend(connector, answer_limit, tls)
        )

    async def handle_async_request(self, request: httpx.Request) -> httpx.Response:
        url = httpcore.URL(
            scheme=b"http",  # httpcore must not encrypt: the connector does
            host=request.url.raw_host,
            port=request.url.port or (443 if self._tls else 80),
            target=request.url.raw_path,
        )
        answer = await self._pool.handle_async_request(
            _Request(
                method=request.method,
                url=url,
                headers=request.headers.raw,
                content=_Once(request.content),
                extensions=request.extensions,
            )
        )
        assert isinstance(answer.stream, AsyncIterable)
        return httpx.Response(answer.status, headers=answer.headers, stream=_Body(answer, answer.stream))

    async def aclose(self) -> None:
        await self._pool.aclose()


class _Request(httpcore.Request):
    """A request whose head and body can be made when httpcore asks for the head, which is when it has a connection."""

    @property
    def headers(self) -> list[tuple[bytes, bytes]]:
        call = CALL.get()
        if call is not None and call.finish is not None:
            finished, call.finish = call.finish(), None
            self._headers, self.stream = finished.headers.raw, _Once(finished.content)
        return self._headers

    @headers.setter
    def headers(self, headers: list[tuple[bytes, bytes]]) -> None:
        self._headers = headers


class _Once:
    """A request's body as an asynchronous iterator. Not a generator: httpcore leaves it half way if a write fails.
    When it is asked for more than there is, all of the request has been written."""

    def __init__(self, body: bytes) -> None:
        self._pieces = iter([body] if body else [])

    def __aiter__(self) -> _Once:
        return self

    async def __anext__(self) -> bytes:
        for piece in self._pieces:
            return piece
        call = CALL.get()
        if call is not None and call.on_written is not None:
            call.on_written()
        raise StopAsyncIteration


class _Body(httpx.AsyncByteStream):
    def __init__(self, answer: httpcore.Response, pieces: AsyncIterable[bytes]) -> None:
        self._answer = answer
        self._pieces = pieces

    async def __aiter__(self) -> AsyncIterator[bytes]:
        async for piece in self._pieces:
            yield piece

    async def aclose(self) -> None:
        await self._answer.aclose()


class _Backend(httpcore.AsyncNetworkBackend):
    """Gives httpcore our connections. Timeouts are left out: the call as a whole has one."""

    def __init__(self, connector: Connector, answer_limit: int, tls: bool) -> None:
        self._connector = connector
        self._answer_limit = answer_limit
        self._tls = tls

    async def connect_tcp(
        self,
        host: str,
        port: int,
        timeout: float | None = None,
        local_address: str | None = None,
        socket_options: Iterable[httpcore.SOCKET_OPTION] | None = None,
    ) -> httpcore.AsyncNetworkStream:
        try:
            stream = await self._connector.connect(host, port, tls=self._tls)
        except OSError as error:
            raise httpcore.ConnectError(str(error)) from error
        return _NetworkStream(stream, self._answer_limit)


class _NetworkStream(httpcore.AsyncNetworkStream):
    def __init__(self, stream: trio.abc.Stream, answer_limit: int) -> None:
        self._stream = stream
        self._answer_limit = answer_limit
        self._answer_length = 0  # of the current exchange; a connection carries one at a time

    async def read(self, max_bytes: int, timeout: float | None = None) -> bytes:
        try:
            data = bytes(await self._stream.receive_some(max_bytes))
        except (trio.BrokenResourceError, trio.ClosedResourceError) as error:
            raise httpcore.ReadError(str(error)) from error
        self._answer_length += len(data)
        if self._answer_length > self._answer_limit:
            raise httpcore.ReadError(f"the answer is longer than {self._answer_limit} bytes")
        return data

    async def write(self, buffer: bytes, timeout: float | None = None) -> None:
        if not buffer:
            return  # httpcore marks the end of a request so
        self._answer_length = 0
        call = CALL.get()
        if call is not None:
            call.begun = True
        try:
            await self._stream.send_all(buffer)
        except (trio.BrokenResourceError, trio.ClosedResourceError) as error:
            raise httpcore.WriteError(str(error)) from error

    async def aclose(self) -> None:
        # httpcore closes behind a shield, so this must not wait for the peer.
        await trio.aclose_forcefully(self._stream)

    async def start_tls(
        self,
        ssl_context: ssl.SSLContext,
        server_hostname: str | None = None,
        timeout: float | None = None,
    ) -> httpcore.AsyncNetworkStream:
        return self  # never asked for: see the scheme given to httpcore

    def get_extra_info(self, info: str) -> Any:
        return is_readable(self._stream) if info == "is_readable" else None
