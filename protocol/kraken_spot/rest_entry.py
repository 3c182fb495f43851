"""Requests to signed calls of Kraken Spot's REST interface (spec A.2, A.17): questions, and order entry where the
socket cannot be used.

A call is complete but for its nonce and signature, which are put in when it is sent.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from decimal import Decimal
from typing import Any, Final
from urllib.parse import urlencode

from ..requests import (
    BatchOrders,
    CancelAllOrders,
    CancelOrder,
    ListFills,
    ListOpenOrders,
    ListOrderHistory,
    PlaceOrder,
    QueryOrder,
    ReplaceOrder,
    Request,
    SetCancelTimer,
    is_urgent,
)
from ..values import Side, TimeInForce
from ..venue import HttpCall, SignedCall
from ..wire_times import SECOND
from . import wire
from .converter import encode_form, encode_message
from .entry import FEWEST_ORDERS, MOST_CANCELS, MOST_ORDERS, limit_of, moment, options_of, type_word
from .limits import REST, rest_cost
from .options import ConditionalClose
from .signing import Credentials
from .symbols import rest_pair
from .words import OFFSET_WORDS, SIDE_WORDS, SIGNAL_WORDS, TRAILING_TYPES, TRIGGER_TYPES, TYPE_WORDS

__all__ = ["REST_ONLY", "encode_rest", "page_of", "token_call"]

BASE: Final = "/0/private/"
FORM: Final = ("Content-Type", "application/x-www-form-urlencoded; charset=utf-8")
JSON: Final = ("Content-Type", "application/json")

REST_ONLY: Final[frozenset[type]] = frozenset({ListOpenOrders, QueryOrder, ListFills, ListOrderHistory})
"""What the socket cannot be asked."""


def encode_rest(request: Request, credentials: Credentials) -> SignedCall:
    """The call for a request. Raises ValueError for what this venue cannot be asked."""
    writer = WRITERS.get(type(request))
    if writer is None:
        raise ValueError(f"Kraken cannot be asked {type(request).__name__}.")
    name, form = writer(request)
    return _call(name, form, credentials, cost=rest_cost(request), urgent=is_urgent(request))


def token_call(credentials: Credentials) -> SignedCall:
    """The call that fetches a session token."""
    return _call("GetWebSocketsToken", wire.TokenForm(), credentials, cost=rest_cost(None), urgent=True)


SENT_AS_JSON: Final = (wire.AddOrderBatchForm, wire.CancelBatchForm)


def _call(name: str, form: object, credentials: Credentials, *, cost: int, urgent: bool) -> SignedCall:
    as_json = isinstance(form, SENT_AS_JSON)
    return SignedCall(
        method="POST",
        path=BASE + name,
        body=(encode_message(form) if as_json else encode_form(form)).encode(),
        authorized=False,
        headers=(JSON if as_json else FORM,),
        signer=_signer(credentials),
        pool=REST,
        cost=cost,
        urgent=urgent,
    )


# Signing: the nonce goes into the body first, then the body is signed as it is sent


def _signer(credentials: Credentials) -> Callable[[SignedCall, int], HttpCall]:
    def sign(call: SignedCall, nonce: int) -> HttpCall:
        number = str(nonce)
        body = (call.body or b"").decode()
        in_front = [("nonce", number)] + ([("otp", credentials.otp)] if credentials.otp else [])
        post_data = _json_with(in_front, body) if JSON in call.headers else _form_with(in_front, body)
        signature = credentials.api_sign(call.path, number, post_data)
        headers = (("API-Key", credentials.api_key), ("API-Sign", signature), *call.headers)
        return HttpCall(method=call.method, path=call.path, body=post_data.encode(), authorized=False, headers=headers)

    return sign


def _form_with(in_front: list[tuple[str, str]], body: str) -> str:
    return "&".join(part for part in (urlencode(in_front), body) if part)


def _json_with(in_front: list[tuple[str, str]], body: str) -> str:
    start = encode_message(dict(in_front))
    return start if body == "{}" else f"{start[:-1]},{body[1:]}"


# Order entry (the fall-back)


def _amount(number: Decimal | None) -> str | None:
    return None if number is None else format(number, "f")


def _seconds(time: int | None) -> str | None:
    """A moment as whole seconds since 1970."""
    return None if time is None else str(time // SECOND)


def _offset(sign: str, distance: Decimal | None, price_type: str | None) -> str | None:
    """price_type: static or None, a price as it is; quote or pct, a distance, which has a sign here."""
    if distance is None or price_type in (None, "static"):
        return _amount(distance)
    return f"{sign}{distance:f}" + ("%" if price_type == "pct" else "")


def _beyond(side: Side) -> str:
    """The limit of a trailing stop lies beyond its trigger."""
    return "+" if side is Side.BUY else "-"


def _prices(request: PlaceOrder) -> tuple[str | None, str | None]:
    """`price` and `price2`: of a limit order its limit; of a trigger the trigger, and its limit after it; of a trailing
    stop the distance, and its limit as a price or a distance."""
    limit = _offset(_beyond(request.side), *limit_of(request))
    if request.type in TRAILING_TYPES:
        return _offset("+", request.trailing_offset, OFFSET_WORDS[request.trailing_unit]), limit
    return (_amount(request.trigger_price), limit) if request.type in TRIGGER_TYPES else (limit, None)


def _close_prices(close: ConditionalClose | None, side: Side) -> tuple[str | None, str | None]:
    """Both prices of a conditional close, in the same places as those of an order. side: of the order that it closes.
    Raises ValueError for distances that only the socket takes."""
    if close is None:
        return None, None
    if close.needs_socket:
        raise ValueError("A conditional close at a distance goes over the socket, unless it is a trailing stop.")
    limit = _offset(_beyond(side.opposite), close.price, close.limit_type)
    trigger = _offset("+", close.trigger_price, close.trigger_price_type)
    return (limit, None) if trigger is None else (trigger, limit)


FEE_FLAGS: Final = {"base": "fcib", "quote": "fciq"}
STP_WORDS: Final = {"cancel_newest": "cancel-newest", "cancel_oldest": "cancel-oldest", "cancel_both": "cancel-both"}


def _flags(request: PlaceOrder) -> str | None:
    """`oflags`: words with commas between."""
    fees = FEE_FLAGS.get(options_of(request).fee_preference or "")
    flags = [fees, "post" if request.post_only else None, "viqc" if request.quote_quantity else None]
    return ",".join(flag for flag in flags if flag) or None


def _terms(request: PlaceOrder) -> dict[str, Any]:
    """The terms that a form of one order and a leg of a batch share. Raises ValueError for a margin order: REST wants
    to know by how much, and a socket's order does not say."""
    if request.margin:
        raise ValueError("A margin order goes over the socket: over REST it needs a leverage.")
    options = options_of(request)
    close = options.conditional
    price, price2 = _prices(request)
    triggered = request.type in TRIGGER_TYPES | TRAILING_TYPES
    close_price, close_price2 = _close_prices(close, request.side)
    return {
        "type": SIDE_WORDS[request.side],
        "ordertype": type_word(request),
        "volume": request.quantity,
        "price": price,
        "price2": price2,
        "cl_ord_id": None if options.is_unnamed else str(request.wire_id),
        "userref": options.order_userref,
        "oflags": _flags(request),
        "timeinforce": None if request.time_in_force is TimeInForce.GTC else request.time_in_force.value,
        "expiretm": _seconds(request.expire_time),
        "starttm": _seconds(options.effective_time),
        "trigger": SIGNAL_WORDS[request.trigger] if triggered else None,
        "reduce_only": True if request.reduce_only else None,
        "stptype": STP_WORDS.get(options.stp_type or ""),
        "displayvol": request.display_quantity,
        "close_ordertype": None if close is None else TYPE_WORDS[close.type],
        "close_price": close_price,
        "close_price2": close_price2,
    }


def _add(request: PlaceOrder) -> tuple[str, object]:
    deadline = moment(request.process_before)
    return "AddOrder", wire.AddOrderForm(pair=rest_pair(request.symbol), deadline=deadline, **_terms(request))


def _amend(request: ReplaceOrder) -> tuple[str, object]:
    if request.time_in_force is not None:
        raise ValueError(f"Kraken cannot change the time in force, as request {request.request_id} asks.")
    distance = _offset("+", request.trailing_offset, OFFSET_WORDS[request.trailing_unit])
    trigger = _amount(request.trigger_price) or distance
    return "AmendOrder", wire.AmendOrderForm(
        txid=request.venue_order_id,
        order_qty=request.quantity,
        limit_price=_amount(request.price),
        trigger_price=trigger,
        display_qty=request.display_quantity,
        post_only=request.post_only,
        deadline=moment(request.process_before),
    )


def _cancel(request: CancelOrder) -> tuple[str, object]:
    if request.venue_order_id is not None:
        return "CancelOrder", wire.CancelForm(txid=request.venue_order_id)
    return "CancelOrder", wire.CancelForm(cl_ord_id=str(request.wire_id))


def _cancel_all(request: CancelAllOrders) -> tuple[str, object]:
    if request.symbol is not None:
        raise ValueError("Kraken cancels the orders of all instruments together, not those of one.")
    return "CancelAll", wire.TokenForm()


def _timer(request: SetCancelTimer) -> tuple[str, object]:
    return "CancelAllOrdersAfter", wire.CancelTimerForm(timeout=request.seconds)


def _batch(request: BatchOrders) -> tuple[str, object]:
    legs = request.legs
    orders = [leg for leg in legs if isinstance(leg, PlaceOrder)]
    cancels = [leg for leg in legs if isinstance(leg, CancelOrder)]
    if len(cancels) == len(legs) and len(legs) <= MOST_CANCELS:
        wire_ids = [str(leg.wire_id) for leg in cancels if leg.venue_order_id is None]
        txids = [leg.venue_order_id for leg in cancels if leg.venue_order_id is not None]
        return "CancelOrderBatch", wire.CancelBatchForm(orders=list(txids) or None, cl_ord_ids=wire_ids or None)
    symbols = {order.symbol for order in orders}
    if len(orders) != len(legs) or not FEWEST_ORDERS <= len(orders) <= MOST_ORDERS or len(symbols) != 1:
        raise ValueError(f"A batch is {FEWEST_ORDERS} to {MOST_ORDERS} orders of one instrument, or cancels alone.")
    return "AddOrderBatch", wire.AddOrderBatchForm(
        pair=rest_pair(symbols.pop()),
        orders=[wire.RestLegOrder(**_terms(order)) for order in orders],
        deadline=moment(request.process_before),
    )


# Questions


def page_of(cursor: str | None) -> int | None:
    """How many of the newest entries a page leaves out."""
    return int(cursor) if cursor else None


def _open_orders(request: ListOpenOrders) -> tuple[str, object]:
    return "OpenOrders", wire.OpenOrdersForm()


def _query(request: QueryOrder) -> tuple[str, object]:
    if request.venue_order_id is not None:
        return "QueryOrders", wire.QueryOrdersForm(txid=request.venue_order_id)
    return "QueryOrders", wire.QueryOrdersForm(cl_ord_id=str(request.wire_id))


def _start(request: ListFills | ListOrderHistory) -> str:
    """The venue leaves its `start` out, so it is told an earlier one; what is too much is left out when the answer is
    read. So with `_end`."""
    return str(max(0, request.start // SECOND - 1))


def _end(request: ListFills | ListOrderHistory) -> str:
    return str(-(-request.end // SECOND))


def _fills(request: ListFills) -> tuple[str, object]:
    end = None if request.latest else _end(request)
    return "TradesHistory", wire.TradesHistoryForm(start=_start(request), end=end, ofs=page_of(request.cursor))


def _history(request: ListOrderHistory) -> tuple[str, object]:
    start, end = _start(request), _end(request)
    form = wire.ClosedOrdersForm(start=start, end=end, ofs=page_of(request.cursor), closetime="both")
    return "ClosedOrders", form


WRITERS: Final[Mapping[type, Callable[[Any], tuple[str, object]]]] = {
    PlaceOrder: _add,
    ReplaceOrder: _amend,
    CancelOrder: _cancel,
    CancelAllOrders: _cancel_all,
    SetCancelTimer: _timer,
    BatchOrders: _batch,
    ListOpenOrders: _open_orders,
    QueryOrder: _query,
    ListFills: _fills,
    ListOrderHistory: _history,
}
