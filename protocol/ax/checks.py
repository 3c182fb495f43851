"""What AX is never sent: orders and changes that it would reject, ignore or misread (spec AX 8).

Each check raises NotSent with the reason; the command handler puts in front what was not sent.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from decimal import Decimal, InvalidOperation
from hashlib import sha256
from operator import attrgetter
from typing import Final

from ..client_order_ids import is_name
from ..commands import Replace
from ..errors import NotSent
from ..known_instruments import not_known
from ..orders import NewOrder
from ..reasons import Why
from ..values import ClientOrderId, Instrument, OrderType, TimeInForce, TriggerType, WireId
from ..wire.numbers import is_plausible, plain
from .converter import LARGEST_U64
from .instruments import VENUE

__all__ = ["check_change", "check_order", "check_terms", "is_tag", "wire_id"]

ORDER_TYPES: Final = (OrderType.MARKET, OrderType.LIMIT, OrderType.STOP_LIMIT)
ACCEPTED_TIMES_IN_FORCE: Final = (TimeInForce.GTC, TimeInForce.IOC, TimeInForce.DAY)
ACCEPTED_TRIGGERS: Final = (TriggerType.DEFAULT, TriggerType.LAST)
# Python 3.11 looks a member up in its enumeration five times as slowly as a name in a module.
LIMIT, MARKET, STOP_LIMIT = OrderType.LIMIT, OrderType.MARKET, OrderType.STOP_LIMIT
TAG: Final = re.compile(r"[A-Za-z0-9]{1,10}")
POST_ONLY_IOC: Final = "post-only cannot be combined with IOC, since such an order could never trade."


def check_order(order: NewOrder, instruments: Mapping[str, Instrument]) -> Instrument:
    """The instrument of an order. Raises NotSent for an order that no setting would let through."""
    if order.type not in ORDER_TYPES:
        raise NotSent(
            f"AX has no orders of type {order.type.name}; it takes MARKET, LIMIT and STOP_LIMIT.",
            why=Why.UNSUPPORTED,
            field="type",
        )
    wanted = order.instrument
    instrument = instruments.get(wanted.symbol)
    if instrument is None or wanted.venue != VENUE:
        raise NotSent(not_known(wanted, VENUE), why=Why.UNKNOWN_INSTRUMENT, field="instrument")
    _check_whole(order.quantity)
    name = order.client_order_id
    if name is not None and not is_name(name):
        raise NotSent(
            f"a client order id must be 1 to 36 printable characters, not {name[:40]!r}.", field="client_order_id"
        )
    return instrument


def check_terms(order: NewOrder, instrument: Instrument, *, strict: bool, supports_stop_limit: bool) -> None:
    """strict: refuse what the venue would reject, ignore or misread as well. supports_stop_limit: send stop-limit
    orders although the venue is known to ignore the trigger."""
    _check_absent_terms(order)
    kind, price, trigger_price = order.type, order.price, order.trigger_price
    if kind is not MARKET:
        _check_limit_terms(order)
    if kind is STOP_LIMIT and not supports_stop_limit:
        raise NotSent(
            "AX ignores the trigger price, so the order would trade at once as a plain limit order.",
            why=Why.UNSUPPORTED,
            field="type",
        )
    if price is not None:
        _check_plausible("price", price)
    if trigger_price is not None:
        _check_plausible("trigger price", trigger_price)
    if strict:
        _check_promises(order)
        _check_minimum(order.quantity, instrument)
        if price is not None:
            _check_price("price", price, instrument)
        if trigger_price is not None:
            _check_price("trigger price", trigger_price, instrument)
        if order.tag is not None and not is_tag(order.tag):
            raise NotSent(f"an order tag must be 1 to 10 letters and digits, not {order.tag[:60]!r}.", field="tag")


def check_change(change: Replace, instrument: Instrument, *, strict: bool) -> None:
    """strict: as for `check_terms`."""
    terms = (change.quantity, change.price, change.time_in_force, change.post_only)
    if (change.trigger_price, change.trailing_offset, change.display_quantity) != (None, None, None):
        raise NotSent("AX changes price, quantity, time in force and post-only alone.", why=Why.UNSUPPORTED)
    if all(term is None for term in terms):
        raise NotSent("it changes nothing.")
    if change.quantity is not None:
        _check_whole(change.quantity)
    if change.time_in_force is not None:
        _check_time_in_force(change.time_in_force)
    if change.price is not None:
        _check_plausible("price", change.price)
    if strict:
        if change.post_only and change.time_in_force is TimeInForce.IOC:
            raise NotSent(POST_ONLY_IOC, field="post_only")
        if change.quantity is not None:
            _check_minimum(change.quantity, instrument)
        if change.price is not None:
            _check_price("price", change.price, instrument)


def is_tag(text: str) -> bool:
    """True for what an order may be tagged with: 1 to 10 letters and digits."""
    return TAG.fullmatch(text) is not None


def wire_id(client_order_id: ClientOrderId) -> WireId:
    """The first eight bytes of the SHA-256 of the name: the same in every process, never 0."""
    return int.from_bytes(sha256(client_order_id.encode("utf-8", "surrogatepass")).digest()[:8], "big") or 1


def _check_whole(quantity: Decimal) -> None:
    if quantity != quantity.to_integral_value():
        raise NotSent(f"the quantity {quantity} is not a whole number of contracts.", field="quantity")
    if quantity < 1:
        raise NotSent(f"the quantity {quantity} is less than one contract.", field="quantity")
    if quantity > LARGEST_U64:
        raise NotSent(f"the quantity {quantity} is more than AX can count.", field="quantity")


def _check_limit_terms(order: NewOrder) -> None:
    what = "limit" if order.type is LIMIT else "stop-limit"
    _check_time_in_force(order.time_in_force)
    if order.price is None:
        raise NotSent(f"a {what} order needs a price.", field="price")
    if order.type is STOP_LIMIT and order.trigger_price is None:
        raise NotSent(f"a {what} order needs a trigger price.", field="trigger_price")


def _check_time_in_force(time_in_force: TimeInForce) -> None:
    if time_in_force not in ACCEPTED_TIMES_IN_FORCE:
        raise NotSent(
            f"AX has no time in force {time_in_force.name}; it takes GTC, IOC and DAY.",
            why=Why.UNSUPPORTED,
            field="time_in_force",
        )


ABSENT: Final = (
    ("trailing_offset", "a trailing offset"),
    ("limit_offset", "a limit offset"),
    ("expire_time", "an expiry time"),
    ("process_before", "a time to process it before"),
    ("display_quantity", "a display quantity"),
    ("quote_quantity", "an amount of quote currency"),
    ("margin", "a choice of margin"),
    ("options", "options of another venue"),
)
"""Fields of `NewOrder` that AX has no counterpart for."""


_absent_terms: Final = attrgetter(*(name for name, _ in ABSENT))


def _check_absent_terms(order: NewOrder) -> None:
    terms = _absent_terms(order)
    if any(terms):
        name, what = next(absent for value, absent in zip(terms, ABSENT, strict=True) if value)
        raise NotSent(f"AX has no orders with {what}.", why=Why.UNSUPPORTED, field=name)
    if order.trigger not in ACCEPTED_TRIGGERS:
        raise NotSent("on AX a trigger looks at the last price alone.", field="trigger")


def _check_promises(order: NewOrder) -> None:
    """Refuses what AX would silently leave out of the order, or reject."""
    if order.reduce_only:
        raise NotSent(
            "AX has no reduce-only orders; the position could grow or turn.", why=Why.UNSUPPORTED, field="reduce_only"
        )
    if not order.post_only:
        return
    if order.type is not LIMIT:
        raise NotSent(f"only limit orders can be post-only; this is a {order.type.name} order.", field="post_only")
    if order.time_in_force is TimeInForce.IOC:
        raise NotSent(POST_ONLY_IOC, field="post_only")


def _check_minimum(quantity: Decimal, instrument: Instrument) -> None:
    if quantity < instrument.minimum_quantity:
        minimum = plain(instrument.minimum_quantity)
        raise NotSent(
            f"the quantity {quantity} is below the minimum of {minimum} contracts for {instrument.id}.",
            field="quantity",
        )


def _check_plausible(what: str, price: Decimal) -> None:
    if not is_plausible(price):
        raise NotSent(f"the {what} {price} is not plausible.", field=what.replace(" ", "_"))


def _check_price(what: str, price: Decimal, instrument: Instrument) -> None:
    if price <= 0:
        raise NotSent(f"the {what} {price} must be greater than zero.", field=what.replace(" ", "_"))
    try:
        fits = instrument.price_fits(price)
    except InvalidOperation:  # more digits than decimal arithmetic keeps
        fits = False
    if not fits:
        tick = plain(instrument.price_increment)
        raise NotSent(
            f"the {what} {price} is not a multiple of the tick size {tick} of {instrument.id}.",
            field=what.replace(" ", "_"),
        )
