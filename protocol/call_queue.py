"""Calls that wait for their budget: what takes risk away goes first, and nothing waits for ever. Arithmetic on time."""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Mapping
from typing import Generic, TypeVar

from attrs import define, field, frozen

from .limits import Budget, BudgetTerms

__all__ = ["CallQueue", "WaitingCall"]

T = TypeVar("T")


@frozen(kw_only=True)
class WaitingCall(Generic[T]):
    """pool, cost, urgent: as in `venue.HttpCall`; give_up_at: ns, monotonic, when waiting longer has no sense."""

    item: T
    pool: str
    cost: int
    urgent: bool
    give_up_at: int


@define
class _Pool(Generic[T]):
    """One budget, and the two lanes in front of it."""

    budget: Budget | None
    urgent: deque[WaitingCall[T]] = field(factory=deque)
    ordinary: deque[WaitingCall[T]] = field(factory=deque)

    @property
    def lanes(self) -> tuple[deque[WaitingCall[T]], deque[WaitingCall[T]]]:
        return self.urgent, self.ordinary

    def take(self, now: int) -> list[T]:
        """What may go out now. An ordinary call never goes before an urgent one that waits."""
        ready: list[T] = []
        for lane in self.lanes:
            while lane and self._pay(lane[0], now):
                ready.append(lane.popleft().item)
            if lane:
                break
        return ready

    def _pay(self, call: WaitingCall[T], now: int) -> bool:
        if self.budget is None:
            return True
        paid = self.budget.take(call.cost, now, urgent=call.urgent)
        self.budget = paid or self.budget
        return paid is not None

    def next_due(self, now: int) -> int | None:
        """When this pool must be looked at again: a budget is there, or somebody gives up."""
        dues = [call.give_up_at for lane in self.lanes for call in lane]
        first = self.urgent or self.ordinary
        if first and self.budget is not None:
            dues.append(self.budget.ready_at(first[0].cost, now, urgent=first[0].urgent))
        return min(dues, default=None)


class CallQueue(Generic[T]):
    """Owned by one actor. budgets: by the name of the pool; a pool without one never waits."""

    def __init__(self, budgets: Mapping[str, BudgetTerms]) -> None:
        self._terms = budgets
        self._pools: dict[str, _Pool[T]] = {}

    def add(self, call: WaitingCall[T], now: int) -> None:
        pool = self._pools.get(call.pool)
        if pool is None:
            terms = self._terms.get(call.pool)
            pool = self._pools[call.pool] = _Pool(None if terms is None else Budget.full(terms, now))
        (pool.urgent if call.urgent else pool.ordinary).append(call)

    def take(self, now: int) -> tuple[list[T], list[T]]:
        """What may go out at `now`, in order, and what has waited too long."""
        ready: list[T] = []
        given_up: list[T] = []
        for pool in self._pools.values():
            ready += pool.take(now)
            for lane in pool.lanes:
                if lane:
                    given_up += self._withdraw(lane, lambda call: call.give_up_at <= now)
        return ready, given_up

    def withdraw(self, matches: Callable[[T], bool]) -> list[T]:
        """Takes out what still waits and matches."""
        return [
            item
            for pool in self._pools.values()
            for lane in pool.lanes
            for item in self._withdraw(lane, lambda call: matches(call.item))
        ]

    @staticmethod
    def _withdraw(lane: deque[WaitingCall[T]], leaves: Callable[[WaitingCall[T]], bool]) -> list[T]:
        leaving = [call for call in lane if leaves(call)]
        for call in leaving:
            lane.remove(call)
        return [call.item for call in leaving]

    def next_due(self, now: int) -> int | None:
        """When `take` must be called again: ns, monotonic; None if nothing waits."""
        return min((due for pool in self._pools.values() if (due := pool.next_due(now)) is not None), default=None)
