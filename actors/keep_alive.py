"""The keep-alive of one connection: tells the sender when a ping or the venue's own heartbeat is due."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

import trio
from attrs import frozen

if TYPE_CHECKING:
    from .sender import ToSender

__all__ = ["Heartbeat", "Ping", "run_keep_alive"]


@frozen
class Ping:
    """A protocol ping is due on this connection."""

    connection: int


@frozen
class Heartbeat:
    """The venue's own sign of life is due on this connection."""

    connection: int


@trio.lowlevel.enable_ki_protection  # Ctrl-C is for the program, and must not end what closes it
async def run_keep_alive(
    to_sender: trio.MemorySendChannel[ToSender], connection: int, ping_period: float, heartbeat_period: float | None
) -> None:
    """Sends to the sender, from one period after the start on; periods in seconds. Ends when it is canceled, with
    its connection."""
    now = trio.current_time()
    next_ping = now + ping_period
    next_heartbeat = math.inf if heartbeat_period is None else now + heartbeat_period
    while True:
        await trio.sleep_until(min(next_ping, next_heartbeat))
        now = trio.current_time()
        if now >= next_heartbeat and heartbeat_period is not None:
            next_heartbeat = now + heartbeat_period
            await to_sender.send(Heartbeat(connection))
        if now >= next_ping:
            next_ping = now + ping_period
            await to_sender.send(Ping(connection))
