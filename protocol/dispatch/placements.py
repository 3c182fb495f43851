"""The placement of an order, with all its moments: from the command to the venue's answer, or to the lack of one.

The order is ours from the moment when its placement passed the checks: it is registered (`Submitted`) before anything
is sent, so that whatever the venue says of it first, a fill included, finds it. An answer says no more than that the
venue has the request; that the order lives is reported by its own news. Hence a placement without an answer leaves its
order Unknown, never denied: denied is only what certainly did not arrive.
"""

from __future__ import annotations

from msgspec import Raw

from .. import events, facts, requests
from ..client_order_ids import IdMark
from ..errors import DuplicateOrder, NotSent
from ..facts import Outcome
from ..order_json import has_further_terms, order_to_brief_json
from ..orders import NewOrder, OrderIdentity, OrderState
from ..reasons import Why
from ..requests import PlaceOrder
from ..values import NO_TIME, ClientOrderId, OrderType, RequestId, TimeInForce, VenueOrderId, WireId
from .batches import PreparedLeg
from .context import Context
from .conversation import RequestHandler
from .in_flight import Flight, Moment
from .inputs import Asked, Submission
from .order_life import OrderLife
from .previews import Previews
from .query_schedule import QuerySchedule
from .records import Bound, FormerId, Intent
from .tracking import Order

__all__ = ["Placements", "is_of_another"]


def is_of_another(context: Context, order: Order, venue_order_id: VenueOrderId) -> bool:
    """True for an answer that would mix two orders up; it is reported, and to be ignored."""
    mixed_up = context.orders.is_of_another(order, venue_order_id)
    if mixed_up:
        context.warn(
            f"An answer about order {order.identity.client_order_id} names venue order {venue_order_id}, which is "
            "another order of ours. It was ignored; look at what is open."
        )
    return mixed_up


class Placements(RequestHandler[PlaceOrder]):
    """Stateless: what is on its way stands in the context. mark: of this life of the journal, None: there is none."""

    def __init__(
        self, context: Context, life: OrderLife, queries: QuerySchedule, previews: Previews, mark: IdMark | None
    ) -> None:
        self._context = context
        self._tag = mark.tag if mark is not None and context.rules.marks_by_tag else None
        self._life = life
        self._queries = queries
        self._previews = previews

    # The command

    def asked(self, asked: Asked) -> None:
        context = self._context
        # All checks come before `_register`: a refused command must leave nothing behind.
        place, identity = self._prepare(asked)
        context.require_room(place, place.symbol)
        order = self._register(asked, place, identity)
        if place.type is OrderType.MARKET and place.price is None and context.rules.market_needs_price:
            self._previews.ask(place, identity.client_order_id)
        else:
            context.send(place, client_order_id=identity.client_order_id, admission=asked.admission)
        context.reply(asked.reply_to, order.view())

    def leg(self, asked: Asked) -> PreparedLeg:
        """As part of a batch. Raises NotSent."""
        place, identity = self._prepare(asked)

        def register() -> OrderState | RequestId:
            return self._register(asked, place, identity).view()

        is_market = place.type is OrderType.MARKET
        return PreparedLeg(PlaceOrder, place, identity, register, is_new=True, is_market=is_market)

    def _prepare(self, asked: Asked) -> tuple[PlaceOrder, OrderIdentity]:
        """The request and who the order will be; nothing is registered yet. Raises NotSent."""
        submission = asked.submission
        assert submission is not None  # the command handler made it
        order, client_order_id = submission.order, submission.client_order_id
        what = f"Order {client_order_id}"
        known = self._context.orders.by_client_order_id(client_order_id)
        if known is not None:
            raise DuplicateOrder(
                f"{what} was not sent: an order with this client order id is known already, "
                f"{known.status.value}. Choose another id.",
                client_order_id=client_order_id,
            )
        is_beyond_memory = self._context.orders.has_forgotten or self._context.has_lost
        if is_beyond_memory and self._context.known.is_used(client_order_id):
            raise DuplicateOrder(
                f"{what} was not sent: the journal has an order with this client order id. Choose another id.",
                client_order_id=client_order_id,
            )
        self._context.require_link(what)
        self._context.require_free_number(asked.request_id)
        # A venue's id field may be shorter than the user's text, so two texts can meet in one wire id.
        wire_id = self._context.venue.wire_id(client_order_id)
        holder = self._context.orders.by_wire_id(wire_id)
        if holder is not None:
            raise NotSent(
                f"{what} was not sent: on the wire it would carry the same id ({wire_id}) as order "
                f"{holder.identity.client_order_id}. Choose another client order id.",
                why=Why.DUPLICATE_ID,
                client_order_id=client_order_id,
                field="client_order_id",
            )
        self._check_moment(order)
        place = self._place_request(asked.request_id, order, wire_id)
        return place, self._identity(submission, wire_id if self._context.venue.is_named(order) else None)

    def _check_moment(self, order: NewOrder) -> None:
        """An order's times count by the venue's clock; a small skew is left to the venue's patience. Raises NotSent."""
        context = self._context
        now = context.now.wall_ns
        try:
            context.venue.check_moment(order, context.by_venue(now) if context.is_skewed else now)
        except NotSent as refusal:
            raise refusal.reworded(f"{refusal}{context.clock_hint()}") from None

    def _identity(self, submission: Submission, wire_id: WireId | None) -> OrderIdentity:
        order = submission.order
        return OrderIdentity(
            trader=self._context.trader,
            strategy=order.strategy,
            account=self._context.account,
            instrument=submission.instrument.id,  # equal to that of the order, and kept once for all of them
            client_order_id=submission.client_order_id,
            side=order.side,
            type=order.type,
            currency=submission.instrument.quote_currency,
            wire_id=wire_id,
            local_time=self._context.now.wall_ns,
        )

    def _place_request(self, request_id: RequestId, order: NewOrder, wire_id: WireId) -> PlaceOrder:
        return PlaceOrder(
            request_id=request_id,
            symbol=order.instrument.symbol,
            side=order.side,
            type=order.type,
            quantity=order.quantity,
            price=order.price,
            trigger_price=order.trigger_price,
            time_in_force=order.time_in_force,
            post_only=order.post_only,
            wire_id=wire_id,
            tag=order.tag or self._tag,
            reduce_only=order.reduce_only,
            trigger=order.trigger,
            trailing_offset=order.trailing_offset,
            trailing_unit=order.trailing_unit,
            limit_offset=order.limit_offset,
            limit_offset_unit=order.limit_offset_unit,
            expire_time=order.expire_time,
            process_before=self._context.process_before(order.process_before),
            own_deadline=order.process_before is not None,
            display_quantity=order.display_quantity,
            quote_quantity=order.quote_quantity,
            margin=order.margin,
            options=order.options,
        )

    def _register(self, asked: Asked, place: PlaceOrder, identity: OrderIdentity) -> Order:
        """The order is ours from now on."""
        self._context.record(
            events.Submitted(
                identity=identity,
                venue_order_id=None,
                venue_time=NO_TIME,
                local_time=self._context.now.wall_ns,
                request_id=asked.request_id,
                quantity=None if place.quote_quantity else place.quantity,  # it is an amount of money then
                price=place.price,
                trigger_price=place.trigger_price,
                time_in_force=TimeInForce.IOC if place.type is OrderType.MARKET else place.time_in_force,
                post_only=place.post_only,
                quote_quantity=place.quantity if place.quote_quantity else None,
            )
        )
        if self._context.journaled:
            self._note_intent(asked, place, identity)
        return self._context.orders.live[identity.client_order_id]

    def _note_intent(self, asked: Asked, place: PlaceOrder, identity: OrderIdentity) -> None:
        """The whole order, so that a journal has what was wanted, and until when the venue may act on it. Of most
        orders without a deadline, the registration has said it all."""
        submission = asked.submission
        assert submission is not None  # `_prepare` has used it
        if place.process_before is not None or has_further_terms(submission.order):
            order = Raw(order_to_brief_json(submission.order))
            self._context.note(Intent(identity=identity, order=order, process_before=place.process_before))

    # Before it is sent

    def withdraw(self, client_order_id: ClientOrderId) -> bool:
        """Denies an order of which nothing has been sent yet: it is to be canceled. False: there is none."""
        if self._previews.withdraw(client_order_id):
            return True
        return self.withdraw_held(client_order_id)

    def withdraw_held(self, client_order_id: ClientOrderId) -> bool:
        """Denies an order that waits for the venue's time. False: it does not wait."""
        order = self._context.orders.live.get(client_order_id)
        placed = None if order is None else self._context.placement_of(order)
        if placed is None or not placed.held:
            return False
        self._deny_unsent(placed)
        return True

    def withdraw_all(self, symbol: str | None) -> None:
        """Denies the orders that wait for the venue's time or for their price, which nothing would cancel once they
        are sent. symbol None: of every instrument."""
        self._previews.deny_all(requests.WITHDRAWN, Why.WITHDRAWN, symbol)
        for flight in [flight for held in self._context.held for flight in held.flights]:
            placed = self._context.flights.find(PlaceOrder, flight.request_id)
            if placed is not None and symbol in (None, placed.request.symbol):
                self._deny_unsent(placed)

    def _deny_unsent(self, flight: Flight[PlaceOrder]) -> None:
        self._context.flights.drop(flight.request_id)
        self.not_written(flight, requests.WITHDRAWN, Why.WITHDRAWN)

    # What becomes of it

    def answered(self, flight: Flight[PlaceOrder], fact: facts.RequestAnswered) -> None:
        # The answer may come behind the order's own messages; then it only ends the wait.
        flight.answered = True
        order, venue_order_id = self._context.order_of(flight), fact.venue_order_id
        if order is None or order.accepted or order.status.is_terminal:
            self._context.flights.drop(flight.request_id)
        if order is None or venue_order_id is None or venue_order_id == order.venue_order_id:
            return
        if is_of_another(self._context, order, venue_order_id):
            return
        if order.venue_order_id is None:
            self._context.record(Bound(identity=order.identity, venue_order_id=venue_order_id))
            self._life.named(order)
        elif not self._context.orders.is_former_id(order, venue_order_id):
            # The feed was faster, and the order has gone on: this is the id that it began with.
            self._context.record(FormerId(identity=order.identity, venue_order_id=venue_order_id))

    def refused(self, flight: Flight[PlaceOrder], fact: facts.RequestRefused) -> None:
        order = self._context.order_of(flight)
        if fact.outcome is Outcome.AMBIGUOUS:
            if order is not None and not order.accepted and not order.status.is_terminal:
                flight.happens(Moment.LOST)
                self._life.lose(order, fact.reason)
                self._queries.later(order)
                return
        elif order is not None:
            self._life.reject(order, None, fact.reason, fact.why, NO_TIME)
            if not order.status.is_terminal:
                self._queries.soon(order)  # it had been accepted: the venue contradicts itself
        self._context.flights.drop(flight.request_id)

    def lost(self, flight: Flight[PlaceOrder], why: str) -> None:
        """Kept while the order lives and is not accepted: a late answer still tells something."""
        order = self._context.order_of(flight)
        if order is None or order.accepted or order.status.is_terminal:
            self._context.flights.drop(flight.request_id)
        elif not flight.answered:
            self._life.lose(order, why)

    def overdue(self, flight: Flight[PlaceOrder], why: str) -> None:
        order = self._context.order_of(flight)
        if order is None or order.accepted or order.status.is_terminal:
            self._context.flights.drop(flight.request_id)
        # A late answer is still welcome, so the flight is kept; but the order's status is asked for now.
        elif not flight.lost:  # else it is asked about already
            flight.happens(Moment.LOST)
            self.lost(flight, why)
            self._queries.soon(order)

    def not_written(self, flight: Flight[PlaceOrder], reason: str, why: Why) -> None:
        order = self._context.order_of(flight)
        if order is not None:
            self._life.deny(order, reason, why)
