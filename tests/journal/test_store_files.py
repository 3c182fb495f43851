"""Which file a journal may be, and who may write it: each refusal is a sentence, and changes nothing."""

from __future__ import annotations

import os
import sqlite3
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from tempfile import TemporaryDirectory

import pytest

from actors.journal.compaction import compact_journal
from actors.journal.sqlite_connection import Access
from actors.journal.sqlite_files import NETWORK, filesystem_of
from actors.journal.sqlite_reader import open_sqlite_reader
from protocol.errors import JournalError
from protocol.journal import StoreFailed
from tests.imports import ROOT
from tests.order_records import submitted

from .stored import all_rows, elsewhere, fill, new_life, opened, order, written


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "orders.db"


def refusal(path: Path, access: Access | None = None) -> str:
    """The sentence with which a journal is not opened."""
    with pytest.raises(JournalError) as error:
        with opened(path, access):
            pass
    assert error.value.path == str(path)
    return str(error.value)


def test_a_missing_directory_is_named(tmp_path: Path) -> None:
    path = tmp_path / "not" / "there.db"
    assert refusal(path) == f"The directory {path.parent} of the journal does not exist. Make it, or name another."


@pytest.mark.parametrize("content", [b"hello", b"x" * 5000], ids=["short", "long"])
def test_a_foreign_file_is_refused_and_stays_as_it_was(path: Path, content: bytes) -> None:
    path.write_bytes(content)
    assert "is not a journal of this library. Nothing was changed" in refusal(path)
    assert path.read_bytes() == content


def test_another_programs_database_is_refused(path: Path) -> None:
    connection = sqlite3.connect(path)
    connection.execute("CREATE TABLE records (position INTEGER)")
    connection.close()
    before = path.read_bytes()
    assert "is not a journal of this library" in refusal(path)
    assert path.read_bytes() == before


def test_an_empty_file_becomes_a_journal(path: Path) -> None:
    path.touch()
    with written(path) as writer:
        writer.commit(submitted())
    with opened(path) as store:
        assert store.last_position == 1


def test_a_newer_journal_is_refused(path: Path) -> None:
    with written(path):
        pass
    connection = sqlite3.connect(path)
    connection.execute("PRAGMA user_version = 99")
    connection.close()
    sentence = refusal(path)
    assert "written by a newer version of this library (schema 99; this one knows 2)" in sentence
    assert "install that version" in sentence


def test_a_journal_of_before_the_first_release_is_refused_and_stays_as_it_was(path: Path) -> None:
    with written(path):
        pass
    connection = sqlite3.connect(path)
    connection.execute("PRAGMA user_version = 1")
    connection.close()
    before = path.read_bytes()
    sentence = refusal(path)
    assert "written before the first release of this library (schema 1; this one reads 2)" in sentence
    assert "Name another path" in sentence
    assert path.read_bytes() == before


def test_a_directory_of_that_name_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "orders.db"
    path.mkdir()
    assert "is not an ordinary file" in refusal(path)


REFUSED = """
import os, sys
from pathlib import Path
from actors.journal import Journal
from actors.journal.sqlite_store import open_sqlite_store
from protocol.errors import JournalError
if os.geteuid() == 0:
    os.setegid(65534)
    os.seteuid(65534)  # the superuser may write anything
try:
    open_sqlite_store(Journal(path=Path(sys.argv[1])))
except JournalError as error:
    print(error)
"""


@pytest.fixture
def open_to_all() -> Iterator[Path]:
    """A directory that another user reaches, too: those of pytest are closed again by another run of it."""
    with TemporaryDirectory() as name:
        directory = Path(name).resolve()
        directory.chmod(0o755)
        yield directory
        directory.chmod(0o755)


@pytest.mark.skipif(os.name != "posix", reason="file modes are POSIX")
def test_a_read_only_file_is_named(open_to_all: Path) -> None:
    path = open_to_all / "orders.db"
    with written(path):
        pass
    path.chmod(0o444)
    path.with_name("orders.db.lock").chmod(0o666)
    open_to_all.chmod(0o777)
    assert elsewhere(REFUSED, path) == (
        f"The journal {path} is read-only for this user. Allow writing, or name another path."
    )


@pytest.mark.skipif(os.name != "posix", reason="file modes are POSIX")
def test_a_read_only_directory_is_named(open_to_all: Path) -> None:
    path = open_to_all / "orders.db"
    open_to_all.chmod(0o555)
    assert elsewhere(REFUSED, path).startswith(f"The directory {open_to_all} of the journal cannot be written.")


@pytest.mark.parametrize("kind", sorted(NETWORK))
def test_a_network_file_system_is_refused(path: Path, kind: str) -> None:
    sentence = refusal(path, Access(filesystem_of=lambda directory: kind))
    assert f"would be on a network file system ({kind})" in sentence
    assert "Name a path on a local disk." in sentence
    assert list(path.parent.iterdir()) == []


def test_the_file_system_is_that_of_the_longest_mount(tmp_path: Path) -> None:
    mounts = tmp_path / "mounts"
    mounts.write_text(
        "/dev/vda / ext4 rw 0 0\n"
        "server:/home /home nfs4 rw 0 0\n"
        "tmpfs /home/me/my\\040disk tmpfs rw 0 0\n"
        "//box/share /homes cifs rw 0 0\n"
    )
    assert filesystem_of(Path("/srv/x"), mounts) == "ext4"
    assert filesystem_of(Path("/home/me"), mounts) == "nfs4"
    assert filesystem_of(Path("/home/me/my disk/x"), mounts) == "tmpfs"
    assert filesystem_of(Path("/homes"), mounts) == "cifs"
    assert filesystem_of(Path("/home"), tmp_path / "missing") is None


def test_a_second_writer_of_the_same_process_is_refused(path: Path) -> None:
    with written(path) as writer:
        sentence = refusal(path)
        assert f"is being written by another client (process {os.getpid()})" in sentence
        assert "One journal has one writer" in sentence
        writer.commit(submitted())
    with opened(path) as store:
        assert store.last_position == 1


def test_a_second_writer_is_refused_under_another_name_of_the_file(path: Path) -> None:
    other = path.with_name("other.db")
    with written(path):
        other.symlink_to(path)
        with pytest.raises(JournalError, match="is being written by another client"), opened(other):
            pass


def test_a_second_writer_of_another_process_is_refused(path: Path) -> None:
    with written(path):
        assert "is being written by another client" in elsewhere(REFUSED.replace("geteuid() == 0", "name == ''"), path)


def test_a_killed_writer_holds_no_lock(path: Path) -> None:
    code = """
import os, signal, sys
from pathlib import Path
from tests.journal.stored import new_life, order
from actors.journal import Journal
from actors.journal.sqlite_store import open_sqlite_store
writer = new_life(open_sqlite_store(Journal(path=Path(sys.argv[1]))))
writer.commit(*order("a1"))
os.kill(os.getpid(), signal.SIGKILL)
"""
    done = subprocess.run([sys.executable, "-c", code, str(path)], cwd=ROOT, timeout=60, check=False)
    assert done.returncode < 0
    with opened(path) as store:
        assert store.last_position == 4
        assert len(all_rows(store.pages(0))) == 4


def test_a_writer_killed_while_the_file_is_made_leaves_nothing_strange(path: Path) -> None:
    """Killed by the file system that SQLite uses: at each write and sync of making a journal, in turn."""
    code = """
import os, sys, apsw
from pathlib import Path
from actors.journal import Journal
from actors.journal.sqlite_connection import Access
from actors.journal.sqlite_store import open_sqlite_store
left = int(sys.argv[2])
def step():
    global left
    left -= 1
    if left < 0:
        os._exit(9)
class File(apsw.VFSFile):
    def __init__(self, vfs, name, flags):
        super().__init__(vfs, name, flags)
    def xWrite(self, data, offset):
        step()
        super().xWrite(data, offset)
    def xSync(self, flags):
        step()
        super().xSync(flags)
class Vfs(apsw.VFS):
    def __init__(self):
        super().__init__("killing", "")
    def xOpen(self, name, flags):
        return File("", name, flags)
    def xDelete(self, name, syncdir):
        step()
        super().xDelete(name, syncdir)
vfs = Vfs()
open_sqlite_store(Journal(path=Path(sys.argv[1])), Access(vfs="killing", exclusive=True)).close()
"""
    deaths = 0
    while deaths < 200:
        here = path.with_name(f"orders{deaths}.db")
        done = subprocess.run([sys.executable, "-c", code, str(here), str(deaths)], cwd=ROOT, timeout=60, check=False)
        with written(here) as writer:
            writer.commit(submitted())
        if done.returncode == 0:
            break
        assert done.returncode == 9
        deaths += 15  # not every step: each takes a program's start
    assert deaths > 15


def test_the_locks_stand_while_readers_come_and_go(path: Path) -> None:
    """POSIX locks of a process fall when any descriptor of the file is closed. Another program that opens and leaves
    the journal would then take the log for its own, and delete it."""
    with written(path) as writer:
        writer.commit(submitted())
        open_sqlite_reader(path).close()
        writer.store.reader().close()
        refusal(path)
        elsewhere("import sqlite3, sys; sqlite3.connect(sys.argv[1]).execute('SELECT * FROM lives').fetchall()", path)
        writer.store.tend()
        writer.commit(fill(1))
    with opened(path) as store:
        assert store.last_position == 2


def test_a_log_deleted_by_other_hands_is_noticed(path: Path) -> None:
    """The trap itself: this process opens and closes the file, its locks fall, another program deletes the log."""
    with opened(path) as store:
        writer = new_life(store)
        writer.commit(submitted())
        path.read_bytes()
        elsewhere("import sqlite3, sys; sqlite3.connect(sys.argv[1]).execute('SELECT * FROM lives').fetchall()", path)
        writer.commit(fill(1))  # no error: it goes into a file without a name
        with pytest.raises(StoreFailed, match="are no longer the ones that are written"):
            store.tend()
        with pytest.raises(StoreFailed, match="Nothing more is written to it"):
            writer.commit(fill(2))


def test_a_moved_journal_is_noticed_at_the_end(path: Path) -> None:
    with pytest.raises(StoreFailed, match="moved or deleted them"), written(path) as writer:
        writer.commit(submitted())
        path.rename(path.with_name("elsewhere.db"))
    assert "There is no journal" in refusal(path)  # the lock is let go all the same


def test_a_log_without_its_journal_is_not_deleted(path: Path) -> None:
    """SQLite takes a log that stands beside an empty file for an old one. Here it holds what was committed last."""
    with pytest.raises(StoreFailed), written(path) as writer:
        writer.commit(submitted())
        path.rename(path.with_name("elsewhere.db"))
    log = path.with_name("orders.db-wal")
    sentence = refusal(path)
    assert f"but the log {log} of one, with its newest commits. Put the journal back beside it" in sentence
    assert log.stat().st_size
    assert not path.exists()
    path.with_name("elsewhere.db").rename(path)
    with opened(path) as store:
        assert store.last_position == 1


def test_another_process_reads_and_cannot_write(path: Path) -> None:
    code = """
import sys, apsw
from pathlib import Path
from actors.journal.sqlite_reader import open_sqlite_reader
reader = open_sqlite_reader(Path(sys.argv[1]))
print(reader.journal_id, reader.bounds(), [row.kind for row in reader.events(1, 10)])
try:
    reader._connection.execute("DELETE FROM records")
except apsw.ReadOnlyError:
    print("refused")
reader.close()
"""
    with written(path) as writer:
        writer.commit(*order("a1"))
        said = f"{writer.store.journal_id} (1, 4) ['Accepted', 'Filled', 'Canceled']\nrefused"
        assert elsewhere(code, path) == said
        writer.store.tend()
        writer.commit(fill(1))
    assert elsewhere(code, path).startswith(writer.store.journal_id)  # without a writer, too


def test_a_reader_without_a_journal_is_refused(path: Path) -> None:
    with pytest.raises(JournalError, match="There is no journal"):
        open_sqlite_reader(path)
    path.write_bytes(b"x" * 200)
    with pytest.raises(JournalError, match="is not a journal of this library"):
        open_sqlite_reader(path)


def test_compacting_is_refused_beside_a_writer(path: Path) -> None:
    with written(path), pytest.raises(JournalError, match="is being written by another client"):
        compact_journal(path)
