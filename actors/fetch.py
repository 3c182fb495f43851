"""Asking the rest actor for a call of one's own: all signed calls of a key must leave through one actor."""

from __future__ import annotations

from typing import Any, Final, Protocol

import trio
from attrs import frozen

from protocol.venue import HttpAnswer, HttpCall

from .net.http_seam import HttpFailed
from .plumbing.one_shot import OneShot

__all__ = ["CLOSING", "Fetch", "TakesFetches", "fetch"]

CLOSING: Final = "The client is closing."


@frozen
class Fetch:
    """Make this call for another actor. Answer: an `HttpAnswer`, or HttpFailed."""

    call: HttpCall
    reply_to: OneShot[Any]


class TakesFetches(Protocol):
    """The rest actor's inbox, as far as a fetch is concerned."""

    async def send(self, value: Fetch, /) -> None: ...


async def fetch(to_rest: TakesFetches, call: HttpCall) -> HttpAnswer:
    """The venue's answer, whatever its status. Raises HttpFailed, also when the rest actor ends before it answers."""
    reply: OneShot[Any] = OneShot()
    try:
        await to_rest.send(Fetch(call, reply))
        value = await reply.receive()
    except (trio.BrokenResourceError, trio.ClosedResourceError):
        raise HttpFailed(CLOSING, sent=False) from None
    finally:
        reply.give_up()
    if isinstance(value, Exception):
        raise value
    assert isinstance(value, HttpAnswer)
    return value
