"""What a turn of the scheduler buys: nobody runs before the wire, nobody is woken twice for one thing, and a reader
that is behind lets others run."""

from __future__ import annotations

import trio
from trio.testing import MockClock, wait_all_tasks_blocked

from actors.emitter import Lag, Publication, ToEmitter, run_emitter
from actors.outbox import Attach, Decided, Outlets, ToOutbox, run_outbox
from actors.plumbing.one_shot import OneShot
from actors.rest import ToRest
from actors.sender import ToSender
from actors.subscription import EventStream, Wanted, open_stream
from protocol.dispatch import Decisions, Reply, Send
from protocol.dispatch.inputs import Admission
from protocol.events import Connected, Event
from protocol.requests import ListOpenOrders
from protocol.values import AccountId, RequestId

from ..trading import names, sell, trading

SCHEDULES = 50
"""Trio shuffles the tasks of a turn, so what must hold is tried often."""


def connected(number: int = 0) -> Connected:
    return Connected(venue="AX", account=AccountId("a"), connection=1, url="ws://test", local_time=0, sequence=number)


async def order_of_running() -> list[str]:
    """Who ran when, after one decision that sends, publishes and answers."""
    to_outbox, inbox = trio.open_memory_channel[ToOutbox](4)
    to_emitter, news = trio.open_memory_channel[ToEmitter](4)
    to_sender, frames = trio.open_memory_channel[ToSender](4)
    to_rest, _ = trio.open_memory_channel[ToRest](4)
    credits, _ = trio.open_memory_channel[Admission](4)
    reply: OneShot[str] = OneShot()
    ran: list[str] = []

    async def sender() -> None:
        await frames.receive()
        ran.append("sender")

    async def caller() -> None:
        await reply.receive()
        ran.append("caller")

    async def subscriber(stream: EventStream) -> None:
        with stream:
            async for _ in stream:
                ran.append("subscriber")
                return

    async with trio.open_nursery() as nursery:
        nursery.start_soon(run_outbox, inbox, to_emitter.clone())
        nursery.start_soon(run_emitter, news)
        nursery.start_soon(sender)
        nursery.start_soon(caller)
        nursery.start_soon(subscriber, open_stream(to_emitter, 4, Wanted()))
        await to_outbox.send(Attach(1, Outlets(sender=to_sender, rest=to_rest, credits=credits)))
        await wait_all_tasks_blocked()
        decisions = Decisions(
            records=[connected()],
            sends=[Send(ListOpenOrders(request_id=RequestId(1)), 1, None)],
            replies=[Reply(reply, "yes")],
        )
        to_outbox.send_nowait(Decided(1, decisions))
        await wait_all_tasks_blocked()
        to_outbox.close()
        to_emitter.close()
    return ran


async def test_no_caller_and_no_subscriber_runs_before_the_sender() -> None:
    for _ in range(SCHEDULES):
        ran = await order_of_running()
        assert ran[0] == "sender"
        assert sorted(ran) == ["caller", "sender", "subscriber"]


async def test_a_caller_finds_the_event_of_its_order_with_its_answer(autojump_clock: MockClock) -> None:
    async with trading() as (_, client, stream):
        await trio.sleep(10)
        async with trio.open_nursery() as nursery:

            async def drain() -> None:
                async for _ in stream:
                    pass

            nursery.start_soon(drain)
            await trio.sleep(1)
            nursery.cancel_scope.cancel()
        for _ in range(SCHEDULES):
            await client.submit(sell(1))
            there = stream._inbox.receive_nowait()
            assert names(list(there)) == ["Submitted"]
            await trio.sleep(1)
            while stream._inbox.statistics().current_buffer_used:
                await stream.next_batch()


async def test_a_reader_that_is_behind_lets_others_run(autojump_clock: MockClock) -> None:
    send, receive = trio.open_memory_channel[tuple[Event, ...]](100)
    read: list[int] = []
    turns: list[int] = []
    for number in range(1, 11):
        send.send_nowait((connected(number),))

    async def another() -> None:
        while True:
            turns.append(len(read))
            await trio.lowlevel.checkpoint()

    async with trio.open_nursery() as nursery:
        nursery.start_soon(another)
        await trio.lowlevel.checkpoint()
        stream = EventStream(receive, Lag())
        for _ in range(10):
            read.append((await stream.next_batch())[0].sequence)
        nursery.cancel_scope.cancel()
    assert read == list(range(1, 11))
    assert len(turns) >= 5


async def test_a_reader_that_is_canceled_takes_nothing_more() -> None:
    send, receive = trio.open_memory_channel[tuple[Event, ...]](100)
    stream = EventStream(receive, Lag())
    send.send_nowait((connected(1),))
    with trio.CancelScope() as scope:
        scope.cancel()
        await stream.next_batch()
    assert scope.cancelled_caught
    (event,) = await stream.next_batch()
    assert event.sequence == 1


async def test_the_emitter_wakes_a_reader_once_for_what_belongs_together() -> None:
    to_emitter, news = trio.open_memory_channel[ToEmitter](4)
    async with trio.open_nursery() as nursery:
        nursery.start_soon(run_emitter, news)
        with open_stream(to_emitter, 4, Wanted()) as stream:
            to_emitter.send_nowait(Publication(1, (connected(1), connected(2))))
            assert len(await stream.next_batch()) == 2
        to_emitter.close()


async def test_a_stream_that_was_opened_when_the_emitter_was_aborted_ends() -> None:
    to_emitter, inbox = trio.open_memory_channel[ToEmitter](4)
    with trio.CancelScope() as scope:
        scope.cancel()
        stream = open_stream(to_emitter, 4, Wanted())
        await run_emitter(inbox)
    assert [event async for event in stream] == []
