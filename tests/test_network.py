"""Connections come about over TCP, through a proxy, with TLS and in memory; credentials never show."""

from __future__ import annotations

import base64
import ssl
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager, suppress
from functools import partial

import pytest
import trio
import trustme

from actors.memory_stream import MemoryListener
from actors.network import MemoryConnector, TcpConnector, host_and_port, is_readable, refuse_plaintext

Handler = Callable[[trio.SocketStream], Awaitable[None]]


@asynccontextmanager
async def tcp_server(handler: Handler) -> AsyncIterator[int]:
    """A server on the loopback; yields its port."""
    async with trio.open_nursery() as nursery:
        listeners = await nursery.start(trio.serve_tcp, handler, 0)
        yield listeners[0].socket.getsockname()[1]
        nursery.cancel_scope.cancel()


async def read_head(stream: trio.abc.Stream) -> bytes:
    head = b""
    while b"\r\n\r\n" not in head:
        data = await stream.receive_some()
        assert data, "the peer closed before its head was complete"
        head += data
    return head


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
            assert isinstance(stream, trio.SocketStream)
            assert stream.socket.getsockopt(trio.socket.IPPROTO_TCP, trio.socket.TCP_NODELAY)
            assert not is_readable(stream)
            await stream.send_all(b"hello")
            assert await stream.receive_some() == b"hello"


async def test_nobody_listening_is_an_oserror() -> None:
    with trio.socket.socket() as unused:
        await unused.bind(("127.0.0.1", 0))
        port = unused.getsockname()[1]
        with pytest.raises(OSError):
            await TcpConnector().connect("127.0.0.1", port, tls=False)


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
        with pytest.raises(ConnectionError, match="certificate verify failed"):
            await TcpConnector().connect("127.0.0.1", port, tls=True)


async def test_a_certificate_for_another_host_is_refused(authority: trustme.CA) -> None:
    async with tcp_server(tls_handler(server_context(authority, "other.example"))) as port:
        with pytest.raises(ConnectionError, match="TLS handshake"):
            await TcpConnector(ssl_context=client_context(authority)).connect("127.0.0.1", port, tls=True)


# Proxy


def answering(answer: bytes, seen: list[bytes]) -> Handler:
    """A proxy that answers every CONNECT with the same bytes, then echoes."""

    async def handle(stream: trio.SocketStream) -> None:
        seen.append(await read_head(stream))
        with suppress(trio.BrokenResourceError):  # the client has heard enough
            await stream.send_all(answer)
            await echo(stream)

    return handle


async def test_a_proxy_is_asked_for_a_tunnel_with_the_credentials() -> None:
    seen: list[bytes] = []
    async with tcp_server(answering(b"HTTP/1.1 200 Connection established\r\n\r\n", seen)) as port:
        connector = TcpConnector(proxy=f"http://trader:p%40ss@127.0.0.1:{port}")
        async with await connector.connect("venue.example", 8443, tls=False) as stream:
            await stream.send_all(b"through the tunnel")
            assert await stream.receive_some() == b"through the tunnel"
    lines = seen[0].split(b"\r\n")
    assert lines[0] == b"CONNECT venue.example:8443 HTTP/1.1"
    assert b"Proxy-Authorization: Basic " + base64.b64encode(b"trader:p@ss") in lines


async def test_an_ipv6_target_goes_to_the_proxy_in_brackets() -> None:
    seen: list[bytes] = []
    async with tcp_server(answering(b"HTTP/1.1 200 OK\r\n\r\n", seen)) as port:
        connector = TcpConnector(proxy=f"http://127.0.0.1:{port}")
        async with await connector.connect("::1", 443, tls=False):
            pass
    assert seen[0].startswith(b"CONNECT [::1]:443 HTTP/1.1\r\n")
    assert b"Authorization" not in seen[0]


async def test_tls_runs_inside_the_tunnel(authority: trustme.CA) -> None:
    handle_tls = tls_handler(server_context(authority, "venue.example"))

    async def proxy(stream: trio.SocketStream) -> None:
        await read_head(stream)
        await stream.send_all(b"HTTP/1.1 200 OK\r\n\r\n")
        await handle_tls(stream)

    async with tcp_server(proxy) as port:
        connector = TcpConnector(ssl_context=client_context(authority), proxy=f"http://127.0.0.1:{port}")
        async with await connector.connect("venue.example", 443, tls=True) as stream:
            await stream.send_all(b"hello")
            assert await stream.receive_some() == b"hello"


@pytest.mark.parametrize(
    ("answer", "complaint"),
    [
        (b"HTTP/1.1 407 Proxy Authentication Required\r\nContent-Length: 0\r\n\r\n", "status 407"),
        (b"HTTP/1.1 200 OK\r\n\r\nI talk first", "bytes of its own"),
        (b"SSH-2.0-OpenSSH\r\n\r\n", "no valid answer"),
        (b"HTTP/1.1 200 OK\r\nX: " + b"x" * 100_000, "no valid answer|too long"),
        (b"HTTP/1.1 102 Processing\r\n\r\n" * 5000, "too long"),
    ],
)
async def test_a_proxy_that_gives_no_tunnel_is_an_oserror_without_credentials(answer: bytes, complaint: str) -> None:
    async with tcp_server(answering(answer, [])) as port:
        connector = TcpConnector(proxy=f"http://trader:hunter2@127.0.0.1:{port}")
        assert "hunter2" not in repr(connector)
        with pytest.raises(ConnectionError, match=complaint) as refusal:
            await connector.connect("venue.example", 443, tls=False)
        assert "hunter2" not in repr(refusal.value)


async def test_a_proxy_that_hangs_up_is_an_oserror() -> None:
    async def hang_up(stream: trio.SocketStream) -> None:
        await read_head(stream)
        await stream.aclose()

    async with tcp_server(hang_up) as port:
        with pytest.raises(ConnectionError, match=r"closed the connection|broke off"):
            await TcpConnector(proxy=f"http://127.0.0.1:{port}").connect("venue.example", 443, tls=False)


async def test_cancelling_a_connect_through_a_silent_proxy_closes_the_connection() -> None:
    asked, closed = trio.Event(), trio.Event()

    async def silent(stream: trio.SocketStream) -> None:
        await read_head(stream)
        asked.set()
        assert await stream.receive_some() == b""
        closed.set()

    async with tcp_server(silent) as port:
        connector = TcpConnector(proxy=f"http://127.0.0.1:{port}")
        async with trio.open_nursery() as nursery:
            nursery.start_soon(partial(connector.connect, "venue.example", 443, tls=False))
            await asked.wait()
            nursery.cancel_scope.cancel()
        await closed.wait()


@pytest.mark.parametrize(
    "proxy", ["https://proxy:1", "proxy:3128", "http://", "http://proxy:99999", "socks5://p", "http://[::1"]
)
def test_an_unusable_proxy_is_refused_at_once(proxy: str) -> None:
    with pytest.raises(ValueError, match="A proxy must be given as"):
        TcpConnector(proxy=proxy)
