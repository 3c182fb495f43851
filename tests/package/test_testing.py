"""`trio_orders.testing`: time that costs nothing, and a wall clock that moves with it."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta, timezone

import pytest
import trio

from trio_orders import NewOrder, Order, OrderRejected, Side, open_client
from trio_orders.events import Filled
from trio_orders.testing import (
    Fault,
    FaultKind,
    FaultSchedule,
    open_simulated_venue,
    run_in_virtual_time,
    wall_clock_from,
)

NEW_YEAR = datetime(2030, 1, 1, tzinfo=UTC)


async def test_the_wall_clock_begins_where_it_is_set_and_moves_with_the_virtual_one(autojump_clock: object) -> None:
    wall_clock = wall_clock_from(NEW_YEAR)
    began = wall_clock() - trio.current_time() * 1e9
    assert began == pytest.approx(NEW_YEAR.timestamp() * 1e9)
    before = wall_clock()
    await trio.sleep(600)
    assert wall_clock() - before == pytest.approx(600 * 1e9)


def test_the_wall_clock_is_exact_to_the_microsecond() -> None:
    async def look() -> int:
        return wall_clock_from(NEW_YEAR + timedelta(microseconds=1))()

    assert run_in_virtual_time(look) == 1_893_456_000_000_001_000


def test_the_wall_clock_takes_a_time_in_any_zone_but_not_without_one() -> None:
    async def difference() -> int:
        elsewhere = NEW_YEAR.astimezone(timezone(timedelta(hours=-5)))
        return wall_clock_from(elsewhere)() - wall_clock_from(NEW_YEAR)()

    assert run_in_virtual_time(difference) == 0
    with pytest.raises(ValueError, match=r"2030-01-01 00:00:00 has no time zone"):
        wall_clock_from(NEW_YEAR.replace(tzinfo=None))


@pytest.mark.parametrize(
    ("name", "instrument", "price"),
    [
        ("ax", "EURUSD-PERP.AX", "1.0850"),
        ("kraken-futures", "PF_XBTUSD.KRAKEN-FUTURES", "60000"),
        ("kraken-spot", "BTC/USD.KRAKEN", "60000"),
    ],
)
def test_a_strategy_trades_at_a_venue_of_another_year_in_no_time(name: str, instrument: str, price: str) -> None:
    async def strategy(quantity: int) -> datetime:
        wall_clock = wall_clock_from(NEW_YEAR)
        symbol = instrument.rpartition(".")[0]
        async with open_simulated_venue(name, transport="memory", quotes=False, wall_clock=wall_clock) as venue:
            async with open_client(venue.config(wall_clock=wall_clock)) as client:
                order = await client.submit(NewOrder.limit(instrument, Side.BUY, quantity=quantity, price=price))
                with order.events() as stream:
                    await order.accepted()
                    await trio.sleep(600)
                    await venue.trade(symbol, Side.SELL, price=price, quantity=quantity)
                    async for event in stream:
                        if isinstance(event, Filled):
                            return datetime.fromtimestamp(event.venue_time / 1e9, tz=UTC)
        raise AssertionError("no fill")

    late = run_in_virtual_time(strategy, 100) - NEW_YEAR
    assert timedelta(minutes=10) <= late < timedelta(minutes=11)


def test_a_fault_happens_when_it_is_due() -> None:
    async def strategy() -> None:
        faults = FaultSchedule([Fault(kind=FaultKind.PLACE_ERROR, nth=2, code=400)])
        async with open_simulated_venue("ax", transport="memory", quotes=False, faults=faults) as venue:
            async with open_client(venue.config()) as client:
                for _ in range(2):
                    wanted = NewOrder.limit("EURUSD-PERP.AX", Side.BUY, quantity=100, price="1.0850")
                    orders.append(await client.submit(wanted))
                    await orders[-1].accepted()

    orders: list[Order] = []
    with pytest.raises(OrderRejected):
        run_in_virtual_time(strategy)
    assert len(orders) == 2


def test_a_program_that_waits_for_what_does_not_come_is_ended() -> None:
    async def waits_for_ever() -> None:
        async with open_simulated_venue("ax", transport="memory"):
            await trio.sleep_forever()

    with pytest.raises(trio.TooSlowError):
        run_in_virtual_time(waits_for_ever, seconds=60)


def test_what_a_program_raises_comes_out_as_it_is() -> None:
    async def fails() -> None:
        raise KeyError("position")

    with pytest.raises(KeyError, match="position"):
        run_in_virtual_time(fails)
