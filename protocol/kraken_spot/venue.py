"""Kraken Spot as a venue: its settings, its login, and its rules for orders. The wire itself is in `codec`, order entry
in `entry` and `rest_entry`."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final

from attrs import Attribute, field, frozen

from .. import requests
from ..client_order_ids import short_form
from ..commands import Replace
from ..errors import AuthenticationError, Throttled, WireError
from ..facts import Fact
from ..orders import NewOrder
from ..reasons import RejectReason
from ..settings import check_positive, check_url, without_slash
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
from .converter import read_body
from .enumerations import CALL_LIMITS, is_credential_error, why_refused
from .instruments import VENUE, instruments_call, read_instruments, read_names
from .limits import Tier, TradingThrottle, rest_budgets, trading_terms
from .options import KrakenSpotOptions
from .order_entry import FEWEST_ORDERS, MOST_ORDERS, SOCKET_REQUESTS, encode
from .rest_answers import errors_of, is_number_refused, is_over_budget, read_answer
from .rest_order_entry import REST_ONLY, encode_rest, token_call
from .signing import Credentials
from .symbols import symbol_of_pair
from .wire import TokenAnswer

__all__ = ["KrakenSpotSettings", "KrakenSpotVenue"]

SOCKET: Final = "wss://ws-auth.kraken.com/v2"
BETA_SOCKET: Final = "wss://beta-ws-auth.kraken.com/v2"
REST: Final = "https://api.kraken.com"

THROTTLED: Final = ("Rate limit exceeded", "Too many requests", "EService: Throttled", "EService:Throttled")
"""Answers to the token call that mean: wait and ask again (spec A.3, A.16)."""
LOCKED_OUT: Final = "Temporary lockout"
LOCKOUT: Final = 900 * SECOND
LIMIT_PAUSE: Final = 5 * SECOND
"""After this long the slowest counter of calls has room for another login (spec A.15)."""
TOKEN_LIFETIME: Final = 900 * SECOND
LISTS_LAG: Final = 60 * SECOND
"""How far the lists over REST may follow behind the socket (spec A.17, E.13)."""
PING: Final = '{"method":"ping"}'


def _check_deadline(_: object, attribute: Attribute[Any], value: float | None) -> None:
    if value is not None and not 1 <= value <= 60:
        raise ValueError(f"{attribute.name} must be 1 to 60 seconds, not {value}.")


@frozen(kw_only=True)
class KrakenSpotSettings:
    """Where Kraken Spot is and who we are there. Secrets never show in repr. Times in seconds.

    api_secret: base64 text, as the venue shows it. otp: what a key with two-factor authentication needs as well.
    beta: use the venue's beta socket; there is no play money in it. websocket_url: follows from `beta` unless given.
    tier: how far the account is verified, which decides how many calls it may make.
    process_within: the venue refuses what reaches it later than this, 1 to 60, with `rest_entry` 2.5 to 60; None: after
    its own 5 s.
    ping_period: the venue closes a connection that is quiet for a minute. audit_period: how often, while orders are
    open, the fills are read again and what is open is compared with the venue's list. use_budget: keep within the
    venue's call budget. rest_entry: place, change and cancel over REST, where the socket brings news alone. fills_lag:
    how long fills may come behind a total before one is missed.
    """

    api_key: str = field(repr=False)
    api_secret: str = field(repr=False)
    otp: str | None = field(default=None, repr=False)
    beta: bool = False
    websocket_url: str = field(validator=check_url("wss", "ws"))
    rest_url: str = field(default=REST, converter=without_slash, validator=check_url("https", "http"))
    tier: Tier = field(default=Tier.STARTER, converter=Tier)
    request_timeout: float = field(default=5.0, validator=check_positive)
    process_within: float | None = field(default=None, validator=_check_deadline)
    ping_period: float = field(default=20.0, validator=check_positive)
    audit_period: float = field(default=60.0, validator=check_positive)
    use_budget: bool = True
    rest_entry: bool = False
    fills_lag: float = field(default=1.0, validator=check_positive)
    user_agent: str = "trio-orders"

    @websocket_url.default
    def _own_socket(self) -> str:
        return BETA_SOCKET if self.beta else SOCKET

    def __attrs_post_init__(self) -> None:
        if not self.api_key:
            raise ValueError("There are no credentials for Kraken: give an API key with its secret.")
        least = checks.SHORTEST_REST_DEADLINE / SECOND
        if self.rest_entry and self.process_within is not None and self.process_within < least:
            raise ValueError(f"With rest_entry, process_within must be {least:g} to 60 s, not {self.process_within}.")
        Credentials(self.api_key, self.api_secret)


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
        try:
            body, _ = read_body(answer.body, TokenAnswer)
        except ValueError:
            raise WireError(f"Kraken's answer to the login cannot be read (HTTP status {answer.status}).") from None
        told = "; ".join(errors_of(body)[0])
        errors = self._hide(told)
        if any(text in told for text in THROTTLED):
            raise Throttled(f"Kraken takes no more logins for now: {errors}.")
        if is_credential_error(told) or (not told and answer.status in (401, 403)):
            refused = f"Kraken refused the credentials: {errors or f'HTTP status {answer.status}'}."
            raise AuthenticationError(refused, venue=self.rules.venue)
        if errors or answer.status != 200:
            said = errors or "no reason given"
            raise WireError(f"Kraken was not able to log us in (HTTP status {answer.status}): {said}.")
        token = None if body.result is None else body.result.token
        if not token:
            raise WireError("Kraken answered the login without a token.")  # and we do not show what it sent instead
        return token

    def _hide(self, text: str) -> str:
        for secret in (self.settings.api_key, self.settings.api_secret, self.settings.otp):
            if secret:
                text = text.replace(secret, "***")
        return text

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
