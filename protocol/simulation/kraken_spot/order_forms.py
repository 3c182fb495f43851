"""What clients ask for over the socket, as terms (spec A.12). `rest_asking` is the same for REST."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

from attrs import evolve

from ...values import Side
from ..book import SelfTrade
from ..triggers import Reference
from .orders import TRAILING, CloseTerms, Distance, Terms, TriggerTerms, usual_limit_sign
from .parameters import Conditional, OrderTerms, Triggers
from .refusals import invalid
from .times import wall_ns

__all__ = ["REFERENCES", "SELF_TRADES", "SIDES", "time_of", "terms_of", "trigger_of"]

SIDES: Final = {"buy": Side.BUY, "sell": Side.SELL}
REFERENCES: Final = {None: Reference.LAST, "last": Reference.LAST, "index": Reference.INDEX}
SELF_TRADES: Final[Mapping[str | None, SelfTrade]] = {
    None: SelfTrade.CANCEL_INCOMING,
    "cancel_newest": SelfTrade.CANCEL_INCOMING,
    "cancel_oldest": SelfTrade.CANCEL_RESTING,
    "cancel_both": SelfTrade.CANCEL_BOTH,
}
DISTANCES: Final = frozenset({"pct", "quote"})
FEES: Final = {None: False, "base": True, "quote": False}


def time_of(text: str | None, name: str) -> int | None:
    """ns since 1970 of an RFC 3339 time. Raises Refused."""
    if not text:
        return None
    try:
        return wall_ns(text)
    except ValueError:
        raise invalid(name) from None


# The socket


def terms_of(asked: OrderTerms, symbol: str) -> Terms:
    """Raises Refused for values that the venue does not know."""
    if asked.side not in SIDES:
        raise invalid("side")
    if asked.stp_type not in SELF_TRADES:
        raise invalid("stp_type")
    if asked.fee_preference not in FEES:
        raise invalid("fee_preference")
    return Terms(
        symbol=symbol,
        side=SIDES[asked.side],
        type=asked.order_type,
        quantity=asked.order_qty,
        cash=asked.cash_order_qty,
        limit_price=asked.limit_price,
        limit_kind=asked.limit_price_type or _usual_limit_kind(asked.order_type),
        trigger=trigger_of(asked.trigger_terms),
        tif=(asked.time_in_force or "gtc").upper(),
        starts=time_of(asked.effective_time, "effective_time"),
        expires=time_of(asked.expire_time, "expire_time"),
        post_only=bool(asked.post_only),
        reduce_only=bool(asked.reduce_only),
        margin=bool(asked.margin),
        display=asked.display_qty,
        fee_in_base=FEES[asked.fee_preference],
        self_trade=SELF_TRADES[asked.stp_type],
        cl_ord_id=asked.cl_ord_id or None,
        userref=asked.order_userref,
        sender_sub_id=asked.sender_sub_id or None,
        conditional=None if asked.conditional is None else _close_of(asked.conditional, SIDES[asked.side].opposite),
    )


def _usual_limit_kind(order_type: str) -> str:
    return "quote" if order_type == "trailing-stop-limit" else "static"


def trigger_of(asked: Triggers | None) -> TriggerTerms | None:
    """Raises Refused."""
    if asked is None:
        return None
    if asked.reference not in REFERENCES:
        raise invalid("reference")
    if asked.price is None:
        raise invalid("price")
    return TriggerTerms(price=asked.price, reference=REFERENCES[asked.reference], kind=asked.price_type or "static")


def _close_of(asked: Conditional, side: Side) -> CloseTerms:
    """side: of the order that closes."""
    trigger, price = None, asked.stop_price if asked.trigger_price is None else asked.trigger_price
    if price is not None:
        trigger = TriggerTerms(price=price, kind=asked.trigger_price_type or "static")
    limit, kind = asked.limit_price, asked.limit_price_type or _usual_limit_kind(asked.order_type)
    close = CloseTerms(type=asked.order_type, trigger=trigger, limit_price=limit, limit_kind=kind)
    if limit is None or kind not in DISTANCES or asked.order_type in TRAILING:
        return close
    distance = Distance(kind=kind, amount=limit, sign=usual_limit_sign(side, asked.order_type))
    return evolve(close, limit_price=None, limit_kind="static", limit_distance=distance)
