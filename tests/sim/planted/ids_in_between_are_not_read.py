"""The history that names the ids which an order had in between is never read."""

from __future__ import annotations

PLACE = "protocol.dispatch.history_reading:HistoryReading._wants_orders"
STORY = ("ax", 3)
FOUND = ("lost", "told as another session's")


def bug(right: property) -> property:
    return property(lambda reading: False)
