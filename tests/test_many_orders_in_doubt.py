"""A list that shows none of very many orders: each is asked for when its turn comes."""

from __future__ import annotations

from protocol.commands import OpenOrders
from protocol.reconciliation import Reconciliation
from protocol.requests import ListOpenOrders, QueryOrder
from protocol.values import OrderStatus

from .order_life import Desk, acknowledged, canceled, took

MANY = 600
AT_ONCE = 16
"""Status queries of our own that may be on their way."""


def desk_with_many() -> Desk:
    desk = Desk()
    for number in range(1, MANY + 1):
        desk.live(f"a{number}", f"O-{number}")
    return desk


def progress(desk: Desk) -> Reconciliation:
    assert desk.last.progress is not None
    return desk.last.progress


def show_an_empty_list(desk: Desk) -> None:
    """The user asks what is open, a second after all that was heard: nothing."""
    desk.wait(1)
    desk.sent()
    desk.ask(OpenOrders(), None)
    (question,) = (request for request in desk.sent() if isinstance(request, ListOpenOrders))
    desk.hear(took(question.request_id, orders=()))


def queries(desk: Desk) -> list[QueryOrder]:
    return [request for request in desk.sent() if isinstance(request, QueryOrder)]


def answer_in_turn(desk: Desk) -> list[str]:
    """Every order that is asked for was canceled. Gives their venue order ids."""
    asked: list[str] = []
    while under_way := queries(desk):
        assert len(under_way) <= AT_ONCE
        for query in under_way:
            asked.append(str(query.venue_order_id))
            desk.hear(canceled(asked[-1]), took(query.request_id))
    return asked


def test_orders_that_a_login_leaves_out_are_asked_for_in_turn_and_count_as_open_questions() -> None:
    desk = desk_with_many()
    desk.lose_link()
    desk.log_in()
    assert progress(desk).open_questions == MANY
    assert answer_in_turn(desk) == [f"O-{number}" for number in range(1, MANY + 1)]
    assert progress(desk).open_questions == 0


def test_a_list_that_leaves_the_same_orders_out_as_the_login_opens_no_question_twice() -> None:
    desk = desk_with_many()
    desk.lose_link()
    desk.log_in()
    first = queries(desk)
    show_an_empty_list(desk)
    assert queries(desk) == []
    for query in first:
        desk.hear(canceled(str(query.venue_order_id)), took(query.request_id))
    asked = answer_in_turn(desk)
    assert asked == [f"O-{number}" for number in range(AT_ONCE + 1, MANY + 1)]
    assert progress(desk).open_questions == 0


def test_of_very_many_orders_that_a_list_leaves_out_each_is_asked_for_and_none_twice() -> None:
    desk = desk_with_many()
    show_an_empty_list(desk)
    assert progress(desk).open_questions == MANY
    asked = answer_in_turn(desk)
    desk.wait(2)
    asked += answer_in_turn(desk)
    assert sorted(asked) == sorted(f"O-{number}" for number in range(1, MANY + 1))
    assert progress(desk).open_questions == 0


def test_an_order_that_is_heard_of_while_it_waits_for_its_turn_is_not_asked_for() -> None:
    desk = desk_with_many()
    show_an_empty_list(desk)
    desk.hear(acknowledged(f"O-{MANY}", MANY))
    asked = answer_in_turn(desk)
    desk.wait(2)
    asked += answer_in_turn(desk)
    assert f"O-{MANY}" not in asked
    assert len(asked) == MANY - 1
    assert desk.status(f"a{MANY}") is OrderStatus.ACCEPTED
