"""Frames of Kraken Futures' feeds, typed out by hand, and what reads them."""

from __future__ import annotations

import json
from decimal import Decimal
from typing import Any

from protocol.facts import OrderView
from protocol.kraken_futures.codec import FuturesWire
from protocol.kraken_futures.signing import Credentials
from protocol.values import OrderStatus, OrderType, Side, TimeInForce

KEY = "TESTKEY"
SECRET = "Pz49PDs6OTg3NjU0MzIxMC8uLSwrKikoJyYlJCMiISAfHh0cGxoZGBcWFRQTEhEQDw4NDAsKCQgHBgUEAwIBAA=="
PLACED_AT = 1790000000000
SEEN_AT = 1790000004250
NS = 1_000_000
D = Decimal


def new_wire(**options: Any) -> FuturesWire:
    return FuturesWire(Credentials(KEY, SECRET), **options)


def logged_in(*orders: str, **options: Any) -> FuturesWire:
    """A wire whose login is done, with these orders open."""
    wire = new_wire(**options)
    for text in (
        '{"event":"info","version":1}',
        '{"event":"challenge","message":"c-1"}',
        '{"event":"subscribed","feed":"fills"}',
        '{"event":"subscribed","feed":"open_orders"}',
        '{"feed":"open_orders_snapshot","account":"acc-1","orders":[' + ",".join(orders) + "]}",
    ):
        wire.decode(text)
    return wire


def order(**changes: Any) -> str:
    """An order object as the feed writes it, with other values; None takes a key out, text is JSON as it stands."""
    fields: dict[str, Any] = {
        "instrument": '"PF_ETHUSD"',
        "time": str(PLACED_AT),
        "last_update_time": str(SEEN_AT),
        "qty": "2.50",
        "filled": "0.0",
        "limit_price": "3100.5",
        "stop_price": "0.0",
        "type": '"limit"',
        "order_id": '"ord-1"',
        "cli_ord_id": '"mine-1"',
        "direction": "0",
        "reduce_only": "false",
    }
    return "{" + ",".join(f'"{key}":{value}' for key, value in (fields | changes).items() if value is not None) + "}"


def delta(text: str, reason: str | None, *, gone: bool = False, feed: str = "open_orders") -> str:
    said = "" if reason is None else f',"reason":"{reason}"'
    return f'{{"feed":"{feed}","order":{text},"is_cancel":{json.dumps(gone)}{said}}}'


def bare(reason: str, *, client_id: str | None = "mine-1", order_id: str = "ord-1") -> str:
    named = "" if client_id is None else f',"cli_ord_id":"{client_id}"'
    return f'{{"feed":"open_orders","order_id":"{order_id}"{named},"is_cancel":true,"reason":"{reason}"}}'


def view(**changes: Any) -> OrderView:
    fields: dict[str, Any] = {
        "venue_order_id": "ord-1",
        "wire_id": "mine-1",
        "symbol": "PF_ETHUSD",
        "side": Side.BUY,
        "price": D("3100.5"),
        "quantity": D("2.50"),
        "cumulative": D("0.0"),
        "status": OrderStatus.ACCEPTED,
        "time_in_force": TimeInForce.GTC,
        "post_only": False,
        "type": OrderType.LIMIT,
        "trigger_price": None,
        "reason": "",
        "time": PLACED_AT * NS,
        "reduce_only": False,
        "trigger_type": None,
        "other_quantity": None,
    }
    return OrderView(**(fields | changes))


AT = SEEN_AT * NS


def fill(**changes: Any) -> str:
    fields: dict[str, Any] = {
        "instrument": '"PF_ETHUSD"',
        "time": str(SEEN_AT),
        "price": "3100.25",
        "seq": "11",
        "buy": "true",
        "qty": "0.4",
        "remaining_order_qty": "2.1",
        "order_id": '"ord-1"',
        "cli_ord_id": '"mine-1"',
        "fill_id": '"fill-1"',
        "fill_type": '"maker"',
        "fee_paid": "-0.62",
        "fee_currency": '"USD"',
        "taker_order_type": '"ioc"',
        "order_type": '"lmt"',
    }
    return "{" + ",".join(f'"{key}":{value}' for key, value in (fields | changes).items() if value is not None) + "}"


def fills(*elements: str) -> str:
    return '{"feed":"fills","username":"acc-1","fills":[' + ",".join(elements) + "]}"
