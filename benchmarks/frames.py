"""The bytes that the feeder sends, encoded beforehand: server WebSocket frames with venues' messages in them.

Nothing here imports the library: the feeder must be quick to start and cheap to run.
"""

from __future__ import annotations

import struct
from collections.abc import Callable, Mapping

from attrs import frozen

__all__ = ["SPEAKERS", "Speaker", "frame", "venue_order_id"]

TEXT = 0x81


def frame(text: str) -> bytes:
    """An unmasked text frame."""
    payload = text.encode()
    if len(payload) < 126:
        return bytes((TEXT, len(payload))) + payload
    return bytes((TEXT, 126)) + struct.pack("!H", len(payload)) + payload


@frozen
class Speaker:
    """How one venue speaks. greeting: what it says first; login: its answers to what the client says then, by a word in
    it; fills: the messages of one fill (order, number of the fill, how much of the order has filled in all); answer:
    what it says to a placement over the socket (number, request id, wire id), or over HTTP (number, None, None)."""

    greeting: str
    login: Mapping[bytes, str]
    fills: Callable[[int, int, int], tuple[str, ...]]
    answer: Callable[[str, str | None, str | None], tuple[str, ...]]


def venue_order_id(speaker: str, order: int) -> str:
    return f"O-01KXBENCH0000000000{order:08d}" if speaker == "ax" else f"bbbbbbbb-0000-4000-8000-{order:012d}"


# AX


def ax_fills(order: int, number: int, filled: int) -> tuple[str, ...]:
    """A partial fill of 15 contracts, about 390 characters."""
    return (
        f'{{"t":"p","ts":1790000003,"tn":{number % 10**9},"eid":"E-{number}",'
        f'"o":{{"oid":"{venue_order_id("ax", order)}",'
        '"u":"01KBENCHER0000000000000001","aid":"ACCOUNT-1","s":"XAU-PERP","p":"2411.5","q":4000000000,'
        f'"xq":{filled},"rq":{4_000_000_000 - filled},"o":"PARTIALLY_FILLED","d":"S","tif":"GTC",'
        '"tag":"demo1","po":false,"ts":1790000001,"tn":900},'
        f'"xs":{{"tid":"T-{number}","aid":"ACCOUNT-1","s":"XAU-PERP","q":15,"p":"2411.5","d":"S","agg":false}}}}',
    )


def ax_answer(number: str, request_id: str | None, wire_id: str | None) -> tuple[str, ...]:
    return (
        f'{{"rid":{request_id},"res":{{"oid":"O-01KXANSWER0000000000{number}"}}}}',
        f'{{"t":"n","ts":1790000001,"tn":1200,"eid":"E-{number}","o":{{"oid":"O-01KXANSWER0000000000{number}",'
        '"u":"01KBENCHER0000000000000001","aid":"ACCOUNT-1","s":"XAU-PERP","p":"2411.5","q":40,"xq":0,"rq":40,'
        f'"o":"ACCEPTED","d":"S","tif":"GTC","cid":{wire_id},"tag":"demo1","po":false,"ts":1790000001,"tn":900}}}}',
    )


# Kraken Futures: each fill comes on two feeds, first as a fill, then as what it does to the order


def futures_fills(order: int, number: int, filled: int) -> tuple[str, ...]:
    order_id, remaining = venue_order_id("kraken-futures", order), 4_000_000_000 - filled
    return (
        '{"feed":"fills","username":"bench","fills":[{"instrument":"PF_XBTUSD","time":1790000003000,"price":60000.0,'
        f'"seq":{number + 1},"buy":true,"qty":15.0,"remaining_order_qty":{remaining}.0,"order_id":"{order_id}",'
        f'"fill_id":"ffffffff-0000-4000-8000-{number:012d}","fill_type":"maker","fee_paid":-0.18,"fee_currency":"USD",'
        '"taker_order_type":"ioc","order_type":"limit"}]}',
        '{"feed":"open_orders","order":{"instrument":"PF_XBTUSD","time":1790000001000,"last_update_time":1790000003000,'
        f'"qty":{remaining}.0,"filled":{filled}.0,"limit_price":60000.0,"stop_price":0.0,"type":"limit",'
        f'"order_id":"{order_id}","direction":0,"reduce_only":false}},"is_cancel":false,"reason":"partial_fill"}}',
    )


def futures_answer(number: str, request_id: str | None, wire_id: str | None) -> tuple[str, ...]:
    return (
        '{"result":"success","sendStatus":{"status":"placed","receivedTime":"2026-09-21T15:33:21.000Z",'
        f'"order_id":"aaaaaaaa-0000-4000-8000-00000{number}","orderEvents":[{{"type":"PLACE","reducedQuantity":null,'
        f'"order":{{"orderId":"aaaaaaaa-0000-4000-8000-00000{number}","cliOrdId":null,"type":"lmt",'
        '"symbol":"PF_XBTUSD","side":"buy","quantity":40,"filled":0,"limitPrice":60000.0,"reduceOnly":false,'
        '"timestamp":"2026-09-21T15:33:21.000Z","lastUpdateTimestamp":"2026-09-21T15:33:21.000Z"}}]},'
        '"serverTime":"2026-09-21T15:33:21.000Z"}',
    )


# Kraken Spot: fills are told on the stream of executions alone


def spot_fills(order: int, number: int, filled: int) -> tuple[str, ...]:
    return (
        f'{{"channel":"executions","type":"update","data":[{{"order_id":"{venue_order_id("kraken-spot", order)}",'
        f'"exec_id":"TBENCH-{number:07d}-XXXXXX","exec_type":"trade","trade_id":{number},"symbol":"BTC/USD","side":"buy",'
        '"last_qty":15.00000000,"last_price":60000.0,"liquidity_ind":"m","cost":900000.00000,"order_type":"limit",'
        f'"timestamp":"2026-09-21T15:33:23.{number % 10**6:06d}Z","order_status":"partially_filled",'
        f'"cum_qty":{filled}.00000000,"cum_cost":{filled * 60000}.00000,"avg_price":60000.0,"fee_usd_equiv":1440.0,'
        f'"fees":[{{"asset":"USD","qty":1440.00000}}]}}],"sequence":{number + 2}}}',
    )


def spot_answer(number: str, request_id: str | None, wire_id: str | None) -> tuple[str, ...]:
    if request_id is None:
        return ('{"error":[],"result":{"token":"bench-token","expires":900}}',)
    order_id, time = f"OBENCH-AAAAA-{number}", "2026-09-21T15:33:21.000000Z"
    return (
        f'{{"method":"add_order","req_id":{request_id},"result":{{"order_id":"{order_id}","cl_ord_id":"{wire_id}"}},'
        f'"success":true,"time_in":"{time}","time_out":"{time}"}}',
        f'{{"channel":"executions","type":"update","data":[{{"timestamp":"{time}","order_status":"new",'
        f'"exec_type":"new","cl_ord_id":"{wire_id}","order_id":"{order_id}"}}],"sequence":{int(number) + 1}}}',
    )


SPOT_LOGIN = {
    b'"subscribe"': '{"method":"subscribe","req_id":2147483648,"result":{"channel":"executions","snap_orders":true,'
    '"snap_trades":false,"maxratecount":180},"success":true,"time_in":"2026-09-21T15:33:20.000000Z",'
    '"time_out":"2026-09-21T15:33:20.000001Z"}\n'
    '{"channel":"executions","type":"snapshot","data":[],"sequence":1}',
}

FUTURES_LOGIN = {
    b'"challenge","api_key"': '{"event":"challenge","message":"99999999-0000-4000-8000-000000000000"}',
    b'"feed":"fills"': '{"event":"subscribed","feed":"fills"}',
    b'"feed":"open_orders"': '{"event":"subscribed","feed":"open_orders"}\n'
    '{"feed":"open_orders_snapshot","account":"bench","orders":[]}',
    b'"feed":"heartbeat"': '{"event":"subscribed","feed":"heartbeat"}',
}

SPEAKERS: Mapping[str, Speaker] = {
    "ax": Speaker('{"rid":0,"res":{"li":"01KBENCHER0000000000000001","o":null,"cod":false}}', {}, ax_fills, ax_answer),
    "kraken-spot": Speaker(
        '{"channel":"status","type":"update","data":[{"system":"online","api_version":"v2","connection_id":1,'
        '"version":"2.0.10"}]}',
        SPOT_LOGIN,
        spot_fills,
        spot_answer,
    ),
    "kraken-futures": Speaker('{"event":"info","version":1}', FUTURES_LOGIN, futures_fills, futures_answer),
}
