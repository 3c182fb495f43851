"""Asking an actor: what a caller hears, and what the actor sees of a caller that has left."""

from __future__ import annotations

import signal
from collections.abc import Awaitable, Callable
from typing import Any

import pytest
import trio
from trio.testing import MockClock, wait_all_tasks_blocked

from actors import NotSent, OutcomeUnknown
from actors.dispatch import has_given_up
from actors.plumbing.channels import Ask, answer, ask, ask_locally
from protocol.commands import OpenOrders

Asking = Callable[[trio.MemorySendChannel[Ask], OpenOrders], Awaitable[Any]]
BOTH = pytest.mark.parametrize("asking", [ask, ask_locally])


class Desk:
    """An actor's inbox, and one caller at it."""

    def __init__(self, room: int = 1) -> None:
        self.to_actor, self.inbox = trio.open_memory_channel[Ask](room)
        self.scope = trio.CancelScope()
        self.answer: object = None

    @trio.lowlevel.enable_ki_protection
    async def call(self, asking: Asking) -> None:
        with self.scope:
            try:
                self.answer = await asking(self.to_actor, OpenOrders())
            except (NotSent, OutcomeUnknown) as error:
                self.answer = type(error)


@BOTH
async def test_an_answer_comes_back(asking: Asking) -> None:
    desk = Desk()
    async with trio.open_nursery() as nursery:
        nursery.start_soon(desk.call, asking)
        answer((await desk.inbox.receive()).reply_to, "yes")
    assert desk.answer == "yes"


@BOTH
async def test_an_error_is_raised_where_the_question_came_from(asking: Asking) -> None:
    desk = Desk()
    async with trio.open_nursery() as nursery:
        nursery.start_soon(desk.call, asking)
        answer((await desk.inbox.receive()).reply_to, NotSent("no"))
    assert desk.answer is NotSent


@BOTH
async def test_nothing_was_sent_when_the_actor_has_ended(asking: Asking) -> None:
    desk = Desk()
    desk.inbox.close()
    await desk.call(asking)
    assert desk.answer is NotSent


@BOTH
async def test_the_outcome_is_unknown_when_the_actor_ends_without_an_answer(asking: Asking) -> None:
    desk = Desk()
    async with trio.open_nursery() as nursery:
        nursery.start_soon(desk.call, asking)
        (await desk.inbox.receive()).reply_to.close()
    assert desk.answer is OutcomeUnknown


@BOTH
async def test_a_caller_that_is_canceled_before_it_asks_asks_nothing(asking: Asking) -> None:
    desk = Desk()
    desk.scope.cancel()
    await desk.call(asking)
    assert desk.scope.cancelled_caught
    with pytest.raises(trio.WouldBlock):
        desk.inbox.receive_nowait()


@BOTH
async def test_a_caller_that_is_canceled_while_there_is_no_room_asks_nothing(asking: Asking) -> None:
    desk = Desk(room=0)
    async with trio.open_nursery() as nursery:
        nursery.start_soon(desk.call, asking)
        await wait_all_tasks_blocked()
        desk.scope.cancel()
    assert desk.scope.cancelled_caught
    with pytest.raises(trio.WouldBlock):
        desk.inbox.receive_nowait()


async def test_the_actor_sees_that_a_canceled_caller_has_left() -> None:
    desk = Desk()
    async with trio.open_nursery() as nursery:
        nursery.start_soon(desk.call, ask)
        taken = await desk.inbox.receive()
        assert not has_given_up(taken.reply_to)
        desk.scope.cancel()
    assert desk.scope.cancelled_caught
    assert has_given_up(taken.reply_to)
    answer(taken.reply_to, "too late")  # which is ordinary


async def test_a_command_that_was_taken_is_answered_though_its_caller_is_canceled(autojump_clock: MockClock) -> None:
    desk = Desk()
    async with trio.open_nursery() as nursery:
        nursery.start_soon(desk.call, ask_locally)
        taken = await desk.inbox.receive()
        desk.scope.cancel()
        await trio.sleep(10)
        assert not has_given_up(taken.reply_to)
        answer(taken.reply_to, "yes")
    assert desk.answer == "yes"
    assert not desk.scope.cancelled_caught


async def test_a_caller_that_is_canceled_hears_no_error_but_that(autojump_clock: MockClock) -> None:
    """The same cancellation may have ended the client."""
    desk = Desk()
    async with trio.open_nursery() as nursery:
        nursery.start_soon(desk.call, ask_locally)
        taken = await desk.inbox.receive()
        desk.scope.cancel()
        await trio.sleep(10)
        taken.reply_to.close()
    assert desk.scope.cancelled_caught
    assert desk.answer is None


@BOTH
@pytest.mark.parametrize("is_canceled", [False, True])
def test_an_interrupt_ends_every_wait(asking: Asking, is_canceled: bool) -> None:
    desk = Desk()

    @trio.lowlevel.enable_ki_protection
    async def strike() -> None:
        await wait_all_tasks_blocked()
        if is_canceled and asking is ask_locally:
            desk.scope.cancel()
            await wait_all_tasks_blocked()
        signal.raise_signal(signal.SIGINT)

    async def main() -> None:
        async with trio.open_nursery() as nursery:
            nursery.start_soon(strike)
            with pytest.raises(KeyboardInterrupt):
                await desk.call(asking)
            assert has_given_up((await desk.inbox.receive()).reply_to)

    trio.run(main)
