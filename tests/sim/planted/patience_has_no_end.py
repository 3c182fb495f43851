"""An execution that may be of an order of ours waits for ever."""

from __future__ import annotations

PLACE = "protocol.dispatch.unclaimed_fills:PATIENCE"
STORY = ("kraken-futures", 13)
FOUND = ("stuck", "told after its patience")


def bug(right: int) -> int:
    return 1000 * right
