"""A trading session at a simulated Kraken Futures: orders over signed REST, news over the socket.

    python examples/kraken_futures.py

A live table of orders in a terminal, plain lines elsewhere.
"""

from __future__ import annotations

import trio
from screen import Screen
from tell import tell

from trio_orders import Client, NewOrder, Side, SimulatedVenue, TimeInForce, TriggerType, events

BITCOIN = "PF_XBTUSD.KRAKEN-FUTURES"


async def trade(client: Client, venue: SimulatedVenue, screen: Screen) -> None:
    """What a program does with a client. Another trader at the venue takes the other side."""
    screen.say("From now on the venue cancels everything unless it hears from us within a minute.")
    await client.cancel_all_after(60)

    screen.say("A resting order for 1 bitcoin; somebody sells us 0.4. The maker's fee is negative: a rebate.")
    bid = await client.submit(NewOrder.limit(BITCOIN, Side.BUY, quantity=1, price=60000, post_only=True))
    await bid.accepted()
    await venue.trade("PF_XBTUSD", Side.SELL, price=60000, quantity="0.4")
    await screen.breathe()

    screen.say("Changing it: 2 bitcoin in all, what has filled included.")
    await client.replace(bid, quantity=2, price="60010.5")
    await screen.breathe()

    screen.say("The connection drops and somebody sells us 0.6. History is read before all is reconciled.")
    with client.events() as news:
        await venue.drop_connections()
        await venue.trade("PF_XBTUSD", Side.SELL, price="60010.5", quantity="0.6")
        async for event in news:
            if isinstance(event, events.Reconciled):
                break
    await screen.breathe()

    screen.say("An order that trades at once, and whose rest is not wanted: canceled, behind its fills.")
    await venue.trade("PF_XBTUSD", Side.SELL, price=60020, quantity="0.5", rest=True)
    take = NewOrder.limit(BITCOIN, Side.BUY, quantity=3, price=60020, time_in_force=TimeInForce.IOC)
    await (await client.submit(take)).done()
    await screen.breathe()

    screen.say("Canceling the resting order, with 1 bitcoin of it filled.")
    await client.cancel(bid)
    await bid.done()
    await screen.breathe()

    screen.say("A stop below. The market falls to it, the stop fires, and its order trades under the same name.")
    fall = NewOrder.stop_market(BITCOIN, Side.SELL, quantity=1, trigger_price=59000, trigger=TriggerType.MARK)
    stop = await client.submit(fall)
    await stop.accepted()
    await venue.trade("PF_XBTUSD", Side.BUY, price=58990, quantity=5, rest=True)
    await venue.act(lambda exchange, now: exchange.set_price("PF_XBTUSD", "mark", 58995, now))
    await stop.filled()
    await screen.breathe()

    await ladder(client, screen)


async def ladder(client: Client, screen: Screen) -> None:
    screen.say("Three orders in one call, and all of them canceled in another.")
    steps = [NewOrder.limit(BITCOIN, Side.BUY, quantity="0.1", price=50000 - 100 * step) for step in range(3)]
    rungs = await client.submit_all(steps)
    for rung in rungs:
        await rung.accepted()
    await client.cancel_many(rungs)
    for rung in rungs:
        await rung.done()
    await screen.breathe()


if __name__ == "__main__":
    trio.run(tell, "kraken-futures", trade)
