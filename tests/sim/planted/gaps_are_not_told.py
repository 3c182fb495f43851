"""Fills that the venue counts and that nobody has told are looked for without a word."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

PLACE = "protocol.dispatch.fills:Fills._tell_gap"
STORY = ("ax", 0)
FOUND = ("other", "missing fills are not told as such")


def bug(right: Callable[..., None]) -> Callable[..., None]:
    def tell_gap(*_: Any) -> None:
        pass

    return tell_gap
