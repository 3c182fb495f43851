"""python-kraken-sdk trades at the embedded Kraken Spot: REST and WebSocket v2."""

from __future__ import annotations

import asyncio
import itertools
import logging
from datetime import UTC, datetime, timedelta
from typing import Any

from kraken.exceptions import KrakenInsufficientFundsError, KrakenInvalidOrderError, KrakenUnknownOrderError
from kraken.spot import Market, SpotWSClient, Trade, User

from .steps import HTTP, KEY, SECRET, WEBSOCKET, expect, refused, step, until

logging.disable(logging.CRITICAL)

market = Market(url=HTTP)
user = User(key=KEY, secret=SECRET, url=HTTP)
trade = Trade(key=KEY, secret=SECRET, url=HTTP)


def soon() -> str:
    """A moment as Python writes it, with its offset."""
    return (datetime.now(UTC) + timedelta(seconds=20)).isoformat()


def limit(price: float | str = 60000, volume: float | str = 0.01, side: str = "buy", **more: Any) -> dict[str, Any]:
    answer: dict[str, Any] = trade.create_order(
        ordertype="limit", side=side, pair="XBTUSD", volume=volume, price=price, **more
    )
    return answer


def row_of(txid: str) -> dict[str, Any]:
    row: dict[str, Any] = user.get_orders_info(txid=txid)[txid]
    return row


def first_minute() -> None:
    with step("system status"):
        expect(market.get_system_status()["status"], "online")
    with step("asset pairs of an altname, with all that a row has"):
        row = market.get_asset_pairs(pair="XBTUSD")["XXBTZUSD"]
        expect(row["wsname"], "XBT/USD")
        wanted = {"aclass_base", "aclass_quote", "base", "quote", "lot", "cost_decimals", "pair_decimals", "fees"}
        wanted |= {"lot_decimals", "lot_multiplier", "leverage_buy", "leverage_sell", "fees_maker", "margin_call"}
        wanted |= {"fee_volume_currency", "margin_stop", "ordermin", "costmin", "tick_size", "status"}
        expect(wanted - set(row), set())
    with step("assets"):
        expect(market.get_assets(assets="XBT")["XXBT"]["altname"], "XBT")
    with step("balance"):
        assert float(user.get_account_balance()["ZUSD"]) > 0
    with step("balances with what orders hold"):
        assert {"balance", "hold_trade"} <= set(user.get_balances()["ZUSD"])


def orders() -> None:
    txid = ""
    with step("a limit order with the defaults of the library rests"):
        placed = limit(timeinforce="GTC")
        expect(placed["descr"]["order"], "buy 0.01000000 XBTUSD @ limit 60000.0")
        txid = placed["txid"][0]
    with step("open orders"):
        row = user.get_open_orders()["open"][txid]
        expect((row["status"], float(row["vol"]), row["descr"]["pair"]), ("open", 0.01, "XBTUSD"))
    with step("one order's status"):
        expect(row_of(txid)["descr"]["price"], "60000.0")
    with step("amend"):
        trade.amend_order(txid=txid, limit_price="60001.5", order_qty="0.02")
        row = row_of(txid)
        expect((row["descr"]["price"], float(row["vol"])), ("60001.5", 0.02))
    with step("the amendments of an order"):
        amends = user.get_order_amends(order_id=txid)
        expect((amends["count"], [each["amend_type"] for each in amends["amends"]]), (2, ["original", "user"]))
    with step("edit"):
        edited = trade.edit_order(txid=txid, pair="XBTUSD", volume=0.03, price=60002)
        expect((edited["status"], edited["orders_cancelled"], edited["originaltxid"]), ("ok", 1, txid))
        expect((float(edited["volume"]), float(edited["price"])), (0.03, 60002.0))
        txid = edited["txid"]
    with step("cancel"):
        expect(trade.cancel_order(txid=txid)["count"], 1)
    with step("a canceled order's status"):
        expect(row_of(txid)["status"], "canceled")
    with step("cancel of an order that never was"), refused(KrakenUnknownOrderError, KrakenInvalidOrderError):
        trade.cancel_order(txid="OAAAAA-BBBBB-CCCCCC")
    with step("place, amend, find and cancel by client order id"):
        limit(cl_ord_id="sdk-rest-1")
        trade.amend_order(cl_ord_id="sdk-rest-1", limit_price="60000.5")
        found = user.get_open_orders(extra_params={"cl_ord_id": "sdk-rest-1"})["open"]
        expect([row["cl_ord_id"] for row in found.values()], ["sdk-rest-1"])
        expect(trade.cancel_order(cl_ord_id="sdk-rest-1")["count"], 1)
        closed = user.get_closed_orders(extra_params={"cl_ord_id": "sdk-rest-1"})["closed"]
        expect([row["status"] for row in closed.values()], ["canceled"])
    with step("by user reference"):
        limit(userref=4711)
        expect([row["userref"] for row in user.get_open_orders(userref=4711)["open"].values()], [4711])
        trade.cancel_order(txid="4711")


def words() -> None:
    close: dict[str, Any] = {"close_ordertype": "stop-loss-limit", "close_price": 58000, "close_price2": 57000}
    with step("a conditional close is told with its prices"):
        described = limit(validate=True, **close)["descr"]["close"]
        expect(described, "close position @ stop loss 58000.0 -> limit 57000.0")
    with step("relative prices: of a stop's limit, of a close, of a limit order"):
        stop: dict[str, Any] = {"ordertype": "stop-loss-limit", "side": "buy", "pair": "XBTUSD", "volume": 0.01}
        trade.create_order(**stop, price=70000, price2="+1000", validate=True)
        limit(validate=True, close_ordertype="take-profit-limit", close_price=77000, close_price2="#2%")
        limit(price="-2%", validate=True)
    with step("trailing stop"):
        placed = trade.create_order(ordertype="trailing-stop", side="sell", pair="XBTUSD", volume=0.01, price="+500")
        trade.cancel_order(txid=placed["txid"][0])
    with step("a deadline with an offset"):
        limit(validate=True, deadline=soon())
    with step("validation alone gives no order"):
        assert "txid" not in limit(validate=True)
    with step("every time in force"):
        limit(timeinforce="IOC")
        limit(timeinforce="GTD", expiretm="+60", validate=True)
        limit(timeinforce="FOK")
        expect(user.get_open_orders()["open"], {})
    with step("post-only that would cross does not trade"):
        placed = limit(price=70000, oflags=["post"])
        expect(row_of(placed["txid"][0])["status"], "canceled")
    with step("too much for the account"), refused(KrakenInsufficientFundsError):
        limit(volume=1e6)


def histories() -> None:
    txid = trade_id = ""
    with step("a market order fills"):
        placed = trade.create_order(ordertype="market", side="buy", pair="XBT/USD", volume=0.01, oflags="fciq")
        txid = placed["txid"][0]
        row = user.get_orders_info(txid=txid, trades=True)[txid]
        expect(row["status"], "closed")
        trade_id = row["trades"][0]
    with step("history of trades"):
        row = user.get_trades_history(consolidate_taker=False)["trades"][trade_id]
        expect((row["pair"], row["ordertxid"], row["type"]), ("XXBTZUSD", txid, "buy"))
        assert len(row["price"].partition(".")[2]) >= 5, row["price"]
    with step("trades by their ids"):
        expect(user.get_trades_info(txid=trade_id)[trade_id]["ordertxid"], txid)
    with step("closed orders"):
        expect(user.get_closed_orders()["closed"][txid]["status"], "closed")


def batches() -> None:
    with step("a batch, and its cancel"):
        legs = [
            {"ordertype": "limit", "price": 60000.5 + n, "type": "buy", "userref": n + 1, "volume": 0.01}
            for n in range(3)
        ]
        placed = trade.create_order_batch(orders=legs, pair="XBTUSD", deadline=soon())["orders"]
        expect(trade.cancel_order_batch(orders=[leg["txid"] for leg in placed])["count"], 3)
    with step("a batch with a conditional close"):
        close = {"ordertype": "stop-loss-limit", "price": "58000", "price2": "57000"}
        legs = [
            {"close": close, "ordertype": "limit", "price": "59000", "type": "buy", "volume": "0.01"},
            {"ordertype": "limit", "price": "100000", "type": "sell", "volume": "0.02"},
        ]
        placed = trade.create_order_batch(pair="BTC/USD", validate=False, orders=legs)["orders"]
        assert all("txid" in leg for leg in placed), placed
        expect(placed[0]["descr"]["close"], "close position @ stop loss 58000.0 -> limit 57000.0")
    with step("the dead man's switch, and cancel of all"):
        assert trade.cancel_all_orders_after_x(60)["triggerTime"]
        trade.cancel_all_orders_after_x(0)
        expect(trade.cancel_all_orders()["count"], 2)
        expect(user.get_open_orders()["open"], {})


class Conversation:
    """A socket of the library, and what came over it."""

    def __init__(self) -> None:
        self.heard: list[dict[str, Any]] = []
        self.numbers = itertools.count(1)
        # What it expects of each of these ends before the version in the path.
        root = WEBSOCKET.removesuffix("/v2")
        self.client = SpotWSClient(
            key=KEY,
            secret=SECRET,
            callback=self.hear,
            no_public=True,
            rest_url=HTTP,
            ws_url=root,
            auth_ws_url=root,
        )

    async def hear(self, message: dict[str, Any]) -> None:
        self.heard.append(message)

    async def ask(self, method: str, **params: Any) -> list[dict[str, Any]]:
        number = next(self.numbers)
        await self.client.send_message({"method": method, "params": params, "req_id": number})
        answers: list[dict[str, Any]] = await until(
            lambda: [m for m in self.heard if m.get("req_id") == number], f"the answer to {method}"
        )
        return answers

    async def ask_one(self, method: str, **params: Any) -> Any:
        answer = (await self.ask(method, **params))[0]
        assert answer["success"], answer
        return answer["result"]

    async def report(self, order_id: str, kind: str) -> dict[str, Any]:
        def find() -> list[dict[str, Any]]:
            messages = [m for m in self.heard if m.get("channel") == "executions"]
            return [r for m in messages for r in m["data"] if (r["order_id"], r["exec_type"]) == (order_id, kind)]

        found: list[dict[str, Any]] = await until(find, f"{kind} of {order_id}")
        return found[0]


async def limit_over(talk: Conversation, price: float = 60000.0, **more: Any) -> str:
    terms = {"order_type": "limit", "side": "buy", "symbol": "BTC/USD", "limit_price": price, "order_qty": 0.01}
    return str((await talk.ask_one("add_order", **(terms | more)))["order_id"])


async def socket() -> None:
    talk = Conversation()
    await talk.client.start()
    with step("socket: status and pong"):
        await until(lambda: [m for m in talk.heard if m.get("channel") == "status"], "status")
        await until(lambda: [m for m in talk.heard if m.get("method") == "pong"], "pong")
    with step("socket: executions"):
        await talk.client.subscribe(params={"channel": "executions", "snap_orders": True, "snap_trades": True})
        await until(lambda: talk.client.active_private_subscriptions, "the subscription")
        await until(lambda: [m for m in talk.heard if m.get("type") == "snapshot"], "the snapshot")
    with step("socket: balances"):
        await talk.client.subscribe(params={"channel": "balances"})
        await until(lambda: [m for m in talk.heard if m.get("channel") == "balances"], "the snapshot of balances")
    await socket_orders(talk)
    with step("socket: no number of a message is missing"):
        numbers = [m["sequence"] for m in talk.heard if m.get("channel") == "executions"]
        expect(numbers, list(range(1, len(numbers) + 1)))
    with step("socket: the end of a subscription"):
        await talk.client.unsubscribe(params={"channel": "executions"})
        await until(lambda: len(talk.client.active_private_subscriptions) < 2, "the end of it")


async def socket_orders(talk: Conversation) -> None:
    order_id = ""
    with step("socket: place, amend, edit, cancel"):
        order_id = await limit_over(talk, cl_ord_id="sdk-ws-1", time_in_force="gtc")
        await talk.report(order_id, "pending_new")
        await talk.report(order_id, "new")
        await talk.ask_one("amend_order", order_id=order_id, order_qty=0.02, limit_price=60001.5)
        await talk.report(order_id, "amended")
        changed = {"order_qty": 0.03, "limit_price": 60002.5, "symbol": "BTC/USD"}
        order_id = (await talk.ask_one("edit_order", order_id=order_id, **changed))["order_id"]
        await talk.ask_one("cancel_order", order_id=[order_id])
        expect((await talk.report(order_id, "canceled"))["order_status"], "canceled")
    with step("socket: two cancels in one request have two answers"):
        pair = [await limit_over(talk), await limit_over(talk, 60001.0)]
        await talk.ask("cancel_order", order_id=pair)
        for each in pair:
            await talk.report(each, "canceled")
    with step("socket: a market order's trade and its end"):
        terms = {"order_type": "market", "side": "sell", "symbol": "BTC/USD", "order_qty": 0.01}
        order_id = (await talk.ask_one("add_order", **terms))["order_id"]
        told = await talk.report(order_id, "trade")
        expect((told["liquidity_ind"], told["side"], told["last_qty"]), ("t", "sell", 0.01))
        expect((await talk.report(order_id, "filled"))["order_status"], "filled")
        await until(lambda: [m for m in talk.heard if m.get("channel") == "balances" and m["type"] == "update"], "it")
    with step("socket: a refusal"):
        terms = {"order_type": "limit", "side": "buy", "symbol": "BTC/USD", "limit_price": 60000.0}
        answer = (await talk.ask("add_order", order_qty=0.0000001, **terms))[0]
        expect(answer["success"], False)
        assert answer["error"]
    with step("socket: a batch, and its cancel"):
        legs = [
            {"order_type": "limit", "side": "buy", "limit_price": 60000.2, "order_qty": 1.0, "order_userref": 815},
            {"order_type": "limit", "side": "sell", "limit_price": 95000.2, "order_qty": 0.1, "cl_ord_id": "sdk-ws-2"},
        ]
        placed = await talk.ask_one("batch_add", symbol="BTC/USD", deadline=soon(), orders=legs)
        expect((await talk.ask_one("batch_cancel", orders=[leg["order_id"] for leg in placed]))["count"], 2)
        for leg in placed:
            await talk.report(leg["order_id"], "canceled")
    with step("socket: a stop with a conditional close"):
        trigger = {"reference": "last", "price": 60500.0, "price_type": "static"}
        close = {"order_type": "limit", "limit_price": 59000.0}
        kind: dict[str, Any] = {"order_type": "stop-loss-limit", "side": "sell"}
        order_id = await limit_over(talk, triggers=trigger, conditional=close, **kind)
        await talk.report(order_id, "new")
    with step("socket: the dead man's switch, and cancel of all"):
        assert (await talk.ask_one("cancel_all_orders_after", timeout=60))["triggerTime"]
        await talk.ask_one("cancel_all_orders_after", timeout=0)
        expect((await talk.ask_one("cancel_all"))["count"], 1)


if __name__ == "__main__":
    first_minute()
    orders()
    words()
    histories()
    batches()
    asyncio.run(socket())
