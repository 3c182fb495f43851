"""The dispatch actor: runs the state machine, the only owner of orders. Waits for its inbox and its next deadline."""

from __future__ import annotations

import logging
import math
from contextlib import suppress
from typing import Final

import trio
from attrs import define, field, frozen

from protocol.dispatch import Decisions, DispatchState
from protocol.dispatch.inputs import Asked
from protocol.reconciliation import Reconciliation

from .outbox import Decided, Detach, ToOutbox
from .plumbing.channels import Batch, close_inbox, put, queued, refuse
from .plumbing.clock import Clock, seconds
from .plumbing.one_shot import OneShot
from .plumbing.published import Published

__all__ = ["DispatchContext", "has_given_up", "run_dispatch"]

logger = logging.getLogger("trio_orders")

SWEEP: Final = 1000
"""So many may wait for an answer before those who have given up are looked for; then again at twice the rest."""


@frozen(kw_only=True)
class DispatchContext:
    """What the dispatch actor works with. session: the number under which the outbox knows us; skew: the view of how
    our clock stands to the venue's, reconciliation: of how far the venue's books are known; it publishes both."""

    state: DispatchState
    clock: Clock
    session: int
    skew: Published[int | None]
    reconciliation: Published[Reconciliation]


def has_given_up(reply_to: object) -> bool:
    """True when this reply address is no longer waited at."""
    return isinstance(reply_to, OneShot) and reply_to.has_given_up


@trio.lowlevel.enable_ki_protection  # an interrupt between two steps would lose an answer that a caller waits for
async def run_dispatch(
    inbox: trio.MemoryReceiveChannel[Batch], to_outbox: trio.MemorySendChannel[ToOutbox], context: DispatchContext
) -> None:
    """Receives from command handler, feed, sender, rest and session; sends to outbox, waiting for nothing else.

    Ends when all of them have closed. A caller that still waits for an answer then finds its channel closed.
    """
    worker = _Worker(inbox, to_outbox, context)
    with to_outbox:
        try:
            await _work(worker)
            await put(to_outbox, worker.last_words())
            await put(to_outbox, Detach(context.session))
        finally:
            worker.refuse_the_rest()


async def _work(worker: _Worker) -> None:
    """Until the inbox ends."""
    state, clock = worker.context.state, worker.context.clock
    with suppress(trio.EndOfChannel):
        while True:
            due = state.next_deadline
            with trio.CancelScope(deadline=math.inf if due is None else seconds(due)) as patience:
                await worker.work_until_deadline_changes(due)
            if patience.cancelled_caught:
                worker.decide(Batch((), clock.now()))
            if worker.overflow is not None:
                await worker.to_outbox.send(worker.overflow)
                worker.overflow = None


@define
class _Worker:
    """Applies batches. overflow: decisions for which the outbox had no room."""

    inbox: trio.MemoryReceiveChannel[Batch]
    to_outbox: trio.MemorySendChannel[ToOutbox]
    context: DispatchContext
    overflow: Decided | None = field(default=None, init=False)
    unanswered: set[object] = field(factory=set, init=False)
    sweep_at: int = field(default=SWEEP, init=False)

    async def work_until_deadline_changes(self, due: int | None) -> None:
        """Waits for nothing but the inbox, so that a deadline that passes can cancel the waiting and no work."""
        inbox, timers = self.inbox, self.context.state.timers
        while True:
            self.decide(await inbox.receive())
            if self.overflow is not None or timers.next != due:
                return
            for batch in queued(inbox):
                self.decide(batch)
                if self.overflow is not None or timers.next != due:
                    return

    def decide(self, batch: Batch) -> None:
        for item in batch.inputs:
            if type(item) is Asked:
                self.unanswered.add(item.reply_to)
        # In this order: an interrupt may come between any two steps, and then `refuse_the_rest` must find every answer.
        self.overflow = decided = Decided(self.context.session, self.context.state.apply(batch.inputs, batch.now))
        decisions = decided.decisions
        try:
            if decisions:
                self.to_outbox.send_nowait(decided)
            self.overflow = None
        except (trio.WouldBlock, trio.BrokenResourceError):
            pass  # `_work` waits for room, and hears that the outbox has ended
        for reply in decisions.replies:
            self.unanswered.discard(reply.reply_to)
        if len(self.unanswered) > self.sweep_at:
            self.unanswered = {reply_to for reply_to in self.unanswered if not has_given_up(reply_to)}
            self.sweep_at = max(SWEEP, 2 * len(self.unanswered))
        if decisions.measured is not None:
            self.context.skew.publish(decisions.measured.skew)
        if decisions.progress is not None:
            self.context.reconciliation.publish(decisions.progress)
        if decisions.warnings or decisions.alarms:
            _log(decisions)

    def last_words(self) -> Decided:
        decided = Decided(self.context.session, self.context.state.end(self.context.clock.now()))
        _log(decided.decisions)
        return decided

    def refuse_the_rest(self) -> None:
        """No caller may wait for an answer that will not come."""
        for batch in close_inbox(self.inbox):
            refuse(item for item in batch.inputs if isinstance(item, Asked))
        replies = [] if self.overflow is None else self.overflow.decisions.replies
        for reply_to in (*self.unanswered, *(reply.reply_to for reply in replies)):
            if isinstance(reply_to, OneShot):
                reply_to.close()


def _log(decisions: Decisions) -> None:
    for warning in decisions.warnings:
        logger.warning("%s", warning)
    for alarm in decisions.alarms:
        logger.error("%s", alarm)
