"""With a journal a stream continues where a cursor says, and one that falls behind continues from there."""

from __future__ import annotations

import pytest
import trio
from trio.testing import wait_all_tasks_blocked

from actors.emitter import ToEmitter
from actors.journal.source import PAGE
from actors.subscription import Wanted, open_stream
from protocol.errors import CursorAhead, CursorExpired, JournalError, SubscriberLagged
from protocol.events import Event, JournalFailed, JournalSlow
from protocol.journal import Cursor
from protocol.values import ClientOrderId, OrderStatus

from ..order_records import accepted, canceled, filled, identity
from .kept_events import JOURNAL, KeptEvents, news, read, rest_of, running, sequences


async def test_a_stream_continues_behind_a_cursor_from_the_journal_and_then_live() -> None:
    kept = KeptEvents()
    async with running(kept) as program:
        program.publish(0, news(), news(), news())
        with program.stream() as stream:
            await read(stream, 2)
            cursor = stream.cursor
    async with running(kept) as program:
        program.publish(0, news())
        await wait_all_tasks_blocked()
        with program.stream(after=cursor) as stream:
            assert sequences(await read(stream, 2)) == [3, 4]
            program.publish(0, news())
            program.publish(1, news())
            assert sequences(await read(stream, 2)) == [5, 6]
    assert kept.open_readers == 0


async def test_the_text_of_a_cursor_serves_as_well() -> None:
    kept = KeptEvents()
    async with running(kept) as program:
        program.publish(0, news(), news())
        await wait_all_tasks_blocked()
        with program.stream(after=str(Cursor(JOURNAL, program.life.tag, 1))) as stream:
            assert sequences(await read(stream, 1)) == [2]
        with pytest.raises(ValueError, match="is no cursor"):
            program.stream(after="12")


@pytest.mark.parametrize("session", [None, 1])
async def test_a_subscriber_that_falls_behind_continues_from_the_journal(session: int | None) -> None:
    kept = KeptEvents()
    async with running(kept) as program:
        with program.stream(session) as stream:
            for number in range(4 * PAGE):
                program.publish(number % 3, news())
                await wait_all_tasks_blocked()
            wanted = [n for n in range(1, 4 * PAGE + 1) if session is None or (n - 1) % 3 == session]
            assert sequences(await read(stream, len(wanted))) == wanted
            program.publish(1, news())
            assert sequences(await read(stream, 1)) == [4 * PAGE + 1]
            assert kept.open_readers == 0
    assert kept.opened


async def test_nothing_is_missed_while_a_stream_becomes_live_again() -> None:
    """At every turn of the scheduler between falling behind and being live, more is published."""
    kept = KeptEvents()
    async with running(kept, batches=1) as program:
        with program.stream() as stream:
            for _ in range(10):
                program.publish(0, news())
            await wait_all_tasks_blocked()
            told: list[Event] = []
            for _ in range(200):
                told.extend(await stream.next_batch())
                program.publish(0, news())
                program.publish(1, news(), news())
            while len(told) < program.sequence:
                told.extend(await stream.next_batch())
    assert sequences(told) == list(range(1, program.sequence + 1))


async def test_a_stream_that_has_fallen_behind_gets_the_rest_after_the_program_has_closed() -> None:
    kept = KeptEvents()
    async with running(kept) as program:
        stream = program.stream()
        for _ in range(10):
            program.publish(0, news())
    async with running(kept) as program:
        program.publish(0, news())
    with stream:
        assert sequences(await rest_of(stream)) == list(range(1, 11))  # and nothing of the next life
    assert kept.open_readers == 0


async def test_a_stream_of_one_order_continues_from_the_journal_up_to_its_end() -> None:
    kept = KeptEvents()
    ours, other = identity("a1"), identity("a2")
    async with running(kept) as program:
        with program.stream(0, ClientOrderId("a1")) as stream:
            program.publish(0, accepted(of=ours), accepted(of=other))
            for number in range(6):
                program.publish(0, filled(f"t{number}", number, identity=ours), news())
                program.publish(1, accepted(of=ours))  # another session's order of the same name
            await wait_all_tasks_blocked()
            program.publish(0, canceled(of=other), canceled(of=ours), filled("t9", 9, identity=ours))
            await wait_all_tasks_blocked()
            told = await rest_of(stream)
        assert [type(event).__name__ for event in told] == ["Accepted", *["Filled"] * 6, "Canceled", "Filled"]


async def test_a_stream_of_an_order_ends_though_the_program_is_another() -> None:
    """The emitter of this life has never heard of it."""
    kept = KeptEvents()
    async with running(kept) as program:
        cursor = program.source.cursor_at(0)
        program.publish(
            0, accepted(of=identity("a1")), filled("t1", 1, identity=identity("a1"), status=OrderStatus.FILLED)
        )
    async with running(kept) as program:
        with program.stream(0, ClientOrderId("a1"), after=cursor) as stream:
            assert len(await rest_of(stream)) == 2


async def test_what_concerns_the_whole_program_comes_to_the_streams_of_every_session() -> None:
    kept = KeptEvents()
    slow = JournalSlow(local_time=0, path="orders.db", duration=30_000_000)
    async with running(kept, batches=20) as program:
        with program.stream(0) as live, program.stream(0, batches=1) as behind:
            for told in (news(), slow, news(), slow):
                program.publish(None if told is slow else 0, told)
                program.publish(1, news())
            await wait_all_tasks_blocked()
            assert sequences(await read(live, 4)) == sequences(await read(behind, 4)) == [1, 3, 5, 7]


async def test_the_first_stream_begins_with_the_life_and_a_later_one_with_the_call() -> None:
    kept = KeptEvents()
    async with running(kept) as program:
        program.publish(0, news())
    async with running(kept) as program:
        program.publish(0, news(), news())
        await wait_all_tasks_blocked()
        with program.stream(1) as first, program.stream() as later:
            program.publish(1, news())
            assert first.cursor == program.source.cursor_at(1)
            assert later.cursor == program.source.cursor_at(3)
            assert sequences(await read(first, 1)) == sequences(await read(later, 1)) == [4]
    async with running(kept) as program:
        program.publish(0, news(), news())
        with program.stream() as first:
            assert sequences(await read(first, 2)) == [5, 6]


async def test_what_was_published_by_the_call_is_not_in_a_stream_that_begins_then() -> None:
    kept = KeptEvents()
    async with running(kept) as program:
        with program.stream(), program.stream() as stream:
            cursor = stream.cursor
            program.publish(0, news())
            assert sequences(await read(stream, 1)) == [1]
            program.publish(0, news())
            with program.stream() as later:  # before the emitter has heard of the second event
                assert later.cursor == stream.cursor
                assert sequences(await read(later, 1)) == [2]
        assert cursor == program.source.cursor_at(0)


async def test_a_cursor_that_another_program_read_before_it_was_published_here_repeats_nothing() -> None:
    kept = KeptEvents()
    async with running(kept) as program:
        program.publish(0, news())
        await wait_all_tasks_blocked()
        later = program.commit(0, news(), news())
        with program.stream(after=program.source.cursor_at(2)) as stream:
            program.to_emitter.send_nowait(later)
            assert sequences(await read(stream, 1)) == [3]


# Cursors


async def test_a_cursor_stands_behind_the_last_event_that_was_given() -> None:
    kept = KeptEvents()
    async with running(kept) as program:
        with program.stream() as stream:
            at = [stream.cursor]
            program.publish(0, news(), news(), news())
            for _ in range(2):
                await anext(stream)
                at.append(stream.cursor)
            assert len(await stream.next_batch()) == 1
            at.append(stream.cursor)
            program.publish(0, news(), news())
            await stream.next_batch()
            at.append(stream.cursor)
        assert at == [program.source.cursor_at(number) for number in (0, 1, 2, 3, 5)]
        assert str(at[-1]) == f"{JOURNAL}-{program.life.tag}-5"


async def test_an_event_of_an_earlier_life_has_the_cursor_of_that_life() -> None:
    kept = KeptEvents()
    tags = []
    for _ in range(3):
        async with running(kept) as program:
            tags.append(program.life.tag)
            program.publish(0, news())
    async with running(kept) as program:
        with program.stream(after=program.source.cursor_at(0)) as stream:
            told = []
            for _ in range(3):
                await anext(stream)
                told.append(stream.cursor)
    assert told == [Cursor(JOURNAL, tag, number) for number, tag in enumerate(tags, 1)]


async def test_without_a_journal_there_are_no_cursors_and_none_is_taken() -> None:
    to_emitter, _ = trio.open_memory_channel[ToEmitter](4)
    with open_stream(to_emitter, 4, Wanted()) as stream:
        assert stream.cursor is None
    with pytest.raises(ValueError, match="There is no journal to go on from"):
        open_stream(to_emitter, 4, Wanted(after=Cursor(JOURNAL, "0" * 16, 1)))


async def test_a_cursor_of_another_journal_is_refused() -> None:
    async with running(KeptEvents()) as program:
        with pytest.raises(JournalError, match=rf"is of another journal: the one at orders\.db has the id {JOURNAL}"):
            program.stream(after=Cursor("00000000000000ff", program.life.tag, 0))


async def test_a_cursor_of_events_that_were_lost_with_the_power_is_ahead() -> None:
    kept = KeptEvents()
    async with running(kept) as program:
        lost_life = program.life.tag
        program.publish(0, *[news()] * 5)
    kept.lose(3)
    async with running(kept) as program:
        program.publish(0, *[news()] * 5)
        await wait_all_tasks_blocked()
        with pytest.raises(CursorAhead, match=r"ahead of the journal at orders\.db") as error:
            program.stream(after=Cursor(JOURNAL, lost_life, 5))
        assert error.value.last == f"{JOURNAL}-{lost_life}-3"
        with program.stream(after=error.value.last) as stream:
            assert sequences(await read(stream, 5)) == [4, 5, 6, 7, 8]
        with program.stream(after=Cursor(JOURNAL, lost_life, 3)) as stream:
            assert sequences(await read(stream, 1)) == [4]
        with pytest.raises(CursorAhead):
            program.stream(after=Cursor(JOURNAL, program.life.tag, 9))


async def test_a_cursor_of_a_life_that_the_journal_does_not_have_goes_back_to_the_oldest_event() -> None:
    kept = KeptEvents()
    async with running(kept) as program:
        program.publish(0, news(), news())
        tag = program.life.tag
    async with running(kept) as program:
        with pytest.raises(CursorAhead, match="the file is an older copy") as error:
            program.stream(after=Cursor(JOURNAL, "f" * 16, 1))
    assert error.value.last == f"{JOURNAL}-{tag}-0"


async def test_a_cursor_behind_which_events_were_dropped_has_expired() -> None:
    kept = KeptEvents()
    async with running(kept) as program:
        program.publish(0, *[news()] * 5)
        await wait_all_tasks_blocked()
        kept.dropped = 3
        with pytest.raises(CursorExpired, match="no longer has the events from number 3 to 3") as error:
            program.stream(after=program.source.cursor_at(2))
        with program.stream(after=error.value.oldest) as stream:
            assert sequences(await read(stream, 2)) == [4, 5]


# When the journal fails


async def test_behind_the_failure_of_the_journal_there_are_no_cursors() -> None:
    kept = KeptEvents()
    async with running(kept) as program:
        with program.stream(1) as stream:
            program.publish(1, news())
            await anext(stream)
            assert stream.cursor == program.source.cursor_at(1)
            program.fail_journal()
            program.publish(1, news())
            assert isinstance(await anext(stream), JournalFailed)
            assert stream.cursor is None
            assert sequences(await read(stream, 1)) == [3]
            assert stream.cursor is None


async def test_a_subscriber_that_falls_behind_after_the_journal_has_failed_is_let_go() -> None:
    kept = KeptEvents()
    async with running(kept) as program:
        with program.stream() as early, program.stream() as late:
            for _ in range(5):
                program.publish(0, news())
                await read(late, 1)
            program.fail_journal()
            for _ in range(5):
                program.publish(0, news())
            await wait_all_tasks_blocked()
            for stream, count, last in ((early, 5, 5), (late, 3, 8)):
                await read(stream, count)
                for _ in range(2):
                    with pytest.raises(SubscriberLagged, match=r"and the journal at orders\.db has failed") as error:
                        await anext(stream)
                    assert (error.value.last_read, error.value.first_lost) == (last, last + 1)
    assert kept.open_readers == 0


async def test_a_stream_that_is_opened_after_the_journal_has_failed_begins_with_the_call() -> None:
    kept = KeptEvents()
    async with running(kept) as program:
        program.publish(0, news())
        program.fail_journal()
        await wait_all_tasks_blocked()
        program.publish(0, news())
        with program.stream() as stream:
            program.publish(0, news())
            assert sequences(await read(stream, 1)) == [4]


async def test_a_reader_that_fails_is_an_error_of_the_read_and_the_stream_can_go_on() -> None:
    kept = KeptEvents()
    async with running(kept) as program:
        program.publish(0, news(), news())
        await wait_all_tasks_blocked()
        with program.stream(after=program.source.cursor_at(0)) as stream:
            kept.is_broken = True
            with pytest.raises(JournalError, match="The disk does not answer"):
                await anext(stream)
            assert kept.open_readers == 0
            kept.is_broken = False
            assert sequences(await read(stream, 2)) == [1, 2]


# Leaving


async def test_a_stream_that_is_closed_while_it_is_behind_leaves_no_reader_open() -> None:
    kept = KeptEvents()
    async with running(kept) as program:
        for _ in range(3 * PAGE):
            program.publish(0, news())
            await wait_all_tasks_blocked()
        with program.stream(after=program.source.cursor_at(0)) as stream:
            await anext(stream)
            assert kept.open_readers == 1
        assert kept.open_readers == 0
        await stream.next_batch()  # what was in hand
        with pytest.raises(StopAsyncIteration):
            await anext(stream)
    assert kept.open_readers == 0


async def test_a_stream_may_be_closed_and_its_reader_canceled_at_every_wait() -> None:
    """Cancel at the first checkpoint, the second …: what was not given comes next."""
    kept = KeptEvents()
    async with running(kept, batches=1) as program:
        with program.stream() as stream:
            told: list[Event] = []
            for number in range(300):
                program.publish(0, news())
                if number % 7 == 0:
                    await wait_all_tasks_blocked()
                with trio.CancelScope() as scope:
                    scope.cancel()
                    if number % 5 == 0:
                        scope.shield = True
                        scope.deadline = trio.current_time()
                    told.extend(await stream.next_batch())
            while len(told) < 300:
                told.extend(await stream.next_batch())
    assert sequences(told) == list(range(1, 301))
    assert kept.open_readers == 0
