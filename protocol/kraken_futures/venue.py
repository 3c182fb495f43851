"""Kraken Futures as a venue: its settings, its login, and its rules for orders. The wire itself is in `codec`, order
entry in `entry` and `answers`.

Kraken switches Derivatives REST v3 and Derivatives WebSocket v1, which this speaks, off on 1 March 2027.
https://docs.kraken.com/exchange/guides/futures/rest
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

from attrs import field, frozen

from .. import requests
from ..commands import Replace
from ..errors import WireError
from ..facts import Fact
from ..orders import NewOrder
from ..reasons import RejectReason
from ..settings import check_positive, check_url, without_slash
from ..values import ClientOrderId, Instrument, WireId
from ..venue import BatchRules, HttpAnswer, HttpCall, Opening, Silence, Upgrade, VenueDefaults, VenueRules
from ..wire.times import SECOND
from . import checks
from .codec import FuturesWire
from .enumerations import why_refused
from .instruments import VENUE, instruments_call, read_instruments
from .limits import BUDGETS
from .order_entry import HTTP_REQUESTS, MOST_CANCELS, MOST_ORDERS, encode
from .quantity import QuantitySemantics
from .rest_answers import is_over_budget, read_answer, told_time
from .signing import Credentials

__all__ = ["KrakenFuturesSettings", "KrakenFuturesVenue"]

SOCKET: Final = "wss://futures.kraken.com/ws/v1"
REST: Final = "https://futures.kraken.com"
LISTS_LAG: Final = 5 * SECOND
"""How far the lists and histories over REST may follow behind the feeds (spec E.13)."""


@frozen(kw_only=True)
class KrakenFuturesSettings:
    """Where Kraken Futures is and who we are there. Secrets never show in repr. Times in seconds.

    websocket_url, rest_url: the venue's own unless given; it has no other, for play money or tests.
    api_secret: base64 text, as the venue shows it. qty_semantics: how to read `qty` on the orders feed; auto finds out.
    heartbeat: ask the venue for heartbeats, so that a quiet connection does not look dead.
    process_within: the venue refuses what reaches it later than this, None: it is not told (`processBefore`).
    ping_period: the venue wants a ping at least every 60 s. audit_period: how often, while orders are open, the fills
    are read again and what is open is compared with the venue's list. use_budget: keep within the venue's cost budget.
    fills_lag: how long fills may come behind a total before one is missed.
    """

    api_key: str = field(repr=False)
    api_secret: str = field(repr=False)
    websocket_url: str = field(default=SOCKET, validator=check_url("wss", "ws"))
    rest_url: str = field(default=REST, converter=without_slash, validator=check_url("https", "http"))
    qty_semantics: QuantitySemantics = field(default=QuantitySemantics.AUTO, converter=QuantitySemantics)
    heartbeat: bool = True
    request_timeout: float = field(default=10.0, validator=check_positive)
    process_within: float | None = 5.0
    ping_period: float = field(default=20.0, validator=check_positive)
    audit_period: float = field(default=60.0, validator=check_positive)
    use_budget: bool = True
    fills_lag: float = field(default=1.0, validator=check_positive)
    user_agent: str = "trio-orders"

    def __attrs_post_init__(self) -> None:
        if not self.api_key:
            raise ValueError("There are no credentials for Kraken Futures: give an API key with its secret.")
        Credentials(self.api_key, self.api_secret)


@frozen
class KrakenFuturesVenue(VenueDefaults):
    """Kraken Futures behind the seam of `protocol.venue`."""

    settings: KrakenFuturesSettings
    rules: VenueRules = field(init=False)
    _credentials: Credentials = field(init=False, repr=False)

    @rules.default
    def _make_rules(self) -> VenueRules:
        settings = self.settings
        return VenueRules(
            venue=VENUE,
            request_timeout=int(settings.request_timeout * SECOND),
            lists_lag=LISTS_LAG,
            http_requests=HTTP_REQUESTS,
            changes_in_place=True,
            fills_lag=int(settings.fills_lag * SECOND),
            freshness=SECOND,
            throttled_cancel_delays=(SECOND, 2 * SECOND, 4 * SECOND),
            reads_history=True,
            audit_period=int(settings.audit_period * SECOND),
            absence_needs_history=True,
            triggers_apart=True,
            unnamed_events=True,
            stops_go_on=True,
            check_unfilled_cancels=True,
            process_within=None if settings.process_within is None else int(settings.process_within * SECOND),
            tells_time=True,
            late_refusals=frozenset({"wouldProcessAfterSpecifiedTime"}),
            batch=BatchRules(most=MOST_CANCELS, most_orders=MOST_ORDERS, market=False),
            cancel_all_after=True,
            ping_period=int(settings.ping_period * SECOND),
            needs_token=False,
            silence=Silence.BEATS if settings.heartbeat else Silence.NOTHING,  # spec B.2
            budgets=BUDGETS if settings.use_budget else {},
        )

    @_credentials.default
    def _make_credentials(self) -> Credentials:
        return Credentials(self.settings.api_key, self.settings.api_secret)

    # Connecting. There is no token: every call is signed, and every connection answers a challenge of its own.

    @property
    def rest_url(self) -> str:
        return self.settings.rest_url

    def login_call(self) -> HttpCall | None:
        return None

    def read_token(self, answer: HttpAnswer) -> str:
        raise WireError("Kraken Futures has no tokens.")

    @property
    def token_lifetime(self) -> int | None:
        return None

    def upgrade(self, token: str) -> Upgrade:
        return Upgrade(url=self.settings.websocket_url, headers=(("User-Agent", self.settings.user_agent),))

    @property
    def heartbeat(self) -> tuple[str, int] | None:
        return None  # WebSocket pings do it: see the rules

    def instruments_call(self) -> HttpCall:
        return instruments_call()

    def read_instruments(self, answer: HttpAnswer) -> tuple[Instrument, ...]:
        return read_instruments(answer)

    # Wire

    def open_wire(self, opening: Opening) -> FuturesWire:
        """The reading side of one new connection."""
        settings = self.settings
        return FuturesWire(self._credentials, opening.instruments, settings.qty_semantics, settings.heartbeat)

    def encode(self, request: requests.Request, token: str | None = None) -> HttpCall:
        return encode(request, self._credentials)

    def read_answer(self, request: requests.Request, answer: HttpAnswer) -> tuple[Fact, ...]:
        return (*told_time(request, answer), *read_answer(request, answer))

    def is_over_budget(self, answer: HttpAnswer) -> bool:
        return is_over_budget(answer)

    def why_refused(self, reason: str) -> RejectReason:
        return why_refused(reason)

    # Orders

    def check_order(self, order: NewOrder, instruments: Mapping[str, Instrument]) -> Instrument:
        return checks.check_order(order, instruments)

    def check_terms(self, order: NewOrder, instrument: Instrument) -> None:
        checks.check_terms(order, instrument)

    def check_change(self, change: Replace, instrument: Instrument) -> None:
        checks.check_change(change, instrument)

    def wire_id(self, client_order_id: ClientOrderId) -> WireId:
        """Whole: the venue takes up to 100 characters (spec B.12)."""
        return client_order_id
