"""The answer to a batch, where the wire that read it does not know what was sent: whose answer is whose (spec Kraken
A.12).

A part belongs to the answer that echoes its wire id, else to the one in its place. A part without an answer may have
been carried out.
"""

from __future__ import annotations

from ..facts import SILENT, BatchAnswered, LegAnswer, Outcome, RequestAnswered, RequestRefused
from ..reasons import RejectReason
from ..requests import BatchOrders, Leg

__all__ = ["LegFact", "settle_batch"]


LegFact = RequestAnswered | RequestRefused


def settle_batch(request: BatchOrders, answer: BatchAnswered) -> list[LegFact]:
    """One answer for each leg."""
    if answer.legs is None:
        return [_counted(leg, answer.count, len(request.legs)) for leg in request.legs]
    # By name where the answer has names. By place only for an answer that names no part of this batch: a venue may
    # leave out refused parts, and then places shift.
    by_wire_id = {leg.wire_id: leg for leg in answer.legs if leg.wire_id is not None}
    named = {leg.wire_id for leg in request.legs if leg.wire_id is not None}
    settled: list[LegFact] = []
    for place, leg in enumerate(request.legs):
        found = by_wire_id.get(leg.wire_id) if leg.wire_id is not None else None
        if found is None and place < len(answer.legs) and answer.legs[place].wire_id not in named:
            found = answer.legs[place]
        settled.append(_settled(leg, found))
    return settled


def _counted(leg: Leg, count: int | None, asked: int) -> LegFact:
    # The venue told only how many it has canceled. If that is all, each is; if it is fewer, it is not known which.
    if count is not None and count >= asked:
        return RequestAnswered(request_id=leg.request_id)
    return _silent(leg)


def _settled(leg: Leg, answer: LegAnswer | None) -> LegFact:
    if answer is None:
        return _silent(leg)
    if answer.outcome is None:
        return RequestAnswered(request_id=leg.request_id, venue_order_id=answer.venue_order_id)
    return RequestRefused(
        request_id=leg.request_id,
        outcome=answer.outcome,
        reason=answer.reason,
        why=answer.why,
    )


def _silent(leg: Leg) -> RequestRefused:
    silent, ambiguous = RejectReason.NO_ANSWER, Outcome.AMBIGUOUS
    return RequestRefused(request_id=leg.request_id, outcome=ambiguous, reason=SILENT, why=silent)
