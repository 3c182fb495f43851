"""What goes wrong at a simulated venue, and when: a schedule, given beforehand, drawn from a seed, or made on the way.

A planned fault hits the nth thing of its kind, counted from 1 over the venue's whole run: the nth request, answer,
event, upgrade or REST call. `fail_next` hits the next one, or the next that has a certain name. Nothing here waits; the
venue's brain asks the schedule and does what it says.
"""

from __future__ import annotations

from collections.abc import Callable, Container, Iterable, Mapping
from enum import Enum
from typing import Final

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


STATUSES: Final = range(400, 600)
"""Of HTTP, for what did not work."""
CLOSE_CODES: Final = frozenset({1000, 1001, 1002, 1003, *range(1007, 1015), *range(3000, 5000)})
"""Of WebSocket closes that can be sent (IANA's registry; 1005, 1006 and 1015 are no codes on the wire)."""
ERROR_CODES: Final = range(200, 600)
"""Of a venue's own refusals, which follow HTTP; 200 where the text alone refuses."""
NO_CODE: Final = range(0)

# What a seed draws from: what venues are seen to answer on bad days.
BAD_DAYS: Final = (500, 502, 503, 504)
PAGES: Final = (502, 403, 503, 520)
RESTARTS: Final = (1001, 1011, 1012, 1013, 1014)


class FaultKind(Enum):
    """What goes wrong, and on which occasion it is counted. allowed: codes that it can have, where it has one; drawn:
    those of them that a seed draws, the first is the usual one."""

    DELAY_ANSWER = ("the answer comes later", Occasion.ANSWER)
    DROP_ANSWER = ("the answer never comes", Occasion.ANSWER)
    DUPLICATE_ANSWER = ("the answer comes twice", Occasion.ANSWER)
    EVENTS_FIRST = ("the answer comes behind the events that it caused", Occasion.ANSWER)
    DELAY_EVENT = ("the event comes later, the events behind it wait", Occasion.EVENT)
    DROP_EVENT = ("the event never comes", Occasion.EVENT)
    DUPLICATE_EVENT = ("the event comes twice", Occasion.EVENT)
    UNKNOWN_WORD = ("an enumerated value in the event is one that no client knows", Occasion.EVENT)
    PLACE_ERROR = ("the placement is refused with this code and not executed", Occasion.PLACE, ERROR_CODES, BAD_DAYS)
    PLACE_ERROR_EXECUTED = (
        "the placement is executed, yet answered with this error code",
        Occasion.PLACE,
        ERROR_CODES,
        BAD_DAYS,
    )
    CANCEL_ERROR = ("the cancel is refused with this code", Occasion.CANCEL, ERROR_CODES, BAD_DAYS)
    CANCEL_DECLINED = ("the cancel is answered, and declined in the answer", Occasion.CANCEL)
    CANCEL_REFUSED_LATER = ("the cancel is taken, and refused by an event", Occasion.CANCEL)
    ERROR_WITHOUT_NUMBER = ("the request is refused without saying which", Occasion.REQUEST, ERROR_CODES, BAD_DAYS)
    MALFORMED = ("a message that is not JSON comes before the answer", Occasion.REQUEST)
    BINARY = ("a binary message comes before the answer", Occasion.REQUEST)
    UNKNOWN_EVENT = ("an event of an unknown kind comes before the answer", Occasion.REQUEST)
    DROP_CONNECTION = ("the connection is cut after the request, which is executed", Occasion.REQUEST)
    DROP_BEFORE = ("the connection is cut before the request is executed", Occasion.REQUEST)
    CLOSE = ("the connection is closed with this code after the request", Occasion.REQUEST, CLOSE_CODES, RESTARTS)
    STOP_HEARTBEAT = ("this connection brings no heartbeats", Occasion.UPGRADE)
    REFUSE_TOKEN = ("the upgrade is refused with status 401", Occasion.UPGRADE)
    REFUSE_UPGRADE = ("the upgrade is refused with this status", Occasion.UPGRADE, STATUSES, (503, 502, 429))
    REST_ERROR = ("the REST call is refused with this status and not executed", Occasion.REST, STATUSES, BAD_DAYS)
    REST_ERROR_EXECUTED = (
        "the REST call is executed, yet answered with this status and no JSON",
        Occasion.REST,
        STATUSES,
        BAD_DAYS,
    )
    UPGRADE_PAGE = ("a proxy in front refuses the upgrade with a web page", Occasion.UPGRADE, STATUSES, PAGES)
    REST_PAGE = ("a proxy in front answers the REST call with a web page", Occasion.REST, STATUSES, PAGES)
    DROP_SESSIONS = ("every WebSocket of the account is cut after the REST call, which is executed", Occasion.REST)
    LIST_NOTHING = ("if the REST call asks for open orders, the list comes without rows", Occasion.REST)

    def __init__(
        self, meaning: str, occasion: Occasion, allowed: Container[int] = NO_CODE, drawn: tuple[int, ...] = (0,)
    ) -> None:
        self.meaning = meaning
        self.occasion = occasion
        self.allowed = allowed
        self.drawn = drawn


@frozen(kw_only=True)
class Fault:
    """One fault. nth: which thing of its kind it hits, from 1; code: error code, HTTP status or close code, where the
    kind has one, else 0; delay: ns, where it has one. Raises ValueError for a code that no venue can send."""

    kind: FaultKind
    nth: int
    code: int = field()
    delay: int = 0

    @code.default
    def _usual(self) -> int:
        return self.kind.drawn[0]

    @code.validator
    def _check(self, _: object, code: int) -> None:
        if code != self.kind.drawn[0] and code not in self.kind.allowed:
            raise ValueError(f"{self.kind.name} cannot have the code {code}: no venue sends it.")


def _in_order(faults: Iterable[Fault]) -> tuple[Fault, ...]:
    return tuple(faults)


@define
class FaultSchedule:
    """The faults of one run. Asked in the order in which things happen; each fault is used up when it hits."""

    faults: tuple[Fault, ...] = field(default=(), converter=_in_order)
    _counts: dict[Occasion, int] = field(factory=dict, init=False)
    _planned: dict[tuple[Occasion, int], list[Fault]] = field(factory=dict, init=False)
    _coming: list[tuple[Fault, str | None]] = field(factory=list, init=False)

    def __attrs_post_init__(self) -> None:
        for fault in self.faults:
            self._planned.setdefault((fault.kind.occasion, fault.nth), []).append(fault)

    def fail_next(self, kind: FaultKind, *, of: str | None = None, code: int | None = None, delay: int = 0) -> None:
        """Hits the next thing of the kind's occasion that comes from now on, besides what is planned. of: only one that
        has this name (see `next`). Several calls hit one thing each, but kinds of one occasion hit the same. delay: ns.
        Raises ValueError for a code that no venue can send."""
        fault = Fault(kind=kind, nth=0, code=kind.drawn[0] if code is None else code, delay=delay)
        self._coming.append((fault, of))

    def next(self, occasion: Occasion, name: str = "") -> Mapping[FaultKind, Fault]:
        """The faults that hit the next thing of this kind. name: what it is: the method or path of a request or call,
        the kind of an event, as the venue's wire has it."""
        count = self._counts.get(occasion, 0) + 1
        self._counts[occasion] = count
        hit = {fault.kind: fault for fault in self._planned.get((occasion, count), ())}
        if self._coming:
            self._coming = [entry for entry in self._coming if not self._hits(entry, occasion, name, hit)]
        return hit

    @staticmethod
    def _hits(entry: tuple[Fault, str | None], occasion: Occasion, name: str, hit: dict[FaultKind, Fault]) -> bool:
        fault, of = entry
        if fault.kind.occasion is not occasion or fault.kind in hit or of not in (None, name):
            return False
        hit[fault.kind] = fault
        return True


def drawn(
    draw: Callable[[], float], *, chance: float, among: Iterable[FaultKind], first: int = 1, last: int = 1000
) -> FaultSchedule:
    """A schedule in which each thing from number `first` to `last` is hit by each kind with this chance (0 to 1), with
    codes that venues send on bad days.

    draw: from 0 up to, not including, 1; equal draws give equal schedules.
    """
    kinds = list(among)
    faults = [
        Fault(
            kind=kind,
            nth=nth,
            code=kind.drawn[int(draw() * len(kind.drawn))],
            delay=int(draw() * 2_000_000_000),
        )
        for nth in range(first, last + 1)
        for kind in kinds
        if draw() < chance
    ]
    return FaultSchedule(faults)
