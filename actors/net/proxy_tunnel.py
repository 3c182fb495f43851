"""Asking a proxy for a tunnel. python-socks speaks HTTP CONNECT, SOCKS4 and SOCKS5; the stream is the caller's, so a
tunnel runs over whatever stream there is."""

from __future__ import annotations

import math
import re
import socket
from collections.abc import Mapping
from contextlib import suppress
from http import HTTPStatus
from typing import Any, Final, cast

import trio
from attrs import frozen
from python_socks import ProxyError, ProxyType
from python_socks.async_.trio.v2 import Proxy as Negotiation

from .proxy import Proxy, ProxyProtocol

__all__ = ["negotiate"]

ANSWER_LIMIT: Final = 65536
"""Bytes that the head of a proxy's answer to CONNECT may have."""
MOST_HEADS: Final = 16
"""Answers with a status of 1xx that may come before it, and it."""
END_OF_HEAD: Final = re.compile(rb"\r?\n\r?\n")
STATUS_LINE: Final = re.compile(rb"HTTP/\d\.\d +(\d\d\d)(?!\d)")
BEGINNING: Final = b"HTTP/"

TYPES: Final[Mapping[ProxyProtocol, ProxyType]] = {
    ProxyProtocol.HTTP: ProxyType.HTTP,
    ProxyProtocol.SOCKS4: ProxyType.SOCKS4,
    ProxyProtocol.SOCKS5: ProxyType.SOCKS5,
}


async def negotiate(proxy: Proxy, stream: trio.abc.Stream, host: str, port: int) -> None:
    """As `Proxy.open_tunnel`."""
    target = f"[{host}]:{port}" if ":" in host else f"{host}:{port}"
    wire = _ProxyWire(stream, f"The proxy {proxy}", target)
    protocol = proxy.kind.protocol
    written = _as_latin if protocol is ProxyProtocol.HTTP else str
    negotiation = Negotiation(
        TYPES[protocol],
        proxy.host,
        proxy.port,
        written(proxy.username),
        written(proxy.password),
        rdns=proxy.kind.resolves,
        forward=cast(Any, _Reached(wire)),
    )
    try:
        await negotiation.connect(host, port, timeout=math.inf)
    except ProxyError as refusal:
        raise ConnectionError(f"The proxy {proxy} gave no tunnel to {target}: {_reason(protocol, refusal)}.") from None
    except socket.gaierror as error:
        raise ConnectionError(
            f"The name {host} could not be resolved: {error.strerror or error}. With"
            f" {'socks4a' if protocol is ProxyProtocol.SOCKS4 else 'socks5h'}:// the proxy resolves it."
        ) from error
    except ValueError:  # python-socks does not expect an address that is no text
        raise ConnectionError(f"The proxy {proxy} sent no valid answer to a request for {target}.") from None


def _reason(protocol: ProxyProtocol, refusal: ProxyError) -> str:
    """In words of our own, for HTTP: what a proxy says there may repeat what it was sent."""
    code = refusal.error_code
    if protocol is not ProxyProtocol.HTTP:
        return str(refusal).rstrip(".")
    if code is None:
        return "it sent no valid answer"
    with suppress(ValueError):
        return f"HTTP status {code} ({HTTPStatus(code).phrase})"
    return f"HTTP status {code}"


def _as_latin(text: str) -> str:
    """python-socks writes Latin-1; servers expect UTF-8 (RFC 7617 2.1)."""
    return text.encode().decode("latin-1")


@frozen
class _ProxyWire:
    """The stream to a proxy, as python-socks wants one. It never takes a byte that belongs to the tunnel."""

    stream: trio.abc.Stream
    named: str
    target: str

    async def write(self, data: bytes) -> None:
        try:
            await self.stream.send_all(data)
        except trio.BrokenResourceError:
            raise self._broke_off() from None

    async def read(self, max_bytes: int = ANSWER_LIMIT) -> bytes:
        """The head of the answer to CONNECT, whole: python-socks asks once. Interim answers are skipped."""
        rest = b""
        for _ in range(MOST_HEADS):
            head, rest = await self._head(rest)
            status = STATUS_LINE.match(head)
            if status is None or not status[1].startswith(b"1"):
                break
        else:
            raise self._too_long()
        if rest and status is not None and status[1].startswith(b"2"):
            raise ConnectionError(f"{self.named} sent bytes of its own after the answer to CONNECT {self.target}.")
        return head

    async def _head(self, data: bytes) -> tuple[bytes, bytes]:
        """The head that begins with `data`, and what was read behind it."""
        while (end := END_OF_HEAD.search(data)) is None:
            if len(data) > ANSWER_LIMIT:
                raise self._too_long()
            data += await self._receive(4096)
            if not data.startswith(BEGINNING[: len(data)]):
                raise ConnectionError(f"{self.named} sent no valid answer to CONNECT {self.target}.")
        return data[: end.end()], data[end.end() :]

    async def read_exactly(self, count: int) -> bytes:
        data = b""
        while len(data) < count:
            data += await self._receive(count - len(data))
        return data

    async def _receive(self, most: int) -> bytes:
        try:
            data = bytes(await self.stream.receive_some(most))
        except trio.BrokenResourceError:
            data = b""
        if not data:
            raise self._broke_off()
        return data

    def _too_long(self) -> ConnectionError:
        return ConnectionError(f"{self.named} sent too long an answer to CONNECT {self.target}.")

    def _broke_off(self) -> ConnectionError:
        return ConnectionError(f"{self.named} closed the connection before it gave a tunnel to {self.target}.")

    async def close(self) -> None:
        await trio.aclose_forcefully(self.stream)


@frozen
class _Reached:
    """Stands where python-socks would connect to the proxy by itself, or through another one."""

    wire: _ProxyWire

    async def connect(self, dest_host: str, dest_port: int) -> _ProxyWire:
        return self.wire
