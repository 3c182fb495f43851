"""The session: one venue's life. Connects, waits for the login, runs the feed, and connects again with back-off.

It knows no venue's words: what to send to log in and what the answer means is the venue module's business.
"""

from __future__ import annotations

import logging
import math
from collections.abc import Awaitable, Callable, Iterator, Mapping
from contextlib import suppress
from enum import Enum
from typing import Final

import trio
from attrs import define, field, frozen

from protocol.dispatch.inputs import Heard, LinkDown, LinkFailed, LinkSilent, LinkUp
from protocol.errors import (
    AuthenticationError,
    ConnectFailed,
    LinkError,
    SessionError,
    Throttled,
    TradingError,
    WireError,
)
from protocol.facts import LoggedIn, LoginRefused, Say, SystemChanged, TokenRenewed
from protocol.limits import Backoff
from protocol.values import Instant, Instrument, SystemMode
from protocol.venue import Opening, Silence, Venue, Wire

from .keep_alive import run_keep_alive
from .net.connectors import Connector
from .plumbing.channels import Batch, put
from .plumbing.clock import NANOSECONDS, Clock
from .plumbing.one_shot import OneShot
from .plumbing.patience import Ending, ending_of, pause_after
from .plumbing.published import Published, PublishedMapping
from .sender import LinkLost, LinkReady, Pause, SessionOver, Speak, ToSender
from .socket_feed import FeedContext, FeedStatistics, run_socket_feed
from .token import TokenRequest, renew
from .websocket import Implementation, Socket, SocketClosed, UpgradeRefused, open_socket

__all__ = ["ConnectionMode", "SessionContext", "SessionSettings", "run_session"]

logger = logging.getLogger("trio_orders")

UNAUTHORIZED: Final = 401
FORBIDDEN: Final = 403
FINAL_REFUSALS: Final = {
    400: "It takes our request for a wrong one: check the url and the options of the configuration.",
    UNAUTHORIZED: "It does not know us: check the credentials.",
    FORBIDDEN: "We may not come in: check what the key may do, and from which addresses.",
    404: "There is nothing at this url: check it.",
}
"""Statuses of a refused upgrade that another try would meet again, if they are the venue's own (spec Kraken A.4)."""
MOST_VIOLATIONS: Final = 3
"""Connections in a row that may end by a protocol violation; with the last one the session fails."""
STABLE: Final = 5.0
"""Seconds from its login on after which a connection counts as having worked: its loss starts all counts anew."""
WOKE_LATE: Final = 0.5
"""Seconds: if we look so much later than we meant to, it may be we who did not listen."""
SECOND_LOOK: Final = 0.1
"""Seconds that messages which waited for us are given then."""
TOLD_PAUSE: Final = 5.0
"""Seconds from which on a pause is worth a word in the log."""
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
    websocket: Implementation
    ping_period: float


@frozen(kw_only=True)
class SessionContext:
    """What the session works with, and the views that it publishes. draw: from 0 up to, not including, 1; prepare: what
    must be done before the first connection; may raise LinkError; user_before: as whom the venue logged us in when the
    journal was written, None: it did not say, or there is none."""

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
    user_before: str | None


class _NotLoggedIn(Exception):
    """The venue says so in a message."""

    def __init__(self, fact: LoginRefused) -> None:
        super().__init__(fact.reason)
        self.fact = fact


@define
class _Session:
    context: SessionContext
    to_dispatch: trio.MemorySendChannel[Batch]
    to_sender: trio.MemorySendChannel[ToSender]
    to_token: trio.MemorySendChannel[TokenRequest]
    task_status: trio.TaskStatus[None]
    connection: int = field(default=0, init=False)
    is_up: bool = field(default=False, init=False)
    ended_by_venue: bool = field(default=False, init=False)
    logged_in_at: float | None = field(default=None, init=False)
    was_ready: bool = field(default=False, init=False)
    announced: bool = field(default=False, init=False)
    failures: int = field(default=0, init=False)
    violations: int = field(default=0, init=False)
    renewed: bool = field(default=False, init=False)
    system: SystemMode | None = field(default=None, init=False)
    relisting_since: float | None = field(default=None, init=False)
    beating: bool = field(default=False, init=False)
    silent_since_login: bool = field(default=True, init=False)
    heard_at: float = field(default=0.0, init=False)
    asked_at: float = field(default=0.0, init=False)
    token_wanted: trio.Event = field(factory=trio.Event, init=False)

    async def run(self) -> None:
        """Connects and connects again, until its scope is canceled. Raises LinkError when another try has no sense."""
        while True:
            ending = await self._one_connection()
            self.failures += 1
            self._require_patience(ending.reason)
            pause = max(self._pause_after(ending), self._pause_wanted(ending.reason))
            later = f" The next attempt follows in {pause:.0f} s." if pause >= TOLD_PAUSE else ""
            logger.warning("The connection to %s ended or failed: %s%s", self._url, ending.reason, later)
            await self.report_down(ending.reason, will_retry=True)
            await trio.sleep(pause)

    def _pause_after(self, ending: Ending) -> float:
        return pause_after(ending, self._policy, self.failures, self.context.draw())

    def _pause_wanted(self, reason: str) -> float:
        """Seconds that the venue wants to be left alone, as its words or its mode say."""
        rules = self.context.venue.rules
        pauses = [pause for words, pause in rules.pauses.items() if words in reason]
        if self.system is SystemMode.MAINTENANCE:
            pauses.append(rules.maintenance_pause)
        self.system = None
        return max(pauses, default=0) / NANOSECONDS

    @property
    def is_logged_in(self) -> bool:
        return self.logged_in_at is not None

    @property
    def _url(self) -> str:
        return self.context.venue.upgrade("").url

    @property
    def _policy(self) -> Backoff:
        settings = self.context.settings
        return settings.reconnect if self.was_ready else settings.first_connect

    def _require_patience(self, reason: str) -> None:
        attempts = self._policy.attempts
        if attempts is None or self.failures < attempts:
            return
        text = f"No connection to {self._url} after {attempts} attempts; the last one failed: {reason}"
        raise self._given_up(text, attempts)

    def _given_up(self, text: str, attempts: int | None = None) -> LinkError:
        """The error that ends the session; before the first login it is one of connecting. attempts: how many there
        were, None: another would end the same way."""
        venue = self.context.venue.rules.venue
        if self.was_ready:
            return SessionError(text, venue=venue)
        return ConnectFailed(text, venue=venue, url=self._url, attempts=attempts)

    async def _one_connection(self) -> Ending:
        """One connection from its first byte to its end, or one attempt to make it."""
        self.logged_in_at = None
        timeout, heartbeat = self._policy.attempt_timeout, self.context.venue.heartbeat
        ending = Ending(f"There was no connection within {timeout:g} s.")
        with trio.CancelScope(deadline=trio.current_time() + timeout) as connecting:
            try:
                token = await self._token()
                try:
                    async with open_socket(
                        self.context.venue.upgrade(token),
                        self.context.connector,
                        max_message_size=self.context.settings.max_message_size,
                        statements=() if heartbeat is None else (heartbeat[0],),
                        websocket=self.context.settings.websocket,
                    ) as socket:
                        connecting.deadline = math.inf
                        ending = await self._use(socket, token)
                except UpgradeRefused as refused:
                    ending = await self._refused(refused, token)
            except Throttled as busy:
                ending = _busy(busy)
            except (OSError, WireError) as failure:
                ending = Ending(str(failure))
        return ending

    async def _token(self) -> str:
        if not self.context.venue.rules.needs_token:
            return ""
        token = self.context.token.value
        if token is None or self.context.venue.rules.fresh_token:
            return await renew(self.to_token, token)
        return token

    async def _refused(self, refused: UpgradeRefused, token: str) -> Ending:
        """What follows from an upgrade that was answered with an HTTP status."""
        rules, advice = self.context.venue.rules, FINAL_REFUSALS.get(refused.status)
        if advice is None or refused.is_page:
            return ending_of(str(refused), refused.status, refused.headers, self.context.clock.now())
        if refused.status == UNAUTHORIZED and rules.needs_token and not rules.fresh_token:
            return await self._renewed(token)
        text = f"{refused} Another try at {self._url} would end the same way. {advice}"
        if refused.status in (UNAUTHORIZED, FORBIDDEN):
            raise AuthenticationError(text, venue=rules.venue)
        raise self._given_up(text)

    async def _not_logged_in(self, refusal: LoginRefused, token: str) -> Ending:
        if not refusal.unauthorized:
            return Ending(refusal.reason)
        if not self.context.venue.rules.needs_token:
            raise AuthenticationError(
                f"{refusal.reason} Check the key, its secret, and that it may trade.",
                venue=self.context.venue.rules.venue,
            )
        return await self._renewed(token)

    async def _renewed(self, token: str) -> Ending:
        """Has a refused token renewed; a second refusal in a row is final."""
        if self.renewed:
            raise AuthenticationError(
                f"{self.context.venue.rules.venue} refused a brand-new token. Check that the key may trade and is not "
                "tied to another address.",
                venue=self.context.venue.rules.venue,
            )
        await renew(self.to_token, token)
        self.renewed = True
        self.failures -= 1  # the next attempt follows at once and counts as this one
        return Ending("The venue refused the token, and a new one was fetched.")

    async def _use(self, socket: Socket, token: str) -> Ending:
        """Runs the feed over a fresh socket until it ends."""
        context = self.context
        self.connection += 1
        self.is_up, self.ended_by_venue = True, False
        await self.to_dispatch.send(Batch((LinkUp(self.connection, self._url),), context.clock.now()))
        await self.to_sender.send(LinkReady(self.connection, socket))
        ending = Published("")
        fatal: LinkError | None = None
        closed: SocketClosed | None = None
        refusal: LoginRefused | None = None
        opening = Opening(instruments=PublishedMapping(context.instruments), token=token, again=self.was_ready)
        wire = context.venue.open_wire(opening)
        feed = FeedContext(self.connection, wire.decode, context.clock, context.statistics, self)
        self.token_wanted, self.relisting_since = trio.Event(), None
        self.beating, self.silent_since_login = False, True
        self.heard_at = self.asked_at = trio.current_time()
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
        self.ended_by_venue = closed is not None and closed.by_peer
        self._count_anew_if_it_worked()
        # Outside the nursery, which would wrap what is raised in a group.
        if fatal is not None:
            raise fatal
        if refusal is not None:
            return await self._not_logged_in(refusal, token)
        return Ending(ending.value) if closed is None else self._closed(closed)

    def _count_anew_if_it_worked(self) -> None:
        if self.logged_in_at is not None and trio.current_time() - self.logged_in_at >= STABLE:
            self.failures = self.violations = 0

    def _keep_alive_periods(self) -> tuple[float, float | None]:
        """Seconds between pings, and between the venue's own heartbeats, if it has any."""
        heartbeat, ping = self.context.venue.heartbeat, self.context.venue.rules.ping_period
        return (
            self.context.settings.ping_period if ping is None else ping / NANOSECONDS,
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
        venue = self.context.venue
        problem = venue.login_problem(login) or _other_account(self.context.user_before, login.user)
        if problem is not None:
            raise SessionError(problem, venue=venue.rules.venue)
        self.logged_in_at, self.was_ready, self.silent_since_login = trio.current_time(), True, True
        self.renewed = False
        self.context.mode.publish(ConnectionMode.ACTIVE)
        if not self.announced:
            self.announced = True
            self.task_status.started()

    def heard(self, now: Instant) -> None:
        self.heard_at = now.monotonic_ns / NANOSECONDS
        self.silent_since_login = False

    def beats(self) -> None:
        self.beating = True

    @property
    def silence(self) -> Silence:
        """What the venue's silence proves at this moment."""
        silence = self.context.venue.rules.silence
        if self.logged_in_at is None:
            return Silence.NOTHING  # that the login is not answered decides
        if silence is not Silence.BEATS:
            return silence
        return Silence.DEAD if self.beating or self.silent_since_login else Silence.NOTHING

    def _closed(self, closed: SocketClosed) -> Ending:
        self.violations = self.violations + 1 if closed.violation else 0
        if self.violations >= MOST_VIOLATIONS:
            raise SessionError(
                f"{self.context.venue.rules.venue} broke the WebSocket protocol on {MOST_VIOLATIONS} connections in a "
                f"row (the last time: {closed}). Orders there stay as they are.",
                venue=self.context.venue.rules.venue,
            )
        rules = self.context.venue.rules
        if closed.code in rules.fatal_close_codes and not closed.violation:
            raise SessionError(f"{rules.venue} closed the connection for good: {closed}", venue=rules.venue)
        return Ending(str(closed), slow=closed.code in rules.patient_close_codes)

    @trio.lowlevel.enable_ki_protection  # Ctrl-C is for the program, and must not end what closes it
    async def _watch(self, socket: Socket, ending: Published[str], scope: trio.CancelScope) -> None:
        """Ends a connection that brings no login answer, or no sign of life any more, or that takes nothing."""
        login_due = trio.current_time() + self.context.settings.login_timeout
        looked_again = False
        while True:
            due, why = min(self._ends(socket, login_due))
            now = trio.current_time()
            if now < due:
                looked_again = False
                await trio.sleep_until(min(due, await self._ask_if_silent(socket), now + self._longest_look_away()))
            elif now > due + WOKE_LATE and not looked_again:
                looked_again = True  # the program stood still: what came meanwhile has not been read yet
                await trio.sleep(SECOND_LOOK)
            else:
                ending.publish(why)
                scope.cancel()
                return

    def _ends(self, socket: Socket, login_due: float) -> Iterator[tuple[float, str]]:
        """When this connection is to be given up, unless something happens before, and why."""
        settings = self.context.settings
        patience, login_timeout = settings.data_deadline, settings.login_timeout
        if socket.writing_since is not None:
            yield socket.writing_since + patience, f"The venue has taken nothing for {patience:g} s."
        if self.relisting_since is not None:
            text = f"The venue did not list the orders again within {login_timeout:g} s."
            yield self.relisting_since + login_timeout, text
        if not self.is_logged_in:
            yield login_due, f"The venue did not answer the login within {login_timeout:g} s."
        if self.silence is Silence.ASKED:
            if socket.unanswered_since is not None and not socket.holds_messages:
                timeout = self.context.venue.rules.request_timeout / NANOSECONDS
                text = f"The venue did not answer within {timeout:g} s, and nothing else came from it either."
                yield socket.unanswered_since + timeout, text
            yield socket.last_heard + patience, f"Nothing came from the venue for {patience:g} s."
        elif self.silence is Silence.NOTHING and self.is_logged_in:
            quiet = patience + self._keep_alive_periods()[0]  # the pongs that it has to send are all that there may be
            yield socket.last_heard + quiet, f"Nothing came from the venue for {quiet:g} s."
        else:
            yield self._last_life(socket) + patience, f"Nothing came from the venue for {patience:g} s."

    def _last_life(self, socket: Socket) -> float:
        """When the venue last showed that it lives, by what counts as that."""
        if socket.holds_messages:
            return trio.current_time()
        if self.silence is Silence.NOTHING:
            return socket.last_heard
        return max(self.heard_at, socket.last_part)

    async def _ask_if_silent(self, socket: Socket) -> float:
        """Where silence proves nothing, asks when no message came for a while; or no byte for half of it, so that there
        is time to answer. Gives when to look again."""
        if self.silence is not Silence.ASKED:
            return math.inf
        patience = self.context.settings.data_deadline
        due = min(
            max(self._last_life(socket), self.asked_at) + patience,
            max(socket.last_heard, self.asked_at) + patience / 2,
        )
        if trio.current_time() < due:
            return due
        self.asked_at = trio.current_time()
        await put(self.to_dispatch, Batch((LinkSilent(self.connection),), self.context.clock.now()))
        return self.asked_at + patience / 2

    def _longest_look_away(self) -> float:
        """Seconds in which nothing can begin and be over its time that must not go on."""
        settings, timeout = self.context.settings, self.context.venue.rules.request_timeout / NANOSECONDS
        return min(settings.data_deadline, settings.login_timeout, timeout) / 2

    @trio.lowlevel.enable_ki_protection  # Ctrl-C is for the program, and must not end what closes it
    async def _replace_tokens(self, wire: Wire, ending: Published[str], scope: trio.CancelScope) -> None:
        """Fetches another token whenever the venue refuses the one in use, and lets the connection go on with it."""
        while True:
            await self.token_wanted.wait()
            self.token_wanted = trio.Event()
            try:
                token = await self._renew_patiently()
            except (TradingError, OSError) as failure:
                ending.publish(f"The venue refused the session token, and no other was to be had: {failure}")
                scope.cancel()
                return
            for fact in wire.take_token(token):
                if isinstance(fact, Say):
                    await self.say(fact)
            heard = Heard(self.connection, (TokenRenewed(),))
            await put(self.to_dispatch, Batch((heard,), self.context.clock.now()))

    async def _renew_patiently(self) -> str:
        """A token other than the present one, however long the venue wants to be left alone before."""
        tries = 0
        while True:
            try:
                return await renew(self.to_token, self.context.token.value)
            except Throttled as busy:
                tries += 1
                pause = pause_after(_busy(busy), self.context.settings.reconnect, tries, self.context.draw())
                logger.warning("A new session token is asked for again in %.0f s: %s", pause, busy)
            await trio.sleep(pause)

    async def report_down(self, reason: str, *, will_retry: bool) -> None:
        mode = ConnectionMode.RECONNECTING if self.was_ready else ConnectionMode.CONNECTING
        self.context.mode.publish(mode if will_retry else ConnectionMode.CLOSED)
        if self.is_up:
            self.is_up = False
            lost = LinkLost(LinkDown(self.connection, reason, will_retry, by_venue=self.ended_by_venue))
            await self.to_sender.send(lost)
            await lost.passed_on.wait()  # so that dispatch hears of the next connection behind it


def _other_account(before: str | None, user: str) -> str | None:
    """A sentence if the venue knows us by another name than when the journal was written."""
    if not before or not user or before == user:
        return None
    return (
        f"The journal was kept for the venue's account {before}, and these credentials are of {user}. Name that "
        "account's journal, or check the credentials. Nothing was sent."
    )


def _busy(busy: Throttled) -> Ending:
    return Ending(str(busy), (busy.wait or 0) / NANOSECONDS, slow=busy.wait is None)


async def run_session(
    context: SessionContext,
    to_dispatch: trio.MemorySendChannel[Batch],
    to_sender: trio.MemorySendChannel[ToSender],
    to_token: trio.MemorySendChannel[TokenRequest],
    stop: trio.CancelScope,
    *,
    task_status: trio.TaskStatus[None] = trio.TASK_STATUS_IGNORED,
) -> None:
    """Sends news of the link to dispatch and sender. Started once it is logged in for the first time.

    Ends when `stop` is canceled. Raises ConnectFailed, AuthenticationError or SessionError when it cannot go on;
    subscribers have heard of it by then.
    """
    session = _Session(context, to_dispatch, to_sender, to_token, task_status)
    failure: LinkError | None = None
    with to_dispatch, to_sender, to_token:
        with stop:
            try:
                await context.prepare()
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
    reply: OneShot[None] = OneShot()
    unauthorized = isinstance(failure, AuthenticationError)
    with trio.move_on_after(LAST_WORDS), suppress(trio.EndOfChannel):
        failed = LinkFailed(connection, str(failure), unauthorized, reply)
        await to_sender.send(LinkLost(failed))
        await reply.receive()
