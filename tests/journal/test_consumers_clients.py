"""The streams of clients that are opened with a journal, from their public side."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
import trio
from trio.testing import MockClock

from actors import Client, EventStream, open_client, open_gateway
from actors.journal import Journal
from protocol.errors import JournalError
from protocol.events import Canceled, CloseReport, Event, Filled, JournalFailed
from protocol.journal import Cursor
from protocol.values import Side
from trio_orders import open_journal

from ..trading import config_for, open_quiet_venue, sell, until
from .kept_events import is_whole, read, sequences
from .memory_store import Fault, MemoryDisk, MemoryReader, VirtualThread

ORDERS = 30


def journal_on(disk: MemoryDisk) -> Journal:
    return Journal(path="orders.db", open_store=disk.opener, run_beside=VirtualThread(disk).run_sync)


async def trade(client: Client, venue: Any, count: int = ORDERS) -> None:
    for number in range(count):
        await client.submit(sell(1, f"{2412 + number}.0"))
        await trio.sleep(0.5)
        await venue.trade("XAU-PERP", Side.BUY, price=f"{2412 + number}.0", quantity=1)
        await trio.sleep(0.5)


async def rest_now(stream: EventStream) -> list[Event]:
    """Up to where it waits for more."""
    told: list[Event] = []
    with trio.move_on_after(1):
        while True:
            told.extend(await stream.next_batch())
    return told


async def test_a_slow_subscriber_of_a_client_loses_nothing_with_a_journal(autojump_clock: MockClock) -> None:
    disk = MemoryDisk()
    async with open_quiet_venue() as venue:
        config = config_for(venue, subscriber_batches=2)
        async with open_client(config, journal=journal_on(disk)) as client:
            with client.events() as stream:
                await trade(client, venue)
                told = await rest_now(stream)
                assert len([event for event in told if isinstance(event, Filled)]) == ORDERS
                order = await client.submit(sell(1, "2500.0"))
                with order.events() as of_order:
                    await trio.sleep(1)
                    await client.cancel(order)
                    assert isinstance([event async for event in of_order][-1], Canceled)
                told += await rest_now(stream)
        assert is_whole(told)
        assert told[0].sequence == 1
        assert client.journal is not None


async def test_a_consumer_continues_in_the_next_run_where_it_stood(autojump_clock: MockClock) -> None:
    disk = MemoryDisk()
    async with open_quiet_venue() as venue:
        config = config_for(venue, subscriber_batches=2)
        async with open_client(config, journal=journal_on(disk)) as client:
            with client.events() as stream:
                await trade(client, venue, 3)
                told = await until(stream, Filled)
                cursor = stream.cursor
        async with open_client(config, journal=journal_on(disk)) as client:
            await trade(client, venue, 3)
            with client.events(after=cursor) as stream:
                told += await until(stream, Filled, 5)
                assert is_whole(told)
                last = stream.cursor
                await trade(client, venue, 1)
                told += await until(stream, Filled)
            with pytest.raises(JournalError, match="is of another journal"):
                client.events(after=Cursor("0" * 16, "0" * 16, 1))
            assert client.journal is not None
            assert client.journal.cursor.sequence >= told[-1].sequence
        async with open_journal("orders.db", open_reader=lambda _: MemoryReader(disk)) as journal:
            with journal.events(follow=False) as all_of_it, journal.events(after=last, follow=False) as later:
                kept = [event async for event in all_of_it]
                assert kept[: len(told)] == told
                assert [event async for event in later] == [e for e in kept if e.sequence > last_number(last)]


def last_number(cursor: Cursor | None) -> int:
    assert cursor is not None
    return cursor.sequence


async def test_a_gateway_continues_all_clients_in_one_order_and_a_client_its_own(autojump_clock: MockClock) -> None:
    disk = MemoryDisk()
    async with open_quiet_venue() as ax, open_quiet_venue(name="kraken-spot") as spot:
        configs = {"ax": config_for(ax, subscriber_batches=2), "spot": config_for(spot, subscriber_batches=2)}
        async with open_gateway(configs, journal=journal_on(disk)) as gateway:
            with gateway.events() as stream:
                cursor = stream.cursor
            await trade(gateway["ax"], ax, 5)
        async with open_gateway(configs, journal=journal_on(disk)) as gateway:
            await trade(gateway["ax"], ax, 5)
            with gateway.events(after=cursor) as stream, gateway["ax"].events(after=cursor) as own:
                told, of_ax = await rest_now(stream), await rest_now(own)
        assert sequences(told) == list(range(1, len(told) + 1))
        assert len([event for event in told if isinstance(event, Filled)]) == 10
        both_read = [event for event in of_ax if event.sequence <= told[-1].sequence]
        assert both_read == [event for event in told if is_of_ax(event)]
        assert len(both_read) < len(told)


def is_of_ax(event: Event) -> bool:
    of_link = getattr(event, "venue", None)
    identity = getattr(event, "identity", None)
    return of_link == "AX" or (identity is not None and str(identity.instrument).endswith(".AX"))


async def test_without_a_journal_a_client_takes_no_cursor(autojump_clock: MockClock) -> None:
    async with open_quiet_venue() as venue, open_client(config_for(venue)) as client:
        with pytest.raises(ValueError, match="There is no journal to go on from"):
            client.events(after="0" * 16)
        with client.events() as stream:
            await read(stream, 1)
            assert stream.cursor is None


async def test_behind_a_failed_journal_a_client_tells_events_without_a_cursor(autojump_clock: MockClock) -> None:
    disk = MemoryDisk()
    async with open_quiet_venue() as venue:
        async with open_client(config_for(venue), journal=journal_on(disk)) as client:
            with client.events() as stream:
                await client.submit(sell(1))
                await rest_now(stream)
                good = stream.cursor
                disk.faults.append(Fault(does="fail", at=disk.writes + 1))
                await venue.trade("XAU-PERP", Side.BUY, price="2412.0", quantity=1)
                told = await rest_now(stream)
                assert isinstance(told[0], JournalFailed)
                assert stream.cursor is None
            assert is_whole(told)
        async with open_client(config_for(venue), journal=journal_on(disk)) as client:
            with client.events(after=good) as stream:
                again = await until(stream, Filled)
        assert again[0].sequence == last_number(good) + 1


async def test_what_a_stream_has_not_read_when_its_client_closes_it_reads_in_the_file(tmp_path: Path) -> None:
    async with open_quiet_venue() as venue:
        config = config_for(venue, subscriber_batches=1)
        async with open_client(config, journal=tmp_path / "orders.db") as client:
            stream = client.events()
            for _ in range(10):
                await client.submit(sell(1))
            assert client.journal is not None
            journal = client.journal.id
        with stream:
            told = [event async for event in stream]
            cursor = stream.cursor
    async with open_journal(tmp_path / "orders.db") as reader:
        with reader.events(follow=False) as kept:
            assert [event async for event in kept] == told
            assert kept.cursor == cursor
        assert reader.id == journal
    assert isinstance(told[-1], CloseReport)


async def test_a_stream_whose_file_is_gone_says_so(tmp_path: Path) -> None:
    async with open_quiet_venue() as venue:
        async with open_client(config_for(venue, subscriber_batches=1), journal=tmp_path / "orders.db") as client:
            stream = client.events()
    for file in tmp_path.iterdir():
        file.unlink()
    with stream, pytest.raises(JournalError, match="cannot be read"):
        while True:
            await stream.next_batch()
