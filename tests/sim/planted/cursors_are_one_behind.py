"""A stream that goes on behind a cursor gives the event before it once more."""

from __future__ import annotations

from collections.abc import Callable

PLACE = "actors.journal.source:place_of"
STORY = ("ax", 0)
LIVES = True
FOUND = ("stream holes", "the stream has a hole")


def bug(right: Callable[..., int]) -> Callable[..., int]:
    def place_of(*arguments: object) -> int:
        return max(0, right(*arguments) - 1)

    return place_of
