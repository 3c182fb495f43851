"""AX's requests as frames, each typed out."""

from __future__ import annotations

from decimal import Decimal

import pytest
from attrs import evolve

from protocol.ax.order_entry import Origin, encode
from protocol.requests import (
    CancelAllOrders,
    CancelOrder,
    ListOpenOrders,
    PlaceOrder,
    QueryOrder,
    ReplaceOrder,
    Request,
)
from protocol.values import OrderType, RequestId, Side, TimeInForce, VenueOrderId

from .messages import ELSEWHERE, ORIGIN

PLACE = PlaceOrder(
    request_id=RequestId(12),
    symbol="GBPUSD-PERP",
    side=Side.SELL,
    type=OrderType.LIMIT,
    quantity=Decimal("60.0"),
    price=Decimal("1.2700"),
    trigger_price=None,
    time_in_force=TimeInForce.GTC,
    post_only=True,
    wire_id=2**64 - 1,
    tag=None,
)

REQUESTS: dict[str, tuple[Request, Origin, str]] = {
    "place": (
        PLACE,
        ORIGIN,
        '{"t":"p","rid":12,"s":"GBPUSD-PERP","d":"S","q":60,"p":"1.27","tif":"GTC","po":true,'
        '"cid":18446744073709551615,"tag":"tag01"}',
    ),
    "place, in full": (
        evolve(PLACE, tag="mine", side=Side.BUY, post_only=False, time_in_force=TimeInForce.DAY),
        ELSEWHERE,
        '{"t":"p","rid":12,"s":"GBPUSD-PERP","d":"B","q":60,"p":"1.27","tif":"DAY","po":false,'
        '"cid":18446744073709551615,"tag":"mine","st":"CancelResting","aid":"A-9"}',
    ),
    "place, a market order": (
        evolve(PLACE, type=OrderType.MARKET, price=Decimal("1.3E+1")),
        ORIGIN,
        '{"t":"p","rid":12,"s":"GBPUSD-PERP","d":"S","q":60,"p":"13","tif":"IOC","po":false,'
        '"cid":18446744073709551615,"tag":"tag01"}',
    ),
    "place, a stop-limit order": (
        evolve(PLACE, type=OrderType.STOP_LIMIT, trigger_price=Decimal("1.2750")),
        ORIGIN,
        '{"t":"p","rid":12,"s":"GBPUSD-PERP","d":"S","q":60,"p":"1.27","tif":"GTC","po":false,'
        '"cid":18446744073709551615,"tag":"tag01","order_type":"STOP_LOSS_LIMIT","trigger_price":"1.275"}',
    ),
    "cancel": (
        CancelOrder(request_id=RequestId(13), venue_order_id=VenueOrderId("O-7A1"), wire_id=None),
        ELSEWHERE,
        '{"t":"x","rid":13,"oid":"O-7A1"}',
    ),
    "cancel by client order id": (
        CancelOrder(request_id=RequestId(13), venue_order_id=None, wire_id=9001),
        ELSEWHERE,
        '{"t":"x","rid":13,"cid":9001,"aid":"A-9"}',
    ),
    "replace the price": (
        ReplaceOrder(
            request_id=RequestId(14),
            venue_order_id=VenueOrderId("O-7A1"),
            quantity=None,
            price=Decimal("1.2690"),
            time_in_force=None,
            post_only=None,
        ),
        ORIGIN,
        '{"t":"r","rid":14,"p":"1.269","oid":"O-7A1"}',
    ),
    "replace everything": (
        ReplaceOrder(
            request_id=RequestId(14),
            venue_order_id=VenueOrderId("O-7A1"),
            quantity=Decimal(30),
            price=Decimal("1.2690"),
            time_in_force=TimeInForce.DAY,
            post_only=False,
        ),
        ORIGIN,
        '{"t":"r","rid":14,"q":30,"p":"1.269","tif":"DAY","po":false,"oid":"O-7A1"}',
    ),
    "open orders": (ListOpenOrders(request_id=RequestId(15)), ORIGIN, '{"t":"o","rid":15}'),
    "open orders of an account": (
        ListOpenOrders(request_id=RequestId(15)),
        ELSEWHERE,
        '{"t":"o","rid":15,"account_id":"A-9"}',
    ),
    "status": (
        QueryOrder(request_id=RequestId(16), venue_order_id=VenueOrderId("O-7A1"), wire_id=None),
        ELSEWHERE,
        '{"t":"s","rid":16,"oid":"O-7A1"}',
    ),
    "status by client order id": (
        QueryOrder(request_id=RequestId(16), venue_order_id=None, wire_id=9001),
        ELSEWHERE,
        '{"t":"s","rid":16,"cid":9001}',
    ),
    "cancel all": (CancelAllOrders(request_id=RequestId(17), symbol=None), ORIGIN, '{"t":"X","rid":17}'),
    "cancel all of a symbol": (
        CancelAllOrders(request_id=RequestId(17), symbol="GBPUSD-PERP"),
        ELSEWHERE,
        '{"t":"X","rid":17,"account_id":"A-9","symbol":"GBPUSD-PERP"}',
    ),
}


@pytest.mark.parametrize("kind", REQUESTS)
def test_a_request_is_written(kind: str) -> None:
    request, origin, text = REQUESTS[kind]
    assert encode(request, origin) == text


def test_an_order_without_a_price_is_never_written() -> None:
    with pytest.raises(ValueError, match="without a price"):
        encode(evolve(PLACE, price=None), ORIGIN)


def test_a_client_order_id_crosses_the_wire_as_a_number_only() -> None:
    with pytest.raises(TypeError, match="whole number"):
        encode(evolve(PLACE, wire_id="abc"), ORIGIN)
