"""The upgrade from HTTP to WebSocket: what is asked for, and how it is refused."""

from __future__ import annotations

from typing import Final
from urllib.parse import urlsplit

from attrs import field, frozen

from protocol.venue import HttpAnswer, Upgrade

from ..net.connectors import host_and_port

__all__ = ["UpgradeRefused", "UpgradeRequest"]

REFUSAL_START: Final = 1000


class UpgradeRefused(OSError):
    """The upgrade was answered with an HTTP status instead, by the venue or by something in front of it (`is_page`).

    body_start: the first 1000 characters of the answer's body; headers: by lower-case name.
    """

    def __init__(self, answer: HttpAnswer) -> None:
        body_start = answer.body[: 4 * REFUSAL_START].decode(errors="replace")[:REFUSAL_START]
        said = f": {body_start[:200]!r}" if body_start else ", and said nothing else"
        told = f"The venue refused the WebSocket with HTTP status {answer.status}{said}."
        super().__init__(answer.page_problem or told)
        self.status = answer.status
        self.body_start = body_start
        self.headers = answer.headers
        self.is_page = answer.is_page


@frozen(kw_only=True)
class UpgradeRequest:
    """An upgrade as it is written. host: of the Host header; resource: path and query."""

    tls: bool
    name: str
    port: int
    resource: str
    headers: list[tuple[str, str]] = field(repr=False)

    @classmethod
    def read(cls, upgrade: Upgrade) -> UpgradeRequest:
        """Raises ValueError for an unusable url or header."""
        parts = urlsplit(upgrade.url)
        if parts.scheme not in ("ws", "wss"):
            raise ValueError("The url of a WebSocket must start with ws:// or wss://.")
        if not all(text.isascii() and text.isprintable() for pair in upgrade.headers for text in pair):
            raise ValueError("A header of the upgrade holds characters that HTTP does not allow.")
        name, port = host_and_port(upgrade.url)
        return cls(
            tls=parts.scheme == "wss",
            name=name,
            port=port,
            resource=(parts.path or "/") + (f"?{parts.query}" if parts.query else ""),
            headers=list(upgrade.headers),
        )

    @property
    def host(self) -> str:
        """The Host header: with the port, unless it is the usual one."""
        name = f"[{self.name}]" if ":" in self.name else self.name
        return name if self.port == (443 if self.tls else 80) else f"{name}:{self.port}"
