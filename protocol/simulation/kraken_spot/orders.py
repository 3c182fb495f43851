"""Orders of a simulated Kraken Spot: what was asked for, and what became of it."""

from __future__ import annotations

from decimal import Decimal
from enum import Enum
from typing import Final

from attrs import define, field, frozen

from ...values import ZERO, Instant, LiquiditySide, Side
from ..book import SelfTrade
from ..triggers import Reference, Waiting, When

__all__ = [
    "Change",
    "CloseTerms",
    "Distance",
    "Fill",
    "LIMITED",
    "LedgerEntry",
    "Phase",
    "TRAILING",
    "TRIGGERED",
    "TYPES",
    "Taking",
    "Terms",
    "TriggerTerms",
    "VenueOrder",
    "fires_when",
    "usual_limit_sign",
]

STOPS: Final = frozenset({"stop-loss", "stop-loss-limit"})
TAKE_PROFITS: Final = frozenset({"take-profit", "take-profit-limit"})
TRAILING: Final = frozenset({"trailing-stop", "trailing-stop-limit"})
TRIGGERED: Final = STOPS | TAKE_PROFITS | TRAILING
LIMITED: Final = frozenset({"limit", "iceberg", "stop-loss-limit", "take-profit-limit", "trailing-stop-limit"})
TYPES: Final = LIMITED | TRIGGERED | {"market", "settle-position"}


HUNDRED: Final = Decimal(100)


@frozen(kw_only=True)
class Distance:
    """A price that is asked for as a distance from another one. amount: quote currency, or percent as `kind` (quote or
    pct) says; sign: 1 above, -1 below."""

    kind: str
    amount: Decimal
    sign: int

    def price(self, base: Decimal) -> Decimal:
        """Quote currency per unit, not rounded."""
        part = base / HUNDRED if self.kind == "pct" else Decimal(1)
        return base + self.sign * self.amount * part


@frozen(kw_only=True)
class TriggerTerms:
    """When an order becomes live. price: as `kind` says: static = quote currency per unit; quote = so far from the
    reference price; pct = so many percent from it; sign: 1 above it, -1 below, 0 on the side that fits the order."""

    price: Decimal
    reference: Reference = Reference.LAST
    kind: str = "static"
    sign: int = 0


@frozen(kw_only=True)
class CloseTerms:
    """The order that follows a fill of another one. limit_distance: of its limit, from its trigger if it has one, else
    from the last price."""

    type: str
    trigger: TriggerTerms | None = None
    limit_price: Decimal | None = None
    limit_kind: str = "static"
    limit_distance: Distance | None = None


@frozen(kw_only=True)
class Terms:
    """What an order asks for. quantity: base units; cash: quote currency, instead of a quantity; limit_kind: static,
    or quote or pct beyond the trigger price; limit_distance: how the limit price was asked for, if not as a price;
    starts, expires: ns since 1970; display: base units of an iceberg."""

    symbol: str
    side: Side
    type: str
    quantity: Decimal | None = None
    cash: Decimal | None = None
    limit_price: Decimal | None = None
    limit_kind: str = "static"
    limit_distance: Distance | None = None
    trigger: TriggerTerms | None = None
    tif: str = "GTC"
    starts: int | None = None
    expires: int | None = None
    post_only: bool = False
    reduce_only: bool = False
    margin: bool = False
    display: Decimal | None = None
    fee_in_base: bool = False
    self_trade: SelfTrade = SelfTrade.CANCEL_INCOMING
    cl_ord_id: str | None = None
    userref: int | None = None
    sender_sub_id: str | None = None
    conditional: CloseTerms | None = None

    @property
    def is_triggered(self) -> bool:
        return self.type in TRIGGERED

    @property
    def when(self) -> When:
        """On which side of its level the price must be for the order to fire."""
        return fires_when(self.side, self.type)


def fires_when(side: Side, order_type: str) -> When:
    """On which side of its level the price must be for such an order to fire."""
    above = (side is Side.BUY) != (order_type in TAKE_PROFITS)
    return When.ABOVE if above else When.BELOW


def usual_limit_sign(side: Side, order_type: str) -> int:
    """On which side of its base the limit of such an order lies that is given as a distance: a plain order waits for a
    better price, one that has fired takes a worse one."""
    better = -1 if side is Side.BUY else 1
    return -better if order_type in TRIGGERED else better


class Phase(Enum):
    SCHEDULED = "scheduled"
    WAITING = "waiting for its trigger"
    LIVE = "live"
    ENDED = "ended"


@define(eq=False)
class VenueOrder:
    """One order under one order id. quantity: base units in all; limit: as it is in the book, None: at any price;
    shown: what others see of an iceberg; level: where a trigger stood when last reported; fired: when and at what
    price it fired; fee: in the fee's asset; held: what the account keeps ready for it."""

    order_id: str
    account: str
    terms: Terms
    quantity: Decimal
    received: Instant
    parent: str | None = None
    phase: Phase = Phase.SCHEDULED
    status: str = "pending_new"
    limit: Decimal | None = None
    filled: Decimal = ZERO
    cost: Decimal = ZERO
    fee: Decimal = ZERO
    shown: Decimal = ZERO
    waiting: Waiting | None = None
    level: Decimal | None = None
    fired: tuple[int, Decimal] | None = None
    amended: bool = False
    reason: str | None = None
    closed: int | None = None
    held: tuple[str, Decimal] | None = None
    fills: list[Fill] = field(factory=list)
    changes: list[Change] = field(factory=list)

    @property
    def left(self) -> Decimal:
        return self.quantity - self.filled

    @property
    def is_open(self) -> bool:
        return self.phase is not Phase.ENDED


@frozen(kw_only=True)
class Fill:
    """One side of a trade, as its account sees it. number: the public one; quantity: base units; cost: quote currency;
    fee: in fee_asset; time: ns since 1970; filled, total_cost: of the order, this fill included; entries: of the
    account's ledger; taking: of which it is a part, None for a maker."""

    execution_id: str
    number: int
    order: VenueOrder
    price: Decimal
    quantity: Decimal
    cost: Decimal
    fee: Decimal
    fee_asset: str
    liquidity: LiquiditySide
    time: int
    filled: Decimal
    total_cost: Decimal
    entries: tuple[LedgerEntry, ...]
    taking: Taking | None = None

    @property
    def worth_of_fee(self) -> Decimal:
        """The fee in quote currency, at the price of the trade if it was taken in the other one."""
        return self.fee * self.price if self.order.terms.fee_in_base else self.fee


@define(eq=False)
class Taking:
    """What one order took in one go, part by part: the venue's histories put it together by default.
    trade_id: of all parts together, None while there is only one."""

    fills: list[Fill] = field(factory=list)
    trade_id: str | None = None


@frozen(kw_only=True)
class LedgerEntry:
    """One change of a balance. reference: of the trade; amount: without the fee; balance: after it; time: ns since
    1970."""

    entry_id: str
    reference: str
    asset: str
    amount: Decimal
    fee: Decimal
    balance: Decimal
    time: int


@frozen(kw_only=True)
class Change:
    """The terms of an order from one moment on. kind: original, user or restated; remaining: base units; time: ns since
    1970."""

    amend_id: str
    kind: str
    quantity: Decimal
    remaining: Decimal
    display: Decimal | None
    limit_price: Decimal | None
    trigger_price: Decimal | None
    post_only: bool | None
    reason: str | None
    time: int
