"""How a client reaches a host: over TCP, with or without TLS and a proxy, or in memory.

A connector makes one connection at a time and keeps none: whoever asked for a stream closes it.
"""

from __future__ import annotations

import base64
import ssl
from functools import cache
from ipaddress import ip_address
from typing import Final, Protocol
from urllib.parse import SplitResult, unquote, urlsplit

import h11
import trio
from attrs import field, frozen

from .memory_stream import MemoryListener, MemoryStream

__all__ = ["Connector", "MemoryConnector", "TcpConnector", "host_and_port", "is_readable", "refuse_plaintext"]

DEFAULT_PORTS: Final = {"http": 80, "ws": 80, "https": 443, "wss": 443}
PROXY_ANSWER_LIMIT: Final = 65536
"""Bytes that a proxy's answer to CONNECT may have."""


class Connector(Protocol):
    """Makes connections. The caller bounds the time and closes the stream."""

    async def connect(self, host: str, port: int, *, tls: bool) -> trio.abc.Stream:
        """A fresh stream to host and port, encrypted if tls. Raises OSError when it cannot be made."""


@frozen
class TcpConnector:
    """Connects over TCP; Trio switches TCP_NODELAY on by itself.

    ssl_context: for TLS, None = the system's certificates and host name checks; proxy: None, or
    `http://[user:password@]host[:port]` of a proxy that knows CONNECT. Never shows the proxy in repr or errors.
    """

    ssl_context: ssl.SSLContext | None = None
    proxy: str | None = field(default=None, repr=False)

    def __attrs_post_init__(self) -> None:
        if self.proxy is not None:
            _split_proxy(self.proxy)

    async def connect(self, host: str, port: int, *, tls: bool) -> trio.abc.Stream:
        stream = await self._reach(host, port)
        return await _encrypt(stream, host, self.ssl_context) if tls else stream

    async def _reach(self, host: str, port: int) -> trio.abc.Stream:
        if self.proxy is None:
            return await trio.open_tcp_stream(host, port)
        proxy = _split_proxy(self.proxy)
        stream = await trio.open_tcp_stream(proxy.hostname or "", proxy.port or 80)
        try:
            await _ask_proxy(stream, host, port, _credentials(proxy))
        except BaseException:
            await trio.aclose_forcefully(stream)
            raise
        return stream


@frozen
class MemoryConnector:
    """Connects to a server in this process, whatever the host and port. TLS is not applied: nothing leaves memory."""

    listener: MemoryListener

    async def connect(self, host: str, port: int, *, tls: bool) -> trio.abc.Stream:
        return await self.listener.connect()


@cache
def _system_context() -> ssl.SSLContext:
    # Reading the system's certificates takes long enough to be noticed at every reconnect.
    return ssl.create_default_context()


async def _encrypt(stream: trio.abc.Stream, host: str, context: ssl.SSLContext | None) -> trio.abc.Stream:
    encrypted = trio.SSLStream(
        stream,
        context or _system_context(),
        server_hostname=host,
        https_compatible=True,  # venues close without the TLS farewell, as every web server does
    )
    try:
        await encrypted.do_handshake()
    except trio.BrokenResourceError as broken:
        await trio.aclose_forcefully(encrypted)
        raise ConnectionError(f"The TLS handshake with {host} failed: {broken.__cause__ or broken}.") from broken
    except BaseException:
        await trio.aclose_forcefully(encrypted)
        raise
    return encrypted


async def _ask_proxy(stream: trio.abc.Stream, host: str, port: int, credentials: str | None) -> None:
    """Asks the proxy at the other end of `stream` for a tunnel. Raises ConnectionError when it gives none."""
    target = f"[{host}]:{port}" if ":" in host else f"{host}:{port}"
    headers = [("Host", target)]
    if credentials is not None:
        headers.append(("Proxy-Authorization", f"Basic {credentials}"))
    connection = h11.Connection(h11.CLIENT)
    try:
        await stream.send_all(connection.send(h11.Request(method="CONNECT", target=target, headers=headers)) or b"")
        status = await _proxy_status(stream, connection)
    except (h11.ProtocolError, trio.BrokenResourceError):
        raise ConnectionError(f"The proxy broke off or sent no valid answer to CONNECT {target}.") from None
    if not 200 <= status < 300:
        raise ConnectionError(f"The proxy refused CONNECT {target} with HTTP status {status}.")
    if connection.trailing_data[0]:
        raise ConnectionError(f"The proxy sent bytes of its own after the answer to CONNECT {target}.")


async def _proxy_status(stream: trio.abc.Stream, connection: h11.Connection) -> int:
    received = 0
    while True:
        event = connection.next_event()
        if isinstance(event, h11.Response):
            return event.status_code
        if event is h11.NEED_DATA:
            data = await stream.receive_some(4096)
            received += len(data)
            if received > PROXY_ANSWER_LIMIT:
                raise ConnectionError("The proxy's answer to CONNECT is too long.")
            connection.receive_data(bytes(data))
        elif not isinstance(event, h11.InformationalResponse):
            raise ConnectionError("The proxy closed the connection before it answered CONNECT.")


def _split(url: str) -> SplitResult | None:
    """The parts of an url with a host; None when it is none. (What urlsplit raises may quote a password.)"""
    try:
        parts = urlsplit(url)
        return parts if parts.hostname and parts.port != 0 else None
    except ValueError:
        return None


def _split_proxy(proxy: str) -> SplitResult:
    parts = _split(proxy)
    if parts is None or parts.scheme != "http":
        raise ValueError("A proxy must be given as http://[user:password@]host[:port].")
    return parts


def _credentials(proxy: SplitResult) -> str | None:
    if proxy.username is None:
        return None
    pair = f"{unquote(proxy.username)}:{unquote(proxy.password or '')}"
    return base64.b64encode(pair.encode()).decode()


def host_and_port(url: str) -> tuple[str, int]:
    """Host and port of an http, https, ws or wss url. Raises ValueError when it names none, or holds a password."""
    parts = _split(url)
    if parts is None or parts.hostname is None or parts.scheme not in DEFAULT_PORTS:
        raise ValueError("A venue's url must start with http://, https://, ws:// or wss:// and name a host.")
    if parts.username is not None or parts.password is not None:
        raise ValueError("A venue's url must not hold a user name or password; give the credentials apart from it.")
    return parts.hostname, parts.port or DEFAULT_PORTS[parts.scheme]


def refuse_plaintext(url: str, allow: bool) -> None:
    """Raises ValueError for an unencrypted url to anything but this machine, unless allow is true."""
    host, _ = host_and_port(url)
    if allow or urlsplit(url).scheme in ("https", "wss") or _is_loopback(host):
        return
    raise ValueError(
        f"The url to {host} is not encrypted and would show the credentials to the network;"
        " use https:// or wss://, or allow plain text explicitly."
    )


def _is_loopback(host: str) -> bool:
    if host.rstrip(".").lower() == "localhost":
        return True
    try:
        return ip_address(host).is_loopback
    except ValueError:
        return False


def is_readable(stream: trio.abc.Stream) -> bool:
    """True when a read would return at once; on an idle HTTP connection that means the peer has closed it."""
    while isinstance(stream, trio.SSLStream):
        stream = stream.transport_stream
    if isinstance(stream, trio.SocketStream):
        return stream.socket.is_readable()
    return isinstance(stream, MemoryStream) and stream.is_readable
