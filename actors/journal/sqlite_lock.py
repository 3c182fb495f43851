"""One writer: a lock of the operating system on a file beside the journal."""

from __future__ import annotations

import os
import sys
from pathlib import Path

from protocol.errors import JournalError

__all__ = ["WriterLock"]


class WriterLock:
    """Holds `<path>.lock` until it is closed or the process ends, however it ends.

    The lock belongs to the open file, not to the process, so a second writer of the same process is kept out as well.
    The file stays when it is let go: taking it away would let two writers lock two files of one name. It is not the
    journal itself, whose own locks SQLite uses, and which would fall when a descriptor of it is closed.
    """

    def __init__(self, journal: Path) -> None:
        """Raises JournalError where another writer has it."""
        path = journal.with_name(journal.name + ".lock")
        try:
            self._descriptor: int | None = os.open(path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o644)
        except OSError as problem:
            raise JournalError(
                f"The lock file {path} of the journal cannot be opened ({problem.strerror}). Allow writing it.",
                path=str(journal),
            ) from None
        if not _lock(self._descriptor):
            owner = os.pread(self._descriptor, 20, 0).decode("ascii", "replace").strip() if os.name == "posix" else ""
            self.close()
            raise JournalError(
                f"The journal {journal} is being written by another client{f' (process {owner})' if owner else ''}. "
                "One journal has one writer: end that one first, or name another path.",
                path=str(journal),
            )
        os.ftruncate(self._descriptor, 0)
        os.write(self._descriptor, f"{os.getpid()}\n".encode())

    def close(self) -> None:
        """Lets go; safe to call twice."""
        if self._descriptor is not None:
            os.close(self._descriptor)
            self._descriptor = None


if sys.platform == "win32":
    import msvcrt

    def _lock(descriptor: int) -> bool:
        os.lseek(descriptor, 1 << 20, os.SEEK_SET)  # far behind the text, which stays readable
        try:
            msvcrt.locking(descriptor, msvcrt.LK_NBLCK, 1)
        except OSError:
            return False
        os.lseek(descriptor, 0, os.SEEK_SET)
        return True

else:
    import fcntl

    def _lock(descriptor: int) -> bool:
        try:
            fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError:
            return False
        return True
