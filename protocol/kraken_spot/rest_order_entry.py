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
    SetCancelAllAfter,
    is_urgent,
)
from ..values import Side, TimeInForce
from ..venue import HttpCall, SignedCall
from ..wire.times import SECOND
from . import wire
from .converter import encode_form, encode_message
from .enumerations import OFFSET_CODES, SIDE_CODES, SIGNAL_CODES, TRAILING_TYPES, TRIGGER_TYPES, TYPE_CODES
from .limits import REST, rest_cost
from .order_entry import FEWEST_ORDERS, MOST_CANCELS, MOST_ORDERS, is_tokenized, limit_of, moment, options_of, type_code
from .signing import Credentials
from .symbols import rest_pair

__all__ = ["CLOSED", "OF", "REST_ONLY", "encode_rest", "page_of", "token_call"]

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
        return _offset("+", request.trailing_offset, OFFSET_CODES[request.trailing_unit]), limit
    return (_amount(request.trigger_price), limit) if request.type in TRIGGER_TYPES else (limit, None)


VENUES_CHOICE: Final = "#"
"""The sign of a distance that the venue puts in by the side and the type of the order."""


def _close(request: PlaceOrder) -> wire.RestClose | None:
    """The conditional close, its prices in the same places as those of an order. A distance of a trailing stop is
    counted as that of a trailing order; the venue gives any other its sign."""
    close = options_of(request).conditional
    if close is None:
        return None
    trailing = close.type in TRAILING_TYPES
    above, beyond = ("+", _beyond(request.side.opposite)) if trailing else (VENUES_CHOICE, VENUES_CHOICE)
    limit = _offset(beyond, close.price, close.limit_type)
    trigger = _offset(above, close.trigger_price, close.trigger_price_type)
    first, second = (limit, None) if trigger is None else (trigger, limit)
    return wire.RestClose(ordertype=TYPE_CODES[close.type], price=first, price2=second)


FEE_FLAGS: Final = {"base": "fcib", "quote": "fciq"}
STP_CODES: Final = {"cancel_newest": "cancel-newest", "cancel_oldest": "cancel-oldest", "cancel_both": "cancel-both"}


def _flags(request: PlaceOrder) -> str | None:
    """`oflags`: flags with commas between."""
    fees = FEE_FLAGS.get(options_of(request).fee_preference or "")
    flags = [fees, "post" if request.post_only else None, "viqc" if request.quote_quantity else None]
    return ",".join(flag for flag in flags if flag) or None


def _terms(request: PlaceOrder) -> dict[str, Any]:
    """The terms that a form of one order and a leg of a batch share. Raises ValueError for a margin order: REST wants
    to know by how much, and a socket's order does not say."""
    if request.margin:
        raise ValueError("A margin order goes over the socket: over REST it needs a leverage.")
    options = options_of(request)
    price, price2 = _prices(request)
    triggered = request.type in TRIGGER_TYPES | TRAILING_TYPES
    return {
        "type": SIDE_CODES[request.side],
        "ordertype": type_code(request),
        "volume": request.quantity,
        "price": price,
        "price2": price2,
        "cl_ord_id": None if options.is_unnamed else str(request.wire_id),
        "userref": options.order_userref,
        "oflags": _flags(request),
        "timeinforce": None if request.time_in_force is TimeInForce.GTC else request.time_in_force.value,
        "expiretm": _seconds(request.expire_time),
        "starttm": _seconds(options.effective_time),
        "trigger": SIGNAL_CODES[request.trigger] if triggered else None,
        "reduce_only": True if request.reduce_only else None,
        "stptype": STP_CODES.get(options.stp_type or ""),
        "displayvol": request.display_quantity,
    }


TOKENIZED: Final = "tokenized_asset"


def _asset_class(symbol: str) -> str | None:
    """Of what is no pair of currencies."""
    return TOKENIZED if is_tokenized(symbol) else None


def _add(request: PlaceOrder) -> tuple[str, object]:
    close = _close(request) or wire.RestClose()
    return "AddOrder", wire.AddOrderForm(
        pair=rest_pair(request.symbol),
        asset_class=_asset_class(request.symbol),
        **_terms(request),
        close_ordertype=close.ordertype,
        close_price=close.price,
        close_price2=close.price2,
        deadline=moment(request.process_before),
    )


def _amend(request: ReplaceOrder) -> tuple[str, object]:
    if request.time_in_force is not None:
        raise ValueError(f"Kraken cannot change the time in force, as request {request.request_id} asks.")
    distance = _offset("+", request.trailing_offset, OFFSET_CODES[request.trailing_unit])
    trigger = _amount(request.trigger_price) or distance
    return "AmendOrder", wire.AmendOrderForm(
        txid=request.venue_order_id,
        order_qty=request.quantity,
        limit_price=_amount(request.price),
        trigger_price=trigger,
        display_qty=request.display_quantity,
        post_only=request.post_only,
        pair=rest_pair(request.symbol) if is_tokenized(request.symbol) else None,
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


def _timer(request: SetCancelAllAfter) -> tuple[str, object]:
    return "CancelAllOrdersAfter", wire.CancelTimerForm(timeout=request.seconds)


def _batch(request: BatchOrders) -> tuple[str, object]:
    legs = request.legs
    orders = [leg for leg in legs if isinstance(leg, PlaceOrder)]
    cancels = [leg for leg in legs if isinstance(leg, CancelOrder)]
    if len(cancels) == len(legs) and len(legs) <= MOST_CANCELS:
        wire_ids = [str(leg.wire_id) for leg in cancels if leg.venue_order_id is None]
        txids = [leg.venue_order_id for leg in cancels if leg.venue_order_id is not None]
        return "CancelOrderBatch", wire.CancelBatchForm(orders=list(txids) or None, cl_ord_ids=wire_ids or None)
    symbols = sorted({order.symbol for order in orders})
    if len(orders) != len(legs) or not FEWEST_ORDERS <= len(orders) <= MOST_ORDERS or len(symbols) != 1:
        raise ValueError(f"A batch is {FEWEST_ORDERS} to {MOST_ORDERS} orders of one instrument, or cancels alone.")
    return "AddOrderBatch", wire.AddOrderBatchForm(
        pair=rest_pair(symbols[0]),
        asset_class=_asset_class(symbols[0]),
        orders=[wire.RestLegOrder(**_terms(order), close=_close(order)) for order in orders],
        deadline=moment(request.process_before),
    )


# Questions


def page_of(cursor: str | None) -> int | None:
    """How many of the newest entries a page leaves out."""
    return int(cursor.partition(OF)[0]) if cursor else None


OF: Final = "/"
"""Stands in a cursor between the entries that a page leaves out and those that the list had when the page before it was
read (see `rest_answers`)."""


def _open_orders(request: ListOpenOrders) -> tuple[str, object]:
    return "OpenOrders", wire.OpenOrdersForm()


CLOSED: Final = "closed"
"""The cursor of the second of the two lists that a client id is looked up in; the first is that of open orders."""


def _query(request: QueryOrder) -> tuple[str, object]:
    """QueryOrders takes no client id: that is looked up in the lists of open and of closed orders (spec A.17)."""
    if request.venue_order_id is not None:
        return "QueryOrders", wire.QueryOrdersForm(txid=request.venue_order_id, consolidate_taker=False)
    if request.cursor == CLOSED:
        return "ClosedOrders", wire.ClosedOrdersForm(cl_ord_id=str(request.wire_id), consolidate_taker=False)
    return "OpenOrders", wire.OpenOrdersForm(cl_ord_id=str(request.wire_id))


def _start(request: ListFills | ListOrderHistory) -> str:
    """The venue leaves its `start` out, so an earlier one is asked for; what is too much is left out when the answer is
    read. So with `_end`."""
    return str(max(0, request.start // SECOND - 1))


def _end(request: ListFills | ListOrderHistory) -> str:
    return str(-(-request.end // SECOND))


def _fills(request: ListFills) -> tuple[str, object]:
    """Single fills, as the socket sends them: put together, they would have another id and be counted twice."""
    if request.venue_order_id is not None:
        raise ValueError("Kraken does not list the fills of one order alone.")
    return "TradesHistory", wire.TradesHistoryForm(
        start=_start(request),
        end=None if request.latest else _end(request),
        ofs=page_of(request.cursor),
        consolidate_taker=False,
    )


def _history(request: ListOrderHistory) -> tuple[str, object]:
    return "ClosedOrders", wire.ClosedOrdersForm(
        start=_start(request),
        end=_end(request),
        ofs=page_of(request.cursor),
        closetime="both",
        consolidate_taker=False,
    )


WRITERS: Final[Mapping[type, Callable[[Any], tuple[str, object]]]] = {
    PlaceOrder: _add,
    ReplaceOrder: _amend,
    CancelOrder: _cancel,
    CancelAllOrders: _cancel_all,
    SetCancelAllAfter: _timer,
    BatchOrders: _batch,
    ListOpenOrders: _open_orders,
    QueryOrder: _query,
    ListFills: _fills,
    ListOrderHistory: _history,
}
