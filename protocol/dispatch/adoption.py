"""Tracking orders that were not submitted here.

An order that is adopted counts as heard what the venue's report of it counts, or what has been counted for it since if
that is more: the fills of before were reported as reports, or are from before this client began, and none is reported
again.

Its name here is one that no order had before, also where memory has let that one go. It may even be that very order,
which the venue shows open again: it is adopted under another name then, and its fills that were told are known by their
ids. Its name at the venue stays what it is.
"""

from __future__ import annotations

from typing import cast

from .. import commands
from ..errors import NotSent
from ..events import OrderStatusReport
from ..orders import OrderIdentity
from ..reasons import Why
from ..values import ZERO, ClientOrderId, OrderStatus, OrderType, StrategyId, VenueOrderId
from .context import Context
from .external_orders import ExternalOrder, ExternalOrders
from .inputs import Asked
from .order_life import OrderLife
from .records import Counted, Registered
from .tracking import Order

__all__ = ["Adoption"]


class Adoption:
    """Stateless: what is known of other sessions' orders stands in the external orders."""

    def __init__(self, context: Context, life: OrderLife, external: ExternalOrders) -> None:
        self._context = context
        self._life = life
        self._external = external

    def adopt(self, asked: Asked) -> None:
        """Answers with the order's state. Raises NotSent."""
        command = cast("commands.Adopt", asked.command)
        # Asked twice, or asked for an order of ours: the answer is the same order.
        order = self._context.orders.by_venue_order_id(command.report.venue_order_id)
        if order is None:
            order = self._adopt(asked, command)
        self._context.reply(asked.reply_to, order.view())

    def _adopt(self, asked: Asked, command: commands.Adopt) -> Order:
        report = command.report
        name = command.client_order_id or report.client_order_id or ClientOrderId(str(report.venue_order_id))
        known = self._require_open(report, name)
        self._require_new(name)
        identity = self._identity(asked, name, command.strategy, known)
        is_market = identity.type is OrderType.MARKET
        self._context.record(
            Registered(
                identity=identity,
                venue_order_id=report.venue_order_id,
                heard=max(report.cumulative or ZERO, known.counted),
                counted=self._counted(known, report),
                quantity=report.quantity,
                price=None if is_market else report.price,
                trigger_price=report.trigger_price,
                time_in_force=report.time_in_force,
                post_only=report.post_only,
            )
        )
        # From here on the order is ours alone, or its next fill would be reported twice.
        self._external.drop(report.venue_order_id)
        order = self._context.orders.live[name]
        self._life.accept(order, report.venue_order_id, report.venue_time)
        if report.status is OrderStatus.TRIGGERED:
            self._life.trigger(order, report.venue_time)
        return order

    def _counted(self, known: ExternalOrder, report: OrderStatusReport | None = None) -> Counted:
        """What counts as heard, though no message told it. The report may count more than was known."""
        # The report may be older or younger than what was heard since; the higher count is the younger one.
        heard, until = known.counted, known.until
        if report is not None and report.cumulative is not None and report.cumulative > heard:
            heard, until = report.cumulative, self._context.by_venue(report.local_time)
        return Counted(since=known.since, until=until, untold=heard - known.told if known.is_exact else None)

    def _require_open(self, report: OrderStatusReport, name: ClientOrderId) -> ExternalOrder:
        if report.status is not None and report.status.is_terminal:
            sentence = f"Order {name} was not adopted: it has ended, {report.status.value}."
            raise NotSent(sentence, why=Why.ORDER_ENDED, client_order_id=name)
        if self._external.has_ended(report.venue_order_id):
            sentence = f"Order {name} was not adopted: it has ended since this report of it."
            raise NotSent(sentence, why=Why.ORDER_ENDED, client_order_id=name)
        known = self._external.open_order(report.venue_order_id)
        if known is None:
            raise NotSent(
                f"Order {name} was not adopted: it is not known here that {self._context.rules.venue} has it open. Ask "
                "for the open orders, and adopt what they show.",
                why=Why.UNKNOWN_ORDER,
                client_order_id=name,
            )
        return known

    def _require_new(self, name: ClientOrderId) -> None:
        """Raises NotSent where an order has, or had, this name."""
        if self._context.orders.by_client_order_id(name) is not None:
            what = "an order with this client order id is known already"
        elif self._context.is_name_of_old(name):
            what = "the journal has an order with this client order id"
        else:
            return
        raise NotSent(
            f"Order {name} was not adopted: {what}. Give it another name (client_order_id).",
            why=Why.DUPLICATE_ID,
            client_order_id=name,
            field="client_order_id",
        )

    def _identity(
        self, asked: Asked, name: ClientOrderId, strategy: StrategyId, known: ExternalOrder | None
    ) -> OrderIdentity:
        """Who the order is, as far as the venue has shown it."""
        # Side and type come from the venue, never from the user's memory: positions are summed by them.
        instrument, view = asked.instrument, None if known is None else known.view
        assert instrument is not None  # the command handler found it
        return OrderIdentity(
            trader=self._context.trader,
            strategy=strategy,
            account=self._context.account,
            instrument=instrument.id,
            client_order_id=name,
            side=None if view is None else view.side,
            type=None if view is None else view.type,
            currency=instrument.quote_currency,
            wire_id=self._context.venue.wire_id(name) if view is None else view.wire_id,
            local_time=self._context.now.wall_ns,
        )

    def register(self, asked: Asked) -> None:
        """By name and venue order id alone: what the order is comes from what the venue has shown of it, and where it
        has shown nothing, from what it reports next. Answers with True, or False if another order has that venue order
        id, or an old one had the name."""
        command = cast("commands.RegisterExternal", asked.command)
        name, venue_order_id = command.client_order_id, command.venue_order_id
        problem = self._why_not(name, venue_order_id)
        if problem is not None:
            self._context.warn(f"Order {name} was not registered: {problem}")
        elif self._context.orders.by_client_order_id(name) is None:
            self._register(asked, name, command.strategy, venue_order_id)
        self._context.reply(asked.reply_to, problem is None)

    def _why_not(self, name: ClientOrderId, venue_order_id: VenueOrderId) -> str | None:
        """Why an order cannot be registered so; None: it can, or is known already."""
        holder = self._context.orders.by_venue_order_id(venue_order_id)
        if holder is not None and holder.identity.client_order_id != name:
            return (
                f"venue order {venue_order_id} is known here already, as order {holder.identity.client_order_id}. Use "
                "that name."
            )
        if self._is_old(name):
            return "the journal has an order with this client order id. Choose another name."
        return None

    def _is_old(self, name: ClientOrderId) -> bool:
        """True for the name of an order that memory has let go."""
        return self._context.orders.by_client_order_id(name) is None and self._context.is_name_of_old(name)

    def _register(self, asked: Asked, name: ClientOrderId, strategy: StrategyId, venue_order_id: VenueOrderId) -> None:
        known = self._external.open_order(venue_order_id)
        identity = self._identity(asked, name, strategy, known)
        if known is None:
            self._context.record(Registered(identity=identity, venue_order_id=venue_order_id))
            return
        view = known.view
        self._context.record(
            Registered(
                identity=identity,
                venue_order_id=venue_order_id,
                heard=known.counted,
                counted=self._counted(known),
                quantity=view.quantity if view.other_quantity is None else None,
                price=None if identity.type is OrderType.MARKET else view.price,
                trigger_price=view.trigger_price,
                time_in_force=view.time_in_force,
                post_only=view.post_only,
            )
        )
        self._external.drop(venue_order_id)
