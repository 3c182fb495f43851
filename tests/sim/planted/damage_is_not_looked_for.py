"""A file is read as it stands, whatever its checksums say."""

from __future__ import annotations

from collections.abc import Callable

PLACE = "actors.journal.sqlite_chain:_packed"
TEST = "tests/journal/test_store_damage.py::test_damage_is_found_wherever_it_is_and_named"


def bug(right: Callable[..., int]) -> Callable[..., int]:
    def packed(_: int, __: int) -> int:
        return 0

    return packed
