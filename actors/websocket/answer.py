"""The answer to an upgrade, read as the refusal that it may be."""

from __future__ import annotations

from typing import Final

import h11
from attrs import define, field

from protocol.venue import HttpAnswer

from .upgrade import UpgradeRefused

__all__ = ["REFUSAL_LIMIT", "REFUSAL_PATIENCE", "SWITCHING_PROTOCOLS", "Answer"]

REFUSAL_LIMIT: Final = 65536
"""Bytes that a refused upgrade's head and body may have."""
REFUSAL_PATIENCE: Final = 1.0
"""Seconds that a refused upgrade's body may take, once its status is known."""
SWITCHING_PROTOCOLS: Final = 101


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
