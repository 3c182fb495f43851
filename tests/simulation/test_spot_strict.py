"""What the simulated Kraken Spot says to a client that asks for what the documentation does not list."""

from __future__ import annotations

from typing import Any

import attrs
import pytest

from protocol.simulation.kraken_spot import KrakenSpotExchangeSettings

from ..spot_floor import Floor

ORDER: dict[str, Any] = {"pair": "XBTUSD", "type": "buy", "ordertype": "limit", "volume": "1", "price": "60000"}
STOP: dict[str, Any] = ORDER | {"ordertype": "stop-loss", "price": "66000"}


def without(form: dict[str, Any], *names: str) -> dict[str, Any]:
    return {key: value for key, value in form.items() if key not in names}


UNDOCUMENTED: list[tuple[str, dict[str, Any], str, str]] = [
    ("AddOrder", ORDER | {"postonly": "true"}, "postonly", "AddOrder: there is no parameter 'postonly'."),
    ("AddOrder", ORDER | {"close[type]": "limit"}, "type", "AddOrder: there is no parameter 'close.type'."),
    ("OpenOrders", {"ofs": "50"}, "ofs", "OpenOrders: there is no parameter 'ofs'."),
    ("ClosedOrders", {"ledgers": "true"}, "ledgers", "ClosedOrders: there is no parameter 'ledgers'."),
    ("TradesHistory", {"cl_ord_id": "a"}, "cl_ord_id", "TradesHistory: there is no parameter 'cl_ord_id'."),
    ("CancelAll", {"pair": "XBTUSD"}, "pair", "CancelAll: there is no parameter 'pair'."),
    (
        "GetWebSocketsToken",
        {"permissions": "x"},
        "permissions",
        "GetWebSocketsToken: there is no parameter 'permissions'.",
    ),
    ("Balance", {"asset": "ZUSD"}, "asset", "Balance: there is no parameter 'asset'."),
    ("AddOrder", ORDER | {"trigger": "last"}, "trigger", "AddOrder: 'trigger' means nothing for a limit order."),
    ("AddOrder", ORDER | {"price2": "1"}, "price2", "AddOrder: 'price2' means nothing for a limit order."),
    ("AddOrder", STOP | {"price2": "1"}, "price2", "AddOrder: 'price2' means nothing for a stop-loss order."),
    ("AddOrder", ORDER | {"ordertype": "market"}, "price", "AddOrder: 'price' means nothing for a market order."),
    (
        "AddOrder",
        STOP | {"displayvol": "0.5"},
        "displayvol",
        "AddOrder: 'displayvol' means nothing for a stop-loss order.",
    ),
    ("AddOrder", ORDER | {"timeinforce": "gtc"}, "timeinforce", "AddOrder: 'timeinforce' cannot be 'gtc'."),
    ("AddOrder", ORDER | {"asset_class": "forex"}, "asset_class", "AddOrder: 'asset_class' cannot be 'forex'."),
]


@pytest.mark.parametrize(("call", "form", "key", "violation"), UNDOCUMENTED)
def test_what_is_not_documented_is_refused_and_noted(call: str, form: dict[str, Any], key: str, violation: str) -> None:
    floor = Floor(strict=True)
    assert floor.rest(call, **form) == {"error": [f"EGeneral:Invalid arguments:{key}"]}
    assert floor.exchange.violations == [violation]
    floor.exchange.violations.clear()


@pytest.mark.parametrize(("call", "form", "key", "violation"), UNDOCUMENTED)
def test_for_strangers_it_is_passed_over_as_the_real_venue_may(
    call: str, form: dict[str, Any], key: str, violation: str
) -> None:
    floor = Floor(strict=False)
    answer = floor.rest(call, **form)
    if key not in ("type", "displayvol"):  # what is wrong about these is refused in any case
        assert answer["error"] == []
    assert floor.exchange.violations == []


def test_a_venue_is_lenient_unless_it_is_told_otherwise() -> None:
    assert KrakenSpotExchangeSettings(strict=False).strict is False
    assert attrs.fields_dict(KrakenSpotExchangeSettings)["strict"].default is False


def test_in_the_leg_of_a_batch_its_place_is_told() -> None:
    floor = Floor(strict=True)
    leg = without(ORDER, "pair")
    orders = [leg, leg | {"validate": True}]
    answer = floor.rest_json("AddOrderBatch", pair="XBTUSD", orders=orders)
    assert answer == {"error": ["EGeneral:Invalid arguments:validate"]}
    assert floor.exchange.violations == ["AddOrderBatch: there is no parameter 'orders[1].validate'."]
    floor.exchange.violations.clear()
    nested = [leg, leg | {"close": {"ordertype": "limit", "price": "61000", "limit": 1}}]
    floor.rest_json("AddOrderBatch", pair="XBTUSD", orders=nested)
    assert floor.exchange.violations == ["AddOrderBatch: there is no parameter 'orders[1].close.limit'."]
    floor.exchange.violations.clear()


def test_questions_that_need_no_key_are_looked_at_as_well() -> None:
    strict, lenient = Floor(strict=True), Floor(strict=False)
    assert strict.public("AssetPairs", pairs="XBTUSD") == {"error": ["EGeneral:Invalid arguments:pairs"]}
    assert strict.public("Time", zone="UTC") == {"error": ["EGeneral:Invalid arguments:zone"]}
    assert strict.exchange.violations == [
        "AssetPairs: there is no parameter 'pairs'.",
        "Time: there is no parameter 'zone'.",
    ]
    strict.exchange.violations.clear()
    assert len(lenient.public("AssetPairs", pairs="XBTUSD")["result"]) == 3


def test_everything_that_is_documented_passes() -> None:
    floor = Floor(strict=True)
    everything = ORDER | {
        "displayvol": "1",
        "oflags": "post,fciq",
        "timeinforce": "GTD",
        "expiretm": "+60",
        "starttm": "+5",
        "stptype": "cancel-oldest",
        "cl_ord_id": "all-of-it",
        "reduce_only": "false",
        "leverage": "none",
        "broker": "b",
        "close[ordertype]": "stop-loss-limit",
        "close[price]": "58000",
        "close[price2]": "57000",
        "deadline": "2026-07-01T12:00:30Z",
        "validate": "false",
    }
    assert floor.rest("AddOrder", **everything)["error"] == []
    calls: dict[str, dict[str, Any]] = {
        "ClosedOrders": {
            "trades": "true",
            "userref": "1",
            "cl_ord_id": "a",
            "start": "1",
            "end": "2",
            "ofs": "0",
            "closetime": "both",
            "consolidate_taker": "false",
            "without_count": "true",
            "rebase_multiplier": "rebased",
        },
        "TradesHistory": {
            "type": "all",
            "trades": "true",
            "start": "1",
            "end": "2",
            "ofs": "0",
            "ledgers": "true",
            "consolidate_taker": "false",
            "without_count": "true",
            "rebase_multiplier": "base",
        },
        "OpenOrders": {"trades": "true", "userref": "1", "cl_ord_id": "a", "rebase_multiplier": "rebased"},
    }
    for call, form in calls.items():
        assert floor.rest(call, **form)["error"] == []
    assert floor.exchange.violations == []
