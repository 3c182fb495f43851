"""What calls to Kraken Futures cost, and a budget that always has something left for cancels (spec B.14).

Arithmetic on time that is given; no clock.
"""

from __future__ import annotations

from typing import Final

from attrs import evolve, frozen

from .. import requests
from ..limits import Bucket
from ..requests import BatchOrders, ListOrderHistory, SetCancelTimer

__all__ = ["BUDGETS", "DERIVATIVES", "HISTORY", "Budget", "cost_of", "is_urgent", "pool_of"]

DERIVATIVES: Final = "derivatives"
HISTORY: Final = "history"

COSTS: Final[dict[type, int]] = {
    requests.PlaceOrder: 10,
    requests.ReplaceOrder: 10,
    requests.CancelOrder: 10,
    requests.CancelAllOrders: 25,
    SetCancelTimer: 25,
    requests.ListOpenOrders: 2,
    requests.ListFills: 25,
    requests.QueryOrder: 1,
    ListOrderHistory: 6,
}
"""Tokens of one call. `ListFills` always names a time (`lastFillTime`), so it is the dear kind. History tokens are
counted in sixths, for a sixth is what flows back in a second."""

BATCH_BASE: Final = 9
"""Tokens of a batch, before one for each item."""


def cost_of(request: object) -> int:
    """Tokens that a request costs. Raises KeyError for what is not sent to this venue."""
    if isinstance(request, BatchOrders):
        return BATCH_BASE + len(request.legs)
    return next(COSTS[kind] for kind in type(request).__mro__ if kind in COSTS)


def pool_of(request: object) -> str:
    """Which budget a request draws on."""
    return HISTORY if isinstance(request, ListOrderHistory) else DERIVATIVES


def is_urgent(request: object) -> bool:
    """True for what takes risk away: it may use up the reserve."""
    if isinstance(request, BatchOrders):
        return all(isinstance(leg, requests.CancelOrder) for leg in request.legs)
    return isinstance(request, requests.CancelOrder | requests.CancelAllOrders | SetCancelTimer)


@frozen(kw_only=True)
class Budget:
    """A token bucket at one moment, of which the last `reserve` tokens are for urgent calls."""

    bucket: Bucket
    reserve: int

    @classmethod
    def full(cls, *, rate: int, capacity: int, reserve: int, now: int) -> Budget:
        """rate: tokens per second; now: ns, monotonic."""
        return cls(bucket=Bucket.full(rate=rate, capacity=capacity, now=now), reserve=reserve)

    def take(self, cost: int, now: int, *, urgent: bool = False) -> Budget | None:
        """The budget after a call at `now`; None when the call must wait."""
        if self.ready_at(cost, now, urgent=urgent) > now:
            return None
        bucket = self.bucket.take(cost, now)
        return None if bucket is None else evolve(self, bucket=bucket)

    def ready_at(self, cost: int, now: int, *, urgent: bool = False) -> int:
        """When the call may go out: ns, monotonic; `now` if it may at once. A call that is dearer than what the budget
        ever holds without its reserve waits for a full budget."""
        wanted = cost if urgent else min(cost + self.reserve, self.bucket.capacity)
        return self.bucket.ready_at(wanted, now)


BUDGETS: Final[dict[str, dict[str, int]]] = {
    DERIVATIVES: {"rate": 50, "capacity": 500, "reserve": 100},
    HISTORY: {"rate": 1, "capacity": 600, "reserve": 0},
}
"""Arguments of `Budget.full`: 500 tokens in 10 s with ten cancels in reserve; 100 tokens in 10 min, in sixths."""
