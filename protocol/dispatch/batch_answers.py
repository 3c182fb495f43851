"""The answer to a batch, where the wire that read it does not know what was sent: whose answer is whose (spec Kraken
A.12).

A part belongs to the answer that echoes its wire id, else to the one in its place. A part without an answer may have
been carried out.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Final

from ..facts import BatchAnswered, LegAnswer, Outcome, RequestAnswered, RequestRefused
from ..flights import Flight
from ..requests import BatchOrders, CancelOrder, Leg, PlaceOrder
from .desk import Desk

__all__ = ["BatchAnswers", "settle_batch"]

SILENT: Final = "The answer to the batch does not say what became of this part."

LegFact = RequestAnswered | RequestRefused


class BatchAnswers:
    """Stateless: hands each part of an answer to whoever takes answers to single requests."""

    def __init__(
        self, desk: Desk, answered: Callable[[RequestAnswered], None], refused: Callable[[RequestRefused], None]
    ) -> None:
        self._desk = desk
        self._answered = answered
        self._refused = refused

    def answered(self, answer: BatchAnswered) -> None:
        flight = self._desk.flights.drop(answer.request_id)
        if flight is None or not isinstance(flight.request, BatchOrders):
            self._desk.warn(f"An answer to batch {answer.request_id} came too late or twice, and was ignored.")
            return
        self._hand_on(settle_batch(flight.request, answer))

    def refused(self, flight: Flight, refusal: RequestRefused) -> None:
        """The refusal of the whole: of each part that has not been refused by itself."""
        self._desk.flights.drop(flight.request_id)
        if isinstance(flight.request, BatchOrders):
            legs = [leg for leg in flight.request.legs if self._is_open(leg)]
            self._hand_on([_refused(leg, refusal) for leg in legs])

    def _is_open(self, leg: Leg) -> bool:
        flight = self._desk.flights.by_id.get(leg.request_id)
        return flight is not None and flight.is_awaited

    def _hand_on(self, facts: list[LegFact]) -> None:
        for fact in facts:
            if isinstance(fact, RequestAnswered):
                self._answered(fact)
            else:
                self._refused(fact)


def settle_batch(request: BatchOrders, answer: BatchAnswered) -> list[LegFact]:
    """One answer for each leg."""
    if answer.legs is None:
        return [_counted(leg, answer.count, len(request.legs)) for leg in request.legs]
    by_wire_id = {leg.wire_id: leg for leg in answer.legs if leg.wire_id is not None}
    named = {leg.wire_id for leg in request.legs if isinstance(leg, PlaceOrder | CancelOrder)}
    settled: list[LegFact] = []
    for place, leg in enumerate(request.legs):
        found = by_wire_id.get(leg.wire_id) if leg.wire_id is not None else None
        if found is None and place < len(answer.legs) and answer.legs[place].wire_id not in named:
            found = answer.legs[place]
        settled.append(_settled(leg, found))
    return settled


def _refused(leg: Leg, refusal: RequestRefused) -> RequestRefused:
    return RequestRefused(
        request_id=leg.request_id,
        outcome=refusal.outcome,
        reason=refusal.reason,
        due_post_only=refusal.due_post_only,
    )


def _counted(leg: Leg, count: int | None, asked: int) -> LegFact:
    if count is not None and count >= asked:
        return RequestAnswered(request_id=leg.request_id)
    return RequestRefused(request_id=leg.request_id, outcome=Outcome.AMBIGUOUS, reason=SILENT)


def _settled(leg: Leg, answer: LegAnswer | None) -> LegFact:
    if answer is None:
        return RequestRefused(request_id=leg.request_id, outcome=Outcome.AMBIGUOUS, reason=SILENT)
    if answer.outcome is None:
        return RequestAnswered(request_id=leg.request_id, venue_order_id=answer.venue_order_id)
    return RequestRefused(
        request_id=leg.request_id,
        outcome=answer.outcome,
        reason=answer.reason,
        due_post_only=answer.due_post_only,
    )
