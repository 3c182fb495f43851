"""Memory channels as this library uses them: batches at both ends, asks that carry the room for their answer."""

from __future__ import annotations

import math
from collections.abc import Awaitable, Callable, Iterable, Iterator, Sequence
from contextlib import suppress
from typing import TYPE_CHECKING, Any, Final, TypeVar, cast

import trio

from protocol.commands import Command
from protocol.dispatch.inputs import Asked, Input
from protocol.errors import NotSent, OutcomeUnknown, TradingError
from protocol.reasons import Why
from protocol.values import Instant

from .one_shot import OneShot

if TYPE_CHECKING:
    from attrs import frozen
else:
    from attrs import define as frozen  # built for every order and gone with it: see `protocol.facts`

__all__ = [
    "Ask",
    "Batch",
    "answer",
    "ask",
    "ask_locally",
    "close_inbox",
    "put",
    "queued",
    "receive_batch",
    "receive_until",
    "refuse",
]

T = TypeVar("T")

MOST_AT_ONCE: Final = 3
"""Items that `queued` gives. An actor that took all that come would let nobody else run while it is flooded."""

CLOSED: Final = "The client is closed, so nothing was sent."


@frozen
class Batch:
    """What one producer hands to dispatch at once: one socket read, or the commands that were waiting together."""

    inputs: Sequence[Input]
    now: Instant


@frozen
class Ask:
    """A command and where its answer goes. The actor that takes it from the channel owns reply_to."""

    command: Command
    reply_to: OneShot[Any]


def queued(inbox: trio.MemoryReceiveChannel[T]) -> Iterator[T]:
    """Items that are here already, a few at most, one after the other: for an actor that has waited for one before.
    Trio's `receive` would let all other tasks run before each of them, which costs more than many items do. Gives no
    second one to a task that has been canceled, for an abort waits meanwhile. Raises trio.EndOfChannel."""
    for number in range(MOST_AT_ONCE):
        if number and trio.current_effective_deadline() == -math.inf:
            return
        try:
            item = inbox.receive_nowait()
        except trio.WouldBlock:
            return
        yield item


async def receive_batch(inbox: trio.MemoryReceiveChannel[T], limit: int) -> list[T]:
    """Waits for one item, then takes what is queued already, `limit` in all. An empty list: the channel ended."""
    batch: list[T] = []
    try:
        batch.append(await inbox.receive())
        while len(batch) < limit:
            batch.append(inbox.receive_nowait())
    except (trio.WouldBlock, trio.EndOfChannel):
        pass
    return batch


async def put(channel: trio.MemorySendChannel[T], item: T) -> None:
    """Sends an item, giving up the processor only if there is no room. The actors wait at the other end of their loop,
    so the turn that an awaited send costs would buy nothing."""
    try:
        channel.send_nowait(item)
    except trio.WouldBlock:
        await channel.send(item)
    except trio.BrokenResourceError:
        # In an abort the receiver may have gone a step before us; then this is our cancellation, not an error.
        await trio.lowlevel.checkpoint_if_cancelled()
        raise


async def receive_until(inbox: trio.MemoryReceiveChannel[T], deadline: float | None) -> T | None:
    """One item, or None at `deadline` (Trio's clock). Raises trio.EndOfChannel."""
    if deadline is None:
        return await inbox.receive()
    with trio.move_on_at(deadline):
        return await inbox.receive()
    return None


def answer(reply_to: OneShot[Any], value: object) -> None:
    """Gives an answer; the caller may have given up, which is ordinary."""
    try:  # noqa: SIM105 - every order passes here, and `suppress` costs a microsecond
        reply_to.send_nowait(value)
    except (trio.BrokenResourceError, trio.ClosedResourceError):
        pass


def close_inbox(inbox: trio.MemoryReceiveChannel[T]) -> list[T]:
    """Closes an inbox and gives what is still queued there. An actor that ends answers every ask that it finds here:
    a caller that waits for an answer cannot be canceled."""
    queued: list[T] = []
    with inbox, suppress(trio.WouldBlock, trio.EndOfChannel, trio.ClosedResourceError):
        while True:
            queued.append(inbox.receive_nowait())
    return queued


def refuse(asks: Iterable[Ask | Asked]) -> None:
    """Tells everyone who asked that nothing was sent."""
    for item in asks:
        if item.reply_to is not None:
            answer(cast("OneShot[Any]", item.reply_to), NotSent(CLOSED, why=Why.CLOSED))


async def ask(inbox: trio.MemorySendChannel[Ask], command: Command) -> Any:
    """The answer to a question. Canceling it is always safe.

    Raises NotSent when the client is closed, OutcomeUnknown when it ended without answering, and whatever
    TradingError is the answer.
    """
    return await _ask(inbox, command, OneShot.receive)


async def ask_locally(inbox: trio.MemorySendChannel[Ask], command: Command) -> Any:
    """The answer to a command that is answered here, without waiting for the venue.

    There is one cancellation point, before the command is taken: Canceled means certainly not sent, unless the same
    cancellation ends the client itself. Raises as `ask`.
    """
    return await _ask(inbox, command, _receive_certainly)


async def _receive_certainly(reply: OneShot[T]) -> T:
    """The answer, which is on its way: only a Ctrl-C cuts this short."""
    try:
        return await reply.receive()
    except trio.Cancelled:
        # Rare, so that no scope is needed in the ordinary case. The next checkpoint of the caller raises this again.
        with trio.CancelScope(shield=True):
            value = await reply.receive()
        return value


async def _ask(
    inbox: trio.MemorySendChannel[Ask], command: Command, receive: Callable[[OneShot[Any]], Awaitable[Any]]
) -> Any:
    reply: OneShot[Any] = OneShot()
    try:
        await trio.lowlevel.checkpoint_if_cancelled()
        await put(inbox, Ask(command, reply))
        value = await receive(reply)
    except (trio.BrokenResourceError, trio.ClosedResourceError):
        raise NotSent(CLOSED, why=Why.CLOSED) from None
    except trio.EndOfChannel:
        value = OutcomeUnknown("The client ended before it answered; ask the venue what it did.")
    except BaseException:
        reply.give_up()
        raise
    if isinstance(value, TradingError):
        # What ended the client may be a cancellation of everything around it, us included: then that is what we raise.
        await trio.lowlevel.checkpoint_if_cancelled()
        raise value.again()
    return value
