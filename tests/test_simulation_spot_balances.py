"""The simulated Kraken Spot's channel `balances`."""

from __future__ import annotations

import json
from decimal import Decimal
from typing import Any

from protocol.simulation.faults import Fault, FaultKind
from protocol.simulation.kraken_spot import KrakenSpotUser
from protocol.values import Side

from .spot_floor import Desk

D = Decimal
BUY, SELL = Side.BUY, Side.SELL
USERS = (KrakenSpotUser(balances={"BTC": D("1.25"), "USD": D("91000.5")}),)


def follow(desk: Desk, **params: Any) -> list[Any]:
    return desk.say("subscribe", channel="balances", **params)


def heard(desk: Desk, kind: str) -> list[Any]:
    frames = [frame for frame in desk.floor.heard[desk.session] if isinstance(frame, dict)]
    return [frame for frame in frames if (frame.get("channel"), frame.get("type")) == ("balances", kind)]


def test_a_subscription_is_acknowledged_and_begins_with_every_balance() -> None:
    desk = Desk(users=USERS)
    text = json.dumps({"method": "subscribe", "params": {"channel": "balances", "token": desk.token}, "req_id": 130})
    ack, snapshot = desk.floor.send_text(desk.session, text)
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
    desk = Desk(users=USERS)
    follow(desk)
    desk.added(order_qty=0.01, limit_price=64010.0)
    desk.floor.trade(SELL, "64010.0", "0.01")
    trade = next(report for report in desk.floor.reports(desk.session) if report["exec_type"] == "trade")
    (update,) = heard(desk, "update")
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
    desk = Desk(users=USERS)
    follow(desk, snapshot=False)
    assert heard(desk, "snapshot") == []
    desk.added(order_qty=1.0)
    for _ in range(2):
        desk.floor.trade(SELL, "64000.5", "0.01")
    assert [frame["sequence"] for frame in heard(desk, "update")] == [1, 2]
    executions = [f["sequence"] for f in desk.floor.heard[desk.session] if f.get("channel") == "executions"]
    assert executions == [1, 2, 3, 4, 5]


def test_faults_of_order_events_do_not_touch_it() -> None:
    desk = Desk(Fault(kind=FaultKind.DROP_EVENT, nth=3), users=USERS)
    follow(desk)
    desk.added(order_qty=0.02)
    desk.floor.trade(SELL, "64000.5", "0.02")
    assert "trade" not in desk.kinds
    assert len(heard(desk, "update")) == 1


def test_it_can_be_left_while_the_executions_go_on() -> None:
    desk = Desk(users=USERS)
    follow(desk)
    (left,) = desk.say("unsubscribe", channel="balances")
    assert (left["success"], left["result"]) == (True, {"channel": "balances"})
    desk.added()
    desk.floor.trade(SELL, "64000.5", "0.02")
    assert heard(desk, "update") == []
    assert desk.kinds == ["pending_new", "new", "trade", "filled"]
    (again,) = desk.say("unsubscribe", channel="balances")
    assert (again["success"], again["error"]) == (False, "Subscription Not Found")
    assert desk.add()[0]["success"]  # the token is kept by the other subscription


def test_nobody_hears_the_balances_of_another_account() -> None:
    users = (USERS[0], KrakenSpotUser(api_key="other", account="ACCOUNT-2", balances={"USD": D(1)}))
    desk = Desk(users=users)
    token = desk.floor.token(who=("other", users[1].api_secret))
    other = desk.floor.open()
    _, snapshot = desk.floor.say(other, "subscribe", channel="balances", token=token)
    assert [row["asset"] for row in snapshot["data"]] == ["USD"]
    desk.added()
    desk.floor.trade(SELL, "64000.5", "0.02")
    assert desk.floor.heard[other][-1] == snapshot


def test_it_needs_a_token_and_heartbeats_follow_it() -> None:
    desk = Desk()
    lonely = desk.floor.open()
    (refused,) = desk.floor.say(lonely, "subscribe", channel="balances", token="WRONG")
    assert (refused["success"], refused["error"], refused["channel"]) == (False, "ESession:Invalid session", "balances")
    desk.floor.say(lonely, "subscribe", channel="balances", token=desk.token)
    desk.floor.wait(2)
    assert desk.floor.heard[lonely].count({"channel": "heartbeat"}) == 2
