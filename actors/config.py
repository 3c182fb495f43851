"""How to reach a venue and how to behave there: everything a user may choose, with what happens if he does not."""

from __future__ import annotations

import math
import random
import ssl
from collections.abc import Callable
from enum import Enum
from typing import Any, Final
from urllib.parse import urlsplit

from attrs import evolve, field, frozen
from attrs.validators import and_, deep_iterable, ge, gt, instance_of, lt, optional

from protocol.ax.venue import AxSettings, AxVenue
from protocol.dispatch.tracking import FILL_WINDOW, FINISHED_WINDOW
from protocol.kraken_futures.venue import KrakenFuturesSettings, KrakenFuturesVenue
from protocol.kraken_spot.venue import KrakenSpotSettings, KrakenSpotVenue
from protocol.limits import FIRST_CONNECT, RECONNECT, Backoff
from protocol.values import AccountId, Instrument, TraderId
from protocol.venue import Venue

from .net.connectors import Connector, TcpConnector
from .plumbing.clock import system_wall_clock

__all__ = [
    "ApiKey",
    "AxConfig",
    "ClientConfig",
    "Credentials",
    "KrakenFuturesConfig",
    "KrakenSpotConfig",
    "OnClose",
    "Password",
    "Token",
]

MEBIBYTE: Final = 1024 * 1024
MOST_PING_PERIOD: Final = 20.0
"""Seconds; Kraken ends a connection that is quiet for a minute."""
SPOT_RECONNECT: Final = Backoff(initial=0.5, factor=1.5, maximum=5.0, jitter=0.25, attempts=None, attempt_timeout=10.0)
"""Never at once: a rolling ten minutes allow 150 connects (spec Kraken A.4); at 5 s apart there are 120 of them."""
DEFAULT_TRADER: Final = TraderId("TRADER-001")
DEFAULT_ACCOUNT: Final = AccountId("ACCOUNT-001")


class OnClose(Enum):
    """What closing does to the account's open orders; and leaving the client's block closes it, however it is left: at
    its end, by an error, a cancellation or Ctrl-C.

    LEAVE: nothing. The dead man's switch is turned off, but at an error or a cancellation it is left to act on orders
    that are open.
    CANCEL_ALL: they are cancelled, those of other sessions, too. The cancel goes out when the requests in flight are
    answered or their grace is over, and again until the venue has confirmed it and every order of ours has ended, as
    far as `close_timeout` allows; without a connection it goes over HTTP where the venue takes it so. The dead man's
    switch is turned off behind that, and left to act if anything may still be open.
    What is left is told by the event `CloseReport` and in the log.
    """

    LEAVE = "leave"
    CANCEL_ALL = "cancel_all"


@frozen
class ApiKey:
    """The secret never shows in repr."""

    key: str
    secret: str = field(repr=False)


@frozen
class Password:
    """User name and password, with the one-time code where two-factor login is on."""

    username: str
    password: str = field(repr=False)
    totp: str | None = field(default=None, repr=False)


@frozen
class Token:
    """A session token fetched elsewhere. It cannot be refreshed here: hand in new ones with `client.authenticate`."""

    text: str = field(repr=False)


Credentials = ApiKey | Password | Token


COUNT: Final[Any] = and_(instance_of(int), ge(1))
FINITE: Final[Any] = and_(ge(0), lt(math.inf))


@frozen(kw_only=True)
class ClientConfig:
    """What is the same for every venue. Times in seconds unless said otherwise. Values that make no sense raise
    ValueError or TypeError, at once or when the client is opened.

    trader, account: names of yours that every event carries; the venue never sees them.
    credentials: who we are at the venue: ApiKey, at AX also Password or Token.
    instruments: known before connecting; load_instruments: read the venue's own list, too.

    heartbeat: between WebSocket pings (the Kraken venues ping every 20 s at least, whatever is asked for).
    data_deadline: after this long without a message from the venue the connection counts as dead. AX may say nothing
    while nothing happens: there the connection is dead when not even a ping came for so long; if pings come and no
    message, it is asked for the open orders, and has `request_timeout` for an answer. Elsewhere pings and pongs count
    for nothing; parts of a long message count.
    login_timeout: from the open WebSocket to the venue's login answer; a connection that takes longer is given up.
    http_timeout: for one call over HTTP, from its beginning (a wait for a connection included) to the last byte of the
    answer; one that could not be begun within this time of being asked for is told as certainly not sent.
    first_connect: attempts and pauses until the first login, and for reading the instruments before it; five attempts,
    then ConnectFailed. reconnect: attempts and pauses after a connection was lost; without end, the first one at once
    (`KrakenSpotConfig` has a slower one of its own). A venue that asks to be left alone (HTTP status 429 or 503, or a
    Retry-After header) is left alone for as long as it says, 15 minutes at most, or else for 5 s, 10 s … a minute.

    close_timeout: for closing as a whole, then everything is dropped, 0: no farewell at all; close_grace: of it, for
    requests that are not answered yet, a third of it at most with OnClose.CANCEL_ALL; on_close: what happens to open
    orders.

    order_credits, cancel_credits: requests that may wait to be written (over HTTP: to be answered), the next one is
    refused with NotSent; questions count as orders. requests_per_second: pace of what is written to the socket, None:
    none; what would wait for nine tenths of the venue's `request_timeout` is not sent, and told so. budget_patience:
    how long a call over HTTP waits for the venue's budget before it is refused here, 0: not at all (what the client
    asks on its own account, such as history after an outage, waits two minutes and lets your calls go first).
    cancel_all_after: whole seconds; the venue cancels everything unless it hears from us again within that time (not at
    AX, which cannot), 0: never. cancel_unknown: cancel an order whose answer is lost, in case it lives.

    subscriber_batches: how far a subscriber may lag behind, counted in batches (one socket read, up to 64 messages, is
    one). fill_window: how many fills of orders that are not tracked are remembered (those of tracked orders are, with
    their order); finished_window: how many ended orders are.
    max_message_size: bytes of one WebSocket message; a longer one ends the connection.

    allow_plaintext: permit ws:// and http:// to other machines. ssl_context, proxy: see `TcpConnector`. connector: how
    to reach the venue at all, for one in memory; ssl_context and proxy are not used then.
    wall_clock: gives ns since 1970, for local times, and for deadlines once the venue has shown how far off it is
    (`Client.clock_skew`). draw: gives a number from 0 up to, not including, 1, for the jitter of pauses.
    """

    trader: TraderId = DEFAULT_TRADER
    account: AccountId = DEFAULT_ACCOUNT
    credentials: Credentials | None = field(default=None, validator=optional(instance_of((ApiKey, Password, Token))))
    instruments: tuple[Instrument, ...] = field(default=(), validator=deep_iterable(instance_of(Instrument)))
    load_instruments: bool = True
    heartbeat: float = field(default=30.0, validator=gt(0))
    data_deadline: float = field(default=15.0, validator=gt(0))
    login_timeout: float = field(default=10.0, validator=gt(0))
    http_timeout: float = field(default=10.0, validator=gt(0))
    first_connect: Backoff = field(default=FIRST_CONNECT, validator=instance_of(Backoff))
    reconnect: Backoff = field(default=RECONNECT, validator=instance_of(Backoff))
    close_timeout: float = field(default=2.0, validator=FINITE)
    close_grace: float = field(default=0.5, validator=FINITE)
    on_close: OnClose = field(default=OnClose.LEAVE, validator=instance_of(OnClose))
    order_credits: int = field(default=64, validator=COUNT)
    cancel_credits: int = field(default=64, validator=COUNT)
    requests_per_second: int | None = field(default=None, validator=optional(COUNT))
    budget_patience: float = field(default=2.0, validator=FINITE)
    cancel_all_after: int = field(default=0, validator=[instance_of(int), ge(0), lt(24 * 3600)])
    cancel_unknown: bool = field(default=False, validator=instance_of(bool))
    subscriber_batches: int = field(default=4096, validator=COUNT)
    fill_window: int = field(default=FILL_WINDOW, validator=COUNT)
    finished_window: int = field(default=FINISHED_WINDOW, validator=COUNT)
    max_message_size: int = field(default=16 * MEBIBYTE, validator=COUNT)
    allow_plaintext: bool = field(default=False, validator=instance_of(bool))
    ssl_context: ssl.SSLContext | None = None
    proxy: str | None = field(default=None, repr=False)
    connector: Connector | None = None
    wall_clock: Callable[[], int] = system_wall_clock
    draw: Callable[[], float] = random.random

    def venue(self) -> Venue:
        """The venue module that this configuration is for."""
        raise TypeError("Use the configuration of one venue, such as AxConfig.")

    def reach(self) -> Connector:
        """How connections are made."""
        return self.connector or TcpConnector(ssl_context=self.ssl_context, proxy=self.proxy)


@frozen(kw_only=True)
class AxConfig(ClientConfig):
    """AX Exchange (Architect). Times in seconds.

    url: of the orders WebSocket; rest_url: root of the REST interface, None: the same host, over https (http where the
    url says ws); account_id: the venue's account to trade on, None for the key's default; order_tag: 1 to 10 letters
    and digits on every order that has no tag of its own; cancel_on_disconnect: the venue cancels the orders of a
    connection when that ends; client_heartbeat_timeout: whole seconds, 1 to 300, the venue ends a connection on which
    we are silent for so long, None: it does not (both are safety options, verified at login); supports_stop_limit:
    state that the venue honours trigger prices (today's does not); strict: check tick, minimum and unsupported terms
    here before sending; cancel_by_client_id: an order whose venue id is not known yet is cancelled by its client id;
    request_timeout: an unanswered request is given up after this long, and an order is Unknown then.
    """

    url: str = "wss://gateway.architect.exchange/orders/ws"
    rest_url: str | None = None
    account_id: str | None = None
    order_tag: str = "trioorders"
    cancel_on_disconnect: bool = False
    client_heartbeat_timeout: int | None = None
    supports_stop_limit: bool = False
    strict: bool = field(default=True, validator=instance_of(bool))
    cancel_by_client_id: bool = True
    request_timeout: float = 10.0

    def venue(self) -> Venue:
        if self.cancel_all_after:
            raise ValueError("AX has no timer that cancels all orders; leave cancel_all_after out.")
        credentials = self.credentials
        key = credentials if isinstance(credentials, ApiKey) else None
        user = credentials if isinstance(credentials, Password) else None
        settings = AxSettings(
            websocket_url=self.url,
            api_key=None if key is None else key.key,
            api_secret=None if key is None else key.secret,
            username=None if user is None else user.username,
            password=None if user is None else user.password,
            totp=None if user is None else user.totp,
            token=credentials.text if isinstance(credentials, Token) else None,
            account=self.account_id,
            order_tag=self.order_tag,
            cancel_on_disconnect=self.cancel_on_disconnect,
            client_heartbeat_timeout=self.client_heartbeat_timeout,
            supports_stop_limit=self.supports_stop_limit,
            strict=self.strict,
            cancel_by_client_id=self.cancel_by_client_id,
            request_timeout=self.request_timeout,
        )
        return AxVenue(settings if self.rest_url is None else evolve(settings, rest_url=self.rest_url))


@frozen(kw_only=True)
class KrakenFuturesConfig(ClientConfig):
    """Kraken Futures. Times in seconds. Kraken switches the interfaces that this speaks, Derivatives REST v3 and
    Derivatives WebSocket v1, off on 1 March 2027.

    url, rest_url: the venue's own unless given; with a url of your own, the REST interface is on the same host;
    qty_semantics: `auto`, `remaining` or `total`, how to read `qty` on the orders feed; request_timeout: an order not
    answered within this is Unknown; process_within: the venue refuses what reaches it later than this, None: it is not
    told; audit_period: how often, while orders are open (also of other sessions) or in question, the fills are read
    again and what is open is compared with the venue's list (at AX every minute); fills_lag: how long fills may come
    behind a total before history is read for them; use_budget: keep within the venue's limit for calls.
    """

    url: str | None = None
    rest_url: str | None = None
    qty_semantics: str = "auto"
    request_timeout: float = 10.0
    process_within: float | None = 5.0
    audit_period: float = 60.0
    fills_lag: float = 1.0
    use_budget: bool = True

    def venue(self) -> Venue:
        credentials = self.credentials
        if not isinstance(credentials, ApiKey):
            raise ValueError("Kraken Futures needs credentials of the kind ApiKey: an API key and its secret.")
        settings = KrakenFuturesSettings(
            api_key=credentials.key,
            api_secret=credentials.secret,
            qty_semantics=self.qty_semantics,
            request_timeout=self.request_timeout,
            process_within=self.process_within,
            audit_period=self.audit_period,
            fills_lag=self.fills_lag,
            use_budget=self.use_budget,
            ping_period=min(self.heartbeat, MOST_PING_PERIOD),
        )
        if self.url is not None:
            settings = evolve(settings, websocket_url=self.url, rest_url=_rest_root(self.url))
        return KrakenFuturesVenue(settings if self.rest_url is None else evolve(settings, rest_url=self.rest_url))


@frozen(kw_only=True)
class KrakenSpotConfig(ClientConfig):
    """Kraken Spot. Times in seconds.

    url, rest_url: the venue's own unless given; with a url of your own, the REST interface is on the same host; otp:
    what a key with two-factor authentication needs as well; tier: `starter`, `intermediate` or `pro`, how far the
    account is verified, which decides how many requests it may make; process_within: the venue refuses what reaches it
    later than this, 1 to 60, None: after its own 5 s; request_timeout, audit_period, fills_lag: as for
    `KrakenFuturesConfig`; use_budget: keep within the venue's counters; rest_entry: place, change and cancel over REST,
    and let the socket bring news alone; reconnect: as for every venue, but never at once and with 10 s for an attempt,
    since the venue limits how often one may connect.
    """

    url: str | None = None
    rest_url: str | None = None
    otp: str | None = field(default=None, repr=False)
    tier: str = "starter"
    request_timeout: float = 5.0
    process_within: float | None = 5.0
    audit_period: float = 60.0
    fills_lag: float = 1.0
    use_budget: bool = True
    rest_entry: bool = False
    reconnect: Backoff = field(default=SPOT_RECONNECT, validator=instance_of(Backoff))

    def venue(self) -> Venue:
        credentials = self.credentials
        if not isinstance(credentials, ApiKey):
            raise ValueError("Kraken Spot needs credentials of the kind ApiKey: an API key and its secret.")
        settings = KrakenSpotSettings(
            api_key=credentials.key,
            api_secret=credentials.secret,
            otp=self.otp,
            tier=self.tier,
            request_timeout=self.request_timeout,
            process_within=self.process_within,
            ping_period=min(self.heartbeat, MOST_PING_PERIOD),
            audit_period=self.audit_period,
            fills_lag=self.fills_lag,
            use_budget=self.use_budget,
            rest_entry=self.rest_entry,
        )
        if self.url is not None:
            settings = evolve(settings, websocket_url=self.url, rest_url=_rest_root(self.url))
        return KrakenSpotVenue(settings if self.rest_url is None else evolve(settings, rest_url=self.rest_url))


def _rest_root(websocket_url: str) -> str:
    """The root of the host that a WebSocket url names, over http or https as that is over ws or wss."""
    parts = urlsplit(websocket_url)
    return f"{'https' if parts.scheme == 'wss' else 'http'}://{parts.netloc}"
