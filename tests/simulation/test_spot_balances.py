"""The simulated Kraken Spot's channel `balances`."""

from __future__ import annotations

import json
from decimal import Decimal
from typing import Any

from protocol.simulation.faults import Fault, FaultKind
from protocol.simulation.kraken_spot import KrakenSpotUser
from protocol.values import Side

from ..spot_floor import Rig

D = Decimal
BUY, SELL = Side.BUY, Side.SELL
USERS = (KrakenSpotUser(balances={"BTC": D("1.25"), "USD": D("91000.5")}),)


def follow(rig: Rig, **params: Any) -> list[Any]:
    return rig.say("subscribe", channel="balances", **params)


def heard(rig: Rig, kind: str) -> list[Any]:
    frames = [frame for frame in rig.floor.heard[rig.session] if isinstance(frame, dict)]
    return [frame for frame in frames if (frame.get("channel"), frame.get("type")) == ("balances", kind)]


def test_a_subscription_is_acknowledged_and_begins_with_every_balance() -> None:
    rig = Rig(users=USERS)
    text = json.dumps({"method": "subscribe", "params": {"channel": "balances", "token": rig.token}, "req_id": 130})
    ack, snapshot = rig.floor.send_text(rig.session, text)
    assert (ack["method"], ack["req_id"], ack["success"]) == ("subscribe", 130, True)
    assert ack["result"] == {"channel": "balances", "snapshot": True}
    assert snapshot == {
        "channel": "balances",
        "type": "snapshot",
        "data": [
            {
                "asset": "BTC",
                "asset_class": "currency",
                "balance": D("1.25"),
                "wallets": [{"type": "spot", "id": "main", "balance": D("1.25")}],
            },
            {
                "asset": "USD",
                "asset_class": "currency",
                "balance": D("91000.5"),
                "wallets": [{"type": "spot", "id": "main", "balance": D("91000.5")}],
            },
        ],
        "sequence": 1,
    }


def test_a_trade_is_two_rows_that_name_its_execution() -> None:
    rig = Rig(users=USERS)
    follow(rig)
    rig.added(order_qty=0.01, limit_price=64010.0)
    rig.floor.trade(SELL, "64010.0", "0.01")
    trade = next(report for report in rig.floor.reports(rig.session) if report["exec_type"] == "trade")
    (update,) = heard(rig, "update")
    coins, money = update["data"]
    assert update["sequence"] == 2
    assert coins == {
        "ledger_id": coins["ledger_id"],
        "ref_id": trade["exec_id"],
        "timestamp": "2026-07-01T12:00:00.000000Z",
        "type": "trade",
        "asset": "BTC",
        "asset_class": "currency",
        "category": "trade",
        "wallet_type": "spot",
        "wallet_id": "main",
        "amount": D("0.01"),
        "fee": 0,
        "balance": D("1.26"),
    }
    assert (money["asset"], money["amount"], money["fee"], money["balance"], money["ref_id"]) == (
        "USD",
        D("-640.1"),
        D("1.02416"),
        D("90359.37584"),
        trade["exec_id"],
    )
    assert coins["ledger_id"] != money["ledger_id"]


def test_its_sequence_is_its_own() -> None:
    rig = Rig(users=USERS)
    follow(rig, snapshot=False)
    assert heard(rig, "snapshot") == []
    rig.added(order_qty=1.0)
    for _ in range(2):
        rig.floor.trade(SELL, "64000.5", "0.01")
    assert [frame["sequence"] for frame in heard(rig, "update")] == [1, 2]
    executions = [f["sequence"] for f in rig.floor.heard[rig.session] if f.get("channel") == "executions"]
    assert executions == [1, 2, 3, 4, 5]


def test_faults_of_order_events_do_not_touch_it() -> None:
    rig = Rig(Fault(kind=FaultKind.DROP_EVENT, nth=3), users=USERS)
    follow(rig)
    rig.added(order_qty=0.02)
    rig.floor.trade(SELL, "64000.5", "0.02")
    assert "trade" not in rig.kinds
    assert len(heard(rig, "update")) == 1


def test_it_can_be_left_while_the_executions_go_on() -> None:
    rig = Rig(users=USERS)
    follow(rig)
    (left,) = rig.say("unsubscribe", channel="balances")
    assert (left["success"], left["result"]) == (True, {"channel": "balances"})
    rig.added()
    rig.floor.trade(SELL, "64000.5", "0.02")
    assert heard(rig, "update") == []
    assert rig.kinds == ["pending_new", "new", "trade", "filled"]
    (again,) = rig.say("unsubscribe", channel="balances")
    assert (again["success"], again["error"]) == (False, "Subscription Not Found")
    assert rig.add()[0]["success"]  # the token is kept by the other subscription


def test_nobody_hears_the_balances_of_another_account() -> None:
    users = (USERS[0], KrakenSpotUser(api_key="other", account="ACCOUNT-2", balances={"USD": D(1)}))
    rig = Rig(users=users)
    token = rig.floor.token(who=("other", users[1].api_secret))
    other = rig.floor.open()
    _, snapshot = rig.floor.say(other, "subscribe", channel="balances", token=token)
    assert [row["asset"] for row in snapshot["data"]] == ["USD"]
    rig.added()
    rig.floor.trade(SELL, "64000.5", "0.02")
    assert rig.floor.heard[other][-1] == snapshot


def test_it_needs_a_token_and_heartbeats_follow_it() -> None:
    rig = Rig()
    lonely = rig.floor.open()
    (refused,) = rig.floor.say(lonely, "subscribe", channel="balances", token="WRONG")
    assert (refused["success"], refused["error"], refused["channel"]) == (False, "ESession:Invalid session", "balances")
    rig.floor.say(lonely, "subscribe", channel="balances", token=rig.token)
    rig.floor.wait(2)
    assert rig.floor.heard[lonely].count({"channel": "heartbeat"}) == 2
