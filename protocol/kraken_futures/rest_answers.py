"""Answers to order entry over REST: `sendStatus` and its kin to facts (spec B.11, B.12, A.14).

`"result":"success"` says that a request was understood, not that it was carried out: that is in the status inside.
Whatever leaves open whether a command was carried out is `Outcome.AMBIGUOUS`: the order is asked for, never sent again.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any, Final

from .. import requests
from ..facts import CancelAllAfterSet, Fact, Outcome, RequestAnswered, RequestRefused, Unreadable
from ..requests import (
    BatchOrders,
    CancelAllOrders,
    CancelOrder,
    Leg,
    ListFills,
    ListOpenOrders,
    ListOrderHistory,
    QueryOrder,
    Request,
    SetCancelAllAfter,
)
from ..structs import evolve
from ..values import OrderStatus, RequestId
from ..venue import HttpAnswer
from ..wire.times import venue_time
from ..wire.tolerant import BEGINNING, UNUSABLE, read, text_of
from .converter import nanoseconds, read_body, time_of
from .enumerations import ACCEPTED_STATUSES, EDIT_REFUSALS, SEND_REFUSALS, error_outcome, why_refused
from .history import HistoryAnswer, read_history
from .listings import read_fills, read_open_orders, read_status
from .order_entry import order_tag
from .order_events import CANCELED, EventsReader, acknowledged, unreadable
from .wire import ParserError, RestAnswer, Stamped, Status, TimerStatus

__all__ = ["is_over_budget", "read_answer", "answer_time"]

QUESTIONS: Final = (ListOpenOrders, QueryOrder, ListFills, ListOrderHistory, requests.AskTime)
OVER_BUDGET: Final = "apiLimitExceeded"


def read_answer(request: Request, answer: HttpAnswer) -> tuple[Fact, ...]:
    """What the answer to a call of `entry.encode` says. Never raises."""
    try:
        body, skipped = read_body(answer.body, HistoryAnswer)  # which may have whatever any answer has
    except ValueError:
        return _illegible(request, answer)
    refusal = _refusal(request, answer, body)
    if refusal is not None:
        return refusal
    facts: list[Fact] | None
    if isinstance(request, ListFills):
        facts = read_fills(request, body, len(skipped))
    elif isinstance(request, ListOrderHistory):
        facts = read_history(request, body, answer.headers)
    else:
        facts = READERS[type(request)](request, body)
    if facts is None:
        return _illegible(request, answer)
    return (*facts, *unreadable("An element of the venue's answer cannot be read; it was left out.", skipped))


def is_over_budget(answer: HttpAnswer) -> bool:
    """True when a call was refused because the budget for calls is used up (spec B.14)."""
    if OVER_BUDGET.encode() not in answer.body or answer.status >= 500:
        return False
    try:
        body, _ = read_body(answer.body, RestAnswer)
    except ValueError:
        return False
    return _problem(body)[1] == OVER_BUDGET


def answer_time(request: Request, answer: HttpAnswer) -> tuple[Fact, ...]:
    """The venue's time, which is in nearly every answer, also in a refusal (spec B.11)."""
    try:
        body, _ = read_body(answer.body, Stamped)
    except ValueError:
        return ()
    time = venue_time(request.request_id, body.serverTime, None, nanoseconds)
    return () if time is None else (time,)


# Refusals of the whole call


def _refuse(request: Request, outcome: Outcome, reason: str) -> tuple[Fact, ...]:
    """The refusal of a request; of a batch, and of each of its legs."""
    legs = request.legs if isinstance(request, BatchOrders) else ()
    return tuple(_refused(each.request_id, outcome, reason) for each in (*legs, request))


def _refused(request_id: RequestId, outcome: Outcome, reason: str) -> RequestRefused:
    return RequestRefused(request_id=request_id, outcome=outcome, reason=reason, why=why_refused(reason))


def _illegible(request: Request, answer: HttpAnswer) -> tuple[Fact, ...]:
    """Plain text, HTML, or JSON that says nothing: whether a command was carried out is open."""
    why = f"The venue's answer cannot be read (HTTP status {answer.status})."
    text = " ".join(answer.body.decode("utf-8", "replace").split())[:BEGINNING]
    outcome = Outcome.DEFINITE if isinstance(request, QUESTIONS) else Outcome.AMBIGUOUS
    return (*_refuse(request, outcome, why), Unreadable(why=why, text=text))


def _refusal(request: Request, answer: HttpAnswer, body: RestAnswer) -> tuple[Fact, ...] | None:
    """None when the venue understood the request."""
    if body.result != "error" and not body.error and not body.errors and 200 <= answer.status < 300:
        return None
    outcome, reason = _problem(body)
    if answer.status >= 500:
        outcome = Outcome.AMBIGUOUS
    if isinstance(request, QUESTIONS) and outcome is Outcome.AMBIGUOUS:
        outcome = Outcome.DEFINITE  # nothing can have come of a question
    return _refuse(request, outcome, reason or f"The venue gave no reason (HTTP status {answer.status}).")


def _problem(body: RestAnswer) -> tuple[Outcome, str]:
    """What a refusal proves, and the venue's text for it. `errors` holds what the parser found, or the same codes as
    `error` does (spec B.11)."""
    listed = [_parsed(error) for error in body.errors or ()]
    found = [error.message or f"code {error.code}" for error in listed if isinstance(error, ParserError)]
    codes = [code for code in dict.fromkeys((body.error, *listed)) if isinstance(code, str) and code]
    if found and not codes:
        return (Outcome.NOT_FOUND if body.status == "NOT_FOUND" else Outcome.DEFINITE), "; ".join(found)
    return error_outcome(*codes), "; ".join([*codes, *found])


def _parsed(error: object) -> ParserError | str | None:
    try:
        return read(error, ParserError) if isinstance(error, dict) else text_of(error)
    except UNUSABLE:
        return None


# Placements


def _sent(request: requests.PlaceOrder, status: Status) -> list[Fact]:
    code, reader = status.status or "", EventsReader(status, request)
    exists = reader.names_order()
    if code not in ACCEPTED_STATUSES and not exists and (code in SEND_REFUSALS or not status.venue_id):
        outcome = Outcome.DEFINITE if code else Outcome.AMBIGUOUS
        return [_refused(request.request_id, outcome, code or "The venue's answer does not say what became of it.")]
    venue_order_id = reader.venue_order_id()
    answered = RequestAnswered(request_id=request.request_id, venue_order_id=venue_order_id)
    if venue_order_id is None:
        return [answered]  # taken, without a name: the feed, or a query, shows it
    live = acknowledged(request, venue_order_id, reader.time, reader.kept_quantity())
    cancels = reader.cancels()
    if code == CANCELED and not cancels:
        # It never rested, so the feed need not show it.
        cancels = [reader.canceled(evolve(live.order, status=OrderStatus.CANCELED, reason=CANCELED))]
    return [answered, live, *reader.executions(), *cancels]


# Changes


def _edited(request: requests.ReplaceOrder, status: Status) -> list[Fact]:
    """Success says nothing more: the new terms come with the delta on the feed (spec E.8)."""
    code, reader = status.status or "", EventsReader(status)
    if code in ACCEPTED_STATUSES:
        answered = RequestAnswered(request_id=request.request_id, venue_order_id=request.venue_order_id)
        return [answered, *reader.executions(), *reader.cancels()]
    outcome = EDIT_REFUSALS.get(code) or (Outcome.DEFINITE if code.startswith("cannotEdit") else Outcome.AMBIGUOUS)
    reason = code or "The venue's answer does not say what became of the change."
    return [_refused(request.request_id, outcome, reason), *reader.executions()]


# Cancels

NOTHING_TO_CANCEL: Final = "noOrdersToCancel"
CANCEL_REFUSALS: Final[Mapping[str, Outcome]] = {"filled": Outcome.DEFINITE, "notFound": Outcome.NOT_FOUND}


def _canceled(request: CancelOrder, status: Status) -> list[Fact]:
    """A cancel that the answer only confirms is seen on the feed; one that it shows counts at once."""
    code = status.status or ""
    if code == "cancelled":
        return [RequestAnswered(request_id=request.request_id), *EventsReader(status).cancels()]
    outcome = CANCEL_REFUSALS.get(code, Outcome.AMBIGUOUS)
    return [_refused(request.request_id, outcome, code or "The venue's answer does not say what became of it.")]


def _all_canceled(request: CancelAllOrders, body: RestAnswer) -> list[Fact] | None:
    status = body.cancelStatus
    if status is None:
        return None
    if status.status not in ("cancelled", NOTHING_TO_CANCEL):
        return [_refused(request.request_id, Outcome.AMBIGUOUS, status.status or "The venue gave no status.")]
    answered = RequestAnswered(request_id=request.request_id, canceled=_count(status))
    return [answered, *EventsReader(status).cancels()]


def _count(status: Status) -> int | None:
    """How many orders a cancel of all has canceled; None: the venue does not list them."""
    if status.status == NOTHING_TO_CANCEL:
        return 0
    return None if status.cancelledOrders is None else len(status.cancelledOrders)


# Batches


def _leg_answer(leg: Leg, status: Status) -> list[Fact]:
    match leg:
        case requests.PlaceOrder():
            return _sent(leg, status)
        case requests.ReplaceOrder():
            return _edited(leg, status)
        case CancelOrder():
            return _canceled(leg, status)


def _leg_of(status: Status, open_legs: list[Leg]) -> Leg | None:
    """Whose answer this is: by order_tag, then client id, then venue id. The venue promises no order of answers."""
    for leg in open_legs:
        if status.tag is not None and isinstance(leg, requests.PlaceOrder) and order_tag(leg) == status.tag:
            return leg
    for leg in open_legs:
        if status.client_id is not None and _client_id(leg) == status.client_id:
            return leg
    for leg in open_legs:
        if not isinstance(leg, requests.PlaceOrder) and leg.venue_order_id and leg.venue_order_id == status.venue_id:
            return leg
    return None


def _client_id(leg: Leg) -> str | None:
    if isinstance(leg, requests.ReplaceOrder) or leg.wire_id is None:
        return None
    return str(leg.wire_id)


def _is_nameless(*statuses: Status | None) -> bool:
    return not any(each.tag or each.client_id or each.venue_id for each in statuses if each is not None)


def _batch(request: BatchOrders, body: RestAnswer) -> list[Fact] | None:
    if body.batchStatus is None:
        return None
    open_legs = list(request.legs)
    facts: list[Fact] = [RequestAnswered(request_id=request.request_id)]
    nameless: list[Status] = []
    for element in body.batchStatus:
        status: Status = element
        leg = _leg_of(status, open_legs)
        if element.cancelStatus is not None and not element.status:
            status = element.cancelStatus
            leg = _leg_of(status, open_legs) or leg  # either of the two may hold the ids
        if leg is not None:
            open_legs.remove(leg)
            facts += _leg_answer(leg, status)
        elif status.status and _is_nameless(element, element.cancelStatus):
            nameless.append(status)
        else:
            facts += unreadable("The answer to a batch names an order that was not in it.", [status])
    return facts + _nameless_answers(open_legs, nameless)


def _nameless_answers(open_legs: list[Leg], nameless: list[Status]) -> list[Fact]:
    """A cancel that found nothing may be answered without any id. Where as many say the same as are left, it does not
    matter which is whose."""
    are_cancels = all(isinstance(leg, CancelOrder) for leg in open_legs)
    if are_cancels and len(nameless) == len(open_legs) and len({status.status for status in nameless}) == 1:
        return [fact for leg, status in zip(open_legs, nameless, strict=True) for fact in _leg_answer(leg, status)]
    silent = "The answer to the batch does not say what became of this part."
    lost = unreadable("The answer to a batch does not say which of its parts is meant.", nameless)
    return [*lost, *(_refused(leg.request_id, Outcome.AMBIGUOUS, silent) for leg in open_legs)]


# The cancel-all timer


def _timer(request: SetCancelAllAfter, body: RestAnswer) -> list[Fact] | None:
    try:
        status = read(body.status, TimerStatus)
    except UNUSABLE:
        return None
    return [CancelAllAfterSet(request_id=request.request_id, cancels_at=time_of(status.triggerTime) or None)]


# The table


def _time(request: requests.AskTime, body: RestAnswer) -> list[Fact]:
    """The time comes with every answer; this asked for nothing else."""
    return [RequestAnswered(request_id=request.request_id)]


def _place_answer(request: requests.PlaceOrder, body: RestAnswer) -> list[Fact] | None:
    return None if body.sendStatus is None else _sent(request, body.sendStatus)


def _replace_answer(request: requests.ReplaceOrder, body: RestAnswer) -> list[Fact] | None:
    return None if body.editStatus is None else _edited(request, body.editStatus)


def _cancel_answer(request: CancelOrder, body: RestAnswer) -> list[Fact] | None:
    return None if body.cancelStatus is None else _canceled(request, body.cancelStatus)


AnswerReader = Callable[[Any, RestAnswer], list[Fact] | None]

READERS: Final[Mapping[type, AnswerReader]] = {
    requests.PlaceOrder: _place_answer,
    requests.ReplaceOrder: _replace_answer,
    CancelOrder: _cancel_answer,
    CancelAllOrders: _all_canceled,
    BatchOrders: _batch,
    SetCancelAllAfter: _timer,
    requests.AskTime: _time,
    ListOpenOrders: read_open_orders,
    QueryOrder: read_status,
}
"""What each kind of request but `ListFills` and `ListOrderHistory` is answered with. None from a reader: the answer
does not have what it should."""
