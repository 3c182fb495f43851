"""What really happened at a simulated venue: its own books, for tests to compare with what a client heard."""

from __future__ import annotations

from collections.abc import Collection, Iterable
from decimal import Decimal

from attrs import define, field, frozen

from ..values import LiquiditySide, Side, WireId

__all__ = ["Execution", "Ledger"]


@frozen(kw_only=True)
class Execution:
    """One side of one trade. fee: quote currency, positive = paid; time: ns since 1970."""

    trade_id: str
    account: str
    venue_order_id: str
    wire_id: WireId | None
    symbol: str
    side: Side
    price: Decimal
    quantity: Decimal
    liquidity: LiquiditySide
    fee: Decimal
    time: int


@define
class Ledger:
    """Executions in order, both sides of each trade. keep: the newest so many, None for all."""

    keep: int | None = None
    executions: list[Execution] = field(factory=list)

    def book(self, execution: Execution) -> None:
        self.executions.append(execution)
        if self.keep is not None and len(self.executions) > 2 * self.keep:
            del self.executions[: -self.keep]

    def executions_of(self, accounts: Collection[str]) -> list[Execution]:
        return [execution for execution in self.executions if execution.account in accounts]

    def filled(self, venue_order_ids: Iterable[str]) -> Decimal:
        """How much really filled under these venue order ids."""
        ids = set(venue_order_ids)
        return sum((e.quantity for e in self.executions if e.venue_order_id in ids), Decimal(0))
