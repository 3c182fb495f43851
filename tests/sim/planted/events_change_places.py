"""The events of one moment reach subscribers in the opposite order."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

PLACE = "actors.emitter:_hand_over"
STORY = ("ax", 0)
FOUND = ("stream holes", "the stream has a hole")


def bug(right: Callable[..., bool]) -> Callable[..., bool]:
    def hand_over(subscribe: Any, events: tuple[Any, ...]) -> bool:
        return right(subscribe, events[::-1])

    return hand_over
