"""Answers to requests on the socket to facts (spec A.12, A.14, A.16).

An answer says that a request was taken, not that it was carried out: Accepted, Updated and Canceled come with the
execution reports. Whatever leaves open whether a request was carried out is `Outcome.AMBIGUOUS`: the order is asked
for, never sent again.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Final

from ..facts import (
    BatchAnswered,
    CancelAllAfterSet,
    Fact,
    LegAnswer,
    Notice,
    Outcome,
    RequestAnswered,
    RequestRefused,
    Unreadable,
)
from ..reasons import RejectReason
from ..values import RequestId, VenueOrderId
from ..wire.times import time_of, venue_time
from ..wire.tolerant import BEGINNING
from .enumerations import error_outcome, why_refused
from .wire import Frame, LegResult, Result

__all__ = ["METHODS", "read_response", "told_time"]

OF_KNOWN_ORDER: Final = frozenset({"amend_order", "edit_order", "cancel_order", "batch_cancel", "cancel_all"})
NO_REASON: Final = "The venue gave no reason."
UNREADABLE: Final = "The answer to the batch cannot be read where it tells of this part."


def read_response(frame: Frame, text: str) -> list[Fact]:
    """What the answer to a request of `entry.encode` says. text: the frame itself, for a complaint."""
    facts: list[Fact] = told_time(frame)
    if frame.req_id is None:
        facts.append(_unnumbered(frame))
    elif not frame.succeeded:
        facts.append(_refused(RequestId(frame.req_id), frame))
    else:
        answered = READERS[frame.method or ""](RequestId(frame.req_id), frame)
        facts.append(answered or _illegible(RequestId(frame.req_id)))
        if answered is None:
            facts.append(Unreadable(why="The venue's answer lacks its result.", text=text[:BEGINNING]))
    return facts + _warnings(frame)


def told_time(frame: Frame) -> list[Fact]:
    """The venue's time, which it tells with every answer; of use where we know what it answers (spec A.12)."""
    told = None if frame.req_id is None else venue_time(RequestId(frame.req_id), frame.time_in, frame.time_out)
    return [] if told is None else [told]


def _unnumbered(frame: Frame) -> Fact:
    """Nobody can say what it answers; the execution reports tell what came of it."""
    if frame.succeeded:
        return Notice(text=f"The venue answered a {frame.method} request that it does not number.")
    reason = frame.error or NO_REASON
    return RequestRefused(request_id=None, outcome=_outcome(frame), reason=reason, why=_why(frame))


def _outcome(frame: Frame) -> Outcome:
    if frame.is_unclear:
        return Outcome.AMBIGUOUS
    return error_outcome(frame.error or "", of_known_order=frame.method in OF_KNOWN_ORDER)


def _why(frame: Frame) -> RejectReason:
    return why_refused(frame.error, of_known_order=frame.method in OF_KNOWN_ORDER)


def _refused(request_id: RequestId, frame: Frame) -> RequestRefused:
    return RequestRefused(
        request_id=request_id,
        outcome=_outcome(frame),
        reason=frame.error or NO_REASON,
        why=_why(frame),
    )


def _illegible(request_id: RequestId) -> RequestRefused:
    reason = "The venue's answer does not say what became of the request."
    return RequestRefused(request_id=request_id, outcome=Outcome.AMBIGUOUS, reason=reason)


def _warnings(frame: Frame) -> list[Fact]:
    """What the venue would have us know, of a request or of its legs."""
    result = frame.result
    if result is None:
        return []
    told: list[str] = []
    for each in [result, *(result.orders or ())] if isinstance(result, Result) else result:
        if each is None:
            continue
        told += each.warnings or ()
        if isinstance(each, Result) and each.warning:
            told.append(each.warning)
    return [Notice(text=f"The venue warns about request {frame.req_id}: {warning}") for warning in told]


# What each method is answered with. None: the answer does not have what it should.


def _named(order_id: str | None) -> VenueOrderId | None:
    return VenueOrderId(order_id) if order_id else None


def _placed(request_id: RequestId, frame: Frame) -> Fact | None:
    """An order that the answer does not name was taken all the same; its first report names it."""
    order_id = frame.result.order_id if isinstance(frame.result, Result) else None
    return RequestAnswered(request_id=request_id, venue_order_id=_named(order_id))


def _taken(request_id: RequestId, frame: Frame) -> Fact | None:
    return RequestAnswered(request_id=request_id)


def _count(frame: Frame) -> int | None:
    return frame.result.count if isinstance(frame.result, Result) else None


def _all_canceled(request_id: RequestId, frame: Frame) -> Fact | None:
    return RequestAnswered(request_id=request_id, canceled=_count(frame))


def _timer(request_id: RequestId, frame: Frame) -> Fact | None:
    if not isinstance(frame.result, Result):
        return None
    return CancelAllAfterSet(request_id=request_id, cancels_at=time_of(frame.result.triggerTime) or None)


def _batch(request_id: RequestId, frame: Frame) -> Fact | None:
    """All three shapes: an array, an array with errors in it, an object around it."""
    legs = frame.result.orders if isinstance(frame.result, Result) else frame.result
    if legs is None:
        return None
    return BatchAnswered(request_id=request_id, legs=tuple(_leg(leg) for leg in legs))


def _leg(leg: LegResult | None) -> LegAnswer:
    """leg None: it cannot be read, and keeps the place of its order."""
    if leg is None:
        return LegAnswer(wire_id=None, venue_order_id=None, outcome=Outcome.AMBIGUOUS, reason=UNREADABLE)
    order_id, wire_id = _named(leg.order_id), leg.cl_ord_id or None
    if leg.error or leg.success is False or leg.is_unclear:
        reason = leg.error or NO_REASON
        return LegAnswer(
            wire_id=wire_id,
            venue_order_id=order_id,
            outcome=Outcome.AMBIGUOUS if leg.is_unclear else error_outcome(reason),
            reason=reason,
            why=why_refused(leg.error),
        )
    if order_id is None:
        reason = "The answer to the batch names neither an order nor an error for this part."
        return LegAnswer(wire_id=wire_id, venue_order_id=None, outcome=Outcome.AMBIGUOUS, reason=reason)
    return LegAnswer(wire_id=wire_id, venue_order_id=order_id)


def _counted(request_id: RequestId, frame: Frame) -> Fact | None:
    return BatchAnswered(request_id=request_id, count=_count(frame))


READERS: Final[Mapping[str, Callable[[RequestId, Frame], Fact | None]]] = {
    "add_order": _placed,
    "amend_order": _placed,  # in place: the order keeps its id
    "edit_order": _placed,  # the new order's id
    "cancel_order": _taken,  # one answer for each id, all with the number of the request
    "cancel_all": _all_canceled,
    "cancel_all_orders_after": _timer,
    "batch_add": _batch,
    "batch_cancel": _counted,
}

METHODS: Final = frozenset(READERS)
"""Methods whose answers are read here."""
