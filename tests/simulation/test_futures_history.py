"""The history of the simulated Kraken Futures, against literals typed from its documentation (spec B.13)."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from protocol.simulation.exchange import HttpRequest
from protocol.values import Side

from ..kraken_futures_floor import ACCOUNT, BASE, OTHER_ACCOUNT, SECRETS, STEPS, Floor, signed, take_step

ORDERS = "/api/history/v3/orders"
TRIGGERS = "/api/history/v3/triggers"
EXECUTIONS = "/api/history/v3/executions"
STOP = "orderType=stp&symbol=PF_XBTUSD&side=sell&size=0.5&stopPrice=59500&cliOrdId=sim-f-2"


def events(floor: Floor, path: str = ORDERS, query: str = "sort=asc", key: str = "demo-key") -> list[Any]:
    """(kind, body) of each element of a page."""
    page = floor.get(path, query, key)
    assert page["len"] == len(page["elements"])
    return [pair for element in page["elements"] for pair in element["event"].items()]


def kinds(floor: Floor, path: str = ORDERS, query: str = "sort=asc") -> list[tuple[str, str | None]]:
    return [(kind, body.get("reason")) for kind, body in events(floor, path, query)]


# Orders


def test_a_placed_order_is_an_element_with_one_event_under_its_kind() -> None:
    floor = Floor()
    order_id = floor.lmt("buy", "1.50", "65000", "sim-f-1")["order_id"]
    page = floor.get(ORDERS)
    uid = page["elements"][0].pop("uid")
    assert len(uid) == 36
    assert uid != order_id
    assert page == {
        "accountUid": "f0f0f0f0-0000-4000-8000-000000000001",
        "len": 1,
        "serverTime": "2026-07-01T12:00:00.000Z",
        "elements": [
            {
                "timestamp": 1782907200000,
                "event": {
                    "OrderPlaced": {
                        "order": {
                            "uid": order_id,
                            "accountUid": "f0f0f0f0-0000-4000-8000-000000000001",
                            "tradeable": "PF_XBTUSD",
                            "direction": "Buy",
                            "quantity": "1.5",
                            "filled": "0",
                            "timestamp": 1782907200000,
                            "limitPrice": "65000",
                            "orderType": "Limit",
                            "clientId": "sim-f-1",
                            "reduceOnly": False,
                            "lastUpdateTimestamp": 1782907200000,
                            "spotData": None,
                        },
                        "reason": "new_user_order",
                        "reducedQuantity": "",
                        "algoId": "",
                        "origin": "Unknown Origin",
                    }
                },
            }
        ],
    }


@pytest.mark.parametrize("name", ["orders", "triggers", "executions"])
def test_both_editions_of_the_path_answer_the_same(name: str) -> None:
    floor = Floor()
    floor.offer("65000", "0.1")
    floor.lmt("buy", "1", "65000", "a")
    floor.send(STOP)
    assert floor.get(f"/api/history/v2/{name}") == floor.get(f"/api/history/v3/{name}")
    assert floor.get(f"/api/history/v3/{name}")["len"] == 1


def test_an_order_without_a_client_id_has_an_empty_one() -> None:
    floor = Floor()
    floor.lmt("sell", "1", "66000")
    ((_, body),) = events(floor)
    assert (body["order"]["clientId"], body["order"]["direction"]) == ("", "Sell")


def test_the_fills_of_a_resting_order_are_updates_of_what_remains() -> None:
    floor = Floor()
    floor.lmt("buy", "1.2", "65000", "a")
    floor.wait(3)
    floor.trade(Side.SELL, "65000", "0.4")
    floor.wait(3)
    floor.trade(Side.SELL, "65000", "0.8")
    _, part, whole = events(floor)
    assert part[0] == whole[0] == "OrderUpdated"
    assert set(part[1]) == {"oldOrder", "newOrder", "reason", "reducedQuantity", "algoId", "origin"}
    assert [(body["reason"], body["reducedQuantity"]) for _, body in (part, whole)] == [
        ("partial_fill", "0"),
        ("full_fill", "0"),
    ]
    sizes = [
        (body[which]["quantity"], body[which]["filled"], body[which]["lastUpdateTimestamp"])
        for _, body in (part, whole)
        for which in ("oldOrder", "newOrder")
    ]
    assert sizes == [
        ("1.2", "0", 1782907200000),
        ("0.8", "0.4", 1782907203000),
        ("0.8", "0.4", 1782907203000),
        ("0", "1.2", 1782907206000),
    ]


def test_the_old_order_may_show_the_new_state() -> None:
    floor = Floor(history_shows_new_as_old=True)
    floor.lmt("buy", "1", "65000", "a")
    floor.trade(Side.SELL, "65000", "1")
    _, (_, update) = events(floor)
    assert update["oldOrder"] == update["newOrder"]
    assert (update["newOrder"]["quantity"], update["newOrder"]["filled"]) == ("0", "1")


def test_an_order_that_traded_at_once_has_one_event_with_nothing_left() -> None:
    floor = Floor()
    floor.offer("65000", "0.1")
    floor.send("orderType=mkt&symbol=PF_XBTUSD&side=buy&size=0.1&cliOrdId=sim-f-20")
    ((kind, body),) = events(floor)
    order = body["order"]
    assert (kind, body["reason"]) == ("OrderPlaced", "new_user_order")
    assert (order["quantity"], order["filled"], order["orderType"]) == ("0", "0.1", "IoC")
    assert order["limitPrice"] == "65650", "one percent above the best offer"


def test_an_order_that_traded_at_once_can_be_placed_first_and_then_updated() -> None:
    floor = Floor(history_places_with_fills=False)
    floor.offer("65000", "0.4")
    floor.lmt("buy", "1", "65000", "a")
    (placed, first), (updated, then) = events(floor)
    assert (placed, first["order"]["quantity"], first["order"]["filled"]) == ("OrderPlaced", "1", "0")
    assert (updated, then["reason"], then["newOrder"]["quantity"], then["newOrder"]["filled"]) == (
        "OrderUpdated",
        "partial_fill",
        "0.6",
        "0.4",
    )


def test_what_an_immediate_order_leaves_is_canceled() -> None:
    floor = Floor()
    floor.offer("65000", "0.3")
    floor.send("orderType=ioc&symbol=PF_XBTUSD&side=buy&size=1&limitPrice=65000&cliOrdId=a")
    (placed, first), (canceled, then) = events(floor)
    assert (placed, first["order"]["quantity"], first["order"]["filled"]) == ("OrderPlaced", "0.7", "0.3")
    assert (canceled, then["reason"]) == ("OrderCancelled", "partial_fill")
    assert (then["order"]["quantity"], then["order"]["filled"]) == ("0.7", "0.3")


def test_an_edit_is_an_update_with_both_versions() -> None:
    floor = Floor()
    floor.lmt("buy", "1", "65000", "a")
    floor.trade(Side.SELL, "65000", "0.4")
    floor.wait(1)
    floor.post("editorder", "cliOrdId=a&size=1.2&limitPrice=65010&qtyMode=ABSOLUTE")
    kind, body = events(floor)[-1]
    assert (kind, body["reason"]) == ("OrderUpdated", "edited_by_user")
    old, new = body["oldOrder"], body["newOrder"]
    assert (old["quantity"], old["filled"], old["limitPrice"]) == ("0.6", "0.4", "65000")
    assert (new["quantity"], new["filled"], new["limitPrice"]) == ("0.8", "0.4", "65010")
    assert new["lastUpdateTimestamp"] == 1782907201000


def test_a_cancel_is_told_with_its_reason() -> None:
    floor = Floor()
    order_id = floor.lmt("buy", "1", "65000", "a")["order_id"]
    floor.wait(7)
    floor.post("cancelorder", f"order_id={order_id}")
    kind, body = events(floor)[-1]
    assert kind == "OrderCancelled"
    assert set(body) == {"order", "reason", "algoId", "origin"}
    assert (body["reason"], body["order"]["uid"]) == ("cancelled_by_user", order_id)
    assert (body["order"]["timestamp"], body["order"]["lastUpdateTimestamp"]) == (1782907200000, 1782907207000)


@pytest.mark.parametrize(
    ("text", "order_type", "reason"),
    [
        ("orderType=post&side=buy&limitPrice=66000", "Post", "post_order_failed_because_it_would_filled"),
        ("orderType=ioc&side=buy&limitPrice=64000", "IoC", "ioc_order_failed_because_it_would_not_be_executed"),
        ("orderType=fok&side=buy&limitPrice=66000", "FillOrKill", "ioc_order_failed_because_it_would_not_be_executed"),
        ("orderType=lmt&side=sell&limitPrice=66000&reduceOnly=true", "Limit", "would_not_reduce_position"),
    ],
)
def test_a_refusal_of_the_market_is_told(text: str, order_type: str, reason: str) -> None:
    floor = Floor()
    floor.offer("65000", "0.1")
    floor.send(f"symbol=PF_XBTUSD&size=1&cliOrdId=a&{text}")
    ((kind, body),) = events(floor)
    assert kind == "OrderRejected"
    assert (body["order"]["orderType"], body["orderError"], body["reason"]) == (order_type, "", reason)


def test_a_refused_edit_shows_what_was_attempted() -> None:
    floor = Floor()
    floor.send("orderType=post&symbol=PF_XBTUSD&side=buy&size=1&limitPrice=60000&cliOrdId=sim-f-6")
    floor.offer("65000", "1")
    floor.wait(8)
    floor.post("editorder", "cliOrdId=sim-f-6&limitPrice=66000")
    kind, body = events(floor)[-1]
    assert kind == "OrderEditRejected"
    assert set(body) == {"oldOrder", "attemptedOrder", "orderError"}
    old, attempted = body["oldOrder"], body["attemptedOrder"]
    assert (old["limitPrice"], old["lastUpdateTimestamp"]) == ("60000", 1782907200000)
    assert (attempted["limitPrice"], attempted["lastUpdateTimestamp"]) == ("66000", 1782907208000)
    assert body["orderError"] == "POST_WOULD_EXECUTE"


@pytest.mark.parametrize("call", ["cancelorder?order_id", "editorder?limitPrice=1&orderId"])
def test_an_id_that_nobody_has_is_an_event_of_its_own(call: str) -> None:
    floor = Floor()
    path, _, text = call.partition("?")
    floor.post(path, f"{text}=aaaaaaaa-0000-4000-8000-000000000099")
    assert events(floor) == [
        (
            "OrderNotFound",
            {
                "accountUid": "f0f0f0f0-0000-4000-8000-000000000001",
                "orderId": "Uuid(uuid=aaaaaaaa-0000-4000-8000-000000000099)",
            },
        )
    ]


def test_a_reduce_only_order_tells_by_how_much_it_was_cut() -> None:
    floor = Floor()
    floor.offer("65000", "1")
    floor.lmt("buy", "1", "65000", "a")
    floor.lmt("sell", "3", "66000", "b", "&reduceOnly=true")
    floor.wait(1)
    floor.bid("65500", "0.4")
    floor.send("orderType=ioc&symbol=PF_XBTUSD&side=sell&size=0.4&limitPrice=65500&cliOrdId=c")
    placed = [body for _, body in events(floor) if body.get("order", {}).get("clientId") == "b"]
    assert [(body["reducedQuantity"], body["order"]["quantity"]) for body in placed] == [("2", "1")]
    (cut,) = [body for kind, body in events(floor) if kind == "OrderUpdated"]
    assert (cut["reason"], cut["reducedQuantity"]) == ("status_update", "0.4")
    assert (cut["oldOrder"]["quantity"], cut["newOrder"]["quantity"]) == ("1", "0.6")


# Triggers


def test_a_trigger_is_in_a_list_of_its_own_before_it_fires() -> None:
    floor = Floor()
    order_id = floor.send(STOP + "&limitPrice=58900&triggerSignal=mark&reduceOnly=true")["order_id"]
    assert events(floor, ORDERS) == []
    assert events(floor, TRIGGERS) == [
        (
            "OrderTriggerPlaced",
            {
                "order": {
                    "uid": order_id,
                    "accountId": 700001,
                    "accountUid": "f0f0f0f0-0000-4000-8000-000000000001",
                    "tradeable": "PF_XBTUSD",
                    "direction": "Sell",
                    "quantity": "0.5",
                    "timestamp": 1782907200000,
                    "limitPrice": "58900",
                    "orderType": "Limit",
                    "clientId": "sim-f-2",
                    "reduceOnly": True,
                    "triggerOptions": {
                        "triggerPrice": "59500",
                        "triggerSignal": "MarkPrice",
                        "triggerSide": "Below",
                    },
                    "lastUpdateTimestamp": 1782907200000,
                },
                "reason": "new_user_order",
                "algoId": "",
                "origin": "Unknown Origin",
            },
        )
    ]


@pytest.mark.parametrize(
    ("text", "order_type", "options"),
    [
        (
            "orderType=stp&side=buy&stopPrice=70000&triggerSignal=index",
            "IoC",
            {"triggerPrice": "70000", "triggerSignal": "SpotPrice", "triggerSide": "Above"},
        ),
        (
            "orderType=take_profit&side=sell&stopPrice=70000&triggerSignal=last&limitPriceOffsetValue=-10"
            "&limitPriceOffsetUnit=QUOTE_CURRENCY",
            "Limit",
            {
                "triggerPrice": "70000",
                "triggerSignal": "LastPrice",
                "triggerSide": "Above",
                "limitPriceOffset": {"priceOffset": "-10", "unit": "QuoteCurrency"},
            },
        ),
        (
            "orderType=trailing_stop&side=sell&triggerSignal=mark&trailingStopMaxDeviation=5"
            "&trailingStopDeviationUnit=PERCENT",
            "IoC",
            {
                "triggerPrice": "61750",
                "triggerSignal": "MarkPrice",
                "triggerSide": "Below",
                "trailingStopOptions": {"maxDeviation": "5", "unit": "Percent"},
            },
        ),
    ],
)
def test_what_triggers_wait_for(text: str, order_type: str, options: dict[str, Any]) -> None:
    floor = Floor()
    floor.send(f"symbol=PF_XBTUSD&size=0.2&{text}")
    ((_, body),) = events(floor, TRIGGERS)
    assert (body["order"]["orderType"], body["order"]["limitPrice"]) == (order_type, "")
    assert body["order"]["triggerOptions"] == options


def test_a_trigger_that_ends_untouched_was_never_in_the_list_of_orders() -> None:
    floor = Floor()
    floor.send(STOP)
    floor.wait(2)
    floor.post("editorder", "cliOrdId=sim-f-2&stopPrice=59600")
    floor.wait(2)
    floor.post("cancelorder", "cliOrdId=sim-f-2")
    assert events(floor, ORDERS) == []
    assert kinds(floor, TRIGGERS) == [
        ("OrderTriggerPlaced", "new_user_order"),
        ("OrderTriggerUpdated", "edited_by_user"),
        ("OrderTriggerCancelled", "cancelled_by_user"),
    ]
    update = events(floor, TRIGGERS)[1][1]
    assert set(update) == {"oldOrderTrigger", "newOrderTrigger", "reason", "algoId", "origin"}
    assert update["oldOrderTrigger"]["triggerOptions"]["triggerPrice"] == "59500"
    assert update["newOrderTrigger"]["triggerOptions"]["triggerPrice"] == "59600"


def test_a_refused_edit_of_a_trigger_is_in_its_list() -> None:
    floor = Floor()
    floor.send(STOP)
    floor.post("editorder", "cliOrdId=sim-f-2&size=0.00001")
    kind, body = events(floor, TRIGGERS)[-1]
    assert kind == "OrderTriggerEditRejected"
    assert set(body) == {"attemptedOrderTrigger", "oldOrderTrigger", "reason", "orderError"}
    assert (body["attemptedOrderTrigger"]["quantity"], body["oldOrderTrigger"]["quantity"]) == ("0.00001", "0.5")
    assert (body["reason"], body["orderError"]) == ("edited_by_user", "INVALID_SIZE")


def test_a_fired_stop_goes_on_in_the_list_of_orders_under_the_same_uid() -> None:
    floor = Floor()
    order_id = floor.send(STOP + "&limitPrice=59400")["order_id"]
    floor.wait(1)
    floor.set_price("last", "59500")
    floor.trade(Side.BUY, "59400", "0.5")
    activated = events(floor, TRIGGERS)[-1]
    assert (activated[0], set(activated[1]), activated[1]["order"]["uid"]) == (
        "OrderTriggerActivated",
        {"order"},
        order_id,
    )
    told = [
        (kind, body["reason"], body.get("order", body.get("newOrder"))["uid"]) for kind, body in events(floor, ORDERS)
    ]
    assert told == [
        ("OrderPlaced", "limit_order_from_stop", order_id),
        ("OrderUpdated", "full_fill", order_id),
    ]


# Executions


def test_an_execution_shows_the_own_order_and_its_fee() -> None:
    floor = Floor()
    floor.offer("65020", "0.1")
    status = floor.send("orderType=mkt&symbol=PF_XBTUSD&side=buy&size=0.1&cliOrdId=sim-f-20")
    (page,) = floor.get(EXECUTIONS)["elements"]
    assert page["timestamp"] == 1782907200000
    assert page["event"] == {
        "Execution": {
            "execution": {
                "uid": status["orderEvents"][0]["executionId"],
                "order": {
                    "uid": status["order_id"],
                    "accountUid": "f0f0f0f0-0000-4000-8000-000000000001",
                    "tradeable": "PF_XBTUSD",
                    "direction": "Buy",
                    "quantity": "0",
                    "filled": "0.1",
                    "timestamp": 1782907200000,
                    "limitPrice": "65670",
                    "orderType": "Market",
                    "clientId": "sim-f-20",
                    "reduceOnly": False,
                    "lastUpdateTimestamp": 1782907200000,
                    "spotData": None,
                },
                "timestamp": 1782907200000,
                "quantity": "0.1",
                "price": "65020",
                "markPrice": "65000",
                "executionType": "taker",
                "limitFilled": False,
                "usdValue": "6502",
                "orderData": {
                    "fee": "3.251",
                    "positionSize": "0.1",
                    "feeCalculationInfo": [
                        {
                            "percentageFee": "0.05",
                            "userFeeDiscountApplied": "0",
                            "marketShareRebateCredited": "0",
                        }
                    ],
                },
            },
            "takerReducedQuantity": "",
        }
    }


def test_both_sides_of_a_trade_have_an_execution_and_a_rebate_is_negative() -> None:
    floor = Floor()
    floor.lmt("sell", "1", "65000", "m")
    floor.lmt("buy", "0.4", "65000", "t", key="other-key")
    ((_, maker),), ((_, taker),) = events(floor, EXECUTIONS), events(floor, EXECUTIONS, key="other-key")
    sold, bought = maker["execution"], taker["execution"]
    assert (sold["executionType"], sold["orderData"]["fee"], sold["orderData"]["positionSize"]) == (
        "maker",
        "-2.6",
        "-0.4",
    )
    assert (bought["executionType"], bought["orderData"]["fee"]) == ("taker", "13")
    assert (sold["order"]["clientId"], sold["order"]["quantity"], bought["limitFilled"]) == ("m", "0.6", True)


def test_executions_can_come_in_the_older_form() -> None:
    floor = Floor(older_executions=True)
    maker = floor.lmt("sell", "1", "65000", "m")["order_id"]
    taker = floor.lmt("buy", "0.4", "65000", "t", key="other-key")["order_id"]
    for key in ("demo-key", "other-key"):
        ((kind, body),) = events(floor, EXECUTIONS, key=key)
        execution = body["execution"]
        assert kind == "execution"
        assert set(execution) == {
            "uid",
            "makerOrder",
            "takerOrder",
            "timestamp",
            "quantity",
            "price",
            "markPrice",
            "limitFilled",
            "usdValue",
            "makerOrderData",
            "takerOrderData",
        }
        orders = execution["makerOrder"], execution["takerOrder"]
        assert [(order["uid"], order["accountUid"]) for order in orders] == [(maker, ACCOUNT), (taker, OTHER_ACCOUNT)]
        assert execution["makerOrderData"] == {"fee": "-2.6", "positionSize": "-0.4"}
        assert execution["takerOrderData"] == {"fee": "13", "positionSize": "0.4"}


@pytest.mark.parametrize("manner", ["fill_id", "own"])
def test_the_uid_of_an_execution_may_be_another_than_that_of_the_fill(manner: str) -> None:
    floor = Floor(execution_uid=manner)
    floor.lmt("sell", "1", "65000", "m")
    floor.trade(Side.BUY, "65000", "0.4")
    ((_, body),) = events(floor, EXECUTIONS)
    (fill,) = floor.get("fills")["fills"]
    assert len(body["execution"]["uid"]) == 36
    assert (body["execution"]["uid"] == fill["fill_id"]) == (manner == "fill_id")


def test_a_cut_of_the_taker_is_told_with_its_executions() -> None:
    floor = Floor()
    floor.offer("65000", "1")
    floor.lmt("buy", "1", "65000", "a")
    floor.bid("64000", "5")
    floor.send("orderType=ioc&symbol=PF_XBTUSD&side=sell&size=3&limitPrice=64000&reduceOnly=true")
    assert [body["takerReducedQuantity"] for _, body in events(floor, EXECUTIONS)] == ["", "2"]


# Pages and filters


def traded(floor: Floor) -> None:
    """Four events of a and b, a second apart: placed a, filled a, canceled a, placed b."""
    floor.lmt("buy", "1", "65000", "a")
    floor.wait(1)
    floor.trade(Side.SELL, "65000", "0.4")
    floor.wait(1)
    floor.post("cancelorder", "cliOrdId=a")
    floor.wait(1)
    floor.send("orderType=post&symbol=PF_ETHUSD&side=buy&size=1&limitPrice=2900&cliOrdId=b")


NEWEST_FIRST = ["OrderPlaced b", "OrderCancelled a", "OrderUpdated a", "OrderPlaced a"]


def named(page: Any) -> list[str]:
    told = []
    for element in page["elements"]:
        ((kind, body),) = element["event"].items()
        told.append(f"{kind} {body.get('order', body.get('newOrder'))['clientId']}")
    return told


@pytest.mark.parametrize(("sort", "expected"), [("desc", NEWEST_FIRST), ("asc", NEWEST_FIRST[::-1])])
def test_the_history_comes_in_pages_of_either_order(sort: str, expected: list[str]) -> None:
    floor = Floor(history_page=3)
    traded(floor)
    first = floor.get(ORDERS, f"sort={sort}")
    token = first["continuationToken"]
    then = floor.get(ORDERS, f"sort={sort}&continuation_token={token.replace('=', '%3D')}")
    assert (named(first), named(then)) == (expected[:3], expected[3:])
    assert "continuationToken" not in then


def test_the_token_of_the_next_page_is_in_a_header_too() -> None:
    floor = Floor(history_page=3)
    traded(floor)
    for query, has_more in (("", True), ("count=4", False)):
        headers = (("apikey", "demo-key"), ("authent", signed(SECRETS["demo-key"], query + ORDERS)))
        reply, _ = floor.exchange.request(
            HttpRequest(method="GET", path=ORDERS, headers=headers, raw_query=query), floor.now
        )
        token = floor.get(ORDERS, query).get("continuationToken")
        assert reply.headers == ((("Next-Continuation-Token", token),) if has_more else ())


@pytest.mark.parametrize(
    ("query", "expected"),
    [
        ("count=2", NEWEST_FIRST[:2]),
        ("since=1782907201000&before=1782907202000", ["OrderUpdated a"]),
        ("tradeable=pf_ethusd", ["OrderPlaced b"]),
        ("opened=true", ["OrderPlaced b", "OrderPlaced a"]),
        ("closed=true", ["OrderCancelled a"]),
        ("opened=true&closed=true", NEWEST_FIRST),
        ("opened=false&closed=false", []),
    ],
)
def test_the_history_is_filtered(query: str, expected: list[str]) -> None:
    floor = Floor()
    traded(floor)
    assert named(floor.get(ORDERS, query)) == expected


def test_an_order_that_filled_is_a_closed_one() -> None:
    floor = Floor()
    floor.lmt("buy", "1", "65000", "a")
    floor.trade(Side.SELL, "65000", "1")
    floor.offer("65000", "1")
    floor.lmt("buy", "1", "65000", "b")
    assert named(floor.get(ORDERS, "closed=true&opened=false")) == ["OrderPlaced b", "OrderUpdated a"]


@pytest.mark.parametrize(
    ("query", "error"),
    [
        ("continuation_token=x", "invalidArgument: continuation_token"),
        ("sort=asc&continuation_token=ZGVzYzox", "invalidArgument: continuation_token"),
        ("sort=up", "invalidArgument: sort"),
        ("count=0", "invalidArgument: count"),
        ("since=yesterday", "invalidArgument: since"),
    ],
)
def test_a_page_that_there_is_not_is_refused_with_status_200(query: str, error: str) -> None:
    """ZGVzYzox is a token of the other order."""
    assert Floor().get(ORDERS, query) == {
        "result": "error",
        "error": error,
        "serverTime": "2026-07-01T12:00:00.000Z",
    }


def test_nobody_sees_the_history_of_another_account() -> None:
    floor = Floor()
    traded(floor)
    assert floor.get(ORDERS, key="other-key") == {
        "accountUid": "f0f0f0f0-0000-4000-8000-000000000002",
        "len": 0,
        "serverTime": "2026-07-01T12:00:03.000Z",
        "elements": [],
    }


def test_the_history_has_a_pool_of_its_own() -> None:
    """100 calls, and one more for every six seconds."""
    floor = Floor(throttle=True)
    paths = (ORDERS, TRIGGERS, EXECUTIONS, "/api/history/v2/orders")
    answers = [floor.get(paths[number % 4]) for number in range(101)]
    assert ["error" in answer for answer in answers] == [False] * 100 + [True]
    assert answers[-1]["error"] == "apiLimitExceeded"
    assert floor.get(f"{BASE}/openorders")["result"] == "success"
    floor.wait(6)
    assert floor.get(ORDERS)["len"] == 0
    assert floor.get(ORDERS)["error"] == "apiLimitExceeded"


def test_what_is_kept_of_the_history_is_bounded() -> None:
    floor = Floor(history=2)
    for name in "abcdef":
        floor.lmt("buy", "1", "60000", name)
    assert len(events(floor)) <= 4
    assert Decimal(events(floor)[-1][1]["order"]["quantity"]) == 1


# Properties


@settings(max_examples=40, deadline=None)
@given(STEPS, st.booleans(), st.sampled_from(["same", "new"]))
def test_the_history_proves_what_became_of_every_order(
    steps: list[tuple[str, str, int, int, str, bool]], with_fills: bool, child_order_id: str
) -> None:
    """The last kind that is seen for an order is its fate, and the executions are the ledger."""
    floor = Floor(history_places_with_fills=with_fills, child_order_id=child_order_id)
    for number, step in enumerate(steps, 1):
        take_step(floor, number, step)
    ledger = floor.exchange.ledger
    for key, account in (("demo-key", ACCOUNT), ("other-key", OTHER_ACCOUNT)):
        last: dict[str, tuple[str, Any]] = {}
        for kind, body in events(floor, ORDERS, "sort=asc&count=1000", key):
            if kind not in ("OrderEditRejected", "OrderNotFound"):
                order = body.get("newOrder") or body["order"]
                last[order["uid"]] = (kind, order)
        open_orders = {row["order_id"] for row in floor.get("openorders", key=key)["openOrders"]}
        for order_id, (kind, order) in last.items():
            assert Decimal(order["filled"]) == ledger.filled([order_id])
            ended = kind in ("OrderCancelled", "OrderRejected") or Decimal(order["quantity"]) == 0
            assert ended == (order_id not in open_orders)
        waiting = {
            body["order"]["uid"]
            for kind, body in events(floor, TRIGGERS, "sort=asc&count=1000", key)
            if kind == "OrderTriggerPlaced"
        }
        assert open_orders <= set(last) | waiting
        executed = [body["execution"]["uid"] for _, body in events(floor, EXECUTIONS, "sort=asc&count=1000", key)]
        assert sorted(executed) == sorted(execution.trade_id for execution in ledger.executions_of({account}))
