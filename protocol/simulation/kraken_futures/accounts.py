"""Accounts of a simulated Kraken Futures: positions, money, and what an account has heard."""

from __future__ import annotations

from decimal import Decimal

from attrs import define, evolve, field, frozen

from ...values import ZERO, Side
from ..ledger import Execution
from .history_rows import Element
from .orders import VenueOrder

__all__ = ["Account", "Fill", "HistoryRow", "Position"]


@frozen(kw_only=True)
class Fill:
    """One side of one trade, with what the feed says about it. remaining: what stayed open of the order; order_type,
    taker_type: as on the feed; sequence: number on the account's feed, 0 until it is published."""

    execution: Execution
    remaining: Decimal
    fill_type: str
    order_type: str
    taker_type: str
    fee_currency: str
    sequence: int = 0


@frozen(kw_only=True)
class HistoryRow:
    """One thing that happened. number: counts up; time: ns since 1970; symbol: "" if there is none; opens, closes: an
    order came into being by it, or ended; element: its row."""

    time: int
    symbol: str = ""
    opens: bool = False
    closes: bool = False
    number: int = 0
    element: Element | None = None


@define
class Position:
    """signed: contracts, negative = short; cost: what all trades so far cost, in the settlement currency; so the
    profit of all of them is the worth of `signed` now, less `cost`; fees: paid so far, in the same currency; entry:
    average price of what is open; traded_at: ns since 1970."""

    signed: Decimal = ZERO
    cost: Decimal = ZERO
    fees: Decimal = ZERO
    entry: Decimal = ZERO
    traded_at: int = 0

    def opposes(self, side: Side) -> bool:
        """True when an order of this side makes the position smaller."""
        return self.signed < 0 if side is Side.BUY else self.signed > 0


@define
class Account:
    """balance: USD at the start; timer: when everything is canceled unless it is set anew, ns, monotonic;
    by_client_id: the latest order under each client order id; reducing: open orders that may only reduce; history: by
    the name of the list; number_at_venue: what the account is called where it has no uid."""

    id: str
    balance: Decimal
    maker_fee: Decimal
    taker_fee: Decimal
    fixed_leverage: Decimal | None = None
    positions: dict[str, Position] = field(factory=dict)
    open_orders: dict[str, VenueOrder] = field(factory=dict)
    reducing: dict[str, VenueOrder] = field(factory=dict)
    by_client_id: dict[str, str] = field(factory=dict)
    fills: list[Fill] = field(factory=list)
    history: dict[str, list[HistoryRow]] = field(factory=dict)
    events_so_far: int = 0
    fills_so_far: int = 0
    timer: int | None = None
    number_at_venue: int = 0

    def open(self, order: VenueOrder) -> None:
        self.open_orders[order.order_id] = order
        if order.terms.reduce_only:
            self.reducing[order.order_id] = order

    def close(self, order: VenueOrder) -> None:
        self.open_orders.pop(order.order_id, None)
        self.reducing.pop(order.order_id, None)

    def number(self, fill: Fill, keep: int) -> Fill:
        """The fill with its number. The newest `keep` of them are remembered."""
        self.fills_so_far += 1
        numbered = evolve(fill, sequence=self.fills_so_far)
        self.fills.append(numbered)
        if len(self.fills) > 2 * keep:
            del self.fills[:-keep]
        return numbered

    def position(self, symbol: str) -> Position:
        return self.positions.setdefault(symbol, Position())

    def remember(self, name: str, row: HistoryRow, keep: int) -> None:
        """Adds to a list of the history, of which the newest `keep` rows stay."""
        self.events_so_far += 1
        rows = self.history.setdefault(name, [])
        rows.append(evolve(row, number=self.events_so_far))
        if len(rows) > 2 * keep:
            del rows[:-keep]
