"""How a simulated Kraken Spot is set up, and the users and pairs that it has by default."""

from __future__ import annotations

from collections.abc import Mapping
from decimal import Decimal
from typing import Final

from attrs import field, frozen
from attrs.validators import ge, in_, le

from ..exchange import HttpReply
from .refusals import INVALID_ORDER, UNKNOWN_ORDER

__all__ = [
    "Asset",
    "DEFAULT_PAIRS",
    "DEFAULT_SECRET",
    "REFERENCE_PRICES",
    "KrakenSpotExchangeSettings",
    "KrakenSpotUser",
    "Pair",
]

SECOND: Final = 1_000_000_000
DEFAULT_SECRET: Final = "c2ltdWxhdGVkLWtyYWtlbi1zcG90LWRlbW8tc2VjcmV0LW5vdC1mb3ItdGhlLXJlYWwtdmVudWUtMDAwMDAwMA=="

DEFAULT_BALANCES: Final[Mapping[str, Decimal]] = {
    "USD": Decimal(10_000_000),
    "EUR": Decimal(10_000_000),
    "BTC": Decimal(1_000),
    "ETH": Decimal(10_000),
    "SOL": Decimal(100_000),
}


@frozen(kw_only=True)
class KrakenSpotUser:
    """A holder of an API key. api_secret: base64 text; account: users of one account share its orders; balances:
    by asset, of the account's first user; fees: fractions of the traded value; tier: `starter`, `intermediate` or
    `pro`; may_trade, may_stream: permissions of the key. Secrets never show in repr."""

    api_key: str = "demo-key"
    api_secret: str = field(default=DEFAULT_SECRET, repr=False)
    account: str = "ACCOUNT-1"
    balances: Mapping[str, Decimal] = field(factory=lambda: dict(DEFAULT_BALANCES))
    maker_fee: Decimal = Decimal("0.0016")
    taker_fee: Decimal = Decimal("0.0026")
    tier: str = field(default="pro", validator=in_(("starter", "intermediate", "pro")))
    may_trade: bool = True
    may_stream: bool = True


@frozen(kw_only=True)
class Asset:
    """A currency. code: its key in REST; altname: the other name there; decimals: places of balances; display_decimals:
    places that people are shown; collateral_value: the part of it that counts as security for margin."""

    code: str
    altname: str
    decimals: int
    display_decimals: int
    collateral_value: Decimal = Decimal("1.0")

    @classmethod
    def usual(cls, code: str) -> Asset:
        """As most are: money has four places, everything else ten."""
        is_money = code.startswith("Z")
        has_prefix = len(code) == 4 and code[0] in "XZ"
        return cls(
            code=code,
            altname=code[1:] if has_prefix else code,
            decimals=4 if is_money else 10,
            display_decimals=2 if is_money else 5,
        )


@frozen(kw_only=True)
class Pair:
    """A market. symbol: of the WebSocket; rest_name, altname, websocket_name: as REST spells it; decimals: places of
    prices, quantities and costs; order_minimum: base units; cost_minimum: quote currency; leverage: what margin orders
    may have, nothing where there is no margin; long_limit, short_limit: of a position on margin, base units."""

    symbol: str
    rest_name: str
    altname: str
    websocket_name: str
    base_code: str
    quote_code: str
    price_decimals: int
    lot_decimals: int = 8
    cost_decimals: int = 5
    order_minimum: Decimal = Decimal("0.0001")
    cost_minimum: Decimal = Decimal("0.5")
    leverage: tuple[int, ...] = (2, 3, 4, 5)
    long_limit: int = 350
    short_limit: int = 250

    @property
    def base(self) -> str:
        return self.symbol.partition("/")[0]

    @property
    def quote(self) -> str:
        return self.symbol.partition("/")[2]

    @property
    def tick(self) -> Decimal:
        """Price increment, quote currency per unit."""
        return Decimal(1).scaleb(-self.price_decimals)

    @property
    def lot(self) -> Decimal:
        """Quantity increment, base units."""
        return Decimal(1).scaleb(-self.lot_decimals)

    @property
    def names(self) -> tuple[str, ...]:
        """Whatever REST takes as the name of this pair."""
        return (self.rest_name, self.altname, self.websocket_name, self.symbol)


DEFAULT_PAIRS: Final = (
    Pair(
        symbol="BTC/USD",
        rest_name="XXBTZUSD",
        altname="XBTUSD",
        websocket_name="XBT/USD",
        base_code="XXBT",
        quote_code="ZUSD",
        price_decimals=1,
        order_minimum=Decimal("0.00005"),
    ),
    Pair(
        symbol="ETH/USD",
        rest_name="XETHZUSD",
        altname="ETHUSD",
        websocket_name="ETH/USD",
        base_code="XETH",
        quote_code="ZUSD",
        price_decimals=2,
        order_minimum=Decimal("0.001"),
    ),
    Pair(
        symbol="SOL/EUR",
        rest_name="SOLEUR",
        altname="SOLEUR",
        websocket_name="SOL/EUR",
        base_code="SOL",
        quote_code="ZEUR",
        price_decimals=2,
        order_minimum=Decimal("0.02"),
    ),
)
REFERENCE_PRICES: Final[Mapping[str, Decimal]] = {
    "BTC/USD": Decimal("64000.0"),
    "ETH/USD": Decimal("3000.00"),
    "SOL/EUR": Decimal("150.00"),
}


@frozen(kw_only=True)
class KrakenSpotExchangeSettings:
    """Times in ns. Where the real venue's behaviour is not known, there is a switch; its first position is our guess.

    Markets: reference_prices: centre of the quotes, index price and first last price; quotes: keep resting quotes of
    the market maker in the book, quote_levels deep, quote_value (quote currency) at each, quote_step (percent) apart;
    price_band: how far (percent) a limit may be from the reference price, None for any; history: ended orders kept
    for queries, and executions in the ledger's queries; system: state of the engine at the start.

    Access: token_lifetime: until a token must be used; invalid_tokens: numbers, from 1, of private requests over
    sockets whose token is worthless from then on; rate_limit: enforce the trading and REST counters and the limit of
    open orders; history_cost: what a REST call counts that reads a history, 2 today, 4 before; message_rate: messages a
    session may send in a second, None for any; idle_timeout: a session without traffic, pings of the WebSocket
    included, is closed after this; subscription_timeout: so is one without a subscription, whatever its traffic, None
    for never.

    Asking: strict: what the documentation does not list is refused over REST and noted in the exchange's `violations`,
    else it is passed over, as the real venue may; numeric_booleans: forms may have 1 and 0 for true and false;
    json_close_keys: `close[…]` keys in a JSON body are `refused` or `ignored`; whole_numbers: the socket takes amounts
    and prices without a point; uppercase_ids: client order ids that are free text may have capitals;
    named_conditionals: the socket takes a conditional close and a client order id in one order; socket_fok: the socket
    takes FOK; limit_distance_from: the distance of a triggered order's limit counts from its `trigger`, or from the
    `last` price.

    Reports: echo_client_ids: client order ids come on deltas, too (`delta_echo_cl_ord_id`); strict_delta: amendments
    come without quantities; omit_filled: no `filled` after the last trade; events_first: reports come before the
    answers of what caused them; reports_per_message: at most; heartbeat: after this much silence; rest_events: the
    sockets hear what was done over REST; trade_fees: trades come with their fees `told`, with `fees` `missing`, or with
    an `empty` list; rebates: a negative fee is `negative`, or the list is `empty`; fired_snapshot: exec_type of a
    triggered order in the snapshot after it fired, `status` or `new`; ratecounter_field: what the trading counter is
    called; trades_without_status: trades come also to those who want no order_status.

    Answers: post_only: an order that would trade is canceled by an `event` or refused by an `error`; gone_error: the
    text for an order that is gone or never was; batch_objects: batch_add answers with `{"orders": [...]}`; failed_legs:
    legs of batch_add that fail are `told`, or `left out`; engine_delay: how old a request is when its deadline is
    checked; place_errors: texts by which placements are refused, by their number from 1; errors: texts by which any
    request is refused, by the name of its method or REST call, then by its number; http_replies: likewise HTTP replies
    in place of the venue's answer, `v2` for the upgrade of a socket.

    REST: rest_lag: lists and histories show the book as it was so long ago, at most a minute; query_without_txid: a
    QueryOrders without `txid` is `refused`, or finds nothing (`empty`); consolidated_id: a trade that was put together
    has an id of its `own`, or that of its `first` part; refid_as_text: `None` in place of null; zero_userref: 0 where
    an order has no tag, and over the socket neither tag nor client order id; pair_class: descriptions of orders have
    `aclass`; fee_tiers: AssetPairs has the tables that it had until September 2026; balances_as_numbers: BalanceEx has
    numbers.
    """

    users: tuple[KrakenSpotUser, ...] = (KrakenSpotUser(),)
    pairs: tuple[Pair, ...] = DEFAULT_PAIRS
    reference_prices: Mapping[str, Decimal] = field(factory=lambda: dict(REFERENCE_PRICES))
    quotes: bool = True
    quote_levels: int = 5
    quote_value: Decimal = Decimal(50_000)
    quote_step: Decimal = Decimal("0.01")
    price_band: Decimal | None = None
    history: int = 100_000
    system: str = "online"

    token_lifetime: int = 900 * SECOND
    invalid_tokens: frozenset[int] = frozenset()
    rate_limit: bool = False
    history_cost: int = field(default=2, validator=in_((2, 4)))
    message_rate: int | None = None
    idle_timeout: int = 60 * SECOND
    subscription_timeout: int | None = 60 * SECOND

    strict: bool = False
    numeric_booleans: bool = False
    json_close_keys: str = field(default="refused", validator=in_(("refused", "ignored")))
    whole_numbers: bool = True
    uppercase_ids: bool = True
    named_conditionals: bool = True
    socket_fok: bool = True
    limit_distance_from: str = field(default="trigger", validator=in_(("trigger", "last")))

    echo_client_ids: bool = True
    strict_delta: bool = False
    omit_filled: bool = False
    events_first: bool = False
    reports_per_message: int = 1
    heartbeat: int = SECOND
    rest_events: bool = True
    trade_fees: str = field(default="told", validator=in_(("told", "missing", "empty")))
    rebates: str = field(default="negative", validator=in_(("negative", "empty")))
    fired_snapshot: str = field(default="status", validator=in_(("status", "new")))
    ratecounter_field: str = field(default="ratecount", validator=in_(("ratecount", "rate_count")))
    trades_without_status: bool = True

    post_only: str = field(default="event", validator=in_(("event", "error")))
    gone_error: str = field(default=INVALID_ORDER, validator=in_((INVALID_ORDER, UNKNOWN_ORDER)))
    batch_objects: bool = False
    failed_legs: str = field(default="told", validator=in_(("told", "left out")))
    engine_delay: int = 0
    place_errors: Mapping[int, str] = field(factory=dict)
    errors: Mapping[str, Mapping[int, str]] = field(factory=dict)
    http_replies: Mapping[str, Mapping[int, HttpReply]] = field(factory=dict)

    rest_lag: int = field(default=0, validator=[ge(0), le(60 * SECOND)])
    query_without_txid: str = field(default="refused", validator=in_(("refused", "empty")))
    consolidated_id: str = field(default="own", validator=in_(("own", "first")))
    refid_as_text: bool = False
    zero_userref: bool = False
    pair_class: bool = False
    fee_tiers: bool = False
    balances_as_numbers: bool = False
