"""A strict simulated Kraken Futures refuses what the documentation does not list, a lenient one does as the real venue
may."""

from __future__ import annotations

from typing import Any
from urllib.parse import urlencode

import pytest

from ..kraken_futures_floor import BASE, Floor

LMT = "orderType=lmt&symbol=PF_XBTUSD&side=buy&size=1&limitPrice=60000"
STP = "orderType=stp&symbol=PF_XBTUSD&side=buy&size=1&stopPrice=70000"
TRAILING = (
    "orderType=trailing_stop&symbol=PF_XBTUSD&side=buy&size=1&trailingStopMaxDeviation=1"
    "&trailingStopDeviationUnit=PERCENT"
)


def items(text: str) -> str:
    return urlencode({"json": f'{{"batchOrder":[{text}]}}'})


SEND = '"order":"send","orderType":"lmt","symbol":"PF_XBTUSD","side":"buy","size":1,"limitPrice":60000'

LOWER_CASE_DEADLINE = "&processBefore=2027-01-01T00%3A00%3A00Z"
"""In a batch it is spelt ProcessBefore."""

CASES = [
    ("sendorder", f"{LMT}&colour=red", "colour", "placed"),
    ("sendorder", f"{LMT}&cli_ord_id=a", "cli_ord_id", "placed"),
    ("sendorder", f"{LMT}&timeInForce=ioc", "timeInForce", "placed"),
    ("sendorder", f"{LMT}&limitPrice=60001", "limitPrice twice", "placed"),
    ("sendorder", LMT.replace("lmt", "LMT"), "orderType LMT", "placed"),
    ("sendorder", LMT.replace("buy", "BUY"), "side BUY", "placed"),
    ("sendorder", f"{LMT}&stopPrice=70000", "stopPrice means nothing with orderType lmt", "placed"),
    ("sendorder", f"{LMT}&triggerSignal=mark", "triggerSignal means nothing", "placed"),
    ("sendorder", f"{LMT}&trailingStopMaxDeviation=1", "trailingStopMaxDeviation means nothing", "placed"),
    ("sendorder", f"{LMT}&limitPriceOffsetValue=1", "limitPriceOffsetValue means nothing", "placed"),
    ("sendorder", f"{STP}&triggerSignal=spot", "triggerSignal spot", "placed"),
    ("sendorder", f"{STP}&triggerSignal=mark_price", "triggerSignal mark_price", "placed"),
    (
        "sendorder",
        f"{STP}&limitPrice=70001&limitPriceOffsetValue=1&limitPriceOffsetUnit=PERCENT",
        "together",
        "placed",
    ),
    ("sendorder", f"{TRAILING}&stopPrice=70000", "stopPrice means nothing with orderType trailing_stop", "placed"),
    ("sendorder", TRAILING.replace("PERCENT", "percent"), "trailingStopDeviationUnit percent", "placed"),
    ("editorder", "order_id=ID&size=2", "order_id", "edited"),
    ("editorder", "orderId=ID&size=2&qtyMode=absolute", "qtyMode absolute", "edited"),
    ("editorder", "orderId=ID&size=2&postOnly=true", "postOnly", "edited"),
    ("cancelorder", "orderId=ID", "orderId", "cancelled"),
    ("cancelorder", "order_id=ID&symbol=PF_XBTUSD", "symbol", "cancelled"),
    ("cancelallorders", "side=buy", "side", "cancelled"),
    ("batchorder", items(f'{{{SEND},"orderTag":"1"}}'), "orderTag", "placed"),
    ("batchorder", items(f'{{{SEND},"order_tag":"1","processBefore":"x"}}'), "processBefore", "placed"),
    ("batchorder", items(f'{{{SEND},"order_tag":"1"}}') + LOWER_CASE_DEADLINE, "processBefore", "placed"),
    ("batchorder", items('{"order":"cancel","orderId":"ID"}'), "orderId", "cancelled"),
    ("batchorder", items('{"order":"cancel","order_id":"ID","symbol":"PF_XBTUSD"}'), "symbol", "cancelled"),
]  # fmt: skip


def ask(floor: Floor, path: str, text: str) -> tuple[int, Any]:
    """ID stands for the order that rests."""
    order_id = floor.lmt("buy", "1", "61000", "a")["order_id"]
    return floor.call("POST", f"{BASE}/{path}", text.replace("ID", order_id))


@pytest.mark.parametrize(("path", "text", "about", "status"), CASES)
def test_what_is_not_documented_is_refused_and_written_down(path: str, text: str, about: str, status: str) -> None:
    floor = Floor()
    code, answer = ask(floor, path, text)
    (violation,) = floor.exchange.violations
    assert about in violation
    assert (code, answer["status"], answer["result"]) == (400, "BAD_REQUEST", "error")
    assert answer["errors"] == [{"code": 0, "message": violation}]
    assert [row["cliOrdId"] for row in floor.get("openorders")["openOrders"]] == ["a"], "nothing was executed"
    floor.exchange.violations.clear()


@pytest.mark.parametrize(("path", "text", "about", "status"), CASES)
def test_a_lenient_venue_ignores_it_or_takes_it_for_what_it_means(
    path: str, text: str, about: str, status: str
) -> None:
    floor = Floor(strict=False)
    code, answer = ask(floor, path, text)
    told = next(value for key, value in answer.items() if key.endswith("Status"))
    assert (code, (told[0] if isinstance(told, list) else told)["status"]) == (200, status)
    assert floor.exchange.violations == []


def test_a_batch_is_looked_at_before_its_first_item_is_executed() -> None:
    floor = Floor()
    stray = '"order":"send","order_tag":"2","orderType":"lmt","symbol":"PF_XBTUSD","side":"buy","size":1'
    text = items(f'{{{SEND},"order_tag":"1"}},{{{stray},"limitPrice":60000,"triggerSignal":"mark"}}')
    assert floor.call("POST", f"{BASE}/batchorder", text)[0] == 400
    assert floor.get("openorders")["openOrders"] == []
    floor.exchange.violations.clear()


@pytest.mark.parametrize(
    ("path", "query", "about"),
    [
        ("openorders", "symbol=PF_XBTUSD", "symbol"),
        ("fills", "since=0", "since"),
        ("accounts", "currency=usd", "currency"),
        ("openpositions", "symbol=PF_XBTUSD", "symbol"),
        ("/api/history/v3/orders", "from=0", "from"),
        ("/api/history/v3/executions", "opened=true", "opened"),
        ("/api/history/v3/orders", "sort=desc&sort=asc", "sort twice"),
    ],
)
def test_queries_are_looked_at_too(path: str, query: str, about: str) -> None:
    for is_strict in (True, False):
        floor = Floor(strict=is_strict)
        full = path if path.startswith("/") else f"{BASE}/{path}"
        assert floor.call("GET", full, query)[0] == (400 if is_strict else 200)
        assert [about in violation for violation in floor.exchange.violations] == ([True] if is_strict else [])
        floor.exchange.violations.clear()


@pytest.mark.parametrize(
    ("path", "query"),
    [
        ("instruments", "symbol=PF_XBTUSD"),
        ("instruments", "contractType[]=options"),
        ("instruments/status", "expired=true"),
    ],
)
def test_public_queries_are_looked_at_too(path: str, query: str) -> None:
    for is_strict, status in ((True, 400), (False, 200)):
        floor = Floor(strict=is_strict)
        assert floor.unsigned("GET", f"{BASE}/{path}", query, {})[0] == status
        assert len(floor.exchange.violations) == is_strict
        floor.exchange.violations.clear()


@pytest.mark.parametrize(
    ("method", "path"),
    [
        ("GET", f"{BASE}/orders/status"),
        ("POST", f"{BASE}/openorders"),
        ("GET", "/api/history/v1/orders"),
        ("GET", f"{BASE}/moon"),
    ],
)
def test_a_call_that_there_is_not_is_refused_by_both(method: str, path: str) -> None:
    for is_strict, status in ((True, 400), (False, 404)):
        floor = Floor(strict=is_strict)
        assert floor.call(method, path, "")[0] == status
        assert floor.exchange.violations == ([f"{method} {path} is no call of this venue."] if is_strict else [])
        floor.exchange.violations.clear()


@pytest.mark.parametrize(
    ("request_text", "about", "answer"),
    [
        ('{"event":"ping","reqid":1}', "reqid", "pong"),
        ('{"event":"subscribe","feed":"heartbeat","product_ids":["PF_XBTUSD"]}', "product_ids", "subscribed"),
        ('{"event":"subscribe","feed":"open_orders","product_ids":["PF_XBTUSD"],PROOF}', "product_ids", "subscribed"),
        ('{"event":"subscribe","feed":"fills","snapshot":true,PROOF}', "snapshot", "subscribed"),
        ('{"event":"subscribe","feed":"moon"}', "There is no feed moon", "error"),
    ],
)
def test_requests_over_the_socket_are_looked_at_too(request_text: str, about: str, answer: str) -> None:
    for is_strict in (True, False):
        floor = Floor(strict=is_strict)
        session = floor.open()
        told = floor.hear(session, request_text.replace("PROOF", floor.proof(session)))[0]
        assert told["event"] == ("alert" if is_strict else answer)
        assert [about in violation for violation in floor.exchange.violations] == ([True] if is_strict else [])
        floor.exchange.violations.clear()


def test_a_documented_feed_that_is_not_served_is_no_violation() -> None:
    floor = Floor()
    session = floor.open()
    assert floor.hear(session, '{"event":"subscribe","feed":"ticker"}') == [
        {"event": "error", "message": "Invalid feed"}
    ]
    assert floor.exchange.violations == []


def test_everything_that_is_documented_passes() -> None:
    """The forms of the specification's examples, word for word."""
    floor = Floor()
    for text in (
        "orderType=lmt&symbol=PF_XBTUSD&side=buy&size=1&limitPrice=65000&cliOrdId=sim-f-1",
        "orderType=mkt&symbol=PF_XBTUSD&side=buy&size=0.1&cliOrdId=sim-f-20",
        "orderType=post&symbol=PF_XBTUSD&side=buy&size=1&limitPrice=66000&cliOrdId=sim-f-8",
        "orderType=ioc&symbol=PF_XBTUSD&side=buy&size=1&limitPrice=50000&cliOrdId=sim-f-10",
        "orderType=stp&symbol=PF_XBTUSD&side=sell&size=0.5&stopPrice=59500&limitPrice=58900&triggerSignal=mark"
        "&reduceOnly=true&cliOrdId=sim-f-2",
        "orderType=lmt&symbol=PF_XBTUSD&side=sell&size=1&limitPrice=66000&reduceOnly=true&cliOrdId=sim-f-51",
        "orderType=trailing_stop&symbol=PF_XBTUSD&side=sell&size=0.2&triggerSignal=index&trailingStopMaxDeviation=5"
        "&trailingStopDeviationUnit=PERCENT&cliOrdId=sim-f-4",
    ):
        assert "sendStatus" in floor.post("sendorder", text)
    floor.get("/api/history/v3/orders", "since=1782900000000&count=100&opened=true&closed=true")
    floor.get("/api/history/v3/triggers", "since=1782900000000&sort=asc&opened=true&closed=true")
    floor.get("/api/history/v3/executions", "since=1782900000000&tradeable=PF_XBTUSD")
    floor.post("cancelallordersafter", "timeout=60")
    floor.post("cancelallorders", "symbol=PF_XBTUSD")
    assert floor.exchange.violations == []
