"""Rows of REST answers to neutral orders and trades (spec A.17, D.3)."""

from __future__ import annotations

from collections.abc import Mapping
from decimal import Decimal
from typing import Final

from ..facts import OrderView, Trade
from ..values import (
    LiquiditySide,
    Money,
    OrderStatus,
    OrderType,
    TimeInForce,
    TradeId,
    TriggerType,
    VenueOrderId,
    exact,
)
from ..wire.numbers import amount, is_plausible, positive
from .converter import time_of_seconds
from .enumerations import (
    LIMIT_TRIGGER_TYPES,
    REST_STATUSES,
    TRAILING_TYPES,
    TRIGGER_TYPES,
    order_type,
    side,
    trigger_type,
)
from .symbols import SymbolOf, quote_of
from .wire import OrderDescription, OrderRow, TradeRow

__all__ = ["order_view", "row_trade"]

NOTHING: Final = OrderDescription()
SIGNS: Final = ("+", "-", "#")
NO_PARENT: Final = (None, "", "None")
"""How rows say that no other order placed this one (spec A.17)."""


def _price(text: str | None) -> Decimal | None:
    """A price in a description; None for one that is zero, or a distance, which has a sign or a percent mark."""
    if not text or text.startswith(SIGNS) or text.endswith("%"):
        return None
    try:
        return positive(exact(text))
    except (TypeError, ValueError):
        return None


FIRED: Final = frozenset({"stopped", "touched"})
"""What `misc` has of an order whose trigger has fired."""


def _status(row: OrderRow) -> OrderStatus | None:
    status = REST_STATUSES.get((row.status or "").lower())
    if status is not OrderStatus.ACCEPTED:
        return status
    if amount(row.vol_exec):
        return OrderStatus.PARTIALLY_FILLED
    return OrderStatus.TRIGGERED if FIRED.intersection((row.misc or "").lower().split(",")) else status


def _limit(descr: OrderDescription) -> Decimal | None:
    """Of a trigger it is the second price."""
    code = (descr.ordertype or "").lower()
    if code in LIMIT_TRIGGER_TYPES:
        return _price(descr.price2)
    return _price(descr.price) if order_type(code) is OrderType.LIMIT else None


def _trigger_price(row: OrderRow, descr: OrderDescription, kind: OrderType | None) -> Decimal | None:
    return positive(row.stopprice) or (_price(descr.price) if kind in TRIGGER_TYPES else None)


def _average(row: OrderRow) -> Decimal | None:
    cost, filled = positive(row.cost), positive(row.vol_exec)
    if positive(row.avg_price) is not None or cost is None or filled is None:
        return positive(row.avg_price)
    return cost / filled


def _time_in_force(row: OrderRow, flags: list[str]) -> TimeInForce:
    if positive(row.expiretm) is not None:
        return TimeInForce.GTD
    return TimeInForce.IOC if "ioc" in flags else TimeInForce.GTC


def _signal(row: OrderRow, kind: OrderType | None) -> TriggerType | None:
    return trigger_type(row.trigger) if kind in TRIGGER_TYPES | TRAILING_TYPES else None


def order_view(order_id: str, row: OrderRow, symbol_of: SymbolOf) -> OrderView:
    """The neutral view of an order; order_id: its key in the answer. An order by quote amount (`viqc`) counts that in
    `vol`, so it has no quantity in base units (spec E.11)."""
    descr = row.descr or NOTHING
    flags = (row.oflags or "").lower().split(",")
    kind, status = order_type(descr.ordertype), _status(row)
    volume, by_amount = positive(row.vol), "viqc" in flags
    return OrderView(
        venue_order_id=VenueOrderId(order_id),
        wire_id=row.cl_ord_id or None,
        symbol=symbol_of(descr.pair or ""),
        side=side(descr.type),
        price=_limit(descr),
        quantity=None if by_amount else volume,
        cumulative=amount(row.vol_exec),
        status=status,
        time_in_force=_time_in_force(row, flags),
        post_only="post" in flags,
        type=kind,
        trigger_price=_trigger_price(row, descr, kind),
        reason=row.reason or ((row.status or "") if status is None else ""),
        time=time_of_seconds(row.opentm),
        ended=time_of_seconds(row.closetm),
        trigger_type=_signal(row, kind),
        average_price=_average(row),
        quote_amount=volume if by_amount else None,
        parent=VenueOrderId(row.refid) if row.refid not in NO_PARENT else None,
    )


LIQUIDITY: Final[Mapping[bool | None, LiquiditySide]] = {True: LiquiditySide.MAKER, False: LiquiditySide.TAKER}


def row_trade(trade_id: str, row: TradeRow, symbol_of: SymbolOf) -> Trade | None:
    """One execution; trade_id: its key in the answer. None: it lacks what a fill must have."""
    price, quantity = positive(row.price), positive(row.vol)
    if not trade_id or not row.ordertxid or price is None or quantity is None:
        return None
    symbol = symbol_of(row.pair or "")
    fee = row.fee
    return Trade(
        venue_order_id=VenueOrderId(row.ordertxid),
        trade_id=TradeId(trade_id),
        symbol=symbol,
        side=side(row.type),
        price=price,
        quantity=quantity,
        liquidity=LIQUIDITY.get(row.maker, LiquiditySide.NONE),
        time=time_of_seconds(row.time),
        fee=None if fee is None or not is_plausible(fee) else Money(fee, quote_of(symbol)),
    )
