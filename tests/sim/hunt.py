"""Catches planted bugs: plays the stories of a bug's venue until what it breaks is found."""

from __future__ import annotations

import gc
import logging
from collections.abc import Iterator
from concurrent.futures import ProcessPoolExecutor, as_completed
from types import ModuleType
from typing import Final

from .compare import compare
from .planted import bugs, fails_with, name_of, planted, story_of
from .play import play

__all__ = ["first_caught", "hunt"]

MOST_SEEDS: Final = 1000
BY_TEST: Final = -1


def hunt(name: str, jobs: int) -> int:
    """Prints the first seed that shows each bug, or the one of this name; gives how many were not caught."""
    names = [name_of(bug) for bug in bugs() if name in ("", name_of(bug))]
    if not names:
        raise SystemExit(f"There is no planted bug {name}; there are {', '.join(map(name_of, bugs()))}.")
    missed = 0
    with ProcessPoolExecutor(jobs, initializer=_settle_down) as pool:
        hunts = {pool.submit(_hunt_one, name): name for name in names}
        for done in as_completed(hunts):
            bug, seed = hunts[done], done.result()
            by = "its test" if seed == BY_TEST else f"seed {seed}"
            print(f"{bug}: " + ("not caught" if seed is None else f"caught by {by}"), flush=True)
            missed += seed is None
    print(f"planted {len(names)}, caught {len(names) - missed}")
    return missed


def _settle_down() -> None:
    logging.getLogger("trio_orders").propagate = False
    gc.freeze()
    gc.set_threshold(100_000)


def _hunt_one(name: str) -> int | None:
    bug = next(bug for bug in bugs() if name_of(bug) == name)
    if hasattr(bug, "TEST"):
        return BY_TEST if fails_with(bug) else None
    return first_caught(bug, range(MOST_SEEDS))


def first_caught(bug: ModuleType, seeds: range) -> int | None:
    """The first of these seeds whose story shows what the bug breaks. A seed that shows it without the bug, too, does
    not count."""
    for seed in _showing(bug, seeds):
        findings = play(story_of(bug, seed), compare).findings
        if bug.FOUND not in {(finding.kind, finding.reason) for finding in findings}:
            return seed
    return None


def _showing(bug: ModuleType, seeds: range) -> Iterator[int]:
    for seed in seeds if hasattr(bug, "STORY") else seeds[:1]:
        with planted(bug):
            findings = play(story_of(bug, seed), compare).findings
        if bug.FOUND in {(finding.kind, finding.reason) for finding in findings}:
            yield seed
