"""Who waits for a milestone of an order is answered once, when it is reached or can be reached no more."""

from __future__ import annotations

import pytest

from protocol import commands
from protocol.commands import Milestone
from protocol.dispatch.inputs import LinkFailed
from protocol.errors import NotSent, SessionFailed
from protocol.facts import Outcome
from protocol.orders import OrderState
from protocol.values import ClientOrderId, OrderStatus

from .order_life import Desk, acknowledged, canceled, refused, took, traded


def watch(desk: Desk, name: str = "a1", milestone: Milestone = Milestone.DONE) -> str:
    """Begins to wait. Gives the address of whoever waits."""
    desk.ask(commands.Watch(ClientOrderId(name), milestone), None)
    return f"asker {desk.numbers}"


def told(desk: Desk) -> list[tuple[object, object]]:
    """Who was answered by the last input, with the order's status."""
    return [
        (reply.reply_to, reply.value.status if isinstance(reply.value, OrderState) else type(reply.value))
        for reply in desk.replies
    ]


def test_an_order_that_is_not_known_cannot_be_waited_for() -> None:
    desk = Desk()
    asker = watch(desk)
    assert told(desk) == [(asker, NotSent)]


def test_each_milestone_is_told_when_it_is_reached_and_once() -> None:
    desk = Desk()
    desk.place("a1")
    number = desk.numbers
    accepted, done = watch(desk, milestone=Milestone.ACCEPTED), watch(desk)
    assert told(desk) == []
    desk.hear(took(number, "v1"), acknowledged("v1", 1))
    assert told(desk) == [(accepted, OrderStatus.ACCEPTED)]
    desk.hear(traded("v1", "t1", 4, 4, 1))
    assert told(desk) == []
    also_done = watch(desk)
    desk.hear(canceled("v1", 1, total=4))
    assert told(desk) == [(done, OrderStatus.CANCELED), (also_done, OrderStatus.CANCELED)]
    desk.hear(traded("v1", "t2", 1, 5, 1))
    assert told(desk) == []


@pytest.mark.parametrize("outcome", [Outcome.DEFINITE, Outcome.AMBIGUOUS])
def test_whoever_waits_for_acceptance_is_told_that_there_was_none(outcome: Outcome) -> None:
    desk = Desk()
    desk.place("a1")
    number = desk.numbers
    asker = watch(desk, milestone=Milestone.ACCEPTED)
    desk.hear(refused(number, outcome))
    status = OrderStatus.REJECTED if outcome is Outcome.DEFINITE else OrderStatus.UNKNOWN
    assert told(desk) == [(asker, status)]


def test_what_is_reached_already_is_told_at_once() -> None:
    desk = Desk()
    desk.live("a1", "v1")
    accepted = watch(desk, milestone=Milestone.ACCEPTED)
    assert told(desk) == [(accepted, OrderStatus.ACCEPTED)]
    watch(desk)
    assert told(desk) == []


def test_news_of_other_orders_answer_nobody_and_orders_are_told_apart() -> None:
    desk = Desk()
    for number in (1, 2, 3):
        desk.live(f"a{number}", f"v{number}")
    first, second = watch(desk, "a1"), watch(desk, "a2")
    desk.hear(traded("v3", "t1", 1, 1, 3))
    assert told(desk) == []
    desk.hear(canceled("v1", 1))
    assert told(desk) == [(first, OrderStatus.CANCELED)]
    desk.hear(canceled("v2", 2))
    assert told(desk) == [(second, OrderStatus.CANCELED)]
    third = watch(desk, "a3")
    desk.hear(canceled("v3", 3, total=1))
    assert told(desk) == [(third, OrderStatus.CANCELED)]


def test_whoever_has_given_up_is_forgotten_when_somebody_else_waits_for_that_order() -> None:
    gone: set[object] = set()
    desk = Desk(abandoned=gone.__contains__)
    desk.live("a1", "v1")
    first, second = watch(desk), watch(desk)
    gone.add(first)
    third = watch(desk)
    desk.hear(canceled("v1", 1))
    assert told(desk) == [(second, OrderStatus.CANCELED), (third, OrderStatus.CANCELED)]


def test_when_the_session_fails_everybody_is_told_once_and_whoever_asks_later_at_once() -> None:
    desk = Desk()
    desk.live("a1", "v1")
    desk.live("a2", "v2")
    first, second, third = watch(desk), watch(desk, "a2"), watch(desk)
    failure = LinkFailed(connection=1, reason="over", unauthorized=False, reply_to=None)
    desk.apply(failure)
    assert sorted(told(desk), key=str) == [(each, SessionFailed) for each in sorted((first, second, third))]
    later = watch(desk)
    assert told(desk) == [(later, SessionFailed)]
    accepted = watch(desk, milestone=Milestone.ACCEPTED)
    assert told(desk) == [(accepted, OrderStatus.ACCEPTED)]
    desk.apply(failure)
    assert told(desk) == []
