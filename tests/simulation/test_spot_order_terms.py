"""The simulated Kraken Spot: the terms of orders and what is refused, by hand-written JSON."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

import pytest

from protocol.simulation.kraken_spot import (
    KrakenSpotUser,
)
from protocol.values import Side

from ..spot_floor import SECOND, Rig, kinds

D = Decimal
BUY, SELL = Side.BUY, Side.SELL


# Order terms


def test_a_market_buy_by_value_echoes_base_units() -> None:
    rig = Rig()
    rig.floor.trade(SELL, "64000.0", "1", rest=True)
    told = rig.add(order_type="market", order_qty=None, limit_price=None, cash_order_qty=100.0)
    pending = told[1]["data"][0]
    assert (pending["cash_order_qty"], pending["order_qty"]) == (100, D("0.0015625"))
    assert kinds(told)[-2:] == ["trade", "filled"]
    assert told[-2]["data"][0]["cost"] == 100
    assert rig.refused(side="sell", order_type="market", order_qty=None, limit_price=None, cash_order_qty=9.0) == (
        "EGeneral:Invalid arguments:cash_order_qty"
    )


def test_an_order_until_a_date_expires_then() -> None:
    rig = Rig()
    order_id = rig.added(time_in_force="gtd", expire_time="2026-07-01T12:00:30Z", cl_ord_id="sim-0007")
    pending = rig.floor.reports(rig.session)[0]
    assert (pending["time_in_force"], pending["expire_time"]) == ("GTD", "2026-07-01T12:00:30.000000Z")
    rig.floor.wait(29)
    assert "expired" not in rig.kinds
    rig.floor.wait(1)
    assert (rig.last["exec_type"], rig.last["order_status"]) == ("expired", "expired")
    assert (rig.last["order_id"], rig.last["timestamp"]) == (order_id, "2026-07-01T12:00:30.000000Z")
    assert "reason" not in rig.last


def test_a_scheduled_order_becomes_new_when_its_time_comes() -> None:
    rig = Rig()
    rig.floor.trade(SELL, "64000.0", "1", rest=True)
    told = rig.add(effective_time="2026-07-01T12:00:10Z")
    assert kinds(told) == ["add_order", "pending_new"]
    assert rig.floor.rest("OpenOrders")["result"]["open"][told[0]["result"]["order_id"]]["status"] == "pending"
    rig.floor.wait(10)
    assert rig.kinds == ["pending_new", "new", "trade", "filled"]


def test_a_scheduled_order_that_can_no_longer_be_paid_is_canceled() -> None:
    rig = Rig(users=(KrakenSpotUser(balances={"USD": D(700)}),))
    rig.floor.trade(SELL, "64000.0", "0.01", rest=True)
    rig.added(order_type="market", order_qty=0.01, limit_price=None, effective_time="2026-07-01T12:00:10Z")
    rig.floor.trade(BUY, "64000.0", "0.01")
    rig.floor.trade(SELL, "90000.0", "0.01", rest=True)
    rig.floor.wait(10)
    assert (rig.last["exec_type"], rig.last["reason"]) == ("canceled", "Insufficient funds")


def test_an_iceberg_shows_one_slice_after_the_other() -> None:
    rig = Rig()
    rig.added(order_type="iceberg", order_qty=3.0, display_qty=1.0)
    pending = rig.floor.reports(rig.session)[0]
    assert (pending["order_type"], pending["display_qty"], pending["display_qty_remain"]) == ("iceberg", 1, 1)
    rig.floor.trade(BUY, "64000.5", "5", rest=True)  # comes behind the slice
    rig.floor.trade(SELL, "64000.5", "1")
    assert rig.kinds[-2:] == ["trade", "iceberg_refill"]
    assert (rig.last["display_qty"], rig.last["display_qty_remain"], rig.last["cum_qty"]) == (1, 1, 1)
    rig.floor.trade(SELL, "64000.5", "5")
    assert rig.last["cum_qty"] == 1  # the other bid was first now
    rig.floor.trade(SELL, "64000.5", "2")
    assert rig.kinds[-5:] == ["iceberg_refill", "trade", "iceberg_refill", "trade", "filled"]
    assert rig.refused(order_type="iceberg", order_qty=15.1, display_qty=1.0) == (
        "EGeneral:Invalid arguments:display_qty"
    )


@pytest.mark.parametrize(
    ("stp_type", "ends"),
    [
        (None, [("b", "canceled")]),
        ("cancel_newest", [("b", "canceled")]),
        ("cancel_oldest", [("a", "canceled")]),
        ("cancel_both", [("a", "canceled"), ("b", "canceled")]),
    ],
)
def test_an_own_order_is_not_traded_with(stp_type: str | None, ends: list[tuple[str, str]]) -> None:
    rig = Rig()
    rig.added(cl_ord_id="a")
    told = rig.add(side="sell", limit_price=64000.0, cl_ord_id="b", stp_type=stp_type)
    reports = [frame["data"][0] for frame in told[1:]]
    assert [(r["cl_ord_id"], r["exec_type"]) for r in reports if r["exec_type"] not in ("pending_new", "new")] == ends


def test_a_stop_waits_for_its_price_and_then_trades() -> None:
    rig = Rig()
    told = rig.add(
        side="sell",
        order_type="stop-loss-limit",
        order_qty=0.05,
        limit_price=60900.0,
        triggers={"reference": "last", "price": 61000.0, "price_type": "static"},
        cl_ord_id="sim-0009",
    )
    pending = told[1]["data"][0]
    assert pending["triggers"] == {
        "price": 61000,
        "price_type": "static",
        "reference": "last",
        "status": "untriggered",
    }
    assert (pending["stop_price"], pending["trigger"], pending["order_type"]) == (61000, "last", "stop-loss-limit")
    assert kinds(told) == ["add_order", "pending_new", "new"]
    rig.floor.trade(BUY, "60950.0", "1", rest=True)
    assert rig.kinds[-1] == "new"  # nothing has traded yet
    rig.floor.trade(SELL, "60950.0", "0.1")
    assert rig.kinds[-3:] == ["status", "trade", "filled"]
    status = rig.floor.reports(rig.session)[-3]
    assert (status["order_status"], "symbol" in status) == ("new", False)
    assert status["triggers"] == {
        "price": 61000,
        "price_type": "static",
        "reference": "last",
        "actual_price": 61000,
        "last_price": 60950,
        "status": "triggered",
        "timestamp": "2026-07-01T12:00:00.000000Z",
    }


@pytest.mark.parametrize(
    ("order_type", "side", "price", "index"),
    [
        ("stop-loss", "buy", 65000.0, "65000"),
        ("stop-loss", "sell", 63000.0, "63000"),
        ("take-profit", "buy", 63000.0, "63000"),
        ("take-profit", "sell", 65000.0, "65000"),
    ],
)
def test_each_trigger_fires_on_its_side(order_type: str, side: str, price: float, index: str) -> None:
    rig = Rig()
    rig.floor.trade(BUY, "62000", "1", rest=True)
    rig.floor.trade(SELL, "66000", "1", rest=True)
    told = rig.add(order_type=order_type, side=side, limit_price=None, triggers={"price": price, "reference": "index"})
    assert kinds(told)[-1] == "new"
    rig.floor.take(rig.floor.exchange.set_index("BTC/USD", D(index), rig.floor.now))
    assert rig.kinds[-3:] == ["status", "trade", "filled"]


def test_a_trigger_whose_price_is_reached_already_fires_at_once() -> None:
    rig = Rig()
    rig.floor.trade(SELL, "66000", "1", rest=True)
    told = rig.add(order_type="stop-loss", limit_price=None, trigger={"price": 64000.0})  # an older key
    assert kinds(told) == ["add_order", "pending_new", "new", "status", "trade", "filled"]


def test_a_trailing_stop_follows_the_price() -> None:
    rig = Rig()
    rig.added(
        side="sell",
        order_type="trailing-stop",
        limit_price=None,
        triggers={"price": 2.0, "price_type": "pct", "reference": "index"},
        cl_ord_id="sim-0010",
    )
    rig.floor.trade(BUY, "62000", "1", rest=True)
    rig.floor.take(rig.floor.exchange.set_index("BTC/USD", D(65000), rig.floor.now))
    assert rig.last["exec_type"] == "status"
    assert rig.last["triggers"] == {
        "price": 2,
        "price_type": "pct",
        "reference": "index",
        "actual_price": 63700,
        "peak_price": 65000,
        "status": "untriggered",
    }
    rig.floor.take(rig.floor.exchange.set_index("BTC/USD", D(64000), rig.floor.now))
    assert rig.kinds[-1] == "status"
    rig.floor.take(rig.floor.exchange.set_index("BTC/USD", D(63700), rig.floor.now))
    assert rig.kinds[-3:] == ["status", "trade", "filled"]


def test_a_trailing_stop_limit_rests_at_a_distance_from_where_it_fired() -> None:
    rig = Rig()
    order_id = rig.added(
        side="sell",
        order_type="trailing-stop-limit",
        limit_price=10.0,
        triggers={"price": 1000.0, "price_type": "quote", "reference": "index"},
    )
    rig.floor.take(rig.floor.exchange.set_index("BTC/USD", D(62000), rig.floor.now))
    row = rig.floor.rest("OpenOrders")["result"]["open"][order_id]
    assert (row["stopprice"], row["limitprice"]) == ("63000.00000", "62990.00000")
    assert (row["descr"]["price"], row["descr"]["price2"]) == ("+1000.0", "-10.0")
    rig.floor.trade(BUY, "62990.0", "1")
    assert rig.kinds[-1] == "filled"


def test_a_conditional_close_follows_the_fill() -> None:
    rig = Rig()
    parent = rig.added(
        order_userref=77,
        conditional={"order_type": "stop-loss-limit", "trigger_price": 60000.0, "limit_price": 59900.0},
    )
    pending = rig.floor.reports(rig.session)[0]
    assert pending["contingent"] == {
        "order_type": "stop-loss-limit",
        "trigger_price": 60000,
        "trigger_price_type": "static",
        "limit_price": 59900,
        "limit_price_type": "static",
    }
    rig.floor.trade(SELL, "64000.5", "0.02")
    assert rig.kinds == ["pending_new", "new", "trade", "filled", "pending_new", "new"]
    child = rig.floor.reports(rig.session)[-2]
    assert (child["ord_ref_id"], child["side"], child["order_qty"]) == (parent, "sell", D("0.02"))
    assert child["order_id"] != parent
    assert "cl_ord_id" not in child
    assert "order_userref" not in child


def test_margin_orders_build_a_position_that_reduce_only_orders_reduce() -> None:
    rig = Rig()
    assert rig.refused(side="sell", reduce_only=True, limit_price=60000.0).startswith("EOrder:Reduce only:")
    rig.added(margin=True, order_qty=1.0)
    rig.floor.trade(SELL, "64000.5", "1")
    assert rig.floor.reports(rig.session)[-2]["margin"] is True
    assert rig.refused(side="sell", reduce_only=True, order_qty=2.0).startswith("EOrder:Reduce only:")
    rig.floor.trade(BUY, "64000.0", "1", rest=True)
    rig.added(side="sell", reduce_only=True, order_qty=1.0, limit_price=64000.0)
    assert rig.kinds[-1] == "filled"
    assert rig.floor.exchange.engine.accounts["ACCOUNT-1"].position("BTC/USD") == 0
    assert rig.refused(margin=True, order_qty=9000.0) == "EOrder:Insufficient margin"


def test_validation_alone_places_nothing() -> None:
    rig = Rig()
    (answer,) = rig.add(validate=True, cl_ord_id="v")
    assert (answer["success"], answer["result"]) == (True, {"order_id": "", "cl_ord_id": "v"})
    assert rig.floor.rest("OpenOrders")["result"] == {"open": {}}
    assert rig.refused(validate=True, order_qty=1_000_000.0) == "EOrder:Insufficient funds"


# Refusals


@pytest.mark.parametrize(
    ("terms", "error"),
    [
        ({"symbol": "XBT/USD"}, "Currency pair not supported XBT/USD"),
        ({"side": "long"}, "EGeneral:Invalid arguments:side"),
        ({"order_type": "psychic"}, "EGeneral:Invalid arguments:order_type"),
        ({"time_in_force": "day"}, "EGeneral:Invalid arguments:time_in_force"),
        ({"limit_price": None}, "EGeneral:Invalid arguments:limit_price"),
        ({"limit_price": 64000.55}, "EOrder:Tick size check failed"),
        ({"limit_price": 0.0}, "EOrder:Invalid price"),
        ({"limit_price": "64000.5"}, "Limit_price field must be a number_float"),
        ({"order_qty": "1"}, "Order_qty field must be a number_float"),
        ({"order_qty": 0.00001}, "EOrder:Order minimum not met"),
        ({"order_qty": 0.00005, "limit_price": 100.0}, "EOrder:Cost minimum not met"),
        ({"order_qty": None}, "EGeneral:Invalid arguments:order_qty"),
        ({"order_qty": 1000.0}, "EOrder:Insufficient funds"),
        ({"side": "sell", "order_qty": 1000.1}, "EOrder:Insufficient funds"),
        ({"leverage": 2}, "Unsupported field: 'leverage' for the given msg type: add_order"),
        ({"order_type": "stop-loss", "limit_price": None}, "EGeneral:Invalid arguments:triggers"),
        ({"time_in_force": "gtd"}, "EGeneral:Invalid arguments:expire_time"),
        ({"time_in_force": "gtd", "expire_time": "2026-07-01T11:59:59Z"}, "EGeneral:Invalid arguments:expire_time"),
        ({"time_in_force": "gtd", "expire_time": "2026-09-01T12:00:00Z"}, "EGeneral:Invalid arguments:expire_time"),
        ({"post_only": True, "time_in_force": "ioc"}, "EGeneral:Invalid arguments:post_only"),
        ({"cl_ord_id": "a text of nineteen!"}, "EGeneral:Invalid arguments:cl_ord_id"),
        ({"cl_ord_id": "a", "order_userref": 1}, "EGeneral:Invalid arguments:cl_ord_id"),
        ({"stp_type": "never"}, "EGeneral:Invalid arguments:stp_type"),
        ({"deadline": "2026-07-01T11:59:59.000Z"}, "EService:Deadline elapsed"),
        ({"deadline": "2026-07-01T12:00:00.499Z"}, "EGeneral:Invalid arguments:deadline"),
        ({"deadline": "2026-07-01T12:01:00.001Z"}, "EGeneral:Invalid arguments:deadline"),
    ],
)
def test_an_order_that_cannot_be_is_refused_without_an_event(terms: dict[str, Any], error: str) -> None:
    rig = Rig()
    assert rig.refused(**terms) == error
    assert rig.kinds == []


@pytest.mark.parametrize(
    "name",
    ["short text", "6d1b345e-2821-40e2-ad83-4ecb18a06876", "0123456789abcdef0123456789ABCDEF", "O02270023210040011"],
)
def test_client_order_ids_come_in_three_forms(name: str) -> None:
    assert Rig().add(cl_ord_id=name)[0]["result"]["cl_ord_id"] == name


def test_a_client_order_id_belongs_to_one_open_order() -> None:
    rig = Rig()
    rig.added(cl_ord_id="sim-0001")
    assert rig.refused(cl_ord_id="sim-0001") == "EGeneral:Invalid arguments:cl_ord_id not unique"
    rig.say("cancel_all")
    assert rig.add(cl_ord_id="sim-0001")[0]["success"]


@pytest.mark.parametrize("deadline", ["2026-07-01T12:00:00.500Z", "2026-07-01T12:01:00.000Z"])
def test_a_deadline_is_half_a_second_to_a_minute_ahead(deadline: str) -> None:
    assert Rig().add(deadline=deadline)[0]["success"]


def test_a_request_that_was_long_on_its_way_misses_its_deadline() -> None:
    rig = Rig(engine_delay=2 * SECOND)
    assert rig.refused(deadline="2026-07-01T12:00:01.000Z") == "EService:Deadline elapsed"
    assert rig.add(deadline="2026-07-01T12:00:05.000Z")[0]["success"]


def test_funds_are_held_for_open_orders_and_come_back() -> None:
    users = (KrakenSpotUser(balances={"USD": D(1000), "BTC": D(1)}),)
    rig = Rig(users=users)
    first = rig.added(order_qty=0.01)  # holds 640.005 and a fee
    assert rig.refused(order_qty=0.01) == "EOrder:Insufficient funds"
    rig.say("cancel_order", order_id=[first])
    rig.added(order_qty=0.01)
    rig.floor.trade(SELL, "64000.5", "0.01")
    balance = rig.floor.rest("Balance")["result"]
    assert balance == {"XXBT": "1.0100000000", "ZUSD": "358.9709"}  # of 358.970992


def test_a_limit_far_from_the_market_can_be_refused() -> None:
    rig = Rig(price_band=D(10))
    assert rig.refused(limit_price=50000.0) == "EOrder:Limit price check failed"
    assert rig.add(limit_price=60000.0)[0]["success"]


def test_the_state_of_the_system_is_told_and_decides_what_is_taken() -> None:
    rig = Rig()
    floor, exchange = rig.floor, rig.floor.exchange
    resting = rig.added()
    floor.take(exchange.set_system("cancel_only", floor.now))
    assert floor.heard[rig.session][-1]["data"][0]["system"] == "cancel_only"
    assert rig.refused() == "EService:Market in cancel_only mode"
    assert rig.refused("amend_order", order_id=resting, order_qty=0.05) == "EService:Market in cancel_only mode"
    assert rig.say("cancel_order", order_id=[resting])[0]["success"]
    floor.take(exchange.set_system("post_only", floor.now))
    assert rig.refused() == "EService:Market in post_only mode"
    assert rig.add(post_only=True)[0]["success"]
    floor.take(exchange.set_system("maintenance", floor.now))
    assert rig.refused() == "EService:Unavailable"
    floor.take(exchange.set_system("online", floor.now))
    floor.take(exchange.set_pair_status("BTC/USD", "limit_only", floor.now))
    assert rig.refused(order_type="market", limit_price=None) == "EService:Market in limit_only mode"
    assert floor.public("AssetPairs")["result"]["XXBTZUSD"]["status"] == "limit_only"


def test_placements_can_be_refused_by_any_text() -> None:
    rig = Rig(place_errors={2: "EOrder:Trading agreement required"})
    assert rig.add()[0]["success"]
    assert rig.refused() == "EOrder:Trading agreement required"
    assert rig.add()[0]["success"]
