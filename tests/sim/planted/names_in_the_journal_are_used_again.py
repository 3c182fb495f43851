"""A name of an order that memory has forgotten is good for another one."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from attrs import evolve

PLACE = "actors.wiring:dispatch_state"
STORY = ("ax", 0)
LIVES = True
FOUND = ("other", "a name was good for two orders")


class Forgetful:
    """Knows every fill, and no name."""

    def __init__(self, known: Any) -> None:
        self.fee_known = known.fee_known

    def is_used(self, _: object) -> bool:
        return False


def bug(right: Callable[..., Any]) -> Callable[..., Any]:
    def dispatch_state(config: Any, venue: Any, memory: Any = None) -> Any:
        if memory is not None:
            memory = evolve(memory, known=Forgetful(memory.known))
        return right(config, venue, memory)

    return dispatch_state
