"""How faults change the output of a simulated venue: messages are held back or garbled, connections cut."""

from __future__ import annotations

import heapq
from collections.abc import Iterable, Mapping, Sequence

from attrs import define, field

from .exchange import Close, HttpReply, Output, SessionNumber, Tell
from .faults import Fault, FaultKind

__all__ = ["HeldBack", "ending", "noise", "page"]


@define
class HeldBack:
    """Outputs that come later. Times: ns, monotonic."""

    _waiting: list[tuple[int, int, Output]] = field(factory=list, init=False)
    _count: int = field(default=0, init=False)

    @property
    def next_due(self) -> int | None:
        return self._waiting[0][0] if self._waiting else None

    def hold(self, outputs: Iterable[Output], due: int) -> None:
        for output in outputs:
            self._count += 1  # what is due at the same time stays in order
            heapq.heappush(self._waiting, (due, self._count, output))

    def unless_held(self, outputs: Sequence[Output], until: int, now: int) -> Sequence[Output]:
        """What of these goes out now: all or nothing."""
        if until <= now:
            return outputs
        self.hold(outputs, until)
        return ()

    def take(self, now: int) -> list[Output]:
        """What is due, in order."""
        due = []
        while self._waiting and self._waiting[0][0] <= now:
            due.append(heapq.heappop(self._waiting)[2])
        return due

    def clear(self) -> None:
        self._waiting.clear()


def noise(
    session: SessionNumber, faults: Mapping[FaultKind, Fault], *, malformed: str, unknown: str
) -> Iterable[Output]:
    """Messages before an answer that belong to nothing. malformed: is not JSON; unknown: an event of a kind that this
    venue does not have."""
    if FaultKind.MALFORMED in faults:
        yield Tell(session, malformed)
    if FaultKind.BINARY in faults:
        yield Tell(session, b"\x00\x01 not for you")
    if FaultKind.UNKNOWN_EVENT in faults:
        yield Tell(session, unknown)


def ending(session: SessionNumber, faults: Mapping[FaultKind, Fault]) -> Iterable[Output]:
    """How a connection ends after an answer."""
    if FaultKind.DROP_CONNECTION in faults:
        yield Close(session, None)
    elif FaultKind.CLOSE in faults:
        yield Close(session, faults[FaultKind.CLOSE].code)


def page(status: int, headers: tuple[tuple[str, str], ...] = ()) -> HttpReply:
    """The answer of a proxy in front of a venue when the venue gives it none."""
    body = f"<!DOCTYPE html><html><head><title>{status}</title></head><body>The origin cannot be reached.</body></html>"
    return HttpReply(status=status, body=body.encode(), content_type="text/html; charset=UTF-8", headers=headers)
