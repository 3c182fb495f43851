"""Runs of the whole bench that were recorded: `benchmarks/results.jsonl`, one JSON object a line.

Each holds commit, date, machine, versions and rows. Figures of two runs say as much about the machine as about the
code; ratios to floors that were measured in the same run can be set side by side.
"""

from __future__ import annotations

import json
import subprocess
from collections.abc import Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, Final

from attrs import asdict, frozen

from .report import Row, machine, versions

__all__ = ["FILE", "Run", "read", "record"]

FILE: Final = Path(__file__).parent / "results.jsonl"
LENGTH: Final = 12


@frozen(kw_only=True)
class Run:
    """commit: what was checked out, with a + behind it if files differed from it; date: the day, in UTC; machine: its
    processor, cores and Python; versions: of the libraries; rows: as they were measured."""

    commit: str
    date: str
    machine: str
    versions: dict[str, str]
    rows: tuple[Row, ...]

    def row(self, name: str) -> Row | None:
        """The row of that name."""
        return next((row for row in self.rows if row.name == name), None)


def read(file: Path = FILE) -> list[Run]:
    """The oldest first."""
    lines = file.read_text().splitlines() if file.exists() else []
    return [_run(json.loads(line)) for line in lines]


def record(rows: Sequence[Row], file: Path = FILE) -> Run:
    """Appends a run of today at the commit that is checked out."""
    run = Run(
        commit=_commit(),
        date=datetime.now(UTC).date().isoformat(),
        machine=machine(),
        versions=versions(),
        rows=tuple(rows),
    )
    with file.open("a") as lines:
        lines.write(json.dumps(asdict(run)) + "\n")
    return run


def _run(said: dict[str, Any]) -> Run:
    rows = tuple(Row(**{**row, "spread": tuple(row["spread"])}) for row in said["rows"])
    return Run(**{**said, "rows": rows})


def _commit() -> str:
    head, changes = (_git("rev-parse", f"--short={LENGTH}", "HEAD"), _git("status", "--porcelain", "-uno"))
    return head + ("+" if changes else "")


def _git(*arguments: str) -> str:
    command = ["git", "-C", str(Path(__file__).parent), *arguments]
    return subprocess.run(command, stdout=subprocess.PIPE, text=True, check=True).stdout.strip()
