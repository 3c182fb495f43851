"""Kraken Futures' socket, message by message: the login, orders, fills, and what each text means.

Every message is typed out here, so that a mistake shared by both directions of the codec cannot hide.
"""

from __future__ import annotations

import json
from decimal import Decimal
from typing import Any

import pytest

from protocol.facts import (
    Alive,
    FillsListed,
    LoggedIn,
    LoginRefused,
    Notice,
    OrderAcknowledged,
    OrderCanceled,
    OrderExpired,
    OrderFilled,
    OrderRejected,
    OrderRemoved,
    OrderReplaced,
    OrderTriggered,
    OrderUnclear,
    OrderView,
    ReplaceRefused,
    Say,
    Trade,
    Unreadable,
)
from protocol.kraken_futures.codec import UNASKED, FuturesWire
from protocol.kraken_futures.handshake import Stage
from protocol.kraken_futures.quantity import Quantity, QuantityReader, QuantitySemantics
from protocol.kraken_futures.signing import Credentials
from protocol.reasons import RejectReason
from protocol.values import Instrument, LiquiditySide, Money, OrderStatus, OrderType, Side, TimeInForce, TriggerType

KEY = "TESTKEY"
SECRET = "Pz49PDs6OTg3NjU0MzIxMC8uLSwrKikoJyYlJCMiISAfHh0cGxoZGBcWFRQTEhEQDw4NDAsKCQgHBgUEAwIBAA=="
PLACED_AT = 1790000000000
SEEN_AT = 1790000004250
NS = 1_000_000
D = Decimal


def new_wire(**options: Any) -> FuturesWire:
    return FuturesWire(Credentials(KEY, SECRET), **options)


def logged_in(*orders: str, **options: Any) -> FuturesWire:
    """A wire whose login is done, with these orders open."""
    wire = new_wire(**options)
    for text in (
        '{"event":"info","version":1}',
        '{"event":"challenge","message":"c-1"}',
        '{"event":"subscribed","feed":"fills"}',
        '{"event":"subscribed","feed":"open_orders"}',
        '{"feed":"open_orders_snapshot","account":"acc-1","orders":[' + ",".join(orders) + "]}",
    ):
        wire.decode(text)
    return wire


def order(**changes: Any) -> str:
    """An order object as the feed writes it, with other values; None takes a key out, text is JSON as it stands."""
    fields: dict[str, Any] = {
        "instrument": '"PF_ETHUSD"',
        "time": str(PLACED_AT),
        "last_update_time": str(SEEN_AT),
        "qty": "2.50",
        "filled": "0.0",
        "limit_price": "3100.5",
        "stop_price": "0.0",
        "type": '"limit"',
        "order_id": '"ord-1"',
        "cli_ord_id": '"mine-1"',
        "direction": "0",
        "reduce_only": "false",
    }
    return "{" + ",".join(f'"{key}":{value}' for key, value in (fields | changes).items() if value is not None) + "}"


def delta(text: str, reason: str | None, *, gone: bool = False, feed: str = "open_orders") -> str:
    said = "" if reason is None else f',"reason":"{reason}"'
    return f'{{"feed":"{feed}","order":{text},"is_cancel":{json.dumps(gone)}{said}}}'


def bare(reason: str, *, client_id: str | None = "mine-1", order_id: str = "ord-1") -> str:
    named = "" if client_id is None else f',"cli_ord_id":"{client_id}"'
    return f'{{"feed":"open_orders","order_id":"{order_id}"{named},"is_cancel":true,"reason":"{reason}"}}'


def view(**changes: Any) -> OrderView:
    fields: dict[str, Any] = {
        "venue_order_id": "ord-1",
        "wire_id": "mine-1",
        "symbol": "PF_ETHUSD",
        "side": Side.BUY,
        "price": D("3100.5"),
        "quantity": D("2.50"),
        "cumulative": D("0.0"),
        "status": OrderStatus.ACCEPTED,
        "time_in_force": TimeInForce.GTC,
        "post_only": False,
        "type": OrderType.LIMIT,
        "trigger_price": None,
        "reason": "",
        "time": PLACED_AT * NS,
        "reduce_only": False,
        "trigger_type": None,
        "other_quantity": None,
    }
    return OrderView(**(fields | changes))


AT = SEEN_AT * NS


# The login (spec B.3 to B.5, E.18)


def test_the_login_goes_challenge_then_fills_then_open_orders_then_heartbeat() -> None:
    wire = new_wire()
    said = []
    for text in (
        '{"event":"info","version":1}',
        '{"event":"challenge","message":"11111111-2222-4333-8444-555555555555"}',
        '{"event":"subscribed","feed":"fills","api_key":"TESTKEY"}',
        '{"event":"subscribed","feed":"open_orders","api_key":"TESTKEY"}',
    ):
        (fact,) = wire.decode(text)
        assert isinstance(fact, Say)
        said.append(json.loads(fact.text))
    proof = {
        "api_key": KEY,
        "original_challenge": "11111111-2222-4333-8444-555555555555",
        "signed_challenge": "PjDbBGaJT7UcRUOQOE4/MPJ934SMODeLLIym4sK5S7yqM6rQnpN3rSujRA2UG04Eb9JV3onnBCkFaViEgDe5uA==",
    }
    assert said == [
        {"event": "challenge", "api_key": KEY},
        {"event": "subscribe", "feed": "fills", **proof},
        {"event": "subscribe", "feed": "open_orders", **proof},
        {"event": "subscribe", "feed": "heartbeat"},
    ]
    assert wire.stage is Stage.READY


def test_the_login_is_complete_with_the_list_of_open_orders() -> None:
    wire = logged_in()
    wire = new_wire()
    for text in (
        '{"event":"info"}',
        '{"event":"challenge","message":"c"}',
        '{"event":"subscribed","feed":"fills"}',
        '{"event":"subscribed","feed":"open_orders"}',
    ):
        assert not any(isinstance(fact, LoggedIn) for fact in wire.decode(text))
    shown = order(last_update_time=str(PLACED_AT))
    (login,) = wire.decode('{"feed":"open_orders_snapshot","account":"acc-9","orders":[' + shown + "]}")
    assert login == LoggedIn(user="acc-9", orders=(view(),), cancel_on_disconnect=False, heartbeat_timeout=None)


def test_the_snapshot_may_come_before_its_acknowledgement() -> None:
    wire = new_wire(heartbeat=False)
    wire.decode('{"event":"info"}')
    wire.decode('{"event":"challenge","message":"c"}')
    wire.decode('{"event":"subscribed","feed":"fills"}')
    assert wire.decode('{"feed":"open_orders_snapshot","account":"acc-9","orders":[]}') == (Alive(),)
    (login,) = wire.decode('{"event":"subscribed","feed":"open_orders"}')
    assert login == LoggedIn(user="acc-9", orders=(), cancel_on_disconnect=False, heartbeat_timeout=None)


@pytest.mark.parametrize(
    ("text", "unauthorized"),
    [
        ('{"event":"alert","message":"Failed to subscribe to authenticated feed"}', True),
        ('{"event":"subscribed_failed","feed":"fills"}', True),
        ('{"event":"alert","message":"Rate limit exceeded"}', False),
        ('{"event":"alert","message":"Couldn\'t subscribe to invalid feed"}', False),
        ('{"event":"alert","message":"Bad request"}', False),
        ('{"event":"error","message":"Invalid feed"}', False),
        ('{"event":"error","message":"Json Error"}', False),
    ],
)
def test_an_alert_fails_the_subscription_that_waits(text: str, unauthorized: bool) -> None:
    wire = new_wire()
    wire.decode('{"event":"info"}')
    wire.decode('{"event":"challenge","message":"c"}')
    (fact,) = wire.decode(text)
    assert isinstance(fact, LoginRefused)
    assert fact.unauthorized is unauthorized
    assert fact.reason.endswith(".")
    assert wire.stage is Stage.REFUSED


def test_a_challenge_without_a_message_ends_the_login() -> None:
    wire = new_wire()
    wire.decode('{"event":"info"}')
    (fact,) = wire.decode('{"event":"challenge"}')
    assert isinstance(fact, LoginRefused)


@pytest.mark.parametrize(
    "text",
    [
        '{"event":"alert","message":"Rate limit exceeded"}',
        '{"event":"error","message":"Json Error"}',
        '{"event":"subscribed_failed","feed":"heartbeat"}',
    ],
)
def test_an_alert_that_nobody_waits_for_is_only_noticed(text: str) -> None:
    (fact,) = logged_in().decode(text)
    assert isinstance(fact, Notice)


@pytest.mark.parametrize(
    "text",
    [
        '{"event":"pong"}',
        '{"event":"info","version":1}',
        '{"feed":"heartbeat","time":1790000000000}',
        '{"event":"unsubscribed","feed":"heartbeat"}',
        '{"event":"unsubscribed_failed","feed":"open_orders"}',
        '{"event":"challenge","message":"unasked"}',
        '{"event":"subscribed","feed":"heartbeat"}',
    ],
)
def test_a_message_without_consequences_is_a_sign_of_life(text: str) -> None:
    assert logged_in().decode(text) == (Alive(),)


def test_a_feed_that_the_venue_ends_is_subscribed_again_with_the_same_challenge() -> None:
    notice, say = logged_in().decode('{"event":"unsubscribed","feed":"fills"}')
    assert isinstance(notice, Notice)
    assert isinstance(say, Say)
    assert json.loads(say.text)["original_challenge"] == "c-1"


@pytest.mark.parametrize("feed", ["fills", "open_orders"])
@pytest.mark.parametrize(
    "text",
    [
        '{"event":"alert","message":"Failed to subscribe to authenticated feed"}',
        '{"event":"alert","message":"Rate limit exceeded"}',
        '{"event":"error","message":"Invalid feed"}',
        '{"event":"subscribed_failed","feed":"fills"}',
        '{"event":"subscribed_failed","feed":"open_orders"}',
    ],
)
def test_a_feed_that_does_not_come_back_ends_the_connection_and_not_the_session(text: str, feed: str) -> None:
    wire = logged_in()
    wire.decode(f'{{"event":"unsubscribed","feed":"{feed}"}}')
    (fact,) = wire.decode(text)
    assert isinstance(fact, LoginRefused)
    assert not fact.unauthorized
    assert wire.stage is Stage.REFUSED


def test_a_feed_that_came_back_waits_for_nothing_any_more() -> None:
    wire = logged_in()
    wire.decode('{"event":"unsubscribed","feed":"fills"}')
    assert wire.decode('{"event":"subscribed","feed":"fills"}') == (Alive(),)
    (fact,) = wire.decode('{"event":"alert","message":"Rate limit exceeded"}')
    assert isinstance(fact, Notice)
    _, say = wire.decode('{"event":"unsubscribed","feed":"fills"}')
    assert isinstance(say, Say)


def test_the_heartbeat_may_fail_while_a_feed_is_asked_for_again() -> None:
    wire = logged_in()
    wire.decode('{"event":"unsubscribed","feed":"fills"}')
    (fact,) = wire.decode('{"event":"subscribed_failed","feed":"heartbeat"}')
    assert isinstance(fact, Notice)


def test_a_feed_is_asked_for_once_however_often_it_ends() -> None:
    wire = logged_in()
    wire.decode('{"event":"unsubscribed","feed":"fills"}')
    assert wire.decode('{"event":"unsubscribed","feed":"fills"}') == (Alive(),)


def test_a_feed_that_ends_during_the_login_is_subscribed_again_as_well() -> None:
    wire = new_wire()
    for text in (
        '{"event":"info"}',
        '{"event":"challenge","message":"c"}',
        '{"event":"subscribed","feed":"fills"}',
    ):
        wire.decode(text)
    _, say = wire.decode('{"event":"unsubscribed","feed":"fills"}')
    assert isinstance(say, Say)
    assert json.loads(say.text)["feed"] == "fills"
    assert wire.decode('{"event":"subscribed","feed":"fills"}') == (Alive(),)
    assert wire.stage is Stage.OPEN_ORDERS


def test_a_subscription_that_fails_out_of_the_blue_does_not_end_the_session() -> None:
    (fact,) = logged_in().decode('{"event":"subscribed_failed","feed":"fills"}')
    assert isinstance(fact, LoginRefused)
    assert not fact.unauthorized


def test_a_later_snapshot_brings_every_order_up_to_date() -> None:
    wire = logged_in(order())
    replaced, new = wire.decode(
        '{"feed":"open_orders_snapshot","account":"acc-1","orders":['
        + order(limit_price="3000")
        + ","
        + order(order_id='"ord-2"', cli_ord_id=None)
        + "]}"
    )
    assert isinstance(replaced, OrderReplaced)
    assert replaced.order.price == 3000
    assert isinstance(new, OrderAcknowledged)
    assert (new.order.venue_order_id, new.order.wire_id) == ("ord-2", None)


# Classification (spec C.2) and what makes no sense


@pytest.mark.parametrize(
    ("text", "kind"),
    [
        ('{"feed":"heartbeat","time":1}', Alive),
        ('{"feed":"open_orders_snapshot","account":"a","orders":[' + order() + "]}", OrderAcknowledged),
        ('{"feed":"open_orders_verbose_snapshot","account":"a","orders":[' + order() + "]}", OrderAcknowledged),
        (delta(order(), "new_placed_order_by_user"), OrderAcknowledged),
        (delta(order(), "new_placed_order_by_user", feed="open_orders_verbose"), OrderAcknowledged),
        (bare("cancelled_by_user"), OrderRemoved),
        (bare("cancelled_by_user").replace("open_orders", "open_orders_verbose"), OrderRemoved),
        ('{"feed":"fills_snapshot","account":"a","fills":[]}', FillsListed),
        ('{"feed":"fills","username":"a","fills":[]}', Alive),
        ('{"feed":"ticker","bid":1}', Unreadable),
        ('{"event":"fireworks"}', Unreadable),
        ('{"event":"pong","feed":"open_orders"}', Alive),
    ],
)
def test_a_message_is_classified_by_its_first_match(text: str, kind: type) -> None:
    (fact,) = logged_in().decode(text)
    assert type(fact) is kind


@pytest.mark.parametrize(
    "text",
    [
        "",
        "restarting, please reconnect",
        "[]",
        "7",
        "null",
        "{}",
        '{"feed":null}',
        '{"feed":"fills"',
        '{"feed":"open_orders","is_cancel":true}',
        '{"feed":"open_orders","order":{"qty":1},"is_cancel":false}',
        '{"feed":"open_orders_snapshot","account":"a"}',
        '{"feed":"x","a":1e9999999999999999999}',
        '{"feed":"\\ud800"}',
        '{"feed":NaN}',
        "[" * 100_000,
        '{"a":' + "9" * 5000 + "}",
    ],
)
def test_what_makes_no_sense_is_unreadable_and_shows_how_it_begins(text: str) -> None:
    (fact,) = logged_in().decode(text)
    assert isinstance(fact, Unreadable)
    assert fact.text == text[:200]
    assert fact.why.endswith(".")


def test_a_binary_message_is_unreadable() -> None:
    (fact,) = new_wire().decode(b'{"event":"info"}')
    assert isinstance(fact, Unreadable)
    assert "binary" in fact.why


# Deltas, field by field (spec B.6, D.4)


def acknowledged(text: str, **options: Any) -> OrderView:
    fact, *_ = logged_in(**options).decode(delta(text, "new_placed_order_by_user"))
    assert isinstance(fact, OrderAcknowledged)
    assert isinstance(fact.order, OrderView)
    return fact.order


def test_a_new_order_is_acknowledged() -> None:
    (fact,) = logged_in().decode(delta(order(), "new_placed_order_by_user"))
    assert fact == OrderAcknowledged(time=AT, order=view())


FIELDS: dict[str, tuple[dict[str, Any], dict[str, Any]]] = {
    "no limit price": ({"type": '"mkt"', "limit_price": None}, {"price": None, "type": OrderType.MARKET}),
    "a limit price of zero is none": ({"limit_price": "0.0"}, {"price": None}),
    "a limit price of whole zero is none": ({"limit_price": "0"}, {"price": None}),
    "a stop price of zero is none": ({"stop_price": "0"}, {"trigger_price": None}),
    "no stop price": ({"stop_price": None}, {"trigger_price": None}),
    "a sell": ({"direction": "1"}, {"side": Side.SELL}),
    "a direction that we do not know": ({"direction": "2"}, {"side": None}),
    "a direction of another type": ({"direction": '"up"'}, {"side": None}),
    "lmt": ({"type": '"lmt"'}, {}),
    "post": ({"type": '"post"'}, {}),
    "ioc": ({"type": '"ioc"'}, {"time_in_force": TimeInForce.IOC}),
    "fok": ({"type": '"fok"'}, {"time_in_force": TimeInForce.FOK}),
    "market": ({"type": '"market"'}, {"type": OrderType.MARKET}),
    "a stop": (
        {"type": '"stop"', "limit_price": "0", "stop_price": "2900", "triggerSignal": '"mark"'},
        {"type": OrderType.STOP_MARKET, "price": None, "trigger_price": D(2900), "trigger_type": TriggerType.MARK},
    ),
    "a stop with a limit": (
        {"type": '"stp"', "stop_price": "2900", "triggerSignal": '"spot"'},
        {"type": OrderType.STOP_LIMIT, "trigger_price": D(2900), "trigger_type": TriggerType.INDEX},
    ),
    "a stop loss": (
        {"type": '"stop_loss"', "stop_price": "2900", "triggerSignal": '"index_price"'},
        {"type": OrderType.STOP_LIMIT, "trigger_price": D(2900), "trigger_type": TriggerType.INDEX},
    ),
    "a take profit": (
        {"type": '"take_profit"', "limit_price": None, "stop_price": "3900", "triggerSignal": '"last"'},
        {
            "type": OrderType.MARKET_IF_TOUCHED,
            "price": None,
            "trigger_price": D(3900),
            "trigger_type": TriggerType.LAST,
        },
    ),
    "a take profit with a limit": (
        {"type": '"take_profit"', "stop_price": "3900"},
        {"type": OrderType.LIMIT_IF_TOUCHED, "trigger_price": D(3900), "trigger_type": TriggerType.DEFAULT},
    ),
    "a trailing stop": (
        {
            "type": '"trailing_stop"',
            "limit_price": None,
            "stop_price": "2950.25",
            "triggerSignal": '"mark_price"',
            "trailing_stop_options": '{"max_deviation":5.0,"unit":"percent"}',
        },
        {
            "type": OrderType.TRAILING_STOP_MARKET,
            "price": None,
            "trigger_price": D("2950.25"),
            "trigger_type": TriggerType.MARK,
        },
    ),
    "a signal that we do not know": (
        {"stop_price": "2900", "trigger_signal": '"moon"'},
        {"trigger_price": D(2900), "trigger_type": TriggerType.LAST},
    ),
    "a signal without a stop price": ({"triggerSignal": '"mark"'}, {}),
    "a type that we do not know": ({"type": '"brand_new"'}, {"type": None}),
    "the type unknown": ({"type": '"unknown"'}, {"type": None}),
    "reduce-only": ({"reduce_only": "true"}, {"reduce_only": True}),
    "no client id": ({"cli_ord_id": None}, {"wire_id": None}),
    "an empty client id": ({"cli_ord_id": '""'}, {"wire_id": None}),
    "ids in the other spelling": (
        {"order_id": None, "orderId": '"ord-1"', "cli_ord_id": None, "cliOrdId": '"mine-1"'},
        {},
    ),
    "the symbol under its other name, in lower case": ({"instrument": None, "product_id": '"pf_ethusd"'}, {}),
    "a part of it filled": (
        {"qty": "2.0", "filled": "0.50"},
        {"cumulative": D("0.5"), "status": "part", "other_quantity": D(2)},
    ),
    "no placement time": ({"time": None}, {"time": 0}),
    "a placement time of another type": ({"time": '"noon"'}, {"time": 0}),
    "numbers as text": ({"qty": '"2.50"', "limit_price": '"3100.5"'}, {}),
    "an unusable limit price": ({"limit_price": '"cheap"'}, {"price": None}),
    "a leverage": ({"max_fixed_leverage": "10", "something_new": "[1]"}, {}),
}


@pytest.mark.parametrize("kind", FIELDS)
def test_a_field_of_an_order_is_read(kind: str) -> None:
    changes, expected = FIELDS[kind]
    if expected.get("status") == "part":
        expected = expected | {"status": OrderStatus.PARTIALLY_FILLED}
    assert acknowledged(order(**changes)) == view(**expected)


def test_quantities_stay_exact() -> None:
    shown = acknowledged(order(qty="0.10000000000000000001", limit_price="1e-7"))
    assert (str(shown.quantity), shown.price) == ("0.10000000000000000001", D("0.0000001"))


def test_a_direction_that_we_do_not_know_costs_the_side_alone_and_is_told_once() -> None:
    wire = logged_in()
    fact, notice = wire.decode(delta(order(direction="2"), "new_placed_order_by_user"))
    assert fact == OrderAcknowledged(time=AT, order=view(side=None))
    assert notice == Notice(
        text="The direction of order ord-1 is 2; only 0 (buy) and 1 (sell) have a meaning. "
        "The side of such orders is left open."
    )
    (fact,) = wire.decode(delta(order(direction="3"), "status_update"))
    assert isinstance(fact, OrderAcknowledged)


def test_a_snapshot_tells_of_a_direction_that_we_do_not_know_as_well() -> None:
    listed = order(direction="2") + "," + order(order_id='"ord-2"', direction="2")
    wire = logged_in()
    facts = wire.decode('{"feed":"open_orders_snapshot","account":"acc-1","orders":[' + listed + "]}")
    assert [type(fact) for fact in facts] == [OrderAcknowledged, OrderAcknowledged, Notice]


def test_a_delta_without_a_client_id_keeps_the_one_that_we_remember() -> None:
    wire = logged_in(order())
    (fact,) = wire.decode(delta(order(cli_ord_id=None), "status_update"))
    assert fact == OrderAcknowledged(time=AT, order=view())


# Reasons, row by row (spec B.7)

STAYING = {
    "new_placed_order_by_user": OrderAcknowledged,
    "edited_by_user": OrderReplaced,
    "partial_fill": OrderAcknowledged,
    "limit_order_from_stop": OrderAcknowledged,
    "status_update": OrderAcknowledged,
    "a_reason_from_the_future": OrderAcknowledged,
}


@pytest.mark.parametrize("reason", STAYING)
def test_an_order_that_stays_says_how_it_stands(reason: str) -> None:
    (fact,) = logged_in(order()).decode(delta(order(), reason))
    assert type(fact) is STAYING[reason]


@pytest.mark.parametrize("reason", [None, ""])
def test_without_a_reason_it_counts_whether_the_order_is_gone(reason: str | None) -> None:
    (stays,) = logged_in().decode(delta(order(), reason))
    assert isinstance(stays, OrderAcknowledged)
    (ends,) = logged_in().decode(delta(order(), reason, gone=True))
    assert isinstance(ends, OrderCanceled)


CANCELS = [
    "cancelled_by_user",
    "cancelled_by_admin",
    "market_inactive",
    "dead_man_switch",
    "not_enough_margin",
    "liquidation",
    "status_update",
    "a_reason_from_the_future",
]


@pytest.mark.parametrize("reason", CANCELS)
def test_an_order_that_is_gone_with_nothing_filled_is_canceled(reason: str) -> None:
    (fact,) = logged_in(order()).decode(delta(order(), reason, gone=True))
    assert fact == OrderCanceled(time=AT, order=view(status=OrderStatus.CANCELED, reason=reason), reason=reason)


@pytest.mark.parametrize(
    ("reason", "kind"), [("a_reason_from_the_future", OrderUnclear), ("market_inactive", OrderCanceled)]
)
def test_a_stop_that_is_gone_for_a_reason_that_nobody_knows_may_have_fired(reason: str, kind: type) -> None:
    stop = order(type='"stp"', stop_price="59000.0")
    (fact,) = logged_in(stop).decode(delta(stop, reason, gone=True))
    assert type(fact) is kind


def test_a_contract_that_matured_expires_the_order() -> None:
    (fact,) = logged_in(order()).decode(delta(order(), "contract_expired", gone=True))
    shown = view(status=OrderStatus.EXPIRED, reason="contract_expired")
    assert fact == OrderExpired(time=AT, order=shown, reason="contract_expired")


@pytest.mark.parametrize(
    ("reason", "post_only"),
    [
        ("post_order_failed_because_it_would_filled", True),
        ("post_order_failed_because_it_would_be_filled", True),
        ("ioc_order_failed_because_it_would_not_be_executed", False),
        ("would_execute_self", False),
        ("would_not_reduce_position", False),
    ],
)
def test_an_order_that_the_venue_would_not_take_is_rejected(reason: str, post_only: bool) -> None:
    never_traded = reason not in ("would_execute_self", "would_not_reduce_position")
    bare_word = [(logged_in(order()), bare(reason))] if never_traded else []
    for wire, text in ((logged_in(), delta(order(), reason, gone=True)), *bare_word):
        (fact,) = wire.decode(text)
        assert isinstance(fact, OrderRejected)
        assert (fact.reason, fact.why is RejectReason.POST_ONLY, fact.order.wire_id) == (reason, post_only, "mine-1")
        assert fact.order.status is OrderStatus.CANCELED


@pytest.mark.parametrize("gone", [True, False])
def test_an_edit_without_a_target_never_closes_the_order(gone: bool) -> None:
    (fact,) = logged_in(order()).decode(delta(order(), "order_for_edit_not_found", gone=gone))
    expected = ReplaceRefused(
        venue_order_id="ord-1",
        wire_id="mine-1",
        reason="order_for_edit_not_found",
        time=AT,
        why=RejectReason.UNKNOWN_ORDER,
    )
    assert fact == expected
    (fact,) = logged_in(order()).decode(bare("order_for_edit_not_found"))
    assert isinstance(fact, ReplaceRefused)


def test_an_edit_takes_its_new_terms_in_place() -> None:
    wire = logged_in(order(qty="1.5", filled="1.0"))
    text = order(qty="2", filled="1.0", limit_price="3050")
    (fact,) = wire.decode(delta(text, "edited_by_user"))
    shown = view(
        price=D(3050), quantity=D(3), other_quantity=D(2), cumulative=D(1), status=OrderStatus.PARTIALLY_FILLED
    )
    assert fact == OrderReplaced(time=AT, order=shown, new_venue_order_id=None, replacement=None)


def test_a_partial_fill_changes_no_terms() -> None:
    wire = logged_in(order())
    (fact,) = wire.decode(delta(order(qty="2.1", filled="0.4"), "partial_fill"))
    shown = view(cumulative=D("0.4"), status=OrderStatus.PARTIALLY_FILLED)
    assert fact == OrderAcknowledged(time=AT, order=shown)


def test_terms_that_change_with_a_fill_are_new_terms_all_the_same() -> None:
    wire = logged_in(order())
    (fact,) = wire.decode(delta(order(qty="2.1", filled="0.4", limit_price="3000"), "partial_fill"))
    assert isinstance(fact, OrderReplaced)
    assert (fact.order.price, fact.order.quantity, fact.order.cumulative) == (3000, D("2.50"), D("0.4"))


# Ends that fills precede (spec E.4, E.5)


def test_a_full_fill_is_never_a_cancel() -> None:
    for text, filled in (
        (delta(order(qty="0.0", filled="2.5"), "full_fill", gone=True), D("2.5")),
        (delta(order(qty="2.5", filled="2.5"), "full_fill", gone=True), D("2.5")),
        (bare("full_fill"), D("2.50")),
        (bare("full_fill", client_id=None), D("2.50")),
    ):
        (fact,) = logged_in(order()).decode(text)
        assert isinstance(fact, OrderRemoved)
        assert (fact.ending, fact.filled, fact.order.wire_id) == (OrderStatus.FILLED, filled, "mine-1")
        assert fact.order.status is OrderStatus.FILLED


def test_a_full_fill_of_an_order_that_was_never_shown_names_no_quantity() -> None:
    (fact,) = logged_in().decode(bare("full_fill"))
    assert isinstance(fact, OrderRemoved)
    assert (fact.ending, fact.filled, fact.order.symbol) == (OrderStatus.FILLED, None, "")


def test_an_order_that_is_removed_complete_is_filled_whatever_the_reason() -> None:
    (fact,) = logged_in(order()).decode(delta(order(qty="0", filled="2.5"), "cancelled_by_user", gone=True))
    assert isinstance(fact, OrderRemoved)
    assert fact.ending is OrderStatus.FILLED


def test_a_discarded_remainder_waits_for_the_fills_that_went_before() -> None:
    text = order(type='"ioc"', qty="1.7", filled="0.8")
    (fact,) = logged_in(order(type='"ioc"')).decode(delta(text, "partial_fill", gone=True))
    shown = view(
        status=OrderStatus.CANCELED,
        cumulative=D("0.8"),
        reason="partial_fill",
        time_in_force=TimeInForce.IOC,
    )
    assert fact == OrderRemoved(
        time=AT, order=shown, ending=OrderStatus.CANCELED, filled=D("0.8"), reason="partial_fill"
    )


@pytest.mark.parametrize("reason", ["partial_fill", "cancelled_by_user", "dead_man_switch", "status_update"])
def test_a_remainder_that_is_shown_as_nothing_was_discarded_and_not_filled(reason: str) -> None:
    (fact,) = logged_in(order()).decode(delta(order(qty="0.0", filled="0.3"), reason, gone=True))
    shown = view(status=OrderStatus.CANCELED, cumulative=D("0.3"), reason=reason)
    assert fact == OrderRemoved(time=AT, order=shown, ending=OrderStatus.CANCELED, filled=D("0.3"), reason=reason)


def test_a_full_fill_of_less_than_was_known_had_been_edited_to_that() -> None:
    (fact,) = logged_in(order()).decode(delta(order(qty="0.0", filled="0.6"), "full_fill", gone=True))
    assert isinstance(fact, OrderRemoved)
    assert (fact.ending, fact.filled, fact.order.quantity) == (OrderStatus.FILLED, D("0.6"), D("0.6"))


def test_a_full_fill_of_nothing_does_not_say_how_much_was_filled() -> None:
    for wire in (logged_in(order()), logged_in()):
        (fact,) = wire.decode(delta(order(qty="0.0", filled="0.0"), "full_fill", gone=True))
        assert isinstance(fact, OrderRemoved)
        assert (fact.ending, fact.filled) == (OrderStatus.FILLED, None)
        assert fact.order.quantity in (D("2.50"), None)


@pytest.mark.parametrize(("reason", "filled"), [("partial_fill", None), ("full_fill", D("2.50"))])
def test_an_end_that_leaves_out_what_has_filled_does_not_repeat_what_had_filled_before(
    reason: str, filled: Decimal | None
) -> None:
    wire = logged_in(order())
    wire.decode(delta(order(qty="1.5", filled="1"), "partial_fill"))
    (fact,) = wire.decode(delta(order(qty=None, filled=None), reason, gone=True))
    assert isinstance(fact, OrderRemoved)
    assert fact.filled == filled


def test_a_discarded_remainder_of_nothing_does_not_say_how_much_was_filled() -> None:
    (fact,) = logged_in(order()).decode(delta(order(), "partial_fill", gone=True))
    assert isinstance(fact, OrderRemoved)
    assert (fact.ending, fact.filled) == (OrderStatus.CANCELED, None)


def test_a_discarded_remainder_without_a_body_does_not_say_how_much_was_filled() -> None:
    (fact,) = logged_in(order()).decode(bare("partial_fill"))
    assert isinstance(fact, OrderRemoved)
    assert (fact.ending, fact.filled) == (OrderStatus.CANCELED, None)


def test_a_cancel_after_fills_waits_for_them() -> None:
    (fact,) = logged_in(order()).decode(delta(order(qty="1.5", filled="1"), "cancelled_by_user", gone=True))
    assert isinstance(fact, OrderRemoved)
    assert (fact.ending, fact.filled, fact.reason) == (OrderStatus.CANCELED, 1, "cancelled_by_user")


# Cancel-only messages (spec B.6, D.4)


def test_a_cancel_without_a_body_is_filled_in_from_memory() -> None:
    wire = logged_in(order(qty="2.5", stop_price="2900", type='"stp"', reduce_only="true"))
    (fact,) = wire.decode(bare("cancelled_by_user", client_id=None))
    shown = view(
        type=OrderType.STOP_LIMIT,
        trigger_price=D(2900),
        trigger_type=TriggerType.DEFAULT,
        reduce_only=True,
        status=OrderStatus.CANCELED,
        time_in_force=None,
        reason="cancelled_by_user",
        time=0,
    )
    assert fact == OrderRemoved(
        time=0, order=shown, ending=OrderStatus.CANCELED, filled=None, reason="cancelled_by_user"
    )


@pytest.mark.parametrize("filled", ["0", "1"])
def test_a_cancel_without_a_body_does_not_say_how_much_has_filled(filled: str) -> None:
    """What an earlier message counted may be older than the last fills."""
    (fact,) = logged_in(order(qty="1.5", filled=filled)).decode(bare("cancelled_by_user"))
    assert isinstance(fact, OrderRemoved)
    assert (fact.ending, fact.filled) == (OrderStatus.CANCELED, None)


@pytest.mark.parametrize(
    "reason", ["post_order_failed_because_it_would_filled", "ioc_order_failed_because_it_would_not_be_executed"]
)
def test_an_order_that_never_traded_has_filled_nothing_though_it_was_never_shown(reason: str) -> None:
    (fact,) = logged_in().decode(bare(reason))
    assert isinstance(fact, OrderRejected)


@pytest.mark.parametrize("reason", ["would_execute_self", "would_not_reduce_position", "cancelled_by_user", "new_word"])
def test_a_removal_of_an_order_that_was_never_shown_does_not_say_that_nothing_has_filled(reason: str) -> None:
    """It may have traded in part as it came (spec B.7): its end waits for its fills."""
    (fact,) = logged_in().decode(bare(reason))
    assert isinstance(fact, OrderRemoved)
    assert (fact.ending, fact.filled, fact.reason) == (OrderStatus.CANCELED, None, reason)
    (fact,) = logged_in().decode(delta(order(filled=None), reason, gone=True))
    assert isinstance(fact, OrderRemoved)
    assert (fact.ending, fact.filled) == (OrderStatus.CANCELED, None)


def test_a_removal_without_a_body_of_an_order_that_was_never_shown_names_its_ids_alone() -> None:
    (fact,) = logged_in().decode(bare("cancelled_by_user"))
    assert isinstance(fact, OrderRemoved)
    assert (fact.order.venue_order_id, fact.order.wire_id, fact.order.symbol) == ("ord-1", "mine-1", "")
    assert (fact.order.quantity, fact.order.cumulative, fact.order.side, fact.order.type) == (None, None, None, None)


@pytest.mark.parametrize(
    ("reason", "ending"),
    [
        ("full_fill", OrderStatus.FILLED),
        ("contract_expired", OrderStatus.EXPIRED),
        (None, OrderStatus.CANCELED),
    ],
)
def test_whether_it_is_gone_may_be_left_out(reason: str | None, ending: OrderStatus) -> None:
    said = "" if reason is None else f',"reason":"{reason}"'
    (fact,) = logged_in(order()).decode('{"feed":"open_orders","order_id":"ord-1"' + said + "}")
    assert isinstance(fact, OrderRemoved)
    assert fact.ending is ending


# Stops (spec B.7)

STOP = {"type": '"stop"', "stop_price": "2900", "direction": "1", "triggerSignal": '"mark"'}


def test_a_stop_that_fires_goes_on_under_its_own_id() -> None:
    """As the venue's history shows it: the order id stays (spec B.7)."""
    wire = logged_in(order(**STOP))
    (fired,) = wire.decode(delta(order(**STOP), "stop_order_triggered", gone=True))
    assert isinstance(fired, OrderTriggered)
    going_on = order(direction="1")
    (live,) = wire.decode(delta(going_on, "limit_order_from_stop"))
    assert isinstance(live, OrderAcknowledged)
    assert (live.order.venue_order_id, live.order.type, live.order.status) == (
        "ord-1",
        OrderType.LIMIT,
        OrderStatus.ACCEPTED,
    )
    (other,) = wire.decode(delta(order(order_id='"ord-9"', direction="1"), "new_placed_order_by_user"))
    assert isinstance(other, OrderAcknowledged), "a later order of that name does not carry the stop on"


def test_a_stop_that_fires_is_triggered_and_goes_on_as_its_child() -> None:
    wire = logged_in(order(**STOP))
    (fired,) = wire.decode(delta(order(**STOP), "stop_order_triggered", gone=True))
    assert isinstance(fired, OrderTriggered)
    assert fired.order.status is OrderStatus.TRIGGERED
    child = order(order_id='"ord-2"', direction="1", limit_price="2890")
    (carried_on,) = wire.decode(delta(child, "limit_order_from_stop"))
    shown = view(venue_order_id="ord-2", side=Side.SELL, price=D(2890))
    assert isinstance(carried_on, OrderReplaced)
    assert (carried_on.order.venue_order_id, carried_on.order.cumulative) == ("ord-1", 0)
    assert (carried_on.new_venue_order_id, carried_on.replacement) == (
        "ord-2",
        OrderView(**fields_of(shown, cumulative=D(0))),
    )


def fields_of(shown: OrderView, **changes: Any) -> dict[str, Any]:
    import attrs

    return attrs.asdict(shown, recurse=False) | changes


def test_what_the_child_of_a_stop_filled_at_once_was_not_filled_under_the_stop() -> None:
    wire = logged_in(order(**STOP))
    wire.decode(bare("stop_order_triggered"))
    child = order(order_id='"ord-2"', qty="2", filled="0.5", direction="1")
    carried_on, seen = wire.decode(delta(child, "limit_order_from_stop"))
    assert isinstance(carried_on, OrderReplaced)
    assert carried_on.replacement is not None
    assert carried_on.replacement.cumulative == 0
    assert isinstance(seen, OrderAcknowledged)
    assert seen.order.cumulative == D("0.5")


def test_the_child_of_a_stop_that_finds_nobody_to_trade_with_ends_what_the_stop_was() -> None:
    wire = logged_in(order(**STOP))
    wire.decode(delta(order(**STOP), "stop_order_triggered", gone=True))
    carried_on, ended = wire.decode(bare("ioc_order_failed_because_it_would_not_be_executed", order_id="ord-2"))
    assert isinstance(carried_on, OrderReplaced)
    assert (carried_on.order.venue_order_id, carried_on.new_venue_order_id) == ("ord-1", "ord-2")
    assert isinstance(ended, OrderRejected)
    assert (ended.order.venue_order_id, ended.removed) == ("ord-2", True)


def test_the_child_of_a_stop_whose_first_message_was_lost_continues_it_with_the_next() -> None:
    wire = logged_in(order(**STOP))
    wire.decode(bare("stop_order_triggered"))
    child = order(order_id='"ord-2"', qty="0", filled="2.5", direction="1")
    carried_on, ended = wire.decode(delta(child, "full_fill", gone=True))
    assert isinstance(carried_on, OrderReplaced)
    assert carried_on.replacement is not None
    assert (carried_on.new_venue_order_id, carried_on.replacement.cumulative) == ("ord-2", 0)
    assert isinstance(ended, OrderRemoved)
    assert (ended.ending, ended.filled) == (OrderStatus.FILLED, D("2.5"))
    assert [type(fact) for fact in wire.decode(delta(child, "full_fill", gone=True))] == [OrderRemoved]


@pytest.mark.parametrize(
    "child",
    [
        order(order_id='"ord-2"', cli_ord_id=None),
        order(order_id='"ord-2"', cli_ord_id='"another"'),
        order(),
    ],
)
def test_an_order_from_a_stop_that_names_no_stop_of_ours_is_an_order_of_its_own(child: str) -> None:
    wire = logged_in(order(**STOP))
    wire.decode(bare("stop_order_triggered"))
    facts = wire.decode(delta(child, "limit_order_from_stop"))
    assert [type(fact) for fact in facts] == [OrderAcknowledged]


# What qty means (spec B.8)

AUTO, REMAINING, TOTAL = QuantitySemantics.AUTO, QuantitySemantics.REMAINING, QuantitySemantics.TOTAL


def quantity(text: str | None) -> Quantity | None:
    """ "1.4 or 1": it is not certain."""
    return None if text is None else Quantity(*map(D, text.split(" or ")))


@pytest.mark.parametrize(
    ("qty", "filled", "known", "edited", "expected"),
    [
        ("3", "0", None, False, "3"),
        ("3", "0", "5", False, "3"),
        ("0", "0", None, False, None),
        ("0", "0", "5", False, "5"),
        ("0", "3", None, False, "3"),
        ("0.0", "3", "5", False, "5"),
        ("0", "3", "5", True, "3"),
        ("0", "5", "5", False, "5"),
        ("0", "6", "5", False, "6"),
        ("0", "3", "9 or 6", False, "9 or 6"),
        ("0.6", "0.4", "1", False, "1"),
        ("0.6", "0.4", "1", True, "1 or 0.6"),
        ("1", "0.4", "1", False, "1"),
        ("1", "0.4", "1", True, "1.4 or 1"),
        ("0.8", "0.4", "1", True, "1.2 or 0.8"),
        ("0.6", "0.4", None, False, "1.0 or 0.6"),
        ("0.5", "0.4", "1", False, "0.9 or 0.5"),
        ("0.3", "0.4", None, False, "0.7"),
        ("1", "0.4", "1.4 or 1", False, "1.4 or 1"),
        ("1", "0.7", "1.4 or 1", False, "1"),
        ("0.7", "0.7", "1.4 or 1", False, "1.4"),
        ("0.9", "0.4", "1.4 or 1", False, "1.3 or 0.9"),
        ("1", "0.7", "1.4 or 1", True, "1.7 or 1"),
    ],
)
def test_the_whole_quantity_follows_from_what_is_known(
    qty: str, filled: str, known: str | None, edited: bool, expected: str | None
) -> None:
    assert QuantityReader().read(D(qty), D(filled), quantity(known), edited=edited) == quantity(expected)


def test_an_order_that_filled_in_full_is_as_large_as_what_filled() -> None:
    assert QuantityReader().read(D(0), D("0.6"), Quantity(D(1)), complete=True) == Quantity(D("0.6"))


def test_a_reading_that_was_proved_settles_what_is_open() -> None:
    reader = QuantityReader()
    assert reader.read(D(1), D("0.4"), Quantity(D(1))) == Quantity(D(1))
    assert reader.latched is TOTAL
    assert reader.read(D(2), D("0.5"), None) == Quantity(D(2))
    assert reader.read(D(2), D("0.5"), Quantity(D(1)), edited=True) == Quantity(D(2))
    assert reader.read(D("0.6"), D("0.4"), Quantity(D(1)), edited=True) == Quantity(D("0.6"))
    assert reader.read(D("0.6"), D("0.4"), Quantity(D(1))) == Quantity(D(1))
    assert reader.latched is REMAINING
    assert reader.read(D(2), D("0.5"), None) == Quantity(D("2.5"))


def test_an_edit_proves_no_reading() -> None:
    reader = QuantityReader()
    reader.read(D("0.6"), D("0.4"), Quantity(D(1)), edited=True)
    assert reader.latched is None


@pytest.mark.parametrize(("semantics", "total"), [(REMAINING, "1.4"), (TOTAL, "1"), (AUTO, "1")])
def test_the_reading_can_be_prescribed(semantics: QuantitySemantics, total: str) -> None:
    assert QuantityReader(semantics).read(D(1), D("0.4"), Quantity(D(1))) == Quantity(D(total))


def test_quantities_are_compared_as_fine_as_the_instrument_counts() -> None:
    one = Quantity(D(1))
    assert QuantityReader().read(D("0.6000000000000001"), D("0.4"), one) == one
    assert QuantityReader().read(D("0.604"), D("0.4"), one, increment=D("0.01")) == one
    assert QuantityReader().read(D("0.604"), D("0.4"), one, increment=D("0.001")) == quantity("1.004 or 0.604")
    noisy = D("0.6000000000000001")
    assert QuantityReader().read(noisy, D("0.4"), one, edited=True) == Quantity(D(1), noisy)


def test_the_first_message_of_an_order_that_has_fills_is_not_taken_for_either_reading() -> None:
    """A marketable order's first delta, or what a snapshot shows after a reconnect, at a venue that sends totals."""
    first = order(qty="2.5", filled="1")
    for facts in (
        logged_in().decode(delta(first, "new_placed_order_by_user")),
        logged_in().decode('{"feed":"open_orders_snapshot","account":"acc-1","orders":[' + first + "]}"),
    ):
        (fact,) = facts
        assert isinstance(fact, OrderAcknowledged)
        assert (fact.order.quantity, fact.order.other_quantity) == (D("3.5"), D("2.5"))
        assert fact.order.status is OrderStatus.PARTIALLY_FILLED


@pytest.mark.parametrize(("later", "total"), [("2.5", "2.5"), ("1.5", "3.5")])
def test_the_next_message_of_the_order_proves_the_reading_and_tells_the_quantity(later: str, total: str) -> None:
    wire = logged_in(order(qty="2.5", filled="1"))
    (fact,) = wire.decode(delta(order(qty=later, filled="2"), "partial_fill"))
    assert isinstance(fact, OrderReplaced), "now it is certain, so whoever guessed must hear it"
    assert (fact.order.quantity, fact.order.other_quantity) == (D(total), None)
    (other,) = wire.decode(delta(order(order_id='"ord-2"', qty="5", filled="1"), "partial_fill"))
    assert isinstance(other, OrderAcknowledged)
    assert other.order.quantity == (5 if total == "2.5" else 6)
    assert other.order.other_quantity is None


def test_a_message_that_repeats_what_is_not_certain_brings_no_new_terms() -> None:
    wire = logged_in(order(qty="2.5", filled="1"))
    (fact,) = wire.decode(delta(order(qty="2.5", filled="1"), "status_update"))
    assert isinstance(fact, OrderAcknowledged)


def test_a_fill_of_an_order_whose_quantity_is_not_certain_does_not_tell_how_much_has_filled() -> None:
    wire = logged_in(order(qty="2.5", filled="1"))
    (fact,) = wire.decode(fills(fill(qty="0.5", remaining_order_qty="1")))
    assert isinstance(fact, OrderFilled)
    assert (fact.order.quantity, fact.order.other_quantity, fact.order.cumulative) == (D("3.5"), D("2.5"), None)


@pytest.mark.parametrize(
    ("text", "filled"),
    [
        (delta(order(qty="2.5", filled="2.5"), "full_fill", gone=True), D("2.5")),
        (delta(order(qty="0", filled="2.5"), "full_fill", gone=True), D("2.5")),
        (bare("full_fill"), None),
    ],
)
def test_an_end_never_waits_for_fills_up_to_a_quantity_that_is_not_certain(text: str, filled: Decimal | None) -> None:
    (fact,) = logged_in(order(qty="2.5", filled="2.5")).decode(text)
    assert isinstance(fact, OrderRemoved)
    assert (fact.ending, fact.filled) == (OrderStatus.FILLED, filled)


def test_an_order_is_not_complete_with_a_quantity_that_is_not_certain() -> None:
    wire = logged_in(order(qty="2.5", filled="2.5"))
    (fact,) = wire.decode(bare("cancelled_by_user"))
    assert isinstance(fact, OrderRemoved)
    assert (fact.ending, fact.order.cumulative) == (OrderStatus.CANCELED, D("2.5"))


def test_a_stream_of_whole_quantities_and_one_of_remainders_tell_the_same_story() -> None:
    told = []
    for quantities in (["2.5", "1.5", "0.5", "0.0"], ["2.5", "2.5", "2.5", "2.5"]):
        wire = logged_in()
        story = []
        for qty, filled, reason, gone in zip(
            quantities,
            ["0", "1", "2", "2.5"],
            ["new_placed_order_by_user", "partial_fill", "partial_fill", "full_fill"],
            [False, False, False, True],
            strict=True,
        ):
            (fact,) = wire.decode(delta(order(qty=qty, filled=filled), reason, gone=gone))
            assert isinstance(fact, OrderAcknowledged | OrderRemoved)
            story.append((type(fact), fact.order.quantity, fact.order.cumulative, fact.order.status))
        told.append(story)
    assert told[0] == told[1]


def test_the_switch_reaches_the_feed() -> None:
    wire = logged_in(qty_semantics=TOTAL)
    (fact,) = wire.decode(delta(order(qty="2", filled="1"), "partial_fill"))
    assert isinstance(fact, OrderAcknowledged)
    assert fact.order.quantity == 2


# Fills, field by field (spec B.9, D.5)


def fill(**changes: Any) -> str:
    fields: dict[str, Any] = {
        "instrument": '"PF_ETHUSD"',
        "time": str(SEEN_AT),
        "price": "3100.25",
        "seq": "11",
        "buy": "true",
        "qty": "0.4",
        "remaining_order_qty": "2.1",
        "order_id": '"ord-1"',
        "cli_ord_id": '"mine-1"',
        "fill_id": '"fill-1"',
        "fill_type": '"maker"',
        "fee_paid": "-0.62",
        "fee_currency": '"USD"',
        "taker_order_type": '"ioc"',
        "order_type": '"lmt"',
    }
    return "{" + ",".join(f'"{key}":{value}' for key, value in (fields | changes).items() if value is not None) + "}"


def fills(*elements: str) -> str:
    return '{"feed":"fills","username":"acc-1","fills":[' + ",".join(elements) + "]}"


def trade(**changes: Any) -> Trade:
    fields: dict[str, Any] = {
        "venue_order_id": "ord-1",
        "trade_id": "fill-1",
        "symbol": "PF_ETHUSD",
        "side": Side.BUY,
        "price": D("3100.25"),
        "quantity": D("0.4"),
        "liquidity": LiquiditySide.MAKER,
        "time": AT,
        "fee": Money(D("-0.62"), "USD"),
        "wire_id": "mine-1",
    }
    return Trade(**(fields | changes))


def test_a_fill_says_what_was_traded_and_how_much_the_order_has_filled() -> None:
    (fact,) = logged_in(order()).decode(fills(fill()))
    shown = view(cumulative=D("0.4"), status=None, time_in_force=None, time=0)
    told = OrderFilled(time=AT, order=shown, event_id="fill-1", trade=trade(), final=False, goes_on=True)
    assert fact == told, "1.1 remain, so the order is certainly not complete"


@pytest.mark.parametrize("word", ["fok", "fillOrKill", "brandNew"])
def test_the_types_that_a_fill_names_change_nothing(word: str) -> None:
    told = fills(fill(taker_order_type=f'"{word}"', order_type=f'"{word}"'))
    assert logged_in(order()).decode(told) == logged_in(order()).decode(fills(fill()))


def test_a_fill_of_an_order_that_was_never_shown_claims_nothing_about_it() -> None:
    (fact,) = logged_in().decode(fills(fill()))
    assert isinstance(fact, OrderFilled)
    assert (fact.order.quantity, fact.order.cumulative, fact.order.price, fact.order.type) == (None, None, None, None)
    assert fact.trade == trade()


@pytest.mark.parametrize(
    ("changes", "final", "cumulative"),
    [
        ({"remaining_order_qty": "0.0"}, True, D("2.50")),
        ({"remaining_order_qty": "0.1"}, False, D("2.40")),
        ({"remaining_order_qty": None}, False, None),
        ({"remaining_order_qty": "3"}, False, None),
        ({"remaining_order_qty": "-1"}, False, None),
    ],
)
def test_what_remains_tells_the_total_and_the_end(
    changes: dict[str, Any], final: bool, cumulative: Decimal | None
) -> None:
    (fact,) = logged_in(order()).decode(fills(fill(**changes)))
    assert isinstance(fact, OrderFilled)
    assert (fact.final, fact.order.cumulative) == (final, cumulative)


LIQUIDITY = {
    "maker": LiquiditySide.MAKER,
    "taker": LiquiditySide.TAKER,
    "takerAfterEdit": LiquiditySide.TAKER,
    "liquidation": LiquiditySide.NONE,
    "partialLiquidation": LiquiditySide.NONE,
    "assignee": LiquiditySide.NONE,
    "assignor": LiquiditySide.NONE,
    "unwindBankrupt": LiquiditySide.NONE,
    "unwindCounterparty": LiquiditySide.NONE,
    "fromTheFuture": LiquiditySide.NONE,
}


@pytest.mark.parametrize("word", LIQUIDITY)
def test_every_type_of_fill_is_a_fill(word: str) -> None:
    (fact,) = logged_in().decode(fills(fill(fill_type=f'"{word}"')))
    assert isinstance(fact, OrderFilled)
    assert fact.trade == trade(liquidity=LIQUIDITY[word])


FILL_FIELDS: dict[str, tuple[dict[str, Any], dict[str, Any]]] = {
    "a cost": ({"fee_paid": "1.66e-05", "fee_currency": '"ETH"'}, {"fee": Money(D("0.0000166"), "ETH")}),
    "a cost in XBT": ({"fee_paid": "0.00012", "fee_currency": '"XBT"'}, {"fee": Money(D("0.00012"), "BTC")}),
    "no currency": ({"fee_currency": None}, {}),
    "no cost named yet": ({"fee_paid": None}, {"fee": None}),
    "no cost at all": ({"fee_paid": "0.0"}, {"fee": Money(D(0), "USD")}),
    "a sell": ({"buy": "false"}, {"side": Side.SELL}),
    "no side": ({"buy": None}, {"side": None}),
    "the symbol under its other name": ({"instrument": None, "product_id": '"pf_ethusd"'}, {}),
    "an empty client id": ({"cli_ord_id": '""'}, {"wire_id": None}),
    "ids in the other spelling": (
        {
            "order_id": None,
            "cli_ord_id": None,
            "fill_id": None,
            "orderId": '"ord-1"',
            "cliOrdId": '"mine-1"',
            "fillId": '"fill-1"',
        },
        {},
    ),
    "no time": ({"time": None}, {"time": 0}),
    "no type": ({"fill_type": None}, {"liquidity": LiquiditySide.NONE}),
    "numbers as text": ({"price": '"3100.25"', "qty": '"0.4"'}, {}),
    "an unusable fee": ({"fee_paid": "[]"}, {"fee": None}),
    "an unusable sequence number": ({"seq": '"first"'}, {}),
}


@pytest.mark.parametrize("kind", FILL_FIELDS)
def test_a_field_of_a_fill_is_read(kind: str) -> None:
    changes, expected = FILL_FIELDS[kind]
    (fact,) = logged_in().decode(fills(fill(**changes)))
    assert isinstance(fact, OrderFilled)
    assert fact.trade == trade(**expected)


def test_a_fill_without_a_currency_takes_that_of_its_instrument() -> None:
    euro = Instrument(id="PF_ETHEUR.KRAKEN-FUTURES", price_increment="0.1", quote_currency="EUR")
    text = fills(fill(instrument='"PF_ETHEUR"', fee_currency=None))
    for options in ({"instruments": {"PF_ETHEUR": euro}}, {}):
        (fact,) = logged_in(**options).decode(text)
        assert isinstance(fact, OrderFilled)
        assert fact.trade.fee == Money(D("-0.62"), "EUR")


def test_a_fill_without_a_symbol_or_client_id_takes_what_its_order_had() -> None:
    wire = logged_in(order())
    wire.decode(bare("full_fill"))
    (fact,) = wire.decode(fills(fill(instrument=None, cli_ord_id=None)))
    assert isinstance(fact, OrderFilled)
    assert fact.trade == trade()


def test_a_fill_that_nobody_can_place_is_still_a_fill() -> None:
    (fact,) = logged_in().decode(fills(fill(instrument=None)))
    assert isinstance(fact, OrderFilled)
    assert fact.trade == trade(symbol="")


@pytest.mark.parametrize(
    "broken",
    [
        fill(fill_id=None),
        fill(order_id=None),
        fill(price=None),
        fill(price="0"),
        fill(qty=None),
        fill(qty="0"),
        fill(qty='"some"'),
        '"not an object"',
        "null",
    ],
)
def test_one_bad_fill_never_costs_its_neighbours(broken: str) -> None:
    facts = logged_in().decode(fills(fill(seq="1"), broken, fill(seq="3", fill_id='"fill-3"')))
    trades = [fact.trade.trade_id for fact in facts if isinstance(fact, OrderFilled)]
    lost = [fact for fact in facts if isinstance(fact, Unreadable)]
    assert (trades, len(lost)) == (["fill-1", "fill-3"], 1)


def test_one_bad_order_never_costs_its_neighbours() -> None:
    wire = new_wire()
    for text in (
        '{"event":"info"}',
        '{"event":"challenge","message":"c"}',
        '{"event":"subscribed","feed":"fills"}',
        '{"event":"subscribed","feed":"open_orders"}',
    ):
        wire.decode(text)
    listed = ",".join([order(), '"nothing"', order(order_id=None), order(order_id='"ord-2"')])
    login, *lost = wire.decode('{"feed":"open_orders_snapshot","account":"a","orders":[' + listed + "]}")
    assert isinstance(login, LoggedIn)
    assert [shown.venue_order_id for shown in login.orders] == ["ord-1", "ord-2"]
    assert [type(fact) for fact in lost] == [Unreadable, Unreadable]


def test_a_snapshot_of_fills_is_history_in_the_order_of_its_numbers() -> None:
    listed = ",".join(fill(seq=seq, fill_id=f'"fill-{seq}"') for seq in ("43", "41", "42"))
    (fact,) = logged_in().decode('{"feed":"fills_snapshot","account":"acc-1","fills":[' + listed + "]}")
    assert isinstance(fact, FillsListed)
    assert fact.request_id == UNASKED
    assert [one.trade_id for one in fact.trades] == ["fill-41", "fill-42", "fill-43"]
    assert fact.cursor is None


def test_a_snapshot_without_numbers_is_in_the_order_of_its_times() -> None:
    listed = ",".join(
        fill(seq=None, time=str(time), fill_id=f'"fill-{time}"') for time in (1790000000003, 1790000000001)
    )
    (fact,) = logged_in().decode('{"feed":"fills_snapshot","account":"acc-1","fills":[' + listed + "]}")
    assert isinstance(fact, FillsListed)
    assert [one.trade_id for one in fact.trades] == ["fill-1790000000001", "fill-1790000000003"]


def test_each_connection_begins_with_nothing_remembered() -> None:
    first, second = logged_in(order()), logged_in()
    (known,) = first.decode(bare("cancelled_by_user"))
    (unknown,) = second.decode(bare("cancelled_by_user"))
    assert isinstance(known, OrderRemoved)
    assert isinstance(unknown, OrderRemoved)
    assert (known.order.symbol, unknown.order.symbol) == ("PF_ETHUSD", "")
