"""The venue's own mishaps: a drawn schedule that counts what it does, and ends when the venue gets well."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping

from attrs import define, field

from protocol.simulation.faults import Fault, FaultKind, FaultSchedule, Occasion

__all__ = ["Mishaps"]


@define
class Mishaps(FaultSchedule):
    """happened: how often each kind did; is_over: nothing goes wrong any more."""

    happened: Counter[FaultKind] = field(factory=Counter, init=False)
    is_over: bool = field(default=False, init=False)

    def next(self, occasion: Occasion, name: str = "") -> Mapping[FaultKind, Fault]:
        hit = FaultSchedule.next(self, occasion, name)
        if self.is_over:
            return {}
        self.happened.update(hit.keys())
        return hit
