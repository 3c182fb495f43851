"""Executions as Kraken Futures sends them, on the fills feed and in history, to neutral trades (spec B.9, D.5)."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from decimal import Decimal

from ..facts import OrderFilled, OrderView, Trade
from ..values import Instrument, Money, Side, TradeId, VenueOrderId
from ..wire.numbers import amount, is_plausible, positive
from .converter import milliseconds, time_of
from .enumerations import SIDES, currency, liquidity, quote_of
from .memory import Remembered
from .wire import FeedFill, RestFill

__all__ = ["feed_trade", "in_order", "rest_trade", "traded"]

BUYS = {True: Side.BUY, False: Side.SELL}


def in_order(fills: Sequence[FeedFill]) -> Sequence[FeedFill]:
    """By `seq`, then time; without a `seq` on each of them by time alone (spec B.9)."""
    if len(fills) == 1:
        return fills
    if any(fill.seq is None for fill in fills):
        return sorted(fills, key=lambda fill: fill.time or 0)
    return sorted(fills, key=lambda fill: (fill.seq or 0, fill.time or 0))


def _fee(paid: Decimal | None, money: str | None, symbol: str, instruments: Mapping[str, Instrument]) -> Money | None:
    """None while the venue has not sent it; a later message may. The sign is the venue's: negative is a rebate."""
    if paid is None or not is_plausible(paid):
        return None
    if money:
        return Money(paid, currency(money))
    instrument = instruments.get(symbol)
    return Money(paid, quote_of(symbol) if instrument is None else currency(instrument.quote_currency))


def feed_trade(fill: FeedFill, known: Remembered | None, instruments: Mapping[str, Instrument]) -> Trade | None:
    """One fill of the feed. None: it lacks an id, a price or a quantity, and is no fill that we could count. known: the
    order, as it is remembered."""
    trade_id, order_id = fill.fill_id or fill.fillId, fill.venue_id
    price, quantity = positive(fill.price), positive(fill.qty)
    if not trade_id or not order_id or price is None or quantity is None:
        return None
    symbol = fill.symbol or ("" if known is None else known.symbol)
    return Trade(
        venue_order_id=VenueOrderId(order_id),
        trade_id=TradeId(trade_id),
        symbol=symbol,
        side=None if fill.buy is None else BUYS[fill.buy],
        price=price,
        quantity=quantity,
        liquidity=liquidity(fill.fill_type or fill.fillType),
        time=milliseconds(fill.time),
        fee=_fee(fill.fee_paid, fill.fee_currency, symbol, instruments),
        wire_id=fill.client_id or (None if known is None else known.wire_id),
    )


def traded(fill: FeedFill, known: Remembered | None, instruments: Mapping[str, Instrument]) -> OrderFilled | None:
    """The fact of a live fill; None as for `feed_trade`. The feed shows no order, so its view holds what is remembered,
    and no status.

    What is open of the order after the fill gives, with the remembered total, if that is certain, the cumulative
    quantity.
    """
    trade = feed_trade(fill, known, instruments)
    if trade is None:
        return None
    remaining = amount(fill.remaining_order_qty)
    price = quantity = other = cumulative = kind = trigger_price = None
    if known is not None:
        price, kind, trigger_price = known.price, known.type, known.trigger_price
        if known.quantity is not None:
            quantity, other = known.quantity.total, known.quantity.other
            if other is None and remaining is not None and remaining <= quantity:
                cumulative = quantity - remaining
    view = OrderView(
        venue_order_id=trade.venue_order_id,
        wire_id=trade.wire_id,
        symbol=trade.symbol,
        side=trade.side,
        price=price,
        quantity=quantity,
        other_quantity=other,
        cumulative=cumulative,
        status=None,
        time_in_force=None,
        post_only=False,
        type=kind,
        trigger_price=trigger_price,
    )
    goes_on = bool(remaining)
    final = remaining is not None and not goes_on
    return OrderFilled(time=trade.time, order=view, event_id=trade.trade_id, trade=trade, final=final, goes_on=goes_on)


def rest_trade(fill: RestFill) -> Trade | None:
    """One fill of the history. None as for `feed_trade`."""
    trade_id, order_id = fill.fill_id or fill.fillId, VenueOrderId(fill.venue_id)
    price, quantity = positive(fill.price), positive(fill.size)
    if not trade_id or not order_id or price is None or quantity is None:
        return None
    symbol = (fill.symbol or "").upper()
    return Trade(
        venue_order_id=order_id,
        trade_id=TradeId(trade_id),
        symbol=symbol,
        side=SIDES.get((fill.side or "").lower()),
        price=price,
        quantity=quantity,
        liquidity=liquidity(fill.fillType or fill.fill_type),
        time=time_of(fill.fillTime),
        fee=_fee(fill.fee_paid, fill.fee_currency, symbol, {}),
        wire_id=fill.client_id,
    )
