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
from .orders import LIMITED, Change, Distance, Phase, Terms, TriggerTerms, VenueOrder
from .rates import amend_cost, edit_cost
from .refusals import Refused, invalid

__all__ = ["Amendment", "Edit", "amend", "check_edit", "edit", "restate"]

REPLACED = "Order replaced"


@frozen(kw_only=True)
class Amendment:
    """New terms; None is kept. quantity: the new total, base units; limit_distance: how the limit price was asked for;
    trigger: all of it, in place of trigger_price and trigger_kind."""

    quantity: Decimal | None = None
    limit_price: Decimal | None = None
    limit_kind: str | None = None
    limit_distance: Distance | None = None
    display: Decimal | None = None
    trigger: TriggerTerms | None = None
    trigger_price: Decimal | None = None
    trigger_kind: str | None = None
    post_only: bool | None = None


@frozen(kw_only=True)
class Edit:
    """Terms of the replacement; None is taken over, but for userref, which the replacement has only if it is given."""

    symbol: str
    quantity: Decimal | None = None
    limit_price: Decimal | None = None
    limit_distance: Distance | None = None
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
    amend_id = engine.ids.execution()
    if ends:
        engine.end(order, "canceled", BY_USER)
    else:
        _note_original(engine, order)
        _apply(engine, order, terms, market, amend_id)
    engine.settle()
    return amend_id


def _note_original(engine: Engine, order: VenueOrder) -> None:
    """The list of an order's changes begins with it as it was placed."""
    if not order.changes:
        entry = _changed(order, "original", engine.ids.execution(), order.received.wall_ns)
        order.changes.append(evolve(entry, remaining=order.quantity, reason=None, post_only=None))


def _changed(order: VenueOrder, kind: str, amend_id: str, time: int, reason: str = BY_USER) -> Change:
    """The order as it is now."""
    terms = order.terms
    trigger = terms.trigger
    return Change(
        amend_id=amend_id,
        kind=kind,
        quantity=order.quantity,
        remaining=order.left,
        display=terms.display,
        limit_price=terms.limit_price if terms.limit_kind == "static" else None,
        trigger_price=trigger.price if trigger is not None and trigger.kind == "static" else None,
        post_only=terms.post_only,
        reason=reason,
        time=time,
    )


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
        kind = change.limit_kind or terms.limit_kind
        changes |= {"limit_price": change.limit_price, "limit_kind": kind, "limit_distance": change.limit_distance}
    if change.trigger is not None and order.phase is Phase.LIVE:
        raise invalid("trigger_price")
    if change.trigger is not None:
        changes["trigger"] = change.trigger
    if change.trigger_price is not None:
        if terms.trigger is None or order.phase is Phase.LIVE:
            raise invalid("trigger_price")
        trigger_kind = change.trigger_kind or terms.trigger.kind
        changes["trigger"] = evolve(terms.trigger, price=change.trigger_price, kind=trigger_kind, sign=0)
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


def _apply(engine: Engine, order: VenueOrder, terms: Terms, market: Market, amend_id: str) -> None:
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
    order.changes.append(_changed(order, "user", amend_id, engine.now.wall_ns))
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
    _note_original(engine, order)
    order.terms = evolve(order.terms, quantity=quantity)
    order.quantity = quantity
    engine.resize(order)
    order.changes.append(_changed(order, "restated", engine.ids.execution(), engine.now.wall_ns, reason))
    engine.tell_changed(order, "restated", reason)
    if order.phase is Phase.LIVE and order.left < order.shown:
        market.book.reduce(order.order_id, order.left)
        order.shown = order.left


def check_edit(engine: Engine, account: Account, order: VenueOrder, change: Edit) -> Terms:
    """The terms of the replacement. Raises Refused."""
    old = order.terms
    if change.symbol != old.symbol:
        raise invalid("symbol")
    executed_more = change.quantity is not None and change.quantity < order.filled
    if old.conditional is not None or order.fired is not None or executed_more:
        raise Refused(refusals.INVALID_ORDER)  # the venue's documentation of edit_order lists these
    terms = evolve(
        old,
        quantity=order.left if change.quantity is None else change.quantity,
        cash=None,
        limit_price=old.limit_price if change.limit_price is None else change.limit_price,
        limit_distance=old.limit_distance if change.limit_price is None else change.limit_distance,
        trigger=old.trigger if change.trigger is None else change.trigger,
        display=old.display if change.display is None else change.display,
        fee_in_base=old.fee_in_base if change.fee_in_base is None else change.fee_in_base,
        post_only=old.post_only if change.post_only is None else change.post_only,
        reduce_only=old.reduce_only if change.reduce_only is None else change.reduce_only,
        userref=change.userref,
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
