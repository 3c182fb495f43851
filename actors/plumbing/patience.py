"""How long to leave a venue alone after an attempt that failed, or a connection that ended."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

from attrs import frozen

from protocol.errors import Throttled, WireError
from protocol.limits import LONG_BACKOFF, Backoff
from protocol.retry_after import retry_after
from protocol.values import Instant
from protocol.venue import HttpAnswer

from .clock import NANOSECONDS

__all__ = ["BUSY", "Ending", "ending_of", "pause_after", "throttled"]

BUSY: Final = frozenset({429, 503})
"""HTTP statuses by which a server wants to be asked later (RFC 6585, 4; RFC 9110, 15.6.4)."""


@frozen
class Ending:
    """Why an attempt failed, or a connection ended. wait: seconds that the other side wants to be left alone, at least;
    slow: it wants that, and does not say how long."""

    reason: str
    wait: float = 0.0
    slow: bool = False


def ending_of(reason: str, status: int, headers: Mapping[str, str], now: Instant) -> Ending:
    """Of what was answered with this HTTP status."""
    asked = retry_after(headers.get("retry-after"), now.wall_ns)
    return Ending(reason, (asked or 0) / NANOSECONDS, slow=asked is None and status in BUSY)


def throttled(problem: WireError, answer: HttpAnswer, now: Instant) -> WireError:
    """The problem with an answer, as Throttled if its status says that; with the wait that it asks for."""
    if answer.status not in BUSY and not isinstance(problem, Throttled):
        return problem
    told = problem.wait if isinstance(problem, Throttled) else None
    asked = retry_after(answer.headers.get("retry-after"), now.wall_ns)
    return Throttled(str(problem), told if asked is None else max(asked, told or 0))


def pause_after(ending: Ending, policy: Backoff, failures: int, draw: float) -> float:
    """Seconds until the next attempt. failures: how many there were in a row; draw: from 0 up to, not including, 1."""
    backoff = LONG_BACKOFF if ending.slow else policy
    return max(backoff.delay(failures, draw), ending.wait)
