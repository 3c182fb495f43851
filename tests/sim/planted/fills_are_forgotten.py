"""No fill is recognised when it is told again."""

from __future__ import annotations

from collections.abc import Callable

PLACE = "protocol.dispatch.fills:Fills.is_known"
STORY = ("kraken-spot", 1)
FOUND = ("repeated", "told twice")


def bug(right: Callable[..., bool]) -> Callable[..., bool]:
    def is_known_fill(*_: object, live: bool = False) -> bool:
        return False

    return is_known_fill
