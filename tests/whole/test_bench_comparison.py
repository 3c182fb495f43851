"""How the benchmarks judge a row against another commit."""

from __future__ import annotations

from benchmarks.against import Comparison, compare


def test_a_row_is_judged_by_the_best_round_of_either_for_a_busy_machine_only_makes_rounds_slower() -> None:
    rounds = [({"a": 30.0}, {"a": 10.0}), ({"a": 10.2}, {"a": 40.0}), ({"a": 11.0}, {"a": 11.0})]

    (row,) = compare(rounds)

    assert row == Comparison(name="a", ours=10.2, theirs=10.0, quotient=1.02)
    assert not row.is_worse


def test_a_row_that_is_slower_by_more_than_a_twentieth_is_worse() -> None:
    assert [row.is_worse for row in compare([({"a": 10.5, "b": 10.6}, {"a": 10.0, "b": 10.0})])] == [False, True]


def test_a_row_that_only_one_side_has_is_shown_and_not_judged() -> None:
    rows = compare([({"new": 1.0}, {"old": 2.0})])

    assert [(row.name, row.ours, row.theirs, row.quotient, row.is_worse) for row in rows] == [
        ("new", 1.0, None, None, False),
        ("old", None, 2.0, None, False),
    ]
