"""Requests that the venue refused for the session token alone: certainly not executed, so they are sent again once
there is another token, each of them once (spec Kraken A.3, A.16)."""

from __future__ import annotations

from attrs import evolve

from .. import facts
from ..flights import Flight
from ..requests import PlaceOrder, ReplaceOrder
from .decisions import RequestDue, Send
from .desk import Desk

__all__ = ["Tokens"]


class Tokens:
    """Stateless: a request that waits for a token is a parked flight."""

    def __init__(self, desk: Desk) -> None:
        self._desk = desk

    def park(self, flight: Flight) -> bool:
        """Keeps a refused request until there is another token; False if it was sent again before, or its connection is
        gone."""
        if flight.resent or flight.lost:
            return False
        flight.parked = True
        return True

    def renewed(self, fact: facts.TokenRenewed) -> None:
        desk = self._desk
        for flight in desk.flights.by_id.values():
            if not flight.parked:
                continue
            flight.parked, flight.resent = False, True
            flight.sent_at = desk.now.monotonic_ns
            if isinstance(flight.request, PlaceOrder | ReplaceOrder):
                flight.request = evolve(flight.request, process_before=desk.process_before())
            desk.timers.add(flight.sent_at + desk.rules.request_timeout, RequestDue(flight.request_id))
            desk.out.sends.append(Send(flight.request, flight.connection, None))
