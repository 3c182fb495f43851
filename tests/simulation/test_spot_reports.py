"""The simulated Kraken Spot: execution reports, by hand-written JSON, without the client's codec."""

from __future__ import annotations

import json
from decimal import Decimal

from protocol.simulation.exchange import (
    SessionNumber,
    Tell,
)
from protocol.values import Side

from ..spot_floor import Floor, Rig, kinds

D = Decimal
BUY, SELL = Side.BUY, Side.SELL


def test_a_resting_limit_order_is_pending_and_then_new_at_one_moment() -> None:
    rig = Rig()
    answer, pending, new = rig.add(cl_ord_id="sim-0001")
    order_id = answer["result"]["order_id"]
    assert answer["result"] == {"order_id": order_id, "cl_ord_id": "sim-0001"}
    assert [len(part) for part in order_id.split("-")] == [6, 5, 6]
    assert order_id.startswith("O")
    assert pending == {
        "channel": "executions",
        "type": "update",
        "sequence": 2,
        "data": [
            {
                "order_id": order_id,
                "symbol": "BTC/USD",
                "order_qty": D("0.02"),
                "cum_cost": 0,
                "time_in_force": "GTC",
                "exec_type": "pending_new",
                "side": "buy",
                "order_type": "limit",
                "cl_ord_id": "sim-0001",
                "limit_price_type": "static",
                "limit_price": D("64000.5"),
                "stop_price": 0,
                "order_status": "pending_new",
                "fee_usd_equiv": 0,
                "fee_ccy_pref": "fciq",
                "timestamp": "2026-07-01T12:00:00.000000Z",
            }
        ],
    }
    assert new["data"] == [
        {
            "timestamp": "2026-07-01T12:00:00.000000Z",
            "order_status": "new",
            "exec_type": "new",
            "cl_ord_id": "sim-0001",
            "order_id": order_id,
        }
    ]


def test_numbers_on_the_wire_have_a_point_and_trailing_zeros() -> None:
    floor = Floor()
    token, session = floor.token(), floor.open()
    subscribe = {"method": "subscribe", "params": {"channel": "executions", "token": token}}
    floor.exchange.receive(SessionNumber(session), json.dumps(subscribe), floor.now)
    text = (
        '{"method":"add_order","params":{"symbol":"ETH/USD","side":"buy","order_type":"limit","order_qty":0.5,'
        '"limit_price":3000.1,"token":"TOKEN"}}'
    ).replace("TOKEN", token)
    outputs = floor.exchange.receive(SessionNumber(session), text, floor.now)
    pending = outputs[1]
    assert isinstance(pending, Tell)
    assert '"order_qty":0.50000000,' in str(pending.message)
    assert '"limit_price":3000.10,' in str(pending.message)


def test_a_trade_that_completes_an_order_says_partially_filled_and_filled_follows() -> None:
    rig = Rig()
    order_id = rig.added(cl_ord_id="sim-0001")
    rig.floor.wait(0.5)
    rig.floor.trade(SELL, "64000.5", "0.02")
    trade, filled = rig.floor.reports(rig.session)[-2:]
    exec_id = trade.pop("exec_id")
    assert exec_id.startswith("T")
    assert [len(part) for part in exec_id.split("-")] == [6, 5, 6]
    assert trade == {
        "order_id": order_id,
        "cl_ord_id": "sim-0001",
        "exec_type": "trade",
        "trade_id": 900001,
        "symbol": "BTC/USD",
        "side": "buy",
        "last_qty": D("0.02"),
        "last_price": D("64000.5"),
        "liquidity_ind": "m",
        "cost": D("1280.01"),
        "order_type": "limit",
        "timestamp": "2026-07-01T12:00:00.500000Z",
        "order_status": "partially_filled",
        "cum_qty": D("0.02"),
        "cum_cost": D("1280.01"),
        "avg_price": D("64000.5"),
        "fee_usd_equiv": D("2.048016"),
        "fees": [{"asset": "USD", "qty": D("2.048016")}],
    }
    assert filled == {
        "timestamp": "2026-07-01T12:00:00.500000Z",
        "order_status": "filled",
        "exec_type": "filled",
        "cum_qty": D("0.02"),
        "cum_cost": D("1280.01"),
        "fee_usd_equiv": D("2.048016"),
        "avg_price": D("64000.5"),
        "cl_ord_id": "sim-0001",
        "order_id": order_id,
    }


def test_a_market_order_sweeps_the_book_as_taker() -> None:
    rig = Rig()
    rig.floor.trade(SELL, "64001.0", "1", rest=True)
    rig.floor.trade(SELL, "64002.0", "1", rest=True)
    told = rig.add(order_type="market", order_qty=1.5, limit_price=None)
    assert kinds(told) == ["add_order", "pending_new", "new", "trade", "trade", "filled"]
    first, second = told[3]["data"][0], told[4]["data"][0]
    assert (first["last_price"], second["last_price"], second["last_qty"]) == (64001, 64002, D("0.5"))
    assert first["liquidity_ind"] == "t"
    assert second["avg_price"] == D("64001.33333")
    assert second["trade_id"] == first["trade_id"] + 1


def test_what_is_left_of_an_ioc_or_market_order_is_canceled() -> None:
    rig = Rig()
    rig.floor.trade(SELL, "64000.0", "0.4", rest=True)
    told = rig.add(order_qty=1.0, time_in_force="ioc")
    assert kinds(told) == ["add_order", "pending_new", "new", "trade", "canceled"]
    assert told[-1]["data"][0]["cum_qty"] == D("0.4")
    assert "reason" not in told[-1]["data"][0]
    assert kinds(rig.add(order_type="market", limit_price=None)) == ["add_order", "pending_new", "new", "canceled"]


def test_fill_or_kill_takes_all_or_nothing() -> None:
    rig = Rig()
    rig.floor.trade(SELL, "64000.0", "0.4", rest=True)
    killed = rig.add(order_qty=0.5, time_in_force="FOK")
    assert kinds(killed) == ["add_order", "pending_new", "new", "canceled"]
    assert killed[-1]["data"][0]["cum_qty"] == 0
    assert kinds(rig.add(order_qty=0.4, time_in_force="FOK"))[-2:] == ["trade", "filled"]
    rig.floor.trade(SELL, "63999.0", "0.4", rest=True)
    rig.added(side="sell", limit_price=63999.5)
    rig.floor.trade(SELL, "64000.0", "0.4", rest=True)
    assert kinds(rig.add(order_qty=0.8, time_in_force="fok"))[-1] == "canceled"  # an own order is in the way
    assert rig.last["cum_qty"] == 0


def test_a_post_only_order_that_would_trade_is_canceled_by_an_event() -> None:
    rig = Rig()
    rig.floor.trade(SELL, "64000.0", "1", rest=True)
    answer, pending, canceled = rig.add(post_only=True, cl_ord_id="sim-0004")
    assert answer["success"]
    assert pending["data"][0]["post_only"] is True
    report = canceled["data"][0]
    assert (report["exec_type"], report["order_status"]) == ("canceled", "canceled")
    assert (report["reason"], report["cancel_reason"], report["post_only"]) == (
        "Post only order",
        "Post only order",
        True,
    )
    assert (report["cum_qty"], report["avg_price"]) == (0, 0)
    assert rig.add(post_only=True, limit_price=63999.0)[-1]["data"][0]["post_only"] is True


def test_a_post_only_order_that_would_trade_can_be_refused_by_an_error() -> None:
    rig = Rig(post_only="error")
    rig.floor.trade(SELL, "64000.0", "1", rest=True)
    assert rig.refused(post_only=True) == "EOrder:Post only order"


def test_client_ids_can_be_missing_from_deltas() -> None:
    rig = Rig(echo_client_ids=False)
    rig.added(cl_ord_id="sim-0001")
    rig.floor.trade(SELL, "64000.5", "0.02")
    pending, *deltas = rig.floor.reports(rig.session)
    assert pending["cl_ord_id"] == "sim-0001"
    assert [delta["exec_type"] for delta in deltas] == ["new", "trade", "filled"]
    assert not any("cl_ord_id" in delta for delta in deltas)
    assert not any("symbol" in delta for delta in deltas if delta["exec_type"] != "trade")


def test_strict_deltas_leave_quantities_out_of_amendments() -> None:
    rig = Rig(strict_delta=True)
    order_id = rig.added()
    rig.say("amend_order", order_id=order_id, limit_price=64011.0)
    assert rig.last["exec_type"] == "amended"
    assert "order_qty" not in rig.last
    assert "cum_qty" not in rig.last
    assert rig.last["limit_price"] == 64011


def test_the_filled_event_can_be_missing() -> None:
    rig = Rig(omit_filled=True)
    rig.added()
    rig.floor.trade(SELL, "64000.5", "0.02")
    assert rig.kinds == ["pending_new", "new", "trade"]
    assert rig.floor.rest("OpenOrders")["result"] == {"open": {}}


def test_fees_can_be_taken_in_the_base_currency() -> None:
    rig = Rig()
    rig.added(fee_preference="base", order_qty=1.0)
    assert rig.last["exec_type"] == "new"
    rig.floor.trade(SELL, "64000.5", "1")
    trade = rig.floor.reports(rig.session)[-2]
    assert trade["fees"] == [{"asset": "BTC", "qty": D("0.0016")}]
    assert rig.floor.rest("Balance")["result"]["XXBT"] == "1000.9984000000"
    (execution,) = rig.floor.exchange.ledger.executions_of({"ACCOUNT-1"})
    assert execution.fee == D("64000.5") * D("0.0016")
