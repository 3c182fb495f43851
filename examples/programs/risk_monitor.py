"""A risk monitor at Kraken Futures: watches what other programs do on the account, and stops them.

    python examples/programs/risk_monitor.py

It places nothing. It counts the fills and the open orders of other sessions, and where a limit is passed it cancels all
orders of the account, again and again, until the venue's own list is empty. If the monitor itself falls silent, the
venue cancels all orders by its timer.

It watches an embedded venue, says what happened, and exits with 0 if its own books are the same as the venue's. At the
real venue, give `open_client` this in place of `venue.config(...)`, with a key of its own:

    KrakenFuturesConfig(credentials=ApiKey(os.environ["KRAKEN_FUTURES_KEY"], os.environ["KRAKEN_FUTURES_SECRET"]))

and give `RiskMonitor` the `position` that the venue shows there: this library does not read positions.
"""

from __future__ import annotations

import sys
from contextlib import suppress
from decimal import Decimal
from functools import partial

import trio
from attrs import define, field
from books import Books, answer, cancel_everything

from trio_orders import (
    Client,
    FaultKind,
    FaultSchedule,
    NewOrder,
    NotSent,
    Side,
    SimulatedVenue,
    VenueOrderId,
    events,
    open_client,
    open_simulated_venue,
)

FUTURE, SYMBOL = "PF_XBTUSD.KRAKEN-FUTURES", "PF_XBTUSD"
MOST_POSITION, MOST_ORDERS = Decimal(2), 10
SILENCE = 60
"""Seconds after which the venue cancels everything if it does not hear from the monitor."""


@define
class RiskMonitor(Books):
    """open: orders of the account, by the venue's ids; kills: how often the limits were enforced."""

    client: Client = field(kw_only=True)
    open: dict[VenueOrderId, events.OrderStatusReport] = field(factory=dict[VenueOrderId, events.OrderStatusReport])
    kills: int = 0

    def take(self, event: events.Event) -> None:
        match event:
            case events.Authenticated():
                self.open.clear()  # until `Reconciled` the venue lists what is open now
            case events.OrderStatusReport(venue_order_id=order, status=status):
                if status is None or status.is_terminal:
                    self.open.pop(order, None)
                else:
                    self.open[order] = event
            case events.FillReport():
                print(event)
            case _:
                pass
        super().take(event)

    @property
    def breach(self) -> str | None:
        """Which limit is passed."""
        if not self.certain:
            return "fills are missing, so the position is not known"
        if abs(self.position) > MOST_POSITION:
            return f"the position is {self.position:f}"
        if len(self.open) > MOST_ORDERS:
            return f"{len(self.open)} orders are open"
        return None

    async def run(self) -> None:
        """Enforces the limits until it is canceled: once they are passed, whatever appears is canceled."""
        await answer(self.client, partial(self.client.cancel_all_after, SILENCE))
        while True:
            self.changed = trio.Event()  # before the books are read, so that no change is missed
            breach = self.breach
            if breach is not None and self.open:
                print(f"KILL: {breach}, {len(self.open)} orders are open")
                await cancel_everything(self.client)
                self.kills += 1
                print("KILL: the venue lists no open order")
            await self.changed.wait()


async def other_program(venue: SimulatedVenue) -> None:
    """Somebody's strategy on the same account: it buys more and more, and goes on after it has been stopped."""
    async with open_client(venue.config()) as client:
        for price in (64000, 63900, 63800, 63700, 63600):
            with suppress(NotSent):
                await client.submit(NewOrder.limit(FUTURE, Side.BUY, quantity=1, price=price))
            await trio.sleep(0.2)
            await venue.trade(SYMBOL, Side.SELL, price=63000, quantity="0.7")
            await trio.sleep(0.2)
        print("the link of both is lost for a moment")
        await venue.drop_connections()
        await trio.sleep(0.5)


async def main(faults: FaultSchedule | None = None, transport: str = "tcp") -> bool:
    """True if the books agree, and nothing is open where a limit is passed."""
    async with (
        open_simulated_venue("kraken-futures", seed=3, quotes=False, faults=faults, transport=transport) as venue,
        open_client(venue.config()) as client,
        trio.open_nursery() as nursery,
    ):
        venue.fail_next(FaultKind.REST_ERROR, of="/derivatives/api/v3/cancelallorders", code=500)
        monitor = RiskMonitor(client=client)
        nursery.start_soon(monitor.follow, client)
        async with trio.open_nursery() as watching:
            watching.start_soon(monitor.run)
            await other_program(venue)
            await monitor.finish(client)  # it has heard of everything
            while monitor.breach and monitor.open:
                await trio.sleep(0.1)
            watching.cancel_scope.cancel()
        listed = await monitor.finish(client)
        await client.close()  # the stream ends, and `follow` with it; the timer is turned off
    print(f"enforced {monitor.kills} times")
    is_stopped = monitor.breach is None or not listed
    return monitor.agree_with(venue, listed, set(monitor.open)) and is_stopped


if __name__ == "__main__":
    sys.exit(0 if trio.run(main) else 1)
