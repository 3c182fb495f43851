"""Orders, accounts and positions of a simulated AX Exchange, and how they look on the wire."""

from __future__ import annotations

from decimal import Decimal
from typing import Final

from attrs import define, field

from ...ax import wire
from ...values import ZERO, Side
from ..book import SelfTrade

__all__ = ["OPEN", "Account", "Ids", "Position", "VenueOrder", "sign", "time_parts"]

SECOND: Final = 1_000_000_000
OPEN: Final = frozenset({"ACCEPTED", "PARTIALLY_FILLED"})
CROCKFORD: Final = "0123456789ABCDEFGHJKMNPQRSTVWXYZ"


def time_parts(wall_ns: int) -> tuple[int, int]:
    """`ts` and `tn` of a moment."""
    return divmod(wall_ns, SECOND)


def sign(side: Side) -> int:
    return 1 if side is Side.BUY else -1


@define
class VenueOrder:
    """One order under one venue order id. session: the socket it came over, None over REST; received, changed: when it
    came, and when its state changed last, ns since 1970."""

    oid: str
    user: str
    account: str
    symbol: str
    side: Side
    price: Decimal
    quantity: int
    tif: str
    post_only: bool
    cid: int | None
    tag: str | None
    self_trade: SelfTrade
    session: int | None
    received: int
    state: str = "PENDING"
    filled: int = 0
    reason: str | None = None
    text: str | None = None
    trigger_price: Decimal | None = None
    reprice: str | None = None
    changed: int = 0

    @property
    def is_open(self) -> bool:
        return self.state in OPEN

    @property
    def left(self) -> int:
        return self.quantity - self.filled

    def on_wire(self, *, legacy: bool = False) -> wire.Order:
        ts, tn = time_parts(self.received)
        return wire.Order(
            oid=self.oid,
            u=self.user,
            aid=None if legacy else self.account,
            s=self.symbol,
            p=self.price,
            q=self.quantity,
            xq=self.filled,
            rq=self.left if self.is_open or self.state == "PENDING" or legacy else 0,
            o=self.state,
            d="B" if self.side is Side.BUY else "S",
            tif=self.tif,
            cid=self.cid,
            tag=self.tag,
            po=self.post_only,
            rb=self.reprice,
            r=self.reason,
            txt=self.text,
            ts=ts,
            tn=tn,
        )

    def status(self) -> wire.Status:
        return wire.Status(
            symbol=self.symbol,
            order_id=self.oid,
            clord_id=self.cid,
            state=self.state,
            filled_quantity=self.filled,
            remaining_quantity=self.left if self.is_open else 0,
            reject_reason=self.reason,
            reject_message=self.text,
        )


@define
class Position:
    """signed: contracts, negative = short; cost: signed cost basis in quote currency; realized: profit taken."""

    signed: int = 0
    cost: Decimal = ZERO
    realized: Decimal = ZERO

    def trade(self, side: Side, quantity: int, value: Decimal) -> Decimal:
        """Books a trade of this value (price × quantity × multiplier). Gives the profit that it realised."""
        signed, profit = sign(side) * quantity, ZERO
        if self.signed and (self.signed > 0) != (signed > 0):
            closed = min(abs(self.signed), quantity)
            cost_out = self.cost * closed / abs(self.signed)
            value_out = value * closed / quantity
            profit = value_out * sign(side.opposite) - cost_out
            self.cost -= cost_out
            self.cost += sign(side) * (value - value_out)
        else:
            self.cost += sign(side) * value
        self.signed += signed
        self.realized += profit
        return profit


@define
class Account:
    """balance: USD, fees and realised profit included."""

    id: str
    user: str
    balance: Decimal
    maker_fee: Decimal
    taker_fee: Decimal
    close_only: bool
    positions: dict[str, Position] = field(factory=dict)
    open_cids: dict[int, str] = field(factory=dict)
    last_cids: dict[int, str] = field(factory=dict)
    first_cids: dict[int, str] = field(factory=dict)
    open_orders: dict[str, VenueOrder] = field(factory=dict)

    def position(self, symbol: str) -> Position:
        return self.positions.setdefault(symbol, Position())


@define
class Ids:
    """Ids that grow with every call: the same calls at the same times give the same ids."""

    count: int = 0

    def order(self, wall_ns: int, *, prefix: str = "O") -> str:
        """A ULID: ten characters of time in ms, sixteen of a counter."""
        self.count += 1
        return f"{prefix}-{_base32(wall_ns // 1_000_000, 10)}{_base32(self.count, 16)}"

    def trade(self) -> str:
        self.count += 1
        return f"T-{self.count}"

    def event(self) -> str:
        self.count += 1
        return f"E-{self.count}"


def _base32(number: int, width: int) -> str:
    digits = []
    for _ in range(width):
        number, digit = divmod(number, 32)
        digits.append(CROCKFORD[digit])
    return "".join(reversed(digits))
