"""Calls in front of the venue's budget: cancels first, nobody for ever."""

from __future__ import annotations

import pytest
from attrs import evolve
from hypothesis import given
from hypothesis import strategies as st

from protocol.call_queue import CallQueue, WaitingCall
from protocol.limits import Budget, BudgetTerms
from protocol.requests import Urgency
from protocol.venue import HttpAnswer

SECOND = 1_000_000_000
TERMS = {"orders": BudgetTerms(rate=10, capacity=100, reserve=20)}


MANY = 10_000
"""Calls that may be under way, where that is not what is tried."""


def call(
    name: str,
    cost: int = 10,
    *,
    urgency: Urgency = Urgency.ORDINARY,
    pool: str = "orders",
    patience: int = 2,
    limit: int = 60,
) -> WaitingCall[str]:
    """patience: seconds in front of its budget; limit: of whatever else."""
    return WaitingCall(
        item=name,
        pool=pool,
        cost=cost,
        urgency=urgency,
        patient_until=patience * SECOND,
        give_up_at=limit * SECOND,
    )


def test_calls_within_the_budget_leave_at_once_and_in_order() -> None:
    queue = CallQueue[str](TERMS, MANY)
    for name in "abc":
        queue.add(call(name), 0)
    assert queue.take(0) == (["a", "b", "c"], [])
    assert queue.next_due(0) is None


def test_the_reserve_is_for_cancels() -> None:
    queue = CallQueue[str](TERMS, MANY)
    for number in range(10):
        queue.add(call(f"order {number}"), 0)
    ready, _ = queue.take(0)
    assert len(ready) == 8
    queue.add(call("cancel", urgency=Urgency.LESS_RISK), 0)
    assert queue.take(0) == (["cancel"], [])


def test_a_waiting_cancel_goes_before_every_order() -> None:
    queue = CallQueue[str](TERMS, MANY)
    for number in range(10):
        queue.add(call(f"cancel {number}", urgency=Urgency.LESS_RISK), 0)
    queue.take(0)
    queue.add(call("order"), 0)
    queue.add(call("cancel", urgency=Urgency.LESS_RISK), 0)
    assert queue.take(0) == ([], [])
    assert queue.next_due(0) == SECOND
    assert queue.take(SECOND) == (["cancel"], [])


def test_a_call_that_waited_too_long_is_given_up() -> None:
    queue = CallQueue[str](TERMS, MANY)
    for number in range(9):
        queue.add(call(f"order {number}"), 0)
    queue.take(0)
    assert queue.next_due(0) == SECOND
    queue.add(call("impatient", patience=0), 0)
    assert queue.take(0) == ([], ["impatient"])


def test_a_budget_that_the_venue_calls_used_up_fills_from_nothing() -> None:
    queue = CallQueue[str](TERMS, MANY)
    queue.add(call("a"), 0)
    assert queue.take(0) == (["a"], [])
    queue.use_up("orders", 0)
    queue.use_up("a pool that nobody has asked for", 0)
    queue.add(call("cancel", urgency=Urgency.LESS_RISK), 0)
    assert queue.take(0) == ([], [])
    assert queue.next_due(0) == SECOND
    assert queue.take(SECOND) == (["cancel"], [])


def test_what_waits_can_be_withdrawn() -> None:
    queue = CallQueue[str](TERMS, MANY)
    for number in range(10):
        queue.add(call(f"order {number}"), 0)
    queue.take(0)
    assert queue.withdraw(lambda name: name.endswith("8")) == ["order 8"]
    assert queue.take(5 * SECOND) == (["order 9"], [])


def test_a_pool_without_a_budget_never_waits() -> None:
    queue = CallQueue[str]({}, MANY)
    for number in range(1000):
        queue.add(call(str(number), pool=""), 0)
    assert len(queue.take(0)[0]) == 1000


def test_a_call_dearer_than_the_budget_without_its_reserve_waits_for_a_full_one() -> None:
    queue = CallQueue[str](TERMS, MANY)
    queue.add(call("cheap", 50), 0)
    queue.add(call("dear", 90, patience=60), 0)
    assert queue.take(0) == (["cheap"], [])
    assert queue.next_due(0) == 5 * SECOND
    assert queue.take(5 * SECOND) == (["dear"], [])


@given(st.lists(st.tuples(st.integers(0, 3), st.integers(1, 30), st.booleans()), max_size=60))
def test_no_more_is_spent_than_flows_back(calls: list[tuple[int, int, bool]]) -> None:
    queue = CallQueue[int](TERMS, MANY)
    now = spent = 0
    for pause, cost, urgent in calls:
        now += pause * SECOND
        urgency = Urgency.LESS_RISK if urgent else Urgency.ORDINARY
        end = now + 60 * SECOND
        waiting = WaitingCall(item=cost, pool="orders", cost=cost, urgency=urgency, patient_until=end, give_up_at=end)
        queue.add(waiting, now)
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


# Places


def test_a_thousand_orders_wait_for_a_place_and_hold_no_cancel_back() -> None:
    queue = CallQueue[str]({}, 64)
    for number in range(1000):
        queue.add(call(f"order {number}", pool=""), 0)
    assert queue.take(0) == ([f"order {number}" for number in range(64)], [])
    assert queue.is_full
    queue.add(call("cancel", pool="", urgency=Urgency.LESS_RISK), 0)
    queue.add(call("query", pool="", urgency=Urgency.QUESTION), 0)
    assert queue.take(0) == (["cancel", "query"], [])
    queue.ended(Urgency.ORDINARY)
    queue.ended(Urgency.LESS_RISK)
    assert queue.take(0) == (["order 64"], [])


def test_a_call_that_waits_for_a_place_does_not_wait_for_its_budget() -> None:
    queue = CallQueue[str](TERMS, 1)
    queue.add(call("under way", cost=1), 0)
    queue.add(call("next", cost=1, patience=2, limit=9), 0)
    assert queue.take(0) == (["under way"], [])
    assert queue.next_due(0) == 9 * SECOND
    assert queue.take(8 * SECOND) == ([], [])
    assert queue.take(9 * SECOND) == ([], ["next"])
    assert not queue


def test_questions_go_before_orders_and_behind_cancels_and_leave_the_reserve_alone() -> None:
    queue = CallQueue[str](TERMS, MANY)
    queue.add(call("all but the reserve", cost=80), 0)
    queue.take(0)
    queue.add(call("order", cost=1), 0)
    queue.add(call("query", cost=1, urgency=Urgency.QUESTION), 0)
    assert queue.take(0) == ([], [])
    queue.add(call("cancel", urgency=Urgency.LESS_RISK), 0)
    assert queue.take(0) == (["cancel"], [])
    assert queue.take(12 * SECOND // 10) == (["query", "order"], [])


# A venue that asks to be left alone. The header's words are those of RFC 9110 10.2.3.


def answered(status: int, retry_after: str | None = None) -> HttpAnswer:
    headers = {} if retry_after is None else {"retry-after": retry_after}
    return HttpAnswer(status=status, body=b"", headers=headers)


def waiting(answer: HttpAnswer) -> CallQueue[str]:
    queue = CallQueue[str]({}, MANY)
    queue.note(answer, 0, 0)
    queue.add(call("order", pool="", limit=9), 0)
    queue.add(call("query", pool="", limit=9, urgency=Urgency.QUESTION), 0)
    queue.add(call("cancel", pool="", limit=9, urgency=Urgency.LESS_RISK), 0)
    return queue


def test_a_ban_holds_everything_back_for_as_long_as_it_says() -> None:
    queue = waiting(answered(429, "8"))
    assert queue.take(0) == ([], [])
    assert queue.silence(Urgency.LESS_RISK, SECOND) == 7 * SECOND
    assert queue.next_due(0) == 8 * SECOND
    assert queue.take(8 * SECOND) == (["cancel", "query", "order"], [])


def test_who_would_wait_in_vain_hears_so_at_once() -> None:
    queue = waiting(answered(429, "10"))
    assert queue.withdraw_outlasted() == ["cancel", "query", "order"]
    assert not queue


def test_a_ban_is_bounded() -> None:
    queue = waiting(answered(429, "86400"))
    assert queue.silence(Urgency.LESS_RISK, 0) == 15 * 60 * SECOND


@pytest.mark.parametrize("answer", [answered(503, "3"), answered(429)], ids=["unavailable", "no time named"])
def test_a_cancel_may_get_through_where_the_venue_need_not_refuse_it(answer: HttpAnswer) -> None:
    queue = waiting(answer)
    assert queue.take(0) == (["cancel", "query"], [])
    assert queue.take(3 * SECOND) == (["order"], [])


def test_a_venue_that_is_unavailable_and_names_no_time_holds_nothing_back() -> None:
    assert waiting(answered(503)).take(0) == (["cancel", "query", "order"], [])


def test_each_refusal_that_names_no_time_doubles_the_pause_until_something_works() -> None:
    queue = CallQueue[str]({}, 64)
    pauses = []
    for _ in range(8):
        queue.note(answered(429), 0, 0)
        pauses.append(queue.silence(Urgency.ORDINARY, 0) // SECOND)
    assert pauses == [1, 2, 4, 8, 16, 32, 60, 60]
    queue.note(answered(200), 100 * SECOND, 0)
    queue.note(answered(429), 100 * SECOND, 0)
    assert queue.silence(Urgency.ORDINARY, 100 * SECOND) == SECOND


# Questions of our own


def test_our_own_questions_go_behind_all_that_a_user_asks_the_lists_first() -> None:
    queue = CallQueue[str](TERMS, MANY)
    queue.add(call("page", cost=1, urgency=Urgency.OWN_HISTORY), 0)
    queue.add(call("list", cost=1, urgency=Urgency.OWN_LIST), 0)
    queue.add(call("read", cost=1), 0)
    queue.add(call("query", cost=1, urgency=Urgency.QUESTION), 0)
    assert queue.take(0) == (["query", "read", "list", "page"], [])


def test_our_own_questions_leave_budget_for_what_a_user_asks_next() -> None:
    queue = CallQueue[str]({"orders": BudgetTerms(rate=10, capacity=100, reserve=20, kept=30)}, MANY)
    for number in range(6):
        queue.add(call(f"page {number}", urgency=Urgency.OWN_HISTORY, patience=60), 0)
    assert queue.take(0)[0] == [f"page {number}" for number in range(5)]
    for name in "abc":
        queue.add(call(name), 0)
    assert queue.take(0) == (["a", "b", "c"], [])
    assert queue.next_due(0) == 4 * SECOND  # when the kept tokens are there again, and its own ten
    assert queue.take(4 * SECOND) == (["page 5"], [])


def test_our_own_questions_take_places_like_others() -> None:
    queue = CallQueue[str]({}, 1)
    queue.add(call("page", pool="", urgency=Urgency.OWN_HISTORY), 0)
    assert queue.take(0) == (["page"], [])
    queue.add(call("list", pool="", urgency=Urgency.OWN_LIST), 0)
    queue.add(call("order", pool=""), 0)
    assert queue.take(0) == ([], [])
    queue.ended(Urgency.OWN_HISTORY)
    assert queue.take(0) == (["order"], [])


def test_a_question_that_orders_have_waited_for_long_enough_steps_back() -> None:
    queue = CallQueue[str](TERMS, MANY)
    queue.add(call("all but the reserve", cost=80), 0)
    queue.take(0)
    own = call("query", cost=40, urgency=Urgency.QUESTION, patience=60)
    queue.add(evolve(own, steps_back_at=2 * SECOND), 0)
    queue.add(call("order", patience=3), SECOND)
    assert queue.take(SECOND) == ([], [])
    assert queue.next_due(SECOND) == 2 * SECOND
    assert queue.take(2 * SECOND) == (["order"], [])  # for which there was enough all the time
    assert queue.take(5 * SECOND) == (["query"], [])
    queue.ended(Urgency.ORDINARY)
    assert not queue.is_full


@pytest.mark.parametrize("urgency", [Urgency.OWN_LIST, Urgency.OWN_HISTORY])
def test_our_own_questions_leave_a_venue_alone_that_does_not_say_how_long(urgency: Urgency) -> None:
    queue = waiting(answered(429))
    queue.add(call("own", pool="", urgency=urgency), 0)
    assert queue.take(0) == (["cancel", "query"], [])
    assert queue.take(SECOND) == (["order", "own"], [])
