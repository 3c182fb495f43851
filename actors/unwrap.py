"""A nursery that does not wrap what is raised: a library's user catches an error, not a group with an error in it."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import trio

__all__ = ["open_unwrapped_nursery"]


@asynccontextmanager
async def open_unwrapped_nursery() -> AsyncIterator[trio.Nursery]:
    """As `trio.open_nursery`, but what the block raises leaves it as it is, and the failure of a background task
    leaves as that one exception. Several failures at once still come as a group."""
    raised: BaseException | None = None
    try:
        async with trio.open_nursery() as nursery:
            try:
                yield nursery
            except BaseException as error:
                raised = _without_cancellations(error)
                raise
    except BaseExceptionGroup as group:
        if raised is not None:
            for other in _causes(group):
                if other is not raised:
                    raised.add_note(f"Meanwhile a background task failed as well: {other!r}")
        causes = _causes(group) if raised is None else [raised]
        if len(causes) != 1:
            raise
        raise causes[0] from causes[0].__cause__


def _without_cancellations(error: BaseException) -> BaseException | None:
    """None for a cancellation, which is a consequence of something else or belongs to somebody outside."""
    if isinstance(error, BaseExceptionGroup):
        return error.split(trio.Cancelled)[1]
    return None if isinstance(error, trio.Cancelled) else error


def _causes(group: BaseExceptionGroup[BaseException]) -> list[BaseException]:
    """What really went wrong in `group`.

    A failing task cancels its siblings, so Cancelled beside an error is its consequence and not a second error.
    """
    causes: list[BaseException] = []
    pending: list[BaseException | None] = [group.split(trio.Cancelled)[1]]
    while pending:
        error = pending.pop()
        if isinstance(error, BaseExceptionGroup):
            pending.extend(error.exceptions)
        elif error is not None:
            causes.append(error)
    return causes
