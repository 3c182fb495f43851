"""What clients ask for, over the socket or REST, as terms (spec A.12, A.17)."""

from __future__ import annotations

from collections.abc import Mapping
from decimal import Decimal
from typing import Final

from ...kraken_spot.wire import AddOrderForm, Conditional, OrderTerms, RestClose, RestLegOrder, Triggers
from ...values import Instant, Side, exact
from ...wire_numbers import is_plausible
from ..book import SelfTrade
from ..triggers import Reference
from . import refusals
from .moments import wall_ns
from .orders import LIMITED, TRAILING, TRIGGERED, CloseTerms, Terms, TriggerTerms
from .refusals import Refused, invalid

__all__ = ["moment", "number_of", "rest_price", "terms_of", "terms_of_form", "trigger_of"]

SECOND: Final = 1_000_000_000
SIDES: Final = {"buy": Side.BUY, "sell": Side.SELL}
REFERENCES: Final = {None: Reference.LAST, "last": Reference.LAST, "index": Reference.INDEX}
SELF_TRADES: Final[Mapping[str | None, SelfTrade]] = {
    None: SelfTrade.CANCEL_INCOMING,
    "cancel_newest": SelfTrade.CANCEL_INCOMING,
    "cancel_oldest": SelfTrade.CANCEL_RESTING,
    "cancel_both": SelfTrade.CANCEL_BOTH,
}
FEES: Final = {None: False, "base": True, "quote": False}
FLAGS: Final = frozenset({"post", "fcib", "fciq", "nompp", "viqc"})
RELATIVE: Final = ("+", "-", "#")


def moment(text: str | None, name: str) -> int | None:
    """ns since 1970 of an RFC 3339 time. Raises Refused."""
    if not text:
        return None
    try:
        return wall_ns(text)
    except ValueError:
        raise invalid(name) from None


# The socket


def terms_of(asked: OrderTerms, symbol: str) -> Terms:
    """Raises Refused for words that the venue does not know."""
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
        starts=moment(asked.effective_time, "effective_time"),
        expires=moment(asked.expire_time, "expire_time"),
        post_only=bool(asked.post_only),
        reduce_only=bool(asked.reduce_only),
        margin=bool(asked.margin),
        display=asked.display_qty,
        fee_in_base=FEES[asked.fee_preference],
        self_trade=SELF_TRADES[asked.stp_type],
        cl_ord_id=asked.cl_ord_id or None,
        userref=asked.order_userref,
        sender_sub_id=asked.sender_sub_id or None,
        conditional=None if asked.conditional is None else _close_of(asked.conditional),
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


def _close_of(asked: Conditional) -> CloseTerms:
    trigger = None
    if asked.trigger_price is not None:
        trigger = TriggerTerms(price=asked.trigger_price, kind=asked.trigger_price_type or "static")
    return CloseTerms(
        type=asked.order_type,
        trigger=trigger,
        limit_price=asked.limit_price,
        limit_kind=asked.limit_price_type or _usual_limit_kind(asked.order_type),
    )


# REST


def rest_price(text: str, name: str = "price") -> tuple[str, Decimal]:
    """A price as REST writes it, with what it is: static, or quote or pct from another one. Raises Refused."""
    kind = "quote" if text.startswith(RELATIVE) else "static"
    if text.endswith("%"):
        kind = "pct"
    return kind, number_of(text.lstrip("".join(RELATIVE)).removesuffix("%"), name)


def number_of(text: str, name: str) -> Decimal:
    """Raises Refused for what is no number, or none of this world."""
    try:
        number = exact(text)
    except ValueError:
        raise invalid(name) from None
    if not is_plausible(number):
        raise invalid(name)
    return number


def terms_of_form(form: AddOrderForm | RestLegOrder, symbol: str, now: Instant) -> Terms:
    """Raises Refused."""
    if form.type not in SIDES:
        raise invalid("type")
    if form.ordertype is None:
        raise invalid("ordertype")
    stp = form.stptype and form.stptype.replace("-", "_")
    if stp not in SELF_TRADES:
        raise invalid("stptype")
    flags = set((form.oflags or "").split(",")) - {""}
    if flags - FLAGS:
        raise invalid("oflags")
    trigger, limit, limit_kind = _rest_prices(form.ordertype, form.price, form.price2, form.trigger)
    by_value = "viqc" in flags
    return Terms(
        symbol=symbol,
        side=SIDES[form.type],
        type="iceberg" if form.ordertype == "limit" and form.displayvol is not None else form.ordertype,
        quantity=None if by_value else form.volume,
        cash=form.volume if by_value else None,
        limit_price=limit,
        limit_kind=limit_kind,
        trigger=trigger,
        tif=(form.timeinforce or "GTC").upper(),
        starts=_rest_time(form.starttm, now, "starttm"),
        expires=_rest_time(form.expiretm, now, "expiretm"),
        post_only="post" in flags,
        reduce_only=bool(form.reduce_only),
        margin=form.leverage not in (None, "none", "0"),
        display=form.displayvol,
        fee_in_base="fcib" in flags,
        self_trade=SELF_TRADES[stp],
        cl_ord_id=form.cl_ord_id or None,
        userref=form.userref,
        conditional=_rest_close(form),
    )


def _rest_prices(
    order_type: str, price: str | None, price2: str | None, reference: str | None
) -> tuple[TriggerTerms | None, Decimal | None, str]:
    """Trigger, limit price and its kind: which of the two is what depends on the type."""
    if reference not in REFERENCES:
        raise invalid("trigger")
    if order_type not in TRIGGERED:
        kind, limit = rest_price(price) if price and order_type in LIMITED else ("static", None)
        if kind != "static":
            raise Refused(refusals.INVALID_PRICE)
        return None, limit, kind
    trigger = None
    if price:
        kind, level = rest_price(price)
        kind = "quote" if order_type in TRAILING and kind == "static" else kind
        trigger = TriggerTerms(price=level, reference=REFERENCES[reference], kind=kind)
    if price2 and order_type in LIMITED:
        kind, limit = rest_price(price2, "price2")
        return trigger, limit, kind
    return trigger, None, "static"


def _rest_close(form: AddOrderForm | RestLegOrder) -> CloseTerms | None:
    if isinstance(form, AddOrderForm):
        close = RestClose(ordertype=form.close_ordertype, price=form.close_price, price2=form.close_price2)
    else:
        close = form.close or RestClose()
    if close.ordertype is None:
        return None
    trigger, limit, kind = _rest_prices(close.ordertype, close.price, close.price2, None)
    return CloseTerms(type=close.ordertype, trigger=trigger, limit_price=limit, limit_kind=kind)


def _rest_time(text: str | None, now: Instant, name: str) -> int | None:
    """ns since 1970 of seconds since 1970, or of `+` and seconds from now; 0 means none."""
    if not text:
        return None
    number = number_of(text.removeprefix("+"), name)
    if not number:
        return None
    return int(number * SECOND) + (now.wall_ns if text.startswith("+") else 0)
