"""Placing, changing and canceling over REST at a simulated Kraken Spot (spec A.17)."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from decimal import Decimal
from typing import Any, Final

from attrs import evolve

from ...values import ZERO
from . import refusals, rest_parameters
from .checks import TIMES_IN_FORCE, check_deadline
from .engine import is_tag
from .market import Market
from .order_entry import switch_times
from .order_forms import time_of
from .orders import LIMITED, TRIGGERED, Terms, TriggerTerms, VenueOrder
from .refusals import InvalidArgument, Refused, invalid
from .replacements import Amendment, Edit, amend, check_edit, edit
from .rest_call import Call, Handler
from .rest_order_forms import limit_price_of, rest_price, terms_of_form, trigger_price_of
from .settings import Pair
from .views import close_sentence, order_sentence, price_texts, volume

__all__ = ["ENTRY"]

Row = dict[str, Any]

SECOND: Final = 1_000_000_000
DAY: Final = 86_400
SHORTEST_DEADLINE: Final = 2 * SECOND
FEWEST_IN_BATCH: Final = 2
MOST_IN_BATCH: Final = 15
MOST_TO_CANCEL: Final = 50

REST_WORDS: Final[Mapping[str, str]] = {
    "cash_order_qty": "volume",
    "conditional": "close",
    "display_qty": "displayvol",
    "effective_time": "starttm",
    "expire_time": "expiretm",
    "limit_price": "price",
    "limit_price_type": "price2",
    "order_qty": "volume",
    "order_type": "ordertype",
    "order_userref": "userref",
    "post_only": "oflags",
    "price_type": "price",
    "time_in_force": "timeinforce",
    "triggers": "price",
}
"""What the engine calls a parameter as AddOrder and EditOrder call it."""


TXID: Final[Mapping[str, str]] = {"order_id": "txid"}
"""The same of AmendOrder and CancelOrder."""


@contextmanager
def _in_rest_words(words: Mapping[str, str] = REST_WORDS) -> Iterator[None]:
    try:
        yield
    except InvalidArgument as refused:
        raise invalid(words.get(refused.argument, refused.argument)) from None


def _check_deadline(call: Call, text: str | None) -> None:
    delay = call.engine.settings.engine_delay
    check_deadline(time_of(text, "deadline"), call.now, delay, least=SHORTEST_DEADLINE)


def _market(call: Call, name: str | None) -> Market:
    """By any name of its pair. Raises Refused."""
    return call.engine.markets[call.pair(name).symbol]


# Placing


def _described(terms: Terms, quantity: Decimal | None, pair: Pair) -> Row:
    """In the answer to a placement: the sentences alone."""
    order = order_sentence(terms, terms.cash or quantity or ZERO, pair)
    close = close_sentence(terms, pair)
    return {"order": order, "close": close} if close else {"order": order}


def _terms(call: Call, form: rest_parameters.OrderTerms, market: Market) -> Terms:
    """Raises Refused."""
    _note_the_undocumented(call, form)
    return terms_of_form(form, market, call.now)


def _note_the_undocumented(call: Call, form: rest_parameters.OrderTerms) -> None:
    """What the venue is not known to take, or ignores for such an order. Raises Refused, if it is strict."""
    kind = form.ordertype or ""
    if form.timeinforce not in (None, *TIMES_IN_FORCE):
        call.strictness.undocumented_value(call.name, "timeinforce", form.timeinforce)
    without_meaning = {
        "price": kind == "market",
        "price2": kind not in TRIGGERED & LIMITED,
        "trigger": kind not in TRIGGERED,
        "displayvol": kind not in ("limit", "iceberg"),
    }
    for name, is_ignored in without_meaning.items():
        if is_ignored and getattr(form, name) is not None:
            call.strictness.undocumented_combination(call.name, name, f"means nothing for a {kind} order")


def _check_class(call: Call, asset_class: str | None) -> None:
    """There are no tokenized assets here. Raises Refused."""
    if asset_class == "tokenized_asset":
        raise Refused(refusals.UNKNOWN_PAIR)
    if asset_class is not None:
        call.strictness.undocumented_value(call.name, "asset_class", asset_class)


def _add(call: Call) -> Row:
    form = call.form(rest_parameters.AddOrder)
    _check_deadline(call, form.deadline)
    _check_class(call, form.asset_class)
    market = _market(call, form.pair)
    with _in_rest_words():
        terms = _terms(call, form, market)
        if form.validate:
            call.engine.admit(call.account, terms, call.engine.check(terms))
            return {"descr": _described(terms, terms.quantity, market.pair)}
        order = call.engine.place(call.account, terms)
    return {"descr": _described(terms, order.quantity, market.pair), "txid": [order.order_id]}


def _add_batch(call: Call) -> Row:
    form = call.form(rest_parameters.AddOrderBatch)
    _check_deadline(call, form.deadline)
    _check_class(call, form.asset_class)
    market, legs = _market(call, form.pair), form.orders or []
    if not FEWEST_IN_BATCH <= len(legs) <= MOST_IN_BATCH:
        raise invalid("orders")
    with _in_rest_words():
        batch = [_terms(call, leg, market) for leg in legs]
        call.engine.check_batch(call.account, batch)
    if form.validate:
        return {"orders": [{"descr": _described(terms, terms.quantity, market.pair)} for terms in batch]}
    return {"orders": [_leg(call, terms, market.pair, len(batch)) for terms in batch]}


def _leg(call: Call, terms: Terms, pair: Pair, batch: int) -> Row:
    try:
        with _in_rest_words():
            order = call.engine.place(call.account, terms, batch=batch)
    except Refused as refused:
        return {"error": refused.text}
    return {"txid": order.order_id, "descr": _described(terms, order.quantity, pair)}


# Changing


def _amend(call: Call) -> Row:
    form = call.form(rest_parameters.AmendOrder)
    _check_deadline(call, form.deadline)
    with _in_rest_words(TXID):
        order = call.engine.find(call.account, form.txid, form.cl_ord_id)
    if form.pair is not None and call.pair(form.pair) != call.pair_of(order):
        raise invalid("pair")
    change = Amendment(
        quantity=form.order_qty,
        display=form.display_qty,
        trigger=_new_trigger(order, form.trigger_price),
        post_only=form.post_only,
    )
    if form.limit_price is not None:
        terms = order.terms if change.trigger is None else evolve(order.terms, trigger=change.trigger)
        market = call.engine.markets[order.terms.symbol]
        priced = limit_price_of(terms, rest_price(form.limit_price, "limit_price"), market)
        limit, kind, distance = priced.limit_price, priced.limit_kind, priced.limit_distance
        change = evolve(change, limit_price=limit, limit_kind=kind, limit_distance=distance)
    return {"amend_id": amend(call.engine, call.account, order, change)}


def _new_trigger(order: VenueOrder, text: str | None) -> TriggerTerms | None:
    """Raises Refused."""
    if text is None:
        return None
    if order.terms.trigger is None:
        raise invalid("trigger_price")
    return trigger_price_of(order.terms, rest_price(text, "trigger_price"))


def _edit(call: Call) -> Row:
    form = call.form(rest_parameters.EditOrder)
    _check_deadline(call, form.deadline)
    market = _market(call, form.pair)
    order = _editable(call, form.txid)
    change = _change_of(order, form, market)
    pair = market.pair
    if form.validate:
        with _in_rest_words():
            terms = check_edit(call.engine, call.account, order, change)
        return {"status": "ok", "descr": _described(terms, terms.quantity, pair)}
    with _in_rest_words():
        new = edit(call.engine, call.account, order, change)
    price, price2 = price_texts(new.terms, new.terms.side, pair)
    references = {"newuserref": new.terms.userref, "olduserref": order.terms.userref}
    return {
        "status": "ok",
        "txid": new.order_id,
        "originaltxid": order.order_id,
        "volume": volume(new.quantity, pair),
        "price": price,
        "price2": price2,
        "orders_cancelled": 1,
        "descr": _described(new.terms, new.quantity, pair),
        **{name: str(tag) for name, tag in references.items() if tag is not None},
    }


def _editable(call: Call, name: str | None) -> VenueOrder:
    """By order id, or by a tag that only one open order has. Raises Refused."""
    if name is None:
        raise invalid("txid")
    if not is_tag(name):
        return call.engine.find(call.account, name)
    orders = call.engine.find_by_userref(call.account, int(name))
    if len(orders) > 1:
        raise invalid("txid")
    return orders[0]


def _change_of(order: VenueOrder, form: rest_parameters.EditOrder, market: Market) -> Edit:
    """Raises Refused."""
    terms, triggered = order.terms, order.terms.trigger is not None
    trigger = trigger_price_of(terms, rest_price(form.price)) if triggered and form.price else terms.trigger
    limit = form.price2 if triggered else form.price
    if limit:
        terms = limit_price_of(evolve(terms, trigger=trigger), rest_price(limit), market)
    flags = None if form.oflags is None else form.oflags.split(",")
    return Edit(
        symbol=market.pair.symbol,
        quantity=form.volume,
        limit_price=terms.limit_price,
        limit_distance=terms.limit_distance,
        trigger=trigger,
        display=form.displayvol,
        post_only=None if flags is None else "post" in flags,
        fee_in_base=None if flags is None else "fcib" in flags,
        userref=form.userref,
    )


# Canceling


def _cancel(call: Call) -> Row:
    form = call.form(rest_parameters.CancelOrder)
    if form.txid is not None and form.cl_ord_id is None and is_tag(form.txid):
        orders = call.engine.find_by_userref(call.account, int(form.txid))
    else:
        with _in_rest_words(TXID):
            orders = [call.engine.find(call.account, form.txid, form.cl_ord_id)]
    for order in orders:
        call.engine.cancel(order)
    call.engine.settle()
    return {"count": len(orders)}


def _cancel_batch(call: Call) -> Row:
    form = call.form(rest_parameters.CancelOrderBatch)
    names, client_ids = form.orders or [], form.cl_ord_ids or []
    if not 0 < len(names) + len(client_ids) <= MOST_TO_CANCEL:
        raise invalid("orders")
    return {"count": call.engine.cancel_some(call.account, names, client_ids)}


def _cancel_all(call: Call) -> Row:
    call.form(rest_parameters.Nothing)
    return {"count": call.engine.cancel_all_asked(call.account)}


def _cancel_after(call: Call) -> Row:
    timeout = call.form(rest_parameters.CancelAllOrdersAfter).timeout
    if not 0 <= timeout < DAY:
        raise invalid("timeout")
    call.engine.set_switch(call.account, timeout)
    current, trigger = switch_times(call.now.wall_ns, timeout)
    return {"currentTime": current, "triggerTime": trigger}


ENTRY: Final[Mapping[str, Handler]] = {
    "AddOrder": _add,
    "AddOrderBatch": _add_batch,
    "AmendOrder": _amend,
    "CancelAll": _cancel_all,
    "CancelAllOrdersAfter": _cancel_after,
    "CancelOrder": _cancel,
    "CancelOrderBatch": _cancel_batch,
    "EditOrder": _edit,
}
