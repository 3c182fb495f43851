"""The dispatch actor: runs the state machine, the only owner of orders. Waits for its inbox and its next deadline."""

from __future__ import annotations

import logging
from contextlib import suppress
from typing import Final

import trio

from protocol.dispatch import Decisions, DispatchState
from protocol.inputs import Asked

from .channels import Batch, put, receive_until
from .clock import Clock, seconds

__all__ = ["has_given_up", "run_dispatch"]

logger = logging.getLogger("trio_orders")

SWEEP: Final = 1000
"""So many may wait for an answer before those who have given up are looked for; then again at twice the rest."""


def has_given_up(reply_to: object) -> bool:
    """True when nobody waits at this reply address any more."""
    return isinstance(reply_to, trio.MemorySendChannel) and reply_to.statistics().open_receive_channels == 0


async def run_dispatch(
    inbox: trio.MemoryReceiveChannel[Batch],
    to_outbox: trio.MemorySendChannel[Decisions],
    state: DispatchState,
    clock: Clock,
) -> None:
    """Receives from command handler, feed, sender, rest and session; sends to outbox, waiting for nothing else.

    Ends when all of them have closed. Whoever still waits for an answer then finds its channel closed.
    """
    unanswered: set[object] = set()
    sweep_at = SWEEP
    try:
        with inbox, to_outbox, suppress(trio.EndOfChannel):
            while True:
                due = state.next_deadline
                batch = await receive_until(inbox, None if due is None else seconds(due))
                if batch is None:
                    decisions = state.apply((), clock.now())
                else:
                    for item in batch.inputs:
                        if isinstance(item, Asked):
                            unanswered.add(item.reply_to)
                    decisions = state.apply(batch.inputs, batch.now)
                for reply in decisions.replies:
                    unanswered.discard(reply.reply_to)
                if len(unanswered) > sweep_at:
                    unanswered = {reply_to for reply_to in unanswered if not has_given_up(reply_to)}
                    sweep_at = max(SWEEP, 2 * len(unanswered))
                for warning in decisions.warnings:
                    logger.warning("%s", warning)
                if decisions:
                    await put(to_outbox, decisions)
    finally:
        for reply_to in unanswered:
            if isinstance(reply_to, trio.MemorySendChannel):
                reply_to.close()
