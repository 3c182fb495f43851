"""A client without orders of its own, and what it asks for."""

from __future__ import annotations

from typing import Any

from protocol import facts, requests
from protocol.venue import VenueRules

from .order_life import Rig

__all__ = ["asked", "come_back", "watching"]


def watching(*orders: facts.OrderView, **rules: Any) -> Rig:
    """A client that has no orders of its own. rules: of the venue."""
    rig = Rig(logged_in=False, rules=VenueRules(venue="TEST", **rules))
    rig.log_in(*orders)
    rig.records.clear()
    rig.sends.clear()
    return rig


def asked(rig: Rig) -> list[requests.QueryOrder]:
    return [request for request in rig.sent() if isinstance(request, requests.QueryOrder)]


def come_back(rig: Rig, *orders: facts.OrderView) -> list[requests.QueryOrder]:
    """The link is lost and comes back a second later, and the venue lists these orders. Gives what is asked for."""
    rig.lose_link()
    rig.wait(1)
    rig.records.clear()
    rig.sends.clear()
    rig.log_in(*orders)
    return asked(rig)
