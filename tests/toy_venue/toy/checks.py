"""What is refused before anything is sent to the Toy Exchange. Each check raises NotSent with the reason."""

from __future__ import annotations

from typing import Final

from protocol.client_order_ids import is_name_in_ascii
from protocol.errors import NotSent
from protocol.known_instruments import not_known
from protocol.orders import NewOrder
from protocol.reasons import Why
from protocol.values import Instrument, Instruments, OrderType

from .enumerations import TIME_IN_FORCE_NAMES

__all__ = ["VENUE", "check_order", "check_terms"]

VENUE: Final = "TOY"
ABSENT: Final = (
    ("post_only", "a post-only option"),
    ("reduce_only", "a reduce-only option"),
    ("tag", "a tag"),
    ("expire_time", "an expiry time"),
    ("process_before", "a time to process it before"),
    ("display_quantity", "a display quantity"),
    ("quote_quantity", "an amount of quote currency"),
    ("margin", "a choice of margin"),
    ("options", "options of another venue"),
)
"""Terms of `NewOrder` that the venue does not have. An order never goes out without a term that was asked for."""


def check_order(order: NewOrder, instruments: Instruments) -> Instrument:
    """The checks that need no instrument, and the instrument."""
    if order.type is not OrderType.LIMIT:
        raise NotSent(
            f"The Toy Exchange has no orders of type {order.type.name}; it takes LIMIT.",
            why=Why.UNSUPPORTED,
            field="type",
        )
    instrument = instruments.get(order.instrument.symbol)
    if instrument is None or order.instrument.venue != VENUE:
        raise NotSent(not_known(order.instrument, VENUE), why=Why.UNKNOWN_INSTRUMENT, field="instrument")
    name = order.client_order_id
    if name is not None and not is_name_in_ascii(name):
        raise NotSent(
            f"a client order id must be 1 to 36 printable ASCII characters, not {name[:40]!r}.", field="client_order_id"
        )
    return instrument


def check_terms(order: NewOrder, instrument: Instrument) -> None:
    for name, what in ABSENT:
        if getattr(order, name):
            raise NotSent(f"The Toy Exchange has no orders with {what}.", why=Why.UNSUPPORTED, field=name)
    if order.time_in_force not in TIME_IN_FORCE_NAMES:
        raise NotSent(
            f"The Toy Exchange has no time in force {order.time_in_force.name}; it takes GTC and IOC.",
            why=Why.UNSUPPORTED,
            field="time_in_force",
        )
    if order.price is None or order.price <= 0 or not instrument.price_fits(order.price):
        raise NotSent(
            f"the price {order.price} is not a multiple of the tick size {instrument.price_increment}.", field="price"
        )
    if order.quantity <= 0 or not instrument.quantity_fits(order.quantity):
        raise NotSent(
            f"the quantity {order.quantity} is not a multiple of the lot {instrument.quantity_increment}.",
            field="quantity",
        )
