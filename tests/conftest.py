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

from .chosen_websocket import each_websocket
from .time_limit import LIMIT, ending_what_hangs

__all__ = ["each_websocket"]

HERE = Path(__file__).parent
SAME_AGAIN = (
    "whatever_goes_wrong",
    "test_a_login_that_is_put_off_after_a_loss_of_the_link_ends_nothing",
    "test_every_event_has_a_tag_and_is_read_back",
    "test_a_story_ends_the_same_in_every_position",
    "test_placements_that_the_venue_does_not_answer_hold_no_urgent_call_back",
    "test_five_thousand_fills_are_read",
    "test_a_watcher_hears_how_orders_ended_while_its_link_was_down",
    "test_sixty_four_sessions_run_side_by_side",
    "test_both_sides_agree_at_whatever_turn",
    "test_a_clock_that_drifts_is_followed",
    "test_a_skew_is_warned_of_once",
)
"""Parts of the names of tests that do the same a hundred times: they take long, and reach what shorter tests reach."""

# How long an example may take says something of the machine, and no test asserts that.
settings.register_profile("trio-orders", deadline=None)
settings.load_profile("trio-orders")


def pytest_addoption(parser: pytest.Parser) -> None:
    parser.addini("seconds_per_test", "a test that takes longer is ended, and fails", default=str(LIMIT))


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Coverage counts what tests aim at. Drawn examples and stories of the whole library pass everywhere by chance:
    what they reach differs from run to run. A tracer makes a test three times as slow, so the longest go without."""
    for item in items:
        is_drawn = getattr(getattr(item, "obj", None), "is_hypothesis_test", False)
        is_long = any(name in item.name for name in SAME_AGAIN)
        if is_drawn or is_long or item.path.is_relative_to(HERE / "whole"):
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
