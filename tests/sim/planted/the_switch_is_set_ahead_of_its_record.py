"""The dead man's switch is set before the journal tells of it, and the next life knows nothing of it."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

PLACE = "actors.journaled_outbox:_noting"
TEST = "tests/whole/test_sim_lives.py::test_a_switch_whose_record_was_not_kept_was_not_set"


def bug(_: Callable[..., set[int]]) -> Callable[..., set[int]]:
    def noting(_: Any) -> set[int]:
        return set()

    return noting
