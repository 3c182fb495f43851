"""How much an order is for: as the venue told it, as a change on its way asks for, and as a view of the order tells
it."""

from __future__ import annotations

from decimal import Decimal

from ..facts import OrderView
from ..values import ZERO, VenueOrderId
from .context import Context
from .inquiries import Question
from .tracking import Order

__all__ = ["counted", "is_in_doubt", "least", "missing_under", "readings", "wanted", "whole"]


def wanted(context: Context, order: Order) -> Decimal | None:
    """The quantity that a change on its way asks for, where the venue keeps the order."""
    return context.flights.wanted_quantity(order.identity.client_order_id) if context.rules.changes_in_place else None


def least(context: Context, order: Order) -> Decimal | None:
    """With how much the order can be complete: with less than it was, if a change to that is on its way."""
    # Which of the two the venue has at this moment cannot be known, so the smaller one may already be reached.
    asked = wanted(context, order)
    return order.quantity if order.quantity is None or asked is None else min(order.quantity, asked)


def whole(context: Context, order: Order, cumulative: Decimal) -> Decimal | None:
    """The quantity that completes the order. A change to more of it may have been made already, and its fills be heard
    before the news of it."""
    # Most fills leave something, and need no look at what is on its way.
    quantity = order.quantity
    if quantity is None or cumulative < quantity:
        return quantity
    asked = wanted(context, order)
    return quantity if asked is None else max(quantity, asked)


def is_in_doubt(context: Context, order: Order) -> bool:
    """True while the order's quantity may not be what we remember: its terms are asked for, or this login has not shown
    it yet."""
    # Another session may have changed it while there was no connection, and this login's list is still to come.
    if order.seen_in != context.login:
        return True
    return order.inquiry is not None and Question.TERMS in order.inquiry.open


def counted(order: Order) -> Decimal:
    """How much of the order has executed, as far as anybody said: what was heard under each venue order id, or what the
    venue counts under it where that is more."""
    if order.inquiry is None:
        return order.cumulative
    return order.cumulative + sum((missing_under(order, each) for each in order.inquiry.totals), ZERO)


def missing_under(order: Order, venue_order_id: VenueOrderId) -> Decimal:
    """How much more the venue counts under one of the order's venue order ids than was heard under it."""
    heard = order.heard_under(venue_order_id)
    total = None if order.inquiry is None else order.inquiry.totals.get(venue_order_id)
    return ZERO if heard is None or total is None else max(ZERO, total - heard)


def readings(order: Order, view: OrderView) -> tuple[Decimal, ...]:
    """What the whole order's quantity may be as a view reports it: nothing, one number, or two of which one is
    right."""
    # An order by amount has a quantity that the venue only estimates (spec Kraken E.11).
    if order.by_amount or view.quantity is None:
        return ()
    first = order.base + view.quantity
    return (first,) if view.other_quantity is None else (first, order.base + view.other_quantity)
