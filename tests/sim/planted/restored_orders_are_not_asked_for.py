"""A new life does not stand for placements of the last one that were not answered."""

from __future__ import annotations

from collections.abc import Callable

PLACE = "protocol.dispatch.restart:Restart._stand_for_placement"
STORY = ("ax", 0)
LIVES = True
FOUND = ("stuck", "SUBMITTED for good, it never arrived")


def bug(right: Callable[..., None]) -> Callable[..., None]:
    def stand_for_placement(*_: object) -> None:
        pass

    return stand_for_placement
