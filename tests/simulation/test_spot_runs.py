"""The simulated Kraken Spot: faults, replayed runs, and what holds whatever happens."""

from __future__ import annotations

import json
from collections.abc import Callable
from decimal import Decimal
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from protocol.simulation.exchange import (
    ExchangeInput,
    HttpRequest,
    Pinged,
    Received,
    Requested,
    SessionNumber,
    Ticked,
    Upgraded,
)
from protocol.simulation.faults import Fault, FaultKind
from protocol.simulation.input_log import encode_input, replay
from protocol.simulation.kraken_spot import (
    DEFAULT_SECRET,
    KrakenSpotUser,
)
from protocol.values import Side

from ..spot_floor import SECOND, Floor, Rig, kinds

D = Decimal
BUY, SELL = Side.BUY, Side.SELL


# Faults


def test_events_may_come_before_the_answer_once_or_always() -> None:
    rig = Rig(Fault(kind=FaultKind.EVENTS_FIRST, nth=1))
    assert kinds(rig.add()) == ["pending_new", "new", "add_order"]
    assert kinds(rig.add()) == ["add_order", "pending_new", "new"]
    assert kinds(Rig(events_first=True).add()) == ["pending_new", "new", "add_order"]


def test_a_lost_message_leaves_a_gap_in_the_sequence() -> None:
    rig = Rig(Fault(kind=FaultKind.DROP_EVENT, nth=2))
    rig.added()
    rig.say("cancel_all")
    frames = [frame for frame in rig.floor.heard[rig.session] if frame.get("channel") == "executions"]
    assert [frame["sequence"] for frame in frames] == [1, 2, 4]


def test_a_trade_may_be_told_twice() -> None:
    rig = Rig(Fault(kind=FaultKind.DUPLICATE_EVENT, nth=3))
    rig.added()
    rig.floor.trade(SELL, "64000.5", "0.02")
    first, second = (report for report in rig.floor.reports(rig.session) if "exec_id" in report)
    assert first == second


def test_an_answer_may_come_late_or_never() -> None:
    faults = (
        Fault(kind=FaultKind.DELAY_ANSWER, nth=1, delay=6 * SECOND),
        Fault(kind=FaultKind.DROP_ANSWER, nth=2),
        Fault(kind=FaultKind.DUPLICATE_ANSWER, nth=3),
    )
    rig = Rig(*faults)
    assert kinds(rig.add()) == ["pending_new", "new"]
    number = rig.floor.request_number
    rig.floor.wait(5.5)
    late = [frame for frame in rig.floor.heard[rig.session] if frame.get("req_id") == number]
    assert late == []
    rig.floor.wait(1)
    (late_answer,) = [frame for frame in rig.floor.heard[rig.session] if frame.get("req_id") == number]
    assert late_answer["success"]
    assert kinds(rig.add()) == ["pending_new", "new"]
    assert kinds(rig.add()) == ["add_order", "add_order", "pending_new", "new"]


def test_a_delayed_report_holds_back_those_behind_it() -> None:
    rig = Rig(Fault(kind=FaultKind.DELAY_EVENT, nth=1, delay=SECOND))
    assert kinds(rig.add()) == ["add_order"]
    assert kinds(rig.add()) == ["add_order"]
    rig.floor.wait(1)
    assert rig.kinds == ["pending_new", "new", "pending_new", "new"]


def test_a_placement_may_fail_or_only_seem_to() -> None:
    rig = Rig(
        Fault(kind=FaultKind.PLACE_ERROR, nth=1, code=503),
        Fault(kind=FaultKind.PLACE_ERROR_EXECUTED, nth=2, code=500),
        Fault(kind=FaultKind.CANCEL_ERROR, nth=1, code=503),
        Fault(kind=FaultKind.CANCEL_DECLINED, nth=2),
    )
    assert rig.refused() == "EService:Unavailable"
    told = rig.add()
    assert told[0]["error"] == "EGeneral:Internal error"
    assert kinds(told) == ["add_order", "pending_new", "new"]
    order_id = told[1]["data"][0]["order_id"]
    assert rig.refused("cancel_order", order_id=[order_id]) == "EService:Unavailable"
    assert rig.refused("cancel_order", order_id=[order_id]) == "EOrder:Invalid order"
    assert rig.say("cancel_order", order_id=[order_id])[0]["success"]


def test_the_socket_may_be_cut_around_a_request() -> None:
    rig = Rig(Fault(kind=FaultKind.DROP_CONNECTION, nth=2), Fault(kind=FaultKind.DROP_BEFORE, nth=1))
    assert rig.add() == []
    assert rig.floor.closed == {rig.session: None}
    assert kinds(rig.add()) == ["add_order", "pending_new", "new"]
    assert len(rig.floor.rest("OpenOrders")["result"]["open"]) == 1


def test_noise_may_come_before_an_answer() -> None:
    rig = Rig(*(Fault(kind=kind, nth=1) for kind in (FaultKind.MALFORMED, FaultKind.BINARY, FaultKind.UNKNOWN_EVENT)))
    text, binary, unknown, answer, *_ = rig.add()
    assert isinstance(text, str)
    assert isinstance(binary, bytes)
    assert unknown["channel"] == "future"
    assert answer["success"]


def test_an_error_may_come_without_its_number() -> None:
    rig = Rig(Fault(kind=FaultKind.ERROR_WITHOUT_NUMBER, nth=1))
    (answer,) = rig.add()
    assert "req_id" not in answer
    assert answer["success"] is False


def test_rest_calls_may_fail_may_seem_to_and_may_cut_the_sockets() -> None:
    faults = (
        Fault(kind=FaultKind.REST_ERROR, nth=2, code=502),
        Fault(kind=FaultKind.REST_ERROR_EXECUTED, nth=3, code=504),
        Fault(kind=FaultKind.DROP_SESSIONS, nth=4),
        Fault(kind=FaultKind.LIST_NOTHING, nth=5),
    )
    rig = Rig(*faults)  # its token was the first call
    order = "pair=XBTUSD&type=buy&ordertype=limit&volume=1&price=60000"
    content_type = "application/x-www-form-urlencoded"
    statuses = []
    for nonce in (2000, 2001):
        request = rig.floor.signed("AddOrder", f"nonce={nonce}&{order}", content_type, nonce=nonce)
        reply, outputs = rig.floor.exchange.request(request, rig.floor.now)
        rig.floor.take(outputs)
        statuses.append(reply.status)
    rig.floor.nonce = 3000
    assert statuses == [502, 504]
    assert rig.kinds == ["pending_new", "new"]
    assert len(rig.floor.rest("OpenOrders")["result"]["open"]) == 1
    assert rig.floor.closed == {rig.session: None}
    assert rig.floor.rest("OpenOrders")["result"] == {"open": {}}


def test_upgrades_may_be_refused_and_connections_be_quiet() -> None:
    floor = Floor(
        Fault(kind=FaultKind.REFUSE_TOKEN, nth=1),
        Fault(kind=FaultKind.REFUSE_UPGRADE, nth=2, code=503),
        Fault(kind=FaultKind.STOP_HEARTBEAT, nth=3),
    )
    assert [floor.open(), floor.open()] == [-401, -503]
    session = floor.open()
    floor.say(session, "subscribe", channel="executions", token=floor.token())
    floor.wait(10)
    assert {"channel": "heartbeat"} not in floor.heard[session]


@pytest.mark.parametrize("kind", list(FaultKind))
def test_every_fault_can_happen_and_the_venue_goes_on(kind: FaultKind) -> None:
    floor = Floor(*(Fault(kind=kind, nth=n, delay=SECOND) for n in range(2, 5)))
    token = floor.token()
    sessions = [session for session in (floor.open() for _ in range(5)) if session > 0]
    for session in sessions:
        floor.say(session, "subscribe", channel="executions", token=token)
    rig = Rig()
    rig.floor, rig.session, rig.token = floor, sessions[-1], token
    for number in range(5):
        rig.add(cl_ord_id=f"f-{number}")
        rig.say("cancel_order", cl_ord_id=[f"f-{number}"])
    for _ in range(4):
        body = f"nonce={floor.nonce + 1}"
        floor.nonce += 1
        request = floor.signed("OpenOrders", body, "application/x-www-form-urlencoded", nonce=floor.nonce)
        floor.take(floor.exchange.request(request, floor.now)[1])
    floor.wait(5)
    assert rig.add(cl_ord_id="last")[0]["success"]


# The market maker, the log, memory


def test_quotes_come_back_after_trades_and_follow_the_index() -> None:
    rig = Rig(quotes=True)
    for _ in range(20):
        told = rig.add(order_type="market", limit_price=None, order_qty=1.0)
        assert kinds(told)[-1] == "filled", told
    floor = rig.floor
    floor.take(floor.exchange.set_index("BTC/USD", D(50000), floor.now))
    rig.add(order_type="market", limit_price=None, order_qty=0.1)
    assert D(50000) < rig.last["avg_price"] < D(50100)
    rig.add(symbol="SOL/EUR", order_type="market", limit_price=None, order_qty=5.0)
    assert rig.last["exec_type"] == "filled"
    assert "fee_usd_equiv" not in rig.last


def test_equal_inputs_give_equal_bytes() -> None:
    def run() -> list[Any]:
        rig = Rig(quotes=True)
        rig.add(order_type="market", limit_price=None, order_qty=2.0)
        rig.floor.wait(3)
        return rig.floor.heard[rig.session]

    assert run() == run()


def test_a_replayed_log_brings_back_orders_and_balances() -> None:
    floor = Floor(quotes=True)
    log: list[str] = []
    exchange = floor.exchange

    def note(item: Any) -> None:
        line = encode_input(exchange, item, floor.now)
        if line is not None:
            log.append(line)

    form = "application/x-www-form-urlencoded"
    first = floor.signed("GetWebSocketsToken", "nonce=1", form, nonce=1)
    note(Requested(first))
    token = floor.send(first)["result"]["token"]
    note(Upgraded(SessionNumber(1), HttpRequest(method="GET", path="/v2")))
    floor.open()
    for number in range(3):
        params = {
            "symbol": "BTC/USD",
            "side": "buy",
            "order_type": "limit",
            "order_qty": 0.02,
            "limit_price": 64006.4 - 6.4 * number,
            "token": token,
        }
        text = json.dumps({"method": "add_order", "params": params, "req_id": number})
        note(Received(SessionNumber(1), text))
        floor.send_text(1, text)
    body = "nonce=2&pair=ETHUSD&type=sell&ordertype=market&volume=1"
    rest = floor.signed("AddOrder", body, form, nonce=2)
    note(Requested(rest))
    floor.send(rest)
    assert DEFAULT_SECRET not in "".join(log)
    assert "demo-key" not in "".join(log)
    fresh = Floor(quotes=True).exchange
    assert replay(fresh, log, floor.now) == 6
    assert len(exchange.ledger.executions) == 4
    assert fresh.ledger.executions == exchange.ledger.executions
    assert fresh.engine.accounts["ACCOUNT-1"].balances == exchange.engine.accounts["ACCOUNT-1"].balances
    assert list(fresh.engine.accounts["ACCOUNT-1"].open_orders) == list(
        exchange.engine.accounts["ACCOUNT-1"].open_orders
    )
    replayed = HttpRequest(
        method="POST", path="/0/private/OpenOrders", headers=(("authorization", "Bearer replayed-user-0"),)
    )
    assert fresh.request(replayed, floor.now)[0].body == b'{"error":["EAPI:Invalid key"]}'


def test_a_replayed_session_lives_as_long_as_its_pings_kept_it_alive() -> None:
    floor, log = Floor(subscription_timeout=None), []

    def note(item: ExchangeInput) -> None:
        line = encode_input(floor.exchange, item, floor.now)
        assert line is not None
        log.append(line)

    first = floor.signed("GetWebSocketsToken", "nonce=1", "application/x-www-form-urlencoded", nonce=1)
    note(Requested(first))
    token = floor.send(first)["result"]["token"]
    for number in (1, 2):
        note(Upgraded(SessionNumber(number), HttpRequest(method="GET", path="/v2")))
        floor.open()
    floor.wait(40)
    note(Pinged(SessionNumber(1)))
    floor.exchange.pinged(SessionNumber(1), floor.now)
    floor.wait(20)
    note(Ticked())
    assert floor.closed == {2: 1001}
    params = {"symbol": "BTC/USD", "side": "buy", "order_type": "limit", "order_qty": 1.0, "limit_price": 64000.0}
    text = json.dumps({"method": "add_order", "params": params | {"token": token}})
    note(Received(SessionNumber(1), text))
    floor.send_text(1, text)
    fresh = Floor(subscription_timeout=None).exchange
    assert replay(fresh, log, floor.now) == 6
    (order_id,) = floor.exchange.engine.accounts["ACCOUNT-1"].open_orders
    assert list(fresh.engine.accounts["ACCOUNT-1"].open_orders) == [order_id]


def test_memory_does_not_grow_with_the_number_of_orders() -> None:
    rig = Rig(history=10)
    for number in range(100):
        rig.added(cl_ord_id=f"m-{number}")
        rig.floor.trade(SELL, "64000.5", "0.02")
    engine = rig.floor.exchange.engine
    account = engine.accounts["ACCOUNT-1"]
    sizes = (len(engine.orders), len(account.closed_orders), len(account.fills), len(account.past_client_ids))
    assert sizes == (10, 10, 10, 10)
    assert len(rig.floor.exchange.ledger.executions) <= 20
    assert rig.floor.exchange.next_due is not None
    assert rig.refused("cancel_order", cl_ord_id=["m-99"]) == "EOrder:Invalid order"
    assert rig.refused("cancel_order", cl_ord_id=["m-1"]) == "EOrder:Invalid order"


# Properties

PRICES = st.integers(-4, 4).map(lambda ticks: D("64000.0") + ticks * D("0.1"))
QUANTITIES = st.integers(1, 30).map(lambda lots: lots * D("0.01"))
STEP = st.tuples(
    st.sampled_from(("place", "place", "iceberg", "stop", "cancel", "amend", "edit", "other", "other")),
    st.sampled_from(("buy", "sell")),
    QUANTITIES,
    PRICES,
    st.sampled_from(("gtc", "ioc", "fok")),
    st.integers(0, 5),
)


def perform(rig: Rig, orders: list[str], step: tuple[str, str, Decimal, Decimal, str, int]) -> None:
    what, side, quantity, price, tif, which = step
    terms = {"side": side, "order_qty": float(quantity), "limit_price": float(price)}
    chosen = orders[-1 - which] if which < len(orders) else "ONEVER-WASAN-ORDER1"
    actions: dict[str, Callable[[], list[Any]]] = {
        "place": lambda: rig.add(**terms, time_in_force=tif, stp_type="cancel_oldest" if which % 2 else None),
        "iceberg": lambda: rig.add(**terms, order_type="iceberg", display_qty=float((quantity + 1) / 2)),
        "stop": lambda: rig.add(
            **{**terms, "limit_price": None}, order_type="stop-loss", triggers={"price": float(price)}
        ),
        "cancel": lambda: rig.say("cancel_order", order_id=[chosen]),
        "amend": lambda: rig.say("amend_order", order_id=chosen, order_qty=float(quantity), limit_price=float(price)),
        "edit": lambda: rig.say("edit_order", order_id=chosen, symbol="BTC/USD", order_qty=float(quantity)),
    }
    if what == "other":
        rig.floor.trade(BUY if side == "buy" else SELL, str(price), str(quantity), rest=tif == "gtc")
        return
    answer = next(frame for frame in actions[what]() if frame.get("method"))
    if answer["success"] and "order_id" in answer["result"]:
        orders.append(answer["result"]["order_id"])


@settings(max_examples=80, deadline=None)
@given(st.lists(STEP, max_size=30))
def test_what_was_told_is_what_happened_and_nothing_is_made_or_lost(
    steps: list[tuple[str, str, Decimal, Decimal, str, int]],
) -> None:
    rig = Rig(users=(KrakenSpotUser(balances={"USD": D(40_000), "BTC": D("0.6")}),))
    exchange, account = rig.floor.exchange, rig.floor.exchange.engine.accounts["ACCOUNT-1"]
    orders: list[str] = []
    for step in steps:
        perform(rig, orders, step)
        assert min(account.balances.values()) >= 0
    told = [report for report in rig.floor.reports(rig.session) if report["exec_type"] == "trade"]
    happened = exchange.ledger.executions_of(exchange.client_accounts)
    assert [
        (r["exec_id"], r["order_id"], r["side"].upper(), r["last_qty"], r["last_price"], r["fees"][0]["qty"])
        for r in told
    ] == [(e.trade_id, e.venue_order_id, e.side.value, e.quantity, e.price, e.fee) for e in happened]
    assert len({report["exec_id"] for report in told}) == len(told)
    both_sides = exchange.ledger.executions
    assert sum((e.quantity if e.side is BUY else -e.quantity) for e in both_sides) == 0
    market_maker = exchange.engine.accounts["MARKET_MAKER"]
    assert account.balance("BTC") + market_maker.balance("BTC") == D("0.6")
    fees = sum((e.fee for e in happened), D(0))
    assert account.balance("USD") + market_maker.balance("USD") + fees == 40_000
    held: dict[str, Decimal] = {}
    for order in account.open_orders.values():
        if order.held is not None:
            held[order.held[0]] = held.get(order.held[0], D(0)) + order.held[1]
    assert {asset: amount for asset, amount in account.held.items() if amount} == held
    sequences = [f["sequence"] for f in rig.floor.heard[rig.session] if f.get("channel") == "executions"]
    assert sequences == list(range(1, len(sequences) + 1))
    book = exchange.engine.markets["BTC/USD"].book
    bid, offer = book.best(BUY), book.best(SELL)
    assert bid is None or offer is None or bid < offer
    rows = rig.floor.rest("OpenOrders")["result"]["open"]
    assert set(rows) == set(account.open_orders)


ODD: st.SearchStrategy[Any] = st.one_of(
    st.sampled_from(
        [
            *(None, True, 0, -1, 1, 10**30, 0.0, -1.0, 0.02, 64000.5, 1e-20, 1e29, "", "1", "buy", "sell", "last"),
            *("pct", "quote", "gtd", "ioc", "2026-07-01T12:00:30Z", "2026-13-41T99:00:00Z", "\u2603", [], {}, [1]),
        ]
    ),
    st.text(max_size=20),
)
TRIGGER = st.fixed_dictionaries({"price": ODD}, optional={"price_type": ODD, "reference": ODD})
CLOSE = st.fixed_dictionaries(
    {"order_type": st.sampled_from(("limit", "stop-loss", "trailing-stop-limit"))},
    optional={"trigger_price": ODD, "trigger_price_type": ODD, "limit_price": ODD, "limit_price_type": ODD},
)
TYPES = (
    *("limit", "market", "iceberg", "stop-loss", "stop-loss-limit", "take-profit", "take-profit-limit"),
    *("trailing-stop", "trailing-stop-limit", "settle-position"),
)
ODD_ORDER = st.fixed_dictionaries(
    {"side": st.sampled_from(("buy", "sell")), "order_type": st.sampled_from(TYPES), "order_qty": ODD},
    optional={
        "limit_price": ODD,
        "limit_price_type": ODD,
        "triggers": TRIGGER,
        "cash_order_qty": ODD,
        "time_in_force": ODD,
        "expire_time": ODD,
        "display_qty": ODD,
        "conditional": CLOSE,
        "order_userref": ODD,
        "cl_ord_id": ODD,
        "margin": st.booleans(),
        "post_only": st.booleans(),
    },
)
METHODS = (
    *("add_order", "amend_order", "edit_order", "cancel_order", "cancel_all", "cancel_all_orders_after"),
    *("batch_add", "batch_cancel", "subscribe", "unsubscribe", "ping"),
)
ODD_PARAMS = st.dictionaries(
    st.sampled_from(("order_id", "cl_ord_id", "order_qty", "limit_price", "timeout", "orders", "channel", "symbol")),
    ODD,
    max_size=4,
)
ODD_FORM = st.dictionaries(
    st.sampled_from(
        (
            "pair",
            "type",
            "ordertype",
            "volume",
            "price",
            "price2",
            "expiretm",
            "start",
            "ofs",
            "txid",
            "timeout",
            "userref",
        )
    ),
    st.one_of(
        st.sampled_from(("XBTUSD", "buy", "limit", "trailing-stop", "1", "60000", "1e999999999", "+5%")), st.text()
    ),
    max_size=8,
)
CALLS = ("AddOrder", "AmendOrder", "EditOrder", "CancelOrder", "ClosedOrders", "QueryOrders", "TradesHistory")


@settings(max_examples=80, deadline=None)
@given(
    st.lists(ODD_ORDER, max_size=4),
    st.lists(st.tuples(st.sampled_from(METHODS), ODD_PARAMS, ODD), max_size=4),
    st.lists(st.tuples(st.sampled_from(CALLS), ODD_FORM), max_size=3),
)
def test_nothing_that_is_asked_breaks_the_venue(
    orders: list[dict[str, Any]], requests: list[tuple[str, dict[str, Any], Any]], calls: list[tuple[str, Any]]
) -> None:
    rig = Rig(quotes=True, strict=False)
    for terms in orders:
        rig.say("add_order", symbol="BTC/USD", **terms)
    rig.say("batch_add", symbol="BTC/USD", orders=orders)
    for method, params, number in requests:
        frame = {"method": method, "params": {"token": rig.token, **params}, "req_id": number}
        rig.floor.send_text(rig.session, json.dumps(frame))
    for name, form in calls:
        rig.floor.rest(name, **form)
        rig.floor.rest_json(name, **form)
    rig.floor.take(rig.floor.exchange.set_index("BTC/USD", D(50000), rig.floor.now))
    rig.floor.wait(60)
    assert "result" in rig.floor.rest("OpenOrders")
    rig.say("subscribe", channel="executions")
    assert rig.say("cancel_all")[0]["success"]
