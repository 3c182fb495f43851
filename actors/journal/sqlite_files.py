"""Which file is this? Answered before SQLite opens it, since SQLite would take any file that it can read.

POSIX locks belong to a process: they all fall when any descriptor of the file is closed, one that was opened to read
its header too. SQLite knows that of its own connections alone. So a file to which this process has a connection is
never opened here (`hold`), and nothing else in this library opens a journal's files.
"""

from __future__ import annotations

import os
import stat
from collections import Counter
from pathlib import Path
from typing import Final

from protocol.errors import JournalError

from .sqlite_schema import APPLICATION_ID, SCHEMA_VERSION

__all__ = ["NETWORK", "check_directory", "check_log", "filesystem_of", "hold", "identity", "let_go", "look"]

MOUNTS: Final = Path("/proc/self/mounts")
NETWORK: Final = frozenset(
    {
        *("9p", "afs", "ceph", "cifs", "coda", "davfs", "glusterfs", "gpfs", "lustre", "ncpfs", "nfs", "nfs4"),
        *("fuse.ceph", "fuse.glusterfs", "fuse.rclone", "fuse.s3fs", "fuse.sshfs"),
        *("prl_fs", "smb", "smb2", "smb3", "smbfs", "vboxsf", "virtiofs"),
    }
)
"""File systems whose locks, or whose shared memory, may reach over machines or not work at all."""
MAGIC: Final = b"SQLite format 3\0"
HEADER: Final = 100

Identity = tuple[int, int]
_HELD: Final[Counter[Identity]] = Counter()


def identity(path: Path) -> Identity | None:
    """Device and inode; None: there is no such file. Opens nothing."""
    try:
        found = os.stat(path)
    except FileNotFoundError:
        return None
    return found.st_dev, found.st_ino


def hold(path: Path) -> Identity | None:
    """Notes that this process has a connection to the file."""
    found = identity(path)
    if found is not None:
        _HELD[found] += 1
    return found


def let_go(held: Identity | None) -> None:
    """Takes a `hold` back, after its connection is closed."""
    if held is not None:
        _HELD[held] -= 1
        if not _HELD[held]:
            del _HELD[held]


def filesystem_of(directory: Path, mounts: Path = MOUNTS) -> str | None:
    """Kind of the file system of a directory, as the kernel names it; None where the system does not say."""
    try:
        lines = mounts.read_text(errors="surrogateescape").splitlines()
    except OSError:
        return None
    best, kind = "", None
    for line in lines:
        parts = line.split(" ")
        if len(parts) > 2:  # device, where, kind
            where = parts[1].replace("\\040", " ").replace("\\011", "\t").replace("\\134", "\\")
            if len(where) >= len(best) and directory.is_relative_to(where):
                best, kind = where, parts[2]
    return kind


def check_directory(path: Path, kind: str | None, *, writes: bool = True) -> None:
    """Raises JournalError where a journal cannot be. kind: of its file system."""
    directory = path.parent
    if not directory.is_dir():
        raise _error(path, f"The directory {directory} of the journal does not exist. Make it, or name another.")
    if kind in NETWORK:
        raise _error(
            path,
            f"The journal {path} would be on a network file system ({kind}), where locks do not keep a second writer "
            "out. Name a path on a local disk.",
        )
    if writes and not _allows(directory, os.W_OK | os.X_OK):
        raise _error(
            path,
            f"The directory {directory} of the journal cannot be written. SQLite makes files beside the journal: "
            "allow it, or name another.",
        )


def look(path: Path) -> bool:
    """Whether the file is a journal that this version reads; False: there is none yet. Raises JournalError for any
    other file."""
    found = identity(path)
    if found is None:
        return False
    if found in _HELD:
        return True
    _check_access(path)
    header = _header_of(path)
    if not header:
        return False  # made, and nothing written yet: a program was killed there, or the file was made by hand
    if len(header) < HEADER or not header.startswith(MAGIC):
        raise foreign(path)
    check_header(path, int.from_bytes(header[68:72], "big"), int.from_bytes(header[60:64], "big"))
    return True


def check_header(path: Path, application: int, version: int) -> None:
    """Raises JournalError for a database of another program, or of a version that cannot be read here."""
    if application != APPLICATION_ID:
        raise foreign(path)
    if version > SCHEMA_VERSION:
        raise _error(
            path,
            f"The journal {path} was written by a newer version of this library (schema {version}; this one knows "
            f"{SCHEMA_VERSION}). Nothing was changed; install that version, or name another path.",
        )
    if version < SCHEMA_VERSION:
        raise _error(
            path,
            f"The journal {path} was written before the first release of this library (schema {version}; this one "
            f"reads {SCHEMA_VERSION}). Nothing was changed. Name another path: open orders and fills are asked of the "
            "venue.",
        )


def foreign(path: Path) -> JournalError:
    return _error(path, f"The file {path} is not a journal of this library. Nothing was changed; name another path.")


def check_log(path: Path) -> None:
    """Raises JournalError for a log without its journal. SQLite would delete it, and the newest commits with it."""
    log = path.with_name(path.name + "-wal")
    if log.exists() and log.stat().st_size:
        raise _error(
            path,
            f"There is no journal {path}, but the log {log} of one, with its newest commits. Put the journal back "
            "beside it, or move the log to where the journal is now.",
        )


def _check_access(path: Path) -> None:
    if not stat.S_ISREG(os.stat(path).st_mode):
        raise _error(path, f"The journal {path} is not an ordinary file. Name another path.")
    if not _allows(path, os.R_OK):
        raise _error(path, f"The journal {path} cannot be read by this user. Allow it, or name another path.")


def check_writable(path: Path) -> None:
    """Raises JournalError for a file that this user may not write. SQLite would open it, and read only."""
    if path.exists() and not _allows(path, os.W_OK):
        raise _error(path, f"The journal {path} is read-only for this user. Allow writing, or name another path.")


def _allows(path: Path, mode: int) -> bool:
    """As the user whose rights opening a file goes by; os.access alone asks about the one who started the program."""
    return os.access(path, mode, effective_ids=os.access in os.supports_effective_ids)


def _header_of(path: Path) -> bytes:
    descriptor = os.open(path, os.O_RDONLY | getattr(os, "O_BINARY", 0) | os.O_CLOEXEC)
    try:
        return os.read(descriptor, HEADER)
    finally:
        os.close(descriptor)


def _error(path: Path, sentence: str) -> JournalError:
    return JournalError(sentence, path=str(path))
