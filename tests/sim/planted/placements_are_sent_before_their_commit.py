"""Placements leave as cancels do, ahead of the commit that holds their intent."""

from __future__ import annotations

from collections.abc import Callable

from ..every_point import Point
from ..steps import Kill

PLACE = "actors.journaled_outbox:adds_risk"
POINT = Point("ax", Kill(client=0, point="commit", count=4, after=0.0), "power")
FOUND = ("lost", "an order was sent before its commit")


def bug(right: Callable[..., bool]) -> Callable[..., bool]:
    def adds_risk(_: object) -> bool:
        return False

    return adds_risk
