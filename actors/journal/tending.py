"""The journal's tender: once a second, what a store needs done beside the commits."""

from __future__ import annotations

from collections.abc import Callable
from typing import Final

import trio

from protocol.journal import StoreFailed

from .life import JournalLife

__all__ = ["run_tending"]

PERIOD: Final = 1.0


async def run_tending(life: JournalLife, tell: Callable[[str], None]) -> None:
    """Has the store tended, on a worker thread. Ends when it fails, which `tell` hears in a sentence, or canceled."""
    if not life.store.needs_tending:
        return
    while True:
        await trio.sleep(PERIOD)
        try:
            await life.run_beside(life.store.tend)
        except StoreFailed as failed:
            tell(str(failed))
            return
