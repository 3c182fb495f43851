"""Clients of the simulated Krakens that use nothing of this project: JSON and forms written and signed by hand."""

from __future__ import annotations

import base64
import hashlib
import hmac
import json
import ssl
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from decimal import Decimal
from typing import Any
from urllib.parse import urlencode

import httpx
import trio
import trustme
from trio_websocket import WebSocketConnection, open_websocket_url

from actors import open_simulated_venue

LIMIT = 20
"""Seconds for one of these tests, on the real clock; they take a fraction of one."""
D = Decimal
FORM = "application/x-www-form-urlencoded; charset=utf-8"


# The wire


class Line:
    """A WebSocket. What was heard before somebody asked for it waits."""

    def __init__(self, socket: WebSocketConnection) -> None:
        self.socket = socket
        self.waiting: list[Any] = []

    async def say(self, message: dict[str, Any] | str | bytes) -> None:
        await self.socket.send_message(json.dumps(message) if isinstance(message, dict) else message)

    async def next(self) -> Any:
        """The next message that nobody asked for yet; heartbeats are passed over."""
        return await self.hear(lambda message: True)

    async def hear(self, is_wanted: Callable[[Any], bool]) -> Any:
        """The first message that is wanted."""
        for message in self.waiting:
            if is_wanted(message):
                self.waiting.remove(message)
                return message
        while True:
            message = json.loads(await self.socket.get_message(), parse_float=Decimal)
            if message == {"channel": "heartbeat"}:
                continue
            if is_wanted(message):
                return message
            self.waiting.append(message)


class Floor:
    """A venue's address and a key to it."""

    def __init__(
        self, url: str, http: httpx.AsyncClient, key: str, secret: str, context: ssl.SSLContext | None
    ) -> None:
        self.url = url
        self.http = http
        self.key = key
        self.secret = secret
        self.context = context
        self.nonce = 1_800_000_000_000

    def next_nonce(self) -> str:
        self.nonce += 1
        return str(self.nonce)

    @asynccontextmanager
    async def line(self) -> AsyncIterator[Line]:
        async with open_websocket_url(self.url, ssl_context=self.context) as socket:
            yield Line(socket)

    async def send(self, request: httpx.Request) -> Any:
        answer = await self.http.send(request)
        assert answer.status_code == 200, answer.text
        return json.loads(answer.text, parse_float=Decimal)


def certificates() -> tuple[ssl.SSLContext, ssl.SSLContext]:
    """For the server, and for a client that trusts it."""
    authority = trustme.CA()
    server, client = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER), ssl.create_default_context()
    authority.issue_cert("127.0.0.1").configure_cert(server)
    authority.configure_trust(client)
    return server, client


@asynccontextmanager
async def open_floor(venue: str, *, encrypted: bool = False, **settings: Any) -> AsyncIterator[Floor]:
    """A venue that runs, within the time that a test may take."""
    server, client = certificates() if encrypted else (None, None)
    with trio.fail_after(LIMIT):
        async with open_simulated_venue(venue, seed=1, tls=server, **settings) as place:
            async with httpx.AsyncClient(base_url=place.rest_url, verify=client or True) as http:
                key: Any = place.credentials
                yield Floor(place.url, http, key.key, key.secret, client)


def authenticated(secret: str, message: bytes) -> str:
    return base64.b64encode(hmac.new(base64.b64decode(secret), message, hashlib.sha512).digest()).decode()


FUTURES = "kraken-futures"
FUTURES_BASE = "/derivatives/api/v3"
FUTURES_VECTOR_SECRET = base64.b64encode(bytes(range(63, -1, -1))).decode()


def futures_signature(secret: str, text: str) -> str:
    return authenticated(secret, hashlib.sha256(text.encode()).digest())


def futures_call(
    floor: Floor, method: str, name: str, form: dict[str, str] | None = None, **changes: str
) -> httpx.Request:
    """A signed call. changes: of the key, the secret, the nonce, or the text that is signed."""
    path = name if name.startswith("/") else f"{FUTURES_BASE}/{name}"
    text, nonce = urlencode(form or {}), changes.get("nonce") or floor.next_nonce()
    signed = changes.get("signed", text) + nonce + path.removeprefix("/derivatives")
    headers = {
        "APIKey": changes.get("key", floor.key),
        "Authent": futures_signature(changes.get("secret", floor.secret), signed),
        "Nonce": nonce,
    }
    if method == "POST":
        headers["Content-Type"] = FORM
        return floor.http.build_request(method, path, content=text, headers=headers)
    return floor.http.build_request(method, f"{path}?{text}" if text else path, headers=headers)


async def futures_post(floor: Floor, name: str, **form: str) -> Any:
    answer = await floor.send(futures_call(floor, "POST", name, form))
    assert answer["result"] == "success", answer
    return answer


async def futures_limit(floor: Floor, price: str, size: str, name: str, order_type: str = "lmt") -> Any:
    """The sendStatus of a bid."""
    terms = {"symbol": "PF_XBTUSD", "side": "buy", "size": size, "limitPrice": price, "cliOrdId": name}
    return (await futures_post(floor, "sendorder", orderType=order_type, **terms))["sendStatus"]


async def futures_proof(floor: Floor, line: Line, **changes: str) -> dict[str, str]:
    """What a subscription on this connection must say. changes: of the key or the secret."""
    key = changes.get("key", floor.key)
    await line.say({"event": "challenge", "api_key": key})
    challenge = (await line.hear(lambda message: message.get("event") == "challenge"))["message"]
    signed = futures_signature(changes.get("secret", floor.secret), challenge)
    return {"api_key": key, "original_challenge": challenge, "signed_challenge": signed}


async def futures_listen(floor: Floor, line: Line) -> dict[str, Any]:
    """Subscribes to a new connection's two feeds; gives the snapshots, by feed."""
    assert await line.next() == {"event": "info", "version": 1}
    proof = await futures_proof(floor, line)
    snapshots = {}
    for feed in ("open_orders", "fills"):
        await line.say({"event": "subscribe", "feed": feed, **proof})
        assert await line.next() == {"event": "subscribed", "feed": feed, **proof}
        snapshots[feed] = await line.next()
        assert snapshots[feed]["feed"] == f"{feed}_snapshot"
    return snapshots


SPOT = "kraken-spot"
SPOT_VECTOR_SECRET = base64.b64encode(bytes(range(64))).decode()


def spot_signature(secret: str, path: str, nonce: str, body: str) -> str:
    return authenticated(secret, path.encode() + hashlib.sha256((nonce + body).encode()).digest())


def spot_call(floor: Floor, name: str, form: dict[str, Any] | None = None, **changes: str) -> httpx.Request:
    """A signed call. changes: of the key, the secret, the nonce, or the body that is signed; `json` for a JSON body."""
    path, nonce = f"/0/private/{name}", changes.get("nonce") or floor.next_nonce()
    fields = {"nonce": nonce, **(form or {})}
    body = json.dumps(fields) if "json" in changes else urlencode(fields)
    signature = spot_signature(changes.get("secret", floor.secret), path, nonce, changes.get("signed", body))
    headers = {
        "API-Key": changes.get("key", floor.key),
        "API-Sign": signature,
        "Content-Type": "application/json" if "json" in changes else FORM,
    }
    return floor.http.build_request("POST", path, content=body, headers=headers)


async def spot_post(floor: Floor, name: str, **form: str) -> Any:
    answer = await floor.send(spot_call(floor, name, form))
    assert answer["error"] == [], answer
    return answer["result"]


async def spot_refusal(floor: Floor, request: httpx.Request) -> str:
    answer = await floor.send(request)
    (text,) = answer["error"]
    assert answer.get("result") is None
    return str(text)


class Rig:
    """A connection to Kraken Spot with a token. Every message of the executions channel must follow the one before."""

    def __init__(self, line: Line, token: str) -> None:
        self.line = line
        self.token = token
        self.asked = 0
        self.sequence = 0
        self.reports: list[Any] = []

    async def ask(self, method: str, **params: Any) -> int:
        self.asked += 1
        message = {"method": method, "params": {"token": self.token, **params}, "req_id": self.asked}
        await self.line.say(message)
        return self.asked

    async def answer(self, number: int) -> Any:
        return await self.line.hear(lambda message: message.get("req_id") == number)

    async def result(self, method: str, **params: Any) -> Any:
        answer = await self.answer(await self.ask(method, **params))
        assert answer["success"] is True, answer
        assert answer["method"] == method
        assert "error" not in answer
        return answer["result"]

    async def refusal(self, method: str, **params: Any) -> str:
        answer = await self.answer(await self.ask(method, **params))
        assert answer["success"] is False
        assert "result" not in answer
        return str(answer["error"])

    async def message(self, kind: str) -> Any:
        """The next message of the executions channel."""
        message = await self.line.hear(lambda message: message.get("channel") == "executions")
        self.sequence += 1
        assert (message["type"], message["sequence"]) == (kind, self.sequence)
        return message["data"]

    async def report(self, kind: str) -> Any:
        """The next execution report."""
        while not self.reports:
            self.reports = await self.message("update")
        report = self.reports.pop(0)
        assert report["exec_type"] == kind, report
        return report

    async def subscribe(self, **params: Any) -> Any:
        """The snapshot."""
        result = await self.result("subscribe", channel="executions", **params)
        assert result["channel"] == "executions"
        self.sequence = 0
        return await self.message("snapshot")


@asynccontextmanager
async def spot_desk(floor: Floor) -> AsyncIterator[Rig]:
    token = await spot_post(floor, "GetWebSocketsToken")
    assert token["expires"] == 900
    async with floor.line() as line:
        greeting = await line.next()
        assert (greeting["channel"], greeting["type"]) == ("status", "update")
        assert greeting["data"][0]["system"] == "online"
        yield Rig(line, token["token"])
