"""Requests that the venue refused for the session token alone: certainly not executed, so they are sent again once
there is another token, each of them once (spec Kraken A.3, A.16)."""

from __future__ import annotations

from typing import cast

from attrs import evolve

from .. import facts
from ..flights import Flight
from ..requests import BatchOrders, Leg
from .decisions import Send
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
        for parked in (flight, *self._parts(flight)):
            parked.parked = True
        return True

    def renewed(self, fact: facts.TokenRenewed) -> None:
        desk = self._desk
        parked = [flight for flight in desk.flights.by_id.values() if flight.parked]
        in_batches = {part.request_id for flight in parked for part in self._parts(flight)}
        for flight in parked:
            if flight.request_id not in in_batches and not flight.held:
                self._send_again(flight)

    def _parts(self, flight: Flight) -> list[Flight]:
        """The parts of a batch, each of which is on its way like a request of its own."""
        if not isinstance(flight.request, BatchOrders):
            return []
        parts = (self._desk.flights.by_id.get(leg.request_id) for leg in flight.request.legs)
        return [part for part in parts if part is not None]

    def _send_again(self, flight: Flight) -> None:
        desk, parts = self._desk, self._parts(flight)
        if desk.must_wait(*(each.request for each in (flight, *parts))):
            desk.hold([flight, *parts], None, lambda _flights, _admission: self._send_again(flight))
            return
        for begun in (flight, *parts):
            begun.parked, begun.resent = False, True
            desk.begin_again(begun)
        if isinstance(flight.request, BatchOrders):
            again = {part.request_id: part.request for part in parts}
            legs = tuple(cast("Leg", again.get(leg.request_id, leg)) for leg in flight.request.legs)
            flight.request = evolve(flight.request, legs=legs, process_before=desk.process_all_before(legs))
        desk.out.sends.append(Send(flight.request, flight.connection, None))
