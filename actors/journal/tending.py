"""The journal's tender: about once a second, what a store needs done beside the commits."""

from __future__ import annotations

import logging
from collections.abc import Callable
from typing import Final

import trio

from protocol.journal import StoreFailed

from .life import JournalLife

__all__ = ["run_tending"]

logger = logging.getLogger("trio_orders")

FIRST: Final = 0.25
"""Seconds after which it is done for the first time; from then on the store says when."""


@trio.lowlevel.enable_ki_protection  # Ctrl-C is for the program, and must not end the outbox, whose task this is
async def run_tending(life: JournalLife, tell: Callable[[str], None]) -> None:
    """Has the store tended, on a worker thread. Ends when it fails, which `tell` hears in a sentence, or canceled."""
    if not life.store.needs_tending:
        return
    pause, told = FIRST, len(life.store.warnings)
    while True:
        await trio.sleep(pause)
        try:
            pause = await life.run_beside(life.store.tend)
            for warning in life.store.warnings[told:]:
                logger.warning("%s", warning)
            told = len(life.store.warnings)
        except StoreFailed as failed:
            tell(str(failed))
            return
