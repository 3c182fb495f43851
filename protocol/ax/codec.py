"""One connection to AX as the client reads it: frames to facts (spec AX 4 and 5).

Most messages take the fast way: msgspec builds what reads like the wire classes. What it refuses, or what says nothing
under today's keys, is read again the tolerant way: older key names, numbers sent as text, unusable optional fields.
What is still unreadable then becomes `Unreadable`. An unknown value of an enumeration is None in the fact, no error.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from decimal import Decimal
from typing import Final

from ..facts import (
    Alive,
    CancelRefused,
    Fact,
    OrderAcknowledged,
    OrderCanceled,
    OrderExpired,
    OrderFilled,
    OrderRejected,
    OrderReplaced,
    Trade,
    Unreadable,
)
from ..values import TradeId, VenueOrderId
from ..wire.numbers import is_plausible
from ..wire.strict import NOT_STRICT, fast_decoder
from ..wire.tolerant import BEGINNING, UNUSABLE, exact_json
from .converter import converter, renamed
from .enumerations import LIQUIDITY, SIDES, stated, time_of, why_refused
from .listings import order_view, unreadable
from .socket_answers import read_error, read_raw_result, read_refusal, read_result
from .wire import Inbound, Message, Order

__all__ = ["AxWire", "decode"]


# Events (spec AX 5). Each reader gets the event, its order, its time and the text.


def _acknowledged(event: Inbound, order: Order, time: int, message: str) -> tuple[Fact, ...]:
    return (OrderAcknowledged(time=time, order=order_view(order), event_id=event.eid or ""),)


def _traded(event: Inbound, order: Order, time: int, message: str) -> tuple[Fact, ...]:
    execution = event.xs
    if execution is None or not execution.q or not is_plausible(execution.p):
        # The fill is lost, but not silently: from the order's cumulative quantity dispatch sees that one is missing.
        lost = Unreadable(why="The venue sent a fill without usable details.", text=message[:BEGINNING])
        return (lost, *_acknowledged(event, order, time, message))
    view, final = order_view(order), event.t == "f"
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
    return (OrderFilled(time=time, order=view, event_id=event.eid or "", trade=trade, final=final, goes_on=not final),)


def _expired(event: Inbound, order: Order, time: int, message: str) -> tuple[Fact, ...]:
    view = order_view(order)
    return (OrderExpired(time=time, order=view, event_id=event.eid or "", reason=view.reason),)


def _done_for_day(event: Inbound, order: Order, time: int, message: str) -> tuple[Fact, ...]:
    return (OrderExpired(time=time, order=order_view(order), event_id=event.eid or "", reason="done for day"),)


def _canceled(event: Inbound, order: Order, time: int, message: str) -> tuple[Fact, ...]:
    reason = stated(event.xr, event.txt, order.txt)
    return (OrderCanceled(time=time, order=order_view(order), event_id=event.eid or "", reason=reason),)


def _rejected(event: Inbound, order: Order, time: int, message: str) -> tuple[Fact, ...]:
    return (
        OrderRejected(
            time=time,
            order=order_view(order),
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
            order=order_view(order),
            event_id=event.eid or "",
            new_venue_order_id=None if new_id is None else VenueOrderId(new_id),
            replacement=None if new is None else order_view(new),
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

EVENTS: Final[Mapping[str | None, EventReader]] = {
    "n": _acknowledged,
    "p": _traded,
    "f": _traded,
    "x": _expired,
    "d": _done_for_day,
    "c": _canceled,
    "j": _rejected,
    "r": _replaced,
}

ALIVE: Final = (Alive(),)
BAD_TIME: Final = "The venue sent an event with a time before 1970."


def _read_event(event: Inbound, message: str) -> tuple[Fact, ...]:
    kind, ts = event.t, event.ts
    if kind == "h":
        return ALIVE
    if ts is not None and ts < 0:
        return unreadable(BAD_TIME, message)
    time = time_of(ts, event.tn)
    if kind == "e":
        return _cancel_refused(event, time, message)
    read = EVENTS.get(kind)
    if read is None:
        return unreadable(f"The venue sent an event of the unknown kind {(kind or '')[:20]!r}.", message)
    # An older replacement has no `ro`. The new order cannot stand in for the old one: it shows none of its fills.
    order = (event.ro or event.o) if kind == "r" else event.o
    if order is None:
        return unreadable(f"The venue sent an event {kind!r} without a usable order.", message)
    return read(event, order, time, message)


# Messages

UNREAD: Final = frozenset({"u", "aid", "rq", "rb"})
"""Fields of an order or a fill that no fact is made of."""
_MESSAGE: Final = fast_decoder(Message, unread=UNREAD)

ALIASES: Final = {"request_id": "rid", "result": "res", "error": "err"}


def decode(message: str | bytes) -> tuple[Fact, ...]:
    """What one complete message says. Never raises: what cannot be read comes back as `Unreadable`."""
    if not isinstance(message, str):
        beginning = bytes(message[:BEGINNING]).decode("utf-8", "replace")
        return unreadable("The venue sent a binary message, which AX never does.", beginning)
    try:
        read = _MESSAGE.decode(message)
    except NOT_STRICT:
        return _decode_tolerantly(message)
    return _read_answer(read, message) if read.t is None else _read_event(read, message)


def _read_answer(answer: Message, message: str) -> tuple[Fact, ...]:
    facts: tuple[Fact, ...] = ()
    if answer.err is None:
        if answer.res is not None:
            facts = read_result(answer.rid, answer.res)
    elif answer.err.msg is not None and answer.rid is not None:  # if not, look for the other spelling first
        facts = read_refusal(answer.rid, answer.err, answer.data)
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
        return _read_event(converter().structure(raw, Inbound), message)
    envelope = converter().structure({key: raw[key] for key in ("rid", "data") if key in raw}, Inbound)
    if "err" in raw:
        return read_refusal(envelope.rid, read_error(raw["err"]), envelope.data)
    if "res" in raw:
        return read_raw_result(envelope.rid, raw["res"], message)
    return unreadable("The venue sent a message that is neither an event nor an answer.", message)


class AxWire:
    """Reads one connection. AX's messages need no memory of earlier ones, so it holds nothing."""

    decode = staticmethod(decode)

    def take_token(self, token: str) -> tuple[Fact, ...]:
        return ()  # the upgrade carries it; a connection that stands needs no other
