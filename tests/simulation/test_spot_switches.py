"""What the simulated Kraken Spot can be told to do: unproven points in both positions, chosen texts, costs."""

from __future__ import annotations

import re
from decimal import Decimal
from typing import Any

import attrs
import pytest

from protocol.simulation.exchange import HttpReply, HttpRequest, Refuse, SessionNumber
from protocol.simulation.kraken_spot import KrakenSpotExchangeSettings, KrakenSpotUser, proxy_page
from protocol.values import Side

from ..spot_floor import Floor, Rig

D = Decimal
BUY, SELL = Side.BUY, Side.SELL
NEVER_WAS = "ONEVER-WASAN-ORDER1"
ORDER: dict[str, Any] = {"pair": "XBTUSD", "type": "buy", "ordertype": "limit", "volume": "0.02", "price": "59000"}
REBATE = (KrakenSpotUser(maker_fee=D("-0.0002")),)


def filled_maker(**options: Any) -> Any:
    """The report of a trade of 6000 EUR, as maker."""
    rig = Rig(**options)
    rig.added(symbol="SOL/EUR", order_qty=40.0, limit_price=150.0)
    rig.floor.trade(SELL, "150.00", "40", symbol="SOL/EUR")
    return rig.floor.reports(rig.session)[2]


def test_every_setting_is_explained() -> None:
    explained = KrakenSpotExchangeSettings.__doc__ or ""
    names = set(attrs.fields_dict(KrakenSpotExchangeSettings)) - {"users", "pairs"}  # their classes explain these
    assert {name for name in names if not re.search(rf"\b{name}\b", explained)} == set()


# Fees


def test_a_rebate_is_a_negative_fee() -> None:
    assert filled_maker(users=REBATE)["fees"] == [{"asset": "EUR", "qty": D("-1.2")}]


def test_a_rebate_may_not_be_told() -> None:
    assert filled_maker(users=REBATE, rebates="empty")["fees"] == []
    assert filled_maker(rebates="empty")["fees"] == [{"asset": "EUR", "qty": D("9.6")}]


def test_a_rebate_is_paid() -> None:
    rig = Rig(users=(KrakenSpotUser(maker_fee=D("-0.0002"), balances={"EUR": D(6020)}),))
    rig.added(symbol="SOL/EUR", order_qty=40.0, limit_price=150.0)
    rig.floor.trade(SELL, "150.00", "40", symbol="SOL/EUR")
    assert rig.floor.rest("Balance")["result"]["ZEUR"] == "21.2000"
    (execution,) = rig.floor.exchange.ledger.executions_of({"ACCOUNT-1"})
    assert execution.fee == D("-1.2")


def test_a_fee_of_nothing_is_told_as_such() -> None:
    assert filled_maker(users=(KrakenSpotUser(maker_fee=D(0)),))["fees"] == [{"asset": "EUR", "qty": 0}]


@pytest.mark.parametrize(("setting", "fees"), [("missing", None), ("empty", [])])
def test_fees_may_not_be_told_at_all(setting: str, fees: list[Any] | None) -> None:
    rig = Rig(trade_fees=setting)
    rig.added()
    rig.floor.trade(SELL, "64000.5", "0.02")
    trade = rig.floor.reports(rig.session)[2]
    assert trade.get("fees") == fees
    assert "fee_usd_equiv" not in trade
    (row,) = rig.floor.rest("TradesHistory")["result"]["trades"].values()
    assert row["fee"] == "2.048016"


# Triggers


@pytest.mark.parametrize("kind", ["status", "new"])
def test_a_snapshot_shows_a_trigger_that_has_fired(kind: str) -> None:
    rig = Rig(fired_snapshot=kind)
    order_id = rig.added(
        side="sell",
        order_type="stop-loss-limit",
        limit_price=63900.0,
        triggers={"price": 63500.0, "reference": "index"},
        cl_ord_id="sim-0009",
    )
    rig.floor.wait(9)
    rig.floor.take(rig.floor.exchange.set_index("BTC/USD", D("63498.7"), rig.floor.now))
    _, snapshot = rig.floor.say(rig.session, "subscribe", channel="executions", token=rig.token)
    (row,) = snapshot["data"]
    assert (row["order_id"], row["exec_type"], row["order_status"]) == (order_id, kind, "new")
    assert row["timestamp"] == ("2026-07-01T12:00:09.000000Z" if kind == "status" else "2026-07-01T12:00:00.000000Z")
    assert row["triggers"] == {
        "price": 63500,
        "price_type": "static",
        "reference": "index",
        "actual_price": 63500,
        "last_price": D("63498.7"),
        "status": "triggered",
        "timestamp": "2026-07-01T12:00:09.000000Z",
    }


def test_a_trailing_stop_tells_where_its_trigger_stands_from_the_first_report_on() -> None:
    rig = Rig()
    rig.floor.trade(BUY, "60000", "1", rest=True)
    order_id = rig.added(
        side="sell",
        order_type="trailing-stop",
        limit_price=None,
        triggers={"price": 2.0, "price_type": "pct", "reference": "index"},
    )
    pending = rig.floor.reports(rig.session)[0]
    assert pending["triggers"] == {
        "reference": "index",
        "price": 2,
        "price_type": "pct",
        "actual_price": 62720,
        "peak_price": 64000,
        "status": "untriggered",
    }
    rig.floor.take(rig.floor.exchange.set_index("BTC/USD", D("65000"), rig.floor.now))
    assert (rig.last["exec_type"], rig.last["order_id"], rig.last["order_status"]) == ("status", order_id, "new")
    assert (rig.last["triggers"]["actual_price"], rig.last["triggers"]["peak_price"]) == (63700, 65000)
    assert rig.last["triggers"]["status"] == "untriggered"
    (row,) = rig.floor.rest("OpenOrders")["result"]["open"].values()
    assert (row["stopprice"], row["trigger"], row["misc"]) == ("63700.00000", "index", "")


# Texts


@pytest.mark.parametrize("text", ["EOrder:Invalid order", "EOrder:Unknown order"])
def test_an_order_that_is_gone_and_one_that_never_was_are_refused_alike(text: str) -> None:
    rig = Rig(gone_error=text)
    gone = rig.added(cl_ord_id="gone", order_userref=None)
    rig.say("cancel_order", order_id=[gone])
    for order_id in (gone, NEVER_WAS):
        assert rig.refused("cancel_order", order_id=[order_id]) == text
        assert rig.refused("amend_order", order_id=order_id, order_qty=1.0) == text
        assert rig.refused("edit_order", order_id=order_id, symbol="BTC/USD", order_qty=1.0) == text
        assert rig.floor.rest("CancelOrder", txid=order_id) == {"error": [text]}
        assert rig.floor.rest("AmendOrder", txid=order_id, order_qty="1") == {"error": [text]}
        assert rig.floor.rest("EditOrder", txid=order_id, pair="XBTUSD", volume="1") == {"error": [text]}
    for name in ("gone", "nobody"):
        assert rig.refused("cancel_order", cl_ord_id=[name]) == text
        assert rig.floor.rest("CancelOrder", cl_ord_id=name) == {"error": [text]}
    assert rig.refused("cancel_order", order_userref=[7]) == text


@pytest.mark.parametrize("text", ["EAuth:Rate limit exceeded", "EAuth:Too many requests", "EAPI:Rate limit exceeded"])
def test_the_nth_call_for_a_token_is_throttled(text: str) -> None:
    floor = Floor(errors={"GetWebSocketsToken": {2: text}})
    answers = [floor.rest("GetWebSocketsToken") for _ in range(3)]
    assert [answer["error"] for answer in answers] == [[], [text], []]


METHODS: dict[str, dict[str, Any]] = {
    "add_order": {"symbol": "BTC/USD", "side": "buy", "order_type": "limit", "order_qty": 0.1, "limit_price": 59000.0},
    "amend_order": {"order_id": NEVER_WAS, "order_qty": 1.0},
    "edit_order": {"order_id": NEVER_WAS, "symbol": "BTC/USD"},
    "cancel_order": {"order_id": [NEVER_WAS]},
    "cancel_all": {},
    "cancel_all_orders_after": {"timeout": 60},
    "batch_add": {"symbol": "BTC/USD", "orders": []},
    "batch_cancel": {"orders": []},
    "subscribe": {"channel": "executions"},
    "unsubscribe": {"channel": "executions"},
}


@pytest.mark.parametrize("method", METHODS)
def test_any_method_of_the_socket_is_refused_by_any_text(method: str) -> None:
    rig = Rig()
    rig.floor.exchange.refuse_next(method, "EService:Busy")
    (refused,) = rig.say(method, **METHODS[method])
    assert (refused["method"], refused["success"], refused["error"]) == (method, False, "EService:Busy")
    assert rig.floor.exchange.engine.orders == {}
    answer = rig.say(method, **METHODS[method])[0]
    assert answer.get("error") != "EService:Busy"


def test_a_ping_is_refused_by_any_text() -> None:
    rig = Rig()
    rig.floor.exchange.refuse_next("ping", "EService:Busy")
    (refused,) = rig.floor.send_text(rig.session, '{"method":"ping","req_id":5}')
    assert (refused["method"], refused["req_id"], refused["success"]) == ("ping", 5, False)


@pytest.mark.parametrize(
    "call",
    [
        *("AddOrder", "AddOrderBatch", "AmendOrder", "EditOrder", "CancelOrder", "CancelOrderBatch", "CancelAll"),
        *("CancelAllOrdersAfter", "OpenOrders", "ClosedOrders", "QueryOrders", "TradesHistory", "QueryTrades"),
        *("OrderAmends", "Balance", "BalanceEx", "GetWebSocketsToken"),
    ],
)
def test_any_call_is_refused_by_any_text_and_not_executed(call: str) -> None:
    floor = Floor(errors={call: {2: "EGeneral:Temporary lockout"}})
    form = ORDER if call == "AddOrder" else {}
    first = floor.rest(call, **form)
    assert floor.rest(call, **form) == {"error": ["EGeneral:Temporary lockout"]}
    assert floor.rest(call, **form)["error"] == first["error"]
    assert len(floor.rest("OpenOrders" if call != "OpenOrders" else "ClosedOrders")["error"]) == 0
    placed = len(floor.exchange.engine.accounts["ACCOUNT-1"].open_orders)
    assert placed == (2 if call == "AddOrder" else 0)


def test_public_calls_are_refused_by_any_text_too() -> None:
    floor = Floor()
    floor.exchange.refuse_next("AssetPairs", "EService:Unavailable")
    assert floor.public("AssetPairs") == {"error": ["EService:Unavailable"]}
    assert floor.public("AssetPairs")["error"] == []


# HTTP


def reply(floor: Floor, call: str) -> HttpReply:
    floor.nonce += 1
    body = f"nonce={floor.nonce}"
    return floor.reply(floor.signed(call, body, "application/x-www-form-urlencoded", nonce=floor.nonce))


def test_a_call_may_meet_the_proxy_in_front_of_the_venue() -> None:
    page = proxy_page(429, retry_after=7)
    floor = Floor(http_replies={"CancelAll": {2: page}})
    assert reply(floor, "CancelAll").status == 200
    throttled = reply(floor, "CancelAll")
    assert (throttled.status, throttled.headers) == (429, (("retry-after", "7"),))
    assert throttled.content_type == "text/html"
    assert throttled.body.startswith(b"<html>")
    assert reply(floor, "CancelAll").status == 200


def test_the_next_call_may_get_any_reply_and_is_not_executed() -> None:
    rig = Rig()
    rig.added()
    date = "Wed, 01 Jul 2026 12:01:00 GMT"
    rig.floor.exchange.reply_next("CancelAll", proxy_page(503, retry_after=date))
    answered = reply(rig.floor, "CancelAll")
    assert (answered.status, answered.headers) == (503, (("retry-after", date),))
    assert rig.kinds[-1] == "new"
    assert reply(rig.floor, "CancelAll").status == 200
    assert rig.kinds[-1] == "canceled"


def test_an_upgrade_may_be_refused_with_any_reply() -> None:
    floor = Floor(http_replies={"v2": {1: proxy_page(429, retry_after=30)}})
    request = HttpRequest(method="GET", path="/v2")
    decision, _ = floor.exchange.upgrade(SessionNumber(1), request, floor.now)
    assert isinstance(decision, Refuse)
    assert (decision.reply.status, decision.reply.headers) == (429, (("retry-after", "30"),))
    assert floor.open() == 1


# Shapes


def test_the_trading_counter_has_either_name() -> None:
    for name, other in (("ratecount", "rate_count"), ("rate_count", "ratecount")):
        rig = Rig(ratecounter_field=name, subscribe={"ratecounter": True})
        rig.added()
        assert rig.last[name] == 1
        assert other not in rig.last


def test_trades_may_need_the_order_status() -> None:
    for flows, kinds in ((True, ["new", "trade", "filled"]), (False, ["new", "filled"])):
        rig = Rig(trades_without_status=flows, subscribe={"order_status": False})
        rig.added()
        rig.floor.trade(SELL, "64000.5", "0.02")
        assert rig.kinds == kinds


def test_a_leg_that_fails_may_be_left_out() -> None:
    legs = [
        {"side": "buy", "order_type": "limit", "order_qty": quantity, "limit_price": 59000.0, "cl_ord_id": name}
        for quantity, name in ((0.01, "a"), (100000.0, "b"), (0.02, "c"))
    ]
    told = Rig().say("batch_add", symbol="BTC/USD", orders=legs)[0]["result"]
    assert [leg.get("error") for leg in told] == [None, "EOrder:Insufficient funds", None]
    left = Rig(failed_legs="left out").say("batch_add", symbol="BTC/USD", orders=legs)[0]["result"]
    assert [leg["cl_ord_id"] for leg in left] == ["a", "c"]


def test_an_order_without_a_name_may_have_the_tag_zero() -> None:
    rig = Rig(zero_userref=True)
    rig.added()
    assert rig.last["order_userref"] == 0
    rig.added(cl_ord_id="named")
    assert "order_userref" not in rig.last


def test_descriptions_may_name_their_class() -> None:
    floor = Floor(pair_class=True)
    floor.rest("AddOrder", **ORDER)
    (row,) = floor.rest("OpenOrders")["result"]["open"].values()
    assert row["descr"]["aclass"] == "forex"


# What things cost


def counted(rig: Rig, symbol: str = "BTC/USD") -> Decimal:
    rates = rig.floor.exchange.engine.accounts["ACCOUNT-1"].rates
    return rates.pair(symbol, rig.floor.now.monotonic_ns).at(rig.floor.now.monotonic_ns)


def test_cancel_all_counts_once_in_each_market_with_an_order() -> None:
    rig = Rig()
    for symbol, price in (("BTC/USD", 59000.0), ("BTC/USD", 59001.0), ("ETH/USD", 2900.0)):
        rig.added(symbol=symbol, limit_price=price, order_qty=0.1)
    assert (counted(rig), counted(rig, "ETH/USD"), counted(rig, "SOL/EUR")) == (D(2), D(1), D(0))
    rig.say("cancel_all")
    assert (counted(rig), counted(rig, "ETH/USD"), counted(rig, "SOL/EUR")) == (D(3), D(2), D(0))
    assert rig.floor.rest("CancelAll")["result"] == {"count": 0}
    assert counted(rig) == 3


def test_the_dead_mans_switch_counts_where_the_account_has_traded() -> None:
    rig = Rig()
    rig.added()
    rig.say("cancel_all_orders_after", timeout=60)
    assert (counted(rig), counted(rig, "ETH/USD")) == (D(2), D(0))
    rig.floor.rest("CancelAllOrdersAfter", timeout="0")
    assert counted(rig) == 3


def spent(floor: Floor, *calls: tuple[str, dict[str, Any]]) -> Decimal:
    """On the REST counter of the demo key."""
    for name, form in calls:
        floor.rest(name, **form)
    rates = floor.exchange.engine.accounts["ACCOUNT-1"].rates
    return rates.rest("demo-key", floor.now.monotonic_ns).at(floor.now.monotonic_ns)


@pytest.mark.parametrize(
    ("call", "form", "cost"),
    [
        ("TradesHistory", {}, 2),
        ("Ledgers", {}, 2),
        ("QueryLedgers", {"id": "L"}, 2),
        ("ClosedOrders", {}, 1),
        ("OpenOrders", {}, 1),
        ("OpenOrders", {"cl_ord_id": "a"}, 2),
        ("ClosedOrders", {"cl_ord_id": "a"}, 2),
        ("QueryOrders", {"txid": "O"}, 1),
        ("QueryTrades", {"txid": "T"}, 1),
        ("Balance", {}, 1),
        ("AddOrder", ORDER, 0),
        ("CancelOrder", {"txid": NEVER_WAS}, 0),
        ("GetWebSocketsToken", {}, 1),
    ],
)
def test_calls_count_as_documented(call: str, form: dict[str, str], cost: int) -> None:
    assert spent(Floor(), (call, form)) == cost


def test_histories_may_still_count_four() -> None:
    assert spent(Floor(history_cost=4), ("TradesHistory", {}), ("ClosedOrders", {})) == 5


def test_each_key_has_a_counter_of_its_own() -> None:
    users = (KrakenSpotUser(tier="starter"), KrakenSpotUser(api_key="second", tier="starter"))
    floor = Floor(users=users, rate_limit=True)
    answers = [floor.rest("TradesHistory")["error"] for _ in range(8)]
    assert answers == [[]] * 7 + [["EAPI:Rate limit exceeded"]]
    assert floor.rest("TradesHistory", who=("second", users[1].api_secret))["error"] == []


@pytest.mark.parametrize(("tier", "most"), [("starter", 60), ("intermediate", 125), ("pro", 180)])
def test_the_acknowledgement_tells_the_limit_of_the_tier(tier: str, most: int) -> None:
    rig = Rig(users=(KrakenSpotUser(tier=tier),))
    ack = next(frame for frame in rig.floor.heard[rig.session] if frame.get("method") == "subscribe")
    assert ack["result"]["maxratecount"] == most
