"""Answers of a simulated Kraken Spot that a test has chosen: a text that refuses, or any HTTP reply, for the nth call
of a name or for the next one."""

from __future__ import annotations

from collections import deque
from collections.abc import Mapping
from typing import Generic, TypeVar

from attrs import define, field

from ..exchange import HttpReply

__all__ = ["ChosenAnswers", "proxy_page"]

A = TypeVar("A")


@define
class ChosenAnswers(Generic[A]):
    """planned: by the name of a method or call, then by its number from 1."""

    planned: Mapping[str, Mapping[int, A]]
    _counts: dict[str, int] = field(factory=dict, init=False)
    _next: dict[str, deque[A]] = field(factory=dict, init=False)

    def choose(self, name: str, answer: A) -> None:
        """For the next call of this name that has none yet."""
        self._next.setdefault(name, deque()).append(answer)

    def take(self, name: str) -> A | None:
        """What was chosen for this call, which counts."""
        count = self._counts[name] = self._counts.get(name, 0) + 1
        planned = self.planned.get(name, {}).get(count)
        if planned is not None:
            return planned
        waiting = self._next.get(name)
        return waiting.popleft() if waiting else None


def proxy_page(status: int, *, retry_after: int | str | None = None) -> HttpReply:
    """What the proxy in front of the venue answers: a page. retry_after: seconds, or an HTTP date."""
    headers = () if retry_after is None else (("retry-after", str(retry_after)),)
    return HttpReply(
        status=status,
        body=f"<html><head><title>{status}</title></head><body>api.kraken.com</body></html>".encode(),
        headers=headers,
        content_type="text/html",
    )
