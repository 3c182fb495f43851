"""A TWAP at Kraken Futures: buys a quantity in equal slices over time, at no worse than a limit price.

    python examples/programs/twap.py

It trades at an embedded venue, says what happened, and exits with 0 if its own books are the same as the venue's. At
the real venue, give `open_client` this in place of `venue.config(...)`:

    KrakenFuturesConfig(credentials=ApiKey(os.environ["KRAKEN_FUTURES_KEY"], os.environ["KRAKEN_FUTURES_SECRET"]))

It never buys too much: before a slice is placed, every earlier order has ended, and what it filled is counted then. So
cancel, wait for the end, count, and only then place; an order whose fate is unknown is waited for, never sent again.
"""

from __future__ import annotations

import sys
from contextlib import suppress
from decimal import ROUND_DOWN, Decimal

import trio
from attrs import define, field
from books import Books

from trio_orders import (
    Client,
    FaultSchedule,
    NewOrder,
    NotSent,
    OnClose,
    Order,
    Side,
    SimulatedVenue,
    open_client,
    open_simulated_venue,
)

FUTURE = "PF_XBTUSD.KRAKEN-FUTURES"


@define
class Twap(Books):
    """quantity: bitcoin to buy; limit: dollars, the worst price; seconds: how long it takes, in so many slices."""

    client: Client = field(kw_only=True)
    quantity: Decimal = field(kw_only=True)
    limit: Decimal = field(kw_only=True)
    slices: int = field(kw_only=True)
    seconds: float = field(kw_only=True)
    orders: list[Order] = field(factory=list[Order])

    async def run(self) -> None:
        start = trio.current_time()
        for number in range(1, self.slices + 1):
            bought = await self.settle()
            if not self.certain:
                print(f"stopped: fills are missing, {bought:f} at least are bought")
                return
            await self.place(self.quantity * number / self.slices - bought)
            await trio.sleep_until(start + self.seconds * number / self.slices)
        print(f"bought {await self.settle():f} of {self.quantity:f}")

    async def settle(self) -> Decimal:
        """Ends every order, the unknown ones too, and gives what has been bought: certain until the next is placed."""
        for order in self.orders:
            await self.end(order)
        return sum((self.executed(order.client_order_id) for order in self.orders), Decimal(0))

    async def end(self, order: Order) -> None:
        """Cancels until the order has ended in these books, behind its last fill. Raises what `Order.done` raises."""
        while order.client_order_id not in self.ended:
            with suppress(NotSent):  # it has just ended, or there is no link at the moment
                await self.client.cancel(order)
            with trio.move_on_after(1):
                await order.done()
                while order.client_order_id not in self.ended:  # the stream is a moment behind
                    self.changed = trio.Event()
                    await self.changed.wait()

    async def place(self, missing: Decimal) -> None:
        """A slice: what should have been bought by the end of it, and is not."""
        instrument = self.client.instrument(FUTURE)
        assert instrument is not None
        quantity = missing.quantize(instrument.quantity_increment, ROUND_DOWN)
        if quantity < instrument.minimum_quantity:
            return
        try:
            order = NewOrder.limit(FUTURE, Side.BUY, quantity=quantity, price=self.limit)
            self.orders.append(await self.client.submit(order))
            print(f"slice of {quantity:f}")
        except NotSent as refusal:  # the next slice makes up for it
            print(f"slice of {quantity:f} not sent: {refusal}")

    @property
    def average_price(self) -> Decimal:
        return -self.cash / self.position if self.position else Decimal(0)


async def market(venue: SimulatedVenue) -> None:
    """Others sell to the slices: less than a slice, nothing, too much; and the link is lost once."""
    for quantity in ("0.05", "0", "0.4", "0.1", "1"):
        await trio.sleep(0.3)
        if quantity == "0.1":
            print("the link is lost, and somebody trades meanwhile")
            await venue.drop_connections()
        if quantity != "0":
            await venue.trade("PF_XBTUSD", Side.SELL, price=64000, quantity=quantity)
        await trio.sleep(0.2)


async def main(faults: FaultSchedule | None = None, transport: str = "tcp") -> bool:
    """True if the books agree, and no more was bought than asked for."""
    async with (
        open_simulated_venue("kraken-futures", seed=2, quotes=False, faults=faults, transport=transport) as venue,
        open_client(venue.config(cancel_all_after=60, on_close=OnClose.CANCEL_ALL)) as client,
        trio.open_nursery() as nursery,
    ):
        twap = Twap(client=client, quantity=Decimal(1), limit=Decimal(65000), slices=5, seconds=2.5)
        nursery.start_soon(twap.follow, client)
        async with trio.open_nursery() as trading:
            trading.start_soon(market, venue)
            await twap.run()
        listed = await twap.finish(client)
        await client.close()  # the stream ends, and `follow` with it
    print(f"average price {twap.average_price:.1f}")
    return twap.agree_with(venue, listed) and twap.position <= twap.quantity


if __name__ == "__main__":
    sys.exit(0 if trio.run(main) else 1)
