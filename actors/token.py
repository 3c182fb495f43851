"""The token actor: fetches the session token, refreshes it before it expires, and publishes it."""

from __future__ import annotations

import logging
import math
from typing import Any, Final

import trio
from attrs import field, frozen

from protocol.errors import AuthenticationError, Throttled, TradingError, WireError
from protocol.venue import Venue

from .fetch import TakesFetches, fetch
from .plumbing.channels import answer, receive_until
from .plumbing.clock import NANOSECONDS, Clock
from .plumbing.one_shot import OneShot
from .plumbing.patience import throttled
from .plumbing.published import Published

__all__ = ["NewToken", "RenewToken", "TokenRequest", "renew", "run_token"]

logger = logging.getLogger("trio_orders")

RETRY_AFTER: Final = 30.0
"""Seconds until a refresh that failed is tried again; the old token may be good for a while yet."""


@frozen
class NewToken:
    """The user gives a token. Never shows in repr."""

    token: str = field(repr=False)


@frozen
class RenewToken:
    """A call found `stale` refused (None: there was none yet). Answer: the token to use now, or an exception."""

    stale: str | None = field(repr=False)
    reply_to: OneShot[Any]


TokenRequest = NewToken | RenewToken


async def renew(to_token: trio.MemorySendChannel[TokenRequest], stale: str | None) -> str:
    """A token other than `stale`. Raises AuthenticationError, WireError, OSError."""
    reply: OneShot[Any] = OneShot()
    try:
        await to_token.send(RenewToken(stale, reply))
        value = await reply.receive()
    finally:
        reply.give_up()
    if isinstance(value, Exception):
        raise value
    return str(value)


async def _fetch(venue: Venue, to_rest: TakesFetches, clock: Clock) -> str:
    call = venue.login_call()
    if call is None:
        raise AuthenticationError(
            "The venue refused the token, and there are no credentials to fetch another. Give a fresh token.",
            venue=venue.rules.venue,
        )
    answered = await fetch(to_rest, call)
    try:
        return venue.read_token(answered)
    except WireError as problem:
        raise throttled(problem, answered, clock.now()) from None


@trio.lowlevel.enable_ki_protection  # Ctrl-C is for the program, and must not end what closes it
async def run_token(
    inbox: trio.MemoryReceiveChannel[TokenRequest],
    venue: Venue,
    to_rest: trio.MemorySendChannel[Any],
    view: Published[str | None],
    clock: Clock,
) -> None:
    """Receives from session, rest and command handler; fetches through rest; publishes the token. Ends when they have
    closed."""
    lifetime = None if venue.rules.fresh_token else venue.token_lifetime
    refresh_at = math.inf
    with inbox, to_rest:
        while True:
            try:
                request = await receive_until(inbox, None if refresh_at == math.inf else refresh_at)
            except trio.EndOfChannel:
                return
            if isinstance(request, NewToken):
                view.publish(request.token)
                refresh_at = math.inf
                continue
            if request is not None and view.value not in (None, request.stale):
                answer(request.reply_to, view.value)  # another call had it renewed meanwhile
                continue
            try:
                token = await _fetch(venue, to_rest, clock)
            except (TradingError, OSError) as error:
                wait = (error.wait or 0) / NANOSECONDS if isinstance(error, Throttled) else 0
                refresh_at = math.inf if request is not None else trio.current_time() + max(wait, RETRY_AFTER)
                if request is not None:
                    answer(request.reply_to, error)
                else:
                    logger.warning("The token could not be refreshed and is tried again soon: %s", error)
                continue
            view.publish(token)
            # Half its life: early enough for a second try, late enough to be rare.
            refresh_at = math.inf if lifetime is None else trio.current_time() + lifetime / 2e9
            if request is not None:
                answer(request.reply_to, token)
