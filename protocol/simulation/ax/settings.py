"""How a simulated AX Exchange is set up, and the accounts and instruments that it has by default."""

from __future__ import annotations

from collections.abc import Mapping
from decimal import Decimal
from typing import Final

from attrs import field, frozen

from ...ax.wire import InstrumentRow

__all__ = ["DEFAULT_INSTRUMENTS", "REFERENCE_PRICES", "AxExchangeSettings", "AxUser", "Scope"]

SECOND: Final = 1_000_000_000


class Scope:
    """What a key may do."""

    FULL_ACCESS: Final = "full_access"
    READ_ONLY: Final = "read_only"


@frozen(kw_only=True)
class AxUser:
    """A user, who may log in by key or by name. accounts: the first is the default one. balance: USD for each
    account; fees: fractions of the traded value, negative = rebate. Secrets never show in repr."""

    id: str = "01KTRADER00000000000000001"
    api_key: str = "demo-key"
    api_secret: str = field(default="demo-secret", repr=False)
    username: str = "trader"
    password: str = field(default="demo-password", repr=False)
    totp: str | None = field(default=None, repr=False)
    scope: str = Scope.FULL_ACCESS
    accounts: tuple[str, ...] = ("ACCOUNT-1",)
    balance: Decimal = Decimal(1_000_000)
    maker_fee: Decimal = Decimal("0.00002")
    taker_fee: Decimal = Decimal("0.00005")
    close_only: bool = False


def _row(symbol: str, tick: str, minimum: str, category: str, description: str) -> InstrumentRow:
    return InstrumentRow(
        symbol=symbol,
        multiplier=Decimal(1),
        tick_size=Decimal(tick),
        minimum_order_size=Decimal(minimum),
        quote_currency="USD",
        initial_margin_pct=Decimal(5),
        maintenance_margin_pct=Decimal(4),
        funding_settlement_currency="USD",
        category=category,
        price_scale=int(1 / Decimal(tick)),
        price_band_lower_deviation_pct=Decimal(10),
        price_band_upper_deviation_pct=Decimal(10),
        description=description,
    )


DEFAULT_INSTRUMENTS: Final = (
    _row("EURUSD-PERP", "0.0001", "100", "fx", "euro against dollar, perpetual"),
    _row("XAU-PERP", "0.1", "1", "metals", "gold, perpetual"),
    _row("BTC-PERP", "0.5", "1", "crypto", "bitcoin, perpetual"),
)
REFERENCE_PRICES: Final[Mapping[str, Decimal]] = {
    "EURUSD-PERP": Decimal("1.1000"),
    "XAU-PERP": Decimal("2411.0"),
    "BTC-PERP": Decimal("98000.0"),
}


@frozen(kw_only=True)
class AxExchangeSettings:
    """Times in ns, quantities in contracts.

    strict: what a client sends that AX does not document is refused, and written into the exchange's `violations`; the
    real venue, like this one otherwise, ignores it in silence (spec 1.2, 9 #13).

    reference_prices: centre of the price bands, and of the quotes; quotes: keep the market maker's quotes in the book,
    quote_levels deep, quote_size times the minimum at each; heartbeat: period; token_lifetime: at most;
    rate_limit: requests per second and user, None for none; retry_after: seconds, or text, that go along with status
    429 and 503, None for nothing; acknowledge_after: orders stay PENDING for this long;
    supports_stop_limit: honour trigger_price, which today's venue ignores; state_reasons: give the reasons of cancels
    that was not asked for; rest_events: the sockets hear what was done over REST; rest_lag: lists and history over REST
    show what was so long ago; page_size: rows on a page of history, if the client names no limit; history_by_change:
    the time range of `/orders` is about when an order changed last, not when it was received; fills_span:
    `/fills` shows nothing older, None for all, and `/orders/order-fills` everything; legacy: speak in older shapes;
    history: ended orders kept for queries; cancel_of_unknown: how to answer a cancel of an order that has ended
    or never was: `event`, `404` or `declined`; status_by_cid: which order a status by `cid` shows: the `newest` of
    that `cid`, or the `oldest`, if it has ended.
    """

    strict: bool = False
    users: tuple[AxUser, ...] = (AxUser(),)
    instruments: tuple[InstrumentRow, ...] = DEFAULT_INSTRUMENTS
    reference_prices: Mapping[str, Decimal] = field(factory=lambda: dict(REFERENCE_PRICES))
    quotes: bool = True
    quote_levels: int = 5
    quote_size: int = 5
    heartbeat: int = SECOND
    token_lifetime: int = 24 * 3600 * SECOND
    rate_limit: int | None = None
    rate_burst: int = 100
    retry_after: int | str | None = None
    acknowledge_after: int = 0
    supports_stop_limit: bool = False
    state_reasons: bool = False
    rest_events: bool = True
    rest_lag: int = 0
    page_size: int = 100
    history_by_change: bool = False
    fills_span: int | None = None
    legacy: bool = False
    max_open_orders: int = 1000
    history: int = 100_000
    cancel_of_unknown: str = "event"
    status_by_cid: str = "newest"
