"""The simulated Kraken Futures by hand-written JSON and forms, without the client's codec."""

from __future__ import annotations

import json
from decimal import Decimal
from typing import Any
from urllib.parse import urlencode

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from protocol.simulation.book import Book, Resting, SelfTrade
from protocol.simulation.exchange import HttpRequest
from protocol.simulation.exchange import SessionNumber as Number
from protocol.simulation.faults import Fault, FaultKind
from protocol.simulation.input_log import replay
from protocol.simulation.kraken_futures import (
    KrakenFuturesUser,
)
from protocol.simulation.triggers import Reference, Trailing, Triggers, Waiting, When
from protocol.values import Instant, LiquiditySide, Side

from ..kraken_futures_floor import (
    ACCOUNT,
    BASE,
    OTHER,
    OTHER_ACCOUNT,
    OTHER_SECRET,
    SECOND,
    SECRET,
    START,
    STEPS,
    Floor,
    short,
    signed,
    take_step,
)

# Signatures, nonces, errors


def test_the_signatures_are_those_of_the_specification() -> None:
    """Vectors F1 and F2."""
    assert (
        signed(OTHER_SECRET, "11111111-2222-4333-8444-555555555555")
        == "PjDbBGaJT7UcRUOQOE4/MPJ934SMODeLLIym4sK5S7yqM6rQnpN3rSujRA2UG04Eb9JV3onnBCkFaViEgDe5uA=="
    )
    floor = Floor()
    status, answer = floor.unsigned(
        "POST",
        "/derivatives/api/v3/sendorder",
        "orderType=lmt&symbol=PI_XBTUSD&side=buy&size=10&limitPrice=50000.5&cliOrdId=O-20260101-1",
        {
            "apikey": "other-key",
            "nonce": "1767225600000",
            "authent": "8JSKcexfnmcVj5nrMg0jT7C8o2HTzIcI2W7IFZNbi8xR7WHcfTGV/l3OAKo4liwg6Nn+mZXV3fS94J241m74+Q==",
        },
    )
    assert (status, answer["result"], answer["sendStatus"]["status"]) == (200, "success", "placed")


def test_a_query_is_signed_as_it_was_transmitted() -> None:
    """Vector F4, once with the query as it came and once taken apart."""
    authent = "sL6I2Y1CJpbil6zXzboEwQgXG7o/7x4mG1Gr0Juc5aZ8uMjpM4CaKd9O8pQVffibXyJEEgjc1UASqbbmlx80ng=="
    headers = (("apikey", "other-key"), ("nonce", "1767225600002"), ("authent", authent))
    as_sent = {"raw_query": "lastFillTime=2026-01-01T00%3A00%3A00.000Z"}
    apart = {"query": (("lastFillTime", "2026-01-01T00:00:00.000Z"),)}
    for query in (as_sent, apart):
        request = HttpRequest(method="GET", path="/derivatives/api/v3/fills", headers=headers, **query)
        reply, _ = Floor().exchange.request(request, Instant(0, START))
        assert json.loads(reply.body) == {"result": "success", "fills": [], "serverTime": "2026-07-01T12:00:00.000Z"}


@pytest.mark.parametrize("changes", [{"authent": "bm8="}, {"authent": ""}, {"apikey": "nobody"}, {"nonce": "x1"}])
def test_a_call_without_a_good_signature_is_refused(changes: dict[str, str]) -> None:
    status, answer = Floor().call("GET", f"{BASE}/openorders", **changes)
    assert (status, answer) == (
        200,
        {"result": "error", "error": "authenticationError", "serverTime": "2026-07-01T12:00:00.000Z"},
    )


def test_the_nonce_is_optional_and_signed_if_it_is_there() -> None:
    floor = Floor()
    assert floor.call("GET", f"{BASE}/openorders", nonce="")[1]["result"] == "success"
    with_another = signed(SECRET, "77/api/v3/openorders")
    assert floor.call("GET", f"{BASE}/openorders", nonce="78", authent=with_another)[1]["result"] == "error"


def test_a_nonce_comes_once_and_not_far_below_the_highest() -> None:
    floor = Floor(nonce_window=100)
    errors = [
        floor.call("GET", f"{BASE}/openorders", nonce=nonce)[1].get("error")
        for nonce in ("1000", "950", "1000", "950", "900", "901", "1200", "1100", "1101")
    ]
    expected = [
        None,
        None,
        "nonceDuplicate",
        "nonceDuplicate",
        "nonceBelowThreshold",
        None,
        None,
        "nonceBelowThreshold",
    ]
    assert errors == [*expected, None]
    assert floor.call("GET", f"{BASE}/openorders", key="other-key", nonce="1")[1]["result"] == "success"


def test_what_a_key_may_not_do_is_refused() -> None:
    reader = KrakenFuturesUser(read_only=True)
    floor = Floor(users=(reader,))
    assert floor.get("openorders")["openOrders"] == []
    assert floor.post("cancelallorders")["error"] == "authenticationError"
    assert Floor(users=(KrakenFuturesUser(active=False),)).get("openorders")["error"] == "accountInactive"


@pytest.mark.parametrize(
    ("path", "text", "error"),
    [
        ("sendorder", "symbol=PF_XBTUSD&side=buy&size=1&limitPrice=65000", "requiredArgumentMissing"),
        ("sendorder", "orderType=lmt&symbol=PF_XBTUSD&side=buy&limitPrice=65000", "requiredArgumentMissing"),
        ("sendorder", "orderType=lmt&symbol=PF_XBTUSD&side=buy&size=1", "requiredArgumentMissing"),
        ("sendorder", "orderType=stp&symbol=PF_XBTUSD&side=buy&size=1", "requiredArgumentMissing"),
        ("sendorder", "orderType=lmt&symbol=PF_XBTUSD&side=buy&size=one&limitPrice=1", "invalidArgument: size"),
        ("sendorder", "orderType=mkt&symbol=PF_XBTUSD&side=buy&size=1&reduceOnly=maybe", "invalidArgument: reduceOnly"),
        (
            "sendorder",
            "orderType=trailing_stop&symbol=PF_XBTUSD&side=buy&size=1&trailingStopMaxDeviation=1"
            "&trailingStopDeviationUnit=MILES",
            "invalidUnit",
        ),
        (
            "sendorder",
            "orderType=mkt&symbol=PF_XBTUSD&side=buy&size=1&processBefore=tomorrow",
            "invalidArgument: processBefore",
        ),
        ("cancelorder", "", "requiredArgumentMissing"),
        ("editorder", "size=1", "requiredArgumentMissing"),
        ("cancelallordersafter", "timeout=-1", "invalidArgument: timeout"),
        ("cancelallordersafter", "", "requiredArgumentMissing"),
        ("orders/status", "", "requiredArgumentMissing"),
        ("orders/status", "orderIds=a%2Cb", "invalidArgument: orderIds"),
        ("orders/status", "orderIds=a&orderIds=%5B%22b%22%5D", "invalidArgument: orderIds"),
        ("batchorder", "json=%7B", "Json Parse Error"),
        ("batchorder", "json=%7B%22batchOrder%22%3A%5B%7B%22order%22%3A%22buy%22%7D%5D%7D", "invalidArgument: order"),
    ],
)
def test_a_call_that_cannot_be_meant_is_refused_as_a_whole(path: str, text: str, error: str) -> None:
    assert Floor().post(path, text) == {
        "result": "error",
        "error": error,
        "serverTime": "2026-07-01T12:00:00.000Z",
    }


def test_a_parser_refuses_in_its_own_shape() -> None:
    floor = Floor(parser_refusals=True, strict=False)
    text = "orderType=teapot&symbol=PF_XBTUSD&side=buy&size=1"
    assert floor.call("POST", f"{BASE}/sendorder", text) == (
        400,
        {
            "status": "BAD_REQUEST",
            "result": "error",
            "errors": [{"code": 11, "message": "invalid order type"}],
            "serverTime": "2026-07-01T12:00:00.000Z",
        },
    )
    status, answer = floor.call("GET", f"{BASE}/moon")
    assert (status, answer["status"], answer["result"]) == (404, "NOT_FOUND", "error")


def test_any_error_code_can_be_asked_for() -> None:
    floor = Floor()
    floor.exchange.refuse_next("Unavailable", "marketUnavailable")
    assert floor.get("openorders")["error"] == "Unavailable"
    assert floor.post("sendorder")["error"] == "marketUnavailable"
    assert floor.get("openorders")["result"] == "success"


def test_calls_cost_a_budget_that_comes_back() -> None:
    floor = Floor(throttle=True)
    assert all("error" not in floor.post("cancelallorders") for _ in range(20))
    assert floor.get("openorders")["error"] == "apiLimitExceeded"
    assert "error" not in floor.get("openorders", key="other-key")
    floor.wait("0.05")
    assert floor.get("openorders")["result"] == "success"
    assert floor.get("fills", "lastFillTime=2026-07-01T12%3A00%3A00.000Z")["error"] == "apiLimitExceeded"
    assert all("error" not in floor.get("/api/history/v2/orders") for _ in range(100))
    assert floor.get("/api/history/v2/orders")["error"] == "apiLimitExceeded"


# Placing


def test_a_limit_order_that_rests_is_answered_in_full() -> None:
    floor = Floor()
    answer = floor.post("sendorder", "orderType=lmt&symbol=PF_XBTUSD&side=buy&size=1&limitPrice=64990&cliOrdId=sim-f-1")
    order_id = answer["sendStatus"]["order_id"]
    assert len(order_id) == 36
    assert order_id[14] == "4"
    assert answer == {
        "result": "success",
        "sendStatus": {
            "order_id": order_id,
            "cliOrdId": "sim-f-1",
            "status": "placed",
            "receivedTime": "2026-07-01T12:00:00.000Z",
            "orderEvents": [
                {
                    "type": "PLACE",
                    "order": {
                        "type": "lmt",
                        "orderId": order_id,
                        "cliOrdId": "sim-f-1",
                        "symbol": "PF_XBTUSD",
                        "side": "buy",
                        "quantity": 1,
                        "filled": 0,
                        "limitPrice": 64990,
                        "reduceOnly": False,
                        "timestamp": "2026-07-01T12:00:00.000Z",
                        "lastUpdateTimestamp": "2026-07-01T12:00:00.000Z",
                    },
                    "reducedQuantity": None,
                }
            ],
        },
        "serverTime": "2026-07-01T12:00:00.000Z",
    }


def test_a_limit_order_that_rests_is_told_by_the_feed_in_full() -> None:
    floor = Floor()
    session = floor.listen("open_orders")
    answer = floor.post("sendorder", "orderType=lmt&symbol=PF_XBTUSD&side=buy&size=1&limitPrice=64990&cliOrdId=sim-f-1")
    order_id = answer["sendStatus"]["order_id"]
    assert floor.heard[session] == [
        {
            "feed": "open_orders",
            "order": {
                "instrument": "PF_XBTUSD",
                "time": 1782907200000,
                "last_update_time": 1782907200000,
                "qty": 1,
                "filled": 0,
                "limit_price": 64990,
                "stop_price": 0,
                "type": "limit",
                "order_id": order_id,
                "cli_ord_id": "sim-f-1",
                "direction": 0,
                "reduce_only": False,
            },
            "is_cancel": False,
            "reason": "new_placed_order_by_user",
        }
    ]


def test_a_resting_order_fills_in_parts_with_a_rebate() -> None:
    floor = Floor()
    session = floor.listen("fills", "open_orders")
    order_id = floor.lmt("buy", "1", "65000", "sim-f-1")["order_id"]
    floor.heard[session] = []
    floor.wait("3.51")
    floor.trade(Side.SELL, "64000", "0.4")
    fill, delta = floor.heard[session]
    fill_id = fill["fills"][0]["fill_id"]
    assert fill == {
        "feed": "fills",
        "username": ACCOUNT,
        "fills": [
            {
                "instrument": "PF_XBTUSD",
                "time": 1782907203510,
                "price": 65000,
                "seq": 1,
                "buy": True,
                "qty": Decimal("0.4"),
                "remaining_order_qty": Decimal("0.6"),
                "order_id": order_id,
                "cli_ord_id": "sim-f-1",
                "fill_id": fill_id,
                "fill_type": "maker",
                "fee_paid": Decimal("-2.6"),
                "fee_currency": "USD",
                "taker_order_type": "ioc",
                "order_type": "lmt",
            }
        ],
    }
    assert (delta["reason"], delta["is_cancel"]) == ("partial_fill", False)
    assert (delta["order"]["qty"], delta["order"]["filled"]) == (Decimal("0.6"), Decimal("0.4"))
    assert (delta["order"]["time"], delta["order"]["last_update_time"]) == (1782907200000, 1782907203510)
    floor.news(session)
    floor.trade(Side.SELL, "64000", "0.6")
    assert floor.news(session) == ["fill 0.6@65000", "-full_fill 0/1"]


def test_an_order_trades_as_it_comes_and_the_answer_names_the_executions() -> None:
    floor = Floor()
    session = floor.listen("fills", "open_orders")
    floor.offer("64990", "0.2")
    floor.offer("64990.5", "0.1")
    status = floor.lmt("buy", "1", "65000")
    fills = floor.heard[session][0]["fills"]
    first, second, placed = status["orderEvents"]
    assert [fill["fill_id"] for fill in fills] == [first["executionId"], second["executionId"]]
    assert (first["type"], first["price"], first["amount"]) == ("EXECUTION", 64990, Decimal("0.2"))
    assert (first["orderPriorExecution"]["filled"], second["orderPriorExecution"]["filled"]) == (0, Decimal("0.2"))
    assert (placed["type"], placed["order"]["filled"], placed["order"]["quantity"]) == ("PLACE", Decimal("0.3"), 1)
    assert [fill["fill_type"] for fill in fills] == ["taker", "taker"]
    assert fills[0]["fee_paid"] == Decimal("0.2") * 64990 * Decimal("0.0005")
    assert status["status"] == "placed"
    assert floor.news(session) == ["fill 0.2@64990,0.1@64990.5", "+new_placed_order_by_user 0.7/0.3"]


def test_two_clients_trade_with_each_other_under_one_fill_id() -> None:
    floor = Floor()
    mine, theirs = floor.listen("fills"), floor.listen("fills", key="other-key")
    floor.lmt("sell", "0.5", "65000", "a")
    floor.lmt("buy", "0.5", "65000", "b", key="other-key")
    (maker,), (taker,) = floor.heard[mine], floor.heard[theirs]
    assert (maker["username"], taker["username"]) == (ACCOUNT, OTHER_ACCOUNT)
    assert maker["fills"][0]["fill_id"] == taker["fills"][0]["fill_id"]
    assert (maker["fills"][0]["buy"], taker["fills"][0]["buy"]) == (False, True)
    assert (maker["fills"][0]["fill_type"], taker["fills"][0]["fill_type"]) == ("maker", "taker")


def test_a_market_order_trades_within_one_percent() -> None:
    """Spec: 65020 gives a protection price of 65670 on a grid of 0.5."""
    floor = Floor()
    session = floor.listen("fills", "open_orders")
    floor.offer("65020", "0.1")
    floor.offer("65670", "0.1")
    floor.offer("65670.5", "5")
    status = floor.send("orderType=mkt&symbol=PF_XBTUSD&side=buy&size=1&cliOrdId=sim-f-20")
    assert status["status"] == "placed"
    assert [event["type"] for event in status["orderEvents"]] == ["EXECUTION", "EXECUTION", "CANCEL"]
    before = status["orderEvents"][0]["orderPriorExecution"]
    assert (before["type"], before["limitPrice"]) == ("ioc", 65670)
    assert floor.heard[session][0]["fills"][0]["order_type"] == "market"
    assert floor.news(session) == ["fill 0.1@65020,0.1@65670", "-partial_fill 0.8/0.2"]


def test_what_an_immediate_order_leaves_is_removed() -> None:
    floor = Floor()
    session = floor.listen("fills", "open_orders")
    floor.offer("65000", "0.3")
    ioc = "orderType=ioc&symbol=PF_XBTUSD&side=buy&size=1&limitPrice=65000"
    assert floor.send(ioc)["status"] == "placed"
    assert floor.news(session) == ["fill 0.3@65000", "-partial_fill 0.7/0.3"]
    floor.offer("65000", "1")
    assert floor.send(ioc)["status"] == "placed"
    assert floor.news(session) == ["fill 1@65000", "-full_fill 0/1"]
    nothing = floor.send(ioc + "&cliOrdId=sim-f-10")
    assert nothing["status"] == "iocWouldNotExecute"
    assert "order_id" not in nothing
    (event,) = nothing["orderEvents"]
    assert (event["type"], event["reason"], event["uid"]) == (
        "REJECT",
        "IOC_WOULD_NOT_EXECUTE",
        event["order"]["orderId"],
    )
    assert floor.news(session) == []
    assert floor.send("orderType=mkt&symbol=PF_XBTUSD&side=buy&size=1")["status"] == "iocWouldNotExecute"


def test_fill_or_kill_is_all_or_nothing() -> None:
    floor = Floor()
    session = floor.listen("fills")
    floor.offer("65000", "0.3")
    fok = "orderType=fok&symbol=PF_XBTUSD&side=buy&limitPrice=65000&size="
    assert floor.send(fok + "0.4")["status"] == "iocWouldNotExecute"
    assert floor.send(fok + "0.3")["status"] == "placed"
    assert floor.news(session) == ["fill 0.3@65000"]


@pytest.mark.parametrize(
    ("kind", "word"),
    [
        ("lmt&limitPrice=65000", "lmt"),
        ("ioc&limitPrice=65000", "ioc"),
        ("fok&limitPrice=65000", "fillOrKill"),
        ("mkt", "market"),
    ],
)
def test_fills_name_the_type_of_an_order_in_words_of_their_own(kind: str, word: str) -> None:
    floor = Floor()
    maker, taker = floor.listen("fills", key="other-key"), floor.listen("fills")
    floor.lmt("sell", "1", "65000", key="other-key")
    floor.send(f"orderType={kind}&symbol=PF_XBTUSD&side=buy&size=1")
    (made,), (took,) = floor.heard[maker][0]["fills"], floor.heard[taker][0]["fills"]
    assert (made["taker_order_type"], made["order_type"]) == (word, "lmt")
    assert (took["taker_order_type"], took["order_type"]) == (word, word)


def test_a_post_only_order_never_takes() -> None:
    floor = Floor()
    plain, verbose = floor.listen("open_orders"), floor.listen("open_orders_verbose")
    floor.offer("65000", "1")
    post = "orderType=post&symbol=PF_XBTUSD&side=buy&size=1&cliOrdId=sim-f-8&limitPrice="
    status = floor.send(post + "65000")
    (event,) = status["orderEvents"]
    assert (status["status"], status["order_id"]) == ("postWouldExecute", event["uid"])
    assert (event["type"], event["reason"], event["order"]["type"]) == ("REJECT", "POST_WOULD_EXECUTE", "post")
    assert floor.news(plain) == []
    assert floor.heard[verbose] == [
        {
            "feed": "open_orders_verbose",
            "order_id": event["uid"],
            "cli_ord_id": "sim-f-8",
            "is_cancel": True,
            "reason": "post_order_failed_because_it_would_filled",
        }
    ]
    assert floor.send(post + "64999.5")["status"] == "placed"


def test_refusals_can_be_told_on_the_plain_feed_too() -> None:
    floor = Floor(tell_rejects=True)
    session = floor.listen("open_orders")
    floor.send("orderType=ioc&symbol=PF_XBTUSD&side=buy&size=1&limitPrice=65000")
    assert floor.news(session) == ["-ioc_order_failed_because_it_would_not_be_executed"]


ORDER = {"orderType": "lmt", "symbol": "PF_XBTUSD", "side": "buy", "size": "1", "limitPrice": "65000"}


@pytest.mark.parametrize(
    ("status", "changes", "options"),
    [
        ("invalidOrderType", {"orderType": "teapot"}, {}),
        ("invalidSide", {"side": "up"}, {}),
        ("invalidPrice", {"limitPrice": "65000.3"}, {}),
        ("invalidPrice", {"limitPrice": "0"}, {}),
        ("invalidSize", {"size": "0"}, {}),
        ("invalidSize", {"size": "-1"}, {}),
        ("invalidSize", {"size": "0.00001"}, {}),
        ("invalidSize", {"symbol": "PI_XBTUSD", "size": "1.5"}, {}),
        ("notFound", {"symbol": "PF_NOPE"}, {}),
        ("tooManyOrders", {}, {"most_orders": 0}),
        ("tooManySmallOrders", {"size": "0.0001"}, {"most_small_orders": 0, "small_order": Decimal(10)}),
        ("insufficientAvailableFunds", {"size": "900"}, {}),
        ("maxPositionViolation", {"size": "1000.1"}, {}),
        ("outsidePriceCollar", {"limitPrice": "71501"}, {}),
        ("clientOrderIdTooLong", {"cliOrdId": "x" * 101}, {}),
        ("clientOrderIdInvalid", {"cliOrdId": "caf\u00e9"}, {}),
        ("fixedLeverageTooHigh", {}, {"users": (KrakenFuturesUser(fixed_leverage=Decimal(51)),)}),
        ("wouldNotReducePosition", {"reduceOnly": "true"}, {}),
        ("wouldProcessAfterSpecifiedTime", {"processBefore": "2026-07-01T11:59:59.999Z"}, {}),
    ],
)
def test_every_refusal_of_a_placement(status: str, changes: dict[str, str], options: dict[str, Any]) -> None:
    floor = Floor(**options)
    answer = floor.send(urlencode(ORDER | changes))
    assert answer["status"] == status
    assert "order_id" not in answer
    assert floor.get("openorders")["openOrders"] == []


@pytest.mark.parametrize(
    ("state", "kind", "status"),
    [
        ("suspended", "lmt", "marketSuspended"),
        ("inactive", "lmt", "marketInactive"),
        ("post_only", "lmt", "marketIsPostOnly"),
        ("post_only", "post", "placed"),
    ],
)
def test_a_market_that_does_not_trade_says_so(state: str, kind: str, status: str) -> None:
    floor = Floor()
    floor.exchange.set_state("PF_XBTUSD", state, floor.now)
    assert floor.send(urlencode(ORDER | {"orderType": kind}))["status"] == status


def test_orders_that_push_a_dislocated_mark_on_are_refused() -> None:
    floor = Floor(dislocation=Decimal(2))
    floor.set_price("mark", "66500")
    assert floor.lmt("buy", "1", "65000")["status"] == "wouldIncreasePriceDislocation"
    assert floor.lmt("sell", "1", "67000")["status"] == "placed"


def test_an_account_under_water_may_not_grow_its_position() -> None:
    floor = Floor(users=(KrakenFuturesUser(balance=Decimal(30_000)),))
    floor.offer("65000", "20")
    assert floor.lmt("buy", "20", "65000")["status"] == "placed"
    floor.set_price("mark", "64000")
    assert floor.lmt("buy", "1", "64000")["status"] == "wouldCauseLiquidation"
    assert floor.lmt("sell", "1", "64000")["status"] == "placed"


def test_a_client_order_id_is_used_once_unless_the_order_never_was() -> None:
    floor = Floor()
    assert floor.lmt("buy", "1", "64000", "a")["status"] == "placed"
    assert floor.lmt("buy", "1", "64000", "a")["status"] == "clientOrderIdAlreadyExist"
    floor.post("cancelorder", "cliOrdId=a")
    assert floor.lmt("buy", "1", "64000", "a")["status"] == "clientOrderIdAlreadyExist"
    ioc = "orderType=ioc&symbol=PF_XBTUSD&side=buy&size=1&limitPrice=65000&cliOrdId=b"
    assert [floor.send(ioc)["status"] for _ in range(2)] == ["iocWouldNotExecute"] * 2
    assert floor.lmt("buy", "1", "64000", "a", key="other-key")["status"] == "placed"
    lenient = Floor(reuse_client_ids=True)
    lenient.lmt("buy", "1", "64000", "a")
    lenient.post("cancelorder", "cliOrdId=a")
    assert lenient.lmt("buy", "1", "64000", "a")["status"] == "placed"


def test_any_status_can_be_asked_for() -> None:
    floor = Floor()
    floor.exchange.answer_next("tooManySmallOrders")
    floor.exchange.answer_next("brandNewStatus")
    floor.exchange.answer_next("brandNewStatus", executed=True)
    assert floor.lmt("buy", "1", "64000")["status"] == "tooManySmallOrders"
    assert floor.lmt("buy", "1", "64000") == {
        "status": "brandNewStatus",
        "receivedTime": "2026-07-01T12:00:00.000Z",
        "orderEvents": [],
    }
    executed = floor.lmt("buy", "1", "64000")
    assert (executed["status"], executed["orderEvents"][0]["type"]) == ("brandNewStatus", "PLACE")
    (row,) = floor.get("openorders")["openOrders"]
    assert row["order_id"] == executed["order_id"]
    assert floor.lmt("buy", "1", "64000")["status"] == "placed"


def test_a_request_before_its_deadline_is_processed() -> None:
    floor = Floor()
    assert floor.lmt("buy", "1", "64000", "a", "&processBefore=2026-07-01T12:00:00.000Z")["status"] == "placed"
    floor.wait(1)
    late = "&processBefore=2026-07-01T12:00:00.000Z"
    assert floor.post("editorder", "cliOrdId=a&size=2" + late)["editStatus"]["status"] == (
        "wouldProcessAfterSpecifiedTime"
    )
    assert floor.post("cancelorder", "cliOrdId=a" + late)["cancelStatus"]["status"] == "wouldProcessAfterSpecifiedTime"


def test_statuses_can_say_how_far_an_order_filled() -> None:
    floor = Floor(fill_statuses=True)
    floor.offer("65000", "1")
    assert floor.lmt("buy", "0.5", "65000")["status"] == "filled"
    assert floor.lmt("buy", "1", "65000")["status"] == "partiallyFilled"
    assert floor.lmt("buy", "1", "64000")["status"] == "placed"


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


# Triggers


STOP = "orderType=stp&symbol=PF_XBTUSD&side=sell&size=0.5&stopPrice=59500&cliOrdId=sim-f-2"


def test_a_stop_waits_with_its_trigger() -> None:
    floor = Floor()
    session = floor.listen("open_orders")
    status = floor.send(STOP + "&limitPrice=58900&triggerSignal=mark&reduceOnly=true")
    order_id = status["order_id"]
    assert status["orderEvents"] == [
        {
            "type": "PLACE",
            "orderTrigger": {
                "uid": order_id,
                "clientId": "sim-f-2",
                "type": "lmt",
                "symbol": "PF_XBTUSD",
                "side": "sell",
                "quantity": Decimal("0.5"),
                "limitPrice": 58900,
                "triggerPrice": 59500,
                "triggerSide": "trigger_below",
                "triggerSignal": "mark_price",
                "reduceOnly": True,
                "timestamp": "2026-07-01T12:00:00.000Z",
                "lastUpdateTimestamp": "2026-07-01T12:00:00.000Z",
                "startTime": None,
            },
        }
    ]
    order = floor.heard[session][0]["order"]
    assert (order["type"], order["stop_price"], order["limit_price"]) == ("stop", 59500, 58900)
    assert (order["triggerSignal"], order["reduce_only"], order["direction"]) == ("mark", True, 1)
    canceled = floor.post("cancelorder", "cliOrdId=sim-f-2")["cancelStatus"]["orderEvents"][0]
    assert (canceled["type"], canceled["orderTrigger"]["uid"]) == ("CANCEL", order_id)


def test_a_fired_stop_can_become_a_limit_order_of_a_new_id() -> None:
    floor = Floor(child_order_id="new")
    session = floor.listen("open_orders")
    stop_id = floor.send(STOP + "&limitPrice=59600")["order_id"]
    floor.set_price("mark", "59000")
    floor.heard[session] = []
    floor.bid("59500", "0.1")
    floor.trade(Side.SELL, "59500", "0.1")
    removed, placed = floor.heard[session]
    assert (removed["reason"], removed["is_cancel"], removed["order"]["order_id"]) == (
        "stop_order_triggered",
        True,
        stop_id,
    )
    assert (placed["reason"], placed["is_cancel"]) == ("limit_order_from_stop", False)
    child = placed["order"]
    assert child["order_id"] != stop_id
    assert (child["cli_ord_id"], child["type"], child["limit_price"]) == ("sim-f-2", "limit", 59600)
    (row,) = floor.get("openorders")["openOrders"]
    assert (row["order_id"], row["orderType"]) == (child["order_id"], "lmt")
    assert floor.post("cancelorder", "cliOrdId=sim-f-2")["cancelStatus"]["order_id"] == child["order_id"]


@pytest.mark.parametrize(("manner", "named"), [("same", "sim-f-2"), ("none", None), ("new", "a new one")])
def test_the_ids_of_what_a_stop_becomes_can_be_chosen(manner: str, named: str | None) -> None:
    floor = Floor(child_client_id=manner, child_order_id="same")
    session = floor.listen("open_orders")
    stop_id = floor.send(STOP + "&limitPrice=59600")["order_id"]
    floor.set_price("last", "59500")
    child = floor.heard[session][-1]["order"]
    assert child["order_id"] == stop_id
    client_id = child.get("cli_ord_id")
    assert client_id == named or (manner == "new" and len(client_id) == 36)
    floor.trade(Side.BUY, "59600", "0.5")
    assert floor.news(session)[-1] == "-full_fill 0/0.5"


@pytest.mark.parametrize("announced", [True, False])
def test_a_market_stop_trades_at_once(announced: bool) -> None:
    floor = Floor(announce_child=announced)
    session = floor.listen("fills", "open_orders")
    floor.send(STOP)
    floor.bid("59400", "2")
    floor.news(session)
    floor.set_price("last", "59500")
    child = ["+limit_order_from_stop 0.5/0"] if announced else []
    assert floor.news(session) == ["-stop_order_triggered 0.5/0", *child, "fill 0.5@59400", "-full_fill 0/0.5"]


def test_a_child_that_trades_in_part_rests_with_what_is_left() -> None:
    for announced, told in ((True, "+partial_fill 0.3/0.2"), (False, "+limit_order_from_stop 0.3/0.2")):
        floor = Floor(announce_child=announced)
        session = floor.listen("fills", "open_orders")
        floor.send(STOP + "&limitPrice=59400")
        floor.bid("59400", "0.2")
        floor.set_price("last", "59500")
        assert floor.news(session)[-2:] == ["fill 0.2@59400", told]


@pytest.mark.parametrize(
    ("kind", "side", "signal", "moves", "fires"),
    [
        ("stp", "sell", "last", ("mark", "64000"), False),
        ("stp", "sell", "last", ("last", "64000"), True),
        ("stp", "sell", "last", ("last", "64000.5"), False),
        ("stp", "buy", "mark", ("mark", "66000"), True),
        ("stp", "buy", "mark", ("last", "66000"), False),
        ("take_profit", "sell", "index", ("index", "66000"), True),
        ("take_profit", "buy", "index", ("index", "64000"), True),
        ("take_profit", "buy", "index", ("index", "66000"), False),
    ],
)
def test_triggers_watch_their_own_price_from_their_own_side(
    kind: str, side: str, signal: str, moves: tuple[str, str], fires: bool
) -> None:
    floor = Floor()
    above = (side == "buy") != (kind == "take_profit")
    price = "66000" if above else "64000"
    floor.send(
        f"orderType={kind}&symbol=PF_XBTUSD&side={side}&size=1&stopPrice={price}&triggerSignal={signal}"
        "&limitPrice=65000&cliOrdId=t"
    )
    floor.set_price(*moves)
    (row,) = floor.get("openorders")["openOrders"]
    assert row["orderType"] == ("lmt" if fires else kind)


def test_a_trigger_that_is_reached_already_fires_at_once() -> None:
    floor = Floor()
    session = floor.listen("open_orders")
    floor.send("orderType=stp&symbol=PF_XBTUSD&side=buy&size=1&stopPrice=65000&limitPrice=64000")
    assert floor.news(session) == [
        "+new_placed_order_by_user 1/0",
        "-stop_order_triggered 1/0",
        "+limit_order_from_stop 1/0",
    ]


@pytest.mark.parametrize(
    ("deviation", "unit", "top", "level"),
    [("5", "PERCENT", "70000", "66500"), ("1000", "QUOTE_CURRENCY", "70000", "69000")],
)
def test_a_trailing_stop_follows_the_best_price(deviation: str, unit: str, top: str, level: str) -> None:
    floor = Floor()
    session = floor.listen("open_orders")
    floor.send(
        "orderType=trailing_stop&symbol=PF_XBTUSD&side=sell&size=0.2&triggerSignal=mark&cliOrdId=sim-f-4"
        f"&trailingStopMaxDeviation={deviation}&trailingStopDeviationUnit={unit}"
    )
    order = floor.heard[session][0]["order"]
    assert (order["type"], order["trailing_stop_options"]) == (
        "trailing_stop",
        {"max_deviation": int(deviation), "unit": unit.lower()},
    )
    floor.set_price("mark", top)
    floor.set_price("mark", str(Decimal(level) + 1))
    (row,) = floor.get("openorders")["openOrders"]
    assert (row["orderType"], row["stopPrice"]) == ("trailing_stop", Decimal(level))
    floor.news(session)
    floor.set_price("mark", level)
    assert floor.news(session)[0] == "-stop_order_triggered 0.2/0"


def test_a_deviation_beyond_the_limits_is_refused() -> None:
    text = "orderType=trailing_stop&symbol=PF_XBTUSD&side=sell&size=1&trailingStopDeviationUnit=PERCENT"
    for deviation, status in (("0.05", "invalidPrice"), ("0.1", "placed"), ("50", "placed"), ("50.1", "invalidPrice")):
        assert Floor().send(f"{text}&trailingStopMaxDeviation={deviation}")["status"] == status


@pytest.mark.parametrize(("value", "unit", "limit"), [("-100", "QUOTE_CURRENCY", "59400"), ("1", "PERCENT", "60095")])
def test_the_limit_can_be_an_offset_from_the_trigger(value: str, unit: str, limit: str) -> None:
    floor = Floor()
    session = floor.listen("open_orders")
    floor.send(STOP + f"&limitPriceOffsetValue={value}&limitPriceOffsetUnit={unit}")
    floor.set_price("last", "59000")
    assert floor.heard[session][-1]["order"]["limit_price"] == Decimal(limit)


@pytest.mark.parametrize(
    ("manner", "statuses"),
    [
        ("same", [("TRIGGER_ACTIVATION_FAILURE", "WOULD_NOT_REDUCE_POSITION")]),
        ("new", [("REJECTED", "WOULD_NOT_REDUCE_POSITION")]),
    ],
)
def test_a_stop_that_may_not_reduce_fails_when_it_fires(manner: str, statuses: list[tuple[str, str]]) -> None:
    floor = Floor(child_order_id=manner)
    session = floor.listen("open_orders")
    floor.send(STOP + "&reduceOnly=true&limitPrice=59000")
    floor.news(session)
    floor.set_price("last", "59500")
    assert floor.news(session) == ["-stop_order_triggered 0.5/0", "-would_not_reduce_position"]
    rows = floor.post("orders/status", "cliOrdIds=sim-f-2")["orders"]
    assert [(row["status"], row["updateReason"]) for row in rows] == statuses


def test_fired_stops_set_off_others() -> None:
    floor = Floor()
    session = floor.listen("fills")
    floor.bid("64000", "1")
    floor.bid("63500", "5")
    for stop in ("64900", "64000", "63500"):
        floor.send(f"orderType=stp&symbol=PF_XBTUSD&side=sell&size=1&stopPrice={stop}")
    floor.set_price("last", "64900")
    assert floor.news(session) == ["fill 1@64000", "fill 1@63500", "fill 1@63500"]


def test_a_trigger_is_edited_while_it_waits() -> None:
    floor = Floor()
    session = floor.listen("open_orders")
    floor.send(STOP)
    floor.news(session)
    answer = floor.post("editorder", "cliOrdId=sim-f-2&stopPrice=60000&size=0.7")["editStatus"]
    assert answer["status"] == "edited"
    assert (answer["orderEvents"][0]["old"]["stopPrice"], answer["orderEvents"][0]["new"]["stopPrice"]) == (
        59500,
        60000,
    )
    floor.set_price("last", "60000")
    assert floor.news(session)[:2] == ["+edited_by_user 0.7/0", "-stop_order_triggered 0.7/0"]


def test_a_trailing_distance_is_edited_and_still_follows_the_best_price() -> None:
    floor = Floor()
    floor.send(
        "orderType=trailing_stop&symbol=PF_XBTUSD&side=sell&size=1&cliOrdId=t"
        "&trailingStopMaxDeviation=1000&trailingStopDeviationUnit=QUOTE_CURRENCY"
    )
    floor.set_price("last", "66000")
    floor.set_price("last", "65500")
    wider = "cliOrdId=t&trailingStopMaxDeviation=2000&trailingStopDeviationUnit=QUOTE_CURRENCY"
    assert floor.post("editorder", wider)["editStatus"]["status"] == "edited"
    assert floor.get("openorders")["openOrders"][0]["stopPrice"] == 64000
    floor.lmt("buy", "1", "64000", "plain")
    plain = wider.replace("cliOrdId=t", "cliOrdId=plain")
    assert floor.post("editorder", plain)["editStatus"]["status"] == "orderForEditNotAStop"


def test_waiting_orders_fire_in_the_order_in_which_they_came() -> None:
    triggers = Triggers()
    for name, level in (("b", "99"), ("a", "98"), ("c", "97")):
        triggers.add(Waiting(order_id=name, reference=Reference.MARK, when=When.BELOW, level=Decimal(level)))
    assert triggers.update(Reference.LAST, Decimal(90)) == ()
    assert triggers.update(Reference.MARK, Decimal(98)) == ("b", "a")
    assert "a" not in triggers
    assert triggers.remove("a") is None
    with pytest.raises(ValueError, match="waits already"):
        triggers.add(Waiting(order_id="c", reference=Reference.MARK, when=When.BELOW))


def test_a_trailing_level_never_goes_back() -> None:
    triggers = Triggers()
    triggers.add(
        Waiting(order_id="t", reference=Reference.LAST, when=When.ABOVE, trailing=Trailing(Decimal(2), percent=True))
    )
    assert triggers.level("t") is None
    for price, level in (("100", "102"), ("90", "91.8"), ("91", "91.8")):
        assert triggers.update(Reference.LAST, Decimal(price)) == ()
        assert triggers.level("t") == Decimal(level)
    assert triggers.update(Reference.LAST, Decimal("91.8")) == ("t",)


# The feeds


def test_a_connection_is_greeted_and_challenged() -> None:
    floor = Floor()
    session = floor.open()
    assert floor.heard[session] == [{"event": "info", "version": 1}]
    (challenge,) = floor.hear(session, '{"event":"challenge","api_key":"anybody"}')
    assert challenge["event"] == "challenge"
    assert len(challenge["message"]) == 36
    assert floor.hear(session, '{"event":"ping"}') == [{"event": "pong"}]
    assert floor.hear(session, b"binary") == []


def test_a_subscription_is_acknowledged_and_then_shown_what_there_is() -> None:
    floor = Floor()
    order_id = floor.lmt("buy", "1", "64000", "sim-f-1")["order_id"]
    session = floor.open()
    proof = floor.proof(session)
    ack, snapshot = floor.hear(session, f'{{"event":"subscribe","feed":"open_orders",{proof}}}')
    assert ack == {"event": "subscribed", "feed": "open_orders"} | json.loads("{" + proof + "}")
    assert (snapshot["feed"], snapshot["account"]) == ("open_orders_snapshot", ACCOUNT)
    assert [order["order_id"] for order in snapshot["orders"]] == [order_id]
    _, verbose = floor.hear(session, f'{{"event":"subscribe","feed":"open_orders_verbose",{proof}}}')
    assert verbose["feed"] == "open_orders_verbose_snapshot"
    _, fills = floor.hear(session, f'{{"event":"subscribe","feed":"fills",{proof}}}')
    assert fills == {"feed": "fills_snapshot", "account": ACCOUNT, "fills": []}


def test_the_snapshot_can_come_first() -> None:
    floor = Floor(snapshot_first=True)
    session = floor.open()
    told = floor.hear(session, f'{{"event":"subscribe","feed":"fills",{floor.proof(session)}}}')
    assert [short(message) for message in told] == ["fill ", "fills"]
    assert [message.get("event") for message in told] == [None, "subscribed"]


def test_the_snapshot_of_fills_replays_old_ones_and_filters() -> None:
    floor = Floor()
    floor.lmt("buy", "1", "65000")
    floor.trade(Side.SELL, "65000", "1")
    session = floor.open()
    proof = floor.proof(session)
    ack, snapshot = floor.hear(session, f'{{"event":"subscribe","feed":"fills","product_ids":["PF_XBTUSD"],{proof}}}')
    assert ack["product_ids"] == ["PF_XBTUSD"]
    assert short(snapshot) == "fill 1@65000"
    _, none = floor.hear(session, f'{{"event":"subscribe","feed":"fills","product_ids":["PF_ETHUSD"],{proof}}}')
    assert none["fills"] == []
    floor.heard[session] = []
    floor.lmt("buy", "1", "65000")
    floor.trade(Side.SELL, "65000", "1")
    assert floor.news(session) == []
    floor.send("orderType=lmt&symbol=PF_ETHUSD&side=buy&size=1&limitPrice=3000")
    floor.trade(Side.SELL, "3000", "1", symbol="PF_ETHUSD")
    assert floor.news(session) == ["fill 1@3000"]


def test_a_bad_proof_gets_an_alert() -> None:
    floor = Floor()
    session = floor.open()
    alert = {"event": "alert", "message": "Failed to subscribe to authenticated feed"}
    assert floor.hear(session, '{"event":"subscribe","feed":"fills"}') == [alert]
    good = floor.proof(session)
    floor.proof(session)
    assert floor.hear(session, f'{{"event":"subscribe","feed":"fills",{good}}}') == [alert]
    forged = floor.proof(session).replace('"demo-key"', '"other-key"')
    assert floor.hear(session, f'{{"event":"subscribe","feed":"fills",{forged}}}') == [alert]
    stolen = floor.proof(session)
    other = floor.open()
    floor.proof(other)
    assert floor.hear(other, f'{{"event":"subscribe","feed":"fills",{stolen}}}') == [alert]


def test_requests_that_make_no_sense_are_told_so() -> None:
    floor = Floor(strict=False)
    session = floor.open()
    proof = floor.proof(session)
    assert floor.hear(session, '{"event":"subscribe","feed":"moon"}') == [{"event": "error", "message": "Invalid feed"}]
    assert floor.hear(session, '{"event":') == [{"event": "error", "message": "Json Error"}]
    for text in ('{"event":"dance"}', '{"event":"subscribe"}', '{"event":"challenge"}', "{}"):
        assert floor.hear(session, text) == [{"event": "alert", "message": "Bad request"}]
    (failed,) = floor.hear(session, f'{{"event":"subscribe","feed":"fills","product_ids":["PF_NOPE"],{proof}}}')
    assert failed["event"] == "subscribed_failed"
    (failed,) = floor.hear(session, f'{{"event":"unsubscribe","feed":"fills",{proof}}}')
    assert failed["event"] == "unsubscribed_failed"


def test_an_inactive_account_cannot_subscribe() -> None:
    floor = Floor(users=(KrakenFuturesUser(active=False),))
    session = floor.open()
    (failed,) = floor.hear(session, f'{{"event":"subscribe","feed":"fills",{floor.proof(session)}}}')
    assert failed["event"] == "subscribed_failed"


def test_after_unsubscribing_nothing_more_comes() -> None:
    floor = Floor()
    session = floor.listen("fills", "open_orders")
    (gone,) = floor.hear(session, f'{{"event":"unsubscribe","feed":"fills",{floor.proof(session)}}}')[-1:]
    assert gone["event"] == "unsubscribed"
    floor.news(session)
    floor.lmt("buy", "1", "65000")
    floor.trade(Side.SELL, "65000", "1")
    assert floor.news(session) == ["+new_placed_order_by_user 1/0", "-full_fill 0/1"]


def test_feeds_go_only_to_sessions_of_that_account() -> None:
    floor = Floor()
    mine, second, theirs = (
        floor.listen("open_orders"),
        floor.listen("open_orders"),
        floor.listen("open_orders", key="other-key"),
    )
    silent = floor.open()
    floor.lmt("buy", "1", "64000")
    assert [len(floor.news(session)) for session in (mine, second, theirs)] == [1, 1, 0]
    assert floor.news(silent) == ["info"]
    assert floor.exchange.gone(Number(second), floor.now) == []
    floor.lmt("buy", "1", "64000")
    assert [len(floor.news(session)) for session in (mine, second)] == [1, 0]


def test_heartbeats_come_to_who_asked_for_them() -> None:
    floor = Floor()
    session, other = floor.open(), floor.open()
    assert floor.hear(session, '{"event":"subscribe","feed":"heartbeat"}') == [
        {"event": "subscribed", "feed": "heartbeat"}
    ]
    floor.heard[session] = []
    floor.wait("2.5")
    assert floor.heard[session] == [
        {"feed": "heartbeat", "time": 1782907201000},
        {"feed": "heartbeat", "time": 1782907202000},
    ]
    assert floor.news(other) == ["info"]
    (gone,) = floor.hear(session, '{"event":"unsubscribe","feed":"heartbeat"}')
    assert gone == {"event": "unsubscribed", "feed": "heartbeat"}
    assert floor.exchange.next_due is None
    (failed,) = floor.hear(session, '{"event":"unsubscribe","feed":"heartbeat"}')
    assert failed["event"] == "unsubscribed_failed"


def test_too_many_requests_on_one_connection() -> None:
    floor = Floor(throttle=True)
    session = floor.open()
    answers = [floor.hear(session, '{"event":"ping"}')[0]["event"] for _ in range(101)]
    assert answers == ["pong"] * 100 + ["alert"]
    assert floor.heard[session][-1]["message"] == "Rate limit exceeded"


# The switches of the feeds


def test_the_open_order_can_be_told_before_its_fill() -> None:
    floor = Floor(fills_first=False)
    session = floor.listen("fills", "open_orders")
    floor.lmt("buy", "1", "65000")
    floor.trade(Side.SELL, "65000", "0.4")
    floor.trade(Side.SELL, "65000", "0.6")
    assert floor.news(session)[1:] == ["+partial_fill 0.6/0.4", "fill 0.4@65000", "-full_fill 0/1", "fill 0.6@65000"]


def test_quantities_can_be_told_as_totals() -> None:
    floor = Floor(qty_semantics="total")
    session = floor.listen("open_orders")
    floor.lmt("buy", "1", "65000")
    floor.trade(Side.SELL, "65000", "0.4")
    floor.trade(Side.SELL, "65000", "0.6")
    assert floor.news(session) == ["+new_placed_order_by_user 1/0", "+partial_fill 1/0.4", "-full_fill 1/1"]


def test_the_end_of_an_order_can_be_told_with_or_without_it() -> None:
    bare = Floor(full_fill="cancel_only", remainder="cancel_only")
    whole = Floor(removal="delta")
    for floor, expected in (
        (bare, ["-full_fill", "-partial_fill", "-cancelled_by_user"]),
        (whole, ["-full_fill 0/1", "-partial_fill 0.7/0.3", "-cancelled_by_user 1/0"]),
    ):
        session = floor.listen("open_orders")
        floor.lmt("buy", "1", "65000")
        floor.trade(Side.SELL, "65000", "1")
        floor.offer("65000", "0.3")
        floor.send("orderType=ioc&symbol=PF_XBTUSD&side=buy&size=1&limitPrice=65000")
        floor.lmt("buy", "1", "65000", "c")
        floor.post("cancelorder", "cliOrdId=c")
        assert [told for told in floor.news(session) if told.startswith("-")] == expected


def test_removals_can_come_without_a_client_order_id() -> None:
    floor = Floor(omit_client_id=True)
    session = floor.listen("open_orders")
    floor.lmt("buy", "1", "65000", "a")
    floor.post("cancelorder", "cliOrdId=a")
    floor.lmt("buy", "1", "65000", "b")
    floor.trade(Side.SELL, "65000", "1")
    placed, canceled, _, filled = floor.heard[session]
    assert placed["order"]["cli_ord_id"] == "a"
    assert "cli_ord_id" not in canceled
    assert "cli_ord_id" not in filled["order"]


def test_prices_that_are_not_there_can_be_left_out() -> None:
    floor = Floor(zero_prices=False)
    session = floor.listen("open_orders")
    floor.lmt("buy", "1", "64000")
    floor.send(STOP)
    limit, stop = (message["order"] for message in floor.heard[session])
    assert "stop_price" not in limit
    assert "limit_price" not in stop


def test_orders_that_never_rested_can_be_kept_off_the_plain_feed() -> None:
    floor = Floor(tell_never_rested=False)
    plain, verbose = floor.listen("fills", "open_orders"), floor.listen("open_orders_verbose")
    floor.offer("65000", "1")
    floor.lmt("buy", "1", "65000")
    assert floor.news(plain) == ["fill 1@65000"]
    assert floor.news(verbose) == ["-full_fill 0/1"]


def test_the_feeds_can_lag_behind_the_answer() -> None:
    floor = Floor(feed_delay=SECOND)
    session = floor.listen("fills", "open_orders")
    assert floor.lmt("buy", "1", "65000")["status"] == "placed"
    floor.trade(Side.SELL, "65000", "1")
    assert floor.news(session) == []
    floor.wait(1)
    assert floor.news(session) == ["+new_placed_order_by_user 1/0", "fill 1@65000", "-full_fill 0/1"]


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
    assert (position.signed, position.cost) == (65007, -(1 + 7 / Decimal(65000)))


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
    assert (mine.venue_order_id, mine.wire_id, mine.price) == (order_id, "a", 65000)
    assert (mine.quantity, mine.fee, mine.liquidity) == (Decimal("0.4"), Decimal("-2.6"), LiquiditySide.MAKER)
    assert len(exchange.ledger.executions) == 2
    assert exchange.ledger.filled([order_id]) == Decimal("0.4")


def test_the_house_quotes_around_the_reference_and_comes_back() -> None:
    floor = Floor(quotes=True)
    session = floor.listen("fills")
    for _ in range(30):
        assert floor.lmt("buy", "2", "65002.5")["status"] == "placed"
    told = floor.news(session)
    assert told[0] == "fill 1.5384@65000.5,0.4616@65001"
    assert len(told) == 30
    assert floor.send("orderType=mkt&symbol=PF_ETHUSD&side=sell&size=1")["orderEvents"][0]["price"] == Decimal("2999.9")


# Faults


def test_a_call_can_fail_before_or_after_it_is_executed() -> None:
    floor = Floor(
        Fault(kind=FaultKind.REST_ERROR, nth=1, code=502), Fault(kind=FaultKind.REST_ERROR_EXECUTED, nth=2, code=504)
    )
    text = "orderType=lmt&symbol=PF_XBTUSD&side=buy&size=1&limitPrice=64000&cliOrdId="
    assert floor.call("POST", f"{BASE}/sendorder", text + "a") == (502, "<html><body>502</body></html>")
    assert floor.call("POST", f"{BASE}/sendorder", text + "b") == (504, "<html><body>504</body></html>")
    assert [row["cliOrdId"] for row in floor.get("openorders")["openOrders"]] == ["b"]


def test_a_placement_and_a_cancel_can_be_refused_by_faults() -> None:
    floor = Floor(
        Fault(kind=FaultKind.PLACE_ERROR, nth=1, code=503),
        Fault(kind=FaultKind.PLACE_ERROR_EXECUTED, nth=2, code=200),
        Fault(kind=FaultKind.CANCEL_ERROR, nth=1, code=503),
        Fault(kind=FaultKind.CANCEL_DECLINED, nth=2),
    )
    text = "orderType=lmt&symbol=PF_XBTUSD&side=buy&size=1&limitPrice=64000&cliOrdId="
    status, answer = floor.call("POST", f"{BASE}/sendorder", text + "a")
    assert (status, answer["error"]) == (503, "Unavailable")
    assert floor.post("sendorder", text + "b")["error"] == "Server Error"
    assert floor.call("POST", f"{BASE}/cancelorder", "cliOrdId=b")[0] == 503
    assert floor.post("cancelorder", "cliOrdId=b")["cancelStatus"]["status"] == "notFound"
    assert [row["cliOrdId"] for row in floor.get("openorders")["openOrders"]] == ["b"]


def test_the_list_of_open_orders_can_come_without_rows() -> None:
    floor = Floor(Fault(kind=FaultKind.LIST_NOTHING, nth=2))
    floor.lmt("buy", "1", "64000")
    assert [len(floor.get("openorders")["openOrders"]) for _ in range(2)] == [0, 1]


def test_all_connections_of_an_account_can_be_cut_by_a_call() -> None:
    floor = Floor(Fault(kind=FaultKind.DROP_SESSIONS, nth=1))
    first, second, theirs = floor.listen("fills"), floor.listen("open_orders"), floor.listen("fills", key="other-key")
    floor.lmt("buy", "1", "64000")
    assert floor.closed == {first: None, second: None}
    assert floor.news(second) == []
    floor.lmt("buy", "1", "64000", key="other-key")
    floor.trade(Side.SELL, "64000", "2")
    assert floor.news(theirs) == ["fill 1@64000"]
    assert floor.hear(first, '{"event":"ping"}') == []


def test_feed_messages_can_be_lost_doubled_late_and_strange() -> None:
    floor = Floor(
        Fault(kind=FaultKind.DROP_EVENT, nth=1),
        Fault(kind=FaultKind.DUPLICATE_EVENT, nth=2),
        Fault(kind=FaultKind.DELAY_EVENT, nth=3, delay=SECOND),
        Fault(kind=FaultKind.UNKNOWN_WORD, nth=5),
        Fault(kind=FaultKind.UNKNOWN_WORD, nth=6),
    )
    session = floor.listen("open_orders", "fills")
    for name in ("a", "b", "c", "d"):
        floor.lmt("buy", "1", "65000", name)
    assert [message["order"]["cli_ord_id"] for message in floor.heard[session]] == ["b", "b"]
    floor.wait(1)
    assert [message["order"]["cli_ord_id"] for message in floor.heard[session]] == ["b", "b", "c", "d"]
    floor.trade(Side.SELL, "65000", "0.1")
    fill, delta = floor.heard[session][-2:]
    assert (fill["fills"][0]["fill_type"], delta["reason"], delta["order"]["type"]) == (
        "brandNew",
        "brand_new_reason",
        "brand_new_type",
    )


@pytest.mark.parametrize("kind", list(FaultKind))
def test_every_fault_can_happen_and_the_venue_goes_on(kind: FaultKind) -> None:
    floor = Floor(*(Fault(kind=kind, nth=nth, delay=SECOND) for nth in range(1, 4)))
    sessions = [floor.open() for _ in range(4)]
    session = sessions[-1]
    for number in range(1, 5):
        floor.hear(session, '{"event":"ping"}')
        text = f"orderType=lmt&symbol=PF_XBTUSD&side=buy&size=1&limitPrice=64000&cliOrdId={number}"
        floor.call("POST", f"{BASE}/sendorder", text)
        floor.call("POST", f"{BASE}/cancelorder", f"cliOrdId={number}")
    floor.wait(5)
    assert floor.lmt("buy", "1", "64000", "last")["status"] == "placed"
    assert floor.hear(floor.open(), '{"event":"ping"}') == [{"event": "pong"}]


# Runs


def test_equal_inputs_give_equal_bytes() -> None:
    def run() -> list[Any]:
        floor = Floor(quotes=True)
        session = floor.listen("fills", "open_orders", "heartbeat")
        answers = [floor.lmt("buy", "3", "65001"), floor.send(STOP)]
        floor.wait(3)
        return [answers, floor.heard[session], floor.exchange.ledger.executions]

    assert run() == run()


def test_a_replayed_log_brings_back_orders_and_executions() -> None:
    floor = Floor(quotes=True)
    floor.log = []
    session = floor.listen("fills")
    floor.lmt("buy", "2", "65001", "secretless")
    floor.call("GET", f"{BASE}/openorders", authent="bm8=")
    floor.send(STOP)
    floor.lmt("buy", "1", "60000", key="other-key")
    lines = floor.log
    assert not any(word in line for line in lines for word in ("authent", "nonce", SECRET))
    fresh = Floor(quotes=True).exchange
    assert replay(fresh, lines, floor.now) == len(lines) == 6
    assert fresh.ledger.executions == floor.exchange.ledger.executions
    assert [order.order_id for order in fresh.engine.orders.values()] == [
        order.order_id for order in floor.exchange.engine.orders.values()
    ]
    assert session
    with pytest.raises(KeyError):
        fresh.token_for("nobody", floor.now)
    stale = HttpRequest(
        method="GET", path=f"{BASE}/openorders", headers=(("authorization", "Bearer replayed-demo-key"),)
    )
    assert b"authenticationError" in fresh.request(stale, floor.now)[0].body


def test_an_upgrade_can_be_refused_and_a_restart_forgets_sessions() -> None:
    floor = Floor(Fault(kind=FaultKind.REFUSE_UPGRADE, nth=1, code=503), Fault(kind=FaultKind.REFUSE_TOKEN, nth=2))
    assert [floor.open() for _ in range(2)] == [-503, -401]
    session = floor.listen("open_orders")
    floor.lmt("buy", "1", "64000")
    floor.exchange.restarted(floor.now)
    floor.news(session)
    assert floor.hear(session, '{"event":"ping"}') == []
    assert len(floor.get("openorders")["openOrders"]) == 1
    assert floor.exchange.close_all(1001) == []


def test_the_book_makes_an_order_smaller_in_its_place() -> None:
    book = Book()
    for name in ("a", "b"):
        book.rest(Resting(name, name, Side.BUY, Decimal(1), Decimal(5)))
    book.reduce("a", Decimal(2))
    assert [(order.order_id, order.quantity) for order in book.orders(Side.BUY)] == [("a", 2), ("b", 5)]
    for quantity in (Decimal(0), Decimal(2), Decimal(3)):
        with pytest.raises(ValueError, match="not less"):
            book.reduce("a", quantity)


# Properties


@settings(max_examples=60, deadline=None)
@given(STEPS, st.sampled_from(list(SelfTrade)))
def test_what_is_told_is_what_happened(
    steps: list[tuple[str, str, int, int, str, bool]], self_trade: SelfTrade
) -> None:
    """The ledger is the fills feed, both sides of the trades add up to nothing, and the last word about every order
    fits its fills."""
    floor = Floor(self_trade=self_trade)
    listeners = {key: floor.listen("fills", "open_orders", key=key) for key in ("demo-key", "other-key")}
    for number, step in enumerate(steps, 1):
        take_step(floor, number, step)
    exchange = floor.exchange
    for key, account in (("demo-key", ACCOUNT), ("other-key", OTHER_ACCOUNT)):
        messages = floor.heard[listeners[key]]
        fills = [fill for message in messages for fill in message.get("fills", ())]
        told = [(f["fill_id"], f["order_id"], f["qty"], f["price"], f["fee_paid"]) for f in fills]
        booked = exchange.ledger.executions_of({account})
        assert sorted(told) == sorted((e.trade_id, e.venue_order_id, e.quantity, e.price, e.fee) for e in booked)
        assert [fill["seq"] for fill in fills] == list(range(1, len(fills) + 1))
        assert_last_words_fit(floor, messages, fills, key)
    signed: dict[str, Decimal] = {}
    for execution in exchange.ledger.executions:
        change = execution.quantity if execution.side is Side.BUY else -execution.quantity
        signed[execution.trade_id] = signed.get(execution.trade_id, Decimal(0)) + change
    assert not any(signed.values())
    assert sum(account.position("PF_XBTUSD").signed for account in exchange.engine.accounts.values()) == 0
    book = exchange.engine.markets["PF_XBTUSD"].book
    bid, offer = book.best(Side.BUY), book.best(Side.SELL)
    assert bid is None or offer is None or bid < offer


def assert_last_words_fit(floor: Floor, messages: list[Any], fills: list[Any], key: str) -> None:
    last: dict[str, Any] = {}
    for message in messages:
        if message["feed"] == "open_orders":
            last[message.get("order_id") or message["order"]["order_id"]] = message
    filled: dict[str, Decimal] = {}
    for fill in fills:
        filled[fill["order_id"]] = filled.get(fill["order_id"], Decimal(0)) + fill["qty"]
    for order_id, message in last.items():
        if "order" in message:
            assert message["order"]["filled"] == filled.get(order_id, 0)
    listed = {row["order_id"]: row["unfilledSize"] for row in open_limits(floor, key)}
    told = {order_id: m["order"]["qty"] for order_id, m in last.items() if not m["is_cancel"]}
    assert {order_id: told[order_id] for order_id in listed} == listed
    assert set(told) == {row["order_id"] for row in floor.get("openorders", key=key)["openOrders"]}


def open_limits(floor: Floor, key: str) -> list[Any]:
    return [row for row in floor.get("openorders", key=key)["openOrders"] if row["orderType"] == "lmt"]
