"""Nobody looks whether a cancel of all orders has left any open."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

PLACE = "protocol.dispatch.cancel_all:CancelAll._compare"
STORY = ("kraken-futures", 124)
FOUND = ("wrong end", "all orders are canceled, and one is open in silence")


def bug(right: Callable[..., None]) -> Callable[..., None]:
    def compare(cancel_all: Any, served: list[Any], orders: Any) -> None:
        pass

    return compare
