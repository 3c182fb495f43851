"""What a simulated AX Exchange refuses of an order (spec 4.5, 10)."""

from __future__ import annotations

import re
from collections.abc import Mapping
from decimal import Decimal
from typing import Final

from ...ax import wire
from ...values import Side
from ..book import SelfTrade
from .accounts import Account, sign
from .market import Market
from .orders import VenueOrder
from .refusals import Refusal
from .requests import Placing
from .risk import equity, initial_margin

__all__ = ["POST_ONLY_TEXT", "SELF_TRADES", "SIDES", "TIMES_IN_FORCE", "engine_rejection", "gateway_refusal"]

SIDES: Final = {"B": Side.BUY, "S": Side.SELL}
SELF_TRADES: Final = {
    None: SelfTrade.CANCEL_INCOMING,
    "CancelIncoming": SelfTrade.CANCEL_INCOMING,
    "xi": SelfTrade.CANCEL_INCOMING,
    "CancelResting": SelfTrade.CANCEL_RESTING,
    "xr": SelfTrade.CANCEL_RESTING,
    "CancelBoth": SelfTrade.CANCEL_BOTH,
    "xb": SelfTrade.CANCEL_BOTH,
}
TIMES_IN_FORCE: Final = frozenset({"GTC", "IOC", "DAY"})
TAG: Final = re.compile(r"[A-Za-z0-9_-]{1,50}")
TAKES_ORDERS: Final = frozenset({"PRE_OPEN", "OPEN", "MATCH_AND_CLOSE_AUCTION"})
POST_ONLY_TEXT: Final = "post-only order would cross the book"
HUNDRED: Final = Decimal(100)
Markets = Mapping[str, Market]


def gateway_refusal(placing: Placing, markets: Markets) -> Refusal | None:
    """The checks of the gateway, before an order has an id."""
    request = placing.request
    market = markets.get(request.s or "")
    checks = (
        (market is None, f"there is no symbol {request.s!r}"),
        (request.d not in SIDES, "d must be B or S"),
        (not request.q, "q must be a whole number of contracts, at least 1"),
        (request.p is None or request.p <= 0, "p must be a price above zero"),
        (request.tif not in TIMES_IN_FORCE, f"time in force {request.tif!r} is not accepted"),
        (request.po is None, "po is missing"),
        (bool(request.po) and request.tif == "IOC", "post-only cannot go together with IOC"),
        (request.tag is not None and not TAG.fullmatch(request.tag), "tag has characters that are not allowed"),
        (request.st not in SELF_TRADES, f"st {request.st!r} is unknown"),
    )
    for failed, why in checks:
        if failed:
            return Refusal(400, why)
    assert market is not None
    assert request.q is not None
    if request.q < market.row.minimum_order_size:
        return Refusal(400, f"q {request.q} is below the minimum of {market.row.minimum_order_size:f}")
    return _margin_refusal(placing, markets, market)


def _margin_refusal(placing: Placing, markets: Markets, market: Market) -> Refusal | None:
    request, account = placing.request, placing.account
    assert request.q is not None
    assert request.p is not None
    needed = initial_margin(account, markets, (market.row.symbol, SIDES[request.d or "B"], request.q, request.p))
    held = initial_margin(account, markets)
    available = equity(account, markets)
    if needed > held and needed > available:
        return Refusal(400, f"needs {needed:.2f} initial margin, only {available:.2f} available")
    return None


def engine_rejection(
    order: VenueOrder, account: Account, market: Market, most_open: int
) -> tuple[str | None, str] | None:
    """The checks of the engine: reason code and text, None for a good order. most_open: open orders of one account."""
    row, reference = market.row, market.mark
    if market.state not in TAKES_ORDERS:
        return "EXCHANGE_CLOSED", f"{order.symbol} takes no orders now"
    if order.price % row.tick_size:
        return "INVALID_PRICE_INCREMENT", f"{order.price:f} is not on the grid of {row.tick_size:f}"
    if reference is not None and _beyond_band(row, order.price, reference):
        return "PRICE_OUT_OF_BOUNDS", f"limit {order.price:f} is beyond the band"
    if order.cid is not None and order.cid in account.open_cids:
        return "DUPLICATE_CLIENT_ORDER_ID", f"cid {order.cid} belongs to an open order"
    if account.close_only and not _reduces(account, order):
        return "CLOSE_ONLY", "the account may only reduce its position"
    if len(account.open_orders) >= most_open:
        return "MAX_OPEN_ORDERS_EXCEEDED", f"more than {most_open} open orders"
    if order.post_only and market.book.would_cross(order.side, order.price):
        return None, POST_ONLY_TEXT
    return None


def _beyond_band(row: wire.InstrumentRow, price: Decimal, reference: Decimal) -> bool:
    lower, upper = row.price_band_lower_deviation_pct, row.price_band_upper_deviation_pct
    too_low = lower is not None and price < reference * (1 - lower / HUNDRED)
    return too_low or (upper is not None and price > reference * (1 + upper / HUNDRED))


def _reduces(account: Account, order: VenueOrder) -> bool:
    signed = account.position(order.symbol).signed
    return signed * sign(order.side) < 0 and order.quantity <= abs(signed)
