"""python -m benchmarks.peer [--python PYTHON] [--quick] [--json]: this library beside nautilus_trader's AX client.

Both run on one Python, in the environment `.venv/bench-peer`, which this makes; the feeder is that of all benchmarks.
Ends with a sentence, and status 0, where no such environment can be had."""

from __future__ import annotations

import argparse
import json
from collections.abc import Sequence

from attrs import asdict

from benchmarks.peers import open_feeder
from benchmarks.report import machine

from .comparison import compare, json_lines, table
from .environment import Skipped, prepare
from .pace import fill_pace, trip_pace
from .workers import ROOT, Worker, measure_rounds, open_workers

FILLS, ORDERS, TRIPS, ROUNDS = 20_000, 1_000, 300, 15
QUICK_ROUNDS = 3


def versions(workers: Sequence[Worker]) -> dict[str, str]:
    return {name: version for worker in workers for name, version in worker.versions.items()}


def processor() -> str:
    """The machine without the Python and the libraries of this process, which measures nothing."""
    return machine().partition(", Python")[0]


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--python", metavar="PYTHON", help="Python 3.12 or newer; found by itself where there is one")
    parser.add_argument("--quick", action="store_true", help="fewer rounds, for a look")
    parser.add_argument("--json", action="store_true", help="one JSON object a line, the rounds among them")
    options = parser.parse_args()
    try:
        python = prepare(ROOT, options.python)
    except Skipped as skipped:
        print(f"Skipped: {skipped}")
        return
    with open_feeder("ax", FILLS, ORDERS) as port:
        pace = {"fill, only read": fill_pace(port, FILLS), "placement, bare socket": trip_pace(port, TRIPS)}
        with open_workers(python, (port, FILLS, ORDERS, TRIPS)) as workers:
            measured = measure_rounds(workers, QUICK_ROUNDS if options.quick else ROUNDS)
    rows = compare(measured)
    if options.json:
        rounds = [{"side": name} | asdict(one) for name, those in measured.items() for one in those]
        facts = {"processor": processor(), "versions": versions(workers), "feeder alone": pace}
        print("\n".join([json.dumps(facts), *map(json.dumps, rounds), *json_lines(rows)]))
    else:
        print(f"{processor()}, {', '.join(f'{name} {version}' for name, version in versions(workers).items())}")
        print(f"The feeder alone: {', '.join(f'{name} {cost:.1f} µs' for name, cost in pace.items())}\n")
        print("\n".join(table(rows)))


if __name__ == "__main__":
    main()
