"""A trading session at a simulated Kraken Spot: orders and news over one socket, each frame with a session token.

    python examples/kraken_spot.py

A live table of orders in a terminal, plain lines elsewhere.
"""

from __future__ import annotations

import trio
from screen import Screen
from tell import tell

from trio_orders import Client, NewOrder, Side, SimulatedVenue, events

BITCOIN = "BTC/USD.KRAKEN"


async def trade(client: Client, venue: SimulatedVenue, screen: Screen) -> None:
    """What a program does with a client. Another trader at the venue takes the other side."""
    screen.say("From now on the venue cancels everything unless it hears from us within a minute.")
    await client.cancel_all_after(60)

    screen.say("A resting order for 1 bitcoin, and somebody sells us 0.4.")
    bid = await client.submit(NewOrder.limit(BITCOIN, Side.BUY, quantity=1, price="60000.1", post_only=True))
    await bid.accepted()
    await venue.trade("BTC/USD", Side.SELL, price="60000.1", quantity="0.4")
    await screen.breathe()

    screen.say("Amending it: 2 bitcoin in all, what has filled included; it keeps its id.")
    await client.replace(bid, quantity=2, price="60010.5")
    await screen.breathe()

    screen.say("The connection drops and somebody sells us 0.6. The newest fills come with the next subscription.")
    with client.events() as news:
        await venue.drop_connections()
        await venue.trade("BTC/USD", Side.SELL, price="60010.5", quantity="0.6")
        async for event in news:
            if isinstance(event, events.Reconciled):
                break
    await screen.breathe()

    screen.say("For 5,000 dollars, at the market: the quantity is what that buys.")
    await venue.trade("BTC/USD", Side.SELL, price="60100.0", quantity="1", rest=True)
    spend = NewOrder.market(BITCOIN, Side.BUY, quantity=5000, quote_quantity=True)
    await (await client.submit(spend)).done()
    await screen.breathe()

    screen.say("Three orders in one request, then everything is canceled.")
    ladder = [NewOrder.limit(BITCOIN, Side.BUY, quantity="0.1", price=50000 - 100 * step) for step in range(3)]
    rungs = await client.submit_all(ladder)
    for rung in rungs:
        await rung.accepted()
    canceled = await client.cancel_all()
    screen.say(f"The venue has canceled {canceled} orders.")
    for order in (*rungs, bid):
        await order.done()
    await screen.breathe()


if __name__ == "__main__":
    trio.run(tell, "kraken-spot", trade)
