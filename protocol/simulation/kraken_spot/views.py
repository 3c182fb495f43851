"""How orders and trades of a simulated Kraken Spot look in REST answers, digit for digit (spec A.17)."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from decimal import ROUND_HALF_UP, Decimal
from typing import Any, Final

from ...values import ZERO, LiquiditySide, Side
from ..triggers import Reference, When
from .accounts import Account
from .funds import MARGIN_RATIO
from .orders import LIMITED, TRAILING, Change, CloseTerms, Distance, Phase, Terms, TriggerTerms, VenueOrder, fires_when
from .pages import Trade, trades
from .reports import SIDES
from .settings import KrakenSpotExchangeSettings, Pair
from .times import padded, seconds_of

__all__ = ["change_row", "close_sentence", "describe", "order_row", "order_sentence", "price_texts", "trade_row"]

Row = dict[str, Any]

STATUSES: Final = {"filled": "closed", "canceled": "canceled", "expired": "expired"}
FEWEST_PLACES: Final = 5
"""Of amounts of money: more where the pair has more."""
PLACES_OF_PERCENT: Final = 4
AVERAGE_PLACES: Final = 3
"""More of an average than the pair's prices have, at most."""
LEVERAGE: Final = "5:1"


def money(amount: Decimal, pair: Pair) -> str:
    """An amount of quote currency."""
    return f"{padded(amount, max(FEWEST_PLACES, pair.cost_decimals)):f}"


def volume(quantity: Decimal, pair: Pair) -> str:
    return f"{padded(quantity, pair.lot_decimals):f}"


def _average(cost: Decimal, quantity: Decimal, pair: Pair) -> Decimal:
    """Rounded: a quotient rarely ends. Zero for nothing."""
    if not quantity:
        return ZERO
    places = max(FEWEST_PLACES, pair.price_decimals + AVERAGE_PLACES)
    return (cost / quantity).quantize(Decimal(1).scaleb(-places), ROUND_HALF_UP)


# Prices as they were asked for: plain, or as a distance with its sign


def _price(price: Decimal, pair: Pair) -> str:
    return f"{padded(price, pair.price_decimals):f}"


def _distance(distance: Distance, pair: Pair) -> str:
    sign = "+" if distance.sign > 0 else "-"
    if distance.kind == "pct":
        return f"{sign}{padded(distance.amount, PLACES_OF_PERCENT):f}%"
    return f"{sign}{_price(distance.amount, pair)}"


def _trigger(trigger: TriggerTerms, when: When, order_type: str, pair: Pair) -> str:
    if trigger.kind == "static":
        return _price(trigger.price, pair)
    usual = 1 if order_type in TRAILING or when is When.ABOVE else -1
    return _distance(Distance(kind=trigger.kind, amount=trigger.price, sign=trigger.sign or usual), pair)


def _limit(terms: Terms | CloseTerms, side: Side, pair: Pair) -> str:
    if terms.limit_distance is not None:
        return _distance(terms.limit_distance, pair)
    assert terms.limit_price is not None  # asked for only then
    if terms.limit_kind == "static":
        return _price(terms.limit_price, pair)
    beyond = terms.limit_price if side is Side.BUY else -terms.limit_price
    sign = 1 if beyond > 0 or (not beyond and side is Side.BUY) else -1
    return _distance(Distance(kind=terms.limit_kind, amount=abs(beyond), sign=sign), pair)


def price_texts(terms: Terms | CloseTerms, side: Side, pair: Pair) -> tuple[str, str]:
    """`price` and `price2`: the trigger and its limit, or the limit alone; "0" for none."""
    has_limit = terms.limit_price is not None or terms.limit_distance is not None
    limit = _limit(terms, side, pair) if has_limit else "0"
    if terms.trigger is None:
        return limit, "0"
    return _trigger(terms.trigger, fires_when(side, terms.type), terms.type, pair), limit


def _way(terms: Terms | CloseTerms, side: Side, pair: Pair) -> str:
    """`stop loss 58000.0 -> limit 57000.0`."""
    name = terms.type.replace("-", " ")
    price, price2 = price_texts(terms, side, pair)
    if terms.trigger is not None:
        name = name.removesuffix(" limit")
        return f"{name} {price} -> limit {price2}" if terms.type in LIMITED else f"{name} {price}"
    return f"{name} {price}" if terms.type in LIMITED else name


def order_sentence(terms: Terms, quantity: Decimal, pair: Pair) -> str:
    """`descr.order`."""
    words = f"{SIDES[terms.side]} {volume(quantity, pair)} {pair.altname} @ {_way(terms, terms.side, pair)}"
    return f"{words} with {LEVERAGE} leverage" if terms.margin else words


def close_sentence(terms: Terms, pair: Pair) -> str:
    """`descr.close`, "" for none."""
    close = terms.conditional
    return "" if close is None else f"close position @ {_way(close, terms.side.opposite, pair)}"


def describe(terms: Terms, quantity: Decimal, pair: Pair, *, with_class: bool = False) -> Row:
    """`descr` of an order."""
    price, price2 = price_texts(terms, terms.side, pair)
    return {
        "pair": pair.altname,
        **({"aclass": "forex"} if with_class else {}),
        "type": SIDES[terms.side],
        "ordertype": terms.type,
        "price": price,
        "price2": price2,
        "leverage": LEVERAGE if terms.margin else "none",
        "order": order_sentence(terms, quantity, pair),
        "close": close_sentence(terms, pair),
    }


# Orders


def _status(order: VenueOrder) -> str:
    if not order.is_open:
        return STATUSES[order.status]
    return "pending" if order.phase is Phase.SCHEDULED else "open"


def _flags(terms: Terms) -> str:
    flags = {"post": terms.post_only, "viqc": terms.cash is not None}
    return ",".join([*(flag for flag, is_set in flags.items() if is_set), "fcib" if terms.fee_in_base else "fciq"])


def _miscellany(order: VenueOrder) -> str:
    """What has happened to it besides."""
    fired = "touched" if order.terms.type.startswith("take-profit") else "stopped"
    words = {
        fired: order.fired is not None,
        "partial": bool(order.filled) and not order.is_open and order.status != "filled",
        "amended": order.amended,
    }
    return ",".join(word for word, applies in words.items() if applies)


def _levels(order: VenueOrder, pair: Pair) -> Row:
    """Where its trigger and its limit stand; those of a trailing order before it fires, too."""
    level = None if order.waiting is None else order.waiting.level
    limit = order.limit if order.fired is not None else None
    return {"stopprice": money(level or ZERO, pair), "limitprice": money(limit or ZERO, pair)}


def order_row(
    order: VenueOrder, pair: Pair, settings: KrakenSpotExchangeSettings, *, then: int, trades: bool, consolidated: bool
) -> Row:
    """An order as it was at a moment (`then`, ns since 1970). trades: with the ids of its trades, if there are any;
    consolidated: what it took in one go is one of them."""
    terms = order.terms
    parts = [fill for fill in order.fills if fill.time <= then]
    row: Row = {
        "refid": order.parent or ("None" if settings.refid_as_text else None),
        "userref": 0 if terms.userref is None and settings.zero_userref else terms.userref,
        **({} if terms.cl_ord_id is None else {"cl_ord_id": terms.cl_ord_id}),
        "status": _status(order),
        "opentm": seconds_of(order.received.wall_ns),
        "starttm": seconds_of(terms.starts),
        "expiretm": seconds_of(terms.expires),
        "descr": describe(terms, terms.cash or order.quantity, pair, with_class=settings.pair_class),
        "vol": volume(terms.cash or order.quantity, pair),
        "vol_exec": volume(order.filled if terms.cash is None else order.cost, pair),
        "cost": money(order.cost, pair),
        "fee": money(sum((fill.worth_of_fee for fill in parts), ZERO), pair),
        "price": _average_text(order, pair),
        **_levels(order, pair),
        **({} if terms.trigger is None else {"trigger": _reference(terms.trigger)}),
        **({"margin": True} if terms.margin else {}),
        "misc": _miscellany(order),
        "oflags": _flags(terms),
        **({} if terms.sender_sub_id is None else {"sender_sub_id": terms.sender_sub_id}),
    }
    if not order.is_open:
        row |= {"closetm": seconds_of(order.closed), "reason": order.reason}
    names = _trade_ids(order, then, consolidated=consolidated) if trades else []
    return row | {"trades": names} if names else row


def _average_text(order: VenueOrder, pair: Pair) -> str:
    """Zero has five places, a price those of the pair."""
    average = _average(order.cost, order.filled, pair)
    return _price(average, pair) if average else money(ZERO, pair)


def _trade_ids(order: VenueOrder, then: int, *, consolidated: bool) -> list[str]:
    return [trade.trade_id for trade in trades(order.fills, then, consolidated=consolidated)]


def _reference(trigger: TriggerTerms) -> str:
    return "index" if trigger.reference is Reference.INDEX else "last"


# Trades


def trade_row(trade: Trade, pair: Pair, account: Account, *, ledgers: bool) -> Row:
    """ledgers: with the ids of its entries in the account's ledger."""
    first, order = trade.parts[0], trade.order
    on_margin = order.terms.margin or order.terms.reduce_only
    margin = trade.cost * MARGIN_RATIO if on_margin else ZERO
    closes = any(part.execution_id in account.closings for part in trade.parts)
    price = first.price if len(trade.parts) == 1 else _average(trade.cost, trade.quantity, pair)
    row: Row = {
        "ordertxid": order.order_id,
        "postxid": first.entries[0].entry_id.replace("L", "T", 1),
        "pair": pair.rest_name,
        "time": seconds_of(trade.time),
        "type": SIDES[order.terms.side],
        "ordertype": order.terms.type,
        "price": f"{padded(price, max(FEWEST_PLACES, pair.price_decimals)):f}",
        "cost": money(trade.cost, pair),
        "fee": money(trade.fee, pair),
        "vol": volume(trade.quantity, pair),
        "margin": money(margin, pair),
        "leverage": "5" if on_margin else "0",
        "misc": "closing" if closes else "",
        "trade_id": first.number,
        "maker": first.liquidity is LiquiditySide.MAKER,
    }
    row |= _position(trade, account)
    return row | {"ledgers": [entry.entry_id for part in trade.parts for entry in part.entries]} if ledgers else row


def _position(trade: Trade, account: Account) -> Row:
    """What became of the position that it opened: numbers, where the rest is text. Nothing if it opened none."""
    known = [account.openings.get(part.execution_id) for part in trade.parts]
    openings = [opening for opening in known if opening is not None]
    if not openings:
        return {}
    volume = sum((opening.closed for opening in openings), ZERO)
    cost = sum((opening.total("cost") for opening in openings), ZERO)
    paid = sum((opening.closed * opening.fill.price for opening in openings), ZERO)
    gain = cost - paid if trade.order.terms.side is Side.BUY else paid - cost
    return {
        "posstatus": "open" if any(opening.left for opening in openings) else "closed",
        "cprice": _rounded(cost / volume) if volume else ZERO,
        "ccost": _rounded(cost),
        "cfee": _rounded(sum((opening.total("worth_of_fee") for opening in openings), ZERO)),
        "cvol": volume,
        "cmargin": _rounded(cost * MARGIN_RATIO),
        "net": _rounded(gain),
        "trades": list(dict.fromkeys(fill.execution_id for opening in openings for fill, _ in opening.closings)),
    }


def _rounded(amount: Decimal) -> Decimal:
    return amount.quantize(Decimal(1).scaleb(-FEWEST_PLACES), ROUND_HALF_UP)


# Amendments


def change_row(change: Change, pair: Pair) -> Row:
    """An entry of OrderAmends. timestamp: ns since 1970."""
    prices: Sequence[tuple[str, Decimal | None]] = (
        ("limit_price", change.limit_price),
        ("trigger_price", change.trigger_price),
    )
    known: Mapping[str, object | None] = {
        "display_qty": None if change.display is None else volume(change.display, pair),
        **{name: None if price is None else _price(price, pair) for name, price in prices},
        "reason": change.reason,
        "post_only": change.post_only,
    }
    return {
        "amend_id": change.amend_id,
        "amend_type": change.kind,
        "order_qty": volume(change.quantity, pair),
        "remaining_qty": volume(change.remaining, pair),
        **{name: value for name, value in known.items() if value is not None},
        "timestamp": change.time,
    }
