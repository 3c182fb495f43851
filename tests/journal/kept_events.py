"""A program's stream with a journal, and nothing else of the program: rows are kept in a list, and then published."""

from __future__ import annotations

from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from itertools import pairwise
from typing import cast

import trio
from attrs import define, evolve, field

from actors.emitter import Progress, Publication, SessionEnded, ToEmitter, run_emitter
from actors.journal.source import JournalSource
from actors.subscription import EventStream, Wanted, open_stream
from protocol import events
from protocol.dispatch.records import Record
from protocol.event_json import from_json
from protocol.events import Event, number
from protocol.journal import Cursor, Life, Row, StoreFailed, rows_of
from protocol.structs import evolve as changed
from protocol.values import AccountId, ClientOrderId

JOURNAL = "00000000000000aa"


@define
class KeptEvents:
    """The rows of one journal, which outlive the programs that write them."""

    rows: list[Row] = field(factory=list)
    lives: list[Life] = field(factory=list)
    dropped: int = 0
    """Events up to this number are no longer kept."""
    open_readers: int = 0
    opened: int = 0
    is_broken: bool = False

    def begin(self) -> Life:
        first = len(self.rows) + 1
        life = Life(
            number=len(self.lives) + 1,
            tag=f"{0xB0 + len(self.lives):016x}",
            first_position=first,
            first_sequence=first,
            began=0,
        )
        self.lives.append(life)
        return life

    def lose(self, after: int) -> None:
        """The power was lost, and with it what is behind this number."""
        del self.rows[after:]

    def copy(self) -> KeptEvents:
        return evolve(self, rows=list(self.rows), lives=list(self.lives))

    def reader(self) -> KeptReader:
        self.open_readers += 1
        self.opened += 1
        return KeptReader(self)

    def events(self, after: int = 0) -> list[Event]:
        return [from_json(row.record) for row in self.rows[after:]]


@define
class KeptReader:
    kept: KeptEvents
    is_closed: bool = False

    @property
    def journal_id(self) -> str:
        return JOURNAL

    def lives(self) -> Sequence[Life]:
        self._check()
        return tuple(self.kept.lives)

    def bounds(self) -> tuple[int, int]:
        self._check()
        return self.kept.dropped + 1, len(self.kept.rows)

    def events(
        self, after: int, most: int, *, session: int | None = None, client_order_id: str | None = None
    ) -> Sequence[Row]:
        self._check()
        rows = self.kept.rows[max(after, self.kept.dropped) :]
        wanted = (r for r in rows if session in (None, r.session) and client_order_id in (None, r.client_order_id))
        return [row for row, _ in zip(wanted, range(most), strict=False)]

    def _check(self) -> None:
        assert not self.is_closed, "a closed reader was used"
        if self.kept.is_broken:
            raise StoreFailed("The disk does not answer.")

    def close(self) -> None:
        if not self.is_closed:
            self.is_closed = True
            self.kept.open_readers -= 1


@define
class Program:
    """One life. Its sessions have the numbers 0, 1 … in the stream and 1, 2 … in the journal."""

    kept: KeptEvents
    life: Life
    source: JournalSource
    to_emitter: trio.MemorySendChannel[ToEmitter]
    batches: int
    sequence: int
    is_journal_failed: bool = False

    def numbered(self, *told: Event) -> tuple[Event, ...]:
        numbered = tuple(changed(event) for event in told)
        for event in numbered:
            self.sequence += 1
            number(event, self.sequence)
        return numbered

    def commit(self, session: int | None, *told: Event) -> Publication:
        """Not published yet."""
        numbered = self.numbered(*told)
        if not self.is_journal_failed:
            stored = 0 if session is None else session + 1
            for event in numbered:
                self.kept.rows += rows_of([cast("Record", event)], event.sequence - 1, self.life.number, stored, 0)
        return Publication(session, numbered)

    def publish(self, session: int | None, *told: Event) -> None:
        self.to_emitter.send_nowait(self.commit(session, *told))

    def fail_journal(self) -> None:
        self.is_journal_failed = True
        self.publish(None, events.JournalFailed(local_time=0, path="orders.db", reason="The disk is gone."))

    def end(self, session: int) -> None:
        self.to_emitter.send_nowait(SessionEnded(session))

    def stream(
        self,
        session: int | None = None,
        only: ClientOrderId | None = None,
        after: Cursor | str | None = None,
        batches: int | None = None,
    ) -> EventStream:
        wanted = Wanted(session=session, only=only, after=after)
        return open_stream(self.to_emitter, self.batches if batches is None else batches, wanted, self.source)


@asynccontextmanager
async def running(kept: KeptEvents, batches: int = 2, sessions: int = 3) -> AsyncIterator[Program]:
    """A life of the program, from its beginning to its orderly end."""
    life = kept.begin()
    source = JournalSource(
        path="orders.db",
        journal_id=JOURNAL,
        lives=tuple(kept.lives),
        open_reader=kept.reader,
        progress=Progress(sequence=life.first_sequence - 1),
        sessions={number: number + 1 for number in range(sessions)},
    )
    to_emitter, inbox = trio.open_memory_channel[ToEmitter](1024)
    async with trio.open_nursery() as nursery:
        nursery.start_soon(run_emitter, inbox, source.progress)
        with to_emitter:
            yield Program(kept, life, source, to_emitter, batches, life.first_sequence - 1)


def news(venue: str = "AX") -> Event:
    return events.Connected(venue=venue, account=AccountId("a"), connection=1, url="ws://test", local_time=0)


async def read(stream: EventStream, count: int) -> list[Event]:
    """So many events, one by one."""
    return [await anext(stream) for _ in range(count)]


async def rest_of(stream: EventStream) -> list[Event]:
    """All of a stream that ends."""
    return [event async for event in stream]


def sequences(told: Sequence[Event]) -> list[int]:
    return [event.sequence for event in told]


def is_whole(told: Sequence[Event]) -> bool:
    return all(after.sequence == before.sequence + 1 for before, after in pairwise(told))
