"""What users abandon does not pile up."""

from __future__ import annotations

import gc

import trio
from trio.testing import MockClock

from actors.order import Order
from actors.subscription import EventStream
from protocol.structs import evolve
from protocol.values import ClientOrderId

from ..trading import sell, trading


async def test_waits_that_were_given_up_are_forgotten(autojump_clock: MockClock) -> None:
    async with trading() as (_, client, _stream):
        order = await client.submit(sell())
        await order.accepted()

        def channels() -> int:
            gc.collect()
            return sum(isinstance(kept, trio.MemorySendChannel) for kept in gc.get_objects())

        before = channels()
        for _ in range(2500):
            with trio.move_on_after(0):
                await order.filled()
            with trio.CancelScope() as scope:
                scope.deadline = trio.current_time() + 0.001
                await order.filled()
        assert channels() - before < 1500


async def test_streams_of_orders_that_ended_are_forgotten(autojump_clock: MockClock) -> None:
    async with trading() as (_, client, _stream):
        order = await client.submit(sell())
        await order.accepted()
        await client.cancel(order)
        await order.done()

        def streams() -> int:
            gc.collect()
            return sum(isinstance(kept, trio.MemorySendChannel) for kept in gc.get_objects())

        before = streams()
        for number in range(3000):
            identity = evolve(order.identity, client_order_id=ClientOrderId(f"gone-{number}"))
            stream = Order(client, identity, order.request_id).events()
            assert isinstance(stream, EventStream)
            stream.close()
            if number % 100 == 0:
                await trio.sleep(0.01)
        await trio.sleep(1)
        assert streams() - before < 2000
