"""A stream whose first bytes were read already and are given back to the next reader."""

from __future__ import annotations

import trio

__all__ = ["PushbackStream"]


class PushbackStream(trio.abc.Stream):
    """Reads `start` first, then from `stream`. Closing it closes `stream`."""

    def __init__(self, stream: trio.abc.Stream, start: bytes) -> None:
        self._stream = stream
        self._start = start

    async def receive_some(self, max_bytes: int | None = None) -> bytes | bytearray:
        if not self._start:
            return await self._stream.receive_some(max_bytes)
        await trio.lowlevel.checkpoint()
        limit = len(self._start) if max_bytes is None else max_bytes
        piece, self._start = self._start[:limit], self._start[limit:]
        return piece

    async def send_all(self, data: bytes | bytearray | memoryview) -> None:
        await self._stream.send_all(data)

    async def wait_send_all_might_not_block(self) -> None:
        await self._stream.wait_send_all_might_not_block()

    async def aclose(self) -> None:
        self._start = b""
        await self._stream.aclose()
