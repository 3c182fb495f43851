"""Orders that a client tracks before anything is measured."""

from __future__ import annotations

import gc

import trio

from actors import Client
from protocol.values import ClientOrderId, StrategyId, VenueOrderId

from .frames import venue_order_id
from .products import Product

__all__ = ["TRACKED", "register", "track"]

TRACKED = 1000


async def register(client: Client, product: Product, first: int, last: int) -> None:
    for number in range(first, last):
        await client.register_external_order(
            ClientOrderId(f"bench-order-number-{number:010d}"),
            VenueOrderId(venue_order_id(product.name, number)),
            product.instrument.id,
            StrategyId("bench"),
        )


async def track(client: Client, product: Product, orders: int) -> None:
    """Many at once, so that a batch of commands shares its turns."""
    tasks = 64 if orders > TRACKED else 1
    async with trio.open_nursery() as nursery:
        for task in range(tasks):
            nursery.start_soon(register, client, product, orders * task // tasks, orders * (task + 1) // tasks)
    gc.collect()  # the collector stays on; a full collection is due for the orders, not for the messages
