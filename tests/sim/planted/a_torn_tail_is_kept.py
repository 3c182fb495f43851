"""Rows of a commit that was not whole stay at the end of the file."""

from __future__ import annotations

from collections.abc import Callable

PLACE = "actors.journal.sqlite_store:SqliteStore._cut_tail"
TEST = "tests/journal/test_store_damage.py::test_rows_behind_the_last_whole_commit_are_cut_and_that_is_said"


def bug(right: Callable[..., None]) -> Callable[..., None]:
    def cut_tail(_: object) -> None:
        pass

    return cut_tail
