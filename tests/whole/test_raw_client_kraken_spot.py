"""Anybody's client at the simulated Kraken Spot: JSON and forms written and signed by hand, over real sockets."""

from __future__ import annotations

from typing import Any

import pytest

from ..raw_kraken import (
    SPOT,
    SPOT_VECTOR_SECRET,
    D,
    Floor,
    Rig,
    open_floor,
    spot_call,
    spot_desk,
    spot_post,
    spot_refusal,
    spot_signature,
)

# Kraken Spot


def bid(price: float, quantity: float, name: str | None = None, **more: Any) -> dict[str, Any]:
    terms = {"symbol": "BTC/USD", "side": "buy", "order_type": "limit", "limit_price": price, "order_qty": quantity}
    return terms | ({} if name is None else {"cl_ord_id": name}) | more


async def trade_spot(floor: Floor) -> None:
    async with spot_desk(floor) as rig:
        assert await rig.subscribe(snap_orders=True, snap_trades=True) == []
        await rig.line.say({"method": "ping", "req_id": 500})
        assert (await rig.answer(500))["method"] == "pong"
        canceled = await rest_and_cancel(floor, rig)
        taker, heard = await take(floor, rig)
        closed = (await spot_post(floor, "ClosedOrders"))["closed"]
        assert {name: row["status"] for name, row in closed.items()} == {taker: "closed", canceled: "canceled"}

    async with spot_desk(floor) as rig:
        again = await rig.subscribe(snap_orders=True, snap_trades=True)
        assert {report["exec_id"] for report in again} == set(heard)


async def rest_and_cancel(floor: Floor, rig: Rig) -> str:
    """Gives the venue order id."""
    placed = await rig.result("add_order", **bid(63000.5, 0.5, "by-hand-1"))
    assert placed["cl_ord_id"] == "by-hand-1"
    order_id = placed["order_id"]
    told = await rig.report("pending_new")
    assert (told["order_id"], told["cl_ord_id"], told["symbol"]) == (order_id, "by-hand-1", "BTC/USD")
    assert (told["side"], told["order_type"], told["time_in_force"]) == ("buy", "limit", "GTC")
    assert (told["order_qty"], told["limit_price"], told["order_status"]) == (D("0.5"), D("63000.5"), "pending_new")
    live = await rig.report("new")
    assert (live["order_id"], live["order_status"], live["timestamp"]) == (order_id, "new", told["timestamp"])
    (row,) = (await spot_post(floor, "OpenOrders"))["open"].items()
    assert (row[0], row[1]["status"], D(row[1]["vol"]), row[1]["vol_exec"]) == (
        order_id,
        "open",
        D("0.5"),
        "0.00000000",
    )

    amended = await rig.result("amend_order", order_id=order_id, order_qty=0.7, limit_price=63000.7)
    assert amended["order_id"] == order_id
    assert amended["amend_id"]
    told = await rig.report("amended")
    assert (told["order_id"], told["order_qty"], told["limit_price"]) == (order_id, D("0.7"), D("63000.7"))

    assert (await rig.result("cancel_order", cl_ord_id=["by-hand-1"]))["cl_ord_id"] == "by-hand-1"
    told = await rig.report("canceled")
    assert (told["order_id"], told["order_status"], told["reason"]) == (order_id, "canceled", "User requested")
    assert await rig.refusal("cancel_order", cl_ord_id=["by-hand-1"]) == "EOrder:Invalid order"
    return str(order_id)


async def take(floor: Floor, rig: Rig) -> tuple[str, dict[str, Any]]:
    """Gives the venue order id and the executions."""
    taker = (await rig.result("add_order", **bid(64100.0, 1.2, "by-hand-2")))["order_id"]
    await rig.report("pending_new")
    await rig.report("new")
    trades: list[Any] = []
    while not trades or trades[-1]["cum_qty"] < D("1.2"):
        trades.append(await rig.report("trade"))
        assert trades[-1]["order_status"] == "partially_filled"
    assert sum(trade["last_qty"] for trade in trades) == D("1.2")
    assert {(trade["order_id"], trade["liquidity_ind"], trade["symbol"]) for trade in trades} == {
        (taker, "t", "BTC/USD")
    }
    assert all(trade["fees"][0]["asset"] == "USD" and trade["fees"][0]["qty"] > 0 for trade in trades)
    done = await rig.report("filled")
    assert (done["order_id"], done["cum_qty"], done["order_status"]) == (taker, D("1.2"), "filled")

    history = await spot_post(floor, "TradesHistory", consolidate_taker="false")
    heard = {trade["exec_id"]: (trade["last_qty"], trade["last_price"]) for trade in trades}
    assert {name: (D(row["vol"]), D(row["price"])) for name, row in history["trades"].items()} == heard
    assert {row["ordertxid"] for row in history["trades"].values()} == {taker}
    assert history["count"] == len(trades)
    return taker, heard


@pytest.mark.parametrize(
    ("name", "nonce", "body", "expected"),
    [
        (
            "GetWebSocketsToken",
            "1767225600000000001",
            "nonce=1767225600000000001",
            "XCI6K2eNONDHL9Yq/gNUz8wChUbji5SCvbkwGbDXV90lMBGJwvreG65IboJYW11KpDMe73QKFmRYgznHzxcUoA==",
        ),
        (
            "CancelOrderBatch",
            "1767225600000000003",
            '{"nonce":"1767225600000000003","orders":["OABCDE-FGHIJ-KLMNOP"]}',
            "FlEDLlagvRHBYf4bUJPdd+CuHfKdbYMYzmbiEDbe0pyEvrlzFGF3sPn9ei2fEotADM1wTMM748+lzSQ/0odUSQ==",
        ),
    ],
)
def test_the_hand_signs_as_kraken_spot_documents(name: str, nonce: str, body: str, expected: str) -> None:
    assert spot_signature(SPOT_VECTOR_SECRET, f"/0/private/{name}", nonce, body) == expected


async def test_a_stranger_trades_spot_over_tcp() -> None:
    async with open_floor(SPOT) as floor:
        await trade_spot(floor)


async def test_a_stranger_trades_spot_over_tls() -> None:
    async with open_floor(SPOT, encrypted=True) as floor:
        assert floor.url.startswith("wss://")
        await trade_spot(floor)


async def test_what_a_spot_order_cannot_trade_rests_and_is_in_the_next_snapshot() -> None:
    async with open_floor(SPOT) as floor, spot_desk(floor) as rig:
        await rig.subscribe()
        await rig.result("add_order", **bid(64000.0 + 6.4, 3.0, "by-hand-3"))
        order_id = (await rig.report("pending_new"))["order_id"]
        await rig.report("new")
        executed = (await rig.report("trade"))["cum_qty"]
        assert 0 < executed < 3
        async with spot_desk(floor) as other:
            (resting,) = await other.subscribe()
            assert (resting["order_id"], resting["order_status"]) == (order_id, "partially_filled")
            assert (resting["order_qty"], resting["cum_qty"], resting["cl_ord_id"]) == (3, executed, "by-hand-3")
            assert (await other.result("cancel_all"))["count"] == 1
            for listener in (rig, other):
                gone = await listener.report("canceled")
                assert (gone["order_id"], gone["cum_qty"]) == (order_id, executed)


async def test_a_spot_order_sent_over_http_is_told_on_the_socket() -> None:
    async with open_floor(SPOT) as floor, spot_desk(floor) as rig:
        await rig.subscribe()
        form = {"pair": "XBTUSD", "type": "buy", "ordertype": "limit", "price": "63000.5", "volume": "0.25"}
        (order_id,) = (await spot_post(floor, "AddOrder", oflags="post,fciq", **form))["txid"]
        told = await rig.report("pending_new")
        assert (told["order_id"], told["post_only"]) == (order_id, True)
        await rig.report("new")
        found = (await spot_post(floor, "QueryOrders", txid=order_id))[order_id]
        assert (found["status"], found["descr"]["pair"], found["descr"]["price"]) == ("open", "XBTUSD", "63000.5")
        await spot_post(floor, "AmendOrder", txid=order_id, order_qty="0.3")
        assert (await rig.report("amended"))["order_qty"] == D("0.3")
        answer = await floor.send(spot_call(floor, "CancelOrderBatch", {"orders": [order_id]}, json="yes"))
        assert answer["result"] == {"count": 1}
        assert (await rig.report("canceled"))["order_id"] == order_id


async def test_a_spot_order_that_must_not_take_is_canceled() -> None:
    async with open_floor(SPOT) as floor, spot_desk(floor) as rig:
        await rig.subscribe()
        await rig.result("add_order", **bid(64100.0, 0.1, post_only=True))
        await rig.report("pending_new")
        assert (await rig.report("canceled"))["reason"] == "Post only order"


async def test_a_spot_order_is_edited_into_a_new_one() -> None:
    async with open_floor(SPOT) as floor, spot_desk(floor) as rig:
        await rig.subscribe()
        first = (await rig.result("add_order", **bid(63000.0, 0.1)))["order_id"]
        await rig.report("pending_new")
        await rig.report("new")
        edited = await rig.result("edit_order", order_id=first, symbol="BTC/USD", limit_price=63001.0, order_qty=0.2)
        assert edited["original_order_id"] == first
        assert edited["order_id"] != first
        gone = await rig.report("canceled")
        assert (gone["order_id"], gone["reason"]) == (first, "Order replaced")
        born = await rig.report("pending_new")
        assert (born["order_id"], born["order_qty"], born["limit_price"]) == (edited["order_id"], D("0.2"), D(63001))
        await rig.report("new")


async def test_several_spot_orders_go_in_one_message_and_each_cancel_is_answered() -> None:
    async with open_floor(SPOT) as floor, spot_desk(floor) as rig:
        await rig.subscribe()
        legs = [{**bid(price, 0.1, f"leg-{price:.0f}")} for price in (63000.0, 63001.0)]
        for leg in legs:
            del leg["symbol"]
        placed = await rig.result("batch_add", symbol="BTC/USD", orders=legs)
        assert [leg["cl_ord_id"] for leg in placed] == ["leg-63000", "leg-63001"]
        for leg in placed:
            assert (await rig.report("pending_new"))["order_id"] == leg["order_id"]
            await rig.report("new")
        ids = [leg["order_id"] for leg in placed]
        number = await rig.ask("cancel_order", order_id=[*ids, "ONEVER-ISSUED-ATALLL"])
        answers = [await rig.answer(number) for _ in range(3)]
        assert [answer["success"] for answer in answers] == [True, True, False]
        assert [answer["result"]["order_id"] for answer in answers[:2]] == ids
        assert answers[2]["error"] == "EOrder:Invalid order"


async def test_a_spot_order_can_be_tried_without_being_placed() -> None:
    async with open_floor(SPOT) as floor, spot_desk(floor) as rig:
        await rig.subscribe()
        assert (await rig.result("add_order", **bid(63000.0, 0.1, validate=True)))["order_id"] == ""
        assert (await spot_post(floor, "OpenOrders"))["open"] == {}


@pytest.mark.parametrize(
    ("wrong", "refusal"),
    [
        ({"key": "made-up"}, "EAPI:Invalid key"),
        ({"secret": SPOT_VECTOR_SECRET}, "EAPI:Invalid signature"),
        ({"signed": "nonce=1&something=else"}, "EAPI:Invalid signature"),
        ({"nonce": "not-a-number"}, "EAPI:Invalid nonce"),
    ],
)
async def test_a_spot_call_of_nobody_is_refused(wrong: Any, refusal: str) -> None:
    async with open_floor(SPOT) as floor:
        assert await spot_refusal(floor, spot_call(floor, "GetWebSocketsToken", **wrong)) == refusal
        assert (await spot_post(floor, "GetWebSocketsToken"))["token"]  # the key itself is as good as before


async def test_a_spot_nonce_only_grows() -> None:
    async with open_floor(SPOT) as floor:
        nonce = floor.next_nonce()
        assert (await floor.send(spot_call(floor, "OpenOrders", nonce=nonce)))["error"] == []
        for stale in (nonce, str(int(nonce) - 1)):
            assert await spot_refusal(floor, spot_call(floor, "OpenOrders", nonce=stale)) == "EAPI:Invalid nonce"
        assert (await spot_post(floor, "OpenOrders"))["open"] == {}


async def test_a_made_up_token_opens_nothing_and_the_socket_goes_on() -> None:
    async with open_floor(SPOT) as floor, spot_desk(floor) as rig:
        good, rig.token = rig.token, "made-up"
        assert await rig.refusal("subscribe", channel="executions") == "ESession:Invalid session"
        assert await rig.refusal("add_order", **bid(63000.0, 0.1)) == "EAPI:Invalid token"
        assert (await spot_post(floor, "OpenOrders"))["open"] == {}
        rig.token = good
        assert await rig.subscribe() == []


async def test_kraken_spot_survives_garbage_on_the_socket() -> None:
    async with open_floor(SPOT) as floor, spot_desk(floor) as rig:
        await rig.subscribe()
        for garbage in ("this is not JSON", "[1, 2]", "{}", '{"method":3}', '{"method":"dance"}', '"\\ud800"', "null"):
            await rig.line.say(garbage)
            heard = await rig.line.next()
            assert heard.get("error") or heard.get("Error")
            assert heard.get("success") is not True
        await rig.line.say({"method": "ping", "params": {}, "req_id": 600})
        refused = await rig.answer(600)
        assert refused["error"] == "Unsupported field: 'params' for the given msg type: ping"
        await rig.line.say(b"\x00\x01 not for you")
        await rig.line.say({"method": "ping", "req_id": 601})
        assert (await rig.answer(601))["method"] == "pong"
        await rig.result("add_order", **bid(63000.0, 0.1))
        await rig.report("pending_new")


@pytest.mark.parametrize(
    ("terms", "refusal"),
    [
        ({"symbol": "XBT/USD"}, "Currency pair not supported XBT/USD"),
        ({"leverage": 5}, "Unsupported field: 'leverage' for the given msg type: add_order"),
        ({"limit_price": "63000.0"}, "field must be a number_float"),
        ({"order_qty": 0.00000001}, "EOrder:Order minimum not met"),
        ({"limit_price": 63000.123}, "EOrder:Tick size check failed"),
        ({"cl_ord_id": "far too long for a client order id"}, "EGeneral:Invalid arguments:cl_ord_id"),
        ({"side": "hold"}, "EGeneral:Invalid arguments"),
    ],
)
async def test_kraken_spot_refuses_orders_that_it_cannot_read(terms: dict[str, Any], refusal: str) -> None:
    async with open_floor(SPOT) as floor, spot_desk(floor) as rig:
        await rig.subscribe()
        assert refusal in await rig.refusal("add_order", **(bid(63000.0, 0.1) | terms))
        assert (await spot_post(floor, "OpenOrders"))["open"] == {}


async def test_kraken_spot_survives_garbage_over_http() -> None:
    async with open_floor(SPOT) as floor:
        unsigned = await floor.http.post("/0/private/AddOrder", content=b"\xff\xfe")
        assert unsigned.json()["error"] == ["EAPI:Invalid key"]
        assert (await floor.http.get("/0/nothing-here")).json()["error"] == ["EGeneral:Unknown method"]
        assert await spot_refusal(floor, spot_call(floor, "MakeMeRich")) == "EGeneral:Unknown method"
        for form in ({}, {"pair": "XBTUSD", "type": "buy", "ordertype": "limit", "price": "x", "volume": "many"}):
            assert (await spot_refusal(floor, spot_call(floor, "AddOrder", form))).startswith(("EGeneral:", "EQuery:"))
        nowhere = {"pair": "NOTHING", "type": "buy", "ordertype": "limit", "price": "1", "volume": "1"}
        assert await spot_refusal(floor, spot_call(floor, "AddOrder", nowhere)) == "EQuery:Unknown asset pair"
        assert (await spot_post(floor, "OpenOrders"))["open"] == {}
