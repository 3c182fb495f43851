"""What can be saved of a damaged journal: all that lies before the damage, as a journal that goes on.

A program does not do that by itself at its start. It would trade on a disk that has just lost data, with orders at the
venue that it no longer knows, and nobody would have seen it. So the start is refused, and a person calls this.
"""

from __future__ import annotations

import os
import shutil
import time
from contextlib import suppress
from pathlib import Path
from typing import Final

import apsw

from protocol.errors import JournalError

from .sqlite_backup import sync
from .sqlite_chain import Damaged, checked_pages
from .sqlite_connection import SYNCHRONOUS, Access, check_kind, connect, every, make_where_empty, one
from .sqlite_files import check_directory, check_writable, look
from .sqlite_lock import WriterLock

__all__ = ["quarantine_journal"]

_COPIED: Final = ("sessions", "dropped_fills", "dropped_orders")
_RECORDS: Final = (
    "position, sequence, life, session, kind, client_order_id, venue_order_id, trade_id, time, chain, record"
)


def quarantine_journal(path: Path | str) -> str:
    """Keeps a damaged journal up to its last commit before the damage. The damaged file stays beside it under another
    name. For a journal that no program has open.

    Returns a sentence that says what was kept and where the rest is. Names of orders behind the damage that can be read
    stay used. Consumers that had read further get `CursorAhead`. Raises JournalError.
    """
    path = Path(path).resolve()
    access = Access()
    check_directory(path, access.filesystem_of(path.parent))
    lock = WriterLock(path)
    try:
        check_writable(path)
        if not look(path):
            raise JournalError(f"There is no journal {path}.", path=str(path))
        return _quarantined(path, access)
    except apsw.Error as problem:
        raise JournalError(
            f"Nothing of the journal {path} can be kept: {problem}. It is as it was. Move it aside and start with a "
            "new one: the venue is asked for open orders and fills.",
            path=str(path),
        ) from problem
    finally:
        lock.close()


def _quarantined(path: Path, access: Access) -> str:
    _empty_log(path, access)
    # One that might write, and does not: such a one takes the log's file away when it is closed.
    damaged = connect(path, access, writes=True)
    try:
        check_kind(damaged, path)
        end, last = _good_until(damaged)
        if end == last:
            return f"The journal {path} is not damaged; nothing was changed."
        new = path.with_name(path.name + ".new")
        new.unlink(missing_ok=True)
        _copy(damaged, new, access, end)
    finally:
        damaged.close()
    aside = _free_name(path)
    try:
        os.link(path, aside)
    except OSError:  # a file system without a second name for a file
        shutil.copy2(path, aside)
    sync(new)
    # One step: at every moment there is a journal under the name, the old one or the new one.
    os.replace(new, path)
    sync(path.parent)
    return (
        f"The journal {path} was kept up to row {end}; rows {end + 1} to {last} were lost to it. The damaged file is "
        f"{aside}. The next start reads from the venue what came after."
    )


def _empty_log(path: Path, access: Access) -> None:
    """All of the log goes into the file: it must not be taken for the log of another file of the same name."""
    connection = connect(path, access, writes=True)
    try:
        connection.wal_checkpoint(mode=apsw.SQLITE_CHECKPOINT_TRUNCATE)
    finally:
        connection.close()
    log = path.with_name(path.name + "-wal")
    if log.exists():
        raise JournalError(f"The log {log} is in use by another program. End it first.", path=str(path))


def _good_until(connection: apsw.Connection) -> tuple[int, int]:
    """The last position before the damage, and the last of all."""
    cut, chain = every(connection, "SELECT cut_position, cut_chain FROM journal")[0]
    last = every(connection, "SELECT coalesce(max(position), ?) FROM records", (cut,))[0][0]
    end = cut
    try:
        for page in checked_pages(connection, cut, chain, last):
            end = page.last
    except Damaged as damage:
        end = damage.after
    except apsw.Error:
        pass  # the page that cannot be read is given up whole
    return end, last


def _copy(damaged: apsw.Connection, new: Path, access: Access, end: int) -> None:
    journal, cut, sequence, chain = every(damaged, "SELECT id, cut_position, cut_sequence, cut_chain FROM journal")[0]
    copy = connect(
        new,
        access,
        writes=True,
        synchronous=SYNCHRONOUS["power"],
        first=lambda connection: make_where_empty(connection, new, journal, chain),
    )
    try:
        with copy:
            copy.execute("UPDATE journal SET cut_position = ?, cut_sequence = ?", (cut, sequence))
            for table in _COPIED:
                _copy_rows(copy, damaged, table, "*", f"SELECT * FROM {table}", ())
            _copy_rows(copy, damaged, "snapshots", "*", "SELECT * FROM snapshots WHERE position <= ?", (end,))
        for start in range(cut, end, 1000):
            query = f"SELECT {_RECORDS} FROM records WHERE position > ? AND position <= ?"
            with copy:
                _copy_rows(copy, damaged, "records", _RECORDS, query, (start, min(start + 1000, end)))
        with copy:
            _copy_lives(copy, damaged, end, sequence)
            _keep_names(copy, damaged, end)
    finally:
        copy.close()


def _copy_rows(
    copy: apsw.Connection, damaged: apsw.Connection, table: str, columns: str, query: str, values: tuple[int, ...]
) -> None:
    rows = every(damaged, query, values)
    if rows:
        names = "" if columns == "*" else f" ({columns})"
        marks = ", ".join("?" * len(rows[0]))
        copy.executemany(f"INSERT INTO {table}{names} VALUES ({marks})", rows)


def _copy_lives(copy: apsw.Connection, damaged: apsw.Connection, end: int, cut_sequence: int) -> None:
    """Lives stay, so that their cursors are understood; what they wrote behind the end is gone, as the beginnings of
    those that follow say."""
    newest = one(copy, "SELECT max(sequence) FROM records")
    following = (newest[0] if newest and newest[0] is not None else cut_sequence) + 1
    copy.executemany(
        "INSERT INTO lives VALUES (?, ?, min(?, ?), min(?, ?), ?)",
        [
            (number, tag, position, end + 1, sequence, following, began)
            for number, tag, position, sequence, began in every(
                damaged, "SELECT number, tag, first_position, first_sequence, began FROM lives"
            )
        ],
    )


def _keep_names(copy: apsw.Connection, damaged: apsw.Connection, end: int) -> None:
    """Names of orders behind the end, as far as they can be read, are used: the venue may have those orders. They stand
    apart, since nothing else is known of these: what comes under such a name may be one of them."""
    with suppress(apsw.Error):
        names = every(
            damaged,
            "SELECT client_order_id, -session FROM records WHERE position > ? AND client_order_id IS NOT NULL "
            "AND (kind = 'Submitted' OR kind = 'Registered')",
            (end,),
        )
        copy.executemany("INSERT OR IGNORE INTO dropped_orders VALUES (?, ?)", names)


def _free_name(path: Path) -> Path:
    stamp = time.strftime("%Y%m%d-%H%M%S", time.gmtime())
    names = (path.with_name(f"{path.name}.damaged-{stamp}{tail}") for tail in ("", *(f"-{n}" for n in range(2, 1000))))
    return next(name for name in names if not name.exists())
