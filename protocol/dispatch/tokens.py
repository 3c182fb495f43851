"""Requests that the venue refused for the session token alone: certainly not executed, so they are sent again once
there is another token, each of them once (spec Kraken A.3, A.16)."""

from __future__ import annotations

from typing import TypeVar

from attrs import evolve

from .. import facts
from ..flights import Flight
from ..requests import BatchOrders, PlaceOrder, ReplaceOrder, Request
from .decisions import RequestDue, Send
from .desk import Desk

__all__ = ["Tokens"]

R = TypeVar("R", bound=Request)


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
            request = flight.request
            if isinstance(request, BatchOrders):
                legs = tuple(self._begin_again(desk.flights.by_id.get(leg.request_id), leg) for leg in request.legs)
                request = evolve(request, legs=legs, process_before=desk.process_all_before(legs))
            request = self._begin_again(flight, request)
            desk.out.sends.append(Send(request, flight.connection, None))

    def _begin_again(self, flight: Flight | None, request: R) -> R:
        """The request as it goes out now. The time for its answer begins anew, and so does a deadline that the user did
        not choose."""
        desk = self._desk
        if isinstance(request, ReplaceOrder) or (
            isinstance(request, PlaceOrder) and self._is_our_deadline(flight, request)
        ):
            request = evolve(request, process_before=desk.process_before())
        if flight is not None:
            flight.request, flight.sent_at = request, desk.now.monotonic_ns
            desk.timers.add(flight.sent_at + desk.rules.request_timeout, RequestDue(flight.request_id))
        return request

    def _is_our_deadline(self, flight: Flight | None, place: PlaceOrder) -> bool:
        """True unless the user chose it."""
        order = None if flight is None else self._desk.order_of(flight)
        within = self._desk.rules.process_within
        return order is not None and within is not None and place.process_before == order.identity.local_time + within
