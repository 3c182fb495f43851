"""Amending and editing orders of a simulated Kraken Spot (spec A.12)."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

from attrs import evolve, frozen

from . import refusals
from .accounts import Account
from .checks import check_mode
from .engine import BY_USER, Engine
from .market import Market
from .orders import LIMITED, Phase, Terms, TriggerTerms, VenueOrder
from .rates import amend_cost, edit_cost
from .refusals import Refused, invalid

__all__ = ["Amendment", "Edit", "amend", "check_edit", "edit", "restate"]

REPLACED = "Order replaced"


@frozen(kw_only=True)
class Amendment:
    """New terms; None is kept. quantity: the new total, base units."""

    quantity: Decimal | None = None
    limit_price: Decimal | None = None
    limit_kind: str | None = None
    display: Decimal | None = None
    trigger_price: Decimal | None = None
    trigger_kind: str | None = None
    post_only: bool | None = None


@frozen(kw_only=True)
class Edit:
    """Terms of the replacement; None is taken over."""

    symbol: str
    quantity: Decimal | None = None
    limit_price: Decimal | None = None
    trigger: TriggerTerms | None = None
    display: Decimal | None = None
    fee_in_base: bool | None = None
    post_only: bool | None = None
    reduce_only: bool | None = None
    userref: int | None = None


def amend(engine: Engine, account: Account, order: VenueOrder, change: Amendment) -> str:
    """Changes an order in place; it keeps its ids, and its priority if it only becomes smaller. Gives the id of the
    amendment. Raises Refused."""
    market = engine.markets[order.terms.symbol]
    terms = _amended(order, change)
    check_mode(engine.system, market, terms)
    ends = change.quantity is not None and change.quantity <= order.filled
    if not ends:
        _check_amended(engine, account, order, terms, change)
    age = engine.now.monotonic_ns - order.received.monotonic_ns
    engine.charge(account, terms.symbol, amend_cost(age))
    if ends:
        engine.end(order, "canceled", BY_USER)
    else:
        _apply(engine, order, terms, market)
    engine.settle()
    return engine.ids.execution()


def _amended(order: VenueOrder, change: Amendment) -> Terms:
    terms = order.terms
    changes: dict[str, Any] = {}
    if change.quantity is not None:
        if terms.cash is not None:
            raise invalid("order_qty")
        changes["quantity"] = change.quantity
    if change.limit_price is not None:
        if terms.type not in LIMITED:
            raise invalid("limit_price")
        changes |= {"limit_price": change.limit_price, "limit_kind": change.limit_kind or terms.limit_kind}
    if change.trigger_price is not None:
        if terms.trigger is None or order.phase is Phase.LIVE:
            raise invalid("trigger_price")
        kind = change.trigger_kind or terms.trigger.kind
        changes["trigger"] = evolve(terms.trigger, price=change.trigger_price, kind=kind)
    if change.display is not None:
        if terms.display is None:
            raise invalid("display_qty")
        changes["display"] = change.display
    if change.post_only is not None and terms.type in LIMITED:
        changes["post_only"] = change.post_only
    if not changes:
        raise invalid("order_qty")
    return evolve(terms, **changes)


def _check_amended(engine: Engine, account: Account, order: VenueOrder, terms: Terms, change: Amendment) -> None:
    market = engine.check(evolve(terms, starts=None))  # its start may have passed
    posts = terms.post_only and order.phase is Phase.LIVE
    if posts and change.limit_price is not None and market.book.would_cross(terms.side, change.limit_price):
        raise Refused(refusals.POST_ONLY)
    engine.check_enough(account, order, terms)


def _apply(engine: Engine, order: VenueOrder, terms: Terms, market: Market) -> None:
    only_smaller = terms == evolve(order.terms, quantity=terms.quantity) and terms.display is None
    trigger_moved = terms.trigger != order.terms.trigger
    order.terms = terms
    if terms.quantity is not None:
        order.quantity = terms.quantity
    if terms.limit_kind == "static":
        order.limit = terms.limit_price
    if trigger_moved and order.phase is Phase.WAITING:
        engine.wait_anew(order, market)
    engine.resize(order)
    engine.tell_changed(order, "amended", BY_USER)
    if order.phase is not Phase.LIVE:
        return
    if only_smaller and order.left < order.shown:
        market.book.reduce(order.order_id, order.left)
        order.shown = order.left
    elif not (only_smaller and order.left == order.shown):
        market.book.remove(order.order_id)
        engine.trade(order)


def restate(engine: Engine, order: VenueOrder, quantity: Decimal, reason: str) -> None:
    """The venue itself makes an order smaller. quantity: the new total."""
    market = engine.markets[order.terms.symbol]
    order.terms = evolve(order.terms, quantity=quantity)
    order.quantity = quantity
    engine.resize(order)
    engine.tell_changed(order, "restated", reason)
    if order.phase is Phase.LIVE and order.left < order.shown:
        market.book.reduce(order.order_id, order.left)
        order.shown = order.left


def check_edit(engine: Engine, account: Account, order: VenueOrder, change: Edit) -> Terms:
    """The terms of the replacement. Raises Refused."""
    if change.symbol != order.terms.symbol:
        raise invalid("symbol")
    old = order.terms
    terms = evolve(
        old,
        quantity=order.left if change.quantity is None else change.quantity,
        cash=None,
        limit_price=old.limit_price if change.limit_price is None else change.limit_price,
        trigger=old.trigger if change.trigger is None else change.trigger,
        display=old.display if change.display is None else change.display,
        fee_in_base=old.fee_in_base if change.fee_in_base is None else change.fee_in_base,
        post_only=old.post_only if change.post_only is None else change.post_only,
        reduce_only=old.reduce_only if change.reduce_only is None else change.reduce_only,
        userref=old.userref if change.userref is None else change.userref,
        starts=old.starts if order.phase is Phase.SCHEDULED else None,
        cl_ord_id=None,  # the replacement is another order, and the request has no place for a new id
    )
    market = engine.check(terms)
    engine.admit(account, terms, market, freed=order)
    return terms


def edit(engine: Engine, account: Account, order: VenueOrder, change: Edit) -> VenueOrder:
    """Cancels an order and places another in its stead. Raises Refused."""
    terms = check_edit(engine, account, order, change)
    age = engine.now.monotonic_ns - order.received.monotonic_ns
    engine.charge(account, terms.symbol, edit_cost(age))
    engine.end(order, "canceled", REPLACED)
    replacement = engine.accept(account, terms)
    engine.settle()
    return replacement
