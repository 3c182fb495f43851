"""A bracket at AX: an entry, and behind it a take-profit and a stop of which only one may act.

    python examples/programs/bracket.py

AX ignores trigger prices, so the stop is here: the take-profit rests at the venue, and when the price falls to the stop
it is canceled, and what is left is sold at market. The two race, since the take-profit may fill while its cancel is on
its way. So the market order is placed only when every other order has ended, for what is left then.

It trades at an embedded venue, says what happened, and exits with 0 if its own books are the same as the venue's. At
the real venue, give `open_client` this in place of `venue.config(...)`, and call `see` from your market data:

    AxConfig(credentials=ApiKey(os.environ["AX_KEY"], os.environ["AX_SECRET"]))
"""

from __future__ import annotations

import sys
from decimal import Decimal
from uuid import uuid4

import trio
from attrs import define, evolve, field
from books import Books

from trio_orders import (
    Client,
    ClientOrderId,
    FaultSchedule,
    NewOrder,
    NotSent,
    OnClose,
    OrderType,
    Side,
    SimulatedVenue,
    open_client,
    open_simulated_venue,
)

GOLD, SYMBOL = "XAU-PERP.AX", "XAU-PERP"


@define
class Bracket(Books):
    """quantity: contracts to buy at `entry`; take_profit, stop: where they are sold again. All prices in dollars."""

    client: Client = field(kw_only=True)
    quantity: int = field(kw_only=True)
    entry: Decimal = field(kw_only=True)
    take_profit: Decimal = field(kw_only=True)
    stop: Decimal = field(kw_only=True)
    stopped: bool = False
    orders: dict[ClientOrderId, NewOrder] = field(factory=dict[ClientOrderId, NewOrder])
    canceling: set[ClientOrderId] = field(factory=set[ClientOrderId])

    def see(self, price: Decimal) -> None:
        """The market's price. Once it has fallen to the stop there is no way back."""
        if price <= self.stop and not self.stopped:
            print(f"stop: the price is {price}")
            self.stopped = True
            self.changed.set()

    @property
    def live(self) -> list[ClientOrderId]:
        return [name for name in self.orders if name not in self.ended]

    def traded(self, side: Side) -> Decimal:
        """What has been bought or sold, also where the venue counts it and the fill is still to come."""
        return sum((self.executed(name) for name, order in self.orders.items() if order.side is side), Decimal(0))

    @property
    def held(self) -> Decimal:
        return self.traded(Side.BUY) - self.traded(Side.SELL)

    async def run(self) -> None:
        """Returns when nothing of it is open, and all that it bought is sold. Raises NotSent if it cannot begin."""
        await self.place(NewOrder.limit(GOLD, Side.BUY, quantity=self.quantity, price=self.entry))
        while self.live or self.held > 0:
            self.changed = trio.Event()  # before the books are read, so that no change is missed
            try:
                await (self.leave() if self.stopped else self.protect())
            except NotSent as refusal:
                print(f"not sent, tried again in a moment: {refusal}")
            with trio.move_on_after(1) as patience:
                await self.changed.wait()
            if patience.cancelled_caught:
                self.canceling.clear()  # a second without news: what is still open is canceled again

    async def protect(self) -> None:
        """Each part of the entry that fills gets a take-profit of its own. To let one grow by `replace` could sell too
        much: at AX a fill that crosses the request on its way comes on top."""
        sells = [name for name in self.live if self.orders[name].side is Side.SELL]
        resting = sum((self.orders[name].quantity - self.executed(name) for name in sells), Decimal(0))
        if self.held > resting:
            await self.place(NewOrder.limit(GOLD, Side.SELL, quantity=self.held - resting, price=self.take_profit))

    async def leave(self) -> None:
        """Cancels what rests; the market order comes when all that has ended, and again for what it could not sell."""
        for name in self.live:
            if name not in self.canceling and self.orders[name].type is OrderType.LIMIT:
                self.canceling.add(name)
                await self.client.cancel(name)
        if not self.live and self.held > 0:
            await self.place(NewOrder.market(GOLD, Side.SELL, quantity=self.held))

    async def place(self, order: NewOrder) -> None:
        name = ClientOrderId(str(uuid4()))
        self.orders[name] = evolve(order, client_order_id=name)  # before it is sent, so that its events find it
        try:
            await self.client.submit(self.orders[name])
        except NotSent:
            del self.orders[name]
            raise
        print(f"{order.side.value} {order.quantity} {order.type.value}" + (f" at {order.price}" if order.price else ""))


async def market(venue: SimulatedVenue, bracket: Bracket) -> None:
    """Others sell to the entry in parts, and buy a little of the take-profit; then the price falls."""
    await venue.trade(SYMBOL, Side.BUY, price="2399.5", quantity=100, rest=True)
    for side, price, quantity in ((Side.SELL, "2411", 4), (Side.SELL, "2411", 3), (Side.BUY, "2420", 2)):
        await trio.sleep(0.3)
        bracket.see(Decimal(price))
        await venue.trade(SYMBOL, side, price=price, quantity=quantity)
    await trio.sleep(0.3)
    bracket.see(Decimal("2399.5"))
    await venue.trade(SYMBOL, Side.BUY, price="2420", quantity=1)  # the race: a fill while the cancel is on its way


async def main(faults: FaultSchedule | None = None, transport: str = "tcp") -> bool:
    """True if the books agree, and the position is closed."""
    async with (
        open_simulated_venue("ax", seed=4, quotes=False, faults=faults, transport=transport) as venue,
        open_client(venue.config(on_close=OnClose.CANCEL_ALL)) as client,
        trio.open_nursery() as nursery,
    ):
        entry, take_profit, stop = Decimal(2411), Decimal(2420), Decimal(2400)
        bracket = Bracket(client=client, quantity=10, entry=entry, take_profit=take_profit, stop=stop)
        nursery.start_soon(bracket.follow, client)
        nursery.start_soon(market, venue, bracket)
        await bracket.run()
        listed = await bracket.finish(client)
        await client.close()  # the stream ends, and `follow` with it
    print(f"bought {bracket.traded(Side.BUY)}, sold {bracket.traded(Side.SELL)}, ", end="")
    print(f"profit {bracket.profit(bracket.stop):.2f} USD")
    return bracket.agree_with(venue, listed) and bracket.position == 0


if __name__ == "__main__":
    sys.exit(0 if trio.run(main) else 1)
