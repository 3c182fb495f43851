"""Handles of orders that this program did not submit, or of which it has lost its handle."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from decimal import Decimal
from typing import Any

import pytest
import trio
from attrs import frozen
from trio.testing import MockClock

from actors import (
    Client,
    ClientOrderId,
    EventStream,
    NewOrder,
    NotSent,
    Order,
    OrderStatus,
    OutcomeUnknown,
    Reconciliation,
    Side,
    SimulatedVenue,
    StrategyId,
    VenueOrderId,
    commands,
    events,
    open_client,
)
from actors.emitter import Publication, ToEmitter, run_emitter
from actors.subscription import Wanted, open_stream
from protocol.dispatch import Decisions, DispatchState
from protocol.structs import evolve

from ..order_life import Rig, canceled
from ..trading import config_for, open_quiet_venue

ORDERS = {
    "ax": NewOrder.limit("XAU-PERP.AX", Side.BUY, quantity=10, price="2400.0"),
    "kraken-futures": NewOrder.limit("PF_XBTUSD.KRAKEN-FUTURES", Side.BUY, quantity="1", price="60000"),
    "kraken-spot": NewOrder.limit("BTC/USD.KRAKEN", Side.BUY, quantity="1", price="60000"),
}
each = pytest.mark.parametrize("name", list(ORDERS))


@frozen
class Stage:
    """Somebody else's order is open, and registered here under the name `theirs`."""

    venue: SimulatedVenue
    client: Client
    stream: EventStream
    handle: Order
    placed: NewOrder

    async def sell_to_them(self) -> None:
        symbol, price = self.placed.instrument.symbol, self.placed.price
        assert price is not None
        await self.venue.trade(symbol, Side.SELL, price=str(price), quantity=self.placed.quantity)


@asynccontextmanager
async def registered(name: str) -> AsyncIterator[Stage]:
    async with open_quiet_venue(name=name) as venue, open_client(config_for(venue)) as other:
        theirs = await other.submit(ORDERS[name])
        await theirs.accepted()
        async with open_client(config_for(venue)) as client:
            (report,) = await client.open_orders()
            given = ClientOrderId("theirs")
            assert await client.register_external_order(
                given, report.venue_order_id, report.instrument, StrategyId("mm")
            )
            handle = await client.order(given)
            assert handle is not None
            with client.events() as stream:
                yield Stage(venue, client, stream, handle, ORDERS[name])


@each
async def test_every_order_that_lives_has_a_handle(autojump_clock: MockClock, name: str) -> None:
    async with open_quiet_venue(name=name) as venue, open_client(config_for(venue)) as client:
        assert await client.orders() == []
        placed = [await client.submit(ORDERS[name]) for _ in range(3)]
        for order in placed:
            await order.accepted()
        await client.cancel(placed[1])
        await placed[1].done()
        handles = await client.orders()
        assert [handle.client_order_id for handle in handles] == [placed[0].client_order_id, placed[2].client_order_id]
        assert [handle.request_id for handle in handles] == [placed[0].request_id, placed[2].request_id]
        for handle in handles:
            await client.cancel(handle)
            assert (await handle.done()).status is OrderStatus.CANCELED
        assert await client.orders() == []


async def test_an_order_that_was_just_submitted_is_among_them(autojump_clock: MockClock) -> None:
    async with open_quiet_venue() as venue, open_client(config_for(venue)) as client:
        order = await client.submit(ORDERS["ax"])
        assert [handle.client_order_id for handle in await client.orders()] == [order.client_order_id]


async def test_a_handle_is_found_by_its_name_also_when_the_order_has_ended(autojump_clock: MockClock) -> None:
    async with open_quiet_venue() as venue, open_client(config_for(venue)) as client:
        placed = await client.submit(ORDERS["ax"])
        await placed.accepted()
        await client.cancel(placed)
        await placed.done()
        handle = await client.order(placed.client_order_id)
        assert handle is not None
        assert (await handle.done()).status is OrderStatus.CANCELED
        assert await client.order(ClientOrderId("never heard of")) is None


@each
async def test_a_handle_of_somebody_elses_order_waits_for_its_end(autojump_clock: MockClock, name: str) -> None:
    async with registered(name) as at, trio.open_nursery() as nursery:
        assert at.handle.request_id is None
        assert "not submitted here" in repr(at.handle)
        ended: list[OrderStatus] = []

        async def wait() -> None:
            ended.append((await at.handle.done()).status)

        nursery.start_soon(wait)
        await trio.sleep(1)
        assert ended == []
        await at.client.cancel(at.handle)
        await trio.sleep(1)
        assert ended == [OrderStatus.CANCELED]


@each
async def test_a_handle_of_somebody_elses_order_tells_its_fills(autojump_clock: MockClock, name: str) -> None:
    async with registered(name) as at:
        with at.handle.events() as news:
            await at.sell_to_them()
            read = [event async for event in news]
        assert any(isinstance(event, events.Filled) for event in read)
        assert (await at.handle.filled()).cumulative == at.placed.quantity
        assert (await at.handle.accepted()).status is OrderStatus.FILLED


@each
async def test_a_handle_of_somebody_elses_order_can_be_changed(autojump_clock: MockClock, name: str) -> None:
    async with registered(name) as at:
        price = at.placed.price
        assert price is not None
        await at.client.replace(at.handle, price=price - 1)
        await trio.sleep(5)
        (report,) = await at.client.open_orders()
        assert report.price == price - 1
        assert (await at.handle.state()).price == price - 1


@each
async def test_an_adopted_order_is_among_those_that_live(autojump_clock: MockClock, name: str) -> None:
    async with open_quiet_venue(name=name) as venue, open_client(config_for(venue)) as other:
        await (await other.submit(ORDERS[name])).accepted()
        async with open_client(config_for(venue)) as client:
            (report,) = await client.open_orders()
            adopted = await client.adopt(report, client_order_id=ClientOrderId("mine-now"))
            assert (adopted.client_order_id, adopted.request_id) == ("mine-now", None)
            again = await client.adopt(report)
            assert again.client_order_id == "mine-now", "it is tracked already"
            assert [handle.client_order_id for handle in await client.orders()] == ["mine-now"]
            await client.cancel_all()
            assert (await adopted.done()).status is OrderStatus.CANCELED
            with pytest.raises(NotSent, match="not adopted"):
                await client.adopt(evolve(report, status=OrderStatus.CANCELED, venue_order_id=VenueOrderId("other")))


@each
async def test_an_order_that_is_not_tracked_is_to_be_adopted(autojump_clock: MockClock, name: str) -> None:
    async with open_quiet_venue(name=name) as venue, open_client(config_for(venue)) as other:
        await (await other.submit(ORDERS[name])).accepted()
        async with open_client(config_for(venue)) as client:
            (report,) = await client.open_orders()
            assert report.client_order_id is not None
            with pytest.raises(NotSent, match=f"order {report.client_order_id} is not known here.*adopt it first"):
                await client.cancel(report.client_order_id)
            with pytest.raises(NotSent, match="adopt it first"):
                await client.replace(report.client_order_id, quantity=1)
            assert await client.order(report.client_order_id) is None
            assert await client.orders() == []


async def test_a_closed_client_gives_no_handles(autojump_clock: MockClock) -> None:
    async with open_quiet_venue() as venue:
        async with open_client(config_for(venue)) as client:
            order = await client.submit(ORDERS["ax"])
            await order.accepted()
            (handle,) = await client.orders()
        with pytest.raises(NotSent, match="closed"):
            await client.orders()
        with pytest.raises(NotSent, match="closed"):
            await client.order(order.client_order_id)
        with pytest.raises(OutcomeUnknown):
            await handle.state()


@pytest.mark.parametrize("reopened", [True, False])
async def test_a_stream_of_an_order_that_was_reopened_goes_on(autojump_clock: MockClock, reopened: bool) -> None:
    rig = Rig()
    rig.live("a1", "v1")
    rig.hear(canceled("v1", 1))
    end = rig.events()[-1]
    assert isinstance(end, events.Canceled)
    lives = events.Reopened(
        was=OrderStatus.FILLED,
        status=OrderStatus.ACCEPTED,
        leaves=Decimal(1),
        reason="It is listed.",
        identity=end.identity,
        venue_order_id=end.venue_order_id,
        venue_time=0,
        local_time=0,
    )
    to_emitter, inbox = trio.open_memory_channel[ToEmitter](10)
    async with trio.open_nursery() as nursery:
        nursery.start_soon(run_emitter, inbox)
        to_emitter.send_nowait(Publication(1, (end, lives) if reopened else (end,)))
        with open_stream(to_emitter, 10, Wanted(session=1, only=ClientOrderId("a1"))) as stream:
            to_emitter.send_nowait(Publication(1, (end,)))
            assert [type(event) async for event in stream] == ([events.Canceled] if reopened else [])
        to_emitter.close()


# How far the books are known


async def test_what_dispatch_knows_of_the_books_can_be_seen(
    autojump_clock: MockClock, monkeypatch: pytest.MonkeyPatch
) -> None:
    known = Reconciliation(connection=1, open_questions=3, fills_read=50)
    decide = DispatchState.apply

    def apply(state: DispatchState, inputs: Any, now: Any) -> Decisions:
        decisions = decide(state, inputs, now)
        decisions.progress = known
        return decisions

    monkeypatch.setattr(DispatchState, "apply", apply)
    async with open_quiet_venue() as venue, open_client(config_for(venue)) as client:
        assert client.reconciliation is known


def test_ended_orders_are_not_among_the_live_ones() -> None:
    rig = Rig()
    rig.live("a1", "v1")
    rig.live("a2", "v2")
    rig.hear(canceled("v1", 1))
    ((identity, request_id),) = rig.ask(commands.LiveOrders(), None)
    assert (identity.client_order_id, request_id) == ("a2", 2)
