"""A name of an order that memory has forgotten is good for another one."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from attrs import evolve

PLACE = "actors.gateway:dispatch_state"
TEST = "tests/whole/test_sim_lives.py::test_a_name_that_memory_has_forgotten_is_good_for_no_other_order"


class Forgetful:
    """Knows every fill, and no name."""

    def __init__(self, known: Any) -> None:
        self._known = known

    def __getattr__(self, name: str) -> Any:
        return getattr(self._known, name)

    def is_used(self, _: object) -> bool:
        return False


def bug(right: Callable[..., Any]) -> Callable[..., Any]:
    def dispatch_state(config: Any, venue: Any, instruments: Any, memory: Any = None) -> Any:
        if memory is not None:
            memory = evolve(memory, known=Forgetful(memory.known))
        return right(config, venue, instruments, memory)

    return dispatch_state
