"""Measuring in turns: a machine's pace changes within seconds, so what is compared is measured side by side."""

from __future__ import annotations

from collections.abc import Callable, Hashable, Mapping
from typing import TypeVar

__all__ = ["in_turns"]

K = TypeVar("K", bound=Hashable)
T = TypeVar("T")


def in_turns(rounds: int, measures: Mapping[K, Callable[[], T]]) -> dict[K, list[T]]:
    """What each of them measured, round by round. Every second round goes the other way round, so that none always
    comes behind the same other one."""
    measured: dict[K, list[T]] = {name: [] for name in measures}
    for number in range(rounds):
        for name in measures if number % 2 == 0 else reversed(list(measures)):
            measured[name].append(measures[name]())
    return measured
