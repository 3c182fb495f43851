"""The consumer of a campaign: another process that follows the journal, and keeps its own file.

    python -m tests.crash.consumer JOURNAL OWN-FILE

It follows until it is killed. SIGTERM has it read to the journal's end, and end.
"""

from __future__ import annotations

import signal
import sys
from collections.abc import AsyncIterator

import trio

from actors import EventStream
from actors.journal.following import open_journal

from .own_file import OwnFile


async def run(path: str, own_path: str) -> None:
    own = OwnFile(own_path)
    async with open_journal(path) as journal:
        with trio.open_signal_receiver(signal.SIGTERM) as told:
            print("open", flush=True)
            async with trio.open_nursery() as nursery:
                nursery.start_soon(cancel_when, told, nursery.cancel_scope)
                await take(own, journal.events(after=own.cursor))
        await take(own, journal.events(after=own.cursor, follow=False))


async def take(own: OwnFile, stream: EventStream) -> None:
    with stream:
        async for event in stream:
            own.take(event, str(stream.cursor))


async def cancel_when(told: AsyncIterator[int], scope: trio.CancelScope) -> None:
    async for _ in told:
        scope.cancel()
        return


def main() -> None:
    path, own_path = sys.argv[1:]
    trio.run(run, path, own_path)


if __name__ == "__main__":
    main()
