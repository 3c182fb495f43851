"""The change of one order (`client.replace`), with all its moments, and the news that an order was changed.

Some venues keep the order and change its terms; at others a new order takes its place, under a new venue order id. The
answer to a change says that the venue will make it, and at a venue of the second kind perhaps under which id. That it
was made is the order's own news, which may as well report a change of another session. An order awaits one
change at a time: a second one could not be reported from the first by what the order looks like.
"""

from __future__ import annotations

from decimal import Decimal
from typing import cast

from .. import commands, facts
from ..errors import NotSent
from ..facts import OrderView, Outcome
from ..reasons import RejectReason, Why
from ..requests import ReplaceOrder
from ..structs import evolve
from ..values import ZERO, Instrument, OffsetUnit, OrderStatus, RequestId, VenueOrderId
from .batches import PreparedLeg
from .context import Context
from .conversation import RequestHandler
from .fills import Fills
from .in_flight import Flight
from .inputs import Asked
from .inquiries import Question
from .order_life import OrderLife
from .outcomes import Outcomes, live_order_named, sentence
from .quantities import counted
from .query_schedule import QuerySchedule
from .questions import Questions
from .records import FormerId, ReplaceAsked
from .settling import Settling
from .terms import Terms
from .tracking import Order

__all__ = ["Replacements"]


class Replacements(RequestHandler[ReplaceOrder]):
    """Stateless: what is on its way stands in the context, and which change an order awaits, too (`change_of`)."""

    def __init__(
        self,
        context: Context,
        recording: tuple[OrderLife, Fills, Terms],
        settling: tuple[Settling, Questions, QuerySchedule],
    ) -> None:
        self._context = context
        self._life, self._fills, self._terms = recording
        self._settling, self._questions, self._queries = settling
        self._outcomes = Outcomes(context, self._queries)

    # The command

    def asked(self, asked: Asked) -> None:
        request, order = self._prepare(asked)
        # Everything that may refuse comes before the first thing that is written down.
        self._context.require_room(request, request.symbol, order.identity.local_time)
        client_order_id = order.identity.client_order_id
        self._becomes_latest(order, request)
        self._context.send(request, client_order_id=client_order_id, admission=asked.admission)
        self._context.reply(asked.reply_to, asked.request_id)

    def leg(self, asked: Asked) -> PreparedLeg:
        """As part of a batch. Raises NotSent."""
        request, order = self._prepare(asked)

        def register() -> RequestId:
            self._becomes_latest(order, request)
            return asked.request_id

        return PreparedLeg(ReplaceOrder, request, order.identity, register)

    def _becomes_latest(self, order: Order, request: ReplaceOrder) -> None:
        self._context.flights.change_of[order.identity.client_order_id] = request.request_id
        if self._context.journaled:
            asked = ReplaceAsked(
                identity=order.identity,
                quantity=request.quantity,
                price=request.price,
                trigger_price=request.trigger_price,
            )
            self._context.note(asked)

    def _prepare(self, asked: Asked) -> tuple[ReplaceOrder, Order]:
        """The request, and the order to change. Raises NotSent."""
        command = cast("commands.Replace", asked.command)
        client_order_id = command.client_order_id
        order = live_order_named(self._context, client_order_id, "The change")
        if order.venue_order_id is None:
            raise NotSent(
                f"Cannot change order {client_order_id}: missing venue_order_id. "
                "Wait until the venue has accepted the order.",
                why=Why.NOT_ACCEPTED_YET,
                client_order_id=client_order_id,
            )
        self._context.require_link(f"The change of order {client_order_id}")
        self._context.require_free_number(asked.request_id)
        # A change whose answer is lost may be followed by another: the order's own messages will tell which was made.
        change = self._context.flights.change(client_order_id)
        if change is not None and not change.lost:
            sentence = f"The change was not sent: order {client_order_id} is being changed already."
            raise NotSent(sentence, why=Why.IN_FLIGHT, client_order_id=client_order_id)
        request = ReplaceOrder(
            request_id=asked.request_id,
            venue_order_id=order.venue_order_id,
            quantity=_wire_quantity(self._context, order, command, asked.instrument),
            price=command.price,
            time_in_force=command.time_in_force,
            post_only=command.post_only,
            trigger_price=command.trigger_price,
            trailing_offset=command.trailing_offset,
            trailing_unit=command.trailing_unit or OffsetUnit.PERCENT,  # None only where there is no offset
            display_quantity=command.display_quantity,
            process_before=self._context.process_before(),
            symbol=order.identity.instrument.symbol,
            wire_id=order.identity.wire_id,
        )
        return request, order

    # The venue's answer

    def answered(self, flight: Flight[ReplaceOrder], fact: facts.RequestAnswered) -> None:
        # An answer is a promise: what the order is for, only its own messages tell. The id that it names is kept, for
        # some venues leave it out of those (spec AX 5.6).
        flight.answered = True
        flight.replacement = fact.venue_order_id
        order = self._context.order_of(flight)
        if order is None or self._is_over(flight, order):
            self._context.flights.drop(flight.request_id)
        elif fact.refused:
            self._context.flights.drop(flight.request_id)
            self._life.reject_change(order, flight.request_id, "The venue did not take the change.", RejectReason.OTHER)

    def refused(self, flight: Flight[ReplaceOrder], fact: facts.RequestRefused) -> None:
        order = self._context.order_of(flight)
        if order is None or self._is_over(flight, order):
            self._context.flights.drop(flight.request_id)
        elif fact.outcome is Outcome.AMBIGUOUS:
            self._outcomes.doubt(flight, order, fact.reason)
        else:
            self._context.flights.drop(flight.request_id)
            self._life.reject_change(order, flight.request_id, fact.reason, fact.why)
            if fact.outcome is Outcome.NOT_FOUND:
                self._queries.soon(order)

    def _is_over(self, flight: Flight[ReplaceOrder], order: Order) -> bool:
        """The order has ended, the change has been seen to be made, or there is a newer one."""
        return order.status.is_terminal or self._context.flights.change(order.identity.client_order_id) is not flight

    def refusal_told(self, fact: facts.ReplaceRefused) -> None:
        """The venue's feed says that a change was refused; it names the order alone."""
        # Whose change it was is not said. An order awaits one of ours at a time, so if there is one, it is that.
        order = self._context.orders.find(fact.venue_order_id, fact.wire_id)
        if order is not None and not order.is_over:
            self._life.reject_replacement(order, fact.reason, fact.why)

    # The order's own news

    def told(self, order: Order, fact: facts.OrderReplaced) -> None:
        """The order was changed, in place or by another one: by our change on its way, or by another session's."""
        old, orders = fact.order, self._context.orders
        if order.is_over:
            return
        # Old order first, as it ended, so that its last fills are looked for under its own id; then the new one.
        change = self._context.flights.change(order.identity.client_order_id)
        new_id, terms = self._replacement(fact, change)
        if self._is_old_replacement(order, old.venue_order_id, new_id):
            return
        if not orders.is_former_id(order, old.venue_order_id):
            self._terms.adopt(order, old, fact.time)
        if old is not terms:  # the old order as it ended; new terms in place carry no old total
            self._fills.notice_total(order, old, ahead=True)  # its last fill may be reported behind the replacement
        if new_id is None and old.status is None:
            self._queries.follow(order, None)  # replaced, but it is not said by what
            return
        is_done = True
        if new_id is None or new_id == order.venue_order_id:
            is_done = terms is None or self._changed(order, terms, change, fact.time)
        else:
            carried = ZERO if fact.replacement is None else fact.replacement.cumulative or ZERO
            self._terms.rename(order, new_id, terms, carried, fact.time)
        if is_done:
            self._change_is_done(change, old.venue_order_id)
        self._settling.heard(order, terms or old)  # whoever has changed it, it lives

    def _changed(self, order: Order, terms: OrderView, change: Flight[ReplaceOrder] | None, time: int) -> bool:
        """Takes over the terms of an order that was changed in place. False: that was not the change on its way, but
        one that the venue or another session has made."""
        if not self._context.rules.changes_in_place:
            self._terms.take_terms(order, terms, time)
            return True
        # It is our change if it shows the terms that we asked for. A reduce-only order may have been made smaller by
        # the venue, and a quantity with two readings is the one that we asked for, if that is one of them.
        is_ours = False
        if change is not None:
            request = change.request
            if terms.other_quantity is not None and terms.other_quantity == request.quantity:
                terms = evolve(terms, quantity=request.quantity, other_quantity=None)
            asked = request.reduced_to(terms.quantity) if terms.reduce_only else request
            is_ours = asked.agrees_with(terms.quantity, terms.price, terms.trigger_price) is not False
            if is_ours and terms.quantity is None:
                terms = evolve(terms, quantity=request.quantity)  # left out, so it is what was asked for, if it was
        self._terms.take_terms(order, terms, time)
        self._fills.notice_total(order, terms)
        if not is_ours and terms.quantity is None:
            self._questions.ask(order, Question.TERMS)
            self._queries.soon(order)  # another session's change, which may be of what is left out (spec Kraken D.1)
        return is_ours

    def _is_old_replacement(self, order: Order, old_id: VenueOrderId, new_id: VenueOrderId | None) -> bool:
        """True for a replacement that is no news, or none of this order's."""
        # Messages of replacements may come twice, late, or in the wrong order. What is known of both ids decides.
        orders = self._context.orders
        if new_id is not None:
            if orders.is_of_another(order, new_id):
                self._context.warn(
                    f"The venue said that order {order.identity.client_order_id} became {new_id}, which is another "
                    "order of ours. That was ignored; look at what is open."
                )
                return True
            if orders.is_former_id(order, new_id):
                return True
        if not orders.is_former_id(order, old_id) or new_id == order.venue_order_id:
            return False
        if new_id is not None:  # an id between two that we know; its late fills must find the order
            self._context.record(FormerId(identity=order.identity, venue_order_id=new_id))
        return True

    def _change_is_done(self, change: Flight[ReplaceOrder] | None, old_id: VenueOrderId) -> None:
        if change is None or change.request.venue_order_id != old_id:
            return
        if change.is_awaited:
            self._context.flights.detach(change)  # the event came before the answer, as it may (spec Kraken E.2)
        else:
            self._context.flights.drop(change.request_id)

    def _replacement(
        self, fact: facts.OrderReplaced, flight: Flight[ReplaceOrder] | None
    ) -> tuple[VenueOrderId | None, OrderView | None]:
        """The new venue order id (None: amended in place, or untold) and the new terms (None: untold).

        Where the event leaves the id out, the answer to our own request names it (spec AX 5.6).
        """
        new_id = fact.new_venue_order_id
        if new_id is None and fact.replacement is not None:
            new_id = fact.replacement.venue_order_id
        if new_id is None and flight is not None:
            new_id = flight.replacement
        if fact.replacement is not None:
            return new_id, fact.replacement
        if fact.order.status is not None:
            return new_id, fact.order  # in place, or the legacy shape: these are the new terms
        if flight is None or new_id is None:
            return new_id, None
        # The venue named the new id alone, so its terms are what we asked for, else those of the old order.
        left = None if fact.order.quantity is None else fact.order.quantity - (fact.order.cumulative or ZERO)
        return new_id, _with_terms(fact.order, new_id, flight.request, left)

    # No answer

    def lost(self, flight: Flight[ReplaceOrder], why: str) -> None:
        """Kept: the sender may still report that it was never written, and if not, its outcome is asked for once its
        time is over."""

    def overdue(self, flight: Flight[ReplaceOrder], why: str) -> None:
        order = self._context.order_of(flight)
        latest = None if order is None else self._context.flights.change(order.identity.client_order_id)
        self._outcomes.ask(flight, order, latest)

    def outlived(self, order: Order, query: Flight) -> None:
        """A status query shows the order live, under the venue order id that we know: a change that was overdue when
        the query was sent came to nothing, unless the order has changed."""
        flight = self._context.flights.change(order.identity.client_order_id)
        if flight is None or not self._outcomes.has_come_to_nothing(flight, query):
            return
        self._context.flights.drop(flight.request_id)
        if self._is_as_it_was(order, flight):
            reason = f"{sentence(flight.doubt)} The venue has not acted on it; the order is live as it was."
            self._life.reject_change(order, flight.request_id, reason.strip(), RejectReason.NO_EFFECT)

    def _is_as_it_was(self, order: Order, flight: Flight[ReplaceOrder]) -> bool:
        """Of the order as a status query has just shown it."""
        # Where a change makes another order, the id tells. In place, only the terms can, and if the change was of
        # nothing that a view shows, the venue's answer must be believed.
        request = flight.request
        if not self._context.rules.changes_in_place:
            return request.venue_order_id == order.venue_order_id
        agrees = request.agrees_with(order.quantity, order.price, order.trigger_price)
        return not (flight.answered if agrees is None else agrees)

    def not_written(self, flight: Flight[ReplaceOrder], reason: str, why: Why) -> None:
        order = self._context.order_of(flight)
        if order is not None:
            self._life.reject_change(order, flight.request_id, reason, RejectReason.NOT_SENT)


def _with_terms(old: OrderView, new_id: VenueOrderId, change: ReplaceOrder, left: Decimal | None) -> OrderView:
    """How the replacement must look where the venue named its id alone: our own price and quantity, else the old ones.
    Its other terms are not read."""
    return OrderView(
        venue_order_id=new_id,
        wire_id=old.wire_id,
        symbol=old.symbol,
        side=old.side,
        price=old.price if change.price is None else change.price,
        quantity=left if change.quantity is None else change.quantity,
        cumulative=ZERO,
        status=OrderStatus.ACCEPTED,
        time_in_force=old.time_in_force,
        post_only=old.post_only,
    )


def _wire_quantity(
    context: Context, order: Order, change: commands.Replace, instrument: Instrument | None
) -> Decimal | None:
    """The quantity that the change asks for, None: it keeps it. instrument: as the command handler found it. Raises
    NotSent when what `leaves` comes to fails the venue's checks."""
    if change.leaves is None:
        return change.quantity
    # `leaves` means the same at every venue; what the venue's own field counts differs.
    assert instrument is not None  # the command handler found it
    quantity = change.leaves + _counted(context, order)
    try:
        context.venue.check_change(evolve(change, quantity=quantity, leaves=None), instrument)
    except NotSent as refusal:
        sentence = f"The change of order {change.client_order_id} was not sent: {refusal}"
        raise refusal.reworded(sentence, client_order_id=change.client_order_id) from None
    return quantity


def _counted(context: Context, order: Order) -> Decimal:
    """How much of the quantity the venue counts as filled, as far as we know."""
    return counted(order) - order.base if context.rules.changes_in_place else Decimal(0)
