"""What `qty` means on Kraken Futures' feed of open orders (spec B.8)."""

from __future__ import annotations

from decimal import Decimal

import pytest

from protocol.facts import OrderAcknowledged, OrderFilled, OrderRemoved, OrderReplaced
from protocol.kraken_futures.quantity import Quantity, QuantityReader, QuantitySemantics
from protocol.values import OrderStatus

from .feeds import D, bare, delta, fill, fills, logged_in, order

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


def test_a_number_beyond_reason_is_told_apart_like_any_other() -> None:
    assert QuantityReader().read(D("2.5"), D("1.0000000000000004E+16"), None) == Quantity(D("10000000000000006.5"))


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
