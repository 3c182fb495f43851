"""Proxies on the way to a venue: which one leads to a host. What is said to it is in `proxy_tunnel`."""

from __future__ import annotations

import re
from collections.abc import Mapping
from enum import Enum, auto
from ipaddress import ip_address, ip_network
from typing import Final
from urllib.parse import unquote, urlsplit

import trio
from attrs import field, frozen

__all__ = ["Proxies", "Proxy", "ProxyProtocol"]

ENVIRONMENT: Final = "environment"
VARIABLES: Final = ("https_proxy", "HTTPS_PROXY", "all_proxy", "ALL_PROXY")
EXCEPTIONS: Final = ("no_proxy", "NO_PROXY")
LONGEST_CREDENTIAL: Final = 255

FORM: Final = (
    "as http://, socks4://, socks4a://, socks5:// or socks5h://, then [user:password@]host[:port], with what is special"
    " in user and password as %XX"
)


class ProxyProtocol(Enum):
    """What a proxy speaks."""

    HTTP = auto()
    SOCKS4 = auto()
    SOCKS5 = auto()


@frozen
class _Kind:
    """resolves: the proxy looks the venue's name up, not we."""

    protocol: ProxyProtocol
    port: int
    resolves: bool


KINDS: Final[Mapping[str, _Kind]] = {
    "http": _Kind(ProxyProtocol.HTTP, 80, True),
    "socks4": _Kind(ProxyProtocol.SOCKS4, 1080, False),
    "socks4a": _Kind(ProxyProtocol.SOCKS4, 1080, True),
    "socks5": _Kind(ProxyProtocol.SOCKS5, 1080, False),
    "socks5h": _Kind(ProxyProtocol.SOCKS5, 1080, True),
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
        problem = _credentials_problem(kind.protocol, username, password)
        if problem is not None:
            raise ValueError(f"{named} is given with credentials that it cannot be told: {problem}.")
        return cls(kind, host, port or kind.port, username, password)

    def __str__(self) -> str:
        return f"[{self.host}]:{self.port}" if ":" in self.host else f"{self.host}:{self.port}"

    async def open_tunnel(self, stream: trio.abc.Stream, host: str, port: int) -> None:
        """Asks the proxy at the other end of `stream` for a tunnel to host and port. The caller bounds the time.

        Closes the stream when it fails or is canceled. Raises ConnectionError when there will be no tunnel.
        """
        from .proxy_tunnel import negotiate  # what speaks to proxies loads where there is one

        await negotiate(self, stream, host, port)


def _credentials_problem(kind: ProxyProtocol, username: str, password: str) -> str | None:
    """Why these cannot be sent to a proxy of this kind; None when they can."""
    if kind is ProxyProtocol.HTTP:
        return "a user name must not hold a colon" if ":" in username else None
    if kind is ProxyProtocol.SOCKS4 and password:
        return "SOCKS4 knows user names, and no passwords"
    if kind is ProxyProtocol.SOCKS5 and bool(username) != bool(password):
        return "SOCKS5 takes a user name with a password, or neither"
    if not all(text.isascii() and "\0" not in text for text in (username, password)):
        return "SOCKS takes ASCII alone"
    if max(len(username), len(password)) > LONGEST_CREDENTIAL:
        return f"SOCKS takes at most {LONGEST_CREDENTIAL} characters of each"
    return None


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
