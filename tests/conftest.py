"""What holds for every test."""

from __future__ import annotations

import os
import sys
from collections.abc import Callable, Generator, Iterator
from importlib.abc import InspectLoader
from typing import Any

import pytest
from attrs import evolve
from hypothesis import settings

from actors import venues
from actors.serving import simulated_venue
from protocol.simulation.exchange import Exchange
from protocol.simulation.faults import FaultSchedule

from .chosen_websocket import each_websocket
from .time_limit import LIMIT, ending_what_hangs

__all__ = ["each_websocket"]

# SlipCover takes its probes out of code that has run often, on Python 3.11, and puts new code objects in place of the
# old ones. Trio notes by code object which functions Ctrl-C spares, and no longer knew ours: the probes stay.
# Its loader of modules has no source to give, which the library looks into when it is imported.
slipcover = sys.modules.get("slipcover")
if slipcover is not None and hasattr(slipcover.Slipcover, "deinstrument_seen"):
    slipcover.Slipcover.deinstrument_seen = lambda self: None
if slipcover is not None:
    InspectLoader.register(slipcover.importer.SlipcoverLoader)
    slipcover.importer.SlipcoverLoader.get_source = lambda self, name: self.orig_loader.get_source(name)

# How long an example may take says something of the machine, and no test asserts that.
settings.register_profile("trio-orders", deadline=None)
settings.load_profile("trio-orders")


def pytest_addoption(parser: pytest.Parser) -> None:
    parser.addini("seconds_per_test", "a test that takes longer is ended, and fails", default=str(LIMIT))


COUNTING = "SLIPCOVER_ENABLED"
"""Says to a process of xdist that it counts its lines. Processes that a test starts would think the same."""


@pytest.hookimpl(wrapper=True)
def pytest_runtestloop() -> Generator[None, object, object]:
    counting = os.environ.pop(COUNTING, None) if "PYTEST_XDIST_WORKER" in os.environ else None
    try:
        return (yield)
    finally:
        if counting is not None:
            os.environ[COUNTING] = counting


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
