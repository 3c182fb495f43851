"""The scripted peer in this process: streams without a socket, a task or a clock, so that what is counted repeats."""

from __future__ import annotations

import trio
from attrs import define, field

from .conversation import Conversation
from .frames import SPEAKERS

__all__ = ["ScriptedConnector", "ScriptedStream"]


class ScriptedStream(trio.abc.Stream):
    """The client's end. What it writes is answered at once; what `give` adds is read as one chunk."""

    def __init__(self, conversation: Conversation) -> None:
        self.conversation = conversation
        self._unread = bytearray()
        self._readers = trio.lowlevel.ParkingLot()
        self._is_closed = False

    def give(self, data: bytes) -> None:
        """What the peer says next."""
        self._unread += data
        self._readers.unpark_all()

    async def send_all(self, data: bytes | bytearray | memoryview) -> None:
        await trio.lowlevel.checkpoint()
        self.give(self.conversation.receive(bytes(data)))

    async def wait_send_all_might_not_block(self) -> None:
        await trio.lowlevel.checkpoint()

    async def receive_some(self, max_bytes: int | None = None) -> bytes:
        if self._unread or self._is_closed:
            await trio.lowlevel.checkpoint()
        while not self._unread and not self._is_closed:
            await self._readers.park()
        if self._is_closed:
            raise trio.ClosedResourceError("The stream was closed.")
        size = len(self._unread) if max_bytes is None else max_bytes
        data = bytes(self._unread[:size])
        del self._unread[:size]
        return data

    async def aclose(self) -> None:
        self._is_closed = True
        self._readers.unpark_all()
        await trio.lowlevel.checkpoint()


def _no_answer(path: str) -> None:
    """Leaves a call over HTTP to the speaker."""


@define
class ScriptedConnector:
    """Reaches the scripted peer of one venue. streams: all that were made."""

    venue: str
    streams: list[ScriptedStream] = field(factory=list, init=False)
    _count: int = field(default=0, init=False)

    async def connect(self, host: str, port: int, *, tls: bool) -> trio.abc.Stream:
        await trio.lowlevel.checkpoint()
        stream = ScriptedStream(Conversation(SPEAKERS[self.venue], self._next_number, _no_answer))
        self.streams.append(stream)
        return stream

    @property
    def websocket(self) -> ScriptedStream:
        """The one that was upgraded."""
        (stream,) = (stream for stream in self.streams if stream.conversation.path)
        return stream

    def _next_number(self) -> str:
        self._count += 1
        return f"{self._count:07d}"
