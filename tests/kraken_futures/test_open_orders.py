"""Messages of Kraken Futures about open orders: fields, reasons, ends and stops (spec B.6, B.7, D.4)."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

import msgspec
import pytest

from protocol.facts import (
    Notice,
    OrderAcknowledged,
    OrderCanceled,
    OrderExpired,
    OrderRejected,
    OrderRemoved,
    OrderReplaced,
    OrderTriggered,
    OrderUnclear,
    OrderView,
    ReplaceRefused,
)
from protocol.reasons import RejectReason
from protocol.values import OrderStatus, OrderType, Side, TimeInForce, TriggerType, VenueOrderId

from .feeds import AT, D, bare, delta, logged_in, order, view


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
        venue_order_id=VenueOrderId("ord-1"),
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
    assert (fact.order.price, fact.order.quantity, fact.order.cumulative) == (D(3000), D("2.50"), D("0.4"))


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
    assert (fact.ending, fact.filled, fact.reason) == (OrderStatus.CANCELED, D(1), "cancelled_by_user")


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
    assert (carried_on.order.venue_order_id, carried_on.order.cumulative) == ("ord-1", D(0))
    assert (carried_on.new_venue_order_id, carried_on.replacement) == (
        "ord-2",
        OrderView(**fields_of(shown, cumulative=D(0))),
    )


def fields_of(shown: OrderView, **changes: Any) -> dict[str, Any]:
    return msgspec.structs.asdict(shown) | changes


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
    assert (carried_on.new_venue_order_id, carried_on.replacement.cumulative) == ("ord-2", D(0))
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
