"""What a simulated Kraken Spot counts against an account: trading in one pair, and REST calls (spec A.15)."""

from __future__ import annotations

from collections.abc import Mapping
from decimal import Decimal
from typing import Final

from attrs import define, field, frozen

__all__ = [
    "ADD",
    "CANCEL_ALL",
    "SET_SWITCH",
    "TIERS",
    "Counter",
    "RateCounters",
    "Tier",
    "amend_cost",
    "cancel_cost",
    "edit_cost",
    "rest_cost",
]

SECOND: Final = 1_000_000_000
ADD: Final = Decimal(1)
CANCEL_ALL: Final = Decimal(1)
SET_SWITCH: Final = Decimal(1)
AMEND_BY_AGE: Final = ((5, 3), (10, 2), (15, 1))
EDIT_BY_AGE: Final = ((5, 6), (10, 5), (15, 4), (45, 2), (90, 1))
CANCEL_BY_AGE: Final = ((5, 8), (10, 6), (15, 5), (45, 4), (90, 2), (300, 1))


@frozen
class Tier:
    """most: the trading counter's limit; decay, rest_decay: per second; open_orders: for each pair."""

    most: int
    decay: Decimal
    open_orders: int
    rest_most: int
    rest_decay: Decimal


TIERS: Final[Mapping[str, Tier]] = {
    "starter": Tier(60, Decimal(1), 60, 15, Decimal("0.33")),
    "intermediate": Tier(125, Decimal("2.34"), 80, 20, Decimal("0.5")),
    "pro": Tier(180, Decimal("3.75"), 225, 20, Decimal(1)),
}


def _by_age(table: tuple[tuple[int, int], ...], age: int) -> Decimal:
    """age: of the order, ns."""
    return Decimal(next((extra for below, extra in table if age < below * SECOND), 0))


REST_COSTS: Final[Mapping[str, int]] = {
    "AddOrder": 0,
    "CancelOrder": 0,
    "Ledgers": 2,
    "QueryLedgers": 2,
    "TradesHistory": 2,
}
"""What REST calls count; all others 1."""
BY_CLIENT_ID: Final = frozenset({"ClosedOrders", "OpenOrders"})
"""Lists that count 2 when they look for one client order id."""


def rest_cost(name: str, *, by_client_id: bool, history: int = 2) -> Decimal:
    """history: what a call costs that reads a history of trades or of the ledger."""
    if by_client_id and name in BY_CLIENT_ID:
        return Decimal(2)
    cost = REST_COSTS.get(name, 1)
    return Decimal(history if cost == 2 else cost)


def amend_cost(age: int) -> Decimal:
    return 1 + _by_age(AMEND_BY_AGE, age)


def edit_cost(age: int) -> Decimal:
    return 1 + _by_age(EDIT_BY_AGE, age)


def cancel_cost(age: int) -> Decimal:
    return _by_age(CANCEL_BY_AGE, age)


@define
class Counter:
    """A counter that decays. decay: per second; time: of the last change, ns, monotonic."""

    most: int
    decay: Decimal
    time: int
    count: Decimal = Decimal(0)

    def at(self, now: int) -> Decimal:
        return max(Decimal(0), self.count - self.decay * (now - self.time) / SECOND)

    def add(self, cost: Decimal, now: int) -> None:
        """Stops at the limit: what is not enforced could rise without end."""
        self.count, self.time = min(Decimal(self.most), self.at(now) + cost), max(now, self.time)

    def has_room(self, cost: Decimal, now: int) -> bool:
        return self.at(now) + cost <= self.most


@define
class RateCounters:
    """The counters of one account: one for trading in each market, and one for the REST calls of each API key."""

    tier: Tier
    _pairs: dict[str, Counter] = field(factory=dict, init=False)
    _rest: dict[str, Counter] = field(factory=dict, init=False)

    def pair(self, symbol: str, now: int) -> Counter:
        counter = self._pairs.get(symbol)
        if counter is None:
            counter = self._pairs[symbol] = Counter(self.tier.most, self.tier.decay, now)
        return counter

    def add_everywhere(self, cost: Decimal, now: int) -> None:
        for counter in self._pairs.values():
            counter.add(cost, now)

    def rest(self, api_key: str, now: int) -> Counter:
        counter = self._rest.get(api_key)
        if counter is None:
            counter = self._rest[api_key] = Counter(self.tier.rest_most, self.tier.rest_decay, now)
        return counter
