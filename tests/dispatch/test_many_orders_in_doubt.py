"""A list that shows none of very many orders: each is asked for when its turn comes."""

from __future__ import annotations

from protocol.commands import OpenOrders
from protocol.reconciliation import Reconciliation
from protocol.requests import ListOpenOrders, QueryOrder
from protocol.values import OrderStatus

from ..order_life import Rig, acknowledged, canceled, took

MANY = 600
AT_ONCE = 16
"""Status queries of our own that may be on their way."""


def desk_with_many() -> Rig:
    rig = Rig()
    for number in range(1, MANY + 1):
        rig.live(f"a{number}", f"O-{number}")
    return rig


def progress(rig: Rig) -> Reconciliation:
    assert rig.last.progress is not None
    return rig.last.progress


def show_an_empty_list(rig: Rig) -> None:
    """The user asks what is open, a second after all that was heard: nothing."""
    rig.wait(1)
    rig.sent()
    rig.ask(OpenOrders(), None)
    (question,) = (request for request in rig.sent() if isinstance(request, ListOpenOrders))
    rig.hear(took(question.request_id, orders=()))


def queries(rig: Rig) -> list[QueryOrder]:
    return [request for request in rig.sent() if isinstance(request, QueryOrder)]


def answer_in_turn(rig: Rig) -> list[str]:
    """Every order that is asked for was canceled. Gives their venue order ids."""
    asked: list[str] = []
    while under_way := queries(rig):
        assert len(under_way) <= AT_ONCE
        for query in under_way:
            asked.append(str(query.venue_order_id))
            rig.hear(canceled(asked[-1]), took(query.request_id))
    return asked


def test_orders_that_a_login_leaves_out_are_asked_for_in_turn_and_count_as_open_questions() -> None:
    rig = desk_with_many()
    rig.lose_link()
    rig.log_in()
    assert progress(rig).open_questions == MANY
    assert answer_in_turn(rig) == [f"O-{number}" for number in range(1, MANY + 1)]
    assert progress(rig).open_questions == 0


def test_a_list_that_leaves_the_same_orders_out_as_the_login_opens_no_question_twice() -> None:
    rig = desk_with_many()
    rig.lose_link()
    rig.log_in()
    first = queries(rig)
    show_an_empty_list(rig)
    assert queries(rig) == []
    for query in first:
        rig.hear(canceled(str(query.venue_order_id)), took(query.request_id))
    asked = answer_in_turn(rig)
    assert asked == [f"O-{number}" for number in range(AT_ONCE + 1, MANY + 1)]
    assert progress(rig).open_questions == 0


def test_of_very_many_orders_that_a_list_leaves_out_each_is_asked_for_and_none_twice() -> None:
    rig = desk_with_many()
    show_an_empty_list(rig)
    assert progress(rig).open_questions == MANY
    asked = answer_in_turn(rig)
    rig.wait(2)
    asked += answer_in_turn(rig)
    assert sorted(asked) == sorted(f"O-{number}" for number in range(1, MANY + 1))
    assert progress(rig).open_questions == 0


def test_an_order_that_is_heard_of_while_it_waits_for_its_turn_is_not_asked_for() -> None:
    rig = desk_with_many()
    show_an_empty_list(rig)
    rig.hear(acknowledged(f"O-{MANY}", MANY))
    asked = answer_in_turn(rig)
    rig.wait(2)
    asked += answer_in_turn(rig)
    assert f"O-{MANY}" not in asked
    assert len(asked) == MANY - 1
    assert rig.status(f"a{MANY}") is OrderStatus.ACCEPTED
