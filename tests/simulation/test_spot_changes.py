"""The simulated Kraken Spot: canceling, changing, batches and rates, by hand-written JSON."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

import pytest

from protocol.simulation.kraken_spot import (
    KrakenSpotUser,
)
from protocol.values import Side

from ..spot_floor import Floor, Rig, kinds

D = Decimal
BUY, SELL = Side.BUY, Side.SELL


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
