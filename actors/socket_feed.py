"""The socket feed: the reading end of one connection. Decodes, and hands each socket read to dispatch as one batch."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Final, Protocol, cast

import trio
from attrs import frozen
from msgspec import Struct

from protocol.dispatch.inputs import Heard
from protocol.facts import (
    Alive,
    Fact,
    LoggedIn,
    LoginRefused,
    Say,
    SlowDown,
    SystemChanged,
    TokenRefused,
    Unreadable,
)
from protocol.values import Instant

from .plumbing.channels import Batch, put
from .plumbing.clock import Clock
from .plumbing.published import Published
from .websocket import Socket

__all__ = ["FeedContext", "FeedStatistics", "Handshake", "run_socket_feed"]


class FeedStatistics(Struct, frozen=True, kw_only=True, gc=False):
    """messages: complete messages read; reads: socket reads that brought them; unreadable: those that made no sense."""

    messages: int = 0
    reads: int = 0
    unreadable: int = 0


class Handshake(Protocol):
    """What the session does about the login."""

    async def say(self, word: Say) -> None:
        """Sends this on the same connection."""

    def refused(self, fact: LoginRefused) -> None:
        """The venue did not log us in, or no longer. Raises."""

    def token_refused(self) -> None:
        """The venue wants another token; the connection stays."""

    async def slow_down(self) -> None:
        """The venue finds that we send too much."""

    def logged_in(self, login: LoggedIn) -> None:
        """Called once dispatch has the venue's login answer. May raise LinkError."""

    def system_changed(self, fact: SystemChanged) -> None:
        """The whole venue opens or closes."""

    def heard(self, now: Instant) -> None:
        """A message came that a living venue alone sends."""

    def beats(self) -> None:
        """The venue sends heartbeats, or says that it will."""


FOR_THE_SESSION: Final = frozenset({Say, LoginRefused, TokenRefused, SlowDown, SystemChanged})
NOT_FOR_DISPATCH_ALONE: Final = FOR_THE_SESSION | {Alive, Unreadable, LoggedIn}


@frozen
class FeedContext:
    """What the feed of one connection works with. decode: what a message says; statistics: published after each
    read."""

    connection: int
    decode: Callable[[str | bytes], Sequence[Fact]]
    clock: Clock
    statistics: Published[FeedStatistics]
    handshake: Handshake


async def _tell(handshake: Handshake, fact: Fact) -> None:
    match fact:
        case Say():
            await handshake.say(fact)
        case LoginRefused():
            handshake.refused(fact)
        case TokenRefused():
            handshake.token_refused()
        case SlowDown():
            await handshake.slow_down()
        case SystemChanged():
            handshake.system_changed(fact)


async def run_socket_feed(socket: Socket, to_dispatch: trio.MemorySendChannel[Batch], context: FeedContext) -> None:
    """Receives from the socket; sends to dispatch, waiting for nothing else. Raises SocketClosed when the connection
    ends, and whatever the handshake raises."""
    connection, decode, clock = context.connection, context.decode, context.clock
    statistics, handshake = context.statistics, context.handshake
    while True:
        messages = await socket.receive_batch()
        now = clock.now()
        facts: list[Fact] = []
        for message in messages:
            facts.extend(decode(message))
        unreadable, login, is_news, echoes = 0, None, False, 0
        for fact in facts:
            kind = type(fact)
            if kind not in NOT_FOR_DISPATCH_ALONE:
                is_news = True
                continue
            if kind is Alive:
                sign = cast(Alive, fact)
                echoes += sign.is_echo
                if sign.is_beat:
                    handshake.beats()
                continue
            is_news = True
            if kind is Unreadable:
                unreadable += 1
            elif kind is LoggedIn:
                login = login or cast(LoggedIn, fact)
            elif kind in FOR_THE_SESSION:
                await _tell(handshake, fact)
        if echoes < len(messages):
            handshake.heard(now)
        seen = statistics.value
        statistics.publish(
            FeedStatistics(
                messages=seen.messages + len(messages),
                reads=seen.reads + 1,
                unreadable=seen.unreadable + unreadable,
            )
        )
        if is_news:
            await put(to_dispatch, Batch((Heard(connection, facts),), now))
        if login is not None:
            handshake.logged_in(login)
