"""Questions for history, and the pages that answer them."""

from __future__ import annotations

from typing import Any

from protocol import facts, requests
from protocol.venue import SECOND

from .order_life import WALL, Desk

__all__ = ["HISTORY", "asked", "at", "give", "next_page"]

HISTORY = (requests.ListFills, requests.ListOrderHistory)


def at(second: float) -> int:
    """By the wall clock, which is the venue's, too."""
    return WALL + int(second * SECOND)


def asked(desk: Desk) -> list[Any]:
    """Questions for history since the last look."""
    return [request for request in desk.sent() if isinstance(request, HISTORY)]


def next_page(desk: Desk) -> Any:
    """Lets time pass, from deadline to deadline, until history is asked for; an hour at most."""
    until = desk.time + 3600 * SECOND
    while not (found := asked(desk)):
        due = desk.state.next_deadline
        assert due is not None
        assert due <= until, "nobody asked"
        desk.time = max(desk.time, due)
        desk.apply()
    (page,) = found
    return page


def give(desk: Desk, page: Any, *rows: Any, cursor: str | None = None) -> list[str]:
    if isinstance(page, requests.ListFills):
        return desk.hear(facts.FillsListed(request_id=page.request_id, trades=rows, cursor=cursor))
    return desk.hear(facts.OrderHistoryListed(request_id=page.request_id, orders=rows, cursor=cursor))
