"""Planted bugs: each file of this folder breaks one promise by replacing one function, or one row of a table, by name.

A file has PLACE (`module:name`, dotted inside the module), perhaps ROW (the key in that table), STORY (venue and seed
that catch it), FOUND (kind and reason of what is found), and `bug`: given what stands there, gives what stands there
instead. A promise that no planted bug tests is not tested.
"""

from __future__ import annotations

import importlib
import pkgutil
from collections.abc import Iterator
from contextlib import contextmanager
from types import ModuleType
from typing import Any

__all__ = ["bugs", "name_of", "planted"]


def bugs() -> list[ModuleType]:
    """Every planted bug."""
    return [importlib.import_module(f"{__name__}.{found.name}") for found in pkgutil.iter_modules(__path__)]


def name_of(bug: ModuleType) -> str:
    return bug.__name__.rpartition(".")[2]


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
