"""Moves what is committed from the write-ahead log into the file, so that the log starts over and stays small.

A log starts over when a commit finds that all of it is in the file and that nobody reads from it. A checkpoint that
makes sure of that (RESTART, TRUNCATE) holds the writer's lock meanwhile: a commit would fail with "busy". So there are
two steps, which hold nobody up: a passive one on a second connection in a worker thread, which is most of the work, and
a passive one for what was committed meanwhile, by the writer itself between two batches.
"""

from __future__ import annotations

from contextlib import suppress
from pathlib import Path
from typing import Final

import apsw

__all__ = ["Checkpoints"]

WORTH_IT: Final = 1000
"""Pages of log from which on a checkpoint is made."""
WORTH_A_STOP: Final = 2000
"""Pages, 8 MB, from which on the writer sees to the rest: two syncs of the disk, between two batches. A program that is
not busy gets there seldom, since a first step that nobody commits beside is enough."""
SMALL: Final = 512
"""Pages that the writer's own step may be left with: what it moves in a few ms."""
ROUNDS: Final = 8
LARGE: Final = 65_536
"""Pages of log, 256 MB, from which on something is wrong."""
_PASSIVE: Final = apsw.SQLITE_CHECKPOINT_PASSIVE
_NOOP: Final = apsw.SQLITE_CHECKPOINT_NOOP


class Checkpoints:
    """`beside` in a worker thread, `finish` by the writer; the writer calls `finish` only while `is_due`."""

    def __init__(self, writer: apsw.Connection, second: apsw.Connection | None) -> None:
        """second: a connection of its own; None: there can be none, and the writer does all of it."""
        self._writer = writer
        self._second = second
        self.pages = 0
        """In the log, at the last look."""
        self._moved = 0  # of them, those that are in the file already
        self.is_due = False
        self._has_complained = False

    def look(self) -> None:
        """How long the log is. SQLite would tell the writer at each commit; but a call of Python's from within one has
        to wait for the interpreter once more, which other threads of the program may have. Raises apsw.Error."""
        self.pages, self._moved = (self._second or self._writer).wal_checkpoint(mode=_NOOP)

    def beside(self) -> None:
        """The first step. Raises apsw.Error."""
        self.look()
        if self.is_due or self.pages < WORTH_IT or self._moved == self.pages:
            return
        if self._second is None:
            self.is_due = True
            return
        for _ in range(ROUNDS):
            self._second.wal_checkpoint(mode=_PASSIVE)
            self.look()  # what was committed meanwhile counts
            if self.pages - self._moved <= SMALL:
                break
        # Where nothing was committed meanwhile, all of it is moved already.
        self.is_due = self._moved < self.pages and self.pages >= WORTH_A_STOP

    def finish(self) -> None:
        """The second step: after it the next commit starts the log over, unless a reader is in it. Raises apsw.Error
        where the disk failed."""
        self.is_due = False
        # Busy: another program makes a checkpoint. Full: the log keeps all of it.
        with suppress(apsw.BusyError, apsw.FullError):
            self._writer.wal_checkpoint(mode=_PASSIVE)

    def complaint(self, path: Path) -> str | None:
        """A sentence where the log does not become smaller; once, until it did."""
        had_complained, self._has_complained = self._has_complained, self.pages >= LARGE
        if had_complained or not self._has_complained:
            return None
        return (
            f"The write-ahead log of the journal {path} has {self.pages * 4096 // 1_000_000} MB and cannot start over: "
            "another program reads the journal in one long transaction. End that program, or let it read a backup."
        )
