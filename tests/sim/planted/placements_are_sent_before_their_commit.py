"""Placements leave as cancels do, ahead of the commit that holds their intent."""

from __future__ import annotations

from collections.abc import Callable

PLACE = "actors.journaled_outbox:adds_risk"
STORY = ("ax", 0)
LIVES = True
FOUND = ("lost", "an order was sent before its commit")


def bug(right: Callable[..., bool]) -> Callable[..., bool]:
    def adds_risk(_: object) -> bool:
        return False

    return adds_risk
