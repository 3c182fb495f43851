"""Reads a journal beside its writer, in the same process or in another one."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from itertools import starmap
from pathlib import Path
from typing import Final

import apsw

from protocol.errors import JournalError
from protocol.journal import Life, Row

from .sqlite_connection import Access, connect, every, one
from .sqlite_files import Identity, check_directory, hold, let_go, look

__all__ = ["SqliteReader", "lives_of", "open_sqlite_reader", "sequence_at"]

Choice = tuple[int | None, str | None]
"""A session and an order, None for all of them."""

PAGE: Final = 1000
"""Rows that one transaction reads."""
WINDOW: Final = 10_000
"""Positions that one transaction looks through."""
_COLUMNS: Final = "position, sequence, life, session, kind, client_order_id, venue_order_id, trade_id, time, record"
_PLAIN: Final = f"SELECT {_COLUMNS} FROM records WHERE position > ? AND sequence > ? ORDER BY position LIMIT ?"
_CHOSEN: Final = f"""SELECT {_COLUMNS} FROM records WHERE position > ?1 AND position <= ?2 AND sequence > ?3
    AND (?4 IS NULL OR session = ?4) AND (?5 IS NULL OR client_order_id = ?5) ORDER BY position LIMIT ?6"""
_RANGE: Final = "SELECT cut_position, ifnull((SELECT max(position) FROM records), cut_position) FROM journal"
_NEXT_EVENT: Final = (
    "SELECT sequence FROM records WHERE position > ? AND sequence IS NOT NULL ORDER BY position LIMIT 1"
)


class SqliteReader:
    """A `StoreReader` on a connection of its own, which only reads. Each call is one transaction or several short ones.

    It holds no lock that keeps the writer or a checkpoint waiting for longer than a page. One task at a time uses it.
    """

    def __init__(self, path: Path, access: Access, shared: apsw.Connection | None = None) -> None:
        """shared: a connection to use that others own. Raises JournalError, apsw.Error."""
        self._path = path
        self._owns = shared is None
        self._connection = connect(path, access, writes=False) if shared is None else shared
        self._held: Identity | None = hold(path) if self._owns else None
        # By what is read: the number of the last event, and the position behind which the next ones are.
        self._places: dict[Choice, tuple[int, int]] = {}
        self._journal_id: str = every(self._connection, "SELECT id FROM journal")[0][0]

    @property
    def journal_id(self) -> str:
        return self._journal_id

    def lives(self) -> Sequence[Life]:
        with self._explained():
            return lives_of(self._connection)

    def bounds(self) -> tuple[int, int]:
        with self._explained():
            cut = every(self._connection, "SELECT cut_sequence FROM journal")[0][0]
            return cut + 1, sequence_at(self._connection)

    def events(
        self, after: int, most: int, *, session: int | None = None, client_order_id: str | None = None
    ) -> Sequence[Row]:
        choice = (session, client_order_id)
        with self._explained():
            position = self._position_of(after, choice)
            if choice == (None, None):
                rows = self._all(position, after, most)
                if rows:
                    self._places[choice] = rows[-1].sequence or 0, rows[-1].position
            else:
                rows, position = self._chosen(position, after, most, choice)
                self._places = {choice: (rows[-1].sequence or 0 if rows else after, position)}
        return rows

    def _all(self, position: int, after: int, most: int) -> list[Row]:
        rows: list[Row] = []
        while len(rows) < most:
            asked = min(PAGE, most - len(rows))
            found = every(self._connection, _PLAIN, (position, after, asked))
            rows.extend(starmap(Row, found))
            if len(found) < asked:
                break
            position = rows[-1].position
        return rows

    def _chosen(self, position: int, after: int, most: int, choice: Choice) -> tuple[list[Row], int]:
        """Rows of one session or order, and up to where all of them were looked at. They are found a window at a time:
        rare ones would else hold a transaction for long."""
        last = every(self._connection, "SELECT coalesce(max(position), 0) FROM records")[0][0]
        rows: list[Row] = []
        while position < last and len(rows) < most:
            until = min(position + WINDOW, last)
            asked = min(PAGE, most - len(rows))
            found = every(self._connection, _CHOSEN, (position, until, after, *choice, asked))
            rows.extend(starmap(Row, found))
            position = until if len(found) < asked else rows[-1].position
        return rows, position

    def _position_of(self, sequence: int, choice: Choice) -> int:
        """A position behind which the events behind a number are. Numbers grow with positions, so it is found by
        halving; whoever reads on is where it was."""
        at, position = self._places.get(choice, (-1, 0))
        if at == sequence:
            return position
        low: int
        high: int
        low, high = every(self._connection, _RANGE)[0]
        while low < high:
            middle = (low + high) // 2
            found = one(self._connection, _NEXT_EVENT, (middle,))
            if found is None or found[0] > sequence:
                high = middle
            else:
                low = middle + 1
        return max(low - 1, 0)

    @contextmanager
    def _explained(self) -> Iterator[None]:
        try:
            yield
        except apsw.Error as problem:
            raise JournalError(
                f"The journal {self._path} cannot be read: {problem}.", path=str(self._path)
            ) from problem

    def close(self) -> None:
        if self._owns:
            self._connection.close()
            let_go(self._held)
            self._held = None


def lives_of(connection: apsw.Connection) -> list[Life]:
    rows = every(connection, "SELECT number, tag, first_position, first_sequence, began FROM lives ORDER BY number")
    return [
        Life(number=number, tag=tag, first_position=position, first_sequence=sequence, began=began)
        for number, tag, position, sequence, began in rows
    ]


def sequence_at(connection: apsw.Connection) -> int:
    """The number of the newest event; that of the last one dropped where none is kept."""
    found = one(connection, "SELECT sequence FROM records WHERE sequence IS NOT NULL ORDER BY position DESC LIMIT 1")
    if found is None:
        found = every(connection, "SELECT cut_sequence FROM journal")[0]
    sequence: int = found[0]
    return sequence


def open_sqlite_reader(path: Path, access: Access | None = None) -> SqliteReader:
    """For another process than the writer's: it reads what is committed, and cannot write. Raises JournalError."""
    access = access or Access()
    path = path.resolve()
    check_directory(path, access.filesystem_of(path.parent), writes=False)
    if not look(path):
        raise JournalError(
            f"There is no journal {path} yet. Its writer makes it; name the path that it has.", path=str(path)
        )
    try:
        return SqliteReader(path, access)
    except apsw.Error as problem:
        raise JournalError(f"The journal {path} cannot be read: {problem}.", path=str(path)) from problem
