"""A file system for SQLite that counts what is written and synced, and fails when it is asked to."""

from __future__ import annotations

import itertools
from typing import Any

import apsw

__all__ = ["FaultyFiles"]

_NAMES = itertools.count()


class FaultyFiles(apsw.VFS):
    """full, broken: writes of a log fail from now on; no_sync: syncs do. Real files stand behind it."""

    def __init__(self) -> None:
        self.name = f"faulty-{next(_NAMES)}"
        self.full = self.broken = self.no_sync = self.unreadable = False
        self.written: list[str] = []
        self.synced: list[str] = []
        super().__init__(self.name, "")

    def xOpen(self, name: str | apsw.URIFilename | None, flags: list[int]) -> FaultyFile:
        return FaultyFile(self, name, flags)

    def __enter__(self) -> FaultyFiles:
        return self

    def __exit__(self, *exc: object) -> None:
        self.unregister()


class FaultyFile(apsw.VFSFile):
    def __init__(self, files: FaultyFiles, name: Any, flags: list[int]) -> None:
        self.files = files
        self.kind = "log" if flags[0] & apsw.SQLITE_OPEN_WAL else "file"
        super().__init__("", name, flags)

    def xRead(self, amount: int, offset: int) -> bytes:
        if self.files.unreadable:
            raise apsw.IOError("cannot be read")
        return super().xRead(amount, offset)

    def xWrite(self, data: Any, offset: int) -> None:
        if self.files.full:
            raise apsw.FullError("no room")
        if self.files.broken:
            raise apsw.IOError("cannot be written")
        self.files.written.append(self.kind)
        super().xWrite(data, offset)

    def xSync(self, flags: int) -> None:
        if self.files.no_sync:
            raise apsw.IOError("cannot be synced")
        self.files.synced.append(self.kind)
        super().xSync(flags)
