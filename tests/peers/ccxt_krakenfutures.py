"""ccxt trades at the embedded Kraken Futures: REST v3 with its histories, and its sockets (WebSocket v1)."""

from __future__ import annotations

import asyncio
import contextlib
from typing import Any

import ccxt
import ccxt.pro

from .steps import HTTP, KEY, SECRET, WEBSOCKET, expect, refused, step, until

SYMBOL = "BTC/USD:USD"


def reach(kind: type) -> Any:
    exchange = kind({"apiKey": KEY, "secret": SECRET, "enableRateLimit": False})
    for name in ("charts", "history", "feeschedules"):
        exchange.urls["api"][name] = f"{HTTP}/api/{name}/"
    exchange.urls["api"]["public"] = exchange.urls["api"]["private"] = f"{HTTP}/derivatives/api/"
    if "ws" in exchange.urls["api"]:
        exchange.urls["api"]["ws"] = WEBSOCKET
    return exchange


def limit(kraken: Any, amount: float = 0.01, price: float = 60000, side: str = "buy", **params: Any) -> dict[str, Any]:
    order: dict[str, Any] = kraken.create_order(SYMBOL, "limit", side, amount, price, params)
    return order


def first_minute(kraken: Any) -> None:
    with step("markets"):
        market = kraken.load_markets()[SYMBOL]
        expect((market["id"], market["linear"], market["precision"]["price"]), ("PF_XBTUSD", True, 0.5))
    with step("balance"):
        assert kraken.fetch_balance()["total"]
    with step("no position yet"):
        expect(kraken.fetch_positions(), [])


def orders(kraken: Any) -> None:
    order_id = ""
    with step("place"):
        placed = limit(kraken, clientOrderId="ccxt-1")
        order_id = placed["id"]
        expect(
            (placed["status"], placed["side"], placed["amount"], placed["clientOrderId"]),
            ("open", "buy", 0.01, "ccxt-1"),
        )
    with step("open orders"):
        rows = kraken.fetch_open_orders(SYMBOL)
        expect([(r["id"], r["status"], r["remaining"]) for r in rows], [(order_id, "open", 0.01)])
    with step("one order"):
        row = kraken.fetch_order(order_id)
        expect((row["status"], row["price"]), ("open", 60000.0))
    with step("change"):
        kraken.edit_order(order_id, SYMBOL, "limit", "buy", 0.02, 60001.5)
        rows = kraken.fetch_open_orders(SYMBOL)
        expect([(r["info"]["limitPrice"], r["remaining"]) for r in rows], [(60001.5, 0.02)])
    with step("cancel"):
        kraken.cancel_order(order_id)
        expect(kraken.fetch_open_orders(SYMBOL), [])
    with step("cancel of a canceled order"), refused(ccxt.OrderNotFound):
        kraken.cancel_order(order_id)
    with step("market order, its trade and the position"):
        placed = kraken.create_order(SYMBOL, "market", "buy", 0.01)
        expect((placed["status"], placed["filled"]), ("closed", 0.01))
        trades = [t for t in kraken.fetch_my_trades(SYMBOL) if t["order"] == placed["id"]]
        expect([(t["takerOrMaker"], t["symbol"], t["amount"]) for t in trades], [("taker", SYMBOL, 0.01)])
        expect([(p["side"], p["contracts"]) for p in kraken.fetch_positions()], [("long", 0.01)])


def kinds(kraken: Any) -> None:
    with step("post only, reduce only, immediate or cancel, stops and touches"):
        limit(kraken, postOnly=True)
        limit(kraken, 0.005, 66000, "sell", reduceOnly=True)
        limit(kraken, 0.01, 66000, timeInForce="ioc")
        kraken.create_order(SYMBOL, "market", "sell", 0.01, None, {"stopLossPrice": 60000, "triggerSignal": "mark"})
        limit(kraken, 0.01, 69900, "sell", takeProfitPrice=70000)
        limit(kraken, 0.01, 69900, triggerPrice=70000)
        expect(len(kraken.fetch_open_orders()), 5)
    with step("post only that would cross"), refused(ccxt.InvalidOrder):
        limit(kraken, 0.01, 66000, postOnly=True)
    with step("several orders in one, and their cancel"):
        legs = [
            {"symbol": SYMBOL, "type": "limit", "side": "buy", "amount": 0.01, "price": 60000 + n} for n in range(3)
        ]
        placed = kraken.create_orders(legs)
        canceled = kraken.cancel_orders([order["id"] for order in placed])
        expect([order["status"] for order in canceled], ["canceled"] * 3)
    with step("the dead man's switch, and cancel of all"):
        kraken.cancel_all_orders_after(60000)
        kraken.cancel_all_orders_after(0)
        kraken.cancel_all_orders()
        expect(kraken.fetch_open_orders(), [])
    with step("too large"), refused(ccxt.BaseError):
        limit(kraken, 5000)


def histories(kraken: Any) -> None:
    with step("closed orders"):
        rows = kraken.fetch_closed_orders(SYMBOL)
        assert "closed" in {row["status"] for row in rows}, rows
    with step("canceled orders"):
        rows = kraken.fetch_canceled_orders(SYMBOL)
        assert rows, rows


async def over_sockets() -> None:
    kraken = reach(ccxt.pro.krakenfutures)
    await kraken.load_markets()
    orders: list[Any] = []
    trades: list[Any] = []

    async def follow(watch: Any, into: list[Any]) -> None:
        while True:
            into.extend(await watch())

    async def order(order_id: str, **fields: Any) -> Any:
        def find() -> list[Any]:
            for task in following:
                if task.done():
                    task.result()
            wanted = fields | {"id": order_id}
            return [o for o in orders if all(o[name] == value for name, value in wanted.items())]

        return (await until(find, f"{fields} of {order_id}"))[-1]

    following = [
        asyncio.ensure_future(follow(kraken.watch_orders, orders)),
        asyncio.ensure_future(follow(kraken.watch_my_trades, trades)),
    ]
    await until(lambda: kraken.clients and all(c.subscriptions for c in kraken.clients.values()), "subscriptions")
    await asyncio.sleep(0.3)  # it subscribes behind the challenge, and does not tell when
    with step("socket: placed, changed, canceled"):
        order_id = (await kraken.create_order(SYMBOL, "limit", "buy", 0.01, 60000))["id"]
        told = await order(order_id, price=60000.0)
        expect((told["symbol"], told["remaining"], told["side"]), (SYMBOL, 0.01, "buy"))
        await kraken.edit_order(order_id, SYMBOL, "limit", "buy", 0.02, 60001.5)
        await order(order_id, price=60001.5)
        await kraken.cancel_order(order_id)
        await order(order_id, status="canceled")
    with step("socket: market order and its trade"):
        order_id = (await kraken.create_order(SYMBOL, "market", "buy", 0.01))["id"]
        trade = (await until(lambda: [t for t in trades if t["order"] == order_id], "the trade"))[0]
        expect((trade["symbol"], trade["amount"], trade["takerOrMaker"]), (SYMBOL, 0.01, "taker"))
    with step("socket: balance"):
        assert (await asyncio.wait_for(kraken.watch_balance(), 5))["total"]
    with step("socket: positions"):
        positions = await asyncio.wait_for(kraken.watch_positions(), 5)
        expect([p["symbol"] for p in positions], [SYMBOL])
    for task in following:
        task.cancel()
        with contextlib.suppress(asyncio.CancelledError):
            await task
    await kraken.close()


if __name__ == "__main__":
    rest = reach(ccxt.krakenfutures)
    first_minute(rest)
    orders(rest)
    kinds(rest)
    histories(rest)
    asyncio.run(over_sockets())
