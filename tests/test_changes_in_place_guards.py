"""News of a change under the id that the order has: whose change it was, and what is asked for then."""

from __future__ import annotations

from decimal import Decimal

import pytest
from attrs import evolve

from protocol import commands
from protocol.errors import NotSent
from protocol.requests import QueryOrder

from .order_life import took, view
from .test_cancels_guards import sent
from .test_changes_guards import A1, IN_PLACE, SECOND_CHANGE, V1, change, changing, filled, in_place, living, updated


def test_where_a_change_makes_another_order_news_under_the_old_id_are_taken_as_they_are() -> None:
    """They may leave the quantity out and say what has filled: that is no reason to ask, and none to call a fill."""
    desk = changing()
    assert desk.hear(in_place(price=Decimal("98.0"), quantity=None)) == ["Updated"]
    assert (updated(desk).price, updated(desk).quantity) == (Decimal("98.0"), 10)
    assert desk.sent() == []
    assert change(desk) == SECOND_CHANGE, "that was the news of the change"


def test_somebody_elses_change_leaves_ours_on_its_way() -> None:
    desk = changing(IN_PLACE)
    assert desk.hear(in_place(quantity=Decimal(8))) == ["Updated"]
    assert (updated(desk).quantity, updated(desk).price) == (8, Decimal("100.0"))
    assert desk.sent() == [], "its terms were told"
    assert isinstance(change(desk), NotSent)


def test_somebody_elses_change_that_leaves_the_quantity_out_has_it_asked_for() -> None:
    desk = changing(IN_PLACE)
    assert desk.hear(in_place(price=Decimal("98.0"), quantity=None)) == ["Updated"]
    (query,) = sent(desk, QueryOrder)
    assert query.venue_order_id == V1
    shown = view("v1", 1, price=Decimal("98.0"), quantity=None)
    assert desk.hear(took(query.request_id, order=shown)) == []
    desk.wait(1)
    (again,) = sent(desk, QueryOrder)
    assert desk.hear(took(again.request_id, order=evolve(shown, quantity=Decimal(7)))) == ["Updated"]
    desk.wait(5)
    assert sent(desk, QueryOrder) == []
    assert isinstance(change(desk), NotSent)


def test_the_quantity_that_we_asked_for_is_not_read_into_somebody_elses_change() -> None:
    desk = changing(IN_PLACE, price="99.0", quantity=20)
    assert desk.hear(in_place(price=Decimal("98.0"), quantity=None)) == ["Updated"]
    assert updated(desk).quantity == 10
    assert len(sent(desk, QueryOrder)) == 1


def test_a_change_whose_terms_are_in_doubt_concludes_nothing_from_the_old_quantity() -> None:
    desk = living(IN_PLACE)
    desk.hear(in_place(price=Decimal("98.0"), quantity=None))
    desk.hear(filled("v1", "t1", 10, None))
    assert desk.status("a1").value == "PARTIALLY_FILLED"


def test_our_own_change_is_over_with_its_news_and_nothing_is_asked() -> None:
    desk = changing(IN_PLACE)
    assert desk.hear(in_place(price=Decimal("99.0"), quantity=None)) == ["Updated"]
    assert desk.sent() == []
    assert change(desk, price="98.0") == SECOND_CHANGE


@pytest.mark.parametrize(("reduce_only", "ours"), [(True, True), (False, False)])
def test_a_reduce_only_order_may_be_made_smaller_than_was_asked_for(reduce_only: bool, ours: bool) -> None:
    desk = changing(IN_PLACE, quantity=20)
    assert desk.hear(in_place(quantity=Decimal(15), reduce_only=reduce_only)) == ["Updated"]
    assert updated(desk).quantity == 15
    assert (change(desk) == SECOND_CHANGE) is ours


@pytest.mark.parametrize(("asked", "quantity", "ours"), [(12, 12, True), (13, 16, False)])
def test_of_two_readings_the_one_that_was_asked_for_is_taken(asked: int, quantity: int, ours: bool) -> None:
    desk = changing(IN_PLACE, quantity=asked)
    desk.hear(in_place(quantity=Decimal(16), other_quantity=Decimal(12)))
    known = desk.ask(commands.Show(A1))
    assert known.quantity == (quantity if ours else 10)
    assert (change(desk) == 4) is ours


def test_the_total_in_the_news_of_a_change_in_place_shows_missing_fills() -> None:
    desk = changing(IN_PLACE)
    assert desk.hear(in_place(price=Decimal("99.0"), cumulative=Decimal(4))) == ["Updated", "Gap"]
