"""What a simulated Kraken Spot refuses of an order before it gets an id (spec A.12, A.13, A.16)."""

from __future__ import annotations

from decimal import Decimal, InvalidOperation
from typing import Final

from ...values import Instant
from . import refusals
from .market import Market
from .orders import LIMITED, TRAILING, TRIGGERED, TYPES, CloseTerms, Terms, TriggerTerms
from .refusals import Refused, invalid
from .settings import KrakenSpotExchangeSettings

__all__ = [
    "TIMES_IN_FORCE",
    "check_client_id",
    "check_deadline",
    "check_mode",
    "check_price",
    "check_quantity",
    "check_terms",
]

SECOND: Final = 1_000_000_000
MONTH: Final = 31 * 86_400 * SECOND
SHORTEST_DEADLINE: Final = SECOND // 2
LONGEST_DEADLINE: Final = 60 * SECOND
TIMES_IN_FORCE: Final = frozenset({"GTC", "GTD", "IOC", "FOK"})
KINDS: Final = frozenset({"static", "pct", "quote"})
MOST_SLICES: Final = 15
FREE_TEXT: Final = 18
UUID: Final = 36
HEX: Final = 32
HUNDRED: Final = Decimal(100)
LARGEST_DIGIT: Final = 12
LARGEST_TAG: Final = 2**31


def check_client_id(text: str, name: str = "cl_ord_id", *, uppercase: bool = True) -> None:
    """uppercase: free text may have capitals. Raises Refused for a text that the venue takes for no client order id."""
    hexadecimal = len(text) == HEX and all(letter in "0123456789abcdefABCDEF" for letter in text)
    uuid = len(text) == UUID and text.count("-") == 4
    if not (hexadecimal or uuid or uppercase or text == text.lower()):
        raise invalid(name)
    if not (text.isascii() and (hexadecimal or uuid or 0 < len(text) <= FREE_TEXT)):
        raise invalid(name)


def check_deadline(deadline: int | None, now: Instant, delay: int, *, least: int = SHORTEST_DEADLINE) -> None:
    """deadline: ns since 1970; delay: how old the request is already, ns; least: how far ahead it must be, ns. Raises
    Refused."""
    if deadline is None:
        return
    if deadline < now.wall_ns + delay:
        raise Refused(refusals.DEADLINE)
    if not least <= deadline - now.wall_ns <= LONGEST_DEADLINE:
        raise invalid("deadline")


def check_mode(system: str, market: Market, terms: Terms) -> None:
    """Whether engine and market take such an order as they stand. Raises Refused."""
    for mode in (system, market.status):
        if mode == "maintenance":
            raise Refused(refusals.UNAVAILABLE)
        if mode == "cancel_only":
            raise Refused(refusals.CANCEL_ONLY)
        if mode == "post_only" and not terms.post_only:
            raise Refused(refusals.POST_ONLY_MODE)
        if mode == "limit_only" and terms.type not in LIMITED:
            raise Refused(refusals.LIMIT_ONLY)


def check_price(price: Decimal, market: Market, band: Decimal | None = None) -> None:
    """band: percent of the reference price. Raises Refused."""
    if price <= 0:
        raise Refused(refusals.INVALID_PRICE)
    if not _is_multiple(price, market.pair.tick):
        raise Refused(refusals.TICK_SIZE)
    if band is not None and market.index and abs(price - market.index) > market.index * band / HUNDRED:
        raise Refused(refusals.LIMIT_PRICE)


def _is_multiple(number: Decimal, of: Decimal) -> bool:
    try:
        return number % of == 0
    except InvalidOperation:  # more digits than decimal arithmetic keeps
        return False


def _check_size(number: Decimal, error: Refused) -> None:
    """Raises the error for what is too large or too fine to reckon with."""
    exponent = number.as_tuple().exponent
    if number.adjusted() > LARGEST_DIGIT or not isinstance(exponent, int) or exponent < -LARGEST_DIGIT:
        raise error


def check_quantity(quantity: Decimal, price: Decimal | None, market: Market, name: str = "order_qty") -> None:
    """Raises Refused for a quantity that is none, or too small to trade."""
    if quantity <= 0 or not _is_multiple(quantity, market.pair.lot):
        raise invalid(name)
    if quantity < market.pair.order_minimum:
        raise Refused(refusals.ORDER_MINIMUM)
    worth = price or market.mark
    if worth is not None and quantity * worth < market.pair.cost_minimum:
        raise Refused(refusals.COST_MINIMUM)


def check_terms(terms: Terms, market: Market, now: Instant, settings: KrakenSpotExchangeSettings) -> None:
    """Everything that can be said without looking at the account. Raises Refused."""
    band = settings.price_band
    _check_words(terms, settings)
    _check_amounts(terms, market)
    _check_limit(terms, market, band)
    _check_trigger(terms.type, terms.trigger, market)
    _check_times(terms, now)
    _check_options(terms, market)
    if terms.conditional is not None:
        _check_close(terms.conditional, market)


def _check_words(terms: Terms, settings: KrakenSpotExchangeSettings) -> None:
    if terms.type not in TYPES:
        raise invalid("order_type")
    if terms.tif not in TIMES_IN_FORCE:
        raise invalid("time_in_force")
    if terms.cl_ord_id is not None:
        if terms.userref is not None:
            raise invalid("cl_ord_id")
        check_client_id(terms.cl_ord_id, uppercase=settings.uppercase_ids)
    if terms.userref is not None and not -LARGEST_TAG <= terms.userref < LARGEST_TAG:
        raise invalid("order_userref")
    if terms.sender_sub_id is not None:
        check_client_id(terms.sender_sub_id, "sender_sub_id")


def _check_amounts(terms: Terms, market: Market) -> None:
    if (terms.quantity is None) == (terms.cash is None):
        raise invalid("order_qty")
    if terms.quantity is not None:
        check_quantity(terms.quantity, terms.limit_price if terms.limit_kind == "static" else None, market)
    if terms.cash is not None:
        if terms.type != "market" or terms.side.value != "BUY" or terms.margin:
            raise invalid("cash_order_qty")
        _check_size(terms.cash, invalid("cash_order_qty"))
        if terms.cash < market.pair.cost_minimum:
            raise Refused(refusals.COST_MINIMUM)


def _check_limit(terms: Terms, market: Market, band: Decimal | None) -> None:
    if (terms.limit_price is None) == (terms.type in LIMITED):
        raise invalid("limit_price")
    if terms.limit_kind not in KINDS or (terms.limit_kind != "static" and terms.type != "trailing-stop-limit"):
        raise invalid("limit_price_type")
    if terms.limit_price is not None and terms.limit_kind == "static":
        check_price(terms.limit_price, market, band)
    elif terms.limit_price is not None:
        _check_size(terms.limit_price, Refused(refusals.INVALID_PRICE))


def _check_trigger(kind: str, trigger: TriggerTerms | None, market: Market) -> None:
    if (trigger is None) == (kind in TRIGGERED):
        raise invalid("triggers")
    if trigger is None:
        return
    if trigger.kind not in KINDS or (kind in TRAILING and trigger.kind == "static"):
        raise invalid("price_type")
    if trigger.kind == "static":
        check_price(trigger.price, market)
    elif trigger.price <= 0:
        raise Refused(refusals.INVALID_PRICE)
    _check_size(trigger.price, Refused(refusals.INVALID_PRICE))


def _check_times(terms: Terms, now: Instant) -> None:
    if (terms.tif == "GTD") != (terms.expires is not None):
        raise invalid("expire_time")
    if terms.expires is not None and not now.wall_ns < terms.expires <= now.wall_ns + MONTH:
        raise invalid("expire_time")
    if terms.starts is not None and not now.wall_ns <= terms.starts <= now.wall_ns + MONTH:
        raise invalid("effective_time")


def _check_options(terms: Terms, market: Market) -> None:
    if terms.post_only and (terms.type not in LIMITED or terms.tif in ("IOC", "FOK")):
        raise invalid("post_only")
    if (terms.type == "iceberg") != (terms.display is not None):
        raise invalid("display_qty")
    if terms.display is not None and terms.quantity is not None:
        fits = 0 < terms.display <= terms.quantity and _is_multiple(terms.display, market.pair.lot)
        if not fits or terms.quantity > terms.display * MOST_SLICES:
            raise invalid("display_qty")


def _check_close(close: CloseTerms, market: Market) -> None:
    if close.type not in TYPES or close.type in ("market", "iceberg", "settle-position"):
        raise invalid("conditional")
    has_limit = close.limit_price is not None or close.limit_distance is not None
    if has_limit != (close.type in LIMITED):
        raise invalid("conditional")
    if close.limit_distance is not None:
        _check_size(close.limit_distance.amount, invalid("conditional"))
    if close.limit_kind not in KINDS or (close.limit_kind != "static" and close.type != "trailing-stop-limit"):
        raise invalid("conditional")
    if close.limit_price is not None and close.limit_kind == "static":
        check_price(close.limit_price, market)
    elif close.limit_price is not None:
        _check_size(close.limit_price, invalid("conditional"))
    _check_trigger(close.type, close.trigger, market)
