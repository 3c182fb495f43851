"""How to reach a venue and how to behave there: everything a user may choose, with what happens if he does not."""

from __future__ import annotations

import math
import random
import ssl
from collections.abc import Callable
from enum import Enum
from typing import Any, Final
from urllib.parse import urlsplit

from attrs import field, frozen
from attrs.validators import and_, deep_iterable, ge, gt, instance_of, lt, optional

from protocol.dispatch.tracking import FILL_WINDOW, FINISHED_WINDOW
from protocol.limits import FIRST_CONNECT, RECONNECT, Backoff
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
    """What closing does to the account's open orders; and leaving the client's block closes it, however it is left: at
    its end, by an error, a cancellation or Ctrl-C.

    LEAVE: nothing. The dead man's switch is turned off, but at an error or a cancellation it is left to act on orders
    that are open.
    CANCEL_ALL: they are canceled, those of other sessions, too. The cancel goes out when the requests in flight are
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


def rest_root(websocket_url: str) -> str:
    """The root of the host that a WebSocket url names, over http or https as that is over ws or wss."""
    parts = urlsplit(websocket_url)
    return f"{'https' if parts.scheme == 'wss' else 'http'}://{parts.netloc}"
