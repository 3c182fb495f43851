"""A scripted Kraken Spot peer: real frames and HTTP in memory, every message typed by hand (spec Kraken A).

It shares no idea of the wire with the client: nothing of `protocol` is imported here. Left alone it logs clients in,
takes every order and fills none; what its lists hold, and what `on` and `on_call` say, is for the test to decide.
"""

from __future__ import annotations

import json
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from datetime import UTC, datetime
from typing import Any
from urllib.parse import parse_qsl

import trio
from attrs import define, field

from actors import ApiKey, Client, EventStream, KrakenSpotConfig, NewOrder, Side, open_client
from actors.net.memory_stream import MemoryStream
from actors.plumbing.nurseries import open_unwrapped_nursery

from .scripted_venue import Call, Message, Peer, ScriptedVenue, wall_clock

BTC = "BTC/USD.KRAKEN"
SECRET = "c29tZXRoaW5nIGVsc2UgZW50aXJlbHk="  # not a secret
ID = "OAAAA1-BBBB2-CCCC31"
"""Of the first order; the last digit counts up."""
FILL = "TAAAA1-BBBB2-CCCC33"

Reply = Message | tuple[int, str] | None
"""What a call is answered with: JSON, a status with a body as it is, or nothing: the connection is cut."""
Answer = Callable[[dict[str, str]], Awaitable[Reply]]


def rfc3339(time: int) -> str:
    """time: ns since 1970."""
    moment = datetime.fromtimestamp(time // 1000 / 1e6, UTC)
    return moment.strftime("%Y-%m-%dT%H:%M:%S.%f") + "Z"


def now() -> str:
    return rfc3339(wall_clock())


def seconds_ago(seconds: float = 0) -> float:
    """In seconds since 1970, as lists have times."""
    return round(wall_clock() / 1e9 - seconds, 4)


def ok(result: Any) -> Message:
    return {"error": [], "result": result}


def error(*texts: str) -> Message:
    return {"error": list(texts)}


# Reports (spec A.7 to A.11)


def pending(order_id: str, cl_ord_id: str, *, qty: float = 1.0, price: float = 60000.0, **more: Any) -> Message:
    return {
        "order_id": order_id,
        "symbol": "BTC/USD",
        "order_qty": qty,
        "cum_cost": 0.0,
        "time_in_force": "GTC",
        "exec_type": "pending_new",
        "side": "buy",
        "order_type": "limit",
        "cl_ord_id": cl_ord_id,
        "limit_price_type": "static",
        "limit_price": price,
        "stop_price": 0.0,
        "order_status": "pending_new",
        "fee_usd_equiv": 0.0,
        "fee_ccy_pref": "fciq",
        "timestamp": now(),
    } | more


def live(order_id: str, **more: Any) -> Message:
    return {"timestamp": now(), "order_status": "new", "exec_type": "new", "order_id": order_id} | more


def listed(order_id: str, cl_ord_id: str, **more: Any) -> Message:
    """A row of a snapshot."""
    return pending(order_id, cl_ord_id) | {"exec_type": "new", "order_status": "new", "cum_qty": 0.0} | more


def traded(order_id: str, exec_id: str, *, qty: float, total: float, price: float = 60000.0, **more: Any) -> Message:
    return {
        "order_id": order_id,
        "exec_id": exec_id,
        "exec_type": "trade",
        "trade_id": 900001,
        "symbol": "BTC/USD",
        "side": "buy",
        "last_qty": qty,
        "last_price": price,
        "liquidity_ind": "m",
        "cost": qty * price,
        "order_type": "limit",
        "timestamp": now(),
        "order_status": "partially_filled",
        "cum_qty": total,
        "cum_cost": total * price,
        "avg_price": price,
        "fee_usd_equiv": 1.5,
        "fees": [{"asset": "USD", "qty": 1.5}],
    } | more


def ended(order_id: str, how: str, *, total: float = 0.0, **more: Any) -> Message:
    """how: filled, canceled or expired."""
    return {
        "timestamp": now(),
        "order_status": how,
        "exec_type": how,
        "cum_qty": total,
        "cum_cost": total * 60000.0,
        "fee_usd_equiv": 0.0,
        "avg_price": 60000.0 if total else 0.0,
        "order_id": order_id,
    } | more


# Rows of lists (spec A.17)


def row(cl_ord_id: str | None, *, opened: float = 0, **more: Any) -> Message:
    """opened: seconds ago."""
    return {
        "refid": None,
        "userref": None,
        "cl_ord_id": cl_ord_id,
        "status": "open",
        "opentm": seconds_ago(opened),
        "starttm": 0,
        "expiretm": 0,
        "descr": {
            "pair": "XBTUSD",
            "aclass": "forex",
            "type": "buy",
            "ordertype": "limit",
            "price": "60000.0",
            "price2": "0",
            "leverage": "none",
            "order": "buy 1.00000000 XBTUSD @ limit 60000.0",
            "close": "",
        },
        "vol": "1.00000000",
        "vol_exec": "0.00000000",
        "cost": "0.00000",
        "fee": "0.00000",
        "price": "0.00000",
        "stopprice": "0.00000",
        "limitprice": "0.00000",
        "misc": "",
        "oflags": "fciq",
    } | more


def canceled_row(cl_ord_id: str, **more: Any) -> Message:
    return row(cl_ord_id, **more) | {"status": "canceled", "closetm": seconds_ago(), "reason": "User requested"}


def filled_row(cl_ord_id: str) -> Message:
    done = {"vol_exec": "1.00000000", "cost": "60000.00000", "fee": "1.50000", "price": "60000.0"}
    return row(cl_ord_id) | {"status": "closed", "closetm": seconds_ago(), "reason": None} | done


def trade_row(order_id: str, *, vol: str = "1.00000000", fee: str = "1.50000", **more: Any) -> Message:
    return {
        "ordertxid": order_id,
        "postxid": "TKH2SE-M7IF5-CFI7LT",
        "pair": "XXBTZUSD",
        "time": seconds_ago(),
        "type": "buy",
        "ordertype": "limit",
        "price": "60000.00000",
        "cost": "60000.00000",
        "fee": fee,
        "vol": vol,
        "margin": "0.00000",
        "leverage": "0",
        "misc": "",
        "trade_id": 1,
        "maker": True,
    } | more


PAIRS: Message = {
    "XXBTZUSD": {
        "altname": "XBTUSD",
        "wsname": "XBT/USD",
        "aclass_base": "currency",
        "base": "XXBT",
        "aclass_quote": "currency",
        "quote": "ZUSD",
        "pair_decimals": 1,
        "lot_decimals": 8,
        "tick_size": "0.1",
        "ordermin": "0.00005",
        "costmin": "0.5",
        "fees": [],
        "status": "online",
    }
}


@define(eq=False, kw_only=True)
class ScriptedSpot(ScriptedVenue):
    """snapshot: reports of the next subscriptions; open_rows, closed_rows, trades: what the lists hold, by id;
    consolidated: what TradesHistory lists unless it is asked for single fills; on: what to do with a request over the
    socket, by its method; on_call: answers to calls, by the last word of their path."""

    snapshot: list[Message] = field(factory=list)
    open_rows: dict[str, Message] = field(factory=dict)
    closed_rows: dict[str, Message] = field(factory=dict)
    trades: dict[str, Message] = field(factory=dict)
    consolidated: dict[str, Message] | None = None
    on_call: dict[str, Answer] = field(factory=dict)
    placed: list[Message] = field(factory=list)
    _sequence: int = 0

    def __attrs_post_init__(self) -> None:
        super().__attrs_post_init__()
        polite = {
            "ping": self.pong,
            "subscribe": self.subscribe,
            "unsubscribe": self.unsubscribe,
            "add_order": self.take_order,
            "cancel_order": self.take_cancel,
            "amend_order": self.take_amendment,
        }
        self.on = polite | self.on

    def asked(self, name: str) -> list[dict[str, str]]:
        """The parameters of the calls of this name."""
        return [_params(call) for call in self.calls if call.path.rpartition("/")[2] == name]

    def asked_at(self, name: str) -> list[float]:
        return [call.time for call in self.calls if call.path.rpartition("/")[2] == name]

    def requests(self, method: str) -> list[Message]:
        """What was asked over the socket."""
        return [message for peer in self.peers for message in peer.heard if message["method"] == method]

    # REST

    async def _serve_call(self, stream: MemoryStream, call: Call) -> bool:
        name = call.path.rpartition("/")[2]
        answer = self.on_call.get(name) or getattr(self, f"_list_{name}")
        reply: Reply = await answer(_params(call))
        if reply is None:
            return False
        status, text = reply if isinstance(reply, tuple) else (200, json.dumps(reply))
        kind = "application/json" if text.startswith("{") else "text/html"
        head = f"HTTP/1.1 {status} Whatever\r\nContent-Type: {kind}\r\nContent-Length: {len(text.encode())}\r\n\r\n"
        await stream.send_all(head.encode() + text.encode())
        return True

    async def _list_AssetPairs(self, params: dict[str, str]) -> Reply:
        return ok(PAIRS)

    async def _list_GetWebSocketsToken(self, params: dict[str, str]) -> Reply:
        self.tokens.append(f"token-{len(self.tokens) + 1}")
        return ok({"token": self.tokens[-1], "expires": 900})

    async def _list_OpenOrders(self, params: dict[str, str]) -> Reply:
        return ok({"open": _named(self.open_rows, params)})

    async def _list_ClosedOrders(self, params: dict[str, str]) -> Reply:
        found = _named(self.closed_rows, params)
        return ok({"closed": found, "count": len(found)})

    async def _list_QueryOrders(self, params: dict[str, str]) -> Reply:
        if "txid" not in params:
            return error("EGeneral:Invalid arguments:txid")
        rows = self.open_rows | self.closed_rows
        return ok({name: rows[name] for name in params["txid"].split(",") if name in rows})

    async def _list_TradesHistory(self, params: dict[str, str]) -> Reply:
        single = params.get("consolidate_taker") == "false" or self.consolidated is None
        rows = self.trades if single else self.consolidated
        return ok({"trades": rows, "count": len(rows or {})})

    # The socket

    async def report(self, *reports: Message, kind: str = "update") -> None:
        self._sequence += 1
        said = {"channel": "executions", "type": kind, "data": list(reports), "sequence": self._sequence}
        await self.peer.say(said)

    async def answer(self, peer: Peer, message: Message, **result: Any) -> None:
        method, number = message["method"], message["req_id"]
        assert type(number) is int, "req_id is a JSON number"
        times = {"time_in": now(), "time_out": now()}
        await peer.say({"method": method, "req_id": number, "success": True, "result": result} | times)

    async def take_order(self, peer: Peer, message: Message) -> None:
        self.placed.append(message["params"])
        order_id = f"{ID[:-1]}{len(self.placed)}"
        name, quantity = message["params"].get("cl_ord_id", ""), message["params"]["order_qty"]
        await self.report(pending(order_id, name, qty=quantity))
        await self.answer(peer, message, order_id=order_id, cl_ord_id=name)
        await self.report(live(order_id))
        self.open_rows[order_id] = row(name)

    async def take_cancel(self, peer: Peer, message: Message) -> None:
        """By order id, of an order of which nothing has filled."""
        (order_id,) = message["params"]["order_id"]
        await self.answer(peer, message, order_id=order_id)
        await self.report(ended(order_id, "canceled", reason="User requested"))
        self.closed_rows[order_id] = self.open_rows.pop(order_id) | {"status": "canceled"}

    async def take_amendment(self, peer: Peer, message: Message) -> None:
        order_id = message["params"]["order_id"]
        terms = {name: message["params"][name] for name in ("order_qty", "limit_price") if name in message["params"]}
        await self.answer(peer, message, order_id=order_id, amend_id="TSIMAM-ENDID-000001")
        await self.report({**live(order_id), "exec_type": "amended", "reason": "User requested", **terms})

    async def _converse(self, peer: Peer) -> None:
        system = {"version": "2.0.10", "system": "online", "api_version": "v2", "connection_id": 17000000000000000001}
        await peer.say({"channel": "status", "type": "update", "data": [system]})
        while True:
            message = json.loads(await peer.socket.get_message())
            peer.heard.append(message)
            peer.heard_at.append(trio.current_time())
            await self.on[message["method"]](peer, message)

    async def pong(self, peer: Peer, message: Message) -> None:
        assert set(message) <= {"method", "req_id"}, "a ping has nothing else"
        await peer.say({"method": "pong", "time_in": now(), "time_out": now()})

    async def subscribe(self, peer: Peer, message: Message) -> None:
        await self.answer(peer, message, channel="executions", maxratecount=180, snap_orders=True, snap_trades=False)
        self._sequence = 0
        await self.report(*self.snapshot, kind="snapshot")

    async def unsubscribe(self, peer: Peer, message: Message) -> None:
        await self.answer(peer, message, channel="executions")

    async def _beat(self, peer: Peer) -> None:
        while True:
            await trio.sleep(1)
            await peer.say({"channel": "heartbeat"})


def _params(call: Call) -> dict[str, str]:
    text = call.body.decode()
    return json.loads(text) if text.startswith("{") else dict(parse_qsl(text, keep_blank_values=True))


def _named(rows: dict[str, Message], params: dict[str, str]) -> dict[str, Message]:
    name = params.get("cl_ord_id")
    return {order_id: found for order_id, found in rows.items() if name in (None, found["cl_ord_id"])}


def refused_with(text: str) -> Any:
    """What to do with a request over the socket: refuse it with this error."""

    async def refuse(peer: Peer, message: Message) -> None:
        answer = {"method": message["method"], "req_id": message["req_id"], "error": text, "success": False}
        await peer.say(answer | {"time_in": now(), "time_out": now()})

    return refuse


def in_turn(*answers: Reply | Answer, then: Answer) -> Answer:
    """Answers a call with these, one after the other, and from then on as `then` does."""
    left = list(answers)

    async def answer(params: dict[str, str]) -> Reply:
        if not left:
            return await then(params)
        first = left.pop(0)
        return await first(params) if callable(first) else first

    return answer


@asynccontextmanager
async def open_scripted_spot(**options: Any) -> AsyncIterator[ScriptedSpot]:
    """Serves until the block is left. A test that hangs fails after an hour of virtual time."""
    venue = ScriptedSpot(**options)
    with trio.fail_after(3600):
        async with open_unwrapped_nursery() as nursery:
            nursery.start_soon(venue.run)
            yield venue
            nursery.cancel_scope.cancel()


def spot_config(venue: ScriptedSpot, **options: Any) -> KrakenSpotConfig:
    """No jitter, and a wall clock that follows virtual time."""
    known: dict[str, Any] = {
        "url": "ws://localhost/v2",
        "credentials": ApiKey("number-of-the-key", SECRET),
        "connector": venue.connector,
        "draw": lambda: 0.0,
        "wall_clock": wall_clock,
        "tier": "pro",
    }
    return KrakenSpotConfig(**(known | options))


@asynccontextmanager
async def at_spot(**options: Any) -> AsyncIterator[tuple[ScriptedSpot, Client, EventStream]]:
    """A client at a polite venue. options: of the client."""
    async with open_scripted_spot() as venue, open_client(spot_config(venue, **options)) as client:
        with client.events() as stream:
            await trio.sleep(2)  # logged in, with the list of what is open
            yield venue, client, stream


def buy(quantity: str = "1", price: str = "60000", **terms: Any) -> NewOrder:
    return NewOrder.limit(BTC, Side.BUY, quantity=quantity, price=price, **terms)
