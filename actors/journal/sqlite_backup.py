"""A copy of a journal that is being written."""

from __future__ import annotations

import os
from pathlib import Path

import apsw

__all__ = ["back_up", "sync"]


def back_up(connection: apsw.Connection, path: Path) -> None:
    """Writes what is committed into one file, which is a complete journal. It has its name only once it is whole and on
    the disk. Raises FileExistsError, OSError."""
    if path.exists():
        raise FileExistsError(f"The file {path} exists already; a backup overwrites nothing.")
    part = path.with_name(path.name + ".part")
    part.unlink(missing_ok=True)
    try:
        # Or not even another file may be written; the connection itself still only reads.
        connection.pragma("query_only", 0)
        connection.execute("VACUUM INTO ?", (str(part),))
        sync(part)
        os.rename(part, path)
        sync(path.parent)
    except apsw.Error as problem:
        raise OSError(f"The backup {path} cannot be written: {problem}.") from problem
    finally:
        part.unlink(missing_ok=True)


def sync(path: Path) -> None:
    """Puts a file, or the names in a directory, on the disk; never a journal that is open. Windows has no such thing
    for a directory."""
    if path.is_dir() and os.name != "posix":
        return
    descriptor = os.open(path, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
