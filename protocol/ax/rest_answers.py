"""Answers over HTTP to facts (spec AX 7)."""

from __future__ import annotations

from decimal import Decimal

from ..facts import Fact, Outcome, PricePreviewed, RequestAnswered, RequestRefused
from ..reasons import RejectReason
from ..requests import CancelAllOrders, CancelOrder, ListFills, ListOrderHistory, PreviewPrice, Request
from ..venue import HttpAnswer
from ..wire.numbers import is_plausible
from ..wire.tolerant import BEGINNING, UNUSABLE
from .converter import read_body
from .enumerations import error_outcome, why_refused
from .listings import read_fills, read_orders, unreadable
from .wire import CancelReceived, ErrorBody, PreviewResponse

__all__ = ["error_text", "read_answer"]


def error_text(answer: HttpAnswer) -> str:
    """The venue's own text in an error answer, "" if there is none."""
    if answer.page_problem is not None:
        return answer.page_problem
    try:
        body = read_body(answer.body, ErrorBody)
    except ValueError:
        return " ".join(answer.body.decode("utf-8", "replace").split())[:BEGINNING]
    return (body.error or body.message or "")[:BEGINNING]


def read_answer(request: Request, answer: HttpAnswer) -> tuple[Fact, ...]:
    """What the answer to a call of `rest_order_entry` says. Never raises."""
    if answer.page_problem is not None:
        problem, why = answer.page_problem, RejectReason.UNAVAILABLE
        ambiguous = Outcome.AMBIGUOUS
        return (RequestRefused(request_id=request.request_id, outcome=ambiguous, reason=problem, why=why),)
    if not 200 <= answer.status < 300:
        return (_http_refusal(request, answer),)
    try:
        match request:
            case PreviewPrice():
                return _previewed(request, answer.body)
            case ListFills():
                return read_fills(request, answer.body)
            case ListOrderHistory():
                return read_orders(request, answer.body)
            case CancelOrder():
                received = read_body(answer.body, CancelReceived).cxl_rx
                return (RequestAnswered(request_id=request.request_id, refused=not received),)
            case CancelAllOrders():
                return (RequestAnswered(request_id=request.request_id),)
    except UNUSABLE:
        pass
    problem = "The venue sent an answer that we cannot read."
    # Nothing can have come of a question, whatever the answer was.
    outcome = Outcome.AMBIGUOUS if isinstance(request, CancelOrder) else Outcome.DEFINITE
    nothing = RejectReason.NO_ANSWER
    refusal = RequestRefused(request_id=request.request_id, outcome=outcome, reason=problem, why=nothing)
    return (refusal, *unreadable(problem, answer.body[:BEGINNING].decode("utf-8", "replace")))


def _http_refusal(request: Request, answer: HttpAnswer) -> RequestRefused:
    text = error_text(answer)
    if answer.status == 401:
        reason = "The venue refused the token" + (f": {text}" if text else ".")
    else:
        reason = text or f"The venue gave no reason (HTTP status {answer.status})."
    return RequestRefused(
        request_id=request.request_id,
        outcome=error_outcome(answer.status),
        reason=reason,
        why=why_refused(text, code=answer.status),
    )


def _previewed(request: PreviewPrice, body: bytes) -> tuple[Fact, ...]:
    preview = read_body(body, PreviewResponse)
    if preview.limit_price is not None and not is_plausible(preview.limit_price):
        raise ValueError("no usable price")
    return (
        PricePreviewed(
            request_id=request.request_id,
            price=preview.limit_price,
            filled=Decimal(preview.filled_quantity),
            remaining=Decimal(preview.remaining_quantity),
        ),
    )
