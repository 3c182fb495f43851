"""A trading session at a simulated AX Exchange: place, change, fill in parts, lose the connection, cancel, leave.

    python examples/ax.py

A live table of orders in a terminal, plain lines elsewhere.
"""

from __future__ import annotations

import trio
from screen import Screen
from tell import tell

from trio_orders import Client, NewOrder, Side, SimulatedVenue, events

EURUSD = "EURUSD-PERP.AX"
XAU = "XAU-PERP.AX"


async def trade(client: Client, venue: SimulatedVenue, screen: Screen) -> None:
    """What a program does with a client. Another trader at the venue takes the other side."""
    screen.say("A resting order: sell 40 gold at 2411.5, and somebody buys 15 of them.")
    gold = await client.submit(NewOrder.limit(XAU, Side.SELL, quantity=40, price="2411.5"))
    await gold.accepted()
    await venue.trade("XAU-PERP", Side.BUY, price="2411.5", quantity=15)
    await screen.breathe()

    screen.say("Changing it: the venue replaces the order under a new id, the client order stays the same.")
    await client.replace(gold, price="2410.9")
    await screen.breathe()

    screen.say("The connection drops. While it is down somebody buys 10 more, which only the venue knows.")
    with client.events() as news:
        await venue.drop_connections()
        await venue.trade("XAU-PERP", Side.BUY, price="2410.9", quantity=10)
        async for event in news:
            if isinstance(event, events.Reconciled):
                break
    await screen.breathe()

    screen.say("The gap was reported, not papered over; the venue's history has brought the missing fill.")

    screen.say("An order that takes what is there, and one that would not be allowed to.")
    await venue.trade("EURUSD-PERP", Side.SELL, price="1.0999", quantity=500, rest=True)
    euro = await client.submit(NewOrder.market(EURUSD, Side.BUY, quantity=300))
    await euro.filled()
    post_only = NewOrder.limit(EURUSD, Side.BUY, quantity=100, price="1.0999", post_only=True)
    await (await client.submit(post_only)).done()
    await screen.breathe()

    screen.say("Canceling what is left of the gold order.")
    await client.cancel(gold)
    await gold.done()
    await screen.breathe()


if __name__ == "__main__":
    trio.run(tell, "ax", trade)
