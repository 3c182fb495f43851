"""Calls that may not go out yet: for want of budget, of a place among those under way, or because the venue asked to be
left alone. What takes risk away goes first, what is asked on our own account last, and nothing waits for ever.
Arithmetic on time.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Mapping
from typing import Final, Generic, TypeVar

from attrs import define, field, frozen

from .limits import Budget, BudgetTerms
from .requests import Urgency
from .retry_after import retry_after
from .venue import HttpAnswer

__all__ = ["CallQueue", "WaitingCall"]

T = TypeVar("T")

SECOND: Final = 1_000_000_000
URGENCIES: Final = tuple(Urgency)
"""To go through them costs a call less each than by the enum itself."""
TOO_MANY_REQUESTS: Final = 429
UNAVAILABLE: Final = 503
LONGEST_PAUSE: Final = 60 * SECOND
"""After refusals that name no time, each of which doubles the pause."""


@frozen(kw_only=True)
class WaitingCall(Generic[T]):
    """pool, cost: as in `venue.HttpCall`; patient_until: ns, monotonic, when it waits no longer for its budget;
    give_up_at: for whatever else it waits for; steps_back_at: when it lets whatever the user asked for go first."""

    item: T
    pool: str
    cost: int
    urgency: Urgency
    patient_until: int
    give_up_at: int
    steps_back_at: int | None = None


@define
class _Pool(Generic[T]):
    """One budget, and a lane in front of it for each degree of urgency."""

    budget: Budget | None
    lanes: tuple[deque[WaitingCall[T]], ...] = field(factory=lambda: tuple(deque() for _ in URGENCIES))

    def take_first(self, now: int, may_go: Callable[[Urgency], bool]) -> WaitingCall[T] | None:
        """The call that may go out now. None ever goes before a more urgent one that waits."""
        urgency = self.first
        if urgency is None or not may_go(urgency):
            return None
        lane = self.lanes[urgency]
        return lane.popleft() if self._pay(lane[0], urgency, now) else None

    def step_back(self, now: int) -> None:
        """Questions of our own that orders have waited for long enough wait behind those from now on."""
        questions = self.lanes[Urgency.QUESTION]
        late = [call for call in questions if call.steps_back_at is not None and call.steps_back_at <= now]
        if late:
            staying = [call for call in questions if call not in late]
            questions.clear()
            questions.extend(staying)
            self.lanes[Urgency.OWN_LIST].extend(late)

    @property
    def steps_back_at(self) -> int | None:
        """When the next of them does: ns, monotonic."""
        moments = (call.steps_back_at for call in self.lanes[Urgency.QUESTION])
        return min((moment for moment in moments if moment is not None), default=None)

    @property
    def first(self) -> Urgency | None:
        """Whose turn it is; None if none waits."""
        return next((urgency for urgency in URGENCIES if self.lanes[urgency]), None)

    def _pay(self, call: WaitingCall[T], lane: Urgency, now: int) -> bool:
        if self.budget is None:
            return True
        paid = self.budget.take(call.cost, now, urgent=lane is Urgency.LESS_RISK, own=lane > Urgency.ORDINARY)
        self.budget = paid or self.budget
        return paid is not None

    def paid_at(self, urgency: Urgency, now: int) -> int:
        """When the budget has enough for the first call of a lane: ns, monotonic."""
        if self.budget is None:
            return now
        cost, own = self.lanes[urgency][0].cost, urgency > Urgency.ORDINARY
        return self.budget.ready_at(cost, now, urgent=urgency is Urgency.LESS_RISK, own=own)


@define
class _Silence:
    """How long the venue wants to be left alone: ns, monotonic. by_all: by everybody; by_ordinary: by what is not
    urgent; pause: after the latest refusal that named no time."""

    by_all: int = 0
    by_ordinary: int = 0
    pause: int = 0

    def note(self, answer: HttpAnswer, now: int, wall_now: int) -> None:
        if answer.status not in (TOO_MANY_REQUESTS, UNAVAILABLE):
            self.pause = 0
            return
        is_ban, wait = answer.status == TOO_MANY_REQUESTS, retry_after(answer.headers.get("retry-after"), wall_now)
        if wait is None:
            if not is_ban:
                return
            self.pause = wait = min(2 * self.pause or SECOND, LONGEST_PAUSE)
        elif is_ban:
            self.by_all = max(self.by_all, now + wait)
        self.by_ordinary = max(self.by_ordinary, now + wait)

    def ends_at(self, urgency: Urgency) -> int:
        return self.by_all if urgency < Urgency.ORDINARY else max(self.by_all, self.by_ordinary)


class CallQueue(Generic[T]):
    """Owned by one actor. budgets: by the name of the pool; a pool without one waits for no budget; most: calls that
    are not urgent and may be under way: what waits here instead can be taken back, and costs nothing if there are a
    thousand.

    A venue that answers 429 and names a time (Retry-After, spec Kraken A.2) is left alone by everything until then: it
    would refuse a cancel as well, and some make a ban longer for each call that knocks. Where it names no time, or is
    unavailable (503), what is not urgent leaves it alone: a cancel may get through, and costs nothing if it does not.
    """

    def __init__(self, budgets: Mapping[str, BudgetTerms], most: int) -> None:
        self._terms = budgets
        self._most = most
        self._pools: dict[str, _Pool[T]] = {}
        self._silence = _Silence()
        self._under_way = 0

    def __bool__(self) -> bool:
        """True while a call waits."""
        return any(pool.first is not None for pool in self._pools.values())

    def add(self, call: WaitingCall[T], now: int) -> None:
        pool = self._pools.get(call.pool)
        if pool is None:
            terms = self._terms.get(call.pool)
            pool = self._pools[call.pool] = _Pool(None if terms is None else Budget.full(terms, now))
        pool.lanes[call.urgency].append(call)

    def take(self, now: int) -> tuple[list[T], list[T]]:
        """What may go out at `now`, in order, and what has waited too long. `ended` must be called for each call
        that went out."""

        def may_go(urgency: Urgency) -> bool:
            return self._has_place(urgency) and self._silence.ends_at(urgency) <= now

        ready: list[T] = []
        given_up: list[T] = []
        for pool in self._pools.values():
            pool.step_back(now)
            while (call := pool.take_first(now, may_go)) is not None:
                self._under_way += call.urgency >= Urgency.ORDINARY
                ready.append(call.item)
            for lane in pool.lanes:
                if lane:
                    given_up += self._withdraw(lane, lambda call: self._gives_up_at(call, now) <= now)
        return ready, given_up

    def ended(self, urgency: Urgency) -> None:
        """A call that went out is over; if it was not urgent, there is a place for another."""
        self._under_way -= urgency >= Urgency.ORDINARY

    @property
    def is_full(self) -> bool:
        """True while no further ordinary call may go out."""
        return self._under_way >= self._most

    def _has_place(self, urgency: Urgency) -> bool:
        return urgency < Urgency.ORDINARY or not self.is_full

    def _gives_up_at(self, call: WaitingCall[T], now: int) -> int:
        """A call that could not go out with all the budget in the world does not wait for that."""
        waits_for_budget = self._has_place(call.urgency) and self._silence.ends_at(call.urgency) <= now
        return min(call.give_up_at, call.patient_until) if waits_for_budget else call.give_up_at

    def note(self, answer: HttpAnswer, now: int, wall_now: int) -> None:
        """Heeds what an answer says of further calls. now: ns, monotonic; wall_now: ns since 1970."""
        self._silence.note(answer, now, wall_now)

    def use_up(self, pool: str, now: int) -> None:
        """The venue says that this budget is used up: another program draws on it, too, and our own count was wrong."""
        found = self._pools.get(pool)
        if found is not None and found.budget is not None:
            found.budget = found.budget.emptied(now)

    def silence(self, urgency: Urgency, now: int) -> int:
        """ns for which the venue still wants no such calls, 0: it takes them."""
        return max(0, self._silence.ends_at(urgency) - now)

    def withdraw_outlasted(self) -> list[T]:
        """Takes out what will have given up before the venue takes calls again: there is no need to wait for that."""
        return [
            item
            for pool in self._pools.values()
            for urgency in URGENCIES
            for item in self._withdraw(
                pool.lanes[urgency], lambda call: call.give_up_at < self._silence.ends_at(call.urgency)
            )
        ]

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
        if not lane:
            return []
        leaving = [call.item for call in lane if leaves(call)]
        if leaving:
            staying = [call for call in lane if not leaves(call)]
            lane.clear()
            lane.extend(staying)
        return leaving

    def next_due(self, now: int) -> int | None:
        """When `take` must be called again even though nothing has ended: ns, monotonic; None if nothing waits."""
        dues = (self._pool_due(pool, now) for pool in self._pools.values())
        return min((due for due in dues if due is not None), default=None)

    def _pool_due(self, pool: _Pool[T], now: int) -> int | None:
        """A budget is there, the venue takes calls again, or a caller gives up."""
        first = pool.first
        if first is None:
            return None
        dues = [min(self._gives_up_at(call, now) for call in lane) for lane in pool.lanes if lane]
        if pool.steps_back_at is not None:
            dues.append(pool.steps_back_at)
        if self._has_place(first):
            dues.append(max(pool.paid_at(first, now), self._silence.ends_at(first)))
        return min(dues)
