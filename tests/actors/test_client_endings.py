"""Close, abort, cancellation, failure: nothing hangs, nothing is left, nothing is wrapped."""

from __future__ import annotations

from collections.abc import Awaitable, Callable

import pytest
import trio
from trio.testing import MockClock, assert_no_checkpoints

from actors import (
    ClientOrderId,
    NewOrder,
    NotSent,
    OnClose,
    Order,
    OrderEnded,
    OrderStatus,
    OutcomeUnknown,
    Side,
    SubscriberLagged,
    events,
    open_client,
)
from protocol.simulation.faults import Fault, FaultKind

from ..trading import Gate, WrappedConnector, config_for, drain, names, open_quiet_venue, sell, trading, until


async def test_leaving_the_block_leaves_orders_alone(autojump_clock: MockClock) -> None:
    async with open_quiet_venue() as venue:
        async with open_client(config_for(venue)) as client:
            await (await client.submit(sell())).accepted()
        assert [order.state for order in venue.exchange.engine.orders.values()] == ["ACCEPTED"]


async def test_leaving_the_block_cancels_them_where_the_config_says_so(autojump_clock: MockClock) -> None:
    async with open_quiet_venue() as venue:
        async with open_client(config_for(venue, on_close=OnClose.CANCEL_ALL)) as client:
            await (await client.submit(sell())).accepted()
        assert [order.state for order in venue.exchange.engine.orders.values()] == ["CANCELED"]


async def test_a_request_in_flight_gets_its_grace(autojump_clock: MockClock) -> None:
    slow = Fault(kind=FaultKind.DELAY_ANSWER, nth=1, delay=300_000_000)
    async with trading(slow) as (_, client, _stream):
        await client.submit(sell())
        began = trio.current_time()
        await client.disconnect()
        assert trio.current_time() - began == pytest.approx(0.3, abs=0.05)


async def test_closing_does_not_wait_for_ever(autojump_clock: MockClock) -> None:
    async with open_quiet_venue() as venue:
        gate = Gate()
        assert venue.connector is not None
        connector = WrappedConnector(venue.connector, gate)
        async with open_client(config_for(venue, connector=connector)) as client:
            gate.shut()
            await client.submit(sell())
            await trio.sleep(1)
            began = trio.current_time()
        assert trio.current_time() - began <= 2.001


async def test_a_stream_ends_when_the_client_is_closed(autojump_clock: MockClock) -> None:
    async with trading() as (_, client, stream):
        order = await client.submit(sell())
        await order.accepted()
        await client.close()
        await client.close()
        assert names([event async for event in stream])[-2:] == ["Disconnected", "CloseReport"]
        with pytest.raises(NotSent):
            await client.submit(sell())
        with client.events() as empty:
            assert [event async for event in empty] == []


async def test_a_wait_ends_with_the_client(autojump_clock: MockClock) -> None:
    async with open_quiet_venue() as venue, trio.open_nursery() as nursery:
        raised: list[str] = []

        async def wait(waiting: Callable[[], Awaitable[object]]) -> None:
            try:
                await waiting()
            except (OutcomeUnknown, NotSent) as error:
                raised.append(type(error).__name__)

        async with open_client(config_for(venue)) as client:
            order = await client.submit(sell())
            await order.accepted()
            nursery.start_soon(wait, order.filled)
            nursery.start_soon(wait, order.done)
            await trio.sleep(1)
        await trio.sleep(1)
        assert raised == ["OutcomeUnknown", "OutcomeUnknown"]


PLAIN_ORDERS = {
    "ax": sell(),
    "kraken-futures": NewOrder.limit("PF_XBTUSD.KRAKEN-FUTURES", Side.BUY, quantity=1, price=60000),
    "kraken-spot": NewOrder.limit("BTC/USD.KRAKEN", Side.BUY, quantity=1, price=60000),
}
"""An order of each venue that rests."""


async def nothing_more_is_known(order: Order) -> None:
    for question in (order.state, order.accepted, order.done, order.filled):
        with pytest.raises(OutcomeUnknown) as told:
            await question()
        assert str(told.value) == (
            f"Nothing more is known here of order {order.client_order_id}: the client is closed, or has forgotten it. "
            "Look at the venue; do not send it again."
        )


@pytest.mark.parametrize("name", PLAIN_ORDERS)
async def test_a_closed_client_never_says_that_a_live_order_was_not_sent(autojump_clock: MockClock, name: str) -> None:
    """A program that believed it would order twice."""
    async with open_quiet_venue(name=name) as venue, open_client(config_for(venue)) as client:
        order = await client.submit(PLAIN_ORDERS[name])
        await order.accepted()
        await client.close()
        await nothing_more_is_known(order)
        async with open_client(config_for(venue)) as another:
            assert len(await another.open_orders()) == 1, "it lives"


@pytest.mark.parametrize("name", PLAIN_ORDERS)
async def test_a_forgotten_order_is_not_called_unsent(autojump_clock: MockClock, name: str) -> None:
    async with open_quiet_venue(name=name) as venue, open_client(config_for(venue, finished_window=1)) as client:
        orders = []
        for _ in range(2):
            orders.append(await client.submit(PLAIN_ORDERS[name]))
            await orders[-1].accepted()
            await client.cancel(orders[-1])
            await orders[-1].done()
        await nothing_more_is_known(orders[0])
        assert (await orders[1].state()).status is OrderStatus.CANCELED


async def test_abort_is_immediate_and_says_nothing_to_the_venue(autojump_clock: MockClock) -> None:
    async with open_quiet_venue() as venue:
        async with open_client(config_for(venue)) as client:
            await (await client.submit(sell())).accepted()
            began = trio.current_time()
            client.abort()
        assert trio.current_time() == began
        assert client.is_closed
        assert [order.state for order in venue.exchange.engine.orders.values()] == ["ACCEPTED"]


@pytest.mark.parametrize("turns", range(30))
async def test_an_abort_at_any_turn_leaves_nobody_waiting(autojump_clock: MockClock, turns: int) -> None:
    ended: list[str] = []

    async def ask_on() -> None:
        try:
            while True:
                await client.cancel(await client.submit(sell()))
        except (NotSent, OutcomeUnknown, OrderEnded) as error:
            ended.append(type(error).__name__)

    async with open_quiet_venue() as venue, trio.open_nursery() as nursery:
        async with open_client(config_for(venue)) as client:
            for _ in range(3):
                nursery.start_soon(ask_on)
            for _ in range(turns):
                await trio.lowlevel.checkpoint()
            client.abort()
    assert len(ended) == 3


async def test_what_the_block_raises_leaves_it_unwrapped(autojump_clock: MockClock) -> None:
    class Mine(Exception):
        pass

    async with open_quiet_venue() as venue:
        with pytest.raises(Mine):
            async with open_client(config_for(venue)):
                raise Mine


async def test_cancelling_a_wait_never_cancels_the_order(autojump_clock: MockClock) -> None:
    async with trading() as (venue, client, _):
        order = await client.submit(sell())
        for _ in range(3):
            with trio.move_on_after(1) as patience:
                await order.filled()
            assert patience.cancelled_caught
        assert (await order.state()).status is OrderStatus.ACCEPTED
        assert [kept.state for kept in venue.exchange.engine.orders.values()] == ["ACCEPTED"]


class CancelAtStep(trio.abc.Instrument):
    """Cancels a scope when its task is about to take its nth step."""

    def __init__(self, step: int) -> None:
        self.step = step
        self.taken = 0
        self.scope = trio.CancelScope()
        self.task: trio.lowlevel.Task | None = None

    def before_task_step(self, task: trio.lowlevel.Task) -> None:
        if task is not self.task:
            return
        if self.taken == self.step:
            self.scope.cancel()
        self.taken += 1


async def cancelled_at(step: int, action: Callable[[], Awaitable[None]]) -> bool:
    """Runs an action and cancels it at its nth step; False if it ended before."""
    watcher = CancelAtStep(step)
    watcher.task = trio.lowlevel.current_task()
    trio.lowlevel.add_instrument(watcher)
    try:
        with watcher.scope:
            await action()
    finally:
        trio.lowlevel.remove_instrument(watcher)
    return watcher.scope.cancelled_caught or watcher.taken > step


def tasks_below(task: trio.lowlevel.Task) -> int:
    return sum(1 + sum(tasks_below(child) for child in nursery.child_tasks) for nursery in task.child_nurseries)


async def test_connecting_can_be_cancelled_anywhere(autojump_clock: MockClock) -> None:
    async with open_quiet_venue() as venue:
        step, interrupted = 0, True
        while interrupted:

            async def connect() -> None:
                async with open_client(config_for(venue)):
                    pass

            before = tasks_below(trio.lowlevel.current_task())
            interrupted = await cancelled_at(step, connect)
            await trio.sleep(10)  # the venue's side of the connection ends, too
            assert tasks_below(trio.lowlevel.current_task()) == before
            step += 1
        assert step > 4


async def test_submitting_can_be_cancelled_anywhere(autojump_clock: MockClock) -> None:
    """Either nothing happened, or the order is placed and its handle was about to come; never half of it."""
    async with trading() as (venue, client, _):
        step, interrupted = 0, True
        while interrupted:
            name = ClientOrderId(f"step-{step}")

            async def submit(name: ClientOrderId = name) -> None:
                await client.submit(sell(client_order_id=name))

            interrupted = await cancelled_at(step, submit)
            await trio.sleep(1)
            known = await client.order_state(name)
            wire_id = client._config.venue().wire_id(name)
            there = [order for order in venue.exchange.engine.orders.values() if order.cid == wire_id]
            assert (known is not None) == bool(there)
            if known is not None:
                assert known.status is OrderStatus.ACCEPTED
            step += 1
        assert step > 1


async def test_closing_can_be_cancelled_anywhere(autojump_clock: MockClock) -> None:
    async with open_quiet_venue() as venue:
        step, interrupted = 0, True
        while interrupted:
            before = tasks_below(trio.lowlevel.current_task())
            async with open_client(config_for(venue)) as client:
                await client.submit(sell())
                interrupted = await cancelled_at(step, client.close)
            await trio.sleep(10)
            assert tasks_below(trio.lowlevel.current_task()) == before
            assert client.is_closed
            step += 1
        assert step > 1


# Who may wait for whom


async def test_a_venue_that_does_not_read_exhausts_the_credits_and_nothing_else(autojump_clock: MockClock) -> None:
    async with open_quiet_venue() as venue:
        gate = Gate()
        assert venue.connector is not None
        connector = WrappedConnector(venue.connector, gate)
        async with open_client(config_for(venue, connector=connector, heartbeat=1000)) as client:
            first = await client.submit(sell())
            await first.accepted()
            gate.shut()
            for _ in range(64):
                await client.submit(sell())
            with pytest.raises(NotSent, match="too many requests"):
                await client.submit(sell(client_order_id=ClientOrderId("one-too-many")))
            assert await client.order_state(ClientOrderId("one-too-many")) is None
            await client.cancel(first)
            with client.events() as stream:
                await drain(stream)
                await venue.act(lambda exchange, now: exchange.end_orders("EXPIRED", now))
                assert "Expired" in names(await drain(stream)), "what the venue says still comes through"
            gate.open()
            await trio.sleep(1)
            await (await client.submit(sell())).accepted()


async def test_a_slow_subscriber_is_let_go_and_nobody_else_notices(autojump_clock: MockClock) -> None:
    async with trading(subscriber_batches=5) as (_, client, _stream):
        with client.events() as slow, client.events() as quick:
            heard = []

            async def read_quickly() -> None:
                async for event in quick:
                    heard.append(event)

            async with trio.open_nursery() as nursery:
                nursery.start_soon(read_quickly)
                for _ in range(20):
                    await client.submit(sell())
                    await trio.sleep(0.1)
                nursery.cancel_scope.cancel()
            assert names(heard).count("Accepted") == 20
            got = []
            with pytest.raises(SubscriberLagged, match="fell behind"):
                async for event in slow:
                    got.append(event)
            assert 5 <= len(got) < 20
            assert [event.sequence for event in got] == list(range(got[0].sequence, got[0].sequence + len(got)))


async def test_events_that_have_arrived_come_without_a_checkpoint(autojump_clock: MockClock) -> None:
    async with trading(Fault(kind=FaultKind.DROP_EVENT, nth=2)) as (venue, client, stream):
        await (await client.submit(sell())).accepted()
        for _ in range(2):
            await venue.trade("XAU-PERP", Side.BUY, price="2412.0", quantity=2)
        assert names(await until(stream, events.MissingFills))[-1] == "MissingFills"
        with assert_no_checkpoints():
            assert type(await stream.__anext__()) is events.Filled


async def test_requests_go_out_no_faster_than_the_config_says(autojump_clock: MockClock) -> None:
    async with trading(requests_per_second=2) as (_, client, stream):
        began = trio.current_time()
        for _ in range(6):
            await client.submit(sell())
        await until(stream, events.Accepted, times=6)
        assert trio.current_time() - began == pytest.approx(2, abs=0.1), "two at once, then two a second"


async def test_the_sequence_has_no_holes(autojump_clock: MockClock) -> None:
    async with trading() as (venue, client, stream):
        for _ in range(3):
            await client.submit(sell())
            await venue.drop_connections()
            await trio.sleep(8)
        await client.close()
        numbers = [event.sequence async for event in stream]
        assert numbers == list(range(1, len(numbers) + 1))
