"""The reading end of the event stream."""

from __future__ import annotations

from collections.abc import AsyncIterator
from types import TracebackType

import trio

from protocol.errors import SubscriberLagged, TradingError
from protocol.events import Event
from protocol.values import ClientOrderId

from .emitter import Lag, Subscribe, ToEmitter

__all__ = ["EventStream", "open_stream"]


class EventStream:
    """Events in order, from the call that made this object until its `with` block is left or the client closes.

    Iterate over single events, or over whole batches with `batches()`, in one task: another one that waits at the same
    time gets trio.BusyResourceError. Events that have arrived already come without a checkpoint, two batches at most.
    A subscriber that is more batches behind than its buffer holds gets what is buffered and then SubscriberLagged;
    no other subscriber notices.

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


def open_stream(
    to_emitter: trio.MemorySendChannel[ToEmitter], batches: int, session: int | None, only: ClientOrderId | None
) -> EventStream:
    """Subscribed at the call. batches: it may lag behind; session: of which events are wanted, None: of all; only: of
    one order of the session."""
    send, receive = trio.open_memory_channel[tuple[Event, ...]](batches)
    lag = Lag()
    try:
        to_emitter.send_nowait(Subscribe(send, lag, session, only))
    except (trio.BrokenResourceError, trio.ClosedResourceError):
        send.close()  # all is closed: an empty stream that ends at once
    except trio.WouldBlock:
        raise TradingError(
            "No stream was opened: too many were asked for at once. Let other tasks run (await a checkpoint), and ask "
            "again."
        ) from None
    return EventStream(receive, lag)
