"""The simulated Kraken Futures: signatures, errors and placing, by hand-written JSON, without the client's codec."""

from __future__ import annotations

import json
from decimal import Decimal
from typing import Any
from urllib.parse import urlencode

import pytest

from protocol.simulation.exchange import HttpRequest
from protocol.simulation.kraken_futures import (
    KrakenFuturesUser,
)
from protocol.values import Instant, Side

from ..kraken_futures_floor import (
    ACCOUNT,
    BASE,
    OTHER_ACCOUNT,
    OTHER_SECRET,
    SECRET,
    START,
    Floor,
    signed,
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
