"""AX as the client speaks it: messages to facts, requests to frames and HTTP calls. Stateless.

Most messages take the fast way: msgspec builds the wire classes. What it refuses, or what says nothing in today's
words, is read again the tolerant way: older key names, numbers sent as text, unusable optional fields. Only what is
unreadable then becomes `Unreadable`. An unknown word in an enumeration is None in the fact, never an error.

An answer is recognised by its shape alone (spec 4.4, rows 5 to 12); that a bare `oid` answers a placement or a
replacement only dispatch can tell, by its request id.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from decimal import Decimal
from typing import Final

from attrs import evolve, frozen

from ..facts import (
    Alive,
    CancelRefused,
    Fact,
    LoggedIn,
    OrderAcknowledged,
    OrderCanceled,
    OrderExpired,
    OrderFilled,
    OrderRejected,
    OrderReplaced,
    Outcome,
    PricePreviewed,
    RequestAnswered,
    RequestRefused,
    Trade,
    Unreadable,
)
from ..reasons import RejectReason
from ..requests import (
    AskTime,
    BatchOrders,
    CancelAllOrders,
    CancelOrder,
    ListFills,
    ListOpenOrders,
    ListOrderHistory,
    PlaceOrder,
    PreviewPrice,
    QueryOrder,
    ReplaceOrder,
    Request,
    SetCancelAllAfter,
)
from ..values import (
    OrderType,
    RequestId,
    TimeInForce,
    TradeId,
    VenueOrderId,
    WireId,
)
from ..venue import HttpAnswer, HttpCall
from ..wire.numbers import is_plausible
from ..wire.strict import NOT_STRICT, decoder_for
from ..wire.tolerant import BEGINNING, UNUSABLE, exact_json
from .converter import CONVERTER, encode_message, encode_request, read_body, renamed
from .enumerations import (
    LIQUIDITY,
    SIDE_WORDS,
    SIDES,
    TIME_IN_FORCE_WORDS,
    stated,
    time_of,
    unreadable,
    view_of,
    view_of_status,
    why_refused,
)
from .history import fills_call, orders_call, read_fills, read_orders
from .wire import (
    Answer,
    CancelAllBody,
    CancelBody,
    CancelReceived,
    Error,
    ErrorBody,
    Headline,
    Inbound,
    Order,
    Outbound,
    PreviewRequest,
    PreviewResponse,
    Result,
    Status,
)

__all__ = [
    "HTTP_REQUESTS",
    "Origin",
    "decode",
    "encode",
    "encode_over_http",
    "error_text",
    "outcome_of",
    "read_answer",
]

OUTCOMES: Final = {404: Outcome.NOT_FOUND, 409: Outcome.TOO_EARLY, 429: Outcome.THROTTLED}


def outcome_of(code: int) -> Outcome:
    """What an error code, or an HTTP status, proves (spec 4.5). A code that we cannot place proves nothing."""
    return OUTCOMES.get(code) or (Outcome.DEFINITE if 400 <= code < 500 else Outcome.AMBIGUOUS)


# Events (spec 5). Each reader gets the event, its order, its time and the text.


def _acknowledged(event: Headline, order: Order, time: int, message: str) -> tuple[Fact, ...]:
    return (OrderAcknowledged(time=time, order=view_of(order), event_id=event.eid or ""),)


def _traded(event: Headline, order: Order, time: int, message: str) -> tuple[Fact, ...]:
    execution = event.xs
    if execution is None or not execution.q or not is_plausible(execution.p):
        # The fill is lost, but not silently: from the order's cumulative quantity dispatch sees that one is missing.
        lost = Unreadable(why="The venue sent a fill without usable details.", text=message[:BEGINNING])
        return (lost, *_acknowledged(event, order, time, message))
    view = view_of(order)
    trade = Trade(
        venue_order_id=view.venue_order_id,
        trade_id=TradeId(execution.tid),
        symbol=execution.s or view.symbol,
        side=SIDES.get(execution.d) or view.side,
        price=execution.p,
        quantity=Decimal(execution.q),
        liquidity=LIQUIDITY[execution.agg],
        time=time,
    )
    return (
        OrderFilled(
            time=time, order=view, event_id=event.eid or "", trade=trade, final=event.t == "f", goes_on=event.t == "p"
        ),
    )


def _expired(event: Headline, order: Order, time: int, message: str) -> tuple[Fact, ...]:
    view = view_of(order)
    return (OrderExpired(time=time, order=view, event_id=event.eid or "", reason=view.reason),)


def _done_for_day(event: Headline, order: Order, time: int, message: str) -> tuple[Fact, ...]:
    return (OrderExpired(time=time, order=view_of(order), event_id=event.eid or "", reason="done for day"),)


def _canceled(event: Inbound, order: Order, time: int, message: str) -> tuple[Fact, ...]:
    reason = stated(event.xr, event.txt, order.txt)
    return (OrderCanceled(time=time, order=view_of(order), event_id=event.eid or "", reason=reason),)


def _rejected(event: Inbound, order: Order, time: int, message: str) -> tuple[Fact, ...]:
    return (
        OrderRejected(
            time=time,
            order=view_of(order),
            event_id=event.eid or "",
            reason=stated(event.r, stated(order.r), event.txt, order.txt) or "UNKNOWN",
            why=why_refused(event.r, order.r, event.txt, order.txt),
        ),
    )


def _replaced(event: Inbound, order: Order, time: int, message: str) -> tuple[Fact, ...]:
    new = event.no
    new_id = event.noid or (new.oid if new is not None else None)
    return (
        OrderReplaced(
            time=time,
            order=view_of(order),
            event_id=event.eid or "",
            new_venue_order_id=None if new_id is None else VenueOrderId(new_id),
            replacement=None if new is None else view_of(new),
        ),
    )


def _cancel_refused(event: Inbound, time: int, message: str) -> tuple[Fact, ...]:
    """Its order object, if there is one, is the order as it stands; what happened to it has its own event."""
    order = event.o
    venue_order_id = event.oid or (order.oid if order is not None else None)
    if venue_order_id is None:
        return unreadable("The venue refused a cancel without naming the order.", message)
    wire_id = event.cid if event.cid is not None or order is None else order.cid
    code = None if event.r == "rejected" else event.r  # seen in the wild; says nothing that the event does not
    reason = stated(code, event.txt) or "UNKNOWN"
    why, oid = why_refused(code, event.txt), VenueOrderId(venue_order_id)
    return (CancelRefused(venue_order_id=oid, wire_id=wire_id, reason=reason, time=time, why=why),)


EventReader = Callable[[Inbound, Order, int, str], tuple[Fact, ...]]
HeadlineReader = Callable[[Headline, Order, int, str], tuple[Fact, ...]]

HEADLINES: Final[Mapping[str | None, HeadlineReader]] = {
    "n": _acknowledged,
    "p": _traded,
    "f": _traded,
    "x": _expired,
    "d": _done_for_day,
}
"""Events that `Headline` holds completely."""

EVENTS: Final[Mapping[str | None, EventReader]] = {**HEADLINES, "c": _canceled, "j": _rejected, "r": _replaced}

ALIVE: Final = (Alive(),)
BAD_TIME: Final = "The venue sent an event with a time before 1970."


def _read_event(event: Inbound, message: str) -> tuple[Fact, ...]:
    kind = event.t
    if kind == "h":
        return ALIVE
    if event.ts is not None and event.ts < 0:
        return unreadable(BAD_TIME, message)
    time = time_of(event.ts, event.tn)
    if kind == "e":
        return _cancel_refused(event, time, message)
    read = EVENTS.get(kind)
    if read is None:
        return unreadable(f"The venue sent an event of the unknown kind {(kind or '')[:20]!r}.", message)
    # An older replacement has no `ro`. The new order cannot stand in for the old one: it tells nothing of its fills.
    order = (event.ro or event.o) if kind == "r" else event.o
    if order is None:
        return unreadable(f"The venue sent an event {kind!r} without a usable order.", message)
    return read(event, order, time, message)


# Answers (spec 4)


def _refused(request_id: int | None, error: Error, data: str | None) -> tuple[Fact, ...]:
    reason = ": ".join(text for text in (error.msg, data) if text)
    return (
        RequestRefused(
            request_id=None if request_id is None else RequestId(request_id),
            outcome=outcome_of(error.code),
            reason=reason or f"The venue gave no reason (code {error.code}).",
            why=why_refused(error.msg, data, code=error.code),
        ),
    )


def _answered(request_id: int | None, result: Result | list[Order]) -> tuple[Fact, ...]:
    """What an answer says, recognised by its shape; () if it has none of the known ones, or nobody to go to."""
    orders = result if isinstance(result, list) else result.orders
    if isinstance(result, Result) and orders is None and (result.li is not None or request_id == 0):
        return (_logged_in(result),)
    if request_id is None:
        return ()
    number = RequestId(request_id)
    if orders is not None:
        return (RequestAnswered(request_id=number, orders=tuple(view_of(order) for order in orders)),)
    assert isinstance(result, Result)
    if isinstance(result.status, Status):
        return (RequestAnswered(request_id=number, order=view_of_status(result.status)),)
    if result.cxl_rx is not None:
        return (RequestAnswered(request_id=number, refused=not result.cxl_rx),)
    if result.oid is not None:
        return (RequestAnswered(request_id=number, venue_order_id=VenueOrderId(result.oid)),)
    if result.status is not None and result.symbol is not None:
        return (RequestAnswered(request_id=number),)  # estimated funding: an answer, but nothing that we trade by
    return ()


def _logged_in(result: Result) -> Fact:
    return LoggedIn(
        user=result.li or "",
        orders=tuple(view_of(order) for order in result.o or ()),
        cancel_on_disconnect=result.cod is True,
        heartbeat_timeout=result.chb,
    )


# Messages

_HEADLINE: Final = decoder_for(Headline)
_INBOUND: Final = decoder_for(Inbound)
_ANSWER: Final = decoder_for(Answer)

ALIASES: Final = {"request_id": "rid", "result": "res", "error": "err"}
ERROR_ALIASES: Final = {"message": "msg"}


def decode(message: str | bytes) -> tuple[Fact, ...]:
    """What one complete message says. Never raises: what cannot be read comes back as `Unreadable`."""
    if not isinstance(message, str):
        beginning = bytes(message[:BEGINNING]).decode("utf-8", "replace")
        return unreadable("The venue sent a binary message, which AX never does.", beginning)
    try:
        headline = _HEADLINE.decode(message)
    except NOT_STRICT:
        return _decode_tolerantly(message)
    read = HEADLINES.get(headline.t)
    order = headline.o
    if read is not None and order is not None:
        ts = headline.ts
        if ts is not None and ts < 0:
            return unreadable(BAD_TIME, message)
        return read(headline, order, time_of(ts, headline.tn), message)
    if headline.t == "h":
        return ALIVE
    return _decode_rarer(message, headline.t is not None)


def _decode_rarer(message: str, is_event: bool) -> tuple[Fact, ...]:
    """Everything that `Headline` alone does not settle."""
    try:
        if is_event:
            return _read_event(_INBOUND.decode(message), message)
        answer = _ANSWER.decode(message)
    except NOT_STRICT:
        return _decode_tolerantly(message)
    facts: tuple[Fact, ...] = ()
    if answer.err is None:
        if answer.res is not None:
            facts = _answered(answer.rid, answer.res)
    elif answer.err.msg is not None and answer.rid is not None:  # if not, look for the other spelling first
        facts = _refused(answer.rid, answer.err, answer.data)
    return facts or _decode_tolerantly(message)


def _decode_tolerantly(message: str) -> tuple[Fact, ...]:
    """The slow way: older spellings of keys, values of the wrong type. Decides by value, not by presence of keys."""
    try:
        tree = exact_json(message)
    except UNUSABLE:
        return unreadable("The venue sent text that is not JSON.", message)
    if not isinstance(tree, dict):
        return unreadable("The venue sent JSON that is not an object.", message)
    raw = renamed(tree, ALIASES)
    if isinstance(raw.get("t"), str):
        return _read_event(CONVERTER.structure(raw, Inbound), message)
    envelope = CONVERTER.structure({key: raw[key] for key in ("rid", "data") if key in raw}, Inbound)
    if "err" in raw:
        return _refused(envelope.rid, _tolerant_error(raw["err"]), envelope.data)
    if "res" in raw:
        return _answered_tolerantly(envelope.rid, raw["res"], message)
    return unreadable("The venue sent a message that is neither an event nor an answer.", message)


def _tolerant_error(raw: object) -> Error:
    """Without a readable code the error proves nothing: 0 stands for that."""
    fields = renamed(raw, ERROR_ALIASES) if isinstance(raw, dict) else {"msg": raw}
    try:
        return CONVERTER.structure(fields, Error)
    except UNUSABLE:
        return CONVERTER.structure({**fields, "code": 0}, Error)


def _answered_tolerantly(request_id: int | None, raw: object, message: str) -> tuple[Fact, ...]:
    unknown = "The venue sent an answer of an unknown shape."
    if isinstance(raw, list):
        raw = {"orders": raw}
    if not isinstance(raw, dict):
        return unreadable(unknown, message)
    present = {key: value for key, value in raw.items() if value is not None}
    orders, skipped = _each_order(present.pop("orders", None))
    open_now, more_skipped = _each_order(present.pop("o", None))
    facts = _answered(request_id, evolve(CONVERTER.structure(present, Result), orders=orders, o=open_now))
    if not facts and all(value is None for value in raw.values()) and request_id is not None:
        facts = (RequestAnswered(request_id=RequestId(request_id)),)  # {}: cancel all
    return (*(facts or unreadable(unknown, message)), *skipped, *more_skipped)


def _each_order(elements: object) -> tuple[list[Order] | None, list[Fact]]:
    """The orders in a list, None if it is none. One unusable element must not cost its neighbours."""
    if not isinstance(elements, list):
        return None, []
    orders: list[Order] = []
    skipped: list[Fact] = []
    for element in elements:
        try:
            orders.append(CONVERTER.structure(element, Order))
        except UNUSABLE:
            skipped += unreadable("The venue listed an order that we cannot read; it was left out.", str(element))
    return orders, skipped


# Requests (spec 3 and 7)

HTTP_REQUESTS: Final[frozenset[type]] = frozenset({PreviewPrice, ListFills, ListOrderHistory})
"""Requests that AX takes over HTTP only."""


@frozen(kw_only=True)
class Origin:
    """On whose behalf a session sends: account (None: the user's default one), the tag of orders that have none of
    their own, and what happens to an order that would trade with one of our own (None: the venue's default)."""

    account: str | None = None
    tag: str | None = None
    self_trade_prevention: str | None = None


def encode(request: Request, origin: Origin) -> str | HttpCall:
    """The frame for a request, or the HTTP call where there is no frame for it."""
    match request:
        case PreviewPrice():
            return _preview(request)
        case ListFills():
            return fills_call(request, origin.account)
        case ListOrderHistory():
            return orders_call(request, origin.account)
        case SetCancelAllAfter() | BatchOrders() | AskTime():
            raise ValueError(f"AX cannot be asked {type(request).__name__}.")
        case _:
            return encode_request(_outbound(request, origin))


def encode_over_http(request: Request, origin: Origin) -> HttpCall | None:
    """A cancel as an HTTP call, for a socket that does not take it (spec 7.2); None for other requests."""
    match request:
        case CancelOrder(venue_order_id=oid) if oid is not None:
            path, body = "/orders/cancel-order", encode_message(CancelBody(oid=oid))
        case CancelOrder():
            path, body = (
                "/orders/cancel-order",
                encode_message(CancelBody(cid=_cid(request.wire_id), aid=origin.account)),
            )
        case CancelAllOrders(symbol=symbol):
            path = "/orders/cancel-all-orders"
            body = encode_message(CancelAllBody(symbol=symbol, account_id=origin.account))
        case _:
            return None
    return HttpCall(method="POST", path=path, body=body.encode(), urgent=True)


def _outbound(
    request: PlaceOrder | CancelOrder | ReplaceOrder | CancelAllOrders | ListOpenOrders | QueryOrder, origin: Origin
) -> Outbound:
    rid = request.request_id
    match request:
        case PlaceOrder():
            return _place(request, origin)
        case CancelOrder(venue_order_id=oid) if oid is not None:
            return Outbound(t="x", rid=rid, oid=oid)
        case CancelOrder():
            return Outbound(t="x", rid=rid, cid=_cid(request.wire_id), aid=origin.account)
        case ReplaceOrder():
            return _replace(request)
        case CancelAllOrders():
            return Outbound(t="X", rid=rid, symbol=request.symbol, account_id=origin.account)
        case ListOpenOrders():
            return Outbound(t="o", rid=rid, account_id=origin.account)
        case QueryOrder(venue_order_id=oid) if oid is not None:
            return Outbound(t="s", rid=rid, oid=oid)
        case QueryOrder():
            return Outbound(t="s", rid=rid, cid=_cid(request.wire_id))


def _cid(wire_id: WireId | None) -> int:
    if not isinstance(wire_id, int):
        raise TypeError(f"A client order id crosses AX's wire as a whole number, not as {wire_id!r}.")
    return wire_id


def _place(request: PlaceOrder, origin: Origin) -> Outbound:
    """AX has neither market nor stop orders: the first goes out as an aggressive limit order that never rests, the
    second in words that AX ignores (spec 3.1, 8.1)."""
    if request.price is None:
        raise ValueError(f"AX takes no order without a price; request {request.request_id} has none.")
    is_stop = request.type is OrderType.STOP_LIMIT
    time_in_force = TimeInForce.IOC if request.type is OrderType.MARKET else request.time_in_force
    return Outbound(
        t="p",
        rid=request.request_id,
        s=request.symbol,
        d=SIDE_WORDS[request.side],
        q=int(request.quantity),
        p=request.price,
        tif=TIME_IN_FORCE_WORDS[time_in_force],
        po=request.post_only and request.type is OrderType.LIMIT,
        cid=_cid(request.wire_id),
        tag=request.tag or origin.tag,
        st=origin.self_trade_prevention,
        aid=origin.account,
        order_type="STOP_LOSS_LIMIT" if is_stop else None,
        trigger_price=request.trigger_price if is_stop else None,
    )


def _replace(request: ReplaceOrder) -> Outbound:
    return Outbound(
        t="r",
        rid=request.request_id,
        oid=request.venue_order_id,
        p=request.price,
        q=None if request.quantity is None else int(request.quantity),
        tif=None if request.time_in_force is None else TIME_IN_FORCE_WORDS[request.time_in_force],
        po=request.post_only,
    )


def _preview(request: PreviewPrice) -> HttpCall:
    question = PreviewRequest(symbol=request.symbol, quantity=int(request.quantity), side=SIDE_WORDS[request.side])
    path = "/api/preview-aggressive-limit-order"
    return HttpCall(method="POST", path=path, body=encode_message(question).encode())


# Answers over HTTP (spec 7)


def error_text(answer: HttpAnswer) -> str:
    """The venue's own words in an error answer, "" if there are none."""
    if answer.page_problem is not None:
        return answer.page_problem
    try:
        body = read_body(answer.body, ErrorBody)
    except ValueError:
        return " ".join(answer.body.decode("utf-8", "replace").split())[:BEGINNING]
    return (body.error or body.message or "")[:BEGINNING]


def read_answer(request: Request, answer: HttpAnswer) -> tuple[Fact, ...]:
    """What the answer to an HTTP call of `encode` or `encode_over_http` says. Never raises."""
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
        outcome=outcome_of(answer.status),
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
