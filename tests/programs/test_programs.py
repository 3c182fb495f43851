"""The programs of `examples/programs`, in virtual time: their own books are the venue's, also on bad days."""

from __future__ import annotations

import os
import random
import re
from decimal import Decimal
from importlib import import_module
from pathlib import Path
from types import ModuleType

import pytest
import trio
from trio.testing import MockClock

import trio_orders
from trio_orders import ClientConfig
from protocol.simulation.faults import FaultKind, FaultSchedule, drawn

PROGRAMS = Path(__file__).parents[2] / "examples" / "programs"
TRADING = ["market_maker", "twap", "risk_monitor", "bracket"]
BAD_DAYS = [
    FaultKind.DELAY_ANSWER,
    FaultKind.DROP_ANSWER,
    FaultKind.DUPLICATE_ANSWER,
    FaultKind.EVENTS_FIRST,
    FaultKind.DELAY_EVENT,
    FaultKind.DUPLICATE_EVENT,
    FaultKind.PLACE_ERROR,
    FaultKind.PLACE_ERROR_EXECUTED,
    FaultKind.CANCEL_ERROR,
    FaultKind.DROP_CONNECTION,
    FaultKind.DROP_BEFORE,
    FaultKind.REST_ERROR,
]
HOUR = 3600


@pytest.fixture(autouse=True)
def _importable(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.syspath_prepend(str(PROGRAMS))


async def verdict_of(name: str, faults: FaultSchedule | None = None) -> bool:
    program: ModuleType = import_module(name)
    with trio.fail_after(HOUR):  # a venue never falls silent, so virtual time would run for ever
        verdict: bool = await program.main(faults, "memory")
    return verdict


@pytest.mark.parametrize("name", TRADING)
async def test_a_program_ends_with_the_books_of_the_venue(name: str, autojump_clock: MockClock) -> None:
    assert await verdict_of(name)


@pytest.mark.parametrize("seed", range(40))
@pytest.mark.parametrize("name", TRADING)
async def test_a_bad_day_changes_no_book(name: str, seed: int, autojump_clock: MockClock) -> None:
    faults = drawn(random.Random(f"{name} {seed}").random, chance=0.05, among=BAD_DAYS, first=6, last=100)
    assert await verdict_of(name, faults)
