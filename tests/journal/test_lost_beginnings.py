"""Two losses of power in a row: the first takes all of a life, and the second most of the life that followed."""

from __future__ import annotations

from contextlib import suppress
from decimal import Decimal
from typing import Any

import pytest
import trio
from attrs import evolve
from trio.testing import MockClock

from actors import Client, NewOrder, Side, SimulatedVenue, TradingError, open_client
from protocol.dispatch.record_json import record_from_json
from protocol.dispatch.records import Opened
from protocol.events import Filled, Reconciled

from ..trading import config_for, open_quiet_venue
from .markets import AX
from .memory_store import Fault, Killed, MemoryDisk
from .witness import Witness

LONG = 200
"""Seconds: longer than one reading of history reaches back behind the one before."""
SHORT = 30
"""Seconds: history is not read again in them."""


async def live(venue: SimulatedVenue, disk: MemoryDisk) -> None:
    """One life, in which an order is placed and fills in part."""
    async with open_client(config_for(venue), journal=Witness(disk).journal("process")) as client:
        await trio.sleep(1)
        await rest(client)
        await venue.trade(AX.symbol, Side.BUY, price=Decimal(AX.price), quantity=Decimal(2))
        await trio.sleep(LONG)
        disk.faults.append(Fault(does="kill", at=disk.writes + 1))
        await rest(client)


async def rest(client: Client) -> None:
    order = await client.submit(NewOrder.limit(AX.instrument, Side.SELL, quantity=AX.quantity, price=AX.price))
    await order.accepted()


async def killed(venue: SimulatedVenue, disk: MemoryDisk) -> None:
    with suppress(BaseExceptionGroup, Killed):
        await live(venue, disk)
    disk.faults.clear()


async def check_next(venue: SimulatedVenue, disk: MemoryDisk) -> list[Any]:
    """The next life must tell, before it says that it is reconciled, what its predecessor executed. Gives all
    records."""
    async with open_client(config_for(venue), journal=Witness(disk).journal("process")):
        await trio.sleep(SHORT)
    made = [execution.trade_id for execution in venue.executions()]
    records = [record_from_json(row.record) for row in disk.tables.rows]
    reconciled = max(place for place, each in enumerate(records) if isinstance(each, Reconciled))
    assert len(made) == 1
    assert made == [each.trade_id for each in records[:reconciled] if isinstance(each, Filled)]
    return records


@pytest.mark.parametrize("left", range(6))
async def test_fills_of_a_life_are_told_whatever_of_its_records_is_left(autojump_clock: MockClock, left: int) -> None:
    """left: how many writes of the second life the power does not take."""
    disk = MemoryDisk(faults=[Fault(does="kill", at=2)])
    async with open_quiet_venue(name="ax") as venue:
        await killed(venue, disk)
        disk.lose_power()
        await killed(venue, disk)
        disk.lose_power(disk.ends()[left])
        await trio.sleep(1)
        records = await check_next(venue, disk)
    opened = next(each for each in records if isinstance(each, Opened))
    assert opened.at == disk.tables.lives[0].began


class Unreachable:
    async def connect(self, host: str, port: int, *, tls: bool) -> trio.abc.Stream:
        raise OSError("the network is down")


async def test_so_they_are_if_the_life_before_it_never_came_to_the_venue(autojump_clock: MockClock) -> None:
    disk = MemoryDisk()
    async with open_quiet_venue(name="ax") as venue:
        with pytest.raises(TradingError):
            async with open_client(
                evolve(config_for(venue), connector=Unreachable()), journal=Witness(disk).journal("process")
            ):
                pass
        assert [row.kind for row in disk.tables.rows] == ["SessionFailed"]
        await killed(venue, disk)
        disk.lose_power()
        assert [row.kind for row in disk.tables.rows] == ["SessionFailed"]
        await trio.sleep(1)
        await check_next(venue, disk)
