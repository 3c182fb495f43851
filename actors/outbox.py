"""The outbox: numbers the stream and commits each batch, and only then releases its requests, events and answers."""

from __future__ import annotations

from contextlib import suppress
from typing import Any, cast

import trio
from attrs import frozen

from protocol.dispatch import Decisions, EndLink, Send
from protocol.events import Event, number
from protocol.inputs import Admission
from protocol.records import Note

from .channels import answer, put
from .emitter import ToEmitter
from .rest import CallsOver, ToRest
from .sender import ToSender

__all__ = ["Outlets", "run_outbox"]


@frozen(kw_only=True)
class Outlets:
    """Where the outbox releases things to; it owns these ends."""

    sender: trio.MemorySendChannel[ToSender]
    rest: trio.MemorySendChannel[ToRest]
    emitter: trio.MemorySendChannel[ToEmitter]
    credits: trio.MemorySendChannel[Admission]


async def run_outbox(inbox: trio.MemoryReceiveChannel[Decisions], outlets: Outlets) -> None:
    """Receives from dispatch; sends to sender, rest and emitter. Ends when dispatch has closed.

    None of the three ever makes it wait: sender and rest have room for every admitted request, and the emitter
    waits for nobody.
    """
    sequence = 0
    with inbox, outlets.sender, outlets.rest, outlets.emitter, outlets.credits:
        async for decisions in inbox:
            published: list[Event] = []
            for record in decisions.records:
                if not isinstance(record, Note):
                    sequence += 1
                    number(record, sequence)
                    published.append(record)
            if decisions.sends:
                await _release_sends(decisions.sends, outlets)
            for admission in decisions.released:
                outlets.credits.send_nowait(admission)
            if published:
                await put(outlets.emitter, tuple(published))
            for reply in decisions.replies:
                answer(cast("trio.MemorySendChannel[Any]", reply.reply_to), reply.value)
        await _end_calls(outlets)


async def _release_sends(sends: list[Send | EndLink], outlets: Outlets) -> None:
    """An actor that has ended takes nothing more: its link is gone, and dispatch has heard or will hear of it."""
    frames: list[Send | EndLink] = []
    for send in sends:
        if isinstance(send, Send) and send.connection == 0:
            with suppress(trio.BrokenResourceError, trio.ClosedResourceError):
                await put(outlets.rest, send)
            continue
        frames.append(send)
        if isinstance(send, EndLink):
            await _end_calls(outlets)
    if frames:
        with suppress(trio.BrokenResourceError):
            await put(outlets.sender, frames)


async def _end_calls(outlets: Outlets) -> None:
    """The token actor holds an end of that channel, too, so closing ours would not end it."""
    with suppress(trio.BrokenResourceError, trio.ClosedResourceError):
        await put(outlets.rest, CallsOver())
