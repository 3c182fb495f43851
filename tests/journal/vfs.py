"""A disk for SQLite that goes wrong as disks do: a VFS over real files, which knows what was synced and what was not.

SQLite works on files in a directory, with their locks and their shared memory. Beside each file stands what was written
to it, and which of the writes a sync has covered; the same for the names in the directory. When the process or the
machine ends (`kill`, `lose_power`), the next life gets a new directory with what had survived. Connections of the life
before can do nothing any more, and need not be closed.
"""

from __future__ import annotations

from collections.abc import Callable
from itertools import count
from pathlib import Path
from typing import Any, Literal

import apsw
from attrs import Factory, define, field, frozen

__all__ = ["Change", "FileDisk", "FileFault"]

ENTRY_FLAGS = apsw.SQLITE_OPEN_WAL | apsw.SQLITE_OPEN_MAIN_JOURNAL | apsw.SQLITE_OPEN_SUPER_JOURNAL
names = count(1)


@frozen
class Change:
    """A write that was not synced. data None: the file was cut to `offset` bytes."""

    offset: int
    data: bytes | None

    def apply(self, content: bytearray, kept: int | None = None) -> None:
        """kept: how many of its bytes; None: all."""
        if self.data is None:
            del content[self.offset :]
            return
        data = self.data if kept is None else self.data[:kept]
        if len(content) < self.offset:
            content.extend(bytes(self.offset - len(content)))
        content[self.offset : self.offset + len(data)] = data


@define(eq=False)
class Content:
    """What one file holds."""

    written: bytearray = Factory(bytearray)
    synced: bytearray = Factory(bytearray)
    unsynced: list[Change] = Factory(list)

    def take(self, change: Change) -> None:
        change.apply(self.written)
        self.unsynced.append(change)

    def sync(self) -> None:
        for change in self.unsynced:
            change.apply(self.synced)
        self.unsynced.clear()

    def forget(self) -> None:
        """What was written counts as clean: no later sync brings it to the disk, though all who read see it until the
        machine ends. (https://lwn.net/Articles/752063/)"""
        self.unsynced.clear()

    def lose(self, survives: Callable[[Change], int]) -> None:
        """Forgets what was not synced, but for the first bytes of each write that `survives` names."""
        for change in self.unsynced:
            kept = survives(change)
            if kept:
                change.apply(self.synced, kept)
        self.unsynced.clear()
        self.written = bytearray(self.synced)


@frozen(kw_only=True)
class FileFault:
    """What goes wrong with one step."""

    does: Literal["fail", "kill"]
    """fail: SQLite hears SQLITE_IOERR; kill: the process ends here, and SQLite hears the same from now on."""
    at: int
    """Which step on this disk, from 1: each write, cut, sync or removal of a file is one."""
    kept: int = 0
    """How many bytes of a write reach the file."""


@define(eq=False)
class FileDisk:
    """Holds the files of one journal, over lives. Change its public attributes at any time."""

    root: Path
    """An empty directory; each life has one in it."""
    capacity: int | None = None
    """Bytes for which there is room; None: no end of it."""
    faults: list[FileFault] = Factory(list)
    failing: set[str] = Factory(set)
    """Kinds of steps that fail from now on, all of them."""
    forgets: bool = True
    """Whether a sync that failed is as Linux has it: what it should have synced counts as clean, and is lost with the
    power whatever syncs follow."""
    watch: Callable[[str, str], None] = field(default=lambda *_: None)
    """Hears of each step what it was ("write", "cut", "sync", "remove") and the file's name."""
    steps: int = 0
    """How many were taken so far, those that failed included."""
    dead: bool = False
    """The process has ended, and no next life has begun."""
    files: dict[str, Content] = Factory(dict)
    """By name, as a program sees them."""
    lasting: dict[str, Content] = Factory(dict)
    """By name, as they stand in the directory after a loss of power."""
    _lives: int = 0
    _vfs: LossyVfs | None = None

    @property
    def size(self) -> int:
        """Bytes in use."""
        return sum(len(content.written) for content in self.files.values())

    @property
    def directory(self) -> Path:
        """Of this life."""
        return self.root / str(self._lives)

    def boot(self) -> str:
        """The next life begins: writes what survived into a new directory. Returns the VFS's name for SQLite."""
        self._lives += 1
        self.directory.mkdir()
        for name, content in self.files.items():
            (self.directory / name).write_bytes(content.written)
        if self._vfs is not None:
            self._vfs.disk = None
        self._vfs, self.dead = LossyVfs(f"lossy{next(names)}", self), False
        return self._vfs.name

    def kill(self) -> None:
        """The process ends here. What was written stays."""
        self.dead = True

    def lose_power(self, survives: Callable[[Change], int] = lambda _: 0) -> None:
        """The machine ends here. What was not synced is lost, but for the first bytes of each write that `survives`
        names: of any of them, since a disk writes in any order."""
        self.dead = True
        self.files = dict(self.lasting)
        for content in self.files.values():
            content.lose(survives)

    def remove(self, name: str, *, sync: bool) -> None:
        """sync: whether the directory is synced with it. If not, the file may come back."""
        self.step("remove", name)
        self.files.pop(name, None)
        if sync:
            self.sync_names()

    def sync_names(self) -> None:
        self.lasting = dict(self.files)

    def step(self, what: str, name: str, change: Change | None = None) -> None:
        """Every step goes through here. Raises what SQLite shall hear."""
        self._refuse_dead()
        self.steps += 1
        if what in self.failing:
            self._do(FileFault(does="fail", at=self.steps), what, name, change)
        for fault in self.faults:
            if fault.at == self.steps:
                self._do(fault, what, name, change)
        self._refuse_dead()
        self.watch(what, name)

    def room_for(self, name: str, change: Change) -> bool:
        size = len(self.files[name].written)
        more = max(0, change.offset + len(change.data or b"") - size)
        return self.capacity is None or not more or self.size + more <= self.capacity

    def _do(self, fault: FileFault, what: str, name: str, change: Change | None) -> None:
        if change is not None and change.data is not None and fault.kept:
            self.files[name].take(Change(change.offset, change.data[: fault.kept]))
        if what == "sync" and fault.does == "fail" and self.forgets:
            self.files[name].forget()
        self.dead = self.dead or fault.does == "kill"
        raise _error(apsw.IOError, apsw.SQLITE_IOERR)

    def _refuse_dead(self) -> None:
        if self.dead:
            raise _error(apsw.IOError, apsw.SQLITE_IOERR)


class LossyVfs(apsw.VFS):
    """The VFS of one life."""

    def __init__(self, name: str, disk: FileDisk) -> None:
        super().__init__(name, "")
        self.name = name
        self.disk: FileDisk | None = disk

    def xOpen(self, name: Any, flags: list[int]) -> apsw.VFSFile:
        if name is None or self.disk is None:
            return apsw.VFSFile("", name, flags)
        return LossyFile(self, name, flags)

    def xDelete(self, filename: str, syncdir: bool) -> None:
        disk = living(self)
        disk.remove(Path(filename).name, sync=syncdir)
        super().xDelete(filename, syncdir)


class LossyFile(apsw.VFSFile):
    """One connection's hold on a file."""

    def __init__(self, vfs: LossyVfs, name: Any, flags: list[int]) -> None:
        path = Path(name.filename() if isinstance(name, apsw.URIFilename) else name)
        disk = living(vfs)
        super().__init__("", name, flags)
        self._vfs = vfs
        self._name = path.name
        # As SQLite's own VFS: the first sync of a log or journal syncs the directory too, that of a database does not.
        self._syncs_names = bool(flags[0] & apsw.SQLITE_OPEN_CREATE and flags[0] & ENTRY_FLAGS)
        disk.files.setdefault(self._name, Content())

    def xWrite(self, data: bytes, offset: int) -> None:
        disk = living(self._vfs)
        change = Change(offset, bytes(data))
        if not disk.room_for(self._name, change):
            raise _error(apsw.FullError, apsw.SQLITE_FULL)
        disk.step("write", self._name, change)
        super().xWrite(data, offset)
        disk.files[self._name].take(change)

    def xTruncate(self, newsize: int) -> None:
        disk = living(self._vfs)
        disk.step("cut", self._name)
        super().xTruncate(newsize)
        disk.files[self._name].take(Change(newsize, None))

    def xSync(self, flags: int) -> None:
        disk = living(self._vfs)
        disk.step("sync", self._name)
        disk.files[self._name].sync()
        if self._syncs_names:
            self._syncs_names = False
            disk.sync_names()

    def xLock(self, level: int) -> None:
        if level == apsw.SQLITE_LOCK_EXCLUSIVE and (self._vfs.disk is None or self._vfs.disk.dead):
            # In WAL mode only the end of a connection asks for it, to tidy up. A dead process tidies nothing, and an
            # error in the collector's hands would have no place to go.
            raise apsw.BusyError
        super().xLock(level)


def living(vfs: LossyVfs) -> FileDisk:
    """The disk, for the connections of the life that has it."""
    if vfs.disk is None:
        raise _error(apsw.IOError, apsw.SQLITE_IOERR)
    return vfs.disk


def _error(kind: type[apsw.Error], code: int) -> apsw.Error:
    error = kind("the disk failed")
    error.extendedresult = code  # type: ignore[attr-defined]
    return error
