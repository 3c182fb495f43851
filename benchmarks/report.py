"""Rows, and how they are printed."""

from __future__ import annotations

import json
import os
import platform
from importlib.metadata import version
from pathlib import Path
from statistics import median

from attrs import asdict, frozen

__all__ = ["Row", "machine", "print_json", "print_table", "ratio_row", "value_row"]

LIBRARIES = ("trio", "trio-websocket", "attrs", "msgspec", "httpx", "httpcore")


@frozen(kw_only=True)
class Row:
    """One line of the table. value, floor: medians in `unit`; spread: smallest and largest round; ratio: median of the
    rounds, each to the floor measured beside it, for a machine's pace changes within seconds; budget: of the ratio if
    there is one, else of the value; None: for information."""

    name: str
    unit: str
    value: float
    spread: tuple[float, float]
    floor: float | None = None
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


def value_row(name: str, unit: str, rounds: list[float], budget: float | None = None) -> Row:
    return Row(name=name, unit=unit, value=median(rounds), spread=(min(rounds), max(rounds)), budget=budget)


def ratio_row(name: str, unit: str, rounds: list[float], floors: list[float], budget: float) -> Row:
    return Row(
        name=name,
        unit=unit,
        value=median(rounds),
        spread=(min(rounds), max(rounds)),
        floor=median(floors),
        ratio=median(measured / floor for measured, floor in zip(rounds, floors, strict=True)),
        budget=budget,
    )


def machine() -> str:
    model = "unknown processor"
    info = Path("/proc/cpuinfo")
    if info.exists():
        names = [line.partition(":")[2].strip() for line in info.read_text().splitlines() if "model name" in line]
        model = names[0] if names else model
    libraries = ", ".join(f"{name} {version(name)}" for name in LIBRARIES)
    return f"{model}, {os.cpu_count()} cores, Python {platform.python_version()}, {libraries}"


def print_table(rows: list[Row]) -> None:
    print("| What | Measured | Spread | Floor | Ratio | Budget | |")
    print("|---|---|---|---|---|---|---|")
    for row in rows:
        floor = "" if row.floor is None else f"{row.floor:.1f}"
        ratio = "" if row.ratio is None else f"{row.ratio:.2f}"
        budget = "" if row.budget is None else f"{'≤'} {row.budget:g}{' ×' if row.floor is not None else ''}"
        spread = f"{row.spread[0]:.1f} … {row.spread[1]:.1f}"
        print(f"| {row.name} | {row.value:.1f} {row.unit} | {spread} | {floor} | {ratio} | {budget} | {row.verdict} |")


def print_json(rows: list[Row]) -> None:
    for row in rows:
        print(json.dumps(asdict(row) | {"verdict": row.verdict}))
