"""Money and positions of a simulated Kraken Futures, over REST and on the optional feeds (spec B.13).

Amounts are JSON numbers; `accounts` can write them as text instead. Money: USD, or the currency that a key names.

https://docs.kraken.com/api-reference/account-information/get-wallets
https://docs.kraken.com/exchange/api-reference/futures-websocket/open_position
https://docs.kraken.com/exchange/api-reference/futures-websocket/balances
"""

from __future__ import annotations

from decimal import Decimal

from attrs import field, frozen

from ...kraken_futures.wire import SHOWN

__all__ = [
    "Auxiliary",
    "BalancesFrame",
    "CashAccount",
    "CurrencyRow",
    "FeedCurrency",
    "FlexAccount",
    "FlexFeed",
    "MarginAccount",
    "PositionRow",
    "PositionsFrame",
    "FeedPosition",
    "Requirements",
    "WalletFeed",
]

Number = Decimal | str
"""A number of JSON, or the same as text."""


# REST


@frozen(kw_only=True)
class CashAccount:
    type: str = "cashAccount"
    balances: dict[str, Number]


@frozen(kw_only=True)
class CurrencyRow:
    quantity: Number
    value: Number
    collateral: Number
    available: Number


@frozen(kw_only=True)
class FlexAccount:
    """The wallet that all linear contracts share."""

    type: str = "multiCollateralMarginAccount"
    currencies: dict[str, CurrencyRow]
    initialMargin: Number
    initialMarginWithOrders: Number
    maintenanceMargin: Number
    balanceValue: Number
    portfolioValue: Number
    collateralValue: Number
    pnl: Number
    unrealizedFunding: Number
    totalUnrealized: Number
    totalUnrealizedAsMargin: Number
    availableMargin: Number
    marginEquity: Number


@frozen(kw_only=True)
class Auxiliary:
    usd: Number
    pv: Number
    pnl: Number
    af: Number
    funding: Number


@frozen(kw_only=True)
class Requirements:
    """Initial margin, maintenance margin, liquidation and termination threshold."""

    im: Number
    mm: Number
    lt: Number
    tt: Number


@frozen(kw_only=True)
class MarginAccount:
    """The wallet of one inverse contract, in its base currency."""

    type: str = "marginAccount"
    currency: str
    balances: dict[str, Number]
    auxiliary: Auxiliary
    marginRequirements: Requirements
    triggerEstimates: Requirements


@frozen(kw_only=True)
class PositionRow:
    """price: average of the entry; size: contracts, without sign."""

    side: str
    symbol: str
    price: Decimal
    fillTime: str
    size: Decimal
    unrealizedFunding: Decimal | None = field(default=None, metadata=SHOWN)
    pnlCurrency: str | None = None
    maxFixedLeverage: Decimal | None = None


# Feeds


@frozen(kw_only=True)
class FeedPosition:
    """balance: contracts, negative = short."""

    instrument: str
    balance: Decimal
    pnl: Decimal
    entry_price: Decimal
    mark_price: Decimal
    index_price: Decimal
    liquidation_threshold: Decimal
    effective_leverage: Decimal
    return_on_equity: Decimal
    unrealized_funding: Decimal
    initial_margin: Decimal
    initial_margin_with_orders: Decimal
    maintenance_margin: Decimal
    pnl_currency: str
    max_fixed_leverage: Decimal | None = None


@frozen(kw_only=True)
class PositionsFrame:
    """All positions each time; none: the account is flat. timestamp: ms since 1970."""

    feed: str = "open_positions"
    account: str
    positions: list[FeedPosition]
    seq: int
    timestamp: int


@frozen(kw_only=True)
class FeedCurrency:
    quantity: Decimal
    value: Decimal
    collateral_value: Decimal
    available: Decimal
    haircut: Decimal = Decimal(0)
    conversion_spread: Decimal = Decimal(0)


@frozen(kw_only=True)
class FlexFeed:
    currencies: dict[str, FeedCurrency]
    balance_value: Decimal
    portfolio_value: Decimal
    collateral_value: Decimal
    initial_margin: Decimal
    initial_margin_without_orders: Decimal
    maintenance_margin: Decimal
    pnl: Decimal
    unrealized_funding: Decimal
    total_unrealized: Decimal
    total_unrealized_as_margin: Decimal
    margin_equity: Decimal
    available_margin: Decimal


@frozen(kw_only=True)
class WalletFeed:
    """One single-collateral wallet, in its own currency."""

    name: str
    pair: str
    unit: str
    portfolio_value: Decimal
    balance: Decimal
    maintenance_margin: Decimal
    initial_margin: Decimal
    available: Decimal
    unrealized_funding: Decimal
    pnl: Decimal


@frozen(kw_only=True)
class BalancesFrame:
    """A snapshot shows all parts, a delta those that changed. timestamp: ms since 1970."""

    feed: str
    account: str
    holding: dict[str, Decimal] | None = None
    futures: dict[str, WalletFeed] | None = None
    flex_futures: FlexFeed | None = None
    seq: int
    timestamp: int
