"""Requests that the venue refused for the session token alone: certainly not executed, so they are sent again once
there is another token, each of them once (spec Kraken A.3, A.16)."""

from __future__ import annotations

from typing import cast

from attrs import evolve

from .. import facts
from ..requests import BatchOrders
from .context import Desk
from .decisions import Send
from .in_flight import Flight, Moment

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
            parked.happens(Moment.PARKED)
        return True

    def renewed(self, fact: facts.TokenRenewed) -> None:
        parked = [flight for flight in self._desk.flights.by_id.values() if flight.parked]
        in_batches = {part.request_id for flight in parked for part in self._parts(flight)}
        for flight in parked:
            if flight.request_id not in in_batches:
                self._send_again(flight)

    def _parts(self, flight: Flight) -> list[Flight]:
        """Those parts of a batch that are still on their way."""
        by_id = self._desk.flights.by_id
        return [part for part in flight.parts if by_id.get(part.request_id) is part]

    def _send_again(self, flight: Flight) -> None:
        desk, parts = self._desk, self._parts(flight)
        if desk.must_wait(*(each.request for each in (flight, *parts))):
            desk.hold([flight, *parts], None, lambda _flights, _admission: self._send_again(flight))
            return
        for begun in (flight, *parts):
            begun.happens(Moment.RELEASED)
            begun.resent = True
            desk.begin_again(begun)
        if flight.parts:
            _renew_parts(cast("Flight[BatchOrders]", flight), desk)  # nothing else has parts
        desk.out.sends.append(Send(flight.request, flight.connection, None))


def _renew_parts(batch: Flight[BatchOrders], desk: Desk) -> None:
    """Its parts may have deadlines anew."""
    legs = tuple(part.request for part in batch.parts)
    batch.request = evolve(batch.request, legs=legs, process_before=desk.process_all_before(legs))
