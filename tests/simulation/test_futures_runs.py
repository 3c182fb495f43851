"""The simulated Kraken Futures: faults, replayed runs, and what holds whatever happens."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from protocol.simulation.book import Book, Resting, SelfTrade
from protocol.simulation.exchange import HttpRequest
from protocol.simulation.faults import Fault, FaultKind
from protocol.simulation.input_log import replay
from protocol.values import Side

from ..kraken_futures_floor import (
    ACCOUNT,
    BASE,
    OTHER_ACCOUNT,
    SECOND,
    SECRET,
    STEPS,
    STOP,
    Floor,
    take_step,
    web_page,
)

# Faults


def test_a_call_can_fail_before_or_after_it_is_executed() -> None:
    floor = Floor(
        Fault(kind=FaultKind.REST_ERROR, nth=1, code=502), Fault(kind=FaultKind.REST_ERROR_EXECUTED, nth=2, code=504)
    )
    text = "orderType=lmt&symbol=PF_XBTUSD&side=buy&size=1&limitPrice=64000&cliOrdId="
    assert floor.call("POST", f"{BASE}/sendorder", text + "a") == (502, web_page(502))
    assert floor.call("POST", f"{BASE}/sendorder", text + "b") == (504, web_page(504))
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
    assert [(order.order_id, order.quantity) for order in book.orders(Side.BUY)] == [
        ("a", Decimal(2)),
        ("b", Decimal(5)),
    ]
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
