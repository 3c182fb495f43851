"""An order that the venue does not know is denied at once, whenever its placement may arrive."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

PLACE = "protocol.dispatch.settling:Settling._acts_until"
STORY = ("ax", 4)
FOUND = ("wrong end", "denied, and it lived")


def bug(right: Callable[..., int]) -> Callable[..., int]:
    def acts_until(settling: Any, order: Any) -> int:
        return 0

    return acts_until
