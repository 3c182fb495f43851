"""Orders of a simulated AX Exchange, and how they look on the wire."""

from __future__ import annotations

from decimal import Decimal
from typing import Final

from attrs import define

from ...ax import wire
from ...values import Side
from ..book import SelfTrade

__all__ = ["OPEN", "VenueOrder", "time_parts"]

SECOND: Final = 1_000_000_000
OPEN: Final = frozenset({"ACCEPTED", "PARTIALLY_FILLED"})


def time_parts(wall_ns: int) -> tuple[int, int]:
    """`ts` and `tn` of a moment."""
    return divmod(wall_ns, SECOND)


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
