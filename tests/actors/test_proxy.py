"""Ways through a proxy: which one, what it is asked, what comes of its answers. Credentials never show."""

from __future__ import annotations

import base64
import socket
import ssl
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager, suppress
from functools import partial
from typing import Any

import pytest
import trio
import trustme
from trio.testing import MockClock, wait_all_tasks_blocked

from actors.net.connectors import TcpConnector
from actors.net.memory_stream import MemoryStream, memory_stream_pair
from actors.net.proxy import Proxies, Proxy
from actors.net.tcp_stream import TcpStream

Handler = Callable[[trio.SocketStream], Awaitable[None]]

ESTABLISHED = b"HTTP/1.1 200 Connection established\r\n\r\n"
SOCKS5_OK = b"\x05\x00\x00\x01\x00\x00\x00\x00\x00\x00"
SOCKS4_OK = b"\x00\x5a\x00\x00\x00\x00\x00\x00"


# A tunnel over any stream


class Script:
    """A proxy in memory: expects these bytes, answers with those, again and again; then echoes."""

    def __init__(self, *exchanges: tuple[bytes, bytes]) -> None:
        self.exchanges = exchanges
        self.heard: list[bytes] = []

    async def play(self, stream: MemoryStream) -> None:
        with suppress(trio.BrokenResourceError):
            for expected, answer in self.exchanges:
                heard = b""
                while len(heard) < len(expected):
                    if not (piece := await stream.receive_some(len(expected) - len(heard))):
                        return
                    heard += piece
                self.heard.append(heard)
                for at in range(len(answer)):
                    await stream.send_all(answer[at : at + 1])
            while piece := await stream.receive_some():
                await stream.send_all(piece)


@asynccontextmanager
async def tunnel(url: str, script: Script, host: str = "venue.example", port: int = 443) -> AsyncIterator[MemoryStream]:
    ours, theirs = memory_stream_pair()
    async with trio.open_nursery() as nursery:
        nursery.start_soon(script.play, theirs)
        await Proxy.read(url).open_tunnel(ours, host, port)
        yield ours
        await ours.aclose()
        nursery.cancel_scope.cancel()


async def check(url: str, *exchanges: tuple[bytes, bytes], host: str = "venue.example", port: int = 443) -> None:
    """The proxy hears exactly these bytes, and the tunnel carries what is said after them."""
    script = Script(*exchanges)
    async with tunnel(url, script, host, port) as stream:
        await stream.send_all(b"hello")
        assert await stream.receive_some(5) == b"hello"
    assert script.heard == [expected for expected, _ in exchanges]


NAME = b"\x0dvenue.example"
TO_VENUE = b"\x05\x01\x00\x03" + NAME + b"\x01\xbb"


async def test_socks5_leaves_the_name_to_the_proxy_when_asked_to() -> None:
    await check("socks5h://proxy", (b"\x05\x01\x00", b"\x05\x00"), (TO_VENUE, SOCKS5_OK))


async def test_socks5_tells_user_name_and_password_when_the_proxy_wants_them() -> None:
    await check(
        "socks5h://trader:p%40ss@proxy",
        (b"\x05\x02\x00\x02", b"\x05\x02"),
        (b"\x01\x06trader\x04p@ss", b"\x01\x00"),
        (TO_VENUE, SOCKS5_OK),
    )


async def test_socks5_keeps_user_name_and_password_to_itself_when_the_proxy_wants_none() -> None:
    await check("socks5h://trader:p%40ss@proxy", (b"\x05\x02\x00\x02", b"\x05\x00"), (TO_VENUE, SOCKS5_OK))


@pytest.mark.parametrize(
    "bound", [b"\x01\x7f\x00\x00\x01\x1f\x90", b"\x03\x05proxy\x1f\x90", b"\x04" + b"\x00" * 15 + b"\x01\x1f\x90"]
)
async def test_a_socks5_answer_may_name_an_address_of_any_kind(bound: bytes) -> None:
    await check("socks5h://proxy", (b"\x05\x01\x00", b"\x05\x00"), (TO_VENUE, b"\x05\x00\x00" + bound))


@pytest.mark.parametrize(
    ("host", "written"), [("192.0.2.7", b"\x01\xc0\x00\x02\x07"), ("::1", b"\x04" + b"\x00" * 15 + b"\x01")]
)
async def test_socks5_takes_addresses_as_addresses(host: str, written: bytes) -> None:
    request = b"\x05\x01\x00" + written + b"\x01\xbb"
    await check("socks5://proxy", (b"\x05\x01\x00", b"\x05\x00"), (request, SOCKS5_OK), host=host)


class Resolver(trio.abc.HostnameResolver):
    """Knows venue.example, and nothing else."""

    async def getaddrinfo(self, host: Any, port: Any, family: int = 0, *_: object, **__: object) -> list[Any]:
        await trio.lowlevel.checkpoint()
        if host != b"venue.example":
            raise socket.gaierror(socket.EAI_NONAME, "Name or service not known")
        return [(socket.AF_INET, socket.SOCK_STREAM, 6, "", ("192.0.2.7", port))]

    async def getnameinfo(self, sockaddr: tuple[Any, ...], flags: int) -> tuple[str, str]:
        raise OSError("not here")


async def test_without_an_h_or_an_a_we_resolve_the_name() -> None:
    trio.socket.set_custom_hostname_resolver(Resolver())
    request = b"\x05\x01\x00\x01\xc0\x00\x02\x07\x01\xbb"
    await check("socks5://proxy", (b"\x05\x01\x00", b"\x05\x00"), (request, SOCKS5_OK))
    await check("socks4://proxy", (b"\x04\x01\x01\xbb\xc0\x00\x02\x07\x00", SOCKS4_OK))


async def test_a_name_that_we_cannot_resolve_is_told_with_a_way_out() -> None:
    trio.socket.set_custom_hostname_resolver(Resolver())
    with pytest.RaisesGroup(
        pytest.RaisesExc(
            ConnectionError,
            match=r"^The name other.example could not be resolved: Name or service not known. With socks5h:// the proxy"
            r" resolves it\.$",
        )
    ):
        async with tunnel("socks5://proxy", Script((b"\x05\x01\x00", b"\x05\x00")), "other.example"):
            pass


async def test_socks4a_leaves_the_name_to_the_proxy_and_tells_the_user_name() -> None:
    await check(
        "socks4a://trader@proxy",
        (b"\x04\x01\x01\xbb\x00\x00\x00\x01trader\x00venue.example\x00", SOCKS4_OK),
    )


async def test_connect_is_asked_with_the_credentials() -> None:
    ours, theirs = memory_stream_pair()
    heard = b""

    async def proxy() -> None:
        nonlocal heard
        while b"\r\n\r\n" not in heard:
            heard += await theirs.receive_some()
        await theirs.send_all(b"HTTP/1.1 100 Continue\r\n\r\n" + ESTABLISHED)

    async with trio.open_nursery() as nursery:
        nursery.start_soon(proxy)
        await Proxy.read("http://tr%C3%A4der:p%40ss@proxy:3128").open_tunnel(ours, "venue.example", 8443)
    lines = heard.split(b"\r\n")
    assert lines[0] == b"CONNECT venue.example:8443 HTTP/1.1"
    assert b"Host: venue.example:8443" in lines
    assert b"Proxy-Authorization: Basic " + base64.b64encode("träder:p@ss".encode()) in lines


# What goes wrong


@pytest.mark.parametrize(
    ("url", "exchanges", "sentence"),
    [
        (
            "socks5h://proxy",
            [(b"\x05\x01\x00", b"\x05\x00"), (TO_VENUE, b"\x05\x05\x00\x01\x00\x00\x00\x00\x00\x00")],
            "The proxy proxy:1080 gave no tunnel to venue.example:443: Connection refused by destination host.",
        ),
        (
            "socks5h://proxy",
            [(b"\x05\x01\x00", b"\x05\x00"), (TO_VENUE, b"\x05\x04\x00\x01\x00\x00\x00\x00\x00\x00")],
            "The proxy proxy:1080 gave no tunnel to venue.example:443: Host unreachable.",
        ),
        (
            "socks5h://proxy",
            [(b"\x05\x01\x00", b"\x05\xff")],
            "The proxy proxy:1080 gave no tunnel to venue.example:443: No acceptable authentication methods were"
            " offered.",
        ),
        (
            "socks5h://trader:hunter2@proxy",
            [(b"\x05\x02\x00\x02", b"\x05\x02"), (b"\x01\x06trader\x07hunter2", b"\x01\x01")],
            "The proxy proxy:1080 gave no tunnel to venue.example:443: Username and password authentication failure.",
        ),
        (
            "socks5h://proxy",
            [(b"\x05\x01\x00", b"\x05\x00"), (TO_VENUE, b"\x05\x00\x00\x03\x02\xff\xfe\x00\x00")],
            "The proxy proxy:1080 sent no valid answer to a request for venue.example:443.",
        ),
        (
            "socks5h://proxy",
            [(b"\x05\x01\x00", b"HTTP/1.1 400 Bad Request\r\n\r\n")],
            "The proxy proxy:1080 gave no tunnel to venue.example:443: Unexpected SOCKS version number: 72.",
        ),
        (
            "socks4a://proxy:9050",
            [(b"\x04\x01\x01\xbb\x00\x00\x00\x01\x00venue.example\x00", b"\x00\x5b\x00\x00\x00\x00\x00\x00")],
            "The proxy proxy:9050 gave no tunnel to venue.example:443: Request rejected or failed.",
        ),
    ],
)
async def test_a_socks_proxy_that_gives_no_tunnel_says_why(
    url: str, exchanges: list[tuple[bytes, bytes]], sentence: str
) -> None:
    with pytest.RaisesGroup(ConnectionError) as failure:
        async with tunnel(url, Script(*exchanges)):
            pass
    (error,) = failure.value.exceptions
    assert str(error) == sentence
    assert "hunter2" not in repr(error)
    assert error.__cause__ is None


@pytest.mark.parametrize(
    ("answer", "sentence"),
    [
        (
            b"HTTP/1.1 407 hunter2 is wrong\r\nContent-Length: 0\r\n\r\n",
            "The proxy proxy:80 gave no tunnel to venue.example:443: HTTP status 407 (Proxy Authentication Required).",
        ),
        (
            b"HTTP/1.1 502 Bad Gateway\r\n\r\n<html>no</html>",
            "The proxy proxy:80 gave no tunnel to venue.example:443: HTTP status 502 (Bad Gateway).",
        ),
        (
            b"HTTP/1.1 599 Whatever\r\n\r\n",
            "The proxy proxy:80 gave no tunnel to venue.example:443: HTTP status 599.",
        ),
        (ESTABLISHED + b"I talk first", "The proxy proxy:80 sent bytes of its own after the answer to CONNECT"),
        (b"SSH-2.0-OpenSSH\r\n", "The proxy proxy:80 sent no valid answer to CONNECT venue.example:443."),
        (
            b"HTTP/1.1 hunter2\r\n\r\n",
            "The proxy proxy:80 gave no tunnel to venue.example:443: it sent no valid answer",
        ),
        (b"HTTP/1.1 200 OK\r\nX: " + b"x" * 100_000, "The proxy proxy:80 sent too long an answer to CONNECT"),
        (b"HTTP/1.1 102 Processing\r\n\r\n" * 100, "The proxy proxy:80 sent too long an answer to CONNECT"),
    ],
)
async def test_an_http_proxy_that_gives_no_tunnel_says_why(answer: bytes, sentence: str) -> None:
    ours, theirs = memory_stream_pair()

    async def proxy() -> None:
        await theirs.receive_some()
        with suppress(trio.BrokenResourceError):
            await theirs.send_all(answer)

    with pytest.RaisesGroup(ConnectionError) as failure:
        async with trio.open_nursery() as nursery:
            nursery.start_soon(proxy)
            await Proxy.read("http://trader:hunter2@proxy").open_tunnel(ours, "venue.example", 443)
    (error,) = failure.value.exceptions
    assert str(error).startswith(sentence)
    assert "hunter2" not in repr(error)
    with pytest.raises(trio.ClosedResourceError):
        await ours.send_all(b"x")


@pytest.mark.parametrize("url", ["http://proxy", "socks5h://proxy", "socks4a://proxy"])
@pytest.mark.parametrize("heard_first", [False, True])
async def test_a_proxy_that_hangs_up_is_told_as_one(url: str, heard_first: bool) -> None:
    ours, theirs = memory_stream_pair()
    if heard_first:
        theirs._outgoing.writer_ended = True  # it hears the request, and says nothing
    else:
        theirs.close()
    with pytest.raises(ConnectionError, match=r"closed the connection before it gave a tunnel to venue\.example:443"):
        await Proxy.read(url).open_tunnel(ours, "venue.example", 443)
    with pytest.raises(trio.ClosedResourceError):
        await ours.send_all(b"x")


@pytest.mark.parametrize("url", ["http://proxy", "socks5h://proxy", "socks4a://proxy"])
async def test_a_silent_proxy_is_waited_for_as_long_as_the_caller_wants(url: str, autojump_clock: MockClock) -> None:
    ours, theirs = memory_stream_pair()
    with trio.move_on_after(1000):
        await Proxy.read(url).open_tunnel(ours, "venue.example", 443)
        raise AssertionError("there is no tunnel")
    assert trio.current_time() == 1000
    with pytest.raises(trio.BrokenResourceError):
        await theirs.send_all(b"x")


# Through the connector


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


def answering(answer: bytes, seen: list[bytes]) -> Handler:
    """A proxy that answers every CONNECT with the same bytes, then echoes."""

    async def handle(stream: trio.SocketStream) -> None:
        seen.append(await read_head(stream))
        with suppress(trio.BrokenResourceError):  # the client has heard enough
            await stream.send_all(answer)
            async for data in stream:
                await stream.send_all(data)

    return handle


async def test_a_connector_goes_through_its_proxy() -> None:
    seen: list[bytes] = []
    async with tcp_server(answering(ESTABLISHED, seen)) as port:
        connector = TcpConnector(proxy=f"http://trader:p%40ss@127.0.0.1:{port}")
        assert "p@ss" not in repr(connector)
        assert "p%40ss" not in repr(connector)
        async with await connector.connect("venue.example", 8443, tls=False) as stream:
            assert isinstance(stream, TcpStream)
            await stream.send_all(b"through the tunnel")
            assert await stream.receive_some() == b"through the tunnel"
    assert seen[0].startswith(b"CONNECT venue.example:8443 HTTP/1.1\r\n")
    assert b"Proxy-Authorization: Basic " + base64.b64encode(b"trader:p@ss") in seen[0].split(b"\r\n")


async def test_an_ipv6_target_goes_to_the_proxy_in_brackets() -> None:
    seen: list[bytes] = []
    async with tcp_server(answering(ESTABLISHED, seen)) as port:
        async with await TcpConnector(proxy=f"http://127.0.0.1:{port}").connect("::1", 443, tls=False):
            pass
    assert seen[0].startswith(b"CONNECT [::1]:443 HTTP/1.1\r\n")
    assert b"Authorization" not in seen[0]


@pytest.mark.parametrize("scheme", ["http", "socks5h"])
async def test_tls_runs_inside_the_tunnel(scheme: str) -> None:
    authority = trustme.CA()
    ours, theirs = ssl.create_default_context(), ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
    authority.configure_trust(ours)
    authority.issue_cert("venue.example").configure_cert(theirs)

    async def proxy(stream: trio.SocketStream) -> None:
        if scheme == "http":
            await read_head(stream)
            await stream.send_all(ESTABLISHED)
        else:
            assert await stream.receive_some() == b"\x05\x01\x00"
            await stream.send_all(b"\x05\x00")
            assert await stream.receive_some() == TO_VENUE
            await stream.send_all(SOCKS5_OK)
        async for data in (encrypted := trio.SSLStream(stream, theirs, server_side=True, https_compatible=True)):
            await encrypted.send_all(data)

    async with tcp_server(proxy) as port:
        connector = TcpConnector(ssl_context=ours, proxy=f"{scheme}://127.0.0.1:{port}")
        async with await connector.connect("venue.example", 443, tls=True) as stream:
            await stream.send_all(b"hello")
            assert await stream.receive_some() == b"hello"


async def test_a_socks_proxy_that_speaks_before_it_is_asked_for_more_is_an_oserror() -> None:
    async def proxy(stream: trio.SocketStream) -> None:
        await stream.receive_some()
        await stream.send_all(b"\x05\x00")
        await stream.receive_some()
        await stream.send_all(SOCKS5_OK + b"I talk first")
        with suppress(trio.BrokenResourceError):
            await stream.receive_some()

    async with tcp_server(proxy) as port:
        with pytest.raises(
            ConnectionError, match=rf"The proxy 127.0.0.1:{port} spoke, or hung up, before venue.example"
        ):
            await TcpConnector(proxy=f"socks5h://127.0.0.1:{port}").connect("venue.example", 443, tls=False)


async def test_a_proxy_that_cannot_be_reached_is_told_as_the_one_at_fault() -> None:
    with trio.socket.socket() as unused:
        await unused.bind(("127.0.0.1", 0))
        port = unused.getsockname()[1]
        with pytest.raises(OSError) as failure:
            await TcpConnector(proxy=f"socks5h://trader:hunter2@127.0.0.1:{port}").connect("v.example", 443, tls=True)
    assert str(failure.value) == f"The proxy 127.0.0.1:{port} could not be reached: connection refused."


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


async def test_a_tunnel_may_be_cancelled_at_any_moment() -> None:
    async def is_there_after(turns: int) -> bool:
        ours, theirs = memory_stream_pair()
        script = Script((b"\x05\x01\x00", b"\x05\x00"), (TO_VENUE, SOCKS5_OK))

        async def cancel_later() -> None:
            for _ in range(turns):
                await trio.lowlevel.checkpoint()
            scope.cancel()

        async with trio.open_nursery() as nursery:
            nursery.start_soon(script.play, theirs)
            with trio.CancelScope() as scope:
                nursery.start_soon(cancel_later)
                await Proxy.read("socks5h://proxy").open_tunnel(ours, "venue.example", 443)
            await wait_all_tasks_blocked()
            is_there = not scope.cancelled_caught
            if is_there:
                await ours.aclose()
            else:
                with pytest.raises(trio.ClosedResourceError):
                    await ours.send_all(b"x")
        return is_there

    turns = 0
    while not await is_there_after(turns):
        turns += 1
    assert turns > 5


# Which proxy


@pytest.mark.parametrize(
    ("url", "host", "port"),
    [
        ("http://proxy.example", "proxy.example", 80),
        ("http://proxy.example:3128/", "proxy.example", 3128),
        ("HTTP://Proxy.example:3128", "proxy.example", 3128),
        ("socks4://10.0.0.1", "10.0.0.1", 1080),
        ("socks4a://user@10.0.0.1:9050", "10.0.0.1", 9050),
        ("socks5://u:p@[::1]:9050", "::1", 9050),
        ("socks5h://localhost", "localhost", 1080),
    ],
)
def test_proxies_are_named_by_url(url: str, host: str, port: int) -> None:
    proxy = Proxy.read(url)
    assert (proxy.host, proxy.port) == (host, port)
    assert TcpConnector(proxy=url).proxy == url


@pytest.mark.parametrize(
    "proxy",
    [
        "https://hunter2:x@proxy:1",
        "socks://hunter2:x@proxy",
        "socks6://hunter2:x@proxy",
        "proxy:3128",
        "",
        "http://",
        "http://hunter2@",
        "http://hunter2:x@proxy:99999",
        "http://hunter2:x@proxy:0",
        "http://[::1",
        "Environment",
    ],
)
def test_an_unusable_proxy_is_refused_at_once(proxy: str) -> None:
    with pytest.raises(ValueError, match="A proxy must be given as http://, socks4://") as refusal:
        TcpConnector(proxy=proxy)
    assert "hunter2" not in str(refusal.value)
    assert refusal.value.__context__ is None or "hunter2" not in str(refusal.value.__context__)


@pytest.mark.parametrize(
    ("proxy", "why"),
    [
        ("http://hun%3Ater2:x@proxy", "must not hold a colon"),
        ("socks5://hunter2@proxy", "a user name with a password, or neither"),
        ("socks5://:hunter2@proxy", "a user name with a password, or neither"),
        ("socks4://u:hunter2@proxy", "user names, and no passwords"),
        ("socks5://u:hunter2%C3%A9@proxy", "ASCII alone"),
        ("socks4a://hunter2%00x@proxy", "ASCII alone"),
        ("socks5://u:" + "hunter2" * 40 + "@proxy", "at most 255 characters"),
    ],
)
def test_credentials_that_a_proxy_cannot_be_told_are_refused_at_once(proxy: str, why: str) -> None:
    with pytest.raises(ValueError, match=why) as refusal:
        TcpConnector(proxy=proxy)
    assert "hunter2" not in str(refusal.value)


@pytest.mark.parametrize(
    ("environment", "proxy"),
    [
        ({}, None),
        ({"HTTPS_PROXY": "http://a:1"}, "a:1"),
        ({"ALL_PROXY": "socks5h://a:1"}, "a:1"),
        ({"HTTPS_PROXY": "http://a:1", "ALL_PROXY": "socks5h://b:2"}, "a:1"),
        ({"HTTPS_PROXY": "http://a:1", "https_proxy": "http://b:2"}, "b:2"),
        ({"HTTPS_PROXY": "  ", "all_proxy": "b:2"}, "b:2"),
        ({"HTTPS_PROXY": "a.example"}, "a.example:80"),
        ({"HTTP_PROXY": "http://a:1", "http_proxy": "http://a:1"}, None),
    ],
)
def test_the_environment_names_the_proxy_when_asked(environment: dict[str, str], proxy: str | None) -> None:
    found = Proxies.read("environment", environment).leading_to("venue.example", 443)
    assert (None if found is None else str(found)) == proxy
    assert Proxies.read(None, environment).leading_to("venue.example", 443) is None


def test_a_bad_proxy_in_the_environment_is_told_by_the_name_of_the_variable() -> None:
    with pytest.raises(ValueError, match="The proxy in the variable HTTPS_PROXY must be given as http://") as refusal:
        Proxies.read("environment", {"HTTPS_PROXY": "https://u:hunter2@a"})
    assert "hunter2" not in str(refusal.value)


@pytest.mark.parametrize(
    ("entries", "host", "port"),
    [
        ("*", "venue.example", 443),
        ("venue.example", "venue.example", 443),
        ("VENUE.example", "Venue.Example.", 443),
        ("a.example, venue.example", "venue.example", 443),
        ("example", "venue.example", 443),
        (".venue.example", "ws.venue.example", 443),
        (".venue.example", "venue.example", 443),
        ("*.example", "venue.example", 443),
        ("venue.example:443", "venue.example", 443),
        ("127.0.0.1", "127.0.0.1", 8080),
        ("10.0.0.0/8", "10.1.2.3", 443),
        ("::1", "::1", 443),
        ("[::1]:443", "::1", 443),
        ("fd00::/8", "fd00::7", 443),
    ],
)
def test_a_host_in_no_proxy_is_reached_directly(entries: str, host: str, port: int) -> None:
    for name in ("NO_PROXY", "no_proxy"):
        proxies = Proxies.read("environment", {"ALL_PROXY": "http://a:1", name: entries})
        assert proxies.leading_to(host, port) is None


@pytest.mark.parametrize(
    ("entries", "host", "port"),
    [
        ("", "venue.example", 443),
        (" , ", "venue.example", 443),
        ("other.example", "venue.example", 443),
        ("enue.example", "venue.example", 443),
        ("ws.venue.example", "venue.example", 443),
        ("venue.example:80", "venue.example", 443),
        ("10.0.0.0/8", "11.0.0.1", 443),
        ("10.0.0.0/8", "venue.example", 443),
        ("[::1]:80", "::1", 443),
        (".", "venue.example", 443),
    ],
)
def test_another_host_goes_through_the_proxy(entries: str, host: str, port: int) -> None:
    proxies = Proxies.read("environment", {"ALL_PROXY": "http://a:1", "NO_PROXY": entries})
    assert str(proxies.leading_to(host, port)) == "a:1"


async def test_a_connector_reads_the_environment_when_it_is_made(monkeypatch: pytest.MonkeyPatch) -> None:
    seen: list[bytes] = []
    async with tcp_server(answering(ESTABLISHED, seen)) as port:
        monkeypatch.setenv("HTTPS_PROXY", f"http://trader:hunter2@127.0.0.1:{port}")
        monkeypatch.setenv("NO_PROXY", "other.example")
        connector = TcpConnector(proxy="environment")
        monkeypatch.delenv("HTTPS_PROXY")
        assert "hunter2" not in repr(connector)
        async with await connector.connect("venue.example", 443, tls=False):
            pass
    assert seen[0].startswith(b"CONNECT venue.example:443 HTTP/1.1\r\n")
