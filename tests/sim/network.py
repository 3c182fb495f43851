"""The network between clients and venue: it is cut, it swallows what is on its way, it brings REST calls late."""

from __future__ import annotations

import random
from collections import Counter
from collections.abc import Callable
from typing import Final

import trio
from attrs import define, field

from actors.net.connectors import Connector
from actors.net.memory_stream import MemoryStream

__all__ = ["Line", "Network", "Slowness"]

LATE: Final = 30.0
"""Seconds after which an answer counts as late."""
HISTORIES: Final = (b"/fills", b"TradesHistory", b"/history/", b"ClosedOrders", b"order-fills")
"""What the target of a call has in it that reads a page of history."""
ERRORS: Final = (b'"error":["', b'"result":"error"', b'"error":"')


@define(kw_only=True)
class Slowness:
    """How REST is slow: each call with this chance, by up to so many seconds, a part of it on the way there."""

    chance: float = 0.0
    most: float = 0.0


@define(eq=False)
class Network:
    """One for a whole story; every connection of every client goes over it.

    happened: outages, late answers and refused pages so far. Nothing waits in here but the connections themselves.
    """

    _inner: Connector
    _nursery: trio.Nursery
    _chance: random.Random
    slowness: Slowness = field(factory=Slowness)
    is_down: bool = False
    is_deaf: bool = False  # what the venue says arrives no more
    is_mute: bool = False  # what clients say stays on its way
    rest_is_silent: bool = False  # calls do not arrive
    slow: float = 0.0  # seconds more that every call takes
    happened: Counter[str] = field(factory=Counter)
    _lines: list[Line] = field(factory=list)

    async def connect(self, host: str, port: int, *, tls: bool) -> Line:
        if self.is_down:
            raise ConnectionRefusedError("the network is down")
        inner = await self._inner.connect(host, port, tls=tls)
        assert isinstance(inner, MemoryStream)
        line = Line(inner, self)
        self._lines.append(line)
        return line

    def cut(self, late: float | None) -> None:
        """Ends every connection. What was held on its way reaches the venue `late` seconds after, None: never."""
        self.happened["outages"] += 1
        self.is_down, self.is_deaf, self.is_mute = True, False, False
        lines, self._lines = self._lines, []
        for line in lines:
            line.cut()
            if late is not None and line.held:
                self._nursery.start_soon(line.deliver_late, late)
            else:
                line.inner.close()

    def heal(self) -> None:
        self.is_down = self.is_deaf = self.is_mute = self.rest_is_silent = False
        self.slow = 0.0
        for line in self._lines:
            line.go_on()

    def forget(self, line: Line) -> None:
        if line in self._lines:
            self._lines.remove(line)

    def draw_delays(self) -> tuple[float, float]:
        """Seconds that a call takes there, and its answer back."""
        if self._chance.random() >= self.slowness.chance:
            return 0.0, self.slow
        whole = self._chance.random() * self.slowness.most
        there = whole * self._chance.choice((0.0, 0.0, 0.5, 1.0))
        return there, whole - there + self.slow


class Line(MemoryStream):
    """One connection of a client; a `MemoryStream` by name alone, so that an idle one shows that it has ended."""

    def __init__(self, inner: MemoryStream, network: Network) -> None:
        self.inner = inner
        self.held = bytearray()
        self.sent: Callable[[], None] | None = None  # called whenever something has been sent
        self._network = network
        self._is_cut = False
        self._is_rest: bool | None = None
        self._target = b""
        self._asked_at: float | None = None
        self._back = 0.0
        self._reading: trio.CancelScope | None = None
        self._changed = trio.Event()

    def cut(self) -> None:
        self._is_cut = True
        self.go_on()
        if self._reading is not None:
            self._reading.cancel()

    def go_on(self) -> None:
        self._changed.set()

    def die(self) -> None:
        """The client's process is killed: what it has sent stays on its way, and nothing follows."""
        if not self._is_cut:
            self.cut()
            if not self.held:
                self._network.forget(self)
                self.inner.close()

    async def deliver_late(self, seconds: float) -> None:
        """What was on its way when the connection was cut comes to the venue all the same."""
        await trio.sleep(seconds)
        try:
            await self.inner.send_all(bytes(self.held))
            await trio.sleep(0.1)
        except (trio.BrokenResourceError, trio.ClosedResourceError):
            pass  # the venue has ended it
        self.inner.close()

    async def send_all(self, data: bytes | bytearray | memoryview) -> None:
        self._check()
        if self._is_rest is None:
            self._is_rest = b"upgrade: websocket" not in bytes(data).lower()
        if self._is_rest and self._asked_at is None:
            self._target, self._asked_at = bytes(data).split(b"\r\n", 1)[0], trio.current_time()
            there, self._back = self._network.draw_delays()
            if there:
                await trio.sleep(there)
            while self._network.rest_is_silent and not self._is_cut:
                self._changed = trio.Event()
                await self._changed.wait()
            self._check()
        if self._network.is_mute:
            self.held += data
            await trio.lowlevel.checkpoint()
        else:
            await self.inner.send_all(data)
        if self.sent is not None:
            self.sent()

    def _check(self) -> None:
        if self._is_cut:
            raise trio.BrokenResourceError("the network was cut")

    async def wait_send_all_might_not_block(self) -> None:
        self._check()
        await self.inner.wait_send_all_might_not_block()

    async def receive_some(self, max_bytes: int | None = None) -> bytes:
        self._check()
        with trio.CancelScope() as self._reading:
            while self._is_held_back():
                self._changed = trio.Event()
                await self._changed.wait()
            data = bytes(await self.inner.receive_some(max_bytes))
            while self._is_held_back():
                self._changed = trio.Event()
                await self._changed.wait()
            if self._is_rest and self._asked_at is not None:
                await self._come_back(data)
            return data
        raise trio.BrokenResourceError("the network was cut")

    def _is_held_back(self) -> bool:
        return not self._is_cut and self._network.is_deaf

    async def _come_back(self, data: bytes) -> None:
        """The first piece of an answer."""
        assert self._asked_at is not None
        await trio.sleep(self._back)
        happened = self._network.happened
        if trio.current_time() - self._asked_at > LATE:
            happened["late answers"] += 1
        self._asked_at = None
        refused = not data.startswith(b"HTTP/1.1 2") or any(error in data for error in ERRORS)
        if refused and any(name in self._target for name in HISTORIES):
            happened["pages refused"] += 1

    @property
    def is_readable(self) -> bool:
        return self._is_cut or self.inner.is_readable

    def close(self) -> None:
        if not self._is_cut:
            self.cut()
            self._network.forget(self)
            self.inner.close()

    async def aclose(self) -> None:
        self.close()
        await trio.lowlevel.checkpoint()
