"""This tree against another commit, in one run: the same rows, measured in turns.

A machine's pace changes from minute to minute, so a row of today says little about a row of yesterday. Here both trees
take turns, round by round, each in a process of its own, and a row is judged by the best round of either: what else a
machine does can only make a round slower.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
import tempfile
from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path

from attrs import frozen

__all__ = ["ROUNDS", "Comparison", "compare", "measure_against", "print_comparisons"]

ROUNDS = 6
MOST_ROUNDS = 18
"""A part is measured on while one of its rows looks worse: a slow minute passes, what makes a row slow does not."""
TOLERANCE = 1.05
"""How much slower a row may be than the other commit's before it counts as worse."""
WRONG_USAGE = 2
"""How a program ends that does not know an argument, here the name of a part."""

Measured = Mapping[str, float]
"""Values by the name of their row; smaller is better in all of them."""


@frozen(kw_only=True)
class Comparison:
    """One row. ours, theirs: the best of the rounds, in the row's own unit; quotient: ours / theirs; None where one
    side has no such row."""

    name: str
    ours: float | None
    theirs: float | None
    quotient: float | None

    @property
    def is_worse(self) -> bool:
        return self.quotient is not None and self.quotient > TOLERANCE


def compare(rounds: Iterable[tuple[Measured, Measured]]) -> list[Comparison]:
    """rounds: for each what was measured here and what was measured there."""
    pairs = list(rounds)
    names = list(dict.fromkeys(name for pair in pairs for side in pair for name in side))
    return [_row(name, pairs) for name in names]


def _row(name: str, pairs: list[tuple[Measured, Measured]]) -> Comparison:
    ours = min((here[name] for here, _ in pairs if name in here), default=None)
    theirs = min((there[name] for _, there in pairs if name in there), default=None)
    return Comparison(name=name, ours=ours, theirs=theirs, quotient=ours / theirs if ours and theirs else None)


def measure_against(
    revision: str, *, parts: Iterable[str], rounds: int = ROUNDS, most: int = MOST_ROUNDS
) -> list[Comparison]:
    """Measures this tree and a worktree of `revision`, part by part, in turns. rounds: of each part, most: of one with
    a row that looks worse. Raises CalledProcessError when there is no such commit or a measurement fails."""
    here = Path(__file__).resolve().parent.parent
    found: list[Comparison] = []
    with _worktree(here, revision) as there:
        for part in parts:
            pairs: list[tuple[Measured, Measured]] = []
            while len(pairs) < rounds or (len(pairs) < most and any(row.is_worse for row in compare(pairs))):
                number = len(pairs)
                print(f"measuring {part} against {revision}, round {number + 1} …", file=sys.stderr)
                trees = (here, there) if number % 2 == 0 else (there, here)  # neither is always the first
                measured = {tree: _measure(tree, part) for tree in trees}
                pairs.append((measured[here], measured[there]))
            found += compare(pairs)
    return found


@contextmanager
def _worktree(repository: Path, revision: str) -> Iterator[Path]:
    """A checkout of another commit beside this one, until the block is left."""
    with tempfile.TemporaryDirectory() as folder:
        tree = Path(folder) / "tree"
        git = ["git", "-C", str(repository), "worktree"]
        subprocess.run([*git, "add", "--quiet", "--detach", str(tree), revision], check=True)
        try:
            yield tree.resolve()
        finally:
            subprocess.run([*git, "remove", "--force", str(tree)], check=True)


def _measure(tree: Path, part: str) -> Measured:
    """The best of each row of one part, by that tree's own benchmarks and product, with the libraries of this
    environment. Nothing where that tree has no such part."""
    command = [sys.executable, "-m", "benchmarks", "--json", "--quick", "--only", part]
    environment = os.environ | {"PYTHONPATH": str(tree)}
    done = subprocess.run(command, cwd=tree, env=environment, stdout=subprocess.PIPE, text=True, check=False)
    if done.returncode == WRONG_USAGE:
        return {}
    done.check_returncode()
    rows = [json.loads(line) for line in done.stdout.splitlines()]
    return {row["name"]: row["spread"][0] for row in rows}


def print_comparisons(revision: str, comparisons: Iterable[Comparison]) -> None:
    print(f"| What | Here | {revision} | Quotient | |")
    print("|---|---|---|---|---|")
    for row in comparisons:
        ours, theirs = ("" if side is None else f"{side:.1f}" for side in (row.ours, row.theirs))
        quotient = "" if row.quotient is None else f"{row.quotient:.3f}"
        print(f"| {row.name} | {ours} | {theirs} | {quotient} | {'worse' if row.is_worse else ''} |")
