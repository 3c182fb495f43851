"""The server's half of HTTP/1.1 on one connection: requests in, replies out, everything bounded."""

from __future__ import annotations

from contextlib import suppress
from typing import Final
from urllib.parse import parse_qsl, unquote

import h11
import trio
from attrs import evolve

from protocol.simulation.exchange import HttpReply, HttpRequest

__all__ = ["HttpConversation", "is_valid_upgrade", "is_websocket_request"]

HEAD_LIMIT: Final = 65536
BODY_LIMIT: Final = 1024 * 1024
READ_SIZE: Final = 65536
IDLE_TIMEOUT: Final = 60.0
"""Seconds that a client may take to send a request, or to begin another one."""
PARTING: Final = 1.0
"""Seconds that we read on after a refusal, so that the client gets to see it."""


class HttpConversation:
    """Reads requests from a stream and answers each. Does not close the stream."""

    def __init__(self, stream: trio.abc.Stream) -> None:
        self._stream = stream
        self._connection = h11.Connection(h11.SERVER, max_incomplete_event_size=HEAD_LIMIT)
        self._raw = bytearray()  # bytes of the request being read
        self._without_body = False  # the reply to a HEAD has none

    async def next_request(self) -> HttpRequest | None:
        """The next request; None when there will be none. Malformed or overlong ones are refused here.

        Raises trio.BrokenResourceError when the connection breaks.
        """
        try:
            with trio.fail_after(IDLE_TIMEOUT):
                return await self._read_request()
        except trio.TooSlowError:
            return None
        except h11.RemoteProtocolError as error:
            await self.refuse(_problem(error.error_status_hint, "not a valid HTTP request"))
            return None

    async def _read_request(self) -> HttpRequest | None:
        if self._connection.our_state is h11.DONE and self._connection.their_state is h11.DONE:
            self._connection.start_next_cycle()
            self._raw[:] = self._connection.trailing_data[0]
        elif self._connection.our_state is not h11.IDLE:
            return None  # one of us said that the connection closes
        head = await self._next_event()
        if not isinstance(head, h11.Request):
            return None
        body = bytearray()
        while isinstance(event := await self._next_event(), h11.Data):
            body += event.data
            if len(body) > BODY_LIMIT:
                await self.refuse(_problem(413, "the body is too long"))
                return None
        self._without_body = head.method == b"HEAD"
        path, _, query = head.target.decode("ascii").partition("?")
        return HttpRequest(
            method=head.method.decode("ascii"),
            path=unquote(path),
            query=tuple(parse_qsl(query, keep_blank_values=True)),
            raw_query=query,
            headers=tuple((name.decode("latin-1"), value.decode("latin-1")) for name, value in head.headers),
            body=bytes(body),
        )

    async def _next_event(self) -> h11.Event | type[h11.NEED_DATA] | type[h11.PAUSED]:
        while True:
            event = self._connection.next_event()
            if event is not h11.NEED_DATA:
                return event
            if self._connection.they_are_waiting_for_100_continue:
                await self._send(h11.InformationalResponse(status_code=100, headers=[]))
            data = bytes(await self._stream.receive_some(READ_SIZE))
            if len(self._raw) <= HEAD_LIMIT:
                self._raw += data
            self._connection.receive_data(data)

    def given_back(self) -> bytes:
        """Everything read since the latest request began, for the next reader of the stream."""
        return bytes(self._raw)

    async def reply(self, reply: HttpReply) -> None:
        """Answers the latest request."""
        headers = [("Content-Type", reply.content_type), ("Content-Length", str(len(reply.body))), *reply.headers]
        await self._send(h11.Response(status_code=reply.status, headers=headers))
        if reply.body and not self._without_body:
            await self._send(h11.Data(data=reply.body))
        await self._send(h11.EndOfMessage())

    async def refuse(self, reply: HttpReply) -> None:
        """Answers if an answer can still be given, says that the connection ends, and lets the client read that."""
        if self._connection.our_state not in (h11.IDLE, h11.SEND_RESPONSE):
            return
        await self.reply(evolve(reply, headers=(*reply.headers, ("Connection", "close"))))
        with trio.move_on_after(PARTING), suppress(trio.BrokenResourceError):
            if isinstance(self._stream, trio.abc.HalfCloseableStream):
                await self._stream.send_eof()
            while await self._stream.receive_some(READ_SIZE):
                pass

    async def _send(self, event: h11.Event) -> None:
        data = self._connection.send(event)
        if data:
            await self._stream.send_all(data)


def _problem(status: int, text: str) -> HttpReply:
    return HttpReply(status=status, body=b'{"error":"' + text.encode("ascii") + b'"}')


def is_websocket_request(request: HttpRequest, path: str) -> bool:
    """True when the request asks for a WebSocket at `path`, well or badly."""
    return request.path == path and (request.header("upgrade") or "").strip().lower() == "websocket"


def is_valid_upgrade(request: HttpRequest) -> bool:
    """True when every header that RFC 6455 section 4.2.1 asks for is there."""
    connection = [token.strip().lower() for token in (request.header("connection") or "").split(",")]
    return (
        request.method == "GET"
        and not request.body
        and "upgrade" in connection
        and request.header("sec-websocket-version") == "13"
        and bool(request.header("sec-websocket-key"))
        and bool(request.header("host"))
        and all(value.isascii() for _, value in request.headers)
    )
