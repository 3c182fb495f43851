"""Who waits for a milestone of an order is answered once, when it is reached or can be reached no more."""

from __future__ import annotations

import pytest

from protocol import commands
from protocol.commands import Milestone
from protocol.dispatch.inputs import LinkFailed
from protocol.errors import NotSent, SessionError
from protocol.facts import Outcome
from protocol.orders import OrderState
from protocol.values import ClientOrderId, OrderStatus

from ..order_life import Rig, acknowledged, canceled, refused, took, traded


def watch(rig: Rig, name: str = "a1", milestone: Milestone = Milestone.DONE) -> str:
    """Begins to wait. Gives the address of whoever waits."""
    rig.ask(commands.Watch(ClientOrderId(name), milestone), None)
    return f"asker {rig.numbers}"


def told(rig: Rig) -> list[tuple[object, object]]:
    """Who was answered by the last input, with the order's status."""
    return [
        (reply.reply_to, reply.value.status if isinstance(reply.value, OrderState) else type(reply.value))
        for reply in rig.replies
    ]


def test_an_order_that_is_not_known_cannot_be_waited_for() -> None:
    rig = Rig()
    asker = watch(rig)
    assert told(rig) == [(asker, NotSent)]


def test_each_milestone_is_told_when_it_is_reached_and_once() -> None:
    rig = Rig()
    rig.place("a1")
    number = rig.numbers
    accepted, done = watch(rig, milestone=Milestone.ACCEPTED), watch(rig)
    assert told(rig) == []
    rig.hear(took(number, "v1"), acknowledged("v1", 1))
    assert told(rig) == [(accepted, OrderStatus.ACCEPTED)]
    rig.hear(traded("v1", "t1", 4, 4, 1))
    assert told(rig) == []
    also_done = watch(rig)
    rig.hear(canceled("v1", 1, total=4))
    assert told(rig) == [(done, OrderStatus.CANCELED), (also_done, OrderStatus.CANCELED)]
    rig.hear(traded("v1", "t2", 1, 5, 1))
    assert told(rig) == []


@pytest.mark.parametrize("outcome", [Outcome.DEFINITE, Outcome.AMBIGUOUS])
def test_whoever_waits_for_acceptance_is_told_that_there_was_none(outcome: Outcome) -> None:
    rig = Rig()
    rig.place("a1")
    number = rig.numbers
    asker = watch(rig, milestone=Milestone.ACCEPTED)
    rig.hear(refused(number, outcome))
    status = OrderStatus.REJECTED if outcome is Outcome.DEFINITE else OrderStatus.UNKNOWN
    assert told(rig) == [(asker, status)]


def test_what_is_reached_already_is_told_at_once() -> None:
    rig = Rig()
    rig.live("a1", "v1")
    accepted = watch(rig, milestone=Milestone.ACCEPTED)
    assert told(rig) == [(accepted, OrderStatus.ACCEPTED)]
    watch(rig)
    assert told(rig) == []


def test_news_of_other_orders_answer_nobody_and_orders_are_told_apart() -> None:
    rig = Rig()
    for number in (1, 2, 3):
        rig.live(f"a{number}", f"v{number}")
    first, second = watch(rig, "a1"), watch(rig, "a2")
    rig.hear(traded("v3", "t1", 1, 1, 3))
    assert told(rig) == []
    rig.hear(canceled("v1", 1))
    assert told(rig) == [(first, OrderStatus.CANCELED)]
    rig.hear(canceled("v2", 2))
    assert told(rig) == [(second, OrderStatus.CANCELED)]
    third = watch(rig, "a3")
    rig.hear(canceled("v3", 3, total=1))
    assert told(rig) == [(third, OrderStatus.CANCELED)]


def test_whoever_has_given_up_is_forgotten_when_somebody_else_waits_for_that_order() -> None:
    gone: set[object] = set()
    rig = Rig(abandoned=gone.__contains__)
    rig.live("a1", "v1")
    first, second = watch(rig), watch(rig)
    gone.add(first)
    third = watch(rig)
    rig.hear(canceled("v1", 1))
    assert told(rig) == [(second, OrderStatus.CANCELED), (third, OrderStatus.CANCELED)]


def test_when_the_session_fails_everybody_is_told_once_and_whoever_asks_later_at_once() -> None:
    rig = Rig()
    rig.live("a1", "v1")
    rig.live("a2", "v2")
    first, second, third = watch(rig), watch(rig, "a2"), watch(rig)
    failure = LinkFailed(connection=1, reason="over", unauthorized=False, reply_to=None)
    rig.apply(failure)
    assert sorted(told(rig), key=str) == [(each, SessionError) for each in sorted((first, second, third))]
    later = watch(rig)
    assert told(rig) == [(later, SessionError)]
    accepted = watch(rig, milestone=Milestone.ACCEPTED)
    assert told(rig) == [(accepted, OrderStatus.ACCEPTED)]
    rig.apply(failure)
    assert told(rig) == []
