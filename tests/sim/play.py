"""Tells one story: real clients at an embedded venue, on virtual time, in memory; everything from the seed."""

from __future__ import annotations

import random
from collections import Counter
from collections.abc import Callable
from contextlib import suppress
from functools import partial
from typing import Any, Final
from unittest.mock import patch

import trio
from attrs import define, field
from trio.testing import MockClock

from actors import ClientOrderId, OrderState, TradingError, open_simulated_venue
from actors.journal import opening
from protocol.dispatch import DispatchState
from protocol.simulation.faults import FaultKind, drawn

from . import steps
from .books import Books
from .clients import Clients
from .determinism import seeded_bytes, seeded_scheduler, wall_clock
from .lives import DiskTime
from .mishaps import Mishaps
from .network import Network
from .sizes import sizes, states_noted
from .stage import Doing, Stage, Trader
from .story import FAULT_LAST, Keeping, Story
from .venues import VENUES, VenueSide
from .world import World

__all__ = ["Played", "play"]

CHECKS: Final = (130.0, 60.0, 200.0, 510.0)
"""Seconds of good health after which the comparison is made; a later one only if time may mend what the one before
found."""
MENDED_BY_TIME: Final = frozenset({"lost", "stuck"})


@define(kw_only=True)
class Played:
    """What became of a story. log: virtual second, who, what."""

    story: Story
    traders: list[Trader]
    books: Books
    happened: Counter[str]
    log: list[tuple[float, str, object]]
    violations: list[str]
    findings: list[Any] = field(factory=list)


def play(story: Story, compare: Callable[[Played], list[Any]], *, closes: bool = True) -> Played:
    """compare: gives what is wrong so far; closes: at the end, clients that are still there are closed in peace."""
    clock = MockClock(autojump_threshold=0)
    with (
        seeded_scheduler(story.seed),
        seeded_bytes(story.seed),
        states_noted() as states,
        patch.object(opening, "SNAPSHOT_AFTER", (story.journal or Keeping()).snapshot_after),
    ):
        return trio.run(partial(_tell, story, compare, states, DiskTime(clock), closes=closes), clock=clock)


async def _tell(
    story: Story,
    compare: Callable[[Played], list[Any]],
    states: dict[str, DispatchState],
    time: DiskTime,
    *,
    closes: bool,
) -> Played:
    chance = random.Random(f"{story.venue} {story.seed} play")
    faults = drawn(chance.random, chance=story.fault_chance, among=story.faults, last=FAULT_LAST).faults
    mishaps = Mishaps(faults)
    side = VENUES[story.venue]
    holder: list[Books] = []
    with trio.fail_after(7200):
        async with (
            trio.open_nursery() as nursery,
            open_simulated_venue(
                story.venue,
                seed=story.seed,
                transport="memory",
                faults=mishaps,
                wall_clock=wall_clock,
                on_input=lambda _, now: holder[0].note(now.wall_ns),
                prepare=lambda exchange, _: holder.append(_books_of(exchange, side)),
                **story.settings,
            ) as venue,
        ):
            assert venue.connector is not None
            network = Network(venue.connector, nursery, chance, slowness=story.slowness)
            stage = Stage(
                story=story,
                side=side,
                venue=venue,
                network=network,
                mishaps=mishaps,
                books=holder[0],
                nursery=nursery,
                time=time,
            )
            played = await _Player(stage, Clients(stage, states)).tell(compare, closes)
            nursery.cancel_scope.cancel()
    return played


def _books_of(exchange: Any, side: VenueSide) -> Books:
    return Books(exchange.engine, exchange.ledger, side.look, side.account, side.is_armed)


@define(eq=False)
class _Player:
    """Does what the script says, one step after the other, and looks then at what has become of it."""

    _stage: Stage
    _clients: Clients

    async def tell(self, compare: Callable[[Played], list[Any]], closes: bool) -> Played:
        stage = self._stage
        doing: Doing = {**self._clients.doing, **World(stage).doing, steps.Wait: _wait}
        for step in stage.story.script:
            await trio.sleep(step.after)
            await doing[type(step)](step)
        stage.get_well()
        await self._open_all()
        played = Played(
            story=stage.story,
            traders=stage.traders,
            books=stage.books,
            happened=stage.happened,
            log=stage.log,
            violations=stage.venue.exchange.violations,
        )
        for seconds in CHECKS:
            await trio.sleep(seconds)
            await self._look()
            played.findings = compare(played)
            if MENDED_BY_TIME.isdisjoint(finding.kind for finding in played.findings):
                break
        # The last reading of history tells what should have been told without it, and who has ended is asked no more.
        for ending in (self._end, self._close) if closes else (self._end,):
            await ending()
            played.findings += [finding for finding in compare(played) if finding not in played.findings]
        self._count()
        return played

    async def _open_all(self) -> None:
        """Every program with a journal goes on to the end, on a disk that works."""
        for trader in self._stage.traders:
            if trader.memory is not None:
                trader.memory.disk.make_room()
                trader.memory.disk.faults.clear()
                await self._clients.doing[steps.Open](steps.Open(client=trader.number))

    def _count(self) -> None:
        stage = self._stage
        lost = (FaultKind.DROP_EVENT, FaultKind.DROP_ANSWER)
        stage.happened["lost frames"] += sum(stage.mishaps.happened[kind] for kind in lost)
        stage.happened["orders"] += sum(len(trader.sent) for trader in stage.traders)
        stage.happened["closed in peace"] += sum(
            trader.left_open is not None and not trader.was_well for trader in stage.traders
        )
        stage.happened["lives begun again"] += sum(trader.life > 1 for trader in stage.traders)
        stage.happened["fills"] += len(stage.books.executions())

    async def _look(self) -> None:
        self._stage.books.note(wall_clock())
        for trader in self._stage.living():
            assert trader.client is not None
            with suppress(TradingError):
                names = [ClientOrderId(sent.name) for sent in (*trader.sent.values(), *trader.taken_over)]
                trader.states = {name: await trader.client.order_state(name) for name in names}
                trader.handles = await live_orders(trader.client)
            trader.sizes = sizes(trader.state) - trader.at_first

    async def _end(self) -> None:
        """The user reads all history, which must repeat nothing, and the list of open orders."""
        for trader in self._stage.living():
            await self._clients.read_history(trader)
            with suppress(TradingError):
                assert trader.client is not None
                reports = await trader.client.open_orders()
                trader.open_there = frozenset(str(report.venue_order_id) for report in reports)
        await trio.sleep(5.0)
        await self._look()

    async def _close(self) -> None:
        for trader in self._stage.living():
            await self._clients.close(trader)


async def _wait(_: steps.Step) -> None:
    pass


async def live_orders(client: Any) -> dict[str, OrderState] | None:
    """The orders that a client counts as live, by name, each as its own handle shows it; None: it has no such list."""
    if not hasattr(client, "orders"):
        return None
    return {order.client_order_id: await order.state() for order in await client.orders()}
