"""Events reach their readers before the journal has them."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from typing import Any

from actors.emitter import Publication
from actors.plumbing.channels import put

PLACE = "actors.journaled_outbox:_JournaledOutbox.take"
STORY = ("ax", 0)
LIVES = True
FOUND = ("stuck", "never logged in")  # a stream refuses numbers that the journal does not have


def bug(right: Callable[..., Awaitable[None]]) -> Callable[..., Awaitable[None]]:
    async def take(outbox: Any, item: Any) -> None:
        await right(outbox, item)
        for waiting in outbox.waiting:
            if getattr(waiting, "events", None) and hasattr(waiting, "decided"):
                await put(outbox.to_emitter, Publication(waiting.decided.session, tuple(waiting.events)))
                waiting.events = []

    return take
