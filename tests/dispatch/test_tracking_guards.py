"""What each record leaves behind in the tracked orders, told to them record by record: ids, terms, life and end."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

import pytest

from protocol import events
from protocol.dispatch.records import Bound, Counted, FormerId, Record, Registered
from protocol.dispatch.tracking import FORMER_IDS, Order
from protocol.reasons import RejectReason, Why
from protocol.values import ZERO, AccountId, OrderStatus, OrderType, TimeInForce, VenueOrderId

from ..order_records import (
    A7,
    O1,
    O2,
    O3,
    OF_EVENT,
    TERMS,
    US,
    accepted,
    after,
    canceled,
    completed,
    denied,
    filled,
    identity,
    lost,
    order_after,
    order_in,
    reopened,
    submitted,
    triggered,
    updated,
)

# What an order is


def test_a_submitted_order_stands_as_it_was_sent() -> None:
    orders = after(submitted())
    order = order_in(orders)
    assert (order.identity, order.status, order.venue_order_id, order.request_id) == (
        US,
        OrderStatus.SUBMITTED,
        None,
        3,
    )
    assert (order.quantity, order.price, order.trigger_price) == (Decimal(10), Decimal(100), Decimal(99))
    assert (order.time_in_force, order.post_only, order.by_amount) == (TimeInForce.IOC, True, False)
    assert (order.accepted, order.concluded, order.cumulative, order.base, order.changed_at) == (
        False,
        False,
        ZERO,
        ZERO,
        0,
    )
    assert (order.seen_in, order.inquiry, order.reason, order.fills, order.former_ids) == (0, None, "", None, {})
    assert orders.live == orders.unnamed == {A7: order}
    assert orders.by_wire_id(7) is order
    assert len(orders.finished) == 0
    view = order.view()
    assert (view.identity, view.status, view.request_id, view.reason) == (US, OrderStatus.SUBMITTED, 3, "")
    assert (view.quantity, view.price, view.trigger_price) == (Decimal(10), Decimal(100), Decimal(99))
    assert (view.cumulative, view.time_in_force, view.venue_order_id) == (Decimal(0), TimeInForce.IOC, None)


def test_an_order_by_an_amount_of_money_is_known_as_one() -> None:
    assert order_after(submitted(quantity=None, quote_quantity=Decimal(500))).by_amount


def test_an_order_that_is_taken_over_has_the_terms_that_were_shown_and_nothing_of_a_request() -> None:
    counted = Counted(since=10, until=20, untold=Decimal(2))
    shown: dict[str, Any] = {
        "time_in_force": TimeInForce.GTC,
        "post_only": True,
        "heard": Decimal(4),
        "counted": counted,
    }
    orders = after(Registered(identity=US, venue_order_id=O1, **TERMS, **shown))
    order = order_in(orders)
    assert (order.quantity, order.price, order.trigger_price) == (Decimal(10), Decimal(100), Decimal(99))
    assert (order.time_in_force, order.post_only, order.cumulative) == (TimeInForce.GTC, True, Decimal(4))
    assert (order.request_id, order.venue_order_id, orders.counted) == (None, O1, {A7: counted})
    assert orders.unnamed == {}
    assert orders.by_venue_order_id(O1) is order


def test_an_order_of_which_nothing_is_known_but_its_id_counts_nothing_as_heard() -> None:
    orders = after(Registered(identity=US, venue_order_id=O1))
    order = order_in(orders)
    assert (order.cumulative, order.post_only, order.by_amount, orders.counted) == (Decimal(0), False, False, {})


@pytest.mark.parametrize("field", ["quantity", "price", "trigger_price"])
def test_what_the_venue_shows_closes_terms_that_were_open_and_no_others(field: str) -> None:
    shown = {"quantity": Decimal(1), "price": Decimal(2), "trigger_price": Decimal(3)}
    bound = Bound(identity=US, venue_order_id=O1, time_in_force=TimeInForce.FOK, **shown)
    order = order_after(submitted(**dict[str, Any]({field: None})), bound)
    assert {name: getattr(order, name) for name in TERMS} == {**TERMS, field: shown[field]}
    assert (order.venue_order_id, order.time_in_force) == (O1, TimeInForce.IOC)


def test_a_time_in_force_that_was_open_is_taken_from_what_the_venue_shows() -> None:
    order = order_after(
        Registered(identity=US, venue_order_id=O1),
        Bound(identity=US, venue_order_id=None, time_in_force=TimeInForce.FOK),
    )
    assert (order.venue_order_id, order.time_in_force) == (O1, TimeInForce.FOK)


@pytest.mark.parametrize(
    ("oid", "wire_id", "can_be"), [(None, None, False), (O1, None, True), (None, 7, True), (O1, 7, True)]
)
def test_one_of_its_ids_is_enough_to_name_an_order_to_the_venue(
    oid: VenueOrderId | None, wire_id: int | None, can_be: bool
) -> None:
    us = identity(wire_id=wire_id)
    assert order_after(submitted(us), Bound(identity=us, venue_order_id=oid)).can_be_named is can_be


@pytest.mark.parametrize(
    ("kind", "waits", "is_market"),
    [
        (OrderType.LIMIT, False, False),
        (OrderType.MARKET, False, True),
        (OrderType.STOP_LIMIT, True, False),
        (None, True, False),
    ],
)
def test_what_type_it_is_says_whether_it_may_wait_for_a_trigger(
    kind: OrderType | None, waits: bool, is_market: bool
) -> None:
    order = Order(identity(kind=kind))
    assert (order.may_wait, order.is_market) == (waits, is_market)


# Its ids


def test_an_order_that_has_its_venue_order_id_is_found_by_it_and_waits_for_none() -> None:
    orders = after(submitted(), accepted())
    order = order_in(orders)
    assert (order.accepted, order.status, order.venue_order_id) == (True, OrderStatus.ACCEPTED, O1)
    assert orders.unnamed == {}
    assert orders.by_venue_order_id(O1) is order
    assert order.former_ids == {}
    assert orders.find(O1, None) is orders.find(O2, 7) is order
    assert orders.find(O2, None) is orders.find(O2, 8) is None
    assert (order.is_over, order.may_be_live) == (False, False)
    assert (orders.is_of_another(order, O1), orders.is_of_another(order, O2)) == (False, False)


def test_the_venue_order_id_says_who_is_meant_whatever_client_id_stands_beside_it() -> None:
    orders = after(submitted(), accepted(), submitted(identity("a8", 8)))
    assert orders.find(O1, 8) is order_in(orders)
    assert orders.find(O2, 8) is order_in(orders, "a8")


def test_an_acceptance_that_names_no_id_leaves_the_order_without_one() -> None:
    orders = after(submitted(), accepted(None))
    assert (order_in(orders).venue_order_id, list(orders.unnamed)) == (None, [A7])


def test_an_order_is_found_by_the_ids_that_it_had_before() -> None:
    orders = after(
        submitted(), accepted(), filled("t1", 3, size=3), updated(O2, base=3), FormerId(identity=US, venue_order_id=O3)
    )
    order = order_in(orders)
    assert order.venue_order_id == O2
    assert order.former_ids == {O1: Decimal(3), O3: Decimal(0)}
    assert {orders.by_venue_order_id(each) for each in (O1, O2, O3)} == {order}
    assert [orders.is_former_id(order, each) for each in (O1, O2, O3)] == [True, False, True]
    assert not orders.is_former_id(Order(US), O1)
    assert orders.is_of_another(Order(US), O1)


def test_an_order_is_found_by_a_thousand_of_its_former_ids_the_newest_ones() -> None:
    ids = [VenueOrderId(f"v{number}") for number in range(FORMER_IDS + 2)]
    orders = after(submitted(), accepted(ids[0]), *(updated(each) for each in ids[1:]))
    order = order_in(orders)
    assert list(order.former_ids) == ids[1:-1]
    assert orders.by_venue_order_id(ids[0]) is None
    assert orders.by_venue_order_id(ids[1]) is orders.by_venue_order_id(ids[-1]) is order


def test_an_id_that_another_order_has_taken_over_stays_with_that_one() -> None:
    other = identity("a8", 8)
    orders = after(submitted(), accepted(), canceled(), submitted(other), accepted(O1, other), finished_window=1)
    orders.fold(submitted(identity("a9", 9)))
    orders.fold(canceled(O2, identity("a9", 9)))
    assert orders.by_client_order_id(A7) is None, "one that has ended is kept, and this was the older one"
    assert orders.by_venue_order_id(O1) is order_in(orders, "a8")


def test_a_client_id_on_the_wire_stays_with_the_order_that_has_it() -> None:
    orders = after(submitted(), submitted(identity("a8", 7)))
    assert orders.by_wire_id(7) is order_in(orders)
    orders.fold(canceled(O2, identity("a8", 7)))
    assert orders.by_wire_id(7) is order_in(orders), "the end of another one does not take it away"
    assert after(submitted(identity(wire_id=None))).by_wire_id(None) is None


def test_an_order_that_ended_without_a_venue_order_id_is_still_found_by_its_client_id() -> None:
    """The venue may know it after all, and then tells of it by that."""
    orders = after(submitted(), denied())
    order = order_in(orders)
    assert orders.by_wire_id(7) is order
    assert (orders.live, orders.unnamed, list(orders.finished)) == ({}, {}, [A7])
    orders.fold(filled("t1", 1, status=OrderStatus.CANCELED))
    assert orders.by_wire_id(7) is order, "what ended before ends no second time"
    assert orders.by_venue_order_id(O1) is order


def test_a_venue_order_id_once_known_is_told_again_without_a_trace() -> None:
    order = order_after(submitted(), accepted(), updated(O1), canceled(O2))
    assert (order.venue_order_id, order.former_ids) == (O1, {})


# How it lives and ends


def test_an_order_counts_as_fired_until_it_goes_on() -> None:
    orders = after(submitted(), accepted(), triggered())
    order = order_in(orders)
    assert (order.status, orders.fired) == (OrderStatus.TRIGGERED, {A7: order})
    orders.fold(filled("t1", 1))
    assert (order.status, orders.fired) == (OrderStatus.PARTIALLY_FILLED, {})
    orders.fold(triggered())
    assert order.status is OrderStatus.PARTIALLY_FILLED, "stale news"


def test_the_fired_ones_are_told_apart() -> None:
    orders = after(submitted(), accepted(), triggered(), submitted(identity("a8", 8)), accepted(O2, identity("a8", 8)))
    assert orders.fired == {A7: order_in(orders)}


def test_an_order_of_which_nobody_knows_says_why_until_it_is_known_again() -> None:
    orders = after(submitted(), lost())
    order = order_in(orders)
    assert (order.status, order.reason, orders.live) == (OrderStatus.UNKNOWN, "no answer", {A7: order})
    orders.fold(accepted())
    assert (order.status, order.reason) == (OrderStatus.ACCEPTED, "")


@pytest.mark.parametrize(
    ("ending", "status", "reason"),
    [
        (canceled(), OrderStatus.CANCELED, "asked for"),
        (events.Expired(**OF_EVENT, reason="time", cumulative=Decimal(0)), OrderStatus.EXPIRED, "time"),
        (events.Rejected(**OF_EVENT, reason="no", due_post_only=False), OrderStatus.REJECTED, "no"),
        (completed(concluded=False), OrderStatus.FILLED, ""),
    ],
    ids=lambda value: type(value).__name__,
)
def test_an_order_that_ended_says_how(ending: Record, status: OrderStatus, reason: str) -> None:
    orders = after(submitted(), accepted(), ending)
    order = order_in(orders)
    assert (order.status, order.reason, order.is_over, order.may_be_live) == (status, reason, True, False)
    assert (order.concluded, order.changed_at) == (False, 0)
    assert (orders.live, orders.unnamed, list(orders.finished)) == ({}, {}, [A7])
    assert orders.by_wire_id(7) is None
    assert orders.by_venue_order_id(O1) is order


def test_an_end_may_be_the_first_to_name_the_order_at_the_venue() -> None:
    orders = after(submitted(), canceled())
    assert orders.by_venue_order_id(O1) is order_in(orders)


@pytest.mark.parametrize(
    "ending", [completed(concluded=True), filled("t1", 10, status=OrderStatus.FILLED, concluded=True)], ids=["", "fill"]
)
def test_an_end_by_our_own_conclusion_may_be_taken_back(ending: Record) -> None:
    orders = after(submitted(), accepted(), ending)
    order = order_in(orders)
    assert (order.status, order.concluded, order.changed_at) == (OrderStatus.FILLED, True, 2000)
    assert (order.is_over, order.may_be_live) == (True, True)
    orders.fold(reopened(OrderStatus.PARTIALLY_FILLED))
    assert (order.status, order.concluded, order.may_be_live) == (OrderStatus.PARTIALLY_FILLED, False, False)
    assert (orders.live, len(orders.finished)) == ({A7: order}, 0)
    assert orders.by_wire_id(7) is order
    assert orders.unnamed == {}


def test_a_denied_order_is_not_over_and_lives_again_under_the_id_that_the_venue_shows() -> None:
    orders = after(submitted(), denied())
    order = order_in(orders)
    assert (order.status, order.reason, order.changed_at) == (OrderStatus.DENIED, "never sent", 2000)
    assert (order.is_over, order.may_be_live, order.venue_order_id) == (False, True, None)
    orders.fold(reopened(oid=None))
    assert (order.status, order.reason, orders.unnamed) == (OrderStatus.ACCEPTED, "", {A7: order})
    orders.fold(denied())
    orders.fold(reopened())
    assert (order.venue_order_id, orders.unnamed) == (O1, {})
    orders.fold(lost())
    orders.fold(reopened(oid=O2))
    assert (order.venue_order_id, order.former_ids) == (O1, {}), "which it goes on under, a change tells"


def test_only_what_dates_an_end_that_we_concluded_changes_its_time() -> None:
    ended = filled("t1", 10, status=OrderStatus.FILLED)
    order = order_after(submitted(), accepted(), ended)
    assert (order.concluded, order.changed_at, order.may_be_live) == (False, 0, False)
    same = order_after(submitted(), filled("t1", 1), filled("t2", 2, concluded=True))
    assert (same.concluded, same.changed_at) == (False, 0), "only with the end itself"


def test_a_record_of_an_order_that_is_not_known_begins_it() -> None:
    """A journal that was cut off at its head."""
    orders = after(filled("t1", 4, size=4))
    order = order_in(orders)
    assert (order.identity, order.cumulative, order.venue_order_id, order.request_id) == (US, Decimal(4), O1, None)
    assert (order.post_only, order.by_amount) == (False, False)
    assert (orders.live, orders.unnamed) == ({A7: order}, {})


def test_records_that_say_nothing_of_orders_change_nothing() -> None:
    what: dict[str, Any] = {"local_time": 1, "venue": "TEST", "account": AccountId("A"), "connection": 1}
    orders = after(submitted(), events.Connected(url="ws://test", **what))
    assert order_in(orders).status is OrderStatus.SUBMITTED
    assert list(orders.live) == [A7]


def test_why_it_was_refused_is_forgotten_with_the_refusal() -> None:
    """A venue that executes an order that it refused has the last word."""
    no = events.Rejected(**OF_EVENT, reason="no", due_post_only=False, why=RejectReason.PRICE)
    assert order_after(submitted(), no).view().why is RejectReason.PRICE
    assert order_after(submitted(), denied()).view().why is Why.NOT_CONNECTED
    late = filled("t1", 10, size=10, status=OrderStatus.FILLED)
    for refusal in (no, denied()):
        state = order_after(submitted(), refusal, late).view()
        assert (state.status, state.why) == (OrderStatus.FILLED, None)
