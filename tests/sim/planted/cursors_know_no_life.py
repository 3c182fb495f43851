"""A cursor is good if its number is, whichever life gave it."""

from __future__ import annotations

from collections.abc import Callable

PLACE = "protocol.journal.cursor:_end_of"
STORY = ("ax", 81)
LIVES = True
FOUND = ("lost", "in silence")


def bug(right: Callable[..., int | None]) -> Callable[..., int | None]:
    def end_of(tag: str, lives: object, newest: int) -> int | None:
        return newest

    return end_of
