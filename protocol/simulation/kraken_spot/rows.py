"""How orders and trades of a simulated Kraken Spot look in REST answers (spec A.17)."""

from __future__ import annotations

from decimal import Decimal
from typing import Final

from ...kraken_spot.wire import OrderDescription, OrderRow, TradeRow
from ...values import ZERO, LiquiditySide
from ..triggers import Reference
from .moments import padded, seconds_of
from .orders import Fill, Phase, Terms, VenueOrder
from .reports import SIDES, average_price
from .settings import Pair

__all__ = ["describe", "order_row", "trade_row"]

STATUSES: Final = {"filled": "closed", "canceled": "canceled", "expired": "expired"}
PLACES_OF_FEES: Final = 5
SUFFIXES: Final = {"static": "", "quote": "", "pct": "%"}
SIGNS: Final = {"static": "", "quote": "+", "pct": "+"}


def _shown(price: Decimal | None, kind: str, pair: Pair) -> str:
    if price is None:
        return "0"
    number = padded(price, pair.price_decimals) if kind == "static" else price
    return f"{SIGNS[kind]}{number:f}{SUFFIXES[kind]}"


def describe(terms: Terms, quantity: Decimal, pair: Pair) -> OrderDescription:
    """`descr` of an order."""
    limit, trigger = _shown(terms.limit_price, terms.limit_kind, pair), None
    if terms.trigger is not None:
        trigger = _shown(terms.trigger.price, terms.trigger.kind, pair)
    words = (
        f"{SIDES[terms.side]} {padded(quantity, pair.lot_decimals):f} {pair.altname} @ {_way(terms, limit, trigger)}"
    )
    leverage = "5:1" if terms.margin else "none"
    return OrderDescription(
        pair=pair.altname,
        type=SIDES[terms.side],
        ordertype=terms.type,
        price=limit if trigger is None else trigger,
        price2="0" if trigger is None else limit,
        leverage=leverage,
        order=words if leverage == "none" else f"{words} with {leverage} leverage",
        close="" if terms.conditional is None else f"close position @ {terms.conditional.type}",
    )


def _way(terms: Terms, limit: str, trigger: str | None) -> str:
    name = terms.type.replace("-", " ")
    if trigger is None:
        return name if terms.limit_price is None else f"{name} {limit}"
    if terms.limit_price is None:
        return f"{name} {trigger}"
    return f"{name.removesuffix(' limit')} {trigger} -> limit {limit}"


def _flags(terms: Terms) -> str:
    return ",".join((*(("post",) if terms.post_only else ()), "fcib" if terms.fee_in_base else "fciq"))


def _status(order: VenueOrder) -> str:
    if not order.is_open:
        return STATUSES[order.status]
    return "pending" if order.phase is Phase.SCHEDULED else "open"


def order_row(order: VenueOrder, pair: Pair, *, trades: bool) -> OrderRow:
    """trades: with the ids of its executions."""
    terms = order.terms
    fired = order.fired is not None
    level = None if order.waiting is None else order.waiting.level
    return OrderRow(
        refid=order.parent,
        userref=terms.userref or 0,
        cl_ord_id=terms.cl_ord_id,
        status=_status(order),
        reason=order.reason,
        opentm=seconds_of(order.received.wall_ns),
        closetm=None if order.closed is None else seconds_of(order.closed),
        starttm=seconds_of(terms.starts),
        expiretm=seconds_of(terms.expires),
        descr=describe(terms, order.quantity, pair),
        vol=padded(order.quantity, pair.lot_decimals),
        vol_exec=padded(order.filled, pair.lot_decimals),
        cost=padded(order.cost, pair.cost_decimals),
        fee=padded(order.fee, PLACES_OF_FEES),
        price=average_price(order.cost, order.filled, pair),
        stopprice=padded(level or ZERO, PLACES_OF_FEES),
        limitprice=padded(order.limit or ZERO if fired else ZERO, PLACES_OF_FEES),
        trigger=_reference(terms),
        misc="amended" if order.amended else "",
        oflags=_flags(terms),
        trades=list(order.executions) if trades and order.executions else None,
    )


def _reference(terms: Terms) -> str | None:
    if terms.trigger is None:
        return None
    return "index" if terms.trigger.reference is Reference.INDEX else "last"


def trade_row(fill: Fill, pair: Pair) -> TradeRow:
    order = fill.order
    return TradeRow(
        ordertxid=order.order_id,
        postxid=fill.ledger_entry.replace("L", "T", 1),
        pair=pair.altname,
        time=seconds_of(fill.time),
        type=SIDES[order.terms.side],
        ordertype=order.terms.type,
        price=padded(fill.price, pair.price_decimals),
        cost=padded(fill.cost, pair.cost_decimals),
        fee=padded(fill.fee, PLACES_OF_FEES),
        vol=padded(fill.quantity, pair.lot_decimals),
        margin=padded(fill.cost if order.terms.margin else ZERO, pair.cost_decimals),
        leverage="5" if order.terms.margin else "0",
        misc="",
        trade_id=fill.number,
        maker=fill.liquidity is LiquiditySide.MAKER,
        ledgers=[fill.ledger_entry],
    )
