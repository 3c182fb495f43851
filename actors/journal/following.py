"""Reads a journal in another process than the one that writes it, and follows it."""

from __future__ import annotations

import os
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager, suppress
from pathlib import Path
from typing import Final

import trio

from protocol.errors import JournalError
from protocol.events import Event
from protocol.journal import Cursor, StoreReader
from protocol.journal.cursor import cursor_at, place_of

from ..emitter import Lag
from ..subscription import EventStream
from .source import Pages

__all__ = ["JournalReader", "open_journal"]

PERIOD: Final = 0.05


def _sqlite(path: Path) -> StoreReader:
    from .sqlite_reader import open_sqlite_reader  # with SQLite itself

    return open_sqlite_reader(path)


@asynccontextmanager
async def open_journal(
    path: str | os.PathLike[str], *, open_reader: Callable[[Path], StoreReader] = _sqlite
) -> AsyncIterator[JournalReader]:
    """A journal for reading, while the program that writes it runs, or after it has ended.

        async with open_journal("orders.db") as journal:
            with journal.events(after=kept) as stream:
                async for event in stream: ...

    It never writes, takes no lock that the writer waits for, and holds nothing for longer than a page of events: this
    program may be killed at any moment, and the other one never notices. Leaving the block closes all its streams.

    open_reader: makes a connection to where the journal is; one SQLite file unless another way is named. Raises
    JournalError for a file that is missing, is no journal, or was written by a newer version.
    """
    journal = JournalReader(Path(path), open_reader)
    try:
        yield journal
    finally:
        journal.close()


class JournalReader:
    """A journal open for reading. Made by `open_journal`, and used by one task at a time."""

    def __init__(self, path: Path, open_reader: Callable[[Path], StoreReader]) -> None:
        self._path = path
        self._open_reader = open_reader
        self._file = _identity(path)
        self._reader = open_reader(path)
        self._streams: list[FollowingStream] = []

    @property
    def path(self) -> Path:
        """The file."""
        return self._path

    @property
    def id(self) -> str:
        """16 hexadecimal digits, given when the journal was made; a copy has them, too."""
        return self._reader.journal_id

    @property
    def cursor(self) -> Cursor | None:
        """Behind the newest event that is committed now: `events(after=journal.cursor)` gives what comes from now on.
        None: no program has begun to write yet."""
        return cursor_at(self.id, self._reader.lives(), self._reader.bounds()[1])

    def events(self, after: Cursor | str | None = None, *, follow: bool = True, period: float = PERIOD) -> EventStream:
        """Every event behind the cursor, of all clients in one order; None: from the oldest one that is kept.

        follow: wait for more at the end, with a look every `period` seconds; else the stream ends there. Its `cursor`
        is to be kept with what you made of the events.

        Raises ValueError for a text that is no cursor or a period that is not positive; JournalError for a cursor of
        another journal, CursorAhead when events before the cursor were lost with the power, CursorExpired when some
        behind it are no longer kept. The stream raises JournalError when the file is replaced or cannot be read, and
        CursorExpired when it is so far behind that what it needs is dropped.
        """
        if not period > 0:
            raise ValueError(f"A period is seconds between two looks, and positive; not {period}.")
        place = self._reader.bounds()[0] - 1 if after is None else place_of(after, self._reader, str(self._path))
        pages = Pages(path=str(self._path), open_reader=self._open)
        stream = FollowingStream(pages, place, self._refuse_another if follow else None, period)
        self._streams = [each for each in self._streams if not each.is_closed]
        self._streams.append(stream)
        return stream

    def _open(self) -> StoreReader:
        return self._open_reader(self._path)

    def _refuse_another(self) -> None:
        """What is written to another file of this name would never be seen here."""
        if _identity(self._path) != self._file:
            raise JournalError(
                f"The journal {self._path} is another file than the one that was opened: it was moved or replaced. "
                "Open it again, and go on from your cursor.",
                path=str(self._path),
            )

    def close(self) -> None:
        """Closes every stream; safe to call twice."""
        for stream in self._streams:
            stream.close()
        self._reader.close()


class FollowingStream(EventStream):
    """Reads a journal page by page, and at its end looks again and again."""

    def __init__(self, pages: Pages, place: int, refuse: Callable[[], None] | None, period: float) -> None:
        """place: number of the last event that is not wanted; refuse: looked at before each wait for more, None: the
        stream ends instead."""
        self._closing, inbox = trio.open_memory_channel[tuple[Event, ...]](0)
        super().__init__(inbox, Lag())
        self._pages = pages
        self._place = self._last_read = place
        self._refuse = refuse
        self._period = period
        self._journal, self._lives = pages.lives()

    @property
    def is_closed(self) -> bool:
        return self._pages.is_closed

    @property
    def cursor(self) -> Cursor | None:
        return cursor_at(self._journal, self._lives, self._given)

    def close(self) -> None:
        self._pages.close_for_good()
        super().close()

    async def _next_received(self) -> tuple[Event, ...]:
        while True:
            await trio.lowlevel.checkpoint()  # a reader that is behind lets others run
            if self.is_closed:
                raise trio.ClosedResourceError
            newest = self._pages.newest()
            if newest > self._place:
                batch, self._place = self._pages.read(self._place, newest)
                self._journal, self._lives = self._pages.lives()
                return batch
            if self._refuse is None:
                raise trio.EndOfChannel
            self._refuse()
            with trio.move_on_after(self._period):
                await self._inbox.receive()  # nothing comes: it waits, and ends at once if the stream is closed


def _identity(path: Path) -> tuple[int, int] | None:
    """Of the file; None: there is none, and the journal is elsewhere or gone. Opens nothing."""
    with suppress(OSError):
        found = os.stat(path)
        return found.st_dev, found.st_ino
    return None
