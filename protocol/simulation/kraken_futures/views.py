"""How orders, triggers and fills of a simulated Kraken Futures look on the wire (spec B.6, B.9, B.12, B.13)."""

from __future__ import annotations

from decimal import Decimal
from typing import Any, Final

from attrs import asdict

from ...kraken_futures.converter import iso
from ...values import ZERO, LiquiditySide, Side
from ..triggers import Reference, When
from . import feed_rows, rest_rows
from .accounts import Fill
from .market import Market
from .orders import State, VenueOrder
from .settings import POST_REASONS, KrakenFuturesExchangeSettings

__all__ = [
    "Settings",
    "body",
    "canceled",
    "edited",
    "executed",
    "feed_fill",
    "feed_order",
    "named",
    "open_row",
    "order_word",
    "placed",
    "rejected",
    "rest_fill",
    "status_row",
    "trigger_body",
]

Settings = KrakenFuturesExchangeSettings

MILLISECOND: Final = 1_000_000
SIDES: Final = {Side.BUY: "buy", Side.SELL: "sell"}
FEED_TYPES: Final = {"stp": "stop", "take_profit": "take_profit", "trailing_stop": "trailing_stop"}
BODY_TYPES: Final = {"mkt": "ioc"}
FILL_TYPES: Final = {"mkt": "market", "fok": "fillOrKill"}
REJECT_REASONS: Final = dict.fromkeys(POST_REASONS, "POST_WOULD_EXECUTE") | {
    "ioc_order_failed_because_it_would_not_be_executed": "IOC_WOULD_NOT_EXECUTE",
}
UPDATE_REASONS: Final = dict.fromkeys(POST_REASONS, "POST_WOULD_EXECUTE_REASON") | {
    "new_placed_order_by_user": "NEW_USER_ORDER",
    "ioc_order_failed_because_it_would_not_be_executed": "IOC_WOULD_NOT_EXECUTE_REASON",
    "contract_expired": "EXPIRED",
}


def named(client_id: str | None, settings: Settings) -> dict[str, str | None]:
    """The key of a client order id in REST answers."""
    return {"cli_ord_id" if settings.snake_case else "cliOrdId": client_id}


def order_word(order: VenueOrder) -> str:
    """The type in fills."""
    if order.fill_type == "liquidation":
        return "liquidation"
    return FILL_TYPES.get(order.terms.type, order.terms.type)


# WebSocket


def feed_order(order: VenueOrder, market: Market, settings: Settings) -> feed_rows.OpenOrder:
    """qty by the setting: what is left, or all of it."""
    terms, trailing = order.terms, order.terms.trailing
    nothing = ZERO if settings.zero_prices else None
    options = None
    if trailing is not None:
        unit = "percent" if trailing.percent else "quote_currency"
        options = feed_rows.TrailingOptions(max_deviation=trailing.distance, unit=unit)
    return feed_rows.OpenOrder(
        instrument=order.symbol,
        time=order.received // MILLISECOND,
        last_update_time=order.updated // MILLISECOND,
        qty=order.left if settings.qty_semantics == "remaining" else terms.quantity,
        filled=order.filled,
        limit_price=terms.limit_price or nothing,
        stop_price=trigger_price(order, market) or nothing,
        type=FEED_TYPES.get(terms.type, "limit"),
        order_id=order.order_id,
        cli_ord_id=order.client_id,
        direction=0 if order.side is Side.BUY else 1,
        reduce_only=terms.reduce_only,
        triggerSignal=_signal(order, {Reference.INDEX: "spot"}),
        trailing_stop_options=options,
    )


def trigger_price(order: VenueOrder, market: Market) -> Decimal | None:
    """Of a trailing stop, where it stands now; on the grid."""
    level = market.triggers.level(order.order_id)
    if order.terms.trailing is None or level is None:
        return order.terms.stop_price
    return market.rounded(level, order.side)


def _signal(order: VenueOrder, words: dict[Reference, str]) -> str | None:
    if not order.is_trigger:
        return None
    return words.get(order.terms.signal, order.terms.signal.value)


def feed_fill(fill: Fill, settings: Settings) -> feed_rows.FeedFill:
    execution, has_fee = fill.execution, settings.fees_on_feed
    return feed_rows.FeedFill(
        instrument=execution.symbol,
        time=execution.time // MILLISECOND,
        price=execution.price,
        seq=fill.sequence,
        buy=execution.side is Side.BUY,
        qty=execution.quantity,
        remaining_order_qty=fill.remaining,
        order_id=execution.venue_order_id,
        cli_ord_id=_text(execution.wire_id),
        fill_id=execution.trade_id,
        fill_type=fill.fill_type,
        fee_paid=execution.fee if has_fee else None,
        fee_currency=fill.fee_currency if has_fee else None,
        taker_order_type=fill.taker_type,
        order_type=fill.order_type,
    )


def _text(wire_id: object) -> str | None:
    return None if wire_id is None else str(wire_id)


# REST: orders in events


def body(order: VenueOrder, settings: Settings, **changes: Any) -> rest_rows.OrderBody:
    """changes: of its fields, where it is shown as it was or as it will be."""
    terms = order.terms
    fields: dict[str, Any] = {
        "type": BODY_TYPES.get(terms.type, terms.type),
        "orderId": order.order_id,
        **named(order.client_id, settings),
        "symbol": order.symbol,
        "side": SIDES[order.side],
        "quantity": terms.quantity,
        "filled": order.filled,
        "limitPrice": terms.limit_price,
        "stopPrice": terms.stop_price,
        "reduceOnly": terms.reduce_only,
        "timestamp": iso(order.received),
        "lastUpdateTimestamp": iso(order.updated),
    }
    return rest_rows.OrderBody(**(fields | changes))


def trigger_body(order: VenueOrder, market: Market) -> rest_rows.TriggerBody:
    terms = order.terms
    above = order.when is When.ABOVE
    return rest_rows.TriggerBody(
        uid=order.order_id,
        clientId=order.client_id,
        type="ioc" if terms.becomes_market else "lmt",
        symbol=order.symbol,
        side=SIDES[order.side],
        quantity=terms.quantity,
        limitPrice=terms.limit_price,
        triggerPrice=trigger_price(order, market),
        triggerSide="trigger_above" if above else "trigger_below",
        triggerSignal=f"{_signal(order, {Reference.INDEX: 'spot'})}_price",
        reduceOnly=terms.reduce_only,
        timestamp=iso(order.received),
        lastUpdateTimestamp=iso(order.updated),
    )


def placed(order: VenueOrder, market: Market, settings: Settings) -> rest_rows.OrderEvent:
    if order.is_trigger:
        return rest_rows.OrderEvent(type="PLACE", orderTrigger=trigger_body(order, market))
    return rest_rows.Reducible(type="PLACE", order=body(order, settings), reducedQuantity=order.reduced)


def executed(fill: Fill, before: rest_rows.OrderBody, before_edit: rest_rows.OrderBody | None) -> rest_rows.OrderEvent:
    """before: the order before the execution; before_edit: and before the edit that made it trade."""
    execution = fill.execution
    return rest_rows.Execution(
        type="EXECUTION",
        executionId=execution.trade_id,
        price=execution.price,
        amount=execution.quantity,
        orderPriorEdit=before_edit,
        orderPriorExecution=before,
    )


def edited(old: rest_rows.OrderBody, new: rest_rows.OrderBody, cut: Decimal | None) -> rest_rows.OrderEvent:
    """cut: by how much a reduce-only order was made smaller than was asked for."""
    return rest_rows.Reducible(type="EDIT", old=old, new=new, reducedQuantity=cut)


def canceled(order: VenueOrder, market: Market, settings: Settings) -> rest_rows.OrderEvent:
    if order.is_trigger:
        return rest_rows.OrderEvent(type="CANCEL", uid=order.order_id, orderTrigger=trigger_body(order, market))
    return rest_rows.OrderEvent(type="CANCEL", uid=order.order_id, order=body(order, settings))


def rejected(order: VenueOrder, market: Market, settings: Settings) -> rest_rows.OrderEvent:
    reason = REJECT_REASONS.get(order.reason, order.reason.upper())
    if order.is_trigger:
        trigger = trigger_body(order, market)
        return rest_rows.OrderEvent(type="REJECT", uid=order.order_id, reason=reason, orderTrigger=trigger)
    return rest_rows.OrderEvent(type="REJECT", uid=order.order_id, reason=reason, order=body(order, settings))


# REST: rows of lists


def open_row(order: VenueOrder, market: Market, settings: Settings) -> rest_rows.OpenOrderRow:
    has_size = not order.is_trigger or settings.unfilled_on_triggers
    kind = order.terms.type
    return rest_rows.OpenOrderRow(
        order_id=order.order_id,
        **named(order.client_id, settings),
        symbol=order.symbol,
        side=SIDES[order.side],
        orderType=kind if order.is_trigger else "lmt",
        limitPrice=order.terms.limit_price,
        stopPrice=trigger_price(order, market),
        unfilledSize=order.left if has_size else None,
        filledSize=order.filled,
        receivedTime=_time(order.received, settings),
        lastUpdateTime=_time(order.updated, settings),
        status="partiallyFilled" if order.filled else "untouched",
        reduceOnly=order.terms.reduce_only,
        triggerSignal=_signal(order, {}),
    )


def _time(moment: int, settings: Settings) -> str:
    """ns since 1970 with three decimals, or six."""
    text = iso(moment)
    return f"{text[:-1]}{moment // 1000 % 1000:03d}Z" if settings.microseconds else text


def status_row(order: VenueOrder, market: Market, settings: Settings) -> rest_rows.OrderStatusRow:
    """One of orders/status."""
    status = ACTIVATION_FAILURE if order.activation_failed else STATUSES[order.state]
    fields = asdict(body(order, settings, stopPrice=None), recurse=False)
    shown = rest_rows.StatusBody(**fields | {"type": "ORDER"})
    if order.is_trigger:
        above = order.when is When.ABOVE
        options = rest_rows.TriggerOptions(
            triggerPrice=trigger_price(order, market),
            triggerSide="TRIGGER_ABOVE" if above else "TRIGGER_BELOW",
            triggerSignal=f"{_signal(order, {Reference.INDEX: 'spot'})}_price".upper(),
        )
        shown = rest_rows.TriggerStatusBody(**fields | {"type": "TRIGGER_ORDER", "priceTriggerOptions": options})
    reason = UPDATE_REASONS.get(order.reason, order.reason.upper())
    return rest_rows.OrderStatusRow(order=shown, status=status, updateReason=reason or None)


ACTIVATION_FAILURE: Final = "TRIGGER_ACTIVATION_FAILURE"
STATUSES: Final = {
    State.HELD: "ENTERED_BOOK",
    State.WAITING: "TRIGGER_PLACED",
    State.RESTING: "ENTERED_BOOK",
    State.FILLED: "FULLY_EXECUTED",
    State.CANCELED: "CANCELLED",
    State.REJECTED: "REJECTED",
    State.FIRED: "CANCELLED",
}


def rest_fill(fill: Fill, settings: Settings) -> rest_rows.RestFill:
    execution = fill.execution
    taker = execution.liquidity is LiquiditySide.TAKER
    known = fill.fill_type in ("maker", "taker", "takerAfterEdit")
    return rest_rows.RestFill(
        fill_id=execution.trade_id,
        symbol=execution.symbol,
        side=SIDES[execution.side],
        order_id=execution.venue_order_id,
        **named(_text(execution.wire_id), settings),
        size=execution.quantity,
        price=execution.price,
        fillTime=iso(execution.time),
        fillType=("taker" if taker else "maker") if known else fill.fill_type,
        fee_paid=execution.fee if settings.fees_in_fills else None,
        fee_currency=fill.fee_currency if settings.fees_in_fills else None,
    )
