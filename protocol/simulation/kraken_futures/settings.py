"""How a simulated Kraken Futures is set up, and the accounts and instruments that it has by default."""

from __future__ import annotations

from collections.abc import Mapping
from decimal import Decimal
from typing import Final

from attrs import Attribute, field, frozen
from attrs.validators import gt, in_

from ..book import SelfTrade
from .instrument_rows import InstrumentRow, MarginLevel

__all__ = [
    "DEFAULT_INSTRUMENTS",
    "DEMO_ACCOUNT",
    "DEMO_SECRET",
    "REFERENCE_PRICES",
    "KrakenFuturesExchangeSettings",
    "KrakenFuturesUser",
    "POST_REASONS",
]

SECOND: Final = 1_000_000_000
POST_REASONS: Final = (
    "post_order_failed_because_it_would_filled",
    "post_order_failed_because_it_would_be_filled",
)
DEMO_SECRET: Final = (
    "dHJpby1vcmRlcnMgc2ltdWxhdGVkIEtyYWtlbiBGdXR1cmVzIGRlbW8gc2VjcmV0LCBub3QgYSByZWFsIG9uZS4="  # nothing real opens
)
DEMO_ACCOUNT: Final = "f0f0f0f0-0000-4000-8000-000000000001"


@frozen(kw_only=True)
class KrakenFuturesUser:
    """An API key and the account that it trades on; keys with equal `account` share it, on the terms of the first.

    api_secret: base64, never in repr; balance: USD; fees: fractions of the traded value, negative = rebate;
    fixed_leverage: what the user set for himself, None for nothing; read_only: the key may not change anything;
    active False: every call is refused as of an inactive account.
    """

    api_key: str = "demo-key"
    api_secret: str = field(default=DEMO_SECRET, repr=False)
    account: str = DEMO_ACCOUNT
    balance: Decimal = Decimal(1_000_000)
    maker_fee: Decimal = Decimal("-0.0001")
    taker_fee: Decimal = Decimal("0.0005")
    fixed_leverage: Decimal | None = None
    read_only: bool = False
    active: bool = True


LEVELS: Final = ((0, "0.02", "0.01"), (500_000, "0.04", "0.02"))
RETAIL_LEVELS: Final = ((0, "0.5", "0.25"),)
"""From which size on, initial and maintenance margin."""


def _level(size: int, initial: str, maintenance: str, *, inverse: bool) -> MarginLevel:
    return MarginLevel(
        contracts=size if inverse else None,
        numNonContractUnits=None if inverse else Decimal(size),
        initialMargin=Decimal(initial),
        maintenanceMargin=Decimal(maintenance),
    )


def _row(symbol: str, base: str, tick: str, places: int, most: int) -> InstrumentRow:
    """A perpetual contract against USD."""
    inverse = symbol.startswith("PI_")
    return InstrumentRow(
        symbol=symbol,
        pair=f"{base}:USD",
        base=base,
        quote="USD",
        type="futures_inverse" if inverse else "flexible_futures",
        underlying=f"rr_{symbol[3:].lower()}" if inverse else None,
        tickSize=Decimal(tick),
        maxPositionSize=Decimal(most),
        marginLevels=[_level(*level, inverse=inverse) for level in LEVELS],
        retailMarginLevels=[_level(*level, inverse=inverse) for level in RETAIL_LEVELS],
        fundingRateCoefficient=24,
        maxRelativeFundingRate=Decimal("0.0025"),
        isin="GB00SIM00001",
        contractValueTradePrecision=places,
        feeScheduleUid="bbbbbbbb-0000-4000-8000-000000000001",
        category="" if inverse else "Layer 1",
    )


DEFAULT_INSTRUMENTS: Final = (
    _row("PF_XBTUSD", "BTC", "0.5", 4, 1_000),
    _row("PF_ETHUSD", "ETH", "0.1", 3, 20_000),
    _row("PI_XBTUSD", "BTC", "0.5", 0, 70_000_000),
)
REFERENCE_PRICES: Final[Mapping[str, Decimal]] = {
    "PF_XBTUSD": Decimal("65000.0"),
    "PF_ETHUSD": Decimal("3000.0"),
    "PI_XBTUSD": Decimal("65000.0"),
}


def _not_negative(_: object, attribute: Attribute[int], value: int) -> None:
    if value < 0:
        raise ValueError(f"{attribute.name} must not be negative.")


@frozen(kw_only=True)
class KrakenFuturesExchangeSettings:
    """Times in ns, quantities in contracts, percentages as such. What is called not proven has two positions because
    it is not known which is the real venue's; the default is the likelier one.

    strict: what a client sends that the documentation does not list is refused, and written into the exchange's
    `violations`, also where the real venue would ignore it; else it is ignored, or taken where the venue is known to.
    clock_skew: how far the venue's clock is ahead of the carrier's; `serverTime`, `processBefore` and every timestamp
    go by it.

    Market: reference_prices: centre of the quotes, and the first last, mark and index price; quotes: keep the market
    maker's quotes in the book, quote_levels deep, worth quote_value USD each; price_protection: how far from the best
    price a market order may trade; price_collar: how far through the mark a limit may be; dislocation: how far mark and
    index may lie apart before orders that would widen this are refused, None for no such check.

    Risk: initial_margin, maintenance_margin: fractions of the value; most_leverage: largest fixed leverage;
    most_orders: open ones; most_small_orders: open ones worth less than small_order USD; self_trade: what gives way.

    Order life: maker_protection: how long orders and edits that are not post-only are held, while cancels overtake
    them; child_order_id: of the order that a fired stop becomes, `same` or `new` (not proven); child_client_id: `same`,
    `new` or `none` (not proven); announce_child: it is announced as open before it trades, also if it then never rests;
    reuse_client_ids: an id may be used again once its order has ended; disagreeing_ids: what a call means whose two
    ids are of two orders, nothing (`not_found`) or the one with the `order_id` (not proven); history: ended orders, and
    events in each list of the history, that are kept.

    Feeds: heartbeat: period; snapshot_first: before its acknowledgement; fills_first: a fill comes before what it
    does to the open order; qty_semantics: `remaining` or `total` (not proven); full_fill, remainder, removal: how the
    end of a filled, a partly filled, and any other order is shown, `delta` or `cancel_only`; tell_never_rested: the
    plain feed shows the end of orders that traded without ever resting (spec B.6 leaves them to the verbose feed, but
    then the feed would lack what spec E.5 asks for: that the rest of an immediate order is removed); tell_rejects:
    and of those that were refused; post_reason: how a refused post-only order is shown, `…would_filled` or
    `…would_be_filled`; zero_prices: a price that is not there is 0, else left out; omit_client_id: on removals;
    fees_on_feed: fills come with their fee, else only with fills over REST; text_pings: a text `ping` is answered
    (not proven); feed_delay: what a REST call causes is published this much after its answer.

    History (spec B.13): history_page: elements on one page unless the call asks for another count; history_choice: what
    a call that names neither `opened` nor `closed` gets, `all`, `opened` or `closed` (not proven);
    history_places_with_fills: what trades as it comes is one OrderPlaced that shows the fills, else by
    OrderPlaced and OrderUpdated; history_shows_new_as_old: oldOrder of an update shows the new state already (seen
    live); older_executions: as the venue showed them formerly, `execution` with makerOrder and takerOrder;
    execution_uid: the uid of an execution is the `fill_id`, or one of its `own` (not proven).

    REST: listing_delay: orders appear in openorders this much later; unfilled_on_triggers: rows of triggers have
    unfilledSize (some came without it); microseconds: times of openorders have six decimals, not three;
    fees_in_fills: fills have their fee; text_balances: `balances` of accounts are text, not numbers; fill_statuses:
    say `filled` and `partiallyFilled`, not only `placed`; snake_case: ids in answers are spelt cli_ord_id;
    nested_cancels: cancels in a batch answer with a cancelStatus; status_by_get: orders/status answers GET, too, which
    is not documented; parser_refusals: an unknown order type is refused by the parser; errors_array: the code of a
    refusal is also in an array `errors`; server_time: answers have serverTime; nonce_window: how far below the highest
    a nonce may be, in its own unit; throttle: enforce the budgets of calls, the requests of a connection and
    most_connections.
    """

    strict: bool = False
    clock_skew: int = 0

    users: tuple[KrakenFuturesUser, ...] = (KrakenFuturesUser(),)
    instruments: tuple[InstrumentRow, ...] = DEFAULT_INSTRUMENTS
    reference_prices: Mapping[str, Decimal] = field(factory=lambda: dict(REFERENCE_PRICES))
    quotes: bool = True
    quote_levels: int = 5
    quote_value: Decimal = Decimal(100_000)
    price_protection: Decimal = Decimal(1)
    price_collar: Decimal = Decimal(10)
    dislocation: Decimal | None = None

    initial_margin: Decimal = Decimal("0.02")
    maintenance_margin: Decimal = Decimal("0.01")
    most_leverage: Decimal = Decimal(50)
    most_orders: int = 1000
    most_small_orders: int = 200
    small_order: Decimal = Decimal(1)
    self_trade: SelfTrade = SelfTrade.CANCEL_INCOMING

    maker_protection: int = field(default=0, validator=_not_negative)
    child_order_id: str = field(default="same", validator=in_(("same", "new")))
    child_client_id: str = field(default="same", validator=in_(("same", "new", "none")))
    announce_child: bool = True
    reuse_client_ids: bool = False
    disagreeing_ids: str = field(default="not_found", validator=in_(("not_found", "order_id")))
    history: int = 100_000

    heartbeat: int = field(default=SECOND, validator=gt(0))
    snapshot_first: bool = False
    fills_first: bool = True
    qty_semantics: str = field(default="remaining", validator=in_(("remaining", "total")))
    full_fill: str = field(default="delta", validator=in_(("delta", "cancel_only")))
    remainder: str = field(default="delta", validator=in_(("delta", "cancel_only")))
    removal: str = field(default="cancel_only", validator=in_(("delta", "cancel_only")))
    tell_never_rested: bool = True
    tell_rejects: bool = False
    post_reason: str = field(default=POST_REASONS[0], validator=in_(POST_REASONS))
    zero_prices: bool = True
    omit_client_id: bool = False
    fees_on_feed: bool = True
    text_pings: bool = True
    feed_delay: int = field(default=0, validator=_not_negative)

    history_page: int = field(default=100, validator=gt(0))
    history_choice: str = field(default="all", validator=in_(("all", "opened", "closed")))
    history_places_with_fills: bool = True
    history_shows_new_as_old: bool = False
    older_executions: bool = False
    execution_uid: str = field(default="fill_id", validator=in_(("fill_id", "own")))

    listing_delay: int = field(default=0, validator=_not_negative)
    unfilled_on_triggers: bool = True
    microseconds: bool = False
    fees_in_fills: bool = True
    text_balances: bool = False
    fill_statuses: bool = False
    snake_case: bool = False
    nested_cancels: bool = False
    status_by_get: bool = False
    parser_refusals: bool = False
    errors_array: bool = False
    server_time: bool = True
    nonce_window: int = 10_000
    throttle: bool = False
    most_connections: int = field(default=100, validator=gt(0))
