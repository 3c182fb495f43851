"""A cursor is good if its number is, whichever life gave it."""

from __future__ import annotations

from collections.abc import Callable

PLACE = "protocol.journal.cursor:_end_of"
TEST = "tests/journal/test_consumers_behind.py::test_a_cursor_of_events_that_were_lost_with_the_power_is_ahead"


def bug(right: Callable[..., int | None]) -> Callable[..., int | None]:
    def end_of(tag: str, lives: object, newest: int) -> int | None:
        return newest

    return end_of
