"""Requests that the venue refused for the session token alone: certainly not executed, so they are sent again once
there is another token, each of them once (spec Kraken A.3, A.16)."""

from __future__ import annotations

from typing import cast

from attrs import evolve

from .. import facts
from ..requests import BatchOrders
from .context import Context
from .decisions import Send
from .in_flight import Flight, Moment

__all__ = ["TokenRefusals"]


class TokenRefusals:
    """Stateless: a request that waits for a token is a parked flight."""

    def __init__(self, context: Context) -> None:
        self._context = context

    def park(self, flight: Flight) -> bool:
        """Keeps a refused request until there is another token; False if it was sent again before, or its connection is
        gone."""
        # Once each: a venue that refuses a fresh token, too, has another reason.
        if flight.resent or flight.lost:
            return False
        for parked in (flight, *self._parts(flight)):
            parked.happens(Moment.PARKED)
        return True

    def renewed(self, fact: facts.TokenRenewed) -> None:
        parked = [flight for flight in self._context.flights.by_id.values() if flight.parked]
        # The parts of a batch go out with it, not by themselves.
        in_batches = {part.request_id for flight in parked for part in self._parts(flight)}
        for flight in parked:
            if flight.request_id not in in_batches:
                self._send_again(flight)

    def _parts(self, flight: Flight) -> list[Flight]:
        """Those parts of a batch that are still on their way."""
        by_id = self._context.flights.by_id
        return [part for part in flight.parts if by_id.get(part.request_id) is part]

    def _send_again(self, flight: Flight) -> None:
        context, parts = self._context, self._parts(flight)
        if context.must_wait(*(each.request for each in (flight, *parts))):
            context.hold([flight, *parts], None, lambda _flights, _admission: self._send_again(flight))
            return
        for begun in (flight, *parts):
            begun.happens(Moment.RELEASED)
            begun.resent = True
            context.begin_again(begun)
        if flight.parts:
            _renew_parts(cast("Flight[BatchOrders]", flight), context)  # nothing else has parts
        context.out.sends.append(Send(flight.request, flight.connection, None))


def _renew_parts(batch: Flight[BatchOrders], context: Context) -> None:
    """Its parts may have deadlines anew."""
    legs = tuple(part.request for part in batch.parts)
    batch.request = evolve(batch.request, legs=legs, process_before=context.process_all_before(legs))
