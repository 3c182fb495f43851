"""Requests that wait for the pace of the socket: cancels first, the others in order."""

from __future__ import annotations

from collections import deque

from attrs import define, field

from .dispatch import Send
from .requests import Request, is_cancel, withdraws

__all__ = ["HeldSends"]


@define
class HeldSends:
    """Owned by the sender."""

    _cancels: deque[Send] = field(factory=deque)
    _others: deque[Send] = field(factory=deque)

    @property
    def first(self) -> Send | None:
        """What is to be written next."""
        lane = self._cancels or self._others
        return lane[0] if lane else None

    def goes_first(self, send: Send) -> bool:
        """True when nothing that waits is to be written before this."""
        return not self._cancels and (is_cancel(send.request) or not self._others)

    def add(self, send: Send) -> None:
        (self._cancels if is_cancel(send.request) else self._others).append(send)

    def remove_first(self) -> None:
        (self._cancels or self._others).popleft()

    def withdraw(self, cancel: Request) -> list[Send]:
        """Takes out the placements that a cancel is about: it goes before them, and they must not follow."""
        if not self._others:
            return []
        withdrawn = [send for send in self._others if withdraws(cancel, send.request)]
        for send in withdrawn:
            self._others.remove(send)
        return withdrawn

    def clear(self) -> list[Send]:
        held = [*self._cancels, *self._others]
        self._cancels.clear()
        self._others.clear()
        return held
