"""A program is killed with an order open. It starts again with its journal, and its books agree with the venue's.

    python examples/restart.py [ax | kraken-futures | kraken-spot]

The simulated venue runs here. The program that trades there is another process, so that it can be killed for good: it
cancels nothing and writes nothing on its way out. Part of its order fills while it is away. Takes a few seconds.
"""

from __future__ import annotations

import os
import sys
import tempfile
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from pathlib import Path
from subprocess import PIPE

import trio
from attrs import define, field, frozen
from screen import Screen, open_screen
from tell import compare

from trio_orders import (
    ApiKey,
    AxConfig,
    Client,
    ClientConfig,
    KrakenFuturesConfig,
    KrakenSpotConfig,
    NewOrder,
    Side,
    SimulatedVenue,
    events,
    open_client,
    open_journal,
    open_simulated_venue,
)
from trio_orders.events import from_json, to_json

LIFE = "--life"
"""Argument by which this file is the program that trades, in a process of its own."""


@frozen
class Market:
    """What is traded at a venue. config: of a client of it; parts: quantities that another trader takes: one before
    the program is killed, two while it is away, and the last one."""

    config: Callable[..., ClientConfig]
    instrument: str
    side: Side
    quantity: str
    price: str
    parts: tuple[str, str, str, str]

    @property
    def order(self) -> NewOrder:
        return NewOrder.limit(self.instrument, self.side, quantity=self.quantity, price=self.price)

    async def take(self, venue: SimulatedVenue, part: int) -> None:
        """Another trader trades with the order."""
        symbol = self.instrument.rpartition(".")[0]
        other_side = Side.SELL if self.side is Side.BUY else Side.BUY
        await venue.trade(symbol, other_side, price=self.price, quantity=self.parts[part])


MARKETS = {
    "ax": Market(AxConfig, "XAU-PERP.AX", Side.SELL, "40", "2411.5", ("15", "10", "5", "10")),
    "kraken-futures": Market(
        KrakenFuturesConfig, "PF_XBTUSD.KRAKEN-FUTURES", Side.BUY, "1", "60000", ("0.4", "0.2", "0.1", "0.3")
    ),
    "kraken-spot": Market(KrakenSpotConfig, "BTC/USD.KRAKEN", Side.BUY, "1", "60000.1", ("0.4", "0.2", "0.1", "0.3")),
}


# The program that trades


async def live(market: Market, url: str, journal: str) -> None:
    """Goes on with the order that the journal knows, or places one where it knows none. Ends when it has filled."""
    credentials = ApiKey(os.environ["VENUE_KEY"], os.environ["VENUE_SECRET"])
    config = market.config(url=url, credentials=credentials)  # the real venue needs no url
    async with open_client(config, journal=journal) as client, trio.open_nursery() as nursery:
        nursery.start_soon(tell_events, client)
        known = await client.orders()
        order = known[0] if known else await client.submit(market.order)
        await order.filled()
        await client.close()


async def tell_events(client: Client) -> None:
    with client.events() as stream:
        async for event in stream:
            print(to_json(event), flush=True)


# Seen from outside


@define
class Program:
    """The program that trades, as a process of which only its events are seen. Ends everything with a sentence if it
    fails."""

    process: trio.Process
    screen: Screen
    text: bytes = field(default=b"", init=False)

    async def until(self, *kinds: type[events.Event]) -> None:
        """Shows its events until there has been one of each of these kinds; none: until it ends."""
        wanted = set(kinds)
        while wanted or not kinds:
            line = await self._line()
            if line is None and not wanted and await self.process.wait() == 0:
                return
            if line is None:
                raise SystemExit("The program that trades has ended, though it should go on. Its error stands above.")
            event = from_json(line.decode())
            self.screen.take(event)
            wanted.discard(type(event))

    async def _line(self) -> bytes | None:
        assert self.process.stdout is not None
        while b"\n" not in self.text:
            more = await self.process.stdout.receive_some()
            if not more:
                return None
            self.text += more
        line, _, self.text = self.text.partition(b"\n")
        return line


@asynccontextmanager
async def start_program(name: str, venue: SimulatedVenue, journal: Path, screen: Screen) -> AsyncIterator[Program]:
    """A new life of it. It is killed when the block is left, if it still lives."""
    assert isinstance(venue.credentials, ApiKey)
    keys = {"VENUE_KEY": venue.credentials.key, "VENUE_SECRET": venue.credentials.secret}
    command = [sys.executable, __file__, LIFE, name, venue.url, str(journal)]
    process = await trio.lowlevel.open_process(command, stdout=PIPE, env={**os.environ, **keys})
    try:
        yield Program(process, screen)
    finally:
        process.kill()
        with trio.CancelScope(shield=True):
            await process.wait()


async def tell(name: str, market: Market, venue: SimulatedVenue, screen: Screen, journal: Path) -> None:
    """The story."""
    first, second, third, last = market.parts
    symbol = market.instrument.rpartition(".")[0]
    screen.say(
        f"A program with a new journal: {market.side.value} {market.quantity} {symbol} at {market.price}. "
        f"Another trader takes {first}."
    )
    async with start_program(name, venue, journal, screen) as program:
        await program.until(events.Accepted)
        await market.take(venue, 0)
        await program.until(events.Filled)
        await screen.breathe()

        screen.say(f"It is killed with SIGKILL. While it is away, {second} and {third} more are traded.")
    await market.take(venue, 1)
    await market.take(venue, 2)
    await screen.breathe()

    screen.say(f"It starts again. Its journal knows the order, with {first} of {market.quantity} done.")
    async with start_program(name, venue, journal, screen) as program:
        await program.until(events.Reconciled)
        await screen.breathe()

        screen.say(f"What filled meanwhile came once, in the same stream. The last {last} are traded.")
        await market.take(venue, 3)
        await program.until()
        await screen.breathe()


async def look_into(journal: Path) -> None:
    """The journal itself, read after its writer has ended: one stream of both lives."""
    async with open_journal(journal) as reader:
        with reader.events(follow=False) as stream:
            kept = [event async for event in stream]
    fills = sum(isinstance(event, events.Filled) for event in kept)
    whole = [event.sequence for event in kept] == list(range(1, len(kept) + 1))
    print(f"The journal has {len(kept)} events of two lives, {fills} of them fills.")
    print(f"Their numbers run from 1 to {len(kept)} {'without a hole' if whole else 'WITH HOLES'}.")


async def main(name: str) -> None:
    market = MARKETS.get(name)
    if market is None:
        raise SystemExit(f"There is no venue {name!r} to demonstrate; try one of {', '.join(MARKETS)}.")
    with tempfile.TemporaryDirectory() as folder:
        journal = Path(folder) / "orders.db"
        async with open_simulated_venue(name, seed=7, quotes=False) as venue:
            with open_screen(f"A restart with a journal, at a simulated {name}, {venue.url}") as screen:
                await tell(name, market, venue, screen, journal)
            compare(screen, venue)
        await look_into(journal)


if __name__ == "__main__":
    if sys.argv[1:2] == [LIFE]:
        trio.run(live, MARKETS[sys.argv[2]], sys.argv[3], sys.argv[4])
    else:
        trio.run(main, sys.argv[1] if len(sys.argv) > 1 else "ax")
