"""The emitter: hands events to subscribers. It waits for none of them; one that falls behind is reported and let go."""

from __future__ import annotations

from collections import deque
from contextlib import suppress
from typing import TYPE_CHECKING, Final

import trio
from attrs import define, field

from protocol.events import (
    Accepted,
    Canceled,
    Completed,
    Denied,
    Event,
    Expired,
    Filled,
    JournalFailed,
    OrderEvent,
    Rejected,
    Reopened,
    Submitted,
)
from protocol.values import ClientOrderId
from protocol.window import Window

from .plumbing.channels import close_inbox, queued

if TYPE_CHECKING:
    from attrs import frozen
else:
    from attrs import define as frozen  # built for every message and gone with it: see `protocol.facts`

__all__ = [
    "BACKLOG",
    "Lag",
    "Progress",
    "Publication",
    "SessionEnded",
    "Subscribe",
    "ToEmitter",
    "ends_an_order",
    "run_emitter",
]

BACKLOG: Final = 1024
"""Events kept for the first subscriber, so that it sees the stream from its beginning."""

SWEEP: Final = 1000
"""Subscribers before those who have left are looked for; then again at twice the rest."""

ENDINGS: Final = frozenset({Canceled, Completed, Expired, Rejected, Denied})
BEGINNINGS: Final = frozenset({Submitted, Accepted, Reopened})
ENDED: Final = 100_000
"""Orders whose end is remembered, so that a stream of one that has ended ends at once."""


@define
class Lag:
    """What the emitter lets a subscriber know beside the events. first_lost: the number of the first event that it did
    not get, when it is let go. live_after: with a journal, it gets the events behind this number; those up to it it
    reads there."""

    first_lost: int | None = None
    live_after: int = 0


@define
class Progress:
    """How far the stream of a program with a journal is. Written by the emitter, but for `is_beginning_free`."""

    sequence: int
    """Of the last event that was handed to subscribers; at the start, of the last one of the lives before."""
    kept_until: int | None = None
    """Number of the last event in the journal, once that has failed; None: every event is there."""
    is_beginning_free: bool = True
    """No stream has been opened yet: the first one begins with this life."""
    ended: trio.Event = field(factory=trio.Event)
    """Set when the emitter has ended, so that `sequence` is final."""


@frozen
class Publication:
    """Events that belong together, of one session; session None: of the program as a whole, for every stream."""

    session: int | None
    events: tuple[Event, ...]


@frozen
class SessionEnded:
    """No more news of this session; streams of it alone end."""

    session: int


@frozen
class Subscribe:
    """A new subscriber. session: of this one alone, None: of all; only: the events of this order of the session, up to
    its end; None: everything."""

    to_subscriber: trio.MemorySendChannel[tuple[Event, ...]]
    lag: Lag
    session: int | None
    only: ClientOrderId | None = None

    def wants(self, news: Publication) -> bool:
        return self.session is None or self.session == news.session or news.session is None


ToEmitter = Publication | Subscribe | SessionEnded
OrderKey = tuple[int | None, ClientOrderId]


@define
class _Subscribers:
    everything: list[Subscribe] = field(factory=list)
    of_order: dict[OrderKey, list[Subscribe]] = field(factory=dict)
    backlog: deque[Publication] | None = field(factory=deque)
    backlog_size: int = 0
    size: int = 0  # of those who were added since the last sweep, and those whom it left
    sweep_at: int = SWEEP
    ended: set[int] = field(factory=set)
    ended_orders: Window[OrderKey, None] = field(factory=lambda: Window(ENDED))

    def handle(self, item: ToEmitter) -> None:
        if isinstance(item, Publication):
            self.emit(item)
        elif isinstance(item, Subscribe):
            self.add(item)
        else:
            self.end(item.session)

    def add(self, subscribe: Subscribe) -> None:
        if subscribe.session in self.ended or (subscribe.session, subscribe.only) in self.ended_orders:
            subscribe.to_subscriber.close()
            return
        self.size += 1
        if self.size > self.sweep_at:
            self._sweep()
        if subscribe.only is not None:
            self.of_order.setdefault((subscribe.session, subscribe.only), []).append(subscribe)
            return
        self.everything.append(subscribe)
        if self.backlog is not None:
            for news in self.backlog:
                if subscribe.wants(news) and not _hand_over(subscribe, news.events):
                    self.everything.remove(subscribe)
                    break
            self.backlog = None

    def _sweep(self) -> None:
        """Lets go of those who have left and have not been found out by an event."""
        self.everything[:] = [s for s in self.everything if s.to_subscriber.statistics().open_receive_channels]
        self.size = len(self.everything)
        for order, subscribers in list(self.of_order.items()):
            subscribers[:] = [s for s in subscribers if s.to_subscriber.statistics().open_receive_channels]
            self.size += len(subscribers)
            if not subscribers:
                del self.of_order[order]
        self.sweep_at = max(SWEEP, 2 * self.size)

    def emit(self, news: Publication) -> None:
        if self.everything:
            behind = [each for each in self.everything if each.wants(news) and not _hand_over(each, news.events)]
            for subscribe in behind:
                self.everything.remove(subscribe)
        elif self.backlog is not None:
            self._keep(news)
        for event in news.events:
            ends = event.status.is_terminal if type(event) is Filled else type(event) in ENDINGS
            if ends or self.of_order or type(event) in BEGINNINGS:
                self._emit_to_order(news.session, event, ends)

    def _keep(self, news: Publication) -> None:
        assert self.backlog is not None
        self.backlog.append(news)
        self.backlog_size += len(news.events)
        if self.backlog_size > BACKLOG:
            self.backlog = None  # a stream without its beginning is worth nothing: start at the call instead

    def _emit_to_order(self, session: int | None, event: Event, ends: bool) -> None:
        """Hands an event to those who want its order alone. ends: it is the order's last but for late fills."""
        if not isinstance(event, OrderEvent):
            return
        key = (session, event.client_order_id)
        if ends:
            self.ended_orders.put(key, None)
        elif type(event) in BEGINNINGS:
            self.ended_orders.pop(key)  # the venue has the last word; or a name that was forgotten is used again
        subscribers = self.of_order.get(key)
        if subscribers is None:
            return
        subscribers[:] = [subscribe for subscribe in subscribers if _hand_over(subscribe, (event,))]
        if ends:
            for subscribe in subscribers:
                subscribe.to_subscriber.close()
        if ends or not subscribers:
            del self.of_order[key]

    def end(self, session: int) -> None:
        """Ends the streams of one session."""
        self.ended.add(session)
        for subscribe in [subscribe for subscribe in self.everything if subscribe.session == session]:
            subscribe.to_subscriber.close()
            self.everything.remove(subscribe)
        for key in [key for key in self.of_order if key[0] == session]:
            for subscribe in self.of_order.pop(key):
                subscribe.to_subscriber.close()

    def close(self) -> None:
        for subscribe in self.everything:
            subscribe.to_subscriber.close()
        for subscribers in self.of_order.values():
            for subscribe in subscribers:
                subscribe.to_subscriber.close()


class _WithJournal(_Subscribers):
    """Says to each subscriber from which number on it is handed events: the stream reads those before in the journal.

    An event is committed before it comes here. So all up to `progress.sequence` are in the journal, and nothing is
    missed or comes twice between the two, whatever a subscriber leaves out.
    """

    def __init__(self, progress: Progress) -> None:
        super().__init__(backlog=None)  # what came before is in the journal
        self.progress = progress

    def add(self, subscribe: Subscribe) -> None:
        subscribe.lag.live_after = self.progress.sequence
        if _hand_over(subscribe, ()):  # the mark; there is room for it beside the batches
            super().add(subscribe)

    def emit(self, news: Publication) -> None:
        super().emit(news)
        if news.session is None and self.progress.kept_until is None:
            failures = [event.sequence for event in news.events if type(event) is JournalFailed]
            if failures:
                self.progress.kept_until = failures[0] - 1
        self.progress.sequence = news.events[-1].sequence


def ends_an_order(event: Event) -> bool | None:
    """Whether the order ends with it, but for late fills; None: it says nothing about that."""
    if type(event) in BEGINNINGS:
        return False
    ends = event.status.is_terminal if type(event) is Filled else type(event) in ENDINGS
    return ends or None


def _hand_over(subscribe: Subscribe, events: tuple[Event, ...]) -> bool:
    """False when the subscriber has left, or is too far behind and has to be let go."""
    try:
        subscribe.to_subscriber.send_nowait(events)
    except trio.WouldBlock:
        subscribe.lag.first_lost = events[0].sequence
    except trio.BrokenResourceError:
        pass
    else:
        return True
    subscribe.to_subscriber.close()
    return False


@trio.lowlevel.enable_ki_protection  # Ctrl-C is for the program, and must not end what closes it
async def run_emitter(inbox: trio.MemoryReceiveChannel[ToEmitter], progress: Progress | None = None) -> None:
    """Receives events from the outbox and subscriptions from callers; sends to subscribers, waiting for none.

    Ends when the outbox and every client have closed; every subscriber's stream then ends. progress: of a stream with a
    journal; None: there is no journal.
    """
    subscribers = _Subscribers() if progress is None else _WithJournal(progress)
    with inbox:
        try:
            with suppress(trio.EndOfChannel):
                while True:
                    subscribers.handle(await inbox.receive())
                    for item in queued(inbox):
                        subscribers.handle(item)
        finally:
            subscribers.close()
            for item in close_inbox(inbox):
                if isinstance(item, Subscribe):
                    item.to_subscriber.close()  # it came too late: canceled, the emitter takes nothing more
            if progress is not None:
                progress.ended.set()
