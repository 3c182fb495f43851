"""How a story is told: a simulated venue, a client, a screen that follows it, and a look into the venue's books."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from decimal import Decimal
from typing import Any

import trio
from screen import Screen, open_screen

from trio_orders import Client, SimulatedVenue, open_client, open_simulated_venue

__all__ = ["Story", "compare", "tell"]

Story = Callable[[Client, SimulatedVenue, Screen], Awaitable[None]]


async def tell(name: str, story: Story, **settings: Any) -> None:
    """Runs a story at the simulated venue of this name, and compares what was heard with what happened."""
    async with open_simulated_venue(name, seed=7, quotes=False, **settings) as venue:
        with open_screen(f"trio-orders at a simulated {name}, {venue.url}") as screen:
            async with open_client(venue.config()) as client:
                async with trio.open_nursery() as nursery:
                    nursery.start_soon(screen.follow, client)
                    await story(client, venue, screen)
                    nursery.cancel_scope.cancel()
                screen.say("Leaving: requests in flight are awaited, then the WebSocket is closed.")
                left = trio.current_time()
            screen.say(f"Closed in {(trio.current_time() - left) * 1000:.1f} ms.")
        compare(screen, venue)


def compare(screen: Screen, *venues: SimulatedVenue) -> None:
    """The point of it all: every execution that the venues booked, once each, and nothing else."""
    heard = {fill.trade_id for fill in screen.fills}
    booked = {execution.trade_id for venue in venues for execution in venue.executions()}
    total = sum((fill.last_quantity for fill in screen.fills), Decimal(0))
    verdict = "the same" if heard == booked and len(heard) == len(screen.fills) else "NOT the same"
    print(f"Fills heard: {len(screen.fills)} ({total} in all). Executions in the venue's books: {len(booked)}.")
    print(f"They are {verdict}.")
