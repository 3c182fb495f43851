"""The one way to open a connection to a journal's file."""

from __future__ import annotations

import secrets
import time
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any, Final, cast

import apsw
from attrs import field, frozen

from protocol.errors import JournalError

from .sqlite_files import check_header, filesystem_of
from .sqlite_schema import APPLICATION_ID, SCHEMA, SCHEMA_VERSION

__all__ = ["NORMAL", "SYNCHRONOUS", "Access", "check_kind", "connect", "every", "make_where_empty", "one", "set_pragma"]

SYNCHRONOUS: Final[Mapping[str, int]] = {"process": 1, "power": 2}
"""SQLite's NORMAL and FULL, by durability. Under NORMAL a commit is written and not synced: it survives the process.
Under FULL each is synced."""
NORMAL: Final = SYNCHRONOUS["process"]
PATIENCE: Final = 250
"""ms that a connection waits for another program that holds the file for a moment."""


@frozen(kw_only=True)
class Access:
    """How files are reached. Tests put a file system of SQLite's own kind in the place of the real one."""

    vfs: str | None = None
    """Name of the file system that SQLite uses; None: the real one, where a file is looked at first, and locked."""
    exclusive: bool = False
    """One connection does everything: for a file system without shared memory."""
    filesystem_of: Callable[[Path], str | None] = field(default=filesystem_of, repr=False)
    """Kind of the file system of a directory; None: not known."""
    new_id: Callable[[], str] = field(default=lambda: secrets.token_hex(8), repr=False)
    """The id of a journal that is made."""
    now: Callable[[], int] = field(default=time.time_ns, repr=False)
    """ns since 1970, for what is dropped by its age."""


def connect(
    path: Path,
    access: Access,
    *,
    writes: bool,
    synchronous: int = NORMAL,
    first: Callable[[apsw.Connection], None] | None = None,
) -> apsw.Connection:
    """A connection with everything set as a journal needs it. first: what is done before the file is in WAL mode.
    Raises apsw.Error, JournalError."""
    flags = apsw.SQLITE_OPEN_READWRITE | apsw.SQLITE_OPEN_CREATE if writes else apsw.SQLITE_OPEN_READONLY
    connection = apsw.Connection(str(path), flags=flags, vfs=access.vfs)
    try:
        connection.set_busy_timeout(PATIENCE)
        if access.exclusive:
            # Before anything is read: the first look would make shared memory.
            set_pragma(connection, path, "locking_mode", "exclusive")
        if first is not None:
            first(connection)
        if writes:
            set_pragma(connection, path, "journal_mode", "wal")
            set_pragma(connection, path, "synchronous", synchronous)
            # The store checkpoints by itself, at moments of its own (see `sqlite_checkpoints`).
            set_pragma(connection, path, "wal_autocheckpoint", 0)
        else:
            set_pragma(connection, path, "query_only", 1)
        set_pragma(connection, path, "cache_size", -8000)
    except BaseException:
        connection.close()
        raise
    return connection


def make_where_empty(connection: apsw.Connection, path: Path, journal: str, chain: int) -> None:
    """Makes the tables in a file that has none, all or nothing. chain: where its checksums begin.

    Not in WAL mode yet: so the file itself says what it is from its first byte on, whenever the program is killed.
    """
    ((tables,),) = connection.execute("SELECT count(*) FROM sqlite_schema")
    if tables:
        return
    set_pragma(connection, path, "synchronous", SYNCHRONOUS["power"])
    with connection:
        set_pragma(connection, path, "application_id", APPLICATION_ID)
        set_pragma(connection, path, "user_version", SCHEMA_VERSION)
        for statement in SCHEMA:
            connection.execute(statement)
        connection.execute("INSERT INTO journal (one, id, cut_chain) VALUES (1, ?, ?)", (journal, chain))


def set_pragma(connection: apsw.Connection, path: Path, name: str, value: str | int) -> None:
    """Sets one, and reads it back: SQLite takes an unknown or impossible one without a complaint."""
    connection.pragma(name, value)
    found = connection.pragma(name)
    if found != value:
        raise JournalError(
            f"SQLite keeps {name}={found} for the journal {path}, though it was set to {value}. "
            "Put the journal on a local disk.",
            path=str(path),
        )


def check_kind(connection: apsw.Connection, path: Path) -> None:
    """Raises JournalError for a file that is not a journal, or a newer one, also behind a log or on another VFS."""
    check_header(path, connection.pragma("application_id"), connection.pragma("user_version"))


def one(connection: apsw.Connection, query: str, values: Sequence[object] = ()) -> tuple[Any, ...] | None:
    """The first row of an answer; its statement is over then, and so is its transaction."""
    return connection.execute(query, cast(Any, values)).fetchone()


def every(connection: apsw.Connection, query: str, values: Sequence[object] = ()) -> list[tuple[Any, ...]]:
    """All rows of an answer."""
    return connection.execute(query, cast(Any, values)).fetchall()
