"""Room for one answer: whoever leaves, and whenever, nobody waits for what will not come."""

from __future__ import annotations

import gc
import signal
import weakref
from collections.abc import Callable
from enum import Enum, auto

import pytest
import trio
from hypothesis import given
from hypothesis import strategies as st
from trio.testing import MockClock, wait_all_tasks_blocked

from actors.dispatch import has_given_up
from actors.plumbing.one_shot import OneShot


async def taken(reply: OneShot[str], into: list[str]) -> None:
    """Takes the answer, or the name of what is raised in its place."""
    try:
        into.append(await reply.receive())
    except (trio.EndOfChannel, trio.ClosedResourceError, trio.BusyResourceError) as error:
        into.append(type(error).__name__)


# The ordinary life


async def test_an_answer_that_is_there_comes_without_a_turn() -> None:
    reply: OneShot[str] = OneShot()
    reply.send_nowait("yes")
    turns = 0

    async def count() -> None:
        nonlocal turns
        turns += 1

    async with trio.open_nursery() as nursery:
        nursery.start_soon(count)
        assert await reply.receive() == "yes"
        assert turns == 0


async def test_an_answer_that_comes_later_wakes_the_caller() -> None:
    reply: OneShot[str] = OneShot()
    got: list[str] = []
    async with trio.open_nursery() as nursery:
        nursery.start_soon(taken, reply, got)
        await wait_all_tasks_blocked()
        assert got == []
        reply.send_nowait("yes")
    assert got == ["yes"]


async def test_nothing_is_an_answer_as_well() -> None:
    reply: OneShot[None] = OneShot()
    reply.send_nowait(None)
    assert await reply.receive() is None  # type: ignore[func-returns-value]


async def test_an_answer_can_be_taken_once() -> None:
    reply: OneShot[str] = OneShot()
    reply.send_nowait("yes")
    await reply.receive()
    with pytest.raises(trio.EndOfChannel):
        await reply.receive()


def test_a_second_answer_is_refused() -> None:
    reply: OneShot[str] = OneShot()
    reply.send_nowait("yes")
    with pytest.raises(trio.ClosedResourceError):
        reply.send_nowait("no")


async def test_a_second_answer_is_refused_before_the_caller_has_run_and_after() -> None:
    reply: OneShot[str] = OneShot()
    got: list[str] = []
    async with trio.open_nursery() as nursery:
        nursery.start_soon(taken, reply, got)
        await wait_all_tasks_blocked()
        reply.send_nowait("yes")
        with pytest.raises(trio.ClosedResourceError):
            reply.send_nowait("no")
    with pytest.raises(trio.ClosedResourceError):
        reply.send_nowait("no")
    assert got == ["yes"]


async def test_one_task_alone_may_wait() -> None:
    reply: OneShot[str] = OneShot()
    first: list[str] = []
    second: list[str] = []
    async with trio.open_nursery() as nursery:
        nursery.start_soon(taken, reply, first)
        await wait_all_tasks_blocked()
        await taken(reply, second)
        reply.send_nowait("yes")
        await taken(reply, second)  # it is the first one's, who has not run yet
    assert first == ["yes"]
    assert second == ["BusyResourceError"] * 2


def test_the_answer_never_shows() -> None:
    reply: OneShot[str] = OneShot()
    reply.send_nowait("a token")
    assert repr(reply) == "<OneShot, answered>"


# Ends without an answer


@pytest.mark.parametrize("is_awaited", [True, False])
@pytest.mark.parametrize(
    ("end", "heard"),
    [(OneShot.close, "EndOfChannel"), (OneShot.give_up, "ClosedResourceError")],
    ids=["closed", "given-up"],
)
async def test_an_end_without_an_answer_is_heard(
    end: Callable[[OneShot[str]], None], heard: str, is_awaited: bool
) -> None:
    reply: OneShot[str] = OneShot()
    got: list[str] = []
    async with trio.open_nursery() as nursery:
        if is_awaited:
            nursery.start_soon(taken, reply, got)
            await wait_all_tasks_blocked()
        end(reply)
        end(reply)
        if not is_awaited:
            nursery.start_soon(taken, reply, got)
    assert got == [heard]
    await taken(reply, got)
    assert got == [heard] * 2


@pytest.mark.parametrize("end", [OneShot.close, OneShot.give_up])
async def test_an_answer_that_was_given_outlives_its_end(end: Callable[[OneShot[str]], None]) -> None:
    reply: OneShot[str] = OneShot()
    reply.send_nowait("yes")
    end(reply)
    assert not has_given_up(reply)
    assert await reply.receive() == "yes"


async def test_leaving_the_block_closes_it() -> None:
    with OneShot[str]() as reply:
        pass
    with pytest.raises(trio.EndOfChannel):
        await reply.receive()
    with pytest.raises(trio.ClosedResourceError):
        reply.send_nowait("yes")


def test_the_one_who_answers_sees_that_the_caller_has_left() -> None:
    reply: OneShot[str] = OneShot()
    assert not has_given_up(reply)
    reply.give_up()
    assert has_given_up(reply)
    with pytest.raises(trio.BrokenResourceError):
        reply.send_nowait("yes")
    reply.close()
    assert has_given_up(reply)


# Cancellation


async def test_a_caller_that_is_canceled_before_it_waits_leaves_the_answer_there() -> None:
    reply: OneShot[str] = OneShot()
    reply.send_nowait("yes")
    with trio.CancelScope() as scope:
        scope.cancel()
        await reply.receive()
    assert scope.cancelled_caught
    assert await reply.receive() == "yes"


async def test_a_wait_that_is_canceled_makes_room_for_another(autojump_clock: MockClock) -> None:
    reply: OneShot[str] = OneShot()
    with trio.move_on_after(1) as scope:
        await reply.receive()
    assert scope.cancelled_caught
    assert not has_given_up(reply)  # it has only stopped waiting
    got: list[str] = []
    async with trio.open_nursery() as nursery:
        nursery.start_soon(taken, reply, got)
        await wait_all_tasks_blocked()
        reply.send_nowait("yes")
    assert got == ["yes"]


async def test_an_answer_and_a_cancellation_in_one_turn_lose_nothing() -> None:
    reply: OneShot[str] = OneShot()
    got: list[str] = []
    async with trio.open_nursery() as nursery:
        nursery.start_soon(taken, reply, got)
        await wait_all_tasks_blocked()
        reply.send_nowait("yes")
        nursery.cancel_scope.cancel()
    assert got == ["yes"]


async def test_a_cancellation_and_an_answer_in_one_turn_leave_the_answer_there() -> None:
    reply: OneShot[str] = OneShot()
    got: list[str] = []
    async with trio.open_nursery() as nursery:
        nursery.start_soon(taken, reply, got)
        await wait_all_tasks_blocked()
        nursery.cancel_scope.cancel()
        reply.send_nowait("yes")
    assert got == []
    assert await reply.receive() == "yes"


# Interrupts


def test_an_interrupt_ends_the_wait_and_the_answer_stays() -> None:
    async def main() -> str:
        reply: OneShot[str] = OneShot()

        @trio.lowlevel.enable_ki_protection
        async def strike() -> None:
            await wait_all_tasks_blocked()
            signal.raise_signal(signal.SIGINT)

        async with trio.open_nursery() as nursery:
            nursery.start_soon(strike)
            with pytest.raises(KeyboardInterrupt):
                await reply.receive()
        reply.send_nowait("yes")
        return await reply.receive()

    assert trio.run(main) == "yes"


# Leaks


async def test_nothing_is_kept_alive() -> None:
    class Answer:
        pass

    gc.disable()
    try:
        reply: OneShot[Answer] = OneShot()
        answer = Answer()
        kept = weakref.ref(answer)
        reply.send_nowait(answer)
        del answer
        assert await reply.receive() is kept()
        assert kept() is None
    finally:
        gc.enable()


# Whatever the order


class Step(Enum):
    SEND = auto()
    CLOSE = auto()
    GIVE_UP = auto()
    RECEIVE = auto()
    CANCEL = auto()
    WAIT = auto()


HEARD = {Step.SEND: "yes", Step.CLOSE: "EndOfChannel", Step.GIVE_UP: "ClosedResourceError"}
"""What a caller gets that receives behind this end."""


@given(steps=st.lists(st.sampled_from(Step), max_size=8))
def test_the_first_end_decides_and_an_answer_is_taken_once(steps: list[Step]) -> None:
    trio.run(run_through, [*steps, Step.CLOSE], clock=MockClock(autojump_threshold=0))


async def run_through(steps: list[Step]) -> None:
    reply: OneShot[str] = OneShot()
    got: list[str] = []
    sent: list[bool] = []
    async with trio.open_nursery() as nursery:
        scope = trio.CancelScope()

        async def receive(scope: trio.CancelScope) -> None:
            with scope:
                await taken(reply, got)

        for step in steps:
            if step is Step.SEND:
                try:
                    reply.send_nowait("yes")
                    sent.append(True)
                except (trio.BrokenResourceError, trio.ClosedResourceError):
                    sent.append(False)
            elif step is Step.CLOSE:
                reply.close()
            elif step is Step.GIVE_UP:
                reply.give_up()
            elif step is Step.RECEIVE:
                scope = trio.CancelScope()
                nursery.start_soon(receive, scope)
            elif step is Step.CANCEL:
                scope.cancel()
            else:
                await wait_all_tasks_blocked()
    await taken(reply, got)
    end = next(step for step in steps if step in HEARD)
    assert sum(sent) == (end is Step.SEND)
    assert got.count("yes") == (end is Step.SEND)
    assert set(got) <= {HEARD[end], "BusyResourceError", "EndOfChannel"}
    assert has_given_up(reply) == (end is Step.GIVE_UP)
