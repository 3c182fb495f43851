"""The numbers of a subscription's messages: what is missing and what came twice (spec A.6)."""

from __future__ import annotations

from enum import Enum, auto
from typing import Final

from attrs import define, field

__all__ = ["NEXT", "SequenceCounter", "Verdict"]

FIRST: Final = 1


class Verdict(Enum):
    """NEXT: in order; LOST: messages before this one never came; REPEATED: an older one, or one again."""

    NEXT = auto()
    LOST = auto()
    REPEATED = auto()


# Python 3.11 looks a member up in its enumeration five times as slowly as a name in a module.
NEXT: Final = Verdict.NEXT


@define
class SequenceCounter:
    """Counts one subscription's messages; `reset` with each subscription."""

    last: int = field(default=FIRST - 1, init=False)
    """0, none came yet."""

    def reset(self) -> None:
        self.last = FIRST - 1

    def hear(self, number: int | None, *, snapshot: bool) -> Verdict:
        """number None: the message has none, and proves nothing. snapshot: it begins a stream, whatever its number."""
        if number is None:
            return NEXT
        last = self.last
        if not snapshot and number <= last:
            return Verdict.REPEATED
        self.last = number
        return NEXT if snapshot or number == last + 1 else Verdict.LOST
