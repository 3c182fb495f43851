"""The programs of `examples/programs`, in virtual time: their own books are the venue's, also on bad days."""

from __future__ import annotations

import os
import random
import re
import runpy
from decimal import Decimal
from importlib import import_module
from pathlib import Path
from types import ModuleType

import pytest
import trio
from trio.testing import MockClock

import trio_orders
from protocol.simulation.faults import drawn
from trio_orders import ApiKey, AxConfig, ClientConfig, KrakenFuturesConfig, KrakenSpotConfig, Money, events
from trio_orders.testing import FaultKind, FaultSchedule

PROGRAMS = Path(__file__).parents[2] / "examples" / "programs"
TRADING = ["market_maker", "twap", "risk_monitor", "bracket"]
BAD_DAYS = [
    FaultKind.DELAY_ANSWER,
    FaultKind.DROP_ANSWER,
    FaultKind.DUPLICATE_ANSWER,
    FaultKind.EVENTS_FIRST,
    FaultKind.DELAY_EVENT,
    FaultKind.DROP_EVENT,
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


@pytest.mark.parametrize("seed", range(8))
@pytest.mark.parametrize("name", TRADING)
async def test_a_bad_day_changes_no_book(name: str, seed: int, autojump_clock: MockClock) -> None:
    faults = drawn(random.Random(f"{name} {seed}").random, chance=0.05, among=BAD_DAYS, first=6, last=100)
    assert await verdict_of(name, faults)


@pytest.mark.parametrize("name", ["market_maker", "twap", "bracket"])
async def test_a_fill_or_a_fee_that_is_not_booked_shows(
    name: str, autojump_clock: MockClock, monkeypatch: pytest.MonkeyPatch
) -> None:
    books = import_module("books").Books
    pay, book = books._pay, books._book

    def forget_fee(self: object, commission: Money) -> None:
        pay(self, Money(Decimal(0), commission.currency))

    def forget_trade(self: object, fill: events.Filled) -> None:
        book(self, fill)
        self.trades.pop()  # type: ignore[attr-defined]

    with monkeypatch.context() as patched:
        patched.setattr(books, "_pay", forget_fee)
        assert not await verdict_of(name)
    with monkeypatch.context() as patched:
        patched.setattr(books, "_book", forget_trade)
        assert not await verdict_of(name)


@pytest.mark.parametrize("agree", [True, False])
@pytest.mark.parametrize("name", TRADING)
def test_the_exit_code_is_the_verdict(name: str, agree: bool, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(trio, "run", lambda main: agree)
    with pytest.raises(SystemExit) as exit:
        runpy.run_path(str(PROGRAMS / f"{name}.py"), run_name="__main__")
    assert exit.value.code == (0 if agree else 1)


@pytest.mark.parametrize(
    ("name", "config"),
    [
        ("market_maker", KrakenSpotConfig),
        ("twap", KrakenFuturesConfig),
        ("risk_monitor", KrakenFuturesConfig),
        ("bracket", AxConfig),
        ("web_service", KrakenSpotConfig),
    ],
)
def test_what_a_program_says_of_the_real_venue_makes_a_configuration(
    name: str, config: type[ClientConfig], monkeypatch: pytest.MonkeyPatch
) -> None:
    line = re.search(r"^    (\w+Config\(.*\))$", (PROGRAMS / f"{name}.py").read_text(), re.MULTILINE)
    assert line is not None
    for variable in re.findall(r'environ\["(\w+)"\]', line[1]):
        monkeypatch.setenv(variable, f"value of {variable}")
    made = eval(line[1], {"os": os, **{name: getattr(trio_orders, name) for name in trio_orders.__all__}})
    assert type(made) is config
    assert isinstance(made.credentials, ApiKey)
    assert made.credentials.key.startswith("value of ")
