"""Calls in front of the venue's budget: cancels first, nobody for ever."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from protocol.call_queue import CallQueue, WaitingCall
from protocol.limits import Budget, BudgetTerms

SECOND = 1_000_000_000
TERMS = {"orders": BudgetTerms(rate=10, capacity=100, reserve=20)}


def call(
    name: str, cost: int = 10, *, urgent: bool = False, pool: str = "orders", patience: int = 2
) -> WaitingCall[str]:
    return WaitingCall(item=name, pool=pool, cost=cost, urgent=urgent, give_up_at=patience * SECOND)


def test_calls_within_the_budget_leave_at_once_and_in_order() -> None:
    queue = CallQueue[str](TERMS)
    for name in "abc":
        queue.add(call(name), 0)
    assert queue.take(0) == (["a", "b", "c"], [])
    assert queue.next_due(0) is None


def test_the_reserve_is_for_cancels() -> None:
    queue = CallQueue[str](TERMS)
    for number in range(10):
        queue.add(call(f"order {number}"), 0)
    ready, _ = queue.take(0)
    assert len(ready) == 8
    queue.add(call("cancel", urgent=True), 0)
    assert queue.take(0) == (["cancel"], [])


def test_a_waiting_cancel_goes_before_every_order() -> None:
    queue = CallQueue[str](TERMS)
    for number in range(10):
        queue.add(call(f"cancel {number}", urgent=True), 0)
    queue.take(0)
    queue.add(call("order"), 0)
    queue.add(call("cancel", urgent=True), 0)
    assert queue.take(0) == ([], [])
    assert queue.next_due(0) == SECOND
    assert queue.take(SECOND) == (["cancel"], [])


def test_a_call_that_waited_too_long_is_given_up() -> None:
    queue = CallQueue[str](TERMS)
    for number in range(9):
        queue.add(call(f"order {number}"), 0)
    queue.take(0)
    assert queue.next_due(0) == SECOND
    queue.add(call("impatient", patience=0), 0)
    assert queue.take(0) == ([], ["impatient"])


def test_what_waits_can_be_withdrawn() -> None:
    queue = CallQueue[str](TERMS)
    for number in range(10):
        queue.add(call(f"order {number}"), 0)
    queue.take(0)
    assert queue.withdraw(lambda name: name.endswith("8")) == ["order 8"]
    assert queue.take(5 * SECOND) == (["order 9"], [])


def test_a_pool_without_a_budget_never_waits() -> None:
    queue = CallQueue[str]({})
    for number in range(1000):
        queue.add(call(str(number), pool=""), 0)
    assert len(queue.take(0)[0]) == 1000


def test_a_call_dearer_than_the_budget_without_its_reserve_waits_for_a_full_one() -> None:
    queue = CallQueue[str](TERMS)
    queue.add(call("cheap", 50), 0)
    queue.add(call("dear", 90, patience=60), 0)
    assert queue.take(0) == (["cheap"], [])
    assert queue.next_due(0) == 5 * SECOND
    assert queue.take(5 * SECOND) == (["dear"], [])


@given(st.lists(st.tuples(st.integers(0, 3), st.integers(1, 30), st.booleans()), max_size=60))
def test_no_more_is_spent_than_flows_back(calls: list[tuple[int, int, bool]]) -> None:
    queue = CallQueue[int](TERMS)
    now = spent = 0
    for pause, cost, urgent in calls:
        now += pause * SECOND
        queue.add(WaitingCall(item=cost, pool="orders", cost=cost, urgent=urgent, give_up_at=now + 60 * SECOND), now)
        ready, _ = queue.take(now)
        spent += sum(ready)
        assert spent <= 100 + 10 * now // SECOND


@given(st.integers(1, 100), st.booleans())
def test_a_budget_is_there_when_it_says_so(cost: int, urgent: bool) -> None:
    budget = Budget.full(TERMS["orders"], 0).take(70, 0)
    assert budget is not None
    due = budget.ready_at(cost, 0, urgent=urgent)
    assert budget.take(cost, due, urgent=urgent) is not None
    if due:
        assert budget.take(cost, due - SECOND // 10, urgent=urgent) is None
