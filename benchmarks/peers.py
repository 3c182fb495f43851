"""The feeder process, and plain clients of it."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager, contextmanager

import trio
from trio_websocket import WebSocketConnection, connect_websocket_url

__all__ = ["open_feeder", "open_plain"]


@contextmanager
def open_feeder(venue: str, fills: int, orders: int) -> Iterator[int]:
    """Starts the feeder and gives its port; terminates it at the end."""
    command = [sys.executable, "-m", "benchmarks.feeder", venue, str(fills), str(orders)]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as feeder:
        try:
            assert feeder.stdout is not None
            yield int(feeder.stdout.readline())
        finally:
            feeder.terminate()


@asynccontextmanager
async def open_plain(port: int, path: str) -> AsyncIterator[WebSocketConnection]:
    """trio-websocket with its defaults, past the greeting; dropped at the end."""
    async with trio.open_nursery() as nursery:
        connection = await connect_websocket_url(nursery, f"ws://127.0.0.1:{port}{path}")
        await connection.get_message()
        yield connection
        nursery.cancel_scope.cancel()
