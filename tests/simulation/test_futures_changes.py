"""The simulated Kraken Futures: what changes or ends open orders, by hand-written JSON, without the client's codec."""

from __future__ import annotations

from decimal import Decimal
from typing import Any
from urllib.parse import urlencode

import pytest

from protocol.simulation.book import SelfTrade
from protocol.values import Side

from ..kraken_futures_floor import (
    BASE,
    Floor,
)

# Self-trades and reduce-only


def test_an_order_that_would_trade_with_its_own_account_is_refused() -> None:
    floor = Floor()
    verbose = floor.listen("open_orders_verbose")
    floor.lmt("sell", "1", "65000", "a")
    floor.news(verbose)
    status = floor.lmt("buy", "1", "65000", "b")
    assert status["status"] == "selfFill"
    assert status["orderEvents"][0]["reason"] == "WOULD_EXECUTE_SELF"
    assert floor.news(verbose) == ["-would_execute_self"]


def test_a_self_trade_ends_what_is_left_once_something_traded() -> None:
    floor = Floor()
    session = floor.listen("fills", "open_orders")
    floor.offer("64999", "0.4")
    floor.lmt("sell", "1", "65000")
    floor.news(session)
    assert floor.lmt("buy", "1", "65000")["status"] == "placed"
    assert floor.news(session) == ["fill 0.4@64999", "-would_execute_self"]


def test_an_all_or_nothing_order_never_stops_at_an_own_one() -> None:
    fok = "orderType=fok&symbol=PF_XBTUSD&side=buy&size=1&limitPrice=65000"
    for mode, status in ((SelfTrade.CANCEL_INCOMING, "selfFill"), (SelfTrade.CANCEL_RESTING, "placed")):
        floor = Floor(self_trade=mode)
        session = floor.listen("fills")
        floor.offer("64998", "0.5")
        floor.lmt("sell", "1", "64999")
        floor.offer("65000", "0.5")
        assert floor.send(fok)["status"] == status
        assert floor.news(session) == (["fill 0.5@64998,0.5@65000"] if status == "placed" else [])


def test_an_immediate_order_that_only_meets_own_ones_does_not_execute() -> None:
    floor = Floor(self_trade=SelfTrade.CANCEL_RESTING)
    session = floor.listen("open_orders")
    floor.lmt("sell", "1", "65000")
    floor.news(session)
    assert floor.send("orderType=mkt&symbol=PF_XBTUSD&side=buy&size=1")["status"] == "iocWouldNotExecute"
    assert floor.news(session) == ["-would_execute_self"]


def test_the_resting_order_can_give_way_instead() -> None:
    floor = Floor(self_trade=SelfTrade.CANCEL_RESTING)
    session = floor.listen("open_orders")
    floor.lmt("sell", "1", "65000")
    floor.lmt("buy", "1", "65000")
    assert floor.news(session) == [
        "+new_placed_order_by_user 1/0",
        "-would_execute_self",
        "+new_placed_order_by_user 1/0",
    ]


def test_a_reduce_only_order_never_does_more_than_close_the_position() -> None:
    floor = Floor()
    session = floor.listen("fills", "open_orders")
    floor.offer("65000", "1")
    floor.lmt("buy", "1", "65000")
    floor.news(session)
    status = floor.lmt("sell", "3", "66000", "r", "&reduceOnly=true")
    (event,) = status["orderEvents"]
    assert (event["reducedQuantity"], event["order"]["quantity"], event["order"]["reduceOnly"]) == (2, 1, True)
    floor.lmt("sell", "0.4", "65500")
    floor.news(session)
    floor.trade(Side.BUY, "65500", "0.4")
    assert floor.news(session) == ["fill 0.4@65500", "-full_fill 0/0.4", "+status_update 0.6/0"]
    floor.bid("65000", "0.6")
    floor.lmt("sell", "0.6", "65000")
    assert floor.news(session) == ["-would_not_reduce_position", "fill 0.6@65000", "-full_fill 0/0.6"]
    assert floor.lmt("sell", "1", "66000", "", "&reduceOnly=true")["status"] == "wouldNotReducePosition"


# Canceling


def test_an_order_is_canceled_by_either_id() -> None:
    floor = Floor()
    session = floor.listen("open_orders")
    order_id = floor.lmt("buy", "1", "60000", "sim-f-6")["order_id"]
    floor.heard[session] = []
    assert floor.post("cancelorder", f"order_id={order_id}") == {
        "result": "success",
        "cancelStatus": {
            "status": "cancelled",
            "order_id": order_id,
            "cliOrdId": "sim-f-6",
            "receivedTime": "2026-07-01T12:00:00.000Z",
            "orderEvents": [
                {
                    "type": "CANCEL",
                    "uid": order_id,
                    "order": {
                        "type": "lmt",
                        "orderId": order_id,
                        "cliOrdId": "sim-f-6",
                        "symbol": "PF_XBTUSD",
                        "side": "buy",
                        "quantity": 1,
                        "filled": 0,
                        "limitPrice": 60000,
                        "reduceOnly": False,
                        "timestamp": "2026-07-01T12:00:00.000Z",
                        "lastUpdateTimestamp": "2026-07-01T12:00:00.000Z",
                    },
                }
            ],
        },
        "serverTime": "2026-07-01T12:00:00.000Z",
    }
    assert floor.heard[session] == [
        {
            "feed": "open_orders",
            "order_id": order_id,
            "cli_ord_id": "sim-f-6",
            "is_cancel": True,
            "reason": "cancelled_by_user",
        }
    ]
    floor.lmt("buy", "1", "60000", "other")
    assert floor.post("cancelorder", "cliOrdId=other")["cancelStatus"]["status"] == "cancelled"


def test_what_cannot_be_canceled_any_more_or_is_not_yours() -> None:
    floor = Floor()
    order_id = floor.lmt("buy", "1", "65000", "a")["order_id"]
    stranger = floor.post("cancelorder", f"order_id={order_id}", "other-key")
    assert stranger["cancelStatus"] == {"status": "notFound", "receivedTime": "2026-07-01T12:00:00.000Z"}
    floor.trade(Side.SELL, "65000", "1")
    late = floor.post("cancelorder", "cliOrdId=a")["cancelStatus"]
    assert (late["status"], late["order_id"], late["cliOrdId"]) == ("filled", order_id, "a")
    assert floor.post("cancelorder", "cliOrdId=never")["cancelStatus"]["status"] == "notFound"


def test_all_orders_or_those_of_one_symbol_are_canceled() -> None:
    floor = Floor()
    first = floor.lmt("buy", "1", "60000", "sim-f-7")["order_id"]
    floor.send("orderType=lmt&symbol=PF_ETHUSD&side=buy&size=1&limitPrice=2900")
    floor.lmt("buy", "1", "60000", key="other-key")
    status = floor.post("cancelallorders", "symbol=PF_XBTUSD")["cancelStatus"]
    assert [event["type"] for event in status.pop("orderEvents")] == ["CANCEL"]
    assert status == {
        "receivedTime": "2026-07-01T12:00:00.000Z",
        "cancelOnly": "PF_XBTUSD",
        "status": "cancelled",
        "cancelledOrders": [{"order_id": first, "cliOrdId": "sim-f-7"}],
    }
    assert len(floor.post("cancelallorders")["cancelStatus"]["cancelledOrders"]) == 1
    assert floor.post("cancelallorders")["cancelStatus"] == {
        "receivedTime": "2026-07-01T12:00:00.000Z",
        "cancelOnly": "all",
        "status": "noOrdersToCancel",
        "cancelledOrders": [],
        "orderEvents": [],
    }
    assert len(floor.get("openorders", key="other-key")["openOrders"]) == 1


def test_the_dead_mans_switch_cancels_unless_it_is_renewed() -> None:
    floor = Floor()
    session = floor.listen("open_orders")
    floor.lmt("buy", "1", "60000", "sim-f-13")
    floor.lmt("buy", "1", "60000", "theirs", key="other-key")
    floor.news(session)
    assert floor.post("cancelallordersafter", "timeout=60")["status"] == {
        "currentTime": "2026-07-01T12:00:00.000Z",
        "triggerTime": "2026-07-01T12:01:00.000Z",
    }
    floor.wait(40)
    floor.post("cancelallordersafter", "timeout=60")
    floor.wait(40)
    assert floor.news(session) == []
    floor.wait(20)
    assert floor.news(session) == ["-dead_man_switch"]
    assert len(floor.get("openorders", key="other-key")["openOrders"]) == 1
    floor.lmt("buy", "1", "60000")
    floor.post("cancelallordersafter", "timeout=5")
    off = floor.post("cancelallordersafter", "timeout=0")["status"]
    assert off["triggerTime"] == "0"
    floor.wait(10)
    assert len(floor.get("openorders")["openOrders"]) == 1


@pytest.mark.parametrize("reason", ["cancelled_by_admin", "not_enough_margin", "liquidation", "contract_expired"])
def test_the_venue_ends_orders_for_reasons_of_its_own(reason: str) -> None:
    floor = Floor()
    session = floor.listen("open_orders")
    floor.lmt("buy", "1", "60000")
    floor.news(session)
    floor.take(floor.exchange.end_orders(reason, floor.now))
    assert floor.news(session) == [f"-{reason}"]
    ended = floor.get("/api/history/v3/orders")["elements"][0]["event"]["OrderCancelled"]["reason"]
    assert ended == reason


def test_an_inactive_market_ends_its_orders() -> None:
    floor = Floor()
    session = floor.listen("open_orders")
    floor.lmt("buy", "1", "60000")
    floor.news(session)
    floor.take(floor.exchange.set_state("PF_XBTUSD", "inactive", floor.now))
    assert floor.news(session) == ["-market_inactive"]
    with pytest.raises(ValueError, match="no state 'closed'"):
        floor.exchange.set_state("PF_XBTUSD", "closed", floor.now)


# Editing


def test_an_edit_is_answered_with_both_versions_and_told_on_the_feed() -> None:
    floor = Floor()
    session = floor.listen("open_orders")
    order_id = floor.lmt("buy", "1", "65000", "sim-f-1")["order_id"]
    floor.trade(Side.SELL, "65000", "0.4")
    floor.heard[session] = []
    floor.wait(4)
    status = floor.post("editorder", f"orderId={order_id}&size=1.2&limitPrice=65010&qtyMode=ABSOLUTE")["editStatus"]
    (event,) = status.pop("orderEvents")
    assert status == {
        "status": "edited",
        "orderId": order_id,
        "cliOrdId": "sim-f-1",
        "receivedTime": "2026-07-01T12:00:04.000Z",
    }
    assert event["type"] == "EDIT"
    old, new = event["old"], event["new"]
    assert (old["quantity"], old["filled"], old["limitPrice"]) == (1, Decimal("0.4"), 65000)
    assert (new["quantity"], new["filled"], new["limitPrice"]) == (Decimal("1.2"), Decimal("0.4"), 65010)
    (delta,) = floor.heard[session]
    assert (delta["reason"], delta["is_cancel"], delta["order"]["order_id"]) == ("edited_by_user", False, order_id)
    assert (delta["order"]["qty"], delta["order"]["limit_price"]) == (Decimal("0.8"), 65010)
    assert delta["order"]["last_update_time"] - delta["order"]["time"] == 4000


def test_a_size_is_of_the_open_part_unless_it_is_absolute() -> None:
    floor = Floor()
    floor.lmt("buy", "1", "65000", "a")
    floor.trade(Side.SELL, "65000", "0.4")

    def edited(text: str) -> tuple[str, Any]:
        status = floor.post("editorder", "cliOrdId=a&" + text)["editStatus"]["status"]
        (row,) = floor.get("openorders")["openOrders"]
        return status, (row["filledSize"], row["unfilledSize"])

    assert edited("size=1") == ("edited", (Decimal("0.4"), 1))
    assert edited("size=1&qtyMode=RELATIVE") == ("edited", (Decimal("0.4"), 1))
    assert edited("size=1&qtyMode=ABSOLUTE") == ("edited", (Decimal("0.4"), Decimal("0.6")))
    assert edited("size=0.4&qtyMode=ABSOLUTE")[0] == "invalidSize"


@pytest.mark.parametrize(
    ("text", "status"),
    [
        ("cliOrdId=never&size=1", "orderForEditNotFound"),
        ("cliOrdId=a&stopPrice=66000", "orderForEditNotAStop"),
        ("cliOrdId=a&limitPrice=65000.1", "invalidPrice"),
        ("cliOrdId=a&limitPrice=0", "invalidPrice"),
        ("cliOrdId=a&size=0", "invalidSize"),
        ("cliOrdId=a&limitPrice=80000", "outsidePriceCollar"),
        ("cliOrdId=a&size=999", "insufficientAvailableFunds"),
        ("cliOrdId=a&limitPrice=65100", "selfFill"),
        ("cliOrdId=p&limitPrice=65100", "postWouldExecute"),
    ],
)
def test_every_refusal_of_an_edit_changes_nothing(text: str, status: str) -> None:
    floor = Floor()
    floor.lmt("buy", "1", "64000", "a")
    floor.send("orderType=post&symbol=PF_XBTUSD&side=buy&size=1&limitPrice=64000&cliOrdId=p")
    floor.lmt("sell", "1", "65100", "s")
    before = floor.get("openorders")["openOrders"]
    answer = floor.post("editorder", text)["editStatus"]
    assert answer["status"] == status
    assert answer["orderEvents"] == []
    assert floor.get("openorders")["openOrders"] == before


def test_an_edit_that_crosses_trades_as_a_taker_after_edit() -> None:
    floor = Floor()
    session = floor.listen("fills", "open_orders")
    floor.lmt("buy", "1", "64000", "a")
    floor.offer("65000", "0.4")
    floor.heard[session] = []
    status = floor.post("editorder", "cliOrdId=a&limitPrice=65000")["editStatus"]
    assert [event["type"] for event in status["orderEvents"]] == ["EDIT", "EXECUTION"]
    assert floor.heard[session][1]["fills"][0]["fill_type"] == "takerAfterEdit"
    assert floor.news(session) == ["+edited_by_user 1/0", "fill 0.4@65000", "+partial_fill 0.6/0.4"]


def test_an_execution_shows_its_order_as_it_was_before_the_edit_and_before_the_execution() -> None:
    floor = Floor()
    floor.lmt("buy", "1", "64000", "a")
    floor.wait(1)
    floor.trade(Side.SELL, "64000", "0.1")
    floor.offer("64990", "0.2")
    floor.offer("65000", "0.3")
    floor.wait(1)
    edited, first, second = floor.post("editorder", "cliOrdId=a&limitPrice=65000&size=1.5")["editStatus"]["orderEvents"]
    assert first["orderPriorEdit"] == second["orderPriorEdit"] == edited["old"]
    assert (edited["old"]["limitPrice"], edited["old"]["quantity"], edited["old"]["filled"]) == (
        64000,
        1,
        Decimal("0.1"),
    )
    assert first["orderPriorExecution"] == edited["new"]
    assert second["orderPriorExecution"] == edited["new"] | {"filled": Decimal("0.3")}


def test_an_order_that_is_only_made_smaller_keeps_its_place() -> None:
    floor = Floor()
    mine = floor.listen("fills")
    floor.lmt("buy", "1", "65000", "a")
    floor.lmt("buy", "1", "65000", "b", key="other-key")
    floor.post("editorder", "cliOrdId=a&size=0.5")
    floor.trade(Side.SELL, "65000", "0.5")
    assert floor.news(mine) == ["fill 0.5@65000"]
    floor.lmt("buy", "1", "65000", "c")
    floor.post("editorder", "cliOrdId=c&size=2")
    floor.trade(Side.SELL, "65000", "1")
    assert floor.news(mine) == []


# Batches


def batch(floor: Floor, items: str, more: str = "") -> Any:
    return floor.post("batchorder", urlencode({"json": f'{{"batchOrder":[{items}]}}'}) + more)


def test_a_batch_is_answered_item_by_item() -> None:
    floor = Floor()
    first = floor.lmt("buy", "1", "64000", "sim-f-1")["order_id"]
    second = floor.lmt("buy", "1", "64000", "sim-f-6")["order_id"]
    answer = batch(
        floor,
        '{"order":"send","order_tag":"t1","orderType":"lmt","symbol":"PF_XBTUSD","side":"buy","size":1,'
        '"limitPrice":64000,"cliOrdId":"sim-f-30"},'
        f'{{"order":"edit","order_id":"{first}","size":1.2,"limitPrice":64010,"qtyMode":"ABSOLUTE"}},'
        '{"order":"cancel","cliOrdId":"sim-f-6"},'
        '{"order":"send","order_tag":"t2","orderType":"lmt","symbol":"PF_XBTUSD","side":"buy","size":1},'
        '{"order":"cancel","cliOrdId":"never"}',
    )
    sent, edited, canceled, incomplete, unknown = answer["batchStatus"]
    assert (sent["status"], sent["order_tag"], sent["cliOrdId"]) == ("placed", "t1", "sim-f-30")
    assert sent["dateTimeReceived"] == "2026-07-01T12:00:00.000Z"
    assert "receivedTime" not in sent
    assert sent["orderEvents"][0]["order"]["orderId"] == sent["order_id"]
    assert (edited["status"], edited["order_id"]) == ("edited", first)
    assert (canceled["status"], canceled["order_id"]) == ("cancelled", second)
    assert (incomplete["status"], incomplete["order_tag"]) == ("requiredArgumentMissing", "t2")
    assert unknown["status"] == "notFound"


def test_cancels_in_a_batch_can_be_nested_and_a_batch_can_be_late() -> None:
    floor = Floor(nested_cancels=True)
    order_id = floor.lmt("buy", "1", "64000")["order_id"]
    (status,) = batch(floor, f'{{"order":"cancel","order_id":"{order_id}"}}')["batchStatus"]
    assert list(status) == ["cancelStatus"]
    assert (status["cancelStatus"]["status"], status["cancelStatus"]["order_id"]) == ("cancelled", order_id)
    late = "&ProcessBefore=2026-07-01T11:59:00.000Z"
    send = '{"order":"send","order_tag":"t","orderType":"mkt","symbol":"PF_XBTUSD","side":"buy","size":1}'
    (status,) = batch(floor, send, late)["batchStatus"]
    assert status["status"] == "wouldProcessAfterSpecifiedTime"


def test_a_batch_costs_nine_tokens_and_one_for_each_item() -> None:
    floor = Floor(throttle=True)
    for _ in range(50):
        batch(floor, '{"order":"cancel","cliOrdId":"never"}')
    assert batch(floor, "")["error"] == "apiLimitExceeded"


# Maker Protection


def test_a_cancel_overtakes_an_order_that_is_held() -> None:
    floor = Floor(maker_protection=20_000_000)
    session = floor.listen("open_orders")
    status = floor.lmt("buy", "1", "64000", "a")
    assert (status["status"], status["orderEvents"]) == ("placed", [])
    assert floor.post("cancelorder", "cliOrdId=a")["cancelStatus"]["status"] == "notFound"
    assert floor.post("orders/status", "cliOrdIds=a")["orders"] == []
    assert floor.lmt("buy", "1", "64000", "a")["status"] == "clientOrderIdAlreadyExist"
    assert floor.news(session) == []
    floor.wait("0.02")
    assert floor.news(session) == ["+new_placed_order_by_user 1/0"]
    assert floor.post("cancelorder", "cliOrdId=a")["cancelStatus"]["status"] == "cancelled"


def test_post_only_orders_are_not_held_and_refusals_of_held_ones_are_told() -> None:
    floor = Floor(maker_protection=20_000_000)
    session = floor.listen("open_orders")
    floor.send("orderType=post&symbol=PF_XBTUSD&side=buy&size=1&limitPrice=64000")
    assert floor.news(session) == ["+new_placed_order_by_user 1/0"]
    assert floor.send("orderType=ioc&symbol=PF_XBTUSD&side=buy&size=1&limitPrice=64000")["status"] == "placed"
    floor.wait("0.02")
    assert floor.news(session) == ["-ioc_order_failed_because_it_would_not_be_executed"]
    soon = "&processBefore=2026-07-01T12:00:00.030Z"
    assert floor.lmt("buy", "1", "64000", "", soon)["status"] == "wouldProcessAfterSpecifiedTime"
    rows = floor.unsigned("GET", f"{BASE}/instruments", "", {})[1]["instruments"]
    assert {row["makerProtectionMillis"] for row in rows} == {20}


def test_an_edit_that_was_held_may_come_too_late() -> None:
    floor = Floor(maker_protection=20_000_000)
    session = floor.listen("open_orders")
    floor.lmt("buy", "1", "64000", "a")
    floor.wait("0.02")
    assert floor.post("editorder", "cliOrdId=a&size=2")["editStatus"]["status"] == "edited"
    floor.wait("0.02")
    floor.post("editorder", "cliOrdId=a&size=3")
    floor.post("cancelorder", "cliOrdId=a")
    floor.wait("0.02")
    assert floor.news(session) == [
        "+new_placed_order_by_user 1/0",
        "+edited_by_user 2/0",
        "-cancelled_by_user",
        "+order_for_edit_not_found",
    ]
