"""Anybody's client at the simulated Kraken Futures: JSON and forms written and signed by hand, over real sockets."""

from __future__ import annotations

import json
from decimal import Decimal
from typing import Any

import pytest

from ..raw_kraken import (
    FUTURES,
    FUTURES_BASE,
    FUTURES_VECTOR_SECRET,
    D,
    Floor,
    Line,
    futures_call,
    futures_limit,
    futures_listen,
    futures_post,
    futures_proof,
    futures_signature,
    open_floor,
)

# Kraken Futures


FUTURES_HISTORY = "/api/history/v3/orders"


async def futures_get(floor: Floor, name: str, **form: str) -> Any:
    return await floor.send(futures_call(floor, "GET", name, form))


async def futures_fills(line: Line, order_id: str, quantity: Decimal) -> list[Any]:
    """Fills of an order from the feed, until they make up this quantity."""
    fills: list[Any] = []
    while sum(fill["qty"] for fill in fills) < quantity:
        message = await line.hear(lambda message: message.get("feed") == "fills")
        fills += [fill for fill in message["fills"] if fill["order_id"] == order_id]
    return fills


async def trade_futures(floor: Floor) -> None:
    async with floor.line() as line:
        snapshots = await futures_listen(floor, line)
        assert snapshots["open_orders"]["orders"] == []
        assert snapshots["fills"]["fills"] == []
        placed = await futures_limit(floor, "64000.0", "0.5", "by-hand-1")
        assert placed["status"] == "placed"
        assert [event["type"] for event in placed["orderEvents"]] == ["PLACE"]
        order_id = placed["order_id"]
        told = await line.next()
        assert (told["feed"], told["reason"], told["is_cancel"]) == ("open_orders", "new_placed_order_by_user", False)
        order = told["order"]
        assert (order["order_id"], order["cli_ord_id"], order["instrument"]) == (order_id, "by-hand-1", "PF_XBTUSD")
        assert (order["direction"], order["qty"], order["filled"], order["limit_price"]) == (0, D("0.5"), 0, 64000)
        (row,) = (await futures_get(floor, "openorders"))["openOrders"]
        assert (row["order_id"], row["status"], row["unfilledSize"]) == (order_id, "untouched", D("0.5"))

        change = {"size": "0.7", "limitPrice": "64000.5", "qtyMode": "ABSOLUTE"}
        edited = (await futures_post(floor, "editorder", orderId=order_id, **change))["editStatus"]
        assert edited["status"] == "edited"
        told = await line.next()
        assert (told["reason"], told["is_cancel"], told["order"]["order_id"]) == ("edited_by_user", False, order_id)
        assert (told["order"]["qty"], told["order"]["limit_price"]) == (D("0.7"), D("64000.5"))

        canceled = (await futures_post(floor, "cancelorder", cliOrdId="by-hand-1"))["cancelStatus"]
        assert (canceled["status"], canceled["order_id"]) == ("cancelled", order_id)
        told = await line.next()
        assert (told["feed"], told["reason"], told["is_cancel"]) == ("open_orders", "cancelled_by_user", True)
        assert (told.get("order") or told)["order_id"] == order_id

        taken = await futures_limit(floor, "65100.0", "2", "by-hand-2", "ioc")
        fills = await futures_fills(line, taken["order_id"], D(2))
        assert fills[-1]["remaining_order_qty"] == 0
        assert {fill["fill_type"] for fill in fills} == {"taker"}
        assert all(fill["buy"] and fill["fee_paid"] > 0 for fill in fills)
        assert [fill["seq"] for fill in fills] == sorted(fill["seq"] for fill in fills)
        rows = (await futures_get(floor, "fills"))["fills"]
        heard = {(fill["fill_id"], fill["qty"], fill["price"]) for fill in fills}
        assert {(row["fill_id"], row["size"], row["price"]) for row in rows} == heard
        assert (await futures_get(floor, "openorders"))["openOrders"] == []

    async with floor.line() as line:
        again = (await futures_listen(floor, line))["fills"]["fills"]
        assert {fill["fill_id"] for fill in again} == {fill["fill_id"] for fill in fills}


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        (
            "11111111-2222-4333-8444-555555555555",
            "PjDbBGaJT7UcRUOQOE4/MPJ934SMODeLLIym4sK5S7yqM6rQnpN3rSujRA2UG04Eb9JV3onnBCkFaViEgDe5uA==",
        ),
        (
            "lastFillTime=2026-01-01T00%3A00%3A00.000Z1767225600002/api/v3/fills",
            "sL6I2Y1CJpbil6zXzboEwQgXG7o/7x4mG1Gr0Juc5aZ8uMjpM4CaKd9O8pQVffibXyJEEgjc1UASqbbmlx80ng==",
        ),
    ],
)
def test_the_hand_signs_as_kraken_futures_documents(text: str, expected: str) -> None:
    assert futures_signature(FUTURES_VECTOR_SECRET, text) == expected


async def test_a_stranger_trades_futures_over_tcp() -> None:
    async with open_floor(FUTURES) as floor:
        await trade_futures(floor)


async def test_a_stranger_trades_futures_over_tls() -> None:
    async with open_floor(FUTURES, encrypted=True) as floor:
        assert floor.url.startswith("wss://")
        await trade_futures(floor)


async def test_what_a_futures_order_cannot_trade_rests_and_is_told_with_what_remains() -> None:
    async with open_floor(FUTURES) as floor, floor.line() as line:
        await futures_listen(floor, line)
        sent = await futures_limit(floor, "65000.5", "3", "by-hand-3")
        kinds = {event["type"] for event in sent["orderEvents"]}
        assert sent["status"] == "placed"
        assert "EXECUTION" in kinds
        executed = sum(event["amount"] for event in sent["orderEvents"] if event["type"] == "EXECUTION")
        assert 0 < executed < 3
        fills = await futures_fills(line, sent["order_id"], executed)
        assert fills[-1]["remaining_order_qty"] == 3 - executed
        assert {fill["fill_id"] for fill in fills} == {
            event["executionId"] for event in sent["orderEvents"] if event["type"] == "EXECUTION"
        }
        resting = await line.hear(lambda message: message.get("order", {}).get("filled") == executed)
        assert (resting["order"]["qty"], resting["is_cancel"]) == (3 - executed, False)
        (row,) = (await futures_get(floor, "openorders"))["openOrders"]
        assert (row["filledSize"], row["unfilledSize"], row["status"]) == (executed, 3 - executed, "partiallyFilled")
        canceled = (await futures_post(floor, "cancelallorders", symbol="PF_XBTUSD"))["cancelStatus"]
        assert [order["order_id"] for order in canceled["cancelledOrders"]] == [sent["order_id"]]
        gone = await line.hear(lambda message: message.get("is_cancel") is True)
        assert gone["reason"] == "cancelled_by_user"
        elements = (await futures_get(floor, FUTURES_HISTORY))["elements"]  # newest first
        ((canceled_as, ended), (placed_as, begun)) = [pair for row in elements for pair in row["event"].items()]
        assert (canceled_as, placed_as) == ("OrderCancelled", "OrderPlaced")
        assert {event["order"]["uid"] for event in (ended, begun)} == {sent["order_id"]}


async def test_a_futures_order_that_must_not_take_is_refused() -> None:
    async with open_floor(FUTURES) as floor, floor.line() as line:
        await futures_listen(floor, line)
        refused = await futures_limit(floor, "66000.0", "1", "by-hand-4", "post")
        assert refused["status"] == "postWouldExecute"
        (event,) = refused["orderEvents"]
        assert (event["type"], event["reason"]) == ("REJECT", "POST_WOULD_EXECUTE")
        assert (await futures_get(floor, "openorders"))["openOrders"] == []
        assert (await futures_get(floor, "fills"))["fills"] == []


async def test_several_futures_orders_go_in_one_call() -> None:
    async with open_floor(FUTURES) as floor, floor.line() as line:
        await futures_listen(floor, line)
        terms = {"orderType": "lmt", "symbol": "PF_XBTUSD", "side": "buy", "size": 1}
        legs = [
            {"order": "send", "order_tag": "a", "limitPrice": 64000, "cliOrdId": "leg-a", **terms},
            {"order": "send", "order_tag": "b", "limitPrice": 64001, "cliOrdId": "leg-b", **terms},
            {"order": "cancel", "cliOrdId": "leg-a"},
            {"order": "cancel", "cliOrdId": "never-sent"},
        ]
        answer = await futures_post(floor, "batchorder", json=json.dumps({"batchOrder": legs}))
        rows = answer["batchStatus"]
        by_tag = {row["order_tag"]: row for row in rows if row.get("order_tag")}
        assert by_tag["a"]["status"] == by_tag["b"]["status"] == "placed"
        others = [row["status"] for row in rows if not row.get("order_tag")]
        assert others == ["cancelled", "notFound"]
        await line.hear(lambda message: message.get("is_cancel") is True)
        (row,) = (await futures_get(floor, "openorders"))["openOrders"]
        assert (row["order_id"], row["cliOrdId"]) == (by_tag["b"]["order_id"], "leg-b")
        asked = await futures_post(floor, "orders/status", cliOrdIds="leg-b")
        assert [row["status"] for row in asked["orders"]] == ["ENTERED_BOOK"]


@pytest.mark.parametrize("wrong", [{"key": "made-up"}, {"secret": FUTURES_VECTOR_SECRET}, {"signed": "something=else"}])
async def test_a_futures_call_of_nobody_is_refused(wrong: Any) -> None:
    async with open_floor(FUTURES) as floor:
        form = {"orderType": "lmt", "symbol": "PF_XBTUSD", "side": "buy", "size": "1", "limitPrice": "64000"}
        answer = await floor.send(futures_call(floor, "POST", "sendorder", form, **wrong))
        assert (answer["result"], answer["error"]) == ("error", "authenticationError")
        assert (await futures_get(floor, "openorders"))["openOrders"] == []


async def test_a_futures_query_is_signed_as_it_is_sent() -> None:
    async with open_floor(FUTURES) as floor:
        form = {"lastFillTime": "2026-01-01T00:00:00.000Z"}
        assert (await floor.send(futures_call(floor, "GET", "fills", form)))["fills"] == []
        decoded = f"lastFillTime={form['lastFillTime']}"
        refused = await floor.send(futures_call(floor, "GET", "fills", form, signed=decoded))
        assert refused["error"] == "authenticationError"


async def test_a_futures_nonce_serves_once() -> None:
    async with open_floor(FUTURES) as floor:
        first = floor.next_nonce()
        assert (await floor.send(futures_call(floor, "GET", "openorders", nonce=first)))["result"] == "success"
        twice = await floor.send(futures_call(floor, "GET", "openorders", nonce=first))
        assert twice["error"] == "nonceDuplicate"
        low = await floor.send(futures_call(floor, "GET", "openorders", nonce="1"))
        assert low["error"] == "nonceBelowThreshold"
        assert (await futures_get(floor, "openorders"))["result"] == "success"


@pytest.mark.parametrize("wrong", [{"key": "made-up"}, {"secret": FUTURES_VECTOR_SECRET}])
async def test_a_futures_feed_opens_for_nobody(wrong: Any) -> None:
    async with open_floor(FUTURES) as floor, floor.line() as line:
        await line.next()
        proof = await futures_proof(floor, line, **wrong)
        await line.say({"event": "subscribe", "feed": "open_orders", **proof})
        alert = await line.next()
        assert (alert["event"], alert["message"]) == ("alert", "Failed to subscribe to authenticated feed")
        # The connection goes on, and hears nothing of the account.
        await futures_limit(floor, "64000.0", "1", "by-hand-5")
        await line.say({"event": "ping"})
        assert await line.next() == {"event": "pong"}


async def test_a_futures_challenge_belongs_to_one_connection() -> None:
    async with open_floor(FUTURES) as floor, floor.line() as line, floor.line() as other:
        await line.next()
        await other.next()
        proof = await futures_proof(floor, line)
        await futures_proof(floor, other)
        await other.say({"event": "subscribe", "feed": "fills", **proof})
        assert (await other.next())["event"] == "alert"
        await line.say({"event": "subscribe", "feed": "fills", **proof})
        assert (await line.next())["event"] == "subscribed"


async def test_a_futures_feed_can_be_left_and_a_heartbeat_taken() -> None:
    async with open_floor(FUTURES, heartbeat=10_000_000) as floor, floor.line() as line:
        await futures_listen(floor, line)
        proof = await futures_proof(floor, line)
        await line.say({"event": "unsubscribe", "feed": "open_orders", **proof})
        assert await line.next() == {"event": "unsubscribed", "feed": "open_orders", **proof}
        await line.say({"event": "unsubscribe", "feed": "open_orders", **proof})
        assert (await line.next())["event"] == "unsubscribed_failed"
        await futures_limit(floor, "64000.0", "1", "by-hand-6")
        await line.say({"event": "subscribe", "feed": "heartbeat"})
        assert await line.next() == {"event": "subscribed", "feed": "heartbeat"}
        beat = await line.next()
        assert beat["feed"] == "heartbeat"
        assert isinstance(beat["time"], int)


async def test_kraken_futures_survives_garbage_on_the_socket() -> None:
    async with open_floor(FUTURES, strict=False) as floor, floor.line() as line:
        await line.next()
        await line.say("this is not JSON")
        assert await line.next() == {"event": "error", "message": "Json Error"}
        for garbage in ("[1, 2]", "{}", '{"event": 3}', '{"event":"dance"}', '"\\ud800"', "null"):
            await line.say(garbage)
            assert (await line.next())["event"] in ("error", "alert")
        await line.say({"event": "subscribe", "feed": "from_the_future"})
        assert await line.next() == {"event": "error", "message": "Invalid feed"}
        await line.say({"event": "subscribe", "feed": "fills"})
        assert (await line.next())["event"] == "alert"
        await line.say(b"\x00\x01 not for you")
        await line.say({"event": "ping"})
        assert await line.next() == {"event": "pong"}


async def test_kraken_futures_survives_garbage_over_http() -> None:
    async with open_floor(FUTURES, strict=False) as floor:
        lost = await floor.http.get(f"{FUTURES_BASE}/nothing-here")
        assert (lost.status_code, lost.json()["status"]) == (404, "NOT_FOUND")
        unsigned = await floor.http.post(f"{FUTURES_BASE}/sendorder", content=b"\xff\xfe")
        assert unsigned.json()["result"] == "error"
        for name, form in (
            ("sendorder", {}),
            ("sendorder", {"orderType": "lmt", "symbol": "PF_XBTUSD", "side": "buy", "size": "many"}),
            ("cancelorder", {}),
            ("batchorder", {"json": "{not json"}),
            ("batchorder", {"json": "[]"}),
        ):
            answer = await floor.http.send(futures_call(floor, "POST", name, form))
            assert answer.json()["result"] == "error", (name, form, answer.text)
        elsewhere = {"orderType": "lmt", "symbol": "PF_NOTHING", "side": "buy", "size": "1", "limitPrice": "1"}
        nowhere = await floor.send(futures_call(floor, "POST", "sendorder", elsewhere))
        assert nowhere["result"] == "error" or nowhere["sendStatus"]["status"] != "placed"
        assert (await futures_get(floor, "openorders"))["openOrders"] == []
