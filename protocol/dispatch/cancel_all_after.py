"""The dead man's switch: the venue cancels everything unless it hears from us again in time."""

from __future__ import annotations

from typing import Final, cast

from .. import commands, facts
from ..errors import NotSent, RequestFailed
from ..reasons import RejectReason, Why
from ..requests import SetCancelAllAfter
from ..values import RequestId
from ..venue import SECOND
from .context import Context
from .conversation import RequestHandler, warn_of_misfit
from .decisions import CancelAllAfterDue
from .in_flight import Flight
from .inputs import Asked
from .records import SwitchSet

__all__ = ["CancelAllAfter"]

RETRY: Final = 2 * SECOND
"""Before it is set again where the venue has not confirmed it, while that of an earlier run may act."""
MARGIN: Final = 10 * SECOND
"""The venue's second may be longer than ours, and its message late."""
LATE: Final = 60 * SECOND
"""How long a setting of an earlier run may have been on its way, and still set the switch."""
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
        # What an earlier run has set it to, as far as the venue has not confirmed another setting; when it must have
        # acted by itself; and what the journal has.
        self._left = 0
        # What it was set to then, and until when a late message of that run may set it so again (monotonic ns), if any
        # may.
        self._former = 0
        self._wary_until: int | None = None
        self._bound: CancelAllAfterDue | None = None
        self._noted = 0
        # The last setting that was sent. One before it says nothing of how the switch stands.
        self._latest: RequestId | None = None

    @property
    def is_armed(self) -> bool:
        return bool(self._seconds)

    def restore(self, seconds: int) -> None:
        """An earlier run has left it set to so many seconds. It must not cancel what is placed from now on, so until
        the venue has confirmed another setting nothing is placed."""
        self._left = self._former = self._noted = seconds
        if seconds:
            self._wary_until = self._context.now.monotonic_ns + LATE
            self._context.awaits_switch = True
            self._bound = CancelAllAfterDue()
            self._context.timers.add(self._context.now.monotonic_ns + seconds * SECOND + MARGIN, self._bound)

    def link_up(self) -> None:
        """Before it is set for the first time, a journal has it: it acts even if this program ends at once."""
        if self._seconds:
            self._note(self._seconds)

    def logged_in(self) -> None:
        if self._left:
            done = f"It is set again, to {self._seconds} s." if self._seconds else "It is turned off now."
            self._context.warn(
                f"An earlier run of this program set the timer that cancels all orders to {self._left} s, and it may "
                f"still act. {done} Orders wait until the venue has confirmed that."
            )
        if self._seconds or self._noted:
            self._set()

    @property
    def _is_wary(self) -> bool:
        return self._wary_until is not None and self._context.now.monotonic_ns < self._wary_until

    def _note(self, seconds: int) -> None:
        if self._context.journaled and seconds != self._noted:
            self._noted = seconds
            self._context.note(SwitchSet(seconds=seconds))

    def _set(self, asked: Asked | None = None) -> None:
        context = self._context
        if self._seconds:  # that it is off is noted when the venue has confirmed it
            self._note(self._seconds)
        request_id = context.flights.next_internal_id() if asked is None else asked.request_id
        request = SetCancelAllAfter(request_id=request_id, seconds=self._seconds)
        self._latest = request_id
        reply_to, admission = (None, None) if asked is None else (asked.reply_to, asked.admission)
        context.count(request)
        context.send(request, reply_to=reply_to, admission=admission)
        self._planned = None
        if self._seconds:
            self._plan(self._seconds * SECOND // RENEWALS)

    def _plan(self, delay: int) -> None:
        """To set it again after so many ns."""
        self._planned = CancelAllAfterDue()
        self._context.timers.add(self._context.now.monotonic_ns + delay, self._planned)

    def due(self, due: CancelAllAfterDue) -> None:
        """Time to set it again. While there is no connection it is left to run: that is what it is for."""
        if due is self._bound:
            self._left, self._context.awaits_switch = 0, False
        elif due is self._planned and self._context.ready and not self._context.closing:
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
            self._left, self._context.awaits_switch = 0, False
            if fact.request_id == self._latest and not self._seconds:
                self._is_off()
            self._context.reply(flight.reply_to, fact.cancels_at)

    def _is_off(self) -> None:
        """It is turned off as often as the earlier run has set it, so that none of that run's messages that comes late
        finds time to act. The journal has it behind that: a run that follows sooner must do the same."""
        if self._is_wary:
            self._plan(self._former * SECOND // RENEWALS)
        else:
            self._note(0)

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
        if self._left or self._is_wary:
            self._plan(RETRY)

    def disarm(self) -> None:
        """Turns the switch off before we leave."""
        if self._seconds and self._context.ready:
            self._seconds = 0
            self._set()
