"""What the peers' programs share: where the venue is, and one line for each step that was tried.

A line is JSON: the step's name, and the problem or null. A step that fails does not stop those behind it.
"""

from __future__ import annotations

import asyncio
import json
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

HTTP, WEBSOCKET, KEY, SECRET = sys.argv[1:5]


def tell(name: str, problem: str | None) -> None:
    print(json.dumps({"step": name, "problem": problem}), flush=True)


@contextmanager
def step(name: str) -> Iterator[None]:
    """One thing that a program does at a venue; whatever is raised in it is what went wrong."""
    try:
        yield
    except (Exception, SystemExit) as problem:
        tell(name, f"{type(problem).__name__}: {problem}"[:600])
    else:
        tell(name, None)


@contextmanager
def refused(*kinds: type[BaseException]) -> Iterator[None]:
    """What stands in it must be refused with one of these."""
    try:
        yield
    except kinds:
        return
    raise AssertionError("it was taken")


def expect(found: object, wanted: object) -> None:
    assert found == wanted, f"{found!r} instead of {wanted!r}"


async def until(find: Callable[[], Any], what: str, patience: float = 5.0) -> Any:
    """What `find` gives once it gives something. Raises AssertionError if it does not in time."""
    end = time.monotonic() + patience
    while not (found := find()):
        assert time.monotonic() < end, f"not seen within {patience:g} s: {what}"
        await asyncio.sleep(0.005)
    return found
