"""What an order is for is never in doubt, so more than that is too much."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

PLACE = "protocol.dispatch.fills:is_in_doubt"
STORY = ("kraken-spot", 12)
FOUND = ("other", "an overfill that is none, changed by others")


def bug(right: Callable[..., bool]) -> Callable[..., bool]:
    def is_in_doubt(*_: Any) -> bool:
        return False

    return is_in_doubt
