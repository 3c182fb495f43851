"""A story that is told at several venues: orders are traded where things go wrong, and then the books are compared."""

from __future__ import annotations

import random
from collections.abc import Awaitable, Callable
from contextlib import suppress
from decimal import Decimal
from typing import Any

import trio

from actors import Client, NewOrder, NotSent, Order, OrderState, Side, SimulatedVenue, TimeInForce, events, open_client

from .trading import config_for

Trading = Callable[[SimulatedVenue, Client, random.Random], Awaitable[list[Order]]]


async def tell(venue: SimulatedVenue, chance: random.Random, trading: Trading, **options: Any) -> list[events.Event]:
    """Has `trading` trade, waits until all is settled, and checks the end. Gives what was heard. options: of the
    client."""
    async with open_client(config_for(venue, **options)) as client:
        with client.events() as stream:
            orders = await trading(venue, client, chance)
            await trio.sleep(400)
            check_ends([await order.state() for order in orders], venue)
            await client.close()
            heard = [event async for event in stream]
    check(heard, {execution.trade_id for execution in venue.executions()})
    return heard


def orders_of(instrument: str) -> Trading:
    """Buy orders of which the market takes a part, some changed and some canceled meanwhile."""
    symbol = instrument.rpartition(".")[0]

    async def trade(venue: SimulatedVenue, client: Client, chance: random.Random) -> list[Order]:
        async def sell_to_us(quantity: str) -> None:
            await venue.trade(symbol, Side.SELL, price=price, quantity=quantity)

        orders = []
        for number in range(6):
            price = str(60000 + number)
            in_force = chance.choice([TimeInForce.GTC, TimeInForce.GTC, TimeInForce.IOC])
            if in_force is TimeInForce.IOC:
                await venue.trade(symbol, Side.SELL, price=price, quantity="0.3", rest=True)
            wanted = NewOrder.limit(instrument, Side.BUY, quantity="1", price=price, time_in_force=in_force)
            with suppress(NotSent):  # while the connection is down; that is part of the story
                order = await client.submit(wanted)
                orders.append(order)
                await trio.sleep(1)
                await sell_to_us("0.6")
                if chance.random() < 0.3:
                    await client.replace(order, quantity="2")
                elif chance.random() < 0.3:
                    await client.cancel(order)
            await trio.sleep(1)
            await sell_to_us("0.3")
        return orders

    return trade


def check_ends(orders: list[OrderState], venue: SimulatedVenue) -> None:
    """What is open here is what is open there."""
    exchange = venue.exchange
    ours = [order for order in exchange.engine.orders.values() if order.account in exchange.client_accounts]
    open_here = {order.venue_order_id for order in orders if not order.status.is_terminal}
    assert open_here == {order.order_id for order in ours if order.is_open}


def check(heard: list[events.Event], booked: set[str]) -> None:
    assert [event.sequence for event in heard] == list(range(1, len(heard) + 1))
    fills = [event for event in heard if isinstance(event, events.Filled)]
    ids = [fill.trade_id for fill in fills]
    assert len(ids) == len(set(ids)), "a fill came twice"
    assert set(ids) == booked, "a fill was lost, or made up"
    accepted = [event.client_order_id for event in heard if isinstance(event, events.Accepted)]
    assert len(accepted) == len(set(accepted))
    by_order: dict[str, Decimal] = {}
    for fill in fills:
        by_order[fill.client_order_id] = by_order.get(fill.client_order_id, Decimal(0)) + fill.last_quantity
        assert fill.cumulative == by_order[fill.client_order_id]
