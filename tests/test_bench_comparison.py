"""How the benchmarks judge a row against another commit."""

from __future__ import annotations

from benchmarks.against import Comparison, compare


def test_a_row_is_judged_by_the_median_of_its_rounds_for_one_bad_round_says_nothing():
    rounds = [({"a": 10.0}, {"a": 10.0}), ({"a": 30.0}, {"a": 10.0}), ({"a": 10.2}, {"a": 10.0})]

    (row,) = compare(rounds)

    assert row == Comparison(name="a", ours=10.2, theirs=10.0, quotient=1.02)
    assert not row.is_worse


def test_rounds_are_compared_pair_by_pair_for_the_machine_may_slow_down_between_them():
    rounds = [({"a": 10.0}, {"a": 10.0}), ({"a": 40.0}, {"a": 40.0}), ({"a": 41.0}, {"a": 40.0})]

    assert [row.quotient for row in compare(rounds)] == [1.0]


def test_a_row_that_is_slower_by_more_than_a_twentieth_is_worse():
    assert [row.is_worse for row in compare([({"a": 10.5, "b": 10.6}, {"a": 10.0, "b": 10.0})])] == [False, True]


def test_a_row_that_only_one_side_has_is_shown_and_not_judged():
    rows = compare([({"new": 1.0}, {"old": 2.0})])

    assert [(row.name, row.ours, row.theirs, row.quotient, row.is_worse) for row in rows] == [
        ("new", 1.0, None, None, False),
        ("old", None, 2.0, None, False),
    ]
