"""Anybody's client: JSON written by hand over real sockets, with nothing of ours on the client's side."""

from __future__ import annotations

import json
import ssl
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

import httpx
import pytest
import trio
import trustme
from trio_websocket import WebSocketConnection, open_websocket_url

from actors import AxConfig, NewOrder, Side, events, open_client, open_simulated_venue

LIMIT = 20
"""Seconds for one of these tests, on the real clock; they take a fraction of one."""


async def log_in(rest_url: str, context: ssl.SSLContext | None = None) -> str:
    body = {"api_key": "demo-key", "api_secret": "demo-secret", "expiration_seconds": 3600}
    async with httpx.AsyncClient(verify=context or True) as http:
        answer = await http.post(f"{rest_url}/api/authenticate", json=body)
        assert answer.status_code == 200
        return str(answer.json()["token"])


@asynccontextmanager
async def raw_socket(url: str, token: str, context: ssl.SSLContext | None = None) -> AsyncIterator[WebSocketConnection]:
    headers = [(b"Authorization", f"Bearer {token}".encode())]
    async with open_websocket_url(url, ssl_context=context, extra_headers=headers) as socket:
        yield socket


async def hear(socket: WebSocketConnection, kind: str | None = None, rid: int | None = None) -> Any:
    """The next event of a kind, or the answer to a request; everything else is passed over."""
    with trio.fail_after(LIMIT):
        while True:
            message = json.loads(await socket.get_message())
            if (kind is not None and message.get("t") == kind) or (rid is not None and message.get("rid") == rid):
                return message


async def trade_by_hand(url: str, rest_url: str, context: ssl.SSLContext | None = None) -> None:
    token = await log_in(rest_url, context)
    async with raw_socket(url, token, context) as socket:
        login = await hear(socket, rid=0)
        assert login["res"]["li"]
        place = {
            "rid": 1,
            "t": "p",
            "s": "XAU-PERP",
            "d": "B",
            "q": 3,
            "p": "2400.0",
            "tif": "GTC",
            "po": False,
            "cid": 77,
        }
        await socket.send_message(json.dumps(place))
        oid = (await hear(socket, rid=1))["res"]["oid"]
        assert (await hear(socket, "n"))["o"]["oid"] == oid
        await socket.send_message(json.dumps({"rid": 2, "t": "r", "oid": oid, "p": "2400.5"}))
        new = (await hear(socket, "r"))["no"]["oid"]
        await socket.send_message(json.dumps({"rid": 3, "t": "x", "oid": new}))
        assert (await hear(socket, "c"))["o"]["oid"] == new
        await socket.send_message(json.dumps(place | {"rid": 4, "p": "2420.0", "tif": "IOC"}))
        assert (await hear(socket, "f"))["o"]["xq"] == 3
        await socket.send_message("this is not JSON")
        refused = await hear_error(socket)
        assert refused["err"]["code"] == 400


async def hear_error(socket: WebSocketConnection) -> Any:
    with trio.fail_after(LIMIT):
        while True:
            message = json.loads(await socket.get_message())
            if "err" in message:
                return message


async def test_a_raw_client_trades_over_tcp() -> None:
    async with open_simulated_venue("ax", seed=1) as venue:
        await trade_by_hand(venue.url, venue.rest_url)


async def test_a_raw_client_trades_over_tls() -> None:
    authority = trustme.CA()
    server, client = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER), ssl.create_default_context()
    authority.issue_cert("127.0.0.1").configure_cert(server)
    authority.configure_trust(client)
    async with open_simulated_venue("ax", seed=1, tls=server) as venue:
        await trade_by_hand(venue.url, venue.rest_url, client)


@pytest.mark.parametrize("encrypted", [False, True])
async def test_our_client_trades_over_real_sockets(encrypted: bool) -> None:
    """The whole story over TCP and over TLS, a lost connection included."""
    server: ssl.SSLContext | None = None
    trusted: ssl.SSLContext | None = None
    if encrypted:
        authority = trustme.CA()
        server, trusted = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER), ssl.create_default_context()
        authority.issue_cert("127.0.0.1").configure_cert(server)
        authority.configure_trust(trusted)
    with trio.fail_after(LIMIT):
        async with open_simulated_venue("ax", seed=2, tls=server) as venue:
            config = AxConfig(url=venue.url, credentials=venue.credentials, ssl_context=trusted)
            async with open_client(config) as client:
                with client.events() as stream:
                    order = await client.submit(NewOrder.market("XAU-PERP.AX", Side.BUY, quantity=12))
                    assert (await order.filled()).cumulative == 12
                    await venue.drop_connections()
                    async for event in stream:
                        if isinstance(event, events.Reconciled) and event.connection == 2:
                            break
                    resting = await client.submit(NewOrder.limit("XAU-PERP.AX", Side.BUY, quantity=1, price="2400.0"))
                    await resting.accepted()
                    await client.cancel(resting)
                    await resting.done()
            assert {execution.venue_order_id for execution in venue.executions()} != set()


async def test_without_a_token_there_is_no_socket() -> None:
    upgrade = {
        "Connection": "Upgrade",
        "Upgrade": "websocket",
        "Sec-WebSocket-Version": "13",
        "Sec-WebSocket-Key": "AAAAAAAAAAAAAAAAAAAAAA==",
        "Authorization": "Bearer made-up",
    }
    async with open_simulated_venue("ax", seed=1) as venue, httpx.AsyncClient() as http:
        answer = await http.get(f"{venue.rest_url}/orders/ws", headers=upgrade)
    assert answer.status_code == 401
    assert "token" in answer.json()["error"]
