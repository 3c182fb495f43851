"""The journal as the streams of the program that writes it see it."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager

from attrs import define, field, frozen

from protocol.errors import JournalError
from protocol.event_json import EVENT_TYPES, from_json
from protocol.events import Event, OrderEvent
from protocol.journal import Cursor, Life, Row, StoreFailed, StoreReader
from protocol.journal.cursor import cursor_at, place_of, refuse_expired
from protocol.values import ClientOrderId

from ..emitter import BACKLOG, Progress

__all__ = ["PAGE", "JournalSource", "Pages"]

PAGE = 128
"""Rows read at once. They are read and decoded on the loop's own thread, where they stop it for about a millisecond: a
busy worker thread would take the interpreter from it for longer."""


@frozen(kw_only=True)
class JournalSource:
    """The journal behind all streams of one program. Made once, when it is opened, with the life that is written now.

    It is safe to use after the journal has been closed: `open_reader` must then open the file as another program
    would.
    """

    path: str
    """As its sentences name it."""
    journal_id: str
    lives: Sequence[Life]
    """All of them, the present one last."""
    open_reader: Callable[[], StoreReader]
    """A new connection, on the calling thread; the stream that asked for it closes it."""
    progress: Progress
    """The one that `run_emitter` was given, begun at the number before the present life's first event."""
    sessions: Mapping[int, int]
    """The number of each session in the journal by its number in the stream."""

    def cursor_at(self, sequence: int) -> Cursor | None:
        """Behind the event of this number; None: it is not in the journal, which has failed before."""
        kept = self.progress.kept_until
        return None if kept is not None and sequence > kept else cursor_at(self.journal_id, self.lives, sequence)

    def place_of(self, cursor: Cursor | str) -> int:
        """See `protocol.journal.cursor.place_of`."""
        reader = self.open_reader()
        try:
            return place_of(cursor, reader, self.path)
        except StoreFailed as failure:
            raise JournalError(str(failure), path=self.path) from failure
        finally:
            reader.close()

    def present(self, *, with_beginning: bool) -> int:
        """The number behind which a stream begins that is opened now. with_beginning: if it is the first one, with this
        life, unless that is too long."""
        present, progress = self.progress.sequence, self.progress
        if with_beginning and progress.is_beginning_free and progress.kept_until is None:
            before = self.lives[-1].first_sequence - 1
            return before if present - before <= BACKLOG else present
        return present


@define(kw_only=True)
class Pages:
    """What one stream reads in the journal, on a connection that is open only while it is behind."""

    path: str
    open_reader: Callable[[], StoreReader]
    session: int | None = None
    """Number in the journal; None: of all."""
    only: ClientOrderId | None = None
    is_closed: bool = field(default=False, init=False)
    _reader: StoreReader | None = field(default=None, init=False)
    _is_looked_at: bool = field(default=False, init=False)  # on this connection, whether what is wanted is still kept

    def read(self, after: int, until: int) -> tuple[tuple[Event, ...], int]:
        """The next events that are wanted, behind `after` and up to `until`, and the number up to which there are no
        others. until: all up to it are committed. Raises JournalError, CursorExpired."""
        most = min(PAGE, until - after)
        with self._reading() as reader:
            if not self._is_looked_at:
                refuse_expired(after, reader, self.path)
                self._is_looked_at = True
            rows = reader.events(after, most)
            if [row.sequence for row in rows] != list(range(after + 1, after + 1 + most)):
                self._refuse_hole(reader, after, most)
        return tuple(from_json(row.record) for row in rows if self._wants(row)), after + most

    def newest(self) -> int:
        """The number of the newest event that is committed. Raises JournalError."""
        with self._reading() as reader:
            return reader.bounds()[1]

    def lives(self) -> tuple[str, Sequence[Life]]:
        """The journal's id, and its lives up to now. Raises JournalError."""
        with self._reading() as reader:
            return reader.journal_id, reader.lives()

    @contextmanager
    def _reading(self) -> Iterator[StoreReader]:
        """After an error the connection is closed, and the next attempt opens another."""
        assert not self.is_closed
        try:
            if self._reader is None:
                self._reader = self.open_reader()
                self._is_looked_at = False
            yield self._reader
        except StoreFailed as failure:
            self.close()
            raise JournalError(str(failure), path=self.path) from failure
        except BaseException:
            self.close()
            raise

    def _wants(self, row: Row) -> bool:
        """All are read and most left out here, whatever the stream is for: a store that looked for few rows among many
        would stop the loop until it had found them."""
        if self.only is not None:
            is_ours = row.client_order_id == self.only and row.session == self.session
            return is_ours and issubclass(EVENT_TYPES[row.kind], OrderEvent)
        return self.session is None or row.session in (self.session, 0)  # 0: of the program as a whole, for every one

    def _refuse_hole(self, reader: StoreReader, after: int, most: int) -> None:
        refuse_expired(after, reader, self.path)  # another program may have dropped them since
        raise JournalError(
            f"The journal at {self.path} does not have all events from number {after + 1} to {after + most}, though "
            "they were committed. Look at the file with `journal.verify()`; what is in them the venue knows.",
            path=self.path,
        )

    def close(self) -> None:
        """Ends the connection; the next page opens another."""
        if self._reader is not None:
            self._reader.close()
            self._reader = None

    def close_for_good(self) -> None:
        self.is_closed = True
        self.close()
