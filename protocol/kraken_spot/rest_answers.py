"""Answers over REST to facts: questions, and order entry where the socket could not be used (spec A.2, A.14, A.17).

Errors come with HTTP status 200. A question that fails has done nothing; a command whose answer cannot be read may have
been carried out.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any, Final, TypeVar

from ..facts import (
    SILENT,
    CancelAllAfterSet,
    Fact,
    FillsListed,
    Notice,
    OrderHistoryListed,
    OrderNotListed,
    Outcome,
    RequestAnswered,
    RequestRefused,
    Trade,
    Unreadable,
)
from ..reasons import RejectReason
from ..requests import (
    BatchOrders,
    CancelAllOrders,
    CancelOrder,
    Leg,
    ListFills,
    ListOpenOrders,
    ListOrderHistory,
    PlaceOrder,
    QueryOrder,
    ReplaceOrder,
    Request,
    SetCancelAllAfter,
)
from ..values import NO_TIME, RequestId, VenueOrderId
from ..venue import HttpAnswer
from ..wire.times import SECOND, time_of
from ..wire.tolerant import BEGINNING
from . import wire
from .converter import read_body, time_of_seconds
from .enumerations import error_outcome, why_refused
from .listings import order_view, trade_of
from .rest_order_entry import CLOSED, OF
from .symbols import SymbolOf, rest_pair, symbol_of_pair

__all__ = ["errors_of", "is_number_refused", "is_over_budget", "read_answer"]

QUESTIONS: Final = (ListOpenOrders, QueryOrder, ListFills, ListOrderHistory)
WRONG_NONCE: Final = "EAPI:Invalid nonce"
OVER_BUDGET: Final = "EAPI:Rate limit exceeded"
NO_SUCH_ORDER: Final = "The venue knows no such order."
CLOCK_TOLERANCE: Final = 60 * SECOND
"""How far the venue's clock and ours may be apart."""

A = TypeVar("A", bound=wire.RestAnswer)


def errors_of(answer: wire.RestAnswer) -> tuple[list[str], list[str]]:
    """Errors and warnings; a text that is marked as neither is an error."""
    texts = [text for text in answer.error or () if text]
    return [text for text in texts if not text.startswith("W")], [text for text in texts if text.startswith("W")]


def read_answer(request: Request, answer: HttpAnswer, symbol_of: SymbolOf = symbol_of_pair) -> tuple[Fact, ...]:
    """What the answer to a call of `rest_entry.encode_rest` says. Never raises. symbol_of: the pairs of lists."""
    cls, reader = READERS[_kind(request)]
    try:
        body, skipped = read_body(answer.body, cls)
    except ValueError:
        return _illegible(request, answer)
    errors, warnings = errors_of(body)
    if errors:
        placed = isinstance(body.result, wire.AddOrderResult) and bool(body.result.txid)
        return _refusal(request, "; ".join(errors), proves=answer.status < 500 and not placed)
    facts = None
    if 200 <= answer.status < 300 and body.result is not None:
        lists = isinstance(request, QUESTIONS)
        facts = reader(request, body.result, symbol_of) if lists else reader(request, body.result)
    if facts is None:
        return _illegible(request, answer)
    told = [Notice(text=f"The venue warns about request {request.request_id}: {text}") for text in warnings]
    return (*facts, *told, *_unreadable("An element of the venue's answer cannot be read; it was left out.", skipped))


def is_number_refused(answer: HttpAnswer) -> bool:
    """True when a call was refused for its nonce, and so was not executed (spec A.2)."""
    return _is_refused_for(WRONG_NONCE, answer)


def is_over_budget(answer: HttpAnswer) -> bool:
    """True when a call was refused because the counter of calls is full (spec A.15)."""
    return _is_refused_for(OVER_BUDGET, answer)


def _is_refused_for(error: str, answer: HttpAnswer) -> bool:
    if error.encode() not in answer.body or answer.status >= 500:
        return False
    try:
        body, _ = read_body(answer.body, wire.RestAnswer)
    except ValueError:
        return False
    return any(told.startswith(error) for told in errors_of(body)[0])


def _cancels(request: Request) -> bool:
    legs = request.legs if isinstance(request, BatchOrders) else (request,)
    return all(isinstance(leg, CancelOrder) for leg in legs)


def _kind(request: Request) -> object:
    if isinstance(request, BatchOrders):
        return BatchOrders, _cancels(request)
    if isinstance(request, QueryOrder) and request.venue_order_id is None:
        return QueryOrder, request.cursor
    return type(request)


def _unreadable(why: str, elements: list[object]) -> list[Fact]:
    return [Unreadable(why=why, text=str(element)[:BEGINNING]) for element in elements]


def _refuse(request: Request, outcome: Outcome, reason: str) -> tuple[Fact, ...]:
    """The refusal of a request; of a batch, of each of its legs and of itself."""
    legs = request.legs if isinstance(request, BatchOrders) else ()
    return tuple(_refused(each.request_id, outcome, reason) for each in (*legs, request))


def _refused(request_id: RequestId, outcome: Outcome, reason: str) -> RequestRefused:
    why = RejectReason.UNKNOWN_ORDER if outcome is Outcome.NOT_FOUND else why_refused(reason)
    return RequestRefused(request_id=request_id, outcome=outcome, reason=reason, why=why)


def _refusal(request: Request, reason: str, *, proves: bool) -> tuple[Fact, ...]:
    """proves: the error can be believed. A server that fails may have passed the request on before (spec A.2), and an
    order beside an error may be there."""
    outcome = error_outcome(reason, of_known_order=_is_of_known_order(request))
    if isinstance(request, QUESTIONS):
        return _refuse(request, _outcome_of_question(request, outcome), reason)
    return _refuse(request, outcome if proves else Outcome.AMBIGUOUS, reason)


def _is_of_known_order(request: Request) -> bool:
    return isinstance(request, ReplaceOrder | QueryOrder) or _cancels(request)


def _outcome_of_question(request: Request, outcome: Outcome) -> Outcome:
    """Nothing can have come of a question. That a list was not given says nothing about an order that it may hold."""
    by_name = isinstance(request, QueryOrder) and request.venue_order_id is None
    unproven = outcome is Outcome.AMBIGUOUS or (by_name and outcome is Outcome.NOT_FOUND)
    return Outcome.DEFINITE if unproven else outcome


def _illegible(request: Request, answer: HttpAnswer) -> tuple[Fact, ...]:
    """Plain text, HTML, or JSON that says nothing."""
    why = f"The venue's answer cannot be read (HTTP status {answer.status})."
    text = " ".join(answer.body.decode("utf-8", "replace").split())[:BEGINNING]
    outcome = Outcome.DEFINITE if isinstance(request, QUESTIONS) else Outcome.AMBIGUOUS
    return (*_refuse(request, outcome, why), Unreadable(why=why, text=text))


# Order entry. None from a reader: the answer does not have what it should.


def _placed(request: PlaceOrder, result: wire.AddOrderResult) -> list[Fact] | None:
    txid = (result.txid or [""])[0]
    return [RequestAnswered(request_id=request.request_id, venue_order_id=VenueOrderId(txid) if txid else None)]


def _amended(request: ReplaceOrder, result: object) -> list[Fact] | None:
    return [RequestAnswered(request_id=request.request_id, venue_order_id=request.venue_order_id)]


def _canceled(request: CancelOrder, result: wire.CountResult) -> list[Fact] | None:
    """A count of zero: there was nothing to cancel."""
    if result.count == 0 and not result.pending:
        return [_refused(request.request_id, Outcome.NOT_FOUND, NO_SUCH_ORDER)]
    return [RequestAnswered(request_id=request.request_id)]


def _all_canceled(request: CancelAllOrders, result: wire.CountResult) -> list[Fact] | None:
    return [RequestAnswered(request_id=request.request_id, canceled=result.count)]


def _timer(request: SetCancelAllAfter, result: wire.TimerResult) -> list[Fact] | None:
    return [CancelAllAfterSet(request_id=request.request_id, cancels_at=time_of(result.triggerTime) or None)]


def _batch_added(request: BatchOrders, result: wire.RestBatchResult) -> list[Fact] | None:
    """Answers are in the order of the legs."""
    if result.orders is None:
        return None
    answers = [*result.orders, *[None] * len(request.legs)]
    settled = [_leg(leg, told) for leg, told in zip(request.legs, answers, strict=False)]
    return [*settled, RequestAnswered(request_id=request.request_id)]


def _leg(leg: Leg, told: wire.RestBatchLeg | None) -> Fact:
    if told is not None and told.error and not told.txid:
        return _refused(leg.request_id, error_outcome(told.error), told.error)
    if told is None or not told.txid or told.error:  # an order and an error prove neither
        return _refused(leg.request_id, Outcome.AMBIGUOUS, SILENT)
    return RequestAnswered(request_id=leg.request_id, venue_order_id=VenueOrderId(told.txid))


def _batch_canceled(request: BatchOrders, result: wire.CountResult) -> list[Fact] | None:
    """Only when all were canceled does the count say which."""
    every = result.count is not None and result.count >= len(request.legs)
    settled: list[Fact] = [
        RequestAnswered(request_id=leg.request_id) if every else _refused(leg.request_id, Outcome.AMBIGUOUS, SILENT)
        for leg in request.legs
    ]
    return [*settled, RequestAnswered(request_id=request.request_id)]


# Questions


def _open_orders(request: ListOpenOrders, result: wire.OpenOrdersResult, symbol_of: SymbolOf) -> list[Fact] | None:
    if result.open is None:
        return None
    orders = tuple(order_view(order_id, row, symbol_of) for order_id, row in result.open.items())
    return [RequestAnswered(request_id=request.request_id, orders=orders)]


def _order(request: QueryOrder, result: dict[str, wire.OrderRow], symbol_of: SymbolOf) -> list[Fact] | None:
    row = result.get(str(request.venue_order_id))
    if row is None:
        return [_refused(request.request_id, Outcome.NOT_FOUND, NO_SUCH_ORDER)]
    return [_found(request, str(request.venue_order_id), row, symbol_of)]


def _found(request: QueryOrder, order_id: str, row: wire.OrderRow, symbol_of: SymbolOf) -> Fact:
    return RequestAnswered(request_id=request.request_id, order=order_view(order_id, row, symbol_of))


def _named(request: QueryOrder, rows: Mapping[str, wire.OrderRow], symbol_of: SymbolOf) -> Fact | None:
    """A client id may be used again once its order has closed: of those that are not older than the placement, the
    newest is meant (spec A.17, E.12)."""
    oldest = request.since - CLOCK_TOLERANCE
    named = [
        (order_id, row)
        for order_id, row in rows.items()
        if row.cl_ord_id == str(request.wire_id) and not NO_TIME < time_of_seconds(row.opentm) < oldest
    ]
    if not named:
        return None
    order_id, row = max(named, key=lambda found: found[1].opentm or 0)
    return _found(request, order_id, row, symbol_of)


def _named_open(request: QueryOrder, result: wire.OpenOrdersResult, symbol_of: SymbolOf) -> list[Fact] | None:
    if result.open is None:
        return None
    found = _named(request, result.open, symbol_of)
    return [found or OrderNotListed(request_id=request.request_id, cursor=CLOSED)]


def _named_closed(request: QueryOrder, result: wire.ClosedOrdersResult, symbol_of: SymbolOf) -> list[Fact] | None:
    if result.closed is None:
        return None
    found = _named(request, result.closed, symbol_of)
    return [found or _refused(request.request_id, Outcome.NOT_FOUND, NO_SUCH_ORDER)]


def _next_page(cursor: str | None, entries: int, total: int | None) -> str | None:
    """Where the next page begins; None after the last.

    A list has its newest entry first, so what is added meanwhile moves entries to later pages, where they come twice,
    and their ids tell. A list that has become shorter is an older state of it (the lists of the venue follow its feeds
    at different distances, spec A.17): there entries have moved to earlier pages, so the reading goes back as far. So a
    cursor is good at any later time, however much is added and whoever answers.
    """
    if total is None:
        return None
    first, _, before = (cursor or "0").partition(OF)
    moved = min(int(first), int(before or total) - total)
    if moved > 0:
        return f"{int(first) - moved}{OF}{total}"
    done = int(first) + entries
    return f"{done}{OF}{total}" if entries and done < total else None


def _is_wanted(trade: Trade, request: ListFills) -> bool:
    """A range that reaches to the present ends when the venue answers, not when we asked."""
    if request.symbol not in (None, trade.symbol):
        return False
    return trade.time == NO_TIME or (request.start <= trade.time and (request.latest or trade.time < request.end))


def _is_nameless(trade: Trade, request: ListFills) -> bool:
    """Nobody can say whether it is of the pair that was asked for."""
    return request.symbol is not None and "/" not in trade.symbol


def _fills(request: ListFills, result: wire.TradesHistoryResult, symbol_of: SymbolOf) -> list[Fact] | None:
    """One page, which the venue gives newest first, as trades in the order in which they happened."""
    if result.trades is None:
        return None
    asked_for = {} if request.symbol is None else {rest_pair(request.symbol): request.symbol}
    read = [
        (trade_id, row, trade_of(trade_id, row, lambda pair: asked_for.get(pair) or symbol_of(pair)))
        for trade_id, row in result.trades.items()
    ]
    trades = [trade for _, _, trade in reversed(read) if trade is not None]
    trades.sort(key=lambda trade: trade.time)
    wanted = tuple(trade for trade in trades if _is_wanted(trade, request))
    cursor = _next_page(request.cursor, len(result.trades), result.count)
    lost: list[object] = [
        {trade_id: row} for trade_id, row, trade in read if trade is None or _is_nameless(trade, request)
    ]
    listed = FillsListed(request_id=request.request_id, trades=wanted, cursor=cursor)
    return [listed, *_unreadable("The venue listed a fill that cannot be read; it was left out.", lost)]


def _history(request: ListOrderHistory, result: wire.ClosedOrdersResult, symbol_of: SymbolOf) -> list[Fact] | None:
    """One page, which the venue gives newest first."""
    if result.closed is None:
        return None
    rows = [*result.closed.items()]
    rows.reverse()
    rows.sort(key=lambda entry: entry[1].closetm or entry[1].opentm or 0)
    orders = tuple(order_view(order_id, row, symbol_of) for order_id, row in rows)
    cursor = _next_page(request.cursor, len(result.closed), result.count)
    return [OrderHistoryListed(request_id=request.request_id, orders=orders, cursor=cursor)]


ResultReader = Callable[..., list[Fact] | None]

READERS: Final[Mapping[object, tuple[type[Any], ResultReader]]] = {
    PlaceOrder: (wire.AddOrderAnswer, _placed),
    ReplaceOrder: (wire.AmendOrderAnswer, _amended),
    CancelOrder: (wire.CountAnswer, _canceled),
    CancelAllOrders: (wire.CountAnswer, _all_canceled),
    SetCancelAllAfter: (wire.TimerAnswer, _timer),
    (BatchOrders, False): (wire.AddOrderBatchAnswer, _batch_added),
    (BatchOrders, True): (wire.CountAnswer, _batch_canceled),
    ListOpenOrders: (wire.OpenOrdersAnswer, _open_orders),
    QueryOrder: (wire.QueryOrdersAnswer, _order),
    (QueryOrder, None): (wire.OpenOrdersAnswer, _named_open),
    (QueryOrder, CLOSED): (wire.ClosedOrdersAnswer, _named_closed),
    ListFills: (wire.TradesHistoryAnswer, _fills),
    ListOrderHistory: (wire.ClosedOrdersAnswer, _history),
}
"""What each kind of request is answered with, and how it is read; of a question, with the names of pairs."""
