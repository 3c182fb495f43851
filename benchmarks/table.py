"""The tables of README.md and docs/performance.md, from a recorded run.

python -m benchmarks table            # prints both, of the last run in benchmarks/results.jsonl
python -m benchmarks table --write    # puts them into the two files, between their markers
"""

from __future__ import annotations

import argparse
import re
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Final

from .history import Run, read
from .products import PRODUCTS
from .report import Row

__all__ = ["docs_table", "main", "readme_table", "with_table"]

ROOT: Final = Path(__file__).parent.parent
BEGIN: Final = "<!-- measured by make bench -->"
END: Final = "<!-- end of what was measured -->"
NOT_YET: Final = "No run is recorded yet."
TITLES: Final = {"ax": "AX", "kraken-spot": "Kraken Spot", "kraken-futures": "Kraken Futures"}
BY_VENUE: Final = {
    "whole graph, wire → typed event": "wire → typed event",
    "whole graph over trio-websocket": "the same over trio-websocket",
    "submit → Accepted, p50": "submit → Accepted, p50",
    "whole graph with 1,000,000 tracked orders, against 1,000": "wire → typed event with 1,000,000 orders",
}
"""Rows that each venue has, by the end of their names → what the README calls them."""
SINGLE: Final[Mapping[str, tuple[str, ...]]] = {
    "AX, wire → typed event, beside F1": ("ax: whole graph, wire → typed event, against F1",),
    "memory per tracked open order": ("memory per tracked open order",),
    "longest pause of the collector, 100,000 orders": ("longest pause of the collector with 100,000 tracked orders",),
    "import": ("import",),
    "AX, wire → typed event with a journal, 64 messages a commit": (
        "ax: whole graph with a journal, reads of 64 messages",
    ),
    "a restart with 1,000,000 records": ("journal: a restart with 1,000,000 records",),
    "leaving: close at a live, flooding, silent peer; abort likewise": (
        "close, a live peer",
        "close, a flooding peer",
        "close, a silent peer, with its time-out of 0.2 s",
        "abort, a live peer",
        "abort, a flooding peer",
        "abort, a silent peer",
    ),
}
"""Other rows with a budget: what the README calls them → their names."""


def readme_table(run: Run | None) -> str:
    """Short: a row for each budget."""
    if run is None:
        return NOT_YET
    return "\n".join([*_by_venue(run), "", *_singles(run), "", _origin(run)])


def docs_table(run: Run | None) -> str:
    """Every row, those for information too."""
    if run is None:
        return NOT_YET
    lines = ["| What | Measured | Spread | Floor | Ratio | Budget | |", "|---|---|---|---|---|---|---|"]
    for row in run.rows:
        floor = "" if row.floor is None else f"{_number(row.floor)} ({row.floor_name})"
        ratio = "" if row.ratio is None else f"{row.ratio:.2f}"
        spread = f"{_number(row.spread[0])} … {_number(row.spread[1])}"
        cells = (row.name, f"{_number(row.value)} {row.unit}", spread, floor, ratio, _budget(row), row.verdict)
        lines.append(f"| {' | '.join(cells)} |")
    return "\n".join([*lines, "", _origin(run)])


def _by_venue(run: Run) -> Iterator[str]:
    yield f"| µs | {' | '.join(TITLES[venue] for venue in PRODUCTS)} |"
    yield "|---" * (len(PRODUCTS) + 1) + "|"
    for ending, title in BY_VENUE.items():
        cells = [_cell(run.row(f"{venue}: {ending}")) for venue in PRODUCTS]
        if any(cells):
            yield f"| {title} | {' | '.join(cells)} |"


def _cell(row: Row | None) -> str:
    if row is None:
        return ""
    ratio = "" if row.ratio is None else f", **{row.ratio:.2f} ×** {row.floor_name}"
    budget = "" if row.budget is None else f" ({_budget(row)})"
    return f"{_number(row.value)}{ratio}{budget}"


def _singles(run: Run) -> Iterator[str]:
    yield "| | Measured | Budget | |"
    yield "|---|---|---|---|"
    for title, names in SINGLE.items():
        rows = [row for row in map(run.row, names) if row is not None]
        if rows:
            said = ", ".join(_number(row.value) for row in rows)
            ratio = "" if rows[0].ratio is None else f", **{rows[0].ratio:.2f} ×** {rows[0].floor_name}"
            budgets = ", ".join(_budget(row) for row in rows)
            verdict = "holds" if all(row.verdict == "holds" for row in rows) else "over"
            yield f"| {title} | {said} {rows[0].unit}{ratio} | {budgets} | {verdict} |"


def _budget(row: Row) -> str:
    return "" if row.budget is None else f"≤ {round(row.budget, 3):g}{'' if row.ratio is None else ' ×'}"


def _number(value: float) -> str:
    return f"{value:,.0f}" if value >= 100 else f"{value:.1f}"


def _origin(run: Run) -> str:
    libraries = ", ".join(f"{name} {number}" for name, number in run.versions.items())
    return f"Commit {run.commit}, {run.date}: {run.machine}; {libraries}."


def with_table(page: str, table: str) -> str:
    """The page with this table between its markers. Raises ValueError where it has none."""
    pattern = re.compile(rf"{re.escape(BEGIN)}.*?{re.escape(END)}", re.DOTALL)
    if not pattern.search(page):
        raise ValueError("The page has no markers for the table.")
    return pattern.sub(lambda _: f"{BEGIN}\n\n{table}\n\n{END}", page)


def main(arguments: list[str]) -> None:
    """Of the command `table`."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks table", description=__doc__)
    parser.add_argument("--write", action="store_true", help="put the tables into README.md and docs/performance.md")
    options = parser.parse_args(arguments)
    runs: Sequence[Run] = read()
    run = runs[-1] if runs else None
    tables = {"README.md": readme_table(run), "docs/performance.md": docs_table(run)}
    for name, table in tables.items():
        if options.write:
            (ROOT / name).write_text(with_table((ROOT / name).read_text(), table))
        else:
            print(f"{name}:\n\n{table}\n")
