"""A view that one actor publishes and everybody may read without waiting."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Generic, TypeVar

__all__ = ["Published", "PublishedMapping"]

T = TypeVar("T")
K = TypeVar("K")
V = TypeVar("V")


class Published(Generic[T]):
    """Holds one frozen value. Its single writer replaces it whole; readers never see half a change.

    value: for reading alone; an attribute, since some are read with every message.
    """

    __slots__ = ("value",)

    def __init__(self, value: T) -> None:
        self.value = value

    def publish(self, value: T) -> None:
        """For the one actor that owns the view."""
        self.value = value


class PublishedMapping(Mapping[K, V]):
    """A published mapping as it is at the moment of each look-up, for code that knows nothing of publishing."""

    def __init__(self, published: Published[Mapping[K, V]]) -> None:
        self._published = published

    def __getitem__(self, key: K) -> V:
        return self._published.value[key]

    def __iter__(self) -> Iterator[K]:
        return iter(self._published.value)

    def __len__(self) -> int:
        return len(self._published.value)
