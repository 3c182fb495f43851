"""What a full disk did not take is released as if it had."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from typing import Any

PLACE = "actors.journaled_outbox:_JournaledOutbox._put_off"
TEST = "tests/journal/test_outbox.py::test_a_full_disk_refuses_placements_and_keeps_events_until_there_is_room"


def bug(right: Callable[..., Awaitable[None]]) -> Callable[..., Awaitable[None]]:
    async def put_off(outbox: Any, _: object, __: str) -> None:
        await outbox._release()

    return put_off
