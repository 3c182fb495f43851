"""What happens later, ordered by time."""

from __future__ import annotations

import heapq
from typing import Generic, TypeVar

from attrs import define, field

__all__ = ["Timers"]

K = TypeVar("K")


@define
class Timers(Generic[K]):
    """One moment (ns, monotonic) for each key. What was set first comes first at one moment."""

    _due: dict[K, tuple[int, int]] = field(factory=dict, init=False)
    _heap: list[tuple[int, int, K]] = field(factory=list, init=False)
    _count: int = field(default=0, init=False)

    def set(self, key: K, due: int) -> None:
        """Plans a moment; an earlier plan for the same key is forgotten."""
        self._count += 1
        self._due[key] = (due, self._count)
        heapq.heappush(self._heap, (due, self._count, key))
        if len(self._heap) > 2 * len(self._due) + 64:
            self._heap = [(*planned, key) for key, planned in self._due.items()]
            heapq.heapify(self._heap)
        self._clean()

    def forget(self, key: K) -> None:
        self._due.pop(key, None)
        self._clean()

    @property
    def next_due(self) -> int | None:
        return self._heap[0][0] if self._heap else None

    def pop(self, now: int) -> K | None:
        """The next key that is due by `now`; it is forgotten. None if there is none."""
        if not self._heap or self._heap[0][0] > now:
            return None
        key = heapq.heappop(self._heap)[2]
        del self._due[key]
        self._clean()
        return key

    def _clean(self) -> None:
        """What is on top of the heap is always still planned."""
        while self._heap and self._due.get(self._heap[0][2]) != self._heap[0][:2]:
            heapq.heappop(self._heap)
