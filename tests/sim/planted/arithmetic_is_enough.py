"""An order is complete by the quantity that is remembered, whatever is in question."""

from __future__ import annotations

from collections.abc import Callable

PLACE = "protocol.dispatch.fills:Fills._may_conclude"
STORY = ("kraken-spot", 62)
FOUND = ("wrong end", "FILLED before it was")


def bug(right: Callable[..., bool]) -> Callable[..., bool]:
    def may_conclude(*_: object, **__: object) -> bool:
        return True

    return may_conclude
