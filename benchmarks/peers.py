"""The feeder process, and clients of it."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager, contextmanager

import trio
from trio_websocket import WebSocketConnection, connect_websocket_url

from actors import AxConfig, Instrument, Token

__all__ = ["config_for", "open_feeder", "open_plain", "xau"]


def xau() -> Instrument:
    return Instrument(id="XAU-PERP.AX", price_increment="0.1")


def config_for(port: int, path: str, *, close_timeout: float = 2.0) -> AxConfig:
    return AxConfig(
        url=f"ws://127.0.0.1:{port}{path}",
        credentials=Token("bench"),
        instruments=(xau(),),
        load_instruments=False,
        close_timeout=close_timeout,
        subscriber_batches=1_000_000,
        data_deadline=600,  # the feeder sends no heartbeats
    )


@contextmanager
def open_feeder(messages: int, orders: int) -> Iterator[int]:
    """Starts the feeder and gives its port; terminates it at the end."""
    command = [sys.executable, "-m", "benchmarks.feeder", str(messages), str(orders)]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as feeder:
        try:
            assert feeder.stdout is not None
            yield int(feeder.stdout.readline())
        finally:
            feeder.terminate()


@asynccontextmanager
async def open_plain(port: int, path: str) -> AsyncIterator[WebSocketConnection]:
    """trio-websocket with its defaults, past the login; dropped at the end."""
    async with trio.open_nursery() as nursery:
        connection = await connect_websocket_url(nursery, f"ws://127.0.0.1:{port}{path}")
        await connection.get_message()
        yield connection
        nursery.cancel_scope.cancel()
