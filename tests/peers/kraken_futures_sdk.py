"""python-kraken-sdk trades at the embedded Kraken Futures: REST and WebSocket v1 (which it speaks encrypted alone)."""

from __future__ import annotations

import asyncio
import logging
from datetime import UTC, datetime, timedelta
from typing import Any

from kraken.futures import FuturesWSClient, Market, Trade, User

from .steps import HTTP, KEY, SECRET, WEBSOCKET, expect, step, until

logging.disable(logging.CRITICAL)

market = Market(key=KEY, secret=SECRET, url=HTTP)
user = User(key=KEY, secret=SECRET, url=HTTP)
trade = Trade(key=KEY, secret=SECRET, url=HTTP)
NOBODYS = "5f204f95-4354-4610-bb3b-c902ad333012"


def place(kind: str = "lmt", side: str = "buy", size: float = 0.01, **more: Any) -> dict[str, Any]:
    """An order that the venue takes."""
    answer = trade.create_order(orderType=kind, size=size, symbol="PF_XBTUSD", side=side, **more)
    status: dict[str, Any] = answer["sendStatus"]
    expect(status["status"], "placed")
    return status


def first_minute() -> None:
    with step("instruments, with all that a row has"):
        row = next(r for r in market.get_instruments()["instruments"] if r["symbol"] == "PF_XBTUSD")
        wanted = {"pair", "base", "quote", "type", "tickSize", "contractSize", "contractValueTradePrecision", "mtf"}
        wanted |= {"tradeable", "postOnly", "impactMidSize", "maxPositionSize", "openingDate", "marginLevels", "tags"}
        expect(wanted - set(row), set())
    with step("status of the instruments"):
        rows = market.get_instruments_status()["instrumentStatus"]
        assert "PF_XBTUSD" in {row["tradeable"] for row in rows}, rows
    with step("status of one instrument"):
        expect(market.get_instruments_status(instrument="PF_XBTUSD")["tradeable"], "PF_XBTUSD")
    with step("accounts"):
        assert "flex" in user.get_wallets()["accounts"]
    with step("no position yet"):
        expect(user.get_open_positions()["openPositions"], [])


def orders() -> None:
    order_id = ""
    with step("a limit order rests"):
        order_id = place(limitPrice=60000, cliOrdId="sdk-1")["order_id"]
    with step("open orders"):
        expect([row["order_id"] for row in user.get_open_orders()["openOrders"]], [order_id])
    with step("the symbol in small letters"):
        small = trade.create_order(orderType="lmt", size=0.01, symbol="pf_xbtusd", side="buy", limitPrice=60000)
        canceled = trade.cancel_order(order_id=small["sendStatus"]["order_id"])
        expect(canceled["cancelStatus"]["status"], "cancelled")
    with step("status of one order among those asked for"):
        rows = trade.get_orders_status(orderIds=[order_id, NOBODYS])["orders"]
        expect([(row["order"]["orderId"], row["status"]) for row in rows], [(order_id, "ENTERED_BOOK")])
    with step("status by client order id"):
        expect(len(trade.get_orders_status(cliOrdIds=["sdk-1"])["orders"]), 1)
    with step("edit, by the venue's id and by the client's"):
        expect(trade.edit_order(orderId=order_id, size=0.02, limitPrice=60001.5)["editStatus"]["status"], "edited")
        before = (datetime.now(UTC) + timedelta(seconds=5)).isoformat()
        edited = trade.edit_order(cliOrdId="sdk-1", size=0.03, limitPrice=60001, processBefore=before)
        expect(edited["editStatus"]["status"], "edited")
    with step("edit that names both ids"):
        edited = trade.edit_order(orderId=order_id, cliOrdId="sdk-1", size=0.02, limitPrice=60002)
        expect(edited["editStatus"]["status"], "edited")
    with step("cancel by client order id"):
        expect(trade.cancel_order(cliOrdId="sdk-1")["cancelStatus"]["status"], "cancelled")
    with step("cancel and edit of what never was"):
        expect(trade.cancel_order(order_id=NOBODYS)["cancelStatus"]["status"], "notFound")
        edited = trade.edit_order(orderId=NOBODYS, size=100, limitPrice=60000)
        expect(edited["editStatus"]["status"], "orderForEditNotFound")


def kinds() -> None:
    with step("a market order fills"):
        order_id = place("mkt")["order_id"]
        rows = [row for row in trade.get_fills()["fills"] if row["order_id"] == order_id]
        expect([row["fillType"] for row in rows], ["taker"])
    with step("fills before a moment"):
        assert trade.get_fills(lastFillTime=(datetime.now(UTC) + timedelta(days=1)).isoformat())["fills"]
    with step("the position"):
        rows = user.get_open_positions()["openPositions"]
        expect([(row["symbol"], row["side"], row["size"]) for row in rows], [("PF_XBTUSD", "long", 0.01)])
    with step("stops, a take profit, a trailing stop, post only"):
        stop = place("stp", "sell", 0.005, stopPrice=60000, triggerSignal="mark")
        expect(stop["orderEvents"][0]["orderTrigger"]["type"], "ioc")
        touch = {"stopPrice": 70000, "limitPrice": 69900, "triggerSignal": "last"}
        expect(place("take_profit", "sell", 0.005, **touch)["orderEvents"][0]["orderTrigger"]["type"], "lmt")
        trailing = {"trailingStopMaxDeviation": 5, "trailingStopDeviationUnit": "PERCENT", "triggerSignal": "mark"}
        place("trailing_stop", "sell", 0.005, **trailing)
        place("post", limitPrice=60000)
        expect(len(user.get_open_orders()["openOrders"]), 4)
    with step("reduce only"):
        order_id = place(side="sell", size=0.005, limitPrice=66000, reduceOnly=True)["order_id"]
        trade.cancel_order(order_id=order_id)
    with step("a size that no account can pay"):
        answer = trade.create_order(orderType="lmt", size=5000, symbol="PF_XBTUSD", side="buy", limitPrice=60000)
        assert answer["sendStatus"]["status"] != "placed", answer


def batches() -> None:
    with step("a batch of placements, then one with an edit and a cancel"):
        common = {"order": "send", "symbol": "PF_XBTUSD", "side": "buy", "size": 0.01}
        legs = [
            common | {"order_tag": "1", "orderType": "lmt", "limitPrice": 60000, "cliOrdId": "sdk-b-1"},
            common | {"order_tag": "2", "orderType": "stp", "limitPrice": 71000, "stopPrice": 70000},
        ]
        placed = trade.create_batch_order(batchorder_list=legs)["batchStatus"]
        expect([leg["status"] for leg in placed], ["placed", "placed"])
        edit = {"order": "edit", "order_id": placed[0]["order_id"], "size": 0.02, "limitPrice": 60001}
        cancel = {"order": "cancel", "order_id": placed[1]["order_id"]}
        done = trade.create_batch_order(batchorder_list=[edit, cancel])["batchStatus"]
        expect([leg.get("status") or leg["cancelStatus"]["status"] for leg in done], ["edited", "cancelled"])
    with step("the dead man's switch"):
        assert trade.dead_mans_switch(timeout=60)["status"]["triggerTime"] != "0"
        expect(trade.dead_mans_switch(timeout=0)["status"]["triggerTime"], "0")
    with step("cancel of all"):
        expect(len(trade.cancel_all_orders(symbol="PF_XBTUSD")["cancelStatus"]["cancelledOrders"]), 5)
        expect(trade.cancel_all_orders()["cancelStatus"]["status"], "noOrdersToCancel")


def histories() -> None:
    with step("history of orders"):
        kinds = {kind for element in user.get_order_events()["elements"] for kind in element["event"]}
        assert {"OrderPlaced", "OrderCancelled", "OrderUpdated"} <= kinds, kinds
    with step("history of one instrument, oldest first"):
        elements = user.get_order_events(tradeable="PF_XBTUSD", sort="asc", since=0)["elements"]
        times = [element["timestamp"] for element in elements]
        expect(times, sorted(times))
    with step("history of triggers"):
        kinds = {kind for element in user.get_trigger_events()["elements"] for kind in element["event"]}
        assert {"OrderTriggerPlaced", "OrderTriggerCancelled"} <= kinds, kinds
    with step("history of executions"):
        assert user.get_execution_events()["elements"]


class Conversation:
    """A socket of the library, and what came over it."""

    def __init__(self) -> None:
        self.heard: list[dict[str, Any]] = []
        address = WEBSOCKET.partition("://")[2]  # it puts the scheme in front itself
        self.client = FuturesWSClient(key=KEY, secret=SECRET, url=address, callback=self.hear)

    async def hear(self, message: dict[str, Any]) -> None:
        self.heard.append(message)

    async def seen(self, feed: str, **fields: Any) -> dict[str, Any]:
        def find() -> list[dict[str, Any]]:
            wanted = fields | {"feed": feed}
            return [m for m in self.heard if all(m.get(name) == value for name, value in wanted.items())]

        found: list[dict[str, Any]] = await until(find, f"{feed} {fields}")
        return found[-1]


async def of_another_thread(call: Any, **arguments: Any) -> Any:
    return await asyncio.get_running_loop().run_in_executor(None, lambda: call(**arguments))


async def socket() -> None:
    talk = Conversation()
    await talk.client.start()
    feeds = ("open_orders", "open_orders_verbose", "fills", "open_positions", "balances")
    with step("socket: greeting"):
        await until(lambda: [m for m in talk.heard if m.get("event") == "info"], "info")
    with step("socket: every feed of an account"):
        for feed in ("heartbeat", *feeds):
            await talk.client.subscribe(feed=feed)
        await until(lambda: len(talk.client.get_active_subscriptions()) == 6, "six subscriptions")
        for feed in ("open_orders_snapshot", "open_orders_verbose_snapshot", "fills_snapshot"):
            await talk.seen(feed)
        await talk.seen("open_positions")
        await talk.seen("balances_snapshot")
        await talk.seen("heartbeat")
    with step("socket: placed, edited, canceled"):
        order_id = (await of_another_thread(place, limitPrice=60000, cliOrdId="sdk-w-1"))["order_id"]
        told = await talk.seen("open_orders", reason="new_placed_order_by_user")
        expect((told["order"]["order_id"], told["order"]["qty"]), (order_id, 0.01))
        await of_another_thread(trade.edit_order, orderId=order_id, size=0.02, limitPrice=60001.5)
        told = await talk.seen("open_orders", reason="edited_by_user")
        expect((told["order"]["order_id"], told["order"]["qty"]), (order_id, 0.02))
        await of_another_thread(trade.cancel_order, order_id=order_id)
        told = await talk.seen("open_orders", reason="cancelled_by_user", is_cancel=True)
        expect(told.get("order_id") or told["order"]["order_id"], order_id)
    with step("socket: a fill"):
        order_id = (await of_another_thread(place, kind="mkt"))["order_id"]

        def fills() -> list[dict[str, Any]]:
            feeds = [m for m in talk.heard if m.get("feed") == "fills"]
            return [fill for m in feeds for fill in m.get("fills", ()) if fill["order_id"] == order_id]

        expect((await until(fills, "the fill"))[0]["fill_type"], "taker")
    with step("socket: the end of a subscription"):
        await talk.client.unsubscribe(feed="fills")
        await until(lambda: len(talk.client.get_active_subscriptions()) == 5, "five subscriptions")


if __name__ == "__main__":
    first_minute()
    orders()
    kinds()
    batches()
    histories()
    asyncio.run(socket())
