"""A login waits for one reading of the venue's history more than there will be."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

PLACE = "protocol.dispatch.history:History.read_now"
STORY = ("kraken-futures", 12)
FOUND = ("stuck", "no Reconciled")


def bug(right: Callable[..., int]) -> Callable[..., int]:
    def read_now(history: Any, listed_again: bool) -> int:
        number = right(history, listed_again)
        return number and number + 2

    return read_now
