"""A client whose clock is wrong, or is set while it trades: orders are accepted, and protected, all the same."""

from __future__ import annotations

import json
import logging
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any
from urllib.parse import parse_qs

import pytest
import trio
from attrs import define, field
from trio.testing import MockClock

from actors import Client, NewOrder, OrderRejected, OrderStatus, Side, SimulatedVenue, events, open_client
from actors.plumbing.clock import Clock, system_wall_clock
from protocol.commands import Place, Replace
from protocol.errors import NotSent
from protocol.simulation.exchange import Received, Requested

from ..trading import GOLD, Gate, WrappedConnector, config_for, open_quiet_venue, until

SECOND = 1_000_000_000
START = 1_790_000_000 * SECOND
"""The venue's clock shows this, 2026-09-21T14:13:20Z, when virtual time begins."""


def right() -> int:
    """A clock that is right."""
    return START + int(trio.current_time() * SECOND)


@define
class WrongClock:
    """Seconds by which it is ahead, and that it gains in a second."""

    ahead: float
    gains: float = 0.0

    def __call__(self) -> int:
        return right() + int((self.ahead + self.gains * trio.current_time()) * SECOND)


KINDS = {
    "spot": ("kraken-spot", {}),
    "spot, orders over REST": ("kraken-spot", {"rest_entry": True}),
    "futures": ("kraken-futures", {}),
}
SYMBOLS = {"kraken-spot": "BTC/USD.KRAKEN", "kraken-futures": "PF_XBTUSD.KRAKEN-FUTURES"}


@define
class Scene:
    """What a test has in hand. heard: messages and bodies of requests, as the venue got them."""

    venue: SimulatedVenue
    client: Client
    clock: WrongClock
    gate: Gate
    symbol: str
    heard: list[str] = field(factory=list)

    def buy(self, price: str = "59000", **terms: Any) -> NewOrder:
        return NewOrder.limit(self.symbol, Side.BUY, quantity="1", price=price, **terms)

    def deadlines(self) -> list[str]:
        """What the venue was told, in order, each in its own words."""
        found: list[str] = []
        for text in self.heard:
            if text.startswith("{"):
                message = json.loads(text)
                deadline = message.get("params", message).get("deadline")
            else:
                form = parse_qs(text)
                named = [form[key][0] for key in ("deadline", "processBefore", "ProcessBefore") if key in form]
                deadline = named[0] if named else None
            if deadline is not None:
                found.append(deadline)
        return found


@asynccontextmanager
async def trading(kind: str, ahead: float, **options: Any) -> AsyncIterator[Scene]:
    """ahead: seconds by which the client's clock is ahead of the venue's."""
    name, entry = KINDS[kind]
    clock, gate, heard = WrongClock(ahead), Gate(), list[str]()

    def note(row: Any, now: Any) -> None:
        if isinstance(row, Received) and isinstance(row.message, str):
            heard.append(row.message)
        elif isinstance(row, Requested):
            heard.append(row.request.body.decode())

    async with open_quiet_venue(name=name, wall_clock=right, on_input=note) as venue:
        assert venue.connector is not None
        reach = WrappedConnector(venue.connector, gate)
        async with open_client(config_for(venue, wall_clock=clock, connector=reach, **(entry | options))) as client:
            yield Scene(venue, client, clock, gate, SYMBOLS[name], heard)


async def first_reading(client: Client) -> None:
    """Over HTTP the answer may come a moment after the login."""
    while client.clock_skew is None:
        await trio.sleep(0.001)


SKEWS = [-50.0, -7.0, 7.0, 50.0]


@pytest.mark.parametrize("ahead", SKEWS)
@pytest.mark.parametrize("kind", KINDS)
async def test_an_order_is_accepted_whatever_our_clock_shows(
    autojump_clock: MockClock, kind: str, ahead: float
) -> None:
    async with trading(kind, ahead) as scene:
        await first_reading(scene.client)
        await trio.sleep(10)
        order = await scene.client.submit(scene.buy())
        await order.accepted()
        assert scene.client.clock_skew == pytest.approx(ahead * SECOND, abs=10_000_000)


@pytest.mark.parametrize("kind", KINDS)
async def test_the_very_first_order_is_accepted(autojump_clock: MockClock, kind: str) -> None:
    """The venue has told its time by the end of the login."""
    async with trading(kind, -7.0) as scene:
        await (await scene.client.submit(scene.buy())).accepted()


@pytest.mark.parametrize(("kind", "deadline"), [(kind, "2026-09-21T14:13:35.000Z") for kind in KINDS])
async def test_the_deadline_is_five_seconds_ahead_by_the_venues_clock(
    autojump_clock: MockClock, kind: str, deadline: str
) -> None:
    """At 14:13:30, that is, while our clock shows 14:14:20."""
    async with trading(kind, 50.0) as scene:
        await trio.sleep_until(10)
        await (await scene.client.submit(scene.buy())).accepted()
        assert scene.deadlines() == [deadline]


@pytest.mark.parametrize("ahead", SKEWS)
@pytest.mark.parametrize("kind", KINDS)
async def test_an_order_that_arrives_late_is_refused_whatever_our_clock_shows(
    autojump_clock: MockClock, kind: str, ahead: float
) -> None:
    """What the client writes is held up for seven seconds on its way."""
    async with trading(kind, ahead, request_timeout=20.0) as scene:
        await first_reading(scene.client)
        scene.gate.shut()
        order = await scene.client.submit(scene.buy())
        await trio.sleep(7)
        scene.gate.open()
        with pytest.raises(OrderRejected):
            await order.accepted()
        assert not scene.venue.executions()


@pytest.mark.parametrize("kind", KINDS)
async def test_a_change_and_a_batch_are_accepted_and_protected(autojump_clock: MockClock, kind: str) -> None:
    async with trading(kind, -7.0, request_timeout=20.0) as scene:
        client = scene.client
        await first_reading(client)
        with client.events() as stream:
            order = await client.submit(scene.buy())
            await order.accepted()
            await client.replace(order, price="58000")
            await until(stream, events.Updated)
            for placed in await client.submit_all([scene.buy("57000"), scene.buy("56000")]):
                await placed.accepted()
            scene.gate.shut()
            await client.replace(order, price="58500")
            late = await client.submit_all([scene.buy("55000"), scene.buy("54000")])
            await trio.sleep(7)
            scene.gate.open()
            refusal = (await until(stream, events.ReplaceRejected))[-1]
            assert isinstance(refusal, events.ReplaceRejected)
            assert "7.0 s behind" in refusal.reason
            for placed in late:
                assert (await placed.done()).status is OrderStatus.REJECTED


def clock_warnings(caplog: pytest.LogCaptureFixture) -> list[str]:
    return [text for text in (record.getMessage() for record in caplog.records) if "clock" in text]


@pytest.mark.parametrize("kind", ["spot", "futures"])
async def test_a_skew_is_warned_of_once(autojump_clock: MockClock, caplog: pytest.LogCaptureFixture, kind: str) -> None:
    with caplog.at_level(logging.WARNING, logger="trio_orders"):
        async with trading(kind, -7.2) as scene:
            for price in ("59000", "58000"):
                await (await scene.client.submit(scene.buy(price))).accepted()
                await trio.sleep(400)
    (warning,) = clock_warnings(caplog)
    assert warning.startswith("This machine's clock is 7.2 s behind that of KRAKEN")


async def test_a_clock_that_is_right_is_not_warned_of(
    autojump_clock: MockClock, caplog: pytest.LogCaptureFixture
) -> None:
    with caplog.at_level(logging.WARNING, logger="trio_orders"):
        async with trading("spot", 1.9) as scene:
            await (await scene.client.submit(scene.buy())).accepted()
    assert clock_warnings(caplog) == []


@pytest.mark.parametrize("kind", KINDS)
async def test_a_deadline_of_the_users_is_by_the_venues_clock_and_its_refusal_names_ours(
    autojump_clock: MockClock, kind: str
) -> None:
    """Ours is half a minute behind, and the user counted by it. Kraken Spot's limits for deadlines are checked here."""
    async with trading(kind, -30.0) as scene:
        await first_reading(scene.client)
        by_our_clock = scene.clock() + 10 * SECOND
        with pytest.raises((NotSent, OrderRejected), match=r"30\.0 s behind that of KRAKEN"):
            await (await scene.client.submit(scene.buy(process_before=by_our_clock))).accepted()
        await (await scene.client.submit(scene.buy(process_before=right() + 10 * SECOND))).accepted()


# The clock is set, or the machine sleeps


@pytest.mark.parametrize("jump", [-3600.0, -1.5, 1.5, 3600.0])
@pytest.mark.parametrize("kind", KINDS)
async def test_after_a_jump_an_order_is_accepted_and_protected(
    autojump_clock: MockClock, kind: str, jump: float
) -> None:
    async with trading(kind, 0.0, request_timeout=20.0) as scene:
        client = scene.client
        await (await client.submit(scene.buy())).accepted()
        scene.clock.ahead = jump
        await (await client.submit(scene.buy("58000"))).accepted()
        assert client.clock_skew == pytest.approx(jump * SECOND, abs=10_000_000)
        scene.gate.shut()
        late = await client.submit(scene.buy("57000"))
        await trio.sleep(7)
        scene.gate.open()
        with pytest.raises(OrderRejected):
            await late.accepted()


@pytest.mark.parametrize("kind", KINDS)
async def test_after_a_jump_an_order_is_not_sent_to_a_venue_that_does_not_tell_its_time(
    autojump_clock: MockClock, kind: str
) -> None:
    async with trading(kind, 0.0, request_timeout=4.0) as scene:
        client = scene.client
        await (await client.submit(scene.buy())).accepted()
        scene.clock.ahead = 100.0
        scene.gate.shut()
        began = trio.current_time()
        order = await client.submit(scene.buy("58000"))
        with pytest.raises(NotSent, match="This machine's clock was set, or the machine slept"):
            await order.accepted()
        assert trio.current_time() - began == pytest.approx(4.0, abs=0.01)
        assert client.clock_skew is None
        scene.gate.open()
        await trio.sleep(2)
        assert len(await client.open_orders()) == 1


@pytest.mark.parametrize("kind", KINDS)
async def test_after_a_jump_a_cancel_goes_at_once(autojump_clock: MockClock, kind: str) -> None:
    async with trading(kind, 0.0) as scene:
        client = scene.client
        order = await client.submit(scene.buy())
        await order.accepted()
        scene.clock.ahead = 100.0
        await client.cancel(order)
        assert (await order.done()).status is OrderStatus.CANCELED


@pytest.mark.parametrize("kind", KINDS)
async def test_after_a_jump_a_change_and_a_batch_are_accepted(autojump_clock: MockClock, kind: str) -> None:
    async with trading(kind, 0.0) as scene:
        client = scene.client
        order = await client.submit(scene.buy())
        await order.accepted()
        scene.clock.ahead = -100.0
        with client.events() as stream:
            await client.replace(order, price="58000")
            await until(stream, events.Updated)
        scene.clock.ahead = 100.0
        legs = await client.batch(
            [
                Place(scene.buy("57000")),
                Place(scene.buy("56000")),
                Replace(client_order_id=order.client_order_id, instrument=order.identity.instrument, price="58100"),
            ]
        )
        for leg in legs[:2]:
            assert not isinstance(leg, int)
            await leg.accepted()


@pytest.mark.parametrize("kind", KINDS)
async def test_a_clock_that_drifts_is_followed(autojump_clock: MockClock, kind: str) -> None:
    """It gains six seconds in a minute: from one order to the next it has been set, as far as we can see."""
    async with trading(kind, 0.0) as scene:
        scene.clock.gains = 0.1
        for minute in range(8):
            order = await scene.client.submit(scene.buy(str(50000 + minute)))
            await order.accepted()
            await scene.client.cancel(order)
            await order.done()
            await trio.sleep(45)


async def test_ax_warns_of_a_skew_with_the_first_order_that_it_accepts(
    autojump_clock: MockClock, caplog: pytest.LogCaptureFixture
) -> None:
    """It takes no deadlines; but times of events are compared with ours by people."""
    with caplog.at_level(logging.WARNING, logger="trio_orders"):
        async with open_quiet_venue(wall_clock=right) as venue:
            async with open_client(config_for(venue, wall_clock=WrongClock(-7.2))) as client:
                order = await client.submit(NewOrder.limit(GOLD, Side.SELL, quantity=10, price="2412.0"))
                await order.accepted()
                assert client.clock_skew == pytest.approx(-7.2 * SECOND, abs=10_000_000)
    (warning,) = clock_warnings(caplog)
    assert "7.2 s behind that of AX" in warning


# Virtual time


async def test_in_virtual_time_the_machines_clock_moves_with_it(autojump_clock: MockClock) -> None:
    """So a test that brings no clock of its own sees time pass on every clock, and none of them jump."""
    async with open_quiet_venue(name="kraken-futures") as venue:
        async with open_client(config_for(venue)) as client:
            began = venue.wall_clock()
            await trio.sleep(1800)
            assert venue.wall_clock() - began == pytest.approx(1800 * SECOND, abs=1000)
            assert client.clock_skew == pytest.approx(0, abs=1_000_000)
            with client.events() as stream:
                await client.submit(NewOrder.limit(SYMBOLS["kraken-futures"], Side.BUY, quantity="1", price="59000"))
                accepted = (await until(stream, events.Accepted))[-1]
            assert isinstance(accepted, events.Accepted)
            assert accepted.local_time - began == pytest.approx(1800 * SECOND, abs=1000)
            assert accepted.venue_time - began == pytest.approx(1800 * SECOND, abs=2_000_000)


def test_in_real_time_it_is_the_machines_own() -> None:
    async def look() -> tuple[int, int, int]:
        return time.time_ns(), system_wall_clock(), Clock().now().wall_ns

    for before, shown, read in (trio.run(look), (time.time_ns(), system_wall_clock(), system_wall_clock())):
        assert 0 <= shown - before < SECOND
        assert 0 <= read - shown < SECOND
