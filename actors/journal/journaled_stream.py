"""A stream of events that goes on from the journal when it is behind."""

from __future__ import annotations

import trio

from protocol.errors import SubscriberLagged
from protocol.events import Event
from protocol.journal import Cursor

from ..emitter import Lag, Subscribe, ToEmitter, ends_an_order
from ..plumbing.channels import put
from ..subscription import EventStream, Wanted
from .source import JournalSource, Pages

__all__ = ["JournaledStream"]


class JournaledStream(EventStream):
    """Reads in the journal up to the number from which on the emitter hands it events, and then those.

    A subscriber that the emitter has let go first reads what it was handed, then in the journal what is published by
    then; only then it subscribes again, and reads once more in the journal up to its new subscription. So it needs no
    memory but its buffer, however slow it is. Every wait leaves it where it was if it is canceled.
    """

    def __init__(
        self, source: JournalSource, to_emitter: trio.MemorySendChannel[ToEmitter], batches: int, wanted: Wanted
    ) -> None:
        session = None if wanted.session is None else source.sessions[wanted.session]
        super().__init__(trio.open_memory_channel[tuple[Event, ...]](0)[1], Lag())
        self._source = source
        self._to_emitter = to_emitter
        self._batches = batches
        self._wanted = wanted
        self._pages = Pages(path=source.path, open_reader=source.open_reader, session=session, only=wanted.only)
        self._place = self._begin(wanted)
        """Up to this number it has all that it wants."""
        self._last_read = self._place
        self._until = source.progress.sequence
        """It reads in the journal up to this number."""
        self._is_subscribed = False
        self._has_order_ended = False
        self._is_too_late = wanted.after is None and source.progress.kept_until is not None
        """It was opened after the journal had failed, so nothing that it wants is in there."""

    def _begin(self, wanted: Wanted) -> int:
        if wanted.after is None:
            return self._source.present(with_beginning=wanted.only is None)
        return self._source.place_of(wanted.after)

    @property
    def cursor(self) -> Cursor | None:
        return self._source.cursor_at(self._given)

    def close(self) -> None:
        self._pages.close_for_good()
        super().close()

    def subscribe_now(self) -> None:
        """At the call that opens it, unless much is to be read before. Raises trio.WouldBlock."""
        if self._wanted.after is None or self._place >= self._until:
            subscribe = self._new_subscription()
            try:
                self._to_emitter.send_nowait(subscribe)
                self._is_subscribed = True
            except (trio.BrokenResourceError, trio.ClosedResourceError):
                subscribe.to_subscriber.close()  # all is closed: what is left to read is in the journal
        self._source.progress.is_beginning_free &= self._wanted.only is not None

    async def _next_received(self) -> tuple[Event, ...]:
        while True:
            if self._place < self._until:
                batch = await self._next_page()
            else:
                self._pages.close()
                if self._has_order_ended:
                    raise trio.EndOfChannel
                batch = await self._next_handed() if self._is_subscribed else await self._subscribe()
            if batch:
                return batch

    async def _next_page(self) -> tuple[Event, ...]:
        await trio.lowlevel.checkpoint()  # a reader that is behind lets others run
        if self._pages.is_closed:
            raise trio.ClosedResourceError
        kept = self._source.progress.kept_until
        if kept is not None and self._place >= kept:
            raise self._lagged()
        events, self._place = self._pages.read(self._place, self._until if kept is None else min(self._until, kept))
        if self._is_subscribed and self._place >= self._until:
            self._pages.close()
        if self._wanted.only is not None:
            for ends in map(ends_an_order, events):
                self._has_order_ended = self._has_order_ended if ends is None else ends
        return events

    def _lagged(self) -> SubscriberLagged:
        self._pages.close()
        return SubscriberLagged(
            f"This subscriber fell behind, and the journal at {self._source.path} has failed: it has every event up to "
            f"number {self._place}, and lost those from number {self._place + 1} on. The next run reads from the venue "
            "what is in them.",
            last_read=self._place,
            first_lost=self._place + 1,
        )

    async def _next_handed(self) -> tuple[Event, ...]:
        """An empty one: there is something to be read in the journal first."""
        try:
            batch = await super()._next_received()
        except trio.EndOfChannel:
            if self._lag.first_lost is None:
                raise
            self._is_subscribed, self._lag = False, Lag()
            self._until = self._source.progress.sequence
            return ()
        if not batch:
            self._until = self._take_mark()
        elif batch[0].sequence <= self._place:  # read in the journal, by another program, before it was published
            batch = tuple(event for event in batch if event.sequence > self._place)
        if batch:
            self._place = batch[-1].sequence
        return batch

    def _take_mark(self) -> int:
        if self._is_too_late:
            self._place = max(self._place, self._lag.live_after)
            self._is_too_late = False
        return self._lag.live_after

    async def _subscribe(self) -> tuple[Event, ...]:
        """Gives nothing: the emitter's mark comes first."""
        if self._pages.is_closed:
            raise trio.ClosedResourceError
        subscribe = self._new_subscription()
        try:
            await put(self._to_emitter, subscribe)
        except (trio.BrokenResourceError, trio.ClosedResourceError):
            subscribe.to_subscriber.close()  # the end of the stream, once the rest has been read
            await self._source.progress.ended.wait()
            self._until = self._source.progress.sequence
        except BaseException:
            subscribe.to_subscriber.close()
            raise
        self._is_subscribed = True
        return ()

    def _new_subscription(self) -> Subscribe:
        send, self._inbox = trio.open_memory_channel[tuple[Event, ...]](self._batches + 1)  # one for the mark
        self._lag = Lag()
        return Subscribe(send, self._lag, self._wanted.session, self._wanted.only)
