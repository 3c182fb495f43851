"""Kraken Spot behind the seam of `protocol.venue`: its rules, and which file of this package does what."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

from attrs import field, frozen

from .. import requests
from ..client_order_ids import short_form
from ..commands import Replace
from ..facts import Fact
from ..orders import NewOrder
from ..reasons import RejectReason
from ..values import ClientOrderId, Instrument, SystemMode, WireId
from ..venue import (
    BatchRules,
    HttpAnswer,
    HttpCall,
    Opening,
    SignedCall,
    Silence,
    Throttle,
    Upgrade,
    VenueDefaults,
    VenueRules,
)
from ..wire.times import SECOND
from . import checks
from .codec import SpotWire
from .enumerations import CALL_LIMITS, why_refused
from .handshake import read_token
from .instruments import VENUE, instruments_call, read_instruments, read_names
from .limits import TradingThrottle, rest_budgets, trading_terms
from .options import KrakenSpotOptions
from .order_entry import FEWEST_ORDERS, MOST_ORDERS, SOCKET_REQUESTS, encode
from .rest_answers import is_number_refused, is_over_budget, read_answer
from .rest_order_entry import REST_ONLY, encode_rest, token_call
from .settings import KrakenSpotSettings
from .signing import Credentials
from .symbols import symbol_of_pair

__all__ = ["KrakenSpotSettings", "KrakenSpotVenue"]

LOCKED_OUT: Final = "Temporary lockout"
LOCKOUT: Final = 900 * SECOND
LIMIT_PAUSE: Final = 5 * SECOND
"""After this long the slowest counter of calls has room for another login (spec A.15)."""
TOKEN_LIFETIME: Final = 900 * SECOND
LISTS_LAG: Final = 60 * SECOND
"""How far the lists over REST may follow behind the socket (spec A.17, E.13)."""
PING: Final = '{"method":"ping"}'


@frozen
class KrakenSpotVenue(VenueDefaults):
    """Kraken Spot behind the seam of `protocol.venue`. It remembers the names of pairs from the list of instruments."""

    settings: KrakenSpotSettings
    rules: VenueRules = field(init=False)
    _names: dict[str, str] = field(init=False, factory=dict, eq=False, repr=False)
    _credentials: Credentials = field(init=False, repr=False)

    @rules.default
    def _make_rules(self) -> VenueRules:
        settings = self.settings
        within = settings.process_within
        return VenueRules(
            venue=VENUE,
            request_timeout=int(settings.request_timeout * SECOND),
            lists_lag=LISTS_LAG,
            http_requests=REST_ONLY | SOCKET_REQUESTS if settings.rest_entry else REST_ONLY,
            expiry_is_cancel=frozenset(),
            changes_in_place=True,
            fills_lag=int(settings.fills_lag * SECOND),
            freshness=SECOND,
            throttled_cancel_delays=(SECOND, 2 * SECOND, 4 * SECOND),
            reads_history=True,
            unnamed_events=True,
            audit_period=int(settings.audit_period * SECOND),
            process_within=None if within is None else int(within * SECOND),
            tells_time=True,
            late_refusals=frozenset({"Deadline elapsed"}),
            batch=BatchRules(
                most=MOST_ORDERS,
                most_orders=MOST_ORDERS,
                least=FEWEST_ORDERS,
                one_symbol=True,
                kinds=frozenset({requests.PlaceOrder}),
            ),
            cancels_by_symbol=False,
            cancel_all_after=True,
            pauses=dict.fromkeys(CALL_LIMITS, LIMIT_PAUSE) | {LOCKED_OUT: LOCKOUT},
            maintenance_pause=5 * SECOND,
            ping_period=int(settings.ping_period * SECOND),
            nonce_unit=1,
            budgets=rest_budgets(settings.tier) if settings.use_budget else {},
            fresh_token=True,
            order_options=(KrakenSpotOptions,),
            silence=Silence.DEAD,  # a heartbeat every second in which nothing else is said (spec A.4)
        )

    @_credentials.default
    def _make_credentials(self) -> Credentials:
        return Credentials(self.settings.api_key, self.settings.api_secret, self.settings.otp)

    # Connecting: a signed call gives a session token, which goes into the subscription and into every request

    @property
    def rest_url(self) -> str:
        return self.settings.rest_url

    def login_call(self) -> SignedCall:
        return token_call(self._credentials)

    def read_token(self, answer: HttpAnswer) -> str:
        return read_token(self.settings, answer)

    @property
    def token_lifetime(self) -> int | None:
        """It must be used for the first time within this time; then it is good as long as the connection lives."""
        return TOKEN_LIFETIME

    def upgrade(self, token: str) -> Upgrade:
        return Upgrade(url=self.settings.websocket_url, headers=(("User-Agent", self.settings.user_agent),))

    @property
    def heartbeat(self) -> tuple[str, int] | None:
        """A ping of the venue's own kind: it answers with a message, so a quiet connection shows that it lives."""
        return PING, int(self.settings.ping_period * SECOND)

    def instruments_call(self) -> HttpCall:
        return instruments_call()

    def read_instruments(self, answer: HttpAnswer) -> tuple[Instrument, ...]:
        instruments = read_instruments(answer)
        self._names.update(read_names(answer))
        return instruments

    # Wire

    def open_wire(self, opening: Opening) -> SpotWire:
        """The reading side of one new connection. Its token must have been fetched just before."""
        return SpotWire(opening)

    def encode(self, request: requests.Request, token: str | None = None) -> str | SignedCall:
        """token: goes into every frame; a call over REST needs none."""
        over_socket = type(request) in SOCKET_REQUESTS and not self.settings.rest_entry
        if over_socket or type(request) is requests.AskTime:
            return encode(request, token or "")
        return encode_rest(request, self._credentials)

    def encode_rest(self, request: requests.Request) -> SignedCall:
        """Any request as a REST call, where the socket cannot be used."""
        return encode_rest(request, self._credentials)

    def encode_over_http(self, request: requests.Request) -> SignedCall | None:
        goes = requests.is_urgent(request) and type(request) is not requests.AskTime
        return encode_rest(request, self._credentials) if goes else None

    def is_number_refused(self, answer: HttpAnswer) -> bool:
        return is_number_refused(answer)

    def is_over_budget(self, answer: HttpAnswer) -> bool:
        return is_over_budget(answer)

    def read_answer(self, request: requests.Request, answer: HttpAnswer) -> tuple[Fact, ...]:
        return read_answer(request, answer, self._symbol_of)

    def why_refused(self, reason: str) -> RejectReason:
        return why_refused(reason)

    def _symbol_of(self, pair: str) -> str:
        """As the venue's list has it; by rule where it does not."""
        return self._names.get(pair) or symbol_of_pair(pair)

    # Orders

    def check_order(self, order: NewOrder, instruments: Mapping[str, Instrument]) -> Instrument:
        return checks.check_order(order, instruments)

    def check_terms(self, order: NewOrder, instrument: Instrument) -> None:
        checks.check_terms(order, instrument)
        if self.settings.rest_entry:
            checks.check_rest_terms(order)

    def check_moment(self, order: NewOrder, now: int) -> None:
        checks.check_times(order, now, over_rest=self.settings.rest_entry)

    def check_mode(self, request: requests.Request, mode: SystemMode | None) -> None:
        checks.check_mode(request, mode)

    def open_throttle(self) -> Throttle:
        if not self.settings.use_budget:
            return VenueDefaults.open_throttle(self)
        return TradingThrottle(trading_terms(self.settings.tier))

    def check_change(self, change: Replace, instrument: Instrument) -> None:
        checks.check_change(change, instrument)

    def wire_id(self, client_order_id: ClientOrderId) -> WireId:
        return short_form(client_order_id)

    def is_named(self, order: NewOrder) -> bool:
        return not (isinstance(order.options, KrakenSpotOptions) and order.options.is_unnamed)
