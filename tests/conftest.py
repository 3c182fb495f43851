"""What holds for every test."""

from __future__ import annotations

from collections.abc import Callable, Generator, Iterator
from pathlib import Path
from typing import Any

import pytest
from attrs import evolve
from hypothesis import settings

from actors import venues
from actors.serving import simulated_venue
from protocol.simulation.exchange import Exchange
from protocol.simulation.faults import FaultSchedule

from .time_limit import LIMIT, ending_what_hangs

HERE = Path(__file__).parent

# How long an example may take says something of the machine, and no test asserts that.
settings.register_profile("trio-orders", deadline=None)
settings.load_profile("trio-orders")


def pytest_addoption(parser: pytest.Parser) -> None:
    parser.addini("seconds_per_test", "a test that takes longer is ended, and fails", default=str(LIMIT))


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Coverage counts what tests aim at. Drawn examples and stories of the whole library pass everywhere by chance:
    what they reach differs from run to run, and measuring them would take as long as the rest."""
    for item in items:
        is_drawn = getattr(getattr(item, "obj", None), "is_hypothesis_test", False)
        if is_drawn or item.path.is_relative_to(HERE / "whole"):
            item.add_marker("no_cover")


def _limited(item: pytest.Item) -> Generator[None, object, object]:
    with ending_what_hangs(item.nodeid, float(item.config.getini("seconds_per_test"))):
        return (yield)


pytest_runtest_setup = pytest.hookimpl(wrapper=True)(_limited)
pytest_runtest_call = pytest.hookimpl(wrapper=True)(_limited)


@pytest.hookimpl(wrapper=True)
def pytest_runtest_teardown(item: pytest.Item) -> Generator[None, object, object]:
    return (yield from _limited(item))


@pytest.fixture(autouse=True)
def strict_venues(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """Every simulated venue that a test opens is strict, unless the test says otherwise: what a client of ours sends
    and the venue's documentation does not list fails the test, also where the real venue would ignore it."""
    opened: list[Any] = []

    def strictly(make_exchange: venues.MakeExchange) -> venues.MakeExchange:
        def make(draw: Callable[[], float], faults: FaultSchedule | None, **settings: Any) -> Exchange:
            exchange = make_exchange(draw, faults, **({"strict": True} | settings))
            opened.append(exchange)
            return exchange

        return make

    def strict_row(name: str) -> venues.VenueRow:
        row = venues.venue_row(name)
        simulation = row.simulation()
        return evolve(row, simulation=lambda: evolve(simulation, make_exchange=strictly(simulation.make_exchange)))

    monkeypatch.setattr(simulated_venue, "venue_row", strict_row)
    yield
    violations = [violation for exchange in opened if exchange.settings.strict for violation in exchange.violations]
    assert violations == [], "a client sent what the venue does not document"
