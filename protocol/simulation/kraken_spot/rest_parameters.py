"""What REST takes, as classes: one for each call, with the parameters that the venue documents alone (spec A.17).

They are the venue's own, apart from those that the client writes with, so that a parameter which only one side knows
shows. `form_reader` reads them. A missing parameter and an empty one mean the same.

https://docs.kraken.com/api/docs/rest-api
"""

from __future__ import annotations

from decimal import Decimal

from attrs import field, frozen

__all__ = [
    "AddOrder",
    "AddOrderBatch",
    "AmendOrder",
    "AssetPairs",
    "Assets",
    "Balance",
    "BatchLeg",
    "CancelAllOrdersAfter",
    "CancelOrder",
    "CancelOrderBatch",
    "Close",
    "ClosedOrders",
    "EditOrder",
    "Ledgers",
    "Nothing",
    "OpenOrders",
    "OrderAmends",
    "OrderTerms",
    "Private",
    "QueryLedgers",
    "QueryOrders",
    "QueryTrades",
    "TradeVolume",
    "TradesHistory",
]


@frozen(kw_only=True)
class Private:
    """nonce: of every private call; otp: with keys that have two-factor authentication. Neither shows in repr."""

    nonce: str | None = field(default=None, repr=False)
    otp: str | None = field(default=None, repr=False)


@frozen(kw_only=True)
class Nothing(Private):
    """A call without parameters of its own: GetWebSocketsToken, CancelAll."""


# Orders


@frozen(kw_only=True)
class Close:
    """The conditional close: nested as `close` in JSON, as `close[…]` in a form."""

    ordertype: str | None = None
    price: str | None = None
    price2: str | None = None


@frozen(kw_only=True)
class OrderTerms:
    """What AddOrder and a leg of AddOrderBatch share. Prices stay text, for they may be distances."""

    ordertype: str | None = None
    type: str | None = None
    volume: Decimal | None = None
    displayvol: Decimal | None = None
    price: str | None = None
    price2: str | None = None
    trigger: str | None = None
    leverage: str | None = None
    reduce_only: bool | None = None
    stptype: str | None = None
    oflags: str | None = None
    timeinforce: str | None = None
    starttm: str | None = None
    expiretm: str | None = None
    cl_ord_id: str | None = None
    userref: int | None = None
    close: Close | None = None


@frozen(kw_only=True)
class BatchLeg(OrderTerms):
    """One order of AddOrderBatch."""


@frozen(kw_only=True)
class AddOrder(OrderTerms):
    """deadline: RFC 3339, from 2 s to 60 s ahead; validate: check it only."""

    nonce: str | None = field(default=None, repr=False)
    otp: str | None = field(default=None, repr=False)
    pair: str | None = None
    asset_class: str | None = None
    broker: str | None = None
    deadline: str | None = None
    validate: bool | None = None


@frozen(kw_only=True)
class AddOrderBatch(Private):
    """Sent as JSON."""

    pair: str | None = None
    asset_class: str | None = None
    orders: list[BatchLeg] | None = None
    deadline: str | None = None
    validate: bool | None = None


@frozen(kw_only=True)
class AmendOrder(Private):
    """Exactly one of txid and cl_ord_id; a missing term is kept."""

    txid: str | None = None
    cl_ord_id: str | None = None
    order_qty: Decimal | None = None
    display_qty: Decimal | None = None
    limit_price: str | None = None
    trigger_price: str | None = None
    pair: str | None = None
    post_only: bool | None = None
    deadline: str | None = None


@frozen(kw_only=True)
class EditOrder(Private):
    """txid: an order id, or a tag that one open order has."""

    txid: str | None = None
    pair: str | None = None
    userref: int | None = None
    volume: Decimal | None = None
    displayvol: Decimal | None = None
    price: str | None = None
    price2: str | None = None
    oflags: str | None = None
    deadline: str | None = None
    cancel_response: bool | None = None
    validate: bool | None = None


@frozen(kw_only=True)
class CancelOrder(Private):
    """txid: an order id or a tag."""

    txid: str | None = None
    cl_ord_id: str | None = None


@frozen(kw_only=True)
class CancelOrderBatch(Private):
    """Sent as JSON."""

    orders: list[str] | None = None
    cl_ord_ids: list[str] | None = None


@frozen(kw_only=True)
class CancelAllOrdersAfter(Private):
    """timeout: seconds, 0 = off."""

    timeout: int


# Questions


@frozen(kw_only=True)
class OpenOrders(Private):
    trades: bool | None = None
    userref: int | None = None
    cl_ord_id: str | None = None
    rebase_multiplier: str | None = None


@frozen(kw_only=True)
class ClosedOrders(Private):
    """start (exclusive), end (inclusive): seconds since 1970, or the id of an order; ofs: how many of the newest to
    leave out; closetime: which time counts: open, close or both."""

    trades: bool | None = None
    userref: int | None = None
    cl_ord_id: str | None = None
    start: str | None = None
    end: str | None = None
    ofs: int | None = None
    closetime: str | None = None
    consolidate_taker: bool | None = None
    without_count: bool | None = None
    rebase_multiplier: str | None = None


@frozen(kw_only=True)
class QueryOrders(Private):
    """txid: with commas between."""

    trades: bool | None = None
    userref: int | None = None
    txid: str | None = None
    consolidate_taker: bool | None = None
    rebase_multiplier: str | None = None


@frozen(kw_only=True)
class TradesHistory(Private):
    """start, end, ofs: as of ClosedOrders, ids are those of trades; type: which trades."""

    type: str | None = None
    trades: bool | None = None
    start: str | None = None
    end: str | None = None
    ofs: int | None = None
    without_count: bool | None = None
    consolidate_taker: bool | None = None
    ledgers: bool | None = None
    rebase_multiplier: str | None = None


@frozen(kw_only=True)
class QueryTrades(Private):
    """txid: ids of trades, with commas between."""

    txid: str | None = None
    trades: bool | None = None
    rebase_multiplier: str | None = None


@frozen(kw_only=True)
class OrderAmends(Private):
    order_id: str | None = None
    rebase_multiplier: str | None = None


@frozen(kw_only=True)
class Balance(Private):
    """Balance and BalanceEx."""

    rebase_multiplier: str | None = None


@frozen(kw_only=True)
class Ledgers(Private):
    """asset: with commas between; start, end, ofs: as of ClosedOrders, ids are those of entries."""

    asset: str | None = None
    aclass: str | None = None
    type: str | None = None
    start: str | None = None
    end: str | None = None
    ofs: int | None = None
    without_count: bool | None = None
    rebase_multiplier: str | None = None


@frozen(kw_only=True)
class QueryLedgers(Private):
    """id: of entries, with commas between; trades: with those that they belong to."""

    id: str | None = None
    trades: bool | None = None
    rebase_multiplier: str | None = None


@frozen(kw_only=True)
class TradeVolume(Private):
    """pair: with commas between."""

    pair: str | None = None
    rebase_multiplier: str | None = None


# Public questions, in the query string


@frozen(kw_only=True)
class AssetPairs:
    """pair: keys, altnames or wsnames with commas between; info: what else is listed of each."""

    pair: str | None = None
    aclass_base: str | None = None
    info: str | None = None
    country_code: str | None = None
    execution_venue: str | None = None


@frozen(kw_only=True)
class Assets:
    """asset: ids or altnames with commas between."""

    asset: str | None = None
    aclass: str | None = None
