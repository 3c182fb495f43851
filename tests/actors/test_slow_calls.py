"""A venue that is slow over HTTP, cannot be reached, or asks to be left alone: no urgent call waits behind others, and
what was not sent is told so."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

import pytest
import trio
from attrs import frozen
from trio.testing import MockClock

from actors import Client, EventStream, NewOrder, NotSent, Order, OrderStatus, Side, events, open_client

from ..slow_lines import Heard, SlowLines, lines_to
from ..trading import config_for, drain, names, open_quiet_venue, until

ORDERS = {
    "kraken-futures": NewOrder.limit("PF_XBTUSD.KRAKEN-FUTURES", Side.BUY, quantity="1", price="60000"),
    "kraken-spot": NewOrder.limit("BTC/USD.KRAKEN", Side.BUY, quantity="1", price="60000"),
}
PLACE = {"kraken-futures": "/sendorder", "kraken-spot": "/AddOrder"}
CANCEL = {"kraken-futures": "/cancelorder", "kraken-spot": "/CancelOrder"}
CANCEL_ALL = {"kraken-futures": "/cancelallorders", "kraken-spot": "/CancelAll"}
TIMER = {"kraken-futures": "/cancelallordersafter", "kraken-spot": "/CancelAllOrdersAfter"}

each = pytest.mark.parametrize("name", ["kraken-futures", "kraken-spot"])


@frozen
class Stage:
    """A client that trades over HTTP; one order rests."""

    client: Client
    stream: EventStream
    lines: SlowLines
    heard: Heard
    resting: Order

    def hold_placements(self, name: str, seconds: float) -> None:
        self.lines.held = {PLACE[name].encode() + b" ": seconds}


@asynccontextmanager
async def stage(name: str, **options: Any) -> AsyncIterator[Stage]:
    known: dict[str, Any] = {"order_credits": 2000, "cancel_credits": 2000, "use_budget": False}
    known["audit_period"] = 3600.0  # nothing but what a test asks for keeps a connection alive
    if name == "kraken-spot":
        known["rest_entry"] = True
    heard = Heard()
    async with open_quiet_venue(name=name, on_input=heard.note) as venue:
        lines = lines_to(venue)
        async with open_client(config_for(venue, connector=lines, **(known | options))) as client:
            with client.events() as stream:
                resting = await client.submit(ORDERS[name])
                await resting.accepted()
                yield Stage(client, stream, lines, heard, resting)


async def submit(stage: Stage, name: str, count: int) -> list[Order]:
    return [await stage.client.submit(ORDERS[name]) for _ in range(count)]


@each
@pytest.mark.parametrize("count", [12, 1000])
async def test_placements_that_the_venue_does_not_answer_hold_no_urgent_call_back(
    autojump_clock: MockClock, name: str, count: int
) -> None:
    async with stage(name) as at:
        at.hold_placements(name, 6)
        await submit(at, name, count)
        began = trio.current_time()
        await at.client.cancel(at.resting)
        assert (await at.resting.done()).status is OrderStatus.CANCELED
        await at.client.cancel_all_after(60)
        assert trio.current_time() - began < 0.1
        assert len(at.heard.calls_to(CANCEL[name])) == 1
        assert len(at.heard.calls_to(TIMER[name])) == 1


@each
async def test_a_thousand_placements_are_sent_or_told_unsent_and_never_unknown_unsent(
    autojump_clock: MockClock, name: str
) -> None:
    async with stage(name) as at:
        at.hold_placements(name, 3600)
        orders = await submit(at, name, 200)
        began = trio.current_time()
        await trio.sleep(0.5)
        sent = len(at.heard.calls_to(PLACE[name])) - 1
        denied = await until(at.stream, events.Denied, 200 - sent)
        assert trio.current_time() - began < 9.5
        assert all(
            "It is safe to send it again" in event.reason for event in denied if isinstance(event, events.Denied)
        )
        at.lines.held = {}
        assert len(at.heard.calls_to(PLACE[name])) - 1 == sent
        assert len(orders) == 200


@each
async def test_placements_that_wait_are_withdrawn_by_a_cancel_of_all(autojump_clock: MockClock, name: str) -> None:
    async with stage(name) as at:
        at.hold_placements(name, 1)
        orders = await submit(at, name, 200)
        await trio.sleep(0.1)
        sent = at.heard.calls_to(PLACE[name])
        await at.client.cancel_all()
        await trio.sleep(0.1)
        assert len(at.heard.calls_to(CANCEL_ALL[name])) == 1
        await trio.sleep(3)
        assert at.heard.calls_to(PLACE[name]) == sent
        ends = [(await order.state()).status for order in orders]
        assert set(ends) == {OrderStatus.CANCELED, OrderStatus.DENIED}
        assert ends.count(OrderStatus.CANCELED) == len(sent) - 1


@each
async def test_each_call_hears_within_one_time_out_that_there_is_no_connection(
    autojump_clock: MockClock, name: str
) -> None:
    async with stage(name, http_timeout=2.0) as at:
        await trio.sleep(20)  # no connection is kept for so long
        at.lines.connects_hang = True
        began = trio.current_time()
        orders = await submit(at, name, 5)
        await at.client.cancel(at.resting)
        for order in orders:
            with pytest.raises(NotSent, match=r"no connection for it within 2 s.* It is safe to send it again"):
                await order.accepted()
        await until(at.stream, events.CancelRejected)
        assert trio.current_time() - began == pytest.approx(2, abs=0.1)
        at.lines.connects_hang = False
        await at.client.cancel(at.resting)
        assert (await at.resting.done()).status is OrderStatus.CANCELED
        assert len(at.heard.calls_to(PLACE[name])) == 1


@each
async def test_a_time_for_answers_that_is_shorter_than_the_time_out_makes_nothing_unknown_that_was_not_sent(
    autojump_clock: MockClock, name: str
) -> None:
    async with stage(name, http_timeout=30.0, request_timeout=4.0) as at:
        await trio.sleep(20)
        at.lines.connects_hang = True
        await submit(at, name, 3)
        heard = names(await drain(at.stream, 10))
        assert heard.count("Denied") == 3
        assert "StatusUnknown" not in heard
        at.lines.connects_hang = False


@each
async def test_a_cancel_takes_back_a_placement_that_has_no_connection_yet(autojump_clock: MockClock, name: str) -> None:
    async with stage(name) as at:
        await trio.sleep(20)
        at.lines.connects_hang = True
        (order,) = await submit(at, name, 1)
        await trio.sleep(1)
        await at.client.cancel(order)
        with pytest.raises(NotSent, match="canceled before it was sent"):
            await order.accepted()
        at.lines.connects_hang = False
        await trio.sleep(20)
        assert len(at.heard.calls_to(PLACE[name])) == 1


async def test_numbers_grow_in_the_order_in_which_calls_reach_the_venue(autojump_clock: MockClock) -> None:
    """The first call waits for a new connection while the next ones have an old one each."""
    name = "kraken-spot"
    async with stage(name) as at:
        orders = await submit(at, name, 30)
        for order in orders:
            await order.accepted()
        for order in orders[::2]:
            await at.client.cancel(order)
        await trio.sleep(1)
        numbers = [
            int(body.partition(b"nonce=")[2].partition(b"&")[0])
            for _, path, body in at.heard.calls
            if path.startswith("/0/private/")
        ]
        assert len(numbers) > 45
        assert numbers == sorted(set(numbers))


@each
async def test_credits_come_back_from_calls_that_were_never_sent(autojump_clock: MockClock, name: str) -> None:
    async with stage(name, order_credits=3, cancel_credits=2, http_timeout=2.0) as at:
        for _ in range(4):
            await trio.sleep(40)  # nothing is read about the canceled orders any more, and its connection is gone
            at.lines.connects_hang = True
            orders = await submit(at, name, 3)
            with pytest.raises(NotSent, match="too many requests wait"):
                await submit(at, name, 1)
            await at.client.cancel(at.resting)  # no connection either
            await at.client.cancel(orders[0])  # withdrawn
            await trio.sleep(5)
            at.lines.connects_hang = False
            for order in await submit(at, name, 3):
                await order.accepted()
                await at.client.cancel(order)
                await order.done()
