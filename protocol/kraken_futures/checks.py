"""What Kraken Futures would refuse, ignore or misread, refused here before anything is sent (spec B.12, A.13).

Each check raises NotSent with the reason; the command handler puts in front what was not sent.
"""

from __future__ import annotations

from collections.abc import Mapping
from decimal import Decimal
from typing import Final

from ..client_order_ids import LONGEST_ANYWHERE, is_name_in_ascii
from ..commands import Replace
from ..errors import NotSent
from ..known_instruments import not_known
from ..orders import NewOrder
from ..reasons import Why
from ..values import Instrument, OffsetUnit, OrderType, TimeInForce, TriggerType
from ..wire.numbers import is_plausible, plain
from .instruments import VENUE
from .order_entry import LIMIT_TYPES, TRAILING_TYPES, TRIGGER_TYPES

__all__ = ["check_change", "check_order", "check_terms"]

LEAST_DEVIATION: Final = Decimal("0.1")
MOST_DEVIATION: Final = Decimal(50)


def check_order(order: NewOrder, instruments: Mapping[str, Instrument]) -> Instrument:
    """The checks that come before a request number is taken."""
    wanted = order.instrument
    instrument = instruments.get(wanted.symbol) or instruments.get(wanted.symbol.upper())
    if instrument is None or wanted.venue != VENUE:
        raise NotSent(not_known(wanted, VENUE), why=Why.UNKNOWN_INSTRUMENT, field="instrument")
    name = order.client_order_id
    if name is not None and not is_name_in_ascii(name, LONGEST_ANYWHERE):
        raise NotSent(_bad_name(name), field="client_order_id")
    return instrument


def _bad_name(name: str) -> str:
    what = f"a client order id must be 1 to {LONGEST_ANYWHERE} printable ASCII characters"
    if len(name) > LONGEST_ANYWHERE:
        return f"{what}; this one has {len(name)}, and begins with {name[:40]!r}."
    return f"{what}, not {name[:40]!r}."


def check_terms(order: NewOrder, instrument: Instrument) -> None:
    """The checks that come after it."""
    _check_absent_terms(order)
    if order.tag is not None:
        raise NotSent(
            "Kraken Futures has no order tags, so nobody would see this one.", why=Why.UNSUPPORTED, field="tag"
        )
    _check_time_in_force(order)
    _check_quantity(order.quantity, instrument)
    _check_prices(order, instrument)
    _check_trailing(order)


def _check_absent_terms(order: NewOrder) -> None:
    if order.display_quantity is not None:
        raise NotSent(
            "Kraken Futures has no icebergs: it shows every order whole.", why=Why.UNSUPPORTED, field="display_quantity"
        )
    if order.quote_quantity:
        raise NotSent(
            "Kraken Futures counts contracts, not quote currency.", why=Why.UNSUPPORTED, field="quote_quantity"
        )
    if order.margin:
        raise NotSent(
            "every Kraken Futures order is on margin; leave the option out.", why=Why.UNSUPPORTED, field="margin"
        )
    if order.options is not None:
        raise NotSent(
            f"Kraken Futures has no options of the kind {type(order.options).__name__}.",
            why=Why.UNSUPPORTED,
            field="options",
        )
    if order.expire_time is not None:
        raise NotSent(
            "Kraken Futures has no orders that expire by themselves.", why=Why.UNSUPPORTED, field="expire_time"
        )


def _check_time_in_force(order: NewOrder) -> None:
    wanted, kind = order.time_in_force, order.type
    if wanted not in (TimeInForce.GTC, TimeInForce.IOC, TimeInForce.FOK):
        raise NotSent(
            f"Kraken Futures has no time in force {wanted.name}; it takes GTC, IOC and FOK.",
            why=Why.UNSUPPORTED,
            field="time_in_force",
        )
    if wanted is TimeInForce.FOK and kind is not OrderType.LIMIT:
        raise NotSent(
            f"only limit orders can be FOK on Kraken Futures; this is a {kind.name} order.", field="time_in_force"
        )
    if wanted is TimeInForce.IOC and kind not in (OrderType.LIMIT, OrderType.MARKET):
        raise NotSent(
            f"a {kind.name} order cannot be IOC, since it waits until its trigger fires.", field="time_in_force"
        )
    if not order.post_only:
        return
    if kind is not OrderType.LIMIT:
        raise NotSent(f"only limit orders can be post-only; this is a {kind.name} order.", field="post_only")
    if wanted is not TimeInForce.GTC:
        raise NotSent(
            f"post-only cannot be combined with {wanted.name}, since such an order could never trade.",
            field="post_only",
        )


def _check_quantity(quantity: Decimal, instrument: Instrument) -> None:
    if not is_plausible(quantity) or quantity <= 0:
        raise NotSent(f"the quantity {quantity} must be greater than zero and plausible.", field="quantity")
    if quantity < instrument.minimum_quantity:
        raise NotSent(
            f"the quantity {quantity} is below the minimum of {plain(instrument.minimum_quantity)}.", field="quantity"
        )
    if not instrument.quantity_fits(quantity):
        step = plain(instrument.quantity_increment)
        raise NotSent(
            f"the quantity {quantity} is not a multiple of the size increment {step} of {instrument.id}.",
            field="quantity",
        )


def _check_price(what: str, price: Decimal | None, instrument: Instrument) -> None:
    if price is None:
        return
    if not is_plausible(price) or price <= 0:
        raise NotSent(f"the {what} {price} must be greater than zero and plausible.", field=what.replace(" ", "_"))
    if not instrument.price_fits(price):
        tick = plain(instrument.price_increment)
        raise NotSent(
            f"the {what} {price} is not a multiple of the tick size {tick} of {instrument.id}.",
            field=what.replace(" ", "_"),
        )


def _check_prices(order: NewOrder, instrument: Instrument) -> None:
    kind = order.type
    takes_price, takes_trigger = kind in LIMIT_TYPES, kind in TRIGGER_TYPES
    if takes_price and order.price is None:
        raise NotSent(f"a {_named(kind)} order needs a price.", field="price")
    if not takes_price and order.price is not None:
        raise NotSent(f"Kraken Futures would ignore the price {order.price} of a {_named(kind)} order.", field="price")
    if takes_trigger and order.trigger_price is None:
        raise NotSent(f"a {_named(kind)} order needs a trigger price.", field="trigger_price")
    if not takes_trigger and order.trigger_price is not None:
        raise NotSent(f"a {_named(kind)} order cannot have a trigger price on Kraken Futures.", field="trigger_price")
    _check_price("price", order.price, instrument)
    _check_price("trigger price", order.trigger_price, instrument)


def _named(kind: OrderType) -> str:
    return kind.name.lower().replace("_", "-")


def _check_trailing(order: NewOrder) -> None:
    kind, offset, limit_offset = order.type, order.trailing_offset, order.limit_offset
    trailing = kind in TRAILING_TYPES
    if trailing and offset is None:
        raise NotSent(f"a {_named(kind)} order needs a trailing offset.", field="trailing_offset")
    if not trailing and offset is not None:
        raise NotSent(
            f"only trailing orders have a trailing offset; this is a {_named(kind)} order.", field="trailing_offset"
        )
    if kind is OrderType.TRAILING_STOP_LIMIT and limit_offset is None:
        raise NotSent(f"a {_named(kind)} order needs a limit offset.", field="limit_offset")
    if limit_offset is not None and kind not in TRIGGER_OFFSET_TYPES:
        raise NotSent(f"a {_named(kind)} order cannot have a limit offset on Kraken Futures.", field="limit_offset")
    if order.trigger is not TriggerType.DEFAULT and not (trailing or kind in TRIGGER_TYPES):
        raise NotSent(f"a {_named(kind)} order has no trigger that {order.trigger.name} could fire.", field="trigger")
    for what, value in (("trailing offset", offset), ("limit offset", limit_offset)):
        if value is not None:
            _check_offset(what, value)
    if offset is not None:
        _check_deviation(offset, order.trailing_unit)


TRIGGER_OFFSET_TYPES: Final = frozenset(
    {OrderType.STOP_MARKET, OrderType.MARKET_IF_TOUCHED, OrderType.TRAILING_STOP_LIMIT}
)
"""Types whose limit price may be set by a distance from the trigger, when it fires."""


def _check_offset(what: str, value: Decimal) -> None:
    if not is_plausible(value) or value <= 0:
        raise NotSent(f"the {what} {value} must be greater than zero and plausible.", field=what.replace(" ", "_"))


def _check_deviation(offset: Decimal, unit: OffsetUnit | None) -> None:
    if unit is OffsetUnit.PERCENT and not LEAST_DEVIATION <= offset <= MOST_DEVIATION:
        raise NotSent(f"a trailing offset must be 0.1 to 50 percent, not {offset}.", field="trailing_offset")


def check_change(change: Replace, instrument: Instrument) -> None:
    """The checks of an edit. Its quantity is that of the whole order, fills included."""
    if change.time_in_force is not None:
        raise NotSent(
            "Kraken Futures cannot change the time in force of an order.", why=Why.UNSUPPORTED, field="time_in_force"
        )
    if change.post_only is not None:
        raise NotSent(
            "Kraken Futures cannot make an order post-only, or undo it.", why=Why.UNSUPPORTED, field="post_only"
        )
    if change.display_quantity is not None:
        raise NotSent("Kraken Futures shows every order whole.", why=Why.UNSUPPORTED, field="display_quantity")
    if (change.quantity, change.price, change.trigger_price, change.trailing_offset) == (None,) * 4:
        raise NotSent("it changes nothing.")
    if change.quantity is not None:
        _check_quantity(change.quantity, instrument)
    _check_price("price", change.price, instrument)
    _check_price("trigger price", change.trigger_price, instrument)
    if change.trailing_offset is not None:
        _check_offset("trailing offset", change.trailing_offset)
        _check_deviation(change.trailing_offset, change.trailing_unit)
