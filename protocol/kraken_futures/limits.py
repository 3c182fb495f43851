"""What calls to Kraken Futures cost, and a budget that always has something left for cancels (spec B.14).

Arithmetic on time that is given; no clock.
"""

from __future__ import annotations

from typing import Final

from .. import requests
from ..limits import BudgetTerms
from ..requests import BatchOrders, ListOrderHistory, SetCancelAllAfter

__all__ = ["BUDGETS", "DERIVATIVES", "HISTORY", "cost_of", "pool_of"]

DERIVATIVES: Final = "derivatives"
HISTORY: Final = "history"

COSTS: Final[dict[type, int]] = {
    requests.PlaceOrder: 10,
    requests.ReplaceOrder: 10,
    requests.CancelOrder: 10,
    requests.CancelAllOrders: 25,
    SetCancelAllAfter: 25,
    requests.ListOpenOrders: 2,
    requests.ListFills: 25,
    requests.QueryOrder: 1,
    requests.AskTime: 2,
    ListOrderHistory: 6,
}
"""Tokens of one call. `ListFills` with a time (`lastFillTime`) is the dear kind. History tokens are counted in sixths,
for a sixth is what flows back in a second."""

NEWEST_FILLS: Final = 2
BATCH_BASE: Final = 9
"""Tokens of a batch, before one for each item."""


def cost_of(request: object) -> int:
    """Tokens that a request costs. Raises KeyError for what is not sent to this venue."""
    if isinstance(request, BatchOrders):
        return BATCH_BASE + len(request.legs)
    if isinstance(request, requests.ListFills) and request.latest and request.cursor is None:
        return NEWEST_FILLS
    return COSTS[type(request)]


def pool_of(request: object) -> str:
    """Which budget a request draws on."""
    return HISTORY if isinstance(request, ListOrderHistory) else DERIVATIVES


BUDGETS: Final = {
    DERIVATIVES: BudgetTerms(rate=50, capacity=500, reserve=100, kept=100),
    HISTORY: BudgetTerms(rate=1, capacity=600, reserve=0),
}
"""500 tokens in 10 s with ten cancels in reserve, and ten orders before our own questions; 100 tokens in 10 min, in
sixths."""
