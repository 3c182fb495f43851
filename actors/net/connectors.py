"""How a client reaches a host: over TCP, with or without TLS and a proxy, or in memory.

A connector makes one connection at a time and keeps none: the caller that asked for a stream closes it.
"""

from __future__ import annotations

import errno
import os
import socket
import ssl
from collections import Counter
from functools import cache
from ipaddress import ip_address
from typing import Final, Protocol
from urllib.parse import SplitResult, urlsplit

import trio
from attrs import field, frozen

from .memory_stream import MemoryListener, MemoryStream
from .proxy import Proxies
from .tcp_stream import TcpStream

__all__ = ["Connector", "MemoryConnector", "TcpConnector", "host_and_port", "is_readable", "refuse_plaintext"]

DEFAULT_PORTS: Final = {"http": 80, "ws": 80, "https": 443, "wss": 443}
REASONS: Final = {
    errno.ECONNREFUSED: "connection refused",
    errno.ETIMEDOUT: "timed out",
    errno.ENETUNREACH: "network unreachable",
    errno.EHOSTUNREACH: "host unreachable",
}
"""Why an address could not be reached; other errors go by the operating system's words."""
NOT_TLS: Final = frozenset({"WRONG_VERSION_NUMBER", "HTTP_REQUEST", "UNKNOWN_PROTOCOL", "PACKET_LENGTH_TOO_LONG"})
NO_TLS: Final = "what came back is no TLS"


class Connector(Protocol):
    """Makes connections. The caller bounds the time and closes the stream."""

    async def connect(self, host: str, port: int, *, tls: bool) -> trio.abc.Stream:
        """A fresh stream to host and port, encrypted if tls. Raises OSError when it cannot be made."""


@frozen
class TcpConnector:
    """Connects over TCP; Trio switches TCP_NODELAY on by itself, and tries every address of a name.

    ssl_context: for TLS, None = the system's certificates and host name checks; proxy: None; or the url of a proxy,
    `http://[user:password@]host[:port]` for one that knows CONNECT, `socks5://`, `socks5h://`, `socks4://` or
    `socks4a://` (with h and a the proxy resolves the venue's name, else we do); or "environment": what the variables
    HTTPS_PROXY or ALL_PROXY, and NO_PROXY, said when this connector was made. Credentials of a proxy never show in
    repr or errors. Raises ValueError for another proxy.

    What `connect` raises names the cause: refused, unreachable, timed out, a name that is not resolved, a certificate
    that does not hold, what a proxy said.
    """

    ssl_context: ssl.SSLContext | None = None
    proxy: str | None = field(default=None, repr=False)
    _proxies: Proxies = field(init=False, repr=False, eq=False)

    @_proxies.default
    def _read_proxies(self) -> Proxies:
        return Proxies.read(self.proxy, os.environ)

    async def connect(self, host: str, port: int, *, tls: bool) -> trio.abc.Stream:
        stream = await self._reach(host, port)
        return await _encrypt(stream, host, self.ssl_context) if tls else stream

    async def _reach(self, host: str, port: int) -> trio.abc.Stream:
        proxy = self._proxies.leading_to(host, port)
        if proxy is None:
            return await _open_tcp(host, port, f"{host}:{port}")
        stream = await _open_tcp(proxy.host, proxy.port, f"The proxy {proxy}")
        await proxy.open_tunnel(stream, host, port)
        if is_readable(stream):
            await trio.aclose_forcefully(stream)
            raise ConnectionError(f"The proxy {proxy} spoke, or hung up, before {host} was said anything.")
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


async def _open_tcp(host: str, port: int, named: str) -> TcpStream:
    """named: what the sentence of an error begins with. Raises OSError, its cause in its words."""
    try:
        return TcpStream(await trio.open_tcp_stream(host, port))
    except socket.gaierror as error:
        raise ConnectionError(f"{named} could not be reached: {_unresolved(host, error)}.") from error
    except UnicodeError as error:
        raise ConnectionError(f"{named} could not be reached: no host can have such a name.") from error
    except OSError as error:
        raise ConnectionError(f"{named} could not be reached: {_reasons(error)}.") from error


def _unresolved(host: str, error: socket.gaierror) -> str:
    return f"the name {host} could not be resolved ({error.strerror or error})"


def _reasons(error: OSError) -> str:
    """What went wrong at each address. Trio's own sentence says that all failed; why is in a group behind it."""
    group = error.__cause__
    if not isinstance(group, BaseExceptionGroup):
        return _reason(error)
    counted = Counter(_reason(each) for each in group.exceptions)
    if len(counted) == 1:
        return next(iter(counted))
    return ", ".join(f"{reason} (at {count} of {counted.total()} addresses)" for reason, count in counted.items())


def _reason(error: BaseException) -> str:
    number = error.errno if isinstance(error, OSError) else None
    if number is None:
        return str(error)
    return REASONS.get(number) or os.strerror(number).lower()


async def _encrypt(stream: trio.abc.Stream, host: str, context: ssl.SSLContext | None) -> trio.abc.Stream:
    """Closes the stream when it fails or is canceled."""
    try:
        encrypted = trio.SSLStream(
            stream,
            context or _system_context(),
            server_hostname=host,
            https_compatible=True,  # venues close without the TLS farewell, as every web server does
        )
        await encrypted.do_handshake()
    except (trio.BrokenResourceError, ValueError) as error:
        await trio.aclose_forcefully(stream)
        cause = error.__cause__ if isinstance(error, trio.BrokenResourceError) else error
        raise ConnectionError(f"The TLS handshake with {host} failed: {_tls_reason(cause)}.") from error
    except BaseException:
        await trio.aclose_forcefully(stream)
        raise
    return encrypted


def _tls_reason(cause: BaseException | None) -> str:
    if isinstance(cause, ssl.SSLCertVerificationError):
        return f"certificate verify failed: {cause.verify_message.rstrip('.')}"
    if isinstance(cause, ssl.SSLError) and cause.reason and not isinstance(cause, ssl.SSLEOFError):
        return NO_TLS if cause.reason in NOT_TLS else cause.reason.replace("_", " ").lower()
    if isinstance(cause, ValueError):
        return str(cause).rstrip(".")
    return "the connection was closed"


def _split(url: str) -> SplitResult | None:
    """The parts of an url with a host; None when it is none. (What urlsplit raises may quote a password.)"""
    try:
        parts = urlsplit(url)
        return parts if parts.hostname and parts.port != 0 else None
    except ValueError:
        return None


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
    return isinstance(stream, TcpStream | MemoryStream) and stream.is_readable
