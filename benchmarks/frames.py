"""The bytes that the feeder sends, encoded beforehand: server WebSocket frames with AX messages in them."""

from __future__ import annotations

import struct

__all__ = ["ACCEPT", "LOGIN", "TEXT", "fill_message", "frame", "venue_order_id"]

TEXT = 0x81


def frame(text: str) -> bytes:
    """An unmasked text frame."""
    payload = text.encode()
    if len(payload) < 126:
        return bytes((TEXT, len(payload))) + payload
    return bytes((TEXT, 126)) + struct.pack("!H", len(payload)) + payload


def venue_order_id(number: int) -> str:
    return f"O-01KXBENCH0000000000{number:08d}"


def fill_message(order: int, number: int, cumulative: int) -> str:
    """A partial fill of 15 contracts, about 390 characters."""
    return (
        f'{{"t":"p","ts":1790000003,"tn":{number % 10**9},"eid":"E-{number}","o":{{"oid":"{venue_order_id(order)}",'
        '"u":"01KBENCHER0000000000000001","aid":"ACCOUNT-1","s":"XAU-PERP","p":"2411.5","q":4000000000,'
        f'"xq":{cumulative},"rq":{4_000_000_000 - cumulative},"o":"PARTIALLY_FILLED","d":"S","tif":"GTC",'
        '"tag":"demo1","po":false,"ts":1790000001,"tn":900},'
        f'"xs":{{"tid":"T-{number}","aid":"ACCOUNT-1","s":"XAU-PERP","q":15,"p":"2411.5","d":"S","agg":false}}}}'
    )


LOGIN = frame('{"rid":0,"res":{"li":"01KBENCHER0000000000000001","o":null,"cod":false}}')

ACCEPT = (
    '{"t":"n","ts":1790000001,"tn":1200,"eid":"E-%(n)s","o":{"oid":"O-01KXANSWER0000000000%(n)s",'
    '"u":"01KBENCHER0000000000000001","aid":"ACCOUNT-1","s":"XAU-PERP","p":"2411.5","q":40,"xq":0,"rq":40,'
    '"o":"ACCEPTED","d":"S","tif":"GTC","cid":%(cid)s,"tag":"demo1","po":false,"ts":1790000001,"tn":900}}'
)
