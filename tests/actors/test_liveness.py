"""What counts as a sign of life of a venue: messages, parts of messages, answers. Never a ping, nor a pong."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

import pytest
import trio
from trio.testing import MockClock

from actors import Client, EventStream, NewOrder, OrderStatus, Side, SimulatedVenue, events, open_client
from protocol.simulation.faults import Fault, FaultKind

from ..scripted_venue import Message, Peer, buy, ignore, open_scripted_venue, scripted_config
from ..trading import WrappedConnector, config_for, drain, names, open_quiet_venue, until

pytestmark = pytest.mark.usefixtures("each_websocket")

ORDERS = {
    "ax": NewOrder.limit("EURUSD-PERP.AX", Side.BUY, quantity=100, price="1.05"),
    "kraken-spot": NewOrder.limit("BTC/USD.KRAKEN", Side.BUY, quantity="0.01", price="50000"),
    "kraken-futures": NewOrder.limit("PF_XBTUSD.KRAKEN-FUTURES", Side.BUY, quantity="0.01", price="50000"),
}
SYMBOLS = {"ax": "EURUSD-PERP", "kraken-spot": "BTC/USD", "kraken-futures": "PF_XBTUSD"}
PING = b"\x89\x00"
QUIET = Fault(kind=FaultKind.STOP_HEARTBEAT, nth=1)


class Gateway(trio.abc.Stream):
    """What stands between us and the venue. Once `loses` is set, nothing of what the venue says on the first WebSocket
    comes through any more; every two seconds something of the gateway's own comes in its place."""

    def __init__(self, stream: trio.abc.Stream, number: int, control: Control) -> None:
        self._stream = stream
        self._number = number
        self._control = control
        self._is_websocket = False

    async def receive_some(self, max_bytes: int | None = None) -> bytes:
        data = b""
        if not self._is_lossy:
            data = self._control.change(bytes(await self._stream.receive_some(max_bytes)))
        if self._is_lossy:
            data = b""
            while not data:
                await trio.sleep(2)
                data = self._control.instead
        return data

    @property
    def _is_lossy(self) -> bool:
        return self._is_websocket and self._control.loses and self._number == self._control.websockets[0]

    async def send_all(self, data: bytes | bytearray | memoryview) -> None:
        if b"upgrade: websocket" in bytes(data).lower():
            self._is_websocket = True
            self._control.websockets.append(self._number)
        await self._stream.send_all(data)

    async def wait_send_all_might_not_block(self) -> None:
        await self._stream.wait_send_all_might_not_block()

    async def aclose(self) -> None:
        await self._stream.aclose()


class Control:
    """Of the gateway. instead: what comes in place of the venue's words, b"" for nothing; replace: frames to change."""

    def __init__(self) -> None:
        self.loses = False
        self.instead = PING
        self.websockets: list[int] = []
        self.replace: dict[bytes, bytes] = {}
        self._streams = 0

    def __call__(self, stream: trio.abc.Stream) -> trio.abc.Stream:
        self._streams += 1
        return Gateway(stream, self._streams, self)

    def change(self, data: bytes) -> bytes:
        for old, new in self.replace.items():
            data = data.replace(old, new)
        return data


@asynccontextmanager
async def behind_a_gateway(
    name: str, *faults: Fault, control: Control | None = None, **options: Any
) -> AsyncIterator[tuple[SimulatedVenue, Client, EventStream, Control]]:
    control = control or Control()
    async with open_quiet_venue(*faults, name=name) as venue:
        assert venue.connector is not None
        connector = WrappedConnector(venue.connector, control)
        async with open_client(config_for(venue, connector=connector, **options)) as client:
            with client.events() as stream:
                await until(stream, events.Reconciled)
                yield venue, client, stream, control


GIVEN_UP = {
    "ax": (25, "The venue did not answer within 10 s, and nothing else came from it either."),
    "kraken-spot": (15, "Nothing came from the venue for 15 s."),
    "kraken-futures": (15, "Nothing came from the venue for 15 s."),
}


@pytest.mark.parametrize("name", ORDERS)
async def test_a_connection_that_brings_nothing_but_pings_is_given_up(autojump_clock: MockClock, name: str) -> None:
    """And what happened meanwhile is heard on the next one."""
    patience, reason = GIVEN_UP[name]
    async with behind_a_gateway(name) as (venue, client, stream, control):
        order = await client.submit(ORDERS[name])
        await order.accepted()
        await until(stream, events.Accepted)
        began, control.loses = trio.current_time(), True
        quantity, price = ORDERS[name].quantity, ORDERS[name].price
        assert price is not None
        await venue.trade(SYMBOLS[name], Side.SELL, price=price, quantity=quantity)
        down = (await until(stream, events.Disconnected))[-1]
        assert isinstance(down, events.Disconnected)
        assert (down.reason, down.will_retry) == (reason, True)
        assert trio.current_time() - began == pytest.approx(patience, abs=2.1)
        heard = names(await until(stream, events.Reconciled))
        assert "Filled" in heard or "MissingFills" in heard
        assert (await order.state()).status is OrderStatus.FILLED


@pytest.mark.parametrize("name", ORDERS)
async def test_it_is_given_up_without_any_order_as_well(autojump_clock: MockClock, name: str) -> None:
    async with behind_a_gateway(name) as (_, client, stream, control):
        control.loses = True
        assert names(await until(stream, events.Reconciled)) == [
            "Disconnected", "Reconnected", "Authenticated", "Reconciled",
        ]  # fmt: skip
        assert client.is_active


@pytest.mark.parametrize("name", ["kraken-spot", "kraken-futures"])
async def test_pongs_of_our_own_asking_are_no_life(autojump_clock: MockClock, name: str) -> None:
    """At Spot those of the venue's own kind either: something answers, and the stream may be dead."""
    async with behind_a_gateway(name, QUIET, heartbeat=3) as (_, _client, stream, _control):
        down = (await until(stream, events.Disconnected))[-1]
        assert isinstance(down, events.Disconnected)
        assert down.reason == "Nothing came from the venue for 15 s."


@pytest.mark.parametrize("name", ["kraken-spot", "kraken-futures"])
async def test_heartbeats_are_life(autojump_clock: MockClock, name: str) -> None:
    async with behind_a_gateway(name) as (_, client, stream, _control):
        assert await drain(stream, 1000) == []
        assert client.is_active


async def test_ax_may_be_silent_as_long_as_it_answers(autojump_clock: MockClock) -> None:
    """Its heartbeats may vanish (spec AX 2.2); whether orders are live or not, it is asked for those that are open."""
    async with open_scripted_venue(heartbeat=None) as venue:
        async with open_client(scripted_config(venue)) as client:
            with client.events() as stream:
                await until(stream, events.Reconciled)
                assert await drain(stream, 150) == []
                assert client.is_active
        times = [
            time for message, time in zip(venue.peer.heard, venue.peer.heard_at, strict=True) if message["t"] == "o"
        ]
        assert times == pytest.approx([7.5 * number for number in range(1, 21)], abs=0.1), "before it counts as dead"


async def test_ax_is_not_asked_while_it_talks(autojump_clock: MockClock) -> None:
    async with open_scripted_venue(heartbeat=5) as venue, open_client(scripted_config(venue)):
        await trio.sleep(300)
        assert venue.heard("o") == []


async def test_a_request_of_the_users_own_shows_that_ax_is_gone(autojump_clock: MockClock) -> None:
    async with open_scripted_venue(heartbeat=None) as venue, open_client(scripted_config(venue)) as client:
        with client.events() as stream:
            await until(stream, events.Reconciled)
            venue.on["p"] = venue.on["o"] = ignore
            await trio.sleep(3)
            async with trio.open_nursery() as nursery:
                nursery.start_soon(keep_pinging, venue.peer)
                await client.submit(buy())
                began = trio.current_time()
                down = (await until(stream, events.Disconnected))[-1]
                nursery.cancel_scope.cancel()
        assert isinstance(down, events.Disconnected)
        assert down.reason == "The venue did not answer within 10 s, and nothing else came from it either."
        assert trio.current_time() - began == pytest.approx(10, abs=0.1)


async def keep_pinging(peer: Peer) -> None:
    while True:
        await peer.send_raw(PING)
        await trio.sleep(2)


async def test_an_unanswered_request_proves_nothing_while_messages_come(autojump_clock: MockClock) -> None:
    async with open_scripted_venue(heartbeat=5) as venue, open_client(scripted_config(venue)) as client:
        venue.on["p"] = venue.on["s"] = ignore
        with client.events() as stream:
            await until(stream, events.Reconciled)
            await client.submit(buy())
            assert "Disconnected" not in names(await drain(stream, 60))


async def test_our_own_heartbeats_are_no_questions(autojump_clock: MockClock) -> None:
    """AX answers none of them (spec AX 2.3)."""
    async with open_scripted_venue(heartbeat=None) as venue, trio.open_nursery() as nursery:
        async with open_client(scripted_config(venue, client_heartbeat_timeout=6)) as client:
            with client.events() as stream:
                await until(stream, events.Reconciled)
                nursery.start_soon(keep_pinging, venue.peer)
                assert await drain(stream, 59) == []
                assert len(venue.heard("o")) == 3
        nursery.cancel_scope.cancel()


REFUSED = {
    b'\x81\x29{"event":"subscribed","feed":"heartbeat"}': b'\x81\x30{"event":"subscribed_failed","feed":"heartbeat"}',
}


async def test_without_heartbeats_the_pongs_of_kraken_futures_must_do(autojump_clock: MockClock) -> None:
    """Nothing else comes in a quiet market, and there is nothing to ask over its socket."""
    control = Control()
    control.replace = REFUSED
    async with behind_a_gateway("kraken-futures", QUIET, control=control) as (_, client, stream, _control):
        await trio.sleep(200)
        assert await drain(stream, 1) == []
        assert client.is_active
        control.loses, control.instead = True, b""
        assert names(await drain(stream, 40))[0] == "Disconnected", "not even those"


async def test_kraken_futures_is_dead_if_it_falls_silent_with_the_login(autojump_clock: MockClock) -> None:
    """Before it has said a word about heartbeats."""
    control = Control()
    control.replace = {b'\x81\x29{"event":"subscribed","feed":"heartbeat"}': PING}
    async with behind_a_gateway("kraken-futures", QUIET, control=control) as (_, _client, stream, _control):
        down = (await until(stream, events.Disconnected))[-1]
        assert isinstance(down, events.Disconnected)
        assert down.reason == "Nothing came from the venue for 15 s."


async def test_a_message_that_is_long_in_coming_is_life(autojump_clock: MockClock) -> None:
    """A megabyte through a thin line; and a minute of silence in the middle of it is none."""
    control = Control()
    async with behind_a_gateway("kraken-spot", control=control) as (_, _client, stream, _control):
        control.loses, control.instead = True, b'\x81\x7f\x00\x00\x00\x00\x00\x10\x00\x00{"channel":"'
        await trio.sleep(4)
        control.instead = b"x" * 100
        assert await drain(stream, 100) == []
        began, control.instead = trio.current_time(), b""
        assert names(await drain(stream, 20))[0] == "Disconnected"
        assert trio.current_time() - began <= 20


async def test_pings_between_the_parts_of_a_message_are_no_life(autojump_clock: MockClock) -> None:
    control = Control()
    async with behind_a_gateway("kraken-spot", control=control) as (_, _client, stream, _control):
        control.loses, control.instead = True, b'\x01\x0c{"channel":"'
        await trio.sleep(2.5)
        control.instead = PING
        down = (await until(stream, events.Disconnected))[-1]
        assert isinstance(down, events.Disconnected)
        assert down.reason == "Nothing came from the venue for 15 s."


@pytest.mark.parametrize("name", ORDERS)
async def test_a_program_that_stood_still_reads_before_it_judges(autojump_clock: MockClock, name: str) -> None:
    """The machine was suspended, or something kept the loop busy: what came meanwhile waits to be read."""
    async with behind_a_gateway(name) as (_, client, stream, _control):
        await trio.sleep(3.3)
        autojump_clock.jump(60)
        assert await drain(stream, 5) == []
        assert client.is_active


async def test_a_venue_that_dies_while_it_is_asked_is_given_up(autojump_clock: MockClock) -> None:
    async with open_scripted_venue(heartbeat=None) as venue:

        async def say_nothing(peer: Peer, message: Message) -> None:
            venue.on["o"] = venue.list_orders

        venue.on["o"] = say_nothing
        async with open_client(scripted_config(venue)) as client:
            with client.events() as stream:
                await until(stream, events.Reconciled)
                began = trio.current_time()
                down = (await until(stream, events.Disconnected))[-1]
                assert isinstance(down, events.Disconnected)
                assert down.reason == "Nothing came from the venue for 15 s."
                assert trio.current_time() - began == pytest.approx(15, abs=0.1)
                await until(stream, events.Reconciled)
                assert client.is_active
