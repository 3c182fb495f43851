"""Makes sure that a write-ahead log which was left behind is on the disk, before anything is built on it."""

from __future__ import annotations

from pathlib import Path
from typing import Final

import apsw

__all__ = ["write_again"]

PIECE: Final = 1 << 16
"""Bytes at once. SQLite's own VFS takes no 128 kB, and says that the disk is full."""


def write_again(path: Path, vfs: str | None) -> None:
    """Writes the log of the journal at `path` over itself and syncs it. Before SQLite opens the journal, under the
    writer's lock. Raises apsw.Error.

    After a sync that failed, the system may count as clean what never reached the disk. All who read see it; no later
    sync brings it there. A life that went on behind such commits would lose its own with the power, synced ones too,
    since a log is read up to its first gap. Only what is written again is synced again.
    """
    log = path.with_name(path.name + "-wal")
    if not log.exists() or not log.stat().st_size:
        return
    file = apsw.VFSFile(vfs or "", str(log), [apsw.SQLITE_OPEN_WAL | apsw.SQLITE_OPEN_READWRITE, 0])
    try:
        size = file.xFileSize()
        for offset in range(0, size, PIECE):
            file.xWrite(file.xRead(min(PIECE, size - offset), offset), offset)
        file.xSync(apsw.SQLITE_SYNC_NORMAL)
    finally:
        file.xClose()
