"""A mapping with a bound: the newest entries stay."""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Callable, Iterator
from typing import Generic, TypeVar

__all__ = ["Window"]

K = TypeVar("K")
V = TypeVar("V")


class Window(Generic[K, V]):
    """A mapping that holds the newest `capacity` keys; adding one more lets the oldest go."""

    __slots__ = ("_items", "capacity", "get")

    def __init__(self, capacity: int) -> None:
        if capacity < 1:
            raise ValueError(f"A window must hold at least one entry, not {capacity}.")
        self.capacity = capacity
        self._items: OrderedDict[K, V] = OrderedDict()  # a dict would search for its oldest key ever longer
        self.get: Callable[[K], V | None] = self._items.get  # asked for every fill: a frame of our own would show

    def __len__(self) -> int:
        return len(self._items)

    def __contains__(self, key: object) -> bool:
        return key in self._items

    def __iter__(self) -> Iterator[K]:
        return iter(self._items)

    def put(self, key: K, value: V) -> V | None:
        """Adds or replaces; a replaced key keeps its age. Returns the value that slid out, if one did."""
        items = self._items
        items[key] = value
        if len(items) <= self.capacity:
            return None
        return items.popitem(last=False)[1]

    def pop(self, key: K) -> V | None:
        return self._items.pop(key, None)
