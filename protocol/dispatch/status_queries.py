"""Where one order stands: the question to the venue, of the user's or our own, with all its moments."""

from __future__ import annotations

from typing import Final, cast

from .. import commands, facts
from ..errors import NotSent, RequestFailed
from ..facts import OrderView, Outcome
from ..reasons import RejectReason, Why
from ..requests import QueryOrder
from ..values import NO_TIME
from .cancels import Cancels
from .context import Context
from .conversation import RequestHandler
from .external_orders import ExternalOrders
from .identities import Identities
from .in_flight import Flight
from .inputs import Asked
from .inquiries import Source
from .placements import is_of_another
from .query_schedule import QuerySchedule
from .questions import Evidence
from .replacements import Replacements
from .settling import Settling
from .tracking import Order
from .unclaimed_fills import UnclaimedFills

__all__ = ["StatusQueries"]


UNCLEAR: Final = "The venue's answer does not say where the order stands."


class StatusQueries(RequestHandler[QueryOrder]):
    """Stateless: which orders are asked for is with the schedule, and what is on its way in the context's flights."""

    def __init__(
        self,
        context: Context,
        settling: Settling,
        schedule: QuerySchedule,
        acting: tuple[Cancels, Replacements],
        others: tuple[Identities, ExternalOrders, UnclaimedFills],
    ) -> None:
        self._context = context
        self._settling = settling
        self._schedule = schedule
        self._acting = acting
        self._identities, self._external, self._unclaimed = others

    def asked(self, asked: Asked) -> None:
        client_order_id = cast("commands.Status", asked.command).client_order_id
        order = self._context.order_named(client_order_id, "The status query")
        if not order.can_be_named:
            raise NotSent(
                f"The status query was not sent: order {client_order_id} has no id at the venue that is known here.",
                why=Why.UNKNOWN_ORDER,
                client_order_id=client_order_id,
            )
        self._context.require_link("The status query")
        self._context.require_free_number(asked.request_id)
        request = self._schedule.query_for(order, asked.request_id)
        self._context.send(request, client_order_id=client_order_id, reply_to=asked.reply_to, admission=asked.admission)

    def _evidence(self, flight: Flight[QueryOrder]) -> Evidence:
        # A question in several steps is as old as its first one.
        began = flight.sent_at - flight.asked_at
        at = self._context.by_venue(self._context.sent_at(flight) - began)
        lag = self._context.rules.lists_lag if QueryOrder in self._context.rules.http_requests else 0
        return Evidence(source=Source.STATUS, at=at, lag=lag)

    def answered(self, flight: Flight[QueryOrder], fact: facts.RequestAnswered) -> None:
        # Three askers share this request: executions that wait for their order, external orders, and orders of ours.
        self._context.flights.drop(flight.request_id)
        if self._unclaimed.is_lookup(flight):
            self._unclaimed.looked_up(flight, fact.order)
            return
        if flight.client_order_id is None:
            self._external.status_answered(flight, fact)
            return
        order, view = self._context.order_of(flight), fact.order
        if order is None or view is None or not self._is_about(order, view):
            self._context.reply(flight.reply_to, _failed(flight, RejectReason.NO_ANSWER, UNCLEAR))
            if order is not None and view is not None and order.venue_order_id is None:
                self._settling.absent(order, self._evidence(flight))  # that name leads to another order alone
        else:
            if self._is_a_proposal(order, view, flight):
                self._settling.confirm(order)
            else:
                self._settling.show(order, view, self._evidence(flight))
            self._context.reply(flight.reply_to, self._external.status_report(view, NO_TIME, "", order))
            self._look_further(order, view, flight)
        if flight.own_query:
            self._schedule.over(flight)

    def _is_about(self, order: Order, view: OrderView) -> bool:
        """Never lets an answer mix two orders up."""
        if is_of_another(self._context, order, view.venue_order_id):
            return False
        return self._identities.is_meant(order, view)

    def _is_a_proposal(self, order: Order, view: OrderView, flight: Flight[QueryOrder]) -> bool:
        """Where a status answer shows neither side nor time, one by client id may be about an older order of that name:
        it proposes a venue order id, which the lists confirm."""
        if self._context.rules.status_shows_terms or not _is_by_wire_id(flight):
            return False
        return order.heard_under(view.venue_order_id) is None

    def not_listed(self, fact: facts.OrderNotListed) -> None:
        """One of the venue's lists leaves the order out; another may have it."""
        flight = self._context.flights.find(QueryOrder, fact.request_id)
        if flight is not None:
            self._context.flights.drop(fact.request_id)
            self._schedule.go_on(flight, flight.request, fact.cursor)

    def _look_further(self, order: Order, view: OrderView, query: Flight[QueryOrder]) -> None:
        """What is owed to a cancel or change is reported by where the order stands; one that goes on under another id
        is followed."""
        if order.status.is_terminal or view.venue_order_id != order.venue_order_id:
            return
        if view.status is None:
            self._follow_replacement(order, query)
        # It lives as it was, so an overdue cancel or change may have come to nothing (each looks for itself).
        elif not view.status.is_terminal and order.accepted:
            for acting in self._acting:
                acting.outlived(order, query)
            if self._context.flights.owes(order.identity.client_order_id):
                self._settling.owe(order)

    def _follow_replacement(self, order: Order, query: Flight[QueryOrder]) -> None:
        """The order goes on under an id that we do not know: its wire id finds it if we chose that, else the id that
        the answer to our own change named."""
        by_wire_id = _is_by_wire_id(query)
        change = self._context.flights.change(order.identity.client_order_id)
        named = None if change is None or change.replacement == order.venue_order_id else change.replacement
        if named is None and by_wire_id:
            return  # nothing else to ask by; it is asked again later
        ours = order.request_id is not None
        self._schedule.follow(order, None if ours and not by_wire_id else named)

    def refused(self, flight: Flight[QueryOrder], fact: facts.RequestRefused) -> None:
        self._context.flights.drop(flight.request_id)
        if self._unclaimed.is_lookup(flight):
            self._unclaimed.looked_up(flight, None)
            return
        if flight.client_order_id is None:
            self._external.status_refused(flight, fact)
            return
        self._context.reply(flight.reply_to, _failed(flight, fact.why, fact.reason))
        order = self._context.order_of(flight)
        if fact.outcome is Outcome.NOT_FOUND and order is not None:
            self._not_found(order, flight)
        if flight.own_query:
            self._schedule.over(flight)

    def _not_found(self, order: Order, flight: Flight[QueryOrder]) -> None:
        """No such order. Asked by its wire id, when by now the venue has named its own, that proves nothing of it."""
        asked_for = flight.request.venue_order_id
        if order.venue_order_id is not None and asked_for is None:
            self._follow_replacement(order, flight)
        elif asked_for in (None, order.venue_order_id):
            self._settling.absent(order, self._evidence(flight))

    def lost(self, flight: Flight[QueryOrder], why: str) -> None:
        self._context.flights.drop(flight.request_id)
        self._come_to_nothing(flight, _failed(flight, RejectReason.NO_ANSWER, f"{why} Ask again."))

    def not_written(self, flight: Flight[QueryOrder], reason: str, why: Why) -> None:
        self._come_to_nothing(flight, NotSent(reason, why=why, client_order_id=flight.client_order_id))

    def _come_to_nothing(self, flight: Flight[QueryOrder], error: Exception) -> None:
        if self._unclaimed.is_lookup(flight):
            self._unclaimed.looked_up(flight, None)
        elif flight.own_query and flight.client_order_id is not None:
            self._schedule.over(flight)
        else:
            self._context.reply(flight.reply_to, error)  # of another session's order: it is asked for again by itself


def _failed(flight: Flight[QueryOrder], why: RejectReason, reason: str) -> RequestFailed:
    return RequestFailed(reason, why=why, reason=reason, client_order_id=flight.client_order_id)


def _is_by_wire_id(query: Flight[QueryOrder]) -> bool:
    return query.request.venue_order_id is None
