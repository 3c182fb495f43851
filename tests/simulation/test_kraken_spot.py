"""The simulated Kraken Spot by hand-written JSON, without the client's codec."""

from __future__ import annotations

import json
from collections.abc import Callable
from decimal import Decimal
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from protocol.simulation.exchange import (
    ExchangeInput,
    HttpRequest,
    Pinged,
    Received,
    Requested,
    SessionNumber,
    Tell,
    Ticked,
    Upgraded,
)
from protocol.simulation.faults import Fault, FaultKind
from protocol.simulation.input_log import encode_input, replay
from protocol.simulation.kraken_spot import (
    DEFAULT_SECRET,
    KrakenSpotUser,
)
from protocol.values import Side

from ..spot_floor import SECOND, START, Floor, Rig, kinds

D = Decimal
BUY, SELL = Side.BUY, Side.SELL

# Connecting


def test_the_first_message_tells_the_state_of_the_system() -> None:
    floor = Floor()
    session = floor.open()
    assert floor.heard[session] == [
        {
            "channel": "status",
            "type": "update",
            "data": [
                {
                    "version": "2.0.10",
                    "system": "online",
                    "api_version": "v2",
                    "connection_id": 17_000_000_000_000_000_001,
                    "upcoming_maintenance": [],
                    "emergency": [],
                }
            ],
        }
    ]


def test_ping_is_answered_and_takes_no_params() -> None:
    floor = Floor()
    session = floor.open()
    assert floor.send_text(session, '{"method":"ping","req_id":1}') == [
        {
            "method": "pong",
            "req_id": 1,
            "time_in": "2026-07-01T12:00:00.000000Z",
            "time_out": "2026-07-01T12:00:00.000000Z",
        }
    ]
    (refused,) = floor.send_text(session, '{"method":"ping","params":{},"req_id":2}')
    assert refused["success"] is False
    assert refused["error"] == "Unsupported field: 'params' for the given msg type: ping"


def test_a_subscription_is_acknowledged_and_begins_with_an_empty_snapshot() -> None:
    floor = Floor()
    token, session = floor.token(), floor.open()
    text = '{"method":"subscribe","params":{"channel":"executions","token":"TOKEN"},"req_id":3}'.replace("TOKEN", token)
    assert floor.send_text(session, text) == [
        {
            "method": "subscribe",
            "req_id": 3,
            "success": True,
            "result": {"channel": "executions", "maxratecount": 180, "snap_orders": True, "snap_trades": False},
            "time_in": "2026-07-01T12:00:00.000000Z",
            "time_out": "2026-07-01T12:00:00.000000Z",
        },
        {"channel": "executions", "type": "snapshot", "data": [], "sequence": 1},
    ]


def test_subscribing_without_a_good_token_is_refused_and_the_socket_stays() -> None:
    floor = Floor()
    session = floor.open()
    (refused,) = floor.say(session, "subscribe", channel="executions", token="WRONG")
    assert (refused["success"], refused["error"]) == (False, "ESession:Invalid session")
    assert (refused["channel"], refused["status"], refused["req_id"]) == ("executions", "error", 1)
    (other,) = floor.say(session, "subscribe", channel="level3", token=floor.token())
    assert other["error"] == "Subscription name invalid"
    assert floor.closed == {}


def test_a_key_without_permission_neither_streams_nor_trades() -> None:
    users = (
        KrakenSpotUser(),
        KrakenSpotUser(api_key="mute", api_secret="AAEC", may_stream=False),
        KrakenSpotUser(api_key="reader", api_secret="AAEC", may_trade=False),
    )
    floor = Floor(users=users)
    assert floor.rest("GetWebSocketsToken", who=("mute", "AAEC")) == {"error": ["EGeneral:Permission denied"]}
    token, session = floor.token(who=("reader", "AAEC")), floor.open()
    assert floor.say(session, "subscribe", channel="executions", token=token)[0]["success"]
    (refused,) = floor.say(session, "cancel_all", token=token)
    assert refused["error"] == "EGeneral:Permission denied"
    assert floor.rest("CancelAll", who=("reader", "AAEC"))["error"] == ["EGeneral:Permission denied"]


def test_a_token_must_be_used_in_time_and_then_lasts_as_long_as_its_session() -> None:
    floor = Floor()
    token, late = floor.token(), floor.token()
    session = floor.open()
    floor.say(session, "subscribe", channel="executions", token=token)
    floor.wait(901)
    assert floor.say(session, "cancel_all", token=token)[0]["success"]
    assert floor.say(session, "cancel_all", token=late)[0]["error"] == "EAPI:Invalid token"
    other = floor.open()
    assert floor.say(other, "cancel_all", token=token)[0]["error"] == "EAPI:Invalid token"


def test_a_token_can_die_in_mid_session() -> None:
    rig = Rig(invalid_tokens=frozenset({3}))
    assert rig.add()[0]["success"]
    assert rig.refused() == "EAPI:Invalid token"
    assert rig.refused("cancel_all") == "EAPI:Invalid token"
    rig.token = rig.floor.token()
    assert rig.add()[0]["success"]
    rig.floor.take(rig.floor.exchange.revoke_tokens(rig.floor.now))
    assert rig.refused() == "EAPI:Invalid token"


def test_orders_go_without_a_subscription_and_are_told_to_those_who_have_one() -> None:
    floor = Floor()
    token, silent, listening = floor.token(), floor.open(), floor.open()
    floor.say(listening, "subscribe", channel="executions", token=token)
    told = floor.say(
        silent,
        "add_order",
        symbol="BTC/USD",
        side="buy",
        order_type="limit",
        order_qty=1.0,
        limit_price=60000.0,
        token=token,
    )
    assert kinds(told) == ["add_order"]
    assert [report["exec_type"] for report in floor.reports(listening)] == ["pending_new", "new"]


def test_heartbeats_come_after_a_second_of_silence_to_subscribers_alone() -> None:
    rig = Rig()
    bystander = rig.floor.open()
    rig.floor.wait(0.6)
    rig.add()
    rig.floor.wait(0.9)
    assert {"channel": "heartbeat"} not in rig.floor.heard[rig.session]
    rig.floor.wait(2.2)
    assert rig.floor.heard[rig.session].count({"channel": "heartbeat"}) == 3
    assert {"channel": "heartbeat"} not in rig.floor.heard[bystander]


def test_a_session_without_traffic_is_closed_after_a_minute() -> None:
    floor = Floor(subscription_timeout=None)
    idle, awake = floor.open(), floor.open()
    floor.wait(40)
    floor.send_text(awake, '{"method":"ping"}')
    floor.wait(25)
    assert floor.closed == {idle: 1001}


def test_a_ping_of_the_websocket_is_traffic_like_a_message() -> None:
    floor = Floor(subscription_timeout=None)
    idle, awake = floor.open(), floor.open()
    floor.wait(40)
    floor.exchange.pinged(SessionNumber(awake), floor.now)
    floor.exchange.pinged(SessionNumber(99), floor.now)
    floor.wait(25)
    assert floor.closed == {idle: 1001}
    floor.wait(40)
    assert floor.closed == {idle: 1001, awake: 1001}


def test_a_session_without_a_subscription_is_closed_whatever_its_traffic() -> None:
    rig = Rig()
    lonely = rig.floor.open()
    for _ in range(4):
        rig.floor.wait(20)
        rig.floor.exchange.pinged(SessionNumber(lonely), rig.floor.now)
        if lonely not in rig.floor.closed:
            rig.floor.send_text(lonely, '{"method":"ping"}')
    assert rig.floor.closed == {lonely: 1001}
    rig.say("unsubscribe", channel="executions")
    rig.floor.wait(59)
    assert rig.session not in rig.floor.closed
    rig.floor.wait(1)
    assert rig.floor.closed == {lonely: 1001, rig.session: 1001}


def test_a_token_outlives_its_lifetime_only_as_long_as_its_subscription() -> None:
    rig = Rig()
    rig.floor.wait(901)
    assert rig.add()[0]["success"]
    rig.say("unsubscribe", channel="executions")
    assert rig.refused() == "EAPI:Invalid token"


def test_unsubscribing_ends_the_reports() -> None:
    rig = Rig()
    (answer,) = rig.say("unsubscribe", channel="executions")
    assert (answer["success"], answer["result"]) == (True, {"channel": "executions"})
    assert kinds(rig.add()) == ["add_order"]
    (again,) = rig.say("unsubscribe", channel="executions")
    assert again["success"] is False


def test_what_is_no_request_is_refused() -> None:
    floor = Floor()
    session = floor.open()
    assert floor.send_text(session, "{not json")[0]["success"] is False
    assert floor.send_text(session, '{"method":"fly","req_id":1}')[0]["error"] == "Unsupported event"
    assert floor.send_text(session, '{"method":"\\ud800","req_id":2}')[0]["error"] == "Malformed request"
    assert floor.send_text(session, b"\x00") == []


# Snapshots and sequences


def test_a_snapshot_has_open_orders_and_past_trades_newest_first() -> None:
    rig = Rig()
    resting = rig.added(order_qty=1.0, cl_ord_id="sim-0000")
    for number in range(3):
        rig.floor.trade(SELL, "64000.5", f"0.{number + 1}")
    told = rig.say("subscribe", channel="executions", snap_orders=True, snap_trades=True)
    assert told[1]["type"] == "snapshot"
    assert told[1]["sequence"] == 1
    order, *trades = told[1]["data"]
    assert (order["exec_type"], order["order_status"], order["order_id"]) == ("new", "partially_filled", resting)
    assert (order["order_qty"], order["cum_qty"], order["avg_price"]) == (1, D("0.6"), D("64000.5"))
    assert (order["symbol"], order["time_in_force"], order["cl_ord_id"]) == ("BTC/USD", "GTC", "sim-0000")
    assert [trade["last_qty"] for trade in trades] == [D("0.3"), D("0.2"), D("0.1")]
    assert all("cum_qty" not in trade and trade["order_status"] == "partially_filled" for trade in trades)
    rig.floor.trade(SELL, "64000.5", "0.4")
    told = rig.say("subscribe", channel="executions", snap_orders=False, snap_trades=True)
    assert {trade["order_status"] for trade in told[1]["data"]} == {"filled"}
    assert len(told[1]["data"]) == 4


def test_a_snapshot_has_at_most_fifty_trades() -> None:
    rig = Rig()
    rig.added(order_qty=10.0)
    for _ in range(60):
        rig.floor.trade(SELL, "64000.5", "0.01")
    told = rig.say("subscribe", channel="executions", snap_orders=False, snap_trades=True)
    assert len(told[1]["data"]) == 50


def test_sequences_count_messages_and_begin_anew_with_each_subscription() -> None:
    rig = Rig()
    rig.added()
    frames = [frame for frame in rig.floor.heard[rig.session] if frame.get("channel") == "executions"]
    assert [frame["sequence"] for frame in frames] == [1, 2, 3]
    told = rig.say("subscribe", channel="executions", snapshot=False)
    assert told[1] == {"channel": "executions", "type": "snapshot", "data": [], "sequence": 1}
    assert told[0]["result"]["warnings"]
    assert rig.say("cancel_all")[1]["sequence"] == 2


def test_the_subscription_of_all_users_has_no_snapshot_and_names_them() -> None:
    rig = Rig(subscribe={"users": "all"})
    assert [frame.get("method", frame.get("channel")) for frame in rig.floor.heard[1]] == ["status", "subscribe"]
    assert rig.add()[1]["data"][0]["user"] == "ACCOUNT-1"


def test_order_status_off_leaves_openings_ends_and_trades() -> None:
    rig = Rig(subscribe={"order_status": False})
    order_id = rig.added()
    rig.say("amend_order", order_id=order_id, order_qty=0.05)
    rig.floor.trade(SELL, "64000.5", "0.05")
    assert rig.kinds == ["new", "trade", "filled"]


def test_the_rate_counter_comes_with_reports_where_it_was_asked_for() -> None:
    rig = Rig(subscribe={"ratecounter": True})
    rig.added()
    assert rig.last["ratecount"] == 1
    assert "ratecount" not in Rig().add()[1]["data"][0]


def test_several_reports_may_share_a_message() -> None:
    rig = Rig(reports_per_message=10)
    told = rig.add()
    assert kinds(told) == ["add_order", "pending_new+new"]
    assert told[1]["sequence"] == 2


# Reports


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


# Canceling


def test_canceling_by_each_kind_of_id() -> None:
    rig = Rig()
    order_id = rig.added()
    answer, event = rig.say("cancel_order", order_id=[order_id])
    assert (answer["success"], answer["result"]) == (True, {"order_id": order_id})
    report = event["data"][0]
    assert (report["exec_type"], report["reason"], report["cancel_reason"]) == (
        "canceled",
        "User requested",
        "User requested",
    )
    assert (report["cum_qty"], report["cum_cost"], report["avg_price"]) == (0, 0, 0)
    rig.added(cl_ord_id="sim-0003")
    assert rig.say("cancel_order", cl_ord_id=["sim-0003"])[0]["result"] == {"cl_ord_id": "sim-0003"}
    rig.added(order_userref=77)
    rig.added(order_userref=77)
    told = rig.say("cancel_order", order_userref=[77])
    assert kinds(told) == ["cancel_order", "canceled", "canceled"]
    assert told[0]["result"] == {"order_userref": 77}


def test_each_id_to_cancel_gets_its_own_answer_under_one_number() -> None:
    rig = Rig()
    live, gone = rig.added(), rig.added()
    rig.say("cancel_order", order_id=[gone])
    told = rig.say("cancel_order", order_id=[live, gone, "ONEVER-WASAN-ORDER1"], cl_ord_id=["nobody"])
    answers = told[:4]
    assert {answer["req_id"] for answer in answers} == {rig.floor.request_number}
    assert [answer.get("error") for answer in answers] == [
        None,
        "EOrder:Invalid order",
        "EOrder:Invalid order",
        "EOrder:Invalid order",
    ]
    assert kinds(told[4:]) == ["canceled"]
    assert rig.refused("cancel_order") == "EGeneral:Invalid arguments:order_id"
    rig.added(order_userref=5)
    rig.say("cancel_order", order_userref=[5])
    assert rig.refused("cancel_order", order_userref=[5]) == "EOrder:Invalid order"
    assert rig.refused("cancel_order", order_userref=[6]) == "EOrder:Invalid order"
    assert rig.floor.rest("CancelOrder", txid="5")["error"] == ["EOrder:Invalid order"]
    assert rig.floor.rest("CancelOrder", txid="6")["error"] == ["EOrder:Invalid order"]


def test_cancel_all_counts() -> None:
    rig = Rig()
    for _ in range(4):
        rig.added()
    told = rig.say("cancel_all")
    assert told[0]["result"] == {"count": 4}
    assert kinds(told[1:]) == ["canceled"] * 4


def test_canceling_in_a_batch() -> None:
    rig = Rig()
    first, second = rig.added(), rig.added(cl_ord_id="b-2")
    third = rig.added(order_userref=9)
    told = rig.say("batch_cancel", orders=[first, "9", "ONEVER-WASAN-ORDER1"], cl_ord_id=["b-2"])
    assert told[0]["result"] == {"count": 3}
    assert {frame["data"][0]["order_id"] for frame in told[1:]} == {first, second, third}
    assert rig.refused("batch_cancel", orders=[first]) == "EGeneral:Invalid arguments:orders"


def test_the_dead_mans_switch_fires_once_unless_renewed_or_disarmed() -> None:
    rig = Rig()
    rig.added()
    (armed,) = rig.say("cancel_all_orders_after", timeout=60)
    assert armed["result"] == {"currentTime": "2026-07-01T12:00:00Z", "triggerTime": "2026-07-01T12:01:00Z"}
    rig.floor.wait(50)
    rig.say("cancel_all_orders_after", timeout=60)
    rig.floor.wait(50)
    assert "canceled" not in rig.kinds
    rig.floor.wait(11)
    assert rig.kinds[-1] == "canceled"
    rig.added()
    rig.floor.wait(120)
    assert rig.kinds[-1] == "new"  # it has disarmed itself
    rig.say("cancel_all_orders_after", timeout=5)
    (disarmed,) = rig.say("cancel_all_orders_after", timeout=0)
    assert disarmed["result"]["triggerTime"] == "0"
    rig.floor.wait(10)
    assert rig.kinds[-1] == "new"
    assert rig.refused("cancel_all_orders_after", timeout=86400) == "EGeneral:Invalid arguments:timeout"


# Changing


def test_an_amendment_keeps_the_ids_and_tells_the_new_terms() -> None:
    rig = Rig()
    order_id = rig.added(cl_ord_id="sim-0001")
    answer, event = rig.say("amend_order", cl_ord_id="sim-0001", order_qty=0.03, limit_price=64010.0)
    assert answer["result"] == {"amend_id": answer["result"]["amend_id"], "cl_ord_id": "sim-0001"}
    assert answer["result"]["amend_id"].startswith("T")
    assert event["data"] == [
        {
            "timestamp": "2026-07-01T12:00:00.000000Z",
            "exec_type": "amended",
            "order_status": "new",
            "cum_qty": 0,
            "reason": "User requested",
            "amended": True,
            "order_qty": D("0.03"),
            "limit_price": 64010,
            "limit_price_type": "static",
            "cl_ord_id": "sim-0001",
            "order_id": order_id,
        }
    ]
    by_id = rig.say("amend_order", order_id=order_id, limit_price=64011.0)[0]
    assert by_id["result"]["order_id"] == order_id
    rig.floor.trade(SELL, "64011", "0.03")
    assert rig.last["cum_qty"] == D("0.03")


def test_an_order_that_becomes_smaller_keeps_its_place() -> None:
    rig = Rig()
    first, second = rig.added(order_qty=0.5), rig.added(order_qty=0.5)
    rig.say("amend_order", order_id=first, order_qty=0.4)
    rig.floor.trade(SELL, "64000.5", "0.4")
    assert (rig.last["exec_type"], rig.last["order_id"]) == ("filled", first)
    third = rig.added(order_qty=0.5)
    rig.say("amend_order", order_id=second, order_qty=0.6)  # larger: to the back
    rig.floor.trade(SELL, "64000.5", "0.5")
    assert rig.last["order_id"] == third


def test_an_amended_price_may_trade_at_once() -> None:
    rig = Rig()
    rig.floor.trade(SELL, "64005.0", "1", rest=True)
    order_id = rig.added()
    told = rig.say("amend_order", order_id=order_id, limit_price=64005.0)
    assert kinds(told) == ["amend_order", "amended", "trade", "filled"]


def test_an_amendment_below_what_has_filled_cancels_the_rest() -> None:
    rig = Rig()
    order_id = rig.added(order_qty=1.0)
    rig.floor.trade(SELL, "64000.5", "0.6")
    told = rig.say("amend_order", order_id=order_id, order_qty=0.5)
    assert kinds(told) == ["amend_order", "canceled"]
    assert told[1]["data"][0]["cum_qty"] == D("0.6")


@pytest.mark.parametrize(
    ("params", "error"),
    [
        ({"limit_price": 64000.55}, "EOrder:Tick size check failed"),
        ({"order_qty": 0.00001}, "EOrder:Order minimum not met"),
        ({"order_qty": 1000.0}, "EOrder:Insufficient funds"),
        ({"limit_price": 64005.0, "post_only": True}, "EOrder:Post only order"),
        ({"trigger_price": 64005.0}, "EGeneral:Invalid arguments:trigger_price"),
        ({"display_qty": 0.01}, "EGeneral:Invalid arguments:display_qty"),
        ({}, "EGeneral:Invalid arguments:order_qty"),
        ({"deadline": "2026-07-01T11:59:59.000Z"}, "EService:Deadline elapsed"),
        ({"symbol": "ETH/USD", "order_qty": 1.0}, "EGeneral:Invalid arguments:symbol"),
        ({"cl_ord_id": "too", "order_qty": 1.0}, "EGeneral:Invalid arguments:order_id"),
        ({"leverage": 2}, "Unsupported field: 'leverage' for the given msg type: amend_order"),
    ],
)
def test_an_amendment_that_cannot_be_leaves_the_order_alone(params: dict[str, Any], error: str) -> None:
    rig = Rig()
    rig.floor.trade(SELL, "64005.0", "1", rest=True)
    order_id = rig.added()
    assert rig.refused("amend_order", order_id=order_id, **params) == error
    assert rig.kinds[-1] == "new"
    assert rig.refused("amend_order", order_id="ONEVER-WASAN-ORDER1", order_qty=1.0) == "EOrder:Invalid order"
    rig.say("cancel_all")
    assert rig.refused("amend_order", order_id=order_id, order_qty=1.0) == "EOrder:Invalid order"


def test_the_trigger_of_a_waiting_order_can_be_amended() -> None:
    rig = Rig()
    rig.floor.trade(SELL, "66000", "1", rest=True)
    order_id = rig.added(order_type="stop-loss", limit_price=None, triggers={"price": 65000.0})
    told = rig.say("amend_order", order_id=order_id, trigger_price=64500.0)
    assert told[1]["data"][0]["triggers"]["price"] == 64500
    told = rig.say("amend_order", order_id=order_id, trigger_price=63000.0)  # reached already
    assert kinds(told) == ["amend_order", "amended", "status", "trade", "filled"]


def test_an_iceberg_can_be_amended() -> None:
    rig = Rig()
    order_id = rig.added(order_type="iceberg", order_qty=3.0, display_qty=1.0)
    told = rig.say("amend_order", order_id=order_id, order_qty=4.0, display_qty=2.0)
    assert (told[1]["data"][0]["order_qty"], told[1]["data"][0]["display_qty"]) == (4, 2)
    rig.floor.trade(SELL, "64000.5", "4")
    assert rig.last["cum_qty"] == 4


def test_an_edit_cancels_and_replaces() -> None:
    rig = Rig()
    old = rig.added(order_userref=6)
    told = rig.say("edit_order", order_id=old, symbol="BTC/USD", order_qty=0.04, limit_price=63000.0)
    new = told[0]["result"]["order_id"]
    assert told[0]["result"] == {"order_id": new, "original_order_id": old}
    assert new != old
    canceled, pending, live = (frame["data"][0] for frame in told[1:])
    assert (canceled["order_id"], canceled["reason"]) == (old, "Order replaced")
    assert (pending["order_id"], pending["order_qty"], pending["limit_price"]) == (new, D("0.04"), 63000)
    assert live["exec_type"] == "new"
    assert "order_userref" not in pending | live  # the replacement has none unless the request names one
    assert rig.refused("edit_order", order_id=old, symbol="BTC/USD", order_qty=0.1) == "EOrder:Invalid order"
    assert rig.refused("edit_order", order_id=new, symbol="ETH/USD") == "EGeneral:Invalid arguments:symbol"
    assert rig.refused("edit_order", order_id=new, symbol="BTC/USD", limit_price=0.01).startswith("EOrder:")
    assert rig.refused("edit_order", order_id=new, symbol="BTC/USD", cl_ord_id="x").startswith("Unsupported field")
    (checked,) = rig.say("edit_order", order_id=new, symbol="BTC/USD", order_qty=0.1, validate=True)
    assert checked["result"]["order_id"] == ""
    assert list(rig.floor.rest("OpenOrders")["result"]["open"]) == [new]


def test_an_edit_may_use_what_the_old_order_held() -> None:
    rig = Rig(users=(KrakenSpotUser(balances={"USD": D(700)}),))
    old = rig.added(order_qty=0.01)
    assert rig.say("edit_order", order_id=old, symbol="BTC/USD", limit_price=64010.0)[0]["success"]


def test_the_venue_may_restate_an_order_by_itself() -> None:
    rig = Rig()
    order_id = rig.added(order_qty=10.0)
    floor = rig.floor
    floor.take(floor.exchange.restate_order(order_id, D("9.5"), "Engine maintenance", floor.now))
    assert (rig.last["exec_type"], rig.last["reason"], rig.last["order_qty"]) == (
        "restated",
        "Engine maintenance",
        D("9.5"),
    )


# Batches


def leg(**terms: Any) -> dict[str, Any]:
    return {"order_type": "limit", "side": "buy", "order_qty": 0.01, "limit_price": 63000.0} | terms


def test_a_batch_is_answered_leg_by_leg_in_order() -> None:
    rig = Rig()
    told = rig.say("batch_add", symbol="BTC/USD", orders=[leg(cl_ord_id="b-1"), leg(cl_ord_id="b-2", side="sell")])
    first, second = told[0]["result"]
    assert (first["cl_ord_id"], second["cl_ord_id"]) == ("b-1", "b-2")
    assert set(first) == {"order_id", "cl_ord_id"}
    assert kinds(told[1:])[:3] == ["pending_new", "new", "pending_new"]


def test_one_leg_that_is_not_valid_refuses_the_whole_batch() -> None:
    rig = Rig()
    batch = [leg(cl_ord_id="b-1"), leg(limit_price=63000.05)]
    assert rig.refused("batch_add", symbol="BTC/USD", orders=batch) == "EOrder:Tick size check failed"
    twice = [leg(cl_ord_id="b-1"), leg(cl_ord_id="b-1")]
    assert rig.refused("batch_add", symbol="BTC/USD", orders=twice) == "EGeneral:Invalid arguments:cl_ord_id not unique"
    assert rig.refused("batch_add", symbol="BTC/USD", orders=[leg()]) == "EGeneral:Invalid arguments:orders"
    assert rig.refused("batch_add", symbol="BTC/USD", orders=[leg()] * 16) == "EGeneral:Invalid arguments:orders"
    assert rig.kinds == []


def test_a_leg_that_fails_in_the_engine_fails_alone() -> None:
    batch = [leg(cl_ord_id="b-1"), leg(cl_ord_id="b-2", order_qty=5000.0)]
    rig = Rig()
    told = rig.say("batch_add", symbol="BTC/USD", orders=batch)
    assert told[0]["success"] is True
    assert told[0]["result"][1] == {"cl_ord_id": "b-2", "error": "EOrder:Insufficient funds"}
    assert len(told) == 3
    older = Rig(batch_objects=True)
    result = older.say("batch_add", symbol="BTC/USD", orders=batch)[0]["result"]
    assert [part["success"] for part in result["orders"]] == [True, False]


def test_a_batch_can_be_checked_alone() -> None:
    rig = Rig()
    (answer,) = rig.say("batch_add", symbol="BTC/USD", orders=[leg(), leg()], validate=True)
    assert answer["result"] == [{"order_id": ""}, {"order_id": ""}]


# Rates


def test_the_trading_counter_is_enforced_if_asked_for() -> None:
    rig = Rig(rate_limit=True, users=(KrakenSpotUser(tier="starter"),))
    answers = [rig.add()[0].get("error") for _ in range(61)]
    assert answers == [None] * 60 + ["EOrder:Orders limit exceeded"]
    rig.say("cancel_all")
    assert rig.refused() == "EOrder:Rate limit exceeded"
    rig.floor.wait(2)  # one a second comes back
    assert [rig.add()[0].get("error") for _ in range(3)] == [None, None, "EOrder:Rate limit exceeded"]


def test_a_young_order_is_dear_to_change_and_to_cancel() -> None:
    rig = Rig(subscribe={"ratecounter": True})
    order_id = rig.added()
    rig.say("amend_order", order_id=order_id, order_qty=0.03)
    assert rig.last["ratecount"] == 1 + 1 + 3
    rig.say("cancel_order", order_id=[order_id])
    assert rig.last["ratecount"] == 5 + 8
    rig.floor.wait(400)
    old = rig.added()
    rig.floor.wait(300)
    rig.say("amend_order", order_id=old, order_qty=0.03)
    assert rig.last["ratecount"] == 1


def test_nobody_is_throttled_unless_asked_for() -> None:
    rig = Rig()
    assert all(rig.add()[0]["success"] for _ in range(230))
    assert all("result" in rig.floor.rest("OpenOrders") for _ in range(40))


def test_rest_calls_have_a_counter_of_their_own() -> None:
    floor = Floor(rate_limit=True)
    errors = [floor.rest("OpenOrders")["error"] for _ in range(21)]
    assert errors == [[]] * 20 + [["EAPI:Rate limit exceeded"]]


def test_a_flood_of_messages_gets_an_error_envelope() -> None:
    floor = Floor(message_rate=2)
    session = floor.open()
    told = [floor.send_text(session, '{"method":"ping"}')[0] for _ in range(3)]
    assert told[2] == {"Error": "Exceeded msg rate"}
    floor.wait(1)
    assert floor.send_text(session, '{"method":"ping"}')[0]["method"] == "pong"


# REST


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


# Faults


def test_events_may_come_before_the_answer_once_or_always() -> None:
    rig = Rig(Fault(kind=FaultKind.EVENTS_FIRST, nth=1))
    assert kinds(rig.add()) == ["pending_new", "new", "add_order"]
    assert kinds(rig.add()) == ["add_order", "pending_new", "new"]
    assert kinds(Rig(events_first=True).add()) == ["pending_new", "new", "add_order"]


def test_a_lost_message_leaves_a_gap_in_the_sequence() -> None:
    rig = Rig(Fault(kind=FaultKind.DROP_EVENT, nth=2))
    rig.added()
    rig.say("cancel_all")
    frames = [frame for frame in rig.floor.heard[rig.session] if frame.get("channel") == "executions"]
    assert [frame["sequence"] for frame in frames] == [1, 2, 4]


def test_a_trade_may_be_told_twice() -> None:
    rig = Rig(Fault(kind=FaultKind.DUPLICATE_EVENT, nth=3))
    rig.added()
    rig.floor.trade(SELL, "64000.5", "0.02")
    first, second = (report for report in rig.floor.reports(rig.session) if "exec_id" in report)
    assert first == second


def test_an_answer_may_come_late_or_never() -> None:
    faults = (
        Fault(kind=FaultKind.DELAY_ANSWER, nth=1, delay=6 * SECOND),
        Fault(kind=FaultKind.DROP_ANSWER, nth=2),
        Fault(kind=FaultKind.DUPLICATE_ANSWER, nth=3),
    )
    rig = Rig(*faults)
    assert kinds(rig.add()) == ["pending_new", "new"]
    number = rig.floor.request_number
    rig.floor.wait(5.5)
    late = [frame for frame in rig.floor.heard[rig.session] if frame.get("req_id") == number]
    assert late == []
    rig.floor.wait(1)
    (late_answer,) = [frame for frame in rig.floor.heard[rig.session] if frame.get("req_id") == number]
    assert late_answer["success"]
    assert kinds(rig.add()) == ["pending_new", "new"]
    assert kinds(rig.add()) == ["add_order", "add_order", "pending_new", "new"]


def test_a_delayed_report_holds_back_those_behind_it() -> None:
    rig = Rig(Fault(kind=FaultKind.DELAY_EVENT, nth=1, delay=SECOND))
    assert kinds(rig.add()) == ["add_order"]
    assert kinds(rig.add()) == ["add_order"]
    rig.floor.wait(1)
    assert rig.kinds == ["pending_new", "new", "pending_new", "new"]


def test_a_placement_may_fail_or_only_seem_to() -> None:
    rig = Rig(
        Fault(kind=FaultKind.PLACE_ERROR, nth=1, code=503),
        Fault(kind=FaultKind.PLACE_ERROR_EXECUTED, nth=2, code=500),
        Fault(kind=FaultKind.CANCEL_ERROR, nth=1, code=503),
        Fault(kind=FaultKind.CANCEL_DECLINED, nth=2),
    )
    assert rig.refused() == "EService:Unavailable"
    told = rig.add()
    assert told[0]["error"] == "EGeneral:Internal error"
    assert kinds(told) == ["add_order", "pending_new", "new"]
    order_id = told[1]["data"][0]["order_id"]
    assert rig.refused("cancel_order", order_id=[order_id]) == "EService:Unavailable"
    assert rig.refused("cancel_order", order_id=[order_id]) == "EOrder:Invalid order"
    assert rig.say("cancel_order", order_id=[order_id])[0]["success"]


def test_the_socket_may_be_cut_around_a_request() -> None:
    rig = Rig(Fault(kind=FaultKind.DROP_CONNECTION, nth=2), Fault(kind=FaultKind.DROP_BEFORE, nth=1))
    assert rig.add() == []
    assert rig.floor.closed == {rig.session: None}
    assert kinds(rig.add()) == ["add_order", "pending_new", "new"]
    assert len(rig.floor.rest("OpenOrders")["result"]["open"]) == 1


def test_noise_may_come_before_an_answer() -> None:
    rig = Rig(*(Fault(kind=kind, nth=1) for kind in (FaultKind.MALFORMED, FaultKind.BINARY, FaultKind.UNKNOWN_EVENT)))
    text, binary, unknown, answer, *_ = rig.add()
    assert isinstance(text, str)
    assert isinstance(binary, bytes)
    assert unknown["channel"] == "future"
    assert answer["success"]


def test_an_error_may_come_without_its_number() -> None:
    rig = Rig(Fault(kind=FaultKind.ERROR_WITHOUT_NUMBER, nth=1))
    (answer,) = rig.add()
    assert "req_id" not in answer
    assert answer["success"] is False


def test_rest_calls_may_fail_may_seem_to_and_may_cut_the_sockets() -> None:
    faults = (
        Fault(kind=FaultKind.REST_ERROR, nth=2, code=502),
        Fault(kind=FaultKind.REST_ERROR_EXECUTED, nth=3, code=504),
        Fault(kind=FaultKind.DROP_SESSIONS, nth=4),
        Fault(kind=FaultKind.LIST_NOTHING, nth=5),
    )
    rig = Rig(*faults)  # its token was the first call
    order = "pair=XBTUSD&type=buy&ordertype=limit&volume=1&price=60000"
    content_type = "application/x-www-form-urlencoded"
    statuses = []
    for nonce in (2000, 2001):
        request = rig.floor.signed("AddOrder", f"nonce={nonce}&{order}", content_type, nonce=nonce)
        reply, outputs = rig.floor.exchange.request(request, rig.floor.now)
        rig.floor.take(outputs)
        statuses.append(reply.status)
    rig.floor.nonce = 3000
    assert statuses == [502, 504]
    assert rig.kinds == ["pending_new", "new"]
    assert len(rig.floor.rest("OpenOrders")["result"]["open"]) == 1
    assert rig.floor.closed == {rig.session: None}
    assert rig.floor.rest("OpenOrders")["result"] == {"open": {}}


def test_upgrades_may_be_refused_and_connections_be_quiet() -> None:
    floor = Floor(
        Fault(kind=FaultKind.REFUSE_TOKEN, nth=1),
        Fault(kind=FaultKind.REFUSE_UPGRADE, nth=2, code=503),
        Fault(kind=FaultKind.STOP_HEARTBEAT, nth=3),
    )
    assert [floor.open(), floor.open()] == [-401, -503]
    session = floor.open()
    floor.say(session, "subscribe", channel="executions", token=floor.token())
    floor.wait(10)
    assert {"channel": "heartbeat"} not in floor.heard[session]


@pytest.mark.parametrize("kind", list(FaultKind))
def test_every_fault_can_happen_and_the_venue_goes_on(kind: FaultKind) -> None:
    floor = Floor(*(Fault(kind=kind, nth=n, delay=SECOND) for n in range(2, 5)))
    token = floor.token()
    sessions = [session for session in (floor.open() for _ in range(5)) if session > 0]
    for session in sessions:
        floor.say(session, "subscribe", channel="executions", token=token)
    rig = Rig()
    rig.floor, rig.session, rig.token = floor, sessions[-1], token
    for number in range(5):
        rig.add(cl_ord_id=f"f-{number}")
        rig.say("cancel_order", cl_ord_id=[f"f-{number}"])
    for _ in range(4):
        body = f"nonce={floor.nonce + 1}"
        floor.nonce += 1
        request = floor.signed("OpenOrders", body, "application/x-www-form-urlencoded", nonce=floor.nonce)
        floor.take(floor.exchange.request(request, floor.now)[1])
    floor.wait(5)
    assert rig.add(cl_ord_id="last")[0]["success"]


# The house, the log, memory


def test_quotes_come_back_after_trades_and_follow_the_index() -> None:
    rig = Rig(quotes=True)
    for _ in range(20):
        told = rig.add(order_type="market", limit_price=None, order_qty=1.0)
        assert kinds(told)[-1] == "filled", told
    floor = rig.floor
    floor.take(floor.exchange.set_index("BTC/USD", D(50000), floor.now))
    rig.add(order_type="market", limit_price=None, order_qty=0.1)
    assert D(50000) < rig.last["avg_price"] < D(50100)
    rig.add(symbol="SOL/EUR", order_type="market", limit_price=None, order_qty=5.0)
    assert rig.last["exec_type"] == "filled"
    assert "fee_usd_equiv" not in rig.last


def test_equal_inputs_give_equal_bytes() -> None:
    def run() -> list[Any]:
        rig = Rig(quotes=True)
        rig.add(order_type="market", limit_price=None, order_qty=2.0)
        rig.floor.wait(3)
        return rig.floor.heard[rig.session]

    assert run() == run()


def test_a_replayed_log_brings_back_orders_and_balances() -> None:
    floor = Floor(quotes=True)
    log: list[str] = []
    exchange = floor.exchange

    def note(item: Any) -> None:
        line = encode_input(exchange, item, floor.now)
        if line is not None:
            log.append(line)

    form = "application/x-www-form-urlencoded"
    first = floor.signed("GetWebSocketsToken", "nonce=1", form, nonce=1)
    note(Requested(first))
    token = floor.send(first)["result"]["token"]
    note(Upgraded(SessionNumber(1), HttpRequest(method="GET", path="/v2")))
    floor.open()
    for number in range(3):
        params = {
            "symbol": "BTC/USD",
            "side": "buy",
            "order_type": "limit",
            "order_qty": 0.02,
            "limit_price": 64006.4 - 6.4 * number,
            "token": token,
        }
        text = json.dumps({"method": "add_order", "params": params, "req_id": number})
        note(Received(SessionNumber(1), text))
        floor.send_text(1, text)
    body = "nonce=2&pair=ETHUSD&type=sell&ordertype=market&volume=1"
    rest = floor.signed("AddOrder", body, form, nonce=2)
    note(Requested(rest))
    floor.send(rest)
    assert DEFAULT_SECRET not in "".join(log)
    assert "demo-key" not in "".join(log)
    fresh = Floor(quotes=True).exchange
    assert replay(fresh, log, floor.now) == 6
    assert len(exchange.ledger.executions) == 4
    assert fresh.ledger.executions == exchange.ledger.executions
    assert fresh.engine.accounts["ACCOUNT-1"].balances == exchange.engine.accounts["ACCOUNT-1"].balances
    assert list(fresh.engine.accounts["ACCOUNT-1"].open_orders) == list(
        exchange.engine.accounts["ACCOUNT-1"].open_orders
    )
    replayed = HttpRequest(
        method="POST", path="/0/private/OpenOrders", headers=(("authorization", "Bearer replayed-user-0"),)
    )
    assert fresh.request(replayed, floor.now)[0].body == b'{"error":["EAPI:Invalid key"]}'


def test_a_replayed_session_lives_as_long_as_its_pings_kept_it_alive() -> None:
    floor, log = Floor(subscription_timeout=None), []

    def note(item: ExchangeInput) -> None:
        line = encode_input(floor.exchange, item, floor.now)
        assert line is not None
        log.append(line)

    first = floor.signed("GetWebSocketsToken", "nonce=1", "application/x-www-form-urlencoded", nonce=1)
    note(Requested(first))
    token = floor.send(first)["result"]["token"]
    for number in (1, 2):
        note(Upgraded(SessionNumber(number), HttpRequest(method="GET", path="/v2")))
        floor.open()
    floor.wait(40)
    note(Pinged(SessionNumber(1)))
    floor.exchange.pinged(SessionNumber(1), floor.now)
    floor.wait(20)
    note(Ticked())
    assert floor.closed == {2: 1001}
    params = {"symbol": "BTC/USD", "side": "buy", "order_type": "limit", "order_qty": 1.0, "limit_price": 64000.0}
    text = json.dumps({"method": "add_order", "params": params | {"token": token}})
    note(Received(SessionNumber(1), text))
    floor.send_text(1, text)
    fresh = Floor(subscription_timeout=None).exchange
    assert replay(fresh, log, floor.now) == 6
    (order_id,) = floor.exchange.engine.accounts["ACCOUNT-1"].open_orders
    assert list(fresh.engine.accounts["ACCOUNT-1"].open_orders) == [order_id]


def test_memory_does_not_grow_with_the_number_of_orders() -> None:
    rig = Rig(history=10)
    for number in range(100):
        rig.added(cl_ord_id=f"m-{number}")
        rig.floor.trade(SELL, "64000.5", "0.02")
    engine = rig.floor.exchange.engine
    account = engine.accounts["ACCOUNT-1"]
    sizes = (len(engine.orders), len(account.closed_orders), len(account.fills), len(account.past_client_ids))
    assert sizes == (10, 10, 10, 10)
    assert len(rig.floor.exchange.ledger.executions) <= 20
    assert rig.floor.exchange.next_due is not None
    assert rig.refused("cancel_order", cl_ord_id=["m-99"]) == "EOrder:Invalid order"
    assert rig.refused("cancel_order", cl_ord_id=["m-1"]) == "EOrder:Invalid order"


# Properties

PRICES = st.integers(-4, 4).map(lambda ticks: D("64000.0") + ticks * D("0.1"))
QUANTITIES = st.integers(1, 30).map(lambda lots: lots * D("0.01"))
STEP = st.tuples(
    st.sampled_from(("place", "place", "iceberg", "stop", "cancel", "amend", "edit", "other", "other")),
    st.sampled_from(("buy", "sell")),
    QUANTITIES,
    PRICES,
    st.sampled_from(("gtc", "ioc", "fok")),
    st.integers(0, 5),
)


def perform(rig: Rig, orders: list[str], step: tuple[str, str, Decimal, Decimal, str, int]) -> None:
    what, side, quantity, price, tif, which = step
    terms = {"side": side, "order_qty": float(quantity), "limit_price": float(price)}
    chosen = orders[-1 - which] if which < len(orders) else "ONEVER-WASAN-ORDER1"
    actions: dict[str, Callable[[], list[Any]]] = {
        "place": lambda: rig.add(**terms, time_in_force=tif, stp_type="cancel_oldest" if which % 2 else None),
        "iceberg": lambda: rig.add(**terms, order_type="iceberg", display_qty=float((quantity + 1) / 2)),
        "stop": lambda: rig.add(
            **{**terms, "limit_price": None}, order_type="stop-loss", triggers={"price": float(price)}
        ),
        "cancel": lambda: rig.say("cancel_order", order_id=[chosen]),
        "amend": lambda: rig.say("amend_order", order_id=chosen, order_qty=float(quantity), limit_price=float(price)),
        "edit": lambda: rig.say("edit_order", order_id=chosen, symbol="BTC/USD", order_qty=float(quantity)),
    }
    if what == "other":
        rig.floor.trade(BUY if side == "buy" else SELL, str(price), str(quantity), rest=tif == "gtc")
        return
    answer = next(frame for frame in actions[what]() if frame.get("method"))
    if answer["success"] and "order_id" in answer["result"]:
        orders.append(answer["result"]["order_id"])


@settings(max_examples=80, deadline=None)
@given(st.lists(STEP, max_size=30))
def test_what_was_told_is_what_happened_and_nothing_is_made_or_lost(
    steps: list[tuple[str, str, Decimal, Decimal, str, int]],
) -> None:
    rig = Rig(users=(KrakenSpotUser(balances={"USD": D(40_000), "BTC": D("0.6")}),))
    exchange, account = rig.floor.exchange, rig.floor.exchange.engine.accounts["ACCOUNT-1"]
    orders: list[str] = []
    for step in steps:
        perform(rig, orders, step)
        assert min(account.balances.values()) >= 0
    told = [report for report in rig.floor.reports(rig.session) if report["exec_type"] == "trade"]
    happened = exchange.ledger.executions_of(exchange.client_accounts)
    assert [
        (r["exec_id"], r["order_id"], r["side"].upper(), r["last_qty"], r["last_price"], r["fees"][0]["qty"])
        for r in told
    ] == [(e.trade_id, e.venue_order_id, e.side.value, e.quantity, e.price, e.fee) for e in happened]
    assert len({report["exec_id"] for report in told}) == len(told)
    both_sides = exchange.ledger.executions
    assert sum((e.quantity if e.side is BUY else -e.quantity) for e in both_sides) == 0
    house = exchange.engine.accounts["HOUSE"]
    assert account.balance("BTC") + house.balance("BTC") == D("0.6")
    fees = sum((e.fee for e in happened), D(0))
    assert account.balance("USD") + house.balance("USD") + fees == 40_000
    held: dict[str, Decimal] = {}
    for order in account.open_orders.values():
        if order.held is not None:
            held[order.held[0]] = held.get(order.held[0], D(0)) + order.held[1]
    assert {asset: amount for asset, amount in account.held.items() if amount} == held
    sequences = [f["sequence"] for f in rig.floor.heard[rig.session] if f.get("channel") == "executions"]
    assert sequences == list(range(1, len(sequences) + 1))
    book = exchange.engine.markets["BTC/USD"].book
    bid, offer = book.best(BUY), book.best(SELL)
    assert bid is None or offer is None or bid < offer
    rows = rig.floor.rest("OpenOrders")["result"]["open"]
    assert set(rows) == set(account.open_orders)


ODD: st.SearchStrategy[Any] = st.one_of(
    st.sampled_from(
        [
            *(None, True, 0, -1, 1, 10**30, 0.0, -1.0, 0.02, 64000.5, 1e-20, 1e29, "", "1", "buy", "sell", "last"),
            *("pct", "quote", "gtd", "ioc", "2026-07-01T12:00:30Z", "2026-13-41T99:00:00Z", "\u2603", [], {}, [1]),
        ]
    ),
    st.text(max_size=20),
)
TRIGGER = st.fixed_dictionaries({"price": ODD}, optional={"price_type": ODD, "reference": ODD})
CLOSE = st.fixed_dictionaries(
    {"order_type": st.sampled_from(("limit", "stop-loss", "trailing-stop-limit"))},
    optional={"trigger_price": ODD, "trigger_price_type": ODD, "limit_price": ODD, "limit_price_type": ODD},
)
TYPES = (
    *("limit", "market", "iceberg", "stop-loss", "stop-loss-limit", "take-profit", "take-profit-limit"),
    *("trailing-stop", "trailing-stop-limit", "settle-position"),
)
ODD_ORDER = st.fixed_dictionaries(
    {"side": st.sampled_from(("buy", "sell")), "order_type": st.sampled_from(TYPES), "order_qty": ODD},
    optional={
        "limit_price": ODD,
        "limit_price_type": ODD,
        "triggers": TRIGGER,
        "cash_order_qty": ODD,
        "time_in_force": ODD,
        "expire_time": ODD,
        "display_qty": ODD,
        "conditional": CLOSE,
        "order_userref": ODD,
        "cl_ord_id": ODD,
        "margin": st.booleans(),
        "post_only": st.booleans(),
    },
)
METHODS = (
    *("add_order", "amend_order", "edit_order", "cancel_order", "cancel_all", "cancel_all_orders_after"),
    *("batch_add", "batch_cancel", "subscribe", "unsubscribe", "ping"),
)
ODD_PARAMS = st.dictionaries(
    st.sampled_from(("order_id", "cl_ord_id", "order_qty", "limit_price", "timeout", "orders", "channel", "symbol")),
    ODD,
    max_size=4,
)
ODD_FORM = st.dictionaries(
    st.sampled_from(
        (
            "pair",
            "type",
            "ordertype",
            "volume",
            "price",
            "price2",
            "expiretm",
            "start",
            "ofs",
            "txid",
            "timeout",
            "userref",
        )
    ),
    st.one_of(
        st.sampled_from(("XBTUSD", "buy", "limit", "trailing-stop", "1", "60000", "1e999999999", "+5%")), st.text()
    ),
    max_size=8,
)
CALLS = ("AddOrder", "AmendOrder", "EditOrder", "CancelOrder", "ClosedOrders", "QueryOrders", "TradesHistory")


@settings(max_examples=80, deadline=None)
@given(
    st.lists(ODD_ORDER, max_size=4),
    st.lists(st.tuples(st.sampled_from(METHODS), ODD_PARAMS, ODD), max_size=4),
    st.lists(st.tuples(st.sampled_from(CALLS), ODD_FORM), max_size=3),
)
def test_nothing_that_is_asked_breaks_the_venue(
    orders: list[dict[str, Any]], requests: list[tuple[str, dict[str, Any], Any]], calls: list[tuple[str, Any]]
) -> None:
    rig = Rig(quotes=True, strict=False)
    for terms in orders:
        rig.say("add_order", symbol="BTC/USD", **terms)
    rig.say("batch_add", symbol="BTC/USD", orders=orders)
    for method, params, number in requests:
        frame = {"method": method, "params": {"token": rig.token, **params}, "req_id": number}
        rig.floor.send_text(rig.session, json.dumps(frame))
    for name, form in calls:
        rig.floor.rest(name, **form)
        rig.floor.rest_json(name, **form)
    rig.floor.take(rig.floor.exchange.set_index("BTC/USD", D(50000), rig.floor.now))
    rig.floor.wait(60)
    assert "result" in rig.floor.rest("OpenOrders")
    rig.say("subscribe", channel="executions")
    assert rig.say("cancel_all")[0]["success"]
