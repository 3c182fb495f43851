"""Connections come about over TCP, with TLS and in memory, and say why when they do not."""

from __future__ import annotations

import errno
import os
import socket
import ssl
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager, suppress
from datetime import UTC, datetime
from functools import partial
from typing import Any

import pytest
import trio
import trustme

from actors.net.connectors import MemoryConnector, TcpConnector, host_and_port, is_readable, refuse_plaintext
from actors.net.memory_stream import MemoryListener
from actors.net.tcp_stream import TcpStream

Handler = Callable[[trio.SocketStream], Awaitable[None]]


@asynccontextmanager
async def tcp_server(handler: Handler) -> AsyncIterator[int]:
    """A server on the loopback; yields its port."""
    async with trio.open_nursery() as nursery:
        listeners = await nursery.start(trio.serve_tcp, handler, 0)
        yield listeners[0].socket.getsockname()[1]
        nursery.cancel_scope.cancel()


async def echo(stream: trio.abc.Stream) -> None:
    async for data in stream:
        await stream.send_all(data)


# Plain text


@pytest.mark.parametrize(
    "url",
    [
        "https://venue.example/api",
        "wss://venue.example/ws",
        "http://localhost:8080",
        "ws://LOCALHOST/ws",
        "ws://127.0.0.1:80",
        "ws://127.8.9.10/ws",
        "ws://[::1]:9000/ws",
    ],
)
def test_encrypted_urls_and_this_machine_are_fine(url: str) -> None:
    refuse_plaintext(url, allow=False)


@pytest.mark.parametrize(
    "url",
    [
        "http://venue.example",
        "ws://venue.example/ws",
        "ws://10.0.0.1/ws",
        "ws://127.0.0.1.example/ws",
        "ws://localhost.example/ws",
        "ws://[::2]/ws",
        "WS://0.0.0.0/ws",
    ],
)
def test_plain_text_to_another_machine_is_refused_unless_allowed(url: str) -> None:
    with pytest.raises(ValueError, match="is not encrypted"):
        refuse_plaintext(url, allow=False)
    refuse_plaintext(url, allow=True)


@pytest.mark.parametrize("url", ["venue.example", "ftp://venue.example", "wss:///ws", ""])
def test_an_url_without_scheme_or_host_is_refused(url: str) -> None:
    with pytest.raises(ValueError, match="must start with"):
        host_and_port(url)


def test_an_url_with_a_password_is_refused_without_showing_it() -> None:
    with pytest.raises(ValueError, match="must not hold") as refusal:
        host_and_port("wss://trader:hunter2@venue.example/ws")
    assert "hunter2" not in str(refusal.value)


def test_the_port_follows_from_the_scheme_unless_given() -> None:
    assert host_and_port("https://venue.example/api") == ("venue.example", 443)
    assert host_and_port("ws://venue.example") == ("venue.example", 80)
    assert host_and_port("wss://[::1]:9000/ws") == ("::1", 9000)


# TCP and memory


async def test_tcp_connects_with_small_packets_sent_at_once() -> None:
    async with tcp_server(echo) as port:
        stream = await TcpConnector().connect("127.0.0.1", port, tls=False)
        async with stream:
            assert isinstance(stream, TcpStream)
            assert stream.socket.getsockopt(trio.socket.IPPROTO_TCP, trio.socket.TCP_NODELAY)
            assert not is_readable(stream)
            await stream.send_all(b"hello")
            assert await stream.receive_some() == b"hello"


async def unused_port() -> int:
    with trio.socket.socket() as unused:
        await unused.bind(("127.0.0.1", 0))
        return int(unused.getsockname()[1])


async def test_nobody_listening_is_an_oserror_that_says_refused() -> None:
    port = await unused_port()
    with pytest.raises(OSError) as failure:
        await TcpConnector().connect("127.0.0.1", port, tls=False)
    assert str(failure.value) == f"127.0.0.1:{port} could not be reached: connection refused."
    group = failure.value.__cause__ and failure.value.__cause__.__cause__
    assert isinstance(group, ExceptionGroup)
    assert isinstance(group.exceptions[0], ConnectionRefusedError)


class Resolver(trio.abc.HostnameResolver):
    """Every name has these addresses; or is answered with an error."""

    def __init__(self, *addresses: str, error: OSError | None = None) -> None:
        self.addresses = addresses
        self.error = error

    async def getaddrinfo(
        self,
        host: bytes | None,
        port: bytes | str | int | None,
        family: int = 0,
        type: int = 0,
        proto: int = 0,
        flags: int = 0,
    ) -> list[Any]:
        await trio.lowlevel.checkpoint()
        if self.error is not None:
            raise self.error
        return [(socket.AF_INET, socket.SOCK_STREAM, 6, "", (address, port)) for address in self.addresses]

    async def getnameinfo(self, sockaddr: tuple[Any, ...], flags: int) -> tuple[str, str]:
        raise OSError("not here")


class Unconnectable(trio.socket.SocketType):
    """A socket to addresses that cannot be reached, each for its own reason."""

    def __init__(self, reasons: dict[str, int]) -> None:
        self.reasons = reasons
        self.tried: list[str] = []

    def setsockopt(self, *_: object) -> None:
        pass

    async def connect(self, address: Any) -> None:
        await trio.lowlevel.checkpoint()
        self.tried.append(address[0])
        number = self.reasons[address[0]]
        raise OSError(number, f"Error connecting to {address!r}: {os.strerror(number)}")

    def close(self) -> None:
        pass


class Sockets(trio.abc.SocketFactory):
    def __init__(self, reasons: dict[str, int]) -> None:
        self.socket_made = Unconnectable(reasons)

    def socket(self, family: Any = None, type: Any = None, proto: Any = None) -> trio.socket.SocketType:
        return self.socket_made


@pytest.mark.parametrize(
    ("number", "reason"),
    [
        (errno.ECONNREFUSED, "connection refused"),
        (errno.ENETUNREACH, "network unreachable"),
        (errno.EHOSTUNREACH, "host unreachable"),
        (errno.ETIMEDOUT, "timed out"),
        (errno.EMFILE, "too many open files"),
    ],
)
async def test_a_failed_connect_names_its_cause(number: int, reason: str) -> None:
    trio.socket.set_custom_hostname_resolver(Resolver("192.0.2.1"))
    trio.socket.set_custom_socket_factory(Sockets({"192.0.2.1": number}))
    with pytest.raises(OSError) as failure:
        await TcpConnector().connect("venue.example", 443, tls=True)
    assert str(failure.value) == f"venue.example:443 could not be reached: {reason}."


async def test_every_address_of_a_name_is_tried_and_each_cause_told() -> None:
    reasons = {"192.0.2.1": errno.ECONNREFUSED, "192.0.2.2": errno.EHOSTUNREACH, "192.0.2.3": errno.ECONNREFUSED}
    sockets = Sockets(reasons)
    trio.socket.set_custom_hostname_resolver(Resolver(*reasons))
    trio.socket.set_custom_socket_factory(sockets)
    with pytest.raises(OSError) as failure:
        await TcpConnector().connect("venue.example", 443, tls=True)
    assert sorted(sockets.socket_made.tried) == sorted(reasons)
    assert str(failure.value) == (
        "venue.example:443 could not be reached: connection refused (at 2 of 3 addresses),"
        " host unreachable (at 1 of 3 addresses)."
    )


async def test_an_address_that_works_is_found_behind_one_that_does_not() -> None:
    trio.socket.set_custom_hostname_resolver(Resolver("127.0.0.99", "127.0.0.1"))
    async with tcp_server(echo) as port:
        async with await TcpConnector().connect("venue.example", port, tls=False) as stream:
            await stream.send_all(b"hello")
            assert await stream.receive_some() == b"hello"


@pytest.mark.parametrize(
    ("number", "text"),
    [
        (socket.EAI_AGAIN, "Temporary failure in name resolution"),
        (socket.EAI_NONAME, "Name or service not known"),
    ],
)
async def test_a_name_that_is_not_resolved_says_what_the_name_server_said(number: int, text: str) -> None:
    trio.socket.set_custom_hostname_resolver(Resolver(error=socket.gaierror(number, text)))
    with pytest.raises(OSError) as failure:
        await TcpConnector().connect("venue.example", 443, tls=True)
    assert str(failure.value) == (
        f"venue.example:443 could not be reached: the name venue.example could not be resolved ({text})."
    )
    assert isinstance(failure.value.__cause__, socket.gaierror)


@pytest.mark.parametrize("name", ["x" * 64 + ".example", "a..example"])
async def test_a_name_that_no_host_can_have_is_an_oserror(name: str) -> None:
    with pytest.raises(OSError, match=r"no host can have such a name|could not be resolved"):
        await TcpConnector().connect(name, 443, tls=False)


async def test_a_memory_connector_reaches_its_listener_whatever_the_host() -> None:
    listener = MemoryListener()
    client = await MemoryConnector(listener).connect("venue.example", 443, tls=True)
    server = await listener.accept()
    await client.send_all(b"hello")
    assert is_readable(server)
    assert await server.receive_some() == b"hello"
    await listener.aclose()
    with pytest.raises(OSError):
        await MemoryConnector(listener).connect("venue.example", 443, tls=True)


# TLS


@pytest.fixture(scope="module")
def authority() -> trustme.CA:
    return trustme.CA()


def server_context(authority: trustme.CA, host: str) -> ssl.SSLContext:
    context = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
    authority.issue_cert(host).configure_cert(context)
    return context


def client_context(authority: trustme.CA) -> ssl.SSLContext:
    context = ssl.create_default_context()
    authority.configure_trust(context)
    return context


def tls_handler(context: ssl.SSLContext) -> Handler:
    async def handle(stream: trio.SocketStream) -> None:
        encrypted = trio.SSLStream(stream, context, server_side=True, https_compatible=True)
        with suppress(trio.BrokenResourceError):  # a client that does not trust us
            await echo(encrypted)

    return handle


async def test_tls_is_checked_against_the_host_name_and_works(authority: trustme.CA) -> None:
    async with tcp_server(tls_handler(server_context(authority, "127.0.0.1"))) as port:
        connector = TcpConnector(ssl_context=client_context(authority))
        async with await connector.connect("127.0.0.1", port, tls=True) as stream:
            assert not is_readable(stream)
            await stream.send_all(b"hello")
            assert await stream.receive_some() == b"hello"


async def test_a_certificate_nobody_vouches_for_is_an_oserror_that_says_so(authority: trustme.CA) -> None:
    async with tcp_server(tls_handler(server_context(authority, "127.0.0.1"))) as port:
        with pytest.raises(ConnectionError) as failure:
            await TcpConnector().connect("127.0.0.1", port, tls=True)
    assert str(failure.value) == (
        "The TLS handshake with 127.0.0.1 failed: certificate verify failed: unable to get local issuer certificate."
    )
    assert failure.value.__cause__ is not None


async def test_a_certificate_for_another_host_is_refused(authority: trustme.CA) -> None:
    async with tcp_server(tls_handler(server_context(authority, "other.example"))) as port:
        with pytest.raises(ConnectionError) as failure:
            await TcpConnector(ssl_context=client_context(authority)).connect("127.0.0.1", port, tls=True)
    assert "The TLS handshake with 127.0.0.1 failed: certificate verify failed: IP address mismatch" in str(
        failure.value
    )


async def test_a_certificate_that_is_out_of_date_is_refused(authority: trustme.CA) -> None:
    context = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
    authority.issue_cert("127.0.0.1", not_after=datetime(2020, 1, 1, tzinfo=UTC)).configure_cert(context)
    async with tcp_server(tls_handler(context)) as port:
        with pytest.raises(ConnectionError, match="certificate verify failed: certificate has expired"):
            await TcpConnector(ssl_context=client_context(authority)).connect("127.0.0.1", port, tls=True)


async def test_a_server_without_tls_is_told_as_one(authority: trustme.CA) -> None:
    async def plain(stream: trio.SocketStream) -> None:
        await stream.receive_some()
        with suppress(trio.BrokenResourceError):
            await stream.send_all(b"HTTP/1.1 400 Bad Request\r\n\r\n")

    async with tcp_server(plain) as port:
        with pytest.raises(ConnectionError, match=r"handshake with 127.0.0.1 failed: what came back is no TLS\.$"):
            await TcpConnector(ssl_context=client_context(authority)).connect("127.0.0.1", port, tls=True)


async def test_a_server_that_hangs_up_in_the_tls_handshake_is_told_as_one(authority: trustme.CA) -> None:
    async def hang_up(stream: trio.SocketStream) -> None:
        await stream.receive_some()

    async with tcp_server(hang_up) as port:
        with pytest.raises(ConnectionError, match=r"handshake with 127.0.0.1 failed: the connection was closed\.$"):
            await TcpConnector(ssl_context=client_context(authority)).connect("127.0.0.1", port, tls=True)


async def test_cancelling_a_tls_handshake_closes_the_connection() -> None:
    asked, closed = trio.Event(), trio.Event()

    async def silent(stream: trio.SocketStream) -> None:
        await stream.receive_some()
        asked.set()
        with suppress(trio.BrokenResourceError):
            while await stream.receive_some():
                pass
        closed.set()

    async with tcp_server(silent) as port:
        async with trio.open_nursery() as nursery:
            nursery.start_soon(partial(TcpConnector().connect, "127.0.0.1", port, tls=True))
            await asked.wait()
            nursery.cancel_scope.cancel()
        await closed.wait()
