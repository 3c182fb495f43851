"""What is open at the venue: the question, of the user's or our own, with all its moments.

Every list is evidence about all orders: those that it shows, by their terms, and those that it leaves out. It lags, so
it takes back nothing that is younger.
"""

from __future__ import annotations

from .. import facts
from ..errors import NotSent, RequestFailed
from ..events import OrderStatusReport
from ..facts import OrderView
from ..reasons import RejectReason, Why
from ..requests import ListOpenOrders
from ..values import NO_TIME, ClientOrderId
from .cancel_all import CancelAll
from .context import Context
from .conversation import RequestHandler
from .external_orders import ExternalOrders
from .identities import Identities
from .in_flight import Flight
from .inputs import Asked
from .inquiries import Source
from .list_schedule import ListSchedule
from .questions import Evidence
from .settling import Settling
from .tracking import Order

__all__ = ["OpenLists"]


class OpenLists(RequestHandler[ListOpenOrders]):
    """Owns which orders that have ended here the venue goes on listing, and how often it has. Why a list of our own was
    asked for is with the schedule. cancel_all: reads each list, too."""

    def __init__(
        self,
        context: Context,
        settling: Settling,
        schedule: ListSchedule,
        others: tuple[Identities, ExternalOrders],
        cancel_all: CancelAll,
    ) -> None:
        self._context = context
        self._settling = settling
        self._schedule = schedule
        self._identities, self._external = others
        self._cancel_all = cancel_all
        # A list that crosses an order's end shows it once; twice in a row is a contradiction.
        self._listed_over: dict[ClientOrderId, int] = {}

    def asked(self, asked: Asked) -> None:
        self._context.require_link("The question for open orders")
        self._context.require_free_number(asked.request_id)
        request = ListOpenOrders(request_id=asked.request_id)
        self._context.send(request, reply_to=asked.reply_to, admission=asked.admission)

    def answered(self, flight: Flight[ListOpenOrders], fact: facts.RequestAnswered) -> None:
        self._context.flights.drop(flight.request_id)
        reports: list[OrderStatusReport] = []
        if fact.orders is not None:
            asked_at = self._context.sent_at(flight)
            evidence = self._schedule.evidence(Source.LIST, asked_at)
            wants_reports = flight.reply_to is not None
            self._take(fact.orders, evidence, reports if wants_reports else None)
            self._external.take_list(fact.orders, asked_at, self._context.rules.lists_lag)
        # The user's answer comes behind the events that the list gave rise to, so both agree.
        self._schedule.over(flight.request_id)
        self._context.reply(flight.reply_to, tuple(reports))
        self._cancel_all.listed(flight, fact)

    def _take(self, views: tuple[OrderView, ...], evidence: Evidence, reports: list[OrderStatusReport] | None) -> None:
        """A whole list. reports: to be filled in for the caller."""
        found: set[ClientOrderId] = set()
        listed_before, self._listed_over = self._listed_over, {}
        for view in views:
            order = self._identities.of(view, asked_at=evidence.at)
            if order is not None:
                found.add(order.identity.client_order_id)
                self._show(order, view, evidence, listed_before)
            if reports is not None:
                reports.append(self._external.status_report(view, NO_TIME, "", order))
        # Orders placed after the list was made must not count as missing from it.
        live = self._context.orders.live.items()
        unlisted = [order for name, order in live if name not in found and self._must_be_listed(order, evidence)]
        self._settling.unlisted(unlisted, evidence)
        self._schedule.taken(evidence)

    def _must_be_listed(self, order: Order, evidence: Evidence) -> bool:
        """Whether the list ought to show the order if it is open: one that lags leaves out what is new."""
        return self._context.placed_by_venue(order) < evidence.holds_until

    def _show(self, order: Order, view: OrderView, evidence: Evidence, listed_before: dict[ClientOrderId, int]) -> None:
        self._settling.show(order, view, evidence)
        if order.is_over:
            name = order.identity.client_order_id
            times = self._listed_over[name] = listed_before.get(name, 0) + 1
            if times == 2:
                self._context.warn(
                    f"The venue lists order {name} as open, though it has ended here ({order.status.value}). Look at "
                    "the venue, and cancel it there if you do not want it."
                )

    def refused(self, flight: Flight[ListOpenOrders], fact: facts.RequestRefused) -> None:
        self._context.flights.drop(flight.request_id)
        self._schedule.over(flight.request_id)
        self._context.reply(flight.reply_to, RequestFailed(fact.reason, why=fact.why, reason=fact.reason))

    def lost(self, flight: Flight[ListOpenOrders], why: str) -> None:
        self._context.flights.drop(flight.request_id)
        self._schedule.over(flight.request_id)
        failure = RequestFailed(f"{why} Ask again.", why=RejectReason.NO_ANSWER, reason=why)
        self._context.reply(flight.reply_to, failure)

    def not_written(self, flight: Flight[ListOpenOrders], reason: str, why: Why) -> None:
        self._schedule.over(flight.request_id)
        self._context.reply(flight.reply_to, NotSent(reason, why=why))
