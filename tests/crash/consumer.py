"""The consumer of a campaign: another process that follows the journal, and keeps its own file.

    python -m tests.crash.consumer JOURNAL OWN-FILE

It follows until it is killed. SIGTERM has it end once nothing has come for a while.
"""

from __future__ import annotations

import signal
import sys
from typing import Any, Final

import trio

from actors.journal import open_journal

from .own_file import OwnFile

QUIET: Final = 0.6


async def run(path: str, own_path: str) -> None:
    own = OwnFile(own_path)
    async with open_journal(path) as journal:
        print("open", flush=True)
        with journal.events(after=own.cursor) as stream, trio.open_signal_receiver(signal.SIGTERM) as told:
            async with trio.open_nursery() as nursery:
                scope = trio.CancelScope()
                nursery.start_soon(limit, told, scope)
                with scope:
                    async for event in stream:
                        own.take(event, str(stream.cursor))
                        if scope.deadline < trio.current_time() + QUIET:
                            scope.deadline = trio.current_time() + QUIET
                nursery.cancel_scope.cancel()


async def limit(told: Any, scope: trio.CancelScope) -> None:
    async for _ in told:
        scope.deadline = trio.current_time() + QUIET
        return


def main() -> None:
    path, own_path = sys.argv[1:]
    trio.run(run, path, own_path)


if __name__ == "__main__":
    main()
