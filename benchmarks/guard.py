"""The counts of `benchmarks/counts.py` beside those that were accepted, in `benchmarks/counts.json`.

    python -m benchmarks counts             # the table, beside what is accepted
    python -m benchmarks counts --diff      # which functions are entered more often, or less
    python -m benchmarks counts --accept    # writes the file anew

`tests/whole/test_costs.py` fails where a count rises by more than the head room. Then either the change goes, or the
new counts are accepted, in the same commit, with the reason.
"""

from __future__ import annotations

import argparse
import json
import logging
import platform
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Final

from attrs import asdict

from .counts import KINDS, UNITS, Costs, costs_of
from .products import PRODUCTS

__all__ = ["HEAD_ROOM", "accepted", "changes", "complaint", "main", "table_of"]

FILE: Final = Path(__file__).parent / "counts.json"
HEAD_ROOM: Final = {"calls": 1.005, "steps": 1.005, "turns": 1.005, "allocations": 1.015}
"""Accepted counts are those of Python 3.11, where there are most. Calls, steps and turns repeat exactly there, the
allocations within one in a hundred."""
LEAST_CHANGE: Final = 0.02
"""Calls by which a function must differ to be shown."""

Table = Mapping[str, Mapping[str, Costs]]
"""By venue and unit."""


def accepted() -> dict[str, dict[str, Costs]]:
    """What the file says."""
    return table_of(FILE.read_text())


def table_of(text: str) -> dict[str, dict[str, Costs]]:
    """From the JSON that `--json` prints and the file holds."""
    rows = json.loads(text)
    return {venue: {unit: Costs(**costs) for unit, costs in units.items()} for venue, units in rows.items()}


def measured() -> dict[str, dict[str, Costs]]:
    """What this tree costs."""
    return {venue: {unit: costs_of(venue, unit) for unit in UNITS} for venue in PRODUCTS}


def changes(before: Costs, now: Costs) -> Iterator[str]:
    """Functions that are entered more or less often than before, those that rose most first."""
    names = before.functions.keys() | now.functions.keys()
    differences = {name: now.functions.get(name, 0) - before.functions.get(name, 0) for name in names}
    for name in sorted(differences, key=lambda name: (-differences[name], name)):
        if abs(differences[name]) >= LEAST_CHANGE:
            yield f"{differences[name]:+.2f}  {name}"


def complaint(name: str, before: Costs, now: Costs) -> str | None:
    """A sentence for each count that rose, with what rose most; None if all is within the head room."""
    risen = [kind for kind in KINDS if now.counts[kind] > before.counts[kind] * HEAD_ROOM[kind]]
    if not risen:
        return None
    told = [f"{kind} rose from {before.counts[kind]:.2f} to {now.counts[kind]:.2f}." for kind in risen]
    most = [line for line in changes(before, now) if line.startswith("+")][:15]
    return "\n".join(
        [
            f"{name}: {' '.join(told)}",
            "Functions that are entered more often:",
            *(most or ["none; look for objects that are made anew"]),
            "All of them: python -m benchmarks counts --diff.",
            "If the rise is meant: python -m benchmarks counts --accept.",
        ]
    )


def print_counts(now: Table, before: Table) -> None:
    """Accepted counts in brackets."""
    print(f"| Python {platform.python_version()} | " + " | ".join(KINDS) + " |")
    print("|---" * (len(KINDS) + 1) + "|")
    for venue, units in now.items():
        for unit, costs in units.items():
            known = before[venue][unit].counts
            cells = (f"{costs.counts[kind]:.2f} ({known[kind]:.2f})" for kind in KINDS)
            print(f"| {venue}, one {unit} | {' | '.join(cells)} |")


def main(arguments: list[str]) -> None:
    """Of the command `counts`."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks counts", description=__doc__)
    parser.add_argument("--diff", action="store_true", help="also show which functions differ from what is accepted")
    parser.add_argument("--json", action="store_true", help="print everything as JSON, as the file has it")
    parser.add_argument("--accept", action="store_true", help="accept these counts")
    options = parser.parse_args(arguments)
    logging.disable(logging.WARNING)
    now = measured()
    rows = {venue: {unit: asdict(costs) for unit, costs in units.items()} for venue, units in now.items()}
    if options.accept:
        FILE.write_text(json.dumps(rows, indent=1) + "\n")
    if options.json:
        print(json.dumps(rows))
        return
    before = accepted()
    print_counts(now, before)
    if options.diff:
        for venue, units in now.items():
            for unit, costs in units.items():
                print(f"\n{venue}, one {unit}:", *changes(before[venue][unit], costs), sep="\n")
