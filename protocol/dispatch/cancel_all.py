"""The cancel of all orders, with all its moments.

The caller hears how many orders the venue says it has canceled, or why that is not known. A venue can count wrong, or
take the request and act on a part of it: so the list of open orders is read behind the answer, as long after it as the
list may lag, and an order that it still shows is reported as a cancel that was refused. After a lost link the list of
the new login serves.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Final, cast

from attrs import define

from .. import commands, facts, requests
from ..errors import NotSent, OutcomeUnknown, RequestFailed
from ..facts import OrderView, Outcome
from ..reasons import RejectReason, Why
from ..values import ClientOrderId, RequestId, VenueOrderId
from ..venue import SECOND
from .context import Context
from .conversation import RequestHandler, rest
from .decisions import ComparisonDue
from .external_orders import ExternalOrders
from .in_flight import Flight
from .inputs import Asked
from .order_life import OrderLife
from .placements import Placements
from .tracking import Order

__all__ = ["CancelAll"]

SETTLING: Final = SECOND
"""ns that a venue gets to act on a cancel which it has taken, where its lists do not lag: AX answers first."""
AGAIN: Final = 10 * SECOND
"""ns until a list that did not come is asked for again."""
PATIENCE: Final = 300 * SECOND
"""ns until it is not asked for any more."""
NEVER: Final = 1 << 63
"""Later than any moment, and than any connection."""

STILL_OPEN: Final = (
    "The venue took the cancel of all orders (request {number}), and its list of open orders shows this one still. "
    "Cancel it by itself, or look at the venue."
)


@define
class Comparison:
    """What a cancel of all orders was to cancel, and the list that will show whether it has."""

    # Of the orders that were live when it was asked for: a later one may rightly be open.
    names: frozenset[ClientOrderId]
    # Those of other sessions, which may be adopted before the list comes.
    others: frozenset[VenueOrderId]
    # The list must have been asked for then or later: ns, monotonic. NEVER until the venue has answered.
    due: int = NEVER
    # The connection on which the venue answered: the list of a later login serves, too. NEVER until then.
    connection: int = NEVER

    def meant(self, order: Order) -> bool:
        """Whether the order was to be canceled."""
        by_others = (order.venue_order_id, *order.former_ids)
        return order.identity.client_order_id in self.names or not self.others.isdisjoint(by_others)


class CancelAll(RequestHandler[requests.CancelAllOrders]):
    """Owns what is still to be compared: one comparison for each request of the user's."""

    def __init__(self, context: Context, placements: Placements, life: OrderLife, external: ExternalOrders) -> None:
        self._context = context
        self._placements = placements
        self._life = life
        self._external = external
        self._comparisons: dict[RequestId, Comparison] = {}
        self._listing: RequestId | None = None

    def asked(self, asked: Asked) -> None:
        """Answers when the venue does. Raises NotSent."""
        command = cast("commands.CancelAll", asked.command)
        self._context.require_link("The cancel of all orders")
        self._context.require_free_number(asked.request_id)
        symbol = None if command.instrument is None else command.instrument.symbol
        if symbol is not None and not self._context.rules.cancels_by_symbol:
            raise NotSent(
                f"Nothing was canceled: {self._context.rules.venue} cancels the orders of all instruments together, "
                f"not those of {symbol} alone. Cancel them one by one.",
                why=Why.UNSUPPORTED,
                field="instrument",
            )
        # Orders that wait here would go out behind the kill switch, so they go first.
        self._placements.withdraw_all(symbol)
        self._comparisons[asked.request_id] = Comparison(self._live_at(symbol), self._external.open_ids(symbol))
        request = requests.CancelAllOrders(request_id=asked.request_id, symbol=symbol)
        self._context.count(request)
        self._context.send(request, reply_to=asked.reply_to, admission=asked.admission)

    def _live_at(self, symbol: str | None) -> frozenset[ClientOrderId]:
        live = self._context.orders.live
        if symbol is None:
            return frozenset(live)
        return frozenset(name for name, order in live.items() if order.identity.instrument.symbol == symbol)

    # What becomes of the request

    def answered(self, flight: Flight, fact: facts.RequestAnswered) -> None:
        flight.answered = True
        self._context.flights.drop(flight.request_id)
        self._context.reply(flight.reply_to, fact.canceled)
        comparison = self._comparisons.get(flight.request_id)
        if comparison is None:
            return  # closing sent it, and looks after it
        comparison.due = self._context.now.monotonic_ns + max(SETTLING, self._context.rules.lists_lag)
        comparison.connection = self._context.connection
        self._context.timers.add(comparison.due, ComparisonDue())

    def refused(self, flight: Flight, fact: facts.RequestRefused) -> None:
        delays = self._context.rules.throttled_cancel_delays if fact.outcome is Outcome.THROTTLED else ()
        if flight.resting or rest(self._context, flight, delays, fact.reason):
            return  # where it rests already, this refusal is reported again
        if fact.outcome is Outcome.AMBIGUOUS:
            self._end(flight, OutcomeUnknown(_doubtful(flight, fact.reason)))
        else:
            self._end(flight, _failed(flight, fact.reason, fact.why))

    def send_again(self, flight: Flight) -> None:
        self._context.send(flight.request, reply_to=flight.reply_to).tries = flight.tries

    def lost(self, flight: Flight, why: str) -> None:
        if flight.resting:
            self._end(flight, _failed(flight, flight.doubt, RejectReason.RATE_LIMIT))
        else:
            self._end(flight, OutcomeUnknown(_doubtful(flight, why)))

    def not_written(self, flight: Flight, reason: str, why: Why) -> None:
        sentence = f"The cancel of all orders (request {flight.request_id}) was not sent. {reason}"
        self._end(flight, NotSent(sentence, why=why))

    def _end(self, flight: Flight, error: NotSent | RequestFailed | OutcomeUnknown) -> None:
        """Without the venue's word. The log says it, too: the caller may wait no longer."""
        self._context.flights.drop(flight.request_id)
        self._comparisons.pop(flight.request_id, None)
        self._context.warn(str(error))
        self._context.reply(flight.reply_to, error)

    # What the venue lists behind its answer

    def due(self, _: ComparisonDue) -> None:
        """Time to ask for the list, or to ask again."""
        context = self._context
        now = context.now.monotonic_ns
        for number, comparison in list(self._comparisons.items()):
            if comparison.due + PATIENCE <= now:
                del self._comparisons[number]
                context.warn(
                    f"What the cancel of all orders (request {number}) has left open could not be asked for. Look at "
                    "what is open."
                )
        if not any(comparison.due <= now for comparison in self._comparisons.values()):
            return
        if context.ready and not context.closing and self._listing not in context.flights.by_id:
            self._listing = context.flights.next_internal_id()
            context.send(requests.ListOpenOrders(request_id=self._listing))
        context.timers.add(now + AGAIN, ComparisonDue())

    def listed(self, flight: Flight, fact: facts.RequestAnswered) -> None:
        """A list of open orders, from any caller."""
        if fact.orders is not None:
            served = [number for number, each in self._comparisons.items() if each.due <= flight.sent_at]
            self._compare(served, fact.orders)

    def logged_in(self, orders: Iterable[OrderView]) -> None:
        """The list of a login. One that came anew on the same connection may have been asked for too early."""
        served = [number for number, each in self._comparisons.items() if each.connection < self._context.connection]
        self._compare(served, orders)

    def _compare(self, served: list[RequestId], orders: Iterable[OrderView]) -> None:
        """Tells what is still open of what these requests were to cancel."""
        if not served:
            return
        comparisons = {number: self._comparisons.pop(number) for number in served}
        for view in orders:
            order = self._context.orders.find(view.venue_order_id, view.wire_id)
            if order is None or (view.status is not None and view.status.is_terminal):
                continue
            for number, comparison in comparisons.items():
                if comparison.meant(order):
                    self._life.reject_cancel(order, number, STILL_OPEN.format(number=number), RejectReason.NO_EFFECT)


def _failed(flight: Flight, reason: str, why: RejectReason) -> RequestFailed:
    return RequestFailed(
        f"The venue refused the cancel of all orders (request {flight.request_id}), so nothing was canceled: "
        f"{_sentence(reason)} What was open is open still.",
        why=why,
        reason=reason,
    )


def _doubtful(flight: Flight, reason: str) -> str:
    return (
        f"It is not known whether the cancel of all orders (request {flight.request_id}) was carried out: "
        f"{_sentence(reason)} Look at what is open."
    )


def _sentence(said: str) -> str:
    """The venue's words, with the full stop that they may lack."""
    return said if said.endswith((".", "!", "?")) else f"{said}."
