"""Whose an execution is, is not asked again when the question was lost with the link."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

PLACE = "protocol.dispatch.unclaimed_fills:UnclaimedFills.look_up_again"
TEST = (
    "tests/dispatch/test_restart_own_orders.py"
    "::test_a_lookup_that_was_lost_with_the_link_is_made_again_behind_the_next_login"
)


def bug(right: Callable[..., None]) -> Callable[..., None]:
    def look_up_again(_: Any) -> None:
        pass

    return look_up_again
