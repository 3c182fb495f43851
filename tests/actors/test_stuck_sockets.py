"""A venue that stops reading its socket: what takes risk away finds another way, what was not written is told so."""

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
from ..trading import config_for, drain, names, open_quiet_venue

pytestmark = pytest.mark.usefixtures("each_websocket")

ANSWER_TIME = {"ax": 10.0, "kraken-spot": 5.0}
"""Seconds after which a request that was sent and not answered is given up."""
ORDERS = {
    "ax": NewOrder.limit("XAU-PERP.AX", Side.SELL, quantity=10, price="2412.0"),
    "kraken-spot": NewOrder.limit("BTC/USD.KRAKEN", Side.BUY, quantity="1", price="60000"),
}
CANCEL_WORDS = {"ax": '"t":"x"', "kraken-spot": '"method":"cancel_order"'}
CANCEL_CALLS = {"ax": "/orders/cancel-order", "kraken-spot": "/0/private/CancelOrder"}
PLACE_WORDS = {"ax": '"t":"p"', "kraken-spot": '"method":"add_order"'}

both = pytest.mark.parametrize("name", ["ax", "kraken-spot"])


@frozen
class Stage:
    """A client at a venue, on lines that can stop; one order rests."""

    client: Client
    stream: EventStream
    lines: SlowLines
    heard: Heard
    resting: Order


@asynccontextmanager
async def stage(name: str, **options: Any) -> AsyncIterator[Stage]:
    heard = Heard()
    known: dict[str, Any] = {"order_credits": 2000, "cancel_credits": 2000, "data_deadline": 60.0}
    if name == "kraken-spot":
        known["use_budget"] = False
    async with open_quiet_venue(name=name, on_input=heard.note) as venue:
        lines = lines_to(venue)
        async with open_client(config_for(venue, connector=lines, **(known | options))) as client:
            with client.events() as stream:
                resting = await client.submit(ORDERS[name])
                await resting.accepted()
                yield Stage(client, stream, lines, heard, resting)


async def submit(stage: Stage, name: str, count: int) -> list[Order]:
    return [await stage.client.submit(ORDERS[name]) for _ in range(count)]


def about(stream: list[events.Event], order: Order) -> list[str]:
    return [
        type(event).__name__
        for event in stream
        if isinstance(event, events.OrderEvent) and event.client_order_id == order.client_order_id
    ]


@both
@pytest.mark.parametrize("count", [0, 12, 1000])
async def test_a_cancel_goes_over_http_when_the_socket_does_not_take_it_for_a_second(
    autojump_clock: MockClock, name: str, count: int
) -> None:
    async with stage(name) as at:
        at.lines.stop_sockets()
        await submit(at, name, count)
        began = trio.current_time()
        await at.client.cancel(at.resting)
        assert (await at.resting.done()).status is OrderStatus.CANCELED
        assert 0.8 < trio.current_time() - began < 1.2
        assert len(at.heard.calls_to(CANCEL_CALLS[name])) == 1
        at.lines.let_sockets_go_on()
        await trio.sleep(30)
        heard = await drain(at.stream, 1)
        assert about(heard, at.resting)[-1] == "Canceled"
        assert "CancelRejected" not in names(heard)
        # Its frame was in hand where nothing stood before it: that one is written whole once the socket moves.
        assert len(at.heard.messages_with(CANCEL_WORDS[name])) == (1 if count == 0 else 0)
        assert len(at.heard.calls_to(CANCEL_CALLS[name])) == 1


@both
async def test_what_the_socket_did_not_take_is_told_unsent_before_its_time_is_over_and_never_unknown(
    autojump_clock: MockClock, name: str
) -> None:
    async with stage(name) as at:
        at.lines.stop_sockets()
        in_hand, *waiting = await submit(at, name, 12)
        began = trio.current_time()
        for order in waiting:
            with pytest.raises(NotSent, match=r"took nothing more.* It is safe to send it again"):
                await order.accepted()
        assert trio.current_time() - began < ANSWER_TIME[name]
        heard = await drain(at.stream, 5)
        for order in waiting:
            assert about(heard, order) == ["Submitted", "Denied"]
        assert about(heard, in_hand) == ["Submitted", "StatusUnknown"]  # of this one, some may have gone out
        at.lines.let_sockets_go_on()
        await trio.sleep(70)  # asked for again
        # What has a deadline came too late for it (spec Kraken A.12); AX knows none.
        became = OrderStatus.ACCEPTED if name == "ax" else OrderStatus.REJECTED
        assert (await in_hand.state()).status is became
        assert len(at.heard.messages_with(PLACE_WORDS[name])) == 2


@both
async def test_a_placement_that_waits_behind_a_stuck_write_is_withdrawn_by_its_cancel(
    autojump_clock: MockClock, name: str
) -> None:
    async with stage(name) as at:
        at.lines.stop_sockets()
        _, second, third = await submit(at, name, 3)
        await trio.sleep(0.5)
        began = trio.current_time()
        await at.client.cancel(second)
        with pytest.raises(NotSent, match="canceled before it was sent"):
            await second.accepted()
        assert trio.current_time() == pytest.approx(began, abs=0.01)
        at.lines.let_sockets_go_on()
        await third.accepted()


@both
async def test_a_cancel_goes_before_what_waits_once_the_socket_moves_in_time(
    autojump_clock: MockClock, name: str
) -> None:
    async with stage(name) as at:
        at.lines.stop_sockets()
        orders = await submit(at, name, 12)
        await at.client.cancel(at.resting)
        await trio.sleep(0.5)
        at.lines.let_sockets_go_on()
        await at.resting.done()
        for order in orders:
            await order.accepted()
        assert at.heard.calls_to(CANCEL_CALLS[name]) == []
        sent = [text for _, text in at.heard.messages if PLACE_WORDS[name] in text or CANCEL_WORDS[name] in text]
        assert [CANCEL_WORDS[name] in text for text in sent[:4]] == [False, False, True, False]


@both
async def test_everything_is_canceled_over_http_and_nothing_that_waited_follows(
    autojump_clock: MockClock, name: str
) -> None:
    async with stage(name) as at:
        at.lines.stop_sockets()
        first, *waiting = await submit(at, name, 5)
        await at.client.cancel_all()
        for order in waiting:
            with pytest.raises(NotSent, match="canceled before it was sent"):
                await order.accepted()
        assert (await at.resting.done()).status is OrderStatus.CANCELED
        at.lines.let_sockets_go_on()
        await first.accepted()  # half of it was out: it came behind the cancel


@both
async def test_credits_come_back_whichever_way_a_request_goes(autojump_clock: MockClock, name: str) -> None:
    async with stage(name, order_credits=4, cancel_credits=2) as at:
        for _ in range(5):
            at.lines.stop_sockets()
            orders = await submit(at, name, 3)
            await at.client.cancel(at.resting)  # over HTTP, the first time; then refused here, since it has ended
            await trio.sleep(1.5)
            await at.client.cancel(orders[2])  # withdrawn
            at.lines.let_sockets_go_on()
            await orders[1].accepted()
            for order in orders[:2]:
                await at.client.cancel(order)
                await order.done()
            resting = await at.client.submit(ORDERS[name])
            await resting.accepted()
            at = Stage(at.client, at.stream, at.lines, at.heard, resting)
        placed = await submit(at, name, 4)
        for order in placed:
            await order.accepted()


async def test_the_dead_mans_switch_is_renewed_over_http_while_the_socket_is_stuck(autojump_clock: MockClock) -> None:
    async with stage("kraken-spot", cancel_all_after=20) as at:
        await trio.sleep(1)
        at.lines.stop_sockets()
        await submit(at, "kraken-spot", 12)
        await trio.sleep(50)
        assert (await at.resting.state()).status is OrderStatus.ACCEPTED
        assert len(at.heard.calls_to("/CancelAllOrdersAfter")) >= 9
        at.lines.let_sockets_go_on()


@both
async def test_a_cancel_that_has_no_way_at_all_is_told_unsent(autojump_clock: MockClock, name: str) -> None:
    async with stage(name, http_timeout=2.0) as at:
        await trio.sleep(20)  # no connection is kept for so long
        at.lines.stop_sockets()
        at.lines.connects_hang = True
        await submit(at, name, 2)
        began = trio.current_time()
        await at.client.cancel(at.resting)
        while "CancelRejected" not in names(await drain(at.stream, 0.1)):
            assert trio.current_time() - began < 4
        assert (await at.resting.state()).status is OrderStatus.ACCEPTED
        at.lines.connects_hang = False
        at.lines.let_sockets_go_on()
