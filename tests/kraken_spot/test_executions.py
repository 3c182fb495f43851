"""Kraken Spot's execution reports, kind by kind and field by field (spec A.7 to A.11, D.1, D.2)."""

from __future__ import annotations

from typing import Any

import pytest

from protocol.facts import (
    FillsListed,
    LoggedIn,
    OrderAcknowledged,
    OrderCanceled,
    OrderExpired,
    OrderFilled,
    OrderPending,
    OrderRejected,
    OrderRemoved,
    OrderReplaced,
    OrderTriggered,
    OrderTriggerMoved,
    Trade,
    Unreadable,
)
from protocol.kraken_spot.codec import SpotWire
from protocol.kraken_spot.enumerations import order_status
from protocol.reasons import RejectReason
from protocol.values import LiquiditySide, Money, OrderStatus, OrderType, Side, TimeInForce, TriggerType

from .messages import (
    PLACED_NS,
    SEEN,
    STATUS,
    D,
    ack,
    delta,
    fill,
    heard,
    logged_in,
    new,
    new_wire,
    pending,
    snapshot,
    view,
)

SEEN_NS = 1782907205250000000


def ended(kind: str, **changes: Any) -> str:
    fields = {"exec_type": f'"{kind}"', "order_status": f'"{kind}"', "cum_qty": "0.0", "cum_cost": "0.0"}
    return delta(**(fields | {"avg_price": "0.0"} | changes))


def trade(**changes: Any) -> Trade:
    fields: dict[str, Any] = {
        "venue_order_id": "OAAAA1-BBBB2-CCCC33",
        "trade_id": "TXXXX1-YYYY2-ZZZZ33",
        "symbol": "ETH/USD",
        "side": Side.BUY,
        "price": D("3000.10"),
        "quantity": D("0.5"),
        "liquidity": LiquiditySide.MAKER,
        "time": SEEN_NS,
        "fee": Money(D("2.40008"), "USD"),
        "wire_id": "sim-0001",
    }
    return Trade(**(fields | changes))


# Reports, kind by kind (spec A.9, A.11)


def test_a_pending_order_is_no_news_but_its_id() -> None:
    (fact,) = heard(logged_in(), pending())
    assert fact == OrderPending(time=PLACED_NS, order=view(status=OrderStatus.SUBMITTED))


def test_an_order_that_is_live_is_acknowledged_with_what_its_first_report_told() -> None:
    spot = logged_in()
    heard(spot, pending())
    (fact,) = heard(spot, delta(exec_type='"new"', order_status='"new"', cl_ord_id='""'))
    assert fact == OrderAcknowledged(time=SEEN_NS, order=view())


def test_a_report_of_an_order_that_was_never_shown_names_its_id_alone() -> None:
    (fact,) = heard(logged_in(), new())
    assert isinstance(fact, OrderAcknowledged)
    shown = view(
        wire_id=None,
        symbol="",
        side=None,
        price=None,
        quantity=None,
        time_in_force=None,
        type=None,
        time=SEEN_NS,
    )
    assert fact.order == shown


STATUS_TABLE = [
    ("canceled", "new", OrderStatus.CANCELED),
    ("expired", "anything", OrderStatus.EXPIRED),
    ("filled", None, OrderStatus.FILLED),
    ("trade", "filled", OrderStatus.FILLED),
    ("trade", "partially_filled", OrderStatus.PARTIALLY_FILLED),
    ("trade", None, OrderStatus.PARTIALLY_FILLED),
    ("trade", "canceled", OrderStatus.CANCELED),
    ("pending_new", "pending_new", OrderStatus.SUBMITTED),
    ("new", "new", OrderStatus.ACCEPTED),
    ("status", "partially_filled", OrderStatus.PARTIALLY_FILLED),
    ("iceberg_refill", "filled", OrderStatus.FILLED),
    ("status", "canceled", OrderStatus.CANCELED),
    ("restated", "expired", OrderStatus.EXPIRED),
    ("status", "triggered", OrderStatus.TRIGGERED),
    ("new", None, OrderStatus.ACCEPTED),
    ("future_event", "NEW", OrderStatus.ACCEPTED),
    ("future_event", "future_status", None),
]


@pytest.mark.parametrize(("exec_type", "word", "expected"), STATUS_TABLE)
def test_where_an_order_stands_follows_from_both_words(exec_type: str, word: str, expected: OrderStatus | None) -> None:
    assert order_status(exec_type, word) is expected


def test_a_trigger_that_fired_counts_on_a_status_report_and_in_a_snapshot() -> None:
    assert order_status("status", "new", triggered=True) is OrderStatus.TRIGGERED
    assert order_status("new", "new", triggered=True) is OrderStatus.ACCEPTED
    assert order_status("new", "new", triggered=True, listed=True) is OrderStatus.TRIGGERED
    assert order_status("status", "new", triggered=True, listed=True) is OrderStatus.TRIGGERED
    assert order_status("new", "partially_filled", triggered=True, listed=True) is OrderStatus.PARTIALLY_FILLED
    assert order_status("new", "new", listed=True) is OrderStatus.ACCEPTED
    assert order_status("status", None, triggered=True) is OrderStatus.TRIGGERED
    assert order_status("status", "partially_filled", triggered=True) is OrderStatus.PARTIALLY_FILLED
    assert order_status("amended", "new", triggered=True) is OrderStatus.ACCEPTED


KINDS: dict[str, tuple[dict[str, Any], type]] = {
    "live": ({"exec_type": '"new"', "order_status": '"new"'}, OrderAcknowledged),
    "filled": ({"exec_type": '"filled"', "order_status": '"filled"', "cum_qty": "0.5"}, OrderRemoved),
    "an iceberg's next slice": ({"exec_type": '"iceberg_refill"', "order_status": '"new"'}, OrderAcknowledged),
    "canceled": ({"exec_type": '"canceled"', "order_status": '"canceled"'}, OrderCanceled),
    "expired": ({"exec_type": '"expired"', "order_status": '"expired"'}, OrderExpired),
    "amended": ({"exec_type": '"amended"', "order_status": '"new"'}, OrderReplaced),
    "restated": ({"exec_type": '"restated"', "order_status": '"new"'}, OrderReplaced),
    "amended, in no state": ({"exec_type": '"amended"', "limit_price": "3011.0"}, OrderReplaced),
    "restated, in no state": ({"exec_type": '"restated"', "limit_price": "3011.0"}, OrderReplaced),
    "pending, told by another kind": ({"exec_type": '"status"', "order_status": '"pending_new"'}, OrderPending),
    "pending, in a state that is not": ({"exec_type": '"pending_new"', "order_status": '"new"'}, OrderPending),
    "amended, in a state that we do not know": ({"exec_type": '"amended"', "order_status": '"odd"'}, OrderReplaced),
    "amended away": ({"exec_type": '"amended"', "order_status": '"canceled"'}, OrderCanceled),
    "another change": ({"exec_type": '"status"', "order_status": '"new"'}, OrderAcknowledged),
    "triggered": ({"exec_type": '"status"', "order_status": '"triggered"'}, OrderTriggered),
    "of a kind that we do not know": ({"exec_type": '"future"', "order_status": '"future"'}, OrderAcknowledged),
    "without words": ({"exec_type": None}, OrderAcknowledged),
}


@pytest.mark.parametrize("kind", KINDS)
def test_a_report_says_what_happened(kind: str) -> None:
    changes, expected = KINDS[kind]
    spot = logged_in()
    heard(spot, pending(), new())
    (fact,) = heard(spot, delta(**changes))
    shown = fact.order
    assert type(fact) is expected
    assert (shown.wire_id, shown.symbol, shown.side) == ("sim-0001", "ETH/USD", Side.BUY)


@pytest.mark.parametrize("state", [{}, {"order_status": "null"}, {"order_status": '"odd"'}], ids=str)
@pytest.mark.parametrize("kind", ["amended", "restated"])
def test_what_is_changed_is_open_where_its_report_does_not_say_so(kind: str, state: dict[str, str]) -> None:
    spot = logged_in(pending(exec_type='"new"', order_status='"new"'))
    (fact,) = heard(spot, delta(exec_type=f'"{kind}"', limit_price="3011.0", **state))
    assert (fact.order.status, fact.order.price) == (OrderStatus.ACCEPTED, D("3011.0"))


def test_an_amendment_takes_its_new_terms_in_place() -> None:
    spot = logged_in(pending(exec_type='"new"', order_status='"new"'))
    text = delta(
        exec_type='"amended"',
        order_status='"new"',
        cum_qty="0.0",
        reason='"User requested"',
        amended="true",
        order_qty="0.03",
        limit_price="3010.0",
        limit_price_type='"static"',
    )
    (fact,) = heard(spot, text)
    shown = view(quantity=D("0.03"), price=D("3010.0"), cumulative=D("0.0"), reason="User requested")
    assert fact == OrderReplaced(time=SEEN_NS, order=shown, new_venue_order_id=None, replacement=None)


@pytest.mark.parametrize("kind", ["amended", "restated"])
def test_an_amendment_that_leaves_the_quantity_out_may_have_changed_it(kind: str) -> None:
    spot = logged_in(pending(exec_type='"new"', order_status='"partially_filled"', cum_qty="0.2"))
    (fact,) = heard(spot, delta(exec_type=f'"{kind}"', order_status='"partially_filled"', limit_price="3011.0"))
    assert (fact.order.quantity, fact.order.cumulative, fact.order.price) == (None, D("0.2"), D("3011.0"))
    (traded,) = heard(spot, fill(last_qty="0.1", cum_qty="0.3"))
    assert traded.order.quantity is None
    (unknown,) = heard(logged_in(), delta(exec_type=f'"{kind}"', order_status='"new"', cum_qty="0.2", avg_price="3"))
    assert (unknown.order.quantity, unknown.order.price) == (None, None)


def test_a_cancel_says_why() -> None:
    for words in ({"reason": '"User requested"'}, {"reason": '""', "cancel_reason": '"User requested"'}):
        spot = logged_in()
        heard(spot, pending(), new())
        (fact,) = heard(spot, ended("canceled", **words))
        shown = view(status=OrderStatus.CANCELED, cumulative=D("0.0"), reason="User requested")
        assert fact == OrderCanceled(time=SEEN_NS, order=shown, reason="User requested")


def test_a_cancel_after_fills_waits_for_them() -> None:
    spot = logged_in()
    heard(spot, pending(), new(), fill(last_qty="0.4", cum_qty="0.4"))
    (fact,) = heard(spot, ended("canceled", cum_qty="0.4", cum_cost="1200.04", avg_price="3000.1"))
    assert isinstance(fact, OrderRemoved)
    assert (fact.ending, fact.filled, fact.reason) == (OrderStatus.CANCELED, D("0.4"), "")


def test_a_cancel_that_does_not_say_how_much_was_filled_remembers_it() -> None:
    spot = logged_in()
    heard(spot, pending(), new(), fill(last_qty="0.4", cum_qty="0.4"))
    (fact,) = heard(spot, delta(exec_type='"canceled"', order_status='"canceled"'))
    assert isinstance(fact, OrderRemoved)
    assert fact.filled == D("0.4")


@pytest.mark.parametrize("reason", ["Post only order", "post only order", "EOrder:Post only order"])
def test_a_post_only_order_that_never_was_live_is_rejected(reason: str) -> None:
    spot = logged_in()
    heard(spot, pending(post_only="true"))
    (fact,) = heard(spot, ended("canceled", reason=f'"{reason}"', post_only="true"))
    assert isinstance(fact, OrderRejected)
    assert (fact.why, fact.removed, fact.reason) == (RejectReason.POST_ONLY, True, reason)
    assert (fact.order.status, fact.order.post_only) == (OrderStatus.CANCELED, True)


def test_a_post_only_order_that_was_live_is_canceled() -> None:
    spot = logged_in()
    heard(spot, pending(post_only="true"), new())
    (fact,) = heard(spot, ended("canceled", reason='"Post only order"'))
    assert isinstance(fact, OrderCanceled)


def test_an_order_that_expires_says_so() -> None:
    spot = logged_in()
    heard(spot, pending(time_in_force='"GTD"', expire_time=f'"{SEEN}"'), new())
    (fact,) = heard(spot, ended("expired"))
    shown = view(status=OrderStatus.EXPIRED, time_in_force=TimeInForce.GTD, cumulative=D("0.0"))
    assert fact == OrderExpired(time=SEEN_NS, order=shown, reason="")
    spot = logged_in()
    (fact,) = heard(spot, ended("expired", cum_qty="0.1"))
    assert isinstance(fact, OrderRemoved)
    assert (fact.ending, fact.filled) == (OrderStatus.EXPIRED, D("0.1"))


def test_an_edited_order_goes_on_under_an_id_that_its_report_does_not_name() -> None:
    spot = logged_in(pending(exec_type='"new"', order_status='"new"'))
    (fact,) = heard(spot, ended("canceled", reason='"Order replaced"', cancel_reason='"Order replaced"'))
    assert isinstance(fact, OrderReplaced)
    assert (fact.new_venue_order_id, fact.replacement, fact.order.status) == (None, None, None)


# Canonical flows (spec A.11)


def story(spot: SpotWire, *reports: str) -> list[str]:
    return [type(fact).__name__ for report in reports for fact in heard(spot, report)]


FLOWS = {
    "a resting limit": ([pending(), new()], ["OrderPending", "OrderAcknowledged"]),
    "a full taker fill": (
        [pending(), new(), fill(last_qty="0.2", cum_qty="0.2"), fill(exec_id='"T-2"'), ended("filled", cum_qty="0.5")],
        ["OrderPending", "OrderAcknowledged", "OrderFilled", "OrderFilled", "OrderRemoved"],
    ),
    "a cancel": (
        [pending(), new(), ended("canceled", reason='"User requested"')],
        ["OrderPending", "OrderAcknowledged", "OrderCanceled"],
    ),
    "a post-only order that would cross": (
        [pending(), ended("canceled", reason='"Post only order"')],
        ["OrderPending", "OrderRejected"],
    ),
    "an IOC in part": (
        [pending(time_in_force='"IOC"'), new(), fill(last_qty="0.4", cum_qty="0.4"), ended("canceled", cum_qty="0.4")],
        ["OrderPending", "OrderAcknowledged", "OrderFilled", "OrderRemoved"],
    ),
    "an amendment": (
        [pending(), new(), delta(exec_type='"amended"', order_status='"new"', order_qty="0.6")],
        ["OrderPending", "OrderAcknowledged", "OrderReplaced"],
    ),
    "an edit": (
        [
            pending(),
            new(),
            ended("canceled", reason='"Order replaced"'),
            pending(order_id='"O-2"', cl_ord_id=None),
            delta(order_id='"O-2"', exec_type='"new"', order_status='"new"'),
        ],
        ["OrderPending", "OrderAcknowledged", "OrderReplaced", "OrderPending", "OrderAcknowledged"],
    ),
    "a stop": (
        [
            pending(order_type='"stop-loss"', limit_price=None, triggers='{"price":2900.0,"status":"untriggered"}'),
            new(),
            delta(exec_type='"status"', order_status='"new"', triggers='{"price":2900.0,"status":"triggered"}'),
            fill(),
            ended("filled", cum_qty="0.5"),
        ],
        ["OrderPending", "OrderAcknowledged", "OrderTriggered", "OrderFilled", "OrderRemoved"],
    ),
    "the end of a GTD": (
        [pending(time_in_force='"GTD"'), new(), ended("expired")],
        ["OrderPending", "OrderAcknowledged", "OrderExpired"],
    ),
}


@pytest.mark.parametrize("flow", FLOWS)
def test_a_flow_is_told_step_by_step(flow: str) -> None:
    reports, expected = FLOWS[flow]
    assert story(logged_in(), *reports) == expected


def test_the_marker_that_an_order_is_filled_names_the_total() -> None:
    spot = logged_in()
    heard(spot, pending(), new(), fill())
    (fact,) = heard(spot, ended("filled", cum_qty="0.50000000", cum_cost="1500.05", avg_price="3000.10"))
    assert isinstance(fact, OrderRemoved)
    assert (fact.ending, fact.filled, fact.order.status) == (OrderStatus.FILLED, D("0.5"), OrderStatus.FILLED)


def test_a_marker_without_a_total_means_the_whole_order() -> None:
    spot = logged_in()
    heard(spot, pending(), new(), fill(last_qty="0.2", cum_qty="0.2"))
    (fact,) = heard(spot, delta(exec_type='"filled"', order_status='"filled"'))
    assert fact.filled == D("0.5")
    (unknown,) = heard(spot, delta(order_id='"O-9"', exec_type='"filled"'))
    assert unknown.filled is None


def test_an_order_shows_that_it_is_by_amount_in_whatever_report_says_so() -> None:
    spot = logged_in()
    heard(spot, pending(order_type='"market"', limit_price=None, order_qty="0.0015"))
    (live,) = heard(spot, delta(exec_type='"new"', order_status='"new"', cash_order_qty="100.0"))
    assert (live.order.quantity, live.order.quote_amount) == (None, 100)


def test_a_marker_without_a_total_says_none_of_a_market_order_that_may_be_by_amount() -> None:
    spot = logged_in()
    heard(spot, pending(order_type='"market"', limit_price=None), new())
    (removed,) = heard(spot, delta(exec_type='"filled"', order_status='"filled"'))
    assert (removed.ending, removed.filled) == (OrderStatus.FILLED, None)


def test_what_is_remembered_of_an_order_goes_with_its_last_report() -> None:
    spot = logged_in(pending(exec_type='"new"', order_status='"new"'))
    assert len(spot._memory) == 1
    heard(spot, ended("canceled"))
    assert len(spot._memory) == 0
    heard(spot, pending(), fill(order_status='"filled"'))
    assert len(spot._memory) == 1  # the status in a fill ends nothing
    heard(spot, ended("filled", cum_qty="0.5"))
    assert len(spot._memory) == 0


# Fields of an order (spec A.7, A.10, D.1)


FIELDS: dict[str, tuple[dict[str, Any], dict[str, Any]]] = {
    "a limit price of zero is none": ({"limit_price": "0.0"}, {"price": None}),
    "a sell": ({"side": '"sell"'}, {"side": Side.SELL}),
    "a side that we do not know": ({"side": '"up"'}, {"side": None}),
    "market": ({"order_type": '"market"', "limit_price": None}, {"type": OrderType.MARKET, "price": None}),
    "settle-position": ({"order_type": '"settle-position"'}, {"type": OrderType.MARKET}),
    "a type that we do not know": ({"order_type": '"brand-new"'}, {"type": None}),
    "no type": ({"order_type": None}, {"type": None}),
    "an iceberg": (
        {"order_type": '"iceberg"', "display_qty": "0.1", "display_qty_remain": "0.1"},
        {"display_quantity": D("0.1")},
    ),
    "a stop": (
        {
            "order_type": '"stop-loss"',
            "triggers": '{"price":2900.0,"price_type":"static","reference":"index","status":"untriggered"}',
            "stop_price": "2900.0",
        },
        {"type": OrderType.STOP_MARKET, "trigger_price": D(2900), "trigger_type": TriggerType.INDEX},
    ),
    "a stop with a limit": (
        {"order_type": '"stop-loss-limit"', "triggers": '{"price":2900.0,"reference":"last"}'},
        {"type": OrderType.STOP_LIMIT, "trigger_price": D(2900), "trigger_type": TriggerType.LAST},
    ),
    "a take profit": (
        {"order_type": '"take-profit"', "triggers": '{"price":3900.0}'},
        {"type": OrderType.MARKET_IF_TOUCHED, "trigger_price": D(3900), "trigger_type": TriggerType.DEFAULT},
    ),
    "a take profit with a limit": (
        {"order_type": '"take-profit-limit"', "stop_price": "3900.0", "trigger": '"index"'},
        {"type": OrderType.LIMIT_IF_TOUCHED, "trigger_price": D(3900), "trigger_type": TriggerType.INDEX},
    ),
    "a trailing stop": (
        {
            "order_type": '"trailing-stop"',
            "triggers": '{"price":2.0,"price_type":"pct","reference":"last","actual_price":2940.0,"peak_price":3000.0}',
        },
        {"type": OrderType.TRAILING_STOP_MARKET, "trigger_price": D(2940), "trigger_type": TriggerType.LAST},
    ),
    "a trailing stop whose trigger is not settled": (
        {"order_type": '"trailing-stop-limit"', "triggers": '{"price":2.0,"price_type":"pct","reference":"moon"}'},
        {"type": OrderType.TRAILING_STOP_LIMIT, "trigger_price": None, "trigger_type": None},
    ),
    "a limit at a distance": (
        {"limit_price": "5.0", "limit_price_type": '"quote"', "order_type": '"trailing-stop-limit"'},
        {"price": None, "type": OrderType.TRAILING_STOP_LIMIT},
    ),
    "a limit that is a price by itself": ({"limit_price_type": None}, {}),
    "a distance that the old field repeats": (
        {
            "order_type": '"trailing-stop"',
            "limit_price": None,
            "triggers": '{"price":2.0,"price_type":"pct","reference":"last"}',
            "stop_price": "2.0",
        },
        {
            "type": OrderType.TRAILING_STOP_MARKET,
            "price": None,
            "trigger_price": None,
            "trigger_type": TriggerType.LAST,
        },
    ),
    "IOC": ({"time_in_force": '"IOC"'}, {"time_in_force": TimeInForce.IOC}),
    "fok in small letters": ({"time_in_force": '"fok"'}, {"time_in_force": TimeInForce.FOK}),
    "no time in force": ({"time_in_force": None}, {"time_in_force": TimeInForce.GTC}),
    "a time in force that we do not know": ({"time_in_force": '"GFD"'}, {"time_in_force": None}),
    "post-only": (
        {"post_only": "true", "time_in_force": '"IOC"'},
        {"post_only": True, "time_in_force": TimeInForce.GTC},
    ),
    "post-only in doubt": ({"post_only": "1"}, {}),
    "reduce-only": ({"reduce_only": "true", "margin": "true"}, {"reduce_only": True}),
    "no client id": ({"cl_ord_id": None, "order_userref": "0"}, {"wire_id": None}),
    "an empty client id": ({"cl_ord_id": '""'}, {"wire_id": None}),
    "a quote amount": (
        {"order_type": '"market"', "limit_price": None, "cash_order_qty": "100.0", "order_qty": "0.0015"},
        {"type": OrderType.MARKET, "price": None, "quantity": None, "quote_amount": D(100)},
    ),
    "the child of another order": ({"ord_ref_id": '"OPARENT"'}, {"parent": "OPARENT"}),
    "an unusable price": ({"limit_price": '"cheap"'}, {"price": None}),
    "numbers as text": ({"order_qty": '"0.5"', "limit_price": '"3000.10"'}, {}),
    "a time in nanoseconds": (
        {"timestamp": '"2026-07-01T12:00:00.000100001Z"'},
        {"time": PLACED_NS + 1},
    ),
    "no time": ({"timestamp": None}, {"time": 0}),
    "new keys": ({"brand_new": "[1]", "sender_sub_id": '"x"', "ratecount": "1.5"}, {}),
}


@pytest.mark.parametrize("kind", FIELDS)
def test_a_field_of_an_order_is_read(kind: str) -> None:
    changes, expected = FIELDS[kind]
    (fact,) = heard(logged_in(), pending(**changes))
    assert fact.order == view(status=OrderStatus.SUBMITTED, **expected)


def test_quantities_stay_exact() -> None:
    (fact,) = heard(logged_in(), pending(order_qty="0.10000000000000000001", limit_price="1e-7"))
    assert (str(fact.order.quantity), fact.order.price) == ("0.10000000000000000001", D("0.0000001"))


@pytest.mark.parametrize("change", ["limit_price", "order_qty", "display_qty"])
def test_a_number_that_no_message_can_mean_takes_nothing_back(change: str) -> None:
    spot = logged_in()
    (_, before) = heard(spot, pending(display_qty="0.1"), new())
    (after,) = heard(spot, delta(exec_type='"new"', order_status='"new"', **{change: "1e+31"}))
    assert after.order == before.order


PRICES = [
    ({"limit_price": "5.0", "avg_price": "4.0", "last_price": "3.0"}, "5", "4"),
    ({"limit_price": "0.0", "avg_price": "4.0", "last_price": "3.0"}, "4", "4"),
    ({"limit_price": None, "avg_price": "0.0", "cum_cost": "12.0", "cum_qty": "4.0"}, "3", "3"),
    ({"limit_price": None, "avg_price": "0.0", "cum_qty": "0", "last_price": "3.5"}, "3.5", "3.5"),
    ({"limit_price": None, "avg_price": "0.0", "cum_qty": "0", "last_price": None}, None, None),
]


@pytest.mark.parametrize(("changes", "price", "average"), PRICES)
def test_an_order_without_a_limit_shows_what_it_traded_at(
    changes: dict[str, Any], price: str | None, average: str | None
) -> None:
    (fact,) = heard(logged_in(), delta(exec_type='"expired"', **changes))
    assert (fact.order.price, fact.order.average_price) == (price and D(price), average and D(average))


def test_a_stop_that_moves_takes_its_trigger_along() -> None:
    spot = logged_in()
    heard(spot, pending(order_type='"trailing-stop"', limit_price=None, triggers='{"price":2.0,"price_type":"pct"}'))
    moved = '{"price":2.0,"price_type":"pct","reference":"last","actual_price":62720.0,"status":"untriggered"}'
    (fact,) = heard(spot, delta(exec_type='"status"', order_status='"new"', triggers=moved))
    assert isinstance(fact, OrderTriggerMoved)
    assert fact.order.trigger_price == 62720
    fired = '{"price":2.0,"price_type":"pct","actual_price":62800.0,"status":"triggered","last_price":62799.0}'
    where, when = heard(spot, delta(exec_type='"status"', order_status='"new"', triggers=fired))
    assert (type(where), where.order.trigger_price, type(when)) == (OrderTriggerMoved, 62800, OrderTriggered)


def test_a_distance_stays_one_where_later_reports_do_not_say_so_again() -> None:
    spot = logged_in()
    trailing = '{"price":2.0,"price_type":"pct","reference":"index","status":"untriggered"}'
    terms = {"order_type": '"trailing-stop-limit"', "limit_price": "5.0", "limit_price_type": '"quote"'}
    heard(spot, pending(triggers=trailing, **terms), new())
    (moved,) = heard(
        spot, delta(exec_type='"amended"', order_status='"new"', limit_price="6.0", triggers='{"price":3}')
    )
    assert (moved.order.price, moved.order.trigger_price, moved.order.trigger_type) == (None, None, TriggerType.INDEX)
    fired = {"limit_price": "2995.0", "limit_price_type": '"static"', "triggers": '{"status":"triggered"}'}
    (told,) = heard(spot, delta(exec_type='"status"', order_status='"new"', **fired))
    assert isinstance(told, OrderTriggered)
    assert (told.order.price, told.order.trigger_type) == (D(2995), TriggerType.INDEX)


# Fills (spec D.2)


def test_a_fill_says_what_was_traded_and_never_ends_the_order_by_its_own_word() -> None:
    for word in ('"partially_filled"', '"filled"'):
        spot = logged_in()
        heard(spot, pending(), new())
        (fact,) = heard(spot, fill(order_status=word))
        assert isinstance(fact, OrderFilled)
        assert fact.trade == trade()
        assert (fact.final, fact.event_id, fact.time) == (False, "TXXXX1-YYYY2-ZZZZ33", SEEN_NS)
        assert (fact.order.cumulative, fact.order.quantity, fact.order.price) == (D("0.5"), D("0.5"), D("3000.10"))


def test_a_fill_of_an_order_that_was_never_shown_claims_nothing_about_it() -> None:
    (fact,) = heard(logged_in(), fill())
    assert fact.trade == trade(wire_id=None)
    assert (fact.order.quantity, fact.order.symbol) == (None, "ETH/USD")


FILL_FIELDS: dict[str, tuple[dict[str, Any], dict[str, Any]]] = {
    "a taker": ({"liquidity_ind": '"t"'}, {"liquidity": LiquiditySide.TAKER}),
    "neither": ({"liquidity_ind": '"x"'}, {"liquidity": LiquiditySide.NONE}),
    "not told which": ({"liquidity_ind": None}, {"liquidity": LiquiditySide.NONE}),
    "no fees": ({"fees": "[]"}, {"fee": None}),
    "fees left out": ({"fees": None}, {"fee": None}),
    "fees that are null": ({"fees": "null"}, {"fee": None}),
    "a fee of nothing": ({"fees": '[{"asset":"USD","qty":0.0}]'}, {"fee": Money(D(0), "USD")}),
    "a rebate": ({"fees": '[{"asset":"USD","qty":-0.300010}]'}, {"fee": Money(D("-0.300010"), "USD")}),
    "a fee in base currency": ({"fees": '[{"asset":"ETH","qty":0.0008}]'}, {"fee": Money(D("0.0008"), "ETH")}),
    "a fee in XBT": ({"fees": '[{"asset":"XBT","qty":0.0008}]'}, {"fee": Money(D("0.0008"), "BTC")}),
    "several fees": (
        {"fees": '[{"asset":"USD","qty":1.5},{"asset":"ETH","qty":9},{"asset":"USD","qty":-0.25}]'},
        {"fee": Money(D("1.25"), "USD")},
    ),
    "a fee that cannot be read": ({"fees": '[{"asset":"USD","qty":"free"}]'}, {"fee": None}),
    "no side": ({"side": None}, {}),
    "no symbol": ({"symbol": None}, {}),
    "no type": ({"order_type": None}, {}),
    "a client id of its own": ({"cl_ord_id": '"sim-0001"'}, {}),
    "no time": ({"timestamp": None}, {"time": 0}),
    "numbers as text": ({"last_qty": '"0.5"', "last_price": '"3000.10"'}, {}),
    "no public number": ({"trade_id": None}, {}),
    "another kind of report": ({"exec_type": '"brand_new"'}, {}),
}


@pytest.mark.parametrize("kind", FILL_FIELDS)
def test_a_field_of_a_fill_is_read(kind: str) -> None:
    changes, expected = FILL_FIELDS[kind]
    spot = logged_in()
    heard(spot, pending(), new())
    fact = heard(spot, fill(**changes))[0]
    assert isinstance(fact, OrderFilled)
    assert fact.trade == trade(**expected)


def test_a_fill_that_comes_with_the_end_of_its_order_is_told_first() -> None:
    spot = logged_in()
    heard(spot, pending(), new())
    traded, removed = heard(spot, fill(exec_type='"filled"', order_status='"filled"'))
    assert isinstance(traded, OrderFilled)
    assert isinstance(removed, OrderRemoved)
    assert removed.filled == D("0.5")


@pytest.mark.parametrize(
    "broken",
    [
        fill(exec_id=None),
        fill(last_qty=None),
        fill(last_qty="0"),
        fill(last_price=None),
        fill(last_price='"dear"'),
    ],
)
def test_a_fill_that_cannot_be_counted_still_shows_that_something_is_missing(broken: str) -> None:
    spot = logged_in()
    heard(spot, pending(), new())
    lost, shown = heard(spot, broken)
    assert isinstance(lost, Unreadable)
    assert isinstance(shown, OrderAcknowledged)
    assert shown.order.cumulative == D("0.5")


@pytest.mark.parametrize("broken", ['"not an object"', "null", fill(order_id=None), fill(last_qty="[]")])
def test_one_bad_element_never_costs_its_neighbours(broken: str) -> None:
    facts = heard(logged_in(), fill(exec_id='"T-1"'), broken, fill(exec_id='"T-3"'))
    trades = [fact.trade.trade_id for fact in facts if isinstance(fact, OrderFilled)]
    lost = [fact for fact in facts if isinstance(fact, Unreadable)]
    assert (trades, len(lost)) == (["T-1", "T-3"], 1)


def test_one_bad_element_of_a_snapshot_never_costs_its_neighbours() -> None:
    spot = new_wire()
    spot.decode(STATUS)
    spot.decode(ack())
    listed = [pending(exec_type='"new"'), pending(order_id=None), '"nothing"', fill(last_qty=None), fill()]
    fills, login, *lost = spot.decode(snapshot(*listed))
    assert isinstance(fills, FillsListed)
    assert isinstance(login, LoggedIn)
    assert (len(fills.trades), len(login.orders)) == (1, 1)
    assert [type(fact) for fact in lost] == [Unreadable] * 3


def test_an_order_by_amount_is_complete_by_its_marker_alone() -> None:
    spot = logged_in()
    amount = pending(order_type='"market"', limit_price=None, cash_order_qty="100.0", order_qty="0.0015")
    heard(spot, amount, new())
    (traded,) = heard(spot, fill(last_qty="0.0016", cum_qty="0.0016"))
    assert (traded.final, traded.order.quantity) == (False, None)
    (removed,) = heard(spot, ended("filled", cum_qty="0.0016"))
    assert (removed.ending, removed.filled, removed.order.quantity) == (OrderStatus.FILLED, D("0.0016"), None)


def test_each_connection_begins_with_nothing_remembered() -> None:
    first, second = logged_in(pending()), logged_in()
    assert heard(first, new())[0].order.symbol == "ETH/USD"
    assert heard(second, new())[0].order.symbol == ""
