"""The journal in one SQLite file: the `Store` of a program that runs on one machine."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager, suppress
from itertools import chain as flattened
from pathlib import Path
from typing import Final
from zlib import crc32

import apsw

from protocol.errors import JournalError
from protocol.journal import Known, Life, Page, Row, Snapshot, StoredSession, StoreFailed, StoreFull, StoreReader

from .compaction import drop_rows, droppable
from .settings import Journal
from .sqlite_backup import back_up
from .sqlite_chain import Damaged, chain_after, chain_of_journal, checked_pages, rows_between
from .sqlite_checkpoints import Checkpoints
from .sqlite_connection import SYNCHRONOUS, Access, check_kind, connect, every, make_where_empty, one, set_pragma
from .sqlite_damage import check_indexes, damage_sentence, unreadable_sentence
from .sqlite_files import Identity, check_directory, check_log, check_writable, hold, identity, let_go, look
from .sqlite_known import SqliteKnown
from .sqlite_lock import WriterLock
from .sqlite_log import write_again
from .sqlite_reader import SqliteReader, lives_of, sequence_at
from .sqlite_schema import MOST_AT_ONCE, insert_of

__all__ = ["SqliteStore", "open_sqlite_store"]

_FULL: Final = SYNCHRONOUS["power"]
QUIET: Final = 0.25
BUSY: Final = 0.05
"""Seconds until the store is tended again."""
MANY_PAGES: Final = 2048
"""In the log, 8 MB: from then on it is tended more often, since a busy program writes 100 MB a second into it."""


def open_sqlite_store(settings: Journal, access: Access | None = None) -> SqliteStore:
    """Opens the journal, or makes it where there is none. Raises JournalError with a sentence for everything that
    stands against it."""
    access = access or Access()
    if access.vfs is not None:
        return _opened(settings.path.absolute(), settings, access, None)
    path = settings.path.resolve()  # one file has one lock, by whatever name it is reached
    check_directory(path, access.filesystem_of(path.parent))
    lock = WriterLock(path)
    try:
        check_writable(path)
        if not look(path):
            check_log(path)
        return _opened(path, settings, access, lock)
    except BaseException:
        lock.close()
        raise


def _opened(path: Path, settings: Journal, access: Access, lock: WriterLock | None) -> SqliteStore:
    try:
        return SqliteStore(path, settings, access, lock)
    except apsw.Error as problem:
        raise JournalError(
            f"The journal {path} cannot be opened: {problem}. Nothing was changed. Look at the disk and at who may "
            "write there; if the file is damaged, `trio_orders.quarantine_journal` keeps what can be read of it.",
            path=str(path),
        ) from problem


class SqliteStore:
    """See `protocol.journal.Store`. The connection that writes is used by one thread at a time; what is asked beside a
    commit (`known`, readers, checkpoints, backups) has connections of its own."""

    def __init__(self, path: Path, settings: Journal, access: Access, lock: WriterLock | None) -> None:
        self._path = path
        self._access = access
        self._lock = lock
        self._synchronous = SYNCHRONOUS[settings.durability]
        self._failure: str | None = None
        self._warnings: list[str] = []
        self._opened: list[apsw.Connection] = []
        self._asked: apsw.Connection | None = None
        self._held: Identity | None = None
        self._closed = False
        try:
            write_again(path, access.vfs)
            self._writer = connect(path, access, writes=True, synchronous=self._synchronous, first=self._make)
            self._opened.append(self._writer)
            self._held = hold(path) if access.vfs is None else None
            check_kind(self._writer, path)
            self._cursor = self._writer.cursor()
            self._load()
            self._drop_old(settings)
            second = None
            if not access.exclusive:
                second = connect(path, access, writes=True, synchronous=self._synchronous)
                self._opened.append(second)
            self._checkpoints = Checkpoints(self._writer, second)
            self._log = self._look_at_log()
        except BaseException:
            self._let_go()
            raise

    def _make(self, connection: apsw.Connection) -> None:
        journal = self._access.new_id()
        make_where_empty(connection, self._path, journal, chain_of_journal(journal))

    def _load(self) -> None:
        """What is kept in memory of the file: a few numbers."""
        self._id: str
        self._id, position, chain = every(self._writer, "SELECT id, cut_position, cut_chain FROM journal")[0]
        self._cut: tuple[int, int] = (position, chain)
        end = one(
            self._writer, "SELECT position, chain FROM records WHERE chain IS NOT NULL ORDER BY position DESC LIMIT 1"
        )
        self._last_position: int
        self._chain: int
        self._last_position, self._chain = self._cut if end is None else end
        self._cut_tail()
        self._last_sequence = sequence_at(self._writer)
        self._lives = lives_of(self._writer)
        self._sessions = [
            StoredSession(number=number, venue=venue, account=account, host=host)
            for number, venue, account, host in every(
                self._writer, "SELECT number, venue, account, host FROM sessions ORDER BY number"
            )
        ]

    def _cut_tail(self) -> None:
        """Rows behind the last whole commit were never released."""
        after = self._last_position
        rows = every(self._writer, "SELECT count(*) FROM records WHERE position > ?", (after,))[0][0]
        if rows:
            with self._transaction(synced=True):
                self._writer.execute("DELETE FROM records WHERE position > ?", (after,))
            self._warnings.append(
                f"The journal {self._path} ended with {rows} rows of a commit that was not whole; they were cut off "
                f"behind position {after}. Nothing of them had been released."
            )

    def _drop_old(self, settings: Journal) -> None:
        upto = droppable(self._writer, settings, self._access.now(), self._last_position)
        if upto > self._cut[0]:
            rows = upto - self._cut[0]
            for end in drop_rows(self._writer, upto, self._transaction):
                self._cut = end
            self._warnings.append(f"{rows} old rows of the journal {self._path} were dropped, up to position {upto}.")

    @property
    def journal_id(self) -> str:
        return self._id

    @property
    def last_position(self) -> int:
        return self._last_position

    @property
    def last_sequence(self) -> int:
        return self._last_sequence

    @property
    def lives(self) -> Sequence[Life]:
        return tuple(self._lives)

    @property
    def sessions(self) -> Sequence[StoredSession]:
        return tuple(self._sessions)

    @property
    def warnings(self) -> Sequence[str]:
        return tuple(self._warnings)

    # -- writing

    def begin(self, life: Life, sessions: Iterable[StoredSession]) -> None:
        known = {each.number for each in self._sessions}
        new = [each for each in sessions if each.number not in known]
        with self._transaction(synced=True):
            self._writer.execute(
                "INSERT INTO lives VALUES (?, ?, ?, ?, ?)",
                (life.number, life.tag, life.first_position, life.first_sequence, life.began),
            )
            self._writer.executemany(
                "INSERT INTO sessions VALUES (?, ?, ?, ?)",
                [(each.number, each.venue, each.account, each.host) for each in new],
            )
        self._lives.append(life)
        self._sessions.extend(new)

    def commit(self, rows: Sequence[Row]) -> None:
        if self._failure is not None:
            raise StoreFailed(self._failure)
        if rows[0].position != self._last_position + 1:
            raise ValueError(f"Row {rows[0].position} does not follow row {self._last_position} of {self._path}.")
        chain = chain_after(self._chain, rows)
        try:
            if self._checkpoints.is_due:
                self._checkpoints.finish()
            if len(rows) <= MOST_AT_ONCE:
                self._cursor.execute(insert_of(len(rows)), (*flattened.from_iterable(rows), chain))
            else:
                self._commit_many(rows, chain)
        except apsw.Error as problem:
            raise self._after(problem) from problem
        self._chain = chain
        self._last_position = rows[-1].position
        for row in reversed(rows):
            if row.sequence is not None:
                self._last_sequence = row.sequence
                break

    def _commit_many(self, rows: Sequence[Row], chain: int) -> None:
        self._cursor.execute("BEGIN IMMEDIATE")
        try:
            for start in range(0, len(rows), MOST_AT_ONCE):
                part = rows[start : start + MOST_AT_ONCE]
                end = chain if start + len(part) == len(rows) else None
                self._cursor.execute(insert_of(len(part)), (*flattened.from_iterable(part), end))
            self._cursor.execute("COMMIT")
        except BaseException:
            self._roll_back()
            raise

    @contextmanager
    def _transaction(self, *, synced: bool = False) -> Iterator[None]:
        """One that is not on the way of every batch. synced: on the disk when it is over, whatever the durability."""
        self._check()
        raises = synced and self._synchronous != _FULL
        try:
            if raises:
                set_pragma(self._writer, self._path, "synchronous", _FULL)
            self._writer.execute("BEGIN IMMEDIATE")
            try:
                yield
                self._writer.execute("COMMIT")
            except BaseException:
                self._roll_back()
                raise
            finally:
                if raises:
                    set_pragma(self._writer, self._path, "synchronous", self._synchronous)
        except apsw.Error as problem:
            raise self._after(problem) from problem

    def _roll_back(self) -> None:
        """SQLite has done so already after some errors."""
        if self._writer.in_transaction:
            with suppress(apsw.Error):
                self._writer.execute("ROLLBACK")

    def _check(self) -> None:
        if self._failure is not None:
            raise StoreFailed(self._failure)

    def _after(self, problem: apsw.Error) -> StoreFull | StoreFailed:
        """What a problem of SQLite's means. A full disk and a busy file leave nothing behind; after anything else it is
        not known what is on the disk, and a second try could hide the loss."""
        if isinstance(problem, apsw.FullError) or getattr(problem, "extendedresult", 0) == apsw.SQLITE_IOERR_SHMSIZE:
            return StoreFull(f"The disk of the journal {self._path} is full. Make room; it is tried again.")
        if isinstance(problem, (apsw.BusyError, apsw.LockedError)):
            return StoreFull(f"Another program holds the journal {self._path} for writing. End it; it is tried again.")
        return self._fail(f"Writing the journal {self._path} failed: {problem}.")

    def _fail(self, sentence: str) -> StoreFailed:
        if self._failure is None:
            self._failure = (
                f"{sentence} Nothing more is written to it. Look at the disk, and start the program again: it reads "
                "from the venue what came after."
            )
            # What is in the log stays there: the next life moves it, if the disk lets it.
            with suppress(apsw.Error):
                for connection in self._opened:
                    connection.config(apsw.SQLITE_DBCONFIG_NO_CKPT_ON_CLOSE, 1)
        return StoreFailed(self._failure)

    def _cannot_answer(self, problem: apsw.Error) -> None:
        """A question to `known` failed. It is answered as without a journal: what is told twice then is not lost."""
        self._fail(f"Reading the journal {self._path} failed: {problem}.")

    # -- reading

    def pages(self, after: int) -> Iterator[Sequence[Row]]:
        for connection, page in self._pages(after):
            yield rows_between(connection, max(after, page.last - len(page.sessions)), page.last)

    def records(self, after: int) -> Iterator[Page]:
        for _, page in self._pages(after):
            first = page.last - len(page.sessions)
            yield page if first >= after else _shortened(page, after - first)

    def _pages(self, after: int) -> Iterator[tuple[apsw.Connection, Page]]:
        """Checked pages, the first of them from the beginning of a commit on, and what else can be read of them."""
        self._check()
        with self._reading() as connection:
            try:
                start, chain = self._commit_before(connection, after)
                for page in checked_pages(connection, start, chain, self._last_position):
                    yield connection, page
            except Damaged as damage:
                raise StoreFailed(damage_sentence(connection, self._path, damage)) from None
            except apsw.Error as problem:
                raise StoreFailed(unreadable_sentence(self._path, problem)) from problem

    def _commit_before(self, connection: apsw.Connection, after: int) -> tuple[int, int]:
        """The last end of a commit up to a position, and the checksum there."""
        if after < self._cut[0]:
            raise ValueError(f"Rows up to {self._cut[0]} of {self._path} were dropped; {after} is before them.")
        found = one(
            connection,
            "SELECT position, chain FROM records WHERE position <= ? AND chain IS NOT NULL "
            "ORDER BY position DESC LIMIT 1",
            (after,),
        )
        return self._cut if found is None else (found[0], found[1])

    @contextmanager
    def _reading(self) -> Iterator[apsw.Connection]:
        """A connection for one task, which reads at its leisure."""
        if self._access.exclusive:
            yield self._writer
            return
        connection = connect(self._path, self._access, writes=False)
        try:
            yield connection
        finally:
            connection.close()

    def known(self, session: int) -> Known:
        if self._access.exclusive:
            return SqliteKnown(self._writer, session, self._cannot_answer)
        if self._asked is None:
            self._asked = connect(self._path, self._access, writes=False)
            self._opened.append(self._asked)
        return SqliteKnown(self._asked, session, self._cannot_answer)

    def reader(self) -> StoreReader:
        try:
            return SqliteReader(self._path, self._access, self._writer if self._access.exclusive else None)
        except apsw.Error as problem:
            raise JournalError(
                f"The journal {self._path} cannot be read: {problem}.", path=str(self._path)
            ) from problem

    # -- snapshots

    def snapshot(self) -> Snapshot | None:
        """Raises StoreFailed where none is left that stands for the rows that were dropped."""
        query = "SELECT DISTINCT position FROM snapshots WHERE position BETWEEN ? AND ? ORDER BY position DESC"
        for (position,) in every(self._writer, query, (self._cut[0], self._last_position)):
            rows = every(self._writer, "SELECT session, crc, state FROM snapshots WHERE position = ?", (position,))
            if all(crc32(state) == crc for _, crc, state in rows):
                return Snapshot(position=position, states={session: state for session, _, state in rows})
            self._warnings.append(
                f"The snapshot at position {position} of the journal {self._path} is damaged; the start takes longer "
                "without it."
            )
        if self._cut[0]:
            raise StoreFailed(
                f"No snapshot of the journal {self._path} is whole, and rows up to {self._cut[0]}, for which it "
                "stood, were dropped: where orders stood is not known. Nothing was changed. Open a backup, or move "
                "the file "
                "aside and begin a new one: the venue is asked for open orders and fills."
            )
        return None

    def keep_snapshot(self, snapshot: Snapshot) -> None:
        at, chain = self._commit_before(self._writer, snapshot.position)
        if at != snapshot.position:
            raise ValueError(f"Position {snapshot.position} is not the end of a commit of {self._path}.")
        with self._transaction():
            # The one before stays: a damaged one must not cost the state of dropped rows.
            self._writer.execute(
                "DELETE FROM snapshots WHERE position = ?1 "
                "OR position < (SELECT max(position) FROM snapshots WHERE position < ?1)",
                (at,),
            )
            self._writer.executemany(
                "INSERT INTO snapshots VALUES (?, ?, ?, ?, ?)",
                [(at, session, chain, crc32(state), state) for session, state in snapshot.states.items()],
            )

    # -- looking after the file

    @property
    def needs_tending(self) -> bool:
        return True

    def tend(self) -> float:
        self._check()
        self._check_files()
        try:
            self._checkpoints.beside()
        except (apsw.BusyError, apsw.FullError):
            pass  # the log keeps what is committed, and the next call tries again
        except apsw.Error as problem:
            raise self._after(problem) from problem
        complaint = self._checkpoints.complaint(self._path)
        if complaint is not None:
            self._warnings.append(complaint)
        return BUSY if self._checkpoints.pages > MANY_PAGES else QUIET

    def _look_at_log(self) -> object:
        if self._access.vfs is not None:
            return None
        return identity(self._path), identity(self._path.with_name(self._path.name + "-wal"))

    def _check_files(self) -> None:
        """Another program that opens the journal by other means may delete the log under us, without an error."""
        if self._look_at_log() != self._log:
            raise self._fail(
                f"The files of the journal {self._path} are no longer the ones that are written: another program, or "
                "other code of this one, moved or deleted them."
            )

    def backup(self, path: str) -> None:
        with self._reading() as connection:
            back_up(connection, Path(path))

    def verify(self) -> None:
        for connection, page in self._pages(self._cut[0]):
            check_indexes(connection, self._path, page.last - len(page.sessions), page.last)
        with self._reading() as connection:
            for position, crc, state in every(connection, "SELECT position, crc, state FROM snapshots"):
                if crc32(state) != crc:
                    raise StoreFailed(f"The snapshot at position {position} of the journal {self._path} is damaged.")

    def close(self) -> None:
        """Raises StoreFailed where the files turn out not to be the ones that were written."""
        if self._closed:
            return
        self._closed = True
        try:
            if self._failure is None:
                self._check_files()
        finally:
            self._let_go()

    def _let_go(self) -> None:
        try:
            for connection in reversed(self._opened):
                with suppress(apsw.Error):
                    connection.close()
        finally:
            let_go(self._held)
            self._held = None
            if self._lock is not None:
                self._lock.close()


def _shortened(page: Page, rows: int) -> Page:
    """Without its first rows."""
    lines = page.records.split(b"\n", rows)
    return Page(page.last, page.sessions[rows:], lines[rows])
