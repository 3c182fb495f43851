"""The reading end of the event stream."""

from __future__ import annotations

from collections.abc import AsyncIterator
from types import TracebackType
from typing import TYPE_CHECKING

import trio
from attrs import frozen

from protocol.errors import SubscriberLagged, TradingError
from protocol.events import Event
from protocol.values import ClientOrderId

from .emitter import Lag, Subscribe, ToEmitter

if TYPE_CHECKING:
    from protocol.journal import Cursor

    from .journal.source import JournalSource

__all__ = ["EventStream", "Wanted", "open_stream"]


class EventStream:
    """Events in order, from the call that made this object until its `with` block is left or the client closes.

    Iterate over single events, or over whole batches with `batches()`, in one task: another one that waits at the same
    time gets trio.BusyResourceError. Events that have arrived already come without a checkpoint, two batches at most.
    A subscriber that is more batches behind than its buffer holds gets what is buffered and then SubscriberLagged;
    no other subscriber notices. With a journal it goes on from there instead, however far it is behind.

        with client.events() as events:
            async for event in events: ...
    """

    def __init__(self, inbox: trio.MemoryReceiveChannel[tuple[Event, ...]], lag: Lag) -> None:
        self._inbox = inbox
        self._lag = lag
        self._batch: tuple[Event, ...] = ()
        self._next = 0
        self._last_read = 0
        self._is_awaited = False
        self._gave_way = True

    def __enter__(self) -> EventStream:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, value: BaseException | None, traceback: TracebackType | None
    ) -> None:
        self.close()

    def close(self) -> None:
        """Releases the subscription; safe to call twice."""
        self._inbox.close()

    @property
    def cursor(self) -> Cursor | None:
        """Behind the last event that was given, or the last batch; before the first one, where the stream began. Keep
        its text (`str`) with what you made of the events, in one transaction, and open the next stream with `after=`.

        None without a journal, and behind events that came after it had failed.
        """
        return None

    @property
    def _given(self) -> int:
        """Number of the last event that was given; in a batch that is taken one by one, of the last one taken."""
        return self._batch[self._next - 1].sequence if self._next < len(self._batch) else self._last_read

    def __aiter__(self) -> EventStream:
        return self

    async def __anext__(self) -> Event:
        if self._next == len(self._batch):
            self._batch = await self._receive()
            self._next = 0
        event = self._batch[self._next]
        self._next += 1
        return event

    def batches(self) -> AsyncIterator[tuple[Event, ...]]:
        """What is left of the batch in hand, then each later batch whole."""
        return _Batches(self)

    async def next_batch(self) -> tuple[Event, ...]:
        """One of `batches()`. Raises StopAsyncIteration."""
        rest = self._batch[self._next :]
        self._next = len(self._batch)
        return rest or await self._receive()

    async def _receive(self) -> tuple[Event, ...]:
        if self._is_awaited:
            raise trio.BusyResourceError("Another task is waiting for this stream; open one stream for each task.")
        self._is_awaited = True
        try:
            batch = await self._next_received()
        except trio.EndOfChannel:
            if self._lag.first_lost is not None:
                raise SubscriberLagged(
                    f"This subscriber fell behind: it has every event up to number {self._last_read}, and lost "
                    f"those from number {self._lag.first_lost} on. Read faster, or give it a larger buffer.",
                    last_read=self._last_read,
                    first_lost=self._lag.first_lost,
                ) from None
            raise StopAsyncIteration from None
        except trio.ClosedResourceError:
            raise StopAsyncIteration from None
        finally:
            self._is_awaited = False
        self._last_read = batch[-1].sequence
        return batch

    async def _next_received(self) -> tuple[Event, ...]:
        """One that is there already comes without a turn of the scheduler, but never two in a row: else a reader that
        is behind would let nobody else run."""
        if self._gave_way:
            await trio.lowlevel.checkpoint_if_cancelled()
            try:
                batch = self._inbox.receive_nowait()
                self._gave_way = False
                return batch
            except trio.WouldBlock:
                pass
        batch = await self._inbox.receive()
        self._gave_way = True
        return batch


class _Batches:
    """An iterator, so that a reader that stops leaves nothing behind."""

    def __init__(self, stream: EventStream) -> None:
        self._stream = stream

    def __aiter__(self) -> _Batches:
        return self

    async def __anext__(self) -> tuple[Event, ...]:
        return await self._stream.next_batch()


@frozen(kw_only=True)
class Wanted:
    """What a stream is to give."""

    session: int | None = None
    """Events of this session alone, by its number in the stream; None: of all."""
    only: ClientOrderId | None = None
    """Events of this order of the session alone, up to its end; None: everything."""
    after: Cursor | str | None = None
    """Behind this cursor, first from the journal; None: from the call on."""


def open_stream(
    to_emitter: trio.MemorySendChannel[ToEmitter], batches: int, wanted: Wanted, journal: JournalSource | None = None
) -> EventStream:
    """Begins at the call. batches: it may lag behind, and with a journal hold in memory.

    Raises ValueError for a cursor where there is no journal and for a text that is none; JournalError, CursorAhead,
    CursorExpired when the journal cannot go on from it; TradingError when too many streams are opened at once.
    """
    try:
        if journal is None:
            return _in_memory(to_emitter, batches, wanted)
        from .journal.journaled_stream import (
            JournaledStream,
        )  # with the journal: a program without one does not load it

        stream = JournaledStream(journal, to_emitter, batches, wanted)
        stream.subscribe_now()
        return stream
    except trio.WouldBlock:
        raise TradingError(
            "No stream was opened: too many were asked for at once. Let other tasks run (await a checkpoint), and ask "
            "again."
        ) from None


def _in_memory(to_emitter: trio.MemorySendChannel[ToEmitter], batches: int, wanted: Wanted) -> EventStream:
    """Raises trio.WouldBlock."""
    if wanted.after is not None:
        raise ValueError(
            "There is no journal to go on from: open the client with `journal=...`, or the stream without `after`."
        )
    send, receive = trio.open_memory_channel[tuple[Event, ...]](batches)
    lag = Lag()
    try:
        to_emitter.send_nowait(Subscribe(send, lag, wanted.session, wanted.only))
    except (trio.BrokenResourceError, trio.ClosedResourceError):
        send.close()  # all is closed: an empty stream that ends at once
    return EventStream(receive, lag)
