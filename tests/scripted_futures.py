"""A scripted Kraken Futures peer: real frames and HTTP in memory, every message typed by hand (spec Kraken B).

It shares no idea of the wire with the client: nothing of `protocol` is imported here. Left alone it logs clients in,
takes every order and fills none; what its lists hold, and what `on_call` answers, is for the test to say.
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

from actors import ApiKey, Client, EventStream, KrakenFuturesConfig, NewOrder, Side, open_client
from actors.net.memory_stream import MemoryStream
from actors.plumbing.nurseries import open_unwrapped_nursery

from .scripted_venue import Call, Message, Peer, ScriptedVenue, _http_answer, wall_clock

BTC = "PF_XBTUSD.KRAKEN-FUTURES"
SECRET = "c29tZXRoaW5nIGVsc2UgZW50aXJlbHk="  # not a secret
BASE = "/derivatives/api/v3"
HISTORY = "/api/history/v3"
ID = "aaaaaaaa-0000-4000-8000-000000000001"
"""Of the order that `sendorder` makes; the next ones count up."""

Answer = Callable[[dict[str, str]], Awaitable[Message]]


def ms() -> int:
    return wall_clock() // 1_000_000


def iso() -> str:
    moment = datetime.fromtimestamp(ms() / 1000, UTC)
    return moment.strftime("%Y-%m-%dT%H:%M:%S.") + f"{moment.microsecond // 1000:03d}Z"


def ok(**what: Any) -> Message:
    return {"result": "success", "serverTime": iso(), **what}


def error(code: str) -> Message:
    return {"result": "error", "error": code, "serverTime": iso()}


@define(eq=False, kw_only=True)
class ScriptedFutures(ScriptedVenue):
    """listed: orders of the next snapshot; fill_rows, open_rows, statuses: what fills, openorders and orders/status
    list; history: elements by the last word of their path; on_call: answers to calls, by the last word of their path;
    down_until: virtual seconds, until when nobody can connect."""

    listed: list[Message] = field(factory=list)
    open_rows: list[Message] = field(factory=list)
    statuses: list[Message] = field(factory=list)
    history: dict[str, list[Message]] = field(factory=lambda: {"orders": [], "triggers": []})
    on_call: dict[str, Answer] = field(factory=dict)
    placed: list[dict[str, str]] = field(factory=list)

    def asked(self, path: str) -> list[dict[str, str]]:
        """The parameters of the calls whose path ends so."""
        return [_params(call) for call in self.calls if call.path.endswith(path)]

    async def _serve_call(self, stream: MemoryStream, call: Call) -> bool:
        await stream.send_all(_http_answer(200, await self._answer(call)))
        return True

    async def _answer(self, call: Call) -> Message:
        name = call.path.removeprefix(f"{BASE}/").removeprefix("/api/")
        answer = self.on_call.get(name) or self.__getattribute__("_" + name.replace("/", "_"))
        said: Message = await answer(_params(call))
        return said

    # Questions

    async def _instruments(self, params: dict[str, str]) -> Message:
        row = {"symbol": "PF_XBTUSD", "type": "flexible_futures", "tradeable": True, "tickSize": 0.5, "contractSize": 1}
        return ok(instruments=[row | {"contractValueTradePrecision": 4, "base": "BTC", "quote": "USD"}])

    async def _openorders(self, params: dict[str, str]) -> Message:
        return ok(openOrders=self.open_rows)

    async def _fills(self, params: dict[str, str]) -> Message:
        return ok(fills=self.fill_rows)

    async def _orders_status(self, params: dict[str, str]) -> Message:
        return ok(orders=self.statuses)

    async def _history_v3_orders(self, params: dict[str, str]) -> Message:
        return page(*self.history["orders"])

    async def _history_v3_triggers(self, params: dict[str, str]) -> Message:
        return page(*self.history["triggers"])

    # Orders

    async def _sendorder(self, params: dict[str, str]) -> Message:
        """Takes a limit order or a stop, and fills nothing of it."""
        self.placed.append(params)
        order_id = f"{ID[:-1]}{len(self.placed)}"
        is_stop = params["orderType"] == "stp"
        await self.peer.say(delta(order_id, params, "new_placed_order_by_user"))
        terms: Message = {"symbol": params["symbol"], "side": params["side"], "quantity": float(params["size"])}
        times = {"reduceOnly": False, "timestamp": iso(), "lastUpdateTimestamp": iso()}
        if is_stop:
            waits: Message = {"uid": order_id, "clientId": params["cliOrdId"], "type": "ioc", "limitPrice": None}
            where = {"triggerPrice": float(params["stopPrice"]), "triggerSide": "trigger_below"}
            reference = {"triggerSignal": "mark_price"}
            event: Message = {"type": "PLACE", "orderTrigger": waits | terms | where | reference | times}
        else:
            order: Message = {"type": "lmt", "orderId": order_id, "cliOrdId": params["cliOrdId"], "filled": 0}
            price = {"limitPrice": float(params["limitPrice"])}
            event = {"type": "PLACE", "order": order | terms | price | times, "reducedQuantity": None}
        status = {"order_id": order_id, "cliOrdId": params["cliOrdId"], "status": "placed", "receivedTime": iso()}
        return ok(sendStatus=status | {"orderEvents": [event]})

    async def take_cancel(self, params: dict[str, str]) -> Message:
        """Nothing is open any more, and nothing had filled."""
        self.listed, self.open_rows, self.statuses = [], [], []
        order_id = params.get("order_id", ID)
        gone = {"feed": "open_orders", "order_id": order_id, "is_cancel": True, "reason": "cancelled_by_user"}
        await self.peer.say(gone)
        event = {"type": "CANCEL", "uid": order_id, "order": self._order_row(order_id)}
        return ok(cancelStatus={"status": "cancelled", "order_id": order_id, "orderEvents": [event]})

    def _order_row(self, order_id: str) -> Message:
        """One of the orders that were placed, which are numbered."""
        number = int(order_id[-1])
        placed = self.placed[number - 1] if 0 < number <= len(self.placed) else {}
        row: Message = status_row(order_id, placed.get("cliOrdId", ""))["order"]
        return row | {"type": "lmt"}

    _cancelorder = take_cancel

    # The socket

    async def _converse(self, peer: Peer) -> None:
        await peer.say({"event": "info", "version": 1})
        while True:
            message = json.loads(await peer.socket.get_message())
            peer.heard.append(message)
            peer.heard_at.append(trio.current_time())
            if message["event"] == "challenge":
                await peer.say({"event": "challenge", "message": "11111111-2222-4333-8444-555555555555"})
            elif message["event"] == "subscribe":
                await peer.say({**message, "event": "subscribed"})
                if message["feed"] == "open_orders":
                    await peer.say({"feed": "open_orders_snapshot", "account": "a-uid", "orders": self.listed})
                elif message["feed"] == "fills":
                    await peer.say({"feed": "fills_snapshot", "account": "a-uid", "fills": []})

    async def _beat(self, peer: Peer) -> None:
        while True:
            await trio.sleep(1)
            await peer.say({"feed": "heartbeat", "time": ms()})


def _params(call: Call) -> dict[str, str]:
    return dict(parse_qsl(call.body.decode(), keep_blank_values=True)) if call.body else call.query


def page(*elements: Message, **more: Any) -> Message:
    """A page of the history, as the venue documents it: `result` is not there."""
    return {"accountUid": "a-uid", "len": len(elements), "serverTime": iso(), "elements": list(elements), **more}


def delta(order_id: str, params: dict[str, str], reason: str, *, gone: bool = False, **changes: Any) -> Message:
    """A change on the open_orders feed of an order that `sendorder` was asked for."""
    order = {
        "instrument": params["symbol"],
        "time": ms(),
        "last_update_time": ms(),
        "qty": float(params["size"]),
        "filled": 0.0,
        "limit_price": float(params.get("limitPrice", 0)),
        "stop_price": float(params.get("stopPrice", 0)),
        "type": "stop" if "stopPrice" in params else "limit",
        "order_id": order_id,
        "cli_ord_id": params["cliOrdId"],
        "direction": 0 if params["side"] == "buy" else 1,
        "reduce_only": False,
    }
    return {"feed": "open_orders", "order": order | changes, "is_cancel": gone, "reason": reason}


def history_order(order_id: str, client_id: str, **changes: Any) -> Message:
    """An order in the history: `quantity` is what remains, all numbers are text."""
    order = {
        "uid": order_id,
        "accountUid": "a-uid",
        "tradeable": "PF_XBTUSD",
        "direction": "Buy",
        "quantity": "1",
        "filled": "0",
        "timestamp": ms(),
        "limitPrice": "60000",
        "orderType": "Limit",
        "clientId": client_id,
        "reduceOnly": False,
        "lastUpdateTimestamp": ms(),
        "spotData": None,
    }
    return order | changes


def history_trigger(order_id: str, client_id: str, **changes: Any) -> Message:
    """A stop in the history of triggers."""
    order = history_order(order_id, client_id, direction="Sell", limitPrice="", orderType="IoC")
    del order["filled"], order["spotData"]
    options = {"triggerPrice": "59000", "triggerSignal": "MarkPrice", "triggerSide": "Below"}
    return order | {"accountId": 1, "triggerOptions": options} | changes


def element(kind: str, /, **event: Any) -> Message:
    return {"uid": "eeeeeeee-0000-4000-8000-000000000001", "timestamp": ms(), "event": {kind: event}}


def status_row(order_id: str, client_id: str, status: str = "ENTERED_BOOK", **changes: Any) -> Message:
    """A row of orders/status."""
    order = {
        "type": "ORDER",
        "orderId": order_id,
        "cliOrdId": client_id,
        "symbol": "PF_XBTUSD",
        "side": "buy",
        "quantity": 1,
        "filled": 0,
        "limitPrice": 60000,
        "reduceOnly": False,
        "timestamp": iso(),
        "lastUpdateTimestamp": iso(),
    }
    return {"order": order | changes, "status": status, "updateReason": None, "error": None}


def open_row(order_id: str, client_id: str, **changes: Any) -> Message:
    """A row of openorders."""
    row = {
        "order_id": order_id,
        "cliOrdId": client_id,
        "symbol": "PF_XBTUSD",
        "side": "buy",
        "orderType": "lmt",
        "limitPrice": 60000,
        "unfilledSize": 1,
        "filledSize": 0,
        "receivedTime": iso(),
        "status": "untouched",
        "reduceOnly": False,
        "lastUpdateTime": iso(),
    }
    return row | changes


def buy(quantity: str = "1", price: str = "60000", **terms: Any) -> NewOrder:
    return NewOrder.limit(BTC, Side.BUY, quantity=quantity, price=price, **terms)


@asynccontextmanager
async def trading(**options: Any) -> AsyncIterator[tuple[ScriptedFutures, Client, EventStream]]:
    """A client at the peer, on virtual time. options: of the client."""
    with trio.fail_after(6 * 3600):
        async with open_unwrapped_nursery() as nursery:
            venue = ScriptedFutures()
            nursery.start_soon(venue.run)
            known: dict[str, Any] = {
                "url": "ws://localhost/ws/v1",
                "credentials": ApiKey("key-1", SECRET),
                "connector": venue.connector,
                "draw": lambda: 0.0,
                "wall_clock": wall_clock,
            }
            async with open_client(KrakenFuturesConfig(**(known | options))) as client:
                with client.events() as stream:
                    yield venue, client, stream
            nursery.cancel_scope.cancel()
