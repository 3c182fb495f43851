"""The dead man's switch: the venue cancels everything unless it hears from us again in time."""

from __future__ import annotations

from typing import Final, cast

from .. import commands, facts
from ..errors import NotSent, RequestFailed
from ..requests import SetCancelTimer
from ..venue import SECOND
from .context import Desk
from .conversation import RequestHandler, warn_of_misfit
from .decisions import TimerDue
from .in_flight import Flight
from .inputs import Asked

__all__ = ["CancelTimer"]

RENEWALS: Final = 4
"""How often the switch is set again within its time: three renewals may be lost before it acts."""


class CancelTimer(RequestHandler[SetCancelTimer]):
    """Owns the time that the switch is set to: seconds, 0 while it is off. Set again from login to close; a program
    that dies, or a connection that stays away, leaves it to act. _planned: the one deadline that counts, of the last
    setting."""

    def __init__(self, desk: Desk, seconds: int) -> None:
        self._desk = desk
        self._seconds = seconds
        self._planned: TimerDue | None = None

    @property
    def is_armed(self) -> bool:
        return bool(self._seconds)

    def logged_in(self) -> None:
        if self._seconds:
            self._set()

    def _set(self, asked: Asked | None = None) -> None:
        desk = self._desk
        request_id = desk.flights.next_internal_id() if asked is None else asked.request_id
        request = SetCancelTimer(request_id=request_id, seconds=self._seconds)
        reply_to, admission = (None, None) if asked is None else (asked.reply_to, asked.admission)
        desk.count(request)
        desk.send(request, reply_to=reply_to, admission=admission)
        self._planned = None
        if self._seconds:
            self._planned = TimerDue()
            desk.timers.add(desk.now.monotonic_ns + self._seconds * SECOND // RENEWALS, self._planned)

    def due(self, due: TimerDue) -> None:
        """Time to set it again. While there is no connection it is left to run: that is what it is for."""
        if due is self._planned and self._desk.ready and not self._desk.closing:
            self._set()

    def asked(self, asked: Asked) -> None:
        command, desk = cast("commands.CancelAllAfter", asked.command), self._desk
        if not desk.rules.cancel_timer:
            raise NotSent(f"{desk.rules.venue} has no timer that cancels all orders.")
        desk.require_link("The timer that cancels all orders")
        desk.require_free_number(asked.request_id)
        self._seconds = command.seconds
        self._set(asked)

    def is_set(self, fact: facts.TimerSet) -> None:
        flight = self._desk.flights.drop(fact.request_id)
        if flight is not None:
            self._desk.reply(flight.reply_to, fact.cancels_at)

    def answered(self, flight: Flight[SetCancelTimer], fact: facts.RequestAnswered) -> None:
        warn_of_misfit(self._desk, fact)

    def refused(self, flight: Flight[SetCancelTimer], fact: facts.RequestRefused) -> None:
        self._not_set(flight, fact.reason)

    def lost(self, flight: Flight[SetCancelTimer], why: str) -> None:
        self._not_set(flight, why)

    def not_written(self, flight: Flight[SetCancelTimer], reason: str) -> None:
        self._not_set(flight, reason)

    def _not_set(self, flight: Flight[SetCancelTimer], reason: str) -> None:
        """The switch may stand as it stood before."""
        self._desk.flights.drop(flight.request_id)
        problem = f"The timer that cancels all orders was not set: {reason}"
        self._desk.warn(f"{problem} It is set again soon." if self._seconds else f"{problem} Look whether it is off.")
        self._desk.reply(flight.reply_to, RequestFailed(problem))

    def disarm(self) -> None:
        """Turns the switch off before we leave."""
        if self._seconds and self._desk.ready:
            self._seconds = 0
            self._set()
