"""The session: one venue's life. Connects, waits for the login, runs the feed, and connects again with back-off.

It knows no venue's words: what to send to log in and what the answer means is the venue module's business.
"""

from __future__ import annotations

import logging
import math
from collections.abc import Awaitable, Callable, Mapping
from contextlib import suppress
from enum import Enum
from typing import Final

import trio
from attrs import define, field, frozen

from protocol.errors import AuthenticationFailed, ConnectFailed, LinkError, SessionFailed, TradingError, WireError
from protocol.facts import LoggedIn, LoginRefused, Say, SystemChanged, TokenRenewed
from protocol.inputs import Heard, LinkDown, LinkFailed, LinkUp
from protocol.limits import Backoff
from protocol.values import Instrument, SystemMode
from protocol.venue import Opening, Venue, Wire

from .channels import Batch, put
from .clock import NANOSECONDS, Clock
from .keep_alive import run_keep_alive
from .network import Connector
from .published import Published, PublishedMapping
from .sender import LinkLost, LinkReady, Pause, SessionOver, Speak, ToSender
from .socket_feed import FeedDesk, FeedStatistics, run_socket_feed
from .token import TokenRequest, renew
from .websocket import Socket, SocketClosed, UpgradeRefused, open_socket

__all__ = ["ConnectionMode", "SessionDesk", "SessionSettings", "run_session"]

logger = logging.getLogger("trio_orders")

UNAUTHORIZED: Final = 401
MOST_VIOLATIONS: Final = 3
"""Connections in a row that may end by a protocol violation; with the last one the session fails."""
STABLE: Final = 5.0
"""Seconds after which a connection counts as having worked, so that its loss starts the back-off anew."""
LAST_WORDS: Final = 1.0
"""Seconds that a failing session waits for its failure to reach the subscribers."""


class ConnectionMode(Enum):
    """CONNECTING: not logged in yet for the first time; ACTIVE: requests can be sent; RECONNECTING: the connection
    was lost; CLOSED: no connection will follow."""

    CONNECTING = "connecting"
    ACTIVE = "active"
    RECONNECTING = "reconnecting"
    CLOSED = "closed"


@frozen(kw_only=True)
class SessionSettings:
    """Times in seconds, max_message_size in bytes."""

    first_connect: Backoff
    reconnect: Backoff
    login_timeout: float
    data_deadline: float
    max_message_size: int
    ping_period: float


@frozen(kw_only=True)
class SessionDesk:
    """What the session works with, and the views that it publishes. draw: from 0 up to, not including, 1; prepare: what
    must be done before the first connection; may raise LinkError."""

    venue: Venue
    connector: Connector
    settings: SessionSettings
    clock: Clock
    draw: Callable[[], float]
    prepare: Callable[[], Awaitable[None]]
    token: Published[str | None]
    instruments: Published[Mapping[str, Instrument]]
    mode: Published[ConnectionMode]
    statistics: Published[FeedStatistics]


class _NotLoggedIn(Exception):
    """The venue says so in a message."""

    def __init__(self, fact: LoginRefused) -> None:
        super().__init__(fact.reason)
        self.fact = fact


@define
class _Session:
    desk: SessionDesk
    to_dispatch: trio.MemorySendChannel[Batch]
    to_sender: trio.MemorySendChannel[ToSender]
    to_token: trio.MemorySendChannel[TokenRequest]
    task_status: trio.TaskStatus[None]
    connection: int = field(default=0, init=False)
    is_up: bool = field(default=False, init=False)
    is_logged_in: bool = field(default=False, init=False)
    was_ready: bool = field(default=False, init=False)
    announced: bool = field(default=False, init=False)
    failures: int = field(default=0, init=False)
    violations: int = field(default=0, init=False)
    renewed: bool = field(default=False, init=False)
    system: SystemMode | None = field(default=None, init=False)
    relisting_since: float | None = field(default=None, init=False)
    token_wanted: trio.Event = field(factory=trio.Event, init=False)

    async def run(self) -> None:
        """Connects and connects again, until its scope is cancelled. Raises LinkError when another try has no sense."""
        while True:
            began = trio.current_time()
            reason = await self._one_connection()
            if self.is_logged_in and trio.current_time() - began >= STABLE:
                self.failures = 0
            self.failures += 1
            self._require_patience(reason)
            logger.warning("The connection to %s ended or failed: %s", self._url, reason)
            await self.report_down(reason, will_retry=True)
            await trio.sleep(max(self._policy.delay(self.failures, self.desk.draw()), self._pause_after(reason)))

    def _pause_after(self, reason: str) -> float:
        """Seconds that the venue wants to be left alone."""
        rules = self.desk.venue.rules
        pauses = [pause for words, pause in rules.pauses.items() if words in reason]
        if self.system is SystemMode.MAINTENANCE:
            pauses.append(rules.maintenance_pause)
        self.system = None
        return max(pauses, default=0) / NANOSECONDS

    @property
    def _url(self) -> str:
        return self.desk.venue.upgrade("").url

    @property
    def _policy(self) -> Backoff:
        settings = self.desk.settings
        return settings.reconnect if self.was_ready else settings.first_connect

    def _require_patience(self, reason: str) -> None:
        attempts = self._policy.attempts
        if attempts is None or self.failures < attempts:
            return
        text = f"No connection to {self._url} after {attempts} attempts; the last one failed: {reason}"
        raise SessionFailed(text) if self.was_ready else ConnectFailed(text)

    async def _one_connection(self) -> str:
        """One connection from its first byte to its end, or one attempt to make it. Gives the reason of its end."""
        self.is_logged_in = False
        timeout = self._policy.attempt_timeout
        reason = f"There was no connection within {timeout:g} s."
        with trio.CancelScope(deadline=trio.current_time() + timeout) as connecting:
            try:
                token = await self._token()
                try:
                    async with open_socket(
                        self.desk.venue.upgrade(token),
                        self.desk.connector,
                        max_message_size=self.desk.settings.max_message_size,
                    ) as socket:
                        connecting.deadline = math.inf
                        reason = await self._use(socket, token)
                except UpgradeRefused as refused:
                    reason = await self._refused(refused, token)
            except (OSError, WireError) as failure:
                reason = str(failure)
        return reason

    async def _token(self) -> str:
        if not self.desk.venue.rules.needs_token:
            return ""
        token = self.desk.token.value
        if token is None or self.desk.venue.rules.fresh_token:
            return await renew(self.to_token, token)
        return token

    async def _refused(self, refused: UpgradeRefused, token: str) -> str:
        if refused.status != UNAUTHORIZED or not self.desk.venue.rules.needs_token:
            return str(refused)
        return await self._renewed(token)

    async def _not_logged_in(self, refusal: LoginRefused, token: str) -> str:
        if not refusal.unauthorized:
            return refusal.reason
        if not self.desk.venue.rules.needs_token:
            raise AuthenticationFailed(f"{refusal.reason} Check the key, its secret, and that it may trade.")
        return await self._renewed(token)

    async def _renewed(self, token: str) -> str:
        """Has a refused token renewed; a second refusal in a row is final."""
        if self.renewed:
            raise AuthenticationFailed(
                f"{self.desk.venue.rules.venue} refused a brand-new token. Check that the key may trade and is not "
                "tied to another address."
            )
        await renew(self.to_token, token)
        self.renewed = True
        self.failures -= 1  # the next attempt follows at once and counts as this one
        return "The venue refused the token, and a new one was fetched."

    async def _use(self, socket: Socket, token: str) -> str:
        """Runs the feed over a fresh socket until it ends."""
        desk = self.desk
        self.connection += 1
        self.is_up = True
        await self.to_dispatch.send(Batch((LinkUp(self.connection, self._url),), desk.clock.now()))
        await self.to_sender.send(LinkReady(self.connection, socket))
        ending = Published("")
        fatal: LinkError | None = None
        closed: SocketClosed | None = None
        refusal: LoginRefused | None = None
        opening = Opening(instruments=PublishedMapping(desk.instruments), token=token, again=self.was_ready)
        wire = desk.venue.open_wire(opening)
        feed = FeedDesk(self.connection, wire.decode, desk.clock, desk.statistics, self)
        self.token_wanted, self.relisting_since = trio.Event(), None
        async with trio.open_nursery() as nursery:
            nursery.start_soon(self._watch, socket, ending, nursery.cancel_scope)
            nursery.start_soon(self._replace_tokens, wire, ending, nursery.cancel_scope)
            nursery.start_soon(run_keep_alive, self.to_sender, self.connection, *self._keep_alive_periods())
            try:
                await run_socket_feed(socket, self.to_dispatch, feed)
            except SocketClosed as end:
                closed = end
            except _NotLoggedIn as refused:
                refusal = refused.fact
            except LinkError as error:
                fatal = error
            nursery.cancel_scope.cancel()
        if closed is not None and closed.ours:
            await trio.sleep_forever()  # the sender closes the socket, and ends the session when that is done
        # Outside the nursery, which would wrap what is raised in a group.
        if fatal is not None:
            raise fatal
        if refusal is not None:
            return await self._not_logged_in(refusal, token)
        return ending.value if closed is None else self._closed(closed)

    def _keep_alive_periods(self) -> tuple[float, float | None]:
        """Seconds between pings, and between the venue's own heartbeats, if it has any."""
        heartbeat, ping = self.desk.venue.heartbeat, self.desk.venue.rules.ping_period
        return (
            self.desk.settings.ping_period if ping is None else ping / NANOSECONDS,
            None if heartbeat is None else heartbeat[1] / NANOSECONDS,
        )

    # The handshake, as the feed hears it

    async def say(self, word: Say) -> None:
        if word.relists and self.relisting_since is None:
            self.relisting_since = trio.current_time()
        await put(self.to_sender, Speak(self.connection, word.text))

    def refused(self, fact: LoginRefused) -> None:
        raise _NotLoggedIn(fact)

    def token_refused(self) -> None:
        self.token_wanted.set()

    def system_changed(self, fact: SystemChanged) -> None:
        self.system = fact.mode

    async def slow_down(self) -> None:
        await put(self.to_sender, Pause(self.connection))

    def logged_in(self, login: LoggedIn) -> None:
        self.relisting_since = None
        if self.is_logged_in:
            return
        problem = self.desk.venue.login_problem(login)
        if problem is not None:
            raise SessionFailed(problem)
        self.is_logged_in = self.was_ready = True
        self.renewed = False
        self.desk.mode.publish(ConnectionMode.ACTIVE)
        if not self.announced:
            self.announced = True
            self.task_status.started()

    def _closed(self, closed: SocketClosed) -> str:
        self.violations = self.violations + 1 if closed.violation else 0
        if self.violations >= MOST_VIOLATIONS:
            raise SessionFailed(
                f"{self.desk.venue.rules.venue} broke the WebSocket protocol on {MOST_VIOLATIONS} connections in a "
                f"row (the last time: {closed}). Orders there stay as they are."
            )
        if closed.code in self.desk.venue.rules.fatal_close_codes:
            raise SessionFailed(f"{self.desk.venue.rules.venue} closed the connection for good: {closed}")
        return str(closed)

    @trio.lowlevel.enable_ki_protection  # Ctrl-C is for the program, and must not end what closes it
    async def _watch(self, socket: Socket, ending: Published[str], scope: trio.CancelScope) -> None:
        """Ends a connection that brings no login answer, or nothing at all any more, or that takes nothing."""
        settings = self.desk.settings
        login_due = trio.current_time() + settings.login_timeout
        while True:
            silent_at = socket.last_heard + settings.data_deadline
            due = silent_at if self.is_logged_in else min(silent_at, login_due)
            patience = min(settings.data_deadline, settings.login_timeout) / 2
            await trio.sleep_until(min(due, trio.current_time() + patience))
            now = trio.current_time()
            stuck_since, relisting_since = socket.writing_since, self.relisting_since
            if stuck_since is not None and now >= stuck_since + settings.data_deadline:
                ending.publish(f"The venue has taken nothing for {settings.data_deadline:g} s.")
            elif relisting_since is not None and now >= relisting_since + settings.login_timeout:
                ending.publish(f"The venue did not list the orders again within {settings.login_timeout:g} s.")
            elif not self.is_logged_in and now >= login_due:
                ending.publish(f"The venue did not answer the login within {settings.login_timeout:g} s.")
            elif now >= socket.last_heard + settings.data_deadline:
                ending.publish(f"Nothing came from the venue for {settings.data_deadline:g} s.")
            else:
                continue
            scope.cancel()
            return

    @trio.lowlevel.enable_ki_protection  # Ctrl-C is for the program, and must not end what closes it
    async def _replace_tokens(self, wire: Wire, ending: Published[str], scope: trio.CancelScope) -> None:
        """Fetches another token whenever the venue refuses the one in use, and lets the connection go on with it."""
        while True:
            await self.token_wanted.wait()
            self.token_wanted = trio.Event()
            try:
                token = await renew(self.to_token, self.desk.token.value)
            except (TradingError, OSError) as failure:
                ending.publish(f"The venue refused the session token, and no other was to be had: {failure}")
                scope.cancel()
                return
            for fact in wire.take_token(token):
                if isinstance(fact, Say):
                    await self.say(fact)
            heard = Heard(self.connection, (TokenRenewed(),))
            await put(self.to_dispatch, Batch((heard,), self.desk.clock.now()))

    async def report_down(self, reason: str, *, will_retry: bool) -> None:
        mode = ConnectionMode.RECONNECTING if self.was_ready else ConnectionMode.CONNECTING
        self.desk.mode.publish(mode if will_retry else ConnectionMode.CLOSED)
        if self.is_up:
            self.is_up = False
            lost = LinkLost(LinkDown(self.connection, reason, will_retry))
            await self.to_sender.send(lost)
            await lost.passed_on.wait()  # so that dispatch hears of the next connection behind it


async def run_session(
    desk: SessionDesk,
    to_dispatch: trio.MemorySendChannel[Batch],
    to_sender: trio.MemorySendChannel[ToSender],
    to_token: trio.MemorySendChannel[TokenRequest],
    stop: trio.CancelScope,
    *,
    task_status: trio.TaskStatus[None] = trio.TASK_STATUS_IGNORED,
) -> None:
    """Sends news of the link to dispatch and sender. Started once it is logged in for the first time.

    Ends when `stop` is cancelled. Raises ConnectFailed, AuthenticationFailed or SessionFailed when it cannot go on;
    subscribers have heard of it by then.
    """
    session = _Session(desk, to_dispatch, to_sender, to_token, task_status)
    failure: LinkError | None = None
    with to_dispatch, to_sender, to_token:
        with stop:
            try:
                await desk.prepare()
                await session.run()
            except LinkError as error:
                failure = error
        reason = "This client closed the connection." if failure is None else str(failure)
        await session.report_down(reason, will_retry=False)
        if failure is not None:
            await _announce(failure, session.connection, to_sender)
        await to_sender.send(SessionOver())
    if failure is not None:
        raise failure


async def _announce(failure: LinkError, connection: int, to_sender: trio.MemorySendChannel[ToSender]) -> None:
    """Through the sender, behind the news of the lost connection: the failure is the last that is heard."""
    reply_to, reply = trio.open_memory_channel[None](1)
    unauthorized = isinstance(failure, AuthenticationFailed)
    with reply, trio.move_on_after(LAST_WORDS), suppress(trio.EndOfChannel):
        failed = LinkFailed(connection, str(failure), unauthorized, reply_to)
        await to_sender.send(LinkLost(failed))
        await reply.receive()
