"""Names of orders whose records a damage took: they stay used, and such an order is still ours."""

from __future__ import annotations

import sqlite3
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import trio
from attrs import evolve
from trio.testing import MockClock

from trio_orders import (
    Client,
    ClientOrderId,
    DuplicateOrder,
    Journal,
    NewOrder,
    Order,
    Side,
    open_client,
    open_simulated_venue,
    quarantine_journal,
)

BITCOIN = NewOrder.limit("BTC/USD.KRAKEN", Side.BUY, quantity="0.5", price="60000")


async def at_once(function: Callable[..., Any], *arguments: Any) -> Any:
    """On the loop's own thread: virtual time would not wait for another one."""
    await trio.lowlevel.checkpoint()
    return function(*arguments)


@pytest.fixture
def journal(tmp_path: Path) -> Journal:
    return Journal(path=tmp_path / "orders.db", run_beside=at_once)


async def rest(client: Client, name: str | None = None) -> Order:
    """name None: one that the library makes."""
    chosen = None if name is None else ClientOrderId(name)
    order = await client.submit(evolve(BITCOIN, client_order_id=chosen))
    await order.accepted()
    return order


async def come_and_go(client: Client, *names: str) -> None:
    for name in names:
        order = await rest(client, name)
        await client.cancel(order)
        await order.done()


def lose_records_from(journal: Journal, name: str) -> None:
    """The disk damages the registration of this order, and a person keeps what lies before."""
    connection = sqlite3.connect(journal.path)
    connection.execute(
        "UPDATE records SET record = replace(record, 'BUY', 'SELL') WHERE kind = 'Submitted' AND client_order_id = ?",
        (name,),
    )
    connection.commit()
    connection.close()
    assert "were lost to it" in quarantine_journal(journal.path)


def spot() -> Any:
    return open_simulated_venue("kraken-spot", transport="memory", quotes=False)


async def test_a_name_is_not_used_again_though_a_damage_took_its_order(
    autojump_clock: MockClock, journal: Journal
) -> None:
    async with spot() as venue:
        async with open_client(venue.config(), journal=journal) as client:
            await come_and_go(client, "m1", "m2")
        lose_records_from(journal, "m2")
        async with open_client(venue.config(), journal=journal) as client:
            with pytest.raises(DuplicateOrder, match="the journal has an order with this client order id"):
                await rest(client, "m2")
            await come_and_go(client, "m3")


async def test_an_order_that_a_damage_took_is_still_ours_though_older_ones_are_forgotten(
    autojump_clock: MockClock, journal: Journal
) -> None:
    async with spot() as venue:
        config = venue.config(finished_window=1)
        async with open_client(config, journal=journal) as client:
            await come_and_go(client, "m1", "m2")
            order = await rest(client)
        lose_records_from(journal, order.client_order_id)
        async with open_client(config, journal=journal) as client:
            assert [each.client_order_id for each in await client.orders()] == [order.client_order_id]


async def test_an_order_of_a_name_of_your_own_that_a_damage_took_is_adopted_under_that_name(
    autojump_clock: MockClock, journal: Journal
) -> None:
    async with spot() as venue:
        config = venue.config(finished_window=1)
        async with open_client(config, journal=journal) as client:
            await come_and_go(client, "m1", "m2")
            await rest(client, "m3")
        lose_records_from(journal, "m3")
        async with open_client(config, journal=journal) as client:
            (report,) = await client.open_orders()
            order = await client.adopt(report)
            assert order.client_order_id == "m3"
