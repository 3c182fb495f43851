"""What may still fill is sent as the whole quantity."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

PLACE = "protocol.dispatch.replacements:_wire_quantity"
STORY = ("kraken-spot", 92)
FOUND = ("other", "another quantity left than a change asked for")


def bug(right: Callable[..., Any]) -> Callable[..., Any]:
    def wire_quantity(trader: Any, order: Any, change: Any, instrument: Any) -> Any:
        return change.quantity if change.leaves is None else change.leaves

    return wire_quantity
