"""The simulated Kraken Spot: connecting and subscribing, by hand-written JSON, without the client's codec."""

from __future__ import annotations

from decimal import Decimal

from protocol.simulation.exchange import (
    SessionNumber,
)
from protocol.simulation.kraken_spot import (
    KrakenSpotUser,
)
from protocol.values import Side

from ..spot_floor import Floor, Rig, kinds

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
