"""What cancels and changes share: both act on an order that lives, and both may have to be asked for.

The venue's answer to either is a promise. That it has acted shows in the order's own news; that it has not shows only
in a status answer which finds the order alive after the request's time is over.
"""

from __future__ import annotations

from ..errors import NotSent
from ..reasons import Why
from ..requests import CancelOrder, ReplaceOrder
from ..values import ClientOrderId
from .context import Context
from .in_flight import Flight, Moment
from .query_schedule import QuerySchedule
from .tracking import Order

__all__ = ["Outcomes", "live_order_named", "sentence"]

Acting = Flight[CancelOrder] | Flight[ReplaceOrder]


def live_order_named(context: Context, client_order_id: ClientOrderId, what: str) -> Order:
    """Raises NotSent when there is no such order, or when it has ended. what: begins the sentence."""
    order = context.order_named(client_order_id, what)
    if order.status.is_terminal:
        raise NotSent(
            f"{what} was not sent: order {client_order_id} has ended, {order.status.value}.",
            why=Why.ORDER_ENDED,
            client_order_id=client_order_id,
        )
    return order


def sentence(said: str) -> str:
    """The venue's words as the first of two sentences; "" if there are none."""
    return said and f"{said.rstrip('.')}."


class Outcomes:
    """Stateless. Asks for what became of a cancel or a change."""

    def __init__(self, context: Context, queries: QuerySchedule) -> None:
        self._context = context
        self._queries = queries

    def doubt(self, flight: Acting, order: Order, reason: str) -> None:
        """The venue's answer leaves open what came of it, and no other will come. It is asked for now, in case the
        venue has acted; and when its time is over, to report that the venue has not."""
        # It is kept although no answer will come: the status query that shows the order alive names this reason.
        flight.happens(Moment.LOST)
        flight.doubt = reason
        self._queries.stand(order)

    def ask(self, flight: Acting, order: Order | None, latest: Acting | None) -> None:
        """Its time is over: a status query shows whether the order outlived it, after the next login if there is no
        connection. Not of one that another has followed. latest: the order's last one."""
        if order is not None and not order.status.is_terminal and flight is latest:
            flight.happens(Moment.TIME_OVER)
            self._queries.stand(order)
        else:
            self._context.flights.drop(flight.request_id)

    def has_come_to_nothing(self, flight: Acting, query: Flight) -> bool:
        """True for one that was overdue already when the query was sent which now shows the order alive."""
        # A query that was sent sooner may have been answered before the venue acted on the cancel.
        return flight.overdue and query.asked_at - flight.sent_at >= self._context.rules.request_timeout
