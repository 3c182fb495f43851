"""The outbox: numbers the stream, and releases what was decided: requests, events, answers.

There is one for all sessions of a program, so their events have one order. With a journal, `journaled_outbox` takes its
place.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from contextlib import suppress
from typing import TYPE_CHECKING, Any, cast

import trio
from attrs import define, field

from protocol.dispatch import Decisions, EndLink, Send
from protocol.dispatch.inputs import Admission
from protocol.dispatch.records import numbered

from .emitter import Publication, SessionEnded, ToEmitter
from .plumbing.channels import answer, close_inbox, put, queued
from .plumbing.one_shot import OneShot
from .plumbing.published import Published
from .rest import CallsOver, Forget, ToRest
from .sender import ToSender

if TYPE_CHECKING:
    from attrs import frozen
else:
    from attrs import define as frozen  # built for every order and gone with it: see `protocol.facts`

__all__ = [
    "Attach",
    "Decided",
    "Detach",
    "Outlets",
    "ToOutbox",
    "close_replies",
    "end_calls",
    "release_sends",
    "run_outbox",
    "tell_rest",
]


@frozen(kw_only=True)
class Outlets:
    """Where the requests of one session are released to; the outbox owns these ends from `Attach` on."""

    sender: trio.MemorySendChannel[ToSender]
    rest: trio.MemorySendChannel[ToRest]
    credits: trio.MemorySendChannel[Admission]

    def close(self) -> None:
        for channel in (self.sender, self.rest, self.credits):
            channel.close()


@frozen
class Attach:
    """A session begins. session: its number; nonce: the number of its last signed call."""

    session: int
    outlets: Outlets
    nonce: Published[int] = field(factory=lambda: Published(0))


@frozen
class Decided:
    """What the dispatch of one session decided."""

    session: int
    decisions: Decisions


@frozen
class Detach:
    """A session's dispatch has ended."""

    session: int


ToOutbox = Attach | Decided | Detach


@trio.lowlevel.enable_ki_protection  # an interrupt between two steps would lose an answer that a caller waits for
async def run_outbox(inbox: trio.MemoryReceiveChannel[ToOutbox], to_emitter: trio.MemorySendChannel[ToEmitter]) -> None:
    """Receives from every dispatch; sends to their senders and rests, and to the emitter. Ends when all have closed.

    None of these ever makes it wait: sender and rest have room for every admitted request, and the emitter waits for
    no subscriber.
    """
    outbox = _Outbox(to_emitter)
    with to_emitter:
        try:
            with suppress(trio.EndOfChannel):
                while True:
                    await outbox.handle(await inbox.receive())
                    for item in queued(inbox):
                        await outbox.handle(item)
        finally:
            close_replies([*outbox.in_hand, *close_inbox(inbox)])
            for outlets in outbox.sessions.values():
                outlets.close()


@define
class _Outbox:
    """sequence: number of the last event; in_hand: what is being released."""

    to_emitter: trio.MemorySendChannel[ToEmitter]
    sequence: int = 0
    sessions: dict[int, Outlets] = field(factory=dict)
    in_hand: list[Decided] = field(factory=list)

    async def handle(self, item: ToOutbox) -> None:
        if isinstance(item, Decided):
            await self.release(item)
        else:
            await self.change_sessions(item)

    async def change_sessions(self, item: Attach | Detach) -> None:
        if isinstance(item, Attach):
            self.sessions[item.session] = item.outlets
        else:
            await end_calls(self.sessions[item.session])
            self.sessions.pop(item.session).close()
            await put(self.to_emitter, SessionEnded(item.session))

    async def release(self, item: Decided) -> None:
        """Requests, then events, then answers: with its answer, a caller finds the events that belong to it."""
        self.in_hand = [item]
        decisions, outlets = item.decisions, self.sessions[item.session]
        published = numbered(decisions.records, self.sequence)
        self.sequence += len(published)
        if decisions.forgotten:
            await tell_rest(outlets, Forget(tuple(decisions.forgotten)))
        if decisions.sends:
            await release_sends(decisions.sends, outlets)
        for admission in decisions.released:
            outlets.credits.send_nowait(admission)
        if published:
            await put(self.to_emitter, Publication(item.session, tuple(published)))
        if decisions.replies:
            if decisions.sends:
                # To the wire first: a caller, or a subscriber that the emitter wakes, runs a turn behind the sender.
                await trio.lowlevel.checkpoint()
            for reply in decisions.replies:
                answer(cast("OneShot[Any]", reply.reply_to), reply.value)


def close_replies(items: Iterable[ToOutbox]) -> None:
    """Of what was not released to its end; to close a reply that was given changes nothing."""
    for item in items:
        if isinstance(item, Decided):
            for reply in item.decisions.replies:
                cast("OneShot[Any]", reply.reply_to).close()
        elif isinstance(item, Attach):
            item.outlets.close()


async def release_sends(sends: Sequence[Send | EndLink], outlets: Outlets) -> None:
    """An actor that has ended takes nothing more: its link is gone, and dispatch has heard or will hear of it."""
    frames: list[Send | EndLink] = []
    for send in sends:
        if isinstance(send, Send) and send.connection == 0:
            await tell_rest(outlets, send)
            continue
        frames.append(send)
        if isinstance(send, EndLink):
            await end_calls(outlets)
    if frames:
        with suppress(trio.BrokenResourceError):
            await put(outlets.sender, frames)


async def end_calls(outlets: Outlets) -> None:
    """The token actor holds an end of that channel, too, so closing ours would not end it."""
    await tell_rest(outlets, CallsOver())


async def tell_rest(outlets: Outlets, item: ToRest) -> None:
    with suppress(trio.BrokenResourceError, trio.ClosedResourceError):
        await put(outlets.rest, item)
