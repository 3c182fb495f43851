"""Orders, fills and frames of AX, typed out by hand, and what they mean."""

from __future__ import annotations

import json
from decimal import Decimal
from typing import Any

from protocol.ax.order_entry import Origin
from protocol.facts import OrderView, Trade
from protocol.structs import evolve
from protocol.values import LiquiditySide, OrderStatus, Side, TimeInForce, TradeId, VenueOrderId
from protocol.venue import HttpAnswer

OPEN = """{"oid":"O-7A1","u":"U-5","aid":"A-5","s":"GBPUSD-PERP","p":"1.2705","q":60,"xq":0,"rq":60,"o":"ACCEPTED",
    "d":"B","tif":"GTC","cid":9001,"tag":"desk7","po":true,"ts":1795000100,"tn":450}"""
PART = """{"oid":"O-7A1","u":"U-5","aid":"A-5","s":"GBPUSD-PERP","p":"1.2705","q":60,"xq":22,"rq":38,
    "o":"PARTIALLY_FILLED","d":"B","tif":"GTC","cid":9001,"tag":"desk7","po":true,"ts":1795000100,"tn":450}"""

BARE = """{"oid":"O-7A2","u":"U-5","s":"GBPUSD-PERP","p":"1.27","q":5,"xq":0,"rq":5,"o":"ACCEPTED",
    "d":"S","tif":"DAY","ts":1795000100,"tn":451}"""

VIEW = OrderView(
    venue_order_id=VenueOrderId("O-7A1"),
    wire_id=9001,
    symbol="GBPUSD-PERP",
    side=Side.BUY,
    price=Decimal("1.2705"),
    quantity=Decimal(60),
    cumulative=Decimal(0),
    status=OrderStatus.ACCEPTED,
    time_in_force=TimeInForce.GTC,
    post_only=True,
    time=1795000100_000000450,
    tag="desk7",
)
PART_VIEW = evolve(VIEW, cumulative=Decimal(22), status=OrderStatus.PARTIALLY_FILLED)

BARE_VIEW = OrderView(
    venue_order_id=VenueOrderId("O-7A2"),
    wire_id=None,
    symbol="GBPUSD-PERP",
    side=Side.SELL,
    price=Decimal("1.27"),
    quantity=Decimal(5),
    cumulative=Decimal(0),
    status=OrderStatus.ACCEPTED,
    time_in_force=TimeInForce.DAY,
    post_only=False,
    time=1795000100_000000451,
)
TRADE = Trade(
    venue_order_id=VenueOrderId("O-7A1"),
    trade_id=TradeId("T-88"),
    symbol="GBPUSD-PERP",
    side=Side.BUY,
    price=Decimal("1.2704"),
    quantity=Decimal(22),
    liquidity=LiquiditySide.MAKER,
    time=1795000200_000000007,
)


def changed(text: str, **changes: Any) -> str:
    """An order object with other values; the ones that are None are taken out."""
    return json.dumps({key: value for key, value in (json.loads(text) | changes).items() if value is not None})


ORIGIN = Origin(account=None, tag="tag01", self_trade_prevention=None)
ELSEWHERE = Origin(account="A-9", tag="tag01", self_trade_prevention="CancelResting")


def answer(status: int, text: str) -> HttpAnswer:
    return HttpAnswer(status=status, body=text.encode())
