"""How much Kraken Spot lets an account do: the trading counter of each pair, and the counter of REST calls (spec A.15).

Arithmetic on time that is given; no clock. Costs are in hundredths of a point, so that all of it is exact. A reserve at
the top of each counter is for cancels alone.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from enum import Enum
from typing import Final

from attrs import define, evolve, field, frozen

from .. import requests
from ..limits import BudgetTerms
from ..requests import CancelOrder, PlaceOrder, ReplaceOrder

__all__ = [
    "POINT",
    "REST",
    "Tier",
    "TradingCounter",
    "TradingCounters",
    "TradingTerms",
    "TradingThrottle",
    "amend_cost",
    "batch_add_cost",
    "cancel_cost",
    "edit_cost",
    "placement_cost",
    "rest_budgets",
    "rest_cost",
    "terms_told",
    "trading_cost",
    "trading_terms",
]

SECOND: Final = 1_000_000_000
POINT: Final = 100
"""One point of a counter, in the units of this module."""
REST: Final = "rest"
"""The name of the budget of REST calls."""


class Tier(Enum):
    """How far the account has been verified."""

    STARTER = "starter"
    INTERMEDIATE = "intermediate"
    PRO = "pro"


# What trading costs. Tables: (age of the order below this many seconds, points on top of the fixed ones).

Ages = tuple[tuple[int, int], ...]

AMEND_AGES: Final[Ages] = ((5, 3), (10, 2), (15, 1))
EDIT_AGES: Final[Ages] = ((5, 6), (10, 5), (15, 4), (45, 2), (90, 1))
CANCEL_AGES: Final[Ages] = ((5, 8), (10, 6), (15, 5), (45, 4), (90, 2), (300, 1))


def _extra(ages: Ages, age: int) -> int:
    return next((points * POINT for seconds, points in ages if age < seconds * SECOND), 0)


def placement_cost() -> int:
    return POINT


def batch_add_cost(orders: int) -> int:
    """Half a point for each."""
    return orders * POINT // 2


def amend_cost(age: int) -> int:
    """age: ns since the order was placed; so below."""
    return POINT + _extra(AMEND_AGES, age)


def edit_cost(age: int) -> int:
    return POINT + _extra(EDIT_AGES, age)


def cancel_cost(*ages: int) -> int:
    """Of one order, or of several in a batch."""
    return sum(_extra(CANCEL_AGES, age) for age in ages)


@frozen(kw_only=True)
class TradingTerms:
    """limit, reserve: hundredths of a point; decay: hundredths of a point that go in a second."""

    limit: int
    decay: int
    reserve: int = 20 * POINT


TRADING: Final[Mapping[Tier, TradingTerms]] = {
    Tier.STARTER: TradingTerms(limit=60 * POINT, decay=100),
    Tier.INTERMEDIATE: TradingTerms(limit=125 * POINT, decay=234),
    Tier.PRO: TradingTerms(limit=180 * POINT, decay=375),
}


def trading_terms(tier: Tier) -> TradingTerms:
    return TRADING[tier]


def terms_told(terms: TradingTerms, most: int) -> TradingTerms:
    """The terms with the limit that the venue named itself (`maxratecount`), in points. A tier that has this limit
    tells how fast it decays."""
    same = next((each for each in TRADING.values() if each.limit == most * POINT), terms)
    return evolve(terms, limit=most * POINT, decay=same.decay)


@frozen(kw_only=True)
class TradingCounter:
    """The counter of one pair at one moment. level: billionths of a hundredth of a point; time: ns, monotonic."""

    terms: TradingTerms
    level: int = 0
    time: int = 0

    def decayed(self, now: int) -> TradingCounter:
        """The counter at `now`; a moment before the last one changes nothing."""
        if now <= self.time:
            return self
        return evolve(self, level=max(0, self.level - (now - self.time) * self.terms.decay), time=now)

    def ready_at(self, cost: int, now: int, *, urgent: bool = False) -> int:
        """When `cost` may be added: ns, monotonic; `now` if at once. What is dearer than the counter ever allows waits
        until it is empty. urgent: it may use up the reserve."""
        room = self.terms.limit - (0 if urgent else self.terms.reserve)
        excess = self.decayed(now).level - (room - min(cost, room)) * SECOND
        return now if excess <= 0 else now - (-excess // self.terms.decay)

    def add(self, cost: int, now: int, *, urgent: bool = False) -> TradingCounter | None:
        """The counter after an action at `now`; None when it must wait."""
        if self.ready_at(cost, now, urgent=urgent) > now:
            return None
        ready = self.decayed(now)
        return evolve(ready, level=ready.level + cost * SECOND)


@define
class TradingCounters:
    """The counters of all pairs of an account; owned by one task. A counter that has run down is forgotten."""

    terms: TradingTerms
    _counters: dict[str, TradingCounter] = field(factory=dict, init=False)

    def __len__(self) -> int:
        return len(self._counters)

    def ready_at(self, symbol: str, cost: int, now: int, *, urgent: bool = False) -> int:
        """As `TradingCounter.ready_at`, for a pair."""
        return self._counter(symbol).ready_at(cost, now, urgent=urgent)

    def add(self, symbol: str, cost: int, now: int, *, urgent: bool = False) -> bool:
        """Counts an action on a pair; False when it must wait, and nothing is counted."""
        after = self._counter(symbol).add(cost, now, urgent=urgent)
        if after is None:
            return False
        self._counters[symbol] = after
        return True

    def change_terms(self, terms: TradingTerms) -> None:
        """What has been counted stays counted."""
        self.terms = terms
        self._counters = {symbol: evolve(each, terms=terms) for symbol, each in self._counters.items()}

    def forget_idle(self, now: int) -> None:
        """Lets go of the counters that are at zero."""
        self._counters = {symbol: each for symbol, each in self._counters.items() if each.decayed(now).level > 0}

    def _counter(self, symbol: str) -> TradingCounter:
        return self._counters.get(symbol) or TradingCounter(terms=self.terms)


@define
class TradingThrottle:
    """The counters of an account as dispatch asks them (`venue.Throttle`)."""

    _counters: TradingCounters = field(converter=TradingCounters)
    _taken: int = field(default=0, init=False)

    def take(self, request: object, symbol: str, ages: Sequence[int], now: int) -> int:
        cost, urgent = trading_cost(request, ages), isinstance(request, CancelOrder)
        if not cost or self._counters.add(symbol, cost, now, urgent=urgent):
            self._taken += 1
            if self._taken % SWEEP == 0:
                self._counters.forget_idle(now)
            return 0
        return self._counters.ready_at(symbol, cost, now, urgent=urgent) - now

    def allow(self, most: int) -> None:
        self._counters.change_terms(terms_told(self._counters.terms, most))


SWEEP: Final = 1000
"""Requests between two looks for counters that have run down."""


def trading_cost(request: object, ages: Iterable[int] = ()) -> int:
    """What a request adds to the counter of its pair. ages: ns since the orders that it is about were placed, an order
    whose age nobody knows counting as new."""
    known = tuple(ages)
    match request:
        case PlaceOrder():
            return placement_cost()
        case ReplaceOrder():
            return amend_cost(known[0] if known else 0)
        case CancelOrder():
            return cancel_cost(*(known or (0,)))
        case requests.BatchOrders():
            placed = sum(isinstance(leg, PlaceOrder) for leg in request.legs)
            rest = len(request.legs) - placed
            return batch_add_cost(placed) + cancel_cost(*(known or (0,) * rest))
        case _:
            return 0


# What REST calls cost

HISTORY_CALLS: Final = (requests.ListFills, requests.ListOrderHistory)
HISTORY_COST: Final = 4 * POINT
"""Sources say 2 or 4 points for reading history; the dearer one is counted."""
UNCOUNTED: Final = (PlaceOrder, CancelOrder, ReplaceOrder)
"""They draw on the trading counter instead."""


def rest_cost(request: object) -> int:
    """What a call adds to the REST counter."""
    if isinstance(request, UNCOUNTED):
        return 0
    return HISTORY_COST if isinstance(request, HISTORY_CALLS) else POINT


REST_BUDGETS: Final[Mapping[Tier, BudgetTerms]] = {
    Tier.STARTER: BudgetTerms(rate=33, capacity=15 * POINT, reserve=2 * POINT),
    Tier.INTERMEDIATE: BudgetTerms(rate=50, capacity=20 * POINT, reserve=2 * POINT),
    Tier.PRO: BudgetTerms(rate=100, capacity=20 * POINT, reserve=2 * POINT),
}


def rest_budgets(tier: Tier) -> dict[str, BudgetTerms]:
    """The budget of REST calls, under its name."""
    return {REST: REST_BUDGETS[tier]}
