"""Kraken Spot's requests on the socket, each typed out (spec A.12)."""

from __future__ import annotations

import json

import pytest

from protocol.kraken_spot.order_entry import edit_frame, encode
from protocol.requests import BatchOrders, CancelAllOrders, ListOpenOrders, PreviewPrice, Request
from protocol.values import OffsetUnit, OrderType, RequestId, Side, TimeInForce

from .messages import FRAMES, PLACEMENTS, D, cancel, place, replace


@pytest.mark.parametrize("kind", PLACEMENTS)
def test_a_placement_is_written(kind: str) -> None:
    request, params = PLACEMENTS[kind]
    assert encode(request, "T") == '{"method":"add_order","params":{' + params + ',"token":"T"},"req_id":100}'


@pytest.mark.parametrize("kind", FRAMES)
def test_a_request_is_written(kind: str) -> None:
    request, frame = FRAMES[kind]
    assert encode(request, "T") == frame


def test_an_edit_is_written() -> None:
    assert edit_frame(replace(quantity=D("0.04"), price=D(63000)), "T") == (
        '{"method":"edit_order","params":{"order_id":"OSIM01-AAAAA-BBBB01","symbol":"BTC/USD","order_qty":0.04,'
        '"limit_price":63000.0,"token":"T"},"req_id":110}'
    )
    moved = json.loads(edit_frame(replace(trigger_price=D(5)), "T"))["params"]["triggers"]
    trailing = json.loads(edit_frame(replace(trailing_offset=D(5), trailing_unit=OffsetUnit.PRICE), "T"))
    assert moved == {"price": 5.0, "price_type": "static"}
    assert trailing["params"]["triggers"] == {"price": 5.0, "price_type": "quote"}


IMPOSSIBLE: list[Request] = [
    replace(time_in_force=TimeInForce.IOC),
    CancelAllOrders(request_id=RequestId(1), symbol="BTC/USD"),
    PreviewPrice(request_id=RequestId(1), symbol="BTC/USD", side=Side.BUY, quantity=D(1)),
    ListOpenOrders(request_id=RequestId(1)),
    place(price=None),
    place(type=OrderType.STOP_MARKET, price=None),
    place(type=OrderType.TRAILING_STOP_LIMIT, price=None, trailing_offset=D(1)),
    BatchOrders(request_id=RequestId(1), legs=(place(),)),
    BatchOrders(request_id=RequestId(1), legs=(place(),) * 16),
    BatchOrders(request_id=RequestId(1), legs=(place(), place(symbol="ETH/USD"))),
    BatchOrders(request_id=RequestId(1), legs=(place(), cancel(2, "O"))),
    BatchOrders(request_id=RequestId(1), legs=(cancel(2, "O"),)),
    BatchOrders(request_id=RequestId(1), legs=(cancel(2, "O"),) * 51),
]


@pytest.mark.parametrize("request_", IMPOSSIBLE, ids=lambda request: type(request).__name__)
def test_what_the_socket_cannot_be_asked_is_refused(request_: Request) -> None:
    with pytest.raises(ValueError):
        encode(request_, "T")
