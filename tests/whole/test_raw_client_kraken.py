"""Anybody's clients at the simulated Krakens: JSON and forms written and signed by hand, over real sockets."""

from __future__ import annotations

import base64
import hashlib
import hmac
import json
import signal
import ssl
import subprocess
import sys
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from decimal import Decimal
from pathlib import Path
from typing import Any
from urllib.parse import urlencode

import httpx
import pytest
import trio
import trustme
from trio_websocket import WebSocketConnection, open_websocket_url

from actors import open_simulated_venue

ROOT = Path(__file__).parent.parent.parent
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


# Kraken Futures

FUTURES = "kraken-futures"
FUTURES_BASE = "/derivatives/api/v3"
FUTURES_HISTORY = "/api/history/v3/orders"
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


async def futures_get(floor: Floor, name: str, **form: str) -> Any:
    return await floor.send(futures_call(floor, "GET", name, form))


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


async def futures_fills(line: Line, order_id: str, quantity: Decimal) -> list[Any]:
    """Fills of an order from the feed, until they make up this quantity."""
    fills: list[Any] = []
    while sum(fill["qty"] for fill in fills) < quantity:
        message = await line.hear(lambda message: message.get("feed") == "fills")
        fills += [fill for fill in message["fills"] if fill["order_id"] == order_id]
    return fills


async def trade_futures(floor: Floor) -> None:
    async with floor.line() as line:
        snapshots = await futures_listen(floor, line)
        assert snapshots["open_orders"]["orders"] == []
        assert snapshots["fills"]["fills"] == []
        placed = await futures_limit(floor, "64000.0", "0.5", "by-hand-1")
        assert placed["status"] == "placed"
        assert [event["type"] for event in placed["orderEvents"]] == ["PLACE"]
        order_id = placed["order_id"]
        told = await line.next()
        assert (told["feed"], told["reason"], told["is_cancel"]) == ("open_orders", "new_placed_order_by_user", False)
        order = told["order"]
        assert (order["order_id"], order["cli_ord_id"], order["instrument"]) == (order_id, "by-hand-1", "PF_XBTUSD")
        assert (order["direction"], order["qty"], order["filled"], order["limit_price"]) == (0, D("0.5"), 0, 64000)
        (row,) = (await futures_get(floor, "openorders"))["openOrders"]
        assert (row["order_id"], row["status"], row["unfilledSize"]) == (order_id, "untouched", D("0.5"))

        change = {"size": "0.7", "limitPrice": "64000.5", "qtyMode": "ABSOLUTE"}
        edited = (await futures_post(floor, "editorder", orderId=order_id, **change))["editStatus"]
        assert edited["status"] == "edited"
        told = await line.next()
        assert (told["reason"], told["is_cancel"], told["order"]["order_id"]) == ("edited_by_user", False, order_id)
        assert (told["order"]["qty"], told["order"]["limit_price"]) == (D("0.7"), D("64000.5"))

        canceled = (await futures_post(floor, "cancelorder", cliOrdId="by-hand-1"))["cancelStatus"]
        assert (canceled["status"], canceled["order_id"]) == ("cancelled", order_id)
        told = await line.next()
        assert (told["feed"], told["reason"], told["is_cancel"]) == ("open_orders", "cancelled_by_user", True)
        assert (told.get("order") or told)["order_id"] == order_id

        taken = await futures_limit(floor, "65100.0", "2", "by-hand-2", "ioc")
        fills = await futures_fills(line, taken["order_id"], D(2))
        assert fills[-1]["remaining_order_qty"] == 0
        assert {fill["fill_type"] for fill in fills} == {"taker"}
        assert all(fill["buy"] and fill["fee_paid"] > 0 for fill in fills)
        assert [fill["seq"] for fill in fills] == sorted(fill["seq"] for fill in fills)
        rows = (await futures_get(floor, "fills"))["fills"]
        heard = {(fill["fill_id"], fill["qty"], fill["price"]) for fill in fills}
        assert {(row["fill_id"], row["size"], row["price"]) for row in rows} == heard
        assert (await futures_get(floor, "openorders"))["openOrders"] == []

    async with floor.line() as line:
        again = (await futures_listen(floor, line))["fills"]["fills"]
        assert {fill["fill_id"] for fill in again} == {fill["fill_id"] for fill in fills}


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        (
            "11111111-2222-4333-8444-555555555555",
            "PjDbBGaJT7UcRUOQOE4/MPJ934SMODeLLIym4sK5S7yqM6rQnpN3rSujRA2UG04Eb9JV3onnBCkFaViEgDe5uA==",
        ),
        (
            "lastFillTime=2026-01-01T00%3A00%3A00.000Z1767225600002/api/v3/fills",
            "sL6I2Y1CJpbil6zXzboEwQgXG7o/7x4mG1Gr0Juc5aZ8uMjpM4CaKd9O8pQVffibXyJEEgjc1UASqbbmlx80ng==",
        ),
    ],
)
def test_the_hand_signs_as_kraken_futures_documents(text: str, expected: str) -> None:
    assert futures_signature(FUTURES_VECTOR_SECRET, text) == expected


async def test_a_stranger_trades_futures_over_tcp() -> None:
    async with open_floor(FUTURES) as floor:
        await trade_futures(floor)


async def test_a_stranger_trades_futures_over_tls() -> None:
    async with open_floor(FUTURES, encrypted=True) as floor:
        assert floor.url.startswith("wss://")
        await trade_futures(floor)


async def test_what_a_futures_order_cannot_trade_rests_and_is_told_with_what_remains() -> None:
    async with open_floor(FUTURES) as floor, floor.line() as line:
        await futures_listen(floor, line)
        sent = await futures_limit(floor, "65000.5", "3", "by-hand-3")
        kinds = {event["type"] for event in sent["orderEvents"]}
        assert sent["status"] == "placed"
        assert "EXECUTION" in kinds
        executed = sum(event["amount"] for event in sent["orderEvents"] if event["type"] == "EXECUTION")
        assert 0 < executed < 3
        fills = await futures_fills(line, sent["order_id"], executed)
        assert fills[-1]["remaining_order_qty"] == 3 - executed
        assert {fill["fill_id"] for fill in fills} == {
            event["executionId"] for event in sent["orderEvents"] if event["type"] == "EXECUTION"
        }
        resting = await line.hear(lambda message: message.get("order", {}).get("filled") == executed)
        assert (resting["order"]["qty"], resting["is_cancel"]) == (3 - executed, False)
        (row,) = (await futures_get(floor, "openorders"))["openOrders"]
        assert (row["filledSize"], row["unfilledSize"], row["status"]) == (executed, 3 - executed, "partiallyFilled")
        canceled = (await futures_post(floor, "cancelallorders", symbol="PF_XBTUSD"))["cancelStatus"]
        assert [order["order_id"] for order in canceled["cancelledOrders"]] == [sent["order_id"]]
        gone = await line.hear(lambda message: message.get("is_cancel") is True)
        assert gone["reason"] == "cancelled_by_user"
        elements = (await futures_get(floor, FUTURES_HISTORY))["elements"]  # newest first
        ((canceled_as, ended), (placed_as, begun)) = [pair for row in elements for pair in row["event"].items()]
        assert (canceled_as, placed_as) == ("OrderCancelled", "OrderPlaced")
        assert {event["order"]["uid"] for event in (ended, begun)} == {sent["order_id"]}


async def test_a_futures_order_that_must_not_take_is_refused() -> None:
    async with open_floor(FUTURES) as floor, floor.line() as line:
        await futures_listen(floor, line)
        refused = await futures_limit(floor, "66000.0", "1", "by-hand-4", "post")
        assert refused["status"] == "postWouldExecute"
        (event,) = refused["orderEvents"]
        assert (event["type"], event["reason"]) == ("REJECT", "POST_WOULD_EXECUTE")
        assert (await futures_get(floor, "openorders"))["openOrders"] == []
        assert (await futures_get(floor, "fills"))["fills"] == []


async def test_several_futures_orders_go_in_one_call() -> None:
    async with open_floor(FUTURES) as floor, floor.line() as line:
        await futures_listen(floor, line)
        terms = {"orderType": "lmt", "symbol": "PF_XBTUSD", "side": "buy", "size": 1}
        legs = [
            {"order": "send", "order_tag": "a", "limitPrice": 64000, "cliOrdId": "leg-a", **terms},
            {"order": "send", "order_tag": "b", "limitPrice": 64001, "cliOrdId": "leg-b", **terms},
            {"order": "cancel", "cliOrdId": "leg-a"},
            {"order": "cancel", "cliOrdId": "never-sent"},
        ]
        answer = await futures_post(floor, "batchorder", json=json.dumps({"batchOrder": legs}))
        rows = answer["batchStatus"]
        by_tag = {row["order_tag"]: row for row in rows if row.get("order_tag")}
        assert by_tag["a"]["status"] == by_tag["b"]["status"] == "placed"
        others = [row["status"] for row in rows if not row.get("order_tag")]
        assert others == ["cancelled", "notFound"]
        await line.hear(lambda message: message.get("is_cancel") is True)
        (row,) = (await futures_get(floor, "openorders"))["openOrders"]
        assert (row["order_id"], row["cliOrdId"]) == (by_tag["b"]["order_id"], "leg-b")
        asked = await futures_post(floor, "orders/status", cliOrdIds="leg-b")
        assert [row["status"] for row in asked["orders"]] == ["ENTERED_BOOK"]


@pytest.mark.parametrize("wrong", [{"key": "made-up"}, {"secret": FUTURES_VECTOR_SECRET}, {"signed": "something=else"}])
async def test_a_futures_call_of_nobody_is_refused(wrong: Any) -> None:
    async with open_floor(FUTURES) as floor:
        form = {"orderType": "lmt", "symbol": "PF_XBTUSD", "side": "buy", "size": "1", "limitPrice": "64000"}
        answer = await floor.send(futures_call(floor, "POST", "sendorder", form, **wrong))
        assert (answer["result"], answer["error"]) == ("error", "authenticationError")
        assert (await futures_get(floor, "openorders"))["openOrders"] == []


async def test_a_futures_query_is_signed_as_it_is_sent() -> None:
    async with open_floor(FUTURES) as floor:
        form = {"lastFillTime": "2026-01-01T00:00:00.000Z"}
        assert (await floor.send(futures_call(floor, "GET", "fills", form)))["fills"] == []
        decoded = f"lastFillTime={form['lastFillTime']}"
        refused = await floor.send(futures_call(floor, "GET", "fills", form, signed=decoded))
        assert refused["error"] == "authenticationError"


async def test_a_futures_nonce_serves_once() -> None:
    async with open_floor(FUTURES) as floor:
        first = floor.next_nonce()
        assert (await floor.send(futures_call(floor, "GET", "openorders", nonce=first)))["result"] == "success"
        twice = await floor.send(futures_call(floor, "GET", "openorders", nonce=first))
        assert twice["error"] == "nonceDuplicate"
        low = await floor.send(futures_call(floor, "GET", "openorders", nonce="1"))
        assert low["error"] == "nonceBelowThreshold"
        assert (await futures_get(floor, "openorders"))["result"] == "success"


@pytest.mark.parametrize("wrong", [{"key": "made-up"}, {"secret": FUTURES_VECTOR_SECRET}])
async def test_a_futures_feed_opens_for_nobody(wrong: Any) -> None:
    async with open_floor(FUTURES) as floor, floor.line() as line:
        await line.next()
        proof = await futures_proof(floor, line, **wrong)
        await line.say({"event": "subscribe", "feed": "open_orders", **proof})
        alert = await line.next()
        assert (alert["event"], alert["message"]) == ("alert", "Failed to subscribe to authenticated feed")
        # The connection goes on, and hears nothing of the account.
        await futures_limit(floor, "64000.0", "1", "by-hand-5")
        await line.say({"event": "ping"})
        assert await line.next() == {"event": "pong"}


async def test_a_futures_challenge_belongs_to_one_connection() -> None:
    async with open_floor(FUTURES) as floor, floor.line() as line, floor.line() as other:
        await line.next()
        await other.next()
        proof = await futures_proof(floor, line)
        await futures_proof(floor, other)
        await other.say({"event": "subscribe", "feed": "fills", **proof})
        assert (await other.next())["event"] == "alert"
        await line.say({"event": "subscribe", "feed": "fills", **proof})
        assert (await line.next())["event"] == "subscribed"


async def test_a_futures_feed_can_be_left_and_a_heartbeat_taken() -> None:
    async with open_floor(FUTURES, heartbeat=10_000_000) as floor, floor.line() as line:
        await futures_listen(floor, line)
        proof = await futures_proof(floor, line)
        await line.say({"event": "unsubscribe", "feed": "open_orders", **proof})
        assert await line.next() == {"event": "unsubscribed", "feed": "open_orders", **proof}
        await line.say({"event": "unsubscribe", "feed": "open_orders", **proof})
        assert (await line.next())["event"] == "unsubscribed_failed"
        await futures_limit(floor, "64000.0", "1", "by-hand-6")
        await line.say({"event": "subscribe", "feed": "heartbeat"})
        assert await line.next() == {"event": "subscribed", "feed": "heartbeat"}
        beat = await line.next()
        assert beat["feed"] == "heartbeat"
        assert isinstance(beat["time"], int)


async def test_kraken_futures_survives_garbage_on_the_socket() -> None:
    async with open_floor(FUTURES, strict=False) as floor, floor.line() as line:
        await line.next()
        await line.say("this is not JSON")
        assert await line.next() == {"event": "error", "message": "Json Error"}
        for garbage in ("[1, 2]", "{}", '{"event": 3}', '{"event":"dance"}', '"\\ud800"', "null"):
            await line.say(garbage)
            assert (await line.next())["event"] in ("error", "alert")
        await line.say({"event": "subscribe", "feed": "from_the_future"})
        assert await line.next() == {"event": "error", "message": "Invalid feed"}
        await line.say({"event": "subscribe", "feed": "fills"})
        assert (await line.next())["event"] == "alert"
        await line.say(b"\x00\x01 not for you")
        await line.say({"event": "ping"})
        assert await line.next() == {"event": "pong"}


async def test_kraken_futures_survives_garbage_over_http() -> None:
    async with open_floor(FUTURES, strict=False) as floor:
        lost = await floor.http.get(f"{FUTURES_BASE}/nothing-here")
        assert (lost.status_code, lost.json()["status"]) == (404, "NOT_FOUND")
        unsigned = await floor.http.post(f"{FUTURES_BASE}/sendorder", content=b"\xff\xfe")
        assert unsigned.json()["result"] == "error"
        for name, form in (
            ("sendorder", {}),
            ("sendorder", {"orderType": "lmt", "symbol": "PF_XBTUSD", "side": "buy", "size": "many"}),
            ("cancelorder", {}),
            ("batchorder", {"json": "{not json"}),
            ("batchorder", {"json": "[]"}),
        ):
            answer = await floor.http.send(futures_call(floor, "POST", name, form))
            assert answer.json()["result"] == "error", (name, form, answer.text)
        elsewhere = {"orderType": "lmt", "symbol": "PF_NOTHING", "side": "buy", "size": "1", "limitPrice": "1"}
        nowhere = await floor.send(futures_call(floor, "POST", "sendorder", elsewhere))
        assert nowhere["result"] == "error" or nowhere["sendStatus"]["status"] != "placed"
        assert (await futures_get(floor, "openorders"))["openOrders"] == []


# Kraken Spot

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


def bid(price: float, quantity: float, name: str | None = None, **more: Any) -> dict[str, Any]:
    terms = {"symbol": "BTC/USD", "side": "buy", "order_type": "limit", "limit_price": price, "order_qty": quantity}
    return terms | ({} if name is None else {"cl_ord_id": name}) | more


async def trade_spot(floor: Floor) -> None:
    async with spot_desk(floor) as rig:
        assert await rig.subscribe(snap_orders=True, snap_trades=True) == []
        await rig.line.say({"method": "ping", "req_id": 500})
        assert (await rig.answer(500))["method"] == "pong"
        canceled = await rest_and_cancel(floor, rig)
        taker, heard = await take(floor, rig)
        closed = (await spot_post(floor, "ClosedOrders"))["closed"]
        assert {name: row["status"] for name, row in closed.items()} == {taker: "closed", canceled: "canceled"}

    async with spot_desk(floor) as rig:
        again = await rig.subscribe(snap_orders=True, snap_trades=True)
        assert {report["exec_id"] for report in again} == set(heard)


async def rest_and_cancel(floor: Floor, rig: Rig) -> str:
    """Gives the venue order id."""
    placed = await rig.result("add_order", **bid(63000.5, 0.5, "by-hand-1"))
    assert placed["cl_ord_id"] == "by-hand-1"
    order_id = placed["order_id"]
    told = await rig.report("pending_new")
    assert (told["order_id"], told["cl_ord_id"], told["symbol"]) == (order_id, "by-hand-1", "BTC/USD")
    assert (told["side"], told["order_type"], told["time_in_force"]) == ("buy", "limit", "GTC")
    assert (told["order_qty"], told["limit_price"], told["order_status"]) == (D("0.5"), D("63000.5"), "pending_new")
    live = await rig.report("new")
    assert (live["order_id"], live["order_status"], live["timestamp"]) == (order_id, "new", told["timestamp"])
    (row,) = (await spot_post(floor, "OpenOrders"))["open"].items()
    assert (row[0], row[1]["status"], D(row[1]["vol"]), row[1]["vol_exec"]) == (
        order_id,
        "open",
        D("0.5"),
        "0.00000000",
    )

    amended = await rig.result("amend_order", order_id=order_id, order_qty=0.7, limit_price=63000.7)
    assert amended["order_id"] == order_id
    assert amended["amend_id"]
    told = await rig.report("amended")
    assert (told["order_id"], told["order_qty"], told["limit_price"]) == (order_id, D("0.7"), D("63000.7"))

    assert (await rig.result("cancel_order", cl_ord_id=["by-hand-1"]))["cl_ord_id"] == "by-hand-1"
    told = await rig.report("canceled")
    assert (told["order_id"], told["order_status"], told["reason"]) == (order_id, "canceled", "User requested")
    assert await rig.refusal("cancel_order", cl_ord_id=["by-hand-1"]) == "EOrder:Invalid order"
    return str(order_id)


async def take(floor: Floor, rig: Rig) -> tuple[str, dict[str, Any]]:
    """Gives the venue order id and the executions."""
    taker = (await rig.result("add_order", **bid(64100.0, 1.2, "by-hand-2")))["order_id"]
    await rig.report("pending_new")
    await rig.report("new")
    trades: list[Any] = []
    while not trades or trades[-1]["cum_qty"] < D("1.2"):
        trades.append(await rig.report("trade"))
        assert trades[-1]["order_status"] == "partially_filled"
    assert sum(trade["last_qty"] for trade in trades) == D("1.2")
    assert {(trade["order_id"], trade["liquidity_ind"], trade["symbol"]) for trade in trades} == {
        (taker, "t", "BTC/USD")
    }
    assert all(trade["fees"][0]["asset"] == "USD" and trade["fees"][0]["qty"] > 0 for trade in trades)
    done = await rig.report("filled")
    assert (done["order_id"], done["cum_qty"], done["order_status"]) == (taker, D("1.2"), "filled")

    history = await spot_post(floor, "TradesHistory", consolidate_taker="false")
    heard = {trade["exec_id"]: (trade["last_qty"], trade["last_price"]) for trade in trades}
    assert {name: (D(row["vol"]), D(row["price"])) for name, row in history["trades"].items()} == heard
    assert {row["ordertxid"] for row in history["trades"].values()} == {taker}
    assert history["count"] == len(trades)
    return taker, heard


@pytest.mark.parametrize(
    ("name", "nonce", "body", "expected"),
    [
        (
            "GetWebSocketsToken",
            "1767225600000000001",
            "nonce=1767225600000000001",
            "XCI6K2eNONDHL9Yq/gNUz8wChUbji5SCvbkwGbDXV90lMBGJwvreG65IboJYW11KpDMe73QKFmRYgznHzxcUoA==",
        ),
        (
            "CancelOrderBatch",
            "1767225600000000003",
            '{"nonce":"1767225600000000003","orders":["OABCDE-FGHIJ-KLMNOP"]}',
            "FlEDLlagvRHBYf4bUJPdd+CuHfKdbYMYzmbiEDbe0pyEvrlzFGF3sPn9ei2fEotADM1wTMM748+lzSQ/0odUSQ==",
        ),
    ],
)
def test_the_hand_signs_as_kraken_spot_documents(name: str, nonce: str, body: str, expected: str) -> None:
    assert spot_signature(SPOT_VECTOR_SECRET, f"/0/private/{name}", nonce, body) == expected


async def test_a_stranger_trades_spot_over_tcp() -> None:
    async with open_floor(SPOT) as floor:
        await trade_spot(floor)


async def test_a_stranger_trades_spot_over_tls() -> None:
    async with open_floor(SPOT, encrypted=True) as floor:
        assert floor.url.startswith("wss://")
        await trade_spot(floor)


async def test_what_a_spot_order_cannot_trade_rests_and_is_in_the_next_snapshot() -> None:
    async with open_floor(SPOT) as floor, spot_desk(floor) as rig:
        await rig.subscribe()
        await rig.result("add_order", **bid(64000.0 + 6.4, 3.0, "by-hand-3"))
        order_id = (await rig.report("pending_new"))["order_id"]
        await rig.report("new")
        executed = (await rig.report("trade"))["cum_qty"]
        assert 0 < executed < 3
        async with spot_desk(floor) as other:
            (resting,) = await other.subscribe()
            assert (resting["order_id"], resting["order_status"]) == (order_id, "partially_filled")
            assert (resting["order_qty"], resting["cum_qty"], resting["cl_ord_id"]) == (3, executed, "by-hand-3")
            assert (await other.result("cancel_all"))["count"] == 1
            for listener in (rig, other):
                gone = await listener.report("canceled")
                assert (gone["order_id"], gone["cum_qty"]) == (order_id, executed)


async def test_a_spot_order_sent_over_http_is_told_on_the_socket() -> None:
    async with open_floor(SPOT) as floor, spot_desk(floor) as rig:
        await rig.subscribe()
        form = {"pair": "XBTUSD", "type": "buy", "ordertype": "limit", "price": "63000.5", "volume": "0.25"}
        (order_id,) = (await spot_post(floor, "AddOrder", oflags="post,fciq", **form))["txid"]
        told = await rig.report("pending_new")
        assert (told["order_id"], told["post_only"]) == (order_id, True)
        await rig.report("new")
        found = (await spot_post(floor, "QueryOrders", txid=order_id))[order_id]
        assert (found["status"], found["descr"]["pair"], found["descr"]["price"]) == ("open", "XBTUSD", "63000.5")
        await spot_post(floor, "AmendOrder", txid=order_id, order_qty="0.3")
        assert (await rig.report("amended"))["order_qty"] == D("0.3")
        answer = await floor.send(spot_call(floor, "CancelOrderBatch", {"orders": [order_id]}, json="yes"))
        assert answer["result"] == {"count": 1}
        assert (await rig.report("canceled"))["order_id"] == order_id


async def test_a_spot_order_that_must_not_take_is_canceled() -> None:
    async with open_floor(SPOT) as floor, spot_desk(floor) as rig:
        await rig.subscribe()
        await rig.result("add_order", **bid(64100.0, 0.1, post_only=True))
        await rig.report("pending_new")
        assert (await rig.report("canceled"))["reason"] == "Post only order"


async def test_a_spot_order_is_edited_into_a_new_one() -> None:
    async with open_floor(SPOT) as floor, spot_desk(floor) as rig:
        await rig.subscribe()
        first = (await rig.result("add_order", **bid(63000.0, 0.1)))["order_id"]
        await rig.report("pending_new")
        await rig.report("new")
        edited = await rig.result("edit_order", order_id=first, symbol="BTC/USD", limit_price=63001.0, order_qty=0.2)
        assert edited["original_order_id"] == first
        assert edited["order_id"] != first
        gone = await rig.report("canceled")
        assert (gone["order_id"], gone["reason"]) == (first, "Order replaced")
        born = await rig.report("pending_new")
        assert (born["order_id"], born["order_qty"], born["limit_price"]) == (edited["order_id"], D("0.2"), D(63001))
        await rig.report("new")


async def test_several_spot_orders_go_in_one_message_and_each_cancel_is_answered() -> None:
    async with open_floor(SPOT) as floor, spot_desk(floor) as rig:
        await rig.subscribe()
        legs = [{**bid(price, 0.1, f"leg-{price:.0f}")} for price in (63000.0, 63001.0)]
        for leg in legs:
            del leg["symbol"]
        placed = await rig.result("batch_add", symbol="BTC/USD", orders=legs)
        assert [leg["cl_ord_id"] for leg in placed] == ["leg-63000", "leg-63001"]
        for leg in placed:
            assert (await rig.report("pending_new"))["order_id"] == leg["order_id"]
            await rig.report("new")
        ids = [leg["order_id"] for leg in placed]
        number = await rig.ask("cancel_order", order_id=[*ids, "ONEVER-ISSUED-ATALLL"])
        answers = [await rig.answer(number) for _ in range(3)]
        assert [answer["success"] for answer in answers] == [True, True, False]
        assert [answer["result"]["order_id"] for answer in answers[:2]] == ids
        assert answers[2]["error"] == "EOrder:Invalid order"


async def test_a_spot_order_can_be_tried_without_being_placed() -> None:
    async with open_floor(SPOT) as floor, spot_desk(floor) as rig:
        await rig.subscribe()
        assert (await rig.result("add_order", **bid(63000.0, 0.1, validate=True)))["order_id"] == ""
        assert (await spot_post(floor, "OpenOrders"))["open"] == {}


@pytest.mark.parametrize(
    ("wrong", "refusal"),
    [
        ({"key": "made-up"}, "EAPI:Invalid key"),
        ({"secret": SPOT_VECTOR_SECRET}, "EAPI:Invalid signature"),
        ({"signed": "nonce=1&something=else"}, "EAPI:Invalid signature"),
        ({"nonce": "not-a-number"}, "EAPI:Invalid nonce"),
    ],
)
async def test_a_spot_call_of_nobody_is_refused(wrong: Any, refusal: str) -> None:
    async with open_floor(SPOT) as floor:
        assert await spot_refusal(floor, spot_call(floor, "GetWebSocketsToken", **wrong)) == refusal
        assert (await spot_post(floor, "GetWebSocketsToken"))["token"]  # the key itself is as good as before


async def test_a_spot_nonce_only_grows() -> None:
    async with open_floor(SPOT) as floor:
        nonce = floor.next_nonce()
        assert (await floor.send(spot_call(floor, "OpenOrders", nonce=nonce)))["error"] == []
        for stale in (nonce, str(int(nonce) - 1)):
            assert await spot_refusal(floor, spot_call(floor, "OpenOrders", nonce=stale)) == "EAPI:Invalid nonce"
        assert (await spot_post(floor, "OpenOrders"))["open"] == {}


async def test_a_made_up_token_opens_nothing_and_the_socket_goes_on() -> None:
    async with open_floor(SPOT) as floor, spot_desk(floor) as rig:
        good, rig.token = rig.token, "made-up"
        assert await rig.refusal("subscribe", channel="executions") == "ESession:Invalid session"
        assert await rig.refusal("add_order", **bid(63000.0, 0.1)) == "EAPI:Invalid token"
        assert (await spot_post(floor, "OpenOrders"))["open"] == {}
        rig.token = good
        assert await rig.subscribe() == []


async def test_kraken_spot_survives_garbage_on_the_socket() -> None:
    async with open_floor(SPOT) as floor, spot_desk(floor) as rig:
        await rig.subscribe()
        for garbage in ("this is not JSON", "[1, 2]", "{}", '{"method":3}', '{"method":"dance"}', '"\\ud800"', "null"):
            await rig.line.say(garbage)
            heard = await rig.line.next()
            assert heard.get("error") or heard.get("Error")
            assert heard.get("success") is not True
        await rig.line.say({"method": "ping", "params": {}, "req_id": 600})
        refused = await rig.answer(600)
        assert refused["error"] == "Unsupported field: 'params' for the given msg type: ping"
        await rig.line.say(b"\x00\x01 not for you")
        await rig.line.say({"method": "ping", "req_id": 601})
        assert (await rig.answer(601))["method"] == "pong"
        await rig.result("add_order", **bid(63000.0, 0.1))
        await rig.report("pending_new")


@pytest.mark.parametrize(
    ("terms", "refusal"),
    [
        ({"symbol": "XBT/USD"}, "Currency pair not supported XBT/USD"),
        ({"leverage": 5}, "Unsupported field: 'leverage' for the given msg type: add_order"),
        ({"limit_price": "63000.0"}, "field must be a number_float"),
        ({"order_qty": 0.00000001}, "EOrder:Order minimum not met"),
        ({"limit_price": 63000.123}, "EOrder:Tick size check failed"),
        ({"cl_ord_id": "far too long for a client order id"}, "EGeneral:Invalid arguments:cl_ord_id"),
        ({"side": "hold"}, "EGeneral:Invalid arguments"),
    ],
)
async def test_kraken_spot_refuses_orders_that_it_cannot_read(terms: dict[str, Any], refusal: str) -> None:
    async with open_floor(SPOT) as floor, spot_desk(floor) as rig:
        await rig.subscribe()
        assert refusal in await rig.refusal("add_order", **(bid(63000.0, 0.1) | terms))
        assert (await spot_post(floor, "OpenOrders"))["open"] == {}


async def test_kraken_spot_survives_garbage_over_http() -> None:
    async with open_floor(SPOT) as floor:
        unsigned = await floor.http.post("/0/private/AddOrder", content=b"\xff\xfe")
        assert unsigned.json()["error"] == ["EAPI:Invalid key"]
        assert (await floor.http.get("/0/nothing-here")).json()["error"] == ["EGeneral:Unknown method"]
        assert await spot_refusal(floor, spot_call(floor, "MakeMeRich")) == "EGeneral:Unknown method"
        for form in ({}, {"pair": "XBTUSD", "type": "buy", "ordertype": "limit", "price": "x", "volume": "many"}):
            assert (await spot_refusal(floor, spot_call(floor, "AddOrder", form))).startswith(("EGeneral:", "EQuery:"))
        nowhere = {"pair": "NOTHING", "type": "buy", "ordertype": "limit", "price": "1", "volume": "1"}
        assert await spot_refusal(floor, spot_call(floor, "AddOrder", nowhere)) == "EQuery:Unknown asset pair"
        assert (await spot_post(floor, "OpenOrders"))["open"] == {}


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
