"""Anybody's client at the simulated Krakens, served by a program of their own."""

from __future__ import annotations

import signal
import subprocess
import sys
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

import httpx
import trio

from ..raw_kraken import (
    FUTURES,
    FUTURES_VECTOR_SECRET,
    LIMIT,
    SPOT,
    SPOT_VECTOR_SECRET,
    Floor,
    futures_call,
    futures_limit,
    futures_listen,
    spot_call,
    spot_desk,
    spot_post,
    spot_refusal,
)

ROOT = Path(__file__).parent.parent.parent


# As programs of their own


@asynccontextmanager
async def served(venue: str) -> AsyncIterator[Floor]:
    """The example server, as it describes itself on its output."""
    command = [sys.executable, str(ROOT / "examples" / "serve_venue.py"), venue, "--port", "0"]
    with trio.fail_after(LIMIT):
        process = await trio.lowlevel.open_process(command, cwd=ROOT, stdout=subprocess.PIPE)
        assert process.stdout is not None
        async with process.stdout:
            try:
                text = b""
                while text.count(b"\n") < 2:
                    received = await process.stdout.receive_some()
                    assert received, "it ended before it said who may come in"
                    text += received
                listening, accepts = text.decode().splitlines()
                word, rest_url, url = listening.split()
                assert word == "listening"
                assert rest_url.startswith("http://127.0.0.1:")
                assert url.startswith("ws://127.0.0.1:")
                assert accepts.startswith("accepts key ")
                _, _, key, _, secret = accepts.split()
                async with httpx.AsyncClient(base_url=rest_url) as http:
                    yield Floor(url, http, key, secret, None)
                process.send_signal(signal.SIGTERM)
                assert await process.wait() == 0
            finally:
                if process.returncode is None:
                    process.kill()
                    with trio.CancelScope(shield=True):
                        await process.wait()


async def test_the_futures_server_accepts_the_key_that_it_prints() -> None:
    async with served(FUTURES) as floor:
        assert (await futures_limit(floor, "64000.0", "1", "by-hand-7"))["status"] == "placed"
        refused = await floor.send(futures_call(floor, "GET", "openorders", secret=FUTURES_VECTOR_SECRET))
        assert refused["error"] == "authenticationError"
        async with floor.line() as line:
            (order,) = (await futures_listen(floor, line))["open_orders"]["orders"]
            assert order["cli_ord_id"] == "by-hand-7"


async def test_the_spot_server_accepts_the_key_that_it_prints() -> None:
    async with served(SPOT) as floor:
        form = {"pair": "XBTUSD", "type": "buy", "ordertype": "limit", "price": "63000.5", "volume": "0.25"}
        (order_id,) = (await spot_post(floor, "AddOrder", **form))["txid"]
        refused = spot_call(floor, "OpenOrders", secret=SPOT_VECTOR_SECRET)
        assert await spot_refusal(floor, refused) == "EAPI:Invalid signature"
        async with spot_desk(floor) as rig:
            (order,) = await rig.subscribe()
            assert order["order_id"] == order_id
