"""Real processes that are killed: what a consumer of the journal has at the end is what the venue has in its books."""

from __future__ import annotations

import json
import signal
from pathlib import Path
from typing import Final

import pytest
import trio

from ..crash.__main__ import campaigns, run_all
from ..crash.campaign import ENDS_WITHIN, Programs
from ..crash.trader import FINAL
from ..crash.verdict import Tally, judge

ROUNDS: Final = 6
MANY: Final = {"ax": 3000, "kraken-spot": 200}
"""Kraken Spot takes four orders a second."""
WORKING: Final = 14


def test_a_portion_of_the_crash_rounds_ends_without_a_fault() -> None:
    tally = trio.run(run_all, campaigns(ROUNDS, "all", 0), 2)
    assert tally.lines == []
    assert tally.counts["rounds"] == ROUNDS
    assert tally.counts["kills"] >= ROUNDS
    assert tally.counts["fills"] > 0


@pytest.mark.parametrize("venue", MANY)
def test_after_a_kill_all_of_very_many_orders_are_as_at_the_venue(venue: str, tmp_path: Path) -> None:
    """14 of them are working, and trade while nobody is there."""
    tally = trio.run(kill_among_many_orders, venue, tmp_path)
    assert tally.lines == []
    assert tally.counts["orders"] == MANY[venue]
    assert tally.counts["fills"] >= WORKING


async def kill_among_many_orders(name: str, folder: Path) -> Tally:
    tally, programs = Tally(), Programs(name, folder, 0)
    try:
        venue = await programs.start_venue()
        many = ("many_orders", name, programs.url, programs.path("journal"), str(MANY[name]), str(WORKING))
        trader = await programs.start(*many)
        assert await trader.line() == "placed"
        await programs.kill(trader)
        venue.process.send_signal(signal.SIGUSR2)
        assert await venue.line() == "traded"
        again = ("trader", name, programs.url, programs.path("journal"), "process", FINAL, programs.path("own"))
        trader = await programs.start(*again)
        assert await trader.line() == "open"
        live = json.loads(await trader.line())
        with trio.fail_after(ENDS_WITHIN):
            await trader.process.wait()
        await venue.end()
        judge(folder / "own", folder / "ledger.books", live, tally)
    finally:
        await programs.kill_all()
    return tally
