"""AX's wire from the venue's side: requests that it reads, messages that it writes."""

from __future__ import annotations

import json
from decimal import Decimal
from typing import Any

import pytest

from protocol.ax import venue_side, wire
from protocol.errors import WireError

from .messages import OPEN, changed

INCOMING: dict[str, tuple[str, dict[str, Any]]] = {
    "heartbeat": ('{"t":"h"}', {"t": "h"}),
    "heartbeat with a number": ('{"rid":9,"t":"h"}', {"t": "h", "rid": 9}),
    "place, the least": (
        '{"rid":1,"t":"p","s":"GBPUSD-PERP","d":"B","q":60,"p":"1.2705","tif":"GTC","po":false}',
        {
            "rid": 1,
            "t": "p",
            "s": "GBPUSD-PERP",
            "d": "B",
            "q": 60,
            "p": Decimal("1.2705"),
            "tif": "GTC",
            "po": False,
        },
    ),
    "place, everything": (
        '{"t":"p","rid":2,"s":"GBPUSD-PERP","d":"S","q":7,"p":1.2710,"tif":"IOC","po":true,"cid":18446744073709551615,'
        '"tag":"desk7","st":"CancelBoth","aid":"A-9","rb":"bo","unheard_of":[1]}',
        {
            "rid": 2,
            "t": "p",
            "s": "GBPUSD-PERP",
            "d": "S",
            "q": 7,
            "p": Decimal("1.2710"),
            "tif": "IOC",
            "po": True,
            "cid": 18446744073709551615,
            "tag": "desk7",
            "st": "CancelBoth",
            "aid": "A-9",
            "rb": "bo",
        },
    ),
    "place, an older stop": (
        '{"rid":3,"t":"p","s":"GBPUSD-PERP","d":"S","q":7,"p":"1.26","tif":"DAY","po":false,"cid":1,'
        '"order_type":"STOP_LOSS_LIMIT","trigger_price":"1.265"}',
        {
            "rid": 3,
            "t": "p",
            "s": "GBPUSD-PERP",
            "d": "S",
            "q": 7,
            "p": Decimal("1.26"),
            "tif": "DAY",
            "po": False,
            "cid": 1,
            "order_type": "STOP_LOSS_LIMIT",
            "trigger_price": Decimal("1.265"),
        },
    ),
    "cancel": ('{"rid":4,"t":"x","oid":"O-7A1"}', {"rid": 4, "t": "x", "oid": "O-7A1"}),
    "cancel by cid": ('{"rid":4,"t":"x","cid":5,"aid":"A-9"}', {"rid": 4, "t": "x", "cid": 5, "aid": "A-9"}),
    "cancel by both": ('{"rid":4,"t":"x","cid":5,"oid":"O"}', {"rid": 4, "t": "x", "cid": 5, "oid": "O"}),
    "replace": (
        '{"rid":5,"t":"r","oid":"O-7A1","p":"1.2699"}',
        {"rid": 5, "t": "r", "oid": "O-7A1", "p": Decimal("1.2699")},
    ),
    "replace in full": (
        '{"rid":5,"t":"r","cid":5,"p":"1.2699","q":9,"tif":"GTC","po":true,"aid":"A-9"}',
        {
            "rid": 5,
            "t": "r",
            "cid": 5,
            "p": Decimal("1.2699"),
            "q": 9,
            "tif": "GTC",
            "po": True,
            "aid": "A-9",
        },
    ),
    "open orders": ('{"rid":6,"t":"o"}', {"rid": 6, "t": "o"}),
    "open orders of": ('{"rid":6,"t":"o","account_id":"A-9"}', {"rid": 6, "t": "o", "account_id": "A-9"}),
    "status": ('{"rid":7,"t":"s","oid":"O-7A1"}', {"rid": 7, "t": "s", "oid": "O-7A1"}),
    "status by cid": ('{"rid":7,"t":"s","cid":5}', {"rid": 7, "t": "s", "cid": 5}),
    "cancel all": ('{"rid":8,"t":"X"}', {"rid": 8, "t": "X"}),
    "cancel all of": (
        '{"rid":8,"t":"X","symbol":"GBPUSD-PERP","account_id":"A-9"}',
        {"rid": 8, "t": "X", "symbol": "GBPUSD-PERP", "account_id": "A-9"},
    ),
    "funding": ('{"rid":9,"t":"ef","symbol":"GBPUSD-PERP"}', {"rid": 9, "t": "ef", "symbol": "GBPUSD-PERP"}),
}


@pytest.mark.parametrize("kind", INCOMING)
def test_the_venue_reads_a_request(kind: str) -> None:
    text, fields = INCOMING[kind]
    assert venue_side.decode_request(text) == wire.Outbound(**fields)


@pytest.mark.parametrize(
    ("text", "number"),
    [
        ("", None),
        ("[]", None),
        ('{"rid":1}', 1),
        ('{"t":"o"}', None),
        ('{"rid":1,"t":"zz"}', 1),
        ('{"rid":1,"t":"p","q":1.0}', 1),
        ('{"rid":1,"t":"p","q":"1"}', 1),
        ('{"rid":1,"t":"p","q":-1}', 1),
        ('{"rid":1,"t":"p","cid":18446744073709551616}', 1),
        ('{"rid":1,"t":"p","p":"NaN"}', 1),
        ('{"rid":1,"t":"p","p":"1e999999"}', 1),
        ('{"rid":1,"t":"x","oid":5}', 1),
        ('{"rid":"1","t":"o"}', None),
    ],
)
def test_the_venue_refuses_a_request_that_it_cannot_read(text: str, number: int | None) -> None:
    with pytest.raises(WireError):
        venue_side.decode_request(text)
    assert venue_side.request_number(text) == number


def test_the_venue_reads_a_body() -> None:
    body = venue_side.decode_body(b'{"symbol":"GBPUSD-PERP","quantity":4,"side":"B"}', wire.PreviewRequest)
    assert body == wire.PreviewRequest(symbol="GBPUSD-PERP", quantity=4, side="B")
    with pytest.raises(WireError):
        venue_side.decode_body(b'{"symbol":"GBPUSD-PERP"}', wire.PreviewRequest)


BODIES: dict[str, tuple[str, type[Any], dict[str, Any]]] = {
    "authenticate": (
        '{"api_key":"k-1","api_secret":"not-a-secret","expiration_seconds":1800}',
        wire.AuthenticateRequest,
        {"api_key": "k-1", "api_secret": "not-a-secret", "expiration_seconds": 1800},
    ),
    "authenticate by password": (
        '{"username":"ann","password":"not-a-secret","totp":"123456","expiration_seconds":1800}',
        wire.AuthenticateRequest,
        {"username": "ann", "password": "not-a-secret", "totp": "123456", "expiration_seconds": 1800},
    ),
    "place": (
        '{"s":"GBPUSD-PERP","d":"S","q":6,"p":"1.27","tif":"GTC","po":false,"cid":5}',
        wire.Placement,
        {"s": "GBPUSD-PERP", "d": "S", "q": 6, "p": Decimal("1.27"), "tif": "GTC", "po": False, "cid": 5},
    ),
    "cancel": ('{"oid":"O-7A1"}', wire.CancelBody, {"oid": "O-7A1"}),
    "replace": ('{"oid":"O-7A1","p":"1.2","q":3}', wire.ReplaceBody, {"oid": "O-7A1", "p": Decimal("1.2"), "q": 3}),
    "cancel all": ('{"symbol":"GBPUSD-PERP"}', wire.CancelAllBody, {"symbol": "GBPUSD-PERP"}),
}


@pytest.mark.parametrize("kind", BODIES)
def test_the_venue_reads_every_kind_of_body(kind: str) -> None:
    text, cls, fields = BODIES[kind]
    assert venue_side.decode_body(text.encode(), cls) == cls(**fields)


# The venue's messages, written


ORDER = wire.Order(
    oid="O-7A1",
    u="U-5",
    aid="A-5",
    s="GBPUSD-PERP",
    p=Decimal("1.2700"),
    q=60,
    xq=0,
    rq=0,
    o="REJECTED",
    d="B",
    tif="GTC",
    po=False,
    ts=1795000100,
    tn=450,
)


@pytest.mark.parametrize(
    ("message", "nulls", "text"),
    [
        (wire.Inbound(t="h", ts=1, tn=2), (), '{"t":"h","ts":1,"tn":2}'),
        (wire.Inbound(rid=3, res=wire.OrderId(oid="O-7A1")), (), '{"rid":3,"res":{"oid":"O-7A1"}}'),
        (wire.Inbound(rid=3, res=wire.CancelReceived(cxl_rx=False)), (), '{"rid":3,"res":{"cxl_rx":false}}'),
        (wire.Inbound(rid=3, res={}), (), '{"rid":3,"res":{}}'),
        (wire.Inbound(rid=3, err=wire.Error(code=500)), (), '{"rid":3,"err":{"code":500}}'),
        (wire.Inbound(rid=3, res=wire.OpenOrders(orders=[])), (), '{"rid":3,"res":{"orders":[]}}'),
        (
            wire.Inbound(rid=0, res=wire.Login(li="U-5", cod=False)),
            ("res.o",),
            '{"rid":0,"res":{"li":"U-5","cod":false,"o":null}}',
        ),
        (
            wire.Inbound(t="j", ts=1, tn=2, eid="E-1", o=ORDER),
            ("r", "txt"),
            '{"t":"j","ts":1,"tn":2,"eid":"E-1","o":{"oid":"O-7A1","s":"GBPUSD-PERP","d":"B","p":"1.27","q":60,"xq":0,'
            '"rq":0,"o":"REJECTED","tif":"GTC","u":"U-5","aid":"A-5","po":false,"ts":1795000100,"tn":450},'
            '"r":null,"txt":null}',
        ),
        (wire.Inbound(rid=3, res=wire.OrderId(oid="O")), ("err",), '{"rid":3,"res":{"oid":"O"},"err":null}'),
        ({"a": Decimal("1E+3"), "b": None, "c": [None, ORDER.p]}, ("d",), '{"a":"1000","c":[null,"1.27"],"d":null}'),
    ],
)
def test_the_venue_writes_a_message(message: object, nulls: tuple[str, ...], text: str) -> None:
    assert venue_side.encode(message, nulls=nulls) == text


@pytest.mark.parametrize(
    ("kind", "text", "cls"),
    [
        ("balances", '{"balances":[{"account_id":"A-5","symbol":"USD","amount":"10.5"}]}', dict),
        ("order", changed(OPEN, o="REPLACED"), wire.Order),
        ("margin", '{"im_pct":"4","im":"12","pos":-3,"mult":"1"}', wire.MarginRequirement),
        ("preview", '{"im_pct":"4","im":"12","pos_before":-3,"pos_after":-9,"liq":"2.1"}', wire.OrderPreview),
        (
            "position",
            '{"account_id":"A-5","symbol":"GBPUSD-PERP","signed_quantity":-3,"signed_notional":"-3.8",'
            '"signed_cost_basis":"-3.8","timestamp":"2026-11-18T11:10:00Z","realized_pnl":"0"}',
            wire.Position,
        ),
        (
            "whoami",
            '{"id":"U-5","username":"ann","created_at":"2026-02-01T00:00:00Z","is_onboarded":true,"is_frozen":false,'
            '"is_admin":false,"accounts":[{"id":"A-5","name":"main","is_close_only":false,"maker_fee":"0.1",'
            '"taker_fee":"0.2","can_list":true,"can_read":true,"can_set_limits":true,"can_reduce_or_close":true,'
            '"can_trade":true}]}',
            wire.Whoami,
        ),
        (
            "instrument",
            '{"symbol":"GBPUSD-PERP","multiplier":"1","tick_size":"0.0001","minimum_order_size":"5",'
            '"quote_currency":"USD","initial_margin_pct":"4","maintenance_margin_pct":"3","category":"fx"}',
            wire.InstrumentRow,
        ),
        ("orders", '{"orders":[' + OPEN + '],"limit":100,"next_cursor":"1:O"}', wire.OrderPage),
    ],
)
def test_a_body_of_the_venue_survives_reading_and_writing(kind: str, text: str, cls: type[Any]) -> None:
    body = venue_side.decode_body(text.encode(), cls)
    assert json.loads(venue_side.encode(body)) == json.loads(text)
