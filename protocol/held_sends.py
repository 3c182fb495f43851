"""Requests that are not written to the socket yet: what takes risk away first, then questions, the others in order."""

from __future__ import annotations

from collections import deque
from collections.abc import Callable

from attrs import define, field

from .dispatch import Send
from .requests import Request, Urgency, urgency_of, withdraws

__all__ = ["HeldSend", "HeldSends"]


@define
class HeldSend:
    """since: ns, monotonic, when it began to wait; stays: it was found to have no other way to go."""

    send: Send
    since: int
    stays: bool = False


@define
class HeldSends:
    """Owned by the sender. size: how many wait; read-only, and an attribute, for it is looked at again and again."""

    size: int = field(default=0, init=False)
    _lanes: tuple[deque[HeldSend], ...] = field(factory=lambda: tuple(deque() for _ in Urgency))

    def __bool__(self) -> bool:
        return self.size > 0

    def add(self, send: Send, since: int) -> None:
        self._lanes[urgency_of(send.request)].append(HeldSend(send, since))
        self.size += 1

    def take_first(self) -> HeldSend:
        """What is to be written next. Raises IndexError if nothing waits."""
        for lane in self._lanes:
            if lane:
                self.size -= 1
                return lane.popleft()
        raise IndexError("Nothing waits.")

    def withdraw(self, cancel: Request) -> list[Send]:
        """Takes out what a cancel is about: it goes before them, and they must not follow."""
        if urgency_of(cancel) is not Urgency.LESS_RISK:
            return []
        return self._take_out(lambda held: withdraws(cancel, held.send.request))

    def take_older(self, than: int) -> list[Send]:
        """Takes out what began to wait at this moment or before."""
        return self._take_out(lambda held: held.since <= than)

    def take_detours(self, than: int, has_detour: Callable[[Request], bool]) -> list[Send]:
        """Takes out what takes risk away, began to wait at this moment or before, and has another way to go."""

        def leaves(held: HeldSend) -> bool:
            if held.stays or held.since > than:
                return False
            held.stays = not has_detour(held.send.request)
            return not held.stays

        return self._take_out_of(self._lanes[Urgency.LESS_RISK], leaves)

    def clear(self) -> list[Send]:
        return self._take_out(lambda _: True)

    def _take_out(self, leaves: Callable[[HeldSend], bool]) -> list[Send]:
        return [send for lane in self._lanes if lane for send in self._take_out_of(lane, leaves)]

    def _take_out_of(self, lane: deque[HeldSend], leaves: Callable[[HeldSend], bool]) -> list[Send]:
        leaving: list[HeldSend] = []
        staying: list[HeldSend] = []
        for held in lane:
            (leaving if leaves(held) else staying).append(held)
        if leaving:
            lane.clear()
            lane.extend(staying)
            self.size -= len(leaving)
        return [held.send for held in leaving]

    @property
    def oldest(self) -> int | None:
        """Since when the oldest waits; None if nothing does."""
        return min((lane[0].since for lane in self._lanes if lane), default=None)

    @property
    def oldest_detour(self) -> int | None:
        """The same of those that take risk away and may have another way to go."""
        return min((held.since for held in self._lanes[Urgency.LESS_RISK] if not held.stays), default=None)
