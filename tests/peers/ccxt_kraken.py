"""ccxt trades at the embedded Kraken Spot: REST, and its sockets (WebSocket v2)."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import Awaitable, Callable
from typing import Any

import ccxt
import ccxt.pro

from .steps import HTTP, KEY, SECRET, WEBSOCKET, expect, refused, step, until

SYMBOL = "BTC/USD"


def reach(kind: type) -> Any:
    exchange = kind({"apiKey": KEY, "secret": SECRET, "enableRateLimit": False})
    exchange.urls["api"]["public"] = exchange.urls["api"]["private"] = HTTP
    if "ws" in exchange.urls["api"]:
        exchange.urls["api"]["ws"] = dict.fromkeys(exchange.urls["api"]["ws"], WEBSOCKET)
    return exchange


def limit(kraken: Any, amount: float = 0.01, price: float = 60000, **params: Any) -> dict[str, Any]:
    order: dict[str, Any] = kraken.create_order(SYMBOL, "limit", "buy", amount, price, params)
    return order


def first_minute(kraken: Any) -> None:
    with step("markets, currencies and the system's status"):
        market = kraken.load_markets()[SYMBOL]
        expect((market["id"], market["base"], market["limits"]["amount"]["min"]), ("XXBTZUSD", "BTC", 0.00005))
    with step("status and time"):
        expect(kraken.fetch_status()["status"], "ok")
        assert kraken.fetch_time() > 1_700_000_000_000
    with step("balance"):
        assert kraken.fetch_balance()["USD"]["free"] > 0


def orders(kraken: Any) -> None:
    with step("place"):
        order_id = limit(kraken, clientOrderId="ccxt-1")["id"]
    with step("open orders"):
        rows = kraken.fetch_open_orders(SYMBOL)
        expect(
            [(r["id"], r["status"], r["clientOrderId"], r["symbol"]) for r in rows],
            [(order_id, "open", "ccxt-1", SYMBOL)],
        )
    with step("one order"):
        row = kraken.fetch_order(order_id)
        expect((row["status"], row["price"], row["filled"], row["remaining"]), ("open", 60000.0, 0.0, 0.01))
    with step("change"):
        kraken.edit_order(order_id, SYMBOL, "limit", "buy", 0.02, 60001.5)
        row = kraken.fetch_order(order_id)
        expect((row["price"], row["amount"]), (60001.5, 0.02))
    with step("cancel"):
        kraken.cancel_order(order_id)
        expect(kraken.fetch_order(order_id)["status"], "canceled")
    with step("cancel of a canceled order"), refused(ccxt.OrderNotFound, ccxt.InvalidOrder):
        kraken.cancel_order(order_id)
    with step("market order, its trade and the fee"):
        order_id = kraken.create_order(SYMBOL, "market", "buy", 0.01)["id"]
        row = kraken.fetch_order(order_id)
        expect((row["status"], row["filled"], row["fee"]["currency"]), ("closed", 0.01, "USD"))
        trades = [t for t in kraken.fetch_my_trades(SYMBOL) if t["order"] == order_id]
        expect([(t["symbol"], t["takerOrMaker"], t["amount"]) for t in trades], [(SYMBOL, "taker", 0.01)])
        assert trades[0]["fee"]["cost"] > 0
    with step("trades of an order by their ids"):
        ids = [t["id"] for t in kraken.fetch_my_trades(SYMBOL)]
        assert kraken.fetch_order_trades(order_id, SYMBOL, None, None, {"trades": ids})
    with step("market order by amount of money"):
        order_id = kraken.create_market_buy_order_with_cost(SYMBOL, 640)["id"]
        expect(kraken.fetch_order(order_id)["status"], "closed")
    with step("orders by their ids, closed orders"):
        expect(len(kraken.fetch_orders_by_ids([order_id])), 1)
        assert order_id in {row["id"] for row in kraken.fetch_closed_orders(SYMBOL)}


def kinds(kraken: Any) -> None:
    with step("stops, touches, trailing stops, post only, immediate or cancel"):
        kraken.create_order(SYMBOL, "market", "sell", 0.01, None, {"stopLossPrice": 60000})
        kraken.create_order(SYMBOL, "limit", "sell", 0.01, 69000, {"takeProfitPrice": 70000})
        kraken.create_order(SYMBOL, "limit", "sell", 0.01, 59000, {"stopLossPrice": 60000})
        kraken.create_trailing_amount_order(SYMBOL, "market", "sell", 0.01, None, 500)
        kraken.create_trailing_percent_order(SYMBOL, "market", "sell", 0.01, None, 2.5)
        limit(kraken, postOnly=True)
        limit(kraken, timeInForce="IOC")
        expect(len(kraken.fetch_open_orders()), 6)
    with step("an order with a stop loss attached"):
        limit(kraken, stopLoss={"triggerPrice": 58000, "price": 57900})
    with step("several orders in one, and their cancel"):
        legs = [
            {"symbol": SYMBOL, "type": "limit", "side": "buy", "amount": 0.01, "price": 60000 + n} for n in range(3)
        ]
        placed = kraken.create_orders(legs)
        kraken.cancel_orders([order["id"] for order in placed])
        expect(len(kraken.fetch_open_orders()), 7)
    with step("the dead man's switch, and cancel of all"):
        kraken.cancel_all_orders_after(60000)
        kraken.cancel_all_orders_after(0)
        kraken.cancel_all_orders()
        expect(kraken.fetch_open_orders(), [])
    with step("too much for the account"), refused(ccxt.InsufficientFunds):
        limit(kraken, 100000)
    with step("too little for the venue"), refused(ccxt.InvalidOrder):
        limit(kraken, 0.00001)


async def place_change_and_cancel(kraken: Any, order: Callable[..., Awaitable[Any]]) -> None:
    with step("socket: place and watch"):
        order_id = (await kraken.create_order_ws(SYMBOL, "limit", "buy", 0.01, 60000))["id"]
        told = await order(order_id, status="open", symbol=SYMBOL)
        expect((told["price"], told["amount"], told["side"]), (60000.0, 0.01, "buy"))
    with step("socket: change"):
        await kraken.edit_order_ws(order_id, SYMBOL, "limit", "buy", 0.02, 60001.5)
        await order(order_id, amount=0.02)
    with step("socket: cancel"):
        await kraken.cancel_order_ws(order_id)
        await order(order_id, status="canceled")


async def take(kraken: Any, order: Callable[..., Awaitable[Any]], trades: list[Any]) -> None:
    with step("socket: market order and its trade"):
        order_id = (await kraken.create_order_ws(SYMBOL, "market", "buy", 0.01))["id"]
        expect((await order(order_id, status="closed"))["filled"], 0.01)
        trade = (await until(lambda: [t for t in trades if t["order"] == order_id], "the trade"))[0]
        expect((trade["symbol"], trade["takerOrMaker"]), (SYMBOL, "taker"))
        assert trade["fee"]["cost"] > 0


async def over_sockets(markets: Any) -> None:
    kraken = reach(ccxt.pro.kraken)
    kraken.set_markets(markets)
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
    await place_change_and_cancel(kraken, order)
    await take(kraken, order, trades)
    with step("socket: cancel of all"):
        await kraken.create_order_ws(SYMBOL, "limit", "buy", 0.01, 60000)
        await kraken.cancel_all_orders_ws()
        expect(await asyncio.to_thread(reach(ccxt.kraken).fetch_open_orders), [])
    with step("socket: a refusal"), refused(ccxt.ExchangeError):
        await kraken.create_order_ws(SYMBOL, "limit", "buy", 0.00001, 60000)
    with step("socket: balance"):
        assert (await asyncio.wait_for(kraken.watch_balance(), 5))["USD"]["total"] > 0
    for task in following:
        task.cancel()
        with contextlib.suppress(asyncio.CancelledError):
            await task
    await kraken.close()


if __name__ == "__main__":
    rest = reach(ccxt.kraken)
    first_minute(rest)
    orders(rest)
    kinds(rest)
    asyncio.run(over_sockets(rest.markets))
