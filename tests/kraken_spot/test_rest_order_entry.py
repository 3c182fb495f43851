"""Kraken Spot's REST calls, each typed out (spec A.17)."""

from __future__ import annotations

from typing import Any
from urllib.parse import parse_qsl

import pytest

from protocol.kraken_spot.options import ConditionalClose, KrakenSpotOptions
from protocol.kraken_spot.rest_order_entry import encode_rest
from protocol.kraken_spot.signing import Credentials
from protocol.requests import (
    BatchOrders,
    CancelAllOrders,
    ListFills,
    ListOpenOrders,
    ListOrderHistory,
    PlaceOrder,
    PreviewPrice,
    QueryOrder,
    Request,
    SetCancelAllAfter,
)
from protocol.values import OffsetUnit, OrderType, RequestId, Side, TimeInForce, TriggerType, VenueOrderId

from .messages import DEADLINE, LEGS, SECRET, TOMORROW, D, cancel, place, replace

CREDENTIALS = Credentials("key", SECRET)


def form_of(request: Request) -> tuple[str, dict[str, str]]:
    call = encode_rest(request, CREDENTIALS)
    assert call.method == "POST"
    return call.path, dict(parse_qsl((call.body or b"").decode()))


TRAILED: dict[str, Any] = {"type": OrderType.TRAILING_STOP_LIMIT, "price": None, "trailing_offset": D(2)}
TRAILED_FORM = {
    "type": "buy",
    "ordertype": "trailing-stop-limit",
    "volume": "0.02",
    "price": "+2%",
    "cl_ord_id": "sim-0001",
    "trigger": "last",
    "pair": "XBTUSD",
}
CLOSED_FORM = {
    "type": "buy",
    "ordertype": "limit",
    "volume": "0.02",
    "price": "64000.5",
    "cl_ord_id": "sim-0001",
    "pair": "XBTUSD",
}


def closing(**close: Any) -> PlaceOrder:
    return place(options=KrakenSpotOptions(conditional=ConditionalClose(**close)))


REST_CALLS: dict[str, tuple[Request, str, dict[str, str]]] = {
    "a limit order": (
        place(symbol="ETH/USD", side=Side.SELL, quantity=D("2.5"), price=D("3020.10"), wire_id="sim-0000"),
        "/0/private/AddOrder",
        {
            "type": "sell",
            "ordertype": "limit",
            "volume": "2.5",
            "price": "3020.10",
            "cl_ord_id": "sim-0000",
            "pair": "ETHUSD",
        },
    ),
    "a limit order with everything": (
        place(
            post_only=True,
            time_in_force=TimeInForce.GTD,
            expire_time=TOMORROW,
            process_before=DEADLINE,
            display_quantity=D("0.01"),
            options=KrakenSpotOptions(fee_preference="quote", stp_type="cancel_oldest", effective_time=DEADLINE),
        ),
        "/0/private/AddOrder",
        {
            "type": "buy",
            "ordertype": "iceberg",
            "volume": "0.02",
            "price": "64000.5",
            "cl_ord_id": "sim-0001",
            "oflags": "fciq,post",
            "timeinforce": "GTD",
            "expiretm": "1782993600",
            "starttm": "1782907205",
            "stptype": "cancel-oldest",
            "displayvol": "0.01",
            "pair": "XBTUSD",
            "deadline": "2026-07-01T12:00:05.000Z",
        },
    ),
    "a market order by amount": (
        place(type=OrderType.MARKET, price=None, quantity=D(100), quote_quantity=True, reduce_only=True),
        "/0/private/AddOrder",
        {
            "type": "buy",
            "ordertype": "market",
            "volume": "100",
            "cl_ord_id": "sim-0001",
            "oflags": "viqc",
            "reduce_only": "true",
            "pair": "XBTUSD",
        },
    ),
    "a stop-limit order": (
        place(type=OrderType.STOP_LIMIT, trigger_price=D(61000), price=D(60900), trigger=TriggerType.INDEX),
        "/0/private/AddOrder",
        {
            "type": "buy",
            "ordertype": "stop-loss-limit",
            "volume": "0.02",
            "price": "61000",
            "price2": "60900",
            "cl_ord_id": "sim-0001",
            "trigger": "index",
            "pair": "XBTUSD",
        },
    ),
    "a trailing stop-limit order": (
        place(
            side=Side.SELL,
            type=OrderType.TRAILING_STOP_LIMIT,
            price=None,
            trailing_offset=D(2),
            limit_offset=D("0.5"),
            limit_offset_unit=OffsetUnit.PRICE,
        ),
        "/0/private/AddOrder",
        {
            "type": "sell",
            "ordertype": "trailing-stop-limit",
            "volume": "0.02",
            "price": "+2%",
            "price2": "-0.5",
            "cl_ord_id": "sim-0001",
            "trigger": "last",
            "pair": "XBTUSD",
        },
    ),
    "a conditional close": (
        place(
            options=KrakenSpotOptions(
                conditional=ConditionalClose(type=OrderType.STOP_LIMIT, trigger_price=60000, price=59900)
            )
        ),
        "/0/private/AddOrder",
        {
            "type": "buy",
            "ordertype": "limit",
            "volume": "0.02",
            "price": "64000.5",
            "cl_ord_id": "sim-0001",
            "close[ordertype]": "stop-loss-limit",
            "close[price]": "60000",
            "close[price2]": "59900",
            "pair": "XBTUSD",
        },
    ),
    "a trailing stop-limit order by the venue's own word": (
        place(**TRAILED | {"limit_offset": D(5), "options": KrakenSpotOptions(limit_price_type="quote")}),
        "/0/private/AddOrder",
        TRAILED_FORM | {"price2": "+5"},
    ),
    "a trailing stop-limit order in percent": (
        place(
            **TRAILED
            | {
                "side": Side.SELL,
                "limit_offset": D(5),
                "limit_offset_unit": OffsetUnit.PRICE,
                "options": KrakenSpotOptions(limit_price_type="pct"),
            }
        ),
        "/0/private/AddOrder",
        TRAILED_FORM | {"type": "sell", "price2": "-5%"},
    ),
    "a trailing stop-limit order at a fixed price": (
        place(**TRAILED | {"price": D(60000), "options": KrakenSpotOptions(limit_price_type="static")}),
        "/0/private/AddOrder",
        TRAILED_FORM | {"price2": "60000"},
    ),
    "a trailing close": (
        closing(type=OrderType.TRAILING_STOP_MARKET, trigger_price=2, trigger_price_type="pct"),
        "/0/private/AddOrder",
        CLOSED_FORM | {"close[ordertype]": "trailing-stop", "close[price]": "+2%"},
    ),
    "a trailing close with a limit": (
        closing(type=OrderType.TRAILING_STOP_LIMIT, trigger_price=500, trigger_price_type="quote", price=25),
        "/0/private/AddOrder",
        CLOSED_FORM | {"close[ordertype]": "trailing-stop-limit", "close[price]": "+500", "close[price2]": "-25"},
    ),
    "a trailing close with a limit at a fixed price": (
        closing(
            type=OrderType.TRAILING_STOP_LIMIT,
            trigger_price=500,
            trigger_price_type="quote",
            price=60000,
            price_type="static",
        ),
        "/0/private/AddOrder",
        CLOSED_FORM | {"close[ordertype]": "trailing-stop-limit", "close[price]": "+500", "close[price2]": "60000"},
    ),
    "a close with a limit at a fixed price": (
        closing(type=OrderType.LIMIT, price=65000, price_type="static"),
        "/0/private/AddOrder",
        CLOSED_FORM | {"close[ordertype]": "limit", "close[price]": "65000"},
    ),
    "a close at a distance in percent": (
        closing(type=OrderType.STOP_MARKET, trigger_price=2, trigger_price_type="pct"),
        "/0/private/AddOrder",
        CLOSED_FORM | {"close[ordertype]": "stop-loss", "close[price]": "#2%"},
    ),
    "a close at a distance, and its limit at another": (
        closing(
            type=OrderType.LIMIT_IF_TOUCHED,
            trigger_price=500,
            trigger_price_type="quote",
            price="2.5",
            price_type="pct",
        ),
        "/0/private/AddOrder",
        CLOSED_FORM | {"close[ordertype]": "take-profit-limit", "close[price]": "#500", "close[price2]": "#2.5%"},
    ),
    "a limit close at a distance": (
        closing(type=OrderType.LIMIT, price=5, price_type="quote"),
        "/0/private/AddOrder",
        CLOSED_FORM | {"close[ordertype]": "limit", "close[price]": "#5"},
    ),
    "a close without a client order id": (
        place(options=KrakenSpotOptions(conditional=ConditionalClose(type=OrderType.LIMIT, price=65000), unnamed=True)),
        "/0/private/AddOrder",
        {
            "type": "buy",
            "ordertype": "limit",
            "volume": "0.02",
            "price": "64000.5",
            "close[ordertype]": "limit",
            "close[price]": "65000",
            "pair": "XBTUSD",
        },
    ),
    "an order that fills at once or not at all": (
        place(time_in_force=TimeInForce.FOK),
        "/0/private/AddOrder",
        CLOSED_FORM | {"timeinforce": "FOK"},
    ),
    "an order for a tokenized stock": (
        place(symbol="AAPLx/USD"),
        "/0/private/AddOrder",
        CLOSED_FORM | {"pair": "AAPLxUSD", "asset_class": "tokenized_asset"},
    ),
    "an amendment of an order for a tokenized stock": (
        replace(symbol="AAPLx/USD", price=D("64010.5")),
        "/0/private/AmendOrder",
        {"txid": "OSIM01-AAAAA-BBBB01", "limit_price": "64010.5", "pair": "AAPLxUSD"},
    ),
    "an amendment": (
        replace(quantity=D("2.4"), price=D("64010.5"), post_only=False),
        "/0/private/AmendOrder",
        {"txid": "OSIM01-AAAAA-BBBB01", "order_qty": "2.4", "limit_price": "64010.5", "post_only": "false"},
    ),
    "a cancel": (cancel(1, "OSIM00-OLDER-ORDR00"), "/0/private/CancelOrder", {"txid": "OSIM00-OLDER-ORDR00"}),
    "a cancel by client order id": (cancel(1, None, "x"), "/0/private/CancelOrder", {"cl_ord_id": "x"}),
    "a cancel of everything": (CancelAllOrders(request_id=RequestId(1), symbol=None), "/0/private/CancelAll", {}),
    "the cancel timer": (
        SetCancelAllAfter(request_id=RequestId(1), seconds=60),
        "/0/private/CancelAllOrdersAfter",
        {"timeout": "60"},
    ),
    "open orders": (ListOpenOrders(request_id=RequestId(1)), "/0/private/OpenOrders", {}),
    "one order": (
        QueryOrder(request_id=RequestId(1), venue_order_id=VenueOrderId("OSIM00-OLDER-ORDR00"), wire_id=None),
        "/0/private/QueryOrders",
        {"txid": "OSIM00-OLDER-ORDR00", "consolidate_taker": "false"},
    ),
    "one order by client order id": (
        QueryOrder(request_id=RequestId(1), venue_order_id=None, wire_id="sim-0000", since=DEADLINE),
        "/0/private/OpenOrders",
        {"cl_ord_id": "sim-0000"},
    ),
    "one order by client order id, among those that have ended": (
        QueryOrder(request_id=RequestId(1), venue_order_id=None, wire_id="sim-0000", since=DEADLINE, cursor="closed"),
        "/0/private/ClosedOrders",
        {"cl_ord_id": "sim-0000", "consolidate_taker": "false"},
    ),
    "fills": (
        ListFills(request_id=RequestId(1), start=1782900000 * 10**9, end=1782907205 * 10**9 + 1, symbol=None),
        "/0/private/TradesHistory",
        {"start": "1782899999", "end": "1782907206", "consolidate_taker": "false"},
    ),
    "more fills": (
        ListFills(request_id=RequestId(1), start=0, end=10**9, symbol=None, cursor="50"),
        "/0/private/TradesHistory",
        {"start": "0", "end": "1", "ofs": "50", "consolidate_taker": "false"},
    ),
    "fills up to now": (
        ListFills(request_id=RequestId(1), start=0, end=10**9, symbol=None, latest=True),
        "/0/private/TradesHistory",
        {"start": "0", "consolidate_taker": "false"},
    ),
    "order history": (
        ListOrderHistory(request_id=RequestId(1), start=1782900000 * 10**9, end=1782907205 * 10**9),
        "/0/private/ClosedOrders",
        {"start": "1782899999", "end": "1782907205", "closetime": "both", "consolidate_taker": "false"},
    ),
}


@pytest.mark.parametrize("kind", REST_CALLS)
def test_a_rest_call_is_written(kind: str) -> None:
    request, path, form = REST_CALLS[kind]
    assert form_of(request) == (path, form)


def test_batches_go_out_as_json_over_rest() -> None:
    call = encode_rest(BatchOrders(request_id=RequestId(1), legs=(cancel(1, "O-1"), cancel(2, None, "w"))), CREDENTIALS)
    assert (call.path, call.body) == ("/0/private/CancelOrderBatch", b'{"orders":["O-1"],"cl_ord_ids":["w"]}')
    call = encode_rest(BatchOrders(request_id=RequestId(1), legs=LEGS[:2]), CREDENTIALS)
    leg = '{"type":"buy","ordertype":"limit","volume":"0.02","price":"64000.5","cl_ord_id":"%s"}'
    expected = '{"pair":"XBTUSD","orders":[' + leg % "a" + "," + leg % "b" + "]}"
    assert (call.path, call.body) == ("/0/private/AddOrderBatch", expected.encode())
    stop = closing(type=OrderType.STOP_LIMIT, trigger_price=58000, price=57000)
    call = encode_rest(BatchOrders(request_id=RequestId(1), legs=(stop, LEGS[1])), CREDENTIALS)
    nested = ',"close":{"ordertype":"stop-loss-limit","price":"58000","price2":"57000"}}'
    expected = '{"pair":"XBTUSD","orders":[' + (leg % "sim-0001")[:-1] + nested + "," + leg % "b" + "]}"
    assert (call.path, call.body) == ("/0/private/AddOrderBatch", expected.encode())
    assert ("Content-Type", "application/json") in call.headers


@pytest.mark.parametrize(
    "request_",
    [
        place(margin=True),
        replace(time_in_force=TimeInForce.IOC),
        CancelAllOrders(request_id=RequestId(1), symbol="BTC/USD"),
        PreviewPrice(request_id=RequestId(1), symbol="BTC/USD", side=Side.BUY, quantity=D(1)),
        BatchOrders(request_id=RequestId(1), legs=(place(), cancel(2, "O"))),
        BatchOrders(request_id=RequestId(1), legs=(place(margin=True, reduce_only=True), place())),
        ListFills(request_id=RequestId(1), start=0, end=1, symbol=None, venue_order_id=VenueOrderId("O-1")),
    ],
    ids=lambda request: type(request).__name__,
)
def test_what_rest_cannot_be_asked_is_refused(request_: Request) -> None:
    with pytest.raises(ValueError):
        encode_rest(request_, CREDENTIALS)
