"""python -m benchmarks [--json] [--quick] [--only NAME]: every budget, measured in one run."""

from __future__ import annotations

import argparse
import logging
import sys
from collections.abc import Callable

from . import core, endings, latency, whole_graph
from .report import Row, machine, print_json, print_table

PARTS: dict[str, Callable[..., list[Row]]] = {
    # What is short goes first, before a million orders have passed through the process.
    "latency": latency.rows,
    "endings": endings.rows,
    "core": core.rows,
    "graph": whole_graph.rows,
}


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--json", action="store_true", help="one JSON object a line")
    parser.add_argument("--quick", action="store_true", help="fewer and smaller rounds, for a look")
    parser.add_argument("--only", choices=sorted(PARTS))
    options = parser.parse_args()
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
