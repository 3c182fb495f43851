"""What clients ask for over REST, as terms (spec A.17).

A price may be a distance: `+1000` and `-1000` from another price, `#1000` on the side that fits the order, each with a
`%` behind it for a part of that price. A trigger, and the limit of a plain order, are measured from the last price, the
limit of a triggered order from its trigger.
"""

from __future__ import annotations

from collections.abc import Mapping
from decimal import Decimal
from typing import Final

from attrs import evolve, frozen

from ...values import Instant, Side
from . import refusals
from .market import Market
from .order_forms import REFERENCES, SELF_TRADES, SIDES
from .orders import LIMITED, TRAILING, TRIGGERED, TYPES, CloseTerms, Distance, Terms, TriggerTerms, usual_limit_sign
from .refusals import Refused, invalid
from .rest_parameters import Close, OrderTerms
from .rest_reader import number_of

__all__ = ["RestPrice", "limit_price_of", "rest_price", "terms_of_form", "trigger_price_of"]

SECOND: Final = 1_000_000_000
FLAGS: Final = frozenset({"post", "fcib", "fciq", "nompp", "viqc"})
SIGNS: Final[Mapping[str, int]] = {"+": 1, "-": -1, "#": 0}
TRAILING_LIMIT: Final = "trailing-stop-limit"
NO_LEVERAGE: Final = (None, "none", "0")


@frozen
class RestPrice:
    """A price as REST writes it. kind: static, or quote or pct for a distance; sign: of a distance, 0: on the side that
    fits."""

    number: Decimal
    kind: str = "static"
    sign: int = 0

    def distance(self, usual: int) -> Distance:
        """usual: the sign on the side that fits."""
        return Distance(kind=self.kind, amount=self.number, sign=self.sign or usual)


def rest_price(text: str, name: str = "price") -> RestPrice:
    """Raises Refused."""
    sign = SIGNS.get(text[:1])
    digits = (text if sign is None else text[1:]).removesuffix("%")
    if not digits[:1].isdecimal() and not digits.startswith("."):
        raise invalid(name)
    number = _number(digits, name)
    if sign is None:
        if text.endswith("%"):
            raise Refused(refusals.INVALID_PRICE)  # of what, and on which side?
        return RestPrice(number)
    return RestPrice(number, "pct" if text.endswith("%") else "quote", sign)


def _number(text: str, name: str) -> Decimal:
    """Raises Refused for what is no number, or none of this world."""
    try:
        return number_of(text)
    except (TypeError, ValueError):
        raise invalid(name) from None


def terms_of_form(form: OrderTerms, market: Market, now: Instant) -> Terms:
    """Raises Refused."""
    if form.type not in SIDES:
        raise invalid("type")
    if form.ordertype not in TYPES:
        raise invalid("ordertype")
    stp = form.stptype and form.stptype.replace("-", "_")
    if stp not in SELF_TRADES or (form.stptype and "_" in form.stptype):
        raise invalid("stptype")
    flags = set((form.oflags or "").split(",")) - {""}
    if flags - FLAGS:
        raise invalid("oflags")
    by_value = "viqc" in flags
    side = SIDES[form.type]
    terms = Terms(
        symbol=market.pair.symbol,
        side=side,
        type="iceberg" if form.ordertype == "limit" and form.displayvol is not None else form.ordertype,
        quantity=None if by_value else form.volume,
        cash=form.volume if by_value else None,
        tif=(form.timeinforce or "GTC").upper(),
        starts=_rest_time(form.starttm, now, "starttm"),
        expires=_rest_time(form.expiretm, now, "expiretm"),
        post_only="post" in flags,
        reduce_only=bool(form.reduce_only),
        margin=form.leverage not in NO_LEVERAGE,
        display=form.displayvol,
        fee_in_base="fcib" in flags,
        self_trade=SELF_TRADES[stp],
        cl_ord_id=form.cl_ord_id or None,
        userref=form.userref,
        conditional=None if form.close is None else _close_of(form.close, side.opposite),
    )
    return _priced(terms, form, market)


# Prices


def _priced(terms: Terms, form: OrderTerms, market: Market) -> Terms:
    """With what `price` and `price2` are: that depends on the type. Raises Refused."""
    if form.trigger not in REFERENCES:
        raise invalid("trigger")
    if terms.type not in TRIGGERED:
        if not form.price or terms.type not in LIMITED:
            return terms
        return limit_price_of(terms, rest_price(form.price), market)
    if form.price:
        trigger = _trigger_of(terms.type, rest_price(form.price))
        terms = evolve(terms, trigger=evolve(trigger, reference=REFERENCES[form.trigger]))
    if form.price2 and terms.type in LIMITED:
        terms = limit_price_of(terms, rest_price(form.price2, "price2"), market)
    return terms


def _trigger_of(order_type: str, price: RestPrice) -> TriggerTerms:
    """Raises Refused."""
    if order_type in TRAILING and (price.kind == "static" or price.sign <= 0):
        raise invalid("price")  # a distance with a plus, whose direction follows from the side
    return TriggerTerms(price=price.number, kind=price.kind, sign=0 if order_type in TRAILING else price.sign)


def trigger_price_of(terms: Terms, price: RestPrice) -> TriggerTerms:
    """The trigger of an order moved to another price. Raises Refused."""
    assert terms.trigger is not None  # looked at before
    return evolve(_trigger_of(terms.type, price), reference=terms.trigger.reference)


def limit_price_of(terms: Terms, price: RestPrice, market: Market) -> Terms:
    """With its limit; a distance is measured now and stays fixed, but for a trailing order's. Raises Refused."""
    if terms.type in TRAILING:
        return _trailing_limit(terms, price)
    if price.kind == "static":
        return evolve(terms, limit_price=price.number, limit_kind="static", limit_distance=None)
    base = market.last or market.mark
    if terms.trigger is not None and not market.limits_from_last:
        base = market.level(terms.trigger, terms.when)
    if base is None:
        raise Refused(refusals.INVALID_PRICE)
    distance = price.distance(usual_limit_sign(terms.side, terms.type))
    limit = market.rounded(distance.price(base))
    return evolve(terms, limit_price=limit, limit_kind="static", limit_distance=distance)


def _trailing_limit(terms: Terms, price: RestPrice) -> Terms:
    """The distance counts beyond the trigger: upwards for a buy."""
    if price.kind == "static":
        raise invalid("price2")
    return evolve(terms, limit_price=_beyond(price, terms.side), limit_kind=price.kind, limit_distance=None)


def _beyond(price: RestPrice, side: Side) -> Decimal:
    """How far beyond its trigger a limit lies: negative for one that is better than it."""
    upwards = price.number * (price.sign or usual_limit_sign(side, TRAILING_LIMIT))
    return upwards if side is Side.BUY else -upwards


def _close_of(form: Close, side: Side) -> CloseTerms:
    """side: of the order that closes. Raises Refused."""
    if form.ordertype is None:
        raise invalid("close")
    if form.ordertype not in TRIGGERED:
        limit = None if not form.price else rest_price(form.price, "close")
        return _with_limit(CloseTerms(type=form.ordertype), limit, side)
    close = CloseTerms(type=form.ordertype)
    if form.price:
        close = evolve(close, trigger=_trigger_of(form.ordertype, rest_price(form.price, "close")))
    return _with_limit(close, rest_price(form.price2, "close") if form.price2 else None, side)


def _with_limit(close: CloseTerms, price: RestPrice | None, side: Side) -> CloseTerms:
    if price is None or close.type not in LIMITED:
        return close
    if price.kind == "static" and close.type in TRAILING:
        raise invalid("close")
    if price.kind == "static":
        return evolve(close, limit_price=price.number)
    if close.type in TRAILING:
        return evolve(close, limit_price=_beyond(price, side), limit_kind=price.kind)
    return evolve(close, limit_distance=price.distance(usual_limit_sign(side, close.type)))


def _rest_time(text: str | None, now: Instant, name: str) -> int | None:
    """ns since 1970 of seconds since 1970, or of `+` and seconds from now; 0 means none."""
    if not text:
        return None
    number = _number(text.removeprefix("+"), name)
    if not number:
        return None
    return int(number * SECOND) + (now.wall_ns if text.startswith("+") else 0)
