"""A scripted AX peer: real WebSocket frames and HTTP over bounded streams in memory, every message typed by hand.

It shares no idea of the wire with the client: nothing of `protocol` is imported here. Left alone it is a polite
venue that takes every order and fills none; a test scripts whatever should be otherwise.

    async with open_scripted_venue() as venue:
        venue.on["p"] = ignore                      # never answers a placement
        async with open_client(scripted_config(venue)) as client: ...
"""

from __future__ import annotations

import hashlib
import json
from collections import defaultdict, deque
from collections.abc import AsyncIterator, Awaitable, Callable, Iterable
from contextlib import asynccontextmanager, suppress
from typing import Any
from urllib.parse import parse_qsl, urlsplit

import trio
from attrs import define, field, frozen
from trio_websocket import ConnectionClosed, WebSocketConnection, wrap_server_stream

from actors import ApiKey, AxConfig, Client, EventStream, NewOrder, Side, open_client
from actors.net.connectors import MemoryConnector
from actors.net.memory_stream import MemoryListener, MemoryStream
from actors.plumbing.nurseries import open_unwrapped_nursery

from .chosen_websocket import chosen_websocket

EURUSD = "EURUSD-PERP.AX"
SECRET = "s3cr3t-of-the-key"
EPOCH = 1_790_000_000
"""Seconds since 1970 at which virtual time begins."""

Message = dict[str, Any]
Handler = Callable[["Peer", Message], Awaitable[None]]

INSTRUMENTS: list[Message] = [
    {
        "symbol": "EURUSD-PERP",
        "tick_size": "0.0001",
        "minimum_order_size": "100",
        "multiplier": "1",
        "quote_currency": "USD",
        "category": "fx",
    },
    {
        "symbol": "XAU-PERP",
        "tick_size": "0.1",
        "minimum_order_size": "1",
        "multiplier": "1",
        "quote_currency": "USD",
        "category": "metals",
    },
]


def cid_of(client_order_id: str) -> int:
    """The venue's number for a client order id: the first eight bytes of its SHA-256, never 0."""
    return int.from_bytes(hashlib.sha256(client_order_id.encode()).digest()[:8], "big") or 1


async def ignore(peer: Peer, message: Message) -> None:
    """A script: says nothing at all."""


async def drop(peer: Peer, message: Message) -> None:
    """A script: cuts the connection without an answer."""
    peer.drop()


def refuse(code: int, text: str = "no") -> Handler:
    """A script: an error in place of the answer."""

    async def handle(peer: Peer, message: Message) -> None:
        await peer.say({"rid": message["rid"], "err": {"code": code, "msg": text}})

    return handle


@frozen
class Call:
    """One HTTP request as it arrived. headers: by lower-case name; time: virtual seconds."""

    method: str
    path: str
    query: dict[str, str]
    headers: dict[str, str]
    body: bytes
    time: float

    @property
    def json(self) -> Any:
        return json.loads(self.body)


class VenueStream(trio.abc.Stream):
    """The venue's end of a connection: gives back what was read already, and can turn deaf."""

    def __init__(self, stream: MemoryStream, start: bytes) -> None:
        self._stream = stream
        self._start = start
        self._writing = trio.Lock()
        self.pings: list[float] = []
        self.listening = trio.Event()
        self.listening.set()

    async def receive_some(self, max_bytes: int | None = None) -> bytes:
        await self.listening.wait()
        data, self._start = self._start, b""
        if not data:
            data = await self._stream.receive_some(max_bytes)
        if data[:1] == b"\x89":  # a ping that came alone, which all of them do while nothing else is going on
            self.pings.append(trio.current_time())
        await self.listening.wait()
        return data

    async def send_all(self, data: bytes | bytearray | memoryview) -> None:
        async with self._writing:
            await self._stream.send_all(data)

    async def wait_send_all_might_not_block(self) -> None:
        await self._stream.wait_send_all_might_not_block()

    def close(self) -> None:
        self._stream.close()

    async def aclose(self) -> None:
        await self._stream.aclose()


@define(eq=False)
class Peer:
    """The venue's side of one WebSocket. heard: every message of the client; heard_at: when; close_code: its own."""

    number: int
    upgrade: Call
    stream: VenueStream
    socket: WebSocketConnection
    heard: list[Message] = field(factory=list)
    heard_at: list[float] = field(factory=list)
    ended: trio.Event = field(factory=trio.Event)
    close_code: int | None = None

    @property
    def query(self) -> dict[str, str]:
        return self.upgrade.query

    async def say(self, *messages: Message | str) -> None:
        """Sends messages so that one read delivers all of them. A client that has gone is nothing special."""
        await self.send_raw(b"".join(text_frame(message) for message in messages))

    async def send_raw(self, data: bytes) -> None:
        with suppress(trio.BrokenResourceError, trio.ClosedResourceError):
            await self.stream.send_all(data)

    def drop(self) -> None:
        """Ends the connection without a word."""
        self.stream.close()

    async def close(self, code: int = 1000, reason: str = "") -> None:
        with suppress(ConnectionClosed, trio.BrokenResourceError, trio.ClosedResourceError):
            await self.socket.aclose(code, reason)

    def stop_reading(self) -> None:
        self.stream.listening = trio.Event()

    def read_again(self) -> None:
        self.stream.listening.set()


def text_frame(message: Message | str, opcode: int = 0x81) -> bytes:
    """A frame of a server, unmasked."""
    payload = (message if isinstance(message, str) else json.dumps(message)).encode()
    return _frame(opcode, payload)


def _frame(opcode: int, payload: bytes) -> bytes:
    if len(payload) < 126:
        return bytes((opcode, len(payload))) + payload
    if len(payload) < 65536:
        return bytes((opcode, 126)) + len(payload).to_bytes(2, "big") + payload
    return bytes((opcode, 127)) + len(payload).to_bytes(8, "big") + payload


def binary_frame(payload: bytes) -> bytes:
    return _frame(0x82, payload)


class ScriptedConnector:
    """Reaches the venue in memory. made: when; streams: the client's ends; refusals, silences: of the next attempts."""

    def __init__(self, listener: MemoryListener) -> None:
        self._inner = MemoryConnector(listener)
        self.made: list[float] = []
        self.streams: list[trio.abc.Stream] = []
        self.refusals = 0
        self.silences = 0

    async def connect(self, host: str, port: int, *, tls: bool) -> trio.abc.Stream:
        self.made.append(trio.current_time())
        if self.refusals > 0:
            self.refusals -= 1
            raise ConnectionRefusedError("nobody listens there")
        if self.silences > 0:
            self.silences -= 1
            await trio.sleep_forever()
        stream = await self._inner.connect(host, port, tls=tls)
        self.streams.append(stream)
        return stream

    async def open_streams(self) -> int:
        """How many of the client's ends are not closed."""
        count = 0
        for stream in self.streams:
            try:
                await stream.wait_send_all_might_not_block()
            except trio.ClosedResourceError:
                continue
            except trio.BrokenResourceError:
                pass
            count += 1
        return count


HttpStep = int | str | tuple[int, Message] | tuple[int, Message, float] | bytes
"""What to do with one HTTP request: a status, "drop", "silence", status, body and seconds of delay, or a whole answer,
byte by byte."""


@define(eq=False, kw_only=True)
class ScriptedVenue:
    """heartbeat: seconds between the venue's heartbeats, None for a venue that sends none; capacity: bytes that may
    wait unread in each direction; confirm: whether the login answer confirms the safety options.

    on: what to do with a message, by its letter; at_upgrade: what to do with the next upgrades, a status, "drop" or
    "silence"; at_http: the same for calls, by path; greet: what to say on a fresh connection.
    """

    heartbeat: float | None = 1.0
    capacity: int = 65536
    confirm: bool = True
    on: dict[str, Handler] = field(factory=dict)
    at_upgrade: deque[int | str | bytes] = field(factory=deque)
    at_http: defaultdict[str, deque[HttpStep]] = field(factory=lambda: defaultdict(deque))
    greet: Callable[[Peer], Awaitable[None]] | None = None
    preview: Message = field(
        factory=lambda: {"limit_price": "1.1001", "vwap": "1.1", "filled_quantity": 300, "remaining_quantity": 0}
    )
    fill_rows: list[Message] = field(factory=list)
    order_rows: list[Message] = field(factory=list)
    calls: list[Call] = field(factory=list)
    upgrades: list[Call] = field(factory=list)
    peers: list[Peer] = field(factory=list)
    orders: dict[str, Message] = field(factory=dict)
    tokens: list[str] = field(factory=list)
    listener: MemoryListener = field(init=False)
    connector: ScriptedConnector = field(init=False)
    _next_number: int = 0

    def __attrs_post_init__(self) -> None:
        self.listener = MemoryListener(capacity=self.capacity)
        self.connector = ScriptedConnector(self.listener)
        polite = {
            "p": self.place,
            "x": self.cancel,
            "r": self.replace,
            "o": self.list_orders,
            "s": self.status,
            "X": self.cancel_all,
            "h": ignore,
        }
        self.on = polite | self.on

    # Looking

    @property
    def peer(self) -> Peer:
        """The latest connection."""
        return self.peers[-1]

    def heard(self, kind: str | None = None) -> list[Message]:
        """What clients sent over all connections, heartbeats aside; of one kind if it is named."""
        return [
            message
            for peer in self.peers
            for message in peer.heard
            if (message["t"] == kind if kind else message["t"] != "h")
        ]

    def calls_to(self, path: str) -> list[Call]:
        return [call for call in self.calls if call.path == path]

    async def wait_for(self, kind: str, times: int = 1) -> Message:
        """The nth message of this kind, once it is here."""
        while len(self.heard(kind)) < times:
            await trio.sleep(0.001)
        return self.heard(kind)[times - 1]

    async def wait_for_connection(self, number: int) -> Peer:
        while len(self.peers) < number:
            await trio.sleep(0.001)
        return self.peers[number - 1]

    # What a polite venue does

    def number(self) -> int:
        self._next_number += 1
        return self._next_number

    def stamp(self) -> Message:
        now = EPOCH * 1_000_000_000 + int(trio.current_time() * 1_000_000_000)
        return {"ts": now // 1_000_000_000, "tn": now % 1_000_000_000}

    def event(self, kind: str, order: Message, **fields: Any) -> Message:
        return {"t": kind, **self.stamp(), "eid": f"E-{self.number()}", "o": dict(order), **fields}

    def book(self, message: Message) -> Message:
        """An order object for a placement, remembered as accepted."""
        order = {
            "oid": f"O-{self.number()}",
            "u": "01KTESTUSR-0000",
            "aid": "01KTESTUSR-0000",
            "s": message["s"],
            "p": message["p"],
            "q": message["q"],
            "xq": 0,
            "rq": message["q"],
            "o": "ACCEPTED",
            "d": message["d"],
            "tif": message["tif"],
            "cid": message["cid"],
            "tag": message.get("tag"),
            "po": message["po"],
            **self.stamp(),
        }
        self.orders[order["oid"]] = order
        return order

    def find(self, message: Message) -> Message | None:
        if "oid" in message:
            return self.orders.get(message["oid"])
        named = [order for order in self.orders.values() if order["cid"] == message["cid"]]
        return named[-1] if named else None

    def executed(self, order: Message, quantity: int, *, price: str | None = None, trade_id: str = "") -> Message:
        """Fills a part of an order and gives the event that tells it."""
        order["xq"] += quantity
        order["rq"] = order["q"] - order["xq"]
        order["o"] = "PARTIALLY_FILLED" if order["rq"] else "FILLED"
        execution = {
            "tid": trade_id or f"T-{self.number()}",
            "aid": order["aid"],
            "s": order["s"],
            "q": quantity,
            "p": price or order["p"],
            "d": order["d"],
            "agg": False,
        }
        return self.event("p" if order["rq"] else "f", order, xs=execution)

    def ended(self, order: Message, state: str, **fields: Any) -> Message:
        """Ends an order and gives the event that tells it."""
        order["o"], order["rq"] = state, 0
        if state == "CANCELED":
            return self.event("c", order, **({"xr": "", "txt": ""} | fields))
        return self.event({"EXPIRED": "x", "DONE_FOR_DAY": "d", "REJECTED": "j"}[state], order, **fields)

    def open_orders(self) -> list[Message]:
        return [dict(order) for order in self.orders.values() if order["o"] in ("ACCEPTED", "PARTIALLY_FILLED")]

    async def place(self, peer: Peer, message: Message) -> None:
        order = self.book(message)
        await peer.say({"rid": message["rid"], "res": {"oid": order["oid"]}}, self.event("n", order))

    async def cancel(self, peer: Peer, message: Message) -> None:
        order = self.find(message)
        if order is None or order["o"] not in ("ACCEPTED", "PARTIALLY_FILLED"):
            await peer.say({"rid": message["rid"], "err": {"code": 404, "msg": "no such order"}})
            return
        await peer.say({"rid": message["rid"], "res": {"cxl_rx": True}}, self.ended(order, "CANCELED"))

    async def replace(self, peer: Peer, message: Message) -> None:
        old = self.orders[message["oid"]]
        left = old["q"] - old["xq"]
        terms: Message = {name: message[name] for name in ("p", "q", "tif", "po") if name in message}
        new = {**old, "q": left, **terms, "oid": f"O-{self.number()}", "xq": 0, "o": "ACCEPTED"}
        new["rq"] = new["q"]
        self.orders[new["oid"]] = new
        old["o"], old["rq"] = "REPLACED", 0
        told = self.event("r", old, ro=dict(old), noid=new["oid"], no=dict(new))
        del told["o"]
        await peer.say({"rid": message["rid"], "res": {"oid": new["oid"]}}, told)

    async def list_orders(self, peer: Peer, message: Message) -> None:
        await peer.say({"rid": message["rid"], "res": {"orders": self.open_orders()}})

    async def status(self, peer: Peer, message: Message) -> None:
        order = self.find(message)
        if order is None:
            await peer.say({"rid": message["rid"], "err": {"code": 404, "msg": "no such order"}})
            return
        status = {
            "symbol": order["s"],
            "order_id": order["oid"],
            "clord_id": order["cid"],
            "state": order["o"],
            "filled_quantity": order["xq"],
            "remaining_quantity": order["rq"],
        }
        await peer.say({"rid": message["rid"], "res": {"status": status}})

    async def cancel_all(self, peer: Peer, message: Message) -> None:
        symbol = message.get("symbol")
        told = [
            self.ended(order, "CANCELED")
            for order in self.orders.values()
            if order["o"] in ("ACCEPTED", "PARTIALLY_FILLED") and symbol in (None, order["s"])
        ]
        await peer.say({"rid": message["rid"], "res": {}}, *told)

    def login(self, peer: Peer, orders: Iterable[Message] | None = None) -> Message:
        """The login answer, with the open orders unless others are given."""
        shown = self.open_orders() if orders is None else list(orders)
        result: Message = {"li": "01KTESTUSR-0000", "o": shown or None}
        result["cod"] = self.confirm and peer.query.get("cancel_on_disconnect") == "true"
        if self.confirm and "client_heartbeat_timeout" in peer.query:
            result["chb"] = int(peer.query["client_heartbeat_timeout"])
        return {"rid": 0, "res": result}

    # Serving

    async def run(self) -> None:
        async with trio.open_nursery() as nursery:
            while True:
                nursery.start_soon(self._serve, await self.listener.accept())

    async def _serve(self, stream: MemoryStream) -> None:
        """HTTP requests one after another on one connection, until one of them is an upgrade."""
        try:
            while True:
                head = await _read_head(stream)
                if head is None:
                    return
                call, raw = head
                if call.headers.get("upgrade", "").lower() == "websocket":
                    await self._serve_upgrade(stream, call, raw)
                    return
                self.calls.append(call)
                if not await self._serve_call(stream, call):
                    return
        except (trio.BrokenResourceError, trio.ClosedResourceError):
            pass
        finally:
            stream.close()

    async def _serve_call(self, stream: MemoryStream, call: Call) -> bool:
        """False when the connection is to be closed."""
        step = self.at_http[call.path].popleft() if self.at_http[call.path] else 200
        if step == "drop":
            return False
        if step == "silence":
            await trio.sleep_forever()
        if isinstance(step, bytes):
            await stream.send_all(step)
            return True
        if isinstance(step, tuple):
            status, body = step[0], step[1]
            await trio.sleep(step[2] if len(step) == 3 else 0)
        elif step == 200:
            status, body = 200, self._body(call)
        else:
            status, body = int(step), {"error": "the venue says no"}
        await stream.send_all(_http_answer(status, body))
        return True

    def _body(self, call: Call) -> Message:
        if call.path == "/api/authenticate":
            self.tokens.append(f"token-{len(self.tokens) + 1}")
            return {"token": self.tokens[-1]}
        if call.path == "/api/instruments":
            return {"instruments": INSTRUMENTS}
        if call.path == "/api/preview-aggressive-limit-order":
            return self.preview
        if call.path == "/api/fills":
            return {"fills": self.fill_rows}
        if call.path == "/orders/order-fills":
            return {"fills": [row for row in self.fill_rows if row["order_id"] == call.query["order_id"]]}
        if call.path == "/orders/orders":
            return {"orders": self.order_rows}
        raise AssertionError(f"nobody taught the venue {call.path}")

    async def _serve_upgrade(self, stream: MemoryStream, call: Call, raw: bytes) -> None:
        self.upgrades.append(call)
        step = self.at_upgrade.popleft() if self.at_upgrade else 101
        if step == "drop":
            return
        if step == "silence":
            await trio.sleep_forever()
        if isinstance(step, bytes):
            await stream.send_all(step)
            return
        if step != 101:
            await stream.send_all(_http_answer(int(step), {"error": "the venue says no"}))
            return
        with suppress(ConnectionClosed, trio.BrokenResourceError, trio.ClosedResourceError):
            async with open_unwrapped_nursery() as nursery:
                venue_stream = VenueStream(stream, raw)
                request = await wrap_server_stream(nursery, venue_stream)
                socket = await request.accept()
                peer = Peer(len(self.peers) + 1, call, venue_stream, socket)
                self.peers.append(peer)
                nursery.start_soon(self._beat, peer)
                try:
                    await self._converse(peer)
                except ConnectionClosed as closed:
                    peer.close_code = None if closed.reason is None else closed.reason.code
                finally:
                    peer.ended.set()
                    stream.close()
                    nursery.cancel_scope.cancel()

    async def _converse(self, peer: Peer) -> None:
        if self.greet is None:
            await peer.say(self.login(peer))
        else:
            await self.greet(peer)
        while True:
            message = json.loads(await peer.socket.get_message())
            peer.heard.append(message)
            peer.heard_at.append(trio.current_time())
            await self.on[message["t"]](peer, message)

    async def _beat(self, peer: Peer) -> None:
        if self.heartbeat is None:
            return
        while True:
            await trio.sleep(self.heartbeat)
            await peer.say({"t": "h", **self.stamp()})


async def _read_head(stream: MemoryStream) -> tuple[Call, bytes] | None:
    """The next request, and the bytes that it was; None when no other follows."""
    raw = b""
    while b"\r\n\r\n" not in raw:
        data = await stream.receive_some()
        if not data:
            return None
        raw += data
    head, _, body = raw.partition(b"\r\n\r\n")
    first, *lines = head.decode().split("\r\n")
    headers = {name.lower(): value.strip() for name, _, value in (line.partition(":") for line in lines)}
    while len(body) < int(headers.get("content-length", 0)):
        body += await stream.receive_some()
    method, target, _ = first.split()
    parts = urlsplit(target)
    return Call(method, parts.path, dict(parse_qsl(parts.query)), headers, body, trio.current_time()), raw


def _http_answer(status: int, body: Message) -> bytes:
    text = json.dumps(body).encode()
    head = f"HTTP/1.1 {status} Whatever\r\nContent-Type: application/json\r\nContent-Length: {len(text)}\r\n\r\n"
    return head.encode() + text


@asynccontextmanager
async def open_scripted_venue(**options: Any) -> AsyncIterator[ScriptedVenue]:
    """Serves until the block is left. A test that hangs fails after an hour of virtual time."""
    venue = ScriptedVenue(**options)
    with trio.fail_after(3600):
        async with open_unwrapped_nursery() as nursery:
            nursery.start_soon(venue.run)
            yield venue
            nursery.cancel_scope.cancel()


def wall_clock() -> int:
    return EPOCH * 1_000_000_000 + int(trio.current_time() * 1_000_000_000)


def scripted_config(venue: ScriptedVenue, **options: Any) -> AxConfig:
    """No jitter, and a wall clock that follows virtual time."""
    known: dict[str, Any] = {
        "url": "ws://localhost/orders/ws",
        "credentials": ApiKey("key-1", SECRET),
        "connector": venue.connector,
        "draw": lambda: 0.0,
        "websocket": chosen_websocket(),
        "wall_clock": wall_clock,
    }
    return AxConfig(**(known | options))


def buy(quantity: int = 300, price: str = "1.0998", **terms: Any) -> NewOrder:
    return NewOrder.limit(EURUSD, Side.BUY, quantity=quantity, price=price, **terms)


@asynccontextmanager
async def talking(**options: Any) -> AsyncIterator[tuple[ScriptedVenue, Client, EventStream]]:
    """A client at a polite venue. options: of the client."""
    async with open_scripted_venue() as venue, open_client(scripted_config(venue, **options)) as client:
        with client.events() as stream:
            yield venue, client, stream
