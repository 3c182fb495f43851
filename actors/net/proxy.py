"""Proxies on the way to a venue: which one leads to a host, and asking it for a tunnel.

python-socks speaks HTTP CONNECT, SOCKS4 and SOCKS5; the stream to the proxy is the caller's, so a tunnel runs over
whatever stream there is.
"""

from __future__ import annotations

import math
import re
import socket
from collections.abc import Mapping
from contextlib import suppress
from http import HTTPStatus
from ipaddress import ip_address, ip_network
from typing import Any, Final, cast
from urllib.parse import unquote, urlsplit

import trio
from attrs import field, frozen
from python_socks import ProxyError, ProxyType
from python_socks.async_.trio.v2 import Proxy as Negotiation

__all__ = ["Proxies", "Proxy"]

ENVIRONMENT: Final = "environment"
VARIABLES: Final = ("https_proxy", "HTTPS_PROXY", "all_proxy", "ALL_PROXY")
EXCEPTIONS: Final = ("no_proxy", "NO_PROXY")
ANSWER_LIMIT: Final = 65536
"""Bytes that the head of a proxy's answer to CONNECT may have."""
MOST_HEADS: Final = 16
"""Answers with a status of 1xx that may come before it, and it."""
LONGEST_CREDENTIAL: Final = 255

FORM: Final = (
    "as http://, socks4://, socks4a://, socks5:// or socks5h://, then [user:password@]host[:port], with what is special"
    " in user and password as %XX"
)
END_OF_HEAD: Final = re.compile(rb"\r?\n\r?\n")
STATUS_LINE: Final = re.compile(rb"HTTP/\d\.\d +(\d\d\d)(?!\d)")
BEGINNING: Final = b"HTTP/"


@frozen
class _Kind:
    """resolves: the proxy looks the venue's name up, not we."""

    type: ProxyType
    port: int
    resolves: bool


KINDS: Final[Mapping[str, _Kind]] = {
    "http": _Kind(ProxyType.HTTP, 80, True),
    "socks4": _Kind(ProxyType.SOCKS4, 1080, False),
    "socks4a": _Kind(ProxyType.SOCKS4, 1080, True),
    "socks5": _Kind(ProxyType.SOCKS5, 1080, False),
    "socks5h": _Kind(ProxyType.SOCKS5, 1080, True),
}


@frozen
class Proxy:
    """One proxy. User name and password show neither in repr nor in errors; host and port do."""

    kind: _Kind
    host: str
    port: int
    username: str = field(default="", repr=False)
    password: str = field(default="", repr=False)

    @classmethod
    def read(cls, url: str, named: str = "A proxy") -> Proxy:
        """named: what the sentence of an error begins with. Raises ValueError, without the url: it may hold a
        password."""
        try:
            parts = urlsplit(url)
            host, port = parts.hostname, parts.port
        except ValueError:
            host = port = None
        kind = KINDS.get(parts.scheme) if host else None
        if kind is None or host is None or port == 0:
            raise ValueError(f"{named} must be given {FORM}.")
        username, password = unquote(parts.username or ""), unquote(parts.password or "")
        problem = _credentials_problem(kind.type, username, password)
        if problem is not None:
            raise ValueError(f"{named} is given with credentials that it cannot be told: {problem}.")
        return cls(kind, host, port or kind.port, username, password)

    def __str__(self) -> str:
        return f"[{self.host}]:{self.port}" if ":" in self.host else f"{self.host}:{self.port}"

    async def open_tunnel(self, stream: trio.abc.Stream, host: str, port: int) -> None:
        """Asks the proxy at the other end of `stream` for a tunnel to host and port. The caller bounds the time.

        Closes the stream when it fails or is canceled. Raises ConnectionError when there will be no tunnel.
        """
        target = f"[{host}]:{port}" if ":" in host else f"{host}:{port}"
        wire = _ProxyWire(stream, f"The proxy {self}", target)
        written = _as_latin if self.kind.type is ProxyType.HTTP else str
        negotiation = Negotiation(
            self.kind.type,
            self.host,
            self.port,
            written(self.username),
            written(self.password),
            rdns=self.kind.resolves,
            forward=cast(Any, _Reached(wire)),
        )
        try:
            await negotiation.connect(host, port, timeout=math.inf)
        except ProxyError as refusal:
            raise ConnectionError(f"The proxy {self} gave no tunnel to {target}: {self._reason(refusal)}.") from None
        except socket.gaierror as error:
            raise ConnectionError(
                f"The name {host} could not be resolved: {error.strerror or error}. With"
                f" {'socks4a' if self.kind.type is ProxyType.SOCKS4 else 'socks5h'}:// the proxy resolves it."
            ) from error
        except ValueError:  # python-socks does not expect an address that is no text
            raise ConnectionError(f"The proxy {self} sent no valid answer to a request for {target}.") from None

    def _reason(self, refusal: ProxyError) -> str:
        """In words of our own, for HTTP: what a proxy says there may repeat what it was sent."""
        code = refusal.error_code
        if self.kind.type is not ProxyType.HTTP:
            return str(refusal).rstrip(".")
        if code is None:
            return "it sent no valid answer"
        with suppress(ValueError):
            return f"HTTP status {code} ({HTTPStatus(code).phrase})"
        return f"HTTP status {code}"


def _credentials_problem(kind: ProxyType, username: str, password: str) -> str | None:
    """Why these cannot be sent to a proxy of this kind; None when they can."""
    if kind is ProxyType.HTTP:
        return "a user name must not hold a colon" if ":" in username else None
    if kind is ProxyType.SOCKS4 and password:
        return "SOCKS4 knows user names, and no passwords"
    if kind is ProxyType.SOCKS5 and bool(username) != bool(password):
        return "SOCKS5 takes a user name with a password, or neither"
    if not all(text.isascii() and "\0" not in text for text in (username, password)):
        return "SOCKS takes ASCII alone"
    if max(len(username), len(password)) > LONGEST_CREDENTIAL:
        return f"SOCKS takes at most {LONGEST_CREDENTIAL} characters of each"
    return None


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


# Which proxy


@frozen
class Proxies:
    """Which proxy leads to a host. exceptions: hosts that are reached without it, as in NO_PROXY."""

    proxy: Proxy | None = None
    exceptions: tuple[str, ...] = ()

    @classmethod
    def read(cls, setting: str | None, environment: Mapping[str, str]) -> Proxies:
        """setting: the url of a proxy; "environment" for what HTTPS_PROXY or ALL_PROXY and NO_PROXY say, in lower case
        or upper; None for no proxy. Raises ValueError, without a password."""
        if setting is None:
            return cls()
        if setting != ENVIRONMENT:
            return cls(Proxy.read(setting))
        name = next((name for name in VARIABLES if environment.get(name, "").strip()), None)
        if name is None:
            return cls()
        url = environment[name].strip()
        listed = next((value for name in EXCEPTIONS if (value := environment.get(name, ""))), "")
        return cls(
            Proxy.read(url if "://" in url else f"http://{url}", f"The proxy in the variable {name}"),
            tuple(entry for entry in re.split(r"[,\s]+", listed) if entry),
        )

    def leading_to(self, host: str, port: int) -> Proxy | None:
        """None: it is reached directly."""
        return None if any(_is_about(entry, host, port) for entry in self.exceptions) else self.proxy


def _is_about(entry: str, host: str, port: int) -> bool:
    """True when an entry of NO_PROXY means this host: *, a name with all names below it, an address, or a network; each
    also with :port."""
    name, its_port = entry, ""
    if entry.startswith("["):
        name, _, its_port = entry[1:].partition("]")
    elif entry.count(":") == 1:
        name, _, its_port = entry.partition(":")
    if its_port.lstrip(":") not in ("", str(port)):
        return False
    try:
        return ip_address(host) in ip_network(name, strict=False)
    except ValueError:
        suffix = name.lower().removeprefix("*").strip(".")
        return name == "*" or (suffix != "" and f".{host.lower().rstrip('.')}".endswith(f".{suffix}"))
