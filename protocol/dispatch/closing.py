"""Closing: what is on its way gets its grace, open orders are canceled where that is wanted, and what is left is
reported.

The cancel goes out behind the grace, so that a placement which was on its way meets it; and again, with growing pauses,
until the venue has taken it and every order of ours has ended: it may meet a throttle, or overtake a placement whose
answer is lost. All of that ends at `give_up`, so that what is left can still be told within the time for closing.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

from attrs import define, evolve, field, frozen

from .. import commands, events, requests
from ..reasons import Why
from ..values import ClientOrderId, RequestId
from .cancel_all_after import CancelAllAfter
from .context import Context
from .conversation import Conversation
from .decisions import ClosingDue, EndLink
from .in_flight import Flight
from .inputs import Asked
from .previews import Previews

__all__ = ["Closing"]

FIRST_PAUSE: Final = 250_000_000
"""ns until a cancel of all orders that has not done its work is sent again; then twice as long, and so on."""
MOST_NAMED: Final = 1000
"""Orders of each kind that the report names; it counts them all."""
MOST_IN_A_SENTENCE: Final = 20


@frozen(kw_only=True)
class Plan:
    """When what must be over, ns, monotonic."""

    reply_to: object
    grace_until: int
    give_up: int
    cancel_all: bool


@define
class Canceled:
    """Orders that were canceled since closing began."""

    names: list[ClientOrderId] = field(factory=list)
    count: int = 0

    def add(self, name: ClientOrderId) -> None:
        self.count += 1
        if len(self.names) < MOST_NAMED:
            self.names.append(name)


class Closing:
    """Owns the Disconnect in progress, and the cancel of all orders that belongs to it. Writes `closing`."""

    def __init__(
        self, context: Context, conversation: Conversation, previews: Previews, cancel_all_after: CancelAllAfter
    ) -> None:
        self._context = context
        self._conversation = conversation
        self._previews = previews
        self._cancel_timer = cancel_all_after
        self._plan: Plan | None = None
        # Requests whose answers are worth the grace, and the cancels of all orders that were sent.
        self._awaited: list[RequestId] = []
        self._cancels: list[Flight] = []
        # Whether the venue has taken a cancel of all orders. None: none is wanted.
        self._taken: bool | None = None
        # ns, monotonic.
        self._next_cancel = 0
        self._pause = FIRST_PAUSE
        self._canceled = Canceled()

    def asked(self, asked: Asked) -> None:
        """Begins to close: nothing new is sent. Asked again, it answers at once."""
        command, context = asked.command, self._context
        assert isinstance(command, commands.Disconnect)
        if context.closing:
            context.reply(asked.reply_to, None)
            return
        # What has not gone out yet never will: a placement behind the cancel would be open and unwatched.
        for deny in (self._previews.deny_all, self._conversation.deny_held):
            deny("The client was closed before it was sent.", Why.CLOSING)
        now = context.now.monotonic_ns
        self._plan = plan = Plan(
            reply_to=asked.reply_to,
            grace_until=now + command.grace,
            give_up=now + (2 * command.grace if command.patience is None else command.patience),
            cancel_all=command.cancel_all,
        )
        self._taken = False if plan.cancel_all else None
        context.closing = True
        # A switch that still runs would cancel the orders that the user wants to leave open.
        if not plan.cancel_all and (command.disarm or not context.orders.live):
            self._cancel_timer.disarm()
        self._await_what_is_on_its_way()
        for moment in (plan.grace_until, plan.give_up):
            context.timers.add(moment, ClosingDue())

    def _await_what_is_on_its_way(self) -> None:
        flights = self._context.flights.by_id.items()
        self._awaited = [number for number, flight in flights if flight.is_of_use_at_the_end]

    def advance(self) -> None:
        """Goes on as far as it can now. To be called after every input once closing has begun."""
        self._note_canceled()
        plan, now = self._plan, self._context.now.monotonic_ns
        if plan is None or (now < plan.grace_until and self._is_anything_awaited()):
            return
        if plan.cancel_all and now < plan.give_up:
            if not self._is_flat(now):
                return
            if self._cancel_timer.is_armed and self._context.ready:  # nothing is left that it could protect
                self._cancel_timer.disarm()
                self._await_what_is_on_its_way()
                self._plan = evolve(plan, grace_until=plan.give_up)
                return
        self._plan = None
        self._context.out.sends.append(EndLink())
        self._context.reply(plan.reply_to, None)

    def _note_canceled(self) -> None:
        # Read from the records, so that a cancel of the user's, of closing, or of the venue's counts alike.
        for record in self._context.out.records:
            if type(record) is events.Canceled:
                self._canceled.add(record.client_order_id)

    def _is_anything_awaited(self) -> bool:
        flights = self._context.flights.by_id
        while self._awaited:
            flight = flights.get(self._awaited[-1])
            if flight is not None and flight.is_awaited:
                return True
            self._awaited.pop()
        return False

    def _is_flat(self, now: int) -> bool:
        """True when there is nothing more to cancel, or no way to do it; else the cancel is sent when its time has
        come."""
        context = self._context
        # The venue's word alone is not enough: a placement may have arrived behind the cancel. So our orders must have
        # ended, too.
        self._taken = any(cancel.answered for cancel in self._cancels)
        if self._taken and not context.orders.live:
            return True
        request = requests.CancelAllOrders(request_id=context.flights.next_internal_id(), symbol=None)
        over_http = not context.ready and self._goes_over_http(request)
        if context.failed is not None and (self._taken or not over_http):
            return True  # no news of any order will come
        if now >= self._next_cancel and (context.ready or over_http):
            context.count(request)
            self._cancels.append(context.send(request, over_http=over_http))
            self._next_cancel, self._pause = now + self._pause, 2 * self._pause
            context.timers.add(self._next_cancel, ClosingDue())
        return False

    def _goes_over_http(self, request: requests.CancelAllOrders) -> bool:
        """Whether the venue takes it without a connection."""
        context = self._context
        return (
            requests.CancelAllOrders in context.rules.http_requests
            or context.venue.encode_over_http(request) is not None
        )

    # What is left

    def report(self) -> None:
        """Tells what became of the orders. The last decision of all: no news will come any more."""
        context = self._context
        if not context.closing:
            return
        # After a cancel that the venue took, an order without an end is "perhaps open", not "open".
        still_open: list[ClientOrderId] = []
        unknown: list[ClientOrderId] = []
        for name, order in context.orders.live.items():
            (still_open if order.accepted and not self._taken else unknown).append(name)
        context.record(
            events.CloseReport(
                venue=context.rules.venue,
                account=context.account,
                connection=context.connection,
                local_time=context.now.wall_ns,
                canceled=tuple(self._canceled.names),
                still_open=tuple(still_open[:MOST_NAMED]),
                unknown=tuple(unknown[:MOST_NAMED]),
                canceled_count=self._canceled.count,
                still_open_count=len(still_open),
                unknown_count=len(unknown),
                cancel_confirmed=self._taken,
            )
        )
        if still_open or unknown or self._taken is False:
            context.alarm(self._sentence(still_open, unknown))

    def _sentence(self, still_open: Sequence[ClientOrderId], unknown: Sequence[ClientOrderId]) -> str:
        sentences = [f"The client of {self._context.rules.venue}, account {self._context.account}, is closed."]
        if self._taken is False:
            sentences.append("The venue did not confirm the cancel of all orders, so any order there may be open.")
        if still_open:
            sentences.append(f"Open when last heard of: {_named(still_open)}.")
        if unknown:
            sentences.append(f"Perhaps open: {_named(unknown)}.")
        return f"{' '.join(sentences)} This client no longer watches them: look at the venue."


def _named(orders: Sequence[ClientOrderId]) -> str:
    """How many orders, and which."""
    more = "" if len(orders) <= MOST_IN_A_SENTENCE else " and others"
    count = "1 order" if len(orders) == 1 else f"{len(orders)} orders"
    return f"{count} ({', '.join(orders[:MOST_IN_A_SENTENCE])}{more})"
