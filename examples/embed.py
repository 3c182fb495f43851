"""Inside somebody else's Trio program: its nursery, its cancel scope, its own tasks beside the client.

    python examples/embed.py

A strategy runs as one task, a risk watcher as another; the program gives both two seconds and then cancels them.
Whatever happens, the client is closed when its block is left, and the order it left open is canceled first.
"""

from __future__ import annotations

from decimal import Decimal

import trio

from trio_orders import (
    AxConfig,
    Client,
    NewOrder,
    NotSent,
    OnClose,
    Side,
    SimulatedVenue,
    events,
    open_client,
    open_simulated_venue,
)

INSTRUMENT = "EURUSD-PERP.AX"
LIMIT = Decimal(500)


async def strategy(client: Client) -> None:
    """Buys again and again; a refusal here leaves nothing behind."""
    while True:
        try:
            order = await client.submit(NewOrder.limit(INSTRUMENT, Side.BUY, quantity=200, price="1.0850"))
        except NotSent as refusal:
            print(f"strategy: {refusal}")
            return
        with trio.move_on_after(0.3) as patience:
            await order.filled()
        if patience.cancelled_caught:
            print("strategy: no fill in time; the order stays open, only the waiting was canceled")
            return
        print(f"strategy: filled {order.client_order_id[:8]}")


async def watch_risk(client: Client, breached: trio.CancelScope) -> None:
    """Reads every event and ends the strategy when the position is large enough."""
    position = Decimal(0)
    with client.events() as stream:
        async for event in stream:
            if isinstance(event, events.Filled):
                position += event.last_quantity if event.side is Side.BUY else -event.last_quantity
                print(f"risk: position {position}")
            if position >= LIMIT:
                print("risk: limit reached, stopping the strategy")
                breached.cancel()
                return


async def other_traders(venue: SimulatedVenue) -> None:
    for _ in range(3):
        await venue.trade("EURUSD-PERP", Side.SELL, price="1.0850", quantity=200, rest=True)
        await trio.sleep(0.1)


async def main() -> None:
    async with open_simulated_venue("ax", seed=3, quotes=False) as venue, trio.open_nursery() as program:
        program.start_soon(other_traders, venue)
        config = AxConfig(url=venue.url, credentials=venue.credentials, on_close=OnClose.CANCEL_ALL)
        with trio.move_on_after(2) as allowance:  # the program's own deadline, as for any other task of its
            async with open_client(config) as client, trio.open_nursery() as nursery:
                nursery.start_soon(watch_risk, client, nursery.cancel_scope)
                nursery.start_soon(strategy, client)
        print("the program goes on" + (" (its time was up)" if allowance.cancelled_caught else ""))


if __name__ == "__main__":
    trio.run(main)
