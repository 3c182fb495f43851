"""The price that a market order needs at a venue which takes none without: asked for first, then the order is sent.

The order is registered, and the command answered, before the price is known. Whatever keeps the price away denies the
order: nothing of it has reached the venue.
"""

from __future__ import annotations

from decimal import Decimal

from attrs import evolve

from .. import facts, requests
from ..reasons import Why
from ..requests import PreviewPrice
from ..values import ClientOrderId, OrderStatus
from .context import Context
from .conversation import RequestHandler, warn_of_misfit
from .in_flight import Flight
from .inputs import Admission
from .order_life import OrderLife
from .records import Bound
from .tracking import Order

__all__ = ["Previews"]


class Previews(RequestHandler[PreviewPrice]):
    """Stateless: the order that waits is kept with its flight."""

    def __init__(self, context: Context, life: OrderLife) -> None:
        self._context = context
        self._life = life

    def ask(self, place: requests.PlaceOrder, client_order_id: ClientOrderId) -> None:
        """Asks for the price of this placement, which follows it."""
        preview = PreviewPrice(
            request_id=self._context.flights.next_internal_id(),
            symbol=place.symbol,
            side=place.side,
            quantity=place.quantity,
        )
        self._context.flights.preview_of[client_order_id] = preview.request_id
        self._context.send(preview, client_order_id=client_order_id).place = place

    def told(self, fact: facts.PricePreviewed) -> None:
        """The price."""
        flight = self._context.flights.find(PreviewPrice, fact.request_id)
        if flight is None:
            return
        assert flight.place is not None  # it is kept with the question
        order = self._context.order_of(flight)
        if order is None or order.status is not OrderStatus.SUBMITTED:
            self._deny(flight, "It had ended before it was sent.", Why.ORDER_ENDED)
        elif fact.price is None or fact.filled <= 0:
            self._deny(flight, "There is nothing to trade against, so it was not sent.", Why.NO_PRICE)
        elif not self._context.ready:
            self._deny(flight, "The connection ended before it was sent.", Why.NOT_CONNECTED)
        else:
            self._context.flights.drop(fact.request_id)
            self._send(order, flight.place, fact.price, fact)

    def _send(self, order: Order, place: requests.PlaceOrder, price: Decimal, fact: facts.PricePreviewed) -> None:
        client_order_id = order.identity.client_order_id
        if fact.remaining > 0:
            self._context.warn(
                f"Only {fact.filled} of order {client_order_id} would fill now; {fact.remaining} would not. "
                "It is sent all the same."
            )
        # The price is the worst that the venue may fill at, and the order's state shows it from now on.
        self._context.record(Bound(identity=order.identity, venue_order_id=None, price=price))
        flight = self._context.send(
            evolve(place, price=price), client_order_id=client_order_id, admission=Admission.ORDER
        )
        if self._context.journaled:
            self._context.note_departure(flight)

    def answered(self, flight: Flight[PreviewPrice], fact: facts.RequestAnswered) -> None:
        warn_of_misfit(self._context, fact)

    def refused(self, flight: Flight[PreviewPrice], fact: facts.RequestRefused) -> None:
        self._deny(flight, f"The venue named no price for it: {fact.reason}", Why.NO_PRICE)

    def lost(self, flight: Flight[PreviewPrice], why: str) -> None:
        self._deny(flight, f"The venue named no price for it. {why}", Why.NO_PRICE)

    def not_written(self, flight: Flight[PreviewPrice], reason: str, why: Why) -> None:
        self._deny(flight, reason, why)

    def _deny(self, flight: Flight[PreviewPrice], reason: str, why: Why) -> None:
        """The order that waited for this price is not sent; its credit is free again."""
        self._context.flights.drop(flight.request_id)
        self._context.out.released.append(Admission.ORDER)
        order = self._context.order_of(flight)
        if order is not None:
            self._life.deny(order, reason, why)

    def deny_all(self, reason: str, why: Why, symbol: str | None = None) -> None:
        """No order that waits for its price is sent any more. symbol None: of every instrument."""
        # Over a copy: each denial takes an entry out.
        for client_order_id in list(self._context.flights.preview_of):
            flight = self._context.flights.preview(client_order_id)
            if flight is not None and symbol in (None, flight.request.symbol):
                self._deny(flight, reason, why)

    def withdraw(self, client_order_id: ClientOrderId) -> bool:
        """Denies an order that waits for its price. False: it does not wait."""
        flight = self._context.flights.preview(client_order_id)
        if flight is not None:
            self._deny(flight, requests.WITHDRAWN, Why.WITHDRAWN)
        return flight is not None
