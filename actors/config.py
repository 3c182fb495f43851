"""How to reach a venue and how to behave there: everything a user may choose, with what happens if he does not."""

from __future__ import annotations

import random
import ssl
from collections.abc import Callable
from enum import Enum
from typing import Final, Literal
from urllib.parse import urlsplit

from attrs import field, frozen

from protocol.dispatch.tracking import FILL_WINDOW, FINISHED_WINDOW
from protocol.limits import FIRST_CONNECT, RECONNECT, Backoff
from protocol.validation import COUNT, FLAG, NOT_NEGATIVE, POSITIVE, SECRET, TEXT, Must, a, literal, optional, tuple_of
from protocol.values import AccountId, Instrument, TraderId
from protocol.venue import Venue

from .net.connectors import Connector, TcpConnector
from .plumbing.clock import system_wall_clock

__all__ = [
    "ApiKey",
    "MOST_PING_PERIOD",
    "ClientConfig",
    "Credentials",
    "OnClose",
    "Password",
    "Token",
    "rest_root",
]

MEBIBYTE: Final = 1024 * 1024
MOST_PING_PERIOD: Final = 20.0
"""Seconds; Kraken ends a connection that is quiet for a minute."""
DEFAULT_TRADER: Final = TraderId("TRADER-001")
DEFAULT_ACCOUNT: Final = AccountId("ACCOUNT-001")


class OnClose(Enum):
    """What closing does to the account's open orders.

    Leaving the client's block closes it, however it is left: at its end, by an error, a cancellation or Ctrl-C. The
    event `CloseReport` and the log say which orders are left.
    """

    LEAVE = "leave"
    """Nothing. The dead man's switch is turned off, but at an error or a cancellation it is left to act on orders that
    are open."""
    CANCEL_ALL = "cancel_all"
    """They are canceled, those of other sessions, too.

    The cancel goes out when the requests in flight are answered or their grace is over. It is repeated until the venue
    has confirmed it and every order of ours has ended, as far as `close_timeout` allows. Without a connection it goes
    over HTTP where the venue takes it so. The dead man's switch is turned off behind that, and left to act if anything
    may still be open.
    """


@frozen
class ApiKey:
    """An API key with its secret."""

    key: str = field(validator=TEXT)
    """As the venue shows it."""
    secret: str = field(repr=False, validator=SECRET)
    """Never shows in repr."""


@frozen
class Password:
    """User name and password, with the one-time code where two-factor login is on."""

    username: str = field(validator=TEXT)
    """As at the venue's own login."""
    password: str = field(repr=False, validator=SECRET)
    """Never shows in repr."""
    totp: str | None = field(default=None, repr=False, validator=optional(SECRET))
    """The one-time code where two-factor login is on, else None; never shows in repr."""


@frozen
class Token:
    """A session token fetched elsewhere. It cannot be refreshed here: hand in new ones with `client.authenticate`."""

    text: str = field(repr=False, validator=SECRET)
    """Never shows in repr."""


Credentials = ApiKey | Password | Token


LESS_THAN_A_DAY: Final = Must(
    "a whole number of seconds, from 0 to 86,399", (int,), lambda value: 0 <= value < 24 * 3600
)


@frozen(kw_only=True)
class ClientConfig:
    """What is the same for every venue. Times in seconds unless said otherwise. Values that make no sense raise
    ValueError or TypeError, at once or when the client is opened."""

    trader: TraderId = field(default=DEFAULT_TRADER, validator=TEXT)
    """A name of yours for yourself, on every event. The venue never sees it."""
    account: AccountId = field(default=DEFAULT_ACCOUNT, validator=TEXT)
    """A name of yours for the account, on every event. The venue never sees it."""
    credentials: Credentials | None = field(
        default=None, validator=optional(a(ApiKey, Password, Token, is_secret=True))
    )
    """Who we are at the venue: `ApiKey`, at AX also `Password` or `Token`."""
    instruments: tuple[Instrument, ...] = field(default=(), validator=tuple_of(Instrument))
    """Known before connecting."""
    load_instruments: bool = field(default=True, validator=FLAG)
    """Read the venue's own list, too."""
    heartbeat: float = field(default=30.0, validator=POSITIVE)
    """Between WebSocket pings. The Kraken venues ping every 20 s at least, whatever is asked for."""
    data_deadline: float = field(default=15.0, validator=POSITIVE)
    """After this long without a message from the venue the connection counts as dead.

    Pings and pongs count for nothing; parts of a long message count. AX may send nothing while nothing happens: there
    the connection is dead when not even a ping came for so long. If pings come and no message, AX is asked for the open
    orders, and has `request_timeout` for an answer.
    """
    login_timeout: float = field(default=10.0, validator=POSITIVE)
    """From the open WebSocket to the venue's login answer; a connection that takes longer is given up."""
    http_timeout: float = field(default=10.0, validator=POSITIVE)
    """For one call over HTTP, from its beginning (a wait for a connection included) to the last byte of the answer. A
    call that could not be begun within this time of being asked for is reported as certainly not sent."""
    first_connect: Backoff = field(default=FIRST_CONNECT, validator=a(Backoff))
    """Attempts and pauses until the first login, and for reading the instruments before it: five attempts, then
    `ConnectFailed`."""
    reconnect: Backoff = field(default=RECONNECT, validator=a(Backoff))
    """Attempts and pauses after a connection was lost: without end, the first one at once.

    `KrakenSpotConfig` has a slower one of its own. A venue that asks to be left alone (HTTP status 429 or 503, or a
    Retry-After header) is left alone for as long as it says, 15 minutes at most. If it does not say, that is 5 s, 10 s
    … a minute.
    """
    close_timeout: float = field(default=2.0, validator=NOT_NEGATIVE)
    """For closing as a whole, then everything is dropped. 0: the connection is dropped at once."""
    close_grace: float = field(default=0.5, validator=NOT_NEGATIVE)
    """Part of `close_timeout`, for requests that are not answered yet; a third of it at most with
    `OnClose.CANCEL_ALL`."""
    on_close: OnClose = field(default=OnClose.LEAVE, validator=a(OnClose))
    """What happens to open orders."""
    order_credits: int = field(default=64, validator=COUNT)
    """How many placements, replaces and questions may wait to be written (over HTTP: to be answered). The next one is
    refused with `NotSent`."""
    cancel_credits: int = field(default=64, validator=COUNT)
    """As `order_credits`, for cancels and the dead man's switch."""
    requests_per_second: int | None = field(default=None, validator=optional(COUNT))
    """Pace of what is written to the socket, None: no limit. What would wait for nine tenths of the venue's
    `request_timeout` is not sent, and reported so."""
    budget_patience: float = field(default=2.0, validator=NOT_NEGATIVE)
    """How long a call over HTTP waits for the venue's budget before it is refused here, 0: not at all.

    What the client asks on its own account, such as history after an outage, waits two minutes and lets your calls go
    first.
    """
    cancel_all_after: int = field(default=0, validator=LESS_THAN_A_DAY)
    """Whole seconds, 0: never. The venue cancels everything unless it hears from us again within that time. AX cannot
    do this."""
    cancel_unknown: bool = field(default=False, validator=FLAG)
    """Cancel an order whose answer is lost, in case it lives."""
    subscriber_batches: int = field(default=4096, validator=COUNT)
    """How far a subscriber may lag behind, counted in batches. One socket read, up to 64 messages, is one."""
    fill_window: int = field(default=FILL_WINDOW, validator=COUNT)
    """How many fills of orders that are not tracked are remembered. Those of tracked orders are, with their order."""
    finished_window: int = field(default=FINISHED_WINDOW, validator=COUNT)
    """How many ended orders are remembered."""
    max_message_size: int = field(default=16 * MEBIBYTE, validator=COUNT)
    """Bytes of one WebSocket message; a longer one ends the connection."""
    websocket: Literal["sans-io", "trio-websocket"] = field(
        default="sans-io", validator=literal("sans-io", "trio-websocket")
    )
    """What speaks the WebSocket protocol: the core of the package websockets on a stream of ours, or the package
    trio-websocket, which takes several times as long for a message. Both behave the same."""
    allow_plaintext: bool = field(default=False, validator=FLAG)
    """Permit ws:// and http:// to other machines."""
    ssl_context: ssl.SSLContext | None = None
    """See `TcpConnector`."""
    proxy: str | None = field(default=None, repr=False, validator=optional(SECRET))
    """See `TcpConnector`. Never shows in repr: it may hold a password."""
    connector: Connector | None = None
    """How to reach the venue at all, for one in memory. `ssl_context` and `proxy` are not used then."""
    wall_clock: Callable[[], int] = system_wall_clock
    """Gives ns since 1970, for local times. Also for deadlines, once the venue has shown how far off it is
    (`Client.clock_skew`)."""
    draw: Callable[[], float] = random.random
    """Gives a number from 0 up to, not including, 1, for the jitter of pauses."""

    def venue(self) -> Venue:
        """The venue module that this configuration is for."""
        raise TypeError("Use the configuration of one venue, such as AxConfig.")

    def reach(self) -> Connector:
        """How connections are made."""
        return self.connector or TcpConnector(ssl_context=self.ssl_context, proxy=self.proxy)


def rest_root(websocket_url: str) -> str:
    """The root of the host that a WebSocket url names, over http or https as that is over ws or wss."""
    parts = urlsplit(websocket_url)
    return f"{'https' if parts.scheme == 'wss' else 'http'}://{parts.netloc}"
