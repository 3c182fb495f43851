"""Watches a client with a journal from outside: what had been committed when something left it."""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from typing import Any, Final

import trio
from attrs import define, evolve, field

from actors.journal import Durability, Journal
from actors.net.connectors import Connector
from protocol.events import Event
from protocol.journal import Row, Store

from .memory_store import MemoryDisk, MemoryStore, VirtualThread

__all__ = ["Witness"]

PLACED: Final = re.compile(
    r'"t":"p".*?"cid":(\d+)|"cl_ord_id":"([-\w]+)"[^}]*"deadline"|sendorder.*cliOrdId=([-\w]+)', re.S
)
"""A placement at AX, at Kraken Spot and at Kraken Futures, and the order's name on the wire."""
REQUEST: Final = re.compile(rb"(GET|POST|PUT|DELETE) ")


@define(eq=False)
class WatchedStore(MemoryStore):
    """Tells `heard` of every commit that has returned on the loop's own thread."""

    heard: Callable[[Sequence[Row]], None] = field(default=lambda _: None)

    def commit(self, rows: Sequence[Row]) -> None:
        super().commit(rows)
        self.heard(rows)


@define(eq=False)
class Witness:
    """disk: of the journal; kept: rows whose commit has returned; placed: names on the wire of orders that were sent;
    told: events; early: what left before its commit had returned."""

    disk: MemoryDisk
    kept: list[Row] = field(factory=list)
    placed: list[str] = field(factory=list)
    told: list[Event] = field(factory=list)
    early: list[str] = field(factory=list)
    _is_beside: bool = False

    def journal(self, durability: Durability) -> Journal:
        return Journal(
            path="orders.db", durability=durability, open_store=self._open_store, run_beside=self._run_beside
        )

    def _open_store(self, settings: Journal) -> Store:
        store = WatchedStore.open(self.disk, settings)
        assert isinstance(store, WatchedStore)
        store.heard = self._returned
        return store

    def _returned(self, rows: Sequence[Row]) -> None:
        if not self._is_beside:
            self.kept.extend(rows)

    async def _run_beside(self, function: Callable[..., Any], *arguments: Any) -> Any:
        """A commit beside the loop has returned when its thread's time is over."""
        self._is_beside = True
        try:
            result = await VirtualThread(self.disk).run_sync(function, *arguments)
        finally:
            self._is_beside = False
        if function.__name__ == "commit":
            self.kept.extend(arguments[0])
        return result

    def over(self, connector: Connector) -> Connector:
        """The same connections, watched."""
        return WatchedConnector(connector, self)

    def config(self, config: Any) -> Any:
        return evolve(config, connector=self.over(config.connector))

    def sent(self, text: str) -> None:
        names = [next(filter(None, found)) for found in PLACED.findall(text)]
        kept = [row.record for row in self.kept if row.kind in ("Submitted", "Intent")]
        self.placed += names
        self.early += [f"sent {name}" for name in names if not any(name in record for record in kept)]

    def answered(self, name: str) -> None:
        """The caller of a placement has its answer."""
        if not any(row.kind == "Submitted" and row.client_order_id == name for row in self.kept):
            self.early.append(f"answered {name}")

    async def listen(self, stream: Any) -> None:
        """Reads the client's events to their end."""
        async for event in stream:
            self.told.append(event)
            if not self.kept or event.sequence > max(row.sequence or 0 for row in self.kept):
                self.early.append(f"told {event}")


@define(eq=False)
class WatchedConnector:
    _inner: Connector
    _witness: Witness

    async def connect(self, host: str, port: int, *, tls: bool) -> trio.abc.Stream:
        return WatchedStream(await self._inner.connect(host, port, tls=tls), self._witness)


@define(eq=False)
class WatchedStream(trio.abc.Stream):
    _inner: trio.abc.Stream
    _witness: Witness

    async def send_all(self, data: bytes | bytearray | memoryview) -> None:
        for text in texts_of(bytes(data)):
            self._witness.sent(text)
        await self._inner.send_all(data)

    async def wait_send_all_might_not_block(self) -> None:
        await self._inner.wait_send_all_might_not_block()

    async def receive_some(self, max_bytes: int | None = None) -> bytes:
        return bytes(await self._inner.receive_some(max_bytes))

    async def aclose(self) -> None:
        await self._inner.aclose()


def texts_of(data: bytes) -> list[str]:
    """An HTTP request as it is, or the unmasked texts of whole WebSocket frames."""
    if REQUEST.match(data):
        return [data.decode()]
    texts = []
    while data:
        size, at = data[1] & 127, 2
        if size > 125:
            width = 2 if size == 126 else 8
            size, at = int.from_bytes(data[2 : 2 + width], "big"), 2 + width
        mask, payload = data[at : at + 4], data[at + 4 : at + 4 + size]
        texts.append(bytes(byte ^ mask[place % 4] for place, byte in enumerate(payload)).decode(errors="replace"))
        data = data[at + 4 + size :]
    return texts
