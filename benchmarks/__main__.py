"""python -m benchmarks [--json] [--quick] [--record] [--only NAME]: every budget, measured in one run.

python -m benchmarks --against REVISION [--only NAME]: the same rows here and there, in turns.
python -m benchmarks counts | table: what a message costs in counts; the tables of a recorded run.

python -m benchmarks turns [--venue NAME]: steps and turns of the scheduler, for an order and for a message."""

from __future__ import annotations

import argparse
import logging
import sys
from collections.abc import Callable
from importlib import import_module

from .against import measure_against, print_comparisons
from .history import record
from .report import Row, machine, print_json, print_table

PARTS = ("latency", "endings", "graph", "delays", "clients", "collector", "imports", "core", "journal", "scale")
"""What is short goes first, before a million orders have passed through the process."""
MODULES = {"graph": "whole_graph"}
"""Parts with another name than their module."""
COMMANDS = {"counts": "guard", "table": "table", "turns": "turns"}
"""The module whose `main` takes the rest of the command line."""


def part(name: str) -> Callable[..., list[Row]]:
    """What measures it: loaded when it is wanted, for some parts need packages that others do without."""
    rows: Callable[..., list[Row]] = import_module(f".{MODULES.get(name, name)}", __package__).rows
    return rows


def options_of(arguments: list[str]) -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m benchmarks", description=__doc__)
    parser.add_argument("--json", action="store_true", help="one JSON object a line")
    parser.add_argument("--quick", action="store_true", help="fewer and smaller rounds, for a look")
    parser.add_argument("--only", choices=sorted(PARTS))
    parser.add_argument("--record", action="store_true", help="append the run to benchmarks/results.jsonl")
    parser.add_argument("--against", metavar="REVISION", help="compare with this commit, in turns, small rounds")
    options = parser.parse_args(arguments)
    if options.record and (options.quick or options.only or options.against):
        parser.error("Only a whole run is recorded: leave out --quick, --only and --against.")
    return options


def compare_with(revision: str, parts: list[str]) -> None:
    """Ends the process, badly where a row is worse."""
    comparisons = measure_against(revision, parts=parts)
    print(f"{machine()}\n")
    print_comparisons(revision, comparisons)
    sys.exit(any(row.is_worse for row in comparisons))


def main(arguments: list[str]) -> None:
    if arguments and arguments[0] in COMMANDS:
        import_module(f".{COMMANDS[arguments[0]]}", __package__).main(arguments[1:])
        return
    options = options_of(arguments)
    parts = [name for name in PARTS if options.only in (None, name)]
    if options.against is not None:
        compare_with(options.against, parts)
    logging.disable(logging.WARNING)  # dropped connections are part of the measurements
    rows: list[Row] = []
    for name in parts:
        print(f"measuring {name} …", file=sys.stderr, flush=True)
        rows += part(name)(quick=options.quick)
    if options.record:
        record(rows)
    if options.json:
        print_json(rows)
    else:
        print(f"{machine()}\n")
        print_table(rows)


if __name__ == "__main__":
    main(sys.argv[1:])
