"""Answers and frames of the simulated Kraken Futures, whole, against literals typed from its documentation (spec B.6,
B.12, B.13)."""

from __future__ import annotations

from decimal import Decimal
from typing import Any
from urllib.parse import urlencode

from ..kraken_futures_floor import ACCOUNT, Floor

NOON = "2026-07-01T12:00:00.000Z"


def order(**changes: Any) -> dict[str, Any]:
    """`order` of an event: a limit order to buy 1 at 65000, but for the changes; None: not there."""
    usual: dict[str, Any] = {
        "type": "lmt",
        "orderId": "?",
        "cliOrdId": "sim-f-1",
        "symbol": "PF_XBTUSD",
        "side": "buy",
        "quantity": 1,
        "filled": 0,
        "limitPrice": 65000,
        "reduceOnly": False,
        "timestamp": NOON,
        "lastUpdateTimestamp": NOON,
    }
    return {key: value for key, value in (usual | changes).items() if value is not None}


# sendorder


def test_a_market_order_is_answered_with_its_executions() -> None:
    floor = Floor()
    floor.offer("65020", "1")
    answer = floor.post("sendorder", "orderType=mkt&symbol=PF_XBTUSD&side=buy&size=0.1&cliOrdId=sim-f-20")
    (fill,) = floor.get("fills")["fills"]
    order_id = answer["sendStatus"]["order_id"]
    assert answer == {
        "result": "success",
        "sendStatus": {
            "order_id": order_id,
            "cliOrdId": "sim-f-20",
            "status": "placed",
            "receivedTime": NOON,
            "orderEvents": [
                {
                    "type": "EXECUTION",
                    "executionId": fill["fill_id"],
                    "price": 65020,
                    "amount": Decimal("0.1"),
                    "orderPriorEdit": None,
                    "orderPriorExecution": order(
                        type="ioc",
                        orderId=order_id,
                        cliOrdId="sim-f-20",
                        quantity=Decimal("0.1"),
                        limitPrice=65670,
                    ),
                    "takerReducedQuantity": None,
                }
            ],
        },
        "serverTime": NOON,
    }


def test_refused_post_only_and_immediate_orders_are_answered_with_their_reject() -> None:
    floor = Floor()
    floor.offer("65000", "1")
    text = "orderType=post&symbol=PF_XBTUSD&side=buy&size=1&limitPrice=66000&cliOrdId=sim-f-8"
    post = floor.send(text)
    order_id = post["order_id"]
    assert post == {
        "order_id": order_id,
        "cliOrdId": "sim-f-8",
        "status": "postWouldExecute",
        "receivedTime": NOON,
        "orderEvents": [
            {
                "type": "REJECT",
                "uid": order_id,
                "reason": "POST_WOULD_EXECUTE",
                "order": order(type="post", orderId=order_id, cliOrdId="sim-f-8", limitPrice=66000),
            }
        ],
    }
    ioc = floor.send("orderType=ioc&symbol=PF_XBTUSD&side=buy&size=1&limitPrice=60000&cliOrdId=sim-f-10")
    uid = ioc["orderEvents"][0]["uid"]
    assert ioc == {
        "cliOrdId": "sim-f-10",
        "status": "iocWouldNotExecute",
        "receivedTime": NOON,
        "orderEvents": [
            {
                "type": "REJECT",
                "uid": uid,
                "reason": "IOC_WOULD_NOT_EXECUTE",
                "order": order(type="ioc", orderId=uid, cliOrdId="sim-f-10", limitPrice=60000),
            }
        ],
    }


def test_a_stop_market_order_becomes_an_immediate_one_without_a_limit() -> None:
    status = Floor().send(
        "orderType=stp&symbol=PF_XBTUSD&side=sell&size=0.5&stopPrice=59500&triggerSignal=mark&reduceOnly=True"
        "&cliOrdId=sim-f-50-a-client-order-id-longer-than-eighteen-characters"
    )
    assert status["orderEvents"] == [
        {
            "type": "PLACE",
            "orderTrigger": {
                "uid": status["order_id"],
                "clientId": "sim-f-50-a-client-order-id-longer-than-eighteen-characters",
                "type": "ioc",
                "symbol": "PF_XBTUSD",
                "side": "sell",
                "quantity": Decimal("0.5"),
                "limitPrice": None,
                "triggerPrice": 59500,
                "triggerSide": "trigger_below",
                "triggerSignal": "mark_price",
                "reduceOnly": True,
                "timestamp": NOON,
                "lastUpdateTimestamp": NOON,
                "startTime": None,
            },
        }
    ]


# editorder, cancelorder, batchorder


def test_an_edit_is_answered_with_the_old_and_the_new_order() -> None:
    floor = Floor()
    order_id = floor.lmt("buy", "1", "65000", "sim-f-1")["order_id"]
    answer = floor.post("editorder", f"orderId={order_id}&size=1.2&limitPrice=65010&qtyMode=ABSOLUTE")
    assert answer["editStatus"] == {
        "orderId": order_id,
        "cliOrdId": "sim-f-1",
        "status": "edited",
        "receivedTime": NOON,
        "orderEvents": [
            {
                "type": "EDIT",
                "old": order(orderId=order_id),
                "new": order(orderId=order_id, quantity=Decimal("1.2"), limitPrice=65010),
                "reducedQuantity": None,
            }
        ],
    }
    unknown = "aaaaaaaa-0000-4000-8000-000000000099"
    assert floor.post("editorder", f"orderId={unknown}&size=1")["editStatus"] == {
        "orderId": unknown,
        "status": "orderForEditNotFound",
        "receivedTime": NOON,
        "orderEvents": [],
    }


def test_a_cancel_is_answered_with_the_order_or_with_what_became_of_it() -> None:
    floor = Floor()
    order_id = floor.lmt("buy", "1", "65000", "sim-f-1")["order_id"]
    assert floor.post("cancelorder", f"order_id={order_id}")["cancelStatus"] == {
        "status": "cancelled",
        "order_id": order_id,
        "cliOrdId": "sim-f-1",
        "receivedTime": NOON,
        "orderEvents": [{"type": "CANCEL", "uid": order_id, "order": order(orderId=order_id)}],
    }
    assert floor.post("cancelorder", "cliOrdId=sim-f-1")["cancelStatus"] == {"status": "notFound", "receivedTime": NOON}


def test_a_batch_is_answered_in_one_row_for_each_item() -> None:
    floor = Floor()
    first, second = (floor.lmt("buy", "1", "65000", name)["order_id"] for name in ("sim-f-1", "sim-f-6"))
    items = (
        '{"batchOrder":[{"order":"send","order_tag":"t1","orderType":"lmt","symbol":"PF_XBTUSD","side":"buy","size":1,'
        '"limitPrice":64000,"cliOrdId":"sim-f-30"},'
        f'{{"order":"edit","order_id":"{first}","size":1.2,"limitPrice":65010,"qtyMode":"ABSOLUTE"}},'
        '{"order":"cancel","cliOrdId":"sim-f-6"}]}'
    )
    sent, edited, canceled = floor.post("batchorder", urlencode({"json": items}))["batchStatus"]
    new = sent["order_id"]
    assert sent == {
        "status": "placed",
        "order_tag": "t1",
        "order_id": new,
        "cliOrdId": "sim-f-30",
        "dateTimeReceived": NOON,
        "orderEvents": [
            {
                "type": "PLACE",
                "order": order(orderId=new, cliOrdId="sim-f-30", limitPrice=64000),
                "reducedQuantity": None,
            }
        ],
    }
    assert (edited.pop("orderEvents")[0]["type"], canceled.pop("orderEvents")[0]["type"]) == ("EDIT", "CANCEL")
    assert edited == {"status": "edited", "order_id": first, "cliOrdId": "sim-f-1", "dateTimeReceived": NOON}
    assert canceled == {"status": "cancelled", "order_id": second, "cliOrdId": "sim-f-6", "dateTimeReceived": NOON}


# orders/status


def placed_stop(order_id: str) -> dict[str, Any]:
    return {
        "order": order(
            type="TRIGGER_ORDER",
            orderId=order_id,
            cliOrdId="sim-f-2",
            side="sell",
            quantity=Decimal("0.5"),
            limitPrice=58900,
            priceTriggerOptions={
                "triggerPrice": 59500,
                "triggerSide": "TRIGGER_BELOW",
                "triggerSignal": "MARK_PRICE",
            },
        )
        | {"triggerTime": None},
        "status": "TRIGGER_PLACED",
        "updateReason": "NEW_USER_ORDER",
        "error": None,
    }


def test_the_status_of_orders_and_triggers() -> None:
    floor = Floor()
    floor.offer("65020", "0.1")
    floor.send("orderType=mkt&symbol=PF_XBTUSD&side=buy&size=0.1&cliOrdId=sim-f-20")
    first = floor.lmt("buy", "1", "65000", "sim-f-1")["order_id"]
    floor.send(
        "orderType=stp&symbol=PF_XBTUSD&side=sell&size=0.5&stopPrice=59500&limitPrice=58900&triggerSignal=mark"
        "&cliOrdId=sim-f-2"
    )
    answer = floor.post("orders/status", f"orderIds={first}&cliOrdIds=sim-f-20&cliOrdIds=sim-f-2")
    taken, stop = (row["order"]["orderId"] for row in answer["orders"][1:])
    assert answer["orders"] == [
        {
            "order": order(type="ORDER", orderId=first),
            "status": "ENTERED_BOOK",
            "updateReason": "NEW_USER_ORDER",
            "error": None,
        },
        {
            "order": order(
                type="ORDER",
                orderId=taken,
                cliOrdId="sim-f-20",
                quantity=Decimal("0.1"),
                filled=Decimal("0.1"),
                limitPrice=65670,
            ),
            "status": "FULLY_EXECUTED",
            "updateReason": "FULL_FILL",
            "error": None,
        },
        placed_stop(stop),
    ]


# The snapshot of open orders


def shown_orders() -> list[dict[str, Any]]:
    """One of each type, as the snapshot shows them."""
    common = {
        "instrument": "PF_XBTUSD",
        "time": 1782907200000,
        "last_update_time": 1782907200000,
        "filled": 0,
        "direction": 1,
        "reduce_only": False,
        "limit_price": 0,
    }
    return [
        common
        | {
            "qty": 1,
            "limit_price": 65000,
            "stop_price": 0,
            "type": "limit",
            "cli_ord_id": "sim-f-1",
            "direction": 0,
        },
        common
        | {
            "qty": Decimal("0.5"),
            "limit_price": 59000,
            "stop_price": 59500,
            "type": "stop",
            "reduce_only": True,
            "triggerSignal": "mark",
        },
        common | {"qty": Decimal("0.3"), "stop_price": 71000, "type": "take_profit", "triggerSignal": "last"},
        common
        | {
            "qty": Decimal("0.2"),
            "stop_price": 61750,
            "type": "trailing_stop",
            "triggerSignal": "spot",
            "trailing_stop_options": {"max_deviation": 5, "unit": "percent"},
        },
    ]


def test_the_snapshot_shows_orders_of_every_type() -> None:
    floor = Floor()
    for text in (
        "orderType=lmt&side=buy&size=1&limitPrice=65000&cliOrdId=sim-f-1",
        "orderType=stp&side=sell&size=0.5&stopPrice=59500&limitPrice=59000&triggerSignal=mark&reduceOnly=true",
        "orderType=take_profit&side=sell&size=0.3&stopPrice=71000&triggerSignal=last",
        "orderType=trailing_stop&side=sell&size=0.2&triggerSignal=index&trailingStopMaxDeviation=5"
        "&trailingStopDeviationUnit=PERCENT",
    ):
        assert floor.send(f"symbol=PF_XBTUSD&{text}")["status"] == "placed"
    session = floor.open()
    _, snapshot = floor.hear(session, f'{{"event":"subscribe","feed":"open_orders",{floor.proof(session)}}}')
    ids = [shown.pop("order_id") for shown in snapshot["orders"]]
    assert ids == [row["order_id"] for row in floor.get("openorders")["openOrders"]]
    assert snapshot == {"feed": "open_orders_snapshot", "account": ACCOUNT, "orders": shown_orders()}


FIRED = {
    "cliOrdId": "sim-f-2",
    "symbol": "PF_XBTUSD",
    "side": "sell",
    "orderType": "lmt",
    "limitPrice": 58900,
    "unfilledSize": Decimal("0.5"),
    "filledSize": 0,
    "receivedTime": NOON,
    "lastUpdateTime": "2026-07-01T12:00:09.000Z",
    "status": "untouched",
    "reduceOnly": False,
}
"""The row of a stop of 0.5 at 58900 that fired after nine seconds, without its id."""


def test_a_fired_stop_is_removed_and_goes_on_under_its_own_id() -> None:
    floor = Floor()
    session = floor.listen("open_orders")
    order_id = floor.send(
        "orderType=stp&symbol=PF_XBTUSD&side=sell&size=0.5&stopPrice=59500&limitPrice=58900&triggerSignal=mark"
        "&cliOrdId=sim-f-2"
    )["order_id"]
    floor.heard[session] = []
    floor.wait(9)
    floor.set_price("mark", "59500")
    common = {
        "instrument": "PF_XBTUSD",
        "time": 1782907200000,
        "last_update_time": 1782907209000,
        "qty": Decimal("0.5"),
        "filled": 0,
        "limit_price": 58900,
        "order_id": order_id,
        "cli_ord_id": "sim-f-2",
        "direction": 1,
        "reduce_only": False,
    }
    assert floor.heard[session] == [
        {
            "feed": "open_orders",
            "order": common | {"stop_price": 59500, "type": "stop", "triggerSignal": "mark"},
            "is_cancel": True,
            "reason": "stop_order_triggered",
        },
        {
            "feed": "open_orders",
            "order": common | {"stop_price": 0, "type": "limit"},
            "is_cancel": False,
            "reason": "limit_order_from_stop",
        },
    ]
    (row,) = floor.get("openorders")["openOrders"]
    assert row == FIRED | {"order_id": order_id}
