"""The upgrade from HTTP to WebSocket: what is asked for, and what an answer says that is no upgrade."""

from __future__ import annotations

from typing import Final
from urllib.parse import urlsplit

import h11
from attrs import define, field, frozen

from protocol.venue import HttpAnswer, Upgrade

from ..net.connectors import host_and_port

__all__ = [
    "REFUSAL_LIMIT",
    "REFUSAL_PATIENCE",
    "SWITCHING_PROTOCOLS",
    "Answer",
    "UpgradeRefused",
    "UpgradeRequest",
]

REFUSAL_LIMIT: Final = 65536
"""Bytes that a refused upgrade's head and body may have."""
REFUSAL_PATIENCE: Final = 1.0
"""Seconds that a refused upgrade's body may take, once its status is known."""
REFUSAL_START: Final = 1000
SWITCHING_PROTOCOLS: Final = 101


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


def _reader() -> h11.Connection:
    """For the answer to an ordinary request, as which a refusal can be read."""
    reader = h11.Connection(h11.CLIENT)
    reader.send(h11.Request(method="GET", target="/", headers=[("Host", "venue")]))
    reader.send(h11.EndOfMessage())
    return reader


@define(eq=False)
class Answer:
    """The answer to an upgrade, as its bytes come in. head: all of them; is_complete: as a refusal with its body;
    is_unreadable: it is no refusal, or not from here on."""

    head: bytearray = field(factory=bytearray, init=False)
    is_complete: bool = field(default=False, init=False)
    _reader: h11.Connection = field(factory=_reader, init=False)
    is_unreadable: bool = field(default=False, init=False)
    _refused_with: int | None = field(default=None, init=False)
    _headers: dict[str, str] = field(factory=dict, init=False)
    _body: bytearray = field(factory=bytearray, init=False)

    def add(self, data: bytes) -> None:
        self.head += data
        if self.is_unreadable:
            return
        try:
            self._reader.receive_data(data)
            self._read_on()
        except h11.RemoteProtocolError:
            self.is_unreadable = True  # the rest is; the status, if there was one, still counts

    def _read_on(self) -> None:
        while not isinstance(event := self._reader.next_event(), h11.EndOfMessage | h11.ConnectionClosed):
            if isinstance(event, h11.Response):
                self._refused_with = event.status_code
                self._headers = {
                    name.decode("latin-1").lower(): value.decode("latin-1") for name, value in event.headers
                }
            elif isinstance(event, h11.Data):
                self._body += event.data
            elif event is h11.NEED_DATA or event is h11.PAUSED:
                return
        self.is_complete = True

    @property
    def status(self) -> int | None:
        """The status, once the head is complete."""
        if b"\n\r\n" not in self.head and b"\n\n" not in self.head:
            return None
        line = self.head[:20].split(maxsplit=2)
        return int(line[1]) if len(line) > 1 and line[1].isdigit() else None

    @property
    def is_too_long(self) -> bool:
        """Whether it has more than a refusal may have."""
        return len(self.head) > REFUSAL_LIMIT

    def failure(self) -> OSError:
        """Why there is no WebSocket: the refusal, complete or not, or what else the answer was."""
        if self._refused_with is not None:
            return UpgradeRefused(HttpAnswer(status=self._refused_with, body=bytes(self._body), headers=self._headers))
        if self.head:
            return ConnectionError("The venue's answer to the WebSocket upgrade is not valid.")
        return ConnectionError("The venue closed the connection during the WebSocket handshake.")
