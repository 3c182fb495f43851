"""Planted bugs: each file of this folder breaks one promise by replacing one function, or one row of a table, by name.

A file has PLACE (`module:name`, dotted inside the module), perhaps ROW (the key in that table), STORY (venue and seed
that catch it), perhaps LIVES (its clients keep journals), FOUND (kind and reason of what is found), and `bug`: given
what stands there, gives what stands there instead. In place of STORY there may be POINT (see `every_point`); in place
of STORY and FOUND, TEST: a test that fails with it. A promise that no planted bug tests is not tested.
"""

from __future__ import annotations

import importlib
import pkgutil
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from types import ModuleType
from typing import Any, Final

from ..every_point import broken_off
from ..story import Story, draw_story
from ..story_lives import with_lives

__all__ = ["bugs", "fails_with", "name_of", "planted", "story_of"]

ROOT: Final = Path(__file__).parent.parent.parent.parent
TESTS_FAILED: Final = 1
"""What pytest returns then."""


def bugs() -> list[ModuleType]:
    """Every planted bug."""
    return [importlib.import_module(f"{__name__}.{found.name}") for found in pkgutil.iter_modules(__path__)]


def name_of(bug: ModuleType) -> str:
    return bug.__name__.rpartition(".")[2]


def story_of(bug: ModuleType, seed: int | None = None) -> Story:
    """The story that catches it, or that of another seed."""
    if hasattr(bug, "POINT"):
        return broken_off(bug.POINT)
    venue, its_own = bug.STORY
    story = draw_story(venue, its_own if seed is None else seed)
    return with_lives(story) if getattr(bug, "LIVES", False) else story


def fails_with(bug: ModuleType) -> bool:
    """Whether its test fails in a process where the bug is planted."""
    program = (
        "import sys, pytest; from tests.sim.planted import bugs, name_of, planted\n"
        "bug = next(bug for bug in bugs() if name_of(bug) == sys.argv[1])\n"
        "with planted(bug): sys.exit(pytest.main([sys.argv[2], '-q', '-p', 'no:cacheprovider']))"
    )
    command = [sys.executable, "-c", program, name_of(bug), bug.TEST]
    ran = subprocess.run(command, cwd=ROOT, capture_output=True, timeout=120, check=False)
    return ran.returncode == TESTS_FAILED


@contextmanager
def planted(bug: ModuleType) -> Iterator[None]:
    """Until the end of the block the bug is in the code. Raises LookupError when what it replaces is no more."""
    module, _, name = bug.PLACE.partition(":")
    *path, last = name.split(".")
    holder: Any = importlib.import_module(module)
    try:
        for part in path:
            holder = getattr(holder, part)
        standing = getattr(holder, last)
    except AttributeError:
        raise LookupError(f"{bug.__name__} replaces {bug.PLACE}, which is no more.") from None
    if hasattr(bug, "ROW"):
        right = standing[bug.ROW]
        standing[bug.ROW] = bug.bug(right)
        try:
            yield
        finally:
            standing[bug.ROW] = right
    else:
        setattr(holder, last, bug.bug(standing))
        try:
            yield
        finally:
            setattr(holder, last, standing)
