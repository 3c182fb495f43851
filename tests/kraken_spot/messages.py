"""Frames, reports and answers of Kraken Spot, typed out by hand, and what reads them."""

from __future__ import annotations

import json
from collections.abc import Sequence
from decimal import Decimal
from typing import Any

import attrs
from hypothesis import strategies as st

from protocol.facts import BatchAnswered, LegAnswer, OrderView, Outcome, Say, VenueTime
from protocol.kraken_spot import wire
from protocol.kraken_spot.codec import SpotWire
from protocol.kraken_spot.options import ConditionalClose, KrakenSpotOptions
from protocol.requests import (
    BatchOrders,
    CancelAllOrders,
    CancelOrder,
    PlaceOrder,
    ReplaceOrder,
    Request,
    SetCancelAllAfter,
)
from protocol.values import OffsetUnit, OrderStatus, OrderType, RequestId, Side, TimeInForce, TriggerType, VenueOrderId
from protocol.venue import HttpAnswer, Opening

D = Decimal
TOKEN = "SECRET-TOKEN-1"
SECRET = "AAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh8gISIjJCUmJygpKissLS4vMDEyMzQ1Njc4OTo7PD0+Pw=="
PLACED = "2026-07-01T12:00:00.000100Z"
SEEN = "2026-07-01T12:00:05.250000Z"
PLACED_NS = 1782907200000100000

STATUS = (
    '{"channel":"status","type":"update","data":[{"version":"2.0.10","system":"online","api_version":"v2",'
    '"connection_id":17000000000000000001,"upcoming_maintenance":[],"emergency":[]}]}'
)
HEARTBEAT = '{"channel":"heartbeat"}'


def ack(number: int = 2**31, method: str = "subscribe") -> str:
    return (
        f'{{"method":"{method}","req_id":{number},"result":{{"channel":"executions","maxratecount":125,'
        '"snap_orders":true,"snap_trades":false},"success":true,'
        '"time_in":"2026-07-01T12:00:00.500000Z","time_out":"2026-07-01T12:00:00.502100Z"}'
    )


def snapshot(*reports: str, sequence: int = 1) -> str:
    return f'{{"channel":"executions","type":"snapshot","data":[{",".join(reports)}],"sequence":{sequence}}}'


def update(*reports: str, sequence: int | None = None) -> str:
    number = "" if sequence is None else f',"sequence":{sequence}'
    return f'{{"channel":"executions","type":"update","data":[{",".join(reports)}]{number}}}'


class WireWithoutTime(SpotWire):
    """Leaves out the venue's time, which comes with every answer and has tests of its own."""

    def decode(self, message: str | bytes) -> tuple[Any, ...]:
        return tuple(fact for fact in super().decode(message) if not isinstance(fact, VenueTime))


def new_wire(**opening: Any) -> SpotWire:
    return WireWithoutTime(Opening(**{"token": TOKEN, "instruments": {}} | opening))


def logged_in(*reports: str, **opening: Any) -> SpotWire:
    """A wire whose login is done, with these orders and fills in its snapshot."""
    spot = new_wire(**opening)
    for text in (STATUS, ack(), snapshot(*reports)):
        spot.decode(text)
    return spot


def heard(spot: SpotWire, *reports: str) -> list[Any]:
    return list(spot.decode(update(*reports)))


def said(facts: Sequence[Any]) -> list[Any]:
    return [json.loads(fact.text) for fact in facts if isinstance(fact, Say)]


def fields_as_json(fields: dict[str, Any], changes: dict[str, Any]) -> str:
    return "{" + ",".join(f'"{key}":{value}' for key, value in (fields | changes).items() if value is not None) + "}"


def pending(**changes: Any) -> str:
    """A full report as the venue writes it; None takes a key out, text is JSON as it stands."""
    fields = {
        "order_id": '"OAAAA1-BBBB2-CCCC33"',
        "symbol": '"ETH/USD"',
        "order_qty": "0.50000000",
        "cum_cost": "0.00000",
        "time_in_force": '"GTC"',
        "exec_type": '"pending_new"',
        "side": '"buy"',
        "order_type": '"limit"',
        "cl_ord_id": '"sim-0001"',
        "limit_price_type": '"static"',
        "limit_price": "3000.10",
        "stop_price": "0.00",
        "order_status": '"pending_new"',
        "fee_usd_equiv": "0.0",
        "fee_ccy_pref": '"fciq"',
        "timestamp": f'"{PLACED}"',
    }
    return fields_as_json(fields, changes)


def delta(**changes: Any) -> str:
    """A report with nothing but what every one has."""
    fields = {"timestamp": f'"{SEEN}"', "order_id": '"OAAAA1-BBBB2-CCCC33"'}
    return fields_as_json(fields, changes)


def new() -> str:
    return delta(exec_type='"new"', order_status='"new"')


def fill(**changes: Any) -> str:
    fields = {
        "order_id": '"OAAAA1-BBBB2-CCCC33"',
        "exec_id": '"TXXXX1-YYYY2-ZZZZ33"',
        "exec_type": '"trade"',
        "trade_id": "900001",
        "symbol": '"ETH/USD"',
        "side": '"buy"',
        "last_qty": "0.50000000",
        "last_price": "3000.10",
        "liquidity_ind": '"m"',
        "cost": "1500.05000",
        "order_type": '"limit"',
        "timestamp": f'"{SEEN}"',
        "order_status": '"partially_filled"',
        "cum_qty": "0.50000000",
        "cum_cost": "1500.05000",
        "avg_price": "3000.10",
        "fee_usd_equiv": "2.40008",
        "fees": '[{"asset":"USD","qty":2.40008}]',
    }
    return fields_as_json(fields, changes)


def view(**changes: Any) -> OrderView:
    fields: dict[str, Any] = {
        "venue_order_id": "OAAAA1-BBBB2-CCCC33",
        "wire_id": "sim-0001",
        "symbol": "ETH/USD",
        "side": Side.BUY,
        "price": D("3000.10"),
        "quantity": D("0.5"),
        "cumulative": None,
        "status": OrderStatus.ACCEPTED,
        "time_in_force": TimeInForce.GTC,
        "post_only": False,
        "type": OrderType.LIMIT,
        "time": PLACED_NS,
    }
    return OrderView(**(fields | changes))


def refused_subscription(number: int, error: str) -> str:
    return (
        f'{{"method":"subscribe","req_id":{number},"error":"{error}","success":false,'
        '"time_in":"2026-07-01T12:00:00.500000Z","time_out":"2026-07-01T12:00:00.502100Z",'
        '"channel":"executions","status":"error"}'
    )


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | st.text(max_size=9),
    lambda inner: (
        st.lists(inner, max_size=3)
        | st.dictionaries(st.sampled_from([at.name for at in attrs.fields(wire.Report)]), inner, max_size=6)
    ),
    max_leaves=12,
)


def place(**changes: Any) -> PlaceOrder:
    fields: dict[str, Any] = {
        "request_id": 100,
        "symbol": "BTC/USD",
        "side": Side.BUY,
        "type": OrderType.LIMIT,
        "quantity": D("0.02"),
        "price": D("64000.5"),
        "trigger_price": None,
        "time_in_force": TimeInForce.GTC,
        "post_only": False,
        "wire_id": "sim-0001",
        "tag": None,
    }
    return PlaceOrder(**(fields | changes))


def replace(**changes: Any) -> ReplaceOrder:
    fields: dict[str, Any] = {
        "request_id": 110,
        "venue_order_id": "OSIM01-AAAAA-BBBB01",
        "quantity": None,
        "price": None,
        "time_in_force": None,
        "post_only": None,
        "symbol": "BTC/USD",
    }
    return ReplaceOrder(**(fields | changes))


def known_id(order_id: str | None) -> VenueOrderId | None:
    return None if order_id is None else VenueOrderId(order_id)


def cancel(number: int, venue_order_id: str | None, wire_id: str | None = None) -> CancelOrder:
    return CancelOrder(request_id=RequestId(number), venue_order_id=known_id(venue_order_id), wire_id=wire_id)


SELL = {"side": Side.SELL, "symbol": "BTC/USD", "quantity": D("0.05"), "price": None}
DEADLINE = 1782907205000000000
TOMORROW = 1782993600000000000
PLACEMENTS: dict[str, tuple[PlaceOrder, str]] = {
    "limit": (
        place(),
        '"side":"buy","order_type":"limit","order_qty":0.02,"limit_price":64000.5,"time_in_force":"gtc",'
        '"cl_ord_id":"sim-0001","symbol":"BTC/USD"',
    ),
    "market": (
        place(type=OrderType.MARKET, price=None, quantity=D(15)),
        '"side":"buy","order_type":"market","order_qty":15.0,"cl_ord_id":"sim-0001","symbol":"BTC/USD"',
    ),
    "market by amount": (
        place(type=OrderType.MARKET, price=None, quantity=D("1E+2"), quote_quantity=True),
        '"side":"buy","order_type":"market","cash_order_qty":100.0,"cl_ord_id":"sim-0001","symbol":"BTC/USD"',
    ),
    "post-only": (
        place(post_only=True),
        '"side":"buy","order_type":"limit","order_qty":0.02,"limit_price":64000.5,"time_in_force":"gtc",'
        '"post_only":true,"cl_ord_id":"sim-0001","symbol":"BTC/USD"',
    ),
    "IOC": (
        place(time_in_force=TimeInForce.IOC, price=D("1E-7")),
        '"side":"buy","order_type":"limit","order_qty":0.02,"limit_price":0.0000001,"time_in_force":"ioc",'
        '"cl_ord_id":"sim-0001","symbol":"BTC/USD"',
    ),
    "IOC market": (
        place(type=OrderType.MARKET, price=None, time_in_force=TimeInForce.IOC),
        '"side":"buy","order_type":"market","order_qty":0.02,"time_in_force":"ioc","cl_ord_id":"sim-0001",'
        '"symbol":"BTC/USD"',
    ),
    "FOK": (
        place(time_in_force=TimeInForce.FOK),
        '"side":"buy","order_type":"limit","order_qty":0.02,"limit_price":64000.5,"time_in_force":"fok",'
        '"cl_ord_id":"sim-0001","symbol":"BTC/USD"',
    ),
    "GTD with a deadline": (
        place(time_in_force=TimeInForce.GTD, expire_time=TOMORROW, process_before=DEADLINE),
        '"side":"buy","order_type":"limit","order_qty":0.02,"limit_price":64000.5,"time_in_force":"gtd",'
        '"expire_time":"2026-07-02T12:00:00Z","cl_ord_id":"sim-0001","symbol":"BTC/USD",'
        '"deadline":"2026-07-01T12:00:05.000Z"',
    ),
    "iceberg": (
        place(display_quantity=D("0.01")),
        '"side":"buy","order_type":"iceberg","order_qty":0.02,"limit_price":64000.5,"time_in_force":"gtc",'
        '"display_qty":0.01,"cl_ord_id":"sim-0001","symbol":"BTC/USD"',
    ),
    "margin, reduce-only": (
        place(margin=True, reduce_only=True),
        '"side":"buy","order_type":"limit","order_qty":0.02,"limit_price":64000.5,"time_in_force":"gtc",'
        '"reduce_only":true,"margin":true,"cl_ord_id":"sim-0001","symbol":"BTC/USD"',
    ),
    "stop": (
        place(**SELL | {"type": OrderType.STOP_MARKET, "trigger_price": D(61000)}),
        '"side":"sell","order_type":"stop-loss","order_qty":0.05,'
        '"triggers":{"reference":"last","price":61000.0,"price_type":"static"},"cl_ord_id":"sim-0001","symbol":"BTC/USD"',
    ),
    "stop-limit": (
        place(
            **SELL
            | {"type": OrderType.STOP_LIMIT, "price": D(60900), "trigger_price": D(61000), "trigger": TriggerType.INDEX}
        ),
        '"side":"sell","order_type":"stop-loss-limit","order_qty":0.05,"limit_price":60900.0,'
        '"triggers":{"reference":"index","price":61000.0,"price_type":"static"},"cl_ord_id":"sim-0001","symbol":"BTC/USD"',
    ),
    "market-if-touched": (
        place(**SELL | {"type": OrderType.MARKET_IF_TOUCHED, "trigger_price": D(71000)}),
        '"side":"sell","order_type":"take-profit","order_qty":0.05,'
        '"triggers":{"reference":"last","price":71000.0,"price_type":"static"},"cl_ord_id":"sim-0001","symbol":"BTC/USD"',
    ),
    "limit-if-touched": (
        place(**SELL | {"type": OrderType.LIMIT_IF_TOUCHED, "price": D(70900), "trigger_price": D(71000)}),
        '"side":"sell","order_type":"take-profit-limit","order_qty":0.05,"limit_price":70900.0,'
        '"triggers":{"reference":"last","price":71000.0,"price_type":"static"},"cl_ord_id":"sim-0001","symbol":"BTC/USD"',
    ),
    "trailing stop": (
        place(**SELL | {"type": OrderType.TRAILING_STOP_MARKET, "trailing_offset": D(2)}),
        '"side":"sell","order_type":"trailing-stop","order_qty":0.05,'
        '"triggers":{"reference":"last","price":2.0,"price_type":"pct"},"cl_ord_id":"sim-0001","symbol":"BTC/USD"',
    ),
    "trailing stop-limit": (
        place(
            **SELL
            | {
                "type": OrderType.TRAILING_STOP_LIMIT,
                "trailing_offset": D(500),
                "trailing_unit": OffsetUnit.PRICE,
                "limit_offset": D(25),
                "limit_offset_unit": OffsetUnit.PRICE,
            }
        ),
        '"side":"sell","order_type":"trailing-stop-limit","order_qty":0.05,"limit_price":25.0,'
        '"limit_price_type":"quote","triggers":{"reference":"last","price":500.0,"price_type":"quote"},'
        '"cl_ord_id":"sim-0001","symbol":"BTC/USD"',
    ),
    "trailing stop-limit at a fixed price": (
        place(
            **SELL
            | {
                "type": OrderType.TRAILING_STOP_LIMIT,
                "price": D(60000),
                "trailing_offset": D("1.5"),
                "options": KrakenSpotOptions(limit_price_type="static"),
            }
        ),
        '"side":"sell","order_type":"trailing-stop-limit","order_qty":0.05,"limit_price":60000.0,'
        '"limit_price_type":"static","triggers":{"reference":"last","price":1.5,"price_type":"pct"},'
        '"cl_ord_id":"sim-0001","symbol":"BTC/USD"',
    ),
    "options": (
        place(
            options=KrakenSpotOptions(
                fee_preference="base", stp_type="cancel_both", sender_sub_id="desk-1", effective_time=DEADLINE
            )
        ),
        '"side":"buy","order_type":"limit","order_qty":0.02,"limit_price":64000.5,"time_in_force":"gtc",'
        '"effective_time":"2026-07-01T12:00:05.000Z","fee_preference":"base","stp_type":"cancel_both",'
        '"cl_ord_id":"sim-0001","sender_sub_id":"desk-1","symbol":"BTC/USD"',
    ),
    "a conditional close": (
        place(
            options=KrakenSpotOptions(
                order_userref=77,
                conditional=ConditionalClose(type=OrderType.STOP_LIMIT, trigger_price=60000, price=59900),
                unnamed=True,
            )
        ),
        '"side":"buy","order_type":"limit","order_qty":0.02,"limit_price":64000.5,"time_in_force":"gtc",'
        '"order_userref":77,"conditional":{"order_type":"stop-loss-limit","limit_price":59900.0,'
        '"trigger_price":60000.0},"symbol":"BTC/USD"',
    ),
}

FRAMES: dict[str, tuple[Request, str]] = {
    "an amendment": (
        replace(quantity=D("0.03"), price=D(64010), process_before=DEADLINE),
        '{"method":"amend_order","params":{"order_id":"OSIM01-AAAAA-BBBB01","order_qty":0.03,"limit_price":64010.0,'
        '"deadline":"2026-07-01T12:00:05.000Z","token":"T"},"req_id":110}',
    ),
    "an amendment of one term": (
        replace(price=D(64011), post_only=True),
        '{"method":"amend_order","params":{"order_id":"OSIM01-AAAAA-BBBB01","limit_price":64011.0,"post_only":true,'
        '"token":"T"},"req_id":110}',
    ),
    "an amendment of a trigger": (
        replace(trigger_price=D(61000), display_quantity=D("0.5")),
        '{"method":"amend_order","params":{"order_id":"OSIM01-AAAAA-BBBB01","display_qty":0.5,"trigger_price":61000.0,'
        '"token":"T"},"req_id":110}',
    ),
    "an amendment of a trailing offset": (
        replace(trailing_offset=D("1.5"), symbol="AAPLx/USD"),
        '{"method":"amend_order","params":{"order_id":"OSIM01-AAAAA-BBBB01","trigger_price":1.5,'
        '"trigger_price_type":"pct","symbol":"AAPLx/USD","token":"T"},"req_id":110}',
    ),
    "a cancel by venue order id": (
        cancel(113, "OSIM03-CANCL-ORDR03"),
        '{"method":"cancel_order","params":{"order_id":["OSIM03-CANCL-ORDR03"],"token":"T"},"req_id":113}',
    ),
    "a cancel by client order id": (
        cancel(115, None, "sim-0003"),
        '{"method":"cancel_order","params":{"cl_ord_id":["sim-0003"],"token":"T"},"req_id":115}',
    ),
    "a cancel of everything": (
        CancelAllOrders(request_id=RequestId(117), symbol=None),
        '{"method":"cancel_all","params":{"token":"T"},"req_id":117}',
    ),
    "the cancel timer": (
        SetCancelAllAfter(request_id=RequestId(118), seconds=60),
        '{"method":"cancel_all_orders_after","params":{"timeout":60,"token":"T"},"req_id":118}',
    ),
    "the cancel timer off": (
        SetCancelAllAfter(request_id=RequestId(119), seconds=0),
        '{"method":"cancel_all_orders_after","params":{"timeout":0,"token":"T"},"req_id":119}',
    ),
    "a batch of orders": (
        BatchOrders(
            request_id=RequestId(120),
            legs=(
                place(request_id=1, quantity=D("0.01"), price=D(63000), wire_id="sim-b-1"),
                place(request_id=2, quantity=D("0.01"), price=D(66000), wire_id="sim-b-2", side=Side.SELL),
            ),
            process_before=DEADLINE,
        ),
        '{"method":"batch_add","params":{"symbol":"BTC/USD","orders":[{"side":"buy","order_type":"limit",'
        '"order_qty":0.01,"limit_price":63000.0,"time_in_force":"gtc","cl_ord_id":"sim-b-1"},{"side":"sell",'
        '"order_type":"limit","order_qty":0.01,"limit_price":66000.0,"time_in_force":"gtc","cl_ord_id":"sim-b-2"}],'
        '"deadline":"2026-07-01T12:00:05.000Z","token":"T"},"req_id":120}',
    ),
    "a batch of cancels": (
        BatchOrders(request_id=RequestId(121), legs=(cancel(1, "O-1"), cancel(2, "O-2"))),
        '{"method":"batch_cancel","params":{"orders":["O-1","O-2"],"token":"T"},"req_id":121}',
    ),
    "a batch of cancels by client order id": (
        BatchOrders(request_id=RequestId(122), legs=(cancel(1, None, "sim-b-1"), cancel(2, None, "sim-b-2"))),
        '{"method":"batch_cancel","params":{"orders":[],"cl_ord_id":["sim-b-1","sim-b-2"],"token":"T"},"req_id":122}',
    ),
}


def answer(method: str, number: int, result: str) -> str:
    return (
        f'{{"method":"{method}","req_id":{number},"result":{result},"success":true,'
        '"time_in":"2026-07-01T12:00:02.000000Z","time_out":"2026-07-01T12:00:02.002100Z"}'
    )


def error(method: str, number: int, text: str) -> str:
    return (
        f'{{"method":"{method}","req_id":{number},"error":"{text}","success":false,'
        '"time_in":"2026-07-01T12:00:02.000000Z","time_out":"2026-07-01T12:00:02.002100Z"}'
    )


DEFINITE, AMBIGUOUS, THROTTLED, NOT_FOUND = Outcome.DEFINITE, Outcome.AMBIGUOUS, Outcome.THROTTLED, Outcome.NOT_FOUND


LEGS = (place(request_id=1, wire_id="a"), place(request_id=2, wire_id="b"), place(request_id=3, wire_id="c"))
BATCH = BatchOrders(request_id=RequestId(9), legs=LEGS)


def legs(*answers: tuple[str | None, str | None]) -> BatchAnswered:
    told = tuple(LegAnswer(wire_id=wire_id, venue_order_id=known_id(order_id)) for wire_id, order_id in answers)
    return BatchAnswered(request_id=RequestId(9), legs=told)


def http(body: str, status: int = 200) -> HttpAnswer:
    return HttpAnswer(status=status, body=body.encode())


def row(**changes: Any) -> str:
    fields = {
        "refid": "null",
        "userref": "0",
        "cl_ord_id": '"sim-0000"',
        "status": '"open"',
        "opentm": "1782907090.0002",
        "starttm": "0",
        "expiretm": "0",
        "descr": descr(),
        "vol": '"2.50000000"',
        "vol_exec": '"0.50000000"',
        "cost": '"1510.05000"',
        "fee": '"2.41608"',
        "price": '"3020.10"',
        "stopprice": '"0.00000"',
        "limitprice": '"0.00000"',
        "misc": '""',
        "oflags": '"fciq"',
    }
    return fields_as_json(fields, changes)


def descr(**changes: str) -> str:
    fields = {
        "pair": '"ETHUSD"',
        "type": '"sell"',
        "ordertype": '"limit"',
        "price": '"3020.10"',
        "price2": '"0"',
        "leverage": '"none"',
        "order": '"sell 2.50000000 ETHUSD @ limit 3020.10"',
        "close": '""',
    }
    return fields_as_json(fields, changes)


def trade_row(**changes: Any) -> str:
    fields = {
        "ordertxid": '"OSIM00-OLDER-ORDR00"',
        "postxid": '"TSIM00-POSXX-000000"',
        "pair": '"ETHUSD"',
        "time": "1782907170.7",
        "type": '"sell"',
        "ordertype": '"limit"',
        "price": '"3020.10"',
        "cost": '"1510.05"',
        "fee": '"2.41608"',
        "vol": '"0.50000000"',
        "margin": '"0.00000"',
        "leverage": '"0"',
        "misc": '""',
        "trade_id": "810001",
        "maker": "true",
        "ledgers": '["LSIM00-LEDGR-000000"]',
    }
    return fields_as_json(fields, changes)


PAIR_ROW = {
    "altname": '"XBTUSD"',
    "wsname": '"XBT/USD"',
    "base": '"XXBT"',
    "quote": '"ZUSD"',
    "pair_decimals": "1",
    "lot_decimals": "8",
    "tick_size": '"0.1"',
    "ordermin": '"0.0001"',
    "costmin": '"0.5"',
    "status": '"online"',
    "fees": "[[0,0.26]]",
}


def pairs(*rows: str) -> HttpAnswer:
    listed = ",".join(f'"P{place}":{text}' for place, text in enumerate(rows))
    return http('{"error":[],"result":{' + listed + "}}")
