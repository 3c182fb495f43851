"""A login waits for readings of history that never come."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

PLACE = "protocol.dispatch.history:History.read_now"
STORY = ("kraken-futures", 0)
FOUND = ("stuck", "no Reconciled")


def bug(right: Callable[..., int]) -> Callable[..., int]:
    def read_now(history: Any, listed_again: bool) -> int:
        number = right(history, listed_again)
        return number and number + 1000

    return read_now
