"""The simulated Kraken Spot over REST, by hand-written forms."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

import pytest

from protocol.simulation.exchange import (
    HttpRequest,
)
from protocol.simulation.kraken_spot import (
    KrakenSpotUser,
)
from protocol.values import Side

from ..spot_floor import START, Floor, Rig

D = Decimal
BUY, SELL = Side.BUY, Side.SELL


def test_the_documented_signature_opens_the_door() -> None:
    secret = "AAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh8gISIjJCUmJygpKissLS4vMDEyMzQ1Njc4OTo7PD0+Pw=="
    floor = Floor(users=(KrakenSpotUser(api_key="vector", api_secret=secret),))
    sign = "XCI6K2eNONDHL9Yq/gNUz8wChUbji5SCvbkwGbDXV90lMBGJwvreG65IboJYW11KpDMe73QKFmRYgznHzxcUoA=="
    request = HttpRequest(
        method="POST",
        path="/0/private/GetWebSocketsToken",
        headers=(("api-key", "vector"), ("api-sign", sign)),
        body=b"nonce=1767225600000000001",
    )
    answer = floor.send(request)
    assert answer["error"] == []
    assert answer["result"]["expires"] == 900
    assert floor.send(request) == {"error": ["EAPI:Invalid nonce"]}


def test_calls_are_refused_without_a_good_key_signature_or_nonce() -> None:
    floor = Floor()
    form = "application/x-www-form-urlencoded"
    good = floor.signed("OpenOrders", "nonce=5", form, nonce=5)
    assert floor.send(floor.signed("OpenOrders", "nonce=5", form, nonce=5, key="who")) == {
        "error": ["EAPI:Invalid key"]
    }
    assert floor.send(floor.signed("OpenOrders", "nonce=5", form, nonce=6)) == {"error": ["EAPI:Invalid signature"]}
    assert floor.send(floor.signed("OpenOrders", "", form, nonce=6)) == {"error": ["EAPI:Invalid nonce"]}
    assert floor.send(good) == {"error": [], "result": {"open": {}}}
    assert floor.send(good) == {"error": ["EAPI:Invalid nonce"]}
    assert floor.send(floor.signed("OpenOrders", "nonce=4", form, nonce=4)) == {"error": ["EAPI:Invalid nonce"]}
    assert floor.send(floor.signed("Fly", "nonce=9", form, nonce=9)) == {"error": ["EGeneral:Unknown method"]}


RESTING = {
    "refid": None,
    "userref": None,
    "cl_ord_id": "sim-0000",
    "status": "open",
    "opentm": START,
    "starttm": 0,
    "expiretm": 0,
    "descr": {
        "pair": "ETHUSD",
        "type": "sell",
        "ordertype": "limit",
        "price": "3020.10",
        "price2": "0",
        "leverage": "none",
        "order": "sell 2.50000000 ETHUSD @ limit 3020.10",
        "close": "",
    },
    "vol": "2.50000000",
    "vol_exec": "0.50000000",
    "cost": "1510.05000",
    "fee": "2.41608",
    "price": "3020.10",
    "stopprice": "0.00000",
    "limitprice": "0.00000",
    "misc": "",
    "oflags": "fciq",
}
"""The row of an order of which 0.5 of 2.5 has filled."""


def test_rest_and_socket_share_the_book() -> None:
    rig = Rig()
    answer = rig.floor.rest(
        "AddOrder",
        pair="ETHUSD",
        type="sell",
        ordertype="limit",
        volume="2.5",
        price="3020.10",
        cl_ord_id="sim-0000",
        timeinforce="GTC",
    )
    (order_id,) = answer["result"]["txid"]
    assert answer == {
        "error": [],
        "result": {"descr": {"order": "sell 2.50000000 ETHUSD @ limit 3020.10"}, "txid": [order_id]},
    }
    assert rig.kinds == ["pending_new", "new"]
    rig.floor.trade(BUY, "3020.10", "0.5", symbol="ETH/USD")
    row = rig.floor.rest("OpenOrders")["result"]["open"][order_id]
    assert row == RESTING
    amended = rig.floor.rest("AmendOrder", txid=order_id, order_qty="2.4", limit_price="3021.00")
    assert amended["result"]["amend_id"].startswith("T")
    assert (rig.last["exec_type"], rig.last["order_qty"]) == ("amended", D("2.4"))
    assert rig.floor.rest("CancelOrder", txid=order_id) == {"error": [], "result": {"count": 1}}
    assert rig.last["exec_type"] == "canceled"
    assert rig.floor.rest("CancelOrder", txid=order_id) == {"error": ["EOrder:Invalid order"]}
    queried = rig.floor.rest("QueryOrders", txid=order_id, trades="true")["result"][order_id]
    assert (queried["status"], queried["reason"], len(queried["trades"])) == ("canceled", "User requested", 1)
    assert rig.floor.rest("QueryOrders", txid="ONEVER-WASAN-ORDER1")["result"] == {}


def test_rest_events_can_be_kept_from_the_sockets() -> None:
    rig = Rig(rest_events=False)
    rig.floor.rest("AddOrder", pair="XBTUSD", type="buy", ordertype="limit", volume="1", price="60000")
    assert rig.kinds == []


@pytest.mark.parametrize(
    ("form", "sentence"),
    [
        ({"ordertype": "market"}, "@ market"),
        ({"ordertype": "stop-loss", "price": "65000"}, "@ stop loss 65000.0"),
        (
            {"ordertype": "stop-loss-limit", "price": "65000", "price2": "65100"},
            "@ stop loss 65000.0 -> limit 65100.0",
        ),
        ({"ordertype": "take-profit", "price": "60000", "trigger": "index"}, "@ take profit 60000.0"),
        ({"ordertype": "trailing-stop", "price": "+2.5%"}, "@ trailing stop +2.5000%"),
        (
            {"ordertype": "trailing-stop-limit", "price": "+100", "price2": "+10"},
            "@ trailing stop +100.0 -> limit +10.0",
        ),
        ({"ordertype": "limit", "price": "60000", "displayvol": "0.5", "oflags": "post,fcib"}, "@ iceberg 60000.0"),
        ({"ordertype": "limit", "price": "60000", "timeinforce": "GTD", "expiretm": "+30"}, "@ limit 60000.0"),
        ({"ordertype": "limit", "price": "60000", "leverage": "5"}, "@ limit 60000.0 with 5:1 leverage"),
    ],
)
def test_rest_takes_every_type_of_order(form: dict[str, Any], sentence: str) -> None:
    floor = Floor()
    floor.trade(SELL, "66000", "9", rest=True)
    answer = floor.rest("AddOrder", pair="XXBTZUSD", type="buy", volume="1", **form)
    assert answer["error"] == []
    assert answer["result"]["descr"]["order"] == f"buy 1.00000000 XBTUSD {sentence}"


@pytest.mark.parametrize(
    ("form", "error"),
    [
        ({"pair": "NOPE"}, "EQuery:Unknown asset pair"),
        ({"type": "long"}, "EGeneral:Invalid arguments:type"),
        ({"price": "60000.05"}, "EOrder:Tick size check failed"),
        ({"price": "5%"}, "EOrder:Invalid price"),
        ({"volume": "many"}, "EGeneral:Invalid arguments:volume"),
        ({"oflags": "gift"}, "EGeneral:Invalid arguments:oflags"),
        ({"volume": "9999"}, "EOrder:Insufficient funds"),
        ({"deadline": "2026-07-01T11:59:59.000Z"}, "EService:Deadline elapsed"),
    ],
)
def test_rest_refuses_in_an_array_of_texts(form: dict[str, Any], error: str) -> None:
    known: dict[str, Any] = {"pair": "XBTUSD", "type": "buy", "ordertype": "limit", "volume": "1", "price": "60000"}
    assert Floor().rest("AddOrder", **(known | form)) == {"error": [error]}


def test_rest_validation_gives_no_order_id_and_closes_can_be_conditional() -> None:
    floor = Floor()
    terms: dict[str, Any] = {"pair": "XBTUSD", "type": "buy", "ordertype": "limit", "volume": "1", "price": "60000"}
    close: dict[str, Any] = {"close[ordertype]": "stop-loss", "close[price]": "50000"}
    checked = floor.rest("AddOrder", validate="true", **terms)
    assert "txid" not in checked["result"]
    (parent,) = floor.rest("AddOrder", **terms, **close)["result"]["txid"]
    floor.trade(SELL, "60000", "1")
    ((_, child),) = floor.rest("OpenOrders")["result"]["open"].items()
    assert (child["refid"], child["descr"]["ordertype"], child["descr"]["type"]) == (parent, "stop-loss", "sell")


def test_rest_batches_are_json() -> None:
    floor = Floor()
    legs = [
        {"ordertype": "limit", "type": "buy", "volume": "1", "price": "2900"},
        {"ordertype": "limit", "type": "buy", "volume": "100000", "price": "2800"},
    ]
    first, second = floor.rest_json("AddOrderBatch", pair="ETHUSD", orders=legs)["result"]["orders"]
    assert first["descr"] == {"order": "buy 1.00000000 ETHUSD @ limit 2900.00"}
    assert second == {"error": "EOrder:Insufficient funds"}
    canceled = floor.rest_json("CancelOrderBatch", orders=[first["txid"], "ONEVER-WASAN-ORDER1"])
    assert canceled == {"error": [], "result": {"count": 1}}
    legs[1]["price"] = "0"
    assert floor.rest_json("AddOrderBatch", pair="ETHUSD", orders=legs) == {"error": ["EOrder:Invalid price"]}


def test_rest_cancels_all_at_once_or_later() -> None:
    rig = Rig()
    rig.added()
    rig.added()
    assert rig.floor.rest("CancelAll")["result"] == {"count": 2}
    rig.added()
    armed = rig.floor.rest_json("CancelAllOrdersAfter", timeout=60)
    assert armed["result"] == {"currentTime": "2026-07-01T12:00:00Z", "triggerTime": "2026-07-01T12:01:00Z"}
    rig.floor.wait(61)
    assert rig.kinds[-1] == "canceled"


def test_rest_edits_by_cancel_and_replace() -> None:
    rig = Rig()
    old = rig.added()
    terms: dict[str, Any] = {"txid": old, "pair": "XBTUSD", "price": "63000", "volume": "0.05"}
    checked = rig.floor.rest("EditOrder", validate="true", **terms)["result"]
    assert checked["descr"] == {"order": "buy 0.05000000 XBTUSD @ limit 63000.0"}
    assert rig.kinds[-1] == "new"
    answer = rig.floor.rest("EditOrder", **terms)["result"]
    assert (answer["originaltxid"], answer["status"]) == (old, "ok")
    assert rig.kinds[-3:] == ["canceled", "pending_new", "new"]


def test_trades_come_in_pages_of_fifty_newest_first() -> None:
    rig = Rig()
    rig.added(order_qty=10.0)
    for _ in range(60):
        rig.floor.trade(SELL, "64000.5", "0.01")
        rig.floor.wait(1)
    first = rig.floor.rest("TradesHistory")["result"]
    assert (len(first["trades"]), first["count"]) == (50, 60)
    rest = rig.floor.rest("TradesHistory", ofs="50")["result"]["trades"]
    assert len(rest) == 10
    assert not set(rest) & set(first["trades"])
    times = [trade["time"] for trade in [*first["trades"].values(), *rest.values()]]
    assert times == sorted(times, reverse=True)
    told = {report["exec_id"]: report for report in rig.floor.reports(rig.session) if "exec_id" in report}
    assert set(told) == set(first["trades"]) | set(rest)
    (exec_id, trade) = next(iter(first["trades"].items()))
    assert (D(trade["fee"]), D(trade["cost"])) == (told[exec_id]["fees"][0]["qty"], told[exec_id]["cost"])
    assert (trade["maker"], trade["vol"], trade["type"]) == (True, "0.01000000", "buy")
    later = rig.floor.rest("TradesHistory", start=str(START + 55), end=str(START + 57))["result"]
    assert later["count"] == 2  # start exclusive, end inclusive


def test_closed_orders_come_in_pages_and_by_their_ids() -> None:
    rig = Rig()
    for number in range(55):
        rig.say("cancel_order", order_id=[rig.added(cl_ord_id=f"c-{number}")])
    page = rig.floor.rest("ClosedOrders")["result"]
    assert (len(page["closed"]), page["count"]) == (50, 55)
    assert len(rig.floor.rest("ClosedOrders", ofs="50")["result"]["closed"]) == 5
    ((_, row),) = rig.floor.rest("ClosedOrders", cl_ord_id="c-7")["result"]["closed"].items()
    assert (row["status"], row["closetm"]) == ("canceled", START)


def test_public_calls_need_no_key() -> None:
    floor = Floor()
    pairs = floor.public("AssetPairs", pair="XBTUSD")["result"]
    assert pairs == {
        "XXBTZUSD": {
            "altname": "XBTUSD",
            "wsname": "XBT/USD",
            "aclass_base": "currency",
            "base": "XXBT",
            "aclass_quote": "currency",
            "quote": "ZUSD",
            "lot": "unit",
            "cost_decimals": 5,
            "pair_decimals": 1,
            "lot_decimals": 8,
            "lot_multiplier": 1,
            "leverage_buy": [2, 3, 4, 5],
            "leverage_sell": [2, 3, 4, 5],
            "fees": [],
            "fees_maker": [],
            "fee_volume_currency": "ZUSD",
            "margin_call": 80,
            "margin_stop": 40,
            "ordermin": "0.00005",
            "costmin": "0.5",
            "tick_size": "0.1",
            "status": "online",
            "execution_venue": "international",
            "long_position_limit": 350,
            "short_position_limit": 250,
        }
    }
    assert len(floor.public("AssetPairs")["result"]) == 3
    assert floor.public("Time")["result"]["unixtime"] == START
    assert floor.public("SystemStatus")["result"]["status"] == "online"
    assert floor.public("AssetPairs", pair="NOPE") == {"error": ["EQuery:Unknown asset pair"]}
