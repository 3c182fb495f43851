"""What an order of a simulated Kraken Spot costs its account, and whether the account can afford it."""

from __future__ import annotations

from decimal import Decimal
from typing import Final

from ...values import ZERO, Side
from . import refusals
from .accounts import Account
from .market import Market
from .orders import Terms, VenueOrder
from .refusals import Refused

__all__ = ["MARGIN_RATIO", "Need", "check_funds", "check_reduces", "need_of"]

MARGIN_RATIO: Final = Decimal("0.2")
"""Of the value of an order on margin that must be there in quote currency."""

Need = tuple[str, Decimal]
"""What is kept ready for an order: an asset and an amount."""


def need_of(account: Account, terms: Terms, market: Market, left: Decimal) -> Need | None:
    """For so much of an order, base units, fees included. None: it needs nothing."""
    if account.unlimited or terms.reduce_only or not left:
        return None
    fee = max(account.maker_fee, account.taker_fee, ZERO)
    if terms.side is Side.SELL and not terms.margin:
        return market.pair.base, left + (left * fee if terms.fee_in_base else ZERO)
    if terms.type == "market":
        value = market.cost_of(terms.side, left, account.name)
    else:
        value = left * _worst_price(terms, market)
    if terms.margin:
        return market.pair.quote, value * MARGIN_RATIO
    return market.pair.quote, value + (ZERO if terms.fee_in_base else value * fee)


def _worst_price(terms: Terms, market: Market) -> Decimal:
    if terms.limit_price is not None and terms.limit_kind == "static":
        return terms.limit_price
    if terms.trigger is not None and terms.trigger.kind == "static":
        return terms.trigger.price
    return market.mark or ZERO


def check_funds(account: Account, need: Need | None, terms: Terms, freed: VenueOrder | None = None) -> None:
    """freed: an order whose funds will be free by then. Raises Refused."""
    if need is None:
        return
    asset, amount = need
    available = account.available(asset)
    if freed is not None and freed.held is not None and freed.held[0] == asset:
        available += freed.held[1]
    if amount > available:
        raise Refused(refusals.MARGIN if terms.margin else refusals.FUNDS)


def check_reduces(account: Account, terms: Terms, quantity: Decimal) -> None:
    """Whether a reduce-only order has a position that it can reduce. Raises Refused."""
    position = account.position(terms.symbol)
    against = position < 0 if terms.side is Side.BUY else position > 0
    if not against or quantity > abs(position):
        raise Refused(refusals.NO_POSITION)
