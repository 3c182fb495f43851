"""What the venue shows against our own conclusion is taken over without a word."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

PLACE = "protocol.dispatch.order_life:OrderLife.reopen"
STORY = ("ax", 10)
FOUND = ("wrong end", "denied, and it lived")


def bug(right: Callable[..., None]) -> Callable[..., None]:
    def reopen(*_: Any) -> None:
        pass

    return reopen
