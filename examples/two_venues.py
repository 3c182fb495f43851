"""Quoting at one venue and hedging at another, in one program with one stream of events.

    python examples/two_venues.py

We quote bitcoin at Kraken Spot. Whatever our quotes buy or sell there is sold or bought at once at Kraken Futures, by
reading one stream: the fills of the quotes cause the hedges, and the fills of the hedges close them.
"""

from __future__ import annotations

from decimal import ROUND_DOWN, Decimal

import trio
from attrs import define, field
from screen import Screen, open_screen
from tell import compare

from trio_orders import Gateway, NewOrder, Side, SimulatedVenue, events, open_gateway, open_simulated_venue

SPOT, FUTURE = "BTC/USD.KRAKEN", "PF_XBTUSD.KRAKEN-FUTURES"
STEP = Decimal("0.0001")
"""The smallest quantity of the future."""


@define
class Hedger:
    """unhedged: bitcoin bought at the one venue for which no order went to the other yet, negative if sold; position:
    bitcoin bought less sold at both."""

    gateway: Gateway
    screen: Screen
    unhedged: Decimal = field(factory=Decimal)
    position: Decimal = field(factory=Decimal)

    async def run(self) -> None:
        with self.gateway.events() as stream:
            async for event in stream:
                self.screen.take(event)
                if isinstance(event, events.Filled):
                    bought = event.last_quantity if event.side is Side.BUY else -event.last_quantity
                    self.position += bought
                    if str(event.instrument) == SPOT:
                        await self.hedge(bought)

    async def hedge(self, bought: Decimal) -> None:
        """Orders as much as the future's step allows; what is left waits for the next fill."""
        self.unhedged += bought
        quantity = abs(self.unhedged).quantize(STEP, ROUND_DOWN)
        if quantity:
            side = Side.SELL if self.unhedged > 0 else Side.BUY
            self.unhedged -= quantity if side is Side.SELL else -quantity
            await self.gateway["futures"].submit(NewOrder.market(FUTURE, side, quantity=quantity))


async def quote(gateway: Gateway, spot: SimulatedVenue, screen: Screen) -> None:
    screen.say("We quote 1 bitcoin on both sides at Kraken Spot.")
    bid = NewOrder.limit(SPOT, Side.BUY, quantity=1, price="64900.0", post_only=True)
    offer = NewOrder.limit(SPOT, Side.SELL, quantity=1, price="65100.0", post_only=True)
    quotes = [await gateway["spot"].submit(order) for order in (bid, offer)]
    for order in quotes:
        await order.accepted()
    await screen.breathe()

    screen.say("Somebody sells us 0.4 bitcoin: hedged by selling the future.")
    await spot.trade("BTC/USD", Side.SELL, price="64900.0", quantity="0.4")
    await screen.breathe()

    screen.say("Somebody buys 0.7 from us: the hedge turns round.")
    await spot.trade("BTC/USD", Side.BUY, price="65100.0", quantity="0.7")
    await screen.breathe()

    screen.say(
        "The connection to the spot venue drops; the other goes on. What filled meanwhile is hedged as it is heard."
    )
    await spot.drop_connections()
    await spot.trade("BTC/USD", Side.SELL, price="64900.0", quantity="0.3")
    await trio.sleep(2)
    for order in quotes:
        await gateway["spot"].cancel(order)
        await order.done()
    await screen.breathe()


async def main() -> None:
    async with (
        open_simulated_venue("kraken-spot", seed=7, quotes=False) as spot,
        open_simulated_venue("kraken-futures", seed=8) as futures,
    ):
        with open_screen("trio-orders at two simulated venues") as screen:
            configs = {"spot": spot.config(), "futures": futures.config()}
            async with open_gateway(configs) as gateway, trio.open_nursery() as nursery:
                hedger = Hedger(gateway, screen)
                nursery.start_soon(hedger.run)
                await quote(gateway, spot, screen)
                nursery.cancel_scope.cancel()
        compare(screen, spot, futures)
        print(f"Bitcoin left between the venues: {hedger.position.normalize():f}.")


if __name__ == "__main__":
    trio.run(main)
