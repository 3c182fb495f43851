"""What is remembered of orders and fills: registration, lookup, windows that slide."""

from __future__ import annotations

from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from protocol.dispatch.tracking import FILL_WINDOW, FILLS_OF_ORDER
from protocol.values import ClientOrderId, OrderStatus, Side, VenueOrderId
from protocol.window import Window

from ..order_life import Rig, acknowledged, canceled, replaced, traded


def test_a_registered_order_is_found_with_its_identity() -> None:
    rig = Rig()
    rig.place("a1")
    order = rig.state.orders.by_client_order_id(ClientOrderId("a1"))
    assert order is not None
    assert (order.identity.strategy, order.identity.side) == ("default", Side.BUY)


def test_an_order_that_is_not_tracked_is_not_found() -> None:
    assert Rig().state.orders.by_client_order_id(ClientOrderId("a1")) is None


def test_acceptance_is_remembered_and_a_second_one_changes_nothing() -> None:
    rig = Rig()
    rig.place("a1")
    order = rig.state.orders.live[ClientOrderId("a1")]
    before = order.accepted
    rig.hear(acknowledged("v1", 1))
    assert (before, order.accepted) == (False, True)
    assert rig.hear(acknowledged("v1", 1)) == []


def test_an_order_remembers_its_first_fills_itself_and_those_beyond_slide_through_a_window() -> None:
    """The seed's own case: one more than fits evicts one, it does not empty the window."""
    window = FILL_WINDOW
    rig = Rig(fill_window=1)
    rig.place("a1", quantity=100_000)
    rig.hear(acknowledged("v1", 1, quantity=Decimal(100_000)))
    for number in range(FILLS_OF_ORDER + window + 1):
        rig.hear(traded("v1", f"t{number}", 1, number + 1, 1))
    orders = rig.state.orders
    order = orders.by_client_order_id(ClientOrderId("a1"))
    assert order is not None
    assert order.fills is not None
    assert [trade_id for _, trade_id in order.fills] == [f"t{number}" for number in range(FILLS_OF_ORDER)]
    assert [trade_id for _, trade_id in orders.later_fills] == [f"t{FILLS_OF_ORDER + n}" for n in range(1, window + 1)]


def test_a_fill_is_recognised_as_long_as_its_order_is_remembered_however_many_others_there_were() -> None:
    rig = Rig(fill_window=1)
    rig.place("a1", quantity=1_000)
    rig.hear(acknowledged("v1", 1, quantity=Decimal(1_000)))
    for number in range(FILLS_OF_ORDER):
        rig.hear(traded("v1", f"t{number}", 1, number + 1, 1))
    rig.hear(*(traded(f"other{n}", f"o{n}", 1, 1) for n in range(10)))
    for number in range(FILLS_OF_ORDER):
        assert rig.hear(traded("v1", f"t{number}", 1, number + 1, 1)) == []


def test_an_order_that_ended_is_moved_and_still_found_by_every_id_it_had() -> None:
    rig = Rig()
    rig.live("a1", "v1")
    rig.hear(replaced("v1", "v2", 1), canceled("v2", 1))
    orders = rig.state.orders
    assert ClientOrderId("a1") not in orders.live
    assert orders.by_venue_order_id(VenueOrderId("v1")) is orders.by_venue_order_id(VenueOrderId("v2"))
    assert orders.by_wire_id(1) is None, "the venue may give the number to another order now"
    assert rig.status("a1") is OrderStatus.CANCELED


def test_ended_orders_are_forgotten_oldest_first() -> None:
    rig = Rig(finished_window=3)
    for number in range(1, 6):
        rig.live(f"a{number}", f"v{number}")
        rig.hear(canceled(f"v{number}", number))
    assert list(rig.state.orders.finished) == ["a3", "a4", "a5"]
    assert rig.state.orders.by_venue_order_id(VenueOrderId("v2")) is None


def test_a_window_holds_at_least_one() -> None:
    with pytest.raises(ValueError, match="at least one"):
        Window(0)


@given(st.integers(1, 8), st.lists(st.integers(0, 20)))
def test_a_window_is_the_newest_distinct_keys(capacity: int, keys: list[int]) -> None:
    window: Window[int, int] = Window(capacity)
    expected: list[int] = []
    for key in keys:
        gone = window.put(key, key)
        if key not in expected:
            expected.append(key)
        assert gone == (expected.pop(0) if len(expected) > capacity else None)
    assert list(window) == expected
