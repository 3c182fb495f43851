"""A client without orders of its own, and what it asks for."""

from __future__ import annotations

from typing import Any

from protocol import facts, requests
from protocol.venue import VenueRules

from .order_life import Desk

__all__ = ["asked", "come_back", "watching"]


def watching(*orders: facts.OrderView, **rules: Any) -> Desk:
    """A client that has no orders of its own. rules: of the venue."""
    desk = Desk(logged_in=False, rules=VenueRules(venue="TEST", **rules))
    desk.log_in(*orders)
    desk.records.clear()
    desk.sends.clear()
    return desk


def asked(desk: Desk) -> list[requests.QueryOrder]:
    return [request for request in desk.sent() if isinstance(request, requests.QueryOrder)]


def come_back(desk: Desk, *orders: facts.OrderView) -> list[requests.QueryOrder]:
    """The link is lost and comes back a second later, and the venue lists these orders. Gives what is asked for."""
    desk.lose_link()
    desk.wait(1)
    desk.records.clear()
    desk.sends.clear()
    desk.log_in(*orders)
    return asked(desk)
