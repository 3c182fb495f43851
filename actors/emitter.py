"""The emitter: hands events to subscribers. It waits for none of them; one that falls behind is told and let go."""

from __future__ import annotations

from collections import deque
from typing import Final

import trio
from attrs import define, field, frozen

from protocol.events import Canceled, Denied, Event, Expired, Filled, OrderEvent, Rejected
from protocol.values import ClientOrderId

__all__ = ["Lag", "Subscribe", "ToEmitter", "run_emitter"]

BACKLOG: Final = 1024
"""Events kept for the first subscriber, so that it sees the stream from its beginning."""

SWEEP: Final = 1000
"""Orders with subscribers of their own before those who have left are looked for; then again at twice the rest."""

ENDINGS: Final = (Canceled, Expired, Rejected, Denied)


@define
class Lag:
    """Published by the emitter when it lets a subscriber go: the sequence number of the first event it did not get."""

    first_lost: int | None = None


@frozen
class Subscribe:
    """A new subscriber. only: the events of this order alone, up to its end; None: everything."""

    to_subscriber: trio.MemorySendChannel[tuple[Event, ...]]
    lag: Lag
    only: ClientOrderId | None = None


ToEmitter = tuple[Event, ...] | Subscribe


@define
class _Subscribers:
    everything: list[Subscribe] = field(factory=list)
    of_order: dict[ClientOrderId, list[Subscribe]] = field(factory=dict)
    backlog: deque[tuple[Event, ...]] | None = field(factory=deque)
    backlog_size: int = 0
    sweep_at: int = SWEEP

    def add(self, subscribe: Subscribe) -> None:
        if subscribe.only is not None:
            if len(self.of_order) > self.sweep_at:
                self._sweep()
            self.of_order.setdefault(subscribe.only, []).append(subscribe)
            return
        self.everything.append(subscribe)
        if self.backlog is not None:
            for events in self.backlog:
                if not _hand_over(subscribe, events):
                    self.everything.remove(subscribe)
                    break
            self.backlog = None

    def _sweep(self) -> None:
        """Lets go of those who have left and whose order brings no more events."""
        for order, subscribers in list(self.of_order.items()):
            subscribers[:] = [s for s in subscribers if s.to_subscriber.statistics().open_receive_channels]
            if not subscribers:
                del self.of_order[order]
        self.sweep_at = max(SWEEP, 2 * len(self.of_order))

    def emit(self, events: tuple[Event, ...]) -> None:
        if self.everything:
            behind = [subscribe for subscribe in self.everything if not _hand_over(subscribe, events)]
            for subscribe in behind:
                self.everything.remove(subscribe)
        elif self.backlog is not None:
            self._keep(events)
        if self.of_order:
            self._emit_to_orders(events)

    def _keep(self, events: tuple[Event, ...]) -> None:
        assert self.backlog is not None
        self.backlog.append(events)
        self.backlog_size += len(events)
        if self.backlog_size > BACKLOG:
            self.backlog = None  # a stream without its beginning is worth nothing: start at the call instead

    def _emit_to_orders(self, events: tuple[Event, ...]) -> None:
        for event in events:
            if not isinstance(event, OrderEvent):
                continue
            subscribers = self.of_order.get(event.client_order_id)
            if subscribers is None:
                continue
            subscribers[:] = [subscribe for subscribe in subscribers if _hand_over(subscribe, (event,))]
            ended = isinstance(event, ENDINGS) or (isinstance(event, Filled) and event.status.is_terminal)
            if ended:
                for subscribe in subscribers:
                    subscribe.to_subscriber.close()
            if ended or not subscribers:
                del self.of_order[event.client_order_id]

    def close(self) -> None:
        for subscribe in self.everything:
            subscribe.to_subscriber.close()
        for subscribers in self.of_order.values():
            for subscribe in subscribers:
                subscribe.to_subscriber.close()


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


async def run_emitter(inbox: trio.MemoryReceiveChannel[ToEmitter]) -> None:
    """Receives events from the outbox and subscriptions from callers; sends to subscribers, waiting for none.

    Ends when the outbox and the client have closed; every subscriber's stream then ends.
    """
    subscribers = _Subscribers()
    with inbox:
        try:
            async for item in inbox:
                if isinstance(item, Subscribe):
                    subscribers.add(item)
                else:
                    subscribers.emit(item)
        finally:
            subscribers.close()
