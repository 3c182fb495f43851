"""The socket feed: the reading end of one connection. Decodes, and hands each socket read to dispatch as one batch."""

from __future__ import annotations

from collections.abc import Callable, Sequence

import trio
from attrs import frozen

from protocol.facts import Alive, Fact, LoggedIn, Unreadable
from protocol.inputs import Heard

from .channels import Batch, put
from .clock import Clock
from .published import Published
from .websocket import Socket

__all__ = ["FeedStatistics", "run_socket_feed"]


@frozen(kw_only=True)
class FeedStatistics:
    """messages: complete messages read; reads: socket reads that brought them; unreadable: those that made no sense."""

    messages: int = 0
    reads: int = 0
    unreadable: int = 0


async def run_socket_feed(
    socket: Socket,
    connection: int,
    decode: Callable[[str | bytes], Sequence[Fact]],
    to_dispatch: trio.MemorySendChannel[Batch],
    clock: Clock,
    statistics: Published[FeedStatistics],
    on_login: Callable[[LoggedIn], None],
) -> None:
    """Receives from the socket; sends to dispatch, waiting for nothing else. Raises SocketClosed when the connection
    ends. on_login: called once dispatch has the venue's login answer; what it raises ends the feed."""
    login: LoggedIn | None = None
    announced = False
    while True:
        messages = await socket.receive_batch()
        now = clock.now()
        facts: list[Fact] = []
        for message in messages:
            facts.extend(decode(message))
        unreadable = 0
        for fact in facts:
            if isinstance(fact, Unreadable):
                unreadable += 1
            elif isinstance(fact, LoggedIn) and login is None:
                login = fact
        seen = statistics.value
        statistics.publish(
            FeedStatistics(
                messages=seen.messages + len(messages),
                reads=seen.reads + 1,
                unreadable=seen.unreadable + unreadable,
            )
        )
        if any(type(fact) is not Alive for fact in facts):
            await put(to_dispatch, Batch((Heard(connection, facts),), now))
        if login is not None and not announced:
            announced = True
            on_login(login)
