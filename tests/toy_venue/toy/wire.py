"""What crosses the wire of the Toy Exchange, one class per JSON object.

Numbers with a fraction are text on the wire. Times are ns since 1970. A field that is None is left out.
"""

from __future__ import annotations

from decimal import Decimal
from typing import Any

import attrs
import msgspec
from attrs import frozen

from protocol.wire.numbers import plain

__all__ = ["Fill", "InstrumentRow", "Instruments", "Message", "Order", "Request", "Token", "encode_message"]


@frozen(kw_only=True)
class Order:
    """One order as it stands. order: the venue's id; id: the client's; state: open, filled or canceled; ended: when."""

    order: str
    id: str | None = None
    symbol: str
    side: str
    quantity: Decimal
    price: Decimal
    filled: Decimal
    time_in_force: str
    state: str
    received: int
    ended: int | None = None
    reason: str | None = None


@frozen(kw_only=True)
class Fill:
    """One execution, as the account sees it. fee: in the quote currency, positive = paid."""

    trade: str
    order: str
    id: str | None = None
    symbol: str
    side: str
    quantity: Decimal
    price: Decimal
    maker: bool
    fee: Decimal
    time: int


@frozen(kw_only=True)
class Message:
    """Everything that the venue says over the socket: an event, or the answer to the request with this number.

    event: login, beat, open, fill or canceled; placed: the id of a new order; history: orders that have ended; error:
    unknown, invalid, busy or broken, with a reason in English.
    """

    event: str | None = None
    number: int | None = None
    time: int | None = None
    user: str | None = None
    order: Order | None = None
    fill: Fill | None = None
    orders: list[Order] | None = None
    fills: list[Fill] | None = None
    history: list[Order] | None = None
    placed: str | None = None
    canceled: int | None = None
    error: str | None = None
    reason: str | None = None


@frozen(kw_only=True)
class Request:
    """Everything that a client says over the socket. do: place, cancel, cancel_all, orders, order, fills or history.

    order or id: which order it is about; start (inclusive), end (exclusive): of a history.
    """

    do: str
    number: int
    order: str | None = None
    id: str | None = None
    symbol: str | None = None
    side: str | None = None
    quantity: Decimal | None = None
    price: Decimal | None = None
    time_in_force: str | None = None
    start: int | None = None
    end: int | None = None


@frozen(kw_only=True)
class Token:
    """The answer to the login call."""

    token: str


@frozen(kw_only=True)
class InstrumentRow:
    symbol: str
    tick: Decimal
    lot: Decimal
    currency: str


@frozen(kw_only=True)
class Instruments:
    instruments: list[InstrumentRow]


def encode_message(message: object) -> str:
    """One of the classes above as JSON."""
    return msgspec.json.encode(_present(message)).decode()


def _present(value: Any) -> object:
    if attrs.has(type(value)):
        fields = ((at.name, getattr(value, at.name)) for at in attrs.fields(type(value)))
        return {name: _present(one) for name, one in fields if one is not None}
    if isinstance(value, list):
        return [_present(one) for one in value]
    return plain(value) if isinstance(value, Decimal) else value
