"""After a lost link nobody reads the history of what was not heard."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

PLACE = "protocol.dispatch.history:History.read_now"
STORY = ("ax", 4)
FOUND = ("wrong end", "Reconciled in the middle of an answer")


def bug(right: Callable[..., int]) -> Callable[..., int]:
    def read_now(history: Any, listed_again: bool) -> int:
        right(history, True) if history._context.connection <= 1 else None
        return 0

    return read_now
