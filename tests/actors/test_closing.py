"""However a client's block is left, it is closed: open orders are canceled if that is wanted, and a report is made."""

from __future__ import annotations

import logging
import signal
import subprocess
import sys
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import pytest
import trio
from trio.testing import MockClock

from actors import (
    Client,
    ConnectionMode,
    EventStream,
    NewOrder,
    OnClose,
    Order,
    SessionError,
    Side,
    SimulatedVenue,
    events,
    open_client,
    open_gateway,
)
from protocol.simulation.faults import Fault, FaultKind

from ..scripted_venue import (
    Message,
    Peer,
    ScriptedVenue,
    buy,
    drop,
    ignore,
    open_scripted_venue,
    refuse,
    scripted_config,
)
from ..trading import Gate, WrappedConnector, config_for, names, open_quiet_venue
from .test_client_endings import cancelled_at, tasks_below

CANCEL_ALL = OnClose.CANCEL_ALL
ORDERS = {
    "ax": NewOrder.limit("EURUSD-PERP.AX", Side.BUY, quantity=100, price="1.05"),
    "kraken-spot": NewOrder.limit("BTC/USD.KRAKEN", Side.BUY, quantity="0.01", price="50000"),
    "kraken-futures": NewOrder.limit("PF_XBTUSD.KRAKEN-FUTURES", Side.BUY, quantity="0.01", price="50000"),
}
"""An order of each venue that rests."""


class StrategyError(Exception):
    pass


async def left_open(venue: SimulatedVenue) -> int:
    """Orders that are open at the venue, as a newcomer sees them."""
    async with open_client(config_for(venue)) as looker:
        return len(await looker.open_orders())


async def report_of(stream: EventStream) -> events.CloseReport:
    """The end of a stream that was opened before the client was closed."""
    heard = [event async for event in stream]
    assert names(heard).count("CloseReport") == 1
    assert isinstance(heard[-1], events.CloseReport), names(heard)
    return heard[-1]


def errors(caplog: pytest.LogCaptureFixture) -> list[str]:
    return [record.getMessage() for record in caplog.records if record.levelno == logging.ERROR]


async def raise_error() -> None:
    raise StrategyError


async def end_in_peace() -> None:
    pass


async def fail_in_a_nursery() -> None:
    async with trio.open_nursery() as nursery:
        nursery.start_soon(trio.sleep_forever)
        nursery.start_soon(raise_error)


async def be_cancelled_inside() -> None:
    with trio.CancelScope() as scope:
        scope.cancel()
        await trio.sleep_forever()


WAYS: dict[str, tuple[Callable[[], Awaitable[None]], type[BaseException] | None]] = {
    "its end": (end_in_peace, None),
    "an error": (raise_error, StrategyError),
    "an error in a nursery inside": (fail_in_a_nursery, ExceptionGroup),
    "its end behind a cancellation of a part": (be_cancelled_inside, None),
}


@pytest.mark.parametrize("name", ORDERS)
@pytest.mark.parametrize("way", WAYS)
async def test_open_orders_are_canceled_however_the_block_ends(
    autojump_clock: MockClock, name: str, way: str, caplog: pytest.LogCaptureFixture
) -> None:
    act, error = WAYS[way]
    raised: BaseException | None = None
    async with open_quiet_venue(name=name) as venue:
        try:
            async with open_client(config_for(venue, on_close=CANCEL_ALL)) as client:
                stream = client.events()
                order = await client.submit(ORDERS[name])
                await order.accepted()
                await act()
        except (StrategyError, ExceptionGroup) as caught:
            raised = caught
        assert await left_open(venue) == 0
    assert type(raised) is (type(None) if error is None else error)
    report = await report_of(stream)
    assert (report.canceled, report.still_open, report.unknown) == ((order.client_order_id,), (), ())
    assert report.is_clean
    assert errors(caplog) == []


@pytest.mark.parametrize("name", ORDERS)
async def test_a_cancellation_from_outside_is_heard_behind_the_farewell(autojump_clock: MockClock, name: str) -> None:
    async with open_quiet_venue(name=name) as venue:
        with trio.CancelScope() as scope:
            async with open_client(config_for(venue, on_close=CANCEL_ALL)) as client:
                stream = client.events()
                await (await client.submit(ORDERS[name])).accepted()
                scope.cancel()
                await trio.sleep_forever()
        assert scope.cancelled_caught
        assert client.is_closed
        assert (await report_of(stream)).is_clean
        assert await left_open(venue) == 0


def interrupted(main: Callable[[], Awaitable[None]]) -> None:
    """Runs a program that Ctrl-C reaches even where the shell ignores it."""
    before = signal.signal(signal.SIGINT, signal.default_int_handler)
    try:
        trio.run(main, clock=MockClock(autojump_threshold=0))
    finally:
        signal.signal(signal.SIGINT, before)


@pytest.mark.parametrize("name", ORDERS)
def test_ctrl_c_in_the_block_is_heard_behind_the_farewell(name: str) -> None:
    left: list[int] = []

    async def main() -> None:
        async with open_quiet_venue(name=name) as venue:
            with pytest.raises(KeyboardInterrupt):
                async with open_client(config_for(venue, on_close=CANCEL_ALL)) as client:
                    await (await client.submit(ORDERS[name])).accepted()
                    signal.raise_signal(signal.SIGINT)
                    await trio.sleep_forever()
            left.append(await left_open(venue))

    interrupted(main)
    assert left == [0]


@trio.lowlevel.enable_ki_protection
async def press_ctrl_c_when(condition: Callable[[], bool], times: int) -> None:
    """As from outside: no code of this task is running when it strikes."""
    while not condition():
        await trio.sleep(0.01)
    for _ in range(times):
        signal.raise_signal(signal.SIGINT)
        await trio.sleep(0.01)


@pytest.mark.parametrize("times", [1, 3])
@pytest.mark.parametrize("first", [False, True], ids=["in peace", "after Ctrl-C"])
def test_ctrl_c_while_closing_does_not_cut_it_short(first: bool, times: int) -> None:
    """It is bounded by close_timeout anyway, and an impatient user's second Ctrl-C must not leave orders behind."""
    seen: list[object] = []

    async def main() -> None:
        async with open_scripted_venue() as venue, trio.open_nursery() as nursery:
            venue.on["X"] = late(venue, 0.5)
            nursery.start_soon(press_ctrl_c_when, lambda: bool(venue.heard("X")), times)
            with pytest.raises(KeyboardInterrupt):
                async with open_client(scripted_config(venue, on_close=CANCEL_ALL)) as client:
                    stream = client.events()
                    await (await client.submit(buy())).accepted()
                    if first:
                        signal.raise_signal(signal.SIGINT)
                        await trio.sleep_forever()
            seen.extend([venue.open_orders(), (await report_of(stream)).is_clean, client.mode])
            nursery.cancel_scope.cancel()

    interrupted(main)
    assert seen == [[], True, ConnectionMode.CLOSED]


def late(venue: ScriptedVenue, seconds: float) -> Callable[[Peer, Message], Awaitable[None]]:
    """A script: cancels everything, but only after a while."""

    async def handle(peer: Peer, message: Message) -> None:
        await trio.sleep(seconds)
        await venue.cancel_all(peer, message)

    return handle


PROGRAM = """
import signal, sys, trio
from actors import NewOrder, OnClose, Side, open_client, open_simulated_venue
signal.signal(signal.SIGINT, signal.default_int_handler)

async def main():
    async with open_simulated_venue("ax", quotes=False) as venue:
        try:
            async with open_client(venue.config(on_close=OnClose.CANCEL_ALL)) as client:
                order = await client.submit(NewOrder.limit("EURUSD-PERP.AX", Side.BUY, quantity=100, price="1.05"))
                await order.accepted()
                print("accepted", flush=True)
                await trio.sleep_forever()
        finally:
            with trio.CancelScope(shield=True):
                async with open_client(venue.config()) as looker:
                    print("left", len(await looker.open_orders()), flush=True)

trio.run(main)
"""


def test_ctrl_c_of_a_real_program_cancels_its_orders() -> None:
    root = Path(__file__).parent.parent.parent
    with subprocess.Popen(
        [sys.executable, "-c", PROGRAM], cwd=root, stdout=subprocess.PIPE, stderr=subprocess.PIPE
    ) as child:
        assert child.stdout is not None
        assert child.stdout.readline() == b"accepted\n"
        child.send_signal(signal.SIGINT)
        told, complaints = child.communicate(timeout=60)
    assert told == b"left 0\n"
    assert complaints.rstrip().endswith(b"KeyboardInterrupt")
    assert b"ExceptionGroup" not in complaints


# Every await of closing


async def test_a_program_cancelled_at_any_step_leaves_no_order_behind(autojump_clock: MockClock) -> None:
    """From the first byte of the connection to the last of the farewell, placing an order included."""
    async with open_quiet_venue() as venue:
        step, is_interrupted = 0, True
        while is_interrupted:

            async def trade() -> None:
                async with open_client(config_for(venue, on_close=CANCEL_ALL)) as client:
                    await (await client.submit(ORDERS["ax"])).accepted()

            before = tasks_below(trio.lowlevel.current_task())
            is_interrupted = await cancelled_at(step, trade)
            await trio.sleep(10)  # the venue's side of the connection ends, too
            assert tasks_below(trio.lowlevel.current_task()) == before
            assert [order for order in venue.exchange.engine.orders.values() if order.state == "ACCEPTED"] == [], step
            step += 1
        assert step > 8


async def test_a_close_that_is_cancelled_is_completed_by_the_block(autojump_clock: MockClock) -> None:
    async with open_quiet_venue() as venue:
        step, is_interrupted = 0, True
        while is_interrupted:
            async with open_client(config_for(venue, on_close=CANCEL_ALL)) as client:
                stream = client.events()
                await (await client.submit(ORDERS["ax"])).accepted()
                is_interrupted = await cancelled_at(step, client.close)
            assert (await report_of(stream)).is_clean, step
            assert client.is_closed
            step += 1
        assert step > 1
        assert await left_open(venue) == 0


@pytest.mark.parametrize("call", ["close", "disconnect"])
async def test_an_error_behind_a_close_of_ones_own_changes_nothing(autojump_clock: MockClock, call: str) -> None:
    async with open_quiet_venue() as venue:
        with pytest.raises(StrategyError):
            async with open_client(config_for(venue, on_close=CANCEL_ALL)) as client:
                stream = client.events()
                await (await client.submit(ORDERS["ax"])).accepted()
                await getattr(client, call)()
                raise StrategyError
        assert (await report_of(stream)).is_clean
        assert await left_open(venue) == 0


async def test_an_error_while_a_submit_is_on_its_way_leaves_no_order_behind(autojump_clock: MockClock) -> None:
    for turns in range(25):
        async with open_quiet_venue() as venue:

            async def trade(venue: SimulatedVenue = venue, turns: int = turns) -> None:
                async with (
                    open_client(config_for(venue, on_close=CANCEL_ALL)) as client,
                    trio.open_nursery() as nursery,
                ):
                    nursery.start_soon(client.submit, ORDERS["ax"])
                    for _ in range(turns):
                        await trio.lowlevel.checkpoint()
                    raise StrategyError

            with pytest.raises(ExceptionGroup):
                await trade()
            assert await left_open(venue) == 0, turns


# What can go wrong meanwhile


@asynccontextmanager
async def leaving(venue: ScriptedVenue, **options: Any) -> AsyncIterator[tuple[Client, EventStream, Order]]:
    """A client with one accepted order, whose block ends with this one."""
    async with open_client(scripted_config(venue, **({"on_close": CANCEL_ALL} | options))) as client:
        stream = client.events()
        order = await client.submit(buy())
        await order.accepted()
        yield client, stream, order


async def test_a_cancel_that_meets_a_throttle_is_sent_again(autojump_clock: MockClock) -> None:
    async with open_scripted_venue() as venue:
        polite, throttled = venue.on["X"], refuse(429, "too many requests")

        async def handle(peer: Peer, message: Message) -> None:
            await (throttled if len(venue.heard("X")) < 3 else polite)(peer, message)

        venue.on["X"] = handle
        async with leaving(venue) as (_, stream, _order):
            began = trio.current_time()
        assert trio.current_time() - began == pytest.approx(0.75, abs=0.05)
        assert venue.open_orders() == []
        assert (await report_of(stream)).is_clean


async def test_a_venue_that_never_answers_the_cancel_is_left_in_time(
    autojump_clock: MockClock, caplog: pytest.LogCaptureFixture
) -> None:
    async with open_scripted_venue() as venue:
        venue.on["X"] = ignore
        async with leaving(venue) as (_, stream, order):
            began = trio.current_time()
        assert trio.current_time() - began == pytest.approx(1.5, abs=0.05), "then comes the close handshake"
        assert len(venue.heard("X")) == 3
        report = await report_of(stream)
        assert (report.still_open, report.cancel_confirmed) == ((order.client_order_id,), False)
        (line,) = errors(caplog)
        assert order.client_order_id in line
        assert "did not confirm the cancel" in line


async def test_a_placement_that_lands_behind_the_cancel_is_canceled_too(autojump_clock: MockClock) -> None:
    async with open_scripted_venue() as venue:
        place = venue.on["p"]

        async def slowly(peer: Peer, message: Message) -> None:
            async def land() -> None:
                await trio.sleep(1)
                await place(peer, message)

            nursery.start_soon(land)

        venue.on["p"] = slowly
        async with trio.open_nursery() as nursery:
            async with open_client(scripted_config(venue, on_close=CANCEL_ALL)) as client:
                stream = client.events()
                order = await client.submit(buy())
        assert (await report_of(stream)).canceled == (order.client_order_id,)
        assert venue.open_orders() == []
        assert len(venue.heard("X")) > 1


async def test_a_placement_that_is_never_answered_is_reported_unknown(
    autojump_clock: MockClock, caplog: pytest.LogCaptureFixture
) -> None:
    async with open_scripted_venue() as venue:
        venue.on["p"] = venue.on["s"] = ignore
        async with open_client(scripted_config(venue, on_close=CANCEL_ALL)) as client:
            stream = client.events()
            order = await client.submit(buy())
        report = await report_of(stream)
        assert (report.unknown, report.still_open) == ((order.client_order_id,), ())
        assert order.client_order_id in errors(caplog)[0]


async def test_a_connection_that_is_lost_meanwhile_is_made_again_for_the_cancel(autojump_clock: MockClock) -> None:
    async with open_scripted_venue() as venue:
        polite = venue.on["X"]

        async def handle(peer: Peer, message: Message) -> None:
            await (drop if len(venue.heard("X")) == 1 else polite)(peer, message)

        venue.on["X"] = handle
        async with leaving(venue) as (_, stream, order):
            pass
        assert len(venue.peers) == 2
        assert venue.open_orders() == []
        assert (await report_of(stream)).canceled == (order.client_order_id,)


async def test_a_venue_that_dies_meanwhile_is_left_in_time(
    autojump_clock: MockClock, caplog: pytest.LogCaptureFixture
) -> None:
    async with open_scripted_venue() as venue:

        async def die(peer: Peer, message: Message) -> None:
            venue.connector.refusals = 1000
            peer.drop()

        venue.on["X"] = die
        venue.at_http["/orders/cancel-all-orders"].append("drop")
        async with leaving(venue) as (client, stream, order):
            began = trio.current_time()
        assert trio.current_time() - began <= 2
        assert client.is_closed
        report = await report_of(stream)
        assert (report.still_open, report.cancel_confirmed) == ((order.client_order_id,), False)
        assert len(errors(caplog)) == 1


@pytest.mark.parametrize("name", ORDERS)
async def test_without_a_connection_the_cancel_goes_over_http(
    autojump_clock: MockClock, name: str, caplog: pytest.LogCaptureFixture
) -> None:
    away = [Fault(kind=FaultKind.REFUSE_UPGRADE, nth=nth, code=502) for nth in range(2, 8)]
    async with open_quiet_venue(*away, name=name) as venue:
        async with open_client(config_for(venue, on_close=CANCEL_ALL)) as client:
            stream = client.events()
            order = await client.submit(ORDERS[name])
            await order.accepted()
            await venue.drop_connections()
            await trio.sleep(2)
            assert client.mode is ConnectionMode.RECONNECTING
        report = await report_of(stream)
        assert report.cancel_confirmed
        told = report.canceled if name == "kraken-futures" else report.unknown  # its answer tells the ends as well
        assert told == (order.client_order_id,)
        assert report.still_open == ()
        assert len(errors(caplog)) == (0 if report.is_clean else 1)
        assert await left_open(venue) == 0


@pytest.mark.parametrize("name", ORDERS)
async def test_a_connection_that_comes_back_in_time_carries_the_cancel(autojump_clock: MockClock, name: str) -> None:
    async with open_quiet_venue(name=name) as venue:
        async with open_client(config_for(venue, on_close=CANCEL_ALL)) as client:
            stream = client.events()
            await (await client.submit(ORDERS[name])).accepted()
            await venue.drop_connections()
        assert (await report_of(stream)).cancel_confirmed
        assert await left_open(venue) == 0


async def test_a_venue_that_takes_nothing_any_more_is_left_in_time_and_reported(
    autojump_clock: MockClock, caplog: pytest.LogCaptureFixture
) -> None:
    """The write that is stuck would hold up everything behind it for ever."""
    async with open_quiet_venue() as venue:
        gate = Gate()
        assert venue.connector is not None
        connector = WrappedConnector(venue.connector, gate)
        async with open_client(config_for(venue, connector=connector, on_close=CANCEL_ALL)) as client:
            stream = client.events()
            order = await client.submit(ORDERS["ax"])
            await order.accepted()
            gate.shut()
            began = trio.current_time()
        assert trio.current_time() - began <= 2
        assert (await report_of(stream)).still_open == (order.client_order_id,)
        assert len(errors(caplog)) == 1


@pytest.mark.parametrize("name", ["kraken-futures", "kraken-spot"])
async def test_a_session_that_fails_is_closed_as_well(autojump_clock: MockClock, name: str) -> None:
    async with open_quiet_venue(name=name) as venue:
        with pytest.raises(SessionError, match="1008"):
            async with open_client(config_for(venue, on_close=CANCEL_ALL)) as client:
                stream = client.events()
                await (await client.submit(ORDERS[name])).accepted()
                await venue.act(lambda exchange, now: exchange.close_all(1008))
                await trio.sleep_forever()
        assert (await report_of(stream)).cancel_confirmed
        assert await left_open(venue) == 0


async def test_an_error_of_the_block_and_a_failure_of_the_session_at_once(autojump_clock: MockClock) -> None:
    async with open_quiet_venue(name="kraken-futures") as venue:
        with pytest.raises(StrategyError) as raised:
            async with open_client(config_for(venue, on_close=CANCEL_ALL)) as client:
                await (await client.submit(ORDERS["kraken-futures"])).accepted()
                await venue.act(lambda exchange, now: exchange.close_all(1008))
                try:
                    await trio.sleep_forever()
                finally:
                    raise StrategyError
        assert any("SessionError" in note for note in raised.value.__notes__)
        assert await left_open(venue) == 0


async def test_a_failure_behind_the_block_is_told_by_the_events_alone(autojump_clock: MockClock) -> None:
    async with open_scripted_venue() as venue:

        async def close(peer: Peer, message: Message) -> None:
            await peer.close(1008, "go away")

        venue.on["X"] = close
        venue.at_http["/orders/cancel-all-orders"].extend(["drop"] * 5)
        async with leaving(venue, client_heartbeat_timeout=60) as (_, stream, order):
            pass
        heard = [event async for event in stream]
        assert names(heard)[-2:] == ["SessionFailed", "CloseReport"]
        assert isinstance(heard[-1], events.CloseReport)
        assert heard[-1].still_open == (order.client_order_id,)


async def test_the_clients_of_a_gateway_are_closed_together(autojump_clock: MockClock) -> None:
    async with open_scripted_venue() as one, open_scripted_venue() as two:
        one.on["X"] = two.on["X"] = ignore
        configs = {
            "one": scripted_config(one, on_close=CANCEL_ALL, close_timeout=2),
            "two": scripted_config(two, on_close=CANCEL_ALL, close_timeout=4),
        }
        with pytest.raises(StrategyError):
            async with open_gateway(configs) as gateway:
                stream = gateway.events()
                for client in gateway.values():
                    await (await client.submit(buy())).accepted()
                began = trio.current_time()
                raise StrategyError
        assert trio.current_time() - began == pytest.approx(3, abs=0.1), "not one behind the other"
        heard = [event async for event in stream]
        assert names(heard).count("CloseReport") == 2
        assert len(one.heard("X")) == 3
        assert len(two.heard("X")) == 4


async def test_a_gateway_with_a_session_that_failed_is_closed_at_once(autojump_clock: MockClock) -> None:
    async with open_quiet_venue(name="kraken-futures") as futures, open_quiet_venue() as ax:
        configs = {"futures": config_for(futures, on_close=CANCEL_ALL), "ax": config_for(ax, on_close=CANCEL_ALL)}
        async with open_gateway(configs) as gateway:
            stream = gateway.events()
            for client, name in ((gateway["futures"], "kraken-futures"), (gateway["ax"], "ax")):
                await (await client.submit(ORDERS[name])).accepted()
            await futures.act(lambda exchange, now: exchange.close_all(1008))
            await trio.sleep(1)
            began = trio.current_time()
        assert trio.current_time() - began < 0.1
        assert names([event async for event in stream]).count("CloseReport") == 2
        assert (await left_open(futures), await left_open(ax)) == (0, 0)


async def test_closing_that_gets_no_time_says_that_there_is_no_report(
    autojump_clock: MockClock, caplog: pytest.LogCaptureFixture
) -> None:
    async with open_quiet_venue() as venue:
        async with open_client(config_for(venue, close_timeout=0)) as client:
            await (await client.submit(ORDERS["ax"])).accepted()
        assert client.is_closed
    assert errors(caplog) == [
        "Closing took longer than 0 s and was cut off, so there is no report of what became of the orders. Look at the "
        "venue."
    ]


async def test_abort_promises_no_report(autojump_clock: MockClock, caplog: pytest.LogCaptureFixture) -> None:
    async with open_quiet_venue() as venue:
        async with open_client(config_for(venue, on_close=CANCEL_ALL)) as client:
            stream = client.events()
            await (await client.submit(ORDERS["ax"])).accepted()
            began = trio.current_time()
            client.abort()
        assert trio.current_time() == began
        assert "CloseReport" not in names([event async for event in stream])
        assert await left_open(venue) == 1
        assert errors(caplog) == []


@pytest.mark.parametrize(("is_peaceful", "left"), [(True, 1), (False, 0)])
async def test_an_error_leaves_the_dead_mans_switch_to_act(
    autojump_clock: MockClock, is_peaceful: bool, left: int
) -> None:
    """Orders stay, as the configuration says; but a program that died is what the switch is for."""
    name = "kraken-spot"
    async with open_quiet_venue(name=name) as venue:
        try:
            async with open_client(config_for(venue, cancel_all_after=10)) as client:
                await (await client.submit(ORDERS[name])).accepted()
                if not is_peaceful:
                    raise StrategyError
        except StrategyError:
            pass
        assert await left_open(venue) == 1
        await trio.sleep(11)
        assert await left_open(venue) == left
