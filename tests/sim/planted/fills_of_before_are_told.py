"""Fills from before the client began are told as news."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

PLACE = "protocol.dispatch.history:History._take"
STORY = ("kraken-spot", 4)
FOUND = ("other", "a fill from before the client began")


def bug(right: Callable[..., None]) -> Callable[..., None]:
    def take(history: Any, trade: Any, *, is_users: bool) -> None:
        right(history, trade, is_users=True)

    return take
