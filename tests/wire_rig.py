"""Dispatch behind a real venue's wire: frames go in as the venue writes them, and a small book answers for it."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from datetime import UTC, datetime
from typing import Any, ClassVar

from actors import ApiKey, AxConfig, KrakenFuturesConfig, KrakenSpotConfig
from protocol import commands, requests
from protocol.dispatch.inputs import Admission, Asked, Heard, LinkDown, LinkUp, Submission
from protocol.dispatch.tracking import Order
from protocol.orders import NewOrder
from protocol.values import ClientOrderId, Instrument, RequestId
from protocol.venue import SECOND, HttpAnswer, Opening

from .order_life import WALL, Rig

__all__ = ["BUSY", "AxRig", "FuturesRig", "SpotRig", "WireRig"]

Message = Mapping[str, Any]
BUSY = "<html>busy</html>"
SECRET = "c29tZXRoaW5nIGVsc2UgZW50aXJlbHk="  # not a secret


class WireRig(Rig):
    """answers: what the venue says to each class of request, None: nothing; `serve` asks them."""

    instrument: ClassVar[Instrument]

    def __init__(self, config: Any, **options: Any) -> None:
        super().__init__(logged_in=False, venue=config.venue(), **options)
        self.venue = config.venue()
        self.wire: Any = None
        self.warnings: list[str] = []
        self.answers: dict[type, Callable[[Any], Any]] = {}

    @property
    def seconds(self) -> float:
        """Since the beginning."""
        return self.time / SECOND - 100

    @property
    def unix(self) -> int:
        """Whole seconds since 1970."""
        return (WALL + self.time) // SECOND

    @property
    def iso(self) -> str:
        return iso(self.unix)

    def apply(self, *inputs: Any) -> list[str]:
        names = super().apply(*inputs)
        self.warnings += self.last.warnings
        return names

    def link(self) -> list[str]:
        self.connection += 1
        opening = Opening(
            instruments={self.instrument.symbol: self.instrument}, token="TOKEN", again=self.connection > 1
        )
        self.wire = self.venue.open_wire(opening)
        return self.apply(LinkUp(self.connection, "ws://test"))

    def frames(self, *frames: Message) -> list[str]:
        names: list[str] = []
        for frame in frames:
            names += self.apply(Heard(self.connection, self.wire.decode(json.dumps(frame))))
        return names

    def cut(self, *, by_venue: bool = False) -> list[str]:
        return self.apply(LinkDown(self.connection, "cut", True, by_venue=by_venue))

    def over_http(self, request: Any, body: Message | str, status: int = 200) -> list[str]:
        text = body if isinstance(body, str) else json.dumps(body)
        facts = self.venue.read_answer(request, HttpAnswer(status=status, body=text.encode()))
        return self.apply(Heard(0, facts))

    def submit(self, order: NewOrder) -> int:
        self.numbers += 1
        self.venue.check_order(order, {self.instrument.symbol: self.instrument})
        name = ClientOrderId(str(order.client_order_id))
        self.apply(
            Asked(
                command=commands.Place(order),
                request_id=RequestId(self.numbers),
                reply_to=f"asker {self.numbers}",
                admission=Admission.ORDER,
                submission=Submission(order=order, client_order_id=name, instrument=self.instrument),
            )
        )
        return self.numbers

    def command(self, command: commands.Command, admission: Admission | None = Admission.ORDER) -> int:
        self.numbers += 1
        self.apply(
            Asked(
                command=command,
                request_id=RequestId(self.numbers),
                reply_to=f"asker {self.numbers}",
                admission=admission,
                instrument=self.instrument,
            )
        )
        return self.numbers

    def order(self, name: str) -> Order:
        order = self.state.orders.by_client_order_id(ClientOrderId(name))
        assert order is not None
        return order

    def told(self, kind: type) -> list[Any]:
        return [record for record in self.records if isinstance(record, kind)]

    def asked(self, kind: type) -> list[Any]:
        """Requests of this kind that were sent since the last look; the others are left."""
        found = [send.request for send in self.sends if isinstance(send.request, kind)]
        self.sends = [send for send in self.sends if not isinstance(send.request, kind)]
        return found

    # A venue that answers

    def serve(self, seconds: float = 0) -> list[str]:
        """Answers every request by `answers`, at once, for so long."""
        until, names = self.time + int(seconds * SECOND), self._answer()
        while self.time < until:
            names += self.wait(min(1.0, (until - self.time) / SECOND))
            names += self._answer()
        return names

    def _answer(self) -> list[str]:
        names: list[str] = []
        while self.sends:
            request = self.sends.pop(0).request
            answer = self.answers.get(type(request))
            body = None if answer is None else answer(request)
            if body is None:
                continue
            if type(request) in self.venue.rules.http_requests:
                names += self.over_http(request, body, 503 if body == BUSY else 200)
            else:
                names += self.frames(body)
        return names


def iso(unix: float) -> str:
    return datetime.fromtimestamp(unix, UTC).strftime("%Y-%m-%dT%H:%M:%S.%fZ")


class AxRig(WireRig):
    """orders: the venue's book by its order ids, as `row` makes them; fills: rows of /fills."""

    instrument = Instrument(id="XAU-PERP.AX", price_increment="0.1")

    def __init__(self, **options: Any) -> None:
        super().__init__(AxConfig(credentials=ApiKey("key", "secret")), **options)
        self.orders: dict[str, dict[str, Any]] = {}
        self.fills: list[dict[str, Any]] = []
        self.answers = {
            requests.QueryOrder: self._status,
            requests.ListOpenOrders: self._open,
            requests.ListFills: lambda request: {"fills": self.fills, "next_cursor": None},
            requests.ListOrderHistory: lambda request: {"orders": list(self.orders.values()), "next_cursor": None},
        }

    def log_in(self, *listed: str) -> list[str]:  # type: ignore[override]
        """listed: venue order ids."""
        names = self.link()
        return names + self.frames({"rid": 0, "res": {"li": "U", "o": [self.orders[oid] for oid in listed]}})

    def row(self, oid: str, name: str, state: str, *, size: int, filled: int = 0, price: str = "2411") -> Message:
        """An order of the book, which it becomes."""
        row = self.orders[oid] = {
            "oid": oid, "u": "U", "aid": "A", "s": "XAU-PERP", "p": price, "q": size, "xq": filled, "rq": size - filled,
            "o": state, "d": "B", "tif": "GTC", "cid": self.venue.wire_id(ClientOrderId(name)), "tag": "t", "po": False,
            "ts": self.unix, "tn": 0,
        }  # fmt: skip
        return row

    def event(self, kind: str, row: Message, **more: Any) -> Message:
        self.numbers_told = getattr(self, "numbers_told", 0) + 1
        return {"t": kind, "ts": self.unix, "tn": 0, "eid": f"E{self.numbers_told}", "o": row, **more}

    def execution(self, tid: str, size: int, price: str = "2411") -> dict[str, Any]:
        """`xs` of a fill event."""
        return {"tid": tid, "aid": "A", "s": "XAU-PERP", "q": size, "p": price, "d": "B", "agg": False}

    def fill_row(self, oid: str, tid: str, size: int, price: str = "2411") -> None:
        self.fills.append({
            "trade_id": tid, "order_id": oid, "symbol": "XAU-PERP", "side": "B", "quantity": size, "price": price,
            "fee": "1", "is_taker": False, "timestamp": self.iso,
        })  # fmt: skip

    def _find(self, request: requests.QueryOrder) -> Message | None:
        if request.venue_order_id is not None:
            return self.orders.get(request.venue_order_id)
        return next((row for row in self.orders.values() if row["cid"] == request.wire_id), None)

    def _status(self, request: requests.QueryOrder) -> Message:
        row = self._find(request)
        if row is None:
            return {"rid": request.request_id, "err": {"code": 404, "msg": "no such order"}}
        status = {
            "order_id": row["oid"], "state": row["o"], "symbol": row["s"], "clord_id": row["cid"],
            "filled_quantity": row["xq"], "remaining_quantity": row["rq"],
        }  # fmt: skip
        return {"rid": request.request_id, "res": {"status": status}}

    def _open(self, request: requests.ListOpenOrders) -> Message:
        rows = [row for row in self.orders.values() if row["o"] in ("ACCEPTED", "PARTIALLY_FILLED")]
        return {"rid": request.request_id, "res": {"orders": rows}}


class SpotRig(WireRig):
    """open, closed: rows of OpenOrders and ClosedOrders by txid; trades: of TradesHistory."""

    instrument = Instrument(
        id="BTC/USD.KRAKEN", price_increment="0.1", quantity_increment="0.00000001", minimum_quantity="0.0001"
    )

    def __init__(self, *, process_within: float = 5.0, **options: Any) -> None:
        config = KrakenSpotConfig(credentials=ApiKey("key", SECRET), use_budget=False, process_within=process_within)
        super().__init__(config, **options)
        self.open: dict[str, Message] = {}
        self.closed: dict[str, Message] = {}
        self.trades: dict[str, Message] = {}
        self.sequence = 0
        self.answers = {
            requests.QueryOrder: self._query,
            requests.ListOpenOrders: lambda request: {"error": [], "result": {"open": self.open}},
            requests.ListFills: lambda request: {
                "error": [], "result": {"trades": self.trades, "count": len(self.trades)}
            },
        }  # fmt: skip

    def log_in(self, *reports: Message) -> list[str]:  # type: ignore[override]
        """reports: of the snapshot."""
        self.sequence = 0
        names = self.link()
        names += self.frames({"channel": "status", "type": "update", "data": [{"system": "online"}]})
        subscribed = {"method": "subscribe", "req_id": 2147483648, "success": True, "result": {"channel": "executions"}}
        return names + self.frames(subscribed) + self.report(*reports, kind="snapshot")

    def report(self, *reports: Message, kind: str = "update") -> list[str]:
        self.sequence += 1
        frame = {"channel": "executions", "type": kind, "sequence": self.sequence, "data": list(reports)}
        return self.frames(frame)

    def known(self, txid: str, name: str, **terms: Any) -> dict[str, Any]:
        """What every report of an order says of it."""
        return {
            "order_id": txid, "cl_ord_id": name, "symbol": "BTC/USD", "side": "buy", "order_type": "limit",
            "limit_price": 64000.0, "time_in_force": "GTC", "timestamp": self.iso, **terms,
        }  # fmt: skip

    def resting(self, txid: str, name: str, quantity: float, filled: float = 0.0) -> dict[str, Any]:
        status = "partially_filled" if filled else "new"
        return self.known(
            txid, name, exec_type="new", order_status=status, order_qty=quantity, cum_qty=filled,
            cum_cost=filled * 64000.0, avg_price=64000.0 if filled else 0.0,
        )  # fmt: skip

    def trade_report(self, txid: str, name: str, tid: str, quantity: float, **terms: Any) -> dict[str, Any]:
        told = {
            "exec_type": "trade", "exec_id": tid, "order_status": "partially_filled", "last_qty": quantity,
            "last_price": 64000.0, "liquidity_ind": "m", "fees": [{"asset": "USD", "qty": 1}],
        }  # fmt: skip
        return self.known(txid, name, **(told | terms))

    def live_order(self, txid: str, name: str, quantity: str, **terms: Any) -> None:
        """Placed, taken and told."""
        order = NewOrder.limit(
            str(self.instrument.id),
            terms.pop("side"),
            quantity=quantity,
            price="64000",
            client_order_id=ClientOrderId(name),
        )
        number = self.submit(order)
        taken = {"order_id": txid, "cl_ord_id": name}
        self.frames({"method": "add_order", "req_id": number, "success": True, "result": taken})
        self.report(self.resting(txid, name, float(quantity)))

    def _query(self, request: requests.QueryOrder) -> Message:
        rows = {**self.open, **self.closed}
        if request.venue_order_id is not None:
            found = {txid: row for txid, row in rows.items() if txid == request.venue_order_id}
            return {"error": [], "result": found}
        kind, rows = ("closed", self.closed) if request.cursor else ("open", self.open)
        found = {txid: row for txid, row in rows.items() if row["cl_ord_id"] == request.wire_id}
        return {"error": [], "result": {kind: found, "count": len(found)}}


class FuturesRig(WireRig):
    """open_rows: of openorders; statuses: of orders/status; fills: of fills; elements: of the histories."""

    instrument = Instrument(
        id="PF_XBTUSD.KRAKEN-FUTURES",
        price_increment="0.5",
        quantity_increment="0.0001",
        minimum_quantity="0.0001",
    )

    def __init__(self, **options: Any) -> None:
        super().__init__(KrakenFuturesConfig(credentials=ApiKey("key", SECRET), use_budget=False), **options)
        self.open_rows: list[Message] = []
        self.statuses: list[Message] = []
        self.fills: list[Message] = []
        self.elements: list[Message] = []
        self.answers = {
            requests.QueryOrder: lambda request: self.ok(orders=self.statuses),
            requests.ListOpenOrders: lambda request: self.ok(openOrders=self.open_rows),
            requests.ListFills: lambda request: self.ok(fills=self.fills),
            requests.ListOrderHistory: lambda request: {
                "accountUid": "a", "len": len(self.elements), "elements": self.elements
            },
        }  # fmt: skip

    def ok(self, **what: Any) -> Message:
        return {"result": "success", "serverTime": self.iso, **what}

    def log_in(self, *listed: Message) -> list[str]:  # type: ignore[override]
        """listed: orders of the snapshot."""
        names = self.link()
        names += self.frames(
            {"event": "info", "version": 1},
            {"event": "challenge", "message": "c100b894-1729-464d-ace1-52dbce11db42"},
        )
        for feed in ("fills", "open_orders", "heartbeat"):
            names += self.frames({"event": "subscribed", "feed": feed})
        return names + self.frames(
            {"feed": "fills_snapshot", "account": "a", "fills": []},
            {"feed": "open_orders_snapshot", "account": "a", "orders": list(listed)},
        )

    def row(self, order_id: str, name: str, quantity: float, filled: float = 0.0, **terms: Any) -> dict[str, Any]:
        """An order of the feed `open_orders`."""
        now = self.unix * 1000
        return {
            "order_id": order_id, "cli_ord_id": name, "instrument": "PF_XBTUSD", "time": now, "last_update_time": now,
            "qty": quantity, "filled": filled, "limit_price": 60000.0, "stop_price": 0.0, "type": "limit",
            "direction": 0, "reduce_only": False, **terms,
        }  # fmt: skip

    def placed(self, order_id: str, name: str, quantity: float) -> None:
        """Answers the placement that is on its way, and the feed shows the order."""
        (request,) = self.asked(requests.PlaceOrder)
        shown = {
            "orderId": order_id, "cliOrdId": name, "type": "lmt", "symbol": "PF_XBTUSD", "side": "buy",
            "quantity": quantity, "filled": 0, "limitPrice": 60000, "reduceOnly": False, "timestamp": self.iso,
            "lastUpdateTimestamp": self.iso,
        }  # fmt: skip
        sent = {
            "order_id": order_id, "cliOrdId": name, "status": "placed", "receivedTime": self.iso,
            "orderEvents": [{"type": "PLACE", "order": shown}],
        }  # fmt: skip
        self.over_http(request, self.ok(sendStatus=sent))
        self.delta(self.row(order_id, name, quantity), "new_placed_order_by_user")

    def delta(self, row: Message, reason: str) -> list[str]:
        return self.frames({"feed": "open_orders", "is_cancel": False, "reason": reason, "order": row})

    def gone(self, order_id: str, name: str, reason: str) -> Message:
        return {"feed": "open_orders", "order_id": order_id, "cli_ord_id": name, "is_cancel": True, "reason": reason}

    def fill(self, order_id: str, name: str | None, fill_id: str, quantity: float, left: float = 0.0) -> Message:
        row = {
            "order_id": order_id, "cli_ord_id": name, "instrument": "PF_XBTUSD", "time": self.unix * 1000,
            "price": 60000, "seq": 1, "buy": True, "qty": quantity, "remaining_order_qty": left, "fill_id": fill_id,
            "fill_type": "maker", "fee_paid": 0.1, "fee_currency": "USD",
        }  # fmt: skip
        if name is None:
            del row["cli_ord_id"]
        return {"feed": "fills", "username": "u", "fills": [row]}
