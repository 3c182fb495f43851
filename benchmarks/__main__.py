"""python -m benchmarks [--json] [--quick] [--only NAME]: every budget, measured in one run.

python -m benchmarks --against REVISION [--only NAME]: the same rows here and there, in turns."""

from __future__ import annotations

import argparse
import logging
import sys
from collections.abc import Callable

from . import clients, collector, core, delays, endings, imports, latency, scale, whole_graph
from .against import measure_against, print_comparisons
from .report import Row, machine, print_json, print_table

PARTS: dict[str, Callable[..., list[Row]]] = {
    # What is short goes first, before a million orders have passed through the process.
    "latency": latency.rows,
    "endings": endings.rows,
    "core": core.rows,
    "graph": whole_graph.rows,
    "delays": delays.rows,
    "clients": clients.rows,
    "collector": collector.rows,
    "imports": imports.rows,
    "scale": scale.rows,
}


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--json", action="store_true", help="one JSON object a line")
    parser.add_argument("--quick", action="store_true", help="fewer and smaller rounds, for a look")
    parser.add_argument("--only", choices=sorted(PARTS))
    parser.add_argument("--against", metavar="REVISION", help="compare with this commit, in turns, small rounds")
    options = parser.parse_args()
    if options.against is not None:
        parts = [name for name in PARTS if options.only in (None, name)]
        comparisons = measure_against(options.against, parts=parts)
        print(f"{machine()}\n")
        print_comparisons(options.against, comparisons)
        sys.exit(any(row.is_worse for row in comparisons))
    logging.disable(logging.WARNING)  # dropped connections are part of the measurements
    rows: list[Row] = []
    for name, part in PARTS.items():
        if options.only in (None, name):
            print(f"measuring {name} …", file=sys.stderr, flush=True)
            rows += part(quick=options.quick)
    if options.json:
        print_json(rows)
    else:
        print(f"{machine()}\n")
        print_table(rows)


if __name__ == "__main__":
    main()
