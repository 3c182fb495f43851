"""A view that one actor publishes and everybody may read without waiting."""

from __future__ import annotations

from typing import Generic, TypeVar

__all__ = ["Published"]

T = TypeVar("T")


class Published(Generic[T]):
    """Holds one frozen value. Its single writer replaces it whole; readers never see half a change."""

    __slots__ = ("_value",)

    def __init__(self, value: T) -> None:
        self._value = value

    @property
    def value(self) -> T:
        return self._value

    def publish(self, value: T) -> None:
        """For the one actor that owns the view."""
        self._value = value
