"""What a program holds of its open journal."""

from __future__ import annotations

import os
from pathlib import Path

from protocol.errors import JournalError
from protocol.journal import Cursor, StoreFailed
from protocol.journal.cursor import cursor_at
from protocol.orders import OrderState

from .opening import OpenedJournal

__all__ = ["OpenJournal"]


class OpenJournal:
    """The journal of an open client or gateway, which closes it. Safe to use from any task."""

    def __init__(self, opened: OpenedJournal) -> None:
        self._opened = opened
        self._life = opened.life

    def __repr__(self) -> str:
        return f"<OpenJournal {self._life.path}, {self._life.health.value or 'in order'}>"

    @property
    def path(self) -> Path:
        """The file."""
        return Path(self._life.path)

    @property
    def id(self) -> str:
        """16 hexadecimal digits, given when the file was made; a copy has them, too."""
        return self._life.store.journal_id

    @property
    def problem(self) -> str:
        """Why nothing can be written now, and so no order placed; "" as long as all is well."""
        return self._life.health.value

    @property
    def cursor(self) -> Cursor:
        """Behind the last event that is committed."""
        return Cursor(self.id, self._opened.lives[-1].tag, self._life.store.last_sequence)

    @property
    def beginning(self) -> Cursor:
        """Before the oldest event that is kept: `events(after=journal.beginning)` gives all there are. Raises
        JournalError if the file cannot be read."""
        try:
            reader = self._life.store.reader()
            try:
                oldest, _ = reader.bounds()
            finally:
                reader.close()
        except StoreFailed as failed:
            raise JournalError(str(failed), path=self._life.path) from None
        beginning = cursor_at(self.id, self._opened.lives, oldest - 1)
        assert beginning is not None  # there is a life: the present one
        return beginning

    @property
    def orders_of_others(self) -> tuple[OrderState, ...]:
        """Orders that were live when the last life ended, of accounts that are in the journal and were not configured
        this time. Nothing is known of them since; they are left as they are."""
        return self._opened.others

    async def backup(self, path: str | os.PathLike[str]) -> None:
        """Writes a copy of all that is committed, which is a journal of its own, while trading goes on. Any program may
        open the copy. Raises FileExistsError if there is a file already, JournalError if it cannot be written."""
        try:
            await self._life.run_beside(self._life.store.backup, os.fspath(path))
        except FileExistsError:
            raise
        except (OSError, StoreFailed) as failed:
            raise JournalError(str(failed), path=self._life.path) from None

    async def verify(self) -> None:
        """Reads everything and compares it with its checksums, while trading goes on. Raises JournalError if something
        is damaged; the sentence says what."""
        try:
            await self._life.run_beside(self._life.store.verify)
        except StoreFailed as failed:
            raise JournalError(str(failed), path=self._life.path) from None
