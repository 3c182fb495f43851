"""`open_journal`: another program reads a journal, and follows it while it is written."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
import trio
from trio.testing import MockClock

from protocol.errors import CursorAhead, CursorExpired, JournalError
from protocol.events import Event
from protocol.journal import Cursor
from tests.imports import ROOT
from trio_orders import open_journal

from .kept_events import KeptEvents, news, read, rest_of, running, sequences
from .stored import elsewhere, fill, new_life, opened, written

WRITER = """
import sys
from pathlib import Path
from tests.journal.stored import fill, written
with written(Path(sys.argv[1]), durability=sys.argv[3]) as writer:
    print("begun", flush=True)
    for number in range(int(sys.argv[2])):
        writer.commit(fill(number))
        if number % 500 == 0:
            writer.store.tend()
            print(number, flush=True)
    writer.store.verify()
    print("verified", flush=True)
"""


@contextmanager
def writing(path: Path, count: int, durability: str = "process") -> Iterator[subprocess.Popen[str]]:
    """Another process that commits so many events, one by one, and looks at the whole file at the end."""
    command = [sys.executable, "-c", WRITER, str(path), str(count), durability]
    writer = subprocess.Popen(command, cwd=ROOT, stdout=subprocess.PIPE, text=True)
    assert writer.stdout is not None
    try:
        assert writer.stdout.readline() == "begun\n"
        yield writer
    finally:
        writer.kill()
        writer.wait()
        writer.stdout.close()


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "orders.db"


async def test_a_journal_is_read_from_its_oldest_event_to_its_end(path: Path) -> None:
    with written(path) as writer:
        writer.commit(*[fill(number) for number in range(300)])
    async with open_journal(path) as journal:
        with journal.events(follow=False) as stream:
            before = stream.cursor
            told = await rest_of(stream)
            assert sequences(told) == list(range(1, 301))
            assert stream.cursor == journal.cursor
        assert (str(before), journal.id) == (f"{journal.id}-{1:016x}-0", writer.store.journal_id)
        with journal.events(after=str(journal.cursor), follow=False) as stream:
            assert await rest_of(stream) == []
    assert journal.path == path


async def test_a_journal_is_followed_while_its_writer_writes(path: Path) -> None:
    with writing(path, 3000) as writer:
        async with open_journal(path) as journal:
            with journal.events(period=0.001) as stream:
                told: list[Event] = []
                while len(told) < 3000:
                    told.extend(await stream.next_batch())
                assert sequences(told) == list(range(1, 3001))
        assert writer.stdout is not None
        assert writer.stdout.read().splitlines()[-1] == "verified"


async def test_the_lives_of_a_writer_are_followed(path: Path, autojump_clock: MockClock) -> None:
    with written(path) as writer:
        writer.commit(fill(1))
    async with open_journal(path) as journal:
        with journal.events() as stream:
            assert sequences(await read(stream, 1)) == [1]
            with opened(path) as store:
                new_life(store).commit(fill(2))
                assert sequences(await read(stream, 1)) == [2]
                assert stream.cursor == journal.cursor == Cursor(store.journal_id, f"{2:016x}", 2)


async def test_a_reader_that_is_killed_does_no_harm_to_the_writer(path: Path) -> None:
    code = (
        "import sys, trio\nfrom trio_orders import open_journal\n"
        "async def main():\n"
        "    async with open_journal(sys.argv[1]) as journal:\n"
        "        with journal.events(period=0.001) as stream:\n"
        "            async for batch in stream.batches(): print(len(batch), flush=True)\n"
        "trio.run(main)"
    )
    with writing(path, 3000) as writer:
        for _ in range(4):
            reader = subprocess.Popen(
                [sys.executable, "-c", code, str(path)], cwd=ROOT, stdout=subprocess.PIPE, text=True
            )
            assert reader.stdout is not None
            await trio.to_thread.run_sync(reader.stdout.readline)
            reader.kill()
            reader.wait()
            reader.stdout.close()
        assert writer.stdout is not None
        assert (await trio.to_thread.run_sync(writer.stdout.read)).splitlines()[-1] == "verified"
        assert writer.wait() == 0
    with opened(path) as store:
        store.verify()
        assert (store.last_sequence, list(store.warnings)) == (3000, [])


async def test_a_reader_cannot_write(path: Path) -> None:
    with written(path) as writer:
        writer.commit(fill(1))
        async with open_journal(path) as journal:
            connection = journal._reader._connection  # type: ignore[attr-defined]
            with pytest.raises(Exception, match="readonly"):
                connection.execute("DELETE FROM records")
        writer.commit(fill(2))


async def test_a_stream_that_waits_ends_when_it_is_closed(autojump_clock: MockClock) -> None:
    kept = KeptEvents()
    kept.begin()
    async with open_journal("orders.db", open_reader=lambda _: kept.reader()) as journal:
        stream = journal.events(period=100)
        async with trio.open_nursery() as nursery:

            @nursery.start_soon
            async def reading() -> None:
                assert await rest_of(stream) == []

            await trio.sleep(1)
            stream.close()
        assert trio.current_time() < 50
    assert kept.open_readers == 0


async def test_leaving_the_block_closes_its_streams(path: Path) -> None:
    with written(path) as writer:
        writer.commit(fill(1), fill(2))
    async with open_journal(path) as journal:
        stream = journal.events()
        assert sequences(await read(stream, 1)) == [1]
    assert len(await rest_of(stream)) == 1  # what was in hand


async def test_a_reader_that_is_canceled_misses_nothing(autojump_clock: MockClock) -> None:
    kept = KeptEvents()
    async with running(kept) as program, open_journal("orders.db", open_reader=lambda _: kept.reader()) as journal:
        with journal.events() as stream:
            told: list[int] = []
            for number in range(50):
                with trio.move_on_after(0.06 if number % 2 else 0):
                    told.extend(sequences(await stream.next_batch()))
                program.commit(0, news())
            while len(told) < 50:
                told.extend(sequences(await stream.next_batch()))
        assert told == list(range(1, 51))


# What is refused


async def test_a_file_that_is_missing_is_said_so(path: Path) -> None:
    with pytest.raises(JournalError, match="There is no journal") as error:
        async with open_journal(path):
            pass
    assert error.value.path == str(path)
    assert not os.listdir(path.parent)


async def test_a_file_that_is_no_journal_is_left_alone(path: Path) -> None:
    path.write_text("not a journal, and long enough to have a header " * 4)
    with pytest.raises(JournalError, match="is not a journal of this library"):
        async with open_journal(path):
            pass


async def test_a_file_of_a_newer_version_is_refused(path: Path) -> None:
    with written(path):
        pass
    elsewhere("import sqlite3, sys; sqlite3.connect(sys.argv[1]).execute('PRAGMA user_version = 99')", path)
    with pytest.raises(JournalError, match="newer version of this library"):
        async with open_journal(path):
            pass


async def test_a_file_that_was_replaced_is_said_so(path: Path, autojump_clock: MockClock) -> None:
    with written(path) as writer:
        writer.commit(fill(1))
        writer.store.backup(str(path.with_name("copy.db")))
    async with open_journal(path) as journal:
        with journal.events() as stream:
            await read(stream, 1)
            os.replace(path.with_name("copy.db"), path)
            with pytest.raises(JournalError, match="another file than the one that was opened"):
                await anext(stream)


async def test_cursors_are_refused_as_by_the_program_itself(path: Path) -> None:
    with written(path) as writer:
        writer.commit(fill(1), fill(2))
    async with open_journal(path) as journal:
        with pytest.raises(CursorAhead) as ahead:
            journal.events(after=Cursor(journal.id, f"{1:016x}", 3))
        assert ahead.value.last == str(journal.cursor)
        with pytest.raises(JournalError, match="is of another journal"):
            journal.events(after=Cursor("0" * 16, f"{1:016x}", 1))
        with pytest.raises(ValueError, match="positive"):
            journal.events(period=0)


async def test_a_follower_from_which_events_are_dropped_is_told_that_it_is_too_late() -> None:
    kept = KeptEvents()
    async with running(kept) as program:
        program.commit(0, *[news()] * 300)
        async with open_journal("orders.db", open_reader=lambda _: kept.reader()) as journal:
            with journal.events() as stream:
                assert sequences(await stream.next_batch())[-1] < 200
                kept.dropped = 200
                with pytest.raises(CursorExpired) as expired:
                    await anext(stream)
            with journal.events(after=expired.value.oldest) as stream:
                assert sequences(await read(stream, 100)) == list(range(201, 301))
    assert kept.open_readers == 0
