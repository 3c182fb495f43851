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
from .enumerations import ErrorKind, error_kind

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
    "terms_with_limit",
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
    """How far a counter may rise, and how fast it falls."""

    limit: int
    """Hundredths of a point."""
    decay: int
    """Hundredths of a point that go in a second."""
    reserve: int = 20 * POINT
    """See `limit`."""


TRADING: Final[Mapping[Tier, TradingTerms]] = {
    Tier.STARTER: TradingTerms(limit=60 * POINT, decay=100),
    Tier.INTERMEDIATE: TradingTerms(limit=125 * POINT, decay=234),
    Tier.PRO: TradingTerms(limit=180 * POINT, decay=375),
}


def trading_terms(tier: Tier) -> TradingTerms:
    return TRADING[tier]


def terms_with_limit(terms: TradingTerms, most: int) -> TradingTerms:
    """The terms with the limit that the venue named itself (`maxratecount`), in points. The
    decay is that of the tier with this limit."""
    same = next((each for each in TRADING.values() if each.limit == most * POINT), terms)
    return evolve(terms, limit=most * POINT, decay=same.decay)


@frozen(kw_only=True)
class TradingCounter:
    """The counter of one pair at one moment."""

    terms: TradingTerms
    level: int = 0
    """Billionths of a hundredth of a point."""
    time: int = 0
    """ns, monotonic."""

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

    def forced(self, cost: int, now: int) -> TradingCounter:
        """The counter after an action that nothing holds back: no higher than its limit."""
        ready, limit = self.decayed(now), self.terms.limit * SECOND
        return evolve(ready, level=max(ready.level, min(limit, ready.level + cost * SECOND)))

    def exhausted(self, now: int) -> TradingCounter:
        """The counter where the venue's own has passed its limit."""
        ready = self.decayed(now)
        return evolve(ready, level=max(ready.level, self.terms.limit * SECOND))


@define
class TradingCounters:
    """The counters of all pairs of an account; owned by one task. A counter that has run down is forgotten; `_unused`
    is that of every pair that has none."""

    terms: TradingTerms
    _counters: dict[str, TradingCounter] = field(factory=dict, init=False)
    _unused: TradingCounter = field(init=False)

    @_unused.default
    def _at_zero(self) -> TradingCounter:
        return TradingCounter(terms=self.terms)

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

    def force(self, symbol: str, cost: int, now: int) -> None:
        """Counts an action on a pair that nothing holds back."""
        self._counters[symbol] = self._counter(symbol).forced(cost, now)

    def exhaust(self, symbol: str, now: int) -> None:
        """The venue says that the counter of a pair is at its limit."""
        self._counters[symbol] = self._counter(symbol).exhausted(now)

    def exhaust_all(self, now: int) -> None:
        """And those of all pairs."""
        self._unused = self._unused.exhausted(now)
        self._counters = {symbol: each.exhausted(now) for symbol, each in self._counters.items()}

    def change_terms(self, terms: TradingTerms) -> None:
        """What has been counted stays counted."""
        self.terms = terms
        self._unused = evolve(self._unused, terms=terms)
        self._counters = {symbol: evolve(each, terms=terms) for symbol, each in self._counters.items()}

    def forget_idle(self, now: int) -> None:
        """Lets go of the counters that are at zero."""
        self._counters = {symbol: each for symbol, each in self._counters.items() if each.decayed(now).level > 0}

    def _counter(self, symbol: str) -> TradingCounter:
        return self._counters.get(symbol) or self._unused


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

    def count(self, request: object, symbols: Iterable[str], now: int) -> None:
        for symbol in set(symbols):
            self._counters.force(symbol, trading_cost(request), now)

    def exceeded(self, reason: str, symbol: str, now: int) -> None:
        kind = error_kind(reason)
        if kind is ErrorKind.ACCOUNT_LIMIT:
            self._counters.exhaust_all(now)
        elif kind is ErrorKind.PAIR_LIMIT and symbol:
            self._counters.exhaust(symbol, now)

    def allow(self, most: int) -> None:
        self._counters.change_terms(terms_with_limit(self._counters.terms, most))


SWEEP: Final = 1000
"""Requests between two looks for counters that have run down."""


def trading_cost(request: object, ages: Iterable[int] = ()) -> int:
    """What a request adds to the counter of its pair. ages: ns since the orders that it is about were placed, an order
    of unknown age counts as new."""
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
        case requests.CancelAllOrders() | requests.SetCancelAllAfter():
            return POINT  # in each pair that has an order of ours
        case _:
            return 0


# What REST calls cost


def rest_cost(request: object) -> int:
    """What a call adds to the REST counter. Placing and canceling draw on the trading counter alone; fills, and either
    list that is searched for a client id, are dearer than the rest."""
    match request:
        case PlaceOrder() | CancelOrder():
            return 0
        case requests.ListFills() | requests.QueryOrder(venue_order_id=None):
            return 2 * POINT
        case _:
            return POINT


REST_BUDGETS: Final[Mapping[Tier, BudgetTerms]] = {
    Tier.STARTER: BudgetTerms(rate=33, capacity=15 * POINT, reserve=2 * POINT, kept=4 * POINT),
    Tier.INTERMEDIATE: BudgetTerms(rate=50, capacity=20 * POINT, reserve=2 * POINT, kept=4 * POINT),
    Tier.PRO: BudgetTerms(rate=100, capacity=20 * POINT, reserve=2 * POINT, kept=4 * POINT),
}
"""What our own questions leave is enough for two readings of fills."""


def rest_budgets(tier: Tier) -> dict[str, BudgetTerms]:
    """The budget of REST calls, under its name."""
    return {REST: REST_BUDGETS[tier]}
