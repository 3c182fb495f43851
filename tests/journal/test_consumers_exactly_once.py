"""Drawn programs: lives end and lose power, slow consumers are killed. Each event comes once to each of them."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from random import Random

import trio
from attrs import define, field
from hypothesis import given, settings
from hypothesis import strategies as st
from trio.testing import MockClock

from actors.subscription import EventStream
from protocol.errors import CursorAhead
from protocol.events import Canceled, Event, OrderEvent
from protocol.journal import Cursor
from protocol.values import ClientOrderId
from trio_orders import open_journal

from ..order_records import accepted, canceled, filled, identity
from .kept_events import KeptEvents, Program, news, running

SESSIONS = 3
LIVES = 4
END = 10**9


@define
class Consumer:
    """What survives it: the events that it counted, and the cursor behind them."""

    session: int | None = None
    only: str | None = None
    is_elsewhere: bool = False
    """In another process: it follows the journal."""
    start: int = 0
    cursor: Cursor | str | None = None
    told: list[Event] = field(factory=list)
    is_done: bool = False
    went_back: int = 0

    def take(self, batch: list[Event], cursor: Cursor | None) -> None:
        self.told.extend(batch)
        self.cursor = cursor
        self.is_done |= self.only is not None and any(isinstance(event, Canceled) for event in batch)

    def go_back(self, last: str | None) -> None:
        assert last is not None
        self.went_back += 1
        self.cursor = last
        number = Cursor.parse(last).sequence
        self.told = [event for event in self.told if event.sequence <= number]
        self.start = min(self.start, number)
        self.is_done = self.only is not None and any(isinstance(event, Canceled) for event in self.told)

    def wants(self, event: Event, session: int) -> bool:
        if self.only is not None:
            is_ours = isinstance(event, OrderEvent) and event.client_order_id == self.only
            return is_ours and session - 1 == self.session
        return self.session is None or session - 1 == self.session

    def wanted(self, kept: KeptEvents) -> list[Event]:
        found = zip(kept.events(), kept.rows, strict=True)
        return [event for event, row in found if event.sequence > self.start and self.wants(event, row.session)]


async def read_slowly(consumer: Consumer, stream: EventStream, random: Random) -> None:
    """A transaction has no wait in it, so a kill comes before it or behind it. Raises StopAsyncIteration."""
    while not consumer.is_done:
        batch = [await anext(stream)] if random.random() < 0.5 else list(await stream.next_batch())
        consumer.take(batch, stream.cursor)
        if random.random() < 0.3:
            await trio.sleep(random.random() * 2)


async def consume(consumer: Consumer, opening: Callable[[Cursor | str | None], EventStream], random: Random) -> None:
    """Killed and started again until the stream ends, which it does when the program has."""
    while not consumer.is_done:
        try:
            stream = opening(consumer.cursor)
        except CursorAhead as ahead:
            consumer.go_back(ahead.last)
            continue
        with stream, trio.move_on_after(random.choice((0, 0.5, 3, END))):
            if consumer.cursor is None:
                consumer.cursor = stream.cursor
                consumer.start = Cursor.parse(str(stream.cursor)).sequence
            try:
                await read_slowly(consumer, stream, random)
            except StopAsyncIteration:
                return
        await trio.sleep(random.random())


async def trade(program: Program, random: Random) -> None:
    """Publishes in batches of all sizes; some are committed a while before."""
    held = []
    for number in range(random.randrange(40)):
        session = random.randrange(SESSIONS)
        us = identity(f"{random.choice('ab')}{program.life.number}")
        told: list[Event] = [news() for _ in range(random.randrange(3))]
        told += [filled(f"{program.life.number}-{number}", 1, identity=us) for _ in range(random.randrange(1, 3))]
        held.append(program.commit(session, *told))
        if random.random() < 0.7:
            for publication in held:
                program.to_emitter.send_nowait(publication)
            held.clear()
        await trio.sleep(random.choice((0, 0, 0.1, 1)))
    for session in range(SESSIONS):
        for name in "ab":
            us = identity(f"{name}{program.life.number}")
            held.append(program.commit(session, accepted(of=us), canceled(of=us)))
    for publication in held:
        program.to_emitter.send_nowait(publication)


def new_consumers(life: int, random: Random) -> Iterator[Consumer]:
    yield Consumer()
    yield Consumer(session=random.randrange(SESSIONS))
    yield Consumer(is_elsewhere=True)
    yield Consumer(session=random.randrange(SESSIONS), only=f"a{life}")


async def run_consumer(consumer: Consumer, program: Program, random: Random) -> None:
    only = None if consumer.only is None else ClientOrderId(consumer.only)
    if not consumer.is_elsewhere:

        def opening(after: Cursor | str | None) -> EventStream:
            return program.stream(consumer.session, only, after, batches=random.choice((1, 2, 20)))

        await consume(consumer, opening, random)
        return
    async with open_journal("orders.db", open_reader=lambda _: program.kept.reader()) as journal:
        is_over = program.source.progress.ended.is_set
        await consume(consumer, lambda after: journal.events(after, follow=not is_over(), period=0.2), random)


async def follow_to_the_end(consumer: Consumer, program: Program, random: Random) -> None:
    """One that follows the journal is killed when the program has ended, and then reads what is left."""
    if consumer.is_elsewhere:
        with trio.CancelScope() as scope:
            async with trio.open_nursery() as nursery:
                nursery.start_soon(run_consumer, consumer, program, random)
                await program.source.progress.ended.wait()
                scope.cancel()
    await run_consumer(consumer, program, random)


async def lives(seed: int) -> None:
    random = Random(seed)
    kept = KeptEvents()
    consumers: list[Consumer] = []
    for life in range(1, LIVES + 1):
        consumers += new_consumers(life, random)
        async with trio.open_nursery() as nursery:
            async with running(kept, sessions=SESSIONS) as program:
                for consumer in consumers:
                    nursery.start_soon(follow_to_the_end, consumer, program, random)
                await trade(program, random)
        for consumer in consumers:
            assert consumer.told == consumer.wanted(kept)
        consumers = [consumer for consumer in consumers if not consumer.is_done]
        assert kept.open_readers == 0
        if random.random() < 0.5:
            kept.lose(random.randrange(program.life.first_sequence - 1, len(kept.rows) + 1))


@settings(max_examples=25)
@given(st.integers(0, 2**32))
def test_each_consumer_gets_each_committed_event_behind_its_cursor_once_and_in_order(seed: int) -> None:
    trio.run(lives, seed, clock=MockClock(autojump_threshold=0))
