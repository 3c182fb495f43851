"""What goes wrong at a simulated venue, and when: a schedule, given beforehand or drawn from a seed.

A fault hits the nth thing of its kind, counted from 1 over the venue's whole run: the nth request, answer, event,
upgrade or REST call. Nothing here waits; the venue's brain asks the schedule and does what it says.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from enum import Enum

from attrs import define, field, frozen

__all__ = ["Fault", "FaultKind", "FaultSchedule", "Occasion", "drawn"]


class Occasion(Enum):
    """What is counted."""

    PLACE = "placements"
    CANCEL = "cancels"
    REQUEST = "requests over the socket"
    ANSWER = "answers over the socket"
    EVENT = "order events to one session"
    UPGRADE = "WebSocket upgrades"
    REST = "REST calls"


class FaultKind(Enum):
    """What goes wrong, and on which occasion it is counted."""

    DELAY_ANSWER = ("the answer comes later", Occasion.ANSWER)
    DROP_ANSWER = ("the answer never comes", Occasion.ANSWER)
    DUPLICATE_ANSWER = ("the answer comes twice", Occasion.ANSWER)
    EVENTS_FIRST = ("the answer comes behind the events that it caused", Occasion.ANSWER)
    DELAY_EVENT = ("the event comes later, the events behind it wait", Occasion.EVENT)
    DROP_EVENT = ("the event never comes", Occasion.EVENT)
    DUPLICATE_EVENT = ("the event comes twice", Occasion.EVENT)
    UNKNOWN_WORD = ("an enumerated value in the event is one that nobody knows", Occasion.EVENT)
    PLACE_ERROR = ("the placement is refused with this code and not executed", Occasion.PLACE)
    PLACE_ERROR_EXECUTED = ("the placement is executed, yet answered with this error code", Occasion.PLACE)
    CANCEL_ERROR = ("the cancel is refused with this code", Occasion.CANCEL)
    CANCEL_DECLINED = ("the cancel is answered, and declined in the answer", Occasion.CANCEL)
    CANCEL_REFUSED_LATER = ("the cancel is taken, and refused by an event", Occasion.CANCEL)
    ERROR_WITHOUT_NUMBER = ("the request is refused without saying which", Occasion.REQUEST)
    MALFORMED = ("a message that is not JSON comes before the answer", Occasion.REQUEST)
    BINARY = ("a binary message comes before the answer", Occasion.REQUEST)
    UNKNOWN_EVENT = ("an event of an unknown kind comes before the answer", Occasion.REQUEST)
    DROP_CONNECTION = ("the connection is cut after the request, which is executed", Occasion.REQUEST)
    DROP_BEFORE = ("the connection is cut before the request is executed", Occasion.REQUEST)
    CLOSE = ("the connection is closed with this code after the request", Occasion.REQUEST)
    STOP_HEARTBEAT = ("this connection brings no heartbeats", Occasion.UPGRADE)
    REFUSE_TOKEN = ("the upgrade is refused with status 401", Occasion.UPGRADE)
    REFUSE_UPGRADE = ("the upgrade is refused with this status", Occasion.UPGRADE)
    REST_ERROR = ("the REST call is refused with this status and not executed", Occasion.REST)
    REST_ERROR_EXECUTED = ("the REST call is executed, yet answered with this status and no JSON", Occasion.REST)
    DROP_SESSIONS = ("every WebSocket of the account is cut after the REST call, which is executed", Occasion.REST)
    LIST_NOTHING = ("if the REST call asks for open orders, the list comes without rows", Occasion.REST)

    def __init__(self, meaning: str, occasion: Occasion) -> None:
        self.meaning = meaning
        self.occasion = occasion


@frozen(kw_only=True)
class Fault:
    """One fault. nth: which thing of its kind it hits, from 1; code: error code, HTTP status or close code, where the
    kind has one; delay: ns, where it has one."""

    kind: FaultKind
    nth: int
    code: int = 500
    delay: int = 0


def _in_order(faults: Iterable[Fault]) -> tuple[Fault, ...]:
    return tuple(faults)


@define
class FaultSchedule:
    """The faults of one run. Asked in the order in which things happen; each fault is used up when it hits."""

    faults: tuple[Fault, ...] = field(default=(), converter=_in_order)
    _counts: dict[Occasion, int] = field(factory=dict, init=False)
    _planned: dict[tuple[Occasion, int], list[Fault]] = field(factory=dict, init=False)

    def __attrs_post_init__(self) -> None:
        for fault in self.faults:
            self._planned.setdefault((fault.kind.occasion, fault.nth), []).append(fault)

    def next(self, occasion: Occasion) -> Mapping[FaultKind, Fault]:
        """The faults that hit the next thing of this kind."""
        count = self._counts.get(occasion, 0) + 1
        self._counts[occasion] = count
        return {fault.kind: fault for fault in self._planned.get((occasion, count), ())}


def drawn(
    draw: Callable[[], float], *, chance: float, among: Iterable[FaultKind], first: int = 1, last: int = 1000
) -> FaultSchedule:
    """A schedule in which each thing from number `first` to `last` is hit by each kind with this chance (0 to 1).

    draw: from 0 up to, not including, 1; equal draws give equal schedules.
    """
    kinds = list(among)
    faults = [
        Fault(kind=kind, nth=nth, code=503, delay=int(draw() * 2_000_000_000))
        for nth in range(first, last + 1)
        for kind in kinds
        if draw() < chance
    ]
    return FaultSchedule(faults)
