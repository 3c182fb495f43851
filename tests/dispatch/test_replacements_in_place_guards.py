"""News of a change under the id that the order has: whose change it was, and what is asked for then."""

from __future__ import annotations

from decimal import Decimal

import pytest

from protocol import commands
from protocol.dispatch.inquiries import Question
from protocol.errors import NotSent
from protocol.requests import QueryOrder
from protocol.structs import evolve

from ..guarding import open_questions
from ..order_life import took, view
from .test_cancels_guards import sent
from .test_replacements_guards import (
    A1,
    IN_PLACE,
    SECOND_CHANGE,
    V1,
    change,
    changing,
    filled,
    in_place,
    living,
    updated,
)


def test_where_a_change_makes_another_order_news_under_the_old_id_are_taken_as_they_are() -> None:
    """They may leave the quantity out and say what has filled: that is no reason to ask, and none to call a fill."""
    rig = changing()
    assert rig.hear(in_place(price=Decimal("98.0"), quantity=None)) == ["Updated"]
    assert (updated(rig).price, updated(rig).quantity) == (Decimal("98.0"), Decimal(10))
    assert rig.sent() == []
    assert change(rig) == SECOND_CHANGE, "that was the news of the change"


def test_somebody_elses_change_leaves_ours_on_its_way() -> None:
    rig = changing(IN_PLACE)
    assert rig.hear(in_place(quantity=Decimal(8))) == ["Updated"]
    assert (updated(rig).quantity, updated(rig).price) == (Decimal(8), Decimal("100.0"))
    assert rig.sent() == [], "its terms were told"
    assert isinstance(change(rig), NotSent)


def test_somebody_elses_change_that_leaves_the_quantity_out_has_it_asked_for() -> None:
    rig = changing(IN_PLACE)
    assert rig.hear(in_place(price=Decimal("98.0"), quantity=None)) == ["Updated"]
    (query,) = sent(rig, QueryOrder)
    assert query.venue_order_id == V1
    shown = view("v1", 1, price=Decimal("98.0"), quantity=None)
    assert rig.hear(took(query.request_id, order=shown)) == []
    rig.wait(1)
    (again,) = sent(rig, QueryOrder)
    assert rig.hear(took(again.request_id, order=evolve(shown, quantity=Decimal(7)))) == ["Updated"]
    rig.wait(5)
    assert sent(rig, QueryOrder) == []
    assert isinstance(change(rig), NotSent)


def test_the_quantity_that_we_asked_for_is_not_read_into_somebody_elses_change() -> None:
    rig = changing(IN_PLACE, price="99.0", quantity=20)
    assert rig.hear(in_place(price=Decimal("98.0"), quantity=None)) == ["Updated"]
    assert updated(rig).quantity == 10
    assert len(sent(rig, QueryOrder)) == 1


def test_a_change_whose_terms_are_in_doubt_concludes_nothing_from_the_old_quantity() -> None:
    rig = living(IN_PLACE)
    rig.hear(in_place(price=Decimal("98.0"), quantity=None))
    rig.hear(filled("v1", "t1", 10, None))
    assert rig.status("a1").value == "PARTIALLY_FILLED"


def test_our_own_change_is_over_with_its_news_and_nothing_is_asked() -> None:
    rig = changing(IN_PLACE)
    assert rig.hear(in_place(price=Decimal("99.0"), quantity=None)) == ["Updated"]
    assert rig.sent() == []
    assert change(rig, price="98.0") == SECOND_CHANGE


@pytest.mark.parametrize(("reduce_only", "ours"), [(True, True), (False, False)])
def test_a_reduce_only_order_may_be_made_smaller_than_was_asked_for(reduce_only: bool, ours: bool) -> None:
    rig = changing(IN_PLACE, quantity=20)
    assert rig.hear(in_place(quantity=Decimal(15), reduce_only=reduce_only)) == ["Updated"]
    assert updated(rig).quantity == 15
    assert (change(rig) == SECOND_CHANGE) is ours


@pytest.mark.parametrize(("asked", "quantity", "ours"), [(12, 12, True), (13, 16, False)])
def test_of_two_readings_the_one_that_was_asked_for_is_taken(asked: int, quantity: int, ours: bool) -> None:
    rig = changing(IN_PLACE, quantity=asked)
    rig.hear(in_place(quantity=Decimal(16), other_quantity=Decimal(12)))
    known = rig.ask(commands.Show(A1))
    assert known.quantity == (quantity if ours else 10)
    assert (change(rig) == 4) is ours


def test_the_total_in_the_news_of_a_change_in_place_shows_missing_fills() -> None:
    rig = changing(IN_PLACE)
    assert rig.hear(in_place(price=Decimal("99.0"), cumulative=Decimal(4))) == ["Updated", "MissingFills"]


def test_somebody_elses_change_shows_an_order_live_that_a_login_left_out() -> None:
    rig = living(IN_PLACE)
    rig.lose_link()
    rig.log_in()
    assert open_questions(rig) == {Question.END}
    assert rig.hear(in_place(quantity=Decimal(8))) == ["Updated", "Reconciled"]
    assert open_questions(rig) == set()


def test_news_of_an_order_as_it_was_show_it_live_and_nothing_is_told() -> None:
    """At Kraken Futures each fill comes with the order's whole view, as if it had been changed."""
    rig = living(IN_PLACE)
    rig.lose_link()
    rig.log_in()
    assert rig.hear(in_place()) == ["Reconciled"]
    assert open_questions(rig) == set()


def test_somebody_elses_change_does_not_say_what_became_of_ours() -> None:
    rig = changing(IN_PLACE)
    rig.wait(11)
    assert open_questions(rig) == {Question.END}
    assert rig.hear(in_place(quantity=Decimal(8))) == ["Updated"]
    assert open_questions(rig) == {Question.END}
