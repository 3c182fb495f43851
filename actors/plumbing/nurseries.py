"""Two things that nurseries lack: what is raised leaves as it is, not wrapped in a group, and a task may report from
several places that it has started."""

from __future__ import annotations

from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager
from typing import Any

import trio
from attrs import define

__all__ = ["StartedOnce", "open_unwrapped_nursery"]


@define
class StartedOnce:
    """A task status that may be told several times. The first one counts."""

    _status: trio.TaskStatus[Any]
    _told: bool = False

    @property
    def is_told(self) -> bool:
        return self._told

    def started(self, value: object = None) -> None:
        if not self._told:
            self._told = True
            self._status.started(value)


@asynccontextmanager
async def open_unwrapped_nursery() -> AsyncIterator[trio.Nursery]:
    """As `trio.open_nursery`, but what the block raises leaves it as it is, and the failure of a background task
    leaves as that one exception. Several failures at once still come as a group. An interrupt goes before everything,
    wherever it struck."""
    raised: BaseException | None = None
    try:
        async with trio.open_nursery() as nursery:
            try:
                yield nursery
            except BaseException as error:
                raised = _without_cancellations(error)
                raise
    except BaseExceptionGroup as group:
        raised = _what_to_raise(group, raised)
        if raised is None:
            raise
    if raised is not None:
        try:
            raise raised  # outside of the handler, which would become its context
        finally:
            raised = None  # an exception in its own traceback's frame would wait for the garbage collector


def _what_to_raise(group: BaseExceptionGroup[BaseException], raised: BaseException | None) -> BaseException | None:
    """The one thing that went wrong, None if it is several. raised: by the block itself."""
    own = set() if raised is None else {id(error) for error in _leaves(raised)}
    others = [error for error in _leaves(group) if id(error) not in own and not isinstance(error, trio.Cancelled)]
    interrupt = next((error for error in others if not isinstance(error, Exception)), None)
    if interrupt is not None:
        return interrupt
    if raised is None:
        return others[0] if len(others) == 1 else None
    for other in others:
        raised.add_note(f"Meanwhile a background task failed as well: {other!r}")
    return raised


def _without_cancellations(error: BaseException) -> BaseException | None:
    """None for a cancellation, which is a consequence of something else or belongs to an outer scope."""
    if isinstance(error, BaseExceptionGroup) and any(isinstance(leaf, trio.Cancelled) for leaf in _leaves(error)):
        return error.split(trio.Cancelled)[1]
    return None if isinstance(error, trio.Cancelled) else error


def _leaves(error: BaseException) -> Iterator[BaseException]:
    """What a group holds, in groups of groups as well; an error that is no group holds itself."""
    if isinstance(error, BaseExceptionGroup):
        for part in error.exceptions:
            yield from _leaves(part)
    else:
        yield error
