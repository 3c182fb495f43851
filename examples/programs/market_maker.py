"""A market maker at Kraken Spot: quotes both sides of bitcoin around a reference price, within a position limit.

    python examples/programs/market_maker.py

It trades at an embedded venue, says what happened, and exits with 0 if its own books are the same as the venue's. At
the real venue, give `open_client` this in place of `venue.config(...)`, and call `move` from your market data:

    KrakenSpotConfig(credentials=ApiKey(os.environ["KRAKEN_KEY"], os.environ["KRAKEN_SECRET"]), tier="pro")

The limit holds whatever fills at once, because the quantity of a replacement counts from the fills in these books: at
Kraken a quantity includes what has filled, so a fill that crosses the request on its way is taken from it.
"""

from __future__ import annotations

import sys
from collections.abc import Awaitable
from decimal import Decimal
from uuid import uuid4

import trio
from attrs import define, field
from books import Books, cancel_everything

from trio_orders import (
    Client,
    ClientOrderId,
    FaultSchedule,
    NewOrder,
    NotSent,
    OnClose,
    Side,
    SimulatedVenue,
    events,
    open_client,
    open_simulated_venue,
)

PAIR = "BTC/USD.KRAKEN"
HALF_SPREAD, SIZE, LIMIT = Decimal(100), Decimal("0.5"), Decimal("0.8")
MINIMUM = Decimal("0.0001")
PAUSE = 0.05
"""Seconds between two rounds of quoting: what changes faster is answered once."""


@define
class Quote:
    """An order of ours. busy: a request about it has no answer yet, or nobody knows whether it lives."""

    side: Side
    price: Decimal
    quantity: Decimal
    busy: bool = True


@define
class MarketMaker(Books):
    client: Client = field(kw_only=True)
    reference: Decimal = field(kw_only=True)
    quotes: dict[ClientOrderId, Quote] = field(factory=dict[ClientOrderId, Quote])

    def move(self, reference: Decimal) -> None:
        """The market has moved: both quotes follow."""
        self.reference = reference
        self.changed.set()

    def take(self, event: events.Event) -> None:
        quote = self.quotes.get(event.client_order_id) if isinstance(event, events.OrderEvent) else None
        if quote is not None:
            match event:
                case events.Updated():
                    quote.price, quote.quantity = event.price or quote.price, event.quantity or quote.quantity
                    quote.busy = False
                case events.Accepted() | events.Reopened() | events.ReplaceRejected() | events.CancelRejected():
                    quote.busy = False
                case events.StatusUnknown():
                    quote.busy = True  # it may be live: nothing takes its place until the venue has settled it
                case events.Filled():
                    print(event)
                case _:
                    pass
        super().take(event)

    async def run(self) -> None:
        """Quotes until it is canceled. A round follows each change; what was refused is tried again after a second."""
        while True:
            self.changed = trio.Event()  # before the books are read, so that no change is missed
            for side in Side:
                try:
                    await self.requote(side)
                except NotSent as refusal:
                    print(f"not sent, tried again in a moment: {refusal}")
            await trio.sleep(PAUSE)
            with trio.move_on_after(1):
                await self.changed.wait()

    async def requote(self, side: Side) -> None:
        """One quote on this side, at today's price, and no more of it than the limit allows."""
        live = [name for name, quote in self.quotes.items() if quote.side is side and name not in self.ended]
        price = self.reference + (-HALF_SPREAD if side is Side.BUY else HALF_SPREAD)
        room = LIMIT - (self.position if side is Side.BUY else -self.position)
        size = min(SIZE, room) if self.certain else Decimal(0)
        if not live and size >= MINIMUM:
            await self.place(side, price, size)
        for name in live:
            quote, filled = self.quotes[name], self.executed(name)
            if quote.busy:
                continue
            if size < MINIMUM or len(live) > 1:
                await self.ask(quote, self.client.cancel(name))
            elif quote.price != price or quote.quantity - filled > size:
                await self.ask(quote, self.client.replace(name, price=price, quantity=filled + size))

    async def place(self, side: Side, price: Decimal, size: Decimal) -> None:
        name = ClientOrderId(str(uuid4()))
        self.quotes[name] = Quote(side, price, size)  # before it is sent, so that its first event finds it
        order = NewOrder.limit(PAIR, side, quantity=size, price=price, post_only=True, client_order_id=name)
        try:
            await self.client.submit(order)
        except NotSent:
            del self.quotes[name]
            raise

    async def ask(self, quote: Quote, request: Awaitable[object]) -> None:
        quote.busy = True  # before it is sent, so that its answer cannot come first
        try:
            await request
        except NotSent:
            quote.busy = False
            raise


async def market(venue: SimulatedVenue, maker: MarketMaker) -> None:
    """The world around the market maker: the price moves, others trade with its quotes, the link is lost once."""
    story = [
        (64000, Side.SELL, "0.3"),
        (64050, Side.SELL, "0.9"),
        (63950, Side.SELL, "0.5"),
        (64100, Side.BUY, "0.9"),
        (63900, Side.BUY, "0.5"),
    ]
    for reference, side, quantity in story:
        maker.move(Decimal(reference))
        await trio.sleep(0.4)
        if reference == 64100:
            print("the link is lost, and somebody trades meanwhile")
            await venue.drop_connections()
        limit = Decimal(60000) if side is Side.SELL else Decimal(70000)
        await venue.trade("BTC/USD", side, price=limit, quantity=quantity)
        await trio.sleep(0.4)


async def main(faults: FaultSchedule | None = None, transport: str = "tcp") -> bool:
    """True if the books agree, and the limit held."""
    async with (
        open_simulated_venue("kraken-spot", seed=1, quotes=False, faults=faults, transport=transport) as venue,
        trio.open_nursery() as nursery,
    ):
        # The venue cancels all if this program falls silent, and so does leaving the block, even by an error.
        config = venue.config(tier="pro", cancel_all_after=60, on_close=OnClose.CANCEL_ALL)
        async with open_client(config) as client:
            maker = MarketMaker(client=client, reference=Decimal(64000))
            nursery.start_soon(maker.follow, client)
            async with trio.open_nursery() as trading:
                trading.start_soon(maker.run)
                await market(venue, maker)
                trading.cancel_scope.cancel()
            await cancel_everything(client)
            listed = await maker.finish(client)
    print(f"profit {maker.profit(maker.reference):.2f} USD, position never beyond {maker.furthest:f} BTC")
    return maker.agree_with(venue, listed) and maker.furthest <= LIMIT


if __name__ == "__main__":
    sys.exit(0 if trio.run(main) else 1)
