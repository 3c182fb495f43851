"""Interrupts, writes that never end, tokens that are not to be had, arguments of the wrong type: nobody hangs, and
nobody else is taken along."""

from __future__ import annotations

import gc
import signal
import sys
from collections.abc import Callable
from contextlib import suppress
from typing import Any

import pytest
import trio
from attrs import evolve
from trio.testing import MockClock

import actors.dispatch
import actors.outbox
from actors import (
    ClientOrderId,
    ConnectionMode,
    NewOrder,
    NotSent,
    OrderStatus,
    Side,
    TradingError,
    events,
    open_client,
    open_gateway,
)
from actors.emitter import Subscribe
from actors.plumbing.nurseries import open_unwrapped_nursery
from actors.serving.venue_server import _Connection
from protocol.simulation.faults import Fault, FaultKind

from ..trading import Gate, WrappedConnector, config_for, drain, open_quiet_venue, sell, trading, until

BITCOIN = NewOrder.limit("BTC/USD.KRAKEN", Side.BUY, quantity=1, price=60000)

# Tokens


@pytest.mark.parametrize("code", [429, 500, 503])
async def test_a_token_that_is_not_to_be_had_for_a_moment_is_fetched_later(
    autojump_clock: MockClock, code: int
) -> None:
    """Calls over REST: instruments, login, and the login after the venue began anew."""
    async with open_quiet_venue(Fault(kind=FaultKind.REST_ERROR, nth=3, code=code)) as venue:
        async with open_client(config_for(venue)) as client:
            await venue.act(lambda exchange, now: exchange.restarted(now) or [])
            await venue.drop_connections()
            await trio.sleep(60)
            await (await client.submit(sell())).accepted()


# Writes that never end


@pytest.mark.parametrize("stuck", ["ax", "kraken-spot"])
async def test_a_venue_that_takes_nothing_is_left_and_the_others_go_on(autojump_clock: MockClock, stuck: str) -> None:
    gate = Gate()
    other = "kraken-futures"
    async with open_quiet_venue(name=stuck) as venue, open_quiet_venue(name=other) as another:
        assert venue.connector is not None
        connector = WrappedConnector(venue.connector, gate)
        configs = {
            "stuck": config_for(venue, connector=connector, heartbeat=1.0),
            "other": config_for(another),
        }
        async with open_gateway(configs) as gateway:
            with gateway["stuck"].events() as stream:
                await until(stream, events.Reconciled)
                gate.shut()
                down = (await until(stream, events.Disconnected))[-1]
                assert isinstance(down, events.Disconnected)
                assert "taken nothing" in down.reason
                await trio.sleep(300)
                during = gateway["stuck"].mode
                assert during is not ConnectionMode.ACTIVE
                future = NewOrder.limit("PF_XBTUSD.KRAKEN-FUTURES", Side.BUY, quantity=1, price=60000)
                await (await gateway["other"].submit(future)).accepted()
                gate.open()
                await until(stream, events.Reconciled)
                assert gateway["stuck"].mode is ConnectionMode.ACTIVE


# Interrupts


def test_an_interrupt_inside_dispatch_leaves_nobody_waiting(monkeypatch: pytest.MonkeyPatch) -> None:
    decided = actors.outbox.Decided
    armed = False

    def interrupted(*arguments: Any) -> Any:
        if armed:
            raise KeyboardInterrupt
        return decided(*arguments)

    async def main() -> None:
        nonlocal armed
        async with trading() as (_, client, _):
            armed = True
            with trio.fail_after(30):
                await client.submit(sell())

    monkeypatch.setattr(actors.dispatch, "Decided", interrupted)
    with pytest.raises(KeyboardInterrupt):
        trio.run(main, clock=MockClock(autojump_threshold=0))


def test_an_interrupt_between_two_steps_of_the_command_handler_loses_no_ask(monkeypatch: pytest.MonkeyPatch) -> None:
    """It strikes when an ask has been taken out of the channel, and is nowhere else yet."""
    receive_nowait = trio.MemoryReceiveChannel.receive_nowait
    is_armed = False

    def interrupted(channel: Any) -> Any:
        nonlocal is_armed
        caller = sys._getframe(1).f_code.co_name
        if is_armed and caller == "receive_batch" and "command_handler" in trio.lowlevel.current_task().name:
            is_armed = False
            signal.raise_signal(signal.SIGINT)
        return receive_nowait(channel)

    async def main() -> None:
        nonlocal is_armed
        async with trading() as (_, client, _):
            is_armed = True
            await client.submit(sell())
            await trio.sleep_forever()

    monkeypatch.setattr(trio.MemoryReceiveChannel, "receive_nowait", interrupted)
    with pytest.raises(KeyboardInterrupt):
        trio.run(main, clock=MockClock(autojump_threshold=0))


async def interrupt() -> None:
    raise KeyboardInterrupt


async def test_an_interrupt_in_the_background_goes_before_what_the_block_raises() -> None:
    with pytest.raises(KeyboardInterrupt):
        async with open_unwrapped_nursery() as nursery:
            nursery.start_soon(interrupt)
            try:
                await trio.sleep_forever()
            except trio.Cancelled:
                raise ValueError("a consequence") from None


class OwnGroup(ExceptionGroup):
    pass


async def test_a_group_that_the_block_raises_leaves_it_as_it_is() -> None:
    cause, group = KeyError("cause"), OwnGroup("mine", [ValueError("one"), ValueError("two")])
    group.__context__ = cause
    with pytest.raises(OwnGroup) as raised:
        async with open_unwrapped_nursery() as nursery:
            nursery.start_soon(trio.sleep_forever)
            raise group
    assert raised.value is group
    assert group.__context__ is cause
    assert not any(
        "Meanwhile" in note for error in (group, *group.exceptions) for note in getattr(error, "__notes__", [])
    )


# Cancellation around everything


@pytest.mark.parametrize("turn", range(1, 120, 7))
def test_a_cancellation_around_the_client_is_all_that_is_heard(turn: int) -> None:
    """Whichever of the client's tasks dies first, whoever submits is cancelled, too."""

    async def main() -> None:
        async with open_quiet_venue() as venue:
            with trio.CancelScope() as scope:
                async with open_client(config_for(venue)) as client, trio.open_nursery() as nursery:

                    @nursery.start_soon
                    async def cancel() -> None:
                        for _ in range(turn):
                            await trio.lowlevel.checkpoint()
                        scope.cancel()

                    while True:
                        await client.submit(sell())
            assert scope.cancelled_caught

    trio.run(main, clock=MockClock(autojump_threshold=0))


# Streams


async def test_a_stream_of_an_order_that_has_ended_ends_at_once(autojump_clock: MockClock) -> None:
    async with trading() as (_, client, _):
        order = await client.submit(sell())
        await order.accepted()
        await client.cancel(order)
        await order.done()
        with order.events() as stream:
            assert [event async for event in stream] == []


async def test_a_batch_that_ends_with_the_orders_last_fill_is_told_whole(autojump_clock: MockClock) -> None:
    async with trading() as (venue, client, _):
        order = await client.submit(sell(10))
        await order.accepted()
        with order.events() as stream:
            for _ in range(2):
                await venue.trade("XAU-PERP", Side.BUY, price="2412.0", quantity=5)
            assert [type(event) async for event in stream] == [events.Filled, events.Filled]


async def test_two_tasks_cannot_wait_for_one_stream(autojump_clock: MockClock) -> None:
    async with trading() as (_, client, stream):
        await until(stream, events.Reconciled)
        async with trio.open_nursery() as nursery:
            nursery.start_soon(anext, stream)
            await trio.testing.wait_all_tasks_blocked()
            with pytest.raises(trio.BusyResourceError, match="one stream for each task"):
                await anext(stream)
            await client.submit(sell())


async def test_too_many_streams_at_once_are_refused_with_a_sentence(autojump_clock: MockClock) -> None:
    async with trading() as (_, client, _):
        with pytest.raises(TradingError, match="Let other tasks run"):
            for _ in range(10_000):
                client.events().close()
        await trio.testing.wait_all_tasks_blocked()
        client.events().close()


# Arguments


def changed(order: NewOrder, **terms: Any) -> NewOrder:
    """The order with terms that a type checker would not let pass."""
    return evolve(order, **terms)


@pytest.mark.parametrize("name", ["ax", "kraken-spot", "kraken-futures"])
async def test_what_one_caller_asks_for_wrongly_ends_nothing(autojump_clock: MockClock, name: str) -> None:
    async with open_quiet_venue(name=name) as venue, open_client(config_for(venue)) as client:
        instrument = str(next(iter(client.instruments.values())).id)
        good = NewOrder.limit(instrument, Side.BUY, quantity=100, price=1)
        wrong: list[Callable[[], Any]] = [
            lambda: client.submit(None),  # type: ignore[arg-type]
            lambda: client.submit(changed(good, time_in_force="GTC")),
            lambda: client.submit(changed(good, client_order_id=5)),
            lambda: client.submit(changed(good, type="LIMIT")),
            lambda: client.submit(changed(good, process_before="now")),
            lambda: client.cancel([]),  # type: ignore[arg-type]
            lambda: client.batch([good]),  # type: ignore[list-item]
            lambda: client.cancel_all_after("5"),  # type: ignore[arg-type]
            lambda: client.read_fills(start="a", end="b"),  # type: ignore[arg-type]
            lambda: client.cache_instrument("X"),  # type: ignore[arg-type]
            lambda: client.resolve([]),  # type: ignore[arg-type]
        ]
        for ask in wrong:
            with pytest.raises((NotSent, TypeError)):
                await ask()
        with suppress(NotSent):  # where the wire has no words for such a moment
            await (await client.submit(evolve(good, process_before=10**40))).accepted()
        assert client.is_active
        assert await client.order_state(ClientOrderId("x")) is None


# Closing


async def test_a_client_closes_while_its_token_is_fetched(
    autojump_clock: MockClock, monkeypatch: pytest.MonkeyPatch
) -> None:
    asked = trio.Event()
    ask_reply = _Connection._ask_reply

    async def never(connection: Any, request: Any) -> Any:
        if is_down and "Token" in request.path:
            asked.set()
            await trio.sleep_forever()
        return await ask_reply(connection, request)

    is_down = False
    monkeypatch.setattr(_Connection, "_ask_reply", never)
    async with open_quiet_venue(name="kraken-spot") as venue:
        async with open_gateway({"spot": config_for(venue)}) as gateway:
            is_down = True
            await venue.drop_connections()
            await asked.wait()
            began = trio.current_time()
            await gateway["spot"].close()
        assert trio.current_time() - began < 1


# The pace of the socket


async def test_a_cancel_goes_before_what_waits_since_the_venue_complained(autojump_clock: MockClock) -> None:
    async with open_quiet_venue(name="kraken-spot", message_rate=10) as venue:
        async with open_client(config_for(venue, tier="pro")) as client:
            orders = [await client.submit(evolve(BITCOIN, price=50000 + number)) for number in range(14)]
            await orders[0].accepted()
            await trio.sleep(0.1)  # the venue has complained of the last ones by now
            late = [await client.submit(evolve(BITCOIN, price=51000 + number)) for number in range(8)]
            began = trio.current_time()
            await client.cancel(orders[0])
            await client.cancel(late[-1])
            with pytest.raises(NotSent, match="before it was sent"):
                await late[-1].accepted()
            assert (await orders[0].done()).status is OrderStatus.CANCELED
            assert trio.current_time() - began < 1.1
            assert (await late[0].state()).status is OrderStatus.SUBMITTED
            for order in late[:-1]:
                await order.accepted()
            assert trio.current_time() - began < 3


async def test_the_end_of_a_connection_is_told_before_the_next_one_however_slow_the_pace_is(
    autojump_clock: MockClock,
) -> None:
    async with trading(requests_per_second=1) as (venue, client, stream):
        for number in range(10):
            await client.submit(sell(10, f"{2412 + number}.0"))
        for _ in range(3):
            await trio.sleep(1.5)
            await venue.drop_connections()
        await trio.sleep(20)
        heard = [type(event).__name__ for event in await drain(stream, 1)]
        link = [name for name in heard if name in ("Connected", "Disconnected", "Reconnected")]
        assert link == ["Connected", *["Disconnected", "Reconnected"] * 3]


async def test_streams_that_were_left_are_let_go(autojump_clock: MockClock) -> None:
    async with trading() as (_, client, _):
        order = await client.submit(sell())
        await order.accepted()
        for _ in range(3000):
            with order.events(), client.events():
                await trio.testing.wait_all_tasks_blocked()
        gc.collect()
        kept = [o for o in gc.get_objects() if isinstance(o, Subscribe)]
        assert len(kept) < 2500
