"""The dead man's switch: the venue cancels everything unless it hears from us again in time."""

from __future__ import annotations

from typing import Final, cast

from .. import commands, facts
from ..errors import NotSent, RequestFailed
from ..reasons import RejectReason, Why
from ..requests import SetCancelAllAfter
from ..venue import SECOND
from .context import Context
from .conversation import RequestHandler, warn_of_misfit
from .decisions import CancelAllAfterDue
from .in_flight import Flight
from .inputs import Asked

__all__ = ["CancelAllAfter"]

RENEWALS: Final = 4
"""How often the switch is set again within its time: three renewals may be lost before it acts."""


class CancelAllAfter(RequestHandler[SetCancelAllAfter]):
    """Owns the time that the switch is set to: seconds, 0 while it is off. Set again from login to close; a program
    that dies, or a connection that stays away, leaves it to act."""

    def __init__(self, context: Context, seconds: int) -> None:
        self._context = context
        self._seconds = seconds
        # The one deadline that counts, of the last setting. Those of earlier ones come up, and are passed over.
        self._planned: CancelAllAfterDue | None = None

    @property
    def is_armed(self) -> bool:
        return bool(self._seconds)

    def logged_in(self) -> None:
        if self._seconds:
            self._set()

    def _set(self, asked: Asked | None = None) -> None:
        context = self._context
        request_id = context.flights.next_internal_id() if asked is None else asked.request_id
        request = SetCancelAllAfter(request_id=request_id, seconds=self._seconds)
        reply_to, admission = (None, None) if asked is None else (asked.reply_to, asked.admission)
        context.count(request)
        context.send(request, reply_to=reply_to, admission=admission)
        self._planned = None
        if self._seconds:
            self._planned = CancelAllAfterDue()
            context.timers.add(context.now.monotonic_ns + self._seconds * SECOND // RENEWALS, self._planned)

    def due(self, due: CancelAllAfterDue) -> None:
        """Time to set it again. While there is no connection it is left to run: that is what it is for."""
        if due is self._planned and self._context.ready and not self._context.closing:
            self._set()

    def asked(self, asked: Asked) -> None:
        command, context = cast("commands.CancelAllAfter", asked.command), self._context
        if not context.rules.cancel_all_after:
            raise NotSent(f"{context.rules.venue} has no timer that cancels all orders.", why=Why.UNSUPPORTED)
        context.require_link("The timer that cancels all orders")
        context.require_free_number(asked.request_id)
        # Kept before the venue has confirmed it: if the answer is lost, the next renewal must not set the old time.
        self._seconds = command.seconds
        self._set(asked)

    def is_set(self, fact: facts.CancelAllAfterSet) -> None:
        flight = self._context.flights.drop(fact.request_id)
        if flight is not None:
            self._context.reply(flight.reply_to, fact.cancels_at)

    def answered(self, flight: Flight[SetCancelAllAfter], fact: facts.RequestAnswered) -> None:
        warn_of_misfit(self._context, fact)

    def refused(self, flight: Flight[SetCancelAllAfter], fact: facts.RequestRefused) -> None:
        self._not_set(flight, fact.reason, fact.why)

    def lost(self, flight: Flight[SetCancelAllAfter], why: str) -> None:
        self._not_set(flight, why, RejectReason.NO_ANSWER)

    def not_written(self, flight: Flight[SetCancelAllAfter], reason: str, why: Why) -> None:
        self._not_set(flight, reason, RejectReason.NOT_SENT)

    def _not_set(self, flight: Flight[SetCancelAllAfter], reason: str, why: RejectReason) -> None:
        """The switch may stand as it stood before."""
        self._context.flights.drop(flight.request_id)
        problem = f"The timer that cancels all orders was not set: {reason}"
        self._context.warn(
            f"{problem} It is set again soon." if self._seconds else f"{problem} Look whether it is off."
        )
        self._context.reply(flight.reply_to, RequestFailed(problem, why=why, reason=reason))

    def disarm(self) -> None:
        """Turns the switch off before we leave."""
        if self._seconds and self._context.ready:
            self._seconds = 0
            self._set()
