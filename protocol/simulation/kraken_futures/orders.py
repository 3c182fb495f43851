"""Orders of a simulated Kraken Futures."""

from __future__ import annotations

from decimal import Decimal
from enum import Enum, auto
from typing import Final

from attrs import define, frozen

from ...values import ZERO, Side
from ..triggers import Reference, Trailing, When
from .rest_rows import OrderBody

__all__ = ["IMMEDIATE", "SIGNALS", "TRIGGERS", "TYPES", "State", "Terms", "VenueOrder"]

TRIGGERS: Final = frozenset({"stp", "take_profit", "trailing_stop"})
IMMEDIATE: Final = frozenset({"ioc", "fok", "mkt"})
"""Types that never rest."""
TYPES: Final = frozenset({"lmt", "post"}) | IMMEDIATE | TRIGGERS
SIGNALS: Final = {
    "last": Reference.LAST,
    "mark": Reference.MARK,
    "index": Reference.INDEX,
    "spot": Reference.INDEX,
}


class State(Enum):
    """Where an order stands. HELD: not yet let into the market; WAITING: for its trigger; FIRED: it became another
    order."""

    HELD = auto()
    WAITING = auto()
    RESTING = auto()
    FILLED = auto()
    CANCELED = auto()
    REJECTED = auto()
    FIRED = auto()

    @property
    def is_open(self) -> bool:
        return self in (State.WAITING, State.RESTING)


@frozen(kw_only=True)
class Terms:
    """What an order is to be. type: a word of `TYPES`; quantity: total; offset: limit minus trigger price, once it
    fires, in percent of it if `offset_percent`."""

    type: str
    symbol: str
    side: Side
    quantity: Decimal
    limit_price: Decimal | None = None
    stop_price: Decimal | None = None
    signal: Reference = Reference.LAST
    trailing: Trailing | None = None
    offset: Decimal | None = None
    offset_percent: bool = False
    reduce_only: bool = False
    client_id: str | None = None

    @property
    def becomes_market(self) -> bool:
        """Of a trigger: it becomes an order without a limit price, and not one that may rest."""
        return self.limit_price is None and self.offset is None


@define(kw_only=True)
class VenueOrder:
    """One order under one venue order id.

    received, updated: ns since 1970; placed, ended: ns, monotonic; reason: the last thing that happened to it, in the
    words of the open_orders feed; shown: every feed has told it as open; fill_type: of its fills as a taker;
    before_edit: what it was before the last edit that could make it take; reduced: by how much it was made smaller as
    it came, for it may only reduce a position; activation_failed: what it became when it fired was refused.
    """

    order_id: str
    account: str
    terms: Terms
    received: int
    updated: int
    placed: int
    state: State = State.HELD
    filled: Decimal = ZERO
    reason: str = ""
    ended: int | None = None
    shown: bool = False
    fill_type: str = "taker"
    before_edit: OrderBody | None = None
    reduced: Decimal | None = None
    activation_failed: bool = False

    @property
    def left(self) -> Decimal:
        return self.terms.quantity - self.filled

    @property
    def client_id(self) -> str | None:
        return self.terms.client_id

    @property
    def symbol(self) -> str:
        return self.terms.symbol

    @property
    def side(self) -> Side:
        return self.terms.side

    @property
    def is_open(self) -> bool:
        return self.state.is_open

    @property
    def is_trigger(self) -> bool:
        return self.terms.type in TRIGGERS

    @property
    def when(self) -> When:
        """On which side of its trigger price it fires."""
        above = (self.side is Side.BUY) != (self.terms.type == "take_profit")
        return When.ABOVE if above else When.BELOW
