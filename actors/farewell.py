"""The tasks behind a block of clients, and how they end: not by whatever ends the block, but by a farewell.

A cancellation from outside must reach the block, and must not reach the actors: they have to cancel orders and to part
from the venue first. So they live in a task of their own, behind a shield, and the block does not:

    around          canceled from outside; what ends the sessions for good is raised here, which cancels the block
    ├── the block   the user's code, and behind it `Actors.close`
    └── the shield  the actors' nursery, with the deadline of the farewell
"""

from __future__ import annotations

import logging
from collections.abc import AsyncIterator, Awaitable, Callable, Iterable
from contextlib import asynccontextmanager, suppress

import trio
from attrs import define, field

from protocol.errors import LinkError, TradingError

from .plumbing.nurseries import open_unwrapped_nursery

__all__ = ["Actors", "open_actors"]

logger = logging.getLogger("trio_orders")


@define(eq=False)
class Actors:
    """The actors of a block of clients. nursery: where they run. For the task that opened them."""

    _around: trio.Nursery
    _shield: trio.CancelScope = field(factory=lambda: trio.CancelScope(shield=True))
    _opened: trio.Event = field(factory=trio.Event)
    _leaving: trio.Event = field(factory=trio.Event)
    _ended: trio.Event = field(factory=trio.Event)
    _closing: bool = False
    _aborted: bool = False
    _nursery: trio.Nursery | None = None

    @property
    def nursery(self) -> trio.Nursery:
        assert self._nursery is not None  # `open_actors` waits for it
        return self._nursery

    def abort(self) -> None:
        """Ends the actors and the block now."""
        self._aborted = True
        self._shield.cancel()
        self._around.cancel_scope.cancel()

    def end_block(self, failure: LinkError) -> None:
        """Cancels the block and raises this out of it; once the block is being left, the events tell it alone."""
        if not self._closing:
            self._around.start_soon(_fail, failure)

    async def close(self, farewells: Iterable[Callable[[], Awaitable[None]]], timeout: float) -> None:
        """Says every farewell at once and waits until all actors have ended, `timeout` seconds at most. No cancellation
        cuts that short, nor does Ctrl-C, which is raised behind it."""
        self._closing = True
        if not (self._shield.cancel_called or self.nursery.cancel_scope.cancel_called):
            self._shield.deadline = trio.current_time() + timeout
            for farewell in farewells:
                self.nursery.start_soon(_say, farewell)
        self._leaving.set()
        interrupt: KeyboardInterrupt | None = None
        while not self._ended.is_set():
            try:
                with trio.CancelScope(shield=True):
                    await self._ended.wait()
            except KeyboardInterrupt as struck:
                interrupt = struck
        if self._shield.cancelled_caught and not self._aborted:
            logger.error(
                "Closing took longer than %g s and was cut off, so there is no report of what became of the orders. "
                "Look at the venue.",
                timeout,
            )
        if interrupt is not None:
            raise interrupt

    @trio.lowlevel.enable_ki_protection
    async def run(self) -> None:
        """Keeps the nursery open until the farewell, and ends when all in it have ended."""
        try:
            with self._shield:
                async with trio.open_nursery() as self._nursery:
                    self._opened.set()
                    await self._leaving.wait()
        finally:
            self._ended.set()

    async def wait_opened(self) -> None:
        await self._opened.wait()

    def drop(self) -> None:
        """Ends the actors now, if they have not ended."""
        self._shield.cancel()


@trio.lowlevel.enable_ki_protection
async def _say(farewell: Callable[[], Awaitable[None]]) -> None:
    with suppress(TradingError):  # the client was closed before, or did not get so far in time
        await farewell()


async def _fail(failure: LinkError) -> None:
    raise failure


@asynccontextmanager
@trio.lowlevel.enable_ki_protection
async def open_actors() -> AsyncIterator[Actors]:
    """Room for the actors of a block. On leaving they are dropped, unless `Actors.close` has seen to their end."""
    async with open_unwrapped_nursery() as around:
        actors = Actors(around)
        around.start_soon(actors.run)  # not `start`: a task behind a shield would not hear that it is canceled
        try:
            await actors.wait_opened()
            yield actors
        finally:
            actors.drop()
