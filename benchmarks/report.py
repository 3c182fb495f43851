"""Rows, and how they are printed."""

from __future__ import annotations

import json
import os
import platform
from collections.abc import Iterable, Iterator, Sequence
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from statistics import median

from attrs import asdict, frozen

__all__ = ["Floor", "Row", "machine", "print_json", "print_table", "ratio_row", "value_row", "versions"]

LIBRARIES = ("trio", "trio-websocket", "websockets", "attrs", "msgspec", "httpx", "httpcore")


@frozen(kw_only=True)
class Row:
    """One line of the table. value, floor: medians in `unit`; smaller is better in every row; spread: smallest and
    largest round; floor_name: what the floor is; ratio: median of the rounds, each to the floor measured beside it, for
    a machine's pace changes within seconds; budget: of the ratio if there is one, else of the value, None: for
    information; how: how it was measured."""

    name: str
    unit: str
    value: float
    spread: tuple[float, float]
    how: str = ""
    floor: float | None = None
    floor_name: str = ""
    ratio: float | None = None
    budget: float | None = None

    @property
    def verdict(self) -> str:
        if self.budget is None:
            return ""
        measured = self.value if self.ratio is None else self.ratio
        if measured <= self.budget:
            return "holds"
        return f"over by {(measured / self.budget - 1) * 100:.0f} %"


@frozen
class Floor:
    """What a row stands beside: its name, and what it took in each round."""

    name: str
    rounds: Sequence[float]


def value_row(name: str, unit: str, rounds: Sequence[float], *, budget: float | None = None, how: str = "") -> Row:
    """A row without a floor."""
    return Row(name=name, unit=unit, value=median(rounds), spread=(min(rounds), max(rounds)), budget=budget, how=how)


def ratio_row(
    name: str, unit: str, rounds: Sequence[float], floor: Floor, *, budget: float | None = None, how: str = ""
) -> Row:
    """A row beside a floor that was measured in the same rounds."""
    return Row(
        name=name,
        unit=unit,
        value=median(rounds),
        spread=(min(rounds), max(rounds)),
        how=how,
        floor=median(floor.rounds),
        floor_name=floor.name,
        ratio=median(measured / beside for measured, beside in zip(rounds, floor.rounds, strict=True)),
        budget=budget,
    )


def machine() -> str:
    """The processor, its cores and the version of Python."""
    model = "unknown processor"
    info = Path("/proc/cpuinfo")
    if info.exists():
        names = [line.partition(":")[2].strip() for line in info.read_text().splitlines() if "model name" in line]
        model = names[0] if names else model
    return f"{model}, {os.cpu_count()} cores, Python {platform.python_version()}"


def versions() -> dict[str, str]:
    """Of the libraries that matter here, as far as they are installed."""
    found = {}
    for name in LIBRARIES:
        try:
            found[name] = version(name)
        except PackageNotFoundError:
            continue
    return found


def print_table(rows: Iterable[Row]) -> None:
    """All of a row in Markdown, and below it how each was measured."""
    for line in table_lines(list(rows)):
        print(line)


def table_lines(rows: Sequence[Row]) -> Iterator[str]:
    """A number behind a name stands for the sentence below that says how it was measured."""
    ways = list(dict.fromkeys(row.how for row in rows if row.how))
    yield "| What | Measured | Spread | Floor | Ratio | Budget | |"
    yield "|---|---|---|---|---|---|---|"
    for row in rows:
        note = f" ({ways.index(row.how) + 1})" if row.how else ""
        floor = "" if row.floor is None else f"{row.floor:.1f} {row.floor_name}"
        ratio = "" if row.ratio is None else f"{row.ratio:.2f}"
        budget = "" if row.budget is None else f"≤ {round(row.budget, 3):g}{'' if row.floor is None else ' ×'}"
        spread = f"{row.spread[0]:.1f} … {row.spread[1]:.1f}"
        cells = (f"{row.name}{note}", f"{row.value:.1f} {row.unit}", spread, floor, ratio, budget, row.verdict)
        yield f"| {' | '.join(cells)} |"
    yield ""
    for number, way in enumerate(ways, 1):
        yield f"({number}) {way}"


def print_json(rows: Iterable[Row]) -> None:
    """One JSON object a line."""
    for row in rows:
        print(json.dumps(asdict(row) | {"verdict": row.verdict}))
