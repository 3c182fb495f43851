"""The simulated Kraken Futures: questions and money, by hand-written JSON, without the client's codec."""

from __future__ import annotations

from decimal import Decimal

from protocol.simulation.kraken_futures import (
    KrakenFuturesUser,
)
from protocol.values import LiquiditySide, Side

from ..kraken_futures_floor import (
    ACCOUNT,
    OTHER,
    OTHER_ACCOUNT,
    SECOND,
    STOP,
    Floor,
)

# Questions


def test_open_orders_are_listed() -> None:
    floor = Floor()
    first = floor.lmt("buy", "1", "65000", "sim-f-1")["order_id"]
    floor.wait("3.5")
    floor.trade(Side.SELL, "65000", "0.4")
    second = floor.send(STOP + "&limitPrice=58900&triggerSignal=mark&reduceOnly=true")["order_id"]
    assert floor.get("openorders") == {
        "result": "success",
        "openOrders": [
            {
                "order_id": first,
                "cliOrdId": "sim-f-1",
                "symbol": "PF_XBTUSD",
                "side": "buy",
                "orderType": "lmt",
                "limitPrice": 65000,
                "unfilledSize": Decimal("0.6"),
                "filledSize": Decimal("0.4"),
                "receivedTime": "2026-07-01T12:00:00.000Z",
                "lastUpdateTime": "2026-07-01T12:00:03.500Z",
                "status": "partiallyFilled",
                "reduceOnly": False,
            },
            {
                "order_id": second,
                "cliOrdId": "sim-f-2",
                "symbol": "PF_XBTUSD",
                "side": "sell",
                "orderType": "stp",
                "stopPrice": 59500,
                "limitPrice": 58900,
                "unfilledSize": Decimal("0.5"),
                "filledSize": 0,
                "receivedTime": "2026-07-01T12:00:03.500Z",
                "lastUpdateTime": "2026-07-01T12:00:03.500Z",
                "status": "untouched",
                "reduceOnly": True,
                "triggerSignal": "mark",
            },
        ],
        "serverTime": "2026-07-01T12:00:03.500Z",
    }


def test_rows_can_be_late_and_ids_spelt_otherwise() -> None:
    floor = Floor(listing_delay=SECOND, snake_case=True, unfilled_on_triggers=False)
    assert floor.send(STOP)["cli_ord_id"] == "sim-f-2"
    assert floor.get("openorders")["openOrders"] == []
    floor.wait(1)
    (row,) = floor.get("openorders")["openOrders"]
    assert (row["cli_ord_id"], row.get("unfilledSize")) == ("sim-f-2", None)


def test_fills_are_listed_newest_first_in_pages() -> None:
    floor = Floor()
    floor.lmt("buy", "1", "65000", "sim-f-1")
    session = floor.listen("fills")
    for _ in range(103):
        floor.wait("0.01")
        floor.trade(Side.SELL, "65000", "0.001")
    told = [message["fills"][0] for message in floor.heard[session]]
    page = floor.get("fills")["fills"]
    assert [fill["fill_id"] for fill in page] == [fill["fill_id"] for fill in reversed(told[3:])]
    assert page[0] == {
        "fill_id": told[-1]["fill_id"],
        "symbol": "PF_XBTUSD",
        "side": "buy",
        "order_id": told[-1]["order_id"],
        "cliOrdId": "sim-f-1",
        "size": Decimal("0.001"),
        "price": 65000,
        "fillTime": "2026-07-01T12:00:01.030Z",
        "fillType": "maker",
        "fee_paid": Decimal("-0.0065"),
        "fee_currency": "USD",
    }
    older = floor.get("fills", "lastFillTime=2026-07-01T12%3A00%3A00.040Z")["fills"]
    assert [fill["fill_id"] for fill in older] == [fill["fill_id"] for fill in reversed(told[:3])]
    assert floor.get("fills", "lastFillTime=noon")["error"] == "invalidArgument: lastFillTime"
    assert floor.get("fills", key="other-key")["fills"] == []


def test_a_status_is_known_while_open_and_five_seconds_longer() -> None:
    floor = Floor()
    order_id = floor.lmt("buy", "1", "65000", "a")["order_id"]
    floor.send(STOP)
    floor.trade(Side.SELL, "65000", "0.4")
    rows = floor.post("orders/status", f"orderIds={order_id}&cliOrdIds=sim-f-2&cliOrdIds=never")["orders"]
    assert [(row["status"], row["updateReason"], row["error"]) for row in rows] == [
        ("ENTERED_BOOK", "PARTIAL_FILL", None),
        ("TRIGGER_PLACED", "NEW_USER_ORDER", None),
    ]
    assert (rows[0]["order"]["type"], rows[0]["order"]["filled"]) == ("ORDER", Decimal("0.4"))
    assert (rows[1]["order"]["type"], rows[1]["order"]["priceTriggerOptions"]) == (
        "TRIGGER_ORDER",
        {"triggerPrice": 59500, "triggerSide": "TRIGGER_BELOW", "triggerSignal": "LAST_PRICE"},
    )
    assert rows[1]["order"]["triggerTime"] is None
    assert "triggerTime" not in rows[0]["order"]
    floor.trade(Side.SELL, "65000", "0.6")
    floor.post("cancelorder", "cliOrdId=sim-f-2")
    floor.send("orderType=ioc&symbol=PF_XBTUSD&side=buy&size=1&limitPrice=65000&cliOrdId=i")
    floor.wait(5)
    ask = "cliOrdIds=a&cliOrdIds=sim-f-2&cliOrdIds=i"
    assert [(row["status"], row["updateReason"]) for row in floor.post("orders/status", ask)["orders"]] == [
        ("FULLY_EXECUTED", "FULL_FILL"),
        ("CANCELLED", "CANCELLED_BY_USER"),
        ("REJECTED", "IOC_WOULD_NOT_EXECUTE_REASON"),
    ]
    floor.wait("0.1")
    assert floor.post("orders/status", ask)["orders"] == []
    assert floor.post("orders/status", f"orderIds={order_id}", "other-key")["orders"] == []


def test_order_events_show_as_null_what_they_do_not_have() -> None:
    floor = Floor()
    floor.offer("64990", "0.2")
    taken, placed = floor.lmt("buy", "1", "65000", "a")["orderEvents"]
    assert set(taken) == {
        "type",
        "executionId",
        "price",
        "amount",
        "orderPriorEdit",
        "orderPriorExecution",
        "takerReducedQuantity",
    }
    assert (taken["orderPriorEdit"], taken["takerReducedQuantity"]) == (None, None)
    assert (set(placed), placed["reducedQuantity"]) == ({"type", "order", "reducedQuantity"}, None)
    (edited,) = floor.post("editorder", "cliOrdId=a&size=0.5")["editStatus"]["orderEvents"]
    assert (set(edited), edited["reducedQuantity"]) == ({"type", "old", "new", "reducedQuantity"}, None)
    (canceled,) = floor.post("cancelorder", "cliOrdId=a")["cancelStatus"]["orderEvents"]
    assert set(canceled) == {"type", "uid", "order"}


# Money


def test_inverse_contracts_are_whole_and_pay_in_the_base_currency() -> None:
    floor = Floor()
    session = floor.listen("fills")
    send = "orderType=lmt&symbol=PI_XBTUSD&side=buy&size=65000&limitPrice=65000"
    floor.send(send)
    floor.trade(Side.SELL, "65000", "65000", symbol="PI_XBTUSD")
    floor.trade(Side.SELL, "65000", "7", rest=True, symbol="PI_XBTUSD")
    floor.send(send)
    maker, taker = (message["fills"][0] for message in floor.heard[session])
    assert (maker["fee_paid"], maker["fee_currency"]) == (Decimal("-0.0001"), "BTC")
    assert taker["fee_paid"] == Decimal("0.0000000538")
    position = floor.exchange.engine.accounts[ACCOUNT].position("PI_XBTUSD")
    assert (position.signed, position.cost) == (Decimal(65007), -(1 + 7 / Decimal(65000)))


def test_fees_are_those_of_the_account() -> None:
    dear = KrakenFuturesUser(maker_fee=Decimal(0), taker_fee=Decimal("0.001"))
    floor = Floor(users=(dear, OTHER))
    session = floor.listen("fills")
    floor.offer("65000", "0.1")
    floor.lmt("buy", "0.2", "65000")
    floor.trade(Side.SELL, "65000", "0.1")
    taker, maker = (message["fills"][0] for message in floor.heard[session])
    assert (taker["fee_paid"], maker["fee_paid"]) == (Decimal("6.5"), 0)


def test_a_liquidation_is_a_fill_of_its_own_kind() -> None:
    floor = Floor()
    session = floor.listen("fills", "open_orders")
    floor.bid("57000", "1")
    outputs = floor.exchange.liquidate(ACCOUNT, "PF_XBTUSD", Side.SELL, Decimal(56000), Decimal("0.2"), floor.now)
    floor.take(outputs)
    fill = floor.heard[session][0]["fills"][0]
    assert (fill["fill_type"], fill["order_type"], fill["price"]) == ("liquidation", "liquidation", 57000)
    assert "cli_ord_id" not in fill
    assert floor.get("fills")["fills"][0]["fillType"] == "liquidation"


def test_the_ledger_holds_both_sides_of_every_trade() -> None:
    floor = Floor()
    order_id = floor.lmt("buy", "1", "65000", "a")["order_id"]
    floor.trade(Side.SELL, "64000", "0.4")
    exchange = floor.exchange
    assert exchange.client_accounts == {ACCOUNT, OTHER_ACCOUNT}
    (mine,) = exchange.ledger.executions_of(exchange.client_accounts)
    assert (mine.venue_order_id, mine.wire_id, mine.price) == (order_id, "a", Decimal(65000))
    assert (mine.quantity, mine.fee, mine.liquidity) == (Decimal("0.4"), Decimal("-2.6"), LiquiditySide.MAKER)
    assert len(exchange.ledger.executions) == 2
    assert exchange.ledger.filled([order_id]) == Decimal("0.4")


def test_the_market_maker_quotes_around_the_reference_and_comes_back() -> None:
    floor = Floor(quotes=True)
    session = floor.listen("fills")
    for _ in range(30):
        assert floor.lmt("buy", "2", "65002.5")["status"] == "placed"
    told = floor.news(session)
    assert told[0] == "fill 1.5384@65000.5,0.4616@65001"
    assert len(told) == 30
    assert floor.send("orderType=mkt&symbol=PF_ETHUSD&side=sell&size=1")["orderEvents"][0]["price"] == Decimal("2999.9")
