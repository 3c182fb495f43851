"""A new life does not look at the dead man's switch that the last one left set."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

PLACE = "protocol.dispatch.cancel_all_after:CancelAllAfter.restore"
STORY = ("kraken-futures", 18)
LIVES = True
FOUND = ("other", "the switch of an earlier life is still set")


def bug(right: Callable[..., None]) -> Callable[..., None]:
    def restore(_: Any, __: int) -> None:
        pass

    return restore
