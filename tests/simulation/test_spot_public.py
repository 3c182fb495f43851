"""The simulated Kraken Spot's questions that need no key, and those about an account's money."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

import pytest

from protocol.simulation.kraken_spot import KrakenSpotUser, Pair
from protocol.values import Side

from ..spot_floor import START, Floor, Rig

D = Decimal
BUY, SELL = Side.BUY, Side.SELL

BITCOIN = {
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


# Markets


@pytest.mark.parametrize("name", ["XXBTZUSD", "XBTUSD", "XBT/USD", "BTC/USD"])
def test_a_pair_is_found_by_any_of_its_names_and_has_every_documented_field(name: str) -> None:
    assert Floor().public("AssetPairs", pair=name) == {"error": [], "result": {"XXBTZUSD": BITCOIN}}


def test_pairs_are_listed_all_or_some() -> None:
    floor = Floor()
    assert list(floor.public("AssetPairs")["result"]) == ["XXBTZUSD", "XETHZUSD", "SOLEUR"]
    assert list(floor.public("AssetPairs", pair="SOLEUR,XBTUSD")["result"]) == ["SOLEUR", "XXBTZUSD"]
    assert floor.public("AssetPairs", pair="XBTUSD,NOPE") == {"error": ["EQuery:Unknown asset pair"]}


@pytest.mark.parametrize("query", [{"aclass_base": "tokenized_asset"}, {"execution_venue": "bitnomial_exchange"}])
def test_there_are_no_pairs_of_another_kind_or_venue(query: dict[str, str]) -> None:
    assert Floor().public("AssetPairs", **query) == {"error": [], "result": {}}


@pytest.mark.parametrize(
    "query", [{"aclass_base": "currency"}, {"execution_venue": "international"}, {"country_code": "US:TX"}]
)
def test_the_usual_filters_leave_the_pairs_that_there_are(query: dict[str, str]) -> None:
    assert len(Floor().public("AssetPairs", **query)["result"]) == 3


@pytest.mark.parametrize(
    ("info", "fields"),
    [
        ("leverage", {"leverage_buy": [2, 3, 4, 5], "leverage_sell": [2, 3, 4, 5]}),
        ("fees", {"fees": [], "fees_maker": [], "fee_volume_currency": "ZUSD"}),
        ("margin", {"margin_call": 80, "margin_stop": 40}),
        ("info", BITCOIN),
    ],
)
def test_a_part_of_each_row_can_be_asked_for(info: str, fields: dict[str, Any]) -> None:
    assert Floor().public("AssetPairs", pair="XBTUSD", info=info)["result"] == {"XXBTZUSD": fields}


@pytest.mark.parametrize("name", ["aclass_base", "info", "execution_venue"])
def test_a_filter_that_there_is_not_is_refused(name: str) -> None:
    assert Floor().public("AssetPairs", **{name: "odd"}) == {"error": [f"EGeneral:Invalid arguments:{name}"]}


def test_a_market_without_margin_has_no_limits_of_positions() -> None:
    pair = Pair(
        symbol="ABC/USD",
        rest_name="ABCUSD",
        altname="ABCUSD",
        websocket_name="ABC/USD",
        base_code="ABC",
        quote_code="ZUSD",
        price_decimals=4,
        leverage=(),
    )
    floor = Floor(pairs=(pair,))
    floor.take(floor.exchange.set_pair_status("ABC/USD", "reduce_only", floor.now))
    (row,) = floor.public("AssetPairs")["result"].values()
    assert (row["leverage_buy"], row["leverage_sell"], row["status"]) == ([], [], "reduce_only")
    assert "long_position_limit" not in row
    assert "short_position_limit" not in row


def test_fees_of_pairs_may_come_as_the_tables_that_they_were() -> None:
    (row,) = Floor(fee_tiers=True).public("AssetPairs", pair="XBTUSD")["result"].values()
    assert row["fees"][:2] == [[0, D("0.40")], [50000, D("0.35")]]
    assert row["fees_maker"][0] == [0, D("0.25")]


# Assets, the time, the state


def test_assets_are_listed_by_their_ids_and_found_by_both_names() -> None:
    floor = Floor()
    assert floor.public("Assets", asset="XBT,ZUSD") == {
        "error": [],
        "result": {
            "XXBT": {
                "aclass": "currency",
                "altname": "XBT",
                "decimals": 10,
                "display_decimals": 5,
                "collateral_value": 1,
                "status": "enabled",
            },
            "ZUSD": {
                "aclass": "currency",
                "altname": "USD",
                "decimals": 4,
                "display_decimals": 2,
                "collateral_value": 1,
                "status": "enabled",
            },
        },
    }
    assert set(floor.public("Assets")["result"]) == {"XXBT", "XETH", "SOL", "ZUSD", "ZEUR"}
    assert set(floor.public("Assets", aclass="currency")["result"]) == {"XXBT", "XETH", "SOL", "ZUSD", "ZEUR"}
    assert floor.public("Assets", aclass="tokenized_asset") == {"error": [], "result": {}}
    assert floor.public("Assets", asset="XXBT,NOPE") == {"error": ["EQuery:Unknown asset"]}
    assert floor.public("Assets", aclass="odd") == {"error": ["EGeneral:Invalid arguments:aclass"]}


def test_the_venue_tells_its_time_and_its_state() -> None:
    floor = Floor()
    assert floor.public("Time") == {
        "error": [],
        "result": {"unixtime": START, "rfc1123": "Wed, 01 Jul 26 12:00:00 +0000"},
    }
    assert floor.public("SystemStatus") == {
        "error": [],
        "result": {"status": "online", "timestamp": "2026-07-01T12:00:00Z"},
    }
    floor.take(floor.exchange.set_system("cancel_only", floor.now))
    assert floor.public("SystemStatus")["result"]["status"] == "cancel_only"


# Money


def test_balances_have_the_decimals_of_their_assets_and_tell_what_orders_hold() -> None:
    users = (KrakenSpotUser(balances={"USD": D("91000.50005"), "BTC": D("1.25"), "ETHW": D("3")}),)
    rig = Rig(users=users)
    rig.added(side="sell", order_qty=0.25, limit_price=70000.0)
    rig.added(order_qty=0.02, limit_price=59000.0)
    assert rig.floor.rest("Balance") == {
        "error": [],
        "result": {"ETHW": "3.0000000000", "ZUSD": "91000.5000", "XXBT": "1.2500000000"},
    }
    assert rig.floor.rest("BalanceEx") == {
        "error": [],
        "result": {
            "ETHW": {"balance": "3.0000000000", "hold_trade": "0.0000000000"},
            "ZUSD": {"balance": "91000.5000", "hold_trade": "1183.0680"},
            "XXBT": {"balance": "1.2500000000", "hold_trade": "0.2500000000"},
        },
    }


def test_balances_may_come_as_numbers() -> None:
    floor = Floor(users=(KrakenSpotUser(balances={"USD": D("91000.5")}),), balances_as_numbers=True)
    assert floor.rest("BalanceEx")["result"] == {"ZUSD": {"balance": D("91000.5"), "hold_trade": 0}}


def test_the_ledger_has_two_entries_for_each_trade() -> None:
    rig = Rig()
    rig.added(order_qty=0.01, limit_price=64010.0)
    rig.floor.trade(SELL, "64010.0", "0.01")
    exec_id = rig.floor.reports(rig.session)[2]["exec_id"]
    result = rig.floor.rest("Ledgers")["result"]
    money, coins = result["ledger"].values()
    assert result["count"] == 2
    assert money == {
        "aclass": "currency",
        "amount": "-640.1000",
        "asset": "ZUSD",
        "balance": "9999358.8758",
        "fee": "1.0241",
        "refid": exec_id,
        "time": START,
        "type": "trade",
        "subtype": "",
    }
    assert (coins["asset"], coins["amount"], coins["refid"]) == ("XXBT", "0.0100000000", exec_id)
    (entry_id,) = rig.floor.rest("Ledgers", asset="XBT", type="trade")["result"]["ledger"]
    assert list(rig.floor.rest("QueryLedgers", id=entry_id)["result"]) == [entry_id]
    assert rig.floor.rest("Ledgers", type="deposit")["result"] == {"ledger": {}, "count": 0}
    assert rig.floor.rest("Ledgers", type="gift") == {"error": ["EGeneral:Invalid arguments:type"]}
    assert rig.floor.rest("QueryLedgers") == {"error": ["EGeneral:Invalid arguments:id"]}
    (row,) = rig.floor.rest("TradesHistory", ledgers="true")["result"]["trades"].values()
    assert set(row["ledgers"]) == set(result["ledger"])


def test_the_fees_of_an_account_are_told_with_its_volume() -> None:
    rig = Rig(users=(KrakenSpotUser(maker_fee=D("-0.0002"), taker_fee=D("0.0026")),))
    rig.added(order_qty=0.01, limit_price=64010.0)
    rig.floor.trade(SELL, "64010.0", "0.01")
    result = rig.floor.rest("TradeVolume", pair="XBTUSD")["result"]
    assert (result["currency"], result["volume"]) == ("ZUSD", "640.1000")
    assert (result["fees"]["XXBTZUSD"]["fee"], result["fees_maker"]["XXBTZUSD"]["fee"]) == ("0.2600", "-0.0200")
    assert "fees" not in rig.floor.rest("TradeVolume")["result"]
