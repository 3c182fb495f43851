"""Several venues in one program: one stream of events, and nobody dies of another's failure."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager
from typing import Any

import pytest
import trio
from trio.testing import MockClock

from actors import (
    ApiKey,
    ClientOrderId,
    DuplicateOrder,
    EventStream,
    Gateway,
    NewOrder,
    NotSent,
    SessionError,
    Side,
    SimulatedVenue,
    events,
    open_gateway,
)
from protocol.values import AccountId

from ..trading import config_for, drain, names, open_quiet_venue, until

GOLD = "XAU-PERP.AX"
BTC = "PF_XBTUSD.KRAKEN-FUTURES"


def sell_gold(**terms: Any) -> NewOrder:
    return NewOrder.limit(GOLD, Side.SELL, quantity=10, price="2412.0", **terms)


def buy_btc(**terms: Any) -> NewOrder:
    return NewOrder.limit(BTC, Side.BUY, quantity=1, price=60000, **terms)


@asynccontextmanager
async def two_venues(
    **options: Any,
) -> AsyncIterator[tuple[SimulatedVenue, SimulatedVenue, Gateway, EventStream]]:
    """options: of the client of Kraken Futures."""
    async with open_quiet_venue() as ax, open_quiet_venue(name="kraken-futures") as kraken:
        configs = {"ax": config_for(ax, client_heartbeat_timeout=60), "kraken": config_for(kraken, **options)}
        async with open_gateway(configs) as gateway:
            with gateway.events() as stream:
                yield ax, kraken, gateway, stream


async def test_the_events_of_all_venues_have_one_order(autojump_clock: MockClock) -> None:
    async with two_venues() as (ax, kraken, gateway, stream):
        gold, btc = await gateway["ax"].submit(sell_gold()), await gateway["kraken"].submit(buy_btc())
        await gold.accepted()
        await btc.accepted()
        await ax.trade("XAU-PERP", Side.BUY, price="2412.0", quantity=4)
        await kraken.trade("PF_XBTUSD", Side.SELL, price=60000, quantity="0.5")
        heard = await drain(stream)
        assert [event.sequence for event in heard] == list(range(1, len(heard) + 1))
        fills = [event for event in heard if isinstance(event, events.Filled)]
        assert [fill.instrument.venue for fill in fills] == ["AX", "KRAKEN-FUTURES"]
        assert {event.venue for event in heard if isinstance(event, events.Reconciled)} == {"AX", "KRAKEN-FUTURES"}


async def test_each_client_shows_its_own_events_alone(autojump_clock: MockClock) -> None:
    async with two_venues() as (_, _, gateway, stream):
        await drain(stream)
        with gateway["ax"].events() as of_ax, gateway["kraken"].events() as of_kraken:
            await (await gateway["ax"].submit(sell_gold())).accepted()
            await (await gateway["kraken"].submit(buy_btc())).accepted()
            assert names(await drain(of_ax)) == ["Submitted", "Accepted"]
            assert names(await drain(of_kraken)) == ["Submitted", "Accepted"]
        assert names(await drain(stream)) == ["Submitted", "Accepted", "Submitted", "Accepted"]


async def test_equal_names_at_two_venues_are_two_orders(autojump_clock: MockClock) -> None:
    name = ClientOrderId("my-order")
    async with two_venues() as (ax, _, gateway, _):
        gold = await gateway["ax"].submit(sell_gold(client_order_id=name))
        btc = await gateway["kraken"].submit(buy_btc(client_order_id=name))
        with gold.events() as of_gold, btc.events() as of_btc:
            await gold.accepted()
            await btc.accepted()
            await ax.trade("XAU-PERP", Side.BUY, price="2412.0", quantity=10)
            assert names(await drain(of_gold))[-1] == "Filled"
            assert "Filled" not in names(await drain(of_btc))
        with pytest.raises(DuplicateOrder):
            await gateway["ax"].submit(sell_gold(client_order_id=name))


async def test_a_lost_connection_is_one_venues_alone(autojump_clock: MockClock) -> None:
    async with two_venues() as (ax, _, gateway, stream):
        await drain(stream)
        await ax.drop_connections()
        btc = await gateway["kraken"].submit(buy_btc())
        await btc.accepted()
        heard = await until(stream, events.Reconciled)
        assert {event.venue for event in heard if isinstance(event, events.ConnectionEvent)} == {"AX"}


async def test_a_session_that_fails_ends_its_own_waits_and_nobody_elses(autojump_clock: MockClock) -> None:
    async with two_venues() as (ax, _, gateway, stream):
        gold, btc = await gateway["ax"].submit(sell_gold()), await gateway["kraken"].submit(buy_btc())
        await gold.accepted()
        await btc.accepted()
        with gateway["ax"].events() as of_ax:
            async with trio.open_nursery() as nursery:

                async def wait_for_gold() -> None:
                    with pytest.raises(SessionError, match="for good"):
                        await gold.done()

                nursery.start_soon(wait_for_gold)
                await trio.sleep(1)
                await ax.act(lambda exchange, now: exchange.close_all(1008))
            failure = (await until(stream, events.SessionFailed))[-1]
            assert isinstance(failure, events.SessionFailed)
            assert failure.venue == "AX"
            assert gateway["ax"].is_closed
            with pytest.raises(NotSent, match="session has ended"):
                await gateway["ax"].submit(sell_gold())
            await gateway["kraken"].cancel(btc)
            await btc.done()
            assert names(await drain(of_ax))[-1] == "SessionFailed"


async def test_a_session_that_cannot_begin_is_an_event(autojump_clock: MockClock) -> None:
    wrong = ApiKey("demo-key", "c29tZXRoaW5nIGVsc2U=")
    async with two_venues(credentials=wrong) as (_, _, gateway, stream):
        await (await gateway["ax"].submit(sell_gold())).accepted()
        assert "AuthenticationFailed" in names(await drain(stream))
        assert gateway["kraken"].is_closed
        with pytest.raises(NotSent):
            await gateway["kraken"].submit(buy_btc())


async def test_closing_one_client_leaves_the_others(autojump_clock: MockClock) -> None:
    async with two_venues() as (_, _, gateway, stream):
        with gateway["ax"].events() as of_ax:
            await gateway["ax"].close()
            async for _ in of_ax:
                pass  # what is there can still be read, then the view ends
        btc = await gateway["kraken"].submit(buy_btc())
        await btc.accepted()
        assert names(await drain(stream))[-1] == "Accepted"
        with gateway["ax"].events() as after:
            assert await drain(after) == []


async def test_what_the_block_raises_leaves_it_as_it_is(autojump_clock: MockClock) -> None:
    with pytest.raises(ZeroDivisionError):
        async with two_venues():
            raise ZeroDivisionError


async def test_the_stream_ends_with_the_gateway(autojump_clock: MockClock) -> None:
    async with open_quiet_venue() as ax:
        async with open_gateway({"ax": config_for(ax)}) as gateway:
            stream = gateway.events()
        assert [name async for name in stream]


async def test_a_gateway_of_nothing_is_refused() -> None:
    with pytest.raises(ValueError, match="at least one"):
        async with open_gateway({}):
            pass


async def test_sixty_four_sessions_run_side_by_side(autojump_clock: MockClock) -> None:
    """Thirty-two accounts at each of two venues; every one of them trades, and the books agree."""
    async with AsyncExitStack() as stack:
        configs, venues = {}, []
        for number in range(32):
            for kind in ("ax", "kraken-futures"):
                venue = await stack.enter_async_context(open_quiet_venue(name=kind, seed=number))
                venues.append((kind, venue))
                configs[f"{kind}-{number}"] = config_for(venue, account=AccountId(f"{kind}-{number}"))
        async with open_gateway(configs) as gateway:
            assert len(gateway) == 64
            with gateway.events() as stream:
                orders = [
                    await client.submit(sell_gold() if name.startswith("ax") else buy_btc())
                    for name, client in gateway.items()
                ]
                for order in orders:
                    await order.accepted()
                for kind, venue in venues:
                    if kind == "ax":
                        await venue.trade("XAU-PERP", Side.BUY, price="2412.0", quantity=10)
                    else:
                        await venue.trade("PF_XBTUSD", Side.SELL, price=60000, quantity=1)
                for order in orders:
                    await order.filled()
                heard = await drain(stream)
        assert [event.sequence for event in heard] == list(range(1, len(heard) + 1))
        fills = [event for event in heard if isinstance(event, events.Filled)]
        assert len(fills) == 64
        assert {fill.identity.account for fill in fills} == set(configs)
