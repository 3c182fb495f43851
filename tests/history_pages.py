"""Questions for history, and the pages that answer them."""

from __future__ import annotations

from typing import Any

from protocol import facts, requests
from protocol.venue import SECOND

from .order_life import WALL, Rig

__all__ = ["HISTORY", "asked", "at", "give", "next_page"]

HISTORY = (requests.ListFills, requests.ListOrderHistory)


def at(second: float) -> int:
    """By the wall clock, which is the venue's, too."""
    return WALL + int(second * SECOND)


def asked(rig: Rig) -> list[Any]:
    """Questions for history since the last look."""
    return [request for request in rig.sent() if isinstance(request, HISTORY)]


def next_page(rig: Rig) -> Any:
    """Lets time pass, from deadline to deadline, until history is asked for; an hour at most."""
    until = rig.time + 3600 * SECOND
    while not (found := asked(rig)):
        due = rig.state.next_deadline
        assert due is not None
        assert due <= until, "nobody asked"
        rig.time = max(rig.time, due)
        rig.apply()
    (page,) = found
    return page


def give(rig: Rig, page: Any, *rows: Any, cursor: str | None = None) -> list[str]:
    if isinstance(page, requests.ListFills):
        return rig.hear(facts.FillsListed(request_id=page.request_id, trades=rows, cursor=cursor))
    return rig.hear(facts.OrderHistoryListed(request_id=page.request_id, orders=rows, cursor=cursor))
