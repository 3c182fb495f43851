"""What Kraken Spot would refuse, ignore or misread, refused here before anything is sent (spec A.12, A.13).

Each check raises NotSent with the reason; the command handler puts in front what was not sent. None of them reads a
clock: `check_times` is given the time, and `check_mode` what the venue takes now; these two say themselves what was not
sent.
"""

from __future__ import annotations

from collections.abc import Mapping
from decimal import Decimal
from typing import Final

from ..client_order_ids import is_name_in_ascii, is_short
from ..commands import Replace
from ..errors import NotSent
from ..known_instruments import not_known
from ..orders import NewOrder, title_of
from ..reasons import Why
from ..requests import (
    BatchOrders,
    CancelAllOrders,
    CancelOrder,
    PlaceOrder,
    ReplaceOrder,
    Request,
    SetCancelAllAfter,
)
from ..values import Instrument, OffsetUnit, OrderType, Side, SystemMode, TimeInForce, TriggerType
from ..wire.numbers import is_plausible, plain
from ..wire.times import SECOND
from .enumerations import LIMIT_TYPES, OFFSET_CODES, SIGNAL_CODES, TIME_IN_FORCE_CODES, TRAILING_TYPES, TRIGGER_TYPES
from .instruments import VENUE
from .options import NO_OPTIONS, ConditionalClose, KrakenSpotOptions
from .symbols import symbol_of_pair

__all__ = [
    "check_change",
    "check_mode",
    "check_order",
    "check_rest_terms",
    "check_terms",
    "check_times",
]

MOST_ICEBERG_SLICES: Final = 15
LONGEST_LIFE: Final = 31 * 86_400 * SECOND
"""How far ahead an order may expire: a month."""
SHORTEST_DEADLINE: Final = SECOND
"""The venue wants half a second when it gets the request; as much again for the way there."""
SHORTEST_REST_DEADLINE: Final = 5 * SECOND // 2
"""Over REST it wants two seconds (spec A.17)."""
LONGEST_DEADLINE: Final = 60 * SECOND


def check_order(order: NewOrder, instruments: Mapping[str, Instrument]) -> Instrument:
    """The checks that come before a request number is taken."""
    wanted = order.instrument
    instrument = instruments.get(wanted.symbol)
    if instrument is None or wanted.venue != VENUE:
        modern = symbol_of_pair(wanted.symbol.upper())
        hint = f" Kraken calls it {modern}." if modern != wanted.symbol and modern in instruments else ""
        raise NotSent(not_known(wanted, VENUE) + hint, why=Why.UNKNOWN_INSTRUMENT, field="instrument")
    name = order.client_order_id
    if name is not None and not is_name_in_ascii(name):
        raise NotSent(
            f"a client order id must be 1 to 36 printable ASCII characters, not {name[:40]!r}.", field="client_order_id"
        )
    return instrument


# Terms


def check_terms(order: NewOrder, instrument: Instrument) -> None:
    """The checks that come after it."""
    if order.tag is not None:
        raise NotSent("Kraken has no order tags, so this one would not reach it.", why=Why.UNSUPPORTED, field="tag")
    _check_time_in_force(order)
    _check_post_only(order)
    _check_margin(order)
    _check_quantity(order, instrument)
    _check_display(order, instrument)
    _check_prices(order, instrument)
    _check_trailing(order)
    _check_options(order, instrument)


def _named(kind: OrderType) -> str:
    return kind.name.lower().replace("_", "-")


def check_rest_terms(order: NewOrder) -> None:
    """What order entry over REST cannot say, though the socket can (spec A.17)."""
    if order.margin:
        raise NotSent(
            "over REST it needs a leverage, since it is a margin order, and an order here names none.",
            why=Why.UNSUPPORTED,
            field="margin",
        )
    if _options(order).sender_sub_id is not None:
        raise NotSent(
            "over REST nothing can say its sender_sub_id, so it might trade with our own.",
            why=Why.UNSUPPORTED,
            field="options",
        )


RESTING: Final = (TimeInForce.GTC, TimeInForce.GTD)


def _check_time_in_force(order: NewOrder) -> None:
    wanted, kind = order.time_in_force, order.type
    if wanted not in TIME_IN_FORCE_CODES:
        raise NotSent(
            f"Kraken has no time in force {wanted.name}; it takes GTC, GTD, IOC and FOK.",
            why=Why.UNSUPPORTED,
            field="time_in_force",
        )
    if wanted is TimeInForce.FOK and kind is not OrderType.LIMIT:
        raise NotSent(f"only limit orders can be FOK on Kraken; this is a {kind.name} order.", field="time_in_force")
    if wanted is TimeInForce.IOC and kind not in (OrderType.LIMIT, OrderType.MARKET):
        raise NotSent(
            f"a {kind.name} order cannot be IOC, since it waits until its trigger fires.", field="time_in_force"
        )
    if wanted is TimeInForce.GTD and kind is OrderType.MARKET:
        raise NotSent("a MARKET order cannot be GTD, since it never rests.", field="time_in_force")
    if wanted is TimeInForce.GTD and order.expire_time is None:
        raise NotSent("a GTD order needs an expire time.", field="time_in_force")
    if wanted is not TimeInForce.GTD and order.expire_time is not None:
        raise NotSent(f"only GTD orders have an expire time; this one is {wanted.name}.", field="time_in_force")


def _check_post_only(order: NewOrder) -> None:
    if not order.post_only:
        return
    if order.type not in LIMIT_TYPES:
        raise NotSent(f"only limit orders can be post-only; this is a {order.type.name} order.", field="post_only")
    if order.time_in_force not in RESTING:
        wanted = order.time_in_force.name
        raise NotSent(
            f"post-only cannot be combined with {wanted}, since such an order could never trade.", field="post_only"
        )


def _check_margin(order: NewOrder) -> None:
    if order.reduce_only and not order.margin:
        raise NotSent("on Kraken Spot only margin orders reduce a position; set margin.", field="margin")


def _check_quantity(order: NewOrder, instrument: Instrument) -> None:
    quantity = order.quantity
    _check_size("quantity", quantity)
    if order.quote_quantity:
        _check_amount(order)
        return
    if quantity < instrument.minimum_quantity:
        raise NotSent(
            f"the quantity {quantity} is below the minimum of {plain(instrument.minimum_quantity)}.", field="quantity"
        )
    _check_lot("quantity", quantity, instrument)


def _check_size(what: str, quantity: Decimal) -> None:
    if not is_plausible(quantity) or quantity <= 0:
        raise NotSent(f"the {what} {quantity} must be greater than zero and plausible.", field="quantity")


def _check_lot(what: str, quantity: Decimal, instrument: Instrument) -> None:
    if not instrument.quantity_fits(quantity):
        step = plain(instrument.quantity_increment)
        raise NotSent(
            f"the {what} {quantity} is not a multiple of the size increment {step} of {instrument.id}.",
            field="quantity",
        )


def _check_amount(order: NewOrder) -> None:
    """An order that says what it may spend."""
    if order.type is not OrderType.MARKET or order.side is not Side.BUY:
        raise NotSent("on Kraken only a market buy can say how much it may spend.", field="quote_quantity")
    if order.margin:
        raise NotSent("Kraken takes no order by amount on margin.", field="quote_quantity")


def _check_display(order: NewOrder, instrument: Instrument) -> None:
    shown = order.display_quantity
    if shown is None:
        return
    if order.type is not OrderType.LIMIT:
        raise NotSent(
            f"only limit orders can be icebergs; this is a {order.type.name} order.", field="display_quantity"
        )
    if order.time_in_force is TimeInForce.IOC:
        raise NotSent(
            "an iceberg cannot be IOC, since it must rest to show a part of itself.", field="display_quantity"
        )
    if not is_plausible(shown) or not 0 < shown <= order.quantity:
        raise NotSent(
            f"the display quantity {shown} must be more than zero, and no more than the order's.",
            field="display_quantity",
        )
    if shown * MOST_ICEBERG_SLICES < order.quantity:
        raise NotSent(
            f"the display quantity {shown} is less than a fifteenth of the order's {order.quantity}.",
            field="display_quantity",
        )
    _check_lot("display quantity", shown, instrument)


# Prices and triggers


def _field(what: str) -> str:
    """Which field of the order a sentence is about."""
    return "options" if what.startswith("close's") else what.replace(" ", "_")


def _check_price(what: str, price: Decimal | None, instrument: Instrument) -> None:
    if price is None:
        return
    if not is_plausible(price) or price <= 0:
        raise NotSent(f"the {what} {price} must be greater than zero and plausible.", field=_field(what))
    if not instrument.price_fits(price):
        tick = plain(instrument.price_increment)
        raise NotSent(
            f"the {what} {price} is not a multiple of the tick size {tick} of {instrument.id}.",
            field=_field(what),
        )


def _options(order: NewOrder) -> KrakenSpotOptions:
    return order.options if isinstance(order.options, KrakenSpotOptions) else NO_OPTIONS


def _takes_price(order: NewOrder) -> bool:
    if order.type is OrderType.TRAILING_STOP_LIMIT:
        return _options(order).limit_price_type == "static"
    return order.type in LIMIT_TYPES


def _check_prices(order: NewOrder, instrument: Instrument) -> None:
    kind = order.type
    takes_price, takes_trigger = _takes_price(order), kind in TRIGGER_TYPES
    if takes_price and order.price is None:
        raise NotSent(f"a {_named(kind)} order needs a price.", field="price")
    if not takes_price and order.price is not None:
        raise NotSent(f"Kraken would not take the price {order.price} of a {_named(kind)} order.", field="price")
    if takes_trigger and order.trigger_price is None:
        raise NotSent(f"a {_named(kind)} order needs a trigger price.", field="trigger_price")
    if not takes_trigger and order.trigger_price is not None:
        raise NotSent(f"a {_named(kind)} order cannot have a trigger price on Kraken.", field="trigger_price")
    if order.trigger not in SIGNAL_CODES:
        raise NotSent(
            f"a trigger on Kraken Spot looks at the last or the index price, not at {order.trigger.name}.",
            field="trigger",
        )
    if order.trigger is not TriggerType.DEFAULT and kind not in TRIGGER_TYPES | TRAILING_TYPES:
        raise NotSent(f"a {_named(kind)} order has no trigger that {order.trigger.name} could fire.", field="trigger")
    _check_price("price", order.price, instrument)
    _check_price("trigger price", order.trigger_price, instrument)


def _check_trailing(order: NewOrder) -> None:
    kind, offset, limit_offset = order.type, order.trailing_offset, order.limit_offset
    trailing = kind in TRAILING_TYPES
    if trailing and offset is None:
        raise NotSent(f"a {_named(kind)} order needs a trailing offset.", field="trailing_offset")
    if not trailing and offset is not None:
        raise NotSent(
            f"only trailing orders have a trailing offset; this is a {_named(kind)} order.", field="trailing_offset"
        )
    needs_limit = kind is OrderType.TRAILING_STOP_LIMIT and not _takes_price(order)
    if needs_limit and limit_offset is None:
        raise NotSent(f"a {_named(kind)} order needs a limit offset.", field="limit_offset")
    if not needs_limit and limit_offset is not None:
        raise NotSent(f"a {_named(kind)} order cannot have a limit offset on Kraken.", field="limit_offset")
    _check_offset("trailing offset", offset, order.trailing_unit)
    _check_offset("limit offset", limit_offset, _limit_unit(order))


def _limit_unit(order: NewOrder) -> OffsetUnit:
    """The venue's own code for it counts more than the order's unit."""
    return UNITS.get(_options(order).limit_price_type or "", order.limit_offset_unit)


def _check_offset(what: str, offset: Decimal | None, unit: OffsetUnit | None) -> None:
    if offset is None:
        return
    if not is_plausible(offset) or offset <= 0:
        raise NotSent(f"the {what} {offset} must be greater than zero and plausible.", field=_field(what))
    if unit is OffsetUnit.PERCENT and offset >= 100:
        raise NotSent(f"the {what} must be less than 100 percent, not {offset}.", field=_field(what))


# Terms of this venue alone


def _check_options(order: NewOrder, instrument: Instrument) -> None:
    options = order.options
    if options is None:
        return
    if not isinstance(options, KrakenSpotOptions):
        raise NotSent(
            f"Kraken Spot has no options of the kind {type(options).__name__}.", why=Why.UNSUPPORTED, field="options"
        )
    if options.limit_price_type is not None and order.type is not OrderType.TRAILING_STOP_LIMIT:
        raise NotSent(
            f"only a trailing-stop-limit order has a limit price type; this is a {order.type.name} order.",
            field="options",
        )
    if options.sender_sub_id is not None and not (
        is_name_in_ascii(options.sender_sub_id) and is_short(options.sender_sub_id)
    ):
        raise NotSent(
            "the sender_sub_id must be a UUID, 32 hex digits, or up to 18 printable ASCII characters.", field="options"
        )
    if options.is_unnamed and not options.unnamed:
        raise NotSent(
            "with an order_userref it cannot carry its client order id, so it could be lost from sight. "
            "Set unnamed=True in its options to accept that.",
            field="client_order_id",
        )
    if options.conditional is not None:
        _check_conditional(options.conditional, instrument)


def _check_conditional(close: ConditionalClose, instrument: Instrument) -> None:
    kind = close.type
    if kind is OrderType.MARKET:
        raise NotSent("a conditional close cannot be a MARKET order.", field="options")
    if (kind in LIMIT_TYPES | {OrderType.TRAILING_STOP_LIMIT}) != (close.price is not None):
        raise NotSent(
            f"a conditional close of type {kind.name} needs a price exactly if it is a limit order.", field="options"
        )
    if (kind in TRIGGER_TYPES | TRAILING_TYPES) != (close.trigger_price is not None):
        raise NotSent(
            f"a conditional close of type {kind.name} needs a trigger price exactly if it has a trigger.",
            field="options",
        )
    if kind in TRAILING_TYPES and close.trigger_price_type not in UNITS:
        raise NotSent(
            "a trailing conditional close counts its trigger as a distance: say pct or quote.", field="options"
        )
    _check_level("close's price", close.price, close.limit_type, instrument)
    _check_level("close's trigger price", close.trigger_price, close.trigger_price_type, instrument)


UNITS: Final = {code: unit for unit, code in OFFSET_CODES.items()}


def _check_level(what: str, level: Decimal | None, price_type: str | None, instrument: Instrument) -> None:
    """A price, or a distance where its type says so."""
    if price_type in UNITS:
        _check_offset(what, level, UNITS[price_type])
    else:
        _check_price(what, level, instrument)


# Changes


def check_change(change: Replace, instrument: Instrument) -> None:
    """The checks of an amendment. Its quantity is that of the whole order, fills included."""
    if change.time_in_force is not None:
        raise NotSent("Kraken cannot change the time in force of an order.", why=Why.UNSUPPORTED, field="time_in_force")
    terms = (change.quantity, change.price, change.trigger_price, change.trailing_offset, change.display_quantity)
    if terms == (None,) * len(terms) and change.post_only is None:
        raise NotSent("it changes nothing.")
    if change.trigger_price is not None and change.trailing_offset is not None:
        raise NotSent("a trigger is at a price or at a distance, not both.", field="trailing_offset")
    for what, quantity in (("quantity", change.quantity), ("display quantity", change.display_quantity)):
        if quantity is not None:
            _check_size(what, quantity)
            _check_lot(what, quantity, instrument)
    _check_price("price", change.price, instrument)
    _check_price("trigger price", change.trigger_price, instrument)
    _check_offset("trailing offset", change.trailing_offset, change.trailing_unit)


# What depends on the moment


def check_times(order: NewOrder, now: int, *, over_rest: bool = False) -> None:
    """The checks of an order's moments. now: ns since 1970; over_rest: it goes that way."""
    expires, begins, deadline = order.expire_time, _options(order).effective_time, order.process_before
    if not all(isinstance(time, int | None) for time in (expires, begins, deadline)):
        raise NotSent("The times of an order must be whole numbers of nanoseconds since 1970.")
    if expires is not None and not max(now, begins or now) < expires <= now + LONGEST_LIFE:
        raise _untimely(order, "expire_time", "it must expire in the future, after it begins, and within a month.")
    if begins is not None and not now < begins <= now + LONGEST_LIFE:
        raise _untimely(order, "options", "it must begin in the future, and within a month.")
    shortest = SHORTEST_REST_DEADLINE if over_rest else SHORTEST_DEADLINE
    if deadline is not None and not now + shortest <= deadline <= now + LONGEST_DEADLINE:
        ahead = "two and a half seconds" if over_rest else "a second"
        raise _untimely(order, "process_before", f"its deadline must be {ahead} to a minute ahead.")


def _untimely(order: NewOrder, field: str, why: str) -> NotSent:
    return NotSent(f"{title_of(order)} was not sent: {why}", client_order_id=order.client_order_id, field=field)


def check_mode(request: Request, mode: SystemMode | None) -> None:
    """What the venue takes while it is in this mode. mode None: not known, so let the venue decide."""
    orders = request.legs if isinstance(request, BatchOrders) else (request,)
    places = any(isinstance(each, PlaceOrder) for each in orders)
    changes = any(isinstance(each, ReplaceOrder) for each in orders)
    if mode is SystemMode.MAINTENANCE and (places or changes or isinstance(request, CANCELS)):
        raise NotSent(
            "Nothing was sent: Kraken is in maintenance and takes nothing; orders there stay as they are.",
            why=Why.VENUE_MODE,
        )
    if mode is SystemMode.CANCEL_ONLY and (places or changes):
        raise NotSent("Nothing was sent: Kraken takes nothing but cancels at the moment.", why=Why.VENUE_MODE)
    takers = any(isinstance(each, PlaceOrder) and not each.post_only for each in orders)
    if mode is SystemMode.POST_ONLY and takers:
        raise NotSent("Nothing was sent: Kraken takes nothing but post-only orders at the moment.", why=Why.VENUE_MODE)


CANCELS: Final = (BatchOrders, CancelOrder, CancelAllOrders, SetCancelAllAfter)
