"""The same story under many drawn schedules: which task goes first must not matter."""

from __future__ import annotations

import random
from contextlib import suppress

import pytest
import trio
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from trio.testing import MockClock

from actors import NotSent, Side, events, open_client
from protocol.simulation.faults import FaultKind, drawn

from ..trading import config_for, open_quiet_venue, sell

KINDS = (
    FaultKind.DUPLICATE_EVENT,
    FaultKind.DROP_EVENT,
    FaultKind.DELAY_EVENT,
    FaultKind.EVENTS_FIRST,
    FaultKind.DROP_ANSWER,
    FaultKind.DROP_CONNECTION,
    FaultKind.DROP_BEFORE,
    FaultKind.PLACE_ERROR_EXECUTED,
)


async def story(seed: int) -> None:
    """Orders, fills and lost connections at a venue where things go wrong; afterwards the books are compared."""
    faults = drawn(random.Random(seed).random, chance=0.08, among=KINDS, last=40).faults
    async with open_quiet_venue(*faults) as venue, open_client(config_for(venue)) as client:
        with client.events() as stream:
            for number in range(4):
                with suppress(NotSent):  # while the connection is down; that is part of the story
                    await client.submit(sell(10, f"{2412 + number}.0"))
                await trio.sleep(1)
                await venue.trade("XAU-PERP", Side.BUY, price=f"{2412 + number}.0", quantity=6)
            await trio.sleep(120)
            now = venue.wall_clock()
            await client.read_fills(start=now - 10**13, end=now + 10**13)
            await trio.sleep(1)
            await client.close()
            heard = [event async for event in stream]
    check(heard, {execution.trade_id for execution in venue.executions()})


def check(heard: list[events.Event], booked: set[str]) -> None:
    assert [event.sequence for event in heard] == list(range(1, len(heard) + 1))
    fills = [event.trade_id for event in heard if isinstance(event, events.Filled)]
    assert len(fills) == len(set(fills)), "a fill came twice"
    assert set(fills) == booked, "a fill was lost, or made up"
    accepted = [event.client_order_id for event in heard if isinstance(event, events.Accepted)]
    assert len(accepted) == len(set(accepted))
    assert not [event for event in heard if isinstance(event, events.Rejected)]


@settings(max_examples=25, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.random_module(), st.integers(0, 10**6))
def test_every_fill_comes_once_whatever_goes_wrong_and_whoever_goes_first(schedule: object, seed: int) -> None:
    """Hypothesis seeds Trio's scheduler, so a failing interleaving is found again."""
    trio.run(story, seed, clock=MockClock(autojump_threshold=0))


@pytest.mark.parametrize("seed", range(15))
def test_every_fill_comes_once_whatever_goes_wrong(seed: int) -> None:
    trio.run(story, seed, clock=MockClock(autojump_threshold=0))
