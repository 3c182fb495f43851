"""What each record leaves behind of an order's fills, and which of them an adopted order counts already."""

from __future__ import annotations

from decimal import Decimal

import pytest

from protocol import events
from protocol.dispatch import tracking
from protocol.dispatch.records import Counted, Registered
from protocol.dispatch.tracking import FILLS_OF_ORDER, FORMER_IDS, TrackedOrders
from protocol.structs import evolve
from protocol.values import OrderStatus, TradeId
from protocol.window import Window

from ..order_records import (
    A7,
    FEE,
    O1,
    O2,
    O3,
    OF_EVENT,
    US,
    accepted,
    after,
    already,
    canceled,
    denied,
    filled,
    identity,
    order_after,
    order_in,
    reported,
    submitted,
    updated,
)

# What it has filled


def test_what_was_heard_under_each_of_its_ids_is_told_apart() -> None:
    order = order_after(submitted(), accepted(), filled("t1", 3, size=3))
    assert [order.heard_under(each) for each in (O1, O2)] == [Decimal(3), None]


def test_a_late_fill_of_a_former_id_counts_under_that_one() -> None:
    order = order_after(
        submitted(),
        accepted(),
        filled("t1", 3, size=3),
        updated(O2, base=5),
        filled("t2", 7, under=O2, size=4),
    )
    assert [order.heard_under(each) for each in (O1, O2)] == [Decimal(3), Decimal(4)], "of 5, 3 were heard"
    orders = after(submitted(), accepted(), filled("t1", 3, size=3), updated(O2, base=5))
    orders.fold(filled("t2", 5, size=2))
    late = order_in(orders)
    assert late.former_ids == {O1: Decimal(5)}
    assert [late.heard_under(each) for each in (O1, O2)] == [Decimal(5), Decimal(0)]


def test_more_heard_under_a_former_id_than_the_base_counts_is_the_present_ids_too() -> None:
    """An id that a late word tells of has its fills in the base, or not; the base is what the venue said."""
    order = order_after(submitted(), accepted(), filled("t1", 3, size=3), updated(O2, base=1))
    assert order.heard_under(O2) == Decimal(2)


def test_a_change_tells_the_terms_that_hold_from_now_on() -> None:
    changed = updated(O1, quantity=Decimal(8), price=Decimal(101), trigger_price=Decimal(98), base=2)
    order = order_after(submitted(), accepted(), changed)
    assert (order.quantity, order.price, order.trigger_price) == (Decimal(8), Decimal(101), Decimal(98))
    assert (order.base, order.changed_at) == (Decimal(2), 2000)


def test_a_fill_counts_binds_and_says_whether_its_fee_is_known() -> None:
    orders = after(submitted(), filled("t1", 4, size=4), filled("t2", 5, commission=None))
    order = order_in(orders)
    assert (order.cumulative, order.status, order.venue_order_id) == (Decimal(5), OrderStatus.PARTIALLY_FILLED, O1)
    assert order.fills == {(O1, "t1"): True, (O1, "t2"): False}
    assert [orders.is_fee_known(order, (O1, TradeId(each))) for each in ("t1", "t2", "t3")] == [True, False, None]
    assert (order.concluded, order.changed_at) == (False, 0)


def test_a_fee_that_follows_its_fill_is_known_from_then_on() -> None:
    fee = events.FeeReported(**OF_EVENT, trade_id=TradeId("t1"), fill_venue_order_id=O1, commission=FEE)
    orders = after(submitted(), filled("t1", 4, commission=None), fee)
    assert orders.is_fee_known(order_in(orders), (O1, TradeId("t1"))) is True


def test_the_fill_of_an_order_that_was_not_tracked_then_becomes_the_orders_own_with_its_fee() -> None:
    fee = events.FeeReported(**OF_EVENT, trade_id=TradeId("t1"), fill_venue_order_id=O1, commission=FEE)
    orders = after(reported("t1"), reported("t2", fee=FEE), Registered(identity=US, venue_order_id=O1))
    order, keys = order_in(orders), [(O1, TradeId("t1")), (O1, TradeId("t2"))]
    assert [orders.is_fee_known(of, key) for of in (None, order) for key in keys] == [False, True, False, True]
    orders.fold(fee)
    assert [orders.is_fee_known(order, key) for key in keys] == [True, True]
    assert orders.is_fee_known(None, keys[0]) is None, "the order remembers it, nobody else must"


def test_a_fill_that_was_reported_before_its_order_was_known_as_ours_is_known() -> None:
    orders = after(submitted(), reported("t1"))
    assert orders.is_fee_known(order_in(orders), (O1, TradeId("t1"))) is False


def test_fills_beyond_the_first_of_an_order_are_known_all_the_same_and_their_fees_learned() -> None:
    many = [filled(f"t{number}", number, commission=None) for number in range(1, FILLS_OF_ORDER + 3)]
    orders = after(submitted(), *many)
    order = order_in(orders)
    assert order.fills is not None
    assert len(order.fills) == FILLS_OF_ORDER
    last, first = many[-1], many[0]
    assert list(orders.later_fills) == [(O1, many[-2].trade_id), (O1, last.trade_id)]
    for told in (first, last):
        key = (O1, told.trade_id)
        assert orders.is_fee_known(order, key) is False
        orders.fold(events.FeeReported(**OF_EVENT, trade_id=told.trade_id, fill_venue_order_id=O1, commission=FEE))
        assert orders.is_fee_known(order, key) is True
    assert len(orders.later_fills) == 2, "the first ones stay with the order"


def test_what_has_slid_out_of_a_window_is_not_in_it() -> None:
    window: Window[str, int] = Window(1)
    window.put("a", 1)
    window.put("b", 2)
    assert ("a" in window, "b" in window) == (False, True)


def test_windows_are_as_large_as_they_say() -> None:
    orders = TrackedOrders()
    assert (orders.fills.capacity, orders.later_fills.capacity) == (10_000, 10_000)
    assert (orders.finished.capacity, FILLS_OF_ORDER, FORMER_IDS) == (100_000, 64, 1000)
    assert (tracking.FILL_WINDOW, tracking.FINISHED_WINDOW) == (10_000, 100_000)


# What an adopted order counts already


@pytest.mark.parametrize(
    ("untold", "time", "missing", "counts"),
    [
        (2, 10, 5, True),  # until `since`, which history shows: all of them are counted
        (2, 11, 5, True),  # between: as much as is untold
        (1, 11, 5, False),
        (1, 10, None, False),  # a message of now is not from before, whatever its time says
        (2, 20, None, True),
        (2, 21, None, False),  # after `until`
        (2, 21, 5, False),
        (None, 10, 5, True),
        (None, 11, 5, False),  # the venue counts more than was heard: it is one of those
        (None, 11, 2, False),
        (None, 11, 1, True),
        (None, 20, 0, True),
        (None, 11, None, False),  # heard live, and nobody knows
        (None, 10, None, False),
    ],
)
def test_which_executions_an_adopted_order_counts_already(
    untold: int | None, time: int, missing: int | None, counts: bool
) -> None:
    """Each is of 2."""
    counted = Counted(since=10, until=20, untold=None if untold is None else Decimal(untold))
    orders = after(Registered(identity=US, venue_order_id=O1, heard=Decimal(4), counted=counted))
    known = None if missing is None else Decimal(missing)
    assert orders.counts_already(order_in(orders), time, Decimal(2), known) is counts


def test_an_order_that_was_not_adopted_counts_nothing_already() -> None:
    orders = after(submitted(), accepted())
    assert orders.counts_already(order_in(orders), 0, Decimal(2), Decimal(0)) is False


def test_what_an_adopted_order_counts_already_is_used_up_by_the_executions_that_are_told_late() -> None:
    counted = Counted(since=10, until=20, untold=Decimal(5))
    orders = after(Registered(identity=US, venue_order_id=O1, heard=Decimal(9), counted=counted))
    orders.fold(already("t1", 11))
    assert orders.counted == {A7: evolve(counted, untold=Decimal(3))}
    assert orders.is_fee_known(order_in(orders), (O1, TradeId("t1"))) is True, "nothing more is told of it"
    orders.fold(already("t2", 10))
    assert orders.counted == {A7: evolve(counted, untold=Decimal(3))}, "until `since`, none of them was untold"
    assert orders.is_fee_known(order_in(orders), (O1, TradeId("t2"))) is None


def test_where_nobody_knows_how_much_is_untold_nothing_is_used_up() -> None:
    counted = Counted(since=10, until=20, untold=None)
    orders = after(Registered(identity=US, venue_order_id=O1, heard=Decimal(9), counted=counted), already("t1", 11))
    assert orders.counted == {A7: counted}
    assert orders.is_fee_known(order_in(orders), (O1, TradeId("t1"))) is None


def test_an_order_that_was_not_adopted_uses_nothing_up() -> None:
    orders = after(submitted(), accepted(), already("t1", 11))
    assert (orders.counted, orders.is_fee_known(order_in(orders), (O1, TradeId("t1")))) == ({}, None)


def test_what_an_order_counts_already_is_forgotten_with_it() -> None:
    counted = Counted(since=10, until=20, untold=None)
    orders = after(Registered(identity=US, venue_order_id=O1, counted=counted), finished_window=1)
    orders.fold(updated(O2))
    orders.fold(canceled())
    other = identity("a8", 8)
    for record in (submitted(other), canceled(O3, other)):
        orders.fold(record)
    assert (orders.counted, list(orders.finished)) == ({}, ["a8"])
    assert orders.by_venue_order_id(O1) is orders.by_venue_order_id(O2) is None
    assert orders.by_venue_order_id(O3) is order_in(orders, "a8")


def test_an_order_that_is_forgotten_gives_its_client_id_free() -> None:
    orders = after(submitted(), denied(), finished_window=1)
    for record in (submitted(identity("a8", 8)), canceled(O3, identity("a8", 8)), submitted(identity("b7", 7))):
        orders.fold(record)
    assert orders.by_wire_id(7) is order_in(orders, "b7")
