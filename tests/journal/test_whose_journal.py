"""Whose a journal is, and what a program with one holds of it: real clients, a real file, virtual time."""

from __future__ import annotations

from collections.abc import Callable
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest
import trio
from trio.testing import MockClock

from trio_orders import (
    AccountId,
    Client,
    Journal,
    JournalError,
    NewOrder,
    Order,
    Side,
    SimulatedVenue,
    open_client,
    open_gateway,
    open_journal,
    open_simulated_venue,
)
from trio_orders.events import Canceled, Filled

GOLD = NewOrder.limit("XAU-PERP.AX", Side.SELL, quantity=40, price="2411.5")
BITCOIN = NewOrder.limit("BTC/USD.KRAKEN", Side.BUY, quantity="0.5", price="60000")


async def at_once(function: Callable[..., Any], *arguments: Any) -> Any:
    """On the loop's own thread: virtual time would not wait for another one."""
    await trio.lowlevel.checkpoint()
    return function(*arguments)


@pytest.fixture
def journal(tmp_path: Path) -> Journal:
    return Journal(path=tmp_path / "orders.db", run_beside=at_once)


async def rest(client: Client, new: NewOrder) -> Order:
    order = await client.submit(new)
    await order.accepted()
    return order


def venue_in_memory(name: str) -> Any:
    return open_simulated_venue(name, transport="memory", quotes=False)


async def write_a_little(venue: SimulatedVenue, journal: Journal) -> None:
    async with open_client(venue.config(), journal=journal) as client:
        await rest(client, GOLD)


async def test_a_consumer_without_a_cursor_begins_before_the_oldest_event(
    autojump_clock: MockClock, journal: Journal
) -> None:
    async with venue_in_memory("ax") as venue:
        await write_a_little(venue, journal)
        async with open_client(venue.config(), journal=journal) as client:
            assert client.journal is not None
            with client.events(after=client.journal.beginning) as events:
                numbers = [(await anext(events)).sequence for _ in range(5)]
    assert numbers == [1, 2, 3, 4, 5]


# Whose it is


async def test_a_journal_of_another_account_is_refused(journal: Journal, autojump_clock: MockClock) -> None:
    async with venue_in_memory("ax") as venue:
        await write_a_little(venue, journal)
        with pytest.raises(JournalError, match="is another program's: it was kept for account") as refused:
            async with open_client(venue.config(account=AccountId("somebody-else")), journal=journal):
                pass
        assert refused.value.path == str(journal.path)
        await write_a_little(venue, journal)  # nothing was changed, and nothing holds it


async def test_a_journal_of_another_host_is_refused(journal: Journal, autojump_clock: MockClock) -> None:
    async with venue_in_memory("ax") as venue:
        await write_a_little(venue, journal)
        with pytest.raises(JournalError, match=r"not at another\.example"):
            async with open_client(venue.config(url="wss://another.example/orders/ws"), journal=journal):
                pass


async def test_two_clients_of_one_account_cannot_share_a_journal(journal: Journal, autojump_clock: MockClock) -> None:
    async with venue_in_memory("ax") as venue:
        with pytest.raises(ValueError, match="Two clients of one account"):
            async with open_gateway({"one": venue.config(), "two": venue.config()}, journal=journal):
                pass


async def test_an_account_that_is_not_configured_keeps_its_orders(journal: Journal, autojump_clock: MockClock) -> None:
    async with venue_in_memory("ax") as ax, venue_in_memory("kraken-spot") as spot:
        both = {"ax": ax.config(), "spot": spot.config()}
        async with open_gateway(both, journal=journal) as gateway:
            bid = await rest(gateway["spot"], BITCOIN)
        for _ in range(2):
            async with open_client(ax.config(), journal=journal) as client:
                assert client.journal is not None
                (left,) = client.journal.orders_of_others
                assert left.identity.client_order_id == bid.client_order_id
        await spot.trade("BTC/USD", Side.SELL, price="60000", quantity="0.2")
        async with open_gateway(both, journal=journal) as gateway:
            assert gateway.journal is not None
            assert gateway.journal.orders_of_others == ()
            (order,) = await gateway["spot"].orders()
            with gateway["spot"].events() as stream:
                async for event in stream:
                    if isinstance(event, Filled):
                        break
    assert isinstance(event, Filled)
    assert (event.client_order_id, event.last_quantity) == (order.client_order_id, Decimal("0.2"))


# What a program holds of it


async def test_each_session_of_a_journal_goes_on_with_its_own_orders(
    journal: Journal, autojump_clock: MockClock
) -> None:
    """Their records stand among each other on one page."""
    async with venue_in_memory("ax") as ax, venue_in_memory("kraken-spot") as spot:
        both = {"ax": ax.config(), "spot": spot.config()}
        placed: dict[str, set[str]] = {"ax": set(), "spot": set()}
        async with open_gateway(both, journal=journal) as gateway:
            for name, new in [("ax", GOLD), ("spot", BITCOIN)] * 2:
                placed[name].add((await rest(gateway[name], new)).client_order_id)
        async with open_gateway(both, journal=journal) as gateway:
            for name, names in placed.items():
                assert {order.client_order_id for order in await gateway[name].orders()} == names


async def test_a_copy_that_is_made_while_trading_goes_on_is_a_journal(
    journal: Journal, tmp_path: Path, autojump_clock: MockClock
) -> None:
    copy = tmp_path / "copy.db"
    async with venue_in_memory("ax") as venue, open_client(venue.config(), journal=journal) as client:
        assert client.journal is not None
        order = await rest(client, GOLD)
        await client.journal.backup(copy)
        end = client.journal.cursor
        await client.cancel(order)
        await order.done()
        with pytest.raises(FileExistsError):
            await client.journal.backup(copy)
        await client.journal.verify()
        assert client.journal.cursor.sequence > end.sequence
        assert (client.journal.path, client.journal.problem) == (journal.path, "")
    async with open_journal(copy) as reader:
        assert (reader.id, reader.cursor) == (end.journal, end)
        with reader.events(follow=False) as stream:
            kept = [event async for event in stream]
    assert [event.sequence for event in kept] == list(range(1, end.sequence + 1))
    assert not any(isinstance(event, Canceled) for event in kept)


async def test_a_copy_that_cannot_be_written_is_said_so(
    journal: Journal, tmp_path: Path, autojump_clock: MockClock
) -> None:
    async with venue_in_memory("ax") as venue, open_client(venue.config(), journal=journal) as client:
        assert client.journal is not None
        with pytest.raises(JournalError, match=r"copy\.db"):
            await client.journal.backup(tmp_path / "nowhere" / "copy.db")
        await rest(client, GOLD)  # the journal itself is in order


async def test_a_client_without_a_journal_has_none(autojump_clock: MockClock) -> None:
    async with venue_in_memory("ax") as venue, open_client(venue.config()) as client:
        assert client.journal is None
