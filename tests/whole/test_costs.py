"""What a message and an order cost, in counts that are the same on every machine. Times are for `make bench`."""

from __future__ import annotations

import os
import subprocess
import sys

import pytest

from benchmarks import guard
from benchmarks.counts import KINDS, UNITS, Costs
from benchmarks.products import PRODUCTS

from ..imports import ROOT

COSTS = Costs(
    {"calls": 100.0, "steps": 10.0, "turns": 5.0, "allocations": 200.0},
    {"actors/sender.py: send": 2.0, "trio/_channel.py: send": 3.0, "json/decoder.py: decode": 1.0},
)


def test_nothing_costs_more_than_was_accepted() -> None:
    """In a process of its own: what pytest adds to Trio and to logging is no cost of ours."""
    command = [sys.executable, "-m", "benchmarks", "counts", "--json"]
    environment = os.environ | {"PYTHONPATH": str(ROOT)}
    done = subprocess.run(command, cwd=ROOT, env=environment, stdout=subprocess.PIPE, text=True, check=True)
    now, before = guard.table_of(done.stdout), guard.accepted()
    assert now.keys() == before.keys() == PRODUCTS.keys()
    complaints = [
        guard.complaint(f"{venue}, one {unit}", before[venue][unit], now[venue][unit])
        for venue in now
        for unit in UNITS
    ]
    assert not any(complaints), "\n\n".join(filter(None, complaints))


def risen(**counts: float) -> Costs:
    return Costs(COSTS.counts | counts, COSTS.functions | {"actors/sender.py: send": 2.5})


@pytest.mark.parametrize("kind", KINDS)
def test_a_count_above_the_head_room_is_told_with_what_rose(kind: str) -> None:
    complaint = guard.complaint("ax, one order", COSTS, risen(**{kind: COSTS.counts[kind] * 1.05}))

    assert complaint is not None
    assert f"ax, one order: {kind} rose from {COSTS.counts[kind]:.2f} to " in complaint
    assert "+0.50  actors/sender.py: send" in complaint
    assert "--diff" in complaint


def test_a_count_within_the_head_room_and_one_that_fell_are_no_complaint() -> None:
    assert guard.complaint("ax, one order", COSTS, risen(calls=100.4, steps=9.0, allocations=202.0)) is None


def test_a_difference_names_what_rose_first_and_what_is_gone_last() -> None:
    now = Costs(COSTS.counts, {"actors/sender.py: send": 2.0, "trio/_channel.py: send": 4.0, "new.py: new": 0.5})

    assert list(guard.changes(COSTS, now)) == [
        "+1.00  trio/_channel.py: send",
        "+0.50  new.py: new",
        "-1.00  json/decoder.py: decode",
    ]
